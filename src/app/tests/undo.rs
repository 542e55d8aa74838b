//! What `u` takes back, where somebody else was quicker.

use super::desk::Desk;

/// Bob acknowledges everything in another noctui, and nobody has told us yet.
const BY_BOB: &str = "UPDATE maintenance SET ack_revision = revision, ack_by = 'bob',
                          ack_at = CAST(strftime('%s', '2026-11-21 02:41') AS INTEGER)";

#[test]
fn what_somebody_else_acknowledged_first_is_told_with_the_name_and_u_takes_back_nothing_else() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("drained").press("enter");
    desk.write_elsewhere(BY_BOB);
    desk.press("a");
    assert!(desk.shows("already acknowledged by bob 02:41") && !desk.shows("u undoes"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.shows("there is nothing of it to undo"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), 1);
    desk.press("u");
    assert!(desk.shows("undone: note removed"), "asked twice, it is meant: {}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), 0);
}

#[test]
fn a_sign_of_news_that_was_cleared_is_not_undone_and_nothing_in_its_place() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("drained").press("enter");
    desk.press("x u");
    assert!(desk.shows("there is nothing of it to undo"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), 1);
    desk.press("u");
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), 0);
}

/// Somebody in our name wrote a note in another process, and acknowledged something, which was taken back since.
const IN_OUR_NAME: [&str; 4] = [
    "INSERT INTO note (maintenance, at, who, text) SELECT min(id), 0, 'ines', 'drained' FROM maintenance",
    "INSERT INTO acknowledgement (maintenance, revision, at, who, seen_before, withdrawn_at, withdrawn_by)
         SELECT min(id), 1, 0, 'ines', 0, 0, 'bob' FROM maintenance",
    r#"INSERT INTO action (at, who, inverse)
         SELECT CAST(strftime('%s', '2026-11-21 02:41') AS INTEGER), 'ines', '{"remove-notes":[' || max(id) || ']}'
         FROM note"#,
    r#"INSERT INTO action (at, who, inverse)
         SELECT CAST(strftime('%s', '2026-11-21 02:41') AS INTEGER), 'ines', '{"withdraw":[' || max(id) || ']}'
         FROM acknowledgement"#,
];

#[test]
fn what_was_done_last_in_another_process_is_not_passed_over_for_something_older() {
    let mut desk = Desk::live(120, 24);
    for sql in IN_OUR_NAME {
        desk.write_elsewhere(sql);
    }
    let notes = desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL");
    desk.press("u");
    assert!(desk.shows("nothing was undone; u again undoes what was before"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), notes);
    desk.press("u");
    assert!(desk.shows("undone: note removed"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE removed_at IS NULL"), notes - 1);
}

#[test]
fn several_that_were_acknowledged_first_are_told_of_together() {
    let mut desk = Desk::live(80, 24);
    desk.press("space space");
    desk.write_elsewhere(BY_BOB);
    desk.press("a");
    assert!(desk.shows("all 2 are acknowledged already, the last by bob 02:41"), "{}", desk.screen());
}

#[test]
fn what_somebody_else_took_back_first_offers_no_undo() {
    let mut desk = Desk::live(80, 24);
    desk.press("a");
    desk.write_elsewhere("UPDATE maintenance SET ack_revision = 0, ack_by = NULL, ack_at = NULL");
    desk.press("a");
    assert!(desk.shows("somebody has taken the acknowledgement back already"), "{}", desk.screen());
    assert!(!desk.shows("u undoes"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.shows("there is nothing of it to undo"), "{}", desk.screen());
}

#[test]
fn what_was_said_last_does_not_stand_where_the_keys_of_a_dialog_belong() {
    let mut desk = Desk::live(80, 24);
    desk.press("a");
    assert!(desk.shows("u undoes"), "{}", desk.screen());
    desk.press("N");
    assert!(!desk.shows("u undoes") && desk.shows("enter save  tab next field"), "{}", desk.screen());
}
