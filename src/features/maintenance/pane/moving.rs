//! Cursor, wheel, clicks, and the way back.

use chrono::{DateTime, Utc};

use super::opened::{Load, MaintenancePage, NotificationPage, Page};
use super::query::CHUNK;
use super::{Outcome, State, view};
use crate::command::Motion;
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::list::Anchor;

impl State {
    /// Tells how much room there is.
    pub(crate) fn fit(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        let lines = usize::from(rows).saturating_sub(view::list::status_rows(self));
        self.list.set_height(lines);
        for page in &mut self.pages {
            match page {
                Page::Notifications(page) => {
                    let above = view::mail_status_rows(page, self.editor.as_ref());
                    page.list.set_height(page_height(rows, above));
                }
                Page::Outbox(page) => page.list.set_height(page_height(rows, 0)),
                Page::Maintenance(_) | Page::Notification(_) | Page::Sources(_) => {}
            }
        }
    }

    /// Moves through what is on top.
    pub(crate) fn moved(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        let page_lines = usize::from(self.size.1).saturating_sub(1);
        match self.pages.last_mut() {
            Some(
                Page::Maintenance(MaintenancePage { scroll, .. }) | Page::Notification(NotificationPage { scroll, .. }),
            ) => {
                *scroll = match (motion, motion.distance(page_lines)) {
                    (_, Some(lines)) => scroll.saturating_add_signed(lines),
                    (Motion::Bottom, None) => usize::MAX,
                    (_, None) => 0,
                };
                Outcome::none()
            }
            Some(Page::Outbox(page)) => {
                match (motion, motion.distance(page.list.page())) {
                    (_, Some(rows)) => page.list.move_by(rows),
                    (Motion::Bottom, None) => page.list.go_to(usize::MAX),
                    (_, None) => page.list.go_to(0),
                }
                Outcome::none()
            }
            Some(Page::Notifications(page)) => {
                match (motion, motion.distance(page.list.page())) {
                    (_, Some(rows)) => page.list.move_by(rows),
                    (Motion::Bottom, None) => page.list.go_to(usize::MAX),
                    (_, None) => page.list.go_to(0),
                }
                let requests = page.prefetch();
                Outcome::none().and(requests)
            }
            Some(Page::Sources(page)) => {
                page.moved(motion);
                Outcome::none()
            }
            None => self.moved_in_list(motion, now),
        }
    }

    /// Moves through the maintenances; the ends may lie outside of what is in memory.
    fn moved_in_list(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        match (motion, motion.distance(self.list.page())) {
            (_, Some(rows)) => self.list.move_by(rows),
            (Motion::Bottom, None) => {
                if self.list.reaches_end() {
                    self.list.go_to(usize::MAX);
                } else {
                    return Outcome::none().and(self.relist(Anchor::Bottom, now));
                }
            }
            (_, None) => {
                if self.list.reaches_start() {
                    self.list.go_to(0);
                } else {
                    return Outcome::none().and(self.relist(Anchor::Top, now));
                }
            }
        }
        let requests = self.prefetch();
        Outcome::none().and(requests)
    }

    /// `]` and `[`: the neighbour of what is opened.
    pub(super) fn step(&mut self, motion: Motion, now: DateTime<Utc>) -> Outcome {
        match self.pages.last() {
            Some(Page::Maintenance(_)) => {
                if let [.., Page::Outbox(outbox), Page::Maintenance(_)] = self.pages.as_mut_slice() {
                    let before = outbox.list.cursor();
                    outbox.list.move_by(motion.distance(1).unwrap_or(0));
                    if outbox.list.cursor() == before {
                        return no_further(motion);
                    }
                    self.pages.pop();
                    return self.open();
                }
                let before = self.list.cursor();
                self.list.move_by(motion.distance(1).unwrap_or(0));
                if self.list.cursor() == before {
                    return no_further(motion);
                }
                self.pages.pop();
                let requests = self.prefetch();
                self.open().and(requests)
            }
            Some(Page::Notification(_)) => {
                let below = self.pages.len().checked_sub(2).and_then(|below| self.pages.get_mut(below));
                match below {
                    Some(Page::Notifications(page)) => {
                        let before = page.list.cursor();
                        page.list.move_by(motion.distance(1).unwrap_or(0));
                        if page.list.cursor() == before {
                            return no_further(motion);
                        }
                        let requests = page.prefetch();
                        self.pages.pop();
                        self.open().and(requests)
                    }
                    Some(Page::Maintenance(_)) => self.step_mail(motion),
                    Some(Page::Notification(_) | Page::Sources(_) | Page::Outbox(_)) | None => Outcome::none(),
                }
            }
            _ => self.moved(motion, now),
        }
    }

    /// The next older or newer one of the mails behind the maintenance from which the present one was opened.
    fn step_mail(&mut self, motion: Motion) -> Outcome {
        match self.mail_beside(motion) {
            Some(key) => {
                self.pages.pop();
                self.open_notification(key)
            }
            None => no_further(motion),
        }
    }

    /// That mail, if there is one.
    fn mail_beside(&self, motion: Motion) -> Option<NotificationKey> {
        let [.., Page::Maintenance(maintenance), Page::Notification(mail)] = self.pages.as_slice() else { return None };
        let Load::Ready(detail) = &maintenance.detail else { return None };
        let at = detail.notifications.iter().position(|other| other.key == mail.key)?;
        detail.notifications.get(at.checked_add_signed(motion.distance(1)?)?).map(|next| next.key)
    }

    /// Whether what is opened has such a neighbour.
    pub(super) fn has_beside(&self, motion: Motion) -> bool {
        let is_down = matches!(motion, Motion::Down);
        match self.pages.as_slice() {
            [.., Page::Outbox(outbox), Page::Maintenance(_)] => outbox.list.has_beside(is_down),
            [.., Page::Maintenance(_)] => self.list.has_beside(is_down),
            [.., Page::Notifications(page), Page::Notification(_)] => page.list.has_beside(is_down),
            [.., Page::Notification(_)] => self.mail_beside(motion).is_some(),
            _ => true,
        }
    }

    /// The wheel turned by so many lines.
    pub(crate) fn wheel(&mut self, lines: isize) -> Outcome {
        match self.pages.last_mut() {
            Some(Page::Outbox(page)) => {
                page.list.scroll_by(lines);
                Outcome::none()
            }
            Some(Page::Notifications(page)) => {
                page.list.scroll_by(lines);
                Outcome::none().and(page.prefetch())
            }
            Some(
                Page::Maintenance(MaintenancePage { scroll, .. }) | Page::Notification(NotificationPage { scroll, .. }),
            ) => {
                *scroll = scroll.saturating_add_signed(lines);
                Outcome::none()
            }
            Some(Page::Sources(_)) => Outcome::none(),
            None => {
                self.list.scroll_by(lines);
                Outcome::none().and(self.prefetch())
            }
        }
    }

    /// A click on a line below the title: selects the row, opens it when it was selected already.
    pub(crate) fn click(&mut self, line: usize) -> Outcome {
        if self.editor.is_some() {
            return Outcome::none();
        }
        match self.pages.last_mut() {
            None => {
                let line = line.checked_sub(view::list::status_rows(self));
                let Some(index) = line.and_then(|line| self.list.row_at(line)) else { return Outcome::none() };
                if index == self.list.cursor() {
                    return self.open();
                }
                self.list.go_to(index);
                Outcome::none()
            }
            Some(Page::Notifications(page)) => {
                let line = line.checked_sub(usize::from(view::mail_status_rows(page, None)));
                let Some(index) = line.and_then(|line| page.list.row_at(line)) else { return Outcome::none() };
                if index == page.list.cursor() {
                    return self.open();
                }
                page.list.go_to(index);
                Outcome::none()
            }
            Some(Page::Sources(page)) => {
                // Below the titles of the columns.
                if let Some(at) =
                    line.checked_sub(1).filter(|at| page.rows.as_ref().is_some_and(|rows| *at < rows.len()))
                {
                    page.at = at;
                }
                Outcome::none()
            }
            Some(Page::Outbox(page)) => {
                if let Some(index) = page.list.row_at(line) {
                    page.list.go_to(index);
                }
                Outcome::none()
            }
            Some(_) => Outcome::none(),
        }
    }

    /// `h`: closes what is opened.
    pub(super) fn close(&mut self) -> Outcome {
        self.pages.pop();
        Outcome::none()
    }

    /// Esc: the marks and the filter of a list of mails, what is opened, then marks and filter of the list. `None` when
    /// there was nothing to go back from.
    pub(crate) fn back(&mut self, now: DateTime<Utc>) -> Option<Outcome> {
        if let Some(Page::Notifications(page)) = self.pages.last_mut() {
            if page.list.clear_marks() {
                return Some(Outcome::none());
            }
            if !std::mem::take(&mut page.filter).is_empty() {
                return Some(Outcome::ask(page.relist(CHUNK)));
            }
        }
        if self.pages.pop().is_some() || self.clear_marks() {
            return Some(Outcome::none());
        }
        let filter = &mut self.query.filter;
        if filter.text.is_empty() && filter.provider.is_none() {
            return None;
        }
        filter.text.clear();
        filter.provider = None;
        Some(self.requery(now))
    }
}

/// There is no neighbour in this direction.
fn no_further(motion: Motion) -> Outcome {
    Outcome::warn(if motion == Motion::Down { "this is the last one" } else { "this is the first one" })
}

/// Lines that the list of notifications has in a pane with so many rows, of which `above` say what is filtered.
pub(super) fn page_height(rows: u16, above: u16) -> usize {
    usize::from(rows.saturating_sub(view::notification_reason_rows(rows)).saturating_sub(above))
}
