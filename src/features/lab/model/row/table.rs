//! The one table, made from what the gateway lists, what its firewall does, what the inventory has, and what was measured from
//! here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{HALF, Reach, Row, Since, State, power_words};
use crate::features::lab::model::{self, Firewall, Forward, Led, Machine, Part, Places, Rule, Snapshot, is_off, mend};

/// The table of a snapshot: by machine, then by its port. What was measured is by the gateway's port.
#[must_use]
pub fn rows(snapshot: &Snapshot, reached: &BTreeMap<u16, Reach>, since: &Since) -> Vec<Row> {
    let rules = snapshot.firewall.as_ref().map(Firewall::leading);
    let first = first_of_each(snapshot, rules.as_ref(), reached);
    let places = snapshot.firewall.as_ref().map(Places::of).unwrap_or_default();
    let table = Table { snapshot, reached, since, rules, first, places };
    let mut rows: Vec<Row> = snapshot.forwards.iter().map(|forward| table.listed(forward)).collect();
    rows.extend(table.unlisted().map(|rule| table.rule(rule)));
    let named: std::collections::BTreeSet<&str> =
        snapshot.forwards.iter().map(|forward| forward.name.as_str()).collect();
    let bare = snapshot.machines.iter().filter(|(name, _)| !named.contains(name.as_str()));
    rows.extend(bare.map(|(name, machine)| table.machine(name, machine)));
    for row in &mut rows {
        row.mending = mend::line(row, &table.places);
    }
    rows.sort_by(|one, other| order(one).cmp(&order(other)));
    rows
}

/// What rows are ordered by: rules without a machine come last.
fn order(row: &Row) -> (bool, &str, Option<u16>, Option<u16>) {
    (row.name.is_empty(), &row.name, row.target, row.port)
}

/// Of those forwards that lead to the same place, the one that is not a duplicate: one that works rather than one that
/// does not, then the lowest port.
fn first_of_each<'a>(
    snapshot: &'a Snapshot,
    rules: Option<&BTreeMap<u16, &Rule>>,
    reached: &BTreeMap<u16, Reach>,
) -> BTreeMap<Destination<'a>, u16> {
    let mut first: BTreeMap<Destination<'_>, (bool, u16)> = BTreeMap::new();
    for forward in &snapshot.forwards {
        if rules.is_some_and(|rules| Led::by(rules.get(&forward.port).copied(), forward) != Led::There) {
            continue;
        }
        let is_closed = reached.get(&forward.port).is_some_and(|reach| !reach.is_open());
        let candidate = (is_closed, forward.port);
        let held = first.entry(destination(forward)).or_insert(candidate);
        *held = candidate.min(*held);
    }
    first.into_iter().map(|(place, (_, port))| (place, port)).collect()
}

/// Machine, address and port that a forward leads to. Two machines may be told with one address: what leads to the one is no
/// duplicate of what leads to the other, since people look for it by its name.
type Destination<'a> = (&'a str, &'a str, u16);

/// Where a forward leads.
fn destination(forward: &Forward) -> Destination<'_> {
    (forward.name.as_str(), forward.address.as_str(), forward.target)
}

/// What rows are made from.
struct Table<'a> {
    snapshot: &'a Snapshot,
    reached: &'a BTreeMap<u16, Reach>,
    since: &'a Since,
    rules: Option<BTreeMap<u16, &'a Rule>>,
    first: BTreeMap<Destination<'a>, u16>,
    places: Places<'a>,
}

impl Table<'_> {
    /// A listed forward.
    fn listed(&self, forward: &Forward) -> Row {
        let reach = self.reached.get(&forward.port).cloned();
        let (state, mut note) = self.state(forward, reach.as_ref());
        let machine = self.snapshot.machines.get(&forward.name);
        let in_front = if state == State::Dead { self.in_front(forward) } else { None };
        let has_own = state != State::Dead || in_front.is_some();
        let is_half = has_own && self.places.at(&forward.address, forward.target).accepted == Some(0);
        if is_half {
            note = if note.is_empty() { HALF.to_owned() } else { format!("{note}; {HALF}") };
        }
        let protocol = model::component(&forward.component).protocol(forward.target);
        Row {
            state,
            name: forward.name.clone(),
            component: forward.component.clone(),
            address: forward.address.clone(),
            routable: machine.and_then(|machine| machine.routable_at(&forward.address)),
            since: machine.and_then(|machine| self.since(machine, &forward.name, &forward.address)),
            power: machine.and_then(|machine| machine.power.clone()),
            target: Some(forward.target),
            protocol: Some(protocol.as_str()),
            port: Some(forward.port),
            reach,
            note,
            in_front,
            is_half,
            mending: None,
        }
    }

    /// Since when a machine answers pings at an address, or does not.
    fn since(&self, machine: &Machine, name: &str, address: &str) -> Option<DateTime<Utc>> {
        self.since.get(&machine.since_key(name, address)).copied()
    }

    /// The rule that comes before a forward's own.
    fn in_front(&self, forward: &Forward) -> Option<Rule> {
        let first = self.rules.as_ref()?.get(&forward.port)?;
        let has_own = self.snapshot.firewall.iter().flat_map(|it| &it.rules).any(|rule| rule.is_of(forward));
        has_own.then(|| Rule::clone(first))
    }

    /// What is true of a listed forward, the worst first.
    fn state(&self, forward: &Forward, reach: Option<&Reach>) -> (State, String) {
        if let Some(rules) = &self.rules {
            match Led::by(rules.get(&forward.port).copied(), forward) {
                Led::There => {}
                Led::Nowhere => {
                    let is_old = self.snapshot.untold.contains_key(&Part::Health);
                    let note =
                        if is_old { "the firewall had no rule for it" } else { "the firewall has no rule for it" };
                    return (State::Dead, note.to_owned());
                }
                Led::Elsewhere(rule) => {
                    return (State::Dead, format!("the firewall leads it to {}:{}", rule.address, rule.target));
                }
            }
        }
        let machine = self.snapshot.machines.get(&forward.name);
        if machine.and_then(|machine| machine.exists) == Some(false) {
            let note = if reach.is_some_and(Reach::is_open) {
                "the inventory has no such machine, and yet something answers"
            } else {
                "the inventory has no such machine"
            };
            return (State::Gone, note.to_owned());
        }
        if let Some(first) = self.first.get(&destination(forward)).filter(|port| **port != forward.port) {
            return (State::Duplicate, format!("{first} leads there, too"));
        }
        match reach {
            None => (State::Unmeasured, String::new()),
            Some(Reach::Open { .. }) => (State::Live, String::new()),
            Some(reach) => {
                let power = machine.and_then(|machine| machine.power.as_deref()).filter(|power| is_off(power));
                let off =
                    power.map_or_else(String::new, |power| format!("{}, says the inventory; ", power_words(power)));
                (State::Unreachable, format!("{off}{} from here", reach.words()))
            }
        }
    }

    /// The rules that nobody lists: no record has their port, or the record's forward is elsewhere.
    fn unlisted(&self) -> impl Iterator<Item = &Rule> {
        let listed: BTreeMap<u16, &Forward> =
            self.snapshot.forwards.iter().map(|forward| (forward.port, forward)).collect();
        let rules = self.snapshot.firewall.iter().flat_map(|firewall| &firewall.rules);
        rules.filter(move |rule| listed.get(&rule.port).is_none_or(|forward| !rule.is_of(forward)))
    }

    /// A rule that is not listed. Its machine is known by its address, if at all.
    fn rule(&self, rule: &Rule) -> Row {
        let mut machines = self.snapshot.machines.iter();
        let machine = machines.find(|(_, machine)| machine.addresses.contains(&rule.address));
        let component = machine.map_or_else(String::new, |(_, machine)| machine.component.clone());
        let protocol = model::component(&component).protocol(rule.target);
        let reach = self.reached.get(&rule.port);
        let leading = self.rules.as_ref().and_then(|rules| rules.get(&rule.port).copied());
        let in_front = leading.filter(|leading| *leading != rule).cloned();
        let note = match (&in_front, reach) {
            (Some(_), _) => "in no list, and another rule of its port comes first",
            (None, Some(reach)) if !reach.is_open() => "in no list, and nothing answers behind it",
            (None, Some(_)) => "open, and in no list",
            (None, None) => "in no list",
        };
        Row {
            state: State::Unlisted,
            name: machine.map_or_else(String::new, |(name, _)| name.clone()),
            component,
            address: rule.address.clone(),
            routable: machine.and_then(|(_, machine)| machine.routable_at(&rule.address)),
            since: machine.and_then(|(name, machine)| self.since(machine, name, &rule.address)),
            power: machine.and_then(|(_, machine)| machine.power.clone()),
            target: Some(rule.target),
            protocol: Some(protocol.as_str()),
            port: Some(rule.port),
            reach: reach.filter(|_| in_front.is_none()).cloned(),
            note: note.to_owned(),
            in_front,
            is_half: false,
            mending: None,
        }
    }

    /// A machine without a forward.
    fn machine(&self, name: &str, machine: &Machine) -> Row {
        let address = machine.addresses.first().cloned().unwrap_or_default();
        Row {
            state: State::NoForward,
            name: name.to_owned(),
            component: machine.component.clone(),
            routable: machine.routable_at(&address),
            since: self.since(machine, name, &address),
            address,
            power: machine.power.clone(),
            target: None,
            protocol: None,
            port: None,
            reach: None,
            note: machine.power.as_deref().map(power_words).unwrap_or_default(),
            in_front: None,
            is_half: false,
            mending: None,
        }
    }
}
