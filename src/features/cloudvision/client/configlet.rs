//! Configlets, and the containers that bring them to devices.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Client, Repeat, Version};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{ConfigText, WorkspaceId};
use crate::features::cloudvision::pb::configlet as pb;
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::text::clean_line;

/// Single writes that are under way at once where the server takes no bulk.
const SIDE_BY_SIDE: usize = 20;

/// A configlet as lists tell it: without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configlet {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// SHA-256 of the body in hexadecimal, if the server tells it.
    pub digest: Option<String>,
}

/// A configlet to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiglet {
    /// Its id.
    pub id: String,
    /// What people will call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it holds.
    pub body: ConfigText,
}

/// A container: configlets, the devices that get them, and further containers below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Which devices it is for: `device:SERIAL`.
    pub query: String,
    /// The ids of its configlets, in their order.
    pub configlets: Vec<String>,
    /// The ids of the containers below, in their order.
    pub children: Vec<String>,
}

/// By what a container is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoughtContainer<'a> {
    /// Its id.
    Id(&'a str),
    /// What people call it.
    Name(&'a str),
}

impl Client {
    /// The configlets in force that have any of these ids, without their bodies.
    pub async fn configlets<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<Vec<Configlet>, Error> {
        let filter = |id: &str| pb::Configlet { key: Some(configlet_key("", id)), ..pb::Configlet::default() };
        let partial_eq_filter: Vec<_> = ids.map(filter).collect();
        if partial_eq_filter.is_empty() {
            return Ok(Vec::new());
        }
        let request = pb::ConfigletStreamRequest { partial_eq_filter, filter: None };
        let method = "/arista.configlet.v1.ConfigletService/GetAll";
        let messages: Vec<pb::ConfigletStreamResponse> = self.collect(method, request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| configlet(message.value?)).collect())
    }

    /// The body of a configlet in force, if there is one.
    pub async fn configlet_body(&self, id: &str) -> Result<Option<String>, Error> {
        let request = pb::ConfigletRequest { key: Some(configlet_key("", id)) };
        let method = "/arista.configlet.v1.ConfigletService/GetOne";
        match self.unary::<_, pb::ConfigletResponse>(method, request, Repeat::Safe).await {
            Ok(answer) => Ok(answer.value.map(|value| value.body.unwrap_or_default())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The containers that are any of those looked for, in force or as a workspace sees them.
    pub async fn containers(
        &self,
        workspace: Option<&WorkspaceId>,
        sought: &[SoughtContainer<'_>],
    ) -> Result<Vec<Container>, Error> {
        let workspace = workspace.map_or("", WorkspaceId::as_str);
        let filter = |sought: &SoughtContainer<'_>| match sought {
            SoughtContainer::Id(id) => pb::ConfigletAssignment {
                key: Some(container_key(workspace, Some(id))),
                ..pb::ConfigletAssignment::default()
            },
            SoughtContainer::Name(name) => pb::ConfigletAssignment {
                key: Some(container_key(workspace, None)),
                display_name: Some((*name).to_owned()),
                ..pb::ConfigletAssignment::default()
            },
        };
        let request = pb::ConfigletAssignmentStreamRequest { partial_eq_filter: sought.iter().map(filter).collect() };
        let method = "/arista.configlet.v1.ConfigletAssignmentService/GetAll";
        let messages: Vec<pb::ConfigletAssignmentStreamResponse> = self.collect(method, request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| container(message.value?)).collect())
    }

    /// Writes configlets into a workspace.
    pub async fn set_configlets(&self, workspace: &WorkspaceId, configlets: &[NewConfiglet]) -> Result<(), Error> {
        let values: Vec<_> = configlets.iter().map(|configlet| configlet_config(workspace, configlet)).collect();
        if self.version().await? < Version::BULK {
            let method = "/arista.configlet.v1.ConfigletConfigService/Set";
            return stream::iter(values)
                .map(|value| async move {
                    let request = pb::ConfigletConfigSetRequest { value: Some(value) };
                    self.unary::<_, pb::ConfigletConfigSetResponse>(method, request, Repeat::Safe).await
                })
                .buffer_unordered(SIDE_BY_SIDE)
                .try_for_each(|_| std::future::ready(Ok(())))
                .await;
        }
        self.set_some(
            "/arista.configlet.v1.ConfigletConfigService/SetSome",
            values,
            |values| pb::ConfigletConfigSetSomeRequest { values },
            |answer: pb::ConfigletConfigSetSomeResponse| {
                (id_of(answer.key.and_then(|key| key.configlet_id)), clean_line(&answer.error))
            },
        )
        .await
    }

    /// Writes containers into a workspace.
    pub async fn set_containers(&self, workspace: &WorkspaceId, containers: &[Container]) -> Result<(), Error> {
        let values: Vec<_> = containers.iter().map(|container| container_config(workspace, container)).collect();
        if self.version().await? < Version::BULK {
            let method = "/arista.configlet.v1.ConfigletAssignmentConfigService/Set";
            return stream::iter(values)
                .map(|value| async move {
                    let request = pb::ConfigletAssignmentConfigSetRequest { value: Some(value) };
                    self.unary::<_, pb::ConfigletAssignmentConfigSetResponse>(method, request, Repeat::Safe).await
                })
                .buffer_unordered(SIDE_BY_SIDE)
                .try_for_each(|_| std::future::ready(Ok(())))
                .await;
        }
        self.set_some(
            "/arista.configlet.v1.ConfigletAssignmentConfigService/SetSome",
            values,
            |values| pb::ConfigletAssignmentConfigSetSomeRequest { values },
            |answer: pb::ConfigletAssignmentConfigSetSomeResponse| {
                (id_of(answer.key.and_then(|key| key.configlet_assignment_id)), clean_line(&answer.error))
            },
        )
        .await
    }
}

/// An id to be shown.
fn id_of(id: Option<String>) -> String {
    clean_line(&id.unwrap_or_default())
}

/// The key of a configlet.
fn configlet_key(workspace: &str, id: &str) -> pb::ConfigletKey {
    pb::ConfigletKey { workspace_id: Some(workspace.to_owned()), configlet_id: Some(id.to_owned()) }
}

/// The key of a container, or of all.
fn container_key(workspace: &str, id: Option<&str>) -> pb::ConfigletAssignmentKey {
    pb::ConfigletAssignmentKey {
        workspace_id: Some(workspace.to_owned()),
        configlet_assignment_id: id.map(str::to_owned),
    }
}

/// Reads a configlet.
fn configlet(value: pb::Configlet) -> Option<Configlet> {
    Some(Configlet {
        id: value.key?.configlet_id?,
        name: value.display_name.unwrap_or_default(),
        description: value.description.unwrap_or_default(),
        digest: value.digest.filter(|digest| !digest.is_empty()),
    })
}

/// Reads a container.
fn container(value: pb::ConfigletAssignment) -> Option<Container> {
    Some(Container {
        id: value.key?.configlet_assignment_id?,
        name: value.display_name.unwrap_or_default(),
        description: value.description.unwrap_or_default(),
        query: value.query.unwrap_or_default(),
        configlets: value.configlet_ids.unwrap_or_default().values,
        children: value.child_assignment_ids.unwrap_or_default().values,
    })
}

/// Makes a write of a configlet.
fn configlet_config(workspace: &WorkspaceId, configlet: &NewConfiglet) -> pb::ConfigletConfig {
    pb::ConfigletConfig {
        key: Some(configlet_key(workspace.as_str(), &configlet.id)),
        remove: None,
        display_name: Some(configlet.name.clone()),
        description: Some(configlet.description.clone()),
        body: Some(configlet.body.as_str().to_owned()),
    }
}

/// Makes a write of a container; both lists are there even when they are empty.
fn container_config(workspace: &WorkspaceId, container: &Container) -> pb::ConfigletAssignmentConfig {
    let list = |values: &[String]| Some(RepeatedString { values: values.to_vec() });
    pb::ConfigletAssignmentConfig {
        key: Some(container_key(workspace.as_str(), Some(&container.id))),
        display_name: Some(container.name.clone()),
        description: Some(container.description.clone()),
        configlet_ids: list(&container.configlets),
        query: Some(container.query.clone()),
        remove: None,
        match_policy: pb::MatchPolicy::MatchAll.into(),
        child_assignment_ids: list(&container.children),
    }
}
