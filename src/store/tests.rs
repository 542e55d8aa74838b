//! One store, several stores on one directory, and files that are not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
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

#[test]
fn directory_and_files_are_for_the_user_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let store = open(&dir);
    store.write_blocking(insert("one")).unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn commits_are_synced_in_both_journal_modes() {
    for (store, journal) in [(open as fn(&Path) -> Store, "wal"), (rollback, "truncate")] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        assert_eq!(store.is_wal(), journal == "wal");
        let settings = store.write_blocking(|connection| {
            let text = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
            let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            Ok((text("journal_mode")?, number("synchronous")?, number("foreign_keys")?))
        });
        assert_eq!(settings.unwrap(), (journal.to_owned(), 2, 1));
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn stores_on_one_directory_take_turns_and_see_each_other() {
    for open in [open as fn(&Path) -> Store, rollback] {
        let dir = tempfile::tempdir().unwrap();
        let stores = [open(dir.path()), open(dir.path()), open(dir.path())];
        let writes = (0..90).map(|n| {
            let store = stores[n % 3].clone();
            async move {
                store.write(insert(&format!("word {n}"))).await.unwrap();
                store.read(words).await.unwrap()
            }
        });
        futures::future::join_all(writes).await;
        for store in &stores {
            assert_eq!(store.read(words).await.unwrap().len(), 90);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_is_announced_and_another_stores_too() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (open(dir.path()), open(dir.path()));
    let mut changes = store.changes();
    let next = async |changes: &mut Receiver<u64>| {
        tokio::time::timeout(GENEROUS, changes.changed()).await.expect("an announcement").unwrap();
    };
    store.write(insert("own")).await.unwrap();
    next(&mut changes).await;
    other.write(insert("other's")).await.unwrap();
    next(&mut changes).await;
    assert_eq!(store.read(words).await.unwrap().len(), 2);
    other.write(insert("other's second")).await.unwrap();
    next(&mut changes).await;
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

#[test]
fn a_file_that_is_no_database_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE_NAME), "These are my notes on maintenances.\n".repeat(400)).unwrap();
    assert!(matches!(refused(dir.path(), MIGRATIONS), Error::NotOurs { .. }));
}

#[test]
fn another_programs_database_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let other = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    other.execute_batch("CREATE TABLE word (other); PRAGMA user_version = 1").unwrap();
    drop(other);
    assert!(matches!(refused(dir.path(), MIGRATIONS), Error::NotOurs { .. }));
}

#[test]
fn a_newer_database_is_refused_and_stays_as_it_is() {
    const NEWER: &[&str] = &["CREATE TABLE word (id INTEGER PRIMARY KEY)", "CREATE TABLE further (id INTEGER)"];
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), &Options::new(NEWER)).unwrap());
    let Error::Newer { found, known, .. } = refused(dir.path(), MIGRATIONS) else { panic!("not refused as newer") };
    assert_eq!((found, known), (2, 1));
}

#[test]
fn an_empty_file_begins_anew_and_that_can_be_told() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!open(dir.path()).was_empty(), "there was none");
    assert!(!open(dir.path()).was_empty(), "it is a database now");
    let path = dir.path().join(FILE_NAME);
    let emptied = |ago: u64| {
        let file = fs::File::create(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(ago)).unwrap();
    };
    emptied(1_700_000_000);
    assert!(open(dir.path()).was_empty());
    emptied(4_000_000_000);
    assert!(!open(dir.path()).was_empty(), "another process is making it");
}

#[test]
fn a_file_system_that_shares_no_memory_is_named_and_not_its_permissions() {
    for code in [rusqlite::ffi::SQLITE_IOERR_SHMMAP, rusqlite::ffi::SQLITE_IOERR_SHMOPEN] {
        let answer = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let error = Error::from(answer).at(Path::new("/mnt/noctui.db"));
        assert_eq!(error.to_string(), "the file system of /mnt/noctui.db cannot share memory between processes");
        assert!(error.remedy().contains("--data-dir"));
    }
}

#[test]
fn an_empty_file_is_for_the_user_alone_before_anything_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    open(dir.path()).write_blocking(insert("one")).unwrap();
    let modes = |dir: &Path| {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
        entries.map(|about| about.permissions().mode() & 0o777).collect::<Vec<_>>()
    };
    assert!(modes(dir.path()).iter().all(|mode| *mode == 0o600), "{:?}", modes(dir.path()));
    // Whoever has opened it to a group has done so on purpose.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    drop(open(dir.path()));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn an_empty_file_whose_journal_is_left_is_refused_and_the_journal_stays() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE_NAME), "").unwrap();
    let journal = dir.path().join(format!("{FILE_NAME}-wal"));
    fs::write(&journal, "the last that is left").unwrap();
    assert!(matches!(refused(dir.path(), MIGRATIONS), Error::Emptied { .. }));
    assert_eq!(fs::read(&journal).unwrap(), b"the last that is left");
}

#[test]
fn a_backup_tells_the_version_and_takes_nothing_foreign_or_empty() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("copy.db");
    drop(Store::open(dir.path(), &Options::new(&["CREATE TABLE a (x)", "CREATE TABLE b (x)"])).unwrap());
    assert_eq!(backup(dir.path(), &target).unwrap(), 2);
    let path = dir.path().join(FILE_NAME);
    fs::remove_file(&target).unwrap();
    fs::write(&path, "").unwrap();
    assert!(matches!(backup(dir.path(), &target), Err(Error::Missing { .. })));
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    assert!(matches!(backup(dir.path(), &target), Err(Error::NotOurs { .. })));
    assert!(!target.exists());
}

#[test]
fn a_damaged_database_is_an_error_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..2000 {
        store.write_blocking(insert(&format!("a word that fills pages {n}"))).unwrap();
    }
    drop(store);
    let path = dir.path().join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    // Bytes overwritten in the middle: found when they are read.
    let mut damaged = whole.clone();
    let middle = whole.len() / 4;
    damaged[middle..middle * 3].fill(0xa5);
    fs::write(&path, &damaged).unwrap();
    let store = open(dir.path());
    let error = store.read_blocking(words).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    let target = dir.path().join("copy.db");
    assert!(matches!(backup(dir.path(), &target), Err(Error::Corrupt { .. })));
    assert!(!target.exists());
    drop(store);
    assert!(fs::read(&path).unwrap() == damaged, "the damaged file was changed");
    // The table of tables overwritten: found when it is opened.
    let mut damaged = whole;
    damaged[100..4096].fill(0xa5);
    fs::write(&path, &damaged).unwrap();
    assert!(matches!(refused(dir.path(), MIGRATIONS), Error::Corrupt { .. }));
}

#[test]
fn a_directory_that_cannot_be_made_or_written_is_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("below"), &Options::new(MIGRATIONS)).unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error:?}");
    let error = Store::open(&file, &Options::new(MIGRATIONS)).unwrap_err();
    assert!(format!("{error:?}").contains("it is no folder"), "{error:?}");
    // A directory in the place of the database: nobody can open that, not even root.
    fs::create_dir_all(parent.path().join("dir").join(FILE_NAME)).unwrap();
    let error = Store::open(&parent.path().join("dir"), &Options::new(MIGRATIONS)).unwrap_err();
    assert!(format!("{error:?}").contains("it is a folder, and no file"), "{error:?}");
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

#[test]
fn a_store_that_another_holds_for_too_long_is_busy() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Options { waits: false, ..Options::new(MIGRATIONS) }).unwrap();
    let other = open(dir.path());
    let error = other.write_blocking(move |_| {
        let busy = store.write_blocking(insert("refused"));
        Ok(busy.unwrap_err())
    });
    let error = error.unwrap();
    assert!(matches!(error, Error::Busy { .. }) && error.is_transient(), "{error:?}");
}

#[test]
fn migrations_apply_once_in_order_and_all_or_nothing() {
    const FURTHER: &[&str] = &[MIGRATIONS[0], "INSERT INTO word (word) VALUES ('migrated')"];
    const BROKEN: &[&str] = &[MIGRATIONS[0], FURTHER[1], "CREATE TABLE further (id); CREATE TABLE word (id)"];
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).write_blocking(insert("before")).unwrap();
    for _ in 0..2 {
        let store = Store::open(dir.path(), &Options::new(FURTHER)).unwrap();
        assert_eq!(store.read_blocking(words).unwrap(), ["before", "migrated"]);
    }
    assert!(Store::open(dir.path(), &Options::new(BROKEN)).is_err());
    let store = Store::open(dir.path(), &Options::new(FURTHER)).unwrap();
    let left = store.read_blocking(|connection| Ok(connection.table_exists(None, "further")?));
    assert!(!left.unwrap());
}

#[test]
fn a_backup_is_a_whole_store_while_others_write() {
    for open in [open as fn(&Path) -> Store, rollback] {
        let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = open(dir.path());
        for n in 0..300 {
            store.write_blocking(insert(&format!("word {n}"))).unwrap();
        }
        let copy = target.path().join(FILE_NAME);
        backup(dir.path(), &copy).unwrap();
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1, "one file and no journal beside it");
        store.write_blocking(insert("later")).unwrap();
        let restored = open(target.path());
        assert_eq!(restored.read_blocking(words).unwrap().len(), 300);
        restored.write_blocking(insert("goes on")).unwrap();
    }
}

#[test]
fn a_backup_never_replaces_a_file_and_needs_a_store() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = target.path().join("copy.db");
    assert!(matches!(backup(dir.path(), &copy), Err(Error::Missing { .. })));
    open(dir.path()).write_blocking(insert("one")).unwrap();
    fs::write(&copy, "precious").unwrap();
    assert!(matches!(backup(dir.path(), &copy), Err(Error::TargetExists { .. })));
    assert_eq!(fs::read(&copy).unwrap(), b"precious");
    let nowhere = target.path().join("no/such/dir/copy.db");
    assert!(matches!(backup(dir.path(), &nowhere), Err(Error::TargetUnusable { .. })));
}

/// Says to a copy of this test that it is a writer, and on which directory, with which words, in which journal mode.
const WRITER: &str = "NOCTUI_TEST_WRITER";

/// A process that writes words one after the other and says each one that was confirmed, until it is killed.
struct Writer {
    process: std::process::Child,
    said: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
}

impl Writer {
    fn start(dir: &Path, name: &str, journal: &str) -> Self {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::a_killed_process_loses_nothing_that_was_confirmed", "--nocapture"])
            .env(WRITER, format!("{journal} {name} {}", dir.display()))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let said = std::io::BufRead::lines(std::io::BufReader::new(process.stdout.take().unwrap()));
        Self { process, said }
    }

    /// What this process does in the copy.
    fn run(order: &str) {
        let [journal, name, dir] = order.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{order}") };
        let store = if journal == "wal" { open(Path::new(dir)) } else { rollback(Path::new(dir)) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for n in 0.. {
            runtime.block_on(async {
                let word = |m| format!("{name} {n} {m}");
                let (first, second) = tokio::join!(
                    store.write(insert(&word(0))),
                    futures::future::try_join_all((1..4).map(|m| store.write_in_batch(insert(&word(m)))))
                );
                first.unwrap();
                second.unwrap();
                for m in 0..4 {
                    println!("confirmed {}", word(m));
                }
            });
        }
    }

    /// The next `n` words that were confirmed.
    fn confirmed(&mut self, n: usize) -> Vec<String> {
        let words = self
            .said
            .by_ref()
            .map(Result::unwrap)
            .filter_map(|line| line.split_once("confirmed ").map(|(_, word)| word.to_owned()));
        words.take(n).collect()
    }

    /// SIGKILL, and what else it had said.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.confirmed(usize::MAX)
    }
}

#[test]
fn stores_that_are_opened_at_once_on_a_new_directory_agree() {
    for journal in [Journal::Auto, Journal::Rollback] {
        for _ in 0..40 {
            let dir = tempfile::tempdir().unwrap();
            let start = std::sync::Barrier::new(3);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        start.wait();
                        Store::open(dir.path(), &Options { journal, ..Options::new(MIGRATIONS) }).unwrap();
                    });
                }
            });
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_confirmed() {
    if let Ok(order) = std::env::var(WRITER) {
        return Writer::run(&order);
    }
    for journal in ["wal", "truncate"] {
        let dir = tempfile::tempdir().unwrap();
        let mut confirmed = Vec::new();
        // Two processes at a time on one directory; each round ends at another moment of their work.
        for (round, moment) in [1, 23, 6, 58, 101].into_iter().enumerate() {
            let mut one = Writer::start(dir.path(), &format!("one-{round}"), journal);
            let mut two = Writer::start(dir.path(), &format!("two-{round}"), journal);
            confirmed.extend(two.confirmed(1));
            confirmed.extend(one.confirmed(moment));
            confirmed.extend(one.kill());
            confirmed.extend(two.confirmed(moment));
            confirmed.extend(two.kill());
        }
        assert!(confirmed.len() > 300, "the writers hardly wrote");
        let store = open(dir.path());
        let (verdict, found) = store
            .read_blocking(|connection| {
                let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
                Ok((verdict, words(connection)?.into_iter().collect::<std::collections::HashSet<_>>()))
            })
            .unwrap();
        assert_eq!(verdict, "ok");
        let lost: Vec<_> = confirmed.iter().filter(|word| !found.contains(*word)).collect();
        assert!(lost.is_empty(), "lost {} of {} in {journal}, first {:?}", lost.len(), confirmed.len(), lost.first());
    }
}
