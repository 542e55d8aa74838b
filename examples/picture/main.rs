//! Draws an SVG of what noctui shows: the real program in a pseudo-terminal, an emulator that reads what it writes, and
//! the emulator's cells as a picture.
//!
//! `cargo run --example picture -- docs/dashboard.svg` draws the dashboard of `noctui demo --still`;
//! `cargo run --example picture -- FILE --size 100x30 --keys "j j enter" -- demo --seed 7` something else. Keys are
//! separated by blanks: characters, or `enter`, `esc`, `tab`, `space`, `up`, `down`, `ctrl-l`.

#![expect(clippy::unwrap_used, reason = "a picture that cannot be drawn says why and leaves no file")]

#[path = "../../tests/support/mod.rs"]
mod support;
mod svg;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::support::Start;

/// Set in the process that is to be noctui, so that the picture is of this very build.
const INSIDE: &str = "NOCTUI_PICTURE_INSIDE";
/// After so much silence at the start, when it reads mails, the program is taken to have drawn all it has to draw.
const SILENCE: Duration = Duration::from_secs(2);
/// The same after a key.
const KEY_SILENCE: Duration = Duration::from_millis(500);

/// What was typed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the picture goes; replaced if it exists.
    file: PathBuf,
    /// Columns and rows of the terminal.
    #[arg(long, default_value = "120x36", value_name = "CxR", value_parser = size)]
    size: (u16, u16),
    /// What is typed before the picture is drawn, separated by blanks.
    #[arg(long, default_value = "")]
    keys: String,
    /// What noctui is started with.
    #[arg(last = true, default_values = ["demo", "--still"])]
    noctui: Vec<String>,
}

/// `120x36` as columns and rows.
fn size(text: &str) -> Result<(u16, u16), String> {
    let numbers = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    numbers.filter(|&(columns, rows)| columns > 0 && rows > 0).ok_or_else(|| "not like 120x36".to_owned())
}

/// The bytes that a terminal sends for a key.
fn bytes(key: &str) -> Vec<u8> {
    match key {
        "enter" => b"\r".to_vec(),
        "esc" => b"\x1b".to_vec(),
        "tab" => b"\t".to_vec(),
        "space" => b" ".to_vec(),
        "up" => b"\x1b[A".to_vec(),
        "down" => b"\x1b[B".to_vec(),
        _ => match key.strip_prefix("ctrl-").map(str::as_bytes) {
            Some([letter]) => vec![letter & 0x1f],
            _ => key.as_bytes().to_vec(),
        },
    }
}

fn main() -> ExitCode {
    if std::env::var_os(INSIDE).is_some() {
        return noctui::cli::main();
    }
    let Arguments { file, size: (columns, rows), keys, noctui } = Arguments::parse();
    let mut session = Start::program(std::env::current_exe().unwrap())
        .args(&noctui)
        .variable(INSIDE, "1")
        .variable("COLORTERM", "truecolor")
        .variable("NOCTUI_WHO", "anna")
        .size(columns, rows)
        .spawn();
    session.wait_for("a screen", |screen| screen.modes().is_alternate_screen);
    session.settle(SILENCE);
    for key in keys.split_whitespace() {
        session.send(bytes(key));
        session.settle(KEY_SILENCE);
    }
    let picture = svg::draw(columns, rows, |column, row| session.screen.cell(column, row).into());
    std::fs::write(&file, picture).unwrap();
    // A signal is asked nothing, whatever is under way.
    session.signal(rustix::process::Signal::TERM);
    session.wait_for_end();
    ExitCode::SUCCESS
}
