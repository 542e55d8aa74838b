//! `noctui config path|init|check`, and what a broken configuration says.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{Home, transcript};

/// The configurations in `tests/cli/configs/<folder>`, by name.
fn configs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/configs").join(folder);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 2, "{} holds {} files", folder.display(), files.len());
    files
}

#[test]
fn every_valid_configuration_passes_the_check() {
    let home = Home::new();
    // What is not there is warned of.
    std::fs::create_dir_all(home.path().join("Maildir/new")).unwrap();
    for file in configs("valid") {
        home.configure(&std::fs::read_to_string(&file).unwrap());
        let said = transcript(&home, &mut home.noctui(["config", "check"]));
        let fine = "~/.config/noctui/config.toml has no mistake\n--- standard error\n--- exit code 0\n";
        assert_eq!(said, fine, "{}", file.display());
    }
}

#[test]
fn every_invalid_configuration_is_told_what_is_wrong_with_it() {
    let home = Home::new();
    for file in configs("invalid") {
        home.configure(&std::fs::read_to_string(&file).unwrap());
        let name = file.file_stem().unwrap().to_str().unwrap();
        insta::assert_snapshot!(name, transcript(&home, &mut home.noctui(["config", "check"])));
    }
}

#[test]
fn a_machine_reads_the_same_mistakes() {
    let home = Home::new();
    home.configure("color = 'blue'\n[log]\nlevle = 'info'\n");
    let output = home.noctui(["config", "check", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let checked: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = checked["problems"].as_array().unwrap();
    let places: Vec<_> =
        problems.iter().map(|p| (p["line"].as_u64(), p["column"].as_u64(), p["key"].as_str())).collect();
    assert_eq!(places, [(Some(1), Some(9), Some("color")), (Some(3), Some(1), Some("log.levle"))]);
    assert_eq!(problems[1]["do"], "write `level`, or remove the line");
    assert_eq!(checked["exists"], true);
}

#[test]
fn themes_and_provider_rules_are_checked_with_the_rest() {
    let home = Home::new();
    home.configure("theme = 'night'\n");
    let write = |name: &str, text: &str| {
        let path = home.config().with_file_name(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let theme = include_str!("../../assets/themes/dark.toml");
    write("themes/night.toml", &theme.replace("#7fc8f8", "bleu"));
    write("themes/notes.txt", "");
    write("providers/kestrel.toml", "senders = [\"noc@kestrel.example\"]\nsendres = []\n");
    write("providers/Halcyon.toml", "");
    insta::assert_snapshot!("themes_and_rules", transcript(&home, &mut home.noctui(["config", "check"])));
    write("themes/night.toml", theme);
    for rule in ["kestrel", "Halcyon"] {
        std::fs::remove_file(home.config().with_file_name(format!("providers/{rule}.toml"))).unwrap();
    }
    home.noctui(["config", "check"]).assert().success();
}

#[test]
fn files_that_are_missing_or_open_to_all_are_warned_of() {
    let home = Home::new();
    let text = "[[cloudvision]]\nname = 'a'\nserver = 'a'\ntoken_file = 'token'\nca_file = 'missing.pem'\n";
    home.configure(text);
    let token = home.config().with_file_name("token");
    std::fs::write(&token, "abc").unwrap();
    std::fs::set_permissions(&token, PermissionsExt::from_mode(0o644)).unwrap();
    insta::assert_snapshot!("warnings", transcript(&home, &mut home.noctui(["config", "check"])));
    let output = home.noctui(["config", "check", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let checked: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&checked["problems"], &checked["warnings"][1]["key"]),
        (&serde_json::json!([]), &"cloudvision.ca_file".into())
    );
}

#[test]
fn without_a_file_the_check_says_so_and_passes() {
    let home = Home::new();
    let said = transcript(&home, &mut home.noctui(["config", "check"]));
    assert!(said.starts_with("there is no ~/.config/noctui/config.toml: every setting has its default\n"), "{said}");
    assert!(said.ends_with("--- exit code 0\n"), "{said}");
}

#[test]
fn a_theme_that_cannot_be_had_stops_nothing_that_draws_nothing() {
    let home = Home::new();
    home.configure("theme = 'night'\n");
    let said = transcript(&home, &mut home.noctui(["maintenance", "list"]));
    assert!(
        said.contains("--- standard error\nnoctui: warning: ~/.config/noctui/config.toml:1:9: there is no theme"),
        "{said}"
    );
    assert!(said.ends_with("--- exit code 0\n"), "{said}");
    home.configure("theme = 'night'\nwho = 3\n");
    home.noctui(["maintenance", "list"]).assert().failure();
}

#[test]
fn a_file_that_was_asked_for_and_is_not_there_is_a_failure_not_a_no() {
    let home = Home::new();
    let flag = transcript(&home, &mut home.noctui(["config", "check", "--config", "nowhere.toml"]));
    assert!(flag.starts_with("--config: cannot read ~/nowhere.toml\n  because  there is no such file\n"), "{flag}");
    assert!(flag.ends_with("--- exit code 2\n"), "{flag}");
    let variable = transcript(&home, home.noctui(["config", "check"]).env("NOCTUI_CONFIG", "~/nowhere.toml"));
    assert!(variable.starts_with("NOCTUI_CONFIG: cannot read ~/nowhere.toml\n"), "{variable}");
}

#[test]
fn init_writes_a_private_file_that_passes_the_check_and_changes_nothing() {
    let home = Home::new();
    home.noctui(["config", "init"]).assert().success();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.config()), 0o600);
    assert_eq!(mode(home.config().parent().unwrap()), 0o700);
    home.noctui(["config", "check"]).assert().success();
}

#[test]
fn init_overwrites_nothing() {
    let home = Home::new();
    home.configure("theme = 'light'\n");
    let said = transcript(&home, &mut home.noctui(["config", "init"]));
    assert_eq!(
        said,
        "--- standard error\nnoctui: ~/.config/noctui/config.toml is there already\n  \
         do       edit it, or name another file with --config; init overwrites nothing\n--- exit code 2\n"
    );
    assert_eq!(std::fs::read_to_string(home.config()).unwrap(), "theme = 'light'\n");
}

#[test]
fn init_does_not_follow_a_dangling_link() {
    let home = Home::new();
    std::os::unix::fs::symlink(home.path().join("elsewhere"), home.path().join("link.toml")).unwrap();
    home.noctui(["config", "init", "--config", "link.toml"]).assert().code(2);
    assert!(!home.path().join("elsewhere").exists());
}

#[test]
fn path_prints_what_is_in_use() {
    let home = Home::new();
    insta::assert_snapshot!("path", transcript(&home, &mut home.noctui(["config", "path"])));
    home.configure("data_dir = '/srv/noc'\n");
    let mut command = home.noctui(["--config", ".config/noctui/config.toml", "config", "path", "--json"]);
    command.env("XDG_CACHE_HOME", "/var/cache").env("NOCTUI_STATE_DIR", "/var/state");
    insta::assert_snapshot!("path_json", transcript(&home, &mut command));
}

#[test]
fn path_answers_even_when_the_configuration_is_broken() {
    let home = Home::new();
    home.configure("tehme = 'dark'\n");
    let said = transcript(&home, &mut home.noctui(["config", "path"]));
    assert!(said.starts_with("config     ~/.config/noctui/config.toml\n"), "{said}");
    assert!(said.contains("noctui: the configuration has a problem: see `noctui config check`\n"), "{said}");
    assert!(said.ends_with("--- exit code 0\n"), "{said}");
}
