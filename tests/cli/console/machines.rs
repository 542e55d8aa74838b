//! `noctui console list` and what changes machines, against a simulated cluster with TLS; consoles through its API.

use std::collections::BTreeSet;
use std::time::Duration;

use noctui::features::console::glyph;
use noctui::features::console::sim::cluster::{ClusterFault, ClusterMachine, ClusterSetup, ClusterSimulator};
use noctui::secret::Secret;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::json::{documented, fields};
use crate::support::Home;

/// A cluster, and somebody's home with a kubeconfig.
struct Desk {
    home: Home,
    sim: ClusterSimulator,
    _runtime: Runtime,
}

/// A machine with a serial line and a screen.
fn machine(name: &str, namespace: &str, runs: bool) -> ClusterMachine {
    ClusterMachine {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        runs,
        node: "node-2".to_owned(),
        address: "192.0.2.20".to_owned(),
        guest: "Debian 13".to_owned(),
        has_serial: true,
        floods: false,
        serial_log: String::new(),
        screen: glyph::draw(["leaf1 login: _"], 0x00aa_aaaa, 0),
    }
}

#[test]
fn where_a_console_is_missing_the_other_one_is_named_as_far_as_it_can_be_had() {
    let without = |name: &str, runs| ClusterMachine { screen: None, ..machine(name, "training", runs) };
    let desk = Desk::of(vec![without("spare1", false), without("spine1", true)]);
    for (name, says) in [
        ("spare1", "`noctui console attach` once it runs: `noctui console start spare1`"),
        ("spine1", "attach to its serial line with `noctui console attach`\n"),
    ] {
        let (_, complained, code) = desk.console(&["screenshot", name, "--text"]);
        assert!(code == 2 && complained.contains("it has no screen") && complained.contains(says), "{complained}");
    }
}

impl Desk {
    fn new() -> Self {
        Self::of(vec![
            machine("leaf1", "training", true),
            machine("leaf2", "training", false),
            machine("other", "elsewhere", true),
        ])
    }

    fn of(machines: Vec<ClusterMachine>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let token = Secret::read("a-token").unwrap();
        let setup = ClusterSetup { token, tls: true, power_takes: Duration::from_millis(10), machines };
        let sim = runtime.block_on(ClusterSimulator::start(setup)).unwrap();
        let home = Home::new();
        std::fs::write(home.path().join("kubeconfig"), sim.kubeconfig()).unwrap();
        Self { home, sim, _runtime: runtime }
    }

    /// `noctui console` with these arguments: standard output, standard error, exit code.
    fn console(&self, arguments: &[&str]) -> (String, String, i32) {
        let kubeconfig = self.home.path().join("kubeconfig");
        let mut command = self.home.noctui(std::iter::once("console").chain(arguments.iter().copied()));
        let output = command.env("KUBECONFIG", kubeconfig).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (out, complained, _) = self.console(arguments);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{complained}"))
    }

    /// The state of a machine.
    fn state(&self, name: &str) -> String {
        let told = self.json(&["list", "--json"]);
        let found = told.as_array().unwrap().iter().find(|machine| machine["name"] == name).unwrap();
        found["state"].as_str().unwrap().to_owned()
    }

    /// Waits until a machine is in this state.
    fn wait_for(&self, name: &str, state: &str) {
        for _ in 0..200 {
            if self.state(name) == state {
                return;
            }
        }
        panic!("{name} is {}", self.state(name));
    }
}

#[test]
fn machines_are_listed_as_a_table_and_as_json() {
    let desk = Desk::new();
    let (table, complained, code) = desk.console(&["list"]);
    assert_eq!((complained.as_str(), code), ("", 0));
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("STATE    MACHINE  NAMESPACE"), "{table}");
    assert!(lines[1].starts_with("Running  leaf1") && lines[1].contains("serial, screen"), "{table}");
    assert!(lines[2].starts_with("Stopped  leaf2") && lines.len() == 3, "{table}");
    let told = desk.json(&["list", "-A", "--json"]);
    assert_eq!(told.as_array().unwrap().len(), 3);
    assert_eq!((&told[1]["node"], &told[1]["addresses"][0]), (&"node-2".into(), &"192.0.2.20".into()));
    assert_eq!(told[2]["serial"]["why"], "leaf2 does not run");
    let mut found = BTreeSet::new();
    fields(&told, &mut found);
    let documented = documented("## Machines: `console list --json`");
    let missing: Vec<&String> = found.difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn machines_are_started_paused_and_stopped() {
    let desk = Desk::new();
    let (told, _, code) = desk.console(&["start", "leaf2"]);
    assert_eq!((told.as_str(), code), ("starting leaf2: the cluster has taken it\n", 0));
    desk.wait_for("leaf2", "Running");
    assert_eq!(desk.json(&["pause", "leaf2", "--json"])["action"], "pause");
    desk.wait_for("leaf2", "Paused");
    desk.console(&["unpause", "leaf2"]);
    desk.wait_for("leaf2", "Running");
    desk.console(&["restart", "leaf2"]);
    desk.wait_for("leaf2", "Running");
    desk.console(&["stop", "leaf2"]);
    desk.wait_for("leaf2", "Stopped");
}

#[test]
fn a_no_of_the_cluster_is_told_in_its_words_with_what_to_do() {
    let desk = Desk::new();
    let (_, complained, code) = desk.console(&["stop", "leaf2"]);
    assert!(code == 2 && complained.contains("VM is not running"), "{complained}");
    let (_, complained, _) = desk.console(&["start", "nobody"]);
    assert!(complained.contains("\"nobody\" not found"), "{complained}");
    desk.sim.misbehave(Some(ClusterFault::Forbidden));
    let (_, complained, _) = desk.console(&["list"]);
    assert!(complained.contains("403") && complained.contains("do       ask for the rights"), "{complained}");
    desk.sim.misbehave(Some(ClusterFault::NotInstalled));
    let (_, complained, _) = desk.console(&["list"]);
    assert!(complained.contains("see that KubeVirt is installed"), "{complained}");
}

#[test]
fn what_is_forbidden_or_not_configured_is_not_done() {
    let desk = Desk::new();
    let (_, complained, code) = desk.console(&["--read-only", "start", "leaf2"]);
    assert!(code == 2 && complained.contains("nothing is changed"), "{complained}");
    assert!(!desk.sim.calls().iter().any(|call| call.starts_with("PUT")));
    let (_, complained, _) = desk.console(&["list", "--kube-context", "nowhere"]);
    assert!(complained.contains("no context nowhere; there is lab"), "{complained}");
    let output = desk.home.noctui(["console", "list"]).output().unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(complained.contains("it is not said where machines are"), "{complained}");
}

#[test]
fn a_screen_is_read_through_the_api() {
    let desk = Desk::new();
    let (text, complained, code) = desk.console(&["screenshot", "leaf1", "--text"]);
    assert_eq!((text.as_str(), complained.as_str(), code), ("leaf1 login: _\n", "", 0));
    let (_, complained, _) = desk.console(&["screenshot", "leaf2", "--text"]);
    assert!(complained.contains("leaf2 does not run") && complained.contains("console start leaf2"), "{complained}");
}

#[test]
fn no_port_is_opened_for_a_console_that_is_not_there() {
    let desk = Desk::new();
    for (machine, why) in [("leaf2", "leaf2 does not run"), ("nobody", "there is no machine nobody in the namespace")] {
        let (out, complained, code) = desk.console(&["tunnel", machine]);
        assert!(out.is_empty() && complained.contains(why) && code == 2, "{out}{complained}");
    }
    // What would let a viewer type is refused where nothing may be written.
    let (out, complained, code) = desk.console(&["--read-only", "tunnel", "leaf1"]);
    assert!(out.is_empty() && complained.contains("no port is opened") && code == 2, "{out}{complained}");
}

#[test]
fn in_production_whoever_stops_a_machine_names_it_twice() {
    let desk = Desk::new();
    let kubeconfig = desk.home.path().join("kubeconfig");
    let cluster = format!("[console]\nkubeconfig = '{}'\nkind = ", kubeconfig.display());
    let context = "[[context]]\nname = 'night'\nkind = 'production'\n";
    // A production context has that meant for every backend.
    for text in [format!("{cluster}'production'\n"), format!("default_context = 'night'\n{cluster}'lab'\n{context}")] {
        desk.home.configure(&text);
        for words in [&["stop", "leaf1"][..], &["start", "leaf1"], &["restart", "leaf1"], &["pause", "leaf1"]] {
            let (_, complained, code) = desk.console(words);
            assert!(code == 2 && complained.contains("then add --confirm leaf1"), "{complained}");
        }
        for what in ["start", "stop", "unpause"] {
            let (_, complained, code) = desk.console(&[what, "leaf1", "--confirm", "leaf2"]);
            assert!(
                code == 2 && complained.contains("--confirm names leaf2, and the machine is leaf1"),
                "{complained}"
            );
        }
    }
    assert!(!desk.sim.calls().iter().any(|call| call.starts_with("PUT")));
    let (told, _, code) = desk.console(&["stop", "leaf1", "--confirm", "leaf1"]);
    assert_eq!((told.as_str(), code), ("stopping leaf1: the cluster has taken it\n", 0));
}

#[test]
fn a_proxy_has_no_power_actions_and_that_is_said() {
    let home = Home::new();
    home.configure("[[console.proxy]]\nname = 'training'\nserial = 'wss://lab.example/console'\n");
    let output = home.noctui(["console", "start", "leaf1"]).output().unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(complained.contains("machines behind a proxy have no power actions"), "{complained}");
}

#[test]
fn the_help_of_every_console_subcommand_says_what_read_only_does_there() {
    let home = Home::new();
    let subcommands = ["list", "start", "stop", "restart", "pause", "unpause", "attach", "screenshot", "tunnel"];
    for name in subcommands {
        let output = home.noctui(["console", name, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Under --read-only") || name == "list", "{name}: {help}");
        let wants_name = ["start", "stop", "restart", "pause"].contains(&name);
        assert_eq!(help.contains("--confirm"), wants_name, "{name}: {help}");
    }
    let help = String::from_utf8(home.noctui(["console", "--help"]).output().unwrap().stdout).unwrap();
    assert!(help.contains("Under --read-only consoles are looked at"), "{help}");
}
