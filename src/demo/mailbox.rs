//! The Maildir that the demo's mails are delivered to, as a mail server would.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Temporary names tried.
const MAX_NAMES: usize = 1_000;

/// A Maildir.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    /// The folder that has `tmp/`, `new/` and `cur/`.
    path: PathBuf,
}

impl Mailbox {
    /// Makes an empty one.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        for folder in ["tmp", "new", "cur"] {
            private().create(path.join(folder))?;
        }
        Ok(Self { path })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Delivers a mail, which appears at once and whole: among those that somebody has seen, or among the new ones.
    pub(super) fn deliver(&self, name: &str, mail: &[u8], seen: bool) -> io::Result<()> {
        let tmp = self.path.join("tmp").join(name);
        let mut file = File::create(&tmp)?;
        file.write_all(mail)?;
        // Long ago: nobody waits whether more of it comes.
        file.set_modified(SystemTime::UNIX_EPOCH)?;
        let delivered =
            if seen { self.path.join("cur").join(format!("{name}:2,S")) } else { self.path.join("new").join(name) };
        fs::rename(tmp, delivered)
    }
}

/// What the names of temporary folders begin with.
pub(super) const PREFIX: &str = "noctui-demo-";

/// Makes a folder of a new name among the system's temporary ones.
pub(super) fn make_temporary_folder() -> io::Result<PathBuf> {
    let base = std::env::temp_dir();
    let process = std::process::id();
    for number in 0..MAX_NAMES {
        // Fails when the name is taken, whoever took it: never somebody else's folder, never through a link.
        let folder = base.join(format!("{PREFIX}{process}-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{MAX_NAMES} demos of this process are there already")))
}

/// Makes `folder` if it is not there. `false` when it is and has something in it.
pub(super) fn make_empty_folder(folder: &Path) -> io::Result<bool> {
    private().create(folder)?;
    Ok(fs::read_dir(folder)?.next().is_none())
}

/// Folders for the owner alone; those above are made as well.
fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
}
