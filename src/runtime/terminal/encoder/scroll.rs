//! A list that moved by some rows is shifted by the terminal itself: twenty bytes instead of some thousand for each
//! step of a held cursor key at the edge of a long list.

use std::collections::HashMap;
use std::ops::Range;

use ratatui::buffer::Cell;
use ratatui::style::Color;

/// Fewer rows than this are drawn again sooner than a shift is worth it.
pub(super) const FEWEST_ROWS: usize = 4;
/// Setting margins, shifting, lifting margins and finding back cost about as much as this many cells.
const FEWEST_CELLS_SAVED: usize = 40;

/// Rows `top..=bottom` shift up by `count` rows, or down when `count` is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) top: usize,
    pub(super) bottom: usize,
    pub(super) count: isize,
}

impl Shift {
    /// The row whose content row `y` has after the shift; none for a row that comes in blank.
    fn source(self, y: usize) -> Option<usize> {
        if !(self.top..=self.bottom).contains(&y) {
            return Some(y);
        }
        y.checked_add_signed(self.count).filter(|from| (self.top..=self.bottom).contains(from))
    }
}

/// The shift that saves most on the way from `shown` to `wanted`, which has the rows from `top` on; none if none is
/// worth it.
pub(super) fn find(shown: &[Cell], top: usize, wanted: &[Vec<Cell>], width: usize) -> Option<Shift> {
    let old: Vec<&[Cell]> = shown.chunks_exact(width).skip(top).take(wanted.len()).collect();
    let columns = changed_columns(&old, wanted)?;
    let within = most_common_shift(&old, wanted, &columns)?;
    let unlike = |source: &dyn Fn(usize) -> Option<usize>| -> usize {
        let row = |y| source(y).and_then(|from| old.get(from)).copied();
        wanted.iter().enumerate().map(|(y, wanted)| count_unlike(row(y), wanted)).sum()
    };
    // The row under the cursor moves with the others and looks different afterwards, so that its look does not tell.
    let last = wanted.len().saturating_sub(1);
    let wider = Shift {
        top: if within.count < 0 { within.top.saturating_sub(1) } else { within.top },
        bottom: if within.count > 0 { last.min(within.bottom + 1) } else { within.bottom },
        ..within
    };
    let cost = |shift: &Shift| unlike(&|y| shift.source(y));
    let best = [within, wider].into_iter().min_by_key(cost)?;
    let shift = Shift { top: top + best.top, bottom: top + best.bottom, ..best };
    (unlike(&Some) >= cost(&best) + FEWEST_CELLS_SAVED).then_some(shift)
}

/// Does to `shown` what the terminal does.
pub(super) fn apply(shown: &mut [Cell], width: usize, shift: Shift) {
    let Some(region) = shown.get_mut(shift.top * width..(shift.bottom + 1) * width) else { return };
    let moved = (shift.count.unsigned_abs() * width).min(region.len());
    let blank = if shift.count > 0 {
        region.rotate_left(moved);
        let kept = region.len() - moved;
        region.get_mut(kept..)
    } else {
        region.rotate_right(moved);
        region.get_mut(..moved)
    };
    blank.unwrap_or_default().fill(Cell::EMPTY);
}

/// The columns that hold all changes: those of the list, if a list moved. Panes beside it are none of its rows.
fn changed_columns(old: &[&[Cell]], wanted: &[Vec<Cell>]) -> Option<Range<usize>> {
    let mut columns: Option<Range<usize>> = None;
    for (old, new) in old.iter().zip(wanted) {
        let mut unlike = old.iter().zip(new).enumerate().filter(|(_, (a, b))| a != b).map(|(x, _)| x);
        if let Some(first) = unlike.next() {
            let end = unlike.next_back().unwrap_or(first) + 1;
            columns = Some(columns.map_or(first..end, |all| all.start.min(first)..all.end.max(end)));
        }
    }
    columns
}

/// The shift that most rows agree on, with the rows that it concerns, counted from the first of `wanted`.
fn most_common_shift(old: &[&[Cell]], wanted: &[Vec<Cell>], columns: &Range<usize>) -> Option<Shift> {
    let mut rows_by_look: HashMap<u64, Vec<usize>> = HashMap::new();
    for (y, row) in old.iter().enumerate() {
        if let Some(look) = look_of(row, columns) {
            rows_by_look.entry(look).or_default().push(y);
        }
    }
    let mut shifts: HashMap<isize, (usize, Shift)> = HashMap::new();
    for (y, row) in wanted.iter().enumerate() {
        let Some(sources) = look_of(row, columns).and_then(|look| rows_by_look.get(&look)) else { continue };
        // A look that many rows share (an empty row between borders) tells nothing.
        if sources.len() > 2 {
            continue;
        }
        for from in sources.iter().filter(|from| **from != y) {
            let count = from.cast_signed() - y.cast_signed();
            let (top, bottom) = (y.min(*from), y.max(*from));
            let (votes, shift) = shifts.entry(count).or_insert((0, Shift { top, bottom, count }));
            *votes += 1;
            *shift = Shift { top: shift.top.min(top), bottom: shift.bottom.max(bottom), count };
        }
    }
    let (votes, shift) = shifts.into_values().max_by_key(|(votes, shift)| (*votes, shift.count))?;
    (votes >= FEWEST_ROWS - 1).then_some(shift)
}

/// A number for what a row looks like within `columns`; none for a blank one.
fn look_of(row: &[Cell], columns: &Range<usize>) -> Option<u64> {
    let cells = row.get(columns.clone())?;
    if cells.iter().all(|cell| *cell == Cell::EMPTY) {
        return None;
    }
    Some(cells.iter().fold(0, |look, cell| {
        let text = cell.symbol().bytes().fold(0, |text: u64, byte| text << 8 ^ u64::from(byte));
        let pen =
            u64::from(number_of(cell.fg)) << 32 ^ u64::from(number_of(cell.bg)) << 8 ^ u64::from(cell.modifier.bits());
        // A collision costs bytes and nothing else: the saving is counted before the shift is made.
        (look.rotate_left(5) ^ text ^ pen.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }))
}

/// A number for a reduced colour.
fn number_of(colour: Color) -> u32 {
    if let Color::Rgb(r, g, b) = colour {
        u32::from_be_bytes([2, r, g, b])
    } else if let Color::Indexed(index) = colour {
        0x100 | u32::from(index)
    } else {
        0
    }
}

/// How many cells would have to be written.
fn count_unlike(row: Option<&[Cell]>, wanted: &[Cell]) -> usize {
    match row {
        Some(row) => row.iter().zip(wanted).filter(|(a, b)| a != b).count(),
        None => wanted.iter().filter(|cell| **cell != Cell::EMPTY).count(),
    }
}
