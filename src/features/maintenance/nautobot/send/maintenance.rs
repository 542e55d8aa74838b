//! A maintenance with its impacts, made or brought up to date there.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Ended, Known, Sending, nobody, see, senseless};
use crate::features::maintenance::model::Impact;
use crate::features::maintenance::nautobot::Error;
use crate::features::maintenance::nautobot::read::{IMPACT, MAINTENANCE, NOTE};
use crate::features::maintenance::nautobot::store::content::{Content, Here, NONEXISTENT, There};
use crate::features::maintenance::nautobot::store::lines::{Field, Value as Word, Verdict};
use crate::features::maintenance::nautobot::store::reconcile;
use crate::features::maintenance::nautobot::store::reconcile::compare::{self, Compared};
use crate::features::maintenance::nautobot::store::{journal, mirror, outbox, setting};
use crate::features::maintenance::nautobot::wire::{self, CircuitImpact, Maintenance, Note, OfWire as _, follows};

/// A record may be half made for so long: whoever makes it adds its circuits one request later.
const BEING_MADE: Duration = Duration::from_mins(5);
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
        if let Some(ended) = self.another(&record.id).await? {
            return Ok(ended);
        }
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
        let is_reset = self.asks_anew((&there, &here), &compared, &fields);
        fields.retain(is_content);
        if is_reset {
            fields.push(Field::Acknowledgement);
        }
        let record = self.change(record, &here, &compared, &fields).await?;
        let (impacts, deleted) = self.impacts(&record.id, &here.content.circuits, &fields).await?;
        let gone = self.gone(&record.id, &impacts, &deleted).await?;
        let notes = self.tell_unmatched(&record.id, &here.unmatched, &there.unmatched).await?;
        let is_made = record.id == self.entry.object;
        if is_made {
            fields.push(Field::Acknowledgement);
        }
        let is_nothing = fields.is_empty();
        let is_needless = is_nothing && notes.is_empty();
        let (entry, now) = (self.entry.clone(), self.now);
        self.store
            .write(move |connection| {
                see(connection, &record, &impacts, &gone)?;
                mirror::notes(connection, setting::progress(connection)?.round, &notes)?;
                reconcile::sent(connection, &record.id, &fields, now)?;
                if is_made {
                    outbox::forget_dropped(connection, &entry.provider, &entry.maintenance_id)?;
                }
                outbox::sent(connection, &entry)
            })
            .await?;
        Ok(match (is_needless, is_nothing && is_disputed) {
            (_, true) => Ended::Disputed,
            (true, false) => Ended::Needless,
            (false, false) => Ended::Done,
        })
    }

    /// Makes the record. One that is there under our UUID was made by an earlier try.
    async fn make(&self, name: &str, known: &Known) -> Result<Maintenance, Error> {
        let Some(here) = &known.here else { return Err(senseless("a maintenance")) };
        let (provider, id) = (self.entry.provider.clone(), self.entry.maintenance_id.clone());
        let is_dropped = self.store.read(move |connection| outbox::is_dropped(connection, &provider, &id)).await?;
        let mut body = all_fields(&here.content);
        body.insert("id".to_owned(), json!(self.entry.object));
        body.insert("name".to_owned(), json!(name));
        let is_acknowledged = here.content.ack && !is_dropped;
        body.insert("ack".to_owned(), json!(is_acknowledged));
        if let Some(origin) = &known.origin {
            let mut said = here.content.said();
            said.insert(Field::Acknowledgement, Word::Acknowledged(is_acknowledged));
            let fields = [Field::Window, Field::Status, Field::Description, Field::Acknowledgement];
            self.write_down(&self.entry.object, &fields, &said, origin).await?;
        }
        let made = match self.client.write(Method::POST, MAINTENANCE, Some(&Value::Object(body))).await {
            Ok(made) => Maintenance::of(&made).ok_or_else(|| senseless("the maintenance that was made"))?,
            Err(Error::Refused { what, why }) => {
                let ours = self.client.object::<Maintenance>(MAINTENANCE, &self.entry.object).await?;
                let found = match ours {
                    Some(ours) => Some(ours),
                    // Somebody else made it between our look and our try.
                    None => self.client.maintenance_named(name).await?,
                };
                let is_taken = why.contains("already exists");
                let unseen = || Error::Unseen { name: name.to_owned() };
                let found = found.ok_or_else(|| if is_taken { unseen() } else { Error::Refused { what, why } })?;
                if found.id != self.entry.object {
                    let object = self.entry.object.clone();
                    self.store.write(move |connection| journal::forget(connection, &object)).await?;
                }
                found
            }
            Err(error) => return Err(error),
        };
        self.take_over(&made).await?;
        Ok(made)
    }

    /// Whether an acknowledgement there does not count any more when these fields are written: it was of what was there, be it
    /// given this very moment. As the app does it: what has changed asks for a new one, unless there is one here, or somebody
    /// knew that the two differ. Completing a record that is half made changes nothing that anybody saw.
    fn asks_anew(&self, (there, here): (&There, &Here), compared: &Compared, fields: &[Field]) -> bool {
        let is_newer = fields.iter().any(Field::is_acknowledged);
        if !is_newer || here.content.ack || compared.is(&Field::Acknowledgement, Verdict::Apart) {
            return false;
        }
        // Nobody has acknowledged, nor changed anything else, since it was made, and that was just now.
        let is_untouched = there.updated.record / 1_000_000 <= there.created + 1
            && there.created.abs_diff(self.now.timestamp()) <= BEING_MADE.as_secs();
        let is_being_made = is_untouched && (there.id == self.entry.object || compared.agreed.is_bare());
        let is_half = there.content.circuits.is_empty() && is_being_made;
        let completes = is_half && !fields.iter().any(|field| matches!(field, Field::Window | Field::Status));
        !completes || fields.contains(&Field::Acknowledgement)
    }

    /// Changes what is newer here in the record, and nothing else, once it is written down. With the acknowledgement goes
    /// that it does not count any more.
    async fn change(
        &self,
        record: Maintenance,
        here: &Here,
        compared: &Compared,
        fields: &[Field],
    ) -> Result<Maintenance, Error> {
        if fields.is_empty() {
            return Ok(record);
        }
        self.write_down(&record.id, fields, &here.content.said(), &compared.origin).await?;
        let mut body = all_fields(&here.content);
        body.insert("ack".to_owned(), json!(here.content.ack));
        body.retain(|name, _| fields.iter().any(|field| names_of(field).contains(&name.as_str())));
        if body.is_empty() {
            return Ok(record);
        }
        if body.keys().eq(["ack"]) {
            // Only its circuits are newer. Where nobody has acknowledged it, not even this very moment, nothing is to be changed.
            let now = self.client.object::<Maintenance>(MAINTENANCE, &record.id).await?;
            if let Some(now) = now.filter(|now| now.ack == here.content.ack) {
                return Ok(now);
            }
        }
        let path = format!("{MAINTENANCE}{}/", record.id);
        let changed = self.client.write(Method::PATCH, &path, Some(&Value::Object(body))).await?;
        Maintenance::of(&changed).ok_or_else(|| senseless("the maintenance that was changed"))
    }

    /// Brings the impacts of these fields up to date; answers them all, and the UUIDs of those that were deleted.
    async fn impacts(
        &self,
        id: &str,
        wanted: &BTreeMap<String, Impact>,
        fields: &[Field],
    ) -> Result<(Vec<CircuitImpact>, Vec<String>), Error> {
        let of_it = [id.to_owned()];
        let mut there = self.client.impacts_of(&of_it).await?;
        let is_meant = |circuit: &String| fields.contains(&Field::Circuit(circuit.clone()));
        for is_last in [false, true] {
            let known = |circuit: &String| there.iter().any(|one| one.circuit == *circuit);
            let made: Vec<Value> = wanted
                .iter()
                .filter(|(circuit, _)| is_meant(circuit) && !known(circuit))
                .map(|(circuit, impact)| {
                    let made = follows(&[id, circuit]);
                    json!({"id": made, "maintenance": id, "circuit": circuit, "impact": impact.as_str()})
                })
                .collect();
            match self.write_impacts(Method::POST, &made).await {
                // Somebody else makes them at the same time: what is left is made.
                Err(Error::Refused { .. }) if !is_last => there = self.client.impacts_of(&of_it).await?,
                written => {
                    written?;
                    break;
                }
            }
        }
        let changed: Vec<Value> = there
            .iter()
            .filter(|one| is_meant(&one.circuit))
            .filter_map(|one| wanted.get(&one.circuit).filter(|impact| **impact != one.impact).map(|it| (one, it)))
            .map(|(one, impact)| json!({"id": one.id, "impact": impact.as_str()}))
            .collect();
        self.write_impacts(Method::PATCH, &changed).await?;
        let gone = |one: &&CircuitImpact| is_meant(&one.circuit) && !wanted.contains_key(&one.circuit);
        let gone: Vec<&CircuitImpact> = there.iter().filter(gone).collect();
        let mut deleted = Vec::new();
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
                other => {
                    other?;
                    deleted.extend(gone.iter().map(|one| one.id.clone()));
                }
            }
        }
        Ok((self.client.impacts_of(&of_it).await?, deleted))
    }

    /// Writes impacts, so many at a time.
    async fn write_impacts(&self, method: Method, bodies: &[Value]) -> Result<(), Error> {
        for batch in bodies.chunks(AT_A_TIME) {
            self.client.write(method.clone(), IMPACT, Some(&json!(batch))).await?;
        }
        Ok(())
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
