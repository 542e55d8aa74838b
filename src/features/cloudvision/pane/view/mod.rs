//! How the two panes look. Reads the state, stores nothing.

mod change;
mod changes;
mod deployment;
mod deploys;
mod detail;
mod difference;
mod others;
pub(super) mod words;

pub(super) use deployment::UNDEPLOYED;

use crate::features::cloudvision::worker::Health;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::editor::{Editor, Purpose};
use super::instance::again;
use super::opened::Page;
use super::rows::Part;
use super::{Place, State};
use crate::command::Motion;
use crate::ui::Look;
use crate::ui::line::{Pen, width, wrap};
use crate::ui::page::{Span, TextLine, Title, draw_lines, draw_prompt, plain, trouble_lines};
use crate::ui::theme::{Role, State as Sign};
use detail::Content;

/// Sizes of what is opened, for scrolling and for the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    /// Rows of the parts.
    pub(super) list_rows: usize,
    /// The first of them.
    pub(super) list_from: usize,
    /// The column from which on the text stands.
    pub(super) text_from: u16,
    /// Rows of the text.
    pub(super) text_rows: usize,
    /// Lines that it has.
    pub(super) text_lines: usize,
}

/// Cells of a column that has room for a number alone, and not for what it counts.
const NUMBER: usize = 8;

/// Draws a pane into `area`; returns where text is being typed.
pub(crate) fn draw(
    state: &State,
    place: Place,
    look: &Look<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let mut rows = area;
    let mut cursor = None;
    if let Some(status) = status(state, place, look.now) {
        cursor = draw_status(state, place, &status, look, area, buffer);
        rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    match state.page(place) {
        None if place == Place::Deploys => deploys::draw(state, look, focused, rows, buffer),
        None => changes::draw(state, look, focused, rows, buffer),
        Some(Page::Workspaces(board)) => others::draw_workspaces(state, board, look, focused, rows, buffer),
        Some(Page::Devices(board)) => others::draw_devices(state, board, look, focused, rows, buffer),
        Some(page @ (Page::Deployment(_) | Page::Change(_))) => {
            if let Some(content) = content(state, page, look, area) {
                detail::draw(&content, |part, cells| part_line(state, page, part, look, cells), look, focused, buffer);
            }
            cursor = draw_search(state, place, look, area, buffer);
        }
    }
    let (_, editor) = state.editor.as_ref().filter(|(at, _)| *at == place)?;
    match editor.title(look) {
        Some(title) => {
            let least = if matches!(editor.purpose, Purpose::Notes(_)) { 3 } else { 1 };
            Some(draw_prompt(&title, &editor.field, least, look, area, buffer))
        }
        None => cursor,
    }
}

/// The title of what is opened; `None` for a list, which has the pane's own.
pub(crate) fn title(state: &State, place: Place, look: &Look<'_>) -> Option<Title> {
    match state.page(place)? {
        Page::Deployment(page) => Some(deployment::title(state, page, look)),
        Page::Change(page) => Some(change::title(state, page, look)),
        Page::Workspaces(board) => Some(others::title(state, "open workspaces", board.list.rows().len())),
        Page::Devices(board) => Some(others::title(state, "devices", board.list.rows().len())),
    }
}

/// The CloudVision of this name, as it stands in titles.
fn instance_span(state: &State, name: &str) -> Vec<Span> {
    match state.named(name) {
        Some(instance) => instance.badge(),
        None => vec![(name.to_owned(), Role::Warning)],
    }
}

/// What is opened, if it has parts and a text.
fn content<'a>(state: &'a State, page: &'a Page, look: &Look<'_>, area: Rect) -> Option<Content<'a>> {
    match page {
        Page::Deployment(page) => Some(deployment::content(state, page, look, area)),
        Page::Change(page) => Some(change::content(page, look, area)),
        Page::Workspaces(_) | Page::Devices(_) => None,
    }
}

/// The line of a part.
fn part_line(state: &State, page: &Page, part: &Part, look: &Look<'_>, cells: usize) -> Vec<Span> {
    match page {
        Page::Deployment(page) => deployment::part(state, page, part, look, cells),
        Page::Change(page) => change::part(state, page, part, look, cells),
        Page::Workspaces(_) | Page::Devices(_) => vec![],
    }
}

/// The sizes of what is opened.
pub(super) fn measure(state: &State, place: Place, look: &Look<'_>) -> Option<Measure> {
    let (columns, rows) = state.front(place).size;
    let content = content(state, state.page(place)?, look, Rect::new(0, 0, columns, rows))?;
    let split = content.split;
    Some(Measure {
        list_rows: usize::from(split.list.height),
        list_from: usize::from(split.list.y),
        text_from: if split.text.height > 0 { split.text.x } else { u16::MAX },
        text_rows: usize::from(split.text.height),
        text_lines: content.text.len(),
    })
}

/// The line of the opened text to go to for what is searched for.
pub(super) fn find(state: &State, place: Place, motion: Motion, here_too: bool, look: &Look<'_>) -> Option<usize> {
    let (columns, rows) = state.front(place).size;
    let content = content(state, state.page(place)?, look, Rect::new(0, 0, columns, rows))?;
    let detail = content.detail;
    // The end of a text cannot be scrolled to the top: what was found there is below it.
    let seen = detail.scroll..detail.scroll.saturating_add(usize::from(rows));
    let from = detail.found.filter(|line| !here_too && seen.contains(line)).unwrap_or(detail.scroll);
    content.text.find(&detail.search, from, motion, here_too)
}

/// What is shown, as text for the clipboard: the text of what is opened, or the rows of a list.
pub(super) fn text(state: &State, place: Place, look: &Look<'_>) -> String {
    const COLUMNS: u16 = 200;
    /// More is not for a terminal's clipboard.
    const LINES: usize = 2_000;
    let mut copied = String::new();
    let mut add = |line: &str| {
        let _ = writeln!(copied, "{}", line.trim_end());
    };
    match (place, state.page(place)) {
        (_, Some(page @ (Page::Deployment(_) | Page::Change(_)))) => {
            let Some(content) = content(state, page, look, Rect::new(0, 0, COLUMNS, 200)) else { return copied };
            if !content.detail.is_full {
                content
                    .head
                    .iter()
                    .for_each(|line| add(&line.iter().map(|(text, _)| text.as_str()).collect::<String>()));
            }
            (0..content.text.len().min(LINES)).for_each(|index| add(&content.text.words(index)));
        }
        (_, Some(Page::Workspaces(board))) => {
            board.list.rows().iter().take(LINES).for_each(|row| add(&format!("{} {}", row.id, row.name)));
        }
        (_, Some(Page::Devices(board))) => {
            board.list.rows().iter().take(LINES).for_each(|row| {
                let state = if row.streaming { "streaming" } else { "silent" };
                add(&format!("{} {} {} {} {state}", row.hostname, row.id, row.model, row.version));
            });
        }
        (Place::Deploys, None) => {
            state.deploys.list.rows().iter().take(LINES).for_each(|row| add(&deploys::plain_text(state, row, look)));
        }
        (Place::Changes, None) => state.changes.list.rows().iter().take(LINES).for_each(|row| {
            let change = &row.change;
            add(&format!("{} {} {} {}", change.id, change.state.name(), words::name(change), change.created_by));
        }),
    }
    copied.trim_end().to_owned()
}

/// Lines above a list that say what is listed, and why it is old; none when there is nothing to say.
pub(super) fn status_rows(state: &State, place: Place) -> usize {
    // Whether there is a line does not depend on the time, only what stands on it.
    usize::from(status(state, place, DateTime::UNIX_EPOCH).is_some())
}

/// What is listed, when that is not everything; and why it is not up to date.
struct Status {
    /// Why it is old.
    stale: Option<String>,
    /// What is listed.
    parts: Vec<String>,
    /// The filter.
    filter: String,
    /// What wants somebody's attention.
    notice: Option<String>,
}

/// The line above a list.
fn status(state: &State, place: Place, now: DateTime<Utc>) -> Option<Status> {
    let instance = state.instance()?;
    let is_editing =
        state.editor.as_ref().is_some_and(|(at, editor)| *at == place && matches!(editor.purpose, Purpose::Filter(_)));
    let of = |filter: &String, shown: usize, all: usize, what: Option<&str>| {
        let mut parts = Vec::new();
        if !filter.is_empty() || what.is_some() || is_editing {
            parts.push(format!("{shown} of {all}"));
        }
        parts.extend(what.map(ToOwned::to_owned));
        (parts, filter.clone())
    };
    let (told_at, has_rows, (parts, filter)) = match (place, state.page(place)) {
        (_, Some(Page::Workspaces(board))) => {
            let rows = board.list.rows().len();
            let all = instance.workspaces.items.values().filter(|it| it.state.is_open()).count();
            (instance.workspaces.told_at, rows > 0, of(&board.filter, rows, all, None))
        }
        (_, Some(Page::Devices(board))) => {
            let rows = board.list.rows().len();
            (instance.devices.told_at, rows > 0, of(&board.filter, rows, instance.devices.items.len(), None))
        }
        (_, Some(Page::Deployment(_) | Page::Change(_))) => return None,
        (Place::Deploys, None) => {
            let rows = state.deploys.list.rows().len();
            let name = &instance.view.name;
            let all = state.targets.iter().flatten().filter(|target| target.instance == *name).count();
            (Some(state.started), rows > 0, of(&state.deploys.filter, rows, all, None))
        }
        (Place::Changes, None) => {
            let rows = state.changes.list.rows().len();
            let what = (state.show != super::Show::All).then(|| state.show.name());
            let all = instance.changes.items.len();
            (instance.changes.told_at, instance.changes.told_at.is_some(), of(&state.changes.filter, rows, all, what))
        }
    };
    let old = instance.stale(told_at, state.started, now).filter(|_| has_rows);
    let notice =
        instance.kept_words(state.lost(instance)).filter(|_| place == Place::Deploys && state.page(place).is_none());
    let is_needed = old.is_some() || !parts.is_empty() || !filter.is_empty() || is_editing || notice.is_some();
    is_needed.then_some(Status { stale: old, parts, filter, notice })
}

/// Draws the line above a list.
fn draw_status(
    state: &State,
    place: Place,
    status: &Status,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if let Some(why) = &status.stale {
        let style = look.theme.style(Role::Stale);
        pen.text(look.glyph(Sign::Stale), style).text(" ", style);
        // When it is tried again stands nowhere else; why it cannot be heard does, in the header.
        let mut forms = vec![format!("not up to date: {why}")];
        if let Some(instance) = state.instance()
            && let Some((again, briefly)) = instance.again(look.zone, look.now)
        {
            let brief = instance.unheard(look.now).unwrap_or_default();
            forms = vec![
                format!("not up to date: {why}; {again}"),
                format!("not up to date: {why}; {briefly}"),
                format!("not up to date: {brief}; {briefly}"),
                format!("{brief}; {briefly}"),
                format!("old; {briefly}"),
            ];
        }
        let fits = |form: &&String| width(form) <= pen.left();
        let text = forms.iter().find(fits).or(forms.last()).map_or("", String::as_str);
        pen.text(text, style);
        pen.text(if status.parts.is_empty() { "" } else { " · " }, style);
    }
    pen.text(&status.parts.join(" · "), look.theme.style(Role::Muted));
    if let Some(notice) = &status.notice {
        let style = look.theme.style(Role::Warning);
        let is_first = status.stale.is_none() && status.parts.is_empty();
        pen.text(if is_first { "" } else { " · " }, look.theme.style(Role::Muted));
        pen.text(look.glyph(Sign::Warning), style).text(" ", style).text(&look.say(notice), style);
    }
    let editor =
        state.editor.as_ref().filter(|(at, editor)| *at == place && matches!(editor.purpose, Purpose::Filter(_)));
    let (text, before) = match editor {
        Some((_, Editor { field, .. })) => (field.text(), Some(field.before_cursor())),
        None => (status.filter.as_str(), None),
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

/// What is searched for in an opened text, in its last row.
fn draw_search(state: &State, place: Place, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let editor =
        state.editor.as_ref().filter(|(at, editor)| *at == place && matches!(editor.purpose, Purpose::Search(_)));
    let kept = match state.page(place)? {
        Page::Deployment(page) => &page.detail.search,
        Page::Change(page) => &page.detail.search,
        Page::Workspaces(_) | Page::Devices(_) => return None,
    };
    let (text, before) = match editor {
        Some((_, editor)) => (editor.field.text(), Some(editor.field.before_cursor())),
        None => (kept.as_str(), None),
    };
    if area.height == 0 || (text.is_empty() && before.is_none()) {
        return None;
    }
    let row = Rect { y: area.bottom() - 1, height: 1, ..area };
    look.clear(row, buffer);
    Pen::new(buffer, row, 0).skip(1).text("/", look.theme.style(Role::Key)).text(text, look.theme.style(Role::Accent));
    before.map(|before| {
        let x = u16::try_from(width(before)).unwrap_or(u16::MAX).saturating_add(2);
        Position { x: row.x + x.min(row.width.saturating_sub(1)), y: row.y }
    })
}

/// A list without rows: what would be here, how it comes, or why it cannot be had.
fn draw_empty(state: &State, text: &str, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let cells = usize::from(area.width.saturating_sub(2));
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area };
    let mut lines: Vec<TextLine> = Vec::new();
    if let Some(Health::Failing { trouble, retry_at, .. }) = state.instance().map(|instance| &instance.health) {
        lines.extend(trouble_lines(trouble, cells, look));
        let retry = match retry_at {
            Some(_) => format!("{}; <cv-refresh> tries now", again(*retry_at, look.zone, look.now)),
            None => "<cv-refresh> tries again".to_owned(),
        };
        lines.push(plain(look.say(&retry), Role::Muted));
    } else {
        lines.extend(wrap(&look.say(text), cells).into_iter().map(|line| plain(line, Role::Muted)));
    }
    draw_lines(&lines, 0, look, area, buffer);
}

/// The mark in the first column of a row, and the glyph of its state.
fn draw_sign(pen: &mut Pen<'_>, is_news: bool, sign: Sign, look: &Look<'_>) {
    let mark = if is_news { (look.pick("▎", "|"), Role::Changed) } else { (" ", Role::Text) };
    pen.text(mark.0, look.theme.style(mark.1)).text(look.glyph(sign), look.theme.style(sign.role())).skip(1);
}

/// A label and a text beside it, wrapped under itself; nothing for an empty text.
fn labelled(label: &str, text: &str, cells: usize, role: Role, lines: &mut Vec<TextLine>) {
    const LABEL: usize = 11;
    if text.is_empty() {
        return;
    }
    for (row, line) in wrap(text, cells.saturating_sub(LABEL).max(8)).into_iter().enumerate() {
        let label = if row == 0 { label } else { "" };
        lines.push(vec![(format!("{label:<LABEL$}"), Role::Muted), (line, role)]);
    }
}

/// Lines of a list.
#[derive(Clone, Copy)]
struct Rows<'a> {
    /// How it looks.
    look: &'a Look<'a>,
    /// Whether the pane has the keyboard.
    focused: bool,
    /// Where the rows are.
    area: Rect,
}

impl Rows<'_> {
    /// Draws the rows of a list, each by `draw`, which leaves its pen where the highlight of the cursor ends.
    fn draw<R: crate::ui::list::Row>(
        &self,
        list: &crate::ui::list::List<R>,
        buffer: &mut Buffer,
        mut draw: impl FnMut(&R, bool, &mut Pen<'_>),
    ) {
        for (y, line) in list.lines().into_iter().enumerate().take(usize::from(self.area.height)) {
            let y = u16::try_from(y).unwrap_or(u16::MAX);
            let mut pen = Pen::new(buffer, self.area, y);
            match line {
                crate::ui::list::Line::Heading(group) => {
                    pen.skip(1).text(group, self.look.theme.style(Role::Muted));
                }
                crate::ui::list::Line::Row(index, row) => draw(row, index == list.cursor(), &mut pen),
            }
        }
    }

    /// Lays the cursor's highlight over what the pen has written so far, where the cursor is.
    fn highlight(&self, is_selected: bool, pen: &mut Pen<'_>) {
        if is_selected {
            let role = if self.focused { Role::Selected } else { Role::SelectedUnfocused };
            pen.highlight(self.look.theme.style(role));
        }
    }
}
