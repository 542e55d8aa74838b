//! A mail as people read it: its main headers and its body as lines, whatever it was written in.
//!
//! Everything is cleaned for a terminal and bounded. HTML is shown as text; nothing is fetched or executed.

use mail_parser::MessageParser;
use unicode_width::UnicodeWidthStr as _;

use super::dom::Flat;
use super::page::{Marks, Page};
use super::part::{Kind, Part};
use super::{HEAD_BYTES, header_text, is_calendar, read, read_envelope};
use crate::text::clean_line;

/// Longer bodies are cut.
const MAX_LINES: usize = 5000;
/// Longer lines are cut.
const MAX_LINE_CHARS: usize = 2000;
/// Longer addresses of links say nothing to a reader.
const MAX_HREF_CHARS: usize = 300;
/// Columns of tables are aligned up to this width in cells.
const MAX_COLUMN: usize = 44;
/// The headers that are shown, in this order.
const HEADERS: [&str; 7] = ["From", "To", "Cc", "Date", "Subject", "Reply-To", "Message-ID"];

/// A mail as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readable {
    /// Names and values of the main headers, decoded.
    pub headers: Vec<(String, String)>,
    /// The body, then what is attached; a line may be empty, none has control characters.
    pub lines: Vec<String>,
}

/// Reads a mail for the screen. Never fails: where the body cannot be read, a line says why.
#[must_use]
pub fn readable(raw: &[u8]) -> Readable {
    let headers = headers(raw);
    let mut body = Body::default();
    match read(raw) {
        Ok(mail) => body.parts(&mail.parts),
        Err(error) => body.push(&format!("The body cannot be shown: {error}.")),
    }
    Readable { headers, lines: body.lines }
}

/// The main headers.
fn headers(raw: &[u8]) -> Vec<(String, String)> {
    let head = raw.get(..HEAD_BYTES).unwrap_or(raw);
    if is_calendar(head) {
        let told = read_envelope(head);
        let named = [("From", told.sender), ("Subject", told.subject)].map(|(name, value)| (name.to_owned(), value));
        return named.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    }
    let Some(message) = MessageParser::default().parse_headers(head) else { return Vec::new() };
    let mut headers = Vec::new();
    for name in HEADERS {
        let decoded = match name {
            "Subject" => message.subject().map(str::to_owned),
            _ => header_text(&message, name).map(unfolded),
        };
        if let Some(value) = decoded {
            headers.push((name.to_owned(), cut(&clean_line(&value))));
        }
    }
    headers
}

/// A header on one line, encoded words decoded.
fn unfolded(text: &str) -> String {
    let decoded = MessageParser::default()
        .parse_headers(format!("Subject: {text}\r\n\r\n").as_bytes())
        .and_then(|message| message.subject().map(str::to_owned));
    decoded.unwrap_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// At most [`MAX_LINE_CHARS`] of a line.
fn cut(line: &str) -> String {
    crate::text::shortened(line, MAX_LINE_CHARS)
}

/// The body while it is written.
#[derive(Debug, Default)]
struct Body {
    /// The lines so far.
    lines: Vec<String>,
    /// Whether lines were left out.
    full: bool,
}

impl Body {
    /// Writes the body that says most to people, then what else there is.
    fn parts(&mut self, parts: &[Part]) {
        let of = |kind: Kind| parts.iter().filter(move |part| part.kind() == kind);
        // Of a page that is cut, the text may begin behind the cut.
        let has_text = |part: &Part| part.page().len() > 0 || part.flat().is_some_and(|flat| !flat.text.is_empty());
        let shown = [Kind::Html, Kind::Text, Kind::Ical].into_iter().find(|kind| of(*kind).any(has_text));
        let Some(shown) = shown else { return self.push("The mail has no text.") };
        for (index, part) in of(shown).enumerate() {
            if index > 0 {
                self.push("");
                self.push("────");
                self.push("");
            }
            let flat = part.flat();
            match &flat {
                Some(flat) => self.flat(flat),
                None if shown == Kind::Html => self.page(part.page()),
                None => self.text(part.as_text()),
            }
            if flat.map_or(part.is_cut(), |flat| !flat.is_whole) {
                self.push("… the page is cut here: it is too long.");
            }
        }
        let others = [(Kind::Ical, "a calendar"), (Kind::Csv, "a CSV file"), (Kind::Xlsx, "a spreadsheet")];
        let attached = others.into_iter().filter(|(kind, _)| *kind != shown && of(*kind).next().is_some());
        let names: Vec<&str> = attached.map(|(_, name)| name).collect();
        if !names.is_empty() {
            self.push("");
            self.push(&format!("Also in this mail: {}.", names.join(", ")));
        }
    }

    /// Writes one line.
    fn push(&mut self, line: &str) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(cut(&clean_line(line)));
        } else if !self.full {
            self.full = true;
            self.lines.push(format!("… cut after {MAX_LINES} lines."));
        }
    }

    /// Writes the text of a page that has no layout to be shown in, and says so.
    fn flat(&mut self, flat: &Flat) {
        self.push("… this page nests too deeply or repeats without end: its text follows, without tables and links.");
        self.push("");
        self.text(&flat.text);
    }

    /// Writes plain text as it is.
    fn text(&mut self, text: &str) {
        for line in text.lines() {
            self.push(line.replace('\t', "    ").trim_end());
        }
    }

    /// Writes a page: paragraphs, lists, tables, links.
    fn page(&mut self, page: &Page) {
        let mut line = 0;
        while line < page.len() {
            if page.marks(line).any(Marks::GAP) && self.lines.last().is_some_and(|last| !last.is_empty()) {
                self.push("");
            }
            if let Some(row) = data_row(page, line) {
                line = self.rows(page, row).max(line + 1);
                continue;
            }
            let bullet = if page.marks(line).any(Marks::ITEM) { "• " } else { "" };
            if !page.marks(line).any(Marks::TITLE) {
                self.push(&format!("{bullet}{}{}", page.line(line), links(page, line, line + 1)));
            }
            line += 1;
        }
    }

    /// Writes the rows from `first` on that belong to one table, aligned where they are narrow; the line after them.
    fn rows(&mut self, page: &Page, first: usize) -> usize {
        let mut rows: Vec<(Vec<String>, String)> = Vec::new();
        let mut row = first;
        let mut line;
        loop {
            let lines = row_lines(page, row);
            let cells = page.row_cells(row).map(|cell| page.cell_text(cell).replace('\n', " ")).collect();
            rows.push((cells, links(page, lines.start, lines.end)));
            line = lines.end;
            match data_row(page, line) {
                Some(next) if next != row && page.row_table(next) == page.row_table(first) => row = next,
                _ => break,
            }
            if rows.len() >= MAX_LINES {
                break;
            }
        }
        let columns = rows.iter().map(|(cells, _)| cells.len()).max().unwrap_or(0);
        let width =
            |column: usize| rows.iter().filter_map(|(cells, _)| cells.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let narrow = widths.iter().rev().skip(1).all(|width| *width <= MAX_COLUMN);
        for (cells, links) in &rows {
            let text = if narrow { aligned(cells, &widths) } else { cells.join(" | ") };
            self.push(&format!("{text}{links}"));
        }
        line
    }
}

/// The cells of a row under one another.
fn aligned(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        if !text.is_empty() || *width == 0 {
            text.push_str(if *width == 0 { "" } else { "  " });
        }
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
    }
    text.trim_end().to_owned()
}

/// The row that begins at a line, if it holds data: two cells or more, and no tables inside.
fn data_row(page: &Page, line: usize) -> Option<usize> {
    let row = page.row_of(page.cell_of(line)?)?;
    let plain = |cell: usize| page.cell_lines(cell).all(|line| page.cell_of(line) == Some(cell));
    let mut cells = page.row_cells(row);
    let several = page.row_cells(row).filter(|cell| !page.cell_lines(*cell).is_empty()).count() >= 2;
    (row_lines(page, row).start == line && several && cells.all(plain)).then_some(row)
}

/// The lines of a row.
fn row_lines(page: &Page, row: usize) -> std::ops::Range<usize> {
    let start = page.row_cells(row).map(|cell| page.cell_lines(cell).start).min();
    let end = page.row_cells(row).map(|cell| page.cell_lines(cell).end).max();
    start.unwrap_or(0)..end.unwrap_or(0)
}

/// Where the links of some lines lead, as far as the text does not say so already.
fn links(page: &Page, from: usize, to: usize) -> String {
    let mut text = String::new();
    for link in page.links().iter().filter(|link| (from..to).contains(&link.line)) {
        let href = link.href.trim();
        let bare = href.trim_start_matches("mailto:").trim_end_matches('/');
        let leads = href.starts_with("http") || href.starts_with("mailto:");
        let said = (from..to).any(|line| page.line(line).contains(bare)) || text.contains(href);
        if leads && !said && href.len() <= MAX_HREF_CHARS {
            text.extend([" <", href, ">"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(html: &str) -> Vec<String> {
        let mail =
            format!("From: noc@isp.example\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}");
        readable(mail.as_bytes()).lines
    }

    #[test]
    fn tables_are_aligned_paragraphs_apart_and_links_say_where_they_lead() {
        let html = "<p>Dear <b>Acme</b>,</p><p>see <a href='https://isp.example/x'>here</a></p>\
            <table><tr><td>Start</td><td>10:00</td></tr><tr><td>Circuit</td><td>IC-1</td></tr></table><ul><li>one</li></ul>";
        assert_eq!(
            lines(html),
            ["Dear Acme,", "", "see here <https://isp.example/x>", "", "Start    10:00", "Circuit  IC-1", "", "• one"]
        );
    }

    #[test]
    fn a_page_that_nests_too_deeply_loses_its_layout_and_none_of_its_text() {
        for depth in [1_000, 20_000] {
            let (open, close) = ("<div>".repeat(depth), "</div>".repeat(depth));
            let shown = lines(&format!("<p>before</p>{open}<p>window &amp; <b>circuit</b></p>{close}<p>after</p>"));
            assert!(shown[0].contains("nests too deeply"), "{shown:?}");
            assert_eq!(shown[2..], ["before", "window & circuit", "after"], "{depth}");
        }
        let shown = lines(&format!("<p>before{}after", "é".repeat(9 << 20)));
        assert!(shown.last().unwrap().contains("cut here: it is too long"), "{:?}", shown.last());
    }

    #[test]
    fn escape_sequences_in_headers_and_body_are_pictures() {
        let mail = b"Subject: a\x1b]52;c;eA==\x07b\r\nFrom: x@isp.example\r\n\r\n\x1b[2Jhello\r\n";
        let shown = readable(mail);
        assert!(
            shown.lines.iter().chain(shown.headers.iter().map(|(_, value)| value)).all(|line| !line.contains('\u{1b}'))
        );
        assert_eq!(shown.lines, ["␛[2Jhello"]);
    }

    #[test]
    fn encoded_words_in_headers_are_decoded() {
        let mail = b"From: =?utf-8?q?Oc=C3=A9ane?= <noc@isp.example>\r\nSubject: =?utf-8?b?w6k=?=\r\n\r\nx\r\n";
        let shown = readable(mail);
        assert_eq!(shown.headers[0].1, "Océane <noc@isp.example>");
        assert_eq!(shown.headers[1].1, "é");
    }
}
