//! A serial line on somebody's own terminal: the real binary in a pseudo-terminal, a simulated proxy, a simulated switch.

use std::time::Duration;

use noctui::features::console::glyph;
use noctui::features::console::sim::cluster::{ClusterMachine, ClusterSetup, ClusterSimulator};
use noctui::features::console::sim::{Fault, Machine, PASSWORD, Setup, Simulator, USER};
use noctui::secret::Secret;
use rustix::process::Signal;
use tokio::runtime::Runtime;

use crate::support::{Session, Start};

/// The key of the proxy.
const KEY: &str = "a-shared-secret";

/// A proxy with a switch behind it, and the runtime that its tasks run on.
fn proxy() -> (Simulator, Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let machines = vec![("leaf1".parse().unwrap(), Machine::Switch)];
    let setup = Setup { key: Secret::read(KEY).unwrap(), prefix: None, tls: false, machines };
    (runtime.block_on(Simulator::start(setup)).unwrap(), runtime)
}

/// Attaches to the switch.
fn attach(sim: &Simulator, arguments: &[&str]) -> Session {
    let url = sim.url().to_string();
    let words = ["console", "attach", "leaf1", "--url", &url, "--namespace", "lab"];
    let words: Vec<_> = words.into_iter().chain(arguments.iter().copied()).collect();
    Start::noctui(&words).variable("NOCTUI_CONSOLE_KEY", KEY).size(100, 30).spawn()
}

/// Waits until it is attached.
fn attached(sim: &Simulator, arguments: &[&str]) -> Session {
    let mut session = attach(sim, arguments);
    session.wait_for_text("enter wakes a quiet line");
    session
}

#[test]
fn somebody_logs_in_runs_a_command_leaves_and_comes_back() {
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &[]);
    session.send("\r");
    session.wait_for_text("leaf1 login:");
    session.send(format!("{USER}\r"));
    session.wait_for_text("Password:");
    session.send(format!("{PASSWORD}\r"));
    session.wait_for_text("leaf1>");
    session.send("show version\r");
    session.wait_for_text("Hostname: leaf1");
    assert!(session.is_raw());
    session.send("\x1d");
    assert!(session.wait_for_end().success());
    session.wait_for_text("left leaf1; who is logged in there stays so");
    session.assert_restored();

    let mut again = attached(&sim, &[]);
    again.send("\r");
    again.wait_for_text("leaf1>");
    again.send("\x1dq");
    assert!(again.wait_for_end().success());
    again.assert_restored();
}

#[test]
fn the_escape_key_is_sent_when_it_is_pressed_twice_and_can_be_another() {
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &["--escape", "ctrl-a"]);
    // The switch rings for what it does not know, and takes back the line on ctrl-u.
    session.send(format!("\r{USER}\r{PASSWORD}\r"));
    session.wait_for_text("leaf1>");
    session.send("sho\x1d\x01\x01w\r");
    session.wait_for_text("leaf1>show");
    session.wait_for_text("% Invalid input");
    session.send("\x01");
    assert!(session.wait_for_end().success());
    session.assert_restored();
}

#[test]
fn signals_and_the_end_of_the_line_give_the_terminal_back() {
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &[]);
    session.send("\r");
    session.wait_for_text("leaf1 login:");
    session.signal(Signal::TERM);
    assert_eq!(session.wait_for_end().code(), Some(128 + 15));
    session.assert_restored();

    sim.misbehave(Some(Fault::DropAfter(1)));
    let mut dropped = attached(&sim, &[]);
    dropped.send("\r");
    assert_eq!(dropped.wait_for_end().code(), Some(2));
    dropped.wait_for_text("the connection to leaf1 was dropped");
    dropped.wait_for_text("somebody else attached");
    dropped.assert_restored();

    sim.misbehave(Some(Fault::Close(1000, "invalid token".to_owned())));
    let mut refused = attach(&sim, &[]);
    assert_eq!(refused.wait_for_end().code(), Some(2));
    refused.wait_for_text("the proxy refuses: invalid token");
    refused.assert_restored();
}

#[test]
fn what_the_machine_says_is_written_into_a_log() {
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &["--log", "leaf1.log"]);
    session.send("\r");
    session.wait_for_text("leaf1 login:");
    session.send("\x1d");
    session.wait_for_end();
    let log = std::fs::read_to_string(session.home().join("leaf1.log")).unwrap();
    assert_eq!(log, "\r\nleaf1 login: ");
}

#[test]
fn keys_are_answered_while_a_machine_floods_a_slow_terminal() {
    let (sim, _runtime) = proxy();
    let url = sim.url().to_string();
    let start = Start::noctui(&["console", "attach", "leaf1", "--url", &url, "--namespace", "lab"]);
    let mut session = start.variable("NOCTUI_CONSOLE_KEY", KEY).link(50_000).spawn();
    session.wait_for_text("enter wakes a quiet line");
    session.send(format!("\r{USER}\r{PASSWORD}\renable\r"));
    session.wait_for_text("leaf1#");
    // 5 MB, which this link would carry in minutes.
    session.send("show tech-support\r");
    session.wait_for_text("line protocol is up");
    session.send("\x1dq");
    assert!(session.wait_for_end().success());
    session.assert_restored();
}

#[test]
fn a_machine_without_a_serial_line_says_so_and_what_there_is_instead() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let machine = ClusterMachine {
        namespace: "training".to_owned(),
        name: "desk01".to_owned(),
        runs: true,
        node: "node-2".to_owned(),
        address: "192.0.2.20".to_owned(),
        guest: String::new(),
        has_serial: false,
        floods: false,
        serial_log: String::new(),
        screen: glyph::draw(["desk01 login: _"], 0x00aa_aaaa, 0),
    };
    let token = Secret::read("a-token").unwrap();
    let setup = ClusterSetup { token, tls: true, power_takes: Duration::from_millis(10), machines: vec![machine] };
    let sim = runtime.block_on(ClusterSimulator::start(setup)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, sim.kubeconfig()).unwrap();
    let path = kubeconfig.display().to_string();
    let mut session = Start::noctui(&["console", "attach", "desk01", "--kubeconfig", &path]).size(100, 30).spawn();
    assert_eq!(session.wait_for_end().code(), Some(2));
    session.wait_for_text("desk01: it has no serial line (autoattachSerialConsole: false)");
    session.wait_for_text("noctui console screenshot");
    session.assert_restored();
}

#[test]
fn what_is_typed_together_with_the_key_that_leaves_arrives_as_far_as_it_stands_before_it() {
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &[]);
    // One write is one read, as from a paste or a link that stalls. What stands between two presses is sent, and the key itself.
    session.send(format!("\r{USER}\r{PASSWORD}\renable\rsho\x1d\x1dw\r\x1dlost\r"));
    assert!(session.wait_for_end().success());
    session.assert_restored();
    let mut again = attached(&sim, &[]);
    again.send("\r");
    again.wait_for_text("leaf1#");
    again.send("\x1dq");
    assert!(again.wait_for_end().success());
}

#[test]
fn a_log_that_cannot_be_written_is_told_at_once_and_at_the_end() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let (sim, _runtime) = proxy();
    let mut session = attached(&sim, &["--log", "/dev/full"]);
    session.send("\r");
    session.wait_for_text("the log has ended: No space left on device");
    session.wait_for_text("leaf1 login:");
    session.send("\x1d");
    assert_eq!(session.wait_for_end().code(), Some(2));
    session.wait_for_text("the log /dev/full is not whole");
    session.assert_restored();
}

/// The websocket is opened, and then the token is refused.
const REFUSES: &str = "refuses";

/// A proxy that takes connections and answers nothing until it is told what; then it ends.
fn slow_proxy() -> (String, std::sync::mpsc::Sender<&'static str>, std::thread::JoinHandle<()>) {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (answer, told) = std::sync::mpsc::channel::<&str>();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let _ = socket.read(&mut asked).unwrap();
        match told.recv() {
            Ok(REFUSES) => {
                let asked = String::from_utf8_lossy(&asked);
                let key = asked.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap();
                let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
                write!(
                    socket,
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                )
                .unwrap();
                // What was typed comes first; then a close frame: code 1000, and the reason.
                let _ = socket.read(&mut [0; 4096]).unwrap();
                socket.write_all(b"\x88\x0f\x03\xe8invalid token").unwrap();
            }
            Ok(answer) => socket.write_all(answer.as_bytes()).unwrap(),
            Err(_) => {}
        }
    });
    (url, answer, serving)
}

#[test]
fn what_is_typed_while_a_line_is_being_opened_is_never_for_the_shell() {
    let (url, answer, serving) = slow_proxy();
    let words = ["console", "attach", "leaf1", "--url", &url, "--namespace", "lab"];
    let mut session = Start::noctui(&words).variable("NOCTUI_CONSOLE_KEY", KEY).size(100, 30).spawn();
    session.wait_for_text("the serial line of leaf1 is being opened; ^] gives up");
    assert!(session.is_raw());
    session.send("reload-everything\r");
    session.read_for(Duration::from_millis(300));
    answer.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(session.wait_for_end().code(), Some(2));
    session.wait_for_text("what was typed while it was being opened was not sent");
    assert!(!session.shows("reload-everything"), "{}", session.screen);
    session.assert_restored();
    serving.join().unwrap();
}

#[test]
fn what_was_typed_is_told_where_the_proxy_refuses_after_it_has_opened_the_line() {
    let (url, answer, serving) = slow_proxy();
    let words = ["console", "attach", "leaf1", "--url", &url, "--namespace", "lab"];
    let mut session = Start::noctui(&words).variable("NOCTUI_CONSOLE_KEY", KEY).size(100, 30).spawn();
    session.wait_for_text("the serial line of leaf1 is being opened; ^] gives up");
    session.send("secret\r");
    session.read_for(Duration::from_millis(300));
    answer.send(REFUSES).unwrap();
    assert_eq!(session.wait_for_end().code(), Some(2));
    session.wait_for_text("what was typed while it was being opened was not sent");
    session.wait_for_text("the proxy refuses: invalid token");
    session.assert_restored();
    serving.join().unwrap();
}

#[test]
fn a_log_that_is_a_pipe_is_refused_and_not_waited_for() {
    let (sim, _runtime) = proxy();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut session = attach(&sim, &["--log", &pipe.display().to_string()]);
    assert_eq!(session.wait_for_end().code(), Some(2));
    session.wait_for_text("it is a pipe, and no file");
    session.assert_restored();
}

#[test]
fn the_key_that_leaves_does_so_while_a_line_is_being_opened() {
    let (url, answer, serving) = slow_proxy();
    let words = ["console", "attach", "leaf1", "--url", &url, "--namespace", "lab"];
    let mut session = Start::noctui(&words).variable("NOCTUI_CONSOLE_KEY", KEY).size(100, 30).spawn();
    session.wait_for_text("is being opened");
    session.send("\x1d");
    assert!(session.wait_for_end().success());
    session.wait_for_text("left before the line to leaf1 was open");
    session.assert_restored();
    drop(answer);
    serving.join().unwrap();
}
