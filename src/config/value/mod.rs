//! The values settings can have: how each is written, and what it means.

mod list;
mod mail;
mod measure;
mod pattern;
mod program;
mod proxy;
mod server;
mod template;

use std::fmt;

use chrono_tz::Tz;
use serde::Serialize;
use toml::de::DeValue;

use super::problem::either;
use crate::text::clean_line;

pub(crate) use list::{List, Words};
pub(crate) use mail::{Account, Folder, Header, KeptIn, Scope, Sender};
pub use mail::{Auth, Grant, MailTls, Provider};
pub(crate) use measure::{Days, Keep, Size, Span};
pub use pattern::{BadPattern, Pattern, TagFilter};
pub use program::{GatewayShell, Program, Tmux};
pub(crate) use program::{Piece, pieces};
pub(crate) use proxy::KubeContext;
pub use proxy::{BadEscapeKey, BadMachineName, BadProxyUrl, EscapeKey, MachineName, ProxyUrl};
pub use server::{BadEndpoint, BadUrl, Endpoint, SshPlace, Url};
pub(crate) use server::{HostName, MailServer};
pub(crate) use template::Paragraph;
pub use template::{Filling, Template};

/// A value that can be written in the file and, as text, in a variable or flag.
pub(crate) trait Setting: Sized {
    /// The words, where the value is one of a few; a wrong one is answered with the nearest.
    const WORDS: &'static [&'static str] = &[];

    /// Whether somebody could have written a secret here, so that no message may repeat it.
    const PRIVATE: bool = false;

    /// What is accepted, to follow "it takes".
    fn takes() -> String {
        either(Self::WORDS.iter().copied())
    }

    /// What of a wrong value is wrong, where that can be said.
    fn why(_value: &DeValue<'_>) -> Option<String> {
        None
    }

    /// Reads it as written in a variable, a flag, or between quotes in the file.
    fn from_text(text: &str) -> Option<Self>;

    /// Reads it as written in the file.
    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().and_then(Self::from_text)
    }
}

/// Makes an enum of a few words a [`Setting`] that prints, serialises and parses as its word.
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        $vis enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every value, in the order of the documentation.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the configuration.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Setting for $name {
            const WORDS: &'static [&'static str] = &[$($word,)+];

            fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Whether to do what depends on the terminal.
    pub When {
        /// As the terminal and its environment suggest.
        Auto = "auto",
        /// Whatever the terminal says of itself.
        Always = "always",
        /// Not at all.
        Never = "never",
    }
}

words! {
    /// What is at stake in a context.
    pub Kind {
        /// Customers notice mistakes: drawn so that it cannot be mistaken for anything else.
        Production = "production",
        /// Nobody is paged.
        Lab = "lab",
    }
}

words! {
    /// How screens of machines are drawn that are no text.
    pub Pictures {
        /// With characters, two pixels in each.
        Cells = "cells",
        /// By the graphics protocol of kitty.
        Kitty = "kitty",
        /// By the inline images of iTerm2.
        Iterm2 = "iterm2",
        /// As sixels.
        Sixel = "sixel",
    }
}

words! {
    /// A colour of the terminal, as its user has chosen it.
    pub Colour {
        /// Black.
        Black = "black",
        /// Red.
        Red = "red",
        /// Green.
        Green = "green",
        /// Yellow.
        Yellow = "yellow",
        /// Blue.
        Blue = "blue",
        /// Magenta.
        Magenta = "magenta",
        /// Cyan.
        Cyan = "cyan",
        /// White.
        White = "white",
        /// Bright black, a grey.
        BrightBlack = "bright-black",
        /// Bright red.
        BrightRed = "bright-red",
        /// Bright green.
        BrightGreen = "bright-green",
        /// Bright yellow.
        BrightYellow = "bright-yellow",
        /// Bright blue.
        BrightBlue = "bright-blue",
        /// Bright magenta.
        BrightMagenta = "bright-magenta",
        /// Bright cyan.
        BrightCyan = "bright-cyan",
        /// Bright white.
        BrightWhite = "bright-white",
    }
}

words! {
    /// How far a deployment goes that was told to go all the way.
    pub After {
        /// To a change control that waits for somebody's approval.
        Pending = "pending",
        /// To one that is approved and waits for its start.
        Approved = "approved",
        /// To one that was started.
        Started = "started",
    }
}

words! {
    /// The least important line that is still logged.
    pub Level {
        /// What failed.
        Error = "error",
        /// And what may fail soon.
        Warn = "warn",
        /// And what a person wants to read at 03:00.
        Info = "info",
        /// And what helps to find a fault in noctui.
        Debug = "debug",
        /// And every message and byte.
        Trace = "trace",
    }
}

words! {
    /// Where notifications come from.
    pub(crate) SourceKind {
        /// A folder with `cur`, `new` and `tmp`, filled by a mail program.
        Maildir = "maildir",
        /// Folders of a mailbox on a server.
        Imap = "imap",
        /// A mailbox of Google, by the Gmail API.
        Gmail = "gmail",
        /// A mailbox of Microsoft 365 or Exchange Online, by Graph.
        Microsoft = "microsoft",
    }
}

/// The zone in which times are shown; they are kept in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// UTC.
    Utc,
    /// The zone of the machine noctui runs on.
    Local,
    /// A zone by its IANA name.
    Named(Tz),
}

impl Setting for Zone {
    fn takes() -> String {
        "\"utc\", \"local\" or an IANA name such as \"Europe/Berlin\"".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "utc" => Some(Self::Utc),
            "local" => Some(Self::Local),
            name => name.parse().ok().map(Self::Named),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("utc"),
            Self::Local => f.write_str("local"),
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

impl Setting for bool {
    fn takes() -> String {
        "true or false".to_owned()
    }

    /// As other programs read their variables; the file takes only TOML's own `true` and `false`.
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl Setting for u32 {
    fn takes() -> String {
        "a whole number".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let integer = value.as_integer()?;
        Self::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

/// A name that a person gives to something, and that is drawn in a narrow column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

impl Name {
    /// The longest name, in characters.
    pub(super) const LONGEST: usize = 40;
}

impl Setting for Name {
    fn takes() -> String {
        format!("a name of 1 to {} characters without blanks at its ends or control characters", Self::LONGEST)
    }

    fn from_text(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.chars().count());
        (fits && text.trim() == text && clean_line(text) == text).then(|| Self(text.to_owned()))
    }
}

/// The name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariableName(pub(crate) String);

impl Setting for VariableName {
    // People write the token itself.
    const PRIVATE: bool = true;

    fn takes() -> String {
        "the name of a variable such as \"CLOUDVISION_TOKEN\", without a $".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let named = (1..=128).contains(&text.len()) && !text.starts_with(|c: char| c.is_ascii_digit());
        (named && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }
}

/// A path as written: `~`, `$HOME` and other variables are not yet replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenPath(pub(crate) String);

impl Setting for WrittenPath {
    fn takes() -> String {
        "a path between quotes; ~ and $NAME are replaced".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty() && !text.contains('\0')).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_utc_local_or_by_name() {
        assert_eq!(Zone::from_text("utc"), Some(Zone::Utc));
        assert_eq!(Zone::from_text("Europe/Berlin"), Some(Zone::Named(Tz::Europe__Berlin)));
        assert_eq!(Zone::from_text("CEST"), None);
    }

    #[test]
    fn a_variable_is_named_without_its_dollar() {
        assert_eq!(VariableName::from_text("CV_TOKEN2"), Some(VariableName("CV_TOKEN2".to_owned())));
        for wrong in ["", "$CV_TOKEN", "2TOKEN", "A=B", "a b", "eyJhbGciOi.x"] {
            assert_eq!(VariableName::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn words_parse_back_from_what_they_print() {
        for level in Level::ALL {
            assert_eq!(Level::from_text(level.as_str()), Some(*level));
        }
        assert_eq!(Level::from_text("loud"), None);
    }
}
