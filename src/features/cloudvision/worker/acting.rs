//! What people do with change controls and workspaces on the screen.

use std::sync::Arc;

use super::{Report, Request, Shared, difference};
use crate::features::cloudvision::actor::Wish;
use crate::features::cloudvision::model::{ChangeAction, WorkspaceId};
use crate::trouble::Trouble;

/// Carries out a request, and tells what came of it.
pub(super) async fn act(shared: Shared, request: Request) {
    let report = match request {
        Request::Act { instance, change, version, action, notes } => {
            done(change_control(&shared, &instance, Wish { change, version, action, notes, deployment: None }).await)
        }
        Request::Abandon { instance, workspace } => done(throw_away(&shared, &instance, &workspace).await),
        Request::Diff { instance, change, device } => {
            let lines = match shared.client(&instance) {
                Ok(client) => {
                    let server = shared.instance(&instance).server;
                    difference::read(&client, &shared.store, server, &change, &device).await.map(Arc::new)
                }
                Err(trouble) => Err(trouble),
            };
            Report::ChangeDiff { change, device, lines }
        }
        Request::Deploy { .. } | Request::GoOn { .. } | Request::Cancel(_) | Request::Refresh => return,
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

/// Does something to a change control.
async fn change_control(shared: &Shared, instance: &str, wish: Wish) -> Result<String, Trouble> {
    let actor = shared.actor(instance)?;
    // Afterwards nobody knows what it was called.
    let before =
        if wish.action == ChangeAction::Delete { actor.client.change(&wish.change).await.ok().flatten() } else { None };
    let after = actor.change(&wish).await?.or(before);
    let name = after.map_or_else(|| wish.change.to_string(), |change| change.name);
    Ok(format!("{name} is {}", wish.action.participle()))
}

/// Throws a workspace away.
async fn throw_away(shared: &Shared, instance: &str, workspace: &WorkspaceId) -> Result<String, Trouble> {
    shared.actor(instance)?.abandon(workspace).await?;
    Ok("the workspace is abandoned".to_owned())
}
