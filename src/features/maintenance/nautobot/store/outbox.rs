//! What is to be written to Nautobot. Put here in the transaction of the local change, taken out in the one that keeps
//! what Nautobot answered.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

use super::content::There;
use super::setting::switches;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::{MaintenanceKey, NoteKey};
use crate::store::Error;
use crate::text::clean_line;

/// Characters of a reason.
const REASON: usize = 500;
/// Entries, each with the first window of its maintenance here.
const ENTRIES: &str = "SELECT o.*, (SELECT m.id FROM maintenance m WHERE m.provider = o.provider
     AND m.maintenance_id = o.maintenance_id ORDER BY m.window LIMIT 1) AS here FROM outbox o";

/// What an entry brings up to date there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The maintenance with its impacts.
    Maintenance,
    /// Whether it is acknowledged.
    Acknowledgement,
    /// One note.
    Note,
}

impl Kind {
    /// The word in the column and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Acknowledgement => "acknowledgement",
            Self::Note => "note",
        }
    }

    /// The kind of a word.
    fn of(word: &str) -> Self {
        match word {
            "maintenance" => Self::Maintenance,
            "note" => Self::Note,
            _ => Self::Acknowledgement,
        }
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is sent as soon as possible.
    Waiting,
    /// Nautobot says something else than what it is about: somebody has to look.
    Conflict,
    /// Nautobot refused it.
    Failed,
}

impl State {
    /// The word in the column and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
        }
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number; entries are sent in this order.
    pub id: i64,
    /// When it was put here.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// What it brings up to date.
    pub kind: Kind,
    /// Of which maintenance: its provider,
    pub provider: String,
    /// and the provider's id.
    pub maintenance_id: String,
    /// Its first window here; `None` where it is gone.
    pub here: Option<MaintenanceKey>,
    /// Of which note.
    pub note: Option<NoteKey>,
    /// The UUID of what is made there.
    pub object: String,
    /// See the table.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// Why it was not sent yet; empty where nothing was tried.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was tried last.
    pub tried_at: Option<DateTime<Utc>>,
    /// Whether it is to be sent whatever is there.
    pub anyway: bool,
}

impl Entry {
    /// Whether it stays where it is until somebody says that it be written whatever is there.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.state == State::Conflict && self.kind == Kind::Maintenance
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let state: String = row.get("state")?;
        Ok(Self {
            id: row.get("id")?,
            at: time(row.get("at")?),
            who: row.get("who")?,
            kind: Kind::of(&row.get::<_, String>("kind")?),
            provider: row.get("provider")?,
            maintenance_id: row.get("maintenance_id")?,
            here: row.get("here")?,
            note: Some(row.get::<_, NoteKey>("note")?).filter(|note| note.0 != 0),
            object: row.get("object")?,
            version: row.get("version")?,
            state: match state.as_str() {
                "conflict" => State::Conflict,
                "failed" => State::Failed,
                _ => State::Waiting,
            },
            reason: row.get("reason")?,
            tries: row.get("tries")?,
            tried_at: row.get::<_, Option<i64>>("tried_at")?.map(time),
            anyway: row.get("anyway")?,
        })
    }
}

/// Somebody acknowledged maintenances, or took that back.
pub fn acknowledged(connection: &Connection, keys: &[MaintenanceKey], actor: &Actor) -> Result<(), Error> {
    if keys.is_empty() || !switches(connection)?.is_on {
        return Ok(());
    }
    for key in keys {
        if let Some((provider, id)) = name_of(connection, *key)? {
            put(connection, Kind::Acknowledgement, &provider, &id, 0, actor)?;
        }
    }
    Ok(())
}

/// Somebody wrote a note, removed it, or brought it back.
pub fn noted(connection: &Connection, key: MaintenanceKey, note: NoteKey, actor: &Actor) -> Result<(), Error> {
    if !switches(connection)?.is_on {
        return Ok(());
    }
    match name_of(connection, key)? {
        Some((provider, id)) => put(connection, Kind::Note, &provider, &id, note.0, actor),
        None => Ok(()),
    }
}

/// A notice or somebody changed a maintenance, or made it known.
pub fn changed(connection: &Connection, provider: &str, maintenance_id: &str, actor: &Actor) -> Result<(), Error> {
    let switches = switches(connection)?;
    if switches.is_on && switches.writes {
        put(connection, Kind::Maintenance, provider, maintenance_id, 0, actor)?;
    }
    Ok(())
}

/// Somebody said whose word counts for a window: what was in conflict is no more.
pub fn decided(connection: &Connection, key: MaintenanceKey, actor: &Actor) -> Result<(), Error> {
    if let Some((provider, id)) = name_of(connection, key)? {
        agree(connection, &provider, &id)?;
        changed(connection, &provider, &id, actor)?;
    }
    Ok(())
}

/// Somebody corrected a window of a maintenance.
pub fn changed_window(connection: &Connection, key: MaintenanceKey, actor: &Actor) -> Result<(), Error> {
    match name_of(connection, key)? {
        Some((provider, id)) => changed(connection, &provider, &id, actor),
        None => Ok(()),
    }
}

/// Provider and id of a maintenance.
fn name_of(connection: &Connection, key: MaintenanceKey) -> Result<Option<(String, String)>, Error> {
    let mut query = connection.prepare_cached("SELECT provider, maintenance_id FROM maintenance WHERE id = ?1")?;
    Ok(query.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Puts an entry in, or says of one that is there already that what it is about has changed.
fn put(
    connection: &Connection,
    kind: Kind,
    provider: &str,
    maintenance_id: &str,
    note: i64,
    actor: &Actor,
) -> Result<(), Error> {
    let object = uuid::Uuid::new_v4().to_string();
    connection
        .prepare_cached(
            "INSERT INTO outbox (at, who, kind, provider, maintenance_id, note, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET version = version + 1, anyway = 0,
                 reason = iif(state = 'conflict', reason, ''), state = iif(state = 'failed', 'waiting', state)",
        )?
        .execute((
            actor.at.timestamp(),
            actor.name(),
            kind.as_str(),
            provider,
            maintenance_id,
            note,
            object,
        ))?;
    Ok(())
}

/// Whether an entry of this kind waits.
pub fn waits(connection: &Connection, kind: Kind, there: &There) -> Result<bool, Error> {
    let mut query =
        connection.prepare_cached("SELECT 1 FROM outbox WHERE kind = ?1 AND provider = ?2 AND maintenance_id = ?3")?;
    Ok(query.exists((kind.as_str(), &there.provider, &there.maintenance_id))?)
}

/// Takes an entry out that has become pointless.
pub fn forget(
    connection: &Connection,
    kind: Kind,
    provider: &str,
    maintenance_id: &str,
    note: i64,
) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE kind = ?1 AND provider = ?2 AND maintenance_id = ?3 AND note = ?4")?
        .execute((kind.as_str(), provider, maintenance_id, note))?;
    Ok(())
}

/// What is to be written was changed there as well: nothing is overwritten until somebody says so.
pub fn disagree(connection: &Connection, provider: &str, maintenance_id: &str, reason: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'conflict', reason = ?3
             WHERE kind = 'maintenance' AND provider = ?1 AND maintenance_id = ?2 AND NOT anyway",
        )?
        .execute((provider, maintenance_id, short(reason)))?;
    Ok(())
}

/// Both say the same by now: what was in conflict has nothing left to disagree about.
pub fn agree(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'waiting', reason = ''
             WHERE kind = 'maintenance' AND state = 'conflict' AND provider = ?1 AND maintenance_id = ?2",
        )?
        .execute((provider, maintenance_id))?;
    Ok(())
}

/// Something changed there: an acknowledgement that waited for Nautobot to say the same may go now, and what waited for there
/// to be a record is due.
pub fn look_again(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'waiting'
             WHERE kind = 'acknowledgement' AND state = 'conflict' AND provider = ?1 AND maintenance_id = ?2",
        )?
        .execute((provider, maintenance_id))?;
    connection
        .prepare_cached(
            "UPDATE outbox SET tried_at = NULL
             WHERE state = 'waiting' AND tried_at IS NOT NULL AND provider = ?1 AND maintenance_id = ?2",
        )?
        .execute((provider, maintenance_id))?;
    Ok(())
}

/// What may be sent, in order: up to `most` after the entry `after`. What comes after something of the same maintenance
/// that cannot be sent waits for it, notes apart. What was tried in vain is tried again after a minute, then after twice as
/// long, up to an hour: hundreds of entries for what Nautobot does not have are not asked about every minute.
pub fn due(connection: &Connection, after: i64, most: usize, now: DateTime<Utc>) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(&format!(
        "{ENTRIES} WHERE id > ?1 AND state = 'waiting'
         AND (reason = '' OR tried_at IS NULL OR tried_at + min(3600, 30 << min(tries, 7)) <= ?3) AND (kind = 'note' OR NOT EXISTS (
             SELECT 1 FROM outbox b WHERE b.provider = o.provider AND b.maintenance_id = o.maintenance_id
                 AND b.kind = 'maintenance' AND b.id < o.id AND b.state <> 'waiting'))
         ORDER BY id LIMIT ?2"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.query_map((after, most, now.timestamp()), Entry::of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Entries that were never tried: somebody has just put them in, or lets them be sent again.
pub fn fresh(connection: &Connection) -> Result<Vec<i64>, Error> {
    let mut query = connection
        .prepare_cached("SELECT id FROM outbox WHERE state = 'waiting' AND reason = '' ORDER BY id LIMIT 1")?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Entries, those that were put in first before the others.
pub fn list(connection: &Connection, most: usize) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(&format!("{ENTRIES} ORDER BY id LIMIT ?1"))?;
    let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], Entry::of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Entries of one maintenance.
pub fn of(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Vec<Entry>, Error> {
    let mut query =
        connection.prepare_cached(&format!("{ENTRIES} WHERE provider = ?1 AND maintenance_id = ?2 ORDER BY id"))?;
    let rows = query.query_map((provider, maintenance_id), Entry::of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One entry, if it is still there.
pub fn entry(connection: &Connection, id: i64) -> Result<Option<Entry>, Error> {
    let mut query = connection.prepare_cached(&format!("{ENTRIES} WHERE id = ?1"))?;
    Ok(query.query_row([id], Entry::of).optional()?)
}

/// How many entries wait, and how many need somebody.
pub fn counts(connection: &Connection) -> Result<(u32, u32), Error> {
    let mut query = connection.prepare_cached("SELECT count(*), coalesce(sum(state <> 'waiting'), 0) FROM outbox")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// An entry was sent: it goes, unless what it is about has changed meanwhile.
pub fn sent(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    let gone = connection
        .prepare_cached("DELETE FROM outbox WHERE id = ?1 AND version = ?2")?
        .execute((entry.id, entry.version))?;
    if gone == 0 {
        // Made once already: what is made the next time has another UUID, or none is made.
        tracing::debug!(entry = entry.id, "what was sent has changed meanwhile and is sent again");
    }
    Ok(())
}

/// An entry was not sent.
pub fn not_sent(
    connection: &Connection,
    entry: &Entry,
    state: State,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = iif(version = ?2, ?3, 'waiting'), reason = iif(version = ?2, ?4, ''),
                 tries = tries + 1, tried_at = ?5
             WHERE id = ?1",
        )?
        .execute((entry.id, entry.version, state.as_str(), short(reason), now.timestamp()))?;
    Ok(())
}

/// Lets entries be sent again, all or these. A maintenance in conflict stays so unless `anyway` says that what is there be
/// overwritten; of what is not in conflict it says nothing, for nobody has seen yet what would be overwritten. Answers the
/// entries that were meant.
pub fn retry(connection: &Connection, ids: &[i64], anyway: bool) -> Result<Vec<Entry>, Error> {
    let mut retried = Vec::new();
    for entry in chosen(connection, ids)? {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'waiting', anyway = iif(state = 'conflict', max(anyway, ?2), anyway), reason = ''
                 WHERE id = ?1 AND (?2 OR state <> 'conflict' OR kind = 'acknowledgement')",
            )?
            .execute((entry.id, anyway))?;
        retried.push(entry);
    }
    Ok(retried)
}

/// Takes entries out for good: they are never sent.
pub fn drop(connection: &Connection, ids: &[i64]) -> Result<Vec<Entry>, Error> {
    let dropped = if ids.is_empty() { Vec::new() } else { chosen(connection, ids)? };
    for entry in &dropped {
        connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([entry.id])?;
    }
    Ok(dropped)
}

/// The entries of these numbers; all where none is named.
fn chosen(connection: &Connection, ids: &[i64]) -> Result<Vec<Entry>, Error> {
    if ids.is_empty() {
        return list(connection, usize::MAX);
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(entry(connection, *id)?);
    }
    Ok(found)
}

/// A reason that fits.
fn short(text: &str) -> String {
    clean_line(text).chars().take(REASON).collect()
}
