//! A console that is open on the screen, or was: what it shows and how it is doing.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::features::console::cluster::Which;
use crate::features::console::emulator::Emulator;
use crate::features::console::glyph::{Cell, TextScreen};
use crate::features::console::model::Row;
use crate::features::console::unsent::Unsent;
use crate::features::console::worker::{ConsoleId, Picture, Target};
use crate::trouble::Trouble;

/// What is kept of what is typed at a line that is being opened: more than anybody types blindly.
const MOST_EARLY: usize = 4 << 10;

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Console {
    /// Its number.
    pub(super) id: ConsoleId,
    /// Where it leads.
    pub(super) target: Target,
    /// What it shows.
    pub(super) shown: Shown,
    /// How it is doing.
    pub(super) being: Being,
    /// Whether it said something that nobody has looked at.
    pub(super) is_active: bool,
    /// Whether its bell rang since anybody looked.
    pub(super) rang: bool,
    /// The file that it is written into, or will be again when it is open again.
    pub(super) log: Option<PathBuf>,
    /// How often it was tried to open it again since it was open.
    pub(super) attempts: u32,
    /// Whether its screen wants a password that was not typed yet.
    pub(super) wants_password: bool,
    /// What was typed while it was being opened.
    pub(super) early: Unsent,
    /// What was done since something was heard of the machine.
    pub(super) unheard: Unheard,
    /// When something was heard of the machine last, since it was opened.
    pub(super) heard_at: Option<DateTime<Utc>>,
}

/// What was done at a console since something was heard of its machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unheard {
    /// When somebody wanted it anew although it says that it is open: the next time it is done.
    pub(super) doubted_at: Option<DateTime<Utc>>,
    /// What was typed while it was being opened was sent: a proxy refuses after it has opened a line.
    pub(super) has_sent_early: bool,
}

/// What a console shows.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// A terminal.
    Serial(Box<Emulator>),
    /// A screen.
    Screen(Screen),
}

/// A screen, and how it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen {
    /// The last picture; `None` before the first.
    pub(super) picture: Option<Picture>,
    /// How it is wanted.
    pub(super) mode: Mode,
    /// Whether a part of it is shown dot by dot.
    pub(super) is_near: bool,
    /// The upper left corner of what somebody went to see, in pixels.
    pub(super) at: Option<(u16, u16)>,
    /// What the screen has put on its clipboard last.
    pub(super) cut: String,
    /// The last picture that somebody looked at, while nobody looks: what is new is told from it.
    pub(super) seen: Option<Picture>,
}

/// Pixels of a character of a text screen.
const CHARACTER: (u16, u16) = (8, 16);

/// How a screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// As text where it is a text screen, else as a picture.
    #[default]
    ByItself,
    /// As text; where it is none, as a picture.
    Text,
    /// As a picture in half blocks.
    Cells,
    /// As a picture by the graphics protocol of the terminal.
    Pixels,
}

/// How a console is doing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Being {
    /// It is being opened.
    Opening,
    /// It is open.
    Open,
    /// It is a screen that wants a password, for this reason.
    Locked {
        /// What it said, or what became of its connection.
        why: Trouble,
        /// Whether its connection is kept for the password: another one may be counted as a failure to log in.
        is_held: bool,
    },
    /// It is not open any more, for this reason; `None` where its other end closed it.
    Ended(Option<Trouble>),
}

impl Console {
    /// One that is being opened.
    pub(super) fn new(id: ConsoleId, target: Target, which: Which, (columns, rows): (u16, u16)) -> Self {
        let shown = match which {
            Which::Serial => Shown::Serial(Box::new(Emulator::new(rows, columns))),
            Which::Screen => Shown::Screen(Screen::default()),
        };
        Self {
            id,
            target,
            shown,
            being: Being::Opening,
            is_active: false,
            rang: false,
            log: None,
            attempts: 0,
            wants_password: false,
            early: Unsent::new(MOST_EARLY),
            unheard: Unheard::default(),
            heard_at: None,
        }
    }

    /// Which of the machine's consoles it is.
    pub(super) fn which(&self) -> Which {
        match self.shown {
            Shown::Serial(_) => Which::Serial,
            Shown::Screen(_) => Which::Screen,
        }
    }

    /// `leaf1`, or `leaf1 screen`.
    pub(super) fn title(&self) -> String {
        let machine = self.target.machine();
        match self.which() {
            Which::Serial => machine.to_owned(),
            Which::Screen => format!("{machine} screen"),
        }
    }

    /// Whether it is of the machine of a row.
    pub(super) fn is_of(&self, row: &Row) -> bool {
        match (&self.target, row) {
            (Target::Vm(key), Row::Vm(vm)) => vm.key() == *key,
            (Target::Proxied(proxy, machine), Row::Proxied(row)) => *proxy == row.proxy && *machine == row.machine,
            (Target::Vm(_) | Target::Proxied(..), _) => false,
        }
    }

    /// Whether it is not open, nor being opened: it takes a key, and maybe a password, to have it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.being, Being::Locked { .. } | Being::Ended(_))
    }

    /// Something is heard of the machine now.
    pub(super) fn heard(&mut self, now: DateTime<Utc>) {
        (self.unheard, self.heard_at) = (Unheard::default(), Some(now));
    }

    /// Whether keys can reach the machine.
    pub(super) fn is_open(&self) -> bool {
        self.being == Being::Open
    }
}

/// Of so many pixels, one that is different is no news: a pointer, a cursor that blinks, a clock.
const PIXELS_OF_NEWS: usize = 200;

/// Whether what a screen shows is news to somebody who has seen `before`. One character that is different is none: a cursor
/// blinks for ever.
pub(super) fn is_news(before: &Picture, now: &Picture) -> bool {
    if let (Some(before), Some(now)) = (&before.text, &now.text) {
        let is_same_size = (before.columns(), before.rows()) == (now.columns(), now.rows());
        let changed = before.cells().iter().zip(now.cells()).filter(|(before, now)| before != now).count();
        return !is_same_size || changed > 1;
    }
    let (before, now) = (&before.frame, &now.frame);
    let is_same_size = (before.width(), before.height()) == (now.width(), now.height());
    let pixels = before.rows().flatten().zip(now.rows().flatten());
    !is_same_size || pixels.filter(|(before, now)| before != now).count() * PIXELS_OF_NEWS > now.area().pixels()
}

/// The cells of a text screen that have `sought` in them, row by row. A text without capitals is found with them too.
pub(super) fn places(text: &TextScreen, sought: &str) -> Vec<(u16, u16)> {
    let rows = text.cells().chunks(usize::from(text.columns()).max(1));
    let rows = rows.map(|row| row.iter().map(|cell| cell.character.unwrap_or(' ')).collect());
    matches(rows, sought)
}

/// The same in rows of characters.
pub(super) fn matches(rows: impl Iterator<Item = Vec<char>>, sought: &str) -> Vec<(u16, u16)> {
    let is_exact = sought.chars().any(char::is_uppercase);
    let plain = |c: char| if is_exact { c } else { c.to_lowercase().next().unwrap_or(c) };
    let sought: Vec<char> = sought.chars().map(plain).collect();
    let mut places = Vec::new();
    for (y, row) in (0_u16..).zip(rows).filter(|_| !sought.is_empty()) {
        let row: Vec<char> = row.into_iter().map(plain).collect();
        for (at, window) in (0_u16..).zip(row.windows(sought.len())) {
            if window == sought {
                places.extend((at..).take(sought.len()).map(|x| (x, y)));
            }
        }
    }
    places
}

impl Screen {
    /// Whether it is shown as text now.
    pub(super) fn is_text(&self) -> bool {
        let has_text = self.picture.as_ref().is_some_and(|picture| picture.text.is_some());
        has_text && matches!(self.mode, Mode::ByItself | Mode::Text)
    }

    /// Whether there is nothing on it: a text screen without a character, or one colour all over.
    pub(super) fn is_blank(&self) -> bool {
        let text = self.picture.as_ref().and_then(|picture| picture.text.as_ref());
        text.is_some_and(|text| text.cells().iter().all(|cell| cell.character == Some(' ')))
    }

    /// Goes to the next row of a text screen that has `sought`, above or below the middle of what is seen in so many cells,
    /// where not all rows are seen. Returns how many have it.
    pub(super) fn find(&mut self, sought: &str, upwards: bool, room: (u16, u16)) -> usize {
        let Some(text) = self.picture.as_ref().and_then(|picture| picture.text.as_ref()) else { return 0 };
        let mut rows: Vec<u16> = places(text, sought).into_iter().map(|(_, y)| y).collect();
        rows.dedup();
        let half = room.1 / 2;
        let (left, top) = self.corner(text, room);
        let here = top + half;
        let next = if upwards {
            rows.iter().rev().find(|row| **row < here).or(rows.last())
        } else {
            rows.iter().find(|row| **row > here).or(rows.first())
        };
        if let Some(row) = next.filter(|_| text.rows() > room.1) {
            self.at = Some((left * CHARACTER.0, row.saturating_sub(half) * CHARACTER.1));
        }
        rows.len()
    }

    /// Whether it is shown by the graphics protocol of the terminal, where there is one.
    pub(super) fn is_pixels(&self, has_protocol: bool) -> bool {
        has_protocol && !self.is_text() && matches!(self.mode, Mode::Pixels | Mode::ByItself)
    }

    /// The first character of a text screen that is seen in so many cells: where somebody went, else what was written last.
    pub(super) fn corner(&self, text: &TextScreen, (columns, rows): (u16, u16)) -> (u16, u16) {
        let most = (text.columns().saturating_sub(columns), text.rows().saturating_sub(rows));
        if let Some((x, y)) = self.at {
            return ((x / CHARACTER.0).min(most.0), (y / CHARACTER.1).min(most.1));
        }
        let is_blank = |row: &[Cell]| row.iter().all(|cell| cell.character == Some(' '));
        let mut lines = text.cells().chunks(usize::from(text.columns()).max(1));
        let written = lines.rposition(|row| !is_blank(row)).map_or(0, |at| at + 1);
        (0, u16::try_from(written).unwrap_or(u16::MAX).saturating_sub(rows).min(most.1))
    }

    /// Moves the part that is seen by so many steps to the right and down, as far as there is more. False where all of it is
    /// seen.
    pub(super) fn pan(&mut self, (right, down): (i32, i32), room: (u16, u16)) -> bool {
        let Some(picture) = &self.picture else { return true };
        let text = picture.text.as_ref().filter(|_| self.is_text());
        if !self.is_near && text.is_none() {
            return false;
        }
        // A cell has a character of the screen, or two of its pixels.
        let cell = if text.is_some() { CHARACTER } else { (1, 2) };
        let whole = text.map_or((picture.frame.width(), picture.frame.height()), |text| {
            (text.columns() * CHARACTER.0, text.rows() * CHARACTER.1)
        });
        let from = text.map_or(self.at.unwrap_or_default(), |text| {
            let (column, row) = self.corner(text, room);
            (column * CHARACTER.0, row * CHARACTER.1)
        });
        let along = |at: u16, steps: i32, whole: u16, room: u16, cell: u16| {
            let most = (i32::from(whole) - i32::from(room) * i32::from(cell)).max(0);
            // A single step is one that is noticed; more of them are cells.
            let step = if steps.abs() == 1 { CHARACTER.1 } else { cell };
            let to = i32::from(at).saturating_add(steps.saturating_mul(step.into()));
            u16::try_from(to.clamp(0, most)).unwrap_or(0)
        };
        self.at = Some((along(from.0, right, whole.0, room.0, cell.0), along(from.1, down, whole.1, room.1, cell.1)));
        true
    }

    /// The next way of showing it.
    pub(super) fn next_mode(&mut self, has_protocol: bool) -> &'static str {
        self.mode = match (self.mode, has_protocol) {
            (Mode::ByItself, _) if self.is_text() => Mode::Cells,
            (Mode::ByItself, _) => Mode::Text,
            (Mode::Text, _) => Mode::Cells,
            (Mode::Cells, true) => Mode::Pixels,
            (Mode::Cells, false) | (Mode::Pixels, _) => Mode::ByItself,
        };
        match self.mode {
            Mode::ByItself => "as text where it is text, else as a picture",
            Mode::Text => "as text as soon as it is text",
            Mode::Cells => "as a picture in cells",
            Mode::Pixels => "as a picture in pixels",
        }
    }
}
