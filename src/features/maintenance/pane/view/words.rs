//! How statuses, impacts and acknowledgements read on the screen: glyph, word, colour.

use chrono::{DateTime, Utc};

use crate::features::maintenance::model::{Impact, Status};
use crate::ui::theme::{Role, State};

/// Glyph and word for a maintenance at `now`: what its provider says, and whether its window is open.
pub(crate) fn state(
    status: Status,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (State, &'static str) {
    match status {
        Status::Cancelled => (State::Cancelled, status.word()),
        Status::Completed => (State::Done, status.word()),
        _ if end <= now => (State::Done, "over"),
        Status::InProcess => (State::Progress, status.word()),
        _ if start <= now => (State::Active, "active"),
        Status::Tentative | Status::ReScheduled | Status::Confirmed | Status::NoChange => {
            (State::Planned, status.word())
        }
    }
}

/// What stands beside the status of one whose calendar is cancelled in the words of calendars alone.
pub(crate) use crate::features::maintenance::model::CALENDAR_CANCELLED;
/// The same where there is room for a word; the sign of doubt is because the provider's own status says otherwise.
pub(super) const MAYBE_CANCELLED: &str = "cancelled?";

/// The short word for an impact, and how loud it is.
pub(crate) fn impact(impact: Option<Impact>) -> (&'static str, Role) {
    let role = match impact {
        Some(Impact::Outage) => Role::Failed,
        Some(Impact::Degraded | Impact::ReducedRedundancy) => Role::Warning,
        Some(Impact::NoImpact) | None => Role::Muted,
    };
    (impact.map_or("unknown", Impact::word), role)
}
