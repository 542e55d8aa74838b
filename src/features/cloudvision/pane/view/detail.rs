//! The shape of what is opened: facts on top, parts on the left, and on the right the text about the part under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Motion;
use crate::features::cloudvision::model::{DiffLine, LineOp};
use crate::features::cloudvision::pane::opened::Detail;
use crate::features::cloudvision::pane::rows::Part;
use crate::ui::Look;
use crate::ui::line::{Pen, width};
use crate::ui::list::Line;
use crate::ui::page::{Span, TextLine, draw_below, draw_line, draw_lines, plain};
use crate::ui::theme::Role;

/// Below this many columns the text stands alone, after Enter.
const SIDE_BY_SIDE: u16 = 56;
/// Rows that the facts leave to what is below them.
const LEAST_ROWS: u16 = 4;

/// Where the three are. What has no room has no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    /// The facts.
    pub(super) head: Rect,
    /// The parts.
    pub(super) list: Rect,
    /// The text.
    pub(super) text: Rect,
}

/// Divides `area` for so many lines of facts.
pub(super) fn split(area: Rect, head_lines: usize, detail: &Detail) -> Split {
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let none = Rect { height: 0, ..inner };
    if detail.is_full {
        return Split { head: none, list: none, text: inner };
    }
    if detail.list.rows().is_empty() {
        return Split { head: inner, list: none, text: none };
    }
    let most = inner.height.saturating_sub(LEAST_ROWS).max(1).min(inner.height);
    let rows = u16::try_from(head_lines).unwrap_or(u16::MAX).min(most);
    let head = Rect { height: rows, ..inner };
    let gap = u16::from(rows + LEAST_ROWS < inner.height);
    let below = Rect { y: inner.y + rows + gap, height: inner.height.saturating_sub(rows + gap), ..inner };
    if inner.width < SIDE_BY_SIDE {
        return Split { head, list: below, text: Rect { height: 0, ..below } };
    }
    let wide = (inner.width * 2 / 5).clamp(26, 48);
    let list = Rect { width: wide, ..below };
    let text = Rect { x: list.right() + 3, width: inner.width.saturating_sub(wide + 3), ..below };
    Split { head, list, text }
}

/// The text about a part: lines that were made for it, then differences as they came, which may be long.
#[derive(Default)]
pub(super) struct Text<'a> {
    /// What there is to say.
    pub(super) head: Vec<TextLine>,
    /// The difference.
    pub(super) diff: &'a [DiffLine],
    /// What there is to say of another difference.
    pub(super) between: Vec<TextLine>,
    /// That one.
    pub(super) other: &'a [DiffLine],
}

impl Text<'_> {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.diff.len() + self.between.len() + self.other.len()
    }

    /// A line.
    pub(super) fn line(&self, index: usize) -> TextLine {
        let mut left = index;
        for (said, lines) in [(&self.head, self.diff), (&self.between, self.other)] {
            if let Some(line) = said.get(left) {
                return line.clone();
            }
            left -= said.len();
            if let Some(line) = lines.get(left) {
                return diff_line(line);
            }
            left -= lines.len();
        }
        TextLine::default()
    }

    /// A line without its roles.
    pub(super) fn words(&self, index: usize) -> String {
        self.line(index).into_iter().map(|(text, _)| text).collect()
    }

    /// The next line from `from` on, in either direction, in which stands `wanted`.
    pub(super) fn find(&self, wanted: &str, from: usize, motion: Motion, here_too: bool) -> Option<usize> {
        let search = Search::new(wanted)?;
        let fits = |index: &usize| search.place(&self.words(*index)).is_some();
        if motion == Motion::Up {
            (0..from.min(self.len())).rev().find(fits)
        } else {
            (from + usize::from(!here_too)..self.len()).find(fits)
        }
    }
}

/// What is searched for: in capital letters exactly, in small ones whatever the case.
struct Search<'a> {
    /// The words.
    wanted: &'a str,
    /// Whether case counts.
    is_exact: bool,
}

impl<'a> Search<'a> {
    /// A search; none for nothing.
    fn new(wanted: &'a str) -> Option<Self> {
        (!wanted.is_empty()).then(|| Self { wanted, is_exact: wanted.chars().any(char::is_uppercase) })
    }

    /// Where it stands in `line`, in cells: from, and how many.
    fn place(&self, line: &str) -> Option<(usize, usize)> {
        // ASCII alone is folded: other letters may change their length.
        let at = if self.is_exact {
            line.find(self.wanted)?
        } else {
            line.to_ascii_lowercase().find(&self.wanted.to_ascii_lowercase())?
        };
        let before = line.get(..at)?;
        let found = line.get(at..at + self.wanted.len())?;
        Some((width(before), width(found)))
    }
}

/// One line of a difference: what is added and removed in its colour, comments muted, and the line that opens a section as
/// a title, so that it is seen where one is.
fn diff_line(line: &DiffLine) -> TextLine {
    let text = &line.text;
    match line.op {
        LineOp::Added => vec![("+ ".to_owned(), Role::Added), (text.clone(), Role::Added)],
        LineOp::Removed => vec![("- ".to_owned(), Role::Removed), (text.clone(), Role::Removed)],
        LineOp::Gap => plain(format!("… {text}"), Role::Muted),
        LineOp::Same => {
            let is_comment = text.trim_start().starts_with('!');
            let opens = !text.starts_with(' ') && !text.is_empty();
            let role = match (is_comment, opens) {
                (true, _) => Role::Muted,
                (false, true) => Role::Title,
                (false, false) => Role::Text,
            };
            if opens || is_comment {
                return vec![("  ".to_owned(), Role::Text), (text.clone(), role)];
            }
            // The keyword steps back behind what is set.
            let indent = text.len() - text.trim_start().len();
            let keyword = text.get(indent..).and_then(|rest| rest.find(' ')).map_or(text.len(), |end| indent + end);
            let (before, after) = text.split_at_checked(keyword).unwrap_or((text, ""));
            vec![
                ("  ".to_owned(), Role::Text),
                (before.to_owned(), if after.is_empty() { Role::Text } else { Role::Muted }),
                (after.to_owned(), Role::Text),
            ]
        }
    }
}

/// What is opened, ready to be drawn.
pub(super) struct Content<'a> {
    /// Cursor, scrolling, search.
    pub(super) detail: &'a Detail,
    /// Where its parts are.
    pub(super) split: Split,
    /// The facts.
    pub(super) head: Vec<TextLine>,
    /// The one of them that must be seen.
    pub(super) focus: usize,
    /// The text.
    pub(super) text: Text<'a>,
}

/// Draws it; `part` makes the line of a part.
pub(super) fn draw(
    content: &Content<'_>,
    part: impl Fn(&Part, usize) -> Vec<Span>,
    look: &Look<'_>,
    focused: bool,
    buffer: &mut Buffer,
) {
    let Content { detail, split, head, focus, text } = content;
    let rows = usize::from(split.head.height);
    let skipped = if *focus >= rows { (focus + 1).saturating_sub(rows) } else { 0 };
    draw_lines(head, skipped, look, split.head, buffer);
    let list = split.list;
    for (y, line) in detail.list.lines().into_iter().enumerate().take(usize::from(list.height)) {
        let Line::Row(index, row) = line else { continue };
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        draw_line(&part(row, usize::from(list.width)), look, list, y, buffer);
        if index == detail.list.cursor() {
            let role = if focused { Role::Selected } else { Role::SelectedUnfocused };
            Pen::new(buffer, list, y).skip(usize::from(list.width)).highlight(look.theme.style(role));
        }
    }
    if split.text.height > 0 && list.height > 0 {
        let rule = Rect { x: list.right() + 1, width: 1, ..list };
        for y in 0..rule.height {
            Pen::new(buffer, rule, y).text(look.pick("│", "|"), look.theme.style(Role::Muted));
        }
    }
    draw_text(detail, text, look, split.text, buffer);
}

/// The text, as far as it is on the screen, and in it what is searched for.
fn draw_text(detail: &Detail, text: &Text<'_>, look: &Look<'_>, area: Rect, buffer: &mut Buffer) {
    let search = Search::new(&detail.search);
    for y in 0..area.height {
        let index = detail.scroll.saturating_add(usize::from(y));
        if index >= text.len() {
            break;
        }
        draw_line(&text.line(index), look, area, y, buffer);
        let found = search.as_ref().and_then(|search| search.place(&text.words(index)));
        if let Some((from, cells)) = found {
            let from = u16::try_from(from).unwrap_or(u16::MAX).min(area.width);
            let cells = u16::try_from(cells).unwrap_or(u16::MAX).min(area.width - from);
            let hit = Rect { x: area.x + from, y: area.y + y, width: cells, height: 1 };
            buffer.set_style(hit.intersection(buffer.area), look.theme.style(Role::Marked));
        }
    }
    draw_below(text.len().saturating_sub(detail.scroll + usize::from(area.height)), look, area, buffer);
}
