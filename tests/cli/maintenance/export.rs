//! `noctui maintenance export --ics`, read back by an independent reader.

use std::collections::BTreeSet;

use icalendar::{Calendar, CalendarComponent, CalendarDateTime, Component, DatePerhapsTime, Event};

use super::{Notice, has, home_with, one, said};
use crate::support::{Home, transcript};

/// Two that come, one of them with two windows, and one that is past.
fn home() -> Home {
    home_with(&[
        one("halcyon", "HC-1"),
        Notice {
            id: "HC-2",
            status: "TENTATIVE",
            windows: &[("20990401T220000Z", "20990402T040000Z"), ("20990402T220000Z", "20990403T040000Z")],
            ..Notice::default()
        },
        Notice { id: "HC-3", windows: &[("20240115T000000Z", "20240115T060000Z")], ..Notice::default() },
    ])
}

/// The events of a calendar.
fn events(calendar: &str) -> Vec<Event> {
    let calendar: Calendar = calendar.parse().unwrap();
    calendar.components.iter().filter_map(CalendarComponent::as_event).cloned().collect()
}

/// The ids of the maintenances in a calendar, in its order.
fn ids(calendar: &str) -> Vec<String> {
    let id = |event: &Event| event.property_value("X-MAINTNOTE-MAINTENANCE-ID").unwrap().to_owned();
    events(calendar).iter().map(id).collect()
}

#[test]
fn what_is_not_over_is_exported_when_nothing_is_said() {
    assert_eq!(ids(&said(&home(), &["export", "--ics"])), ["HC-1", "HC-2", "HC-2"]);
}

#[test]
fn a_part_of_the_list_or_what_is_named_is_exported() {
    let home = home();
    assert_eq!(ids(&said(&home, &["export", "--all", "--ics", "-"])), ["HC-1", "HC-2", "HC-2", "HC-3"]);
    assert_eq!(ids(&said(&home, &["export", "--filter", "hc-1", "--ics"])), ["HC-1"]);
    assert_eq!(ids(&said(&home, &["export", "HC-3", "halcyon/HC-1", "--ics"])), ["HC-3", "HC-1"]);
    assert_eq!(ids(&said(&home, &["export", "HC-2", "--window", "2", "--ics"])), ["HC-2"]);
    home.noctui(["maintenance", "export", "HC-1", "--all", "--ics"]).assert().code(2);
    home.noctui(["maintenance", "export", "HC-77", "--ics"]).assert().code(2).stdout("");
}

#[test]
fn a_calendar_of_nothing_is_not_written() {
    let home = home();
    std::fs::write(home.path().join("kept.ics"), "as it was").unwrap();
    for arguments in [&["--ics"][..], &["--ics", "all.ics"], &["--ics", "kept.ics", "--force"]] {
        let command = [&["maintenance", "export", "--filter", "nobody"], arguments].concat();
        assert_eq!(
            transcript(&home, &mut home.noctui(command)),
            "--- standard error\nnothing to export: no maintenance matches\n--- exit code 0\n",
            "{arguments:?}"
        );
    }
    assert!(!home.path().join("all.ics").exists());
    assert_eq!(std::fs::read_to_string(home.path().join("kept.ics")).unwrap(), "as it was");
    let said = transcript(&Home::new(), &mut Home::new().noctui(["maintenance", "export", "--all", "--ics"]));
    assert!(said.contains("nothing to export: there are no maintenances"), "{said}");
}

#[test]
fn times_status_and_identity_read_back() {
    let events = events(&said(&home(), &["export", "HC-2", "--ics"]));
    let start = DatePerhapsTime::DateTime(CalendarDateTime::Utc("2099-04-02T22:00:00Z".parse().unwrap()));
    assert_eq!(events[1].get_start(), Some(start));
    assert_eq!(events[1].property_value("STATUS"), Some("TENTATIVE"));
    assert_eq!(events[1].property_value("X-MAINTNOTE-ACCOUNT"), Some("C-4711"));
    let uids: BTreeSet<_> = events.iter().filter_map(Component::get_uid).collect();
    assert_eq!(uids.len(), 2);
}

#[test]
fn noctui_reads_its_own_calendar() {
    let home = home();
    said(&home, &["export", "HC-1", "--ics", "one.ics"]);
    let notices = said(&home, &["parse", "--provider", "genericprovider", "--part", "ical=one.ics", "--json"]);
    let notices: serde_json::Value = serde_json::from_str(&notices).unwrap();
    assert_eq!(notices[0]["maintenance_id"], "HC-1");
    assert_eq!(notices[0]["circuits"].as_array().unwrap().len(), 2);
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let home = home();
    let file = home.path().join("out.ics");
    assert_eq!(said(&home, &["export", "HC-1", "--ics", "out.ics"]), "1 window written to out.ics\n");
    let refused = transcript(&home, &mut home.noctui(["maintenance", "export", "--all", "--ics", "out.ics"]));
    assert_eq!(
        refused,
        "--- standard error\nnoctui: out.ics is there already\n  \
         do       name another file, or add --force to replace it\n--- exit code 2\n"
    );
    assert_eq!(ids(&std::fs::read_to_string(&file).unwrap()), ["HC-1"]);
    said(&home, &["export", "HC-3", "--ics", "out.ics", "--force"]);
    assert_eq!(ids(&std::fs::read_to_string(&file).unwrap()), ["HC-3"]);
    let beside: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().starts_with(".out")), "{beside:?}");
}

#[test]
fn force_keeps_links_and_devices() {
    let home = home();
    std::fs::write(home.path().join("real.ics"), "old").unwrap();
    std::os::unix::fs::symlink("real.ics", home.path().join("link.ics")).unwrap();
    said(&home, &["export", "HC-1", "--ics", "link.ics", "--force"]);
    assert!(home.path().join("link.ics").symlink_metadata().unwrap().is_symlink());
    assert_eq!(ids(&std::fs::read_to_string(home.path().join("real.ics")).unwrap()), ["HC-1"]);
    said(&home, &["export", "HC-1", "--ics", "/dev/null", "--force"]);
    assert!(!std::path::Path::new("/dev/null").metadata().unwrap().is_file());
}

#[test]
fn the_files_that_noctui_lives_by_are_never_replaced() {
    let home = home();
    let paths = home.noctui(["config", "path", "--json"]).output().unwrap();
    let paths: serde_json::Value = serde_json::from_slice(&paths.stdout).unwrap();
    let of = |what: &str| std::path::PathBuf::from(paths[what].as_str().unwrap());
    let (database, config) = (of("data").join("noctui.db"), of("config"));
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, "mouse = false\n").unwrap();
    std::os::unix::fs::symlink(&database, home.path().join("link.ics")).unwrap();
    std::fs::hard_link(&config, home.path().join("second.toml")).unwrap();
    let beside = |end: &str| database.with_file_name(format!("noctui.db{end}"));
    let own = [database.clone(), beside("-wal"), beside("-shm"), home.path().join("link.ics")];
    for file in own.iter().chain([&config, &home.path().join("second.toml")]) {
        let mut asked = home.noctui(["maintenance", "export", "HC-1", "--force", "--ics"]);
        let said = transcript(&home, asked.arg(file));
        assert!(said.contains("of noctui and is not replaced"), "{}: {said}", file.display());
        assert!(said.contains("do       name another file\n--- exit code 2"), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "mouse = false\n");
    assert_eq!(ids(&said(&home, &["export", "HC-3", "--ics"])), ["HC-3"], "the database is as it was");
}

#[test]
fn a_folder_or_one_that_is_not_there_is_told_in_three_parts() {
    let home = home();
    for force in [&[][..], &["--force"]] {
        let arguments = ["maintenance", "export", "--open", "--ics", "/tmp"].iter().chain(force).copied();
        let said = transcript(&home, &mut home.noctui(arguments));
        assert_eq!(
            said,
            "--- standard error\nnoctui: /tmp is a folder\n  do       name a file in it\n--- exit code 2\n"
        );
    }
    let said = transcript(&home, &mut home.noctui(["maintenance", "export", "--open", "--ics", "no/where.ics"]));
    assert!(said.starts_with("--- standard error\nnoctui: cannot write no/where.ics\n  because  "), "{said}");
    assert!(said.ends_with("--- exit code 2\n"), "{said}");
}

#[test]
fn a_name_behind_the_flag_is_not_taken_for_a_file() {
    let home = home();
    let said = transcript(&home, &mut home.noctui(["maintenance", "export", "--ics", "HC-1"]));
    assert!(
        said.contains("noctui: HC-1 behind --ics is taken for a file, and halcyon/HC-1 is a maintenance"),
        "{said}"
    );
    assert!(!has(home.path(), "HC-1"));
    home.noctui(["maintenance", "export", "--open", "--ics", "HC-1"]).assert().success();
    assert!(has(home.path(), "HC-1"));
}
