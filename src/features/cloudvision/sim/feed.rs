//! Values that can be subscribed to: what they are now, and every change since.

use std::collections::{BTreeMap, VecDeque};

use prost_types::Timestamp;
use tokio::sync::watch;

use crate::features::cloudvision::pb::Operation;

/// Changes that are kept. A subscriber that is further behind loses its stream, as happens on real servers.
const KEPT: usize = 1 << 16;

/// A change of one value.
#[derive(Debug, Clone)]
pub(super) struct Change<V> {
    /// Updated or deleted.
    pub(super) operation: Operation,
    /// The value after it; before it, where it was deleted.
    pub(super) value: V,
    /// When.
    pub(super) time: Timestamp,
}

/// Values by their ids, with their changes.
#[derive(Debug)]
pub(super) struct Feed<V> {
    /// As they are now.
    values: BTreeMap<String, V>,
    /// The newest changes, oldest first.
    changes: VecDeque<Change<V>>,
    /// How many changes came before those.
    dropped: usize,
    /// Wakes the subscribers; carries the number of changes.
    wake: watch::Sender<usize>,
}

/// A subscriber is so far behind that changes it has not seen are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooFarBehind;

impl<V> Default for Feed<V> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), changes: VecDeque::new(), dropped: 0, wake: watch::Sender::new(0) }
    }
}

impl<V: Clone> Feed<V> {
    /// One value.
    pub(super) fn get(&self, id: &str) -> Option<&V> {
        self.values.get(id)
    }

    /// All values, in the order of their ids.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values()
    }

    /// The ids of all values.
    pub(super) fn ids(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    /// Sets a value.
    pub(super) fn put(&mut self, id: &str, value: V, time: Timestamp) {
        self.values.insert(id.to_owned(), value.clone());
        self.record(Change { operation: Operation::Updated, value, time });
    }

    /// Changes a value that is there.
    pub(super) fn edit(&mut self, id: &str, time: Timestamp, edit: impl FnOnce(&mut V)) {
        if let Some(mut value) = self.values.get(id).cloned() {
            edit(&mut value);
            self.put(id, value, time);
        }
    }

    /// Takes a value away.
    pub(super) fn delete(&mut self, id: &str, time: Timestamp) -> Option<V> {
        let value = self.values.remove(id)?;
        self.record(Change { operation: Operation::Deleted, value: value.clone(), time });
        Some(value)
    }

    /// How many changes there have been: where a new subscriber begins.
    pub(super) fn position(&self) -> usize {
        self.dropped + self.changes.len()
    }

    /// The changes from `position` on.
    pub(super) fn since(&self, position: usize) -> Result<Vec<Change<V>>, TooFarBehind> {
        let skip = position.checked_sub(self.dropped).ok_or(TooFarBehind)?;
        Ok(self.changes.iter().skip(skip).cloned().collect())
    }

    /// Is woken by every change.
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.wake.subscribe()
    }

    /// Keeps a change and tells of it.
    fn record(&mut self, change: Change<V>) {
        if self.changes.len() == KEPT {
            self.changes.pop_front();
            self.dropped += 1;
        }
        self.changes.push_back(change);
        self.wake.send_replace(self.position());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_further_behind_than_what_is_kept_is_told_so() {
        let mut feed = Feed::default();
        for number in 0..=KEPT {
            feed.put("a", number, Timestamp::default());
        }
        assert_eq!(feed.since(0).unwrap_err(), TooFarBehind);
        assert_eq!(feed.since(1).unwrap().len(), KEPT);
        assert!(feed.since(feed.position()).unwrap().is_empty());
    }
}
