//! The mails that could not be read: dismissed, filtered, and told why.

use chrono::TimeDelta;

use super::desk::Desk;

const DISMISSED: &str = "SELECT count(*) FROM notification WHERE dismissed_at IS NOT NULL";
const UNREAD: &str = "SELECT count(*) FROM notification WHERE outcome IN ('parsing-failed', 'unknown-provider')";

#[test]
fn a_mail_that_needs_no_look_is_dismissed_and_u_brings_it_back() {
    let mut desk = Desk::live(120, 40);
    let unread = desk.count(UNREAD);
    assert!(unread > 1 && desk.shows(&format!("{unread} to read")), "{}", desk.screen());
    desk.press("m d");
    assert!(desk.shows("one mail dismissed; u undoes, f shows what is"), "{}", desk.screen());
    assert_eq!(desk.count(DISMISSED), 1);
    desk.press("f");
    assert!(desk.shows("─ dismissed mails") && desk.shows("dismissed by ines"), "{}", desk.screen());
    desk.press("f");
    assert!(desk.shows("─ all mails"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.shows("undone: no longer dismissed: one mail"), "{}", desk.screen());
    assert_eq!(desk.count(DISMISSED), 0);
    desk.press("esc");
    assert!(desk.shows(&format!("{unread} to read")), "{}", desk.screen());
}

#[test]
fn an_opened_mail_is_dismissed_and_brought_back_by_the_same_key() {
    let mut desk = Desk::live(120, 40);
    desk.press("m enter d").wait(TimeDelta::minutes(1));
    assert!(desk.shows("dismissed by ines"), "{}", desk.screen());
    assert!(desk.shows(" d bring back"), "{}", desk.screen());
    desk.press("d");
    assert!(desk.shows("one mail brought back") && desk.count(DISMISSED) == 0, "{}", desk.screen());
}

#[test]
fn several_are_marked_and_dismissed_at_once() {
    let mut desk = Desk::live(120, 40);
    desk.press("m space space");
    assert!(desk.shows("2 marked"), "{}", desk.screen());
    desk.press("d");
    assert_eq!(desk.count(DISMISSED), 2);
    assert!(desk.shows("2 mails dismissed") && !desk.shows("2 marked"), "{}", desk.screen());
}

#[test]
fn all_mails_are_marked_and_dismissed_with_two_keys_and_come_back_with_one() {
    let mut desk = Desk::live(120, 40);
    // More than are ever on hand.
    desk.write_elsewhere(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
         INSERT INTO notification (source, item, received_at, sender, subject, outcome, reason, size, kept, whole_hash,
             body_hash)
         SELECT 's', i, i, 'menu@canteen.example', 'lunch ' || i, 'unknown-provider', 'none', 0, 0, x'', x'' FROM n",
    );
    let unread = desk.count(UNREAD);
    desk.press("m *");
    assert!(
        desk.shows(&format!("marked all {unread}")) && desk.shows(&format!("{unread} marked")),
        "{}",
        desk.screen()
    );
    desk.press("d");
    assert_eq!(desk.count(DISMISSED), unread);
    assert!(desk.shows(&format!("{unread} mails dismissed")), "{}", desk.screen());
    desk.press("u");
    assert_eq!(desk.count(DISMISSED), 0);
    desk.press("/").type_text("canteen 77").press("enter *");
    assert!(desk.shows("marked all 18"), "{}", desk.screen());
    desk.press("*");
    assert!(desk.shows("marked none"), "{}", desk.screen());
}

#[test]
fn a_mail_that_was_read_is_not_dismissed_and_that_is_said() {
    let mut desk = Desk::live(120, 40);
    desk.press("m f f /").type_text("parsed").press("enter d");
    assert!(desk.shows("it was read: there is nothing to dismiss"), "{}", desk.screen());
    assert_eq!(desk.count(DISMISSED), 0);
}

#[test]
fn mails_are_filtered_while_somebody_types_and_esc_goes_back() {
    let mut desk = Desk::live(120, 40);
    desk.press("m f f");
    let all = desk.screen();
    desk.press("/").type_text("ticket !zzz");
    assert!(desk.shows("/ticket !zzz") && desk.screen() != all, "{}", desk.screen());
    desk.press("esc");
    assert_eq!(desk.screen(), all);
    desk.press("/").type_text("nothing has this word");
    assert!(desk.shows("nothing matches; esc clears the filter"), "{}", desk.screen());
    desk.press("enter esc");
    assert_eq!(desk.screen(), all);
    desk.press("esc");
    assert!(!desk.shows("all mails"), "{}", desk.screen());
}

#[test]
fn every_circuit_of_a_maintenance_with_a_thousand_can_be_read() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere(
        "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 1099)
         INSERT INTO circuit SELECT id, i, 'LONG-' || i, 'DEGRADED' FROM n JOIN maintenance
         ON maintenance_id = 'TTN-0007195301' WHERE window = 1",
    );
    desk.press("/").type_text("TTN-0007195301").press("enter enter");
    assert!(desk.shows("more, below the history"), "{}", desk.screen());
    desk.press("G");
    assert!(desk.shows("LONG-1099"), "{}", desk.screen());
    desk.press("pgup");
    assert!(desk.shows("LONG-1050") || desk.shows("LONG-1040"), "{}", desk.screen());
}

#[test]
fn a_notice_that_came_after_something_later_says_when_it_came() {
    let mut desk = Desk::live(80, 60);
    desk.press("/").type_text("TTN-0007195301").press("enter a enter");
    assert!(!desk.shows("  came "), "{}", desk.screen());
    desk.write_elsewhere(
        "INSERT INTO event (maintenance, at, stamp, kind, changes)
         SELECT id, 1795229200, 1795215600, 'unchanged', '[]' FROM maintenance WHERE maintenance_id = 'TTN-0007195301'",
    );
    desk.press("esc enter");
    let told = desk.screen();
    let at = told.lines().position(|line| line.contains("another notice, nothing new")).unwrap();
    assert!(told.lines().nth(at + 1).unwrap().contains(" came "), "{told}");
}
