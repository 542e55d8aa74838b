//! Mails as they lie in a mailbox: headers, parts, transfer encodings, line ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Error;

/// Longest line of an encoded body (RFC 2045 §6.7, §6.8).
const LINE: usize = 76;
/// Bytes of text in one encoded word, so that it stays within 75 characters in either encoding (RFC 2047 §2).
const WORD: usize = 15;

/// How a mail is encoded, written in the story as words: an encoding (`plain`, `quoted`, `base64`), and any of `latin1`,
/// `crlf`, `html` (an HTML version beside a lone text), `bare` (no parts beside the one that matters), `forwarded` (as
/// an attached mail of somebody else's), `list` (by way of a mailing list) and `external` (marked by the mail server).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent ways in which mails differ")]
pub(super) struct Shape {
    /// Transfer encoding of texts.
    pub(super) encoding: Encoding,
    /// ISO 8859-1 where the text allows it.
    pub(super) latin1: bool,
    /// CR LF in the file, as some deliverers leave it.
    pub(super) crlf: bool,
    /// Also as HTML.
    pub(super) html: bool,
    /// Only the part that matters.
    pub(super) bare: bool,
    /// Attached to a mail of the customer's own.
    pub(super) forwarded: bool,
    /// By way of a mailing list.
    pub(super) list: bool,
    /// Marked in the subject as coming from outside.
    pub(super) external: bool,
}

/// Transfer encodings of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit or 8bit.
    #[default]
    Plain,
    /// quoted-printable
    Quoted,
    /// base64
    Base64,
}

impl Shape {
    /// Reads the words of the story.
    pub(super) fn parse(words: &str) -> Result<Self, Error> {
        let mut shape = Self::default();
        for word in words.split_whitespace() {
            match word {
                "plain" => shape.encoding = Encoding::Plain,
                "quoted" => shape.encoding = Encoding::Quoted,
                "base64" => shape.encoding = Encoding::Base64,
                "latin1" => shape.latin1 = true,
                "crlf" => shape.crlf = true,
                "html" => shape.html = true,
                "bare" => shape.bare = true,
                "forwarded" => shape.forwarded = true,
                "list" => shape.list = true,
                "external" => shape.external = true,
                _ => return Err(Error::Story(format!("no shape: {word:?}"))),
            }
        }
        Ok(shape)
    }

    /// The same mail as a list would pass it on.
    pub(super) fn by_way_of_a_list(self) -> Self {
        Self { list: true, ..self }
    }
}

/// A part of a mail.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Text; its lines end in LF here.
    Text {
        /// Such as `text/html`.
        kind: &'static str,
        /// Parameters after the charset, such as `; method=PUBLISH`.
        parameters: &'static str,
        /// The file name of an attachment.
        name: Option<String>,
        /// What it says.
        text: String,
    },
    /// Bytes, always in base64.
    Bytes {
        /// The content type with its parameters.
        kind: &'static str,
        /// The file name.
        name: String,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// Several parts.
    Several {
        /// `mixed` or `alternative`.
        kind: &'static str,
        /// In their order.
        parts: Vec<Part>,
    },
    /// A mail in the mail, complete, lines ending in LF.
    Mail(Vec<u8>),
}

impl Part {
    /// A text without a file name.
    pub(super) fn text(kind: &'static str, text: String) -> Self {
        Self::Text { kind, parameters: "", name: None, text }
    }
}

/// Writes a mail of `headers` (name and value, not yet encoded) and `body`; lines end in LF, but see [`with_line_ends`].
/// `boundary` must differ between the mails that one mail holds.
pub(super) fn write(headers: &[(&str, String)], body: &Part, shape: Shape, boundary: &str) -> Vec<u8> {
    let mut mail = String::new();
    for (name, value) in headers {
        mail.push_str(&header(name, value, shape.encoding));
    }
    mail.push_str("MIME-Version: 1.0\n");
    let mut mail = mail.into_bytes();
    write_part(&mut mail, body, shape, boundary);
    mail
}

/// The mail with the line ends of its shape.
pub(super) fn with_line_ends(mail: Vec<u8>, shape: Shape) -> Vec<u8> {
    if !shape.crlf {
        return mail;
    }
    mail.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// Writes the headers and the content of a part.
fn write_part(mail: &mut Vec<u8>, part: &Part, shape: Shape, boundary: &str) {
    let mut line = |text: String| mail.extend(text.into_bytes());
    match part {
        Part::Text { kind, parameters, name, text } => {
            let (charset, bytes) = in_charset(text, shape.latin1);
            line(format!("Content-Type: {kind}; charset={charset}{parameters}\n"));
            line(format!("Content-Transfer-Encoding: {}\n", shape.encoding.name(&bytes)));
            if let Some(name) = name {
                line(format!("Content-Disposition: attachment; filename=\"{name}\"\n"));
            }
            line("\n".to_owned());
            // Inside base64 nobody else puts the line ends right.
            let bytes = if shape.encoding == Encoding::Base64 { with_line_ends(bytes, shape) } else { bytes };
            mail.extend(shape.encoding.encode(bytes));
        }
        Part::Bytes { kind, name, bytes } => {
            line(format!("Content-Type: {kind}; name=\"{name}\"\nContent-Transfer-Encoding: base64\n"));
            line(format!("Content-Disposition: attachment; filename=\"{name}\"\n\n"));
            mail.extend(Encoding::Base64.encode(bytes.clone()));
        }
        Part::Several { kind, parts } => {
            let boundary = format!("{boundary}.{}", kind.get(..3).unwrap_or(kind));
            line(format!("Content-Type: multipart/{kind};\n boundary=\"{boundary}\"\n"));
            for part in parts {
                mail.extend(format!("\n--{boundary}\n").into_bytes());
                write_part(mail, part, shape, &boundary);
            }
            mail.extend(format!("\n--{boundary}--\n").into_bytes());
        }
        Part::Mail(inner) => {
            line("Content-Type: message/rfc822\nContent-Disposition: attachment\n\n".to_owned());
            mail.extend(inner);
        }
    }
}

/// The charset's name and the text in it. UTF-8 where the text has characters that ISO 8859-1 lacks.
fn in_charset(text: &str, latin1: bool) -> (&'static str, Vec<u8>) {
    if latin1 && let Ok(bytes) = text.chars().map(|c| u8::try_from(u32::from(c))).collect() {
        return ("iso-8859-1", bytes);
    }
    ("utf-8", text.as_bytes().to_vec())
}

impl Encoding {
    /// The name in the header.
    fn name(self, bytes: &[u8]) -> &'static str {
        match self {
            Self::Plain if bytes.is_ascii() => "7bit",
            Self::Plain => "8bit",
            Self::Quoted => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    /// The bytes in this encoding.
    fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Plain => bytes,
            Self::Quoted => quoted_printable(&bytes).into_bytes(),
            Self::Base64 => {
                let encoded = STANDARD.encode(bytes);
                encoded.as_bytes().chunks(LINE).flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
            }
        }
    }
}

/// RFC 2045 §6.7.
fn quoted_printable(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut width = 0;
        for (place, byte) in line.iter().enumerate() {
            let last_blank = matches!(byte, b' ' | b'\t') && place + 1 == line.len();
            let literal = matches!(byte, b' ' | b'\t' | b'!'..=b'<' | b'>'..=b'~') && !last_blank;
            let piece = if literal { char::from(*byte).to_string() } else { format!("={byte:02X}") };
            if width + piece.len() >= LINE {
                encoded.push_str("=\n");
                width = 0;
            }
            width += piece.len();
            encoded.push_str(&piece);
        }
        encoded.push('\n');
    }
    encoded
}

/// A header, folded at blanks, with encoded words where it is not plain ASCII.
fn header(name: &str, value: &str, encoding: Encoding) -> String {
    let mut line = format!("{name}:");
    let mut header = String::new();
    // The address itself is never encoded.
    let (text, address) = match value.rsplit_once(" <") {
        Some((display_name, rest)) if matches!(name, "From" | "To") => (display_name, Some(format!("<{rest}"))),
        _ => (value, None),
    };
    let words: Vec<_> = if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        text.split(' ').map(str::to_owned).chain(address).collect()
    } else {
        encoded_words(text, encoding).into_iter().chain(address).collect()
    };
    for word in words {
        if line.len() + 1 + word.len() > LINE && line.len() > name.len() + 1 {
            header.push_str(&line);
            header.push('\n');
            line.clear();
        }
        line.push(' ');
        line.push_str(&word);
    }
    header + &line + "\n"
}

/// RFC 2047, in the encoding that goes with the body's.
fn encoded_words(value: &str, encoding: Encoding) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in value.chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len() + c.len_utf8() <= WORD => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    let quoted = |piece: &str| {
        piece.bytes().fold(String::new(), |word, byte| match byte {
            b' ' => word + "_",
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => word + char::from(byte).to_string().as_str(),
            byte => word + &format!("={byte:02X}"),
        })
    };
    pieces
        .iter()
        .map(|piece| match encoding {
            Encoding::Base64 => format!("=?UTF-8?B?{}?=", STANDARD.encode(piece)),
            Encoding::Plain | Encoding::Quoted => format!("=?utf-8?q?{}?=", quoted(piece)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;

    /// Text with everything that encodings stumble over.
    const HARD: &str = "Größe = 3 \u{2013} 日本\nFrom here  \n.\nx\t\n";

    /// A mail with this body, read back by an independent parser.
    fn read_back(text: &str, words: &str) -> (String, String) {
        let shape = Shape::parse(words).unwrap();
        let headers = [("From", "a@example.net".to_owned()), ("Subject", text.replace('\n', " "))];
        let mail = write(&headers, &Part::text("text/plain", text.to_owned()), shape, "b");
        let bytes = with_line_ends(mail, shape);
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.content_type().unwrap().ctype(), "text");
        (mail.subject().unwrap().to_owned(), mail.body_text(0).unwrap().replace("\r\n", "\n"))
    }

    #[test]
    fn every_encoding_gives_back_what_went_in() {
        for words in ["plain", "quoted", "base64", "plain crlf", "quoted crlf", "base64 crlf", "quoted latin1"] {
            let (subject, body) = read_back(HARD, words);
            assert_eq!(subject.trim_end(), HARD.replace('\n', " ").trim_end(), "{words}");
            assert_eq!(body.trim_end_matches('\n'), HARD.trim_end_matches('\n'), "{words}");
        }
    }

    #[test]
    fn addresses_stay_readable_beside_encoded_names() {
        let headers = [("From", "東北 NOC <noc@tohoku-cable.example>".to_owned())];
        for words in ["quoted", "base64"] {
            let shape = Shape::parse(words).unwrap();
            let mail = write(&headers, &Part::text("text/plain", "x".to_owned()), shape, "b");
            let mail = MessageParser::default().parse(&mail).unwrap();
            let from = mail.from().unwrap().first().unwrap();
            assert_eq!((from.name(), from.address()), (Some("東北 NOC"), Some("noc@tohoku-cable.example")));
        }
    }

    #[test]
    fn latin1_is_used_where_the_text_allows_it() {
        for words in ["plain latin1", "quoted latin1", "base64 latin1"] {
            let shape = Shape::parse(words).unwrap();
            let mail = write(&[], &Part::text("text/plain", "Größe".to_owned()), shape, "b");
            assert!(String::from_utf8_lossy(&mail).contains("charset=iso-8859-1"));
            assert_eq!(read_back("Größe", words).1.trim_end(), "Größe");
        }
    }

    #[test]
    fn no_line_is_longer_than_mail_servers_take() {
        let text = "ä".repeat(2_000);
        for words in ["quoted", "base64"] {
            let shape = Shape::parse(words).unwrap();
            let mail = write(&[("Subject", text.clone())], &Part::text("text/plain", text.clone()), shape, "b");
            assert!(mail.split(|byte| *byte == b'\n').all(|line| line.len() <= 78));
        }
    }

    #[test]
    fn parts_and_attached_mails_are_found_again() {
        let shape = Shape::default();
        let inner = write(&[("Subject", "inner".to_owned())], &Part::text("text/plain", "in".to_owned()), shape, "i");
        let name = "a.bin".to_owned();
        let bytes = Part::Bytes { kind: "application/octet-stream", name, bytes: vec![0xff, 0xfe] };
        let text = Part::text("text/html", "<p>out</p>".to_owned());
        let body = Part::Several { kind: "mixed", parts: vec![text, bytes, Part::Mail(inner)] };
        let mail = write(&[("Subject", "outer".to_owned())], &body, shape, "o");
        let mail = MessageParser::default().parse(&mail).unwrap();
        assert_eq!(mail.body_html(0).unwrap().trim_end(), "<p>out</p>");
        assert_eq!(mail.attachment(0).unwrap().contents(), [0xff, 0xfe]);
        assert_eq!(mail.attachment(1).unwrap().message().unwrap().subject(), Some("inner"));
    }
}
