//! One store, several stores on one directory, and files that are not ours.

mod backups;
mod folder;
mod processes;
mod work;

use std::fs;
use std::time::Duration;

use super::*;
use crate::trouble::Remedy;

/// A table to write to.
const MIGRATIONS: &[&str] = &["CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT"];

/// Against hanging only.
const GENEROUS: Duration = Duration::from_mins(2);

pub(super) fn open(dir: &Path) -> Store {
    Store::open(dir, &Options::new(MIGRATIONS)).unwrap()
}

pub(super) fn rollback(dir: &Path) -> Store {
    Store::open(dir, &Options { journal: Journal::Rollback, ..Options::new(MIGRATIONS) }).unwrap()
}

pub(super) fn insert(word: &str) -> impl FnOnce(&Connection) -> Result<i64, Error> + Send + use<> {
    let word = word.to_owned();
    move |connection| {
        connection.execute("INSERT INTO word (word) VALUES (?1)", [word])?;
        Ok(connection.last_insert_rowid())
    }
}

pub(super) fn words(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached("SELECT word FROM word ORDER BY id")?;
    Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Every file in the directory with its bytes.
pub(super) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Opening fails and leaves everything in the directory as it was.
fn refused(dir: &Path, migrations: &'static [&'static str]) -> Error {
    let before = files(dir);
    let error = Store::open(dir, &Options::new(migrations)).unwrap_err();
    assert!(!error.is_transient() && !error.remedy().is_empty());
    // The index of the WAL is made anew from it by whoever opens it; what was there otherwise is untouched.
    for (name, bytes) in before.into_iter().filter(|(name, _)| !name.ends_with("-shm")) {
        assert!(fs::read(dir.join(&name)).unwrap() == bytes, "{name} was changed");
    }
    error
}
