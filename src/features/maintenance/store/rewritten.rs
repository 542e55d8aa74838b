//! Mails whose file is another than when it was read: it was not whole then, or has been written anew.
//!
//! What was read of the same mail gives way to what it says now, as if that had been read alone; only the history tells of
//! both. Of a file whose name another mail has by now, the mail that was there stays.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::record::{self, Delivery, Hashes, Limits, Novelty, Recorded};
use super::rows::length;
use super::{NotificationKey, again, unparsed};
use crate::features::maintenance::model::{Envelope, Outcome, Reading, Verdict};
use crate::features::maintenance::nautobot::store::reconcile::astray;
use crate::features::maintenance::source::Stamp;
use crate::store::Error;

/// What this very item was recorded as, whose content came with it.
struct Earlier {
    key: NotificationKey,
    outcome: Outcome,
    message_id: Option<String>,
    subject: String,
    dated: Option<i64>,
    whole_hash: Vec<u8>,
    /// As far as it is kept.
    raw: Vec<u8>,
}

/// Records a mail whose item is known with other content. `None` where it is not, or where it is another mail or one that
/// is known: it is recorded as every mail is.
pub fn record(
    connection: &Connection,
    delivery: &Delivery,
    reading: &Reading,
    unknown: &[String],
    limits: Limits,
) -> Result<Option<Recorded>, Error> {
    let Some(earlier) = earlier(connection, delivery)? else { return Ok(None) };
    let (key, raw) = (earlier.key, &delivery.raw);
    let hashes = Hashes::of(raw);
    let was_refused = earlier.whole_hash == Hashes::of(&[]).whole;
    if raw.is_empty() && delivery.size > 0 && !was_refused {
        return Ok(None);
    }
    let same = if raw.is_empty() { None } else { record::find_same(connection, reading, &hashes)? };
    if same.is_some_and(|(same, _)| same == key) {
        return Ok(None);
    }
    // Less than was read before: it is being written again.
    if raw.is_empty() && delivery.size == 0 || earlier.begins_with(raw, reading) {
        let outcome = earlier.outcome;
        return Ok(Some(Recorded { notification: key, outcome, novelty: Novelty::Duplicate, merged: Vec::new() }));
    }
    if !was_refused && !earlier.is_begun_by(delivery, reading) {
        return Ok(None);
    }
    let opened = |connection| unparsed::notification(connection, key);
    if same.is_some() {
        // The whole mail has come another way, and the rest of it is no mail.
        let verdict = Verdict::Ignored { provider: String::new(), reason: String::new() };
        if let Some(opened) = opened(connection)? {
            again::settle(connection, &opened, &Reading { envelope: Envelope::default(), verdict }, &[])?;
        }
        connection.prepare_cached("DELETE FROM notification WHERE id = ?1")?.execute([key])?;
        return Ok(None);
    }
    replace(connection, key, delivery, reading, &hashes, limits)?;
    let Some(opened) = opened(connection)? else { return Ok(None) };
    let spoken_of = astray::spoken_of(connection, key)?;
    let (outcome, merged) = again::supersede(connection, &opened, reading, unknown)?;
    astray::left(connection, key, &spoken_of)?;
    Ok(Some(Recorded { notification: key, outcome, novelty: Novelty::ReadAgain, merged }))
}

/// Files of one name that are known, of those that were read last. Whoever writes one on and on leaves no more than these.
const FILES: i64 = 16;

/// As what the file of a mail was read that has been recorded. As what it was read before stays known: that may be another
/// file of the same name.
pub fn stamp(connection: &Connection, delivery: &Delivery, stamp: Stamp) -> Result<(), Error> {
    let item = (&delivery.source, &delivery.item);
    let is_another = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO source_item_before (source, item, bytes, written_at)
             SELECT source, item, bytes, written_at FROM source_item
             WHERE source = ?1 AND item = ?2 AND written_at IS NOT NULL AND (bytes, written_at) <> (?3, ?4)",
        )?
        .execute((item.0, item.1, stamp.bytes, stamp.written_at))?;
    if is_another > 0 {
        connection
            .prepare_cached(
                "DELETE FROM source_item_before WHERE id IN (SELECT id FROM source_item_before
                     WHERE source = ?1 AND item = ?2 ORDER BY id DESC LIMIT -1 OFFSET ?3)",
            )?
            .execute((item.0, item.1, FILES))?;
    }
    connection
        .prepare_cached("UPDATE source_item SET bytes = ?3, written_at = ?4 WHERE source = ?1 AND item = ?2")?
        .execute((&delivery.source, &delivery.item, stamp.bytes, stamp.written_at))?;
    Ok(())
}

impl Earlier {
    /// Whether a mail is a beginning of this one, or of it with another head: who sorts mails writes into that what they found.
    fn begins_with(&self, raw: &[u8], reading: &Reading) -> bool {
        if raw.is_empty() || self.raw.starts_with(raw) {
            return !raw.is_empty();
        }
        let (Some(body), Some(known)) = (record::body(raw), record::body(&self.raw)) else { return false };
        let is_less = body.len() < known.len() && known.starts_with(body);
        is_less && self.has_id_of(reading) && self.subject == record::long(&reading.envelope.subject)
    }

    /// Whether a mail has the Message-ID of this one, and not another Date.
    fn has_id_of(&self, reading: &Reading) -> bool {
        let message_id = record::message_id(&reading.envelope);
        let is_other_date =
            self.dated.zip(reading.envelope.date).is_some_and(|(dated, date)| dated != date.timestamp());
        message_id.is_some() && message_id == self.message_id && !is_other_date
    }

    /// Whether a mail is the one of which this is a beginning, or the same with other content. Who writes a file may make
    /// room for it first.
    fn is_begun_by(&self, delivery: &Delivery, reading: &Reading) -> bool {
        let room = self.raw.iter().rev().take_while(|byte| **byte == 0).count();
        let written = self.raw.get(..self.raw.len() - room).unwrap_or_default();
        let is_beginning = !self.raw.is_empty() && delivery.raw.starts_with(written);
        is_beginning || self.has_id_of(reading)
    }
}

/// What the item of a delivery was recorded as, unless that is what another item was, too.
fn earlier(connection: &Connection, delivery: &Delivery) -> Result<Option<Earlier>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.outcome, n.message_id, n.subject, n.dated, n.whole_hash, coalesce(r.raw, x'') AS raw
         FROM source_item i JOIN notification n ON n.id = i.notification LEFT JOIN notification_raw r ON r.id = n.id
         WHERE i.source = ?1 AND i.item = ?2 AND i.lacks = 0 AND NOT EXISTS (
             SELECT 1 FROM source_item o WHERE o.notification = n.id AND (o.source, o.item) <> (?1, ?2))",
    )?;
    let found = query.query_row([&delivery.source, &delivery.item], |row| {
        Ok(Earlier {
            key: row.get("id")?,
            outcome: row.get("outcome")?,
            message_id: row.get("message_id")?,
            subject: row.get("subject")?,
            dated: row.get("dated")?,
            whole_hash: row.get("whole_hash")?,
            raw: row.get("raw")?,
        })
    });
    Ok(found.optional()?)
}

/// Puts the content of a mail into the place of what it was. Whose it is, is asked anew, and nobody has dismissed it.
fn replace(
    connection: &Connection,
    key: NotificationKey,
    delivery: &Delivery,
    reading: &Reading,
    hashes: &Hashes,
    limits: Limits,
) -> Result<(), Error> {
    let envelope = &reading.envelope;
    let kept = delivery.raw.get(..limits.raw_bytes).unwrap_or(&delivery.raw);
    let mut update = connection.prepare_cached(
        "UPDATE notification SET received_at = :received_at, message_id = :message_id, sender = :sender,
             subject = :subject, dated = :dated, size = :size, kept = :kept, whole_hash = :whole, body_hash = :body,
             recorded_at = :recorded_at, whose = 0, dismissed_at = NULL, dismissed_by = NULL WHERE id = :id",
    )?;
    update.execute(named_params! {
        ":id": key,
        ":received_at": delivery.received_at().timestamp(),
        ":message_id": record::message_id(envelope),
        ":sender": record::short(&envelope.sender),
        ":subject": record::long(&envelope.subject),
        ":dated": envelope.date.map(|date| date.timestamp()),
        ":size": i64::try_from(delivery.size).unwrap_or(i64::MAX),
        ":kept": length(kept),
        ":whole": hashes.whole,
        ":body": hashes.body,
        ":recorded_at": delivery.recorded_at.timestamp(),
    })?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO notification_raw (id, raw) VALUES (?1, ?2)")?
        .execute((key, kept))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::{Impact, Notice, Status};
    use crate::features::maintenance::store::MaintenanceKey;
    use crate::features::maintenance::store::action::{Actor, acknowledge_as_it_is, add_note};
    use crate::features::maintenance::store::detail::{Detail, detail};
    use crate::features::maintenance::store::event::EventKind;
    use crate::features::maintenance::store::list::Acknowledged;
    use crate::features::maintenance::store::record::is_recorded;
    use crate::features::maintenance::store::testing::{circuit, empty, hour, mail, notice};

    /// What is said of lines 1 to `lines`.
    fn of_lines(lines: usize) -> Notice {
        let circuits = (1..=lines).map(|line| circuit(&format!("IC-{line}"), Impact::Outage)).collect();
        Notice { circuits, ..notice(hour(0)) }
    }

    /// The first `lines` lines of a mail of six, which tell of as many circuits.
    fn cut(lines: usize) -> (Delivery, Reading) {
        let (mut delivery, reading) = mail("1", hour(0), vec![of_lines(lines)]);
        for line in 1..=lines {
            delivery.raw.extend(format!("IC-{line}\r\n").bytes());
        }
        delivery.size = delivery.raw.len() as u64;
        (delivery, reading)
    }

    /// As the intake records it.
    fn take(connection: &Connection, (delivery, reading): &(Delivery, Reading)) -> Recorded {
        let changed = record(connection, delivery, reading, &[], Limits::default()).unwrap();
        let recorded =
            changed.unwrap_or_else(|| record::record(connection, delivery, reading, Limits::default()).unwrap());
        let bytes = i64::try_from(delivery.size).unwrap();
        stamp(connection, delivery, Stamp { bytes, written_at: 7 }).unwrap();
        recorded
    }

    fn with(mail: &(Delivery, Reading), verdict: Verdict) -> (Delivery, Reading) {
        (mail.0.clone(), Reading { verdict, ..mail.1.clone() })
    }

    fn look(connection: &Connection) -> Option<Detail> {
        detail(connection, MaintenanceKey(1), hour(9)).unwrap()
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_was_read_of_half_a_mail_gives_way_to_the_whole() {
        let (whole, both) = (empty(), empty());
        take(&whole, &cut(6));
        take(&both, &cut(4));
        let anna = Actor { who: "anna".to_owned(), at: hour(1) };
        acknowledge_as_it_is(&both, &[MaintenanceKey(1)], &anna).unwrap();
        let recorded = take(&both, &cut(6));
        assert_eq!((recorded.outcome, recorded.novelty), (Outcome::Parsed, Novelty::ReadAgain));
        let (one, other) = (look(&whole).unwrap(), look(&both).unwrap());
        assert_eq!(
            (&one.circuits, one.stamp, one.status, &one.summary),
            (&other.circuits, other.stamp, other.status, &other.summary)
        );
        assert!(other.acknowledgements.iter().all(|ack| ack.revision < other.revision), "it is asked for again");
        let raw = |c: &Connection| -> (Vec<u8>, i64, Vec<u8>) {
            let sql = "SELECT raw, size, whole_hash FROM notification JOIN notification_raw USING (id)";
            c.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
        };
        assert_eq!(raw(&whole), raw(&both));
        // Once more is no news, nor is less of it.
        let events = count(&both, "event");
        for lines in [6, 4, 6] {
            assert_eq!(take(&both, &cut(lines)).novelty, Novelty::Duplicate);
        }
        assert_eq!((count(&both, "event"), count(&both, "notification")), (events, 1));
    }

    #[test]
    fn what_somebody_did_to_half_a_mail_whose_id_is_made_of_it_goes_over_to_the_whole() {
        // As of a provider that names none: the id is another with each line.
        let by_content = |lines: usize| {
            let told = Notice { maintenance_id: format!("of-{lines}"), ..of_lines(lines) };
            with(&cut(lines), Verdict::Parsed { provider: "zayo".to_owned(), notices: vec![told] })
        };
        let c = empty();
        take(&c, &by_content(3));
        let anna = Actor { who: "anna".to_owned(), at: hour(1) };
        acknowledge_as_it_is(&c, &[MaintenanceKey(1)], &anna).unwrap();
        add_note(&c, &[MaintenanceKey(1)], "drained", &anna).unwrap();
        assert_eq!(take(&c, &by_content(6)).novelty, Novelty::ReadAgain);
        let whole = look(&c).unwrap();
        assert_eq!((whole.maintenance_id.as_str(), whole.circuits.len(), whole.notes.len()), ("of-6", 6, 1));
        assert!(matches!(whole.acknowledged, Acknowledged::Before { .. }), "{:?}", whole.acknowledged);
        assert_eq!((count(&c, "maintenance"), count(&c, "said"), count(&c, "notification")), (1, 1, 1));
        let found = c.query_row("SELECT text FROM maintenance_text", [], |row| row.get::<_, String>(0)).unwrap();
        assert!(found.contains("of-6") && !found.contains("of-3"), "{found}");
        let events = count(&c, "event");
        take(&c, &by_content(3));
        take(&c, &by_content(6));
        assert_eq!((look(&c).unwrap(), count(&c, "event")), (whole, events));
        // The whole is known another way: what half of it told is shown as what nothing tells of.
        let c = empty();
        take(&c, &by_content(3));
        add_note(&c, &[MaintenanceKey(1)], "drained", &anna).unwrap();
        let (mut elsewhere, reading) = by_content(6);
        elsewhere.item = "by another name".to_owned();
        take(&c, &(elsewhere, reading));
        take(&c, &by_content(6));
        let half = look(&c).unwrap();
        assert_eq!((half.status, half.events[0].kind, half.notes.len()), (Status::Cancelled, EventKind::Untold, 1));
        assert_eq!((count(&c, "notification"), count(&c, "maintenance")), (1, 2));
    }

    #[test]
    fn a_failure_of_half_a_mail_goes_and_one_of_the_whole_stands() {
        let failed = || Verdict::Failed { provider: "zayo".to_owned(), reason: "it ends".to_owned() };
        let c = empty();
        take(&c, &with(&cut(0), failed()));
        assert_eq!(take(&c, &cut(6)).outcome, Outcome::Parsed);
        assert_eq!((look(&c).unwrap().circuits.len(), count(&c, "notification")), (6, 1));
        // Even the other way round: only the whole counts.
        let c = empty();
        take(&c, &cut(4));
        assert_eq!(take(&c, &with(&cut(6), failed())).outcome, Outcome::ParsingFailed);
        assert_eq!((look(&c), count(&c, "said"), count(&c, "notification")), (None, 0, 1));
    }

    #[test]
    fn a_file_that_was_empty_or_cut_within_its_head_is_the_mail_that_it_becomes() {
        for begins in ["", "Message-ID: <1@carr", "\0\0\0\0", "Message-ID: <1\0\0\0\0\0\0"] {
            let c = empty();
            let (mut delivery, mut reading) = cut(6);
            (delivery.raw, delivery.size) = (begins.as_bytes().to_vec(), begins.len() as u64);
            reading.envelope.message_id = None;
            take(&c, &with(&(delivery, reading), Verdict::Unknown { reason: "no rule".to_owned() }));
            assert_eq!(take(&c, &cut(6)).outcome, Outcome::Parsed, "{begins:?}");
            assert_eq!((count(&c, "notification"), look(&c).unwrap().circuits.len()), (1, 6), "{begins:?}");
        }
    }

    #[test]
    fn half_a_mail_of_which_the_whole_came_another_way_goes() {
        let c = empty();
        take(&c, &cut(4));
        let (mut elsewhere, reading) = cut(6);
        elsewhere.item = "by another name".to_owned();
        take(&c, &(elsewhere, reading));
        assert_eq!(count(&c, "notification"), 2);
        assert_eq!(take(&c, &cut(6)).novelty, Novelty::Duplicate);
        assert_eq!((count(&c, "notification"), count(&c, "said"), look(&c).unwrap().circuits.len()), (1, 1, 6));
    }

    #[test]
    fn half_a_mail_that_has_two_names_goes_when_both_are_of_the_whole() {
        for first_whole in 0..2 {
            let c = empty();
            let named = |lines: usize, name: usize| {
                let (mut delivery, reading) = cut(lines);
                delivery.item = ["1", "2"][name].to_owned();
                (delivery, reading)
            };
            take(&c, &named(4, 0));
            take(&c, &named(4, 1));
            for name in [first_whole, 1 - first_whole] {
                take(&c, &named(6, name));
            }
            assert_eq!((count(&c, "notification"), count(&c, "said"), look(&c).unwrap().circuits.len()), (1, 1, 6));
        }
    }

    #[test]
    fn a_mail_that_is_written_again_with_another_head_loses_nothing_meanwhile() {
        let c = empty();
        take(&c, &cut(6));
        acknowledge_as_it_is(&c, &[MaintenanceKey(1)], &Actor { who: "anna".to_owned(), at: hour(1) }).unwrap();
        let before = (look(&c), count(&c, "event"));
        for lines in [2, 6] {
            let (mut delivery, reading) = cut(lines);
            delivery.raw.splice(..0, *b"X-Sorted: yes\r\n");
            delivery.size = delivery.raw.len() as u64;
            assert_eq!(take(&c, &(delivery, reading)).novelty, Novelty::Duplicate);
        }
        assert_eq!(((look(&c), count(&c, "event")), count(&c, "notification")), (before, 1));
        // With another subject it may say something else.
        let (mut delivery, mut reading) = cut(2);
        reading.envelope.subject = "[CANCELLED] Maintenance".to_owned();
        delivery.raw.splice(..0, *b"X-Sorted: yes\r\n");
        assert_eq!(take(&c, &(delivery, reading)).novelty, Novelty::ReadAgain);
    }

    #[test]
    fn a_name_that_is_used_again_is_of_another_mail_and_the_one_before_stays() {
        let c = empty();
        take(&c, &cut(6));
        let other = Notice { maintenance_id: "TTN-2".to_owned(), ..notice(hour(1)) };
        let (mut delivery, reading) = mail("2", hour(1), vec![other]);
        delivery.item = "1".to_owned();
        assert_eq!(take(&c, &(delivery, reading)).novelty, Novelty::New);
        assert_eq!((count(&c, "notification"), count(&c, "maintenance"), count(&c, "source_item")), (2, 2, 1));
    }

    #[test]
    fn of_files_of_one_name_each_is_recorded_and_a_half_does_not_take_the_place_of_the_whole() {
        let is = |c: &Connection, (delivery, _): &(Delivery, Reading)| {
            let bytes = i64::try_from(delivery.size).unwrap();
            is_recorded(c, "test", "1", Some(Stamp { bytes, written_at: 7 })).unwrap()
        };
        let other = || {
            let other = Notice { maintenance_id: "TTN-2".to_owned(), ..notice(hour(1)) };
            let (mut delivery, reading) = mail("another", hour(1), vec![other]);
            delivery.item = "1".to_owned();
            (delivery, reading)
        };
        for files in [[cut(6), other()], [cut(4), cut(6)], [cut(6), cut(4)]] {
            let c = empty();
            assert!(!is(&c, &files[0]));
            take(&c, &files[0]);
            assert!(is(&c, &files[0]) && !is(&c, &files[1]));
            take(&c, &files[1]);
            assert!(files.iter().all(|file| is(&c, file)), "none of them is read again");
            assert_eq!(look(&c).unwrap().circuits.len(), 6);
        }
        // Who writes it on and on does not fill the database.
        let c = empty();
        for lines in 1..40 {
            take(&c, &cut(lines));
        }
        assert_eq!(count(&c, "source_item_before"), FILES);
        assert!(is(&c, &cut(39)) && is(&c, &cut(38)) && !is(&c, &cut(1)));
    }

    #[test]
    fn a_file_is_recorded_as_what_it_was_read() {
        let c = empty();
        let is = |bytes, written_at| is_recorded(&c, "test", "1", Some(Stamp { bytes, written_at })).unwrap();
        let mail = cut(6);
        let bytes = i64::try_from(mail.0.size).unwrap();
        assert!(!is(bytes, 7));
        take(&c, &mail);
        assert!(is(bytes, 7) && !is(bytes, 8) && !is(bytes + 1, 7) && is_recorded(&c, "test", "1", None).unwrap());
        // Of what is forgotten a new time makes nothing new.
        c.execute("DELETE FROM notification", []).unwrap();
        assert!(is(bytes, 8) && !is(bytes + 1, 7));
        // What was recorded before stamps were kept.
        let c = empty();
        record::record(&c, &mail.0, &mail.1, Limits::default()).unwrap();
        let is = |bytes, written_at| is_recorded(&c, "test", "1", Some(Stamp { bytes, written_at })).unwrap();
        assert!(is(bytes, 1) && is(bytes, 2) && !is(bytes + 1, 1));
    }
}
