//! Separated values and spreadsheets as a page with one table.
//!
//! Of separated values the encoding shows in the first bytes and the separator in the first line; of a spreadsheet the
//! first sheet counts, and repeated rows once.

use std::collections::HashSet;

use encoding_rs::{Encoding, UTF_16LE};

use super::page::Page;
use super::{charset, xlsx};

/// Of separated values no more bytes are read. A line of so many separators takes a hundred megabytes to take apart.
const MAX_BYTES: usize = 2 << 20;
/// Longer attachments are cut.
const MAX_ROWS: usize = 20_000;
/// Cells beyond this in one row are left out.
const MAX_COLUMNS: usize = 200;

/// The table of a spreadsheet; an empty page if it cannot be read or unpacks to too much.
pub(super) fn spreadsheet(bytes: &[u8]) -> Page {
    let mut rows = xlsx::first_sheet(bytes).unwrap_or_default();
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.clone()));
    Page::from_rows(rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// The table of separated values.
pub(super) fn separated(bytes: &[u8]) -> Page {
    let mut text = decode(bytes);
    text.truncate(text.floor_char_boundary(MAX_BYTES));
    let separator = separator(text.lines().next().unwrap_or_default());
    let mut rows = records(&text, separator, true);
    if rows.iter().flatten().any(|cell| has_rows(cell, separator)) {
        // A quotation mark that is never closed is a letter like others.
        rows = records(&text, separator, false);
    }
    Page::from_rows(rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// The cells of every row; with `quoting`, a cell between quotation marks may have separators and line ends in it.
fn records(text: &str, separator: u8, quoting: bool) -> Vec<Vec<String>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).quoting(quoting);
    let mut reader = builder.from_reader(text.as_bytes());
    let records = reader.records().take(MAX_ROWS).filter_map(Result::ok);
    let cell = |cell: &str| match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        Some(inner) if !quoting => inner.replace("\"\"", "\""),
        _ => cell.to_owned(),
    };
    records.map(|record| record.iter().take(MAX_COLUMNS).map(cell).collect()).collect()
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
    fn what_nobody_reads_of_separated_values_is_cut() {
        let wide = separated(&b"a,".repeat(10_000_000));
        assert_eq!(wide.row_cells(0).count(), MAX_COLUMNS);
        let long = separated(&b"a,b\n".repeat(30_000));
        assert_eq!(long.rows().count(), MAX_ROWS);
        let torn = separated("é,".repeat(MAX_BYTES).as_bytes());
        assert_eq!(torn.row_cells(0).count(), MAX_COLUMNS);
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
