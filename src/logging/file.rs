//! A file that is put aside when it has grown: `noctui.log`, then `noctui.log.1`, `.2` … Several processes may write
//! to one file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::{Log, create_private_dir};

/// When a file is put aside and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A file does not grow past this, unless one line alone does.
    max_bytes: u64,
    /// How many files there are at most, the current one included; at least one.
    files: u32,
}

impl Limits {
    /// Those of the configuration.
    pub(super) fn of(log: &Log) -> Self {
        Self { max_bytes: log.max_size_bytes, files: log.files.max(1) }
    }
}

/// The file. It is opened, and its folder made, when there is a line to write.
#[derive(Debug)]
pub(super) struct RotatingFile {
    /// The name of the current file.
    path: PathBuf,
    /// How large, how many.
    limits: Limits,
    /// The current file, once opened.
    open: Option<File>,
}

impl RotatingFile {
    /// The file at `path`, which need not exist.
    pub(super) fn new(path: PathBuf, limits: Limits) -> Self {
        Self { path, limits, open: None }
    }

    /// The name of the current file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Observes other limits from the next line on.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Appends `line`. After an error the next line tries from the beginning.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let mut file = match self.open.take().filter(|file| self.is_current(file)) {
            Some(file) => file,
            None => self.open_file()?,
        };
        let size = file.metadata()?.len();
        if size > 0 && size + line.len() as u64 > self.limits.max_bytes {
            file = self.put_aside(file)?;
        }
        file.write_all(line)?;
        self.open = Some(file);
        Ok(())
    }

    /// Whether the name still stands for `file`: another process may have put it aside, a person may have deleted it.
    fn is_current(&self, file: &File) -> bool {
        let identity = |metadata: io::Result<std::fs::Metadata>| metadata.ok().map(|file| (file.dev(), file.ino()));
        identity(file.metadata()) == identity(std::fs::metadata(&self.path))
    }

    /// Opens the current file for appending, for the user alone.
    fn open_file(&self) -> io::Result<File> {
        create_private_dir(self.path.parent().unwrap_or(Path::new("/")))?;
        OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)
    }

    /// Gives every file the next number and begins a new one, unless another process is just doing that.
    fn put_aside(&self, file: File) -> io::Result<File> {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(file),
            // Some network file systems have no locks; two processes putting aside at once lose an old file at worst.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if !self.is_current(&file) {
            return self.open_file();
        }
        if self.limits.files == 1 {
            file.set_len(0)?;
            file.unlock()?;
            return Ok(file);
        }
        for number in (1..self.limits.files).rev() {
            let older = if number == 1 { self.path.clone() } else { self.numbered(number - 1) };
            match std::fs::rename(older, self.numbered(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        // Dropping the file, which has another name now, unlocks it.
        self.open_file()
    }

    /// The name of the file put aside `number` times.
    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn limits(max_bytes: u64, files: u32) -> Limits {
        Limits { max_bytes, files }
    }

    /// The texts of the files in the folder, by name.
    fn files(dir: &Path) -> Vec<(String, String)> {
        let read = |path: PathBuf| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        };
        let mut files: Vec<_> = dir.read_dir().unwrap().map(|entry| read(entry.unwrap().path())).collect();
        files.sort();
        files
    }

    fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn nothing_is_made_before_there_is_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let _file = RotatingFile::new(dir.path().join("state/log"), limits(8, 3));
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_full_file_is_put_aside_and_only_so_many_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = RotatingFile::new(dir.path().join("log"), limits(8, 3));
        for line in ["1aa\n", "1bb\n", "2aa\n", "2bb\n", "3 is too long\n", "4aa\n"] {
            file.write(line.as_bytes()).unwrap();
        }
        assert_eq!(
            files(dir.path()),
            named(&[("log", "4aa\n"), ("log.1", "3 is too long\n"), ("log.2", "2aa\n2bb\n")])
        );
        let mode = dir.path().join("log").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn one_file_begins_anew_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = RotatingFile::new(dir.path().join("log"), limits(8, 1));
        for line in ["aaa\n", "bbb\n", "ccc\n"] {
            file.write(line.as_bytes()).unwrap();
        }
        assert_eq!(files(dir.path()), named(&[("log", "ccc\n")]));
    }

    #[test]
    fn two_processes_share_a_file_without_losing_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut one = RotatingFile::new(dir.path().join("log"), limits(8, 9));
        let mut two = RotatingFile::new(dir.path().join("log"), limits(8, 9));
        for round in 0..4 {
            one.write(format!("a{round}\n").as_bytes()).unwrap();
            two.write(format!("b{round}\n").as_bytes()).unwrap();
        }
        let all: String = files(dir.path()).into_iter().rev().map(|(_, text)| text).collect();
        let mut lines: Vec<&str> = all.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"]);
    }

    #[test]
    fn a_deleted_file_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = RotatingFile::new(dir.path().join("log"), limits(80, 2));
        file.write(b"a\n").unwrap();
        std::fs::remove_file(dir.path().join("log")).unwrap();
        file.write(b"b\n").unwrap();
        assert_eq!(files(dir.path()), named(&[("log", "b\n")]));
    }

    #[test]
    fn after_an_error_the_next_line_tries_again() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("state");
        std::fs::write(&blocked, "").unwrap();
        let mut file = RotatingFile::new(blocked.join("log"), limits(80, 2));
        assert!(file.write(b"a\n").is_err());
        std::fs::remove_file(&blocked).unwrap();
        file.write(b"b\n").unwrap();
        assert_eq!(files(&blocked), named(&[("log", "b\n")]));
    }
}
