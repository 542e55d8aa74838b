//! Reads a screen in text mode back into characters, glyph by glyph.
//!
//! A text screen is a grid of cells, each a glyph of the VGA font in one colour on another. What is read is exact or not at
//! all: a cell that is no glyph has no character, and a screen with too many of those is a picture.

mod draw;
mod font;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use self::draw::{draw, draw_grid};
use self::font::{Glyph, HEIGHT, glyph_of};
use super::rfb::Frame;

/// Of all cells of a text screen, at least so many in a hundred are read.
pub const LEAST_READ: usize = 98;
/// And at least so many in a hundred of those that are not blank: a picture may be blank for the most part.
const LEAST_INKED_READ: usize = 80;
/// The widths of cells that VGA has, the usual one in text mode first.
const WIDTHS: [u16; 2] = [9, 8];
/// A screen with fewer cells than this is no text screen.
const LEAST_COLUMNS: u16 = 40;
const LEAST_ROWS: u16 = 12;

/// A cell of a text screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The character; none where it was not read.
    pub character: Option<char>,
    /// The colour of the character, `0x00RRGGBB`.
    pub ink: u32,
    /// The colour behind it.
    pub paper: u32,
}

/// A screen as cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextScreen {
    columns: u16,
    rows: u16,
    cells: Vec<Cell>,
    read: usize,
    inked: usize,
    inked_read: usize,
}

/// Reads a screen, in the way that makes the most of it; none where it is too small for any.
#[must_use]
pub fn read(frame: &Frame) -> Option<TextScreen> {
    let usual = usual_paper(frame);
    let fitting = WIDTHS.iter().filter(|width| **width == 8 || frame.width().is_multiple_of(**width));
    let screens = fitting.filter_map(|width| read_grid(frame, *width, usual));
    // Of equals the first: nine dots are the usual ones where they fit.
    screens.reduce(|best, other| if other.share() > best.share() { other } else { best })
}

impl TextScreen {
    /// Cells in a row.
    #[must_use]
    pub fn columns(&self) -> u16 {
        self.columns
    }

    /// Rows of cells.
    #[must_use]
    pub fn rows(&self) -> u16 {
        self.rows
    }

    /// The cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Cells that were read.
    #[must_use]
    pub fn read(&self) -> usize {
        self.read
    }

    /// Whether so much of it was read that it is a text screen and no picture.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.read * 100 >= self.cells.len() * LEAST_READ && self.inked_read * 100 >= self.inked * LEAST_INKED_READ
    }

    /// The lines, without blanks at their ends and without empty ones at the end. What was not read is `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |row: &[Cell]| {
            let line: String = row.iter().map(|cell| cell.character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            line.trim_end().to_owned()
        };
        let lines: Vec<String> = self.cells.chunks(usize::from(self.columns).max(1)).map(line).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// How much was read, for comparing.
    fn share(&self) -> u64 {
        let share = self.read as u64 * 1_000_000 / (self.cells.len() as u64).max(1);
        // A picture that is blank for the most part reads well in any grid.
        share + self.inked_read as u64 * 1_000_000 / (self.inked as u64).max(1)
    }
}

/// The colour that is behind most of the text: that of most pixels.
fn usual_paper(frame: &Frame) -> u32 {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    // Every eighth row of pixels says enough.
    for row in frame.rows().step_by(8) {
        for pixel in row {
            // A photograph has more colours than are worth counting.
            if counts.len() < 4096 || counts.contains_key(pixel) {
                *counts.entry(*pixel).or_default() += 1;
            }
        }
    }
    counts.into_iter().max_by_key(|(colour, count)| (*count, *colour)).map_or(0, |(colour, _)| colour)
}

/// Reads a screen as a grid of cells of this width.
fn read_grid(frame: &Frame, width: u16, usual: u32) -> Option<TextScreen> {
    let (columns, rows) = (frame.width() / width, frame.height() / HEIGHT);
    if columns < LEAST_COLUMNS || rows < LEAST_ROWS {
        return None;
    }
    let mut screen = TextScreen { columns, rows, cells: Vec::new(), read: 0, inked: 0, inked_read: 0 };
    for row in 0..rows {
        for column in 0..columns {
            let (cell, is_inked) = read_cell(frame, (column * width, row * HEIGHT), width, usual);
            let was_read = usize::from(cell.character.is_some());
            screen.read += was_read;
            screen.inked += usize::from(is_inked);
            screen.inked_read += if is_inked { was_read } else { 0 };
            screen.cells.push(cell);
        }
    }
    Some(screen)
}

/// Reads a cell, and says whether there is anything in it.
fn read_cell(frame: &Frame, (x, y): (u16, u16), width: u16, usual: u32) -> (Cell, bool) {
    let first = frame.pixel(x, y);
    let pixels = || (0..HEIGHT).flat_map(move |row| (0..width).map(move |column| frame.pixel(x + column, y + row)));
    let Some(second) = pixels().find(|pixel| *pixel != first) else {
        return (Cell { character: Some(' '), ink: first, paper: first }, false);
    };
    let unread = Cell { character: None, ink: second, paper: first };
    if pixels().any(|pixel| pixel != first && pixel != second) {
        return (unread, true);
    }
    // The likelier way round first: block graphics read both ways.
    let (paper, ink) = if second == usual { (second, first) } else { (first, second) };
    for (paper, ink) in [(paper, ink), (ink, paper)] {
        let mut bits: Glyph = [0; HEIGHT as usize];
        let mut ninth: u16 = 0;
        for (row, line) in (0..HEIGHT).zip(&mut bits) {
            for column in 0..8 {
                *line = *line << 1 | u8::from(frame.pixel(x + column, y + row) == ink);
            }
            ninth = ninth << 1 | u16::from(width == 9 && frame.pixel(x + 8, y + row) == ink);
        }
        if let Some(character) = glyph_of(&bits, ninth) {
            return (Cell { character: Some(character), ink, paper }, true);
        }
    }
    (unread, true)
}
