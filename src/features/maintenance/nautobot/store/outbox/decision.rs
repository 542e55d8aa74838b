//! Conflicts, and what people say of them and of what waits: sent again, taken over, or dropped.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::{Entry, Kind, State, chosen, short};
use crate::features::maintenance::nautobot::store::lines::{Decision, Field};
use crate::features::maintenance::nautobot::store::reconcile::{NAUTOBOT, decide};
use crate::features::maintenance::nautobot::store::setting::switches;
use crate::features::maintenance::store::action::Actor;
use crate::store::Error;

/// These fields of a maintenance are in conflict, each for a reason, and no others.
pub fn dispute(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    conflicts: &[(Field, String)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, field FROM outbox WHERE kind = 'maintenance' AND provider = ?1 AND maintenance_id = ?2
                 AND field <> ''",
    )?;
    let rows = query.query_map([provider, maintenance_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows.collect::<rusqlite::Result<Vec<(i64, String)>>>()? {
        if !conflicts.iter().any(|(field, _)| String::from(field.clone()) == row.1) {
            connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([row.0])?;
        }
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO outbox (at, who, kind, provider, maintenance_id, field, object, state, reason)
         VALUES (?1, ?2, 'maintenance', ?3, ?4, ?5, '', 'conflict', ?6)
         ON CONFLICT DO UPDATE SET reason = ?6 WHERE reason <> ?6",
    )?;
    for (field, reason) in conflicts {
        let (at, who, field) = (now.timestamp(), NAUTOBOT, String::from(field.clone()));
        put.execute((at, who, provider, maintenance_id, field, short(reason)))?;
    }
    Ok(())
}

/// Conflicts about maintenances that are over by now are none of anybody's business.
pub fn settle_what_is_over(connection: &Connection, now: DateTime<Utc>) -> Result<(), Error> {
    connection
        .prepare_cached(
            "DELETE FROM outbox WHERE field <> '' AND NOT EXISTS (SELECT 1 FROM maintenance m
                 WHERE m.provider = outbox.provider AND m.maintenance_id = outbox.maintenance_id AND m.ends_at > ?1)
             AND NOT EXISTS (SELECT 1 FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
                 WHERE m.provider = outbox.provider AND m.maintenance_id = outbox.maintenance_id AND n.ends_at > ?1)",
        )?
        .execute([now.timestamp()])?;
    Ok(())
}

/// Whether an entry is a conflict about a maintenance while none is written to Nautobot: deciding for ours would leave it as it
/// is there.
pub fn is_unwritten(connection: &Connection, entry: &Entry) -> Result<bool, Error> {
    let is_content = entry.field.as_ref().is_some_and(|field| *field != Field::Acknowledgement);
    Ok(is_content && !switches(connection)?.writes)
}

/// Lets entries be sent again, all or these. What is in conflict stays so unless `anyway` says that what is there be
/// overwritten, and something can be; of what is not in conflict it says nothing, for nobody has seen yet what would be
/// overwritten. Answers the entries that were meant.
pub fn retry(connection: &Connection, ids: &[i64], anyway: bool, actor: &Actor) -> Result<Vec<Entry>, Error> {
    let chosen = chosen(connection, ids)?;
    for entry in &chosen {
        if anyway
            && let Some(field) = &entry.field
            && !is_unwritten(connection, entry)?
        {
            settle(connection, entry, field, Decision::Ours, actor)?;
        }
        connection
            .prepare_cached(
                "UPDATE outbox SET state = 'waiting', anyway = iif(state = 'conflict', max(anyway, ?2), anyway), reason = '',
                     absent = 0
                 WHERE id = ?1 AND field = '' AND (?2 OR state <> 'conflict' OR kind = 'acknowledgement')",
            )?
            .execute((entry.id, anyway))?;
    }
    Ok(chosen)
}

/// Takes over what Nautobot says where entries are in conflict with it. Answers those of which that could be: what it says
/// of one window cannot be said of several.
pub fn take(connection: &Connection, ids: &[i64], actor: &Actor) -> Result<Vec<Entry>, Error> {
    let mut taken = chosen(connection, ids)?;
    taken.retain(|entry| entry.state == State::Conflict && entry.kind != Kind::Note);
    for entry in &taken {
        let field = entry.field.clone().unwrap_or(Field::Acknowledgement);
        connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([entry.id])?;
        settle(connection, entry, &field, Decision::Theirs, actor)?;
    }
    let mut left = Vec::new();
    for entry in taken {
        let field = entry.field.clone().map(String::from).unwrap_or_default();
        let mut query = connection.prepare_cached(
            "SELECT 1 FROM outbox WHERE kind = 'maintenance' AND provider = ?1 AND maintenance_id = ?2 AND field = ?3
                 AND state = 'conflict'",
        )?;
        if !query.exists([&entry.provider, &entry.maintenance_id, &field])? {
            left.push(entry);
        }
    }
    Ok(left)
}

/// Takes entries out for good: they are never sent. What they would have changed is left as it is on both sides, until one of
/// them changes.
pub fn drop(connection: &Connection, ids: &[i64], actor: &Actor) -> Result<Vec<Entry>, Error> {
    let dropped = if ids.is_empty() { Vec::new() } else { chosen(connection, ids)? };
    for entry in &dropped {
        connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([entry.id])?;
        let name = (&*entry.provider, &*entry.maintenance_id);
        match (entry.kind, &entry.field) {
            (_, Some(field)) => settle(connection, entry, field, Decision::Neither, actor)?,
            (Kind::Maintenance, None) => {
                let is_content = |field: &Field| *field != Field::Acknowledgement;
                decide::leave(connection, name, is_content, actor)?;
            }
            (Kind::Acknowledgement, None) => {
                let is_it = |field: &Field| *field == Field::Acknowledgement;
                if !decide::leave(connection, name, is_it, actor)? {
                    not_to_be_told(connection, entry)?;
                }
            }
            (Kind::Note, None) => {}
        }
    }
    Ok(dropped)
}

/// Somebody decides about a conflict.
fn settle(
    connection: &Connection,
    entry: &Entry,
    field: &Field,
    decision: Decision,
    actor: &Actor,
) -> Result<(), Error> {
    let fields = std::slice::from_ref(field);
    decide::decide(connection, (&entry.provider, &entry.maintenance_id), fields, decision, actor)?;
    Ok(())
}

/// An acknowledgement is not to be told when the maintenance is made there.
fn not_to_be_told(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (at, who, kind, provider, maintenance_id, object, state)
             VALUES (?1, ?2, 'acknowledgement', ?3, ?4, ?5, 'dropped')",
        )?
        .execute((entry.at.timestamp(), &entry.who, &entry.provider, &entry.maintenance_id, &entry.object))?;
    Ok(())
}

/// That was heeded.
pub fn forget_dropped(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE provider = ?1 AND maintenance_id = ?2 AND state = 'dropped'")?
        .execute([provider, maintenance_id])?;
    Ok(())
}

/// Whether nobody wants it to be told that a maintenance is acknowledged, which Nautobot does not have yet.
pub fn is_dropped(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM outbox WHERE kind = 'acknowledgement' AND provider = ?1 AND maintenance_id = ?2
             AND state = 'dropped'",
    )?;
    Ok(query.exists([provider, maintenance_id])?)
}
