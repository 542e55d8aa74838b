//! What this process has seen of damage in the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::ErrorCode;

use super::error::Error;

/// Whether damage was met, by whichever connection. From then on nothing is copied from the journal into the database: both
/// stay as they were found, for whoever saves what can be saved.
#[derive(Debug, Clone, Default)]
pub(super) struct Damage(Arc<AtomicBool>);

impl Damage {
    /// Looks at an error.
    pub(super) fn note(&self, error: &Error) {
        let is_damage = if let Error::Refused { source } = error {
            source.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
        } else {
            matches!(error, Error::Corrupt { .. })
        };
        if is_damage {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there is any.
    pub(super) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::*;
    use crate::store::tests::{insert, open, words};
    use crate::store::{FILE_NAME, connect};

    #[test]
    fn what_is_in_the_journal_of_a_damaged_database_stays_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        open(dir.path()).write_blocking(|connection| Ok(connection.execute_batch("CREATE TABLE other (a)")?)).unwrap();
        let store = open(dir.path());
        store.write_blocking(insert("one")).unwrap();
        drop(store);
        let store = open(dir.path());
        store.write_blocking(insert("two")).unwrap();
        // As one that was killed leaves it: the last of it is in the journal alone.
        store.begin_to_close();
        drop(store);
        assert!(connect::has_journal(&path));
        let root: usize = {
            let connection = connect::open(&path, true).unwrap();
            let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'other'";
            connection.query_row(root, [], |row| row.get::<_, u32>(0)).unwrap() as usize
        };
        let mut damaged = fs::read(&path).unwrap();
        damaged[(root - 1) * 4096..root * 4096].fill(0xa5);
        fs::write(&path, &damaged).unwrap();
        let count =
            |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM other", [], |row| row.get(0))?);
        for through_writer in [false, true] {
            let store = open(dir.path());
            let error: Result<i64, _> =
                if through_writer { store.write_blocking(count) } else { store.read_blocking(count) };
            assert!(matches!(error, Err(Error::Corrupt { .. })), "{error:?}");
            store.write_blocking(insert(&format!("three {through_writer}"))).unwrap();
            drop(store);
            assert!(fs::read(&path).unwrap() == damaged, "the damaged file was changed");
        }
        let kept = open(dir.path()).read_blocking(words).unwrap();
        assert_eq!(kept, ["one", "two", "three false", "three true"], "what was confirmed is there");
    }
}
