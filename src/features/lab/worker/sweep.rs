//! Measures what is behind every forward of a lab, and tells it in handfuls.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{Report, Shared};
use crate::features::lab::model::{Protocol, Reach, Snapshot, component};
use crate::features::lab::probe::{self, Port};

/// Results are told at most this often.
const EVERY: Duration = Duration::from_millis(80);
/// Results in one report.
const MOST: usize = 512;

/// The ports of a lab that are worth measuring: those of its forwards, and those that its firewall leads on unlisted.
pub(in crate::features::lab) fn ports(snapshot: &Snapshot) -> Vec<Port> {
    let listed = snapshot.forwards.iter().map(|forward| {
        let protocol = component(&forward.component).protocol(forward.target);
        Port { port: forward.port, has_banner: protocol == Protocol::Ssh }
    });
    let rules = snapshot.firewall.iter().flat_map(|firewall| &firewall.rules);
    let unlisted = rules.map(|rule| Port { port: rule.port, has_banner: rule.target == 22 });
    let mut ports: Vec<Port> = listed.chain(unlisted).collect();
    ports.sort_by_key(|port| port.port);
    ports.dedup_by_key(|port| port.port);
    ports
}

/// Measures them all.
///
/// Cancel safety: dropping it closes all sockets.
pub(super) async fn measure(shared: Shared, lab: String, host: String, ports: Vec<Port>) {
    let address = match probe::resolve(&host).await {
        Ok(address) => address,
        Err(reach) => {
            let reached = ports.into_iter().map(|port| (port.port, reach.clone())).collect();
            shared.tell(Report::Reached { lab, reached, is_complete: true }).await;
            return;
        }
    };
    // Room for every result: a measurement never waits for the screen.
    let (results, mut inbox) = mpsc::channel::<(u16, Reach)>(ports.len().max(1));
    let measured = async move {
        probe::sweep(address, ports, probe::SOCKETS, probe::PATIENCE, |port, reach| {
            let _there_is_room = results.try_send((port, reach));
        })
        .await;
    };
    let told = async {
        let mut reached = Vec::new();
        while inbox.recv_many(&mut reached, MOST).await > 0 {
            let reached = std::mem::take(&mut reached);
            shared.tell(Report::Reached { lab: lab.clone(), reached, is_complete: false }).await;
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::join!(measured, told);
    shared.tell(Report::Reached { lab, reached: Vec::new(), is_complete: true }).await;
}
