//! Writing: entries of the outbox, in their order, each brought up to date with what is here at that moment.
//!
//! **Exactly once.** What is made there has a UUID that was chosen when the entry was put into the outbox, and parts of it
//! have UUIDs that follow from that. Before anything is made it is looked for, by name; after a refusal it is looked for by
//! UUID. So a process that is killed between sending and hearing, or an answer that is lost, leaves an entry that finds its
//! object the next time.
//!
//! What is sent is written down before, see [`journal`]: read back, it is known again, although something else may be said
//! here by then.
//!
//! **Nothing is overwritten unseen.** Before something is changed it is read again. What has changed there since it was
//! last compared is taken over first; where both sides changed, the entry waits for somebody.

mod maintenance;
mod note;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use reqwest::Method;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

use super::Error;
use super::client::Client;
use super::missing;
use super::read::MAINTENANCE;
use super::store::content::{self, Here, NAME, There};
use super::store::journal;
use super::store::lines::{Field, Said, Sent as Told, Value as Word, Verdict};
use super::store::outbox::{self, Entry, Kind, State, Stay};
use super::store::reconcile::compare::{self, Origin};
use super::store::reconcile::{self, Manner};
use super::store::{inventory, mirror, setting, standing};
use super::wire::{CircuitImpact, Maintenance, OfWire as _};
use crate::store::Store;

/// Entries that are looked up at a time.
const BATCH: usize = 50;

/// What is to be done about an entry that the token may not send.
const MAY_NOT: &str = "once it may, `noctui outbox retry` sends this";

/// What became of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Entries that were sent.
    pub sent: usize,
    /// Entries that are gone with nothing sent: what they were about was taken back, has changed, or is there already.
    pub needless: usize,
    /// Entries that stay.
    pub left: usize,
}

/// What became of one entry.
enum Ended {
    /// It was sent, and is up to date there.
    Done,
    /// Nothing had to be sent, and it is gone.
    Needless,
    /// It stays.
    Stays(Stay),
    /// Nothing of it may be sent: conflicts about its fields stand for themselves.
    Disputed,
}

impl Ended {
    /// It stays, for this reason.
    fn stays(state: State, reason: String) -> Self {
        Self::Stays(Stay { state, reason, is_absent: false })
    }

    /// It stays until there is something that it could be written to.
    fn absent(state: State, reason: String) -> Self {
        Self::Stays(Stay { state, reason, is_absent: true })
    }
}

/// Sends what waits. An error is one of the connection; what concerns one entry is noted with it.
pub async fn drain(client: &Client, store: &Store, now: DateTime<Utc>) -> Result<Sent, Error> {
    let mut drain = Drain { client, store, now, sent: 0, needless: 0, left: HashSet::new(), tried: HashSet::new() };
    loop {
        // What was sent may be the record that an entry before it lacked.
        let before = drain.sent;
        drain.pass().await?;
        if drain.sent == before {
            return Ok(Sent { sent: drain.sent, needless: drain.needless, left: drain.left.len() });
        }
    }
}

/// The outbox while it is sent.
struct Drain<'a> {
    client: &'a Client,
    store: &'a Store,
    now: DateTime<Utc>,
    /// How many entries were sent.
    sent: usize,
    /// How many had nothing to send.
    needless: usize,
    /// Those that stay.
    left: HashSet<i64>,
    /// Those that are not tried again, whatever was sent since.
    tried: HashSet<i64>,
}

impl Drain<'_> {
    /// Sends what is due and was not tried, in its order.
    async fn pass(&mut self) -> Result<(), Error> {
        let (store, now) = (self.store, self.now);
        let mut after = 0;
        // Maintenances one of whose notes could not be sent just now: none that was written later overtakes it.
        let mut held: HashSet<(String, String)> = HashSet::new();
        loop {
            let due = store.read(move |connection| outbox::due(connection, after, BATCH, now)).await?;
            let Some(last) = due.last() else { return Ok(()) };
            after = last.id;
            for entry in due {
                let name = (entry.provider.clone(), entry.maintenance_id.clone());
                if self.tried.contains(&entry.id) || entry.kind == Kind::Note && held.contains(&name) {
                    continue;
                }
                // An entry before it may have made it wait.
                let id = entry.id;
                let now_it_is = store.read(move |c| outbox::entry(c, id)).await?;
                let Some(entry) = now_it_is.filter(|entry| entry.state == State::Waiting) else { continue };
                let is_note = entry.kind == Kind::Note;
                if self.one(entry).await? == Some(State::Waiting) && is_note {
                    held.insert(name);
                }
            }
        }
    }

    /// Sends one entry; where it stands if it stays for a reason of its own.
    async fn one(&mut self, entry: Entry) -> Result<Option<State>, Error> {
        let (id, store, now) = (entry.id, self.store, self.now);
        let sending = Sending { client: self.client, store, entry: &entry, now };
        let ended = match sending.send().await {
            // That it failed may be over the next time; that it refused is not.
            Err(error @ (Error::Broken { .. } | Error::Senseless { .. } | Error::TooLarge { .. })) => {
                Ended::stays(State::Waiting, error.to_string())
            }
            // Nobody tells when the token may do more.
            Err(error @ Error::Forbidden { .. }) => Ended::stays(State::Failed, format!("{error}: {MAY_NOT}")),
            Err(error) if error.is_about_one() => Ended::stays(State::Failed, error.to_string()),
            Err(error) => return Err(error),
            Ok(ended) => ended,
        };
        if !matches!(&ended, Ended::Stays(stay) if stay.is_absent) {
            self.tried.insert(id);
        }
        match ended {
            Ended::Done => {
                self.sent += 1;
                self.left.remove(&id);
                Ok(None)
            }
            Ended::Needless => {
                self.needless += 1;
                self.left.remove(&id);
                Ok(None)
            }
            Ended::Disputed => {
                self.left.insert(id);
                Ok(None)
            }
            Ended::Stays(stay) => {
                self.left.insert(id);
                let state = stay.state;
                store.write(move |c| outbox::not_sent(c, &entry, &stay, now)).await?;
                Ok(Some(state))
            }
        }
    }
}

/// One entry on its way.
struct Sending<'a> {
    client: &'a Client,
    store: &'a Store,
    entry: &'a Entry,
    now: DateTime<Utc>,
}

/// What is known before an entry is sent.
struct Known {
    /// The maintenance here; `None` where it is gone.
    here: Option<Here>,
    /// What it is called there; `None` where nobody there announces it.
    name: Option<String>,
    /// Its UUID there, as far as it was seen.
    id: Option<String>,
    /// When what is here was said.
    origin: Option<Origin>,
    /// Whether it was there once, and was deleted.
    is_deleted: bool,
    /// Whether it is for us to make it there, and nothing in the outbox does.
    is_unmade: bool,
}

impl Sending<'_> {
    /// Sends it.
    async fn send(&self) -> Result<Ended, Error> {
        match self.entry.kind {
            Kind::Maintenance => self.maintenance().await,
            Kind::Acknowledgement => self.acknowledgement().await,
            Kind::Note => self.note().await,
        }
    }

    /// Looks up what is here.
    async fn known(&self) -> Result<Known, Error> {
        let (provider, maintenance_id) = (self.entry.provider.clone(), self.entry.maintenance_id.clone());
        let known = self.store.read(move |connection| known(connection, &provider, &maintenance_id)).await?;
        Ok(known)
    }

    /// The record there, read now. What has changed in it since it was last seen is taken over here first.
    async fn record(&self, known: &Known) -> Result<Option<Maintenance>, Error> {
        let by_id = match &known.id {
            Some(id) => self.client.object::<Maintenance>(MAINTENANCE, id).await?,
            None => None,
        };
        let found = match (by_id, &known.name) {
            (Some(found), _) => Some(found),
            (None, Some(name)) => self.client.maintenance_named(name).await?,
            (None, None) => None,
        };
        if let Some(found) = &found {
            self.take_over(found).await?;
        }
        Ok(found)
    }

    /// Why nothing is written to a record that has the name of the maintenance and is another one here. Its name there may be
    /// cut, and so that of another maintenance, too.
    async fn another(&self, record: &str) -> Result<Option<Ended>, Error> {
        let id = record.to_owned();
        let there = self.store.read(move |connection| content::there(connection, &id)).await?;
        let entry = self.entry;
        let is_ours = |there: &There| {
            there.provider.eq_ignore_ascii_case(&entry.provider) && there.maintenance_id == entry.maintenance_id
        };
        Ok(there.filter(|there| !is_ours(there)).map(|there| {
            let reason = format!(
                "{} in Nautobot is {}/{} here, and names there are one maintenance's (of the first {NAME} characters): \
                 drop this, or rename that one there and retry",
                there.name, there.provider, there.maintenance_id
            );
            Ended::absent(State::Failed, reason)
        }))
    }

    /// Takes over what has changed in a record that was read now.
    async fn take_over(&self, record: &Maintenance) -> Result<(), Error> {
        let impacts = self.client.impacts_of(std::slice::from_ref(&record.id)).await?;
        let gone = self.gone(&record.id, &impacts, &[]).await?;
        let (seen, now) = (record.clone(), self.now);
        self.store
            .write(move |connection| {
                see(connection, &seen, &impacts, &gone)?;
                reconcile::one(connection, &seen.id, &Manner::of_one(now))
            })
            .await?;
        Ok(())
    }

    /// The known impacts of a record that are gone, of those that do not show; some were `deleted` from here.
    async fn gone(&self, record: &str, shown: &[CircuitImpact], deleted: &[String]) -> Result<Vec<String>, Error> {
        Ok(missing::impacts(self.client, self.store, &[record.to_owned()], shown, deleted).await?.gone)
    }

    /// The entry as it is now: what was taken over may have put it into conflict.
    async fn still_waits(&self) -> Result<Option<Ended>, Error> {
        let id = self.entry.id;
        let now = self.store.read(move |connection| outbox::entry(connection, id)).await?;
        Ok(match now {
            None => Some(Ended::Needless),
            Some(entry) if entry.state != State::Waiting => Some(Ended::stays(entry.state, entry.reason)),
            Some(_) => None,
        })
    }

    /// Whether it is acknowledged.
    async fn acknowledgement(&self) -> Result<Ended, Error> {
        let known = self.known().await?;
        if known.here.is_none() {
            return self.nothing_to_send().await;
        }
        let Some(record) = self.record(&known).await? else { return Ok(self.unknown_there(&known)) };
        if let Some(ended) = self.another(&record.id).await? {
            return Ok(ended);
        }
        if let Some(ended) = self.still_waits().await? {
            return Ok(ended);
        }
        let id = record.id.clone();
        let compared = self.store.read(move |connection| compare::now(connection, &id)).await?;
        let Some((there, here, compared)) = compared else { return self.nothing_to_send().await };
        let wanted = here.content.ack;
        if record.ack == wanted {
            return self.nothing_to_send().await;
        }
        // Here it was taken back before it was ever told: what changed is what is said there.
        if compared.is(&Field::Acknowledgement, Verdict::Take) && !self.entry.anyway {
            return self.theirs_counts(&record).await;
        }
        if wanted && !compared.is_seen() && !self.entry.anyway {
            let reason =
                format!("acknowledged here as {}; Nautobot says {}", here.content.told(), there.content.told());
            return Ok(Ended::stays(State::Conflict, reason));
        }
        let path = format!("{MAINTENANCE}{}/", record.id);
        let said = Said::from([(Field::Acknowledgement, Word::Acknowledged(wanted))]);
        self.write_down(&record.id, &[Field::Acknowledgement], &said, &compared.origin).await?;
        let changed = self.client.write(Method::PATCH, &path, Some(&json!({ "ack": wanted }))).await?;
        let changed = Maintenance::of(&changed).ok_or_else(|| senseless("the maintenance that was changed"))?;
        let (entry, now) = (self.entry.clone(), self.now);
        self.store
            .write(move |connection| {
                mirror::maintenance(connection, setting::progress(connection)?.round, &changed)?;
                reconcile::sent(connection, &changed.id, &[Field::Acknowledgement], now)?;
                outbox::sent(connection, &entry)
            })
            .await?;
        Ok(Ended::Done)
    }

    /// Writes down what is about to be sent of these fields: `said`.
    async fn write_down(&self, object: &str, fields: &[Field], said: &Said, origin: &Origin) -> Result<(), Error> {
        let told =
            |field: &Field| Told { field: field.clone(), value: said.get(field).cloned(), since: origin.said(field) };
        let (object, sent) = (object.to_owned(), fields.iter().map(told).collect::<Vec<_>>());
        self.store.write(move |connection| journal::write(connection, &object, &sent)).await?;
        Ok(())
    }

    /// What the entry was about is as it should be, or gone.
    async fn nothing_to_send(&self) -> Result<Ended, Error> {
        let entry = self.entry.clone();
        self.store.write(move |connection| outbox::sent(connection, &entry)).await?;
        Ok(Ended::Needless)
    }

    /// The entry says nothing new; what is there is taken over.
    async fn theirs_counts(&self, record: &Maintenance) -> Result<Ended, Error> {
        let (entry, id, now) = (self.entry.clone(), record.id.clone(), self.now);
        self.store
            .write(move |connection| {
                outbox::sent(connection, &entry)?;
                reconcile::one(connection, &id, &Manner::of_one(now))
            })
            .await?;
        Ok(Ended::Needless)
    }

    /// Nautobot does not have the maintenance, or does not show it.
    fn unknown_there(&self, known: &Known) -> Ended {
        match &known.name {
            // Neither comes about by waiting: somebody has to look.
            Some(name) if known.is_deleted => {
                let reason = format!(
                    "Nautobot has no maintenance {name} any more, it was deleted there: drop this, unless a mail is to \
                     come that makes it again"
                );
                Ended::absent(State::Failed, reason)
            }
            Some(name) if known.is_unmade => {
                let reason = format!(
                    "Nautobot has no maintenance {name}, and nothing in the outbox makes it there: drop this, or retry it \
                     when somebody has made it"
                );
                Ended::absent(State::Failed, reason)
            }
            // It was there when it was last looked.
            Some(name) if known.id.is_some() => {
                let reason = format!(
                    "Nautobot does not show the maintenance {name} any more: the token may not view it, or it was deleted there"
                );
                Ended::absent(State::Waiting, reason)
            }
            Some(name) => Ended::absent(State::Waiting, format!("Nautobot has no maintenance {name} yet")),
            None => nobody(&self.entry.provider),
        }
    }
}

/// Nautobot has no such provider.
fn nobody(provider: &str) -> Ended {
    Ended::stays(State::Waiting, format!("Nautobot has no provider whose notices are {provider}'s"))
}

/// An answer that should have been an object.
fn senseless(what: &str) -> Error {
    Error::Senseless { what: what.to_owned(), why: "it is no such object".to_owned() }
}

/// What is here of a maintenance, and what it is there.
fn known(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Known, crate::store::Error> {
    let here = content::here(connection, provider, maintenance_id)?;
    let origin = here.as_ref().map(|here| compare::origin(connection, here)).transpose()?;
    let circuits: Vec<String> = here
        .iter()
        .flat_map(|here| &here.windows)
        .flat_map(|(_, state)| state.circuits.iter().map(|circuit| circuit.circuit_id.clone()))
        .collect();
    let mut linked = connection.prepare_cached(
        "SELECT n.id, n.name FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE m.provider = ?1 AND m.maintenance_id = ?2",
    )?;
    let linked = linked.query_row([provider, maintenance_id], |row| Ok((row.get(0)?, row.get(1)?)));
    if let Some((id, name)) = linked.optional()? {
        return Ok(Known { here, name: Some(name), id: Some(id), origin, is_deleted: false, is_unmade: false });
    }
    let is_deleted = standing::was_deleted(connection, provider, maintenance_id)?;
    let named = inventory::name_of(connection, provider, &circuits)?;
    let name = named.map(|named| content::name(&named, maintenance_id));
    let id = name.as_deref().map(|name| mirror::named(connection, name)).transpose()?.flatten();
    let is_unmade = setting::switches(connection)?.writes
        && !outbox::waits(connection, Kind::Maintenance, provider, maintenance_id)?;
    Ok(Known { here, name, id, origin, is_deleted, is_unmade })
}

/// Keeps what was just read, and that these impacts are gone.
fn see(
    connection: &Connection,
    record: &Maintenance,
    impacts: &[CircuitImpact],
    gone: &[String],
) -> Result<(), crate::store::Error> {
    let round = setting::progress(connection)?.round;
    mirror::maintenance(connection, round, record)?;
    mirror::impacts(connection, round, impacts)?;
    mirror::without(connection, gone)
}
