//! The demo's lab: a dozen machines whose forwards lead to real listeners on loopback, and one of everything that can be
//! wrong with a forward.

use std::io;
use std::time::Duration;

use crate::features::lab::sim::{Guest, Setup, Simulator};

/// How long a token of the demo holds, so that somebody sees it end.
pub(super) const TOKEN_HOLDS: Duration = Duration::from_mins(12);
/// How long after that the demo puts another one into its place.
pub(super) const TOKEN_IS_LATE: Duration = Duration::from_secs(30);

/// The ports of its gateway, both ends included: more than a real one has, for several demos of one machine.
pub(super) const PORTS: (u16, u16) = (50_000, 50_400);

/// A machine: name, component, address, whether it is on, and the ports that it has forwards to.
type Machine = (&'static str, &'static str, &'static str, bool, &'static [u16]);

/// Those that the inventory has.
const MACHINES: &[Machine] = &[
    ("dns01", "DNS", "192.168.1.10", true, &[22, 3389]),
    ("web01", "CentOS", "192.168.1.20", true, &[22, 443]),
    ("web02", "CentOS", "192.168.1.21", true, &[22]),
    ("db01", "CentOS", "192.168.1.22", true, &[]),
    ("win01", "Windows", "192.168.1.30", true, &[3389]),
    ("win02", "Windows", "192.168.1.31", false, &[3389]),
    ("isi01-1", "OneFS", "192.168.1.41", true, &[8080, 22]),
    ("isi01-2", "OneFS", "192.168.1.42", true, &[8080]),
    ("esx01", "ESXi", "192.168.1.50", true, &[443, 22]),
    ("ecs01", "ECS", "192.168.1.60", true, &[443]),
    ("dd01", "DataDomain", "192.168.1.61", true, &[443]),
    ("iiq01", "InsightIQ", "192.168.1.62", true, &[]),
    ("rtr01", "Router", "192.168.1.2", true, &[]),
    ("console01", "CentOS", "192.168.1.70", true, &[5900, 23]),
];

/// Starts it with all that can be seen in it.
pub(super) async fn start() -> io::Result<Simulator> {
    let setup = Setup {
        owner: "pat".to_owned(),
        lifetime: TOKEN_HOLDS,
        // More than a gateway has: other demos of this machine use some of them.
        pool: Some(PORTS),
        listens: true,
        // Each begins to look elsewhere.
        seed: u64::from(std::process::id()),
        shell: true,
        ..Setup::default()
    };
    let sim = Simulator::start(setup).await?;
    for (name, component, address, is_on, ports) in MACHINES {
        sim.switch(address, *is_on);
        for port in *ports {
            sim.forward(name, component, address, *port)?;
        }
    }
    // Made twice by somebody who did not look first.
    sim.forward("web01", "CentOS", "192.168.1.20", 22)?;
    // Its machine was deleted, its forward was not.
    sim.forward("avamar-old", "Avamar", "192.168.1.80", 443)?;
    // Its rule was removed by hand.
    sim.dead_record("isi01-2", "OneFS", "192.168.1.42", 22)?;
    // Its rules could not be saved, so that nobody lists them.
    sim.unlisted_rule("192.168.1.20", 8443)?;
    let guest = |(name, component, address, is_on, _): &Machine| {
        let guest = Guest { component: (*component).to_owned(), is_on: *is_on, addresses: vec![(*address).to_owned()] };
        ((*name).to_owned(), guest)
    };
    sim.state().inventory = Some(MACHINES.iter().map(guest).collect());
    Ok(sim)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::features::lab::client::{Client, Credentials, Server, Trust};
    use crate::features::lab::model::{Reach, Since, rows};
    use crate::features::lab::probe;
    use crate::secret::SecretFrom;

    #[tokio::test]
    async fn many_demos_have_room_beside_each_other() {
        let mut demos = Vec::new();
        for _ in 0..6 {
            demos.push(start().await.unwrap());
        }
        let ports: std::collections::BTreeSet<u16> =
            demos.iter().flat_map(|demo| demo.state().nat.iter().map(|rule| rule.port).collect::<Vec<_>>()).collect();
        let rules: usize = demos.iter().map(|demo| demo.state().nat.len()).sum();
        assert_eq!(ports.len(), rules);
    }

    #[tokio::test]
    async fn every_state_can_be_seen_in_it() {
        let sim = start().await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), sim.token()).unwrap();
        let server = Server {
            url: sim.url().parse().unwrap(),
            trust: Trust::System,
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(20),
            health: true,
        };
        let credentials = Credentials::Token(SecretFrom::File(dir.path().join("token")));
        let snapshot = Client::new(server, credentials).unwrap().snapshot().await.unwrap();
        let ports = snapshot.firewall.iter().flat_map(|firewall| &firewall.rules);
        let ports = ports.map(|rule| probe::Port { port: rule.port, has_banner: rule.target == 22 }).collect();
        let mut reached = BTreeMap::new();
        let address = "127.0.0.1:0".parse().unwrap();
        probe::sweep(address, ports, probe::SOCKETS, probe::PATIENCE, |port, reach| {
            reached.insert(port, reach);
        })
        .await;
        let rows = rows(&snapshot, &reached, &Since::new());
        let mut states: Vec<&str> = rows.iter().map(|row| row.state.as_str()).collect();
        states.sort_unstable();
        states.dedup();
        assert_eq!(states, ["dead", "duplicate", "gone", "live", "no-forward", "unlisted", "unreachable"]);
        assert!(MACHINES.len() >= 12);
        let banner = |reach: &Reach| matches!(reach, Reach::Open { banner, .. } if banner.starts_with("SSH-2.0-"));
        assert!(reached.values().any(banner), "{reached:?}");
    }
}
