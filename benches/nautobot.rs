//! A large site against the simulated Nautobot: how long it takes to read, in how many requests, and how long a screen
//! waits for its rows meanwhile. `cargo bench --bench nautobot`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::missing_docs_in_private_items,
    reason = "a measurement prints, and fails loudly"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noctui::features::maintenance::nautobot::client::{Client, Server, Trust};
use noctui::features::maintenance::nautobot::sim::{Options, Sim, TOKEN, fill, small};
use noctui::features::maintenance::nautobot::store::setting;
use noctui::features::maintenance::nautobot::sync::{Plan, sync};
use noctui::features::maintenance::store::action::{self, Actor};
use noctui::features::maintenance::store::list::{Anchor, Filter, ListQuery, Sort, window};
use noctui::features::open_store;
use noctui::store::Store;

const CIRCUITS: usize = 10_000;
const MAINTENANCES: usize = 50_000;

fn main() {
    // Listing tests is all that cargo asks of it as a test.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let now: DateTime<Utc> = "2026-11-21T02:41:00Z".parse().unwrap();
    let sim = runtime.block_on(Sim::start(Options::new(now))).unwrap();
    let site = small(&sim);
    let began = Instant::now();
    fill(&sim, &site, CIRCUITS, MAINTENANCES, now);
    println!("{CIRCUITS} circuits and {MAINTENANCES} maintenances made in {:.1} s", began.elapsed().as_secs_f64());
    let home = tempfile::tempdir().unwrap();
    let store = open_store(home.path()).unwrap();
    let url = sim.url();
    store.write_blocking(move |c| setting::configure(c, Some((&url, false)))).unwrap();
    let server = Server {
        url: sim.url(),
        trust: Trust::Anybody,
        connect_timeout: Duration::from_secs(10),
        call_timeout: Duration::from_mins(1),
        first_pause: Duration::from_millis(100),
    };
    let client = Client::new(&server, TOKEN).unwrap();
    for (name, full) in [("first full reading", false), ("nothing new", false), ("full reading again", true)] {
        let _ = sim.requests();
        let stop = Arc::new(AtomicBool::new(false));
        let screen = screen(store.clone(), now, Arc::clone(&stop));
        let plan = Plan { slugs: vec!["lumen".to_owned()], past_days: Some(730), full, accept_gone: false, now };
        let began = Instant::now();
        let read = runtime.block_on(sync(&client, &store, &plan)).unwrap();
        let took = began.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        let (reads, worst_read, worst_write) = screen.join().unwrap();
        println!(
            "{name}: {took:.2} s, {} requests, at most {} at once, {} maintenances, {} taken over; meanwhile {reads} lists, \
             the slowest in {worst_read:?}, a write in {worst_write:?}",
            sim.requests().len(),
            sim.busiest(),
            read.maintenances,
            read.taken,
        );
    }
}

/// A screen that asks for its rows and writes now and then; how often it did, and the longest that each took.
fn screen(
    store: Store,
    now: DateTime<Utc>,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<(usize, Duration, Duration)> {
    std::thread::spawn(move || {
        let (mut reads, mut worst_read, mut worst_write) = (0, Duration::ZERO, Duration::ZERO);
        while !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now };
            store.read_blocking(|c| window(c, &query, &Anchor::Top, 0, 200)).unwrap();
            worst_read = worst_read.max(began.elapsed());
            reads += 1;
            let began = Instant::now();
            let actor = Actor { who: "bench".to_owned(), at: now };
            store.write_blocking(move |c| action::add_note(c, &[], "", &actor)).unwrap();
            worst_write = worst_write.max(began.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
        (reads, worst_read, worst_write)
    })
}
