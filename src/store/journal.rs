//! Which journal a database keeps: WAL where all who use the file can share memory, the rollback journal elsewhere.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Journal;
use super::connect::{keep_journal, wait};
use super::error::{Error, is_of_shared_memory};
use super::migrate;

/// Chooses the journal; answers whether it is WAL. `can_share` is asked of a database that is not in WAL mode yet.
pub(super) fn choose(
    connection: &Connection,
    path: &Path,
    journal: Journal,
    can_share: impl FnOnce(&Path) -> bool,
) -> rusqlite::Result<bool> {
    let may = journal == Journal::Auto && !on_network(path);
    let wanted = if may && (in_force(connection)? == "wal" || can_share(path)) { "WAL" } else { "TRUNCATE" };
    match ask(connection, wanted) {
        Ok(mode) if mode == "wal" => Ok(true),
        // The answer is the mode in force: "delete" here means that WAL is impossible on this file system.
        Ok(mode) if mode == "delete" => ask(connection, "TRUNCATE").map(|_| false),
        Ok(_) => Ok(false),
        // Changing the mode needs the database for oneself; while others use it, their mode stays in force.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            in_force(connection).map(|mode| mode == "wal")
        }
        Err(error) => Err(error),
    }
}

/// Asks for a journal mode and returns the one in force.
fn ask(connection: &Connection, mode: &str) -> rusqlite::Result<String> {
    connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
}

/// The journal mode in force.
fn in_force(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Whether a database beside the one at `path` can be in WAL mode. Tried with one that nobody uses: the attempt alone would
/// make the real one unreadable to whoever has it open, until it is taken back. Where nothing can be tried, the real one
/// will tell.
pub(super) fn can_share(path: &Path) -> bool {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = path.with_file_name(format!(".noctui-try-{}-{number}", std::process::id()));
    if DirBuilder::new().mode(0o700).create(&dir).is_err() {
        return true;
    }
    let attempt = || {
        let connection = Connection::open_with_flags(dir.join("db"), OpenFlags::default())?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        ask(&connection, "WAL")?;
        connection.execute_batch("CREATE TABLE tried (a)")
    };
    let result: rusqlite::Result<()> = attempt();
    if let Err(error) = fs::remove_dir_all(&dir) {
        tracing::warn!(folder = %dir.display(), %error, "a folder that is not needed any more stays");
    }
    !result.is_err_and(|error| is_of_shared_memory(&error))
}

/// Brings a database whose file system cannot share memory out of WAL mode, and what its journal has with it. Needs it for
/// itself. One that is not ours to touch stays as it is.
pub(super) fn leave_wal(path: &Path, known: usize, waits: bool) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::from(error).at(path);
    let alone = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        // Who has the file for himself needs no shared memory. First of all: most other settings read the file.
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
        keep_journal(&connection)?;
        connection.busy_handler(waits.then(wait))?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    let connection = alone().map_err(failed)?;
    migrate::refuse_foreign(&connection, path, Some(known))?;
    ask(&connection, "TRUNCATE").map_err(failed)?;
    tracing::warn!(file = %path.display(), "the file system cannot share memory: the rollback journal is used");
    Ok(())
}

/// Whether the file lies on a file system where several hosts or a server in between may write: WAL needs memory shared
/// by all processes that use the file. The numbers are `statfs` magics (Linux `include/uapi/linux/magic.h` and the file
/// systems' own sources).
#[cfg(target_os = "linux")]
pub(super) fn on_network(path: &Path) -> bool {
    /// NFS, SMB, CIFS, SMB2, AFS (two), Coda, NCP, 9P, Ceph, FUSE (sshfs among them), Lustre, GPFS, OCFS2, GFS2, vboxsf.
    const SHARED: [u32; 16] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x6b41_4653,
        0x7375_7245,
        0x564c,
        0x0102_1997,
        0x00c3_6400,
        0x6573_5546,
        0x0bd0_0bd0,
        0x4750_4653,
        0x7461_636f,
        0x0116_1970,
        0x786f_4256,
    ];
    let dir = path.parent().unwrap_or(path);
    rustix::fs::statfs(dir).is_ok_and(|stat| {
        // The kernel's type differs between architectures; the magics are 32 bits everywhere.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "only the lower 32 bits are the magic"
        )]
        let magic = stat.f_type as u32;
        SHARED.contains(&magic)
    })
}

/// Elsewhere the answer of `PRAGMA journal_mode=WAL` decides alone.
#[cfg(not(target_os = "linux"))]
pub(super) fn on_network(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connect::open;
    use crate::store::tests::{files, insert, open as open_store, rollback, words};
    use crate::store::{FILE_NAME, connect};

    /// Whether the file says that it is in WAL mode (`file format write version`).
    fn says_wal(path: &Path) -> bool {
        fs::read(path).unwrap()[18] == 2
    }

    #[test]
    fn where_memory_cannot_be_shared_the_journal_is_the_one_that_needs_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        rollback(dir.path()).write_blocking(insert("one")).unwrap();
        let connection = open(&path, true).unwrap();
        assert!(!choose(&connection, &path, Journal::Auto, |_| false).unwrap());
        assert!(!says_wal(&path), "whoever has it open can read on");
        assert!(choose(&connection, &path, Journal::Auto, can_share).unwrap());
        assert!(says_wal(&path));
        assert!(choose(&connection, &path, Journal::Auto, |_| panic!("it is known")).unwrap());
        let names: Vec<String> = files(dir.path()).into_iter().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| name.starts_with(FILE_NAME)), "nothing is left of the attempt: {names:?}");
    }

    #[test]
    fn a_database_leaves_wal_with_all_that_is_in_its_journal_unless_it_is_in_use_or_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let store = open_store(dir.path());
        store.write_blocking(insert("one")).unwrap();
        assert!(matches!(leave_wal(&path, 1, false), Err(Error::Busy { .. })));
        // As one that was killed leaves it.
        store.begin_to_close();
        drop(store);
        assert!(connect::has_journal(&path) && says_wal(&path));
        let before = fs::read(&path).unwrap();
        assert!(matches!(leave_wal(&path, 0, false), Err(Error::Newer { .. })));
        assert!(fs::read(&path).unwrap() == before && connect::has_journal(&path));
        // No memory can be shared through a folder.
        let shared = dir.path().join(format!("{FILE_NAME}-shm"));
        let _ = fs::remove_file(&shared);
        fs::create_dir(&shared).unwrap();
        leave_wal(&path, 1, false).unwrap();
        fs::remove_dir(&shared).unwrap();
        assert!(!connect::has_journal(&path) && !says_wal(&path));
        assert_eq!(rollback(dir.path()).read_blocking(words).unwrap(), ["one"]);
    }
}
