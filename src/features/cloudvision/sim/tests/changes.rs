//! Change controls: versions, approval, running, stopping, schedules.

use prost_types::Timestamp;

use super::*;
use crate::clock;
use crate::features::cloudvision::pb::changecontrol::approve_config_service_client::ApproveConfigServiceClient;
use crate::features::cloudvision::pb::changecontrol::change_control_config_service_client::ChangeControlConfigServiceClient;
use crate::features::cloudvision::pb::changecontrol::change_control_summary_service_client::ChangeControlSummaryServiceClient;
use crate::features::cloudvision::pb::changecontrol::{
    ApproveConfig, ApproveConfigSetRequest, ChangeConfig, ChangeControlConfig, ChangeControlConfigDeleteRequest,
    ChangeControlConfigSetRequest, ChangeControlKey, ChangeControlStatus, ChangeControlSummaryStreamRequest,
    ChangeControlValidationStatus, CompletionReason, Filter, FlagConfig, RepeatedRepeatedString, StageConfig,
    StageConfigMap, StageStatus, StepInfo, StepStatus, TimestampFlagConfig,
};
use crate::features::cloudvision::sim::{Fate, Step};

/// A change control's key.
fn key(id: &str) -> ChangeControlKey {
    ChangeControlKey { id: Some(id.to_owned()) }
}

/// Writes to a change control.
async fn write(desk: &Desk, value: ChangeControlConfig) -> Result<(), Status> {
    let mut client = ChangeControlConfigServiceClient::new(desk.channel.clone());
    client.set(ChangeControlConfigSetRequest { value: Some(value) }).await.map(drop)
}

/// Sets or takes back an approval of a version.
async fn flag(desk: &Desk, id: &str, value: bool, version: Option<Timestamp>) -> Result<(), Status> {
    let approve = Some(FlagConfig { value: Some(value), notes: Some("looks good".to_owned()) });
    let value = ApproveConfig { key: Some(key(id)), approve, version, override_reason: 0 };
    let mut client = ApproveConfigServiceClient::new(desk.channel.clone());
    client.set(ApproveConfigSetRequest { value: Some(value) }).await.map(drop)
}

/// The version of a change control that is there now.
async fn version(desk: &Desk, id: &str) -> Timestamp {
    desk.change_until(id, |_| true).await.change.unwrap().time.unwrap()
}

/// Approves what is there now.
pub(super) async fn approve(desk: &Desk, id: &str) {
    let version = version(desk, id).await;
    flag(desk, id, true, Some(version)).await.unwrap();
}

/// Starts a change control.
pub(super) async fn start(desk: &Desk, id: &str) {
    set_start(desk, id, true).await.unwrap();
}

/// Starts or stops a change control.
async fn set_start(desk: &Desk, id: &str, value: bool) -> Result<(), Status> {
    let start = Some(FlagConfig { value: Some(value), notes: None });
    write(desk, ChangeControlConfig { key: Some(key(id)), start, ..Default::default() }).await
}

/// Whether it is over, however.
pub(super) fn is_completed(control: &ChangeControl) -> bool {
    control.status() == ChangeControlStatus::Completed
}

/// Whether it runs.
fn is_running(control: &ChangeControl) -> bool {
    control.status() == ChangeControlStatus::Running
}

/// Gives it a name.
async fn rename(desk: &Desk, id: &str, name: &str) -> Result<(), Status> {
    let change = Some(ChangeConfig { name: Some(name.to_owned()), ..Default::default() });
    write(desk, ChangeControlConfig { key: Some(key(id)), change, ..Default::default() }).await
}

#[tokio::test]
async fn an_approval_names_the_version_to_the_nanosecond() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    let version = version(&desk, &id).await;
    let rounded = Timestamp { nanos: version.nanos ^ 1, ..version };
    assert!(refused(flag(&desk, &id, true, Some(rounded)).await, Code::FailedPrecondition).contains("stale"));
    refused(flag(&desk, &id, true, None).await, Code::InvalidArgument);
    flag(&desk, &id, true, Some(version)).await.unwrap();
    let control = desk.change_until(&id, |_| true).await;
    let approve = control.approve.unwrap();
    assert_eq!((approve.value, approve.notes.as_deref()), (Some(true), Some("looks good")));
    // Approving is no edit.
    assert_eq!(control.change.unwrap().time, Some(version));
}

#[tokio::test]
async fn an_edit_moves_the_version_and_its_approval_no_longer_counts() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    let old = version(&desk, &id).await;
    approve(&desk, &id).await;
    rename(&desk, &id, "NET-1").await.unwrap();
    let control = desk.change_until(&id, |_| true).await;
    assert_eq!(control.change.as_ref().unwrap().name.as_deref(), Some("NET-1"));
    assert_ne!(control.change.unwrap().time, Some(old));
    assert_eq!(control.approve.unwrap().value, Some(false));
    refused(set_start(&desk, &id, true).await, Code::FailedPrecondition);
    refused(flag(&desk, &id, true, Some(old)).await, Code::FailedPrecondition);
}

#[tokio::test]
async fn it_starts_only_when_approved_and_then_configures_the_device() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    refused(set_start(&desk, &id, true).await, Code::FailedPrecondition);
    approve(&desk, &id).await;
    flag(&desk, &id, false, None).await.unwrap();
    refused(set_start(&desk, &id, true).await, Code::FailedPrecondition);
    approve(&desk, &id).await;
    start(&desk, &id).await;
    let control = desk.change_until(&id, is_completed).await;
    assert_eq!((control.completion_reason(), control.error), (CompletionReason::Success, None));
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("one\n"));
    refused(set_start(&desk, &id, true).await, Code::FailedPrecondition);
    refused(rename(&desk, &id, "late").await, Code::FailedPrecondition);
}

#[tokio::test]
async fn a_stage_is_seen_running_step_by_step() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    approve(&desk, &id).await;
    let mut stream = desk.changes().await;
    while next(&mut stream).await.unwrap().r#type() != Operation::InitialSyncComplete {}
    start(&desk, &id).await;
    let mut seen = Vec::new();
    loop {
        let control = next(&mut stream).await.unwrap().value.unwrap();
        let stages = control.change.clone().unwrap().stages.unwrap().values;
        let leaf = stages.values().find(|stage| stage.action.is_some()).unwrap();
        let root = stages.values().find(|stage| stage.action.is_none()).unwrap();
        let steps = leaf.steps.clone().unwrap_or_default().values;
        let step = |name: &str| steps.get(name).map(StepInfo::status);
        seen.push((root.status(), leaf.status(), step("1"), step("2")));
        if is_completed(&control) {
            break;
        }
    }
    seen.dedup();
    let expected = [
        (StageStatus::NotStarted, StageStatus::NotStarted, None, None),
        (StageStatus::Running, StageStatus::Running, Some(StepStatus::Running), Some(StepStatus::NotStarted)),
        (StageStatus::Running, StageStatus::Running, Some(StepStatus::Finished), Some(StepStatus::Running)),
        (StageStatus::Completed, StageStatus::Completed, Some(StepStatus::Finished), Some(StepStatus::Finished)),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_failed_stage_ends_it_completed_with_an_error_and_later_rows_do_not_run() {
    let desk = Desk::of(2).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    in_series(&desk, &id).await;
    desk.sim.fail_stage(LEAF1, "% Invalid input");
    approve(&desk, &id).await;
    start(&desk, &id).await;
    let control = desk.change_until(&id, is_completed).await;
    assert_eq!(control.completion_reason(), CompletionReason::Failed);
    assert_eq!(control.error.as_deref(), Some("Configure leaf1: % Invalid input"));
    assert_eq!((desk.sim.running(LEAF1), desk.sim.running(LEAF2)), (None, None));
}

/// Has the stages of two devices run one after the other.
async fn in_series(desk: &Desk, id: &str) {
    let control = desk.change_until(id, |_| true).await;
    let root = control.change.unwrap().root_stage_id.unwrap();
    let stages = control.device_id_to_stage_ids.unwrap().values;
    let rows = vec![stages[LEAF1].clone(), stages[LEAF2].clone()];
    let stage = StageConfig { rows: Some(RepeatedRepeatedString { values: rows }), ..Default::default() };
    let stages = Some(StageConfigMap { values: [(root, stage)].into() });
    let change = Some(ChangeConfig { stages, ..Default::default() });
    write(desk, ChangeControlConfig { key: Some(key(id)), change, ..Default::default() }).await.unwrap();
}

#[tokio::test]
async fn one_that_is_stopped_leaves_what_it_did_and_does_no_more() {
    let desk = Desk::of(2).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    approve(&desk, &id).await;
    refused(set_start(&desk, &id, false).await, Code::FailedPrecondition);
    desk.sim.hold(Step::Stage);
    start(&desk, &id).await;
    desk.change_until(&id, is_running).await;
    // To start it again is no error, and no second run.
    start(&desk, &id).await;
    let mut client = ChangeControlConfigServiceClient::new(desk.channel.clone());
    refused(client.delete(ChangeControlConfigDeleteRequest { key: Some(key(&id)) }).await, Code::FailedPrecondition);
    set_start(&desk, &id, false).await.unwrap();
    let control = desk.change_until(&id, is_completed).await;
    assert_eq!(control.completion_reason(), CompletionReason::Stopped);
    desk.sim.release(Step::Stage);
    assert_eq!((desk.sim.running(LEAF1), desk.sim.running(LEAF2)), (None, None));
}

#[tokio::test]
async fn a_schedule_needs_an_approval_and_a_time_ahead_and_starts_by_itself() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    let schedule = |seconds: i64, nanos: i64| {
        let at = clock::now() + chrono::TimeDelta::seconds(seconds) + chrono::TimeDelta::nanoseconds(nanos);
        let value = Timestamp { seconds: at.timestamp(), nanos: at.timestamp_subsec_nanos().try_into().unwrap() };
        let schedule = Some(TimestampFlagConfig { value: Some(value), notes: None });
        ChangeControlConfig { key: Some(key(&id)), schedule, ..Default::default() }
    };
    refused(write(&desk, schedule(3600, 0)).await, Code::FailedPrecondition);
    approve(&desk, &id).await;
    refused(write(&desk, schedule(-10, 0)).await, Code::InvalidArgument);
    write(&desk, schedule(3600, 0)).await.unwrap();
    let control = desk.change_until(&id, |_| true).await;
    assert_eq!(control.status(), ChangeControlStatus::Scheduled);
    let off = Some(TimestampFlagConfig { value: None, notes: None });
    write(&desk, ChangeControlConfig { key: Some(key(&id)), schedule: off, ..Default::default() }).await.unwrap();
    assert_eq!(desk.change_until(&id, |_| true).await.status(), ChangeControlStatus::NotStarted);
    write(&desk, schedule(0, 200_000_000)).await.unwrap();
    desk.change_until(&id, is_completed).await;
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("one\n"));
}

#[tokio::test]
async fn one_that_is_deleted_is_told_to_those_who_watch() {
    let desk = Desk::of(1).await;
    let id = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    let mut stream = desk.changes().await;
    while next(&mut stream).await.unwrap().r#type() != Operation::InitialSyncComplete {}
    let mut client = ChangeControlConfigServiceClient::new(desk.channel.clone());
    client.delete(ChangeControlConfigDeleteRequest { key: Some(key(&id)) }).await.unwrap();
    let message = next(&mut stream).await.unwrap();
    assert_eq!((message.r#type(), message.value.unwrap().key), (Operation::Deleted, Some(key(&id))));
    refused(client.delete(ChangeControlConfigDeleteRequest { key: Some(key(&id)) }).await, Code::NotFound);
}

#[tokio::test]
async fn one_is_obsoleted_by_a_newer_one_that_ran_and_concurrent_to_one_that_runs() {
    let desk = Desk::of(1).await;
    let old = desk.deploy("one", &[(LEAF1, "one\n")]).await;
    let new = desk.deploy("two", &[(LEAF1, "two\n")]).await;
    approve(&desk, &new).await;
    desk.sim.hold(Step::Stage);
    start(&desk, &new).await;
    let says = |control: &ChangeControl, status: ChangeControlValidationStatus| {
        control.validation_statuses.as_ref().is_some_and(|all| all.values.contains(&status.into()))
    };
    let concurrent = ChangeControlValidationStatus::ConcurrentExecution;
    desk.change_until(&old, |control| says(control, concurrent)).await;
    desk.sim.release(Step::Stage);
    desk.change_until(&new, is_completed).await;
    let obsoleted = ChangeControlValidationStatus::Obsoleted;
    let control = desk.change_until(&old, |control| says(control, obsoleted)).await;
    let detail = control.validation_detail.unwrap().devices.unwrap().values;
    assert_eq!((detail.len(), detail[0].device_id.as_deref()), (1, Some(LEAF1)));
}

#[tokio::test]
async fn lists_can_be_asked_for_by_device() {
    let desk = Desk::of(2).await;
    let one = desk.deploy("one", &[(LEAF1, "one\n")]).await;
    desk.deploy("two", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    let by_device = |device: &str| Some(Filter { device_ids: Some(list(&[device])) });
    let mut client = ChangeControlServiceClient::new(desk.channel.clone());
    let request = ChangeControlStreamRequest { filter: by_device(LEAF1), ..Default::default() };
    let found = collect(client.get_all(request).await.unwrap().into_inner()).await;
    assert_eq!((found.len(), found[0].value.clone().unwrap().key), (1, Some(key(&one))));
    let mut client = ChangeControlSummaryServiceClient::new(desk.channel.clone());
    let request = ChangeControlSummaryStreamRequest { filter: by_device(LEAF2), ..Default::default() };
    let found = collect(client.get_all(request).await.unwrap().into_inner()).await;
    let summary = found[0].value.clone().unwrap();
    assert_eq!((found.len(), summary.device_count, summary.approved), (1, Some(1), Some(false)));
    let action = &summary.action_summaries.unwrap().values[0];
    assert_eq!((action.name.as_deref(), action.count), (Some("task"), Some(1)));
}

#[tokio::test]
async fn servers_before_the_summaries_do_not_know_them() {
    let desk = Desk::with(Setup { version: "2025.1.0".to_owned(), ..Setup::new(Fabric::of_leaves(1)) }).await;
    let mut client = ChangeControlSummaryServiceClient::new(desk.channel.clone());
    refused(client.get_all(ChangeControlSummaryStreamRequest::default()).await, Code::Unimplemented);
}

#[tokio::test]
async fn the_demo_has_change_controls_in_every_state() {
    let desk = Desk::with(Setup::new(Fabric::demo().unwrap())).await;
    let mut client = ChangeControlServiceClient::new(desk.channel.clone());
    let found = collect(client.get_all(ChangeControlStreamRequest::default()).await.unwrap().into_inner()).await;
    let mut states: Vec<_> = found
        .into_iter()
        .map(|message| {
            let control = message.value.unwrap();
            let approved = control.approve.as_ref().is_some_and(|approve| approve.value == Some(true));
            (control.status(), control.completion_reason() as i32, approved, control.error.is_some())
        })
        .collect();
    states.sort();
    let expected = [
        (ChangeControlStatus::Running, 0, true, false),
        (ChangeControlStatus::Completed, 1, true, false),
        (ChangeControlStatus::Completed, 2, true, true),
        (ChangeControlStatus::Completed, 3, true, false),
        (ChangeControlStatus::Scheduled, 0, true, false),
        (ChangeControlStatus::NotStarted, 0, false, false),
        (ChangeControlStatus::NotStarted, 0, true, false),
    ];
    assert_eq!(states, expected);
    assert_eq!(Fabric::demo().unwrap().change.last().unwrap().state, Fate::Running);
}
