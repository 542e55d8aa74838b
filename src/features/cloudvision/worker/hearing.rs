//! How a CloudVision that is connected stands, of which several streams tell.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Health, Report, Shared};
use crate::clock;
use crate::features::cloudvision::error::Error;
use crate::trouble::Trouble;

/// A CloudVision that answered, until it has to be connected anew.
pub(super) struct Hearing {
    /// Its name.
    instance: String,
    /// Its version, for people.
    version: String,
    /// What is not heard.
    silence: Mutex<Silence>,
}

/// The kinds of things whose streams are broken.
#[derive(Default)]
struct Silence {
    /// Their words.
    kinds: BTreeSet<&'static str>,
    /// Since when one of them is.
    since: Option<DateTime<Utc>>,
}

impl Hearing {
    /// An instance that has just said its version.
    pub(super) fn new(instance: &str, version: String) -> Self {
        Self { instance: instance.to_owned(), version, silence: Mutex::default() }
    }

    /// Its name.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    /// When everything was heard last.
    pub(super) fn heard_at(&self) -> DateTime<Utc> {
        self.silence().since.unwrap_or_else(clock::now)
    }

    /// Tells that it is heard.
    pub(super) async fn live(&self, shared: &Shared) {
        self.tell(shared, Health::Live { version: self.version.clone(), unanswered: None }).await;
    }

    /// It owes an answer: its streams may be silent because nothing happens, or because nothing comes through.
    pub(super) async fn doubt(&self, shared: &Shared, asked_at: DateTime<Utc>) {
        let is_heard = {
            let mut silence = self.silence();
            silence.since.get_or_insert(asked_at);
            silence.kinds.is_empty()
        };
        // A stream that is broken tells more.
        if is_heard {
            self.tell(shared, Health::Live { version: self.version.clone(), unanswered: Some(asked_at) }).await;
        }
    }

    /// Whether one of its streams is broken.
    pub(super) fn is_broken(&self) -> bool {
        !self.silence().kinds.is_empty()
    }

    /// It answered after all.
    pub(super) async fn trust(&self, shared: &Shared) {
        let is_mended = {
            let mut silence = self.silence();
            silence.kinds.is_empty() && silence.since.take().is_some()
        };
        if is_mended {
            self.live(shared).await;
        }
    }

    /// The stream of `kind` broke, and is opened again after `pause`.
    pub(super) async fn broken(&self, shared: &Shared, kind: &'static str, error: &Error, pause: Duration) {
        let since = {
            let mut silence = self.silence();
            silence.kinds.insert(kind);
            *silence.since.get_or_insert_with(clock::now)
        };
        let health = Health::Failing {
            trouble: Trouble::of(error),
            word: word(error),
            since: Some(since),
            retry_at: Some(clock::now() + pause),
        };
        self.tell(shared, health).await;
    }

    /// The stream of `kind` has told everything that is.
    pub(super) async fn complete(&self, shared: &Shared, kind: &'static str) {
        let is_mended = {
            let mut silence = self.silence();
            silence.kinds.remove(kind) && silence.kinds.is_empty() && silence.since.take().is_some()
        };
        if is_mended {
            self.live(shared).await;
        }
    }

    /// Tells the screen.
    async fn tell(&self, shared: &Shared, health: Health) {
        shared.tell(Report::Health { instance: self.instance.clone(), health }).await;
    }

    /// What is not heard.
    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error in a word for the header.
pub(super) fn word(error: &Error) -> &'static str {
    match error {
        Error::Untrusted { .. } | Error::NoTls { .. } => "TLS",
        Error::Unauthenticated { .. } => "token",
        Error::Forbidden { .. } => "forbidden",
        Error::TooOld { .. } => "too old",
        Error::WrongHost { .. } => "host",
        Error::Setup { .. } => "setup",
        Error::Unreachable { .. }
        | Error::NotFound { .. }
        | Error::TooLarge { .. }
        | Error::TimedOut { .. }
        | Error::Lost { .. }
        | Error::Refused { .. }
        | Error::Entries { .. }
        | Error::Senseless { .. } => "offline",
    }
}
