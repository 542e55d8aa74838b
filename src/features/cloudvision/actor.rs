//! What people do with change controls and workspaces, from the screen or without it: written down, done, and what came of
//! it written down.

use serde_json::json;

use super::act::{ActError, act};
use super::client::Client;
use super::deploy::{Failure, abandon};
use super::model::{Change, ChangeAction, ChangeId, Version, WorkspaceId};
use super::store::Instance;
use super::store::audit::{self, AuditKey, Outcome, Settlement, What};
use super::store::journal::{self, Ending};
use crate::clock;
use crate::process::{Fate, Owner};
use crate::store::Store;
use crate::trouble::{Remedy as _, Trouble};

/// Somebody who does something to a CloudVision.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// The connection.
    pub(crate) client: Client,
    /// Where it is written down.
    pub(crate) store: Store,
    /// What the CloudVision is called there.
    pub(crate) instance: Instance,
    /// In whose name.
    pub(crate) who: String,
}

/// What somebody wants of a change control.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Which.
    pub(crate) change: ChangeId,
    /// As it was read.
    pub(crate) version: Option<Version>,
    /// What.
    pub(crate) action: ChangeAction,
    /// For whoever reads it later; may be empty.
    pub(crate) notes: String,
}

/// What the audit log calls an action.
fn what_of(action: &ChangeAction) -> What {
    match action {
        ChangeAction::Approve => What::Approve,
        ChangeAction::Unapprove => What::Unapprove,
        ChangeAction::Start | ChangeAction::ApproveAndStart => What::Start,
        ChangeAction::Stop => What::Stop,
        ChangeAction::Schedule(_) => What::Schedule,
        ChangeAction::Unschedule => What::Unschedule,
        ChangeAction::Delete => What::Delete,
        ChangeAction::Edit { .. } => What::Edit,
        ChangeAction::Arrange(_) => What::Arrange,
    }
}

impl Actor {
    /// Does something to a change control. Returns it as it is afterwards; `None` where it was deleted.
    pub(crate) async fn change(&self, wish: &Wish) -> Result<Option<Change>, Trouble> {
        let details = json!({ "action": wish.action.participle(), "notes": wish.notes });
        let key = self.write_down(what_of(&wish.action), wish.change.as_str(), details).await?;
        let result = act(&self.client, &wish.change, wish.version, &wish.action, &wish.notes).await;
        let (outcome, text) = match &result {
            Ok(_) => (Outcome::Ok, String::new()),
            Err(ActError::Unknown { .. }) => (Outcome::Unknown, "no answer came".to_owned()),
            Err(error) => (Outcome::Failed, error.to_string()),
        };
        self.settle(key, outcome, text).await;
        result.map_err(|error| Trouble::of(&error))
    }

    /// Throws a workspace away, and ends the deployment that left it, if there is one.
    pub(crate) async fn abandon(&self, workspace: &WorkspaceId) -> Result<(), Trouble> {
        let key = self.write_down(What::AbandonWorkspace, workspace.as_str(), json!({})).await?;
        let result = abandon(&self.client, workspace).await;
        let (outcome, text) = match &result {
            Ok(()) => (Outcome::Ok, String::new()),
            Err(error) => (Outcome::Failed, error.problems().join("; ")),
        };
        self.settle(key, outcome, text).await;
        result.map_err(|error| not_abandoned(&error))?;
        self.end_deployment_of(workspace).await;
        Ok(())
    }

    /// Ends the deployment that a process before this one has left with this workspace.
    async fn end_deployment_of(&self, workspace: &WorkspaceId) {
        let id = workspace.clone();
        let ended = self.store.write(move |connection| {
            let left = journal::unfinished(connection)?;
            for left in left.iter().filter(|left| left.entry.workspace.as_ref() == Some(&id) && left.fate == Fate::Dead)
            {
                let at = clock::now();
                if let Ok(claim) = journal::adopt(connection, &left.entry, &Owner::of_this_process(), at)? {
                    let _over = journal::end(connection, &claim, Ending::Abandoned, "", at)?;
                }
            }
            Ok(())
        });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "the journal of an abandoned deployment was not ended");
        }
    }

    /// Writes down what is about to be asked for.
    async fn write_down(&self, what: What, object: &str, details: serde_json::Value) -> Result<AuditKey, Trouble> {
        let request = audit::Request {
            at: clock::now(),
            who: self.who.clone(),
            instance: self.instance.clone(),
            target: None,
            what,
            object: object.to_owned(),
            object_name: String::new(),
            details,
            deployment: None,
        };
        let written = self.store.write(move |connection| audit::request(connection, &request)).await;
        written.map_err(|error| Trouble::of(&error))
    }

    /// Writes down what came of it. That this cannot be done is logged: what was done is done.
    async fn settle(&self, key: AuditKey, outcome: Outcome, text: String) {
        let settlement = Settlement { outcome, text, object: None, at: clock::now() };
        if let Err(error) = self.store.write(move |connection| audit::settle(connection, key, &settlement)).await {
            tracing::warn!(%error, "what came of it is not in the audit log");
        }
    }
}

/// Why a workspace is still there, in other words than those of a deployment that has one.
fn not_abandoned(failure: &Failure) -> Trouble {
    let why = if let Failure::Submit { what, .. } = failure { what.clone() } else { failure.problems().join("; ") };
    Trouble::new("the workspace was not abandoned").caused_by(&why).to_do(&failure.remedy())
}
