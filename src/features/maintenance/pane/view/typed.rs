//! What is being filled in or chosen, at the bottom of the pane.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::features::maintenance::pane::form::{Form, Stage};
use crate::features::maintenance::pane::picker::Picker;
use crate::ui::Look;
use crate::ui::field::Field;
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::draw_below;
use crate::ui::theme::Role;

/// Width of the labels of a form.
const LABEL: usize = 13;
/// Cells before what helps with a field.
const HELP: usize = 3;
/// Lines of that, at most.
const HELP_ROWS: usize = 3;
/// Cells of how much more there is of what somebody else set.
const BELOW: usize = 6;
/// Fields that stay above it, at least.
const FIELDS_BESIDE_NEWS: usize = 2;
/// Lines of a choice.
const CHOICE: u16 = 8;

/// What stands in the rule above what is typed.
struct Rule<'t> {
    /// What it is about.
    title: &'t str,
    /// How many lines have no room below it.
    hidden: usize,
}

/// Room at the bottom for a title and so many lines, with the title drawn.
fn room(above: &Rule<'_>, lines: u16, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Rect {
    let height = lines.saturating_add(1).min(area.height);
    let room = Rect { y: area.bottom().saturating_sub(height), height, ..area };
    look.clear(room, buffer);
    let (rule, dash) = (look.theme.style(Role::Muted), look.pick("─", "-"));
    let more = if above.hidden > 0 { format!(" +{} ", above.hidden) } else { String::new() };
    let mut pen = Pen::new(buffer, room, 0);
    let cells = pen.left().saturating_sub(width(&more) + 4);
    pen.text(dash, rule).text(&format!(" {} ", fit(above.title, cells)), look.theme.style(Role::Accent));
    let left = pen.left().saturating_sub(width(&more) + usize::from(!more.is_empty()));
    pen.repeat(dash, left, rule).text(&more, look.theme.style(Role::Key));
    let left = pen.left();
    pen.repeat(dash, left, rule);
    Rect { y: room.y.saturating_add(1), height: room.height.saturating_sub(1), ..room }
}

/// Draws a field into row `y` behind what is there already; returns where its cursor is. Of a text that is too long the end
/// before the cursor is shown.
fn draw_field(field: &Field, from: usize, look: &Look<'_>, area: Rect, y: u16, buffer: &mut Buffer) -> Position {
    let cells = usize::from(area.width).saturating_sub(from + 1).max(1);
    let before = field.before_cursor();
    let mut start = 0;
    while width(before.get(start..).unwrap_or_default()) > cells {
        start += before.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let text = field.text().get(start..).unwrap_or_default();
    Pen::new(buffer, area, y).skip(from).text(text, look.theme.style(Role::Text));
    let at = from + width(before.get(start..).unwrap_or_default());
    let x = area.x.saturating_add(u16::try_from(at).unwrap_or(u16::MAX));
    Position { x: x.min(area.right().saturating_sub(1)), y: (area.y + y).min(area.bottom().saturating_sub(1)) }
}

/// What stands below the fields of a form.
pub(in crate::features::maintenance::pane) struct Told {
    /// Its lines,
    pub(in crate::features::maintenance::pane) lines: Vec<String>,
    /// which of all lines the first of these is,
    pub(in crate::features::maintenance::pane) top: usize,
    /// and how many more follow.
    pub(in crate::features::maintenance::pane) below: usize,
    /// How wide they are.
    pub(in crate::features::maintenance::pane) cells: usize,
    /// The rows that it takes.
    rows: usize,
    /// What it means.
    role: Role,
}

/// What stands below the fields of a form in a pane of such a size: what helps or is wrong, or what somebody else set, as much
/// of it as there is room for.
pub(in crate::features::maintenance::pane) fn told_of_form(form: &Form, (width, height): (u16, u16)) -> Told {
    let cells = usize::from(width).saturating_sub(HELP + 1).max(8);
    let rows = usize::from(height.saturating_sub(1));
    if let (Some(news), Some(text), Stage::Typed) = (&form.news, form.told(), form.stage) {
        let cells = cells.saturating_sub(BELOW).max(8);
        let all = wrap(&text, cells);
        let most = rows.saturating_sub(FIELDS_BESIDE_NEWS).max(1);
        let top = news.top(cells).min(all.len().saturating_sub(1));
        let lines: Vec<String> = all.iter().skip(top).take(most).cloned().collect();
        let below = all.len() - top - lines.len();
        return Told { rows: all.len().min(most), lines, top, below, cells, role: Role::Failed };
    }
    let help = match form.stage {
        Stage::Typed => form.fields.get(form.at).map_or("", |(label, ..)| label.help()),
        Stage::Sent(_) => "saving …",
        Stage::Outdated => "looking …",
    };
    let (text, role) = form.problem.as_ref().map_or((help, Role::Muted), |problem| (problem.as_str(), Role::Failed));
    // Room for the longest help, so that nothing moves from field to field; where there is little, for the present one.
    let helps = form.fields.iter().map(|(label, ..)| wrap(label.help(), cells).len()).max().unwrap_or(1);
    let reserved = if form.fields.len() + helps <= rows { helps } else { 1 };
    let mut lines = wrap(text, cells);
    let rows = reserved.max(lines.len()).min(HELP_ROWS);
    lines.truncate(rows);
    Told { lines, top: 0, below: 0, cells, rows, role }
}

/// Draws a form; returns where text is typed.
pub(super) fn draw_form(form: &Form, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Position {
    let rows = usize::from(area.height.saturating_sub(1));
    let told = told_of_form(form, (area.width, area.height));
    let below = told.rows;
    // Where not all of them fit, those around the one that is typed in.
    let shown = form.fields.len().min(rows.saturating_sub(below)).max(1);
    let border = Rule { title: &form.title, hidden: form.fields.len() - shown.min(form.fields.len()) };
    let room = room(&border, u16::try_from(shown + below).unwrap_or(u16::MAX), look, area, buffer);
    let first = (form.at + 1).saturating_sub(shown);
    let mut cursor = Position { x: room.x, y: room.y };
    for (row, (index, (label, field, before))) in form.fields.iter().enumerate().skip(first).take(shown).enumerate() {
        let y = u16::try_from(row).unwrap_or(u16::MAX);
        let is_here = index == form.at;
        let role = match (is_here, field.text() == before) {
            (true, _) => Role::Accent,
            (false, true) => Role::Muted,
            (false, false) => Role::Changed,
        };
        let mut pen = Pen::new(buffer, room, y);
        pen.skip(1).text(if is_here { look.pick("›", ">") } else { " " }, look.theme.style(Role::Accent));
        pen.column(label.as_str(), LABEL, look.theme.style(role));
        let at = draw_field(field, LABEL + 3, look, room, y, buffer);
        if is_here {
            cursor = at;
        }
    }
    let from = room.height.saturating_sub(u16::try_from(below).unwrap_or(u16::MAX));
    for (y, line) in (from..room.height).zip(&told.lines) {
        Pen::new(buffer, room, y).skip(HELP).text(line, look.theme.style(told.role));
    }
    draw_below(told.below, look, room, buffer);
    cursor
}

/// Draws a choice; returns where text is typed.
pub(super) fn draw_picker(picker: &Picker, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Position {
    let rule = Rule { title: &picker.title(), hidden: 0 };
    let room = room(&rule, CHOICE + 1, look, area, buffer);
    Pen::new(buffer, room, 0).skip(1).text("/", look.theme.style(Role::Key));
    let cursor = draw_field(&picker.field, 2, look, room, 0, buffer);
    let muted = look.theme.style(Role::Muted);
    let lines = usize::from(room.height.saturating_sub(1));
    match picker.choice() {
        None => {
            Pen::new(buffer, room, 1).skip(2).text("looking …", muted);
        }
        Some(choice) if choice.is_empty() => {
            Pen::new(buffer, room, 1).skip(2).text(picker.nothing(), muted);
        }
        Some(choice) => {
            let first = (picker.at + 1).saturating_sub(lines);
            for (row, (index, name)) in choice.iter().enumerate().skip(first).take(lines).enumerate() {
                let y = u16::try_from(row + 1).unwrap_or(u16::MAX);
                let mut pen = Pen::new(buffer, room, y);
                pen.skip(2).text(name, look.theme.style(Role::Text));
                if index == picker.at {
                    pen.highlight(look.theme.style(Role::Selected));
                }
            }
        }
    }
    cursor
}
