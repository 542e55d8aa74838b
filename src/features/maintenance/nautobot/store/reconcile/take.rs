//! What is new there, into the windows here.

use chrono::{DateTime, TimeDelta};
use rusqlite::Connection;

use super::{Manner, NAUTOBOT, acknowledge, tell};
use crate::features::maintenance::model::{Circuit, Impact};
use crate::features::maintenance::nautobot::store::content::{Content, Here, There};
use crate::features::maintenance::nautobot::store::lines::Field;
use crate::features::maintenance::nautobot::store::{inventory, layer};
use crate::features::maintenance::store::action::{self, Actor};
use crate::features::maintenance::store::change::compare;
use crate::features::maintenance::store::event::EventKind;
use crate::features::maintenance::store::merge::{Order, State};
use crate::features::maintenance::store::{MaintenanceKey, by_hand, rows};
use crate::store::Error;

/// A record that nothing here knows becomes a maintenance.
pub(super) fn create(connection: &Connection, there: &There, manner: &Manner) -> Result<(), Error> {
    let updated = DateTime::from_timestamp_micros(there.updated.record).unwrap_or(manner.now).min(manner.now);
    let mut circuits = Vec::new();
    for (id, impact) in &there.content.circuits {
        if let Some(circuit_id) = inventory::cid(connection, id)? {
            circuits.push(Circuit { circuit_id, impact: *impact });
        }
    }
    // What happens to circuits that the app did not know is not said: the default is the worst.
    let unmatched = there.unmatched.iter().map(|id| Circuit { circuit_id: id.clone(), impact: Impact::Outage });
    circuits.extend(unmatched);
    circuits.sort_by(|a, b| a.circuit_id.cmp(&b.circuit_id));
    let Content { start, end, status, description, .. } = &there.content;
    let state = State {
        window: 1,
        account: String::new(),
        organizer: String::new(),
        uid: "0".to_owned(),
        summary: description.clone(),
        status: *status,
        start: *start,
        end: (*end).max(*start + TimeDelta::seconds(1)),
        order: Order { stamp: updated, sequence: 0 },
        circuits,
        says_cancelled: false,
    };
    let key = rows::create(connection, &there.provider, &there.maintenance_id, &state)?;
    // Of a full reading nothing is news but what is to come and waits for somebody.
    let is_seen = manner.is_first || *end < manner.now;
    connection
        .prepare_cached("UPDATE maintenance SET noticed = 0, seen_revision = iif(?2, revision, 0) WHERE id = ?1")?
        .execute((key, is_seen))?;
    tell(connection, key, EventKind::FromNautobot, &[], manner.now)?;
    if there.content.ack {
        let actor = Actor { who: NAUTOBOT.to_owned(), at: updated };
        acknowledge::quietly(connection, there, |connection| {
            action::acknowledge_as_it_is(connection, &[key], &actor).map(|_| ())
        })?;
    }
    Ok(())
}

/// Makes the only window here say what Nautobot says of these fields.
pub(super) fn changes(
    connection: &Connection,
    there: &There,
    here: &Here,
    fields: &[&Field],
    manner: &Manner,
) -> Result<(), Error> {
    let [(key, before)] = here.windows.as_slice() else { return Ok(()) };
    let (mut after, theirs) = (before.clone(), there.content.said());
    for field in fields {
        layer::put(connection, &mut after, (field, theirs.get(*field)))?;
    }
    apply(connection, *key, (before, after), there, manner)
}

/// Makes `before` into `after`, but for what was set by hand: as with a notice, that stays, and what is said instead stands
/// beside it until somebody takes it or keeps theirs.
fn apply(
    connection: &Connection,
    key: MaintenanceKey,
    (before, after): (&State, State),
    there: &There,
    manner: &Manner,
) -> Result<(), Error> {
    let changes = compare(before, &after);
    if changes.is_empty() {
        return Ok(());
    }
    let (state, changes, withheld) = match by_hand::of(connection, key)? {
        None => (after, changes, Vec::new()),
        Some(set) => {
            let held = by_hand::hold(&set, before, set.as_said_elsewhere(before, &after), None);
            by_hand::keep(connection, key, Some(&held.by_hand))?;
            (held.state, held.changes, held.withheld)
        }
    };
    if changes.is_empty() && withheld.is_empty() {
        return Ok(());
    }
    rows::update(connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
    let at = DateTime::from_timestamp_micros(there.updated.record).unwrap_or(manner.now).min(manner.now);
    connection
        .prepare_cached("UPDATE maintenance SET changed_at = ?2 WHERE id = ?1")?
        .execute((key, at.timestamp()))?;
    if !changes.is_empty() {
        tell(connection, key, EventKind::FromNautobot, &changes, manner.now)?;
    }
    if !withheld.is_empty() {
        tell(connection, key, EventKind::Withheld, &withheld, manner.now)?;
    }
    Ok(())
}
