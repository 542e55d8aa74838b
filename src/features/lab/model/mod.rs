//! Forwards, machines, and what is known of them; no I/O.

mod component;
mod firewall;
mod inventory;
mod keep;
mod mend;
mod place;
mod row;
mod saved;
mod token;
mod wanted;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use component::{COMPONENTS, Component, Protocol, component};
pub use firewall::{Chain, Firewall, Led, Places, Rule, Way, Ways, leftover, other_rule};
pub use mend::{Mending, SAVE, accept_again, end_leftover, end_record, end_rules, ending};
pub use place::{BadPlace, Place, Target};
pub use row::{Key, Reach, Row, Since, State, power_words, rows};
pub use saved::{BadFile, Saved, Unusable};
pub use token::{Claims, Holding};
pub use wanted::{LONGEST_TEXT, Unwanted, Wanted};

/// A port of the gateway that leads to a port of a machine, as the gateway lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Forward {
    /// The gateway's port; one forward each.
    pub port: u16,
    /// The machine's name; harmless text.
    pub name: String,
    /// What the machine is, such as `CentOS`; harmless text.
    pub component: String,
    /// The machine's address inside of the lab. The gateway does not check it: it may be anything.
    pub address: String,
    /// The machine's port. 0 is possible and leads nowhere.
    pub target: u16,
}

impl Forward {
    /// Whether it leads where `wanted` wants to.
    #[must_use]
    pub fn is_for(&self, wanted: &Wanted) -> bool {
        self.name == wanted.name && self.address == wanted.address && self.target == wanted.target
    }

    /// What would make another one like it.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let Self { name, component, address, target, .. } = self.clone();
        Wanted { name, component, address, target }
    }

    /// `web01 22`: what it is called in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        titled(&self.name, &self.address, self.target)
    }
}

/// A machine and its port in a sentence; one without a name is called by its address.
fn titled(name: &str, address: &str, target: u16) -> String {
    format!("{} {target}", if name.trim().is_empty() { address } else { name })
}

/// A machine of the lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// What it is; empty where nobody says.
    pub component: String,
    /// Its IPv4 addresses, in the order told.
    pub addresses: Vec<String>,
    /// Whether the gateway's ping reaches it, which says nothing about ports; `None` until it was tried. Of a name with
    /// several addresses it is the answer of any of them.
    pub routable: Option<bool>,
    /// The same for each address that was tried, where the health check tells it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pings: BTreeMap<String, bool>,
    /// What the inventory says of its power, such as `poweredOn`; `None` where there is no inventory.
    pub power: Option<String>,
    /// Whether the inventory has it; `None` where there is no inventory.
    pub exists: Option<bool>,
}

impl Machine {
    /// Whether the gateway's ping reaches it at this address; `None` where it was not tried, or nobody tells which of several
    /// addresses was.
    #[must_use]
    pub fn routable_at(&self, address: &str) -> Option<bool> {
        let is_only = self.addresses.iter().all(|known| known == address);
        self.pings.get(address).copied().or_else(|| self.routable.filter(|_| is_only && self.pings.is_empty()))
    }

    /// What answers pings, or does not: each address by its key in [`Since`].
    pub fn pinged(&self, name: &str) -> impl Iterator<Item = (String, bool)> {
        let of = |address: &String| Some((self.since_key(name, address), self.routable_at(address)?));
        self.addresses.iter().filter_map(of)
    }

    /// By what the time is kept since when an address answers pings: the name, with the address where there are several.
    #[must_use]
    pub fn since_key(&self, name: &str, address: &str) -> String {
        if self.addresses.len() > 1 { format!("{name} {address}") } else { name.to_owned() }
    }

    /// Whether the inventory says that it is not running.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.power.as_deref().is_some_and(is_off)
    }
}

/// Whether a machine with this power is not running.
#[must_use]
pub fn is_off(power: &str) -> bool {
    let power = power.to_lowercase();
    power.ends_with("off") || power.starts_with("suspended")
}

/// All that a lab told at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The gateway's address on the outside, as it told it.
    pub gateway: String,
    /// The forwards, by port.
    pub forwards: Vec<Forward>,
    /// The machines by name.
    pub machines: BTreeMap<String, Machine>,
    /// The firewall; `None` where the health check was not read.
    pub firewall: Option<Firewall>,
    /// Forwards that could not be read.
    pub unreadable: usize,
    /// What was asked for and not told, or told and not believed: a sentence each.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// What was asked for and not told, with the time of what is known of it instead; `None` where nothing is.
    #[serde(default)]
    pub untold: BTreeMap<Part, Option<DateTime<Utc>>>,
}

/// What the gateway lists: the forwards by port, its address, and how many forwards could not be read.
pub type List = (Vec<Forward>, String, usize);

/// A part of what a lab tells that may be missing without keeping the rest away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What the firewall does.
    Health,
    /// The machines' addresses.
    Addresses,
    /// The front server's machines.
    Inventory,
}

impl Part {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health check",
            Self::Addresses => "addresses",
            Self::Inventory => "inventory",
        }
    }
}

/// The ports that a gateway has for forwards unless it was set up otherwise.
pub const PORTS: std::ops::RangeInclusive<u16> = 50_000..=50_100;

/// Whether so many forwards are nearly all that there is room for. A gateway gives its ports by chance: where so many of them
/// lie as close together as the usual ones do, they are from a pool of that size, whichever ports it has.
#[must_use]
pub fn fills_ports(forwards: &[Forward]) -> bool {
    let ports = || forwards.iter().map(|forward| forward.port);
    let span = ports().max().zip(ports().min()).map_or(0, |(last, first)| usize::from(last - first) + 1);
    forwards.len() * 10 >= PORTS.len() * 8 && span <= PORTS.len()
}

/// Whether so few ports are left that the gateway may find none: it tries a hundred times by chance.
#[must_use]
pub fn uses_up_ports(forwards: &[Forward]) -> bool {
    /// With more than so many the chance is less than one in a hundred.
    const FEW: usize = 4;
    fills_ports(forwards) && forwards.len() + FEW >= PORTS.len()
}

impl Snapshot {
    /// How full the gateway's ports are, once that should be known: many more fail by chance.
    #[must_use]
    pub fn is_nearly_full(&self) -> bool {
        fills_ports(&self.forwards)
    }

    /// That the gateway's ports are nearly all taken, where they are.
    #[must_use]
    pub fn crowding(&self) -> Option<String> {
        let (taken, all) = (self.forwards.len(), PORTS.len());
        let said =
            || format!("{taken} of the {all} ports that a gateway has are taken: delete forwards that nobody needs");
        self.is_nearly_full().then(said)
    }

    /// What the inventory holds against a forward to a machine of this name: it does not have it, or it is off. `None` where
    /// nothing is held against it, or there is no inventory that could.
    #[must_use]
    pub fn doubt_of(&self, name: &str) -> Option<String> {
        let machine = self.machines.get(name);
        let name = crate::text::clean_line(name);
        let has_inventory = || self.machines.values().any(|machine| machine.exists == Some(true));
        match machine.map(|machine| (machine.exists, machine.power.as_deref())) {
            Some((Some(false), _)) => Some(format!("the inventory has no machine {name}")),
            Some((_, Some(power))) if is_off(power) => {
                Some(format!("the inventory says that {name} is {}", power_words(power)))
            }
            None if has_inventory() => Some(format!("the inventory has no machine {name}")),
            Some(_) | None => None,
        }
    }

    /// What the firewall really does with a forward's port; `None` where nobody knows.
    #[must_use]
    pub fn led(&self, forward: &Forward) -> Option<Led<'_>> {
        Some(self.firewall.as_ref()?.led(forward))
    }

    /// Whether a forward is known to lead nowhere, or to somebody else.
    #[must_use]
    pub fn is_dead(&self, forward: &Forward) -> bool {
        self.led(forward).is_some_and(|led| led != Led::There)
    }

    /// A forward that leads where `wanted` wants to, and is not known to be dead; the lowest port counts.
    #[must_use]
    pub fn existing(&self, wanted: &Wanted) -> Option<&Forward> {
        let fitting = self.forwards.iter().filter(|forward| forward.is_for(wanted));
        fitting.filter(|forward| !self.is_dead(forward)).min_by_key(|forward| forward.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_of_the_usual_size_is_known_to_be_nearly_full_wherever_it_is() {
        let forward = |port| Forward {
            port,
            name: "web01".to_owned(),
            component: "CentOS".to_owned(),
            address: "192.168.1.20".to_owned(),
            target: 22,
        };
        let of = |ports: std::ops::Range<u16>| ports.map(forward).collect::<Vec<_>>();
        assert!(fills_ports(&of(50_000..50_081)) && !fills_ports(&of(50_000..50_080)));
        assert!(fills_ports(&of(51_000..51_101)));
        // So far apart they are from a larger pool.
        assert!(!fills_ports(&of(40_000..40_100).into_iter().chain([forward(42_000)]).collect::<Vec<_>>()));
    }

    #[test]
    fn a_dead_record_is_no_forward_to_use_again() {
        let forward = |port| Forward {
            port,
            name: "web01".to_owned(),
            component: "CentOS".to_owned(),
            address: "192.168.1.20".to_owned(),
            target: 22,
        };
        let rule = |port| Rule { port, address: "192.168.1.20".to_owned(), target: 22 };
        let mut snapshot = Snapshot { forwards: vec![forward(50_010), forward(50_004)], ..Snapshot::default() };
        let wanted = forward(0).wanted();
        assert_eq!(snapshot.existing(&wanted).map(|found| found.port), Some(50_004));
        snapshot.firewall = Some(Firewall { rules: vec![rule(50_010)], ..Firewall::default() });
        assert_eq!(snapshot.existing(&wanted).map(|found| found.port), Some(50_010));
        assert_eq!(snapshot.existing(&Wanted { target: 23, ..wanted.clone() }), None);
        // The first rule of a port counts: behind another one it leads nobody anywhere.
        let other = Rule { target: 8443, ..rule(50_010) };
        snapshot.firewall = Some(Firewall { rules: vec![other.clone(), rule(50_010)], ..Firewall::default() });
        assert_eq!(snapshot.existing(&wanted), None);
        assert_eq!(snapshot.led(&forward(50_010)), Some(Led::Elsewhere(&other)));
    }
}
