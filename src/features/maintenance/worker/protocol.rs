//! What the screen asks of the worker, and what the worker tells.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::mail::Readable;
use crate::features::maintenance::model::{Notice, Outcome};
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::count::{Count, Counts};
use crate::features::maintenance::store::detail::Detail;
use crate::features::maintenance::store::draft::Draft;
use crate::features::maintenance::store::list::{Anchor, Filter, ListQuery, Mark, Window};
use crate::features::maintenance::store::unparsed::{NotificationAnchor, Notifications, Which};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::trouble::Trouble;

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
    /// The notes that this one has begun.
    Drafts {
        /// Who.
        who: String,
    },
}

/// Something that changes the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Acknowledge as seen.
    Acknowledge {
        /// What, at which revision.
        targets: Vec<Target>,
        /// Who says so.
        who: String,
    },
    /// Take acknowledgements back.
    Unacknowledge {
        /// Of which.
        keys: Vec<MaintenanceKey>,
        /// Who says so.
        who: String,
    },
    /// Add a note.
    Note {
        /// To which.
        keys: Vec<MaintenanceKey>,
        /// What it says.
        text: String,
        /// Who says so.
        who: String,
    },
    /// Take an action back.
    Undo {
        /// Which.
        inverse: Inverse,
        /// Who says so.
        who: String,
    },
    /// Take back what this one did last, in whichever process.
    UndoLast {
        /// Who.
        who: String,
    },
    /// Keep what was written of a note so far.
    Draft {
        /// On which it is to be written.
        keys: Vec<MaintenanceKey>,
        /// What there is of it; none removes an earlier draft.
        text: String,
        /// Whether somebody put it away and waits to be told; else it is kept while it is being written.
        is_put_away: bool,
        /// Who writes it.
        who: String,
    },
    /// These were looked at.
    Seen(Vec<Target>),
    /// Nobody need look at these mails any more.
    Dismiss {
        /// Which.
        keys: Vec<NotificationKey>,
        /// Who says so.
        who: String,
    },
    /// These mails need a look again.
    BringBack {
        /// Which.
        keys: Vec<NotificationKey>,
        /// Who says so.
        who: String,
    },
    /// Take what is suggested for a mail as what it means.
    Accept {
        /// The mail.
        key: NotificationKey,
        /// What it means.
        notice: Box<Notice>,
        /// Who says so.
        who: String,
    },
}

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
    },
    /// Undone.
    Undone {
        /// What it did.
        inverse: Inverse,
        /// To how many maintenances, or mails.
        count: usize,
        /// Provider and id of one maintenance, cleaned; empty where it is gone, and for mails.
        first: String,
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
    /// A suggestion became this maintenance, as `PROVIDER/ID`.
    Accepted(String),
    /// A suggestion was not accepted: the mail was read meanwhile, or a newer notice is known.
    NotAccepted,
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
            Self::NotAccepted => true,
            Self::Undone { .. }
            | Self::NothingToUndo
            | Self::NothingDone
            | Self::Drafted { .. }
            | Self::Seen
            | Self::Accepted(_)
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
    /// Who dismissed it, and when.
    pub dismissed: Option<(String, DateTime<Utc>)>,
    /// Where less of it is kept than came: how many bytes are kept, and how many came.
    pub cut: Option<(u64, u64)>,
}

/// How a source is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceHealth {
    /// Being opened.
    Starting,
    /// So many mails are being read.
    Reading(usize),
    /// Read to the end; what arrives is taken at once, or at the next look.
    Watching,
    /// Cannot be read.
    Failing(String),
    /// Its server cannot be read.
    Down {
        /// Why, in a word or two.
        brief: &'static str,
        /// Why, and what to do.
        trouble: Trouble,
        /// When it is tried again; `None` where somebody has to do something first.
        again_at: Option<DateTime<Utc>>,
    },
    /// Somebody lets it rest.
    Paused {
        /// Who.
        who: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Another process on this data directory reads it.
    Standby {
        /// Its number and host.
        holder: String,
    },
    /// Mails of it are there that the store did not take.
    Waiting {
        /// Why, in a word or two.
        reason: &'static str,
        /// Why, in a sentence.
        why: String,
        /// How many.
        mails: usize,
        /// When they are tried again.
        again_at: DateTime<Utc>,
    },
}

/// A source as the header shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Its name in the configuration.
    pub name: String,
    /// What it is and where.
    pub place: String,
    /// How it is doing.
    pub health: SourceHealth,
    /// When it was last known to be complete.
    pub fresh_at: Option<DateTime<Utc>>,
    /// Mails taken from it since the start.
    pub received: usize,
    /// What its server last asked to tell the user.
    pub alert: Option<String>,
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
    /// What is older than the configuration keeps is gone.
    Forgotten {
        /// Windows of maintenances.
        maintenances: usize,
        /// Mails.
        notifications: usize,
    },
    /// The store has changed: here, or in another process.
    Changed,
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
}

impl Report {
    /// Whether it is what became of a write or an export. They are answered in the order in which they were asked for.
    #[must_use]
    pub fn is_answer_to_a_write(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed(_))
    }

    /// Why something was not done, if that is what it tells.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        if let Self::Failed(trouble) = self { Some(trouble) } else { None }
    }
}
