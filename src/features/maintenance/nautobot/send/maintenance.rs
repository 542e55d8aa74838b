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
use crate::features::maintenance::nautobot::store::content::{self, Content, Here, NONEXISTENT};
use crate::features::maintenance::nautobot::store::outbox::{self, State};
use crate::features::maintenance::nautobot::store::{mirror, reconcile, setting};
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
        // Somebody else made it, and it was never seen before.
        let is_strange = !known.met && record.id != self.entry.object;
        if let Some(ended) = self.still_waits().await? {
            return Ok(ended);
        }
        // As it is after what changed there was taken over.
        let known = self.known().await?;
        let Some(here) = known.here else { return self.nothing_to_send().await };
        if known.undecided && !self.entry.anyway {
            let reason = "something else is said than what was set by hand: take that, or keep yours";
            return Ok(Ended::Stays(State::Conflict, reason.to_owned()));
        }
        if let Some(ended) = self.first_meeting(&record, &here, is_strange).await? {
            return Ok(ended);
        }
        let record = self.change(record, &here).await?;
        let impacts = self.impacts(&record.id, &here.content.circuits).await?;
        let notes = self.tell_unmatched(&record.id, &here.unmatched).await?;
        let entry = self.entry.clone();
        self.store
            .write(move |connection| {
                see(connection, &record, &impacts)?;
                mirror::notes(connection, setting::progress(connection)?.round, &notes)?;
                if let Some(there) = content::there(connection, &record.id)? {
                    reconcile::settle(connection, &there, None)?;
                }
                outbox::sent(connection, &entry)
            })
            .await?;
        Ok(Ended::Done)
    }

    /// Of a record that was never seen before, and says something else, the newer counts: a notice that was made after its
    /// last change may change it, all others wait for somebody.
    async fn first_meeting(&self, record: &Maintenance, here: &Here, is_strange: bool) -> Result<Option<Ended>, Error> {
        let newest = here.windows.iter().map(|(_, state)| state.order.stamp).max().unwrap_or_default();
        if !is_strange || self.entry.anyway || newest.timestamp_micros() >= record.updated {
            return Ok(None);
        }
        let id = record.id.clone();
        let there = self.store.read(move |connection| content::there(connection, &id)).await?;
        let differs = there.filter(|there| !there.content.says_the_same(&here.content));
        Ok(differs.map(|there| {
            let reason = format!("Nautobot says {}; here it says {}", there.content.told(), here.content.told());
            Ended::Stays(State::Conflict, reason)
        }))
    }

    /// Makes the record. One that is there under our UUID was made by an earlier try.
    async fn make(&self, name: &str, known: &Known) -> Result<Maintenance, Error> {
        let Some(here) = &known.here else { return Err(senseless("a maintenance")) };
        let mut body = fields(&here.content);
        body.insert("id".to_owned(), json!(self.entry.object));
        body.insert("name".to_owned(), json!(name));
        body.insert("ack".to_owned(), json!(here.content.ack));
        match self.client.write(Method::POST, MAINTENANCE, Some(&Value::Object(body))).await {
            Ok(made) => Maintenance::of(&made).ok_or_else(|| senseless("the maintenance that was made")),
            Err(Error::Refused { what, why }) => {
                let ours = self.client.object::<Maintenance>(MAINTENANCE, &self.entry.object).await?;
                let found = match ours {
                    Some(ours) => Some(ours),
                    // Somebody else made it between our look and our try.
                    None => self.client.maintenance_named(name).await?,
                };
                found.ok_or(Error::Refused { what, why })
            }
            Err(error) => Err(error),
        }
    }

    /// Changes what differs in the record, and nothing else.
    async fn change(&self, record: Maintenance, here: &Here) -> Result<Maintenance, Error> {
        let wanted = &here.content;
        let mut body = fields(wanted);
        let same: [(&str, bool); 4] = [
            ("start_time", record.start == wanted.start),
            ("end_time", record.end == wanted.end),
            ("status", record.status == wanted.status),
            // An empty summary is none to overwrite another with.
            ("description", record.description == wanted.description || wanted.description.is_empty()),
        ];
        for (field, _) in same.iter().filter(|(_, is_same)| *is_same) {
            body.remove(*field);
        }
        if body.is_empty() {
            return Ok(record);
        }
        // As the app does it: what has changed asks for a new acknowledgement.
        if record.ack && !wanted.ack {
            body.insert("ack".to_owned(), json!(false));
        }
        let path = format!("{MAINTENANCE}{}/", record.id);
        let changed = self.client.write(Method::PATCH, &path, Some(&Value::Object(body))).await?;
        Maintenance::of(&changed).ok_or_else(|| senseless("the maintenance that was changed"))
    }

    /// Brings the impacts up to date; answers them all.
    async fn impacts(&self, id: &str, wanted: &BTreeMap<String, Impact>) -> Result<Vec<CircuitImpact>, Error> {
        let of_it = [id.to_owned()];
        let there = self.client.impacts_of(&of_it).await?;
        let known = |circuit: &String| there.iter().find(|one| one.circuit == *circuit);
        let made: Vec<Value> = wanted
            .iter()
            .filter(|(circuit, _)| known(circuit).is_none())
            .map(|(circuit, impact)| {
                json!({"id": follows(&[id, circuit]), "maintenance": id, "circuit": circuit, "impact": impact.as_str()})
            })
            .collect();
        let changed: Vec<Value> = wanted
            .iter()
            .filter_map(|(circuit, impact)| {
                let one = known(circuit).filter(|one| one.impact != *impact)?;
                Some(json!({"id": one.id, "impact": impact.as_str()}))
            })
            .collect();
        let gone: Vec<&CircuitImpact> = there.iter().filter(|one| !wanted.contains_key(&one.circuit)).collect();
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
    async fn tell_unmatched(&self, id: &str, unmatched: &[String]) -> Result<Vec<Note>, Error> {
        let mut notes = Vec::new();
        let maintenance = id.to_owned();
        let known: Vec<String> = self
            .store
            .read(move |connection| Ok(content::there(connection, &maintenance)?.map(|there| there.unmatched)))
            .await?
            .unwrap_or_default();
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

/// The fields of a maintenance; times always with `Z`, for others are read in the server's zone.
fn fields(content: &Content) -> Map<String, Value> {
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
