//! One store, several stores on one directory, and files that are not ours.

use super::*;

/// A table to write to.
const MIGRATIONS: &[&str] = &["CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT"];

fn open(dir: &Path) -> Store {
    Store::open(dir, &Options::new(MIGRATIONS)).unwrap()
}

fn insert(word: &str) -> impl FnOnce(&Connection) -> Result<i64, Error> + Send + 'static {
    let word = word.to_owned();
    move |connection| {
        connection.execute("INSERT INTO word (word) VALUES (?1)", [word])?;
        Ok(connection.last_insert_rowid())
    }
}

fn words(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached("SELECT word FROM word ORDER BY id")?;
    Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

#[tokio::test]
async fn what_is_written_is_read_back_here_and_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert_eq!(store.write(insert("one")).await.unwrap(), 1);
    assert_eq!(store.write_in_batch(insert("two")).await.unwrap(), 2);
    assert_eq!(store.read(words).await.unwrap(), ["one", "two"]);
    drop(store);
    assert_eq!(open(dir.path()).read_blocking(words).unwrap(), ["one", "two"]);
}
