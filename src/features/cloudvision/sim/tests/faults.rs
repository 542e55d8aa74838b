//! Who is let in, how large a message may be, and what goes wrong on request.

use super::*;
use crate::features::cloudvision::pb::inventory::device_service_client::DeviceServiceClient;
use crate::features::cloudvision::pb::inventory::{Device, DeviceStreamRequest, DeviceStreamResponse};
use crate::features::cloudvision::pb::workspace::WorkspaceRequest;
use crate::features::cloudvision::sim::{Effect, Fault};

/// All devices.
async fn devices(channel: Signed) -> Result<Streaming<DeviceStreamResponse>, Status> {
    DeviceServiceClient::new(channel).get_all(DeviceStreamRequest::default()).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_wrong_and_a_withdrawn_token_are_not_let_in() {
    let desk = Desk::of(1).await;
    let wrong = InterceptedService::new(connect(&desk.sim).await, Bearer("wrong".to_owned()));
    refused(devices(wrong).await.map(drop), Code::Unauthenticated);
    refused(
        DeviceServiceClient::new(connect(&desk.sim).await).get_all(DeviceStreamRequest::default()).await.map(drop),
        Code::Unauthenticated,
    );
    assert!(devices(desk.channel.clone()).await.is_ok());
    desk.sim.set_token("new");
    refused(devices(desk.channel.clone()).await.map(drop), Code::Unauthenticated);
    let new = InterceptedService::new(connect(&desk.sim).await, Bearer("new".to_owned()));
    assert!(devices(new).await.is_ok());
}

#[tokio::test]
async fn a_client_that_does_not_trust_its_authority_does_not_connect() {
    let (desk, other) = (Desk::of(1).await, Desk::of(1).await);
    let tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(other.sim.authority())).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{}", desk.sim.address())).unwrap();
    assert!(endpoint.tls_config(tls).unwrap().connect().await.is_err());
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_with_both_sizes() {
    let desk = Desk::with(Setup { message_limit: 2000, ..Setup::new(Fabric::of_leaves(1)) }).await;
    desk.workspace("ws").await;
    let body = "x".repeat(2000);
    let values = vec![configlet("ws", "a", &body)];
    let request = ConfigletConfigSetSomeRequest { values };
    let size = prost::Message::encoded_len(&request);
    let mut client = ConfigletConfigServiceClient::new(desk.channel.clone());
    let text = refused(client.set_some(request).await.map(drop), Code::ResourceExhausted);
    assert_eq!(text, format!("grpc: received message larger than max ({size} vs. 2000)"));
    assert_eq!(desk.configlets("ws", &[("a", "small")]).await, []);
}

#[tokio::test]
async fn a_call_can_be_refused_as_often_as_wanted() {
    let desk = Desk::of(1).await;
    let effect = Effect::Refuse(Code::Unavailable, "try again".to_owned());
    desk.sim.fault(Fault { method: "DeviceService/GetAll".to_owned(), after: 0, times: 2, effect });
    for _ in 0..2 {
        assert_eq!(refused(devices(desk.channel.clone()).await.map(drop), Code::Unavailable), "try again");
    }
    assert!(devices(desk.channel.clone()).await.is_ok());
    desk.sim.fault(Fault::always("", Effect::Refuse(Code::PermissionDenied, "no".to_owned())));
    refused(devices(desk.channel.clone()).await.map(drop), Code::PermissionDenied);
    desk.sim.clear_faults();
    assert!(devices(desk.channel.clone()).await.is_ok());
}

#[tokio::test]
async fn a_stream_can_be_reset_and_can_end_too_early() {
    let desk = Desk::of(5).await;
    desk.sim.fault(Fault::once("DeviceService/GetAll", Effect::ResetAfter(2)));
    let mut stream = devices(desk.channel.clone()).await.unwrap();
    for _ in 0..2 {
        assert!(stream.message().await.unwrap().is_some());
    }
    let status = stream.message().await.unwrap_err();
    // The client's library gives it no code of its own; the reason is in the cause.
    assert!(format!("{status:?}").contains("INTERNAL_ERROR"), "{status:?}");
    desk.sim.fault(Fault::once("DeviceService/GetAll", Effect::EndAfter(3)));
    assert_eq!(collect(devices(desk.channel.clone()).await.unwrap()).await.len(), 3);
    desk.sim.fault(Fault::once("DeviceService/GetAll", Effect::Slow(Duration::from_millis(1))));
    assert_eq!(collect(devices(desk.channel.clone()).await.unwrap()).await.len(), 5);
}

#[tokio::test]
async fn a_subscription_that_is_reset_can_be_opened_again() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.sim.fault(Fault::once("WorkspaceService/Subscribe", Effect::ResetAfter(2)));
    let mut stream = desk.follow("ws").await;
    assert_eq!(next(&mut stream).await.unwrap().r#type(), Operation::Initial);
    assert_eq!(next(&mut stream).await.unwrap().r#type(), Operation::InitialSyncComplete);
    assert!(next(&mut stream).await.is_err());
    desk.ask("ws", Wanted::Abandon).await;
    desk.until("ws", |workspace| workspace.state() == WorkspaceState::Abandoned).await;
}

#[tokio::test]
async fn a_connection_can_break_before_a_call_is_served_and_after() {
    let desk = Desk::of(1).await;
    desk.workspace("before").await;
    desk.sim.fault(Fault::once("ConfigletConfigService/SetSome", Effect::Cut));
    let mut client = ConfigletConfigServiceClient::new(desk.channel.clone());
    let request = |id: &str| ConfigletConfigSetSomeRequest { values: vec![configlet("before", id, "")] };
    assert!(client.set_some(request("a")).await.is_err());
    desk.sim.fault(Fault::once("WorkspaceConfigService/Set", Effect::LoseAnswer));
    let lost = desk.write(named("after")).await;
    assert!(lost.is_err());
    // It was done all the same: to write it again changes nothing.
    desk.write(named("after")).await.unwrap();
    desk.until("after", |workspace| workspace.state() == WorkspaceState::Pending).await;
}

#[tokio::test]
async fn what_it_does_not_serve_is_unimplemented() {
    let desk = Desk::of(1).await;
    let mut grpc = tonic::client::Grpc::new(desk.channel.clone());
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/arista.event.v1.EventService/GetAll");
    let codec = tonic_prost::ProstCodec::<WorkspaceRequest, Device>::default();
    refused(grpc.unary(Request::new(WorkspaceRequest::default()), path, codec).await, Code::Unimplemented);
}

#[tokio::test]
async fn it_stops_with_streams_that_are_open() {
    let desk = Desk::of(1).await;
    let mut stream = desk.changes().await;
    next(&mut stream).await.unwrap();
    timeout(DEADLINE, desk.sim.stop()).await.unwrap();
    let rest = timeout(DEADLINE, stream.message()).await.unwrap();
    assert!(!matches!(rest, Ok(Some(_))), "{rest:?}");
}
