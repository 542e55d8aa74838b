//! What a row or a line says where there is little to say or little room.

use chrono::TimeDelta;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::Message;
use crate::colour::ColourDepth;
use crate::features::maintenance::worker::Report;
use crate::trouble::Trouble;

#[test]
fn the_smallest_detail_says_whether_somebody_took_note() {
    let mut desk = Desk::live(40, 20);
    desk.press("enter");
    assert!(desk.row("State").contains("not acknowledged"), "{}", desk.screen());
    desk.press("a");
    assert!(desk.shows("acknowledged by ines"), "{}", desk.screen());
    desk.resize(200, 60);
    assert!(!desk.shows("State  "), "the title has room for it: {}", desk.screen());
}

#[test]
fn maintenances_of_one_provider_are_told_apart_on_the_smallest_screen() {
    let mut desk = Desk::live(40, 20);
    desk.write_elsewhere("UPDATE maintenance SET provider = 'zayo'");
    desk.report(Report::Changed);
    let screen = desk.screen();
    let rows: Vec<&str> = screen.lines().filter(|row| row.contains(" zayo ")).collect();
    let ids: std::collections::BTreeSet<&str> =
        rows.iter().filter_map(|row| row.split_once(" zayo ")?.1.split_whitespace().next()).collect();
    assert!(rows.len() > 4 && ids.len() == rows.len(), "{screen}");
    assert!(screen.contains(" zayo …195301 "), "{screen}");
    let columns = |row: &&str| crate::ui::line::width(row) <= 40 && !row.contains("ends");
    assert!(rows.iter().all(columns), "{screen}");
}

#[test]
fn windows_of_several_maintenances_are_told_apart_on_the_smallest_screens() {
    for columns in [40, 47, 52, 58, 69] {
        let mut desk = Desk::live(columns, 40);
        // Nothing but id and number of the window tells them apart.
        desk.write_elsewhere(
            "UPDATE maintenance SET provider = 'genericprovider', maintenance_id = 'NIGHT-WORKS-' || (100 + id / 2), \
             window = 1 + id % 2, starts_at = unixepoch('2026-11-21 20:00'), ends_at = unixepoch('2026-11-21 23:00'), \
             status = 'CONFIRMED', settled_at = NULL, final = 0, over_at = unixepoch('2026-11-21 23:00'), span = 1, \
             worst_impact = 'OUTAGE', seen_revision = revision, ack_revision = 0, ack_by = NULL, ack_at = NULL",
        );
        desk.report(Report::Changed);
        let screen = desk.screen();
        let ids: Vec<&str> = screen.lines().filter(|row| row.contains("1/2") || row.contains("2/2")).collect();
        let different: std::collections::BTreeSet<&&str> = ids.iter().collect();
        assert!(ids.len() > 4 && different.len() == ids.len(), "{columns}: {screen}");
    }
}

#[test]
fn a_notice_is_whole_on_the_smallest_screen_and_hides_no_row() {
    let mut desk = Desk::live(40, 10);
    desk.press("G");
    let last = desk.screen().lines().nth(8).unwrap().to_owned();
    let said = |desk: &Desk| desk.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    let trouble =
        Trouble::new("the worker of the maintenances has ended").caused_by("no room on the disk").to_do("make some");
    desk.send(Message::Failed(trouble));
    assert!(
        said(&desk).ends_with("the worker of the maintenances has ended: no room on the disk; make some"),
        "{}",
        desk.screen()
    );
    assert!(desk.screen().lines().any(|row| row == last), "{last}: {}", desk.screen());
    // What needs more rows than there are for it is cut, and the log has it.
    desk.send(Message::Failed(Trouble::new("word ".repeat(40).trim())));
    let screen = desk.screen();
    assert!(screen.lines().last().unwrap().ends_with("… ctrl-l"), "{screen}");
    assert_eq!(screen.lines().filter(|row| row.contains("word")).count(), 3, "{screen}");
    desk.now += TimeDelta::seconds(31);
    desk.send(Message::Ticked);
    assert!(!desk.shows("word") && desk.shows(&last), "{}", desk.screen());
}

#[test]
fn a_large_number_of_circuits_is_rounded_and_never_cut() {
    let mut desk = Desk::live(80, 24);
    desk.write_elsewhere("UPDATE maintenance SET circuits = 5000");
    desk.report(Report::Changed);
    assert!(desk.row("TTN-0007195301").contains(" 5k"), "{}", desk.screen());
}

#[test]
fn a_mail_without_sender_and_subject_is_a_row_that_says_so() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere("UPDATE notification SET subject = '', sender = ''");
    desk.press("m");
    assert!(desk.shows("(no sender)") && desk.shows("(no subject)"), "{}", desk.screen());
}

#[test]
fn ascii_is_all_that_an_ascii_terminal_gets_and_the_smallest_message_is_whole() {
    let ascii = settings(&format!("ascii = 'always'\n{MAILBOX}"), ColourDepth::Sixteen, false);
    let mut desk = Desk::with(ascii, Some(&DATABASE), 120, 40);
    desk.press("f s");
    assert!(desk.shows(" - by "), "{}", desk.screen());
    assert!(!desk.shows("·") && !desk.shows("…"), "{}", desk.screen());
    desk.resize(20, 4);
    let said = desk.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(said, "noctui needs 40x10; this is 20x4");
}

#[test]
fn a_store_that_cannot_be_read_is_not_being_searched() {
    let mut desk = Desk::waiting(120, 40);
    desk.press("f");
    desk.send(crate::app::Message::WorkerStopped(Trouble::new("the database is damaged")));
    assert!(!desk.shows("searching") && desk.shows("the database is damaged"), "{}", desk.screen());
}

#[test]
fn a_cause_that_repeats_what_is_above_it_is_left_out() {
    let told = Trouble::new("the database is damaged")
        .caused_by("database disk image is malformed")
        .caused_by("Error code 11: The database disk image is malformed");
    assert_eq!(told.one_line(), "the database is damaged: database disk image is malformed");
    assert_eq!(told.to_string().matches("malformed").count(), 1);
}

#[test]
fn on_the_smallest_screen_the_impact_is_there_and_help_is_read_to_its_end() {
    let mut desk = Desk::live(40, 12);
    let rows = desk.screen();
    let has_impact = |row: &str| ["O", "D", "R", "N", "?"].iter().any(|letter| row.contains(&format!(" {letter} ")));
    assert!(rows.lines().filter(|row| has_impact(row)).count() >= 4, "{rows}");
    desk.press("?").type_text("clear the sign");
    let help = desk.screen();
    let words: Vec<&str> = help.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    assert!(words.join(" ").contains("Clear the sign of news without opening"), "{help}");
    assert!(!help.lines().any(|row| row.contains('│') && row.contains('…')), "{help}");
}
