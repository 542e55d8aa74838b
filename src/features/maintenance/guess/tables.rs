//! The table that lists circuits.

use super::ids;
use super::pairs::{Meaning, meaning};
use crate::features::maintenance::mail::page::Page;

/// A table with a column of circuits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableSeen {
    /// Its index in the page.
    table: usize,
    /// The line that its header begins on.
    header_line: usize,
    /// The header above the circuits.
    pub(super) circuit: String,
    /// The place of that column.
    at: usize,
    /// The header above the impacts, if there is one.
    pub(super) impact: Option<String>,
}

/// The first table with a header that speaks of circuits, or with a column whose cells look like circuits.
pub(super) fn circuits(page: &Page) -> Option<TableSeen> {
    let rows: Vec<(usize, Vec<usize>)> =
        page.rows().map(|(table, row)| (table, page.row_cells(row).collect())).collect();
    let text = |cell: &usize| page.cell_text(*cell).trim().trim_end_matches(':').to_owned();
    let below = |table: usize, header: usize, at: usize| -> Vec<&str> {
        let rows = rows.iter().skip(header + 1).filter(|(other, _)| *other == table);
        rows.filter_map(|(_, cells)| cells.get(at)).map(|cell| page.cell_text(*cell).trim()).collect()
    };
    let are_circuits = |cells: &[&str]| {
        let good = cells.iter().filter(|cell| ids::is_circuit(cell)).count();
        !cells.is_empty() && good * 5 >= cells.len() * 4
    };
    let seen = |index: usize, table: usize, cells: &[usize], at: usize| TableSeen {
        table,
        header_line: cells.first().map_or(0, |cell| page.cell_lines(*cell).start),
        circuit: cells.get(at).map(text).unwrap_or_default(),
        at,
        impact: cells
            .iter()
            .map(text)
            .find(|head| meaning(head) == Some(Meaning::Impact))
            .filter(|_| index < rows.len()),
    };
    let header = |(index, (table, cells)): (usize, &(usize, Vec<usize>))| {
        // A label with its value is no header.
        let is_header = cells.len() >= 2 && cells.iter().all(|cell| !super::moments::has_date(page.cell_text(*cell)));
        let is_circuit = |at: &usize| {
            let speaks = cells.get(*at).is_some_and(|cell| meaning(&text(cell)) == Some(Meaning::Circuit));
            speaks && are_circuits(&below(*table, index, *at))
        };
        (0..cells.len()).filter(|_| is_header).find(is_circuit).map(|at| seen(index, *table, cells, at))
    };
    rows.iter().enumerate().find_map(header)
}

/// The circuits of a table.
pub(super) fn values(page: &Page, table: &TableSeen) -> Vec<String> {
    let rows = page.rows().filter(|(index, _)| *index == table.table);
    let cells = rows.filter_map(|(_, row)| page.row_cells(row).nth(table.at));
    let below = cells.filter(|cell| page.cell_lines(*cell).start > table.header_line);
    let texts = below.map(|cell| page.cell_text(cell).trim().to_owned());
    texts.filter(|text| *text != table.circuit && ids::is_circuit(text)).collect()
}
