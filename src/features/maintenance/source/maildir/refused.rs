//! Mails that are in a Maildir and cannot be read: each of them may be the one that tells of tonight's outage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::read::{self, Unread};
use super::super::remote::Seen;
use super::super::{Handled, Refusal};
use super::{Maildir, list};
use crate::text::counted;
use crate::trouble::Trouble;

/// Files that are named where mails cannot be read; of the others there is the number.
const NAMED: usize = 3;

/// Mails that are there and cannot be read, by their keys: where, and why.
#[derive(Debug, Default)]
pub(super) struct Refused(BTreeMap<String, (PathBuf, Refusal)>);

impl Refused {
    /// Remembers a mail; false where the same was known of it.
    pub(super) fn insert(&mut self, key: &str, path: PathBuf, refusal: &Refusal) -> bool {
        let before = self.0.insert(key.to_owned(), (path, refusal.clone()));
        before.is_none_or(|(_, before)| before != *refusal)
    }

    /// The mail was read.
    pub(super) fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// There is no mail at `path` any more; it may have been found elsewhere meanwhile.
    pub(super) fn vanished(&mut self, key: &str, path: &Path) {
        if self.0.get(key).is_some_and(|(at, _)| at == path) {
            self.0.remove(key);
        }
    }

    /// Forgets the mails of which `is_there` says no.
    pub(super) fn retain(&mut self, is_there: impl Fn(&String) -> bool) {
        self.0.retain(|key, _| is_there(key));
    }

    /// Whether the mail with this key is one of them.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Whether every mail can be read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where they are.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.0.values().map(|(path, _)| path.clone())
    }

    /// How many there are, which and why, and what to do; `None` where there are none.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        let mut named = self.0.values().take(NAMED).map(|(path, refusal)| format!("{}: {refusal}", path.display()));
        let mut why = named.next()?;
        for more in named {
            why = format!("{why}, {more}");
        }
        if let Some(more @ 1..) = self.0.len().checked_sub(NAMED) {
            why = format!("{why}, and {more} more");
        }
        // What is no file never becomes readable.
        let is_about_access = self.0.values().any(|(_, refusal)| matches!(refusal, Refusal::Unreadable { .. }));
        let to_do = if is_about_access {
            "let the user whom noctui runs as read it (chmod, chown), or move it out of the Maildir"
        } else {
            "move it out of the Maildir"
        };
        let what = format!("{} not read", counted(self.0.len(), "mail"));
        Some(Trouble::new(&what).caused_by(&why).to_do(to_do))
    }
}

/// What a look into a Maildir found.
#[derive(Debug)]
pub struct Found {
    /// How many mails were asked for.
    pub mails: usize,
    /// Those that nobody has read and that cannot be read, in words.
    pub refused: Option<Trouble>,
}

/// What there is to be read in the Maildir at `root`, or why that cannot be told; with it, what is in the way of those that
/// are not `handled`. Blocks.
pub fn survey(root: &Path, handled: &Handled) -> Result<(Seen, Option<Trouble>), String> {
    let found = unread(root, handled)?;
    let all =
        list(root, &(std::sync::Arc::new(|_: &str, _| false) as Handled)).map_err(|error| unlisted(root, &error))?;
    let mails = Ok(u32::try_from(all.len()).unwrap_or(u32::MAX));
    Ok((Seen { folder: root.display().to_string(), mails, is_label: false }, found.refused))
}

/// The mails of the Maildir at `root` that are not `handled`, or why that cannot be told. Each is opened and none is read.
/// Blocks.
pub fn unread(root: &Path, handled: &Handled) -> Result<Found, String> {
    Maildir::new(root).open()?;
    let (mut mails, mut refused) = (0, Refused::default());
    for entry in list(root, handled).map_err(|error| unlisted(root, &error))? {
        match read::open(&entry.path) {
            Ok(_) => mails += 1,
            Err(Unread::Vanished) => {}
            Err(Unread::Refused(refusal)) => {
                mails += 1;
                refused.insert(&entry.key, entry.path, &refusal);
            }
        }
    }
    Ok(Found { mails, refused: refused.trouble() })
}

/// In words.
fn unlisted(root: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be listed: {error}", root.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn mails_that_cannot_be_read_are_counted_and_the_first_of_them_named() {
        let mut refused = Refused::default();
        assert_eq!(refused.trouble(), None);
        let denied = Refusal::Unreadable { reason: "Permission denied (os error 13)".to_owned() };
        assert!(refused.insert("2", "/m/new/2".into(), &denied));
        assert!(!refused.insert("2", "/m/cur/2:2,S".into(), &denied), "known");
        refused.vanished("2", Path::new("/m/new/2"));
        assert_eq!(
            refused.trouble().unwrap().one_line(),
            "1 mail not read: /m/cur/2:2,S: cannot be read: Permission denied (os error 13); let the user whom noctui runs \
             as read it (chmod, chown), or move it out of the Maildir"
        );
        refused.vanished("2", Path::new("/m/cur/2:2,S"));
        for name in 1..=4 {
            refused.insert(&name.to_string(), format!("/m/new/{name}").into(), &Refusal::NotAFile { kind: "a folder" });
        }
        assert_eq!(
            refused.trouble().unwrap().one_line(),
            "4 mails not read: /m/new/1: a folder is no mail, /m/new/2: a folder is no mail, /m/new/3: a folder is no mail, \
             and 1 more; move it out of the Maildir"
        );
    }

    #[test]
    fn who_looks_into_a_maildir_is_told_what_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir(root.join("new")).unwrap();
        std::fs::write(root.join("new/1700000001.a"), "a").unwrap();
        symlink("1700000002.loop", root.join("new/1700000002.loop")).unwrap();
        symlink("nowhere", root.join("new/1700000003.nowhere")).unwrap();
        let words = |trouble: Option<Trouble>| trouble.map(|trouble| trouble.what().to_owned());
        let nothing_is: Handled = Arc::new(|_, _| false);
        let found = unread(root, &nothing_is).unwrap();
        assert_eq!((found.mails, words(found.refused).as_deref()), (2, Some("1 mail not read")));
        let (seen, refused) = survey(root, &nothing_is).unwrap();
        assert_eq!((seen.mails, words(refused).as_deref()), (Ok(3), Some("1 mail not read")));
        let it_is: Handled = Arc::new(|key, _| key == "1700000002.loop");
        assert_eq!(words(survey(root, &it_is).unwrap().1), None, "what was read before needs no reading");
    }
}
