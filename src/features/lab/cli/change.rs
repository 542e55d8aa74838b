//! What changes forwards: `add`, `remove`, `restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::Desk;
use crate::blocking;
use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::model::{Forward, Machine, Place, Protocol, Snapshot, Wanted, component};
use crate::features::lab::worker::load_file;
use crate::output;
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
        let address = self.address.or_else(|| known.and_then(|machine| machine.addresses.first().cloned()));
        let address = address.ok_or_else(|| {
            Trouble::new(&format!("the lab knows no address of {}", self.name)).to_do("name it with --address")
        })?;
        if kind.is_empty() {
            let what = format!("the lab does not know what {} is", self.name);
            return Err(Trouble::new(&what).to_do("name it with --component, such as CentOS"));
        }
        let known = component(&kind);
        let target = match (self.port, self.protocol) {
            (Some(port), _) => port,
            (None, protocol) => known
                .port(protocol.unwrap_or_else(|| known.usual()))
                .ok_or_else(|| Trouble::new("it is not said which port is meant").to_do("name it with --port"))?,
        };
        Ok(Wanted { name: self.name, component: kind, address, target })
    }
}

/// What the lab knows of a machine of this name.
pub(super) async fn machine(desk: &Desk, name: &str) -> Result<Option<Machine>, Trouble> {
    let snapshot = desk.actor.client.snapshot().await.map_err(|error| Trouble::of(&error))?;
    Ok(snapshot.machines.get(name).cloned())
}

/// Says what came of a change. The exit code is that of the whole command.
fn say(outcomes: &[Outcome], json: bool) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    if json {
        if let [outcome] = outcomes { output::print_json(outcome)? } else { output::print_json(outcomes)? }
    }
    for outcome in outcomes {
        let line = match outcome {
            Outcome::Made { forward } => format!("{} is on port {}\n", forward.title(), forward.port),
            Outcome::Found { forward } => format!("{} was on port {} already\n", forward.title(), forward.port),
            Outcome::Removed { forward } => format!("deleted {}, which was on {}\n", forward.title(), forward.port),
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
    let is_told = asked.address.is_some() && asked.component.is_some();
    let known = if is_told { None } else { machine(desk, &asked.name).await? };
    let wanted = asked.wanted(known.as_ref())?;
    say(&[desk.actor.carry_out(&Change::Add(wanted)).await], json)
}

/// The one forward that is meant.
pub(super) fn only<'f>(forwards: &'f [Forward], place: &Place) -> Result<&'f Forward, Trouble> {
    let fitting: Vec<&Forward> = forwards.iter().filter(|forward| place.fits(forward)).collect();
    match fitting.as_slice() {
        [only] => Ok(only),
        [] => Err(Trouble::new("there is no such forward").to_do("noctui lab list shows those that there are")),
        several => {
            let ports: Vec<String> =
                several.iter().map(|forward| format!("{} ({})", forward.port, forward.title())).collect();
            Err(Trouble::new("more than one forward is meant")
                .to_do(&format!("name one by its port: {}", ports.join(", "))))
        }
    }
}

/// `noctui lab remove`
pub(super) async fn remove(desk: &Desk, place: &Place, json: bool) -> anyhow::Result<ExitCode> {
    desk.writable()?;
    let (forwards, ..) = desk.actor.client.list().await.map_err(|error| Trouble::of(&error))?;
    let forward = only(&forwards, place)?.clone();
    say(&[desk.actor.carry_out(&Change::Remove(forward)).await], json)
}

/// `noctui lab restore`
pub(super) async fn restore(desk: &Desk, file: &Path, dry_run: bool, json: bool) -> anyhow::Result<ExitCode> {
    if !dry_run {
        desk.writable()?;
    }
    let path: PathBuf = file.to_owned();
    let wanted = blocking::run(move || load_file(&path)).await?;
    if dry_run {
        let snapshot: Snapshot = desk.actor.client.snapshot().await.map_err(|error| Trouble::of(&error))?;
        let missing: Vec<&Wanted> = wanted.iter().filter(|wanted| snapshot.existing(wanted).is_none()).collect();
        if json {
            output::print_json(&missing)?;
        } else {
            let line = |wanted: &&Wanted| format!("would make {} to {}\n", wanted.title(), wanted.address);
            output::print(&missing.iter().map(line).collect::<String>())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut outcomes = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        outcomes.push(desk.actor.carry_out(&Change::Add(wanted)).await);
    }
    if json {
        output::print_json(&outcomes)?;
    }
    let failed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. }));
    if !json {
        say(&outcomes, false)?;
    }
    Ok(if failed { ExitCode::from(output::EXIT_FAILED) } else { ExitCode::SUCCESS })
}
