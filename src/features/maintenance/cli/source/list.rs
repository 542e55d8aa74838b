//! `noctui source list`

use std::process::ExitCode;

use serde::Serialize;

use super::{kind, place};
use crate::config::Source;
use crate::features::maintenance::cli::{Session, json, time};
use crate::features::maintenance::store::source::{self, Known};
use crate::features::maintenance::worker::label;
use crate::output;
use crate::table::Table;
use crate::text::clean_line;

/// What was typed after `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print a JSON array with one object for each source.
    #[arg(long)]
    json: bool,
}

/// A source in JSON.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    place: String,
    state: &'static str,
    reader: Option<String>,
    paused: Option<Acted>,
    complete: Option<String>,
    failed: Option<Failed>,
    next: Option<String>,
    mails: u64,
}

/// Who did something and when.
#[derive(Debug, Serialize)]
struct Acted {
    by: String,
    at: String,
}

/// What went wrong and when.
#[derive(Debug, Serialize)]
struct Failed {
    at: String,
    why: String,
}

/// Lists every source as the processes on this data directory told.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for source in &session.config.maintenance.sources {
        let (name, label) = (source.name.clone(), label(&source.from));
        let (known, mails) =
            session.store.read_blocking(move |c| Ok((source::known(c, &name)?, source::mails(c, &label)?)))?;
        rows.push((source, known, mails));
    }
    if args.json {
        let rows: Vec<Row> = rows.iter().map(|(source, known, mails)| row(session, source, known, *mails)).collect();
        output::print_json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let titles = ["SOURCE", "KIND", "STATE", "COMPLETE", "MAILS", "PLACE"].map(str::to_owned);
    let cells = rows.iter().map(|(source, known, mails)| {
        [
            clean_line(&source.name),
            kind(source).to_owned(),
            state(session, known).to_owned(),
            known.complete_at.map_or_else(|| "-".to_owned(), time),
            mails.to_string(),
            place(source),
        ]
    });
    let table: Vec<[String; 6]> = std::iter::once(titles).chain(cells).collect();
    output::print(&Table::new(output::columns()).lines(&table))?;
    // Whole sentences, which no column is wide enough for.
    let mut told = rows.iter().filter_map(|(source, known, _)| {
        let sentence = sentence(session, known)?;
        Some(format!("{}: {sentence}\n", clean_line(&source.name)))
    });
    if let Some(first) = told.next() {
        output::print(&told.fold(format!("\n{first}"), |text, line| text + &line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How a source goes, in a word.
fn state(session: &Session, known: &Known) -> &'static str {
    match (&known.paused, &known.failed, known.reader(session.now)) {
        (Some(_), ..) => "paused",
        (None, Some(_), _) => "failed",
        (None, None, Some(_)) => "read",
        (None, None, None) => "idle",
    }
}

/// What that word leaves out: by whom, since when, and why.
fn sentence(session: &Session, known: &Known) -> Option<String> {
    match (&known.paused, &known.failed, known.reader(session.now)) {
        (Some((who, at)), ..) => Some(format!("paused by {} {}", clean_line(who), time(*at))),
        (None, Some((at, why)), _) => Some(format!("failed {}: {}", time(*at), clean_line(why))),
        (None, None, Some(holder)) => Some(format!("read by {}", holder.owner.label())),
        (None, None, None) => None,
    }
}

/// A source in JSON.
fn row(session: &Session, source: &Source, known: &Known, mails: u64) -> Row {
    let reader = known.reader(session.now).map(|holder| holder.owner.label());
    Row {
        name: clean_line(&source.name),
        kind: kind(source),
        place: place(source),
        state: state(session, known),
        reader,
        paused: known.paused.as_ref().map(|(by, at)| Acted { by: clean_line(by), at: json::time(*at) }),
        complete: known.complete_at.map(json::time),
        failed: known.failed.as_ref().map(|(at, why)| Failed { at: json::time(*at), why: clean_line(why) }),
        next: known.next_at.map(json::time),
        mails,
    }
}
