//! Tags and what they stand on, as they are read and written.
//!
//! A read with a workspace's id sees what the workspace added and nothing else: neither the mainline nor what the
//! workspace takes away, which is among its edits alone.

use std::collections::BTreeSet;

use tonic::Status;

use super::mainline::{Assigned, Tag as Id};
use super::state::State;
use crate::features::cloudvision::pb::tag::{
    CreatorType, ElementType, Tag, TagAssignment, TagAssignmentConfig, TagAssignmentKey, TagConfig, TagKey,
};

/// A tag's key.
fn tag_key(workspace: &str, id: &Id) -> TagKey {
    TagKey {
        workspace_id: Some(workspace.to_owned()),
        element_type: id.element,
        label: Some(id.label.clone()),
        value: Some(id.value.clone()),
    }
}

/// The key of an assignment. Devices have no interface.
fn assignment_key(workspace: &str, id: &Assigned, long: bool) -> TagAssignmentKey {
    let interface = (id.tag.element == i32::from(ElementType::Interface))
        .then(|| if long { format!("{}@{}", id.interface, id.device) } else { id.interface.clone() });
    TagAssignmentKey {
        workspace_id: Some(workspace.to_owned()),
        element_type: id.tag.element,
        label: Some(id.tag.label.clone()),
        value: Some(id.tag.value.clone()),
        device_id: Some(id.device.clone()),
        interface_id: interface,
    }
}

/// All tags, of the mainline and those that workspaces add.
pub(super) fn tags(state: &State) -> Vec<Tag> {
    let in_use: BTreeSet<&Id> = state.mainline.assigned.keys().map(|assigned| &assigned.tag).collect();
    let tag = |workspace: &str, id: &Id, creator: CreatorType| Tag {
        key: Some(tag_key(workspace, id)),
        creator_type: creator.into(),
        assigned: Some(in_use.contains(id)),
    };
    let mut found: Vec<Tag> = state.mainline.tags.iter().map(|(id, creator)| tag("", id, *creator)).collect();
    for (workspace, draft) in &state.drafts {
        let added = draft.edits.tags.iter().filter(|(_, remove)| !**remove);
        found.extend(added.map(|(id, _)| tag(workspace, id, CreatorType::User)));
    }
    found
}

/// What workspaces want of tags.
pub(super) fn tag_edits(state: &State) -> Vec<TagConfig> {
    let edits = state.drafts.iter().flat_map(|(workspace, draft)| {
        let edit = |(id, remove): (&Id, &bool)| TagConfig { key: Some(tag_key(workspace, id)), remove: Some(*remove) };
        draft.edits.tags.iter().map(edit).collect::<Vec<_>>()
    });
    edits.collect()
}

/// All assignments, of the mainline and those that workspaces add.
pub(super) fn assigned(state: &State, long: bool) -> Vec<TagAssignment> {
    let assignment = |workspace: &str, id: &Assigned, creator: CreatorType| TagAssignment {
        key: Some(assignment_key(workspace, id, long)),
        tag_creator_type: creator.into(),
    };
    let mainline = state.mainline.assigned.iter();
    let mut found: Vec<TagAssignment> = mainline.map(|(id, creator)| assignment("", id, *creator)).collect();
    for (workspace, draft) in &state.drafts {
        let added = draft.edits.assigned.iter().filter(|(_, remove)| !**remove);
        found.extend(added.map(|(id, _)| assignment(workspace, id, CreatorType::User)));
    }
    found
}

/// What workspaces want of assignments.
pub(super) fn assignment_edits(state: &State) -> Vec<TagAssignmentConfig> {
    let edits = state.drafts.iter().flat_map(|(workspace, draft)| {
        let edit = |(id, remove): (&Assigned, &bool)| TagAssignmentConfig {
            key: Some(assignment_key(workspace, id, false)),
            remove: Some(*remove),
        };
        draft.edits.assigned.iter().map(edit).collect::<Vec<_>>()
    });
    edits.collect()
}

/// The id in a key, or what is wrong with it. A key has all of its fields. That a value may not be empty is said nowhere, and
/// requests of CVProxy may have one.
fn id_of(element: i32, label: Option<String>, value: Option<String>) -> Result<Id, Status> {
    let known = [ElementType::Device, ElementType::Interface].map(i32::from).contains(&element);
    match (label, value) {
        (Some(label), Some(value)) if known && !label.is_empty() => Ok(Id { element, label, value }),
        _ => Err(Status::invalid_argument("a tag needs an element type, a label and a value")),
    }
}

/// Writes a tag to a workspace. Tags of the system stay.
pub(super) fn set_tag(state: &mut State, edit: &TagConfig) -> Result<(), Status> {
    let key = edit.key.clone().unwrap_or_default();
    let workspace = key.workspace_id.unwrap_or_default();
    let id = id_of(key.element_type, key.label, key.value)?;
    if let Some(error) = state.script.refuses(&format!("{}:{}", id.label, id.value)) {
        return Err(Status::internal(error));
    }
    let remove = edit.remove == Some(true);
    let draft = state.writable(&workspace)?;
    if draft.base.tags.get(&id) == Some(&CreatorType::System) {
        return Err(Status::permission_denied("tags of the system cannot be changed"));
    }
    draft.edits.tags.insert(id, remove);
    state.touched(&workspace);
    Ok(())
}

/// Puts a tag on a device or an interface within a workspace, or takes it off. The tag has to be there.
pub(super) fn assign(state: &mut State, edit: &TagAssignmentConfig) -> Result<(), Status> {
    let key = edit.key.clone().unwrap_or_default();
    let workspace = key.workspace_id.unwrap_or_default();
    let tag = id_of(key.element_type, key.label, key.value)?;
    let device = key.device_id.unwrap_or_default();
    let is_interface = tag.element == i32::from(ElementType::Interface);
    let interface = key.interface_id.unwrap_or_default();
    let interface = interface.rsplit_once('@').map_or(interface.as_str(), |(name, _)| name).to_owned();
    if device.is_empty() || is_interface == interface.is_empty() {
        return Err(Status::invalid_argument("an assignment needs a device, and an interface if the tag is for those"));
    }
    if let Some(error) = state.script.refuses(&device) {
        return Err(Status::internal(error));
    }
    let known_device = state.devices.get(&device).is_some();
    let draft = state.writable(&workspace)?;
    let (remove, there) = (
        edit.remove == Some(true),
        match draft.edits.tags.get(&tag) {
            Some(removed) => !removed,
            None => draft.base.tags.contains_key(&tag),
        },
    );
    if draft.base.tags.get(&tag) == Some(&CreatorType::System) {
        return Err(Status::permission_denied("tags of the system cannot be changed"));
    }
    if !remove && !there {
        return Err(Status::failed_precondition(format!("tag {}:{} does not exist", tag.label, tag.value)));
    }
    if !remove && !known_device {
        return Err(Status::not_found(format!("device {device} does not exist")));
    }
    draft.edits.assigned.insert(Assigned { tag, device, interface }, remove);
    state.touched(&workspace);
    Ok(())
}
