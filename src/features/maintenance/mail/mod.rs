//! From the bytes of a mail to the parts that rules read and the lines that the screen shows.
//!
//! Everything is bounded (size, nesting, number of parts) and nothing panics; a mail past a bound is refused with an
//! error that says so, and its headers are still read. Nothing is rendered, executed or fetched.

mod calendar;
mod charset;
mod dom;
mod envelope;
mod forwarded;
mod layers;
mod letters;
pub(crate) mod page;
mod part;
mod readable;
mod sent;
mod sheet;
mod unclosed;
mod xlsx;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

pub(crate) use self::calendar::is_one as is_calendar;
pub(crate) use self::envelope::{header_text, read_envelope};
pub(crate) use self::forwarded::{bare_subject, without_prefixes};
pub(crate) use self::letters::{Letter, Letters, text_lines};
pub use self::part::{Kind, Part};
pub use self::readable::{Readable, readable};
use super::model::Envelope;

/// Larger mails are kept and not parsed: the longest notifications with spreadsheets attached stay below a tenth of it.
pub const MAX_PARSED_BYTES: usize = 25 * 1024 * 1024;
/// More parts than this are refused.
const MAX_PARTS: usize = 500;
/// Mails inside mails deeper than this are refused.
const MAX_DEPTH: usize = 50;
/// Mails attached to mails that are attached are told apart so deep.
const MAX_DIGESTS: usize = 3;
/// Headers of a mail that is refused are looked for in its first bytes.
const HEAD_BYTES: usize = 256 * 1024;

/// Why the calendar in the text of a mail is not read to which one is attached, be that damaged: it may be an older one.
const BESIDE_ANOTHER: &str =
    "what counts is the attached calendar; another in the text was not read, for it may be out of date";
/// Why the calendar in an answer is not read.
const QUOTED_IN_ANSWER: &str =
    "the mail is an answer, and the calendar that it quotes is not read, for it may be out of date";

/// Why a mail cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Larger than [`MAX_PARSED_BYTES`].
    #[error("the mail has {bytes} bytes; noctui parses mails up to {MAX_PARSED_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Too many mails inside one another.
    #[error("more than {MAX_DEPTH} mails inside one another")]
    TooDeep,
    /// Too many parts.
    #[error("the mail has more than {MAX_PARTS} parts")]
    TooManyParts,
    /// Not a mail at all.
    #[error("no mail: it has no headers")]
    NoHeaders,
}

/// A mail, taken apart.
#[derive(Debug, Default)]
pub struct Mail {
    /// The headers worth a column.
    pub envelope: Envelope,
    /// Subject, Date and every leaf, those of mails inside included, identical ones once.
    pub parts: Vec<Part>,
    /// Senders of the mail and of mails inside it, lower-cased, the outermost first.
    pub senders: Vec<String>,
    /// Those of them that the header names which a source says to hold the sender.
    pub(crate) named: Vec<String>,
    /// Whether it is an answer: what it quotes is no news, and may be older than what is known.
    pub is_answer: bool,
    /// Why a calendar that stands in its text is none of its parts; `None` where there is no such calendar.
    pub unread_calendar: Option<&'static str>,
    /// The mails that are attached to it side by side, where there are several.
    pub(crate) digest: Option<Box<Digest>>,
}

/// Mails attached to one mail side by side: a digest of a list, or what somebody forwards at once.
#[derive(Debug)]
pub(crate) struct Digest {
    /// The mail that they are attached to, without them.
    pub(crate) letter: Mail,
    /// They, in their order; two at least.
    pub(crate) attached: Vec<Mail>,
}

impl Mail {
    /// Takes note of who wrote it by the first of these headers that names somebody: before From counts what a source says
    /// to hold the sender. `raw` is the mail.
    pub(crate) fn name_senders(&mut self, raw: &[u8], headers: &[String]) {
        let named = envelope::named_by(raw, headers);
        let Some(first) = named.first() else { return };
        self.envelope.sender.clone_from(first);
        let others = std::mem::take(&mut self.senders).into_iter().filter(|sender| !named.contains(sender));
        self.senders = named.iter().cloned().chain(others).collect();
        if let Some(digest) = &mut self.digest {
            digest.letter.named.clone_from(&named);
        }
        self.named = named;
    }
}

/// Takes a mail apart, or a calendar that came without one.
pub fn read(raw: &[u8]) -> Result<Mail, MailError> {
    if is_calendar(raw) && raw.len() <= MAX_PARSED_BYTES {
        return Ok(calendar::read(raw));
    }
    let raw = unclosed::closed(raw);
    let message = parse(&raw)?;
    let mut mail = take_apart(&message, Inside::Read)?;
    mail.digest = digest(&message, MAX_DIGESTS)?;
    Ok(mail)
}

/// What becomes of mails inside a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Their parts are parts of it.
    Read,
    /// They are left out.
    LeftOut,
}

/// Takes a message apart.
fn take_apart(message: &Message<'_>, inside: Inside) -> Result<Mail, MailError> {
    let mut mail = Mail { envelope: envelope::envelope_of(message), ..Mail::default() };
    collect(message, (inside, 0), &mut 0, &mut mail)?;
    mail.is_answer = forwarded::is_answer(&mail.parts, 0);
    forwarded::find_subjects(&mut mail.parts, &mail.senders);
    find_calendars(&mut mail);
    Ok(mail)
}

/// The mails that are attached to a message side by side, or to the only one that is attached to it; `None` if there are no
/// several. Of those that are attached to them the same is told for `levels` - 1 more levels.
fn digest(message: &Message<'_>, levels: usize) -> Result<Option<Box<Digest>>, MailError> {
    let attached = || {
        message.parts.iter().filter_map(|part| match &part.body {
            PartType::Message(inner) => Some(inner),
            PartType::Text(_)
            | PartType::Html(_)
            | PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Multipart(_) => None,
        })
    };
    match (attached().count(), attached().next()) {
        (1, Some(only)) => digest(only, levels),
        (0 | 1, _) => Ok(None),
        _ if levels == 0 => Ok(None),
        _ => {
            let mut mails = Vec::new();
            for inner in attached() {
                let digest = digest(inner, levels - 1)?;
                mails.push(Mail { digest, ..take_apart(inner, Inside::Read)? });
            }
            Ok(Some(Box::new(Digest { letter: take_apart(message, Inside::LeftOut)?, attached: mails })))
        }
    }
}

/// Adds calendars that stand in the text of a mail that has none of its own. What an answer quotes is no news.
fn find_calendars(mail: &mut Mail) {
    let has_own = mail.parts.iter().any(|part| part.kind() == Kind::Ical);
    let within = |kind: Kind, inside: fn(&str) -> Option<String>| -> Vec<Part> {
        let of_kind = mail.parts.iter().filter(|part| part.kind() == kind);
        let found = |part: &Part| Some(Part::text(Kind::Ical, &inside(part.as_text())?).in_mail(part.home()));
        of_kind.filter_map(found).collect()
    };
    let mut found = within(Kind::Text, calendar::inside);
    if found.is_empty() {
        found = within(Kind::Html, calendar::inside_page);
    }
    if has_own || mail.is_answer {
        let why = if has_own { BESIDE_ANOTHER } else { QUOTED_IN_ANSWER };
        mail.unread_calendar = (!found.is_empty()).then_some(why);
        return;
    }
    mail.parts.extend(found.into_iter().take(MAX_PARTS.saturating_sub(mail.parts.len())));
}

/// Parses a mail within the bounds.
fn parse(raw: &[u8]) -> Result<Message<'_>, MailError> {
    if raw.len() > MAX_PARSED_BYTES {
        return Err(MailError::TooLarge { bytes: raw.len() });
    }
    if nested(raw) > 20 * MAX_DEPTH {
        return Err(MailError::TooDeep);
    }
    MessageParser::default().parse(raw).ok_or(MailError::NoHeaders)
}

/// At most how many mails may be inside one another. Freeing a message that holds a message that holds … takes stack, so
/// this is known before the parser builds them.
fn nested(raw: &[u8]) -> usize {
    // Each level needs at least a content type of 25 bytes.
    if raw.len() < 20 * MAX_DEPTH * 25 {
        return 0;
    }
    let word =
        |at: usize, word: &[u8]| raw.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let starts = raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b'm' | b'M' | b'd' | b'D'));
    starts.filter(|(at, _)| word(*at, b"message/") || word(*at, b"digest")).count()
}

/// Adds Subject, Date and the leaves of `message` to `mail`, and the sender of every message. `count` is how many
/// messages there were before.
fn collect(
    message: &Message<'_>,
    (inside, depth): (Inside, usize),
    count: &mut usize,
    mail: &mut Mail,
) -> Result<(), MailError> {
    if depth > MAX_DEPTH {
        return Err(MailError::TooDeep);
    }
    if mail.parts.len() >= MAX_PARTS {
        return Err(MailError::TooManyParts);
    }
    let home = *count;
    *count += 1;
    if let Some(subject) = message.subject() {
        mail.parts.push(Part::text(Kind::Subject, subject).in_mail(home));
    }
    if let Some(date) = header_text(message, "Date") {
        mail.parts.push(Part::text(Kind::Date, date).in_mail(home));
    }
    envelope::senders_of(message, &mut mail.senders);
    for part in &message.parts {
        match &part.body {
            PartType::Multipart(_) => {}
            PartType::Message(_) if inside == Inside::LeftOut => {}
            PartType::Message(inner) => collect(inner, (inside, depth + 1), count, mail)?,
            PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_) => {
                if mail.parts.len() >= MAX_PARTS {
                    return Err(MailError::TooManyParts);
                }
                let Some(leaf) = leaf(message, part) else { continue };
                match mail.parts.iter_mut().find(|known| **known == leaf) {
                    Some(known) => known.learn_from(leaf),
                    None => mail.parts.push(leaf.in_mail(home)),
                }
            }
        }
    }
    Ok(())
}

/// A leaf as rules read it; `None` for images and the like.
fn leaf(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Part> {
    let content_type = part.content_type();
    let (major, minor) =
        content_type.map_or(("text", "plain"), |found| (found.ctype(), found.subtype().unwrap_or("plain")));
    let name = part.attachment_name().unwrap_or_default();
    let kind = Kind::of(major, minor, name, part.contents())?;
    if kind.is_text() {
        let declared = content_type.and_then(|found| found.attribute("charset"));
        let decoded = match &part.body {
            PartType::Text(text) | PartType::Html(text) => Some(text),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
        };
        let text = match decoded.filter(|text| !charset::is_doubtful(declared, kind, text)) {
            Some(text) => text.to_string(),
            None => charset::decode(&charset::raw_body(message, part), declared, kind),
        };
        let method = content_type.and_then(|found| found.attribute("method"));
        return Some(Part::text(kind, &text).with_method(method.filter(|_| kind == Kind::Ical)));
    }
    let bytes = match &part.body {
        // What is called a text was decoded as one; its first bytes say in what it is written.
        PartType::Text(_) | PartType::Html(_) => charset::raw_body(message, part).into_owned(),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => {
            part.contents().to_vec()
        }
    };
    Some(Part::bytes(kind, bytes))
}

/// Whether the beginning of a mail ends within something that rules read, or before any of it: a piece is not to be taken
/// for all. Behind an attachment that they do not read there may be more, too, but what is said is said by then.
#[must_use]
pub(crate) fn is_piece(beginning: &[u8]) -> bool {
    let Ok(message) = parse(beginning) else { return true };
    let boundary = message.content_type().and_then(|found| found.attribute("boundary"));
    let is_closed = boundary.is_some_and(|boundary| {
        let tail = beginning.get(beginning.len().saturating_sub(boundary.len() + 16)..).unwrap_or_default();
        memchr::memmem::find(tail, format!("--{boundary}--").as_bytes()).is_some()
    });
    !is_closed && ends_in_a_leaf(&message)
}

/// Whether the last part of a message is one that rules read.
fn ends_in_a_leaf(message: &Message<'_>) -> bool {
    let is_multipart = |part: &&MessagePart<'_>| matches!(part.body, PartType::Multipart(_));
    let last = message.parts.iter().filter(|part| !is_multipart(part)).max_by_key(|part| part.offset_header);
    match last.map(|part| (&part.body, part)) {
        None => true,
        Some((PartType::Message(inner), _)) => ends_in_a_leaf(inner),
        Some((_, part)) => leaf(message, part).is_some(),
    }
}

/// The kind of a part with this content type and file name, as far as they tell.
pub(crate) fn kind_of(content_type: &str, name: &str) -> Option<Kind> {
    let (major, minor) = content_type.split_once('/').unwrap_or((content_type, ""));
    Kind::of(major, minor, name, &[])
}

/// The headers of a mail that is too large to be parsed, as a mail without a body.
#[must_use]
pub fn head(raw: &[u8]) -> &[u8] {
    let head = raw.get(..HEAD_BYTES).unwrap_or(raw);
    let ends = [&b"\r\n\r\n"[..], b"\n\n"]
        .into_iter()
        .filter_map(|end| memchr::memmem::find(head, end).map(|at| at + end.len()));
    ends.min().and_then(|end| head.get(..end)).unwrap_or(head)
}

/// What can be said of a mail that cannot be read as a whole: its headers.
fn head_only(raw: &[u8]) -> Envelope {
    let head = raw.get(..HEAD_BYTES).unwrap_or(raw);
    if is_calendar(head) {
        return calendar::envelope(head);
    }
    MessageParser::default().parse_headers(head).map(|message| envelope::envelope_of(&message)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
