//! What the store remembers of a source: which mails are recorded, how far folders were read, what became of each mail.

use std::sync::Arc;

use crate::clock;
use crate::features::maintenance::source::{Absences, Away, Bookmarks, Fates, Handled};
use crate::features::maintenance::store::{away, given_up, record, source as kept};
use crate::store::Store;

/// Mails that a source is told of at once what became of them.
const TOLD: usize = 500;

/// The store's memory of one source.
#[derive(Clone)]
pub(super) struct Memory {
    /// Where it is kept.
    pub(super) store: Store,
    /// The source's name there.
    pub(super) label: String,
    /// What the settings are called that say which of its mails are wanted.
    pub(super) wanted: String,
}

impl Memory {
    /// The question whether a mail is recorded.
    pub(super) fn handled(&self) -> Handled {
        let (store, label) = (self.store.clone(), self.label.clone());
        // A question that cannot be answered is answered with no: recording finds duplicates again.
        Arc::new(move |key, stamp| store.read_blocking(|c| record::is_recorded(c, &label, key, stamp)).unwrap_or(false))
    }

    /// The question how far a folder was read.
    pub(super) fn bookmarks(&self) -> Bookmarks {
        let (store, label, wanted) = (self.store.clone(), self.label.clone(), self.wanted.clone());
        Arc::new(move |folder| store.read_blocking(|c| kept::bookmark(c, (&label, folder), &wanted)).ok().flatten())
    }
}

impl Fates for Memory {
    fn untold(&self) -> Vec<(String, &'static str, Option<String>)> {
        let label = self.label.clone();
        let untold = self.store.read_blocking(|c| kept::untold(c, &label, TOLD));
        let untold = untold.unwrap_or_else(|error| {
            tracing::warn!(%error, source = label, "nobody knows what became of its mails");
            Vec::new()
        });
        untold.into_iter().map(|(item, outcome, before)| (item, outcome.as_str(), before)).collect()
    }

    fn told(&self, marked: Vec<(String, &'static str)>) {
        let label = self.label.clone();
        if let Err(error) = self.store.write_blocking(move |c| kept::told(c, &label, &marked)) {
            tracing::warn!(%error, source = self.label, "its mails are marked again");
        }
    }
}

impl Absences for Memory {
    fn away(&self) -> Vec<(String, Away)> {
        self.store.read_blocking(|c| away::of(c, &self.label)).unwrap_or_else(|error| {
            tracing::warn!(%error, source = self.label, "nobody knows which of its mails do not come");
            Vec::new()
        })
    }

    fn keep(&self, changed: Vec<(String, Option<Away>)>) {
        let label = self.label.clone();
        if let Err(error) = self.store.write_blocking(move |c| away::keep(c, &label, &changed, clock::now())) {
            tracing::warn!(%error, source = self.label, "which of its mails do not come is not recorded");
        }
    }

    fn asked_again(&self) -> Vec<String> {
        self.store.read_blocking(|c| given_up::asked_again(c, &self.label)).unwrap_or_else(|error| {
            tracing::warn!(%error, source = self.label, "nobody knows which of its mails are asked for again");
            Vec::new()
        })
    }

    fn gone(&self, keys: Vec<String>) {
        let label = self.label.clone();
        if let Err(error) = self.store.write_blocking(move |c| given_up::gone(c, &label, &keys)) {
            tracing::warn!(%error, source = self.label, "mails that are gone are asked for again");
        }
    }
}
