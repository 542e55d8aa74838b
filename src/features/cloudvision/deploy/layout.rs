//! Where deployments put things in CloudVision. Ids, names and layout are those of AVD and `CVProxy`, so that either can be
//! used in turn with noctui on one CloudVision.

use crate::features::cloudvision::client::configlet::{Container, NewConfiglet};
use crate::features::cloudvision::model::ConfigText;

/// The studio of static configurations.
pub(super) const STATIC_STUDIO: &str = "studio-static-configlet";
/// The list of its outermost containers.
pub(super) const ROOTS: &str = "configletAssignmentRoots";
/// The studio of inventory and topology.
pub(super) const TOPOLOGY_STUDIO: &str = "TOPOLOGY";
/// The container of all containers of devices.
pub(super) const ROOT: &str = "avd-configlets";

/// The id of a device's configlet, and of its container.
pub(super) fn id(serial: &str) -> String {
    format!("avd-{serial}")
}

/// What is said of a device's configlet and container.
fn description(hostname: &str) -> String {
    format!("Configuration created and uploaded by AVD for {hostname}")
}

/// The container of all containers of devices.
pub(super) fn root(children: Vec<String>) -> Container {
    Container {
        id: ROOT.to_owned(),
        name: "AVD Configurations".to_owned(),
        description: "Configurations created and uploaded by AVD".to_owned(),
        query: "device:*".to_owned(),
        configlets: Vec::new(),
        children,
    }
}

/// The container that brings a device its configlet.
pub(super) fn container(serial: &str, hostname: &str) -> Container {
    Container {
        id: id(serial),
        name: hostname.to_owned(),
        description: description(hostname),
        query: format!("device:{serial}"),
        configlets: vec![id(serial)],
        children: Vec::new(),
    }
}

/// The configlet that holds a device's configuration.
pub(super) fn configlet(serial: &str, hostname: &str, body: ConfigText) -> NewConfiglet {
    NewConfiglet { id: id(serial), name: format!("AVD-{hostname}"), description: description(hostname), body }
}
