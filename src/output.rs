//! The only printer: text and JSON on standard output, exit codes, and closed pipes that are nobody's error.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

/// Exit code when the check or test that was asked for says no.
pub const EXIT_NO: u8 = 1;
/// Exit code when noctui could not do it or was asked wrongly.
pub const EXIT_FAILED: u8 = 2;

/// Prints `text` as it is. A closed pipe (`noctui … | head`) ends the printing quietly.
pub fn print(text: &str) -> io::Result<()> {
    let mut printer = Printer::new();
    printer.print(text)?;
    printer.finish()
}

/// Prints `value` as indented JSON with a line end.
pub fn print_json<T: Serialize + ?Sized>(value: &T) -> io::Result<()> {
    let mut printer = Printer::new();
    printer.write(|out| serde_json::to_writer_pretty(out, value).map_err(io::Error::from))?;
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
            other => other,
        }
    }
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
        self.printer.write(|out| serde_json::to_writer(out, element).map_err(io::Error::from))
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
