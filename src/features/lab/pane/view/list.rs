//! The table: one line for each forward and for each machine without one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw_empty, words};
use crate::features::lab::model::{Reach, Row, State as Is};
use crate::features::lab::pane::State;
use crate::ui::Look;
use crate::ui::line::{Pen, width};
use crate::ui::list::Line;
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::age;

/// Names may be this short without their column becoming narrower.
const SHORT: usize = 8;
/// Cells below which a reason says nothing.
const REASON: usize = 20;

/// Columns in cells, the gaps behind them included; 0 leaves a column out.
#[derive(Debug, Clone, Copy)]
struct Columns {
    /// The state's word.
    state: usize,
    /// The machine's name.
    name: usize,
    /// What it is.
    component: usize,
    /// Its address.
    address: usize,
    /// Whether it answers pings, and since when.
    ping: usize,
    /// Its port and what that is for.
    target: usize,
    /// The gateway's port.
    port: usize,
    /// What was measured.
    reach: usize,
    /// What is left is for banners and reasons.
    rest: bool,
}

/// What the columns for so many cells would be if names filled theirs.
fn usual_columns(cells: usize) -> Columns {
    let base =
        Columns { state: 0, name: 14, component: 0, address: 0, ping: 0, target: 13, port: 7, reach: 10, rest: false };
    match cells {
        ..56 => Columns { name: cells.saturating_sub(3 + 13 + 7 + 10).clamp(6, 20), ..base },
        56..72 => Columns { name: cells.saturating_sub(3 + 13 + 13 + 7 + 10).min(24), state: 13, ..base },
        72..104 => {
            let name = cells.saturating_sub(3 + 13 + 13 + 13 + 7 + 10).clamp(12, 24);
            Columns { name, state: 13, component: 13, ..base }
        }
        104..140 => Columns { name: 18, state: 13, component: 13, address: 17, port: 8, rest: true, ..base },
        _ => Columns { name: 20, state: 13, component: 14, address: 17, ping: 14, port: 8, rest: true, ..base },
    }
}

/// The columns for so many cells where the longest name has `longest` of them. What names leave is for banners and reasons,
/// if those can say something there.
fn columns(cells: usize, longest: usize) -> Columns {
    let usual = usual_columns(cells);
    let fitted = Columns { name: usual.name.min(longest.max(SHORT) + 2), ..usual };
    let Columns { state, name, component, address, ping, target, port, reach, .. } = fitted;
    let taken = 3 + state + name + component + address + ping + target + port + reach;
    Columns { rest: usual.rest || cells >= taken + 2 + REASON, ..fitted }
}

/// Draws the list.
pub(super) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some(lab) = state.lab() else { return };
    if state.list.rows().is_empty() {
        let text = if lab.snapshot.is_none() {
            "asking the lab …"
        } else if lab.table.is_empty() {
            "no forwards and no machines: <lab-new> makes a forward"
        } else {
            "nothing matches; <back> clears the filter"
        };
        draw_empty(state, &look.say(text), look, area, buffer);
        return;
    }
    let longest = lab.table.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let columns = columns(usize::from(area.width), longest);
    for (y, line) in state.list.lines().into_iter().enumerate().take(usize::from(area.height)) {
        let Line::Row(index, row) = line else { continue };
        let mut pen = Pen::new(buffer, area, u16::try_from(y).unwrap_or(u16::MAX));
        let is_marked = state.list.is_marked(&row.key());
        let is_selected = index == state.list.cursor();
        draw_row(row, &columns, look, (is_selected, is_marked, focused), &mut pen);
    }
}

/// One row. A highlight ends behind the name, so that state and figures keep their colours.
fn draw_row(
    row: &Row,
    columns: &Columns,
    look: &Look<'_>,
    (is_selected, is_marked, focused): (bool, bool, bool),
    pen: &mut Pen<'_>,
) {
    let style = |role| look.theme.style(role);
    let (sign, word) = words::state(row.state);
    let is_quiet = matches!(row.state, Is::NoForward | Is::Gone | Is::Dead);
    let text = style(if is_quiet { Role::Muted } else { Role::Text });
    let mark = if is_marked { (look.pick("▪", "*"), Role::Marked) } else { (" ", Role::Text) };
    pen.text(mark.0, style(mark.1)).text(look.glyph(sign), style(sign.role())).skip(1);
    if columns.state > 0 {
        pen.column(word, columns.state - 2, text).skip(2);
    }
    let name = if row.name.is_empty() { "?" } else { &row.name };
    pen.column(name, columns.name.saturating_sub(2), if is_marked { style(Role::Marked) } else { text }).skip(2);
    if is_selected {
        pen.highlight(style(if focused { Role::Selected } else { Role::SelectedUnfocused }));
    }
    if columns.component > 0 {
        pen.column(&row.component, columns.component - 2, text).skip(2);
    }
    if columns.address > 0 {
        pen.column(&row.address, columns.address - 2, text).skip(2);
    }
    if columns.ping > 0 {
        let since = row.since.map_or_else(String::new, |at| format!(" {}", age(at, look.now)));
        let ping = words::routable(row.routable);
        let role = if row.routable == Some(false) { Role::Muted } else { Role::Text };
        pen.column(
            &if ping.is_empty() { String::new() } else { format!("{ping}{since}") },
            columns.ping - 2,
            style(role),
        );
        pen.skip(2);
    }
    let arrow = if row.port.is_some() { look.pick(" → ", " > ") } else { "   " };
    pen.column(&words::target(row), columns.target.saturating_sub(3), text).text(arrow, style(Role::Muted));
    let port = row.port.map_or_else(String::new, |port| port.to_string());
    pen.column(&port, columns.port.saturating_sub(2), text).skip(2);
    let (reach, role) = match &row.reach {
        None => (String::new(), Role::Muted),
        Some(reach @ Reach::Open { .. }) => (reach.words(), Role::Text),
        Some(reach) => (reach.words(), Sign::Warning.role()),
    };
    pen.column_right(&reach, columns.reach.saturating_sub(1), style(role));
    if columns.rest {
        pen.skip(2);
        let banner = match &row.reach {
            Some(Reach::Open { banner, .. }) => banner.as_str(),
            _ => "",
        };
        let is_said = row.note.is_empty() || (row.state == Is::Unreachable && !row.is_off() && !row.is_half);
        let rest = if is_said { banner } else { &row.note };
        pen.text(rest, style(Role::Muted));
    }
}
