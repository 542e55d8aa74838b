//! The deployment itself, step by step: the order of the steps, and what is written between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::{Looked, first_error};
use super::compliance::Comparison;
use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::leaving::leave;
use super::lookup::Placed;
use super::order::{Controls, Event, Fact, Order, Outcome, Reach, Step, WorkspaceFate};
use super::plan::{self, Plan};
use super::submit::{Submitted, UNANSWERED};
use super::{survey, write};
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::client::{Client, Version};
use crate::features::cloudvision::model::{DeviceId, WorkspaceId};

/// Deploys. Whatever happens, what has become of the workspace is told.
pub async fn run(client: &Client, order: &Order, controls: &Controls) -> Outcome {
    let outcome = Outcome {
        result: Ok(()),
        nothing_to_do: false,
        running: None,
        waiting: Vec::new(),
        devices: Vec::new(),
        diffs: Arc::default(),
        report: None,
        workspace: None,
        change: None,
        warnings: Vec::new(),
        is_left: false,
    };
    let version = Version::OLDEST;
    let mut job = Job {
        client,
        order,
        controls,
        version,
        placed: Vec::new(),
        again: Vec::new(),
        comparison: Comparison::default(),
        looked: None,
        is_asking: false,
        outcome,
    };
    let mut silence = client.silence();
    let watch = async {
        while silence.changed().await.is_ok() {
            let why = silence.borrow_and_update().clone();
            controls.tell(Event::Silence(why)).await;
        }
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        result = job.all() => result,
        () = watch => Err(Failure::Silent),
    };
    job.outcome.result = match result {
        Ok(()) => Ok(()),
        Err(failure) => {
            let failure = job.why(failure).await;
            job.clean_up(&failure).await;
            Err(failure)
        }
    };
    job.outcome.is_left = controls.leave.is_cancelled();
    job.outcome
}

/// A deployment under way.
pub(super) struct Job<'a> {
    /// The connection.
    pub(super) client: &'a Client,
    /// What is ordered.
    pub(super) order: &'a Order,
    /// What steers it.
    pub(super) controls: &'a Controls,
    /// Of the server.
    pub(super) version: Version,
    /// The devices, once they are found.
    pub(super) placed: Vec<Placed>,
    /// Devices that are brought what CloudVision holds already, should they not run it.
    pub(super) again: Vec<DeviceId>,
    /// What is known of the devices whose configuration is in force already.
    pub(super) comparison: Comparison,
    /// What somebody has looked at and agreed to, and how many looks there were.
    pub(super) looked: Option<(u32, Looked)>,
    /// Whether the change control was asked for something, and no answer came yet.
    pub(super) is_asking: bool,
    /// What has come of it so far.
    pub(super) outcome: Outcome,
}

impl Job<'_> {
    /// All of it.
    async fn all(&mut self) -> Result<(), Failure> {
        let cancel = self.controls.cancel.clone();
        let is_to_do = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::Cancelled),
            prepared = self.prepare() => prepared?,
        };
        if !is_to_do {
            return self.nothing_to_do().await;
        }
        let id = WorkspaceId::random();
        let mut desk = Desk::new(self.client, &id);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::Cancelled),
            made = self.make(&mut desk, &id) => made?,
        }
        let mut rebases = 0;
        loop {
            let built = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(Failure::Cancelled),
                built = self.write_and_build(&mut desk, &id, rebases > 0) => built?,
            };
            let Some(built) = built else {
                // All of it is in force, and no device was found that does not run it.
                self.outcome.nothing_to_do = true;
                self.abandon(&id).await;
                return self.nothing_to_do().await;
            };
            if built.needs_rebase && self.version >= Version::REBASE {
                self.rebase(&mut desk, &mut rebases).await?;
                continue;
            }
            if self.order.reach == Reach::Build {
                if !self.knows(&built) {
                    self.look(&id, &built).await?;
                }
                if !self.order.keep_workspace {
                    self.abandon(&id).await;
                }
                return Ok(());
            }
            self.outcome.nothing_to_do = false;
            if self.order.review.is_due(&self.outcome.devices) {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Err(Failure::Cancelled),
                    gone = desk.gone() => return Err(gone),
                    reviewed = self.review(&id, &built) => reviewed?,
                }
            }
            if cancel.is_cancelled() {
                return Err(Failure::Cancelled);
            }
            let leaving = self.controls.leave.clone();
            let submitted = tokio::select! {
                submitted = self.submit(&mut desk, &id, &built) => submitted?,
                () = leave(&leaving) => return Err(UNANSWERED),
            };
            match submitted {
                Submitted::Done(change) => return self.after(&id, change).await,
                Submitted::Overtaken => self.rebase(&mut desk, &mut rebases).await?,
            }
        }
    }

    /// Makes the workspace.
    async fn make(&mut self, desk: &mut Desk, id: &WorkspaceId) -> Result<(), Failure> {
        self.controls.tell(Event::Began(Step::Workspace)).await;
        self.controls.record(Fact::WorkspaceRequested(id.clone())).await?;
        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Kept));
        self.controls.tell(Event::Workspace(id.clone())).await;
        desk.create(&self.order.workspace_name).await?;
        self.finished(Step::Workspace, self.order.workspace_name.clone()).await;
        Ok(())
    }

    /// Reads everything again, writes what is wanted, and builds it. Nothing where all of it is in force by now, and no device
    /// is known not to run it.
    async fn write_and_build(
        &mut self,
        desk: &mut Desk,
        id: &WorkspaceId,
        again: bool,
    ) -> Result<Option<Answer>, Failure> {
        self.controls.tell(Event::Began(Step::Upload)).await;
        let around = async {
            let rewritten = again.then_some(id);
            Ok(survey::surroundings(self.client, &self.order.deployment, &self.placed, rewritten).await?)
        };
        let (mut known, around) = futures::try_join!(self.configurations(), around)?;
        self.accept(&mut known).await?;
        let before = self.outcome.devices.clone();
        let plan = self.planned(plan::plan(&self.order.deployment, &self.placed, &known, &around)).await;
        let is_in_force = if again && plan.changed() == self.again.len() {
            // In a workspace that was written to before everything is written once more: the mainline alone tells.
            let around = survey::surroundings(self.client, &self.order.deployment, &self.placed, None).await?;
            plan::plan(&self.order.deployment, &self.placed, &known, &around).is_empty()
        } else {
            plan.is_empty()
        };
        let idle = std::mem::take(&mut self.comparison.idle);
        self.comparison = self.to_compare(&plan.devices);
        self.comparison.idle = idle;
        if is_in_force && !self.outcome.nothing_to_do && self.compares() {
            // Whoever changed what is in force has made of it what was wanted, and may have still to bring it to devices.
            self.refuse_waiting().await?;
        }
        if is_in_force && self.comparison.devices.is_empty() {
            return Ok(None);
        }
        // What is looked at, or was told already, has to be what is in force now.
        if self.order.follow_build && (self.order.review.is_due(&plan.devices) || again || plan.devices != before) {
            self.compare(&plan).await?;
        }
        self.controls.record(Fact::Writing(plan.devices.clone())).await?;
        let compared = tokio::select! {
            biased;
            gone = desk.gone() => return Err(gone),
            compared = self.write(id, &plan) => compared?,
        };
        if !compared && is_in_force {
            return Ok(None);
        }
        self.finished(Step::Upload, format!("{} of {} devices", plan.changed(), plan.devices.len())).await;
        self.controls.tell(Event::Began(Step::Build)).await;
        self.controls.record(Fact::BuildRequested).await?;
        let answer = if self.order.follow_build {
            self.followed_build(desk, id).await?
        } else {
            desk.ask(Asked::StartBuild).await?
        };
        if !answer.is_done && !answer.needs_rebase {
            let report = self.look(id, &answer).await?;
            return Err(Failure::Build { what: first_error(&report).unwrap_or(answer.message) });
        }
        if answer.needs_rebase && self.version >= Version::REBASE {
            self.finished(Step::Build, "done".to_owned()).await;
            return Ok(Some(answer));
        }
        let words = self.find_lacking(id, &answer).await?;
        self.finished(Step::Build, words).await;
        let is_idle = is_in_force && self.comparison.lacking.is_empty() && self.order.reach == Reach::Submit;
        Ok((!is_idle).then_some(answer))
    }

    /// Writes what is planned, and has what devices run compared. Whether any is.
    async fn write(&mut self, id: &WorkspaceId, plan: &Plan) -> Result<bool, Failure> {
        write::write(self.client, id, plan).await?;
        self.compared(id).await
    }

    /// The names of the wanted devices.
    pub(super) fn names(&self) -> BTreeMap<DeviceId, String> {
        self.placed.iter().map(|device| (device.id.clone(), device.hostname.clone())).collect()
    }

    /// Tells what is to be changed, with what is brought again.
    pub(super) async fn planned(&mut self, mut plan: Plan) -> Plan {
        for device in &mut plan.devices {
            device.again = self.again.contains(&device.id);
        }
        for warning in &plan.warnings {
            if !self.outcome.warnings.contains(warning) {
                self.warn(warning.clone()).await;
            }
        }
        self.outcome.devices.clone_from(&plan.devices);
        self.controls.tell(Event::Planned(Arc::new(plan.devices.clone()))).await;
        plan
    }

    /// Tells that a step is done.
    pub(super) async fn finished(&self, step: Step, words: String) {
        self.controls.tell(Event::Finished(step, words)).await;
    }

    /// Tells something to look at.
    pub(super) async fn warn(&mut self, warning: String) {
        self.outcome.warnings.push(warning.clone());
        self.controls.tell(Event::Warning(warning)).await;
    }
}
