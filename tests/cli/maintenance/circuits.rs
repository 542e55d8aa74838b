//! The inventory of circuits.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json as value;

use super::{Notice, json, one, said};
use crate::json::{documented, fields};
use crate::support::Home;

/// A user with an inventory and two mails, of which one names a circuit that is not in it.
fn home() -> Home {
    let home = Home::new();
    home.configure("[maintenance]\ncircuits = 'circuits.csv'\n");
    let csv = "id,provider,name,site_a,site_z,type,tags\nhc/ams/fra 7,halcyon,backbone 3,Amsterdam,Frankfurt,wave,core gold\n\
               HC-AMS-LON-2,,,,,,\nHC-OTHER-9,halcyon,spare,,,,\n,halcyon,,,,,\n";
    std::fs::write(home.config().parent().unwrap().join("circuits.csv"), csv).unwrap();
    let mails = super::write(
        &home,
        &[one("halcyon", "HC-1"), Notice { circuits: &["HC-AMS-FRA-7", "HC-NEW-1"], ..one("halcyon", "HC-2") }],
    );
    home.noctui(["maintenance", "import", mails.to_str().unwrap()])
        .assert()
        .success()
        .stdout(contains("1 parsed").and(contains("1 unknown-cids")))
        .stderr(contains("circuits.csv:5:1: the id is empty"));
    home
}

#[test]
fn a_mail_that_names_a_circuit_of_nobody_says_so() {
    let home = home();
    let mails = json(&home, &["mails", "--outcome", "unknown-cids"]);
    assert_eq!(mails[0]["reason"], "not in the inventory of circuits: HC-NEW-1");
    assert_eq!(mails.as_array().unwrap().len(), 1);
}

#[test]
fn circuits_are_marked_and_named_wherever_they_stand() {
    let home = home();
    let list = json(&home, &["list"]);
    let row = |id: &str| list.as_array().unwrap().iter().find(|row| row["maintenance_id"] == id).unwrap();
    assert_eq!(
        row("HC-2")["circuits"],
        value!([
            {"circuit_id": "HC-AMS-FRA-7", "impact": "OUTAGE", "known": true, "circuit_name": "backbone 3",
             "site_a": "Amsterdam", "site_z": "Frankfurt", "type": "wave", "tags": ["core", "gold"]},
            {"circuit_id": "HC-NEW-1", "impact": "OUTAGE", "known": false, "circuit_name": "", "site_a": "", "site_z": "",
             "type": "", "tags": []},
        ])
    );
    let table = said(&home, &["list"]);
    let line = |id: &str| table.lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line("HC-2").contains("  2?  ") && line("HC-1").contains("  2   "), "{table}");
    let shown = said(&home, &["show", "HC-2"]);
    assert!(shown.contains("HC-AMS-FRA-7  (backbone 3, Amsterdam - Frankfurt)"), "{shown}");
    assert!(shown.contains("HC-NEW-1  (not in the inventory)"), "{shown}");
    let calendar = said(&home, &["export", "HC-2", "--ics"]).replace("\r\n ", "");
    assert!(calendar.contains("HC-NEW-1: outage (not in the inventory)"), "{calendar}");
    assert!(calendar.contains("backbone 3"), "{calendar}");
}

#[test]
fn circuits_are_listed_with_what_comes_next() {
    let home = home();
    let circuits = json(&home, &["circuits"]);
    let ids: Vec<_> =
        circuits.as_array().unwrap().iter().map(|circuit| circuit["circuit_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["hc/ams/fra 7", "HC-AMS-LON-2", "HC-OTHER-9"]);
    assert_eq!(
        (&circuits[0]["next"]["start"], &circuits[0]["maintenance_count"]),
        (&"2099-03-01T22:00:00Z".into(), &2.into())
    );
    assert_eq!(
        (&circuits[1]["next"]["name"], &circuits[2]["next"]),
        (&"halcyon/HC-1".into(), &serde_json::Value::Null)
    );
    let unknown = json(&home, &["circuits", "--unknown"]);
    assert_eq!((&unknown[0]["circuit_id"], &unknown[0]["known"]), (&"HC-NEW-1".into(), &false.into()));
    let mut printed = std::collections::BTreeSet::new();
    fields(&circuits, &mut printed);
    assert_eq!(printed, documented("## Your circuits"));
    assert!(said(&home, &["circuits"]).contains("backbone 3, Amsterdam - Frankfurt"));
}

#[test]
fn reparse_follows_the_inventory() {
    let home = home();
    let file = home.config().parent().unwrap().join("circuits.csv");
    std::fs::write(&file, "id\nHC-AMS-FRA-7\nHC-NEW-1\n").unwrap();
    let again = json(&home, &["reparse"]);
    let outcomes: Vec<_> =
        again.as_array().unwrap().iter().map(|row| (row["before"].clone(), row["after"].clone())).collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.contains(&("unknown-cids".into(), "parsed".into())), "{outcomes:?}");
    assert!(outcomes.contains(&("parsed".into(), "unknown-cids".into())), "{outcomes:?}");
}

#[test]
fn without_an_inventory_nothing_is_marked() {
    let home = super::home_with(&[one("halcyon", "HC-1")]);
    assert_eq!(json(&home, &["list"])[0]["circuits"][0]["known"], serde_json::Value::Null);
    assert!(!said(&home, &["list"]).contains('?'));
    home.noctui(["maintenance", "circuits"]).assert().code(2).stderr(contains("no circuits are known"));
}

#[test]
fn the_check_of_the_configuration_names_every_bad_row() {
    let home = home();
    home.noctui(["config", "check"])
        .assert()
        .code(1)
        .stdout(contains("circuits.csv:5:1").or(contains("the id is empty")));
}
