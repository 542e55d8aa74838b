//! A simulated lab on the screen: forwards made, used, deleted and made again, several at once, and a token that ends.

use std::fs;
use std::time::Duration;

use noctui::features::lab::sim::{Fault, Guest, Setup, Simulator};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Session, Start};

/// A lab, and somebody at it.
struct Lab {
    sim: Simulator,
    folder: TempDir,
    runtime: Runtime,
}

/// Where the simulated gateway's ports are; the tests of this file run side by side.
fn setup(lifetime: Duration) -> Setup {
    Setup { pool: None, listens: true, shell: true, lifetime, ..Setup::default() }
}

impl Lab {
    /// One with two machines, of which the first has a forward.
    fn new(lifetime: Duration) -> Self {
        Self::with(lifetime, false)
    }

    /// The same where a forward that was made for a connection is removed afterwards.
    fn with(lifetime: Duration, removes: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(async {
            let sim = Simulator::start(setup(lifetime)).await.unwrap();
            sim.forward("web01", "CentOS", "192.168.1.20", 22).unwrap();
            sim
        });
        let guest =
            |address: &str| Guest { component: "CentOS".to_owned(), is_on: true, addresses: vec![address.to_owned()] };
        sim.state().inventory =
            Some([("web01".to_owned(), guest("192.168.1.20")), ("web02".to_owned(), guest("192.168.1.21"))].into());
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        fs::write(&token, sim.token()).unwrap();
        fs::write(
            folder.path().join("config.toml"),
            format!(
                "[[lab]]\nname = 'training'\nurl = '{}'\ntoken_file = '{}'\nrefresh = '5 s'\n\
                 gateway_shell = ['{}', 'demo', '--gateway-shell', '{}']\n\
                 [connect]\ntmux = 'off'\nremove_after = {removes}\n\
                 ssh = \"echo CONNECTED to {{host}} as {{alias}}; read answer; echo BYE $answer\"\n",
                sim.url(),
                token.display(),
                env!("CARGO_BIN_EXE_noctui"),
                sim.address()
            ),
        )
        .unwrap();
        Self { sim, folder, runtime }
    }

    /// The screen, with the lab's pane in front.
    fn open(&self) -> Session {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut session = Start::noctui(&["--config", &path("config.toml"), "--data-dir", &path("data")])
            .variable("NOCTUI_STATE_DIR", path("state"))
            .size(120, 40)
            .spawn();
        session.send("4z");
        session.wait_for_text("● live");
        session
    }

    /// The gateway's ports that are listed.
    fn ports(&self) -> Vec<u16> {
        self.sim.state().records.iter().map(|record| record.port).collect()
    }
}

/// Presses a key until the screen shows `text`: one that comes before anybody can have seen what it is about does nothing.
fn press_until(session: &mut Session, key: &str, text: &str) {
    for _ in 0..100 {
        session.send(key);
        session.read_for(Duration::from_millis(400));
        if session.shows(text) {
            return;
        }
    }
    session.wait_for_text(text);
}

#[test]
fn a_forward_is_used_deleted_and_made_again_on_another_port() {
    let lab = Lab::new(Duration::from_hours(8));
    let old = lab.ports()[0];
    let mut session = lab.open();
    session.wait_for_text("SSH-2.0-OpenSSH_9.6");
    session.send("/web01\r\r");
    session.wait_for_text("CONNECTED to 127.0.0.1 as noctui-training-web01");
    assert!(!session.is_raw(), "the program has the terminal as a shell would");
    session.send("hello\n");
    session.wait_for_text("back from web01 22");
    assert!(session.is_raw());
    press_until(&mut session, "D", "Delete the forward to \"web01 22\" on training?");
    press_until(&mut session, "y", "which was on");
    assert!(lab.ports().is_empty());
    session.send("u");
    session.wait_for_text(&format!("web01 22 is back: it was on {old}"));
    assert_eq!(lab.ports().len(), 1);
    session.quit("q");
}

#[test]
fn ctrl_c_ends_the_program_that_has_the_terminal_and_nothing_else() {
    let lab = Lab::new(Duration::from_hours(8));
    let mut session = lab.open();
    session.send("/web01\r");
    // Which of the two is heard of first, the signal or the end that it made, is a matter of chance.
    for round in 1..=8 {
        session.send("\r");
        session.wait_for("the program", |screen| screen.text().matches("CONNECTED").count() == round);
        session.send("\x03");
        session.wait_for("the screen", |screen| screen.modes().is_alternate_screen && screen.text().contains("web01"));
    }
    session.quit("q");
}

#[test]
fn a_connection_makes_the_forward_that_is_missing() {
    let lab = Lab::new(Duration::from_hours(8));
    let mut session = lab.open();
    session.send("/web02\r");
    session.wait_for_text("no forward");
    session.send("\r");
    session.wait_for_text("CONNECTED to 127.0.0.1 as noctui-training-web02");
    session.send("\n");
    session.wait_for_text("back from web02 22");
    assert_eq!(lab.ports().len(), 2);
    session.quit("q");
}

#[test]
fn of_several_forwards_one_that_fails_is_told_and_the_others_are_made() {
    let lab = Lab::new(Duration::from_hours(8));
    lab.sim.fault(Fault::For("POST", Box::new(Fault::ForeignRule)), 1);
    let mut session = lab.open();
    session.wait_for_text("no forward");
    session.send("*n");
    session.wait_for_text("a forward for each of 2 machines");
    // Telnet, which neither of them has yet.
    session.send("\x15telnet\r");
    session.wait_for_text("2 changes, none done");
    press_until(&mut session, "\r", "Make 2 forwards on training?");
    press_until(&mut session, "y", "1 done, 1 failed");
    session.wait_for_text("a rule in the gateway's firewall is no forward");
    assert_eq!(lab.ports().len(), 2);
    session.send("\x1b");
    // The machine that had no forward has one now, and its row is another one.
    session.wait_for_text("1 marked");
    session.quit("q");
}

#[test]
fn a_token_that_ends_while_the_screen_is_open_is_told_and_a_new_one_taken_up() {
    let lab = Lab::new(Duration::from_secs(8));
    let mut session = lab.open();
    session.wait_for_text("token ends");
    session.wait_for_text("token expired");
    // Ten seconds later the gateway refuses it.
    session.wait_for_text("not up to date: training cannot be read (expired)");
    fs::write(lab.folder.path().join("token"), lab.sim.token()).unwrap();
    press_until(&mut session, "r", "token ends");
    session.quit("q");
}

#[test]
fn a_dead_record_and_a_port_in_no_list_are_mended_by_the_keys_of_the_pane() {
    let lab = Lab::new(Duration::from_hours(8));
    let _entered = lab.runtime.enter();
    let dead = lab.sim.dead_record("web02", "CentOS", "192.168.1.21", 443).unwrap();
    let unlisted = lab.sim.unlisted_rule("192.168.1.20", 8443).unwrap();
    let mut session = lab.open();
    session.wait_for_text("1 dead · 1 unlisted");
    // The clean-up ends what is dead, and leaves what is open to whoever knows it.
    press_until(&mut session, "X", "1 change, none done");
    session.wait_for_text("left out");
    press_until(&mut session, "\r", "Delete 1 forward on training?");
    press_until(&mut session, "y", "1 done");
    assert!(!lab.ports().contains(&dead));
    session.send("\x1b");
    session.wait_for_text("1 unlisted");
    session.send(format!("/{unlisted}\r"));
    press_until(&mut session, "D", &format!("on port {unlisted} of training?"));
    press_until(&mut session, "y", "is gone, by the gateway's shell");
    assert!(lab.sim.state().nat.iter().all(|rule| rule.port != unlisted));
    session.quit("q");
}

/// Somebody at web02, over a forward that was made for that and goes afterwards.
fn connected(lab: &Lab) -> Session {
    let mut session = lab.open();
    session.send("/web02\r");
    session.wait_for_text("no forward");
    session.send("\r");
    session.wait_for_text("CONNECTED to 127.0.0.1 as noctui-training-web02");
    assert_eq!(lab.ports().len(), 2);
    session
}

#[test]
fn what_ends_noctui_under_a_connection_removes_what_was_made_for_it() {
    for (signal, code) in [(Signal::TERM, 128 + 15), (Signal::HUP, 128 + 1)] {
        let lab = Lab::with(Duration::from_hours(8), true);
        let mut session = connected(&lab);
        session.signal(signal);
        assert_eq!(session.wait_for_end().code(), Some(code));
        assert_eq!(lab.ports().len(), 1, "{signal:?}: {}", session.story());
    }
}

#[test]
fn a_program_that_outlives_a_killed_noctui_keeps_its_forward() {
    let lab = Lab::with(Duration::from_hours(8), true);
    // As one that was started with nohup; otherwise the terminal's end takes it along.
    let config = lab.folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("echo CONNECTED", "trap '' HUP; echo CONNECTED")).unwrap();
    let mut session = connected(&lab);
    let program = session.process().children();
    let [program] = program.as_slice() else { panic!("{program:?}") };
    // What was started is written down beside that.
    let path = |name: &str| lab.folder.path().join(name).display().to_string();
    let list = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_noctui"));
        command.args(["--config", &path("config.toml"), "--data-dir", &path("data"), "lab", "list", "--no-measure"]);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let is_noted = (0..200).any(|_| {
        session.read_within(Duration::from_millis(50));
        list().contains("still runs and uses it")
    });
    assert!(is_noted, "{}", list());
    session.signal(Signal::KILL);
    session.wait_for_end();
    let said = list();
    assert!(
        said.contains("ended before it removed it; its program, process ") && said.contains("still runs"),
        "{said}"
    );
    // Its terminal goes, and it with that.
    session.tear_down();
    while !matches!(program.state(), None | Some('Z')) {
        session.read_within(Duration::from_millis(1));
    }
    let said = list();
    assert!(said.contains("ended before it removed it") && !said.contains("still runs"), "{said}");
}
