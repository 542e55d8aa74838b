//! What people do with change controls and workspaces: written down, done, and what came of it written down.

use std::sync::Arc;

use serde_json::json;

use super::{Report, Request, Shared, difference};
use crate::clock;
use crate::features::cloudvision::act::{ActError, act as do_it};
use crate::features::cloudvision::deploy::abandon;
use crate::features::cloudvision::model::{ChangeAction, ChangeId, Version, WorkspaceId};
use crate::features::cloudvision::store::audit::{self, Outcome, Settlement, What};
use crate::features::cloudvision::store::journal::{self, Ending};
use crate::features::cloudvision::store::owner::{Fate, Owner};
use crate::trouble::Trouble;

/// Carries out a request, and tells what came of it.
pub(super) async fn act(shared: Shared, request: Request) {
    let report = match request {
        Request::Act { instance, change, version, action, notes } => {
            let wish = Wish { change, version, action, notes };
            done(change_control(&shared, &instance, wish).await)
        }
        Request::Abandon { instance, workspace } => done(throw_away(&shared, &instance, &workspace).await),
        Request::Diff { instance, change, device } => {
            let lines = difference::read(&shared, &instance, &change, &device).await.map(Arc::new);
            Report::ChangeDiff { change, device, lines }
        }
        Request::Deploy { .. } | Request::GoOn(_) | Request::Cancel(_) | Request::Refresh => return,
    };
    shared.tell(report).await;
}

/// What came of it.
fn done(done: Result<String, Trouble>) -> Report {
    match done {
        Ok(sentence) => Report::Done(sentence),
        Err(trouble) => Report::Failed(trouble),
    }
}

/// What somebody wants of a change control.
struct Wish {
    /// Which.
    change: ChangeId,
    /// As it was read.
    version: Option<Version>,
    /// What.
    action: ChangeAction,
    /// For whoever reads it later.
    notes: String,
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

/// Does something to a change control.
async fn change_control(shared: &Shared, instance: &str, wish: Wish) -> Result<String, Trouble> {
    let client = shared.client(instance)?;
    let details = json!({ "action": wish.action.participle(), "notes": wish.notes });
    let key = write_down(shared, instance, what_of(&wish.action), wish.change.as_str(), details).await?;
    let result = do_it(&client, &wish.change, wish.version, &wish.action, &wish.notes).await;
    let (outcome, text, name) = match &result {
        Ok(after) => (Outcome::Ok, String::new(), after.as_ref().map(|change| change.name.clone())),
        Err(ActError::Unknown { .. }) => (Outcome::Unknown, "no answer came".to_owned(), None),
        Err(error) => (Outcome::Failed, error.to_string(), None),
    };
    settle(shared, key, outcome, &text).await;
    let name = name.unwrap_or_else(|| wish.change.to_string());
    result.map(|_| format!("{name} is {}", wish.action.participle())).map_err(|error| Trouble::of(&error))
}

/// Throws a workspace away, and ends the deployment that left it, if there is one.
async fn throw_away(shared: &Shared, instance: &str, workspace: &WorkspaceId) -> Result<String, Trouble> {
    let client = shared.client(instance)?;
    let key = write_down(shared, instance, What::AbandonWorkspace, workspace.as_str(), json!({})).await?;
    let result = abandon(&client, workspace).await;
    let (outcome, text) = match &result {
        Ok(()) => (Outcome::Ok, String::new()),
        Err(error) => (Outcome::Failed, error.problems().join("; ")),
    };
    settle(shared, key, outcome, &text).await;
    result.map_err(|error| Trouble::of(&error))?;
    let id = workspace.clone();
    let ended = shared.store.write(move |connection| {
        let left = journal::unfinished(connection)?;
        for unfinished in left {
            if unfinished.entry.workspace.as_ref() == Some(&id) && unfinished.fate == Fate::Dead {
                let owner = Owner::of_this_process();
                if let Ok(claim) = journal::adopt(connection, &unfinished.entry, &owner, clock::now())? {
                    let _over = journal::end(connection, &claim, Ending::Abandoned, "", clock::now())?;
                }
            }
        }
        Ok(())
    });
    if let Err(error) = ended.await {
        tracing::warn!(%error, "the journal of an abandoned deployment was not ended");
    }
    Ok("the workspace is abandoned".to_owned())
}

/// Writes down what is about to be asked for.
async fn write_down(
    shared: &Shared,
    instance: &str,
    what: What,
    object: &str,
    details: serde_json::Value,
) -> Result<audit::AuditKey, Trouble> {
    let request = audit::Request {
        at: clock::now(),
        who: shared.setup.who.clone(),
        instance: shared.instance(instance),
        target: None,
        what,
        object: object.to_owned(),
        object_name: String::new(),
        details,
        deployment: None,
    };
    shared
        .store
        .write(move |connection| audit::request(connection, &request))
        .await
        .map_err(|error| Trouble::of(&error))
}

/// Writes down what came of it.
async fn settle(shared: &Shared, key: audit::AuditKey, outcome: Outcome, text: &str) {
    let settlement = Settlement { outcome, text: text.to_owned(), object: None, at: clock::now() };
    if let Err(error) = shared.store.write(move |connection| audit::settle(connection, key, &settlement)).await {
        tracing::warn!(%error, "what came of it is not in the audit log");
    }
}
