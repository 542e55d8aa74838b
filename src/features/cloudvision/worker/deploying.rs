//! Deployments of this process: begun, told of, reviewed, cancelled, ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Progress, Report, Shared, targets};
use crate::blocking;
use crate::clock;
use crate::config::Deploy;
use crate::features::cloudvision::deploy::{
    self, About, Advance, Agreement, Controls, Event, Journal, Order, Outcome, Reach, Recorder, Review, Step,
};
use crate::features::cloudvision::model::{DeploymentId, WorkspaceState};
use crate::features::cloudvision::store::journal::{self, Ending};
use crate::trouble::Trouble;

/// Progress on its way to the screen; the deployment waits when there is more.
const EVENTS: usize = 64;

/// Earlier deployments of a target that are looked at for workspaces that they left open.
const KEPT: usize = 20;

/// All deployments that run.
pub(super) struct Deployments {
    /// What all share.
    shared: Shared,
    /// Their tasks.
    tasks: JoinSet<String>,
    /// By target: one at a time.
    running: BTreeMap<String, Handle>,
}

/// What steers a deployment.
#[derive(Clone)]
struct Handle {
    /// Its id, once its journal was begun.
    id: Arc<std::sync::OnceLock<DeploymentId>>,
    /// Ends it.
    cancel: CancellationToken,
    /// Ends it because noctui ends.
    leave: CancellationToken,
    /// Lets it go on after its review.
    go_on: Agreement,
}

impl Deployments {
    /// None yet.
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared, tasks: JoinSet::new(), running: BTreeMap::new() }
    }

    /// Begins to deploy a target.
    pub(super) fn begin(&mut self, target: &str, advance: Advance) {
        let handle = Handle {
            id: Arc::default(),
            cancel: CancellationToken::new(),
            leave: CancellationToken::new(),
            go_on: Agreement::default(),
        };
        let is_running = self.running.contains_key(target);
        let deploy = self.shared.setup.deploys.iter().find(|deploy| deploy.name == target).cloned();
        let (shared, name) = (self.shared.clone(), target.to_owned());
        if !is_running {
            self.running.insert(name.clone(), handle.clone());
        }
        self.tasks.spawn(async move {
            let refused = match deploy {
                None => Trouble::new(&format!("there is no target {name}")),
                Some(_) if is_running => Trouble::new(&format!("{name} is being deployed already")),
                Some(deploy) => match Box::pin(run(&shared, &deploy, advance, &handle)).await {
                    Ok(()) => return name,
                    Err(trouble) => trouble,
                },
            };
            shared.tell(Report::Failed(refused)).await;
            if is_running { String::new() } else { name }
        });
    }

    /// Waits until one has ended.
    ///
    /// Cancel safety: one that ended is told by the next call.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(target)) => _ = self.running.remove(&target),
            Some(Err(error)) => {
                tracing::error!(%error, "a deployment has crashed");
                self.running.retain(|_, handle| !handle.cancel.is_cancelled());
            }
            None => std::future::pending().await,
        }
    }

    /// Lets one go on after its review: somebody agrees to what the look of this number showed.
    pub(super) async fn go_on(&self, id: &DeploymentId, look: u32) {
        match self.find(id) {
            Some(handle) => handle.go_on.give(look),
            None => self.shared.tell(Report::Failed(Trouble::new("this deployment has ended"))).await,
        }
    }

    /// Ends one: where it is submitted, its change control is taken no further.
    pub(super) async fn cancel(&self, id: &DeploymentId) {
        match self.find(id) {
            Some(handle) => handle.cancel.cancel(),
            None => self.shared.tell(Report::Failed(Trouble::new("this deployment has ended"))).await,
        }
    }

    /// Ends all of them: those that have not submitted abandon their workspaces.
    pub(super) async fn finish(mut self) {
        for handle in self.running.values() {
            handle.cancel.cancel();
            handle.leave.cancel();
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// The one with this id.
    fn find(&self, id: &DeploymentId) -> Option<&Handle> {
        self.running.values().find(|handle| handle.id.get() == Some(id))
    }
}

/// Deploys a target.
async fn run(shared: &Shared, deploy: &Deploy, advance: Advance, handle: &Handle) -> Result<(), Trouble> {
    let client = shared.client(&deploy.cloudvision)?;
    let own = deploy.clone();
    let (mut deployment, _warnings) =
        blocking::run(move || targets::read(&own)).await.map_err(|problems| targets::refusal(&problems))?;
    deployment.strict_tags = deploy.strict_tags;
    deployment.delete_workspace = deploy.delete_workspace;
    let now = clock::now();
    let filling = || crate::config::Filling { target: &deploy.name, user: &shared.setup.who, at: now };
    deployment.change_name = deploy.change_name.as_ref().map(|name| name.fill(filling()));
    deployment.change_notes = deploy.change_notes.as_ref().map(|notes| notes.fill(filling()));
    // Whoever lets it go on to devices was told which of them change. Where colleagues have changed others, that wants a look.
    let review = match (deploy.protected, advance) {
        (true, _) => Review::Always,
        (false, Advance::Pending) => Review::Never,
        (false, Advance::Approved | Advance::Started | Advance::Completed) => {
            let changed = targets::changed(shared, deploy, &deployment).await.map_err(|error| Trouble::of(&error))?;
            changed.map_or(Review::Never, Review::Beyond)
        }
    };
    let (server, target) = (shared.instance(&deploy.cloudvision).server, deploy.name.clone());
    let brought = shared.store.read(move |connection| journal::brought(connection, &server, &target)).await;
    let order = Order {
        deployment: Arc::new(deployment),
        workspace_name: format!("noctui {} {}", deploy.name, now.format("%Y-%m-%d %H:%M:%S")),
        reach: Reach::Submit,
        advance,
        force: deploy.force,
        keep_workspace: true,
        follow_build: true,
        review,
        again: false,
        brought: brought.map_err(|error| Trouble::of(&error))?,
        who: shared.setup.who.clone(),
    };
    let about = About {
        instance: shared.instance(&deploy.cloudvision),
        target: Some(deploy.name.clone()),
        source: deploy.dir.display().to_string(),
    };
    let journal = Arc::new(Journal::begin(&shared.store, about, &order).await?);
    let id = handle.id.get_or_init(|| journal.id().clone()).clone();
    let tell = |progress| shared.tell(Report::Deployment { id: id.clone(), progress: Box::new(progress) });
    let (target, instance) = (deploy.name.clone(), deploy.cloudvision.clone());
    tell(Progress::Begun { target, instance, at: now, review: order.review == Review::Always, advance }).await;
    let (sender, mut events) = mpsc::channel(EVENTS);
    let recorder: Arc<dyn Recorder> = Arc::clone(&journal) as Arc<dyn Recorder>;
    let controls = Controls {
        cancel: handle.cancel.clone(),
        leave: handle.leave.clone(),
        go_on: handle.go_on.clone(),
        events: sender,
        recorder,
    };
    let work = async {
        let outcome = deploy::run(&client, &order, &controls).await;
        drop(controls);
        outcome
    };
    let mut is_tidied = false;
    let pass_on = async {
        while let Some(event) = events.recv().await {
            let builds = matches!(event, Event::Began(Step::Build));
            tell(Progress::Told(event)).await;
            if builds && !std::mem::replace(&mut is_tidied, true) {
                for warning in abandon_older(shared, deploy).await {
                    tell(Progress::Told(Event::Warning(warning))).await;
                }
            }
        }
    };
    let (outcome, ()) = futures::join!(work, pass_on);
    end(shared, &journal, &id, outcome).await;
    Ok(())
}

/// Abandons what earlier deployments of a target have left open to be looked at, now that a newer one builds. Says so.
async fn abandon_older(shared: &Shared, deploy: &Deploy) -> Vec<String> {
    let (server, target) = (shared.instance(&deploy.cloudvision).server, deploy.name.clone());
    let recent = shared.store.read(move |connection| journal::recent(connection, &server, Some(&target), KEPT)).await;
    let Ok(actor) = shared.actor(&deploy.cloudvision) else { return Vec::new() };
    let mut said = Vec::new();
    for entry in recent.unwrap_or_default() {
        // One that has not ended is somebody's, and of one that ended otherwise nobody knows whether it was submitted.
        let has_failed = matches!(entry.ended, Some((Ending::Failed, _)));
        let left = entry.workspace.filter(|_| has_failed && !entry.phase.is_in_force());
        let Some(id) = left else { continue };
        let found = actor.client.workspace(&id).await.ok().flatten();
        let Some(workspace) = found.filter(|found| found.state == WorkspaceState::Pending) else { continue };
        said.push(match actor.abandon(&id).await {
            Ok(()) => format!("{} was left open by a deployment before this one: it is abandoned", workspace.name),
            Err(trouble) => format!("{} is open still: {}", workspace.name, trouble.one_line()),
        });
    }
    said
}

/// Writes the end down, and tells it.
async fn end(shared: &Shared, journal: &Journal, id: &DeploymentId, outcome: Outcome) {
    if let Err(trouble) = journal.end(&outcome).await {
        tracing::error!(what = trouble.what(), "the journal was not ended");
    }
    let (ending, _) = deploy::ending(&outcome);
    let trouble = outcome.result.as_ref().err().map(Trouble::of);
    let progress = Progress::Ended { ending, trouble, workspace: outcome.workspace, at: clock::now() };
    shared.tell(Report::Deployment { id: id.clone(), progress: Box::new(progress) }).await;
}
