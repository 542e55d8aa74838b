//! Maintenances made and corrected by hand, and what notices that come later make of them.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json as value;

use super::{Notice, has, json, said, write};
use crate::support::Home;

#[test]
fn a_later_notice_shows_what_it_would_change_of_a_maintenance_made_by_hand() {
    let home = Home::new();
    let made = [
        "create",
        "halcyon/HC-100",
        "--start",
        "2099-03-01 21:00",
        "--end",
        "2099-03-02T05:00:00+01:00",
        "--circuit",
        "HC-AMS-FRA-7=DEGRADED",
        "--ticket",
        "NOC-7",
        "--assignee",
        "ben",
    ];
    let created = json(&home, &made);
    assert_eq!((&created[0]["name"], &created[0]["result"]), (&value!("halcyon/HC-100"), &value!("created")));
    home.noctui([&["maintenance"], made.as_slice()].concat()).assert().code(2).stderr(contains("is known already"));
    let mails = write(&home, &[Notice::default()]);
    said(&home, &["import", mails.to_str().unwrap()]);
    let shown = &json(&home, &["show", "HC-100"])[0];
    assert_eq!((&shown["start"], &shown["ticket"]), (&value!("2099-03-01T21:00:00Z"), &value!("NOC-7")), "{shown}");
    assert_eq!(shown["by_hand"]["fields"], value!(["window", "circuits", "summary"]), "the status is the same");
    // The notice is older than what was done here, and was read after it.
    assert_eq!((&shown["by_hand"]["news"], &shown["history"][1]["kind"]), (&value!(true), &value!("withheld")));
    let page = said(&home, &["show", "HC-100"]);
    assert!(page.contains("a later notice would change (edit --take, or --keep):"), "{page}");
    said(&home, &["edit", "HC-100", "--keep"]);
    assert_eq!(json(&home, &["show", "HC-100"])[0]["by_hand"]["news"], false);
    said(&home, &["edit", "HC-100", "--take"]);
    let shown = &json(&home, &["show", "HC-100"])[0];
    assert_eq!((&shown["start"], &shown["by_hand"]), (&value!("2099-03-01T22:00:00Z"), &value!(null)));
    said(&home, &["undo"]);
    assert_eq!(json(&home, &["show", "HC-100"])[0]["start"], "2099-03-01T21:00:00Z");
    assert!(has(home.path(), "mails"));
}

#[test]
fn corrections_are_refused_with_the_reason() {
    let home = super::home_with(&[Notice::default()]);
    let refused = |arguments: &[&str], why: &'static str| {
        home.noctui([&["maintenance"], arguments].concat()).assert().code(2).stderr(contains(why));
    };
    refused(&["edit", "HC-100"], "nothing is to be set");
    refused(&["edit", "HC-100", "--end", "2000-01-01 00:00"], "the window ends before it begins");
    refused(&["create", "x/Y", "--start", "2099-03-01 21:00", "--end", "2099-03-01 21:00"], "ends when it begins");
    refused(&["attach", "x", "HC-100"], "write a number");
    refused(&["mails", "x"], "write a number");
    refused(&["edit", "HC-999", "--ticket", "x"], "no maintenance is called");
    refused(&["edit", "HC-100", "--circuit", "ab-1=degraded", "--circuit", "AB-1"], "the circuit AB-1 is named twice");
    refused(&["attach", "99", "HC-100"], "there is no mail 99");
    refused(&["create", "HC-100", "--start", "2099-03-01 21:00", "--end", "2099-03-02 04:00"], "write PROVIDER/ID");
}

#[test]
fn what_is_so_already_is_no_failure_and_is_said_of_each_window() {
    let windows = &[("20990301T220000Z", "20990302T040000Z"), ("20990302T220000Z", "20990303T040000Z")];
    let home = super::home_with(&[Notice { windows, ..Notice::default() }]);
    let results = |done: &[&str]| -> Vec<String> {
        let told = json(&home, done);
        let told = told.as_array().unwrap().iter();
        told.map(|window| format!("{} {}", window["window"], window["result"].as_str().unwrap())).collect()
    };
    for (done, result, words) in [
        (&["edit", "HC-100", "--status", "CONFIRMED"][..], "already-so", "is so already, nothing need be done"),
        (&["attach", "1", "HC-100"], "already-attached", "had been attached already"),
        (&["edit", "HC-100", "--take"], "nothing-said", "nothing to take over, no notice says anything else"),
        (&["edit", "HC-100", "--keep"], "nothing-said", "nothing to decide, no later notice says anything else"),
    ] {
        let page = said(&home, done);
        let starts = ["1", "2"].map(|window| format!("halcyon/HC-100 window {window}: {words}"));
        assert!(page.lines().zip(&starts).all(|(line, start)| line.starts_with(start)), "{page}");
        assert_eq!((page.lines().count(), results(done)), (2, ["1", "2"].map(|n| format!("{n} {result}")).to_vec()));
    }
    said(&home, &["edit", "HC-100", "--window", "1", "--ticket", "NOC-8"]);
    assert_eq!(results(&["edit", "HC-100", "--ticket", "NOC-8"]), ["1 already-so", "2 edited"]);
    said(&home, &["edit", "HC-100", "--window", "2", "--end", "2099-03-03 03:00"]);
    let page = said(&home, &["edit", "HC-100", "--take"]);
    let taken = "halcyon/HC-100 window 2: taken, 2099-03-02 22:00 UTC to 2099-03-03 04:00 UTC\n";
    assert!(page.starts_with("halcyon/HC-100 window 1: nothing to take over") && page.ends_with(taken), "{page}");
    said(&home, &["undo"]);
    assert_eq!(results(&["edit", "HC-100", "--take"]), ["1 nothing-said", "2 taken"]);
}

#[test]
fn what_one_command_did_to_several_windows_is_undone_at_once() {
    let windows = &[("20990301T220000Z", "20990302T040000Z"), ("20990302T220000Z", "20990303T040000Z")];
    let home = super::home_with(&[Notice { windows, ..Notice::default() }]);
    std::fs::write(home.path().join("strange.eml"), "From: noc@bramble.example\nSubject: HC-100\n\nSee phone.\n")
        .unwrap();
    said(&home, &["import", "strange.eml"]);
    said(&home, &["edit", "HC-100", "--ticket", "NOC-7"]);
    said(&home, &["attach", "2", "HC-100"]);
    let both = |words: &str| format!("halcyon/HC-100 window 1: {words}\nhalcyon/HC-100 window 2: {words}\n");
    assert_eq!(said(&home, &["undo"]), both("the mail belongs to it no more"));
    assert_eq!(json(&home, &["mails", "2"])["outcome"], "unknown-provider");
    said(&home, &["edit", "HC-100", "--window", "1", "--ticket", "NOC-8", "--who", "bert"]);
    let some =
        home.noctui(["maintenance", "undo"]).assert().code(1).stdout("halcyon/HC-100 window 2: as it was before\n");
    some.stderr(contains("halcyon/HC-100 window 1: ticket left as it is").and(contains("corrected by bert")));
    let tickets = json(&home, &["show", "HC-100"]);
    assert_eq!((&tickets[0]["ticket"], &tickets[1]["ticket"]), (&value!("NOC-8"), &value!("")));
}

#[test]
fn a_mail_that_no_rule_reads_is_attached() {
    let home = super::home_with(&[Notice::default()]);
    let text = "From: noc@bramble.example\nSubject: about HC-100\nDate: 10 Jan 2024 09:30:00 +0000\n\nSee phone.\n";
    std::fs::write(home.path().join("strange.eml"), text).unwrap();
    said(&home, &["import", "strange.eml"]);
    assert_eq!(said(&home, &["attach", "2", "HC-100", "--who", "ben"]).lines().count(), 1);
    let mail = json(&home, &["mails", "2"]);
    assert_eq!(
        (&mail["outcome"], &mail["reason"]),
        (&value!("parsed"), &value!("no rule reads it; attached by ben to HC-100"))
    );
    assert_eq!(json(&home, &["show", "HC-100"])[0]["notifications"].as_array().unwrap().len(), 2);
    // No rule read it before, either.
    for reparse in [&["reparse"][..], &["reparse", "2"]] {
        assert_eq!(json(&home, reparse), value!([]));
        let sum = said(&home, reparse);
        assert!(
            sum.ends_with(" read again: 0 different, 2 as before\n") || sum.ends_with(" 0 different, 1 as before\n")
        );
    }
    assert_eq!(json(&home, &["mails", "2"]), mail);
    assert!(said(&home, &["undo", "--who", "ben"]).contains("the mail belongs to it no more"));
    assert_eq!(json(&home, &["mails"])[0]["id"], 2);
}

#[test]
fn undo_names_what_a_notice_has_touched_since_and_takes_back_the_rest() {
    let home = super::home_with(&[Notice::default(), super::one("halcyon", "HC-1")]);
    let import = |day, windows| {
        let mails = write(&home, &[Notice { windows, day, ..Notice::default() }]);
        said(&home, &["import", mails.to_str().unwrap()]);
    };
    said(&home, &["note", "HC-1", "call before it starts"]);
    said(&home, &["edit", "HC-100", "--ticket", "NOC-7"]);
    import(12, &[("20990305T220000Z", "20990306T040000Z")]);
    assert_eq!(said(&home, &["undo"]), "halcyon/HC-100: as it was before\n", "no notice speaks of tickets");
    said(&home, &["edit", "HC-100", "--end", "2099-03-06 03:00"]);
    import(13, &[("20990307T220000Z", "20990308T040000Z")]);
    let refused = || home.noctui(["maintenance", "undo"]).assert().code(2).stdout("");
    refused().stderr(contains("what anna did last cannot be undone: window of halcyon/HC-100 set, 20"));
    refused().stderr(contains("since then: a notice would change what was set by hand, 20"));
    assert_eq!(json(&home, &["show", "HC-1"])[0]["note_count"], 1, "nobody asked for that");
    said(&home, &["edit", "HC-100", "--end", "2099-03-06 02:00", "--assignee", "ben"]);
    import(14, &[("20990309T220000Z", "20990310T040000Z")]);
    let some = home.noctui(["maintenance", "undo"]).assert().code(1);
    let some = some.stdout("halcyon/HC-100: as it was before, but for window\n");
    some.stderr(contains("halcyon/HC-100: window left as it is"));
    let shown = &json(&home, &["show", "HC-100"])[0];
    assert_eq!((&shown["assignee"], &shown["end"]), (&value!(""), &value!("2099-03-06T02:00:00Z")), "{shown}");
}

#[test]
fn a_new_start_is_of_one_window_and_a_ticket_of_all() {
    let windows = &[("20990301T220000Z", "20990302T040000Z"), ("20990302T220000Z", "20990303T040000Z")];
    let home = super::home_with(&[Notice { windows, ..Notice::default() }]);
    let edit = ["maintenance", "edit", "HC-100", "--end", "2099-03-02 03:00"];
    home.noctui(edit).assert().code(2).stderr(contains("say which with --window"));
    let edited = json(&home, &["edit", "HC-100", "--window", "1", "--end", "2099-03-02 03:00"]);
    assert_eq!((edited.as_array().unwrap().len(), &edited[0]["window"]), (1, &value!(1)));
    assert_eq!(said(&home, &["edit", "HC-100", "--ticket", "NOC-8"]).lines().count(), 2);
}
