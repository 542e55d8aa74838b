//! The gateway's shell, as far as the lines go that put right what the service cannot. A real gateway is logged in to; this one
//! takes a line over HTTP, where it was set up to.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::World;
use super::state::State;
use crate::features::lab::model::Rule;

/// Where it takes lines.
pub(super) const PATH: &str = "/simulated/shell";
/// How long whoever hands one over waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const LARGEST: u64 = 16 << 10;

/// Obeys a line, whose commands go on as long as they succeed; says what was wrong with the first that did not.
pub(super) fn obey(world: &World, line: &str) -> Result<(), String> {
    for command in line.split(" && ") {
        let mut state = world.state();
        obey_one(&mut state, command.trim())?;
        let unused: Vec<u16> = world.targets.taken().into_iter().filter(|port| !state.is_led(*port)).collect();
        drop(state);
        for port in unused {
            world.targets.close(port);
        }
    }
    Ok(())
}

/// Obeys one command.
fn obey_one(state: &mut State, command: &str) -> Result<(), String> {
    const RECORD: &str = "sudo -u postgres psql vlab_ipam -c 'DELETE FROM ipam WHERE conn_port = ";
    const LEADING: &str = "sudo iptables -t nat -D PREROUTING -i ens160 -p tcp --dport ";
    const ACCEPTING: &str = "sudo iptables -D FORWARD -p tcp -d ";
    if let Some(port) = command.strip_prefix(RECORD).and_then(|rest| rest.strip_suffix('\'')) {
        let port: u16 = port.parse().map_err(|_| format!("ERROR:  syntax error at or near \"{port}\""))?;
        state.records.retain(|record| record.port != port);
        return Ok(());
    }
    let no_rule = || "iptables: Bad rule (does a matching rule exist in that chain?).".to_owned();
    if let Some((port, to)) = command.strip_prefix(LEADING).and_then(|rest| rest.split_once(" -j DNAT --to ")) {
        let rule = port.parse().ok().zip(to.split_once(':')).and_then(|(port, (address, target))| {
            Some(Rule { port, address: address.to_owned(), target: target.parse().ok()? })
        });
        let at = rule.and_then(|rule| state.nat.iter().position(|known| *known == rule)).ok_or_else(no_rule)?;
        state.nat.remove(at);
        return Ok(());
    }
    let accepting = command.strip_prefix(ACCEPTING).and_then(|rest| rest.strip_suffix(" -j ACCEPT"));
    if let Some((address, target)) = accepting.and_then(|rest| rest.split_once(" --dport ")) {
        let is_it = |(known, port): &(String, u16)| known == address && target.parse() == Ok(*port);
        let at = state.filter.iter().position(is_it).ok_or_else(no_rule)?;
        state.filter.remove(at);
        return Ok(());
    }
    // Nobody starts a simulated gateway again.
    if command == "sudo sh -c 'iptables-save > /etc/iptables/rules.v4'" {
        return Ok(());
    }
    Err(format!("sh: 1: {}: not found", command.split(' ').next().unwrap_or_default()))
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
