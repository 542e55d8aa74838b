//! Submission, rebase, and what a client that leaves something out gets.

use super::*;
use crate::features::cloudvision::pb::workspace::ResponseCode;
use crate::features::cloudvision::sim::{FabricDevice, Step};

#[tokio::test]
async fn a_deployment_comes_into_force_and_becomes_a_change_control() {
    let desk = Desk::of(2).await;
    let change = desk.deploy("ws", &[(LEAF1, "hostname leaf1\n"), (LEAF2, "hostname leaf2\n")]).await;
    let mainline = desk.sim.mainline();
    assert_eq!(mainline.roots(), ["avd-configlets"]);
    assert_eq!(mainline.configlets["avd-SIM00000001"].body.as_deref(), Some("hostname leaf1\n"));
    assert_eq!(mainline.assignments["avd-SIM00000002"].query.as_deref(), Some("device:SIM00000002"));
    let root = &mainline.assignments["avd-configlets"];
    assert_eq!(root.child_assignment_ids, Some(list(&["avd-SIM00000001", "avd-SIM00000002"])));
    let control = desk.change_until(&change, |_| true).await;
    assert_eq!(control.device_ids, Some(list(&[LEAF1, LEAF2])));
    // No device is touched before somebody starts it.
    assert_eq!(desk.sim.running(LEAF1), None);
}

#[tokio::test]
async fn what_changes_no_device_makes_no_change_control() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.configlets("ws", &[("unused", "banner\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    let (response, workspace) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!((response.status(), workspace.state()), (ResponseStatus::Success, WorkspaceState::Submitted));
    assert_eq!(workspace.cc_ids, Some(RepeatedString::default()));
}

#[tokio::test]
async fn the_same_configuration_again_makes_no_change_control() {
    let desk = Desk::of(1).await;
    desk.deploy("first", &[(LEAF1, "one\n")]).await;
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    let (_, workspace) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!(workspace.cc_ids, Some(RepeatedString::default()));
}

#[tokio::test]
async fn without_a_build_without_its_root_or_without_its_container_nothing_reaches_a_device() {
    let desk = Desk::of(1).await;
    desk.workspace("unbuilt").await;
    desk.layout("unbuilt", &[(LEAF1, "one\n")]).await;
    assert_eq!(desk.ask("unbuilt", Wanted::Submit).await.0.status(), ResponseStatus::Fail);

    desk.workspace("rootless").await;
    desk.configlets("rootless", &[("avd-SIM00000001", "one\n")]).await;
    let query = format!("device:{LEAF1}");
    desk.assign(vec![container("rootless", "avd-SIM00000001", &query, &["avd-SIM00000001"], &[])]).await;
    desk.ask("rootless", Wanted::StartBuild).await;
    assert_eq!(desk.ask("rootless", Wanted::Submit).await.1.cc_ids, Some(RepeatedString::default()));
}

#[tokio::test]
async fn a_device_that_the_topology_studio_does_not_have_gets_nothing() {
    let mut fabric = Fabric::of_leaves(2);
    fabric.device[1] = FabricDevice { registered: false, ..fabric.device[1].clone() };
    let desk = Desk::with(Setup::new(fabric)).await;
    let change = desk.deploy("ws", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    assert_eq!(desk.change_until(&change, |_| true).await.device_ids, Some(list(&[LEAF1])));

    // Written there, it does.
    desk.workspace("again").await;
    let entry = format!(r#"{{"tags": {{"query": "device:{LEAF2}"}}, "inputs": {{"device": {{}}}}}}"#);
    desk.inputs("again", "TOPOLOGY", &["devices", "1"], &entry).await.unwrap();
    desk.ask("again", Wanted::StartBuild).await;
    let (_, workspace) = desk.ask("again", Wanted::Submit).await;
    let change = workspace.cc_ids.unwrap().values.remove(0);
    assert_eq!(desk.change_until(&change, |_| true).await.device_ids, Some(list(&[LEAF2])));
}

#[tokio::test]
async fn a_silent_device_fails_a_submission_unless_it_is_forced() {
    let desk = Desk::of(1).await;
    desk.sim.set_streaming(LEAF1, false);
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    let (response, workspace) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!(response.code(), ResponseCode::InactiveDevicesExist);
    assert_eq!((response.status(), workspace.state()), (ResponseStatus::Fail, WorkspaceState::Pending));
    let (response, workspace) = desk.ask("ws", Wanted::SubmitForce).await;
    assert_eq!((response.status(), workspace.state()), (ResponseStatus::Success, WorkspaceState::Submitted));
}

#[tokio::test]
async fn a_moved_mainline_is_shown_and_has_to_be_taken_in_before_a_submission() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    desk.sim.move_mainline();
    desk.until("ws", |workspace| workspace.needs_rebase == Some(true)).await;
    let (response, _) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!(response.code(), ResponseCode::SynchronizationRequired);
    let (response, workspace) = desk.ask("ws", Wanted::Rebase).await;
    assert_eq!((response.status(), workspace.needs_rebase), (ResponseStatus::Success, Some(false)));
    assert_eq!(workspace.needs_build, Some(true));
    assert!(workspace.last_rebased_at.is_some() && workspace.last_rebase_id.is_some());
    // What was built stood on the old mainline.
    desk.request("ws", Wanted::Submit, "too early").await.unwrap();
    assert_eq!(desk.answered("ws", "too early").await.0.status(), ResponseStatus::Fail);
    desk.request("ws", Wanted::StartBuild, "again").await.unwrap();
    assert_eq!(desk.answered("ws", "again").await.0.status(), ResponseStatus::Success);
    desk.request("ws", Wanted::Submit, "now").await.unwrap();
    assert_eq!(desk.answered("ws", "now").await.0.status(), ResponseStatus::Success);
    // Neither change is lost.
    assert_eq!(desk.sim.mainline().configlets.len(), 2);
}

#[tokio::test]
async fn one_submission_is_another_ones_moved_mainline() {
    let desk = Desk::of(2).await;
    desk.workspace("slow").await;
    desk.deploy("fast", &[(LEAF1, "one\n")]).await;
    desk.until("slow", |workspace| workspace.needs_rebase == Some(true)).await;
}

#[tokio::test]
async fn a_submission_can_be_overtaken_and_a_rebase_can_fail() {
    let desk = Desk::of(1).await;
    desk.sim.overtake_submissions(1);
    desk.sim.fail_rebases(Some("conflict in configlet avd-SIM00000001"));
    desk.workspace("ws").await;
    desk.ask("ws", Wanted::StartBuild).await;
    assert_eq!(desk.ask("ws", Wanted::Submit).await.0.code(), ResponseCode::SynchronizationRequired);
    let (response, _) = desk.ask("ws", Wanted::Rebase).await;
    assert_eq!(response.status(), ResponseStatus::Fail);
    assert!(response.message.unwrap().contains("conflict"));
}

#[tokio::test]
async fn a_failed_submission_leaves_mainline_and_workspace_as_they_were() {
    let desk = Desk::of(1).await;
    desk.sim.fail_submissions(Some("internal error"));
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "one\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    let (response, workspace) = desk.ask("ws", Wanted::Submit).await;
    assert_eq!(response.message.as_deref(), Some("internal error"));
    assert_eq!(workspace.state(), WorkspaceState::Pending);
    assert!(desk.sim.mainline().configlets.is_empty());
}

#[tokio::test]
async fn what_is_being_submitted_or_was_takes_no_write() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.ask("ws", Wanted::StartBuild).await;
    desk.sim.hold(Step::Submit);
    desk.request("ws", Wanted::Submit, "submit").await.unwrap();
    assert!(desk.configlets("ws", &[("a", "")]).await[0].1.contains("REQUEST_SUBMIT"));
    refused(desk.request("ws", Wanted::Abandon, "abandon").await, Code::FailedPrecondition);
    desk.sim.release(Step::Submit);
    desk.answered("ws", "submit").await;
    assert!(desk.configlets("ws", &[("a", "")]).await[0].1.contains("submitted"));
}
