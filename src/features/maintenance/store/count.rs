//! The numbers beside the pane's title.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, named_params};

use super::{list, sql};
use crate::features::maintenance::model::Outcome;
use crate::store::Error;

/// Counting stops here; a person reads "1000+" as well as any larger number.
const MOST: u32 = 1000;

/// A number, exact or a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// The number, or as far as was counted.
    pub n: u32,
    /// Whether there are more.
    pub and_more: bool,
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plus = if self.and_more { "+" } else { "" };
        write!(f, "{}{plus}", self.n)
    }
}

/// How many maintenances there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Running now.
    pub active: Count,
    /// Beginning within 24 hours.
    pub next_24h: Count,
    /// New or changed since somebody last looked.
    pub unseen: Count,
    /// Not over, and not acknowledged as they are now.
    pub unacknowledged: Count,
    /// All.
    pub total: u64,
    /// Notifications that could not be read or that no rule knows, and that nobody has dismissed.
    pub need_a_look: u64,
}

/// The ids of what begins within 24 hours.
pub(super) const NEXT_24H: &str = "SELECT id FROM maintenance INDEXED BY maintenance_upcoming
    WHERE final = 0 AND starts_at > :now AND starts_at <= :tomorrow";

/// Counts them; takes the same time for a million as for a thousand.
pub fn counts(connection: &Connection, now: DateTime<Utc>) -> Result<Counts, Error> {
    let bounded = |sql: &str| -> Result<Count, Error> {
        let sql = format!("SELECT count(*) FROM ({sql} LIMIT {})", MOST + 1);
        let mut query = connection.prepare_cached(&sql)?;
        let tomorrow = now + TimeDelta::hours(24);
        let counted: u32 = if sql.contains(":tomorrow") {
            query
                .query_one(named_params! {":now": now.timestamp(), ":tomorrow": tomorrow.timestamp()}, |row| row.get(0))
        } else if sql.contains(":now") {
            query.query_one(named_params! {":now": now.timestamp()}, |row| row.get(0))
        } else {
            query.query_one([], |row| row.get(0))
        }?;
        Ok(Count { n: counted.min(MOST), and_more: counted > MOST })
    };
    Ok(Counts {
        active: bounded(&list::active_ids())?,
        next_24h: bounded(NEXT_24H)?,
        unseen: bounded(list::UNSEEN)?,
        unacknowledged: bounded(list::UNACKNOWLEDGED)?,
        total: total(connection)?,
        need_a_look: need_a_look(connection)?,
    })
}

/// How many maintenances there are.
pub(super) fn total(connection: &Connection) -> Result<u64, Error> {
    let mut query = connection.prepare_cached("SELECT n FROM counter WHERE name = 'maintenance'")?;
    Ok(query.query_one([], |row| sql::size(row, "n"))?)
}

/// How many notifications need a look.
fn need_a_look(connection: &Connection) -> Result<u64, Error> {
    let outcomes = outcomes(connection)?.into_iter();
    let unread: u64 = outcomes.filter_map(|(outcome, n)| outcome.needs_a_look().then_some(n)).sum();
    let mut query = connection.prepare_cached("SELECT n FROM counter WHERE name = 'dismissed'")?;
    let dismissed = query.query_one([], |row| sql::size(row, "n"))?;
    Ok(unread.saturating_sub(dismissed))
}

/// How many notifications there are of each outcome.
pub fn outcomes(connection: &Connection) -> Result<Vec<(Outcome, u64)>, Error> {
    let mut query = connection.prepare_cached("SELECT n FROM counter WHERE name = ?1")?;
    Outcome::ALL
        .into_iter()
        .map(|outcome| Ok((outcome, query.query_one([outcome], |row| sql::size(row, "n"))?)))
        .collect()
}
