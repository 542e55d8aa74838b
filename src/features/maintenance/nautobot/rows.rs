//! The rows of a list: which came, and which made sense.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::error::Error;
use super::wire::OfWire;

/// What came of reading a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Listed {
    /// How many objects there were at the end, as the server said.
    pub(super) count: usize,
    /// How many came, each counted once.
    pub(super) came: usize,
    /// How many rows made no sense, and were left out.
    pub(super) senseless: usize,
}

impl Listed {
    /// Whether all came. Pages over data that changes, or whose order is not certain, repeat some objects and skip others.
    pub(super) fn is_whole(self) -> bool {
        self.came >= self.count
    }

    /// Notes how many rows of the list made no sense, if any.
    pub(super) fn complain(self, path: &'static str, senseless: &mut BTreeMap<&'static str, usize>) {
        if self.senseless > 0 {
            senseless.insert(path, self.senseless);
        }
    }
}

/// What came of a list so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The UUIDs of its objects.
    ids: HashSet<String>,
    /// Rows that made no sense.
    senseless: usize,
}

impl Seen {
    /// The objects of a page.
    pub(super) fn decoded<T: OfWire>(&mut self, path: &str, page: &[Value]) -> Vec<T> {
        let decoded = decoded(path, noted(&mut self.ids, page));
        self.senseless += page.len() - decoded.len();
        decoded
    }

    /// All in all, of so many as the server said.
    pub(super) fn listed(&self, count: usize) -> Listed {
        Listed { count, came: self.ids.len(), senseless: self.senseless }
    }
}

/// Rows of a list that made no sense.
pub(super) fn left_out(path: &str, rows: usize) -> Error {
    let rows = if rows == 1 { "1 row makes".to_owned() } else { format!("{rows} rows make") };
    Error::Senseless {
        what: path.to_owned(),
        why: format!("{rows} no sense, so nothing that is missing counts as deleted"),
    }
}

/// The objects of a page, once it is noted which they are.
pub(super) fn noted<'a>(seen: &mut HashSet<String>, page: &'a [Value]) -> &'a [Value] {
    seen.extend(page.iter().filter_map(super::wire::id));
    page
}

/// What can be read of a page; what cannot is logged and left out.
pub(super) fn decoded<T: OfWire>(path: &str, results: &[Value]) -> Vec<T> {
    let decoded: Vec<T> = results.iter().filter_map(T::of).collect();
    if decoded.len() < results.len() {
        tracing::warn!(path, left_out = results.len() - decoded.len(), "objects of Nautobot that make no sense");
    }
    decoded
}
