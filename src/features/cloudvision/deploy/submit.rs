//! The submission: what is asked, what is made of the answer, and what is done where what is in force has moved.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::build::found;
use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::leaving::abandon;
use super::order::{Event, Fact, Step, WorkspaceFate};
use super::run::Job;
use crate::features::cloudvision::client::Version;
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{ChangeId, WorkspaceId, WorkspaceState};
use crate::features::cloudvision::pb::workspace::ResponseCode;

/// A submission that may have been taken or not.
pub(super) const UNANSWERED: Failure = Failure::Unknown { what: "the submission was sent" };
/// How long it waits before it asks again what has become of a submission.
const ASKED_AGAIN: Duration = Duration::from_millis(500);
/// How often it begins again because what is in force moved.
const MOST_REBASES: usize = 5;

/// How a submission ended.
pub(super) enum Submitted {
    /// It is in force.
    Done(Option<ChangeId>),
    /// What is in force has moved before.
    Overtaken,
}

impl Job<'_> {
    /// Submits. What the build found is read meanwhile, unless somebody has looked at it already.
    pub(super) async fn submit(
        &mut self,
        desk: &mut Desk,
        id: &WorkspaceId,
        built: &Answer,
    ) -> Result<Submitted, Failure> {
        self.controls.tell(Event::Began(Step::Submit)).await;
        self.controls.record(Fact::SubmitRequested).await?;
        // What takes that long may have been cancelled meanwhile.
        if self.controls.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        let asked = if self.order.force { Asked::SubmitForce } else { Asked::Submit };
        let names = self.names();
        let look = async {
            if self.order.review.is_due(&self.outcome.devices) || self.knows(built) {
                return Ok::<_, Error>(None);
            }
            let read = async {
                let report = found(self.client, id, built, &names).await?;
                self.tell_computed(&report).await;
                Ok(report)
            };
            // Nobody waits for it who has cancelled.
            self.controls.cancel.run_until_cancelled(read).await.transpose()
        };
        let cancel = self.controls.cancel.clone();
        let (answer, report) = futures::join!(desk.ask_unless(asked, &cancel), look);
        if let Err(Failure::Cancelled) = &answer {
            return self.find_out(id).await;
        }
        match report {
            Ok(Some(report)) => self.keep(&Arc::new(report)).await,
            Ok(None) => {}
            // It is submitted all the same: the build was fine.
            Err(error) => self.warn(format!("what the build found cannot be read: {error}")).await,
        }
        let answer = answer?;
        if !answer.is_done {
            if answer.code == ResponseCode::SynchronizationRequired {
                return Ok(Submitted::Overtaken);
            }
            let silent = self.placed.iter().filter(|device| !device.streaming);
            let silent = (answer.code == ResponseCode::InactiveDevicesExist)
                .then(|| silent.map(|device| device.hostname.clone()).collect::<Vec<_>>());
            return Err(Failure::Submit { what: refusal(&answer.message, silent.as_deref()), silent });
        }
        self.submitted(id, answer.changes.into_iter().next()).await
    }

    /// It is in force.
    async fn submitted(&mut self, id: &WorkspaceId, change: Option<ChangeId>) -> Result<Submitted, Failure> {
        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Submitted));
        self.controls.record(Fact::Submitted(change.clone())).await?;
        let words = if change.is_some() { "in force" } else { "in force; no device changes" };
        self.finished(Step::Submit, words.to_owned()).await;
        Ok(Submitted::Done(change))
    }

    /// Finds out, once the server answers, whether a submission was taken that was cancelled before it was acknowledged. Where
    /// it was not, the workspace is abandoned.
    async fn find_out(&mut self, id: &WorkspaceId) -> Result<Submitted, Failure> {
        loop {
            match self.client.workspace(id).await {
                Ok(Some(workspace)) if workspace.state == WorkspaceState::Submitted => {
                    return self.submitted(id, workspace.changes.into_iter().next()).await;
                }
                // While it is being submitted, it refuses that.
                Ok(Some(_)) => {
                    if abandon(self.client, id).await.is_ok() {
                        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Abandoned));
                        return Err(Failure::Cancelled);
                    }
                }
                Ok(None) => return Err(Failure::WorkspaceGone { what: "was deleted by somebody" }),
                Err(error) if error.is_transient() => {}
                Err(_) => return Err(UNANSWERED),
            }
            // Whoever leaves ends this after a while.
            sleep(ASKED_AGAIN).await;
        }
    }

    /// Lets the workspace follow what is in force.
    pub(super) async fn rebase(&mut self, desk: &mut Desk, rebases: &mut usize) -> Result<(), Failure> {
        *rebases += 1;
        if *rebases > MOST_REBASES {
            return Err(Failure::Overtaken(MOST_REBASES));
        }
        if self.version < Version::REBASE {
            return Err(Failure::Rebase { what: format!("CloudVision {} has no rebase; deploy again", self.version) });
        }
        self.controls.tell(Event::Overtaken(*rebases)).await;
        let cancel = self.controls.cancel.clone();
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::Cancelled),
            answer = desk.ask(Asked::Rebase) => answer?,
        };
        if answer.is_done { Ok(()) } else { Err(Failure::Rebase { what: answer.message }) }
    }
}

/// Why a submission was refused, with the names of the devices that do not stream.
fn refusal(message: &str, silent: Option<&[String]>) -> String {
    match silent {
        Some([]) => format!("devices that are not part of this deployment do not stream ({message})"),
        Some(silent) => format!("{} not streaming ({message})", silent.join(", ")),
        None => message.to_owned(),
    }
}
