//! `noctui source list`

use std::process::ExitCode;

use serde::Serialize;

use super::{kind, place};
use crate::config::{Source, SourceFrom};
use crate::features::maintenance::cli::{Session, json, time};
use crate::features::maintenance::source::maildir;
use crate::features::maintenance::store::given_up::{self, GivenUp};
use crate::features::maintenance::store::source::{self, Known};
use crate::features::maintenance::worker::{label, namesake, scope};
use crate::output;
use crate::store::Error;
use crate::table::Table;
use crate::text::{clean_line, counted};

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
    unread: Option<usize>,
    given_up: u64,
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

/// A source, and how it goes.
struct Listed<'a> {
    source: &'a Source,
    /// As the processes on this data directory told, or as it was found now.
    known: Known,
    /// Mails that came from it.
    mails: u64,
    /// Mails of a Maildir that nobody has read yet.
    unread: Option<usize>,
    /// Mails that never came.
    given_up: GivenUp,
}

/// Lists every source: those on a network as their readers told, and Maildirs, which can be seen into from here, as they are
/// found.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let sources = session.config.maintenance.sources.iter();
    let listed = sources.map(|source| look(session, source)).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        output::print_json(&listed.iter().map(|listed| row(session, listed)).collect::<Vec<Row>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let titles = ["SOURCE", "KIND", "STATE", "COMPLETE", "MAILS", "PLACE"].map(str::to_owned);
    let cells = listed.iter().map(|listed| {
        [
            clean_line(&listed.source.name),
            kind(listed.source).to_owned(),
            state(session, listed).to_owned(),
            listed.known.complete_at.map_or_else(|| "-".to_owned(), time),
            listed.mails.to_string(),
            place(listed.source),
        ]
    });
    let table: Vec<[String; 6]> = std::iter::once(titles).chain(cells).collect();
    output::print(&Table::new(output::columns()).lines(&table))?;
    // Whole sentences, which no column is wide enough for.
    let mut told = listed.iter().flat_map(|listed| {
        let name = &listed.source.name;
        let sentences = [sentence(session, listed), listed.given_up.told(name)];
        sentences.into_iter().flatten().map(move |sentence| format!("{}: {sentence}\n", clean_line(name)))
    });
    if let Some(first) = told.next() {
        output::print(&told.fold(format!("\n{first}"), |text, line| text + &line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was told of a source, and what is seen of a Maildir.
fn look<'a>(session: &Session, source: &'a Source) -> Result<Listed<'a>, Error> {
    let (name, of_store, scope) = (source.name.clone(), label(&source.from), scope(&source.from));
    let (mut known, mails, given_up) = session.store.read_blocking(|c| {
        Ok((source::known_of(c, &name, &scope)?, source::mails(c, &of_store)?, given_up::of(c, &of_store)?))
    })?;
    let reads = known
        .reader(session.now)
        .and_then(|other| Some((other.owner.label(), other.reads_instead_of(&scope)?.to_owned())));
    if let Some((holder, reads)) = &reads {
        known.failed = Some((session.now, namesake(holder, reads, &scope)));
        known.complete_at = None;
    }
    let SourceFrom::Maildir { path } = &source.from else {
        return Ok(Listed { source, known, mails, unread: None, given_up });
    };
    let unread = maildir::unread(path, &super::handled(session, source));
    let found_complete = unread.as_ref().is_ok_and(|found| found.mails == 0).then_some(session.now);
    // Of one that rests what was told last is true still: nobody takes what is found in it.
    if known.paused.is_some() {
        return Ok(Listed { source, known, mails, unread: unread.ok().map(|found| found.mails), given_up });
    }
    known.complete_at = found_complete.or(known.complete_at);
    let why = match &unread {
        Ok(found) => found.refused.as_ref().map(crate::trouble::Trouble::one_line),
        Err(why) => Some(why.clone()),
    };
    known.failed = why.map(|why| (session.now, why)).or(known.failed.filter(|_| reads.is_some()));
    Ok(Listed { source, known, mails, unread: unread.ok().map(|found| found.mails), given_up })
}

/// How a source goes, in a word.
fn state(session: &Session, listed: &Listed<'_>) -> &'static str {
    let Listed { known, unread, .. } = listed;
    match (&known.paused, &known.failed, unread, known.reader(session.now)) {
        (Some(_), ..) => "paused",
        (None, Some(_), ..) => "failed",
        (None, None, Some(0), _) => "complete",
        (None, None, Some(_), _) => "waiting",
        (None, None, None, Some(_)) => "read",
        (None, None, None, None) => "idle",
    }
}

/// What that word leaves out: by whom, since when, and why.
fn sentence(session: &Session, listed: &Listed<'_>) -> Option<String> {
    let Listed { known, unread, .. } = listed;
    match (&known.paused, &known.failed, unread, known.reader(session.now)) {
        (Some((who, at)), ..) => Some(format!("paused by {} {}", clean_line(who), time(*at))),
        (None, Some((at, why)), ..) => Some(format!("failed {}: {}", time(*at), clean_line(why))),
        (None, None, Some(mails @ 1..), _) => Some(format!("{} not read yet", counted(*mails, "mail"))),
        (None, None, None, Some(holder)) => Some(format!("read by {}", holder.owner.label())),
        (None, None, _, _) => None,
    }
}

/// A source in JSON.
fn row(session: &Session, listed: &Listed<'_>) -> Row {
    let Listed { source, known, mails, .. } = listed;
    let reader = known.reader(session.now).map(|holder| holder.owner.label());
    Row {
        name: clean_line(&source.name),
        kind: kind(source),
        place: place(source),
        state: state(session, listed),
        reader,
        paused: known.paused.as_ref().map(|(by, at)| Acted { by: clean_line(by), at: json::time(*at) }),
        complete: known.complete_at.map(json::time),
        failed: known.failed.as_ref().map(|(at, why)| Failed { at: json::time(*at), why: clean_line(why) }),
        next: known.next_at.map(json::time),
        mails: *mails,
        unread: listed.unread,
        given_up: listed.given_up.mails + listed.given_up.again,
    }
}
