//! Nautobot on the screen: its state in the header, what waits to be written there, and where a maintenance is there, too.

use chrono::TimeDelta;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::{Effect, Message};
use crate::colour::ColourDepth;
use crate::features::maintenance::worker::{NautobotHealth, NautobotState, Report, Request, SourceHealth};
use crate::trouble::Trouble;

/// A desk with a Nautobot.
fn desk(columns: u16, rows: u16) -> Desk {
    let text = format!("{MAILBOX}[nautobot]\nurl = 'https://nautobot.example'\n");
    let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), Some(&DATABASE), columns, rows);
    desk.source(SourceHealth::Watching);
    desk.write_elsewhere(
        "INSERT INTO nautobot (id, server, is_on, writes) VALUES (1, 'https://nautobot.example', 1, 0)",
    );
    tell(&mut desk, NautobotHealth::Live, 0);
    desk
}

/// The connection tells how it is doing.
fn tell(desk: &mut Desk, health: NautobotHealth, waiting: u32) {
    desk.report(Report::Nautobot(Box::new(state(desk, health, waiting))));
}

/// How it is doing.
fn state(desk: &Desk, health: NautobotHealth, waiting: u32) -> NautobotState {
    NautobotState {
        server: "https://nautobot.example".to_owned(),
        version: "3.1.8, app 3.1.1".to_owned(),
        health,
        synced_at: Some(desk.now - TimeDelta::seconds(210)),
        waiting,
        stuck: 0,
        held: None,
        vanished: None,
    }
}

#[test]
fn the_header_tells_how_nautobot_is_doing_and_the_connections_the_whole_story() {
    let mut desk = desk(120, 40);
    assert!(desk.shows("nb ● 3m"), "{}", desk.screen());
    tell(&mut desk, NautobotHealth::Live, 2);
    assert!(desk.shows("nb ● 2 waiting"), "{}", desk.screen());
    let vanished = Some("900 of 1000 maintenances".to_owned());
    desk.report(Report::Nautobot(Box::new(NautobotState { vanished, ..state(&desk, NautobotHealth::Live, 2) })));
    assert!(desk.shows("nb ▲ shows less"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("900 of 1000 maintenances do not show in Nautobot any more"), "{}", desk.screen());
    desk.press("esc");
    let trouble = Trouble::new("cannot reach Nautobot").caused_by("refused");
    let retry_at = desk.now + TimeDelta::seconds(20);
    tell(&mut desk, NautobotHealth::Failing { word: "offline", trouble, retry_at }, 2);
    assert!(desk.shows("nb ✗ offline"), "{}", desk.screen());
    desk.press("c");
    assert!(
        desk.shows("3.1.8, app 3.1.1") && desk.shows("cannot reach Nautobot: refused; tried again at 02:48:37 UTC")
    );
    assert!(desk.shows("outbox: 2 waiting"), "{}", desk.screen());
    desk.press("esc");
    let failure = Some("cannot reach Nautobot: refused".to_owned());
    tell(&mut desk, NautobotHealth::Elsewhere { label: "4711 on noc1".to_owned(), failure }, 2);
    assert!(desk.shows("nb ✗ fails elsewhere"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("failing for 4711 on noc1: cannot reach Nautobot: refused"), "{}", desk.screen());
}

#[test]
fn a_reading_is_told_in_the_header_where_it_takes_a_while() {
    let mut desk = desk(120, 40);
    let header = desk.row("noctui");
    tell(&mut desk, NautobotHealth::Reading, 0);
    assert_eq!(desk.row("noctui"), header);
    // It is looked at again when it would be told, and not before.
    assert_eq!(desk.model.next_change(), desk.now + TimeDelta::milliseconds(400));
    tell(&mut desk, NautobotHealth::Live, 0);
    assert_eq!(desk.row("noctui"), header);
    assert!(desk.model.next_change() > desk.now + TimeDelta::seconds(1), "nobody wakes for what is over");

    tell(&mut desk, NautobotHealth::Reading, 0);
    desk.now += TimeDelta::milliseconds(300);
    tell(&mut desk, NautobotHealth::Reading, 0);
    assert_eq!(desk.row("noctui"), header);
    desk.now += TimeDelta::milliseconds(100);
    desk.send(Message::Ticked);
    assert!(desk.shows("nb ◐ reading"), "{}", desk.screen());
    assert!(desk.model.next_change() > desk.now + TimeDelta::seconds(1));
    // All backends alike; and what fails stays so until it is known to be better.
    desk.source(SourceHealth::Reading(3));
    assert!(desk.shows("mail ● live"), "{}", desk.screen());
    let (trouble, retry_at) = (Trouble::new("cannot reach Nautobot"), desk.now);
    tell(&mut desk, NautobotHealth::Failing { word: "offline", trouble, retry_at }, 0);
    assert!(desk.shows("nb ✗ offline"), "{}", desk.screen());
    tell(&mut desk, NautobotHealth::Reading, 0);
    assert!(desk.shows("nb ✗ offline"), "{}", desk.screen());
}

#[test]
fn a_first_reading_is_told_at_once() {
    let text = format!("{MAILBOX}[nautobot]\nurl = 'https://nautobot.example'\n");
    let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), Some(&DATABASE), 120, 40);
    tell(&mut desk, NautobotHealth::Connecting, 0);
    assert!(desk.shows("nb ◐ connecting"), "{}", desk.screen());
    tell(&mut desk, NautobotHealth::Reading, 0);
    assert!(desk.shows("nb ◐ reading"), "{}", desk.screen());
}

#[test]
fn what_waits_is_listed_and_sent_again_or_dropped() {
    let mut desk = desk(120, 40);
    desk.press("j a n").type_text("traffic drained").press("enter O");
    assert!(desk.shows("outbox to Nautobot: 2"), "{}", desk.screen());
    assert!(desk.shows("waiting   acknowledgement") && desk.shows("it is written as soon as Nautobot answers"));
    desk.write_elsewhere(
        "UPDATE outbox SET state = 'conflict', reason = 'Nautobot says something else' WHERE kind = 'note'",
    );
    desk.report(Report::Changed);
    desk.press("j");
    assert!(desk.shows("▲ conflict  note") && desk.shows("w writes ours, d leaves both"), "{}", desk.screen());
    desk.press("k t");
    assert!(desk.shows("one entry being sent again"), "{}", desk.screen());
    desk.press("j d").wait(TimeDelta::seconds(1)).press("y");
    assert!(desk.shows("outbox to Nautobot: 1"), "{}", desk.screen());
    desk.press("esc");
    assert!(!desk.shows("outbox to Nautobot"));
}

#[test]
fn the_entry_that_was_asked_about_is_dropped_and_no_other_that_stands_in_its_place() {
    let mut desk = desk(120, 40);
    desk.press("j a n").type_text("traffic drained").press("enter O d");
    assert!(
        desk.shows("Never write this to Nautobot?") && desk.shows("│ acknowledgement of ntt/"),
        "{}",
        desk.screen()
    );
    // It is sent while the question stands there.
    desk.write_elsewhere("DELETE FROM outbox WHERE kind = 'acknowledgement'");
    desk.report(Report::Changed);
    desk.wait(TimeDelta::seconds(1)).press("y");
    assert!(desk.shows("it is no longer in the outbox"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM outbox WHERE kind = 'note'"), 1);
}

/// A desk whose outbox has a maintenance in conflict.
fn disputed(columns: u16, rows: u16) -> Desk {
    let mut desk = desk(columns, rows);
    desk.write_elsewhere("UPDATE nautobot SET writes = 1");
    desk.press("j a").write_elsewhere(
        "INSERT INTO outbox (at, who, kind, provider, maintenance_id, field, object, state, reason)
         SELECT at, 'Nautobot', 'maintenance', provider, maintenance_id, 'window', '', 'conflict', 'the window changed \
         here and in Nautobot, which says 2026-11-22 08:00 - 14:00 UTC; here 2026-11-22 08:00 - 12:00 UTC' FROM outbox",
    );
    desk.write_elsewhere(
        "INSERT INTO nautobot_maintenance (id, name, starts_at, ends_at, status, ack, description, created, updated, round,
             dirty, maintenance, agreed)
         SELECT 'x', 'x', starts_at + 60, ends_at + 60, status, 0, summary, 0, 0, 1, 0, maintenance.id, '{\"met\":0,\"lines\":{}}'
         FROM maintenance JOIN outbox USING (provider, maintenance_id) WHERE kind = 'acknowledgement'",
    );
    desk.report(Report::Changed);
    desk.press("O j");
    desk
}

#[test]
fn what_is_in_conflict_is_written_all_the_same_only_when_somebody_says_so() {
    let mut desk = disputed(120, 40);
    desk.press("w");
    assert!(desk.shows("Write this to Nautobot all the same?") && desk.shows("│ window of ntt/"), "{}", desk.screen());
    assert!(desk.shows("which says 2026-11-22 08:00 - 14:00 UTC"), "{}", desk.screen());
    assert_eq!(desk.count("SELECT count(*) FROM outbox WHERE field = 'window'"), 1);
    desk.wait(TimeDelta::seconds(1)).press("y");
    assert!(desk.shows("one entry being sent again"), "{}", desk.screen());
    assert_eq!(
        desk.count("SELECT count(*) FROM outbox WHERE state = 'waiting' AND kind = 'maintenance' AND field = ''"),
        1
    );
    desk.press("k w");
    assert!(desk.shows("nothing in Nautobot speaks against it: t tries it again"), "{}", desk.screen());
}

#[test]
fn a_conflict_is_ended_by_taking_what_nautobot_says_or_by_leaving_both() {
    for (key, question, says) in [
        ("t", "Take over what Nautobot says?", "Nautobot's word was taken over"),
        ("d", "Leave it different here and in Nautobot?", "one entry taken out of the outbox"),
    ] {
        let mut desk = disputed(120, 40);
        assert!(desk.shows("t takes theirs, d leaves both"), "{}", desk.screen());
        let moved = "SELECT count(*) FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
             WHERE m.starts_at = n.starts_at";
        assert_eq!(desk.count(moved), 0);
        desk.press(key);
        assert!(desk.shows(question) && desk.shows("│ window of ntt/"), "{}", desk.screen());
        desk.wait(TimeDelta::seconds(1)).press("y");
        assert!(desk.shows(says), "{}", desk.screen());
        assert_eq!(desk.count(moved), usize::from(key == "t"));
        assert_eq!(desk.count("SELECT count(*) FROM outbox WHERE kind = 'maintenance'"), 0);
    }
}

#[test]
fn an_entry_opens_its_maintenance_and_brackets_go_through_the_outbox() {
    let mut desk = disputed(120, 40);
    desk.press("k enter");
    assert!(desk.shows("outbox: acknowledgement waiting"), "{}", desk.screen());
    desk.press("[");
    assert!(desk.shows("outbox: acknowledgement waiting") && desk.shows("this is the first"), "{}", desk.screen());
    desk.press("] h");
    assert!(desk.shows("outbox to Nautobot: 2"), "{}", desk.screen());
    assert!(desk.shows("the window changed here and in"), "{}", desk.screen());
}

#[test]
fn what_the_outbox_says_of_sending_again_is_true_of_the_connection() {
    for (health, says) in [
        (NautobotHealth::Connecting, "one entry to be sent again when Nautobot answers"),
        (
            NautobotHealth::Elsewhere { label: "4711 on noc1".to_owned(), failure: None },
            "by the noctui that writes to Nautobot",
        ),
    ] {
        let mut desk = desk(120, 40);
        tell(&mut desk, health, 1);
        desk.press("j a O t");
        assert!(desk.shows(says), "{}", desk.screen());
    }
}

#[test]
fn what_is_otherwise_there_stands_below_what_waits_and_is_opened() {
    let mut desk = desk(120, 40);
    desk.write_elsewhere(
        "INSERT INTO nautobot_maintenance (id, name, starts_at, ends_at, status, ack, description, created, updated, round,
             dirty, maintenance, conflict)
         SELECT 'x' || id, 'x', starts_at, ends_at, 'CONFIRMED', 1, '', 0, 0, 1, 0, id,
             'acknowledged in Nautobot as it was; here it says otherwise'
         FROM maintenance WHERE final = 0 AND ends_at > unixepoch('2026-11-21 02:48:17')
         ORDER BY starts_at LIMIT 2",
    );
    desk.press("O");
    assert!(desk.shows("outbox to Nautobot: 0 · 2 otherwise there"), "{}", desk.screen());
    assert!(
        desk.shows("▲ differs   maintenance") && desk.shows("here it says otherwise; enter opens it"),
        "{}",
        desk.screen()
    );
    desk.press("t");
    assert!(desk.shows("there is nothing here to be written"), "{}", desk.screen());
    desk.press("d");
    assert!(desk.shows("there is nothing here to be written"), "{}", desk.screen());
    desk.press("y");
    assert!(desk.shows("sent to the terminal's clipboard"), "{}", desk.screen());
    desk.press("j l");
    assert!(desk.shows("x, acknowledged") && desk.shows("acknowledged in Nautobot as it was"), "{}", desk.screen());
    // One that an entry in conflict tells of stands there once.
    desk.press("a h").write_elsewhere("UPDATE outbox SET state = 'conflict', reason = 'so it is'");
    desk.report(Report::Changed);
    assert!(desk.shows("outbox to Nautobot: 1 · 1 otherwise there"), "{}", desk.screen());
}

#[test]
fn the_outbox_has_room_on_every_screen() {
    for (columns, rows) in [(80, 24), (200, 60)] {
        insta::assert_snapshot!(format!("outbox_{columns}x{rows}"), disputed(columns, rows).screen());
    }
    insta::assert_snapshot!("outbox_question_80x24", disputed(80, 24).press("w").screen());
}

#[test]
fn the_list_of_sources_tells_how_nautobot_is_doing() {
    let mut desk = desk(120, 40);
    desk.press("S");
    assert!(desk.shows("Nautobot  https://nautobot.example  3.1.8, app 3.1.1"), "{}", desk.screen());
    assert!(desk.shows("read to the end; last complete 3m ago"), "{}", desk.screen());
}

#[test]
fn an_opened_maintenance_says_what_waits_to_be_written() {
    let mut desk = desk(120, 40);
    desk.press("j a enter");
    assert!(desk.shows("not there yet") && desk.shows("outbox: acknowledgement waiting"), "{}", desk.screen());
}

#[test]
fn read_only_of_the_screen_makes_writing_wait() {
    let mut desk = desk(120, 40);
    desk.answers = false;
    let mut held = |keys: &str, command: &str| {
        desk.press(":").type_text(command);
        let effects = desk.model.update(Message::Input(crate::input::Input::Key(keys.parse().unwrap())), desk.now);
        effects
            .into_iter()
            .find_map(|effect| if let Effect::Maintenance(Request::Hold(hold)) = effect { Some(hold) } else { None })
    };
    assert_eq!(held("enter", "read-only"), Some(true));
}

#[test]
fn without_nautobot_there_is_no_outbox() {
    let mut desk = Desk::live(120, 40);
    desk.press("O");
    assert!(desk.shows("no Nautobot is configured"), "{}", desk.screen());
}
