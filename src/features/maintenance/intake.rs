//! From a received mail to a recorded one: read by the rules, then written, in the order of arrival.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures::future::join_all;

use super::inventory::Inventory;
use super::mail::{self, MAX_PARSED_BYTES, MailError};
use super::model::{Envelope, Reading, Verdict};
use super::rules::Rules;
use super::source::{Received, Refusal, Stamp};
use super::store::record::{self, Delivery, Limits, Recorded};
use super::store::sender::{self, Senders};
use super::store::{given_up, rewritten, unknown};
use crate::blocking;
use crate::store::{Error, Store};
use crate::text::clean_line;

/// The way in: what it reads with and where it writes to.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The database.
    store: Store,
    /// The provider rules.
    rules: Arc<Rules>,
    /// How much of a mail is kept.
    limits: Limits,
    /// The user's circuits.
    inventory: Arc<Inventory>,
}

/// What became of one mail.
pub type Taken = Result<Recorded, Error>;

/// A mail with what the rules make of it, not recorded yet.
#[derive(Debug, Clone)]
pub struct Read {
    /// The mail as it is recorded.
    pub delivery: Delivery,
    /// What it says.
    pub reading: Reading,
    /// The circuits in it that the inventory does not have.
    pub unknown: Vec<String>,
    /// Whether its source has given it up: the content never came.
    pub is_given_up: bool,
    /// As what its file was read.
    pub stamp: Option<Stamp>,
}

impl Intake {
    /// A way into `store`.
    #[must_use]
    pub fn new(store: Store, rules: Arc<Rules>, limits: Limits) -> Self {
        Self { store, rules, limits, inventory: Arc::default() }
    }

    /// The same, with the user's circuits: notifications of others are recorded as such.
    #[must_use]
    pub fn with_inventory(self, inventory: Arc<Inventory>) -> Self {
        Self { inventory, ..self }
    }

    /// Reads and records mails of the source called `label`; answers in their order, each once it is durable.
    ///
    /// A mail that cannot be recorded does not hold up the others. One whose content could not be got for good is
    /// recorded with the reason; one that may come yet is left out of the answer and comes again.
    pub async fn take(&self, label: &str, mails: Vec<Received>, now: DateTime<Utc>) -> Vec<Taken> {
        self.record(self.read(label, mails, now).await).await
    }

    /// The first half of [`Intake::take`]: reads mails on a thread of its own. Several may go on at the same time.
    pub async fn read(&self, label: &str, mails: Vec<Received>, now: DateTime<Utc>) -> Vec<Read> {
        let (rules, inventory) = (self.rules.clone(), self.inventory.clone());
        let label = label.to_owned();
        // Asked each time: somebody may say so in another process.
        let assigned = self.store.read(sender::all).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "mails are read without what people said of their senders");
            Senders::default()
        });
        let read = move || {
            let read = mails.into_iter().filter_map(|mail| read((&rules, &assigned), &label, mail, now));
            read.map(|read| Read { unknown: unknown(&inventory, &read.reading), ..read }).collect()
        };
        blocking::run(read).await
    }

    /// The second half: records mails; answers in their order, each once it is durable.
    pub async fn record(&self, mails: Vec<Read>) -> Vec<Taken> {
        // Polled in this order for the first time, so sent to the writer in this order.
        join_all(mails.into_iter().map(|Read { delivery, reading, unknown, is_given_up, stamp }| {
            let limits = self.limits;
            let (source, item, began) = (delivery.source.clone(), delivery.item.clone(), Instant::now());
            let taken = self.store.write_in_batch(move |connection| {
                let stood_in = given_up::stand_in(connection, &delivery)?;
                let changed = match stamp {
                    Some(_) => rewritten::record(connection, &delivery, &reading, &unknown, limits)?,
                    None => None,
                };
                let recorded = if let Some(recorded) = changed {
                    recorded
                } else {
                    let recorded = record::record(connection, &delivery, &reading, limits)?;
                    unknown::settle(connection, recorded, &unknown)?
                };
                given_up::settle(connection, &delivery, (stood_in, &recorded), is_given_up)?;
                if let Some(stamp) = stamp {
                    rewritten::stamp(connection, &delivery, stamp)?;
                }
                Ok(recorded)
            });
            async move {
                let taken = taken.await;
                match &taken {
                    Ok(Recorded { notification, outcome, novelty, merged }) => tracing::debug!(
                        source, item, mail = ?notification, %outcome, ?novelty, ?merged, took = ?began.elapsed(),
                        "a mail was recorded"
                    ),
                    Err(error) => tracing::debug!(source, item, %error, "a mail was not recorded"),
                }
                taken
            }
        }))
        .await
    }
}

/// What is said of a mail that is too large to be parsed: whose it is, as far as its headers tell, and why it was not.
fn too_large(rules: &Rules, raw: &[u8]) -> Reading {
    let reason = MailError::TooLarge { bytes: raw.len() }.to_string();
    failed(rules.read(mail::head(raw), None), reason)
}

/// The same mail of the same provider, as one that cannot be read.
fn failed(reading: Reading, reason: String) -> Reading {
    let provider = match reading.verdict {
        Verdict::Parsed { provider, .. } | Verdict::Ignored { provider, .. } | Verdict::Failed { provider, .. } => {
            provider
        }
        Verdict::Unknown { .. } => String::new(),
    };
    Reading { envelope: reading.envelope, verdict: Verdict::Failed { provider, reason } }
}

/// What is said of a mail of whose `size` only the beginning came. What it lacks may stand in the rest: it is never known to
/// be no maintenance, nor to say no more than a part does that was cut.
fn of_a_beginning(reading: Reading, beginning: &[u8], size: u64) -> Reading {
    let why = match &reading.verdict {
        Verdict::Parsed { .. } if !mail::is_piece(beginning) => return reading,
        Verdict::Unknown { .. } => return reading,
        Verdict::Parsed { .. } => "it is cut within what it says",
        Verdict::Ignored { reason, .. } | Verdict::Failed { reason, .. } => reason,
    };
    let reason =
        format!("of its {} only the beginning was fetched (`max_size` of the source); {why}", crate::text::bytes(size));
    failed(reading, reason)
}

/// Reads one mail; `None` if its content may be had later.
fn read((rules, assigned): (&Rules, &Senders), label: &str, mail: Received, now: DateTime<Utc>) -> Option<Read> {
    let began = Instant::now();
    let is_given_up = matches!(mail.body, Err(Refusal::Garbled { .. }));
    let (raw, size, reading) = match mail.body {
        Ok(raw) => {
            let is_large = raw.len() > MAX_PARSED_BYTES;
            let reading = if is_large { too_large(rules, &raw) } else { rules.read_assigned(&raw, assigned) };
            match mail.cut_from {
                None => {
                    let size = raw.len() as u64;
                    (raw, size, reading)
                }
                Some(size) => {
                    let reading = of_a_beginning(reading, &raw, size);
                    (raw, size, reading)
                }
            }
        }
        Err(refusal) if refusal.is_lasting() => {
            let reason = format!("the mail was not read: {refusal}");
            let verdict = Verdict::Failed { provider: String::new(), reason };
            (Vec::new(), refusal.size(), Reading { envelope: Envelope::default(), verdict })
        }
        Err(refusal) => {
            tracing::warn!(source = label, mail = mail.key, %refusal, "a mail was not read");
            return None;
        }
    };
    tell_read(label, &mail.key, size, &reading, began);
    let received_at = mail.delivered.unwrap_or(now);
    let delivery = Delivery { source: label.to_owned(), item: mail.key, raw, size, received_at, recorded_at: now };
    Some(Read { delivery, reading, unknown: Vec::new(), is_given_up, stamp: mail.stamp })
}

/// Writes into the log what was made of a mail, for whoever misses one: never what stands in it.
fn tell_read(source: &str, item: &str, bytes: u64, reading: &Reading, began: Instant) {
    let Envelope { message_id, sender, .. } = &reading.envelope;
    let message_id = clean_line(message_id.as_deref().unwrap_or("none"));
    let (verdict, provider, reason) = match &reading.verdict {
        Verdict::Parsed { provider, notices } => {
            ("parsed", provider.as_str(), crate::text::counted(notices.len(), "notice"))
        }
        Verdict::Ignored { provider, reason } => ("ignored", provider.as_str(), clean_line(reason)),
        Verdict::Failed { provider, reason } => ("failed", provider.as_str(), clean_line(reason)),
        Verdict::Unknown { reason } => ("unknown", "", clean_line(reason)),
    };
    let (sender, took) = (clean_line(sender), began.elapsed());
    tracing::debug!(
        source, item, %message_id, %sender, bytes, verdict, provider, %reason, ?took,
        "a mail was read"
    );
}

/// The circuits of a reading that the inventory does not have.
#[must_use]
pub fn unknown(inventory: &Inventory, reading: &Reading) -> Vec<String> {
    match &reading.verdict {
        Verdict::Parsed { provider, notices } => inventory.unknown(provider, notices),
        Verdict::Ignored { .. } | Verdict::Failed { .. } | Verdict::Unknown { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::source::MAX_MAIL_BYTES;

    /// What is said of a mail from `sender` with so many bytes.
    fn verdict(sender: &str, bytes: usize) -> (Envelope, Verdict) {
        let mut raw = format!("From: {sender}\r\nSubject: Large\r\n\r\n").into_bytes();
        raw.resize(bytes, b'x');
        let mail = Received::whole("1".to_owned(), None, Ok(raw));
        let read = read((&Rules::embedded(), &Senders::default()), "maildir", mail, DateTime::UNIX_EPOCH).unwrap();
        (read.reading.envelope, read.reading.verdict)
    }

    #[test]
    fn a_mail_that_is_too_large_to_be_parsed_failed_whoever_sent_it() {
        let reason = "the mail has 26214401 bytes; noctui parses mails up to 26214400".to_owned();
        for (sender, provider) in [("mr@zayo.com", "zayo"), ("somebody@lakeside-fibre.example", "")] {
            let (envelope, verdict) = verdict(sender, MAX_PARSED_BYTES + 1);
            assert_eq!(envelope.subject, "Large");
            assert_eq!(verdict, Verdict::Failed { provider: provider.to_owned(), reason: reason.clone() });
        }
        assert!(matches!(verdict("somebody@lakeside-fibre.example", 2000).1, Verdict::Unknown { .. }));
    }

    /// A mail of Zayo's with a calendar of this size in front of, or behind, an attachment.
    fn with_attachment(is_behind: bool, attached: usize) -> Vec<u8> {
        let calendar = "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n\
                        UID:1\r\nSUMMARY:Splicing\r\nDTSTART:20261124T010000Z\r\nDTEND:20261124T050000Z\r\n\
                        DTSTAMP:20261121T010000Z\r\nX-MAINTNOTE-PROVIDER:zayo\r\nX-MAINTNOTE-ACCOUNT:1\r\n\
                        X-MAINTNOTE-MAINTENANCE-ID:TTN-1\r\nX-MAINTNOTE-OBJECT-ID:LINE-1\r\nX-MAINTNOTE-IMPACT:OUTAGE\r\n\
                        X-MAINTNOTE-STATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let file = format!("--b\r\nContent-Type: application/pdf\r\n\r\n{}\r\n", "x".repeat(attached));
        let parts = if is_behind { [calendar, &file].concat() } else { [&file, calendar].concat() };
        let top = "From: mr@zayo.com\r\nSubject: Maintenance\r\nDate: Sat, 21 Nov 2026 01:00:00 +0000\r\n\
                   Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        format!("{top}{parts}--b--\r\n").into_bytes()
    }

    #[test]
    fn of_a_mail_that_is_cut_it_is_not_known_that_it_is_no_maintenance() {
        let read = |raw: &[u8], to: usize| {
            let is_cut = to < raw.len();
            let cut_from = is_cut.then_some(raw.len() as u64);
            let body = Ok(raw[..to.min(raw.len())].to_vec());
            let mail = Received { key: "1".to_owned(), delivered: None, body, cut_from, stamp: None };
            let rules = (&Rules::embedded(), &Senders::default());
            super::read(rules, "imap", mail, DateTime::UNIX_EPOCH).unwrap().reading.verdict
        };
        let in_front = with_attachment(false, 90_000);
        assert!(matches!(read(&in_front, usize::MAX), Verdict::Parsed { .. }));
        let Verdict::Failed { provider, reason } = read(&in_front, 50_000) else { panic!("it is not known") };
        assert_eq!(provider, "zayo");
        assert!(
            reason.starts_with("of its 88 KiB only the beginning was fetched (`max_size` of the source); "),
            "{reason}"
        );
        // What came before an attachment is whole.
        let behind = with_attachment(true, 90_000);
        assert!(matches!(read(&behind, 50_000), Verdict::Parsed { .. }));
        // A calendar that ends where it was cut may have lost some of its events.
        let end = in_front.windows(12).position(|some| some == b"END:VEVENT\r\n").unwrap() + 12;
        let Verdict::Failed { reason, .. } = read(&in_front, end) else { panic!("it may say more") };
        assert!(reason.contains("only the beginning was fetched"), "{reason}");
    }

    #[test]
    fn a_mail_that_is_too_large_to_be_taken_failed_too() {
        let refusal = Refusal::TooLarge { bytes: MAX_MAIL_BYTES + 1 };
        let mail = Received::whole("1".to_owned(), None, Err(refusal));
        let read = read((&Rules::embedded(), &Senders::default()), "maildir", mail, DateTime::UNIX_EPOCH).unwrap();
        assert!(matches!(read.reading.verdict, Verdict::Failed { .. }), "{:?}", read.reading.verdict);
    }
}
