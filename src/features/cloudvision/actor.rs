//! What people do with change controls and workspaces, from the screen or without it: written down, done, and what came of
//! it written down.

use serde_json::json;

use super::act::{ActError, act};
use super::client::Client;
use super::deploy::{Failure, abandon};
use super::error::Error;
use super::model::{Change, ChangeAction, ChangeId, DeploymentId, Version, WorkspaceId, WorkspaceState};
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
    /// The deployment that it belongs to, where it does.
    pub(crate) deployment: Option<Owned>,
}

/// A deployment as the audit log has it: which, and of which target.
pub(crate) type Owned = (DeploymentId, Option<String>);

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

/// What the audit log tells of a wish: when it is to start, and of an edit what there was before.
fn details(wish: &Wish, before: Option<&Change>) -> serde_json::Value {
    let mut details = serde_json::Map::new();
    details.insert("action".to_owned(), json!(wish.action.participle()));
    details.insert("notes".to_owned(), json!(wish.notes));
    let mut add = |key: &str, new: serde_json::Value, old: Option<serde_json::Value>| {
        details.insert(format!("{key}_before"), json!(old));
        details.insert(key.to_owned(), new);
    };
    match &wish.action {
        ChangeAction::Schedule(at) => add("at", json!(at), before.map(|change| json!(change.scheduled_for))),
        ChangeAction::Unschedule => add("at", json!(null), before.map(|change| json!(change.scheduled_for))),
        ChangeAction::Arrange(order) => add("order", json!(order), before.map(|change| json!(change.order()))),
        ChangeAction::Edit { name, notes } => {
            if let Some(name) = name {
                add("name", json!(name), before.map(|change| json!(change.name)));
            }
            if let Some(notes) = notes {
                add("description", json!(notes), before.map(|change| json!(change.notes)));
            }
        }
        ChangeAction::Approve
        | ChangeAction::Unapprove
        | ChangeAction::Start
        | ChangeAction::ApproveAndStart
        | ChangeAction::Stop
        | ChangeAction::Delete => {}
    }
    serde_json::Value::Object(details)
}

impl Actor {
    /// Does something to a change control. Returns it as it is afterwards; `None` where it was deleted.
    pub(crate) async fn change(&self, wish: &Wish) -> Result<Option<Change>, Trouble> {
        // Who cannot be asked now is not asked to do it either, and that is told then.
        let before = self.client.change(&wish.change).await.ok().flatten();
        let name = before.as_ref().map_or("", |change| change.name.as_str());
        let object = (wish.change.as_str(), name);
        let details = details(wish, before.as_ref());
        let key = self.write_down(what_of(&wish.action), object, details, wish.deployment.clone()).await?;
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
        let id = workspace.clone();
        let made_by = self.store.read(move |connection| journal::of_workspace(connection, &id)).await;
        let made_by = made_by.map_err(|error| Trouble::of(&error))?;
        let found = self.client.workspace(workspace).await.ok().flatten();
        match found.as_ref().map(|found| &found.state) {
            // It is what was wanted, whoever did it.
            Some(WorkspaceState::Abandoned) => {
                self.end_deployment_of(workspace).await;
                return Ok(());
            }
            Some(WorkspaceState::Submitted) => {
                let trouble = Trouble::new("the workspace was not abandoned").caused_by("it is submitted");
                return Err(trouble.to_do("delete its change control, if no device is to get what it brings"));
            }
            Some(
                WorkspaceState::Pending
                | WorkspaceState::Conflicts
                | WorkspaceState::RolledBack
                | WorkspaceState::Unknown(_),
            )
            | None => {}
        }
        let name = found.as_ref().map_or("", |found| found.name.as_str());
        let key = self.write_down(What::AbandonWorkspace, (workspace.as_str(), name), json!({}), made_by).await?;
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
                    let result = format!("{}; its workspace was abandoned", left.entry.left());
                    for row in audit::unsettled(connection, &left.entry.id)? {
                        let text = result.clone();
                        let settlement = Settlement { outcome: Outcome::Failed, text, object: None, at };
                        audit::settle(connection, row.key, &settlement)?;
                    }
                    let _over = journal::end(connection, &claim, Ending::Abandoned, &result, at)?;
                }
            }
            Ok(())
        });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "the journal of an abandoned deployment was not ended");
        }
    }

    /// Writes down what is about to be asked for of `object`: its id and its name.
    async fn write_down(
        &self,
        what: What,
        object: (&str, &str),
        details: serde_json::Value,
        deployment: Option<Owned>,
    ) -> Result<AuditKey, Trouble> {
        let (deployment, target) = deployment.map_or((None, None), |(id, target)| (Some(id), target));
        let request = audit::Request {
            at: clock::now(),
            who: self.who.clone(),
            instance: self.instance.clone(),
            target,
            what,
            object: object.0.to_owned(),
            object_name: object.1.to_owned(),
            details,
            deployment,
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
    let is_missing = matches!(failure, Failure::Call(Error::NotFound { .. }));
    let remedy = if is_missing {
        "look for it among the workspaces; somebody may have deleted it".into()
    } else {
        failure.remedy()
    };
    Trouble::new("the workspace was not abandoned").caused_by(&why).to_do(&remedy)
}
