//! The deployment itself, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::build::{first_error, found};
use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::lookup::{self, Placed};
use super::order::{Advance, Controls, Event, Fact, Order, Outcome, Reach, Step, WorkspaceFate};
use super::plan::{self, ConfigPlan, Plan};
use super::survey::{self, Configurations};
use super::{preview, write};
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::client::{Client, Version};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{ChangeId, DeviceId, WorkspaceId, WorkspaceState};
use crate::features::cloudvision::pb::workspace::ResponseCode;

/// A submission that may have been taken or not.
const UNANSWERED: Failure = Failure::Unknown { what: "the submission was sent" };
/// How long it waits before it asks again what has become of a submission.
const ASKED_AGAIN: Duration = Duration::from_millis(500);
/// How often it begins again because what is in force moved.
const MOST_REBASES: usize = 5;
/// How long it is tried to leave a workspace clean, and how long what was sent is waited for, once it is to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Deploys. Whatever happens, what has become of the workspace is told.
pub async fn run(client: &Client, order: &Order, controls: &Controls) -> Outcome {
    let outcome = Outcome {
        result: Ok(()),
        nothing_to_do: false,
        devices: Vec::new(),
        diffs: Arc::default(),
        report: None,
        workspace: None,
        change: None,
        warnings: Vec::new(),
    };
    let version = Version::OLDEST;
    let mut job =
        Job { client, order, controls, version, placed: Vec::new(), again: Vec::new(), is_asking: false, outcome };
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
    if let Err(failure) = &result {
        job.clean_up(failure).await;
    }
    job.outcome.result = result;
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
    version: Version,
    /// The devices, once they are found.
    pub(super) placed: Vec<Placed>,
    /// Devices that are brought what CloudVision holds already.
    again: Vec<DeviceId>,
    /// Whether the change control was asked for something, and no answer came yet.
    pub(super) is_asking: bool,
    /// What has come of it so far.
    pub(super) outcome: Outcome,
}

/// How a submission ended.
enum Submitted {
    /// It is in force.
    Done(Option<ChangeId>),
    /// What is in force has moved before.
    Overtaken,
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
            if built.needs_rebase && self.version >= Version::REBASE {
                self.rebase(&mut desk, &mut rebases).await?;
                continue;
            }
            if self.order.reach == Reach::Build {
                self.look(&id, &built).await?;
                if !self.order.keep_workspace {
                    self.abandon(&id).await;
                }
                return Ok(());
            }
            if self.order.review {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Err(Failure::Cancelled),
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

    /// Looks devices up and compares. Returns whether there is anything to be done in a workspace.
    async fn prepare(&mut self) -> Result<bool, Failure> {
        self.controls.tell(Event::Began(Step::Devices)).await;
        let deployment = &self.order.deployment;
        let sought: Vec<_> = deployment.devices.iter().map(lookup::sought).collect();
        let ids: Option<Vec<_>> = deployment
            .devices
            .iter()
            .map(|wanted| Some((wanted.serial.as_deref()?, wanted.hostname.as_str())))
            .collect();
        // Where every serial number is said, nothing has to be looked up before the configlets can be.
        let early = async {
            match &ids {
                Some(ids) => survey::configurations(self.client, ids).await.map(Some),
                None => Ok(None),
            }
        };
        let (version, inventory, early, is_lost) =
            futures::try_join!(self.client.version(), self.client.devices(&sought), early, self.is_lost())?;
        if version < Version::OLDEST {
            return Err(Error::TooOld { version: version.to_string(), wanted: "deployments" }.into());
        }
        self.version = version;
        self.placed = lookup::place(deployment, &inventory).map_err(Failure::NotPlaced)?;
        for (hostname, id, other) in lookup::renamed(deployment, &self.placed, &inventory) {
            let what = format!("{hostname} is {other} in CloudVision's inventory (serial number {id})");
            self.warn(format!("{what}: that device gets the configuration and the name of {hostname}")).await;
        }
        let silent: Vec<_> =
            self.placed.iter().filter(|device| !device.streaming).map(|it| it.hostname.clone()).collect();
        let streaming = self.placed.len() - silent.len();
        for hostname in silent {
            self.warn(format!("{hostname} does not stream: its configuration cannot be validated")).await;
        }
        self.finished(Step::Devices, format!("{} found, {streaming} streaming", self.placed.len())).await;
        self.bring_again(is_lost).await;
        self.controls.tell(Event::Began(Step::Compare)).await;
        let known = match early {
            Some(known) => known,
            None => self.configurations().await?,
        };
        let is_changed = plan::changes_configurations(deployment, &self.placed, &known);
        // Who is to see the whole difference gets it; otherwise the first difference is enough to begin.
        if self.order.reach == Reach::Submit && is_changed && !self.order.follow_build {
            self.finished(Step::Compare, "configurations change".to_owned()).await;
            return Ok(true);
        }
        let around = survey::surroundings(self.client, deployment, &self.placed, None).await?;
        let plan = self.planned(plan::plan(deployment, &self.placed, &known, &around)).await;
        if self.order.reach == Reach::Compare || self.order.follow_build {
            self.outcome.diffs = Arc::new(preview::diffs(self.client, deployment, &plan.devices).await?);
            self.controls.tell(Event::Compared(Arc::clone(&self.outcome.diffs))).await;
        }
        let again = plan.devices.iter().filter(|device| device.again && device.config == ConfigPlan::Same).count();
        let mut words =
            format!("{} changed, {} unchanged", plan.changed() - again, plan.devices.len() - plan.changed());
        if again > 0 {
            words = format!("{words}, {again} to be brought again");
        }
        self.finished(Step::Compare, words).await;
        self.outcome.nothing_to_do = plan.is_empty() && self.again.is_empty();
        Ok(!self.outcome.nothing_to_do && self.order.reach != Reach::Compare)
    }

    /// Whether the change control of the last deployment does not exist any more.
    async fn is_lost(&self) -> Result<bool, Error> {
        match &self.order.brought {
            Some(brought) => Ok(self.client.change(&brought.change).await?.is_none()),
            None => Ok(false),
        }
    }

    /// Decides which devices are brought what CloudVision holds already: all of them where that was ordered, else those to
    /// which a change control was to bring it that somebody has deleted.
    async fn bring_again(&mut self, is_lost: bool) {
        let lost = self.order.brought.as_ref().filter(|_| is_lost);
        let is_meant = |device: &&Placed| {
            self.order.again || lost.is_some_and(|brought| brought.devices.contains(&device.hostname))
        };
        self.again = self.placed.iter().filter(is_meant).map(|device| device.id.clone()).collect();
        if lost.is_some() && !self.again.is_empty() {
            let what = "the change control of the last deployment does not exist any more: what it was to bring is \
                        brought again";
            self.warn(what.to_owned()).await;
        }
    }

    /// CloudVision holds all of it already. That devices have it is another thing: change controls that are not over may
    /// still have to bring it, which is said, and which is a failure where the change control was to be taken further.
    async fn nothing_to_do(&mut self) -> Result<(), Failure> {
        let goes_further = self.order.advance > Advance::Pending;
        if self.order.reach != Reach::Submit || !(goes_further || self.order.follow_build) {
            return Ok(());
        }
        self.still_waiting().await
    }

    /// Reads configlets and containers.
    async fn configurations(&self) -> Result<Configurations, Failure> {
        let ids: Vec<_> = self.placed.iter().map(|device| (device.id.as_str(), device.hostname.as_str())).collect();
        Ok(survey::configurations(self.client, &ids).await?)
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

    /// Reads everything again, writes what is wanted, and builds it.
    async fn write_and_build(&mut self, desk: &mut Desk, id: &WorkspaceId, again: bool) -> Result<Answer, Failure> {
        self.controls.tell(Event::Began(Step::Upload)).await;
        let around = async {
            let rewritten = again.then_some(id);
            Ok(survey::surroundings(self.client, &self.order.deployment, &self.placed, rewritten).await?)
        };
        let (known, around) = futures::try_join!(self.configurations(), around)?;
        let plan = self.planned(plan::plan(&self.order.deployment, &self.placed, &known, &around)).await;
        self.controls.record(Fact::Writing(plan.devices.clone())).await?;
        write::write(self.client, id, &plan).await?;
        if !self.again.is_empty() {
            self.client.sync_devices(id, &self.again).await.map_err(Failure::of_sync)?;
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
        self.finished(Step::Build, "done".to_owned()).await;
        Ok(answer)
    }

    /// The names of the wanted devices.
    pub(super) fn names(&self) -> BTreeMap<DeviceId, String> {
        self.placed.iter().map(|device| (device.id.clone(), device.hostname.clone())).collect()
    }

    /// Submits. What the build found is read meanwhile, unless somebody has looked at it already.
    async fn submit(&mut self, desk: &mut Desk, id: &WorkspaceId, built: &Answer) -> Result<Submitted, Failure> {
        self.controls.tell(Event::Began(Step::Submit)).await;
        self.controls.record(Fact::SubmitRequested).await?;
        // What takes that long may have been cancelled meanwhile.
        if self.controls.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        let asked = if self.order.force { Asked::SubmitForce } else { Asked::Submit };
        let names = self.names();
        let look = async {
            if self.order.review {
                return Ok::<_, Error>(None);
            }
            let read = async {
                let report = found(self.client, id, built, &names).await?;
                self.tell_computed(&report).await;
                Ok(report)
            };
            // Nobody waits for it who has cancelled.
            self.controls.cancel.run_until_cancelled(read).await.transpose()
        };
        let cancel = self.controls.cancel.clone();
        let (answer, report) = futures::join!(desk.ask_unless(asked, &cancel), look);
        if let Err(Failure::Cancelled) = &answer {
            return self.find_out(id).await;
        }
        match report {
            Ok(Some(report)) => self.keep(&Arc::new(report)).await,
            Ok(None) => {}
            // It is submitted all the same: the build was fine.
            Err(error) => self.warn(format!("what the build found cannot be read: {error}")).await,
        }
        let answer = answer?;
        if !answer.is_done {
            if answer.code == ResponseCode::SynchronizationRequired {
                return Ok(Submitted::Overtaken);
            }
            let silent = self.placed.iter().filter(|device| !device.streaming);
            let silent = (answer.code == ResponseCode::InactiveDevicesExist)
                .then(|| silent.map(|device| device.hostname.clone()).collect::<Vec<_>>());
            return Err(Failure::Submit { what: refusal(&answer.message, silent.as_deref()), silent });
        }
        self.submitted(id, answer.changes.into_iter().next()).await
    }

    /// It is in force.
    async fn submitted(&mut self, id: &WorkspaceId, change: Option<ChangeId>) -> Result<Submitted, Failure> {
        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Submitted));
        self.controls.record(Fact::Submitted(change.clone())).await?;
        let words = if change.is_some() { "in force" } else { "in force; no device changes" };
        self.finished(Step::Submit, words.to_owned()).await;
        Ok(Submitted::Done(change))
    }

    /// Finds out, once the server answers, whether a submission was taken that was cancelled before it was acknowledged. Where
    /// it was not, the workspace is abandoned.
    async fn find_out(&mut self, id: &WorkspaceId) -> Result<Submitted, Failure> {
        loop {
            match self.client.workspace(id).await {
                Ok(Some(workspace)) if workspace.state == WorkspaceState::Submitted => {
                    return self.submitted(id, workspace.changes.into_iter().next()).await;
                }
                // While it is being submitted, it refuses that.
                Ok(Some(_)) => {
                    if abandon(self.client, id).await.is_ok() {
                        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Abandoned));
                        return Err(Failure::Cancelled);
                    }
                }
                Ok(None) => return Err(Failure::WorkspaceGone { what: "was deleted by somebody" }),
                Err(error) if error.is_transient() => {}
                Err(_) => return Err(UNANSWERED),
            }
            // Whoever leaves ends this after a while.
            sleep(ASKED_AGAIN).await;
        }
    }

    /// Lets the workspace follow what is in force.
    async fn rebase(&mut self, desk: &mut Desk, rebases: &mut usize) -> Result<(), Failure> {
        *rebases += 1;
        if *rebases > MOST_REBASES {
            return Err(Failure::Overtaken(MOST_REBASES));
        }
        if self.version < Version::REBASE {
            return Err(Failure::Rebase { what: format!("CloudVision {} has no rebase; deploy again", self.version) });
        }
        self.controls.tell(Event::Overtaken(*rebases)).await;
        let cancel = self.controls.cancel.clone();
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Failure::Cancelled),
            answer = desk.ask(Asked::Rebase) => answer?,
        };
        if answer.is_done { Ok(()) } else { Err(Failure::Rebase { what: answer.message }) }
    }

    /// Leaves the workspace clean after a failure, unless it is worth being looked at.
    async fn clean_up(&mut self, failure: &Failure) {
        let Some((id, WorkspaceFate::Kept)) = &self.outcome.workspace else { return };
        let id = id.clone();
        let is_worth_a_look = matches!(
            failure,
            Failure::Build { .. } | Failure::Submit { .. } | Failure::Rebase { .. } | Failure::Overtaken(_)
        );
        let is_open = !matches!(failure, Failure::Unknown { .. } | Failure::WorkspaceGone { .. });
        let is_kept = is_worth_a_look && self.order.keep_workspace && !self.controls.cancel.is_cancelled();
        if !is_open || is_kept {
            return;
        }
        self.abandon(&id).await;
    }

    /// Throws the workspace away; where it was cancelled while the server does not answer, once that does.
    async fn abandon(&mut self, id: &WorkspaceId) {
        let fate = loop {
            let Err(failure) = abandon(self.client, id).await else { break WorkspaceFate::Abandoned };
            let is_patient = self.controls.cancel.is_cancelled() && failure.is_transient();
            if !is_patient || self.controls.leave.is_cancelled() {
                break WorkspaceFate::LeftBehind(failure.to_string());
            }
            let why = "cancelled; the workspace is abandoned as soon as CloudVision answers".to_owned();
            self.controls.tell(Event::Silence(Some(why))).await;
            // The last attempt is that of a process that ends.
            let _lives = self.controls.pause().await;
        };
        self.outcome.workspace = Some((id.clone(), fate));
    }

    /// Tells what is to be changed, with what is brought again.
    async fn planned(&mut self, mut plan: Plan) -> Plan {
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

/// Throws a workspace away, within a short time. A build that runs is stopped by it.
pub async fn abandon(client: &Client, id: &WorkspaceId) -> Result<(), Failure> {
    let mut desk = Desk::new(client, id);
    let abandoned = timeout(LAST_WORDS, async {
        match desk.ask(Asked::Abandon).await {
            // It is what was wanted, whoever did it.
            Err(Failure::WorkspaceGone { .. }) => Ok(()),
            Ok(answer) if answer.is_done => Ok(()),
            Ok(answer) => Err(Failure::Submit { what: answer.message, silent: None }),
            Err(failure) => Err(failure),
        }
    });
    abandoned.await.unwrap_or(Err(Failure::Unknown { what: "the workspace was to be abandoned" }))
}

/// Over once the process is to end and what was sent had its time.
pub(super) async fn leave(leaving: &tokio_util::sync::CancellationToken) {
    leaving.cancelled().await;
    sleep(LAST_WORDS).await;
}

/// Why a submission was refused, with the names of the devices that do not stream.
fn refusal(message: &str, silent: Option<&[String]>) -> String {
    match silent {
        Some([]) => format!("devices that are not part of this deployment do not stream ({message})"),
        Some(silent) => format!("{} not streaming ({message})", silent.join(", ")),
        None => message.to_owned(),
    }
}
