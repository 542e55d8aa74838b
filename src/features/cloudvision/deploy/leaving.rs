//! What is left behind where a deployment does not come to its end: nothing, or what is worth being looked at.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::desk::Desk;
use super::failure::Failure;
use super::order::{Event, WorkspaceFate};
use super::run::Job;
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::model::{WorkspaceId, WorkspaceState};

/// How long it is tried to leave a workspace clean, and how long what was sent is waited for, once it is to end.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long it may take to look how a workspace stands after something failed.
const LOOK: Duration = Duration::from_secs(5);

impl Job<'_> {
    /// Why it failed. Where somebody has ended the workspace, that is why, however it was noticed: by an answer that did not
    /// come, a write that was refused, a build that was stopped.
    pub(super) async fn why(&self, failure: Failure) -> Failure {
        let Some((id, WorkspaceFate::Kept)) = &self.outcome.workspace else { return failure };
        let may_be_gone = matches!(
            failure,
            Failure::Call(_)
                | Failure::Writes(_)
                | Failure::Silent
                | Failure::Build { .. }
                | Failure::Submit { .. }
                | Failure::Rebase { .. }
        );
        if !may_be_gone || self.controls.cancel.is_cancelled() {
            return failure;
        }
        match timeout(LOOK, self.client.workspace(id)).await {
            Ok(Ok(Some(workspace))) => gone(workspace.state).unwrap_or(failure),
            // That it does not exist, or cannot be asked about, says nothing of who ended it.
            Ok(Ok(None) | Err(_)) | Err(_) => failure,
        }
    }

    /// Leaves the workspace clean after a failure, unless it is worth being looked at.
    pub(super) async fn clean_up(&mut self, failure: &Failure) {
        let Some((id, WorkspaceFate::Kept)) = &self.outcome.workspace else { return };
        let id = id.clone();
        if let Failure::WorkspaceGone { .. } = failure {
            // Somebody else did, and nothing of it can be looked at.
            self.outcome.workspace = Some((id, WorkspaceFate::Abandoned));
            return;
        }
        let is_worth_a_look = matches!(
            failure,
            Failure::Build { .. } | Failure::Submit { .. } | Failure::Rebase { .. } | Failure::Overtaken(_)
        );
        let is_open = !matches!(failure, Failure::Unknown { .. });
        let is_kept = is_worth_a_look && self.order.keep_workspace && !self.controls.cancel.is_cancelled();
        if !is_open || is_kept {
            return;
        }
        self.abandon(&id).await;
    }

    /// Throws the workspace away; where it was cancelled while the server does not answer, once that does.
    pub(super) async fn abandon(&mut self, id: &WorkspaceId) {
        let fate = loop {
            let Err(failure) = abandon(self.client, id).await else { break WorkspaceFate::Abandoned };
            let is_patient = self.controls.cancel.is_cancelled() && failure.is_transient();
            if !is_patient || self.controls.leave.is_cancelled() {
                break WorkspaceFate::LeftBehind(failure.problems().join("; "));
            }
            let why = "cancelled; the workspace is abandoned as soon as CloudVision answers".to_owned();
            self.controls.tell(Event::Silence(Some(why))).await;
            // The last attempt is that of a process that ends.
            let _lives = self.controls.pause().await;
        };
        self.outcome.workspace = Some((id.clone(), fate));
    }
}

/// Throws a workspace away, within a short time. A build that runs is stopped by it.
pub async fn abandon(client: &Client, id: &WorkspaceId) -> Result<(), Failure> {
    let mut desk = Desk::new(client, id);
    let abandoned = timeout(LAST_WORDS, async {
        match desk.ask(Asked::Abandon).await {
            // It is what was wanted, whoever did it.
            Err(Failure::WorkspaceGone { .. }) => Ok(()),
            Ok(answer) if answer.is_done => Ok(()),
            Ok(answer) => Err(Failure::Submit { what: answer.message, silent: None }),
            Err(failure) => Err(failure),
        }
    });
    let unanswered = Failure::Unknown { what: "the workspace was to be abandoned" };
    let Err(failure) = abandoned.await.unwrap_or(Err(unanswered)) else { return Ok(()) };
    // Of one that was abandoned already some servers say only that they refuse.
    if failure.is_transient() {
        return Err(failure);
    }
    match timeout(LOOK, client.workspace(id)).await {
        Ok(Ok(Some(workspace))) if gone(workspace.state).is_some() => Ok(()),
        Ok(Ok(_) | Err(_)) | Err(_) => Err(failure),
    }
}

/// What has ended a workspace that is in this state, if it is not of use any more.
pub(super) fn gone(state: WorkspaceState) -> Option<Failure> {
    let what = match state {
        WorkspaceState::Abandoned => "was abandoned by somebody",
        WorkspaceState::RolledBack => "was rolled back",
        WorkspaceState::Pending
        | WorkspaceState::Submitted
        | WorkspaceState::Conflicts
        | WorkspaceState::Unknown(_) => return None,
    };
    Some(Failure::WorkspaceGone { what })
}

/// Over once the process is to end and what was sent had its time.
pub(super) async fn leave(leaving: &tokio_util::sync::CancellationToken) {
    leaving.cancelled().await;
    sleep(LAST_WORDS).await;
}
