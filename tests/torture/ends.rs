//! Every way to end: by a signal, by a terminal that is gone.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::subject;
use crate::support::{DEADLINE, Session, Start};

/// A program whose terminal is gone is itself gone after this time.
const AFTERLIFE: Duration = Duration::from_secs(1);

#[test]
fn a_signal_restores_the_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut session = subject::ready(subject::start());
        session.signal(signal);
        assert_eq!(session.wait_for_end().code(), Some(code), "{signal:?}");
        session.assert_restored();
    }
}

#[test]
fn a_signal_in_the_middle_of_the_first_frame_restores_the_terminal() {
    let mut session = subject::start().spawn();
    session.wait_for("the first bytes", |screen| screen.bytes() > 0);
    session.signal(Signal::TERM);
    session.wait_for_end();
    session.assert_restored();
}

#[test]
fn a_closed_terminal_ends_the_program_by_its_signal() {
    let session = subject::ready(subject::start());
    let process = session.process();
    assert_ends_with_its_terminal(session, process);
}

/// In a session of its own without a controlling terminal, as under `nohup`, `sudo` or in a container, nobody sends a
/// signal: only reads and writes fail.
#[test]
fn a_closed_terminal_ends_the_program_without_a_signal() {
    let start = Start::program("setsid").args(&["--wait", subject::PROGRAM]).args(subject::ARGS);
    let session = subject::ready(start);
    // setsid forks when it leads a process group, which it does here.
    let process = *session.process().children().first().unwrap();
    assert_ends_with_its_terminal(session, process);
}

/// Tears the terminal down and waits for `process` to end, in time and without having spun.
fn assert_ends_with_its_terminal(mut session: Session, process: crate::support::Process) {
    let before = process.cpu_time();
    let torn_down = Instant::now();
    session.tear_down();
    let mut cpu = before;
    while !matches!(process.state(), None | Some('Z')) {
        assert!(torn_down.elapsed() < DEADLINE, "it lives on without a terminal, state {:?}", process.state());
        cpu = process.cpu_time();
        session.poll_end();
        session.read_within(Duration::from_millis(1));
    }
    let (lived, worked) = (torn_down.elapsed(), cpu.saturating_sub(before));
    println!("gone after {lived:?}, having worked for {worked:?}");
    assert!(lived < AFTERLIFE, "it lived for {lived:?} without a terminal");
}
