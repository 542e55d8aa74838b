//! Noticing what other processes commit, without polling.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use notify::EventKind;

use super::writer::{Prober, Writer};
use super::{FILE_NAME, journal};
use crate::watching::FolderWatch;

/// The waits between looking again after a file event. The event comes with the first byte written, the commit is
/// visible only after the sync, so that the first look may come too early.
const LOOKS: [Duration; 5] = [
    Duration::from_millis(30),
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// The pace where no file events come, as on network file systems.
const POLL: Duration = Duration::from_secs(5);

/// Keeps the file events coming; dropping it ends the watching thread.
pub(super) struct Watcher {
    _events: Option<FolderWatch>,
    /// Closed on drop, with the watch's own: the thread waits for events no longer.
    _touched: SyncSender<()>,
    /// Closed on drop: the thread does not let the rest of a wait go by. Nothing is ever sent.
    _end: SyncSender<()>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

impl Watcher {
    /// Watches the directory of `path`.
    pub(super) fn start(path: &Path, writer: &Writer) -> Self {
        // Capacity 1: an event that finds one waiting adds nothing. The thread hears of the end when both senders close.
        let (touched, events) = sync_channel(1);
        let (end, ended) = sync_channel(0);
        let watcher = if journal::on_network(path) { None } else { watch(path, touched.clone()) };
        let pace = if watcher.is_some() { None } else { Some(POLL) };
        if let Some(prober) = writer.prober() {
            let started = thread::Builder::new()
                .name("store-watch".to_owned())
                .spawn(move || serve(&prober, &events, &ended, pace));
            if let Err(error) = started {
                tracing::warn!(%error, "other processes' changes will not show by themselves");
            }
        }
        Self { _events: watcher, _touched: touched, _end: end }
    }
}

/// File events of the database and its journals.
fn watch(path: &Path, touched: SyncSender<()>) -> Option<FolderWatch> {
    let dir = path.parent()?;
    let ours = move |changed: &PathBuf| {
        changed.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(FILE_NAME))
    };
    let database = path.to_owned();
    let mut watch = FolderWatch::new(move |event| {
        // Reading opens files too; only a modified file can mean a commit, and only one that goes or comes that another has
        // its place. A failed event may hide either.
        let relevant = event.map_or(true, |event| match event.kind {
            EventKind::Modify(_) => event.paths.iter().any(&ours),
            EventKind::Create(_) | EventKind::Remove(_) => event.paths.contains(&database),
            EventKind::Any | EventKind::Access(_) | EventKind::Other => false,
        });
        if relevant {
            let _ = touched.try_send(());
        }
    })
    .ok()?;
    watch.watch(dir).ok()?;
    Some(watch)
}

/// Looks whether others committed after each event, or at `pace`; sleeps otherwise.
fn serve(prober: &Prober, events: &Receiver<()>, ended: &Receiver<()>, pace: Option<Duration>) {
    loop {
        let woken = match pace {
            Some(pace) => events.recv_timeout(pace),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if woken == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        let waits: &[Duration] = if pace.is_some() { &[Duration::ZERO] } else { &LOOKS };
        for wait in waits {
            // The events of one burst of writing go by meanwhile: waking for each would cost more than the writing.
            if ended.recv_timeout(*wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            let _ = events.try_recv();
            let Some(has_news) = prober.has_news() else { return };
            if has_news {
                prober.announce();
                break;
            }
        }
    }
}
