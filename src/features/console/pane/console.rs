//! A console that is open on the screen, or was: what it shows and how it is doing.

use std::path::PathBuf;

use crate::features::console::cluster::Which;
use crate::features::console::emulator::Emulator;
use crate::features::console::worker::{ConsoleId, Picture, Target};
use crate::trouble::Trouble;

/// One of them.
#[derive(Debug)]
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
    /// The file that it is written into.
    pub(super) log: Option<PathBuf>,
}

/// What a console shows.
#[derive(Debug)]
pub(super) enum Shown {
    /// A terminal.
    Serial(Box<Emulator>),
    /// A screen.
    Screen(Screen),
}

/// A screen, and how it is shown.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// The last picture; `None` before the first.
    pub(super) picture: Option<Picture>,
    /// How it is wanted.
    pub(super) mode: Mode,
    /// Whether a part of it is shown dot by dot.
    pub(super) is_near: bool,
    /// The upper left corner of that part, in pixels.
    pub(super) at: (u16, u16),
    /// What the screen has put on its clipboard last.
    pub(super) cut: String,
    /// Whether no other picture was asked for, since nobody looked at the last one.
    pub(super) is_unseen: bool,
}

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
        Self { id, target, shown, being: Being::Opening, is_active: false, rang: false, log: None }
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

    /// Whether keys can reach the machine.
    pub(super) fn is_open(&self) -> bool {
        self.being == Being::Open
    }
}

impl Screen {
    /// Whether it is shown as text now.
    pub(super) fn is_text(&self) -> bool {
        let has_text = self.picture.as_ref().is_some_and(|picture| picture.text.is_some());
        has_text && matches!(self.mode, Mode::ByItself | Mode::Text)
    }

    /// Whether it is shown by the graphics protocol of the terminal, where there is one.
    pub(super) fn is_pixels(&self, has_protocol: bool) -> bool {
        has_protocol && !self.is_text() && matches!(self.mode, Mode::Pixels | Mode::ByItself)
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
