//! Keys, as the wire has them.

use crate::features::cloudvision::pb::changecontrol::ChangeControlKey;
use crate::features::cloudvision::pb::workspace::{WorkspaceBuildDetailsKey, WorkspaceBuildKey, WorkspaceKey};

/// Of a workspace.
pub(super) fn workspace(id: &str) -> WorkspaceKey {
    WorkspaceKey { workspace_id: Some(id.to_owned()) }
}

/// Of a build.
pub(super) fn build(workspace: &str, build: &str) -> WorkspaceBuildKey {
    WorkspaceBuildKey { workspace_id: Some(workspace.to_owned()), build_id: Some(build.to_owned()) }
}

/// Of what a build says of a device.
pub(super) fn details(workspace: &str, build: &str, device: &str) -> WorkspaceBuildDetailsKey {
    WorkspaceBuildDetailsKey {
        workspace_id: Some(workspace.to_owned()),
        build_id: Some(build.to_owned()),
        device_id: Some(device.to_owned()),
    }
}

/// Of a change control.
pub(super) fn change(id: &str) -> ChangeControlKey {
    ChangeControlKey { id: Some(id.to_owned()) }
}
