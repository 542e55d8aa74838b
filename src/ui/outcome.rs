//! What comes out of a key or a report in a pane: questions for its worker, text for the clipboard, words for the footer.

use crate::errand::Errand;
use crate::trouble::Trouble;

/// The most that is copied. The smallest limit among terminals in use is 100,000 bytes in base64 (hterm); some cut silently beyond
/// theirs.
pub(crate) const LONGEST_COPY: usize = 74_994;

/// All of it; `R` is what the pane's worker is asked.
#[derive(Debug)]
pub(crate) struct Outcome<R> {
    /// For the worker.
    pub(crate) requests: Vec<R>,
    /// For the clipboard.
    pub(crate) copy: Option<String>,
    /// For the footer.
    pub(crate) say: Option<Say>,
    /// A program to be started for the person at the screen.
    pub(crate) errand: Option<Errand>,
}

/// What the footer is to say.
#[derive(Debug)]
pub(crate) enum Say {
    /// Something was done.
    Done(String),
    /// Something was refused, and why.
    Warn(String),
    /// Something went wrong.
    Failed(Trouble),
}

impl<R> Default for Outcome<R> {
    fn default() -> Self {
        Self { requests: Vec::new(), copy: None, say: None, errand: None }
    }
}

impl<R> Outcome<R> {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// One request.
    pub(crate) fn ask(request: impl Into<R>) -> Self {
        Self { requests: vec![request.into()], ..Self::default() }
    }

    /// A success to tell.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { say: Some(Say::Done(text.into())), ..Self::default() }
    }

    /// A refusal to tell.
    pub(crate) fn warn(text: impl Into<String>) -> Self {
        Self { say: Some(Say::Warn(text.into())), ..Self::default() }
    }

    /// A failure to tell.
    pub(crate) fn failed(trouble: Trouble) -> Self {
        Self { say: Some(Say::Failed(trouble)), ..Self::default() }
    }

    /// The same with more requests.
    pub(crate) fn and(mut self, requests: impl IntoIterator<Item = impl Into<R>>) -> Self {
        self.requests.extend(requests.into_iter().map(Into::into));
        self
    }

    /// Text for the clipboard, and the word that it was sent: no terminal acknowledges it.
    pub(crate) fn copied(text: String) -> Self {
        if text.is_empty() {
            return Self::warn("there is nothing to copy here");
        }
        let what = if text.lines().count() > 1 { format!("{} lines", text.lines().count()) } else { text.clone() };
        Self { copy: Some(text), ..Self::done(format!("sent to the terminal's clipboard: {what}")) }
    }
}
