//! What mailboxes are described with.

use std::fmt;

use serde::Serialize;

use super::list::Item;
use super::{Setting, words};
use crate::text::clean_line;

words! {
    /// How a connection to a mail server is protected.
    pub MailTls {
        /// TLS from the first byte.
        Implicit = "implicit",
        /// TLS after the greeting, or nothing.
        StartTls = "starttls",
        /// Not at all; to this very machine only.
        None = "none",
    }
}

words! {
    /// How an account is logged in to.
    pub Auth {
        /// With its password.
        Password = "password",
        /// With a token, in the way of Google and Microsoft.
        XOAuth2 = "xoauth2",
        /// With a token, in the way of RFC 7628.
        OAuthBearer = "oauthbearer",
    }
}

words! {
    /// Who gives tokens.
    pub Provider {
        /// Google.
        Google = "google",
        /// Microsoft.
        Microsoft = "microsoft",
    }
}

words! {
    /// To whom tokens are given.
    pub Grant {
        /// To somebody who has signed in.
        User = "user",
        /// To the application by itself.
        Application = "application",
        /// To a service account that acts for the mailbox.
        ServiceAccount = "service-account",
    }
}

words! {
    /// Where the token of somebody who signed in is kept.
    pub(crate) KeptIn {
        /// In a file of its own.
        File = "file",
        /// In the keyring.
        Keyring = "keyring",
    }
}

/// Whether a server can be sent `text` as a part of a line, with at most so many bytes.
fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.trim() == text && clean_line(text) == text
}

/// The name of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) String);

impl Setting for Account {
    fn takes() -> String {
        "an account such as \"noc@lakeside.example\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        is_line(text, 256).then(|| Self(text.to_owned()))
    }
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope(pub(crate) String);

impl Setting for Scope {
    fn takes() -> String {
        "a scope such as \"https://mail.google.com/\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        // RFC 6749 §3.3: no blanks, which separate them, no quotes.
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        ((1..=256).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
}

impl Item for Scope {
    const MANY: &'static str = "a list of them";
}

/// A folder of a mailbox, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(pub(crate) String);

impl Setting for Folder {
    fn takes() -> String {
        "a folder such as \"INBOX\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        // IMAP takes this one name in any case.
        let name = if text.eq_ignore_ascii_case("INBOX") { "INBOX" } else { text };
        is_line(name, 512).then(|| Self(name.to_owned()))
    }
}

impl Item for Folder {
    const MANY: &'static str = "a list of folders";
}

/// The name of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header(pub(crate) String);

impl Setting for Header {
    fn takes() -> String {
        "the name of a header such as \"From\" or \"X-Original-Sender\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        // RFC 5322 §3.6.8 allows more; nobody uses it.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
}

/// An address, or a domain with its `@`; in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender(pub(crate) String);

impl Setting for Sender {
    fn takes() -> String {
        "an address such as \"mr@isp.example\", or a domain such as \"@isp.example\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (_, domain) = text.rsplit_once('@')?;
        let graphic = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>'));
        (graphic && text.len() <= 254 && !domain.is_empty()).then(|| Self(text.to_ascii_lowercase()))
    }
}

impl Item for Sender {
    const MANY: &'static str = "a list of them";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_or_a_domain() {
        let sender = |text| Sender::from_text(text).map(|Sender(sender)| sender);
        assert_eq!(sender("MR@Isp.example").as_deref(), Some("mr@isp.example"));
        assert_eq!(sender("@isp.example").as_deref(), Some("@isp.example"));
        for wrong in ["", "isp.example", "mr@", "a b@isp.example", "\"a\"@isp.example", "mü@isp.example"] {
            assert_eq!(sender(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_that_a_server_is_sent_has_a_line_end() {
        assert_eq!(Account::from_text("noc\r\na LOGOUT"), None);
        assert_eq!(Folder::from_text("INBOX\n"), None);
        assert_eq!(Header::from_text("From: x"), None);
        assert_eq!(Folder::from_text("inbox"), Some(Folder("INBOX".to_owned())));
        assert_eq!(Folder::from_text("Wartung/Gläser"), Some(Folder("Wartung/Gläser".to_owned())));
    }
}
