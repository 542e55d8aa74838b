//! `noctui source pause` and `resume`

use std::process::ExitCode;

use serde::Serialize;

use super::{Named, named};
use crate::features::maintenance::cli::{Session, who};
use crate::features::maintenance::store::source;
use crate::output;
use crate::text::clean_line;

/// What was typed after `pause`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which sources.
    #[command(flatten)]
    which: Named,
    /// In whose name, instead of the one in the configuration.
    #[arg(long, value_name = "NAME", value_parser = who)]
    who: Option<String>,
}

/// What was done, in JSON.
#[derive(Debug, Serialize)]
struct Done {
    name: String,
    result: &'static str,
}

/// `noctui source pause`
pub(super) fn pause(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let actor = session.actor(args.who.clone());
    each(&args.which, session, move |connection, name| {
        source::pause(connection, name, &actor.who, actor.at)?;
        Ok("paused")
    })
}

/// `noctui source resume`
pub(super) fn resume(args: &Named, session: &Session) -> anyhow::Result<ExitCode> {
    each(args, session, |connection, name| Ok(if source::resume(connection, name)? { "resumed" } else { "not-paused" }))
}

/// Does something to each source that is named, to all or to none.
fn each(
    args: &Named,
    session: &Session,
    act: impl Fn(&rusqlite::Connection, &str) -> Result<&'static str, crate::store::Error> + Send + 'static,
) -> anyhow::Result<ExitCode> {
    let sources = match named(session, &args.names) {
        Ok(sources) => sources,
        Err(code) => return Ok(code),
    };
    let done: Vec<Done> = session.store.write_blocking(move |connection| {
        let done = sources
            .iter()
            .map(|source| Ok(Done { name: clean_line(&source.name), result: act(connection, &source.name)? }));
        done.collect()
    })?;
    if args.json {
        output::print_json(&done)?;
    } else {
        let words = |result| if result == "not-paused" { "was not paused" } else { result };
        let lines = done.iter().map(|Done { name, result }| format!("{name}: {}\n", words(*result)));
        output::print(&lines.collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}
