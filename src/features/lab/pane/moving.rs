//! Cursor, wheel, clicks, and the way back.

use super::{Outcome, Page, State, view};
use crate::command::Motion;
use crate::ui::Look;
use crate::ui::list::{List, Row};

/// Moves the cursor of a list.
fn move_in<R: Row>(list: &mut List<R>, motion: Motion) {
    match (motion, motion.distance(list.page())) {
        (_, Some(rows)) => list.move_by(rows),
        (Motion::Bottom, None) => list.go_to(usize::MAX),
        (_, None) => list.go_to(0),
    }
}

/// A click on a line of a list: selects its row; true if it was selected already.
fn click_in<R: Row>(list: &mut List<R>, line: usize) -> bool {
    let Some(index) = list.row_at(line) else { return false };
    let again = index == list.cursor();
    list.go_to(index);
    again
}

impl State {
    /// Tells how much room there is, and makes what is opened fit it.
    pub(crate) fn fit(&mut self, columns: u16, rows: u16, look: &Look<'_>) {
        self.size = (columns, rows);
        let height = usize::from(rows).saturating_sub(view::status_rows(self));
        self.list.set_height(height);
        let lines = view::details_lines(self, look).map_or(0, |lines| lines.len());
        match &mut self.page {
            Some(Page::Plan(plan)) => plan.list.set_height(usize::from(rows).saturating_sub(view::plan_taken(rows))),
            Some(Page::Details(details)) => {
                details.scroll = details.scroll.min(lines.saturating_sub(usize::from(rows)));
            }
            Some(Page::Form(_)) | None => {}
        }
    }

    /// Moves through what is on top.
    pub(crate) fn moved(&mut self, motion: Motion) -> Outcome {
        let page = usize::from(self.size.1).saturating_sub(2);
        match &mut self.page {
            Some(Page::Plan(plan)) => move_in(&mut plan.list, motion),
            Some(Page::Details(details)) => {
                details.scroll = match (motion, motion.distance(page)) {
                    (_, Some(lines)) => details.scroll.saturating_add_signed(lines),
                    (Motion::Bottom, None) => usize::MAX,
                    (_, None) => 0,
                };
            }
            Some(Page::Form(_)) => {}
            None => move_in(&mut self.list, motion),
        }
        Outcome::none()
    }

    /// The wheel turned by so many lines.
    pub(crate) fn wheel(&mut self, lines: isize) -> Outcome {
        match &mut self.page {
            Some(Page::Plan(plan)) => plan.list.scroll_by(lines),
            Some(Page::Details(details)) => details.scroll = details.scroll.saturating_add_signed(lines),
            Some(Page::Form(_)) => {}
            None => self.list.scroll_by(lines),
        }
        Outcome::none()
    }

    /// A click on a line below the title: selects the row, shows its details when it was selected already.
    pub(crate) fn click(&mut self, line: usize) -> Outcome {
        if self.editor.is_some() {
            return Outcome::none();
        }
        let extra = view::status_rows(self);
        match &mut self.page {
            Some(Page::Plan(plan)) => {
                if let Some(line) = line.checked_sub(view::PLAN_HEAD) {
                    click_in(&mut plan.list, line);
                }
            }
            Some(Page::Details(_) | Page::Form(_)) => {}
            None => {
                if line.checked_sub(extra).is_some_and(|line| click_in(&mut self.list, line)) {
                    return self.open_details();
                }
            }
        }
        Outcome::none()
    }

    /// Esc: the wait for a connection, what is opened, the marks, the filter. `None` when there was nothing to go back from.
    pub(crate) fn back(&mut self) -> Option<Outcome> {
        if let Some(outcome) = self.end_connection() {
            return Some(outcome);
        }
        if self.page.take().is_some() || self.list.clear_marks() {
            return Some(Outcome::none());
        }
        if self.filter.is_empty() {
            return None;
        }
        self.set_filter(String::new());
        Some(Outcome::none())
    }
}
