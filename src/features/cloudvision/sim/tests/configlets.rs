//! Configlets, containers and inputs of studios, as they are read.

use super::*;
use crate::features::cloudvision::pb::configlet::configlet_assignment_service_client::ConfigletAssignmentServiceClient;
use crate::features::cloudvision::pb::configlet::configlet_service_client::ConfigletServiceClient;
use crate::features::cloudvision::pb::configlet::{
    Configlet, ConfigletAssignment, ConfigletAssignmentStreamRequest, ConfigletConfigSetRequest, ConfigletRequest,
    ConfigletStreamRequest, Filter,
};
use crate::features::cloudvision::pb::studio::inputs_service_client::InputsServiceClient;
use crate::features::cloudvision::pb::studio::{Inputs, InputsConfigStreamRequest, InputsRequest, InputsStreamRequest};

/// The configlets that a workspace sees.
async fn configlets(desk: &Desk, workspace: &str, include_body: Option<bool>) -> Vec<Configlet> {
    let key = ConfigletKey { workspace_id: Some(workspace.to_owned()), configlet_id: None };
    let request = ConfigletStreamRequest {
        partial_eq_filter: vec![Configlet { key: Some(key), ..Default::default() }],
        filter: include_body.map(|include_body| Filter { include_body: Some(include_body) }),
    };
    let mut client = ConfigletServiceClient::new(desk.channel.clone());
    let stream = client.get_all(request).await.unwrap().into_inner();
    collect(stream).await.into_iter().map(|message| message.value.unwrap()).collect()
}

/// Inputs that a filter lets through, as path and JSON.
async fn inputs(desk: &Desk, workspace: &str, studio: &str) -> Vec<(Vec<String>, String)> {
    let key = InputsKey { path: None, ..inputs_key(workspace, studio, &[]) };
    let request = InputsStreamRequest { partial_eq_filter: vec![Inputs { key: Some(key), ..Default::default() }] };
    let stream = InputsServiceClient::new(desk.channel.clone()).get_all(request).await.unwrap().into_inner();
    let values = collect(stream).await.into_iter().map(|message| message.value.unwrap());
    values.map(|value| (value.key.unwrap().path.unwrap().values, value.inputs.unwrap())).collect()
}

#[tokio::test]
async fn a_workspace_sees_the_mainline_with_its_changes_and_lists_have_digests_but_no_bodies() {
    let desk = Desk::of(1).await;
    desk.deploy("first", &[(LEAF1, "one\n")]).await;
    desk.workspace("ws").await;
    desk.configlets("ws", &[("extra", "abc"), ("avd-SIM00000001", "changed\n")]).await;
    let seen = configlets(&desk, "ws", None).await;
    let ids: Vec<_> = seen.iter().map(|found| found.key.clone().unwrap().configlet_id.unwrap()).collect();
    assert_eq!(ids, ["avd-SIM00000001", "extra"]);
    assert!(seen.iter().all(|found| found.body.is_none()));
    assert!(seen.iter().all(|found| found.key.as_ref().unwrap().workspace_id.as_deref() == Some("ws")));
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((seen[1].digest.as_deref(), seen[1].size), (Some(digest), Some(3)));
    let bodies = configlets(&desk, "", Some(true)).await;
    assert_eq!(bodies.len(), 1);
    assert_eq!(bodies[0].body.as_deref(), Some("one\n"));
    let key = ConfigletKey { workspace_id: Some("ws".to_owned()), configlet_id: Some("extra".to_owned()) };
    let mut client = ConfigletServiceClient::new(desk.channel.clone());
    let one = client.get_one(ConfigletRequest { key: Some(key.clone()) }).await.unwrap().into_inner();
    assert_eq!(one.value.unwrap().body.as_deref(), Some("abc"));
    let key = ConfigletKey { configlet_id: Some("none".to_owned()), ..key };
    refused(client.get_one(ConfigletRequest { key: Some(key) }).await, Code::NotFound);
}

#[tokio::test]
async fn what_a_write_does_not_mention_stays_and_an_empty_list_empties() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.assign(vec![container("ws", "box", "device:*", &["a", "b"], &["child"])]).await;
    let partial = ConfigletAssignmentConfig {
        key: container("ws", "box", "", &[], &[]).key,
        configlet_ids: Some(list(&[])),
        ..Default::default()
    };
    desk.assign(vec![partial]).await;
    let key =
        ConfigletAssignmentKey { workspace_id: Some("ws".to_owned()), configlet_assignment_id: Some("box".to_owned()) };
    let filter = ConfigletAssignment { key: Some(key), ..Default::default() };
    let mut client = ConfigletAssignmentServiceClient::new(desk.channel.clone());
    let request = ConfigletAssignmentStreamRequest { partial_eq_filter: vec![filter] };
    let found = collect(client.get_all(request).await.unwrap().into_inner()).await;
    let value = found[0].value.clone().unwrap();
    assert_eq!((found.len(), value.query.as_deref()), (1, Some("device:*")));
    assert_eq!(value.configlet_ids, Some(RepeatedString::default()));
    assert_eq!(value.child_assignment_ids, Some(list(&["child"])));
}

#[tokio::test]
async fn filters_by_id_give_what_any_of_them_names() {
    let desk = Desk::of(2).await;
    desk.deploy("ws", &[(LEAF1, "one\n"), (LEAF2, "two\n")]).await;
    let filter = |id: &str| ConfigletAssignment {
        key: Some(ConfigletAssignmentKey {
            workspace_id: Some(String::new()),
            configlet_assignment_id: Some(id.to_owned()),
        }),
        ..Default::default()
    };
    let mut client = ConfigletAssignmentServiceClient::new(desk.channel.clone());
    let partial_eq_filter = vec![filter("avd-SIM00000002"), filter("none"), filter("avd-configlets")];
    let stream = client.get_all(ConfigletAssignmentStreamRequest { partial_eq_filter }).await.unwrap().into_inner();
    let found = collect(stream).await;
    let names: Vec<_> = found.iter().map(|message| message.value.clone().unwrap().display_name.unwrap()).collect();
    assert_eq!(names, ["avd-SIM00000002", "avd-configlets"]);
}

#[tokio::test]
async fn a_bulk_write_answers_for_what_failed_and_nothing_else() {
    let desk = Desk::of(1).await;
    desk.sim.refuse_entry("b", "no permission for b");
    desk.workspace("ws").await;
    let refused = desk.configlets("ws", &[("a", "1"), ("b", "2"), ("c", "3")]).await;
    assert_eq!(refused, [("b".to_owned(), "no permission for b".to_owned())]);
    assert_eq!(configlets(&desk, "ws", None).await.len(), 2);
}

#[tokio::test]
async fn servers_before_2024_2_have_no_bulk_writes_of_configlets() {
    let desk = Desk::with(Setup { version: "2024.1.2".to_owned(), ..Setup::new(Fabric::of_leaves(1)) }).await;
    desk.workspace("ws").await;
    let mut client = ConfigletConfigServiceClient::new(desk.channel.clone());
    let values = vec![configlet("ws", "a", "1")];
    refused(client.set_some(ConfigletConfigSetSomeRequest { values }).await, Code::Unimplemented);
    client.set(ConfigletConfigSetRequest { value: Some(configlet("ws", "a", "1")) }).await.unwrap();
    assert_eq!(configlets(&desk, "ws", None).await.len(), 1);
}

#[tokio::test]
async fn a_workspace_answers_for_studios_that_it_changed_and_for_no_other() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    assert_eq!(inputs(&desk, "ws", "TOPOLOGY").await, []);
    let mainline = inputs(&desk, "", "TOPOLOGY").await;
    assert!(mainline[0].1.contains("device:SIM00000001"), "{mainline:?}");
    desk.inputs("ws", "TOPOLOGY", &["devices", "0", "inputs", "device", "hostname"], "\"renamed\"").await.unwrap();
    let seen = inputs(&desk, "ws", "TOPOLOGY").await;
    // A copy of all of it, with the change.
    assert!(seen[0].1.contains("renamed") && seen[0].1.contains("device:SIM00000001"), "{seen:?}");
    let mut client = InputsServiceClient::new(desk.channel.clone());
    let path = ["devices", "0", "inputs", "device", "hostname"];
    let one = client.get_one(InputsRequest { key: Some(inputs_key("", "TOPOLOGY", &path)) }).await.unwrap();
    assert_eq!(one.into_inner().value.unwrap().inputs.as_deref(), Some("\"leaf1\""));
    let nothing = InputsRequest { key: Some(inputs_key("", "TOPOLOGY", &["devices", "7"])) };
    refused(client.get_one(nothing).await, Code::NotFound);
}

#[tokio::test]
async fn large_inputs_come_in_parts() {
    let desk = Desk::with(Setup { inputs_limit: 64, ..Setup::new(Fabric::of_leaves(3)) }).await;
    let parts = inputs(&desk, "", "TOPOLOGY").await;
    assert!(parts.len() > 3, "{parts:?}");
    assert!(parts.iter().all(|(path, _)| path[0] == "devices"), "{parts:?}");
}

#[tokio::test]
async fn what_a_workspace_removes_is_among_its_edits() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let key = inputs_key("ws", "TOPOLOGY", &[]);
    let value = InputsConfig { key: Some(key.clone()), remove: Some(true), inputs: None };
    let mut client = InputsConfigServiceClient::new(desk.channel.clone());
    client.set(InputsConfigSetRequest { value: Some(value) }).await.unwrap();
    assert_eq!(inputs(&desk, "ws", "TOPOLOGY").await, []);
    let filter = InputsConfig { key: Some(key), remove: Some(true), inputs: None };
    let request = InputsConfigStreamRequest { partial_eq_filter: vec![filter] };
    assert_eq!(collect(client.get_all(request).await.unwrap().into_inner()).await.len(), 1);
}

#[tokio::test]
async fn inputs_that_are_no_json_or_lead_nowhere_are_refused() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    refused(desk.inputs("ws", "TOPOLOGY", &[], "{").await, Code::InvalidArgument);
    refused(desk.inputs("ws", "TOPOLOGY", &["devices", "x"], "{}").await, Code::InvalidArgument);
    refused(desk.inputs("ws", "TOPOLOGY", &["devices", "99999999"], "{}").await, Code::InvalidArgument);
}

#[tokio::test]
async fn the_first_match_takes_a_device_from_the_containers_after_it() {
    let desk = Desk::of(2).await;
    desk.workspace("ws").await;
    desk.configlets("ws", &[("first", "first\n"), ("rest", "rest\n")]).await;
    let mut root = container("ws", "root", "device:*", &[], &["one", "all"]);
    root.match_policy = MatchPolicy::MatchFirst.into();
    let one = container("ws", "one", &format!("device:{LEAF1}"), &["first"], &[]);
    let all = container("ws", "all", "device:*", &["rest"], &[]);
    desk.assign(vec![root, one, all]).await;
    desk.inputs("ws", "studio-static-configlet", &["configletAssignmentRoots"], r#"["root"]"#).await.unwrap();
    desk.ask("ws", Wanted::StartBuild).await;
    let (_, workspace) = desk.ask("ws", Wanted::Submit).await;
    let change = workspace.cc_ids.unwrap().values.remove(0);
    changes::approve(&desk, &change).await;
    changes::start(&desk, &change).await;
    desk.change_until(&change, changes::is_completed).await;
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("first\n"));
    assert_eq!(desk.sim.running(LEAF2).as_deref(), Some("rest\n"));
}
