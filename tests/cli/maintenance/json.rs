//! `docs/json.md` and what `--json` prints say the same.

use std::collections::BTreeSet;

use super::{Notice, home_with, json, provider, said};
use crate::json::{documented, fields};

#[test]
fn every_field_is_documented_and_every_documented_field_is_printed() {
    let moved = Notice {
        day: 12,
        status: "TENTATIVE",
        impact: "DEGRADED",
        circuits: &["HC-AMS-FRA-7", "HC-AMS-PAR-1"],
        windows: &[("20990305T220000Z", "20990306T040000Z")],
        summary: "Splicing",
        ..Notice::default()
    };
    let home = home_with(&[Notice::default(), moved]);
    said(&home, &["note", "HC-100", "x"]);
    said(&home, &["ack", "HC-100"]);
    // A mail that the rule made from it reads.
    std::fs::write(home.path().join("unknown.eml"), provider::MAIL).unwrap();
    said(&home, &["import", "unknown.eml"]);
    home.noctui(["provider", "new", "unknown.eml", "--save"]).assert().success();
    let commands: [&[&str]; 8] = [
        &["unack", "HC-100"],
        &["ack", "HC-100"],
        &["note", "HC-100", "y"],
        &["list"],
        &["show", "HC-100"],
        &["show", "HC-100", "--mail"],
        &["import", "mails"],
        &["reparse"],
    ];
    let mut printed = BTreeSet::new();
    for command in commands {
        fields(&json(&home, command), &mut printed);
    }
    let documented = documented("# What `--json` prints");
    assert_eq!(printed.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "printed, not documented");
    assert_eq!(documented.difference(&printed).collect::<Vec<_>>(), Vec::<&String>::new(), "documented, not printed");
}
