//! What the screen asks of the worker, and what the worker tells.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::config::MachineName;
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::{Action, Key, Vm};
use crate::features::console::glyph::TextScreen;
use crate::features::console::model::{Described, Proxied};
use crate::features::console::rfb::Frame;
use crate::features::console::vmcp::Definition;
use crate::secret::Secret;
use crate::trouble::Trouble;

/// Tells one console from another; the screen numbers them.
pub type ConsoleId = u64;

/// What a console leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A machine of the cluster.
    Vm(Key),
    /// A machine behind a proxy, which is named first.
    Proxied(String, MachineName),
}

impl Target {
    /// The machine's name.
    #[must_use]
    pub fn machine(&self) -> &str {
        match self {
            Self::Vm((_, name)) => name,
            Self::Proxied(_, machine) => machine.as_str(),
        }
    }
}

/// Something that is done at a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// Keys go down in this order, and up in the other one.
    Chord(Vec<u32>),
    /// These characters are typed, one after the other.
    Text(String),
    /// The pointer is there, with these buttons down.
    Pointer {
        /// The buttons.
        buttons: u8,
        /// Pixels from the left.
        x: u16,
        /// Pixels from the top.
        y: u16,
    },
    /// The clipboard holds this.
    Cut(String),
}

/// Something asked of the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Ask the cluster, the tokens and the folder of definitions again.
    Refresh,
    /// Do something to a machine. Answered by [`Report::Acted`] or [`Report::NotActed`].
    Act {
        /// Which.
        key: Key,
        /// What.
        action: Action,
    },
    /// Write a definition. Answered by [`Report::Defined`] or [`Report::NotDefined`].
    Define {
        /// The name of its file.
        name: String,
        /// What it said when it was opened; `None` where there must be none of that name. What has changed since is not
        /// overwritten.
        before: Option<Definition>,
        /// What it says.
        definition: Definition,
    },
    /// Open a console. Answered by [`Report::Opened`], [`Report::PasswordWanted`] or [`Report::Ended`].
    Open {
        /// To tell it from others.
        id: ConsoleId,
        /// Where it leads.
        target: Target,
        /// Which of the two.
        which: Which,
        /// Whether what the line said before is wanted.
        with_log: bool,
        /// The file that it was written into before it dropped, which goes on.
        recording: Option<PathBuf>,
        /// The password of a screen, where one was typed.
        password: Option<Secret>,
    },
    /// Send this along a serial line.
    Type {
        /// Which.
        id: ConsoleId,
        /// What.
        bytes: Bytes,
    },
    /// Send this along a serial line, a line at a time, so that slow readers keep up.
    Paste {
        /// Which.
        id: ConsoleId,
        /// What.
        bytes: Bytes,
    },
    /// Do this at a screen, one after the other.
    Touch {
        /// Which.
        id: ConsoleId,
        /// What.
        touches: Vec<Touch>,
    },
    /// The last picture of a screen is on the terminal: the next one may come.
    Seen {
        /// Which.
        id: ConsoleId,
        /// Whether somebody looks at it: otherwise the next one is not urgent.
        is_looked_at: bool,
    },
    /// Begin to write what a serial line says into a file, or end that.
    Log {
        /// Which.
        id: ConsoleId,
        /// Whether.
        on: bool,
    },
    /// Write this into a file of its own. Answered by [`Report::Saved`] or [`Report::Failed`].
    Save {
        /// Which console it is of.
        id: ConsoleId,
        /// Its machine, which the file is named for.
        machine: String,
        /// What it says.
        text: Bytes,
    },
    /// Close a console.
    Close {
        /// Which.
        id: ConsoleId,
    },
}

impl Request {
    /// Do one thing at a screen.
    #[must_use]
    pub fn touch(id: ConsoleId, touch: Touch) -> Self {
        Self::Touch { id, touches: vec![touch] }
    }
}

/// How the cluster is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Health {
    /// Nothing was heard yet.
    Connecting,
    /// It is listened to.
    Live,
    /// It does not tell.
    Failing {
        /// Why.
        trouble: Trouble,
        /// The reason in a word for the header.
        word: &'static str,
        /// When it is tried again.
        retry_at: DateTime<Utc>,
    },
}

/// A picture of a screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Its pixels.
    pub frame: Arc<Frame>,
    /// Its characters, where it is a text screen.
    pub text: Option<Arc<TextScreen>>,
}

/// What the worker tells.
#[derive(Debug, Clone)]
pub enum Report {
    /// How the cluster is doing, and what it is called.
    Health {
        /// How.
        health: Health,
        /// Its context, once it is known.
        name: Option<String>,
    },
    /// Every machine of the cluster.
    Machines {
        /// The machines.
        vms: Vec<Arc<Vm>>,
    },
    /// What is not among the machines of the cluster, and why; `None` where all of them are.
    Hidden(Option<Trouble>),
    /// The machines behind a proxy.
    Proxied {
        /// The proxy.
        proxy: String,
        /// The machines.
        rows: Vec<Proxied>,
        /// What keeps us from knowing, or should be known.
        trouble: Option<Trouble>,
    },
    /// The definitions.
    Definitions(Vec<Arc<Described>>),
    /// A definition was written.
    Defined {
        /// The name of its file.
        name: String,
    },
    /// A definition was not written.
    NotDefined {
        /// The name of its file.
        name: String,
        /// Why.
        trouble: Trouble,
    },
    /// The cluster has taken an order.
    Acted {
        /// For which machine.
        key: Key,
        /// What.
        action: Action,
    },
    /// An order was not carried out, or nobody knows whether it was.
    NotActed {
        /// For which machine.
        key: Key,
        /// Why.
        trouble: Trouble,
    },
    /// A console is open.
    Opened {
        /// Which.
        id: ConsoleId,
        /// What its serial line said before, where that is kept.
        log: Bytes,
    },
    /// A serial line said this.
    Said {
        /// Which.
        id: ConsoleId,
        /// What.
        bytes: Bytes,
    },
    /// A screen shows this.
    Shown {
        /// Which.
        id: ConsoleId,
        /// What.
        picture: Picture,
    },
    /// A screen has put this on the clipboard.
    Cut {
        /// Which.
        id: ConsoleId,
        /// What.
        text: String,
    },
    /// A serial line is written into this file, or into none any more.
    Logging {
        /// Which.
        id: ConsoleId,
        /// The file.
        path: Option<PathBuf>,
        /// Why into none any more, where nobody wanted that.
        trouble: Option<Trouble>,
    },
    /// What a console said was written into this file.
    Saved {
        /// Which.
        id: ConsoleId,
        /// The file.
        path: PathBuf,
    },
    /// A screen wants a password, or another one than it was given. To be opened with one.
    PasswordWanted {
        /// Which.
        id: ConsoleId,
        /// What it says.
        trouble: Trouble,
        /// Whether its connection is kept for that, for a while: so it is where none was tried. [`Report::LetGo`] tells of its
        /// end.
        is_held: bool,
    },
    /// The connection that was kept for a password has ended; a password means another one.
    LetGo {
        /// Which.
        id: ConsoleId,
        /// Why.
        trouble: Trouble,
    },
    /// A console has ended.
    Ended {
        /// Which.
        id: ConsoleId,
        /// Why; `None` where it was closed at its other end.
        trouble: Option<Trouble>,
    },
    /// Something was not done.
    Failed(Trouble),
}

impl Report {
    /// What went wrong, if that is what it tells.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Failed(trouble) | Self::NotActed { trouble, .. } | Self::NotDefined { trouble, .. } => Some(trouble),
            Self::Ended { trouble, .. } | Self::Proxied { trouble, .. } | Self::Logging { trouble, .. } => {
                trouble.as_ref()
            }
            Self::Health { .. }
            | Self::Machines { .. }
            | Self::Hidden(_)
            | Self::Definitions(_)
            | Self::Defined { .. }
            | Self::Acted { .. }
            | Self::Opened { .. }
            | Self::PasswordWanted { .. }
            | Self::LetGo { .. }
            | Self::Said { .. }
            | Self::Shown { .. }
            | Self::Cut { .. }
            | Self::Saved { .. } => None,
        }
    }
}
