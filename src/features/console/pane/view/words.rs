//! How the states of machines and consoles read on the screen: glyph, word, colour.

use crate::features::console::cluster::model::Being;
use crate::features::console::pane::console;
use crate::ui::theme::State as Sign;

/// The glyph of a machine's state.
pub(crate) fn machine(being: Being) -> Sign {
    match being {
        Being::Running => Sign::Active,
        Being::Changing => Sign::Progress,
        Being::Paused => Sign::Paused,
        Being::Stopped => Sign::Planned,
        Being::Failed => Sign::Failed,
        Being::Unknown => Sign::Stale,
    }
}

/// The glyph and the word of a console.
pub(crate) fn console(being: &console::Being) -> (Sign, &'static str) {
    match being {
        console::Being::Opening => (Sign::Progress, "opening"),
        console::Being::Open => (Sign::Active, "open"),
        console::Being::Locked { .. } => (Sign::Progress, "password"),
        console::Being::Ended(None) => (Sign::Done, "closed"),
        console::Being::Ended(Some(_)) => (Sign::Failed, "dropped"),
    }
}
