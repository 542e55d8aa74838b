//! Ctrl-Z and `fg` in a real shell.

use std::process::Command;

use crate::subject;
use crate::support::skip::skip;
use crate::support::{Modes, Screen, Session, Start};

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
    session.send(format!("{} {}\r", *subject::PROGRAM, subject::DEMO.join(" ")));
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
        assert_eq!(job.state(), Some('T'), "{}", session.story());
        session.send("fg\r");
        session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
        subject::wait_until_complete(&mut session);
        assert!(session.is_raw(), "{}", session.story());
        assert!(subject::is_like(&subject::timeless(&session.screen), &before), "{}", session.story());
    }
    session.send("\x03");
    session.wait_for("the prompt", |screen| screen.text().matches(PROMPT).count() == ROUNDS + 2);
    session.send("exit\r");
    session.wait_for_end();
    session.assert_restored();
}

/// What the screen says where nobody could continue noctui.
const NO_SHELL: &str = "there is no shell";

#[test]
fn ctrl_z_without_a_shell_to_go_back_to_does_not_let_go_of_the_terminal() {
    stays_without_a_shell(subject::start());
}

/// The parent's session has no number here, as in a container, or below an `init` that never made a session.
#[test]
fn ctrl_z_below_a_parent_of_no_known_session_does_not_let_go_of_the_terminal() {
    let Some(start) = in_a_namespace("setsid --wait \"$@\"; exit $?") else { return };
    stays_without_a_shell(start);
}

/// Starts the program without a shell to go back to, and presses Ctrl-Z.
fn stays_without_a_shell(start: Start) {
    let mut session = subject::ready(start);
    let (taken, entered) = (modes(&session.screen), times_entered(&session));
    session.send("\x1a");
    session.wait_for_text(NO_SHELL);
    assert_eq!(modes(&session.screen), taken, "{}", session.story());
    assert_eq!(times_entered(&session), entered, "it let go of the terminal meanwhile: {}", session.story());
    assert!(session.is_raw(), "{}", session.story());
    assert_ne!(session.process().state(), Some('T'), "{}", session.story());
    session.quit("\x03");
}

/// Parent and program are in one session, as far as one can see, and the kernel stops nobody whom no shell could continue.
#[test]
fn a_stop_that_the_kernel_drops_takes_the_terminal_again() {
    let Some(start) = in_a_namespace("\"$@\"; exit $?") else { return };
    let mut session = subject::ready(start);
    let (taken, entered) = (modes(&session.screen), times_entered(&session));
    session.send("\x1a");
    session.wait_for("the screen again", |screen| modes(screen) == taken && count(screen, ENTERS) > entered);
    subject::wait_until_complete(&mut session);
    assert_eq!(modes(&session.screen), taken, "{}", session.story());
    assert!(session.is_raw(), "{}", session.story());
    session.quit("\x03");
}

/// The program started by a shell that runs `command` in a namespace of its own, where the session it is in has no
/// number. None where the system allows no such namespace.
fn in_a_namespace(command: &str) -> Option<Start> {
    const OPTIONS: &[&str] = &["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let is_allowed = Command::new("unshare").args(OPTIONS).arg("true").status().is_ok_and(|status| status.success());
    if !is_allowed {
        skip("`unshare` may not make a namespace for processes");
        return None;
    }
    let within = [OPTIONS, &["/bin/sh", "-c", command, "sh"]].concat();
    Some(subject::start().within("unshare", &within))
}

/// What the program has taken of the terminal. The pen is as the last frame left it.
fn modes(screen: &Screen) -> Modes {
    Modes { is_pen_set: false, ..screen.modes() }
}

/// What shows the program's screen instead of the shell's.
const ENTERS: &[u8] = b"\x1b[?1049h";

/// How often the program has taken the terminal.
fn times_entered(session: &Session) -> usize {
    count(&session.screen, ENTERS)
}

/// How often the program wrote `bytes`.
fn count(screen: &Screen, bytes: &[u8]) -> usize {
    screen.raw().windows(bytes.len()).filter(|window| *window == bytes).count()
}
