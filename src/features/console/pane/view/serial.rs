//! A terminal in the pane: the machine's cells in the machine's colours.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use crate::features::console::emulator::Emulator;
use crate::text::is_harmless;
use crate::ui::Look;
use crate::ui::theme::Role;

/// What stands for a character that could do harm.
const HARMLESS: &str = "\u{fffd}";

/// Draws it; returns where its cursor is, if it is to be seen. Where the pane has fewer rows than the machine believes in, those
/// around its cursor are seen.
pub(super) fn draw(emulator: &Emulator, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
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
    let is_seen = !screen.hide_cursor() && emulator.above() == 0 && row >= top && column >= left;
    let at = Position { x: area.x + column.saturating_sub(left), y: area.y + row.saturating_sub(top) };
    (is_seen && area.contains(at)).then_some(at)
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
