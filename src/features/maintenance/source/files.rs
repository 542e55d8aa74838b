//! Mails that a command line names: files, folders and standard input, read once. A file may hold many ([`mbox`](super::mbox)).

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::head;
use super::maildir::{Entry, is_maildir, list};
use super::mbox::Mbox;
use super::read::{Unread, modified, open, read_mail, read_sized};
use super::{Handled, Received, Refusal};

/// What stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// Folders in folders beyond this depth are refused. No tree of mails is deeper; a file system that loops is.
const MAX_DEPTH: usize = 32;

/// The mails that `inputs` name, in their order, read one at a time.
///
/// A file is a mail whatever its name, or an mbox of mails, which are numbered. A Maildir gives its mails in the order of
/// delivery. Any other folder gives its `*.eml` and `*.mbox` files, its own before those of its folders; links to folders
/// are not followed, hidden ones are left out. What is named and cannot be read comes as a mail with a [`Refusal`], never
/// as nothing.
///
/// Files of one folder, and files named one after the other (`mails/*.eml`), come in the order in which their mails were
/// received, as they would have from a mailbox: an update that is read before the first announcement would be history
/// out of order. Of each the head is read for that, and nothing of it is kept but the time.
pub fn read<P: Into<PathBuf>>(inputs: impl IntoIterator<Item = P>) -> impl Iterator<Item = Received> {
    let mut inputs: Vec<Waiting> = inputs.into_iter().map(|input| Waiting::new(input.into(), 0)).collect();
    let is_file = |input: &Waiting| input.path.as_os_str() != STANDARD_INPUT && !input.path.is_dir();
    for files in inputs.chunk_by_mut(|one, next| is_file(one) && is_file(next)) {
        // One alone may be a pipe that can be read only once.
        if files.len() > 1 {
            files.sort_by_cached_key(|file| head::order(&file.path));
        }
    }
    Mails { opened: None, waiting: inputs.into() }
}

/// Something that is still to be read.
struct Waiting {
    /// Where it is.
    path: PathBuf,
    /// Folders above it that were walked; 0 for what the command line named.
    depth: usize,
    /// Set for mails of a Maildir.
    entry: Option<Entry>,
}

impl Waiting {
    /// A file or folder at `path`.
    fn new(path: PathBuf, depth: usize) -> Self {
        Self { path, depth, entry: None }
    }
}

/// Walks the inputs.
struct Mails {
    /// The mbox that is being read.
    opened: Option<Opened>,
    /// Next first.
    waiting: VecDeque<Waiting>,
}

/// An mbox that is being read.
struct Opened {
    /// Its mails.
    mails: Mbox,
    /// What it is called.
    name: String,
    /// Mails read of it.
    count: usize,
    /// When it was last written; its mails were delivered before.
    written: Option<DateTime<Utc>>,
}

impl Opened {
    /// The next mail.
    fn next(&mut self) -> Option<Received> {
        let body = self.mails.next()?;
        self.count += 1;
        Some(dated(Received::whole(format!("{}#{}", self.name, self.count), self.written, body)))
    }
}

impl Mails {
    /// Reads the mail in `source` of `size` bytes, or the first if it holds many.
    fn read(
        &mut self,
        name: String,
        delivered: Option<DateTime<Utc>>,
        mut source: impl Read + Send + 'static,
        size: u64,
    ) -> Option<Received> {
        /// Any line that begins a mail is shorter.
        const BEGINNING_BYTES: u64 = 1024;
        let mut beginning = Vec::new();
        if let Err(error) = source.by_ref().take(BEGINNING_BYTES).read_to_end(&mut beginning) {
            return Some(received(name, delivered, Err(error.into())));
        }
        if let Some(refusal) = no_mail(&beginning) {
            return Some(received(name, delivered, Err(Unread::Refused(refusal))));
        }
        let is_mbox = Mbox::is_one(&beginning);
        let whole = Cursor::new(beginning).chain(source);
        if is_mbox {
            let mails = Mbox::new(Box::new(BufReader::new(whole)));
            return self.opened.insert(Opened { mails, name, count: 0, written: delivered }).next();
        }
        Some(dated(received(name, delivered, read_sized(whole, size))))
    }
}

/// Why what begins so is no mail, if that shows: what was saved or packed otherwise would be a mail that nobody can read for
/// ever.
fn no_mail(beginning: &[u8]) -> Option<Refusal> {
    const UNPACK: &str = "unpack it and import what is in it; what else was named is imported";
    if beginning.trim_ascii().is_empty() {
        return Some(Refusal::Empty);
    }
    let (kind, remedy) = match beginning {
        [0xd0, 0xcf, 0x11, 0xe0, ..] => (
            "a mail as Outlook keeps it (.msg), or another document of Office",
            "save the mail as .eml, or drag it out of Outlook on the web, and import that; what else was named is imported",
        ),
        [0x1f, 0x8b, ..] => ("packed with gzip", UNPACK),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => ("a zip archive or a document of Office", UNPACK),
        _ => return None,
    };
    Some(Refusal::Other { kind, remedy })
}

/// A mail that was received when it says itself: its file may have been written long after that.
fn dated(mail: Received) -> Received {
    let told = mail.body.as_ref().ok().and_then(|body| head::received_at(body));
    Received { delivered: told.or(mail.delivered), ..mail }
}

impl Iterator for Mails {
    type Item = Received;

    fn next(&mut self) -> Option<Received> {
        loop {
            if let Some(mail) = self.opened.as_mut().and_then(Opened::next) {
                return Some(mail);
            }
            self.opened = None;
            let waiting = self.waiting.pop_front()?;
            if waiting.depth == 0 && waiting.path.as_os_str() == STANDARD_INPUT {
                return self.read(STANDARD_INPUT.to_owned(), None, io::stdin(), 0);
            }
            // What the command line names may be a link to a folder; below it links to folders are not followed.
            if waiting.path.is_dir() && waiting.entry.is_none() {
                match folder(&waiting) {
                    Ok(inside) => inside.into_iter().rev().for_each(|waiting| self.waiting.push_front(waiting)),
                    Err(refusal) => return Some(refused(&waiting.path, refusal)),
                }
                continue;
            }
            let name = name(&waiting.path);
            if let Some(entry) = waiting.entry {
                return Some(received(name, entry.delivered, read_mail(&waiting.path)));
            }
            let delivered = modified(&waiting.path);
            return match open(&waiting.path) {
                Ok((file, size)) => self.read(name, delivered, file, size),
                Err(unread) => Some(received(name, delivered, Err(unread))),
            };
        }
    }
}

/// What is in a folder, in the order in which it is read.
fn folder(folder: &Waiting) -> Result<Vec<Waiting>, Refusal> {
    let unreadable = |error: io::Error| Refusal::Unreadable { reason: error.to_string() };
    if is_maildir(&folder.path) {
        let all: Handled = Arc::new(|_, _| false);
        let mails = list(&folder.path, &all).map_err(unreadable)?;
        return Ok(mails
            .into_iter()
            .map(|entry| Waiting { path: entry.path.clone(), depth: folder.depth + 1, entry: Some(entry) })
            .collect());
    }
    if folder.depth >= MAX_DEPTH {
        return Err(Refusal::Unreadable { reason: format!("more than {MAX_DEPTH} folders deep") });
    }
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(&folder.path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(path);
        } else if is_named_as_mail(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort_by_cached_key(|file| (head::order(file), file.clone()));
    folders.sort_unstable();
    Ok(files.into_iter().chain(folders).map(|path| Waiting::new(path, folder.depth + 1)).collect())
}

/// Whether a file in a folder is meant to be read.
fn is_named_as_mail(path: &Path) -> bool {
    let is = |wanted: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted));
    is("eml") || is("mbox")
}

/// A mail or the reason why it is none.
fn received(key: String, delivered: Option<DateTime<Utc>>, read: Result<Vec<u8>, Unread>) -> Received {
    let body = read.map_err(|unread| match unread {
        Unread::Refused(refusal) => refusal,
        Unread::Vanished => Refusal::Unreadable { reason: "no such file".to_owned() },
    });
    Received::whole(key, delivered, body)
}

/// An input that gives no mail.
fn refused(path: &Path, refusal: Refusal) -> Received {
    Received::whole(name(path), None, Err(refusal))
}

/// The key of a file: where it was found.
fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The file names and contents that reading `input` gives.
    fn read_all(input: &Path) -> Vec<(String, Result<String, Refusal>)> {
        read([input])
            .map(|received| {
                let key = Path::new(&received.key).strip_prefix(input).unwrap().to_string_lossy().into_owned();
                (key, received.body.map(|body| String::from_utf8(body).unwrap()))
            })
            .collect()
    }

    /// A folder with these files.
    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        dir
    }

    /// A mail with these headers.
    fn with_headers(headers: &str) -> String {
        format!("Subject: x\n{headers}\n\nbody\n")
    }

    #[test]
    fn mails_of_a_folder_come_in_the_order_in_which_they_were_received() {
        let dir = tempfile::tempdir().unwrap();
        let received = "Received: from a.example by b.example; Tue, 3 Nov 2026 10:00:00 +0000\n\
                        Received: from c.example by a.example; Tue, 3 Nov 2026 09:59:00 +0000\n\
                        Date: Sun, 1 Nov 2026 00:00:00 +0000";
        for (name, text) in [
            ("a.eml", with_headers("Date: Wed, 4 Nov 2026 10:00:00 +0100")),
            ("b.eml", with_headers(received)),
            ("c.eml", with_headers("Date: Mon, 2 Nov 2026 23:30:00 -0500")),
            (
                "d.mbox",
                format!("From a@b.example Mon Nov  2 10:00:00 2026\n{}", with_headers("Date: 2 Nov 2026 10:00 +0000")),
            ),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let names = |mails: Vec<(String, _)>| mails.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(read_all(dir.path())), ["d.mbox#1", "c.eml", "b.eml", "a.eml"]);
        let files = ["a.eml", "missing.eml", "b.eml", "c.eml"].map(|name| dir.path().join(name));
        let keys: Vec<_> = read(files).map(|mail| mail.key.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(keys, ["c.eml", "b.eml", "a.eml", "missing.eml"]);
    }

    #[test]
    fn a_folder_gives_its_mails_and_nothing_else() {
        let dir = folder_with(&["b.eml", "a.EML", "notes.txt", "sub/c.eml", "sub/deep/d.eml", ".git/x.eml", ".y.eml"]);
        symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
        symlink(dir.path(), dir.path().join("sub/loop.eml")).unwrap();
        let names: Vec<_> = read_all(dir.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.EML", "b.eml", "sub/c.eml", "sub/deep/d.eml"]);
    }

    #[test]
    fn a_maildir_inside_a_folder_gives_its_mails_in_the_order_of_delivery() {
        let dir = folder_with(&["box/cur/1700000002.b:2,S", "box/new/1700000001.a", "box/tmp/1700000000.c", "z.eml"]);
        let names: Vec<_> = read_all(dir.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["z.eml", "box/new/1700000001.a", "box/cur/1700000002.b:2,S"]);
    }

    #[test]
    fn a_file_is_a_mail_whatever_its_name_and_a_missing_one_says_so() {
        let dir = folder_with(&["mail"]);
        let mails: Vec<_> = read([dir.path().join("mail"), dir.path().join("missing")]).collect();
        assert_eq!(mails[0].body, Ok(b"mail".to_vec()));
        assert!(mails[0].delivered.is_some());
        assert_eq!(mails[1].body, Err(Refusal::Unreadable { reason: "no such file".to_owned() }));
    }

    #[test]
    fn what_is_packed_or_saved_otherwise_is_no_mail() {
        let dir = tempfile::tempdir().unwrap();
        for (begins, kind) in [
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], "it is a mail as Outlook keeps it (.msg)"),
            (b"\x1f\x8b\x08", "it is packed with gzip, and no mail"),
            (b"PK\x03\x04", "it is a zip archive or"),
            (b"PK\x05\x06", "it is a zip archive or"),
            (b"\n", "there is no mail in it"),
            (b"", "there is no mail in it"),
        ] {
            fs::write(dir.path().join("x.eml"), begins).unwrap();
            let said = read_all(dir.path()).pop().unwrap().1.unwrap_err().to_string();
            assert!(said.starts_with(kind), "{said}");
        }
    }

    #[test]
    fn a_pipe_among_the_mails_is_refused_and_not_waited_for() {
        let dir = folder_with(&["b.eml"]);
        let pipe = dir.path().join("a.eml");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let mails = read_all(dir.path());
        assert_eq!(mails[0], ("a.eml".to_owned(), Err(Refusal::NotAFile { kind: "a named pipe" })));
        assert_eq!(mails[1].1, Ok("b.eml".to_owned()));
    }

    #[test]
    fn a_file_of_many_mails_gives_each_of_them() {
        let dir = folder_with(&["b.eml"]);
        let from = "From noc@isp.example Mon Nov  2 10:00:00 2026\n";
        fs::write(dir.path().join("a.mbox"), format!("{from}Subject: 1\n\n{from}Subject: 2\n")).unwrap();
        let found: Vec<_> = read_all(dir.path()).into_iter().map(|(name, body)| (name, body.unwrap())).collect();
        let expected = [("a.mbox#1", "Subject: 1\n"), ("a.mbox#2", "Subject: 2\n"), ("b.eml", "b.eml")];
        assert_eq!(found, expected.map(|(name, body)| (name.to_owned(), body.to_owned())));
    }

    #[test]
    fn folders_without_end_are_given_up() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(["d"; MAX_DEPTH + 3].join("/"))).unwrap();
        let mails = read_all(dir.path());
        assert_eq!(mails.len(), 1);
        assert!(mails[0].1.as_ref().unwrap_err().to_string().contains("32 folders deep"));
    }
}
