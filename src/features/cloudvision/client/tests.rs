//! The connection against the simulator: TLS, token, nodes, repetitions.

use std::io::Write as _;
use std::net::TcpListener;

use tempfile::NamedTempFile;
use tonic::Code;

use super::*;
use crate::features::cloudvision::sim::{Effect, Fabric, Fault, Setup, Simulator};
use crate::tls::Fingerprint;

/// What asks for the inventory.
const INVENTORY: &str = "DeviceService/GetAll";
/// The page of the version.
const VERSION: &str = "getCvpInfo.do";

/// A CloudVision with two leaves.
async fn simulator() -> Simulator {
    Simulator::start(Setup::new(Fabric::of_leaves(2))).await.unwrap()
}

/// Where a simulator listens.
fn node(sim: &Simulator) -> Endpoint {
    Endpoint { host: "127.0.0.1".to_owned(), port: sim.address().port() }
}

/// Trusts a simulator's authority alone.
fn trusted(sim: &Simulator) -> Trust {
    Trust::Given(sim.authority().into())
}

/// A client of a simulator with its token.
fn client(sim: &Simulator, trust: Trust) -> Client {
    Client::new(&Server::new(node(sim), trust), sim.token()).unwrap()
}

/// What becomes of a call and of a page.
async fn both(client: &Client) -> [Result<(), Error>; 2] {
    [client.all_devices().await.map(drop), client.version().await.map(drop)]
}

/// A port at which nobody listens.
fn nobody() -> Endpoint {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Endpoint { host: "127.0.0.1".to_owned(), port }
}

/// A refusal as often as said.
fn refusals(method: &str, times: usize) -> Fault {
    let effect = Effect::Refuse(Code::Unavailable, "down".to_owned());
    Fault { method: method.to_owned(), after: 0, times, effect }
}

#[tokio::test]
async fn calls_and_pages_go_to_nobody_who_is_not_trusted() {
    let (sim, other) = (simulator().await, simulator().await);
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(sim.authority().as_bytes()).unwrap();
    for trust in [trusted(&sim), Trust::File(file.path().to_owned()), Trust::Anybody] {
        for result in both(&client(&sim, trust.clone())).await {
            assert!(result.is_ok(), "{trust:?}: {result:?}");
        }
    }
    let stranger: Fingerprint = "00".repeat(32).parse().unwrap();
    let asked = sim.calls().all().len();
    for trust in [trusted(&other), Trust::System, Trust::Pinned(stranger)] {
        for result in both(&client(&sim, trust.clone())).await {
            assert!(matches!(result, Err(Error::Untrusted { .. })), "{trust:?}: {result:?}");
        }
    }
    assert_eq!(sim.calls().all().len(), asked, "the token was sent to a stranger");
}

#[tokio::test]
async fn a_token_that_is_refused_is_not_tried_again() {
    let sim = simulator().await;
    let client = Client::new(&Server::new(node(&sim), trusted(&sim)), "wrong").unwrap();
    for result in both(&client).await {
        assert!(matches!(result, Err(Error::Unauthenticated { .. })), "{result:?}");
    }
    assert_eq!([INVENTORY, VERSION].map(|method| sim.calls().count(method)), [1, 1]);
}

#[tokio::test]
async fn the_token_is_in_nothing_that_can_be_shown() {
    let sim = simulator().await;
    let client = Client::new(&Server::new(node(&sim), trusted(&sim)), "sesame").unwrap();
    let error = client.all_devices().await.unwrap_err();
    for shown in [format!("{client:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
    let error = Client::new(&Server::new(node(&sim), trusted(&sim)), "ses\name").unwrap_err();
    assert!(matches!(&error, Error::Setup { what, .. } if what.contains("token")), "{error:?}");
}

#[tokio::test]
async fn a_call_that_reads_and_a_page_are_asked_for_again() {
    let sim = simulator().await;
    sim.fault(refusals(INVENTORY, 1));
    sim.fault(refusals(VERSION, 1));
    let client = client(&sim, trusted(&sim));
    let mut silence = client.silence();
    let (told, results) = tokio::join!(
        async {
            silence.wait_for(Option::is_some).await.unwrap();
            silence.borrow().clone().unwrap_or_default()
        },
        both(&client)
    );
    for result in results {
        assert!(result.is_ok(), "{result:?}");
    }
    assert!(told.contains("asking again in 1 s"), "{told}");
    assert_eq!([INVENTORY, VERSION].map(|method| sim.calls().count(method)), [2, 2]);
    assert_eq!(*client.silence().borrow(), None, "it has answered since");
}

#[tokio::test]
async fn what_must_not_be_repeated_is_asked_for_once() {
    let sim = simulator().await;
    sim.fault(refusals(VERSION, 1));
    let client = client(&sim, trusted(&sim));
    let path = format!("/cvpservice/cvpInfo/{VERSION}");
    let error = client.page("a page", &path, Repeat::Never).await.unwrap_err();
    assert_eq!(error.to_string(), "CloudVision refused a page: 503 Service Unavailable");
    assert_eq!(sim.calls().count(VERSION), 1);
    let error = client.page("the page of nothing", "/nowhere", Repeat::Safe).await.unwrap_err();
    assert_eq!(error.to_string(), "the page of nothing does not exist");
    assert_eq!(sim.calls().count("/nowhere"), 1);
}

#[tokio::test]
async fn where_one_node_is_down_the_next_one_is_asked() {
    let sim = simulator().await;
    let mut server = Server::new(nobody(), trusted(&sim));
    server.nodes.push(node(&sim));
    let client = Client::new(&server, sim.token()).unwrap();
    for result in both(&client).await {
        assert!(result.is_ok(), "{result:?}");
    }
    assert_eq!(client.server(), server.name(), "it is called by its first node, whichever answers");
}

#[tokio::test]
async fn a_server_that_never_answered_is_not_asked_again() {
    let sim = simulator().await;
    let client = Client::new(&Server::new(nobody(), trusted(&sim)), sim.token()).unwrap();
    for result in both(&client).await {
        assert!(matches!(result, Err(Error::Unreachable { .. })), "{result:?}");
    }
    assert_eq!(*client.silence().borrow(), None, "it was to be asked again");
}
