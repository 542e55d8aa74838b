//! The client against the simulated lab, status by status.

mod login;
mod stumbling;

use std::time::Duration;

use chrono::TimeDelta;

use super::*;
use crate::features::lab::model::{Forward, Wanted};
use crate::features::lab::sim::{Fault, Guest, Setup, Simulator};
use crate::secret::SecretFrom;
use crate::tls::Fingerprint;
use crate::trouble::{Remedy as _, Trouble};

/// A lab and somebody at it.
struct Bench {
    sim: Simulator,
    client: Client,
    dir: tempfile::TempDir,
}

/// A client of this lab with a token from a file.
fn client(sim: &Simulator, dir: &tempfile::TempDir, token: &str) -> Client {
    std::fs::write(dir.path().join("token"), token).unwrap();
    Client::new(server(sim), Credentials::Token(SecretFrom::File(dir.path().join("token")))).unwrap()
}

fn server(sim: &Simulator) -> Server {
    Server {
        url: sim.url().parse().unwrap(),
        trust: Trust::System,
        connect_timeout: Duration::from_secs(5),
        call_timeout: Duration::from_secs(20),
        health: true,
    }
}

async fn bench() -> Bench {
    bench_of(Setup::default()).await
}

async fn bench_of(setup: Setup) -> Bench {
    let sim = Simulator::start(setup).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let client = client(&sim, &dir, &sim.token());
    Bench { sim, client, dir }
}

impl Bench {
    /// The same with another token.
    fn with_token(&self, token: &str) -> Client {
        client(&self.sim, &self.dir, token)
    }
}

fn wanted(name: &str, address: &str, target: u16) -> Wanted {
    Wanted { name: name.to_owned(), component: "CentOS".to_owned(), address: address.to_owned(), target }
}

fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    let told = Trouble::of(&error).to_string();
    assert!(!told.contains('<') && !told.contains("DOCTYPE"), "{told}");
    error.to_string()
}

#[tokio::test]
async fn a_forward_is_made_found_again_and_deleted() {
    let Bench { sim, client, dir: _dir } = bench().await;
    let wanted = wanted("web01", "192.168.1.20", 22);
    let made = client.ensure(&wanted).await.unwrap();
    assert!(made.is_made && made.twin.is_none(), "{made:?}");
    let again = client.ensure(&wanted).await.unwrap();
    assert_eq!((again.is_made, &again.forward, &again.list), (false, &made.forward, &made.list));
    assert_eq!(sim.state().records.len(), 1);
    let (forwards, gateway, unreadable) = client.list().await.unwrap();
    assert_eq!(
        (forwards.as_slice(), gateway.as_str(), unreadable),
        ([made.forward.clone()].as_slice(), "127.0.0.1", 0)
    );
    client.remove(&made.forward).await.unwrap();
    assert!(sim.state().records.is_empty() && sim.state().nat.is_empty());
}

#[tokio::test]
async fn every_401_and_403_says_why_the_token_does_not_hold() {
    let bench = bench().await;
    let now = crate::clock::now();
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have some digits left")]
    let seconds = |at: chrono::DateTime<chrono::Utc>| at.timestamp() as f64;
    let of =
        |change: &dyn Fn(&mut crate::features::lab::sim::TokenClaims)| bench.sim.token_with(|claims| change(claims));
    for (token, wanted) in [
        (of(&|claims| claims.exp = Some(seconds(now - TimeDelta::seconds(60)))), "the token has expired"),
        ("abc.def.ghi".to_owned(), "the gateway does not accept the token"),
        (of(&|claims| claims.iss = "https://other.example".to_owned()), "the gateway does not accept the token"),
        (
            of(&|claims| claims.client_ip = Some("198.51.100.7".to_owned())),
            "the token was made for 198.51.100.7, and the gateway sees you as 127.0.0.1",
        ),
        (of(&|claims| claims.username = Some("sam".to_owned())), "the gateway is not sam's: it serves its owner alone"),
        (of(&|claims| claims.version = None), "the token has no version: the gateway cannot read it"),
    ] {
        assert_eq!(told(bench.with_token(&token).list().await), wanted);
    }
    // Up to ten seconds late is early enough, and one without an end never ends.
    let just_now = crate::clock::now() - TimeDelta::seconds(1);
    bench.with_token(&of(&|claims| claims.exp = Some(seconds(just_now)))).list().await.unwrap();
    bench.with_token(&of(&|claims| claims.exp = None)).list().await.unwrap();
    // The old version is the owner's all the same, and not bound to an address.
    let old = of(&|claims| (claims.version, claims.client_ip) = (Some(1), None));
    bench.with_token(&old).list().await.unwrap();
    assert_eq!(
        told(bench.with_token(&old).addresses(&[]).await),
        "the token has version 1, which the gateway does not take for listing addresses"
    );
}

#[tokio::test]
async fn a_token_that_is_not_there_is_told_with_where_it_should_be() {
    let bench = bench().await;
    std::fs::remove_file(bench.dir.path().join("token")).unwrap();
    assert_eq!(told(bench.client.list().await), "there is no token for this lab");
    assert_eq!(bench.sim.calls(), [""; 0]);
}

#[tokio::test]
async fn a_token_that_was_renewed_in_its_place_is_taken_up() {
    let bench = bench().await;
    bench.client.list().await.unwrap();
    // The VPN gives another address: the old token does not hold any more, a new one does.
    bench.sim.state().seen_as = Some("203.0.113.9".to_owned());
    std::fs::write(bench.dir.path().join("token"), bench.sim.token()).unwrap();
    bench.client.list().await.unwrap();
    assert_eq!(bench.client.holding().await.unwrap().claims.client_ip, "203.0.113.9");
}

#[tokio::test]
async fn the_front_server_answers_for_a_gateway_that_is_away() {
    let Bench { sim, client, dir: _dir } = bench().await;
    let url = sim.url().to_owned();
    for (fault, wanted) in [
        (Fault::NoHost, format!("{url} does not find your gateway")),
        (Fault::Unavailable, format!("the gateway behind {url} is not there")),
        (Fault::TimedOut, format!("the gateway behind {url} did not answer to listing forwards in time")),
        (Fault::DropBefore, format!("{url} did not answer to listing forwards")),
        (Fault::DatabaseDown, "the gateway's database does not answer".to_owned()),
        (Fault::Truncated, format!("the answer of {url} to listing forwards cannot be read: it is no JSON")),
    ] {
        // A connection that was used before is tried again by the library when it turns out to be closed.
        sim.fault(fault, 1);
        assert_eq!(told(client.list().await), wanted);
    }
    client.list().await.unwrap();
    drop(sim);
}

#[tokio::test]
async fn nobody_there_is_told_as_nobody_there() {
    let bench = bench().await;
    let client = bench.with_token(&bench.sim.token());
    let url = bench.sim.url().to_owned();
    bench.sim.stop().await;
    assert_eq!(told(client.list().await), format!("cannot reach {url}"));
}

#[tokio::test]
async fn another_service_at_the_address_is_told_from_a_gateway() {
    let Bench { sim, dir, .. } = bench().await;
    let mut other = server(&sim);
    other.url = format!("{}/other", sim.url()).parse().unwrap();
    let client = Client::new(other, Credentials::Token(SecretFrom::File(dir.path().join("token")))).unwrap();
    assert!(
        told(client.list().await).ends_with("does not have the port-forward service: listing forwards answered 404")
    );
}

#[tokio::test]
async fn what_the_firewall_refuses_is_told() {
    let Bench { sim, client, dir: _dir } = bench().await;
    let before = Snapshot::default();
    // Past our own check, as another client would.
    let make = async |address: &str, target: u16| client.make(&wanted("x", address, target), &before).await;
    assert!(
        told(make("2001:db8::1", 22).await).starts_with("the gateway's firewall refused: sudo iptables -A FORWARD")
    );
    assert!(
        told(make("192.168.1.0/24", 22).await)
            .starts_with("the gateway's firewall refused: sudo iptables -A PREROUTING")
    );
    assert!(told(make("01.2.3.4", 22).await).starts_with("the firewall took the rule in another form"));
    assert_eq!(told(client.ensure(&wanted("x", "192.168.1.0/24", 22)).await), "the forward cannot be made");
    assert!(sim.state().records.is_empty());
    // The second was rolled back, the third left its rule behind, which the health check shows.
    assert_eq!(client.health().await.unwrap().left().len(), 1);
    sim.fault(Fault::For("POST", Box::new(Fault::ForeignRule)), 1);
    assert!(told(make("192.168.1.20", 22).await).starts_with("a rule in the gateway's firewall is no forward"));
}

#[tokio::test]
async fn a_full_gateway_is_told_as_full() {
    let Bench { sim: _sim, client, dir: _dir } =
        bench_of(Setup { pool: Some((50_000, 50_001)), ..Setup::default() }).await;
    for target in [22, 443] {
        client.ensure(&wanted("web01", "192.168.1.20", target)).await.unwrap();
    }
    let error = client.ensure(&wanted("web02", "192.168.1.21", 22)).await.unwrap_err();
    // Of two forwards nobody would think that they are all there is room for.
    assert_eq!(error.to_string(), "the gateway stumbled over making a forward, and made none");
    assert!(!error.remedy().contains("used up"), "{}", error.remedy());
    let Bench { sim, client, dir: _dir } = bench().await;
    for number in 0..101 {
        sim.forward("web01", "CentOS", "192.168.1.20", 1000 + number).unwrap();
    }
    assert!(
        told(client.ensure(&wanted("web02", "192.168.1.21", 22)).await).starts_with("the gateway found no free port")
    );
}

#[tokio::test]
async fn a_forward_to_port_0_is_known_to_be_undeletable() {
    let Bench { sim, client, dir: _dir } = bench().await;
    let port = sim.forward("zero", "CentOS", "192.168.1.60", 0).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    let error = client.remove(&forwards[0]).await.unwrap_err();
    assert_eq!(error.to_string(), "the service cannot delete a forward to port 0");
    assert!(error.remedy().ends_with(&format!("WHERE conn_port = {port}'")), "{}", error.remedy());
    assert!(sim.calls().iter().all(|call| !call.starts_with("DELETE")), "{:?}", sim.calls());
}

#[tokio::test]
async fn a_dead_record_cannot_be_deleted_and_a_forward_beside_it_works() {
    let Bench { sim, client, dir: _dir } = bench().await;
    let port = sim.dead_record("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    assert!(told(client.remove(&forwards[0]).await).starts_with("the gateway has no rule for this forward"));
    let made = client.ensure(&wanted("web01", "192.168.1.20", 22)).await.unwrap();
    assert!(made.is_made && made.forward.port != port && made.twin.is_none(), "{made:?}");
}

#[tokio::test]
async fn a_forward_that_works_and_cannot_be_deleted_keeps_its_record() {
    let Bench { sim, client, dir } = bench().await;
    sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    let port = forwards[0].port;
    // To the service it is all one which of the two rules is missing.
    sim.state().filter.clear();
    let error = client.remove(&forwards[0]).await.unwrap_err();
    let what = format!(
        "the forward on {port} works, but its rule of the chain FORWARD is missing: the gateway cannot delete it"
    );
    assert_eq!(error.to_string(), what);
    let remedy = error.remedy().into_owned();
    assert!(remedy.contains("iptables -A FORWARD -p tcp -d 192.168.1.20 --dport 22"), "{remedy}");
    assert!(!remedy.contains("DELETE FROM"), "{remedy}");
    // Where nobody tells which one is missing, no record goes: an open port would be in no list.
    let token = Credentials::Token(SecretFrom::File(dir.path().join("token")));
    let blind = Client::new(Server { health: false, ..server(&sim) }, token).unwrap();
    let error = blind.remove(&forwards[0]).await.unwrap_err();
    assert_eq!(error.to_string(), "the gateway lacks a rule of this forward, and so cannot delete it");
    assert!(!error.remedy().contains("DELETE FROM") && error.remedy().contains("do not delete its record"));
    sim.state().filter.push(("192.168.1.20".to_owned(), 22));
    client.remove(&forwards[0]).await.unwrap();
}

#[tokio::test]
async fn a_forward_that_the_gateway_only_says_it_made_is_none() {
    let Bench { sim, client, dir: _dir } = bench().await;
    for (port, told_as) in [
        (
            50_045,
            "the gateway says that the forward is on port 50045, and does not list it there; the list does not have it so far",
        ),
        (0, "names no port; the list does not have it so far"),
    ] {
        sim.fault(Fault::Claims(port), 1);
        let error = client.ensure(&wanted("web01", "192.168.1.20", 22)).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{error}");
        let told = error.to_string();
        assert!(told.ends_with(told_as), "{told}");
    }
    assert!(sim.state().records.is_empty());
    // One that was made all the same is found by its place.
    sim.forward("web02", "CentOS", "192.168.1.21", 22).unwrap();
    let of_another = sim.state().records[0].port;
    sim.fault(Fault::Claims(of_another), 1);
    assert!(client.ensure(&wanted("web01", "192.168.1.20", 22)).await.is_err());
}

#[tokio::test]
async fn each_address_of_a_name_has_its_own_answer_to_pings() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("cl", "CentOS", "192.168.1.20", 22).unwrap();
    sim.forward("cl", "CentOS", "192.168.1.21", 22).unwrap();
    sim.state().records[0].routable = Some(false);
    let snapshot = client.snapshot().await.unwrap();
    let machine = &snapshot.machines["cl"];
    // The list of addresses has one answer for both.
    assert_eq!(machine.routable, Some(true));
    assert_eq!(["192.168.1.20", "192.168.1.21"].map(|at| machine.routable_at(at)), [Some(false), Some(true)]);
}

#[tokio::test]
async fn a_rule_over_which_the_service_stumbles_is_told_with_the_list() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::ForeignRule, 9);
    let doubts = client.snapshot().await.unwrap().doubts;
    let wanted = "a rule in the gateway's firewall (chain PREROUTING) is no forward: nothing can be made or deleted until it is gone";
    assert_eq!(doubts, [wanted]);
}

#[tokio::test]
async fn a_forward_that_became_another_one_is_not_deleted() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    let forward = forwards[0].clone();
    // To the gateway's own filter these would be the same.
    sim.state().records[0].name = "webX1".to_owned();
    let port = forward.port;
    assert_eq!(
        told(client.remove(&Forward { name: "web_1".to_owned(), ..forward.clone() }).await),
        format!("port {port} is not the forward that was meant any more")
    );
    assert_eq!(told(client.remove(&forward).await), format!("port {port} is not the forward that was meant any more"));
    sim.state().records.clear();
    assert_eq!(told(client.remove(&forward).await), format!("port {port} is not in the gateway's list"));
    // The gateway ignores a filter of 0 and would show everything.
    assert_eq!(told(client.remove(&Forward { port: 0, ..forward }).await), "port 0 is not in the gateway's list");
    assert!(sim.calls().iter().all(|call| !call.starts_with("DELETE")), "{:?}", sim.calls());
}

#[tokio::test]
async fn a_rule_that_was_not_saved_is_open_and_in_no_list() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::SaveFails, 1);
    let error = client.ensure(&wanted("web01", "192.168.1.20", 22)).await.unwrap_err();
    let snapshot = client.snapshot().await.unwrap();
    let rules = snapshot.firewall.unwrap().rules;
    assert_eq!((snapshot.forwards.len(), rules.len()), (0, 1));
    let wanted =
        format!("the gateway made the forward and could not save it: port {} is open, and in no list", rules[0].port);
    assert_eq!(error.to_string(), wanted);
    assert!(!error.remedy().contains("check the address"), "{}", error.remedy());
}

#[tokio::test]
async fn a_port_that_leads_to_another_machine_is_told_as_such_when_it_is_given() {
    let pool = Some((50_000, 50_000));
    let Bench { sim, client, dir: _dir } = bench_of(Setup { pool, ..Setup::default() }).await;
    // The gateway looks for a free port in its list; this rule is in none.
    let port = sim.unlisted_rule("192.168.1.20", 8443).unwrap();
    let wanted = wanted("new1", "192.168.1.30", 22);
    let error = client.ensure(&wanted).await.unwrap_err();
    let what =
        format!("the gateway gave port {port}, which its firewall leads to 192.168.1.20:8443 by a rule in no list");
    assert_eq!(error.to_string(), what);
    assert!(error.remedy().contains("--dport 50000 -j DNAT --to 192.168.1.20:8443"), "{}", error.remedy());
    // What is there now is no forward to use: it leads to the other machine.
    let snapshot = client.snapshot().await.unwrap();
    assert_eq!((snapshot.forwards.len(), snapshot.existing(&wanted)), (1, None));
    // It can be deleted, and the other machine's rule stays.
    client.remove(&snapshot.forwards[0]).await.unwrap();
    assert_eq!(sim.state().nat.iter().map(|rule| rule.target).collect::<Vec<_>>(), [8443]);
}

#[tokio::test]
async fn a_snapshot_has_all_that_is_told_and_does_without_what_is_not() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    let snapshot = client.snapshot().await.unwrap();
    assert_eq!(snapshot.machines["web01"].routable, Some(true));
    assert_eq!(snapshot.machines["web01"].exists, None);
    let guest = Guest { component: "Windows".to_owned(), is_on: false, addresses: vec!["192.168.1.30".to_owned()] };
    sim.state().inventory = Some([("win1".to_owned(), guest)].into());
    let snapshot = client.snapshot().await.unwrap();
    assert_eq!(snapshot.machines["web01"].exists, Some(false));
    assert_eq!(snapshot.machines["win1"].power.as_deref(), Some("poweredOff"));
}

#[tokio::test]
async fn an_inventory_without_any_of_the_machines_is_not_believed() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
    sim.state().inventory = Some(std::collections::BTreeMap::new());
    let snapshot = client.snapshot().await.unwrap();
    assert_eq!(snapshot.machines["web01"].exists, None);
    assert_eq!(snapshot.doubts, ["the inventory is empty: whether machines are gone is not known"]);
}

#[tokio::test]
async fn a_forward_without_a_component_can_be_made_again_as_it_was() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.forward("web01", "", "192.168.1.20", 22).unwrap();
    let (forwards, ..) = client.list().await.unwrap();
    client.remove(&forwards[0]).await.unwrap();
    let made = client.ensure(&forwards[0].wanted()).await.unwrap();
    assert_eq!(made.forward.component, "");
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told_as_such() {
    let Bench { sim, dir, .. } = bench().await;
    let mut other = server(&sim);
    other.url = sim.url().replace("http://", "https://").parse().unwrap();
    let client = Client::new(other, Credentials::Token(SecretFrom::File(dir.path().join("token")))).unwrap();
    assert!(told(client.list().await).ends_with("does not speak TLS at this port"));
    let tls = Simulator::start(Setup { tls: true, ..Setup::default() }).await.unwrap();
    let mut other = server(&tls);
    other.url = tls.url().replace("https://", "http://").parse().unwrap();
    let client = Client::new(other, Credentials::Token(SecretFrom::File(dir.path().join("token")))).unwrap();
    assert!(told(client.list().await).ends_with("does not speak plain HTTP at this port"));
}

#[tokio::test]
async fn certificates_are_verified_unless_it_was_said_otherwise() {
    let sim = Simulator::start(Setup { tls: true, ..Setup::default() }).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let authority = dir.path().join("ca.pem");
    std::fs::write(&authority, sim.authority().unwrap()).unwrap();
    std::fs::write(dir.path().join("token"), sim.token()).unwrap();
    let client = |trust| {
        let credentials = Credentials::Token(SecretFrom::File(dir.path().join("token")));
        Client::new(Server { trust, ..server(&sim) }, credentials).unwrap()
    };
    client(Trust::File(authority)).list().await.unwrap();
    client(Trust::Anybody).list().await.unwrap();
    let other = Simulator::start(Setup { tls: true, ..Setup::default() }).await.unwrap();
    let foreign = dir.path().join("other.pem");
    std::fs::write(&foreign, other.authority().unwrap()).unwrap();
    let refused = client(Trust::File(foreign)).list().await.unwrap_err();
    assert!(refused.to_string().ends_with("is not trusted"), "{refused}");
    // By the fingerprint that is told it can be trusted.
    let why = std::error::Error::source(&refused).unwrap().to_string();
    let (what, found) = why.rsplit_once("; its fingerprint is ").unwrap();
    assert_eq!(what, "its certificate was signed by nobody who is trusted here");
    client(Trust::Pinned(found.parse().unwrap())).list().await.unwrap();

    let refused = client(Trust::Pinned(Fingerprint([0; 32]))).list().await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    let found = why.strip_prefix("its fingerprint is ").and_then(|told| told.split(',').next()).unwrap();
    client(Trust::Pinned(found.parse().unwrap())).list().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_told_in_words_of_ours() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let identity = crate::tls::identity("gateway").unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::clone(&identity.tls));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let gateway = async {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut asked = [0; 16];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{").await.unwrap();
            stream.flush().await.unwrap();
            // TCP ends, and TLS does not: as where a middlebox cuts the connection.
            let (mut socket, _) = stream.into_inner();
            socket.shutdown().await.unwrap();
        }
    };
    let Bench { sim, dir, .. } = bench().await;
    let cut = Server { url: url.parse().unwrap(), trust: Trust::Anybody, ..server(&sim) };
    let client = Client::new(cut, Credentials::Token(SecretFrom::File(dir.path().join("token")))).unwrap();
    let answer = tokio::select! {
        answer = client.list() => answer,
        () = gateway => panic!("the gateway takes no more connections"),
    };
    let told = Trouble::of(&answer.unwrap_err()).one_line();
    assert!(told.contains("the connection was closed in the middle of the answer"), "{told}");
    assert!(!told.contains("close_notify") && !told.contains("docs.rs"), "{told}");
}

#[tokio::test]
async fn requests_wait_here_for_one_another() {
    let Bench { sim, client, dir: _dir } = bench().await;
    sim.fault(Fault::Late(Duration::from_millis(50)), 1);
    let (one, other) = tokio::join!(client.list(), client.list());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(sim.calls().len(), 2);
}
