//! Suggestions, and accepting them.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use super::{json, said};
use crate::support::Home;

const MAIL: &str = "From: Bramble NOC <noc@bramble.example>\nSubject: Planned maintenance BR-2041\n\
    Date: Mon, 2 Nov 2026 10:15:00 +0100\nContent-Type: text/html\n\n<p>Dear Meridian,</p><table>\
    <tr><td>Start (CET)</td><td>14/11/2099 23:30</td></tr><tr><td>End (CET)</td><td>15/11/2099 04:00</td></tr></table>\
    <table><tr><th>Service</th><th>Effect</th></tr><tr><td>BN-100-7741</td><td>Loss</td></tr></table>";

/// A user with a stored mail of this text.
fn home(mail: &str) -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("notice.eml"), mail).unwrap();
    home.noctui(["maintenance", "import", "notice.eml"]).assert().success().stdout(contains("1 unknown-provider"));
    home
}

#[test]
fn a_suggestion_is_marked_and_nothing_of_it_is_stored() {
    let home = home(MAIL);
    let mail = said(&home, &["mails", "1"]);
    assert!(mail.starts_with("SUGGESTION, guessed and not read by a rule; nothing of it is stored:\n"), "{mail}");
    assert!(
        mail.contains("start        2099-11-14 22:30 UTC")
            && mail.contains("check        CET is taken as Europe/Paris")
    );
    let suggestion = &json(&home, &["mails", "1"])["suggestion"];
    assert_eq!(suggestion["maintenance_id"], "BR-2041");
    assert_eq!(suggestion["circuits"], serde_json::json!(["BN-100-7741"]));
    assert_eq!(suggestion["start"], "2099-11-14T22:30:00Z");
    assert_eq!(json(&home, &["list", "--all"]), serde_json::json!([]));
}

#[test]
fn accepting_makes_a_maintenance_says_who_did_and_is_undone() {
    let home = home(MAIL);
    let accepted = json(&home, &["accept", "1", "--status", "TENTATIVE"]);
    assert_eq!((&accepted[0]["name"], &accepted[0]["result"]), (&"bramble/BR-2041".into(), &"accepted".into()));
    let shown = json(&home, &["show", "BR-2041"]);
    assert_eq!((&shown[0]["status"], &shown[0]["account"]), (&"TENTATIVE".into(), &"Meridian".into()));
    // What was typed is set by hand, and what was suggested is not.
    assert_eq!((&shown[0]["history"][0]["kind"], &shown[0]["history"][0]["by"]), (&"filled-in".into(), &"anna".into()));
    assert_eq!(shown[0]["by_hand"]["fields"], serde_json::json!(["status"]));
    assert!(said(&home, &["show", "BR-2041"]).contains("filled in by hand by anna, of a mail"));
    assert_eq!(json(&home, &["mails", "1"])["suggestion"], serde_json::Value::Null);
    home.noctui(["maintenance", "accept", "1"]).assert().code(2).stderr(contains("mail 1 was read"));
    home.noctui(["maintenance", "undo"]).assert().success().stdout(contains("the accepted suggestion was taken back"));
    assert_eq!(json(&home, &["list", "--all"]), serde_json::json!([]));
    let mail = json(&home, &["mails", "1"]);
    assert_eq!(mail["outcome"], "unknown-provider");
    assert!(mail["reason"].as_str().unwrap().ends_with("accepted and taken back by anna"), "{mail}");
}

#[test]
fn what_is_accepted_as_it_is_suggested_is_the_mails_word() {
    let home = home(MAIL);
    json(&home, &["accept", "1", "--status", "CONFIRMED"]);
    let shown = json(&home, &["show", "BR-2041"]);
    assert_eq!((&shown[0]["history"][0]["kind"], &shown[0]["by_hand"]), (&"accepted".into(), &serde_json::Value::Null));
}

#[test]
fn what_is_lacking_is_named_and_taken_from_flags() {
    let home =
        home("From: noc@bramble.example\nSubject: Works tonight\nDate: Mon, 2 Nov 2026 10:15:00 +0100\n\nSee below.\n");
    assert_eq!(json(&home, &["mails", "1"])["suggestion"], serde_json::Value::Null);
    home.noctui(["maintenance", "accept", "1"])
        .assert()
        .code(2)
        .stderr(contains("nothing was found for maintenance_id, start, end, circuits").and(contains("--circuit …")));
    let flags = [
        "accept",
        "1",
        "--maintenance-id",
        "W-7",
        "--start",
        "2099-11-14 22:00",
        "--end",
        "2099-11-15T01:00:00+01:00",
        "--circuit",
        "A-1",
        "--circuit",
        "B-2",
    ];
    let accepted = json(&home, &flags);
    assert_eq!(accepted[0]["name"], "bramble/W-7");
    let shown = json(&home, &["show", "W-7"]);
    assert_eq!((&shown[0]["end"], shown[0]["circuits"].as_array().unwrap().len()), (&"2099-11-15T00:00:00Z".into(), 2));
    home.noctui(["maintenance", "accept", "99"]).assert().code(2).stderr(contains("there is no mail 99"));
}

#[test]
fn a_calendar_of_an_unknown_sender_needs_no_suggestion() {
    let home = super::home_with(&[super::one("bramble", "BR-1")]);
    assert_eq!(json(&home, &["mails", "--all"])[0]["outcome"], "parsed");
    assert_eq!(json(&home, &["mails", "1"])["suggestion"], serde_json::Value::Null);
    assert_eq!(json(&home, &["list"])[0]["provider"], "bramble");
}
