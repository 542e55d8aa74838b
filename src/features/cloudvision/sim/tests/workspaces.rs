//! Workspaces: states as they are streamed, builds, and what is refused.

use super::*;
use crate::features::cloudvision::pb::configstatus::ConfigSyncCode;
use crate::features::cloudvision::pb::workspace::workspace_build_details_service_client::WorkspaceBuildDetailsServiceClient;
use crate::features::cloudvision::pb::workspace::workspace_build_service_client::WorkspaceBuildServiceClient;
use crate::features::cloudvision::pb::workspace::workspace_sync_config_service_client::WorkspaceSyncConfigServiceClient;
use crate::features::cloudvision::pb::workspace::{
    BuildStage, BuildState, ConfigSyncSkipCause, ConfigValidationSkipCause, SyncOperation, WorkspaceBuild,
    WorkspaceBuildDetails, WorkspaceBuildDetailsKey, WorkspaceBuildDetailsStreamRequest, WorkspaceBuildKey,
    WorkspaceBuildRequest, WorkspaceConfigDeleteRequest, WorkspaceRequest, WorkspaceSyncConfig,
    WorkspaceSyncConfigSetRequest, WorkspaceSyncKey,
};
use crate::features::cloudvision::sim::{Finding, Found, Step};

/// The details of a workspace's last build.
async fn details(desk: &Desk, workspace: &Workspace) -> Vec<WorkspaceBuildDetails> {
    let id = workspace.key.as_ref().unwrap().workspace_id.clone();
    let key = WorkspaceBuildDetailsKey { workspace_id: id, build_id: workspace.last_build_id.clone(), device_id: None };
    let filter = WorkspaceBuildDetails { key: Some(key), ..Default::default() };
    let mut client = WorkspaceBuildDetailsServiceClient::new(desk.channel.clone());
    let request = WorkspaceBuildDetailsStreamRequest { partial_eq_filter: vec![filter] };
    let stream = client.get_all(request).await.unwrap().into_inner();
    collect(stream).await.into_iter().map(|message| message.value.unwrap()).collect()
}

/// A workspace's last build.
async fn build(desk: &Desk, workspace: &Workspace) -> WorkspaceBuild {
    let id = workspace.key.as_ref().unwrap().workspace_id.clone();
    let key = WorkspaceBuildKey { workspace_id: id, build_id: workspace.last_build_id.clone() };
    let mut client = WorkspaceBuildServiceClient::new(desk.channel.clone());
    client.get_one(WorkspaceBuildRequest { key: Some(key) }).await.unwrap().into_inner().value.unwrap()
}

#[tokio::test]
async fn a_workspace_becomes_pending_after_it_was_made_and_takes_no_write_before() {
    let desk = Desk::of(1).await;
    desk.sim.hold(Step::Create);
    desk.write(named("ws")).await.unwrap();
    let refused = desk.configlets("ws", &[("a", "body\n")]).await;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].1.contains("not pending"), "{refused:?}");
    desk.sim.release(Step::Create);
    desk.until("ws", |workspace| workspace.state() == WorkspaceState::Pending).await;
    assert_eq!(desk.configlets("ws", &[("a", "body\n")]).await, []);
}

#[tokio::test]
async fn a_workspace_that_does_not_exist_is_not_found() {
    let desk = Desk::of(1).await;
    let mut client = WorkspaceServiceClient::new(desk.channel.clone());
    refused(client.get_one(WorkspaceRequest { key: named("ws").key }).await, Code::NotFound);
    refused(desk.request("ws", Wanted::StartBuild, "req").await, Code::NotFound);
    assert!(desk.configlets("ws", &[("a", "")]).await[0].1.contains("does not exist"));
}

#[tokio::test]
async fn only_devices_that_there_are_can_be_brought_what_is_in_force_and_only_by_an_open_workspace() {
    let desk = Desk::of(1).await;
    let mut client = WorkspaceSyncConfigServiceClient::new(desk.channel.clone());
    let mut sync = async |workspace: &str, device: &str, operation: SyncOperation| {
        let key = WorkspaceSyncKey { workspace_id: Some(workspace.to_owned()), sync_operation: operation.into() };
        let device_ids = Some(RepeatedString { values: vec![device.to_owned()] });
        let value = Some(WorkspaceSyncConfig { key: Some(key), device_ids });
        client.set(WorkspaceSyncConfigSetRequest { value }).await
    };
    refused(sync("ws", "SIM00000001", SyncOperation::Config).await, Code::NotFound);
    desk.workspace("ws").await;
    refused(sync("ws", "SIM00000009", SyncOperation::Config).await, Code::InvalidArgument);
    refused(sync("ws", "SIM00000001", SyncOperation::Unspecified).await, Code::InvalidArgument);
    sync("ws", "SIM00000001", SyncOperation::Config).await.unwrap();
    desk.until("ws", |workspace| workspace.needs_build == Some(true)).await;
}

#[tokio::test]
async fn the_mainline_takes_no_write() {
    let desk = Desk::of(1).await;
    assert!(desk.configlets("", &[("a", "")]).await[0].1.contains("through workspaces"));
    refused(desk.inputs("", "TOPOLOGY", &[], "{}").await, Code::PermissionDenied);
}

#[tokio::test]
async fn a_build_is_seen_stage_by_stage_and_answers_only_in_the_end() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "hostname leaf1\n")]).await;
    let mut client = WorkspaceBuildDetailsServiceClient::new(desk.channel.clone());
    let mut stream = client.subscribe(WorkspaceBuildDetailsStreamRequest::default()).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await.unwrap().r#type(), Operation::InitialSyncComplete);
    desk.sim.hold(Step::Build);
    desk.request("ws", Wanted::StartBuild, "req").await.unwrap();
    let in_progress = desk.until("ws", |workspace| workspace.responses.is_some()).await;
    let response = &in_progress.responses.as_ref().unwrap().values["req"];
    assert_eq!(response.status(), ResponseStatus::InProgress);
    assert_eq!((response.request_type(), response.end_time), (Wanted::StartBuild, None));
    assert_eq!(build(&desk, &in_progress).await.state(), BuildState::InProgress);
    desk.sim.release(Step::Build);
    let mut seen = Vec::new();
    loop {
        let value = next(&mut stream).await.unwrap().value.unwrap();
        seen.push((value.stage(), value.state()));
        if value.state() != BuildState::InProgress {
            break;
        }
    }
    let stages = [
        BuildStage::InputValidation,
        BuildStage::ConfigletBuild,
        BuildStage::ConfigValidation,
        BuildStage::ImageValidation,
    ];
    let mut expected: Vec<_> = stages.into_iter().map(|stage| (stage, BuildState::InProgress)).collect();
    expected.push((BuildStage::ImageValidation, BuildState::Success));
    assert_eq!(seen, expected);
    let (response, workspace) = desk.answered("ws", "req").await;
    assert_eq!((response.status(), workspace.needs_build), (ResponseStatus::Success, Some(false)));
    assert!(response.end_time.is_some());
    assert_eq!(build(&desk, &workspace).await.state(), BuildState::Success);
}

#[tokio::test]
async fn servers_before_the_rebase_say_nothing_until_a_request_is_over() {
    let desk = Desk::with(Setup { version: "2025.3.1".to_owned(), ..Setup::new(Fabric::of_leaves(1)) }).await;
    desk.workspace("ws").await;
    desk.sim.hold(Step::Build);
    desk.request("ws", Wanted::StartBuild, "req").await.unwrap();
    let building = desk.until("ws", |workspace| workspace.last_build_id.is_some()).await;
    assert_eq!(building.responses, None);
    desk.sim.release(Step::Build);
    let (response, _) = desk.answered("ws", "req").await;
    assert_eq!((response.status(), response.request_type()), (ResponseStatus::Success, Wanted::Unspecified));
    refused(desk.request("ws", Wanted::Rebase, "rebase").await, Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_being_built_takes_no_write_and_no_second_request() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.sim.hold(Step::Build);
    desk.request("ws", Wanted::StartBuild, "req").await.unwrap();
    assert!(desk.configlets("ws", &[("a", "")]).await[0].1.contains("REQUEST_START_BUILD"));
    refused(desk.request("ws", Wanted::Submit, "other").await, Code::FailedPrecondition);
    // The same request again is the same request.
    desk.request("ws", Wanted::StartBuild, "req").await.unwrap();
    desk.sim.release(Step::Build);
    desk.answered("ws", "req").await;
    assert_eq!(desk.configlets("ws", &[("a", "")]).await, []);
}

#[tokio::test]
async fn a_request_that_was_answered_is_not_done_again() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let (_, first) = desk.ask("ws", Wanted::StartBuild).await;
    let (_, again) = desk.ask("ws", Wanted::StartBuild).await;
    assert_eq!(again.last_build_id, first.last_build_id);
    refused(desk.request("ws", Wanted::StartBuild, "").await, Code::InvalidArgument);
}

#[tokio::test]
async fn a_write_after_a_build_asks_for_another_one() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let (_, built) = desk.ask("ws", Wanted::StartBuild).await;
    assert_eq!(built.needs_build, Some(false));
    desk.configlets("ws", &[("a", "")]).await;
    let (response, workspace) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!((response.status(), workspace.needs_build), (ResponseStatus::Fail, Some(true)));
    assert!(response.message.unwrap().contains("has to be built"));
    assert_eq!(workspace.state(), WorkspaceState::Pending);
}

#[tokio::test]
async fn a_failed_build_names_device_configlet_and_line() {
    let desk = Desk::of(2).await;
    let error = Found::Error { configlet: format!("avd-{LEAF1}"), line: 17, message: "% Invalid input".to_owned() };
    desk.sim.find(Finding { device: LEAF1.to_owned(), what: error });
    let warning = Found::Warning { configlet: format!("avd-{LEAF2}"), line: 3, message: "! portfast".to_owned() };
    desk.sim.find(Finding { device: LEAF2.to_owned(), what: warning });
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    let (response, workspace) = desk.ask("ws", Wanted::StartBuild).await;
    assert_eq!((response.status(), workspace.needs_build), (ResponseStatus::Fail, Some(true)));
    assert_eq!(response.message.as_deref(), Some("validation failed for leaf1"));
    let [one, two] = details(&desk, &workspace).await.try_into().unwrap();
    assert_eq!((one.state(), one.stage()), (BuildState::Fail, BuildStage::ConfigValidation));
    let result = one.config_validation_result.unwrap();
    let error = &result.errors.unwrap().values[0];
    assert_eq!((error.line_num, error.error_msg.as_deref()), (Some(17), Some("% Invalid input")));
    assert_eq!(error.configlet_name.as_deref(), Some("avd-SIM00000001"));
    assert_eq!(result.summary.unwrap().designed_config_errors, Some(1));
    assert_eq!(two.state(), BuildState::Success);
    assert_eq!(two.config_validation_result.unwrap().warnings.unwrap().values[0].line_num, Some(3));
    // It stays to be looked at, and is not submitted.
    assert_eq!(desk.ask("ws", Wanted::Submit).await.0.status(), ResponseStatus::Fail);
    assert_eq!(workspace.state(), WorkspaceState::Pending);
}

#[tokio::test]
async fn errors_of_inputs_templates_and_images_are_where_the_wire_has_them() {
    let desk = Desk::of(3).await;
    let message = "wrong".to_owned();
    let path = vec!["devices".to_owned(), "0".to_owned()];
    let studio = "TOPOLOGY".to_owned();
    let found = [
        Found::Input { studio: studio.clone(), path, message: message.clone() },
        Found::Template { studio, line: 5, message: message.clone() },
        Found::Image { message },
    ];
    let devices = [LEAF1, LEAF2, "SIM00000003"];
    for (device, what) in devices.iter().zip(found) {
        desk.sim.find(Finding { device: (*device).to_owned(), what });
    }
    desk.workspace("ws").await;
    desk.layout("ws", &devices.map(|device| (device, "body\n"))).await;
    let (_, workspace) = desk.ask("ws", Wanted::StartBuild).await;
    let [input, template, image] = details(&desk, &workspace).await.try_into().unwrap();
    let results = input.input_validation_results.unwrap().values;
    assert_eq!(results["TOPOLOGY"].input_value_errors.as_ref().unwrap().values[0].path, Some(list(&["devices", "0"])));
    let results = template.configlet_build_results.unwrap().values;
    assert_eq!(results["TOPOLOGY"].template_errors.as_ref().unwrap().values[0].line_num, Some(5));
    assert!(image.image_validation_result.unwrap().errors.is_some());
    let whole = build(&desk, &workspace).await;
    assert_eq!(whole.state(), BuildState::Fail);
    assert!(whole.studio_build_details.unwrap().input_validation_results.unwrap().values.contains_key("TOPOLOGY"));
}

#[tokio::test]
async fn a_device_that_does_not_stream_or_does_not_change_is_skipped_and_says_why() {
    let desk = Desk::of(2).await;
    desk.deploy("first", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    desk.sim.set_streaming(LEAF2, false);
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n"), (LEAF2, "changed\n")]).await;
    let (response, workspace) = desk.ask("ws", Wanted::StartBuild).await;
    assert_eq!(response.status(), ResponseStatus::Success);
    let [same, silent] = details(&desk, &workspace).await.try_into().unwrap();
    assert_eq!(same.config_validation_skip_cause(), ConfigValidationSkipCause::ConfigUnchanged);
    assert_eq!(silent.config_validation_skip_cause(), ConfigValidationSkipCause::Inactive);
    assert_eq!((same.state(), silent.state()), (BuildState::Skipped, BuildState::Skipped));
}

#[tokio::test]
async fn a_build_compares_what_is_to_be_brought_again_with_what_runs() {
    let desk = Desk::of(3).await;
    let devices = [LEAF1, LEAF2, "SIM00000003"];
    desk.deploy("first", &devices.map(|device| (device, "one\n"))).await;
    desk.sim.set_running(LEAF1, "one\n");
    desk.sim.set_streaming("SIM00000003", false);
    desk.workspace("ws").await;
    let key = WorkspaceSyncKey { workspace_id: Some("ws".to_owned()), sync_operation: SyncOperation::Config.into() };
    let value = Some(WorkspaceSyncConfig { key: Some(key), device_ids: Some(list(&devices)) });
    let mut client = WorkspaceSyncConfigServiceClient::new(desk.channel.clone());
    client.set(WorkspaceSyncConfigSetRequest { value }).await.unwrap();
    let (_, workspace) = desk.ask("ws", Wanted::StartBuild).await;
    let [runs, lacks, silent] = details(&desk, &workspace).await.try_into().unwrap();
    assert_eq!(runs.config_sync_skip_cause(), ConfigSyncSkipCause::InCompliance);
    assert_eq!(
        (lacks.config_sync_skip_cause(), lacks.state()),
        (ConfigSyncSkipCause::Unspecified, BuildState::Success)
    );
    assert!(runs.config_sync_result.is_none() && silent.config_sync_result.is_none());
    assert_eq!(lacks.config_sync_result.unwrap().summary.unwrap().sync(), ConfigSyncCode::OutOfSync);
    assert_eq!(silent.config_sync_skip_cause(), ConfigSyncSkipCause::Inactive);
}

#[tokio::test]
async fn a_build_can_be_canceled() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n")]).await;
    desk.sim.hold(Step::Build);
    desk.request("ws", Wanted::StartBuild, "build").await.unwrap();
    let (response, _) = desk.ask("ws", Wanted::CancelBuild).await;
    assert_eq!(response.status(), ResponseStatus::Success);
    let (response, workspace) = desk.answered("ws", "build").await;
    assert_eq!((response.status(), workspace.needs_build), (ResponseStatus::Fail, Some(true)));
    assert_eq!(build(&desk, &workspace).await.state(), BuildState::Canceled);
    assert_eq!(details(&desk, &workspace).await[0].state(), BuildState::Canceled);
    desk.sim.release(Step::Build);
    assert_eq!(desk.configlets("ws", &[("a", "")]).await, []);
}

#[tokio::test]
async fn an_abandoned_workspace_takes_nothing_any_more() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let (response, workspace) = desk.ask("ws", Wanted::Abandon).await;
    assert_eq!((response.status(), workspace.state()), (ResponseStatus::Success, WorkspaceState::Abandoned));
    assert!(desk.configlets("ws", &[("a", "")]).await[0].1.contains("abandoned"));
    refused(desk.request("ws", Wanted::StartBuild, "late").await, Code::FailedPrecondition);
}

#[tokio::test]
async fn a_workspace_can_be_abandoned_while_it_is_built() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.sim.hold(Step::Build);
    desk.request("ws", Wanted::StartBuild, "build").await.unwrap();
    assert_eq!(desk.ask("ws", Wanted::Abandon).await.1.state(), WorkspaceState::Abandoned);
    assert_eq!(desk.answered("ws", "build").await.0.status(), ResponseStatus::Fail);
}

#[tokio::test]
async fn a_deleted_workspace_is_gone_for_those_who_watch_and_the_mainline_stays() {
    let desk = Desk::of(1).await;
    let change = desk.deploy("ws", &[(LEAF1, "one\n")]).await;
    let mut stream = desk.follow("ws").await;
    while next(&mut stream).await.unwrap().r#type() != Operation::InitialSyncComplete {}
    let mut client = WorkspaceConfigServiceClient::new(desk.channel.clone());
    client.delete(WorkspaceConfigDeleteRequest { key: named("ws").key }).await.unwrap();
    let message = next(&mut stream).await.unwrap();
    assert_eq!(message.r#type(), Operation::Deleted);
    assert_eq!(message.value, Some(Workspace { key: named("ws").key, ..Default::default() }));
    refused(client.delete(WorkspaceConfigDeleteRequest { key: named("ws").key }).await, Code::NotFound);
    assert_eq!(desk.sim.mainline().configlets["avd-SIM00000001"].body.as_deref(), Some("one\n"));
    desk.change_until(&change, |_| true).await;
}
