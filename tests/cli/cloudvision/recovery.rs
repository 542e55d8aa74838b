//! What becomes of deployments whose process is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use noctui::features::cloudvision::sim::Step;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

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
    let again = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    let said = String::from_utf8(again.get_output().stderr.clone()).unwrap();
    let left = said
        .lines()
        .find(|line| line.contains("lost its process; its workspace is open"))
        .unwrap_or_else(|| panic!("{said}"));
    let workspace = left.rsplit(' ').next().unwrap();
    desk.noctui(&["workspace", "abandon", workspace]).assert().success();
    desk.noctui(&["deploy", "--request", "-"])
        .write_stdin(request.to_string())
        .assert()
        .success()
        .stderr(contains("lost its process").not());
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
    again().stderr(contains("has ended as done: noctui died after it was submitted; change control"));
    assert_eq!(audit(&desk), "ok");
    let listed = desk.noctui(&["change", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["name"], "ticket 42", "{listed}");
    again().stderr(contains("lost its process").not());
}
