//! Files of the user that are read again when they change, and what was read from them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::Report;
use crate::watching::FolderWatch;

/// A change is read once nothing has changed for this long: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// What was read last, shared by everybody who works with it.
#[derive(Debug)]
pub(super) struct Current<T>(Arc<Mutex<Arc<T>>>);

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Current<T> {
    /// This.
    pub(super) fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(value))))
    }

    /// It as it is now.
    pub(super) fn now(&self) -> Arc<T> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place.
    pub(super) fn replace(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

/// What is read from files of the user.
pub(super) trait Read {
    /// Reads them; what is to be told if that makes a difference.
    ///
    /// Cancel safety: can be dropped at any time; what was read is replaced as a whole.
    async fn read(&mut self) -> Option<Report>;
}

/// A watch on a file or on what is in a folder, which need not be there.
pub(super) struct Watched {
    /// The folder.
    folder: PathBuf,
    /// The watch on the folder, or on the nearest one above that is there.
    watch: FolderWatch,
    /// From the watcher's thread; one waiting event stands for any number, and it closes with the watch.
    events: Receiver<()>,
}

impl Watched {
    /// Watches what is in `folder`.
    pub(super) fn begin(folder: &Path) -> notify::Result<Self> {
        let (sender, events) = channel(1);
        let watch = FolderWatch::new(move |event| {
            if event.map_or(true, |event| is_change(&event)) {
                // Full means that it will be looked at anyway.
                let _ = sender.try_send(());
            }
        })?;
        let mut this = Self { folder: folder.to_owned(), watch, events };
        this.arm()?;
        Ok(this)
    }

    /// Watches the folder as it is now: one that was made anew needs a new watch.
    fn arm(&mut self) -> notify::Result<()> {
        self.watch.unwatch_all();
        let nearest = self.folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        self.watch.watch(nearest)
    }

    /// Has it read now, and whenever something in the folder changes, and tells `reports`, until `stop` is cancelled or nobody
    /// listens.
    pub(super) async fn keep_reading(mut self, mut what: impl Read, reports: Sender<Report>, stop: CancellationToken) {
        loop {
            // Read before the first wait as well: it may have changed between its reading and the watch.
            if let Some(report) = what.read().await
                && reports.send(report).await.is_err()
            {
                return;
            }
            if !self.changed(&stop).await {
                return;
            }
        }
    }

    /// Waits until something in the folder was written; false once `stop` is cancelled.
    ///
    /// Cancel safety: dropped while it waits, a change may go unnoticed until the next one.
    async fn changed(&mut self, stop: &CancellationToken) -> bool {
        let Some(Some(())) = stop.run_until_cancelled(self.events.recv()).await else { return false };
        if stop.run_until_cancelled(tokio::time::sleep(QUIET)).await.is_none() {
            return false;
        }
        let _ = self.events.try_recv();
        if let Err(error) = self.arm() {
            tracing::warn!(%error, folder = %self.folder.display(), "changes go unnoticed");
        }
        true
    }
}

/// Whether something was written; reading a file is an event, too.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}
