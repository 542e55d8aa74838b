//! Files, and nothing that only has a file's name: opening a pipe waits until somebody comes to its other end.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Opens a file to be read.
///
/// # Errors
/// Where it cannot be read or is no file, with what it is. Never waits for a pipe's other end, and opens no device.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Looked at before, since opening some devices does something, and afterwards, since the name may mean another file by then.
    is_file(path.metadata()?.file_type())?;
    let file = OpenOptions::new().read(true).custom_flags(at_once()).open(path)?;
    is_file(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a log at its end, or makes one that nobody else may read.
///
/// # Errors
/// Where it cannot be written, or is a pipe, a socket or a disk. Terminals and the like are taken, and never waited for.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    let is_log = |kind: FileType| if kind.is_char_device() { Ok(()) } else { is_file(kind) };
    match path.metadata() {
        Ok(about) => is_log(about.file_type())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(at_once()).open(path)?;
    is_log(file.metadata()?.file_type())?;
    Ok(file)
}

/// Nothing is waited for, and no terminal becomes ours.
fn at_once() -> i32 {
    (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()
}

/// The file that is replaced where `path` is written as a whole: what a link leads to, so that the link stays; the path itself
/// where nothing is there.
///
/// # Errors
/// Where it is no file, with what it is, or a link that leads to nothing.
pub(crate) fn replaced(path: &Path) -> io::Result<PathBuf> {
    match path.metadata() {
        Ok(about) => is_file(about.file_type()).and_then(|()| path.canonicalize()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link that leads to nothing"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

/// Nothing else than a file; what else it is, is told.
pub(crate) fn is_file(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_told_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for told in [open(&pipe), append(&pipe)] {
            assert_eq!(told.unwrap_err().to_string(), "it is a pipe, and no file");
        }
        assert_eq!(open(Path::new("/dev/null")).unwrap_err().to_string(), "it is a device, and no file");
        assert_eq!(append(dir.path()).unwrap_err().to_string(), "it is a folder, and no file");
        let log = dir.path().join("log");
        append(&log).unwrap();
        assert!(open(&log).is_ok() && append(Path::new("/dev/null")).is_ok());
    }

    #[test]
    fn only_files_are_replaced_and_links_are_followed() {
        let dir = tempfile::tempdir().unwrap();
        let [pipe, file, link, loose] = ["pipe", "file", "link", "loose"].map(|name| dir.path().join(name));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(replaced(&link).unwrap_err().to_string(), "it is a link that leads to nothing");
        assert_eq!(replaced(&loose).unwrap(), loose);
        std::fs::write(&file, "old").unwrap();
        assert_eq!(replaced(&link).unwrap(), file.canonicalize().unwrap());
        assert_eq!(replaced(&pipe).unwrap_err().to_string(), "it is a pipe, and no file");
        assert_eq!(replaced(dir.path()).unwrap_err().to_string(), "it is a folder, and no file");
        // Told by its type: nothing is written.
        assert_eq!(replaced(Path::new("/dev/null")).unwrap_err().to_string(), "it is a device, and no file");
    }
}
