//! What comes after the submission: the change control, named, approved, started and waited for as was ordered, and the
//! end of the workspace.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::failure::Failure;
use super::leaving::leave;
use super::order::{Advance, Event, Fact, Step, WorkspaceFate};
use super::run::Job;
use crate::features::cloudvision::act::{ActError, carry_out, ready};
use crate::features::cloudvision::client::{Heard, Silence, Told};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeId, ChangeState, WorkspaceId};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::wire;

/// Something asked of the change control that may have been done or not.
const UNANSWERED: Failure = Failure::Unknown { what: "the change control was asked to go on" };
/// How long a new change control may take to appear.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

impl Job<'_> {
    /// What comes after the submission: the change control, and the end of the workspace.
    pub(super) async fn after(&mut self, id: &WorkspaceId, change: Option<ChangeId>) -> Result<(), Failure> {
        let (cancel, leaving) = (self.controls.cancel.clone(), self.controls.leave.clone());
        let result = match change {
            None => {
                if cancel.is_cancelled() {
                    self.warn("it was submitted before it could be cancelled: the mainline keeps it".to_owned()).await;
                }
                // Somebody else may have submitted the same: then theirs has still to bring it.
                match self.still_waiting().await {
                    Ok(()) => self.settled(),
                    failed => failed,
                }
            }
            Some(change) => {
                let taken = tokio::select! {
                    result = self.take_change(&change) => Some(result),
                    () = leave(&leaving) => None,
                };
                taken.unwrap_or_else(|| Err(if self.is_asking { UNANSWERED } else { self.left(&change) }))
            }
        };
        if self.order.deployment.delete_workspace && !cancel.is_cancelled() {
            match self.client.delete_workspace(id).await {
                Ok(()) => self.outcome.workspace = Some((id.clone(), WorkspaceFate::Deleted)),
                Err(error) => self.warn(format!("the workspace was not deleted: {error}")).await,
            }
        }
        result
    }

    /// Names the change control, and takes it as far as was ordered.
    async fn take_change(&mut self, id: &ChangeId) -> Result<(), Failure> {
        self.controls.tell(Event::Began(Step::Change)).await;
        let mut change = self.appeared(id).await?;
        self.show(&change).await;
        let deployment = &self.order.deployment;
        let name = deployment.change_name.clone().filter(|name| *name != change.name);
        let notes = deployment.change_notes.clone().filter(|notes| *notes != change.notes);
        if name.is_some() || notes.is_some() {
            self.unless_cancelled(id)?;
            let (from, to) = (change.name.clone(), name.clone());
            self.controls.record(Fact::Naming { change: id.clone(), from, to }).await?;
            change = self.step(&change, &ChangeAction::Edit { name, notes }, "it was not named").await?;
        }
        if self.order.advance >= Advance::Approved {
            self.unless_cancelled(id)?;
            self.controls.record(Fact::Approving { change: id.clone(), name: change.name.clone() }).await?;
            change = self.step(&change, &ChangeAction::Approve, "it was not approved").await?;
        }
        if self.order.advance >= Advance::Started {
            self.unless_cancelled(id)?;
            self.controls.record(Fact::Starting { change: id.clone(), name: change.name.clone() }).await?;
            change = self.step(&change, &ChangeAction::Start, "it was not started").await?;
        }
        self.unless_cancelled(id)?;
        self.finished(Step::Change, change.name.clone()).await;
        if self.order.advance == Advance::Completed {
            self.wait_for(id).await?;
        }
        self.settled()
    }

    /// The change control, once it is there.
    async fn appeared(&self, id: &ChangeId) -> Result<Change, Failure> {
        if let Some(change) = self.client.change(id).await? {
            return Ok(change);
        }
        let mut changes = self.client.follow_changes(Some(id));
        let appears = async {
            loop {
                if let Told::Message(message) = changes.next().await?
                    && let Some(change) = message.value.and_then(wire::change)
                {
                    return Ok::<_, Failure>(change);
                }
            }
        };
        let gone = Error::NotFound { what: "the change control of the submission".to_owned() };
        timeout(APPEARS_WITHIN, appears).await.map_err(|_| gone)?
    }

    /// Does something to the change control.
    async fn step(&mut self, change: &Change, action: &ChangeAction, failed: &'static str) -> Result<Change, Failure> {
        let notes = format!("{} by {} with noctui", capitalised(action.participle()), self.order.who);
        let found = ready(self.client, &change.id, change.version, action).await;
        // It may have been a long time until that was answered.
        self.unless_cancelled(&change.id)?;
        self.is_asking = true;
        let done = match found {
            Ok(found) => carry_out(self.client, &found, action, &notes).await,
            Err(error) => Err(error),
        };
        self.is_asking = false;
        let after = done.map_err(|error| match error {
            ActError::Call(source) => Failure::ChangeStep { what: failed, source },
            ActError::Unknown { .. } => UNANSWERED,
            other @ (ActError::Edited { .. } | ActError::Gone | ActError::NotNow { .. }) => Failure::ChangeStep {
                what: failed,
                source: Error::Refused {
                    call: "the change control",
                    code: tonic::Code::FailedPrecondition,
                    message: other.to_string(),
                },
            },
        })?;
        let after = after.ok_or_else(|| Error::NotFound { what: "the change control".to_owned() })?;
        self.show(&after).await;
        Ok(after)
    }

    /// Goes on unless it was cancelled: the change control stays as it is then.
    fn unless_cancelled(&self, id: &ChangeId) -> Result<(), Failure> {
        if self.controls.cancel.is_cancelled() { Err(self.left(id)) } else { Ok(()) }
    }

    /// It was cancelled, and the change control stays as it is.
    fn left(&self, id: &ChangeId) -> Failure {
        Failure::Left { change: id.clone(), state: self.outcome.change.as_ref().map(|change| change.state) }
    }

    /// Waits until the change control is over.
    async fn wait_for(&mut self, id: &ChangeId) -> Result<(), Failure> {
        self.controls.record(Fact::Waiting(id.clone())).await?;
        self.controls.tell(Event::Began(Step::Run)).await;
        let mut changes = self.client.follow_changes(Some(id));
        let mut silence = Silence::default();
        let deleted = || Failure::Change { what: "somebody deleted it".to_owned() };
        loop {
            let heard = tokio::select! {
                biased;
                () = self.controls.cancel.cancelled() => return Err(self.left(id)),
                heard = changes.next_or(&mut silence, self.client.change(id)) => heard?,
            };
            let change = match heard {
                Heard::Told(Told::Message(message)) if message.r#type() != Operation::Deleted => {
                    message.value.and_then(wire::change)
                }
                Heard::Told(Told::Message(_)) | Heard::Seen(Ok(None)) => return Err(deleted()),
                Heard::Told(Told::Opened | Told::Broken { .. }) => None,
                Heard::Seen(Ok(seen)) => seen,
                Heard::Seen(Err(error)) => {
                    tracing::debug!(%error, "the change control is silent, and cannot be seen");
                    None
                }
            };
            let Some(change) = change else { continue };
            self.show(&change).await;
            match change.state {
                ChangeState::Completed => {
                    self.finished(Step::Run, "completed".to_owned()).await;
                    return Ok(());
                }
                ChangeState::Failed => return Err(Failure::Change { what: reason(&change) }),
                ChangeState::Stopped => return Err(Failure::Change { what: "somebody stopped it".to_owned() }),
                ChangeState::Pending
                | ChangeState::Approved
                | ChangeState::Scheduled
                | ChangeState::Running
                | ChangeState::Unknown(_) => {}
            }
        }
    }

    /// Tells how the change control stands.
    async fn show(&mut self, change: &Change) {
        let change = Arc::new(change.clone());
        self.outcome.change = Some(Arc::clone(&change));
        self.controls.tell(Event::Change(change)).await;
    }
}

/// Why a change control failed: its own error, else that of the first stage that failed.
fn reason(change: &Change) -> String {
    let of_stage = || {
        let stage = change.stages.values().find(|stage| stage.error.is_some())?;
        Some(format!("{}: {}", stage.name, stage.error.clone().unwrap_or_default()))
    };
    change.error.clone().or_else(of_stage).unwrap_or_else(|| "no reason is told".to_owned())
}

/// With a capital at the beginning.
fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
