//! What Nautobot says of a window's fields, laid over what mails say of them.
//!
//! Of each field the newest word counts: a mail's is as old as the mail, Nautobot's as old as [`lines`](super::lines) says. So
//! it does not matter which of the two is read first.

use rusqlite::{Connection, OptionalExtension as _};

use super::lines::{Agreed, Field, Said, Value};
use super::reconcile::keep;
use super::{inventory, meaning};
use crate::features::maintenance::inventory::folded;
use crate::features::maintenance::model::Circuit;
use crate::features::maintenance::store::by_hand;
use crate::features::maintenance::store::merge::State;
use crate::store::Error;

/// Puts what Nautobot says of a field into a window. `None` is a circuit that it does not hit.
pub fn put(connection: &Connection, state: &mut State, (field, value): (&Field, Option<&Value>)) -> Result<(), Error> {
    match (field, value) {
        (Field::Window, Some(Value::Window(start, end))) if end > start => {
            let time = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
            (state.start, state.end) = (time(*start), time(*end));
        }
        (Field::Status, Some(Value::Status(status))) => state.status = *status,
        (Field::Description, Some(Value::Text(text))) => state.summary.clone_from(text),
        (Field::Circuit(id), value) => put_circuit(connection, state, id, value)?,
        _ => {}
    }
    Ok(())
}

/// A circuit that came, went, or is hit otherwise.
fn put_circuit(connection: &Connection, state: &mut State, id: &str, value: Option<&Value>) -> Result<(), Error> {
    let Some(circuit_id) = inventory::cid(connection, id)? else { return Ok(()) };
    let is_it = |circuit: &Circuit| folded(&circuit.circuit_id) == folded(&circuit_id);
    let Some(Value::Impact(impact)) = value else {
        state.circuits.retain(|circuit| !is_it(circuit));
        return Ok(());
    };
    match state.circuits.iter_mut().find(|circuit| is_it(circuit)) {
        Some(circuit) => circuit.impact = *impact,
        None => state.circuits.push(Circuit { circuit_id, impact: *impact }),
    }
    Ok(())
}

/// What was agreed with Nautobot of a maintenance, and which.
pub struct Layer {
    /// The record's UUID.
    record: String,
    /// Under which provider it is filed.
    provider: String,
    /// The provider's id of it.
    maintenance_id: String,
    /// What was agreed.
    agreed: Agreed,
    /// When the mail was made, in microseconds since 1970.
    stamp: i64,
}

impl Layer {
    /// What Nautobot says of a maintenance since after a mail was made; `None` where that is nothing.
    pub fn newer(connection: &Connection, provider: &str, id: &str, stamp: i64) -> Result<Option<Self>, Error> {
        let mut query = connection.prepare_cached(
            "SELECT n.id, n.agreed FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
             WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND n.agreed IS NOT NULL",
        )?;
        let found = query.query_row([provider, id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).optional()?;
        let layer = found.and_then(|(record, agreed)| {
            let agreed: Agreed = serde_json::from_str(&agreed).ok()?;
            Some(Self { record, provider: provider.to_owned(), maintenance_id: id.to_owned(), agreed, stamp })
        });
        Ok(layer.filter(|layer| layer.agreed.is_newer_than(stamp)))
    }

    /// Lays it over what a mail says, and keeps that the mail said so; whether it says anything else.
    pub fn over(&self, connection: &Connection, state: &mut State) -> Result<bool, Error> {
        let before = state.clone();
        let mail = self.said(connection, state)?;
        for field in mail.keys().filter(|field| self.agreed.leaves_out(field, self.stamp)) {
            put(connection, state, (field, None))?;
        }
        for line in self.agreed.newer_than(self.stamp) {
            put(connection, state, line)?;
        }
        let mut agreed = self.agreed.clone();
        agreed.heard(&mail, self.stamp);
        keep(connection, &self.record, &agreed)?;
        Ok(*state != before)
    }

    /// What a mail says, line by line.
    fn said(&self, connection: &Connection, state: &State) -> Result<Said, Error> {
        let mut said = Said::from([
            (Field::Window, Value::Window(state.start.timestamp(), state.end.timestamp())),
            (Field::Status, Value::Status(state.status)),
        ]);
        if !state.summary.is_empty() {
            said.insert(Field::Description, Value::Text(state.summary.clone()));
        }
        for Circuit { circuit_id, impact } in &state.circuits {
            for id in meaning::of(connection, (&self.provider, &self.maintenance_id), circuit_id)?.circuits() {
                said.insert(Field::Circuit(id), Value::Impact(*impact));
            }
        }
        Ok(said)
    }

    /// A mail says something that cannot be laid under it: the two meet again.
    pub fn forget(&self, connection: &Connection) -> Result<(), Error> {
        connection
            .prepare_cached("UPDATE nautobot_maintenance SET agreed = NULL, dirty = 1 WHERE id = ?1")?
            .execute([&self.record])?;
        Ok(())
    }
}

/// What can be set by hand of a field.
#[must_use]
pub fn by_hand_of(field: &Field) -> Option<by_hand::Field> {
    match field {
        Field::Window => Some(by_hand::Field::Window),
        Field::Status => Some(by_hand::Field::Status),
        Field::Description => Some(by_hand::Field::Summary),
        Field::Circuit(_) => Some(by_hand::Field::Circuits),
        Field::Acknowledgement => None,
    }
}
