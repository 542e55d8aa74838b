//! Folders watched by the operating system, so that nobody has to look whether something changed.
//!
//! The system's own watcher stays out of sight for what ending it costs. Linux closes a watcher's file only once nobody
//! in the kernel can still be looking at its watches; when they go with the file, as at the end of a process, that takes
//! 16 ms and sometimes twice as long, when they went a moment before, next to nothing. So the watches go at once and the
//! file later.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{Receiver, channel};

/// A change is told once nothing has changed for this long: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// How long a file without watches stays open at the least.
const REST: Duration = Duration::from_secs(1);

/// Files without watches, until another one comes after them or the process ends: as many as watches that end within a
/// second.
static RETIRED: Mutex<Vec<(Instant, RecommendedWatcher)>> = Mutex::new(Vec::new());

/// Who is told of events, on the watcher's own thread; none once the watch has ended.
type Listener = Arc<Mutex<Option<Box<dyn FnMut(notify::Result<Event>) + Send>>>>;

/// Some folders, watched until this is dropped; not what is below them.
pub(crate) struct FolderWatch {
    /// The system's watcher; `None` only while dropping.
    watcher: Option<RecommendedWatcher>,
    /// What it watches.
    folders: BTreeSet<PathBuf>,
    /// Let go of with the watch, and with it whatever channel it holds open.
    listener: Listener,
}

impl std::fmt::Debug for FolderWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FolderWatch").field("folders", &self.folders).finish_non_exhaustive()
    }
}

impl FolderWatch {
    /// Watches nothing yet. The listener must not wait for whoever owns the watch.
    pub(crate) fn new(listener: impl FnMut(notify::Result<Event>) + Send + 'static) -> notify::Result<Self> {
        let listener: Listener = Arc::new(Mutex::new(Some(Box::new(listener))));
        let told = Arc::clone(&listener);
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(listener) = lock(&told).as_mut() {
                listener(event);
            }
        })?;
        Ok(Self { watcher: Some(watcher), folders: BTreeSet::new(), listener })
    }

    /// Watches `folder`, too.
    pub(crate) fn watch(&mut self, folder: &Path) -> notify::Result<()> {
        if let Some(watcher) = &mut self.watcher {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Watches nothing any more.
    pub(crate) fn unwatch_all(&mut self) {
        for folder in std::mem::take(&mut self.folders) {
            // It may be gone, and the watch with it.
            let _ = self.watcher.as_mut().map(|watcher| watcher.unwatch(&folder));
        }
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        self.unwatch_all();
        drop(lock(&self.listener).take());
        let mut retired = lock(&RETIRED);
        let rested: Vec<_> = retired.extract_if(.., |(since, _)| since.elapsed() > REST).collect();
        retired.extend(self.watcher.take().map(|watcher| (Instant::now(), watcher)));
        drop(retired);
        drop(rested);
    }
}

/// What changes in one folder, which need not be there.
#[derive(Debug)]
pub(crate) struct FolderChanges {
    /// The folder.
    folder: PathBuf,
    /// The watch on the folder, or on the nearest one above that is there.
    watch: FolderWatch,
    /// From the watcher's thread; one waiting event stands for any number, and it closes with the watch.
    events: Receiver<()>,
}

impl FolderChanges {
    /// Those in `folder`, from now on.
    pub(crate) fn of(folder: &Path) -> notify::Result<Self> {
        let (sender, events) = channel(1);
        let watch = FolderWatch::new(move |event| {
            if event.map_or(true, |event| is_change(event.kind)) {
                // Full means that it will be looked at anyway.
                let _ = sender.try_send(());
            }
        })?;
        let mut this = Self { folder: folder.to_owned(), watch, events };
        this.arm()?;
        Ok(this)
    }

    /// Waits until something was written there.
    ///
    /// Cancel safety: dropped while it waits, a change may go unnoticed until the next one.
    pub(crate) async fn next(&mut self) {
        if self.events.recv().await.is_none() {
            // The watcher is ours, so this does not happen; if it did, nothing would ever change.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(QUIET).await;
        let _ = self.events.try_recv();
        if let Err(error) = self.arm() {
            tracing::warn!(%error, folder = %self.folder.display(), "changes go unnoticed");
        }
    }

    /// Watches the folder as it is now: one that was made anew needs a new watch.
    fn arm(&mut self) -> notify::Result<()> {
        self.watch.unwatch_all();
        let nearest = self.folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        self.watch.watch(nearest)
    }
}

/// Whether something is other than before; that we read the files ourselves is told, too.
pub(crate) fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

/// What a thread that panicked left is as good as before: nothing here is half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, RecvTimeoutError};

    use super::*;

    #[test]
    fn a_watch_tells_of_its_folders_and_its_end_closes_what_the_listener_held() {
        let folder = tempfile::tempdir().unwrap();
        let (told, events) = mpsc::channel();
        let mut watch = FolderWatch::new(move |event| _ = told.send(event)).unwrap();
        watch.watch(folder.path()).unwrap();
        std::fs::write(folder.path().join("new"), "").unwrap();
        // Only a guard against hanging: a busy machine may be slow.
        let event = events.recv_timeout(Duration::from_mins(1)).unwrap().unwrap();
        assert_eq!(event.paths, [folder.path().join("new")]);
        drop(watch);
        std::fs::write(folder.path().join("later"), "").unwrap();
        while let Ok(event) = events.try_recv() {
            assert!(!event.unwrap().paths.contains(&folder.path().join("later")));
        }
        assert_eq!(events.recv_timeout(Duration::ZERO).unwrap_err(), RecvTimeoutError::Disconnected);
    }

    #[test]
    fn folders_can_be_left_and_watched_again() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (told, events) = mpsc::channel();
        let mut watch = FolderWatch::new(move |event| _ = told.send(event)).unwrap();
        watch.watch(folder.path()).unwrap();
        watch.unwatch_all();
        watch.watch(other.path()).unwrap();
        std::fs::write(folder.path().join("unseen"), "").unwrap();
        std::fs::write(other.path().join("seen"), "").unwrap();
        let event = events.recv_timeout(Duration::from_mins(1)).unwrap().unwrap();
        assert_eq!(event.paths, [other.path().join("seen")]);
    }

    #[test]
    fn reading_is_no_change() {
        assert!(!is_change(EventKind::Access(AccessKind::Open(AccessMode::Any))));
        assert!(!is_change(EventKind::Access(AccessKind::Close(AccessMode::Read))));
        assert!(is_change(EventKind::Access(AccessKind::Close(AccessMode::Write))));
    }

    #[tokio::test]
    async fn a_folder_is_followed_while_it_comes_and_goes() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("of").join("files");
        let mut changes = FolderChanges::of(&folder).unwrap();
        for _ in 0..2 {
            std::fs::create_dir_all(&folder).unwrap();
            changes.next().await;
            std::fs::write(folder.join("new"), "text").unwrap();
            changes.next().await;
            std::fs::remove_dir_all(above.path().join("of")).unwrap();
            changes.next().await;
        }
    }
}
