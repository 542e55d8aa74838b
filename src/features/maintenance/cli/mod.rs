//! `noctui maintenance …`: what the screen does, without one, on the same functions of the store.
//!
//! What `--json` prints is a contract of its own, in `json.rs`; `docs/json.md` has it for readers.

mod accept;
mod act;
mod circuits;
mod dismiss;
mod edit;
mod export;
mod import;
mod json;
mod list;
mod mails;
mod name;
pub(crate) mod nautobot;
pub(crate) mod outbox;
mod parse;
pub(crate) mod provider;
mod reparse;
mod show;
pub(crate) mod source;
mod tidy;
mod undo;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, SubsecRound, Utc};
use clap::Subcommand;

use super::inventory::Inventory;
use super::nautobot::store::inventory as store;
use super::nautobot::store::setting;
use super::nautobot::whose;
use super::rules::Rules;
use super::store::action::Actor;
use crate::config::{self, Config, Environment, Flags};
use crate::logging::{self, Logging};
use crate::store::Store;
use crate::text::clean_line;
use crate::trouble::Trouble;
use crate::{clock, output};

/// The subcommands of `noctui maintenance`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a notification and print its maintenances; nothing is stored.
    Parse(parse::Args),
    /// Read mails into the store: files, mboxes, folders of them, Maildirs, standard input.
    Import(import::Args),
    /// List maintenances; those that are not over unless something else is asked for.
    List(list::Args),
    /// Show all about a maintenance.
    Show(show::Args),
    /// List the mails in the store, those that could not be read unless something else is asked for, or show one.
    Mails(mails::Args),
    /// List your own circuits, each with its next maintenance.
    Circuits(circuits::Args),
    /// Read stored mails again by the rules as they are now; acknowledgements, notes and what undoes them stay.
    Reparse(reparse::Args),
    /// Accept what is suggested for a mail that no rule reads, corrected by what is typed; `undo` takes it back.
    Accept(Box<accept::Args>),
    /// Dismiss mails that could not be read and need no look any more, or bring them back; `undo` takes it back.
    Dismiss(dismiss::Args),
    /// Make a maintenance known that no notice has told of; a notice that comes later shows what it would change.
    Create(edit::CreateArgs),
    /// Correct a maintenance by hand, or give it a ticket or an assignee; what notices say otherwise is taken or kept out.
    Edit(Box<edit::EditArgs>),
    /// Say that a mail belongs to a maintenance.
    Attach(edit::AttachArgs),
    /// Acknowledge maintenances as they are now.
    Ack(act::AckArgs),
    /// Take acknowledgements back.
    Unack(act::UnackArgs),
    /// Add a note to a maintenance.
    Note(act::NoteArgs),
    /// Take back the last thing done in a name, wherever it was made. Exit with 1 if not all of it can be.
    Undo(undo::Args),
    /// Clear the sign of news of maintenances.
    Seen(act::SeenArgs),
    /// Write maintenances to a calendar.
    Export(export::Args),
}

/// Runs one of them.
pub(crate) fn run(command: Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    match command {
        // Needs no store, and the configuration only for the folder of the user's rules.
        Command::Parse(args) => parse::run(&args, flags),
        Command::Import(args) => import::run(&args, &Session::open(flags)?),
        Command::List(args) => list::run(&args, &Session::open(flags)?),
        Command::Show(args) => show::run(&args, &Session::open(flags)?),
        Command::Mails(args) => mails::run(&args, &Session::open(flags)?),
        Command::Circuits(args) => circuits::run(&args, &Session::open(flags)?),
        Command::Reparse(args) => reparse::run(args, &Session::open(flags)?),
        Command::Accept(args) => accept::run(&args, &Session::open(flags)?),
        Command::Dismiss(args) => dismiss::run(args, &Session::open(flags)?),
        Command::Create(args) => edit::create(args, &Session::open(flags)?),
        Command::Edit(args) => edit::edit(*args, &Session::open(flags)?),
        Command::Attach(args) => edit::attach(args, &Session::open(flags)?),
        Command::Ack(args) => act::acknowledge(args, &Session::open(flags)?),
        Command::Unack(args) => act::unacknowledge(args, &Session::open(flags)?),
        Command::Note(args) => act::note(args, &Session::open(flags)?),
        Command::Undo(args) => undo::run(args, &Session::open(flags)?),
        Command::Seen(args) => act::seen(args, &Session::open(flags)?),
        Command::Export(args) => export::run(&args, &Session::open(flags)?),
    }
}

/// What a subcommand works with.
struct Session {
    /// The configuration in force.
    config: Config,
    /// The database.
    store: Store,
    /// When the command was given, to the second.
    now: DateTime<Utc>,
    /// The user's circuits, read at first use.
    inventory: OnceLock<Arc<Inventory>>,
    /// The log.
    logging: Logging,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.logging.flush();
    }
}

impl Session {
    /// Reads the configuration and opens the store.
    fn open(flags: &Flags) -> anyhow::Result<Self> {
        let config = config::load_without_screen(flags, &Environment::of_this_process())?;
        let logging = logging::start(&config.log, &config.paths.log);
        let store = super::open_store(&config.paths.data)?;
        if let Some(trouble) = super::begun_anew(&store) {
            output::complain(&format!("noctui: {trouble}"));
        }
        let server = config.nautobot.as_ref().map(|nautobot| (nautobot.url.to_string(), nautobot.write_maintenances));
        let server_here = server.clone();
        let is_other = store
            .read_blocking(|c| setting::differs(c, server_here.as_ref().map(|(url, writes)| (&**url, *writes))))?;
        if is_other {
            store.write_blocking(move |c| {
                setting::configure(c, server.as_ref().map(|(url, writes)| (&**url, *writes)))
            })?;
        }
        Ok(Self { config, store, now: clock::now().trunc_subsecs(0), inventory: OnceLock::new(), logging })
    }

    /// The provider rules; a file of the user's that is not used is named on standard error.
    fn rules(&self) -> Rules {
        let (rules, problems) = Rules::with_user_dir(&self.config.maintenance.providers_dir);
        for problem in problems {
            let trouble = Trouble::new("a provider rule is not used").caused_by(&problem.to_string());
            output::complain(&format!("noctui: {trouble}"));
        }
        // Without them a sender is known by the rules alone.
        let rules = rules.with_senders(self.store.read_blocking(store::senders).unwrap_or_default());
        rules.with_sender_headers(super::worker::sender_headers(&self.config.maintenance.sources))
    }

    /// Reads those mails again that are another provider's by what Nautobot says now.
    async fn ask_whose(&self) -> Result<(), crate::store::Error> {
        let (store, setup, now) = (self.store.clone(), self.config.maintenance.clone(), self.now);
        crate::blocking::run(move || whose::again(&store, (&setup.providers_dir, setup.circuits.as_deref()), now))
            .await?;
        Ok(())
    }

    /// The user's circuits; what is wrong with the file is named on standard error.
    fn inventory(&self) -> Arc<Inventory> {
        Arc::clone(self.inventory.get_or_init(|| Arc::new(self.read_inventory())))
    }

    /// Reads them.
    fn read_inventory(&self) -> Inventory {
        let (inventory, problems) = Inventory::of_config(self.config.maintenance.circuits.as_deref());
        for problem in problems.iter().take(SHOWN_PROBLEMS) {
            output::complain(&format!("noctui: {}", problem.trouble()));
        }
        if problems.len() > SHOWN_PROBLEMS {
            let more = format!("and {} more in the file of circuits", problems.len() - SHOWN_PROBLEMS);
            let trouble = Trouble::new(&more).to_do("noctui config check names all of them");
            output::complain(&format!("noctui: {trouble}"));
        }
        inventory.with_more(&self.store.read_blocking(store::known).unwrap_or_default())
    }

    /// Whoever acts: `--who`, else who the configuration says.
    fn actor(&self, who: Option<String>) -> Actor {
        Actor { who: who.unwrap_or_else(|| self.config.who.clone()), at: self.now }
    }
}

/// Problems of the file of circuits that are named one by one.
const SHOWN_PROBLEMS: usize = 10;

/// Says each trouble on standard error; the exit code for what could not be done.
fn failed(troubles: &[Trouble]) -> ExitCode {
    for trouble in troubles {
        output::complain(&format!("noctui: {trouble}"));
    }
    ExitCode::from(output::EXIT_FAILED)
}

/// The number of a mail or an entry.
fn number(typed: &str) -> Result<i64, String> {
    typed.trim().parse().map_err(|_| "write a number, as it stands before each in the list".to_owned())
}

/// The value of `--who`.
fn who(typed: &str) -> Result<String, String> {
    /// As in the configuration.
    const CHARS: usize = 40;
    let who = typed.trim();
    if who.is_empty() || who.chars().count() > CHARS || clean_line(who) != who {
        return Err(format!("write a name of 1 to {CHARS} characters without control characters"));
    }
    Ok(who.to_owned())
}

/// A time as text for people: `2026-11-21 02:41 UTC`.
fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
