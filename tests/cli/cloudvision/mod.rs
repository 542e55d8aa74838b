//! The subcommands of CloudVision, against a simulated one where they need one.

mod audit;
mod change;
mod deploy;
mod recovery;

use std::path::PathBuf;

use assert_cmd::Command;
use base64::Engine as _;
use noctui::features::cloudvision::sim::{Fabric, Setup, Simulator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::Home;

/// A simulated CloudVision, and somebody's home.
struct Desk {
    home: Home,
    sim: Simulator,
    /// Where the simulator's tasks run.
    _runtime: Runtime,
}

impl Desk {
    /// A fabric of leaves that were never deployed to.
    fn of(leaves: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(Simulator::start(Setup::new(Fabric::of_leaves(leaves)))).unwrap();
        let home = Home::new();
        std::fs::write(home.path().join("ca.pem"), sim.authority()).unwrap();
        Self { home, sim, _runtime: runtime }
    }

    /// `noctui` with these arguments and where the simulator is.
    fn noctui(&self, arguments: &[&str]) -> Command {
        let (server, authority) = (self.sim.address().to_string(), self.authority());
        let place = ["--server", &server, "--ca-file", authority.to_str().unwrap()];
        let mut command = self.home.noctui(arguments.iter().copied().chain(place));
        command.env("NOCTUI_CLOUDVISION_TOKEN", self.sim.token());
        command
    }

    /// The same, to be started and killed.
    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"));
        command.env_clear().env("HOME", self.home.path()).env("USER", "anna").current_dir(self.home.path());
        command.args(arguments).args(["--server", &self.sim.address().to_string(), "--ca-file"]).arg(self.authority());
        command.env("NOCTUI_CLOUDVISION_TOKEN", self.sim.token());
        command
    }

    /// The certificate of the simulator's authority.
    fn authority(&self) -> PathBuf {
        self.home.path().join("ca.pem")
    }

    /// A request of CVProxy for the first leaves, each with `config` behind its name.
    fn request(&self, leaves: u32, config: &str) -> Value {
        let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
        let device = |leaf: u32| {
            (format!("leaf{leaf}"), json!({ "configlet": encode(format!("hostname leaf{leaf}\n{config}")) }))
        };
        let devices: serde_json::Map<String, Value> = (1..=leaves).map(device).collect();
        json!({ "devices": devices, "cv_server": self.sim.address().to_string(), "cv_token": self.sim.token() })
    }

    /// Deploys a request; what was printed, and the exit code.
    fn deploy(&self, request: &Value, arguments: &[&str]) -> (Value, i32) {
        let arguments: Vec<_> =
            ["deploy", "--request", "-", "--json"].into_iter().chain(arguments.iter().copied()).collect();
        let output = self.noctui(&arguments).write_stdin(request.to_string()).output().unwrap();
        let printed = serde_json::from_slice(&output.stdout);
        (
            printed.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))),
            output.status.code().unwrap(),
        )
    }
}
