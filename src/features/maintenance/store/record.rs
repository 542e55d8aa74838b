//! One received notification into the tables, whatever came of reading it.

use chrono::{DateTime, SubsecRound as _, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};
use sha2::{Digest, Sha256};

use super::merge::Telling;
use super::rows::length;
use super::told::Told;
use super::{MOST_CIRCUITS, MaintenanceKey, NotificationKey, said};
use crate::features::maintenance::mail::bare_subject;
use crate::features::maintenance::model::{Circuit, Envelope, Notice, Outcome, Reading, Verdict};
use crate::features::maintenance::nautobot::store::inventory;
use crate::features::maintenance::source::Stamp;
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

impl Delivery {
    /// When it came: not later than now, whatever the clock says of the machine that had it last.
    pub(super) fn received_at(&self) -> DateTime<Utc> {
        self.received_at.min(self.recorded_at)
    }
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
    /// Was that, too, and changes what all of them together say.
    Told,
}

/// Whether the source's item was recorded before, so that it need not even be read; one that is asked for again has to be,
/// and a file that is another now. Of what was recorded before stamps were kept the size is known, and of what is
/// forgotten by now a new time alone makes nothing new. Where several files have one name, each of them was.
pub fn is_recorded(connection: &Connection, source: &str, item: &str, stamp: Option<Stamp>) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM source_item i WHERE source = ?1 AND item = ?2 AND lacks <> 2 AND (CASE
             WHEN ?3 IS NULL THEN 1
             WHEN written_at IS NULL THEN coalesce((SELECT size FROM notification n WHERE n.id = i.notification), ?3) = ?3
             ELSE bytes = ?3 AND (written_at = ?4 OR notification IS NULL) END
             OR EXISTS (SELECT 1 FROM source_item_before b WHERE b.source = ?1 AND b.item = ?2 AND b.bytes = ?3
                 AND b.written_at = ?4))",
    )?;
    Ok(query.exists((source, item, stamp.map(|stamp| stamp.bytes), stamp.map(|stamp| stamp.written_at)))?)
}

/// Records a notification and merges what it says, all or nothing.
///
/// A mail is the same as an earlier one if its Message-ID is, and all that rules read: body, Date and Subject; or without a
/// Message-ID all of it. A second delivery through another list differs in its transport headers, and in a subject with the
/// name of the list before it. The same mail changes nothing, unless it could not be read before and can now.
pub fn record(
    connection: &Connection,
    delivery: &Delivery,
    reading: &Reading,
    limits: Limits,
) -> Result<Recorded, Error> {
    let received_at = delivery.received_at();
    let hashes = Hashes::of(&delivery.raw);
    let earlier = if delivery.raw.is_empty() {
        find_item(connection, delivery, &hashes)?
    } else {
        find_same(connection, reading, &hashes)?
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
                    settle(connection, notification, received_at, reading)?;
                }
                return Ok(Recorded { notification, outcome, novelty: Novelty::Duplicate, merged: Vec::new() });
            }
            (notification, Novelty::ReadAgain)
        }
    };
    remember_item(connection, delivery, notification)?;
    let (outcome, merged) = settle(connection, notification, received_at, reading)?;
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
    let (mut merged, mut spoken_of) = (Vec::new(), Vec::new());
    let (outcome, provider, reason) = match &reading.verdict {
        Verdict::Parsed { provider, notices } => {
            let provider = name(provider);
            let mailed = mailed(reading.envelope.date, received_at);
            for ((provider, id), notices) in by_maintenance(&provider, notices) {
                let circuits: Vec<Circuit> = notices.iter().flat_map(|notice| notice.circuits.clone()).collect();
                let provider = inventory::filed(connection, &provider, &id, &circuits)?;
                let told = Told::of(connection, (&provider, &id), (notification, received_at))?;
                merged.extend(told.apply(Telling { notification, mailed, notices })?);
                spoken_of.push((provider.to_lowercase(), id));
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
    for (provider, id) in said::of(connection, notification)? {
        if !spoken_of.contains(&(provider.to_lowercase(), id.clone())) {
            merged.extend(Told::of(connection, (&provider, &id), (notification, received_at))?.withdraw()?);
        }
    }
    let mut update =
        connection.prepare_cached("UPDATE notification SET outcome = ?2, provider = ?3, reason = ?4 WHERE id = ?1")?;
    update.execute((notification, outcome, provider, reason))?;
    Ok((outcome, merged))
}

/// When the mail was made at the latest. A Date from before mail existed as we know it is a broken clock.
fn mailed(dated: Option<DateTime<Utc>>, received_at: DateTime<Utc>) -> DateTime<Utc> {
    /// 1995-01-01.
    const PLAUSIBLE: i64 = 788_918_400;
    let mailed = dated.filter(|date| date.timestamp() > PLAUSIBLE).unwrap_or(received_at).min(received_at);
    mailed.trunc_subsecs(0)
}

/// What identifies a mail.
pub(super) struct Hashes {
    pub(super) whole: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Hashes {
    pub(super) fn of(raw: &[u8]) -> Self {
        Self { whole: digest(raw), body: digest(body(raw).unwrap_or(raw)) }
    }
}

/// What is below the head of a mail.
pub(super) fn body(raw: &[u8]) -> Option<&[u8]> {
    raw.windows(2).enumerate().find_map(|(at, pair)| {
        let after = raw.get(at + 2..)?;
        match pair {
            b"\n\n" => Some(after),
            b"\n\r" => after.strip_prefix(b"\n"),
            _ => None,
        }
    })
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
fn find_item(
    connection: &Connection,
    delivery: &Delivery,
    nothing: &Hashes,
) -> Result<Option<(NotificationKey, Outcome)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.outcome FROM source_item i JOIN notification n ON n.id = i.notification
         WHERE i.source = ?1 AND i.item = ?2 AND n.whole_hash = ?3",
    )?;
    let item = (&delivery.source, &delivery.item, &nothing.whole);
    let found = query.query_row(item, |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// An earlier notification that is the same mail.
pub(super) fn find_same(
    connection: &Connection,
    reading: &Reading,
    hashes: &Hashes,
) -> Result<Option<(NotificationKey, Outcome)>, Error> {
    let envelope = &reading.envelope;
    let Some(message_id) = message_id(envelope) else {
        let mut query = connection.prepare_cached(
            "SELECT id, outcome FROM notification WHERE body_hash = ?1 AND message_id IS NULL AND whole_hash = ?2",
        )?;
        let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        return Ok(query.query_row((&hashes.body, &hashes.whole), columns).optional()?);
    };
    let subject = long(&envelope.subject);
    let mut query = connection.prepare_cached(
        "SELECT id, outcome, subject, dated, whole_hash = ?3 FROM notification WHERE body_hash = ?1 AND message_id = ?2
         ORDER BY whole_hash = ?3 DESC, subject = ?4 DESC, id",
    )?;
    let mut rows = query.query((&hashes.body, message_id, &hashes.whole, &subject))?;
    while let Some(row) = rows.next()? {
        let (earlier, outcome) = (row.get(0)?, row.get(1)?);
        let (known, dated): (String, Option<i64>) = (row.get(2)?, row.get(3)?);
        // Some systems give all notices of a maintenance one Message-ID. A Date that cannot be read says nothing.
        let is_other_date = dated.zip(envelope.date).is_some_and(|(dated, date)| dated != date.timestamp());
        let is_same = !is_other_date
            && (known == subject
                || bare_subject(&known) == bare_subject(&subject) && !says_other(connection, earlier, reading)?);
        if is_same || row.get(4)? {
            return Ok(Some((earlier, outcome)));
        }
    }
    Ok(None)
}

/// Whether a mail says something else than a notification said, but for summaries, into which subjects go: what stands in
/// brackets before a subject may be the name of a list or `[CANCELLED]`.
fn says_other(connection: &Connection, earlier: NotificationKey, reading: &Reading) -> Result<bool, Error> {
    let Verdict::Parsed { provider, notices } = &reading.verdict else { return Ok(false) };
    let bare = |notice: Notice| Notice { summary: String::new(), ..notice };
    let mut said: Vec<(String, Vec<Notice>)> = Vec::new();
    for (_, id, telling) in said::by(connection, earlier)? {
        said.push((id, telling.notices.into_iter().map(bare).collect()));
    }
    let mut says: Vec<(String, Vec<Notice>)> = by_maintenance(&name(provider), notices)
        .into_iter()
        .map(|((_, id), notices)| (id, notices.into_iter().map(bare).collect()))
        .collect();
    said.sort_by(|(one, _), (other, _)| one.cmp(other));
    says.sort_by(|(one, _), (other, _)| one.cmp(other));
    // Of what was read before that was kept, nothing is known.
    Ok(!said.is_empty() && said != says)
}

pub(super) fn message_id(envelope: &Envelope) -> Option<String> {
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
        ":received_at": delivery.received_at().timestamp(),
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
        .prepare_cached(
            "INSERT INTO source_item (source, item, notification) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET notification = ?3, told = NULL, lacks = 0",
        )?
        .execute((&delivery.source, &delivery.item, notification))?;
    Ok(())
}

/// The maintenances that notices are of, as provider and id.
pub(super) fn maintenances(
    connection: &Connection,
    provider: &str,
    notices: &[Notice],
) -> Result<Vec<(String, String)>, Error> {
    let filed = |((provider, id), notices): ((String, String), Vec<Notice>)| {
        let circuits: Vec<Circuit> = notices.into_iter().flat_map(|notice| notice.circuits).collect();
        Ok((inventory::filed(connection, &provider, &id, &circuits)?, id))
    };
    by_maintenance(&name(provider), notices).into_iter().map(filed).collect()
}

/// The notices of each maintenance, by provider and id, both in the order of the notification, made fit for columns. They are
/// those of `provider`, or each of whom it names where `provider` is only who the first of them names.
fn by_maintenance(provider: &str, notices: &[Notice]) -> Vec<((String, String), Vec<Notice>)> {
    let is_named = notices.first().is_some_and(|first| name(&first.provider).eq_ignore_ascii_case(provider));
    let mut groups: Vec<((String, String), Vec<Notice>)> = Vec::new();
    for notice in notices {
        let notice = fit(notice);
        let is_other = !notice.provider.is_empty() && !notice.provider.eq_ignore_ascii_case(provider);
        let whose = if is_named && is_other { &notice.provider } else { provider };
        let is_same =
            |(other, id): &(String, String)| other.eq_ignore_ascii_case(whose) && *id == notice.maintenance_id;
        match groups.iter_mut().find(|(group, _)| is_same(group)) {
            Some((_, group)) => group.push(notice),
            None => groups.push(((whose.to_owned(), notice.maintenance_id.clone()), vec![notice])),
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
        // As they stand in columns, which is what they are compared with.
        stamp: notice.stamp.trunc_subsecs(0),
        start: notice.start.trunc_subsecs(0),
        end: notice.end.trunc_subsecs(0),
        ..notice.clone()
    }
}

/// A provider's name, which is never empty: the order by provider begins after the empty text.
fn name(provider: &str) -> String {
    let name = short(provider);
    if name.is_empty() { "unknown".to_owned() } else { name }
}

pub(super) fn short(text: &str) -> String {
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

pub(super) fn long(text: &str) -> String {
    cut(clean_line(text), LONG)
}

/// `text` without what follows the first `most` characters.
fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}
