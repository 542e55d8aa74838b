//! What the simulated CloudVision starts with: devices, what is in force, and change controls of the last days.

use std::fmt::Write as _;

use serde::Deserialize;

/// The fabric of the demo.
const DEMO: &str = include_str!("../../../../assets/demo/cloudvision.toml");
/// The demo's lab.
const LAB: &str = include_str!("../../../../assets/demo/lab.toml");
/// VLANs that devices of a fabric run.
pub(super) const VLANS: u32 = 3;

/// Devices and what happened to them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fabric {
    /// In any order.
    #[serde(default)]
    pub device: Vec<FabricDevice>,
    /// Oldest first.
    #[serde(default)]
    pub change: Vec<FabricChange>,
    /// Workspaces that somebody left open.
    #[serde(default)]
    pub workspace: Vec<FabricWorkspace>,
}

/// A device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FabricDevice {
    /// Its name; the domain is that of the fabric.
    pub hostname: String,
    /// Eleven letters and digits.
    pub serial: String,
    /// In colon notation.
    pub mac: String,
    /// As the vendor calls it.
    pub model: String,
    /// EOS.
    #[serde(default = "eos")]
    pub version: String,
    /// `spine`, `leaf` or `border`: what its configuration looks like, and its tag.
    pub role: String,
    /// Whether it streams.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether the Inventory and Topology studio has it.
    #[serde(default = "yes")]
    pub registered: bool,
    /// Whether the layout that deploys make is there already: its configlet, its container and their root.
    #[serde(default = "yes")]
    pub deployed: bool,
}

/// A change control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FabricChange {
    /// Its name.
    pub name: String,
    /// Who made it.
    pub by: String,
    /// Seconds before the start.
    pub age_s: u64,
    /// Hostnames; each row one after the other.
    pub rows: Vec<Vec<String>>,
    /// Its notes.
    #[serde(default)]
    pub notes: String,
    /// What became of it.
    pub state: Fate,
    /// Why it failed, if it did.
    #[serde(default)]
    pub error: String,
}

/// What became of a change control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Nobody approved it.
    Pending,
    /// Approved, not started.
    Approved,
    /// Approved, and starts by itself later.
    Scheduled,
    /// Its first row is done, its second one runs until it is stopped.
    Running,
    /// Ended well.
    Completed,
    /// Ended at its first row.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// A workspace that was left open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FabricWorkspace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub by: String,
}

/// The usual version of EOS.
fn eos() -> String {
    "4.32.2F".to_owned()
}

/// The usual answer.
fn yes() -> bool {
    true
}

impl Fabric {
    /// Reads one.
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// That of the demo.
    pub fn demo() -> Result<Self, toml::de::Error> {
        Self::read(DEMO)
    }

    /// That of the demo's lab.
    pub fn lab() -> Result<Self, toml::de::Error> {
        Self::read(LAB)
    }

    /// One of so many leaves that stream, are registered and were never deployed to.
    #[must_use]
    pub fn of_leaves(count: u32) -> Self {
        let device = |number: u32| FabricDevice {
            hostname: format!("leaf{number}"),
            serial: format!("SIM{number:08}"),
            mac: format!("00:1c:73:{:02x}:{:02x}:{:02x}", number >> 16 & 255, number >> 8 & 255, number & 255),
            model: "DCS-7050SX3-48YC8".to_owned(),
            version: eos(),
            role: "leaf".to_owned(),
            active: true,
            registered: true,
            deployed: false,
        };
        Self { device: (1..=count).map(device).collect(), ..Self::default() }
    }
}

impl FabricDevice {
    /// The configuration that it runs at first.
    #[must_use]
    pub fn running_configuration(&self) -> String {
        self.configuration(VLANS)
    }

    /// A configuration such as it would run, with `vlans` VLANs.
    #[must_use]
    pub fn configuration(&self, vlans: u32) -> String {
        let mut text = format!(
            "hostname {}\n!\nip name-server vrf MGMT 192.0.2.53\nntp server vrf MGMT 192.0.2.123\n!\n\
             spanning-tree mode mstp\nno enable password\nvrf instance MGMT\n!\n",
            self.hostname
        );
        for vlan in (0..vlans).map(|number| 110 + number * 10) {
            let _infallible = write!(text, "vlan {vlan}\n   name TENANT_{vlan}\n!\n");
        }
        let uplinks = if self.role == "spine" { 8 } else { 2 };
        for port in 1..=uplinks {
            let _infallible = write!(
                text,
                "interface Ethernet{port}\n   description {}\n   mtu 9214\n   no switchport\n   ip address 198.51.100.{}/31\n!\n",
                if self.role == "spine" { format!("to leaf {port}") } else { format!("to spine {port}") },
                port * 2,
            );
        }
        text.push_str("router bgp 65001\n   maximum-paths 4 ecmp 4\n!\nend\n");
        text
    }
}
