//! Ctrl-Z and `fg` in a real shell.

use crate::subject;
use crate::support::{Session, Start};

/// The shell's prompt.
const PROMPT: &str = "shell>";

/// How often it is stopped and continued.
const ROUNDS: usize = 3;

/// A shell with job control, at its prompt.
fn shell() -> Session {
    let mut session = Start::program("/bin/sh").args(&["-i"]).variable("PS1", PROMPT).variable("ENV", "").spawn();
    session.wait_for_text(PROMPT);
    session
}

/// Types the command that starts the program, and waits for its screen.
fn run(session: &mut Session) {
    session.send(format!("{} {}\r", subject::PROGRAM, subject::ARGS.join(" ")));
    session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
    subject::wait_until_complete(session);
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let mut session = shell();
    run(&mut session);
    let before = subject::timeless(&session.screen);
    for round in 1..=ROUNDS {
        let job = *session.process().children().first().unwrap();
        session.send("\x1a");
        session.wait_for("the shell's screen", |screen| !screen.modes().is_alternate_screen);
        session.wait_for("the prompt", |screen| screen.text().matches(PROMPT).count() > round);
        session.assert_restored();
        assert_eq!(job.state(), Some('T'));
        session.send("fg\r");
        session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
        subject::wait_until_complete(&mut session);
        assert!(session.is_raw());
        assert!(subject::is_like(&subject::timeless(&session.screen), &before), "{}", session.screen);
    }
    session.send("\x03");
    session.wait_for("the prompt", |screen| screen.text().matches(PROMPT).count() == ROUNDS + 2);
    session.send("exit\r");
    session.wait_for_end();
    session.assert_restored();
}

#[test]
fn ctrl_z_without_a_shell_to_go_back_to_does_not_let_go_of_the_terminal() {
    let mut session = subject::ready(subject::start());
    let taken = session.screen.modes();
    session.send("\x1a");
    subject::wait_until_complete(&mut session);
    assert_eq!(session.screen.modes(), taken);
    assert!(session.is_raw());
    assert_ne!(session.process().state(), Some('T'));
    session.quit("\x03");
}
