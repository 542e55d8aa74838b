//! Tags and what they stand on.

use super::*;
use crate::features::cloudvision::pb::tag::tag_assignment_config_service_client::TagAssignmentConfigServiceClient;
use crate::features::cloudvision::pb::tag::tag_assignment_service_client::TagAssignmentServiceClient;
use crate::features::cloudvision::pb::tag::tag_config_service_client::TagConfigServiceClient;
use crate::features::cloudvision::pb::tag::tag_service_client::TagServiceClient;
use crate::features::cloudvision::pb::tag::{
    CreatorType, ElementType, Tag, TagAssignment, TagAssignmentConfig, TagAssignmentConfigSetSomeRequest,
    TagAssignmentConfigStreamRequest, TagAssignmentKey, TagAssignmentStreamRequest, TagConfig, TagConfigSetSomeRequest,
    TagKey, TagStreamRequest,
};

/// A tag of devices.
fn tag(workspace: &str, label: &str, value: &str) -> TagKey {
    TagKey {
        workspace_id: Some(workspace.to_owned()),
        element_type: ElementType::Device.into(),
        label: Some(label.to_owned()),
        value: Some(value.to_owned()),
    }
}

/// A tag on the first leaf.
fn on_leaf(workspace: &str, label: &str, value: &str) -> TagAssignmentKey {
    TagAssignmentKey {
        workspace_id: Some(workspace.to_owned()),
        element_type: ElementType::Device.into(),
        label: Some(label.to_owned()),
        value: Some(value.to_owned()),
        device_id: Some(LEAF1.to_owned()),
        interface_id: None,
    }
}

/// Makes tags. Returns the errors.
async fn make(desk: &Desk, keys: Vec<TagKey>) -> Vec<String> {
    let values = keys.into_iter().map(|key| TagConfig { key: Some(key), remove: None }).collect();
    let mut client = TagConfigServiceClient::new(desk.channel.clone());
    let stream = client.set_some(TagConfigSetSomeRequest { values }).await.unwrap().into_inner();
    collect(stream).await.into_iter().map(|failed| failed.error).collect()
}

/// Puts tags on, or takes them off. Returns the errors.
async fn assign(desk: &Desk, keys: Vec<TagAssignmentKey>, remove: bool) -> Vec<String> {
    let remove = remove.then_some(true);
    let values = keys.into_iter().map(|key| TagAssignmentConfig { key: Some(key), remove }).collect();
    let mut client = TagAssignmentConfigServiceClient::new(desk.channel.clone());
    let stream = client.set_some(TagAssignmentConfigSetSomeRequest { values }).await.unwrap().into_inner();
    collect(stream).await.into_iter().map(|failed| failed.error).collect()
}

/// `LABEL:VALUE` of the assignments that a workspace answers with.
async fn assigned(desk: &Desk, workspace: &str) -> Vec<String> {
    let key = TagAssignmentKey { workspace_id: Some(workspace.to_owned()), ..Default::default() };
    let request =
        TagAssignmentStreamRequest { partial_eq_filter: vec![TagAssignment { key: Some(key), ..Default::default() }] };
    let stream = TagAssignmentServiceClient::new(desk.channel.clone()).get_all(request).await.unwrap().into_inner();
    let keys = collect(stream).await.into_iter().map(|message| message.value.unwrap().key.unwrap());
    keys.map(|key| format!("{}:{}", key.label.unwrap(), key.value.unwrap())).collect()
}

#[tokio::test]
async fn a_tag_has_to_be_there_before_it_is_assigned() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let refused = assign(&desk, vec![on_leaf("ws", "site", "fra1")], false).await;
    assert_eq!(refused, ["tag site:fra1 does not exist"]);
    assert_eq!(make(&desk, vec![tag("ws", "site", "fra1"), tag("ws", "spare", "")]).await, [""; 0]);
    let incomplete = [TagKey { value: None, ..tag("ws", "site", "") }, tag("ws", "", "fra1")];
    for refused in make(&desk, incomplete.to_vec()).await {
        assert!(refused.contains("a tag needs"), "{refused}");
    }
    assert_eq!(assign(&desk, vec![on_leaf("ws", "site", "fra1")], false).await, [""; 0]);
    let mut elsewhere = on_leaf("ws", "site", "fra1");
    elsewhere.device_id = Some("NOWHERE0000".to_owned());
    assert_eq!(assign(&desk, vec![elsewhere], false).await, ["device NOWHERE0000 does not exist"]);
}

#[tokio::test]
async fn a_workspace_answers_with_what_it_added_never_with_what_it_takes_away() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    make(&desk, vec![tag("ws", "site", "fra1")]).await;
    assign(&desk, vec![on_leaf("ws", "site", "fra1")], false).await;
    assert_eq!(assign(&desk, vec![on_leaf("ws", "role", "leaf")], true).await, [""; 0]);
    assert_eq!(assigned(&desk, "ws").await, ["site:fra1"]);
    assert_eq!(assigned(&desk, "").await, ["model:DCS-7050SX3-48YC8", "role:leaf"]);
    let key = TagAssignmentKey { workspace_id: Some("ws".to_owned()), ..Default::default() };
    let filter = TagAssignmentConfig { key: Some(key), remove: None };
    let request = TagAssignmentConfigStreamRequest { partial_eq_filter: vec![filter] };
    let stream = TagAssignmentConfigServiceClient::new(desk.channel.clone()).get_all(request).await.unwrap();
    let removals: Vec<_> =
        collect(stream.into_inner()).await.into_iter().map(|message| message.value.unwrap().remove).collect();
    assert_eq!(removals, [Some(true), Some(false)]);

    desk.ask("ws", Wanted::StartBuild).await;
    desk.ask("ws", Wanted::Submit).await;
    assert_eq!(assigned(&desk, "").await, ["model:DCS-7050SX3-48YC8", "site:fra1"]);
}

#[tokio::test]
async fn tags_of_the_system_are_known_as_such_and_stay() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    let filter = |creator: CreatorType| Tag {
        key: Some(TagKey { workspace_id: Some(String::new()), ..Default::default() }),
        creator_type: creator.into(),
        assigned: None,
    };
    let mut client = TagServiceClient::new(desk.channel.clone());
    let request = TagStreamRequest { partial_eq_filter: vec![filter(CreatorType::User)] };
    let found = collect(client.get_all(request).await.unwrap().into_inner()).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].value.as_ref().unwrap().assigned, Some(true));
    let system = on_leaf("ws", "model", "DCS-7050SX3-48YC8");
    assert_eq!(assign(&desk, vec![system], true).await, ["tags of the system cannot be changed"]);
}

#[tokio::test]
async fn interfaces_may_come_back_with_the_serial_number_of_their_device() {
    let desk = Desk::with(Setup { long_interfaces: true, ..Setup::new(Fabric::of_leaves(1)) }).await;
    desk.workspace("ws").await;
    let element_type = ElementType::Interface.into();
    make(&desk, vec![TagKey { element_type, ..tag("ws", "link", "uplink") }]).await;
    let interface_id = Some("Ethernet1".to_owned());
    let key = TagAssignmentKey { element_type, interface_id, ..on_leaf("ws", "link", "uplink") };
    assert_eq!(assign(&desk, vec![key.clone()], false).await, [""; 0]);
    let nowhere = TagAssignmentKey { interface_id: None, ..key };
    assert_eq!(assign(&desk, vec![nowhere], false).await.len(), 1);
    let stream = TagAssignmentServiceClient::new(desk.channel.clone())
        .get_all(TagAssignmentStreamRequest::default())
        .await
        .unwrap()
        .into_inner();
    let interfaces: Vec<_> = collect(stream)
        .await
        .into_iter()
        .filter_map(|message| message.value.unwrap().key.unwrap().interface_id)
        .collect();
    assert_eq!(interfaces, ["Ethernet1@SIM00000001"]);
}

#[tokio::test]
async fn a_tag_decides_which_configuration_a_device_gets() {
    let desk = Desk::of(2).await;
    desk.workspace("ws").await;
    make(&desk, vec![tag("ws", "site", "fra1")]).await;
    assign(&desk, vec![on_leaf("ws", "site", "fra1")], false).await;
    desk.configlets("ws", &[("fra", "clock timezone Europe/Berlin\n")]).await;
    desk.assign(vec![container("ws", "sites", "site:fra1", &["fra"], &[])]).await;
    desk.inputs("ws", "studio-static-configlet", &["configletAssignmentRoots"], r#"["sites"]"#).await.unwrap();
    desk.ask("ws", Wanted::StartBuild).await;
    let (_, workspace) = desk.ask("ws", Wanted::Submit).await;
    let change = workspace.cc_ids.unwrap().values.remove(0);
    assert_eq!(desk.change_until(&change, |_| true).await.device_ids, Some(list(&[LEAF1])));
}
