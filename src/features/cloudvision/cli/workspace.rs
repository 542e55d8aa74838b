//! `noctui workspace` and `noctui device`: what is open, and what there is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::connection::{ConnectionArgs, Said};
use crate::config::{self, Config, Environment, Flags};
use crate::features::cloudvision::actor::Actor;
use crate::features::cloudvision::client::Client;
use crate::features::cloudvision::client::inventory::Sought;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::leftover::{self, Leftover};
use crate::features::cloudvision::model::{
    BuildId, BuildReport, BuildState, Fault, Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::journal;
use crate::features::cloudvision::{open_store, wire};
use crate::output;
use crate::process::Fate;
use crate::table::Table;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What can be typed after `workspace`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List workspaces, the newest first; those that are open unless all are asked for.
    List {
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
    /// Show a workspace, and what its last build found.
    Show(One),
    /// Throw a workspace away that is open.
    Abandon(One),
}

/// One workspace.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// Its id.
    #[arg(value_name = "ID")]
    id: String,
    /// Where CloudVision is.
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What can be typed after `device`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the devices of the inventory by name.
    List {
        /// Where CloudVision is.
        #[command(flatten)]
        connection: ConnectionArgs,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `noctui workspace`.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(command.run(&config))
}

/// Runs `noctui device`.
pub(crate) fn run_device(command: &DeviceCommand, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let DeviceCommand::List { connection, json } = command;
    runtime.block_on(async {
        let connection = connection.connect(&config, &Said::default()).await?;
        let mut devices = connection.client.all_devices().await.map_err(|error| Trouble::of(&error))?;
        devices.sort_by(|one, other| (&one.hostname, &one.id).cmp(&(&other.hostname, &other.id)));
        if *json {
            output::print_json(&devices)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = vec![["NAME", "STATE", "SERIAL", "MAC", "MODEL", "EOS"].map(str::to_owned)];
        for device in devices {
            let state = if device.streaming { "streaming" } else { "silent" };
            let id = device.id.to_string();
            rows.push([device.hostname, state.to_owned(), id, device.mac, device.model, device.version]);
        }
        output::print(&Table::new(output::columns()).lines(&rows))?;
        Ok(ExitCode::SUCCESS)
    })
}

impl Command {
    /// Runs it.
    async fn run(&self, config: &Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { all, connection, json } => {
                let connection = connection.connect(config, &Said::default()).await?;
                let workspaces = connection.client.all_workspaces().await.map_err(|error| Trouble::of(&error))?;
                let is_wanted =
                    |it: &Workspace| *all || matches!(it.state, WorkspaceState::Pending | WorkspaceState::Conflicts);
                let mut workspaces: Vec<_> = workspaces.into_iter().filter(is_wanted).collect();
                workspaces.sort_by_key(|it| (std::cmp::Reverse(it.created_at), it.id.clone()));
                print(&of_here(config, &connection.instance.server, workspaces).await, *json)?;
            }
            Self::Show(One { id, connection, json }) => {
                let connection = connection.connect(config, &Said::default()).await?;
                let id = WorkspaceId::new(id.clone());
                let found = connection.client.workspace(&id).await.map_err(|error| Trouble::of(&error))?;
                let missing =
                    || Trouble::new(&format!("there is no workspace {id}")).to_do("see noctui workspace list");
                let workspace = found.ok_or_else(missing)?;
                let build = match &workspace.last_build {
                    Some(build) => {
                        Some(last_build(&connection.client, &id, build).await.map_err(|error| Trouble::of(&error))?)
                    }
                    None => None,
                };
                for listed in of_here(config, &connection.instance.server, vec![workspace]).await {
                    let shown = Shown { listed, build: build.clone() };
                    if *json { output::print_json(&shown.json()?)? } else { output::print(&shown.words())? }
                }
            }
            Self::Abandon(One { id, connection, json }) => {
                let connection = connection.connect(config, &Said::default()).await?;
                let actor = connection.actor(config)?;
                let workspace = WorkspaceId::new(id.clone());
                if let Some(whose) = in_use(&actor, &workspace).await? {
                    output::complain(&format!("noctui: warning: {whose}"));
                }
                actor.abandon(&workspace).await?;
                if *json {
                    output::print_json(&serde_json::json!({ "id": id, "state": "abandoned" }))?;
                } else {
                    output::print("the workspace is abandoned\n")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whose deployment ends with a workspace, where a process is at it that lives, or of which nobody can tell from here.
async fn in_use(actor: &Actor, workspace: &WorkspaceId) -> Result<Option<String>, Trouble> {
    let unfinished = actor.store.read(journal::unfinished).await.map_err(|error| Trouble::of(&error))?;
    let is_its = |left: &journal::Unfinished| {
        left.fate != Fate::Dead && left.entry.workspace.as_ref() == Some(workspace) && !left.entry.phase.is_in_force()
    };
    Ok(unfinished.into_iter().find(is_its).map(|left| {
        let entry = left.entry;
        let what = clean_line(entry.target.as_deref().unwrap_or(&entry.source));
        let (who, owner) = (clean_line(&entry.who), entry.owner.label());
        format!("the deployment of {what} that {who} began ({owner}) is at it still, and ends with it")
    }))
}

/// A workspace, and the deployment from here that made it.
#[derive(Debug, Serialize)]
struct Listed {
    /// As CloudVision has it.
    #[serde(flatten)]
    workspace: Workspace,
    /// The deployment; `None` where none from here made it, or what it made is in force.
    left_by: Option<Leftover>,
}

/// Each workspace with the deployment from here that made it. Where the store cannot be read, that is told and the
/// workspaces are listed all the same.
async fn of_here(config: &Config, server: &str, workspaces: Vec<Workspace>) -> Vec<Listed> {
    let server = server.to_owned();
    let read = async {
        let store = open_store(&config.paths.data).map_err(|error| Trouble::of(&error))?;
        let read = store.read(move |connection| leftover::all(connection, &server));
        read.await.map_err(|error| Trouble::of(&error))
    };
    let mut known = read.await.unwrap_or_else(|trouble| {
        output::complain(&format!("noctui: warning: which of them deployments left is not known: {}", trouble.what()));
        BTreeMap::new()
    });
    let listed = |workspace: Workspace| {
        let left_by = known.remove(&workspace.id).filter(|_| workspace.state.is_open());
        Listed { workspace, left_by }
    };
    workspaces.into_iter().map(listed).collect()
}

/// Prints a list.
fn print(listed: &[Listed], json: bool) -> io::Result<()> {
    if json { output::print_json(&listed) } else { output::print(&table(listed)) }
}

/// The rows of a list. Nobody has a column for what none of them is.
fn table(listed: &[Listed]) -> String {
    let is_any = listed.iter().any(|it| it.left_by.is_some());
    let head = ["CREATED", "STATE", "BY", if is_any { "DEPLOYMENT" } else { "" }, "ID", "NAME"];
    let mut rows = vec![head.map(str::to_owned)];
    for Listed { workspace, left_by } in listed {
        let created = workspace.created_at.map_or_else(String::new, minute);
        let state = state(workspace);
        let (by, name) = (workspace.created_by.clone(), workspace.name.clone());
        let left_by = left_by.as_ref().map_or_else(String::new, ToString::to_string);
        rows.push([created, state.to_owned(), by, left_by, workspace.id.to_string(), name]);
    }
    Table::new(output::columns()).lines(&rows)
}

/// How a workspace stands, in words.
fn state(workspace: &Workspace) -> &'static str {
    match workspace.state {
        WorkspaceState::Pending if workspace.needs_rebase => "open, behind",
        WorkspaceState::Pending => "open",
        WorkspaceState::Submitted => "submitted",
        WorkspaceState::Abandoned => "abandoned",
        WorkspaceState::Conflicts => "conflicts",
        WorkspaceState::RolledBack => "rolled back",
        WorkspaceState::Unknown(_) => "unknown",
    }
}

/// A time to the minute.
fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What a build of a workspace found, with the names of its devices.
async fn last_build(client: &Client, id: &WorkspaceId, build: &BuildId) -> Result<BuildReport, Error> {
    let (whole, details) = futures::try_join!(client.build(id, build), client.build_details(id, build))?;
    let ids = details.iter().filter_map(|details| details.key.as_ref()?.device_id.as_deref());
    let sought: Vec<_> = ids.map(|id| Sought::Hardware { serial: Some(id), mac: None }).collect();
    let names = client.devices(&sought).await?.into_iter().map(|device| (device.id, device.hostname)).collect();
    Ok(wire::report(Some(build.clone()), whole, details, &names))
}

/// A workspace, and what its last build found.
#[derive(Debug)]
struct Shown {
    /// The workspace.
    listed: Listed,
    /// Its last build; `None` where there was none.
    build: Option<BuildReport>,
}

/// The same in JSON.
#[derive(Debug, Serialize)]
struct ShownJson<'a> {
    /// The workspace.
    #[serde(flatten)]
    listed: &'a Listed,
    /// Its last build.
    build: serde_json::Value,
}

impl Shown {
    /// As programs read it. Which devices were asked for a workspace does not tell.
    fn json(&self) -> serde_json::Result<ShownJson<'_>> {
        let mut build = serde_json::to_value(&self.build)?;
        let devices = build.get_mut("devices").and_then(serde_json::Value::as_array_mut);
        for device in devices.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
            device.remove("wanted");
        }
        Ok(ShownJson { listed: &self.listed, build })
    }

    /// As people read it.
    fn words(&self) -> String {
        let workspace = &self.listed.workspace;
        let mut text = format!("{}\n{}  {}\n", workspace.name, workspace.id, state(workspace));
        let mut push = |label: &str, words: &str| {
            if !words.is_empty() {
                let _infallible = writeln!(text, "{label:<12}{words}");
            }
        };
        let by = if workspace.created_by.is_empty() { "somebody" } else { &workspace.created_by };
        push(
            "made",
            &format!("by {by}{}", workspace.created_at.map_or_else(String::new, |at| format!(" {}", minute(at)))),
        );
        push("changed", &workspace.modified_at.map_or_else(String::new, minute));
        push("deployment", &self.listed.left_by.as_ref().map_or_else(String::new, ToString::to_string));
        push("about", &clean_line(&workspace.description));
        if workspace.state.is_open() && workspace.needs_rebase {
            push("mainline", "has moved since");
        }
        let changes: Vec<_> = workspace.changes.iter().map(ToString::to_string).collect();
        push("changes", &changes.join(", "));
        let build = self.build.as_ref().map_or("none", |build| build_state(build.state));
        let again = match (workspace.state.is_open() && workspace.needs_build, &self.build) {
            (true, Some(_)) => "; needs another one",
            (true, None) | (false, _) => "",
        };
        push("build", &format!("{build}{again}"));
        if let Some(build) = &self.build {
            push_build(&mut text, build);
        }
        text
    }
}

/// How a build stands, in a word.
fn build_state(state: BuildState) -> &'static str {
    match state {
        BuildState::Unspecified => "not begun",
        BuildState::InProgress => "under way",
        BuildState::Canceled => "cancelled",
        BuildState::Success => "built",
        BuildState::Fail => "failed",
        BuildState::Skipped => "skipped",
        BuildState::Unknown(_) => "unknown",
    }
}

/// Adds what a build found: device by device, then every error and warning with its line.
fn push_build(text: &mut String, build: &BuildReport) {
    let mut rows = Vec::new();
    for device in &build.devices {
        let lines = device
            .lines
            .map_or_else(String::new, |lines| format!("+{} -{} ~{}", lines.added, lines.removed, lines.changed));
        let skipped = device.skipped.as_deref().map_or_else(String::new, |why| format!("not validated: {why}"));
        rows.push([device.hostname.clone(), build_state(device.state).to_owned(), lines, skipped]);
    }
    if !rows.is_empty() {
        rows.insert(0, ["DEVICE", "STATE", "LINES", ""].map(str::to_owned));
        let _infallible = write!(text, "\n{}", Table::new(output::columns()).lines(&rows));
    }
    let mut push = |whose: &str, kind: &str, fault: &Fault| {
        let line = fault.line.map_or_else(String::new, |line| format!(" line {line}"));
        let source = fault.source.as_deref().filter(|source| !source.is_empty());
        let source = source.map_or_else(String::new, |source| format!(" of {source}"));
        let _infallible = writeln!(text, "{kind}: {whose}{line}{source}: {}", fault.message);
    };
    for error in &build.errors {
        push("the build", "error", error);
    }
    for device in &build.devices {
        device.errors.iter().for_each(|error| push(&device.hostname, "error", error));
        device.warnings.iter().for_each(|warning| push(&device.hostname, "warning", warning));
    }
}
