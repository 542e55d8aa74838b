//! `noctui change`, `workspace` and `device`.

use std::collections::BTreeSet;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use super::Desk;
use crate::json::{documented, fields};

/// What a subcommand prints as JSON.
fn printed(desk: &Desk, arguments: &[&str]) -> Value {
    let arguments: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
    let output = desk.noctui(&arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A change control that waits; its id.
fn pending(desk: &Desk) -> String {
    let (answer, _) = desk.deploy(&desk.request(1, "!\n"), &["--change-name", "planned work"]);
    answer.pointer("/details/change/id").unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_change_control_is_listed_compared_approved_started_and_followed() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    assert_eq!(printed(&desk, &["change", "list"])[0]["id"], id.as_str());
    let diff = printed(&desk, &["change", "diff", "planned work"]);
    assert!(diff[0]["lines"].as_array().unwrap().contains(&json!("+hostname leaf1")), "{diff}");
    desk.noctui(&["change", "start", &id]).assert().code(2).stderr(contains("approve it first"));
    assert_eq!(printed(&desk, &["change", "approve", &id, "--notes", "seen"])["approval"]["notes"], "seen");
    assert_eq!(printed(&desk, &["change", "unapprove", &id])["state"], "pending");
    printed(&desk, &["change", "approve", &id]);
    desk.noctui(&["change", "start", &id]).assert().success().stdout(contains("planned work is started"));
    desk.noctui(&["change", "watch", &id]).assert().success().stdout(contains("completed"));
    assert_eq!(printed(&desk, &["change", "list"]), json!([]));
    desk.home.noctui(["audit"]).assert().success().stdout(contains("unapprove").and(contains("start")));
}

#[test]
fn a_change_control_is_scheduled_edited_and_deleted() {
    let desk = Desk::of(2);
    let (answer, _) = desk.deploy(&desk.request(2, "!\n"), &[]);
    let id = answer["details"]["change"]["id"].as_str().unwrap();
    let edited = printed(&desk, &["change", "edit", id, "--name", "other", "--order", "serial"]);
    assert_eq!(edited["name"], "other");
    let root = edited["root"].as_str().unwrap();
    assert_eq!(edited["stages"][root]["rows"].as_array().unwrap().len(), 2, "{edited}");
    printed(&desk, &["change", "approve", id]);
    let planned = printed(&desk, &["change", "schedule", id, "--at", "2099-01-01T02:00:00Z"]);
    assert_eq!((&planned["state"], &planned["scheduled_for"]), (&json!("scheduled"), &json!("2099-01-01T02:00:00Z")));
    assert_eq!(printed(&desk, &["change", "schedule", id])["scheduled_for"], Value::Null);
    desk.noctui(&["change", "delete", id]).assert().success();
    desk.noctui(&["change", "show", id]).assert().code(2).stderr(contains("there is no change control"));
}

#[test]
fn what_cloudvision_warns_of_is_said_before_an_approval_and_a_start() {
    let desk = Desk::of(1);
    let old = pending(&desk);
    let (answer, _) = desk.deploy(&desk.request(1, "!\nntp\n"), &["--approve", "--start", "--wait"]);
    assert_eq!(answer.pointer("/details/change/state"), Some(&json!("completed")), "{answer}");
    let warned = "warning: planned work is obsoleted: a newer change control ran on one of its devices";
    for deed in ["approve", "start"] {
        desk.noctui(&["change", deed, &old]).assert().success().stderr(contains(warned));
    }
}

#[test]
fn a_change_control_that_was_edited_since_its_version_was_read_is_not_approved() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    let shown = desk.noctui(&["change", "show", &id]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let version = shown.lines().find_map(|line| line.strip_prefix("version")).unwrap().trim();
    printed(&desk, &["change", "edit", &id, "--name", "other"]);
    let refused = desk.noctui(&["change", "approve", &id, "--version", version]).assert().code(2);
    refused.stderr(contains(" after you read it"));
    let now = printed(&desk, &["change", "show", &id])["version"].clone();
    // As it stands there; SECONDS:NANOS is taken as well.
    let now = now.to_string();
    assert_eq!(printed(&desk, &["change", "approve", &id, "--version", &now])["state"], "approved");
}

#[test]
fn what_is_shown_names_devices_approver_times_and_what_came_of_every_action() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    let stopped = desk.noctui(&["change", "stop", &id]).assert().code(2);
    stopped.stderr(contains("only one that runs can be stopped").and(contains("approve it first").not()));
    printed(&desk, &["change", "approve", &id, "--notes", "seen"]);
    printed(&desk, &["change", "start", &id]);
    desk.noctui(&["change", "watch", &id]).assert().success();
    let shown = desk.noctui(&["change", "show", &id]).assert().success();
    shown.stdout(
        contains("devices   leaf1 (SIM00000001)")
            .and(contains("approved  by noctui 2"))
            .and(contains(": seen\n"))
            .and(contains("started   by noctui 2"))
            .and(contains("Push configuration  completed"))
            .and(contains(" UTC to ")),
    );
}

#[test]
fn a_time_can_be_so_far_ahead() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    printed(&desk, &["change", "approve", &id]);
    assert_eq!(printed(&desk, &["change", "schedule", &id, "--at", "+2h"])["state"], "scheduled");
}

#[test]
fn a_time_that_is_not_understood_is_answered_with_those_that_are() {
    let desk = Desk::of(1);
    for typed in ["tomorrow", "02:00", "2026-11-22 02:00", "2026-11-22T02:00:00"] {
        let refused = desk.noctui(&["change", "schedule", "it", "--at", typed]).assert().code(2);
        refused.stderr(contains("2026-11-22T02:00:00Z").and(contains("+02:00")));
    }
}

#[test]
fn a_workspace_that_is_not_there_is_not_abandoned_and_said_once_not_to_be_there() {
    let desk = Desk::of(1);
    let refused = desk.noctui(&["workspace", "abandon", "ws-none"]).assert().code(2);
    refused.stderr(
        contains("the workspace was not abandoned")
            .and(contains("ws-none does not exist"))
            .and(contains("does not exist does not exist").not())
            .and(contains("deployment").not()),
    );
}

#[test]
fn a_workspace_that_was_left_open_is_listed_and_abandoned() {
    let desk = Desk::of(1);
    desk.sim.fail_submissions(Some("somebody is in the way"));
    let request = desk.request(1, "!\n").to_string();
    let gone = desk.noctui(&["deploy", "--request", "-"]).write_stdin(request).assert().code(2);
    gone.stderr(
        contains("deploy again; with --keep-workspace the workspace stays")
            .and(contains("look at the workspace").not()),
    );
    let (answer, _) = desk.deploy(&desk.request(1, "!\n"), &["--keep-workspace"]);
    let id = answer["details"]["workspace"]["id"].as_str().unwrap();
    assert_eq!(printed(&desk, &["workspace", "list"])[0]["id"], id);
    let listed = desk.noctui(&["workspace", "list"]).assert().success();
    listed.stdout(contains(format!("kept by a deployment from here  {id}")));
    printed(&desk, &["workspace", "abandon", id]);
    assert_eq!(printed(&desk, &["workspace", "list"]), json!([]));
    let abandoned = printed(&desk, &["workspace", "show", id]);
    assert_eq!((&abandoned["state"], &abandoned["left_by"]), (&json!("abandoned"), &json!(null)), "nobody left it");
}

#[test]
fn devices_are_listed_by_name() {
    let desk = Desk::of(3);
    desk.sim.set_streaming("SIM00000002", false);
    desk.noctui(&["device", "list"]).assert().success().stdout(contains("leaf2  silent"));
    let names: Vec<_> =
        printed(&desk, &["device", "list"]).as_array().unwrap().iter().map(|it| it["hostname"].clone()).collect();
    assert_eq!(names, ["leaf1", "leaf2", "leaf3"]);
}

#[test]
fn every_field_that_is_printed_is_documented() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    printed(&desk, &["change", "approve", &id]);
    let mut found = BTreeSet::new();
    let change = printed(&desk, &["change", "show", &id]);
    // Stages have their ids for names.
    let (mut outer, stages) = (change.clone(), change["stages"].as_object().unwrap().values().cloned().collect());
    outer["stages"] = Value::Array(stages);
    fields(&outer, &mut found);
    fields(&printed(&desk, &["change", "diff", &id]), &mut found);
    fields(&printed(&desk, &["workspace", "list", "--all"]), &mut found);
    fields(&printed(&desk, &["device", "list"]), &mut found);
    let documented = documented("## Change controls");
    assert_eq!(found.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn an_edit_that_costs_the_approval_says_so_and_one_that_changes_nothing_is_not_made() {
    let desk = Desk::of(2);
    let (answer, _) = desk.deploy(&desk.request(2, "!\n"), &["--change-name", "planned work"]);
    let id = answer["details"]["change"]["id"].as_str().unwrap();
    let approved = printed(&desk, &["change", "approve", id]);
    for same in [&["--order", "parallel"], &["--name", "planned work"]] {
        let edit = desk.noctui(&[&["change", "edit", id][..], same].concat()).assert().success();
        edit.stderr(contains("nothing was done"));
        assert_eq!(printed(&desk, &["change", "show", id])["version"], approved["version"]);
    }
    let edit = desk.noctui(&["change", "edit", id, "--order", "serial"]).assert().success();
    let edit = edit.stdout(contains("planned work runs its stages one after the other"));
    edit.stderr(contains("is not approved any more").and(contains(format!("noctui change approve {id}"))));
    assert_eq!(printed(&desk, &["change", "show", id])["state"], "pending");
    desk.noctui(&["change", "edit", id, "--name", "other"]).assert().success().stderr("");
}

#[test]
fn a_change_control_gets_no_name_that_nobody_can_read() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    for name in ["", "  ", "a\u{1b}[31mb", "a\nb"] {
        desk.noctui(&["change", "edit", &id, "--name", name]).assert().code(2).stderr(contains("name"));
        let deploy = desk.noctui(&["deploy", "--dir", "x", "--change-name", name]).assert().code(2);
        deploy.stderr(contains("--change-name"));
    }
    desk.noctui(&["change", "edit", &id, "--description", "a\u{7}"]).assert().code(2).stderr(contains("--description"));
    printed(&desk, &["change", "edit", &id, "--description", "a\n\tb"]);
    assert_eq!(printed(&desk, &["change", "show", &id])["name"], "planned work");
}

#[test]
fn the_audit_log_knows_the_name_of_a_deleted_change_control_and_when_one_was_to_start() {
    let desk = Desk::of(1);
    let id = pending(&desk);
    printed(&desk, &["change", "approve", &id]);
    printed(&desk, &["change", "schedule", &id, "--at", "2099-01-01T02:00:00Z"]);
    desk.noctui(&["change", "delete", &id]).assert().success();
    let output = desk.home.noctui(["audit", "--json", "--object", "planned work"]).output().unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let asked: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(asked, ["delete", "schedule", "approve", "edit", "deploy"], "{rows}");
    assert_eq!(rows[1]["details"]["at"], "2099-01-01T02:00:00Z");
}

#[test]
fn a_port_that_speaks_no_tls_is_told_as_that() {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _hello = stream.read(&mut [0; 512]);
            let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    let home = crate::support::Home::new();
    let mut command = home.noctui(["change", "list", "--server", &server, "--tls-no-verify"]);
    let told = command.env("NOCTUI_CLOUDVISION_TOKEN", "x").assert().code(2);
    told.stderr(contains("does not speak TLS at this port").and(contains("InvalidContentType").not()));
}
