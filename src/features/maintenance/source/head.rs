//! When a mail was received, by its own head: what counts for files, whose names and times say nothing, and the order in
//! which they are read.

use std::io::Read as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, Received};

use super::mbox::BEGINNING;
use super::read::{modified, open};
use crate::clock;
use crate::features::maintenance::mail::{is_calendar, read_envelope};

/// Headers beyond this are not looked at where many files are put in order: what mail servers write comes first.
const HEAD_BYTES: u64 = 64 << 10;
/// The same of a mail that was read: no headers that mean anything are longer.
const MOST_BYTES: usize = 4 << 20;

/// The place of the file at `path` among others: the time at which its mail, or its first, was received, in seconds since
/// 1970; by its head, else the file's own time. What cannot be read comes last.
pub(super) fn order(path: &Path) -> i64 {
    let at = head_of(path).and_then(|head| received_at(&head)).or_else(|| modified(path));
    at.map_or(i64::MAX, |at| at.timestamp())
}

/// The first bytes of a file.
fn head_of(path: &Path) -> Option<Vec<u8>> {
    let (file, size) = open(path).ok()?;
    let mut head = Vec::with_capacity(usize::try_from(size.min(HEAD_BYTES)).unwrap_or_default());
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    Some(head)
}

/// When a mail was received: by the newest `Received` header, which no sender writes, else the `Date`, as far as that is
/// plausible. A calendar without a mail says when it was made.
pub(super) fn received_at(raw: &[u8]) -> Option<DateTime<Utc>> {
    let head = raw.get(..MOST_BYTES).unwrap_or(raw);
    if is_calendar(head) {
        return read_envelope(head).date.filter(is_plausible);
    }
    // An mbox has a line in front of its first mail.
    let first_line = head.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mail = if head.starts_with(BEGINNING) { head.get(first_line..)? } else { head };
    let message = MessageParser::default().parse_headers(mail)?;
    let time = |at: mail_parser::DateTime| DateTime::from_timestamp(at.to_timestamp(), 0).filter(is_plausible);
    let received = message.received_all().filter_map(Received::date).filter_map(time).max();
    received.or_else(|| message.date().copied().and_then(time))
}

/// Whether a mail can have been received then: since there is mail as we know it, and not in the future.
fn is_plausible(at: &DateTime<Utc>) -> bool {
    /// 1995-01-01.
    const BEGIN: i64 = 788_918_400;
    at.timestamp() > BEGIN && *at <= clock::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_was_received_when_its_last_server_says_and_never_in_the_future() {
        let date = "Date: Tue, 9 Jan 2024 10:00:00 +0000\n";
        let by = |time: &str| format!("Received: from a.example by b.example; {time}\n");
        let (early, late) = (by("Tue, 9 Jan 2024 10:01:00 +0000"), by("Tue, 9 Jan 2024 11:02:00 +0100"));
        let broken = by("Tue, 9 Jan 2999 10:00:00 +0000");
        for (headers, expected) in [
            (format!("{late}{early}{date}"), Some("2024-01-09T10:02:00Z")),
            (format!("{broken}{early}{date}"), Some("2024-01-09T10:01:00Z")),
            (format!("{broken}{date}"), Some("2024-01-09T10:00:00Z")),
            (date.replace("2024", "2999"), None),
            (date.replace("2024", "1970"), None),
            ("Subject: x\n".to_owned(), None),
            ("BEGIN:VCALENDAR\nDTSTAMP:20240109T100000Z\n".to_owned(), Some("2024-01-09T10:00:00Z")),
        ] {
            let expected = expected.map(|at| at.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(received_at(format!("{headers}\nbody\n").as_bytes()), expected, "{headers}");
        }
    }
}
