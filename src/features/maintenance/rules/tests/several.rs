//! Mails with several of a kind: what they say together, and that none of it is lost.

use super::*;

/// A calendar of one event.
fn event(id: &str, status: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{id}@y\r\nDTSTART:20260303T010000Z\r\nDTEND:20260303T050000Z\r\n\
         DTSTAMP:20260302T100000Z\r\nX-MAINTNOTE-PROVIDER:Y\r\nX-MAINTNOTE-ACCOUNT:1\r\n\
         X-MAINTNOTE-MAINTENANCE-ID:{id}\r\nX-MAINTNOTE-OBJECT-ID:C-1\r\nX-MAINTNOTE-IMPACT:OUTAGE\r\n\
         X-MAINTNOTE-STATUS:{status}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// A mail of parts, each with its content type.
fn parts(kind: &str, parts: &[(&str, &str)]) -> String {
    let head = format!(
        "From: x@y.example\r\nSubject: works\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Content-Type: multipart/{kind}; boundary=b\r\n\r\n"
    );
    let part = |(kind, content): &(&str, &str)| format!("--b\r\nContent-Type: {kind}\r\n\r\n{content}\r\n");
    head + &parts.iter().map(part).collect::<String>() + "--b--\r\n"
}

/// The ids that a mail with these calendars gives, or why it cannot be read.
fn ids(calendars: &[&str]) -> Result<Vec<String>, String> {
    let leaves: Vec<(&str, &str)> = calendars.iter().map(|calendar| ("text/calendar", *calendar)).collect();
    match RULES.read(parts("mixed", &leaves).as_bytes(), None).verdict {
        Verdict::Parsed { notices, .. } => Ok(notices.into_iter().map(|notice| notice.maintenance_id).collect()),
        Verdict::Failed { reason, .. } => Err(reason),
        other @ (Verdict::Ignored { .. } | Verdict::Unknown { .. }) => panic!("{other:?}"),
    }
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_in_whichever_calendar_of_the_mail_it_is() {
    let (good, bad) = (event("W-1", "CONFIRMED"), event("W-2", "foo"));
    assert_eq!(ids(&[&good, &event("W-2", "CONFIRMED")]), Ok(vec!["W-1".to_owned(), "W-2".to_owned()]));
    let reason = |of: &str| Err(format!("ical: {of}W-2: unknown status \"foo\""));
    assert_eq!(ids(&[&bad, &good]), reason("calendar 1 of 2: "));
    assert_eq!(ids(&[&good, &bad]), reason("calendar 2 of 2: "));
    assert_eq!(ids(&[&(good.clone() + &bad)]), reason(""));
    // The end of a maintenance is not that of another, and one of which nothing is left may be any.
    let unstamped = good.replace("DTSTAMP:20260302", "DTSTAMP:2026");
    for (what, other) in [
        ("DTEND:20260303", "DTEND:20260304"),
        ("STATUS:CONFIRMED", "STATUS:CANCELLED"),
        ("OBJECT-ID:C-1", "OBJECT-ID:C-2"),
        ("IMPACT:OUTAGE", "IMPACT:foo"),
        ("BEGIN:VEVENT", "METHOD:CANCEL\r\nBEGIN:VEVENT"),
    ] {
        assert!(ids(&[&good, &unstamped.replace(what, other)]).is_err(), "{other}");
    }
    assert!(ids(&[&good, "BEGIN:VCALENDAR\r\nX-MAINTNOTE-PROVIDER:Y\r\n"]).is_err());
}

#[test]
fn a_damaged_copy_of_a_calendar_that_can_be_read_is_no_error() {
    let good = event("W-1", "CONFIRMED");
    let only = Ok(vec!["W-1".to_owned()]);
    for damaged in [
        good.replace("END:VCALENDAR", ""),
        good.replace("STATUS:", "STATUS "),
        good.replace("DTSTAMP:20260302", "DTSTAMP:2026"),
    ] {
        assert_eq!(ids(&[&damaged, &good]), only, "{damaged}");
        assert_eq!(ids(&[&good, &damaged]), only, "{damaged}");
    }
    // What is no maintenance is not missed.
    let meeting =
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:m\r\nDTSTART;VALUE=DATE:20260303\r\nEND:VEVENT\r\nEND:VCALENDAR";
    assert_eq!(ids(&[&good, meeting]), only);
}
