//! Deployments against the simulator: what is in force afterwards, and what becomes of every fault.

mod cancelled;
mod compliance;
mod ends;
mod faults;
mod looks;
mod paths;
mod strangers;
mod unanswered;
mod waiting;

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::*;
use crate::config::Endpoint;
use crate::features::cloudvision::client::{Client, Server, Trust};
use crate::features::cloudvision::model::{ConfigText, Deployment, Label, Origin, TagLabel, Wanted};
use crate::features::cloudvision::sim::{Fabric, Setup, Simulator};
use crate::trouble::Trouble;

/// The serial number of the first leaf of a fabric.
const LEAF1: &str = "SIM00000001";
/// Of the second one.
const LEAF2: &str = "SIM00000002";

/// What the journal holds.
#[derive(Default)]
struct Notes(Mutex<Vec<Fact>>);

impl Recorder for Notes {
    fn record(&self, fact: Fact) -> BoxFuture<'_, Result<(), Trouble>> {
        self.0.lock().unwrap().push(fact);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A simulator, a client's connection to it, and what steers a deployment.
struct Desk {
    sim: Simulator,
    client: Client,
    controls: Controls,
    events: mpsc::Receiver<Event>,
    notes: Arc<Notes>,
}

impl Desk {
    /// A fabric of leaves that were never deployed to.
    async fn of(leaves: u32) -> Self {
        Self::with(Setup::new(Fabric::of_leaves(leaves))).await
    }

    /// Whatever is set up.
    async fn with(setup: Setup) -> Self {
        let sim = Simulator::start(setup).await.unwrap();
        let client = client(&sim, sim.token());
        let notes = Arc::new(Notes::default());
        let (sender, events) = mpsc::channel(1_024);
        let recorder: Arc<dyn Recorder> = notes.clone();
        let (cancel, leave, go_on) = Default::default();
        let controls = Controls { cancel, leave, go_on, events: sender, recorder };
        Self { sim, client, controls, events, notes }
    }

    /// Deploys as ordered.
    async fn run(&self, order: &Order) -> Outcome {
        run(&self.client, order, &self.controls).await
    }

    /// Deploys these.
    async fn deploy(&self, devices: Vec<Wanted>) -> Outcome {
        self.run(&order(devices)).await
    }

    /// What was told so far.
    fn told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// What was written down so far.
    fn noted(&self) -> Vec<Fact> {
        self.notes.0.lock().unwrap().clone()
    }

    /// The body of a configlet in force.
    fn body(&self, serial: &str) -> Option<String> {
        self.sim.mainline().configlets.get(&format!("avd-{serial}"))?.body.clone()
    }
}

/// A connection to a simulator, trusting its authority alone.
fn client(sim: &Simulator, token: &str) -> Client {
    client_within(sim, token, Duration::from_secs(50))
}

/// The same with another time for each call.
fn client_within(sim: &Simulator, token: &str, call_timeout: Duration) -> Client {
    let mut authority = NamedTempFile::new().unwrap();
    authority.write_all(sim.authority().as_bytes()).unwrap();
    let node = Endpoint { host: "127.0.0.1".to_owned(), port: sim.address().port() };
    let mut server = Server::new(node, Trust::File(authority.path().to_owned()));
    server.call_timeout = call_timeout;
    Client::new(&server, token).unwrap()
}

/// A device with a configuration and tags of its own.
fn wanted(hostname: &str, serial: Option<&str>, config: &str, tags: &[(&str, &str)]) -> Wanted {
    let tag = |(label, value): &(&str, &str)| TagLabel {
        interface: None,
        label: Label { label: (*label).to_owned(), value: (*value).to_owned() },
    };
    Wanted {
        hostname: hostname.to_owned(),
        serial: serial.map(str::to_owned),
        mac: None,
        config: Some(ConfigText::new(config)),
        tags: tags.iter().map(tag).collect(),
        origin: Origin::Request(format!("devices.{hostname}")),
    }
}

/// The first two leaves with a configuration each.
fn leaves(config: &str) -> Vec<Wanted> {
    ["leaf1", "leaf2"].map(|name| wanted(name, None, &format!("hostname {name}\n{config}"), &[])).to_vec()
}

/// An order up to a change control that waits.
fn order(devices: Vec<Wanted>) -> Order {
    let deployment = Deployment {
        devices,
        strict_tags: false,
        change_name: Some("planned work".to_owned()),
        change_notes: None,
        delete_workspace: false,
    };
    Order {
        deployment: Arc::new(deployment),
        workspace_name: "noctui test".to_owned(),
        reach: Reach::Submit,
        advance: Advance::Pending,
        force: false,
        keep_workspace: true,
        follow_build: false,
        review: Review::Never,
        again: false,
        brought: None,
        who: "anna".to_owned(),
    }
}

/// An order that goes on until the devices have it.
fn waited(devices: Vec<Wanted>) -> Order {
    Order { advance: Advance::Completed, ..order(devices) }
}

/// The order with other wishes about the deployment.
fn with(devices: Vec<Wanted>, change: impl FnOnce(&mut Deployment)) -> Order {
    let mut order = order(devices);
    change(Arc::make_mut(&mut order.deployment));
    order
}

/// What became of the workspace.
fn fate(outcome: &Outcome) -> Option<&WorkspaceFate> {
    outcome.workspace.as_ref().map(|(_, fate)| fate)
}
