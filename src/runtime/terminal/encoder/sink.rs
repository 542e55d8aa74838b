//! The bytes of a frame, and what the terminal's pen and cursor are once it has obeyed them.

use ratatui::buffer::{Cell, CellWidth};

use super::pen::{Pen, push_number};

/// Where a run of untouched cells is cheaper to write again than to jump over, it is rarely longer than this.
const LONGEST_BRIDGE: u16 = 8;

/// Collects bytes; remembers pen and cursor across frames, so that nothing is reset that will be set again.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub(super) bytes: Vec<u8>,
    /// `None` until the first pen has been set.
    pen: Option<Pen>,
    /// Column and row; `None` when the terminal may disagree. A column equal to the width means that the last cell of
    /// the row was written: terminals differ in where the cursor is then.
    cursor: Option<(u16, u16)>,
    width: u16,
}

impl Sink {
    /// Forgets cursor and pen: somebody else has written to the terminal, or it has a new size.
    pub(super) fn forget(&mut self, width: u16) {
        self.pen = None;
        self.cursor = None;
        self.width = width;
    }

    /// Makes the whole screen blank.
    pub(super) fn erase_all(&mut self) {
        self.set_pen(Pen::default());
        // Home and erase below rather than erase all: some terminals push a screen erased as a whole into the scrollback.
        self.bytes.extend_from_slice(b"\x1b[H\x1b[J");
        self.cursor = Some((0, 0));
    }

    /// Makes the rest of the row blank from the cursor's column on. The cursor stays.
    pub(super) fn erase_to_end_of_row(&mut self) {
        self.set_pen_that_erases_clean();
        self.bytes.extend_from_slice(b"\x1b[K");
    }

    /// Makes `count` cells blank from the cursor's column on. The cursor stays.
    pub(super) fn erase(&mut self, count: u16) {
        self.set_pen_that_erases_clean();
        self.command(count, b'X');
    }

    /// Moves the cells from the cursor's on to the right by `count`, or to the left when that is negative; blank ones come
    /// in. The cursor stays.
    pub(super) fn slide(&mut self, count: isize) {
        self.set_pen_that_erases_clean();
        let cells = u16::try_from(count.unsigned_abs()).unwrap_or(u16::MAX);
        self.command(cells, if count > 0 { b'@' } else { b'P' });
    }

    /// Shifts the rows `top..=bottom` up by `count`, or down when that is negative; blank rows come in.
    pub(super) fn shift_rows(&mut self, top: u16, bottom: u16, count: isize) {
        self.set_pen_that_erases_clean();
        self.bytes.extend_from_slice(b"\x1b[");
        push_number(&mut self.bytes, top + 1);
        self.bytes.push(b';');
        push_number(&mut self.bytes, bottom + 1);
        self.bytes.push(b'r');
        // Setting margins sends the cursor home, or to the margin on some terminals.
        self.cursor = None;
        self.move_to(0, top, &[]);
        // Deleting and inserting rows between margins, because the Linux console knows no other way.
        let rows = u16::try_from(count.unsigned_abs()).unwrap_or(u16::MAX);
        self.command(rows, if count > 0 { b'M' } else { b'L' });
        self.bytes.extend_from_slice(b"\x1b[r");
        self.cursor = None;
    }

    /// Shows or hides the cursor.
    pub(super) fn show_cursor(&mut self, visible: bool) {
        self.bytes.extend_from_slice(if visible { b"\x1b[?25h" } else { b"\x1b[?25l" });
    }

    /// Writes `cell` at the cursor and moves on.
    pub(super) fn write(&mut self, cell: &Cell) {
        let wanted = Pen::of(cell);
        let fits = self.pen.is_some_and(|pen| pen == wanted || (cell.symbol() == " " && pen.draws_blanks_like(wanted)));
        if !fits {
            self.set_pen(wanted);
        }
        let symbol = cell.symbol();
        self.bytes.extend_from_slice(symbol.as_bytes());
        // Terminals disagree about the width of what was put together from several characters and of young emoji: where
        // the cursor is after one of those is not taken for granted, so a misjudged one damages no cell but its own.
        let sure =
            symbol.len() == 1 || symbol.chars().try_fold(0, |n, c| (n == 0 && c < '\u{1f000}').then_some(1)).is_some();
        self.cursor = self.cursor.filter(|_| sure).map(|(x, y)| (x + symbol.cell_width(), y));
    }

    /// Moves the cursor to `x` of row `y` by the shortest way. `row` is what the terminal shows in row `y` left of `x`,
    /// in case writing a few cells once more is the shortest.
    pub(super) fn move_to(&mut self, x: u16, y: u16, row: &[Cell]) {
        if self.cursor == Some((x, y)) {
            return;
        }
        let mut best = absolute(x, y);
        if let Some((from_x, from_y)) = self.cursor {
            let is_certain = from_x < self.width;
            if from_y == y && is_certain && from_x < x {
                let bridge = row.get(usize::from(from_x)..usize::from(x)).and_then(|gap| self.bridge(gap));
                keep_shorter(&mut best, bridge);
                keep_shorter(&mut best, Some(relative(x - from_x, b'C')));
            }
            if from_y == y && is_certain && x < from_x {
                let back = from_x - x;
                keep_shorter(&mut best, (back <= 3).then(|| vec![b'\x08'; back.into()]));
                keep_shorter(&mut best, Some(relative(back, b'D')));
            }
            if from_y <= y && (is_certain || x == 0) {
                keep_shorter(&mut best, line_feeds((from_x, from_y), (x, y)));
            }
            if from_y == y {
                let mut from_start = vec![b'\r'];
                if x > 0 {
                    from_start.extend(relative(x, b'C'));
                }
                keep_shorter(&mut best, Some(from_start));
            }
        }
        self.bytes.extend_from_slice(&best);
        self.cursor = Some((x, y));
    }

    /// The text of `gap`, if it can be written again with the pen as it is.
    fn bridge(&self, gap: &[Cell]) -> Option<Vec<u8>> {
        let pen = self.pen?;
        if gap.len() > usize::from(LONGEST_BRIDGE) {
            return None;
        }
        let mut text = Vec::new();
        for cell in gap {
            let symbol = cell.symbol();
            let is_plain = symbol.len() == 1;
            let fits = pen == Pen::of(cell) || (symbol == " " && pen.draws_blanks_like(Pen::of(cell)));
            if !(is_plain && fits) {
                return None;
            }
            text.extend_from_slice(symbol.as_bytes());
        }
        Some(text)
    }

    /// Changes to the default pen unless the present one erases just as well.
    fn set_pen_that_erases_clean(&mut self) {
        if !self.pen.is_some_and(Pen::erases_clean) {
            self.set_pen(Pen::default());
        }
    }

    /// Changes to `pen`.
    fn set_pen(&mut self, pen: Pen) {
        pen.write_change(self.pen, &mut self.bytes);
        self.pen = Some(pen);
    }

    /// Appends a control sequence with one number.
    fn command(&mut self, number: u16, end: u8) {
        self.bytes.extend(relative(number, end));
    }
}

/// `ESC [ number end`, without the number where 1 is meant anyway.
fn relative(number: u16, end: u8) -> Vec<u8> {
    let mut bytes = b"\x1b[".to_vec();
    if number != 1 {
        push_number(&mut bytes, number);
    }
    bytes.push(end);
    bytes
}

/// The sequence that works from anywhere.
fn absolute(x: u16, y: u16) -> Vec<u8> {
    let mut bytes = b"\x1b[".to_vec();
    if y > 0 {
        push_number(&mut bytes, y + 1);
    }
    if x > 0 {
        bytes.push(b';');
        push_number(&mut bytes, x + 1);
    }
    bytes.push(b'H');
    bytes
}

/// Down by line feeds: to the same column, or to the first.
fn line_feeds(from: (u16, u16), to: (u16, u16)) -> Option<Vec<u8>> {
    let down = to.1 - from.1;
    let returns = match to.0 {
        x if x == from.0 => 0,
        0 => 1,
        _ => return None,
    };
    (down <= 4).then(|| [vec![b'\r'; returns], vec![b'\n'; down.into()]].concat())
}

/// Replaces `best` by `other` when that is shorter.
fn keep_shorter(best: &mut Vec<u8>, other: Option<Vec<u8>>) {
    if let Some(other) = other.filter(|other| other.len() < best.len()) {
        *best = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: Option<(u16, u16)>, to: (u16, u16), row: &str) -> String {
        let cells: Vec<Cell> = row.chars().map(Cell::from).collect();
        let mut sink = Sink { pen: Some(Pen::default()), cursor: from, width: 150, ..Sink::default() };
        sink.move_to(to.0, to.1, &cells);
        assert_eq!(sink.cursor, Some(to));
        String::from_utf8(sink.bytes)
            .unwrap()
            .replace('\x1b', "^")
            .replace('\r', "CR")
            .replace('\n', "LF")
            .replace('\x08', "BS")
    }

    #[test]
    fn the_shortest_way_is_taken() {
        assert_eq!(moved(Some((5, 3)), (5, 3), ""), "");
        assert_eq!(moved(None, (0, 0), ""), "^[H");
        assert_eq!(moved(None, (0, 11), ""), "^[12H");
        assert_eq!(moved(None, (9, 0), ""), "^[;10H");
        assert_eq!(moved(Some((2, 3)), (5, 3), "abcdef"), "cde");
        assert_eq!(moved(Some((2, 3)), (7, 3), "abcdef──"), "^[5C");
        assert_eq!(moved(Some((9, 3)), (7, 3), ""), "BSBS");
        assert_eq!(moved(Some((40, 3)), (9, 3), ""), "^[31D");
        assert_eq!(moved(Some((140, 3)), (9, 3), ""), "CR^[9C");
        assert_eq!(moved(Some((40, 3)), (0, 4), ""), "CRLF");
        assert_eq!(moved(Some((40, 3)), (40, 5), ""), "LFLF");
        assert_eq!(moved(Some((40, 3)), (12, 30), ""), "^[31;13H");
    }

    #[test]
    fn after_the_last_cell_of_a_row_the_column_is_not_relied_on() {
        assert_eq!(moved(Some((150, 3)), (0, 4), ""), "CRLF");
        assert_eq!(moved(Some((150, 3)), (149, 3), ""), "CR^[149C");
        assert_eq!(moved(Some((150, 3)), (70, 3), ""), "CR^[70C");
        assert_eq!(moved(Some((150, 3)), (70, 4), ""), "^[5;71H");
    }

    #[test]
    fn a_cell_whose_width_is_in_doubt_is_followed_by_an_absolute_move() {
        let mut sink = Sink { pen: Some(Pen::default()), cursor: Some((0, 0)), width: 80, ..Sink::default() };
        sink.write(&Cell::new("👩‍🚒"));
        assert_eq!(sink.cursor, None);
        sink.move_to(2, 0, &[]);
        sink.write(&Cell::new("あ"));
        assert_eq!(sink.cursor, Some((4, 0)));
    }
}
