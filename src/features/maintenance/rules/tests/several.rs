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

/// What becomes of a mail with a letter and these mails attached to it.
fn attached(letter: &str, mails: &[&str]) -> Verdict {
    let mut leaves = vec![("text/plain", letter)];
    leaves.extend(mails.iter().map(|mail| ("message/rfc822", *mail)));
    RULES.read(parts("mixed", &leaves).replace("x@y.example", "ann@corp.example").as_bytes(), None).verdict
}

/// A mail with a calendar of a maintenance.
fn notice(provider: &str, id: &str, status: &str, hour: u8) -> String {
    let calendar = event(id, status).replace("PROVIDER:Y", &format!("PROVIDER:{provider}"));
    parts("mixed", &[("text/calendar", &calendar.replace("T100000Z", &format!("T{hour}0000Z")))])
        .replace("works", &format!("works on {id}"))
        .replace("--b\r\n", &format!("--{id}{hour}\r\n"))
        .replace("--b--", &format!("--{id}{hour}--"))
        .replace("boundary=b", &format!("boundary={id}{hour}"))
}

/// The provider, ids and statuses of what was read.
fn said(verdict: Verdict) -> (String, Vec<(String, Status)>) {
    let Verdict::Parsed { provider, notices } = verdict else { panic!("{verdict:?}") };
    (provider, notices.into_iter().map(|notice| (notice.maintenance_id, notice.status)).collect())
}

/// Whose mail it is that cannot be read, and why.
fn failed(verdict: Verdict) -> (String, String) {
    let Verdict::Failed { provider, reason } = verdict else { panic!("{verdict:?}") };
    (provider, reason)
}

#[test]
fn mails_that_are_attached_side_by_side_are_all_read() {
    let (one, two) = (notice("Y", "W-1", "CONFIRMED", 10), notice("Y", "W-2", "TENTATIVE", 11));
    let both = ("Y".to_owned(), vec![("W-1".to_owned(), Status::Confirmed), ("W-2".to_owned(), Status::Tentative)]);
    assert_eq!(said(attached("see attached", &[&one, &two])), both);
    assert_eq!(said(attached("see attached", &[&one, &two, &one])), both);
    // A letter around the letter changes nothing, nor does what somebody else says beside it.
    let digest = parts("digest", &[("message/rfc822", &one), ("message/rfc822", &two)]).replace("=b", "=d");
    let digest = digest.replace("--b\r", "--d\r").replace("--b--", "--d--");
    assert_eq!(said(attached("again", &[&digest])), both);
    let chat = "From: bob@corp.example\r\nSubject: lunch\r\n\r\nat noon?";
    assert_eq!(said(attached("see attached", &[&one, chat, &two])), both);
    // What an answer quotes is no news, and is not missed.
    let answer = two.replace("Subject: ", "Subject: Re: ").replace("calendar\r\n\r\n", "plain\r\n\r\nWhen?\r\n\r\n");
    assert_eq!(said(attached("", &[&one, &answer])).1.len(), 1);
}

#[test]
fn attached_pages_are_all_read() {
    let page = |id: &str| {
        let row = |(key, value): (&str, &str)| format!("<tr><th>{key}</th><td>{value}</td></tr>");
        let rows: String = [
            ("Company", "Acme"),
            ("Event", id),
            ("Description", "A repair"),
            ("Status", "Scheduled"),
            ("Circuits", "C-1"),
            ("Start Time (EST)", "3/3/2026 1:00 AM"),
            ("End Time (EST)", "3/3/2026 5:00 AM"),
        ]
        .map(row)
        .concat();
        mail("outages@summitig.net", &format!("SummitIG Event {id} Scheduled"), &format!("<table>{rows}</table>"))
    };
    let (provider, read) = said(attached("see attached", &[&page("SIG-1"), &page("SIG-2"), &page("SIG-3")]));
    assert_eq!(provider, "summitig");
    assert_eq!(read, ["SIG-1", "SIG-2", "SIG-3"].map(|id| (id.to_owned(), Status::Confirmed)));
}

#[test]
fn attached_mails_of_several_providers_are_each_providers_own() {
    let (one, other) = (notice("Y", "W-1", "CONFIRMED", 10), notice("Z", "W-1", "CANCELLED", 11));
    let verdict = attached("", &[&one, &other]);
    let Verdict::Parsed { provider, notices } = verdict else { panic!("{verdict:?}") };
    assert_eq!(provider, "Y");
    let each: Vec<_> = notices.iter().map(|notice| (notice.provider.as_str(), notice.status)).collect();
    assert_eq!(each, [("Y", Status::Confirmed), ("Z", Status::Cancelled)]);
}

#[test]
fn attached_mails_that_do_not_count_together_are_named() {
    let one = notice("Y", "W-1", "CONFIRMED", 10);
    let remedy = "; none of them counts; forward each by itself";
    let bad = notice("Y", "W-2", "foo", 11);
    let unread = "it has several mails attached, and not all are read: attached mail 2 (\"works on W-2\"): ical: W-2: \
                  unknown status \"foo\"";
    assert_eq!(failed(attached("", &[&one, &bad])), ("Y".to_owned(), format!("{unread}{remedy}")));
    // One of a provider that nobody knows yet is no chat.
    let new = "From: noc@new.example\r\nSubject: Works N-1\r\n\r\nStart: 2026-03-03 01:00 UTC\r\nEnd: 2026-03-03 05:00 UTC\r\n";
    let (provider, reason) = failed(attached("", &[&one, new]));
    assert_eq!(provider, "Y");
    assert!(reason.contains("attached mail 2 (\"Works N-1\"): no rule knows"), "{reason}");
}

#[test]
fn of_attached_mails_on_one_maintenance_the_newest_counts_unless_it_leaves_something_open() {
    let plan = notice("Y", "W-1", "CONFIRMED", 10);
    for (status, read) in [("RE-SCHEDULED", Status::ReScheduled), ("CANCELLED", Status::Cancelled)] {
        let news = notice("Y", "W-1", status, 11);
        for mails in [[&*plan, &*news], [&*news, &*plan]] {
            assert_eq!(said(attached("", &mails)).1, [("W-1".to_owned(), read)]);
        }
    }
    for news in [
        notice("Y", "W-1", "NO-CHANGE", 11),
        notice("Y", "W-1", "CANCELLED", 11).replace("X-MAINTNOTE-OBJECT-ID:C-1\r\n", ""),
        notice("Y", "W-1", "COMPLETED", 11).replace("DTEND:20260303", "DTEND:20260304"),
    ] {
        let (provider, reason) = failed(attached("", &[&plan, &news]));
        assert_eq!(provider, "Y");
        assert!(reason.contains("are about W-1, and the newest of them does not repeat"), "{reason}");
    }
}

#[test]
fn digests_in_digests_end() {
    let mut mail = notice("Y", "W-1", "CONFIRMED", 10);
    for level in 0..12 {
        let attached = [("message/rfc822", mail.as_str()), ("message/rfc822", mail.as_str())];
        let digest = parts("mixed", &attached[..if level < 6 { 2 } else { 1 }]);
        mail = digest.replace("--b\r", &format!("--L{level}\r")).replace("--b--", &format!("--L{level}--"));
        mail = mail.replace("=b\r", &format!("=L{level}\r"));
    }
    assert_eq!(said(RULES.read(mail.as_bytes(), None).verdict).1.len(), 1);
}

#[test]
fn a_mail_of_an_address_that_two_providers_share_is_the_one_whose_text_it_is() {
    // The address is that of another provider as well.
    let page = "<p>SCHEDULE: (UTC):</p><p>some night in March</p><p>AFFECTED CIRCUIT: A-1</p><p>Seaborn Networks</p>";
    let read =
        |page: &str| failed(RULES.read(mail("inoc@superonline.net", "Fwd: works", page).as_bytes(), None).verdict);
    let (provider, reason) = read(page);
    assert_eq!(provider, "seaborn");
    assert!(reason.contains("; as turkcell: "), "{reason}");
    assert_eq!(read("<p>some night in March</p>").0, "turkcell");
    assert_eq!(read(&format!("{page}<p>TURKCELL SUPERONLINE</p>")).0, "turkcell");
}
