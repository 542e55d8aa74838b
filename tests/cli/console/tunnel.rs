//! `noctui console tunnel`, and a viewer that goes through it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use noctui::features::console::sim::Machine;
use serde_json::Value;

use super::{Desk, boot_screen};

/// A tunnel, ended when it is dropped.
struct Tunnel {
    child: std::process::Child,
    address: String,
    ssh: String,
}

/// A test that fails leaves nothing running.
impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Tunnel {
    fn open(desk: &Desk, arguments: &[&str]) -> Self {
        let words: Vec<_> = ["tunnel", "leaf1", "--json"].into_iter().chain(arguments.iter().copied()).collect();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("noctui"));
        command.env_clear().env("HOME", desk.home.path()).env("USER", "anna").current_dir(desk.home.path());
        command.args(desk.arguments(&words)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut json = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while !json.contains("}\n") {
            assert!(out.read_line(&mut json).unwrap() > 0, "{json}");
        }
        let said: Value = serde_json::from_str(&json).unwrap();
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap().to_owned();
        Self { child, address: text("address"), ssh: text("ssh") }
    }

    /// Ends it as Ctrl-C does; what it complained of, and its exit code.
    fn end(self) -> (String, Option<i32>) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        self.ended()
    }

    /// Waits until it ends by itself; what it complained of, and its exit code.
    fn ended(mut self) -> (String, Option<i32>) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (said, self.child.wait().unwrap().code())
    }
}

/// Reads until `wanted` came.
fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&read).contains(wanted) {
        stream.read_exact(&mut byte).unwrap();
        read.extend(byte);
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[test]
fn a_viewer_reaches_the_screen_and_a_second_one_is_turned_away() {
    let desk = Desk::of("leaf1", boot_screen());
    let tunnel = Tunnel::open(&desk, &[]);
    let port = tunnel.address.rsplit(':').next().unwrap();
    assert!(
        tunnel.address.starts_with("127.0.0.1:")
            && tunnel.ssh.starts_with(&format!("ssh -L 5900:127.0.0.1:{port} anna@")),
        "{}",
        tunnel.ssh
    );
    let mut viewer = TcpStream::connect(&tunnel.address).unwrap();
    read_until(&mut viewer, "RFB 003.008\n");
    let mut second = TcpStream::connect(&tunnel.address).unwrap();
    assert!(matches!(second.read(&mut [0]), Ok(0) | Err(_)));
    drop(viewer);
    // The first is gone, so the next one is served.
    let mut third = TcpStream::connect(&tunnel.address).unwrap();
    while !matches!(third.read(&mut [0]), Ok(1)) {
        third = TcpStream::connect(&tunnel.address).unwrap();
    }
    let (said, code) = tunnel.end();
    assert!(said.contains("is connected to leaf1") && said.contains("was turned away"), "{said}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_serial_line_goes_through_too() {
    let desk = Desk::of("leaf1", Machine::Switch);
    let tunnel = Tunnel::open(&desk, &["--serial", "--once"]);
    let mut line = TcpStream::connect(&tunnel.address).unwrap();
    line.write_all(b"\radmin\radmin\rshow version\r").unwrap();
    let said = read_until(&mut line, "minutes\r\n");
    assert!(said.contains("leaf1 login: ") && said.contains("Hostname: leaf1"), "{said}");
    drop(line);
    let (said, code) = tunnel.ended();
    assert!(said.contains("is gone") && code == Some(0), "{said}");
}
