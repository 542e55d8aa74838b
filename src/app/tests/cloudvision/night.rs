//! A night at two instances: what their worker would tell of a fabric, its targets and its change controls.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::tests::desk::{Desk, settings, tonight};
use crate::app::{Effect, Message, Settings};
use crate::colour::ColourDepth;
use crate::features::cloudvision::deploy::{Advance, ConfigPlan, DeviceDiff, DevicePlan, Event, Step, WorkspaceFate};
use crate::features::cloudvision::model::{
    Approval, BuildReport, BuildState, Change, ChangeCheck, ChangeId, ChangeState, DeploymentId, Device, DeviceBuild,
    DeviceId, DiffLine, Fault, Label, LineCounts, LineOp, Stage, StageState, Step as ActionStep, TagLabel, Version,
    Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::journal::{Ending, Phase};
use crate::features::cloudvision::worker::{
    Delta, Health, Inputs, InstanceView, LastDeployment, Progress, Report, Request, Target, Unfinished,
};
use crate::trouble::Trouble;

/// Production.
pub(super) const PROD: &str = "prod-emea";
/// A lab whose certificate nobody checks.
pub(super) const LAB: &str = "lab";

/// Both.
pub(super) fn instances() -> Vec<InstanceView> {
    let of = |name: &str, production| InstanceView {
        name: name.to_owned(),
        server: format!("{name}.cv.example:443"),
        production,
        read_only: false,
        unverified: !production,
    };
    vec![of(PROD, true), of(LAB, false)]
}

/// Settings with these instances.
pub(super) fn settings_of(instances: Vec<InstanceView>, text: &str, utf8: bool) -> Settings {
    let mut settings = settings(text, ColourDepth::Sixteen, utf8);
    let [_, deploys, changes, ..] = &mut settings.absent;
    (*deploys, *changes) = (None, None);
    settings.cloudvision = instances;
    settings
}

/// A time before tonight.
pub(super) fn ago(length: TimeDelta) -> DateTime<Utc> {
    tonight() - length
}

/// The fabric: two spines, six leaves, two borders; one leaf is silent.
pub(super) fn devices() -> Vec<Device> {
    let names = [
        "spine-1", "spine-2", "leaf-1a", "leaf-1b", "leaf-2a", "leaf-2b", "leaf-7a", "leaf-7b", "border-1", "border-2",
    ];
    let device = |(at, name): (usize, &str)| Device {
        id: serial(at),
        hostname: name.to_owned(),
        fqdn: format!("{name}.dc1.example"),
        mac: format!("00:1c:73:00:00:{at:02x}"),
        model: if name.starts_with("spine") { "DCS-7280SR3".to_owned() } else { "DCS-7050SX3".to_owned() },
        version: "4.33.1F".to_owned(),
        streaming: name != "leaf-7b",
    };
    names.into_iter().enumerate().map(device).collect()
}

/// The serial number of a device of the fabric.
pub(super) fn serial(at: usize) -> DeviceId {
    DeviceId::new(format!("JPE1912{at:04}"))
}

/// A change control that updates these devices, side by side.
pub(super) fn change(id: &str, name: &str, state: ChangeState, age: TimeDelta, devices: &[usize]) -> Change {
    let of_device = |at: &usize| {
        let name =
            super::night::devices().get(*at).map_or_else(|| format!("device {at}"), |device| device.hostname.clone());
        let stage_state = match state {
            ChangeState::Running if !at.is_multiple_of(2) => StageState::Running,
            ChangeState::Failed if !at.is_multiple_of(2) => StageState::Failed,
            ChangeState::Completed | ChangeState::Running | ChangeState::Failed => StageState::Completed,
            ChangeState::Pending
            | ChangeState::Approved
            | ChangeState::Scheduled
            | ChangeState::Stopped
            | ChangeState::Unknown(_) => StageState::Planned,
        };
        let told = Stage {
            name: format!("Update {name}"),
            action: Some("configlet update".to_owned()),
            device: Some(serial(*at)),
            rows: vec![],
            state: stage_state,
            error: (stage_state == StageState::Failed).then(|| "line 14: % Invalid input".to_owned()),
            started: (stage_state != StageState::Planned).then(|| ago(TimeDelta::seconds(90))),
            ended: (stage_state == StageState::Completed).then(|| ago(TimeDelta::seconds(52))),
            steps: if stage_state == StageState::Planned {
                vec![]
            } else {
                let step = |name: &str, state, message: &str| ActionStep {
                    name: name.to_owned(),
                    state,
                    message: message.to_owned(),
                };
                vec![
                    step("push", StageState::Completed, ""),
                    step("verify", stage_state, "waiting for the running configuration"),
                ]
            },
        };
        (format!("stage-{at}"), told)
    };
    let mut stages: BTreeMap<String, Stage> = devices.iter().map(of_device).collect();
    let root = Stage {
        name: "root".to_owned(),
        action: None,
        device: None,
        rows: vec![devices.iter().map(|at| format!("stage-{at}")).collect()],
        state: StageState::Planned,
        error: None,
        started: None,
        ended: None,
        steps: vec![],
    };
    stages.insert("root".to_owned(), root);
    let approved = matches!(
        state,
        ChangeState::Approved
            | ChangeState::Scheduled
            | ChangeState::Running
            | ChangeState::Completed
            | ChangeState::Failed
    );
    let by = |by: &str, minutes| Approval {
        by: by.to_owned(),
        at: Some(ago(TimeDelta::minutes(minutes))),
        notes: String::new(),
    };
    Change {
        id: ChangeId::new(id),
        name: name.to_owned(),
        notes: format!("deployed by noctui, {name}"),
        state,
        version: Some(Version { seconds: 1_795_000_000, nanos: 7 }),
        created_by: "ines".to_owned(),
        created_at: Some(ago(age)),
        edited_by: "ines".to_owned(),
        approval: approved.then(|| by("anna", 20)),
        start: matches!(state, ChangeState::Running | ChangeState::Completed).then(|| by("anna", 2)),
        scheduled_for: (state == ChangeState::Scheduled).then(|| tonight() + TimeDelta::hours(2)),
        error: (state == ChangeState::Failed).then(|| "leaf-1b: line 14: % Invalid input".to_owned()),
        devices: devices.iter().map(|at| serial(*at)).collect(),
        root: "root".to_owned(),
        stages,
        checks: vec![],
    }
}

/// One in every state.
pub(super) fn changes() -> Vec<Change> {
    let minutes = TimeDelta::minutes;
    let mut obsoleted = change("cc-7", "border acl", ChangeState::Pending, minutes(600), &[8, 9]);
    obsoleted.checks.push(ChangeCheck::Obsoleted);
    obsoleted.created_by = "ci".to_owned();
    let mut old = change("cc-6", "leaf-1a image", ChangeState::Completed, minutes(2_900), &[2]);
    old.created_by = "ci".to_owned();
    vec![
        change("cc-1", "dc1-fabric 2026-11-21 02:31", ChangeState::Pending, minutes(17), &[0, 1, 2, 3, 4, 5]),
        change("cc-2", "wan bgp timers", ChangeState::Running, minutes(25), &[0, 1, 2, 3]),
        change("cc-3", "snmp location", ChangeState::Approved, minutes(70), &[2, 3]),
        change("cc-4", "ntp servers", ChangeState::Scheduled, minutes(90), &[0, 1]),
        change("cc-5", "vlan 214", ChangeState::Failed, minutes(150), &[2, 3]),
        old,
        obsoleted,
        change("cc-8", "drain spine-2", ChangeState::Stopped, minutes(5_000), &[1]),
    ]
}

/// Things as one report tells all of them.
pub(super) fn all<T, K>(upserts: Vec<T>, at: DateTime<Utc>) -> Delta<T, K> {
    Delta { all: true, upserts, removed: vec![], at }
}

/// All change controls of an instance.
pub(super) fn told(changes: Vec<Change>, at: DateTime<Utc>) -> Report {
    Report::Changes { instance: PROD.to_owned(), delta: all(changes.into_iter().map(Arc::new).collect(), at) }
}

/// One change control that is another now.
pub(super) fn upserted(change: Change, at: DateTime<Utc>) -> Report {
    let delta = Delta { all: false, upserts: vec![Arc::new(change)], removed: vec![], at };
    Report::Changes { instance: PROD.to_owned(), delta }
}

/// A workspace that somebody left.
pub(super) fn workspace(id: &str, name: &str, by: &str, age: TimeDelta) -> Workspace {
    Workspace {
        id: WorkspaceId::new(id),
        name: name.to_owned(),
        description: String::new(),
        state: WorkspaceState::Pending,
        created_by: by.to_owned(),
        created_at: Some(ago(age)),
        modified_at: Some(ago(age)),
        needs_build: by == "ci",
        needs_rebase: by != "ci",
        last_build: None,
        changes: vec![],
    }
}

/// The targets.
pub(super) fn targets() -> Vec<Target> {
    let ready = |devices, changed| Inputs::Ready { devices, changed, warnings: vec![] };
    let last = |ending, minutes, result: &str| {
        Some(LastDeployment {
            ending,
            at: ago(TimeDelta::minutes(minutes)),
            result: result.to_owned(),
            change: Some(ChangeId::new("cc-6")),
            workspace: (ending == Ending::Failed).then(|| WorkspaceId::new("ws-2")),
            differed: None,
        })
    };
    let target = |name: &str, instance: &str, inputs, last| Target {
        name: name.to_owned(),
        instance: instance.to_owned(),
        protected: false,
        advance: Advance::Completed,
        inputs,
        last,
        brought: None,
    };
    let refused = Trouble::new("2 configurations of edge cannot be deployed")
        .caused_by("edge-1.cfg: it is not UTF-8 at byte 1203")
        .to_do("render them again");
    let mut border = target("border", PROD, ready(4, Some(4)), last(Ending::Cancelled, 4_000, "ended by ines"));
    border.protected = true;
    let mut warned = target("dc2-fabric", PROD, ready(24, Some(0)), last(Ending::Done, 1_500, "change control cc-6"));
    warned.inputs =
        Inputs::Ready { devices: 24, changed: Some(0), warnings: vec!["leaf-9a has no serial number".to_owned()] };
    vec![
        target("dc1-fabric", PROD, ready(10, Some(3)), last(Ending::Done, 130, "change control cc-6")),
        warned,
        target("wan-edge", PROD, ready(12, Some(1)), last(Ending::Failed, 40, "the build failed: leaf-7b: line 212")),
        border,
        target("edge", PROD, Inputs::Refused(refused), None),
        target("new-site", PROD, ready(6, None), None),
        target("being-read", PROD, Inputs::Reading, None),
        target("lab-fabric", LAB, ready(2, Some(2)), None),
    ]
}

/// What an earlier process has left.
pub(super) fn unfinished() -> Vec<Unfinished> {
    let left = |id: &str, target: &str, phase, lives| Unfinished {
        id: DeploymentId::new(id),
        target: Some(target.to_owned()),
        instance: PROD.to_owned(),
        phase,
        workspace: Some(WorkspaceId::new(format!("ws-{id}"))),
        started_at: ago(TimeDelta::minutes(34)),
        lives,
    };
    vec![
        left("d-1", "wan-edge", Phase::Building, false),
        left("d-2", "border", Phase::Submitted, false),
        left("d-3", "new-site", Phase::Writing, true),
    ]
}

/// What becomes of the devices of a deployment.
pub(super) fn plan() -> Vec<DevicePlan> {
    let device = |(at, device): (usize, Device)| DevicePlan {
        hostname: device.hostname,
        id: device.id,
        streaming: device.streaming,
        config: if matches!(at, 2 | 3 | 7) { ConfigPlan::Changed } else { ConfigPlan::Same },
        tags_added: if at == 2 {
            vec![TagLabel { interface: None, label: Label { label: "role".to_owned(), value: "leaf".to_owned() } }]
        } else {
            vec![]
        },
        tags_removed: vec![],
        placed_anew: false,
        again: false,
    };
    devices().into_iter().enumerate().map(device).collect()
}

/// A difference.
pub(super) fn lines() -> Vec<DiffLine> {
    let line = |op, text: &str| DiffLine { op, text: text.to_owned() };
    vec![
        line(LineOp::Gap, "41 lines"),
        line(LineOp::Same, "! underlay"),
        line(LineOp::Same, "router bgp 65001"),
        line(LineOp::Same, "   router-id 192.0.2.11"),
        line(LineOp::Removed, "   timers bgp 60 180"),
        line(LineOp::Added, "   timers bgp 10 30"),
        line(LineOp::Added, "   bgp asn notation asdot"),
        line(LineOp::Same, "   maximum-paths 4"),
        line(LineOp::Gap, "120 lines"),
    ]
}

/// What the build found; with an error, or with a warning alone.
pub(super) fn report(fails: bool) -> BuildReport {
    let fault = |line, message: &str| Fault {
        message: message.to_owned(),
        line: Some(line),
        source: Some("AVD_leaf-7b".to_owned()),
    };
    let build = |(at, device): (usize, Device)| {
        let is_faulty = at == 7 && fails;
        DeviceBuild {
            device: device.id,
            hostname: device.hostname,
            wanted: true,
            state: if is_faulty { BuildState::Fail } else { BuildState::Success },
            lines: matches!(at, 2 | 3 | 7).then_some(LineCounts { added: 2, removed: 1, changed: 0 }),
            runs_it: None,
            errors: if is_faulty { vec![fault(212, "% Invalid input at 'timrs'")] } else { vec![] },
            warnings: if at == 2 { vec![fault(88, "portfast should only be enabled on edge ports")] } else { vec![] },
            skipped: None,
            diff_path: None,
        }
    };
    BuildReport {
        build: None,
        state: if fails { BuildState::Fail } else { BuildState::Success },
        errors: vec![],
        devices: devices().into_iter().enumerate().map(build).collect(),
    }
}

/// A deployment tells something.
pub(super) fn progress(progress: Progress) -> Report {
    Report::Deployment { id: DeploymentId::new("run-1"), progress: Box::new(progress) }
}

/// The same for what it tells on the way.
pub(super) fn event(event: Event) -> Report {
    progress(Progress::Told(event))
}

/// A deployment of a target has begun.
pub(super) fn begun(target: &str, instance: &str, review: bool) -> Report {
    begun_until(target, instance, review, Advance::Pending)
}

/// The same of one that takes its change control this far.
pub(super) fn begun_until(target: &str, instance: &str, review: bool, advance: Advance) -> Report {
    let (target, instance) = (target.to_owned(), instance.to_owned());
    progress(Progress::Begun { target, instance, at: tonight(), review, advance })
}

/// Everything that a deployment tells until it is being built.
pub(super) fn until_build(target: &str, instance: &str, review: bool) -> Vec<Report> {
    let diffs = [2, 3, 7].map(|at| DeviceDiff { device: serial(at), hostname: String::new(), lines: lines() });
    let done = |step, words: &str| event(Event::Finished(step, words.to_owned()));
    vec![
        begun(target, instance, review),
        event(Event::Began(Step::Devices)),
        event(Event::Warning("leaf-7b does not stream".to_owned())),
        done(Step::Devices, "10 found, 9 streaming"),
        event(Event::Began(Step::Compare)),
        event(Event::Planned(Arc::new(plan()))),
        progress(Progress::Told(Event::Compared(Arc::new(diffs.to_vec())))),
        done(Step::Compare, "3 changed, 7 unchanged"),
        event(Event::Began(Step::Workspace)),
        event(Event::Workspace(WorkspaceId::new("ws-run-1"))),
        done(Step::Workspace, "noctui dc1-fabric 2026-11-21 02:48"),
        event(Event::Began(Step::Upload)),
        done(Step::Upload, "3 configurations, 1 tag"),
        event(Event::Began(Step::Build)),
        event(Event::Building { done: 7, total: 10, stage: "checking configurations" }),
    ]
}

/// And until it waits for a look.
pub(super) fn until_review(target: &str, instance: &str) -> Vec<Report> {
    let mut reports = until_build(target, instance, true);
    reports.push(event(Event::Built(Arc::new(report(false)))));
    reports.push(event(Event::Finished(Step::Build, "10 devices".to_owned())));
    reports.push(event(Event::Began(Step::Review)));
    reports
}

/// And until its change control waits.
pub(super) fn until_done(target: &str, instance: &str) -> Vec<Report> {
    let mut reports = until_build(target, instance, false);
    let change = changes().remove(0);
    reports.extend([
        event(Event::Built(Arc::new(report(false)))),
        event(Event::Finished(Step::Build, "10 devices".to_owned())),
        event(Event::Began(Step::Submit)),
        event(Event::Finished(Step::Submit, "in force".to_owned())),
        event(Event::Began(Step::Change)),
        event(Event::Change(Arc::new(change))),
        event(Event::Finished(Step::Change, "dc1-fabric 2026-11-21 02:31, pending".to_owned())),
        progress(Progress::Ended {
            ending: Ending::Done,
            trouble: None,
            workspace: Some((WorkspaceId::new("ws-run-1"), WorkspaceFate::Submitted)),
            at: tonight() + TimeDelta::seconds(14),
        }),
    ]);
    reports
}

/// A deployment whose build failed.
pub(super) fn until_failed(target: &str, instance: &str) -> Vec<Report> {
    let mut reports = until_build(target, instance, false);
    reports.extend([
        event(Event::Built(Arc::new(report(true)))),
        progress(Progress::Ended {
            ending: Ending::Failed,
            trouble: Some(
                Trouble::new("the build failed: leaf-7b: line 212: % Invalid input at 'timrs'")
                    .to_do("correct the configuration and deploy again"),
            ),
            workspace: Some((WorkspaceId::new("ws-run-1"), WorkspaceFate::Kept)),
            at: tonight() + TimeDelta::seconds(9),
        }),
    ]);
    reports
}

/// An instance is heard.
pub(super) fn live(instance: &str) -> Report {
    Report::Health {
        instance: instance.to_owned(),
        health: Health::Live { version: "2026.2.0".to_owned(), unanswered: None },
    }
}

/// An instance is not heard any more.
pub(super) fn failing(instance: &str) -> Report {
    let trouble = Trouble::new("cannot reach CloudVision at prod-emea.cv.example:443")
        .caused_by("connection refused")
        .to_do("check the VPN and the address");
    Report::Health {
        instance: instance.to_owned(),
        health: Health::Failing {
            trouble,
            word: "offline",
            since: Some(ago(TimeDelta::minutes(3))),
            retry_at: Some(tonight() + TimeDelta::seconds(20)),
        },
    }
}

/// A desk at both instances before anything was told.
pub(super) fn silent(columns: u16, rows: u16) -> Desk {
    Desk::with(settings_of(instances(), "", true), None, columns, rows)
}

/// A desk in the middle of the night: all was told, and seen for a while.
pub(in crate::app::tests) fn desk(columns: u16, rows: u16) -> Desk {
    let mut desk = silent(columns, rows);
    tell_all(&mut desk);
    desk
}

/// Everything is told, and seen for a while.
pub(super) fn tell_all(desk: &mut Desk) {
    let now = desk.now;
    desk.hear([
        live(PROD),
        live(LAB),
        told(changes(), now),
        Report::Changes { instance: LAB.to_owned(), delta: all(vec![], now) },
        Report::Devices { instance: PROD.to_owned(), delta: all(devices(), now) },
        Report::Workspaces {
            instance: PROD.to_owned(),
            delta: all(
                vec![
                    workspace("ws-d-1", "noctui wan-edge 2026-11-21 02:14", "ines", TimeDelta::minutes(34)),
                    workspace("ws-9", "nightly studio test", "ci", TimeDelta::days(12)),
                ],
                now,
            ),
        },
        Report::Targets(targets()),
    ]);
    desk.wanted.clear();
    desk.wait(TimeDelta::seconds(1));
}

impl Desk {
    /// CloudVision's worker tells something.
    pub(super) fn hear(&mut self, reports: impl IntoIterator<Item = Report>) -> &mut Self {
        for report in reports {
            self.send(Message::CloudVision(Box::new(report)));
        }
        self
    }

    /// What CloudVision's worker was asked since the last time.
    pub(super) fn asked(&mut self) -> Vec<Request> {
        let asked = |effect| if let Effect::CloudVision(request) = effect { Some(request) } else { None };
        std::mem::take(&mut self.wanted).into_iter().filter_map(asked).collect()
    }

    /// What it was asked but differences, which are asked for by looking.
    pub(super) fn ordered(&mut self) -> Vec<Request> {
        self.asked().into_iter().filter(|request| !matches!(request, Request::Diff { .. })).collect()
    }

    /// A while goes by.
    pub(super) fn pause(&mut self) -> &mut Self {
        self.wait(TimeDelta::seconds(1))
    }
}
