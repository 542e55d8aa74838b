//! What is marked for a bulk action: rows that were on hand, or every row that the filter leaves.

use super::{Outcome, State};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::list::{Filter, Mark, Row};
use crate::features::maintenance::worker::Question;
use crate::trouble::Trouble;

/// Every row that the filter left when all were marked, less those that were unmarked since; by key.
#[derive(Debug, Default)]
pub(super) struct Everything(Vec<Mark>);

impl Everything {
    /// All marks.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.0
    }

    /// The place of a row, or where it would be.
    fn find(&self, key: MaintenanceKey) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |mark| mark.key)
    }

    /// Marks or unmarks a row.
    fn toggle(&mut self, row: &Row) {
        match self.find(row.key.maintenance) {
            Ok(at) => drop(self.0.remove(at)),
            Err(at) => self.0.insert(at, Mark::from(row)),
        }
    }
}

impl State {
    /// `*`: the rows on hand where those are all, else every row that the filter leaves, which the store knows.
    pub(super) fn mark_all(&mut self) -> Outcome {
        if self.everything.is_some() {
            self.clear_marks();
            return Outcome::done("marked none");
        }
        if self.stale || !(self.list.reaches_start() && self.list.reaches_end()) {
            return Outcome::ask(Question::Mark(self.query.clone()));
        }
        self.list.toggle_all();
        Outcome::done(match self.list.marked() {
            0 => "marked none".to_owned(),
            marked => format!("marked all {marked}"),
        })
    }

    /// The store tells which rows the filter leaves. Those of another filter are too late.
    pub(super) fn marked_all(&mut self, filter: &Filter, marks: Result<Vec<Mark>, Trouble>) -> Outcome {
        if *filter != self.query.filter {
            return Outcome::none();
        }
        let marks = match marks {
            Ok(marks) => marks,
            Err(trouble) => return Outcome::failed(trouble),
        };
        self.clear_marks();
        let text = format!("marked all {}; what arrives from now on is not", marks.len());
        self.everything = Some(Everything(marks));
        Outcome::done(text)
    }

    /// Marks or unmarks the row under the cursor.
    pub(super) fn toggle_mark(&mut self) {
        match (&mut self.everything, self.list.selected()) {
            (Some(everything), Some(row)) => everything.toggle(row),
            _ => self.list.toggle_mark(),
        }
        if self.everything.as_ref().is_some_and(|everything| everything.0.is_empty()) {
            self.everything = None;
        }
    }

    /// Whether the row of this key is marked.
    pub(super) fn is_marked(&self, key: MaintenanceKey) -> bool {
        match &self.everything {
            Some(everything) => everything.find(key).is_ok(),
            None => self.list.is_marked(&key),
        }
    }

    /// How many rows are marked.
    pub(super) fn marked(&self) -> usize {
        self.everything.as_ref().map_or_else(|| self.list.marked(), |everything| everything.0.len())
    }

    /// Unmarks all; returns whether any was marked.
    pub(super) fn clear_marks(&mut self) -> bool {
        self.list.clear_marks() | self.everything.take().is_some()
    }

    /// Marked rows that were drawn anew are acted on as they stand now.
    pub(super) fn renew_marks(&mut self) {
        let Some(everything) = &mut self.everything else { return };
        for row in self.list.rows() {
            if let Ok(at) = everything.find(row.key.maintenance)
                && let Some(mark) = everything.0.get_mut(at)
            {
                *mark = Mark::from(row);
            }
        }
    }
}
