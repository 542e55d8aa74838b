//! The list: one line a maintenance, as many columns as there is room for.

use std::borrow::Cow;

use chrono::{Datelike as _, TimeDelta};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::words;
use crate::features::maintenance::pane::State;
use crate::features::maintenance::pane::editor::{Editor, Filtered};
use crate::features::maintenance::pane::rows::{show_name, sort_name};
use crate::features::maintenance::store::list::{Acknowledged, Group, Row, Scope, Sort};
use crate::trouble::Trouble;
use crate::ui::Look;
use crate::ui::line::{Pen, fit, fit_end, width, wrap_paragraphs};
use crate::ui::list::Line;
use crate::ui::page::{draw_lines, plain, trouble_lines};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::{Zone, age, brief, brief_distance, brief_until, day_and_clock, push_clock};

/// Beyond this a month alone may be misread.
const FAR: TimeDelta = TimeDelta::days(180);

/// An id that is shown beside the number of its window has so many cells at least.
const LEAST_OF_ID: usize = 4;

/// Below so many cells the id has no column of its own: its end stands behind the provider, and the distance is a number.
const SMALLEST: usize = 52;

/// Columns of the list in cells, the gaps behind them included; 0 leaves a column out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    /// `active`, `in process`, or when it starts.
    state: usize,
    /// Who announces it; behind that the end of the id where the id has no column.
    provider: usize,
    /// The provider's id; 0 where there is no room for a column of its own.
    id: usize,
    /// The worst impact; in two cells by its first letter.
    impact: usize,
    /// How many circuits.
    circuits: usize,
    /// Whether it was acknowledged, and by whom where there is room.
    acknowledged: usize,
    /// The time left, flush right.
    distance: usize,
    /// Start and end.
    window: usize,
    /// How long it takes.
    duration: usize,
    /// Whatever is left: circuits by name, summary.
    rest: bool,
    /// Gaps are of one cell.
    tight: bool,
}

/// Cells that a zone other than UTC takes behind a time beyond those of `Z`: `+05:30`.
const OFFSET: usize = 5;

/// The columns for so many cells, with room for the offset behind times where they are not in UTC. Narrow lists have none
/// behind any of them, and the header has it.
fn columns(cells: usize, in_utc: bool) -> Columns {
    let columns = columns_in_utc(cells);
    match columns {
        _ if in_utc => columns,
        Columns { tight: true, .. } => columns,
        Columns { window: 0, .. } => Columns { state: columns.state + OFFSET, id: columns.id - OFFSET, ..columns },
        Columns { rest: true, .. } => Columns { window: columns.window + OFFSET, ..columns },
        // The window says how long it takes.
        Columns { duration: 1.., .. } => {
            let id = columns.id + columns.duration - OFFSET;
            Columns { window: columns.window + OFFSET, duration: 0, id, ..columns }
        }
        Columns { .. } => Columns { window: columns.window + OFFSET, id: columns.id - OFFSET, ..columns },
    }
}

/// The columns for so many cells. Each step adds what an engineer asks for next.
fn columns_in_utc(cells: usize) -> Columns {
    let base = Columns {
        state: 15,
        provider: 12,
        id: 17,
        impact: 11,
        circuits: 0,
        acknowledged: 3,
        distance: 11,
        window: 0,
        duration: 0,
        rest: false,
        tight: false,
    };
    match cells {
        // The sign of the acknowledgement stays in the smallest: without it what is done looks like what is not.
        // Three cells come before all columns.
        // So does the impact, by its first letter: of several rows of one provider it tells which is looked at first.
        ..SMALLEST => Columns {
            state: 14,
            provider: cells.saturating_sub(27),
            id: 0,
            impact: 2,
            acknowledged: 2,
            distance: 6,
            tight: true,
            ..base
        },
        SMALLEST..70 => {
            Columns { state: 14, provider: 11, id: cells - 43, impact: 2, acknowledged: 2, tight: true, ..base }
        }
        70..74 => Columns { id: cells - 54, acknowledged: 2, ..base },
        74..76 => Columns { id: cells - 58, circuits: 4, acknowledged: 2, ..base },
        76..84 => Columns { circuits: 4, id: cells - 59, ..base },
        // Half of a wide screen: whole ids, and how long it takes.
        84..94 => Columns { circuits: 4, duration: 8, id: cells - 67, ..base },
        94..100 => Columns { circuits: 5, duration: 8, id: 26, provider: cells - 82, ..base },
        100..118 => Columns { state: 13, window: 24, circuits: 5, id: cells - 83, ..base },
        118..132 => {
            Columns { state: 13, window: 24, circuits: 5, duration: 8, acknowledged: 10, id: 20, provider: 14, ..base }
        }
        132..160 => Columns {
            state: 13,
            window: 24,
            circuits: 5,
            duration: 8,
            acknowledged: 12,
            id: 20,
            provider: 14,
            rest: true,
            ..base
        },
        _ => Columns {
            state: 13,
            window: 24,
            circuits: 5,
            duration: 8,
            acknowledged: 14,
            id: 22,
            provider: 17,
            rest: true,
            ..base
        },
    }
}

/// Lines above the list that say what is filtered; none when nothing is.
pub(crate) fn status_rows(state: &State) -> usize {
    usize::from(status(state).is_some())
}

/// What is listed, when that is not everything.
fn status(state: &State) -> Option<String> {
    let filter = &state.query.filter;
    let editing = matches!(state.editor, Some(Editor::Filter { of: Filtered::Maintenances, .. }));
    let plain_list = filter.text.is_empty() && filter.provider.is_none() && filter.scope == Scope::All;
    if plain_list && !editing && state.query.sort == Sort::Grouped && stale_because(state).is_none() {
        return None;
    }
    let mut parts = Vec::new();
    if !plain_list || editing {
        parts.push(match &state.matches {
            Some(matches) => format!("{matches} of {}", state.total().unwrap_or_default()),
            // What cannot be read is not being searched either.
            None if state.failure.is_some() => "not read".to_owned(),
            None => "searching".to_owned(),
        });
    }
    if filter.scope != Scope::All {
        parts.push(show_name(filter.scope).to_owned());
    }
    if let Some(provider) = &filter.provider {
        parts.push(format!("only {provider}"));
    }
    if state.query.sort != Sort::Grouped {
        parts.push(format!("by {}", sort_name(state.query.sort)));
    }
    Some(parts.join(" · "))
}

/// Why the rows that are there are not up to date.
fn stale_because(state: &State) -> Option<&str> {
    if state.list.rows().is_empty() { None } else { state.failure.as_ref().map(Trouble::what) }
}

/// Draws the list; returns where the filter is being typed.
pub(super) fn draw(
    state: &State,
    look: &Look<'_>,
    absent: Option<&str>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let mut cursor = None;
    let mut rows = area;
    if let Some(status) = status(state) {
        cursor = draw_status(state, &status, look, area, buffer);
        rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    if let (Some(failure), true) = (&state.failure, state.list.rows().is_empty()) {
        let lines = trouble_lines(failure, usize::from(rows.width.saturating_sub(2)), look);
        draw_lines(&lines, 0, look, Rect { x: rows.x + 1, width: rows.width.saturating_sub(1), ..rows }, buffer);
        return cursor;
    }
    if state.list.rows().is_empty() {
        draw_empty(state, look, absent, rows, buffer);
        return cursor;
    }
    let columns = columns(usize::from(rows.width), look.zone == Zone::Utc);
    for (y, line) in state.list.lines().into_iter().enumerate() {
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        match line {
            Line::Heading(group) => {
                Pen::new(buffer, rows, y).skip(1).text(group, look.theme.style(Role::Muted));
            }
            Line::Row(index, row) => {
                let selected = index == state.list.cursor();
                draw_row(state, row, &columns, selected, focused, look, rows, y, buffer);
            }
        }
    }
    cursor
}

/// The line above the list: what is listed, and the filter.
fn draw_status(state: &State, status: &str, look: &Look<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    if let Some(what) = stale_because(state) {
        let style = look.theme.style(Role::Stale);
        pen.text(look.glyph(Sign::Stale), style).text(" not up to date: ", style).text(what, style);
        pen.text(if status.is_empty() { "" } else { " · " }, style);
    }
    pen.text(status, look.theme.style(Role::Muted));
    if state.stale {
        pen.text(" …", look.theme.style(Role::Stale));
    }
    let (text, before) = match &state.editor {
        Some(Editor::Filter { field, of: Filtered::Maintenances, .. }) => (field.text(), Some(field.before_cursor())),
        _ => (state.query.filter.text.as_str(), None),
    };
    if text.is_empty() && before.is_none() {
        return None;
    }
    pen.text("   /", look.theme.style(Role::Key));
    let at = area.width - u16::try_from(pen.left()).unwrap_or(0);
    pen.text(text, look.theme.style(Role::Accent));
    before.map(|before| {
        let x = at.saturating_add(u16::try_from(width(before)).unwrap_or(u16::MAX));
        Position { x: area.x + x.min(area.width.saturating_sub(1)), y: area.y }
    })
}

/// Nothing to list: what would be here, and how it comes.
fn draw_empty(state: &State, look: &Look<'_>, absent: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let cells = usize::from(area.width.saturating_sub(2));
    // Whether there are any is told by the figures, which may come after the list.
    let text = if !state.list.is_loaded() || state.total().is_none() {
        "reading the store …".to_owned()
    } else if state.total() == Some(0) {
        absent.map_or_else(|| "no maintenances yet: mails appear here as they arrive".to_owned(), ToOwned::to_owned)
    } else {
        look.say("nothing matches; <back> clears the filter, <show> changes what is listed").into_owned()
    };
    let rows = usize::from(area.height);
    let lines: Vec<_> = wrap_paragraphs(&text, cells, rows).into_iter().map(|line| plain(line, Role::Muted)).collect();
    draw_lines(&lines, 0, look, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, buffer);
}

/// One maintenance.
#[expect(clippy::too_many_arguments, reason = "a row needs all of it, and is drawn from one place")]
fn draw_row(
    state: &State,
    row: &Row,
    columns: &Columns,
    selected: bool,
    focused: bool,
    look: &Look<'_>,
    area: Rect,
    y: u16,
    buffer: &mut Buffer,
) {
    let style = |role| look.theme.style(role);
    let (sign, word) = words::state(row.status, row.start, row.end, look.now);
    let over = row.end <= look.now || row.status.is_final();
    let text = style(if over { Role::Muted } else { Role::Text });
    let mut pen = Pen::new(buffer, area, y);
    let marked = state.is_marked(row.key.maintenance);
    let mark = match (marked, row.is_unseen) {
        (true, _) => (look.pick("▌", "+"), Role::Marked),
        (false, true) => (look.pick("▎", "|"), Role::Changed),
        (false, false) => (" ", Role::Text),
    };
    pen.repeat(mark.0, 1, style(mark.1)).repeat(look.glyph(sign), 1, style(sign.role())).repeat(" ", 1, text);
    let upcoming = !over && look.now < row.start && columns.window == 0;
    let when = if row.says_cancelled && !over {
        words::MAYBE_CANCELLED.to_owned()
    } else if upcoming {
        let sign = if columns.tight && look.zone != Zone::Utc { String::new() } else { look.zone.sign(row.start) };
        look.zone.short(row.start, look.now) + &sign
    } else {
        word.to_owned()
    };
    let gap = if columns.tight { 1 } else { 2 };
    pen.column(&when, columns.state - gap, text).skip(gap);
    let cells = columns.provider.saturating_sub(gap);
    if columns.id == 0 {
        pen.column(&provider_and_id(row, cells), cells, text).skip(gap);
    } else {
        pen.column(&row.provider, cells, text).skip(gap);
        pen.column(&id(row, columns.id - 2, columns.tight), columns.id - 2, text).skip(2);
    }
    // The highlight ends here: a cursor key then costs few bytes on however wide a screen.
    if selected {
        let role = if focused { Role::Selected } else { Role::SelectedUnfocused };
        pen.highlight(style(role));
    } else if marked {
        pen.highlight(style(Role::Marked));
    }
    let (impact, loud) = words::impact(row.worst_impact);
    if columns.impact > 0 {
        let style = if is_pressing(row) { style(loud) } else { text };
        if columns.impact == 2 {
            let letter = impact.get(..1).unwrap_or_default().to_uppercase();
            pen.column(if row.worst_impact.is_some() { &letter } else { "?" }, 1, style).skip(1);
        } else {
            pen.column(impact, columns.impact - gap, style).skip(gap);
        }
    }
    if columns.circuits > 0 {
        let style = if row.unknown_circuits > 0 { style(Role::Warning) } else { text };
        // One cell of the gap behind it is for numbers that are longer than most.
        let least = columns.circuits - 2;
        let shown = many(row.circuits, row.may_lack_circuits(), row.unknown_circuits > 0, least + 1);
        let cells = least.max(width(&shown));
        pen.column_right(&shown, cells, style).skip(columns.circuits - cells);
    }
    if columns.window > 0 {
        pen.column(&window(look, row, columns.window - 2), columns.window - 2, text).skip(2);
    }
    if columns.duration > 0 {
        pen.column_right(&brief(row.end - row.start), columns.duration - 2, text).skip(2);
    }
    // What is past is in the order in which it came to be over, which for some is before their end.
    let left = match (columns.id == 0, over) {
        // What of it is to come or gone is told by its sign and its state.
        (true, true) => age(row.over_at, look.now),
        (true, false) => brief_until(row.start, row.end, look.now),
        (false, true) => format!("{} ago", age(row.over_at, look.now)),
        (false, false) => brief_distance(row.start, row.end, look.now),
    };
    pen.column_right(&left, columns.distance, text);
    if columns.acknowledged > 0 {
        draw_acknowledged(row, columns.acknowledged, look, &mut pen);
    }
    if columns.rest {
        pen.skip(2);
        let circuits = row.first_circuits.join(" ");
        pen.text(&circuits, text).text("  ", text);
        if row.says_cancelled {
            pen.text(words::CALENDAR_CANCELLED, style(Role::Warning)).text("  ", text);
        }
        pen.text(&row.summary, style(Role::Muted));
    }
}

/// A number of circuits in so many cells, with a plus where the notice may name more, and a question mark where not all of
/// them are the user's: `12`, `12?`, `5k`, `20k+`. A number that is cut would be another one.
fn many(count: impl Into<u64>, more: bool, unknown: bool, cells: usize) -> String {
    let count = count.into();
    let (plus, mark) = (if more { "+" } else { "" }, if unknown { "?" } else { "" });
    let short = match ((count + 500) / 1000, (count + 500_000) / 1_000_000) {
        (_, _) if count < 1000 => count.to_string(),
        (thousands @ ..1000, _) => format!("{thousands}k"),
        (_, millions) => format!("{millions}M"),
    };
    let all = [
        format!("{count}{plus}{mark}"),
        format!("{short}{plus}{mark}"),
        format!("{count}{plus}"),
        format!("{short}{plus}"),
        format!("{short}{mark}"),
    ];
    all.into_iter().find(|text| text.len() <= cells).unwrap_or(short)
}

/// The id in so many cells, with the number of the window where there are several: of two rows with the same id it is all
/// that tells them apart. `end`: what is cut is the beginning, for ids of one provider begin alike.
fn id(row: &Row, cells: usize, end: bool) -> Cow<'_, str> {
    let number = number(row);
    match cells.checked_sub(width(&number)) {
        Some(left) if left >= LEAST_OF_ID - 1 && !number.is_empty() => {
            let id = if end { fit_end(&row.maintenance_id, left) } else { fit(&row.maintenance_id, left) };
            format!("{id}{number}").into()
        }
        _ if end => fit_end(&row.maintenance_id, cells),
        _ => Cow::Borrowed(row.maintenance_id.as_str()),
    }
}

/// ` 2/3`: which window it is of how many; nothing where there is one.
fn number(row: &Row) -> String {
    if row.windows > 1 { format!(" {}/{}", row.window, row.windows) } else { String::new() }
}

/// The provider and as much of the end of the id as there is room for, with the number of the window. The provider gives way
/// to both.
fn provider_and_id(row: &Row, cells: usize) -> String {
    let least = width(&row.maintenance_id).min(LEAST_OF_ID) + width(&number(row));
    let provider = fit(&row.provider, cells.saturating_sub(least + 1));
    let room = cells.saturating_sub(width(&provider) + 1);
    format!("{provider} {}", id(row, room, true))
}

/// Whether its impact is worth a colour: it runs or begins soon, and nobody has taken note. Were every outage red, none
/// would stand out.
fn is_pressing(row: &Row) -> bool {
    let soon = matches!(row.group, Group::Active | Group::Next24h);
    soon && !matches!(row.acknowledged, Acknowledged::Yes { .. })
}

/// `Nov 21 02:00-06:00Z`, with `+1d` where the end is a day later: a bare `Z+1` reads like a zone. Where that has no room the
/// end's time of the day goes, and the days stay whole: `Nov 21 02:00Z +365d`. What is far away in another year has the year
/// instead of the end.
fn window(look: &Look<'_>, row: &Row, cells: usize) -> String {
    let (from, to) = (look.zone.local(row.start), look.zone.local(row.end));
    if (row.start - look.now).abs() > FAR && from.year() != look.zone.local(look.now).year() {
        return format!("{}{}", from.format("%Y-%m-%d %H:%M"), look.zone.sign(row.start));
    }
    let days = (to.date() - from.date()).num_days();
    let later = if days > 0 { format!("+{days}d") } else { String::new() };
    let mut text = day_and_clock(from);
    let start = text.len();
    text.push('-');
    push_clock(&mut text, to);
    text += &look.zone.sign(row.end);
    text += &later;
    if text.len() > cells {
        text.truncate(start);
        text += &look.zone.sign(row.start);
        text.push(' ');
        text += &later;
    }
    text
}

/// Whether somebody has taken note: a tick and the name, or that it changed since.
fn draw_acknowledged(row: &Row, cells: usize, look: &Look<'_>, pen: &mut Pen<'_>) {
    let wide = cells > 4;
    let (glyph, role, who) = match &row.acknowledged {
        Acknowledged::No => (look.pick("·", "-"), Role::Muted, None),
        Acknowledged::Yes { by, .. } => (look.pick("✓", "+"), Role::Ok, Some(by)),
        Acknowledged::Before { by, .. } => (look.pick("▲", "!"), Role::Warning, Some(by)),
    };
    pen.skip(1).repeat(glyph, 1, look.theme.style(role));
    if wide {
        let who = who.map(String::as_str).unwrap_or_default();
        pen.skip(1).column(who, cells - 3, look.theme.style(Role::Muted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_wide_screen_is_used_to_its_end() {
        for cells in 76..118 {
            let columns = columns(cells, cells % 2 == 0);
            let Columns { state, provider, id, impact, circuits, acknowledged, distance, window, duration, .. } =
                columns;
            let all = 3 + state + provider + id + impact + circuits + acknowledged + distance + window + duration;
            assert!(all <= cells && all + 1 >= cells, "{cells}: {columns:?}");
        }
        assert!(columns(99, true).id > columns(120, true).id && columns(99, true).duration > 0);
    }

    #[test]
    fn the_smallest_screen_is_used_to_its_end_too() {
        for cells in 40..74 {
            let Columns { state, provider, id, impact, acknowledged, distance, .. } = columns(cells, cells % 2 == 0);
            assert_eq!(3 + state + provider + id + impact + acknowledged + distance, cells);
        }
    }

    #[test]
    fn the_impact_is_there_at_every_width() {
        assert!((40..200).all(|cells| columns(cells, true).impact >= 2));
    }

    #[test]
    fn a_number_of_circuits_is_rounded_and_never_cut() {
        let shown =
            [(7_u32, 2), (99, 3), (999, 3), (5000, 4), (4990, 4), (4990, 3), (1499, 3), (120_000, 4), (999_600, 4)];
        let shown = shown.map(|(count, cells)| many(count, false, false, cells));
        assert_eq!(shown, ["7", "99", "999", "5000", "4990", "5k", "1k", "120k", "1M"]);
        let shown = [(12_u32, 3), (120, 3), (5000, 3)].map(|(count, cells)| many(count, false, true, cells));
        assert_eq!(shown, ["12?", "120", "5k?"]);
        let shown = [3, 4, 5, 6].map(|cells| many(20_000_u32, true, true, cells));
        assert_eq!(shown, ["20k", "20k+", "20k+?", "20k+?"]);
    }
}
