//! What becomes of deployments whose process is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use noctui::features::cloudvision::sim::{Effect, Fault, Step};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::Desk;

/// Begins to deploy a request, and kills that when it said `until` and the simulator took so many writes of the workspace.
fn killed(desk: &Desk, request: &Value, until: &str, writes: usize) {
    let mut command = desk.command(&["deploy", "--request", "-"]);
    let mut child: Child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with(until)), "it never came to {until}");
    wait(|| desk.sim.calls().count("WorkspaceConfigService/Set") >= writes);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits until something is so.
fn wait(is_so: impl Fn() -> bool) {
    let late = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < late, "it did not come to that");
        std::thread::yield_now();
    }
}

/// The words of the newest row of the audit log that is about a deployment.
fn audit(desk: &Desk) -> String {
    let output = desk.home.noctui(["audit", "--what", "deploy", "--json"]).output().unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    rows.as_array().unwrap().last().unwrap()["result"].as_str().unwrap().to_owned()
}

#[test]
fn a_workspace_that_a_killed_deployment_left_is_named_and_can_be_abandoned() {
    let desk = Desk::of(1);
    desk.sim.hold(Step::Build);
    let request = desk.request(1, "!\n");
    killed(&desk, &request, "build", 2);
    desk.sim.release(Step::Build);
    assert_eq!(audit(&desk), "requested");
    let again = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    assert_eq!(audit(&desk), "failed", "nobody goes on with it");
    let said = String::from_utf8(again.get_output().stderr.clone()).unwrap();
    let left = said
        .lines()
        .find(|line| line.contains("was left unfinished; its workspace is open"))
        .unwrap_or_else(|| panic!("{said}"));
    let workspace = left.rsplit(' ').next().unwrap();
    let listed = desk.noctui(&["workspace", "list"]).assert().success();
    listed.stdout(contains(format!("left unfinished by a deployment from here  {workspace}")));
    let shown = desk.noctui(&["workspace", "show", workspace, "--json"]).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["left_by"], json!({ "standing": "left", "target": null }), "{shown}");
    desk.noctui(&["workspace", "abandon", workspace]).assert().success();
    desk.noctui(&["deploy", "--request", "-"])
        .write_stdin(request.to_string())
        .assert()
        .success()
        .stderr(contains("the deployment of").not());
}

#[test]
fn a_target_that_another_process_deploys_is_not_deployed_beside_it() {
    let desk = Desk::of(1);
    desk.sim.hold(Step::Build);
    let configs = desk.home.path().join("dc1");
    std::fs::create_dir(&configs).unwrap();
    std::fs::write(configs.join("leaf1.cfg"), "hostname leaf1\n").unwrap();
    desk.home.configure(&format!(
        "[[cloudvision]]\nname = 'sim'\nserver = '{}'\nca_file = '{}'\nkind = 'lab'\n\n[[deploy]]\nname = 'dc1'\ndir = '{}'\n",
        desk.sim.address(),
        desk.authority().display(),
        configs.display(),
    ));
    let mut command = desk.command(&["deploy", "dc1"]);
    let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("build")), "it never came to its build");
    let workspaces = || desk.sim.calls().count("WorkspaceConfigService/Set");
    wait(|| workspaces() >= 2);
    let other = desk.noctui(&["deploy", "dc1"]).assert().code(2);
    other.stderr(contains("dc1 is being deployed already").and(contains(format!("process {}", child.id()))));
    assert_eq!(workspaces(), 2, "nothing was sent");
    // What is in somebody's hands is told before it is taken from them.
    let listed = desk.noctui(&["workspace", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["left_by"], json!({ "standing": "in-use", "target": "dc1" }), "{listed}");
    let abandoned = desk.noctui(&["workspace", "abandon", listed[0]["id"].as_str().unwrap()]).assert().success();
    abandoned.stderr(contains("the deployment of dc1 that").and(contains("is at it still, and ends with it")));
    desk.sim.release(Step::Build);
    assert!(!child.wait().unwrap().success());
    // One that is over is in nobody's way.
    desk.noctui(&["deploy", "dc1"]).assert().success();
}

#[test]
fn a_deployment_that_was_killed_while_it_submitted_is_found_submitted() {
    let desk = Desk::of(1);
    desk.sim.hold(Step::Submit);
    let mut request = desk.request(1, "!\n");
    request["cv_change_control_name"] = "ticket 42".into();
    killed(&desk, &request, "submit", 3);
    assert_eq!(audit(&desk), "requested");
    desk.sim.release(Step::Submit);
    wait(|| desk.sim.mainline().configlets.contains_key("avd-SIM00000001"));
    let again = || desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    again()
        .stderr(contains("has ended as done: left unfinished after it was submitted; its change control is pending ("));
    assert_eq!(audit(&desk), "ok");
    let rows = desk.home.noctui(["audit", "--what", "deploy", "--json"]).output().unwrap();
    let rows: Value = serde_json::from_slice(&rows.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().last().unwrap()["object_name"], "ticket 42", "{rows}");
    let listed = desk.noctui(&["change", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["name"], "ticket 42", "{listed}");
    again().stderr(contains("the deployment of").not());
}

#[test]
fn a_signal_between_submission_and_start_leaves_the_change_control_as_it_is_and_the_next_start_names_it() {
    for signal in [Signal::TERM, Signal::HUP] {
        let desk = Desk::of(1);
        // What the submission made is asked for before it is approved: the signal comes while that is on its way.
        desk.sim.fault(Fault::once("ChangeControlService/GetOne", Effect::Delay(Duration::from_secs(5))));
        let request = desk.request(1, "!\n").to_string();
        let mut command = desk.command(&["deploy", "--request", "-", "--start"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
        wait(|| desk.sim.calls().count("ChangeControlService/GetOne") > 0);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        for part in
            ["noctui: ending", "submitted, the mainline keeps it", "pending, not approved", "noctui change delete "]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        for call in ["ApproveConfigService/Set", "ChangeControlConfigService/Set"] {
            assert_eq!(desk.sim.calls().count(call), 0, "{call}: nothing further is asked for");
        }
        assert!(desk.sim.mainline().configlets.contains_key("avd-SIM00000001"));
        let told = desk.home.noctui(["audit", "--what", "deploy", "--json"]).output().unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(told[0]["result"], "ok", "it is in force: {told}");
        assert!(told[0]["text"].as_str().unwrap().contains("its change control is pending, not approved"), "{told}");
        let change = told[0]["object_id"].as_str().unwrap().to_owned();
        let again = desk.noctui(&["deploy", "--request", "-", "--start"]).write_stdin(request).assert().code(2);
        again.stderr(contains(format!("noctui change approve {change}, noctui change start {change}")));
    }
}

#[test]
fn a_deployment_that_was_killed_while_its_change_control_ran_is_told_by_how_that_stands() {
    for is_over in [false, true] {
        let desk = Desk::of(1);
        desk.sim.hold(Step::Stage);
        let mut request = desk.request(1, "!\n");
        request["cv_change_control_name"] = "ticket 42".into();
        let mut command = desk.command(&["deploy", "--request", "-", "--wait"]);
        let mut child: Child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("run")), "it never waited for its change control");
        child.kill().unwrap();
        child.wait().unwrap();
        let listed = || String::from_utf8(desk.noctui(&["change", "list", "--all"]).output().unwrap().stdout).unwrap();
        if is_over {
            desk.sim.release(Step::Stage);
            let late = Instant::now() + Duration::from_secs(20);
            while !listed().contains("completed") {
                assert!(Instant::now() < late, "{}", listed());
            }
        }
        let rows = desk.home.noctui(["audit", "--json"]).output().unwrap();
        let rows: Value = serde_json::from_slice(&rows.stdout).unwrap();
        let result = |what: &str| {
            let row = rows.as_array().unwrap().iter().find(|row| row["what"] == what);
            row.unwrap_or_else(|| panic!("{what}: {rows}"))["result"].as_str().unwrap().to_owned()
        };
        // What was asked of the change control was answered before it was waited for.
        assert_eq!(["edit", "approve", "start"].map(result), ["ok", "ok", "ok"]);
        let again = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert();
        let (ending, how) = if is_over { ("done", "completed") } else { ("unknown", "running") };
        let told =
            format!("has ended as {ending}: left unfinished after it was submitted; its change control is {how} (");
        again.stderr(contains(told));
    }
}

#[test]
fn a_name_that_was_given_before_its_process_was_killed_is_told_as_given() {
    let desk = Desk::of(1);
    desk.sim.fault(Fault::once("ChangeControlConfigService/Set", Effect::Swallow));
    let mut request = desk.request(1, "!\n");
    request["cv_change_control_name"] = "ticket 42".into();
    let mut command = desk.command(&["deploy", "--request", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    wait(|| {
        let listed = desk.noctui(&["change", "list"]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap().contains("ticket 42")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let again = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    again.stderr(contains("has ended as done"));
    let rows = desk.home.noctui(["audit", "--what", "edit", "--json"]).output().unwrap();
    let rows: Value = serde_json::from_slice(&rows.stdout).unwrap();
    assert_eq!((&rows[0]["result"], &rows[0]["object_name"]), (&json!("ok"), &json!("ticket 42")), "{rows}");
}

#[test]
fn what_a_killed_deployment_left_is_found_by_another_name_of_the_server() {
    let desk = Desk::of(1);
    desk.sim.hold(Step::Build);
    let mut request = desk.request(1, "!\n");
    killed(&desk, &request, "build", 2);
    desk.sim.release(Step::Build);
    let renamed = format!("localhost:{}", desk.sim.address().port());
    let by_name = |arguments: &[&str]| {
        let authority = desk.authority();
        let place = ["--server", &renamed, "--ca-file", authority.to_str().unwrap()];
        let mut command = desk.home.noctui(arguments.iter().copied().chain(place));
        command.env("NOCTUI_CLOUDVISION_TOKEN", desk.sim.token());
        command
    };
    by_name(&["workspace", "list"]).assert().success().stdout(contains("left unfinished by a deployment from here"));
    request["cv_server"] = renamed.clone().into();
    let again = by_name(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    again.stderr(contains("was left unfinished; its workspace is open"));
    // Another CloudVision knows nothing of it.
    let other = Desk::of(1);
    let (address, authority) = (other.sim.address().to_string(), other.authority());
    let place = ["workspace", "list", "--server", &address, "--ca-file", authority.to_str().unwrap()];
    let mut listed = desk.home.noctui(place);
    let listed = listed.env("NOCTUI_CLOUDVISION_TOKEN", other.sim.token()).assert().success();
    listed.stdout(contains("left unfinished").not());
}
