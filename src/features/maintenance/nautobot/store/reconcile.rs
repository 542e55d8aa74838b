//! From what Nautobot has into the maintenances.
//!
//! A record of Nautobot and a maintenance here are the same if the record's name is the provider's name, a dash and the
//! maintenance's id. The rules, also in the README:
//!
//! - What is known here from mails stands when the two first meet; a record that nothing here knows becomes a maintenance.
//! - From then on a change there is taken over here, field by field, unless the field was changed here as well: then both
//!   stay as they are, and the difference is shown.
//! - An acknowledgement there counts here if both say the same, and is taken back with the one there. One of another state
//!   is shown and acknowledges nothing.
//! - Circuits that Nautobot does not have are none of its business: they stay.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::content::{self, Content, Here, NONEXISTENT, There};
use super::{inventory, outbox};
use crate::features::maintenance::inventory::folded;
use crate::features::maintenance::model::{Circuit, Impact};
use crate::features::maintenance::store::action::{self, Actor, Inverse};
use crate::features::maintenance::store::detail::{EventKind, NewEvent};
use crate::features::maintenance::store::merge::{Order, State, compare};
use crate::features::maintenance::store::{MaintenanceKey, NoteKey, by_hand, rows};
use crate::store::Error;

/// In whose name it is written down here that something came from there.
pub const NAUTOBOT: &str = "Nautobot";
/// Between the text of a note and who wrote it.
const SIGNED: &str = "\n\n-- ";
/// How the text of a note begins that was taken back.
pub const TAKEN_BACK: &str = "[taken back by ";

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

/// Takes over up to `batch` of what has changed; how many there were.
pub fn step(connection: &Connection, manner: &Manner, batch: usize) -> Result<usize, Error> {
    let mut query =
        connection.prepare_cached("SELECT id FROM nautobot_maintenance WHERE dirty = 1 ORDER BY id LIMIT ?1")?;
    let rows = query.query_map([i64::try_from(batch).unwrap_or(i64::MAX)], |row| row.get(0))?;
    let ids: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        one(connection, id, manner)?;
    }
    Ok(ids.len())
}

/// Takes over one.
pub fn one(connection: &Connection, id: &str, manner: &Manner) -> Result<(), Error> {
    let Some(there) = content::there(connection, id)? else { return Ok(()) };
    let here = content::here(connection, &there.provider, &there.maintenance_id)?;
    let conflict = match here {
        None => {
            let is_over = manner.not_before.is_some_and(|before| there.content.end < before);
            let is_known = there.base.as_ref().is_some_and(|base| *base == there.content);
            if !is_over && !is_known {
                create(connection, &there, manner)?;
            }
            None
        }
        Some(here) => {
            let differs = take_changes(connection, &there, &here, manner)?;
            if differs.is_none() && there.content.says_the_same(&here.content) {
                outbox::agree(connection, &there.provider, &there.maintenance_id)?;
            }
            acknowledge(connection, &there, manner)?.or(differs)
        }
    };
    settle(connection, &there, conflict.as_deref())?;
    notes(connection, &there, manner)
}

/// A record that nothing here knows becomes a maintenance.
fn create(connection: &Connection, there: &There, manner: &Manner) -> Result<(), Error> {
    let made = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or(manner.now).min(manner.now);
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
        end: (*end).max(*start + chrono::TimeDelta::seconds(1)),
        order: Order { stamp: made(there.updated), sequence: 0 },
        circuits,
    };
    let key = rows::create(connection, &there.provider, &there.maintenance_id, &state)?;
    // Of a full reading nothing is news but what is to come and waits for somebody.
    let is_seen = manner.is_first || *end < manner.now;
    connection
        .prepare_cached(
            "UPDATE maintenance SET noticed = 0, elsewhere_at = ?2, seen_revision = iif(?3, revision, 0) WHERE id = ?1",
        )?
        .execute((key, made(there.created).timestamp(), is_seen))?;
    tell(connection, key, EventKind::FromNautobot, &[], manner.now)?;
    if there.content.ack {
        let actor = Actor { who: NAUTOBOT.to_owned(), at: made(there.updated) };
        quietly(connection, there, |connection| action::acknowledge_as_it_is(connection, &[key], &actor).map(|_| ()))?;
    }
    Ok(())
}

/// Writes to the history what came from there.
fn tell(
    connection: &Connection,
    maintenance: MaintenanceKey,
    kind: EventKind,
    changes: &[crate::features::maintenance::store::merge::Change],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    NewEvent { maintenance, at, stamp: None, kind, notification: None, who: Some(NAUTOBOT.to_owned()) }
        .insert(connection, changes)
}

/// Takes over what changed there and not here. What is left different, in words.
fn take_changes(connection: &Connection, there: &There, here: &Here, manner: &Manner) -> Result<Option<String>, Error> {
    let theirs = &there.content;
    let Some(base) = &there.base else {
        let differs = !theirs.says_the_same(&here.content);
        return Ok(differs.then(|| format!("Nautobot says {}; what is known here stands", theirs.told())));
    };
    let mut left = Vec::new();
    let [(key, before)] = here.windows.as_slice() else {
        let changed = !theirs.says_the_same(base) && !theirs.says_the_same(&here.content);
        return Ok(changed.then(|| format!("Nautobot says {}; here there are several windows", theirs.told())));
    };
    let mut after = before.clone();
    let ours = &here.content;
    let window = |content: &Content| (content.start, content.end);
    if merged(&window(base), &window(theirs), &window(ours), "the window", &mut left) && theirs.end > theirs.start {
        (after.start, after.end) = window(theirs);
    }
    if merged(&base.status, &theirs.status, &ours.status, "the status", &mut left) {
        after.status = theirs.status;
    }
    if merged(&base.description, &theirs.description, &ours.description, "the description", &mut left) {
        after.summary.clone_from(&theirs.description);
    }
    take_circuits(connection, base, there, &mut after)?;
    apply(connection, *key, (before, after), there, manner)?;
    if left.is_empty() {
        return Ok(None);
    }
    let left = format!("{} changed here and in Nautobot, which says {}", left.join(" and "), theirs.told());
    outbox::disagree(connection, &there.provider, &there.maintenance_id, &left)?;
    Ok(Some(left))
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
            let held = by_hand::hold(&set, before, set.as_said_elsewhere(before, &after));
            by_hand::keep(connection, key, Some(&held.by_hand))?;
            (held.state, held.changes, held.withheld)
        }
    };
    rows::update(connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
    let at = DateTime::from_timestamp(there.updated, 0).unwrap_or(manner.now).min(manner.now);
    connection
        .prepare_cached("UPDATE maintenance SET changed_at = ?2, elsewhere_at = ?2 WHERE id = ?1")?
        .execute((key, at.timestamp()))?;
    if !changes.is_empty() {
        tell(connection, key, EventKind::FromNautobot, &changes, manner.now)?;
    }
    if !withheld.is_empty() {
        tell(connection, key, EventKind::Withheld, &withheld, manner.now)?;
    }
    Ok(())
}

/// Whether a change there is to be taken over; one that meets another change here is noted in `left`.
fn merged<T: PartialEq>(base: &T, theirs: &T, ours: &T, what: &'static str, left: &mut Vec<&'static str>) -> bool {
    if theirs == base || theirs == ours {
        return false;
    }
    if ours == base {
        return true;
    }
    left.push(what);
    false
}

/// Takes over circuits that came, went, or are hit otherwise there.
fn take_circuits(connection: &Connection, base: &Content, there: &There, after: &mut State) -> Result<(), Error> {
    let theirs = &there.content.circuits;
    if *theirs == base.circuits {
        return Ok(());
    }
    let mut ids: Vec<&String> = theirs.keys().chain(base.circuits.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let (was, is) = (base.circuits.get(id), theirs.get(id));
        let Some(cid) = inventory::cid(connection, id)?.filter(|_| was != is) else { continue };
        let place = after.circuits.iter().position(|circuit| folded(&circuit.circuit_id) == folded(&cid));
        match (is, place) {
            (Some(impact), Some(place)) => {
                if let Some(circuit) = after.circuits.get_mut(place) {
                    circuit.impact = *impact;
                }
            }
            (Some(impact), None) => after.circuits.push(Circuit { circuit_id: cid, impact: *impact }),
            (None, Some(place)) => _ = after.circuits.remove(place),
            (None, None) => {}
        }
    }
    Ok(())
}

/// Takes over an acknowledgement, or that it was taken back. What is left different, in words.
fn acknowledge(connection: &Connection, there: &There, manner: &Manner) -> Result<Option<String>, Error> {
    // As it is after what changed was taken over.
    let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? else { return Ok(None) };
    let (theirs, ours) = (there.content.ack, here.content.ack);
    if theirs == ours || outbox::waits(connection, outbox::Kind::Acknowledgement, there)? {
        return Ok(None);
    }
    let is_same = there.content.says_the_same(&here.content);
    let has_changed = there.base.as_ref().is_none_or(|base| base.ack != theirs);
    if !has_changed {
        return Ok(None);
    }
    let is_open = here.content.end > manner.now && !here.content.status.is_final();
    let keys: Vec<MaintenanceKey> = here.windows.iter().map(|(key, _)| *key).collect();
    let actor = Actor { who: NAUTOBOT.to_owned(), at: manner.now };
    match (theirs, is_same) {
        (true, true) => {
            quietly(connection, there, |connection| {
                action::acknowledge_as_it_is(connection, &keys, &actor).map(|_| ())
            })?;
            Ok(None)
        }
        (true, false) => Ok(Some(format!(
            "acknowledged in Nautobot as {}; here it says {}",
            there.content.told(),
            here.content.told()
        ))),
        // Acknowledged here before the two met: now it is told.
        (false, _) if there.base.is_none() => {
            if is_open && is_same {
                outbox::acknowledged(connection, &keys, &actor)?;
            }
            Ok(None)
        }
        (false, true) => {
            quietly(connection, there, |connection| action::unacknowledge(connection, &keys, &actor).map(|_| ()))?;
            Ok(None)
        }
        (false, false) => Ok(None),
    }
}

/// Does something that came from there, and so has not to be told there.
fn quietly(
    connection: &Connection,
    there: &There,
    what: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let waited = outbox::waits(connection, outbox::Kind::Acknowledgement, there)?;
    what(connection)?;
    if !waited {
        outbox::forget(connection, outbox::Kind::Acknowledgement, &there.provider, &there.maintenance_id, 0)?;
    }
    Ok(())
}

/// The two were compared.
pub fn settle(connection: &Connection, there: &There, conflict: Option<&str>) -> Result<(), Error> {
    let base = serde_json::to_string(&there.content)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    connection
        .prepare_cached(
            "UPDATE nautobot_maintenance SET dirty = 0, base = ?2, conflict = ?3, maintenance =
                 (SELECT id FROM maintenance WHERE provider = ?4 AND maintenance_id = ?5 ORDER BY window LIMIT 1)
             WHERE id = ?1",
        )?
        .execute((&there.id, base, conflict, &there.provider, &there.maintenance_id))?;
    outbox::look_again(connection, &there.provider, &there.maintenance_id)
}

/// Notes there that are none here yet become ones; those of circuits that the app does not know are none.
fn notes(connection: &Connection, there: &There, manner: &Manner) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, title, comment, updated, note FROM nautobot_note n WHERE maintenance = ?1
             AND substr(title, 1, length(?2)) <> ?2 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.object = n.id)
         ORDER BY updated, id",
    )?;
    let rows = query.query_map((&there.id, NONEXISTENT), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, Option<NoteKey>>(4)?,
        ))
    })?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if found.is_empty() {
        return Ok(());
    }
    let Some(here) = content::here(connection, &there.provider, &there.maintenance_id)? else { return Ok(()) };
    let Some((key, _)) = here.windows.first() else { return Ok(()) };
    for (id, title, comment, updated, known) in found {
        let at = DateTime::from_timestamp_micros(updated).unwrap_or(manner.now).min(manner.now);
        let (who, text) = author(&title, &comment);
        let is_gone = text.starts_with(TAKEN_BACK);
        match known {
            Some(note) if is_gone => {
                let actor = Actor { who: NAUTOBOT.to_owned(), at };
                silently(connection, |connection| {
                    action::undo(connection, &Inverse::RemoveNotes(vec![note]), &actor).map(|_| ())
                })?;
            }
            // One that was written there can be changed there; ours stay as they were written.
            Some(note) => {
                connection
                    .prepare_cached("UPDATE note SET text = ?2 WHERE id = ?1 AND who = ?3 AND text <> ?2")?
                    .execute((note, text, NAUTOBOT))?;
            }
            None if is_gone => {}
            None => {
                let actor = Actor { who, at };
                let mut done = action::Done::default();
                silently(connection, |connection| {
                    done = action::add_note(connection, &[*key], &text, &actor)?;
                    Ok(())
                })?;
                if let Some(Inverse::RemoveNotes(notes)) = &done.inverse {
                    connection
                        .prepare_cached("UPDATE nautobot_note SET note = ?2 WHERE id = ?1")?
                        .execute((id, notes.first()))?;
                    // Nobody here wrote it, so nobody here undoes it.
                    action::forget_undo(connection, done.inverse.as_ref())?;
                }
            }
        }
    }
    Ok(())
}

/// Does something with notes that came from there, and so has not to be told there.
fn silently(connection: &Connection, what: impl FnOnce(&Connection) -> Result<(), Error>) -> Result<(), Error> {
    let last: i64 = connection.query_row("SELECT coalesce(max(id), 0) FROM outbox", [], |row| row.get(0))?;
    what(connection)?;
    connection.prepare_cached("DELETE FROM outbox WHERE id > ?1 AND kind = 'note'")?.execute([last])?;
    Ok(())
}

/// A note as it is written there: what it says, and who says it, for there is no field for that.
#[must_use]
pub fn signed(text: &str, who: &str, at: DateTime<Utc>) -> String {
    format!("{text}{SIGNED}{who}, {} UTC", at.format("%Y-%m-%d %H:%M"))
}

/// Who wrote a note, and what it says.
fn author(title: &str, comment: &str) -> (String, String) {
    if let Some((text, signature)) = comment.rsplit_once(SIGNED)
        && let Some((who, when)) = signature.rsplit_once(", ")
        && when.ends_with(" UTC")
        && !who.is_empty()
        && !signature.contains('\n')
    {
        return (who.to_owned(), text.to_owned());
    }
    let text = if title.is_empty() { comment.to_owned() } else { format!("{title}\n{comment}") };
    (NAUTOBOT.to_owned(), text)
}

/// Takes out impacts and notes that a full reading did not have. A note that came from there goes here, too.
pub fn sweep(connection: &Connection, round: i64, now: DateTime<Utc>) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id FROM nautobot_note b JOIN note n ON n.id = b.note WHERE b.round < ?1 AND n.who = ?2
             AND n.removed_at IS NULL",
    )?;
    let rows = query.query_map((round, NAUTOBOT), |row| row.get(0))?;
    let notes: Vec<NoteKey> = rows.collect::<rusqlite::Result<_>>()?;
    let actor = Actor { who: NAUTOBOT.to_owned(), at: now };
    silently(connection, |connection| action::undo(connection, &Inverse::RemoveNotes(notes), &actor).map(|_| ()))?;
    for table in ["nautobot_impact", "nautobot_note"] {
        let missing = format!("SELECT maintenance FROM {table} WHERE round < ?1");
        connection.execute(&format!("UPDATE nautobot_maintenance SET dirty = 1 WHERE id IN ({missing})"), [round])?;
        connection.execute(&format!("DELETE FROM {table} WHERE round < ?1"), [round])?;
    }
    Ok(())
}

/// Takes out a maintenance that is no longer in Nautobot. One that came from there and that nobody here worked on goes
/// here, too.
pub fn gone(connection: &Connection, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(there) = content::there(connection, id)? else { return Ok(()) };
    connection
        .prepare_cached(
            "DELETE FROM maintenance WHERE noticed = 0 AND id = (SELECT maintenance FROM nautobot_maintenance WHERE id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM note n WHERE n.maintenance = maintenance.id AND n.who <> ?2)
                 AND NOT EXISTS (SELECT 1 FROM acknowledgement a WHERE a.maintenance = maintenance.id AND a.who <> ?2)
                 AND NOT EXISTS (SELECT 1 FROM by_hand b WHERE b.maintenance = maintenance.id)",
        )?
        .execute((id, NAUTOBOT))?;
    let here = content::here(connection, &there.provider, &there.maintenance_id)?;
    for (key, _) in here.iter().flat_map(|here| &here.windows) {
        tell(connection, *key, EventKind::GoneFromNautobot, &[], now)?;
    }
    for table in ["nautobot_impact", "nautobot_note"] {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE maintenance = ?1"))?.execute([id])?;
    }
    connection.prepare_cached("DELETE FROM nautobot_maintenance WHERE id = ?1")?.execute([id])?;
    Ok(())
}
