//! What can go wrong with the database, and what a person can do about it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::trouble::Remedy;

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file is a database, but its content is damaged.
    #[error("the database {} is damaged", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What `SQLite` says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file has nothing in it, though its journal has.
    #[error("the database {} is empty, and its journal is not", path.display())]
    Emptied {
        /// The database.
        path: PathBuf,
    },
    /// The file is not there, though its journal is.
    #[error("the database {} is missing, and its journal is not", path.display())]
    Lost {
        /// The database.
        path: PathBuf,
    },
    /// Another file has taken the place of the one that is open, or none has.
    #[error("the database {} was replaced or removed while it was in use", path.display())]
    Replaced {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a database of noctui", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A newer noctui made or migrated the database.
    #[error("the database {} has version {found}, this noctui knows up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// Directory or file cannot be created, read or written.
    #[error("cannot use {}", path.display())]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// The file system cannot share memory between processes, which the journal needs.
    #[error("the file system of {} cannot share memory between processes", path.display())]
    NoSharedMemory {
        /// The database.
        path: PathBuf,
        /// What `SQLite` says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The database may be read but not written.
    #[error("cannot write to {}", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// No space left; the transaction was rolled back.
    #[error("no space left for {}", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Another process held the database for too long.
    #[error("another noctui keeps {} busy", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// Nobody waits for this read any more.
    #[error("the read was given up for a newer one")]
    Superseded,
    /// The work given to the store panicked; its transaction was rolled back.
    #[error("a database job failed unexpectedly: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The store is shutting down.
    #[error("the database is closed")]
    Closed,
    /// The target of a backup is there already.
    #[error("{} exists already", path.display())]
    TargetExists {
        /// The target.
        path: PathBuf,
    },
    /// A backup cannot be written where it was asked for.
    #[error("cannot write {}", path.display())]
    TargetUnusable {
        /// The target.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// There is nothing to be put back.
    #[error("there is no backup at {}", path.display())]
    NoBackup {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What is to be put back has lost something.
    #[error("the backup {} is damaged", path.display())]
    BackupDamaged {
        /// The backup; the database is not concerned.
        path: PathBuf,
        /// What `SQLite` says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// What is to be put back is something else.
    #[error("{} is no backup of noctui", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// What is to be put back is in its place.
    #[error("{} is the database in use", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// There is no database to back up.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another answer of `SQLite`.
    #[error("the database refused")]
    Refused {
        /// What `SQLite` says.
        #[from]
        source: Arc<rusqlite::Error>,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused { source: Arc::new(error) }
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Corrupt { .. } => {
                "`noctui restore FILE` keeps it aside and puts the newest `noctui backup` in its place; without a backup, \
                 leave every noctui, move noctui.db, noctui.db-wal and noctui.db-shm aside together and import the mails again"
            }
            Self::Emptied { .. } => {
                "leave every noctui; keep noctui.db-wal, it has the last that was written. `noctui restore FILE` keeps it \
                 aside and puts a `noctui backup` in its place"
            }
            Self::Lost { .. } => {
                "put the file back beside noctui.db-wal, which has the last that was written; `noctui restore FILE` keeps \
                 that aside and puts a `noctui backup` in its place"
            }
            Self::Replaced { .. } => {
                "leave noctui and start it again: it works with what is there then. Nothing was written; to put a backup \
                 back, use `noctui restore FILE`, which may be done while noctui runs"
            }
            Self::NotOurs { .. } => {
                "leave every noctui; move it aside together with noctui.db-wal and noctui.db-shm if they are there, or \
                 choose another directory with --data-dir"
            }
            Self::Newer { .. } => "start the newer noctui, or choose another directory with --data-dir",
            Self::Unusable { .. } => "check owner and permissions, or choose another directory with --data-dir",
            Self::NoSharedMemory { .. } => "choose a directory on a local disk with --data-dir",
            Self::ReadOnly { .. } => "make the file and its directory writable for you, or use --data-dir",
            Self::Full { .. } => {
                "free some space; nothing that was confirmed is lost, what was refused can be repeated"
            }
            Self::Busy { .. } => "wait for the other noctui's import or backup to end and try again",
            Self::Superseded => "nothing; the newer request answers",
            Self::Panicked { .. } => "nothing was changed; please report it with the log",
            Self::Closed => "start noctui again",
            Self::TargetExists { .. } => "choose a name that does not exist yet",
            Self::TargetUnusable { .. } => "name a new file in a folder that exists and that you may write to",
            Self::NoBackup { .. } | Self::InUse { .. } => "name a file that `noctui backup` made",
            Self::BackupDamaged { .. } | Self::NotABackup { .. } => {
                "nothing was changed; name another file that `noctui backup` made"
            }
            Self::Missing { .. } => "check --data-dir; `noctui config path` shows the directory in use",
            Self::Refused { .. } => "please report it with the log",
        })
    }
}

impl Error {
    /// Whether trying again unchanged can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Full { .. } | Self::Busy { .. } | Self::Superseded => true,
            Self::Corrupt { .. }
            | Self::Emptied { .. }
            | Self::Lost { .. }
            | Self::Replaced { .. }
            | Self::NotOurs { .. }
            | Self::Newer { .. }
            | Self::Unusable { .. }
            | Self::NoSharedMemory { .. }
            | Self::ReadOnly { .. }
            | Self::Panicked { .. }
            | Self::Closed
            | Self::TargetExists { .. }
            | Self::TargetUnusable { .. }
            | Self::NoBackup { .. }
            | Self::BackupDamaged { .. }
            | Self::NotABackup { .. }
            | Self::InUse { .. }
            | Self::Missing { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// Whether it is the place that takes nothing now, whatever is written, and may take it later.
    #[must_use]
    pub fn concerns_all_writes(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::Busy { .. }
            | Self::ReadOnly { .. }
            | Self::Unusable { .. }
            | Self::NoSharedMemory { .. }
            | Self::Replaced { .. } => true,
            Self::Superseded
            | Self::Corrupt { .. }
            | Self::Emptied { .. }
            | Self::Lost { .. }
            | Self::NotOurs { .. }
            | Self::Newer { .. }
            | Self::Panicked { .. }
            | Self::Closed
            | Self::TargetExists { .. }
            | Self::TargetUnusable { .. }
            | Self::NoBackup { .. }
            | Self::BackupDamaged { .. }
            | Self::NotABackup { .. }
            | Self::InUse { .. }
            | Self::Missing { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// The same error with what is known of the place: answers of `SQLite` that mean a situation become that situation.
    pub(super) fn at(self, path: &Path) -> Self {
        let Self::Refused { source } = self else { return self };
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, source },
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            // The index of the log cannot grow: nothing but a want of space does that.
            Some(ErrorCode::SystemIoFailure)
                if source.sqlite_error().is_some_and(|it| it.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) =>
            {
                Self::Full { path }
            }
            // Locks and plain files worked: it is no matter of owners and permissions.
            Some(ErrorCode::SystemIoFailure) if is_of_shared_memory(&source) => Self::NoSharedMemory { path, source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::OperationInterrupted) => Self::Superseded,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                Self::Unusable { path, source: Arc::new(io::Error::other(source.to_string())) }
            }
            _ => Self::Refused { source },
        }
    }

    /// An error of the operating system at `path`.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::Full { path }
        } else {
            Self::Unusable { path, source: Arc::new(error) }
        }
    }
}

/// Whether `SQLite` could not share memory between processes.
pub(super) fn is_of_shared_memory(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMOPEN};
    let of_memory = [SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMOPEN];
    error.sqlite_error().is_some_and(|it| of_memory.contains(&it.extended_code))
}
