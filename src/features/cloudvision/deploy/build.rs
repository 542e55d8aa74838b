//! The build of a workspace: followed while it runs, and what it found read, told, and looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::order::{DeviceDiff, Event, Fact, Step};
use super::plan::DevicePlan;
use super::run::Job;
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::client::{Client, Repeat, Told};
use crate::features::cloudvision::difference;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{BuildReport, BuildState, DeviceBuild, DeviceId, WorkspaceId};
use crate::features::cloudvision::wire;
use crate::text::first_of;

/// Differences of a build that are read, and how many at once.
const MOST_COMPARED: usize = 500;
const SIDE_BY_SIDE: usize = 8;
/// Devices that are named in a warning.
pub(super) const MOST_NAMED: usize = 6;

impl Job<'_> {
    /// Builds, and tells how far it is.
    pub(super) async fn followed_build(&self, desk: &mut Desk, id: &WorkspaceId) -> Result<Answer, Failure> {
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
            answer = desk.ask(Asked::StartBuild) => answer,
            () = watch => Err(Failure::Silent),
        }
    }

    /// Looks at what the build found.
    pub(super) async fn look(&mut self, id: &WorkspaceId, answer: &Answer) -> Result<Arc<BuildReport>, Failure> {
        Ok(self.look_closely(id, answer).await?.0)
    }

    /// The same, with the differences that CloudVision computed.
    async fn look_closely(
        &mut self,
        id: &WorkspaceId,
        answer: &Answer,
    ) -> Result<(Arc<BuildReport>, Arc<Vec<DeviceDiff>>), Failure> {
        let report = Arc::new(found(self.client, id, answer, &self.names()).await?);
        self.keep(&report).await;
        let computed = self.tell_computed(&report).await;
        Ok((report, computed))
    }

    /// Tells the differences that CloudVision computed: beside what is wanted they know what runs. Those that cannot be read
    /// are left out.
    pub(super) async fn tell_computed(&self, report: &BuildReport) -> Arc<Vec<DeviceDiff>> {
        if !self.order.follow_build {
            return Arc::default();
        }
        let compared = report.devices.iter().filter(|device| device.diff_path.is_some()).take(MOST_COMPARED);
        let reading: Vec<_> = compared.map(|device| computed(self.client.clone(), device.clone())).collect();
        let read: Vec<_> = stream::iter(reading).buffered(SIDE_BY_SIDE).collect().await;
        let diffs: Arc<Vec<DeviceDiff>> = Arc::new(read.into_iter().flatten().collect());
        self.controls.tell(Event::Computed(Arc::clone(&diffs))).await;
        diffs
    }

    /// Keeps what the build found, and tells it.
    pub(super) async fn keep(&mut self, report: &Arc<BuildReport>) {
        self.outcome.report = Some(Arc::clone(report));
        self.controls.tell(Event::Built(Arc::clone(report))).await;
    }

    /// Shows what the build found and waits until somebody has looked at it. What is built anew is looked at anew, unless it
    /// is to the letter what somebody has agreed to.
    pub(super) async fn review(&mut self, id: &WorkspaceId, answer: &Answer) -> Result<(), Failure> {
        self.controls.record(Fact::Built(answer.build.clone())).await?;
        let (report, computed) = self.look_closely(id, answer).await?;
        let shown = Looked::new(&self.outcome.devices, &self.outcome.diffs, &report, computed);
        let looked = self.looked.as_ref().map(|(number, looked)| (*number, looked.is_whole && *looked == shown));
        let number = match looked {
            Some((_, true)) => {
                self.finished(Step::Review, "built anew, and the same that was looked at".to_owned()).await;
                return Ok(());
            }
            Some((number, false)) => {
                self.warn("what is built now is not what was looked at: it wants another look".to_owned()).await;
                number + 1
            }
            None => {
                let unforeseen: Vec<&str> = self.order.review.unforeseen(&self.outcome.devices).collect();
                if !unforeseen.is_empty() {
                    let names = first_of(&unforeseen, MOST_NAMED);
                    self.warn(format!("other devices change than was agreed to, so this wants a look: {names}")).await;
                }
                1
            }
        };
        // All of it is told by now: nobody can agree to less.
        self.controls.tell(Event::Began(Step::Review)).await;
        if !self.controls.go_on.to(number).await {
            return Err(Failure::NotAgreed);
        }
        self.looked = Some((number, shown));
        self.finished(Step::Review, "to be submitted".to_owned()).await;
        Ok(())
    }
}

/// What somebody looks at before it is submitted.
#[derive(Debug, PartialEq)]
pub(super) struct Looked {
    /// What becomes of each device.
    devices: Vec<DevicePlan>,
    /// The differences to what is in force.
    held: Arc<Vec<DeviceDiff>>,
    /// What the build found, but for its id and where differences are kept.
    found: BuildReport,
    /// The differences to what runs.
    computed: Arc<Vec<DeviceDiff>>,
    /// Whether every difference could be read.
    is_whole: bool,
}

impl Looked {
    /// All that is shown.
    fn new(
        devices: &[DevicePlan],
        held: &Arc<Vec<DeviceDiff>>,
        report: &BuildReport,
        computed: Arc<Vec<DeviceDiff>>,
    ) -> Self {
        let mut found = report.clone();
        found.build = None;
        let mut is_compared = 0;
        for device in &mut found.devices {
            is_compared += usize::from(device.diff_path.take().is_some());
        }
        let is_whole = is_compared == computed.len();
        Self { devices: devices.to_vec(), held: Arc::clone(held), found, computed, is_whole }
    }
}

/// The difference of a device as CloudVision computed it; none where it cannot be read, which is logged.
async fn computed(client: Client, device: DeviceBuild) -> Option<DeviceDiff> {
    let page = client.page(difference::PAGE, device.diff_path.as_deref()?, Repeat::Never).await;
    let page = page.inspect_err(|error| tracing::warn!(device = device.hostname, %error, "no difference")).ok()?;
    Some(DeviceDiff { device: device.device, hostname: device.hostname, lines: difference::lines(&page) })
}

/// Reads what a build found. What belongs to no device is read where it failed.
pub(super) async fn found(
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
    let whole = async {
        if answer.is_done {
            return None;
        }
        let whole = client.build(id, build).await;
        // What the devices say is worth telling without it.
        whole.inspect_err(|error| tracing::warn!(%error, "what belongs to no device is not known")).ok().flatten()
    };
    let (whole, details) = futures::join!(whole, client.build_details(id, build));
    let details = details?;
    let mut report = wire::report(Some(build.clone()), whole, details, names);
    if answer.is_done {
        report.state = BuildState::Success;
    }
    Ok(report)
}

/// The first error with device and line.
pub(super) fn first_error(report: &BuildReport) -> Option<String> {
    let place = |line: Option<u32>| line.map_or_else(String::new, |line| format!(" line {line}"));
    let of_device = report.devices.iter().find_map(|device| {
        let error = device.errors.first()?;
        Some(format!("{}{}: {}", device.hostname, place(error.line), error.message))
    });
    of_device.or_else(|| report.errors.first().map(|error| error.message.clone()))
}
