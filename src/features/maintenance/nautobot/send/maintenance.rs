//! A maintenance with its impacts, made or brought up to date there.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Ended, Known, Sending, nobody, see, senseless};
use crate::features::maintenance::model::Impact;
use crate::features::maintenance::nautobot::Error;
use crate::features::maintenance::nautobot::read::{IMPACT, MAINTENANCE, NOTE};
use crate::features::maintenance::nautobot::store::content::{Content, Here, NONEXISTENT};
use crate::features::maintenance::nautobot::store::lines::{Field, Verdict};
use crate::features::maintenance::nautobot::store::reconcile::{self, compare};
use crate::features::maintenance::nautobot::store::{mirror, outbox, setting};
use crate::features::maintenance::nautobot::wire::{self, CircuitImpact, Maintenance, Note, OfWire as _};

/// Impacts that are written at a time; the server takes some hundredths of a second for each.
const AT_A_TIME: usize = 100;
/// Circuits that Nautobot does not know and that are told to it.
const UNMATCHED: usize = 50;

impl Sending<'_> {
    /// A maintenance with its impacts.
    pub(super) async fn maintenance(&self) -> Result<Ended, Error> {
        let known = self.known().await?;
        if known.here.is_none() {
            return self.nothing_to_send().await;
        }
        let Some(name) = known.name.clone() else { return Ok(nobody(&self.entry.provider)) };
        let record = match self.record(&known).await? {
            Some(record) => record,
            None => self.make(&name, &known).await?,
        };
        if let Some(ended) = self.still_waits().await? {
            return Ok(ended);
        }
        // As it is after what changed there was taken over.
        let id = record.id.clone();
        let compared = self.store.read(move |connection| compare::now(connection, &id)).await?;
        let Some((there, here, compared)) = compared else { return self.nothing_to_send().await };
        let mut fields: Vec<Field> = compared.of(Verdict::Send).cloned().collect();
        let is_content = |field: &Field| *field != Field::Acknowledgement;
        if !fields.iter().any(is_content) {
            // What is made acknowledged, or not, is made as somebody wants it.
            fields.retain(is_content);
        }
        let is_disputed = compared.of(Verdict::Conflict).next().is_some();
        let (record, is_told) = self.change(record, &here, &fields).await?;
        if !is_told {
            fields.retain(is_content);
        }
        let impacts = self.impacts(&record.id, &here.content.circuits, &fields).await?;
        let notes = self.tell_unmatched(&record.id, &here.unmatched, &there.unmatched).await?;
        let is_made = record.id == self.entry.object;
        if is_made {
            fields.push(Field::Acknowledgement);
        }
        let is_nothing = fields.is_empty();
        let (entry, now) = (self.entry.clone(), self.now);
        self.store
            .write(move |connection| {
                see(connection, &record, &impacts)?;
                mirror::notes(connection, setting::progress(connection)?.round, &notes)?;
                reconcile::sent(connection, &record.id, &fields, now)?;
                if is_made {
                    outbox::forget_dropped(connection, &entry.provider, &entry.maintenance_id)?;
                }
                outbox::sent(connection, &entry)
            })
            .await?;
        Ok(if is_nothing && is_disputed { Ended::Disputed } else { Ended::Done })
    }

    /// Makes the record. One that is there under our UUID was made by an earlier try.
    async fn make(&self, name: &str, known: &Known) -> Result<Maintenance, Error> {
        let Some(here) = &known.here else { return Err(senseless("a maintenance")) };
        let (provider, id) = (self.entry.provider.clone(), self.entry.maintenance_id.clone());
        let is_dropped = self.store.read(move |connection| outbox::is_dropped(connection, &provider, &id)).await?;
        let mut body = all_fields(&here.content);
        body.insert("id".to_owned(), json!(self.entry.object));
        body.insert("name".to_owned(), json!(name));
        body.insert("ack".to_owned(), json!(here.content.ack && !is_dropped));
        let made = match self.client.write(Method::POST, MAINTENANCE, Some(&Value::Object(body))).await {
            Ok(made) => Maintenance::of(&made).ok_or_else(|| senseless("the maintenance that was made"))?,
            Err(Error::Refused { what, why }) => {
                let ours = self.client.object::<Maintenance>(MAINTENANCE, &self.entry.object).await?;
                let found = match ours {
                    Some(ours) => Some(ours),
                    // Somebody else made it between our look and our try.
                    None => self.client.maintenance_named(name).await?,
                };
                found.ok_or(Error::Refused { what, why })?
            }
            Err(error) => return Err(error),
        };
        self.take_over(&made).await?;
        Ok(made)
    }

    /// Changes what is newer here in the record, and nothing else; whether an acknowledgement that does not count any more
    /// was taken back with it.
    async fn change(&self, record: Maintenance, here: &Here, fields: &[Field]) -> Result<(Maintenance, bool), Error> {
        let mut body = all_fields(&here.content);
        body.retain(|name, _| fields.iter().any(|field| names_of(field).contains(&name.as_str())));
        let is_newer = fields.iter().any(Field::is_acknowledged);
        // As the app does it: what has changed asks for a new acknowledgement.
        let takes_back = is_newer && record.ack && fields.contains(&Field::Acknowledgement) && !here.content.ack;
        if takes_back {
            body.insert("ack".to_owned(), json!(false));
        }
        if body.is_empty() {
            return Ok((record, false));
        }
        let path = format!("{MAINTENANCE}{}/", record.id);
        let changed = self.client.write(Method::PATCH, &path, Some(&Value::Object(body))).await?;
        let changed = Maintenance::of(&changed).ok_or_else(|| senseless("the maintenance that was changed"))?;
        Ok((changed, takes_back))
    }

    /// Brings the impacts of these fields up to date; answers them all.
    async fn impacts(
        &self,
        id: &str,
        wanted: &BTreeMap<String, Impact>,
        fields: &[Field],
    ) -> Result<Vec<CircuitImpact>, Error> {
        let of_it = [id.to_owned()];
        let there = self.client.impacts_of(&of_it).await?;
        let is_meant = |circuit: &String| fields.contains(&Field::Circuit(circuit.clone()));
        let known = |circuit: &String| there.iter().find(|one| one.circuit == *circuit);
        let made: Vec<Value> = wanted
            .iter()
            .filter(|(circuit, _)| is_meant(circuit) && known(circuit).is_none())
            .map(|(circuit, impact)| {
                json!({"id": follows(&[id, circuit]), "maintenance": id, "circuit": circuit, "impact": impact.as_str()})
            })
            .collect();
        let changed: Vec<Value> = wanted
            .iter()
            .filter_map(|(circuit, impact)| {
                let one = known(circuit).filter(|one| is_meant(circuit) && one.impact != *impact)?;
                Some(json!({"id": one.id, "impact": impact.as_str()}))
            })
            .collect();
        let gone = |one: &&CircuitImpact| is_meant(&one.circuit) && !wanted.contains_key(&one.circuit);
        let gone: Vec<&CircuitImpact> = there.iter().filter(gone).collect();
        if made.is_empty() && changed.is_empty() && gone.is_empty() {
            return Ok(there);
        }
        for (method, bodies) in [(Method::POST, made), (Method::PATCH, changed)] {
            for batch in bodies.chunks(AT_A_TIME) {
                self.client.write(method.clone(), IMPACT, Some(&json!(batch))).await?;
            }
        }
        if !gone.is_empty() {
            let ids: Vec<Value> = gone.iter().map(|one| json!({"id": one.id})).collect();
            match self.client.write(Method::DELETE, IMPACT, Some(&json!(ids))).await {
                // Who may not delete says at least that nothing happens to the circuit.
                Err(Error::Forbidden { .. }) => {
                    let bodies: Vec<Value> = gone
                        .iter()
                        .filter(|one| one.impact != Impact::NoImpact)
                        .map(|one| json!({"id": one.id, "impact": Impact::NoImpact.as_str()}))
                        .collect();
                    if !bodies.is_empty() {
                        self.client.write(Method::PATCH, IMPACT, Some(&json!(bodies))).await?;
                    }
                }
                other => _ = other?,
            }
        }
        self.client.impacts_of(&of_it).await
    }

    /// Circuits that are in no inventory there are told in notes, as the app itself does it.
    async fn tell_unmatched(&self, id: &str, unmatched: &[String], known: &[String]) -> Result<Vec<Note>, Error> {
        let mut notes = Vec::new();
        for circuit in unmatched.iter().filter(|circuit| !known.contains(circuit)).take(UNMATCHED) {
            let title: String = format!("{NONEXISTENT}{circuit}").chars().take(200).collect();
            let object = follows(&[id, &title]);
            let body = json!({
                "id": object, "maintenance": id, "title": title, "level": "WARNING",
                "comment": format!("Circuit ID {circuit} referenced is not in the database."),
            });
            match self.client.write(Method::POST, NOTE, Some(&body)).await {
                Ok(made) => notes.extend(Note::of(&made)),
                // It is there: ours from an earlier try, or the app's.
                Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(notes)
    }
}

/// What a field is called there.
fn names_of(field: &Field) -> &'static [&'static str] {
    match field {
        Field::Window => &["start_time", "end_time"],
        Field::Status => &["status"],
        Field::Description => &["description"],
        // Objects of their own.
        Field::Circuit(_) => &[],
        Field::Acknowledgement => &["ack"],
    }
}

/// The fields of a maintenance; times always with `Z`, for others are read in the server's zone.
fn all_fields(content: &Content) -> Map<String, Value> {
    let time = |at: DateTime<Utc>| json!(at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let mut fields = Map::new();
    fields.insert("start_time".to_owned(), time(content.start));
    fields.insert("end_time".to_owned(), time(content.end));
    fields.insert("status".to_owned(), json!(wire::status_word(content.status)));
    fields.insert("description".to_owned(), json!(content.description));
    fields
}

/// A UUID that follows from what it is of: the same at every try (RFC 9562 §5.8).
fn follows(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
