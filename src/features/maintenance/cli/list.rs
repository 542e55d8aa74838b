//! `noctui maintenance list`

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::name::full;
use super::{Session, json};
use crate::features::maintenance::model::{Circuit, Impact};
use crate::features::maintenance::store::detail::circuits_of;
use crate::features::maintenance::store::list::{self, Acknowledged, Anchor, Filter, ListQuery, Row, Scope, Sort};
use crate::features::maintenance::store::look_up::providers;
use crate::features::maintenance::worker::circuits::mark_rows;
use crate::output::{self, JsonArray, Printer};
use crate::store;
use crate::table::Table;
use crate::ui::time::brief_distance;

/// Rows read at a time: each read sees one state of the store, and no reader of ours holds up its upkeep for longer.
const CHUNK: usize = 500;

/// What was typed after `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which maintenances.
    #[command(flatten)]
    selection: Selection,
    /// In which order.
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Time)]
    sort: Order,
    /// Stop after so many.
    #[arg(long, value_name = "N", value_parser = crate::table::at_least_one)]
    limit: Option<usize>,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Which maintenances; those that are not over when nothing is said.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, and clap lets only one be set")]
pub(super) struct Selection {
    /// All, past ones too.
    #[arg(long, group = "scope")]
    all: bool,
    /// Those that are neither over nor cancelled nor completed; this is what is meant when nothing is said.
    #[arg(long, group = "scope")]
    open: bool,
    /// Open ones that are not acknowledged as they are now.
    #[arg(long, group = "scope")]
    unacknowledged: bool,
    /// Those that are new or have changed since somebody last looked at them, past ones too.
    #[arg(long, group = "scope")]
    changed: bool,
    /// Only this provider's.
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only those with all of these words in provider, id, circuits or summary; !word for words that must not be there.
    #[arg(long, value_name = "WORDS")]
    filter: Option<String>,
}

impl Selection {
    /// Whether anything was said.
    pub(super) fn is_said(&self) -> bool {
        self.all || self.open || self.unacknowledged || self.changed || self.provider.is_some() || self.filter.is_some()
    }

    /// What is said where nothing is listed.
    fn nothing(&self) -> &'static str {
        match (self.provider.is_some() || self.filter.is_some(), self.all) {
            (true, _) => "no maintenance matches",
            (false, true) => "there are no maintenances; `noctui maintenance import` reads mails",
            (false, false) => "there are no such maintenances; --all lists past ones too",
        }
    }

    /// As the store is asked.
    pub(super) fn query(&self, sort: Sort, now: DateTime<Utc>) -> ListQuery {
        let scope = if self.all {
            Scope::All
        } else if self.unacknowledged {
            Scope::Unacknowledged
        } else if self.changed {
            Scope::Changed
        } else {
            Scope::Open
        };
        let text = self.filter.clone().unwrap_or_default();
        ListQuery { sort, filter: Filter { text, scope, provider: self.provider.clone() }, now }
    }
}

/// The orders by the words of the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// Running ones first, then what comes, then what is past
    Time,
    /// The last changed first
    Change,
    /// By provider, the latest first
    Provider,
}

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Time => Self::Grouped,
            Order::Change => Self::Changed,
            Order::Provider => Self::Provider,
        }
    }
}

/// Lists maintenances, reading on while somebody reads what is printed.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let query = args.selection.query(args.sort.into(), session.now);
    let chunks = Chunks::new(session, query, args.limit.unwrap_or(usize::MAX));
    if args.json {
        print_json(chunks, session)?;
    } else {
        let is_empty = !print_table(chunks, session.now)?;
        if is_empty {
            output::complain(&nothing(&args.selection, session)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said where nothing is listed: of a provider that nobody knows, that is why.
pub(super) fn nothing(selection: &Selection, session: &Session) -> Result<String, store::Error> {
    let said = selection.nothing();
    let Some(provider) = &selection.provider else { return Ok(said.to_owned()) };
    let known = session.store.read_blocking(providers)?;
    let is_known = |known: &str| known.eq_ignore_ascii_case(provider);
    if known.iter().any(|known| is_known(known)) || session.rules().slugs().into_iter().any(is_known) {
        return Ok(said.to_owned());
    }
    Ok(format!("{said}: no provider {provider:?} is known; `noctui provider list` names them"))
}

/// As an array, with the circuits of each.
fn print_json(chunks: Chunks<'_>, session: &Session) -> anyhow::Result<()> {
    let mut array = JsonArray::begin()?;
    for rows in chunks {
        let rows = rows?;
        for (row, circuits) in rows.iter().zip(circuits(session, &rows)?) {
            array.push(&json::Maintenance::of_row(row, &circuits, &session.inventory()))?;
        }
        if !array.is_open() {
            break;
        }
    }
    Ok(array.finish()?)
}

/// The circuits of each of `rows`.
fn circuits(session: &Session, rows: &[Row]) -> Result<Vec<Vec<Circuit>>, store::Error> {
    session.store.read_blocking(|connection| {
        rows.iter().map(|row| circuits_of(connection, row.key.maintenance)).collect::<Result<_, _>>()
    })
}

/// As aligned columns; whether there was anything.
fn print_table(chunks: Chunks<'_>, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let mut printer = Printer::new();
    let mut table = Table::new(output::columns());
    let mut titles = Some(TITLES.map(str::to_owned));
    for rows in chunks {
        let lines: Vec<_> = titles.take().into_iter().chain(rows?.iter().map(|row| cells(row, now))).collect();
        printer.print(&table.lines(&lines))?;
        if !printer.is_open() {
            break;
        }
    }
    printer.finish()?;
    Ok(titles.is_none())
}

/// What stands above the columns; what decides the night comes first, since a narrow terminal cuts the rest.
const TITLES: [&str; 10] =
    ["NAME", "#", "WHEN", "STATUS", "IMPACT", "ACK", "START (UTC)", "END (UTC)", "CIRCUITS", "SUMMARY"];

/// A row in words.
fn cells(row: &Row, now: DateTime<Utc>) -> [String; 10] {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    [
        full(&row.provider, &row.maintenance_id),
        format!("{}/{}", row.window, row.windows),
        if row.status.ended_early(row.end, now) { "-".to_owned() } else { brief_distance(row.start, row.end, now) },
        match row.status.word_at(row.end, now) {
            word if row.says_cancelled => format!("{word}, cancelled?"),
            word => word.to_owned(),
        },
        row.worst_impact.map_or("-", Impact::word).to_owned(),
        match &row.acknowledged {
            Acknowledged::No => "no".to_owned(),
            Acknowledged::Yes { by, .. } => format!("by {by}"),
            Acknowledged::Before { by, .. } => format!("changed since {by}"),
        },
        time(row.start),
        time(row.end),
        format!(
            "{}{}{}",
            row.circuits,
            if row.may_lack_circuits() { "+" } else { "" },
            if row.unknown_circuits > 0 { "?" } else { "" }
        ),
        row.summary.clone(),
    ]
}

/// The rows of a list in pieces, each read when it is asked for.
pub(super) struct Chunks<'s> {
    /// Where to read.
    session: &'s Session,
    /// What to read.
    query: ListQuery,
    /// Where the next piece begins; `None` at the end.
    next: Option<Anchor>,
    /// Rows that may still come.
    left: usize,
}

impl<'s> Chunks<'s> {
    /// Up to `limit` rows.
    pub(super) fn new(session: &'s Session, query: ListQuery, limit: usize) -> Self {
        Self { session, query, next: (limit > 0).then_some(Anchor::Top), left: limit }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<Row>, store::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let anchor = self.next.take()?;
        let wanted = self.left.min(CHUNK);
        let read =
            self.session.store.read_blocking(|connection| list::window(connection, &self.query, &anchor, 0, wanted));
        let mut window = match read {
            Ok(window) => window,
            Err(error) => return Some(Err(error)),
        };
        let inventory = self.session.inventory();
        if inventory.is_there() {
            let marked = self.session.store.read_blocking(|c| mark_rows(c, &mut window.rows, &inventory));
            if let Err(error) = marked {
                return Some(Err(error));
            }
        }
        self.left -= window.rows.len();
        if window.more_after && self.left > 0 {
            self.next = window.rows.last().map(|row| Anchor::After(row.key.clone()));
        }
        (!window.rows.is_empty()).then_some(Ok(window.rows))
    }
}
