//! What people set by hand: maintenances made and corrected, mails attached, senders assigned; and the sources.

use chrono::TimeDelta;
use insta::assert_snapshot;

use super::desk::Desk;
use crate::app::Message;
use crate::features::maintenance::worker::{Done, Report, SourceHealth};
use crate::input::Input;
use crate::trouble::Trouble;

#[test]
fn the_sources_are_listed_with_all_about_one_of_them() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut desk = Desk::live(columns, rows);
        desk.press("S");
        assert_snapshot!(format!("sources_{columns}x{rows}"), desk.screen());
    }
    let mut desk = Desk::live(120, 40);
    desk.press("S");
    let trouble = Trouble::new("imap.example:993 closed the connection").to_do("wait; it is tried again");
    desk.source(SourceHealth::Down { brief: "disconnected", trouble, again_at: None });
    assert!(desk.shows("✗ demo mailbox") && desk.shows("not by itself: r tries again"), "{}", desk.screen());
}

#[test]
fn a_source_is_paused_looked_at_and_read_again_from_the_screen() {
    let mut desk = Desk::live(120, 40);
    desk.press("S p");
    assert!(desk.shows("demo mailbox: paused") && desk.shows("by ines"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM source_state WHERE paused_by = 'ines'"), 1);
    desk.wait(TimeDelta::minutes(1));
    assert!(desk.shows(" p resume"), "{}", desk.screen());
    desk.press("p");
    assert!(desk.shows("demo mailbox: read again"), "{}", desk.screen());
    desk.press("r");
    assert_eq!(desk.count("SELECT count(*) FROM source_state WHERE wanted_at > 0 AND paused_by IS NULL"), 1);
    desk.press("esc");
    assert!(!desk.shows("─ sources"), "{}", desk.screen());
}

#[test]
fn a_maintenance_is_made_by_hand_and_taken_back() {
    let mut desk = Desk::live(100, 40);
    desk.press("N");
    assert_snapshot!("form_100x40", desk.screen());
    desk.type_text("bramble").press("tab").type_text("BR-1").press("enter");
    assert!(desk.shows("Start (UTC): \"\" is no time"), "{}", desk.screen());
    desk.type_text("2026-11-22 02:00").press("tab").type_text("2026-11-22 01:00").press("enter");
    assert!(desk.shows("End (UTC): it has to be after the start"), "{}", desk.screen());
    desk.press("ctrl-u").type_text("2026-11-22 04:00").press("down").type_text("BR-A=degraded, BR-B").press("enter");
    assert!(desk.shows("bramble BR-1: made; u undoes"), "{}", desk.screen());
    desk.press("/").type_text("br-1").press("enter enter");
    assert!(desk.shows("made by hand by ines") && desk.shows("no notice has spoken of it"), "{}", desk.screen());
    assert!(desk.shows("degraded    BR-A") && desk.shows("outage      BR-B"), "{}", desk.screen());
    desk.press("esc u");
    assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE maintenance_id = 'BR-1'"), 0);
}

#[test]
fn what_helps_with_a_field_is_never_cut_and_fields_without_room_are_told() {
    let mut desk = Desk::live(80, 24);
    desk.press("N").type_text("bramble").press("tab").type_text("BR-1").press("tab ctrl-u").type_text("soon");
    desk.press("tab").type_text("2026-13-13 somewhen in the morning").press("enter");
    assert!(desk.shows("is no time; write it as") && desk.shows("2026-11-21 22:00, in UTC"), "{}", desk.screen());
    desk.press("ctrl-u").type_text("2026-11-22 02:00").press("tab").type_text("2026-11-22 04:00").press("enter");
    assert!(desk.shows("it is tentative, confirmed") && desk.shows("or cancelled"), "{}", desk.screen());
    let mut small = Desk::live(40, 10);
    small.press("N");
    assert!(small.row("A maintenance made").contains(" +"), "{}", small.screen());
    let mut roomy = Desk::live(80, 24);
    roomy.press("N");
    assert!(!roomy.row("A maintenance made").contains(" +"), "{}", roomy.screen());
}

#[test]
fn what_does_nothing_is_not_offered() {
    let mut desk = Desk::live(120, 40);
    desk.press("N").type_text("bramble").press("tab").type_text("BR-1").press("tab tab");
    desk.type_text("2026-11-22 02:00").press("tab").type_text("2026-11-22 04:00").press("enter");
    desk.press("/").type_text("br-1").press("enter enter");
    let footer = desk.row("a acknowledge");
    assert!(!footer.contains("o mail") && !footer.contains("next") && !footer.contains("previous"), "{footer}");
    let mut desk = Desk::live(200, 60);
    desk.press("enter");
    let footer = desk.row("a acknowledge");
    assert!(footer.contains("o mail") && footer.contains("] next") && !footer.contains("previous"), "{footer}");
    desk.press("]");
    assert!(desk.row("a acknowledge").contains("[ previous"), "{}", desk.screen());
}

#[test]
fn a_maintenance_gets_a_ticket_and_another_window_and_what_the_notices_say_is_taken_again() {
    let mut desk = Desk::live(100, 50);
    desk.press("/").type_text("ttn-0008500558").press("enter enter E");
    assert_snapshot!("form_of_maintenance_100x50", desk.screen());
    desk.type_text("NOC-4711").press("tab").type_text("ben").press("tab tab tab ctrl-u");
    desk.type_text("2026-12-24 05:00").press("enter");
    assert!(desk.shows("corrected; u undoes"), "{}", desk.screen());
    assert!(desk.shows("NOC-4711") && desk.shows("the notices say otherwise; T takes that:"), "{}", desk.screen());
    desk.press("T");
    assert!(desk.shows("taken over; u undoes") && !desk.shows("the notices say otherwise"), "{}", desk.screen());
    assert!(desk.shows("NOC-4711"), "{}", desk.screen());
    desk.press("u u");
    assert!(!desk.shows("Ticket"), "{}", desk.screen());
    // What is typed and dropped changes nothing.
    desk.press("E").type_text("NOC-1").press("esc E enter");
    assert!(desk.shows("nothing was changed"), "{}", desk.screen());
    // A ticket is found.
    desk.press("E").type_text("NOC-99").press("enter esc / ctrl-u").type_text("noc-99");
    assert!(desk.shows("1 of ") && desk.shows("TTN-000850"), "{}", desk.screen());
}

#[test]
fn what_was_typed_stays_where_it_is_refused() {
    let mut desk = Desk::live(120, 40);
    desk.press("N").type_text("bramble").press("tab").type_text("BR-1").press("tab tab");
    desk.type_text("2026-11-22 02:00").press("tab").type_text("2026-11-22 04:00").press("tab").type_text("BR-A");
    let mut other = desk.fork();
    other.press("enter");
    assert!(other.shows("bramble BR-1: made"), "{}", other.screen());
    desk.press("enter");
    assert!(desk.shows("Id: a maintenance of this provider and id is known"), "{}", desk.screen());
    // The cursor is where another can be typed.
    desk.type_text("b").press("enter");
    assert!(desk.shows("bramble BR-1b: made; u undoes") && !desk.shows("made by hand"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM circuit WHERE circuit_id = 'BR-A'"), 2);
}

#[test]
fn what_somebody_set_while_a_form_was_open_is_shown_before_it_is_replaced() {
    let mut desk = Desk::live(120, 40);
    desk.press("/").type_text("ttn-0008500558").press("enter enter E").type_text("MINE");
    desk.write_elsewhere(
        "UPDATE maintenance SET ticket = 'BEN-1', assignee = 'ben' WHERE maintenance_id = 'TTN-0008500558'",
    );
    desk.press("enter");
    let told = "Ticket is \"BEN-1\", which yours would replace; Assignee is what stands here now";
    assert!(desk.shows(told) && desk.row("Assignee  ").contains("ben"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(DISTINCT ticket) FROM maintenance WHERE ticket = 'BEN-1'"), 1);
    desk.press("enter");
    assert!(desk.shows("corrected; u undoes"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE ticket = 'MINE' AND assignee = 'ben'"), 1);
    // A notice of it that came meanwhile is looked at as well.
    desk.press("E").type_text("2");
    desk.write_elsewhere(
        "UPDATE maintenance SET revision = revision + 1, status = 'TENTATIVE' WHERE maintenance_id = 'TTN-0008500558'",
    );
    desk.press("enter");
    assert!(desk.shows("(Status is what stands here now): enter saves"), "{}", desk.screen());
    desk.press("enter");
    assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE ticket = 'MINE2' AND status = 'TENTATIVE'"), 1);
}

#[test]
fn what_would_be_replaced_is_read_before_enter_saves_however_little_room_there_is() {
    for (columns, rows) in [(40, 10), (80, 24)] {
        let mut desk = Desk::live(columns, rows);
        desk.press("/").type_text("ttn-0008500558").press("enter enter E").type_text("MINE");
        desk.press("tab").type_text("me").press("shift-tab shift-tab").type_text("mine");
        desk.write_elsewhere(
            "UPDATE maintenance SET ticket = 'BEN-1', assignee = 'ben', status = 'TENTATIVE', starts_at = starts_at + 60,
             summary = 'first of it all' || replace(hex(zeroblob(200)), '00', ' word') || ' and the last of it'
             WHERE maintenance_id = 'TTN-0008500558'",
        );
        desk.press("enter");
        // Keys that move, and text, take nothing of it away.
        desk.press("left tab up").type_text("x").press("backspace shift-tab");
        let mut read = String::new();
        for _ in 0..100 {
            if desk.shows(": corrected") {
                break;
            }
            let screen = desk.screen();
            let is_field = |line: &&str| line.starts_with(" ›") || (line.starts_with("  ") && !line.starts_with("   "));
            let below =
                screen.lines().rev().skip_while(|line| !line.starts_with("   ")).take_while(|line| !is_field(line));
            for line in below.collect::<Vec<_>>().into_iter().rev() {
                read.push_str(line.rsplit_once(" +").map_or(line, |(line, _)| line));
            }
            let is_more = desk.shows("enter read on");
            assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE ticket = 'BEN-1'"), 3, "{screen}");
            desk.press("enter");
            assert!(is_more || desk.shows("corrected"), "{}", desk.screen());
        }
        let read = read.split_whitespace().collect::<Vec<_>>().join(" ");
        for told in ["\"BEN-1\"", "\"ben\"", "first of it all", "the last of it\"", "Status is"] {
            assert!(read.contains(told), "{told} at {columns}x{rows}: {read}");
        }
        assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE ticket = 'MINE' AND assignee = 'me'"), 1);
        assert_eq!(desk.count("SELECT count(*) FROM maintenance WHERE ticket = 'MINE' AND status = 'TENTATIVE'"), 1);
    }
}

#[test]
fn the_answer_to_a_form_that_was_dropped_is_not_that_of_the_next() {
    let mut desk = Desk::live(120, 40);
    desk.press("/").type_text("ttn-0008500558").press("enter enter E").type_text("ONE");
    desk.answers = false;
    desk.press("enter");
    assert!(desk.shows("saving …"), "{}", desk.screen());
    // Nothing goes into what is being saved.
    desk.send(Message::Input(Input::Paste("PASTED".to_owned())));
    desk.press("x");
    assert!(!desk.shows("PASTED") && !desk.shows("ONEx"), "{}", desk.screen());
    desk.press("esc E").type_text("TWO").press("enter");
    let answer = |form, done| Report::OfForm { form, report: Box::new(done) };
    let done = || Report::Done { done: Done::Edited { word: "corrected", name: "zayo X".to_owned() }, inverse: None };
    desk.report(answer(1, done()));
    assert!(desk.shows("TWO") && desk.shows("saving …"), "{}", desk.screen());
    desk.report(answer(1, Report::Failed(Trouble::new("the database is busy"))));
    desk.report(Report::Failed(Trouble::new("the database is busy")));
    desk.report(done());
    assert!(desk.shows("TWO") && desk.shows("saving …"), "{}", desk.screen());
    desk.report(answer(2, Report::Failed(Trouble::new("the database is busy"))));
    assert!(desk.shows("TWO") && !desk.shows("saving …"), "{}", desk.screen());
    desk.press("enter");
    desk.report(answer(3, done()));
    assert!(!desk.shows("TWO"), "{}", desk.screen());
}

#[test]
fn a_side_of_a_window_that_nobody_touches_stays_to_the_second() {
    let mut desk = Desk::live(120, 40);
    desk.press("/").type_text("ttn-0008500558").press("enter");
    desk.write_elsewhere(
        "UPDATE maintenance SET starts_at = starts_at / 60 * 60 + 59 WHERE maintenance_id = 'TTN-0008500558'",
    );
    desk.report(Report::Changed);
    desk.press("enter E");
    assert!(desk.row("Start (UTC)").contains(":59"), "{}", desk.screen());
    desk.press("tab tab tab tab ctrl-u").type_text("2026-12-24 05:00").press("enter");
    assert!(desk.shows("corrected; u undoes"), "{}", desk.screen());
    let sql = "SELECT count(*) FROM maintenance WHERE maintenance_id = 'TTN-0008500558' AND starts_at % 60 = 59";
    assert_eq!(desk.count(sql), 3, "of its three windows");
}

#[test]
fn where_no_notice_says_otherwise_there_is_nothing_to_take_over() {
    let mut desk = Desk::live(120, 40);
    desk.press("m enter N");
    for text in ["bramble", "BR-7", "confirmed", "2026-11-22 02:00", "2026-11-22 04:00", "BR-A"] {
        desk.press("end ctrl-u").type_text(text).press("tab");
    }
    desk.press("enter").press("esc esc /").type_text("br-7").press("enter enter");
    assert!(desk.shows("By hand") && desk.shows("BR-7"), "{}", desk.screen());
    assert!(!desk.shows("say otherwise;"), "{}", desk.screen());
    let events = desk.count("SELECT count(*) FROM event");
    desk.press("T");
    assert!(desk.shows("nothing to take over"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM event"), events);
}

#[test]
fn the_id_of_what_is_opened_is_readable_beside_a_long_provider() {
    for columns in 40..60 {
        let mut desk = Desk::live(columns, 24);
        desk.press("N")
            .type_text("工事工事工事工事工事工事工事工事工事")
            .press("tab")
            .type_text("ID-0-9")
            .press("tab tab");
        desk.type_text("2026-11-22 02:00").press("tab").type_text("2026-11-22 04:00").press("tab").type_text("C");
        desk.press("enter /").type_text("id-0-9").press("enter enter");
        let title = desk.row("工事");
        assert!(title.contains("… ID-0-9  ") && !title.contains("……"), "{columns}: {title}");
        assert!(title.contains("confirmed") && (title.contains("outage") || title.contains("confirmed  …")), "{title}");
    }
}

#[test]
fn a_sender_is_assigned_in_two_keystrokes() {
    let mut desk = Desk::live(120, 40);
    desk.press("m P");
    assert!(desk.shows("Whose mails come from "), "{}", desk.screen());
    assert_snapshot!("picker_120x40", desk.screen());
    // The first of all is nobody's choice.
    desk.press("enter");
    assert!(desk.shows("nothing is chosen"), "{}", desk.screen());
    // One that is in the address is.
    desk.press("esc j P enter");
    assert_eq!(desk.count("SELECT count(*) FROM sender WHERE provider = 'zayo'"), 1, "{}", desk.screen());
    assert!(desk.shows("u undoes"), "{}", desk.screen());
    desk.press("u");
    assert_eq!(desk.count("SELECT count(*) FROM sender"), 0);
    desk.press("P").type_text("colt").press("enter");
    assert_eq!(desk.count("SELECT count(*) FROM sender WHERE provider = 'colt' AND who = 'ines'"), 1);
    desk.press("R");
    assert!(desk.shows("still cannot be"), "{}", desk.screen());
}

#[test]
fn a_mail_is_shown_as_it_came_filled_in_by_hand_and_attached() {
    let mut desk = Desk::live(120, 40);
    desk.press("m enter v");
    assert!(desk.shows("Message-ID: ") || desk.shows("MIME-Version: "), "{}", desk.screen());
    desk.press("v T").type_text("ttn-0008500558");
    assert!(
        desk.shows("Which maintenance does the mail belong to?") && desk.shows("zayo TTN-0008500558"),
        "{}",
        desk.screen()
    );
    desk.press("enter");
    assert!(
        desk.shows("mail attached; u undoes") && desk.shows("attached by ines to TTN-0008500558"),
        "{}",
        desk.screen()
    );
    desk.press("u");
    assert!(desk.shows("undone: the mail belongs to it no more"), "{}", desk.screen());
    desk.press("N");
    assert!(desk.shows("What the mail means: "), "{}", desk.screen());
    // Whatever is guessed: filled in anew.
    for text in ["bramble", "BR-7", "confirmed", "2026-11-22 02:00", "2026-11-22 04:00", "BR-A"] {
        desk.press("end ctrl-u").type_text(text).press("tab");
    }
    desk.press("enter");
    assert!(desk.shows("accepted as bramble/BR-7; u undoes"), "{}", desk.screen());
}

#[test]
fn a_key_that_changes_something_elsewhere_says_where() {
    let mut desk = Desk::live(120, 40);
    desk.press("E");
    assert!(desk.shows("E: correct is for an opened maintenance"), "{}", desk.screen());
    desk.press("m N");
    assert!(desk.shows("N: new-maintenance is for the list of maintenances or an opened mail"), "{}", desk.screen());
    desk.press("enter E");
    assert!(desk.shows("E: correct is for an opened maintenance"), "{}", desk.screen());
    // What only moves or shows says nothing, and neither does a key of another pane or of nobody.
    for key in ["]", "v", "X", "W"] {
        let mut desk = Desk::live(120, 40);
        let before = desk.screen();
        desk.press(key);
        assert_eq!(desk.screen(), before, "{key}");
    }
}
