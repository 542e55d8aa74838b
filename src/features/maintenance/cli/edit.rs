//! `noctui maintenance create|edit|attach`: what people set by hand.

use std::collections::BTreeSet;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::accept::{instant, word};
use super::act::Manner;
use super::name::{self, Which};
use super::{Session, failed, json, time};
use crate::features::maintenance::model::{Circuit, Status};
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::action::Actor;
use crate::features::maintenance::store::detail::{Detail, detail};
use crate::features::maintenance::store::edit::{self, Edit, Edited, Made, Refused};
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
    let parts = typed.split_once('/').map(|(provider, id)| (word(provider), word(id)));
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
    let done = session.store.write_blocking(move |connection| {
        let edited = edit::create(connection, &made, &actor)?;
        told(connection, vec![edited], &actor)
    })?;
    say(done, &name, "created", args.manner.json)
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
        told(connection, edited, &actor)
    })?;
    let word = if take {
        "taken"
    } else if keep {
        "kept"
    } else {
        "edited"
    };
    say(done, &args.name, word, args.manner.json)
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
        told(connection, edited.collect::<Result<_, _>>()?, &actor)
    })?;
    if let Ok((_, Some(Refused::Gone))) = &done {
        let trouble = Trouble::new(&format!("there is no mail {mail}"))
            .to_do("noctui maintenance mails --all lists those that there are");
        return Ok(failed(&[trouble]));
    }
    say(done, &args.name, "attached", args.manner.json)
}

/// The windows that something was done to as they are now, and why nothing was done to another one.
type Told = Result<(Vec<Detail>, Option<Refused>), Trouble>;

/// What was done. Each is written or refused for itself.
fn told(connection: &Connection, edited: Vec<Result<Edited, Refused>>, actor: &Actor) -> Result<Told, Error> {
    let (mut details, mut refused) = (Vec::new(), None);
    for edited in edited {
        match edited {
            Ok(Edited { key, .. }) => details.extend(detail(connection, key, actor.at)?),
            Err(why) => refused = Some(why),
        }
    }
    Ok(Ok((details, refused)))
}

/// Says what was done, or why nothing was.
fn say(told: Told, name: &str, word: &'static str, json: bool) -> anyhow::Result<ExitCode> {
    let (details, refused) = match told {
        Ok(told) => told,
        Err(trouble) => return Ok(failed(&[trouble])),
    };
    // As with acknowledgements: where nothing need be done nothing has failed.
    if refused == Some(Refused::Same) && details.is_empty() {
        if json {
            output::print_json::<[json::Acted<'_>]>(&[])?;
        } else {
            output::print(&format!("{name}: is so already, nothing need be done\n"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(why) = refused.filter(|_| details.is_empty()) {
        return Ok(failed(&[trouble(why, name)]));
    }
    if json {
        output::print_json(&details.iter().map(|detail| json::Acted::of(detail, word)).collect::<Vec<_>>())?;
    } else {
        let lines = details.iter().map(|detail| {
            let name = name::full(&detail.provider, &detail.maintenance_id);
            format!("{name}: {word}, {} to {}\n", time(detail.start), time(detail.end))
        });
        output::print(&lines.collect::<String>())?;
    }
    // Of several windows one may have already what the others were given.
    let left = refused.filter(|why| *why != Refused::Same);
    Ok(left.map_or(ExitCode::SUCCESS, |why| failed(&[trouble(why, &format!("a window of {name}"))])))
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
