//! `noctui maintenance import`: files, folders, Maildirs and standard input, read once.
//!
//! Three things go on at the same time: a thread finds and reads files, others parse, and the store's writer records what
//! was parsed before, in the order in which it was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::{Session, json, tidy};
use crate::features::maintenance::intake::{Intake, Read};
use crate::features::maintenance::model::{Outcome, Verdict};
use crate::features::maintenance::source::files::{self, STANDARD_INPUT};
use crate::features::maintenance::source::{Received, Refusal};
use crate::features::maintenance::store::record::{Limits, Merged, Novelty, Recorded};
use crate::output::{self, JsonArray, Progress};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// The name of this source in the store.
const LABEL: &str = "import";
/// Mails parsed and recorded together: as many as share a commit.
const BATCH: usize = 64;
/// Bytes after which a batch is full, so that large mails do not gather in memory.
const BATCH_BYTES: usize = 8 << 20;
/// Batches being parsed at the same time at most.
const PARSERS: usize = 4;
/// Mails without an answer that are named one by one.
const NAMED: usize = 10;

/// What was typed after `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Mails, mboxes, calendars, folders with *.eml and *.mbox files, Maildirs; `-` is one of them from standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print a JSON array with one object for each mail.
    #[arg(long)]
    json: bool,
}

/// Imports what was named; what cannot be read does not hold up the rest.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let raw_bytes = usize::try_from(session.config.maintenance.raw_size_limit_bytes).unwrap_or(usize::MAX);
    let intake = Intake::new(session.store.clone(), Arc::new(session.rules()), Limits { raw_bytes });
    let intake = intake.with_inventory(session.inventory());
    let past_days = session.config.maintenance.retention.past_days;
    let cutoff = past_days.map(|days| (days, session.now - TimeDelta::days(i64::from(days))));
    let mut report = Report::begin(args.json, cutoff)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let done = runtime.block_on(import(&intake, paths(&args.paths), session.now, &mut report));
    // The reading thread may wait for standard input, and nobody waits for it any more.
    runtime.shutdown_background();
    let code = report.finish(done.is_ok())?;
    done?;
    tidy::forget(session);
    Ok(code)
}

/// What was named, so that it says where it is whoever reads it later.
fn paths(typed: &[PathBuf]) -> Vec<PathBuf> {
    let is_file = |path: &Path| path.as_os_str() != STANDARD_INPUT;
    let absolute = |path: &PathBuf| std::path::absolute(path).ok().filter(|_| is_file(path));
    typed.iter().map(|path| absolute(path).unwrap_or_else(|| path.clone())).collect()
}

/// Reads, parses and records. Stops when the store refuses, which it would do for every mail that follows.
async fn import(intake: &Intake, paths: Vec<PathBuf>, now: DateTime<Utc>, report: &mut Report) -> anyhow::Result<()> {
    // From the reading thread, capacity 1: it is one batch ahead and waits otherwise. It ends when this end is dropped.
    let (out, batches) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || read(paths, &out));
    let batches = stream::unfold(batches, async |mut batches| batches.recv().await.map(|batch| (batch, batches)));
    let parse = async |batch: Batch| (intake.read(LABEL, batch.mails, now).await, batch.refused);
    let parsers = std::thread::available_parallelism().map_or(1, usize::from).min(PARSERS);
    let mut parsed = pin!(batches.map(parse).buffered(parsers));
    while let Some((mails, refused)) = parsed.next().await {
        for (path, refusal) in refused {
            report.refused(&path, &refusal)?;
        }
        let facts: Vec<Facts> = mails.iter().map(Facts::of).collect();
        for (facts, taken) in facts.iter().zip(intake.record(mails).await) {
            report.taken(facts, &taken?)?;
        }
    }
    reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    Ok(())
}

/// What is parsed together.
#[derive(Debug, Default)]
struct Batch {
    /// Mails with their content.
    mails: Vec<Received>,
    /// What could not be read, and why.
    refused: Vec<(String, Refusal)>,
    /// Of the mails.
    bytes: usize,
}

impl Batch {
    /// Adds what was found.
    fn add(&mut self, found: Received) {
        match &found.body {
            Ok(body) => {
                self.bytes += body.len();
                self.mails.push(found);
            }
            Err(refusal) => self.refused.push((found.key, refusal.clone())),
        }
    }

    /// Whether it should be on its way.
    fn is_full(&self) -> bool {
        self.mails.len() + self.refused.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

/// Reads everything that `paths` name into batches, until nobody takes them.
fn read(paths: Vec<PathBuf>, out: &mpsc::Sender<Batch>) {
    let mut batch = Batch::default();
    for found in files::read(paths) {
        batch.add(found);
        if batch.is_full() && out.blocking_send(std::mem::take(&mut batch)).is_err() {
            return;
        }
    }
    // When it fails the import has ended early and says why.
    let _ = out.blocking_send(batch);
}

/// What is said of a mail beside what became of it.
#[derive(Debug)]
struct Facts {
    path: String,
    subject: String,
    sender: String,
    provider: Option<String>,
    reason: String,
    /// Each once.
    maintenance_ids: Vec<String>,
    /// The ends of the windows that it speaks of.
    ends: Vec<DateTime<Utc>>,
}

impl Facts {
    /// Of a mail before it is recorded.
    fn of(mail: &Read) -> Self {
        let (provider, reason, notices) = match &mail.reading.verdict {
            Verdict::Parsed { provider, notices } => (Some(provider), "", notices.as_slice()),
            Verdict::Ignored { provider, reason } | Verdict::Failed { provider, reason } => {
                (Some(provider), reason.as_str(), [].as_slice())
            }
            Verdict::Unknown { reason } => (None, reason.as_str(), [].as_slice()),
        };
        let mut maintenance_ids: Vec<String> = notices.iter().map(|notice| notice.maintenance_id.clone()).collect();
        maintenance_ids.sort();
        maintenance_ids.dedup();
        Self {
            path: mail.delivery.item.clone(),
            subject: mail.reading.envelope.subject.clone(),
            sender: mail.reading.envelope.sender.clone(),
            provider: provider.filter(|provider| !provider.is_empty()).cloned(),
            reason: clean_line(reason),
            ends: notices.iter().map(|notice| notice.end).collect(),
            maintenance_ids,
        }
    }
}

/// Tells what becomes of the mails, and counts it.
struct Report {
    /// Where each mail is told of; `None` for people, who are told in sum.
    array: Option<JsonArray>,
    /// While it lasts.
    progress: Progress,
    /// Mails by what became of them.
    outcomes: BTreeMap<&'static str, usize>,
    /// Everything that was found.
    found: usize,
    /// What could not be read.
    refused: usize,
    /// Windows that are known now and were not.
    created: usize,
    /// Windows that are different now.
    changed: usize,
    /// How many days are kept and what that reaches back to; `None` where everything is.
    cutoff: Option<(u32, DateTime<Utc>)>,
    /// Windows that were over before that.
    old: usize,
    /// The first mails that gave no maintenance and need a look: path and reason.
    look: Vec<(String, String)>,
}

impl Report {
    /// Nothing yet.
    fn begin(json: bool, cutoff: Option<(u32, DateTime<Utc>)>) -> std::io::Result<Self> {
        Ok(Self {
            array: json.then(JsonArray::begin).transpose()?,
            progress: Progress::begin(),
            outcomes: BTreeMap::new(),
            found: 0,
            refused: 0,
            created: 0,
            changed: 0,
            cutoff,
            old: 0,
            look: Vec::new(),
        })
    }

    /// A mail was recorded.
    fn taken(&mut self, facts: &Facts, recorded: &Recorded) -> std::io::Result<()> {
        let count = |which: &[Merged]| recorded.merged.iter().filter(|(_, what)| which.contains(what)).count();
        let (created, changed) = (count(&[Merged::Created]), count(&[Merged::Changed, Merged::Unlisted, Merged::Told]));
        let is_duplicate = recorded.novelty == Novelty::Duplicate;
        let outcome = recorded.outcome.as_str();
        if let Some((_, cutoff)) = self.cutoff.filter(|_| !is_duplicate) {
            self.old += facts.ends.iter().filter(|end| **end < cutoff).count();
        }
        self.created += created;
        self.changed += changed;
        self.count(if is_duplicate { DUPLICATE } else { outcome });
        if recorded.outcome.needs_a_look() && !is_duplicate && self.look.len() < NAMED {
            self.look.push((facts.path.clone(), facts.reason.clone()));
        }
        let Some(array) = &mut self.array else { return Ok(()) };
        array.push(&json::Imported {
            path: &facts.path,
            result: match recorded.novelty {
                Novelty::New => "recorded",
                Novelty::ReadAgain => "read-again",
                Novelty::Duplicate => DUPLICATE,
            },
            outcome: Some(outcome),
            reason: &facts.reason,
            provider: facts.provider.as_deref(),
            maintenance_ids: facts.maintenance_ids.iter().map(String::as_str).collect(),
            windows_created: created,
            windows_changed: changed,
            subject: &facts.subject,
            sender: &facts.sender,
            notification: Some(recorded.notification),
        })
    }

    /// Something could not be read.
    fn refused(&mut self, path: &str, refusal: &Refusal) -> std::io::Result<()> {
        self.refused += 1;
        self.count(UNREADABLE);
        self.progress.clear();
        let reason = refusal.to_string();
        let name = if path == STANDARD_INPUT { "standard input" } else { path };
        let trouble = Trouble::new(&format!("{name} was not imported")).caused_by(&reason).to_do(match refusal {
            Refusal::TooLarge { .. } | Refusal::Garbled { .. } => {
                "look at it in the mailbox; what else was named is imported"
            }
            Refusal::Empty => "look at what should have written it",
            Refusal::Other { remedy, .. } => remedy,
            Refusal::NotAFile { .. } | Refusal::Unreadable { .. } => {
                "correct the path or its permissions and import it again; what else was named is imported"
            }
        });
        output::complain(&format!("noctui: {trouble}"));
        let Some(array) = &mut self.array else { return Ok(()) };
        array.push(&json::Imported { path, result: UNREADABLE, reason: &reason, ..json::Imported::default() })
    }

    /// One more of this kind.
    fn count(&mut self, what: &'static str) {
        *self.outcomes.entry(what).or_default() += 1;
        self.found += 1;
        let found = self.found;
        self.progress.show(|| format!("importing: {}", counted(found, "mail")));
    }

    /// Tells the sum, unless nothing came of it before it had to end; the exit code.
    fn finish(mut self, is_whole: bool) -> std::io::Result<ExitCode> {
        self.progress.clear();
        let code = if self.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_FAILED) };
        match self.array.take() {
            Some(array) => array.finish()?,
            None if is_whole || self.found > 0 => output::print(&self.sum())?,
            None => {}
        }
        Ok(code)
    }

    /// For people.
    fn sum(&self) -> String {
        let order = Outcome::ALL.map(Outcome::as_str).into_iter().chain([DUPLICATE, UNREADABLE]);
        let counts: Vec<String> =
            order.filter_map(|what| self.outcomes.get(what).map(|count| format!("{count} {what}"))).collect();
        let of = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        let mut sum = format!("{}{of}\n", counted(self.found, "mail"));
        if self.created + self.changed > 0 {
            let _ = writeln!(sum, "{} new, {} changed", counted(self.created, "window"), self.changed);
        }
        if let (Some((days, _)), 1..) = (self.cutoff, self.old) {
            let _ = writeln!(
                sum,
                "{} over for more than {days} days: noctui forgets them after a day unless they carry a note; \
                 maintenance.retention.past keeps them",
                counted(self.old, "window"),
            );
        }
        for (path, reason) in &self.look {
            let _ = writeln!(sum, "  needs a look: {}: {reason}", clean_line(path));
        }
        let count = |outcome: Outcome| self.outcomes.get(outcome.as_str()).copied().unwrap_or_default();
        let look: usize = Outcome::ALL.into_iter().filter(|outcome| outcome.needs_a_look()).map(count).sum();
        if look > self.look.len() {
            let _ = writeln!(sum, "  and {} more; --json names all", look - self.look.len());
        }
        sum
    }
}

/// The word for a mail that was recorded before.
const DUPLICATE: &str = "duplicate";
/// The word for what was named and could not be read.
const UNREADABLE: &str = "unreadable";
