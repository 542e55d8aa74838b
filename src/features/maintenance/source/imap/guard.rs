//! A connection that is not believed everything: neither an answer without end, nor one that announces more than it sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::features::maintenance::source::MAX_MAIL_BYTES;

/// Bytes that one answer may have: a mail and what stands around it. What is asked for is smaller; a server that sends more
/// is not listened to.
const MOST_BYTES: u64 = MAX_MAIL_BYTES + (16 << 20);

/// Bytes that an answer may have beside its literals. The library takes every answer apart from its beginning whenever more of it
/// comes, which over a line without end keeps a core busy and does nothing else.
const MOST_BESIDE: u64 = 256 << 10;
/// The same of one that lists numbers of mails: those of some million.
const MOST_LISTED: u64 = 16 << 20;
/// How answers begin that list numbers of mails.
const LISTS: [&[u8]; 3] = [b"* SEARCH", b"* ESEARCH", b"* VANISHED"];

/// Bytes of such a beginning, at the most.
const LISTS_BEGIN: usize = 10;

/// What carries a connection.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Io for T {}

/// A connection that gives up on what cannot be true.
#[derive(Debug)]
pub(super) struct Guarded {
    /// The connection.
    io: Box<dyn Io>,
    /// Bytes that may still come.
    left: u64,
    /// What they are.
    literals: Literals,
}

impl Guarded {
    /// Nothing was read yet.
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self { io, left: MOST_BYTES, literals: Literals::default() }
    }

    /// The connection itself.
    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// Another answer may come.
    pub(super) fn allow(&mut self) {
        self.left = MOST_BYTES;
    }

    /// How many bytes were announced together, and how many of them came, where that is fewer.
    pub(super) fn is_short(&self) -> Option<(u64, u64)> {
        let Literals { announced, missing, .. } = self.literals;
        (missing > 0).then(|| (announced, announced - missing))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let nonsense = |why: String| Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        if self.left == 0 {
            return nonsense("an answer without end".to_owned());
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        let came = buf.filled().get(before..).unwrap_or_default();
        self.left = self.left.saturating_sub(came.len() as u64);
        match self.literals.pass(came) {
            Ok(()) => read,
            Err(why) => nonsense(why),
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// What of what comes is a line, and what a literal, which a line announces at its end (RFC 9051 §4.3).
#[derive(Debug, Default)]
struct Literals {
    /// Bytes of the last literal, as announced,
    announced: u64,
    /// and those of them that did not come yet.
    missing: u64,
    /// How the line ends so far.
    end: End,
    /// Bytes of this answer beside its literals,
    beside: u64,
    /// and how it begins.
    begins: Vec<u8>,
}

/// How a line ends so far.
#[derive(Debug, Default, Clone, Copy)]
enum End {
    /// As nothing that announces anything.
    #[default]
    Text,
    /// `{` and a number.
    Number(u64),
    /// The same with `}`.
    Closed(u64),
    /// The same with a carriage return.
    Return(u64),
}

impl Literals {
    /// Takes note of bytes that came; why they are nonsense, where they are.
    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        loop {
            let skipped = usize::try_from(self.missing).unwrap_or(usize::MAX).min(bytes.len());
            self.missing -= skipped as u64;
            let Some((byte, rest)) = bytes.get(skipped..).and_then(<[u8]>::split_first) else { return Ok(()) };
            bytes = rest;
            self.beside += 1;
            if self.begins.len() < LISTS_BEGIN {
                self.begins.push(byte.to_ascii_uppercase());
            }
            if self.beside > MOST_BESIDE && self.beside > self.most_beside() {
                return Err(format!("a line of more than {} KiB", self.most_beside() >> 10));
            }
            let is_end = *byte == b'\n' && !matches!(self.end, End::Return(_));
            if is_end {
                self.beside = 0;
                self.begins.clear();
            }
            self.end = match (self.end, *byte) {
                (_, b'{') => End::Number(0),
                (End::Number(number), digit @ b'0'..=b'9') => {
                    End::Number(number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
                }
                (End::Number(number), b'}') => End::Closed(number),
                (End::Closed(number), b'\r') => End::Return(number),
                (End::Return(number), b'\n') => {
                    (self.announced, self.missing) = (number, number);
                    if number > MOST_BYTES {
                        // The library would make room for them at once.
                        return Err(format!("{number} bytes announced at once, where {MOST_BYTES} are the most"));
                    }
                    End::Text
                }
                _ => End::Text,
            };
        }
    }

    /// How many bytes this answer may have beside its literals.
    fn most_beside(&self) -> u64 {
        if LISTS.iter().any(|list| self.begins.starts_with(list)) { MOST_LISTED } else { MOST_BESIDE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_known_by_the_end_of_its_line_however_it_is_cut() {
        let told = "* 1 FETCH (UID 5 BODY[] {12}\r\n{99999999999}\r\n) {3} {4} x\r\n* OK {2}\r\nab";
        for piece in 1..told.len() {
            let mut literals = Literals::default();
            for bytes in told.as_bytes().chunks(piece) {
                // Twelve bytes end in the midst of what looks like an announcement.
                literals.pass(bytes).unwrap();
            }
            assert_eq!((literals.announced, literals.missing), (2, 0), "{piece}");
        }
        let mut literals = Literals::default();
        literals.pass(b"* 1 FETCH (BODY[] {40}\r\nfive)\r\nn5 OK {7}\r\n").unwrap();
        assert_eq!((literals.announced, literals.missing), (40, 22));
        let announced = |told: &str| {
            Literals::default().pass(told.as_bytes()).map_err(|why| why.split(' ').next().unwrap().to_owned())
        };
        assert_eq!(announced("x {83886081}\r\n"), Err((MOST_BYTES + 1).to_string()));
        assert_eq!(announced("x {83886080}\r\n"), Ok(()));
        assert_eq!(announced("x {99999999999999999999999}\r\n"), Err(u64::MAX.to_string()));
    }

    #[test]
    fn a_line_ends_and_one_that_lists_numbers_may_be_long() {
        let long = |begin: &str, bytes: u64| format!("{begin}{}", "1 ".repeat(usize::try_from(bytes / 2).unwrap()));
        let pass = |told: &str| Literals::default().pass(told.as_bytes());
        for begin in ["* 1 FETCH (UID 5 BODY[] \"", "* OK ", "* 1 FETCH (FLAGS (", "* SEARC ", "n5 OK "] {
            assert_eq!(pass(&long(begin, MOST_BESIDE)), Err("a line of more than 256 KiB".to_owned()), "{begin}");
            assert_eq!(pass(&long(begin, MOST_BESIDE / 2)), Ok(()), "{begin}");
        }
        for begin in ["* SEARCH ", "* search ", "* ESEARCH (TAG n5) ALL ", "* VANISHED (EARLIER) "] {
            assert_eq!(pass(&long(begin, MOST_BESIDE * 8)), Ok(()), "{begin}");
            assert_eq!(pass(&long(begin, MOST_LISTED)), Err("a line of more than 16384 KiB".to_owned()), "{begin}");
        }
        // Many lines are no long one, and a literal is none; but it does not end the answer that it stands in.
        let mut literals = Literals::default();
        let mail = format!("* 1 FETCH (UID 5 BODY[] {{300000}}\r\n{})\r\n", "x".repeat(300_000));
        for _ in 0..2 {
            literals.pass(mail.as_bytes()).unwrap();
        }
        literals.pass("* 1 FETCH (FLAGS (\\Seen))\r\n".repeat(20_000).as_bytes()).unwrap();
        let endless = format!("* 1 FETCH ({}", "BODY[] {0}\r\n ".repeat(30_000));
        assert_eq!(literals.pass(endless.as_bytes()), Err("a line of more than 256 KiB".to_owned()));
    }
}
