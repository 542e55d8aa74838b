//! `noctui audit`

use chrono::{DateTime, Utc};
use noctui::features::cloudvision::model::DeploymentId;
use noctui::features::cloudvision::store::audit::{self, Outcome, Request, Settlement, What};
use noctui::features::cloudvision::store::{DeviceRecord, Instance};
use noctui::features::open_store;
use noctui::store::Store;
use serde_json::Value;

use crate::json::{documented, fields};
use crate::support::{Home, transcript};

/// So many minutes into a night of the past.
fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
}

/// Bert starts a change control of the lab.
fn request(what: What, minute: i64) -> Request {
    Request {
        at: at(minute),
        who: "bert".to_owned(),
        instance: Instance { name: "lab".to_owned(), server: "cvp.lab.example:443".to_owned() },
        target: None,
        what,
        object: "cc-2".to_owned(),
        object_name: "Uplinks\u{1b}[2J of leaf1".to_owned(),
        details: Value::Null,
        deployment: None,
    }
}

/// Anna deploys two devices in production, of which one differs.
fn deployment(minute: i64) -> Request {
    Request {
        who: "anna".to_owned(),
        instance: Instance { name: "production".to_owned(), server: "cvp.example:443".to_owned() },
        target: Some("fabric".to_owned()),
        object: String::new(),
        object_name: String::new(),
        details: serde_json::json!({"workspace": "ws-1"}),
        deployment: Some(DeploymentId::new("d1f0")),
        ..request(What::Deploy, minute)
    }
}

/// The store of this user's noctui.
fn store(home: &Home) -> Store {
    open_store(&home.path().join(".local/share/noctui")).unwrap()
}

/// A user with a log: a deployment that went well, a start that was refused, a stop without an answer.
fn home() -> Home {
    let home = Home::new();
    let device = |hostname: &str, changed| DeviceRecord {
        hostname: hostname.to_owned(),
        serial: Some("JPE00000001".to_owned()),
        sha256: Some("ab".repeat(32)),
        changed: Some(changed),
    };
    let devices = [device("leaf1", true), device("leaf2", false)];
    let written = store(&home).write_blocking(move |connection| {
        let key = audit::request(connection, &deployment(0))?;
        audit::add_devices(connection, key, &devices)?;
        let object = Some(("cc-1".to_owned(), "Leaves".to_owned()));
        let done = Settlement { outcome: Outcome::Ok, text: String::new(), object, at: at(1) };
        audit::settle(connection, key, &done)?;
        let key = audit::request(connection, &request(What::Start, 5))?;
        let text = "not approved\nsince the edit".to_owned();
        audit::settle(connection, key, &Settlement { outcome: Outcome::Failed, text, object: None, at: at(5) })?;
        audit::request(connection, &request(What::Stop, 9)).map(drop)
    });
    written.unwrap();
    home
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    let arguments = [&["audit", "--json"], arguments].concat();
    let output = home.noctui(arguments).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn the_log_is_printed_in_aligned_columns_the_newest_first() {
    let home = home();
    let want = "\
AT                    WHO   WHERE       WHAT    OBJECT                RESULT
2023-11-14 22:22 UTC  bert  lab         stop    Uplinks␛[2J of leaf1  requested
2023-11-14 22:18 UTC  bert  lab         start   Uplinks␛[2J of leaf1  failed     not approved since the edit
2023-11-14 22:13 UTC  anna  production  deploy  fabric: Leaves        ok         2 devices, 1 changed
--- standard error
--- exit code 0
";
    assert_eq!(transcript(&home, &mut home.noctui(["audit"])), want);
}

#[test]
fn what_is_printed_can_be_chosen() {
    let home = home();
    let whats = |arguments: &[&str]| {
        let rows = json(&home, arguments);
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["what"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(whats(&[]), "stop start deploy");
    assert_eq!(whats(&["--limit", "2"]), "stop start");
    assert_eq!(whats(&["--who", "bert", "--what", "start"]), "start");
    assert_eq!(whats(&["--target", "fabric"]), "deploy");
    assert_eq!(whats(&["--object", "cc-1"]), "deploy");
    assert_eq!(whats(&["--object", "Leaves"]), "deploy");
    assert_eq!(whats(&["--instance", "lab"]), "stop start");
    assert_eq!(whats(&["--instance", "cvp.example:443"]), "deploy");
    assert_eq!(whats(&["--since", "2023-11-14T22:15:00Z"]), "stop start");
    assert_eq!(whats(&["--since", "2023-11-14"]), "stop start deploy");
    assert_eq!(whats(&["--since", "7d"]), "");
}

#[test]
fn more_rows_than_are_read_at_once_are_printed_once_each() {
    let home = Home::new();
    let written = store(&home).write_blocking(|connection| {
        for n in 0..250 {
            audit::request(connection, &request(What::Start, n / 40))?;
        }
        Ok(())
    });
    written.unwrap();
    let rows = json(&home, &[]);
    let ids: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=250).rev().collect::<Vec<_>>());
    assert_eq!(json(&home, &["--limit", "101"]).as_array().unwrap().len(), 101);
}

#[test]
fn an_empty_log_is_an_answer() {
    let home = Home::new();
    let none = "--- standard error\nnothing was asked of CloudVision from here yet\n--- exit code 0\n";
    assert_eq!(transcript(&home, &mut home.noctui(["audit"])), none);
    let said = transcript(&home, &mut home.noctui(["audit", "--who", "anna"]));
    assert_eq!(said, "--- standard error\nnothing in the log is as that asks\n--- exit code 0\n");
    assert_eq!(json(&home, &[]), serde_json::json!([]));
}

#[test]
fn what_is_no_time_or_no_word_is_refused_with_what_is() {
    let home = Home::new();
    let said = transcript(&home, &mut home.noctui(["audit", "--since", "yesterday"]));
    assert!(said.contains("2026-11-21T02:00:00Z") && said.ends_with("--- exit code 2\n"), "{said}");
    let said = transcript(&home, &mut home.noctui(["audit", "--what", "approval"]));
    assert!(said.contains("deploy, build, approve, unapprove") && said.ends_with("--- exit code 2\n"), "{said}");
}

#[test]
fn the_log_is_read_while_another_process_writes_it() {
    let home = Home::new();
    let store = store(&home);
    for n in 1..=3 {
        store.write_blocking(move |connection| audit::request(connection, &request(What::Edit, n))).unwrap();
        assert_eq!(json(&home, &[]).as_array().unwrap().len(), usize::try_from(n).unwrap());
    }
}

#[test]
fn every_field_of_the_log_is_documented_and_every_documented_field_is_printed() {
    let mut printed = std::collections::BTreeSet::new();
    let mut rows = json(&home(), &[]);
    for row in rows.as_array_mut().unwrap() {
        // Its content is free.
        row["details"] = Value::Null;
    }
    fields(&rows, &mut printed);
    assert_eq!(printed, documented("## What was asked of CloudVision"));
}
