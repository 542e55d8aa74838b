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

#[test]
fn a_backup_needs_a_database_and_says_where_it_looked() {
    let home = Home::new();
    let said = transcript(&home, &mut home.noctui(["backup", "copy.db"]));
    assert_eq!(
        said,
        "--- standard error\nnoctui: there is no database at ~/.local/share/noctui/noctui.db\n  \
         do       check --data-dir; `noctui config path` shows the directory in use\n--- exit code 2\n"
    );
    assert!(!home.path().join("copy.db").exists());
}

#[test]
fn a_backup_is_a_database_of_its_own_and_overwrites_nothing() {
    let home = Home::new();
    let data = home.path().join(".local/share/noctui");
    drop(noctui::store::Store::open(&data, &noctui::store::Options::new(&["CREATE TABLE t (x)"])).unwrap());
    let said = transcript(&home, &mut home.noctui(["backup", "copy.db"]));
    assert!(said.starts_with("wrote copy.db, ") && said.ends_with("--- exit code 0\n"), "{said}");
    let copy = std::fs::read(home.path().join("copy.db")).unwrap();
    assert!(copy.starts_with(b"SQLite format 3\0"));
    let again = transcript(&home, &mut home.noctui(["backup", "copy.db"]));
    assert!(again.contains("copy.db exists already\n  do       choose a name that does not exist yet"), "{again}");
    assert_eq!(std::fs::read(home.path().join("copy.db")).unwrap(), copy);
}

#[test]
fn a_backup_is_no_file_called_dash() {
    let home = Home::new();
    let data = home.path().join(".local/share/noctui");
    drop(noctui::store::Store::open(&data, &noctui::store::Options::new(&["CREATE TABLE t (x)"])).unwrap());
    let said = transcript(&home, &mut home.noctui(["backup", "-"]));
    assert!(said.contains("a backup is not written to standard output") && said.contains("./-"), "{said}");
    assert!(said.ends_with("--- exit code 2\n") && !home.path().join("-").exists(), "{said}");
}

#[test]
fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let home = Home::new();
    let said = |arguments: &[&str]| transcript(&home, &mut home.noctui(arguments.iter().copied()));
    let mail = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/fixtures/zayo/planned.eml");
    let list = ["maintenance", "list", "--all", "--json"];
    said(&["maintenance", "import", mail]);
    let before = said(&list);
    let (json, _) = before.split_once("--- standard error").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    said(&["backup", "copy.db"]);
    let noted = said(&["maintenance", "ack", json[0]["maintenance_id"].as_str().unwrap()]);
    assert!(noted.ends_with("--- exit code 0\n"), "{noted}");
    let after = said(&list);
    assert_ne!(after, before);
    let restored = said(&["restore", "copy.db"]);
    assert_eq!(said(&list), before);
    let kept = restored.strip_prefix("put back copy.db; what was there is kept in ").unwrap().lines().next().unwrap();
    said(&["restore", kept.replace('~', home.path().to_str().unwrap()).as_str()]);
    assert_eq!(said(&list), after);
    let nothing = said(&["restore", "nowhere.db"]);
    assert!(nothing.contains("there is no backup at nowhere.db"), "{nothing}");
    assert!(nothing.ends_with("--- exit code 2\n"), "{nothing}");
    std::fs::File::options().write(true).open(home.path().join("copy.db")).unwrap().set_len(50_000).unwrap();
    std::fs::copy(mail, home.path().join("x.eml")).unwrap();
    for (file, what) in [("copy.db", "the backup copy.db is damaged"), ("x.eml", "x.eml is no backup of noctui")] {
        let refused = said(&["restore", file]);
        assert!(refused.contains(what) && refused.contains("nothing was changed; name another file"), "{refused}");
        assert!(!refused.contains("aside"), "{refused}");
        assert_eq!(said(&list), after, "{file}");
    }
}

#[test]
fn a_backup_of_a_newer_database_is_made_and_says_what_it_is() {
    let home = Home::new();
    let data = home.path().join(".local/share/noctui");
    drop(noctui::store::Store::open(&data, &noctui::store::Options::new(&["SELECT 1"; 99])).unwrap());
    let said = transcript(&home, &mut home.noctui(["backup", "copy.db"]));
    assert!(said.starts_with("wrote copy.db, ") && said.ends_with("--- exit code 0\n"), "{said}");
    assert!(said.contains("noctui: the database has version 99, this noctui knows up to "), "{said}");
}

#[test]
fn an_empty_database_is_told_of_when_it_begins_anew() {
    let home = Home::new();
    let data = home.path().join(".local/share/noctui");
    std::fs::create_dir_all(&data).unwrap();
    let file = std::fs::File::create(data.join("noctui.db")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let said = transcript(&home, &mut home.noctui(["maintenance", "list"]));
    assert!(said.contains("noctui.db was an empty file: it begins anew"), "{said}");
    let again = transcript(&home, &mut home.noctui(["maintenance", "list"]));
    assert!(!again.contains("empty file"), "{again}");
}

#[test]
fn a_broken_configuration_stops_what_needs_one_with_every_mistake() {
    let home = Home::new();
    home.configure("tehme = 'dark'\ncolor = 'blue'\n");
    let said = transcript(&home, &mut home.noctui(["backup", "copy.db"]));
    assert!(said.contains("noctui: ~/.config/noctui/config.toml:1:1: there is no setting `tehme`\n"), "{said}");
    assert!(said.contains("noctui: ~/.config/noctui/config.toml:2:9: `color` cannot be 'blue'\n"), "{said}");
    assert!(said.ends_with("--- exit code 2\n"), "{said}");
}

#[test]
fn a_backup_that_cannot_be_written_says_where_and_what_to_do() {
    let home = Home::new();
    let data = home.path().join(".local/share/noctui");
    drop(noctui::store::Store::open(&data, &noctui::store::Options::new(&["CREATE TABLE t (x)"])).unwrap());
    let said = transcript(&home, &mut home.noctui(["backup", "nowhere/copy.db"]));
    assert_eq!(
        said,
        "--- standard error\nnoctui: cannot write nowhere/copy.db\n  because  No such file or directory (os error 2)\n  \
         do       name a new file in a folder that exists and that you may write to\n--- exit code 2\n"
    );
}

#[test]
fn an_output_that_takes_nothing_is_told() {
    let home = Home::new();
    for arguments in [&["completions", "bash"], ["--help"].as_slice(), &["maintenance", "list", "--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .stdout(full)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told, "noctui: cannot write to standard output\n  because  No space left on device (os error 28)\n");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn the_demo_takes_no_configuration_and_no_context_of_ones_own() {
    let home = Home::new();
    for arguments in [["demo", "--config", "x.toml"], ["--config", "x.toml", "demo"]] {
        assert_eq!(
            transcript(&home, &mut home.noctui(arguments)),
            "--- standard error\nnoctui: the demo does not take --config\n  \
             because  it writes a configuration of its own, for the simulated backends, without contexts\n  \
             do       leave --config out, or demo: noctui --config opens what you have configured\n--- exit code 2\n"
        );
    }
    for arguments in [["demo", "--context", "lab"], ["--context", "lab", "demo"]] {
        let said = transcript(&home, &mut home.noctui(arguments));
        assert!(said.contains("the demo does not take --context") && said.ends_with("exit code 2\n"), "{said}");
    }
    let help = transcript(&home, &mut home.noctui(["demo", "--help"]));
    assert!(!help.contains("--config ") && !help.contains("--context ") && help.contains("--log-level"), "{help}");
}
