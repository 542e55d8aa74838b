//! The only printer: text and JSON on standard output, exit codes, and closed pipes that are nobody's error.

use std::io::{self, Write};

use serde::Serialize;

/// Exit code when the check or test that was asked for says no.
pub const EXIT_NO: u8 = 1;
/// Exit code when noctui could not do it or was asked wrongly.
pub const EXIT_FAILED: u8 = 2;

/// Prints `text` as it is. A closed pipe (`noctui … | head`) ends the printing quietly.
pub fn print(text: &str) -> io::Result<()> {
    quietly(io::stdout().lock().write_all(text.as_bytes()))
}

/// Prints `value` as indented JSON with a line end.
pub fn print_json<T: Serialize + ?Sized>(value: &T) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
    quietly(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// Says `line` on standard error; nothing can be done when that is closed too.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Treats a closed pipe as done.
fn quietly(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
