//! What the screen asks of the worker, and what the worker tells. Everything names its lab by the name that the
//! configuration gives it.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::connect::{Launch, Tunnel};
use crate::features::lab::model::{Forward, Holding, Protocol, Reach, Saved, Since, Snapshot, Unusable, Wanted};
use crate::features::lab::store::Action;
use crate::features::lab::store::open::Found;
use crate::features::lab::store::temporary::Temporary;
use crate::trouble::Trouble;

/// A lab as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own, shown by its own word")]
pub struct LabView {
    /// Its name.
    pub name: String,
    /// Its address.
    pub server: String,
    /// The gateway's host as seen from here, where it is not the address that the gateway tells.
    pub gateway: Option<String>,
    /// Whether lines can be run in the gateway's shell.
    pub has_shell: bool,
    /// Whether it is production.
    pub production: bool,
    /// Whether nothing may be written to it.
    pub read_only: bool,
    /// Whether its certificate is not checked.
    pub unverified: bool,
    /// Whether nothing is encrypted on the way.
    pub plain: bool,
}

/// Tells one order from another; the screen numbers them.
pub type JobId = u64;

/// Something asked of the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Read every lab again, and try at once where that failed.
    Refresh,
    /// The same because somebody said so: a login that was refused is tried once more, too.
    Retry,
    /// Change forwards, one after the other. Answered by a [`Report::Step`] for each and [`Report::Ended`].
    Change {
        /// Which lab.
        lab: String,
        /// To tell it from others.
        job: JobId,
        /// What.
        changes: Vec<Change>,
    },
    /// Do not begin what an order has not begun yet.
    Cancel {
        /// Which order.
        job: JobId,
    },
    /// See to it that there is a forward, and that something answers behind it. Answered by [`Report::Ready`].
    Prepare {
        /// Which lab.
        lab: String,
        /// To tell it from others.
        job: JobId,
        /// The forward that is to be used, and the gateway's host as seen from here; `None` where one has to be found or
        /// made first.
        existing: Option<(Forward, String)>,
        /// Where it leads.
        wanted: Wanted,
        /// How it is to be used; `None` as its port is usually used.
        protocol: Option<Protocol>,
        /// Whether it is removed afterwards if it was made for this.
        remove_after: bool,
    },
    /// The program of a connection has started, over a forward that goes when it ends.
    Started {
        /// Of which lab.
        lab: String,
        /// The forward.
        forward: Forward,
        /// The program's number.
        pid: u32,
    },
    /// A forward that was made for a connection stays after all.
    Keep {
        /// Of which lab.
        lab: String,
        /// The forward.
        forward: Forward,
    },
    /// Write a lab's forwards into a file.
    Save {
        /// Which lab.
        lab: String,
        /// The file, which must not exist.
        path: PathBuf,
    },
    /// Read forwards from a file. Answered by [`Report::Loaded`].
    Load {
        /// For which lab.
        lab: String,
        /// The file.
        path: PathBuf,
    },
    /// What was asked for a machine from here. Answered by [`Report::History`].
    History {
        /// Which lab.
        lab: String,
        /// The machine.
        name: String,
    },
}

/// How a lab is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Health {
    /// Nothing was heard yet.
    Connecting,
    /// It answered last time.
    Live {
        /// When.
        at: DateTime<Utc>,
    },
    /// It did not.
    Failing {
        /// Why.
        trouble: Trouble,
        /// The reason in a word for the header.
        word: &'static str,
        /// When it answered last; `None` if never.
        since: Option<DateTime<Utc>>,
        /// When it is tried again; `None` where nothing is tried before somebody has done something.
        retry_at: Option<DateTime<Utc>>,
    },
}

/// A forward that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The forward.
    pub forward: Forward,
    /// The gateway's host as seen from here.
    pub host: String,
    /// Whether it was made for this.
    pub is_new: bool,
    /// Whether it goes when the program has ended.
    pub goes: bool,
    /// The program, and where it runs.
    pub(crate) launch: Launch,
    /// What is offered where that fails at once and may have wanted a display.
    pub(crate) instead: Option<Tunnel>,
}

/// What the worker tells.
#[derive(Debug, Clone)]
pub enum Report {
    /// How a lab is doing.
    Health {
        /// Which.
        lab: String,
        /// How.
        health: Health,
    },
    /// All that a lab told.
    Snapshot {
        /// Which.
        lab: String,
        /// What.
        snapshot: Arc<Snapshot>,
        /// Since when its machines answer pings, or do not.
        since: Arc<Since>,
        /// When it told that.
        at: DateTime<Utc>,
    },
    /// What was measured, by the gateway's port.
    Reached {
        /// Of which lab.
        lab: String,
        /// What.
        reached: Vec<(u16, Reach)>,
        /// Whether every port has been measured once more with it.
        is_complete: bool,
    },
    /// The token that is held.
    Token {
        /// Of which lab.
        lab: String,
        /// What it says.
        holding: Option<Holding>,
    },
    /// A change of an order has begun, or has ended.
    Step {
        /// Of which order.
        job: JobId,
        /// Which change, counted from 0.
        at: usize,
        /// What came of it; `None` when it has just begun.
        outcome: Option<Outcome>,
    },
    /// An order has ended; what it has not begun it does not begin any more.
    Ended {
        /// Which.
        job: JobId,
    },
    /// A forward is there and answers, or why not.
    Ready {
        /// To which order.
        job: JobId,
        /// The forward; with the trouble comes one that was made all the same.
        result: Result<Prepared, (Trouble, Option<Forward>)>,
    },
    /// Forwards were written into a file.
    Saved {
        /// How many.
        count: usize,
        /// Those of them that cannot be made again.
        unusable: Vec<Unusable>,
        /// Where.
        path: PathBuf,
    },
    /// Forwards were read from a file.
    Loaded {
        /// For which lab.
        lab: String,
        /// What the file has.
        saved: Saved,
        /// The file.
        path: PathBuf,
    },
    /// What was deleted from here lately and is not there again; told once, at the beginning.
    Deleted {
        /// Of which lab.
        lab: String,
        /// The newest last.
        forwards: Vec<Forward>,
    },
    /// What became of actions of which nobody had heard.
    Found {
        /// Of which lab.
        lab: String,
        /// Each; the newest last.
        found: Vec<Found>,
    },
    /// The forwards that were made for connections.
    Temporary {
        /// Of which lab.
        lab: String,
        /// All of them; told when they are others than before.
        temporary: Vec<Temporary>,
    },
    /// What was asked for a machine.
    History {
        /// Of which lab.
        lab: String,
        /// The machine.
        name: String,
        /// The newest first.
        actions: Vec<Action>,
    },
    /// Something was not done.
    Failed(Trouble),
}

impl Report {
    /// What went wrong, if that is what it tells.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Failed(trouble)
            | Self::Step { outcome: Some(Outcome::Failed { trouble }), .. }
            | Self::Ready { result: Err((trouble, _)), .. } => Some(trouble),
            Self::Health { .. }
            | Self::Snapshot { .. }
            | Self::Reached { .. }
            | Self::Token { .. }
            | Self::Step { .. }
            | Self::Ended { .. }
            | Self::Ready { .. }
            | Self::Saved { .. }
            | Self::Loaded { .. }
            | Self::Deleted { .. }
            | Self::Found { .. }
            | Self::Temporary { .. }
            | Self::History { .. } => None,
        }
    }
}
