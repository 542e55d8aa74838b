//! Machines as the API has them (`kubevirt.io/v1`), in JSON.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::state::{Machine, Power};
use crate::features::console::cluster::model::{Action, Key};

/// When the first machine of the world was made.
pub(super) fn created(now: DateTime<Utc>, number: usize) -> String {
    let days = i64::try_from(number).unwrap_or(0) * 9 + 3;
    (now - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What every object says of itself.
fn metadata(machine: &Machine, version: u64) -> Value {
    json!({
        "name": machine.key.1, "namespace": machine.key.0, "resourceVersion": version.to_string(),
        "creationTimestamp": machine.created, "uid": format!("{:08x}-0000-4000-8000-000000000000", machine.number),
    })
}

/// The devices, as a spec has them.
fn domain(machine: &Machine) -> Value {
    json!({"domain": {"devices": {
        "autoattachSerialConsole": machine.serial.is_some(), "autoattachGraphicsDevice": machine.screen.is_some(),
    }}})
}

/// The `VirtualMachine`.
pub(super) fn definition(machine: &Machine, version: u64) -> Value {
    json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": metadata(machine, version),
        "spec": {"runStrategy": "Manual", "template": {"spec": domain(machine)}},
        "status": {
            "printableStatus": machine.power.status(),
            "ready": machine.power == Power::Running,
            "conditions": [{"type": "Ready", "status": truth(machine.power == Power::Running)}],
        },
    })
}

/// The `VirtualMachineInstance`.
pub(super) fn instance(machine: &Machine, version: u64) -> Value {
    let is_up = matches!(machine.power, Power::Running | Power::Paused);
    let mut status = json!({
        "phase": machine.power.phase(),
        "conditions": [
            {"type": "Ready", "status": truth(is_up)},
            {"type": "Paused", "status": truth(machine.power == Power::Paused)},
            {"type": "LiveMigratable", "status": "False", "reason": "DisksNotLiveMigratable",
             "message": "cannot migrate VMI: PVC root is not shared"},
            {"type": "AgentConnected", "status": truth(is_up && !machine.guest.is_empty())},
        ],
    });
    if let (true, Some(status)) = (is_up, status.as_object_mut()) {
        status.insert("nodeName".to_owned(), json!(machine.node));
        status.insert("guestOSInfo".to_owned(), json!({"prettyName": machine.guest}));
        status.insert("memory".to_owned(), json!({"guestCurrent": "2Gi"}));
        status.insert("currentCPUTopology".to_owned(), json!({"cores": 2, "sockets": 1, "threads": 1}));
        status.insert(
            "interfaces".to_owned(),
            json!([{"name": "default", "mac": format!("02:00:00:00:00:{:02x}", machine.number), "interfaceName": "eth0",
                    "ipAddress": machine.address, "ipAddresses": [machine.address], "linkState": "up"}]),
        );
        status.insert(
            "phaseTransitionTimestamps".to_owned(),
            json!([{"phase": "Running", "phaseTransitionTimestamp": machine.since}]),
        );
    }
    json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": metadata(machine, version),
        "spec": domain(machine), "status": status,
    })
}

/// As conditions say it.
fn truth(is_so: bool) -> &'static str {
    if is_so { "True" } else { "False" }
}

/// A `Status` that says no.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
           "reason": reason, "code": code})
}

/// What KubeVirt says to what cannot be done.
pub(super) fn conflict(key: &Key, action: Action, power: Power) -> Option<Value> {
    let why = match (action, power) {
        (Action::Start, Power::Running | Power::Paused | Power::Starting) => "VM is already running",
        (Action::Stop | Action::Restart, Power::Stopped)
        | (Action::Pause | Action::Unpause, Power::Stopped | Power::Starting | Power::Stopping) => "VM is not running",
        (Action::Pause, Power::Paused) => "VMI is already paused",
        (Action::Unpause, Power::Running) => "VMI is not paused",
        _ => return None,
    };
    let name = &key.1;
    Some(status(
        409,
        "Conflict",
        &format!("Operation cannot be fulfilled on virtualmachine.kubevirt.io \"{name}\": {why}"),
    ))
}
