//! `noctui source …`: where notifications come from, for those who set it up and those who wonder why none come.

mod check;
mod list;
mod login;
mod rest;
mod sync;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;

use super::{Session, failed};
use crate::config::{self, Flags, Source};
use crate::features::maintenance::source::Handled;
use crate::features::maintenance::store::record;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// The subcommands of `noctui source`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the sources: which of them are read, by whom, how that goes, and how many mails came from each.
    List(list::Args),
    /// Connect to sources, log in and look at their folders; nothing is fetched. Exit with 1 if one cannot be read.
    Check(Named),
    /// Read what is new in sources now, and wait for that; where another process reads one, until it has looked.
    Sync(sync::Args),
    /// Sign in for a source whose tokens noctui fetches: shows an address to be opened in a browser, on any machine.
    Login(login::Args),
    /// Let sources rest: no process on this data directory reads them until they are resumed.
    Pause(rest::Args),
    /// Read sources again that rest.
    Resume(Named),
}

/// Which sources are meant, and how it is said.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Sources by their names in the configuration; all where none is named.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print a JSON array with one object for each source.
    #[arg(long)]
    json: bool,
}

/// Runs one of them.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let session = Session::open(flags)?;
    match command {
        Command::List(args) => list::run(args, &session),
        Command::Check(args) => check::run(args, &session),
        Command::Sync(args) => sync::run(args, &session),
        Command::Login(args) => login::run(args, &session),
        Command::Pause(args) => rest::pause(args, &session),
        Command::Resume(args) => rest::resume(args, &session),
    }
}

/// The sources of these names; the exit code where one is not configured, which was said.
fn named(session: &Session, names: &[String]) -> Result<Vec<Source>, ExitCode> {
    let sources = &session.config.maintenance.sources;
    if names.is_empty() {
        if sources.is_empty() {
            let trouble = Trouble::new("no source is configured")
                .to_do("add [[maintenance.source]] to the configuration; `noctui config init` shows how");
            return Err(failed(&[trouble]));
        }
        return Ok(sources.clone());
    }
    let mut found = Vec::new();
    for name in names {
        match sources.iter().find(|source| source.name == *name) {
            Some(source) if found.contains(source) => {}
            Some(source) => found.push(source.clone()),
            None => {
                let known = || sources.iter().map(|source| source.name.as_str());
                let to_do = match config::nearest(name, known()) {
                    Some(near) => format!("did you mean {near:?}? `noctui source list` names all"),
                    None => "`noctui source list` names all".to_owned(),
                };
                return Err(failed(&[Trouble::new(&format!("there is no source {name:?}")).to_do(&to_do)]));
            }
        }
    }
    Ok(found)
}

/// The kind of a source, as the configuration says it.
fn kind(source: &Source) -> &'static str {
    crate::features::maintenance::worker::kind(&source.from)
}

/// Where a source is, harmless.
fn place(source: &Source) -> String {
    clean_line(&crate::features::maintenance::worker::place(&source.from))
}

/// The question whether a mail of the source is recorded.
fn handled(session: &Session, source: &Source) -> Handled {
    let (store, label) = (session.store.clone(), crate::features::maintenance::worker::label(&source.from));
    Arc::new(move |key, stamp| store.read_blocking(|c| record::is_recorded(c, &label, key, stamp)).unwrap_or(false))
}
