//! Short notices of results: what was done, or what went wrong and what to do about it.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};

use crate::trouble::Trouble;
use crate::ui::theme::State;

/// How long the news of a success stays in the footer.
const SUCCESS_S: i64 = 5;
/// How long a failure stays there; a key puts it away earlier.
const FAILURE_S: i64 = 30;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// When it appeared.
    pub(crate) at: DateTime<Utc>,
    /// `Done`, `Warning` or `Failed`.
    pub(crate) state: State,
    /// One line.
    pub(crate) text: String,
}

impl Toast {
    /// When it leaves the footer.
    fn expiry(&self) -> DateTime<Utc> {
        let seconds = if self.state == State::Done { SUCCESS_S } else { FAILURE_S };
        self.at + Duration::seconds(seconds)
    }
}

/// Notices kept for the log; more than anybody reads.
const KEPT: usize = 100;

/// The notice in the footer, and those that were there before, for the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Toasts {
    /// The newest, as long as it is in the footer.
    newest: Option<Toast>,
    /// The last ones, oldest first.
    past: VecDeque<Toast>,
}

impl Toasts {
    /// Says that something was done.
    pub(crate) fn done(&mut self, at: DateTime<Utc>, text: impl Into<String>) {
        self.show(at, State::Done, text.into());
    }

    /// Says that something was refused or did not fit, and why.
    pub(crate) fn warn(&mut self, at: DateTime<Utc>, text: impl Into<String>) {
        self.show(at, State::Warning, text.into());
    }

    /// Says that something went wrong.
    pub(crate) fn fail(&mut self, at: DateTime<Utc>, trouble: &Trouble) {
        self.show(at, State::Failed, trouble.one_line());
    }

    /// Replaces the notice.
    pub(crate) fn show(&mut self, at: DateTime<Utc>, state: State, text: String) {
        let toast = Toast { at, state, text };
        if self.past.len() == KEPT {
            self.past.pop_front();
        }
        self.past.push_back(toast.clone());
        self.newest = Some(toast);
    }

    /// The last notices, the newest included, oldest first.
    pub(crate) fn past(&self) -> impl Iterator<Item = &Toast> {
        self.past.iter()
    }

    /// The notice to show now.
    pub(crate) fn current(&self) -> Option<&Toast> {
        self.newest.as_ref()
    }

    /// When the notice leaves.
    pub(crate) fn expiry(&self) -> Option<DateTime<Utc>> {
        self.newest.as_ref().map(Toast::expiry)
    }

    /// Takes the notice away when its time is over.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        if self.expiry().is_some_and(|expiry| expiry <= now) {
            self.newest = None;
        }
    }

    /// Makes room for what the footer has to say of a console that was just opened.
    pub(crate) fn dismiss(&mut self) {
        self.newest = None;
    }

    /// A key was pressed: whoever typed has seen what was there for a moment.
    pub(crate) fn seen(&mut self, now: DateTime<Utc>) {
        if self.newest.as_ref().is_some_and(|toast| now - toast.at > Duration::seconds(1)) {
            self.newest = None;
        }
    }
}
