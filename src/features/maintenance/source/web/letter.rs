//! A mail put together from the parts that the Gmail API tells, where all of it would be too large: its headers, and what
//! rules read of it, behind one another.
//!
//! Its headers stay as they were sent, and one that is cut has no end: libraries that build mails write new headers and whole
//! mails only.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::gmail::{BASE64, each, text};
use crate::features::maintenance::mail;

/// Parts inside one another deeper than this are left out.
const DEEPEST: usize = 20;
/// Bytes in a line of base64 (RFC 2045, section 6.8).
const LINE: usize = 57;
/// Headers that say how the mail is put together, which is otherwise now.
const FORM: [&str; 3] = ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"];

/// A part that somebody reads.
#[derive(Debug)]
pub(super) struct Leaf {
    /// Its headers.
    pub(super) kind: String,
    /// What is in it.
    pub(super) content: Content,
}

/// What is in a part.
#[derive(Debug)]
pub(super) enum Content {
    /// All of it.
    Here(Vec<u8>),
    /// It is to be asked for by this id, and has so many bytes.
    Elsewhere {
        /// What Gmail calls it.
        id: String,
        /// Bytes.
        size: usize,
    },
}

/// The parts of a mail that somebody reads.
pub(super) fn leaves(payload: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    find(payload, 0, &mut found);
    found
}

/// Adds the parts of a part.
fn find(part: &Value, depth: usize, found: &mut Vec<Leaf>) {
    if depth > DEEPEST {
        return;
    }
    for part in each(part, "parts") {
        find(part, depth + 1, found);
    }
    let (mime, name) = (text(part, "mimeType").unwrap_or_default(), text(part, "filename").unwrap_or_default());
    let Some(body) = part.get("body").filter(|_| mail::kind_of(mime, name).is_some()) else { return };
    let content = match (text(body, "attachmentId"), text(body, "data").and_then(|data| BASE64.decode(data).ok())) {
        (Some(id), _) => {
            let size = body.get("size").and_then(Value::as_u64).unwrap_or(u64::MAX);
            Content::Elsewhere { id: id.to_owned(), size: usize::try_from(size).unwrap_or(usize::MAX) }
        }
        (None, Some(data)) => Content::Here(data),
        (None, None) => return,
    };
    // Texts come in UTF-8, whatever they were in.
    let is_in_utf8 =
        matches!(&content, Content::Here(text) if std::str::from_utf8(text).is_ok_and(|text| !text.is_ascii()));
    let mut kind = String::new();
    for (name, value) in named(part) {
        if is_any(name, &["Content-Type"]) && is_in_utf8 && mime.starts_with("text/") {
            line(&mut kind, name, &in_utf8(value));
        } else if is_any(name, &["Content-Type", "Content-Disposition"]) {
            line(&mut kind, name, value);
        }
    }
    found.push(Leaf { kind, content });
}

/// A content type with another charset.
fn in_utf8(value: &str) -> String {
    let names_charset =
        |parameter: &&str| parameter.trim_start().get(..8).is_some_and(|name| name.eq_ignore_ascii_case("charset="));
    let others: Vec<&str> = value.split(';').filter(|parameter| !names_charset(parameter)).collect();
    format!("{}; charset=utf-8", others.join(";"))
}

/// The headers of a part, one after the other.
pub(super) fn named(part: &Value) -> impl Iterator<Item = (&str, &str)> {
    each(part, "headers").filter_map(|header| Some((text(header, "name")?, text(header, "value")?)))
}

/// Whether a header has one of these names.
fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
}

/// Adds a header. What would be a line of its own is none.
fn line(lines: &mut String, name: &str, value: &str) {
    let _infallible = write!(lines, "{}: {}\r\n", name.replace(['\r', '\n'], " "), value.replace(['\r', '\n'], " "));
}

/// A mail that is put together.
#[derive(Debug)]
pub(super) struct Letter {
    /// As far as it is.
    text: String,
    /// What stands between its parts.
    boundary: String,
    /// Whether all was added that somebody reads.
    is_whole: bool,
}

impl Letter {
    /// With the headers of a mail.
    pub(super) fn begin(about: &Value) -> Self {
        let mut text = String::new();
        let payload = about.get("payload").unwrap_or(&Value::Null);
        for (name, value) in named(payload).filter(|(name, _)| !is_any(name, &FORM)) {
            line(&mut text, name, value);
        }
        let boundary = format!("=_{}", uuid::Uuid::new_v4().simple());
        let _infallible =
            write!(text, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n");
        Self { text, boundary, is_whole: true }
    }

    /// Adds a part with these headers.
    pub(super) fn add(&mut self, kind: &str, content: &[u8]) {
        self.open(kind);
        for some in content.chunks(LINE) {
            STANDARD.encode_string(some, &mut self.text);
            self.text.push_str("\r\n");
        }
    }

    /// Adds the beginning of a part, which is the last.
    pub(super) fn cut(&mut self, kind: &str) {
        self.open(kind);
        self.is_whole = false;
    }

    /// Begins a part.
    fn open(&mut self, kind: &str) {
        let _infallible = write!(self.text, "--{}\r\n{kind}Content-Transfer-Encoding: base64\r\n\r\n", self.boundary);
    }

    /// The mail.
    pub(super) fn end(mut self) -> Vec<u8> {
        if self.is_whole {
            let _infallible = write!(self.text, "--{}--\r\n", self.boundary);
        }
        self.text.into_bytes()
    }
}
