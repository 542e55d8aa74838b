//! The last things that people did, so that a process that did not do them can take them back.
//!
//! An undo is of use for what was done just now. It reaches back [`DAYS`] and [`MOST`] actions; what is older is changed
//! by doing the opposite.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::action::{self, Actor, Done, Inverse};
use super::sql;
use crate::store::Error;

/// How far back an undo reaches.
const DAYS: i64 = 7;
/// Actions of all people together that are remembered.
const MOST: i64 = 1000;

/// Remembers what takes back the action just done by `actor`.
pub(super) fn remember(connection: &Connection, inverse: Option<&Inverse>, actor: &Actor) -> Result<(), Error> {
    let Some(inverse) = inverse else { return Ok(()) };
    connection.prepare_cached("INSERT INTO action (at, who, inverse) VALUES (?1, ?2, ?3)")?.execute((
        actor.at.timestamp(),
        actor.name(),
        as_text(inverse)?,
    ))?;
    let oldest = connection.last_insert_rowid() - MOST;
    connection.prepare_cached("DELETE FROM action WHERE id <= ?1")?.execute([oldest])?;
    Ok(())
}

/// Forgets an action that was taken back, or that is to be passed over.
pub fn forget(connection: &Connection, inverse: &Inverse) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM action WHERE inverse = ?1")?.execute([as_text(inverse)?])?;
    Ok(())
}

/// Makes one of actions that somebody did at once: they are taken back together.
pub fn together(connection: &Connection, actions: Vec<Inverse>, actor: &Actor) -> Result<(), Error> {
    if actions.len() < 2 {
        return Ok(());
    }
    for action in &actions {
        forget(connection, action)?;
    }
    remember(connection, Some(&Inverse::Each(actions)), actor)
}

/// What somebody did last.
#[derive(Debug, PartialEq, Eq)]
pub struct Last {
    /// When.
    pub at: DateTime<Utc>,
    /// What takes it back.
    pub inverse: Inverse,
    /// What that did.
    pub done: Done,
}

/// Takes back what was done last in the name of `actor`, of all maintenances it was done to at once. Where nothing of it is any
/// more as it was made, nothing is done, and it stays what was done last until somebody forgets it: whoever means what they
/// did last does not mean something older. `None` where there is none.
pub fn undo_last(connection: &Connection, actor: &Actor) -> Result<Option<Last>, Error> {
    let since = (actor.at - TimeDelta::days(DAYS)).timestamp();
    let newest: Option<(i64, String)> = connection
        .prepare_cached("SELECT at, inverse FROM action WHERE who = ?1 AND at >= ?2 ORDER BY id DESC LIMIT 1")?
        .query_row((actor.name(), since), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((at, text)) = newest else { return Ok(None) };
    let Ok(inverse) = serde_json::from_str(&text) else {
        // Written by a newer noctui: not ours to take back, nor is what came before it.
        return Ok(None);
    };
    let done = action::take_back(connection, &inverse, actor)?;
    if !done.is_nothing() {
        forget(connection, &inverse)?;
    }
    Ok(Some(Last { at: sql::from_seconds(at), inverse, done }))
}

/// An inverse as it is kept.
fn as_text(inverse: &Inverse) -> Result<String, Error> {
    serde_json::to_string(inverse).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}
