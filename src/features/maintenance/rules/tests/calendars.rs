//! Calendars: what their parts say of them, and those that stand in the text of a mail.

use super::*;

#[test]
fn the_method_in_the_header_of_a_calendar_counts_where_the_calendar_has_none() {
    let says = |raw: &str| match RULES.read(raw.as_bytes(), None).verdict {
        Verdict::Parsed { notices, .. } => Some(notices[0].says_cancelled),
        Verdict::Ignored { .. } | Verdict::Failed { .. } | Verdict::Unknown { .. } => None,
    };
    let plain = calendar("x@y.example", "Y", "SUMMARY:Works\r\n");
    let with = |parameter: &str| plain.replace("text/calendar", &format!("text/calendar; charset=utf-8; {parameter}"));
    assert_eq!(says(&plain), Some(false));
    for parameter in ["method=CANCEL", "METHOD=\"cancel\""] {
        assert_eq!(says(&with(parameter)), Some(true), "{parameter}");
        let own = with(parameter).replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT");
        assert_eq!(says(&own), Some(false), "{parameter}");
    }
    assert_eq!(says(&with("method=REQUEST")), Some(false));
    assert_eq!(says(&with("method=REPLY")), None);
    // The same calendar, attached once more as a file.
    let (head, body) = plain.split_once("Content-Type: text/calendar\r\n\r\n").unwrap();
    let twice = format!(
        "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/ics; name=a.ics\r\n\r\n\
         {body}--b\r\nContent-Type: text/calendar; method=CANCEL\r\n\r\n{body}--b--\r\n"
    );
    assert_eq!(says(&twice), Some(true));
    let failed = with("method=CANCEL").replace("X-MAINTNOTE-OBJECT-ID:C-1\r\n", "");
    let Verdict::Failed { reason, .. } = RULES.read(failed.as_bytes(), None).verdict else { panic!() };
    assert!(reason.starts_with("the calendar says cancelled; "), "{reason}");
}

#[test]
fn a_damaged_calendar_is_told_apart_from_a_good_one_in_the_text_beside_it() {
    let whole = calendar("x@y.example", "Y", "SUMMARY:Works\r\n");
    let (head, body) = whole.split_once("Content-Type: text/calendar\r\n\r\n").unwrap();
    let with = |text: &str, attached: &str| {
        let raw = format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n\
             --b\r\nContent-Type: text/calendar\r\n\r\n{attached}\r\n--b--\r\n"
        );
        RULES.read(raw.as_bytes(), None).verdict
    };
    let cut = body.replace("END:VCALENDAR\r\n", "");
    let quoted = format!("Dear all,\r\n\r\n{}", body.replace("W-1", "W-0"));
    let reason = |verdict| {
        let Verdict::Failed { reason, .. } = verdict else { panic!("{verdict:?}") };
        reason
    };
    assert_eq!(
        reason(with(&quoted, &cut)),
        "ical: the calendar is cut or absent; what counts is the attached calendar; another in the text was not read, for it \
         may be out of date"
    );
    assert_eq!(reason(with("See the attachment.", &cut)), "ical: the calendar is cut or absent");
    let Verdict::Parsed { notices, .. } = with(&quoted, body) else { panic!() };
    assert_eq!(notices.iter().map(|notice| notice.maintenance_id.as_str()).collect::<Vec<_>>(), ["W-1"]);
}
