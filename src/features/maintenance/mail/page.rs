//! A part as a reader sees it: lines in document order, the cells and rows of its tables, its links.
//!
//! Provider rules and the screen read the same pages. Text that is struck through, scripts and styles are not on them.

use std::fmt::Write as _;
use std::ops::Range;

use super::dom::{Dom, NONE, Node, Tag};

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
}

impl Page {
    /// The page of an HTML text; elements with one of the marks `breaks` are set on lines of their own.
    pub(super) fn from_dom(dom: &Dom, breaks: Marks) -> Self {
        let pre = usize::from(breaks.any(Marks::LINE_END));
        let mut writer = Writer { page: Self::default(), breaks, pre, ..Writer::default() };
        walk(dom, &mut writer);
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

/// Goes through the page in document order, without recursion.
fn walk(dom: &Dom, writer: &mut Writer) {
    let mut at = 0;
    loop {
        let Some(node) = dom.node(at) else { return };
        let down = node.tag != Tag::Hidden && node.tag != Tag::Struck;
        if down {
            writer.enter(dom, node);
        }
        if down && node.first_child != NONE {
            at = node.first_child;
            continue;
        }
        let mut node = node;
        if down {
            writer.leave(node.tag);
        }
        while node.next == NONE {
            let Some(parent) = dom.node(node.parent) else { return };
            node = parent;
            writer.leave(node.tag);
        }
        at = node.next;
    }
}

/// Writes a page line by line.
#[derive(Debug)]
struct Writer {
    /// What was written.
    page: Page,
    /// Elements that begin and end lines though they are not blocks.
    breaks: Marks,
    /// Where the line being written starts.
    line_start: usize,
    /// The marks of the line being written, set by its first character.
    line_marks: Marks,
    /// Blanks that are due before the next character.
    blanks: usize,
    /// A blank line belongs before the next line.
    gap: bool,
    /// Inside text whose line ends count.
    pre: usize,
    /// The marks of the elements that are open, innermost last.
    open: Vec<Marks>,
    /// The tables, rows and cells that are open.
    open_tables: Vec<u32>,
    /// See `open_tables`.
    open_rows: Vec<u32>,
    /// See `open_tables`.
    open_cells: Vec<u32>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            page: Page::default(),
            breaks: Marks::default(),
            line_start: 0,
            line_marks: Marks::default(),
            blanks: 0,
            gap: false,
            pre: 0,
            open: Vec::with_capacity(32),
            open_tables: Vec::new(),
            open_rows: Vec::new(),
            open_cells: Vec::new(),
        }
    }
}

impl Writer {
    /// Begins an element or writes a text.
    fn enter(&mut self, dom: &Dom, node: &Node) {
        if node.tag == Tag::Text {
            return self.text(dom.text(node));
        }
        let marks = marks_of(node.tag);
        self.open.push(self.open.last().copied().unwrap_or_default().and(marks));
        if self.breaks_line(node.tag, marks) {
            self.end_line();
        }
        match node.tag {
            Tag::Table => self.start_table(),
            Tag::Row => self.start_row(),
            Tag::Cell | Tag::HeaderCell => self.start_cell(),
            Tag::P | Tag::Heading(_) => self.gap = true,
            Tag::Pre => self.pre += 1,
            Tag::A => {
                if let Some(href) = dom.href(node) {
                    let link = Link { line: self.page.lines.len(), href: href.to_owned() };
                    self.page.links.push(link);
                }
            }
            Tag::Text
            | Tag::Inline
            | Tag::Span
            | Tag::Bold
            | Tag::Italic
            | Tag::Underline
            | Tag::Struck
            | Tag::Hidden
            | Tag::Title
            | Tag::Br
            | Tag::Block
            | Tag::Li => {}
        }
    }

    /// Ends an element.
    fn leave(&mut self, tag: Tag) {
        if tag == Tag::Text {
            return;
        }
        self.open.pop();
        if self.breaks_line(tag, marks_of(tag)) {
            self.end_line();
        }
        match tag {
            Tag::Table => {
                self.open_tables.pop();
                self.gap = true;
            }
            Tag::Row => self.end_row(),
            Tag::Cell | Tag::HeaderCell => self.end_cell(),
            Tag::P | Tag::Heading(_) => self.gap = true,
            Tag::Pre => self.pre = self.pre.saturating_sub(1),
            Tag::Text
            | Tag::Inline
            | Tag::Span
            | Tag::A
            | Tag::Bold
            | Tag::Italic
            | Tag::Underline
            | Tag::Struck
            | Tag::Hidden
            | Tag::Title
            | Tag::Br
            | Tag::Block
            | Tag::Li => {}
        }
    }

    /// Whether an element is on lines of its own.
    fn breaks_line(&self, tag: Tag, marks: Marks) -> bool {
        match tag {
            Tag::Text | Tag::Hidden | Tag::Struck | Tag::Inline => false,
            Tag::Span | Tag::A | Tag::Bold | Tag::Italic | Tag::Underline => self.breaks.any(marks),
            Tag::Title
            | Tag::Br
            | Tag::Block
            | Tag::P
            | Tag::Heading(_)
            | Tag::Li
            | Tag::Pre
            | Tag::Table
            | Tag::Row
            | Tag::Cell
            | Tag::HeaderCell => true,
        }
    }

    /// Writes text: line ends become one blank with the blanks around them, other runs of blanks stay, because some ids
    /// have them; what has no width is left out.
    fn text(&mut self, text: &str) {
        let mut line_end = false;
        for c in text.chars() {
            match c {
                '\n' if self.pre > 0 => self.end_line(),
                '\n' | '\t' | '\r' | '\u{c}' => {
                    line_end = true;
                    self.blanks = 1;
                }
                ' ' | '\u{a0}' if !line_end => self.blanks += 1,
                '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}' => {}
                c if c.is_whitespace() => self.blanks = self.blanks.max(1),
                c => {
                    line_end = false;
                    self.push(c);
                }
            }
        }
    }

    /// Writes one character that can be seen.
    fn push(&mut self, c: char) {
        let text = &mut self.page.text;
        if text.len() == self.line_start {
            self.line_marks = self.open.last().copied().unwrap_or_default();
        } else {
            text.extend(std::iter::repeat_n(' ', self.blanks.min(MAX_BLANKS)));
        }
        self.blanks = 0;
        text.push(c);
    }

    /// Ends the line being written, if anything is on it.
    fn end_line(&mut self) {
        self.blanks = 0;
        let end = self.page.text.len();
        if end == self.line_start {
            return;
        }
        let gap = if std::mem::take(&mut self.gap) { Marks::GAP } else { Marks::default() };
        let (Ok(start), Ok(end)) = (u32::try_from(self.line_start), u32::try_from(end)) else { return };
        let cell = self.open_cells.last().copied().unwrap_or(NOWHERE);
        self.page.lines.push(Line { start, end, cell, marks: self.line_marks.and(gap) });
        self.page.text.push('\n');
        self.line_start = self.page.text.len();
    }

    /// How many lines there are.
    fn line_count(&self) -> u32 {
        u32::try_from(self.page.lines.len()).unwrap_or(NOWHERE)
    }

    /// Begins a table.
    fn start_table(&mut self) {
        self.gap = true;
        self.open_tables.push(self.page.tables);
        self.page.tables += 1;
    }

    /// Begins a row of the innermost table.
    fn start_row(&mut self) {
        let table = self.open_tables.last().copied().unwrap_or(NOWHERE);
        self.open_rows.push(u32::try_from(self.page.rows.len()).unwrap_or(NOWHERE));
        self.page.rows.push(Row { table, first: NOWHERE, last: NOWHERE });
    }

    /// Ends the innermost row.
    fn end_row(&mut self) {
        self.open_rows.pop();
    }

    /// Begins a cell of the innermost row.
    fn start_cell(&mut self) {
        let row_index = self.open_rows.last().copied().unwrap_or(NOWHERE);
        let cell = u32::try_from(self.page.cells.len()).unwrap_or(NOWHERE);
        let line = self.line_count();
        self.open_cells.push(cell);
        self.page.cells.push(Cell { row: row_index, next: NOWHERE, lines: line..line });
        let Some(row) = self.page.rows.get_mut(row_index as usize) else { return };
        if row.first == NOWHERE {
            row.first = cell;
        }
        let before = std::mem::replace(&mut row.last, cell);
        if let Some(before) = self.page.cells.get_mut(before as usize) {
            before.next = cell;
        }
    }

    /// Ends the innermost cell.
    fn end_cell(&mut self) {
        self.end_line();
        let line = self.line_count();
        if let Some(cell) = self.open_cells.pop().and_then(|cell| self.page.cells.get_mut(cell as usize)) {
            cell.lines.end = line;
        }
    }
}

/// The mark of an element.
fn marks_of(tag: Tag) -> Marks {
    match tag {
        Tag::Bold => Marks::BOLD,
        Tag::Italic => Marks::ITALIC,
        Tag::Underline => Marks::UNDERLINE,
        Tag::A => Marks::LINK,
        Tag::Cell => Marks::CELL,
        Tag::HeaderCell => Marks::CELL.and(Marks::HEADER_CELL),
        Tag::Li => Marks::ITEM,
        Tag::P => Marks::PARAGRAPH,
        Tag::Title => Marks::TITLE,
        Tag::Span => Marks::SPAN,
        Tag::Heading(level) => Marks::heading(level),
        Tag::Text
        | Tag::Inline
        | Tag::Struck
        | Tag::Hidden
        | Tag::Br
        | Tag::Block
        | Tag::Pre
        | Tag::Table
        | Tag::Row => Marks::default(),
    }
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
