//! Files of the user that are read again when they change, and what was read from them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::Report;
use crate::watching::FolderChanges;

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

/// Has it read now, and with each of these changes, and tells `reports`, until `stop` is cancelled or nobody listens.
pub(super) async fn keep_reading(
    mut what: impl Read,
    mut changes: FolderChanges,
    reports: Sender<Report>,
    stop: CancellationToken,
) {
    loop {
        // Read before the first wait as well: it may have changed between its reading and the watch.
        if let Some(report) = what.read().await
            && reports.send(report).await.is_err()
        {
            return;
        }
        if stop.run_until_cancelled(changes.next()).await.is_none() {
            return;
        }
    }
}
