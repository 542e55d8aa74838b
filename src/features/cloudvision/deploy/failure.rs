//! Why a deployment did not do what was asked for.

use std::borrow::Cow;

use super::build::MOST_NAMED;
use super::lookup::NotPlaced;
use super::waiting;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{ChangeId, ChangeState};
use crate::text::first_of;
use crate::trouble::{Remedy, Trouble};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// CloudVision could not be asked, or refused.
    #[error("the deployment stopped")]
    Call(#[from] Error),
    /// Devices that are missing, or could be several.
    #[error("{}", listed(.0))]
    NotPlaced(Vec<NotPlaced>),
    /// Some of the writes into the workspace were refused.
    #[error("{}", listed(.0))]
    Writes(Vec<Error>),
    /// Somebody ended the workspace.
    #[error("the workspace {what}")]
    WorkspaceGone {
        /// What happened to it.
        what: &'static str,
    },
    /// This CloudVision cannot bring devices what it holds already.
    #[error("this CloudVision makes no change control where nothing changes")]
    NoSync,
    /// The workspace does not answer.
    #[error("the workspace did not answer within an hour")]
    Silent,
    /// The build found errors.
    #[error("the build failed: {what}")]
    Build {
        /// The first error with its device and line, or the words of the server.
        what: String,
    },
    /// The submission was refused.
    #[error("the workspace was not submitted: {what}")]
    Submit {
        /// The words of the server.
        what: String,
        /// Wanted devices that do not stream, if that is the reason.
        silent: Option<Vec<String>>,
    },
    /// What is in force moved, and the workspace could not follow.
    #[error("what is in force has moved, and the workspace cannot follow it: {what}")]
    Rebase {
        /// The words of the server.
        what: String,
    },
    /// What is in force moved too often.
    #[error("what is in force moved {0} times while this was deployed")]
    Overtaken(usize),
    /// What is in force moved, what was built then is something else, and nobody is there to look at it.
    #[error("somebody else changed what is in force, and what would be submitted now is not what was confirmed")]
    NotAgreed,
    /// The change control failed.
    #[error("the change control has failed: {what}")]
    Change {
        /// The words of the server.
        what: String,
    },
    /// Approving, starting or naming the change control did not work. It is there.
    #[error("the change control is there, but {what}")]
    ChangeStep {
        /// What was not done.
        what: &'static str,
        /// Why.
        #[source]
        source: Error,
    },
    /// The mainline holds what is wanted of devices already, and another change control has still to bring it to them.
    #[error("{change} is {}, and has still to bring {} what the mainline holds already", .state.name(), some(.devices))]
    Waiting {
        /// Which.
        id: ChangeId,
        /// Its name.
        change: String,
        /// How it stands.
        state: ChangeState,
        /// To which devices: their names.
        devices: Vec<String>,
    },
    /// All that could be done is done, and nobody knows of some devices whether they run what is wanted.
    #[error("whether {} {} what the mainline holds is not known: {}", some(.devices), if .devices.len() == 1 { "runs" } else { "run" }, .why.words())]
    NotCompared {
        /// Their names.
        devices: Vec<String>,
        /// Why not.
        why: NotCompared,
    },
    /// Somebody wanted it to end.
    #[error("it was cancelled")]
    Cancelled,
    /// Somebody wanted it to end after it was submitted.
    #[error("it was cancelled: submitted, the mainline keeps it; its change control is {}", .state.map_or("not approved", standing))]
    Left {
        /// Which stays as it is.
        change: ChangeId,
        /// How it stands, as far as that was told.
        state: Option<ChangeState>,
    },
    /// It was asked for, and no answer came.
    #[error("{what}, and no answer came: nobody knows whether it was done")]
    Unknown {
        /// What was asked for.
        what: &'static str,
    },
    /// What is done could not be written down, so it was not done.
    #[error("the journal cannot be written")]
    Journal(Trouble),
}

/// Why it is not known what a device runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCompared {
    /// It does not stream.
    Silent,
    /// This CloudVision cannot be asked.
    Unsupported,
    /// The build told nothing of it, and the change control leaves it out.
    LeftOut,
}

impl NotCompared {
    /// In words.
    fn words(self) -> &'static str {
        match self {
            Self::Silent => "no device is compared that does not stream",
            Self::Unsupported => "this CloudVision does not compare what does not change",
            Self::LeftOut => "the build did not compare it, and no change control brings it",
        }
    }

    /// What to do.
    fn remedy(self) -> &'static str {
        match self {
            Self::Silent => {
                "bring the devices back, leave them out, or take what CloudVision heard of them last: --force, or \
                 force = true in its [[deploy]]"
            }
            Self::Unsupported => "sync the devices in CloudVision, or change a line and deploy that",
            Self::LeftOut => "look at the devices in CloudVision, and sync them there",
        }
    }
}

/// Names, not too many of them.
fn some(names: &[String]) -> String {
    first_of(names, MOST_NAMED)
}

/// How a change control stands that is not taken further.
fn standing(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Pending => "pending, not approved",
        ChangeState::Approved => "approved, not started",
        ChangeState::Running => "running, and goes on",
        ChangeState::Scheduled
        | ChangeState::Completed
        | ChangeState::Failed
        | ChangeState::Stopped
        | ChangeState::Unknown(_) => state.name(),
    }
}

/// Several problems in one line.
fn listed<T: ToString>(problems: &[T]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// An error and its causes.
fn on_one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        line = format!("{line}: {cause}");
        below = cause.source();
    }
    crate::text::clean_line(&line)
}

impl Failure {
    /// Whether the same may work once the server answers again.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Silent) || matches!(self, Self::Call(error) if error.is_transient())
    }

    /// Whether somebody ended it, or the server does not answer: nothing more is to be asked then.
    pub(crate) fn is_cut_short(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Left { .. }) || self.is_transient()
    }

    /// What it means that devices cannot be brought again what is in force.
    pub(super) fn of_sync(error: Error) -> Self {
        let is_unknown = matches!(error, Error::Refused { code: tonic::Code::Unimplemented, .. });
        if is_unknown { Self::NoSync } else { Self::Call(error) }
    }

    /// Each problem by itself, for those who list them.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::NotPlaced(problems) => problems.iter().map(ToString::to_string).collect(),
            Self::Writes(errors) => {
                let of = |error: &Error| {
                    let Error::Entries { call, entries, .. } = error else { return vec![on_one_line(error)] };
                    entries.iter().map(|(key, error)| format!("{call}: {key}: {error}")).collect()
                };
                errors.iter().flat_map(of).collect()
            }
            // What stopped it says more than that it stopped.
            Self::Call(error) => vec![on_one_line(error)],
            Self::WorkspaceGone { .. }
            | Self::NoSync
            | Self::Silent
            | Self::Build { .. }
            | Self::Submit { .. }
            | Self::Rebase { .. }
            | Self::Overtaken(_)
            | Self::NotAgreed
            | Self::Change { .. }
            | Self::ChangeStep { .. }
            | Self::Waiting { .. }
            | Self::NotCompared { .. }
            | Self::Cancelled
            | Self::Left { .. }
            | Self::Unknown { .. }
            | Self::Journal(_) => vec![on_one_line(self)],
        }
    }
}

impl Remedy for Failure {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Call(error) | Self::ChangeStep { source: error, .. } => error.remedy(),
            Self::NotPlaced(_) => "correct names, serial numbers or MAC addresses, or onboard the devices".into(),
            Self::Writes(errors) => errors.first().map_or("".into(), Remedy::remedy),
            Self::WorkspaceGone { .. } => "ask whoever did it, and deploy again".into(),
            Self::NoSync => "sync the devices in CloudVision, or change a line and deploy that".into(),
            Self::Silent => "look at the workspace in CloudVision".into(),
            Self::Waiting { id, state, .. } => waiting::remedy(id, *state).into(),
            Self::NotCompared { why, .. } => why.remedy().into(),
            Self::Build { .. } => "correct the configuration and deploy again".into(),
            Self::Submit { silent: Some(_), .. } => {
                "bring the devices back, leave them out, or submit without validation for them: --force, or force = true in its [[deploy]]".into()
            }
            Self::Submit { .. } | Self::Rebase { .. } => "look at the workspace, then deploy again".into(),
            Self::NotAgreed => "nothing was submitted: look again with --dry-run, then deploy again".into(),
            Self::Overtaken(_) => "wait until others are done, and deploy again".into(),
            Self::Change { .. } => "look at its stages for the device and the reason".into(),
            Self::Cancelled => "".into(),
            Self::Left { change, state: Some(ChangeState::Running) } => {
                format!("noctui change stop {change} ends it where it is").into()
            }
            Self::Left { state: Some(state), .. } if state.is_over() => "".into(),
            Self::Left { change, .. } => {
                format!("noctui change delete {change} deletes it, and no device gets what was submitted").into()
            }
            Self::Unknown { .. } => "look at workspace and change control before anything is done again".into(),
            Self::Journal(_) => "free space or make the data directory writable, and deploy again".into(),
        }
    }
}
