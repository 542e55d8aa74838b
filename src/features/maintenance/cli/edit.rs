//! `noctui maintenance create|edit|attach`: what people set by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::accept::{instant, word};
use super::act::Manner;
use super::name::{self, Named, Which};
use super::{Session, failed, json, time};
use crate::features::maintenance::model::{Circuit, Status};
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::detail::{Detail, detail};
use crate::features::maintenance::store::edit::{self, Edit, Edited, Made, Refused};
use crate::features::maintenance::store::undo;
use crate::features::maintenance::typed;
use crate::output;
use crate::store::Error;
use crate::trouble::Trouble;

/// What was typed after `create`.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The maintenance, as PROVIDER/ID. The id may be one of your own; of a notice that comes later it has to be the same.
    #[arg(value_name = "NAME", value_parser = full_name)]
    name: (String, String),
    /// Start of the window: `2026-11-21 22:00` in UTC, or with a zone as `2026-11-21T23:00:00+01:00`.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    start: DateTime<Utc>,
    /// End of the window.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    end: DateTime<Utc>,
    /// Where it stands, such as confirmed or tentative.
    #[arg(long, value_name = "STATUS", value_parser = typed::status, default_value = "confirmed")]
    status: Status,
    /// What else is known.
    #[command(flatten)]
    what: WhatArgs,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// What was typed after `edit`.
#[derive(Debug, clap::Args)]
pub(crate) struct EditArgs {
    /// The maintenance, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(value_name = "NAME")]
    name: String,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// Start of the window: `2026-11-21 22:00` in UTC, or with a zone as `2026-11-21T23:00:00+01:00`.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    start: Option<DateTime<Utc>>,
    /// End of the window.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    end: Option<DateTime<Utc>>,
    /// Where it stands, such as rescheduled or cancelled.
    #[arg(long, value_name = "STATUS", value_parser = typed::status)]
    status: Option<Status>,
    /// What else is to be set.
    #[command(flatten)]
    what: WhatArgs,
    /// Take over what notices say of everything that was set by hand.
    #[arg(long, conflicts_with_all = ["keep", "start", "end", "status", "circuits", "summary", "ticket", "assignee"])]
    take: bool,
    /// Keep what was set by hand although a later notice says something else.
    #[arg(long, conflicts_with_all = ["start", "end", "status", "circuits", "summary", "ticket", "assignee"])]
    keep: bool,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// What `create` and `edit` have in common.
#[derive(Debug, clap::Args)]
struct WhatArgs {
    /// A circuit, with what happens to it behind an equals sign unless it is an outage: `AB-1=degraded`. Repeat it for each;
    /// together they are all that there are.
    #[arg(long = "circuit", id = "circuits", value_name = "ID", value_parser = circuit)]
    circuits: Vec<Circuit>,
    /// One line on what is done.
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,
    /// A ticket: its id or its address; an empty text takes it away.
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Who looks after it; an empty text says nobody.
    #[arg(long, value_name = "WHO")]
    assignee: Option<String>,
}

/// What was typed after `attach`.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachArgs {
    /// The mail: its id stands in `noctui maintenance mails`.
    #[arg(value_name = "MAIL", value_parser = super::number)]
    mail: i64,
    /// The maintenance, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(value_name = "NAME")]
    name: String,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// How it is done and said.
    #[command(flatten)]
    manner: Manner,
}

/// `PROVIDER/ID`
fn full_name(typed: &str) -> Result<(String, String), String> {
    let parts = name::parts(typed).map(|(provider, id)| (word(&provider), word(&id)));
    match parts {
        Some((Ok(provider), Ok(id))) => Ok((provider, id)),
        _ => Err("write PROVIDER/ID".to_owned()),
    }
}

/// A circuit and what happens to it.
fn circuit(typed: &str) -> Result<Circuit, String> {
    let circuit = typed::circuit(typed)?;
    Ok(Circuit { circuit_id: word(&circuit.circuit_id)?, ..circuit })
}

/// Refuses a circuit that is named twice: nobody knows which of its impacts is meant.
fn check_once(circuits: &[Circuit]) -> Result<(), Trouble> {
    let mut known = BTreeSet::new();
    match circuits.iter().find(|circuit| !known.insert(circuit.circuit_id.to_lowercase())) {
        Some(twice) => {
            Err(Trouble::new(&format!("the circuit {} is named twice", twice.circuit_id)).to_do("name it once"))
        }
        None => Ok(()),
    }
}

/// `noctui maintenance create`
pub(super) fn create(args: CreateArgs, session: &Session) -> anyhow::Result<ExitCode> {
    if let Err(twice) = check_once(&args.what.circuits) {
        return Ok(failed(&[twice]));
    }
    let actor = session.actor(args.manner.who);
    let (provider, maintenance_id) = args.name;
    let name = name::full(&provider, &maintenance_id);
    let made = Made {
        provider,
        maintenance_id,
        status: args.status,
        start: args.start,
        end: args.end,
        circuits: args.what.circuits,
        summary: args.what.summary.unwrap_or_default(),
        ticket: args.what.ticket.unwrap_or_default(),
        assignee: args.what.assignee.unwrap_or_default(),
    };
    let created = session.store.write_blocking(move |connection| {
        let created = edit::create(connection, &made, &actor)?;
        created
            .map(|created| detail(connection, created.key, actor.at))
            .map_or_else(|why| Ok(Err(why)), |now| now.map(Ok))
    })?;
    let told = match created {
        Ok(now) => now.map(|detail| Told { window: name, refused: None, detail }),
        Err(why) => return Ok(failed(&[trouble(why, &name)])),
    };
    say(told.as_slice(), Deed::Create, args.manner.json)
}

/// `noctui maintenance edit`
pub(super) fn edit(args: EditArgs, session: &Session) -> anyhow::Result<ExitCode> {
    if let Err(twice) = check_once(&args.what.circuits) {
        return Ok(failed(&[twice]));
    }
    let actor = session.actor(args.manner.who);
    let WhatArgs { circuits, summary, ticket, assignee } = args.what;
    let (name, which) = (args.name.clone(), args.which);
    let is_window = args.start.is_some() || args.end.is_some();
    let nothing = !is_window && args.status.is_none() && circuits.is_empty() && summary.is_none();
    if nothing && ticket.is_none() && assignee.is_none() && !args.take && !args.keep {
        let trouble = Trouble::new("nothing is to be set")
            .to_do("say what, such as --ticket, --assignee or --end; `noctui maintenance edit --help` names all");
        return Ok(failed(&[trouble]));
    }
    let (start, end, status) = (args.start, args.end, args.status);
    let (take, keep) = (args.take, args.keep);
    let done = session.store.write_blocking(move |connection| {
        let named = match name::find(connection, &name, which, actor.at)? {
            Ok(named) => named,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if is_window && named.windows.len() > 1 {
            let trouble = Trouble::new(&format!("{named} has {} windows", named.windows.len()))
                .caused_by("--start and --end are of one of them")
                .to_do("say which with --window; `noctui maintenance show` numbers them");
            return Ok(Err(trouble));
        }
        let mut edited = Vec::new();
        for window in &named.windows {
            edited.push(if take {
                edit::take(connection, window.key, &actor)?
            } else if keep {
                edit::keep(connection, window.key, &actor)?
            } else {
                let window_is = is_window.then(|| (start.unwrap_or(window.start), end.unwrap_or(window.end)));
                let edit = Edit {
                    window: window_is,
                    status,
                    circuits: Some(circuits.clone()).filter(|circuits| !circuits.is_empty()),
                    summary: summary.clone(),
                    ticket: ticket.clone(),
                    assignee: assignee.clone(),
                };
                edit::edit(connection, window.key, None, &edit, &actor)?
            });
        }
        told(connection, &named, edited, &actor).map(Ok)
    })?;
    let deed = if take {
        Deed::Take
    } else if keep {
        Deed::Keep
    } else {
        Deed::Edit
    };
    match done {
        Ok(told) => say(&told, deed, args.manner.json),
        Err(trouble) => Ok(failed(&[trouble])),
    }
}

/// `noctui maintenance attach`
pub(super) fn attach(args: AttachArgs, session: &Session) -> anyhow::Result<ExitCode> {
    let actor = session.actor(args.manner.who);
    let (name, which, mail) = (args.name.clone(), args.which, NotificationKey(args.mail));
    let done = session.store.write_blocking(move |connection| {
        let named = match name::find(connection, &name, which, actor.at)? {
            Ok(named) => named,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let windows = named.windows.iter();
        let edited = windows.map(|window| edit::attach(connection, mail, window.key, &actor));
        told(connection, &named, edited.collect::<Result<_, _>>()?, &actor).map(Ok)
    })?;
    match done {
        Ok(told) if told.iter().any(|told| told.refused == Some(Refused::Gone)) => {
            let trouble = Trouble::new(&format!("there is no mail {mail}"))
                .to_do("noctui maintenance mails --all lists those that there are");
            Ok(failed(&[trouble]))
        }
        Ok(told) => say(&told, Deed::Attach, args.manner.json),
        Err(trouble) => Ok(failed(&[trouble])),
    }
}

/// What is done to windows.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Make one known.
    Create,
    /// Set something.
    Edit,
    /// Take over what notices say.
    Take,
    /// Keep what was set.
    Keep,
    /// Say that a mail belongs to it.
    Attach,
}

impl Deed {
    /// The word for a window that it was done to.
    fn word(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Edit => "edited",
            Self::Take => "taken",
            Self::Keep => "kept",
            Self::Attach => "attached",
        }
    }

    /// Of a window that needs it not: the word in JSON, and the words for people. `None` where it failed.
    fn needless(self, why: Refused) -> Option<(&'static str, &'static str)> {
        match (self, why) {
            (Self::Attach, Refused::Same) => Some(("already-attached", "had been attached already")),
            (_, Refused::Same) => Some(("already-so", "is so already, nothing need be done")),
            (Self::Take, Refused::NothingSaid) => {
                Some(("nothing-said", "nothing to take over, no notice says anything else than what was set by hand"))
            }
            (_, Refused::NothingSaid) => Some((
                "nothing-said",
                "nothing to decide, no later notice says anything else than what was set by hand",
            )),
            _ => None,
        }
    }
}

/// A window that was meant.
struct Told {
    /// In words, such as `cogent/VN1 window 2`.
    window: String,
    /// Why nothing was done to it.
    refused: Option<Refused>,
    /// As it is now.
    detail: Detail,
}

/// Every window that was meant, with what was done to it: each is written or refused for itself.
fn told(
    connection: &Connection,
    named: &Named,
    edited: Vec<Result<Edited, Refused>>,
    actor: &Actor,
) -> Result<Vec<Told>, Error> {
    let (mut told, mut inverses) = (Vec::with_capacity(edited.len()), Vec::new());
    for (window, edited) in named.windows.iter().zip(edited) {
        let refused = edited.map(|edited| inverses.push(edited.inverse)).err();
        let now = detail(connection, window.key, actor.at)?;
        told.extend(now.map(|detail| Told { window: named.window(window), refused, detail }));
    }
    undo::together(connection, inverses, actor)?;
    Ok(told)
}

/// Says what was done to each window, that nothing need be done, as with acknowledgements, or why it could not be.
fn say(told: &[Told], deed: Deed, json: bool) -> anyhow::Result<ExitCode> {
    let (mut acted, mut lines, mut troubles) = (Vec::new(), String::new(), Vec::new());
    for Told { window, refused, detail } in told {
        let (result, words) = match refused.map(|why| deed.needless(why).ok_or(why)) {
            None => (deed.word(), format!("{}, {} to {}", deed.word(), time(detail.start), time(detail.end))),
            Some(Ok((result, words))) => (result, words.to_owned()),
            Some(Err(why)) => {
                troubles.push(trouble(why, window));
                continue;
            }
        };
        acted.push(json::Acted::of(detail, result));
        let _ = writeln!(lines, "{window}: {words}");
    }
    if !acted.is_empty() && json {
        output::print_json(&acted)?;
    } else {
        output::print(&lines)?;
    }
    Ok(if troubles.is_empty() { ExitCode::SUCCESS } else { failed(&troubles) })
}

/// Why nothing was done.
fn trouble(why: Refused, name: &str) -> Trouble {
    match why {
        Refused::Gone => {
            Trouble::new(&format!("{name} is gone")).to_do("`noctui maintenance list --all` lists what there is")
        }
        Refused::Changed => Trouble::new(&format!("{name} has changed meanwhile")).to_do("look again and do it again"),
        Refused::Same => Trouble::new(&format!("{name} is so already")).to_do("nothing need be done"),
        Refused::Known => Trouble::new(&format!("{name} is known already"))
            .to_do(&format!("correct it with `noctui maintenance edit {name}`")),
        Refused::Backwards => backwards("before"),
        Refused::Empty => backwards("when"),
        Refused::Nameless => Trouble::new("a maintenance has a provider and an id").to_do("name it as PROVIDER/ID"),
        Refused::NothingSaid => {
            Trouble::new(&format!("no notice says anything else of {name} than what was set by hand"))
                .to_do("nothing need be done")
        }
    }
}

/// A window that is none.
fn backwards(how: &str) -> Trouble {
    Trouble::new(&format!("the window ends {how} it begins"))
        .to_do("correct --start or --end; both are in UTC unless they say a zone")
}
