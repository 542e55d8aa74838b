//! Windows of all sizes, and windows that change.

use std::time::Duration;

use crate::subject::{self, ESC};
use crate::support::{Random, Session};

/// The size that everything ends in.
const LAST: (u16, u16) = (120, 40);

#[test]
fn a_hundred_resizes_end_in_the_screen_of_the_last_size() {
    let mut session = subject::ready(subject::start().size(LAST.0, LAST.1));
    let before = subject::timeless(&session.screen);
    let mut random = Random::new();
    for _ in 0..100 {
        let (columns, rows) = (1 + random.below(250), 1 + random.below(80));
        session.resize(u16::try_from(columns).unwrap(), u16::try_from(rows).unwrap());
        if random.below(3) == 0 {
            session.read_within(Duration::ZERO);
        }
    }
    session.resize(LAST.0, LAST.1);
    session.wait_for("the screen of the last size", |screen| {
        !screen.is_update_open() && subject::is_like(&subject::timeless(screen), &before)
    });
    assert_redraw_changes_nothing(&mut session);
    session.quit("\x03");
}

#[test]
fn a_start_in_one_cell_is_survived_and_a_larger_window_used() {
    let mut session = subject::start().size(1, 1).spawn();
    session.wait_for("any output", |screen| screen.modes().is_alternate_screen);
    session.send(format!("jk/x{ESC}{ESC}?{ESC}"));
    session.resize(LAST.0, LAST.1);
    subject::wait_until_complete(&mut session);
    assert_redraw_changes_nothing(&mut session);
    session.quit("\x03");
}

/// What many small frames have made of the screen is what one whole frame makes of it.
fn assert_redraw_changes_nothing(session: &mut Session) {
    subject::wait_until_complete(session);
    let (before, bytes) = (subject::timeless(&session.screen), session.screen.bytes());
    assert!(before.last().is_some_and(|footer| !footer.is_empty()), "{}", session.screen);
    session.send("\x12");
    session.wait_for("a whole frame", |screen| screen.bytes() > bytes + 500);
    subject::wait_until_complete(session);
    let after = subject::timeless(&session.screen);
    assert!(subject::is_like(&before, &after), "{before:#?}\n{after:#?}");
}

#[test]
fn a_terminal_that_does_not_know_its_size_is_taken_for_80x24() {
    let mut session = subject::start().size(0, 0).spawn();
    session.screen.resize(80, 24);
    subject::wait_until_complete(&mut session);
    session.quit("\x03");
}

#[test]
fn nothing_is_ever_asked_of_the_terminal() {
    let mut session = subject::ready(subject::start());
    session.send(format!("?{ESC}:{ESC}"));
    subject::wait_until_complete(&mut session);
    assert!(session.screen.questions().is_empty(), "{:?}", session.screen.questions());
    assert!(!session.screen.raw().windows(2).any(|pair| pair == b"\x1bP"), "a control string that wants an answer");
    session.quit("\x03");
}
