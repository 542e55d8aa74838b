//! Files and folders that the configuration names. Whether they are there is asked by `noctui config check` alone: they may
//! be on a network, and are needed only later.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::problem::{Origin, Problem};
use crate::secret::is_open_to_all;

/// A file or folder that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Where it is named.
    pub origin: Origin,
    /// The setting that names it.
    pub key: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Whether only its owner should read it.
    pub secret: bool,
    /// Whether it is a Maildir.
    pub maildir: bool,
}

/// What to do about a Maildir that is none.
const MAILDIR: &str = "name the folder, the one that has `new` and `cur`";

/// Whether there is nothing in a folder that mails are delivered to.
fn lacks_mails(folder: &Path) -> bool {
    ["new", "cur"].iter().all(|name| match std::fs::metadata(folder.join(name)) {
        Ok(about) => !about.is_dir(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    })
}

impl Expected {
    /// What should be known about it; `None` where it is as it should be. Asks the file system.
    #[must_use]
    pub fn warning(&self) -> Option<Problem> {
        let path = self.path.display();
        let (because, remedy) = match std::fs::metadata(&self.path) {
            Ok(about) if self.secret && is_open_to_all(&about) => {
                ("everybody on this machine may read it".to_owned(), format!("chmod 600 {path}"))
            }
            Ok(about) if self.maildir && !about.is_dir() => ("it is no folder".to_owned(), MAILDIR.to_owned()),
            Ok(_) if self.maildir && lacks_mails(&self.path) => {
                ("it has neither `new` nor `cur`, so no mail is found in it".to_owned(), MAILDIR.to_owned())
            }
            Ok(_) => return None,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ("nothing is there now".to_owned(), "correct the path, or have it there when it is needed".to_owned())
            }
            Err(error) => (error.to_string(), "let it be readable when it is needed".to_owned()),
        };
        let what = format!("warning: `{}` is {path}", self.key);
        Some(Problem { origin: self.origin.clone(), key: self.key.to_owned(), what, because, remedy })
    }
}
