//! The headers worth a column.

use mail_parser::{Address, HeaderValue, Message, MessageParser};

use super::head_only;
use crate::features::maintenance::model::Envelope;
use crate::features::maintenance::when;
use crate::text::clean_line;

/// Longer headers are cut for the screen and the store.
const MAX_HEADER_CHARS: usize = 1000;
/// Senders past this are not looked at.
const MAX_SENDERS: usize = 50;

/// The envelope of a mail whose body does not matter or cannot be read.
pub(crate) fn read_envelope(raw: &[u8]) -> Envelope {
    head_only(raw)
}

/// The envelope of a parsed mail.
pub(super) fn envelope_of(message: &Message<'_>) -> Envelope {
    Envelope {
        message_id: message.message_id().map(bounded).filter(|id| !id.is_empty()),
        // A list writes its own address into From, for everybody.
        sender: ["X-Original-Sender", "X-Original-From", "From"]
            .into_iter()
            .find_map(|name| senders_in(message.header(name)?).into_iter().next())
            .unwrap_or_default(),
        subject: message.subject().map(bounded).unwrap_or_default(),
        date: header_text(message, "Date").and_then(|date| when::header_date(date).ok()),
    }
}

/// The raw text of a header of the outermost mail, without the blanks around it.
pub(crate) fn header_text<'m>(message: &'m Message<'_>, name: &'static str) -> Option<&'m str> {
    message.header_raw(name).map(str::trim).filter(|text| !text.is_empty())
}

/// Everybody who may have written a mail, those that lists and forwarders put aside included.
pub(super) fn senders_of(message: &Message<'_>, senders: &mut Vec<String>) {
    let named = ["From", "X-Original-Sender", "X-Original-From", "Reply-To", "Resent-From", "Sender", "Return-Path"];
    for sender in named.into_iter().filter_map(|name| message.header(name)).flat_map(senders_in) {
        if senders.len() < MAX_SENDERS && !senders.contains(&sender) {
            senders.push(sender);
        }
    }
}

/// Who wrote a mail by the first of these headers that names somebody.
pub(super) fn named_by(raw: &[u8], headers: &[String]) -> Vec<String> {
    if headers.is_empty() {
        return Vec::new();
    }
    let Some(message) = MessageParser::default().parse_headers(raw) else { return Vec::new() };
    let of = |name: &String| {
        let header = message.headers().iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name))?;
        Some(senders_in(&header.value)).filter(|senders| senders.iter().any(|sender| sender.contains('@')))
    };
    headers.iter().find_map(of).unwrap_or_default()
}

/// The addresses in a header, also in one that the parser does not know to hold any.
fn senders_in(header: &HeaderValue<'_>) -> Vec<String> {
    let found: Vec<String> = if let HeaderValue::Address(address) = header {
        addresses(address).collect()
    } else if let Some(text) = header.as_text() {
        vec![bounded(text.trim().rsplit(['<', ' ']).next().unwrap_or(text)).to_lowercase()]
    } else {
        Vec::new()
    };
    let trimmed = found.iter().map(|sender| sender.trim_matches(['<', '>', ' ']).to_owned());
    trimmed.filter(|sender| !sender.is_empty()).collect()
}

/// Every address, lower-cased.
fn addresses<'a>(address: &'a Address<'_>) -> impl Iterator<Item = String> + 'a {
    address.iter().filter_map(|one| one.address()).map(|text| bounded(text).to_lowercase())
}

/// Cleaned and not too long.
pub(super) fn bounded(text: &str) -> String {
    let clean = clean_line(text);
    match clean.char_indices().nth(MAX_HEADER_CHARS) {
        Some((at, _)) => clean.get(..at).unwrap_or_default().to_owned(),
        None => clean,
    }
}
