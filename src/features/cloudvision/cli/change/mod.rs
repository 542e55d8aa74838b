//! `noctui change`: change controls, listed, shown, followed, and steered.

mod told;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::connection::{Connection, ConnectionArgs, Said};
use crate::clock;
use crate::config::{self, Config, Environment, Flags};
use crate::features::cloudvision::act::changes_nothing;
use crate::features::cloudvision::actor::Wish;
use crate::features::cloudvision::client::Told;
use crate::features::cloudvision::client::inventory::Sought;
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeState, DeviceId, ExecutionOrder, Version};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::{difference, open_store, schedule, wire};
use crate::output;
use crate::trouble::Trouble;

/// What was typed after `change`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List change controls, the newest first; those that are not over unless something else is asked for.
    List {
        /// Only those in this state; repeatable.
        #[arg(long = "state", value_name = "STATE", value_parser = STATES)]
        states: Vec<String>,
        /// Those that are over, too.
        #[arg(long)]
        all: bool,
        /// Where CloudVision is.
        #[command(flatten)]
        connection: ConnectionArgs,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show a change control with its stages.
    Show(One),
    /// Show what a change control brings to its devices, as CloudVision computed it.
    Diff {
        /// The change control.
        #[command(flatten)]
        one: One,
        /// Only for this device, by its host name or serial number.
        #[arg(long, value_name = "SERIAL")]
        device: Option<String>,
    },
    /// Follow a change control until it is over; exit with 1 when it did not end well.
    Watch(One),
    /// Approve a change control as it is now.
    Approve(Doing),
    /// Take the approval back.
    Unapprove(Doing),
    /// Start a change control that is approved.
    Start(Doing),
    /// Stop a change control that runs.
    Stop(Doing),
    /// Let a change control start by itself at a time, or no longer.
    Schedule {
        /// The change control.
        #[command(flatten)]
        doing: Doing,
        /// When: 2h or +2h from now, 22:00Z, or 2026-11-22T02:00:00Z; without it the change control is taken off the
        /// schedule.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<DateTime<Utc>>,
    },
    /// Give a change control another name or description.
    Edit {
        /// The change control.
        #[command(flatten)]
        doing: Doing,
        /// The new name.
        #[arg(long, value_name = "NAME", value_parser = change_name)]
        name: Option<String>,
        /// The new description.
        #[arg(long, value_name = "TEXT", value_parser = change_description)]
        description: Option<String>,
        /// Run the stages of the first level one after the other, or all at once.
        #[arg(long, value_name = "ORDER", value_parser = ["serial", "parallel"])]
        order: Option<String>,
    },
    /// Delete a change control. What its workspace submitted stays in force.
    Delete(Doing),
}

/// The states by name.
const STATES: [&str; 7] = ["pending", "approved", "scheduled", "running", "completed", "failed", "stopped"];

/// One change control to be looked at.
#[derive(Debug, clap::Args)]
struct One {
    /// Its id, or its name where no other has it.
    #[arg(value_name = "CHANGE")]
    change: String,
    /// Where CloudVision is.
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One change control that something is done to.
#[derive(Debug, clap::Args)]
struct Doing {
    /// Which.
    #[command(flatten)]
    one: One,
    /// For whoever reads it later.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    notes: String,
    /// Only if it is still this version, as `change show` tells it; otherwise it was edited since, which is refused.
    #[arg(long, value_name = "VERSION")]
    version: Option<Version>,
}

/// Whether an action makes another version of a change control, for which an approval does not hold.
fn is_edit(action: &ChangeAction) -> bool {
    matches!(action, ChangeAction::Edit { .. } | ChangeAction::Arrange(_))
}

/// Whether an action brings a change control nearer to its devices: what CloudVision warns of is said before.
fn brings_nearer(action: &ChangeAction) -> bool {
    use ChangeAction::{Approve, ApproveAndStart, Schedule, Start};
    matches!(action, Approve | ApproveAndStart | Schedule(_) | Start)
}

/// Reads a time of which nobody has to guess the zone.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    schedule::parse(text, None, clock::now())
}

/// The name of a change control: a line that people can see.
pub(super) fn change_name(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a change control needs a name"),
        _ if text.chars().any(char::is_control) => Err("a name is one line, without control characters"),
        name => Ok(name.to_owned()),
    }
}

/// Its description: lines that people can see; may be empty.
pub(super) fn change_description(text: &str) -> Result<String, &'static str> {
    let is_harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.chars().any(is_harmful) {
        Err("a description has no control characters but line ends")
    } else {
        Ok(text.to_owned())
    }
}

/// The names of a change control's devices, as far as the inventory tells them.
async fn hostnames(connection: &Connection, change: &Change) -> BTreeMap<DeviceId, String> {
    let known = connection.client.all_devices().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the names of devices are not known");
        Vec::new()
    });
    let own = known.into_iter().filter(|device| change.devices.contains(&device.id) && !device.hostname.is_empty());
    own.map(|device| (device.id, device.hostname)).collect()
}

/// Runs it.
pub(crate) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(args.command.run(&config))
}

impl Command {
    /// Runs it.
    async fn run(&self, config: &Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { states, all, connection, json } => {
                let connection = connection.connect(config, &Said::default()).await?;
                let mut changes = connection.client.changes().await.map_err(|error| Trouble::of(&error))?;
                let is_wanted = |change: &Change| {
                    if states.is_empty() {
                        *all || !change.state.is_over()
                    } else {
                        states.iter().any(|it| it == change.state.name())
                    }
                };
                changes.retain(is_wanted);
                changes.sort_by_key(|change| (std::cmp::Reverse(change.created_at), change.id.clone()));
                if *json {
                    output::print_json(&changes)?;
                } else {
                    output::print(&told::list(&changes))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Show(one) => {
                let (connection, change) = one.find(config).await?;
                if one.json {
                    output::print_json(&change)?;
                } else {
                    output::print(&told::all_about(&change, &hostnames(&connection, &change).await))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Diff { one, device } => one.diff(config, device.as_deref()).await,
            Self::Watch(one) => one.watch(config).await,
            Self::Approve(doing) => doing.run(config, vec![ChangeAction::Approve]).await,
            Self::Unapprove(doing) => doing.run(config, vec![ChangeAction::Unapprove]).await,
            Self::Start(doing) => doing.run(config, vec![ChangeAction::Start]).await,
            Self::Stop(doing) => doing.run(config, vec![ChangeAction::Stop]).await,
            Self::Schedule { doing, at } => {
                doing.run(config, vec![at.map_or(ChangeAction::Unschedule, ChangeAction::Schedule)]).await
            }
            Self::Edit { doing, name, description, order } => {
                let (name, notes) = (name.clone(), description.clone());
                let mut actions = Vec::new();
                if name.is_some() || notes.is_some() {
                    actions.push(ChangeAction::Edit { name, notes });
                }
                actions.extend(order.as_deref().map(|order| {
                    let order = if order == "serial" { ExecutionOrder::Serial } else { ExecutionOrder::Parallel };
                    ChangeAction::Arrange(order)
                }));
                anyhow::ensure!(!actions.is_empty(), "nothing to edit: say --name, --description or --order");
                doing.run(config, actions).await
            }
            Self::Delete(doing) => doing.run(config, vec![ChangeAction::Delete]).await,
        }
    }
}

impl One {
    /// Connects and finds it.
    async fn find(&self, config: &Config) -> anyhow::Result<(Connection, Change)> {
        let connection = self.connection.connect(config, &Said::default()).await?;
        let id = crate::features::cloudvision::model::ChangeId::new(self.change.clone());
        if let Some(change) = connection.client.change(&id).await.map_err(|error| Trouble::of(&error))? {
            return Ok((connection, change));
        }
        let mut named = connection.client.changes().await.map_err(|error| Trouble::of(&error))?;
        named.retain(|change| change.name == self.change);
        match named.len() {
            1 => named.pop().map(|change| (connection, change)).context("one change control"),
            0 => Err(Trouble::new(&format!("there is no change control {}", self.change))
                .to_do("see noctui change list --all")
                .into()),
            many => Err(Trouble::new(&format!("{many} change controls are called {}", self.change))
                .to_do("use an id of noctui change list --all")
                .into()),
        }
    }

    /// The device of a change control with this serial number or host name.
    async fn device_of(&self, connection: &Connection, change: &Change, name: &str) -> anyhow::Result<DeviceId> {
        if let Some(device) = change.devices.iter().find(|id| id.as_str() == name) {
            return Ok(device.clone());
        }
        let known = connection.client.all_devices().await.map_err(|error| Trouble::of(&error))?;
        let named = known.into_iter().find(|device| device.hostname == name && change.devices.contains(&device.id));
        let missing = || {
            let trouble = Trouble::new(&format!("{} brings nothing to a device {name}", change.name));
            trouble.to_do("name a device of it by its host name or serial number; without --device all are shown")
        };
        Ok(named.ok_or_else(missing)?.id)
    }

    /// Shows what it brings to its devices.
    async fn diff(&self, config: &Config, device: Option<&str>) -> anyhow::Result<ExitCode> {
        let (connection, change) = self.find(config).await?;
        let store = open_store(&config.paths.data)?;
        let wanted = match device {
            Some(device) => Some(self.device_of(&connection, &change, device).await?),
            None => None,
        };
        let sought: Vec<_> =
            change.devices.iter().map(|id| Sought::Hardware { serial: Some(id.as_str()), mac: None }).collect();
        // Without it they are called by their serial numbers.
        let known = connection.client.devices(&sought).await.unwrap_or_default();
        let names: BTreeMap<_, _> = known.iter().map(|device| (&device.id, device.hostname.as_str())).collect();
        let mut told = Vec::new();
        for device in change.devices.iter().filter(|id| wanted.as_ref().is_none_or(|wanted| wanted == *id)) {
            let server = connection.instance.server.clone();
            let lines = difference::read(&connection.client, &store, server, &change.id, device).await;
            told.push(told::DeviceLines::of(device, names.get(device).copied().unwrap_or_default(), lines));
        }
        if self.json {
            output::print_json(&told)?;
        } else {
            output::print(&told::differences(&told))?;
            for untold in told.iter().filter_map(told::DeviceLines::untold) {
                output::complain(&format!("noctui: {untold}"));
            }
        }
        let is_told = told.iter().all(|device| device.untold().is_none());
        Ok(if is_told { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_FAILED) })
    }

    /// Follows it until it is over.
    async fn watch(&self, config: &Config) -> anyhow::Result<ExitCode> {
        let (connection, change) = self.find(config).await?;
        let mut stream = connection.client.follow_changes(Some(&change.id));
        let mut last = String::new();
        loop {
            let message = match stream.next().await.map_err(|error| Trouble::of(&error))? {
                Told::Message(message) => message,
                Told::Opened => continue,
                Told::Broken { error, .. } => {
                    output::complain(&format!("noctui: {error}; trying again"));
                    continue;
                }
            };
            if message.r#type() == Operation::Deleted {
                output::complain("noctui: the change control was deleted");
                return Ok(ExitCode::from(output::EXIT_NO));
            }
            let Some(change) = message.value.and_then(wire::change) else { continue };
            let line = told::line(&change);
            if line != last {
                if self.json {
                    output::print_json(&change)?;
                } else {
                    output::print(&format!("{line}\n"))?;
                }
                last = line;
            }
            if change.state.is_over() {
                let is_well = change.state == ChangeState::Completed;
                return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_NO) });
            }
        }
    }
}

impl Doing {
    /// Does it, one action after the other.
    async fn run(&self, config: &Config, actions: Vec<ChangeAction>) -> anyhow::Result<ExitCode> {
        let (connection, mut change) = self.one.find(config).await?;
        let actor = connection.actor(config)?;
        // What was read before counts for the first action; the next one is about what that has made of it.
        let mut read = self.version;
        for action in actions {
            if changes_nothing(&change, &action) && read.is_none_or(|read| change.version == Some(read)) {
                output::complain(&format!("noctui: {}: that is so already; nothing was done", told::called(&change)));
                continue;
            }
            if brings_nearer(&action) {
                for check in &change.checks {
                    output::complain(&format!("noctui: warning: {} is {}", told::called(&change), check.words()));
                }
            }
            let (done, is_edit) = (told::done(&action), is_edit(&action));
            let (id, version) = (change.id.clone(), read.take().or(change.version));
            let after = actor
                .change(&Wish { change: id, version, action, notes: self.notes.clone(), deployment: None })
                .await?;
            if !self.one.json {
                output::print(&format!("{} {done}\n", told::called(&change)))?;
            }
            let is_approved = |change: &Change| change.approval.is_some();
            if is_edit && is_approved(&change) && !after.as_ref().is_some_and(is_approved) {
                output::complain(&format!(
                    "noctui: {} was approved as it was before, and is not approved any more: noctui change approve {}",
                    told::called(&change),
                    change.id
                ));
            }
            change = after.unwrap_or(change);
        }
        if self.one.json {
            output::print_json(&change)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
