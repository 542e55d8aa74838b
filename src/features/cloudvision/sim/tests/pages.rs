//! What is read by plain HTTP on the same port.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::features::cloudvision::pb::workspace::WorkspaceBuildDetailsStreamRequest;
use crate::features::cloudvision::pb::workspace::workspace_build_details_service_client::WorkspaceBuildDetailsServiceClient;

/// Sends one request over HTTP/1.1, as a browser would without HTTP/2. Returns status and body.
async fn http(sim: &Simulator, line: &str, authorization: &str, body: &str) -> io::Result<(u16, String)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(sim.authority().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(sim.address()).await?;
    let connector = TlsConnector::from(std::sync::Arc::new(config));
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), socket).await?;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    // A server that ends its connection without a farewell is no error here: the answer has a length.
    let _end = stream.read_to_string(&mut answer).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Ok((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

/// The value of an `Authorization` header.
fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("admin:{password}")))
}

const LOGIN: &str = "POST /cvpservice/login/authenticate.do";
const VERSION: &str = "GET /cvpservice/cvpInfo/getCvpInfo.do";

#[tokio::test]
async fn the_version_is_told_to_whoever_has_a_token() {
    let desk = Desk::with(Setup { version: "2025.2.1".to_owned(), ..Setup::new(Fabric::of_leaves(1)) }).await;
    let token = format!("Bearer {}", desk.sim.token());
    let (status, body) = http(&desk.sim, VERSION, &token, "").await.unwrap();
    let version: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, version["version"].as_str()), (200, Some("2025.2.1")));
    assert_eq!(http(&desk.sim, VERSION, "Bearer wrong", "").await.unwrap().0, 401);
}

#[tokio::test]
async fn a_login_gives_a_session_that_serves_as_a_token() {
    let desk = Desk::of(1).await;
    assert_eq!(http(&desk.sim, LOGIN, &basic("wrong"), "{}").await.unwrap().0, 401);
    let (status, body) = http(&desk.sim, LOGIN, &basic("simulated-password"), "{}").await.unwrap();
    assert_eq!(status, 200);
    let session: Value = serde_json::from_str(&body).unwrap();
    let session = session["sessionId"].as_str().unwrap().to_owned();
    let channel = InterceptedService::new(connect(&desk.sim).await, Bearer(session));
    let mut client = ChangeControlServiceClient::new(channel);
    assert!(client.get_all(ChangeControlStreamRequest::default()).await.is_ok());
}

#[tokio::test]
async fn what_a_build_compared_can_be_read_by_the_addresses_it_gives() {
    let desk = Desk::of(1).await;
    desk.workspace("ws").await;
    desk.layout("ws", &[(LEAF1, "hostname leaf1\nvlan 10\n")]).await;
    desk.ask("ws", Wanted::StartBuild).await;
    let mut client = WorkspaceBuildDetailsServiceClient::new(desk.channel.clone());
    let stream = client.get_all(WorkspaceBuildDetailsStreamRequest::default()).await.unwrap().into_inner();
    let details = collect(stream).await.remove(0).value.unwrap();
    let summary = details.config_validation_result.unwrap().summary.unwrap();
    assert_eq!((summary.added_lines, summary.deleted_lines, summary.changed_lines), (Some(2), Some(0), Some(0)));
    let token = format!("Bearer {}", desk.sim.token());
    let designed = format!("GET {}", summary.designed_config_uri.unwrap());
    assert_eq!(http(&desk.sim, &designed, &token, "").await.unwrap(), (200, "hostname leaf1\nvlan 10\n".to_owned()));
    let (status, diff) = http(&desk.sim, &format!("GET {}", summary.diff_uri.unwrap()), &token, "").await.unwrap();
    let diff: Value = serde_json::from_str(&diff).unwrap();
    assert_eq!((status, diff["diffEntries"]["values"][1]["bLine"].as_str()), (200, Some("vlan 10")));
    assert_eq!(http(&desk.sim, "GET /nothing", &token, "").await.unwrap().0, 404);
}
