//! Places in the list that can be compared.

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::Sort;
use crate::features::maintenance::store::MaintenanceKey;

/// A row and its place in the list it was read in; continues that list after the row has moved or gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Whose row.
    pub maintenance: MaintenanceKey,
    pub(super) rank: Rank,
}

/// Which part of the order a row stands in. Sorts without parts use the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// Active, or the only part.
    First,
    /// Upcoming.
    Second,
    /// Past.
    Third,
}

/// A place in the list; smaller stands higher.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rank {
    /// Which part.
    pub(super) part: Part,
    /// The provider in lower case where the order is by provider, else empty.
    pub(super) provider: String,
    /// Seconds, negated where later stands higher.
    pub(super) time: i64,
    /// The row's id, negated likewise: no two rows share a place.
    pub(super) id: i64,
}

/// What decides a row's place.
pub(super) struct Sorted {
    pub(super) id: i64,
    pub(super) starts_at: i64,
    pub(super) ends_at: i64,
    pub(super) over_at: i64,
    pub(super) is_final: bool,
    pub(super) changed_at: i64,
    pub(super) provider: String,
}

/// The columns of [`Sorted::read`] in their order.
pub(super) const SORTED: &str = "m.id, m.starts_at, m.ends_at, m.over_at, m.final, m.changed_at, m.provider";

/// How many they are.
pub(super) const SORTED_COLUMNS: usize = 7;

impl Sorted {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            starts_at: row.get(1)?,
            ends_at: row.get(2)?,
            over_at: row.get(3)?,
            is_final: row.get(4)?,
            changed_at: row.get(5)?,
            provider: row.get(6)?,
        })
    }

    /// Where the row stands at `now`.
    pub(super) fn rank(&self, sort: Sort, now: DateTime<Utc>) -> Rank {
        let now = now.timestamp();
        let (part, time, id) = match sort {
            Sort::Changed | Sort::Provider => {
                let time = if sort == Sort::Changed { self.changed_at } else { self.starts_at };
                (Part::First, -time, -self.id)
            }
            Sort::Grouped if self.is_final || self.ends_at <= now => (Part::Third, -self.over_at, -self.id),
            Sort::Grouped if self.starts_at > now => (Part::Second, self.starts_at, self.id),
            Sort::Grouped => (Part::First, self.ends_at, self.id),
        };
        // As the column's collation compares: ASCII letters without case.
        let provider = if sort == Sort::Provider { self.provider.to_ascii_lowercase() } else { String::new() };
        Rank { part, provider, time, id }
    }
}
