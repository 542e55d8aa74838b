//! From the cells of a frame to the fewest bytes that make the terminal show them.
//!
//! The encoder keeps what the terminal shows and compares each whole new frame with it, so it needs neither the
//! terminal's answer to anything nor ratatui's own list of differences, which leaves out cells behind wide characters.

mod palette;
mod pen;
mod scroll;
mod sink;
mod slide;
#[cfg(test)]
mod tests;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::{Position, Size};

use self::pen::Pen;
use self::sink::Sink;
use crate::colour::ColourDepth;

/// A run of blanks in the middle of a row is erased rather than written from this length on: erasing and stepping over
/// take four or five bytes each.
const ERASE_FROM: usize = 11;
/// At the end of a row erasing takes three bytes.
const ERASE_TAIL_FROM: usize = 4;
/// Frames beyond one network packet are wrapped in synchronized-update marks (mode 2026), 16 bytes: below that the
/// terminal reads the frame in one piece anyway.
const SYNCHRONIZE_FROM: usize = 1200;
/// Text that moved sideways is looked for in no more rows than this.
const MOST_SLIDING_ROWS: usize = 4;
/// Start of a synchronized update; terminals that do not know it ignore it.
const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
/// End of a synchronized update.
pub(super) const END_UPDATE: &[u8] = b"\x1b[?2026l";

/// Turns frames into bytes; holds what the terminal shows.
#[derive(Debug)]
pub(super) struct Encoder {
    depth: ColourDepth,
    size: Size,
    /// What the terminal shows, row by row so that shifting moves no cells, in normal form: see [`normalise`].
    shown: Vec<Vec<Cell>>,
    /// The last frame as it was given, to pass over rows that did not change.
    last: Vec<Vec<Cell>>,
    /// Nothing is known about what the terminal shows.
    is_unknown: bool,
    /// Whether the terminal shows its cursor.
    shows_cursor: Option<bool>,
    sink: Sink,
}

impl Encoder {
    /// An encoder for a terminal whose content is unknown.
    pub(super) fn new(depth: ColourDepth) -> Self {
        let size = Size::new(0, 0);
        let sink = Sink::default();
        Self { depth, size, shown: Vec::new(), last: Vec::new(), is_unknown: true, shows_cursor: None, sink }
    }

    /// Forgets what the terminal shows: the next frame draws everything.
    pub(super) fn forget(&mut self) {
        self.is_unknown = true;
    }

    /// The bytes that make the terminal show `frame` with the cursor at `cursor`, or hidden. Empty when it does already.
    pub(super) fn encode(&mut self, frame: &Buffer, cursor: Option<Position>) -> Vec<u8> {
        let size = frame.area.as_size();
        if self.is_unknown || size != self.size {
            self.start_afresh(size);
        }
        if self.shows_cursor != Some(false) && cursor.is_none() {
            self.sink.show_cursor(false);
            self.shows_cursor = Some(false);
        }
        let width = usize::from(size.width);
        if width > 0 {
            self.encode_rows(&frame.content, width);
        }
        if let Some(at) = cursor.filter(|at| at.x < size.width && at.y < size.height) {
            let row = self.shown.get(usize::from(at.y)).map_or(&[] as &[Cell], Vec::as_slice);
            self.sink.move_to(at.x, at.y, row);
            if self.shows_cursor != Some(true) {
                self.sink.show_cursor(true);
                self.shows_cursor = Some(true);
            }
        }
        let bytes = std::mem::take(&mut self.sink.bytes);
        if bytes.len() < SYNCHRONIZE_FROM { bytes } else { [BEGIN_UPDATE, &bytes, END_UPDATE].concat() }
    }

    /// Erases the terminal and takes on a new size.
    fn start_afresh(&mut self, size: Size) {
        let blank = vec![vec![Cell::EMPTY; usize::from(size.width)]; usize::from(size.height)];
        self.size = size;
        self.shown.clone_from(&blank);
        self.last = blank;
        self.is_unknown = false;
        self.shows_cursor = None;
        self.sink.forget(size.width);
        self.sink.erase_all();
    }

    /// Brings every row that changed up to date.
    fn encode_rows(&mut self, frame: &[Cell], width: usize) {
        let frame: Vec<&[Cell]> = frame.chunks_exact(width).collect();
        let mut rows = self.changed_rows(&frame);
        if let (Some(&first), Some(&last)) = (rows.first(), rows.last())
            && rows.len() >= scroll::FEWEST_ROWS
            && let Some((shift, unlike)) = scroll::find(&self.last, &frame, first..last + 1)
        {
            self.sink.shift_rows(cell_count(shift.top), cell_count(shift.bottom), shift.count);
            scroll::apply(&mut self.shown, shift);
            // A blank row is its own normal form, so that this stays what was given for what is shown.
            scroll::apply(&mut self.last, shift);
            // A shift moves rows in between that did not change, which are then to be put right.
            rows = unlike;
        }
        let mut wanted: Vec<(usize, Vec<Cell>)> = Vec::with_capacity(rows.len());
        for y in rows {
            if let (Some(last), Some(row), Some(shown)) = (self.last.get_mut(y), frame.get(y), self.shown.get(y)) {
                last.clone_from_slice(row);
                let row = normalise(row, self.depth);
                if !is_same_row(shown, &row) {
                    wanted.push((y, row));
                }
            }
        }
        // Looking for text that moved sideways takes longer than writing a whole screen.
        let are_few = wanted.len() <= MOST_SLIDING_ROWS;
        for (y, wanted) in wanted {
            let Some(shown) = self.shown.get_mut(y) else { return };
            if are_few && let Some(slide) = slide::find(shown, &wanted) {
                self.sink.move_to(cell_count(slide.at), cell_count(y), &wanted);
                self.sink.slide(slide.count);
                slide::apply(shown, slide);
            }
            encode_row(&mut self.sink, cell_count(y), shown, &wanted);
            *shown = wanted;
        }
    }

    /// The rows that were given otherwise the last time.
    fn changed_rows(&self, frame: &[&[Cell]]) -> Vec<usize> {
        let rows = frame.iter().zip(&self.last).enumerate();
        rows.filter(|(_, (row, last))| !is_same_row(row, last)).map(|(y, _)| y).collect()
    }
}

/// A row in normal form: colours reduced, text that a terminal would obey replaced, equal looks spelled equally, and
/// the cells behind a wide character empty.
fn normalise(row: &[Cell], depth: ColourDepth) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(row.len());
    while let Some(raw) = row.get(cells.len()) {
        let left = row.len() - cells.len();
        let mut cell = Cell::EMPTY;
        let mut width = 1;
        match raw.symbol() {
            " " => {}
            // Whoever drew has cleaned what came from outside; a terminal must not obey what slipped through.
            symbol if symbol.chars().any(char::is_control) => _ = cell.set_symbol("?"),
            symbol => {
                let cells_taken = if symbol.len() == 1 { 1 } else { usize::from(symbol.cell_width()) };
                if (1..=left).contains(&cells_taken) {
                    cell.set_symbol(symbol);
                    width = cells_taken;
                }
            }
        }
        let look = Pen::of(raw).reduced(depth);
        let look = if cell.symbol() == " " { look.on_blank() } else { look };
        (cell.fg, cell.bg, cell.modifier) = (look.fg, look.bg, look.modifier);
        cells.push(cell);
        if width > 1 {
            // The empty symbol is no cell's own, and its look is its owner's.
            let mut behind = Cell::EMPTY;
            behind.set_symbol("");
            (behind.fg, behind.bg, behind.modifier) = (look.fg, look.bg, look.modifier);
            cells.extend(std::iter::repeat_n(behind, width - 1));
        }
    }
    cells
}

/// Writes what differs between the row as it is shown and as it is wanted.
fn encode_row(sink: &mut Sink, y: u16, shown: &[Cell], wanted: &[Cell]) {
    let blank_from = wanted.iter().rposition(|cell| *cell != Cell::EMPTY).map_or(0, |last| last + 1);
    let differs = |x: usize| match (shown.get(x), wanted.get(x)) {
        (Some(shown), Some(wanted)) => !is_same_cell(shown, wanted),
        (shown, wanted) => shown.is_some() != wanted.is_some(),
    };
    let mut x = 0;
    while x < wanted.len() {
        if !differs(x) {
            x += 1;
            continue;
        }
        let Some(cell) = wanted.get(x) else { return };
        let blanks = wanted.iter().skip(x).take_while(|cell| **cell == Cell::EMPTY).count();
        // The second half of a wide character cannot be written alone; its first half differs too and was written.
        if cell.symbol().is_empty() {
            x += 1;
            continue;
        }
        // What was left of here is up to date already, so that is what the terminal shows there.
        sink.move_to(cell_count(x), y, wanted);
        if x >= blank_from {
            let last = (x..wanted.len()).rev().find(|x| differs(*x)).unwrap_or(x);
            if last + 1 - x >= ERASE_TAIL_FROM {
                sink.erase_to_end_of_row();
                return;
            }
        } else if blanks >= ERASE_FROM {
            let changed = (x..x + blanks).rev().find(|x| differs(*x)).map_or(1, |last| last + 1 - x);
            if changed >= ERASE_FROM {
                sink.erase(cell_count(changed));
                x += changed;
                continue;
            }
        }
        sink.write(cell);
        x += 1;
    }
}

/// Whether two rows look the same. Most cells of most frames are compared here and nowhere else; the cells' own comparison
/// takes several times as long, for what the encoder does not send.
fn is_same_row(one: &[Cell], other: &[Cell]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_cell(one, other))
}

/// Whether two cells look the same.
fn is_same_cell(one: &Cell, other: &Cell) -> bool {
    is_same_symbol(one, other) && one.fg == other.fg && one.bg == other.bg && one.modifier == other.modifier
}

/// Whether two cells say the same.
fn is_same_symbol(one: &Cell, other: &Cell) -> bool {
    match (one.symbol().as_bytes(), other.symbol().as_bytes()) {
        ([one], [other]) => one == other,
        (one, other) => one == other,
    }
}

/// A count of cells as the terminal numbers them; buffers are never larger.
fn cell_count(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
