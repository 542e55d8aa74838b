//! What changes forwards: `add`, `remove`, `restore`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::Desk;
use crate::blocking;
use crate::confirm::Meant;
use crate::features::lab::act::{Change, Outcome, beside};
use crate::features::lab::client::{LONGEST, MOMENT};
use crate::features::lab::error::Error;
use crate::features::lab::model::{
    self, Forward, Machine, Mending, Place, Protocol, Row, Saved, Since, Snapshot, State, Unusable, Wanted, component,
};
use crate::features::lab::store::temporary;
use crate::features::lab::worker::load_file;
use crate::output;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// A forward as it was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The machine's name.
    pub(super) name: String,
    /// What for.
    pub(super) protocol: Option<Protocol>,
    /// Its port.
    pub(super) port: Option<u16>,
    /// Its address.
    pub(super) address: Option<String>,
    /// What it is.
    pub(super) component: Option<String>,
}

impl Asked {
    /// What is wanted of a machine that the lab knows this of, if anything.
    pub(super) fn wanted(self, known: Option<&Machine>) -> Result<Wanted, Trouble> {
        let kind = self.component.or_else(|| known.map(|machine| machine.component.clone())).unwrap_or_default();
        let address = match (self.address, known.map_or(&[][..], |machine| &machine.addresses)) {
            (Some(address), _) => address,
            (None, [only]) => only.clone(),
            (None, []) => {
                let what = format!("the lab knows no address of {}", clean_line(&self.name));
                return Err(Trouble::new(&what).to_do("make the forward with noctui lab add --address"));
            }
            (None, several) => {
                let what = format!("{} has several addresses", clean_line(&self.name));
                let known = clean_line(&several.join(", "));
                return Err(Trouble::new(&what).to_do(&format!("name one with noctui lab add --address: {known}")));
            }
        };
        if kind.is_empty() {
            let what = format!("the lab does not know what {} is", self.name);
            return Err(Trouble::new(&what).to_do("name it with --component, such as CentOS"));
        }
        let known = component(&kind);
        let target = match (self.port, self.protocol) {
            (Some(port), _) => port,
            (None, protocol) => match protocol.or_else(|| known.usual()) {
                None => {
                    let what = format!("{} is a {kind}: people reach it at its console", self.name);
                    return Err(Trouble::new(&what).to_do("name a port with --port, or a protocol, if it has one"));
                }
                Some(protocol) => known
                    .port(protocol)
                    .ok_or_else(|| Trouble::new("it is not said which port is meant").to_do("name it with --port"))?,
            },
        };
        Ok(Wanted { name: self.name, component: kind, address, target })
    }
}

/// What the lab knows of a machine of this name. What the gateway has no address of may be in the inventory, for which is
/// waited then.
pub(super) async fn machine(desk: &Desk, name: &str) -> Result<Option<Machine>, Trouble> {
    let told = desk.actor.client.told().await.map_err(|error| Trouble::of(&error))?;
    Ok(completed(desk, told, name).await.machines.remove(name))
}

/// What the gateway told, with the inventory: that has a moment to come where the gateway knows the machine.
async fn completed(desk: &Desk, told: Snapshot, name: &str) -> Snapshot {
    let is_known = |machine: &Machine| !machine.addresses.is_empty() && !machine.component.is_empty();
    let patience = if told.machines.get(name).is_some_and(is_known) { MOMENT } else { LONGEST };
    desk.actor.client.complete(told, patience).await
}

/// Says what came of a change. The exit code is that of the whole command.
fn say(outcomes: &[Outcome], json: bool) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    if json {
        if let [outcome] = outcomes { output::print_json(outcome)? } else { output::print_json(outcomes)? }
    }
    for outcome in outcomes {
        let line = match outcome {
            Outcome::Made { forward, twin } => {
                format!("{} is on port {}{}\n", forward.title(), forward.port, beside(forward, *twin))
            }
            Outcome::Found { forward, kept } => {
                let kept = if *kept { "; it was made for a connection, and stays now" } else { "" };
                format!("{} was on port {} already{kept}\n", forward.title(), forward.port)
            }
            Outcome::Stays { forward, why } => format!("{} stays on {}: {why}\n", forward.title(), forward.port),
            Outcome::Removed { forward } => format!("deleted {}, which was on {}\n", forward.title(), forward.port),
            Outcome::Mended { forward } => {
                format!("{} on {} is gone, by the gateway's shell\n", forward.title(), forward.port)
            }
            Outcome::Failed { trouble } => {
                failed = true;
                output::complain(&format!("noctui: {trouble}"));
                continue;
            }
        };
        if !json {
            output::print(&line)?;
        }
    }
    Ok(if failed { ExitCode::from(output::EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// `noctui lab add`
pub(super) async fn add(desk: &Desk, asked: Asked, json: bool) -> anyhow::Result<ExitCode> {
    desk.writable()?;
    let is_address_said = asked.address.is_some();
    let is_told = is_address_said && asked.component.is_some();
    let snapshot = match desk.actor.client.told().await {
        // Nothing more need be known.
        Ok(told) if is_told => desk.actor.client.complete(told, MOMENT).await,
        Err(_) if is_told => Snapshot::default(),
        Ok(told) => completed(desk, told, &asked.name).await,
        Err(error) => return Err(Trouble::of(&error).into()),
    };
    let known = snapshot.machines.get(&asked.name).cloned();
    let wanted = asked.wanted(known.as_ref().filter(|_| !is_told))?;
    wanted.check_new().map_err(|why| Trouble::of(&Error::from(why)))?;
    if let Some(warning) = wanted.warning() {
        output::complain(&format!("noctui: {warning}"));
    }
    if is_address_said && let Some(other) = of_another(&snapshot, &wanted) {
        output::complain(&format!("noctui: {} is the address of {other}, not of {}", wanted.address, wanted.name));
    }
    if let Some(doubt) = snapshot.doubt_of(&wanted.name) {
        output::complain(&format!("noctui: {doubt}"));
    }
    if let Some(crowding) = snapshot.crowding() {
        output::complain(&format!("noctui: {crowding}"));
    }
    say(&[desk.actor.carry_out(&Change::Add(wanted)).await], json)
}

/// The machine that the lab knows by an address, where it is another one. Nothing where the lab does not tell.
fn of_another(snapshot: &Snapshot, wanted: &Wanted) -> Option<String> {
    let has = |machine: &Machine| machine.addresses.contains(&wanted.address);
    if snapshot.machines.get(&wanted.name).is_some_and(has) {
        return None;
    }
    snapshot.machines.iter().find(|(_, machine)| has(machine)).map(|(name, _)| clean_line(name))
}

/// The one forward that is meant.
pub(super) fn only<'f>(forwards: &'f [Forward], place: &Place) -> Result<&'f Forward, Trouble> {
    let fitting: Vec<&Forward> = forwards.iter().filter(|forward| place.fits(forward)).collect();
    match fitting.as_slice() {
        [only] => Ok(only),
        [] => Err(no_such()),
        fitting => Err(several(fitting)),
    }
}

/// What is true of a port of the gateway that its list does not have: a rule may lead it on all the same.
pub(super) async fn unlisted(desk: &Desk, port: u16) -> Result<Option<Row>, Trouble> {
    let snapshot = desk.actor.client.told().await.map_err(|error| Trouble::of(&error))?;
    let rows = model::rows(&snapshot, &BTreeMap::new(), &Since::new());
    Ok(rows.into_iter().find(|row| row.port == Some(port) && row.state == State::Unlisted && row.in_front.is_none()))
}

/// None fits.
pub(super) fn no_such() -> Trouble {
    Trouble::new("there is no such forward").to_do("noctui lab list shows those that there are")
}

/// More than one fits.
pub(super) fn several(fitting: &[&Forward]) -> Trouble {
    let title = |forward: &&Forward| format!("{} ({} at {})", forward.port, forward.title(), forward.address);
    let ports: Vec<String> = fitting.iter().map(title).collect();
    Trouble::new("more than one forward is meant").to_do(&format!("name one by its port: {}", ports.join(", ")))
}

/// `noctui lab remove`
pub(super) async fn remove(desk: &Desk, place: &Place, confirm: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    desk.writable()?;
    let (forwards, ..) = desk.actor.list().await.map_err(|error| Trouble::of(&error))?;
    let change = match (only(&forwards, place), place) {
        (Err(_), Place::Port(port)) => {
            let row = unlisted(desk, *port).await?;
            let mending = row.as_ref().and_then(Mending::of).filter(|_| desk.actor.shell.is_some());
            Change::Mend(mending.ok_or_else(|| not_removable(row.as_ref(), *port))?)
        }
        (found, _) => removal(desk, found?).await?,
    };
    confirmed(desk, &change, confirm)?;
    let user = match &change {
        Change::Remove(forward) => user_of(desk, forward).await,
        Change::Add(_) | Change::Tidy(_) | Change::Mend(_) => None,
    };
    let outcome = desk.actor.carry_out(&change).await;
    if let (Outcome::Removed { .. }, Some(user)) = (&outcome, user) {
        output::complain(&format!(
            "noctui: it was used: {user}; nobody comes in by it any more, and whoever is in stays in"
        ));
    }
    say(&[outcome], json)
}

/// Refuses to delete another one than was named, and in production one that was not.
fn confirmed(desk: &Desk, change: &Change, confirm: Option<&str>) -> Result<(), Trouble> {
    let (Change::Remove(forward) | Change::Tidy(forward) | Change::Mend(Mending { forward, .. })) = change else {
        return Ok(());
    };
    let word = if forward.name.is_empty() { forward.port.to_string() } else { forward.name.clone() };
    let because = desk.production.then(|| format!("the lab {} is production", desk.lab.name));
    Meant { kind: "machine", name: &word, because, look: "noctui lab list" }.confirmed_by(confirm)
}

/// Whoever uses a forward that was made for a connection, as far as that is known here.
async fn user_of(desk: &Desk, forward: &Forward) -> Option<String> {
    let (server, listed) = (desk.actor.client.server().to_owned(), vec![forward.clone()]);
    let all = desk.actor.store.write(move |connection| temporary::all(connection, &server, &listed)).await;
    let all = all.inspect_err(|error| tracing::warn!(%error, "who uses a forward cannot be read")).ok()?;
    all.iter().find(|it| it.forward == *forward && it.is_in_use()).map(temporary::Temporary::words)
}

/// How a listed forward goes: by the service, or in the gateway's shell where it cannot and there is one.
async fn removal(desk: &Desk, forward: &Forward) -> Result<Change, Trouble> {
    if desk.actor.shell.is_some() {
        let snapshot = desk.actor.client.told().await.map_err(|error| Trouble::of(&error))?;
        let rows = model::rows(&snapshot, &BTreeMap::new(), &Since::new());
        let row = rows.iter().find(|row| row.forward().as_ref() == Some(forward));
        if let Some(mending) = row.and_then(Mending::of) {
            return Ok(Change::Mend(mending));
        }
    }
    Ok(Change::Remove(forward.clone()))
}

/// Why a port that is in no list cannot be deleted, and what ends it.
fn not_removable(row: Option<&Row>, port: u16) -> Trouble {
    let Some(row) = row else { return no_such() };
    let to = format!("{}:{}", row.address, row.target.unwrap_or(0));
    Trouble::new(&format!("port {port} leads to {to}, and is in no list: the service cannot delete it"))
        .to_do(&row.mending.as_ref().map_or_else(String::new, |line| format!("on the gateway: {line}")))
}

/// `noctui lab restore`
pub(super) async fn restore(desk: &Desk, file: &Path, dry_run: bool, json: bool) -> anyhow::Result<ExitCode> {
    if !dry_run {
        desk.writable()?;
    }
    let path: PathBuf = file.to_owned();
    let saved = blocking::run(move || load_file(&path)).await?;
    let unusable = saved.unusable();
    if saved.is_of_another(&desk.lab.name) {
        output::complain(&format!("noctui: these are the forwards of lab {}, for lab {}", saved.lab, desk.lab.name));
    }
    if dry_run {
        return say_missing(desk, &saved, &unusable, json).await;
    }
    let Saved { forwards, unreadable, .. } = saved;
    let is_empty = forwards.is_empty() && unreadable.is_empty();
    let mut outcomes: Vec<Outcome> = unreadable.iter().map(|it| not_made(&it.title, &Trouble::new(&it.why))).collect();
    for wanted in forwards {
        warn_of(&wanted);
        let title = clean_line(&wanted.title());
        let outcome = desk.actor.carry_out(&Change::Add(wanted)).await;
        outcomes.push(if let Outcome::Failed { trouble } = &outcome { not_made(&title, trouble) } else { outcome });
    }
    if json {
        output::print_json(&outcomes)?;
        // What failed is in there; the exit code says that something did.
        let failed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. }));
        return Ok(if failed { ExitCode::from(output::EXIT_FAILED) } else { ExitCode::SUCCESS });
    }
    if is_empty {
        output::print(&format!("there are no forwards in {}\n", clean_line(&file.display().to_string())))?;
    }
    say(&outcomes, false)
}

/// A forward of a file that was not made, with its name: there are others.
fn not_made(title: &str, trouble: &Trouble) -> Outcome {
    let mut named = Trouble::new(&format!("{title}: {}", trouble.what()));
    for because in trouble.because() {
        named = named.caused_by(because);
    }
    Outcome::Failed { trouble: named.to_do(trouble.remedy().unwrap_or_default()) }
}

/// Says what should be known before a forward of a file is made.
fn warn_of(wanted: &Wanted) {
    if let Some(warning) = wanted.check().ok().and_then(|()| wanted.warning()) {
        output::complain(&format!("noctui: {}: {warning}", clean_line(&wanted.title())));
    }
}

/// What would be made of a file.
async fn say_missing(desk: &Desk, saved: &Saved, unusable: &[Unusable], json: bool) -> anyhow::Result<ExitCode> {
    let snapshot: Snapshot = desk.actor.client.told().await.map_err(|error| Trouble::of(&error))?;
    let can_be_made = |wanted: &&Wanted| wanted.check().is_ok() && snapshot.existing(wanted).is_none();
    let missing: BTreeSet<&Wanted> = saved.forwards.iter().filter(can_be_made).collect();
    for wanted in &missing {
        warn_of(wanted);
    }
    for Unusable { title, why } in unusable {
        output::complain(&format!("noctui: would not make {title}: {why}"));
    }
    if json {
        output::print_json(&missing)?;
    } else if missing.is_empty() {
        output::print("nothing is missing that can be made\n")?;
    } else {
        let line = |wanted: &&Wanted| {
            format!("would make {} to {}\n", clean_line(&wanted.title()), clean_line(&wanted.address))
        };
        output::print(&missing.iter().map(line).collect::<String>())?;
    }
    // As it would be without the flag.
    Ok(if unusable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_FAILED) })
}
