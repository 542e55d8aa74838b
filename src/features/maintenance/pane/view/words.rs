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
        Status::Cancelled => (State::Failed, "cancelled"),
        Status::Completed => (State::Done, "completed"),
        _ if end <= now => (State::Done, "over"),
        Status::InProcess => (State::Progress, "in process"),
        _ if start <= now => (State::Active, "active"),
        Status::Tentative => (State::Planned, "tentative"),
        Status::ReScheduled => (State::Planned, "rescheduled"),
        Status::Confirmed => (State::Planned, "confirmed"),
        Status::NoChange => (State::Planned, "planned"),
    }
}

/// The short word for an impact, and how loud it is.
pub(crate) fn impact(impact: Option<Impact>) -> (&'static str, Role) {
    match impact {
        Some(Impact::Outage) => ("outage", Role::Failed),
        Some(Impact::Degraded) => ("degraded", Role::Warning),
        Some(Impact::ReducedRedundancy) => ("reduced", Role::Warning),
        Some(Impact::NoImpact) => ("no impact", Role::Muted),
        None => ("unknown", Role::Muted),
    }
}
