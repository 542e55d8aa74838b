//! Text that fits: widths in cells, cutting with an ellipsis, padding, and a one-line writer for columns.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Width of `text` in terminal cells.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// `text` cut to at most `cells`, with an ellipsis where something was lost.
pub(crate) fn fit(text: &str, cells: usize) -> std::borrow::Cow<'_, str> {
    if width(text) <= cells {
        return text.into();
    }
    if cells == 0 {
        return "".into();
    }
    let mut kept = String::with_capacity(cells + 3);
    if text.is_ascii() {
        kept.push_str(text.get(..cells - 1).unwrap_or_default());
        kept.push('…');
        return kept.into();
    }
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme.width();
        if used + wide > cells - 1 {
            break;
        }
        kept.push_str(grapheme);
        used += wide;
    }
    kept.push('…');
    kept.into()
}

/// The end of `text`, cut to at most `cells`, with an ellipsis in front where something was lost.
pub(crate) fn fit_end(text: &str, cells: usize) -> std::borrow::Cow<'_, str> {
    if width(text) <= cells {
        return text.into();
    }
    if cells == 0 {
        return "".into();
    }
    let mut from = text.len();
    let mut used = 1;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme.width();
        if used > cells {
            break;
        }
        from = at;
    }
    format!("…{}", text.get(from..).unwrap_or_default()).into()
}

/// `text` cut to at most `cells` as [`fit`] does, unless others would read the same then: then what tells it from them stays,
/// and what it has in common with them is cut.
pub(crate) fn fit_among<'t>(
    text: &'t str,
    others: impl Iterator<Item = &'t str>,
    cells: usize,
) -> std::borrow::Cow<'t, str> {
    /// Cells of the beginning, where there is room for it beside the end.
    const HEAD: usize = 4;
    let cut = fit(text, cells);
    if width(text) <= cells || cells <= HEAD {
        return cut;
    }
    let kept = cut.strip_suffix('…').unwrap_or(&cut);
    // There may be many of them, and few begin so.
    let same = |other: &&str| other.starts_with(kept) && *other != text && width(other) > cells;
    // Bytes that it has in common with the one among those that differs from it first.
    let common = |other: &str| text.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let Some(differs) = others.filter(same).map(common).min() else { return cut };
    // From the beginning of the word in which it differs.
    let from = text.bytes().take(differs).rposition(|byte| byte == b' ').map_or(0, |at| at + 1);
    let end = text.get(from..).unwrap_or(text);
    if width(end) + HEAD < cells {
        let head = fit(text, cells - width(end));
        return format!("{head}{end}").into();
    }
    fit(&format!("…{end}"), cells).into_owned().into()
}

/// Breaks `text` into lines of at most `cells`, at blanks where there are any.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        if width(paragraph) <= cells {
            lines.push(paragraph.trim_end().to_owned());
            continue;
        }
        let mut line = String::new();
        let mut used = 0;
        for word in words_and_blanks(paragraph) {
            let wide = width(word);
            if used + wide > cells && used > 0 {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
                if word.trim().is_empty() {
                    continue;
                }
            }
            for grapheme in word.graphemes(true) {
                let wide = grapheme.width();
                if used + wide > cells && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme);
                used += wide;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Like [`wrap`], for so many rows: where not all fits whole paragraphs go, the last ones first. The first stays, however
/// long it is.
pub(crate) fn wrap_paragraphs(text: &str, cells: usize, rows: usize) -> Vec<String> {
    let mut text = text;
    loop {
        let lines = wrap(text, cells);
        match text.rsplit_once("\n\n") {
            Some((above, _)) if lines.len() > rows => text = above,
            _ => return lines,
        }
    }
}

/// The words of `text` with what belongs to them, a full stop above all, and the blanks between them.
fn words_and_blanks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_blank = rest.chars().next()?.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != is_blank).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// Writes along one row of the screen, left to right, and never outside of it.
pub(crate) struct Pen<'a> {
    /// Where it writes.
    buffer: &'a mut Buffer,
    /// The row; height 1 or 0.
    row: Rect,
    /// Cells used so far.
    used: u16,
}

impl<'a> Pen<'a> {
    /// A pen at the left end of row `y` (from the top) of `area`.
    pub(crate) fn new(buffer: &'a mut Buffer, area: Rect, y: u16) -> Self {
        let row = Rect { y: area.y.saturating_add(y), height: 1, ..area };
        let row = if y < area.height { row.intersection(buffer.area) } else { Rect { width: 0, ..row } };
        Self { buffer, row, used: 0 }
    }

    /// Cells left on the row.
    pub(crate) fn left(&self) -> usize {
        usize::from(self.row.width.saturating_sub(self.used))
    }

    /// Writes as much of `text` as fits.
    pub(crate) fn text(&mut self, text: &str, style: Style) -> &mut Self {
        let left = self.left();
        if left > 0 && self.row.height > 0 && !text.is_empty() {
            let text = fit(text, left);
            let is_cut = matches!(text, std::borrow::Cow::Owned(_));
            let rest = text.get(self.plain(&text, style)..).unwrap_or_default();
            if !rest.is_empty() {
                let (end, _) = self.buffer.set_stringn(self.row.x + self.used, self.row.y, rest, self.left(), style);
                self.used = end - self.row.x;
            }
            if is_cut {
                // Before a wide character a cell may be left, in which nothing has room.
                self.used = self.row.width;
            }
        }
        self
    }

    /// Writes what `text`, which fits, begins with in printable ASCII; returns how much that is. Nearly all of a screen is,
    /// and to look for graphemes in it takes longer than everything else about a frame.
    fn plain(&mut self, text: &str, style: Style) -> usize {
        let plain = text.bytes().take_while(|byte| (b' '..=b'~').contains(byte)).count();
        // The last one may be the first part of a grapheme.
        let plain = if plain < text.len() { plain.saturating_sub(1) } else { plain };
        for (at, cell) in self.cells(plain).iter_mut().enumerate() {
            cell.set_symbol(text.get(at..=at).unwrap_or(" ")).set_style(style);
        }
        self.skip(plain);
        plain
    }

    /// The next `count` cells.
    fn cells(&mut self, count: usize) -> &mut [Cell] {
        let from = self.buffer.index_of(self.row.x + self.used, self.row.y);
        self.buffer.content.get_mut(from..from + count).unwrap_or_default()
    }

    /// Writes `symbol`, one cell wide, `count` times, as far as there is room.
    pub(crate) fn repeat(&mut self, symbol: &str, count: usize, style: Style) -> &mut Self {
        let count = count.min(self.left());
        if count > 0 && self.row.height > 0 {
            for cell in self.cells(count) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
        self.skip(count)
    }

    /// Moves on by `cells` without writing.
    pub(crate) fn skip(&mut self, cells: usize) -> &mut Self {
        self.used = self.used.saturating_add(u16::try_from(cells.min(self.left())).unwrap_or(u16::MAX));
        self
    }

    /// Writes `text` cut or filled to `cells`, flush left.
    pub(crate) fn column(&mut self, text: &str, cells: usize, style: Style) -> &mut Self {
        let from = self.used;
        let cells = cells.min(self.left());
        self.text(&fit(text, cells), style);
        let written = usize::from(self.used - from);
        self.skip(cells.saturating_sub(written))
    }

    /// Writes `text` cut or filled to `cells`, flush right.
    pub(crate) fn column_right(&mut self, text: &str, cells: usize, style: Style) -> &mut Self {
        let cells = cells.min(self.left());
        let text = fit(text, cells);
        self.skip(cells - width(&text)).text(&text, style)
    }

    /// Writes `text` at the right end of the row if there is room for it and a blank before it.
    pub(crate) fn at_end(&mut self, text: &str, style: Style) -> &mut Self {
        let wide = width(text);
        if wide < self.left() {
            self.skip(self.left() - wide).text(text, style);
        }
        self
    }

    /// Lays `style` over the row from its left end to the pen.
    pub(crate) fn highlight(&mut self, style: Style) -> &mut Self {
        let row = Rect { width: self.used, ..self.row };
        self.buffer.set_style(row, style);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_behind_what_was_cut() {
        let area = Rect::new(0, 0, 8, 1);
        // Behind a wide character's first cell its second.
        for (text, row) in [("ab工事工事", "ab工 事 … "), ("abcdefghij", "abcdefg…")] {
            let mut buffer = Buffer::empty(area);
            Pen::new(&mut buffer, area, 0).text(text, Style::default()).text("more", Style::default());
            let shown: String = buffer.content.iter().map(Cell::symbol).collect();
            assert_eq!(shown, row);
        }
    }

    #[test]
    fn what_begins_alike_is_told_apart_by_its_end() {
        let names = [
            "dc1-fabric 2026-11-21 02:31",
            "dc1-fabric 2026-11-21 03:10",
            "dc1-fabric 2026-11-20 09:00",
            "dc1-fabric ntp",
        ];
        let cut = |cells| names.map(|name| fit_among(name, names.into_iter(), cells).into_owned());
        assert_eq!(cut(27), names);
        assert_eq!(
            cut(21),
            ["dc1…2026-11-21 02:31", "dc1…2026-11-21 03:10", "dc1…2026-11-20 09:00", "dc1-fabric ntp"]
                .map(|it| it.replace("dc1…", "dc1-…"))
        );
        assert_eq!(cut(18), ["…2026-11-21 02:31", "…2026-11-21 03:10", "…2026-11-20 09:00", "dc1-fabric ntp"]);
        assert!(cut(14)[..3].iter().all(|name| width(name) <= 14), "{:?}", cut(14));
        // Where nothing else reads like it, the beginning says most.
        assert_eq!(fit_among("a long name of its own", names.into_iter(), 10), "a long na…");
        let twins = ["the same name", "the same name"];
        assert_eq!(fit_among(twins[0], twins.into_iter(), 8), "the sam…");
        // Letters of several bytes are not cut in two.
        let letters = ["é é é é é é é é é ö", "é é é é é é é é é ü"];
        assert_eq!(
            letters.map(|name| fit_among(name, letters.into_iter(), 10).into_owned()),
            ["é é é é …ö", "é é é é …ü"]
        );
    }

    #[test]
    fn what_does_not_fit_is_cut_with_an_ellipsis_by_cells_not_characters() {
        assert_eq!(fit("maintenance", 11), "maintenance");
        assert_eq!(fit("maintenance", 6), "maint…");
        assert_eq!(fit("東京データ", 5), "東京…");
        assert_eq!(fit("abc", 0), "");
        let ends = ["maintenance", "nce", "東京データ", "abc", "abc"].map(|text| fit_end(text, 4));
        assert_eq!(ends, ["…nce", "nce", "…タ", "abc", "abc"]);
        assert_eq!([fit_end("abc", 0), fit_end("abc", 1)], ["", "…"]);
    }

    #[test]
    fn long_lines_wrap_at_blanks_and_long_words_break() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("two words. (And more)", 9), ["two", "words.", "(And", "more)"]);
    }

    #[test]
    fn paragraphs_go_as_a_whole_where_there_is_no_room() {
        let text = "one two\n\nthree\n\nfour";
        assert_eq!(wrap_paragraphs(text, 8, 9), ["one two", "", "three", "", "four"]);
        assert_eq!(wrap_paragraphs(text, 8, 4), ["one two", "", "three"]);
        assert_eq!(wrap_paragraphs(text, 3, 1), ["one", "two"]);
    }

    #[test]
    fn a_pen_stays_on_its_row() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        Pen::new(&mut buffer, Rect::new(2, 0, 10, 1), 0).column("ab", 3, Style::new()).text("cdefgh", Style::new());
        assert_eq!(buffer, Buffer::with_lines(["  ab …", "      "]));
        Pen::new(&mut buffer, Rect::new(0, 0, 6, 2), 9).text("nowhere", Style::new());
        assert_eq!(buffer, Buffer::with_lines(["  ab …", "      "]));
    }
}
