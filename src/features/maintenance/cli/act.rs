//! `noctui maintenance ack|unack|note|seen`: what people do to maintenances.
//!
//! Names are looked up and acted on in one transaction: all of what was named, as it is then, or nothing.

use std::io::{self, Read};
use std::process::ExitCode;

use rusqlite::Connection;

use super::name::{self, Named, Which};
use super::{Session, failed, json, time};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::action::{self, Actor, Done};
use crate::features::maintenance::store::detail::{Detail, detail};
use crate::features::maintenance::store::list::Acknowledged;
use crate::output;
use crate::store::Error;
use crate::text::clean_text;
use crate::trouble::Trouble;

/// What was typed after `ack`.
#[derive(Debug, clap::Args)]
pub(crate) struct AckArgs {
    /// The maintenances, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// What was typed after `unack`.
#[derive(Debug, clap::Args)]
pub(crate) struct UnackArgs {
    /// The maintenances, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// What was typed after `note`.
#[derive(Debug, clap::Args)]
pub(crate) struct NoteArgs {
    /// The maintenance, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(value_name = "NAME")]
    name: String,
    /// The note; `-` reads it from standard input.
    #[arg(value_name = "TEXT")]
    text: String,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// What was typed after `seen`.
#[derive(Debug, clap::Args)]
pub(crate) struct SeenArgs {
    /// The maintenances, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// Print a JSON array with what was done.
    #[arg(long)]
    json: bool,
}

/// What holds for all that is done in a name.
#[derive(Debug, clap::Args)]
pub(super) struct Manner {
    /// Act in this name instead of the configured one.
    #[arg(long, value_name = "WHO", value_parser = super::who)]
    pub(super) who: Option<String>,
    /// Print a JSON array with what was done.
    #[arg(long)]
    pub(super) json: bool,
}

/// `noctui maintenance ack`
pub(super) fn acknowledge(args: AckArgs, session: &Session) -> anyhow::Result<ExitCode> {
    act(session, args.names, args.which, args.manner, &Deed::Acknowledge)
}

/// `noctui maintenance unack`
pub(super) fn unacknowledge(args: UnackArgs, session: &Session) -> anyhow::Result<ExitCode> {
    act(session, args.names, args.which, args.manner, &Deed::Unacknowledge)
}

/// `noctui maintenance note`
pub(super) fn note(args: NoteArgs, session: &Session) -> anyhow::Result<ExitCode> {
    let text = if args.text == "-" { read_note(io::stdin().lock())? } else { args.text };
    check(&text)?;
    act(session, vec![args.name], args.which, args.manner, &Deed::Note(text))
}

/// `noctui maintenance seen`
pub(super) fn seen(args: SeenArgs, session: &Session) -> anyhow::Result<ExitCode> {
    // Looking leaves no name behind.
    let manner = Manner { who: None, json: args.json };
    act(session, args.names, args.which, manner, &Deed::See)
}

/// What is done to a maintenance.
#[derive(Debug, Clone)]
enum Deed {
    /// Acknowledge it as it is.
    Acknowledge,
    /// Take its acknowledgement back.
    Unacknowledge,
    /// Add this note.
    Note(String),
    /// Clear the sign of news.
    See,
}

impl Deed {
    /// Does it.
    fn carry_out(&self, connection: &Connection, keys: &[MaintenanceKey], actor: &Actor) -> Result<Done, Error> {
        match self {
            Self::Acknowledge => action::acknowledge_as_it_is(connection, keys, actor),
            Self::Unacknowledge => action::unacknowledge(connection, keys, actor),
            Self::Note(text) => action::add_note(connection, keys, text, actor),
            Self::See => action::mark_seen_as_it_is(connection, keys),
        }
    }

    /// The word in JSON for a window it was done to, or found nothing to do at.
    fn result(&self, is_done: bool) -> &'static str {
        match (self, is_done) {
            (Self::Acknowledge, true) => "acknowledged",
            (Self::Acknowledge, false) => "already-acknowledged",
            (Self::Unacknowledge, true) => "withdrawn",
            (Self::Unacknowledge, false) => "not-acknowledged",
            (Self::Note(_), true) => "noted",
            (Self::Note(_), false) => "not-noted",
            (Self::See, true) => "seen",
            (Self::See, false) => "already-seen",
        }
    }
}

/// A window after it was acted on.
struct Acted {
    /// In words, such as `cogent/VN1 window 2`.
    window: String,
    /// Whether something was done now; otherwise there was nothing to do.
    is_done: bool,
    /// As it is now.
    detail: Detail,
}

/// Finds what was named and acts on all of it, then says what was done.
fn act(session: &Session, names: Vec<String>, which: Which, manner: Manner, deed: &Deed) -> anyhow::Result<ExitCode> {
    let actor = session.actor(manner.who);
    let worked = deed.clone();
    let acted = session.store.write_blocking(move |connection| {
        let found = match name::find_all(connection, &names, which, actor.at)? {
            Ok(found) => found,
            Err(troubles) => return Ok(Err(troubles)),
        };
        let done = worked.carry_out(connection, &name::keys(&found), &actor)?;
        as_it_is_now(connection, &found, &done, &actor).map(Ok)
    })?;
    let acted = match acted {
        Ok(acted) => acted,
        Err(troubles) => return Ok(failed(&troubles)),
    };
    if manner.json {
        let acted: Vec<_> =
            acted.iter().map(|acted| json::Acted::of(&acted.detail, deed.result(acted.is_done))).collect();
        output::print_json(&acted)?;
    } else {
        output::print(&acted.iter().map(|acted| acted.sentence(deed)).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every window that was meant, with what happened to it.
fn as_it_is_now(connection: &Connection, found: &[Named], done: &Done, actor: &Actor) -> Result<Vec<Acted>, Error> {
    let mut acted = Vec::new();
    for named in found {
        for window in &named.windows {
            if let Some(detail) = detail(connection, window.key, actor.at)? {
                let is_done = done.done.contains(&window.key);
                acted.push(Acted { window: named.window(window), is_done, detail });
            }
        }
    }
    Ok(acted)
}

impl Acted {
    /// A line for people.
    fn sentence(&self, deed: &Deed) -> String {
        let what = match (deed, self.is_done, &self.detail.acknowledged) {
            (Deed::Acknowledge, false, Acknowledged::Yes { by, at }) => {
                format!("already acknowledged by {by}, {}", time(*at))
            }
            (Deed::Acknowledge, _, Acknowledged::Yes { by, .. }) => format!("acknowledged by {by}"),
            (Deed::Unacknowledge, true, _) => "acknowledgement taken back".to_owned(),
            (Deed::Unacknowledge, false, _) => "was not acknowledged".to_owned(),
            (Deed::See, false, _) => "had been seen already".to_owned(),
            (deed, is_done, _) => deed.result(is_done).to_owned(),
        };
        format!("{}: {what}\n", self.window)
    }
}

/// A note from standard input.
fn read_note(input: impl Read) -> Result<String, Trouble> {
    /// UTF-8 takes four bytes a character at the most; what is longer is refused for its length.
    const BYTES: u64 = 4 * action::NOTE as u64 + 4;
    let mut bytes = Vec::new();
    let read = input.take(BYTES).read_to_end(&mut bytes);
    let trouble = Trouble::new("the note cannot be read from standard input");
    read.map_err(|error| trouble.caused_by(&error.to_string()))?;
    // A character that was cut in two by the limit makes no difference to a note that is too long anyway.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Refuses what would not be kept whole.
fn check(text: &str) -> Result<(), Trouble> {
    let chars = clean_text(text).trim().chars().count();
    if chars == 0 {
        let remedy = "write the text behind the name, or `-` there and pipe it in";
        return Err(Trouble::new("the note is empty").to_do(remedy));
    }
    if chars > action::NOTE {
        return Err(Trouble::new("the note is too long")
            .caused_by(&format!("a note has room for {} characters", action::NOTE))
            .to_do("shorten it; nothing was noted"));
    }
    Ok(())
}
