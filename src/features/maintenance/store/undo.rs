//! The last things that people did, so that a process that did not do them can take them back.
//!
//! An undo is of use for what was done just now. It reaches back [`DAYS`] and [`MOST`] actions; what is older is changed
//! by doing the opposite.

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension as _};

use super::action::{self, Actor, Done, Inverse};
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

/// Forgets an action that was taken back.
pub(super) fn forget(connection: &Connection, inverse: &Inverse) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM action WHERE inverse = ?1")?.execute([as_text(inverse)?])?;
    Ok(())
}

/// Takes back the newest acknowledgement, withdrawal, note or dismissal that was made in the name of `actor` and is still as it was
/// made, of all maintenances it was made to at once. `None` where there is none.
pub fn undo_last(connection: &Connection, actor: &Actor) -> Result<Option<(Inverse, Done)>, Error> {
    let since = (actor.at - TimeDelta::days(DAYS)).timestamp();
    loop {
        let newest: Option<String> = connection
            .prepare_cached("SELECT inverse FROM action WHERE who = ?1 AND at >= ?2 ORDER BY id DESC LIMIT 1")?
            .query_row((actor.name(), since), |row| row.get(0))
            .optional()?;
        let Some(text) = newest else { return Ok(None) };
        let Ok(inverse) = serde_json::from_str(&text) else {
            // Written by a newer noctui: not ours to take back, nor is what came before it.
            return Ok(None);
        };
        // Forgets it, too.
        let done = action::undo(connection, &inverse, actor)?;
        if !done.done.is_empty() || done.mails > 0 {
            return Ok(Some((inverse, done)));
        }
    }
}

/// An inverse as it is kept.
fn as_text(inverse: &Inverse) -> Result<String, Error> {
    serde_json::to_string(inverse).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}
