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

/// A rule that lets packets through to an address and a port which no other rule leads to any more. It does no harm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leftover {
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
    /// What is left of forwards that are gone.
    #[serde(default)]
    pub left: Vec<Leftover>,
    /// Rules in between that are not forwards: creating and deleting fails until they are gone.
    pub foreign: usize,
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

impl Leftover {
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
}
