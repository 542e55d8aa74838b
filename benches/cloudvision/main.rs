//! What a deployment costs against the simulated CloudVision: calls, steps that wait for one another, bytes and time, for
//! 2 to 1,000 devices, first and again without a change; beside it the same calls made in turn, and the calls of the Python
//! workflow, which are others and more, in their order (`python`).
//!
//! `cargo bench --bench cloudvision`. Every call takes 30 ms to arrive, making a workspace 40, a build 300 and a submission
//! 200 ms. The change control is left out: what is told ends with the answer of the submission.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails where it cannot be set up"
)]

mod python;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noctui::config::Endpoint;
use noctui::features::cloudvision::client::{Client, Server, Trust};
use noctui::features::cloudvision::deploy::{self, Advance, Agreement, Controls, Order, Reach, Review, Unrecorded};
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
    println!(
        "| devices | deployment | calls | steps | sent | received | time | the same calls in turn | times faster \
         | calls of the Python workflow | time | times faster |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let smallest = runtime.block_on(compare(2, false));
    for devices in [20, 100, 1_000] {
        runtime.block_on(compare(devices, false));
    }
    // As an AVD project has them: nothing has to be looked up before the configlets can be.
    runtime.block_on(compare(2, true));
    explain(&smallest);
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

/// The ways in which a deployment is made.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// As noctui makes it.
    AsItIs,
    /// The same calls, each once the one before is answered.
    InTurn,
    /// The calls of the Python workflow.
    Python,
}

/// Deploys to so many devices, first and again, in every way, by their names or by their serial numbers. Returns what the
/// first one cost.
async fn compare(devices: u32, by_serial: bool) -> [Cost; 3] {
    let order = order(devices, by_serial);
    let [first, again] = pair(&order, Way::AsItIs).await;
    let [first_in_turn, again_in_turn] = pair(&order, Way::InTurn).await;
    let [first_python, again_python] = pair(&order, Way::Python).await;
    let by = if by_serial { ", by serial number" } else { "" };
    for (name, cost, in_turn, python) in
        [("first", &first, &first_in_turn, &first_python), ("unchanged", &again, &again_in_turn, &again_python)]
    {
        println!(
            "| {devices}{by} | {name} | {} | {} | {} KiB | {} KiB | {:.2} s | {:.2} s | {:.1} | {} | {:.2} s | {:.1} |",
            cost.calls,
            cost.steps,
            cost.sent >> 10,
            cost.received >> 10,
            cost.time.as_secs_f64(),
            in_turn.time.as_secs_f64(),
            in_turn.time.as_secs_f64() / cost.time.as_secs_f64(),
            python.calls,
            python.time.as_secs_f64(),
            python.time.as_secs_f64() / cost.time.as_secs_f64(),
        );
    }
    [first, first_in_turn, first_python]
}

/// Says what part of a first deployment a client can make shorter, and by how much, from what was measured.
fn explain([first, in_turn, python]: &[Cost; 3]) {
    let server = PACE.create + PACE.build + PACE.submit;
    let of_client = |cost: &Cost| cost.time.saturating_sub(server);
    let ratio = |one: &Cost, other: &Cost| of_client(one).as_secs_f64() / of_client(other).as_secs_f64();
    let ms = |time: Duration| time.as_millis();
    let least = server + LATENCY * u32::try_from(first.steps).unwrap_or(u32::MAX);
    println!(
        "
Of every first deployment the server takes {} ms for itself: {} until the workspace is there, {} for the build, {} for the
submission, each of which has to be waited for before the next can be asked for. What is left is the way: {} ms for each of
{} dependent steps, or for each of {} calls in turn. So a first deployment of two devices takes {} ms at least, and took {};
twice as fast as its own calls in turn ({} ms) would be {} ms, which leaves room for {:.1} steps. Safety needs more: the
devices are looked up, what is in force is compared so that nothing is made where nothing differs, the workspace is made, what
its writes replace is read again in case it has moved since, it is written, built, and submitted.
Without what the server takes for itself the same calls in turn are {:.1} times as long, and the calls of the Python workflow
{:.1} times; those are made here without Python, whose own time comes on top.",
        ms(server),
        ms(PACE.create),
        ms(PACE.build),
        ms(PACE.submit),
        ms(LATENCY),
        first.steps,
        first.calls,
        ms(least),
        ms(first.time),
        ms(in_turn.time),
        ms(in_turn.time / 2),
        (in_turn.time / 2).saturating_sub(server).as_secs_f64() / LATENCY.as_secs_f64(),
        ratio(in_turn, first),
        ratio(python, first),
    );
}

/// A first deployment and an unchanged one.
async fn pair(order: &Order, way: Way) -> [Cost; 2] {
    let devices = u32::try_from(order.deployment.devices.len()).unwrap();
    let sim = Simulator::start(Setup { pace: PACE, ..Setup::new(Fabric::of_leaves(devices)) }).await.unwrap();
    sim.set_latency(LATENCY);
    sim.set_in_turn(way == Way::InTurn);
    let mut authority = tempfile::NamedTempFile::new().unwrap();
    authority.write_all(sim.authority().as_bytes()).unwrap();
    let node = Endpoint { host: "127.0.0.1".to_owned(), port: sim.address().port() };
    let server = Server::new(node, Trust::File(authority.path().to_owned()));
    if way == Way::Python {
        return [by_python(&sim, &server, order, "ws-1").await, by_python(&sim, &server, order, "ws-2").await];
    }
    [once(&sim, &server, order).await, once(&sim, &server, order).await]
}

/// One deployment over a connection of its own.
async fn once(sim: &Simulator, server: &Server, order: &Order) -> Cost {
    sim.calls().clear();
    let client = Client::new(server, sim.token()).unwrap();
    let (events, nobody_listens) = mpsc::channel(1);
    let (cancel, leave, go_on) = (CancellationToken::new(), CancellationToken::new(), Agreement::default());
    let controls = Controls { cancel, leave, go_on, events, recorder: Arc::new(Unrecorded) };
    drop(nobody_listens);
    let begun = Instant::now();
    let outcome = deploy::run(&client, order, &controls).await;
    let time = begun.elapsed();
    outcome.result.unwrap();
    let is_changed = outcome.change.is_some();
    // Looking at the change control comes after the submission.
    let (steps, time) = if is_changed {
        (sim.calls().dependent_steps() - 1, time.saturating_sub(LATENCY))
    } else {
        (sim.calls().dependent_steps(), time)
    };
    cost(sim, steps, time)
}

/// The same by the Python workflow's calls.
async fn by_python(sim: &Simulator, server: &Server, order: &Order, workspace: &str) -> Cost {
    sim.calls().clear();
    let client = Client::new(server, sim.token()).unwrap();
    let begun = Instant::now();
    python::deploy(sim, &client, &order.deployment, workspace).await;
    cost(sim, sim.calls().dependent_steps(), begun.elapsed())
}

/// What was called since the log was emptied, up to the answer of the submission.
fn cost(sim: &Simulator, steps: usize, time: Duration) -> Cost {
    let calls: Vec<_> =
        sim.calls().all().into_iter().filter(|call| !call.method.contains("ChangeControlService")).collect();
    Cost {
        calls: calls.len(),
        steps,
        sent: calls.iter().map(|call| call.request_bytes).sum(),
        received: calls.iter().map(|call| call.response_bytes).sum(),
        time,
    }
}

/// Leaves with a configuration of 20 KiB and a tag each.
fn order(devices: u32, by_serial: bool) -> Order {
    let filler = "interface Ethernet1\n   description of an interface that is long enough\n   mtu 9214\n".repeat(240);
    let tag = |value: &str| {
        let label = Label { label: "rack".to_owned(), value: value.to_owned() };
        TagLabel { interface: None, label }
    };
    let wanted = |number: u32| Wanted {
        hostname: format!("leaf{number}"),
        serial: by_serial.then(|| format!("SIM{number:08}")),
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
        review: Review::Never,
        again: false,
        brought: None,
        who: "benchmark".to_owned(),
    }
}
