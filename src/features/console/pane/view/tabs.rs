//! The line of tabs above a console where several are open.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::words;
use crate::features::console::pane::State;
use crate::features::console::pane::console::Console;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, width};
use crate::ui::theme::Role;

/// Cells of the longest name on a tab.
const LONGEST: usize = 20;

/// A tab: its mark, its name, and what that looks like.
fn tab(console: &Console, look: &Look<'_>) -> (&'static str, String, Role) {
    let name = fit(&console.title(), LONGEST).into_owned();
    let (mark, role) = match (console.is_over(), console.is_active, console.rang) {
        // That it is over says more than that it said something before.
        (true, is_news, _) => {
            let sign = words::console(&console.being).0;
            (look.glyph(sign), if is_news { sign.role() } else { Role::Muted })
        }
        (false, _, true) => (look.pick("♪", "!"), Role::Warning),
        (false, true, _) => (look.pick("▎", "*"), Role::Changed),
        (false, false, false) => (" ", Role::Text),
    };
    (mark, name, role)
}

/// Cells of a tab: its name, with its mark or a bracket on either side.
fn cells(console: &Console) -> usize {
    width(&fit(&console.title(), LONGEST)) + 2
}

/// The first tab that is seen: as many as fit in front of the current one.
fn first(state: &State) -> usize {
    let mut left = usize::from(state.size.0);
    let before = state.consoles.iter().take(state.current + 1).rev();
    let fitting = before.take_while(|console| {
        let rest = left.checked_sub(cells(console));
        left = rest.unwrap_or(0);
        rest.is_some()
    });
    (state.current + 1).saturating_sub(fitting.count().max(1))
}

/// Draws it.
pub(super) fn draw(state: &State, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, 0);
    let accent = look.theme.style(Role::Accent);
    for (at, console) in state.consoles.iter().enumerate().skip(first(state)) {
        let (mark, name, role) = tab(console, look);
        if at == state.current {
            pen.text("[", accent).text(&name, accent).text("]", accent);
        } else {
            pen.text(mark, look.theme.style(role)).text(&name, look.theme.style(role)).skip(1);
        }
    }
}

/// The tab at this column.
pub(in crate::features::console::pane) fn tab_at(state: &State, column: u16) -> Option<usize> {
    let mut begin = 0_usize;
    for (at, console) in state.consoles.iter().enumerate().skip(first(state)) {
        let end = begin + cells(console);
        if (begin..end).contains(&usize::from(column)) {
            return Some(at);
        }
        begin = end;
    }
    None
}
