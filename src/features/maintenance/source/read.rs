//! Reading one mail from a file that may be anything.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use chrono::{DateTime, Utc};
use rustix::fs::OFlags;

use super::{MAX_MAIL_BYTES, Refusal};

/// What tells a file from what it was before. Two are only compared: whatever clock wrote them may be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Its size.
    pub bytes: i64,
    /// When it was last written, in nanoseconds since 1970.
    pub written_at: i64,
}

impl Stamp {
    /// Of a file.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let written_at = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
        Self { bytes: i64::try_from(metadata.len()).unwrap_or(i64::MAX), written_at }
    }
}

/// Why a file gave no mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Gone since it was listed.
    Vanished,
    /// There, but refused.
    Refused(Refusal),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        // A folder of the path may have been replaced by a file meanwhile.
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            return Self::Vanished;
        }
        Self::Refused(Refusal::Unreadable { reason: error.to_string() })
    }
}

/// Reads the mail at `path`.
pub(super) fn read_mail(path: &Path) -> Result<Vec<u8>, Unread> {
    let (file, size) = open(path)?;
    read_sized(file, size)
}

/// The same with its stamp, which is of before it was read: what is written meanwhile makes it another.
pub(super) fn read_stamped(path: &Path) -> Result<(Vec<u8>, Stamp), Unread> {
    let (file, size) = open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    Ok((read_sized(file, size)?, stamp))
}

/// Opens the file at `path`; its size comes with it. Never waits for a pipe's other end and never opens a device.
pub(super) fn open(path: &Path) -> Result<(File, u64), Unread> {
    // Looked at before opening, because opening some devices does something; looked at again afterwards, because the
    // name may mean another file by then. O_NONBLOCK keeps the opening of a pipe from waiting for a writer.
    accept(&fs::metadata(path)?)?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = File::options().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let size = accept(&file.metadata()?)?;
    Ok((file, size))
}

/// Reads a mail of `size` bytes.
pub(super) fn read_sized(source: impl Read, size: u64) -> Result<Vec<u8>, Unread> {
    if size > MAX_MAIL_BYTES {
        return Err(Unread::Refused(Refusal::TooLarge { bytes: size }));
    }
    read_bounded(source, size)
}

/// Reads `source` to its end, unless that is too far away.
pub(super) fn read_bounded(source: impl Read, size_hint: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::with_capacity(usize::try_from(size_hint.min(MAX_MAIL_BYTES)).unwrap_or(0));
    source.take(MAX_MAIL_BYTES + 1).read_to_end(&mut bytes)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > MAX_MAIL_BYTES {
        return Err(Unread::Refused(Refusal::TooLarge { bytes: length }));
    }
    Ok(bytes)
}

/// The time a file was last written.
pub(super) fn modified(path: &Path) -> Option<DateTime<Utc>> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().map(DateTime::from)
}

/// The size of a regular file.
fn accept(metadata: &Metadata) -> Result<u64, Unread> {
    let file_type = metadata.file_type();
    let kind = if file_type.is_file() {
        return Ok(metadata.len());
    } else if file_type.is_dir() {
        "a folder"
    } else if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Unread::Refused(Refusal::NotAFile { kind }))
}
