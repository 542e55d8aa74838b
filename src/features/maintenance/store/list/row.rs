//! What one row of the list shows.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::RowKey;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::store::event::SAYS_CANCELLED;
use crate::features::maintenance::store::{MOST_CIRCUITS, sql};
use crate::store::Error;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row and its place.
    pub key: RowKey,
    /// Under which heading it stands.
    pub group: Group,
    /// The provider.
    pub provider: String,
    /// The provider's id.
    pub maintenance_id: String,
    /// Number of this window among those of the maintenance, from 1.
    pub window: u32,
    /// How many windows the maintenance has.
    pub windows: u32,
    /// Where it stands. `NO-CHANGE`: no notice so far has stated it.
    pub status: Status,
    /// Whether its calendar says cancelled beside a status that does not.
    pub says_cancelled: bool,
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Since when it is over, or will be: its end, or when it was cancelled or completed before.
    pub over_at: DateTime<Utc>,
    /// How many circuits it touches.
    pub circuits: u32,
    /// How many of them the inventory does not have; 0 where nobody asked it, or there is none.
    pub unknown_circuits: usize,
    /// Ids of the first three of them.
    pub first_circuits: Vec<String>,
    /// The worst that happens to any circuit; `None` without circuits.
    pub worst_impact: Option<Impact>,
    /// One line on what is done; may be empty.
    pub summary: String,
    /// Grows with every change of window, status, circuits or impact.
    pub revision: u32,
    /// Whether the current revision was not looked at yet.
    pub is_unseen: bool,
    /// Whether and by whom it is acknowledged.
    pub acknowledged: Acknowledged,
    /// How many notes it carries.
    pub notes: u32,
    /// When the newest notice that changed it was made.
    pub changed_at: DateTime<Utc>,
}

impl Row {
    /// Whether its notice may name more circuits than are kept.
    #[must_use]
    pub fn may_lack_circuits(&self) -> bool {
        usize::try_from(self.circuits).is_ok_and(|count| count >= MOST_CIRCUITS)
    }
}

/// Headings of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Running now.
    Active,
    /// Begins within 24 hours.
    Next24h,
    /// Begins later.
    Later,
    /// Over, cancelled or completed.
    Past,
}

impl Group {
    /// Where a maintenance belongs at `now`.
    #[must_use]
    pub fn of(status: Status, start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        if status.is_final() || end <= now {
            Self::Past
        } else if start <= now {
            Self::Active
        } else if start <= now + TimeDelta::hours(24) {
            Self::Next24h
        } else {
            Self::Later
        }
    }
}

/// Whether and by whom a maintenance is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledged {
    /// By nobody.
    No,
    /// As it is now.
    Yes {
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// As it was before its last change; asks again.
    Before {
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
    },
}

impl Acknowledged {
    /// From what the newest acknowledgement in force says, and whether it is of the current revision.
    pub(in crate::features::maintenance::store) fn of(
        by: Option<String>,
        at: Option<DateTime<Utc>>,
        is_current: bool,
    ) -> Self {
        match (by, at) {
            (Some(by), Some(at)) if is_current => Self::Yes { by, at },
            (Some(by), Some(at)) => Self::Before { by, at },
            _ => Self::No,
        }
    }
}

/// The columns of a row by place: looking each up by name took longer than reading the row.
const COLUMNS: &str = "m.status, m.starts_at, m.ends_at, m.revision, m.seen_revision, m.provider, m.maintenance_id,
    m.window, m.circuits, m.first_circuits, m.worst_impact, m.summary, m.ack_by, m.ack_at, m.ack_revision, m.notes,
    m.changed_at, m.over_at";

/// Reads the rows of `keys` in their order; one that went meanwhile is left out.
pub(super) fn read(connection: &Connection, keys: Vec<RowKey>, now: DateTime<Utc>) -> Result<Vec<Row>, Error> {
    // Such a calendar is a change, unless it is the first notice and has no status.
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, (SELECT count(*) FROM maintenance w
             WHERE w.provider = m.provider AND w.maintenance_id = m.maintenance_id),
             (m.revision > 1 OR m.status = 'NO-CHANGE') AND m.status <> 'CANCELLED' AND coalesce({SAYS_CANCELLED}, 0)
         FROM maintenance m WHERE m.id = ?1"
    ))?;
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let mut found = query.query([key.maintenance])?;
        if let Some(row) = found.next()? {
            rows.push(of(key, row, now)?);
        }
    }
    Ok(rows)
}

fn of(key: RowKey, row: &rusqlite::Row<'_>, now: DateTime<Utc>) -> rusqlite::Result<Row> {
    let time = |column: usize| row.get(column).map(sql::from_seconds);
    let (status, start, end) = (row.get(0)?, time(1)?, time(2)?);
    let (revision, seen): (u32, u32) = (row.get(3)?, row.get(4)?);
    let by: Option<String> = row.get(12)?;
    let at = row.get::<_, Option<i64>>(13)?.map(sql::from_seconds);
    Ok(Row {
        key,
        group: Group::of(status, start, end, now),
        provider: row.get(5)?,
        maintenance_id: row.get(6)?,
        window: row.get(7)?,
        windows: row.get(18)?,
        status,
        says_cancelled: row.get(19)?,
        start,
        end,
        over_at: time(17)?,
        circuits: row.get(8)?,
        unknown_circuits: 0,
        first_circuits: row.get_ref(9)?.as_str()?.lines().map(str::to_owned).collect(),
        worst_impact: row.get(10)?,
        summary: row.get(11)?,
        revision,
        is_unseen: seen < revision,
        acknowledged: Acknowledged::of(by, at, row.get::<_, u32>(14)? >= revision),
        notes: row.get(15)?,
        changed_at: time(16)?,
    })
}
