//! What the simulated cluster knows: machines, and everything that happened to them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::objects;
use crate::features::console::cluster::model::{Action, Key};
use crate::features::console::sim::Line;

/// Events that are kept; whoever watches from before them is told to list again.
const KEPT: usize = 1000;

/// A machine.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) key: Key,
    pub(super) number: usize,
    pub(super) power: Power,
    pub(super) node: String,
    pub(super) address: String,
    /// What its agent tells; empty where it has none.
    pub(super) guest: String,
    pub(super) created: String,
    /// Since when it runs.
    pub(super) since: String,
    pub(super) serial: Option<Arc<Line>>,
    pub(super) screen: Option<Arc<Line>>,
    /// What its serial line said before anybody looked.
    pub(super) serial_log: String,
}

/// How it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Stopped,
    Starting,
    Running,
    Paused,
    Stopping,
}

impl Power {
    /// In the words of a definition.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Stopped => "Stopped",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Paused => "Paused",
            Self::Stopping => "Stopping",
        }
    }

    /// In the words of an instance.
    pub(super) fn phase(self) -> &'static str {
        match self {
            Self::Stopped => "Succeeded",
            Self::Starting => "Scheduling",
            Self::Running | Self::Paused | Self::Stopping => "Running",
        }
    }
}

/// Something that happened to an object.
#[derive(Debug)]
struct Happened {
    version: u64,
    plural: &'static str,
    namespace: String,
    event: Value,
}

/// The state.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) machines: Vec<Machine>,
    version: u64,
    happened: Vec<Happened>,
}

/// The names of the two kinds in paths.
pub(super) const DEFINITIONS: &str = "virtualmachines";
pub(super) const INSTANCES: &str = "virtualmachineinstances";

impl State {
    /// Adds a machine, before anybody looks.
    pub(super) fn add(&mut self, machine: Machine) {
        self.version += 1;
        self.machines.push(machine);
    }

    /// The machine of this name.
    pub(super) fn machine(&self, namespace: &str, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.key.0 == namespace && machine.key.1 == name)
    }

    /// The version of everything.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Everything of one kind.
    pub(super) fn objects(&self, plural: &str, namespace: Option<&str>) -> Vec<Value> {
        let fits = |machine: &&Machine| namespace.is_none_or(|namespace| machine.key.0 == namespace);
        let machines = self.machines.iter().filter(fits);
        if plural == DEFINITIONS {
            return machines.map(|machine| objects::definition(machine, self.version)).collect();
        }
        let has_instance = |machine: &&Machine| machine.power != Power::Stopped;
        machines.filter(has_instance).map(|machine| objects::instance(machine, self.version)).collect()
    }

    /// What happened after `version`, as lines of a watch; `None` where it is too long ago.
    pub(super) fn since(&self, version: u64, plural: &str, namespace: Option<&str>) -> Option<Vec<&Value>> {
        let oldest = self.happened.first().map_or(self.version, |first| first.version - 1);
        if version < oldest {
            return None;
        }
        let fits = |one: &&Happened| {
            one.version > version
                && one.plural == plural
                && namespace.is_none_or(|namespace| one.namespace == namespace)
        };
        Some(self.happened.iter().filter(fits).map(|one| &one.event).collect())
    }

    /// Gives a machine another state, at this time; both of its objects tell.
    pub(super) fn set(&mut self, key: &Key, power: Power, now: &str) {
        let Some(at) = self.machines.iter().position(|machine| machine.key == *key) else { return };
        let Some(machine) = self.machines.get_mut(at) else { return };
        let before = machine.power;
        machine.power = power;
        if before == Power::Starting && power == Power::Running {
            now.clone_into(&mut machine.since);
        }
        self.version += 1;
        let version = self.version;
        let Some(machine) = self.machines.get(at) else { return };
        let kind = match (before, power) {
            (Power::Stopped, Power::Stopped) => None,
            (Power::Stopped, _) => Some("ADDED"),
            (_, Power::Stopped) => Some("DELETED"),
            _ => Some("MODIFIED"),
        };
        let changed = (DEFINITIONS, json!({"type": "MODIFIED", "object": objects::definition(machine, version)}));
        let instance =
            kind.map(|kind| (INSTANCES, json!({"type": kind, "object": objects::instance(machine, version)})));
        let namespace = machine.key.0.clone();
        for (plural, event) in [Some(changed), instance].into_iter().flatten() {
            self.happened.push(Happened { version, plural, namespace: namespace.clone(), event });
        }
        if self.happened.len() > KEPT {
            self.happened.drain(..KEPT / 2);
        }
    }

    /// Forgets what happened, so that whoever watches has to list again.
    pub(super) fn forget(&mut self) {
        self.happened.clear();
        self.version += 1;
    }

    /// What follows at once from an action, and what it becomes later; or KubeVirt's no.
    pub(super) fn act(&mut self, key: &Key, action: Action, now: &str) -> Result<Option<Power>, Value> {
        let Some(machine) = self.machine(&key.0, &key.1) else {
            let name = &key.1;
            let message = format!("virtualmachine.kubevirt.io \"{name}\" not found");
            return Err(objects::status(404, "NotFound", &message));
        };
        if let Some(no) = objects::conflict(key, action, machine.power) {
            return Err(no);
        }
        let (at_once, later) = match action {
            Action::Start | Action::Restart => (Power::Starting, Some(Power::Running)),
            Action::Stop => (Power::Stopping, Some(Power::Stopped)),
            Action::Pause => (Power::Paused, None),
            Action::Unpause => (Power::Running, None),
        };
        self.set(key, at_once, now);
        Ok(later)
    }
}
