//! What a watched source works with.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{Absences, Away, Event, Handled, State};
use crate::blocking;

/// The bookmark of a folder, as it was last kept. Asked on a thread that may block.
pub type Bookmarks = Arc<dyn Fn(&str) -> Option<Mark> + Send + Sync>;

/// A bookmark that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// In the source's own words.
    pub text: String,
    /// Whether it was put under the settings that say now which mails are wanted. Under others mails before it may have been
    /// passed over that are wanted now.
    pub is_current: bool,
}

/// What became of mails, for a source that marks them.
pub trait Fates: Send + Sync {
    /// Some of those whose outcome the source was not told yet: the key, the outcome, and which one it was told before.
    /// Asked on a thread that may block.
    fn untold(&self) -> Vec<(String, &'static str, Option<String>)>;

    /// The source has marked these with these outcomes. Told on a thread that may block.
    fn told(&self, marked: Vec<(String, &'static str)>);
}

/// The reader is gone: the source ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

/// What a source asks, and where it tells.
pub struct Desk {
    /// Whether a mail was recorded before.
    handled: Handled,
    /// How far a folder was read.
    bookmarks: Bookmarks,
    /// To the reader. When it is full the source waits.
    out: mpsc::Sender<Event>,
    /// Changes whenever somebody wants the source to look now; the number itself means nothing.
    wanted: watch::Receiver<u64>,
    /// What became of mails, where the source wants to know.
    fates: Option<Arc<dyn Fates>>,
    /// What is kept of mails that do not come.
    absences: Option<Arc<dyn Absences>>,
    /// The state that was told last, so that it is told once.
    told: Option<State>,
}

impl Desk {
    /// A desk whose source has told nothing yet.
    #[must_use]
    pub fn new(handled: Handled, bookmarks: Bookmarks, out: mpsc::Sender<Event>, wanted: watch::Receiver<u64>) -> Self {
        Self { handled, bookmarks, out, wanted, fates: None, absences: None, told: None }
    }

    /// The same, with what became of mails.
    #[must_use]
    pub fn with_fates(self, fates: Arc<dyn Fates>) -> Self {
        Self { fates: Some(fates), ..self }
    }

    /// The same, with what is kept of mails that do not come.
    #[must_use]
    pub fn with_absences(self, absences: Arc<dyn Absences>) -> Self {
        Self { absences: Some(absences), ..self }
    }

    /// What is known of mails that do not come, by their keys.
    pub async fn away(&self) -> Vec<(String, Away)> {
        let Some(absences) = self.absences.clone() else { return Vec::new() };
        blocking::run(move || absences.away()).await
    }

    /// These are away as it says, or not any more.
    pub async fn keep_away(&self, changed: Vec<(String, Option<Away>)>) {
        if let Some(absences) = self.absences.clone().filter(|_| !changed.is_empty()) {
            blocking::run(move || absences.keep(changed)).await;
        }
    }

    /// Mails that were given up and that somebody wants to be asked for again, by their keys.
    pub async fn asked_again(&self) -> Vec<String> {
        let Some(absences) = self.absences.clone() else { return Vec::new() };
        blocking::run(move || absences.asked_again()).await
    }

    /// Of those these are not there any more.
    pub async fn gone(&self, keys: Vec<String>) {
        if let Some(absences) = self.absences.clone().filter(|_| !keys.is_empty()) {
            blocking::run(move || absences.gone(keys)).await;
        }
    }

    /// What became of mails that the source was not told yet.
    pub async fn untold(&self) -> Vec<(String, &'static str, Option<String>)> {
        let Some(fates) = self.fates.clone() else { return Vec::new() };
        blocking::run(move || fates.untold()).await
    }

    /// The source has marked these with these outcomes.
    pub async fn marked(&self, marked: Vec<(String, &'static str)>) {
        if let Some(fates) = self.fates.clone() {
            blocking::run(move || fates.told(marked)).await;
        }
    }

    /// How many of these were not handled yet.
    pub async fn left(&self, keys: &[String]) -> usize {
        self.unhandled(keys.to_vec(), Clone::clone).await.len()
    }

    /// Of `items` those that were not handled before, each with the key that `key` gives it.
    pub async fn unhandled<T, F>(&self, items: Vec<T>, key: F) -> Vec<T>
    where
        T: Send + 'static,
        F: Fn(&T) -> String + Send + 'static,
    {
        let handled = Arc::clone(&self.handled);
        blocking::run(move || items.into_iter().filter(|item| !handled(&key(item), None)).collect()).await
    }

    /// The bookmark of a folder.
    pub async fn bookmark(&self, folder: &str) -> Option<Mark> {
        let (bookmarks, folder) = (Arc::clone(&self.bookmarks), folder.to_owned());
        blocking::run(move || bookmarks(&folder)).await
    }

    /// Tells the reader of something; waits for room.
    pub async fn hand_out(&self, event: Event) -> Result<(), Ended> {
        self.out.send(event).await.map_err(|_| Ended)
    }

    /// Tells the reader of a new state.
    pub async fn tell(&mut self, state: State) -> Result<(), Ended> {
        // A look that found nothing new is news to who wants to know when the next one is.
        let is_a_look = matches!(state, State::Watching { looks_every: Some(_), .. });
        if self.told.as_ref() == Some(&state) && !is_a_look {
            return Ok(());
        }
        self.told = Some(state.clone());
        self.hand_out(Event::State(state)).await
    }

    /// Waits until somebody wants the source to look now. Cancel safety: only waits.
    pub async fn wanted(&mut self) {
        if self.wanted.changed().await.is_ok() {
            // Whoever wants it waits for the answer, the same one as well.
            self.told = None;
        } else {
            // Nobody can want anything any more; the source ends otherwise.
            std::future::pending::<()>().await;
        }
    }
}
