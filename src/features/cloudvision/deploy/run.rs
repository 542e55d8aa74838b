//! The deployment itself, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::time::{sleep, timeout};

use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::lookup::{self, Placed};
use super::order::{Advance, Controls, DeviceDiff, Event, Fact, Order, Outcome, Reach, Step, WorkspaceFate};
use super::plan::{self, Plan};
use super::survey::{self, Configurations};
use super::{preview, write};
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::client::{Client, Told, Version};
use crate::features::cloudvision::difference;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{
    BuildReport, BuildState, Change, ChangeId, DeviceBuild, DeviceId, WorkspaceId,
};
use crate::features::cloudvision::pb::workspace::ResponseCode;
use crate::features::cloudvision::wire;

/// Differences of a build that are read, and how many at once.
const MOST_COMPARED: usize = 500;
const SIDE_BY_SIDE: usize = 8;
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
    let mut job = Job { client, order, controls, version: Version::OLDEST, placed: Vec::new(), outcome };
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
    placed: Vec<Placed>,
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
            let submitted = tokio::select! {
                submitted = self.submit(&mut desk, &id, &built) => submitted?,
                () = leave(&cancel) => return Err(Failure::Unknown { what: "the submission was sent" }),
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
        let (version, inventory, early) =
            futures::try_join!(self.client.version(), self.client.devices(&sought), early)?;
        if version < Version::OLDEST {
            return Err(Error::TooOld { version: version.to_string(), wanted: "deployments" }.into());
        }
        self.version = version;
        self.placed = lookup::place(deployment, &inventory).map_err(Failure::NotPlaced)?;
        let silent: Vec<_> =
            self.placed.iter().filter(|device| !device.streaming).map(|it| it.hostname.clone()).collect();
        let streaming = self.placed.len() - silent.len();
        for hostname in silent {
            self.warn(format!("{hostname} does not stream: its configuration cannot be validated")).await;
        }
        self.finished(Step::Devices, format!("{} found, {streaming} streaming", self.placed.len())).await;
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
        let plan = plan::plan(deployment, &self.placed, &known, &around);
        self.planned(&plan).await;
        if self.order.reach == Reach::Compare || self.order.follow_build {
            self.outcome.diffs = Arc::new(preview::diffs(self.client, deployment, &plan.devices).await?);
            self.controls.tell(Event::Compared(Arc::clone(&self.outcome.diffs))).await;
        }
        let words = format!("{} changed, {} unchanged", plan.changed(), plan.devices.len() - plan.changed());
        self.finished(Step::Compare, words).await;
        self.outcome.nothing_to_do = plan.is_empty();
        Ok(!plan.is_empty() && self.order.reach != Reach::Compare)
    }

    /// CloudVision holds all of it already. That devices have it is another thing: change controls that are not over may
    /// still have to bring it, which is said, and which is a failure where the change control was to be taken further.
    async fn nothing_to_do(&mut self) -> Result<(), Failure> {
        let goes_further = self.order.advance > Advance::Pending;
        if self.order.reach != Reach::Submit || !(goes_further || self.order.follow_build) {
            return Ok(());
        }
        let is_of_these = |change: &Change| change.devices.iter().any(|id| self.placed.iter().any(|it| it.id == *id));
        let open = self.client.changes().await?.into_iter();
        let open: Vec<_> = open.filter(|change| !change.state.is_over() && is_of_these(change)).collect();
        for change in &open {
            self.warn(format!("{} ({}) has still to bring it to devices", change.name, change.state.name())).await;
        }
        match open.first() {
            Some(change) if goes_further => {
                Err(Failure::Waiting { change: change.name.clone(), state: change.state.name() })
            }
            _ => Ok(()),
        }
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
        let plan = plan::plan(&self.order.deployment, &self.placed, &known, &around);
        self.planned(&plan).await;
        self.controls.record(Fact::Writing(plan.devices.clone())).await?;
        write::write(self.client, id, &plan).await?;
        self.finished(Step::Upload, format!("{} of {} devices", plan.changed(), plan.devices.len())).await;
        self.controls.tell(Event::Began(Step::Build)).await;
        self.controls.record(Fact::BuildRequested).await?;
        let answer = if self.order.follow_build {
            self.followed_build(desk, id).await?
        } else {
            desk.ask(Asked::StartBuild, |_| {}).await?
        };
        if !answer.is_done && !answer.needs_rebase {
            let report = self.look(id, &answer).await?;
            return Err(Failure::Build { what: first_error(&report).unwrap_or(answer.message) });
        }
        self.finished(Step::Build, "done".to_owned()).await;
        Ok(answer)
    }

    /// Builds, and tells how far it is.
    async fn followed_build(&self, desk: &mut Desk, id: &WorkspaceId) -> Result<Answer, Failure> {
        let mut builds = self.client.follow_builds(id);
        let mut devices: BTreeMap<String, bool> = BTreeMap::new();
        let watch = async {
            loop {
                let Ok(told) = builds.next().await else { return std::future::pending::<()>().await };
                let Told::Message(message) = told else { continue };
                let Some(details) = message.value else { continue };
                let is_over = details.state() != crate::features::cloudvision::pb::workspace::BuildState::InProgress;
                let stage = wire::stage(details.stage());
                if let Some(device) = details.key.and_then(|key| key.device_id) {
                    devices.insert(device, is_over);
                    let done = devices.values().filter(|is_over| **is_over).count();
                    self.controls.tell(Event::Building { done, total: devices.len(), stage }).await;
                }
            }
        };
        tokio::select! {
            answer = desk.ask(Asked::StartBuild, |_| {}) => answer,
            () = watch => Err(Failure::Silent),
        }
    }

    /// Looks at what the build found.
    async fn look(&mut self, id: &WorkspaceId, answer: &Answer) -> Result<Arc<BuildReport>, Failure> {
        let report = Arc::new(found(self.client, id, answer, &self.names()).await?);
        self.keep(&report).await;
        self.tell_computed(&report).await;
        Ok(report)
    }

    /// Tells the differences that CloudVision computed instead of ours: beside what is wanted they know what runs. Those
    /// that cannot be read stay ours.
    async fn tell_computed(&self, report: &BuildReport) {
        if !self.order.follow_build {
            return;
        }
        let compared = report.devices.iter().filter(|device| device.diff_path.is_some()).take(MOST_COMPARED);
        let reading: Vec<_> = compared.map(|device| computed(self.client.clone(), device.clone())).collect();
        let read: Vec<_> = stream::iter(reading).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let mut diffs: Vec<DeviceDiff> = read.into_iter().flatten().collect();
        for ours in self.outcome.diffs.iter() {
            if diffs.iter().all(|diff| diff.device != ours.device) {
                diffs.push(ours.clone());
            }
        }
        self.controls.tell(Event::Compared(Arc::new(diffs))).await;
    }

    /// Keeps what the build found, and tells it.
    async fn keep(&mut self, report: &Arc<BuildReport>) {
        self.outcome.report = Some(Arc::clone(report));
        self.controls.tell(Event::Built(Arc::clone(report))).await;
    }

    /// The names of the wanted devices.
    fn names(&self) -> BTreeMap<DeviceId, String> {
        self.placed.iter().map(|device| (device.id.clone(), device.hostname.clone())).collect()
    }

    /// Shows what the build found and waits until somebody has looked at it.
    async fn review(&mut self, id: &WorkspaceId, answer: &Answer) -> Result<(), Failure> {
        self.controls.record(Fact::Built(answer.build.clone())).await?;
        self.controls.tell(Event::Began(Step::Review)).await;
        self.look(id, answer).await?;
        self.controls.go_on.cancelled().await;
        self.finished(Step::Review, "to be submitted".to_owned()).await;
        Ok(())
    }

    /// Submits. What the build found is read meanwhile, unless somebody has looked at it already.
    async fn submit(&mut self, desk: &mut Desk, id: &WorkspaceId, built: &Answer) -> Result<Submitted, Failure> {
        self.controls.tell(Event::Began(Step::Submit)).await;
        self.controls.record(Fact::SubmitRequested).await?;
        let asked = if self.order.force { Asked::SubmitForce } else { Asked::Submit };
        let names = self.names();
        let look = async {
            if self.order.review {
                return Ok::<_, Error>(None);
            }
            let report = found(self.client, id, built, &names).await?;
            self.tell_computed(&report).await;
            Ok(Some(report))
        };
        let (answer, report) = futures::join!(desk.ask(asked, |_| {}), look);
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
        let change = answer.changes.into_iter().next();
        self.outcome.workspace = Some((id.clone(), WorkspaceFate::Submitted));
        self.controls.record(Fact::Submitted(change.clone())).await?;
        let words = if change.is_some() { "in force" } else { "in force; no device changes" };
        self.finished(Step::Submit, words.to_owned()).await;
        Ok(Submitted::Done(change))
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
            answer = desk.ask(Asked::Rebase, |_| {}) => answer?,
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
        if !is_open || (is_worth_a_look && self.order.keep_workspace) {
            return;
        }
        self.abandon(&id).await;
    }

    /// Throws the workspace away.
    async fn abandon(&mut self, id: &WorkspaceId) {
        let abandoned = abandon(self.client, id).await;
        let fate = match abandoned {
            Ok(()) => WorkspaceFate::Abandoned,
            Err(error) => WorkspaceFate::LeftBehind(error.to_string()),
        };
        self.outcome.workspace = Some((id.clone(), fate));
    }

    /// Tells what is to be changed.
    async fn planned(&mut self, plan: &Plan) {
        for warning in &plan.warnings {
            if !self.outcome.warnings.contains(warning) {
                self.warn(warning.clone()).await;
            }
        }
        self.outcome.devices.clone_from(&plan.devices);
        self.controls.tell(Event::Planned(Arc::new(plan.devices.clone()))).await;
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

/// The difference of a device as CloudVision computed it; none where it cannot be read, which is logged.
async fn computed(client: Client, device: DeviceBuild) -> Option<DeviceDiff> {
    let page = client.page(device.diff_path.as_deref()?).await;
    let page = page.inspect_err(|error| tracing::warn!(device = device.hostname, %error, "no difference")).ok()?;
    Some(DeviceDiff { device: device.device, hostname: device.hostname, lines: difference::lines(&page) })
}

/// Throws a workspace away, within a short time. A build that runs is stopped by it.
pub async fn abandon(client: &Client, id: &WorkspaceId) -> Result<(), Failure> {
    let mut desk = Desk::new(client, id);
    let abandoned = timeout(LAST_WORDS, async {
        match desk.ask(Asked::Abandon, |_| {}).await {
            // It is what was wanted, whoever did it.
            Err(Failure::WorkspaceGone { .. }) => Ok(()),
            Ok(answer) if answer.is_done => Ok(()),
            Ok(answer) => Err(Failure::Submit { what: answer.message, silent: None }),
            Err(failure) => Err(failure),
        }
    });
    abandoned.await.unwrap_or(Err(Failure::Unknown { what: "the workspace was to be abandoned" }))
}

/// Over once it is to end and what was sent had its time.
pub(super) async fn leave(cancel: &tokio_util::sync::CancellationToken) {
    cancel.cancelled().await;
    sleep(LAST_WORDS).await;
}

/// Reads what a build found. What belongs to no device is read where it failed.
async fn found(
    client: &Client,
    id: &WorkspaceId,
    answer: &Answer,
    names: &BTreeMap<DeviceId, String>,
) -> Result<BuildReport, Error> {
    let Some(build) = &answer.build else {
        return Ok(BuildReport {
            build: None,
            state: BuildState::Unspecified,
            errors: Vec::new(),
            devices: Vec::new(),
        });
    };
    let whole = async { if answer.is_done { Ok(None) } else { client.build(id, build).await } };
    let (whole, details) = futures::try_join!(whole, client.build_details(id, build))?;
    let mut report = wire::report(Some(build.clone()), whole, details, names);
    if answer.is_done {
        report.state = BuildState::Success;
    }
    Ok(report)
}

/// The first error with device and line.
fn first_error(report: &BuildReport) -> Option<String> {
    let place = |line: Option<u32>| line.map_or_else(String::new, |line| format!(" line {line}"));
    let of_device = report.devices.iter().find_map(|device| {
        let error = device.errors.first()?;
        Some(format!("{}{}: {}", device.hostname, place(error.line), error.message))
    });
    of_device.or_else(|| report.errors.first().map(|error| error.message.clone()))
}

/// Why a submission was refused, with the names of the devices that do not stream.
fn refusal(message: &str, silent: Option<&[String]>) -> String {
    match silent {
        Some([]) => format!("devices that are not part of this deployment do not stream ({message})"),
        Some(silent) => format!("{} not streaming ({message})", silent.join(", ")),
        None => message.to_owned(),
    }
}
