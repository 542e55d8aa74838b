//! The API's JSON (`kubevirt.io/v1`) → machines. Everything that is shown of it is made harmless here.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::model::{Condition, Definition, Devices, Instance, Interface, Key};
use crate::text::clean_line;

/// Items of a list that are read.
const MOST: usize = 50_000;
/// Interfaces, addresses and conditions of one machine that are read.
const MOST_OF_ONE: usize = 64;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<O> {
    #[serde(default)]
    pub(super) metadata: ListMetadata,
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<O>,
}

/// What a list says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListMetadata {
    pub(super) resource_version: String,
    #[serde(rename = "continue")]
    pub(super) goes_on: Option<String>,
}

/// A line of a watch.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) object: serde_json::Value,
}

/// The numbers in an `ERROR` event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WatchError {
    pub(super) code: u16,
    pub(super) message: String,
}

/// What every object has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata {
    name: String,
    namespace: String,
    pub(super) resource_version: String,
    creation_timestamp: Option<DateTime<Utc>>,
}

impl Metadata {
    /// Where it is kept.
    fn key(&self) -> Key {
        (clean_line(&self.namespace), clean_line(&self.name))
    }
}

/// Something with nothing but a name: what bookmarks and deletions need.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) metadata: Metadata,
}

impl Named {
    /// The part of an object that every one has.
    pub(super) fn of(object: &serde_json::Value) -> Self {
        Self::deserialize(object).unwrap_or_default()
    }

    /// Where it is kept.
    pub(super) fn key(&self) -> Key {
        self.metadata.key()
    }
}

/// Either kind of object, as it is read.
pub(super) trait Object: serde::de::DeserializeOwned {
    /// What it becomes.
    type Out;

    /// Where it is kept, and what it says.
    fn read(self) -> (Key, Self::Out);
}

/// A `VirtualMachine`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VirtualMachine {
    metadata: Metadata,
    spec: VmSpec,
    status: VmStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VmSpec {
    running: Option<bool>,
    run_strategy: Option<String>,
    template: Option<Template>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: VmiSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VmStatus {
    printable_status: String,
    conditions: Option<Vec<WireCondition>>,
}

/// A `VirtualMachineInstance`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VirtualMachineInstance {
    metadata: Metadata,
    spec: VmiSpec,
    status: VmiStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VmiSpec {
    domain: Domain,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Domain {
    devices: WireDevices,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireDevices {
    autoattach_serial_console: Option<bool>,
    autoattach_graphics_device: Option<bool>,
    log_serial_console: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VmiStatus {
    phase: String,
    node_name: Option<String>,
    reason: Option<String>,
    interfaces: Option<Vec<WireInterface>>,
    conditions: Option<Vec<WireCondition>>,
    #[serde(rename = "guestOSInfo")]
    guest: Guest,
    memory: Memory,
    #[serde(rename = "currentCPUTopology")]
    topology: Topology,
    phase_transition_timestamps: Option<Vec<Transition>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireInterface {
    name: String,
    interface_name: String,
    mac: String,
    ip_address: Option<String>,
    ip_addresses: Option<Vec<String>>,
    link_state: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Guest {
    pretty_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Memory {
    guest_current: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Topology {
    cores: Option<u64>,
    sockets: Option<u64>,
    threads: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Transition {
    phase: String,
    phase_transition_timestamp: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireCondition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
}

/// The devices of a spec.
fn devices(spec: &VmiSpec) -> Devices {
    let devices = &spec.domain.devices;
    Devices {
        serial: devices.autoattach_serial_console != Some(false),
        screen: devices.autoattach_graphics_device != Some(false),
        serial_log: devices.log_serial_console != Some(false),
    }
}

/// What is so, and what is not.
fn conditions(written: Option<Vec<WireCondition>>) -> Vec<Condition> {
    let read = |condition: WireCondition| Condition {
        kind: clean_line(&condition.kind),
        is_true: condition.status == "True",
        reason: clean_line(&condition.reason.unwrap_or_default()),
        message: clean_line(&condition.message.unwrap_or_default()),
    };
    written.unwrap_or_default().into_iter().take(MOST_OF_ONE).map(read).collect()
}

/// A text, if it says anything.
fn said(text: Option<String>) -> Option<String> {
    text.map(|text| clean_line(&text)).filter(|text| !text.is_empty())
}

impl Object for VirtualMachine {
    type Out = Definition;

    fn read(self) -> (Key, Definition) {
        let Self { metadata, spec, status } = self;
        let running = |running: bool| if running { "Always" } else { "Halted" }.to_owned();
        let definition = Definition {
            status: clean_line(&status.printable_status),
            created: metadata.creation_timestamp,
            conditions: conditions(status.conditions),
            devices: spec.template.as_ref().map(|template| devices(&template.spec)).unwrap_or_default(),
            strategy: said(spec.run_strategy).or_else(|| spec.running.map(running)).unwrap_or_default(),
        };
        (metadata.key(), definition)
    }
}

impl Object for VirtualMachineInstance {
    type Out = Instance;

    fn read(self) -> (Key, Instance) {
        let Self { metadata, spec, status } = self;
        let began = status.phase_transition_timestamps.unwrap_or_default();
        let began = began.into_iter().rev().find(|one| one.phase == "Running");
        let Topology { cores, sockets, threads } = status.topology;
        let cpus = cores.map(|cores| {
            let times = sockets.unwrap_or(1).max(1).saturating_mul(threads.unwrap_or(1).max(1));
            cores.saturating_mul(times)
        });
        let interface = |one: WireInterface| {
            let first = said(one.ip_address);
            let others = one.ip_addresses.unwrap_or_default().into_iter().filter_map(|address| said(Some(address)));
            let others = others.filter(|address| Some(address) != first.as_ref()).take(MOST_OF_ONE);
            Interface {
                name: clean_line(&one.name),
                guest_name: clean_line(&one.interface_name),
                mac: clean_line(&one.mac),
                addresses: first.clone().into_iter().chain(others).collect(),
                link: clean_line(&one.link_state),
            }
        };
        let instance = Instance {
            phase: clean_line(&status.phase),
            created: metadata.creation_timestamp,
            running_since: began.and_then(|one| one.phase_transition_timestamp),
            node: said(status.node_name),
            interfaces: status.interfaces.unwrap_or_default().into_iter().take(MOST_OF_ONE).map(interface).collect(),
            conditions: conditions(status.conditions),
            guest: said(Some(status.guest.pretty_name)),
            cpus,
            memory: said(status.memory.guest_current),
            reason: said(status.reason),
            devices: devices(&spec),
        };
        (metadata.key(), instance)
    }
}

/// What a page has, the names of what of it cannot be read, and how the list goes on.
type Page<O> = (Vec<(Key, <O as Object>::Out)>, Vec<String>, ListMetadata);

/// A page of a list, and how it goes on.
pub(super) fn page<O: Object>(json: &[u8]) -> serde_json::Result<Page<O>> {
    if let Ok(list) = serde_json::from_slice::<List<O>>(json) {
        return Ok((list.items.into_iter().take(MOST).map(Object::read).collect(), Vec::new(), list.metadata));
    }
    // One that is not as it should be does not hide the others.
    let list: List<serde_json::Value> = serde_json::from_slice(json)?;
    let (mut items, mut unread) = (Vec::new(), Vec::new());
    for object in list.items.into_iter().take(MOST) {
        let name = Named::of(&object).key().1;
        match serde_json::from_value::<O>(object) {
            Ok(object) => items.push(object.read()),
            Err(error) => unread.push(clean_line(&format!("{name} ({error})"))),
        }
    }
    Ok((items, unread, list.metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of KubeVirt's own API types (`staging/src/kubevirt.io/api/core/v1/types.go`, release 1.x), written for this
    /// test.
    const INSTANCE: &str = r#"{
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": "leaf1", "namespace": "lab", "resourceVersion": "42", "creationTimestamp": "2026-11-20T10:00:00Z"},
        "spec": {"domain": {"devices": {"autoattachGraphicsDevice": false}}},
        "status": {
            "phase": "Running", "nodeName": "node-2",
            "interfaces": [{"name": "default", "mac": "02:00:00:00:00:01", "ipAddress": "192.0.2.20",
                            "ipAddresses": ["192.0.2.20", "2001:db8::20"], "interfaceName": "eth0", "linkState": "up"}],
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "AgentConnected", "status": "False", "reason": "\u001b[31mno"}],
            "guestOSInfo": {"prettyName": "Debian 13"}, "memory": {"guestCurrent": "2Gi"},
            "currentCPUTopology": {"cores": 2, "sockets": 2, "threads": 1},
            "phaseTransitionTimestamps": [{"phase": "Pending", "phaseTransitionTimestamp": "2026-11-20T10:00:00Z"},
                                          {"phase": "Running", "phaseTransitionTimestamp": "2026-11-20T10:00:09Z"}]
        }
    }"#;

    #[test]
    fn an_instance_is_read_with_all_that_is_shown_of_it() {
        let ((namespace, name), instance) = serde_json::from_str::<VirtualMachineInstance>(INSTANCE).unwrap().read();
        assert_eq!((namespace.as_str(), name.as_str()), ("lab", "leaf1"));
        assert_eq!(instance.interfaces[0].addresses, ["192.0.2.20", "2001:db8::20"]);
        assert_eq!((instance.cpus, instance.memory.as_deref()), (Some(4), Some("2Gi")));
        assert_eq!(instance.running_since.unwrap().to_rfc3339(), "2026-11-20T10:00:09+00:00");
        assert!(!instance.devices.screen && instance.devices.serial);
        assert!(!instance.conditions[1].is_true && !instance.conditions[1].reason.contains('\u{1b}'));
    }

    #[test]
    fn a_definition_is_read_in_its_old_and_its_new_form() {
        let read = |spec: &str| {
            let json = format!(
                r#"{{"metadata": {{"name": "a"}}, "spec": {spec}, "status": {{"printableStatus": "Stopped"}}}}"#
            );
            serde_json::from_str::<VirtualMachine>(&json).unwrap().read().1
        };
        assert_eq!(read(r#"{"running": true}"#).strategy, "Always");
        assert_eq!(read(r#"{"runStrategy": "Manual"}"#).strategy, "Manual");
        let template = r#"{"template": {"spec": {"domain": {"devices": {"autoattachSerialConsole": false}}}}}"#;
        assert!(!read(template).devices.serial);
        assert_eq!(read("{}").status, "Stopped");
    }

    #[test]
    fn a_page_tells_how_it_goes_on() {
        let json = format!(r#"{{"metadata": {{"resourceVersion": "7", "continue": "xyz"}}, "items": [{INSTANCE}]}}"#);
        let (items, _, metadata) = page::<VirtualMachineInstance>(json.as_bytes()).unwrap();
        assert_eq!(
            (items.len(), metadata.resource_version.as_str(), metadata.goes_on.as_deref()),
            (1, "7", Some("xyz"))
        );
        assert!(page::<VirtualMachine>(b"<html>").is_err());
    }

    #[test]
    fn an_object_that_cannot_be_read_hides_no_other() {
        let odd = r#"{"metadata": {"name": "odd"}, "status": {"phase": 7}}"#;
        let json = format!(r#"{{"metadata": {{"resourceVersion": "7"}}, "items": [{odd}, {INSTANCE}]}}"#);
        let (items, unread, _) = page::<VirtualMachineInstance>(json.as_bytes()).unwrap();
        assert_eq!(items[0].0.1, "leaf1");
        assert!(unread[0].starts_with("odd (invalid type"), "{unread:?}");
    }
}
