//! Writes a plan into a workspace. Everything goes out together save for assignments of tags, which need their tags.

use futures::future::join5;

use super::failure::Failure;
use super::plan::Plan;
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::client::configlet::NewConfiglet;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::WorkspaceId;

/// Writes `plan`. When some of it is refused, all that was refused is told.
pub(super) async fn write(client: &Client, workspace: &WorkspaceId, plan: &Plan) -> Result<(), Failure> {
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
    let (topology, roots, tags, configlets, containers) = join5(topology, roots, tags, configlets, containers).await;
    let errors: Vec<Error> =
        [topology, roots, tags, configlets, containers].into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(()) } else { Err(Failure::Writes(errors)) }
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
