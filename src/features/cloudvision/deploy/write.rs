//! Writes a plan into a workspace. Everything goes out together save for assignments of tags, which need their tags. A server
//! that wants to know a thing before it is named gets all of it once more, one after the other, in the order of the Python
//! workflow; the same write again changes nothing.

use futures::future::join5;

use super::failure::Failure;
use super::plan::Plan;
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::client::configlet::NewConfiglet;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::WorkspaceId;

/// Writes `plan`. When some of it is refused, all that was refused is told.
pub(super) async fn write(client: &Client, workspace: &WorkspaceId, plan: &Plan) -> Result<(), Failure> {
    let errors = write_parts(client, workspace, plan, false).await;
    if errors.is_empty() {
        return Ok(());
    }
    let is_order = |error: &Error| error.is_refusal() || matches!(error, Error::Entries { .. });
    if !errors.iter().all(is_order) {
        return Err(Failure::Writes(errors));
    }
    tracing::info!(errors = errors.len(), "what was written together is refused, and written in turn");
    let errors = write_parts(client, workspace, plan, true).await;
    if errors.is_empty() { Ok(()) } else { Err(Failure::Writes(errors)) }
}

/// Writes the parts of it, together or in turn; what was refused.
async fn write_parts(client: &Client, workspace: &WorkspaceId, plan: &Plan, in_turn: bool) -> Vec<Error> {
    let topology =
        async { if plan.topology.is_empty() { Ok(()) } else { client.set_inputs(workspace, &plan.topology).await } };
    let roots = async {
        match &plan.roots {
            Some(roots) => client.set_input(workspace, roots).await,
            None => Ok(()),
        }
    };
    let tags = async {
        if !plan.tags.is_empty() {
            client.make_tags(workspace, &plan.tags).await?;
        }
        if plan.assign.is_empty() && plan.unassign.is_empty() {
            return Ok(());
        }
        client.assign(workspace, &plan.assign, &plan.unassign).await
    };
    let configlets = async {
        if plan.configlets.is_empty() {
            return Ok(());
        }
        let written = client.set_configlets(workspace, &plan.configlets).await;
        written.map_err(|error| named(error, &plan.configlets))
    };
    let containers = async {
        if plan.containers.is_empty() { Ok(()) } else { client.set_containers(workspace, &plan.containers).await }
    };
    let done: [Result<(), Error>; 5] = if in_turn {
        [topology.await, tags.await, configlets.await, containers.await, roots.await]
    } else {
        join5(topology, roots, tags, configlets, containers).await.into()
    };
    done.into_iter().filter_map(Result::err).collect()
}

/// Of a message that the server found too large, which configuration it was: it had the message to itself.
fn named(error: Error, configlets: &[NewConfiglet]) -> Error {
    let Error::TooLarge { call, message } = error else { return error };
    let Some(largest) = configlets.iter().max_by_key(|it| it.body.as_str().len()) else {
        return Error::TooLarge { call, message };
    };
    let bytes = largest.body.as_str().len();
    Error::Entries {
        call,
        entries: vec![(largest.name.clone(), format!("{bytes} bytes; {message}"))],
        total: configlets.len(),
    }
}
