//! One person at one screen: look, filter, acknowledge, annotate, undo, leave, come back.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::mailbox::id;
use crate::support::{DEADLINE, Session};
use crate::world::{World, column, count, is_acknowledged, is_listed};

/// Escape as a terminal with kitty's keyboard protocol sends it.
pub(crate) const ESC: &str = "\x1b[27u";

/// Puts the cursor on the maintenance with this number, by the filter.
pub(crate) fn look_for(session: &mut Session, number: usize) {
    session.send("/");
    session.wait_for("the filter", |screen| !screen.modes().is_cursor_hidden);
    // Whatever the filter was before.
    session.send("\x15");
    session.send(id(number));
    session.send("\r");
    session.wait_for("the one row", |screen| {
        is_listed(screen, number) && screen.text().matches("HC-").count() == 2 && screen.modes().is_cursor_hidden
    });
}

/// Types a note and sees it confirmed.
fn note(session: &mut Session, text: &str) {
    session.send("n");
    session.wait_for_text("Note on");
    session.send(text);
    session.wait_for_text(text);
    session.send("\r");
    session.wait_for_text("note written on ");
}

#[test]
fn what_was_filtered_acknowledged_and_noted_is_there_after_a_new_start() {
    let world = World::with(5);
    let mut session = world.ready(5);
    look_for(&mut session, 3);
    session.send("a");
    session.wait_for("the acknowledgement", |screen| {
        is_acknowledged(screen, 3) && screen.text().contains("acknowledged one maintenance; u undoes")
    });
    note(&mut session, "called the site");
    session.quit("q");

    let mut session = world.start().spawn();
    session.wait_for("the filter and the acknowledgement", |screen| {
        is_acknowledged(screen, 3) && !is_listed(screen, 2) && screen.text().contains(&format!("/{}", id(3)))
    });
    session.send("\r");
    session.wait_for("the note", |screen| {
        let text = screen.text();
        text.contains("called the site") && text.contains("anna") && text.contains("acknowledged")
    });
    session.send(ESC);
    session.send("/\x15\r");
    session.wait_for("all rows", |screen| is_listed(screen, 2) && is_acknowledged(screen, 3));
    session.quit("q");
    let events = column(&world.database(), "SELECT kind FROM event WHERE who = 'anna' ORDER BY id");
    assert_eq!(events, ["acknowledged", "note-added"]);
}

#[test]
fn what_was_undone_stays_undone() {
    let world = World::with(2);
    let mut session = world.ready(2);
    look_for(&mut session, 1);
    session.send("a");
    session.wait_for("the acknowledgement", |screen| is_acknowledged(screen, 1));
    note(&mut session, "to be taken back");
    session.send("u");
    session.wait_for_text("undone");
    session.send("u");
    session.wait_for("the row as it was", |screen| is_listed(screen, 1) && !is_acknowledged(screen, 1));
    session.send("u");
    session.wait_for_text("there is nothing left to undo");
    session.quit("q");

    let mut session = world.start().spawn();
    session.wait_for("the row", |screen| is_listed(screen, 1) && !is_acknowledged(screen, 1));
    session.send("\r");
    session.wait_for("what was taken back", |screen| {
        let text = screen.text();
        text.contains("acknowledgement taken back by anna") && text.contains("note removed by anna")
    });
    session.quit("\x03");
    let notes = "SELECT count(*) FROM note WHERE removed_at IS NULL";
    assert_eq!(count(&world.database(), notes), Some(0));
}

#[test]
fn many_are_marked_and_acknowledged_at_once() {
    let world = World::with(20);
    let mut session = world.ready(20);
    session.send("   ");
    session.send("a");
    session.wait_for("three acknowledgements", |screen| {
        (0..3).all(|number| is_acknowledged(screen, number)) && !is_acknowledged(screen, 3)
    });
    session.wait_for_text("acknowledged 3 maintenances");
    session.send("u");
    session.wait_for("none", |screen| (0..3).all(|number| !is_acknowledged(screen, number)));
    session.quit("q");
}

#[test]
fn read_only_shows_its_badge_and_leaves_acknowledging_possible() {
    let world = World::with(1);
    for start in [world.start().args(&["--read-only"]), world.start().variable("NOCTUI_READ_ONLY", "true")] {
        let mut session = start.spawn();
        session.wait_for("the badge", |screen| screen.rows()[0].contains("READ-ONLY") && is_listed(screen, 0));
        let before = is_acknowledged(&session.screen, 0);
        session.send("a");
        session.wait_for("another state", |screen| is_listed(screen, 0) && is_acknowledged(screen, 0) != before);
        session.quit("q");
    }
    let mut session = world.start().spawn();
    session.wait_for("the list", |screen| is_listed(screen, 0));
    assert!(!session.screen.text().contains("READ-ONLY"), "{}", session.screen);
    session.quit("q");
}

#[test]
fn a_signal_while_a_note_is_typed_restores_the_terminal_and_keeps_the_text_as_a_draft() {
    let world = World::with(1);
    let mut typed = String::new();
    for (signal, word) in [(Signal::TERM, "half "), (Signal::HUP, "a note "), (Signal::INT, "in bits")] {
        let mut session = world.ready(1);
        session.send("n");
        session.wait_for_text("Note on");
        session.wait_for_text(typed.trim_end());
        session.send(word);
        typed.push_str(word);
        session.wait_for_text(typed.trim_end());
        session.signal(signal);
        session.wait_for_end();
        session.assert_restored();
        assert_eq!(column(&world.database(), "SELECT text FROM draft"), [typed.as_str()], "{signal:?}");
    }
    world.assert_holds_each_once(1);
}

#[test]
fn of_a_note_that_is_being_typed_a_kill_takes_no_more_than_the_last_moment() {
    let world = World::with(1);
    let mut session = world.ready(1);
    session.send("n");
    session.wait_for_text("Note on");
    session.send("half a note");
    let deadline = Instant::now() + DEADLINE;
    while column(&world.database(), "SELECT text FROM draft") != ["half a note"] {
        assert!(Instant::now() < deadline, "nothing is kept");
        session.read_for(Duration::from_millis(20));
    }
    session.signal(Signal::KILL);
    session.wait_for_end();
    let mut session = world.ready(1);
    session.send("n");
    session.wait_for_text("half a note");
    session.send(ESC);
    session.quit("q");
}
