//! No terminal gets more colours than it has.

use std::time::Duration;

use crate::subject::{self, ESC};
use crate::support::Start;
use crate::support::colours::{Colours, sent_in};

/// How long each of the screens is looked at. None of them has colours of its own that would take longer to appear.
const GLANCE: Duration = Duration::from_millis(100);

/// The most colours sent while some of the screens are visited.
fn colours_of(start: Start) -> Colours {
    let mut session = subject::ready(start);
    for keys in ["jj", "?", ESC, ":", ESC, "\r", ESC] {
        session.send(keys);
        session.settle(GLANCE);
    }
    subject::wait_until_complete(&mut session);
    let most = sent_in(session.screen.raw());
    session.quit("\x03");
    most
}

#[test]
fn no_color_means_none() {
    let start = subject::start().variable("NO_COLOR", "1").variable("COLORTERM", "truecolor");
    assert_eq!(colours_of(start), Colours::None);
}

#[test]
fn an_empty_no_color_means_nothing() {
    assert!(colours_of(subject::start().variable("NO_COLOR", "")) > Colours::None);
}

#[test]
fn twenty_four_bits_are_sent_only_where_the_terminal_says_that_it_has_them() {
    assert!(colours_of(subject::start()) <= Colours::TwoFiftySix);
}

#[test]
fn a_sixteen_colour_terminal_gets_sixteen() {
    for (term, colorterm) in [("linux", "truecolor"), ("xterm-16color", "")] {
        let start = subject::start().variable("TERM", term).variable("COLORTERM", colorterm);
        assert_eq!(colours_of(start), Colours::Sixteen, "TERM={term} COLORTERM={colorterm}");
    }
}

#[test]
fn a_terminal_without_colours_gets_none() {
    assert_eq!(colours_of(subject::start().variable("TERM", "vt220")), Colours::None);
}
