//! How far a deployment is, what may come next, and how it ended.

use std::borrow::Cow;

use crate::features::cloudvision::store::sql::words;
use crate::trouble::Remedy;

words! {
    /// How far a deployment is, in order. A phase whose request cannot be taken back is written before that is sent: in it
    /// the request may have arrived or not.
    pub enum Phase {
        /// Inputs and devices are looked at; nothing was sent that changes anything.
        Preparing = "preparing",
        /// The workspace is asked for.
        WorkspaceRequested = "workspace-requested",
        /// Configurations and tags are written into the workspace.
        Writing = "writing",
        /// The workspace is built.
        Building = "building",
        /// Built; waits for the person, if somebody wants to look first.
        Built = "built",
        /// The submission is asked for.
        SubmitRequested = "submit-requested",
        /// Submitted: what was deployed is in force in CloudVision, no device has it yet.
        Submitted = "submitted",
        /// The change control is being given its name and description.
        ChangeNamed = "change-named",
        /// The approval is asked for.
        Approving = "approving",
        /// The start is asked for.
        Starting = "starting",
        /// The change control runs.
        Waiting = "waiting",
        /// The workspace, not submitted, is thrown away.
        Abandoning = "abandoning",
        /// The change control is deleted; what was submitted stays in force.
        Withdrawing = "withdrawing",
    }
}

impl Phase {
    /// Whether this phase may come after `before`: forward, never past the writing down of a request that cannot be taken
    /// back, and back only where a request was refused or undone. A phase may follow itself.
    #[must_use]
    pub fn may_follow(self, before: Self) -> bool {
        if self == before {
            return true;
        }
        match self {
            Self::Preparing => false,
            Self::WorkspaceRequested => before == Self::Preparing,
            // Again where what is in force has moved, which a build or the refused submission says.
            Self::Writing => Self::WorkspaceRequested <= before && before <= Self::SubmitRequested,
            Self::Building => Self::WorkspaceRequested <= before && before <= Self::Built,
            // Again where the submission was refused and somebody is to decide.
            Self::Built => matches!(before, Self::Building | Self::SubmitRequested),
            Self::SubmitRequested => matches!(before, Self::Building | Self::Built),
            Self::Submitted => before == Self::SubmitRequested,
            Self::ChangeNamed | Self::Approving | Self::Starting | Self::Waiting => {
                before.is_in_force() && before < self && before < Self::Waiting
            }
            Self::Abandoning => Self::Preparing < before && before < Self::Submitted,
            Self::Withdrawing => before.is_in_force(),
        }
    }

    /// Whether what was deployed is in force in CloudVision from this phase on.
    #[must_use]
    pub fn is_in_force(self) -> bool {
        matches!(
            self,
            Self::Submitted | Self::ChangeNamed | Self::Approving | Self::Starting | Self::Waiting | Self::Withdrawing
        )
    }
}

words! {
    /// How a deployment ended.
    pub enum Ending {
        /// All that was asked for happened.
        Done = "done",
        /// CloudVision holds all of it already.
        NothingToDo = "nothing-to-do",
        /// Something went wrong.
        Failed = "failed",
        /// Somebody wanted it no more.
        Cancelled = "cancelled",
        /// Its workspace was thrown away: by somebody else while it went on, or after its process was gone.
        Abandoned = "abandoned",
        /// That cannot be told: the answer to a request never came.
        Unknown = "unknown",
    }
}

/// Why the journal takes no entry. Whoever reads this sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such deployment.
    #[error("the deployment is not in the journal")]
    Gone,
    /// Another process holds it now.
    #[error("another noctui has taken the deployment over")]
    TakenOver,
    /// Its owner runs.
    #[error("the deployment belongs to {owner}, which still runs")]
    Alive {
        /// The owner, as messages name it.
        owner: String,
    },
    /// It has ended.
    #[error("the deployment has ended as {ending}")]
    Over {
        /// As what.
        ending: Ending,
    },
    /// The phase cannot follow.
    #[error("a deployment does not go from {from} to {to}")]
    OutOfOrder {
        /// The phase it is in.
        from: Phase,
        /// The phase that was wanted.
        to: Phase,
    },
}

impl Remedy for Refusal {
    fn remedy(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Gone => "look at the change controls and workspaces in CloudVision; nothing more was sent",
            Self::TakenOver => "look there how it goes on; nothing more was sent from here",
            Self::Alive { .. } => "cancel the deployment there, or end that process first",
            Self::Over { .. } => "deploy again if more is wanted",
            Self::OutOfOrder { .. } => "please report it with the log; nothing more was sent",
        })
    }
}
