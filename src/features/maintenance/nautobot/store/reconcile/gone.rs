//! What is there no more.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::note::silently;
use super::{Manner, NAUTOBOT, elsewhere, namesake, one, tell};
use crate::features::maintenance::nautobot::store::{content, journal, mirror, outbox};
use crate::features::maintenance::store::NoteKey;
use crate::features::maintenance::store::action::{self, Actor, Inverse};
use crate::features::maintenance::store::event::EventKind;
use crate::store::Error;

/// Takes out impacts and notes that a full reading did not have. A note that came from there goes here, too.
pub fn sweep(connection: &Connection, round: i64, now: DateTime<Utc>) -> Result<(), Error> {
    elsewhere::lack(connection)?;
    let mut query = connection.prepare_cached(
        "SELECT n.id FROM nautobot_note b JOIN note n ON n.id = b.note WHERE b.round < ?1 AND n.who = ?2
             AND n.removed_at IS NULL AND b.round <> ?3",
    )?;
    let rows = query.query_map((round, NAUTOBOT, mirror::ELSEWHERE), |row| row.get(0))?;
    let notes: Vec<NoteKey> = rows.collect::<rusqlite::Result<_>>()?;
    let actor = Actor { who: NAUTOBOT.to_owned(), at: now };
    silently(connection, |connection| action::undo(connection, &Inverse::RemoveNotes(notes), &actor).map(|_| ()))?;
    for table in ["nautobot_impact", "nautobot_note"] {
        let missing = format!("SELECT maintenance FROM {table} WHERE round < ?1");
        connection.execute(&format!("UPDATE nautobot_maintenance SET dirty = 1 WHERE id IN ({missing})"), [round])?;
        connection.execute(&format!("DELETE FROM {table} WHERE round < ?1"), [round])?;
    }
    Ok(())
}

/// Takes out a maintenance that is no longer in Nautobot. One that came from there and that nobody here worked on goes
/// here, too.
pub fn gone(connection: &Connection, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(there) = content::there(connection, id)? else { return Ok(()) };
    forget(connection, id)?;
    super::note::lose(connection, id)?;
    let here = content::here(connection, &there.provider, &there.maintenance_id)?;
    for (key, _) in here.iter().flat_map(|here| &here.windows) {
        tell(connection, *key, EventKind::GoneFromNautobot, &[], now)?;
    }
    for table in ["nautobot_impact", "nautobot_note"] {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE maintenance = ?1"))?.execute([id])?;
    }
    connection.prepare_cached("DELETE FROM nautobot_maintenance WHERE id = ?1")?.execute([id])?;
    journal::forget(connection, id)?;
    outbox::dispute(connection, &there.provider, &there.maintenance_id, &[], now)?;
    match namesake::make_room(connection, &there.provider, &there.maintenance_id)? {
        Some(other) => one(connection, &other, &Manner::of_one(now)),
        None => Ok(()),
    }
}

/// Takes out the maintenance of a record that came from there and that nobody here worked on.
pub(super) fn forget(connection: &Connection, id: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "DELETE FROM maintenance WHERE noticed = 0 AND id = (SELECT maintenance FROM nautobot_maintenance WHERE id = ?1)
                 AND ticket = '' AND assignee = ''
                 -- Whatever somebody did is in the history: what they set, took back, or attached.
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.maintenance = maintenance.id AND e.who <> ?2)
                 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.maintenance = maintenance.id
                     AND e.notification IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM note n WHERE n.maintenance = maintenance.id AND n.who <> ?2)
                 AND NOT EXISTS (SELECT 1 FROM acknowledgement a WHERE a.maintenance = maintenance.id AND a.who <> ?2)
                 AND NOT EXISTS (SELECT 1 FROM by_hand b WHERE b.maintenance = maintenance.id)",
        )?
        .execute((id, NAUTOBOT))?;
    Ok(())
}
