//! Which device of the inventory each wanted device is. A device that is missing, or could be several, is never guessed.

use std::collections::BTreeMap;

use crate::features::cloudvision::client::inventory::Sought;
use crate::features::cloudvision::model::{Deployment, Device, DeviceId, Wanted};

/// A wanted device, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its index in the deployment.
    pub wanted: usize,
    /// The name that the deployment gives it.
    pub hostname: String,
    /// Its serial number.
    pub id: DeviceId,
    /// Its system MAC address, as the inventory writes it.
    pub mac: String,
    /// Whether it streams now.
    pub streaming: bool,
}

/// Why a wanted device was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPlaced {
    /// The inventory has no such device.
    #[error("{hostname} is not in CloudVision's inventory (looked for by {by})")]
    Missing {
        /// The wanted name.
        hostname: String,
        /// `serial number ABC`.
        by: String,
    },
    /// Several devices of the inventory have that name or address.
    #[error("{hostname} could be any of {}", ids.join(", "))]
    Ambiguous {
        /// The wanted name.
        hostname: String,
        /// Their serial numbers.
        ids: Vec<String>,
    },
    /// Two wanted devices are one.
    #[error("{} are the same device, {id}", hostnames.join(" and "))]
    Same {
        /// The wanted names.
        hostnames: Vec<String>,
        /// Its serial number.
        id: DeviceId,
    },
}

/// What to look for.
pub(super) fn sought(wanted: &Wanted) -> Sought<'_> {
    match (wanted.serial.as_deref(), wanted.mac.as_deref()) {
        (None, None) => Sought::Hostname(&wanted.hostname),
        (serial, mac) => Sought::Hardware { serial, mac },
    }
}

/// Finds every wanted device in what the inventory answered.
///
/// # Errors
/// All that were not found, in the order of the deployment.
pub(super) fn place(deployment: &Deployment, inventory: &[Device]) -> Result<Vec<Placed>, Vec<NotPlaced>> {
    let index = Index::new(inventory);
    let mut placed = Vec::with_capacity(deployment.devices.len());
    let mut problems = Vec::new();
    let mut taken: BTreeMap<&DeviceId, Vec<String>> = BTreeMap::new();
    for (at, wanted) in deployment.devices.iter().enumerate() {
        match index.find(wanted) {
            Ok(device) => {
                taken.entry(&device.id).or_default().push(wanted.hostname.clone());
                placed.push(Placed {
                    wanted: at,
                    hostname: wanted.hostname.clone(),
                    id: device.id.clone(),
                    mac: device.mac.clone(),
                    streaming: device.streaming,
                });
            }
            Err(problem) => problems.push(problem),
        }
    }
    let twice = taken.into_iter().filter(|(_, hostnames)| hostnames.len() > 1);
    problems.extend(twice.map(|(id, hostnames)| NotPlaced::Same { hostnames, id: id.clone() }));
    if problems.is_empty() { Ok(placed) } else { Err(problems) }
}

/// Devices that were asked for by serial number or MAC address and have another name in the inventory: the wanted name, the
/// serial number, the name there. It may be what is meant, as after a replacement, or a digit too many.
pub(super) fn renamed<'a>(
    deployment: &'a Deployment,
    placed: &'a [Placed],
    inventory: &'a [Device],
) -> Vec<(String, DeviceId, String)> {
    let names: BTreeMap<_, _> = inventory.iter().map(|device| (&device.id, device.hostname.as_str())).collect();
    let other = |place: &'a Placed| {
        let wanted = deployment.devices.get(place.wanted)?;
        let is_by_hardware = wanted.serial.is_some() || wanted.mac.is_some();
        let name = names.get(&place.id).copied().filter(|name| is_by_hardware && !name.is_empty())?;
        let is_other = !name.eq_ignore_ascii_case(&place.hostname);
        is_other.then(|| (place.hostname.clone(), place.id.clone(), name.to_owned()))
    };
    placed.iter().filter_map(other).collect()
}

/// The inventory by what devices are looked for.
struct Index<'a> {
    /// By serial number.
    ids: BTreeMap<&'a str, &'a Device>,
    /// By system MAC address in lower case.
    macs: BTreeMap<String, Vec<&'a Device>>,
    /// By name.
    hostnames: BTreeMap<&'a str, Vec<&'a Device>>,
}

impl<'a> Index<'a> {
    /// Sorts the inventory. A device that was answered several times counts once.
    fn new(inventory: &'a [Device]) -> Self {
        let ids: BTreeMap<_, _> = inventory.iter().map(|device| (device.id.as_str(), device)).collect();
        let mut macs: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut hostnames: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for device in ids.values() {
            macs.entry(device.mac.to_ascii_lowercase()).or_default().push(*device);
            hostnames.entry(device.hostname.as_str()).or_default().push(*device);
        }
        Self { ids, macs, hostnames }
    }

    /// The device that is wanted.
    fn find(&self, wanted: &Wanted) -> Result<&'a Device, NotPlaced> {
        let hostname = || wanted.hostname.clone();
        let missing = |by: String| NotPlaced::Missing { hostname: hostname(), by };
        let one = |devices: Option<&Vec<&'a Device>>, by: String| match devices.map(Vec::as_slice) {
            Some([device]) => Ok(*device),
            Some([_, _, ..]) => {
                let ids = devices.into_iter().flatten().map(|device| device.id.to_string()).collect();
                Err(NotPlaced::Ambiguous { hostname: hostname(), ids })
            }
            _ => Err(missing(by)),
        };
        if let Some(serial) = wanted.serial.as_deref() {
            let device = self.ids.get(serial).copied();
            let is_it = |device: &&Device| wanted.mac.as_deref().is_none_or(|mac| device.mac.eq_ignore_ascii_case(mac));
            let by = match &wanted.mac {
                Some(mac) => format!("serial number {serial} and MAC address {mac}"),
                None => format!("serial number {serial}"),
            };
            return device.filter(is_it).ok_or_else(|| missing(by));
        }
        match wanted.mac.as_deref() {
            Some(mac) => one(self.macs.get(&mac.to_ascii_lowercase()), format!("MAC address {mac}")),
            None => one(self.hostnames.get(wanted.hostname.as_str()), "name".to_owned()),
        }
    }
}
