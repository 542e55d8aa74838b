//! What the simulated CloudVision is told to do wrong, or to wait with.

use std::collections::BTreeSet;
use std::time::Duration;

use tonic::Code;

/// How long the steps of the server take. None of them keeps a call waiting: the result is seen in a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// From the first write of a workspace until it is pending.
    pub create: Duration,
    /// A build, all its stages together.
    pub build: Duration,
    /// A submission.
    pub submit: Duration,
    /// A rebase.
    pub rebase: Duration,
    /// One stage of a change control.
    pub stage: Duration,
}

/// A step that can be held, so that a test can do something while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A workspace becomes pending.
    Create,
    /// A build goes through its stages.
    Build,
    /// A submission ends.
    Submit,
    /// A rebase ends.
    Rebase,
    /// A stage of a change control ends.
    Stage,
}

impl Step {
    /// How long it takes at `pace`.
    pub(super) fn takes(self, pace: &Pace) -> Duration {
        match self {
            Self::Create => pace.create,
            // A build goes through this step once for each of its stages.
            Self::Build => pace.build / 4,
            Self::Submit => pace.submit,
            Self::Rebase => pace.rebase,
            // Half before and half after the device has its configuration.
            Self::Stage => pace.stage / 2,
        }
    }
}

/// Something wrong with a call. The first fault that applies to a call is what happens to it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The end of the method's name, such as `WorkspaceService/Subscribe`; empty for every call.
    pub method: String,
    /// Calls that pass before it applies.
    pub after: usize,
    /// How many calls it applies to.
    pub times: usize,
    /// What happens to them.
    pub effect: Effect,
}

impl Fault {
    /// Something that happens to the next call of a method, once.
    #[must_use]
    pub fn once(method: &str, effect: Effect) -> Self {
        Self { method: method.to_owned(), after: 0, times: 1, effect }
    }

    /// Something that happens to every call of a method.
    #[must_use]
    pub fn always(method: &str, effect: Effect) -> Self {
        Self { method: method.to_owned(), after: 0, times: usize::MAX, effect }
    }
}

/// What can happen to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is not served; this is the answer.
    Refuse(Code, String),
    /// It is served later.
    Delay(Duration),
    /// Its connection breaks before it is served.
    Cut,
    /// It is served, then its connection breaks before the answer is sent.
    LoseAnswer,
    /// It is served, and the answer is never sent; its connection stays.
    Swallow,
    /// After this many messages its stream is reset, as by `RST_STREAM` with `INTERNAL_ERROR`.
    ResetAfter(usize),
    /// After this many messages its stream ends as if there was no more.
    EndAfter(usize),
    /// That long before every message of its stream.
    Slow(Duration),
}

/// What a build finds in a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Serial number.
    pub device: String,
    /// What is found.
    pub what: Found,
}

/// A line that devices do not take as it is, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The line without white space around it.
    pub line: String,
    /// The device's words.
    pub message: String,
    /// Whether the device refuses the line; otherwise it warns of it.
    pub refuses: bool,
}

/// The kinds of what a build finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The device refuses a line of a configlet.
    Error {
        /// Its id.
        configlet: String,
        /// Counted from one.
        line: i32,
        /// The device's words.
        message: String,
    },
    /// The device warns of a line of a configlet.
    Warning {
        /// Its id.
        configlet: String,
        /// Counted from one.
        line: i32,
        /// The device's words.
        message: String,
    },
    /// A studio's input is wrong.
    Input {
        /// Its id.
        studio: String,
        /// Where.
        path: Vec<String>,
        /// What is wrong with it.
        message: String,
    },
    /// A studio's template fails.
    Template {
        /// Its id.
        studio: String,
        /// Of the template.
        line: u32,
        /// What it says.
        message: String,
    },
    /// The software image does not fit.
    Image {
        /// What is wrong with it.
        message: String,
    },
}

impl Found {
    /// Whether a build fails for it.
    pub(super) fn is_fatal(&self) -> bool {
        !matches!(self, Self::Warning { .. })
    }
}

/// All that goes wrong on request.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// What builds find, in every build until it is taken back.
    pub(super) findings: Vec<Finding>,
    /// Lines in which builds find something.
    pub(super) objections: Vec<Objection>,
    /// Why builds fail as a whole.
    pub(super) build_error: Option<String>,
    /// Why submissions fail.
    pub(super) submit_error: Option<String>,
    /// Why rebases fail.
    pub(super) rebase_error: Option<String>,
    /// Submissions before which somebody else changes the mainline.
    pub(super) overtaken: usize,
    /// Ids for which bulk writes answer with an error, and which.
    pub(super) refused_entries: Vec<(String, String)>,
    /// Devices whose stage fails, and why.
    pub(super) failing_stages: Vec<(String, String)>,
    /// Steps that wait.
    pub(super) held: BTreeSet<Step>,
}

impl Script {
    /// The error with which a bulk write answers for an id, if it was told to.
    pub(super) fn refuses(&self, id: &str) -> Option<String> {
        self.refused_entries.iter().find(|(refused, _)| refused == id).map(|(_, error)| error.clone())
    }
}
