//! When a mail was received, by its own head: the order in which files are read whose names say nothing.

use std::io::Read as _;
use std::path::Path;

use mail_parser::{DateTime, MessageParser, Received};

use super::mbox::BEGINNING;
use super::read::{modified, open};

/// Headers beyond this are not looked at: what mail servers write comes first.
const HEAD_BYTES: u64 = 64 << 10;

/// The place of the file at `path` among others: the time at which its mail, or its first, was received, in seconds since
/// 1970. By the newest `Received` header, which no sender writes, else the `Date`, else the file's own time; what cannot
/// be read comes last.
pub(super) fn order(path: &Path) -> i64 {
    by_headers(path).or_else(|| modified(path).map(|at| at.timestamp())).unwrap_or(i64::MAX)
}

/// The time that the headers tell.
fn by_headers(path: &Path) -> Option<i64> {
    let (file, size) = open(path).ok()?;
    let mut head = Vec::with_capacity(usize::try_from(size.min(HEAD_BYTES)).unwrap_or_default());
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    // An mbox has a line in front of its first mail.
    let first_line = head.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mail = if head.starts_with(BEGINNING) { head.get(first_line..)? } else { head.as_slice() };
    let message = MessageParser::default().parse_headers(mail)?;
    let received = message.received_all().filter_map(Received::date).map(|at| at.to_timestamp()).max();
    received.or_else(|| message.date().map(DateTime::to_timestamp))
}
