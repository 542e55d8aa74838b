//! Definitions as files: `NAME.json` or `NAME.toml` in one folder.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::definition::Definition;
use super::error::Error;
use super::reading::{LARGEST, Problem};

/// A folder of definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(pub PathBuf);

/// What is in a file: a definition, or what is wrong with it.
pub type Read = Result<Definition, Vec<Problem>>;

impl Folder {
    /// Reads the definition called `name`, and says which file it is in. Blocks while the file is read.
    ///
    /// # Errors
    /// Where there is none, or there are two, or it cannot be read.
    pub fn read(&self, name: &str) -> Result<(PathBuf, Read), Error> {
        let unknown = || Error::Unknown { name: name.to_owned(), dir: self.0.clone() };
        // A name leads nowhere else.
        if !is_name(name) {
            return Err(unknown());
        }
        let mut found = None;
        for extension in ["json", "toml"] {
            let path = self.0.join(format!("{name}.{extension}"));
            match read_file(&path) {
                Ok(_) if found.is_some() => return Err(Error::Twice { name: name.to_owned(), dir: self.0.clone() }),
                Ok(read) => found = Some((path, read)),
                Err(Error::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        found.ok_or_else(unknown)
    }
}

/// Reads the definition in a file: TOML where the file's name ends so, JSON otherwise. Blocks while the file is read.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn read_file(path: &Path) -> Result<Read, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let mut text = Vec::new();
    File::open(path).map_err(unreadable)?.take(LARGEST as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    Ok(if is_toml { Definition::from_toml(&text) } else { Definition::from_json(&text) })
}

/// Whether `name` can be that of a definition: letters, digits and `-_+~.`, and no dot in front.
pub(super) fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+~.".contains(&byte))
}
