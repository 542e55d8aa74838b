//! The refresh token of somebody who signed in, in a file of its own that nobody else may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::config::create_private_dir;
use crate::secret::Secret;

/// More than any token has.
const LARGEST: u64 = 32 << 10;

/// The token that is kept in `path`, or why there is none, in words. Blocks.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("nobody has signed in yet".to_owned()),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let mode = file.metadata().map(|about| about.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        return Err(format!("others may read {}: chmod 600, and sign in again", path.display()));
    }
    let mut text = String::new();
    let read = file.take(LARGEST).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Secret::read(&text).map_err(|error| format!("{} has no token: {error}", path.display()))
}

/// Keeps a token in `path`, in place of the one there. Blocks.
pub(super) fn write(path: &Path, token: &str) -> Result<(), String> {
    let told = |error: io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        create_private_dir(folder).map_err(told)?;
    }
    // Whole or not at all: a token that is half written cannot be had again.
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(told)?;
    file.write_all(token.as_bytes()).map_err(told)?;
    file.sync_all().map_err(told)?;
    fs::rename(&new, path).map_err(told)
}
