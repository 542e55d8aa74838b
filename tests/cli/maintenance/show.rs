//! `noctui maintenance show`, and how a maintenance is named.

use super::{Notice, assert_transcript, each, home_with, json, one, said};
use crate::support::{Home, transcript};

/// A maintenance with a past: announced, moved, acknowledged, noted.
fn moved() -> Home {
    let home = home_with(&[
        Notice::default(),
        Notice {
            day: 12,
            status: "RE-SCHEDULED",
            circuits: &["HC-AMS-FRA-7", "HC-AMS-PAR-1"],
            windows: &[("20990305T220000Z", "20990306T040000Z")],
            ..Notice::default()
        },
    ]);
    said(&home, &["ack", "HC-100", "--who", "bert"]);
    said(&home, &["note", "HC-100", "Asked for the day shift.\nThey call back."]);
    home
}

#[test]
fn everything_about_a_maintenance_is_shown() {
    let home = moved();
    assert_transcript("show", &transcript(&home, &mut home.noctui(["maintenance", "show", "halcyon/HC-100"])));
}

#[test]
fn scripts_get_everything_under_documented_names() {
    let home = moved();
    let shown = said(&home, &["show", "HC-100", "--json"]).replace(home.path().to_str().unwrap(), "~");
    assert_transcript("show_json", &shown);
}

#[test]
fn the_newest_mail_is_shown_readable() {
    let home = moved();
    assert_transcript("show_mail", &said(&home, &["show", "HC-100", "--mail"]));
    let mail = json(&home, &["show", "HC-100", "--mail"]);
    assert_eq!(mail["message_id"], "halcyon.HC-100.12@halcyon.example");
    assert_eq!(mail["headers"][0]["name"], "From");
    let lines = mail["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line.as_str().unwrap().starts_with("Dear customer")), "{lines:?}");
}

#[test]
fn looking_from_the_command_line_leaves_what_is_new_new() {
    let home = home_with(&[Notice::default()]);
    said(&home, &["show", "HC-100"]);
    assert_eq!(json(&home, &["list", "--changed"])[0]["unseen"], true);
}

#[test]
fn an_id_that_two_providers_use_asks_for_the_provider() {
    let home = home_with(&[one("halcyon", "CHG1"), one("kestrel", "CHG1"), one("kestrel", "CHG2")]);
    let said = transcript(&home, &mut home.noctui(["maintenance", "show", "CHG1"]));
    assert_eq!(
        said,
        "--- standard error\nnoctui: CHG1 can mean 2 maintenances\n  \
         because  there are halcyon/CHG1 and kestrel/CHG1\n  \
         do       name the provider too, as PROVIDER/ID\n--- exit code 2\n"
    );
    let name = |typed: &str| json(&home, &["show", typed])[0]["name"].clone();
    assert_eq!(name("kestrel/CHG1"), "kestrel/CHG1");
    assert_eq!(name("Kestrel/CHG1"), "kestrel/CHG1");
    assert_eq!(name("CHG2"), "kestrel/CHG2");
}

#[test]
fn an_id_with_slashes_is_found_with_and_without_its_provider() {
    let home = home_with(&[one("halcyon", "2024/03/7"), one("kestrel/eu", "K/1"), one("2024", "03/7")]);
    let name = |typed: &str| json(&home, &["show", typed])[0]["name"].clone();
    assert_eq!(name("halcyon/2024/03/7"), "halcyon/2024/03/7");
    assert_eq!(name("kestrel/eu/K/1"), "kestrel/eu/K/1");
    assert_eq!(name("K/1"), "kestrel/eu/K/1");
    // A name that says the provider comes first.
    assert_eq!(name("2024/03/7"), "2024/03/7");
    assert_eq!(json(&home, &["show", "2024/03/7"])[0]["provider"], "2024");
}

#[test]
fn a_name_that_nothing_has_offers_what_comes_near() {
    let home = home_with(&[one("halcyon", "HC-4711"), one("kestrel", "KW-1")]);
    let failure = |name: &str| transcript(&home, &mut home.noctui(["maintenance", "show", name]));
    assert_eq!(
        failure("hc-47"),
        "--- standard error\nnoctui: no maintenance is called hc-47\n  because  names are compared in full\n  \
         do       perhaps one of: halcyon/HC-4711\n--- exit code 2\n"
    );
    for name in ["nothing", "", "/", "!", "kestrel/", "\u{1b}[2J"] {
        let said = failure(name);
        assert!(said.starts_with("--- standard error\nnoctui: no maintenance is called"), "{name}: {said}");
        assert!(said.ends_with("--- exit code 2\n"), "{name}: {said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn one_window_of_several_can_be_meant() {
    let windows = &[("20990301T220000Z", "20990302T040000Z"), ("20990302T220000Z", "20990303T040000Z")];
    let home = home_with(&[Notice { windows, ..Notice::default() }]);
    assert_eq!(json(&home, &["show", "HC-100"]).as_array().unwrap().len(), 2);
    let second = json(&home, &["show", "HC-100", "--window", "2"]);
    assert_eq!(each(&second, "start"), ["2099-03-02T22:00:00Z"]);
    let said = transcript(&home, &mut home.noctui(["maintenance", "show", "HC-100", "--window", "3"]));
    assert_eq!(
        said,
        "--- standard error\nnoctui: halcyon/HC-100 has no window 3\n  because  the windows it has: 1, 2\n  \
         do       name one of them, or leave --window out to mean all\n--- exit code 2\n"
    );
}

#[test]
fn a_calendar_that_says_cancelled_without_a_status_is_told_beside_it_and_asks_again_once() {
    let home = super::home_with(&[Notice::default()]);
    said(&home, &["ack", "HC-100"]);
    let cancelled = Notice { day: 11, ..Notice::default() }.mail();
    let cancelled = cancelled.replace("X-MAINTNOTE-STATUS:CONFIRMED\n", "");
    std::fs::write(home.path().join("cancel.eml"), cancelled.replace("VERSION:2.0", "METHOD:CANCEL")).unwrap();
    // The contract knows the draft's words alone.
    let parsed = &json(&home, &["parse", "cancel.eml"])[0];
    assert_eq!((&parsed["status"], &parsed["summary"]), (&"NO-CHANGE".into(), &Notice::default().summary.into()));
    assert_eq!(parsed.as_object().unwrap().len(), 12, "{parsed}");
    assert!(said(&home, &["parse", "cancel.eml"]).contains("HC-100 planned; the calendar says cancelled\n"));
    said(&home, &["import", "cancel.eml"]);
    // A folded line is one line.
    let calendar = said(&home, &["export", "HC-100", "--ics"]).replace("\r\n ", "");
    assert!(calendar.contains("DESCRIPTION:Status: confirmed\\; the calendar says cancelled\\n"), "{calendar}");
    assert!(calendar.contains("\r\nSTATUS:CONFIRMED\r\n"), "{calendar}");
    let shown = &json(&home, &["show", "HC-100"])[0];
    assert_eq!((&shown["status"], &shown["says_cancelled"]), (&"CONFIRMED".into(), &true.into()));
    assert_eq!(shown["acknowledged"]["current"], false);
    // The notice is older than the acknowledgement, and was read after it.
    assert_eq!(shown["history"][1]["changes"], serde_json::json!([{ "what": "calendar-cancelled" }]));
    let page = said(&home, &["show", "HC-100"]);
    assert_eq!(page.matches("the calendar says cancelled").count(), 2, "as a fact and in the history: {page}");
    assert!(!page.contains("(came "), "it had arrived before: {page}");
    let list = said(&home, &["list"]);
    assert!(list.contains("confirmed, cancelled?") && list.contains("changed since anna"), "{list}");
    said(&home, &["ack", "HC-100"]);
    assert_eq!(json(&home, &["reparse"]), serde_json::json!([]));
    assert_eq!(json(&home, &["show", "HC-100"])[0]["acknowledged"]["current"], true);
}
