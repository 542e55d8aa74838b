//! Change controls without their stages, for lists.

use std::collections::BTreeMap;

use tonic::Status;

use super::change::is_approved;
use super::state::State;
use crate::features::cloudvision::pb::changecontrol::{
    ActionSummaries, ActionSummary, ChangeControl, ChangeControlStatus, ChangeControlSummary, Flag, Stage,
};

/// Whether the server knows summaries; older ones do not.
pub(super) fn offered(state: &State) -> Result<(), Status> {
    if state.version.has_rebase() { Ok(()) } else { Err(Status::unimplemented("unknown service")) }
}

/// The summary of one.
pub(super) fn of(control: &ChangeControl) -> ChangeControlSummary {
    let change = control.change.clone().unwrap_or_default();
    let stages: Vec<Stage> = change.stages.map(|stages| stages.values.into_values().collect()).unwrap_or_default();
    let approve = control.approve.as_ref().filter(|_| is_approved(control));
    let start = control.start.as_ref().filter(|start| start.value == Some(true));
    let schedule = control.schedule.as_ref();
    let time = |flag: Option<&Flag>| flag.and_then(|flag| flag.time);
    let user = |flag: Option<&Flag>| flag.and_then(|flag| flag.user.clone());
    let ended = stages.iter().filter_map(|stage| stage.end_time).max_by_key(|time| (time.seconds, time.nanos));
    ChangeControlSummary {
        key: control.key.clone(),
        name: change.name,
        status: control.status,
        device_count: control.device_ids.as_ref().and_then(|ids| u32::try_from(ids.values.len()).ok()),
        action_summaries: Some(ActionSummaries { values: actions(&stages) }),
        created_time: control.creation.as_ref().and_then(|creation| creation.time),
        created_user: control.creation.as_ref().and_then(|creation| creation.user.clone()),
        last_edited_time: change.time,
        last_edited_user: change.user,
        last_approved_time: time(approve),
        last_approved_user: user(approve),
        last_scheduled_time: schedule.and_then(|schedule| schedule.time),
        last_scheduled_user: schedule.and_then(|schedule| schedule.user.clone()),
        start_time: time(start),
        start_user: user(start),
        end_time: ended.filter(|_| control.status() == ChangeControlStatus::Completed),
        error: control.error.clone(),
        approved: Some(is_approved(control)),
        completion_reason: control.completion_reason,
        validation_statuses: control.validation_statuses.clone(),
    }
}

/// How often each action occurs.
fn actions(stages: &[Stage]) -> Vec<ActionSummary> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for name in stages.iter().filter_map(|stage| stage.action.as_ref()?.name.as_deref()) {
        *counts.entry(name).or_default() += 1;
    }
    let summary = |(name, count): (&str, u32)| ActionSummary {
        id: Some(name.to_owned()),
        name: Some(name.to_owned()),
        count: Some(count),
    };
    counts.into_iter().map(summary).collect()
}
