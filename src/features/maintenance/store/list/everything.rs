//! Every row of a list at once, as little of each as a bulk action needs.

use rusqlite::Connection;

use super::filter::{Predicate, or_true};
use super::walk::bind;
use super::{Acknowledged, ListQuery, Row};
use crate::features::maintenance::store::MaintenanceKey;
use crate::store::Error;

/// A row that is marked: 16 bytes, so that a list of any length can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Whose row.
    pub key: MaintenanceKey,
    /// Its revision when it was marked, or drawn last.
    pub revision: u32,
    /// Whether it was acknowledged as it was then.
    pub is_acknowledged: bool,
    /// Whether it was news then.
    pub is_unseen: bool,
}

impl From<&Row> for Mark {
    fn from(row: &Row) -> Self {
        Self {
            key: row.key.maintenance,
            revision: row.revision,
            is_acknowledged: matches!(row.acknowledged, Acknowledged::Yes { .. }),
            is_unseen: row.is_unseen,
        }
    }
}

/// All rows that pass the filter, by key. One run through the table, and through the texts where words are asked for:
/// somebody wants all of them, so that no index makes it shorter.
pub fn everything(connection: &Connection, query: &ListQuery) -> Result<Vec<Mark>, Error> {
    let predicate = Predicate::of(&query.filter, query.sort);
    let Predicate { whole, text, join, .. } = &predicate;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT m.id, m.revision, m.ack_revision, m.seen_revision, {text} FROM maintenance m {join} WHERE {}
         ORDER BY m.id",
        or_true(whole)
    ))?;
    bind(&mut statement, query, &predicate)?;
    let mut marks = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if predicate.passes(row, 4)? {
            let (revision, acknowledged, seen): (u32, u32, u32) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let (is_acknowledged, is_unseen) = (acknowledged >= revision, seen < revision);
            marks.push(Mark { key: row.get(0)?, revision, is_acknowledged, is_unseen });
        }
    }
    Ok(marks)
}
