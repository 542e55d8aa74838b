//! Where notifications come from. A source only finds and reads mails; what they say is none of its business.
//!
//! [`files`] reads once what a command line names, [`maildir`] watches a mailbox on this machine for as long as noctui
//! runs, and [`remote`] does so with accounts on servers, of which [`imap`] is one kind and those of [`web`] are others. Every watched source speaks through
//! the same channel of [`Event`]s and leaves the mailbox as it found it: nothing is moved, flagged or deleted.
//!
//! Which mails were handled before is kept by whoever records them. A source gets a question it may ask ([`Handled`])
//! and hands out everything else, so a mail that was read but not recorded when noctui died comes again. A source that can
//! tell old from new by a mark of its own hands out that mark behind the mails it stands for ([`Event::Bookmark`]); it is
//! kept once these are, and given back when the source is begun anew. So a bookmark never stands before a mail that is not
//! recorded, and a mail that is handed out twice is found to be the same.

mod away;
mod desk;
pub mod files;
mod head;
pub mod imap;
pub mod maildir;
mod mbox;
pub mod oauth;
mod read;
pub mod remote;
pub mod web;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

pub use self::away::{Absences, Away};
pub use self::desk::{Bookmarks, Desk, Ended, Fates, Mark};
pub use self::read::Stamp;
use crate::trouble::Trouble;

/// The largest mail that is taken, in bytes. Notifications have some kilobytes; the largest attachments that mail
/// servers let through have around 50 MB. What is parsed is less ([`MAX_PARSED_BYTES`](super::mail::MAX_PARSED_BYTES)).
pub const MAX_MAIL_BYTES: u64 = 64 << 20;

/// Mails between a source and its reader. Small, because every one of them may hold [`MAX_MAIL_BYTES`].
const CHANNEL_CAPACITY: usize = 8;

/// Whether the mail with this key was recorded before; of a file, as it is now. Asked on a thread that may block, once per
/// mail and scan.
pub type Handled = Arc<dyn Fn(&str, Option<Stamp>) -> bool + Send + Sync>;

/// A mail as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Names the mail within its source for good: a changed flag or a move between the folders of a Maildir keeps it.
    pub key: String,
    /// When it was delivered, by the file's name or modification time; `None` for standard input.
    pub delivered: Option<DateTime<Utc>>,
    /// The bytes as found, possibly none at all, or why there are none.
    pub body: Result<Vec<u8>, Refusal>,
    /// Bytes of the whole mail where `body` is only its beginning.
    pub cut_from: Option<u64>,
    /// Of a file that stays where it is, and may become another: as what it was read.
    pub stamp: Option<Stamp>,
}

impl Received {
    /// A mail of which nothing is missing, or why there is none.
    #[must_use]
    pub fn whole(key: String, delivered: Option<DateTime<Utc>>, body: Result<Vec<u8>, Refusal>) -> Self {
        Self { key, delivered, body, cut_from: None, stamp: None }
    }
}

/// Why the content of a mail is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`MAX_MAIL_BYTES`].
    #[error("{bytes} bytes are more than the {MAX_MAIL_BYTES} that are read of one mail")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// A pipe, a device, a socket or a folder where a mail was expected; it was not opened.
    #[error("{kind} is no mail")]
    NotAFile {
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A server sends it in a way that nobody can read, again and again.
    #[error("the server sends what cannot be read: {reason}; `noctui source sync --again` asks for it again")]
    Garbled {
        /// What is wrong with it.
        reason: String,
    },
    /// It ended before anything came.
    #[error("there is no mail in it")]
    Empty,
    /// Its first bytes are those of something else.
    #[error("it is {kind}, and no mail")]
    Other {
        /// What it is, with its article.
        kind: &'static str,
        /// What to do to have the mail.
        remedy: &'static str,
    },
    /// The system refused.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// In the words of the operating system.
        reason: String,
    },
}

impl Refusal {
    /// Bytes that the mail has, as far as that is known.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::TooLarge { bytes } => *bytes,
            Self::NotAFile { .. }
            | Self::Garbled { .. }
            | Self::Empty
            | Self::Other { .. }
            | Self::Unreadable { .. } => 0,
        }
    }

    /// Whether reading it again can only give the same answer, so that recording it as handled loses nothing.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::Garbled { .. } | Self::Other { .. } => true,
            Self::NotAFile { .. } | Self::Empty | Self::Unreadable { .. } => false,
        }
    }
}

/// What a watched source tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Here are mails, in the order in which they are to be recorded. As many at once as the source likes to have in
    /// memory.
    Received(Vec<Received>),
    /// Everything that a folder has up to here was handed out before.
    Bookmark {
        /// The folder, as the source calls it.
        folder: String,
        /// In the source's own words.
        bookmark: String,
    },
    /// The server asks to tell the user this.
    Alert(String),
    /// The source itself is in another state than before.
    State(State),
}

/// How a watched source is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Mails that were there before are on their way.
    Reading {
        /// How many.
        mails: usize,
    },
    /// Everything there was has been handed out; what arrives from now on follows.
    Watching {
        /// `None` where the system tells of changes at once, otherwise the pause between two looks.
        looks_every: Option<Duration>,
        /// Whether all of the source was looked at for this, and not only the folder that has news.
        is_whole: bool,
    },
    /// The mailbox cannot be read, or a part of it; tried again when something changes there.
    Failing {
        /// For people: what in two or three words, a colon, the rest.
        reason: String,
    },
    /// The server cannot be read.
    Down {
        /// Why, in a word or two.
        brief: &'static str,
        /// Why, and what to do.
        trouble: Trouble,
        /// The pause before it is tried again; `None` where somebody has to do something first.
        again_in: Option<Duration>,
    },
}

/// The channel between a watched source and the worker that reads it.
///
/// When it is full the source waits, so a slow reader bounds the memory. When the reader drops its end the source ends;
/// when the source ends the reader sees the end of the stream.
#[must_use]
pub fn channel() -> (mpsc::Sender<Event>, mpsc::Receiver<Event>) {
    mpsc::channel(CHANNEL_CAPACITY)
}
