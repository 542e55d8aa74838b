//! What the store remembers of a source: which mails are recorded, how far folders were read, what became of each mail.

use std::sync::Arc;

use crate::features::maintenance::source::{Bookmarks, Fates, Handled};
use crate::features::maintenance::store::{record, source as kept};
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
}

impl Memory {
    /// The question whether a mail is recorded.
    pub(super) fn handled(&self) -> Handled {
        let (store, label) = (self.store.clone(), self.label.clone());
        // A question that cannot be answered is answered with no: recording finds duplicates again.
        Arc::new(move |key| store.read_blocking(|c| record::is_recorded(c, &label, key)).unwrap_or(false))
    }

    /// The question how far a folder was read.
    pub(super) fn bookmarks(&self) -> Bookmarks {
        let (store, label) = (self.store.clone(), self.label.clone());
        Arc::new(move |folder| store.read_blocking(|c| kept::bookmark(c, &label, folder)).ok().flatten())
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
