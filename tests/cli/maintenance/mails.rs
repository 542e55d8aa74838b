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
    let refused =
        home.noctui(["maintenance", "mails", "--outcome", "lost"]).assert().code(2).get_output().stderr.clone();
    let refused = String::from_utf8(refused).unwrap();
    assert!(refused.contains("parsing-failed") && refused.contains("unknown-cids"), "{refused}");
}

#[test]
fn a_mail_is_dismissed_kept_and_brought_back() {
    let home = mixed();
    let dismiss = |arguments: &[&str]| json(&home, &[&["dismiss"], arguments].concat());
    let result = |done: &serde_json::Value| done[0]["result"].as_str().unwrap().to_owned();
    assert_eq!(
        said(&home, &["dismiss", "2", "1"]),
        "mail 2: dismissed\nmail 1: was read, there is nothing to dismiss\n"
    );
    assert_eq!(json(&home, &["mails"]), serde_json::json!([]));
    let dismissed = json(&home, &["mails", "--dismissed"]);
    assert_eq!((&dismissed[0]["id"], &dismissed[0]["dismissed"]["by"]), (&2.into(), &"anna".into()));
    assert_eq!(json(&home, &["mails", "--all"]).as_array().unwrap().len(), 2);
    assert_eq!(result(&dismiss(&["2"])), "was-dismissed");
    assert_eq!(said(&home, &["undo"]), "1 mail: no longer dismissed\n");
    assert_eq!(result(&dismiss(&["2", "--back"])), "was-not-dismissed");
    assert_eq!(result(&dismiss(&["2"])), "dismissed");
    assert_eq!(result(&dismiss(&["2", "--back"])), "brought-back");
    assert_eq!(json(&home, &["mails"]).as_array().unwrap().len(), 1);
    let refused = home.noctui(["maintenance", "dismiss", "2", "9"]).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8(refused).unwrap().contains("there is no mail 9"));
    assert_eq!(json(&home, &["mails"]).as_array().unwrap().len(), 1, "all or none");
}

#[test]
fn a_filter_finds_words_in_what_is_known_of_a_mail() {
    let home = mixed();
    let found = |words: &str| json(&home, &["mails", "--all", "--filter", words]).as_array().unwrap().len();
    assert_eq!(
        (found("LUNCH home.example"), found("unknown-prov"), found("!lunch"), found("lunch soup")),
        (1, 1, 1, 0)
    );
}

/// A mail with an attachment of so many bytes.
fn with_attachment(home: &Home, bytes: usize) {
    let attachment = "x".repeat(76).repeat(bytes / 76);
    let mail = format!(
        "From: noc@halcyon.example\nDate: 1 Jan 2024 09:30:00 +0000\nSubject: works\nMessage-ID: <1@halcyon.example>\n\
         Content-Type: multipart/mixed; boundary=next\n\n--next\nContent-Type: text/plain\n\nSee the list.\n--next\n\
         Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n{attachment}\n--next--\n"
    );
    std::fs::write(home.path().join("large.eml"), mail).unwrap();
    said(home, &["import", "large.eml"]);
}

#[test]
fn a_mail_with_a_large_attachment_is_kept_whole() {
    let home = Home::new();
    with_attachment(&home, 2 << 20);
    let mail = json(&home, &["mails", "1"]);
    assert!(mail["size_bytes"].as_u64().unwrap() > 2_000_000);
    assert_eq!(mail["kept_bytes"], mail["size_bytes"]);
    assert!(!said(&home, &["mails", "1"]).contains("[cut:"));
}

#[test]
fn a_mail_that_was_cut_says_so() {
    let home = Home::new();
    home.configure("[maintenance]\nraw_size_limit = \"8 KiB\"\n");
    with_attachment(&home, 2 << 20);
    assert_eq!(json(&home, &["mails", "1"])["kept_bytes"], 8192);
    let shown = said(&home, &["mails", "1"]);
    assert!(
        shown.contains("See the list.") && shown.ends_with("\n[cut: the first 8 KiB of 2 MiB are kept]\n"),
        "{shown}"
    );
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
