//! A mailbox that is watched: new mail while waiting, a server that goes and comes, several processes.

use std::time::Duration;

use noctui::features::maintenance::open_store;
use noctui::features::maintenance::rules::Rules;
use noctui::features::maintenance::worker::{Report, Setup, SourceHealth, SourceState, feed};
use noctui::store::Store;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::dovecot::{Dovecot, Home};
use crate::support::{DEADLINE, Start};

/// The sources of a home, fed into its store as behind a screen.
struct Feeding {
    /// Where it runs.
    runtime: Runtime,
    /// What is told.
    told: mpsc::Receiver<Report>,
    /// Ends it.
    stop: CancellationToken,
    /// The store.
    store: Store,
    /// Its end.
    done: tokio::task::JoinHandle<()>,
}

impl Feeding {
    /// Begins.
    fn of(home: &Home) -> Self {
        let config = home.config();
        let store = open_store(&config.paths.data).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (reports, told) = mpsc::channel(256);
        let stop = CancellationToken::new();
        let feeding = feed(Setup::of(&config), store.clone(), Rules::embedded(), reports, stop.clone());
        let done = runtime.handle().spawn(feeding);
        Self { runtime, told, stop, store, done }
    }

    /// Waits until the source is told to be in a state.
    fn wait_for(&mut self, what: &str, is: impl Fn(&SourceState) -> bool) -> SourceState {
        let (told, mut last) = (&mut self.told, None);
        let wait = async {
            loop {
                let Report::Source(state) = told.recv().await.unwrap() else { continue };
                if is(&state) {
                    return state;
                }
                last = Some(state);
            }
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(DEADLINE, wait).await });
        waited.unwrap_or_else(|_| panic!("not told in time: {what}; told last: {last:?}"))
    }

    /// Waits until everything is read, so many mails in all.
    fn wait_until_read(&mut self, mails: usize) {
        self.wait_for(&format!("{mails} mails read"), |state| {
            state.health == SourceHealth::Watching && state.received == mails
        });
    }

    /// Ends it.
    fn end(self) {
        let Self { runtime, stop, done, store, mut told } = self;
        stop.cancel();
        runtime.block_on(async {
            while told.recv().await.is_some() {}
            done.await.unwrap();
        });
        drop(store);
    }
}

#[test]
fn mail_that_comes_while_waiting_is_read_at_once_and_flags_stay() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..5);
    // Far longer than the test may take: the server has to tell.
    let home = Home::with(&server.source("poll = '15 min'"));
    let mut feeding = Feeding::of(&home);
    feeding.wait_until_read(5);
    for mails in [6, 7, 9] {
        let from = home.count("SELECT count(*) FROM notification");
        server.announce(from..mails);
        feeding.wait_until_read(mails);
    }
    feeding.end();
    home.assert_holds_each_once(9);
    assert!(server.files().iter().all(|name| !name.contains('S')), "{:?}", server.files());
}

#[test]
fn a_server_that_does_not_tell_is_asked() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..2);
    let home = Home::with(&server.source("idle = false\npoll = '10 s'"));
    let mut feeding = Feeding::of(&home);
    feeding.wait_until_read(2);
    server.announce(2..3);
    feeding.wait_until_read(3);
    feeding.end();
    home.assert_holds_each_once(3);
}

#[test]
fn a_server_that_goes_and_comes_is_told_of_and_read_on() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..3);
    let home = Home::with(&server.source(""));
    let mut feeding = Feeding::of(&home);
    feeding.wait_until_read(3);
    server.stop();
    let down = feeding.wait_for("the server is gone", |state| matches!(state.health, SourceHealth::Down { .. }));
    let SourceHealth::Down { again_at, .. } = down.health else { unreachable!() };
    assert!(again_at.is_some());
    server.announce(3..4);
    server.start_again();
    feeding.wait_until_read(4);
    feeding.end();
    home.assert_holds_each_once(4);
}

#[test]
fn of_two_one_reads_and_the_other_takes_over_when_it_is_killed() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..4);
    let home = Home::with(&server.source(""));
    let (config, data) = (home.path("config.toml"), home.path("data"));
    let mut screen = Start::noctui(&["--config", &config, "--data-dir", &data]).spawn();
    screen.wait_for_text("HC-00003");
    let mut feeding = Feeding::of(&home);
    let standby = feeding.wait_for("the other one reads", |state| matches!(state.health, SourceHealth::Standby { .. }));
    let SourceHealth::Standby { holder, .. } = standby.health else { unreachable!() };
    assert!(holder.starts_with("process "), "{holder}");
    // What the one reads the other one has.
    server.announce(4..5);
    screen.wait_for_text("HC-00004");
    assert_eq!(home.count("SELECT count(*) FROM notification"), 5);
    // What is wrong for the one the other one tells.
    server.stop();
    let is_told = |state: &SourceState| matches!(&state.health, SourceHealth::Standby { failure: Some(_), .. });
    let failing = feeding.wait_for("the other one cannot read it", is_told);
    assert!(failing.fresh_at.is_some(), "{failing:?}");
    server.start_again();
    screen.signal(rustix::process::Signal::KILL);
    screen.wait_for_end();
    server.announce(5..6);
    feeding.wait_until_read(1);
    feeding.end();
    home.assert_holds_each_once(6);
    assert_eq!(home.count("SELECT count(*) FROM source_state WHERE holder IS NOT NULL"), 0);
}

#[test]
fn a_source_is_paused_and_resumed_from_another_process() {
    let Some(mut server) = Dovecot::start() else { return };
    server.announce(0..1);
    let home = Home::with(&server.source(""));
    let mut feeding = Feeding::of(&home);
    feeding.wait_until_read(1);
    home.json(&["source", "pause", "noc", "--json"]);
    feeding.wait_for("it rests", |state| matches!(state.health, SourceHealth::Paused { .. }));
    server.announce(1..2);
    home.json(&["source", "resume", "noc", "--json"]);
    feeding.wait_until_read(2);
    feeding.end();
}

#[test]
fn whoever_wants_a_look_asks_whoever_reads() {
    let Some(mut server) = Dovecot::start() else { return };
    let home = Home::with(&server.source("idle = false\npoll = '15 min'"));
    let mut feeding = Feeding::of(&home);
    feeding.wait_until_read(0);
    server.announce(0..1);
    let (value, code, said) = home.json(&["source", "sync", "--json"]);
    assert_eq!((code, value[0]["result"].as_str()), (0, Some("complete")), "{said}");
    assert_eq!(value[0]["mails"], 1, "{value}");
    feeding.wait_until_read(1);
    assert!(said.contains("reads it and is asked to look now"), "{said}");
    feeding.end();
    // A wait that is too short to be a poll.
    assert!(DEADLINE < Duration::from_mins(15));
}
