//! A part as a reader sees it: lines in document order, the cells and rows of its tables, its links.
//!
//! Provider rules and the screen read the same pages. Text that is struck through, scripts and styles are not on them.

mod writer;

use std::fmt::Write as _;
use std::ops::Range;

pub(super) use self::writer::{Writer, visit};
use super::dom::Dom;

/// Longer runs of blanks are layout, not part of an id.
const MAX_BLANKS: usize = 8;
/// No cell, no row.
const NOWHERE: u32 = u32::MAX;

/// Which elements a line begins in, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks(u32);

impl Marks {
    /// `b`, `strong`
    pub(crate) const BOLD: Self = Self(1);
    /// `i`, `em`
    pub(crate) const ITALIC: Self = Self(1 << 1);
    /// `u`
    pub(crate) const UNDERLINE: Self = Self(1 << 2);
    /// `a`
    pub(crate) const LINK: Self = Self(1 << 3);
    /// `td`, `th`
    pub(crate) const CELL: Self = Self(1 << 4);
    /// `th`
    pub(crate) const HEADER_CELL: Self = Self(1 << 5);
    /// `li`, `dt`, `dd`
    pub(crate) const ITEM: Self = Self(1 << 6);
    /// `p`
    pub(crate) const PARAGRAPH: Self = Self(1 << 7);
    /// `title`
    pub(crate) const TITLE: Self = Self(1 << 8);
    /// `span`
    pub(crate) const SPAN: Self = Self(1 << 9);
    /// A blank line belongs before this one.
    pub(crate) const GAP: Self = Self(1 << 16);
    /// No element, but the end of a line in the HTML itself.
    pub(crate) const LINE_END: Self = Self(1 << 17);

    /// `h1` to `h6`
    pub(crate) const fn heading(level: u8) -> Self {
        Self(1 << (9 + level as u32))
    }

    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have any in common.
    pub(crate) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One line of text; never empty.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Where it is in the page's text.
    start: u32,
    /// Where it ends.
    end: u32,
    /// The innermost cell that it is in.
    cell: u32,
    /// The elements that it begins in.
    marks: Marks,
}

/// One table cell.
#[derive(Debug, Clone)]
struct Cell {
    /// Its row.
    row: u32,
    /// The next cell of the row.
    next: u32,
    /// Its lines, those of tables inside it included.
    lines: Range<u32>,
}

/// One table row.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Its table, counted from 0 in document order.
    table: u32,
    /// Its first cell.
    first: u32,
    /// Its last cell.
    last: u32,
}

/// A link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The line that its text is on.
    pub(crate) line: usize,
    /// Where it leads, as written.
    pub(crate) href: String,
}

/// Lines, tables and links of a part.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Every line, each followed by a line end.
    text: String,
    /// Where the lines are.
    lines: Vec<Line>,
    /// Every cell, in document order.
    cells: Vec<Cell>,
    /// Every row, in document order.
    rows: Vec<Row>,
    /// How many tables there are.
    tables: u32,
    /// Every link, in document order.
    links: Vec<Link>,
    /// Why there is nothing on it, of what is too large to be read whole.
    too_large: Option<String>,
}

impl Page {
    /// The page of an HTML text; elements with one of the marks `breaks` are set on lines of their own.
    pub(super) fn from_dom(dom: &Dom, breaks: Marks) -> Self {
        let mut writer = Writer::breaking(breaks);
        visit(dom, &mut writer, |_, _, _, _| {});
        writer.end_line();
        writer.page
    }

    /// The page of a plain text: its lines without blanks around them and without the signs of a quotation, empty ones left
    /// out.
    pub(crate) fn from_text(text: &str) -> Self {
        let mut writer = Writer::default();
        for line in text.lines().map(unquoted) {
            if line.trim().is_empty() {
                writer.gap = true;
            }
            writer.text(line);
            writer.end_line();
        }
        writer.page
    }

    /// A page that is one table.
    pub(crate) fn from_rows<'a, R>(rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = &'a str>,
    {
        let mut writer = Writer::default();
        writer.start_table();
        for row in rows {
            writer.start_row();
            for cell in row {
                writer.start_cell();
                writer.text(cell);
                writer.end_cell();
            }
            writer.end_row();
        }
        writer.page
    }

    /// An empty page for what is too large to be read whole, and why that is so.
    pub(super) fn too_large(reason: String) -> Self {
        Self { too_large: Some(reason), ..Self::default() }
    }

    /// Why there is nothing on it, of what is too large to be read whole.
    pub(super) fn is_too_large(&self) -> Option<&str> {
        self.too_large.as_deref()
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line at `index`; empty past the end.
    pub(crate) fn line(&self, index: usize) -> &str {
        self.lines.get(index).map_or("", |line| self.slice(line.start, line.end))
    }

    /// The elements that the line at `index` begins in.
    pub(crate) fn marks(&self, index: usize) -> Marks {
        self.lines.get(index).map_or(Marks::default(), |line| line.marks)
    }

    /// The text of `lines`, with line ends.
    pub(crate) fn text(&self, lines: Range<usize>) -> &str {
        let Some(inside) = self.lines.get(lines) else { return "" };
        match (inside.first(), inside.last()) {
            (Some(first), Some(last)) => self.slice(first.start, last.end),
            _ => "",
        }
    }

    /// The innermost cell around the line at `index`.
    pub(crate) fn cell_of(&self, index: usize) -> Option<usize> {
        self.lines.get(index).filter(|line| line.cell != NOWHERE).map(|line| line.cell as usize)
    }

    /// The lines of a cell, those of tables inside it included.
    pub(crate) fn cell_lines(&self, cell: usize) -> Range<usize> {
        self.cells.get(cell).map_or(0..0, |cell| cell.lines.start as usize..cell.lines.end as usize)
    }

    /// The text of a cell, its lines joined by line ends.
    pub(crate) fn cell_text(&self, cell: usize) -> &str {
        self.text(self.cell_lines(cell))
    }

    /// The row of a cell.
    pub(crate) fn row_of(&self, cell: usize) -> Option<usize> {
        self.cells.get(cell).map(|cell| cell.row as usize)
    }

    /// The cell after `cell` in its row.
    pub(crate) fn next_cell(&self, cell: usize) -> Option<usize> {
        self.cells.get(cell).filter(|cell| cell.next != NOWHERE).map(|cell| cell.next as usize)
    }

    /// Every row as (table, row), in document order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        self.rows.iter().enumerate().map(|(index, row)| (row.table as usize, index))
    }

    /// How many tables there are.
    pub(crate) fn tables(&self) -> usize {
        self.tables as usize
    }

    /// The table of a row.
    pub(crate) fn row_table(&self, row: usize) -> Option<u32> {
        self.rows.get(row).map(|row| row.table)
    }

    /// The line after the table that a cell belongs to.
    pub(crate) fn table_end(&self, cell: usize) -> Option<usize> {
        let table = self.row_table(self.row_of(cell)?)?;
        let rows = self.rows.iter().enumerate().filter(|(_, row)| row.table == table);
        rows.flat_map(|(row, _)| self.row_cells(row)).map(|cell| self.cell_lines(cell).end).max()
    }

    /// The cells of a row.
    pub(crate) fn row_cells(&self, row: usize) -> impl Iterator<Item = usize> {
        let first = self.rows.get(row).map(|row| row.first).filter(|first| *first != NOWHERE);
        std::iter::successors(first.map(|first| first as usize), |cell| self.next_cell(*cell))
    }

    /// Every link, in document order.
    pub(crate) fn links(&self) -> &[Link] {
        &self.links
    }

    /// The page as rules see it, for people who write rules.
    pub(crate) fn dump(&self) -> String {
        let mut dump = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let place = self.cell_of(index).and_then(|cell| {
                let row = self.row_of(cell)?;
                let column = self.row_cells(row).position(|other| other == cell)? + 1;
                Some(format!("t{} r{row} c{column}", self.rows.get(row)?.table))
            });
            let bold = if line.marks.any(Marks::BOLD) { "*" } else { " " };
            let _ = writeln!(dump, "{:<14}{bold} {}", place.unwrap_or_default(), self.line(index));
        }
        dump
    }

    /// A piece of the text.
    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// A line of plain text without the `>` that mail programs set before what they quote.
fn unquoted(line: &str) -> &str {
    if line.starts_with('>') { line.trim_start_matches(['>', ' ']) } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        Page::from_dom(&Dom::parse(html), Marks::default())
    }

    fn lines(page: &Page) -> Vec<&str> {
        (0..page.len()).map(|index| page.line(index)).collect()
    }

    #[test]
    fn blocks_breaks_and_cells_are_lines() {
        let page = page("<p>Dear\n  <b>Acme</b>,<br>hello&nbsp; there<div>x</div>y<table><tr><td>a<td>b</table>");
        assert_eq!(lines(&page), ["Dear Acme,", "hello  there", "x", "y", "a", "b"]);
    }

    #[test]
    fn struck_text_scripts_and_styles_are_not_there() {
        let page = page("<style>p{}</style><p><strike>old</strike>new<script>x()</script><!-- c --></p>");
        assert_eq!(lines(&page), ["new"]);
    }

    #[test]
    fn rows_know_their_cells_even_around_nested_tables() {
        let page = page("<table><tr><td>a</td><td><table><tr><td>in</td></tr></table></td><td>c</td></tr></table>");
        let rows: Vec<(usize, Vec<&str>)> = page
            .rows()
            .map(|(table, row)| (table, page.row_cells(row).map(|cell| page.cell_text(cell)).collect()))
            .collect();
        assert_eq!(rows, [(0, vec!["a", "in", "c"]), (1, vec!["in"])]);
    }

    #[test]
    fn spans_can_be_lines_of_their_own() {
        let page = Page::from_dom(&Dom::parse("<p><span>Label</span><span>value</span>"), Marks::SPAN);
        assert_eq!(lines(&page), ["Label", "value"]);
    }
}
