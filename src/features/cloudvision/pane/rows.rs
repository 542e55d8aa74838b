//! What stands in the lists: targets and what was left unfinished, change controls, workspaces, devices, and the parts of
//! what is opened.

use std::sync::Arc;

use crate::features::cloudvision::model::{
    Change, ChangeId, ChangeState, DeploymentId, Device, DeviceId, Workspace, WorkspaceId,
};
use crate::features::cloudvision::worker::{Target, Unfinished};
use crate::ui::list::Row;

/// A row of the deploys.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DeployRow {
    /// What an earlier process has left.
    Unfinished(Unfinished),
    /// A target.
    Target(Target),
}

/// What identifies a row of the deploys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeployKey {
    /// A deployment of an earlier process.
    Unfinished(DeploymentId),
    /// The target of this name.
    Target(String),
}

impl Row for DeployRow {
    type Key = DeployKey;

    fn key(&self) -> DeployKey {
        match self {
            Self::Unfinished(unfinished) => DeployKey::Unfinished(unfinished.id.clone()),
            Self::Target(target) => DeployKey::Target(target.name.clone()),
        }
    }

    fn group(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unfinished(left) if left.lives => "under way elsewhere",
            Self::Unfinished(_) => "left unfinished",
            Self::Target(_) => "targets",
        })
    }
}

/// A change control in the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChangeRow {
    /// As it stands.
    pub(super) change: Arc<Change>,
    /// Whether it is new, or in another state, since somebody looked.
    pub(super) is_news: bool,
}

impl ChangeRow {
    /// Its place among the groups: what runs, what waits, what is over.
    pub(super) fn rank(&self) -> u8 {
        if self.change.state == ChangeState::Running {
            0
        } else if self.change.state.is_over() {
            2
        } else {
            1
        }
    }
}

impl Row for ChangeRow {
    type Key = ChangeId;

    fn key(&self) -> ChangeId {
        self.change.id.clone()
    }

    fn group(&self) -> Option<&'static str> {
        Some(match self.rank() {
            0 => "running",
            1 => "waiting",
            _ => "ended",
        })
    }
}

impl Row for Workspace {
    type Key = WorkspaceId;

    fn key(&self) -> WorkspaceId {
        self.id.clone()
    }

    fn group(&self) -> Option<&'static str> {
        None
    }
}

impl Row for Device {
    type Key = DeviceId;

    fn key(&self) -> DeviceId {
        self.id.clone()
    }

    fn group(&self) -> Option<&'static str> {
        Some(if self.streaming { "streaming" } else { "silent" })
    }
}

/// A part of what is opened, about which the text beside it tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What concerns no device in particular.
    General,
    /// A stage of a change control.
    Stage {
        /// Its id.
        id: String,
        /// How deep it stands in the tree.
        depth: usize,
        /// The device that it is about.
        device: Option<DeviceId>,
    },
    /// A device.
    Device(DeviceId),
}

impl Part {
    /// The device that it is about.
    pub(super) fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::General => None,
            Self::Stage { device, .. } => device.as_ref(),
            Self::Device(device) => Some(device),
        }
    }
}

impl Row for Part {
    type Key = Self;

    fn key(&self) -> Self {
        self.clone()
    }

    fn group(&self) -> Option<&'static str> {
        None
    }
}
