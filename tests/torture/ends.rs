//! Every way to end: by a signal, by a terminal that is gone.

use rustix::process::Signal;

use crate::subject;
use crate::support::Start;

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
    let mut session = subject::demo().spawn();
    session.wait_for("the first bytes", |screen| screen.bytes() > 0);
    session.signal(Signal::TERM);
    session.wait_for_end();
    session.assert_restored();
}

#[test]
fn a_closed_terminal_ends_the_program_by_its_signal() {
    let session = subject::ready(subject::start());
    let process = session.process();
    session.assert_ends_with_its_terminal(process);
}

/// In a session of its own without a controlling terminal, as under `nohup`, `sudo` or in a container, nobody sends a
/// signal: only reads and writes fail.
#[test]
fn a_closed_terminal_ends_the_program_without_a_signal() {
    let start = Start::program("setsid").args(&["--wait", subject::PROGRAM.as_str()]).args(subject::DEMO);
    let session = subject::ready(start);
    // setsid forks when it leads a process group, which it does here.
    let process = *session.process().children().first().unwrap();
    session.assert_ends_with_its_terminal(process);
}
