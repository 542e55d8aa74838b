//! `noctui maintenance ack|unack|note|undo|seen`: every command is a process of its own, so what the next one sees was kept.

use super::{Notice, each, home_with, json, one, said, write};
use crate::support::{Home, transcript};

#[test]
fn an_acknowledgement_is_kept_and_given_once() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    assert_eq!(said(&home, &["ack", "HC-1"]), "halcyon/HC-1: acknowledged by anna\n");
    let listed = json(&home, &["list"]);
    assert_eq!(listed[0]["acknowledged"]["by"], "anna");
    assert_eq!(listed[0]["acknowledged"]["current"], true);
    let again = said(&home, &["ack", "HC-1", "--who", "bert"]);
    assert!(again.starts_with("halcyon/HC-1: already acknowledged by anna, 20"), "{again}");
    assert_eq!(said(&home, &["unack", "HC-1"]), "halcyon/HC-1: acknowledgement taken back\n");
    assert_eq!(said(&home, &["unack", "HC-1"]), "halcyon/HC-1: was not acknowledged\n");
    assert_eq!(json(&home, &["list"])[0]["acknowledged"], serde_json::Value::Null);
}

#[test]
fn what_changes_afterwards_asks_to_be_acknowledged_again() {
    let home = home_with(&[Notice::default()]);
    said(&home, &["ack", "HC-100"]);
    let moved = Notice { day: 12, windows: &[("20990305T220000Z", "20990306T040000Z")], ..Notice::default() };
    let mails = write(&home, &[moved]);
    said(&home, &["import", mails.to_str().unwrap()]);
    let listed = json(&home, &["list", "--unacknowledged"]);
    assert_eq!(listed[0]["acknowledged"]["by"], "anna");
    assert_eq!(listed[0]["acknowledged"]["current"], false);
    assert!(said(&home, &["list"]).contains("changed since anna"));
    assert_eq!(said(&home, &["ack", "HC-100", "--who", "bert"]), "halcyon/HC-100: acknowledged by bert\n");
}

#[test]
fn who_acts_is_the_configurations_unless_the_flag_says_otherwise() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    home.configure("who = 'noc-oslo'\n");
    said(&home, &["note", "HC-1", "one"]);
    said(&home, &["note", "HC-1", "two", "--who", " carl "]);
    assert_eq!(each(&json(&home, &["show", "HC-1"])[0]["notes"], "by"), ["noc-oslo", "carl"]);
    for who in ["", " ", "a name that is longer than the forty that are kept"] {
        home.noctui(["maintenance", "ack", "HC-1", "--who", who]).assert().code(2);
    }
}

#[test]
fn without_variables_the_account_acts() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    let account = std::process::Command::new("id").arg("-un").output().unwrap();
    let account = String::from_utf8(account.stdout).unwrap();
    let mut ack = home.noctui(["maintenance", "ack", "HC-1"]);
    ack.env_remove("USER").assert().success().stdout(format!("halcyon/HC-1: acknowledged by {account}"));
    assert_eq!(json(&home, &["list"])[0]["acknowledged"]["by"], account.trim_end());
}

#[test]
fn a_note_comes_as_an_argument_or_through_standard_input() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    assert_eq!(said(&home, &["note", "HC-1", "called the site"]), "halcyon/HC-1: noted\n");
    let mut piped = home.noctui(["maintenance", "note", "halcyon/HC-1", "-"]);
    piped.write_stdin("two\nlines\n").assert().success().stdout("halcyon/HC-1: noted\n");
    let shown = json(&home, &["show", "HC-1"]);
    assert_eq!(each(&shown[0]["notes"], "text"), ["called the site", "two\nlines"]);
    assert_eq!(shown[0]["note_count"], 2);
}

#[test]
fn a_note_that_would_not_be_kept_whole_is_refused() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    home.noctui(["maintenance", "note", "HC-1", " \n\t"]).assert().code(2);
    let mut long = home.noctui(["maintenance", "note", "HC-1", "-"]);
    let refused = long.write_stdin("日".repeat(40_000)).assert().code(2);
    let complaint = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(complaint.contains("a note has room for 16384 characters"), "{complaint}");
    home.noctui(["maintenance", "note", "HC-1", "-"]).write_stdin("日".repeat(16_384)).assert().success();
    assert_eq!(json(&home, &["list"])[0]["note_count"], 1);
}

#[test]
fn undo_takes_back_what_the_same_person_did_last() {
    let home = home_with(&[one("halcyon", "HC-1"), one("halcyon", "HC-2")]);
    said(&home, &["ack", "HC-1", "HC-2"]);
    said(&home, &["note", "HC-1", "called the site"]);
    said(&home, &["note", "HC-2", "by bert", "--who", "bert"]);
    assert_eq!(said(&home, &["undo"]), "halcyon/HC-1: note removed\n");
    let taken_back = "halcyon/HC-1: acknowledgement taken back\nhalcyon/HC-2: acknowledgement taken back\n";
    assert_eq!(said(&home, &["undo"]), taken_back);
    assert!(json(&home, &["list", "--unacknowledged"]).as_array().unwrap().len() == 2);
    let nothing = transcript(&home, &mut home.noctui(["maintenance", "undo"]));
    assert!(nothing.starts_with("--- standard error\nnoctui: anna has nothing to undo\n"), "{nothing}");
    assert!(nothing.ends_with("--- exit code 2\n"), "{nothing}");
    assert_eq!(each(&json(&home, &["undo", "--who", "bert"]), "result"), ["note-removed"]);
    assert_eq!(json(&home, &["show", "HC-2"])[0]["notes"], serde_json::json!([]));
}

#[test]
fn undo_gives_an_acknowledgement_back_that_was_taken() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    said(&home, &["ack", "HC-1", "--who", "bert"]);
    said(&home, &["unack", "HC-1"]);
    assert_eq!(said(&home, &["undo"]), "halcyon/HC-1: acknowledged again\n");
    assert_eq!(json(&home, &["list"])[0]["acknowledged"]["by"], "bert");
}

#[test]
fn undo_leaves_alone_what_was_undone_already_and_takes_nothing_older_back_unasked() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    said(&home, &["note", "HC-1", "older"]);
    said(&home, &["ack", "HC-1"]);
    said(&home, &["note", "HC-1", "x"]);
    said(&home, &["unack", "HC-1", "--who", "bert"]);
    assert_eq!(said(&home, &["undo"]), "halcyon/HC-1: note removed\n");
    for _ in 0..2 {
        let refused = transcript(&home, &mut home.noctui(["maintenance", "undo", "--json"]));
        let what = "--- standard error\nnoctui: what anna did last cannot be undone: halcyon/HC-1 acknowledged, 20";
        assert!(refused.starts_with(what), "{refused}");
        assert!(refused.contains("since then: acknowledgement taken back by bert, 20"), "{refused}");
        assert!(refused.contains("--skip-changed") && refused.ends_with("--- exit code 2\n"), "{refused}");
    }
    assert_eq!(json(&home, &["list"])[0]["note_count"], 1);
    assert_eq!(said(&home, &["undo", "--skip-changed"]), "halcyon/HC-1: note removed\n");
    home.noctui(["maintenance", "undo", "--skip-changed"]).assert().code(2);
}

#[test]
fn undo_says_of_each_what_had_been_taken_back_already() {
    let home = home_with(&[one("halcyon", "HC-1"), one("halcyon", "HC-2")]);
    said(&home, &["ack", "HC-1", "HC-2"]);
    said(&home, &["unack", "HC-2", "--who", "bert"]);
    let both = "halcyon/HC-1: acknowledgement taken back\nhalcyon/HC-2: had been taken back already\n";
    assert_eq!(said(&home, &["undo"]), both);
}

#[test]
fn seen_clears_the_sign_of_news_until_something_changes() {
    let home = home_with(&[Notice::default()]);
    assert_eq!(json(&home, &["list"])[0]["unseen"], true);
    assert_eq!(said(&home, &["seen", "HC-100"]), "halcyon/HC-100: seen\n");
    assert_eq!(said(&home, &["seen", "HC-100"]), "halcyon/HC-100: had been seen already\n");
    assert_eq!(json(&home, &["list", "--changed"]), serde_json::json!([]));
    let moved = Notice { day: 12, windows: &[("20990305T220000Z", "20990306T040000Z")], ..Notice::default() };
    let mails = write(&home, &[moved]);
    said(&home, &["import", mails.to_str().unwrap()]);
    let seen = json(&home, &["seen", "halcyon/HC-100"]);
    assert_eq!((each(&seen, "result"), &seen[0]["unseen"]), (vec!["seen"], &serde_json::json!(false)));
}

#[test]
fn all_that_is_named_is_done_or_nothing() {
    let home = home_with(&[one("halcyon", "HC-1"), one("halcyon", "CHG1"), one("kestrel", "CHG1")]);
    let said = transcript(&home, &mut home.noctui(["maintenance", "ack", "HC-1", "CHG1", "HC-77"]));
    assert!(said.starts_with("--- standard error\nnoctui: CHG1 can mean 2 maintenances\n"), "{said}");
    assert!(said.contains("\nnoctui: no maintenance is called HC-77\n"), "{said}");
    assert!(said.ends_with("--- exit code 2\n"), "{said}");
    assert_eq!(json(&home, &["list", "--unacknowledged"]).as_array().unwrap().len(), 3);
}

#[test]
fn a_slash_in_the_name_of_a_provider_can_be_told_from_one_in_an_id() {
    let home = home_with(&[one("acme", "H/1"), one("acme/H", "1")]);
    let said = transcript(&home, &mut home.noctui(["maintenance", "ack", "acme/H/1"]));
    assert!(said.contains("there are acme%2FH/1 and acme/H%2F1\n"), "{said}");
    for (name, provider) in [("acme%2FH/1", "acme/H"), ("acme/H%2F1", "acme")] {
        assert_eq!(json(&home, &["ack", name])[0]["provider"], provider);
    }
}

#[test]
fn a_slash_and_a_percent_sign_in_an_id_can_be_told_apart() {
    let home = home_with(&[one("acme", "H%2F1")]);
    let window = ["--start", "2099-03-01 22:00", "--end", "2099-03-02 04:00"];
    assert_eq!(json(&home, &["ack", "acme/H%2F1"])[0]["maintenance_id"], "H%2F1");
    let made = json(&home, &[&["create", "acme/H%2F1"], window.as_slice()].concat());
    assert_eq!((&made[0]["name"], &made[0]["maintenance_id"]), (&"acme/H/1".into(), &"H/1".into()));
    let said = transcript(&home, &mut home.noctui(["maintenance", "ack", "acme/H%2F1"]));
    assert!(said.contains("there are acme/H%252F1 and acme/H/1\n") && !said.contains("the provider too"), "{said}");
    for (name, id) in [("acme/H%252F1", "H%2F1"), ("acme/H/1", "H/1")] {
        assert_eq!(json(&home, &["ack", name])[0]["maintenance_id"], id);
    }
}

#[test]
fn a_maintenance_named_twice_is_acted_on_once() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    assert_eq!(said(&home, &["ack", "HC-1", "halcyon/HC-1"]), "halcyon/HC-1: acknowledged by anna\n");
}

#[test]
fn all_windows_are_meant_unless_one_is_named() {
    let windows = &[("20990301T220000Z", "20990302T040000Z"), ("20990302T220000Z", "20990303T040000Z")];
    let home = home_with(&[Notice { windows, ..Notice::default() }]);
    let one = said(&home, &["ack", "HC-100", "--window", "2"]);
    assert_eq!(one, "halcyon/HC-100 window 2: acknowledged by anna\n");
    let both = json(&home, &["ack", "HC-100"]);
    assert_eq!(each(&both, "result"), ["acknowledged", "already-acknowledged"]);
    let both = json(&home, &["note", "HC-100", "x"]);
    assert_eq!(each(&both, "result"), ["noted", "noted"]);
}

#[test]
fn read_only_refuses_no_acknowledgement_and_no_note() {
    let home = home_with(&[one("halcyon", "HC-1")]);
    said(&home, &["--read-only", "ack", "HC-1"]);
    said(&home, &["--read-only", "note", "HC-1", "kept here"]);
    assert_eq!(json(&home, &["list"])[0]["note_count"], 1);
}

#[test]
fn a_name_with_control_characters_is_refused() {
    let home = Home::new();
    let refused = home.noctui(["maintenance", "undo", "--who", "an\u{1b}[31mna"]).assert().code(2).get_output().clone();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("without control characters"));
}
