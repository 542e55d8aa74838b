//! `noctui maintenance export`: maintenances as a calendar.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::list::{Chunks, Selection};
use super::name::{self, Which};
use super::{Session, counted, failed, show};
use crate::features::maintenance::export;
use crate::features::maintenance::ical::{self, Entry};
use crate::features::maintenance::store::detail::detail;
use crate::features::maintenance::store::list::{ListQuery, Sort};
use crate::output;
use crate::store::Error;
use crate::trouble::Trouble;

/// What stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// What was typed after `export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// These maintenances, as PROVIDER/ID, instead of a part of the list; ID alone where only one provider uses it.
    #[arg(value_name = "NAME", conflicts_with_all = ["scope", "provider", "filter"])]
    names: Vec<String>,
    /// Which windows of the named ones.
    #[command(flatten)]
    which: Which,
    /// Which part of the list.
    #[command(flatten)]
    selection: Selection,
    /// Write an iCalendar file to FILE, which must not exist yet; without FILE, or as `-`, to standard output.
    #[arg(long, required = true, value_name = "FILE", num_args = 0..=1, default_missing_value = STANDARD_OUTPUT)]
    ics: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    force: bool,
}

/// Writes the calendar.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let entries = if args.names.is_empty() {
        refuse_a_swallowed_name(args, session)?;
        listed(args, session)?
    } else {
        match named(args, session)? {
            Ok(entries) => entries,
            Err(troubles) => return Ok(failed(&troubles)),
        }
    };
    let count = entries.len();
    let calendar = ical::calendar(entries);
    if args.ics.as_os_str() == STANDARD_OUTPUT {
        output::print(&calendar)?;
    } else {
        write(&args.ics, &calendar, args.force)?;
        output::print(&format!("{} written to {}\n", counted(count, "window"), args.ics.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The windows of what was named, or what is wrong with the names.
fn named(args: &Args, session: &Session) -> Result<Result<Vec<Entry>, Vec<Trouble>>, Error> {
    session.store.read_blocking(|connection| {
        let found = match name::find_all(connection, &args.names, args.which, session.now)? {
            Ok(found) => found,
            Err(troubles) => return Ok(Err(troubles)),
        };
        let mut entries = Vec::new();
        for named in &found {
            entries.extend(show::details(connection, named, session.now)?.iter().map(export::entry));
        }
        Ok(Ok(entries))
    })
}

/// The windows of a part of the list.
fn listed(args: &Args, session: &Session) -> Result<Vec<Entry>, Error> {
    let query = ListQuery { sort: Sort::Grouped, filter: args.selection.filter(), now: session.now };
    let mut entries = Vec::new();
    for rows in Chunks::new(session, query, usize::MAX) {
        let rows = rows?;
        session.store.read_blocking(|connection| {
            for row in &rows {
                entries.extend(detail(connection, row.key.maintenance, session.now)?.as_ref().map(export::entry));
            }
            Ok(())
        })?;
    }
    Ok(entries)
}

/// `export --ics NAME` reads as "all that is open, to a file called NAME". Nobody means that.
fn refuse_a_swallowed_name(args: &Args, session: &Session) -> anyhow::Result<()> {
    let Some(file) = args.ics.to_str().filter(|file| *file != STANDARD_OUTPUT && !args.selection.is_said()) else {
        return Ok(());
    };
    let found =
        session.store.read_blocking(|connection| name::find(connection, file, Which { window: None }, session.now))?;
    match found {
        Err(_) => Ok(()),
        Ok(named) => {
            Err(Trouble::new(&format!("{file} behind --ics is taken for a file, and {named} is a maintenance"))
                .to_do(&format!(
                    "write the name first: export {file} --ics; or add --open to write a file of that name"
                ))
                .into())
        }
    }
}

/// Writes `text` to `path`; without `force` it must not exist.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Trouble> {
    let written = if force { replace(path, text) } else { export::create(path, text) };
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            Trouble::new(&format!("{} is there already", path.display()))
                .to_do("name another file, or add --force to replace it")
        } else {
            Trouble::new(&format!("cannot write {}", path.display()))
                .caused_by(&error.to_string())
                .to_do("name a file in a folder that you may write to")
        }
    })
}

/// Puts `text` in place of what is at `path`, whose readers see the old file or the new one and never a part.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link; what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device or a pipe is written to and not replaced; a folder is refused by the system.
        return File::options().write(true).open(&path)?.write_all(text.as_bytes());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    export::create(&beside, text)?;
    fs::rename(&beside, &path).inspect_err(|_| drop(fs::remove_file(&beside)))
}
