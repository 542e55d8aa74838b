//! `noctui outbox …`: what is to be written to Nautobot and was not yet.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use serde::Serialize;

use super::nautobot::Lease;
use super::{Session, failed, name, time};
use crate::clock;
use crate::config::Flags;
use crate::features::maintenance::nautobot::store::lines::Field;
use crate::features::maintenance::nautobot::store::outbox::{self, Entry, Kind, State};
use crate::features::maintenance::nautobot::store::standing::{self, Difference, OutboxRow};
use crate::features::maintenance::nautobot::{connect, send};
use crate::output;
use crate::trouble::Trouble;

/// Entries that are listed.
const MOST: usize = 100_000;

/// The subcommands of `noctui outbox`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what was not written to Nautobot yet, in the order in which it is sent.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Send now: everything, or the entries of these numbers.
    Retry {
        /// The entries.
        #[arg(value_name = "ID", value_parser = super::number)]
        ids: Vec<i64>,
        /// Send what is in conflict, too, whatever Nautobot says by now.
        #[arg(long)]
        anyway: bool,
        /// Print a JSON array with what is left.
        #[arg(long)]
        json: bool,
    },
    /// Take over what Nautobot says where it is in conflict with what is known here.
    Take {
        /// The entries.
        #[arg(value_name = "ID", required = true, value_parser = super::number)]
        ids: Vec<i64>,
        /// Print a JSON array with what was taken over.
        #[arg(long)]
        json: bool,
    },
    /// Take entries out: they are never sent, and what is in conflict is left different until it changes.
    Drop {
        /// The entries.
        #[arg(value_name = "ID", required = true, value_parser = super::number)]
        ids: Vec<i64>,
        /// Print a JSON array with what was taken out.
        #[arg(long)]
        json: bool,
    },
}

/// An entry in JSON.
#[derive(Debug, Serialize)]
struct Told<'a> {
    id: i64,
    at: String,
    who: &'a str,
    kind: &'static str,
    field: Option<&'static str>,
    name: String,
    object: &'a str,
    state: &'static str,
    reason: &'a str,
    tries: u32,
    tried_at: Option<String>,
    anyway: bool,
}

impl<'a> Told<'a> {
    /// One that stands in the outbox.
    fn of(entry: &'a Entry) -> Self {
        Self::with_state(entry, entry.state.as_str())
    }

    /// One that stands there no more, and what became of it.
    fn with_state(entry: &'a Entry, state: &'static str) -> Self {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self {
            id: entry.id,
            at: time(entry.at),
            who: &entry.who,
            kind: entry.kind.as_str(),
            field: entry.field.as_ref().map(Field::word),
            name: name::full(&entry.provider, &entry.maintenance_id),
            object: &entry.object,
            state,
            reason: &entry.reason,
            tries: entry.tries,
            tried_at: entry.tried_at.map(time),
            anyway: entry.anyway,
        }
    }
}

/// Runs one of them.
pub(crate) fn run(command: Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let session = Session::open(flags)?;
    match command {
        Command::List { json } => {
            let entries = session.store.read_blocking(|connection| outbox::list(connection, MOST))?;
            say(&entries, json, "nothing waits to be written to Nautobot\n")?;
            if !json {
                let differs = |left: &Difference| {
                    let name = name::full(&left.provider, &left.maintenance_id);
                    format!("differs  {name}: {}\n", left.reason)
                };
                output::print(&differences(&session)?.iter().map(differs).collect::<String>())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Retry { ids, anyway, json } => retry(&session, &ids, anyway, json),
        Command::Take { ids, json } => {
            let (wanted, actor) = (ids.clone(), session.actor(None));
            let (known, taken) = session.store.write_blocking(move |connection| {
                let mut known = Vec::new();
                for id in &wanted {
                    known.extend(outbox::entry(connection, *id)?);
                }
                Ok((known, outbox::take(connection, &wanted, &actor)?))
            })?;
            tell_ended(&taken, json, "taken", "here it is as Nautobot says it")?;
            if !json && !taken.is_empty() {
                output::print(&rest(&session, &[])?.unwrap_or_default())?;
            }
            let left = ids.iter().filter(|id| !taken.iter().any(|entry| entry.id == **id));
            let troubles: Vec<Trouble> = left
                .map(|id| match known.iter().find(|entry| entry.id == *id) {
                    None => no_entry(*id),
                    Some(entry) if entry.state != State::Conflict => {
                        Trouble::new(&format!("entry {id} is in no conflict: it is {}", entry.state.as_str()))
                            .to_do("retry or drop it; `noctui outbox list` tells what is in conflict")
                    }
                    Some(_) => Trouble::new(&format!("of entry {id} nothing could be taken over"))
                        .to_do("correct the maintenance by hand, or drop the entry"),
                })
                .collect();
            Ok(if troubles.is_empty() { ExitCode::SUCCESS } else { failed(&troubles) })
        }
        Command::Drop { ids, json } => {
            let (wanted, actor) = (ids.clone(), session.actor(None));
            let dropped = session.store.write_blocking(move |connection| outbox::drop(connection, &wanted, &actor))?;
            tell_ended(&dropped, json, "dropped", "it is not written to Nautobot")?;
            Ok(missing(&ids, &dropped))
        }
    }
}

/// Lets entries be sent again, and sends what waits.
fn retry(session: &Session, ids: &[i64], anyway: bool, json: bool) -> anyhow::Result<ExitCode> {
    let (wanted, actor) = (ids.to_owned(), session.actor(None));
    let retried = session.store.write_blocking(move |connection| outbox::retry(connection, &wanted, anyway, &actor))?;
    let code = missing(ids, &retried);
    let Some(setup) = &session.config.nautobot else {
        let trouble = Trouble::new("no Nautobot is configured").to_do("set `url` in [nautobot]");
        return Ok(failed(&[trouble]));
    };
    let held = session.config.refuses_writes(session.config.context.as_ref());
    let held = held.or_else(|| setup.read_only.then(|| "[nautobot] has read_only = true".to_owned()));
    if let Some(why) = held {
        let trouble = Trouble::new("nothing is written to Nautobot").caused_by(&why).to_do("it waits in the outbox");
        return Ok(failed(&[trouble]));
    }
    let sent = match Lease::take(session)? {
        Ok(_lease) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(async {
                let (client, _) = connect(setup).await?;
                session.ask_whose().await?;
                send::drain(&client, &session.store, clock::now()).await
            })
        }
        Err(label) => {
            // It looks whenever the outbox changes.
            output::complain(&format!("noctui: {label} writes to Nautobot, and sends them"));
            Ok(send::Sent::default())
        }
    };
    let left = session.store.read_blocking(|connection| outbox::list(connection, MOST))?;
    // Of a conflict that was decided an entry of its maintenance is left, or of its acknowledgement.
    let goes_on = |entry: &Entry| {
        let is_of = |one: &Entry| (&one.provider, &one.maintenance_id) == (&entry.provider, &entry.maintenance_id);
        let is_whole = entry.kind != Kind::Note && entry.field.is_none();
        is_whole && retried.iter().any(|one| one.field.is_some() && is_of(one))
    };
    let is_meant = |entry: &Entry| ids.is_empty() || ids.contains(&entry.id) || goes_on(entry);
    let left: Vec<Entry> = left.into_iter().filter(is_meant).collect();
    say(&left, json, "")?;
    if !json {
        let rest = rest(session, &left)?;
        let is_known = ids.iter().all(|id| retried.iter().any(|entry| entry.id == *id));
        if let Ok(send::Sent { sent, needless, .. }) = &sent
            && left.is_empty()
            && is_known
        {
            output::print(match (&rest, ids) {
                _ if *sent == 0 && *needless > 0 => "nothing of it had to be written any more\n",
                (None, _) => "everything is written\n",
                (Some(_), []) => "all that waited is written\n",
                (Some(_), _) => "what was named is written\n",
            })?;
        }
        output::print(&rest.unwrap_or_default())?;
    }
    let is_decided = |entry: &Entry| entry.field.as_ref().is_some_and(|field| *field != Field::Acknowledgement);
    if anyway && !setup.write_maintenances && left.iter().any(is_decided) {
        let trouble = Trouble::new("a conflict about a maintenance is not written to Nautobot")
            .caused_by("[nautobot] does not have write_maintenances = true")
            .to_do("set that, or take what Nautobot says, or drop the entry");
        output::complain(&format!("noctui: {trouble}"));
    }
    match sent {
        Err(error) => Ok(failed(&[Trouble::of(&error)])),
        Ok(_) if left.iter().any(|entry| entry.state != State::Waiting) => Ok(ExitCode::from(output::EXIT_NO)),
        Ok(_) => Ok(code),
    }
}

/// Numbers that no entry has are told.
fn missing(ids: &[i64], found: &[Entry]) -> ExitCode {
    let unknown: Vec<Trouble> =
        ids.iter().filter(|id| !found.iter().any(|entry| entry.id == **id)).map(|id| no_entry(*id)).collect();
    if unknown.is_empty() { ExitCode::SUCCESS } else { failed(&unknown) }
}

/// There is no entry of this number.
fn no_entry(id: i64) -> Trouble {
    Trouble::new(&format!("the outbox has no entry {id}")).to_do("`noctui outbox list` names them")
}

/// Maintenances that are otherwise in Nautobot, and left so.
fn differences(session: &Session) -> anyhow::Result<Vec<Difference>> {
    let rows = session.store.read_blocking(|connection| standing::rows(connection, clock::now(), MOST))?;
    let difference = |row| match row {
        OutboxRow::Difference(difference) => Some(difference),
        OutboxRow::Entry(_) => None,
    };
    Ok(rows.into_iter().filter_map(difference).collect())
}

/// What is left beside entries that were told, in a line; `None` where nothing is.
fn rest(session: &Session, told: &[Entry]) -> anyhow::Result<Option<String>> {
    let entries = session.store.read_blocking(|connection| outbox::list(connection, MOST))?;
    let others: Vec<&Entry> = entries.iter().filter(|entry| !told.iter().any(|one| one.id == entry.id)).collect();
    let stuck = others.iter().filter(|entry| entry.state != State::Waiting).count();
    let mut left = Vec::new();
    match (others.len(), stuck) {
        (0, _) => {}
        (all, 0) => left.push(format!("{all} in the outbox")),
        (all, stuck) => left.push(format!("{all} in the outbox, {stuck} of which need somebody")),
    }
    let differ = differences(session)?.len();
    if differ > 0 {
        left.push(format!("{differ} otherwise in Nautobot and left so"));
    }
    Ok((!left.is_empty()).then(|| format!("left: {} (`noctui outbox list`)\n", left.join("; "))))
}

/// Prints entries that stand in the outbox no more: what became of them, in the word of the state and in words.
fn tell_ended(entries: &[Entry], json: bool, state: &'static str, words: &str) -> anyhow::Result<()> {
    if json {
        output::print_json(&entries.iter().map(|entry| Told::with_state(entry, state)).collect::<Vec<_>>())?;
        return Ok(());
    }
    let line = |entry: &Entry| {
        let name = name::full(&entry.provider, &entry.maintenance_id);
        format!("{}  {state}  {} of {name}: {words}\n", entry.id, entry.word())
    };
    output::print(&entries.iter().map(line).collect::<String>())?;
    Ok(())
}

/// Prints entries.
fn say(entries: &[Entry], json: bool, empty: &str) -> anyhow::Result<()> {
    if json {
        output::print_json(&entries.iter().map(Told::of).collect::<Vec<_>>())?;
        return Ok(());
    }
    let line = |entry: &Entry| {
        let name = name::full(&entry.provider, &entry.maintenance_id);
        let reason = if entry.reason.is_empty() { String::new() } else { format!(": {}", entry.reason) };
        let Entry { id, who, .. } = entry;
        let (kind, state, at) = (entry.word(), entry.state.as_str(), time(entry.at));
        format!("{id}  {state}  {kind} of {name} by {who}, {at}{reason}\n")
    };
    let text: String = entries.iter().map(line).collect();
    output::print(if text.is_empty() { empty } else { &text })?;
    Ok(())
}
