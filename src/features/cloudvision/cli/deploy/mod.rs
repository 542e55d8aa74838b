//! `noctui deploy`: from configurations in a folder or a request to a change control, without a screen.

mod json;
mod told;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, ConnectionArgs};
use crate::clock;
use crate::config::{self, Config, Endpoint, Environment, Flags, Pattern, TagFilter};
use crate::features::cloudvision::deploy::{
    self, About, Advance, Controls, Event, Failure, Journal, Order, Outcome, Reach, Recorder, Unrecorded,
};
use crate::features::cloudvision::inputs::{self, Filters, Problem, Selection};
use crate::features::cloudvision::model::Deployment;
use crate::features::cloudvision::open_store;
use crate::output;
use crate::secret::Secret;
use crate::trouble::Trouble;

/// Progress that was not printed yet; the deployment waits when there is more.
const EVENTS: usize = 64;

/// What was typed after `deploy`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("input").args(["dir", "request"]).required(true)))]
pub(crate) struct Args {
    /// Deploy the configurations in this folder: HOSTNAME.cfg files, or a project of AVD.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Deploy what this JSON file asks for, in the format of CVProxy; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Of a folder only devices with such a name; * and ? stand for other letters. Repeatable.
    #[arg(long, value_name = "GLOB", conflicts_with = "request")]
    include: Vec<Pattern>,
    /// Of a folder no device with such a name. Repeatable.
    #[arg(long, value_name = "GLOB", conflicts_with = "request")]
    exclude: Vec<Pattern>,
    /// Of a folder only devices with this tag. Repeatable.
    #[arg(long = "tag", value_name = "LABEL:VALUE", conflicts_with = "request")]
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
    /// Submit although devices do not stream; they are not validated then.
    #[arg(long)]
    force: bool,
    /// Take all other user tags from devices that get tags.
    #[arg(long)]
    strict_tags: bool,
    /// Give the change control this name.
    #[arg(long, value_name = "NAME")]
    change_name: Option<String>,
    /// Give the change control this description.
    #[arg(long, value_name = "TEXT")]
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
    /// The server that the input names.
    server: Option<Endpoint>,
    /// The token that the input brings.
    token: Option<Secret>,
    /// What it is called in the journal.
    source: String,
}

/// Runs it. The exit code is 0 exactly when all that was asked for happened.
pub(crate) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let input = match args.read() {
        Ok(input) => input,
        Err(problems) => return refuse(args, &problems.0.iter().map(Problem::trouble).collect::<Vec<_>>()),
    };
    if let Some(reason) = config.refuses_writes(config.context.as_ref()).filter(|_| !args.dry_run) {
        let trouble = Trouble::new("deploying is refused").caused_by(&reason).to_do("use --dry-run to compare");
        return refuse(args, &[trouble]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The connection belongs to the runtime.
    let _entered = runtime.enter();
    let connection = match args.connection.connect(input.server.as_ref(), input.token.as_ref()) {
        Ok(connection) => connection,
        Err(trouble) => return refuse(args, &[trouble]),
    };
    for warning in &input.warnings {
        output::complain(&format!("noctui: warning: {}", warning.trouble()));
    }
    let outcome = runtime.block_on(work(args, &config, &connection, &input))?;
    finish(args, &outcome)
}

impl Args {
    /// Reads what is to be deployed.
    fn read(&self) -> Result<Input, inputs::Problems> {
        let mut input = if let Some(dir) = &self.dir {
            let filters =
                Filters { include: self.include.clone(), exclude: self.exclude.clone(), tags: self.tags.clone() };
            let read = inputs::from_folder(&Selection { dir: dir.clone(), filters })?;
            let source = dir.display().to_string();
            Input { deployment: read.deployment, warnings: read.warnings, server: None, token: None, source }
        } else {
            let path = self.request.clone().unwrap_or_else(|| PathBuf::from("-"));
            let request = inputs::read_request_at(&path)?;
            Input {
                deployment: request.deployment,
                warnings: request.warnings,
                server: Some(request.server),
                token: Some(request.token),
                source: path.display().to_string(),
            }
        };
        let deployment = &mut input.deployment;
        deployment.strict_tags |= self.strict_tags;
        deployment.delete_workspace |= self.delete_workspace;
        deployment.change_name = self.change_name.clone().or_else(|| deployment.change_name.take());
        deployment.change_notes = self.change_notes.clone().or_else(|| deployment.change_notes.take());
        Ok(input)
    }

    /// What is ordered.
    fn order(&self, deployment: Deployment, source: &str, who: &str) -> Order {
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
        let name = std::path::Path::new(source).file_name().and_then(|name| name.to_str()).unwrap_or("request");
        let name = if source == "-" { "request" } else { name };
        let time = clock::now().format("%Y-%m-%d %H:%M:%S");
        Order {
            deployment: Arc::new(deployment),
            workspace_name: format!("noctui {name} {time}"),
            reach,
            advance,
            force: self.force,
            keep_workspace: self.keep_workspace,
            follow_build: false,
            review: false,
            who: who.to_owned(),
        }
    }
}

/// Deploys, tells how far it is, and ends it when the process is to end.
async fn work(args: &Args, config: &Config, connection: &Connection, input: &Input) -> anyhow::Result<Outcome> {
    let order = args.order(input.deployment.clone(), &input.source, &config.who);
    let journal = if order.reach == Reach::Compare {
        None
    } else {
        begin(config, connection, input, &order).await
    };
    let recorder: Arc<dyn Recorder> = match &journal {
        Some(journal) => Arc::clone(journal) as Arc<dyn Recorder>,
        None => Arc::new(Unrecorded),
    };
    let (sender, events) = mpsc::channel(EVENTS);
    let controls = Controls {
        cancel: CancellationToken::new(),
        go_on: CancellationToken::new(),
        events: sender,
        recorder,
    };
    let cancel = controls.cancel.clone();
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
    Ok(outcome)
}

/// Begins the journal. Where there is none to write into, that is said, and the deployment goes on: it was asked for
/// now, and the folder may be read-only on purpose.
async fn begin(config: &Config, connection: &Connection, input: &Input, order: &Order) -> Option<Arc<Journal>> {
    let about = About { instance: connection.instance.clone(), target: None, source: input.source.clone() };
    let begun = match open_store(&config.paths.data) {
        Ok(store) => Journal::begin(&store, about, order).await,
        Err(error) => Err(Trouble::of(&error)),
    };
    begun.map(Arc::new).map_err(|trouble| output::complain(&format!("noctui: no journal is kept: {trouble}"))).ok()
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
        output::complain("noctui: ending; a workspace that is not submitted is abandoned first");
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
            output::complain(&format!("noctui: {}", Trouble::of(failure)));
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
