//! A row whose text moved sideways, such as key hints after a word that became longer, is moved by the terminal itself.

use ratatui::buffer::Cell;

use super::{is_same_cell, is_same_symbol};

/// A row with fewer changes is written sooner than it is worth looking at.
const FEWEST_CHANGES: usize = 16;
/// Moving to the place and moving the cells there costs about as much as this many cells.
const FEWEST_SAVED: usize = 12;
/// Words rarely grow or shrink by more.
const FARTHEST: usize = 12;

/// The cells from `at` on move right by `count`, or left when that is negative; blank ones come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slide {
    pub(super) at: usize,
    pub(super) count: isize,
}

impl Slide {
    /// What stands at `x` of `row` afterwards.
    fn cell(self, row: &[Cell], x: usize) -> &Cell {
        if x < self.at {
            return row.get(x).unwrap_or(&Cell::EMPTY);
        }
        let source = x.checked_add_signed(-self.count).filter(|source| *source >= self.at);
        source.and_then(|source| row.get(source)).unwrap_or(&Cell::EMPTY)
    }
}

/// The slide that saves most on the way from `shown` to `wanted`; none if none is worth it.
pub(super) fn find(shown: &[Cell], wanted: &[Cell]) -> Option<Slide> {
    // A cursor that came or went changes the look of a row and nothing else; a row that was blank has no text to move.
    let unlike_text = shown.iter().zip(wanted).filter(|(old, new)| !is_same_symbol(old, new)).count();
    let at = shown.iter().zip(wanted).position(|(old, new)| !is_same_cell(old, new))?;
    if unlike_text < FEWEST_CHANGES || shown.iter().skip(at).all(|cell| cell.symbol() == " ") {
        return None;
    }
    let unlike = |slide: Slide| {
        wanted.iter().enumerate().skip(at).filter(|(x, new)| !is_same_cell(slide.cell(shown, *x), new)).count()
    };
    // Moving half a wide character is left to nobody.
    let is_wide = |row: &[Cell]| row.iter().skip(at).any(|cell| cell.symbol().is_empty());
    if is_wide(shown) || is_wide(wanted) {
        return None;
    }
    let before = unlike(Slide { at, count: 0 });
    let counts = (1..=FARTHEST).flat_map(|count| [count.cast_signed(), -count.cast_signed()]);
    let best = counts.map(|count| Slide { at, count }).min_by_key(|slide| unlike(*slide))?;
    (unlike(best) + FEWEST_SAVED <= before).then_some(best)
}

/// Does to `shown` what the terminal does.
pub(super) fn apply(shown: &mut [Cell], slide: Slide) {
    let moved: Vec<Cell> = (slide.at..shown.len()).map(|x| slide.cell(shown, x).clone()).collect();
    if let Some(cells) = shown.get_mut(slide.at..) {
        cells.clone_from_slice(&moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<Cell> {
        let mut cells: Vec<Cell> = text.chars().map(Cell::from).collect();
        cells.resize(60, Cell::EMPTY);
        cells
    }

    #[test]
    fn text_that_moved_sideways_is_found_and_moved() {
        let (short, long) = (row("a acknowledge  n note  enter open"), row("a un-acknowledge  n note  enter open"));
        for (shown, wanted, count) in [(&short, &long, 3), (&long, &short, -3)] {
            let slide = find(shown, wanted).unwrap();
            assert_eq!(slide, Slide { at: 2, count });
            let mut moved = shown.clone();
            apply(&mut moved, slide);
            assert!(moved.iter().zip(wanted).filter(|(a, b)| a != b).count() <= 3);
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        assert_eq!(find(&row("zayo TTN-1"), &row("colt CRQ-2")), None);
        assert_eq!(find(&row("equal"), &row("equal")), None);
        let mut wide = row("a acknowledge  n 漢 note  enter open");
        wide.insert(18, Cell::new(""));
        assert_eq!(find(&wide, &row("a un-acknowledge  n note  enter open")), None);
    }
}
