//! Where a source's mails come from: what kind of source it is, where that is, and its name in the store.

use std::path::PathBuf;

use crate::config::{Imap, Service, SourceFrom, WebMail};
use crate::features::maintenance::source::{imap, web};

/// What a source is, as far as reading it goes.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A Maildir on this machine.
    Maildir(PathBuf),
    /// A mailbox on a server.
    Imap(Box<Imap>),
    /// A mailbox that is read over HTTPS.
    Web(Box<WebMail>),
}

impl Kind {
    /// What the configuration says of it.
    pub(super) fn of(from: &SourceFrom) -> Self {
        match from {
            SourceFrom::Maildir { path } => Self::Maildir(path.clone()),
            SourceFrom::Imap(config) => Self::Imap(config.clone()),
            SourceFrom::Web(config) => Self::Web(config.clone()),
        }
    }
}

/// Whether a source is on a network.
pub(crate) fn is_remote(from: &SourceFrom) -> bool {
    match from {
        SourceFrom::Maildir { .. } => false,
        SourceFrom::Imap(_) | SourceFrom::Web(_) => true,
    }
}

/// The name under which a source's mails stand in the store.
pub(crate) fn label(from: &SourceFrom) -> String {
    match from {
        SourceFrom::Maildir { path } => format!("maildir {}", path.display()),
        SourceFrom::Imap(config) => imap::label(config),
        SourceFrom::Web(config) => web::label(config),
    }
}

/// The kind of a source, as the configuration says it.
pub(crate) fn kind(from: &SourceFrom) -> &'static str {
    match from {
        SourceFrom::Maildir { .. } => "maildir",
        SourceFrom::Imap(_) => "imap",
        SourceFrom::Web(config) => match config.service {
            Service::Gmail => "gmail",
            Service::Microsoft => "microsoft",
        },
    }
}

/// Where a source is, for people.
pub(crate) fn place(from: &SourceFrom) -> String {
    match from {
        SourceFrom::Maildir { path } => path.display().to_string(),
        SourceFrom::Imap(config) => format!("{} at {}: {}", config.user, config.server, config.folders.join(", ")),
        SourceFrom::Web(config) => format!("{} at {}: {}", config.user, config.url, config.folders.join(", ")),
    }
}
