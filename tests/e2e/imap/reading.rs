//! A mailbox read once: over each kind of connection, again, numbered anew, by several folders, killed in between.

use std::time::{Duration, Instant};

use serde_json::json;

use super::dovecot::{Dovecot, Home};
use crate::support::DEADLINE;

/// What `source sync` says of the one source.
fn sync(home: &Home) -> serde_json::Value {
    let (value, code, said) = home.json(&["source", "sync", "--json"]);
    assert_eq!(code, 0, "{value}\n{said}");
    value[0].clone()
}

#[test]
fn every_kind_of_connection_brings_the_same_mails_and_leaves_no_trace() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..30);
    // Dovecot moves what it has seen to `cur` once.
    let home = Home::with(&server.source(""));
    assert_eq!(sync(&home), json!({"name": "noc", "result": "complete", "mails": 30, "new": 30, "trouble": null}));
    home.assert_holds_each_once(30);
    let files = server.files();
    assert!(files.iter().all(|name| !name.contains('S')), "something is marked as seen: {files:?}");
    for lines in [
        format!("server = 'localhost:{}'\nca_file = 'CERT'", server.tls),
        format!("server = 'localhost:{}'\ntls = 'starttls'\nca_file = 'CERT'", server.plain),
        format!("server = '127.0.0.1:{}'\nca_file = 'CERT'", server.tls),
        format!("server = 'localhost:{}'\nfingerprint = 'FINGERPRINT'", server.tls),
    ] {
        let home = Home::with(&server.source(&lines));
        assert_eq!(sync(&home)["mails"], 30, "{lines}");
        home.assert_holds_each_once(30);
    }
    assert_eq!(server.files(), files);
}

#[test]
fn a_second_look_fetches_what_is_new_and_nothing_else() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..20);
    let home = Home::with(&server.source(""));
    assert_eq!(sync(&home)["mails"], 20);
    assert_eq!(sync(&home)["mails"], 0);
    server.announce(20..25);
    assert_eq!(sync(&home)["mails"], 5);
    home.assert_holds_each_once(25);
    let (listed, ..) = home.json(&["source", "list", "--json"]);
    assert_eq!((&listed[0]["state"], &listed[0]["mails"]), (&json!("idle"), &json!(25)), "{listed}");
    assert!(listed[0]["complete"].is_string() && listed[0]["failed"].is_null(), "{listed}");
}

#[test]
fn a_folder_that_is_numbered_anew_loses_nothing_and_duplicates_nothing() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..40);
    let home = Home::with(&server.source(""));
    sync(&home);
    server.announce(40..50);
    server.renumber(77);
    let synced = sync(&home);
    assert_eq!((&synced["mails"], &synced["new"]), (&json!(50), &json!(10)), "all of them are looked at again");
    home.assert_holds_each_once(50);
    assert_eq!(home.count("SELECT count(*) FROM source_item"), 90);
    server.announce(50..51);
    assert_eq!(sync(&home)["mails"], 1);
}

#[test]
fn folders_with_names_of_all_kinds_are_read_and_one_that_is_missing_is_told() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..2);
    // "Störungen & Co" as Dovecot keeps it.
    server.make_folder("St&APY-rungen &- Co");
    let folder = server.maildir().join(".St&APY-rungen &- Co");
    server.deliver_to(&folder, crate::support::mailbox::announcement(2).as_bytes());
    // The same mail in two folders is one mail.
    server.deliver_to(&folder, crate::support::mailbox::announcement(1).replace('\n', "\r\n").as_bytes());
    let home = Home::with(&server.source("folders = ['INBOX', 'Störungen & Co']"));
    assert_eq!(sync(&home)["result"], "complete");
    home.assert_holds_each_once(3);
    let home = Home::with(&server.source("folders = ['Missing', 'INBOX']"));
    let (value, code, _) = home.json(&["source", "sync", "--json"]);
    assert_eq!((code, &value[0]["mails"]), (2, &json!(2)), "{value}");
    assert!(value[0]["trouble"]["what"].as_str().unwrap().contains("folder Missing: "), "{value}");
    home.assert_holds_each_once(2);
    let (value, code, _) = home.json(&["source", "check", "--json"]);
    assert_eq!((code, &value[0]["ok"], &value[0]["folders"][1]["mails"]), (1, &json!(false), &json!(2)), "{value}");
    let error = value[0]["folders"][0]["error"].as_str().unwrap();
    assert!(error.contains("the folders are ") && error.contains("Störungen & Co"), "{error}");
}

#[test]
fn what_is_wrong_with_a_source_is_said() {
    let Some(server) = Dovecot::start() else { return };
    let (value, code, said) = Home::with(&server.source("")).json(&["source", "check", "--json"]);
    assert_eq!((code, &value[0]["folders"]), (0, &json!([{"folder": "INBOX", "mails": 0, "error": null}])), "{said}");
    let check = |source: &str| {
        let (value, code, _) = Home::with(source).json(&["source", "check", "--json"]);
        assert_eq!((code, &value[0]["ok"]), (1, &json!(false)), "{value}");
        value[0]["trouble"].to_string()
    };
    let wrong = check(&server.source("").replace("user = 'noc'", "user = 'nobody'"));
    assert!(wrong.contains("does not accept the login of nobody: [AUTHENTICATIONFAILED]"), "{wrong}");
    let untrusted = check(&server.source(&format!("server = 'localhost:{}'", server.tls)));
    assert!(untrusted.contains("no TLS with localhost") && untrusted.contains("ca_file"), "{untrusted}");
    let another = format!("server = 'localhost:{}'\nfingerprint = '{}'", server.tls, "ab".repeat(32));
    let another = check(&server.source(&another));
    assert!(another.contains("no TLS with localhost") && another.contains("its fingerprint is"), "{another}");
    let nobody = check(&server.source("").replace(&server.plain.to_string(), "1"));
    assert!(nobody.contains("cannot reach 127.0.0.1:1"), "{nobody}");
    let no_password = check(&server.source("").replace("/password'", "/none'"));
    assert!(no_password.contains("nothing to log in to") && no_password.contains("password_file"), "{no_password}");
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_a_fetch_loses_and_doubles_nothing() {
    const MAILS: usize = 2_000;
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..MAILS);
    let home = Home::with(&server.source(""));
    let mut kills = 0;
    for least in [1, 400, 1_000] {
        let mut child = home.noctui(&["source", "sync"]).spawn().unwrap();
        let began = Instant::now();
        while home.count("SELECT count(*) FROM notification") < least {
            assert!(began.elapsed() < DEADLINE, "nothing is recorded");
            std::thread::park_timeout(Duration::from_millis(2));
        }
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
        assert_eq!(home.count("SELECT count(*) FROM source_bookmark"), 0, "no bookmark before all is read");
    }
    assert_eq!(kills, 3);
    assert!(home.count("SELECT count(*) FROM notification") < MAILS);
    // Nobody waits for the lease of one that is dead.
    let rest = sync(&home)["mails"].as_u64().unwrap();
    assert!(rest < MAILS as u64, "{rest}");
    home.assert_holds_each_once(MAILS);
}

#[test]
#[ignore = "takes a minute where nothing is optimised"]
fn twenty_thousand_mails_are_read_once() {
    const MAILS: usize = 20_000;
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..MAILS);
    let home = Home::with(&server.source(""));
    assert_eq!(sync(&home)["mails"], MAILS);
    home.assert_holds_each_once(MAILS);
    assert_eq!(sync(&home)["mails"], 0);
}

#[test]
fn a_source_that_rests_is_left_alone_until_it_is_resumed() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..3);
    let home = Home::with(&server.source(""));
    let act = |args: &[&str]| home.json(args).0;
    assert_eq!(act(&["source", "pause", "noc", "--json"]), json!([{"name": "noc", "result": "paused"}]));
    let (value, code, _) = home.json(&["source", "sync", "--json"]);
    assert_eq!((code, &value[0]["result"], &value[0]["mails"]), (2, &json!("paused"), &json!(0)), "{value}");
    let listed = act(&["source", "list", "--json"]);
    assert_eq!((&listed[0]["state"], &listed[0]["paused"]["by"]), (&json!("paused"), &json!("anna")), "{listed}");
    assert_eq!(act(&["source", "resume", "--json"])[0]["result"], "resumed");
    assert_eq!(act(&["source", "resume", "--json"])[0]["result"], "not-paused");
    assert_eq!(sync(&home)["mails"], 3);
}
