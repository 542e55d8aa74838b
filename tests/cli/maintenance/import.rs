//! `noctui maintenance import`

use super::{Notice, each, home_with, json, one, said, write};
use crate::support::{Home, transcript};

/// A mail that no rule knows.
const UNKNOWN: &str =
    "From: someone@nowhere.example\nSubject: lunch\nDate: Wed, 10 Jan 2024 10:00:00 +0000\n\nAt noon.\n";

#[test]
fn an_import_says_what_became_of_the_mails_and_a_second_one_finds_them_all_again() {
    let home = Home::new();
    let mails = write(&home, &[one("halcyon", "HC-1"), one("halcyon", "HC-2")]);
    std::fs::write(mails.join("zzz.eml"), UNKNOWN).unwrap();
    let first = transcript(&home, &mut home.noctui(["maintenance", "import", "mails"]));
    assert_eq!(
        first,
        "3 mails: 2 parsed, 1 unknown-provider\n2 windows new, 0 changed\n  \
         needs a look: ~/mails/zzz.eml: no rule knows its senders (someone@nowhere.example) or its content\n\
         --- standard error\n--- exit code 0\n"
    );
    let second = transcript(&home, &mut home.noctui(["maintenance", "import", "mails"]));
    assert_eq!(second, "3 mails: 3 duplicate\n--- standard error\n--- exit code 0\n");
}

/// A page of the kind that flag sends, of a night in March 2099, as the mail of a day of March 2026.
fn flag(state: &str, night: u32, day: u32) -> (String, String) {
    let page = format!(
        "<p>Dear Example,</p><table><tr><td>Window</td><td>Start (UTC)</td><td>End (UTC)</td></tr><tr><td>1</td>\
         <td>{night}-Mar-2099 20:00</td><td>{night}-Mar-2099 23:00</td></tr></table><table><tr><td>Service ID</td>\
         <td>Expected impact</td></tr><tr><td>FLG/1/FEA</td><td>Outage</td></tr></table>"
    );
    let subject = format!("FLAG | PE2026030112345 | Planned Event | {state}");
    let head = format!("Date: {day} Mar 2026 10:00:00 +0100\nMessage-ID: <1@flagtel.com>\nContent-Type: text/html\n");
    (format!("From: FLAG Change <change@flagtel.com>\nSubject: {subject}\n{head}\n{page}\n"), page)
}

/// Imports a mail; what became of it.
fn import(home: &Home, mail: &str) -> (String, String) {
    std::fs::write(home.path().join("one.eml"), mail).unwrap();
    let told = json(home, &["import", "one.eml"]);
    (each(&told, "result").concat(), each(&told, "outcome").concat())
}

#[test]
fn an_older_notice_that_is_forwarded_as_text_is_out_of_sequence() {
    let home = Home::new();
    let ((original, page), (update, _)) = (flag("Notice", 28, 2), flag("Rescheduled", 30, 4));
    let recorded = |outcome: &str| ("recorded".to_owned(), outcome.to_owned());
    assert_eq!(import(&home, &original), recorded("parsed"));
    assert_eq!(import(&home, &update), recorded("parsed"));
    let known = |home: &Home| {
        let shown = json(home, &["show", "PE2026030112345"]);
        let text = |key: &str| shown[0][key].as_str().unwrap().to_owned();
        (text("start"), text("status"))
    };
    let rescheduled = ("2099-03-30T20:00:00Z".to_owned(), "RE-SCHEDULED".to_owned());
    for (day, above) in [
        (
            5,
            "<b>From:</b> FLAG Change &lt;change@flagtel.com&gt;<br><b>Sent:</b> Monday, 2 March 2026 10:00<br><b>To:</b> us<br>",
        ),
        (
            6,
            "---------- Forwarded message ---------<br>From: FLAG &lt;change@flagtel.com&gt;<br>Date: Mon, Mar 2, 2026 at 10:00 AM<br>",
        ),
    ] {
        let subject = "FLAG | PE2026030112345 | Planned Event | Notice";
        let forwarded = format!(
            "From: Ann <ann@customer.example>\nSubject: FW: {subject}\nDate: {day} Mar 2026 10:00:00 +0100\n\
             Message-ID: <{day}@customer.example>\nContent-Type: text/html\n\n<p>Please plan for it.</p><p>{above}\
             Subject: {subject}</p>{page}\n"
        );
        assert_eq!(import(&home, &forwarded), recorded("out-of-sequence"));
        assert_eq!(known(&home), rescheduled);
        // What a notice is stamped with is the date of the mail.
        let stamp = json(&home, &["parse", "one.eml"])[0]["stamp"].as_i64().unwrap();
        assert_eq!(stamp, 1_772_442_000 + i64::from(day - 2) * 86400);
        let parsed = said(&home, &["parse", "one.eml"]);
        assert!(parsed.contains("  forwarded; sent 2026-03-02 09:00 UTC\n"), "{parsed}");
    }
    assert_eq!(json(&home, &["reparse"]), serde_json::json!([]));
    assert_eq!(known(&home), rescheduled);
    let shown = json(&home, &["show", "PE2026030112345"]);
    let kinds = each(&shown[0]["history"], "kind");
    assert_eq!(kinds.iter().filter(|kind| **kind == "out-of-sequence").count(), 2, "{kinds:?}");
}

#[test]
fn a_mail_with_the_message_id_and_the_body_of_another_is_another_one_by_its_subject_and_date() {
    let home = Home::new();
    let (original, _) = flag("Notice", 28, 2);
    let result = |mail: &str| import(&home, mail).0;
    assert_eq!(result(&original), "recorded");
    assert_eq!(result(&format!("Received: by another way\n{original}")), "duplicate");
    assert_eq!(result(&original.replace("FLAG |", "[noc] FLAG |")), "duplicate");
    assert_eq!(result(&original.replace("PE2026030112345", "PE2026030112346")), "recorded");
    assert_eq!(result(&original.replace("| Notice", "| Cancelled")), "recorded");
    assert_eq!(result(&original.replace("| Notice", "| Cancelled")), "duplicate");
    let listed = json(&home, &["list", "--all"]);
    let mut known: Vec<_> = each(&listed, "maintenance_id").into_iter().zip(each(&listed, "status")).collect();
    known.sort_unstable();
    assert_eq!(known, [("PE2026030112345", "CANCELLED"), ("PE2026030112346", "CONFIRMED")]);
}

#[test]
fn what_cannot_be_read_is_named_and_does_not_hold_up_the_rest() {
    let home = Home::new();
    let mails = write(&home, &[one("halcyon", "HC-1")]);
    std::fs::create_dir(mails.join("box.eml")).unwrap();
    let said = transcript(&home, &mut home.noctui(["maintenance", "import", "nowhere.eml", "mails"]));
    assert_eq!(
        said,
        "2 mails: 1 parsed, 1 unreadable\n1 window new, 0 changed\n--- standard error\n\
         noctui: ~/nowhere.eml was not imported\n  because  cannot be read: no such file\n  \
         do       correct the path or its permissions and import it again; what else was named is imported\n\
         --- exit code 2\n"
    );
}

#[test]
fn a_mail_comes_in_through_standard_input() {
    let home = Home::new();
    let mut command = home.noctui(["maintenance", "import", "-"]);
    command.write_stdin(one("halcyon", "HC-9").mail()).assert().success();
    assert_eq!(each(&json(&home, &["list"]), "name"), ["halcyon/HC-9"]);
}

#[test]
fn calendars_are_imported_without_a_mail_around_them() {
    let home = Home::new();
    let known = one("halcyon", "EU-1").calendar().replace("noc@halcyon.example", "tickets@eunetworks.com");
    for (file, text) in [
        ("one.ics", one("halcyon", "HC-1").calendar()),
        ("bom.ics", format!("\u{feff}{}", one("halcyon", "HC-2").calendar().replace('\n', "\r\n"))),
        ("known.ics", known),
        (
            "party.ics",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Party\nDTSTAMP:20240101T000000Z\nEND:VEVENT\n\
                       END:VCALENDAR\n"
                .to_owned(),
        ),
        ("broken.ics", one("halcyon", "HC-3").calendar().replace("END:VCALENDAR", "")),
    ] {
        std::fs::write(home.path().join(file), text).unwrap();
    }
    let mails = json(&home, &["import", "one.ics", "bom.ics", "known.ics", "party.ics", "broken.ics"]);
    let mut told: Vec<_> = mails
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| {
            let text = |key: &str| mail[key].as_str().unwrap_or_default().to_owned();
            let file = text("path").rsplit('/').next().unwrap().to_owned();
            (file, text("outcome"), text("provider"), text("subject"))
        })
        .collect();
    told.sort();
    let summary = "Splicing near the canal bridge";
    let expected = [
        ("bom.ics", "parsed", "halcyon", summary),
        ("broken.ics", "parsing-failed", "genericprovider", summary),
        ("known.ics", "parsed", "eunetworks", summary),
        ("one.ics", "parsed", "halcyon", summary),
        ("party.ics", "unknown-provider", "", "Party"),
    ];
    let expected = expected.map(|(a, b, c, d)| [a, b, c, d].map(str::to_owned)).map(|[a, b, c, d]| (a, b, c, d));
    assert_eq!(told, expected);
    let party = mails.as_array().unwrap().iter().find(|mail| mail["subject"] == "Party").unwrap();
    assert_eq!(party["reason"], "it is a calendar of no maintenance, and no rule knows its organizer (none)");
    let mut command = home.noctui(["maintenance", "import", "-"]);
    command.write_stdin(one("halcyon", "HC-9").calendar()).assert().success();
    let id = mails[0]["notification"].to_string();
    let shown = said(&home, &["mails", &id]);
    assert!(shown.contains("Subject: ") && shown.contains("BEGIN:VCALENDAR"), "{shown}");
    let listed = json(&home, &["list", "--all"]);
    let mut names = each(&listed, "maintenance_id");
    names.sort_unstable();
    assert_eq!(names, ["EU-1", "HC-1", "HC-2", "HC-9"]);
}

#[test]
fn a_file_counts_from_when_its_mail_was_received_and_rows_have_an_end() {
    let home = Home::new();
    let endless = one("halcyon", "HC-1").mail().replace("Planned work", &"W".repeat(2_000_000));
    std::fs::write(home.path().join("a.eml"), endless).unwrap();
    std::fs::write(home.path().join("b.eml"), UNKNOWN.replace("2024", "2999")).unwrap();
    said(&home, &["import", "a.eml", "b.eml"]);
    let mails = json(&home, &["mails", "--all"]);
    let of = |outcome: &str| mails.as_array().unwrap().iter().find(|mail| mail["outcome"] == outcome).unwrap().clone();
    assert_eq!(of("parsed")["received_at"], "2024-01-10T09:30:00Z");
    let future = of("unknown-provider")["received_at"].as_str().unwrap().to_owned();
    assert!(!future.starts_with("2999"), "{future}");
    let table = said(&home, &["mails", "--all"]);
    assert!(table.lines().all(|line| line.chars().count() < 500), "{}", table.len());
}

#[test]
fn a_damaged_store_is_told_of_alone_and_stays_as_it_is() {
    let home = home_with(&[one("halcyon", "HC-1"), one("halcyon", "HC-2")]);
    let database = home.path().join(".local/share/noctui/noctui.db");
    let mut damaged = std::fs::read(&database).unwrap();
    for page in damaged.chunks_mut(4096).skip(2).step_by(3) {
        page.fill(0xa5);
    }
    std::fs::write(&database, &damaged).unwrap();
    std::fs::write(home.path().join("new.eml"), one("halcyon", "HC-3").mail()).unwrap();
    for arguments in
        [&["import", "new.eml"][..], &["list"], &["mails", "--all"], &["ack", "HC-1"], &["note", "HC-1", "x"]]
    {
        let said = transcript(&home, &mut home.noctui([&["maintenance"], arguments].concat()));
        assert!(said.starts_with("--- standard error\n"), "{arguments:?}: {said}");
        assert!(said.contains("damaged"), "{arguments:?}: {said}");
        assert!(std::fs::read(&database).unwrap() == damaged, "{arguments:?} changed the damaged database");
    }
}

#[test]
fn a_maildir_is_imported_and_left_as_it_was() {
    let home = Home::new();
    for folder in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(folder)).unwrap();
    }
    let mail = home.path().join("Maildir/new/1704880000.1.mx");
    std::fs::write(&mail, one("halcyon", "HC-1").mail()).unwrap();
    assert!(said(&home, &["import", "Maildir"]).starts_with("1 mail: 1 parsed\n"));
    assert!(mail.exists());
}

#[test]
fn a_damaged_mail_is_recorded_with_the_reason_and_is_no_failure() {
    let home = Home::new();
    let broken = one("halcyon", "HC-1").mail().replace("DTEND:20990302T040000Z", "DTEND:20990299T040000Z");
    std::fs::write(home.path().join("a.eml"), broken).unwrap();
    std::fs::write(home.path().join("b.eml"), [0xff, 0x00, 0x1b, b'[', b'2', b'J']).unwrap();
    let outcomes = json(&home, &["import", "a.eml", "b.eml"]);
    assert_eq!(each(&outcomes, "result"), ["recorded"; 2]);
    assert_eq!(each(&outcomes, "outcome"), ["parsing-failed", "unknown-provider"]);
    let reason = outcomes[0]["reason"].as_str().unwrap();
    assert!(reason.contains("DTEND"), "{reason}");
}

#[test]
fn what_is_no_mail_is_refused_with_what_to_do() {
    let home = Home::new();
    std::fs::write(home.path().join("a.msg"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").unwrap();
    std::fs::write(home.path().join("b.eml.gz"), b"\x1f\x8b\x08\x00").unwrap();
    std::fs::write(home.path().join("c.eml"), "").unwrap();
    for (file, because, remedy) in [
        ("a.msg", "a mail as Outlook keeps it (.msg)", "save the mail as .eml"),
        ("b.eml.gz", "packed with gzip", "unpack it and import what is in it"),
        ("c.eml", "there is no mail in it", "look at what should have written it"),
    ] {
        let said = transcript(&home, &mut home.noctui(["maintenance", "import", file]));
        assert!(said.contains(because) && said.contains(remedy) && said.ends_with("--- exit code 2\n"), "{said}");
    }
    home.noctui(["maintenance", "mails", "--all"]).assert().success().stdout("").stderr("there is no such mail\n");
}

#[test]
fn scripts_get_an_object_for_each_mail_in_the_order_in_which_they_were_found() {
    let moved = Notice { day: 12, windows: &[("20990305T220000Z", "20990306T040000Z")], ..Notice::default() };
    let late = Notice { day: 11, summary: "Splicing", ..Notice::default() };
    let home = Home::new();
    // Two folders: the mails of one are read in the order in which they were received, whatever their names.
    write(&home, &[moved, Notice::default()]);
    for (folder, notice) in [("late", late), ("again", Notice::default())] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
        std::fs::write(home.path().join(folder).join("a.eml"), notice.mail()).unwrap();
    }
    let named = ["maintenance", "import", "mails", "late", "again", "gone.eml", "--json"];
    let mails = home.noctui(named).output().unwrap();
    assert_eq!(mails.status.code(), Some(2));
    let mails: serde_json::Value = serde_json::from_slice(&mails.stdout).unwrap();
    let told: Vec<_> = mails
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| (mail["result"].as_str().unwrap(), mail["outcome"].as_str(), mail["windows_changed"].as_u64()))
        .collect();
    // What cannot be read is told before the mails of its batch.
    assert_eq!(
        told,
        [
            ("unreadable", None, Some(0)),
            ("recorded", Some("parsed"), Some(0)),
            ("recorded", Some("parsed"), Some(1)),
            ("recorded", Some("out-of-sequence"), Some(0)),
            ("duplicate", Some("parsed"), Some(0)),
        ]
    );
    assert_eq!(mails[1]["maintenance_ids"], serde_json::json!(["HC-100"]));
    assert_eq!(mails[1]["windows_created"], 1);
}

#[test]
fn many_mails_are_recorded_in_their_order_whoever_parses_them_first() {
    // Every notice moves the window: only in the right order is each of them news.
    let days: Vec<Notice> =
        (1..=28).map(|day| Notice { day, summary: DAYS[day as usize], ..Notice::default() }).collect();
    let others = (0..200).map(|number| one("halcyon", Box::leak(format!("OT-{number}").into_boxed_str())));
    let all: Vec<Notice> = others.chain(days).collect();
    let home = home_with(&all);
    let shown = json(&home, &["show", "halcyon/HC-100"]);
    let kinds: Vec<&str> = each(&shown[0]["history"], "kind");
    assert!(!kinds.contains(&"out-of-sequence"), "{kinds:?}");
    assert_eq!(json(&home, &["list", "--all"]).as_array().unwrap().len(), 201);
}

/// A summary a day.
const DAYS: [&str; 29] = [
    "", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v",
    "w", "x", "y", "z", "aa", "bb",
];

#[test]
fn a_reader_who_left_does_not_stop_the_import() {
    let home = Home::new();
    write(&home, &[one("halcyon", "HC-1"), one("halcyon", "HC-2")]);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("noctui"))
        .args(["maintenance", "import", "mails", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(json(&home, &["list"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_rule_of_the_user_that_is_not_used_is_named() {
    let home = Home::new();
    write(&home, &[one("halcyon", "HC-1")]);
    let rules = home.path().join(".config/noctui/providers");
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::write(rules.join("mine.toml"), "this is no rule").unwrap();
    let said = transcript(&home, &mut home.noctui(["maintenance", "import", "mails"]));
    assert!(
        said.contains("noctui: a provider rule is not used\n  because  ~/.config/noctui/providers/mine.toml"),
        "{said}"
    );
    assert!(said.ends_with("--- exit code 0\n"), "{said}");
}

#[test]
fn an_mbox_is_taken_apart_from_a_file_and_from_standard_input() {
    let home = Home::new();
    let from = "From noc@halcyon.example Wed Jan 10 09:30:00 2024\n";
    let mbox = format!("{from}{}\n{from}{}", one("halcyon", "HC-1").mail(), one("halcyon", "HC-2").mail());
    std::fs::write(home.path().join("export.mbox"), &mbox).unwrap();
    let imported = json(&home, &["import", "export.mbox"]);
    assert_eq!(each(&imported, "result"), ["recorded", "recorded"]);
    let paths = each(&imported, "path");
    assert!(paths[0].ends_with("/export.mbox#1") && paths[1].ends_with("/export.mbox#2"), "{paths:?}");
    let mut again = home.noctui(["maintenance", "import", "-"]);
    again.write_stdin(mbox);
    assert_eq!(transcript(&home, &mut again), "2 mails: 2 duplicate\n--- standard error\n--- exit code 0\n");
}

#[test]
fn a_mail_that_still_cannot_be_read_is_a_duplicate_the_second_time() {
    let home = Home::new();
    let mails = write(&home, &[]);
    let never = one("halcyon", "HC-1").mail().replace("20990301T220000Z", "20990230T220000Z");
    std::fs::write(mails.join("never.eml"), never).unwrap();
    assert_eq!(json(&home, &["import", "mails"])[0]["result"], "recorded");
    let again = json(&home, &["import", "mails"]);
    assert_eq!((&again[0]["result"], &again[0]["outcome"]), (&"duplicate".into(), &"parsing-failed".into()));
    assert!(again[0]["reason"].as_str().unwrap().contains("DTSTART"), "{again}");
}

#[test]
fn a_files_name_reaches_the_terminal_harmless() {
    let home = Home::new();
    let mails = write(&home, &[]);
    std::fs::write(mails.join("x\u{1b}[31m\u{9b}2J.eml"), UNKNOWN).unwrap();
    let told = said(&home, &["import", "mails"]) + &said(&home, &["import", "mails", "--json"]);
    assert!(told.contains("x␛[31m") && told.contains("\\u009b2J"), "{told:?}");
    assert!(!told.contains(['\u{1b}', '\u{9b}']), "{told:?}");
}

#[test]
fn an_empty_standard_input_is_no_mail() {
    let home = Home::new();
    for nothing in ["", "\n\n"] {
        let mut command = home.noctui(["maintenance", "import", "-"]);
        let output = command.write_stdin(nothing).assert().code(2).get_output().clone();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("standard input was not imported") && told.contains("there is no mail in it"), "{told}");
    }
    home.noctui(["maintenance", "mails", "--all"]).assert().success().stdout("").stderr("there is no such mail\n");
}

#[test]
fn what_becomes_of_a_mail_is_logged_for_whoever_looks_for_it_and_nothing_of_its_text() {
    let home = Home::new();
    let mails = write(&home, &[one("halcyon", "HC-1")]);
    home.noctui(["--log-level", "debug", "maintenance", "import", mails.to_str().unwrap()]).assert().success();
    home.noctui(["--log-level", "debug", "maintenance", "note", "HC-1", "hush hush"]).assert().success();
    let log = std::fs::read_to_string(home.path().join(".local/state/noctui/noctui.log")).unwrap();
    let line = |text: &str| log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {log}"));
    let read = line("a mail was read");
    for part in ["message_id=", "sender=", "verdict=\"parsed\"", "provider=\"halcyon\"", "000.eml", "took="] {
        assert!(read.contains(part), "{part}: {read}");
    }
    assert!(line("a mail was recorded").contains("outcome=parsed"), "{log}");
    assert!(line("note-added").contains("who="), "{log}");
    assert!(!log.contains("hush"), "{log}");
}
