//! The folder and the files: whose they are, and which are refused.

use std::os::unix::fs::PermissionsExt;

use super::*;

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
