//! Writes a page line by line: from the elements of HTML, from plain text, from the rows of a table.

use super::{Cell, Line, Link, MAX_BLANKS, Marks, NOWHERE, Page, Row};
use crate::features::maintenance::mail::dom::{Dom, NONE, Node, NodeId, Tag};

/// Goes through the page in document order, without recursion. Says of each node that it comes, on which line its text
/// begins, and whether it has text; and that it goes.
pub(crate) fn visit(dom: &Dom, writer: &mut Writer, mut told: impl FnMut(NodeId, bool, usize, bool)) {
    let mut at = 0;
    loop {
        let Some(node) = dom.node(at) else { return };
        let down = node.tag != Tag::Hidden && node.tag != Tag::Struck;
        if down {
            let line = writer.page.lines.len();
            let before = writer.page.text.len();
            writer.enter(dom, node);
            told(at, true, line, node.tag == Tag::Text && writer.page.text.len() > before);
        }
        if down && node.first_child != NONE {
            at = node.first_child;
            continue;
        }
        let mut node = node;
        if down {
            writer.leave(node.tag);
            told(at, false, writer.page.lines.len(), false);
        }
        while node.next == NONE {
            at = node.parent;
            let Some(parent) = dom.node(at) else { return };
            node = parent;
            writer.leave(node.tag);
            told(at, false, writer.page.lines.len(), false);
        }
        at = node.next;
    }
}

/// Writes a page line by line.
#[derive(Debug)]
pub(crate) struct Writer {
    /// What was written.
    pub(super) page: Page,
    /// Elements that begin and end lines though they are not blocks.
    breaks: Marks,
    /// Where the line being written starts.
    line_start: usize,
    /// The marks of the line being written, set by its first character.
    line_marks: Marks,
    /// Blanks that are due before the next character.
    blanks: usize,
    /// A blank line belongs before the next line.
    pub(super) gap: bool,
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
    /// One that sets elements with one of these marks on lines of their own.
    pub(super) fn breaking(breaks: Marks) -> Self {
        Self { breaks, pre: usize::from(breaks.any(Marks::LINE_END)), ..Self::default() }
    }

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
    pub(super) fn text(&mut self, text: &str) {
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
    pub(super) fn end_line(&mut self) {
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
    pub(super) fn start_table(&mut self) {
        self.gap = true;
        self.open_tables.push(self.page.tables);
        self.page.tables += 1;
    }

    /// Begins a row of the innermost table.
    pub(super) fn start_row(&mut self) {
        let table = self.open_tables.last().copied().unwrap_or(NOWHERE);
        self.open_rows.push(u32::try_from(self.page.rows.len()).unwrap_or(NOWHERE));
        self.page.rows.push(Row { table, first: NOWHERE, last: NOWHERE });
    }

    /// Ends the innermost row.
    pub(super) fn end_row(&mut self) {
        self.open_rows.pop();
    }

    /// Begins a cell of the innermost row.
    pub(super) fn start_cell(&mut self) {
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
    pub(super) fn end_cell(&mut self) {
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
