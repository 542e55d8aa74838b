//! Opening connections: permissions, journal mode, pragmas.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::{Journal, Options, journal, migrate};
use crate::clock;
use crate::regular;

/// Written to `PRAGMA application_id` ("noct"), so that another program's database of the same name is recognised.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"noct");

/// Prepared statements kept per connection; a feature has some dozens.
const STATEMENTS: usize = 96;

/// Page cache of each connection. The operating system caches the file anyway; a bigger cache here showed no faster
/// lists at 100,000 maintenances and counts as resident memory.
const CACHE_KIB: i32 = 1024;

/// Whether closing the last connection leaves the journal as it is.
const NO_CHECKPOINT: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

/// Creates `dir` and its missing parents, for the user alone.
pub(super) fn make_dir(dir: &Path) -> Result<(), Error> {
    let told = |error: io::Error| {
        let is_there = error.kind() == io::ErrorKind::AlreadyExists;
        if is_there { io::Error::new(error.kind(), "it is no folder") } else { error }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| Error::io(dir, told(error)))
}

/// A writing connection whose tables are up to date.
pub(super) struct Opened {
    /// The connection.
    pub(super) connection: Connection,
    /// Whether it is in WAL mode.
    pub(super) wal: bool,
    /// Whether there was a file before, with nothing in it.
    pub(super) was_empty: bool,
}

/// Opens or creates the database at `path` and brings its tables up to date.
pub(super) fn open_writer(path: &Path, options: &Options) -> Result<Opened, Error> {
    refuse_lost(path)?;
    let is_new = create_private(path)?;
    let was_empty = !is_new && is_empty(path)?;
    if !is_new {
        make_private_if_empty(path);
    }
    if is_open_to_all(path) {
        let remedy = format!("chmod 600 {}", path.display());
        tracing::warn!(file = %path.display(), remedy, "everybody on this machine may read the database");
    }
    let (connection, wal) = match prepare(path, options, options.journal) {
        Err(Error::NoSharedMemory { .. }) => {
            journal::leave_wal(path, options.migrations.len(), options.waits)?;
            prepare(path, options, Journal::Rollback)
        }
        prepared => prepared,
    }?;
    if was_empty {
        tracing::warn!(file = %path.display(), "the database was an empty file: it begins anew");
    }
    Ok(Opened { connection, wal, was_empty })
}

/// Opens an existing file, and brings its tables up to date if it is ours; whether it is in WAL mode comes with it.
fn prepare(path: &Path, options: &Options, journal: Journal) -> Result<(Connection, bool), Error> {
    let mut connection = open(path, options.waits)?;
    // Looked at before anything that writes, and the journal mode is a write.
    migrate::refuse_foreign(&connection, path, Some(options.migrations.len()))?;
    let wal =
        journal::choose(&connection, path, journal, journal::can_share).map_err(|error| Error::from(error).at(path))?;
    migrate::apply(&mut connection, path, options.migrations)?;
    Ok((connection, wal))
}

/// Opens a connection that cannot change the database. It may still recover a journal that a killed process left, which
/// a connection opened read-only could not.
pub(super) fn open_reader(path: &Path, waits: bool) -> Result<Connection, Error> {
    let connection = open(path, waits)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| Error::from(error).at(path))?;
    Ok(connection)
}

/// Copies what is in the WAL into the database, and empties it, unless somebody uses it. Its files stay: to make them anew
/// takes space, and on a full disk what is there could not even be read.
pub(super) fn empty_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Lets closing the last connection leave the WAL as it is. Else all that is in it is copied into the database first, and
/// the file removed: some syncs and often ten milliseconds.
pub(super) fn keep_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(NO_CHECKPOINT, true).map(|_| ())
}

/// Opens an existing file with the settings that all connections share. Closing it leaves the journal as it is: a file that
/// is refused stays as it was.
pub(super) fn open(path: &Path, waits: bool) -> Result<Connection, Error> {
    if let Ok(about) = path.metadata() {
        regular::is_file(about.file_type()).map_err(|error| Error::io(path, error))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let prepare = || {
        let mut connection = Connection::open_with_flags(path, flags)?;
        keep_journal(&connection)?;
        connection.busy_handler(waits.then(wait))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Plans do not depend on parameters; without this a statement is compiled again whenever it gets new ones.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Durable against power loss at every commit; the two others matter on macOS, where fsync does not reach the disk.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        // A database made by somebody else must not run code through its schema.
        connection.pragma_update(None, "trusted_schema", false)?;
        Ok(connection)
    };
    prepare().map_err(|error: rusqlite::Error| Error::from(error).at(path))
}

/// How long to wait for other processes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits a moment for another process at each call; false once that took too long. `SQLite`'s own handler soon looks ten
/// times a second only, and so misses the moments between the commits of a process that imports.
#[expect(clippy::disallowed_methods, reason = "connections live on threads of the store's own or of headless commands")]
pub(super) fn wait() -> impl FnMut(i32) -> bool + Send + 'static {
    let mut since = None;
    move |attempt| {
        let now = Instant::now();
        let begin = if attempt == 0 { now } else { since.unwrap_or(now) };
        since = Some(begin);
        thread::sleep(Duration::from_millis(1));
        now.duration_since(begin) < PATIENCE
    }
}

/// The journal of a database.
pub(super) fn journal_of(path: &Path) -> PathBuf {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    PathBuf::from(journal)
}

/// Whether something is in the journal.
pub(super) fn has_journal(path: &Path) -> bool {
    journal_of(path).metadata().is_ok_and(|journal| journal.len() > 0)
}

/// An error where a journal is left of a database that is not there: `SQLite` would remove it, and with it the last of what
/// was written.
fn refuse_lost(path: &Path) -> Result<(), Error> {
    // In this order: the database is there before its journal, whoever makes it.
    if has_journal(path) && !path.exists() {
        return Err(Error::Lost { path: path.to_owned() });
    }
    Ok(())
}

/// Which file a path led to: that may change while the file is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    /// Of the file at `path`.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let found = path.metadata().map_err(|error| Error::io(path, error))?;
        Ok(Self { device: found.dev(), number: found.ino() })
    }

    /// An error if `path` leads elsewhere by now: what is written to the file that is open would be found by nobody.
    pub(super) fn hold(self, path: &Path) -> Result<(), Error> {
        match path.metadata() {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.number) => Ok(()),
            Ok(_) => Err(Error::Replaced { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Replaced { path: path.to_owned() }),
            // Whatever that is, the file that is open will tell.
            Err(_) => Ok(()),
        }
    }
}

/// Whether the file has nothing in it, though it was not made just now by another process. An error where a journal says
/// that it had something: `SQLite` would remove the journal, and with it the last that is left.
fn is_empty(path: &Path) -> Result<bool, Error> {
    /// Longer than another process takes from making a file to its first commit.
    const JUST_NOW: TimeDelta = TimeDelta::seconds(10);
    let look = || path.metadata().map_err(|error| Error::io(path, error));
    let found = look()?;
    if found.len() > 0 {
        return Ok(false);
    }
    // The database has its first page before its journal has anything: it may have got both since it was looked at.
    if has_journal(path) && look()?.len() == 0 {
        return Err(Error::Emptied { path: path.to_owned() });
    }
    Ok(found.modified().is_ok_and(|at| clock::now() - DateTime::<Utc>::from(at) > JUST_NOW))
}

/// Takes from everybody else an empty file that will be a database. One that has something in it keeps the permissions that
/// somebody gave it.
fn make_private_if_empty(path: &Path) {
    let Ok(found) = path.metadata() else { return };
    if found.len() > 0 || found.permissions().mode() & 0o777 == 0o600 {
        return;
    }
    if let Err(error) = fs::set_permissions(path, Permissions::from_mode(0o600)) {
        tracing::warn!(file = %path.display(), %error, "others may be able to read the database");
    }
}

/// Whether whoever is on this machine may read what is in the database: nobody gets at it in a folder that is closed.
pub(super) fn is_open_to_all(path: &Path) -> bool {
    let allows = |path: &Path, bit: u32| path.metadata().is_ok_and(|about| about.permissions().mode() & bit != 0);
    allows(path, 0o004) && path.parent().is_some_and(|dir| allows(dir, 0o001))
}

/// Creates an empty file for the user alone if there is none, and answers whether it did; `SQLite` gives its journals the
/// same permissions.
fn create_private(path: &Path) -> Result<bool, Error> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => {
            file.sync_all().map_err(|error| Error::io(path, error))?;
            // The new name itself must survive a power cut.
            let dir = path.parent().unwrap_or(path);
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::FILE_NAME;
    use crate::store::tests::open as open_store;

    #[test]
    fn a_database_that_everybody_may_read_is_told_of_and_one_in_a_closed_folder_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        drop(open_store(dir.path()));
        for (file, folder, told) in [(0o644, 0o755, true), (0o644, 0o700, false), (0o640, 0o755, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(file)).unwrap();
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(folder)).unwrap();
            assert_eq!(is_open_to_all(&path), told, "{file:o} in {folder:o}");
        }
    }
}
