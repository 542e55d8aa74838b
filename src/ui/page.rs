//! An opened thing: its title, its lines, and text that is typed at its bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Look;
use super::field::Field;
use super::line::{Pen, width, wrap};
use super::theme::{Role, State};
use crate::trouble::Trouble;

/// A piece of a line and what it means.
pub(crate) type Span = (String, Role);

/// A line of an opened thing.
pub(crate) type TextLine = Vec<Span>;

/// What stands in the pane's title rule while something is opened.
pub(crate) struct Title {
    /// What it is, from the left.
    pub(crate) left: Vec<Span>,
    /// What matters most about it, from the right.
    pub(crate) right: Option<Span>,
}

/// A name is not made shorter than this for the sake of what stands beside it.
pub(crate) const NAME_CELLS: usize = 24;
/// Cells behind what follows a name: a gap, and the sign that more follows.
const GAP: usize = 3;

impl Title {
    /// Cells for the first of what stands on the left, the name of what is opened: as many as it wants where all of that fits
    /// into so many; else so many that state, impact and acknowledgement stay readable, however long an id a provider
    /// thinks up.
    pub(crate) fn name_cells(&self, cells: usize) -> usize {
        let wide = |(text, _): &Span| width(text);
        let name = self.left.first().map_or(0, wide);
        let others: usize = self.left.iter().skip(1).map(wide).sum();
        if name + others < cells {
            return name;
        }
        // What stands behind the name, with the gap before it.
        let behind = self.left.iter().skip(1);
        let gaps = behind.clone().take_while(|(text, _)| text.trim().is_empty()).count();
        let state: usize = behind.take(gaps + 1).map(wide).sum();
        let least = NAME_CELLS.min(cells.saturating_sub(state + GAP));
        cells.saturating_sub(others + self.right.as_ref().map_or(0, wide) + 6).max(least)
    }
}

/// One line of plain text.
pub(crate) fn plain(text: impl Into<String>, role: Role) -> TextLine {
    vec![(text.into(), role)]
}

/// The glyph of a state, with its style, as a span.
pub(crate) fn sign(look: &Look<'_>, state: State) -> Span {
    (look.glyph(state).to_owned(), state.role())
}

/// Draws one line into row `y` of `area`.
pub(crate) fn draw_line(line: &[Span], look: &Look<'_>, area: Rect, y: u16, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, y);
    for (text, role) in line {
        pen.text(text, look.theme.style(*role));
    }
}

/// Draws lines from `scroll` on.
pub(crate) fn draw_lines(lines: &[TextLine], scroll: usize, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    draw_some(lines.iter(), lines.len(), scroll, look, area, buffer);
}

/// Draws so many lines from `scroll` on, wherever they stand.
pub(crate) fn draw_some<'l>(
    lines: impl Iterator<Item = &'l TextLine>,
    many: usize,
    scroll: usize,
    look: &Look<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    for (row, line) in lines.skip(scroll).take(usize::from(area.height)).enumerate() {
        draw_line(line, look, area, u16::try_from(row).unwrap_or(u16::MAX), buffer);
    }
    draw_below(many.saturating_sub(scroll + usize::from(area.height)), look, area, buffer);
}

/// That there are `below` more lines: at the right end of the last row, over whatever is there.
pub(crate) fn draw_below(below: usize, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    if below > 0 && area.height > 0 {
        let text = format!(" +{below}");
        let left = usize::from(area.width).saturating_sub(width(&text));
        Pen::new(buffer, area, area.height - 1).skip(left).text(&text, look.theme.style(Role::Muted));
    }
}

/// Cells of the words before why something could not be read, and what to do.
const LABEL: usize = 9;

/// What could not be read, why, and what to do: each text under itself.
pub(crate) fn trouble_lines(trouble: &Trouble, cells: usize, look: &Look<'_>) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> =
        wrap(trouble.what(), cells).into_iter().map(|line| plain(line, Role::Failed)).collect();
    let mut labelled = |label: &str, text: &str| {
        for (row, line) in wrap(text, cells.saturating_sub(LABEL).max(8)).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            lines.push(plain(format!("{label:<LABEL$}{line}"), Role::Text));
        }
    };
    for because in trouble.because() {
        labelled("because", because);
    }
    if let Some(remedy) = trouble.remedy() {
        labelled("do", &look.say(remedy));
    }
    lines
}

/// Text being typed at the bottom of a pane, at least so many rows of it; returns where its cursor is.
pub(crate) fn draw_prompt(
    title: &str,
    field: &Field,
    least: usize,
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
    let most = usize::from(area.height.saturating_sub(1)).clamp(1, 8);
    let rows = written.len().max(least).min(most);
    let height = u16::try_from(rows).unwrap_or(1) + 1;
    let dialog = Rect { y: area.bottom().saturating_sub(height), height: height.min(area.height), ..area };
    look.clear(dialog, buffer);
    let rule = look.theme.style(Role::Muted);
    let dash = look.pick("─", "-");
    let mut pen = Pen::new(buffer, dialog, 0);
    pen.text(dash, rule).text(&format!(" {title} "), look.theme.style(Role::Accent));
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
