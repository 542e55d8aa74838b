//! What is in force, as far as a deployment has to know it. Reads only, all at once.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use super::layout::{ROOT, ROOTS, STATIC_STUDIO, TOPOLOGY_STUDIO, id};
use super::lookup::Placed;
use super::topology::Topology;
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::client::configlet::{Configlet, Container, SoughtContainer};
use crate::features::cloudvision::client::studio::Input;
use crate::features::cloudvision::client::tag::{Assignment, Element};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Deployment, Label, WorkspaceId};

/// More devices than this are not each looked for by name: everything is read instead.
const MOST_NAMES: usize = 500;

/// Configlets and containers: enough to know whether a configuration changes.
#[derive(Debug, Default)]
pub(super) struct Configurations {
    /// The configlets of the wanted devices.
    pub(super) configlets: Vec<Configlet>,
    /// Why they cannot be read, where that is so: all of them are written then.
    pub(super) unread: Option<Error>,
    /// Their containers, the root, and others that have their names.
    pub(super) containers: Vec<Container>,
}

/// Everything else that a deployment may change.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Whether the workspace was written to before.
    pub(super) is_rewritten: bool,
    /// The topology studio.
    pub(super) topology: Topology,
    /// What a workspace that was written to before makes of it.
    pub(super) seen_topology: Option<Topology>,
    /// The outermost containers, in their order.
    pub(super) roots: Vec<String>,
    /// What a workspace that was written to before makes of them.
    pub(super) seen_roots: Option<Vec<String>>,
    /// Tags of users.
    pub(super) tags: BTreeSet<(Element, Label)>,
    /// What carries them.
    pub(super) assignments: BTreeSet<Assignment>,
}

/// Reads the configlets and containers of these devices: serial numbers and names.
pub(super) async fn configurations(client: &Client, devices: &[(&str, &str)]) -> Result<Configurations, Error> {
    let ids: Vec<String> = devices.iter().map(|(serial, _)| id(serial)).collect();
    let mut sought = vec![SoughtContainer::Id(ROOT)];
    sought.extend(ids.iter().map(|id| SoughtContainer::Id(id)));
    if devices.len() <= MOST_NAMES {
        // A device that was replaced has left a container with its name and another serial number.
        sought.extend(devices.iter().map(|(_, hostname)| SoughtContainer::Name(hostname)));
    }
    let configlets = async {
        match client.configlets(ids.iter().map(String::as_str)).await {
            Ok(configlets) => Ok((configlets, None)),
            // That they are there already saves to send them; nothing else needs it.
            Err(error) if error.is_refusal() => Ok((Vec::new(), Some(error))),
            Err(error) => Err(error),
        }
    };
    let ((configlets, unread), containers) = futures::try_join!(configlets, client.containers(None, &sought))?;
    Ok(Configurations { configlets, unread, containers })
}

/// Reads everything else. `rewritten` is a workspace that was written to before: what it makes of the lists is read as
/// well.
pub(super) async fn surroundings(
    client: &Client,
    deployment: &Deployment,
    placed: &[Placed],
    rewritten: Option<&WorkspaceId>,
) -> Result<Surroundings, Error> {
    let has_configs = deployment.devices.iter().any(|wanted| wanted.config.is_some());
    let (topology, roots, tags, seen_topology, seen_roots) = futures::try_join!(
        client.inputs(TOPOLOGY_STUDIO, None),
        async { if has_configs { roots(client, None).await } else { Ok(None) } },
        tags(client, deployment, placed),
        async {
            match rewritten {
                Some(workspace) => seen_topology(client, workspace).await,
                None => Ok(None),
            }
        },
        async {
            match rewritten {
                Some(workspace) if has_configs => roots(client, Some(workspace)).await,
                _ => Ok(None),
            }
        },
    )?;
    let (tags, assignments) = tags;
    Ok(Surroundings {
        is_rewritten: rewritten.is_some(),
        topology: Topology::new(&topology),
        seen_topology,
        roots: roots.unwrap_or_default(),
        seen_roots,
        tags,
        assignments,
    })
}

/// The outermost containers; `None` where nothing is said of them.
async fn roots(client: &Client, workspace: Option<&WorkspaceId>) -> Result<Option<Vec<String>>, Error> {
    let senseless = || Error::Senseless { call: "InputsService/GetOne", what: format!("{ROOTS} is no list of ids") };
    match client.input(STATIC_STUDIO, workspace, &[ROOTS]).await? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => {
            let ids: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
            // To go on without an id that was not understood would take its container out of force.
            ids.map(Some).ok_or_else(senseless)
        }
        Some(_) => Err(senseless()),
    }
}

/// The topology as a workspace makes it; `None` where it leaves it alone.
async fn seen_topology(client: &Client, workspace: &WorkspaceId) -> Result<Option<Topology>, Error> {
    let pieces: Vec<Input> = client.inputs(TOPOLOGY_STUDIO, Some(workspace)).await?;
    if !pieces.is_empty() {
        return Ok(Some(Topology::new(&pieces)));
    }
    let is_removed = client.are_inputs_removed(TOPOLOGY_STUDIO, workspace).await?;
    Ok(is_removed.then(Topology::default))
}

/// The tags in question, and what carries them.
async fn tags(
    client: &Client,
    deployment: &Deployment,
    placed: &[Placed],
) -> Result<(BTreeSet<(Element, Label)>, BTreeSet<Assignment>), Error> {
    let of_element = |element: Element| {
        let is_of = move |interface: Option<&String>| interface.is_some() == (element == Element::Interface);
        let mut labels = BTreeSet::new();
        let mut devices = BTreeSet::new();
        for device in placed {
            let wanted = deployment.devices.get(device.wanted);
            for tag in wanted.into_iter().flat_map(|wanted| &wanted.tags).filter(|tag| is_of(tag.interface.as_ref())) {
                labels.insert(tag.label.label.as_str());
                devices.insert(device.id.as_str());
            }
        }
        (element, labels, devices)
    };
    let wanted = [Element::Device, Element::Interface].map(of_element);
    let reads =
        wanted.into_iter().filter(|(_, labels, _)| !labels.is_empty()).map(async |(element, labels, devices)| {
            let (tags, assignments) =
                futures::try_join!(client.tags(element, &labels), client.assignments(element, &devices))?;
            Ok::<_, Error>((tags.into_iter().map(|label| (element, label)).collect::<Vec<_>>(), assignments))
        });
    let (tags, assignments): (Vec<_>, Vec<_>) = try_join_all(reads).await?.into_iter().unzip();
    Ok((tags.into_iter().flatten().collect(), assignments.into_iter().flatten().collect()))
}
