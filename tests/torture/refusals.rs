//! What cannot carry a screen is refused, in words and not in control sequences.

use std::process::{Command, Stdio};

use crate::subject;
use crate::support::Start;

#[test]
fn a_dumb_terminal_is_refused_with_one_clear_line() {
    for term in ["dumb", ""] {
        let mut session = subject::start().variable("TERM", term).size(250, 24).spawn();
        assert_eq!(session.wait_for_end().code(), Some(2));
        let text = session.screen.text();
        assert!(text.starts_with("noctui: ") && text.contains("TERM is") && text.contains("--help"), "{text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        assert!(!session.screen.raw().contains(&0x1b), "control sequences on a terminal that knows none");
    }
}

#[test]
fn a_pipe_is_refused_and_gets_no_control_sequence() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(&*subject::PROGRAM)
        .args(subject::DEMO)
        .env("HOME", home.path())
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("standard input") && said.contains("--help"), "{said}");
    assert!(output.stdout.is_empty() && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn a_screen_into_a_pipe_is_refused_and_the_pipe_gets_nothing() {
    let command = format!("{} {} | od -c | head -3; echo over", *subject::PROGRAM, subject::DEMO.join(" "));
    let mut session = Start::program("/bin/sh").args(&["-c", &command]).size(250, 24).spawn();
    session.wait_for_text("over");
    let text = session.screen.text();
    assert!(text.contains("standard output is none") && text.contains("--help"), "{text}");
    assert!(text.contains("\n0000000\nover"), "something went into the pipe: {text}");
    session.wait_for_end();
    session.assert_restored();
}
