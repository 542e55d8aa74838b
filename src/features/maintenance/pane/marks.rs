//! What is marked for a bulk action: rows that were on hand, or every row that the filter leaves.

use std::collections::BTreeSet;

use super::opened::{NotificationsPage, Page};
use super::{Outcome, State};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::list::{Filter, Mark, Row};
use crate::features::maintenance::store::unparsed::{Notification, Notifications, Which};
use crate::features::maintenance::worker::Question;
use crate::trouble::Trouble;

/// Every row that filters left when all of theirs were marked, with those that were marked one by one, less those that
/// were unmarked since; by key.
#[derive(Debug, Clone, Default)]
pub(super) struct Everything {
    /// The marks, by key.
    marks: Vec<Mark>,
    /// The filter that leaves them all; `None` where several took part.
    of: Option<Filter>,
}

impl Everything {
    /// All marks.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Marks of this filter take part.
    fn come_from(&mut self, filter: &Filter) {
        if self.of.as_ref() != Some(filter) {
            self.of = None;
        }
    }

    /// The place of a row, or where it would be.
    fn find(&self, key: MaintenanceKey) -> Result<usize, usize> {
        self.marks.binary_search_by_key(&key, |mark| mark.key)
    }

    /// Marks or unmarks a row.
    fn toggle(&mut self, row: &Row) {
        match self.find(row.key.maintenance) {
            Ok(at) => drop(self.marks.remove(at)),
            Err(at) => self.marks.insert(at, Mark::from(row)),
        }
    }

    /// Marks rows, as they are now those that were marked before, too.
    fn add(&mut self, marks: impl Iterator<Item = Mark>) {
        let before = std::mem::take(&mut self.marks);
        self.marks.extend(marks.chain(before));
        self.marks.sort_by_key(|mark| mark.key);
        self.marks.dedup_by_key(|mark| mark.key);
    }

    /// Marks these, which stand by key, or unmarks them where all of them are marked; whether they are now.
    fn toggle_all(&mut self, marks: &[Mark]) -> bool {
        if !marks.iter().all(|mark| self.find(mark.key).is_ok()) {
            self.add(marks.iter().copied());
            return true;
        }
        let gone: BTreeSet<MaintenanceKey> = marks.iter().map(|mark| mark.key).collect();
        self.marks.retain(|mark| !gone.contains(&mark.key));
        false
    }
}

impl State {
    /// `*`: the rows on hand where those are all, else every row that the filter leaves, which the store knows. What is
    /// marked of other filters stays marked.
    pub(super) fn mark_all(&mut self) -> Outcome {
        if let Some(Page::Notifications(page)) = self.pages.last_mut() {
            return page.mark_all();
        }
        if self.stale || !(self.list.reaches_start() && self.list.reaches_end()) {
            self.marking = Some(self.query.filter.clone());
            return Outcome::ask(Question::Mark(self.query.clone()));
        }
        let rows = self.list.rows().len();
        if rows == 0 {
            return Outcome::warn("there is nothing to mark here");
        }
        match &mut self.everything {
            None => self.list.toggle_all(),
            Some(everything) => {
                everything.come_from(&self.query.filter);
                let marks: Vec<Mark> = self.list.rows().iter().map(Mark::from).collect();
                everything.toggle_all(&marks);
            }
        }
        let is_marked = self.list.rows().first().is_some_and(|row| self.is_marked(row.key.maintenance));
        let outcome = self.told(is_marked, rows, "");
        self.forget_empty();
        outcome
    }

    /// The store tells which rows the filter leaves. Those of another filter are too late, and so are those that nobody wants
    /// marked any more.
    pub(super) fn marked_all(&mut self, filter: &Filter, marks: Result<Vec<Mark>, Trouble>) -> Outcome {
        if self.marking.take().as_ref() != Some(filter) || *filter != self.query.filter {
            return Outcome::none();
        }
        let marks = match marks {
            Ok(marks) => marks,
            Err(trouble) => return Outcome::failed(trouble),
        };
        if marks.is_empty() {
            return Outcome::warn("there is nothing to mark here");
        }
        let mut everything = self.everything.take().unwrap_or_default();
        if everything.marks.is_empty() && self.list.marked() == 0 {
            everything.of = Some(filter.clone());
        }
        everything.come_from(filter);
        everything.add(self.list.marks().map(Mark::from));
        self.list.clear_marks();
        let is_marked = everything.toggle_all(&marks);
        self.everything = Some(everything);
        let outcome = self.told(is_marked, marks.len(), "; what arrives from now on is not");
        self.forget_empty();
        outcome
    }

    /// The store tells which mails the filter leaves. Those of another list are too late.
    pub(super) fn mails_marked(
        &mut self,
        which: Which,
        filter: &str,
        window: Result<Notifications, Trouble>,
    ) -> Outcome {
        let page = self.notifications_page().filter(|page| page.marking);
        match (page, window) {
            (Some(page), Ok(window)) if page.which == which && page.filter == filter => {
                page.marking = false;
                page.toggle_all(window.rows, window.more)
            }
            (Some(page), Err(trouble)) => {
                page.marking = false;
                Outcome::failed(trouble)
            }
            (Some(page), Ok(_)) => {
                page.marking = false;
                Outcome::none()
            }
            (None, _) => Outcome::none(),
        }
    }

    /// What is said of so many rows that were marked or unmarked together.
    fn told(&self, is_marked: bool, rows: usize, more: &str) -> Outcome {
        let others = self.marked().saturating_sub(if is_marked { rows } else { 0 });
        let others = if others > 0 { format!(", {others} others are marked, too") } else { String::new() };
        Outcome::done(match (is_marked, others.is_empty()) {
            (true, _) => format!("marked all {rows}{others}{more}"),
            (false, true) => "marked none".to_owned(),
            (false, false) => format!("unmarked all {rows}{others}"),
        })
    }

    /// Marks or unmarks the row under the cursor.
    pub(super) fn toggle_mark(&mut self) {
        if let Some(Page::Notifications(page)) = self.pages.last_mut() {
            page.list.toggle_mark();
            return;
        }
        match (&mut self.everything, self.list.selected()) {
            (Some(everything), Some(row)) => {
                everything.come_from(&self.query.filter);
                everything.toggle(row);
            }
            _ => self.list.toggle_mark(),
        }
        self.forget_empty();
    }

    /// Nothing marked of everything is nothing marked.
    fn forget_empty(&mut self) {
        if self.everything.as_ref().is_some_and(|everything| everything.marks.is_empty()) {
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
        self.everything.as_ref().map_or_else(|| self.list.marked(), |everything| everything.marks.len())
    }

    /// `, 57 of them not shown`: what an action would reach of what is marked that the filter hides; empty where it hides
    /// none.
    pub(super) fn not_shown(&self) -> String {
        let shown = match &self.everything {
            None => self.list.marked_in_memory(),
            Some(everything) => {
                self.list.rows().iter().filter(|row| everything.find(row.key.maintenance).is_ok()).count()
            }
        };
        let hidden = self.marked().saturating_sub(shown);
        let is_whole = !self.stale && self.list.reaches_start() && self.list.reaches_end();
        let of_filter = self.everything.as_ref().is_some_and(|all| all.of.as_ref() == Some(&self.query.filter));
        match (hidden, is_whole) {
            (0, _) => String::new(),
            (hidden, true) => format!(", {hidden} of them not shown"),
            // What is not on hand is further up or down where all of it is of this filter, or there is none.
            (_, false) if of_filter || self.query.filter == Filter::default() => String::new(),
            (_, false) => ", perhaps not all of them shown".to_owned(),
        }
    }

    /// Unmarks all; returns whether any was marked.
    pub(super) fn clear_marks(&mut self) -> bool {
        self.list.clear_marks() | self.everything.take().is_some() | self.marking.take().is_some()
    }

    /// Whether the store was asked which rows all are and has not told.
    pub(super) fn is_marking(&self) -> bool {
        match self.pages.last() {
            Some(Page::Notifications(page)) => page.marking,
            Some(_) => false,
            None => self.marking.is_some(),
        }
    }

    /// What was asked of the store is not answered any more.
    pub(super) fn forget_marking(&mut self) {
        self.marking = None;
        for page in &mut self.pages {
            if let Page::Notifications(page) = page {
                page.marking = false;
            }
        }
    }

    /// Marked rows that were drawn anew are acted on as they stand now.
    pub(super) fn renew_marks(&mut self) {
        let Some(everything) = &mut self.everything else { return };
        for row in self.list.rows() {
            if let Ok(at) = everything.find(row.key.maintenance)
                && let Some(mark) = everything.marks.get_mut(at)
            {
                *mark = Mark::from(row);
            }
        }
    }
}

impl NotificationsPage {
    /// `*`: the mails on hand where those are all, else those that the store knows.
    fn mark_all(&mut self) -> Outcome {
        if self.extending || !(self.list.reaches_start() && self.list.reaches_end()) {
            self.marking = true;
            return Outcome::ask(Question::MarkMails { which: self.which, filter: self.filter.clone() });
        }
        self.toggle_all(self.list.rows().to_vec(), false)
    }

    /// Marks these, or unmarks them where all of them are marked; `more` if there are older ones.
    fn toggle_all(&mut self, rows: Vec<Notification>, more: bool) -> Outcome {
        let many = rows.len();
        if many == 0 {
            return Outcome::warn("there is nothing to mark here");
        }
        let is_marked = self.list.toggle_these(rows);
        Outcome::done(match (is_marked, more) {
            (true, false) => format!("marked all {many}"),
            (true, true) => format!("marked the newest {many}; there are more"),
            (false, _) if self.list.marked() == 0 => "marked none".to_owned(),
            (false, _) => format!("unmarked all {many}, {} others are marked", self.list.marked()),
        })
    }
}
