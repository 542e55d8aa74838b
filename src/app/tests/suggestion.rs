//! A mail that no rule reads: what is suggested, accepted and taken back.

use super::desk::Desk;

/// A mail that no rule knows, newer than all others, with a window and circuits.
const MAIL: &str =
    "INSERT INTO notification (id, source, item, received_at, sender, subject, outcome, reason, size, kept,
        whole_hash, body_hash)
    VALUES (7000, 'test', '1', 4000000000, 'noc@bramble.example', 'Works BR-20418', 'unknown-provider', 'no rule', 1, 1,
        x'00', x'00')";

/// Its content.
const RAW: &str = "INSERT INTO notification_raw VALUES (7000, CAST('From: noc@bramble.example' || char(10) || 'Subject: Works BR-20418'
        || char(10) || char(10) || 'Start: 2026-12-03 22:00 UTC' || char(10) || 'End: 2026-12-04 02:00 UTC' || char(10)
        || 'Circuit: AB-1234' || char(10) AS BLOB))";

const COUNT: &str = "SELECT count(*) FROM maintenance WHERE provider = 'bramble'";

#[test]
fn a_suggestion_is_accepted_with_a_key_and_taken_back_with_another() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere(MAIL);
    desk.write_elsewhere(RAW);
    desk.press("m enter");
    assert!(desk.shows("SUGGESTION: guessed, no rule says so; A accepts"), "{}", desk.screen());
    assert_eq!(desk.count(COUNT), 0);
    desk.press("A");
    assert!(desk.shows("accepted as bramble/BR-20418; u undoes"), "{}", desk.screen());
    assert!(!desk.shows("SUGGESTION"), "{}", desk.screen());
    assert_eq!(desk.count(COUNT), 1);
    desk.press("u");
    assert!(desk.shows("undone") && desk.shows("SUGGESTION"), "{}", desk.screen());
    assert_eq!(desk.count(COUNT), 0);
}

#[test]
fn what_is_typed_in_the_form_of_a_mail_is_set_by_hand_and_nothing_else() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere(MAIL);
    desk.write_elsewhere(RAW);
    desk.press("m enter N tab tab tab tab tab").type_text(", AB-99").press("enter");
    assert!(desk.shows("accepted as bramble/BR-20418; u undoes"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM by_hand WHERE fields = 'circuits'"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM event WHERE kind = 'filled-in'"), 1);
    desk.press("u");
    assert_eq!(desk.count("SELECT count(*) FROM by_hand"), 0);
    desk.press("N enter");
    assert!(desk.shows("accepted as bramble/BR-20418; u undoes"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM by_hand"), 0);
}

#[test]
fn the_demos_mail_that_no_rule_reads_comes_with_a_suggestion_that_can_be_accepted() {
    let mut desk = Desk::live(120, 40);
    desk.press("m /").type_text("harbour").press("enter enter");
    assert!(desk.shows("SUGGESTION") && desk.shows("LFC-W-0118") && desk.shows("LFC-0232"), "{}", desk.screen());
    assert!(desk.screen().lines().last().unwrap().contains("accept"), "{}", desk.screen());
    desk.press("A");
    assert!(desk.shows("accepted as lakeside-fibre/LFC-W-0118"), "{}", desk.screen());
}

#[test]
fn accepting_is_offered_only_where_nothing_is_missing() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere(MAIL);
    desk.write_elsewhere(RAW);
    desk.write_elsewhere(
        "UPDATE notification_raw SET raw = CAST(replace(CAST(raw AS TEXT), 'Circuit', 'Colour') AS BLOB) WHERE id = 7000",
    );
    desk.press("m enter");
    assert!(desk.shows("something is missing"), "{}", desk.screen());
    assert!(!desk.screen().lines().last().unwrap().contains("accept"), "{}", desk.screen());
}
