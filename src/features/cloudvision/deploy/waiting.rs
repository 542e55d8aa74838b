//! What has still to be brought to devices though CloudVision holds all of it already: which change controls do that.
//!
//! That a change control touches the same devices says nothing: it may be somebody else's, about something else. One is
//! named where it is that of the target's own last deployment, or where what it brings to the wanted devices is, line for
//! line, what is wanted of them.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Failure;
use super::order::Advance;
use super::run::Job;
use crate::features::cloudvision::client::Repeat;
use crate::features::cloudvision::difference;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{
    Change, ChangeCheck, ChangeId, ChangeState, DeviceId, DiffLine, LineOp, Workspace,
};
use crate::features::cloudvision::wire;

/// Change controls of others that are looked into, the newest first.
const MOST_CHANGES: usize = 20;
/// Their devices that are looked at.
const MOST_DEVICES: usize = 10;

impl Job<'_> {
    /// Names the change controls that have still to bring what is wanted to devices. It is a failure that there are some
    /// where the change control was to be taken further: it is another one, and that did not happen.
    pub(super) async fn still_waiting(&mut self) -> Result<(), Failure> {
        let waiting = self.bringing().await?;
        for change in &waiting {
            self.warn(words(change)).await;
        }
        match waiting.into_iter().next() {
            Some(change) if self.order.advance > Advance::Pending => {
                Err(Failure::Waiting { id: change.id, change: change.name, state: change.state })
            }
            _ => Ok(()),
        }
    }

    /// The change controls that bring what is wanted, the newest first.
    async fn bringing(&self) -> Result<Vec<Change>, Error> {
        let wanted = self.wanted_lines();
        let own = self.order.brought.as_ref().map(|brought| &brought.change);
        let all = self.client.changes().await?;
        let touches = |change: &Change| change.devices.iter().any(|device| wanted.contains_key(device));
        let is_open = |change: &&Change| {
            !change.state.is_over() && touches(change) && !change.checks.contains(&ChangeCheck::Obsoleted)
        };
        let mut open: Vec<&Change> = all.iter().filter(is_open).filter(|change| !is_overtaken(change, &all)).collect();
        open.sort_by_key(|change| std::cmp::Reverse(change.created_at));
        let is_own = |change: &Change| Some(&change.id) == own;
        let workspaces =
            if open.iter().all(|change| is_own(change)) { Vec::new() } else { self.client.all_workspaces().await? };
        let mut bringing = Vec::new();
        for change in open.into_iter().take(MOST_CHANGES) {
            if is_own(change) || self.brings(change, &workspaces, &wanted).await {
                bringing.push(change.clone());
            }
        }
        Ok(bringing)
    }

    /// The lines that are wanted of each device that gets a configuration.
    fn wanted_lines(&self) -> BTreeMap<DeviceId, BTreeSet<&str>> {
        let of = |place: &super::lookup::Placed| {
            let config = self.order.deployment.devices.get(place.wanted)?.config.as_ref()?;
            Some((place.id.clone(), config.as_str().lines().map(str::trim).collect()))
        };
        self.placed.iter().filter_map(of).collect()
    }

    /// Whether a change control brings what is wanted to each of the wanted devices that it touches, as the build of its
    /// workspace tells. Where that tells nothing, it does not.
    async fn brings(
        &self,
        change: &Change,
        workspaces: &[Workspace],
        wanted: &BTreeMap<DeviceId, BTreeSet<&str>>,
    ) -> bool {
        let Some(workspace) = workspaces.iter().find(|workspace| workspace.changes.contains(&change.id)) else {
            return false;
        };
        let Some(build) = workspace.last_build.clone() else { return false };
        let Ok(details) = self.client.build_details(&workspace.id, &build).await else { return false };
        let report = wire::report(Some(build), None, details, &BTreeMap::new());
        let touched = change.devices.iter().filter(|device| wanted.contains_key(device)).take(MOST_DEVICES);
        for device in touched {
            let found = report.devices.iter().find(|found| found.device == *device);
            let Some(path) = found.and_then(|found| found.diff_path.as_ref()) else { return false };
            let Ok(page) = self.client.page(difference::PAGE, path, Repeat::Never).await else { return false };
            let lines = difference::lines(&page);
            if !wanted.get(device).is_some_and(|wanted| fits(&lines, wanted)) {
                return false;
            }
        }
        true
    }
}

/// Whether what is brought is wanted: something is, every line that is added is wanted, and none that is wanted is taken
/// away without being added elsewhere.
fn fits(lines: &[DiffLine], wanted: &BTreeSet<&str>) -> bool {
    let of = |op: LineOp| lines.iter().filter(move |line| line.op == op).map(|line| line.text.trim());
    let added: BTreeSet<&str> = of(LineOp::Added).filter(|line| !is_idle(line)).collect();
    let is_kept = |line: &str| is_idle(line) || added.contains(line) || !wanted.contains(line);
    let is_something = !added.is_empty() || of(LineOp::Removed).any(|line| !is_idle(line));
    is_something && added.is_subset(wanted) && of(LineOp::Removed).all(is_kept)
}

/// Whether a line means nothing: it is empty, or a comment.
fn is_idle(line: &str) -> bool {
    line.is_empty() || line.starts_with('!')
}

/// Whether a newer one has run on one of its devices: what it was to bring is obsolete, though nobody says so.
fn is_overtaken(change: &Change, all: &[Change]) -> bool {
    let has_run = |other: &&Change| other.state.is_over() && other.start.is_some() && other.id != change.id;
    all.iter().filter(has_run).any(|other| {
        other.created_at > change.created_at && other.devices.iter().any(|device| change.devices.contains(device))
    })
}

/// What is to be known of one.
fn words(change: &Change) -> String {
    let name = &change.name;
    match change.state {
        ChangeState::Pending => format!("{name} is to bring it to devices, and is not approved"),
        ChangeState::Approved => format!("{name} is to bring it to devices, and is approved, not started"),
        ChangeState::Scheduled => {
            let at = change.scheduled_for.map_or_else(String::new, |at| format!(" at {}", at.format("%F %R UTC")));
            format!("{name} is to bring it to devices, and starts by itself{at}")
        }
        ChangeState::Running => format!("{name} brings it to devices now"),
        ChangeState::Completed | ChangeState::Failed | ChangeState::Stopped | ChangeState::Unknown(_) => {
            format!("{name} is to bring it to devices, and is {}", change.state.name())
        }
    }
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
        let wanted: BTreeSet<&str> = ["hostname leaf1", "vlan 7"].into();
        let (added, removed) = (|text| line(LineOp::Added, text), |text| line(LineOp::Removed, text));
        assert!(fits(&[added("   vlan 7"), added("!"), removed("vlan 6")], &wanted));
        assert!(fits(&[removed("hostname leaf1"), added("hostname leaf1")], &wanted));
        assert!(!fits(&[added("vlan 7"), added("ntp server 192.0.2.1")], &wanted), "somebody else's");
        assert!(!fits(&[removed("vlan 7")], &wanted), "the opposite");
        assert!(!fits(&[added("!"), line(LineOp::Same, "vlan 7")], &wanted), "nothing");
    }
}
