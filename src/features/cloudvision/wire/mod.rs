//! From the messages of the wire to the nouns. The only place that makes text of a server harmless; whatever it leaves
//! out is empty, and numbers that this version does not know are kept as such.

mod build;
mod change;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

pub(crate) use self::build::{report, stage};
pub(crate) use self::change::change;
use super::model::{BuildId, ChangeId, Device, DeviceId, Workspace, WorkspaceId, WorkspaceState};
use super::pb::inventory::{Device as WireDevice, StreamingStatus};
use super::pb::workspace::{Workspace as WireWorkspace, WorkspaceState as WireState};
use crate::text::{clean_line, clean_text};

/// Text of one line.
fn line(text: Option<String>) -> String {
    text.map(|text| clean_line(&text)).unwrap_or_default()
}

/// Text that may have several lines.
fn text(text: Option<String>) -> String {
    text.map(|text| clean_text(&text)).unwrap_or_default()
}

/// Text of one line that is there.
fn said(text: Option<String>) -> Option<String> {
    text.map(|text| clean_line(&text)).filter(|text| !text.is_empty())
}

/// A time, if it is one.
fn time(time: Option<Timestamp>) -> Option<DateTime<Utc>> {
    let time = time?;
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

/// A device that has an id.
pub(crate) fn device(device: WireDevice) -> Option<Device> {
    let streaming = device.streaming_status() == StreamingStatus::Active;
    Some(Device {
        id: DeviceId::new(device.key?.device_id.filter(|id| !id.is_empty())?),
        hostname: line(device.hostname),
        fqdn: line(device.fqdn),
        mac: line(device.system_mac_address),
        model: line(device.model_name),
        version: line(device.software_version),
        streaming,
    })
}

/// The state of a workspace.
pub(crate) fn workspace_state(state: i32) -> WorkspaceState {
    match WireState::try_from(state) {
        Ok(WireState::Pending) => WorkspaceState::Pending,
        Ok(WireState::Submitted) => WorkspaceState::Submitted,
        Ok(WireState::Abandoned) => WorkspaceState::Abandoned,
        Ok(WireState::Conflicts) => WorkspaceState::Conflicts,
        Ok(WireState::RolledBack) => WorkspaceState::RolledBack,
        Ok(WireState::Unspecified) | Err(_) => WorkspaceState::Unknown(state),
    }
}

/// A workspace that has an id.
pub(crate) fn workspace(workspace: WireWorkspace) -> Option<Workspace> {
    Some(Workspace {
        id: WorkspaceId::new(workspace.key?.workspace_id?),
        name: line(workspace.display_name),
        description: text(workspace.description),
        state: workspace_state(workspace.state),
        created_by: line(workspace.created_by),
        created_at: time(workspace.created_at),
        modified_at: time(workspace.last_modified_at),
        needs_build: workspace.needs_build.unwrap_or_default(),
        needs_rebase: workspace.needs_rebase.unwrap_or_default(),
        last_build: workspace.last_build_id.filter(|id| !id.is_empty()).map(BuildId::new),
        changes: workspace.cc_ids.unwrap_or_default().values.into_iter().map(ChangeId::new).collect(),
    })
}
