//! Without a screen.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::DEADLINE;
use crate::world::World;

/// A process that serves, and the lines that it says.
struct Serving {
    process: Child,
    said: Receiver<String>,
}

impl Serving {
    fn start(world: &World) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noctui"));
        command.arg("serve").args(world.flags()).envs(world.variables());
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (sender, said) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, said }
    }

    /// Waits for a line that begins like that.
    fn wait_for(&self, begin: &str) -> String {
        loop {
            let line = self.said.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("nothing begins with {begin:?}"));
            if line.starts_with(begin) {
                return line;
            }
        }
    }

    /// Ends it by a signal; its exit code, and whatever it printed.
    fn end(mut self, signal: Signal) -> (i32, String) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        let code = self.process.wait().unwrap().code().unwrap();
        let mut printed = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        (code, printed)
    }
}

#[test]
fn mails_are_read_without_a_screen_until_a_signal_ends_it() {
    let world = World::with(2);
    let serving = Serving::start(&world);
    serving.wait_for("noctui: serving");
    serving.wait_for("noc mailbox: ");
    serving.wait_for("mail: live");
    world.mailbox.announce(2..3);
    assert_eq!(serving.wait_for("noc mailbox: "), "noc mailbox: 1 mail");
    assert_eq!(serving.end(Signal::TERM), (0, String::new()));
    world.assert_holds_each_once(3);
}

#[test]
fn what_goes_wrong_and_right_again_is_said_without_a_screen() {
    let world = World::with(1);
    let serving = Serving::start(&world);
    serving.wait_for("mail: live");
    let aside = world.mailbox.path().with_extension("aside");
    std::fs::rename(world.mailbox.path(), &aside).unwrap();
    assert_ne!(serving.wait_for("mail: "), "mail: live");
    std::fs::rename(&aside, world.mailbox.path()).unwrap();
    serving.wait_for("mail: live");
    assert_eq!(serving.end(Signal::INT).0, 0);
}
