//! The gateway's shell, as far as the lines go that put right what the service cannot. A real gateway is logged in to; this one
//! takes a line over HTTP, where it was set up to.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::World;
use super::state::{Fault, State};
use crate::features::lab::model::Rule;

/// Where it takes lines.
pub(super) const PATH: &str = "/simulated/shell";
/// How long whoever hands one over waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const LARGEST: u64 = 16 << 10;

/// Obeys a line as a shell does, `;`, `&&` and `||` included; says what was wrong where its last command did not succeed.
pub(super) fn obey(world: &World, line: &str) -> Result<(), String> {
    let mut ended = Ok(());
    for list in line.split("; ") {
        let mut rest = list;
        let (mut is_next, mut first) = (true, true);
        while !rest.is_empty() {
            let joint = [" && ", " || "].into_iter().filter_map(|joint| Some((rest.find(joint)?, joint))).min();
            let (command, joint, behind) = match joint {
                Some((at, joint)) => (&rest[..at], joint, &rest[at + joint.len()..]),
                None => (rest, "", ""),
            };
            if is_next || first {
                ended = obey_one(&mut world.state(), command.trim());
            }
            (is_next, first, rest) = (ended.is_ok() == (joint == " && "), false, behind);
        }
        let state = world.state();
        let unused: Vec<u16> = world.targets.taken().into_iter().filter(|port| !state.is_led(*port)).collect();
        drop(state);
        for port in unused {
            world.targets.close(port);
        }
    }
    ended
}

/// Obeys one command.
fn obey_one(state: &mut State, command: &str) -> Result<(), String> {
    const RECORD: &str = "sudo -u postgres psql vlab_ipam -c 'DELETE FROM ipam WHERE conn_port = ";
    if let Some(port) = command.strip_prefix(RECORD).and_then(|rest| rest.strip_suffix('\'')) {
        let port: u16 = port.parse().map_err(|_| format!("ERROR:  syntax error at or near \"{port}\""))?;
        state.records.retain(|record| record.port != port);
        return Ok(());
    }
    if command == "sudo sh -c 'iptables-save > /etc/iptables/rules.v4'" {
        if state.meets("SHELL", |fault| *fault == Fault::SaveFails).is_some() {
            return Err("sh: 1: cannot create /etc/iptables/rules.v4: No space left on device".to_owned());
        }
        state.saved = Some((state.nat.clone(), state.filter.clone()));
        return Ok(());
    }
    let unknown = || format!("sh: 1: {}: not found", command.split(' ').next().unwrap_or_default());
    let rule = command.strip_prefix("sudo iptables ").ok_or_else(unknown)?;
    let rule = rule.strip_suffix(" 2>/dev/null").unwrap_or(rule);
    let leads = |what: &str| {
        let rest = rule.strip_prefix(&format!("-t nat -{what} PREROUTING -i ens160 -p tcp --dport "))?;
        let (port, to) = rest.split_once(" -j DNAT --to ")?;
        let (address, target) = to.split_once(':')?;
        Some(Rule { port: port.parse().ok()?, address: address.to_owned(), target: target.parse().ok()? })
    };
    let accepts = |what: &str| {
        let rest = rule.strip_prefix(&format!("-{what} FORWARD -p tcp -d "))?.strip_suffix(" -j ACCEPT")?;
        let (address, target) = rest.split_once(" --dport ")?;
        Some((address.to_owned(), target.parse::<u16>().ok()?))
    };
    if let Some(way) = accepts("A") {
        state.filter.push(way);
        return Ok(());
    }
    let (is_deleted, in_nat, in_filter) = match (leads("C"), leads("D"), accepts("C"), accepts("D")) {
        (Some(rule), ..) => (false, state.nat.iter().position(|known| *known == rule), None),
        (_, Some(rule), ..) => (true, state.nat.iter().position(|known| *known == rule), None),
        (.., Some(way), _) => (false, None, state.filter.iter().position(|known| *known == way)),
        (.., Some(way)) => (true, None, state.filter.iter().position(|known| *known == way)),
        (None, None, None, None) => return Err(unknown()),
    };
    match (in_nat, in_filter) {
        (Some(at), _) if is_deleted => _ = state.nat.remove(at),
        (_, Some(at)) if is_deleted => _ = state.filter.remove(at),
        (None, None) => return Err("iptables: Bad rule (does a matching rule exist in that chain?).".to_owned()),
        (_, _) => {}
    }
    Ok(())
}

/// Hands a line to the shell of the simulated gateway at this address; `Err` is what it says of it. Blocks.
pub fn hand_over(gateway: SocketAddr, line: &str) -> io::Result<Result<(), String>> {
    let mut stream = TcpStream::connect_timeout(&gateway, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = line.len();
    write!(
        stream,
        "POST {PATH} HTTP/1.1\r\nHost: {gateway}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{line}"
    )?;
    let mut answer = String::new();
    stream.take(LARGEST).read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") {
        return Ok(Ok(()));
    }
    let said = answer.lines().next_back().unwrap_or_default();
    Ok(Err(said.trim_matches('"').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::sim::{Setup, Simulator};

    #[tokio::test]
    async fn a_line_is_obeyed_as_a_shell_does() {
        let sim = Simulator::start(Setup::default()).await.unwrap();
        let rule = |what: &str| format!("sudo iptables -{what} FORWARD -p tcp -d 192.168.1.20 --dport 22 -j ACCEPT");
        let obey = |line: &str| obey(&sim.world, line).is_ok();
        let (add, end, look) = (rule("A"), rule("D"), rule("C"));
        assert!(!obey(&end) && !obey(&look));
        assert!(obey(&format!("{look} 2>/dev/null || {add}; {look} || {add}")));
        assert_eq!(sim.state().filter.len(), 1);
        assert!(!obey(&format!("{end} && {end} && {add}")) && sim.state().filter.is_empty());
        let save = crate::features::lab::model::SAVE;
        assert!(obey(&format!("{end}; {save}")) && sim.state().saved.is_some());
        sim.fault(Fault::SaveFails, 1);
        assert!(!obey(save));
    }
}
