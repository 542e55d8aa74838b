//! Bringing the tables up to this version, and refusing databases that are not ours to touch.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::connect::APPLICATION_ID;
use super::error::Error;
use super::folded;

/// An error unless the database is empty or ours, and has no more than so many migrations where that is asked. Reads only.
pub(super) fn refuse_foreign(connection: &Connection, path: &Path, known: Option<usize>) -> Result<(), Error> {
    let ask = || {
        // In one view of the file: another process may bring an empty one up to date between two looks.
        let _view = connection.unchecked_transaction()?;
        let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((application, version, tables))
    };
    let (application, version, tables) = ask().map_err(|error: rusqlite::Error| Error::from(error).at(path))?;
    let empty = application == 0 && version == 0 && tables == 0;
    if application != APPLICATION_ID && !empty {
        return Err(Error::NotOurs { path: path.to_owned() });
    }
    let known = known.map_or(u32::MAX, |known| u32::try_from(known).unwrap_or(u32::MAX));
    if version > known { Err(Error::Newer { path: path.to_owned(), found: version, known }) } else { Ok(()) }
}

/// Applies what is missing, in one transaction: a process killed in between leaves the old version whole.
pub(super) fn apply(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), Error> {
    let mut migrate = || {
        if version(connection)? == migrations.len() {
            return Ok(());
        }
        folded::teach(connection)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Asked again under the lock: two processes may start at the same moment.
        let done = version(&tx)?;
        for migration in migrations.iter().skip(done) {
            tx.execute_batch(migration)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", u32::try_from(migrations.len().max(done)).unwrap_or(u32::MAX))?;
        tx.commit()
    };
    migrate().map_err(|error| Error::from(error).at(path))
}

/// How many migrations the database has seen.
fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
