//! What a lab costs: 5,000 forwards from the request to the table, and the reachability of 1,000 ports within a bounded
//! number of sockets.
//!
//! `cargo bench --bench lab`. The simulated lab runs in the same process, on loopback.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails where it cannot be set up"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use noctui::features::lab::client::{Client, Credentials, Server, Trust};
use noctui::features::lab::model::{Reach, Rule, Since, rows};
use noctui::features::lab::probe;
use noctui::features::lab::sim::{Record, Setup, Simulator};
use noctui::secret::SecretFrom;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// Forwards of the large lab: far more than a gateway has ports for unless it is told otherwise.
const FORWARDS: u16 = 5_000;
/// Ports that are measured.
const PORTS: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        list().await;
        reachability().await;
    });
}

/// Fills a lab, asks for all of it, and makes the table of it.
async fn list() {
    let sim = Simulator::start(Setup::default()).await.unwrap();
    {
        let mut state = sim.state();
        for number in 0..FORWARDS {
            let port = 20_000 + number;
            let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
            state.nat.push(Rule { port, address: address.clone(), target: 22 });
            state.filter.push((address.clone(), 22));
            let (name, component) = (format!("machine-{number:05}"), "CentOS".to_owned());
            state.records.push(Record { port, address, target: 22, name, component, routable: Some(true) });
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), sim.token()).unwrap();
    let server = Server {
        url: sim.url().parse().unwrap(),
        trust: Trust::System,
        connect_timeout: Duration::from_secs(5),
        call_timeout: Duration::from_mins(1),
        health: true,
    };
    let client = Client::new(server, Credentials::Token(SecretFrom::File(folder.path().join("token")))).unwrap();
    let mut best = [Duration::MAX; 3];
    for _ in 0..10 {
        let begun = Instant::now();
        let (forwards, ..) = client.list().await.unwrap();
        let listed = begun.elapsed();
        assert_eq!(forwards.len(), usize::from(FORWARDS));
        let begun = Instant::now();
        let snapshot = client.snapshot().await.unwrap();
        let told = begun.elapsed();
        let reached: BTreeMap<u16, Reach> = snapshot
            .forwards
            .iter()
            .map(|forward| {
                (forward.port, Reach::Open { latency: Duration::from_micros(800), banner: "SSH-2.0-x".to_owned() })
            })
            .collect();
        let begun = Instant::now();
        assert_eq!(rows(&snapshot, &reached, &Since::new()).len(), usize::from(FORWARDS));
        for (best, time) in best.iter_mut().zip([listed, told, begun.elapsed()]) {
            *best = time.min(*best);
        }
    }
    let [listed, told, tabled] = best.map(|time| time.as_secs_f64() * 1e3);
    println!("| {FORWARDS} forwards | best of 10 |");
    println!("| --- | --- |");
    println!("| the list | {listed:.1} ms |");
    println!("| list, addresses and health check | {told:.1} ms |");
    println!("| the table made of them, with what was measured | {tabled:.1} ms |");
}

/// Measures ports behind which somebody answers after ten milliseconds, and one in ten that nobody listens on.
async fn reachability() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    let mut ports = Vec::new();
    for number in 0..PORTS {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        ports.push(probe::Port { port: listener.local_addr().unwrap().port(), has_banner: true });
        if number % 10 == 0 {
            continue;
        }
        let (open, most) = (Arc::clone(&open), Arc::clone(&most));
        tasks.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            open.fetch_sub(1, Ordering::SeqCst);
            stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap();
        });
    }
    let address = "127.0.0.1:0".parse().unwrap();
    let mut reached = 0;
    let begun = Instant::now();
    probe::sweep(address, ports, probe::SOCKETS, probe::PATIENCE, |_, reach| reached += usize::from(reach.is_open()))
        .await;
    let time = begun.elapsed().as_secs_f64() * 1e3;
    println!("\n| {PORTS} ports | |");
    println!("| --- | --- |");
    println!("| measured in | {time:.0} ms |");
    println!("| answered | {reached} |");
    println!("| sockets at once, of {} allowed | {} |", probe::SOCKETS, most.load(Ordering::SeqCst));
    assert!(most.load(Ordering::SeqCst) <= probe::SOCKETS);
}
