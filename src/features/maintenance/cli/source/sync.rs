//! `noctui source sync`: what is new, now, by the same worker as behind the screen.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Named, named};
use crate::clock;
use crate::features::maintenance::cli::{Session, tidy};
use crate::features::maintenance::store::source;
use crate::features::maintenance::worker::{self, Report, Setup, SourceHealth, SourceState};
use crate::output::{self, EXIT_FAILED, Progress};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// Between the worker and this.
const REPORTS: usize = 256;

/// What came of a source, in JSON.
#[derive(Debug, Serialize)]
struct Synced {
    name: String,
    result: &'static str,
    mails: usize,
    trouble: Option<Trouble>,
}

/// Reads every source that is named to its end; one that fails does not hold up the others.
pub(super) fn run(args: &Named, session: &Session) -> anyhow::Result<ExitCode> {
    let sources = match named(session, &args.names) {
        Ok(sources) => sources,
        Err(code) => return Ok(code),
    };
    let names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    let setup = Setup { sources, ..Setup::of(&session.config) };
    let rules = session.rules();
    let store = session.store.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (reports, mut told) = mpsc::channel(REPORTS);
    let stop = CancellationToken::new();
    let mut progress = Progress::begin();
    let synced = runtime.block_on(async {
        let feeding = worker::feed(setup, session.store.clone(), rules, reports, stop.clone());
        let listening = async {
            let mut synced: BTreeMap<String, Synced> = BTreeMap::new();
            while synced.len() < names.len() {
                let Some(report) = told.recv().await else { break };
                let Report::Source(state) = report else { continue };
                progress.show(|| format!("{}: {}", clean_line(&state.name), counted(state.received, "mail")));
                if let Some(end) = end(&state) {
                    synced.insert(state.name.clone(), end);
                }
            }
            stop.cancel();
            // What is still told is let go of, so that nobody waits for room.
            while told.recv().await.is_some() {}
            synced
        };
        tokio::join!(feeding, listening).1
    });
    progress.clear();
    for name in names.iter().filter(|name| synced.get(*name).is_some_and(|synced| synced.result == "asked")) {
        let name = name.clone();
        store.write_blocking(move |c| source::want(c, &name, clock::now()))?;
    }
    // A source of which nothing was heard is not one that has nothing.
    let unheard = |name: &String| Synced {
        name: clean_line(name),
        result: "failed",
        mails: 0,
        trouble: Some(Trouble::new("nothing was heard of it before reading ended").to_do("look into the log")),
    };
    let mut synced = synced;
    let synced: Vec<Synced> = names.iter().map(|name| synced.remove(name).unwrap_or_else(|| unheard(name))).collect();
    if args.json {
        output::print_json(&synced)?;
    }
    for Synced { name, result, mails, trouble } in &synced {
        match trouble {
            Some(trouble) => output::complain(&format!("noctui: {name}: {trouble}")),
            None if args.json => {}
            None => output::print(&format!("{name}: {result}, {}\n", counted(*mails, "mail")))?,
        }
    }
    tidy::forget(session);
    let failed = synced.iter().any(|synced| synced.trouble.is_some());
    Ok(if failed { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// What came of a source, once that is known.
fn end(state: &SourceState) -> Option<Synced> {
    let (result, trouble) = match &state.health {
        SourceHealth::Starting | SourceHealth::Reading(_) => return None,
        SourceHealth::Watching => ("complete", None),
        SourceHealth::Standby { holder, failure } => {
            output::complain(&format!(
                "noctui: {}: {holder} reads it and is asked to look now",
                clean_line(&state.name)
            ));
            let trouble = failure.as_ref().map(|why| Trouble::new(&format!("{holder} cannot read it")).caused_by(why));
            ("asked", trouble)
        }
        SourceHealth::Failing(reason) => ("failed", Some(Trouble::new(reason))),
        SourceHealth::Down { trouble, .. } => ("failed", Some(trouble.clone())),
        SourceHealth::Paused { who, .. } => {
            let trouble = Trouble::new(&format!("it is paused by {who}")).to_do("`noctui source resume` it first");
            ("paused", Some(trouble))
        }
        SourceHealth::Waiting { why, .. } => {
            let trouble = Trouble::new("its mails cannot be recorded").caused_by(why);
            ("failed", Some(trouble))
        }
    };
    Some(Synced { name: clean_line(&state.name), result, mails: state.received, trouble })
}
