//! `noctui maintenance list`

use super::{Notice, assert_transcript, each, home_with, json, one, said};
use crate::support::{Home, transcript};

/// One of each kind: coming, tentative, cancelled, long past.
fn mixed() -> Home {
    home_with(&[
        one("halcyon", "HC-1"),
        Notice {
            id: "HC-2",
            status: "TENTATIVE",
            windows: &[("20990201T000000Z", "20990201T020000Z")],
            ..Notice::default()
        },
        Notice { id: "HC-3", status: "CANCELLED", ..Notice::default() },
        Notice {
            provider: "Östra Nät",
            id: "ÖN 7/日本",
            impact: "DEGRADED",
            circuits: &["ÖN-1"],
            windows: &[("20240115T000000Z", "20240115T060000Z")],
            ..Notice::default()
        },
    ])
}

#[test]
fn what_is_not_over_is_listed_in_aligned_columns() {
    let home = mixed();
    assert_transcript("list", &transcript(&home, &mut home.noctui(["maintenance", "list"])));
    assert_transcript("list_all", &transcript(&home, &mut home.noctui(["maintenance", "list", "--all"])));
}

#[test]
fn the_part_of_the_list_and_its_order_can_be_chosen() {
    let home = mixed();
    let names = |arguments: &[&str]| {
        let list = json(&home, &[&["list"], arguments].concat());
        each(&list, "maintenance_id").join(" ")
    };
    assert_eq!(names(&[]), "HC-2 HC-1");
    assert_eq!(names(&["--open"]), "HC-2 HC-1");
    assert_eq!(names(&["--all", "--sort", "provider"]), "HC-3 HC-1 HC-2 ÖN 7/日本");
    assert_eq!(names(&["--changed", "--provider", "HALCYON"]), "HC-2 HC-1 HC-3");
    assert_eq!(names(&["--all", "--filter", "ön-1"]), "ÖN 7/日本");
    assert_eq!(names(&["--all", "--filter", "splicing !hc"]), "ÖN 7/日本");
    assert_eq!(names(&["--all", "--limit", "1"]), "HC-2");
    said(&home, &["ack", "HC-1"]);
    assert_eq!(names(&["--unacknowledged"]), "HC-2");
}

#[test]
fn only_one_part_of_the_list_can_be_chosen() {
    Home::new().noctui(["maintenance", "list", "--all", "--open"]).assert().code(2);
}

#[test]
fn a_limit_of_nothing_is_refused() {
    for list in ["list", "mails"] {
        let refused = Home::new().noctui(["maintenance", list, "--limit", "0"]).assert().code(2);
        refused.stderr(predicates::str::contains("write 1 or more"));
    }
}

#[test]
fn of_a_provider_that_nobody_knows_that_is_said() {
    let home = mixed();
    let said = |provider| transcript(&home, &mut home.noctui(["maintenance", "list", "--provider", provider]));
    assert!(said("nope").starts_with("--- standard error\nno maintenance matches: no provider \"nope\" is known;"));
    assert!(said("nope").ends_with("--- exit code 0\n"));
    assert!(said("ZAYO").contains("no maintenance matches\n"), "{}", said("ZAYO"));
}

#[test]
fn an_empty_list_is_an_answer() {
    let home = Home::new();
    assert_eq!(said(&home, &["list"]), "");
    assert_eq!(said(&home, &["list", "--json"]), "[]\n");
}

#[test]
fn scripts_get_the_fields_that_are_documented() {
    let home = mixed();
    said(&home, &["ack", "halcyon/HC-1"]);
    assert_transcript("list_json", &said(&home, &["list", "--all", "--json"]));
}

#[test]
fn a_list_longer_than_what_is_read_at_a_time_has_every_row_once() {
    let notices: Vec<Notice> =
        (0..620).map(|number| one("halcyon", Box::leak(format!("HC-{number:04}").into_boxed_str()))).collect();
    let home = home_with(&notices);
    for sort in ["time", "change", "provider"] {
        let list = json(&home, &["list", "--sort", sort]);
        let mut ids = each(&list, "maintenance_id");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), list.as_array().unwrap().len()), (620, 620), "{sort}");
    }
    assert_eq!(said(&home, &["list", "--limit", "610"]).lines().count(), 611);
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_list_quietly() {
    let home = mixed();
    for arguments in
        [&["list", "--all"][..], &["list", "--all", "--json"], &["show", "HC-1"], &["export", "--all", "--ics"]]
    {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
            .arg("maintenance")
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn nothing_in_a_notice_reaches_the_terminal_as_a_command() {
    let home = home_with(&[Notice { summary: "red \u{1b}[31m bell \u{7} and \u{9b}2J", ..Notice::default() }]);
    for arguments in [&["list"][..], &["show", "HC-100"], &["show", "HC-100", "--mail"], &["list", "--json"]] {
        let said = said(&home, arguments);
        assert!(said.contains("red"), "{arguments:?}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{arguments:?}: {said:?}");
    }
}

#[test]
fn a_broken_configuration_is_told_before_anything_is_done() {
    let home = Home::new();
    home.configure("data_drr = '/nowhere'\n");
    let said = transcript(&home, &mut home.noctui(["maintenance", "list"]));
    assert!(said.starts_with("--- standard error\nnoctui: "), "{said}");
    assert!(said.ends_with("--- exit code 2\n"), "{said}");
    assert!(!super::has(home.path(), ".local"));
}

#[test]
fn a_store_that_is_no_store_is_told_in_three_parts() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("data")).unwrap();
    std::fs::write(
        home.path().join("data/noctui.db"),
        "not a database, but long enough to be looked at as one".repeat(40),
    )
    .unwrap();
    let said = transcript(&home, &mut home.noctui(["--data-dir", "data", "maintenance", "list"]));
    assert!(said.contains("\n  do       leave every noctui; move it aside"), "{said}");
    assert!(said.ends_with("--- exit code 2\n"), "{said}");
}

#[test]
fn a_list_of_nothing_says_so_on_standard_error() {
    let home = Home::new();
    let nothing = |arguments: &[&str], said: &str| {
        let command = ["maintenance", "list"].into_iter().chain(arguments.iter().copied());
        home.noctui(command).assert().success().stdout("").stderr(format!("{said}\n"));
    };
    nothing(&[], "there are no such maintenances; --all lists past ones too");
    nothing(&["--all"], "there are no maintenances; `noctui maintenance import` reads mails");
    nothing(&["--filter", "x"], "no maintenance matches");
    home.noctui(["maintenance", "list", "--json"]).assert().success().stdout("[]\n").stderr("");
}
