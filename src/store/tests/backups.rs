//! Copies of a store that is in use.

use std::os::unix::fs::PermissionsExt;

use super::*;

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
