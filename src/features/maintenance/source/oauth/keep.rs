//! The refresh token of somebody who signed in: in a file of its own that nobody else may read, or in the keyring.
//!
//! The file is where it is kept unless the keyring is asked for: a desktop's is locked for whoever comes over SSH. Where the
//! keyring is asked for and takes none, the file has it, and that is told. So a file that is there has the newest one.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::{OAuth, create_private_dir};
use crate::regular;
use crate::secret::{NoSecret, Secret, SecretFrom, keep_in_keyring};
use crate::text::clean_line;

/// More than any token has.
const LARGEST: u64 = 32 << 10;

/// Where a refresh token is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the keyring.
    Keyring,
    /// In a file.
    File {
        /// Which.
        path: PathBuf,
        /// Why not in the keyring, where that was asked for.
        no_keyring: Option<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => write!(f, "in the keyring"),
            Self::File { path, no_keyring: None } => write!(f, "in {}, for you alone to read", path.display()),
            Self::File { path, no_keyring: Some(why) } => {
                write!(f, "in {}, for you alone to read, and not in the keyring: {why}", path.display())
            }
        }
    }
}

/// The token that is kept for an account, or why there is none, in words.
pub(super) async fn read(config: &OAuth) -> Result<Secret, String> {
    let path = config.kept_in.clone();
    match crate::blocking::run(move || read_file(&path)).await? {
        Some(token) => return Ok(token),
        None if config.in_keyring => {}
        None => return Err("nobody has signed in yet".to_owned()),
    }
    let found = SecretFrom::Keyring(account(config)).fetch(|_| None).await;
    found.map(|found| found.secret).map_err(|error| {
        if let NoSecret::NotKept { said, .. } = error {
            return format!("nobody has signed in yet, or the keyring is locked: {said}");
        }
        error.to_string()
    })
}

/// Keeps a token for an account, in place of the one there.
pub(super) async fn write(config: &OAuth, token: &str) -> Result<Place, String> {
    let token = Secret::read(token).map_err(|error| format!("what the provider gave is no token: {error}"))?;
    let path = config.kept_in.clone();
    let mut no_keyring = None;
    if config.in_keyring {
        match keep_in_keyring(&account(config), &token).await {
            Ok(()) => return crate::blocking::run(move || remove(&path)).await.map(|()| Place::Keyring),
            Err(why) => {
                tracing::warn!(path = %path.display(), why, "the keyring keeps no token; a file does");
                no_keyring = Some(why);
            }
        }
    }
    let place = Place::File { path: path.clone(), no_keyring };
    crate::blocking::run(move || write_file(&path, token.expose())).await.map(|()| place)
}

/// What the keyring's entry is called: after the file in its place, which no other account has.
fn account(config: &OAuth) -> String {
    clean_line(&config.kept_in.to_string_lossy())
}

/// Takes the file away whose token is older than the keyring's. Blocks.
fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}, which has an older token: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The token that is kept in `path`, `None` where there is no such file, or why it cannot be had, in words. Blocks.
pub(super) fn read_file(path: &Path) -> Result<Option<Secret>, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let mode = file.metadata().map(|about| about.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        return Err(format!("others may read {}: chmod 600, and sign in again", path.display()));
    }
    let mut text = String::new();
    let read = file.take(LARGEST).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Secret::read(&text).map(Some).map_err(|error| format!("{} has no token: {error}", path.display()))
}

/// Keeps a token in `path`, in place of the one there; a link stays one, and what is no file stays what it is. Blocks.
pub(super) fn write_file(path: &Path, token: &str) -> Result<(), String> {
    let told = |error: io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        create_private_dir(folder).map_err(told)?;
    }
    let target = regular::replaced(path).map_err(told)?;
    // Whole or not at all: a token that is half written cannot be had again.
    let new = target.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(told)?;
    file.write_all(token.as_bytes()).map_err(told)?;
    file.sync_all().map_err(told)?;
    fs::rename(&new, &target).map_err(told)
}
