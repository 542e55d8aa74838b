//! The names in a Maildir: which are mails, what identifies them, in which order they came.
//!
//! A delivered mail is named `unique` in `new/` and `unique:2,FLAGS` in `cur/`; `unique` begins with the delivery time
//! in seconds and never changes (<https://cr.yp.to/proto/maildir.html>).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::super::{Handled, Stamp};

/// The folders that hold delivered mails. Deliverers write to `tmp/` and rename, so `tmp/` is never looked at.
pub(super) const FOLDERS: [&str; 2] = ["new", "cur"];

/// A mail that was listed but not read yet. Ordered by delivery: time, then name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Entry {
    /// From the name, or the modification time of a file whose name does not begin with a time.
    pub(in super::super) delivered: Option<DateTime<Utc>>,
    /// The unique part of the name.
    pub(in super::super) key: String,
    /// Where it was.
    pub(in super::super) path: PathBuf,
    /// As what it was found; `None` where that cannot be told.
    pub(in super::super) stamp: Option<Stamp>,
}

impl Entry {
    /// The mail at `path`, or `None` when the name is not a mail's.
    pub(super) fn at(path: PathBuf) -> Option<Self> {
        let (key, metadata) = (key(path.file_name()?)?, fs::metadata(&path).ok());
        Some(Self::of(key, path, metadata.as_ref()))
    }

    /// The mail of this key at `path`.
    fn of(key: String, path: PathBuf, metadata: Option<&Metadata>) -> Self {
        let modified = || metadata.and_then(|metadata| metadata.modified().ok()).map(DateTime::from);
        Self { delivered: delivery_time(&key).or_else(modified), key, path, stamp: metadata.map(Stamp::of) }
    }
}

/// Every mail of the Maildir at `root` that was not handled before, in the order of delivery.
///
/// Of a mail that is in both folders, as one that is being moved during the listing, the one in `cur/` counts. Of a name that
/// is of different files, as one that is used again, each of them does.
pub(in super::super) fn list(root: &Path, handled: &Handled) -> io::Result<Vec<Entry>> {
    let mut entries: HashMap<(String, Option<Stamp>), Entry> = HashMap::new();
    for folder in FOLDERS {
        let files = match fs::read_dir(root.join(folder)) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for file in files.flatten() {
            let Some(key) = key(&file.file_name()) else { continue };
            let metadata = metadata(&file);
            if !handled(&key, metadata.as_ref().map(Stamp::of)) {
                let entry = Entry::of(key, file.path(), metadata.as_ref());
                entries.insert((entry.key.clone(), entry.stamp), entry);
            }
        }
    }
    let mut entries: Vec<Entry> = entries.into_values().collect();
    entries.sort_unstable();
    Ok(entries)
}

/// Of a file, or of what a link leads to. Asked of the folder: the way to it is not gone for each.
fn metadata(file: &DirEntry) -> Option<Metadata> {
    let metadata = file.metadata().ok()?;
    if metadata.is_symlink() { fs::metadata(file.path()).ok() } else { Some(metadata) }
}

/// Whether there is a Maildir at `root`.
pub(in super::super) fn is_maildir(root: &Path) -> bool {
    FOLDERS.iter().any(|folder| root.join(folder).is_dir())
}

/// What identifies the mail with this file name. Bytes that are no UTF-8 are spelled out, so that two names never
/// become one key.
fn key(name: &OsStr) -> Option<String> {
    let unique = name.as_bytes().split(|byte| *byte == b':').next().filter(|unique| !unique.is_empty())?;
    if unique.starts_with(b".") {
        return None;
    }
    Some(std::str::from_utf8(unique).map_or_else(|_| unique.escape_ascii().to_string(), str::to_owned))
}

/// The delivery time that a unique name begins with. Numbers that make no time of a mail (before 2001, after 5000) are
/// something else.
fn delivery_time(key: &str) -> Option<DateTime<Utc>> {
    let seconds = key.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    (1_000_000_000..100_000_000_000).contains(&seconds).then(|| DateTime::from_timestamp(seconds, 0)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_no_part_of_what_identifies_a_mail() {
        let fresh = Entry::at(PathBuf::from("new/1763690000.M1P2.host")).unwrap();
        let seen = Entry::at(PathBuf::from("cur/1763690000.M1P2.host:2,RS")).unwrap();
        assert_eq!(fresh.key, seen.key);
        assert_eq!(fresh.delivered, DateTime::from_timestamp(1_763_690_000, 0));
    }

    #[test]
    fn hidden_and_empty_names_are_no_mails() {
        assert_eq!(Entry::at(PathBuf::from("new/.nfs0001")), None);
        assert_eq!(Entry::at(PathBuf::from("cur/:2,S")), None);
    }

    #[test]
    fn names_that_are_no_text_stay_apart() {
        let name = |byte: u8| Entry::at(PathBuf::from(OsStr::from_bytes(&[b'x', byte]))).unwrap().key;
        assert_eq!(name(0xff), "x\\xff");
        assert_ne!(name(0xff), name(0xfe));
    }

    #[test]
    fn mails_are_listed_by_delivery_time_whatever_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for name in ["new/1700000003.a", "cur/1700000001.z:2,S", "new/1700000002.m", "new/.hidden"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let handled: Handled = std::sync::Arc::new(|key, _| key == "1700000002.m");
        let keys: Vec<_> = list(dir.path(), &handled).unwrap().into_iter().map(|entry| entry.key).collect();
        assert_eq!(keys, ["1700000001.z", "1700000003.a"]);
    }

    #[test]
    fn a_mail_that_is_in_both_folders_while_it_is_moved_is_listed_once() {
        let dir = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        std::fs::write(dir.path().join("new/1700000001.a"), "a").unwrap();
        let moved = dir.path().join("cur/1700000001.a:2,S");
        std::fs::hard_link(dir.path().join("new/1700000001.a"), &moved).unwrap();
        let none: Handled = std::sync::Arc::new(|_, _| false);
        let paths: Vec<PathBuf> = list(dir.path(), &none).unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(paths, [moved]);
    }
}
