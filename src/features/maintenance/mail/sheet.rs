//! Separated values and spreadsheets as a page with one table.
//!
//! Of separated values the encoding shows in the first bytes and the separator in the first line; of a spreadsheet the
//! first sheet counts, and repeated rows once.

use std::collections::HashSet;

use encoding_rs::{Encoding, UTF_16LE};

use super::page::Page;
use super::xlsx::Unread;
use super::{charset, xlsx};

/// Separated values with more lines than this are not read.
const MAX_ROWS: usize = 20_000;
/// Rows with something beyond this column are not read.
const MAX_COLUMNS: usize = 200;
/// Separated values with more separators than this are not read: each cell takes a hundred bytes until it is on the page.
const MAX_CELLS: usize = 1_000_000;

/// The table of a spreadsheet; an empty page if it cannot be read, with the reason if that is its size.
pub(super) fn spreadsheet(bytes: &[u8]) -> Page {
    let mut rows = match xlsx::first_sheet(bytes) {
        Ok(rows) => rows,
        Err(Unread::TooLarge(reason)) => return Page::too_large(format!("the spreadsheet is too large: {reason}")),
        Err(Unread::Damaged) => Vec::new(),
    };
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.clone()));
    Page::from_rows(rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// The table of separated values; an empty page with the reason if there are too many.
pub(super) fn separated(bytes: &[u8]) -> Page {
    match rows(&decode(bytes)) {
        Ok(rows) => Page::from_rows(rows.iter().map(|row| row.iter().map(String::as_str))),
        Err(reason) => Page::too_large(format!("the separated values are too many: {reason}")),
    }
}

/// The rows of separated values, or why they are too many.
fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let separator = separator(text.lines().next().unwrap_or_default());
    let cells = text.bytes().filter(|byte| *byte == separator).count();
    if cells > MAX_CELLS {
        return Err(format!("{cells} cells; noctui reads up to {MAX_CELLS}"));
    }
    let rows = records(text, separator, true)?;
    if rows.iter().flatten().any(|cell| has_rows(cell, separator)) {
        // A quotation mark that is never closed is a letter like others.
        return records(text, separator, false);
    }
    Ok(rows)
}

/// The cells of every row, or why they are too many; with `quoting`, a cell between quotation marks may have separators and
/// line ends in it.
fn records(text: &str, separator: u8, quoting: bool) -> Result<Vec<Vec<String>>, String> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).quoting(quoting);
    let mut reader = builder.from_reader(text.as_bytes());
    let cell = |cell: &str| match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        Some(inner) if !quoting => inner.replace("\"\"", "\""),
        _ => cell.to_owned(),
    };
    let mut rows = Vec::new();
    for record in reader.records().filter_map(Result::ok) {
        if rows.len() == MAX_ROWS {
            return Err(format!("more than {MAX_ROWS} rows, which is as many as noctui reads"));
        }
        let filled =
            (1..).zip(&record).filter(|(_, cell)| !cell.trim().is_empty()).map(|(at, _)| at).last().unwrap_or(0);
        if filled > MAX_COLUMNS {
            return Err(format!("a row of {filled} columns; noctui reads up to {MAX_COLUMNS}"));
        }
        rows.push(record.iter().take(MAX_COLUMNS).map(cell).collect());
    }
    Ok(rows)
}

/// Whether a cell has swallowed other rows: an address over several lines has no tabs in it, and hardly as many commas.
fn has_rows(cell: &str, separator: u8) -> bool {
    let least = if separator == b',' { 3 } else { 1 };
    let count = |line: &str| line.bytes().filter(|byte| *byte == separator).count();
    cell.trim().contains('\n') && cell.lines().any(|line| count(line) >= least)
}

/// The text; UTF-16 without a mark shows in its zero bytes.
fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    let zeros = bytes.iter().skip(1).step_by(2).take(64).filter(|byte| **byte == 0).count();
    if zeros > 8 { UTF_16LE.decode(bytes).0.into_owned() } else { charset::guess(bytes) }
}

/// The separator that the first line has most of.
fn separator(line: &str) -> u8 {
    let count = |separator: u8| line.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .filter(|best| count(*best) > 0)
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separated_values_are_read_whole_or_not_at_all() {
        let read = |text: &str| {
            let page = separated(text.as_bytes());
            (page.rows().count(), page.is_too_large().unwrap_or_default().to_owned())
        };
        let begin = "the separated values are too many: ";
        // Seven megabytes.
        assert_eq!(read(&format!("C-1,{}\n", "x".repeat(700)).repeat(10_000)), (10_000, String::new()));
        assert_eq!(read(&"a,b\n".repeat(MAX_ROWS)), (MAX_ROWS, String::new()));
        let rows = "more than 20000 rows, which is as many as noctui reads";
        assert_eq!(read(&"a,b\n".repeat(MAX_ROWS + 1)), (0, format!("{begin}{rows}")));
        let cells = "10000000 cells; noctui reads up to 1000000";
        assert_eq!(read(&"a,".repeat(10_000_000)), (0, format!("{begin}{cells}")));
        assert_eq!(read(&"é,".repeat(10_000_000)), (0, format!("{begin}{cells}")));
        let columns = "a row of 201 columns; noctui reads up to 200";
        assert_eq!(read(&format!("a,b\na{}b\n", ",".repeat(MAX_COLUMNS))), (0, format!("{begin}{columns}")));
        // Programs write rows as long as their sheets.
        assert_eq!(read(&format!("a,b{}\n", ",".repeat(16_384))), (1, String::new()));
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_swallows_no_rows() {
        let rows = |text: &str| {
            let page = separated(text.as_bytes());
            let rows = page.rows().map(|(_, row)| {
                page.row_cells(row).map(|cell| page.cell_text(cell).to_owned()).collect::<Vec<_>>().join("|")
            });
            rows.collect::<Vec<_>>()
        };
        let open = "Circuit ID\tAddress\tOCN\nA-1\t\"Ring\" 5\t1\nA-2\t\"Quay\t1\n\"A-3\"\tDock\t1\nA-4\tPier\t1\n";
        assert_eq!(rows(open)[1..], ["A-1|\"Ring\" 5|1", "A-2|\"Quay|1", "A-3|Dock|1", "A-4|Pier|1"]);
        // One that is closed holds a line end, and separators.
        let closed = "Circuit ID,Address,OCN,Site\nA-1,\"Dock 1,\nGhent, BE\",1,X\nA-2,Pier,1,Y\n";
        assert_eq!(rows(closed)[1..], ["A-1|Dock 1, Ghent, BE|1|X", "A-2|Pier|1|Y"]);
    }

    #[test]
    fn values_in_utf16_with_tabs_are_a_table() {
        let text = "Circuit ID\tOCN\r\n IC-1 \tOCN: 12\r\n";
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [&bytes[..], &bytes[2..], text.as_bytes()] {
            let page = separated(bytes);
            let cells: Vec<&str> = page.row_cells(1).map(|cell| page.cell_text(cell)).collect();
            assert_eq!(cells, ["IC-1", "OCN: 12"]);
        }
    }
}
