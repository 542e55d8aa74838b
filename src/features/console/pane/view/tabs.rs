//! The line of tabs above a console where several are open.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::words;
use crate::features::console::pane::State;
use crate::features::console::pane::console::Being;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, width};
use crate::ui::theme::Role;

/// Cells of the longest name on a tab.
const LONGEST: usize = 20;

/// The text of each tab: its mark, its name.
fn texts(state: &State, look: &Look<'_>) -> Vec<(String, Role)> {
    let text = |console: &crate::features::console::pane::Console| {
        let name = console.title();
        let name = fit(&name, LONGEST);
        let (mark, role) = match (&console.being, console.is_active, console.rang) {
            (_, _, true) => (look.pick("♪", "!"), Role::Warning),
            (_, true, _) => (look.pick("▎", "*"), Role::Changed),
            (Being::Ended(_), ..) => (look.glyph(words::console(&console.being).0), Role::Muted),
            (Being::Open | Being::Opening, ..) => (" ", Role::Text),
        };
        (format!("{mark}{name} "), role)
    };
    state.consoles.iter().map(text).collect()
}

/// Draws it.
pub(super) fn draw(state: &State, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, 0);
    for (at, (text, role)) in texts(state, look).into_iter().enumerate() {
        let (open, close) = if at == state.current { ("[", "]") } else { (" ", " ") };
        let role = if at == state.current { Role::Accent } else { role };
        pen.text(open, look.theme.style(Role::Accent));
        pen.text(text.trim_end(), look.theme.style(role)).text(close, look.theme.style(Role::Accent));
    }
}

/// The tab at this column.
pub(in crate::features::console::pane) fn tab_at(state: &State, column: u16) -> Option<usize> {
    let mut begin = 0_usize;
    for (at, console) in state.consoles.iter().enumerate() {
        let name = console.title();
        // A mark, and a bracket on either side.
        let end = begin + width(&fit(&name, LONGEST)) + 3;
        if (begin..end).contains(&usize::from(column)) {
            return Some(at);
        }
        begin = end;
    }
    None
}
