//! What the screen asks of the worker.

use super::Write;
use crate::features::maintenance::store::list::{Anchor, ListQuery, Mark};
use crate::features::maintenance::store::unparsed::{NotificationAnchor, Which};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};

/// A maintenance as it was on the screen when somebody acted on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub key: MaintenanceKey,
    /// Its revision then: what changed since is not acknowledged unseen.
    pub revision: u32,
}

impl From<&Mark> for Target {
    fn from(mark: &Mark) -> Self {
        Self { key: mark.key, revision: mark.revision }
    }
}

/// Something asked of the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Something to be read; answered when it is, in no order.
    Ask(Question),
    /// Something that changes the store; carried out in order, even while noctui leaves.
    Write(Write),
    /// Write a calendar file; in order with the writes.
    Export(Vec<MaintenanceKey>),
    /// Look for new mail now.
    Sync,
    /// Whether writes to backends wait, because the screen is read-only.
    Hold(bool),
}

impl From<Question> for Request {
    fn from(question: Question) -> Self {
        Self::Ask(question)
    }
}

impl From<Write> for Request {
    fn from(write: Write) -> Self {
        Self::Write(write)
    }
}

/// Something to be read from the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// A window of the list; replaces older list requests.
    List {
        /// Comes back with the answer.
        generation: u64,
        /// Order and filter.
        query: ListQuery,
        /// Around which row.
        anchor: Anchor,
        /// Rows before it.
        before: usize,
        /// Rows from it on.
        after: usize,
    },
    /// More rows at one end of the window.
    Extend {
        /// Of the window that is extended.
        generation: u64,
        /// Of the window that is extended.
        query: ListQuery,
        /// From which row on.
        anchor: Anchor,
        /// How many.
        rows: usize,
        /// Behind it, or before it.
        after: bool,
    },
    /// The figures beside the title, and how many rows match.
    Count {
        /// Comes back with the answer.
        generation: u64,
        /// Order and filter.
        query: ListQuery,
    },
    /// Every row that the filter leaves, to be marked.
    Mark(ListQuery),
    /// The mails that a filter leaves, to be marked.
    MarkMails {
        /// Which of them.
        which: Which,
        /// Words that they have to have, as typed.
        filter: String,
    },
    /// All about one maintenance.
    Open(MaintenanceKey),
    /// Notifications, newest first.
    Notifications {
        /// Comes back with the answer.
        generation: u64,
        /// Which of them.
        which: Which,
        /// The words that they have to have.
        filter: String,
        /// From where on.
        anchor: NotificationAnchor,
        /// How many.
        rows: usize,
    },
    /// One notification, readable.
    Read(NotificationKey),
    /// How the sources are doing, as every process on the data directory tells.
    Sources,
    /// The providers that there are rules for.
    Providers,
    /// What is to be written to Nautobot.
    Outbox,
    /// Maintenances that have these words, for somebody who looks for one.
    Find {
        /// Comes back with the answer.
        generation: u64,
        /// The words.
        text: String,
    },
    /// The notes that this one has begun.
    Drafts {
        /// Who.
        who: String,
    },
}
