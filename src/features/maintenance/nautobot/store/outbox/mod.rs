//! What is to be written to Nautobot. Put here in the transaction of the local change, taken out in the one that keeps
//! what Nautobot answered.

mod decision;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;

pub use self::decision::{dispute, drop, forget_dropped, is_dropped, is_unwritten, retry, settle_what_is_over, take};
use super::lines::Field;
use super::reconcile::decide;
use super::setting::switches;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::{MaintenanceKey, NoteKey, by_hand};
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

/// How an entry stays that was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Where it stands from now on.
    pub state: State,
    /// Why it was not sent.
    pub reason: String,
    /// Whether there is nothing in Nautobot that it could be written to: once there is, it is tried again, whatever its state.
    pub is_absent: bool,
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
    /// The field that it is a conflict about; `None` of what is to be sent.
    pub field: Option<Field>,
    /// The UUID of what is made there; empty of a conflict about a field.
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
    /// What it is about, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.field.as_ref().map_or(self.kind.as_str(), Field::word)
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
            field: Some(row.get::<_, String>("field")?).filter(|field| !field.is_empty()).map(Field::from),
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

/// A note that was there goes there once more, under this UUID, unless that is known.
pub fn note_again(
    connection: &Connection,
    (provider, maintenance_id): (&str, &str),
    (note, object): (NoteKey, &str),
    actor: &Actor,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (at, who, kind, provider, maintenance_id, note, object)
             VALUES (?1, ?2, 'note', ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute((actor.at.timestamp(), &actor.who, provider, maintenance_id, note, object))?;
    Ok(())
}

/// A notice or somebody changed a maintenance, or made it known.
pub fn changed(connection: &Connection, provider: &str, maintenance_id: &str, actor: &Actor) -> Result<(), Error> {
    let switches = switches(connection)?;
    if !switches.is_on {
        return Ok(());
    }
    // What differs from Nautobot by now, and what does no more, is found with its next reading.
    connection
        .prepare_cached(
            "UPDATE nautobot_maintenance SET dirty = 1 WHERE dirty = 0 AND maintenance IN
                 (SELECT id FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2)",
        )?
        .execute([provider, maintenance_id])?;
    if switches.writes {
        put(connection, Kind::Maintenance, provider, maintenance_id, 0, actor)?;
    }
    Ok(())
}

/// Somebody said whose word counts for what was set by hand in a window.
pub fn decided(
    connection: &Connection,
    key: MaintenanceKey,
    set: &[by_hand::Field],
    keeps: bool,
    actor: &Actor,
) -> Result<(), Error> {
    match name_of(connection, key)? {
        Some((provider, id)) => decide::by_hand(connection, (&provider, &id), set, keeps, actor),
        None => Ok(()),
    }
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
             ON CONFLICT DO UPDATE SET version = version + 1, anyway = 0, absent = 0,
                 reason = iif(state = 'conflict', reason, ''), state = iif(state = 'conflict', state, 'waiting')",
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

/// Puts in that a maintenance is newer here, unless that is known.
pub fn ensure(connection: &Connection, provider: &str, maintenance_id: &str, actor: &Actor) -> Result<(), Error> {
    if waits(connection, Kind::Maintenance, provider, maintenance_id)? {
        return Ok(());
    }
    put(connection, Kind::Maintenance, provider, maintenance_id, 0, actor)
}

/// Whether an entry of this kind is to be sent.
pub fn waits(connection: &Connection, kind: Kind, provider: &str, maintenance_id: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM outbox WHERE kind = ?1 AND provider = ?2 AND maintenance_id = ?3 AND field = ''
             AND state <> 'dropped'",
    )?;
    Ok(query.exists((kind.as_str(), provider, maintenance_id))?)
}

/// Whether an entry has begun to make this record there.
pub fn makes(connection: &Connection, object: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT 1 FROM outbox WHERE object = ?1 AND kind = 'maintenance'")?;
    Ok(query.exists([object])?)
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
        .prepare_cached(
            "DELETE FROM outbox WHERE kind = ?1 AND provider = ?2 AND maintenance_id = ?3 AND note = ?4 AND field = ''
                 AND state <> 'dropped'",
        )?
        .execute((kind.as_str(), provider, maintenance_id, note))?;
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
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'waiting', reason = '', absent = 0
             WHERE absent = 1 AND provider = ?1 AND maintenance_id = ?2",
        )?
        .execute((provider, maintenance_id))?;
    Ok(())
}

/// The Nautobot that is configured by now is another one than a maintenance's record was in: what somebody saw or said of that
/// record is not about this one. What is to be sent stays.
pub fn elsewhere(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE provider = ?1 AND maintenance_id = ?2 AND field <> ''")?
        .execute((provider, maintenance_id))?;
    connection
        .prepare_cached(
            "UPDATE outbox SET anyway = 0, reason = iif(state = 'conflict', '', reason),
                 state = iif(state = 'conflict', 'waiting', state)
             WHERE provider = ?1 AND maintenance_id = ?2",
        )?
        .execute((provider, maintenance_id))?;
    Ok(())
}

/// When an entry that was tried in vain is tried again: after a minute, then after twice as long, up to an hour, so that
/// hundreds of entries for what Nautobot does not have are not asked about every minute.
const IS_DUE: &str = "(o.reason = '' OR o.tried_at IS NULL OR o.tried_at + min(3600, 30 << min(o.tries, 7)) <= :now)";
/// What has to wait for an entry before it: an acknowledgement for its maintenance, and a note for those that were written
/// before it and are tried again. One that Nautobot refused holds up no other.
const IS_HELD: &str = "EXISTS (SELECT 1 FROM outbox b WHERE b.provider = o.provider
     AND b.maintenance_id = o.maintenance_id AND b.id < o.id AND b.field = '' AND (
         (o.kind <> 'note' AND b.kind = 'maintenance' AND b.state IN ('conflict', 'failed'))
         OR (o.kind = 'note' AND b.kind = 'note' AND b.state = 'waiting' AND b.reason <> '' AND NOT BEFORE)))";

/// What has to wait until its mails were asked whose they are, see [`whose`](super::whose).
const IS_ANOTHERS: &str = "EXISTS (SELECT 1 FROM said s JOIN notification n ON n.id = s.notification
     WHERE s.provider = o.provider AND s.maintenance_id = o.maintenance_id
         AND n.whose < (SELECT whose FROM nautobot WHERE is_on))";

/// What may be sent, in order: up to `most` after the entry `after`.
pub fn due(connection: &Connection, after: i64, most: usize, now: DateTime<Utc>) -> Result<Vec<Entry>, Error> {
    let held = IS_HELD.replace("BEFORE", &IS_DUE.replace("o.", "b."));
    let mut query = connection.prepare_cached(&format!(
        "{ENTRIES} WHERE id > :after AND state = 'waiting' AND {IS_DUE} AND NOT {held} AND NOT {IS_ANOTHERS}
         ORDER BY id LIMIT :most"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let named = named_params! {":after": after, ":now": now.timestamp(), ":most": most};
    let rows = query.query_map(named, Entry::of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether an entry may be sent that was never tried: somebody has just put it in, or lets it be sent again.
pub fn is_fresh(connection: &Connection) -> Result<bool, Error> {
    // What is tried again some time holds up what comes after it until then.
    let held = IS_HELD.replace("BEFORE", "0");
    let mut query = connection
        .prepare_cached(&format!("SELECT 1 FROM outbox o WHERE state = 'waiting' AND reason = '' AND NOT {held}"))?;
    Ok(query.exists([])?)
}

/// Entries, those that were put in first before the others.
pub fn list(connection: &Connection, most: usize) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(&format!("{ENTRIES} WHERE state <> 'dropped' ORDER BY id LIMIT ?1"))?;
    let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], Entry::of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Entries of one maintenance.
pub fn of(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Vec<Entry>, Error> {
    let mut query = connection.prepare_cached(&format!(
        "{ENTRIES} WHERE provider = ?1 AND maintenance_id = ?2 AND state <> 'dropped' ORDER BY id"
    ))?;
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
    let mut query = connection
        .prepare_cached("SELECT count(*), coalesce(sum(state <> 'waiting'), 0) FROM outbox WHERE state <> 'dropped'")?;
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
pub fn not_sent(connection: &Connection, entry: &Entry, stay: &Stay, now: DateTime<Utc>) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = iif(version = ?2, ?3, 'waiting'), reason = iif(version = ?2, ?4, ''),
                 absent = iif(version = ?2, ?5, 0), tries = tries + 1, tried_at = ?6
             WHERE id = ?1",
        )?
        .execute((
            entry.id,
            entry.version,
            stay.state.as_str(),
            short(&stay.reason),
            stay.is_absent,
            now.timestamp(),
        ))?;
    Ok(())
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
