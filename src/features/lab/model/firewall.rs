//! What the gateway's firewall does: where it leads each port.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Forward;

/// A rule of the gateway's firewall that leads a port on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// The gateway's port.
    pub port: u16,
    /// Where to.
    pub address: String,
    /// The port there.
    pub target: u16,
}

/// An address of the lab and a port there, to which a rule of the chain FORWARD lets packets through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Way {
    /// The machine's address.
    pub address: String,
    /// The port there.
    pub target: u16,
}

/// What the health check tells of the gateway's firewall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// Of the service.
    pub version: String,
    /// The rules that lead ports on, in the firewall's order.
    pub rules: Vec<Rule>,
    /// The rules that let packets through, each as often as it is there; `None` where an earlier noctui did not keep them.
    #[serde(default)]
    pub accepted: Option<Vec<Way>>,
    /// Rules that lead ports on as no forward does, of UDP or for some sources alone: the service works beside them, and
    /// nothing ends them from here. Harmless text.
    #[serde(default)]
    pub others: Vec<String>,
    /// Rules in between over which the service stumbles: creating and deleting fails until they are gone.
    pub foreign: usize,
}

/// How many rules there are for one address and port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// Those that lead a port of the gateway there.
    pub led: usize,
    /// Those that let packets through to it; `None` where nobody knows.
    pub accepted: Option<usize>,
}

/// How many rules there are for every address and port.
#[derive(Debug, Default)]
pub struct Places<'f> {
    led: BTreeMap<(&'f str, u16), usize>,
    accepted: Option<BTreeMap<(&'f str, u16), usize>>,
}

impl<'f> Places<'f> {
    /// Counts the rules of a firewall.
    #[must_use]
    pub fn of(firewall: &'f Firewall) -> Self {
        let led = count(firewall.rules.iter().map(|rule| (rule.address.as_str(), rule.target)));
        let accepted = firewall.accepted.as_ref();
        Self { led, accepted: accepted.map(|ways| count(ways.iter().map(|way| (way.address.as_str(), way.target)))) }
    }

    /// Those for one address and port.
    #[must_use]
    pub fn at(&self, address: &str, target: u16) -> Ways {
        let of = |counted: &BTreeMap<(&str, u16), usize>| counted.get(&(address, target)).copied().unwrap_or(0);
        Ways { led: of(&self.led), accepted: self.accepted.as_ref().map(of) }
    }
}

/// What is said of rules that are left of forwards which are gone. They are no fault of a lab.
#[must_use]
pub fn leftover(left: &Way) -> String {
    format!("left over, and harmless: the firewall lets packets through to {}, which no port leads to", left.words())
}

/// What is said of a rule that leads packets on otherwise than a forward does.
#[must_use]
pub fn other_rule(rule: &str) -> String {
    format!("the gateway's firewall has a rule of somebody's own, which noctui leaves alone: {rule}")
}

/// How often each place is there.
fn count<'f>(places: impl Iterator<Item = (&'f str, u16)>) -> BTreeMap<(&'f str, u16), usize> {
    places.fold(BTreeMap::new(), |mut counted, place| {
        *counted.entry(place).or_default() += 1;
        counted
    })
}

/// Where a forward's port really leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Led<'f> {
    /// Where the forward says.
    There,
    /// By this rule to another place, whatever rule comes behind it.
    Elsewhere(&'f Rule),
    /// No rule has the port.
    Nowhere,
}

impl Way {
    /// `192.168.1.20:22`
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}:{}", self.address, self.target)
    }
}

impl Rule {
    /// Whether it leads a forward's port where the forward says.
    #[must_use]
    pub fn is_of(&self, forward: &Forward) -> bool {
        self.port == forward.port && self.address == forward.address && self.target == forward.target
    }
}

impl<'f> Led<'f> {
    /// By the rule that counts of a forward's port.
    #[must_use]
    pub fn by(rule: Option<&'f Rule>, forward: &Forward) -> Self {
        match rule {
            None => Self::Nowhere,
            Some(rule) if rule.is_of(forward) => Self::There,
            Some(rule) => Self::Elsewhere(rule),
        }
    }
}

impl Firewall {
    /// The rule that counts of each port: the first one.
    #[must_use]
    pub fn leading(&self) -> BTreeMap<u16, &Rule> {
        self.rules.iter().rev().map(|rule| (rule.port, rule)).collect()
    }

    /// Where a forward's port really leads.
    #[must_use]
    pub fn led(&self, forward: &Forward) -> Led<'_> {
        Led::by(self.rules.iter().find(|rule| rule.port == forward.port), forward)
    }

    /// What is left of forwards that are gone: rules that let packets through to where no port leads any more, which does no
    /// harm; and how many of each there are.
    #[must_use]
    pub fn left(&self) -> BTreeMap<&Way, usize> {
        let places = Places::of(self);
        let left = self.accepted.iter().flatten().filter(|way| places.at(&way.address, way.target).led == 0);
        left.fold(BTreeMap::new(), |mut counted, way| {
            *counted.entry(way).or_default() += 1;
            counted
        })
    }
}
