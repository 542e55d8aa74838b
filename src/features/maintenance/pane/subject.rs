//! What a command would act on now: the opened maintenance, the marked ones, or the one under the cursor.

use super::opened::{Load, MaintenancePage, NotificationPage, Page};
use super::{Command, Outcome, State};
use crate::command::Motion;
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::nautobot::store::outbox;
use crate::features::maintenance::store::detail::SetByHand;
use crate::features::maintenance::store::list::{Acknowledged, Mark};

impl State {
    /// Whether there is a row to act on.
    pub(super) fn has_target(&self) -> bool {
        match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().is_some(),
            Some(Page::Outbox(_)) => false,
            Some(Page::Maintenance(_)) => true,
            _ => self.list.selected().is_some(),
        }
    }

    /// What a command acts on, as it was on the screen: the opened one, the marked ones, or the one under the cursor.
    pub(super) fn subjects(&self) -> Vec<Mark> {
        match (self.pages.last(), &self.everything) {
            (Some(Page::Maintenance(page)), _) => match &page.detail {
                Load::Ready(detail) => vec![Mark {
                    key: detail.key,
                    revision: detail.revision,
                    is_acknowledged: matches!(detail.acknowledged, Acknowledged::Yes { .. }),
                    // It was when it was opened; looking at it has cleared the sign.
                    is_unseen: false,
                }],
                Load::Loading | Load::Failed(_) => vec![],
            },
            (Some(_), _) => vec![],
            (None, Some(everything)) => everything.marks().to_vec(),
            (None, None) => self.list.targets().into_iter().map(Mark::from).collect(),
        }
    }

    /// [`State::not_shown`] of what a command acts on: nothing where it acts on what is opened.
    pub(super) fn unseen_of_subjects(&self) -> String {
        if self.pages.is_empty() { self.not_shown() } else { String::new() }
    }

    /// Provider and id of what a command acts on; none where all that the filter leaves is marked, of which most is not
    /// on hand.
    pub(super) fn names(&self) -> Vec<(&str, &str)> {
        match (self.pages.last(), &self.everything) {
            (Some(Page::Maintenance(page)), _) => match &page.detail {
                Load::Ready(detail) => vec![(&detail.provider, &detail.maintenance_id)],
                Load::Loading | Load::Failed(_) => vec![],
            },
            (None, None) => {
                let rows = self.list.targets().into_iter();
                rows.map(|row| (row.provider.as_str(), row.maintenance_id.as_str())).collect()
            }
            (Some(_), _) | (None, Some(_)) => vec![],
        }
    }

    /// Why what is marked cannot be copied, if it cannot.
    pub(super) fn too_many_to_copy(&self) -> Option<Outcome> {
        let many = self.everything.as_ref().filter(|_| self.pages.is_empty())?.marks().len();
        Some(Outcome::warn(format!("{many} are too many to copy; <export> writes them into a calendar file")))
    }

    /// Whether all that a command acts on is acknowledged, and there is something.
    pub(super) fn is_all_acknowledged(&self) -> bool {
        let is_all = |marks: &[Mark]| !marks.is_empty() && marks.iter().all(|mark| mark.is_acknowledged);
        match (&self.everything, self.pages.is_empty()) {
            // Asked for with every frame: not copied for it.
            (Some(everything), true) => is_all(everything.marks()),
            _ => is_all(&self.subjects()),
        }
    }

    /// What dismissing would do to the mail under the cursor or the opened one; `None` where it makes no sense.
    fn dismissal(&self) -> Option<&'static str> {
        let (outcome, dismissed) = match self.pages.last()? {
            Page::Notifications(page) => {
                page.list.targets().first().map(|row| (row.outcome, row.dismissed.is_some()))?
            }
            Page::Notification(NotificationPage { mail: Load::Ready(mail), .. }) => {
                (mail.outcome, mail.dismissed.is_some())
            }
            Page::Notification(_) | Page::Maintenance(_) | Page::Sources(_) | Page::Outbox(_) => return None,
        };
        outcome.needs_a_look().then_some(if dismissed { "bring back" } else { "dismiss" })
    }

    /// What of the opened maintenance was set by hand.
    pub(super) fn set_by_hand(&self) -> Option<&SetByHand> {
        let Some(Page::Maintenance(MaintenancePage { detail: Load::Ready(detail), .. })) = self.pages.last() else {
            return None;
        };
        detail.by_hand.as_ref()
    }

    /// Whether a mail is kept that speaks of the opened maintenance.
    fn has_mail(&self) -> bool {
        let Some(Page::Maintenance(page)) = self.pages.last() else { return false };
        matches!(&page.detail, Load::Ready(detail) if !detail.notifications.is_empty())
    }

    /// Whether what is suggested for the opened mail can be accepted.
    fn has_suggestion(&self) -> bool {
        let Some(Page::Notification(page)) = self.pages.last() else { return false };
        matches!(&page.mail, Load::Ready(mail) if mail.suggestion.as_ref().is_some_and(Suggestion::is_whole))
    }

    /// The word for a command in the footer, which is `hint` unless the row says better; `None` where it makes no sense.
    pub(crate) fn hint(&self, command: Command, hint: &'static str) -> Option<&'static str> {
        let makes_sense = match command {
            Command::Acknowledge => {
                return self.has_target().then_some(if self.is_all_acknowledged() { "un-acknowledge" } else { hint });
            }
            Command::Open => self.has_target() || self.outbox_maintenance().is_some(),
            Command::Note => self.has_target(),
            Command::OpenMail => self.has_mail(),
            Command::Next => self.has_beside(Motion::Down),
            Command::Previous => self.has_beside(Motion::Up),
            // Among mails other keys need the room.
            Command::Mark => self.has_target() && !self.is_opened(),
            Command::Undo => !self.undo.is_empty(),
            Command::Outbox => self.has_outbox(),
            Command::OutboxDrop => self.outbox_entry().is_some(),
            Command::OutboxRetry => {
                let word = if self.is_outbox_in_conflict() { "take" } else { hint };
                return self.outbox_entry().map(|_| word);
            }
            Command::OutboxAnyway => self.outbox_entry().is_some_and(|entry| entry.state == outbox::State::Conflict),
            Command::Accept => self.has_suggestion(),
            Command::Dismiss => return self.dismissal(),
            Command::Pause => {
                let word = if self.is_source_paused() { "resume" } else { hint };
                return self.has_source().then_some(word);
            }
            // On the lists other keys need the room.
            Command::Sync => self.has_source(),
            Command::Make => self.is_opened() && self.dismissal().is_some(),
            Command::Take => self.set_by_hand().is_some_and(|set| !set.would_change.is_empty()),
            Command::Keep => self.set_by_hand().is_some_and(|set| set.is_news),
            Command::AssignSender | Command::Attach => self.dismissal().is_some(),
            // On the list other keys need the room.
            Command::Copy | Command::Export => self.is_opened() && self.has_target(),
            Command::MarkAll
            | Command::Seen
            | Command::Filter
            | Command::Show
            | Command::Provider
            | Command::Sort
            | Command::Notifications
            | Command::Close
            | Command::CopyText
            | Command::Sources
            | Command::Reread
            | Command::Edit
            | Command::Raw => true,
        };
        makes_sense.then_some(hint)
    }
}
