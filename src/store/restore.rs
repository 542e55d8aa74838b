//! Putting a backup back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::backup::{backup, copy, make_private, publish};
use super::connect::{self, Identity};
use super::error::Error;
use super::{FILE_NAME, migrate};

/// What became of a database that a backup took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// There was none.
    New,
    /// It is kept in this file, a backup like any other.
    Kept(PathBuf),
    /// It could not be read: it stands aside as it was, with its journal if it had one. Whoever has it open works no more.
    Aside(PathBuf),
}

/// Puts the backup `from` in the place of the database of `data_dir`, with tables of this version. What was there is kept
/// in a file of its own beside it, named after `now`. It happens in one transaction, also for other processes: they go on
/// with what was put back, as `settle` leaves it. `from` stays as it is.
pub fn restore(
    data_dir: &Path,
    from: &Path,
    migrations: &[&str],
    settle: impl FnOnce(&Connection) -> Result<(), Error>,
    now: DateTime<Utc>,
) -> Result<Restored, Error> {
    let path = data_dir.join(FILE_NAME);
    if !from.exists() {
        return Err(Error::NoBackup { path: from.to_owned() });
    }
    connect::make_dir(data_dir)?;
    if path.exists() && Identity::of(from)? == Identity::of(&path)? {
        return Err(Error::InUse { path });
    }
    let prepared = data_dir.join(format!("{FILE_NAME}.restoring"));
    make_private(&prepared).map_err(|error| Error::io(&prepared, error))?;
    let ready = prepare(from, &prepared, migrations, settle).map_err(|error| of_backup(error, from));
    let done = ready.and_then(|()| exchange(data_dir, &path, &prepared, now));
    let _ = fs::remove_file(&prepared);
    done
}

/// Copies the backup, brings the copy up to this version and settles it.
fn prepare(
    from: &Path,
    to: &Path,
    migrations: &[&str],
    settle: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    let found = copy(from, to)?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Error::Newer { path: from.to_owned(), found, known });
    }
    let mut connection = connect::open(to, true)?;
    migrate::apply(&mut connection, to, migrations)?;
    settle(&connection)
}

/// The same error, where the backup is to blame: what is said of a database is wrong of it, above all what to do about it.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these are about the file itself")]
fn of_backup(error: Error, from: &Path) -> Error {
    let path = from.to_owned();
    match error {
        Error::Missing { .. } => Error::NoBackup { path },
        Error::Corrupt { source, .. } => Error::BackupDamaged { path, source },
        Error::NotOurs { .. } => Error::NotABackup { path },
        Error::Unusable { .. } if from.is_dir() => Error::NotABackup { path },
        other => other,
    }
}

/// Keeps what is there, and puts what was prepared in its place.
fn exchange(data_dir: &Path, path: &Path, prepared: &Path, now: DateTime<Utc>) -> Result<Restored, Error> {
    let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
    if !path.exists() && !connect::has_journal(path) {
        publish(prepared, path)?;
        return Ok(Restored::New);
    }
    let kept = unused(data_dir, |number| format!("before-restore-{stamp}{number}.db"));
    match backup(data_dir, &kept) {
        Ok(_) => {
            overwrite(path, prepared)?;
            Ok(Restored::Kept(kept))
        }
        Err(Error::Corrupt { .. } | Error::NotOurs { .. } | Error::Missing { .. }) => {
            let aside = unused(data_dir, |number| format!("{FILE_NAME}.aside-{stamp}{number}"));
            move_aside(path, &aside)?;
            publish(prepared, path)?;
            Ok(Restored::Aside(aside))
        }
        Err(error) => Err(error),
    }
}

/// A name that no file has: several may be put back within a second.
fn unused(data_dir: &Path, name: impl Fn(&str) -> String) -> PathBuf {
    let mut number = String::new();
    for next in 2_u32.. {
        let path = data_dir.join(name(&number));
        if path.symlink_metadata().is_err() {
            return path;
        }
        number = format!("-{next}");
    }
    data_dir.join(name(&number))
}

/// Writes all of `from` over the database at `path`, in one transaction.
fn overwrite(path: &Path, from: &Path) -> Result<(), Error> {
    /// Each waits for other processes' commits by itself.
    const ATTEMPTS: usize = 5;
    let source = connect::open(from, true)?;
    let mut target = connect::open(path, true)?;
    let known = |error: rusqlite::Error| Error::from(error).at(path);
    let copying = Backup::new(&source, &mut target).map_err(known)?;
    for _ in 0..ATTEMPTS {
        if matches!(copying.step(i32::MAX).map_err(known)?, StepResult::Done) {
            return Ok(());
        }
        pause();
    }
    Err(Error::Busy { path: path.to_owned() })
}

#[expect(clippy::disallowed_methods, reason = "a headless command waits for another process")]
fn pause() {
    std::thread::sleep(Duration::from_millis(200));
}

/// Gives a database and its journals other names, the journals first: without its database nobody works with one.
fn move_aside(path: &Path, aside: &Path) -> Result<(), Error> {
    for end in ["-wal", "-shm", ""] {
        let (from, to) = (with_end(path, end), with_end(aside, end));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io(&from, error)),
            _ => {}
        }
    }
    let dir = path.parent().unwrap_or(path);
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))
}

/// A path with something behind its name.
fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Options, Store};
    use crate::trouble::Remedy as _;

    const OLD: &[&str] = &["CREATE TABLE word (text TEXT)"];
    const NEW: &[&str] = &["CREATE TABLE word (text TEXT)", "ALTER TABLE word ADD COLUMN tongue TEXT"];

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn add(store: &Store, word: &'static str) {
        store.write_blocking(move |c| Ok(c.execute("INSERT INTO word (text) VALUES (?1)", [word])?)).unwrap();
    }

    fn words(store: &Store) -> Result<String, Error> {
        store.read_blocking(|c| Ok(c.query_row("SELECT group_concat(text) FROM word", [], |row| row.get(0))?))
    }

    #[test]
    fn a_backup_is_put_back_below_a_running_store_and_what_was_there_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let saved = dir.path().join("saved.db");
        let store = Store::open(dir.path(), &Options::new(OLD)).unwrap();
        add(&store, "then");
        backup(dir.path(), &saved).unwrap();
        drop(store);
        // Its journal has something that the file has not.
        let store = Store::open(dir.path(), &Options::new(NEW)).unwrap();
        add(&store, "since");
        let Restored::Kept(kept) = restore(dir.path(), &saved, NEW, |_| Ok(()), now()).unwrap() else {
            panic!("not kept")
        };
        assert_eq!(words(&store).unwrap(), "then");
        add(&store, "again");
        drop(store);
        assert_eq!(words(&Store::open(dir.path(), &Options::new(NEW)).unwrap()).unwrap(), "then,again");
        // The way back.
        restore(dir.path(), &kept, NEW, |_| Ok(()), now()).unwrap();
        assert_eq!(words(&Store::open(dir.path(), &Options::new(NEW)).unwrap()).unwrap(), "then,since");
        let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(!names.into_iter().any(|name| name.contains("restoring")));
    }

    #[test]
    fn a_damaged_database_and_its_journal_stand_aside_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let (path, saved) = (dir.path().join(FILE_NAME), dir.path().join("saved.db"));
        let store = Store::open(dir.path(), &Options::new(OLD)).unwrap();
        add(&store, "then");
        backup(dir.path(), &saved).unwrap();
        drop(store);
        fs::write(&path, "no database at all, for sure ".repeat(100)).unwrap();
        fs::write(connect::journal_of(&path), "a journal").unwrap();
        let Restored::Aside(aside) = restore(dir.path(), &saved, OLD, |_| Ok(()), now()).unwrap() else {
            panic!("not aside")
        };
        assert!(fs::read(&aside).unwrap().starts_with(b"no database"));
        assert_eq!(fs::read(connect::journal_of(&aside)).unwrap(), b"a journal");
        assert_eq!(words(&Store::open(dir.path(), &Options::new(OLD)).unwrap()).unwrap(), "then");
    }

    #[test]
    fn what_is_no_backup_of_this_noctui_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::new(OLD)).unwrap();
        add(&store, "then");
        let (other, folder) = (dir.path().join("other"), tempfile::tempdir().unwrap());
        let tried = |from: &Path| restore(dir.path(), from, OLD, |_| Ok(()), now()).unwrap_err();
        assert!(matches!(tried(&other), Error::NoBackup { .. }));
        fs::write(&other, "").unwrap();
        assert!(matches!(tried(&other), Error::NoBackup { .. }));
        fs::write(&other, "a letter to my aunt ".repeat(100)).unwrap();
        assert!(matches!(tried(&other), Error::NotABackup { .. }));
        assert!(matches!(tried(folder.path()), Error::NotABackup { .. }));
        assert!(matches!(tried(store.path()), Error::InUse { .. }));
        let newer = tempfile::tempdir().unwrap();
        drop(Store::open(newer.path(), &Options::new(NEW)).unwrap());
        assert!(matches!(tried(&newer.path().join(FILE_NAME)), Error::Newer { found: 2, known: 1, .. }));
        assert_eq!(words(&store).unwrap(), "then");
    }

    #[test]
    fn of_a_damaged_backup_it_is_not_said_that_the_database_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let saved = dir.path().join("saved.db");
        let store = Store::open(dir.path(), &Options::new(OLD)).unwrap();
        for _ in 0..200 {
            add(&store, "a word that fills pages, a word that fills pages, a word that fills pages");
        }
        backup(dir.path(), &saved).unwrap();
        File::options().write(true).open(&saved).unwrap().set_len(9_000).unwrap();
        let error = restore(dir.path(), &saved, OLD, |_| Ok(()), now()).unwrap_err();
        assert!(matches!(&error, Error::BackupDamaged { path, .. } if *path == saved), "{error:?}");
        assert!(error.to_string().starts_with("the backup ") && error.remedy().starts_with("nothing was changed"));
        assert!(!error.remedy().contains("aside"), "{}", error.remedy());
        assert_eq!(words(&store).unwrap().split("a word").count(), 601);
    }

    #[test]
    fn a_store_whose_file_was_replaced_or_removed_refuses_everything() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::new(OLD)).unwrap();
        add(&store, "then");
        let path = store.path().to_owned();
        fs::rename(&path, dir.path().join("moved")).unwrap();
        let write = || store.write_blocking(|c| Ok(c.execute("INSERT INTO word (text) VALUES ('lost')", [])?));
        assert!(matches!(write(), Err(Error::Replaced { .. })));
        fs::write(&path, "").unwrap();
        assert!(matches!(write(), Err(Error::Replaced { .. })));
        assert!(matches!(words(&store), Err(Error::Replaced { .. })));
        fs::rename(dir.path().join("moved"), &path).unwrap();
        add(&store, "now");
        assert_eq!(words(&store).unwrap(), "then,now");
    }

    #[test]
    fn a_journal_without_its_database_stays() {
        let dir = tempfile::tempdir().unwrap();
        let journal = connect::journal_of(&dir.path().join(FILE_NAME));
        fs::write(&journal, "the last that is left").unwrap();
        assert!(matches!(Store::open(dir.path(), &Options::new(OLD)), Err(Error::Lost { .. })));
        assert_eq!(fs::read(&journal).unwrap(), b"the last that is left");
        assert!(!dir.path().join(FILE_NAME).exists());
    }

    #[test]
    fn what_is_refused_stays_as_it_is_with_its_journal() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::new(NEW)).unwrap();
        add(&store, "then");
        store.begin_to_close();
        drop(store);
        let files = || ["", "-wal"].map(|end| fs::read(with_end(&dir.path().join(FILE_NAME), end)).unwrap());
        let before = files();
        assert!(!before[1].is_empty());
        assert!(matches!(Store::open(dir.path(), &Options::new(OLD)), Err(Error::Newer { .. })));
        assert!(files() == before);
    }
}
