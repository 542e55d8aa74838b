//! `noctui maintenance parse`, the contract that evaluators use.

use std::io::Write as _;

use base64::Engine as _;
use predicates::str::contains;
use serde_json::Value;

use super::{json, one};
use crate::support::{Home, transcript};

/// A home folder with these files.
fn home_with(files: &[(&str, String)]) -> Home {
    let home = Home::new();
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    home
}

/// A mail with a spreadsheet of this sheet, as att sends them.
fn mail_with_sheet(sheet: &str) -> String {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let workbook = r#"<workbook><sheets><sheet name="S" r:id="r1"/></sheets></workbook>"#;
    let relations = r#"<Relationships><Relationship Id="r1" Type="worksheet" Target="sheet1.xml"/></Relationships>"#;
    for (name, text) in
        [("xl/workbook.xml", workbook), ("xl/_rels/workbook.xml.rels", relations), ("xl/sheet1.xml", sheet)]
    {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let attachment = base64::engine::general_purpose::STANDARD.encode(zip.finish().unwrap().into_inner());
    format!(
        "From: g31654@att.com\nSubject: Maintenance\nDate: Wed, 10 Jan 2024 09:30:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=next\n\n--next\nContent-Type: text/html\n\n\
         <p>Event ID: 7 Customer Impact Description: none Summary: Splicing Description: at night Business Risk: low</p>\
         <p>Start Time: March 1, 2099 22:00 GMT End Time: March 2, 2099 04:00 GMT</p>\n--next\n\
         Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; name=circuits.xlsx\n\
         Content-Transfer-Encoding: base64\n\n{attachment}\n--next--\n"
    )
}

#[test]
fn the_notices_come_as_an_array_with_exactly_the_keys_of_the_draft() {
    let home = home_with(&[("notice.eml", one("halcyon", "HC-1").mail())]);
    let notices = json(&home, &["parse", "--provider", "genericprovider", "notice.eml"]);
    let keys: Vec<&String> = notices[0].as_object().unwrap().keys().collect();
    let expected = [
        "account",
        "circuits",
        "end",
        "maintenance_id",
        "organizer",
        "provider",
        "sequence",
        "stamp",
        "start",
        "status",
        "summary",
        "uid",
    ];
    assert_eq!(keys, expected);
    assert_eq!(notices[0]["start"], 4_076_085_600_i64);
    assert_eq!(json(&home, &["parse", "notice.eml"]), notices, "the provider is detected");
}

#[test]
fn a_mail_that_is_recognised_as_no_maintenance_is_an_empty_array() {
    let mail = "From: support@arelion.com\nSubject: Disturbance Information: fibre cut\n\
                Date: Wed, 10 Jan 2024 09:30:00 +0000\n\nA cable is broken.\n";
    let home = home_with(&[("cut.eml", mail.to_owned())]);
    assert_eq!(json(&home, &["parse", "cut.eml"]), Value::Array(Vec::new()));
}

#[test]
fn an_error_stands_on_standard_error_alone_and_says_what_to_do() {
    let never = one("halcyon", "HC-1").mail().replace("20990301T220000Z", "20990230T220000Z");
    let home = home_with(&[("never.eml", never), ("empty.eml", String::new()), ("nul.eml", "\0".repeat(9))]);
    for (arguments, told) in [
        (&["never.eml"][..], "ical: HC-1: DTSTART \"20990230T220000Z\" is no date and time\n"),
        (&["empty.eml"], "noctui: no mail: it has no headers\n"),
        (&["nul.eml"], "noctui: no rule knows its senders (no sender) or its content\n"),
        (&["never.eml", "--provider", "nobody"], "noctui: no provider \"nobody\"; known are "),
        (&["nowhere.eml"], "noctui: cannot read nowhere.eml\n  because  No such file"),
        (&["."], "noctui: cannot read .\n  because  Is a directory"),
    ] {
        let said = transcript(&home, &mut home.noctui([&["maintenance", "parse", "--json"], arguments].concat()));
        let error = said.strip_prefix("--- standard error\n").unwrap_or_else(|| panic!("{arguments:?}: {said}"));
        assert!(error.starts_with("noctui: ") && error.contains(told), "{arguments:?}: {said}");
        assert!(said.ends_with("--- exit code 2\n"), "{arguments:?}: {said}");
    }
}

#[test]
fn parts_and_a_mail_make_one_notification() {
    let home = home_with(&[
        ("one.ics", one("halcyon", "HC-1").calendar()),
        ("dull.eml", "From: a@b.example\nSubject: see the calendar\n\nRegards\n".to_owned()),
    ]);
    let alone = json(&home, &["parse", "--provider", "genericprovider", "--part", "ical=one.ics"]);
    let both = json(&home, &["parse", "--provider", "genericprovider", "--part", "ical=one.ics", "dull.eml"]);
    assert_eq!(alone[0]["maintenance_id"], "HC-1");
    assert_eq!(alone, both);
    assert_eq!(json(&home, &["parse", "one.ics"]), alone, "a calendar is no part that has to be called one");
}

#[test]
fn what_to_do_fits_why_it_failed() {
    let sound = one("halcyon", "HC-1").mail();
    let deep = (0..60).fold(String::from("Subject: x\n\nx\n"), |inner, _| {
        format!("Subject: x\nContent-Type: message/rfc822\n\n{inner}")
    });
    let home = home_with(&[
        ("broken.eml", sound.replace("BEGIN:VEVENT", "BEGIN VEVENT")),
        ("cut.eml", sound.replace("END:VCALENDAR", "")),
        ("empty.eml", " \n".to_owned()),
        ("deep.eml", deep),
        ("dull.eml", "From: a@b.example\nSubject: x\n\nRegards\n".to_owned()),
    ]);
    for (file, provider, to_do) in [
        ("broken.eml", Some("genericprovider"), "see the calendar with --lines; ask its sender for a sound one"),
        ("cut.eml", None, "see the calendar with --lines; ask its sender for a sound one"),
        ("empty.eml", Some("zayo"), "look at what should have written it: it is empty"),
        ("deep.eml", Some("zayo"), "save the mail inside that has the notice as a file of its own"),
        ("dull.eml", Some("genericprovider"), "see what its rule sees of it with --lines; leave --provider out if"),
        ("dull.eml", Some("nobody"), "name one of them, or leave --provider out"),
        ("dull.eml", None, "see what rules see of it with --lines; name whose it is with --provider"),
    ] {
        let named = provider.map(|slug| ["--provider", slug]);
        let arguments: Vec<&str> =
            ["maintenance", "parse", file].into_iter().chain(named.into_iter().flatten()).collect();
        let said = transcript(&home, &mut home.noctui(arguments));
        let do_lines: Vec<&str> = said.lines().filter(|line| line.trim_start().starts_with("do ")).collect();
        assert!(matches!(&do_lines[..], [line] if line.contains(to_do)), "{file} {provider:?}: {said}");
    }
}

#[test]
fn a_spreadsheet_is_read_and_one_that_wants_all_memory_is_not_believed() {
    let cell = |place: &str, text: &str| format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let head = format!(r#"<row r="1">{}{}</row>"#, cell("A1", "Customer Name"), cell("B1", "Circuit ID"));
    let row = format!(r#"<row r="2">{}{}</row>"#, cell("A2", "Meridian"), cell("B2", "IC-1"));
    let far = format!(r#"<row r="1048576">{}</row>"#, cell("XFD1048576", "x"));
    let sheet = |rows: &str| mail_with_sheet(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"));
    let home = home_with(&[
        ("sound.eml", sheet(&format!("{head}{row}"))),
        ("far.eml", sheet(&format!("{head}{row}{far}"))),
        ("bomb.eml", sheet(&" ".repeat(100 << 20))),
    ]);
    let sound = json(&home, &["parse", "sound.eml"]);
    assert_eq!((&sound[0]["account"], &sound[0]["circuits"][0]["circuit_id"]), (&"Meridian".into(), &"IC-1".into()));
    for too_large in ["far.eml", "bomb.eml"] {
        let said = transcript(&home, &mut home.noctui(["maintenance", "parse", too_large]));
        let is_told = said.starts_with("--- standard error\nnoctui: att: the spreadsheet is too large: ");
        assert!(is_told && said.ends_with("--- exit code 2\n"), "{said}");
    }
}

#[test]
fn nothing_that_a_terminal_obeys_comes_out_of_a_mail() {
    let hostile = "x\u{1b}]52;c;eA==\u{7}\u{1b}[2J\u{9b}31m\u{202e}y\u{0}";
    let mail = one("halcyon", "HC-1").mail().replace("HC-AMS-FRA-7", hostile).replace("Splicing", hostile);
    let home = home_with(&[("hostile.eml", mail)]);
    for arguments in [&["--json"][..], &[], &["--lines"]] {
        let said = transcript(&home, &mut home.noctui([&["maintenance", "parse", "hostile.eml"], arguments].concat()));
        assert!(said.contains("␛]52"), "{arguments:?}: {said:?}");
        let obeyed = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!said.contains(obeyed), "{arguments:?}: {said:?}");
    }
}

#[test]
fn a_mail_that_is_too_large_is_refused_by_its_own_size() {
    let home = Home::new();
    let file = std::fs::File::create(home.path().join("large.eml")).unwrap();
    file.set_len(50 << 20).unwrap();
    let refused = home.noctui(["maintenance", "parse", "large.eml"]).assert().code(2);
    refused.stderr(contains("the mail has 52428800 bytes; noctui parses mails up to 26214400"));
}
