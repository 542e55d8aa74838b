//! What the gateway's firewall does: where it leads each port.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

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
    /// Whether everything is let through that no rule speaks of, and no rule keeps anything back; `None` where an earlier noctui
    /// did not keep that.
    #[serde(default)]
    pub lets_all: Option<bool>,
    /// Rules that lead ports on as no forward does, of UDP or for some sources alone: the service works beside them, and
    /// nothing ends them from here. Harmless text.
    #[serde(default)]
    pub others: Vec<String>,
    /// Rules of the chain PREROUTING over which the service stumbles: creating and deleting fails until they are gone.
    pub foreign: usize,
    /// The same of the chain FORWARD, as the listing has them; harmless text.
    #[serde(default)]
    pub foreign_ways: Vec<String>,
    /// The gateway's own rules that are missing at the head of that chain, as iptables takes them: the service passes over
    /// other ones in their place.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What puts that chain right in the gateway's shell, as long as its rules have these numbers; `None` where there is nothing
    /// to put right, or nobody knows how.
    #[serde(default)]
    pub head: Option<String>,
}

/// The chains of the firewall in which forwards have their rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Where ports are led on.
    Prerouting,
    /// Where packets are let through.
    Forward,
}

impl Chain {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Prerouting, Self::Forward];

    /// As iptables calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prerouting => "PREROUTING",
            Self::Forward => "FORWARD",
        }
    }

    /// What lists its rules in the gateway's shell.
    #[must_use]
    pub fn listing(self) -> String {
        let table = if self == Self::Prerouting { "-t nat " } else { "" };
        format!("sudo iptables {table}-L {} -n --line-numbers", self.name())
    }

    /// What is said where the service stumbles over a rule of these chains; of none where nobody knows which.
    #[must_use]
    pub fn stumbling(chains: &[Self]) -> String {
        let names: Vec<&str> = chains.iter().map(|chain| chain.name()).collect();
        let place = if names.is_empty() { String::new() } else { format!(" (chain {})", names.join(", ")) };
        format!(
            "a rule in the gateway's firewall{place} is no forward: nothing can be made or deleted until it is gone"
        )
    }
}

/// How many rules there are for one address and port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// Those that lead a port of the gateway there, somebody's own with them.
    pub led: usize,
    /// Those that let packets through to it; `None` where nobody knows.
    pub accepted: Option<usize>,
}

/// How many rules there are for every address and port.
#[derive(Debug, Default)]
pub struct Places<'f> {
    led: BTreeMap<(&'f str, u16), usize>,
    /// Where rules of somebody's own lead to.
    others: Vec<(&'f str, RangeInclusive<u16>)>,
    accepted: Option<BTreeMap<(&'f str, u16), usize>>,
}

impl<'f> Places<'f> {
    /// Counts the rules of a firewall.
    #[must_use]
    pub fn of(firewall: &'f Firewall) -> Self {
        let led = count(firewall.rules.iter().map(|rule| (rule.address.as_str(), rule.target)));
        let accepted = firewall.accepted.as_ref();
        let others = firewall.others.iter().filter_map(|rule| place_of(rule)).collect();
        Self {
            led,
            others,
            accepted: accepted.map(|ways| count(ways.iter().map(|way| (way.address.as_str(), way.target)))),
        }
    }

    /// Those for one address and port.
    #[must_use]
    pub fn at(&self, address: &str, target: u16) -> Ways {
        let of = |counted: &BTreeMap<(&str, u16), usize>| counted.get(&(address, target)).copied().unwrap_or(0);
        let is_there = |(to, ports): &&(&str, RangeInclusive<u16>)| *to == address && ports.contains(&target);
        let others = self.others.iter().filter(is_there).count();
        Ways { led: of(&self.led) + others, accepted: self.accepted.as_ref().map(of) }
    }
}

/// What is said of rules that are left of forwards which are gone. They are a fault of a lab only where they let something
/// through that would be kept back without them.
#[must_use]
pub fn leftover(left: &Way, lets_all: Option<bool>) -> String {
    let told = format!("the firewall lets packets through to {}, which no port leads to", left.words());
    match lets_all {
        Some(true) => format!("left over, and harmless: {told}"),
        Some(false) => format!("left over: {told}, and keeps others back: whoever has a way there can reach it"),
        None => format!("left over: {told}"),
    }
}

/// Where a rule of somebody's own leads: `... to:192.168.1.22:53`, or a range of ports.
fn place_of(rule: &str) -> Option<(&str, RangeInclusive<u16>)> {
    let (address, ports) = rule.rsplit_once(" to:")?.1.rsplit_once(':')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    Some((address, first.parse().ok()?..=last.parse().ok()?))
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

    /// The chains that have a rule over which the service stumbles.
    #[must_use]
    pub fn stumbles_over(&self) -> Vec<Chain> {
        let has = |chain: &Chain| match chain {
            Chain::Prerouting => self.foreign > 0,
            Chain::Forward => !self.foreign_ways.is_empty(),
        };
        Chain::ALL.into_iter().filter(has).collect()
    }

    /// What keeps anything from being made or deleted, with the rule where its listing is kept; or what keeps the service from
    /// finding rules that are there.
    #[must_use]
    pub fn hindrance(&self) -> Option<String> {
        let chains = self.stumbles_over();
        let which = match self.foreign_ways.as_slice() {
            [] => String::new(),
            [rule] => format!("; it says: {rule}"),
            [rule, rest @ ..] => format!("; it says: {rule}; and {} more", rest.len()),
        };
        if !chains.is_empty() {
            return Some(format!("{}{which}", Chain::stumbling(&chains)));
        }
        (!self.missing.is_empty()).then(|| self.passes_over())
    }

    /// What is said where rules of the gateway's own are missing at the head of the chain FORWARD.
    #[must_use]
    pub fn passes_over(&self) -> String {
        let are =
            if self.missing.len() == 1 { "a rule of the gateway's own is" } else { "rules of the gateway's own are" };
        format!(
            "{are} missing at the head of the chain FORWARD ({}): the service passes over the first two rules there, and does \
             not find a forward's in their place",
            self.missing.join("; ")
        )
    }

    /// The line for the gateway's shell that ends a hindrance, where it is known.
    #[must_use]
    pub fn clearing(&self) -> Option<String> {
        let others = self.stumbles_over().into_iter().filter(|chain| *chain != Chain::Forward);
        let looks = others.map(|chain| format!("{}, and delete that rule", chain.listing()));
        let is_forward = !self.foreign_ways.is_empty() || !self.missing.is_empty();
        let look = || format!("{} -v, and delete that rule", Chain::Forward.listing());
        let own = is_forward.then(|| self.head.clone().unwrap_or_else(look));
        let all: Vec<String> = own.into_iter().chain(looks).collect();
        (!all.is_empty()).then(|| all.join("; "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_stumbles_over_is_named_with_its_chain() {
        assert_eq!(Firewall::default().hindrance(), None);
        let nat = Firewall { foreign: 1, ..Firewall::default() };
        let told = nat.hindrance().unwrap();
        assert!(told.starts_with("a rule in the gateway's firewall (chain PREROUTING) is no forward"), "{told}");
        let rule = "DROP 0 -- 10.0.0.0/8 0.0.0.0/0".to_owned();
        let both = Firewall { foreign_ways: vec![rule.clone()], ..nat };
        let told = both.hindrance().unwrap();
        assert!(told.contains("(chain PREROUTING, FORWARD)") && told.ends_with(&rule), "{told}");
        assert_eq!(Chain::Forward.listing(), "sudo iptables -L FORWARD -n --line-numbers");
    }

    #[test]
    fn what_a_rule_of_somebodys_own_leads_to_is_not_left_over() {
        let way = |target| Way { address: "192.168.1.22".to_owned(), target };
        let others = [
            "DNAT 6 -- 10.0.0.0/8 0.0.0.0/0 tcp dpt:50097 to:192.168.1.22:22",
            "DNAT 6 -- 10.0.0.0/8 0.0.0.0/0 tcp dpts:6000:6010 to:192.168.1.22:5900-5910",
        ];
        let firewall = Firewall {
            accepted: Some([22, 5905, 443].map(way).to_vec()),
            others: others.map(str::to_owned).to_vec(),
            ..Firewall::default()
        };
        assert_eq!(firewall.left().into_keys().cloned().collect::<Vec<_>>(), [way(443)]);
        assert_eq!(Places::of(&firewall).at("192.168.1.22", 22).led, 1);
    }
}
