//! Folder names in modified UTF-7, as IMAP servers without `UTF8=ACCEPT` take them (RFC 3501 §5.1.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

use super::login::quoted;

/// Base64 with `,` for `/`, and without `=`.
const ENGINE: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A folder's name as it stands in a command.
pub(super) fn encoded(name: &str) -> String {
    let mut text = String::new();
    let mut others: Vec<u8> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut text, &mut others);
            text.push(c);
            if c == '&' {
                text.push('-');
            }
        } else {
            let mut units = [0; 2];
            others.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut text, &mut others);
    quoted(&text)
}

/// Writes what is no ASCII.
fn flush(text: &mut String, others: &mut Vec<u8>) {
    if !others.is_empty() {
        text.push('&');
        text.push_str(&ENGINE.encode(&*others));
        text.push('-');
        others.clear();
    }
}

/// A folder's name as a server tells it, for people. What is no modified UTF-7 is left as it is.
pub(super) fn decoded(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        let Some((coded, behind)) = after.split_once('-') else { break };
        text.push_str(before);
        if coded.is_empty() {
            text.push('&');
        } else {
            let Ok(bytes) = ENGINE.decode(coded) else { return name.to_owned() };
            let units =
                bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_come_as_people_write_them() {
        // The example of RFC 3501 §5.1.3.
        let name = "~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}";
        assert_eq!(encoded(name), "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(decoded("~peter/mail/&U,BTFw-/&ZeVnLIqe-"), name);
        for name in ["INBOX", "R&D", "Störungen", "a \"b\" \\c", "🚧", "&-"] {
            let sent = encoded(name);
            let plain = sent[1..sent.len() - 1].replace("\\\"", "\"").replace("\\\\", "\\");
            assert_eq!(decoded(&plain), name);
            assert!(sent.is_ascii());
        }
        for broken in ["a&b", "&!!-", "&AAAA"] {
            assert_eq!(decoded(broken), broken);
        }
    }
}
