//! Rows of tables.

use std::ops::Range;

use super::extract::{Extract, MAX_MATCHES, each, edited, has_window, is_time, take};
use super::partial::{Bag, Partial};
use super::rule::{Column, Place, Table};
use super::{fold, label};

impl Extract<'_> {
    /// Rows of tables.
    pub(super) fn table(&self, table: &Table, lines: &Range<usize>, partial: &mut Partial) -> Result<bool, String> {
        // Tables inside tables interrupt the outer ones, so each has its own state: its columns, and whether it is done.
        let mut states: Vec<(Option<Vec<Option<usize>>>, bool)> =
            vec![(table.without_header(), false); self.page.tables()];
        let mut found = 0;
        for (index, row) in self.page.rows() {
            let Some((places, done)) = states.get_mut(index) else { continue };
            let cells: Vec<usize> = self.page.row_cells(row).collect();
            if cells.first().is_none_or(|cell| !lines.contains(&self.page.cell_lines(*cell).start)) {
                continue;
            }
            if let Some(header) = self.header(table, &cells) {
                (*places, *done) = (Some(header), false);
                continue;
            }
            let shape = table.cells.is_empty() || table.cells.contains(&cells.len());
            let Some(places) = places.as_ref().filter(|_| shape && !*done) else { continue };
            let Some(bag) = self.row(table, places, &cells) else { continue };
            found += 1;
            if found > MAX_MATCHES {
                return Err("too many rows".to_owned());
            }
            let line = cells.first().map_or(0, |cell| self.page.cell_lines(*cell).start);
            partial.at(line);
            partial.is_former = has_window(&bag) && self.is_under_former(line);
            partial.take(&bag, self.rule)?;
            *done = table.first_row;
        }
        Ok(found > 0)
    }

    /// Where the columns are, if this row is their header.
    pub(super) fn header(&self, table: &Table, cells: &[usize]) -> Option<Vec<Option<usize>>> {
        let text = |cell: &usize| self.page.cell_text(*cell).trim_end_matches([':', ' ']);
        let is = |cell: &usize, wanted: &String| fold::is(text(cell), wanted);
        let is_alike = |cell: &usize, wanted: &String| label::after(text(cell), wanted).is_some_and(label::is_whole);
        if !table.header.is_empty() {
            let fits = table.header.len() <= cells.len()
                && table.header.iter().zip(cells).all(|(wanted, cell)| is_alike(cell, wanted));
            if !fits {
                return None;
            }
        } else if !table.columns.iter().any(|column| matches!(column.place, Place::Header(_))) {
            return None;
        }
        let place = |column: &Column| match &column.place {
            Place::At(at) => Some(*at),
            Place::Header(names) => {
                let place = |name| cells.iter().position(|cell| is(cell, name));
                let alike = |name| cells.iter().position(|cell| is_alike(cell, name));
                names.iter().find_map(place).or_else(|| names.iter().find_map(alike))
            }
        };
        let places: Vec<Option<usize>> = table.columns.iter().map(place).collect();
        let complete = places.iter().zip(&table.columns).all(|(place, column)| place.is_some() || column.optional);
        complete.then_some(places)
    }

    /// What a row says; `None` if it does not count.
    fn row(&self, table: &Table, places: &[Option<usize>], cells: &[usize]) -> Option<Bag> {
        let mut bag = Bag::default();
        for (column, place) in table.columns.iter().zip(places) {
            let Some(cell) = place.and_then(|place| cells.get(place)) else {
                if column.optional {
                    continue;
                }
                return None;
            };
            let text = self.page.cell_text(*cell);
            let fits = column.need.as_ref().is_none_or(|need| need.is_match(text))
                && !column.never.as_ref().is_some_and(|never| never.is_match(text));
            if !fits {
                return None;
            }
            // Several columns may hold the same field: the first that has it counts.
            if column.take.pattern.is_none() && column.take.words.is_empty() && column.take.split.is_none() {
                let text = edited(&column.take, text);
                let means = !column.take.not.iter().any(|not| fold::is(&text, not));
                if let Some(field) =
                    column.take.field.filter(|field| means && (!bag.has_for_all(*field) || is_time(*field)))
                {
                    for text in each(field, &text) {
                        bag.add_cell(field, text, column.take.keep);
                    }
                }
            } else if column.take.field.is_none_or(|field| !bag.has_for_all(field)) {
                take(&column.take, text, None, &mut bag);
            }
        }
        if bag.is_empty() { None } else { Some(bag) }
    }
}

impl Table {
    /// The columns of a table that needs no header.
    fn without_header(&self) -> Option<Vec<Option<usize>>> {
        if !self.header.is_empty() {
            return None;
        }
        let place = |column: &Column| match column.place {
            Place::At(at) => Some(Some(at)),
            Place::Header(_) => None,
        };
        self.columns.iter().map(place).collect()
    }
}
