//! Saves the view soon after it has changed, so that no more of it is lost than the last moments, whatever ends noctui.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::state::{self, ViewState};

/// What is typed in one go is saved once.
const PAUSE: Duration = Duration::from_millis(500);

/// The view as it was saved, and whether it is to be saved again.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Where it is saved.
    path: PathBuf,
    /// As it is on the disk, or will be.
    known: ViewState,
    /// When it is to be saved.
    due: Option<Instant>,
    /// The save under way, on a thread of its own: a disk may be slow.
    saving: Option<JoinHandle<()>>,
}

impl Keeper {
    /// For a view that was read from `path`.
    pub(super) fn new(path: PathBuf, known: ViewState) -> Self {
        Self { path, known, due: None, saving: None }
    }

    /// The view is this now, at the place where it was read.
    pub(super) fn note(&mut self, mut view: ViewState, now: Instant) {
        view.place.clone_from(&self.known.place);
        if view != self.known {
            self.known = view;
            self.due = Some(now + PAUSE);
        }
    }

    /// Comes when there is something to save.
    ///
    /// Cancel safety: it only waits.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Saves it. While the last save is under way it waits for its turn.
    pub(super) fn save(&mut self, now: Instant) {
        if self.saving.as_ref().is_some_and(|saving| !saving.is_finished()) {
            self.due = Some(now + PAUSE);
            return;
        }
        self.due = None;
        let (path, view) = (self.path.clone(), self.known.clone());
        self.saving = Some(tokio::task::spawn_blocking(move || write(&path, &view)));
    }

    /// noctui is being left: what is not saved yet is.
    pub(super) async fn finish(mut self, view: ViewState, now: Instant) {
        self.note(view, now);
        if let Some(saving) = self.saving {
            // A panic of that thread is told by its hook.
            let _ = saving.await;
        }
        if self.due.is_some() {
            write(&self.path, &self.known);
        }
    }
}

/// Saves `view`; one that cannot be saved is worth a line in the log.
fn write(path: &std::path::Path, view: &ViewState) {
    if let Err(error) = state::save(path, view) {
        tracing::warn!(%error, "the view was not saved");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoomed(pane: &str) -> ViewState {
        ViewState { pane: Some(pane.to_owned()), zoomed: true, ..ViewState::default() }
    }

    #[tokio::test]
    async fn a_changed_view_is_saved_once_it_rests_and_one_that_did_not_change_never() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view.json");
        let mut keeper = Keeper::new(path.clone(), ViewState::default());
        let begun = Instant::now();
        keeper.note(ViewState::default(), begun);
        assert!(keeper.due.is_none());
        keeper.note(zoomed("lab"), begun);
        keeper.note(zoomed("changes"), begun + PAUSE / 2);
        assert_eq!(keeper.due, Some(begun + PAUSE / 2 + PAUSE));
        keeper.save(begun);
        assert!(keeper.due.is_none());
        keeper.finish(zoomed("changes"), Instant::now()).await;
        assert_eq!(state::load(&path), zoomed("changes"));
    }

    #[tokio::test]
    async fn what_is_not_saved_yet_is_saved_on_leaving() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view.json");
        let mut keeper = Keeper::new(path.clone(), ViewState::default().at("here".to_owned()));
        keeper.note(zoomed("lab"), Instant::now());
        keeper.save(Instant::now());
        keeper.finish(zoomed("deploys"), Instant::now()).await;
        assert_eq!(state::load(&path), zoomed("deploys").at("here".to_owned()));
    }
}
