//! What is written, read and closed in one store.

use super::*;

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

#[tokio::test]
async fn a_job_that_fails_or_panics_takes_only_itself_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let fail = |connection: &Connection| {
        insert("lost")(connection)?;
        insert("lost")(connection)
    };
    let panic = |connection: &Connection| -> Result<i64, Error> {
        insert("lost")(connection)?;
        panic!("on purpose")
    };
    assert!(matches!(store.write(fail).await, Err(Error::Refused { .. })));
    let Err(Error::Panicked { message }) = store.write(panic).await else { panic!("no panic reported") };
    assert_eq!(message, "on purpose");
    let (one, failed, panicked, two) = tokio::join!(
        store.write_in_batch(insert("one")),
        store.write_in_batch(fail),
        store.write_in_batch(panic),
        store.write_in_batch(insert("two")),
    );
    assert!(one.is_ok() && failed.is_err() && panicked.is_err() && two.is_ok());
    assert_eq!(store.read(words).await.unwrap(), ["one", "two"]);
    let panicked: Result<(), Error> = store.read(|_| panic!("on purpose")).await;
    assert!(matches!(panicked, Err(Error::Panicked { .. })));
    assert_eq!(store.read(words).await.unwrap().len(), 2);
}

#[tokio::test]
async fn work_that_was_sent_is_done_even_if_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (held, release) = std::sync::mpsc::channel::<()>();
    {
        let mut blocker = std::pin::pin!(store.write(move |_| Ok(release.recv().is_err())));
        assert!(futures::poll!(&mut blocker).is_pending());
        let mut sent = std::pin::pin!(store.write(insert("sent")));
        assert!(futures::poll!(&mut sent).is_pending());
    }
    drop(held);
    drop(store);
    assert_eq!(open(dir.path()).read_blocking(words).unwrap(), ["sent"]);
}

#[tokio::test]
async fn a_store_that_begins_to_close_does_what_was_asked_for_and_leaves_imports_and_its_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let journal = dir.path().join(format!("{FILE_NAME}-wal"));
    let (go, gate) = std::sync::mpsc::channel();
    let held = store.write(move |_| gate.recv().map_err(|_| Error::Closed));
    let (held, import, note, ()) =
        tokio::join!(held, store.write_in_batch(insert("import")), store.write(insert("note")), async {
            store.begin_to_close();
            go.send(()).unwrap();
        });
    assert_eq!((held.unwrap(), note.unwrap()), ((), 1));
    assert!(matches!(import, Err(Error::Closed)));
    drop(store);
    assert!(journal.metadata().unwrap().len() > 0);
    let store = open(dir.path());
    assert_eq!(store.read_blocking(words).unwrap(), ["note"]);
    drop(store);
    assert_eq!(journal.metadata().unwrap().len(), 0, "otherwise closing tidies up");
    // Whoever opens it on a full disk finds all files that reading takes.
    assert!(dir.path().join(format!("{FILE_NAME}-shm")).metadata().unwrap().len() > 0);
}

#[tokio::test]
async fn closing_does_not_wait_for_an_import_that_takes_long() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let endless = store.write_in_batch(move |connection| {
        insert("half")(connection)?;
        begun.send(()).unwrap();
        let count = "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?)
    });
    let (endless, note) = tokio::join!(endless, async {
        has_begun.recv_timeout(GENEROUS).unwrap();
        store.begin_to_close();
        store.write(insert("note")).await
    });
    assert!(endless.is_err() && note.is_ok());
    drop(store);
    assert_eq!(open(dir.path()).read_blocking(words).unwrap(), ["note"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_waits_for_ends() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let endless = store.read(move |connection| {
        let _ = started.send(());
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";
        let done = connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(Error::from);
        let _ = ended.send(done.is_err());
        done
    });
    tokio::select! {
        _ = endless => panic!("the endless read ended"),
        started = has_started => started.unwrap(),
    }
    assert!(tokio::time::timeout(GENEROUS, has_ended).await.unwrap().unwrap());
    assert!(store.read(words).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_read_sees_one_state() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = open(dir.path());
    let seen = store.read(move |connection| {
        let before = words(connection)?.len();
        other.write_blocking(insert("meanwhile"))?;
        Ok((before, words(connection)?.len()))
    });
    assert_eq!(seen.await.unwrap(), (0, 0));
    assert_eq!(store.read(words).await.unwrap(), ["meanwhile"]);
}

#[tokio::test]
async fn a_job_that_changes_nothing_is_not_announced() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let changes = store.changes();
    store.write(|_| Ok(())).await.unwrap();
    store.write(|connection| Ok(connection.execute("DELETE FROM word", [])?)).await.unwrap();
    assert!(!changes.has_changed().unwrap());
}

#[tokio::test]
async fn what_is_written_quietly_is_announced_to_other_processes_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = open(dir.path());
    let (changes, mut there) = (store.changes(), other.changes());
    store.write_quietly(insert("kept")).await.unwrap();
    there.changed().await.unwrap();
    assert_eq!(other.read(words).await.unwrap(), ["kept"]);
    assert!(!changes.has_changed().unwrap());
}

#[tokio::test]
async fn a_full_disk_takes_back_the_transaction_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.write(insert("kept")).await.unwrap();
    let limit = |more: i64| {
        move |connection: &Connection| {
            let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            Ok(connection.pragma_update_and_check(None, "max_page_count", pages + more, |_| Ok(()))?)
        }
    };
    store.write(limit(2)).await.unwrap();
    let large = "x".repeat(100_000);
    let (full, small) = tokio::join!(store.write_in_batch(insert(&large)), store.write(insert("small")));
    let full = full.unwrap_err();
    assert!(matches!(full, Error::Full { .. }) && full.is_transient(), "{full:?}");
    assert!(small.is_ok());
    assert_eq!(store.read(words).await.unwrap(), ["kept", "small"]);
    store.write(limit(1000)).await.unwrap();
    store.write(insert(&large)).await.unwrap();
    assert_eq!(store.read(words).await.unwrap().len(), 3);
}
