//! The state that a fabric means.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use prost_types::Timestamp;
use serde_json::{Value, json};

use super::fabric::{Fabric, FabricChange, FabricDevice, Fate, VLANS};
use super::mainline::{Assigned, Author, Edits, Inputs, Mainline, Tag};
use super::state::{State, timestamp};
use super::workspace::Draft;
use super::{change, design, keys, run, validate};
use crate::clock;
use crate::features::cloudvision::pb::changecontrol::{
    ChangeControl, ChangeControlStatus, CompletionReason, Flag, RepeatedRepeatedString, StageStatus, TimestampFlag,
};
use crate::features::cloudvision::pb::configlet::{ConfigletAssignmentConfig, ConfigletConfig, MatchPolicy};
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::inventory::{Device, DeviceKey, StreamingStatus};
use crate::features::cloudvision::pb::tag::{CreatorType, ElementType};
use crate::features::cloudvision::pb::workspace::{Workspace, WorkspaceState};

/// The container around those of all devices.
const ROOT: &str = "avd-configlets";
/// The domain of all devices.
const DOMAIN: &str = "fabric.example";
/// Ahead of now: when a scheduled change control starts.
const SCHEDULED_IN_S: i64 = 4 * 3600;

/// Fills an empty state.
pub(super) fn seed(state: &mut State, fabric: &Fabric) {
    let author = Author { user: "seed".to_owned(), time: state.now() };
    let mut mainline = Mainline::default();
    for device in &fabric.device {
        state.devices.put(&device.serial, inventory(device, author.time), author.time);
        if device.deployed {
            state.running.insert(device.serial.clone(), device.running_configuration());
        }
        for (label, value) in [("role", device.role.as_str()), ("model", device.model.as_str())] {
            let tag = Tag { element: ElementType::Device.into(), label: label.to_owned(), value: value.to_owned() };
            let creator = if label == "model" { CreatorType::System } else { CreatorType::User };
            mainline.tags.insert(tag.clone(), creator);
            let assigned = Assigned { tag, device: device.serial.clone(), interface: String::new() };
            mainline.assigned.insert(assigned, creator);
        }
    }
    mainline.inputs.insert(design::TOPOLOGY.to_owned(), Inputs { value: topology(fabric), ..Inputs::default() });
    let deployed: Vec<&FabricDevice> = fabric.device.iter().filter(|device| device.deployed).collect();
    if !deployed.is_empty() {
        mainline.apply(&layout(&deployed), &author);
        let value = json!({ design::ROOTS: [ROOT] });
        mainline.inputs.insert(design::STATIC.to_owned(), Inputs { value, ..Inputs::default() });
    }
    state.mainline = Arc::new(mainline);
    for open in &fabric.workspace {
        let draft = Draft::new(Arc::clone(&state.mainline));
        state.drafts.insert(open.id.clone(), draft);
        let workspace = Workspace {
            key: Some(keys::workspace(&open.id)),
            display_name: Some(open.name.clone()),
            created_at: Some(author.time),
            created_by: Some(open.by.clone()),
            last_modified_at: Some(author.time),
            last_modified_by: Some(open.by.clone()),
            state: WorkspaceState::Pending.into(),
            needs_build: Some(false),
            needs_rebase: Some(false),
            ..Default::default()
        };
        state.workspaces.put(&open.id, workspace, author.time);
    }
    for told in &fabric.change {
        tell(state, fabric, told);
    }
    validate::all(state);
}

/// A device as the inventory has it.
fn inventory(device: &FabricDevice, time: Timestamp) -> Device {
    let status = if device.active { StreamingStatus::Active } else { StreamingStatus::Inactive };
    Device {
        key: Some(DeviceKey { device_id: Some(device.serial.clone()) }),
        software_version: Some(device.version.clone()),
        model_name: Some(device.model.clone()),
        fqdn: Some(format!("{}.{DOMAIN}", device.hostname)),
        hostname: Some(device.hostname.clone()),
        system_mac_address: Some(device.mac.clone()),
        boot_time: Some(time),
        streaming_status: status.into(),
    }
}

/// The inputs of the Inventory and Topology studio.
fn topology(fabric: &Fabric) -> Value {
    let entry = |device: &FabricDevice| {
        json!({
            "inputs": { "device": {
                "hostname": device.hostname, "macAddress": device.mac, "modelName": device.model, "interfaces": [],
            } },
            "tags": { "query": format!("device:{}", device.serial) },
        })
    };
    let registered = fabric.device.iter().filter(|device| device.registered);
    json!({ "devices": registered.map(entry).collect::<Vec<_>>() })
}

/// The configlets and containers that earlier deploys left.
fn layout(devices: &[&FabricDevice]) -> Edits {
    let id = |device: &FabricDevice| format!("avd-{}", device.serial);
    let mut edits = Edits::default();
    for device in devices {
        let description = Some(format!("Configuration created and uploaded by AVD for {}", device.hostname));
        let configlet = ConfigletConfig {
            display_name: Some(format!("AVD-{}", device.hostname)),
            description: description.clone(),
            body: Some(device.running_configuration()),
            ..Default::default()
        };
        edits.configlets.insert(id(device), configlet);
        let container = ConfigletAssignmentConfig {
            display_name: Some(device.hostname.clone()),
            description,
            configlet_ids: Some(RepeatedString { values: vec![id(device)] }),
            child_assignment_ids: Some(RepeatedString::default()),
            query: Some(format!("device:{}", device.serial)),
            match_policy: MatchPolicy::MatchAll.into(),
            ..Default::default()
        };
        edits.assignments.insert(id(device), container);
    }
    let root = ConfigletAssignmentConfig {
        display_name: Some("AVD Configurations".to_owned()),
        description: Some("Configurations created and uploaded by AVD".to_owned()),
        configlet_ids: Some(RepeatedString::default()),
        child_assignment_ids: Some(RepeatedString { values: devices.iter().map(|device| id(device)).collect() }),
        query: Some("device:*".to_owned()),
        match_policy: MatchPolicy::MatchAll.into(),
        ..Default::default()
    };
    edits.assignments.insert(ROOT.to_owned(), root);
    edits
}

/// Makes a change control as it would be by now.
fn tell(state: &mut State, fabric: &Fabric, told: &FabricChange) {
    let by_name = |name: &String| fabric.device.iter().find(|device| device.hostname == *name);
    let devices = told.rows.iter().flatten().filter_map(by_name);
    let designed: BTreeMap<String, String> =
        devices.map(|device| (device.serial.clone(), device.configuration(VLANS + 1))).collect();
    let id = change::create(state, "", designed);
    let age = TimeDelta::try_seconds(i64::try_from(told.age_s).unwrap_or_default()).unwrap_or_default();
    let (made, time) = (timestamp(clock::now() - age), state.now());
    let serials = |row: &Vec<String>| row.iter().filter_map(by_name).map(|device| device.serial.clone()).collect();
    let rows: Vec<Vec<String>> = told.rows.iter().map(serials).collect();
    state.changes.edit(&id, time, |control| {
        let of_devices = control.device_id_to_stage_ids.clone().unwrap_or_default().values;
        let stages = |row: &Vec<String>| RepeatedString {
            values: row.iter().filter_map(|device| of_devices.get(device)).flat_map(|ids| ids.values.clone()).collect(),
        };
        let change = control.change.get_or_insert_default();
        change.name = Some(told.name.clone());
        change.notes = Some(told.notes.clone());
        (change.time, change.user) = (Some(made), Some(told.by.clone()));
        let root = change.root_stage_id.clone().unwrap_or_default();
        if let Some(root) = change.stages.get_or_insert_default().values.get_mut(&root) {
            root.rows = Some(RepeatedRepeatedString { values: rows.iter().map(stages).collect() });
        }
        let creation = control.creation.get_or_insert_default();
        (creation.time, creation.user) = (Some(made), Some(told.by.clone()));
        settle(control, told, made);
    });
}

/// Puts a change control where its fate has brought it.
fn settle(control: &mut ChangeControl, told: &FabricChange, made: Timestamp) {
    let after = |seconds: i64| Timestamp { seconds: made.seconds + seconds, nanos: made.nanos };
    let flag = |value, time| {
        Some(Flag { value: Some(value), notes: None, time: Some(time), user: Some("approver".to_owned()) })
    };
    if told.state != Fate::Pending {
        control.approve = flag(true, after(60));
    }
    let (status, reason, done_rows) = match told.state {
        Fate::Pending | Fate::Approved => return,
        Fate::Scheduled => {
            let now = timestamp(clock::now());
            let value = Timestamp { seconds: now.seconds + SCHEDULED_IN_S, nanos: 0 };
            control.schedule = Some(TimestampFlag {
                value: Some(value),
                notes: None,
                time: Some(after(90)),
                user: Some(told.by.clone()),
            });
            control.set_status(ChangeControlStatus::Scheduled);
            return;
        }
        Fate::Running => (ChangeControlStatus::Running, CompletionReason::Unspecified, 1),
        Fate::Completed => (ChangeControlStatus::Completed, CompletionReason::Success, usize::MAX),
        Fate::Failed => (ChangeControlStatus::Completed, CompletionReason::Failed, 1),
        Fate::Stopped => (ChangeControlStatus::Completed, CompletionReason::Stopped, 1),
    };
    control.start = flag(told.state != Fate::Stopped, after(120));
    control.set_status(status);
    control.set_completion_reason(reason);
    let error = (told.state == Fate::Failed).then(|| told.error.clone());
    control.error.clone_from(&error);
    let change = control.change.get_or_insert_default();
    let root = change.root_stage_id.clone().unwrap_or_default();
    let stages = &mut change.stages.get_or_insert_default().values;
    let rows = stages.get(&root).and_then(|root| root.rows.clone()).unwrap_or_default().values;
    for (at, row) in rows.iter().enumerate() {
        for id in &row.values {
            let Some(stage) = stages.get_mut(id) else { continue };
            if at < done_rows {
                stage.start_time = Some(after(120));
                run::end_stage(stage, after(180), error.clone());
            } else if at == done_rows && told.state == Fate::Running {
                stage.set_status(StageStatus::Running);
                stage.start_time = Some(after(180));
            }
        }
    }
    let ended = status == ChangeControlStatus::Completed;
    if let Some(root) = stages.get_mut(&root) {
        root.start_time = Some(after(120));
        root.end_time = ended.then(|| after(180));
        root.set_status(if ended { StageStatus::Completed } else { StageStatus::Running });
    }
}
