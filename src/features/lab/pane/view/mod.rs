//! How the pane looks. Reads the state, stores nothing.

mod details;
mod form;
mod list;
mod plan;
pub(super) mod words;

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::editor::{Editor, For};
use super::{Page, State, lab};
use crate::features::lab::worker::Health;
use crate::ui::Look;
use crate::ui::line::{Pen, width, wrap};
use crate::ui::page::{TextLine, Title, draw_lines, draw_prompt, plain, trouble_lines};
use crate::ui::theme::{Role, State as Sign};

pub(super) use details::lines as details_lines;
pub(super) use plan::{HEAD as PLAN_HEAD, taken as plan_taken};

/// Draws the pane into `area`; returns where text is being typed.
pub(crate) fn draw(state: &State, look: &Look<'_>, focused: bool, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut rows = area;
    let mut cursor = None;
    if let Some(status) = status(state, look.now) {
        cursor = draw_status(state, &status, look, area, buffer);
        rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    match &state.page {
        None => list::draw(state, look, focused, rows, buffer),
        Some(Page::Details(details)) => {
            let lines = details::lines(state, look).unwrap_or_default();
            draw_lines(&lines, details.scroll, look, area, buffer);
        }
        Some(Page::Form(form)) => return form::draw(state, form, look, area, buffer),
        Some(Page::Plan(plan)) => plan::draw(plan, look, focused, area, buffer),
    }
    let editor = state.editor.as_ref()?;
    match editor.title() {
        Some(title) => Some(draw_prompt(title, &editor.field, 1, look, area, buffer)),
        None => cursor,
    }
}

/// The title of what is opened; `None` for the list, which has the pane's own.
pub(crate) fn title(state: &State, look: &Look<'_>) -> Option<Title> {
    match state.page.as_ref()? {
        Page::Details(details) => Some(details::title(state, details, look)),
        Page::Form(form) => Some(form::title(state, form)),
        Page::Plan(plan) => Some(plan::title(plan)),
    }
}

/// Lines above the list that say what is listed, and why it is old.
pub(super) fn status_rows(state: &State) -> usize {
    // Whether there is a line does not depend on the time, only what stands on it.
    usize::from(status(state, DateTime::UNIX_EPOCH).is_some())
}

/// What is listed, when that is not everything; and why it is not up to date.
struct Status {
    /// Why it is old.
    stale: Option<String>,
    /// What is listed.
    parts: Vec<String>,
}

/// The line above the list.
fn status(state: &State, now: DateTime<Utc>) -> Option<Status> {
    if state.page.is_some() {
        return None;
    }
    let lab = state.lab()?;
    let is_editing = matches!(&state.editor, Some(Editor { purpose: For::Filter(_), .. }));
    let mut parts = Vec::new();
    if !state.filter.is_empty() || is_editing {
        parts.push(format!("{} of {}", state.list.rows().len(), lab.table.len()));
    }
    if state.list.marked() > 0 {
        let hidden = state.list.marked().saturating_sub(state.list.marked_in_memory());
        let hidden = if hidden > 0 { format!(", {hidden} of them not shown") } else { String::new() };
        parts.push(format!("{} marked{hidden}", state.list.marked()));
    }
    let why = lab.stale(state.started, now).filter(|_| lab.snapshot.is_some());
    let is_needed = why.is_some() || !parts.is_empty();
    is_needed.then_some(Status { stale: why, parts })
}

/// Draws the line above the list.
fn draw_status(state: &State, status: &Status, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if let Some(why) = &status.stale {
        let style = look.theme.style(Role::Stale);
        pen.text(look.glyph(Sign::Stale), style).text(" not up to date: ", style).text(why, style);
        pen.text(if status.parts.is_empty() { "" } else { " · " }, style);
    }
    pen.text(&status.parts.join(" · "), look.theme.style(Role::Muted));
    let (text, before) = match &state.editor {
        Some(Editor { field, purpose: For::Filter(_) }) => (field.text(), Some(field.before_cursor())),
        _ => (state.filter.as_str(), None),
    };
    if text.is_empty() && before.is_none() {
        return None;
    }
    pen.text("   /", look.theme.style(Role::Key));
    let at = area.width.saturating_sub(u16::try_from(pen.left()).unwrap_or(0));
    pen.text(text, look.theme.style(Role::Accent));
    before.map(|before| {
        let x = at.saturating_add(u16::try_from(width(before)).unwrap_or(u16::MAX));
        Position { x: area.x + x.min(area.width.saturating_sub(1)), y: area.y }
    })
}

/// A list without rows: what would be here, how it comes, or why it cannot be had.
fn draw_empty(state: &State, text: &str, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let cells = usize::from(area.width.saturating_sub(2));
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area };
    let mut lines: Vec<TextLine> = Vec::new();
    if let Some(Health::Failing { trouble, retry_at, .. }) = state.lab().map(|lab| &lab.health) {
        lines.extend(trouble_lines(trouble, cells, look));
        let retry = format!("{}; {}", lab::again(*retry_at, look.zone, look.now), look.say("<lab-refresh> tries now"));
        lines.push(plain(retry, Role::Muted));
    } else {
        lines.extend(wrap(text, cells).into_iter().map(|line| plain(line, Role::Muted)));
    }
    draw_lines(&lines, 0, look, area, buffer);
}
