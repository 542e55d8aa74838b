//! What cannot carry a screen is refused, in words and not in control sequences.

use std::process::{Command, Stdio};

use crate::subject;

#[test]
fn a_dumb_terminal_is_refused_with_one_clear_trouble() {
    for term in ["dumb", ""] {
        let mut session = subject::start().variable("TERM", term).size(250, 24).spawn();
        assert_eq!(session.wait_for_end().code(), Some(2));
        let text = session.screen.text();
        assert!(text.starts_with("noctui: ") && text.contains("TERM is") && text.contains("--help"), "{text}");
        assert!(text.trim_end().lines().count() <= 3, "{text}");
        assert!(!session.screen.raw().contains(&0x1b), "control sequences on a terminal that knows none");
    }
}

#[test]
fn a_pipe_is_refused_and_gets_no_control_sequence() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(subject::PROGRAM)
        .args(subject::ARGS)
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
