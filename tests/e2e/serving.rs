//! Without a screen.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::DEADLINE;
use crate::world::World;

/// What is said of a backup.
const PUT_BACK: &str = "noctui: a backup was put back; sources are read anew";

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

    /// Waits until so many mails are told; whether meanwhile a backup was.
    fn wait_for_mails(&self, count: usize) -> bool {
        let (mut mails, mut is_put_back) = (0, false);
        while mails < count {
            let line = self.wait_for("no");
            is_put_back |= line == PUT_BACK;
            if let Some(told) = line.strip_prefix("noc mailbox: ") {
                mails += told.split(' ').next().unwrap().parse::<usize>().unwrap();
            }
        }
        assert_eq!(mails, count);
        is_put_back
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
fn who_serves_beside_another_says_first_who_reads_and_then_that_it_takes_over() {
    let world = World::with(1);
    let first = Serving::start(&world);
    first.wait_for("mail: live");
    let second = Serving::start(&world);
    let next = || second.said.recv_timeout(DEADLINE).unwrap();
    assert!(next().starts_with("noctui: serving"));
    let reader = next();
    let who = format!("noc mailbox: read by process {}", first.process.id());
    assert!(reader.starts_with(&who) && reader.ends_with("; this one takes over when that ends"), "{reader}");
    assert_eq!(next(), "mail: live");
    assert_eq!(first.end(Signal::TERM).0, 0);
    assert_eq!(next(), "noc mailbox: read here from now on");
    world.mailbox.announce(1..2);
    assert_eq!(next(), "noc mailbox: 1 mail");
    assert_eq!(second.end(Signal::TERM).0, 0);
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

#[test]
fn mails_that_a_backup_does_not_know_are_read_again_once_it_was_put_back() {
    let world = World::with(2);
    let serving = Serving::start(&world);
    serving.wait_for("mail: live");
    let backup = world.path("backup.db");
    world.run(&["backup", &backup]);
    world.mailbox.announce(2..4);
    assert!(!serving.wait_for_mails(2), "nothing was put back yet");
    world.run(&["restore", &backup]);
    assert!(serving.wait_for_mails(2) || serving.wait_for(PUT_BACK) == PUT_BACK);
    // What arrives from then on comes as ever.
    world.mailbox.announce(4..5);
    serving.wait_for_mails(1);
    assert_eq!(serving.end(Signal::TERM).0, 0);
    world.assert_holds_each_once(5);
}

#[test]
fn who_serves_nothing_is_told_so() {
    let world = World::with(0);
    std::fs::write(world.path("config.toml"), "").unwrap();
    let serving = Serving::start(&world);
    let line = serving.wait_for("noctui: /");
    assert!(
        line.ends_with("config.toml names no source and no backend: there is nothing to do until it does"),
        "{line}"
    );
    assert_eq!(serving.end(Signal::TERM).0, 0);
}

#[test]
fn who_serves_a_nautobot_alone_is_not_told_that_there_is_nothing_to_do() {
    let world = World::with(0);
    // Nobody listens there.
    std::fs::write(world.path("config.toml"), "[nautobot]\nurl = \"http://127.0.0.1:9\"\n").unwrap();
    let serving = Serving::start(&world);
    let mut said = Vec::new();
    loop {
        let line = serving.wait_for("");
        if line.starts_with("nb: ") {
            break;
        }
        said.push(line);
    }
    assert!(!said.iter().any(|line| line.contains("nothing to do")), "{said:?}");
    assert_eq!(serving.end(Signal::TERM).0, 0);
}
