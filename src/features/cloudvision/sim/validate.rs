//! What speaks against carrying out a change control now. It is shown, not enforced.

use std::collections::BTreeSet;

use super::state::State;
use crate::features::cloudvision::pb::changecontrol::{
    ChangeControl, ChangeControlStatus, ChangeControlValidationDetail, ChangeControlValidationStatus,
    ChangeControlValidationStatuses, DeviceValidationDetail, DeviceValidationDetails, DeviceValidationFailure,
};

/// Looks at all that were not started: another one may have begun to run, or a newer one may have run.
pub(super) fn all(state: &mut State) {
    if !state.version.has_rebase() {
        return;
    }
    for id in state.changes.ids() {
        let Some(control) = state.changes.get(&id) else { continue };
        if !matches!(control.status(), ChangeControlStatus::NotStarted | ChangeControlStatus::Scheduled) {
            continue;
        }
        let failures = failures(state, control);
        let statuses = Some(ChangeControlValidationStatuses { values: statuses(&failures) });
        let detail = (!failures.is_empty())
            .then_some(ChangeControlValidationDetail { devices: Some(DeviceValidationDetails { values: failures }) });
        if control.validation_statuses != statuses || control.validation_detail != detail {
            let time = state.now();
            state.changes.edit(&id, time, |control| {
                control.validation_statuses = statuses;
                control.validation_detail = detail;
            });
        }
    }
}

/// The devices for which something speaks against it.
fn failures(state: &State, control: &ChangeControl) -> Vec<DeviceValidationDetail> {
    let devices: BTreeSet<&String> = devices(control).collect();
    let mut found = Vec::new();
    for other in state.changes.values().filter(|other| other.key != control.key) {
        let failure = match other.status() {
            ChangeControlStatus::Running => DeviceValidationFailure::ConcurrentExecution,
            ChangeControlStatus::Completed if created(other) > created(control) => {
                DeviceValidationFailure::ConfigOutOfOrder
            }
            ChangeControlStatus::Completed
            | ChangeControlStatus::Scheduled
            | ChangeControlStatus::NotStarted
            | ChangeControlStatus::Unspecified => continue,
        };
        found.extend(self::devices(other).filter(|device| devices.contains(device)).map(|device| {
            DeviceValidationDetail {
                device_id: Some(device.clone()),
                failure_type: failure.into(),
                metadata: other.key.as_ref().and_then(|key| key.id.clone()),
            }
        }));
    }
    found
}

/// The devices of a change control.
fn devices(control: &ChangeControl) -> impl Iterator<Item = &String> {
    control.device_ids.iter().flat_map(|ids| &ids.values)
}

/// When it was made.
fn created(control: &ChangeControl) -> Option<(i64, i32)> {
    control.creation.as_ref().and_then(|creation| creation.time).map(|time| (time.seconds, time.nanos))
}

/// What the failures of devices mean for the whole.
fn statuses(failures: &[DeviceValidationDetail]) -> Vec<i32> {
    let has = |wanted| failures.iter().any(|failure| failure.failure_type() == wanted);
    let mut statuses = Vec::new();
    if has(DeviceValidationFailure::ConfigOutOfOrder) {
        statuses.push(ChangeControlValidationStatus::Obsoleted.into());
    }
    if has(DeviceValidationFailure::ConcurrentExecution) {
        statuses.push(ChangeControlValidationStatus::ConcurrentExecution.into());
    }
    if statuses.is_empty() {
        statuses.push(ChangeControlValidationStatus::Success.into());
    }
    statuses
}
