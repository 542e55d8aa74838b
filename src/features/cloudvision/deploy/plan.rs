//! What has to be written so that what is in force becomes what is wanted. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::layout::{self, ROOT, ROOTS, STATIC_STUDIO};
use super::lookup::Placed;
use super::survey::{Configurations, Surroundings};
use crate::features::cloudvision::client::configlet::{Container, NewConfiglet};
use crate::features::cloudvision::client::studio::Input;
use crate::features::cloudvision::client::tag::{Assignment, Element};
use crate::features::cloudvision::model::{Deployment, DeviceId, Label, TagLabel};

/// What becomes of a device's configuration in CloudVision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigPlan {
    /// None is wanted.
    None,
    /// There was none.
    New,
    /// There was another one.
    Changed,
    /// It is there already.
    Same,
}

/// What becomes of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePlan {
    /// The name that the deployment gives it.
    pub hostname: String,
    /// Its serial number.
    pub id: DeviceId,
    /// Whether it streams now.
    pub streaming: bool,
    /// What becomes of its configuration.
    pub config: ConfigPlan,
    /// Tags that it and its interfaces get.
    pub tags_added: Vec<TagLabel>,
    /// Tags that are taken from them.
    pub tags_removed: Vec<TagLabel>,
    /// Whether its place among containers or in the topology is written.
    pub placed_anew: bool,
    /// Whether it is brought what CloudVision holds for it already.
    pub again: bool,
}

impl DevicePlan {
    /// Whether it gets another configuration than it has, as far as CloudVision has told.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        matches!(self.config, ConfigPlan::New | ConfigPlan::Changed) || self.again
    }

    /// Whether anything is done for it.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_configured() || self.placed_anew || !self.tags_added.is_empty() || !self.tags_removed.is_empty()
    }
}

/// All that has to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Device by device, in the order of the deployment.
    pub devices: Vec<DevicePlan>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// Entries of the topology studio.
    pub(super) topology: Vec<Input>,
    /// The list of outermost containers.
    pub(super) roots: Option<Input>,
    /// Tags that do not exist.
    pub(super) tags: Vec<(Element, Label)>,
    /// Tags that devices and interfaces get.
    pub(super) assign: Vec<Assignment>,
    /// Tags that are taken from them.
    pub(super) unassign: Vec<Assignment>,
    /// Configurations.
    pub(super) configlets: Vec<NewConfiglet>,
    /// Containers of devices, and then their root.
    pub(super) containers: Vec<Container>,
}

impl Plan {
    /// Whether nothing has to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topology.is_empty()
            && self.roots.is_none()
            && self.tags.is_empty()
            && self.assign.is_empty()
            && self.unassign.is_empty()
            && self.configlets.is_empty()
            && self.containers.is_empty()
    }

    /// How many devices are changed.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.devices.iter().filter(|device| device.is_changed()).count()
    }
}

/// Whether any configuration or container has to be written, as far as these tell.
pub(super) fn changes_configurations(deployment: &Deployment, placed: &[Placed], known: &Configurations) -> bool {
    let mut plan = Plan::default();
    let _changed = plan_configurations(&mut plan, deployment, placed, known, false);
    !plan.configlets.is_empty() || !plan.containers.is_empty()
}

/// Whether any configuration that is wanted is in force already, as far as these tell.
pub(super) fn keeps_configurations(deployment: &Deployment, placed: &[Placed], known: &Configurations) -> bool {
    let (configs, _) = plan_configurations(&mut Plan::default(), deployment, placed, known, false);
    configs.values().any(|config| *config == ConfigPlan::Same)
}

/// Plans a deployment.
pub(super) fn plan(deployment: &Deployment, placed: &[Placed], known: &Configurations, around: &Surroundings) -> Plan {
    let mut plan = Plan::default();
    let (configs, mut moved) = plan_configurations(&mut plan, deployment, placed, known, around.is_rewritten);
    plan_topology(&mut plan, placed, around);
    let anew: BTreeSet<String> =
        around.topology.writes(placed).iter().filter_map(|write| serial_of(write, placed)).collect();
    moved.extend(anew);
    if deployment.devices.iter().any(|wanted| wanted.config.is_some()) {
        plan_roots(&mut plan, around);
    }
    plan_tags(&mut plan, deployment, placed, around);
    plan.devices = placed.iter().map(|device| device_plan(&plan, device, &configs, &moved)).collect();
    plan
}

/// The device that an entry of the topology is about.
fn serial_of(write: &Input, placed: &[Placed]) -> Option<String> {
    let device = write.value.pointer("/inputs/device").unwrap_or(&write.value);
    let hostname = device.get("hostname")?.as_str()?;
    placed.iter().find(|placed| placed.hostname == hostname).map(|placed| placed.id.as_str().to_owned())
}

/// What becomes of one device.
fn device_plan(
    plan: &Plan,
    device: &Placed,
    configs: &BTreeMap<String, ConfigPlan>,
    moved: &BTreeSet<String>,
) -> DevicePlan {
    let of = |assignments: &[Assignment]| {
        let own = assignments.iter().filter(|assignment| assignment.device == device.id);
        own.map(|it| TagLabel { interface: it.interface.clone(), label: it.label.clone() }).collect()
    };
    DevicePlan {
        hostname: device.hostname.clone(),
        id: device.id.clone(),
        streaming: device.streaming,
        config: configs.get(device.id.as_str()).copied().unwrap_or(ConfigPlan::None),
        tags_added: of(&plan.assign),
        tags_removed: of(&plan.unassign),
        placed_anew: moved.contains(device.id.as_str()),
        again: false,
    }
}

/// Plans configlets and containers. Returns what becomes of each configuration, and which devices get another place. Where
/// an earlier attempt has written to the workspace, its list of children is out of date and is written in any case.
fn plan_configurations(
    plan: &mut Plan,
    deployment: &Deployment,
    placed: &[Placed],
    known: &Configurations,
    is_rewritten: bool,
) -> (BTreeMap<String, ConfigPlan>, BTreeSet<String>) {
    let configlets: BTreeMap<_, _> = known.configlets.iter().map(|it| (it.id.as_str(), it)).collect();
    let containers: BTreeMap<_, _> = known.containers.iter().map(|it| (it.id.as_str(), it)).collect();
    let root = containers.get(ROOT);
    let mut children: Vec<String> = root.map(|root| root.children.clone()).unwrap_or_default();
    let (mut configs, mut moved, mut newcomers) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for device in placed {
        let Some(body) = deployment.devices.get(device.wanted).and_then(|wanted| wanted.config.clone()) else {
            continue;
        };
        let serial = device.id.as_str();
        let wanted = layout::configlet(serial, &device.hostname, body);
        let there = configlets.get(wanted.id.as_str());
        let is_same = there.is_some_and(|it| it.digest.as_deref() == Some(wanted.body.digest()));
        let is_named = there.is_some_and(|it| it.name == wanted.name && it.description == wanted.description);
        let becomes = match there {
            None => ConfigPlan::New,
            Some(_) if is_same => ConfigPlan::Same,
            Some(_) => ConfigPlan::Changed,
        };
        configs.insert(serial.to_owned(), becomes);
        if !(is_same && is_named) {
            plan.configlets.push(wanted);
        }
        let container = layout::container(serial, &device.hostname);
        let is_right = containers.get(container.id.as_str()).is_some_and(|it| is_alike(it, &container));
        if !children.contains(&container.id) {
            newcomers.insert(container.id.clone());
            moved.insert(serial.to_owned());
        }
        if !is_right {
            moved.insert(serial.to_owned());
            plan.containers.push(container);
        }
        warn_of_namesakes(plan, device, known);
    }
    if !configs.is_empty() && (root.is_none() || !newcomers.is_empty() || is_rewritten) {
        children.extend(newcomers);
        plan.containers.push(match root {
            Some(root) => Container { children, ..(**root).clone() },
            None => layout::root(children),
        });
    }
    (configs, moved)
}

/// Whether a device's container is as it should be.
fn is_alike(there: &Container, wanted: &Container) -> bool {
    (&there.name, &there.description, &there.query, &there.configlets)
        == (&wanted.name, &wanted.description, &wanted.query, &wanted.configlets)
}

/// Warns of containers that claim the device's name: after a replacement two configurations meet on one name.
fn warn_of_namesakes(plan: &mut Plan, device: &Placed, known: &Configurations) {
    let own = layout::id(device.id.as_str());
    let is_namesake = |it: &&Container| it.name == device.hostname && it.id != own && it.id != ROOT;
    for namesake in known.containers.iter().filter(is_namesake) {
        plan.warnings.push(crate::text::clean_line(&format!(
            "the container {} is called {} as well: if the device was replaced, remove it from the Static \
             Configuration studio",
            namesake.id, device.hostname
        )));
    }
}

/// Plans the topology.
fn plan_topology(plan: &mut Plan, placed: &[Placed], around: &Surroundings) {
    let writes = around.topology.writes(placed);
    plan.topology = match &around.seen_topology {
        None => writes,
        // What an earlier attempt wrote stands in the workspace, perhaps where somebody else has put an entry since.
        Some(seen) => around.topology.clone().with(&writes).repairs(seen),
    };
}

/// Plans the list of outermost containers: ours is the first, so that others may override it.
fn plan_roots(plan: &mut Plan, around: &Surroundings) {
    let mut roots = around.roots.clone();
    if !roots.iter().any(|root| root == ROOT) {
        roots.insert(0, ROOT.to_owned());
    }
    if *around.seen_roots.as_ref().unwrap_or(&around.roots) != roots {
        let value = Value::Array(roots.into_iter().map(Value::String).collect());
        plan.roots = Some(Input { studio: STATIC_STUDIO, path: vec![ROOTS.to_owned()], value });
        // Where containers are made anew it goes without saying.
        if plan.configlets.is_empty() && plan.containers.is_empty() {
            let what = "the Static Configuration studio does not know the container of all devices any more: it is put \
                        back, which may bring configurations to devices that change in nothing else";
            plan.warnings.push(what.to_owned());
        }
    }
}

/// Plans tags and what carries them. A device without wanted tags keeps all it has.
fn plan_tags(plan: &mut Plan, deployment: &Deployment, placed: &[Placed], around: &Surroundings) {
    let mut wanted: BTreeSet<Assignment> = BTreeSet::new();
    for device in placed {
        let tags = deployment.devices.get(device.wanted).into_iter().flat_map(|wanted| &wanted.tags);
        wanted.extend(tags.map(|tag| Assignment {
            device: device.id.clone(),
            interface: tag.interface.clone(),
            label: tag.label.clone(),
        }));
    }
    let labels: BTreeSet<_> = wanted.iter().map(|it| (it.element(), it.label.label.as_str())).collect();
    let devices: BTreeSet<_> = wanted.iter().map(|it| (it.element(), &it.device)).collect();
    let tags: BTreeSet<_> = wanted.iter().map(|it| (it.element(), it.label.clone())).collect();
    plan.tags = tags.difference(&around.tags).cloned().collect();
    plan.assign = wanted.difference(&around.assignments).cloned().collect();
    let is_in_question = |it: &&Assignment| {
        devices.contains(&(it.element(), &it.device))
            && (deployment.strict_tags || labels.contains(&(it.element(), it.label.label.as_str())))
    };
    plan.unassign = around.assignments.difference(&wanted).filter(is_in_question).cloned().collect();
}
