//! Virtual machines, and what can be done with them; no I/O.
//!
//! KubeVirt has two objects for one machine: the definition (`VirtualMachine`), which stays while it is stopped, and the
//! instance (`VirtualMachineInstance`), which is there while it runs. Either may be there without the other.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The namespace and the name of a machine.
pub type Key = (String, String);

/// A definition, as far as it is of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// `status.printableStatus`, in KubeVirt's words.
    pub status: String,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// What its instances are made with.
    pub devices: Devices,
    /// When it is to run: `Always`, `Halted`, `Manual` and others.
    pub strategy: String,
}

/// An instance, as far as it is of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// `status.phase`, in KubeVirt's words.
    pub phase: String,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// Since when it runs.
    pub running_since: Option<DateTime<Utc>>,
    /// The machine that it runs on.
    pub node: Option<String>,
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// What runs in it, as its agent tells.
    pub guest: Option<String>,
    /// Processors.
    pub cpus: Option<u64>,
    /// Memory, as it is written.
    pub memory: Option<String>,
    /// Why its phase is what it is.
    pub reason: Option<String>,
    /// What it is made with.
    pub devices: Devices,
}

/// The devices that consoles need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Devices {
    /// A serial line.
    pub serial: bool,
    /// A screen.
    pub screen: bool,
    /// Whether what its serial line says is kept.
    pub serial_log: bool,
}

impl Default for Devices {
    fn default() -> Self {
        Self { serial: true, screen: true, serial_log: true }
    }
}

/// Something that is so, or is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What.
    pub kind: String,
    /// Whether.
    pub is_true: bool,
    /// Why, in a word and in a sentence; empty where nothing is said.
    pub reason: String,
    /// See [`Condition::reason`].
    pub message: String,
}

/// An interface of a running machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Its name in the definition; empty for one that only the guest knows.
    pub name: String,
    /// Its name in the guest.
    pub guest_name: String,
    /// Its MAC address.
    pub mac: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// `up`, `down`, or nothing known.
    pub link: String,
}

/// A machine, from both of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vm {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What stays.
    pub definition: Option<Definition>,
    /// What runs.
    pub instance: Option<Instance>,
}

/// What can be done to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Have it run.
    Start,
    /// Have it shut down.
    Stop,
    /// Stop and start it.
    Restart,
    /// Have its processors stand still.
    Pause,
    /// Have them go on.
    Unpause,
}

/// How a machine is doing, in one of few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Being {
    /// It runs.
    Running,
    /// It is on its way to something.
    Changing,
    /// It stands still.
    Paused,
    /// It does not run, and is not meant to.
    Stopped,
    /// Something keeps it from being what it should be.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl Action {
    /// As KubeVirt names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
        }
    }

    /// What is done while it is under way.
    #[must_use]
    pub fn doing(self) -> &'static str {
        match self {
            Self::Start => "starting",
            Self::Stop => "stopping",
            Self::Restart => "restarting",
            Self::Pause => "pausing",
            Self::Unpause => "unpausing",
        }
    }

    /// Whether the instance is asked, rather than the definition.
    #[must_use]
    pub fn is_for_instances(self) -> bool {
        matches!(self, Self::Pause | Self::Unpause)
    }
}

/// Every machine that either of its objects is there for.
#[must_use]
pub fn merge(definitions: &BTreeMap<Key, Definition>, instances: &BTreeMap<Key, Instance>) -> Vec<Vm> {
    let mut keys: Vec<&Key> = definitions.keys().chain(instances.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let vm = |key: &Key| Vm {
        namespace: key.0.clone(),
        name: key.1.clone(),
        definition: definitions.get(key).cloned(),
        instance: instances.get(key).cloned(),
    };
    keys.into_iter().map(vm).collect()
}

impl Vm {
    /// Its namespace and name.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// Its state in KubeVirt's words: that of the definition, which says more, else the phase.
    #[must_use]
    pub fn state(&self) -> &str {
        let status = self.definition.as_ref().map(|definition| definition.status.as_str());
        let phase = self.instance.as_ref().map(|instance| instance.phase.as_str());
        if self.is_paused() && status.is_none_or(|status| status == "Running") {
            return "Paused";
        }
        match (status.filter(|status| !status.is_empty()), phase.filter(|phase| !phase.is_empty())) {
            // What has ended does not run, whatever the definition says still.
            (Some("Running"), Some(phase @ ("Succeeded" | "Failed"))) | (None, Some(phase)) => phase,
            (Some(status), _) => status,
            (None, None) if self.instance.is_none() && self.definition.is_some() => "Stopped",
            (None, None) => "Unknown",
        }
    }

    /// The same in one of few words.
    #[must_use]
    pub fn being(&self) -> Being {
        match self.state() {
            "Running" => Being::Running,
            "Paused" => Being::Paused,
            "Stopped" | "Succeeded" | "Halted" => Being::Stopped,
            "Pending"
            | "Scheduling"
            | "Scheduled"
            | "Provisioning"
            | "Starting"
            | "Stopping"
            | "Terminating"
            | "Migrating"
            | "WaitingForVolumeBinding"
            | "WaitingForReceiver"
            | "WaitingForSync" => Being::Changing,
            "Unknown" => Being::Unknown,
            // Every other word of KubeVirt's is about what went wrong.
            _ => Being::Failed,
        }
    }

    /// Whether its instance runs, paused or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.instance.as_ref().is_some_and(|instance| instance.phase == "Running")
    }

    /// Whether it stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.is_running() && self.is("Paused")
    }

    /// Whether this condition of its instance or definition holds.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.conditions().any(|condition| condition.kind == kind && condition.is_true)
    }

    /// The conditions of its instance, then those of the definition that the instance does not have.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_instance = self.instance.as_ref().map_or(&[][..], |instance| &instance.conditions);
        let of_definition = self.definition.as_ref().map_or(&[][..], |definition| &definition.conditions);
        let is_new = |condition: &&Condition| of_instance.iter().all(|other| other.kind != condition.kind);
        of_instance.iter().chain(of_definition.iter().filter(is_new))
    }

    /// What its conditions say of why it failed; `None` where it did not, or they say nothing.
    #[must_use]
    pub fn why_failed(&self) -> Option<&str> {
        // A condition with another value than this is what went wrong, the most telling first.
        const SOUND: [(&str, bool); 3] = [("PodScheduled", true), ("Failure", false), ("Ready", true)];
        if self.being() != Being::Failed {
            return None;
        }
        SOUND.iter().find_map(|(kind, sound)| {
            let is_telling = |it: &&Condition| {
                it.kind == *kind && it.is_true != *sound && !(it.message.is_empty() && it.reason.is_empty())
            };
            let condition = self.conditions().find(is_telling)?;
            Some(if condition.message.is_empty() { condition.reason.as_str() } else { condition.message.as_str() })
        })
    }

    /// The devices that its instance has, or would have.
    #[must_use]
    pub fn devices(&self) -> Devices {
        let of_definition = || self.definition.as_ref().map(|definition| definition.devices);
        self.instance.as_ref().map(|instance| instance.devices).or_else(of_definition).unwrap_or_default()
    }

    /// Its addresses, the first of each interface first.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        let interfaces = self.instance.as_ref().map_or(&[][..], |instance| &instance.interfaces);
        let first = interfaces.iter().filter_map(|interface| interface.addresses.first());
        let others = interfaces.iter().flat_map(|interface| interface.addresses.iter().skip(1));
        first.chain(others).map(String::as_str).collect()
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Option<DateTime<Utc>> {
        let of_instance = || self.instance.as_ref().and_then(|instance| instance.created);
        self.definition.as_ref().and_then(|definition| definition.created).or_else(of_instance)
    }

    /// Why its serial line cannot be had; `None` where it can.
    #[must_use]
    pub fn no_serial(&self) -> Option<String> {
        let without = !self.devices().serial;
        self.no_console(without, "it has no serial line (autoattachSerialConsole: false)")
    }

    /// Why its screen cannot be had; `None` where it can.
    #[must_use]
    pub fn no_screen(&self) -> Option<String> {
        let without = !self.devices().screen;
        self.no_console(without, "it has no screen (autoattachGraphicsDevice: false)")
    }

    /// Why a console cannot be had.
    fn no_console(&self, is_without: bool, why: &str) -> Option<String> {
        match &self.instance {
            _ if is_without => Some(format!("{}: {why}", self.name)),
            // Its instance may not be seen; the cluster says whether there is one.
            None if self.is_said_to_run() => None,
            None => Some(format!("{} does not run", self.name)),
            Some(instance) if instance.phase != "Running" => {
                Some(format!("{} is {}, and only a running machine has a console", self.name, self.state()))
            }
            Some(_) => None,
        }
    }

    /// Whether its definition says that it runs.
    pub(super) fn is_said_to_run(&self) -> bool {
        let status = self.definition.as_ref().map(|definition| definition.status.as_str());
        matches!(status, Some("Running" | "Paused" | "Migrating"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn condition(kind: &str, is_true: bool) -> Condition {
        Condition { kind: kind.to_owned(), is_true, reason: String::new(), message: String::new() }
    }

    pub(in super::super) fn vm(status: Option<&str>, phase: Option<&str>, conditions: &[(&str, bool)]) -> Vm {
        let conditions = conditions.iter().map(|(kind, is)| condition(kind, *is)).collect();
        Vm {
            namespace: "lab".to_owned(),
            name: "leaf1".to_owned(),
            definition: status.map(|status| Definition { status: status.to_owned(), ..Definition::default() }),
            instance: phase.map(|phase| Instance { phase: phase.to_owned(), conditions, ..Instance::default() }),
        }
    }

    #[test]
    fn a_console_needs_a_running_machine_that_has_one() {
        assert!(vm(Some("Stopped"), None, &[]).no_serial().unwrap().contains("does not run"));
        assert!(vm(Some("Starting"), Some("Scheduled"), &[]).no_screen().unwrap().contains("Starting"));
        let mut running = vm(Some("Running"), Some("Running"), &[]);
        assert_eq!((running.no_serial(), running.no_screen()), (None, None));
        running.instance.as_mut().unwrap().devices.serial = false;
        assert!(running.no_serial().unwrap().contains("autoattachSerialConsole"));
    }

    #[test]
    fn why_a_machine_failed_is_what_its_conditions_say() {
        let mut broken =
            vm(Some("ErrorUnschedulable"), Some("Scheduling"), &[("Ready", false), ("PodScheduled", false)]);
        assert_eq!(broken.why_failed(), None);
        let conditions = &mut broken.instance.as_mut().unwrap().conditions;
        conditions[0].reason = "GuestNotRunning".to_owned();
        conditions
            .push(Condition { message: "PVC root is not shared".to_owned(), ..condition("LiveMigratable", false) });
        assert_eq!(broken.why_failed(), Some("GuestNotRunning"));
        broken.instance.as_mut().unwrap().conditions[1].message = "0/3 nodes are available".to_owned();
        assert_eq!(broken.why_failed(), Some("0/3 nodes are available"));
        broken.definition.as_mut().unwrap().status = "Running".to_owned();
        assert_eq!(broken.why_failed(), None);
    }

    #[test]
    fn the_state_is_kubevirts_word_and_one_of_few() {
        for (status, phase, state, being) in [
            (Some("Stopped"), None, "Stopped", Being::Stopped),
            (None, Some("Running"), "Running", Being::Running),
            (Some("ErrorPvcNotFound"), None, "ErrorPvcNotFound", Being::Failed),
            (Some("Migrating"), Some("Running"), "Migrating", Being::Changing),
            (Some(""), None, "Stopped", Being::Stopped),
            (Some("Running"), Some("Failed"), "Failed", Being::Failed),
            (Some("Running"), Some("Succeeded"), "Succeeded", Being::Stopped),
        ] {
            let vm = vm(status, phase, &[]);
            assert_eq!((vm.state(), vm.being()), (state, being));
        }
        assert_eq!(vm(Some("Running"), Some("Running"), &[("Paused", true)]).state(), "Paused");
    }
}
