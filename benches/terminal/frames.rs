//! When what was to be seen was there: output with its times, looked at again once the end is known.

use std::time::{Duration, Instant};

use crate::support::{Screen, Session};

/// A screen that follows the real one, a piece of output at a time.
pub(crate) struct Replay {
    screen: Screen,
    /// Up to which byte of the output it has followed.
    at: usize,
}

impl Replay {
    /// One that has seen nothing of what `session` wrote.
    pub(crate) fn from_the_start(size: (u16, u16)) -> Self {
        Self { screen: Screen::new(size.0, size.1), at: 0 }
    }

    /// One that shows what `session` shows.
    pub(crate) fn from_now(session: &Session, size: (u16, u16)) -> Self {
        let mut replay = Self::from_the_start(size);
        replay.follow(session, session.screen.bytes());
        replay
    }

    /// Takes in everything up to this byte.
    fn follow(&mut self, session: &Session, to: usize) {
        self.screen.process(&session.screen.raw()[self.at..to]);
        self.at = to;
    }

    /// When, of `pieces`, the screen first satisfied `wanted` with no frame half drawn; takes all of them in.
    pub(crate) fn when(
        &mut self,
        session: &Session,
        pieces: &[Piece],
        mut wanted: impl FnMut(&Screen) -> bool,
    ) -> Option<Duration> {
        let mut found = None;
        for piece in pieces {
            self.follow(session, piece.end);
            if found.is_none() && !self.screen.is_update_open() && wanted(&self.screen) {
                found = Some(piece.after);
            }
        }
        found
    }
}

/// A piece of output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    /// How long after the beginning.
    pub(crate) after: Duration,
    /// Up to which byte of all output it goes.
    pub(crate) end: usize,
}

/// Reads until nothing has come for `silence`, the first time for `patience`.
pub(crate) fn pieces(session: &mut Session, since: Instant, patience: Duration, silence: Duration) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut wait = patience;
    while session.wait_for_output(wait) {
        pieces.push(Piece { after: since.elapsed(), end: session.screen.bytes() });
        wait = silence;
    }
    pieces
}

/// All rows but the first, in which a clock runs, and without the seconds that are counted down in the others.
pub(crate) fn below_the_header(screen: &Screen) -> Vec<String> {
    let timeless =
        |row: String| row.split_whitespace().filter(|word| !is_countdown(word)).collect::<Vec<_>>().join(" ");
    screen.rows().into_iter().skip(1).map(timeless).collect()
}

/// Whether seconds are counted down somewhere: then something does change while nothing is done.
pub(crate) fn is_counting_down(screen: &Screen) -> bool {
    screen.rows().iter().any(|row| row.split_whitespace().any(is_countdown))
}

fn is_countdown(word: &str) -> bool {
    word.strip_suffix('s').is_some_and(|number| number.parse::<u32>().is_ok())
}
