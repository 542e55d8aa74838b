//! The local database: one `SQLite` file that every feature keeps its tables in.
//!
//! This module knows connections, durability and threads; it knows no feature. A feature brings its tables as
//! migrations ([`Options::migrations`]) and its queries as plain functions over a connection, which run inside
//! [`Store::write`] and [`Store::read`].
//!
//! What holds:
//! - **A write that was answered is on the disk.** Every commit is synced (`synchronous=FULL`); the answer to
//!   [`Store::write`] comes after the commit, so kill -9 or a power cut loses nothing that was confirmed.
//! - **One writer.** One thread owns the only writing connection of this process; other processes on the same directory
//!   take turns through `SQLite`'s locks.
//! - **Readers never wait for the writer** (except in rollback mode, for the moment of a commit), see one consistent
//!   state for the length of one read, and stop when nobody waits for their answer any more.
//! - **Nothing is deleted or overwritten because it cannot be read.** A damaged, newer or foreign file is an error that
//!   says what to do, and the file stays as it was.
//! - **What is written can be found.** Where another file has taken the place of the one that is open, or none has, every
//!   read and write is refused.
//! - **Idle costs nothing.** All threads block on channels; other processes' commits are noticed through file events.

mod backup;
mod connect;
mod damage;
mod error;
mod folded;
mod journal;
mod migrate;
mod reader;
mod restore;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::watch::Receiver;

pub use backup::backup;
pub use error::Error;
pub use folded::folded;
#[cfg(test)]
pub(crate) use folded::teach;
pub use restore::{Restored, restore};

/// Name of the database inside the data directory.
pub const FILE_NAME: &str = "noctui.db";

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Every feature's migrations in order; the database's version is how many of them were applied. Only ever appended
    /// to: a migration that was released is never edited.
    pub migrations: &'static [&'static str],
    /// Which journal to use.
    pub journal: Journal,
    /// Whether to wait for other processes' commits, for seconds if need be, before [`Error::Busy`].
    pub waits: bool,
}

impl Options {
    /// The usual options with these migrations.
    #[must_use]
    pub fn new(migrations: &'static [&'static str]) -> Self {
        Self { migrations, journal: Journal::Auto, waits: true }
    }
}

/// Which journal `SQLite` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// WAL where the file system can share memory between processes, the rollback journal elsewhere (NFS, SMB, FUSE).
    Auto,
    /// The rollback journal everywhere.
    Rollback,
}

/// An open database. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    // Dropped before the writer, so that the writer is the last to close and tidies up.
    readers: reader::Readers,
    writer: writer::Writer,
    watcher: Mutex<Option<watch::Watcher>>,
    shared_memory: bool,
    was_empty: bool,
}

impl Store {
    /// Opens the database in `dir`, creating both (0700 and 0600) if they are not there, and brings its tables up to
    /// this version. Blocks for some milliseconds; longer only while another process migrates.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, Error> {
        connect::make_dir(dir)?;
        let path = dir.join(FILE_NAME);
        let opened = connect::open_writer(&path, options)?;
        let damage = damage::Damage::default();
        let readers = reader::Readers::new(path.clone(), options.waits, damage.clone())?;
        let writer = writer::Writer::start(opened.connection, &path, damage)?;
        let watcher = Mutex::new(None);
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                writer,
                readers,
                watcher,
                shared_memory: opened.wal,
                was_empty: opened.was_empty,
            }),
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Whether the database was an empty file when it was opened: what somebody had in it is gone, and it begins anew.
    #[must_use]
    pub fn was_empty(&self) -> bool {
        self.inner.was_empty
    }

    /// Runs `work` in a transaction of its own and answers once it is durably committed. An error rolls back all of it.
    ///
    /// Sent means sent: dropping the future does not take the work back. Waits while 64 jobs are queued.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.inner.writer.write(work, writer::Commit::Alone).await
    }

    /// Like [`Store::write`], but may share its commit with neighbours in the queue that were sent the same way: for
    /// imports, where one sync per mail would take longer than the mail. Each job keeps its own all-or-nothing
    /// (savepoints), and each answer still comes after the commit.
    pub async fn write_in_batch<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.inner.writer.write(work, writer::Commit::Batched).await
    }

    /// Like [`Store::write`], for what nobody in this process looks at, such as a lease that is put off: [`Store::changes`]
    /// tells only other processes of it, and no screen here reads its lists again.
    pub async fn write_quietly<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.inner.writer.write(work, writer::Commit::Quiet).await
    }

    /// [`Store::write`] for headless commands: blocks the calling thread, which must not be one of a runtime's.
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.inner.writer.write_blocking(work)
    }

    /// Runs `work` on a reading connection, all of it against one consistent state. Dropping the future stops the work:
    /// a list that nobody waits for any more is not read to its end.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.inner.readers.read(work).await
    }

    /// [`Store::read`] for headless commands: runs on the calling thread.
    pub fn read_blocking<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&Connection) -> Result<T, Error>,
    {
        self.inner.readers.read_blocking(work)
    }

    /// Changes its value after every commit that changed something, by this process or another, but for what this one writes
    /// [quietly](Store::write_quietly). The number itself means
    /// nothing. The first call starts watching the data directory.
    #[must_use]
    pub fn changes(&self) -> Receiver<u64> {
        let mut watcher = self.inner.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        watcher.get_or_insert_with(|| watch::Watcher::start(&self.inner.path, &self.inner.writer));
        self.inner.writer.changes()
    }

    /// For whoever is about to drop the last clone and has somebody waiting for that. Writes that may share a commit and
    /// are not committed yet are undone and answered with [`Error::Closed`]; what is asked for by [`Store::write`] is done
    /// as always. Nobody watches the directory any more, and closing leaves the journal as it is, for the next start.
    pub fn begin_to_close(&self) {
        self.inner.writer.begin_to_close();
        drop(self.inner.watcher.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether the database is in WAL mode: readers and the writer do not wait for each other.
    #[must_use]
    pub fn is_wal(&self) -> bool {
        self.inner.shared_memory
    }
}
