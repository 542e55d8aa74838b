//! What a command would act on now: the opened maintenance, the marked ones, or the one under the cursor.

use super::opened::{Load, Page};
use super::{Command, State};
use crate::features::maintenance::store::list::{Acknowledged, Row};
use crate::features::maintenance::worker::Target;

/// What a command acts on, as it was on the screen.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Which, at which revision.
    pub(super) target: Target,
    /// Its provider.
    pub(super) provider: String,
    /// The provider's id.
    pub(super) maintenance_id: String,
    /// Whether it is acknowledged as it is.
    pub(super) is_acknowledged: bool,
}

impl Subject {
    /// A row of the list.
    fn of(row: &Row) -> Self {
        Self {
            target: Target { key: row.key.maintenance, revision: row.revision },
            provider: row.provider.clone(),
            maintenance_id: row.maintenance_id.clone(),
            is_acknowledged: matches!(row.acknowledged, Acknowledged::Yes { .. }),
        }
    }
}

impl State {
    /// Whether there is a row to act on.
    pub(super) fn has_target(&self) -> bool {
        match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().is_some(),
            _ => self.list.selected().is_some(),
        }
    }

    /// What a command acts on: the opened one, the marked ones, or the one under the cursor.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        match self.pages.last() {
            Some(Page::Maintenance(page)) => match &page.detail {
                Load::Ready(detail) => vec![Subject {
                    target: Target { key: detail.key, revision: detail.revision },
                    provider: detail.provider.clone(),
                    maintenance_id: detail.maintenance_id.clone(),
                    is_acknowledged: matches!(detail.acknowledged, Acknowledged::Yes { .. }),
                }],
                Load::Loading | Load::Failed(_) => vec![],
            },
            Some(_) => vec![],
            None => self.list.targets().into_iter().map(Subject::of).collect(),
        }
    }

    /// What commands act on, with the revision that was on the screen.
    pub(super) fn targets(&self) -> Vec<Target> {
        self.subjects().iter().map(|subject| subject.target).collect()
    }

    /// The word for a command in the footer, which is `hint` unless the row says better; `None` where it makes no sense.
    pub(crate) fn hint(&self, command: Command, hint: &'static str) -> Option<&'static str> {
        let makes_sense = match command {
            Command::Acknowledge => {
                let subjects = self.subjects();
                let taken = !subjects.is_empty() && subjects.iter().all(|subject| subject.is_acknowledged);
                return self.has_target().then_some(if taken { "un-acknowledge" } else { hint });
            }
            Command::Note | Command::Open | Command::Mark | Command::OpenMail => self.has_target(),
            Command::Undo => !self.undo.is_empty(),
            // On the list other keys need the room.
            Command::Copy | Command::Export => self.is_opened() && self.has_target(),
            Command::MarkAll
            | Command::Seen
            | Command::Filter
            | Command::Show
            | Command::Provider
            | Command::Sort
            | Command::Notifications
            | Command::Next
            | Command::Previous
            | Command::Close
            | Command::CopyText
            | Command::Sync => true,
        };
        makes_sense.then_some(hint)
    }
}
