//! `docs/json.md` and what `--json` prints say the same.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::{Notice, home_with, json, said};

/// The names of all fields in `value`, however deep.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                fields(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

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
    let commands: [&[&str]; 7] = [
        &["unack", "HC-100"],
        &["ack", "HC-100"],
        &["note", "HC-100", "y"],
        &["list"],
        &["show", "HC-100"],
        &["show", "HC-100", "--mail"],
        &["import", "mails"],
    ];
    let mut printed = BTreeSet::new();
    for command in commands {
        fields(&json(&home, command), &mut printed);
    }
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    // The first cell of a table's row names one field or several.
    let row = Regex::new(r"(?m)^\| (`[^|]*) \|").unwrap();
    let name = Regex::new(r"`([a-z_]+)`").unwrap();
    let documented: BTreeSet<String> = row
        .captures_iter(&docs)
        .flat_map(|row| {
            name.captures_iter(row.get(1).unwrap().as_str()).map(|name| name[1].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(printed.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "printed, not documented");
    assert_eq!(documented.difference(&printed).collect::<Vec<_>>(), Vec::<&String>::new(), "documented, not printed");
}
