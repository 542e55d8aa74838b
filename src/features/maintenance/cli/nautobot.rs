//! `noctui nautobot check|sync`: whether the connection works, and reading and writing without a screen.

use std::process::ExitCode;

use chrono::TimeDelta;
use clap::Subcommand;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::{Session, failed};
use crate::clock;
use crate::config::{Flags, Nautobot};
use crate::features::maintenance::nautobot::client::About;
use crate::features::maintenance::nautobot::rights::{self, Use};
use crate::features::maintenance::nautobot::store::{mirror, outbox, setting};
use crate::features::maintenance::nautobot::sync::{self, Plan};
use crate::features::maintenance::nautobot::{Error, connect, error, send};
use crate::features::maintenance::store::source::{Claim, Holder};
use crate::output;
use crate::process::Owner;
use crate::store::Store;
use crate::text::counted;
use crate::trouble::Trouble;

/// The subcommands of `noctui nautobot`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what answers there, whether it takes the token, and what that may not do. Exit with 1 if it lacks a right.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read what is new, and write what waits in the outbox. Exit with 1 if some of that needs somebody.
    Sync {
        /// Read everything again.
        #[arg(long)]
        full: bool,
        /// Read everything again, and take what does not show any more for deleted, however much that is.
        #[arg(long)]
        accept_gone: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// How long a subcommand may take; of one that is killed the right is free at once.
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// The right to speak with Nautobot, given back when this goes.
pub(super) struct Lease {
    store: Store,
    holder: Holder,
}

impl Lease {
    /// Takes it; else who has it.
    pub(super) fn take(session: &Session) -> anyhow::Result<Result<Self, String>> {
        let holder = Holder { id: uuid::Uuid::new_v4().to_string(), owner: Owner::of_this_process() };
        let taker = holder.clone();
        Ok(match session.store.write_blocking(move |c| setting::take(c, &taker, clock::now(), LEASE))? {
            Claim::Of { label } => Err(label),
            Claim::Ours | Claim::Paused { .. } => Ok(Self { store: session.store.clone(), holder }),
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let holder = self.holder.clone();
        if let Err(error) = self.store.write_blocking(move |c| setting::give_back(c, &holder)) {
            tracing::debug!(%error, "the right is free when this process is gone");
        }
    }
}

/// What a check found, in JSON.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    url: &'a str,
    version: &'a str,
    app_version: &'a str,
    lacks: &'a [String],
}

/// What was read and written, in JSON.
#[derive(Debug, Serialize)]
struct Synced {
    full: bool,
    maintenances: usize,
    taken: usize,
    gone: usize,
    sent: usize,
    needless: usize,
    waiting: u32,
    stuck: u32,
    held: Option<String>,
    vanished: Option<String>,
}

/// Runs one of them.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let session = Session::open(flags)?;
    let Some(setup) = &session.config.nautobot else {
        return Ok(failed(&[Trouble::new("no Nautobot is configured").to_do("set `url` in [nautobot]")]));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    match command {
        Command::Check { json } => {
            let code = check(setup, &runtime, *json)?;
            complain_of_unseen(&session)?;
            Ok(code)
        }
        Command::Sync { full, accept_gone, json } => {
            sync(&session, setup, &runtime, (*full || *accept_gone, *accept_gone), *json)
        }
    }
}

/// Says what answers, and what the token may not do.
fn check(setup: &Nautobot, runtime: &Runtime, json: bool) -> anyhow::Result<ExitCode> {
    let wanted = match (setup.read_only, setup.write_maintenances) {
        (true, _) => Use::Read,
        (false, false) => Use::Notes,
        (false, true) => Use::Maintenances,
    };
    let checked = runtime.block_on(async {
        let (client, about) = connect(setup).await?;
        let lacks = rights::lacking(&client, wanted).await?;
        Ok::<_, Error>((about, lacks))
    });
    let (About { version, app }, lacks) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(failed(&[Trouble::of(&error)])),
    };
    let url = setup.url.to_string();
    if json {
        output::print_json(&Checked { url: &url, version: &version, app_version: &app, lacks: &lacks })?;
    } else {
        output::print(&format!("{url}: Nautobot {version}, nautobot-circuit-maintenance {app}; the token works\n"))?;
    }
    let (reads, writes): (Vec<&str>, Vec<&str>) =
        lacks.iter().map(String::as_str).partition(|lack| lack.starts_with("view "));
    if !reads.is_empty() {
        let trouble = Trouble::new(&format!("the token may not {}", reads.join(", ")))
            .caused_by("its user has no such object permission")
            .to_do("give that in Nautobot");
        output::complain(&format!("noctui: {trouble}"));
    }
    if !writes.is_empty() {
        let trouble = Trouble::new(&format!("the token may not {}", writes.join(", ")))
            .caused_by("its user has no such object permission, or the token is not write-enabled")
            .to_do("give that in Nautobot, or set `read_only` or `write_maintenances` in [nautobot]");
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(if lacks.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_NO) })
}

/// Reads and writes.
fn sync(
    session: &Session,
    setup: &Nautobot,
    runtime: &Runtime,
    (full, accept_gone): (bool, bool),
    json: bool,
) -> anyhow::Result<ExitCode> {
    let held = session.config.refuses_writes(session.config.context.as_ref());
    let held = held.or_else(|| setup.read_only.then(|| "[nautobot] has read_only = true".to_owned()));
    let plan = Plan {
        slugs: session.rules().slugs().into_iter().map(str::to_owned).collect(),
        past_days: session.config.maintenance.retention.past_days,
        full,
        accept_gone,
        now: clock::now(),
    };
    let _lease = match Lease::take(session)? {
        Ok(lease) => lease,
        Err(label) => {
            session.store.write_blocking(|c| setting::want(c, clock::now()))?;
            let trouble = Trouble::new(&format!("{label} reads and writes Nautobot"))
                .caused_by("one process on a data directory does")
                .to_do("it was asked to do so now; `noctui outbox list` tells what is left");
            return Ok(failed(&[trouble]));
        }
    };
    let done = runtime.block_on(async {
        let (client, _) = connect(setup).await?;
        let read = sync::sync(&client, &session.store, &plan).await?;
        session.ask_whose().await?;
        let sent = match &held {
            None => send::drain(&client, &session.store, clock::now()).await?,
            Some(_) => send::Sent::default(),
        };
        Ok::<_, Error>((read, sent))
    });
    let (read, sent) = match done {
        Ok(done) => done,
        Err(error) => return Ok(failed(&[Trouble::of(&error)])),
    };
    let (waiting, stuck) = session.store.read_blocking(outbox::counts)?;
    let sync::Read { full, maintenances, taken, gone, .. } = read;
    let vanished = session.store.read_blocking(setting::vanished)?;
    let needs_somebody = stuck > 0 || vanished.is_some();
    let code = if needs_somebody { ExitCode::from(output::EXIT_NO) } else { ExitCode::SUCCESS };
    let told = vanished.as_deref().map(error::vanished);
    let send::Sent { sent, needless, .. } = sent;
    let synced = Synced { full, maintenances, taken, gone, sent, needless, waiting, stuck, held, vanished };
    if json {
        output::print_json(&synced)?;
    } else {
        let what = if full { "everything" } else { "what is new" };
        let held = synced.held.map(|why| format!(" ({why})")).unwrap_or_default();
        let needless = if needless > 0 { format!(", {needless} with nothing left to send") } else { String::new() };
        let more = if waiting > 0 { "; `noctui outbox list` says why" } else { "" };
        output::print(&format!(
            "read {what}: {maintenances} maintenances came, {taken} taken over, {gone} gone; \
             {sent} written{needless}, {waiting} waiting{held}, {stuck} of them need somebody{more}\n"
        ))?;
    }
    if let Some(trouble) = told {
        output::complain(&format!("noctui: {trouble}"));
    }
    complain_of_unseen(session)?;
    Ok(code)
}

/// Says how many impacts are on circuits that the token may not view: their maintenances seem to hit less than they do.
fn complain_of_unseen(session: &Session) -> anyhow::Result<()> {
    let unseen = session.store.read_blocking(|connection| mirror::unseen_circuits(connection, None))?;
    if unseen > 0 {
        let trouble =
            Trouble::new(&format!("{} are on circuits that the token may not view", counted(unseen, "impact"))).to_do(
                "give its user `view` on these circuits in Nautobot; the opened maintenances tell which hit any",
            );
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(())
}
