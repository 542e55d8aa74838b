//! The terminal that a machine's serial line is shown on: an emulator with a scrollback, and the bytes that keys are there.
//!
//! Whatever a machine sends ends here: nothing of it reaches the user's own terminal but cells.

mod charset;
pub(crate) mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU16;

use vt100::{Callbacks, Parser, Screen};

use self::charset::Charset;
use crate::text::clean_line;

/// Lines that are kept above the screen.
pub const SCROLLBACK: usize = 5000;
/// What a serial guest takes its terminal for until it is told otherwise.
const USUAL: (u16, u16) = (24, 80);
/// The most rows and columns.
const MOST: u16 = 500;
/// Answers to one piece of output. A machine that asks for more is left without.
const MOST_ANSWERS: usize = 4096;
/// A title is cut here.
const LONGEST_TITLE: usize = 80;

/// A terminal.
pub struct Emulator {
    parser: Parser<Heard>,
    charset: Charset,
    /// Whether the machine was told the size of the pane.
    is_told: bool,
}

/// What a machine has asked of its terminal.
#[derive(Debug, Clone, Default)]
struct Heard {
    /// What the terminal answers.
    answers: Vec<u8>,
    /// Whether it rang.
    rang: bool,
    /// What it calls the window.
    title: String,
}

/// What came of some output.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// What the terminal answers, for the machine.
    pub answers: Vec<u8>,
    /// Whether the bell rang.
    pub rang: bool,
}

impl Callbacks for Heard {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.rang = true;
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.rang = true;
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.title = clean_line(&String::from_utf8_lossy(title)).chars().take(LONGEST_TITLE).collect();
    }

    fn unhandled_escape(&mut self, _: &mut Screen, first: Option<u8>, _: Option<u8>, last: u8) {
        // DECID, of old.
        if (first, last) == (None, b'Z') {
            self.answer(b"\x1b[?62;22c");
        }
    }

    fn unhandled_csi(&mut self, screen: &mut Screen, first: Option<u8>, _: Option<u8>, params: &[&[u16]], last: char) {
        let number = params.first().and_then(|param| param.first()).copied().unwrap_or(0);
        let (rows, columns) = screen.size();
        match (first, last, number) {
            // Programs in the guest wait for these: `resize`, installers, editors.
            (None, 'n', 5) => self.answer(b"\x1b[0n"),
            (None | Some(b'?'), 'n', 6) => {
                let (row, column) = screen.cursor_position();
                self.answer(format!("\x1b[{};{}R", row + 1, column + 1).as_bytes());
            }
            (None, 'c', 0) => self.answer(b"\x1b[?62;22c"),
            (Some(b'>'), 'c', 0) => self.answer(b"\x1b[>1;10;0c"),
            (None, 't', 18) => self.answer(format!("\x1b[8;{rows};{columns}t").as_bytes()),
            _ => {}
        }
    }
}

impl Heard {
    /// Answers.
    fn answer(&mut self, bytes: &[u8]) {
        if self.answers.len() + bytes.len() <= MOST_ANSWERS {
            self.answers.extend_from_slice(bytes);
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let screen = self.parser.screen();
        f.debug_struct("Emulator").field("size", &screen.size()).finish_non_exhaustive()
    }
}

impl Clone for Emulator {
    /// The same screen and scrollback. What was begun of a sequence and not ended yet is begun anew.
    fn clone(&self) -> Self {
        let screen = self.parser.screen();
        let (rows, columns) = screen.size();
        let mut parser = Parser::new_with_callbacks(rows, columns, SCROLLBACK, self.parser.callbacks().clone());
        *parser.screen_mut() = screen.clone();
        Self { parser, charset: self.charset.clone(), is_told: self.is_told }
    }
}

/// A number of rows or columns that a terminal can have.
fn bounded(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells.min(MOST)).unwrap_or(NonZeroU16::MIN)
}

impl Emulator {
    /// A blank one for a pane of this size.
    #[must_use]
    pub fn new(rows: u16, columns: u16) -> Self {
        let (rows, columns) = (bounded(rows.max(USUAL.0)), bounded(columns.max(USUAL.1)));
        let parser = Parser::new_with_callbacks(rows, columns, SCROLLBACK, Heard::default());
        Self { parser, charset: Charset::default(), is_told: false }
    }

    /// Takes in what a machine said.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        match self.charset.translate(bytes) {
            None => self.parser.process(bytes),
            Some(translated) => self.parser.process(&translated),
        }
        let heard = self.parser.callbacks_mut();
        Fed { answers: std::mem::take(&mut heard.answers), rang: std::mem::take(&mut heard.rang) }
    }

    /// Says something that the machine did not: below everything that stands on its screen, whatever the machine left of
    /// programs, regions and sequences that had begun. What it says next stands below that.
    pub fn note(&mut self, lines: impl IntoIterator<Item = String>) {
        self.to_bottom();
        // Cancels a sequence; then attributes, characters and region are as they were in the beginning.
        self.feed(b"\x18\x1b[0m\x1b(B\x0f");
        if self.parser.screen().alternate_screen() {
            self.feed(b"\x1b[?1049l");
        }
        self.feed(b"\x1b[?6l\x1b[r\x1b[?25h");
        let (row, column) = self.parser.screen().cursor_position();
        let written = u16::try_from(self.visible().lines().count()).unwrap_or(u16::MAX);
        let free = written.max(row + u16::from(column > 0));
        let rows = self.size().0;
        let down = if free < rows { "" } else { "\r\n" };
        self.feed(format!("\x1b[{};1H{down}", free.saturating_add(1).min(rows)).as_bytes());
        for line in lines {
            self.feed(format!("-- {line}\r\n").as_bytes());
        }
    }

    /// The pane has another size. Before the machine is told of it, it believes in 24 rows of 80 cells, and has to have them.
    pub fn fit(&mut self, rows: u16, columns: u16) {
        let (rows, columns) = if self.is_told { (rows, columns) } else { (rows.max(USUAL.0), columns.max(USUAL.1)) };
        let wanted = (bounded(rows), bounded(columns));
        if self.parser.screen().size() != wanted {
            self.parser.set_size(wanted.0, wanted.1);
        }
    }

    /// The machine is told the size of the pane from now on.
    pub fn told(&mut self, rows: u16, columns: u16) {
        self.is_told = true;
        self.fit(rows, columns);
    }

    /// What it shows, the scrollback included where that is looked at.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// What the machine calls the window; empty where it says nothing.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.parser.callbacks().title
    }

    /// Rows and columns.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.parser.screen().size();
        (rows.get(), columns.get())
    }

    /// Lines between what is looked at and the newest.
    #[must_use]
    pub fn above(&self) -> usize {
        self.parser.screen().scrollback()
    }

    /// Looks at older lines, or at newer ones where `lines` is negative.
    pub fn scroll(&mut self, lines: isize) {
        let to = self.above().saturating_add_signed(lines);
        self.parser.screen_mut().set_scrollback(to);
    }

    /// Looks at the newest lines again.
    pub fn to_bottom(&mut self) {
        self.parser.screen_mut().set_scrollback(0);
    }

    /// Looks at the oldest lines.
    pub fn to_top(&mut self) {
        self.parser.screen_mut().set_scrollback(usize::MAX);
    }

    /// Every line, the oldest first, without blanks at the ends.
    pub fn lines(&mut self) -> Vec<String> {
        let (rows, columns) = self.size();
        let screen = self.parser.screen_mut();
        let before = screen.scrollback();
        let mut left = screen.scrollback_len();
        let mut lines = Vec::with_capacity(left + usize::from(rows));
        while left > 0 {
            screen.set_scrollback(left);
            let page = left.min(rows.into());
            lines.extend(screen.rows(0, columns).take(page));
            left -= page;
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, columns));
        screen.set_scrollback(before);
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        lines
    }

    /// What is looked at, line by line, without blanks at the ends and without empty lines below.
    #[must_use]
    pub fn visible(&self) -> String {
        let screen = self.parser.screen();
        let (_, columns) = self.size();
        let lines: Vec<String> = screen.rows(0, columns).map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Looks for `text` in the lines above what is looked at, or below it; lets it be seen. Returns how many lines have it;
    /// case counts where the text has a capital.
    pub fn find(&mut self, text: &str, upwards: bool) -> usize {
        if text.is_empty() {
            return 0;
        }
        let is_exact = text.chars().any(char::is_uppercase);
        let wanted = if is_exact { text.to_owned() } else { text.to_lowercase() };
        let has = |line: &String| if is_exact { line.contains(&wanted) } else { line.to_lowercase().contains(&wanted) };
        let lines = self.lines();
        let found: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| has(line)).map(|(at, _)| at).collect();
        let rows = usize::from(self.size().0);
        let last_top = lines.len().saturating_sub(rows);
        let top = last_top.saturating_sub(self.above());
        let next = if upwards {
            found.iter().rev().find(|at| **at < top).or(found.last())
        } else {
            found.iter().find(|at| **at >= top + rows).or(found.first())
        };
        if let Some(at) = next {
            let top = at.saturating_sub(rows / 2).min(last_top);
            self.parser.screen_mut().set_scrollback(last_top - top);
        }
        found.len()
    }
}
