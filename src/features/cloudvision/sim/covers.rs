//! What a `partial_eq_filter` lets through.
//!
//! Its entries are alternatives. Within one, every field that is set has to be equal; a message is compared field by
//! field. An empty text is set: an empty workspace id asks for the mainline, an absent one for any workspace.

use crate::features::cloudvision::pb::{changecontrol, configlet, inventory, studio, tag, workspace};

/// A message that can be a filter for others of its kind.
pub(super) trait Covers {
    /// Whether every field that is set here is the same there.
    fn covers(&self, value: &Self) -> bool;
}

/// Whether any of the filters lets `value` through, or there are none.
pub(super) fn any_covers<T: Covers>(filters: &[T], value: &T) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.covers(value))
}

/// Whether a message of a filter lets another one through.
fn inside<T: Covers>(filter: Option<&T>, value: Option<&T>) -> bool {
    filter.is_none_or(|filter| value.is_some_and(|value| filter.covers(value)))
}

/// Whether a scalar, a list or a map of a filter is unset or the same.
fn same<T: PartialEq>(filter: Option<&T>, value: Option<&T>) -> bool {
    filter.is_none() || filter == value
}

/// Compares messages by their fields. Every field has to be named, so that none is forgotten when one is added.
macro_rules! covers {
    ($($message:ty { messages: [$($inner:ident),*], values: [$($value:ident),*], enums: [$($number:ident),*] })*) => {$(
        impl Covers for $message {
            fn covers(&self, other: &Self) -> bool {
                let Self { $($inner,)* $($value,)* $($number,)* } = self;
                true $(&& inside($inner.as_ref(), other.$inner.as_ref()))*
                    $(&& same($value.as_ref(), other.$value.as_ref()))*
                    $(&& (*$number == 0 || *$number == other.$number))*
            }
        }
    )*};
}

covers! {
    inventory::DeviceKey { messages: [], values: [device_id], enums: [] }
    inventory::Device {
        messages: [key],
        values: [software_version, model_name, fqdn, hostname, system_mac_address, boot_time],
        enums: [streaming_status]
    }
    studio::InputsKey { messages: [], values: [studio_id, workspace_id, path], enums: [] }
    studio::Inputs {
        messages: [key],
        values: [created_at, created_by, last_modified_at, last_modified_by, inputs],
        enums: []
    }
    studio::InputsConfig { messages: [key], values: [remove, inputs], enums: [] }
    configlet::ConfigletKey { messages: [], values: [workspace_id, configlet_id], enums: [] }
    configlet::Configlet {
        messages: [key],
        values: [
            display_name, description, body, created_at, created_by, last_modified_at, last_modified_by, digest, size
        ],
        enums: []
    }
    configlet::ConfigletAssignmentKey { messages: [], values: [workspace_id, configlet_assignment_id], enums: [] }
    configlet::ConfigletAssignment {
        messages: [key],
        values: [
            display_name, description, configlet_ids, query, child_assignment_ids, created_at, created_by,
            last_modified_at, last_modified_by
        ],
        enums: [match_policy]
    }
    tag::TagKey { messages: [], values: [workspace_id, label, value], enums: [element_type] }
    tag::Tag { messages: [key], values: [assigned], enums: [creator_type] }
    tag::TagConfig { messages: [key], values: [remove], enums: [] }
    tag::TagAssignmentKey {
        messages: [],
        values: [workspace_id, label, value, device_id, interface_id],
        enums: [element_type]
    }
    tag::TagAssignment { messages: [key], values: [], enums: [tag_creator_type] }
    tag::TagAssignmentConfig { messages: [key], values: [remove], enums: [] }
    workspace::WorkspaceKey { messages: [], values: [workspace_id], enums: [] }
    workspace::Workspace {
        messages: [key],
        values: [
            created_at, created_by, last_modified_at, last_modified_by, last_build_id, responses, cc_ids, needs_build,
            last_rebased_at, needs_rebase, display_name, description, last_rebase_id
        ],
        enums: [state]
    }
    workspace::WorkspaceBuildKey { messages: [], values: [workspace_id, build_id], enums: [] }
    workspace::WorkspaceBuild {
        messages: [key],
        values: [error, built_by, authz_result, studio_build_details],
        enums: [state]
    }
    workspace::WorkspaceBuildDetailsKey { messages: [], values: [workspace_id, build_id, device_id], enums: [] }
    workspace::WorkspaceBuildDetails {
        messages: [key],
        values: [
            input_validation_results, configlet_build_results, config_validation_result, image_validation_result, config_sync_result,
            build_stage_state
        ],
        enums: [state, stage, config_validation_skip_cause, config_sync_skip_cause]
    }
    changecontrol::ChangeControlKey { messages: [], values: [id], enums: [] }
    changecontrol::Flag { messages: [], values: [value, notes, time, user], enums: [] }
    changecontrol::ChangeControl {
        messages: [key, approve, start],
        values: [
            change, error, schedule, device_ids, device_id_to_stage_ids, creation, validation_statuses,
            validation_detail
        ],
        enums: [status, completion_reason, override_reason]
    }
    changecontrol::ChangeControlSummary {
        messages: [key],
        values: [
            name, device_count, action_summaries, created_time, created_user, last_edited_time, last_edited_user,
            last_approved_time, last_approved_user, last_scheduled_time, last_scheduled_user, start_time, start_user,
            end_time, error, approved, validation_statuses
        ],
        enums: [status, completion_reason]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configlet's key of a workspace.
    fn configlet(workspace: Option<&str>, id: Option<&str>) -> configlet::Configlet {
        let key =
            configlet::ConfigletKey { workspace_id: workspace.map(str::to_owned), configlet_id: id.map(str::to_owned) };
        configlet::Configlet { key: Some(key), ..Default::default() }
    }

    #[test]
    fn an_empty_workspace_is_the_mainline_and_an_absent_one_any() {
        let (mainline, inside) = (configlet(Some(""), Some("a")), configlet(Some("ws"), Some("a")));
        assert!(configlet(Some(""), None).covers(&mainline));
        assert!(!configlet(Some(""), None).covers(&inside));
        assert!(configlet(None, None).covers(&mainline) && configlet(None, None).covers(&inside));
    }

    #[test]
    fn entries_are_alternatives_and_fields_add_up() {
        let filters = [configlet(Some("ws"), Some("a")), configlet(None, Some("b"))];
        assert!(any_covers(&filters, &configlet(Some("ws"), Some("a"))));
        assert!(any_covers(&filters, &configlet(Some("other"), Some("b"))));
        assert!(!any_covers(&filters, &configlet(Some("other"), Some("a"))));
        assert!(any_covers(&[], &configlet(Some("other"), Some("a"))));
    }

    #[test]
    fn numbers_of_enums_count_when_they_are_set() {
        let device = |status| inventory::Device { streaming_status: status, ..Default::default() };
        assert!(device(0).covers(&device(2)));
        assert!(device(2).covers(&device(2)));
        assert!(!device(2).covers(&device(1)));
    }
}
