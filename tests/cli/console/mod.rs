//! The subcommands of consoles and of definitions of machines.

mod machines;
mod screenshot;
mod token;
mod tunnel;
mod vmcp;

use noctui::config::MachineName;
use noctui::features::console::glyph;
use noctui::features::console::sim::{Machine, Setup, Simulator};
use noctui::secret::Secret;
use tokio::runtime::Runtime;

use crate::support::Home;

/// The key of every simulated proxy.
const KEY: &str = "a-shared-secret";

/// A simulated proxy, and somebody's home with its key in a file.
struct Desk {
    home: Home,
    sim: Simulator,
    /// Where the simulator's tasks run.
    _runtime: Runtime,
}

impl Desk {
    /// A proxy in front of this machine.
    fn of(name: &str, machine: Machine) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let machines = vec![(name.parse::<MachineName>().unwrap(), machine)];
        let setup = Setup { key: Secret::read(KEY).unwrap(), prefix: Some("lab".to_owned()), tls: false, machines };
        let sim = runtime.block_on(Simulator::start(setup)).unwrap();
        let home = Home::new();
        write_private(&home, "key", KEY);
        Self { home, sim, _runtime: runtime }
    }

    /// `noctui console` with these arguments and what leads to the proxy.
    fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let url = self.sim.url().to_string();
        let way = ["--url", &url, "--key-file", "key", "--namespace", "lab-7"].map(str::to_owned);
        ["console"].iter().chain(arguments).map(|word| (*word).to_owned()).chain(way).collect()
    }
}

/// Writes a file that nobody else may read.
fn write_private(home: &Home, name: &str, content: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = home.path().join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
}

/// A text screen.
fn boot_screen() -> Machine {
    Machine::Screen(glyph::draw(["Booting from disk...", "", "leaf1 login: _"], 0x00aa_aaaa, 0).unwrap())
}
