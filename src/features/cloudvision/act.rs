//! What people do with change controls: bound to the version that they have seen, and never repeated blindly. When an
//! answer is lost, the change control is looked at again to learn whether it was done.

use std::borrow::Cow;

use super::client::Client;
use super::error::Error;
use super::model::{Change, ChangeAction, ChangeId, ChangeState, ExecutionOrder, Stage, Version};
use crate::trouble::Remedy;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// CloudVision could not be asked, or refused.
    #[error("this was not done")]
    Call(#[from] Error),
    /// Somebody edited it after it was read.
    #[error("{name} was edited{} after you read it", author(.by))]
    Edited {
        /// The change control.
        name: String,
        /// Who did; may be empty.
        by: String,
    },
    /// It does not exist any more.
    #[error("the change control does not exist any more")]
    Gone,
    /// Its state does not allow this.
    #[error("{name} is {state}: it cannot be {wanted}")]
    NotNow {
        /// The change control.
        name: String,
        /// Where it stands.
        state: &'static str,
        /// What was wanted.
        wanted: &'static str,
        /// What has to be done before, if anything can be.
        remedy: &'static str,
    },
    /// It was asked for, and no answer came; what there is to see does not tell.
    #[error("it was asked for, and no answer came: nobody knows whether it was done")]
    Unknown {
        /// What happened to the answer.
        #[source]
        source: Error,
    },
}

/// ` by anna`, or nothing.
fn author(who: &str) -> String {
    if who.is_empty() { String::new() } else { format!(" by {who}") }
}

impl Remedy for ActError {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Call(error) => error.remedy(),
            Self::Edited { .. } => "look at what it does now, and do it again".into(),
            Self::Gone => "".into(),
            Self::NotNow { remedy, .. } => (*remedy).into(),
            Self::Unknown { .. } => "look at the change control before anything is done again".into(),
        }
    }
}

impl ChangeState {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl ChangeAction {
    /// What it makes of a change control, as a participle.
    #[must_use]
    pub fn participle(&self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Unapprove => "unapproved",
            Self::Start => "started",
            Self::ApproveAndStart => "approved and started",
            Self::Stop => "stopped",
            Self::Schedule(_) => "scheduled",
            Self::Unschedule => "taken off the schedule",
            Self::Delete => "deleted",
            Self::Edit { .. } => "edited",
            Self::Arrange(_) => "arranged",
        }
    }

    /// What has to be done before, where a change control in this state cannot be asked for it.
    fn before_it(&self, state: ChangeState) -> &'static str {
        match (self, state) {
            (Self::Stop, _) => "only one that runs can be stopped",
            (Self::Start | Self::Schedule(_), ChangeState::Pending) => "approve it first",
            (Self::Delete, ChangeState::Running) => "stop it first",
            _ => "look at it again",
        }
    }

    /// Whether a change control in this state can be asked for it.
    #[must_use]
    pub fn is_possible(&self, state: ChangeState) -> bool {
        use ChangeState::{Approved, Pending, Running, Scheduled, Unknown};
        match self {
            _ if matches!(state, Unknown(_)) => true,
            Self::Approve | Self::ApproveAndStart => matches!(state, Pending | Approved | Scheduled),
            Self::Unapprove => matches!(state, Approved | Scheduled),
            Self::Start | Self::Schedule(_) => matches!(state, Approved | Scheduled),
            Self::Unschedule => state == Scheduled,
            Self::Stop => state == Running,
            Self::Delete => state != Running,
            Self::Edit { .. } | Self::Arrange(_) => matches!(state, Pending | Approved | Scheduled),
        }
    }
}

/// Whether `action` would make of a change control what it is already. An edit that changes nothing costs an approval all
/// the same.
#[must_use]
pub fn changes_nothing(change: &Change, action: &ChangeAction) -> bool {
    match action {
        ChangeAction::Edit { name, notes } => {
            name.as_ref().is_none_or(|name| *name == change.name)
                && notes.as_ref().is_none_or(|notes| *notes == change.notes)
        }
        ChangeAction::Arrange(order) => {
            change.stages.get(&change.root).is_some_and(|root| arranged(root, *order) == root.rows)
        }
        ChangeAction::Approve
        | ChangeAction::Unapprove
        | ChangeAction::Start
        | ChangeAction::ApproveAndStart
        | ChangeAction::Stop
        | ChangeAction::Schedule(_)
        | ChangeAction::Unschedule
        | ChangeAction::Delete => false,
    }
}

/// The stages of the first level in this order.
fn arranged(root: &Stage, order: ExecutionOrder) -> Vec<Vec<String>> {
    let stages = root.rows.iter().flatten().cloned();
    match order {
        ExecutionOrder::Parallel => vec![stages.collect()],
        ExecutionOrder::Serial => stages.map(|stage| vec![stage]).collect(),
        ExecutionOrder::Mixed => root.rows.clone(),
    }
}

/// Does `action` to a change control that was read at `version`, with `notes` for whoever reads it later. Returns it as it
/// is afterwards; `None` where it was deleted.
pub async fn act(
    client: &Client,
    id: &ChangeId,
    version: Option<Version>,
    action: &ChangeAction,
    notes: &str,
) -> Result<Option<Change>, ActError> {
    let change = ready(client, id, version, action).await?;
    carry_out(client, &change, action, notes).await
}

/// The change control as it is, if `action` can be done to it as it was read at `version`.
pub(super) async fn ready(
    client: &Client,
    id: &ChangeId,
    version: Option<Version>,
    action: &ChangeAction,
) -> Result<Change, ActError> {
    let change = client.change(id).await?.ok_or(ActError::Gone)?;
    // Stopping is never too late for having seen an older version.
    if version.is_some() && change.version != version && *action != ChangeAction::Stop {
        return Err(ActError::Edited { name: change.name, by: change.edited_by });
    }
    if !action.is_possible(change.state) {
        let (state, wanted, remedy) = (change.state.name(), action.participle(), action.before_it(change.state));
        return Err(ActError::NotNow { name: change.name, state, wanted, remedy });
    }
    Ok(change)
}

/// Does it to a change control that is [`ready`] for it.
pub(super) async fn carry_out(
    client: &Client,
    change: &Change,
    action: &ChangeAction,
    notes: &str,
) -> Result<Option<Change>, ActError> {
    let sent = send(client, change, action, notes).await;
    let after = match &sent {
        Ok(()) => client.change(&change.id).await?,
        Err(error) if error.is_outcome_unknown() => match client.change(&change.id).await {
            Ok(after) => after,
            Err(_) => return Err(unknown(sent)),
        },
        Err(_) => return Err(sent.err().map_or(ActError::Gone, ActError::from)),
    };
    if sent.is_err() && !is_seen(action, change, after.as_ref()) {
        return Err(unknown(sent));
    }
    Ok(after)
}

/// The error of something that may have been done.
fn unknown(sent: Result<(), Error>) -> ActError {
    sent.err().map_or(ActError::Gone, |source| ActError::Unknown { source })
}

/// Sends it.
async fn send(client: &Client, change: &Change, action: &ChangeAction, notes: &str) -> Result<(), Error> {
    let id = &change.id;
    match action {
        ChangeAction::Approve => approve(client, change, true, notes).await,
        ChangeAction::Unapprove => approve(client, change, false, notes).await,
        ChangeAction::Start => client.start(id, true, notes).await,
        ChangeAction::ApproveAndStart => {
            if change.state == ChangeState::Pending {
                approve(client, change, true, notes).await?;
            }
            client.start(id, true, notes).await
        }
        ChangeAction::Stop => client.start(id, false, notes).await,
        ChangeAction::Schedule(at) => client.schedule(id, Some(*at), notes).await,
        ChangeAction::Unschedule => client.schedule(id, None, notes).await,
        ChangeAction::Delete => client.delete_change(id).await,
        ChangeAction::Edit { name, notes } => client.rename(id, name.as_deref(), notes.as_deref()).await,
        ChangeAction::Arrange(order) => arrange(client, change, *order).await,
    }
}

/// Approves the version that was read, or takes the approval back.
async fn approve(client: &Client, change: &Change, approve: bool, notes: &str) -> Result<(), Error> {
    let senseless = || Error::Senseless { call: "ChangeControlService/GetOne", what: "it has no version".to_owned() };
    client.approve(&change.id, change.version.ok_or_else(senseless)?, approve, notes).await
}

/// Lays the stages of the first level out: one row of all, or a row for each.
async fn arrange(client: &Client, change: &Change, order: ExecutionOrder) -> Result<(), Error> {
    let senseless = || Error::Senseless { call: "ChangeControlService/GetOne", what: "it has no stages".to_owned() };
    let root = change.stages.get(&change.root).ok_or_else(senseless)?;
    client.arrange(&change.id, &change.root, root, &arranged(root, order)).await
}

/// Whether the change control looks as if it was done.
fn is_seen(action: &ChangeAction, before: &Change, after: Option<&Change>) -> bool {
    let Some(after) = after else { return *action == ChangeAction::Delete };
    match action {
        ChangeAction::Approve => after.approval.is_some() && after.version == before.version,
        ChangeAction::Unapprove => after.approval.is_none(),
        ChangeAction::Start | ChangeAction::ApproveAndStart => {
            after.state == ChangeState::Running || after.state.is_over()
        }
        ChangeAction::Stop => after.state.is_over(),
        ChangeAction::Schedule(at) => after.scheduled_for.is_some_and(|then| (then - *at).num_seconds().abs() < 1),
        ChangeAction::Unschedule => after.scheduled_for.is_none(),
        ChangeAction::Delete => false,
        ChangeAction::Edit { .. } | ChangeAction::Arrange(_) => after.version != before.version,
    }
}
