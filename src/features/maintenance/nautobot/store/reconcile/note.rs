//! Notes, as they are written there and as they come from there.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::{Manner, NAUTOBOT};
use crate::features::maintenance::nautobot::store::content::{self, NONEXISTENT, There};
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::nautobot::wire::follows;
use crate::features::maintenance::store::action::{self, Actor, Inverse};
use crate::features::maintenance::store::{MaintenanceKey, NoteKey};
use crate::store::Error;
use crate::text::clean_text;

/// Between the text of a note and who wrote it.
const SIGNED: &str = "\n\n-- ";
/// How the text of a note begins that was taken back.
pub const TAKEN_BACK: &str = "[taken back by ";

/// Notes there that are none here yet become ones; those of circuits that the app does not know are none.
pub(super) fn take(connection: &Connection, there: &There, manner: &Manner) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, title, comment, updated, note FROM nautobot_note n WHERE maintenance = ?1
             AND substr(title, 1, length(?2)) <> ?2 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.object = n.id)
         ORDER BY updated, id",
    )?;
    let rows = query.query_map((&there.id, NONEXISTENT), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, Option<NoteKey>>(4)?,
        ))
    })?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if found.is_empty() {
        return write_again(connection, there);
    }
    let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? else { return Ok(()) };
    let Some((key, _)) = here.windows.first() else { return Ok(()) };
    for (id, title, comment, updated, known) in found {
        let at = DateTime::from_timestamp_micros(updated).unwrap_or(manner.now).min(manner.now);
        let (who, text) = author(&title, &comment);
        let is_gone = text.starts_with(TAKEN_BACK);
        match known {
            Some(note) if is_gone => {
                let actor = Actor { who: NAUTOBOT.to_owned(), at };
                silently(connection, |connection| {
                    action::undo(connection, &Inverse::RemoveNotes(vec![note]), &actor).map(|_| ())
                })?;
            }
            // One that was written there can be changed there; ours stay as they were written.
            Some(note) => {
                connection
                    .prepare_cached("UPDATE note SET text = ?2 WHERE id = ?1 AND who = ?3 AND text <> ?2")?
                    .execute((note, text, NAUTOBOT))?;
            }
            None if is_gone => {}
            // Its record was gone for a while, or it was written from here and nobody heard so.
            None if let Some(same) = same(connection, *key, &who, &text)? => link(connection, &id, same)?,
            None => {
                let actor = Actor { who, at };
                let mut done = action::Done::default();
                silently(connection, |connection| {
                    done = action::add_note(connection, &[*key], &text, &actor)?;
                    Ok(())
                })?;
                if let Some(Inverse::RemoveNotes(notes)) = &done.inverse {
                    if let Some(note) = notes.first() {
                        link(connection, &id, *note)?;
                    }
                    // Nobody here wrote it, so nobody here undoes it.
                    action::forget_undo(connection, done.inverse.as_ref())?;
                }
            }
        }
    }
    write_again(connection, there)
}

/// Keeps in mind which notes go there with their record: they are to be there again with one that takes its place.
pub(super) fn lose(connection: &Connection, record: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO nautobot_lost_note (note, object) SELECT n.id, b.id FROM nautobot_note b
             JOIN note n ON n.id = b.note WHERE b.maintenance = ?1 AND n.who <> ?2 AND n.removed_at IS NULL",
        )?
        .execute((record, NAUTOBOT))?;
    Ok(())
}

/// Notes that went there with the record before this one, and did not come back with it, are to be written there again. Their
/// UUIDs follow from those that they had: others who had them there do not make them twice, and what the log of changes says
/// of those that went is not said of these.
fn write_again(connection: &Connection, there: &There) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT l.note, l.object, n.who, n.at, n.removed_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM nautobot_note b WHERE b.note = n.id)
         FROM maintenance m JOIN note n ON n.maintenance = m.id JOIN nautobot_lost_note l ON l.note = n.id
         WHERE m.provider = ?1 AND m.maintenance_id = ?2 ORDER BY n.at, n.id",
    )?;
    let rows = query.query_map((&there.provider, &there.maintenance_id), |row| {
        let at = DateTime::from_timestamp(row.get(3)?, 0).unwrap_or_default();
        let actor = Actor { who: row.get(2)?, at };
        Ok((row.get::<_, NoteKey>(0)?, row.get::<_, String>(1)?, actor, row.get::<_, bool>(4)?))
    })?;
    for (note, object, actor, is_lost) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        if is_lost {
            outbox::note_again(
                connection,
                (&there.provider, &there.maintenance_id),
                (note, &follows(&[&object, "again"])),
                &actor,
            )?;
        }
        connection.prepare_cached("DELETE FROM nautobot_lost_note WHERE note = ?1")?.execute([note])?;
    }
    Ok(())
}

/// The note here that says the same, and is none there yet. One that was taken back here stays so.
fn same(connection: &Connection, key: MaintenanceKey, who: &str, text: &str) -> Result<Option<NoteKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id FROM note n WHERE n.maintenance = ?1 AND n.who = ?2 AND n.text = ?3
             AND NOT EXISTS (SELECT 1 FROM nautobot_note b WHERE b.note = n.id)
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'note' AND o.note = n.id)
         ORDER BY n.removed_at IS NOT NULL, n.id LIMIT 1",
    )?;
    Ok(query.query_row((key, who, clean_text(text).trim()), |row| row.get(0)).optional()?)
}

/// A note there is this one here.
fn link(connection: &Connection, id: &str, note: NoteKey) -> Result<(), Error> {
    connection.prepare_cached("UPDATE nautobot_note SET note = ?2 WHERE id = ?1")?.execute((id, note))?;
    Ok(())
}

/// Does something with notes that came from there, and so has not to be told there.
pub(super) fn silently(
    connection: &Connection,
    what: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let last: i64 = connection.query_row("SELECT coalesce(max(id), 0) FROM outbox", [], |row| row.get(0))?;
    what(connection)?;
    connection.prepare_cached("DELETE FROM outbox WHERE id > ?1 AND kind = 'note'")?.execute([last])?;
    Ok(())
}

/// A note as it is written there: what it says, and who says it, for there is no field for that.
#[must_use]
pub fn signed(text: &str, who: &str, at: DateTime<Utc>) -> String {
    format!("{text}{SIGNED}{who}, {} UTC", at.format("%Y-%m-%d %H:%M"))
}

/// Who wrote a note, and what it says.
fn author(title: &str, comment: &str) -> (String, String) {
    if let Some((text, signature)) = comment.rsplit_once(SIGNED)
        && let Some((who, when)) = signature.rsplit_once(", ")
        && when.ends_with(" UTC")
        && !who.is_empty()
        && !signature.contains('\n')
    {
        return (who.to_owned(), text.to_owned());
    }
    let text = if title.is_empty() { comment.to_owned() } else { format!("{title}\n{comment}") };
    (NAUTOBOT.to_owned(), text)
}
