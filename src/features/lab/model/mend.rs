//! What puts right at the gateway what its service cannot put right: its owner types that there.

use std::net::Ipv4Addr;

use super::{Forward, Leftover, Row, Rule, State};

/// The line that makes the service forget a record which it cannot delete.
#[must_use]
pub fn forget_record(port: u16) -> String {
    format!("sudo -u postgres psql vlab_ipam -c 'DELETE FROM ipam WHERE conn_port = {port}'")
}

/// What keeps the rules as they are for the next start.
const SAVE: &str = "sudo sh -c 'iptables-save > /etc/iptables/rules.v4'";

/// The line that ends a rule which lets packets through.
fn end_accepting(address: Ipv4Addr, target: u16) -> String {
    format!("sudo iptables -D FORWARD -p tcp -d {address} --dport {target} -j ACCEPT")
}

/// The lines that end a rule and what lets its packets through; `None` for an address that is none: it comes from outside and
/// is going to be typed into a shell.
#[must_use]
pub fn end_rules(rule: &Rule) -> Option<String> {
    let Rule { port, target, .. } = rule;
    let address: Ipv4Addr = rule.address.parse().ok()?;
    let led =
        format!("sudo iptables -t nat -D PREROUTING -i ens160 -p tcp --dport {port} -j DNAT --to {address}:{target}");
    Some(format!("{led} && {} && {SAVE}", end_accepting(address, *target)))
}

/// The lines that end what is left of a forward that is gone.
#[must_use]
pub fn end_leftover(left: &Leftover) -> Option<String> {
    let address: Ipv4Addr = left.address.parse().ok()?;
    Some(format!("{} && {SAVE}", end_accepting(address, left.target)))
}

/// The lines that end a forward altogether, for one that the service cannot delete.
#[must_use]
pub fn ending(forward: &Forward) -> Option<String> {
    let Forward { port, target, .. } = *forward;
    let rules = end_rules(&Rule { port, address: forward.address.clone(), target })?;
    Some(format!("{rules} && {}", forget_record(forward.port)))
}

/// The lines for the gateway's shell that end what is dead or unlisted, or leads to port 0; `None` where the service itself
/// can.
#[must_use]
pub fn mending(row: &Row) -> Option<String> {
    let (port, target) = (row.port?, row.target?);
    match row.state {
        // What comes before its own rule has to go, and then it works.
        State::Dead => row.in_front.as_ref().map_or_else(|| Some(forget_record(port)), end_rules),
        State::Unlisted => end_rules(&Rule { port, address: row.address.clone(), target }),
        State::NoForward => None,
        // The service takes such a forward and can never delete it.
        _ if target == 0 => ending(&row.forward()?),
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
    /// The line.
    pub line: String,
}

impl Mending {
    /// What ends a row by the gateway's shell; `None` where the service itself can, or no line does.
    #[must_use]
    pub fn of(row: &Row) -> Option<Self> {
        let (line, port, target) = (mending(row)?, row.port?, row.target?);
        row.undeletable()?;
        let Row { name, component, address, .. } = row.clone();
        let forward = Forward { port, name, component, address, target };
        Some(Self { forward, is_listed: row.state != State::Unlisted, line })
    }

    /// Whether what stands at the gateway is still what this was made for.
    #[must_use]
    pub fn fits(&self, rows: &[Row]) -> bool {
        rows.iter().any(|row| Self::of(row).as_ref() == Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State, address: &str) -> Row {
        Row {
            state,
            name: "web01".to_owned(),
            component: String::new(),
            address: address.to_owned(),
            routable: None,
            since: None,
            target: Some(22),
            protocol: None,
            port: Some(50_064),
            reach: None,
            note: String::new(),
            in_front: None,
        }
    }

    #[test]
    fn only_what_the_service_cannot_mend_is_mended_by_hand() {
        let dead = mending(&row(State::Dead, "x; reboot")).unwrap();
        assert!(dead.ends_with("WHERE conn_port = 50064'") && !dead.contains("reboot"), "{dead}");
        let unlisted = mending(&row(State::Unlisted, "192.168.1.20")).unwrap();
        assert!(unlisted.contains("--dport 50064 -j DNAT --to 192.168.1.20:22"), "{unlisted}");
        assert_eq!(mending(&row(State::Unlisted, "$(reboot)")), None);
        assert_eq!(mending(&row(State::Live, "192.168.1.20")), None);
        let zero = mending(&Row { target: Some(0), ..row(State::Unreachable, "192.168.1.20") }).unwrap();
        assert!(zero.contains("--to 192.168.1.20:0") && zero.ends_with("WHERE conn_port = 50064'"), "{zero}");
    }
}
