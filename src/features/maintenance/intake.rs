//! From a received mail to a recorded one: read by the rules, then written, in the order of arrival.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::join_all;

use super::model::{Envelope, Reading, Verdict};
use super::rules::Rules;
use super::source::Received;
use super::store::record::{self, Delivery, Limits, Recorded};
use crate::blocking;
use crate::store::{Error, Store};

/// The way in: what it reads with and where it writes to.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The database.
    store: Store,
    /// The provider rules.
    rules: Arc<Rules>,
    /// How much of a mail is kept.
    limits: Limits,
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
}

impl Intake {
    /// A way into `store`.
    #[must_use]
    pub fn new(store: Store, rules: Arc<Rules>, limits: Limits) -> Self {
        Self { store, rules, limits }
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
        let rules = self.rules.clone();
        let label = label.to_owned();
        let read = move || mails.into_iter().filter_map(|mail| read(&rules, &label, mail, now)).collect();
        blocking::run(read).await
    }

    /// The second half: records mails; answers in their order, each once it is durable.
    pub async fn record(&self, mails: Vec<Read>) -> Vec<Taken> {
        // Polled in this order for the first time, so sent to the writer in this order.
        join_all(mails.into_iter().map(|Read { delivery, reading }| {
            let limits = self.limits;
            self.store.write_in_batch(move |connection| record::record(connection, &delivery, &reading, limits))
        }))
        .await
    }
}

/// Reads one mail; `None` if its content may be had later.
fn read(rules: &Rules, label: &str, mail: Received, now: DateTime<Utc>) -> Option<Read> {
    let (raw, size, reading) = match mail.body {
        Ok(raw) => {
            let reading = rules.read(&raw, None);
            let size = raw.len() as u64;
            (raw, size, reading)
        }
        Err(refusal) if refusal.is_lasting() => {
            let verdict = Verdict::Unknown { reason: format!("the mail was not read: {refusal}") };
            (Vec::new(), refusal.size(), Reading { envelope: Envelope::default(), verdict })
        }
        Err(refusal) => {
            tracing::warn!(source = label, mail = mail.key, %refusal, "a mail was not read");
            return None;
        }
    };
    let received_at = mail.delivered.unwrap_or(now);
    let delivery = Delivery { source: label.to_owned(), item: mail.key, raw, size, received_at };
    Some(Read { delivery, reading })
}
