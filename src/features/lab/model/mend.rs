//! What puts right at the gateway what its service cannot put right: its owner types that there.

use std::net::Ipv4Addr;

use super::{Forward, Places, Row, Rule, State, Way, Ways};

/// The line that makes the service forget a record which it cannot delete.
#[must_use]
fn forget_record(port: u16) -> String {
    format!("sudo -u postgres psql vlab_ipam -c 'DELETE FROM ipam WHERE conn_port = {port}'")
}

/// What keeps the rules as they are for the next start.
pub const SAVE: &str = "sudo sh -c 'iptables-save > /etc/iptables/rules.v4'";

/// A rule that lets packets through, as iptables takes it.
fn accepting(address: Ipv4Addr, target: u16) -> String {
    format!("FORWARD -p tcp -d {address} --dport {target} -j ACCEPT")
}

/// A rule that leads a port on, as iptables takes it.
fn leading(port: u16, address: Ipv4Addr, target: u16) -> String {
    format!("PREROUTING -i ens160 -p tcp --dport {port} -j DNAT --to {address}:{target}")
}

/// The steps that end a rule, and as many of those that let its packets through as nothing needs without it. Each step goes on
/// where another has ended, so that a line of which a part was done can be typed again; but where other rules lead to the same
/// place, nothing is taken from them by that: only with the rule goes what lets its packets through.
fn end_rule(rule: &Rule, address: Ipv4Addr, ways: Ways) -> String {
    let others = ways.led.saturating_sub(1);
    // Where nobody knows, each has its own.
    let needless = ways.accepted.unwrap_or(others + 1).saturating_sub(others);
    let end = format!("sudo iptables -D {}", accepting(address, rule.target));
    let led = format!("sudo iptables -t nat -D {}", leading(rule.port, address, rule.target));
    let joint = if others == 0 { "; " } else { " && " };
    std::iter::once(led).chain(std::iter::repeat_n(end, needless)).collect::<Vec<_>>().join(joint)
}

/// The line that ends a rule and what lets its packets through; `None` for an address that is none: it comes from outside and
/// is going to be typed into a shell.
#[must_use]
pub fn end_rules(rule: &Rule, ways: Ways) -> Option<String> {
    Some(format!("{}; {SAVE}", end_rule(rule, rule.address.parse().ok()?, ways)))
}

/// The line that ends what is left of a forward that is gone: so many rules.
#[must_use]
pub fn end_leftover(left: &Way, rules: usize) -> Option<String> {
    let end = format!("sudo iptables -D {}; ", accepting(left.address.parse().ok()?, left.target));
    Some(format!("{}{SAVE}", end.repeat(rules)))
}

/// The line that ends a forward altogether, for one that the service cannot delete. Its record goes last, and only once its
/// rule is gone: without a record an open port would be in no list.
#[must_use]
pub fn ending(forward: &Forward, ways: Ways) -> Option<String> {
    let Forward { port, target, .. } = *forward;
    let address: Ipv4Addr = forward.address.parse().ok()?;
    let rule = Rule { port, address: forward.address.clone(), target };
    let rules = end_rule(&rule, address, ways);
    let is_led = format!("sudo iptables -t nat -C {} 2>/dev/null", leading(port, address, target));
    Some(format!("{rules}; {SAVE}; {is_led} || {}", forget_record(port)))
}

/// The line that ends a record without a rule, and what is left of its rules where nothing else needs that.
#[must_use]
pub fn end_record(forward: &Forward, ways: Ways) -> String {
    let way = Way { address: forward.address.clone(), target: forward.target };
    let rules = ways.accepted.filter(|rules| ways.led == 0 && *rules > 0);
    let left = rules.and_then(|rules| end_leftover(&way, rules)).map_or_else(String::new, |line| line + "; ");
    left + &forget_record(forward.port)
}

/// The line that gives a forward back what lets its packets through, where it lacks that: without it the service cannot delete
/// it.
#[must_use]
pub fn accept_again(forward: &Forward) -> Option<String> {
    let rule = accepting(forward.address.parse().ok()?, forward.target);
    Some(format!("sudo iptables -C {rule} 2>/dev/null || sudo iptables -A {rule}; {SAVE}"))
}

/// The line for the gateway's shell that puts right what the service cannot; `None` where it can, or no line does. Ends what is
/// dead or unlisted or leads to port 0, and completes what works and cannot be deleted.
pub(super) fn line(row: &Row, places: &Places<'_>) -> Option<String> {
    let (port, target) = (row.port?, row.target?);
    let ways = places.at(&row.address, target);
    let rule = || Rule { port, address: row.address.clone(), target };
    match row.state {
        State::NoForward => None,
        State::Unlisted => end_rules(&rule(), ways),
        // The service takes such a forward and can never delete it.
        _ if target == 0 => ending(&row.forward()?, ways),
        // What comes before its own rule has to go, and then it works.
        State::Dead => match &row.in_front {
            Some(first) => end_rules(first, places.at(&first.address, first.target)),
            None => Some(end_record(&row.forward()?, ways)),
        },
        _ if row.is_half => accept_again(&row.forward()?),
        State::Live | State::Unmeasured | State::Unreachable | State::Duplicate | State::Gone => None,
    }
}

/// Something that the service cannot put right, and the line for the gateway's shell that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// The forward that goes: a record that is dead, or what a rule in no list leads to, whose name may be empty.
    pub forward: Forward,
    /// Whether the gateway lists it.
    pub is_listed: bool,
    /// Whether the service can delete it afterwards, and does.
    pub is_half: bool,
    /// The line.
    pub line: String,
}

impl Mending {
    /// What ends a row by the gateway's shell; `None` where the service itself can, or no line does.
    #[must_use]
    pub fn of(row: &Row) -> Option<Self> {
        let (line, port, target) = (row.mending.clone()?, row.port?, row.target?);
        row.undeletable()?;
        let Row { name, component, address, is_half, .. } = row.clone();
        let forward = Forward { port, name, component, address, target };
        Some(Self { forward, is_listed: row.state != State::Unlisted, is_half, line })
    }

    /// Whether what stands at the gateway is still what this was made for.
    #[must_use]
    pub fn fits(&self, rows: &[Row]) -> bool {
        let is_same = |other: &Self| other.is_same(self) && other.is_half == self.is_half && other.line == self.line;
        rows.iter().filter_map(Self::of).any(|other| is_same(&other))
    }

    /// Whether the same is still to be put right, by whatever line: a part of this one may have been done.
    #[must_use]
    pub fn is_needed(&self, rows: &[Row]) -> bool {
        rows.iter().filter_map(Self::of).any(|other| other.is_same(self))
    }

    /// Whether the same stands at the gateway. Whose the address of a rule in no list is, is only guessed, and may be told by
    /// an inventory that did not come.
    fn is_same(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.forward.port, it.forward.address.clone(), it.forward.target);
        let is_same = if self.is_listed { self.forward == other.forward } else { place(self) == place(other) };
        is_same && self.is_listed == other.is_listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::model::Firewall;

    const DNAT: &str = "sudo iptables -t nat -D PREROUTING -i ens160 -p tcp --dport 50064 -j DNAT --to 192.168.1.20:22";
    const ACCEPT: &str = "sudo iptables -D FORWARD -p tcp -d 192.168.1.20 --dport 22 -j ACCEPT";

    fn row(state: State, address: &str) -> Row {
        Row {
            state,
            name: "web01".to_owned(),
            component: String::new(),
            address: address.to_owned(),
            routable: None,
            since: None,
            power: None,
            target: Some(22),
            protocol: None,
            port: Some(50_064),
            reach: None,
            note: String::new(),
            in_front: None,
            is_half: false,
            mending: None,
        }
    }

    /// A firewall with so many rules that lead to 192.168.1.20:22, and so many that let packets through to it.
    fn firewall(led: u16, accepted: usize) -> Firewall {
        let rule = |at| Rule { port: 50_064 + at, address: "192.168.1.20".to_owned(), target: 22 };
        let way = Way { address: "192.168.1.20".to_owned(), target: 22 };
        let accepted = Some(std::iter::repeat_n(way, accepted).collect());
        Firewall { rules: (0..led).map(rule).collect(), accepted, ..Firewall::default() }
    }

    fn mending(row: &Row, firewall: &Firewall) -> Option<String> {
        line(row, &Places::of(firewall))
    }

    #[test]
    fn only_what_the_service_cannot_mend_is_mended_by_hand() {
        let firewall = firewall(1, 1);
        let dead = mending(&row(State::Dead, "x; reboot"), &firewall).unwrap();
        assert!(dead.ends_with("WHERE conn_port = 50064'") && !dead.contains("reboot"), "{dead}");
        let unlisted = mending(&row(State::Unlisted, "192.168.1.20"), &firewall).unwrap();
        assert!(unlisted.contains("--dport 50064 -j DNAT --to 192.168.1.20:22"), "{unlisted}");
        assert_eq!(mending(&row(State::Unlisted, "$(reboot)"), &firewall), None);
        assert_eq!(mending(&row(State::Live, "192.168.1.20"), &firewall), None);
    }

    #[test]
    fn as_many_rules_end_as_nothing_needs_any_more() {
        let unlisted =
            |led, accepted| mending(&row(State::Unlisted, "192.168.1.20"), &firewall(led, accepted)).unwrap();
        assert_eq!(unlisted(1, 1), format!("{DNAT}; {ACCEPT}; {SAVE}"));
        assert_eq!(unlisted(1, 0), format!("{DNAT}; {SAVE}"));
        assert_eq!(unlisted(1, 2), format!("{DNAT}; {ACCEPT}; {ACCEPT}; {SAVE}"));
        // A healthy forward leads to the same place, and has the only one.
        assert_eq!(unlisted(2, 1), format!("{DNAT}; {SAVE}"));
        // Typed once more, it takes nothing from the other.
        assert_eq!(unlisted(2, 2), format!("{DNAT} && {ACCEPT}; {SAVE}"));
        let unknown = Firewall { accepted: None, ..firewall(1, 0) };
        assert_eq!(mending(&row(State::Unlisted, "192.168.1.20"), &unknown).unwrap(), unlisted(1, 1));
    }

    #[test]
    fn a_record_goes_after_its_rules_and_never_before() {
        let zero = Row { target: Some(0), ..row(State::Dead, "192.168.1.20") };
        let zero = mending(&zero, &Firewall::default()).unwrap();
        let (rules, record) = zero.split_once(" || ").unwrap();
        assert!(
            rules.ends_with("-C PREROUTING -i ens160 -p tcp --dport 50064 -j DNAT --to 192.168.1.20:0 2>/dev/null")
        );
        assert!(rules.starts_with("sudo iptables -t nat -D ") && rules.contains(SAVE), "{rules}");
        assert!(record.ends_with("WHERE conn_port = 50064'"), "{record}");
        // Of a deletion that stopped half-way something is left.
        let dead = |led, accepted| mending(&row(State::Dead, "192.168.1.20"), &firewall(led, accepted)).unwrap();
        assert!(dead(0, 2).starts_with(&format!("{ACCEPT}; {ACCEPT}; {SAVE}; sudo -u postgres ")), "{}", dead(0, 2));
        assert!(dead(1, 2).starts_with("sudo -u postgres "), "{}", dead(1, 2));
    }

    #[test]
    fn what_works_and_cannot_be_deleted_is_completed() {
        let half = Row { is_half: true, ..row(State::Live, "192.168.1.20") };
        let line = mending(&half, &firewall(1, 0)).unwrap();
        let rule = "FORWARD -p tcp -d 192.168.1.20 --dport 22 -j ACCEPT";
        assert_eq!(line, format!("sudo iptables -C {rule} 2>/dev/null || sudo iptables -A {rule}; {SAVE}"));
        let mending = Mending::of(&Row { mending: Some(line), ..half }).unwrap();
        assert!(mending.is_half && mending.is_listed);
    }
}
