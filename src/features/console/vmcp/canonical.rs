//! The bytes that are signed.

use std::fmt::Write as _;

use super::definition::Definition;
use super::request::Salt;

/// The bytes that are signed: a line `name=value` for each field, and the salt without a line end.
///
/// The order is that of the names as they are written, bytewise; they become small letters after that. Letters and digits of
/// ASCII and `-._~` stand for themselves in values, every other byte is `%XX` with capital digits (RFC 3986 §2.3).
#[must_use]
pub(super) fn bytes(definition: &Definition, salt: &Salt) -> String {
    let mut text = String::new();
    for (name, field) in definition.fields() {
        text.push_str(&name.to_ascii_lowercase());
        text.push('=');
        encode(&field.text(), &mut text);
        text.push('\n');
    }
    text.push_str(salt.as_str());
    text
}

/// Appends `value` with everything but the unreserved characters replaced.
fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}
