//! Deployments of this process: begun, told of, reviewed, cancelled, ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Progress, Report, Shared, targets};
use crate::blocking;
use crate::clock;
use crate::config::Deploy;
use crate::features::cloudvision::deploy::{
    self, About, Advance, Controls, Event, Journal, Order, Outcome, Reach, Recorder, Step,
};
use crate::features::cloudvision::model::DeploymentId;
use crate::features::cloudvision::store::journal;
use crate::trouble::Trouble;

/// Progress on its way to the screen; the deployment waits when there is more.
const EVENTS: usize = 64;

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
    /// Lets it go on after its review.
    go_on: CancellationToken,
    /// Whether its submission was sent.
    is_submitted: Arc<AtomicBool>,
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
            go_on: CancellationToken::new(),
            is_submitted: Arc::default(),
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
                Some(deploy) => match run(&shared, &deploy, advance, &handle).await {
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

    /// Lets one go on after its review.
    pub(super) async fn go_on(&self, id: &DeploymentId) {
        match self.find(id) {
            Some(handle) => handle.go_on.cancel(),
            None => self.shared.tell(Report::Failed(Trouble::new("this deployment has ended"))).await,
        }
    }

    /// Ends one that has not submitted.
    pub(super) async fn cancel(&self, id: &DeploymentId) {
        match self.find(id) {
            Some(handle) if handle.is_submitted.load(Ordering::Relaxed) => {
                let trouble = Trouble::new("what was deployed is in force already: it cannot be cancelled")
                    .to_do("delete its change control, and no device gets it; what is in force stays");
                self.shared.tell(Report::Failed(trouble)).await;
            }
            Some(handle) => handle.cancel.cancel(),
            None => self.shared.tell(Report::Failed(Trouble::new("this deployment has ended"))).await,
        }
    }

    /// Ends all of them: those that have not submitted abandon their workspaces.
    pub(super) async fn finish(mut self) {
        for handle in self.running.values() {
            handle.cancel.cancel();
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
        review: deploy.protected,
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
    tell(Progress::Begun { target, instance, at: now, review: order.review }).await;
    let (sender, mut events) = mpsc::channel(EVENTS);
    let recorder: Arc<dyn Recorder> = Arc::clone(&journal) as Arc<dyn Recorder>;
    let controls = Controls { cancel: handle.cancel.clone(), go_on: handle.go_on.clone(), events: sender, recorder };
    let work = async {
        let outcome = deploy::run(&client, &order, &controls).await;
        drop(controls);
        outcome
    };
    let pass_on = async {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Began(Step::Submit)) {
                handle.is_submitted.store(true, Ordering::Relaxed);
            }
            tell(Progress::Told(event)).await;
        }
    };
    let (outcome, ()) = futures::join!(work, pass_on);
    end(shared, &journal, &id, outcome).await;
    Ok(())
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
