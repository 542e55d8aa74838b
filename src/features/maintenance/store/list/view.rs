//! Which stretch of a list is asked for: how much has to be read for it, and what of that is shown. Pure.

use std::ops::Range;

use super::rank::Rank;

/// Which stretch of the list is asked for.
pub(super) struct View {
    /// Where the lower half begins; `None` for the ends of the list.
    pub(super) at: Option<Rank>,
    /// Whether the row at that place belongs to the lower half.
    pub(super) is_below: bool,
    pub(super) before: usize,
    pub(super) after: usize,
    /// Whether rows missing on one side are added on the other.
    pub(super) is_elastic: bool,
    /// Without a place: whether the end is the bottom.
    pub(super) is_bottom: bool,
}

impl View {
    /// Rows to read above and below the place: one more than is shown, to know whether there are more.
    pub(super) fn reach(&self) -> (usize, usize) {
        match (&self.at, self.is_elastic) {
            (None, _) if self.is_bottom => (self.before + 1, 0),
            (None, _) => (0, self.after + 1),
            (Some(_), true) => (self.before + self.after + 1, self.before + self.after + 1),
            (Some(_), false) => (self.before + 1, self.after + 1),
        }
    }

    /// Which of `len` rows to show when `middle` of them are above the place.
    pub(super) fn cut(&self, middle: usize, len: usize) -> Range<usize> {
        let (above, below) = (middle, len - middle);
        let (mut before, mut after) = (self.before.min(above), self.after.min(below));
        if self.is_elastic {
            before = (self.before + self.after - after).min(above);
            after = (self.before + self.after - before).min(below);
        }
        middle - before..middle + after
    }

    /// Whether a row belongs to the upper half.
    pub(super) fn is_above(&self, rank: &Rank) -> bool {
        match &self.at {
            Some(at) if self.is_below => rank < at,
            Some(at) => rank <= at,
            None => self.is_bottom,
        }
    }
}
