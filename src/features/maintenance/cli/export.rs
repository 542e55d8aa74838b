//! `noctui maintenance export`: maintenances as a calendar.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::list::{self, Selection};
use super::name::{self, Which};
use super::{Session, failed};
use crate::config::Paths;
use crate::features::maintenance::export::{self, NewFile};
use crate::features::maintenance::ical::{self, Entry};
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::detail::outline;
use crate::features::maintenance::store::list::Sort;
use crate::output::{self, Printer};
use crate::regular;
use crate::store::{self, Error};
use crate::text::{clean_line, counted};
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
    /// Write an iCalendar file to FILE, which must not exist yet; without FILE, or as `-`, to standard output. Where there is
    /// nothing to export nothing is written.
    #[arg(long, required = true, value_name = "FILE", num_args = 0..=1, default_missing_value = STANDARD_OUTPUT)]
    ics: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    force: bool,
}

/// Writes the calendar piece by piece.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let keys = if args.names.is_empty() {
        refuse_a_swallowed_name(args, session)?;
        Keys::Listed(list::Chunks::new(session, args.selection.query(Sort::Grouped, session.now), usize::MAX))
    } else {
        let found = session
            .store
            .read_blocking(|connection| name::find_all(connection, &args.names, args.which, session.now))?;
        match found {
            Ok(found) => Keys::Named(Some(name::keys(&found))),
            Err(troubles) => return Ok(failed(&troubles)),
        }
    };
    if args.ics.as_os_str() != STANDARD_OUTPUT {
        refuse_own_file(&args.ics, &session.config.paths)?;
    }
    let mut entries = keys.map(|keys| entries(session, &keys?));
    // A calendar without anything in it is none: RFC 5545 section 3.6 wants a component.
    let Some(first) = entries.find(|entries| entries.as_ref().map_or(true, |entries| !entries.is_empty())) else {
        output::complain(&format!("nothing to export: {}", list::nothing(&args.selection, session)?));
        return Ok(ExitCode::SUCCESS);
    };
    let entries = std::iter::once(first).chain(entries);
    if args.ics.as_os_str() == STANDARD_OUTPUT {
        let mut printer = Printer::new();
        calendar(entries, |piece| {
            printer.print(piece)?;
            Ok(printer.is_open())
        })?;
        printer.finish()?;
    } else {
        let count = to_file(&args.ics, args.force, entries)?;
        output::print(&format!(
            "{} written to {}\n",
            counted(count, "window"),
            clean_line(&args.ics.to_string_lossy())
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Which windows, some at a time.
enum Keys<'s> {
    /// Those that were named, at once.
    Named(Option<Vec<MaintenanceKey>>),
    /// Those of a part of the list.
    Listed(list::Chunks<'s>),
}

impl Iterator for Keys<'_> {
    type Item = Result<Vec<MaintenanceKey>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Named(keys) => keys.take().map(Ok),
            Self::Listed(chunks) => {
                let rows = chunks.next()?;
                Some(rows.map(|rows| rows.iter().map(|row| row.key.maintenance).collect()))
            }
        }
    }
}

/// The windows as the calendar takes them; one that is gone meanwhile is left out.
fn entries(session: &Session, keys: &[MaintenanceKey]) -> Result<Vec<Entry>, Error> {
    let inventory = session.inventory();
    session.store.read_blocking(|connection| {
        let details = keys.iter().filter_map(|key| outline(connection, *key, session.now).transpose());
        details.map(|detail| detail.map(|detail| export::entry(&detail.with_standings(&inventory)))).collect()
    })
}

/// Hands the pieces of a calendar to `sink` until it says that nobody wants more; how many windows there were.
fn calendar(
    entries: impl Iterator<Item = Result<Vec<Entry>, Error>>,
    mut sink: impl FnMut(&str) -> anyhow::Result<bool>,
) -> anyhow::Result<usize> {
    let mut count = 0;
    let mut is_wanted = sink(&ical::opening())?;
    for entries in entries {
        if !is_wanted {
            return Ok(count);
        }
        let entries = entries?;
        count += entries.len();
        is_wanted = sink(&entries.iter().map(ical::component).collect::<String>())?;
    }
    sink(ical::CLOSING)?;
    Ok(count)
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

/// The files that noctui itself lives by are never replaced, by force neither: nobody means that, and what is in them would
/// be gone.
fn refuse_own_file(path: &Path, paths: &Paths) -> Result<(), Trouble> {
    use std::os::unix::fs::MetadataExt as _;

    let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    // Below another name of the same folder it is the same file, be it there or not.
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    let is = |own: &Path| {
        let same_file = identity(own).is_some_and(|own| identity(path) == Some(own));
        same_file || place(own).is_some_and(|own| place(path) == Some(own))
    };
    let of_database = ["", "-wal", "-shm", "-journal"].map(|end| paths.data.join(format!("{}{end}", store::FILE_NAME)));
    let what = if of_database.iter().any(|own| is(own)) {
        "belongs to the database of noctui"
    } else if is(&paths.config) {
        "is the configuration of noctui"
    } else if is(&paths.log) {
        "is the log of noctui"
    } else {
        return Ok(());
    };
    Err(Trouble::new(&format!("{} {what} and is not replaced", clean_line(&path.to_string_lossy())))
        .to_do("name another file"))
}

/// Writes a calendar to the file at `path`, which is replaced only by force. Its readers see the old file or the new one
/// and never a part.
fn to_file(
    path: &Path,
    force: bool,
    entries: impl Iterator<Item = Result<Vec<Entry>, Error>>,
) -> anyhow::Result<usize> {
    let refused = |error: io::Error| refused(path, &error);
    if force && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device or a pipe is written to and not replaced; a folder is refused by the system.
        let mut out = File::options().write(true).open(path).map(BufWriter::new).map_err(refused)?;
        let count = calendar(entries, |piece| Ok(out.write_all(piece.as_bytes()).map(|()| true).map_err(refused)?))?;
        out.flush().map_err(refused)?;
        return Ok(count);
    }
    // A link stays a link; what it points to is replaced.
    let target = if force { regular::replaced(path).map_err(refused)? } else { path.to_owned() };
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = force.then(|| target.with_file_name(format!(".{name}.{}", std::process::id())));
    let mut file = NewFile::create(beside.as_deref().unwrap_or(&target)).map_err(refused)?;
    let count = calendar(entries, |piece| Ok(file.write(piece).map(|()| true).map_err(refused)?))?;
    file.finish().map_err(refused)?;
    if let Some(beside) = beside {
        fs::rename(&beside, &target).inspect_err(|_| drop(fs::remove_file(&beside))).map_err(refused)?;
    }
    Ok(count)
}

/// Why a file was not written.
fn refused(path: &Path, error: &io::Error) -> Trouble {
    if path.is_dir() {
        Trouble::new(&format!("{} is a folder", path.display())).to_do("name a file in it")
    } else if error.kind() == ErrorKind::AlreadyExists {
        Trouble::new(&format!("{} is there already", path.display()))
            .to_do("name another file, or add --force to replace it")
    } else {
        Trouble::new(&format!("cannot write {}", path.display()))
            .caused_by(&error.to_string())
            .to_do("name a file in a folder that you may write to")
    }
}
