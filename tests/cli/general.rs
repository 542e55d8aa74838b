//! What holds for every subcommand.

use std::process::{Command, Stdio};

use crate::support::{Home, transcript};

#[test]
fn the_version_is_the_packages() {
    let said = transcript(&Home::new(), &mut Home::new().noctui(["--version"]));
    assert_eq!(said, format!("noctui {}\n--- standard error\n--- exit code 0\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_mistyped_subcommand_or_flag_exits_with_2() {
    let home = Home::new();
    for arguments in [["confg", "path"], ["config", "pth"], ["--colour", "auto"], ["--color", "blue"]] {
        let output = home.noctui(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_is_nobodys_error() {
    let home = Home::new();
    for arguments in [&["completions", "zsh"][..], &["config", "path"], &["config", "check", "--json"]] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn every_shell_gets_completions_that_name_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Home::new().noctui(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("maintenance") && script.contains("config"), "{shell}");
    }
}
