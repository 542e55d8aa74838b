//! Secrets: shown nowhere, and overwritten before their memory is given back.

mod command;
mod keyring;
mod source;

use std::fmt;

use zeroize::Zeroizing;

pub(crate) use keyring::keep as keep_in_keyring;
pub use source::{Found, NoSecret, SecretFrom, Wanted};
pub(crate) use source::{is_open_to_all, warning_of};

/// A token or password. It prints as `***` and cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// The longest secret, in bytes: as much as servers accept of all headers together.
pub(crate) const LONGEST: usize = 16 << 10;

/// Why a text is no secret. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Nothing, or nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// It would be read as two secrets, or cut off.
    #[error("it has more than one line")]
    SeveralLines,
    /// A header cannot carry it.
    #[error("it has blanks or characters other than ASCII inside")]
    NotAToken,
    /// No login can carry it.
    #[error("it is no text in UTF-8, or has control characters inside")]
    NotText,
    /// No token is as long.
    #[error("it is longer than 16 KiB")]
    TooLong,
}

impl Secret {
    /// The secret in `text`. Blanks and line ends around it are dropped: editors and `echo` put them there. What a header
    /// of a request cannot carry is refused.
    pub fn read(text: &str) -> Result<Self, BadSecret> {
        let text = text.trim();
        if text.is_empty() {
            Err(BadSecret::Empty)
        } else if text.len() > LONGEST {
            Err(BadSecret::TooLong)
        } else if text.contains(['\n', '\r']) {
            Err(BadSecret::SeveralLines)
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Err(BadSecret::NotAToken)
        } else {
            Ok(Self(Zeroizing::new(text.to_owned())))
        }
    }

    /// The password in `bytes`, which may have blanks and any characters but control characters inside. The line end behind
    /// it is dropped, as editors and `echo` put it there.
    pub fn password(bytes: &[u8]) -> Result<Self, BadSecret> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadSecret::NotText)?;
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        if text.trim().is_empty() {
            Err(BadSecret::Empty)
        } else if text.len() > LONGEST {
            Err(BadSecret::TooLong)
        } else if text.contains(['\n', '\r']) {
            Err(BadSecret::SeveralLines)
        } else if text.chars().any(char::is_control) {
            Err(BadSecret::NotText)
        } else {
            Ok(Self(Zeroizing::new(text.to_owned())))
        }
    }

    /// The secret in `bytes`, see [`Secret::read`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadSecret> {
        if bytes.len() > LONGEST {
            Err(BadSecret::TooLong)
        } else {
            Self::read(std::str::from_utf8(bytes).unwrap_or("\0"))
        }
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::read(" eyJhbGciOi.x-y_z=\n").unwrap();
        assert_eq!((format!("{secret} {secret:?}").as_str(), secret.expose()), ("*** ***", "eyJhbGciOi.x-y_z="));
    }

    #[test]
    fn a_password_may_have_blanks_and_any_letters() {
        assert_eq!(Secret::password(b"abcd efgh ijkl\r\n").unwrap().expose(), "abcd efgh ijkl");
        assert_eq!(Secret::password("gr\u{fc}n ".as_bytes()).unwrap().expose(), "gr\u{fc}n ");
        for (bytes, why) in [
            (b" \n".as_slice(), BadSecret::Empty),
            (b"a\nb", BadSecret::SeveralLines),
            (b"a\0b", BadSecret::NotText),
            (b"\xff", BadSecret::NotText),
        ] {
            assert_eq!(Secret::password(bytes).unwrap_err(), why);
        }
    }

    #[test]
    fn what_no_header_can_carry_is_no_secret() {
        let why = |text: &str| Secret::read(text).unwrap_err();
        assert_eq!(why(" \r\n"), BadSecret::Empty);
        assert_eq!(why("one\ntwo"), BadSecret::SeveralLines);
        assert_eq!(why("one two"), BadSecret::NotAToken);
        assert_eq!(why("tok\u{e9}n"), BadSecret::NotAToken);
        assert_eq!(why("\u{0}"), BadSecret::NotAToken);
        assert_eq!(why(&"x".repeat(LONGEST + 1)), BadSecret::TooLong);
    }
}
