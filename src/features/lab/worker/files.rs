//! Forwards into files and out of them, and what was asked before.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{Report, Request, Shared};
use crate::blocking;
use crate::features::lab::model::{Saved, Snapshot, Wanted};
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
            let saved = match known {
                Ok(Some((snapshot, _))) => {
                    let at = path.clone();
                    blocking::run(move || save(&lab, &snapshot, &at)).await
                }
                Ok(None) => Err(Trouble::new("nothing is known of this lab yet").to_do("wait until it has answered")),
                Err(error) => Err(Trouble::of(&error)),
            };
            match saved {
                Ok(count) => shared.tell(Report::Saved { count, path }).await,
                Err(trouble) => shared.fail(trouble).await,
            }
        }
        Request::Load { lab, path } => {
            let at = path.clone();
            match blocking::run(move || load(&at)).await {
                Ok(forwards) => shared.tell(Report::Loaded { lab, forwards, path }).await,
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
        Request::Refresh | Request::Change { .. } | Request::Cancel { .. } | Request::Prepare { .. } => {}
    }
}

/// Writes a lab's forwards into a new file.
pub(in crate::features::lab) fn save(lab: &str, snapshot: &Snapshot, path: &Path) -> Result<usize, Trouble> {
    let saved = Saved::of(lab, snapshot);
    let shown = clean_line(&path.display().to_string());
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(saved.write().as_bytes()));
    written.map_err(|error| {
        let remedy = if error.kind() == ErrorKind::AlreadyExists { "name another file" } else { "check the folder" };
        Trouble::new(&format!("cannot write {shown}")).caused_by(&error.to_string()).to_do(remedy)
    })?;
    Ok(saved.forwards.len())
}

/// Reads forwards from a file; all of them can be made.
pub(in crate::features::lab) fn load(path: &Path) -> Result<Vec<Wanted>, Trouble> {
    let shown = clean_line(&path.display().to_string());
    let failed = |why: &str| Trouble::new(&format!("cannot read {shown}")).caused_by(why);
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.map_err(|error| failed(&error.to_string()).to_do("name a file that noctui lab save made"))?;
    let saved = Saved::read(&text).map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        failed(&error.to_string()).caused_by(&source).to_do("name a file that noctui lab save made")
    })?;
    Ok(saved.forwards)
}
