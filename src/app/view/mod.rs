//! The frame: header, tabs or tiles, overlays, footer. Reads the model, stores nothing.

mod footer;
mod header;
mod overlay;

pub(crate) use footer::{hints, rows as footer_rows};
pub(crate) use header::tabs;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use super::layout::{Layout, SMALLEST, layout};
use super::{Model, Pane};
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::page::NAME_CELLS;
use crate::ui::theme::Role;

/// Draws the whole screen over whatever is in `buffer`; returns where the terminal's cursor belongs, if text is being typed.
#[must_use]
pub(crate) fn draw(model: &Model, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    let mut blank = Cell::EMPTY;
    blank.set_style(model.look().theme.style(Role::Text));
    buffer.content.fill(blank);
    let Some(layout) = layout(model, area) else {
        too_small(model, buffer);
        if model.settings.ascii {
            without_ellipses(buffer);
        }
        return None;
    };
    header::draw(model, layout.header, buffer);
    if let Some(row) = layout.tabs {
        header::draw_tabs(model, row, buffer);
    }
    let mut cursor = None;
    for (pane, area) in &layout.panes {
        cursor = cursor.or(draw_pane(model, *pane, *area, buffer));
    }
    footer::draw(model, layout.footer, buffer);
    if !model.overlays.is_empty() {
        cursor = overlay::draw(model, body(&layout), buffer);
    }
    if model.settings.ascii {
        without_ellipses(buffer);
    }
    cursor
}

/// What was cut ends with a character that every terminal has, parts of a line are kept apart by one, and so are arrows and
/// what stands for control characters.
fn without_ellipses(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        match cell.symbol() {
            "…" => _ = cell.set_symbol("~"),
            "·" => _ = cell.set_symbol("-"),
            "→" => _ = cell.set_symbol(">"),
            control if control.chars().all(|c| ('\u{2400}'..='\u{2426}').contains(&c)) => _ = cell.set_symbol("?"),
            _ => {}
        }
    }
}

/// Everything between header and footer.
fn body(layout: &Layout) -> Rect {
    Rect { y: layout.header.bottom(), height: layout.footer.y - layout.header.bottom(), ..layout.header }
}

/// Which row of what lies on top is at a place of the screen, if it has rows and one is there.
pub(crate) fn overlay_row(model: &Model, layout: &Layout, column: u16, row: u16) -> Option<usize> {
    overlay::row_at(model, body(layout), column, row)
}

/// A terminal below the smallest size still says so, as far as it can.
fn too_small(model: &Model, buffer: &mut Buffer) {
    let area = buffer.area;
    let text = if model.asks_about_leaving() && !model.ends_deployments() {
        "a console is open and ends with noctui; ctrl-c leaves".to_owned()
    } else if model.asks_about_leaving() {
        "a deployment is under way and ends with noctui; ctrl-c again leaves".to_owned()
    } else {
        format!("noctui needs {}x{}; this is {}x{}", SMALLEST.0, SMALLEST.1, area.width, area.height)
    };
    for (y, line) in (0..area.height).zip(wrap(&text, usize::from(area.width))) {
        Pen::new(buffer, area, y).text(&line, model.look().theme.style(Role::Warning));
    }
}

/// One pane: its title rule and what it shows.
fn draw_pane(model: &Model, pane: Pane, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let inner = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match model.title(pane) {
        Some(title) => draw_opened_title(model, &title, area, buffer),
        None => draw_title(model, pane, area, buffer),
    }
    model.draw_inner(pane, inner, buffer)
}

/// What a pane says whose backend is not there.
pub(super) fn draw_absent(model: &Model, text: &str, area: Rect, buffer: &mut Buffer) {
    let cells = usize::from(area.width.saturating_sub(2));
    let rows = usize::from(area.height);
    let mut lines = absent_lines(text, cells, rows);
    let wanted = lines.len();
    lines.truncate(rows);
    if let (Some(last), true) = (lines.last_mut(), wanted > rows) {
        // Half a sentence must not read like a whole one.
        let kept = fit(last, cells.saturating_sub(1)).trim_end_matches('…').trim_end().to_owned();
        *last = kept + "…";
    }
    for (row, line) in lines.iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        Pen::new(buffer, area, row).skip(1).text(line, model.look().theme.style(Role::Muted));
    }
}

/// The lines of that: with what follows its first line where there is room for it, be it beside or below.
fn absent_lines(text: &str, cells: usize, rows: usize) -> Vec<String> {
    let Some((first, more)) = text.split_once('\n') else { return wrap(text, cells) };
    let beside = format!("{first}{}{more}", if more.starts_with('[') { "; " } else { " " });
    if width(&beside) <= cells {
        return vec![beside];
    }
    Some(wrap(text, cells)).filter(|lines| lines.len() <= rows).unwrap_or_else(|| wrap(first, cells))
}

/// `─ 1 Maintenances ─────── 3 active · 2 new ──`; the figures from the right as far as there is room.
fn draw_title(model: &Model, pane: Pane, area: Rect, buffer: &mut Buffer) {
    let status = model.heading(pane);
    let focused = model.focus == pane;
    let look = model.look();
    let rule = look.theme.style(Role::Muted);
    let dash = look.pick("─", "-");
    let title = look.theme.style(if focused { Role::Accent } else { Role::Title });
    let mut pen = Pen::new(buffer, area, 0);
    pen.text(dash, rule).text(&format!(" {} {} ", pane.number(), pane.title()), title);
    let emblem = model.emblem(pane);
    for (text, role) in &emblem {
        let room = pen.left().saturating_sub(2);
        pen.text(&fit(text, room.min(NAME_CELLS)), look.theme.style(*role));
    }
    pen.text(if emblem.is_empty() { "" } else { " " }, rule);
    // The figures come in the order of their weight: the last ones go where there is no room, and that there are more is told.
    let status = fitting(&status, pen.left().saturating_sub(4));
    let status = status.join(if model.settings.ascii { " - " } else { " · " });
    let tail = if status.is_empty() { 0 } else { width(&status) + 4 };
    let fill = pen.left().saturating_sub(tail);
    pen.repeat(dash, fill, rule);
    if tail > 0 {
        pen.text(" ", rule).text(&status, look.theme.style(Role::Text)).text(" ", rule).repeat(dash, 2, rule);
    }
}

/// What stands for figures that have no room. A number here would be taken for one of the figures.
const MORE: &str = "…";

/// As many figures as fit into so many cells, the first ones, and a mark where there are more, close to the last one where that
/// saves it: a figure less is shown rather than none of the mark. Of the first one alone even the mark goes.
fn fitting(figures: &[String], cells: usize) -> Vec<String> {
    let fits = |shown: &Vec<String>| width(&shown.join(" · ")) <= cells;
    let (all, Some(first)) = (figures.to_vec(), figures.first()) else { return Vec::new() };
    let fewer = (1..figures.len()).rev().flat_map(|kept| {
        let shown = || figures.iter().take(kept).cloned();
        let apart = shown().chain([MORE.to_owned()]).collect();
        let mut close: Vec<String> = shown().collect();
        if let Some(last) = close.last_mut() {
            last.extend([" ", MORE]);
        }
        [apart, close]
    });
    std::iter::once(all).chain(fewer).chain([vec![first.clone()]]).find(fits).unwrap_or_default()
}

/// `─ zayo TTN-0003456789  confirmed ─────────── not acknowledged ──`.
fn draw_opened_title(model: &Model, title: &crate::ui::page::Title, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let rule = look.theme.style(Role::Muted);
    let dash = look.pick("─", "-");
    let mut pen = Pen::new(buffer, area, 0);
    pen.text(dash, rule).text(" ", rule);
    let name = title.name_cells(pen.left());
    for (at, (text, role)) in title.left.iter().enumerate() {
        // Half a word is worth nothing: what does not fit behind the name is left out.
        if at > 0 && width(text) > pen.left() {
            let is_apart =
                at.checked_sub(1).and_then(|at| title.left.get(at)).is_some_and(|(text, _)| text.ends_with(' '));
            pen.text(if is_apart { "" } else { " " }, rule).text(MORE, rule);
            break;
        }
        let text = if at == 0 { fit(text, name) } else { text.into() };
        pen.text(&text, look.theme.style(*role));
    }
    pen.text(" ", rule);
    let right = title.right.as_ref().map(|(text, role)| (look.say(text), role));
    let right = right.filter(|(text, _)| width(text) + 5 <= pen.left());
    let tail = right.as_ref().map_or(0, |(text, _)| width(text) + 4);
    let fill = pen.left().saturating_sub(tail);
    pen.repeat(dash, fill, rule);
    if let Some((text, role)) = right {
        pen.text(" ", rule).text(&text, look.theme.style(*role)).text(" ", rule).repeat(dash, 2, rule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::page::Title;

    /// A title of these words, and one on the right.
    fn title(left: &[&str]) -> Title {
        let left = left.iter().map(|text| ((*text).to_owned(), Role::Text)).collect();
        Title { left, right: Some(("not acknowledged".to_owned(), Role::Warning)) }
    }

    #[test]
    fn a_long_name_leaves_room_for_state_impact_and_acknowledgement() {
        let name = "I".repeat(150);
        let left = [name.as_str(), "  ○ confirmed", "  outage"];
        let cells = title(&left).name_cells(78);
        assert_eq!(cells + width(left[1]) + width(left[2]) + 6 + width("not acknowledged"), 78);
        assert_eq!(title(&left).name_cells(40), NAME_CELLS);
        // The sign that something is left out fits behind the state.
        assert_eq!(title(&left).name_cells(38) + width(left[1]) + 3, 38);
        assert_eq!(title(&[&name, "  ", "○ confirmed", "  ", "outage"]).name_cells(38) + width(left[1]) + 3, 38);
    }

    #[test]
    fn figures_without_room_leave_a_mark_at_every_width() {
        let figures = ["12 m left", "1 dead", "2 unlisted", "9 live"].map(str::to_owned);
        let shown = |cells| fitting(&figures, cells).join(" · ");
        assert_eq!(shown(40), "12 m left · 1 dead · 2 unlisted · 9 live");
        assert_eq!(shown(39), "12 m left · 1 dead · 2 unlisted · …");
        assert_eq!(shown(35), "12 m left · 1 dead · 2 unlisted · …");
        assert_eq!(shown(34), "12 m left · 1 dead · 2 unlisted …");
        assert_eq!(shown(32), "12 m left · 1 dead · …");
        assert_eq!(shown(21), "12 m left · 1 dead …");
        assert_eq!(shown(19), "12 m left · …");
        assert_eq!(shown(12), "12 m left …");
        assert_eq!(shown(10), "12 m left");
        assert_eq!(shown(8), "");
        assert!((11..40).all(|cells| shown(cells).ends_with('…')));
        assert_eq!(fitting(&[], 8), Vec::<String>::new());
        assert_eq!(fitting(&figures[..1], 9), figures[..1]);
    }

    #[test]
    fn where_a_backend_is_configured_is_told_where_there_is_room() {
        let text = "not configured: [[lab]] name, url\nin ~/.config/noctui/config.toml";
        let (short, file) = text.split_once('\n').unwrap();
        assert_eq!(absent_lines(text, 98, 1), [format!("{short} {file}")]);
        assert_eq!(absent_lines(text, 40, 2), [short, file]);
        assert_eq!(absent_lines(text, 40, 1), [short]);
        let two = text.replace("in ~", "[[deploy]] dir in ~");
        assert!(absent_lines(&two, 98, 1)[0].contains("url; [[deploy]] dir in ~"));
    }

    #[test]
    fn a_name_that_fits_is_whole() {
        assert_eq!(title(&["zayo TTN-0003456789", "  ○ confirmed"]).name_cells(38), 19);
    }
}
