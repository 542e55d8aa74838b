//! What people do to maintenances. Each action answers with its inverse, for undo; what it changes for others to see is
//! written to the history with who and when, and so is its undoing.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::accept::{self, Acceptance};
use super::change::Change;
use super::edit::{self, Attachment, Before};
use super::event::{EventKind, NewEvent};
use super::sender::{self, Assignment};
use super::undo::{forget, remember};
use super::{MaintenanceKey, NoteKey, NotificationKey, dismiss, unedit};
use crate::features::maintenance::nautobot::store::outbox;
use crate::store::Error;
use crate::text::{clean_line, clean_text};

/// Characters of a name; more is cut.
const NAME: usize = 128;
/// Characters of a note; more is cut.
pub const NOTE: usize = 16 * 1024;
/// Characters of a note that the history repeats.
const QUOTED: usize = 200;

/// Who acts, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// As configured: jump hosts are shared.
    pub who: String,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What an action did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The maintenances it was done to.
    pub done: Vec<MaintenanceKey>,
    /// How many mails it was done to.
    pub mails: usize,
    /// Those it was not done to.
    pub refused: Vec<(MaintenanceKey, Refusal)>,
    /// What undoes it; `None` if nothing was done.
    pub inverse: Option<Inverse>,
}

impl Done {
    /// Whether it was done to none.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.done.is_empty() && self.mails == 0
    }
}

/// Why something was not done to a maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has changed since it was looked at, to this revision.
    Changed {
        /// The revision now.
        revision: u32,
    },
    /// It is acknowledged already, or as it was before what is to be taken back.
    Already,
    /// It is not acknowledged as it is now.
    NotAcknowledged,
    /// It is gone.
    Gone,
    /// Something else has happened to it since, and all or some of it is left as it is.
    Since,
}

/// Takes an action back. Plain data; of use as long as its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inverse {
    /// Withdraws acknowledgements.
    Withdraw(Vec<AcknowledgementKey>),
    /// Puts withdrawn acknowledgements back.
    Reinstate(Vec<AcknowledgementKey>),
    /// Removes notes.
    RemoveNotes(Vec<NoteKey>),
    /// Puts removed notes back.
    RestoreNotes(Vec<NoteKey>),
    /// Sets back which revision was looked at.
    See(Vec<(MaintenanceKey, u32)>),
    /// Takes an accepted suggestion back.
    Unaccept(Box<Acceptance>),
    /// Takes back each of what was done at once, the last first.
    Each(Vec<Inverse>),
    /// Dismisses mails again.
    Dismiss(Vec<NotificationKey>),
    /// Brings dismissed mails back.
    BringBack(Vec<NotificationKey>),
    /// Makes a maintenance as it was before somebody set something by hand.
    Unedit(Box<Before>),
    /// A mail belongs to a maintenance no more.
    Detach(Box<Attachment>),
    /// What is said of whose mails come from an address is as it was before.
    Unassign(Box<Assignment>),
}

/// Identifies an acknowledgement in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AcknowledgementKey(i64);

/// Acknowledges each maintenance at the revision that was looked at, and marks it seen. One that has changed meanwhile is
/// refused: nobody acknowledges what they have not seen.
pub fn acknowledge(connection: &Connection, seen: &[(MaintenanceKey, u32)], actor: &Actor) -> Result<Done, Error> {
    let mut done = Done::default();
    let mut keys = Vec::new();
    for (key, revision) in seen {
        match revisions(connection, *key)? {
            None => done.refused.push((*key, Refusal::Gone)),
            Some(now) if now.revision != *revision => {
                done.refused.push((*key, Refusal::Changed { revision: now.revision }));
            }
            Some(now) if now.acknowledged == now.revision => done.refused.push((*key, Refusal::Already)),
            Some(now) => {
                connection
                    .prepare_cached(
                        "INSERT INTO acknowledgement (maintenance, revision, at, who, seen_before)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute((key, revision, actor.at.timestamp(), actor.name(), now.seen))?;
                keys.push(AcknowledgementKey(connection.last_insert_rowid()));
                refresh(connection, *key)?;
                look(connection, *key, *revision)?;
                actor.note_down(connection, *key, EventKind::Acknowledged, &[])?;
                done.done.push(*key);
            }
        }
    }
    outbox::acknowledged(connection, &done.done, actor)?;
    done.inverse = (!keys.is_empty()).then_some(Inverse::Withdraw(keys));
    remember(connection, done.inverse.as_ref(), actor)?;
    Ok(done)
}

/// Who acknowledged a maintenance last, and when.
pub fn acknowledged_by(connection: &Connection, key: MaintenanceKey) -> Result<Option<(String, DateTime<Utc>)>, Error> {
    let mut query =
        connection.prepare_cached("SELECT ack_by, ack_at FROM maintenance WHERE id = ?1 AND ack_by IS NOT NULL")?;
    let found = query.query_row([key], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional()?;
    Ok(found.and_then(|(who, at)| Some((who, DateTime::from_timestamp(at, 0)?))))
}

/// Acknowledges each maintenance as it is now, for callers that find and acknowledge it in one transaction.
pub fn acknowledge_as_it_is(connection: &Connection, keys: &[MaintenanceKey], actor: &Actor) -> Result<Done, Error> {
    let mut now = Vec::with_capacity(keys.len());
    for key in keys {
        now.push((*key, revisions(connection, *key)?.map_or(0, |revisions| revisions.revision)));
    }
    acknowledge(connection, &now, actor)
}

/// Takes back the acknowledgement of each maintenance as it is now; earlier ones stay visible.
pub fn unacknowledge(connection: &Connection, keys: &[MaintenanceKey], actor: &Actor) -> Result<Done, Error> {
    let mut done = Done::default();
    let mut withdrawn = Vec::new();
    for key in keys {
        let current = match revisions(connection, *key)? {
            None => {
                done.refused.push((*key, Refusal::Gone));
                continue;
            }
            Some(now) if now.acknowledged < now.revision => None,
            Some(_) => newest(connection, *key)?,
        };
        match current {
            None => done.refused.push((*key, Refusal::NotAcknowledged)),
            Some(acknowledgement) => {
                withdraw(connection, acknowledgement, actor)?;
                withdrawn.push(acknowledgement);
                done.done.push(*key);
            }
        }
    }
    outbox::acknowledged(connection, &done.done, actor)?;
    done.inverse = (!withdrawn.is_empty()).then_some(Inverse::Reinstate(withdrawn));
    remember(connection, done.inverse.as_ref(), actor)?;
    Ok(done)
}

/// Adds the same note to each maintenance. A blank note is added to none.
pub fn add_note(connection: &Connection, keys: &[MaintenanceKey], text: &str, actor: &Actor) -> Result<Done, Error> {
    let text: String = clean_text(text).trim().chars().take(NOTE).collect();
    let mut done = Done::default();
    let mut added = Vec::new();
    for key in keys.iter().filter(|_| !text.is_empty()) {
        if revisions(connection, *key)?.is_none() {
            done.refused.push((*key, Refusal::Gone));
            continue;
        }
        connection
            .prepare_cached("INSERT INTO note (maintenance, at, who, text) VALUES (?1, ?2, ?3, ?4)")?
            .execute((key, actor.at.timestamp(), actor.name(), &text))?;
        let note = NoteKey(connection.last_insert_rowid());
        added.push(note);
        outbox::noted(connection, *key, note, actor)?;
        connection.prepare_cached("UPDATE maintenance SET notes = notes + 1 WHERE id = ?1")?.execute([key])?;
        actor.note_down(connection, *key, EventKind::NoteAdded, &[quote(&text)])?;
        done.done.push(*key);
    }
    done.inverse = (!added.is_empty()).then_some(Inverse::RemoveNotes(added));
    remember(connection, done.inverse.as_ref(), actor)?;
    Ok(done)
}

/// Removes a note from view; the database keeps it.
pub fn remove_note(connection: &Connection, note: NoteKey, actor: &Actor) -> Result<Done, Error> {
    undo(connection, &Inverse::RemoveNotes(vec![note]), actor)
}

/// Notes that each maintenance was looked at as it is now.
pub fn mark_seen_as_it_is(connection: &Connection, keys: &[MaintenanceKey]) -> Result<Done, Error> {
    let mut now = Vec::with_capacity(keys.len());
    for key in keys {
        now.push((*key, revisions(connection, *key)?.map_or(0, |revisions| revisions.revision)));
    }
    mark_seen(connection, &now)
}

/// Notes that each maintenance was looked at in this revision. Leaves no trace in the history: looking is not news.
pub fn mark_seen(connection: &Connection, seen: &[(MaintenanceKey, u32)]) -> Result<Done, Error> {
    let mut done = Done::default();
    let mut before = Vec::new();
    for (key, revision) in seen {
        match revisions(connection, *key)? {
            None => done.refused.push((*key, Refusal::Gone)),
            Some(now) if now.seen < *revision => {
                look(connection, *key, *revision)?;
                before.push((*key, now.seen));
                done.done.push(*key);
            }
            Some(_) => {}
        }
    }
    done.inverse = (!before.is_empty()).then_some(Inverse::See(before));
    Ok(done)
}

/// Takes an action back; the answer's inverse does it again. What others undid meanwhile is left as it is. Either way nobody
/// is offered it for undo any more.
pub fn undo(connection: &Connection, inverse: &Inverse, actor: &Actor) -> Result<Done, Error> {
    forget(connection, inverse)?;
    take_back(connection, inverse, actor)
}

/// Takes an action back that stays remembered.
pub(super) fn take_back(connection: &Connection, inverse: &Inverse, actor: &Actor) -> Result<Done, Error> {
    let mut done = Done::default();
    match inverse {
        Inverse::Withdraw(keys) => {
            let turned = turn(keys, &mut done, |key| {
                let withdrawn = withdraw(connection, key, actor)?;
                withdrawn.map_or(Ok(()), |maintenance| unsee(connection, maintenance, key))?;
                one_of(connection, "acknowledgement", key.0, withdrawn)
            })?;
            done.inverse = turned.map(Inverse::Reinstate);
        }
        Inverse::Reinstate(keys) => {
            let turned = turn(keys, &mut done, |key| {
                one_of(connection, "acknowledgement", key.0, reinstate(connection, key, actor)?)
            })?;
            done.inverse = turned.map(Inverse::Withdraw);
        }
        Inverse::RemoveNotes(keys) => {
            let turned =
                turn(keys, &mut done, |key| one_of(connection, "note", key.0, remove(connection, key, actor)?))?;
            done.inverse = turned.map(Inverse::RestoreNotes);
        }
        Inverse::RestoreNotes(keys) => {
            let turned =
                turn(keys, &mut done, |key| one_of(connection, "note", key.0, restore(connection, key, actor)?))?;
            done.inverse = turned.map(Inverse::RemoveNotes);
        }
        Inverse::Unaccept(acceptance) => {
            done.done = accept::take_back(connection, acceptance, actor)?;
            if done.done.is_empty() {
                done.refused = acceptance.windows().map(|window| (window, Refusal::Since)).collect();
            }
        }
        Inverse::Unedit(before) => unedit::take_back(connection, before, actor, &mut done)?,
        Inverse::Each(each) => {
            for inverse in each.iter().rev() {
                let one = take_back(connection, inverse, actor)?;
                done.done.extend(one.done);
                done.refused.extend(one.refused);
                done.mails += one.mails;
            }
            done.done.reverse();
            done.refused.reverse();
        }
        Inverse::Detach(attachment) => match edit::detach(connection, attachment, actor)? {
            Some(key) => done.done.push(key),
            None => done.refused.push((attachment.key, Refusal::Already)),
        },
        Inverse::Unassign(assignment) => done.mails = sender::take_back(connection, assignment, actor)?,
        Inverse::Dismiss(keys) => done = dismiss::turn(connection, keys, Some(actor))?,
        Inverse::BringBack(keys) => done = dismiss::turn(connection, keys, None)?,
        Inverse::See(before) => {
            let mut now = Vec::new();
            for (key, seen) in before {
                let Some(revisions) = revisions(connection, *key)? else { continue };
                connection
                    .prepare_cached("UPDATE maintenance SET seen_revision = ?2 WHERE id = ?1")?
                    .execute((key, seen))?;
                now.push((*key, revisions.seen));
                done.done.push(*key);
            }
            done.inverse = (!now.is_empty()).then_some(Inverse::See(now));
        }
    }
    Ok(done)
}

/// Forgets that something can be taken back, for what nobody here did.
pub(in crate::features::maintenance) fn forget_undo(
    connection: &Connection,
    inverse: Option<&Inverse>,
) -> Result<(), Error> {
    inverse.map_or(Ok(()), |inverse| forget(connection, inverse))
}

/// Applies `one` to each key; those that it found something to do for, if any.
fn turn<K: Copy>(keys: &[K], done: &mut Done, one: impl Fn(K) -> Result<One, Error>) -> Result<Option<Vec<K>>, Error> {
    let mut turned = Vec::new();
    for key in keys {
        match one(*key)? {
            One::Turned(maintenance) => {
                turned.push(*key);
                done.done.push(maintenance);
            }
            One::Left(maintenance) => done.refused.push((maintenance, Refusal::Already)),
            One::Gone => {}
        }
    }
    Ok((!turned.is_empty()).then_some(turned))
}

/// What became of one of those that are taken back together.
enum One {
    /// It was taken back, of this maintenance.
    Turned(MaintenanceKey),
    /// It had been already.
    Left(MaintenanceKey),
    /// It is gone with its maintenance.
    Gone,
}

/// The same of a row of a table, which was `turned` if there was something to do.
fn one_of(connection: &Connection, table: &str, key: i64, turned: Option<MaintenanceKey>) -> Result<One, Error> {
    if let Some(maintenance) = turned {
        return Ok(One::Turned(maintenance));
    }
    let mut query = connection.prepare_cached(&format!("SELECT maintenance FROM {table} WHERE id = ?1"))?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?.map_or(One::Gone, One::Left))
}

fn withdraw(connection: &Connection, key: AcknowledgementKey, actor: &Actor) -> Result<Option<MaintenanceKey>, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE acknowledgement SET withdrawn_at = ?2, withdrawn_by = ?3 WHERE id = ?1 AND withdrawn_at IS NULL
         RETURNING maintenance",
    )?;
    let changed = update.query_row((key.0, actor.at.timestamp(), actor.name()), |row| row.get(0)).optional()?;
    settle_acknowledgement(connection, changed, actor, EventKind::Unacknowledged)
}

fn reinstate(connection: &Connection, key: AcknowledgementKey, actor: &Actor) -> Result<Option<MaintenanceKey>, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE acknowledgement SET withdrawn_at = NULL, withdrawn_by = NULL WHERE id = ?1 AND withdrawn_at IS NOT NULL
         RETURNING maintenance",
    )?;
    let changed = update.query_row([key.0], |row| row.get(0)).optional()?;
    settle_acknowledgement(connection, changed, actor, EventKind::Acknowledged)
}

fn settle_acknowledgement(
    connection: &Connection,
    changed: Option<MaintenanceKey>,
    actor: &Actor,
    kind: EventKind,
) -> Result<Option<MaintenanceKey>, Error> {
    if let Some(maintenance) = changed {
        refresh(connection, maintenance)?;
        outbox::acknowledged(connection, &[maintenance], actor)?;
        actor.note_down(connection, maintenance, kind, &[])?;
    }
    Ok(changed)
}

fn remove(connection: &Connection, key: NoteKey, actor: &Actor) -> Result<Option<MaintenanceKey>, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE note SET removed_at = ?2, removed_by = ?3 WHERE id = ?1 AND removed_at IS NULL RETURNING maintenance, text",
    )?;
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let changed = update.query_row((key, actor.at.timestamp(), actor.name()), columns).optional()?;
    settle_note(connection, changed, key, actor, EventKind::NoteRemoved)
}

fn restore(connection: &Connection, key: NoteKey, actor: &Actor) -> Result<Option<MaintenanceKey>, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE note SET removed_at = NULL, removed_by = NULL WHERE id = ?1 AND removed_at IS NOT NULL
         RETURNING maintenance, text",
    )?;
    let changed = update.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    settle_note(connection, changed, key, actor, EventKind::NoteAdded)
}

fn settle_note(
    connection: &Connection,
    changed: Option<(MaintenanceKey, String)>,
    note: NoteKey,
    actor: &Actor,
    kind: EventKind,
) -> Result<Option<MaintenanceKey>, Error> {
    let Some((maintenance, text)) = changed else { return Ok(None) };
    connection
        .prepare_cached(
            "UPDATE maintenance SET notes = (SELECT count(*) FROM note WHERE maintenance = ?1 AND removed_at IS NULL)
             WHERE id = ?1",
        )?
        .execute([maintenance])?;
    outbox::noted(connection, maintenance, note, actor)?;
    actor.note_down(connection, maintenance, kind, &[quote(&text)])?;
    Ok(Some(maintenance))
}

/// A note as the history repeats it.
fn quote(text: &str) -> Change {
    Change::Note { text: clean_line(text).chars().take(QUOTED).collect() }
}

impl Actor {
    /// As it stands in the tables.
    pub(in crate::features::maintenance) fn name(&self) -> String {
        clean_line(&self.who).chars().take(NAME).collect()
    }

    fn note_down(
        &self,
        connection: &Connection,
        maintenance: MaintenanceKey,
        kind: EventKind,
        changes: &[Change],
    ) -> Result<(), Error> {
        NewEvent { maintenance, at: self.at, stamp: None, kind, notification: None, who: Some(self.name()) }
            .insert(connection, changes)
    }
}

/// What was changed, looked at and acknowledged last.
struct Revisions {
    revision: u32,
    seen: u32,
    acknowledged: u32,
}

fn revisions(connection: &Connection, key: MaintenanceKey) -> Result<Option<Revisions>, Error> {
    let mut query =
        connection.prepare_cached("SELECT revision, seen_revision, ack_revision FROM maintenance WHERE id = ?1")?;
    let found = query
        .query_row([key], |row| Ok(Revisions { revision: row.get(0)?, seen: row.get(1)?, acknowledged: row.get(2)? }));
    Ok(found.optional()?)
}

fn look(connection: &Connection, key: MaintenanceKey, revision: u32) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE maintenance SET seen_revision = max(seen_revision, ?2) WHERE id = ?1")?
        .execute((key, revision))?;
    Ok(())
}

/// Brings back the sign of news that an acknowledgement took, unless somebody has looked at something newer since.
fn unsee(connection: &Connection, maintenance: MaintenanceKey, key: AcknowledgementKey) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE maintenance SET seen_revision = a.seen_before FROM acknowledgement a
             WHERE maintenance.id = ?1 AND a.id = ?2 AND maintenance.seen_revision = a.revision
                 AND a.seen_before < a.revision",
        )?
        .execute((maintenance, key.0))?;
    Ok(())
}

/// The newest acknowledgement in force.
fn newest(connection: &Connection, key: MaintenanceKey) -> Result<Option<AcknowledgementKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id FROM acknowledgement WHERE maintenance = ?1 AND withdrawn_at IS NULL ORDER BY revision DESC, id DESC",
    )?;
    Ok(query.query_row([key], |row| row.get(0).map(AcknowledgementKey)).optional()?)
}

/// Brings the columns that lists read up to date with the acknowledgements in force.
fn refresh(connection: &Connection, key: MaintenanceKey) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE maintenance SET (ack_revision, ack_by, ack_at) = (
                 SELECT coalesce(a.revision, 0), a.who, a.at FROM (SELECT 1)
                 LEFT JOIN acknowledgement a ON a.id = ?2
             ) WHERE id = ?1",
        )?
        .execute((key, newest(connection, key)?.map(|key| key.0)))?;
    Ok(())
}
