//! The mailbox of the shared collection, from the server to what is known of each maintenance.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::dovecot::{Dovecot, Home};
use crate::support::skip::skip;

/// Where the collection is; `None`, said loudly, if it is nowhere.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("NOCTUI_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/maintenance");
    let found = named.into_iter().chain([beside]).find(|folder| folder.join("mailbox/expected.json").is_file());
    if found.is_none() {
        skip("no shared corpus beside the repository, and NOCTUI_CORPUS does not point to one");
    }
    found
}

/// Outcome and subject of every mail, and what is known of every maintenance, in an order that does not matter.
fn known(home: &Home) -> (Vec<String>, Vec<String>) {
    let (mails, ..) = home.json(&["maintenance", "mails", "--all", "--json"]);
    let (maintenances, ..) = home.json(&["maintenance", "list", "--all", "--json"]);
    let mut mails: Vec<String> = mails.as_array().unwrap().iter().map(|mail| mail["message_id"].to_string()).collect();
    let of = |one: &Value| {
        let keys = ["name", "status", "start", "end", "circuits", "worst_impact", "windows"];
        keys.map(|key| one[key].to_string()).join(" ")
    };
    let mut maintenances: Vec<String> = maintenances.as_array().unwrap().iter().map(of).collect();
    mails.sort();
    maintenances.sort();
    (mails, maintenances)
}

#[test]
fn the_mailbox_over_the_wire_is_the_mailbox_from_files_and_says_what_it_should() {
    let Some(corpus) = corpus() else { return };
    let Some(mut server) = Dovecot::start() else { return };
    let expected: Vec<Value> =
        serde_json::from_slice(&std::fs::read(corpus.join("mailbox/expected.json")).unwrap()).unwrap();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/passing.txt")).unwrap();
    let passing: BTreeSet<&str> = text.lines().collect();
    // As a mailbox has them: in the order in which they were sent.
    let import = Home::with("");
    let mailbox = corpus.join("mailbox");
    let output = import.noctui(&["maintenance", "import", mailbox.to_str().unwrap(), "--json"]).output().unwrap();
    let imported: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for mail in &imported {
        server.deliver(&std::fs::read(mail["path"].as_str().unwrap()).unwrap());
    }
    let home = Home::with(&server.source(""));
    let (synced, code, said) = home.json(&["source", "sync", "--json"]);
    assert_eq!((code, synced[0]["mails"].as_u64()), (0, Some(expected.len() as u64)), "{said}");
    assert_eq!(known(&home), known(&import));

    // Each mail that the rules are known to read says what the collection wants.
    let mut compared = 0;
    for mail in &expected {
        let name = mail["file"].as_str().unwrap();
        if !passing.contains(name.trim_end_matches(".eml")) {
            continue;
        }
        let provider = mail["provider"].as_str().unwrap();
        let ids = mail["expected"].as_array().into_iter().flatten().map(|one| one["maintenance_id"].as_str().unwrap());
        for id in ids.collect::<BTreeSet<&str>>() {
            // The store has the names that the rules give providers; a calendar of nobody in particular has a name of its own.
            let sql = format!(
                "SELECT count(DISTINCT m.provider) FROM maintenance m JOIN event e ON e.maintenance = m.id
                 JOIN notification n ON n.id = e.notification
                 WHERE m.maintenance_id = '{id}' AND n.message_id = '{}' AND m.provider = n.provider
                 AND '{provider}' IN (m.provider, 'genericprovider')",
                mail["message_id"].as_str().unwrap().trim_matches(['<', '>'])
            );
            assert_eq!(home.count(&sql), 1, "{name}: {provider} {id}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}
