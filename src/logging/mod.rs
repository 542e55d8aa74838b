//! What happened, for the file and for the in-app log; never for the screen in use.
//!
//! [`start`] once, early: it opens nothing yet and costs a thread that sleeps until there is a line to write. Log with
//! the `tracing` macros from anywhere; the caller never waits for the disk. Mail bodies and secrets are never logged.

mod file;
mod recent;

use std::io;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use chrono::SecondsFormat;
use tokio::sync::watch;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;

use crate::clock;
use crate::config::{Level, Log};
use crate::text::clean_line;
use file::{Limits, RotatingFile};
pub use recent::{Entry, Recent, Severity};

/// Lines on their way to the file. From any thread to the writer thread; when it is full, which takes a disk that hangs,
/// lines are counted and dropped; it closes with the process.
const QUEUE_LINES: usize = 1024;

/// How long the end of the program waits for the last lines to reach the file.
const LAST_LINES: Duration = Duration::from_millis(500);

/// The queue to the writer thread of this process, for the panic hook.
static QUEUE: OnceLock<SyncSender<Job>> = OnceLock::new();

/// What the writer thread is asked to do.
enum Job {
    /// Write this line, which ends without a line end.
    Line(Vec<u8>),
    /// Observe these limits from now on.
    Limit(Limits),
    /// Say when all before this is written.
    Report(SyncSender<()>),
}

/// The log of this process, for whoever shows it, tunes it and ends it.
#[derive(Debug)]
pub struct Logging {
    /// To the writer thread.
    queue: SyncSender<Job>,
    /// What reaches the file.
    filter: reload::Handle<Targets, Registry>,
    /// The last warnings.
    recent: watch::Receiver<Recent>,
}

/// Starts to log this process to `path`. Where that cannot be written, the in-app log says so and all else goes on.
///
/// Only the first call in a process has an effect on what is logged.
#[must_use]
pub fn start(log: &Log, path: &Path) -> Logging {
    let (logging, subscriber) = prepare(log, path.to_owned());
    if QUEUE.set(logging.queue.clone()).is_ok() {
        // Fails when a subscriber is set already, and then that one gets what happens.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
    logging
}

/// The log and the subscriber that feeds it.
fn prepare(log: &Log, path: PathBuf) -> (Logging, impl Subscriber + Send + Sync) {
    let (queue, jobs) = sync_channel(QUEUE_LINES);
    let (layer, recent) = recent::layer();
    let lost = Arc::new(AtomicU64::new(0));
    let writer = LineWriter {
        file: RotatingFile::new(path, Limits::of(log)),
        lost: Arc::clone(&lost),
        warnings: layer.sender(),
        healthy: true,
    };
    let started = thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&jobs)).is_ok();
    if !started {
        recent::say(&layer.sender(), Severity::Error, "the log file stays empty: the system refuses another thread");
    }
    let (filter, handle) = reload::Layer::new(targets(log.level));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_timer(Clock)
        .with_writer(Lines { queue: queue.clone(), lost })
        .with_filter(filter);
    let subscriber = tracing_subscriber::registry().with(lines).with(layer.with_filter(LevelFilter::WARN));
    (Logging { queue, filter: handle, recent }, subscriber)
}

/// What is logged at `level`. Libraries keep to warnings: below that, HTTP and TLS log headers, and so tokens.
fn targets(level: Level) -> Targets {
    let ours = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target("noctui", ours).with_default(ours.min(LevelFilter::WARN))
}

impl Logging {
    /// The last warnings: newest wins, readers see the latest only.
    #[must_use]
    pub fn recent(&self) -> watch::Receiver<Recent> {
        self.recent.clone()
    }

    /// Takes over changed settings.
    pub fn set(&self, log: &Log) {
        // Fails only when the subscriber is gone, and then there is nothing to filter.
        let _ = self.filter.reload(targets(log.level));
        let _ = self.queue.try_send(Job::Limit(Limits::of(log)));
    }

    /// Waits, but not long, until everything logged so far is in the file.
    pub fn flush(&self) {
        flush(&self.queue, LAST_LINES);
    }
}

/// Waits until everything in `queue` is in the file, but no longer than `patience`.
fn flush(queue: &SyncSender<Job>, patience: Duration) {
    let (done, written) = sync_channel(1);
    if queue.try_send(Job::Report(done)).is_ok() {
        // Late or never when the disk hangs; the program ends all the same.
        let _ = written.recv_timeout(patience);
    }
}

/// From now on every panic of any thread is logged before the hook that is set now is called.
pub fn record_panics() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        record_panic(info);
        next(info);
    }));
}

/// Logs a panic and waits for it to reach the file, since the process may be about to end.
fn record_panic(info: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("(not a text)");
    tracing::error!(
        thread = thread.name().unwrap_or("?"),
        location,
        version = env!("CARGO_PKG_VERSION"),
        "panic: {message}"
    );
    if let Some(queue) = QUEUE.get() {
        flush(queue, LAST_LINES);
    }
}

/// The writer thread's own.
struct LineWriter {
    /// Where lines go.
    file: RotatingFile,
    /// How many lines were dropped since the last one that was written.
    lost: Arc<AtomicU64>,
    /// Where to say that lines cannot be written.
    warnings: watch::Sender<Recent>,
    /// Whether the last line was written; a full disk is told once, not with every line.
    healthy: bool,
}

impl LineWriter {
    /// Serves until every sender is gone. It sleeps while there is nothing to do.
    fn run(mut self, jobs: &Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Line(line) => {
                    // A line may quote what a mail or a server said.
                    self.write(&clean_line(&String::from_utf8_lossy(&line)));
                    let lost = self.lost.swap(0, Ordering::Relaxed);
                    if lost > 0 {
                        self.write(&format!(
                            "{lost} lines are missing here: they came faster than they could be written"
                        ));
                    }
                }
                Job::Limit(limits) => self.file.limit(limits),
                // Whoever waited has gone when this fails.
                Job::Report(done) => drop(done.try_send(())),
            }
        }
    }

    /// Writes one line.
    fn write(&mut self, line: &str) {
        let written = self.file.write(format!("{line}\n").as_bytes());
        if let (true, Err(error)) = (self.healthy, &written) {
            let path = self.file.path().display();
            recent::say(&self.warnings, Severity::Error, &format!("cannot write the log file {path}: {error}"));
        }
        self.healthy = written.is_ok();
    }
}

/// Hands formatted lines to the writer thread.
#[derive(Debug, Clone)]
struct Lines {
    /// To the writer thread.
    queue: SyncSender<Job>,
    /// Counts what the queue could not take.
    lost: Arc<AtomicU64>,
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl io::Write for Lines {
    /// Takes one whole line: the formatter writes each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let whole = line.strip_suffix(b"\n").unwrap_or(line);
        if self.queue.try_send(Job::Line(whole.to_owned())).is_err() {
            // Whoever logs must not wait for a disk that hangs.
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stamps lines with the one clock, in UTC.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, line: &mut Writer<'_>) -> std::fmt::Result {
        line.write_str(&clock::now().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a guard against hanging: a busy machine may be slow.
    const GENEROUS: Duration = Duration::from_mins(1);

    fn log(level: Level) -> Log {
        Log { level, max_size_bytes: 1 << 20, files: 2 }
    }

    /// The lines in the file after `run`, without their time.
    fn lines(level: Level, run: impl FnOnce(&Logging)) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("noctui.log");
        let (logging, subscriber) = prepare(&log(level), path.clone());
        tracing::subscriber::with_default(subscriber, || run(&logging));
        flush(&logging.queue, GENEROUS);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned()).collect()
    }

    #[test]
    fn lines_carry_spans_fields_and_their_module() {
        let lines = lines(Level::Info, |_| {
            let _entered = tracing::info_span!("worker", backend = "mail").entered();
            tracing::info!(mails = 3, "imported");
            tracing::debug!("not at this level");
        });
        assert_eq!(lines, ["INFO worker{backend=\"mail\"}: noctui::logging::tests: imported mails=3"]);
    }

    #[test]
    fn libraries_keep_to_warnings_even_at_trace() {
        let lines = lines(Level::Trace, |_| {
            tracing::debug!(target: "h2::client", "authorization: Bearer secret");
            tracing::warn!(target: "h2::client", "goaway");
            tracing::trace!("ours");
        });
        assert_eq!(lines, ["WARN h2::client: goaway", "TRACE noctui::logging::tests: ours"]);
    }

    #[test]
    fn the_level_changes_while_running() {
        let lines = lines(Level::Warn, |logging| {
            tracing::info!("before");
            logging.set(&log(Level::Debug));
            tracing::debug!("after");
        });
        assert_eq!(lines, ["DEBUG noctui::logging::tests: after"]);
    }

    #[test]
    fn one_event_is_one_harmless_line() {
        let lines = lines(Level::Info, |_| tracing::info!("a\nb\u{1b}[2J"));
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].contains('\u{1b}'), "{lines:?}");
    }

    #[test]
    fn warnings_are_kept_whatever_the_file_takes() {
        let mut recent = None;
        let lines = lines(Level::Error, |logging| {
            tracing::warn!("kept in mind");
            recent = Some(logging.recent());
        });
        assert!(lines.is_empty());
        assert_eq!(recent.unwrap().borrow().newest_first().next().unwrap().text, "kept in mind");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("state"), "").unwrap();
        let (logging, subscriber) = prepare(&log(Level::Info), dir.path().join("state/noctui.log"));
        tracing::subscriber::with_default(subscriber, || (0..3).for_each(|_| tracing::info!("lost")));
        flush(&logging.queue, GENEROUS);
        let recent = logging.recent().borrow().clone();
        assert_eq!(recent.said(), 1);
        let text = &recent.newest_first().next().unwrap().text;
        assert!(text.starts_with("cannot write the log file "), "{text}");
    }

    #[test]
    fn a_full_queue_drops_lines_and_counts_them() {
        let (queue, jobs) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let mut lines = Lines { queue, lost: Arc::clone(&lost) };
        for line in ["one\n", "two\n", "three\n"] {
            io::Write::write_all(&mut lines, line.as_bytes()).unwrap();
        }
        drop(lines);
        let dir = tempfile::tempdir().unwrap();
        let file = RotatingFile::new(dir.path().join("log"), Limits::of(&log(Level::Info)));
        let (warnings, _) = watch::channel(Recent::default());
        LineWriter { file, lost, warnings, healthy: true }.run(&jobs);
        let text = std::fs::read_to_string(dir.path().join("log")).unwrap();
        assert_eq!(text, "one\n2 lines are missing here: they came faster than they could be written\n");
    }

    /// Set for the process that panics, to the folder of its log.
    const PANIC_IN: &str = "NOCTUI_TEST_PANIC_IN";

    #[test]
    fn a_panic_is_logged_before_the_process_ends() {
        if let Some(dir) = std::env::var_os(PANIC_IN) {
            let _logging = start(&log(Level::Error), &PathBuf::from(dir).join("noctui.log"));
            record_panics();
            panic!("out of \u{1b}[31mcircuits");
        }
        let dir = tempfile::tempdir().unwrap();
        let this = "logging::tests::a_panic_is_logged_before_the_process_ends";
        let program = std::env::current_exe().unwrap();
        let output =
            std::process::Command::new(program).args(["--exact", this]).env(PANIC_IN, dir.path()).output().unwrap();
        assert!(!output.status.success());
        let text = std::fs::read_to_string(dir.path().join("noctui.log")).unwrap();
        assert!(text.contains("ERROR noctui::logging: panic: out of "), "{text}");
        assert!(text.contains("src/logging/mod.rs:") && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
