//! A calendar file as it is, without a mail around it: who organizes it stands for the sender.

use chrono::{DateTime, NaiveDateTime, Utc};
use icalendar::parser::unfold;

use super::envelope::bounded;
use super::part::{Kind, Part};
use super::{Mail, charset};
use crate::features::maintenance::model::Envelope;

/// How every calendar begins.
const BEGINNING: &[u8] = b"BEGIN:VCALENDAR";
/// The mark of a text in UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether `raw` is a calendar and no mail.
pub(crate) fn is_one(raw: &[u8]) -> bool {
    let text = raw.strip_prefix(MARK).unwrap_or(raw).trim_ascii_start();
    text.get(..BEGINNING.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGINNING))
}

/// The calendar as a mail that has nothing else.
pub(super) fn read(raw: &[u8]) -> Mail {
    let envelope = envelope(raw);
    let senders = Some(envelope.sender.clone()).filter(|sender| !sender.is_empty()).into_iter().collect();
    Mail { envelope, parts: vec![Part::from_file(Kind::Ical, raw.to_vec())], senders }
}

/// What its first event says of itself.
pub(super) fn envelope(raw: &[u8]) -> Envelope {
    let text = unfold(&charset::decode(raw, None, Kind::Ical));
    let first = |name: &str| text.lines().find_map(|line| value(line, name)).unwrap_or_default();
    Envelope {
        message_id: None,
        sender: bounded(address(first("ORGANIZER"))).to_lowercase(),
        subject: bounded(&plain(first("SUMMARY"))),
        date: stamp(first("DTSTAMP")),
    }
}

/// What a line says if it is the property of this name.
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).and(line.get(name.len()..))?;
    if !rest.starts_with([':', ';']) {
        return None;
    }
    // A parameter may have a colon between quotes.
    let mut is_quoted = false;
    let colon = rest.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (c == ':' && !is_quoted).then_some(at + 1)
    });
    colon.and_then(|at| rest.get(at..)).map(str::trim)
}

/// An address without what says that it is one.
fn address(value: &str) -> &str {
    const SCHEME: &str = "mailto:";
    let has_scheme = value.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME));
    let address = if has_scheme { value.get(SCHEME.len()..).unwrap_or_default() } else { value };
    if address.contains('@') { address } else { "" }
}

/// A text without its escapes (RFC 5545, 3.3.11).
fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next().map(|escaped| if matches!(escaped, 'n' | 'N') { ' ' } else { escaped })),
            c => plain.push(c),
        }
    }
    plain
}

/// When it was made; always in UTC.
fn stamp(value: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_tells_who_sends_it_and_what_it_is_about() {
        let text = "\u{feff}\r\nbegin:vcalendar\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:Splicing\\, at\r\n \
                    \x20night\r\nORGANIZER;CN=\"NOC: Halcyon\":MAILTO:NOC@Halcyon.example\r\nDTSTAMP:20240110T093000Z\r\n";
        assert!(is_one(text.as_bytes()));
        let mail = read(text.as_bytes());
        assert_eq!(mail.senders, ["noc@halcyon.example"]);
        assert_eq!(mail.envelope.subject, "Splicing, at night");
        assert_eq!(mail.envelope.date, Some("2024-01-10T09:30:00Z".parse().unwrap()));
        assert_eq!(mail.parts.len(), 1);
    }

    #[test]
    fn what_says_nothing_of_itself_is_one_still_and_a_mail_is_none() {
        let mail = read(b"BEGIN:VCALENDAR\nORGANIZER:Halcyon\nSUMMARYLESS:x\nDTSTAMP:20240110T093000\n");
        assert_eq!((mail.senders.len(), mail.envelope), (0, Envelope::default()));
        for other in ["", "Subject: BEGIN:VCALENDAR\n\nBEGIN:VCALENDAR\n", "BEGIN:VCARD\n"] {
            assert!(!is_one(other.as_bytes()), "{other}");
        }
    }
}
