//! Whether devices run what is in force for them. That the mainline holds all that is wanted says nothing of it: what was to
//! bring it to a device may have been stopped, have failed, be obsolete or be deleted, by whomever.
//!
//! The build of a workspace tells it of all devices at once, where the workspace is to bring them what is in force: those that
//! run something else become part of its change control. So wherever a change control is to be taken further, the devices
//! whose configuration does not change are brought again what they lack.

use super::build::{MOST_NAMED, found};
use super::desk::Answer;
use super::failure::{Failure, NotCompared};
use super::order::{Advance, Event, Fact, Reach};
use super::plan::{ConfigPlan, DevicePlan};
use super::run::Job;
use super::waiting::{Bringing, words};
use crate::features::cloudvision::model::{DeviceId, WorkspaceId};
use crate::text::{counted, first_of};

use std::sync::Arc;

/// What is known of the devices whose configuration is in force already.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Those that the build compares with what they run.
    pub(super) devices: Vec<DeviceId>,
    /// Those of them that do not run it.
    pub(super) lacking: Vec<DeviceId>,
    /// The names of those of which it is not known, and why.
    unknown: Vec<(String, NotCompared)>,
    /// Change controls that were to bring it and are no reason to wait.
    pub(super) idle: Vec<Bringing>,
}

impl Job<'_> {
    /// Whether what devices run decides: where the change control is taken further than to be there.
    pub(super) fn compares(&self) -> bool {
        self.order.reach == Reach::Submit && self.order.advance > Advance::Pending
    }

    /// Which devices are to be compared with what they run. One that does not stream can only be where what CloudVision heard
    /// of it last is to count.
    pub(super) fn to_compare(&self, plan: &[DevicePlan]) -> Comparison {
        let mut comparison = Comparison::default();
        for device in plan {
            if self.again.contains(&device.id) {
                comparison.devices.push(device.id.clone());
            } else if self.compares() && device.config == ConfigPlan::Same {
                if device.streaming || self.order.force {
                    comparison.devices.push(device.id.clone());
                } else {
                    comparison.unknown.push((device.hostname.clone(), NotCompared::Silent));
                }
            }
        }
        comparison
    }

    /// Has the build compare them; false where it compares none.
    pub(super) async fn compared(&mut self, id: &WorkspaceId) -> Result<bool, Failure> {
        if self.comparison.devices.is_empty() {
            return Ok(false);
        }
        match self.client.sync_devices(id, &self.comparison.devices).await.map_err(Failure::of_sync) {
            Ok(()) => Ok(true),
            // The rest is done all the same, unless this is what was ordered.
            Err(Failure::NoSync) if self.again.is_empty() => {
                let names = self.names();
                let devices = std::mem::take(&mut self.comparison.devices);
                let unknown = devices.into_iter().filter_map(|device| names.get(&device).cloned());
                self.comparison.unknown.extend(unknown.map(|name| (name, NotCompared::Unsupported)));
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Finds the devices that do not run what is in force for them: the change control brings it again. Returns what there is
    /// to say of the build.
    pub(super) async fn find_lacking(&mut self, id: &WorkspaceId, built: &Answer) -> Result<String, Failure> {
        if self.comparison.devices.is_empty() {
            return Ok("done".to_owned());
        }
        let names = self.names();
        let report = Arc::new(found(self.client, id, built, &names).await?);
        self.keep(&report).await;
        self.tell_computed(&report).await;
        let Comparison { devices, lacking, unknown, .. } = &mut self.comparison;
        for device in devices.iter() {
            match report.devices.iter().find(|found| found.device == *device).and_then(|found| found.runs_it) {
                Some(true) => {}
                Some(false) => lacking.push(device.clone()),
                // Whether it is brought is CloudVision's to decide.
                None if self.order.force || self.again.contains(device) => lacking.push(device.clone()),
                None => unknown.extend(names.get(device).map(|name| (name.clone(), NotCompared::LeftOut))),
            }
        }
        let running = devices.len() - lacking.len() - unknown.iter().filter(|it| it.1 == NotCompared::LeftOut).count();
        let lacking = lacking.clone();
        self.outcome.running = Some(running);
        let before = self.outcome.devices.clone();
        for device in &mut self.outcome.devices {
            device.again = lacking.contains(&device.id);
        }
        if self.outcome.devices != before {
            self.controls.tell(Event::Planned(Arc::new(self.outcome.devices.clone()))).await;
            self.controls.record(Fact::Lacking(self.outcome.devices.clone())).await?;
        }
        self.warn_of(&lacking).await;
        Ok(match lacking.len() {
            0 => format!("done; {} what is in force", run(running)),
            several => format!("done; {} not run what is in force", lack(several)),
        })
    }

    /// Says which devices are brought again what they lack, and what was to bring it.
    async fn warn_of(&mut self, lacking: &[DeviceId]) {
        let of = |device: &&DevicePlan| lacking.contains(&device.id) && device.config == ConfigPlan::Same;
        let named: Vec<String> = self.outcome.devices.iter().filter(of).map(|device| device.hostname.clone()).collect();
        if named.is_empty() {
            return;
        }
        let verb = if named.len() == 1 { "does not run" } else { "do not run" };
        let mut said = vec![format!(
            "{} {verb} what the mainline holds already: it is brought again, and replaces what was changed there",
            first_of(&named, MOST_NAMED)
        )];
        let holds = |bringing: &&Bringing| bringing.devices.iter().any(|device| lacking.contains(device));
        said.extend(self.comparison.idle.iter().filter(holds).map(|bringing| words(bringing, &self.names())));
        for warning in said {
            if !self.outcome.warnings.contains(&warning) {
                self.warn(warning).await;
            }
        }
    }

    /// Whether what this build found is known already.
    pub(super) fn knows(&self, built: &Answer) -> bool {
        self.outcome.report.as_ref().is_some_and(|report| report.build.is_some() && report.build == built.build)
    }

    /// Whether every device whose configuration was in force already runs it, or is part of the change control. Otherwise not
    /// all that was ordered has happened, though all that could be done has.
    pub(super) fn settled(&self) -> Result<(), Failure> {
        if !self.compares() {
            return Ok(());
        }
        let names = self.names();
        let is_brought =
            |device: &DeviceId| self.outcome.change.as_ref().is_some_and(|change| change.devices.contains(device));
        let mut unknown = self.comparison.unknown.clone();
        let left_out = self.comparison.lacking.iter().filter(|device| !is_brought(device));
        unknown.extend(left_out.filter_map(|device| Some((names.get(device)?.clone(), NotCompared::LeftOut))));
        let Some((_, why)) = unknown.first() else { return Ok(()) };
        let why = *why;
        Err(Failure::NotCompared { devices: unknown.into_iter().map(|(name, _)| name).collect(), why })
    }
}

/// `3 devices run`.
fn run(devices: usize) -> String {
    format!("{} {}", counted(devices, "device"), if devices == 1 { "runs" } else { "run" })
}

/// `3 devices do`.
fn lack(devices: usize) -> String {
    format!("{} {}", counted(devices, "device"), if devices == 1 { "does" } else { "do" })
}
