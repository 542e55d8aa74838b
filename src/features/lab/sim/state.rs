//! The database, the firewall, and what goes wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::features::lab::model::Rule;

/// Tries to find a free port before the service gives up with an error of its own.
const TRIES: usize = 100;

/// A row of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The gateway's port.
    pub port: u16,
    /// The machine's address, as it was given.
    pub address: String,
    /// The machine's port.
    pub target: u16,
    /// The machine's name.
    pub name: String,
    /// What it is.
    pub component: String,
    /// Whether it answers pings; `None` until it was tried.
    pub routable: Option<bool>,
}

/// A machine of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// What it is.
    pub component: String,
    /// Whether it is on.
    pub is_on: bool,
    /// Its addresses.
    pub addresses: Vec<String>,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The front server finds no name for the gateway.
    NoHost,
    /// The relay to the gateway is down.
    Unavailable,
    /// The relay waits too long.
    TimedOut,
    /// The connection is closed after the request was carried out.
    DropAfter,
    /// The connection is closed before anything is done.
    DropBefore,
    /// The answer is late.
    Late(Duration),
    /// The answer is cut off.
    Truncated,
    /// The database is down.
    DatabaseDown,
    /// Somebody's own rule is in the chain.
    ForeignRule,
    /// Saving the rules fails: the record goes, the rules stay.
    SaveFails,
    /// It says that a forward was made on this port, and makes none.
    Claims(u16),
    /// The second step of deleting fails: the record stays, the rule does not.
    FilterStepFails,
    /// Listing the firewall fails, before anything is changed by a deletion, and behind the first rule when something is made.
    ListingFails,
    /// It stumbles over something with this text, before anything is done.
    Stumbles(&'static str),
    /// It stumbles without a word, before anything is made.
    Crashes,
    /// The inventory's task does not end.
    Pending,
    /// Only requests of this method meet the other fault.
    For(&'static str, Box<Fault>),
}

/// The rules that lead ports on, and those that let packets through, as they are kept for the next start.
pub type Saved = (Vec<Rule>, Vec<(String, u16)>);

/// What is in force.
#[derive(Debug)]
pub struct State {
    /// The rows, in the order in which they were made.
    pub records: Vec<Record>,
    /// The rules that lead ports on.
    pub nat: Vec<Rule>,
    /// The rules that let packets through: address and port.
    pub filter: Vec<(String, u16)>,
    /// What becomes of packets that no rule of the chain FORWARD lets through: `ACCEPT` or `DROP`.
    pub policy: &'static str,
    /// Rules of somebody's own that lead packets on, as the listing has them: the service works beside them.
    pub own: Vec<String>,
    /// The same of the chain FORWARD: over these the service stumbles.
    pub own_ways: Vec<String>,
    /// The same in front of all others, the gateway's own with them.
    pub front_ways: Vec<String>,
    /// Both as they were saved last from the gateway's shell: what the next start brings back.
    pub saved: Option<Saved>,
    /// The front server's machines; `None` where it has no inventory.
    pub inventory: Option<BTreeMap<String, Guest>>,
    /// Accounts that are locked, with the message.
    pub locked: BTreeMap<String, String>,
    /// The address from which requests seem to come; `None` for the real one.
    pub seen_as: Option<String>,
    /// The gateway's address on the outside.
    pub gateway: String,
    /// Addresses of machines that are off.
    pub off: BTreeSet<String>,
    /// What goes wrong, and how often it still does.
    pub faults: Vec<(Fault, usize)>,
    /// What was asked.
    pub(super) calls: Vec<String>,
    /// The tasks of the inventory that were begun.
    pub(super) inventory_tasks: usize,
    pool: Option<(u16, u16)>,
    random: u64,
}

impl State {
    /// An empty gateway.
    pub(super) fn new(pool: Option<(u16, u16)>, seed: u64) -> Self {
        Self {
            records: Vec::new(),
            nat: Vec::new(),
            filter: Vec::new(),
            policy: "ACCEPT",
            own: Vec::new(),
            own_ways: Vec::new(),
            front_ways: Vec::new(),
            saved: None,
            inventory: None,
            locked: BTreeMap::new(),
            seen_as: None,
            gateway: "127.0.0.1".to_owned(),
            off: BTreeSet::new(),
            faults: Vec::new(),
            calls: Vec::new(),
            inventory_tasks: 0,
            pool,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    /// The next random number (xorshift64).
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// A port that no record has, by chance, and perhaps none.
    pub(super) fn free_port(&mut self) -> Option<u16> {
        let Some((first, last)) = self.pool else {
            // The system knows one that is free; rules without a record hold theirs with their listener.
            let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).ok()?;
            return socket.local_addr().ok().map(|address| address.port());
        };
        let span = u64::from(last.saturating_sub(first)) + 1;
        (0..TRIES).find_map(|_| {
            let port = first + u16::try_from(self.random() % span).unwrap_or(0);
            // It looks into its list alone: a rule that is in no list may have the port.
            (!self.records.iter().any(|record| record.port == port)).then_some(port)
        })
    }

    /// Every port of the pool that nothing has, from a place by chance on; of the system's own ports a handful that are free.
    pub(super) fn free_ports(&mut self) -> Vec<u16> {
        /// Others of this machine may be quicker with some of them.
        const OF_SYSTEM: usize = 20;
        let Some((first, last)) = self.pool else {
            return (0..OF_SYSTEM).filter_map(|_| self.free_port()).collect();
        };
        let taken: BTreeSet<u16> = self.ports_in_use().collect();
        let mut free: Vec<u16> = (first..=last).filter(|port| !taken.contains(port)).collect();
        if let Ok(count @ 1..) = u64::try_from(free.len()) {
            let start = usize::try_from(self.random() % count).unwrap_or(0);
            free.rotate_left(start);
        }
        free
    }

    /// The ports of records and of rules.
    fn ports_in_use(&self) -> impl Iterator<Item = u16> {
        let records = self.records.iter().map(|record| record.port);
        records.chain(self.nat.iter().map(|rule| rule.port))
    }

    /// The rules of a port go, its record stays.
    pub(super) fn drop_rules(&mut self, port: u16) {
        if let Some(rule) = self.nat.iter().find(|rule| rule.port == port).cloned() {
            self.drop_rule(&rule);
        }
    }

    /// Whether a rule leads this port anywhere.
    pub(super) fn is_led(&self, port: u16) -> bool {
        self.nat.iter().any(|rule| rule.port == port)
    }

    /// This rule goes, and what lets its packets through.
    pub(super) fn drop_rule(&mut self, rule: &Rule) {
        let Some(at) = self.nat.iter().position(|known| known == rule) else { return };
        self.nat.remove(at);
        if let Some(at) =
            self.filter.iter().position(|(address, target)| *address == rule.address && *target == rule.target)
        {
            self.filter.remove(at);
        }
    }

    /// Whether a rule of somebody's own is in the chain FORWARD.
    pub(super) fn has_foreign_ways(&self) -> bool {
        !self.own_ways.is_empty() || !self.front_ways.is_empty()
    }

    /// A fault that concerns a request of this method and that `wanted` is about; it counts.
    pub(super) fn meets(&mut self, method: &str, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let fits = |fault: &Fault| {
            if let Fault::For(of, inner) = fault { *of == method && wanted(inner) } else { wanted(fault) }
        };
        let at = self.faults.iter().position(|(fault, _)| fits(fault))?;
        let (fault, times) = self.faults.get_mut(at)?;
        let met = if let Fault::For(_, inner) = fault { (**inner).clone() } else { fault.clone() };
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.faults.remove(at);
        }
        Some(met)
    }

    /// The forwards that a filter lets through, as the service lists them.
    pub(super) fn list(&self, fits: impl Fn(&Record) -> bool) -> Value {
        let ports: Map<String, Value> = self
            .records
            .iter()
            .filter(|record| fits(record))
            .map(|record| {
                let body = json!({"name": record.name, "target_addr": record.address, "target_port": record.target,
                    "component": record.component});
                (record.port.to_string(), body)
            })
            .collect();
        json!({"ports": ports, "gateway_ip": self.gateway})
    }

    /// The addresses by name; of several rows of a name the last one says whether it is routable.
    pub(super) fn addresses(&self, fits: impl Fn(&Record) -> bool) -> Value {
        let mut names: Map<String, Value> = Map::new();
        for record in self.records.iter().filter(|record| fits(record)) {
            let entry = names.entry(record.name.clone()).or_insert_with(|| json!({"addr": []}));
            entry["component"] = record.component.clone().into();
            entry["routable"] = record.routable.into();
            if let Some(addresses) = entry["addr"].as_array_mut()
                && !addresses.iter().any(|known| known.as_str() == Some(&record.address))
            {
                addresses.push(record.address.clone().into());
            }
        }
        names.into()
    }

    /// The health check.
    pub(super) fn health(&self) -> Value {
        let mut nat =
            "Chain PREROUTING (policy ACCEPT)\nnum  target     prot opt source               destination         \n"
                .to_owned();
        for (number, rule) in self.nat.iter().enumerate() {
            let _infallible = writeln!(
                nat,
                "{:<4} DNAT       6    --  0.0.0.0/0            0.0.0.0/0            tcp dpt:{} to:{}:{}",
                number + 1,
                rule.port,
                rule.address,
                rule.target
            );
        }
        if self.faults.iter().any(|(fault, _)| *fault == Fault::ForeignRule) {
            let _infallible = writeln!(
                nat,
                "{:<4} REDIRECT   6    --  0.0.0.0/0            0.0.0.0/0            tcp dpt:80 redir ports 8080",
                self.nat.len() + 1
            );
        }
        for (number, rule) in self.own.iter().enumerate() {
            let _infallible = writeln!(nat, "{:<4} {rule}", self.nat.len() + number + 1);
        }
        let own = [
            "LOG        0    --  0.0.0.0/0            0.0.0.0/0            LOG flags 0 level 4",
            "ACCEPT     0    --  0.0.0.0/0            0.0.0.0/0           ",
        ];
        let ways = self.filter.iter().map(|(address, target)| {
            format!("ACCEPT     6    --  0.0.0.0/0            {address:<20} tcp dpt:{target}")
        });
        let front = self.front_ways.iter().cloned().chain(own.map(str::to_owned));
        let mut filter = format!(
            "Chain FORWARD (policy {})\nnum  target     prot opt source               destination         \n",
            self.policy
        );
        for (number, rule) in front.chain(ways).chain(self.own_ways.iter().cloned()).enumerate() {
            let _infallible = writeln!(filter, "{:<4} {rule}", number + 1);
        }
        let rows: Vec<Value> = self
            .records
            .iter()
            .map(|it| json!([it.port, it.address, it.target, it.name, it.component, it.routable]))
            .collect();
        json!({"version": "2019.7.3", "database": rows, "firewall": {"nat": nat, "filter": filter}})
    }

    /// The inventory's machines.
    pub(super) fn machines(&self) -> Value {
        let machines = self.inventory.iter().flatten().map(|(name, guest)| {
            let state = if guest.is_on { "poweredOn" } else { "poweredOff" };
            let body = json!({"state": state, "ips": guest.addresses, "networks": ["frontend"], "console": "",
                "moid": "vm-1", "meta": {"component": guest.component, "version": "1", "configured": true}});
            (name.clone(), body)
        });
        machines.collect::<Map<String, Value>>().into()
    }
}
