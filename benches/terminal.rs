//! What noctui costs at the terminal, in figures: start, keys, idling, memory, quitting. Not a test: nothing fails here.
//!
//! `cargo bench --bench terminal` fills a store with 100,000 maintenances and measures noctui on it;
//! `cargo bench --bench terminal -- PROGRAM ARGUMENT...` measures another program or other arguments in the same way:
//! 140x40, a terminal that answers nothing, a fresh home.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement prints, fails when it cannot measure, and its counts are small"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use support::{Session, Start};

/// How often the program is started.
const STARTS: usize = 15;
/// How many single keys are measured.
const KEYS: usize = 400;
/// How long a key is held.
const HELD: Duration = Duration::from_secs(5);
/// How often a held key repeats.
const REPEAT: Duration = Duration::from_millis(33);
/// How long nothing is done.
const IDLE: Duration = Duration::from_secs(10);
/// After so much silence the program is taken to have done all it had to do.
const SILENCE: Duration = Duration::from_millis(300);
/// A piece of output with rows of a list in it is longer than this; clocks and states in the header are shorter.
const ROWS: usize = 500;
/// A key's answer is complete after so much silence.
const KEY_SILENCE: Duration = Duration::from_millis(8);
/// Filling the store may take this long before the first frame.
const PREPARATION: Duration = Duration::from_mins(5);

fn main() {
    // Cargo itself passes `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let folder = tempfile::tempdir().unwrap();
    let (program, args) = match words.next() {
        Some(program) => (program, words.collect()),
        None => (env!("CARGO_BIN_EXE_noctui").to_owned(), prepared(&folder.path().join("demo"))),
    };
    let start = || Start::program(&program).args(&args).size(140, 40);
    println!("{program} {}", args.join(" "));
    if let Ok(file) = std::fs::metadata(&program) {
        println!("binary            {:8.1} MB", megabytes(file.len()));
    }
    measure_starts(&start);
    let mut session = start().spawn();
    wait_until_ready(&mut session);
    measure_keys(&mut session);
    measure_held_key(&mut session);
    measure_idling(&mut session);
}

/// Makes a store of 100,000 maintenances in `folder`; returns the arguments that open it.
fn prepared(folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let keep = folder.display().to_string();
    let mut session = Start::noctui(&["demo", "--still", "--scale", "100000", "--keep", &keep]).spawn();
    wait_until_ready(&mut session);
    session.quit("q");
    vec!["--config".to_owned(), path("config.toml"), "--data-dir".to_owned(), path("data")]
}

/// First frame, complete list, complete screen, end.
fn measure_starts(start: &impl Fn() -> Start) {
    let (mut first, mut list, mut ready, mut quit) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut session = start().spawn();
        let outputs = wait_until_ready(&mut session);
        first.extend(outputs.first().map(|(at, _)| *at));
        list.extend(outputs.iter().rfind(|(_, bytes)| *bytes >= ROWS).map(|(at, _)| *at));
        ready.extend(outputs.last().map(|(at, _)| *at));
        let asked = Instant::now();
        session.send("q");
        session.wait_for_end();
        quit.push(asked.elapsed());
    }
    println!("first frame       {}", spread(first));
    println!("complete list     {}", spread(list));
    println!("complete screen   {}", spread(ready));
    println!("quit              {}", spread(quit));
}

/// When since the start how many bytes arrived, until nothing more does.
fn wait_until_ready(session: &mut Session) -> Vec<(Duration, usize)> {
    let mut outputs = Vec::new();
    let mut wait = PREPARATION;
    loop {
        let before = session.screen.bytes();
        if !session.wait_for_output(wait) {
            return outputs;
        }
        outputs.push((session.started().elapsed(), session.screen.bytes() - before));
        wait = SILENCE;
    }
}

/// From a key to the first byte of the frame it changes.
fn measure_keys(session: &mut Session) {
    let mut times = Vec::new();
    let before = session.screen.bytes();
    let mut answered = 0;
    for key in 0..KEYS {
        // Down and up in turns of ten, so that neither end of a list is met.
        let pressed = Instant::now();
        session.send(if key / 10 % 2 == 0 { "j" } else { "k" });
        if session.wait_for_output(SILENCE) {
            times.push(pressed.elapsed());
            answered += 1;
        }
        session.settle(KEY_SILENCE);
    }
    println!("key to frame      {}", spread(times));
    println!("answered keys     {answered:8} of {KEYS}");
    println!("per key           {:8} bytes", (session.screen.bytes() - before) / KEYS);
}

/// A cursor key held down, far into the list.
fn measure_held_key(session: &mut Session) {
    let before = session.screen.bytes();
    let start = Instant::now();
    let mut keys = 0;
    while start.elapsed() < HELD {
        session.send("j");
        keys += 1;
        session.read_for(REPEAT);
    }
    session.settle(SILENCE);
    println!("per held key      {:8} bytes", (session.screen.bytes() - before) / keys);
}

/// Nothing is done and nothing happens.
fn measure_idling(session: &mut Session) {
    session.settle(Duration::from_secs(2));
    let process = session.process();
    let (bytes, wake_ups, cpu) = (session.screen.bytes(), process.wake_ups(), process.cpu_time());
    session.read_for(IDLE);
    let per_s = |count: u64| count as f64 / IDLE.as_secs_f64();
    println!("idle              {:8.1} wake-ups/s", per_s(process.wake_ups() - wake_ups));
    println!("idle              {:8.1} bytes/s", per_s(u64::try_from(session.screen.bytes() - bytes).unwrap()));
    println!(
        "idle              {:8.2} % of a core",
        process.cpu_time().saturating_sub(cpu).as_secs_f64() / IDLE.as_secs_f64() * 100.0
    );
    println!("resident          {:8.1} MB", megabytes(process.resident_kib() * 1024));
    println!("threads           {:8}", process.threads());
}

/// Median, 95th and 99th part in a hundred.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let part = |hundredths: usize| {
        let index = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    };
    format!("{:8.2} ms   p95 {:8.2}   p99 {:8.2}", part(50), part(95), part(99))
}

/// Millions of bytes.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
