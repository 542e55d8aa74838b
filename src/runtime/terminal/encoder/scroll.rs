//! A list that moved by some rows is shifted by the terminal itself: twenty bytes instead of some thousand for each
//! step of a held cursor key at the edge of a long list.

use std::collections::HashMap;
use std::ops::Range;

use ratatui::buffer::Cell;
use ratatui::style::Color;

use super::pen::Pen;
use super::{is_same_cell, palette};
use crate::colour::ColourDepth;

/// Fewer rows than this are drawn again sooner than a shift is worth it.
pub(super) const FEWEST_ROWS: usize = 4;
/// Setting margins, shifting, lifting margins and finding back cost about as much as this many cells.
const FEWEST_CELLS_SAVED: usize = 40;
/// So many columns, and every other one of them, tell the rows of a list apart; where they do not, no shift is found.
const TELLING_COLUMNS: usize = 72;

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

/// The shift that saves most on the way from `last` to `frame`, both as they were given, within these rows, with the rows
/// that are unlike those of `frame` still once it was made; none if none is worth it.
pub(super) fn find(last: &[Vec<Cell>], frame: &[&[Cell]], rows: Range<usize>) -> Option<(Shift, Vec<usize>)> {
    let (old, wanted) = (last.get(rows.clone())?, frame.get(rows.clone())?);
    let columns = changed_columns(old, wanted)?;
    let columns = columns.start..columns.end.min(columns.start + TELLING_COLUMNS);
    let old_looks: Vec<_> = old.iter().map(|row| look_of(row, &columns)).collect();
    let wanted_looks: Vec<_> = wanted.iter().map(|row| look_of(row, &columns)).collect();
    let within = most_common_shift(&old_looks, &wanted_looks)?;
    // The row under the cursor moves with the others and looks different afterwards, so that its look does not tell.
    let end = wanted.len().saturating_sub(1);
    let wider = Shift {
        top: if within.count < 0 { within.top.saturating_sub(1) } else { within.top },
        bottom: if within.count > 0 { end.min(within.bottom + 1) } else { within.bottom },
        ..within
    };
    let unlike = |source: Option<usize>, wanted: &[Cell]| count_unlike(source.and_then(|from| old.get(from)), wanted);
    // How many cells of each row would have to be written after either; most rows come from the same place.
    let costs: Vec<(usize, usize)> = wanted
        .iter()
        .enumerate()
        .map(|(y, wanted)| {
            let (source, other) = (within.source(y), wider.source(y));
            let cost = unlike(source, wanted);
            (cost, if source == other { cost } else { unlike(other, wanted) })
        })
        .collect();
    let (of_within, of_wider) = costs.iter().fold((0, 0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
    let is_wider = of_wider < of_within;
    let mut before = 0;
    let is_worth_it = old.iter().zip(wanted).any(|(old, wanted)| {
        before += count_unlike(Some(old), wanted);
        before >= of_within.min(of_wider) + FEWEST_CELLS_SAVED
    });
    let best = if is_wider { wider } else { within };
    let left = costs.iter().enumerate().filter(|(_, cost)| if is_wider { cost.1 > 0 } else { cost.0 > 0 });
    let left = left.map(|(y, _)| rows.start + y).collect();
    is_worth_it.then_some((Shift { top: rows.start + best.top, bottom: rows.start + best.bottom, ..best }, left))
}

/// Does to `shown` what the terminal does.
pub(super) fn apply(shown: &mut [Vec<Cell>], shift: Shift) {
    let Some(region) = shown.get_mut(shift.top..=shift.bottom) else { return };
    let moved = shift.count.unsigned_abs().min(region.len());
    let blank = if shift.count > 0 {
        region.rotate_left(moved);
        let kept = region.len() - moved;
        region.get_mut(kept..)
    } else {
        region.rotate_right(moved);
        region.get_mut(..moved)
    };
    for row in blank.unwrap_or_default() {
        row.fill(Cell::EMPTY);
    }
}

/// The columns that hold all changes: those of the list, if a list moved. Panes beside it are none of its rows.
fn changed_columns(old: &[Vec<Cell>], wanted: &[&[Cell]]) -> Option<Range<usize>> {
    let mut columns: Option<Range<usize>> = None;
    for (old, new) in old.iter().zip(wanted) {
        let mut unlike = old.iter().zip(*new).enumerate().filter(|(_, (a, b))| !is_same_cell(a, b)).map(|(x, _)| x);
        if let Some(first) = unlike.next() {
            let end = unlike.next_back().unwrap_or(first) + 1;
            columns = Some(columns.map_or(first..end, |all| all.start.min(first)..all.end.max(end)));
        }
    }
    columns
}

/// The shift that most rows agree on, with the rows that it concerns, counted from the first.
fn most_common_shift(old: &[Option<u64>], wanted: &[Option<u64>]) -> Option<Shift> {
    let mut rows_by_look: HashMap<u64, Vec<usize>> = HashMap::new();
    for (y, look) in old.iter().enumerate() {
        if let Some(look) = look {
            rows_by_look.entry(*look).or_default().push(y);
        }
    }
    let mut shifts: HashMap<isize, (usize, Shift)> = HashMap::new();
    for (y, look) in wanted.iter().enumerate() {
        let Some(sources) = look.and_then(|look| rows_by_look.get(&look)) else { continue };
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

/// A number for what a row looks like at `columns`, roughly; none for a blank one.
fn look_of(row: &[Cell], columns: &Range<usize>) -> Option<u64> {
    let cells = row.get(columns.clone())?;
    if cells.iter().all(is_blank) {
        return None;
    }
    let (mut look, mut pen, mut number) = (0_u64, Pen::default(), 0);
    for cell in cells.iter().step_by(2) {
        // Many cells in a row share theirs.
        if pen != Pen::of(cell) {
            pen = Pen::of(cell);
            number = number_of(pen.fg) << 32 ^ number_of(pen.bg) << 8 ^ u64::from(pen.modifier.bits());
        }
        let text = cell.symbol().bytes().fold(0, |text: u64, byte| text << 8 ^ u64::from(byte));
        // A collision costs bytes and nothing else.
        look = (look.rotate_left(5) ^ text ^ number.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    Some(look)
}

/// A number for a colour.
fn number_of(colour: Color) -> u64 {
    // The named ones become indexes.
    let colour = palette::reduce(colour, ColourDepth::TrueColour);
    if let Color::Rgb(r, g, b) = colour {
        u32::from_be_bytes([2, r, g, b]).into()
    } else if let Color::Indexed(index) = colour {
        0x100 | u64::from(index)
    } else {
        0
    }
}

/// Whether nothing is to be seen in a cell.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && Pen::of(cell).erases_clean()
}

/// How many cells would have to be written.
fn count_unlike(row: Option<&Vec<Cell>>, wanted: &[Cell]) -> usize {
    match row {
        Some(row) => row.iter().zip(wanted).filter(|(a, b)| !is_same_cell(a, b)).count(),
        None => wanted.iter().filter(|cell| !is_blank(cell)).count(),
    }
}
