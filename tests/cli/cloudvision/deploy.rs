//! `noctui deploy`: what it prints, and what is in force then.

use std::collections::BTreeSet;

use noctui::features::cloudvision::sim::{Finding, Found, Step};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use super::Desk;
use crate::json::{documented, fields};

/// The body of a leaf's configlet in force.
fn body(desk: &Desk, leaf: u32) -> Option<String> {
    desk.sim.mainline().configlets.get(&format!("avd-SIM{leaf:08}"))?.body.clone()
}

#[test]
fn a_request_becomes_a_change_control_that_waits_and_the_same_again_nothing() {
    let desk = Desk::of(2);
    let mut request = desk.request(2, "!\n");
    request["cv_change_control_name"] = "ticket 42".into();
    let (answer, code) = desk.deploy(&request, &[]);
    assert_eq!((&answer["status"], &answer["change_control"], code), (&json!("ok"), &json!("ticket 42"), 0));
    assert_eq!(answer["details"]["change"]["state"], "pending");
    assert_eq!(body(&desk, 2).as_deref(), Some("hostname leaf2\n!\n"));
    assert_eq!(desk.sim.running("SIM00000002"), None);
    let (answer, code) = desk.deploy(&request, &[]);
    assert_eq!((answer["details"]["nothing_to_do"].as_bool(), code), (Some(true), 0));
    assert!(answer.get("change_control").is_none());
}

#[test]
fn every_field_that_is_printed_is_documented() {
    let desk = Desk::of(2);
    let found = Found::Warning { configlet: "avd-SIM00000001".to_owned(), line: 1, message: "portfast".to_owned() };
    desk.sim.find(Finding { device: "SIM00000001".to_owned(), what: found });
    let mut printed = BTreeSet::new();
    let request = desk.request(2, "!\n");
    fields(&desk.deploy(&request, &["--dry-run"]).0, &mut printed);
    fields(&desk.deploy(&request, &[]).0, &mut printed);
    desk.sim.fail_submissions(Some("no"));
    fields(&desk.deploy(&desk.request(2, "vlan 7\n"), &[]).0, &mut printed);
    let documented = documented("## A deployment");
    assert_eq!(printed.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_dry_run_shows_every_line_and_changes_nothing() {
    let desk = Desk::of(1);
    desk.deploy(&desk.request(1, "!\n"), &[]);
    let (answer, code) = desk.deploy(&desk.request(1, "vlan 7\n!\n"), &["--dry-run"]);
    assert_eq!(code, 0);
    assert_eq!(answer["details"]["devices"][0]["diff"], json!([" hostname leaf1", "+vlan 7", " !"]));
    assert_eq!(body(&desk, 1).as_deref(), Some("hostname leaf1\n!\n"));
}

#[test]
fn started_and_waited_for_the_devices_have_it() {
    let desk = Desk::of(1);
    let (answer, code) = desk.deploy(&desk.request(1, "!\n"), &["--wait"]);
    assert_eq!((&answer["details"]["change"]["state"], code), (&json!("completed"), 0));
    assert_eq!(desk.sim.running("SIM00000001").as_deref(), Some("hostname leaf1\n!\n"));
}

#[test]
fn a_failed_build_names_device_and_line_and_leaves_nothing_open() {
    let desk = Desk::of(1);
    let message = "Invalid input".to_owned();
    let found = Found::Error { configlet: "avd-SIM00000001".to_owned(), line: 2, message };
    desk.sim.find(Finding { device: "SIM00000001".to_owned(), what: found });
    let (answer, code) = desk.deploy(&desk.request(1, "bad\n"), &[]);
    assert_eq!((&answer["status"], code), (&json!("error"), 2));
    assert!(answer["errors"][0].as_str().unwrap().contains("leaf1 line 2: Invalid input"), "{answer}");
    assert_eq!(answer["details"]["workspace"]["state"], "abandoned");
    let (answer, _) = desk.deploy(&desk.request(1, "bad\n"), &["--keep-workspace"]);
    assert_eq!(answer["details"]["workspace"]["state"], "pending");
    // What is kept to be looked at can be looked at.
    let id = answer["details"]["workspace"]["id"].as_str().unwrap();
    let shown = desk.noctui(&["workspace", "show", id]).assert().success();
    shown.stdout(
        contains(format!("{id}  open"))
            .and(contains("deployment  kept by a deployment from here"))
            .and(contains("build       failed"))
            .and(contains("error: leaf1 line 2 of ").and(contains(": Invalid input"))),
    );
    let shown = desk.noctui(&["workspace", "show", id, "--json"]).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&shown["id"], &shown["build"]["state"]), (&json!(id), &json!("fail")), "{shown}");
    let device = &shown["build"]["devices"][0];
    assert_eq!((&device["hostname"], &device["errors"][0]["line"]), (&json!("leaf1"), &json!(2)), "{shown}");
    let mut printed = BTreeSet::new();
    fields(&shown, &mut printed);
    assert_eq!(printed.difference(&documented("## Change controls")).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_deployment_names_the_workspaces_that_earlier_ones_have_kept_open_until_they_are_abandoned() {
    let desk = Desk::of(1);
    desk.sim.fail_builds(Some("the studio has crashed"));
    let deploy = |flags: &[&str]| {
        let request = desk.request(1, "!\n").to_string();
        let arguments: Vec<_> =
            ["deploy", "--request", "-", "--json"].into_iter().chain(flags.iter().copied()).collect();
        let output = desk.noctui(&arguments).write_stdin(request).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let workspace = answer["details"]["workspace"]["id"].as_str().unwrap_or_default().to_owned();
        (workspace, String::from_utf8(output.stderr).unwrap())
    };
    let (first, said) = deploy(&["--keep-workspace"]);
    assert!(!said.contains("is open still"), "its own is told as it is: {said}");
    let (second, said) = deploy(&["--keep-workspace"]);
    assert!(said.contains(&format!("is open still: noctui workspace show {first}, noctui workspace abandon {first}")));
    assert!(!said.contains(&format!("workspace abandon {second}")), "{said}");
    desk.noctui(&["workspace", "abandon", &first]).assert().success();
    desk.sim.fail_builds(None);
    let (_, said) = deploy(&[]);
    assert!(said.contains(&format!("noctui workspace abandon {second}")) && !said.contains(&first), "{said}");
    desk.noctui(&["workspace", "abandon", &second]).assert().success();
    assert!(!deploy(&["--dry-run"]).1.contains("is open still"));
}

#[test]
fn tags_and_what_is_brought_again_are_in_the_audit_log() {
    let desk = Desk::of(2);
    let mut request = desk.request(2, "!\n");
    assert_eq!(desk.deploy(&request, &[]).1, 0);
    request["devices"]["leaf1"]["tags"] = json!({ "audited": "yes" });
    assert_eq!(desk.deploy(&request, &[]).1, 0);
    assert_eq!(desk.deploy(&request, &["--again"]).1, 0);
    let told = desk.home.noctui(["audit", "--what", "deploy", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let texts: Vec<_> = told.as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["2 devices brought again what CloudVision held", "tags +1 -0 of 1 device", ""], "{told}");
}

#[test]
fn what_is_refused_before_anything_is_asked_is_an_answer_too() {
    let desk = Desk::of(1);
    let mut request = desk.request(1, "!\n");
    request["devices"]["Leaf"] = json!({ "configlet": "!" });
    let (answer, code) = desk.deploy(&request, &[]);
    assert_eq!((&answer["status"], code), (&json!("error"), 2));
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.len() >= 2 && errors.iter().all(|error| !error.as_str().unwrap().contains('\n')), "{answer}");
    assert_eq!(desk.sim.calls().all().len(), 0);
}

#[test]
fn a_request_without_server_and_token_takes_those_that_are_said_beside_it() {
    let desk = Desk::of(1);
    let mut request = desk.request(1, "!\n");
    for key in ["cv_server", "cv_token"] {
        request.as_object_mut().unwrap().remove(key);
    }
    assert_eq!(desk.deploy(&request, &[]).1, 0);
    let alone = desk.home.noctui(["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().code(2);
    alone.stderr(contains("cv_server: it is missing").and(contains("cv_token: it is missing")));
}

#[test]
fn the_token_is_told_nowhere() {
    let desk = Desk::of(1);
    let mut request = desk.request(1, "!\n");
    request["cv_token"] = "not-the-token".into();
    let mut command = desk.noctui(&["deploy", "--request", "-", "--json", "--log-level", "trace"]);
    let output = command.env_remove("NOCTUI_CLOUDVISION_TOKEN").write_stdin(request.to_string()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["errors"][0].as_str().unwrap().contains("does not accept the token"), "{answer}");
    let log = std::fs::read_to_string(desk.home.path().join(".local/state/noctui/noctui.log")).unwrap_or_default();
    for text in [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr), log.into()] {
        assert!(!text.contains("not-the-token"), "{text}");
    }
}

#[test]
fn a_certificate_of_nobody_known_is_refused_unless_that_is_said() {
    let desk = Desk::of(1);
    let server = desk.sim.address().to_string();
    let request = desk.request(1, "!\n").to_string();
    let deploy = |flag: &[&str]| {
        let arguments = ["deploy", "--request", "-", "--server", &server];
        let mut command = desk.home.noctui(arguments.into_iter().chain(flag.iter().copied()));
        command.write_stdin(request.clone());
        command
    };
    let other = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()]).unwrap().cert.pem();
    std::fs::write(desk.home.path().join("other.pem"), other).unwrap();
    deploy(&["--ca-file", "other.pem"]).assert().code(2).stderr(contains("is not trusted"));
    deploy(&["--tls-no-verify"]).assert().success().stderr(contains("is not checked"));
}

#[test]
fn one_certificate_alone_is_trusted_by_its_fingerprint() {
    let desk = Desk::of(1);
    let server = desk.sim.address().to_string();
    let list = |pin: &str| {
        let mut command = desk.home.noctui(["device", "list", "--server", &server, "--fingerprint", pin]);
        command.env("NOCTUI_CLOUDVISION_TOKEN", desk.sim.token()).assert()
    };
    let refused = list(&"00".repeat(32)).code(2);
    let said = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    let (_, found) = said.split_once("its fingerprint is ").unwrap_or_else(|| panic!("{said}"));
    // Both are told: whether it was changed, or somebody is in between, only its owner knows.
    let (found, given) = found.lines().next().unwrap().split_once(", and the one that was given is ").unwrap();
    assert!(given.starts_with("00:00:") && said.contains("somebody is in between"), "{said}");
    list(found).success().stdout(contains("leaf1"));
    list("00").code(2).stderr(contains("64 hexadecimal digits"));
}

/// A proxy for one name, behind which the simulator is: what it was asked for, and where it listens.
fn proxy(desk: &Desk) -> (std::sync::mpsc::Receiver<String>, String) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, sim) = (listener.local_addr().unwrap().to_string(), desk.sim.address());
    let (asked, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut near, asked) = (client.unwrap(), asked.clone());
            std::thread::spawn(move || {
                let mut lines = BufReader::new(near.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
                asked.send(head.join("\n")).unwrap();
                near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                let mut far = std::net::TcpStream::connect(sim).unwrap();
                let (mut from, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let _ended = std::io::copy(&mut near, &mut far);
            });
        }
    });
    (received, address)
}

#[test]
fn a_proxy_of_the_environment_leads_to_cloudvision_and_is_given_its_own_password_alone() {
    let desk = Desk::of(1);
    let (received, address) = proxy(&desk);
    let request = desk.request(1, "!\n").to_string();
    let compare = |server: &str| {
        let arguments = ["deploy", "--request", "-", "--dry-run", "--tls-no-verify", "--server", server];
        let mut command = desk.home.noctui(arguments);
        command.env("HTTPS_PROXY", format!("http://anna:wonder@{address}")).write_stdin(request.clone());
        command
    };
    compare("cvp.example").assert().success().stdout(contains("+hostname leaf1"));
    let asked: Vec<String> = received.try_iter().collect();
    assert_eq!(asked.len(), 2, "the pages and the calls: {asked:?}");
    for head in asked {
        let head = head.to_lowercase();
        assert!(
            head.starts_with("connect cvp.example:443 ")
                && head.contains("proxy-authorization: basic yw5uytp3b25kzxi="),
            "{head}"
        );
        assert!(!head.contains("bearer"), "{head}");
    }
    // What is here needs no proxy, and what the environment excepts takes none.
    compare(&desk.sim.address().to_string()).assert().success();
    compare("cvp.example").env("NO_PROXY", ".example").assert().code(2).stderr(contains("cannot reach"));
    assert_eq!(received.try_iter().count(), 0);
    let secured = compare("cvp.example").env("HTTPS_PROXY", "https://proxy.example:3128").assert().code(2);
    secured.stderr(contains("cannot reach"));
}

#[test]
fn read_only_refuses_all_but_a_dry_run() {
    let desk = Desk::of(1);
    let request = desk.request(1, "!\n");
    let (answer, code) = desk.deploy(&request, &["--read-only"]);
    assert_eq!((&answer["status"], code), (&json!("error"), 2));
    assert_eq!(desk.deploy(&request, &["--read-only", "--dry-run"]).1, 0);
    assert_eq!(body(&desk, 1), None);
}

#[test]
fn that_nothing_is_to_change_does_not_hide_what_has_still_to_reach_the_devices() {
    let desk = Desk::of(1);
    let request = desk.request(1, "!\n");
    assert_eq!(desk.deploy(&request, &["--change-name", "planned work"]).1, 0);
    let (answer, code) = desk.deploy(&request, &[]);
    assert_eq!((answer.pointer("/details/nothing_to_do"), code), (Some(&json!(true)), 0));
    let warned = answer.pointer("/details/warnings/0").unwrap().as_str().unwrap();
    assert_eq!(warned, "planned work is to bring it to leaf1, and is not approved");
}

#[test]
fn a_protected_target_wants_to_be_named_again() {
    let desk = Desk::of(1);
    let configs = desk.home.path().join("dc1");
    std::fs::create_dir(&configs).unwrap();
    std::fs::write(configs.join("leaf1.cfg"), "hostname leaf1\n").unwrap();
    desk.home.configure(&format!(
        "[[cloudvision]]\nname = 'sim'\nserver = '{}'\nca_file = '{}'\nkind = 'lab'\n\n[[deploy]]\nname = 'dc1'\ndir = \
         '{}'\nprotected = true\n",
        desk.sim.address(),
        desk.authority().display(),
        configs.display(),
    ));
    let deploy = |arguments: &[&str]| {
        let mut command = desk.home.noctui(["deploy", "dc1"].into_iter().chain(arguments.iter().copied()));
        command.env("NOCTUI_CLOUDVISION_TOKEN", desk.sim.token());
        command
    };
    deploy(&[]).assert().code(2).stderr(contains("--confirm dc1"));
    deploy(&["--dry-run"]).assert().success().stdout(contains("+hostname leaf1"));
    deploy(&["--dry-run", "--confirm", "dc1"]).assert().success().stdout(contains("+hostname leaf1"));
    for reach in ["--dry-run", "--build-only", "--start"] {
        deploy(&[reach, "--confirm", "dc2"])
            .assert()
            .code(2)
            .stderr(contains("--confirm names dc2, and the target is dc1"));
    }
    deploy(&["--confirm", "dc1"]).assert().success();
    assert_eq!(body(&desk, 1).as_deref(), Some("hostname leaf1\n"));
    desk.home.noctui(["audit", "--target", "dc1"]).assert().success().stdout(contains("1 device"));
}

#[test]
fn nothing_is_deployed_that_cannot_be_written_down() {
    let desk = Desk::of(1);
    let request = desk.request(1, "!\n");
    let (answer, code) = desk.deploy(&request, &["--data-dir", "/proc/nope"]);
    assert_eq!((&answer["status"], code), (&json!("error"), 2), "{answer}");
    let said = answer["errors"][0].as_str().unwrap();
    assert!(said.contains("could not be written down") && said.contains("--data-dir"), "{said}");
    assert_eq!(body(&desk, 1), None);
    assert_eq!(desk.sim.calls().count("WorkspaceConfigService/Set"), 0);
    assert_eq!(desk.deploy(&request, &["--data-dir", "/proc/nope", "--dry-run"]).1, 0);
}

#[test]
fn the_audit_log_tells_a_mere_build_from_a_deployment() {
    let desk = Desk::of(1);
    assert_eq!(desk.deploy(&desk.request(1, "!\n"), &["--build-only"]).1, 0);
    let output = desk.home.noctui(["audit", "--json"]).output().unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&rows[0]["what"], &rows[0]["result"]), (&json!("build"), &json!("ok")), "{rows}");
    assert!(rows[0]["text"].as_str().unwrap().contains("nothing was submitted"), "{rows}");
    desk.home.noctui(["audit", "--what", "deploy"]).assert().success().stdout("");
}

#[test]
fn nothing_to_change_is_no_success_where_devices_lack_it_and_was_to_be_waited_for() {
    let desk = Desk::of(2);
    let request = desk.request(2, "!\n");
    let id = |answer: &Value| answer.pointer("/details/change/id").unwrap().as_str().unwrap().to_owned();
    desk.sim.hold(Step::Stage);
    let first = id(&desk.deploy(&request, &["--start"]).0);
    desk.noctui(&["change", "stop", &first]).assert().success();
    desk.sim.release(Step::Stage);
    // From here as from any other data directory, which knows nothing of the first one.
    for data in [vec!["--wait"], vec!["--wait", "--data-dir", "elsewhere"]] {
        let (answer, code) = desk.deploy(&request, &data);
        assert_eq!((&answer["status"], code), (&json!("ok"), 0), "{answer}");
        assert_eq!(desk.sim.running("SIM00000002").as_deref(), Some("hostname leaf2\n!\n"), "{answer}");
    }
    let (answer, code) = desk.deploy(&request, &["--wait"]);
    assert_eq!((answer.pointer("/details/running"), code), (Some(&json!(2)), 0), "{answer}");
    let said = desk.noctui(&["deploy", "--request", "-", "--wait"]).write_stdin(request.to_string()).assert().success();
    said.stdout(contains("the mainline holds all of it already, and 2 devices were found to run it"));
    let said = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request.to_string()).assert().success();
    said.stdout(contains("the mainline holds all of it already; what devices run was not compared"));
}

#[test]
fn a_deleted_change_control_leaves_no_success_behind() {
    let desk = Desk::of(1);
    let request = desk.request(1, "!\n");
    let (answer, _) = desk.deploy(&request, &[]);
    desk.noctui(&["change", "delete", answer.pointer("/details/change/id").unwrap().as_str().unwrap()])
        .assert()
        .success();
    let (answer, code) = desk.deploy(&request, &["--start"]);
    assert_eq!((answer.pointer("/details/devices/0/brought_again"), code), (Some(&json!(true)), 0), "{answer}");
    assert!(answer.pointer("/details/change/id").is_some(), "{answer}");
    desk.sim.set_streaming("SIM00000001", false);
    let (answer, code) = desk.deploy(&request, &["--wait"]);
    assert_eq!((&answer["status"], code), (&json!("error"), 2), "{answer}");
    assert!(answer["errors"][0].as_str().unwrap().contains("whether leaf1 runs what the mainline holds is not known"));
}
