//! Change controls.

use prost_types::Timestamp;

use super::{line, said, text, time};
use crate::features::cloudvision::client::change::argument;
use crate::features::cloudvision::model::{
    Approval, Change, ChangeCheck, ChangeId, ChangeState, DeviceId, Stage, StageState, Step, Version,
};
use crate::features::cloudvision::pb::changecontrol as pb;

/// The arguments that name the device of an action.
const DEVICE: [&str; 2] = ["DeviceID", "device_id"];

/// A change control that has an id.
pub(crate) fn change(control: pb::ChangeControl) -> Option<Change> {
    let state = state(&control);
    let id = ChangeId::new(control.key?.id.filter(|id| !id.is_empty())?);
    let content = control.change.unwrap_or_default();
    let creation = control.creation.unwrap_or_default();
    Some(Change {
        id,
        name: line(content.name),
        notes: text(content.notes),
        state,
        version: content.time.map(|Timestamp { seconds, nanos }| Version { seconds, nanos }),
        created_by: line(creation.user),
        created_at: time(creation.time),
        edited_by: line(content.user),
        approval: control.approve.and_then(approval),
        start: control.start.and_then(approval),
        scheduled_for: control.schedule.and_then(|schedule| time(schedule.value)),
        error: said(control.error),
        devices: control.device_ids.unwrap_or_default().values.into_iter().map(DeviceId::new).collect(),
        root: content.root_stage_id.unwrap_or_default(),
        stages: content.stages.unwrap_or_default().values.into_iter().map(|(id, it)| (id, stage(it))).collect(),
        checks: control.validation_statuses.unwrap_or_default().values.into_iter().filter_map(check).collect(),
    })
}

/// Where it stands. `COMPLETED` covers every end, so that its reason and its error are asked as well.
fn state(control: &pb::ChangeControl) -> ChangeState {
    use pb::{ChangeControlStatus as Status, CompletionReason as Reason};
    let is_set = |flag: Option<&pb::Flag>| flag.and_then(|flag| flag.value).unwrap_or_default();
    let has_failed = control.error.as_deref().is_some_and(|error| !error.is_empty());
    match Status::try_from(control.status) {
        Ok(Status::Running) => ChangeState::Running,
        Ok(Status::Completed) => match control.completion_reason() {
            Reason::Stopped => ChangeState::Stopped,
            Reason::Failed => ChangeState::Failed,
            Reason::Unspecified | Reason::Success if has_failed => ChangeState::Failed,
            Reason::Unspecified | Reason::Success => ChangeState::Completed,
        },
        Ok(Status::Scheduled) => ChangeState::Scheduled,
        Ok(Status::NotStarted | Status::Unspecified) if has_failed => ChangeState::Failed,
        Ok(Status::NotStarted | Status::Unspecified) if is_set(control.approve.as_ref()) => ChangeState::Approved,
        Ok(Status::NotStarted | Status::Unspecified) => ChangeState::Pending,
        Err(_) => ChangeState::Unknown(control.status),
    }
}

/// A flag that is set.
fn approval(flag: pb::Flag) -> Option<Approval> {
    flag.value?.then(|| Approval { by: line(flag.user), at: time(flag.time), notes: text(flag.notes) })
}

/// A stage.
fn stage(told: pb::Stage) -> Stage {
    let error = said(told.error.clone());
    let state = match told.status() {
        _ if error.is_some() => StageState::Failed,
        pb::StageStatus::Running => StageState::Running,
        pb::StageStatus::Completed => StageState::Completed,
        pb::StageStatus::NotStarted | pb::StageStatus::Unspecified => StageState::Planned,
    };
    let action = told.action.unwrap_or_default();
    let mut steps: Vec<_> = told.steps.unwrap_or_default().values.into_iter().collect();
    steps.sort_by(|(one, _), (other, _)| one.cmp(other));
    Stage {
        name: line(told.name),
        device: argument(action.args.as_ref(), &DEVICE).map(DeviceId::new),
        action: said(action.name),
        rows: told.rows.unwrap_or_default().values.into_iter().map(|row| row.values).collect(),
        state,
        error,
        started: time(told.start_time),
        ended: time(told.end_time),
        steps: steps.into_iter().map(|(_, it)| step(it)).collect(),
    }
}

/// A step.
fn step(step: pb::StepInfo) -> Step {
    let state = match step.status() {
        pb::StepStatus::Running => StageState::Running,
        pb::StepStatus::Finished | pb::StepStatus::Skipped => StageState::Completed,
        pb::StepStatus::Failed => StageState::Failed,
        pb::StepStatus::NotStarted | pb::StepStatus::Unspecified => StageState::Planned,
    };
    Step { name: line(step.name), state, message: said(step.error).unwrap_or_else(|| line(step.message)) }
}

/// What a check found; nothing where it is fine.
fn check(number: i32) -> Option<ChangeCheck> {
    use pb::ChangeControlValidationStatus as Status;
    match Status::try_from(number) {
        Ok(Status::Unspecified | Status::Success) => None,
        Ok(Status::Obsoleted) => Some(ChangeCheck::Obsoleted),
        Ok(Status::ConcurrentExecution) => Some(ChangeCheck::ConcurrentExecution),
        Err(_) => Some(ChangeCheck::Unknown(number)),
    }
}
