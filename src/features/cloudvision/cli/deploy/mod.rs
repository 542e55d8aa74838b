//! `noctui deploy`: from configurations in a folder or a request to a change control, without a screen.

mod earlier;
mod json;
mod told;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::change::{change_description, change_name};
use super::connection::{Connection, ConnectionArgs, Said};
use crate::clock;
use crate::config::{self, Config, Deploy, Environment, Filling, Flags, Pattern, TagFilter};
use crate::confirm::Meant;
use crate::features::cloudvision::actor::Actor;
use crate::features::cloudvision::deploy::{
    self, About, Advance, Agreement, Controls, Event, Failure, Journal, NotBegun, Order, Outcome, Reach, Recorder,
    Review, Unrecorded, WorkspaceFate, recovery,
};
use crate::features::cloudvision::inputs::{self, Filters, Problem, Selection};
use crate::features::cloudvision::model::Deployment;
use crate::features::cloudvision::open_store;
use crate::features::cloudvision::store::journal::{self, Brought};
use crate::output;
use crate::store::Store;
use crate::trouble::Trouble;

/// Progress that was not printed yet; the deployment waits when there is more.
const EVENTS: usize = 64;

/// What was typed after `deploy`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(group(clap::ArgGroup::new("input").args(["target", "dir", "request"]).required(true)))]
pub(crate) struct Args {
    /// Deploy this target of the configuration.
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Deploy the configurations in this folder: HOSTNAME.cfg files, or a project of AVD.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Deploy what this JSON file asks for, in the format of CVProxy; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Of a folder only devices with such a name; * and ? stand for other letters. Repeatable.
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["request", "target"])]
    include: Vec<Pattern>,
    /// Of a folder no device with such a name. Repeatable.
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["request", "target"])]
    exclude: Vec<Pattern>,
    /// Of a folder only devices with this tag. Repeatable.
    #[arg(long = "tag", value_name = "LABEL:VALUE", conflicts_with_all = ["request", "target"])]
    tags: Vec<TagFilter>,
    /// Where CloudVision is.
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Show what would change, line by line, and write nothing.
    #[arg(long, conflicts_with_all = ["build_only", "approve", "start", "wait"])]
    dry_run: bool,
    /// Let CloudVision build and validate it, and then throw the workspace away.
    #[arg(long, conflicts_with_all = ["approve", "start", "wait"])]
    build_only: bool,
    /// Approve the change control.
    #[arg(long)]
    approve: bool,
    /// Approve the change control and start it.
    #[arg(long)]
    start: bool,
    /// Approve it, start it and wait until it is over.
    #[arg(long)]
    wait: bool,
    /// Confirm a protected target by naming it again; another name is refused always.
    #[arg(long, value_name = "TARGET", requires = "target")]
    confirm: Option<String>,
    /// Submit although devices do not stream; they are not validated then.
    #[arg(long)]
    force: bool,
    /// Bring devices what CloudVision holds for them even where nothing is new, such as after the change control was
    /// deleted.
    #[arg(long, conflicts_with = "dry_run")]
    again: bool,
    /// Take all other user tags from devices that get tags.
    #[arg(long)]
    strict_tags: bool,
    /// Give the change control this name.
    #[arg(long, value_name = "NAME", value_parser = change_name)]
    change_name: Option<String>,
    /// Give the change control this description.
    #[arg(long, value_name = "TEXT", value_parser = change_description)]
    change_notes: Option<String>,
    /// Leave a workspace that was not submitted open, to be looked at.
    #[arg(long)]
    keep_workspace: bool,
    /// Delete the workspace once it is submitted; what was deployed stays in force.
    #[arg(long)]
    delete_workspace: bool,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
    /// Say nothing on the way.
    #[arg(long, short)]
    quiet: bool,
}

/// What is to be deployed, and where.
struct Input {
    /// What is wanted.
    deployment: Deployment,
    /// What should be known of it.
    warnings: Vec<Problem>,
    /// Where to.
    said: Said,
    /// What it is called in the journal.
    source: String,
    /// The target of the configuration, where one is deployed.
    target: Option<Deploy>,
}

/// Runs it. The exit code is 0 exactly when all that was asked for happened.
pub(crate) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load_without_screen(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let input = match args.read(&config) {
        Ok(input) => input,
        Err(troubles) => return refuse(args, &troubles),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let connection = match runtime.block_on(args.connection.connect(&config, &input.said)) {
        Ok(connection) => connection,
        Err(trouble) => return refuse(args, &[trouble]),
    };
    if let Some(reason) = connection.read_only.as_ref().filter(|_| !args.dry_run) {
        let trouble = Trouble::new("deploying is refused").caused_by(reason).to_do("use --dry-run to compare");
        return refuse(args, &[trouble]);
    }
    for warning in &input.warnings {
        output::complain(&format!("noctui: warning: {}", warning.trouble()));
    }
    let outcome = match runtime.block_on(work(args, &config, &connection, &input))? {
        Ok(outcome) => outcome,
        Err(trouble) => return refuse(args, &[trouble]),
    };
    let code = finish(args, &outcome)?;
    // Whoever wants it to end, or cannot be answered, does not wait for an aside.
    if !outcome.result.as_ref().is_err_and(Failure::is_cut_short) {
        let own = outcome.workspace.as_ref().map(|(id, _)| id);
        for line in runtime.block_on(earlier::left_open(&config, &connection, own)) {
            output::complain(&format!("noctui: {line}"));
        }
    }
    Ok(code)
}

impl Args {
    /// Reads what is to be deployed.
    fn read(&self, config: &Config) -> Result<Input, Vec<Trouble>> {
        let mut input = match (&self.target, &self.dir) {
            (Some(target), _) => self.read_target(config, target)?,
            (None, Some(dir)) => {
                let filters =
                    Filters { include: self.include.clone(), exclude: self.exclude.clone(), tags: self.tags.clone() };
                read_folder(dir, filters, Said::default(), None)?
            }
            (None, None) => {
                let path = self.request.clone().unwrap_or_else(|| PathBuf::from("-"));
                let given = self.connection.given(config);
                let request = inputs::read_request_at(&path, given).map_err(|problems| troubles(&problems))?;
                let said = Said { cloudvision: None, server: request.server, token: request.token };
                let source = path.display().to_string();
                let (deployment, warnings) = (request.deployment, request.warnings);
                Input { deployment, warnings, said, source, target: None }
            }
        };
        let deployment = &mut input.deployment;
        deployment.strict_tags |= self.strict_tags;
        deployment.delete_workspace |= self.delete_workspace;
        deployment.change_name = self.change_name.clone().or_else(|| deployment.change_name.take());
        deployment.change_notes = self.change_notes.clone().or_else(|| deployment.change_notes.take());
        Ok(input)
    }

    /// Reads a target of the configuration. A protected one wants to be named again before it is submitted.
    fn read_target(&self, config: &Config, name: &str) -> Result<Input, Vec<Trouble>> {
        let Some(deploy) = config.deploys.iter().find(|deploy| deploy.name == name) else {
            let known: Vec<_> = config.deploys.iter().map(|deploy| deploy.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let trouble = Trouble::new(&format!("there is no target {name} in the configuration"));
            return Err(vec![trouble.to_do(&format!("it has {known}; --dir and --request need none"))]);
        };
        let is_submitted = !self.dry_run && !self.build_only;
        // Another name is refused whatever is asked for: what was looked at would not be what was meant.
        let because = (deploy.protected && is_submitted).then(|| format!("{name} is protected"));
        let meant = Meant { kind: "target", name, because, look: "--dry-run or --build-only" };
        meant.confirmed_by(self.confirm.as_deref()).map_err(|trouble| vec![trouble])?;
        let filters =
            Filters { include: deploy.include.clone(), exclude: deploy.exclude.clone(), tags: deploy.tags.clone() };
        let said = Said { cloudvision: Some(deploy.cloudvision.clone()), ..Said::default() };
        let mut input = read_folder(&deploy.dir, filters, said, Some(deploy.clone()))?;
        let filling = || Filling { target: name, user: &config.who, at: clock::now() };
        let deployment = &mut input.deployment;
        deployment.strict_tags = deploy.strict_tags;
        deployment.delete_workspace = deploy.delete_workspace;
        deployment.change_name = deploy.change_name.as_ref().map(|name| name.fill(filling()));
        deployment.change_notes = deploy.change_notes.as_ref().map(|notes| notes.fill(filling()));
        Ok(input)
    }

    /// What is ordered.
    fn order(&self, input: &Input, who: &str) -> Order {
        let advance = match (self.wait, self.start, self.approve) {
            (true, _, _) => Advance::Completed,
            (_, true, _) => Advance::Started,
            (_, _, true) => Advance::Approved,
            _ => Advance::Pending,
        };
        let reach = match (self.dry_run, self.build_only) {
            (true, _) => Reach::Compare,
            (_, true) => Reach::Build,
            _ => Reach::Submit,
        };
        let file = Path::new(&input.source).file_name().and_then(|name| name.to_str()).unwrap_or("request");
        let file = if input.source == "-" { "request" } else { file };
        let name = self.target.as_deref().unwrap_or(file);
        let now = clock::now();
        let workspace_name = if self.request.is_some() {
            // As CVProxy would name it, in whose place this is called.
            format!("AVD {}", now.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M:%S%.6f"))
        } else {
            format!("noctui {name} {}", now.format("%Y-%m-%d %H:%M:%S"))
        };
        // Who confirmed it has looked before. Should it become something else, that was not confirmed.
        let is_protected = input.target.as_ref().is_some_and(|deploy| deploy.protected);
        Order {
            deployment: Arc::new(input.deployment.clone()),
            workspace_name,
            reach,
            advance,
            force: self.force || input.target.as_ref().is_some_and(|deploy| deploy.force),
            keep_workspace: self.keep_workspace,
            follow_build: is_protected,
            review: if is_protected { Review::Always } else { Review::Never },
            again: self.again,
            brought: None,
            who: who.to_owned(),
        }
    }
}

/// Reads a folder of configurations.
fn read_folder(dir: &Path, filters: Filters, said: Said, target: Option<Deploy>) -> Result<Input, Vec<Trouble>> {
    let read =
        inputs::from_folder(&Selection { dir: dir.to_owned(), filters }).map_err(|problems| troubles(&problems))?;
    let source = dir.display().to_string();
    Ok(Input { deployment: read.deployment, warnings: read.warnings, said, source, target })
}

/// Every problem by itself.
fn troubles(problems: &inputs::Problems) -> Vec<Trouble> {
    problems.0.iter().map(Problem::trouble).collect()
}

/// Deploys, tells how far it is, and ends it when the process is to end.
/// Refuses where nothing can be written down.
async fn work(
    args: &Args,
    config: &Config,
    connection: &Connection,
    input: &Input,
) -> anyhow::Result<Result<Outcome, Trouble>> {
    let mut order = args.order(input, &config.who);
    let journal = if order.reach == Reach::Compare {
        // What it would do depends on what became of the last deployment's change control.
        if let Ok(store) = open_store(&config.paths.data) {
            order.brought = brought(&store, connection, input).await.unwrap_or_default();
            tell_left(&connection.actor_with(store, config), false).await;
        }
        None
    } else {
        match begin(config, connection, input, &mut order).await {
            Ok(journal) => Some(Arc::new(journal)),
            Err(NotBegun::UnderWay(trouble)) => return Ok(Err(trouble)),
            Err(NotBegun::Unwritten(why)) => return Ok(Err(unjournalled(&why))),
        }
    };
    let recorder: Arc<dyn Recorder> = match &journal {
        Some(journal) => Arc::clone(journal) as Arc<dyn Recorder>,
        None => Arc::new(Unrecorded),
    };
    let (sender, events) = mpsc::channel(EVENTS);
    // Whoever ends it here ends the process.
    let cancel = CancellationToken::new();
    let (leave, go_on) = (cancel.clone(), Agreement::beforehand());
    let controls = Controls { cancel: cancel.clone(), leave, go_on, events: sender, recorder };
    let deploying = async {
        let outcome = deploy::run(&connection.client, &order, &controls).await;
        drop(controls);
        outcome
    };
    let work = async { futures::join!(deploying, print(events, args.quiet)).0 };
    let outcome = tokio::select! {
        outcome = work => outcome,
        error = end_on_signals(&cancel) => return Err(error.context("listen for signals")),
    };
    if let Some(journal) = &journal
        && let Err(trouble) = journal.end(&outcome).await
    {
        output::complain(&format!("noctui: the journal was not ended: {trouble}"));
    }
    Ok(Ok(outcome))
}

/// Why nothing is deployed that could not be found again by whoever comes after a lost connection or a killed process.
fn unjournalled(why: &Trouble) -> Trouble {
    Trouble::new("nothing is deployed: what is done could not be written down")
        .caused_by(&why.one_line())
        .to_do("free some space, or name another folder with --data-dir; --dry-run writes nothing down")
}

/// Begins the journal, and says what earlier processes have left. What the last deployment of a target was to bring goes
/// into the order.
async fn begin(
    config: &Config,
    connection: &Connection,
    input: &Input,
    order: &mut Order,
) -> Result<Journal, NotBegun> {
    let store = open_store(&config.paths.data).map_err(|error| NotBegun::Unwritten(Trouble::of(&error)))?;
    let actor = connection.actor_with(store.clone(), config);
    tell_left(&actor, connection.read_only.is_none()).await;
    let target = input.target.as_ref().map(|deploy| deploy.name.clone());
    order.brought = brought(&store, connection, input).await.map_err(NotBegun::Unwritten)?;
    let about = About { instance: connection.instance.clone(), target, source: input.source.clone() };
    Journal::begin(&store, about, order).await
}

/// Says what processes before this one have left, and ends in the journal what has come to an end without them.
async fn tell_left(actor: &Actor, may_write: bool) {
    match recovery::settle(actor, may_write).await {
        Ok(left) => left.iter().for_each(|left| output::complain(&format!("noctui: {}", told::left(left)))),
        Err(trouble) => output::complain(&format!("noctui: what earlier deployments came to is not known: {trouble}")),
    }
}

/// What the last deployment of the target was to bring; nothing where no target is deployed.
async fn brought(store: &Store, connection: &Connection, input: &Input) -> Result<Option<Brought>, Trouble> {
    let Some(target) = input.target.as_ref().map(|deploy| deploy.name.clone()) else { return Ok(None) };
    let server = connection.instance.server.clone();
    let brought = store.read(move |connection| journal::brought(connection, &server, &target)).await;
    brought.map_err(|error| Trouble::of(&error))
}

/// Cancels the deployment when a signal wants the process to end; never done by itself.
async fn end_on_signals(cancel: &CancellationToken) -> anyhow::Error {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let signals: io::Result<Vec<_>> = kinds.into_iter().map(signal).collect();
    let mut signals = match signals {
        Ok(signals) => signals,
        Err(error) => return error.into(),
    };
    let mut caught: FuturesUnordered<_> = signals.iter_mut().map(tokio::signal::unix::Signal::recv).collect();
    if caught.next().await.is_some() {
        output::complain(
            "noctui: ending; nothing further is asked for, and a workspace that is not submitted is abandoned first",
        );
        cancel.cancel();
    }
    std::future::pending().await
}

/// Prints what is told, until nothing more is.
async fn print(mut events: mpsc::Receiver<Event>, quiet: bool) {
    while let Some(event) = events.recv().await {
        if let Some(line) = told::line(&event).filter(|_| !quiet) {
            output::complain(&line);
        }
    }
}

/// Prints what came of it.
fn finish(args: &Args, outcome: &Outcome) -> anyhow::Result<ExitCode> {
    if args.json {
        output::print_json(&json::Answer::of(outcome)).context("print what came of it")?;
    } else {
        output::print(&told::result(outcome))?;
    }
    match &outcome.result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) => {
            let trouble = match (failure, &outcome.workspace) {
                // There is nothing left to look at.
                (
                    Failure::Submit { silent: None, .. } | Failure::Rebase { .. },
                    Some((_, WorkspaceFate::Abandoned)),
                ) => Trouble::of(failure)
                    .to_do("deploy again; with --keep-workspace the workspace stays to be looked at"),
                _ => Trouble::of(failure),
            };
            output::complain(&format!("noctui: {trouble}"));
            if let Some(left) = told::left_behind(outcome) {
                output::complain(&format!("noctui: {left}"));
            }
            let is_an_answer = args.build_only && matches!(failure, Failure::Build { .. });
            Ok(ExitCode::from(if is_an_answer { output::EXIT_NO } else { output::EXIT_FAILED }))
        }
    }
}

/// Says why nothing was begun.
fn refuse(args: &Args, troubles: &[Trouble]) -> anyhow::Result<ExitCode> {
    if args.json {
        output::print_json(&json::Answer::refused(troubles)).context("print what is wrong")?;
    }
    for trouble in troubles {
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(ExitCode::from(output::EXIT_FAILED))
}
