//! The rows of the one table: what is true of every forward and every machine.

mod table;

pub use table::rows;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::{Forward, Rule, is_off};

/// What came of a connection to a forward's port, made from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Reach {
    /// Something took it.
    Open {
        /// From the first packet to the connection.
        #[serde(rename = "latency_us", serialize_with = "as_micros")]
        latency: Duration,
        /// What it said of itself, made harmless; empty where it said nothing.
        banner: String,
    },
    /// Nothing listens behind it.
    Refused,
    /// No answer in time.
    TimedOut,
    /// There is no way there, and why.
    Failed {
        /// As the system says it.
        why: String,
    },
}

/// A length of time in JSON.
fn as_micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

impl Reach {
    /// Whether something took the connection.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The same, with the time that was measured `before` where that one is no news: times differ a little with each
    /// measurement, and a list that follows that never rests. News is a millisecond more or less, of longer times a fifth.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if let (Self::Open { latency, .. }, Some(Self::Open { latency: known, .. })) = (&mut self, before)
            && latency.abs_diff(*known) < (*known / 5).max(Duration::from_millis(1))
        {
            *latency = *known;
        }
        self
    }

    /// In words: `<1 ms`, `12 ms`, `refused`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Open { latency, .. } if latency.as_millis() == 0 => "<1 ms".to_owned(),
            Self::Open { latency, .. } => format!("{} ms", latency.as_millis()),
            Self::Refused => "refused".to_owned(),
            Self::TimedOut => "no answer".to_owned(),
            Self::Failed { why } => why.clone(),
        }
    }
}

/// What is true of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Listed, led on by the firewall as far as that is known, and something takes connections.
    Live,
    /// Listed, and nothing was measured yet.
    Unmeasured,
    /// Listed, and nothing takes connections.
    Unreachable,
    /// Another forward leads to the same place.
    Duplicate,
    /// The inventory has no such machine any more.
    Gone,
    /// Listed, and the firewall does not lead it there.
    Dead,
    /// The firewall leads a port on that is not listed.
    Unlisted,
    /// A machine without a forward.
    NoForward,
}

impl State {
    /// The word on the screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Unmeasured => "unmeasured",
            Self::Unreachable => "unreachable",
            Self::Duplicate => "duplicate",
            Self::Gone => "gone",
            Self::Dead => "dead",
            Self::Unlisted => "unlisted",
            Self::NoForward => "no-forward",
        }
    }

    /// Whether a clean-up proposes to remove it.
    #[must_use]
    pub const fn is_rubbish(self) -> bool {
        matches!(self, Self::Duplicate | Self::Gone | Self::Dead)
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Unreachable | Self::Duplicate | Self::Gone | Self::Dead | Self::Unlisted)
    }
}

/// What identifies a row, whatever becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A listed forward, by the gateway's port.
    Forward(u16),
    /// A rule that is not listed, by the gateway's port.
    Rule(u16),
    /// A machine without a forward, by name.
    Machine(String),
}

/// Since when a machine answers pings, or does not, as far as it was seen from here.
pub type Since = BTreeMap<String, DateTime<Utc>>;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is true of it.
    pub state: State,
    /// The machine's name; empty for a rule of which nobody knows the machine.
    pub name: String,
    /// What the machine is.
    pub component: String,
    /// Its address inside of the lab.
    pub address: String,
    /// Whether the gateway's ping reaches it.
    pub routable: Option<bool>,
    /// Since when that is so.
    pub since: Option<DateTime<Utc>>,
    /// What the inventory says of its power, such as `poweredOn`; `None` where there is no inventory.
    pub power: Option<String>,
    /// The machine's port; `None` without a forward.
    pub target: Option<u16>,
    /// What that port is for.
    pub protocol: Option<&'static str>,
    /// The gateway's port.
    pub port: Option<u16>,
    /// What was measured.
    pub reach: Option<Reach>,
    /// What makes the state more than a word: where a rule leads to, of which forward it is the duplicate.
    pub note: String,
    /// The rule that leads the port to another place, where the row's own rule stands behind it.
    #[serde(skip)]
    pub in_front: Option<Rule>,
    /// Whether the firewall leads it on and has no rule that lets its packets through: it works, since everything else is let
    /// through as well, and the service cannot delete it.
    #[serde(skip)]
    pub is_half: bool,
    /// The line for the gateway's shell that puts right what the service cannot.
    #[serde(skip)]
    pub mending: Option<String>,
}

/// What is said of a forward that has but one of its two rules.
const HALF: &str = "its rule of the chain FORWARD is missing, without which the service cannot delete it";

impl Row {
    /// What identifies it.
    #[must_use]
    pub fn key(&self) -> Key {
        match (self.port, self.state) {
            (Some(port), State::Unlisted) => Key::Rule(port),
            (Some(port), _) => Key::Forward(port),
            (None, _) => Key::Machine(self.name.clone()),
        }
    }

    /// Why the service cannot delete it; `None` where it can.
    #[must_use]
    pub fn undeletable(&self) -> Option<&'static str> {
        match (self.state, self.target) {
            (State::NoForward, _) => Some("there is no forward to delete"),
            (State::Unlisted, _) => Some("in no list: the service cannot delete it"),
            // Its rule stands behind another one, where the service finds it.
            (State::Dead, _) if self.in_front.is_none() => {
                Some("without its rule the service cannot delete the record")
            }
            (_, Some(0)) => Some("the service cannot delete a forward to port 0"),
            (_, _) if self.is_half => Some(HALF),
            (_, _) => None,
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.state.is_fault() || self.is_half
    }

    /// Whether the inventory says that its machine is not running.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.power.as_deref().is_some_and(is_off)
    }

    /// The forward that can be used as it is: a rule that nobody lists works as well as a listed one, as long as no other one
    /// comes first.
    #[must_use]
    pub fn usable(&self) -> Option<Forward> {
        let (port, target) = (self.port?, self.target?);
        let is_led = self.state != State::Dead && self.in_front.is_none();
        let Self { name, component, address, .. } = self.clone();
        is_led.then_some(Forward { port, name, component, address, target })
    }

    /// The forward, where the gateway lists one.
    #[must_use]
    pub fn forward(&self) -> Option<Forward> {
        let (port, target) = (self.port?, self.target?);
        let is_listed = self.state != State::Unlisted;
        let Self { name, component, address, .. } = self.clone();
        is_listed.then_some(Forward { port, name, component, address, target })
    }
}

/// `powered on` for `poweredOn`.
#[must_use]
pub fn power_words(power: &str) -> String {
    match power {
        "poweredOn" => "powered on".to_owned(),
        "poweredOff" => "powered off".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests;
