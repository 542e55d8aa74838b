//! `noctui maintenance mails`: what became of every mail.

use super::{Notice, each, home_with, json, said};
use crate::support::Home;

/// A store with one mail that was read, one that no rule knows, and one that is no maintenance.
fn mixed() -> Home {
    let home = home_with(&[Notice::default()]);
    let unknown = home.path().join("unknown.eml");
    std::fs::write(
        &unknown,
        "From: friend@home.example\nSubject: Lunch \u{1b}[31m?\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nSoup.\n",
    )
    .unwrap();
    said(&home, &["import", unknown.to_str().unwrap()]);
    home
}

#[test]
fn mails_that_nobody_could_read_are_listed_with_the_reason() {
    let home = mixed();
    let listed = json(&home, &["mails"]);
    assert_eq!(each(&listed, "outcome"), ["unknown-provider"]);
    assert!(listed[0]["reason"].as_str().unwrap().contains("friend@home.example"), "{listed}");
    let table = said(&home, &["mails"]);
    assert!(table.starts_with("ID  OUTCOME") && table.contains("Lunch ␛[31m?"), "{table}");
}

#[test]
fn all_mails_are_listed_or_those_with_one_outcome() {
    let home = mixed();
    assert_eq!(json(&home, &["mails", "--all"]).as_array().unwrap().len(), 2);
    assert_eq!(each(&json(&home, &["mails", "--outcome", "parsed"]), "outcome"), ["parsed"]);
    assert_eq!(json(&home, &["mails", "--outcome", "ignored"]).as_array().unwrap().len(), 0);
    assert_eq!(json(&home, &["mails", "--all", "--limit", "1"]).as_array().unwrap().len(), 1);
    home.noctui(["maintenance", "mails", "--outcome", "lost"]).assert().code(2);
}

#[test]
fn a_mail_is_shown_by_its_id() {
    let home = mixed();
    let id = json(&home, &["mails"])[0]["id"].to_string();
    let shown = said(&home, &["mails", &id]);
    assert!(shown.contains("From: friend@home.example") && shown.ends_with("Soup.\n"), "{shown}");
    assert_eq!(json(&home, &["mails", &id])["lines"][0], "Soup.");
    let missing = home.noctui(["maintenance", "mails", "99"]).assert().failure();
    let complaint = String::from_utf8_lossy(&missing.get_output().stderr).into_owned();
    assert!(complaint.contains("there is no mail 99"), "{complaint}");
}
