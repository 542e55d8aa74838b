//! How the states of forwards read on the screen: glyph, word, colour.

use crate::features::lab::model::{Row, State};
use crate::ui::theme::State as Sign;

/// The glyph and the word of a state.
pub(crate) fn state(state: State) -> (Sign, &'static str) {
    match state {
        State::Live => (Sign::Active, "live"),
        State::Unmeasured => (Sign::Progress, "measuring"),
        State::Unreachable => (Sign::Warning, "unreachable"),
        State::Duplicate => (Sign::Warning, "duplicate"),
        State::Gone => (Sign::Cancelled, "gone"),
        State::Dead => (Sign::Failed, "dead"),
        State::Unlisted => (Sign::Warning, "unlisted"),
        State::NoForward => (Sign::Planned, "no forward"),
    }
}

/// `22 ssh`: a machine's port and what it is for.
pub(crate) fn target(row: &Row) -> String {
    match (row.target, row.protocol) {
        (Some(target), Some("tcp") | None) => target.to_string(),
        (Some(target), Some(protocol)) => format!("{target} {protocol}"),
        (None, _) => String::new(),
    }
}

/// Whether the gateway's ping reaches a machine.
pub(crate) fn routable(routable: Option<bool>) -> &'static str {
    match routable {
        Some(true) => "routable",
        Some(false) => "no ping",
        None => "",
    }
}
