//! The worker against the simulator: what it tells, and what is left when it ends.

use std::path::Path;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::config::{self, Environment, Flags};
use crate::features::cloudvision::deploy::{Advance, Event, Step};
use crate::features::cloudvision::model::WorkspaceId;
use crate::features::cloudvision::model::{ChangeAction, ChangeState, Device, Workspace, WorkspaceState};
use crate::features::cloudvision::sim::{self, Effect, Fabric, Fault, Simulator};
use crate::features::cloudvision::store::journal::{self, Ending, Facts, NewDeployment, Phase};
use crate::process::Owner;

/// A worker, the simulator it follows, and the folder that both of its targets are in.
struct Desk {
    sim: Simulator,
    dir: TempDir,
    requests: mpsc::Sender<Request>,
    reports: mpsc::Receiver<Report>,
    heard: Vec<Report>,
    stop: CancellationToken,
    task: JoinSet<Result<(), Error>>,
}

impl Desk {
    /// Two leaves and a target `leaves` with a configuration for each.
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with a simulator that is told something first.
    async fn with(tell: impl FnOnce(&Simulator)) -> Self {
        let sim = Simulator::start(sim::Setup::new(Fabric::of_leaves(2))).await.unwrap();
        tell(&sim);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        std::fs::create_dir(path.join("leaves")).unwrap();
        for leaf in ["leaf1", "leaf2"] {
            configure(path, leaf, "!\n");
        }
        std::fs::write(path.join("ca.pem"), sim.authority()).unwrap();
        std::fs::write(path.join("token"), sim.token()).unwrap();
        let text = format!(
            "[[cloudvision]]\nname = \"lab\"\nserver = \"{}\"\nca_file = {}\ntoken_file = {}\nkind = \"lab\"\n\
             [[deploy]]\nname = \"leaves\"\ndir = {}\n",
            sim.address(),
            quoted(path, "ca.pem"),
            quoted(path, "token"),
            quoted(path, "leaves"),
        );
        let file = path.join("config.toml");
        std::fs::write(&file, text).unwrap();
        let flags = Flags { config: Some(file), data_dir: Some(path.join("data")), ..Flags::default() };
        let config = config::load(&flags, &Environment::of([("HOME", path.to_str().unwrap())])).unwrap();
        let setup = Setup {
            data_dir: config.paths.data.clone(),
            instances: config.cloudvision.clone(),
            deploys: config.deploys.clone(),
            who: "anna".to_owned(),
            hands_off: vec![],
        };
        let (requests, inbox) = mpsc::channel(8);
        let (outbox, reports) = mpsc::channel(256);
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(run(setup, inbox, outbox, stop.clone()));
        Self { sim, dir, requests, reports, heard: Vec::new(), stop, task }
    }

    /// Takes in reports until one of them is wanted; the others are kept for whoever wants them later.
    async fn hear<T>(&mut self, mut wanted: impl FnMut(&Report) -> Option<T>) -> T {
        let mut at = 0;
        loop {
            if at == self.heard.len() {
                self.heard.push(self.reports.recv().await.expect("the worker ended"));
            }
            if let Some(found) = wanted(&self.heard[at]) {
                self.heard.remove(at);
                return found;
            }
            at += 1;
        }
    }

    /// Waits until CloudVision is heard.
    async fn live(&mut self) {
        self.hear(|report| matches!(report, Report::Health { health: Health::Live { .. }, .. }).then_some(())).await;
    }

    /// Asks for something.
    async fn ask(&self, request: Request) {
        self.requests.send(request).await.unwrap();
    }

    /// Begins to deploy the leaves.
    async fn deploy(&self) {
        self.ask(Request::Deploy { target: "leaves".to_owned(), advance: Advance::Pending }).await;
    }

    /// Ends the worker.
    async fn end(mut self) -> Simulator {
        self.stop.cancel();
        // It must not wait for somebody who listens.
        self.reports.close();
        self.task.join_next().await.unwrap().unwrap().unwrap();
        self.sim
    }
}

/// A path as TOML has it.
fn quoted(dir: &Path, name: &str) -> String {
    toml::Value::from(dir.join(name).to_str().unwrap()).to_string()
}

/// Writes the configuration of a leaf.
fn configure(dir: &Path, leaf: &str, config: &str) {
    std::fs::write(dir.join(format!("leaves/{leaf}.cfg")), format!("hostname {leaf}\n{config}")).unwrap();
}

/// Whether the one target is told, with so many configurations that changed since its last deployment.
fn changed(report: &Report, wanted: Option<usize>) -> Option<()> {
    let Report::Targets(targets) = report else { return None };
    matches!(&targets[0].inputs, Inputs::Ready { changed, .. } if *changed == wanted).then_some(())
}

/// The devices that are told: all there are, or those that changed.
fn devices(report: &Report, all: bool) -> Option<Vec<Device>> {
    let Report::Devices { delta, .. } = report else { return None };
    (delta.all == all).then(|| delta.upserts.clone())
}

/// Why CloudVision is not heard, in a word, and whether it is tried again by itself.
fn failing(report: &Report) -> Option<(&'static str, bool)> {
    let Report::Health { health: Health::Failing { word, retry_at, .. }, .. } = report else { return None };
    Some((*word, retry_at.is_some()))
}

/// How a deployment ended.
fn ended(report: &Report) -> Option<Ending> {
    let Report::Deployment { progress, .. } = report else { return None };
    if let Progress::Ended { ending, .. } = &**progress { Some(*ending) } else { None }
}

#[tokio::test]
async fn everything_is_told_at_first_and_then_what_changes() {
    let mut desk = Desk::new().await;
    desk.live().await;
    assert_eq!(desk.hear(|report| devices(report, true)).await.len(), 2);
    desk.sim.set_streaming("SIM00000002", false);
    let silent = desk.hear(|report| devices(report, false)).await;
    assert!(silent.len() == 1 && !silent[0].streaming, "{silent:?}");
    desk.end().await;
}

#[tokio::test]
async fn a_target_is_told_again_when_its_folder_changes() {
    let mut desk = Desk::new().await;
    desk.hear(|report| changed(report, None)).await;
    desk.live().await;
    desk.deploy().await;
    assert_eq!(desk.hear(ended).await, Ending::Done);
    desk.hear(|report| changed(report, Some(0))).await;
    configure(desk.dir.path(), "leaf2", "vlan 7\n!\n");
    desk.hear(|report| changed(report, Some(1))).await;
    desk.end().await;
}

#[tokio::test]
async fn a_stream_that_breaks_is_told_and_mended_and_nothing_is_lost() {
    let once = Fault::once("DeviceService/Subscribe", Effect::ResetAfter(1));
    let mut desk = Desk::with(|sim| sim.fault(once)).await;
    assert_eq!(desk.hear(failing).await, ("offline", true));
    assert_eq!(desk.hear(|report| devices(report, true)).await.len(), 2);
    desk.live().await;
    desk.end().await;
}

#[tokio::test]
async fn a_deployment_is_told_from_its_beginning_to_its_change_control_which_is_approved() {
    let mut desk = Desk::new().await;
    desk.live().await;
    desk.deploy().await;
    let mut steps = Vec::new();
    let ending = desk.hear(|report| {
        if let Report::Deployment { progress, .. } = report
            && let Progress::Told(Event::Began(step)) = **progress
        {
            steps.push(step);
        }
        ended(report)
    });
    assert_eq!(ending.await, Ending::Done);
    assert_eq!(
        steps,
        [Step::Devices, Step::Compare, Step::Workspace, Step::Upload, Step::Build, Step::Submit, Step::Change]
    );
    let last = desk.hear(|report| {
        let Report::Targets(targets) = report else { return None };
        targets[0].last.clone()
    });
    let change = last.await.change.unwrap();
    let (instance, action) = ("lab".to_owned(), ChangeAction::Approve);
    desk.ask(Request::Act { instance, change, version: None, action, notes: String::new() }).await;
    let approved = desk.hear(|report| {
        let Report::Changes { delta, .. } = report else { return None };
        delta.upserts.iter().any(|change| change.state == ChangeState::Approved).then_some(())
    });
    approved.await;
    desk.end().await;
}

#[tokio::test]
async fn a_deployment_that_builds_abandons_what_those_before_it_have_left_open() {
    let mut desk = Desk::with(|sim| sim.fail_builds(Some("the studio has crashed"))).await;
    desk.live().await;
    desk.deploy().await;
    assert_eq!(desk.hear(ended).await, Ending::Failed);
    let kept = |report: &Report| {
        let Report::Targets(targets) = report else { return None };
        targets[0].last.as_ref()?.workspace.clone()
    };
    let first = desk.hear(kept).await;
    let told = |report: &Report| {
        let Report::Unsubmitted { workspaces, .. } = report else { return None };
        workspaces.get(&first).cloned()
    };
    assert_eq!(desk.hear(told).await.as_deref(), Some("leaves"));
    desk.deploy().await;
    let said = desk.hear(|report| {
        let Report::Deployment { progress, .. } = report else { return None };
        if let Progress::Told(Event::Warning(warning)) = &**progress { Some(warning.clone()) } else { None }
    });
    let said = said.await;
    assert!(said.contains("noctui leaves") && said.ends_with("it is abandoned"), "{said}");
    let abandoned = desk.hear(|report| {
        let Report::Workspaces { delta, .. } = report else { return None };
        let is_it = |told: &Workspace| told.id == first && told.state == WorkspaceState::Abandoned;
        delta.upserts.iter().any(is_it).then_some(())
    });
    abandoned.await;
    assert_eq!(desk.hear(ended).await, Ending::Failed);
    desk.end().await;
}

#[tokio::test]
async fn leaving_abandons_what_is_not_submitted() {
    let mut desk = Desk::with(|sim| sim.hold(sim::Step::Build)).await;
    desk.live().await;
    desk.deploy().await;
    let building = desk.hear(|report| {
        let Report::Deployment { progress, .. } = report else { return None };
        matches!(**progress, Progress::Told(Event::Building { .. })).then_some(())
    });
    building.await;
    let sim = desk.end().await;
    assert_eq!(sim.calls().count("WorkspaceConfigService/Set"), 3, "made, built, abandoned");
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_with_its_word_and_tried_again_when_asked() {
    let mut desk = Desk::with(|sim| sim.set_token("another")).await;
    assert_eq!(desk.hear(failing).await, ("token", true));
    std::fs::write(desk.dir.path().join("token"), "another").unwrap();
    desk.ask(Request::Refresh).await;
    desk.live().await;
    desk.end().await;
}

/// What other processes are told to have left, once it is this.
async fn unfinished(desk: &mut Desk, wanted: impl Fn(&[Unfinished]) -> bool) {
    desk.heard.clear();
    desk.hear(|report| matches!(report, Report::Unfinished(left) if wanted(left)).then_some(())).await;
}

#[tokio::test]
async fn the_deployment_of_another_process_is_told_step_by_step_and_when_that_dies() {
    let mut desk = Desk::new().await;
    desk.live().await;
    let store = crate::features::cloudvision::open_store(&desk.dir.path().join("data")).unwrap();
    let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let new = NewDeployment {
        instance: Instance { name: "lab".to_owned(), server: desk.sim.address().to_string() },
        target: Some("leaves".to_owned()),
        source: String::new(),
        who: "ines".to_owned(),
        owner: Owner::of_process(child.id()),
        options: serde_json::Value::Null,
        devices: vec![],
        at: crate::clock::now(),
    };
    let claim = store.write(move |connection| journal::begin(connection, &new)).await.unwrap();
    unfinished(&mut desk, |left| left.len() == 1 && left[0].lives && left[0].phase == Phase::Preparing).await;
    for phase in [Phase::WorkspaceRequested, Phase::Writing] {
        let (claim, facts) = (claim.clone(), Facts { workspace: Some(WorkspaceId::new("ws-1")), ..Facts::default() });
        let advance = move |connection: &rusqlite::Connection| {
            journal::advance(connection, &claim, phase, &facts, chrono::DateTime::UNIX_EPOCH)
        };
        store.write(move |connection| advance(connection)).await.unwrap().unwrap();
        unfinished(&mut desk, |left| left.len() == 1 && left[0].lives && left[0].phase == phase).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // CloudVision has no such workspace: it has ended.
    unfinished(&mut desk, <[_]>::is_empty).await;
    desk.end().await;
}
