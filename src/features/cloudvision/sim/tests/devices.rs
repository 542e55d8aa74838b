//! The inventory, and what a subscription says in which order.

use super::*;
use crate::features::cloudvision::pb::inventory::device_service_client::DeviceServiceClient;
use crate::features::cloudvision::pb::inventory::{Device, DeviceKey, DeviceStreamRequest, StreamingStatus};

#[tokio::test]
async fn a_subscription_gives_what_is_then_says_so_then_gives_what_changes() {
    let desk = Desk::of(2).await;
    let mut client = DeviceServiceClient::new(desk.channel.clone());
    let mut stream = client.subscribe(DeviceStreamRequest::default()).await.unwrap().into_inner();
    for _ in 0..2 {
        let message = next(&mut stream).await.unwrap();
        assert_eq!(message.r#type(), Operation::Initial);
        assert_eq!(message.value.unwrap().streaming_status(), StreamingStatus::Active);
    }
    let message = next(&mut stream).await.unwrap();
    assert_eq!((message.r#type(), message.value), (Operation::InitialSyncComplete, None));
    desk.sim.set_streaming(LEAF2, false);
    let message = next(&mut stream).await.unwrap();
    let device = message.value.clone().unwrap();
    assert_eq!((message.r#type(), device.hostname.as_deref()), (Operation::Updated, Some("leaf2")));
    assert_eq!(device.streaming_status(), StreamingStatus::Inactive);
}

#[tokio::test]
async fn devices_are_found_by_serial_by_mac_and_by_name_in_one_call() {
    let desk = Desk::of(5).await;
    let filters = vec![
        Device { key: Some(DeviceKey { device_id: Some(LEAF1.to_owned()) }), ..Default::default() },
        Device { system_mac_address: Some("00:1c:73:00:00:02".to_owned()), ..Default::default() },
        Device { hostname: Some("leaf3".to_owned()), ..Default::default() },
        Device { hostname: Some("leaf9".to_owned()), ..Default::default() },
    ];
    let mut client = DeviceServiceClient::new(desk.channel.clone());
    let stream = client.get_all(DeviceStreamRequest { partial_eq_filter: filters }).await.unwrap().into_inner();
    let names: Vec<_> =
        collect(stream).await.into_iter().map(|message| message.value.unwrap().hostname.unwrap()).collect();
    assert_eq!(names, ["leaf1", "leaf2", "leaf3"]);
    let all = client.get_all(DeviceStreamRequest::default()).await.unwrap().into_inner();
    assert_eq!(collect(all).await.len(), 5);
}

#[tokio::test]
async fn a_change_between_two_subscriptions_is_in_the_second_ones_beginning() {
    let desk = Desk::of(1).await;
    let mut client = DeviceServiceClient::new(desk.channel.clone());
    let first = client.subscribe(DeviceStreamRequest::default()).await.unwrap().into_inner();
    drop(first);
    desk.sim.set_streaming(LEAF1, false);
    let mut second = client.subscribe(DeviceStreamRequest::default()).await.unwrap().into_inner();
    let device = next(&mut second).await.unwrap().value.unwrap();
    assert_eq!(device.streaming_status(), StreamingStatus::Inactive);
}

#[tokio::test]
async fn the_demo_has_spines_leaves_and_borders_of_two_fabrics() {
    let fabric = Fabric::demo().unwrap();
    for site in ["fra1", "iad2"] {
        for role in ["spine", "leaf", "border"] {
            let found = fabric.device.iter().filter(|device| device.hostname.starts_with(site) && device.role == role);
            assert!(found.count() > 0, "{site} {role}");
        }
    }
    let mut serials: Vec<_> = fabric.device.iter().map(|device| &device.serial).collect();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), fabric.device.len());
    assert!(serials.iter().all(|serial| serial.len() == 11), "{serials:?}");
    let names: Vec<_> = fabric.device.iter().map(|device| device.hostname.clone()).collect();
    let told = fabric.change.iter().flat_map(|change| change.rows.iter().flatten());
    assert_eq!(told.filter(|name| !names.contains(name)).count(), 0);
    let desk = Desk::with(Setup::new(fabric)).await;
    assert_eq!(desk.sim.mainline().assignments.len(), 14);
}
