//! Windows of the list of maintenances, in its sorts and filters, wherever the cursor stands.
//!
//! Every order is a *rank*: a place that can be compared ([`rank`]) and continued from by an index ([`leg`]), so that a
//! window costs the same at any depth; nothing is numbered, skipped or counted.
//!
//! A filter is answered in the cheapest of four ways ([`window()`]). Where matches are common, walking the order and
//! testing row by row meets enough of them soon; a walk that does not gives up. Then the indexes are asked which rows may
//! pass ([`sets`]). Of many the order is walked again, now testing only those, no longer than reading where each of them
//! stands would take; else that is done, and the nearest are tested. Where no index knows anything, as of a letter that
//! nearly every row has, or where nearly nothing passes of the many that might, one run through the texts finds all that
//! pass: the only way that takes longer with every row.
//!
//! Groups follow `now` without any upkeep: a row is active while `start <= now < end` and it is not final, whatever was
//! written or swept before.

mod everything;
mod filter;
mod ids;
mod leg;
mod rank;
mod row;
mod sets;
mod view;
mod walk;
mod window;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub use everything::{Mark, everything};
pub(super) use filter::Words;
pub(super) use leg::active_ids;
pub use rank::RowKey;
pub use row::{Acknowledged, Group, Row};
pub(super) use sets::{UNACKNOWLEDGED, UNSEEN};
pub use window::{matches, window};

use super::MaintenanceKey;

/// Which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// In which order.
    pub sort: Sort,
    /// Which rows.
    pub filter: Filter,
    /// The time by which rows are grouped, to the second.
    pub now: DateTime<Utc>,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Active ones by their end, the soonest first; then what comes, by start; then what is past, the newest first (past
    /// since its end, or since it was cancelled or completed).
    #[default]
    Grouped,
    /// The most recently changed first, by the time of the notice.
    Changed,
    /// By provider, the latest start first.
    Provider,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 3] = [Self::Grouped, Self::Changed, Self::Provider];
}

/// Which rows. The default is all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// As typed after `/`: words that must all occur in provider, id, summary or circuits, ignoring case; `!word` must
    /// not occur.
    pub text: String,
    /// Which part of the list.
    pub scope: Scope,
    /// Only this provider's, ignoring the case of ASCII letters.
    pub provider: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// All of it.
    #[default]
    All,
    /// Neither final nor past.
    Open,
    /// Open, and not acknowledged as it is now.
    Unacknowledged,
    /// New or changed since somebody last looked, past ones too.
    Changed,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::All, Self::Open, Self::Unacknowledged, Self::Changed];
}

/// Where in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// From the first row on.
    Top,
    /// Up to the last row.
    Bottom,
    /// Around this row, wherever it stands now; around where it stood if it is gone or filtered out. Near an end of the
    /// list the rows missing on one side are added on the other.
    At(RowKey),
    /// Around the row of this maintenance; from the top if it is gone or filtered out.
    On(MaintenanceKey),
    /// Rows that follow this place.
    After(RowKey),
    /// Rows that precede this place.
    Before(RowKey),
}

/// Some consecutive rows of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// In the list's order.
    pub rows: Vec<Row>,
    /// The place in `rows` of the row asked for, or the first after where it stood; `None` if nothing follows it, and
    /// for the anchors that ask for no row.
    pub anchor: Option<usize>,
    /// Whether the list goes on before `rows`.
    pub more_before: bool,
    /// Whether the list goes on after `rows`.
    pub more_after: bool,
}
