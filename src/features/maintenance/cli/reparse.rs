//! `noctui maintenance reparse`: stored mails, read again by the rules as they are now.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::{Session, failed};
use crate::config::create_private_dir;
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::model::{Outcome, Reading};
use crate::features::maintenance::reread;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::again::{self, Again, Effect, Which};
use crate::features::maintenance::store::unparsed::Opened;
use crate::output::{self, JsonArray, Progress};
use crate::store::{FILE_NAME, Store, backup};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// Mails read and written together.
const CHUNK: usize = 64;

/// What was typed after `reparse`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these mails: ids as `noctui maintenance mails` prints them.
    #[arg(value_name = "ID", value_parser = super::number)]
    ids: Vec<i64>,
    /// Only mails with this outcome, such as parsing-failed or unknown-provider.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// Only mails of this provider.
    #[arg(long, value_name = "SLUG")]
    provider: Option<String>,
    /// Say what would change and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print a JSON array with one object for each mail that says something else now.
    #[arg(long)]
    json: bool,
}

/// A mail that says something else now, in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    notification: NotificationKey,
    subject: &'a str,
    sender: &'a str,
    result: &'static str,
    before: &'static str,
    after: &'static str,
    reason: String,
    created: &'a [String],
    changed: &'a [String],
    removed: &'a [String],
    left: &'a [String],
}

/// Reads stored mails again.
pub(super) fn run(args: Args, session: &Session) -> anyhow::Result<ExitCode> {
    let scratch = if args.dry_run { Some(Scratch::of(session)?) } else { None };
    let store = scratch.as_ref().map_or(&session.store, |scratch| &scratch.store);
    let (rules, inventory) = (session.rules(), session.inventory());
    let keys = args.ids.into_iter().map(NotificationKey).collect();
    let which = Which { keys, outcome: args.outcome, provider: args.provider };
    let found = store.read_blocking(|connection| again::candidates(connection, &which))?;
    if found.is_empty() && !which.keys.is_empty() {
        let trouble = Trouble::new("there is no such mail")
            .caused_by("none of that number is kept with its content")
            .to_do("noctui maintenance mails --all lists those that there are");
        return Ok(failed(&[trouble]));
    }
    let mut report = Report::begin(args.json, args.dry_run)?;
    for chunk in found.chunks(CHUNK) {
        for (opened, reading, again) in read_again(store, &rules, &inventory, chunk)? {
            report.told(&opened, &reading, &again)?;
        }
        report.seen += chunk.len();
    }
    report.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Reads mails again and applies what they say, together.
fn read_again(
    store: &Store,
    rules: &Rules,
    inventory: &Inventory,
    keys: &[NotificationKey],
) -> anyhow::Result<Vec<(Opened, Reading, Again)>> {
    let read = store.read_blocking(|connection| reread::fetch(connection, keys))?.read(rules, inventory);
    Ok(store.write_blocking(move |connection| reread::apply(connection, read))?)
}

/// A copy of the store, which a dry run may change; gone with the value.
struct Scratch {
    /// The copy.
    store: Store,
    /// Its folder.
    folder: PathBuf,
}

impl Scratch {
    /// A copy as it is now.
    fn of(session: &Session) -> anyhow::Result<Self> {
        let folder = session.config.paths.cache.join(format!("dry-run-{}", std::process::id()));
        create_private_dir(&folder)?;
        backup(&session.config.paths.data, &folder.join(FILE_NAME))?;
        let store = crate::features::maintenance::open_store(&folder)?;
        Ok(Self { store, folder })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next dry run of a process with this number would find it otherwise.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Tells what the mails say now, and counts it.
struct Report {
    /// For `--json`.
    array: Option<JsonArray>,
    /// Whether nothing is changed.
    is_dry: bool,
    /// While it lasts.
    progress: Progress,
    /// Lines on the mails that say something else, for people.
    lines: String,
    /// Mails that were read.
    total: usize,
    /// Mails that were looked at.
    seen: usize,
    /// Mails that say something else.
    different: usize,
    /// Mails that no rule reads any more.
    worse: usize,
}

impl Report {
    /// Nothing yet.
    fn begin(json: bool, is_dry: bool) -> std::io::Result<Self> {
        Ok(Self {
            array: json.then(JsonArray::begin).transpose()?,
            is_dry,
            progress: Progress::begin(),
            lines: String::new(),
            total: 0,
            seen: 0,
            different: 0,
            worse: 0,
        })
    }

    /// A mail was read again.
    fn told(&mut self, opened: &Opened, reading: &Reading, again: &Again) -> std::io::Result<()> {
        self.total += 1;
        let total = self.total;
        self.progress.show(|| format!("reading again: {}", counted(total, "mail")));
        match again.effect {
            Effect::Same => return Ok(()),
            Effect::Different => self.different += 1,
            Effect::Worse => self.worse += 1,
        }
        let notification = &opened.notification;
        let reason = reason(reading);
        if let Some(array) = &mut self.array {
            return array.push(&Row {
                notification: notification.key,
                subject: &notification.subject,
                sender: &notification.sender,
                result: again.effect.as_str(),
                before: again.before.as_str(),
                after: again.after.as_str(),
                reason,
                created: &again.created,
                changed: &again.changed,
                removed: &again.removed,
                left: &again.left,
            });
        }
        let key = notification.key;
        let _ = match again.effect {
            Effect::Worse => writeln!(
                self.lines,
                "mail {key}: no longer read ({reason}); what it said before stands: {}",
                notification.subject
            ),
            Effect::Same | Effect::Different => {
                writeln!(self.lines, "mail {key}: {} -> {}: {}", again.before, again.after, notification.subject)
            }
        };
        let lists = [
            ("new", &again.created),
            ("changed", &again.changed),
            ("removed, nothing speaks of it", &again.removed),
            ("kept, nothing speaks of it but somebody acted on it", &again.left),
        ];
        for (what, names) in lists {
            for name in names {
                let _ = writeln!(self.lines, "  {what}: {name}");
            }
        }
        Ok(())
    }

    /// Tells the sum.
    fn finish(mut self) -> std::io::Result<()> {
        self.progress.clear();
        if let Some(array) = self.array.take() {
            return array.finish();
        }
        let would = if self.is_dry { "; nothing was changed" } else { "" };
        let worse = if self.worse > 0 { format!(", {} no longer read", self.worse) } else { String::new() };
        let skipped = self.seen - self.total;
        let skipped = if skipped > 0 { format!(", {skipped} not kept as a whole") } else { String::new() };
        let (total, different) = (counted(self.total, "mail"), self.different);
        let same = self.total - different - self.worse;
        let sum = format!("{total} read again: {different} different, {same} as before{worse}{skipped}{would}\n");
        output::print(&format!("{}{sum}", self.lines))
    }
}

/// Why a mail was not read.
fn reason(reading: &Reading) -> String {
    use crate::features::maintenance::model::Verdict;
    match &reading.verdict {
        Verdict::Parsed { .. } => String::new(),
        Verdict::Ignored { reason, .. } | Verdict::Failed { reason, .. } | Verdict::Unknown { reason } => {
            clean_line(reason)
        }
    }
}
