//! `kill -9`: what was confirmed on the screen is kept, and what was half done leaves no trace.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::mailbox::id;
use crate::support::{DEADLINE, Random, Session, Start};
use crate::world::{World, column, count, is_acknowledged, is_listed, wait_until_read};

/// How often it is killed behind a confirmation.
const CONFIRMED: usize = 24;
/// Mails that are read while it is killed.
const MAILS: usize = 600;
/// How long it may read before it is killed.
const READING: usize = 400;

/// Kills it and waits until it is gone.
fn kill(mut session: Session) {
    session.signal(Signal::KILL);
    assert!(!session.wait_for_end().success());
}

#[test]
fn what_the_screen_confirmed_survives_being_killed_at_once() {
    let world = World::with(CONFIRMED);
    for round in 0..CONFIRMED {
        let mut session = world.start().spawn();
        session.wait_for("what was confirmed before", |screen| {
            is_listed(screen, round) && (0..round).all(|number| is_acknowledged(screen, number))
        });
        session.send("g".to_owned() + &"j".repeat(round));
        session.send("a");
        session.wait_for_text("acknowledged one maintenance");
        if round % 2 == 1 {
            session.send("n");
            session.send(format!("note number {round}\r"));
            session.wait_for_text("note written on ");
        }
        kill(session);
        world.assert_sound();
        let database = world.database();
        let acknowledged = "SELECT maintenance_id FROM maintenance
            WHERE id IN (SELECT maintenance FROM event WHERE kind = 'acknowledged') ORDER BY 1";
        let wanted: Vec<_> = (0..=round).map(id).collect();
        assert_eq!(column(&database, acknowledged), wanted, "after round {round}");
        let notes: Vec<_> =
            (0..=round).filter(|round| round % 2 == 1).map(|round| format!("note number {round}")).collect();
        assert_eq!(column(&database, "SELECT text FROM note ORDER BY id"), notes, "after round {round}");
    }
}

#[test]
fn the_view_is_as_it_was_after_being_killed() {
    let world = World::with(3);
    let mut session = world.ready(3);
    session.send("s/HC\r");
    let is_saved = |view: &str| view.contains("\"sort\": \"change\"") && view.contains("\"filter\": \"HC\"");
    let deadline = Instant::now() + DEADLINE;
    while !is_saved(&world.view()) {
        assert!(Instant::now() < deadline, "the view is saved by and by: {}", world.view());
        session.read_for(Duration::from_millis(20));
    }
    kill(session);
    let mut session = world.start().spawn();
    session.wait_for("the same order and filter", |screen| {
        screen.text().contains("by change") && screen.text().contains("/HC")
    });
    session.quit("q");
}

#[test]
fn mails_that_were_being_read_are_there_exactly_once_after_many_kills() {
    let world = World::with(MAILS);
    let mut random = Random::new();
    let mut counts = Vec::new();
    while counts.last().is_none_or(|count| *count < MAILS / 2) {
        let mut session = world.start().spawn();
        session.wait_for("any output", |screen| screen.bytes() > 0);
        // No wait for anything: a moment out of many.
        session.read_for(Duration::from_millis(random.below(READING).try_into().unwrap()));
        kill(session);
        if world.database_path().exists() {
            world.assert_sound();
            counts.push(recorded(&world));
        }
    }
    println!("mails recorded after each kill: {counts:?}");
    assert!(counts.is_sorted(), "what was recorded is gone: {counts:?}");
    assert!(counts.iter().any(|count| (1..MAILS).contains(count)), "never killed in the middle: {counts:?}");
    let mut session = world.start().spawn();
    wait_until_read(&mut session, MAILS);
    session.quit("q");
    world.assert_holds_each_once(MAILS);
}

#[test]
fn a_signal_while_mails_are_read_restores_the_terminal_and_loses_none() {
    let world = World::with(MAILS);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut session = reading(world.start());
        session.signal(signal);
        session.wait_for_end();
        session.assert_restored();
        world.assert_sound();
    }
    let mut session = world.start().spawn();
    wait_until_read(&mut session, MAILS);
    session.quit("q");
    world.assert_holds_each_once(MAILS);
}

#[test]
fn a_terminal_that_goes_while_mails_are_read_ends_it_in_time_with_and_without_a_signal() {
    let world = World::with(MAILS);
    let session = reading(world.start());
    let process = session.process();
    session.assert_ends_with_its_terminal(process);
    world.assert_sound();
    let session = reading(world.start().within("setsid", &["--wait"]));
    // setsid forks when it leads a process group, which it does here.
    let process = session.process().children()[0];
    session.assert_ends_with_its_terminal(process);
    let mut session = world.start().spawn();
    wait_until_read(&mut session, MAILS);
    session.quit("q");
    world.assert_holds_each_once(MAILS);
}

/// Started, and in the middle of the mailbox.
fn reading(start: Start) -> Session {
    let mut session = start.spawn();
    session.wait_for("the mailbox being read", |screen| screen.text().contains("HC-"));
    session
}

/// How many mails the store holds; none before the first migration.
fn recorded(world: &World) -> usize {
    count(&world.database(), "SELECT count(*) FROM notification").unwrap_or(0)
}
