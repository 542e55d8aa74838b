//! What the operating system tells of changes in a Maildir, gathered until somebody has time for it.

use std::collections::HashMap;
use std::iter;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::EventKind;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use tokio::sync::Notify;

use super::listing::FOLDERS;
use crate::watching::FolderWatch;

/// Changes remembered one by one; beyond that the whole Maildir is listed again, which costs less than the memory.
const MAX_GATHERED: usize = 10_000;

/// A watch on some folders. Costs nothing while nothing changes: the system wakes a thread of the watcher's own.
#[derive(Debug)]
pub(super) struct Changes {
    /// What was told; the watcher's thread holds the other reference.
    told: Arc<Told>,
    /// Ends the watch when dropped.
    _watch: FolderWatch,
}

/// What happened since it was last asked.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Files of `new/` and `cur/` that appeared or changed.
    pub(super) files: HashMap<PathBuf, Touch>,
    /// Something was missed: only a new listing tells what is there.
    pub(super) list_again: bool,
    /// A watched folder itself appeared, moved or went: the watch may be on the wrong one.
    pub(super) open_again: bool,
}

/// How complete a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    /// Renamed here or closed after writing.
    Complete,
    /// Created here, and perhaps still being written.
    Growing,
}

/// Shared between the watcher's thread and the source.
#[derive(Debug, Default)]
struct Told {
    /// The changes so far.
    gathered: Mutex<Gathered>,
    /// Rung after every change.
    bell: Notify,
}

impl Changes {
    /// Watches a Maildir: its folders, and the root for folders that come later.
    pub(super) fn of_maildir(root: &Path) -> notify::Result<Self> {
        let folders: Vec<_> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
        // The root first: whether the others exist is asked when their coming would be told.
        let existing = folders.clone().into_iter().filter(|folder| folder.is_dir());
        let watched = iter::once(root.to_owned()).chain(existing);
        let root = root.to_owned();
        Self::watch(watched, move |gathered, event| {
            for path in &event.paths {
                if *path == root || folders.contains(path) {
                    gathered.open_again |= is_about_the_name(event.kind);
                } else if let Some(touch) = touch(event.kind)
                    && path.parent().is_some_and(|parent| folders.iter().any(|folder| folder == parent))
                {
                    gathered.touch(path, touch);
                }
            }
        })
    }

    /// Watches `nearest`, the last existing folder on the way to a Maildir at `root` that is not there yet.
    pub(super) fn above(nearest: &Path, root: &Path) -> notify::Result<Self> {
        let root = root.to_owned();
        Self::watch(iter::once(nearest.to_owned()), move |gathered, event| {
            let ours = event.paths.iter().any(|path| root.starts_with(path) || path.starts_with(&root));
            gathered.open_again |= ours && (is_about_the_name(event.kind) || is_about_access(event.kind));
        })
    }

    /// Watches `folders`, not what is below them; `gather` sees each event on the watcher's thread.
    fn watch<G>(folders: impl Iterator<Item = PathBuf>, gather: G) -> notify::Result<Self>
    where
        G: Fn(&mut Gathered, &notify::Event) + Send + 'static,
    {
        let told = Arc::new(Told::default());
        let teller = Arc::clone(&told);
        let mut watch = FolderWatch::new(move |event| {
            let mut gathered = teller.lock();
            match event {
                Ok(event) if event.need_rescan() => gathered.list_again = true,
                Ok(event) => gather(&mut gathered, &event),
                Err(_) => gathered.list_again = true,
            }
            let anything = !gathered.files.is_empty() || gathered.list_again || gathered.open_again;
            drop(gathered);
            if anything {
                teller.bell.notify_one();
            }
        })?;
        for folder in folders {
            watch.watch(&folder)?;
        }
        Ok(Self { told, _watch: watch })
    }

    /// Waits for something to happen and takes what was gathered. Cancel safe: nothing is taken before it returns.
    pub(super) async fn next(&self) -> Gathered {
        self.told.bell.notified().await;
        mem::take(&mut *self.told.lock())
    }
}

impl Told {
    /// The changes; a watcher thread that panicked half-way leaves them usable.
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// Remembers that `path` was touched.
    fn touch(&mut self, path: &Path, touch: Option<Touch>) {
        if self.list_again || self.files.len() >= MAX_GATHERED {
            self.files.clear();
            self.list_again = true;
            return;
        }
        match touch {
            Some(touch) => _ = self.files.insert(path.to_owned(), touch),
            None => _ = self.files.entry(path.to_owned()).or_insert(Touch::Complete),
        }
    }
}

/// What an event says of a file that it names: `Some(None)` leaves open how complete the file is.
#[expect(clippy::option_option, reason = "no mail, a mail of unknown state, a mail of known state")]
fn touch(kind: EventKind) -> Option<Option<Touch>> {
    match kind {
        EventKind::Modify(ModifyKind::Name(RenameMode::To))
        | EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Some(Touch::Complete)),
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Data(_)) => Some(Some(Touch::Growing)),
        // Permissions may have been given, or one that could not be read has gone.
        EventKind::Modify(ModifyKind::Metadata(_) | ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => {
            Some(None)
        }
        EventKind::Any | EventKind::Access(_) | EventKind::Modify(_) | EventKind::Other => None,
    }
}

/// Whether a name appeared, went or now means something else.
fn is_about_the_name(kind: EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

/// Whether permissions may have changed.
fn is_about_access(kind: EventKind) -> bool {
    matches!(kind, EventKind::Modify(ModifyKind::Metadata(_)))
}
