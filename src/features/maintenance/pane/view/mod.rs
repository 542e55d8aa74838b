//! How the pane looks. Reads the state, stores nothing.

pub(crate) mod list;
mod maintenance;
mod notification;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use super::editor::Editor;
use super::opened::Page;
use crate::trouble::Trouble;
use crate::ui::Look;
use crate::ui::line::{Pen, width, wrap};
use crate::ui::theme::{Role, State as Sign};

pub(super) use maintenance::{lay_out as lay_out_maintenance, lines as maintenance_lines};
pub(super) use notification::{lay_out as lay_out_notification, mail_lines, reason_rows as notification_reason_rows};

/// Draws the pane into `area`; `absent` is what to say while no source is configured and nothing is stored. Returns where
/// text is being typed.
pub(crate) fn draw(
    state: &State,
    look: &Look<'_>,
    absent: Option<&str>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let cursor = match state.pages.last() {
        None => list::draw(state, look, absent, focused, area, buffer),
        Some(Page::Maintenance(page)) => {
            maintenance::draw(page, look, area, buffer);
            None
        }
        Some(Page::Notifications(page)) => {
            notification::draw_list(page, look, area, buffer);
            None
        }
        Some(Page::Notification(page)) => {
            notification::draw(page, look, area, buffer);
            None
        }
    };
    match &state.editor {
        Some(Editor::Note { field, about, .. }) => Some(draw_note(field, about, look, area, buffer)),
        Some(Editor::Filter { .. }) | None => cursor,
    }
}

/// What stands in the pane's title rule while something is opened.
pub(crate) struct Title {
    /// What it is, from the left.
    pub(crate) left: Vec<Span>,
    /// What matters most about it, from the right.
    pub(crate) right: Option<Span>,
}

/// The title of what is opened; `None` for the list, which has the pane's own.
pub(crate) fn title(state: &State, look: &Look<'_>) -> Option<Title> {
    match state.pages.last()? {
        Page::Maintenance(page) => maintenance::title(page, look),
        Page::Notifications(page) => Some(notification::list_title(page)),
        Page::Notification(page) => notification::title(page, look),
    }
}

/// A piece of a line and what it means.
pub(crate) type Span = (String, Role);

/// A line of an opened thing.
pub(crate) type TextLine = Vec<Span>;

/// One line of plain text.
pub(super) fn plain(text: impl Into<String>, role: Role) -> TextLine {
    vec![(text.into(), role)]
}

/// Draws lines from `scroll` on.
pub(super) fn draw_lines(lines: &[TextLine], scroll: usize, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    for (row, line) in lines.iter().skip(scroll).take(usize::from(area.height)).enumerate() {
        let mut pen = Pen::new(buffer, area, u16::try_from(row).unwrap_or(u16::MAX));
        for (text, role) in line {
            pen.text(text, look.theme.style(*role));
        }
    }
    // That there is more below stands at the right end of the last row, over whatever is there.
    let below = lines.len().saturating_sub(scroll + usize::from(area.height));
    if below > 0 && area.height > 0 {
        let text = format!(" +{below}");
        let left = usize::from(area.width).saturating_sub(width(&text));
        Pen::new(buffer, area, area.height - 1).skip(left).text(&text, look.theme.style(Role::Muted));
    }
}

/// What could not be read, why, and what to do.
pub(super) fn trouble_lines(trouble: &Trouble, cells: usize) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> =
        wrap(trouble.what(), cells).into_iter().map(|line| plain(line, Role::Failed)).collect();
    for because in trouble.because() {
        lines.extend(wrap(&format!("because  {because}"), cells).into_iter().map(|line| plain(line, Role::Text)));
    }
    if let Some(remedy) = trouble.remedy() {
        lines.extend(wrap(&format!("do       {remedy}"), cells).into_iter().map(|line| plain(line, Role::Text)));
    }
    lines
}

/// The note being written, at the bottom of the pane.
fn draw_note(
    field: &crate::ui::field::Field,
    about: &str,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Position {
    let cells = usize::from(area.width.saturating_sub(4)).max(1);
    let written = wrap(field.text(), cells);
    // The text before the cursor, wrapped alike, ends where the cursor is.
    let before = wrap(&format!("{}\u{1}", field.before_cursor()), cells);
    let cursor_row = before.len().saturating_sub(1);
    let cursor_column = before.last().map_or(0, |line| width(line.trim_end_matches('\u{1}')));
    let most = usize::from(area.height.saturating_sub(1)).min(8);
    let rows = written.len().clamp(3, most.max(1));
    let height = u16::try_from(rows).unwrap_or(1) + 1;
    let dialog = Rect { y: area.bottom().saturating_sub(height), height: height.min(area.height), ..area };
    look.clear(dialog, buffer);
    let rule = look.theme.style(Role::Muted);
    let dash = look.pick("─", "-");
    let mut pen = Pen::new(buffer, dialog, 0);
    pen.text(dash, rule).text(&format!(" Note on {about} "), look.theme.style(Role::Accent));
    let left = pen.left();
    pen.repeat(dash, left, rule);
    let top = (cursor_row + 1).saturating_sub(rows);
    for (row, line) in written.iter().skip(top).take(rows).enumerate() {
        let row = u16::try_from(row).unwrap_or(0) + 1;
        Pen::new(buffer, dialog, row).skip(2).text(line, look.theme.style(Role::Text));
    }
    let x = dialog.x + 2 + u16::try_from(cursor_column.min(cells)).unwrap_or(0);
    let y = dialog.y + 1 + u16::try_from(cursor_row - top).unwrap_or(0);
    Position { x: x.min(dialog.right().saturating_sub(1)), y: y.min(dialog.bottom().saturating_sub(1)) }
}

/// The glyph of a sign, with its style, as a span.
pub(super) fn sign(look: &Look<'_>, state: Sign) -> Span {
    (look.glyph(state).to_owned(), state.role())
}
