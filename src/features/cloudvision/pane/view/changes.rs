//! The list of change controls: one line each, what runs first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Rows, draw_empty, draw_sign, words};
use crate::features::cloudvision::model::{Change, ChangeState};
use crate::features::cloudvision::pane::State;
use crate::features::cloudvision::pane::rows::ChangeRow;
use crate::text::counted;
use crate::ui::Look;
use crate::ui::gauge::gauge;
use crate::ui::line::{Pen, fit_among};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::{age, brief_distance};

/// Columns of the list in cells, the gaps behind them included; 0 leaves a column out.
#[derive(Debug, Clone, Copy)]
struct Columns {
    /// The state's word.
    state: usize,
    /// The name.
    name: usize,
    /// How many devices.
    devices: usize,
    /// How far it is, or when it starts.
    progress: usize,
    /// Who made it.
    creator: usize,
    /// How old it is.
    age: usize,
    /// What is left is for errors and descriptions.
    rest: bool,
}

/// The columns for so many cells.
fn columns(cells: usize) -> Columns {
    let base = Columns { state: 11, name: 0, devices: 0, progress: 0, creator: 0, age: 6, rest: false };
    match cells {
        ..56 => Columns { name: cells.saturating_sub(3 + 11 + 6).max(6), ..base },
        56..76 => Columns {
            name: cells.saturating_sub(3 + 11 + 4 + 10 + 8 + 5),
            devices: 4,
            progress: 10,
            creator: 8,
            age: 5,
            ..base
        },
        76..100 => Columns {
            name: cells.saturating_sub(3 + 11 + 6 + 16 + 11 + 6),
            devices: 6,
            progress: 16,
            creator: 11,
            ..base
        },
        100..130 => Columns {
            name: cells.saturating_sub(3 + 11 + 14 + 18 + 14 + 6).min(44),
            devices: 14,
            progress: 18,
            creator: 14,
            ..base
        },
        _ => Columns { name: 44, devices: 14, progress: 18, creator: 16, rest: true, ..base },
    }
}

/// Draws the list.
pub(super) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) {
    let Some(instance) = state.instance() else { return };
    if state.changes.list.rows().is_empty() {
        let text = if instance.changes.told_at.is_none() {
            "reading the change controls …"
        } else if instance.changes.items.is_empty() {
            "no change controls: what is deployed appears here"
        } else {
            "nothing matches; <back> clears the filter, <change-show> changes what is listed"
        };
        draw_empty(state, text, look, area, buffer);
        return;
    }
    let columns = columns(usize::from(area.width));
    let rows = Rows { look, focused, area };
    let listed = state.changes.list.rows();
    let name = |row: &ChangeRow, cells: usize| {
        fit_among(words::name(&row.change), listed.iter().map(|row| words::name(&row.change)), cells).into_owned()
    };
    rows.draw(&state.changes.list, buffer, |row, selected, pen| {
        draw_change(row, &name(row, columns.name.saturating_sub(2)), &columns, rows, selected, pen);
    });
}

/// One change control, with its name as it fits.
fn draw_change(row: &ChangeRow, name: &str, columns: &Columns, rows: Rows<'_>, selected: bool, pen: &mut Pen<'_>) {
    let look = rows.look;
    let change = &row.change;
    let style = |role| look.theme.style(role);
    let (sign, word) = words::change(change.state);
    let text =
        style(if change.state.is_over() && change.state != ChangeState::Failed { Role::Muted } else { Role::Text });
    draw_sign(pen, row.is_news, sign, look);
    pen.column(word, columns.state - 2, text).skip(2);
    pen.column(name, columns.name.saturating_sub(2), text).skip(2);
    rows.highlight(selected, pen);
    if columns.devices > super::NUMBER {
        pen.column_right(&counted(change.devices.len(), "device"), columns.devices - 2, text).skip(2);
    } else if columns.devices > 0 {
        pen.column_right(&change.devices.len().to_string(), columns.devices - 2, text).skip(2);
    }
    if columns.progress > 0 {
        let (progress, role) = progress(change, look, columns.progress - 2);
        pen.column(&progress, columns.progress - 2, style(role)).skip(2);
    }
    if columns.creator > 0 {
        pen.column(&change.created_by, columns.creator - 2, text).skip(2);
    }
    let old = change.created_at.map_or_else(String::new, |at| age(at, look.now));
    pen.column_right(&old, columns.age - 1, text);
    if columns.rest {
        pen.skip(2);
        match &change.error {
            Some(error) => pen.text(error, style(Role::Failed)),
            None => pen.text(&change.notes, style(Role::Muted)),
        };
    }
}

/// How far it is, when it starts, or what speaks against it.
fn progress(change: &Change, look: &Look<'_>, cells: usize) -> (String, Role) {
    match change.state {
        ChangeState::Running => {
            let (done, all) = change.progress();
            let figures = format!("{done}/{all}");
            let bar = gauge(look, done, all, cells.saturating_sub(figures.len() + 1));
            (format!("{figures} {bar}"), Role::Progress)
        }
        ChangeState::Scheduled => {
            let at = change.scheduled_for;
            (at.map_or_else(String::new, |at| brief_distance(at, at, look.now)), Role::Planned)
        }
        state if !state.is_over() && !change.checks.is_empty() => {
            let words = if cells < 12 { "checks" } else { "see checks" };
            (format!("{} {words}", look.glyph(Sign::Warning)), Role::Warning)
        }
        ChangeState::Approved => {
            let by = change.approval.as_ref().map_or("", |approval| approval.by.as_str());
            (if by.is_empty() { String::new() } else { format!("by {by}") }, Role::Muted)
        }
        ChangeState::Failed => {
            let (done, all) = change.progress();
            (format!("{done}/{all}"), Role::Failed)
        }
        ChangeState::Pending | ChangeState::Completed | ChangeState::Stopped | ChangeState::Unknown(_) => {
            (String::new(), Role::Muted)
        }
    }
}
