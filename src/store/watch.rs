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

/// The events of one commit come within so long.
const BURST: Duration = Duration::from_millis(300);

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
        let mut next = 0;
        while let Some(length) = waits.get(next) {
            let Some(more) = wait(events, ended, *length) else { return };
            if more && *length > BURST {
                next = 0;
                continue;
            }
            let Some(has_news) = prober.has_news() else { return };
            if has_news {
                prober.announce();
                break;
            }
            next = after(next, more);
        }
    }
}

/// Which wait comes after this one. The long ones come when nothing more is written: what another process commits while we
/// write ourselves is to show as soon as when we do not.
fn after(wait: usize, more: bool) -> usize {
    let is_burst = |next: &usize| LOOKS.get(*next).is_none_or(|length| *length <= BURST);
    let next = wait + 1;
    if more && !is_burst(&next) { wait } else { next }
}

/// Waits so long; whether there were more events meanwhile, the first of which ends a wait that is longer than any burst of
/// writing. `None` at the end of the watch.
fn wait(events: &Receiver<()>, ended: &Receiver<()>, length: Duration) -> Option<bool> {
    if length > BURST {
        return match events.recv_timeout(length) {
            Ok(()) => Some(true),
            Err(RecvTimeoutError::Timeout) => Some(false),
            Err(RecvTimeoutError::Disconnected) => None,
        };
    }
    // The events of one burst of writing go by meanwhile: waking for each would cost more than the writing.
    match ended.recv_timeout(length) {
        Err(RecvTimeoutError::Disconnected) => None,
        Ok(()) | Err(RecvTimeoutError::Timeout) => Some(events.try_recv().is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_during_a_long_wait_is_looked_at_without_its_end() {
        let (touched, events) = sync_channel(1);
        let (end, ended) = sync_channel(0);
        touched.send(()).unwrap();
        assert_eq!(wait(&events, &ended, Duration::MAX), Some(true));
        assert_eq!(wait(&events, &ended, Duration::from_millis(1)), Some(false));
        assert_eq!(wait(&events, &ended, BURST + Duration::from_millis(1)), Some(false));
        drop((touched, end));
        assert_eq!(wait(&events, &ended, Duration::MAX), None);
        assert_eq!(wait(&events, &ended, Duration::ZERO), None);
    }

    #[test]
    fn the_long_waits_begin_when_nothing_more_is_written() {
        assert_eq!([0, 1, 2, 3, 4].map(|wait| after(wait, false)), [1, 2, 3, 4, 5]);
        assert_eq!([0, 1, 2].map(|wait| after(wait, true)), [1, 2, 2]);
    }
}
