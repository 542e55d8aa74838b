//! How the sources are doing, as the worker tells it.

use chrono::{DateTime, Utc};

use crate::features::maintenance::model::Outcome;
use crate::features::maintenance::store::given_up::GivenUp;
use crate::features::maintenance::store::source::Known;
use crate::trouble::Trouble;

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
        /// What it says is wrong, if something is.
        failure: Option<String>,
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
    /// When it is looked at again, where the server does not tell of new mail.
    pub next_at: Option<DateTime<Utc>>,
    /// Mails taken from it since the start.
    pub received: usize,
    /// Those of them that had not come before.
    pub fresh: usize,
    /// How many of them nobody could read.
    pub unparsed: usize,
    /// What its server last asked to tell the user.
    pub alert: Option<String>,
}

/// What is known of a source beside its state in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    /// Its name in the configuration.
    pub name: String,
    /// What it is, as the configuration says it.
    pub kind: &'static str,
    /// Where it is.
    pub place: String,
    /// What the processes on this data directory tell.
    pub known: Known,
    /// Who reads it now, where only one does.
    pub reader: Option<String>,
    /// Mails it has handed over.
    pub mails: u64,
    /// What became of those that are still kept.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Those that never came.
    pub given_up: GivenUp,
}
