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
        // A list writes its own address into From, for everybody.
        sender: ["X-Original-Sender", "X-Original-From", "From"]
            .into_iter()
            .find_map(|name| senders_in(message, name).into_iter().next())
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
    let named = ["From", "X-Original-Sender", "X-Original-From", "Reply-To", "Resent-From", "Sender"];
    for sender in named.into_iter().flat_map(|name| senders_in(message, name)) {
        if senders.len() < MAX_SENDERS && !senders.contains(&sender) {
            senders.push(sender);
        }
    }
}

/// The addresses in a header.
fn senders_in(message: &Message<'_>, name: &'static str) -> Vec<String> {
    let found: Vec<String> = match message.header(name) {
        Some(HeaderValue::Address(address)) => addresses(address).collect(),
        Some(header) => {
            let text = header.as_text().map(|text| text.rsplit(['<', ' ']).next().unwrap_or(text));
            text.map(|text| bounded(text).to_lowercase()).into_iter().collect()
        }
        None => Vec::new(),
    };
    let bare = found.iter().map(|sender| sender.trim_matches(['<', '>', ' ']));
    bare.filter(|sender| !sender.is_empty()).map(str::to_owned).collect()
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
