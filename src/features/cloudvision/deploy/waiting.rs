//! What has still to be brought to devices though the mainline holds all of it already: which change controls do that, or were
//! to.
//!
//! That a change control touches the same devices says nothing: it may be somebody else's, about something else. One is
//! named where it is that of the target's own last deployment, or where what it brings to the wanted devices is, line for
//! line, what is wanted of them. Device by device: where a newer one has run on one of its devices, the others have still to
//! get what it brings, though it is obsolete as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::build::MOST_NAMED;
use super::failure::Failure;
use super::order::Advance;
use super::plan::ConfigPlan;
use super::run::Job;
use crate::features::cloudvision::client::Repeat;
use crate::features::cloudvision::difference;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{
    Change, ChangeCheck, ChangeId, ChangeState, DeviceId, DiffLine, LineOp, Workspace,
};
use crate::features::cloudvision::wire;
use crate::text::first_of;

/// Change controls of others that are looked into, the newest first.
const MOST_CHANGES: usize = 20;
/// Their devices that are looked at.
const MOST_DEVICES: usize = 10;

/// The lines that are wanted of each device.
type Lines = BTreeMap<DeviceId, BTreeSet<String>>;

/// A change control that was to bring what is wanted to devices.
#[derive(Debug)]
pub(super) struct Bringing {
    /// The change control.
    change: Change,
    /// To which of the wanted devices it has not brought it, and no newer one has brought anything since.
    pub(super) devices: Vec<DeviceId>,
    /// Whether a newer one has run on a device of it: it is not to be started any more.
    is_obsolete: bool,
}

impl Bringing {
    /// Whether it can still bring it.
    fn is_open(&self) -> bool {
        !self.change.state.is_over()
    }
}

impl Job<'_> {
    /// Names the change controls that have still to bring what is wanted to devices, or did not. It is a failure that there are
    /// some that can where the change control was to be taken further: it is another one, and that did not happen.
    pub(super) async fn still_waiting(&mut self) -> Result<(), Failure> {
        let waiting = self.bringing(&self.wanted_lines(false)).await?;
        for bringing in &waiting {
            self.tell_waiting(bringing).await;
        }
        match waiting.into_iter().find(Bringing::is_open) {
            Some(bringing) if self.compares() => Err(self.refusal(bringing)),
            _ => Ok(()),
        }
    }

    /// Refuses what is in force already and an open change control has still to bring to devices: that one is to go on, or to
    /// be deleted, so that nothing is brought twice. One that is obsolete, or becomes so by what is deployed here, is no reason
    /// to wait: its devices are brought it again.
    pub(super) async fn refuse_waiting(&mut self) -> Result<(), Failure> {
        let changed: BTreeSet<DeviceId> = self
            .outcome
            .devices
            .iter()
            .filter(|device| matches!(device.config, ConfigPlan::New | ConfigPlan::Changed))
            .map(|device| device.id.clone())
            .collect();
        let goes_on = |bringing: &Bringing| {
            let becomes_obsolete = || bringing.change.devices.iter().any(|device| changed.contains(device));
            bringing.is_open() && !bringing.is_obsolete && !becomes_obsolete()
        };
        let all = self.bringing(&self.wanted_lines(true)).await?;
        let (waiting, idle): (Vec<Bringing>, Vec<Bringing>) = all.into_iter().partition(goes_on);
        self.comparison.idle = idle;
        for bringing in &waiting {
            self.tell_waiting(bringing).await;
        }
        waiting.into_iter().next().map_or(Ok(()), |bringing| Err(self.refusal(bringing)))
    }

    /// Names one.
    async fn tell_waiting(&mut self, bringing: &Bringing) {
        let words = words(bringing, &self.names());
        self.outcome.waiting.push(words.clone());
        self.warn(words).await;
    }

    /// Why nothing is done that another one is to do.
    fn refusal(&self, bringing: Bringing) -> Failure {
        let Bringing { change, devices, .. } = bringing;
        let devices = named(&devices, &self.names());
        Failure::Waiting { id: change.id, change: change.name, state: change.state, devices }
    }

    /// The change controls that were to bring what is wanted and did not, the newest first. Of open ones for its devices of which
    /// nothing can be read it is told that they are there.
    async fn bringing(&mut self, wanted: &Lines) -> Result<Vec<Bringing>, Error> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let order = self.order;
        let own = order.brought.as_ref().map(|brought| &brought.change);
        let mut left = left_of(self.client.changes().await?, wanted);
        left.truncate(MOST_CHANGES);
        let is_own = |bringing: &Bringing| Some(&bringing.change.id) == own;
        let workspaces = if left.iter().all(is_own) { Vec::new() } else { self.client.all_workspaces().await? };
        let mut bringing = Vec::new();
        for mut found in left {
            if !is_own(&found) {
                let Some(devices) = self.brought_by(&found, &workspaces, wanted).await else {
                    if found.is_open() {
                        self.warn(unread(&found, &self.names())).await;
                    }
                    continue;
                };
                found.devices = devices;
            }
            if !found.devices.is_empty() {
                bringing.push(found);
            }
        }
        Ok(bringing)
    }

    /// The lines that are wanted of each device that gets a configuration; of those alone whose configuration is in force
    /// already and that are not brought it again in any case, or of all that are not known to run it.
    fn wanted_lines(&self, is_kept_alone: bool) -> Lines {
        let config_of = |id: &DeviceId| self.outcome.devices.iter().find(|it| it.id == *id).map(|it| it.config);
        let is_meant = |id: &DeviceId| {
            let is_kept = config_of(id).is_none_or(|config| config == ConfigPlan::Same);
            let is_compared = self.comparison.devices.contains(id);
            if is_kept_alone || self.order.advance == Advance::Pending {
                is_kept && !self.again.contains(id)
            } else {
                !is_compared || self.comparison.lacking.contains(id)
            }
        };
        let of = |place: &super::lookup::Placed| {
            let config = self.order.deployment.devices.get(place.wanted)?.config.as_ref()?;
            is_meant(&place.id)
                .then(|| (place.id.clone(), config.as_str().lines().map(|line| line.trim().to_owned()).collect()))
        };
        self.placed.iter().filter_map(of).collect()
    }

    /// To which devices a change control brings what is wanted, as the build of its workspace tells; nothing where that cannot
    /// be read of any.
    async fn brought_by(&self, bringing: &Bringing, workspaces: &[Workspace], wanted: &Lines) -> Option<Vec<DeviceId>> {
        let workspace = workspaces.iter().find(|workspace| workspace.changes.contains(&bringing.change.id))?;
        let build = workspace.last_build.clone()?;
        let details = self.client.build_details(&workspace.id, &build).await.ok()?;
        let report = wire::report(Some(build), None, details, &BTreeMap::new());
        let (looked_at, beyond) = bringing.devices.split_at(bringing.devices.len().min(MOST_DEVICES));
        let (mut fitting, mut is_any_read) = (Vec::new(), false);
        for device in looked_at {
            let found = report.devices.iter().find(|found| found.device == *device);
            let Some(path) = found.and_then(|found| found.diff_path.as_ref()) else { continue };
            let Ok(page) = self.client.page(difference::PAGE, path, Repeat::Never).await else { continue };
            is_any_read = true;
            let lines = difference::lines(&page);
            if wanted.get(device).is_some_and(|wanted| fits(&lines, wanted)) {
                fitting.push(device.clone());
            }
        }
        // Where all that were looked at fit, the others do.
        if fitting.len() == looked_at.len() {
            fitting.extend_from_slice(beyond);
        }
        is_any_read.then_some(fitting)
    }
}

/// What change controls have left to do for wanted devices, the newest first. Of those that are over and did not bring it, one
/// counts only where no newer one of them was for the device.
fn left_of(mut all: Vec<Change>, wanted: &Lines) -> Vec<Bringing> {
    all.sort_by_key(|change| std::cmp::Reverse(change.created_at));
    let (mut overtaken, mut over) = (BTreeSet::new(), BTreeSet::new());
    let mut left = Vec::new();
    for change in all {
        let (is_over, brought) = (change.state.is_over(), change.brought());
        let is_left = |device: &&DeviceId| {
            let is_done =
                brought.contains(device) || overtaken.contains(*device) || (is_over && over.contains(*device));
            wanted.contains_key(*device) && !is_done
        };
        let devices: Vec<DeviceId> = change.devices.iter().filter(is_left).cloned().collect();
        let is_obsolete = change.checks.contains(&ChangeCheck::Obsoleted)
            || change.devices.iter().any(|device| overtaken.contains(device));
        overtaken.extend(brought.into_iter().cloned());
        if is_over {
            over.extend(change.devices.iter().cloned());
        }
        if !devices.is_empty() {
            left.push(Bringing { change, devices, is_obsolete });
        }
    }
    left
}

/// What devices are called.
fn named(devices: &[DeviceId], names: &BTreeMap<DeviceId, String>) -> Vec<String> {
    devices.iter().map(|device| names.get(device).cloned().unwrap_or_else(|| device.to_string())).collect()
}

/// Whether what is brought is wanted: something is, every line that is added is wanted, and none that is wanted is taken
/// away without being added elsewhere.
fn fits(lines: &[DiffLine], wanted: &BTreeSet<String>) -> bool {
    let of = |op: LineOp| lines.iter().filter(move |line| line.op == op).map(|line| line.text.trim());
    let added: BTreeSet<&str> = of(LineOp::Added).filter(|line| !is_idle(line)).collect();
    let is_kept = |line: &str| is_idle(line) || added.contains(line) || !wanted.contains(line);
    let is_something = !added.is_empty() || of(LineOp::Removed).any(|line| !is_idle(line));
    is_something && added.iter().all(|line| wanted.contains(*line)) && of(LineOp::Removed).all(is_kept)
}

/// Whether a line means nothing: it is empty, or a comment.
fn is_idle(line: &str) -> bool {
    line.is_empty() || line.starts_with('!')
}

/// What is to be known of one of which nothing can be read.
fn unread(bringing: &Bringing, names: &BTreeMap<DeviceId, String>) -> String {
    let Bringing { change, devices, .. } = bringing;
    let devices = first_of(&named(devices, names), MOST_NAMED);
    format!("{} is {} for {devices}, and what it brings cannot be read", change.name, change.state.name())
}

/// What is to be known of one.
pub(super) fn words(bringing: &Bringing, names: &BTreeMap<DeviceId, String>) -> String {
    let Bringing { change, devices, is_obsolete } = bringing;
    let (name, devices) = (&change.name, first_of(&named(devices, names), MOST_NAMED));
    let stands = match change.state {
        ChangeState::Pending => "is not approved".to_owned(),
        ChangeState::Approved => "is approved, not started".to_owned(),
        ChangeState::Scheduled => {
            let at = change.scheduled_for.map_or_else(String::new, |at| format!(" at {}", at.format("%F %R UTC")));
            format!("starts by itself{at}")
        }
        ChangeState::Running => return format!("{name} brings it to {devices} now"),
        ChangeState::Stopped => return format!("{name} was to bring it to {devices}, and was stopped before"),
        ChangeState::Failed => return format!("{name} was to bring it to {devices}, and has failed"),
        ChangeState::Completed | ChangeState::Unknown(_) => format!("is {}", change.state.name()),
    };
    let obsolete = if *is_obsolete { "; a newer change control has made it obsolete" } else { "" };
    format!("{name} is to bring it to {devices}, and {stands}{obsolete}")
}

/// What brings it to devices then.
pub(super) fn remedy(id: &ChangeId, state: ChangeState) -> String {
    match state {
        ChangeState::Pending => {
            format!("approve and start that one: noctui change approve {id}, noctui change start {id}")
        }
        ChangeState::Approved => format!("start that one: noctui change start {id}"),
        ChangeState::Scheduled | ChangeState::Running => format!("wait for that one: noctui change watch {id}"),
        ChangeState::Completed | ChangeState::Failed | ChangeState::Stopped | ChangeState::Unknown(_) => {
            format!("look at that one: noctui change show {id}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_fits_where_it_adds_only_what_is_wanted_and_takes_nothing_of_that_away() {
        let line = |op, text: &str| DiffLine { op, text: text.to_owned() };
        let wanted: BTreeSet<String> = ["hostname leaf1", "vlan 7"].map(str::to_owned).into();
        let (added, removed) = (|text| line(LineOp::Added, text), |text| line(LineOp::Removed, text));
        assert!(fits(&[added("   vlan 7"), added("!"), removed("vlan 6")], &wanted));
        assert!(fits(&[removed("hostname leaf1"), added("hostname leaf1")], &wanted));
        assert!(!fits(&[added("vlan 7"), added("ntp server 192.0.2.1")], &wanted), "somebody else's");
        assert!(!fits(&[removed("vlan 7")], &wanted), "the opposite");
        assert!(!fits(&[added("!"), line(LineOp::Same, "vlan 7")], &wanted), "nothing");
    }
}
