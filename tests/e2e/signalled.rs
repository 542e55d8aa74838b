//! A signal in the middle of a deployment on the screen: it is ended cleanly, and the next start tells how it stands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use noctui::features::cloudvision::sim::{Effect, Fabric, Fault, Setup, Simulator};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::deploying::press_until;
use crate::support::{DEADLINE, Session, Start};

/// A simulated CloudVision with one leaf, and what noctui keeps between its starts.
struct Site {
    sim: Simulator,
    folder: TempDir,
    /// Where the simulator's tasks run.
    _runtime: Runtime,
}

impl Site {
    /// One where `D` on the target goes on to the start.
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(Simulator::start(Setup::new(Fabric::of_leaves(1)))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("leaves")).unwrap();
        write("leaves/leaf1.cfg", "hostname leaf1\n!\n");
        write("ca.pem", sim.authority());
        write("token", sim.token());
        fs::set_permissions(folder.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
        let path = |name: &str| format!("'{}'", folder.path().join(name).display());
        let source = format!(
            "who = 'anna'\n[[cloudvision]]\nname = 'sim'\nserver = '{}'\nca_file = {}\ntoken_file = {}\nkind = 'lab'\n\
             [[deploy]]\nname = 'leaves'\ndir = {}\nafter = 'started'\n",
            sim.address(),
            path("ca.pem"),
            path("token"),
            path("leaves"),
        );
        write("config.toml", &source);
        Self { sim, folder, _runtime: runtime }
    }

    /// A session in which the target is listed and CloudVision is heard.
    fn start(&self) -> Session {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let start = Start::noctui(&["--config", &path("config.toml"), "--data-dir", &path("data")])
            .variable("NOCTUI_STATE_DIR", path("state"))
            .variable("NOCTUI_CACHE_DIR", path("cache"));
        let mut session = start.size(120, 40).spawn();
        session.wait_for("the target", |screen| {
            let seen = screen.text();
            seen.contains("cv ● live") && seen.contains("leaves") && seen.contains("1 targets")
        });
        session.send("2");
        session.wait_for_text("d deploy");
        session
    }

    /// Reads until the simulator was called so.
    fn wait_for_call(&self, session: &mut Session, method: &str) {
        let late = Instant::now() + DEADLINE;
        while self.sim.calls().count(method) == 0 {
            assert!(Instant::now() < late, "{method} is not called: {}", session.story());
            session.read_for(Duration::from_millis(20));
        }
    }
}

/// Whether a folder holds the database.
fn has_database(folder: &Path) -> bool {
    folder.join("data").join(noctui::store::FILE_NAME).is_file()
}

/// Deploys on to the start, ends it by a signal while the new change control is asked for, and looks at the next start.
fn ended_by(signal: Signal) {
    let site = Site::new();
    site.sim.fault(Fault::once("ChangeControlService/GetOne", Effect::Delay(Duration::from_secs(5))));
    let mut session = site.start();
    press_until(&mut session, "D", "Deploy and start \"leaves\" on sim?");
    press_until(&mut session, "y", "leaves → sim");
    site.wait_for_call(&mut session, "ChangeControlService/GetOne");
    session.signal(signal);
    let status = session.wait_for_end();
    assert!(!status.success(), "{status}");
    session.assert_restored();
    assert!(session.shows("noctui: ending the deployment"), "{}", session.screen);
    for call in ["ApproveConfigService/Set", "ChangeControlConfigService/Set"] {
        assert_eq!(site.sim.calls().count(call), 0, "{call}: nothing further is asked for");
    }
    assert!(site.sim.mainline().configlets.contains_key("avd-SIM00000001"), "it was submitted");
    assert_eq!(site.sim.running("SIM00000001"), None);
    assert!(has_database(site.folder.path()));
    let mut session = site.start();
    session.send("z");
    session.wait_for("what came of it", |screen| {
        let row = screen.rows().into_iter().find(|row| row.contains("leaves")).unwrap_or_default();
        row.contains("⊘ cancelled") && row.contains("it was cancelled: submitted")
    });
    session.send("\r");
    session.wait_for("all of it", |screen| {
        let seen = screen.text();
        seen.contains("the mainline keeps it; its change control is pending, not approved")
            && seen.contains("○ pending")
    });
    session.send("o");
    session.wait_for_text("○ pending → sim");
    session.quit("q");
}

#[test]
fn a_hangup_between_submission_and_start_leaves_a_change_control_that_the_next_start_shows() {
    ended_by(Signal::HUP);
}

#[test]
fn a_termination_between_submission_and_start_leaves_a_change_control_that_the_next_start_shows() {
    ended_by(Signal::TERM);
}
