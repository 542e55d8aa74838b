use super::*;
use crate::features::maintenance::mail;
use crate::features::maintenance::model::{Status, Verdict};
use crate::features::maintenance::rules::Rules;

/// A mail of a provider that no rule knows.
fn mail_of(kind: &str, subject: &str, body: &str) -> Mail {
    let raw = format!(
        "From: NOC <noc@mail.bramble.example>\nSubject: {subject}\nDate: Mon, 2 Nov 2026 10:15:00 +0100\n\
         Content-Type: text/{kind}; charset=utf-8\n\n{body}"
    );
    mail::read(raw.as_bytes()).unwrap()
}

/// The same as [`mail_of`] a page.
fn page(subject: &str, body: &str) -> Mail {
    mail_of("html", subject, body)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const TABLES: &str = "<p>Dear <b>Meridian Broadcasting</b>,</p><p><b>Reason:</b> Splice</p>\
    <table><tr><td>Start (CET)</td><td>14/11/2026 23:30</td></tr><tr><td>End (CET)</td><td>15/11/2026 04:00</td></tr></table>\
    <table><tr><th>Service</th><th>Site</th><th>Effect</th></tr><tr><td>BN-100-7741</td><td>Ghent</td><td>Loss</td></tr>\
    <tr><td>BN-100-7742</td><td>Bruges</td><td>Protection lost</td></tr></table>";

#[test]
fn tables_of_labels_and_of_circuits_are_found() {
    let suggestion = Suggestion::of_mail(&page("[Bramble] Planned maintenance BR-2041 - Reminder", TABLES)).unwrap();
    assert_eq!(suggestion.provider, "bramble");
    assert_eq!(suggestion.maintenance_id.as_deref(), Some("BR-2041"));
    assert_eq!(suggestion.account.as_deref(), Some("Meridian Broadcasting"));
    assert_eq!(
        (suggestion.start, suggestion.end),
        (Some(at("2026-11-14T22:30:00Z")), Some(at("2026-11-15T03:00:00Z")))
    );
    assert_eq!(suggestion.circuits, ["BN-100-7741", "BN-100-7742"]);
    assert_eq!(suggestion.summary, "Splice");
    assert_eq!(suggestion.missing, [] as [&str; 0]);
    assert_eq!(suggestion.doubts, ["CET is taken as Europe/Paris"]);
}

#[test]
fn lines_of_plain_text_are_found() {
    let body = "Hello,\n\nTicket: 884422-7\nMaintenance window: 2026-12-03 22:00 UTC - 2026-12-04 02:00 UTC\n\
                Circuit ID: LX/ETH/0042, LX/ETH/0043\nStatus: Cancelled\nCustomer: Meridian\n";
    let suggestion = Suggestion::of_mail(&mail_of("plain", "Notice", body)).unwrap();
    assert_eq!(suggestion.maintenance_id.as_deref(), Some("884422-7"));
    assert_eq!(
        (suggestion.start, suggestion.end),
        (Some(at("2026-12-03T22:00:00Z")), Some(at("2026-12-04T02:00:00Z")))
    );
    assert_eq!(suggestion.circuits, ["LX/ETH/0042", "LX/ETH/0043"]);
    assert_eq!(suggestion.status, Status::Cancelled);
    assert_eq!(suggestion.account.as_deref(), Some("Meridian"));
    assert_eq!(suggestion.doubts, [] as [&str; 0]);
}

#[test]
fn mails_in_other_languages_are_understood() {
    let german = "Vorgangsnummer: W-20771\nWartungsfenster: Di, 8. Dezember 2026 um 22:00 Uhr bis 23:30 Uhr\n\
                  Betroffene Leitungen: LX-4711-1\nGrund: Austausch\nKundennummer: 7001\n";
    let french = "Référence : INT-5512\nDébut prévu : 8 décembre 2026 à 22h00\nFin prévue : 9 déc. 2026 à 02h30\n\
                  Services impactés : LX-4711-1\nMotif : Remplacement\nClient : 7001\n";
    let spanish = "Referencia: OT-8841\nInicio: 8 de diciembre de 2026 a las 22:00\nFin: 9 de diciembre de 2026 a las 02:30\n\
                   Servicios afectados: LX-4711-1\nMotivo: Cambio\nCliente: 7001\n";
    let italian = "Riferimento: TT-3310\nInizio: 8 dicembre 2026 alle ore 22:00\nFine prevista: 9 dicembre 2026 alle 02:30\n\
                   Servizi interessati: LX-4711-1\nDescrizione: Sostituzione\nCliente: 7001\n";
    let portuguese = "Protocolo: PT-9917\nInício: 8 de dezembro de 2026 às 22:00\nFim: 9 de dezembro de 2026 às 02:30\n\
                      Serviços afetados: LX-4711-1\nDescrição: Troca\nCliente: 7001\n";
    for (subject, body, id, status) in [
        ("Wartung abgesagt", german, "W-20771", Status::Cancelled),
        ("Travaux reportés", french, "INT-5512", Status::ReScheduled),
        ("Mantenimiento programado", spanish, "OT-8841", Status::Confirmed),
        ("Manutenzione completata", italian, "TT-3310", Status::Completed),
        ("Manutenção em andamento", portuguese, "PT-9917", Status::InProcess),
    ] {
        let suggestion = Suggestion::of_mail(&mail_of("plain", subject, body)).unwrap();
        assert_eq!(suggestion.maintenance_id.as_deref(), Some(id));
        assert_eq!(suggestion.status, status, "{subject}");
        assert_eq!(suggestion.start, Some(at("2026-12-08T22:00:00Z")), "{subject}");
        let end = if subject.starts_with("Wartung") { "2026-12-08T23:30:00Z" } else { "2026-12-09T02:30:00Z" };
        assert_eq!(suggestion.end, Some(at(end)), "{subject}");
        assert_eq!(suggestion.circuits, ["LX-4711-1"], "{subject}");
        assert_eq!(suggestion.account.as_deref(), Some("7001"), "{subject}");
        assert_eq!(suggestion.missing, [] as [&str; 0], "{subject}");
    }
}

#[test]
fn windows_are_read_as_people_say_them() {
    let window = |body: &str| {
        let suggestion = Suggestion::of_mail(&mail_of("plain", "Works", body))?;
        Some((suggestion.start?.format("%d %H:%M").to_string(), suggestion.end?.format("%d %H:%M").to_string()))
    };
    for (body, start, end) in [
        ("Die Arbeiten sind am 23.11.2026 von 22:00 bis 23:30 Uhr.", "23 22:00", "23 23:30"),
        ("Die Arbeiten sind am 23.11.2026 von 22:00 bis 23:30 Uhr MEZ.", "23 21:00", "23 22:30"),
        ("We work on 21 November 2026 from 22:00 to 03:00.", "21 22:00", "22 03:00"),
        ("We work on 21 November 2026 between 22:00 and about 03:00 CET.", "21 21:00", "22 02:00"),
        ("Date: 23 November 2026\nTime: 01:00 - 05:00 CET\n", "23 00:00", "23 04:00"),
        ("Datum: 23.11.2026\nUhrzeit: 22:00 - 04:00 Uhr MEZ\n", "23 21:00", "24 03:00"),
        ("Fecha: 23/11/2026\nHora: 01:00 a 05:00\n", "23 01:00", "23 05:00"),
        ("Le 23 novembre 2026 de 22h00 à 23h30 HEC", "23 21:00", "23 22:30"),
        ("Il 23 novembre 2026 dalle 22:00 alle 23:30", "23 22:00", "23 23:30"),
    ] {
        assert_eq!(window(body), Some((start.to_owned(), end.to_owned())), "{body}");
    }
    assert_eq!(window("Date: 23 November 2026\nOffice hours: 09:00 to 17:00\n"), None);
}

#[test]
fn zones_are_known_by_their_local_names() {
    for (letters, zone) in [
        ("MEZ", Some("Europe/Paris")),
        ("MESZ", Some("Europe/Paris")),
        ("HEC", Some("Europe/Paris")),
        ("OEZ", Some("Europe/Athens")),
        ("HNE", Some("America/Toronto")),
        ("TUC", Some("UTC")),
        ("XYZ", None),
    ] {
        assert_eq!(moments::likely_zone(letters), zone, "{letters}");
        assert!(zone.is_none_or(|zone| zone.parse::<chrono_tz::Tz>().is_ok()), "{letters}");
    }
}

#[test]
fn a_status_that_no_word_says_is_told_as_assumed() {
    let doubts = |subject: &str| {
        Suggestion::of_mail(&mail_of("plain", subject, "Start: 2026-12-03 22:00 UTC\n")).unwrap().doubts.join("; ")
    };
    assert!(doubts("Planned maintenance").contains("no word says that it is confirmed"));
    assert!(doubts("Works").contains("nothing says where it stands"));
    assert_eq!(doubts("Confirmed: planned maintenance"), "");
    assert_eq!(doubts("Maintenance cancelled"), "");
}

#[test]
fn a_draft_has_the_words_of_the_language_that_its_mail_is_in() {
    let text =
        draft(&mail_of("plain", "Wartung W-20771 verschoben", "Von: 2026-12-08 22:00\nBis: 2026-12-09 02:00\n"), "x");
    assert!(text.contains("[\"abgesagt\", \"CANCELLED\"]") && !text.contains("annul"), "{text}");
}

#[test]
fn what_had_to_be_assumed_is_said() {
    let body = "<p>Work from 03/12/2026 22:00 to 02:00</p><p>Circuit: AB-1234</p>";
    let suggestion = Suggestion::of_mail(&page("Works", body)).unwrap();
    assert_eq!(
        (suggestion.start, suggestion.end),
        (Some(at("2026-12-03T22:00:00Z")), Some(at("2026-12-04T02:00:00Z")))
    );
    let doubts = suggestion.doubts.join("; ");
    for doubt in ["dates are read day first", "taken as UTC", "nothing says where it stands", "first two times"] {
        assert!(doubts.contains(doubt), "{doubt}: {doubts}");
    }
    assert_eq!(suggestion.missing, ["maintenance_id"]);
    assert!(suggestion.notice(DateTime::UNIX_EPOCH, "noc@bramble.example").is_none());
}

#[test]
fn a_mail_that_speaks_of_no_maintenance_gives_no_suggestion() {
    for body in ["<p>Your invoice 4711 is ready.</p>", "", "<p>Call us: +32 9 123 45 67, 10:00 to 17:00</p>"] {
        assert_eq!(Suggestion::of_mail(&page("Invoice 4711", body)), None, "{body}");
    }
}

#[test]
fn the_order_of_a_date_is_that_which_the_mail_shows() {
    let start = |body: &str| Suggestion::of_mail(&page("Works", body)).unwrap().start;
    assert_eq!(start("<p>Start: 25/12/2026 01:00 UTC</p>"), Some(at("2026-12-25T01:00:00Z")));
    assert_eq!(start("<p>Start: 12/25/2026 01:00 UTC</p>"), Some(at("2026-12-25T01:00:00Z")));
    // Both can be; the sooner one after the mail of 2 November is meant.
    assert_eq!(start("<p>Start: 04/12/2026 01:00 UTC</p>"), Some(at("2026-12-04T01:00:00Z")));
    assert_eq!(start("<p>Start: 12/04/2026 01:00 UTC</p>"), Some(at("2026-12-04T01:00:00Z")));
    assert_eq!(start("<p>Start: December 4, 2026 at 1:00 AM EST</p>"), Some(at("2026-12-04T06:00:00Z")));
    assert_eq!(start("<p>Start: 4 Dec 2026 01:00 GMT+3</p>"), Some(at("2026-12-03T22:00:00Z")));
}

#[test]
fn a_draft_is_a_rule_and_reads_its_sample() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bramble.toml");
    let plain = "Ticket: 884422-7\nStart: 2026-12-03 22:00 UTC\nEnd: 2026-12-04 02:00 UTC\nCircuit ID: LX/ETH/0042, LX/ETH/0043\n";
    let window = "Reference number: CHG-12\nMaintenance window: 3 Dec 2026 22:00 UTC to 4 Dec 2026 02:00 UTC\nCircuit: LX/ETH/0042\n";
    for mail in [
        page("[Bramble] Planned maintenance BR-2041", TABLES),
        mail_of("plain", "N", plain),
        mail_of("plain", "N", window),
    ] {
        std::fs::write(&file, draft(&mail, "Bramble \"Networks\"")).unwrap();
        let (rules, slug) = Rules::embedded().with_file(&file).unwrap();
        let explanation = rules.explain(&slug, &mail).unwrap();
        let Verdict::Parsed { notices, .. } = explanation.verdict else {
            panic!("{}\n{:?}", draft(&mail, "b"), explanation.verdict)
        };
        let suggestion = Suggestion::of_mail(&mail).unwrap();
        let read = &notices[0];
        assert_eq!((Some(read.start), Some(read.end)), (suggestion.start, suggestion.end));
        assert_eq!(Some(&read.maintenance_id), suggestion.maintenance_id.as_ref());
        assert_eq!(
            read.circuits.iter().map(|circuit| &circuit.circuit_id).collect::<Vec<_>>(),
            suggestion.circuits.iter().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_draft_of_any_mail_is_a_rule_without_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("any.toml");
    let bodies = [
        "",
        "<p>'''\"\"\" \\ = [x]</p>",
        "<table><tr><td>Start's \"time\"</td><td>1/2/2026 10:00</td></tr></table>",
        "<p>Window: 1 Jan 2026 22:00 - 23:00 XYZ</p>",
        "<p>Circuit: ']]' AB-12 'x'</p><p>Start (CET) [x]: 2026-01-01 10:00</p>",
    ];
    for body in bodies {
        for subject in ["", "Ticket AB'12-345\" planned", "\u{202e}Reference #12345"] {
            let text = draft(&page(subject, body), "any");
            std::fs::write(&file, &text).unwrap();
            if let Err(error) = Rules::embedded().with_file(&file) {
                panic!("{error}\n{text}");
            }
        }
    }
}

#[test]
fn the_name_of_a_provider_is_the_registered_label_of_its_domain() {
    for (address, name) in [
        ("noc@bramble.example", "bramble"),
        ("noc@mail.bramble.co.uk", "bramble"),
        ("noc@bramble.net", "bramble"),
        ("noc", ""),
        ("", ""),
    ] {
        assert_eq!(provider_of(address), name, "{address}");
    }
}

#[test]
fn the_patterns_compile() {
    assert!(moments::has_date("2026-01-01 10:00"));
    assert!(subject::id("Ticket 12345").is_some() && subject::id("AB-1234").is_some());
    assert_eq!(moments::zone_of_label("Start (CET)").as_deref(), Some("CET"));
}
