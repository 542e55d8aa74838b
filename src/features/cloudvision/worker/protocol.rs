//! What the screen asks of the worker, and what the worker tells. Everything names its CloudVision by the name that the
//! configuration gives it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::cloudvision::deploy::{Advance, Event, WorkspaceFate};
use crate::features::cloudvision::model::{
    Change, ChangeAction, ChangeId, DeploymentId, Device, DeviceId, DiffLine, Version, Workspace, WorkspaceId,
};
use crate::features::cloudvision::store::journal::{Ending, Phase};
use crate::trouble::Trouble;

/// Something asked of the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Deploy a target. Answered by [`Report::Deployment`]s; refused while one of the same target runs.
    Deploy {
        /// Its name.
        target: String,
        /// How far the change control is taken: [`Advance::Pending`] for `d`, the target's policy for `D`.
        advance: Advance,
    },
    /// Go on with a deployment that waits for its review.
    GoOn {
        /// Which.
        deployment: DeploymentId,
        /// The number of the look that was on the screen, from one on; a yes to an earlier one counts for nothing.
        look: u32,
    },
    /// End a deployment: before the submission its workspace is abandoned; after it, this is refused.
    Cancel(DeploymentId),
    /// Throw a workspace away: one that a deployment left open, or anybody's.
    Abandon {
        /// Which CloudVision.
        instance: String,
        /// Which workspace.
        workspace: WorkspaceId,
    },
    /// Do something to a change control, as it was read.
    Act {
        /// Which CloudVision.
        instance: String,
        /// Which change control.
        change: ChangeId,
        /// The version that was on the screen.
        version: Option<Version>,
        /// What.
        action: ChangeAction,
        /// For whoever reads it later; may be empty.
        notes: String,
    },
    /// The differences that a change control brings, device by device, as CloudVision computed them. Answered by
    /// [`Report::ChangeDiff`].
    Diff {
        /// Which CloudVision.
        instance: String,
        /// Which change control.
        change: ChangeId,
        /// Which device.
        device: DeviceId,
    },
    /// Read the folders of the targets again, and connect at once where that failed.
    Refresh,
}

/// How a CloudVision is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Health {
    /// Nothing was heard yet.
    Connecting,
    /// Its streams are open.
    Live {
        /// Its version: `CVaaS` or `2026.2.0`.
        version: String,
        /// Since when it owes an answer to the question whether it is there; `None` while it answers.
        unanswered: Option<DateTime<Utc>>,
    },
    /// It cannot be heard; what is shown is as old as `since`.
    Failing {
        /// Why.
        trouble: Trouble,
        /// The reason in a word for the header: `TLS`, `token`, `offline`.
        word: &'static str,
        /// When it was heard last; `None` if never.
        since: Option<DateTime<Utc>>,
        /// When it is tried again; `None` where somebody has to do something first.
        retry_at: Option<DateTime<Utc>>,
    },
}

/// A CloudVision as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceView {
    /// Its name.
    pub name: String,
    /// Host and port.
    pub server: String,
    /// Whether it is production.
    pub production: bool,
    /// Whether nothing may be written to it.
    pub read_only: bool,
    /// Whether its certificate is not checked, which is shown.
    pub unverified: bool,
}

/// What changed of a kind of things.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta<T, K> {
    /// Whether these are all there are: what is not among them is gone.
    pub all: bool,
    /// New ones, and those that changed.
    pub upserts: Vec<T>,
    /// Gone ones.
    pub removed: Vec<K>,
    /// When the server said so; for what comes from the store, when it said so then.
    pub at: DateTime<Utc>,
}

/// What a target holds on the disk, compared with what was deployed last from here.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// They are being read.
    Reading,
    /// They are sound.
    Ready {
        /// How many devices.
        devices: usize,
        /// How many configurations differ from those of the last deployment; `None` where there was none.
        changed: Option<usize>,
        /// What should be known.
        warnings: Vec<String>,
    },
    /// They cannot be deployed.
    Refused(Trouble),
}

/// How the last deployment of a target ended.
#[derive(Debug, Clone, PartialEq)]
pub struct LastDeployment {
    /// How.
    pub ending: Ending,
    /// When.
    pub at: DateTime<Utc>,
    /// In words; may be empty.
    pub result: String,
    /// Its change control.
    pub change: Option<ChangeId>,
    /// The workspace that it did not submit, which may be open still.
    pub workspace: Option<WorkspaceId>,
    /// For how many devices CloudVision held another configuration, as the journal has it; `None` where it never came to
    /// tell.
    pub differed: Option<usize>,
}

/// A target as configured, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Which CloudVision.
    pub instance: String,
    /// Whether a deployment waits for a review before it submits.
    pub protected: bool,
    /// How far `D` takes the change control.
    pub advance: Advance,
    /// What it holds.
    pub inputs: Inputs,
    /// How its last deployment ended.
    pub last: Option<LastDeployment>,
    /// The change control that was to bring the last deployment to devices.
    pub brought: Option<ChangeId>,
}

/// A deployment that a process before this one has left unfinished.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Which.
    pub id: DeploymentId,
    /// Of which target; `None` for a folder or a request.
    pub target: Option<String>,
    /// Which CloudVision.
    pub instance: String,
    /// How far it came.
    pub phase: Phase,
    /// Its workspace.
    pub workspace: Option<WorkspaceId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Whether another process is at it still.
    pub lives: bool,
}

/// What a deployment tells.
#[derive(Debug, Clone)]
pub enum Progress {
    /// It began.
    Begun {
        /// Of which target.
        target: String,
        /// Which CloudVision.
        instance: String,
        /// When.
        at: DateTime<Utc>,
        /// Whether it waits after the build.
        review: bool,
        /// How far its change control is taken.
        advance: Advance,
    },
    /// It told something.
    Told(Event),
    /// It ended.
    Ended {
        /// How.
        ending: Ending,
        /// Why, where it did not do what was ordered.
        trouble: Option<Trouble>,
        /// What has become of the workspace.
        workspace: Option<(WorkspaceId, WorkspaceFate)>,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What the worker tells.
#[derive(Debug, Clone)]
pub enum Report {
    /// How a CloudVision is doing.
    Health {
        /// Which.
        instance: String,
        /// How.
        health: Health,
    },
    /// Change controls.
    Changes {
        /// Of which CloudVision.
        instance: String,
        /// What changed.
        delta: Delta<Arc<Change>, ChangeId>,
    },
    /// Workspaces.
    Workspaces {
        /// Of which CloudVision.
        instance: String,
        /// What changed.
        delta: Delta<Workspace, WorkspaceId>,
    },
    /// Devices.
    Devices {
        /// Of which CloudVision.
        instance: String,
        /// What changed.
        delta: Delta<Device, DeviceId>,
    },
    /// All targets, in the order of the configuration.
    Targets(Vec<Target>),
    /// What earlier processes have left unfinished.
    Unfinished(Vec<Unfinished>),
    /// The workspaces that deployments from here, all of which have ended, made and did not submit, by any process: those of
    /// them that are open are in nobody's hands.
    Unsubmitted {
        /// On which CloudVision.
        instance: String,
        /// Each with the target that was deployed, if it was one.
        workspaces: BTreeMap<WorkspaceId, Option<String>>,
    },
    /// A deployment of this process tells something.
    Deployment {
        /// Which.
        id: DeploymentId,
        /// What.
        progress: Box<Progress>,
    },
    /// Something was done to a change control or a workspace; a sentence on it.
    Done(String),
    /// Something was not done.
    Failed(Trouble),
    /// What a change control brings to a device.
    ChangeDiff {
        /// Which change control.
        change: ChangeId,
        /// Which device.
        device: DeviceId,
        /// Line by line, or why it cannot be told.
        lines: Result<Arc<Vec<DiffLine>>, Trouble>,
    },
}

impl Report {
    /// What went wrong, if that is what it tells.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        if let Self::Failed(trouble) = self { Some(trouble) } else { None }
    }
}
