//! Mails one after the other in one file, as exports and older mail programs keep them.
//!
//! Each begins with a line `From SENDER DATE` at the top or after an empty line (RFC 4155). Lines of a mail that begin
//! like that have a `>` in front, which is taken off again.

use std::io::{self, BufRead};

use super::{MAX_MAIL_BYTES, Refusal};

/// What every such file begins with.
pub(super) const BEGINNING: &[u8] = b"From ";

/// Longer lines are read in pieces, so that one without an end takes no memory.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// Walks the mails of a file, one in memory at a time.
pub(super) struct Mbox {
    /// Behind the line that begins the next mail.
    source: Box<dyn BufRead + Send>,
    /// Whether there is nothing more.
    at_end: bool,
}

impl Mbox {
    /// The mails of `source`, which begins as such a file does.
    pub(super) fn new(mut source: Box<dyn BufRead + Send>) -> Self {
        let mut line = Vec::new();
        let at_end = !matches!(read_line(&mut source, &mut line), Ok(true)) || !begins_mail(&line);
        Self { source, at_end }
    }

    /// Whether `beginning` begins such a file and not a mail.
    pub(super) fn is_one(beginning: &[u8]) -> bool {
        let line = beginning.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        begins_mail(line)
    }
}

impl Iterator for Mbox {
    type Item = Result<Vec<u8>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at_end {
            return None;
        }
        let (mut mail, mut line) = (Vec::new(), Vec::new());
        let (mut bytes, mut after_empty, mut at_line_start) = (0_u64, false, true);
        loop {
            match read_line(&mut self.source, &mut line) {
                Ok(true) => {}
                Ok(false) => self.at_end = true,
                Err(error) => {
                    self.at_end = true;
                    return Some(Err(Refusal::Unreadable { reason: error.to_string() }));
                }
            }
            if self.at_end || (after_empty && begins_mail(&line)) {
                break;
            }
            let text = if at_line_start { unquoted(&line) } else { &line };
            bytes += text.len() as u64;
            if bytes <= MAX_MAIL_BYTES {
                mail.extend_from_slice(text);
            } else {
                mail = Vec::new();
            }
            after_empty = at_line_start && matches!(line.as_slice(), b"\n" | b"\r\n");
            at_line_start = line.ends_with(b"\n");
        }
        Some(if bytes > MAX_MAIL_BYTES { Err(Refusal::TooLarge { bytes }) } else { Ok(without_last_blank(mail)) })
    }
}

/// Reads a line with its end, or a piece of a long one; false at the end.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    io::Read::take(source, MAX_LINE_BYTES).read_until(b'\n', line).map(|read| read > 0)
}

/// Whether a line is `From SENDER DATE`: a time of day is in it, as in no sentence that happens to begin so.
fn begins_mail(line: &[u8]) -> bool {
    let time =
        |window: &[u8]| matches!(window, [b' ', a, b, b':', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()));
    line.starts_with(BEGINNING) && line.windows(6).any(time)
}

/// `>From ` is `From ` inside a mail, `>>From ` is `>From `.
fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|byte| **byte == b'>').count();
    let is_quoted = quotes > 0 && line.get(quotes..).is_some_and(|rest| rest.starts_with(BEGINNING));
    if is_quoted { line.get(1..).unwrap_or_default() } else { line }
}

/// The empty line in front of the next mail belongs to neither.
fn without_last_blank(mut mail: Vec<u8>) -> Vec<u8> {
    for blank in [b"\r\n\r\n".as_slice(), b"\n\n"] {
        if mail.ends_with(blank) {
            mail.truncate(mail.len() - blank.len() / 2);
            break;
        }
    }
    mail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(text: &str) -> Vec<Result<String, Refusal>> {
        let source = Box::new(io::Cursor::new(text.as_bytes().to_vec()));
        Mbox::new(source).map(|mail| mail.map(|mail| String::from_utf8(mail).unwrap())).collect()
    }

    #[test]
    fn every_mail_comes_as_it_was_before_it_was_put_in() {
        let text = "From noc@isp.example Mon Nov  2 10:00:00 2026\nSubject: 1\n\nFrom the desk of\n>From here\n>>From\n\n\
                    From the night shift\n\nFrom - Mon Nov  2 11:00:00 2026\r\nSubject: 2\r\n\r\nlast\r\n";
        let first = "Subject: 1\n\nFrom the desk of\nFrom here\n>>From\n\nFrom the night shift\n";
        assert_eq!(mails(text), [Ok(first.to_owned()), Ok("Subject: 2\r\n\r\nlast\r\n".to_owned())]);
        assert!(Mbox::is_one(text.as_bytes()));
        assert!(!Mbox::is_one(b"From: noc@isp.example\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"));
        assert!(!Mbox::is_one(b"From here\nto 10:00:00\n"));
    }

    #[test]
    fn a_mail_that_is_too_large_is_refused_and_those_around_it_are_not() {
        let from = "From a@b.example Mon Nov  2 10:00:00 2026\n";
        let large = "x".repeat(usize::try_from(MAX_MAIL_BYTES).unwrap());
        let found = mails(&format!("{from}Subject: 1\n\n{from}Subject: 2\n\n{large}\n\n{from}Subject: 3\n"));
        assert_eq!((&found[0], &found[2]), (&Ok("Subject: 1\n".to_owned()), &Ok("Subject: 3\n".to_owned())));
        assert!(matches!(found[1], Err(Refusal::TooLarge { bytes }) if bytes > MAX_MAIL_BYTES));
    }
}
