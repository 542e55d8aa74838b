//! What somebody says of a conflict: ours, theirs, or each its own. A decision is about one field and about what both sides
//! say of it then: when one of them changes, it is looked at anew.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Manner, acknowledge, compare, keep, one};
use crate::features::maintenance::nautobot::store::content::{Here, There};
use crate::features::maintenance::nautobot::store::layer::by_hand_of;
use crate::features::maintenance::nautobot::store::lines::{Decision, Field, Verdict};
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::{MaintenanceKey, by_hand};
use crate::store::Error;

/// The record of a maintenance.
fn record(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE m.provider = ?1 AND m.maintenance_id = ?2",
    )?;
    Ok(query.query_row([provider, maintenance_id], |row| row.get(0)).optional()?)
}

/// Somebody decides about fields of a maintenance. Answers whether there is a record to decide about.
pub fn decide(
    connection: &Connection,
    (provider, maintenance_id): (&str, &str),
    fields: &[Field],
    decision: Decision,
    actor: &Actor,
) -> Result<bool, Error> {
    let Some(id) = record(connection, provider, maintenance_id)? else { return Ok(false) };
    let Some((there, here, compared)) = compare::now(connection, &id)? else { return Ok(false) };
    let mut agreed = compared.agreed;
    for field in fields {
        agreed.decide(field, &here.content.said(), &there.content.said(), decision);
        if *field == Field::Acknowledgement {
            of_acknowledgement(connection, (&there, &here), decision, actor)?;
        } else {
            of_hand(connection, &here, field, decision)?;
        }
    }
    keep(connection, &id, &agreed)?;
    one(connection, &id, &Manner::of_one(actor.at))?;
    if decision == Decision::Ours && fields.iter().any(|field| *field != Field::Acknowledgement) {
        outbox::changed(connection, provider, maintenance_id, actor)?;
    }
    Ok(true)
}

/// Whoever decides about an acknowledgement has seen both sides.
fn of_acknowledgement(
    connection: &Connection,
    (there, here): (&There, &Here),
    decision: Decision,
    actor: &Actor,
) -> Result<(), Error> {
    let keys: Vec<MaintenanceKey> = here.windows.iter().map(|(key, _)| *key).collect();
    match decision {
        Decision::Theirs => acknowledge::set(connection, there, &keys, there.content.ack, actor),
        Decision::Ours => outbox::acknowledged(connection, &keys, actor),
        Decision::Neither => Ok(()),
    }
}

/// What was set by hand is not, where theirs counts, and stays, where it does not.
fn of_hand(connection: &Connection, here: &Here, field: &Field, decision: Decision) -> Result<(), Error> {
    for (key, _) in &here.windows {
        let Some(mut set) = by_hand::of(connection, *key)? else { continue };
        if !set.fields.iter().any(|set| Some(*set) == by_hand_of(field)) {
            continue;
        }
        if decision == Decision::Theirs {
            set.fields.retain(|set| Some(*set) != by_hand_of(field));
        }
        set.is_news = false;
        by_hand::keep(connection, *key, Some(&set))?;
    }
    Ok(())
}

/// Nobody wants it to be written any more that something is newer here: each side keeps its own.
pub fn leave(
    connection: &Connection,
    (provider, maintenance_id): (&str, &str),
    is_left: impl Fn(&Field) -> bool,
    actor: &Actor,
) -> Result<bool, Error> {
    let Some(id) = record(connection, provider, maintenance_id)? else { return Ok(false) };
    let Some((.., compared)) = compare::now(connection, &id)? else { return Ok(false) };
    let fields: Vec<Field> = compared.of(Verdict::Send).filter(|field| is_left(field)).cloned().collect();
    decide(connection, (provider, maintenance_id), &fields, Decision::Neither, actor)
}

/// Somebody said whose word counts for what was set by hand in a window: theirs are taken by then, or ours are kept.
pub fn by_hand(
    connection: &Connection,
    (provider, maintenance_id): (&str, &str),
    set: &[by_hand::Field],
    keeps: bool,
    actor: &Actor,
) -> Result<(), Error> {
    let Some(id) = record(connection, provider, maintenance_id)? else { return Ok(()) };
    let Some((_, _, compared)) = compare::now(connection, &id)? else { return Ok(()) };
    if keeps {
        let is_of_it = |field: &&Field| by_hand_of(field).is_some_and(|field| set.contains(&field));
        let fields: Vec<Field> = compared.of(Verdict::Conflict).filter(is_of_it).cloned().collect();
        decide(connection, (provider, maintenance_id), &fields, Decision::Ours, actor)?;
        return Ok(());
    }
    one(connection, &id, &Manner::of_one(actor.at))
}
