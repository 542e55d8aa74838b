//! What the last deployment of a target has not brought to devices, as far as change controls and the journal tell.

use chrono::{DateTime, Utc};

use super::State;
use crate::features::cloudvision::model::ChangeState;
use crate::features::cloudvision::store::journal::Ending;
use crate::features::cloudvision::worker::Target;

/// Why a change control does not bring what it was to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It does not exist any more.
    Deleted,
    /// Somebody stopped it.
    Stopped,
    /// It has failed.
    Failed,
}

impl Loss {
    /// In a word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// What there is to say of it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Deleted => {
                "its change control does not exist any more: <deploy> makes it again for devices that lack it"
            }
            Self::Stopped => "its change control was stopped: <deploy> makes it again for devices that lack it",
            Self::Failed => "its change control has failed: <deploy> makes it again for devices that lack it",
        }
    }
}

impl State {
    /// Why the change control of the last deployment of a target is known not to bring what it was to bring.
    pub(super) fn loss_of(&self, target: &Target, now: DateTime<Utc>) -> Option<Loss> {
        let under_way = self.run_of(&target.name).is_some_and(|run| run.ended.is_none());
        let (id, instance) = target.brought.as_ref().zip(self.named(&target.instance))?;
        let is_told = instance.stale(instance.changes.told_at, self.started, now).is_none();
        if !is_told || under_way {
            return None;
        }
        let Some(entry) = instance.changes.items.get(id) else { return Some(Loss::Deleted) };
        let change = &entry.change;
        let loss = match change.state {
            ChangeState::Stopped => Loss::Stopped,
            ChangeState::Failed => Loss::Failed,
            ChangeState::Pending
            | ChangeState::Approved
            | ChangeState::Scheduled
            | ChangeState::Running
            | ChangeState::Completed
            | ChangeState::Unknown(_) => return None,
        };
        // A deployment since then has found that the devices run it.
        let is_found = target.last.as_ref().is_some_and(|last| {
            last.ending == Ending::NothingToDo && change.ended_at().is_some_and(|ended| last.at >= ended)
        });
        let all = instance.changes.items.values().map(|entry| &*entry.change);
        (!is_found && !change.lacking(all).is_empty()).then_some(loss)
    }

    /// What the last deployment of a target said of devices that do not have yet what the mainline holds; nothing once its
    /// change control has brought it.
    pub(super) fn lacking<'a>(&self, target: &'a Target) -> Option<&'a str> {
        let last = target.last.as_ref().filter(|last| last.ending == Ending::NothingToDo && !last.result.is_empty())?;
        let change = target.brought.as_ref().zip(self.named(&target.instance));
        let change = change.and_then(|(id, instance)| instance.changes.items.get(id));
        let is_brought = change.is_some_and(|entry| entry.change.state == ChangeState::Completed);
        (!is_brought).then_some(last.result.as_str())
    }
}
