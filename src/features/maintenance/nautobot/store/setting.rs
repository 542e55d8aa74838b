//! Which Nautobot the tables are of, how far it was read, and which process has it now.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::mirror;
use crate::features::maintenance::store::source::{self, Claim, Holder};
use crate::store::Error;

/// How far the lists were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Number of the newest full reading that was begun.
    pub round: i64,
    /// When the last full one was complete; `None` until the first one under this URL is.
    pub full_at: Option<i64>,
    /// When it was last read to the end.
    pub synced_at: Option<i64>,
    /// The newest change of a maintenance that was seen, in microseconds since 1970.
    pub maintenances_to: i64,
    /// The same of impacts.
    pub impacts_to: i64,
    /// The same of notes.
    pub notes_to: i64,
    /// The newest deletion that was seen in the log of changes.
    pub deletions_to: i64,
    /// Up to when the log of changes was read, be there something in it or not: a token that may not look at it leaves it.
    pub log_to: i64,
}

/// Whether anything is to be written to a Nautobot, and whether newly parsed maintenances are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// One is configured.
    pub is_on: bool,
    /// Maintenances are written, too.
    pub writes: bool,
}

/// Whether [`configure`] would change anything; for those who would rather not write.
pub fn differs(connection: &Connection, server: Option<(&str, bool)>) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT server, is_on, writes FROM nautobot WHERE id = 1")?;
    let known = query
        .query_row([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?)))
        .optional()?;
    Ok(match (known, server) {
        (None | Some((_, false, _)), None) => false,
        (Some((known, true, wrote)), Some((url, writes))) => known != url || wrote != writes,
        (Some(_), _) | (None, Some(_)) => true,
    })
}

/// Takes over what the configuration says: `None` turns it off. Under another URL everything is read anew, and what is known
/// stays until then: it may be the same server. What waits to be written stays. Answers whether anything differs.
pub fn configure(connection: &Connection, server: Option<(&str, bool)>) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT server, is_on, writes FROM nautobot WHERE id = 1")?;
    let before = query
        .query_row([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?)))
        .optional()?;
    match (&before, server) {
        (None | Some((_, false, _)), None) => Ok(false),
        (Some((known, true, wrote)), Some((url, writes))) if known == url && *wrote == writes => Ok(false),
        (Some(_), None) => {
            connection.execute("UPDATE nautobot SET is_on = 0 WHERE id = 1", [])?;
            Ok(true)
        }
        (before, Some((url, writes))) => {
            if before.as_ref().is_some_and(|(known, ..)| known != url) {
                mirror::doubt(connection)?;
                connection.execute(
                    // What a reading under the URL before keeps from now on is refused, see `keep`.
                    "UPDATE nautobot SET round = round + 2, full_at = NULL, synced_at = NULL, vanished = NULL, maintenances_to = 0,
                         impacts_to = 0, notes_to = 0, deletions_to = 0, log_to = 0",
                    [],
                )?;
            }
            connection
                .prepare_cached(
                    "INSERT INTO nautobot (id, server, is_on, writes) VALUES (1, ?1, 1, ?2)
                     ON CONFLICT (id) DO UPDATE SET server = ?1, is_on = 1, writes = ?2",
                )?
                .execute((url, writes))?;
            Ok(true)
        }
    }
}

/// What is turned on.
pub fn switches(connection: &Connection) -> Result<Switches, Error> {
    let mut query = connection.prepare_cached("SELECT is_on, writes FROM nautobot WHERE id = 1")?;
    let found = query.query_row([], |row| Ok(Switches { is_on: row.get(0)?, writes: row.get(1)? })).optional()?;
    Ok(found.unwrap_or_default())
}

/// How far it was read.
pub fn progress(connection: &Connection) -> Result<Progress, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM nautobot WHERE id = 1")?;
    let found = query.query_row([], |row| {
        Ok(Progress {
            round: row.get("round")?,
            full_at: row.get("full_at")?,
            synced_at: row.get("synced_at")?,
            maintenances_to: row.get("maintenances_to")?,
            impacts_to: row.get("impacts_to")?,
            notes_to: row.get("notes_to")?,
            deletions_to: row.get("deletions_to")?,
            log_to: row.get("log_to")?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

/// Which Nautobot it is.
pub fn server(connection: &Connection) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT server FROM nautobot WHERE id = 1")?;
    Ok(query.query_row([], |row| row.get(0)).optional()?)
}

/// Keeps how far it was read, unless the URL is another one by now or somebody else has begun to read everything.
pub fn keep(connection: &Connection, progress: &Progress) -> Result<(), Error> {
    let mut update = connection.prepare_cached(
        "UPDATE nautobot SET round = :round, full_at = :full_at, synced_at = :synced_at,
             maintenances_to = max(maintenances_to, :maintenances_to), impacts_to = max(impacts_to, :impacts_to),
             notes_to = max(notes_to, :notes_to), deletions_to = max(deletions_to, :deletions_to), log_to = :log_to
         WHERE id = 1 AND :round BETWEEN round AND round + 1",
    )?;
    update.execute(named_params! {
        ":round": progress.round,
        ":full_at": progress.full_at,
        ":synced_at": progress.synced_at,
        ":maintenances_to": progress.maintenances_to,
        ":impacts_to": progress.impacts_to,
        ":notes_to": progress.notes_to,
        ":deletions_to": progress.deletions_to,
        ":log_to": progress.log_to,
    })?;
    Ok(())
}

/// What did not show any more at the last full reading and was kept, such as `900 of 1000 maintenances`; `None` where all
/// was as it should be.
pub fn vanished(connection: &Connection) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT vanished FROM nautobot WHERE id = 1")?;
    Ok(query.query_row([], |row| row.get(0)).optional()?.flatten())
}

/// Keeps it.
pub fn keep_vanished(connection: &Connection, vanished: Option<&str>) -> Result<(), Error> {
    connection.prepare_cached("UPDATE nautobot SET vanished = ?1 WHERE id = 1")?.execute([vanished])?;
    Ok(())
}

/// Under which name the lease stands among those of the sources. No source can be called so.
const NAME: &str = "\u{1f}nautobot";

/// Takes or puts off the right to read and write: one process at a time has it. Of one that died it is taken at once where
/// the system tells so, else when its time is over.
pub fn take(connection: &Connection, holder: &Holder, now: DateTime<Utc>, time: TimeDelta) -> Result<Claim, Error> {
    source::claim(connection, NAME, holder, now, now + time)
}

/// Whoever reads and writes tells what is wrong, or that nothing is.
pub fn fails(
    connection: &Connection,
    holder: &Holder,
    failure: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let complete_at = failure.is_none().then_some(now);
    let told = source::Progress { complete_at, failed: failure.map(|why| (now, why)), ..source::Progress::default() };
    source::tell(connection, NAME, &holder.id, &told)
}

/// What whoever reads and writes says is wrong.
pub fn failure(connection: &Connection) -> Result<Option<String>, Error> {
    Ok(source::known(connection, NAME)?.failed.map(|(_, why)| why))
}

/// Gives it back.
pub fn give_back(connection: &Connection, holder: &Holder) -> Result<(), Error> {
    source::release(connection, NAME, &holder.id)
}

/// Asks whoever has the right to read and write now.
pub fn want(connection: &Connection, now: DateTime<Utc>) -> Result<(), Error> {
    source::want(connection, NAME, now)
}

/// Grows whenever somebody asks for that.
pub fn wanted(connection: &Connection) -> Result<i64, Error> {
    Ok(source::known(connection, NAME)?.wanted_at)
}
