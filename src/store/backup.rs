//! A copy of the database while it is in use.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::{FILE_NAME, connect, migrate};

/// Copies the database of `data_dir` into the new file `target`: one consistent state, checked and synced, a single file
/// that can be put back as it is. Other processes may go on reading and, in WAL mode, writing. An existing `target` is
/// refused, and a copy that fails leaves nothing at `target`. Answers the version of the database, which may be newer than
/// this program: a copy of it is as good.
pub fn backup(data_dir: &Path, target: &Path) -> Result<u32, Error> {
    let source = data_dir.join(FILE_NAME);
    if !source.exists() {
        return Err(Error::Missing { path: source });
    }
    if target.symlink_metadata().is_ok() {
        return Err(Error::TargetExists { path: target.to_owned() });
    }
    let partial = partial_name(target);
    make_private(&partial).map_err(|error| unusable(target, error))?;
    let done = copy(&source, &partial).and_then(|version| publish(&partial, target).map(|()| version));
    let _ = fs::remove_file(&partial);
    done
}

/// Makes an empty file for the user alone; one that is left of a copy that was killed is replaced. A device, a pipe or a link
/// is none of those, and stays: then it is there already.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok_and(|about| about.is_file()) {
        let _ = fs::remove_file(path);
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(|_| ())
}

/// The target cannot be written.
fn unusable(target: &Path, error: io::Error) -> Error {
    let error = Error::io(target, error);
    if let Error::Unusable { path, source } = error { Error::TargetUnusable { path, source } } else { error }
}

/// `target` with `.partial` appended, so that both are in one directory.
fn partial_name(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Copies page by page and checks the result.
pub(super) fn copy(source: &Path, target: &Path) -> Result<u32, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut from = Connection::open_with_flags(source, flags).map_err(|error| Error::from(error).at(source))?;
    connect::keep_journal(&from).map_err(|error| Error::from(error).at(source))?;
    migrate::refuse_foreign(&from, source, None)?;
    let mut read = || {
        from.busy_handler(Some(connect::wait()))?;
        from.pragma_update(None, "query_only", true)?;
        let mut to = Connection::open_with_flags(target, flags)?;
        Backup::new(&from, &mut to)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
        // The copy says "WAL" as its source does; as a rollback database it is complete in one file.
        to.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        let version = to.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((version, to.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))?))
    };
    let (version, verdict) = read().map_err(|error: rusqlite::Error| {
        let error = Error::from(error).at(source);
        // Only the copy is written.
        if let Error::Full { .. } = error { Error::Full { path: target.to_owned() } } else { error }
    })?;
    if verdict == "ok" {
        return if version == 0 { Err(Error::Missing { path: source.to_owned() }) } else { Ok(version) };
    }
    let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(Error::from(rusqlite::Error::SqliteFailure(damage, Some(verdict))).at(source))
}

/// Syncs the copy and gives it its name, unless that came into use meanwhile.
pub(super) fn publish(partial: &Path, target: &Path) -> Result<(), Error> {
    let sync = File::open(partial).and_then(|file| file.sync_all());
    sync.map_err(|error| Error::io(partial, error))?;
    // Unlike a rename, a link never replaces what is there.
    let linked = match fs::hard_link(partial, target) {
        // File systems without links: a look just before has to do.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            if target.symlink_metadata().is_ok() {
                Err(io::ErrorKind::AlreadyExists.into())
            } else {
                fs::rename(partial, target)
            }
        }
        other => other,
    };
    linked.map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        if exists { Error::TargetExists { path: target.to_owned() } } else { unusable(target, error) }
    })?;
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))
}
