//! `docs/json.md` and what `--json` prints say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Notice, home_with, json, said};
use crate::json::{documented, fields};
use crate::support::Home;

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
    said(&home, &["edit", "HC-100", "--ticket", "NOC-7", "--assignee", "ben", "--end", "2099-03-06 05:00"]);
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
    for value in about_rules_and_circuits().into_iter().chain(about_sources()).chain(super::nautobot::everything()) {
        fields(&value, &mut printed);
    }
    let documented = documented("# What `--json` prints");
    assert_eq!(printed.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "printed, not documented");
    assert_eq!(documented.difference(&printed).collect::<Vec<_>>(), Vec::<&String>::new(), "documented, not printed");
}

/// A mail of a provider that no rule in the binary knows.
const STRANGE: &str = "From: noc@bramble.example\nSubject: Maintenance BR-20418\nDate: 10 Jan 2024 09:30:00 +0000\n\n\
    Start: 2099-03-01 22:00 UTC\nEnd: 2099-03-02 04:00 UTC\nCircuit: HC-AMS-FRA-7\n";

/// What the subcommands print that need rules of the user, an inventory, or a mail that no rule reads.
fn about_rules_and_circuits() -> Vec<Value> {
    let home = Home::new();
    home.configure("[maintenance]\ncircuits = 'circuits.csv'\n");
    let beside = |name: &str, text: &str| {
        let path = home.config().parent().unwrap().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    beside("circuits.csv", "id,name\nHC-AMS-FRA-7,backbone\n");
    beside("providers/broken.toml", "organizer = 1\n");
    std::fs::write(home.path().join("strange.eml"), STRANGE).unwrap();
    said(&home, &["import", "strange.eml"]);
    let suggested = json(&home, &["mails", "1"]);
    home.noctui(["provider", "new", "strange.eml", "--save"]).assert().success();
    let mut values = vec![suggested, json(&home, &["reparse"]), json(&home, &["circuits"])];
    let rule = home.config().parent().unwrap().join("providers/bramble.toml");
    let text = std::fs::read_to_string(&rule).unwrap();
    beside("no.toml", &text.replace("\"Start:\"", "\"Strat:\""));
    let lacking = home.config().parent().unwrap().join("no.toml");
    for arguments in [
        vec!["provider", "list", "--json"],
        vec!["provider", "test", "bramble", "strange.eml", "--json"],
        vec!["provider", "test", "cogent", "strange.eml", "--json"],
        vec!["provider", "test", "zayo", "strange.eml", "--json"],
        vec!["provider", "test", lacking.to_str().unwrap(), "strange.eml", "--json"],
    ] {
        let output = home.noctui(arguments).output().unwrap();
        values.push(serde_json::from_slice(&output.stdout).unwrap());
    }
    values
}

/// What the subcommands print that are about sources: one that can be read and one that cannot.
fn about_sources() -> Vec<Value> {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure(
        "[[maintenance.source]]\nname = 'here'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[maintenance.source]]\nname = 'there'\nkind = 'imap'\nserver = '127.0.0.1:1'\ntls = 'none'\nuser = 'noc'\n\
         password_command = ['printf', 'pw']\n",
    );
    let commands: [&[&str]; 6] =
        [&["check"], &["sync"], &["list"], &["pause", "here", "--who", "anna"], &["list"], &["resume"]];
    let print = |command: &&[&str]| {
        let output = home.noctui([&["source"], *command, &["--json"]].concat()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    commands.iter().map(print).collect()
}
