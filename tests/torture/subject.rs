//! The program under torture: the demo, in which nothing arrives by itself.

use std::sync::LazyLock;
use std::time::Duration;

use crate::support::{Screen, Session, Start};

/// Nothing more is on its way after so much silence; only ever used in a loop that looks again.
const SILENCE: Duration = Duration::from_millis(300);

/// Where it is. Another build of it can be put to the test by `NOCTUI_RELEASED`: `.ci/run` names what it releases.
pub(crate) static PROGRAM: LazyLock<String> =
    LazyLock::new(|| std::env::var("NOCTUI_RELEASED").unwrap_or_else(|_| env!("CARGO_BIN_EXE_noctui").to_owned()));
/// Its command line.
pub(crate) const ARGS: &[&str] = &["demo", "--still"];

/// Escape as a terminal with kitty's keyboard protocol sends it: never the start of something else.
pub(crate) const ESC: &str = "\x1b[27u";

/// The demo, not yet started.
pub(crate) fn start() -> Start {
    Start::program(PROGRAM.as_str()).args(ARGS)
}

/// The started program, with its screen complete.
pub(crate) fn ready(start: Start) -> Session {
    let mut session = start.spawn();
    session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
    wait_until_complete(&mut session);
    session
}

/// How many backends the demo has: each has a full circle in the header once it has answered, or a star where there is only ASCII.
const BACKENDS: usize = 5;

/// Waits until the screen holds the list and does not change any more.
pub(crate) fn wait_until_complete(session: &mut Session) {
    // A narrow header has no room for all of them.
    let is_read = |screen: &Screen| screen.size().0 < 100 || screen.rows()[0].matches(['●', '*']).count() == BACKENDS;
    session.wait_for("a screen with text and every backend heard", |screen| {
        is_read(screen) && screen.rows().iter().filter(|row| !row.is_empty()).count() > 3
    });
    let mut silences = 0;
    while silences < 2 {
        let before = session.screen.bytes();
        session.settle(SILENCE);
        silences = if session.screen.bytes() == before { silences + 1 } else { 0 };
    }
}

/// The rows without what a minute changes: digits with points and units, and the blanks that make up for them.
pub(crate) fn timeless(screen: &Screen) -> Vec<String> {
    let lasts = |c: &char| !c.is_ascii_digit() && !c.is_whitespace() && !"dhm.".contains(*c);
    screen.rows().iter().map(|row| row.chars().filter(lasts).collect()).collect()
}

/// Whether two screens show the same: nearly all rows alike, since a row may have moved into another group meanwhile.
pub(crate) fn is_like(one: &[String], other: &[String]) -> bool {
    let alike = one.iter().zip(other).filter(|(one, other)| one == other).count();
    one.len() == other.len() && alike * 10 >= one.len() * 8
}
