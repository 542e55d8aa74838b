//! A screen in the pane: its characters where it is a text screen, else its pixels, two in a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::features::console::glyph::TextScreen;
use crate::features::console::pane::console::{Screen, places};
use crate::features::console::rfb::Frame;
use crate::features::console::worker::Picture;
use crate::text::is_harmless;
use crate::ui::Look;
use crate::ui::page::{draw_lines, plain};
use crate::ui::theme::Role;

/// Samples of the side of a box of pixels that becomes one: enough for what is seen, whatever the screen's size.
const SAMPLES: u32 = 3;

/// Draws it, with what is `sought` marked. Whether keys may wake it up is told where it is asleep.
pub(super) fn draw(
    screen: &Screen,
    picture: &Picture,
    (sought, may_type): (&str, bool),
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    match &picture.text {
        Some(text) if screen.is_text() => {
            draw_text(text, screen, area, buffer);
            mark(text, screen, sought, look, area, buffer);
            if screen.is_blank() {
                let key = if may_type { ", which a key ends" } else { "" };
                let words = format!(" the screen is blank: it may be asleep{key}");
                draw_lines(&[plain(words, Role::Muted)], 0, look, area, buffer);
            }
        }
        _ => draw_cells(screen, &picture.frame, look, area, buffer),
    }
}

/// A colour of the screen's.
fn colour(pixel: u32) -> Color {
    let [_, red, green, blue] = pixel.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// The characters.
fn draw_text(text: &TextScreen, screen: &Screen, area: Rect, buffer: &mut Buffer) {
    let (left, top) = screen.corner(text, (area.width, area.height));
    let columns = usize::from(text.columns());
    for y in 0..area.height.min(text.rows()) {
        for x in 0..area.width.min(text.columns()) {
            let at = usize::from(top + y) * columns + usize::from(left + x);
            let (Some(cell), Some(place)) = (text.cells().get(at), buffer.cell_mut((area.x + x, area.y + y))) else {
                continue;
            };
            let character = cell.character.filter(|c| is_harmless(*c)).unwrap_or('\u{fffd}');
            place.set_char(character);
            place.set_style(Style::new().fg(colour(cell.ink)).bg(colour(cell.paper)));
        }
    }
}

/// Marks what was looked for.
fn mark(text: &TextScreen, screen: &Screen, sought: &str, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let (left, top) = screen.corner(text, (area.width, area.height));
    for (x, y) in places(text, sought) {
        if let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(top))
            && x < area.width
            && y < area.height
            && let Some(cell) = buffer.cell_mut((area.x + x, area.y + y))
        {
            cell.set_style(look.theme.style(Role::Marked));
        }
    }
}

/// Where a picture stands in the pane: its first cell, its size in cells, and what of it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    /// The first cell of the pane that it covers.
    at: (u16, u16),
    /// Cells that it covers.
    cells: (u16, u16),
    /// The first pixel that is seen.
    from: (u32, u32),
    /// Pixels that are seen.
    pixels: (u32, u32),
}

impl Place {
    /// Of a frame in a pane of so many cells: a cell has one pixel above another. The whole of it, as large as it fits, or a part
    /// of it dot by dot.
    fn of(screen: &Screen, frame: &Frame, (columns, rows): (u16, u16)) -> Option<Self> {
        let (width, height) = (u32::from(frame.width()), u32::from(frame.height()));
        let (wide, high) = (u32::from(columns), u32::from(rows) * 2);
        if width == 0 || height == 0 || wide == 0 || high == 0 {
            return None;
        }
        let cells = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
        if screen.is_near {
            let pixels = (width.min(wide), height.min(high));
            let at = screen.at.unwrap_or_default();
            let from = (u32::from(at.0).min(width - pixels.0), u32::from(at.1).min(height - pixels.1));
            return Some(Self { at: (0, 0), cells: (cells(pixels.0), cells(pixels.1.div_ceil(2))), from, pixels });
        }
        // Never larger than it is.
        let (mut across, mut down) = (width.min(wide), height.min(high));
        if across * height <= down * width {
            down = (across * height / width).max(1);
        } else {
            across = (down * width / height).max(1);
        }
        let (across, down) = (cells(across), cells(down.div_ceil(2)));
        let at = ((columns - across) / 2, (rows - down) / 2);
        Some(Self { at, cells: (across, down), from: (0, 0), pixels: (width, height) })
    }

    /// The colour of the upper or lower half of a cell.
    fn pixel(&self, frame: &Frame, x: u16, half: u32) -> u32 {
        let (across, down) = (u32::from(self.cells.0).max(1), u32::from(self.cells.1).max(1) * 2);
        let x = u32::from(x);
        let begin = (self.from.0 + x * self.pixels.0 / across, self.from.1 + half * self.pixels.1 / down);
        let end = (self.from.0 + (x + 1) * self.pixels.0 / across, self.from.1 + (half + 1) * self.pixels.1 / down);
        let (wide, high) = (end.0.saturating_sub(begin.0).max(1), end.1.saturating_sub(begin.1).max(1));
        let (columns, rows) = (wide.min(SAMPLES), high.min(SAMPLES));
        let mut sums = [0_u32; 3];
        for row in 0..rows {
            for column in 0..columns {
                let at = (begin.0 + column * wide / columns, begin.1 + row * high / rows);
                let pixel = frame.pixel(u16::try_from(at.0).unwrap_or(0), u16::try_from(at.1).unwrap_or(0));
                let [_, red, green, blue] = pixel.to_be_bytes();
                for (sum, part) in sums.iter_mut().zip([red, green, blue]) {
                    *sum += u32::from(part);
                }
            }
        }
        let [red, green, blue] = sums.map(|sum| sum / (columns * rows));
        red << 16 | green << 8 | blue
    }
}

/// The cells of a picture in pixels: those that it would have in cells, except that it may be larger than it is.
pub(super) fn place_of(frame: &Frame, area: Rect) -> Option<Rect> {
    let (width, height) = (u32::from(frame.width()), u32::from(frame.height()));
    let (wide, high) = (u32::from(area.width), u32::from(area.height) * 2);
    if width == 0 || height == 0 || wide == 0 || high == 0 {
        return None;
    }
    let (across, down) = if wide * height <= high * width {
        (wide, (wide * height / width).max(1))
    } else {
        ((high * width / height).max(1), high)
    };
    let cells = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let (across, down) = (cells(across).min(area.width), cells(down.div_ceil(2)).min(area.height));
    let (x, y) = (area.x + (area.width - across) / 2, area.y + (area.height - down) / 2);
    Some(Rect { x, y, width: across, height: down })
}

/// The pixels.
fn draw_cells(screen: &Screen, frame: &Frame, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(place) = Place::of(screen, frame, (area.width, area.height)) else { return };
    for y in 0..place.cells.1.min(area.height) {
        for x in 0..place.cells.0.min(area.width) {
            let upper = place.pixel(frame, x, u32::from(y) * 2);
            let lower = place.pixel(frame, x, u32::from(y) * 2 + 1);
            let Some(cell) = buffer.cell_mut((area.x + place.at.0 + x, area.y + place.at.1 + y)) else { continue };
            // A blank costs less than a block on the way to the terminal.
            if upper == lower || look.ascii {
                cell.set_symbol(" ").set_style(Style::new().bg(colour(upper)));
            } else {
                cell.set_symbol("▀").set_style(Style::new().fg(colour(upper)).bg(colour(lower)));
            }
        }
    }
}

/// The pixel of the machine's screen under the middle of a cell of the pane; `None` beside it.
pub(in crate::features::console::pane) fn pixel_at(
    screen: &Screen,
    is_pixels: bool,
    room: (u16, u16),
    column: u16,
    line: u16,
) -> Option<(u16, u16)> {
    let picture = screen.picture.as_ref()?;
    let (width, height) = (picture.frame.width(), picture.frame.height());
    let inside = |x: u32, y: u32| {
        let (x, y) = (u16::try_from(x).ok()?, u16::try_from(y).ok()?);
        (x < width && y < height).then_some((x, y))
    };
    if let (Some(text), true) = (&picture.text, screen.is_text()) {
        let (left, top) = screen.corner(text, room);
        let cell = (u32::from(width / text.columns().max(1)), u32::from(height / text.rows().max(1)));
        return inside(u32::from(left + column) * cell.0 + cell.0 / 2, u32::from(top + line) * cell.1 + cell.1 / 2);
    }
    if is_pixels {
        let place = place_of(&picture.frame, Rect::new(0, 0, room.0, room.1))?;
        let (x, y) = (u32::from(column.checked_sub(place.x)?), u32::from(line.checked_sub(place.y)?));
        let middle =
            |at: u32, pixels: u16, cells: u16| (2 * at + 1) * u32::from(pixels) / (2 * u32::from(cells).max(1));
        return inside(middle(x, width, place.width), middle(y, height, place.height));
    }
    let place = Place::of(screen, &picture.frame, room)?;
    let (x, y) = (u32::from(column.checked_sub(place.at.0)?), u32::from(line.checked_sub(place.at.1)?));
    let (across, down) = (u32::from(place.cells.0), u32::from(place.cells.1));
    if x >= across || y >= down {
        return None;
    }
    let middle = |from: u32, at: u32, pixels: u32, cells: u32| from + (2 * at + 1) * pixels / (2 * cells.max(1));
    inside(middle(place.from.0, x, place.pixels.0, across), middle(place.from.1, y, place.pixels.1, down))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::features::console::glyph;
    use crate::features::console::pane::console::Mode;

    fn screen(frame: Frame) -> Screen {
        let text = glyph::read(&frame).filter(TextScreen::is_text).map(Arc::new);
        Screen { picture: Some(Picture { frame: Arc::new(frame), text }), ..Screen::default() }
    }

    #[test]
    fn a_picture_keeps_its_shape_and_stands_in_the_middle() {
        let frame = Frame::new(1024, 768).unwrap();
        let place = Place::of(&Screen::default(), &frame, (100, 30)).unwrap();
        // 80 by 60 pixels.
        assert_eq!((place.cells, place.at), ((80, 30), (10, 0)));
        let small = Place::of(&Screen::default(), &Frame::new(10, 10).unwrap(), (100, 30)).unwrap();
        assert_eq!(small.cells, (10, 5));
        assert_eq!(Place::of(&Screen::default(), &Frame::new(0, 0).unwrap(), (100, 30)), None);
    }

    #[test]
    fn dot_by_dot_a_part_is_seen_that_stays_on_the_screen() {
        let near = Screen { is_near: true, at: Some((5000, 5000)), ..Screen::default() };
        let place = Place::of(&near, &Frame::new(1024, 768).unwrap(), (100, 30)).unwrap();
        assert_eq!((place.from, place.pixels, place.cells), ((924, 708), (100, 60), (100, 30)));
    }

    #[test]
    fn of_a_text_screen_that_is_larger_what_was_written_last_is_seen_until_somebody_goes_elsewhere() {
        let lines: Vec<String> = (0..24).map(|number| format!("line {number}")).collect();
        let mut boot = screen(glyph::draw(lines.iter().map(String::as_str), 0x00aa_aaaa, 0).unwrap());
        let corner =
            |screen: &Screen, room| screen.corner(screen.picture.as_ref().unwrap().text.as_ref().unwrap(), room);
        assert_eq!(corner(&boot, (80, 20)), (0, 4));
        assert_eq!(corner(&boot, (100, 30)), (0, 0));
        assert!(boot.pan((0, -1), (60, 20)));
        assert_eq!(corner(&boot, (60, 20)), (0, 3));
        assert!(boot.pan((0, 1 << 16), (60, 20)) && boot.pan((1, 0), (60, 20)));
        assert_eq!(corner(&boot, (60, 20)), (2, 5));
        boot.mode = Mode::Cells;
        assert!(!boot.pan((1, 0), (60, 20)), "all of it is seen");
        boot.is_near = true;
        assert!(boot.pan((-1, 0), (60, 20)) && boot.at == Some((0, 80)), "{:?}", boot.at);
    }

    #[test]
    fn the_mouse_hits_the_pixel_in_the_middle_of_what_a_cell_shows() {
        let picture = Screen { mode: Mode::Cells, ..screen(Frame::new(1000, 600).unwrap()) };
        assert_eq!(pixel_at(&picture, false, (100, 30), 0, 0), Some((5, 10)));
        assert_eq!(pixel_at(&picture, false, (100, 30), 99, 29), Some((995, 590)));
        assert_eq!(pixel_at(&picture, false, (120, 30), 3, 0), None);
        assert_eq!(pixel_at(&picture, true, (100, 30), 99, 29), Some((995, 590)));
        let text = screen(glyph::draw(["login:"], 0x00aa_aaaa, 0).unwrap());
        assert!(text.is_text());
        assert_eq!(pixel_at(&text, false, (100, 30), 79, 24), Some((715, 392)));
        assert_eq!(pixel_at(&text, false, (100, 30), 80, 0), None);
    }
}
