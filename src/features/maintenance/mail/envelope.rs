//! The headers worth a column.

use mail_parser::{Address, HeaderValue, Message};

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
        sender: message.from().and_then(first_address).unwrap_or_default(),
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
    let named = ["From", "X-Original-Sender", "X-Original-From", "Reply-To", "Resent-From", "Sender"];
    for name in named {
        let Some(header) = message.header(name) else { continue };
        let mut found: Vec<String> = Vec::new();
        if let HeaderValue::Address(address) = header {
            found.extend(addresses(address));
        } else if let Some(text) = header.as_text() {
            found.push(text.rsplit(['<', ' ']).next().unwrap_or(text).to_lowercase());
        }
        for sender in found {
            let sender = sender.trim_matches(['<', '>', ' ']).to_owned();
            if senders.len() < MAX_SENDERS && !sender.is_empty() && !senders.contains(&sender) {
                senders.push(sender);
            }
        }
    }
}

/// Every address, lower-cased.
fn addresses<'a>(address: &'a Address<'_>) -> impl Iterator<Item = String> + 'a {
    address.iter().filter_map(|one| one.address()).map(|text| bounded(text).to_lowercase())
}

/// The first address, lower-cased.
fn first_address(address: &Address<'_>) -> Option<String> {
    addresses(address).next()
}

/// Cleaned and not too long.
pub(super) fn bounded(text: &str) -> String {
    let clean = clean_line(text);
    match clean.char_indices().nth(MAX_HEADER_CHARS) {
        Some((at, _)) => clean.get(..at).unwrap_or_default().to_owned(),
        None => clean,
    }
}
