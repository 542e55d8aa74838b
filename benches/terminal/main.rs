//! What noctui costs at the terminal, beside what it may cost: start, keys, filters, pastes, idling, memory, leaving. Not a test:
//! nothing fails here, a budget that is missed is marked.
//!
//! `cargo bench --bench terminal` fills a store with 100,000 maintenances and measures the real binary on it, in terminals
//! of 80x24 and 200x60 that answer no question. `NOCTUI_BENCH_ROWS` is another number of maintenances, and
//! `NOCTUI_BENCH_BACKENDS=1` measures with a lab and two instances of CloudVision configured that do not answer.
//! `NOCTUI_BENCH_PARTS`, such as `keys,filters`, names the only parts to be measured.
//! `cargo bench --bench terminal -- PROGRAM ARGUMENT...` measures another program, or other arguments, in the same way.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement prints, fails when it cannot measure, and its counts are small"
)]

mod figures;
mod filters;
mod frames;
mod keys;
mod leaving;
mod pastes;
mod resting;
mod starts;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use support::{Session, Start};

/// The terminals.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];
/// After so much silence the program is taken to have done all it had to do.
const SILENCE: Duration = Duration::from_millis(300);
/// Filling the store may take this long before the first frame.
const PREPARATION: Duration = Duration::from_mins(5);

/// What is measured.
struct Subject {
    /// By its path or name.
    program: String,
    /// Its command line.
    args: Vec<String>,
    /// Where the mails of a store of our own lie; none for another program.
    folder: Option<PathBuf>,
}

impl Subject {
    /// Not yet started, on a terminal of this size.
    fn start(&self, (columns, rows): (u16, u16)) -> Start {
        Start::program(&self.program).args(&self.args).size(columns, rows)
    }

    /// Started, with its screen complete.
    fn ready(&self, size: (u16, u16)) -> Session {
        let mut session = self.start(size).spawn();
        session.wait_for_output(PREPARATION);
        session.settle(SILENCE);
        session
    }
}

fn main() {
    // Cargo itself passes `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let folder = tempfile::tempdir().unwrap();
    let subject = match words.next() {
        Some(program) => Subject { program, args: words.collect(), folder: None },
        None => prepared(&folder.path().join("demo")),
    };
    println!("{} {}", subject.program, subject.args.join(" "));
    if let Ok(file) = std::fs::metadata(&subject.program) {
        println!("{:.1} MB", figures::megabytes(file.len()));
    }
    let parts = std::env::var("NOCTUI_BENCH_PARTS").ok();
    let is_asked = |part: &str| parts.as_ref().is_none_or(|parts| parts.split(',').any(|name| name == part));
    for size in SIZES {
        heading(size);
        if is_asked("starts") {
            starts::measure(&subject, size);
        }
        let mut session = subject.ready(size);
        if is_asked("keys") {
            keys::measure(&mut session);
        }
        if is_asked("filters") && subject.folder.is_some() {
            filters::measure(&mut session);
        }
        // Before the pastes: what is said of those goes away by itself.
        if is_asked("resting") {
            resting::measure(&mut session);
        }
        if is_asked("pastes") {
            pastes::measure(&mut session);
        }
        if is_asked("leaving") {
            leaving::measure(&subject, size);
            leaving::measure_without_terminal(&subject, size);
        }
    }
    let mut mails = 0..;
    for size in SIZES.into_iter().filter(|_| is_asked("mails")) {
        heading(size);
        leaving::measure_amid_mails(&subject, size, &mut mails);
    }
}

/// Says what follows.
fn heading((columns, rows): (u16, u16)) {
    println!("\n{columns}x{rows}");
    figures::heading();
}

/// Makes a store of many maintenances in `folder`; returns the program that opens it.
fn prepared(folder: &Path) -> Subject {
    let path = |name: &str| folder.join(name).display().to_string();
    let keep = folder.display().to_string();
    let rows = std::env::var("NOCTUI_BENCH_ROWS").unwrap_or_else(|_| "100000".to_owned());
    let mut session = Start::noctui(&["demo", "--still", "--scale", &rows, "--keep", &keep]).spawn();
    session.wait_for_output(PREPARATION);
    session.settle(SILENCE);
    session.quit("q");
    println!("{rows} maintenances");
    // The simulated backends have gone with the demo: what noctui says of servers that do not answer is measured only where
    // somebody wants to know.
    if std::env::var_os("NOCTUI_BENCH_BACKENDS").is_none() {
        let config = folder.join("config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let (mails, _) = text.split_once("[[cloudvision]]").unwrap();
        std::fs::write(&config, mails).unwrap();
    }
    Subject {
        program: env!("CARGO_BIN_EXE_noctui").to_owned(),
        args: vec!["--config".to_owned(), path("config.toml"), "--data-dir".to_owned(), path("data")],
        folder: Some(folder.to_owned()),
    }
}
