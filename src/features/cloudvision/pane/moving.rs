//! Cursor, wheel, clicks, searching, and the way back.

use super::opened::{ChangePage, DeploymentPage, Detail, Page};
use super::{Outcome, Place, State, view};
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

impl Detail {
    /// Moves through the parts or through the text: half pages always scroll the text.
    fn moved(&mut self, motion: Motion, page: usize) {
        let scrolls = self.is_full || matches!(motion, Motion::HalfUp | Motion::HalfDown);
        if scrolls {
            self.scroll = match (motion, motion.distance(page)) {
                (_, Some(lines)) => self.scroll.saturating_add_signed(lines),
                (Motion::Bottom, None) => usize::MAX,
                (_, None) => 0,
            };
        } else {
            let before = self.list.cursor();
            move_in(&mut self.list, motion);
            if self.list.cursor() != before {
                self.rewind();
            }
        }
    }
}

impl State {
    /// Tells how much room a pane has, and makes what is opened fit it.
    pub(crate) fn fit(&mut self, place: Place, columns: u16, rows: u16, look: &Look<'_>) {
        self.front_mut(place).size = (columns, rows);
        let extra = view::status_rows(self, place);
        let height = usize::from(rows).saturating_sub(extra);
        match place {
            Place::Deploys => self.deploys.list.set_height(height),
            Place::Changes => self.changes.list.set_height(height),
        }
        let measure = view::measure(self, place, look);
        match self.page_mut(place) {
            Some(Page::Workspaces(board)) => board.list.set_height(height),
            Some(Page::Devices(board)) => board.list.set_height(height),
            Some(Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. })) => {
                if let Some(measure) = measure {
                    detail.list.set_height(measure.list_rows);
                    detail.scroll = detail.scroll.min(measure.text_lines.saturating_sub(measure.text_rows));
                }
            }
            None => {}
        }
    }

    /// The parts and the text of what is opened.
    pub(super) fn detail_mut(&mut self, place: Place) -> Option<&mut Detail> {
        match self.page_mut(place)? {
            Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. }) => Some(detail),
            Page::Workspaces(_) | Page::Devices(_) => None,
        }
    }

    /// Moves through what is on top.
    pub(crate) fn moved(&mut self, place: Place, motion: Motion) -> Outcome {
        let page_lines = usize::from(self.front(place).size.1).saturating_sub(2);
        match (place, self.page_mut(place)) {
            (_, Some(Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. }))) => {
                detail.moved(motion, page_lines);
            }
            (_, Some(Page::Workspaces(board))) => move_in(&mut board.list, motion),
            (_, Some(Page::Devices(board))) => move_in(&mut board.list, motion),
            (Place::Deploys, None) => move_in(&mut self.deploys.list, motion),
            (Place::Changes, None) => move_in(&mut self.changes.list, motion),
        }
        Outcome::none().and(self.questions())
    }

    /// `]` and `[`: the neighbouring part, whatever is scrolled.
    pub(super) fn step(&mut self, place: Place, motion: Motion) -> Outcome {
        let Some(detail) = self.detail_mut(place) else { return self.moved(place, motion) };
        let before = detail.list.cursor();
        move_in(&mut detail.list, motion);
        if detail.list.cursor() == before {
            return Outcome::warn(if motion == Motion::Down {
                "this is the last one"
            } else {
                "this is the first one"
            });
        }
        detail.rewind();
        Outcome::none()
    }

    /// The wheel turned by so many lines over a column of the pane.
    pub(crate) fn wheel(&mut self, place: Place, column: u16, lines: isize, look: &Look<'_>) -> Outcome {
        let text_from = view::measure(self, place, look).map(|measure| measure.text_from);
        match (place, self.page_mut(place)) {
            (_, Some(Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. }))) => {
                if detail.is_full || text_from.is_some_and(|from| column >= from) {
                    detail.scroll = detail.scroll.saturating_add_signed(lines);
                } else {
                    detail.list.scroll_by(lines);
                }
            }
            (_, Some(Page::Workspaces(board))) => board.list.scroll_by(lines),
            (_, Some(Page::Devices(board))) => board.list.scroll_by(lines),
            (Place::Deploys, None) => self.deploys.list.scroll_by(lines),
            (Place::Changes, None) => self.changes.list.scroll_by(lines),
        }
        Outcome::none().and(self.questions())
    }

    /// A click on a place below the title: selects the row, opens it when it was selected already.
    pub(crate) fn click(&mut self, place: Place, column: u16, line: usize, look: &Look<'_>) -> Outcome {
        if self.editor.is_some() {
            return Outcome::none();
        }
        let measure = view::measure(self, place, look);
        let below = line.checked_sub(view::status_rows(self, place));
        let opens = match (place, self.page_mut(place)) {
            (_, Some(Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. }))) => {
                let Some(measure) = measure else { return Outcome::none() };
                let at = line.checked_sub(measure.list_from).filter(|_| !detail.is_full);
                let at = at.filter(|at| *at < measure.list_rows && column < measure.text_from);
                let before = detail.list.cursor();
                let opens = at.is_some_and(|at| click_in(&mut detail.list, at));
                if detail.list.cursor() != before {
                    detail.rewind();
                }
                opens
            }
            (_, Some(Page::Workspaces(board))) => below.is_some_and(|line| click_in(&mut board.list, line)),
            (_, Some(Page::Devices(board))) => below.is_some_and(|line| click_in(&mut board.list, line)),
            (Place::Deploys, None) => below.is_some_and(|line| click_in(&mut self.deploys.list, line)),
            (Place::Changes, None) => below.is_some_and(|line| click_in(&mut self.changes.list, line)),
        };
        let outcome = if opens { self.open(place) } else { Outcome::none() };
        let questions = self.questions();
        outcome.and(questions)
    }

    /// Esc: the whole text, what is opened, then the filter. `None` when there was nothing to go back from.
    pub(crate) fn back(&mut self, place: Place) -> Option<Outcome> {
        if let Some(detail) = self.detail_mut(place) {
            if !detail.search.is_empty() {
                detail.search.clear();
                return Some(Outcome::none());
            }
            if detail.is_full {
                detail.is_full = false;
                return Some(Outcome::none());
            }
        }
        if let Some(Page::Workspaces(board)) = self.page(place)
            && !board.filter.is_empty()
        {
            self.set_filter(place, String::new());
            return Some(Outcome::none());
        }
        if let Some(Page::Devices(board)) = self.page(place)
            && !board.filter.is_empty()
        {
            self.set_filter(place, String::new());
            return Some(Outcome::none());
        }
        if self.front_mut(place).pages.pop().is_some() {
            return Some(Outcome::none());
        }
        let filter = match place {
            Place::Deploys => &self.deploys.filter,
            Place::Changes => &self.changes.filter,
        };
        if filter.is_empty() {
            return None;
        }
        self.set_filter(place, String::new());
        Some(Outcome::none())
    }

    /// `n` and `N`.
    pub(super) fn find_again(&mut self, place: Place, motion: Motion, look: &Look<'_>) -> Outcome {
        match self.detail_mut(place) {
            None => return Outcome::warn("there is no text to search in here"),
            Some(detail) if detail.search.is_empty() => return Outcome::warn("/ searches"),
            Some(_) => {}
        }
        if self.find(place, motion, false, look) { Outcome::none() } else { Outcome::warn("it is not found again") }
    }

    /// Scrolls to the next line in which stands what is searched for; false if there is none in this direction.
    pub(super) fn find(&mut self, place: Place, motion: Motion, here_too: bool, look: &Look<'_>) -> bool {
        let Some(line) = view::find(self, place, motion, here_too, look) else { return false };
        if let Some(detail) = self.detail_mut(place) {
            detail.scroll = line;
            detail.found = Some(line);
        }
        true
    }
}
