//! Another URL: the same Nautobot called otherwise, a copy of it, or another one. Which it is, its records tell, each of itself.
//! What was agreed with a record goes on where its UUID shows, and with no other. One that shows older than it was is a
//! copy's: nothing that it says was changed since, nothing was taken back, and the two meet for the first time. Of what the
//! first full reading under the new URL lacks nothing is known, least of all that it was deleted: what was agreed with a record
//! is kept until it shows, and what a record lacks is sent to it as if the two had just met.

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension as _};

use super::{NAUTOBOT, keep};
use crate::features::maintenance::nautobot::store::content::{self, There};
use crate::features::maintenance::nautobot::store::lines::{Agreed, Changed};
use crate::features::maintenance::nautobot::store::{journal, mirror, outbox};
use crate::features::maintenance::store::action::Actor;
use crate::store::Error;

/// These records are not in the Nautobot of this URL.
pub fn leave(connection: &Connection, ids: &[String]) -> Result<(), Error> {
    let mut named = connection.prepare_cached(
        "SELECT m.provider, m.maintenance_id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE n.id = ?1",
    )?;
    let execute = |sql: &str, id: &str| connection.prepare_cached(sql)?.execute([id]);
    for id in ids {
        let name = named.query_row([id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).optional()?;
        if let Some((provider, maintenance_id)) = name {
            outbox::elsewhere(connection, &provider, &maintenance_id)?;
        }
        execute(
            "INSERT OR REPLACE INTO nautobot_left (id, maintenance, agreed, astray)
             SELECT id, maintenance, agreed, astray FROM nautobot_maintenance
             WHERE id = ?1 AND maintenance IS NOT NULL AND agreed IS NOT NULL",
            id,
        )?;
        execute(
            "INSERT OR REPLACE INTO nautobot_left_note (id, note, agreed)
             SELECT id, note, agreed FROM nautobot_note WHERE maintenance = ?1 AND note IS NOT NULL",
            id,
        )?;
        execute("DELETE FROM nautobot_note WHERE maintenance = ?1", id)?;
        execute("DELETE FROM nautobot_impact WHERE maintenance = ?1", id)?;
        execute("DELETE FROM nautobot_maintenance WHERE id = ?1", id)?;
    }
    Ok(())
}

/// A record that shows again goes on as it was left, unless its maintenance is another record's by now.
pub(super) fn recall(connection: &Connection, id: &str) -> Result<(), Error> {
    let execute = |sql: &str| connection.prepare_cached(sql)?.execute([id]);
    execute(
        "UPDATE nautobot_maintenance SET maintenance = l.maintenance, agreed = l.agreed, astray = l.astray
         FROM nautobot_left l WHERE l.id = ?1 AND nautobot_maintenance.id = ?1
             AND NOT EXISTS (SELECT 1 FROM nautobot_maintenance o WHERE o.maintenance = l.maintenance)",
    )?;
    execute("DELETE FROM nautobot_left WHERE id = ?1")?;
    execute(
        "UPDATE nautobot_note SET note = l.note, agreed = l.agreed FROM nautobot_left_note l
         WHERE nautobot_note.maintenance = ?1 AND l.id = nautobot_note.id AND nautobot_note.note IS NULL",
    )?;
    execute("DELETE FROM nautobot_left_note WHERE id IN (SELECT id FROM nautobot_note WHERE maintenance = ?1)")?;
    Ok(())
}

/// This record is a copy of the one that something was agreed with, or the other way round: what was seen or said of that one, or
/// sent to it and not heard of, is not about this one. What was agreed with this one before, under its URL, is; `None` where
/// nothing was.
pub(super) fn of_a_copy(connection: &Connection, there: &There) -> Result<Option<Agreed>, Error> {
    journal::forget(connection, &there.id)?;
    outbox::elsewhere(connection, &there.provider, &there.maintenance_id)?;
    let mut query = connection.prepare_cached("SELECT agreed FROM nautobot_kept WHERE id = ?1")?;
    let rows = query.query_map([&there.id], |row| row.get(0))?;
    let kept = rows.collect::<rusqlite::Result<Vec<String>>>()?;
    let kept = kept.iter().filter_map(|kept| serde_json::from_str(kept).ok());
    Ok(kept.filter(|kept: &Agreed| kept.fits(&there.seen)).max_by_key(|kept| kept.seen().latest()))
}

/// What was read under another URL and does not show under this one, of records that do: they meet again without those impacts,
/// and notes that were written there from here are written here.
pub(super) fn lack(connection: &Connection) -> Result<(), Error> {
    let mut query = connection.prepare_cached("SELECT DISTINCT maintenance FROM nautobot_impact WHERE round = ?1")?;
    let rows = query.query_map([mirror::ELSEWHERE], |row| row.get(0))?;
    for id in rows.collect::<rusqlite::Result<Vec<String>>>()? {
        let agreed = content::there(connection, &id)?.and_then(|there| there.agreed);
        if let Some(agreed) = agreed {
            keep(connection, &id, &agreed.with(Changed { record: i64::MAX, ..Changed::default() }))?;
        }
    }
    let mut query = connection.prepare_cached(
        "SELECT b.id FROM nautobot_note b JOIN note n ON n.id = b.note
         WHERE b.round = ?1 AND n.removed_at IS NULL ORDER BY n.at, n.id",
    )?;
    let rows = query.query_map([mirror::ELSEWHERE], |row| row.get(0))?;
    for id in rows.collect::<rusqlite::Result<Vec<String>>>()? {
        note_again(connection, &id, i64::MIN)?;
    }
    Ok(())
}

/// A note of ours that was read under another URL and shows as it was before, or not at all, is told again: under the UUID that
/// it has there, by which it is known wherever it shows.
pub fn note_again(connection: &Connection, id: &str, updated: i64) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.who, n.at, m.provider, m.maintenance_id FROM nautobot_note b JOIN note n ON n.id = b.note
         JOIN maintenance m ON m.id = n.maintenance
         WHERE b.id = ?1 AND b.round = ?2 AND b.updated > ?3 AND n.who <> ?4",
    )?;
    let found = query.query_row((id, mirror::ELSEWHERE, updated, NAUTOBOT), |row| {
        let at = DateTime::from_timestamp(row.get(2)?, 0).unwrap_or_default();
        Ok((row.get(0)?, Actor { who: row.get(1)?, at }, row.get::<_, String>(3)?, row.get::<_, String>(4)?))
    });
    if let Some((note, actor, provider, maintenance_id)) = found.optional()? {
        connection.prepare_cached("UPDATE nautobot_note SET agreed = NULL WHERE id = ?1")?.execute([id])?;
        outbox::note_again(connection, (&provider, &maintenance_id), (note, id), &actor)?;
    }
    Ok(())
}
