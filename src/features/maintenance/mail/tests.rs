use super::*;

/// The kinds and texts of the parts of a mail.
fn parts(raw: &[u8]) -> Vec<(Kind, String)> {
    read(raw).unwrap().parts.iter().map(|part| (part.kind(), part.as_text().to_owned())).collect()
}

#[test]
fn forwarded_mails_are_walked_and_identical_leaves_come_once() {
    let inner = "From: NOC <noc@isp.example>\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\nsame\r\n";
    let raw = format!(
        "From: Desk@corp.example\r\nSubject: Fwd: inner\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsame\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let mail = read(raw.as_bytes()).unwrap();
    assert_eq!(mail.senders, ["desk@corp.example", "noc@isp.example"]);
    assert_eq!(mail.envelope.subject, "Fwd: inner");
    assert_eq!(mail.envelope.date.unwrap().to_rfc3339(), "2026-03-02T09:00:00+00:00");
    let texts = parts(raw.as_bytes()).into_iter().filter(|(kind, _)| *kind == Kind::Text).count();
    assert!(texts <= 2, "{texts}");
}

#[test]
fn a_forward_that_is_encoded_is_read_too() {
    let inner = "From: noc@isp.example\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n<p>hello</p>";
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, inner);
    let raw = format!(
        "From: desk@corp.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
    );
    assert!(parts(raw.as_bytes()).contains(&(Kind::Html, "<p>hello</p>".to_owned())));
}

#[test]
fn images_are_left_out_and_attachments_are_known_by_name_and_type() {
    let raw = b"From: a@isp.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: image/png\r\n\r\nxx\r\n\
        --b\r\nContent-Type: application/octet-stream; name=list.CSV\r\n\r\na,b\r\n\
        --b\r\nContent-Type: application/ics\r\n\r\nBEGIN:VCALENDAR\r\n\
        --b\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\n%PDF\r\n--b--\r\n";
    let kinds: Vec<Kind> = read(raw).unwrap().parts.iter().map(Part::kind).collect();
    assert_eq!(kinds, [Kind::Subject, Kind::Csv, Kind::Ical]);
}

#[test]
fn a_calendar_in_the_place_of_the_text_is_one() {
    let raw = b"From: a@isp.example\r\nContent-Type: text/plain\r\n\r\n\r\nBegin:VCalendar\r\nEND:VCALENDAR\r\n";
    assert_eq!(parts(raw).pop().unwrap().0, Kind::Ical);
    let text = b"From: a@isp.example\r\n\r\nHello,\r\nBEGIN:VCALENDAR\r\n";
    assert_eq!(parts(text).pop().unwrap().0, Kind::Text);
}

#[test]
fn a_calendar_folded_inside_of_a_letter_keeps_its_letters() {
    for charset in ["", "; charset=utf-8"] {
        let mut raw = format!("From: a@isp.example\r\nContent-Type: text/calendar{charset}\r\n\r\n").into_bytes();
        raw.extend_from_slice(b"BEGIN:VCALENDAR\r\nX:K\xc3\r\n \xa4fer \xc3\xa4\r\nEND:VCALENDAR\r\n");
        let text = parts(&raw).pop().unwrap().1;
        assert_eq!(text.trim_end(), "BEGIN:VCALENDAR\r\nX:Käfer ä\r\nEND:VCALENDAR", "{charset}");
    }
}

#[test]
fn the_charset_of_the_mail_counts_and_a_wrong_one_is_survived() {
    let mail = |charset: &str, body: &[u8]| {
        let mut raw =
            format!("From: a@isp.example\r\nSubject: x\r\nContent-Type: text/plain{charset}\r\n\r\n").into_bytes();
        raw.extend_from_slice(body);
        parts(&raw).pop().unwrap().1
    };
    assert_eq!(mail("; charset=iso-8859-1", b"caf\xe9"), "café");
    assert_eq!(mail("; charset=us-ascii", "café".as_bytes()), "café");
    assert_eq!(mail("; charset=nonsense", b"caf\xe9"), "café");
    assert_eq!(mail("; charset=utf-8", b"caf\xe9"), "café");
    assert_eq!(mail("; charset=UTF8", "caf\u{fffd}".as_bytes()), "caf\u{fffd}");
    assert_eq!(mail("; charset=ibm850", b"caf\x82"), "café");
    assert_eq!(mail("; charset=cp850", b"caf\x82"), "café");
    assert_eq!(mail("; charset=utf-7", b"caf+AOk-"), "café");
    assert_eq!(mail("", b"caf\xe9"), "café");
}

#[test]
fn a_page_in_a_charset_that_only_mails_have_is_read_in_it_whatever_it_says_of_itself() {
    for (charset, body) in [("ibm850", &b"caf\x82"[..]), ("utf-7", b"caf+AOk-"), ("utf-8", b"caf\xe9")] {
        let head = format!("From: a@isp.example\r\nContent-Type: text/html; charset={charset}\r\n\r\n");
        let raw = [head.as_bytes(), b"<meta charset=windows-1252><p>", body, b"</p>"].concat();
        assert!(parts(&raw).pop().unwrap().1.contains("<p>caf\u{e9}</p>"), "{charset}");
    }
}

#[test]
fn a_mail_of_fifty_megabytes_is_refused_but_its_headers_are_read() {
    let mut raw = b"From: noc@isp.example\r\nSubject: big\r\n\r\n".to_vec();
    raw.resize(50 * 1024 * 1024, b'x');
    assert_eq!(read(&raw).unwrap_err(), MailError::TooLarge { bytes: raw.len() });
    assert_eq!(read_envelope(&raw).subject, "big");
    let shown = readable(&raw);
    assert!(shown.lines[0].starts_with("The body cannot be shown: the mail has 52428800 bytes"), "{:?}", shown.lines);
    assert_eq!(shown.headers[1].1, "big");
}

#[test]
fn a_hundred_nested_parts_are_read_and_a_hundred_thousand_nested_mails_are_refused() {
    let mut raw = "From: a@isp.example\r\nSubject: deep\r\n".to_owned();
    let open = |level| format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
    raw.extend((0..100).map(open));
    raw.push_str("Content-Type: text/plain\r\n\r\nbottom\r\n");
    assert!(parts(raw.as_bytes()).iter().any(|(kind, text)| *kind == Kind::Text && text.contains("bottom")));
    for level in
        ["Content-Type: message/rfc822\r\n\r\n", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"]
    {
        let raw = format!("From: a@isp.example\r\nSubject: deep\r\n{}", level.repeat(100_000));
        assert!(matches!(read(raw.as_bytes()), Err(MailError::TooDeep | MailError::TooManyParts)));
    }
}

#[test]
fn what_is_no_mail_is_an_error() {
    assert_eq!(read(b"").unwrap_err(), MailError::NoHeaders);
}

#[test]
fn the_headers_of_mails_inside_are_known_with_the_mail_they_are_of() {
    let inner = "From: noc@isp.example\nSubject: inner\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n\nhello";
    let raw = format!(
        "From: desk@corp.example\nSubject: outer\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    );
    let parts = read(raw.as_bytes()).unwrap().parts;
    let known: Vec<_> = parts.iter().map(|part| (part.kind(), part.as_text().trim(), part.home())).collect();
    let date = "Mon, 2 Mar 2026 09:00:00 +0000";
    assert_eq!(
        known,
        [(Kind::Subject, "outer", 0), (Kind::Subject, "inner", 1), (Kind::Date, date, 1), (Kind::Text, "hello", 1)]
    );
}

#[test]
fn attachments_without_a_name_or_a_charset_are_known_by_their_first_bytes() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("a\tb\nc\td\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, utf16);
    for kind in ["application/octet-stream", "text/csv"] {
        let raw = format!(
            "From: a@isp.example\nMIME-Version: 1.0\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{encoded}\n"
        );
        let parts = read(raw.as_bytes()).unwrap().parts;
        assert_eq!(parts[0].kind(), Kind::Csv, "{kind}");
        assert_eq!(
            parts[0].page().row_cells(1).map(|cell| parts[0].page().cell_text(cell)).collect::<Vec<_>>(),
            ["c", "d"]
        );
    }
    assert_eq!(Kind::of("application", "octet-stream", "", b"PK\x03\x04rest"), Some(Kind::Xlsx));
}

#[test]
fn the_signs_of_a_quotation_are_not_on_a_page_of_plain_text() {
    let raw = "From: a@isp.example\n\n> Id: X-1\n>> > Start: now\nA > B\n";
    let parts = read(raw.as_bytes()).unwrap().parts;
    assert_eq!(parts[0].page().text(0..3), "Id: X-1\nStart: now\nA > B");
}

#[test]
fn a_mail_that_a_list_passed_on_is_its_first_senders() {
    let sender = |headers: &str| {
        let raw = format!("{headers}Subject: works\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n");
        read_envelope(raw.as_bytes()).sender
    };
    let list = "From: \"'NOC' via Maintenances\" <list@groups.example>\r\n";
    assert_eq!(sender(list), "list@groups.example");
    assert_eq!(sender(&format!("{list}X-Original-Sender: Works@Carrier.example\r\n")), "works@carrier.example");
    assert_eq!(sender(&format!("{list}X-Original-From: NOC <noc@carrier.example>\r\n")), "noc@carrier.example");
    assert_eq!(sender(&format!("{list}X-Original-Sender: \r\n")), "list@groups.example");
}
