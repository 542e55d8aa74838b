//! Notices as they reach a mailbox: in every encoding, straight from the provider or by way of a list or a colleague.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::template::Written;

/// How the bytes of a part are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    Eight,
    Base64,
    QuotedPrintable,
}

/// Which way a mail took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the provider.
    Straight,
    /// By way of a mailing list that sets its own address.
    List,
    /// Bounced on by somebody.
    Resent,
    /// From somebody else, who keeps the subject.
    Colleague,
    /// Quoted below a few lines, in the style of Gmail.
    Quoted,
    /// The same under a subject that says nothing.
    QuotedAnew,
    /// Quoted in the style of Outlook under a subject that says nothing.
    QuotedOutlook,
    /// Attached as a mail, under a subject that says nothing.
    Attached,
}

/// Every way.
pub(crate) const WAYS: [Way; 8] = [
    Way::Straight,
    Way::List,
    Way::Resent,
    Way::Colleague,
    Way::Quoted,
    Way::QuotedAnew,
    Way::QuotedOutlook,
    Way::Attached,
];

/// How a mail looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) transfer: Transfer,
    /// The charset of its texts; UTF-8 where it lacks a letter.
    pub(crate) charset: &'static str,
    /// CR LF instead of LF.
    pub(crate) crlf: bool,
    /// Names of headers in capitals.
    pub(crate) capitals: bool,
    pub(crate) way: Way,
}

/// The usual look.
pub(crate) const PLAIN: Look =
    Look { transfer: Transfer::Eight, charset: "utf-8", crlf: false, capitals: false, way: Way::Straight };

/// The mail.
pub(crate) fn mail(written: &Written, look: Look) -> Vec<u8> {
    let mut raw = if look.way == Way::Attached {
        around(&one(written, look, Way::Straight))
    } else {
        one(written, look, look.way)
    };
    if look.crlf {
        raw = crlf(&raw);
    }
    raw
}

/// With CR LF.
pub(crate) fn crlf(raw: &[u8]) -> Vec<u8> {
    let mut crlf = Vec::with_capacity(raw.len() + raw.len() / 40);
    for byte in raw.iter().filter(|byte| **byte != b'\r') {
        if *byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(*byte);
    }
    crlf
}

/// A mail around another one.
pub(crate) fn around(inner: &[u8]) -> Vec<u8> {
    let mut raw = b"From: Ann <ann@customer.example>\nTo: noc@customer.example\nSubject: for tonight\n\
        Date: Thu, 1 Jan 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n\
        --outer\nContent-Type: text/plain\n\nSee below.\n\n--outer\nContent-Type: message/rfc822\n\n"
        .to_vec();
    raw.extend_from_slice(inner);
    raw.extend_from_slice(b"\n--outer--\n");
    raw
}

/// One mail with its parts.
fn one(written: &Written, look: Look, way: Way) -> Vec<u8> {
    let quoted = matches!(way, Way::Quoted | Way::QuotedAnew | Way::QuotedOutlook);
    let (from, subject, more) = match way {
        Way::Straight | Way::Attached => (written.from.clone(), written.subject.clone(), String::new()),
        Way::List => (
            "'NOC' via notices <notices@customer.example>".to_owned(),
            format!("[notices] {}", written.subject),
            format!("X-Original-Sender: {}\n", written.from),
        ),
        Way::Resent => {
            (written.from.clone(), written.subject.clone(), "Resent-From: ann@customer.example\n".to_owned())
        }
        Way::Colleague | Way::Quoted => {
            ("Ann <ann@customer.example>".to_owned(), format!("Fwd: {}", written.subject), String::new())
        }
        Way::QuotedAnew => ("ann@customer.example".to_owned(), "Fwd: for tonight".to_owned(), String::new()),
        Way::QuotedOutlook => ("ann@customer.example".to_owned(), "for tonight".to_owned(), String::new()),
    };
    let mut parts = Vec::new();
    for (kind, text) in &written.parts {
        let text = if quoted { quote(kind, text, written, way) } else { text.clone() };
        parts.push(part(kind, &text, look));
    }
    let name = |name: &str| if look.capitals { name.to_uppercase() } else { name.to_owned() };
    let mut raw = format!(
        "{}: {from}\n{}: noc@customer.example\n{}: {}\n{}: Fri, 2 Jan 2026 09:00:00 +0000\n{}: <1@x.example>\n{more}{}: 1.0\n",
        name("From"),
        name("To"),
        name("Subject"),
        header(&subject),
        name("Date"),
        name("Message-ID"),
        name("MIME-Version"),
    )
    .into_bytes();
    if let [only] = parts.as_slice() {
        raw.extend_from_slice(only);
        return raw;
    }
    raw.extend_from_slice(b"Content-Type: multipart/mixed; boundary=\"=_inner\"\n\n");
    for part in parts {
        raw.extend_from_slice(b"--=_inner\n");
        raw.extend(part);
    }
    raw.extend_from_slice(b"--=_inner--\n");
    raw
}

/// A header that may have letters of any kind.
fn header(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("=?utf-8?B?{}?=", STANDARD.encode(text)) }
}

/// A text under the header that mail programs write above what they forward.
fn quote(kind: &str, text: &str, written: &Written, way: Way) -> String {
    let (from, subject) = (&written.from, &written.subject);
    let subject = subject.replace('&', "&amp;");
    match (kind, way) {
        ("text/html", Way::QuotedOutlook) => format!(
            "<p class=MsoNormal>Please see below.</p><div><p class=MsoNormal><b>From:</b> {from}<br><b>Sent:</b> Monday\
             <br><b>To:</b> noc@customer.example<br><b>Subject:</b> {subject}</p></div>{text}"
        ),
        ("text/html", _) => format!(
            "<div>See below.<br><div class=gmail_quote>---------- Forwarded message ---------<br>From: <b>NOC</b> \
             &lt;{from}&gt;<br>Date: Fri, 2 Jan 2026<br>Subject: {subject}<br>To: &lt;noc@customer.example&gt;<br><br>\
             {text}</div></div>"
        ),
        ("text/plain", Way::QuotedOutlook) => format!(
            "See below.\n\n-----Original Message-----\nFrom: {from}\nSent: Monday\nTo: noc@customer.example\n\
             Subject: {subject}\n\n{text}"
        ),
        ("text/plain", _) => format!(
            "See below.\n\n---------- Forwarded message ---------\nFrom: NOC <{from}>\nDate: Fri, 2 Jan 2026\n\
             Subject: {subject}\nTo: <noc@customer.example>\n\n{text}"
        ),
        _ => text.to_owned(),
    }
}

/// One part with its headers.
fn part(kind: &str, text: &str, look: Look) -> Vec<u8> {
    if kind == "text/csv" {
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let body = lines(&STANDARD.encode(bytes));
        let head = "Content-Type: text/csv; name=services.csv\nContent-Transfer-Encoding: base64\n\n";
        return [head.as_bytes(), body.as_bytes()].concat();
    }
    if kind == "application/octet-stream" {
        let body = lines(&STANDARD.encode(spreadsheet(text)));
        let head = format!(
            "Content-Type: {kind}; name=\"list.xlsx\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n"
        );
        return [head.as_bytes(), body.as_bytes()].concat();
    }
    let encoding = Encoding::for_label(look.charset.as_bytes()).unwrap();
    let (bytes, _, lacking) = encoding.encode(text);
    let (bytes, charset) = if lacking { (text.as_bytes().into(), "utf-8") } else { (bytes, look.charset) };
    let (name, body) = match look.transfer {
        Transfer::Eight => ("8bit", bytes.into_owned()),
        Transfer::Base64 => ("base64", lines(&STANDARD.encode(bytes)).into_bytes()),
        Transfer::QuotedPrintable => ("quoted-printable", quoted_printable(&bytes)),
    };
    let head = format!("Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {name}\n\n");
    [head.as_bytes(), &body, b"\n"].concat()
}

/// A spreadsheet of rows whose cells are separated by tabs.
fn spreadsheet(text: &str) -> Vec<u8> {
    let cell = |(column, text): (usize, &str)| {
        let letter = char::from(b'A' + u8::try_from(column).unwrap());
        format!("<c r=\"{letter}1\" t=\"inlineStr\"><is><t>{}</t></is></c>", text.replace('&', "&amp;"))
    };
    let row = |line: &str| format!("<row>{}</row>", line.split('\t').enumerate().map(cell).collect::<String>());
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", text.lines().map(row).collect::<String>());
    let workbook = r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = r#"<Relationships><Relationship Id="rId1"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
        </Relationships>"#;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in
        [("xl/workbook.xml", workbook), ("xl/_rels/workbook.xml.rels", relations), ("xl/worksheets/sheet1.xml", &sheet)]
    {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Lines of 76 letters.
fn lines(text: &str) -> String {
    text.as_bytes().chunks(76).fold(String::new(), |lines, line| lines + std::str::from_utf8(line).unwrap() + "\n")
}

/// With soft line breaks, and everything escaped that may be.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::new();
    let mut width = 0;
    for byte in bytes {
        if *byte == b'\n' {
            quoted.push(b'\n');
            width = 0;
            continue;
        }
        let plain = byte.is_ascii_graphic() && *byte != b'=' || *byte == b' ' && width < 70;
        let piece = if plain { vec![*byte] } else { format!("={byte:02X}").into_bytes() };
        if width + piece.len() > 73 {
            quoted.extend_from_slice(b"=\n");
            width = 0;
        }
        width += piece.len();
        quoted.extend(piece);
    }
    quoted
}
