//! What is in force, and what a workspace wants changed of it.

use std::collections::BTreeMap;

use prost_types::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::studio;
use crate::features::cloudvision::pb::configlet::{
    Configlet, ConfigletAssignment, ConfigletAssignmentConfig, ConfigletAssignmentKey, ConfigletConfig, ConfigletKey,
};
use crate::features::cloudvision::pb::studio::InputsConfig;
use crate::features::cloudvision::pb::tag::{CreatorType, ElementType};

/// A tag: what it stands on, label, value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Number of an [`ElementType`].
    pub element: i32,
    /// Before the colon.
    pub label: String,
    /// After it.
    pub value: String,
}

/// A tag on a device or on an interface of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assigned {
    /// The tag.
    pub tag: Tag,
    /// Serial number.
    pub device: String,
    /// Empty for a tag of the device itself.
    pub interface: String,
}

/// Inputs of a studio.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    /// All of them.
    pub value: Value,
    /// When they were changed last.
    pub(super) time: Timestamp,
    /// By whom.
    pub(super) user: String,
}

/// The configuration that is in force, or would be if a workspace were submitted.
#[derive(Debug, Clone, Default)]
pub struct Mainline {
    /// By id.
    pub configlets: BTreeMap<String, Configlet>,
    /// The containers of the Static Configuration studio, by id.
    pub assignments: BTreeMap<String, ConfigletAssignment>,
    /// By the id of the studio.
    pub inputs: BTreeMap<String, Inputs>,
    /// With who made them.
    pub tags: BTreeMap<Tag, CreatorType>,
    /// With who made the tag.
    pub assigned: BTreeMap<Assigned, CreatorType>,
}

/// What a workspace wants changed. Configlets and assignments are kept merged: what a later write does not mention stays.
#[derive(Debug, Clone, Default)]
pub(super) struct Edits {
    pub(super) configlets: BTreeMap<String, ConfigletConfig>,
    pub(super) assignments: BTreeMap<String, ConfigletAssignmentConfig>,
    /// By studio and path: what lies above comes before what lies below it.
    pub(super) inputs: BTreeMap<(String, Vec<String>), InputsConfig>,
    /// Whether to remove it.
    pub(super) tags: BTreeMap<Tag, bool>,
    /// Whether to remove it.
    pub(super) assigned: BTreeMap<Assigned, bool>,
}

/// Who changes something, and when.
#[derive(Debug, Clone)]
pub(super) struct Author {
    pub(super) user: String,
    pub(super) time: Timestamp,
}

impl Mainline {
    /// Applies the changes of a workspace.
    pub(super) fn apply(&mut self, edits: &Edits, author: &Author) {
        for (id, edit) in &edits.configlets {
            self.apply_configlet(id, edit, author);
        }
        for (id, edit) in &edits.assignments {
            self.apply_assignment(id, edit, author);
        }
        for edit in edits.inputs.values() {
            self.apply_inputs(edit, author);
        }
        for (tag, remove) in &edits.tags {
            if *remove {
                self.tags.remove(tag);
            } else {
                self.tags.entry(tag.clone()).or_insert(CreatorType::User);
            }
        }
        for (assigned, remove) in &edits.assigned {
            if *remove {
                self.assigned.remove(assigned);
            } else {
                self.assigned.entry(assigned.clone()).or_insert(CreatorType::User);
            }
        }
    }

    /// Applies the change of one configlet.
    pub(super) fn apply_configlet(&mut self, id: &str, edit: &ConfigletConfig, author: &Author) {
        if edit.remove == Some(true) {
            self.configlets.remove(id);
            return;
        }
        let configlet = self.configlets.entry(id.to_owned()).or_insert_with(|| Configlet {
            key: Some(ConfigletKey { workspace_id: Some(String::new()), configlet_id: Some(id.to_owned()) }),
            created_at: Some(author.time),
            created_by: Some(author.user.clone()),
            ..Default::default()
        });
        merge(&mut configlet.display_name, edit.display_name.as_ref());
        merge(&mut configlet.description, edit.description.as_ref());
        merge(&mut configlet.body, edit.body.as_ref());
        let body = configlet.body.as_deref().unwrap_or_default();
        configlet.digest = Some(digest(body));
        configlet.size = i64::try_from(body.len()).ok();
        configlet.last_modified_at = Some(author.time);
        configlet.last_modified_by = Some(author.user.clone());
    }

    /// Applies the change of one assignment.
    pub(super) fn apply_assignment(&mut self, id: &str, edit: &ConfigletAssignmentConfig, author: &Author) {
        if edit.remove == Some(true) {
            self.assignments.remove(id);
            return;
        }
        let assignment = self.assignments.entry(id.to_owned()).or_insert_with(|| ConfigletAssignment {
            key: Some(ConfigletAssignmentKey {
                workspace_id: Some(String::new()),
                configlet_assignment_id: Some(id.to_owned()),
            }),
            created_at: Some(author.time),
            created_by: Some(author.user.clone()),
            ..Default::default()
        });
        merge(&mut assignment.display_name, edit.display_name.as_ref());
        merge(&mut assignment.description, edit.description.as_ref());
        merge(&mut assignment.query, edit.query.as_ref());
        merge(&mut assignment.configlet_ids, edit.configlet_ids.as_ref());
        merge(&mut assignment.child_assignment_ids, edit.child_assignment_ids.as_ref());
        if edit.match_policy != 0 {
            assignment.match_policy = edit.match_policy;
        }
        assignment.last_modified_at = Some(author.time);
        assignment.last_modified_by = Some(author.user.clone());
    }

    /// Applies one write to the inputs of a studio. Writes were checked when they were made.
    fn apply_inputs(&mut self, edit: &InputsConfig, author: &Author) {
        let Some(key) = &edit.key else { return };
        let inputs = self.inputs.entry(key.studio_id.clone().unwrap_or_default()).or_default();
        let path = key.path.clone().unwrap_or_default().values;
        if edit.remove == Some(true) {
            studio::remove(&mut inputs.value, &path);
        } else {
            let value = edit.inputs.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            // A path that leads nowhere was refused when it was written; after a rebase it may, and then does nothing.
            let _nowhere = studio::set(&mut inputs.value, &path, value);
        }
        inputs.time = author.time;
        inputs.user.clone_from(&author.user);
    }

    /// The ids at the root of the Static Configuration studio, in their order.
    #[must_use]
    pub fn roots(&self) -> Vec<String> {
        let path = [super::design::ROOTS.to_owned()];
        let inputs = self.inputs.get(super::design::STATIC);
        let roots = inputs.and_then(|inputs| studio::get(&inputs.value, &path)).and_then(Value::as_array);
        roots.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Whether a device has a tag.
    pub(super) fn has_tag(&self, device: &str, label: &str, value: &str) -> bool {
        let tag = Tag { element: ElementType::Device.into(), label: label.to_owned(), value: value.to_owned() };
        self.assigned.contains_key(&Assigned { tag, device: device.to_owned(), interface: String::new() })
    }
}

/// Sets what is mentioned.
pub(super) fn merge<T: Clone>(value: &mut Option<T>, edit: Option<&T>) {
    if let Some(edit) = edit {
        *value = Some(edit.clone());
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
