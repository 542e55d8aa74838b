//! Draws a text screen as VGA does, for machines that are simulated.

use super::font::{GRAPHICS, HEIGHT, drawing};
use crate::features::console::rfb::{Area, Frame};

/// Cells of a text screen.
const COLUMNS: u16 = 80;
const ROWS: u16 = 25;
/// Dots of a cell in a row.
const WIDTH: u16 = 9;

/// A text screen of 80x25 cells, 720x400 pixels, with these lines at its top; what is longer is cut off, and what is not in
/// code page 437 is blank.
#[must_use]
pub fn draw<'l>(lines: impl IntoIterator<Item = &'l str>, ink: u32, paper: u32) -> Option<Frame> {
    draw_grid(lines, (COLUMNS, ROWS), WIDTH, ink, paper)
}

/// The same of so many columns and rows, of cells that are 8 or 9 dots wide.
#[must_use]
pub fn draw_grid<'l>(
    lines: impl IntoIterator<Item = &'l str>,
    (columns, rows): (u16, u16),
    width: u16,
    ink: u32,
    paper: u32,
) -> Option<Frame> {
    let mut frame = Frame::new(columns.checked_mul(width)?, rows.checked_mul(HEIGHT)?)?;
    let area = frame.area();
    frame.fill(area, paper);
    for (row, line) in (0..rows).zip(lines) {
        for (column, character) in (0..columns).zip(line.chars()) {
            cell(&mut frame, column * width, row * HEIGHT, width, character, (ink, paper), false);
        }
    }
    Some(frame)
}

/// Draws one character into a cell; `other` wants the other drawing of it, where there is one.
pub(super) fn cell(
    frame: &mut Frame,
    x: u16,
    y: u16,
    width: u16,
    character: char,
    (ink, paper): (u32, u32),
    other: bool,
) {
    let Some((code, glyph)) = drawing(character, other) else { return };
    let dots = glyph.into_iter().flat_map(|row| {
        (0..width).map(move |column| {
            let eighth_again = column == 8 && GRAPHICS.contains(&code);
            let dot = if eighth_again { 7 } else { column };
            if dot < 8 && row << dot & 0x80 != 0 { ink } else { paper }
        })
    });
    frame.put(Area { x, y, width, height: HEIGHT }, dots);
}
