//! From what Nautobot has into the maintenances.
//!
//! A record of Nautobot and a maintenance here are the same if the record's name is the provider's name, a dash and the
//! maintenance's id. A record that nothing here knows becomes a maintenance. Of one that is known each field is compared with
//! what was last agreed about it, see [`lines`](super::lines): what changed there is taken over, what changed here is sent,
//! and what changed on both sides waits for somebody, without holding up any other field.
//!
//! | file | what |
//! |---|---|
//! | `compare` | what follows for each field of one maintenance |
//! | `take` | what changed there, into the windows here |
//! | `acknowledge` | acknowledgements, which are of what was seen |
//! | `astray` | records whose mails speak of another maintenance by now |
//! | `decide` | what somebody says of a conflict |
//! | `elsewhere` | records that were read under another URL |
//! | `note` | notes |
//! | `gone` | what is there no more |
//! | `namesake` | records that would be one maintenance |
//!
//! The rules, also in the README:
//!
//! - Where the two meet for the first time, the newer one's word counts: the mail's time against that of the record's last
//!   change. A record without circuits says nothing of them: somebody may be making it.
//! - An acknowledgement there counts here if both say the same, and is taken back with the one there. One of another state
//!   is shown and acknowledges nothing, and goes when what it was of is written over.
//! - Circuits that Nautobot does not have are none of its business: they stay.

mod acknowledge;
pub mod astray;
pub mod compare;
pub mod decide;
mod elsewhere;
mod gone;
mod namesake;
pub mod note;
mod take;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

pub use self::elsewhere::{leave, note_again};
pub use self::gone::{gone, sweep};
use super::content::{self, Here, There};
use super::lines::{Agreed, Field, Verdict};
use super::{journal, meaning, mirror, outbox, setting};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::change::Change;
use crate::features::maintenance::store::event::{EventKind, NewEvent};
use crate::store::Error;
use crate::text::counted;

/// In whose name it is written down here that something came from there.
pub const NAUTOBOT: &str = "Nautobot";
/// In whose name it is put into the outbox that something is newer here.
const HERE: &str = "noctui";

/// How things are to be taken over.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Now.
    pub now: DateTime<Utc>,
    /// What was over before would be forgotten at once, and is not taken over.
    pub not_before: Option<DateTime<Utc>>,
    /// Whether everything comes for the first time: then it is no news.
    pub is_first: bool,
}

impl Manner {
    /// Of one record that was looked at by itself.
    #[must_use]
    pub fn of_one(now: DateTime<Utc>) -> Self {
        Self { now, not_before: None, is_first: false }
    }
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Maintenances that were compared.
    pub taken: usize,
    /// Whether others are left.
    pub is_more: bool,
}

/// Takes over what has changed, up to `most` of it and for as long as `budget` lasts, but one at least: whoever writes
/// something meanwhile waits for it.
pub fn step(connection: &Connection, manner: &Manner, most: usize, budget: Duration) -> Result<Step, Error> {
    let began = Instant::now();
    let mut query =
        connection.prepare_cached("SELECT id FROM nautobot_maintenance WHERE dirty = 1 ORDER BY id LIMIT ?1")?;
    let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?;
    let ids: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    let mut taken = 0;
    for id in &ids {
        one(connection, id, manner)?;
        taken += 1;
        if began.elapsed() >= budget {
            break;
        }
    }
    Ok(Step { taken, is_more: taken < ids.len() || ids.len() == most })
}

/// Takes over one, and then the one that has given way to it.
pub fn one(connection: &Connection, id: &str, manner: &Manner) -> Result<(), Error> {
    elsewhere::recall(connection, id)?;
    let displaced = namesake::claim(connection, id)?;
    this_one(connection, id, manner)?;
    displaced.map_or(Ok(()), |displaced| this_one(connection, &displaced, manner))
}

/// Takes over one, as what it is.
fn this_one(connection: &Connection, id: &str, manner: &Manner) -> Result<(), Error> {
    let Some(mut there) = content::there(connection, id)? else { return Ok(()) };
    // A clock there that is ahead must not outdate the mails of the next hours.
    there.updated = std::mem::take(&mut there.updated).until(manner.now.timestamp_micros());
    link(connection, &there)?;
    if there.agreed.as_ref().is_some_and(|agreed| agreed.is_of_a_later(&there.seen)) {
        there.agreed = elsewhere::of_a_copy(connection, &there)?.or(there.agreed);
    }
    if let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? {
        bring_together(connection, &there, here, manner)?;
        return note::take(connection, &there, manner);
    }
    let theirs = there.content.said();
    let is_over = manner.not_before.is_some_and(|before| there.content.end < before);
    // It was here, and nobody has changed it there since it went.
    let is_known = there.agreed.as_ref().is_some_and(|agreed| agreed.is_of(&theirs));
    if !is_over && !is_known {
        take::create(connection, &there, manner)?;
        link(connection, &there)?;
    }
    let here = content::here(connection, &there.provider, &there.maintenance_id)?;
    let ours = here.map_or_else(|| theirs.clone(), |here| here.content.said());
    settle(connection, &there, &Agreed::all(&ours, &theirs, &there.updated), None)?;
    note::take(connection, &there, manner)
}

/// Notes which maintenance a record is of, before the two are compared: by that a circuit of another provider is known again.
fn link(connection: &Connection, there: &There) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE nautobot_maintenance SET maintenance =
                 (SELECT id FROM maintenance WHERE provider = ?2 AND maintenance_id = ?3 ORDER BY window LIMIT 1)
             WHERE id = ?1",
        )?
        .execute((&there.id, &there.provider, &there.maintenance_id))?;
    Ok(())
}

/// Compares a record with what is here, takes over what can be, and keeps what is left.
fn bring_together(connection: &Connection, there: &There, here: Here, manner: &Manner) -> Result<(), Error> {
    let compared = compare::of(connection, there, &here)?;
    let taken: Vec<&Field> = compared.of(Verdict::Take).chain(compared.held()).collect();
    let here = if taken.is_empty() {
        here
    } else {
        take::changes(connection, there, &here, &taken, manner)?;
        let now = content::here(connection, &there.provider, &there.maintenance_id)?;
        now.unwrap_or(here)
    };
    let theirs = there.content.said();
    // What was not taken from there was said here, too.
    let since = |field: &Field| {
        let is_taken = compared.is(field, Verdict::Take);
        let updated = there.updated.of(field);
        if is_taken { updated } else { updated.min(compared.origin.said(field)) }
    };
    let mut agreed = compared.agreed.settled(&here.content.said(), &theirs, since);
    for field in compared.of(Verdict::Take) {
        // What cannot be said here as it is said there, such as a text that is too long, is as good as it gets.
        if !compared.by_hand.contains(field) && *field != Field::Acknowledgement {
            agreed.leave(field, &here.content.said(), &theirs, there.updated.of(field));
        }
    }
    let there = There { agreed: Some(agreed), ..there.clone() };
    let seen = acknowledge::take(connection, &there, &here, manner)?;
    let here = if seen.is_changed {
        content::here(connection, &there.provider, &there.maintenance_id)?.unwrap_or(here)
    } else {
        here
    };
    let left = compare::of(connection, &there, &here)?;
    let agreed = left.agreed.settled(&here.content.said(), &theirs, since);
    let is_over = here.content.end <= manner.now && there.content.end <= manner.now;
    let conflicts = if is_over { Vec::new() } else { left.conflicts(connection, &there, &here, seen.of_another)? };
    let (provider, id) = (&there.provider, &there.maintenance_id);
    outbox::dispute(connection, provider, id, &conflicts, manner.now)?;
    let switches = setting::switches(connection)?;
    let is_newer = left.of(Verdict::Send).any(|field| *field != Field::Acknowledgement);
    if is_newer && switches.writes && !is_over {
        let actor = Actor { who: HERE.to_owned(), at: manner.now };
        outbox::ensure(connection, provider, id, &actor)?;
    }
    let mut told: Vec<String> = conflicts.into_iter().map(|(_, reason)| reason).collect();
    if !switches.writes && left.of(Verdict::Send).any(Field::is_acknowledged) {
        let (theirs, ours) = (there.content.told(), here.content.told());
        told.push(format!("Nautobot says {theirs}; here it says {ours}"));
    }
    if !is_over && there.content.ack && !here.content.ack && left.is(&Field::Acknowledgement, Verdict::Send) {
        told.push("acknowledged in Nautobot, of what was known before; here it has changed since".to_owned());
    }
    if !is_over {
        told.extend(left.left(connection, &there, &here)?);
        told.extend(here.unclear);
    }
    settle(connection, &there, &agreed, Some(told.join("; ")).filter(|told| !told.is_empty()).as_deref())
}

/// Keeps what was agreed, and what is left different, in words.
fn settle(connection: &Connection, there: &There, agreed: &Agreed, conflict: Option<&str>) -> Result<(), Error> {
    let (astray, twin) = (astray::told(connection, there)?, content::twin(connection, there)?);
    let unseen = match mirror::unseen_circuits(connection, Some(&there.id))? {
        0 => None,
        unseen => Some(format!("it hits {} in Nautobot that the token may not view", counted(unseen, "circuit"))),
    };
    let more = [astray, twin, unseen];
    let told: Vec<&str> = conflict.into_iter().chain(more.iter().flatten().map(String::as_str)).collect();
    let told = Some(told.join("; ")).filter(|told| !told.is_empty());
    connection
        .prepare_cached("UPDATE nautobot_maintenance SET dirty = 0, agreed = ?2, conflict = ?3 WHERE id = ?1")?
        .execute((&there.id, written(&agreed.clone().with(there.seen.clone()))?, told))?;
    journal::arrived(connection, &there.id, &there.content.said())?;
    meaning::remember(connection, &there.id, (&there.provider, &there.maintenance_id))?;
    outbox::look_again(connection, &there.provider, &there.maintenance_id)
}

/// What was agreed, as it stands in the table.
fn written(agreed: &Agreed) -> Result<String, Error> {
    Ok(serde_json::to_string(agreed).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?)
}

/// Keeps what was agreed with a record, and nothing else.
pub(super) fn keep(connection: &Connection, id: &str, agreed: &Agreed) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE nautobot_maintenance SET agreed = ?2 WHERE id = ?1")?
        .execute((id, written(agreed)?))?;
    Ok(())
}

/// Fields of a record were written from here: whatever both sides have of them by now is agreed, and as old there as what it
/// came from is here.
pub fn sent(connection: &Connection, id: &str, fields: &[Field], now: DateTime<Utc>) -> Result<(), Error> {
    let Some(there) = content::there(connection, id)? else { return Ok(()) };
    if let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? {
        let compared = compare::of(connection, &there, &here)?;
        let mut agreed = compared.agreed;
        for field in fields {
            let since = there.updated.of(field).min(compared.origin.said(field));
            agreed.leave(field, &here.content.said(), &there.content.said(), since);
        }
        keep(connection, id, &agreed)?;
    }
    journal::forget(connection, id)?;
    one(connection, id, &Manner::of_one(now))
}

/// Writes to the history what came from there.
fn tell(
    connection: &Connection,
    maintenance: MaintenanceKey,
    kind: EventKind,
    changes: &[Change],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    NewEvent { maintenance, at, stamp: None, kind, notification: None, who: Some(NAUTOBOT.to_owned()) }
        .insert(connection, changes)
}
