//! Forwards into files and out of them, and what was asked before.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{Report, Request, Shared};
use crate::blocking;
use crate::features::lab::model::Saved;
use crate::features::lab::store;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// Far above any set of forwards.
const LARGEST: u64 = 4 << 20;
/// Actions that are told of a machine.
const ACTIONS: u32 = 50;

/// Does what a request about files and history asks for.
pub(super) async fn answer(shared: Shared, request: Request) {
    match request {
        Request::Save { lab, path } => {
            let server = shared.server(&lab);
            let known = shared.store.read(move |connection| store::load(connection, &server)).await;
            let path = in_home(path);
            let saved = match known {
                Ok(Some((snapshot, _))) => {
                    let ((saved, unusable), at) = (Saved::of(&lab, &snapshot), path.clone());
                    let count = saved.forwards.len();
                    blocking::run(move || save(&saved, &at)).await.map(|()| (count, unusable))
                }
                Ok(None) => Err(Trouble::new("nothing is known of this lab yet").to_do("wait until it has answered")),
                Err(error) => Err(Trouble::of(&error)),
            };
            match saved {
                Ok((count, unusable)) => shared.tell(Report::Saved { count, unusable, path }).await,
                Err(trouble) => shared.fail(trouble).await,
            }
        }
        Request::Load { lab, path } => {
            let path = in_home(path);
            let at = path.clone();
            match blocking::run(move || load(&at)).await {
                Ok(saved) => shared.tell(Report::Loaded { lab, saved, path }).await,
                Err(trouble) => shared.fail(trouble).await,
            }
        }
        Request::History { lab, name } => {
            let (server, machine) = (shared.server(&lab), name.clone());
            let read =
                shared.store.read(move |connection| store::actions(connection, &server, &machine, ACTIONS)).await;
            match read {
                Ok(actions) => shared.tell(Report::History { lab, name, actions }).await,
                Err(error) => shared.fail(Trouble::of(&error)).await,
            }
        }
        Request::Refresh
        | Request::Retry
        | Request::Change { .. }
        | Request::Cancel { .. }
        | Request::Prepare { .. }
        | Request::Started { .. }
        | Request::Keep { .. } => {}
    }
}

/// A path as it was typed, with the home folder for a `~` in front, as shells have it.
fn in_home(path: PathBuf) -> PathBuf {
    let Ok(rest) = path.strip_prefix("~") else { return path };
    directories::BaseDirs::new().map_or_else(|| path.clone(), |dirs| dirs.home_dir().join(rest))
}

/// Writes forwards into a new file.
pub(in crate::features::lab) fn save(saved: &Saved, path: &Path) -> Result<(), Trouble> {
    let shown = clean_line(&path.display().to_string());
    let written = create(path, |file| file.write_all(saved.write().as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let remedy = if error.kind() == ErrorKind::AlreadyExists { "name another file" } else { "check the folder" };
        Trouble::new(&format!("cannot write {shown}")).caused_by(&error.to_string()).to_do(remedy)
    })
}

/// Makes a new file and fills it. One that cannot be filled does not stay, or it would be in the way of the next try.
fn create(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = write(&mut file);
    if written.is_err() {
        let _why_it_was_not_filled_says_more = std::fs::remove_file(path);
    }
    written
}

/// Reads forwards from a file.
pub(in crate::features::lab) fn load(path: &Path) -> Result<Saved, Trouble> {
    let shown = clean_line(&path.display().to_string());
    let failed = |why: &str| Trouble::new(&format!("cannot read {shown}")).caused_by(why);
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.map_err(|error| failed(&error.to_string()).to_do("name a file that noctui lab save made"))?;
    Saved::read(&text).map_err(|error| failed(&error.to_string()).to_do("name a file that noctui lab save made"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_filled_is_not_in_the_way_of_the_next_try() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("saved.json");
        let full = |file: &mut File| file.write_all(b"{").and(Err(ErrorKind::StorageFull.into()));
        assert_eq!(create(&path, full).unwrap_err().kind(), ErrorKind::StorageFull);
        create(&path, |file| file.write_all(b"{}")).unwrap();
        assert_eq!(create(&path, full).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
    }

    #[test]
    fn a_tilde_in_front_is_the_home_folder() {
        let home = directories::BaseDirs::new().unwrap().home_dir().to_path_buf();
        assert_eq!(in_home("~/lab/a.json".into()), home.join("lab/a.json"));
        for other in ["a~.json", "~anna/a.json", "/tmp/~"] {
            assert_eq!(in_home(other.into()), PathBuf::from(other));
        }
    }
}
