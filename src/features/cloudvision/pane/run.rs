//! One deployment of this process as it is told: its steps, what it changes, what the build found, how it ended.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::cloudvision::deploy::{Advance, DeviceDiff, DevicePlan, Event, Step, WorkspaceFate};
use crate::features::cloudvision::model::{
    BuildReport, Change, ChangeId, ChangeState, DeploymentId, DeviceBuild, DeviceId, DiffLine, LineCounts, Workspace,
    WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::journal::Ending;
use crate::features::cloudvision::worker::{Delta, Progress};
use crate::trouble::Trouble;
use crate::ui::theme::State as Sign;

/// Warnings that are kept; more would be a fault that repeats itself.
const WARNINGS: usize = 200;

/// A deployment.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Which.
    pub(super) id: DeploymentId,
    /// Of which target.
    pub(super) target: String,
    /// On which CloudVision.
    pub(super) instance: String,
    /// How far its change control is taken.
    pub(super) advance: Advance,
    /// When it began.
    pub(super) began_at: DateTime<Utc>,
    /// The steps, in their order.
    pub(super) steps: Vec<StepLine>,
    /// What is changed, device by device.
    pub(super) plan: Arc<Vec<DevicePlan>>,
    /// The differences to what CloudVision holds, device by device.
    pub(super) held: Arc<Vec<DeviceDiff>>,
    /// The differences to what runs, of devices that CloudVision has compared.
    pub(super) computed: Arc<Vec<DeviceDiff>>,
    /// Devices through the build, how many there are, and what is done to them.
    pub(super) building: Option<(usize, usize, &'static str)>,
    /// What the build found.
    pub(super) report: Option<Arc<BuildReport>>,
    /// Its workspace.
    pub(super) workspace: Option<WorkspaceId>,
    /// Its change control, as it was told last.
    pub(super) change: Option<Arc<Change>>,
    /// What to look at.
    pub(super) warnings: Vec<String>,
    /// Why the server is asked again, as long as it does not answer.
    pub(super) silence: Option<String>,
    /// Since when it waits for a look.
    pub(super) waits_since: Option<DateTime<Utc>>,
    /// How often it has waited for one: what is built anew is looked at anew.
    pub(super) looks: u32,
    /// Whether somebody wants it to end.
    pub(super) is_cancelled: bool,
    /// How it ended.
    pub(super) ended: Option<Ended>,
}

/// A step.
#[derive(Debug, Clone)]
pub(super) struct StepLine {
    /// Which.
    pub(super) step: Step,
    /// How it stands.
    pub(super) sign: Sign,
    /// A few words on it.
    pub(super) words: String,
}

/// How it ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// How.
    pub(super) ending: Ending,
    /// Why.
    pub(super) trouble: Option<Trouble>,
    /// What has become of the workspace.
    pub(super) fate: Option<(WorkspaceId, WorkspaceFate)>,
    /// When.
    pub(super) at: DateTime<Utc>,
}

impl Run {
    /// One that has begun, of a target on a CloudVision.
    pub(super) fn new(
        id: DeploymentId,
        (target, instance): (String, String),
        at: DateTime<Utc>,
        reviews: bool,
        advance: Advance,
    ) -> Self {
        let is_planned =
            |step: &Step| (*step != Step::Run || advance == Advance::Completed) && (*step != Step::Review || reviews);
        let steps = Step::ALL.into_iter().filter(is_planned);
        Self {
            id,
            target,
            instance,
            advance,
            began_at: at,
            steps: steps.map(|step| StepLine { step, sign: Sign::Planned, words: String::new() }).collect(),
            plan: Arc::default(),
            held: Arc::default(),
            computed: Arc::default(),
            building: None,
            report: None,
            workspace: None,
            change: None,
            warnings: Vec::new(),
            silence: None,
            waits_since: None,
            looks: 0,
            is_cancelled: false,
            ended: None,
        }
    }

    /// Takes in what it tells. What comes after its end is too late.
    pub(super) fn progress(&mut self, progress: Progress, now: DateTime<Utc>) {
        if self.ended.is_some() {
            return;
        }
        match progress {
            Progress::Begun { .. } => {}
            Progress::Told(event) => self.told(event, now),
            Progress::Ended { ending, trouble, workspace, at } => {
                self.end(Ended { ending, trouble, fate: workspace, at });
            }
        }
    }

    /// Takes in what it tells on the way.
    fn told(&mut self, event: Event, now: DateTime<Utc>) {
        match event {
            Event::Began(step) => self.begin(step, now),
            Event::Finished(step, words) => {
                if step == Step::Review {
                    self.waits_since = None;
                }
                self.ensure(step);
                for line in self.steps.iter_mut().filter(|line| line.step == step) {
                    line.sign = Sign::Done;
                    line.words.clone_from(&words);
                }
            }
            Event::Planned(plan) => self.plan = plan,
            Event::Compared(diffs) => self.held = diffs,
            Event::Computed(diffs) => self.computed = diffs,
            Event::Silence(why) => self.silence = why,
            Event::Workspace(id) => self.workspace = Some(id),
            Event::Building { done, total, stage } => self.building = Some((done, total, stage)),
            Event::Built(report) => self.report = Some(report),
            Event::Change(change) => self.change = Some(change),
            Event::Warning(warning) => self.warn(warning),
            Event::Overtaken(times) => {
                // That was of another build.
                self.report = None;
                self.computed = Arc::default();
                let many = if times == 1 { "once".to_owned() } else { format!("{times} times") };
                self.warn(format!("what is in force has moved {many} meanwhile: it is done again with what it is now"));
            }
        }
    }

    /// Change controls were told: that of this deployment is shown as it stands now.
    pub(super) fn changes_told(&mut self, delta: &Delta<Arc<Change>, ChangeId>) {
        let Some(known) = &self.change else { return };
        if let Some(change) = delta.upserts.iter().find(|change| change.id == known.id) {
            self.change = Some(Arc::clone(change));
        } else if delta.removed.contains(&known.id) {
            self.change = None;
            self.warn("its change control was deleted; the mainline keeps the change".to_owned());
        }
    }

    /// Workspaces were told: one that this deployment left open may be thrown away by now.
    pub(super) fn workspaces_told(&mut self, delta: &Delta<Workspace, WorkspaceId>) {
        let Some(Ended { fate: Some((id, fate)), .. }) = &mut self.ended else { return };
        let is_gone = delta.removed.contains(id)
            || delta.upserts.iter().any(|told| told.id == *id && told.state == WorkspaceState::Abandoned);
        if is_gone && matches!(fate, WorkspaceFate::Kept | WorkspaceFate::LeftBehind(_)) {
            *fate = WorkspaceFate::Abandoned;
        }
    }

    /// Keeps a warning.
    fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A step begins: those before it are over, those after it are still to come, perhaps for the second time.
    fn begin(&mut self, step: Step, now: DateTime<Utc>) {
        self.ensure(step);
        for line in &mut self.steps {
            if line.step < step && line.sign == Sign::Progress {
                line.sign = Sign::Done;
            } else if line.step == step {
                line.sign = if step == Step::Review { Sign::Warning } else { Sign::Progress };
                line.words.clear();
            } else if line.step > step {
                line.sign = Sign::Planned;
                line.words.clear();
            }
        }
        self.waits_since = (step == Step::Review).then_some(now);
        self.looks += u32::from(step == Step::Review);
        if step == Step::Build {
            self.building = None;
        }
    }

    /// Sees to it that a step has a line: it may be one that nobody foresaw.
    fn ensure(&mut self, step: Step) {
        let at = self.steps.partition_point(|line| line.step < step);
        if self.steps.get(at).is_none_or(|line| line.step != step) {
            self.steps.insert(at, StepLine { step, sign: Sign::Planned, words: String::new() });
        }
    }

    /// It ended: what did not begin will not.
    fn end(&mut self, ended: Ended) {
        self.steps.retain(|line| line.sign != Sign::Planned);
        for line in &mut self.steps {
            if matches!(line.sign, Sign::Progress | Sign::Warning) {
                line.sign = match ended.ending {
                    Ending::Done | Ending::NothingToDo => Sign::Done,
                    Ending::Cancelled | Ending::Abandoned => Sign::Cancelled,
                    Ending::Failed | Ending::Unknown => Sign::Failed,
                };
            }
        }
        self.waits_since = None;
        self.ended = Some(ended);
    }

    /// The step that is under way.
    pub(super) fn current(&self) -> Option<&StepLine> {
        self.steps.iter().find(|line| matches!(line.sign, Sign::Progress | Sign::Warning))
    }

    /// Whether the submission was asked for: from then on it cannot be taken back.
    pub(super) fn is_submitting(&self) -> bool {
        self.steps.iter().any(|line| line.step >= Step::Submit && line.sign != Sign::Planned)
    }

    /// Whether what was deployed is in force.
    pub(super) fn is_submitted(&self) -> bool {
        self.change.is_some()
            || self.steps.iter().any(|line| {
                (line.step == Step::Submit && line.sign == Sign::Done)
                    || (line.step > Step::Submit && line.sign != Sign::Planned)
            })
    }

    /// The workspace that somebody may throw away: it was left open.
    pub(super) fn kept_workspace(&self) -> Option<&WorkspaceId> {
        match self.ended.as_ref()?.fate.as_ref()? {
            (id, WorkspaceFate::Kept | WorkspaceFate::LeftBehind(_)) => Some(id),
            _ => None,
        }
    }

    /// What may be in CloudVision still though it was to be abandoned, or though nobody has told what became of it.
    pub(super) fn left_behind(&self) -> Option<String> {
        let workspace = self.workspace.as_ref()?;
        let target = &self.target;
        match self.ended.as_ref().map(|ended| (ended.ending, &ended.fate)) {
            _ if self.is_submitted() => None,
            Some((Ending::Unknown, _)) => Some(format!(
                "nobody knows whether {target} was submitted: noctui workspace show {workspace} tells its workspace"
            )),
            None | Some((_, Some((_, WorkspaceFate::LeftBehind(_))))) => Some(format!(
                "the workspace of {target} may be open still: noctui workspace abandon {workspace} ends it"
            )),
            Some(_) => None,
        }
    }

    /// What becomes of it where noctui ends now, and how far it is.
    pub(super) fn last_words(&self) -> &'static str {
        let runs = self.change.as_ref().is_some_and(|change| change.state == ChangeState::Running);
        match () {
            () if runs => "its change control runs, and goes on without noctui",
            () if self.is_submitted() => "it is in force; its change control stays as it is",
            () if self.is_submitting() => "its submission is waited for; its change control stays as it is then",
            () if self.workspace.is_none() => "nothing is made yet, and nothing will be",
            () if self.silence.is_some() => {
                "CloudVision does not answer: its workspace may stay open, which is told then"
            }
            () if self.waits_since.is_some() => "it waits for a look; its workspace is abandoned",
            () => "its workspace is abandoned, and nothing of it is in force",
        }
    }

    /// What the build found in a device.
    pub(super) fn build_of(&self, device: &DeviceId) -> Option<&DeviceBuild> {
        self.report.as_ref()?.devices.iter().find(|build| build.device == *device)
    }

    /// What is wanted of a device against what CloudVision holds.
    pub(super) fn held_of(&self, device: &DeviceId) -> &[DiffLine] {
        self.held.iter().find(|diff| diff.device == *device).map_or(&[], |diff| &diff.lines)
    }

    /// What is wanted of a device against what runs on it; `None` where CloudVision has not compared that.
    pub(super) fn computed_of(&self, device: &DeviceId) -> Option<&[DiffLine]> {
        let counted = || {
            let lines = self.build_of(device)?.lines?;
            (lines == LineCounts::default()).then_some(&[][..])
        };
        self.computed.iter().find(|diff| diff.device == *device).map(|diff| diff.lines.as_slice()).or_else(counted)
    }
}
