//! The only printer: text and JSON on standard output, exit codes, and closed pipes that are nobody's error.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::text::is_harmless;

/// Exit code when the check or test that was asked for says no.
pub const EXIT_NO: u8 = 1;
/// Exit code when noctui could not do it or was asked wrongly.
pub const EXIT_FAILED: u8 = 2;

/// Standard output cannot be written to, and not because nobody reads it any more.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
struct Unwritable(#[source] io::Error);

/// Prints `text` as it is. A closed pipe (`noctui … | head`) ends the printing quietly.
pub fn print(text: &str) -> io::Result<()> {
    let mut printer = Printer::new();
    printer.print(text)?;
    printer.finish()
}

/// Prints what is no text: a picture.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut printer = Printer::new();
    printer.write(|out| out.write_all(bytes))?;
    printer.finish()
}

/// Prints `value` as indented JSON with a line end.
pub fn print_json<T: Serialize + ?Sized>(value: &T) -> io::Result<()> {
    let mut printer = Printer::new();
    printer.write(|out| serde_json::to_writer_pretty(Escaping(out), value).map_err(io::Error::from))?;
    printer.print("\n")?;
    printer.finish()
}

/// Says `line` on standard error; nothing can be done when that is closed too.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Columns of the terminal that standard output is; `None` if it is none, and nothing need be cut.
#[must_use]
pub fn columns() -> Option<usize> {
    let stdout = io::stdout();
    let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(stdout).ok()).flatten()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// Standard output piece by piece, for what is too long to be held in memory.
#[derive(Debug)]
pub struct Printer {
    /// Where the pieces gather.
    out: BufWriter<StdoutLock<'static>>,
    /// See [`Printer::is_open`].
    is_open: bool,
}

impl Printer {
    /// Takes standard output until it is dropped.
    #[must_use]
    pub fn new() -> Self {
        Self { out: BufWriter::new(io::stdout().lock()), is_open: true }
    }

    /// Prints `text` as it is.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.write(|out| out.write_all(text.as_bytes()))
    }

    /// Sends what has gathered on its way, so that a reader sees it now.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write(Write::flush)
    }

    /// Whether somebody still reads. When not, printing does nothing, and what only makes text can stop.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sends the rest on its way.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()
    }

    /// Writes unless nobody reads; notes when that turns out to be so.
    fn write(&mut self, write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>) -> io::Result<()> {
        if !self.is_open {
            return Ok(());
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_open = false;
                Ok(())
            }
            other => other.map_err(unwritable),
        }
    }
}

/// An error of standard output, which says so.
#[must_use]
pub fn unwritable(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Unwritable(error))
}

impl Default for Printer {
    fn default() -> Self {
        Self::new()
    }
}

/// A JSON array printed element by element, each on a line of its own.
#[derive(Debug)]
pub struct JsonArray {
    /// Standard output.
    printer: Printer,
    /// Elements so far.
    elements: usize,
}

impl JsonArray {
    /// Begins one.
    pub fn begin() -> io::Result<Self> {
        let mut printer = Printer::new();
        printer.print("[")?;
        Ok(Self { printer, elements: 0 })
    }

    /// Prints one element.
    pub fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> io::Result<()> {
        self.printer.print(if self.elements == 0 { "\n  " } else { ",\n  " })?;
        self.elements += 1;
        self.printer.write(|out| serde_json::to_writer(Escaping(out), element).map_err(io::Error::from))
    }

    /// See [`Printer::is_open`].
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.printer.is_open()
    }

    /// Closes it.
    pub fn finish(mut self) -> io::Result<()> {
        self.printer.print(if self.elements == 0 { "]\n" } else { "\n]\n" })?;
        self.printer.finish()
    }
}

/// Takes JSON and writes characters that a terminal obeys, or that deceive the eye, as `\uXXXX`: JSON itself asks that
/// only of the first 32, and a path has whatever its file system lets through.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        // Strings come in whole pieces, and beside strings JSON is ASCII.
        let is_meant = |c: char| c.is_ascii() && c != '\u{7f}' || is_harmless(c);
        match str::from_utf8(json) {
            Ok(text) if !text.chars().all(is_meant) => {
                for c in text.chars() {
                    if is_meant(c) {
                        write!(self.0, "{c}")?;
                    } else {
                        c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(self.0, "\\u{unit:04x}"))?;
                    }
                }
            }
            _ => self.0.write_all(json)?,
        }
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One line on standard error that tells how far something is and goes when it is done. Only on a terminal, and only
/// when it takes long.
#[derive(Debug)]
pub struct Progress {
    /// When it may be written next; `None` where nobody watches.
    due: Option<Instant>,
    /// Whether it stands there.
    is_shown: bool,
}

impl Progress {
    /// What is done before is not worth a word.
    const PATIENCE: Duration = Duration::from_millis(500);
    /// Between two lines.
    const EVERY: Duration = Duration::from_millis(200);

    /// Begins now.
    #[must_use]
    pub fn begin() -> Self {
        let due = io::stderr().is_terminal().then(|| Instant::now() + Self::PATIENCE);
        Self { due, is_shown: false }
    }

    /// Shows `line` in place of the last one, if it is time to.
    pub fn show(&mut self, line: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.due = Some(now + Self::EVERY);
            self.is_shown = true;
            let mut err = io::stderr().lock();
            // Back to the margin, then the line, then erase what the last one had beyond it.
            let _ = write!(err, "\r{}\u{1b}[K", line()).and_then(|()| err.flush());
        }
    }

    /// Takes the line away, for something else to be said.
    pub fn clear(&mut self) {
        if self.is_shown {
            self.is_shown = false;
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\u{1b}[K").and_then(|()| err.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_nothing_that_a_terminal_obeys_and_reads_back_as_it_was() {
        let hostile = "a\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{2028}\u{e0041}é日\n";
        let mut written = Vec::new();
        serde_json::to_writer_pretty(Escaping(&mut written), &[hostile]).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(written.chars().all(|c| c == '\n' || is_harmless(c)), "{written:?}");
        assert!(written.contains("é日"), "{written}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&written).unwrap(), [hostile]);
    }
}
