//! What a lab did not tell this time is taken from what it told before, and marked as that old: a health check that stumbles
//! once makes no dead forward a living one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Firewall, Forward, List, Machine, Part, Rule, Snapshot, Way};

impl Snapshot {
    /// What a list says by itself.
    #[must_use]
    pub fn of_list((forwards, gateway, unreadable): List) -> Self {
        Self { gateway, forwards, unreadable, ..Self::default() }
    }

    /// Itself, which is what the gateway told at one time or a part of that, with the rest as it was known `before`, at `at`.
    #[must_use]
    pub fn renewing(mut self, before: &Self, at: DateTime<Utc>) -> Self {
        let has_inventory = before.machines.values().any(|machine| machine.exists.is_some());
        for (part, is_missing) in [
            (Part::Health, self.firewall.is_none() && before.firewall.is_some()),
            (Part::Addresses, self.machines.is_empty() && !before.machines.is_empty()),
            (Part::Inventory, has_inventory || before.untold.contains_key(&Part::Inventory)),
        ] {
            if is_missing {
                self.untold.entry(part).or_insert(None);
            }
        }
        self.with_known(before, at)
    }

    /// A forward was deleted: its record is gone, and its rules.
    pub fn forget(&mut self, gone: &Forward) {
        self.forwards.retain(|forward| forward.port != gone.port);
        let Some(firewall) = &mut self.firewall else { return };
        let rules = firewall.rules.len();
        firewall.rules.retain(|rule| !rule.is_of(gone));
        let is_its = |way: &Way| way.address == gone.address && way.target == gone.target;
        if firewall.rules.len() < rules
            && let Some(ways) = &mut firewall.accepted
            && let Some(at) = ways.iter().position(is_its)
        {
            ways.remove(at);
        }
    }

    /// Itself, with what it was not told from `before`, which was told at `at`.
    #[must_use]
    pub fn with_known(mut self, before: &Self, at: DateTime<Utc>) -> Self {
        let untold: Vec<Part> = self.untold.keys().copied().collect();
        for part in untold {
            let told_at = match before.untold.get(&part) {
                Some(Some(earlier)) => *earlier,
                // It was not known then, either.
                Some(None) => continue,
                None => at,
            };
            let is_known = match part {
                Part::Health => {
                    self.firewall = before.firewall.as_ref().map(|known| self.firewall_since(known, &before.forwards));
                    fill(&mut self.machines, &before.machines, with_pings);
                    self.firewall.is_some()
                }
                Part::Addresses => fill(&mut self.machines, &before.machines, with_addresses),
                Part::Inventory => fill(&mut self.machines, &before.machines, with_inventory),
            };
            if is_known {
                self.untold.insert(part, Some(told_at));
            }
        }
        self
    }

    /// The firewall as it was, but for the forwards that came and went since: of those nobody knows better.
    fn firewall_since(&self, known: &Firewall, before: &[Forward]) -> Firewall {
        let has = |forwards: &[Forward], port: u16| forwards.iter().any(|forward| forward.port == port);
        let is_gone = |rule: &&Rule| has(before, rule.port) && !has(&self.forwards, rule.port);
        let mut rules: Vec<Rule> = known.rules.iter().filter(|rule| !is_gone(rule)).cloned().collect();
        let mut accepted = known.accepted.clone();
        for Rule { address, target, .. } in known.rules.iter().filter(is_gone) {
            if let Some(ways) = &mut accepted
                && let Some(at) = ways.iter().position(|way| way.address == *address && way.target == *target)
            {
                ways.remove(at);
            }
        }
        let new = self.forwards.iter().filter(|forward| !before.contains(forward));
        for Forward { port, address, target, .. } in new {
            rules.retain(|rule| rule.port != *port);
            rules.push(Rule { port: *port, address: address.clone(), target: *target });
            let way = Way { address: address.clone(), target: *target };
            if let Some(ways) = &mut accepted {
                ways.push(way);
            }
        }
        Firewall { rules, accepted, ..known.clone() }
    }
}

/// Fills in what is known of machines from before. Whether anything was.
fn fill(
    machines: &mut BTreeMap<String, Machine>,
    before: &BTreeMap<String, Machine>,
    take: fn(&mut Machine, &Machine),
) -> bool {
    for (name, known) in before {
        take(machines.entry(name.clone()).or_default(), known);
    }
    !before.is_empty()
}

/// What the health check tells of a machine, where it is known at all.
fn with_pings(machine: &mut Machine, known: &Machine) {
    if machine.pings.is_empty() {
        machine.pings.clone_from(&known.pings);
    }
}

/// What the gateway tells of a machine.
fn with_addresses(machine: &mut Machine, known: &Machine) {
    if machine.component.is_empty() {
        machine.component.clone_from(&known.component);
    }
    if machine.addresses.is_empty() {
        machine.addresses.clone_from(&known.addresses);
    }
    machine.routable = machine.routable.or(known.routable);
    with_inventory(machine, known);
}

/// What the front server tells of a machine.
fn with_inventory(machine: &mut Machine, known: &Machine) {
    if machine.component.is_empty() {
        machine.component.clone_from(&known.component);
    }
    if machine.addresses.is_empty() {
        machine.addresses.clone_from(&known.addresses);
    }
    machine.exists = machine.exists.or(known.exists);
    if machine.power.is_none() {
        machine.power.clone_from(&known.power);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::model::{Since, rows};

    fn forward(port: u16, name: &str) -> Forward {
        let (component, address) = ("CentOS".to_owned(), "192.168.1.20".to_owned());
        Forward { port, name: name.to_owned(), component, address, target: 22 }
    }

    fn rule(port: u16) -> Rule {
        Rule { port, address: "192.168.1.20".to_owned(), target: 22 }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000 + second, 0).unwrap()
    }

    fn told(snapshot: &Snapshot) -> Vec<(Option<u16>, &'static str)> {
        let rows = rows(snapshot, &BTreeMap::new(), &Since::new());
        rows.iter().map(|row| (row.port, row.state.as_str())).collect()
    }

    #[test]
    fn what_was_dead_stays_dead_and_what_was_unlisted_stays_there_without_a_health_check() {
        let firewall = Firewall { rules: vec![rule(50_001), rule(50_004), rule(50_009)], ..Firewall::default() };
        let before = Snapshot {
            forwards: vec![forward(50_001, "web01"), forward(50_002, "web01"), forward(50_004, "web01")],
            firewall: Some(firewall),
            ..Snapshot::default()
        };
        let untold = BTreeMap::from([(Part::Health, None)]);
        // 50004 was deleted since, and 50005 was made.
        let forwards = vec![forward(50_001, "web01"), forward(50_002, "web01"), forward(50_005, "web01")];
        let now = Snapshot { forwards, untold, ..Snapshot::default() };
        assert!(told(&now).contains(&(Some(50_002), "duplicate")), "{:?}", told(&now));
        let now = now.with_known(&before, at(0));
        let states = told(&now);
        assert!(states.contains(&(Some(50_002), "dead")) && states.contains(&(Some(50_009), "unlisted")), "{states:?}");
        assert!(states.contains(&(Some(50_005), "duplicate")) && states.len() == 4, "{states:?}");
        assert_eq!(now.untold, BTreeMap::from([(Part::Health, Some(at(0)))]));
        // Once more: it is as old as it was.
        let later = Snapshot {
            untold: BTreeMap::from([(Part::Health, None)]),
            forwards: now.forwards.clone(),
            ..Snapshot::default()
        };
        assert_eq!(later.with_known(&now, at(60)).untold, now.untold);
    }

    #[test]
    fn a_list_by_itself_is_completed_and_what_is_deleted_leaves_no_rule() {
        let machine = Machine { exists: Some(true), ..Machine::default() };
        let way = || Way { address: "192.168.1.20".to_owned(), target: 22 };
        let firewall = Firewall { rules: vec![rule(50_001)], accepted: Some(vec![way()]), ..Firewall::default() };
        let before = Snapshot {
            forwards: vec![forward(50_001, "web01")],
            machines: BTreeMap::from([("web01".to_owned(), machine)]),
            firewall: Some(firewall),
            ..Snapshot::default()
        };
        let list = (vec![forward(50_001, "web01"), forward(50_007, "web01")], "198.51.100.2".to_owned(), 0);
        let mut now = Snapshot::of_list(list).renewing(&before, at(0));
        assert!(told(&now).contains(&(Some(50_007), "duplicate")), "{:?}", told(&now));
        assert_eq!((now.untold.values().flatten().count(), &now.machines), (3, &before.machines));
        now.forget(&forward(50_001, "web01"));
        assert_eq!(told(&now), [(Some(50_007), "unmeasured")]);
        assert_eq!(now.firewall.and_then(|it| it.accepted).map(|ways| ways.len()), Some(1));
        let bare = Snapshot::of_list((vec![], String::new(), 0)).renewing(&Snapshot::default(), at(0));
        assert_eq!(bare, Snapshot::default(), "nothing is awaited that was never known");
    }

    #[test]
    fn machines_do_not_vanish_because_their_addresses_are_not_told() {
        let machine =
            Machine { component: "CentOS".to_owned(), addresses: vec!["192.168.1.7".to_owned()], ..Machine::default() };
        let before = Snapshot { machines: BTreeMap::from([("db01".to_owned(), machine)]), ..Snapshot::default() };
        let untold = BTreeMap::from([(Part::Addresses, None), (Part::Inventory, None)]);
        let now = Snapshot { untold: untold.clone(), ..Snapshot::default() };
        let kept = now.clone().with_known(&before, at(0));
        assert_eq!(kept.machines, before.machines);
        assert_eq!(kept.untold.values().flatten().count(), 2);
        assert_eq!(now.clone().with_known(&now, at(0)).untold, untold, "nothing is known of it");
    }
}
