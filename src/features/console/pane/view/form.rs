//! The form for a definition: its text, and below it what clients make of it and what is signed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::details;
use crate::features::console::pane::form::Form;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::{TextLine, Title, draw_lines, plain};
use crate::ui::theme::Role;

/// Cells in front of the name.
const LABEL: &str = " Name       ";

/// What stands in the title rule.
pub(super) fn title(form: &Form) -> Title {
    let what = if form.is_new { "a new definition" } else { "a definition, being edited" };
    Title { left: vec![(what.to_owned(), Role::Accent)], right: Some(("ctrl-s saves it".to_owned(), Role::Key)) }
}

/// Draws it; returns where text is being typed.
pub(super) fn draw(form: &Form, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Position {
    let style = |role| look.theme.style(role);
    Pen::new(buffer, area, 0).text(LABEL, style(Role::Muted)).text(form.name.text(), style(Role::Accent));
    let lines: Vec<&str> = form.text.text().split('\n').collect();
    // Half of the pane at least is for the verdict.
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(2) / 2).max(1);
    let before = form.text.before_cursor();
    let row = before.matches('\n').count();
    let top = (row + 1).saturating_sub(usize::from(rows));
    let room = usize::from(area.width.saturating_sub(2));
    for (y, (at, line)) in (1..=rows).zip(lines.iter().enumerate().skip(top)) {
        // The secret is the password of the session: it is seen while it is typed, and only then.
        let shown = if at == row && !form.at_name { line } else { masked(line) };
        Pen::new(buffer, area, y).skip(1).text(&fit(shown, room), style(Role::Text));
    }
    let column = before.rsplit('\n').next().map_or(0, width);
    let verdict = Rect { y: area.y + rows + 1, height: area.height.saturating_sub(rows + 1), ..area };
    draw_lines(&judged(form, usize::from(area.width.saturating_sub(2))), 0, look, verdict, buffer);
    let (x, y) = if form.at_name {
        (width(LABEL) + width(form.name.before_cursor()), 0)
    } else {
        (1 + column, 1 + row.saturating_sub(top))
    };
    let clamp = |at: usize, most: u16| u16::try_from(at).unwrap_or(u16::MAX).min(most.saturating_sub(1));
    Position { x: area.x + clamp(x, area.width), y: area.y + clamp(y, area.height) }
}

/// A line of the text, without the secret that it may tell.
fn masked(line: &str) -> &str {
    let is_secret = line.split_once('=').is_some_and(|(name, value)| {
        name.trim().trim_matches(['"', '\'']) == "secret" && !value.trim().trim_matches(['"', '\'']).is_empty()
    });
    if is_secret { "secret = \"***\"" } else { line }
}

/// What clients make of it, and what is signed; or why it cannot be.
fn judged(form: &Form, cells: usize) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> = Vec::new();
    if let Some(why) = form.complaint.as_deref().or(form.wrong_name()) {
        lines.extend(wrap(why, cells.max(8)).into_iter().map(|line| plain(format!(" {line}"), Role::Warning)));
    }
    lines.extend(match form.read() {
        Ok((definition, remarks)) => details::verdict(&definition, &remarks, cells),
        Err(problems) => details::problems(&problems, cells),
    });
    lines
}
