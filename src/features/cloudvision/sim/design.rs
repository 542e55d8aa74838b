//! The configuration that a device is to have: what the containers of the Static Configuration studio add up to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mainline::Mainline;
use super::query;
use super::studio;
use crate::features::cloudvision::pb::configlet::{ConfigletAssignment, MatchPolicy};

/// The Static Configuration studio.
pub(super) const STATIC: &str = "studio-static-configlet";
/// The list of its outermost containers.
pub(super) const ROOTS: &str = "configletAssignmentRoots";
/// The Inventory and Topology studio.
pub(super) const TOPOLOGY: &str = "TOPOLOGY";
/// Containers within containers are followed this far, so that a ring of them ends.
const DEEPEST: usize = 16;

/// Configlets of devices, in the order in which they apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Design {
    /// Ids.
    pub(super) configlets: Vec<String>,
    /// All bodies, one after the other.
    pub(super) text: String,
}

/// The design of every device of the Inventory and Topology studio. A device that is not in that studio gets nothing:
/// studios do not know it.
pub(super) fn designs(mainline: &Mainline) -> BTreeMap<String, Design> {
    let mut designs: BTreeMap<String, Design> =
        registered(mainline).into_iter().map(|device| (device, Design::default())).collect();
    let roots = mainline.roots();
    let devices: Vec<String> = designs.keys().cloned().collect();
    for root in &roots {
        visit(mainline, root, &devices, DEEPEST, &mut designs);
    }
    for design in designs.values_mut() {
        for id in &design.configlets {
            design
                .text
                .push_str(mainline.configlets.get(id).and_then(|found| found.body.as_deref()).unwrap_or_default());
        }
    }
    designs
}

/// Gives the devices that a container matches its configlets, then those of its children. Returns the devices matched.
fn visit(
    mainline: &Mainline,
    id: &str,
    devices: &[String],
    depth: usize,
    designs: &mut BTreeMap<String, Design>,
) -> Vec<String> {
    let Some(container) = mainline.assignments.get(id).filter(|_| depth > 0) else { return Vec::new() };
    let mut matched = matched(mainline, container, devices);
    for device in &matched {
        if let Some(design) = designs.get_mut(device) {
            design.configlets.extend(container.configlet_ids.iter().flat_map(|ids| ids.values.clone()));
        }
    }
    let all = matched.clone();
    for child in container.child_assignment_ids.iter().flat_map(|ids| &ids.values) {
        let taken = visit(mainline, child, &matched, depth - 1, designs);
        if container.match_policy() == MatchPolicy::MatchFirst {
            matched.retain(|device| !taken.contains(device));
        }
    }
    all
}

/// The devices that a container's query matches.
fn matched(mainline: &Mainline, container: &ConfigletAssignment, devices: &[String]) -> Vec<String> {
    let query = container.query.as_deref().unwrap_or_default();
    if let Some(serial) = query.strip_prefix("device:").filter(|serial| !serial.contains(['*', ',', ' '])) {
        return devices.iter().filter(|device| device.as_str() == serial).cloned().collect();
    }
    let matches =
        |device: &&String| query::matches(query, device, &|label, value| mainline.has_tag(device, label, value));
    devices.iter().filter(matches).cloned().collect()
}

/// The serial numbers in the Inventory and Topology studio. Entries of its list may be null.
pub(super) fn registered(mainline: &Mainline) -> Vec<String> {
    let path = ["devices".to_owned()];
    let list =
        mainline.inputs.get(TOPOLOGY).and_then(|inputs| studio::get(&inputs.value, &path)).and_then(Value::as_array);
    let query = |entry: &Value| Some(entry.get("tags")?.get("query")?.as_str()?.strip_prefix("device:")?.to_owned());
    list.into_iter().flatten().filter_map(query).collect()
}
