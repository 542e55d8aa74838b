//! Mails that arrive while somebody looks.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use crate::support::Random;
use crate::support::mailbox::{announcement, id};
use crate::world::{World, is_acknowledged, is_counted, is_listed, row};

/// Mails that arrive while the window changes.
const STORM: usize = 100;
/// The size that everything ends in.
const LAST: (u16, u16) = (120, 40);

#[test]
fn a_mail_that_arrives_appears_and_the_cursor_stays_on_its_row() {
    let world = World::with(0);
    world.mailbox.announce(4..6);
    let mut session = world.ready(2);
    // They are counted before both are listed, and a cursor has nowhere to go then.
    session.wait_for("both mails", |screen| is_listed(screen, 4) && is_listed(screen, 5));
    session.send("j");
    // Before the ones that are there, and behind them.
    world.mailbox.announce(2..3);
    session.wait_for("the mail", |screen| is_listed(screen, 2));
    world.mailbox.announce(7..8);
    session.wait_for("the other mail", |screen| is_listed(screen, 7));
    session.send("a");
    session.wait_for("the acknowledgement", |screen| is_acknowledged(screen, 5));
    assert!([2, 4, 7].into_iter().all(|number| !is_acknowledged(&session.screen, number)), "{}", session.screen);
    session.quit("q");
}

#[test]
fn a_mail_that_is_copied_in_pieces_is_what_it_is_in_the_end() {
    let world = World::with(1);
    let mut session = world.ready(1);
    let whole = announcement(3);
    let (front, back) = whole.split_at(whole.find("DTEND").unwrap());
    let mut file = File::create(world.mailbox.path().join("new/1700000003.M1P1.mx.example")).unwrap();
    file.write_all(front.as_bytes()).unwrap();
    // Longer than a file is left alone in which nothing happens.
    session.read_within(Duration::from_secs(3));
    assert!(!is_listed(&session.screen, 3), "{}", session.screen);
    file.write_all(back.as_bytes()).unwrap();
    drop(file);
    session.wait_for("the mail", |screen| is_listed(screen, 3));
    session.quit("q");
}

#[test]
fn an_update_that_arrives_asks_for_acknowledgement_again() {
    let world = World::with(1);
    let mut session = world.ready(1);
    session.send("a");
    session.wait_for("the acknowledgement", |screen| is_acknowledged(screen, 0));
    let moved = announcement(0)
        .replace("Message-ID: <", "Message-ID: <update.")
        .replace("SEQUENCE:1", "SEQUENCE:2")
        .replace("DTSTAMP:20240110", "DTSTAMP:20240111")
        .replace("T235900Z", "T234500Z");
    world.mailbox.deliver("1700000001.M1P1.mx.example", &moved);
    session.wait_for("the change", |screen| is_listed(screen, 0) && !is_acknowledged(screen, 0));
    assert!(row(&session.screen, 0).unwrap().contains(" 1h45m "), "{}", session.screen);
    session.quit("q");
}

#[test]
fn a_storm_of_resizes_while_mails_arrive_ends_in_the_whole_list() {
    let world = World::with(1);
    let mut session = world.ready(1);
    let mut random = Random::new();
    for number in 1..=STORM {
        world.mailbox.announce(number..number + 1);
        let (columns, rows) = (1 + random.below(250), 1 + random.below(80));
        session.resize(u16::try_from(columns).unwrap(), u16::try_from(rows).unwrap());
        session.read_within(Duration::ZERO);
    }
    session.resize(LAST.0, LAST.1);
    session.wait_for("all mails", |screen| {
        is_counted(screen, STORM + 1, "unacknowledged") && (0..20).all(|number| is_listed(screen, number))
    });
    session.send("G");
    session.wait_for("the last of them", |screen| is_listed(screen, STORM));
    session.send("g");
    session.wait_for("the first of them", |screen| is_listed(screen, 0));
    let before = session.screen.rows();
    let entered = session.screen.bytes();
    session.send("\x12");
    session.wait_for("a whole frame", |screen| screen.bytes() > entered + 2000 && !screen.is_update_open());
    let minutes =
        |rows: &[String]| rows.iter().map(|row| row.replace(|c: char| c.is_ascii_digit(), "")).collect::<Vec<_>>();
    assert_eq!(minutes(&session.screen.rows()), minutes(&before));
    session.quit("q");
    world.assert_holds_each_once(STORM + 1);
}

#[test]
fn nothing_that_a_mail_holds_reaches_the_terminal_as_a_command() {
    let world = World::with(0);
    let hostile = announcement(0)
        .replace("Subject: Planned", "Subject: \x1b]52;c;aGlqYWNrZWQ=\x07\x1b[2J\u{9b}31m\u{202e}Planned")
        .replace("SUMMARY:", "SUMMARY:\x1b]2;hijacked\x07\x1b[?1049l\x1bP+q\x1b\\")
        .replace("HC-AMS", "HC-\x1b[6n\x1b[cAMS");
    world.mailbox.deliver("1700000000.M1P1.mx.example", &hostile);
    let mut session = world.ready(1);
    for (key, shown) in [("\r", "Splicing"), ("o", "Planned")] {
        session.send(key);
        session.wait_for_text(shown);
    }
    assert_eq!(session.screen.clipboard(), None);
    assert!(session.screen.title() != "hijacked" && session.screen.modes().is_alternate_screen);
    assert!(session.screen.questions().is_empty(), "{:?}", session.screen.questions());
    assert!(!session.screen.text().contains('\u{202e}') && !session.screen.raw().contains(&0x07));
    session.quit("\x03");
    assert_eq!(crate::world::column(&world.database(), "SELECT maintenance_id FROM maintenance"), [id(0)]);
}
