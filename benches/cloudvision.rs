//! What a deployment costs against the simulated CloudVision: calls, steps that wait for one another, bytes and time, for
//! 2 to 1,000 devices, first and again without a change; and beside it the same calls made in turn.
//!
//! `cargo bench --bench cloudvision`. Every call takes 30 ms to arrive, making a workspace 40, a build 300 and a submission
//! 200 ms. The change control is left out: what is told ends with the answer of the submission.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails where it cannot be set up"
)]

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noctui::config::Endpoint;
use noctui::features::cloudvision::client::{Client, Server, Trust};
use noctui::features::cloudvision::deploy::{self, Advance, Controls, Order, Reach, Unrecorded};
use noctui::features::cloudvision::model::{ConfigText, Deployment, Label, Origin, TagLabel, Wanted};
use noctui::features::cloudvision::sim::{Fabric, Pace, Setup, Simulator};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// From the client to the server.
const LATENCY: Duration = Duration::from_millis(30);
/// What the server takes.
const PACE: Pace = Pace {
    create: Duration::from_millis(40),
    build: Duration::from_millis(300),
    submit: Duration::from_millis(200),
    rebase: Duration::ZERO,
    stage: Duration::ZERO,
};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("| devices | deployment | calls | steps | sent | received | time | in turn | times faster |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for devices in [2, 20, 100, 1_000] {
        runtime.block_on(compare(devices));
    }
}

/// What one deployment cost.
struct Cost {
    /// Up to the answer of the submission.
    calls: usize,
    /// Calls each of which needed the answer of one before.
    steps: usize,
    /// Bytes of requests.
    sent: usize,
    /// Bytes of answers.
    received: usize,
    /// From the first call to the end.
    time: Duration,
}

/// Deploys to so many devices, first and again, side by side and in turn.
async fn compare(devices: u32) {
    let [first, again] = pair(devices, false).await;
    let [first_in_turn, again_in_turn] = pair(devices, true).await;
    for (name, cost, in_turn) in [("first", first, first_in_turn), ("unchanged", again, again_in_turn)] {
        println!(
            "| {devices} | {name} | {} | {} | {} KiB | {} KiB | {:.2} s | {:.2} s | {:.1} |",
            cost.calls,
            cost.steps,
            cost.sent >> 10,
            cost.received >> 10,
            cost.time.as_secs_f64(),
            in_turn.time.as_secs_f64(),
            in_turn.time.as_secs_f64() / cost.time.as_secs_f64(),
        );
    }
}

/// A first deployment and an unchanged one.
async fn pair(devices: u32, in_turn: bool) -> [Cost; 2] {
    let sim = Simulator::start(Setup { pace: PACE, ..Setup::new(Fabric::of_leaves(devices)) }).await.unwrap();
    sim.set_latency(LATENCY);
    sim.set_in_turn(in_turn);
    let mut authority = tempfile::NamedTempFile::new().unwrap();
    authority.write_all(sim.authority().as_bytes()).unwrap();
    let node = Endpoint { host: "127.0.0.1".to_owned(), port: sim.address().port() };
    let server = Server::new(node, Trust::File(authority.path().to_owned()));
    let order = order(devices);
    [once(&sim, &server, &order).await, once(&sim, &server, &order).await]
}

/// One deployment over a connection of its own.
async fn once(sim: &Simulator, server: &Server, order: &Order) -> Cost {
    sim.calls().clear();
    let client = Client::new(server, sim.token()).unwrap();
    let (events, nobody_listens) = mpsc::channel(1);
    let (cancel, leave, go_on) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
    let controls = Controls { cancel, leave, go_on, events, recorder: Arc::new(Unrecorded) };
    drop(nobody_listens);
    let begun = Instant::now();
    let outcome = deploy::run(&client, order, &controls).await;
    let time = begun.elapsed();
    outcome.result.unwrap();
    let calls: Vec<_> =
        sim.calls().all().into_iter().filter(|call| !call.method.contains("ChangeControlService")).collect();
    let is_changed = outcome.change.is_some();
    Cost {
        calls: calls.len(),
        // Looking at the change control comes after the submission.
        steps: sim.calls().dependent_steps() - usize::from(is_changed),
        sent: calls.iter().map(|call| call.request_bytes).sum(),
        received: calls.iter().map(|call| call.response_bytes).sum(),
        time: if is_changed { time.saturating_sub(LATENCY) } else { time },
    }
}

/// Leaves with a configuration of 20 KiB and a tag each.
fn order(devices: u32) -> Order {
    let filler = "interface Ethernet1\n   description of an interface that is long enough\n   mtu 9214\n".repeat(240);
    let tag = |value: &str| {
        let label = Label { label: "rack".to_owned(), value: value.to_owned() };
        TagLabel { interface: None, label }
    };
    let wanted = |number: u32| Wanted {
        hostname: format!("leaf{number}"),
        serial: None,
        mac: None,
        config: Some(ConfigText::new(&format!("hostname leaf{number}\n{filler}"))),
        tags: vec![tag(&format!("r{}", number / 40))],
        origin: Origin::Request(String::new()),
    };
    let mut devices: Vec<_> = (1..=devices).map(wanted).collect();
    devices.sort_by(|one, other| one.hostname.cmp(&other.hostname));
    let deployment =
        Deployment { devices, strict_tags: false, change_name: None, change_notes: None, delete_workspace: false };
    Order {
        deployment: Arc::new(deployment),
        workspace_name: "benchmark".to_owned(),
        reach: Reach::Submit,
        advance: Advance::Pending,
        force: false,
        keep_workspace: false,
        follow_build: false,
        review: false,
        again: false,
        brought: None,
        who: "benchmark".to_owned(),
    }
}
