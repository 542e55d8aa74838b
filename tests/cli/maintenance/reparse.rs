//! `noctui maintenance reparse`

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use super::{json, said};
use crate::support::Home;

const MAIL: &str = "From: Bramble NOC <noc@bramble.example>\nSubject: Planned maintenance BR-2041\n\
    Date: Mon, 2 Nov 2026 10:15:00 +0100\nContent-Type: text/html\n\n<table>\
    <tr><td>Start (CET)</td><td>14/11/2099 23:30</td></tr><tr><td>End (CET)</td><td>15/11/2099 04:00</td></tr></table>\
    <table><tr><th>Service</th><th>Effect</th></tr><tr><td>BN-100-7741</td><td>Loss</td></tr></table>";

/// A user with a stored mail that no rule knew, and a rule for it.
fn home() -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("notice.eml"), MAIL).unwrap();
    home.noctui(["maintenance", "import", "notice.eml"]).assert().success().stdout(contains("1 unknown-provider"));
    home.noctui(["provider", "new", "notice.eml", "--save"]).assert().success();
    home
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let home = home();
    home.noctui(["maintenance", "reparse", "--dry-run"]).assert().success().stdout(
        contains("mail 1: unknown-provider -> parsed: Planned maintenance BR-2041")
            .and(contains("new: bramble/BR-2041"))
            .and(contains("1 mail read again: 1 different, 0 as before; nothing was changed")),
    );
    assert_eq!(json(&home, &["list", "--all"]), serde_json::json!([]));
    assert!(std::fs::read_dir(home.path().join(".cache/noctui")).map_or(0, Iterator::count) == 0);
}

#[test]
fn new_rules_apply_to_stored_mails_and_what_people_did_stays() {
    let home = home();
    let first = json(&home, &["reparse"]);
    assert_eq!(
        (&first[0]["result"], &first[0]["created"]),
        (&"different".into(), &serde_json::json!(["bramble/BR-2041"]))
    );
    said(&home, &["ack", "BR-2041"]);
    said(&home, &["note", "BR-2041", "drained"]);
    let rule = home.path().join(".config/noctui/providers/bramble.toml");
    let text = std::fs::read_to_string(&rule).unwrap().replace("Europe/Paris", "Europe/Lisbon");
    std::fs::write(&rule, text).unwrap();
    let second = json(&home, &["reparse"]);
    assert_eq!(second[0]["changed"], serde_json::json!(["bramble/BR-2041"]));
    let shown = json(&home, &["show", "BR-2041"]);
    assert_eq!((&shown[0]["start"], &shown[0]["note_count"]), (&"2099-11-14T23:30:00Z".into(), &1.into()));
    assert_eq!(shown[0]["acknowledged"]["by"], "anna");
    assert_eq!(json(&home, &["reparse"]), serde_json::json!([]));
    assert_eq!(json(&home, &["undo"])[0]["result"], "note-removed");
    home.noctui(["maintenance", "reparse", "99"]).assert().code(2).stderr(contains("there is no such mail"));
}
