//! The targets: what their folders hold, and what came of their last deployments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::folders::Folders;
use super::{Inputs, LastDeployment, Report, Shared, Target, Unfinished};
use crate::blocking;
use crate::config::{After, Deploy};
use crate::features::cloudvision::deploy::Advance;
use crate::features::cloudvision::inputs::{self, Filters, Problem, Problems, Selection};
use crate::features::cloudvision::model::{ConfigText, Deployment, Wanted};
use crate::features::cloudvision::store::journal::{self, Revision};
use crate::process::{Fate, Owner};
use crate::store::Error;
use crate::trouble::Trouble;

/// How long commits are gathered.
const SETTLE: Duration = Duration::from_millis(500);
/// Workspaces of earlier deployments that are told, the newest: of each target the journal keeps fifty.
const UNSUBMITTED: usize = 2_000;
/// How often it is looked whether the processes of other deployments still run: whoever is killed writes nothing.
const LOOK: Duration = Duration::from_secs(2);

/// How far a target's policy takes its change controls.
pub(super) fn advance(deploy: &Deploy) -> Advance {
    match deploy.after {
        After::Pending => Advance::Pending,
        After::Approved => Advance::Approved,
        After::Started => Advance::Started,
    }
}

/// Reads what a target wants deployed. Blocks.
pub(super) fn read(deploy: &Deploy) -> Result<(Deployment, Vec<String>), Problems> {
    let filters =
        Filters { include: deploy.include.clone(), exclude: deploy.exclude.clone(), tags: deploy.tags.clone() };
    let read = inputs::from_folder(&Selection { dir: deploy.dir.clone(), filters })?;
    let warnings = read.warnings.iter().map(ToString::to_string).collect();
    Ok((read.deployment, warnings))
}

/// What keeps a target from being deployed, all of it.
pub(super) fn refusal(problems: &Problems) -> Trouble {
    match problems.0.as_slice() {
        [problem] => problem.trouble(),
        several => {
            let trouble = Trouble::new(&format!("the configurations have {} problems", several.len()));
            several.iter().map(Problem::to_string).fold(trouble, |trouble, problem| trouble.caused_by(&problem))
        }
    }
}

/// Tells how the targets stand, and again whenever something may have changed: their folders, a deployment that ended,
/// somebody who asks. Ends with `stop`.
pub(super) async fn follow(shared: Shared, stop: CancellationToken) {
    let mut commits = shared.store.changes();
    let mut revision = None;
    let deploys = Arc::clone(&shared.setup);
    let mut folders = blocking::run(move || Folders::watch(&deploys.deploys)).await;
    loop {
        revision = shared.store.read(journal::revision).await.ok().or(revision);
        let others = tell(&shared).await;
        let changed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.retell.notified() => false,
            () = journal_changed(&shared, &mut commits, revision.as_ref()) => false,
            () = died(&others) => {
                settle(&shared).await;
                false
            }
            () = folders.changed() => true,
        };
        if changed {
            folders = blocking::run(move || {
                folders.watch_again();
                folders
            })
            .await;
        }
    }
}

/// Waits until the journal says something else than at `revision`, by this process or another.
async fn journal_changed(shared: &Shared, commits: &mut watch::Receiver<u64>, revision: Option<&Revision>) {
    while commits.changed().await.is_ok() {
        // Of many commits one after the other the last one counts.
        tokio::time::sleep(SETTLE).await;
        commits.mark_unchanged();
        if shared.store.read(journal::revision).await.ok().as_ref() != revision {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Waits until one of these processes does not run any more; for ever where there are none.
async fn died(others: &[Owner]) {
    if others.is_empty() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        let others = others.to_vec();
        if blocking::run(move || others.iter().any(|owner| owner.fate() == Fate::Dead)).await {
            tracing::info!("another process that deployed is gone");
            return;
        }
    }
}

/// Finds out what has become of the deployments whose processes are gone, on every CloudVision that is connected.
async fn settle(shared: &Shared) {
    for instance in &shared.setup.instances {
        super::link::settle(shared, &instance.name).await;
    }
}

/// Tells how all targets stand, and what other processes have left unfinished; returns those of them that run.
async fn tell(shared: &Shared) -> Vec<Owner> {
    let mut targets: Vec<Target> = Vec::new();
    for deploy in &shared.setup.deploys {
        let inputs = inputs_of(shared, deploy).await;
        let last = last(shared, deploy).await;
        let (server, target) = (shared.instance(&deploy.cloudvision).server, deploy.name.clone());
        let brought = shared.store.read(move |connection| journal::brought(connection, &server, &target)).await;
        targets.push(Target {
            name: deploy.name.clone(),
            instance: deploy.cloudvision.clone(),
            protected: deploy.protected,
            advance: advance(deploy),
            inputs,
            last,
            brought: brought.ok().flatten().map(|brought| brought.change),
        });
    }
    shared.tell(Report::Targets(targets)).await;
    for instance in &shared.setup.instances {
        tell_unsubmitted(shared, &instance.name).await;
    }
    match shared.store.read(journal::unfinished).await {
        Ok(left) => {
            let not_ours = left.into_iter().filter(|left| left.fate != Fate::Ours);
            let not_ours: Vec<_> = not_ours.collect();
            let alive = not_ours.iter().filter(|left| left.fate == Fate::Alive);
            let alive = alive.map(|left| left.entry.owner.clone()).collect();
            let unfinished = not_ours.into_iter().map(|left| Unfinished {
                id: left.entry.id,
                target: left.entry.target,
                instance: left.entry.instance.name,
                phase: left.entry.phase,
                workspace: left.entry.workspace,
                started_at: left.entry.started_at,
                lives: left.fate != Fate::Dead,
            });
            shared.tell(Report::Unfinished(unfinished.collect())).await;
            alive
        }
        Err(error) => {
            tracing::warn!(%error, "the journal cannot be read");
            Vec::new()
        }
    }
}

/// Tells which workspaces deployments have made on an instance and not submitted.
async fn tell_unsubmitted(shared: &Shared, instance: &str) {
    let server = shared.instance(instance).server;
    match shared.store.read(move |connection| journal::unsubmitted(connection, &server, UNSUBMITTED)).await {
        Ok(rows) => {
            let workspaces = rows.into_iter().map(|row| (row.workspace, row.target)).collect();
            shared.tell(Report::Unsubmitted { instance: instance.to_owned(), workspaces }).await;
        }
        Err(error) => tracing::warn!(%error, "the journal cannot be read"),
    }
}

/// What a target holds, compared with its last deployment.
async fn inputs_of(shared: &Shared, deploy: &Deploy) -> Inputs {
    let own = deploy.clone();
    let (deployment, warnings) = match blocking::run(move || read(&own)).await {
        Ok(read) => read,
        Err(problems) => return Inputs::Refused(refusal(&problems)),
    };
    let changed = changed(shared, deploy, &deployment).await;
    let changed = changed.inspect_err(|error| tracing::warn!(%error, "the journal cannot be read")).ok().flatten();
    let changed = changed.map(|changed| changed.len());
    Inputs::Ready { devices: deployment.devices.len(), changed, warnings }
}

/// The devices for which a target has another configuration than CloudVision holds, as far as deployments from here tell;
/// nothing where it was never deployed.
pub(super) async fn changed(
    shared: &Shared,
    deploy: &Deploy,
    wanted: &Deployment,
) -> Result<Option<BTreeSet<String>>, Error> {
    let (server, target) = (shared.instance(&deploy.cloudvision).server, deploy.name.clone());
    let deployed = shared.store.read(move |connection| journal::deployed(connection, &server, &target)).await;
    let Some(deployed) = deployed? else { return Ok(None) };
    let known: BTreeMap<_, _> =
        deployed.devices.iter().map(|device| (device.hostname.as_str(), device.sha256.as_deref())).collect();
    let is_changed = |wanted: &&Wanted| {
        known.get(wanted.hostname.as_str()).copied().flatten() != wanted.config.as_ref().map(ConfigText::digest)
    };
    Ok(Some(wanted.devices.iter().filter(is_changed).map(|wanted| wanted.hostname.clone()).collect()))
}

/// How the last deployment of a target ended.
async fn last(shared: &Shared, deploy: &Deploy) -> Option<LastDeployment> {
    let (server, target) = (shared.instance(&deploy.cloudvision).server, deploy.name.clone());
    let read = shared.store.read(move |connection| {
        let recent = journal::recent(connection, &server, Some(&target), 5)?;
        // A build alone deploys nothing.
        let last = recent.into_iter().find(|entry| entry.ended.is_some() && !entry.is_build_alone());
        last.map(|entry| Ok((journal::devices(connection, &entry.id)?, entry))).transpose()
    });
    let (devices, entry) = read.await.ok().flatten()?;
    let (ending, at) = entry.ended?;
    let workspace = entry.workspace.filter(|_| !entry.phase.is_in_force());
    let is_compared = devices.iter().any(|device| device.changed.is_some());
    let differed = is_compared.then(|| devices.iter().filter(|device| device.changed == Some(true)).count());
    Some(LastDeployment { ending, at, result: entry.result, change: entry.change, workspace, differed })
}
