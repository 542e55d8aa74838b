//! Bytes to text: the charset that the mail declares, then what the page declares, then UTF-8, and windows-1252 for what is
//! not UTF-8, also where it is declared to be.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding as Transfer, Message, MessagePart};

use super::part::Kind;

/// A page says its charset near its top.
const META_BYTES: usize = 2048;

/// Whether text that the mail parser decoded has to be decoded again: it assumes UTF-8 where nothing is declared.
pub(super) fn is_doubtful(declared: Option<&str>, kind: Kind, text: &str) -> bool {
    if declared.is_some_and(is_ascii) {
        return !text.is_ascii();
    }
    let is_broken = || text.contains('\u{fffd}');
    // Some declare UTF-8 whatever they write.
    if declared.and_then(|name| Encoding::for_label(name.as_bytes())) == Some(UTF_8) {
        return is_broken();
    }
    let is_known = |name: &str| {
        Encoding::for_label(name.as_bytes()).is_some()
            || (!name.is_empty() && charset_decoder(name.as_bytes()).is_some())
    };
    let by_page = || kind == Kind::Html && !text.is_ascii() && meta(text.as_bytes()).is_some();
    !declared.is_some_and(is_known) && (is_broken() || by_page())
}

/// The bytes of a part after transfer decoding.
pub(super) fn raw_body<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    let bytes = message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let decoded = match part.encoding {
        Transfer::None => None,
        Transfer::QuotedPrintable => quoted_printable_decode(bytes),
        Transfer::Base64 => base64_decode(bytes),
    };
    match decoded {
        Some(decoded) => Cow::Owned(decoded),
        None if bytes.is_empty() => Cow::Borrowed(part.contents()),
        None => Cow::Borrowed(bytes),
    }
}

/// Decodes `bytes`; never fails.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>, kind: Kind) -> String {
    let whole = if kind == Kind::Ical { whole_letters(bytes) } else { bytes.into() };
    let bytes = &*whole;
    let by_mail = declared.filter(|name| !is_ascii(name)).and_then(|name| Encoding::for_label(name.as_bytes()));
    let by_page = || if kind == Kind::Html { meta(bytes) } else { None };
    let by_mark = || Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = by_mail.or_else(by_mark).or_else(by_page).filter(|encoding| *encoding != UTF_8);
    match encoding {
        Some(encoding) => encoding.decode(bytes).0.into_owned(),
        None => guess(bytes),
    }
}

/// A calendar whose lines are folded nowhere inside of a letter: its writer may count bytes (RFC 5545, 3.1).
fn whole_letters(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_inside = |at: usize, fold: &[u8]| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + fold.len());
        bytes.get(at..).is_some_and(|rest| rest.starts_with(fold))
            && before.is_some_and(|before| !before.is_ascii())
            && after.is_some_and(|after| (0x80..0xc0).contains(after))
    };
    let folds: [&[u8]; 4] = [b"\r\n ", b"\r\n\t", b"\n ", b"\n\t"];
    let ends = memchr::memchr_iter(b'\n', bytes);
    let found = ends.filter_map(|end| {
        let mut starts = [end.checked_sub(1), Some(end)].into_iter().flatten();
        starts.find_map(|at| folds.iter().find(|fold| is_inside(at, fold)).map(|fold| at..at + fold.len()))
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return bytes.into();
    }
    let mut whole = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for fold in found {
        whole.extend_from_slice(bytes.get(from..fold.start).unwrap_or_default());
        from = fold.end;
    }
    whole.extend_from_slice(bytes.get(from..).unwrap_or_default());
    whole.into()
}

/// UTF-8 as far as it is valid, and windows-1252 elsewhere, in which every byte means something: a footer may be in another
/// charset than what it stands below.
pub(super) fn guess(bytes: &[u8]) -> String {
    let (text, _, broken) = UTF_8.decode(bytes);
    if !broken {
        return text.into_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

/// Whether a charset only says "nothing special", which senders write over any bytes.
fn is_ascii(name: &str) -> bool {
    ["us-ascii", "ascii", "unknown-8bit", "x-unknown"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// The charset that a page declares of itself.
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..META_BYTES).unwrap_or(bytes).to_ascii_lowercase();
    let at = head.windows(8).position(|window| window == b"charset=")? + 8;
    let label: Vec<u8> = head
        .get(at..)?
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' '))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .collect();
    Encoding::for_label(&label)
}

/// Undoes quoted-printable that was left in a page: saved parts and some forwarders keep it. What is no escape stays.
pub(super) fn undo_quoted_printable(text: &str) -> String {
    let left = text.contains("=3D") || text.contains("=\n") || text.contains("=\r\n");
    if !left {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'=', [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..]) => rest = tail,
            (b'=', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                bytes.push(digit(*high).unwrap_or(0) << 4 | digit(*low).unwrap_or(0));
                rest = tail;
            }
            _ => bytes.push(*byte),
        }
    }
    guess(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mails_charset_comes_before_the_pages_and_utf8_before_windows() {
        assert_eq!(decode(b"caf\xe9", Some("iso-8859-1"), Kind::Text), "café");
        assert_eq!(decode(b"caf\xe9", None, Kind::Text), "café");
        assert_eq!(decode(b"caf\xe9 \xc3\xa9t\xc3\xa9", Some("utf-8"), Kind::Text), "café été");
        assert_eq!(decode("café".as_bytes(), Some("us-ascii"), Kind::Text), "café");
        assert_eq!(decode(b"<meta charset=iso-8859-2>\xb1", None, Kind::Html), "<meta charset=iso-8859-2>ą");
        assert_eq!(
            decode(b"<meta charset=iso-8859-2>\xc4\x85", Some("utf-8"), Kind::Html),
            "<meta charset=iso-8859-2>ą"
        );
    }

    #[test]
    fn a_calendar_folded_inside_of_a_letter_is_read_as_if_it_were_not() {
        for fold in ["\r\n ", "\n ", "\r\n\t"] {
            let folded = [&b"SUMMARY:W\xc3"[..], fold.as_bytes(), b"\xa4rme\r\n b\xc3\xa9\n x"].concat();
            assert_eq!(decode(&folded, None, Kind::Ical), "SUMMARY:Wärme\r\n bé\n x");
            assert!(decode(&folded, None, Kind::Text).contains("Ã"));
        }
        assert_eq!(decode(b"caf\xe9\r\n x", None, Kind::Ical), "café\r\n x");
        assert_eq!(decode(b"\n \xa4", None, Kind::Ical), "\n ¤");
    }

    #[test]
    fn quoted_printable_is_undone_only_where_it_shows() {
        assert_eq!(undo_quoted_printable("<p class=3D\"x\">a=\nb"), "<p class=\"x\">ab");
        assert_eq!(undo_quoted_printable("=3Da = b=\r\nc=C3=A9"), "=a = bcé");
        assert_eq!(undo_quoted_printable("<td width=600>"), "<td width=600>");
    }
}
