//! The link over real websockets, with the stand-in for the proxy at their other end.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::clock;
use crate::config::ProxyUrl;
use crate::features::console::sim::{Fault, Machine, Setup, Simulator};
use crate::features::console::token::{Grant, Token};
use crate::secret::Secret;
use crate::tls::Trust;
use crate::trouble::Remedy as _;

/// A wait that takes this long has failed.
const DEADLINE: Duration = Duration::from_secs(20);

fn key() -> Secret {
    Secret::read("a-shared-secret").unwrap()
}

/// A proxy with two switches behind it.
async fn proxy(prefix: Option<&str>, tls: bool) -> Simulator {
    let machines = ["leaf1", "leaf2"].map(|name| (name.parse().unwrap(), Machine::Switch)).to_vec();
    Simulator::start(Setup { key: key(), prefix: prefix.map(str::to_owned), tls, machines }).await.unwrap()
}

/// A token for the first switch, and for one that does not exist.
fn token(key: &Secret, life: TimeDelta) -> Token {
    let grant = Grant {
        user: "anna".to_owned(),
        lab: "1".to_owned(),
        lab_instance: "1".to_owned(),
        namespace: "lab".to_owned(),
        machines: vec!["leaf1".parse().unwrap(), "leaf9".parse().unwrap()],
        expires: clock::now() + life,
    };
    Token::sign(&grant, key).unwrap()
}

fn good() -> Token {
    token(&key(), TimeDelta::minutes(1))
}

fn route(proxy: &Simulator) -> Route {
    Route { url: proxy.url(), trust: Trust::System }
}

async fn attach(proxy: &Simulator) -> Link {
    open(&route(proxy), &good(), &"leaf1".parse().unwrap()).await.unwrap()
}

/// Types `text`, and reads until `wanted` came.
async fn ask(link: &mut Link, text: &str, wanted: &str) -> String {
    link.write_all(text.as_bytes()).await.unwrap();
    link.flush().await.unwrap();
    let mut read = Vec::new();
    // What has come since is searched, and as much before it as a part of what is wanted takes.
    let mut searched = 0;
    while !String::from_utf8_lossy(&read[searched..]).contains(wanted) {
        searched = read.len().saturating_sub(wanted.len());
        let got = tokio::time::timeout(DEADLINE, link.read_buf(&mut read)).await.unwrap().unwrap();
        assert!(got > 0, "it ended: {:?}, after {:?}", link.end(), String::from_utf8_lossy(&read));
    }
    String::from_utf8(read).unwrap()
}

/// Reads to the end, and says why it ended.
async fn ended(mut link: Link) -> String {
    let mut read = Vec::new();
    tokio::time::timeout(DEADLINE, link.read_to_end(&mut read)).await.unwrap().unwrap();
    link.end().map_or_else(|error| error.to_string(), |()| "closed".to_owned())
}

#[tokio::test]
async fn a_switch_answers_through_the_proxy() {
    for (prefix, tls) in [(None, false), (Some("console"), false)] {
        let proxy = proxy(prefix, tls).await;
        let mut link = attach(&proxy).await;
        ask(&mut link, "\r", "leaf1 login: ").await;
        ask(&mut link, "admin\radmin\r", "leaf1>").await;
        assert!(ask(&mut link, "show version\r", "minutes").await.contains("Hostname: leaf1"));
        link.close().await;
        assert_eq!(ended(link).await, "closed");
        // The switch is where it was left.
        let mut again = attach(&proxy).await;
        ask(&mut again, "\r", "leaf1>").await;
    }
}

#[tokio::test]
async fn certificates_are_checked() {
    let proxy = proxy(None, true).await;
    let machine = "leaf1".parse().unwrap();
    let untrusted = open(&route(&proxy), &good(), &machine).await.unwrap_err();
    assert!(matches!(untrusted, Error::Untrusted { .. }), "{untrusted}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, proxy.authority().unwrap()).unwrap();
    let trusted = Route { url: proxy.url(), trust: Trust::File(path) };
    let mut link = open(&trusted, &good(), &machine).await.unwrap();
    ask(&mut link, "\r", "leaf1 login: ").await;
    let nobody = Route { url: proxy.url(), trust: Trust::File(dir.path().join("none.pem")) };
    assert!(matches!(open(&nobody, &good(), &machine).await.unwrap_err(), Error::Setup { .. }));
}

#[tokio::test]
async fn a_close_with_code_1000_and_a_reason_is_a_refusal() {
    let plain = proxy(None, false).await;
    let prefixed = proxy(Some("console"), false).await;
    let open = async |proxy: &Simulator, prefix: Option<&str>, token: Token, machine: &str| {
        let url = ProxyUrl { prefix: prefix.map(str::to_owned), ..proxy.url() };
        let link = open(&Route { url, trust: Trust::System }, &token, &machine.parse().unwrap()).await.unwrap();
        ended(link).await
    };
    let other = token(&Secret::read("another").unwrap(), TimeDelta::minutes(1));
    let old = token(&key(), TimeDelta::minutes(-1));
    for (told, reason) in [
        (open(&plain, None, other, "leaf1").await, "invalid token"),
        (open(&plain, None, old, "leaf1").await, "invalid token"),
        (open(&plain, None, good(), "leaf2").await, "invalid token"),
        (open(&plain, Some("console"), good(), "leaf1").await, "invalid url"),
        (open(&prefixed, None, good(), "leaf1").await, "invalid url"),
        (open(&prefixed, Some("serial"), good(), "leaf1").await, "wrong path prefix"),
    ] {
        assert_eq!(told, format!("the proxy refuses: {reason}"));
    }
}

#[tokio::test]
async fn every_other_end_is_told_as_what_it_is() {
    let proxy = proxy(None, false).await;
    let unknown = open(&route(&proxy), &good(), &"leaf9".parse().unwrap()).await.unwrap();
    assert_eq!(ended(unknown).await, "the proxy cannot reach leaf9");
    for (fault, told) in [
        (Fault::Upstream, "the proxy cannot reach leaf1"),
        (Fault::Close(1000, String::new()), "closed"),
        (Fault::Close(1001, String::new()), "closed"),
        (Fault::Close(1008, "no\u{1b}[2J".to_owned()), "the connection to leaf1 was closed with code 1008: no␛[2J"),
        (Fault::Close(4000, String::new()), "the connection to leaf1 was closed with code 4000"),
        (Fault::Huge((1 << 20) + 1), "what comes from leaf1 cannot be taken"),
    ] {
        proxy.misbehave(Some(fault.clone()));
        let link = attach(&proxy).await;
        assert_eq!(ended(link).await, told, "{fault:?}");
    }
    for (fault, told) in [
        (Fault::DropAfter(1), "the connection to leaf1 was dropped"),
        // The code is that of a machine that cannot be reached; it was.
        (Fault::LostAfter(1), "the proxy has lost its connection to leaf1"),
    ] {
        proxy.misbehave(Some(fault));
        let mut link = attach(&proxy).await;
        link.write_all(b"\r").await.unwrap();
        link.flush().await.unwrap();
        assert_eq!(ended(link).await, told);
    }
    proxy.misbehave(Some(Fault::Page(404, "no such page\u{7}".to_owned())));
    let page = open(&route(&proxy), &good(), &"leaf1".parse().unwrap()).await.unwrap_err();
    assert!(page.to_string().ends_with("opens no websocket: 404 Not Found: no such page␇"), "{page}");
}

#[tokio::test]
async fn whoever_attaches_later_takes_the_line_and_the_other_is_told() {
    let proxy = proxy(None, false).await;
    let mut first = attach(&proxy).await;
    ask(&mut first, "\r", "login: ").await;
    let mut second = attach(&proxy).await;
    ask(&mut second, "\r", "login: ").await;
    assert_eq!(ended(first).await, "the connection to leaf1 was dropped");
    ask(&mut second, "\r", "login: ").await;
}

#[tokio::test]
async fn a_message_of_the_largest_size_is_taken_and_a_flood_comes_whole() {
    let proxy = proxy(None, false).await;
    proxy.misbehave(Some(Fault::Huge(1 << 20)));
    let mut link = attach(&proxy).await;
    let mut read = vec![0; 1 << 20];
    tokio::time::timeout(DEADLINE, link.read_exact(&mut read)).await.unwrap().unwrap();
    assert!(read.iter().all(|byte| *byte == b'x'));
    proxy.misbehave(None);
    let mut link = attach(&proxy).await;
    ask(&mut link, "\radmin\radmin\renable\r", "leaf1#").await;
    let flood = ask(&mut link, "show tech-support\r", "\nleaf1#").await;
    let numbers = flood.lines().filter_map(|line| line.get(..6)?.parse::<usize>().ok());
    assert!(numbers.eq(0..64 << 10));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url: ProxyUrl = format!("ws://{address}").parse().unwrap();
    let error = open(&Route { url, trust: Trust::System }, &good(), &"leaf1".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

/// A link over a pipe, and the websocket at its other end.
async fn pair(patience: Patience) -> (Link, WebSocketStream<tokio::io::DuplexStream>) {
    let (here, there) = tokio::io::duplex(1 << 16);
    let here: Box<dyn Carrier> = Box::new(here);
    let socket = WebSocketStream::from_raw_socket(here, Role::Client, None).await;
    (Link::new("leaf1".to_owned(), socket, patience), WebSocketStream::from_raw_socket(there, Role::Server, None).await)
}

#[tokio::test]
async fn silence_is_an_end() {
    // Nobody reads at the other end, so no ping is answered.
    let patience = Patience { ping_every: Duration::from_millis(1), silence: Duration::from_millis(5) };
    let (mut link, _other) = pair(patience).await;
    let mut read = Vec::new();
    tokio::time::timeout(DEADLINE, link.read_to_end(&mut read)).await.unwrap().unwrap();
    assert!(matches!(link.end(), Err(Error::Silent { .. })), "{link:?}");
}

#[tokio::test]
async fn a_quiet_line_is_asked_whether_it_is_there_and_its_answers_keep_it_open() {
    let patience = Patience { ping_every: Duration::from_millis(1), silence: DEADLINE };
    let (mut link, mut other) = pair(patience).await;
    let mut byte = [0];
    let mut pings = 0;
    // Reading answers pings.
    let answering = async {
        while pings < 20 {
            let message = tokio::time::timeout(DEADLINE, futures::StreamExt::next(&mut other)).await.unwrap();
            pings += usize::from(message.unwrap().unwrap().is_ping());
        }
    };
    tokio::select! {
        read = link.read(&mut byte) => panic!("{read:?}"),
        () = answering => {}
    }
}

#[tokio::test]
async fn what_is_spoken_to_in_the_wrong_way_is_told_with_what_to_do() {
    let machine = "leaf1".parse().unwrap();
    // TLS, spoken to without.
    let proxy = proxy(None, true).await;
    let url = proxy.url().to_string().replacen("wss://", "ws://", 1);
    let plain = Route { url: url.parse().unwrap(), trust: Trust::System };
    let error = open(&plain, &good(), &machine).await.err().unwrap();
    assert!(matches!(error, Error::NotPlain { .. }) && error.remedy().contains("wss://"), "{error}");
    assert!(!error.to_string().contains("Handshake"), "{error}");
    // Authorities were given, and are not its own.
    let dir = tempfile::tempdir().unwrap();
    let other = self::proxy(None, true).await;
    let other = other.authority().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, other).unwrap();
    let route = Route { url: proxy.url(), trust: Trust::File(path) };
    let error = open(&route, &good(), &machine).await.err().unwrap();
    assert!(matches!(error, Error::UntrustedByGiven { .. }), "{error:?}");
    assert!(error.remedy().contains("lacks the authority"), "{error}");
}

#[tokio::test]
async fn a_connection_that_ends_in_the_midst_of_tls_is_told_in_plain_words() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: crate::config::Endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    let words = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest";
    let cut = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, words);
    let error = crate::features::console::dial::unreachable(&endpoint, &cut);
    assert!(error.remedy().contains("a client's certificate"), "{error}");
    let because = std::error::Error::source(&error).unwrap().to_string();
    assert!(because.contains("in the midst of TLS") && !because.contains("docs.rs"), "{because}");
}
