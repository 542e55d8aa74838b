//! A list of which only a window of rows is in memory: cursor, scrolling, marks, and the merging of windows that arrive.
//!
//! The list never moves under the reader: the cursor stays on its row's key when rows arrive, old rows stay until the
//! new ones are there, and a key press acts on what was on the screen. Only a list that nobody has touched yet keeps its
//! cursor on the first row: at the first start the rows come while somebody looks, and the first one is the weightiest.

use std::collections::BTreeMap;

/// A row that a [`List`] can hold.
pub(crate) trait Row: Clone + std::fmt::Debug {
    /// What identifies the thing, whatever happens to its contents.
    type Key: Clone + Ord + std::fmt::Debug;
    /// The identity of this row.
    fn key(&self) -> Self::Key;
    /// The heading it stands under, where the list has headings; rows of one group are neighbours there.
    fn group(&self) -> Option<&'static str>;
}

/// Rows kept in memory on either side of the cursor at the least, when there are that many.
pub(crate) const KEPT: usize = 400;
/// When fewer rows than this are left between the cursor and the end of the window, more are asked for.
const MARGIN: usize = 150;

/// A window of rows with a cursor in it.
#[derive(Debug, Clone)]
pub(crate) struct List<R: Row> {
    /// The rows in memory, in order.
    rows: Vec<R>,
    /// Index of the row under the cursor; 0 when empty.
    cursor: usize,
    /// Index of the first row on the screen.
    top: usize,
    /// Whether there are rows before the first one in memory.
    more_before: bool,
    /// Whether there are rows after the last one.
    more_after: bool,
    /// Rows marked for a bulk action, as they looked when last on hand; also those outside of the window.
    marks: BTreeMap<R::Key, R>,
    /// Lines of the last layout, headings included.
    height: usize,
    /// Whether groups have headings.
    has_headings: bool,
    /// What has happened to it.
    stage: Stage,
}

/// What has happened to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Neither rows, nor the news that there are none, have arrived yet.
    Waiting,
    /// Rows have arrived, and nobody has moved the cursor or acted on the row under it.
    Fresh,
    /// Somebody works with it.
    Touched,
}

/// Rows that the list wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want<R> {
    /// Rows before this one.
    Before(R),
    /// Rows after this one.
    After(R),
}

/// One line of a list on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a, R> {
    /// A group begins.
    Heading(&'static str),
    /// A row: its index, and whether the cursor is on it.
    Row(usize, &'a R),
}

impl<R: Row> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            cursor: 0,
            top: 0,
            more_before: false,
            more_after: false,
            marks: BTreeMap::new(),
            height: 1,
            has_headings: true,
            stage: Stage::Waiting,
        }
    }
}

impl<R: Row> List<R> {
    /// The rows in memory.
    pub(crate) fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Whether rows, or the news that there are none, have arrived.
    pub(crate) fn is_loaded(&self) -> bool {
        self.stage != Stage::Waiting
    }

    /// Whether the first row of all is in memory.
    pub(crate) fn reaches_start(&self) -> bool {
        !self.more_before
    }

    /// Whether the last row of all is in memory.
    pub(crate) fn reaches_end(&self) -> bool {
        !self.more_after
    }

    /// The row under the cursor.
    pub(crate) fn selected(&self) -> Option<&R> {
        self.rows.get(self.cursor)
    }

    /// Index of the row under the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether there is a row after the one under the cursor, or before it.
    pub(crate) fn has_beside(&self, after: bool) -> bool {
        if after { self.more_after || self.cursor + 1 < self.rows.len() } else { self.more_before || self.cursor > 0 }
    }

    /// Replaces the window. The cursor goes to `focus` if that row is there, else stays with its row, else with its place.
    pub(crate) fn replace(&mut self, rows: Vec<R>, more_before: bool, more_after: bool, focus: Option<R::Key>) {
        let at_start = self.top == 0 && !self.more_before && !more_before;
        let screen_line = self.cursor.saturating_sub(self.top);
        let first = if at_start && self.stage != Stage::Touched { rows.first().map(Row::key) } else { None };
        let wanted = focus.or(first).or_else(|| self.selected().map(Row::key));
        let found = wanted.and_then(|key| rows.iter().position(|row| row.key() == key));
        self.cursor = found.unwrap_or_else(|| self.cursor.min(rows.len().saturating_sub(1)));
        self.rows = rows;
        if !self.marks.is_empty() {
            for row in &self.rows {
                self.marks.entry(row.key()).and_modify(|marked| *marked = row.clone());
            }
        }
        self.more_before = more_before;
        self.more_after = more_after;
        if self.stage == Stage::Waiting {
            self.stage = Stage::Fresh;
        }
        // What is new at the very start shows itself as long as the cursor's row stays on the screen.
        let fits = self.lines_between(0, self.cursor + 1) <= self.height;
        self.top = if at_start && fits { 0 } else { self.cursor.saturating_sub(screen_line) };
        self.scroll_to_cursor();
    }

    /// Notes that somebody works with the row under the cursor: from now on the cursor stays with it.
    pub(crate) fn touch(&mut self) {
        if self.stage == Stage::Fresh {
            self.stage = Stage::Touched;
        }
    }

    /// Adds rows at the end that was asked for, and lets go of as many at the other end as are far from the cursor.
    pub(crate) fn extend(&mut self, after: bool, rows: Vec<R>, more: bool) {
        if after {
            self.rows.extend(rows);
            self.more_after = more;
            let spare = self.cursor.min(self.top).saturating_sub(2 * KEPT);
            if spare > 0 {
                self.rows.drain(..spare);
                self.cursor -= spare;
                self.top -= spare;
                self.more_before = true;
            }
        } else {
            let added = rows.len();
            self.rows.splice(0..0, rows);
            self.cursor += added;
            self.top += added;
            self.more_before = more;
            let keep = self.cursor + 2 * KEPT;
            if keep < self.rows.len() {
                self.rows.truncate(keep);
                self.more_after = true;
            }
        }
    }

    /// The rows to ask for now so that the cursor does not run into the window's end.
    pub(crate) fn wants(&self) -> Option<Want<&R>> {
        let after = self.rows.len().saturating_sub(self.cursor + 1);
        if self.more_after && after < MARGIN + self.height {
            return self.rows.last().map(Want::After);
        }
        if self.more_before && self.cursor < MARGIN + self.height {
            return self.rows.first().map(Want::Before);
        }
        None
    }

    /// Moves the cursor by `rows`, as far as there are any.
    pub(crate) fn move_by(&mut self, rows: isize) {
        self.go_to(self.cursor.saturating_add_signed(rows));
    }

    /// Moves the cursor to the row with this index, or the last one.
    pub(crate) fn go_to(&mut self, index: usize) {
        self.touch();
        self.cursor = index.min(self.rows.len().saturating_sub(1));
        self.scroll_to_cursor();
    }

    /// Scrolls by `lines` without moving the cursor further than the screen demands: the mouse wheel.
    pub(crate) fn scroll_by(&mut self, lines: isize) {
        self.touch();
        let last_top = self.rows.len().saturating_sub(1);
        self.top = self.top.saturating_add_signed(lines).min(last_top);
        // At the end of the list the screen stays full.
        while self.top > 0 && self.lines_between(self.top, self.rows.len()) < self.height {
            self.top -= 1;
        }
        let mut bottom = self.top;
        while bottom + 1 < self.rows.len() && self.lines_between(self.top, bottom + 2) <= self.height {
            bottom += 1;
        }
        self.cursor = self.cursor.clamp(self.top, bottom.max(self.top));
    }

    /// Tells how many lines the screen has for the list.
    pub(crate) fn set_height(&mut self, lines: usize) {
        if self.height != lines {
            self.height = lines.max(1);
            self.scroll_to_cursor();
        }
    }

    /// Tells whether groups have headings. They want none where the rows are in another order: neighbours of different
    /// groups would each have one.
    pub(crate) fn set_headings(&mut self, has_headings: bool) {
        self.has_headings = has_headings;
    }

    /// Rows that a page holds, for paging.
    pub(crate) fn page(&self) -> usize {
        self.height.saturating_sub(2).max(1)
    }

    /// Whether a heading stands above row `index` when `top` is the first row on the screen.
    fn heading(&self, index: usize, top: usize) -> Option<&'static str> {
        let group = self.rows.get(index).filter(|_| self.has_headings)?.group()?;
        let before = if index == top { None } else { self.rows.get(index - 1).and_then(Row::group) };
        (before != Some(group)).then_some(group)
    }

    /// Lines that rows `top..end` take, headings included.
    fn lines_between(&self, top: usize, end: usize) -> usize {
        (top..end.min(self.rows.len())).map(|index| 1 + usize::from(self.heading(index, top).is_some())).sum()
    }

    /// Brings the cursor's row onto the screen, moving the list no further than that takes. The terminal shifts the rows
    /// that stay, so that a held key costs one new row with each press: fewer bytes than moving on by half a screen now
    /// and then, since a row that comes in under the cursor is written once.
    fn scroll_to_cursor(&mut self) {
        self.top = self.top.min(self.cursor);
        if self.lines_between(self.top, self.cursor + 1) > self.height {
            self.top = self.cursor;
            while self.top > 0 && self.lines_between(self.top - 1, self.cursor + 1) <= self.height {
                self.top -= 1;
            }
        }
        // No empty lines below the last row while there are rows above.
        while self.top > 0 && self.lines_between(self.top - 1, self.rows.len()) <= self.height {
            self.top -= 1;
        }
    }

    /// What is on the screen, line by line.
    pub(crate) fn lines(&self) -> Vec<Line<'_, R>> {
        let mut lines = Vec::with_capacity(self.height);
        for (index, row) in self.rows.iter().enumerate().skip(self.top) {
            if let Some(group) = self.heading(index, self.top) {
                lines.push(Line::Heading(group));
            }
            lines.push(Line::Row(index, row));
            if lines.len() >= self.height {
                break;
            }
        }
        lines.truncate(self.height);
        lines
    }

    /// The row on screen line `line`, for the mouse.
    pub(crate) fn row_at(&self, line: usize) -> Option<usize> {
        match self.lines().get(line)? {
            Line::Row(index, _) => Some(*index),
            Line::Heading(_) => None,
        }
    }

    /// Marks or unmarks the row under the cursor.
    pub(crate) fn toggle_mark(&mut self) {
        if let Some(row) = self.rows.get(self.cursor)
            && self.marks.remove(&row.key()).is_none()
        {
            self.marks.insert(row.key(), row.clone());
        }
    }

    /// The marked rows, wherever they are.
    pub(crate) fn marks(&self) -> impl Iterator<Item = &R> {
        self.marks.values()
    }

    /// Marks every row in memory, or unmarks them when they are marked already. Marked rows that are not in memory stay
    /// marked.
    pub(crate) fn toggle_all(&mut self) {
        self.toggle_these(self.rows.clone());
    }

    /// The same for these rows, in memory or not; whether they are marked now.
    pub(crate) fn toggle_these(&mut self, rows: Vec<R>) -> bool {
        let all_are = rows.iter().all(|row| self.marks.contains_key(&row.key()));
        for row in rows {
            if all_are {
                self.marks.remove(&row.key());
            } else {
                self.marks.insert(row.key(), row);
            }
        }
        !all_are
    }

    /// Whether the row of this key is marked.
    pub(crate) fn is_marked(&self, key: &R::Key) -> bool {
        self.marks.contains_key(key)
    }

    /// How many rows are marked.
    pub(crate) fn marked(&self) -> usize {
        self.marks.len()
    }

    /// How many of the rows in memory are marked.
    pub(crate) fn marked_in_memory(&self) -> usize {
        self.rows.iter().filter(|row| self.marks.contains_key(&row.key())).count()
    }

    /// Unmarks what is not there any more, wherever the window is.
    pub(crate) fn keep_marks(&mut self, is_there: impl Fn(&R::Key) -> bool) {
        self.marks.retain(|key, _| is_there(key));
    }

    /// Unmarks all; returns whether any was marked.
    pub(crate) fn clear_marks(&mut self) -> bool {
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// What a command acts on: the marked rows, or the row under the cursor when none is marked.
    pub(crate) fn targets(&self) -> Vec<&R> {
        if self.marks.is_empty() { self.selected().into_iter().collect() } else { self.marks.values().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Number(usize);

    impl Row for Number {
        type Key = usize;

        fn key(&self) -> usize {
            self.0
        }

        fn group(&self) -> Option<&'static str> {
            Some(if self.0 < 5 { "few" } else { "many" })
        }
    }

    fn numbers(range: std::ops::Range<usize>) -> Vec<Number> {
        range.map(Number).collect()
    }

    fn list(range: std::ops::Range<usize>, height: usize) -> List<Number> {
        let mut list = List::default();
        list.set_height(height);
        list.replace(numbers(range), false, false, None);
        list
    }

    #[test]
    fn the_cursor_stays_with_its_row_when_rows_arrive_above_it() {
        let mut list = list(10..20, 5);
        list.go_to(4);
        list.replace(numbers(0..20), false, false, None);
        assert_eq!(list.selected(), Some(&Number(14)));
    }

    #[test]
    fn a_list_that_nobody_touched_stays_on_its_first_row() {
        let mut list = list(10..20, 5);
        list.replace(numbers(4..20), false, false, None);
        assert_eq!(list.selected(), Some(&Number(4)));
        list.touch();
        list.replace(numbers(0..20), false, false, None);
        assert_eq!(list.selected(), Some(&Number(4)));
    }

    #[test]
    fn rows_that_arrive_at_the_very_top_are_seen_while_the_cursor_stays_on_the_screen() {
        let mut list = list(10..30, 8);
        list.go_to(2);
        list.replace(numbers(9..30), false, false, None);
        assert_eq!((list.lines().get(1), list.selected()), (Some(&Line::Row(0, &Number(9))), Some(&Number(12))));
        list.replace(numbers(0..30), false, false, None);
        assert_eq!(list.selected(), Some(&Number(12)));
        assert!(list.lines().iter().any(|line| matches!(line, Line::Row(12, _))), "{list:?}");
        assert!(list.lines().iter().all(|line| !matches!(line, Line::Row(0, _))), "{list:?}");
    }

    #[test]
    fn a_row_that_vanished_leaves_the_cursor_in_its_place() {
        let mut list = list(0..10, 5);
        list.go_to(9);
        list.replace(numbers(0..5), false, false, None);
        assert_eq!(list.selected(), Some(&Number(4)));
        list.replace(Vec::new(), false, false, None);
        assert_eq!((list.selected(), list.lines().len()), (None, 0));
    }

    #[test]
    fn the_cursor_is_always_on_the_screen() {
        let mut list = list(0..40, 7);
        for step in [1, 1, 1, 1, 1, 1, 1, 1, 20, -3, -1, -1, -1, -1, -1, -1, -1, -1, -9, 100, -100] {
            list.move_by(step);
            let cursor = list.cursor();
            assert!(
                list.lines().iter().any(|line| matches!(line, Line::Row(index, _) if *index == cursor)),
                "{list:?}"
            );
            assert!(list.lines().len() == 7, "the screen is full");
        }
    }

    #[test]
    fn the_first_line_always_names_its_group() {
        let mut list = list(0..40, 7);
        assert_eq!(list.lines().first(), Some(&Line::Heading("few")));
        list.go_to(30);
        assert_eq!(list.lines().first(), Some(&Line::Heading("many")));
    }

    #[test]
    fn more_rows_are_wanted_before_the_cursor_reaches_the_end() {
        let mut list = List::default();
        list.set_height(10);
        list.replace(numbers(0..500), false, true, None);
        assert_eq!(list.wants(), None);
        list.go_to(400);
        assert_eq!(list.wants(), Some(Want::After(&Number(499))));
        list.extend(true, numbers(500..1000), true);
        list.go_to(999);
        list.extend(true, numbers(1000..1500), true);
        assert_eq!(list.selected(), Some(&Number(999)));
        assert!(list.rows().len() < 1500, "rows far behind the cursor are let go of");
        list.go_to(0);
        assert_eq!(list.wants(), Some(Want::Before(&Number(list.rows()[0].0))));
    }

    #[test]
    fn marked_rows_are_acted_on_and_else_the_one_under_the_cursor() {
        let mut list = list(0..10, 5);
        assert_eq!(list.targets(), [&Number(0)]);
        list.toggle_mark();
        list.go_to(3);
        list.toggle_mark();
        assert_eq!(list.targets(), [&Number(0), &Number(3)]);
        assert!(list.clear_marks());
        assert_eq!(list.targets(), [&Number(3)]);
    }

    #[test]
    fn the_wheel_moves_the_screen_and_keeps_it_full() {
        let mut list = list(0..40, 7);
        list.scroll_by(3);
        assert_eq!(list.selected(), Some(&Number(3)));
        list.scroll_by(1000);
        assert_eq!(list.lines().len(), 7);
        assert_eq!(list.lines().last(), Some(&Line::Row(39, &Number(39))));
    }
}
