//! What the worker tells.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::mail::Readable;
use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::nautobot::store::standing::OutboxRow;
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::count::{Count, Counts};
use crate::features::maintenance::store::detail::Detail;
use crate::features::maintenance::store::draft::Draft;
use crate::features::maintenance::store::edit::Refused;
use crate::features::maintenance::store::list::{Filter, Mark, Row, Window};
use crate::features::maintenance::store::unparsed::{Notifications, Which};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::health::{SourceFacts, SourceState};
use crate::features::maintenance::worker::{NautobotState, OutboxWish};
use crate::trouble::Trouble;

/// What was done, for the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// What came of acknowledging.
    Acknowledged {
        /// Acknowledged.
        count: usize,
        /// Changed meanwhile, and so left alone.
        changed: usize,
        /// Acknowledged before.
        already: usize,
        /// Who acknowledged the last of those, and when; `None` where there are none.
        by: Option<(String, DateTime<Utc>)>,
    },
    /// So many acknowledgements taken back.
    Unacknowledged(usize),
    /// A note written.
    Noted {
        /// On which it was to be written.
        keys: Vec<MaintenanceKey>,
        /// On how many it was.
        count: usize,
        /// Provider and id of the one maintenance; empty of several.
        first: String,
    },
    /// Undone.
    Undone {
        /// What it did.
        inverse: Inverse,
        /// To how many maintenances, or mails.
        count: usize,
        /// Provider and id of one maintenance, cleaned; empty where it is gone, and for mails.
        first: String,
        /// Whether nothing of it is left, having changed since.
        is_all: bool,
    },
    /// What was to be undone is no longer so; somebody else has been at it.
    NothingToUndo,
    /// There is nothing to be undone of somebody.
    NothingDone,
    /// A draft is kept, or gone.
    Drafted {
        /// Whether somebody wants to hear that it is kept.
        is_news: bool,
    },
    /// Looked at; not worth a word.
    Seen,
    /// So many mails dismissed.
    Dismissed(usize),
    /// So many mails brought back.
    BroughtBack(usize),
    /// Something was set by hand.
    Edited {
        /// What was done, such as "corrected".
        word: &'static str,
        /// Provider and id.
        name: String,
    },
    /// Nothing was set, for this reason.
    NotEdited(Refused),
    /// Mails from an address are of a provider from now on.
    Assigned {
        /// The address.
        address: String,
        /// The provider.
        provider: String,
        /// Of the mails that were read again, how many say something now,
        read: usize,
        /// and how many do not.
        unread: usize,
    },
    /// The mails that could not be read were read again.
    Reread {
        /// How many say something now,
        read: usize,
        /// and how many do not.
        unread: usize,
    },
    /// A source rests, is read again or looked at.
    Source {
        /// Its name.
        name: String,
        /// What was done to it, such as "paused".
        word: &'static str,
    },
    /// A suggestion became this maintenance, as `PROVIDER/ID`.
    Accepted(String),
    /// A suggestion was not accepted: the mail was read meanwhile, or a newer notice is known.
    NotAccepted,
    /// Entries of the outbox are sent again, or are gone.
    Outbox {
        /// What was wanted.
        what: OutboxWish,
        /// How many there were.
        count: usize,
    },
    /// Written to this file.
    Exported(PathBuf),
}

impl Done {
    /// Whether something was to be done that `u` takes back, and nothing of it was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Acknowledged { count, .. }
            | Self::Unacknowledged(count)
            | Self::Noted { count, .. }
            | Self::Dismissed(count)
            | Self::BroughtBack(count) => *count == 0,
            Self::NotAccepted | Self::NotEdited(_) => true,
            Self::Undone { .. }
            | Self::NothingToUndo
            | Self::NothingDone
            | Self::Drafted { .. }
            | Self::Seen
            | Self::Accepted(_)
            | Self::Edited { .. }
            | Self::Assigned { .. }
            | Self::Reread { .. }
            | Self::Source { .. }
            | Self::Outbox { .. }
            | Self::Exported(_) => false,
        }
    }
}

/// One notification, readable.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// Which.
    pub key: NotificationKey,
    /// Subject, cleaned.
    pub subject: String,
    /// The sender's address, cleaned.
    pub sender: String,
    /// The provider whose rule took it.
    pub provider: Option<String>,
    /// The source it came from.
    pub source: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where it was not read.
    pub reason: String,
    /// What it may be about, if no rule reads it and something in it looks like a maintenance.
    pub suggestion: Option<Suggestion>,
    /// What a suggestion needs to become a notice: when the mail was made.
    pub made_at: DateTime<Utc>,
    /// Its content as text.
    pub readable: Readable,
    /// Its bytes as lines that can be shown, from the first on.
    pub raw: Vec<String>,
    /// Who dismissed it, and when.
    pub dismissed: Option<(String, DateTime<Utc>)>,
    /// Where less of it is kept than came: how many bytes are kept, and how many came.
    pub cut: Option<(u64, u64)>,
}

/// Something the worker tells.
#[derive(Debug)]
pub enum Report {
    /// A window of the list.
    Listed {
        /// Of the request.
        generation: u64,
        /// The rows.
        window: Window,
    },
    /// More rows for the window.
    Extended {
        /// Of the request.
        generation: u64,
        /// Behind, or before.
        after: bool,
        /// The rows.
        window: Window,
    },
    /// The list could not be read.
    ListFailed {
        /// Of the request.
        generation: u64,
        /// Why.
        trouble: Trouble,
    },
    /// The figures.
    Counted {
        /// Of the request.
        generation: u64,
        /// Beside the title.
        counts: Counts,
        /// Rows that match the filter.
        matches: Count,
    },
    /// Every row that a filter leaves.
    Marked {
        /// Which filter.
        filter: Filter,
        /// The rows, by key.
        marks: Result<Vec<Mark>, Trouble>,
    },
    /// The mails that a filter leaves, as many as can be marked.
    MailsMarked {
        /// Which were asked for.
        which: Which,
        /// Words that they have.
        filter: String,
        /// The newest of them.
        window: Result<Notifications, Trouble>,
    },
    /// All about one maintenance; `None` if it is no longer there.
    Opened {
        /// Which was asked for.
        key: MaintenanceKey,
        /// What is known.
        detail: Result<Option<Arc<Detail>>, Trouble>,
    },
    /// Notifications.
    NotificationsListed {
        /// Of the request.
        generation: u64,
        /// Whether they continue a list.
        continues: bool,
        /// The rows.
        window: Result<Notifications, Trouble>,
    },
    /// One notification.
    Read {
        /// Which was asked for.
        key: NotificationKey,
        /// Its content.
        mail: Result<Arc<Mail>, Trouble>,
    },
    /// How the sources are doing.
    Sources(Result<Vec<SourceFacts>, Trouble>),
    /// The providers that there are rules for.
    Providers(Vec<String>),
    /// Maintenances that have some words.
    Found {
        /// Of the request.
        generation: u64,
        /// The first of them.
        rows: Vec<Row>,
    },
    /// The notes that somebody has begun.
    Drafts(Vec<Draft>),
    /// Something was done, durably.
    Done {
        /// What.
        done: Done,
        /// How it is taken back.
        inverse: Option<Inverse>,
    },
    /// Something was not done.
    Failed(Trouble),
    /// What became of what was filled in by hand.
    OfForm {
        /// As it was sent.
        form: u64,
        /// Whether it was done.
        report: Box<Self>,
    },
    /// What is older than the configuration keeps is gone.
    Forgotten {
        /// Windows of maintenances.
        maintenances: usize,
        /// Mails.
        notifications: usize,
    },
    /// The store has changed: here, or in another process.
    Changed,
    /// A backup took the place of what was in the store; sources are read anew.
    PutBack,
    /// The provider rules were read again because a file of the user changed.
    RulesRead {
        /// Files that are not used, and why.
        problems: Vec<Trouble>,
    },
    /// The user's circuits were read because their file changed, or has mistakes.
    CircuitsRead {
        /// How many there are.
        circuits: usize,
        /// What is wrong with the file.
        problems: Vec<Trouble>,
    },
    /// The state of a source.
    Source(SourceState),
    /// The state of the connection to Nautobot.
    Nautobot(Box<NautobotState>),
    /// What is to be written to Nautobot.
    Outbox(Result<Vec<OutboxRow>, Trouble>),
}

impl Report {
    /// Whether it is what became of a write or an export. They are answered in the order in which they were asked for.
    #[must_use]
    pub fn is_answer_to_a_write(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed(_) | Self::OfForm { .. })
    }

    /// Why something was not done, if that is what it tells.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        if let Self::OfForm { report, .. } = self {
            return report.trouble();
        }
        if let Self::Failed(trouble) = self { Some(trouble) } else { None }
    }

    /// The same as what became of that form, if it is of one.
    pub(in crate::features::maintenance::worker) fn of_form(self, form: Option<u64>) -> Self {
        match form {
            Some(form) => Self::OfForm { form, report: Box::new(self) },
            None => self,
        }
    }
}
