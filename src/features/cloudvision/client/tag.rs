//! Tags of devices and interfaces, and what carries them.

use std::collections::BTreeSet;

use super::{Client, Repeat};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{DeviceId, Label, WorkspaceId};
use crate::features::cloudvision::pb::tag as pb;
use crate::text::clean_line;

/// With more filters than this, reading everything is the smaller answer.
const MOST_FILTERS: usize = 200;

/// What can carry a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Element {
    /// A device.
    Device,
    /// An interface of a device.
    Interface,
}

impl Element {
    /// On the wire.
    fn wire(self) -> i32 {
        match self {
            Self::Device => pb::ElementType::Device.into(),
            Self::Interface => pb::ElementType::Interface.into(),
        }
    }
}

/// A tag on a device, or on one of its interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Assignment {
    /// The device.
    pub device: DeviceId,
    /// The interface; `None` for the device itself.
    pub interface: Option<String>,
    /// Label and value.
    pub label: Label,
}

impl Assignment {
    /// What carries it.
    #[must_use]
    pub fn element(&self) -> Element {
        if self.interface.is_some() { Element::Interface } else { Element::Device }
    }
}

impl Client {
    /// The tags that users made and that are in force, of these labels.
    pub async fn tags(&self, element: Element, labels: &BTreeSet<&str>) -> Result<BTreeSet<Label>, Error> {
        let filter = |label: Option<&str>| pb::Tag {
            key: Some(pb::TagKey { label: label.map(str::to_owned), ..tag_key("", element) }),
            creator_type: pb::CreatorType::User.into(),
            ..pb::Tag::default()
        };
        let request = pb::TagStreamRequest { partial_eq_filter: filters(labels, filter) };
        let messages: Vec<pb::TagStreamResponse> =
            self.collect("/arista.tag.v2.TagService/GetAll", request, Repeat::Safe).await?;
        let keys = messages.into_iter().filter_map(|message| message.value?.key);
        Ok(keys.filter_map(|key| Some(Label { label: key.label?, value: key.value? })).collect())
    }

    /// Which tags that users made are in force on these devices or their interfaces.
    pub async fn assignments(&self, element: Element, devices: &BTreeSet<&str>) -> Result<BTreeSet<Assignment>, Error> {
        let filter = |device: Option<&str>| pb::TagAssignment {
            key: Some(pb::TagAssignmentKey { device_id: device.map(str::to_owned), ..assignment_key("", element) }),
            tag_creator_type: pb::CreatorType::User.into(),
        };
        let request = pb::TagAssignmentStreamRequest { partial_eq_filter: filters(devices, filter) };
        let messages: Vec<pb::TagAssignmentStreamResponse> =
            self.collect("/arista.tag.v2.TagAssignmentService/GetAll", request, Repeat::Safe).await?;
        let keys = messages.into_iter().filter_map(|message| message.value?.key);
        Ok(keys.filter_map(assignment).filter(|it| devices.contains(it.device.as_str())).collect())
    }

    /// Makes tags in a workspace.
    pub async fn make_tags(&self, workspace: &WorkspaceId, tags: &[(Element, Label)]) -> Result<(), Error> {
        let value = |(element, label): &(Element, Label)| pb::TagConfig {
            key: Some(pb::TagKey {
                label: Some(label.label.clone()),
                value: Some(label.value.clone()),
                ..tag_key(workspace.as_str(), *element)
            }),
            remove: None,
        };
        self.set_some(
            "/arista.tag.v2.TagConfigService/SetSome",
            tags.iter().map(value).collect(),
            |values| pb::TagConfigSetSomeRequest { values },
            |answer: pb::TagConfigSetSomeResponse| {
                let key = answer.key.unwrap_or_default();
                let name = format!("{}:{}", key.label.unwrap_or_default(), key.value.unwrap_or_default());
                (clean_line(&name), clean_line(&answer.error))
            },
        )
        .await
    }

    /// Puts tags on devices and interfaces in a workspace, and takes others from them.
    pub async fn assign(
        &self,
        workspace: &WorkspaceId,
        add: &[Assignment],
        remove: &[Assignment],
    ) -> Result<(), Error> {
        let value = |it: &Assignment, remove: bool| pb::TagAssignmentConfig {
            key: Some(pb::TagAssignmentKey {
                label: Some(it.label.label.clone()),
                value: Some(it.label.value.clone()),
                device_id: Some(it.device.as_str().to_owned()),
                interface_id: it.interface.clone(),
                ..assignment_key(workspace.as_str(), it.element())
            }),
            remove: remove.then_some(true),
        };
        let added = add.iter().map(|it| value(it, false));
        self.set_some(
            "/arista.tag.v2.TagAssignmentConfigService/SetSome",
            added.chain(remove.iter().map(|it| value(it, true))).collect(),
            |values| pb::TagAssignmentConfigSetSomeRequest { values },
            |answer: pb::TagAssignmentConfigSetSomeResponse| {
                let key = answer.key.unwrap_or_default();
                let label = format!("{}:{}", key.label.unwrap_or_default(), key.value.unwrap_or_default());
                let place = [key.device_id, key.interface_id].into_iter().flatten().collect::<Vec<_>>().join(" ");
                (clean_line(&format!("{label} on {place}")), clean_line(&answer.error))
            },
        )
        .await
    }
}

/// A filter for each of `wanted`, or one for all where there are too many.
fn filters<F>(wanted: &BTreeSet<&str>, filter: impl Fn(Option<&str>) -> F) -> Vec<F> {
    if wanted.len() > MOST_FILTERS {
        return vec![filter(None)];
    }
    wanted.iter().map(|wanted| filter(Some(wanted))).collect()
}

/// The key of a tag without label and value.
fn tag_key(workspace: &str, element: Element) -> pb::TagKey {
    pb::TagKey { workspace_id: Some(workspace.to_owned()), element_type: element.wire(), ..pb::TagKey::default() }
}

/// The key of an assignment without tag and place.
fn assignment_key(workspace: &str, element: Element) -> pb::TagAssignmentKey {
    pb::TagAssignmentKey {
        workspace_id: Some(workspace.to_owned()),
        element_type: element.wire(),
        ..pb::TagAssignmentKey::default()
    }
}

/// Reads an assignment. Some servers tell the interface with the serial number behind it.
fn assignment(key: pb::TagAssignmentKey) -> Option<Assignment> {
    let interface = key.interface_id.filter(|interface| !interface.is_empty());
    Some(Assignment {
        device: DeviceId::new(key.device_id?),
        interface: interface
            .map(|name| name.rsplit_once('@').map_or_else(|| name.clone(), |(name, _)| name.to_owned())),
        label: Label { label: key.label?, value: key.value? },
    })
}
