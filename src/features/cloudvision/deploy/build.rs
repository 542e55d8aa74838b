//! The build of a workspace: followed while it runs, and what it found read, told, and looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::desk::{Answer, Desk};
use super::failure::Failure;
use super::order::{DeviceDiff, Event, Fact, Step};
use super::run::Job;
use crate::features::cloudvision::client::workspace::Asked;
use crate::features::cloudvision::client::{Client, Told};
use crate::features::cloudvision::difference;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{BuildReport, BuildState, DeviceBuild, DeviceId, WorkspaceId};
use crate::features::cloudvision::wire;

/// Differences of a build that are read, and how many at once.
const MOST_COMPARED: usize = 500;
const SIDE_BY_SIDE: usize = 8;

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
        let report = Arc::new(found(self.client, id, answer, &self.names()).await?);
        self.keep(&report).await;
        self.tell_computed(&report).await;
        Ok(report)
    }

    /// Tells the differences that CloudVision computed instead of ours: beside what is wanted they know what runs. Those
    /// that cannot be read stay ours.
    pub(super) async fn tell_computed(&self, report: &BuildReport) {
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
    pub(super) async fn keep(&mut self, report: &Arc<BuildReport>) {
        self.outcome.report = Some(Arc::clone(report));
        self.controls.tell(Event::Built(Arc::clone(report))).await;
    }

    /// Shows what the build found and waits until somebody has looked at it.
    pub(super) async fn review(&mut self, id: &WorkspaceId, answer: &Answer) -> Result<(), Failure> {
        self.controls.record(Fact::Built(answer.build.clone())).await?;
        self.controls.tell(Event::Began(Step::Review)).await;
        self.look(id, answer).await?;
        self.controls.go_on.cancelled().await;
        self.finished(Step::Review, "to be submitted".to_owned()).await;
        Ok(())
    }
}

/// The difference of a device as CloudVision computed it; none where it cannot be read, which is logged.
async fn computed(client: Client, device: DeviceBuild) -> Option<DeviceDiff> {
    let page = client.page(device.diff_path.as_deref()?).await;
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
    let whole = async { if answer.is_done { Ok(None) } else { client.build(id, build).await } };
    let (whole, details) = futures::try_join!(whole, client.build_details(id, build))?;
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
