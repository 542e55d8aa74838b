//! A terminal in the pane: the machine's cells in the machine's colours.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use crate::features::console::emulator::Emulator;
use crate::features::console::pane::console::matches;
use crate::text::is_harmless;
use crate::ui::Look;
use crate::ui::theme::Role;

/// What stands for a character that could do harm.
const HARMLESS: &str = "\u{fffd}";

/// Draws it, with what is looked for marked; returns where its cursor is, if it is to be seen. Where the pane has fewer rows than
/// the machine believes in, those around its cursor are seen.
pub(super) fn draw(
    emulator: &Emulator,
    sought: &str,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let screen = emulator.screen();
    let (rows, columns) = emulator.size();
    let (row, column) = screen.cursor_position();
    let hidden = rows.saturating_sub(area.height);
    // As far up as the cursor allows: what is below it is blank for the most part.
    let top = (row + 1).saturating_sub(area.height).min(hidden);
    let left = (column + 1).saturating_sub(area.width).min(columns.saturating_sub(area.width));
    let ground = look.theme.style(Role::Text);
    for y in 0..area.height.min(rows) {
        for x in 0..area.width.min(columns) {
            let Some(cell) = screen.cell(top + y, left + x) else { continue };
            let Some(place) = buffer.cell_mut((area.x + x, area.y + y)) else { continue };
            place.reset();
            place.set_style(ground.patch(style(cell)));
            if cell.is_wide_continuation() || !cell.has_contents() {
                continue;
            }
            // Half of a wide character would reach beyond the pane.
            let fits = !cell.is_wide() || x + 1 < area.width;
            let contents = cell.contents();
            if fits {
                place.set_symbol(if contents.chars().all(is_harmless) { contents } else { HARMLESS });
            }
        }
    }
    for (x, y) in found(emulator, sought) {
        let place = (x.checked_sub(left), y.checked_sub(top));
        if let (Some(x), Some(y)) = place
            && x < area.width
            && y < area.height
            && let Some(cell) = buffer.cell_mut((area.x + x, area.y + y))
        {
            cell.set_style(look.theme.style(Role::Marked));
        }
    }
    let is_seen = !screen.hide_cursor() && emulator.above() == 0 && row >= top && column >= left;
    let at = Position { x: area.x + column.saturating_sub(left), y: area.y + row.saturating_sub(top) };
    (is_seen && area.contains(at)).then_some(at)
}

/// The cells of what is looked for, column and row.
fn found(emulator: &Emulator, sought: &str) -> Vec<(u16, u16)> {
    let (rows, columns) = emulator.size();
    let cell = |y: u16, x: u16| emulator.screen().cell(y, x).and_then(|cell| cell.contents().chars().next());
    matches((0..rows).map(|y| (0..columns).map(|x| cell(y, x).unwrap_or(' ')).collect()), sought)
}

/// The colours and attributes of a cell.
fn style(cell: &vt100::Cell) -> Style {
    let mut style = Style::new();
    if let Some(colour) = colour(cell.fgcolor()) {
        style = style.fg(colour);
    }
    if let Some(colour) = colour(cell.bgcolor()) {
        style = style.bg(colour);
    }
    for (is_set, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if is_set {
            style = style.add_modifier(modifier);
        }
    }
    style
}

/// A colour of the machine's; `None` for the ground's own.
fn colour(colour: vt100::Color) -> Option<Color> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(Color::Indexed(index)),
        vt100::Color::Rgb(red, green, blue) => Some(Color::Rgb(red, green, blue)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_found_where_it_stands() {
        let mut emulator = Emulator::new(24, 80);
        emulator.feed("\u{1b}[31mUp\u{1b}[0mlink\r\nlink UP, link up".as_bytes());
        let places = |sought: &str| found(&emulator, sought);
        assert_eq!(places("uplink"), [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]);
        assert_eq!(places("UP"), [(5, 1), (6, 1)]);
        assert_eq!(places("up").len(), 6);
        assert_eq!(places(""), []);
        assert_eq!(places(&"x".repeat(100)), []);
    }
}
