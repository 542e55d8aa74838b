//! `noctui maintenance mails`: the mails in the store, first of all those that could not be read; with an id, one of them.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Session, accept, failed, json, time};
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::mail::{self, Readable};
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::unparsed::{self, Notification, NotificationAnchor, Opened, Which};
use crate::output::{self, JsonArray, Printer};
use crate::store;
use crate::table::Table;
use crate::text::bytes;
use crate::trouble::Trouble;

/// Rows read at a time.
const CHUNK: usize = 500;

/// What was typed after `mails`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show this mail as text: its id stands in the list and in `show --json`.
    #[arg(value_name = "ID", conflicts_with_all = ["all", "dismissed", "filter", "outcome", "limit"], value_parser = super::number)]
    id: Option<i64>,
    /// All mails, also those that were read well.
    #[arg(long, conflicts_with = "outcome")]
    all: bool,
    /// Those that were dismissed.
    #[arg(long, conflicts_with_all = ["all", "outcome"])]
    dismissed: bool,
    /// Only those that have these words in subject, sender, provider, outcome or reason; `!word` leaves out.
    #[arg(long, value_name = "WORDS", default_value = "")]
    filter: String,
    /// Only those with this outcome, such as parsing-failed or ignored.
    #[arg(long, value_name = "OUTCOME", value_parser = outcome())]
    outcome: Option<Outcome>,
    /// Stop after so many.
    #[arg(long, value_name = "N", value_parser = crate::table::at_least_one)]
    limit: Option<usize>,
    /// Print JSON: an array, or with ID one object.
    #[arg(long)]
    json: bool,
}

/// Reads an outcome, and names all that there are to whoever writes another word.
fn outcome() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str)).try_map(|word| word.parse::<Outcome>())
}

/// Lists mails, the newest first, or shows one.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    if let Some(id) = args.id {
        return show(NotificationKey(id), args.json, session);
    }
    let which = match (args.all, args.outcome) {
        (true, _) => Which::All,
        (false, Some(outcome)) => Which::Outcome(outcome),
        (false, None) if args.dismissed => Which::Dismissed,
        (false, None) => Which::NeedALook,
    };
    let chunks = Chunks {
        session,
        which,
        filter: &args.filter,
        next: Some(NotificationAnchor::Top),
        left: args.limit.unwrap_or(usize::MAX),
    };
    if args.json {
        let mut array = JsonArray::begin()?;
        for rows in chunks {
            for row in &rows? {
                array.push(&json::Notification::of(row))?;
            }
            if !array.is_open() {
                break;
            }
        }
        array.finish()?;
    } else {
        let mut printer = Printer::new();
        let mut table = Table::new(output::columns());
        let mut titles = Some(TITLES.map(str::to_owned));
        for rows in chunks {
            let lines: Vec<_> = titles.take().into_iter().chain(rows?.iter().map(cells)).collect();
            printer.print(&table.lines(&lines))?;
            if !printer.is_open() {
                break;
            }
        }
        printer.finish()?;
        if titles.is_some() {
            output::complain(if which == Which::NeedALook && args.filter.is_empty() {
                "no mail needs a look; --all lists all mails"
            } else {
                "there is no such mail"
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What stands above the columns.
const TITLES: [&str; 6] = ["ID", "OUTCOME", "RECEIVED", "FROM", "SUBJECT", "REASON"];

/// A mail in words.
fn cells(mail: &Notification) -> [String; 6] {
    [
        mail.key.0.to_string(),
        mail.outcome.to_string(),
        time(mail.received_at),
        shortened(&mail.sender),
        shortened(&mail.subject),
        shortened(&mail.reason),
    ]
}

/// What a list has room for; JSON and the mail itself have all of it.
fn shortened(text: &str) -> String {
    /// Most subjects are half as long.
    const CHARS: usize = 200;
    crate::text::shortened(text, CHARS)
}

/// Shows one mail as text.
pub(super) fn show(key: NotificationKey, json: bool, session: &Session) -> anyhow::Result<ExitCode> {
    let opened = session.store.read_blocking(|connection| unparsed::notification(connection, key))?;
    let Some(Opened { notification, raw, .. }) = opened else {
        let trouble = Trouble::new(&format!("there is no mail {}", key.0))
            .to_do("noctui maintenance mails --all lists those that there are");
        return Ok(failed(&[trouble]));
    };
    let Some(raw) = raw else {
        let trouble = Trouble::new("there is no mail to show")
            .caused_by("the store no longer keeps it")
            .to_do("look for it in the mailbox");
        return Ok(failed(&[trouble]));
    };
    let readable = mail::readable(&raw);
    let suggestion = Suggestion::of(&raw).filter(|_| notification.outcome.needs_a_look());
    let suggestion = suggestion.map(|suggestion| suggestion.whose(notification.provider.as_deref()));
    if json {
        output::print_json(&json::Mail::of(&notification, &readable, raw.len(), suggestion.as_ref()))?;
    } else {
        let suggested = accept::described(suggestion.as_ref(), notification.outcome, key);
        output::print(&(suggested + &letter(&notification, &readable, raw.len())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A mail for people: its headers, a blank line, its text.
fn letter(notification: &Notification, readable: &Readable, kept: usize) -> String {
    let mut text = String::new();
    for (name, value) in &readable.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
    for line in &readable.lines {
        let _ = writeln!(text, "{line}");
    }
    if (kept as u64) < notification.size {
        let size = notification.size;
        let _ = writeln!(text, "\n[cut: the first {} of {} are kept]", bytes(kept as u64), bytes(size));
    }
    text
}

/// The mails in pieces, each read when it is asked for.
struct Chunks<'s> {
    /// Where to read.
    session: &'s Session,
    /// What to read.
    which: Which,
    /// The words that they have to have.
    filter: &'s str,
    /// Where the next piece begins; `None` at the end.
    next: Option<NotificationAnchor>,
    /// Rows that may still come.
    left: usize,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<Notification>, store::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let anchor = self.next.take().filter(|_| self.left > 0)?;
        let wanted = self.left.min(CHUNK);
        let (which, filter) = (self.which, self.filter);
        let read = self.session.store.read_blocking(|c| unparsed::notifications(c, which, filter, anchor, wanted));
        let window = match read {
            Ok(window) => window,
            Err(error) => return Some(Err(error)),
        };
        self.left -= window.rows.len();
        if window.more {
            self.next = window.rows.last().map(|row| NotificationAnchor::After(row.key));
        }
        (!window.rows.is_empty()).then_some(Ok(window.rows))
    }
}
