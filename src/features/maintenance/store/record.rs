//! One received notification into the tables, whatever came of reading it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};
use sha2::{Digest, Sha256};

use super::action::Actor;
use super::by_hand;
use super::event::{APPLIED, EventKind, NewEvent};
use super::merge::{self, Change, State, Step};
use super::rows::{create, length, update, windows_of};
use super::{MOST_CIRCUITS, MaintenanceKey, NotificationKey, sql};
use crate::features::maintenance::model::{Circuit, Envelope, Notice, Outcome, Reading, Verdict};
use crate::features::maintenance::nautobot::store::layer::Layer;
use crate::features::maintenance::nautobot::store::{inventory, outbox};
use crate::store::Error;
use crate::text::clean_line;

/// A notification as its source delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The source, such as `maildir /home/noc/Maildir` or `import`.
    pub source: String,
    /// What the source calls it, unique within the source: a file's name, a message's UID.
    pub item: String,
    /// All of it; empty if the source could not read it and never will (too large).
    pub raw: Vec<u8>,
    /// Bytes it has, however many of them are in `raw`.
    pub size: u64,
    /// When the source got it.
    pub received_at: DateTime<Utc>,
    /// When it is recorded, now.
    pub recorded_at: DateTime<Utc>,
}

/// How much of a notification is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the notification itself; it is read in full before.
    pub raw_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { raw_bytes: 10 * 1024 * 1024 }
    }
}

/// Characters of an id, an address or another short field; more is cut.
const SHORT: usize = 256;
/// Characters of a summary or a reason.
const LONG: usize = 2048;

/// What became of a received notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The notification in the store.
    pub notification: NotificationKey,
    /// Its outcome.
    pub outcome: Outcome,
    /// Whether it was there before.
    pub novelty: Novelty,
    /// The windows it speaks of and what it did to them; empty for a duplicate.
    pub merged: Vec<(MaintenanceKey, Merged)>,
}

/// Whether a notification was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It is new.
    New,
    /// The same mail was recorded before: nothing changed.
    Duplicate,
    /// The same mail was recorded before, and the rules make more of it now.
    ReadAgain,
}

/// What a notification did to one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// Made it known.
    Created,
    /// Changed it.
    Changed,
    /// Said nothing new.
    Unchanged,
    /// Left it out of a whole plan, which cancels it.
    Unlisted,
    /// Was older than what is known.
    OutOfSequence,
    /// Was that, too, and told what newer ones have left open.
    Told,
}

/// Whether the source's item was recorded before, so that it need not even be read; one that is asked for again has to be.
pub fn is_recorded(connection: &Connection, source: &str, item: &str) -> Result<bool, Error> {
    let mut query =
        connection.prepare_cached("SELECT 1 FROM source_item WHERE source = ?1 AND item = ?2 AND lacks <> 2")?;
    Ok(query.exists([source, item])?)
}

/// Records a notification and merges what it says, all or nothing.
///
/// A mail is the same as an earlier one if its body and its Message-ID are, or without a Message-ID all of it: a second
/// delivery through another list differs in its transport headers only. The same mail changes nothing, unless it could
/// not be read before and can now.
pub fn record(
    connection: &Connection,
    delivery: &Delivery,
    reading: &Reading,
    limits: Limits,
) -> Result<Recorded, Error> {
    let hashes = Hashes::of(&delivery.raw);
    let earlier = if delivery.raw.is_empty() {
        find_item(connection, delivery)?
    } else {
        find_same(connection, &reading.envelope, &hashes)?
    };
    let (notification, novelty) = match earlier {
        None => (insert(connection, delivery, reading, &hashes, limits)?, Novelty::New),
        Some((notification, outcome)) => {
            remember_item(connection, delivery, notification)?;
            let better = match &reading.verdict {
                Verdict::Parsed { .. } | Verdict::Ignored { .. } => outcome.needs_a_look(),
                Verdict::Failed { .. } => outcome == Outcome::UnknownProvider,
                Verdict::Unknown { .. } => false,
            };
            if !better {
                // Other rules may fail for another reason.
                if outcome == Outcome::ParsingFailed && matches!(reading.verdict, Verdict::Failed { .. }) {
                    settle(connection, notification, delivery.received_at, reading)?;
                }
                return Ok(Recorded { notification, outcome, novelty: Novelty::Duplicate, merged: Vec::new() });
            }
            (notification, Novelty::ReadAgain)
        }
    };
    remember_item(connection, delivery, notification)?;
    let (outcome, merged) = settle(connection, notification, delivery.received_at, reading)?;
    Ok(Recorded { notification, outcome, novelty, merged })
}

/// Merges a second reading of a notification that is in the store, for when rules were added.
pub fn record_again(
    connection: &Connection,
    notification: NotificationKey,
    received_at: DateTime<Utc>,
    reading: &Reading,
) -> Result<Recorded, Error> {
    let (outcome, merged) = settle(connection, notification, received_at, reading)?;
    Ok(Recorded { notification, outcome, novelty: Novelty::ReadAgain, merged })
}

/// Merges what the notification says and notes its outcome.
fn settle(
    connection: &Connection,
    notification: NotificationKey,
    received_at: DateTime<Utc>,
    reading: &Reading,
) -> Result<(Outcome, Vec<(MaintenanceKey, Merged)>), Error> {
    let mut merged = Vec::new();
    let (outcome, provider, reason) = match &reading.verdict {
        Verdict::Parsed { provider, notices } => {
            let provider = name(provider);
            let made = Made { notification, received_at, mailed: mailed(reading.envelope.date, received_at) };
            for (maintenance_id, notices) in by_maintenance(notices) {
                let circuits: Vec<Circuit> = notices.iter().flat_map(|notice| notice.circuits.clone()).collect();
                let provider = inventory::filed(connection, &provider, &maintenance_id, &circuits)?;
                merged.extend(merge_into(connection, &provider, &maintenance_id, &notices, &made)?);
            }
            let late = !merged.is_empty() && merged.iter().all(|(_, what)| *what == Merged::OutOfSequence);
            let outcome = if late { Outcome::OutOfSequence } else { Outcome::Parsed };
            (outcome, Some(provider), String::new())
        }
        Verdict::Ignored { provider, reason } => (Outcome::Ignored, Some(name(provider)), long(reason)),
        Verdict::Failed { provider, reason } if provider.is_empty() => (Outcome::ParsingFailed, None, long(reason)),
        Verdict::Failed { provider, reason } => (Outcome::ParsingFailed, Some(name(provider)), long(reason)),
        Verdict::Unknown { reason } => (Outcome::UnknownProvider, None, long(reason)),
    };
    let mut update =
        connection.prepare_cached("UPDATE notification SET outcome = ?2, provider = ?3, reason = ?4 WHERE id = ?1")?;
    update.execute((notification, outcome, provider, reason))?;
    Ok((outcome, merged))
}

/// When the mail was made at the latest. A Date from before mail existed as we know it is a broken clock.
fn mailed(dated: Option<DateTime<Utc>>, received_at: DateTime<Utc>) -> DateTime<Utc> {
    /// 1995-01-01.
    const PLAUSIBLE: i64 = 788_918_400;
    dated.filter(|date| date.timestamp() > PLAUSIBLE).unwrap_or(received_at).min(received_at)
}

/// What identifies a mail.
struct Hashes {
    whole: Vec<u8>,
    body: Vec<u8>,
}

impl Hashes {
    fn of(raw: &[u8]) -> Self {
        let body = raw.windows(2).enumerate().find_map(|(at, pair)| {
            let after = raw.get(at + 2..)?;
            match pair {
                b"\n\n" => Some(after),
                b"\n\r" => after.strip_prefix(b"\n"),
                _ => None,
            }
        });
        Self { whole: digest(raw), body: digest(body.unwrap_or(raw)) }
    }
}

/// SHA-256 of the bytes without carriage returns: mbox exports and mail servers disagree on line ends. 16 bytes of it
/// are plenty against accidents and short in the index.
fn digest(bytes: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for piece in bytes.split(|byte| *byte == b'\r') {
        hash.update(piece);
    }
    hash.finalize().iter().take(16).copied().collect()
}

/// The notification that this very item was recorded as: without content nothing else tells mails apart.
fn find_item(connection: &Connection, delivery: &Delivery) -> Result<Option<(NotificationKey, Outcome)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.outcome FROM source_item i JOIN notification n ON n.id = i.notification
         WHERE i.source = ?1 AND i.item = ?2",
    )?;
    let found = query.query_row([&delivery.source, &delivery.item], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// An earlier notification that is the same mail.
fn find_same(
    connection: &Connection,
    envelope: &Envelope,
    hashes: &Hashes,
) -> Result<Option<(NotificationKey, Outcome)>, Error> {
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found = match message_id(envelope) {
        Some(id) => connection
            .prepare_cached("SELECT id, outcome FROM notification WHERE body_hash = ?1 AND message_id = ?2")?
            .query_row((&hashes.body, id), columns),
        None => connection
            .prepare_cached(
                "SELECT id, outcome FROM notification
                 WHERE body_hash = ?1 AND message_id IS NULL AND whole_hash = ?2",
            )?
            .query_row((&hashes.body, &hashes.whole), columns),
    };
    Ok(found.optional()?)
}

fn message_id(envelope: &Envelope) -> Option<String> {
    envelope.message_id.as_deref().map(|id| cut(id.to_owned(), LONG))
}

fn insert(
    connection: &Connection,
    delivery: &Delivery,
    reading: &Reading,
    hashes: &Hashes,
    limits: Limits,
) -> Result<NotificationKey, Error> {
    let envelope = &reading.envelope;
    let kept = delivery.raw.get(..limits.raw_bytes).unwrap_or(&delivery.raw);
    let mut insert = connection.prepare_cached(
        "INSERT INTO notification (source, item, received_at, message_id, sender, subject, dated, outcome, reason, size,
                                   kept, whole_hash, body_hash, recorded_at)
         VALUES (:source, :item, :received_at, :message_id, :sender, :subject, :dated, :outcome, '', :size,
                 :kept, :whole, :body, :recorded_at)",
    )?;
    insert.execute(named_params! {
        ":source": delivery.source,
        ":item": delivery.item,
        ":received_at": delivery.received_at.timestamp(),
        ":message_id": message_id(envelope),
        ":sender": short(&envelope.sender),
        ":subject": long(&envelope.subject),
        ":dated": envelope.date.map(|date| date.timestamp()),
        // Replaced within the same transaction.
        ":outcome": Outcome::UnknownProvider,
        ":size": i64::try_from(delivery.size).unwrap_or(i64::MAX),
        ":kept": length(kept),
        ":whole": hashes.whole,
        ":body": hashes.body,
        ":recorded_at": delivery.recorded_at.timestamp(),
    })?;
    let notification = NotificationKey(connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO notification_raw (id, raw) VALUES (?1, ?2)")?
        .execute((notification, kept))?;
    Ok(notification)
}

fn remember_item(connection: &Connection, delivery: &Delivery, notification: NotificationKey) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO source_item (source, item, notification) VALUES (?1, ?2, ?3)")?
        .execute((&delivery.source, &delivery.item, notification))?;
    Ok(())
}

/// The notices of each maintenance, both in the order of the notification, made fit for columns.
fn by_maintenance(notices: &[Notice]) -> Vec<(String, Vec<Notice>)> {
    let mut groups: Vec<(String, Vec<Notice>)> = Vec::new();
    for notice in notices {
        let notice = fit(notice);
        match groups.iter_mut().find(|(id, _)| *id == notice.maintenance_id) {
            Some((_, group)) => group.push(notice),
            None => groups.push((notice.maintenance_id.clone(), vec![notice])),
        }
    }
    groups
}

/// The notice with its text harmless and bounded.
fn fit(notice: &Notice) -> Notice {
    let circuit = |circuit: &Circuit| Circuit {
        circuit_id: marked(short(&circuit.circuit_id), &circuit.circuit_id),
        impact: circuit.impact,
    };
    let named = notice.circuits.len();
    let summary = if named > MOST_CIRCUITS {
        format!("[{MOST_CIRCUITS} of {named} circuits are kept] {}", notice.summary)
    } else {
        notice.summary.clone()
    };
    Notice {
        account: short(&notice.account),
        circuits: notice.circuits.iter().take(MOST_CIRCUITS).map(circuit).collect(),
        maintenance_id: short(&notice.maintenance_id),
        organizer: short(&notice.organizer),
        provider: short(&notice.provider),
        summary: long(&summary),
        uid: short(&notice.uid),
        ..notice.clone()
    }
}

/// Where and when a group of notices was made.
struct Made {
    notification: NotificationKey,
    received_at: DateTime<Utc>,
    mailed: DateTime<Utc>,
}

fn merge_into(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    notices: &[Notice],
    made: &Made,
) -> Result<Vec<(MaintenanceKey, Merged)>, Error> {
    let shown = windows_of(connection, provider, maintenance_id)?;
    let mut by_hand = HashMap::new();
    for (key, _) in &shown {
        if let Some(set) = by_hand::of(connection, *key)? {
            by_hand.insert(*key, set);
        }
    }
    // Notices are merged with what notices said.
    let known: Vec<_> = shown
        .iter()
        .map(|(key, state)| (*key, by_hand.get(key).map_or_else(|| state.clone(), |set| set.as_said(state))))
        .collect();
    let mut done = Vec::new();
    let is_overtaken = is_overtaken(connection, &shown, made)?;
    let steps = merge::merge(&known, notices, made.mailed, is_overtaken);
    let newer = newer_elsewhere(connection, (provider, maintenance_id), &steps, notices, made)?;
    for step in steps {
        let mut withheld = Vec::new();
        let mut held = |key: MaintenanceKey, state: State, changes: Vec<Change>| {
            let before = shown.iter().find(|(shown, _)| *shown == key).map(|(_, state)| state);
            let (Some(set), Some(before)) = (by_hand.get(&key), before) else { return Ok((state, changes)) };
            let held = by_hand::hold(set, before, state);
            by_hand::keep(connection, key, Some(&held.by_hand))?;
            withheld = held.withheld;
            Ok::<_, Error>((held.state, held.changes))
        };
        let (key, what, changes, stamp) = match step {
            Step::Create(state) => {
                let key = create(connection, provider, maintenance_id, &state)?;
                let said = state.says_cancelled.then_some(Change::CalendarCancelled);
                (key, Merged::Created, said.into_iter().collect(), Some(state.order.stamp))
            }
            Step::Update { key, mut state, mut changes } => {
                let mut is_late = false;
                if let (Some(layer), Some((_, before))) = (&newer, known.iter().find(|(known, _)| *known == key)) {
                    is_late = layer.over(connection, &mut state)?;
                    changes = merge::compare(before, &state);
                }
                let (state, changes) = held(key, state, changes)?;
                // What is withheld asks for a look, too.
                update(connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
                let what = match changes.is_empty() && withheld.is_empty() {
                    true if is_late => Merged::OutOfSequence,
                    true => Merged::Unchanged,
                    false => Merged::Changed,
                };
                (key, what, changes, Some(state.order.stamp))
            }
            Step::Unlisted { key, state, changes } => {
                let (state, changes) = held(key, state, changes)?;
                update(connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
                (key, Merged::Unlisted, changes, Some(state.order.stamp))
            }
            Step::OutOfSequence { key, told } => {
                let stamp = notices.iter().map(|notice| notice.stamp.min(made.mailed)).max();
                match told.filter(|_| newer.is_none()) {
                    None => (key, Merged::OutOfSequence, Vec::new(), stamp),
                    Some((state, changes)) => {
                        let (state, changes) = held(key, *state, changes)?;
                        update(connection, key, &state, &[changes.as_slice(), &withheld].concat())?;
                        let is_told = !changes.is_empty() || !withheld.is_empty();
                        (key, if is_told { Merged::Told } else { Merged::OutOfSequence }, changes, stamp)
                    }
                }
            }
        };
        let kind = match what {
            Merged::Created => EventKind::FirstNotice,
            Merged::Changed => EventKind::Changed,
            Merged::Unchanged => EventKind::Unchanged,
            Merged::Unlisted => EventKind::Unlisted,
            Merged::OutOfSequence | Merged::Told => EventKind::OutOfSequence,
        };
        let event = |kind| NewEvent {
            maintenance: key,
            at: made.received_at,
            stamp,
            kind,
            notification: Some(made.notification),
            who: None,
        };
        // One that would only change what was set by hand is told as that alone.
        if withheld.is_empty() || !changes.is_empty() {
            event(kind).insert(connection, &changes)?;
        }
        if !withheld.is_empty() {
            event(EventKind::Withheld).insert(connection, &withheld)?;
        }
        done.push((key, what));
    }
    if done.iter().any(|(_, what)| matches!(what, Merged::Created | Merged::Changed | Merged::Unlisted | Merged::Told))
    {
        let actor = Actor { who: MAIL.to_owned(), at: made.received_at };
        outbox::changed(connection, provider, maintenance_id, &actor)?;
    }
    Ok(done)
}

/// Whether the notification that was applied last to any of these windows was made later than this one, or at the same time
/// and came later.
fn is_overtaken(connection: &Connection, windows: &[(MaintenanceKey, State)], made: &Made) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT n.id, n.dated, n.received_at FROM event e JOIN notification n ON n.id = e.notification
         WHERE e.maintenance = ?1 AND e.kind IN {APPLIED} ORDER BY e.id DESC LIMIT 1"
    ))?;
    for (window, _) in windows {
        let last = query.query_row([window], |row| {
            Ok((mailed(sql::time_if_any(row, "dated")?, sql::time(row, "received_at")?), row.get(0)?))
        });
        if last.optional()?.is_some_and(|last: (_, NotificationKey)| last > (made.mailed, made.notification)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// In whose name it is put into the outbox what notices changed.
const MAIL: &str = "mail";

/// What Nautobot says since after a notification was made, where it has one window and the notification speaks of that. Of
/// fields that it says nothing of the notification counts, and of all where it says more than one window.
fn newer_elsewhere(
    connection: &Connection,
    (provider, maintenance_id): (&str, &str),
    steps: &[Step],
    notices: &[Notice],
    made: &Made,
) -> Result<Option<Layer>, Error> {
    let newest = notices.iter().map(|notice| notice.stamp.min(made.mailed).timestamp_micros()).max();
    let layer = match newest {
        Some(newest) => Layer::newer(connection, provider, maintenance_id, newest)?,
        None => None,
    };
    let Some(layer) = layer else { return Ok(None) };
    if let [Step::Update { .. } | Step::OutOfSequence { .. }] = steps {
        return Ok(Some(layer));
    }
    if steps.iter().any(|step| matches!(step, Step::Create(_))) {
        layer.forget(connection)?;
    }
    Ok(None)
}

/// A provider's name, which is never empty: the order by provider begins after the empty text.
fn name(provider: &str) -> String {
    let name = short(provider);
    if name.is_empty() { "unknown".to_owned() } else { name }
}

fn short(text: &str) -> String {
    cut(clean_line(text), SHORT)
}

/// What is left of a text, with a sign where it was cut: half an id looks like a whole one.
fn marked(mut left: String, text: &str) -> String {
    if left.chars().count() == SHORT && text.chars().nth(SHORT).is_some() {
        left.pop();
        left.push('…');
    }
    left
}

fn long(text: &str) -> String {
    cut(clean_line(text), LONG)
}

/// `text` without what follows the first `most` characters.
fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}
