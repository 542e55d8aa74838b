//! Separated values and spreadsheets as a page with one table.
//!
//! Of separated values the encoding shows in the first bytes and the separator in the first line; of a spreadsheet the
//! first sheet counts, and repeated rows once.

use std::collections::HashSet;
use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use encoding_rs::{Encoding, UTF_16LE};
use zip::ZipArchive;

use super::charset;
use super::page::Page;

/// Longer attachments are cut.
const MAX_ROWS: usize = 20_000;
/// Spreadsheets that unpack to more are not opened.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// Spreadsheets of more files are not opened.
const MAX_FILES: usize = 1000;

/// The table of a spreadsheet; an empty page if it cannot be read or unpacks to too much.
pub(super) fn spreadsheet(bytes: &[u8]) -> Page {
    let rows = if unpacks(bytes) { first_sheet(bytes).unwrap_or_default() } else { Vec::new() };
    Page::from_rows(rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// Whether a spreadsheet stays within the bounds when it is unpacked. What its directory says may be a lie, so that it is
/// tried.
fn unpacks(bytes: &[u8]) -> bool {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return false };
    let mut left = MAX_UNPACKED_BYTES;
    archive.len() <= MAX_FILES
        && (0..archive.len()).all(|index| {
            let Ok(file) = archive.by_index(index) else { return false };
            let Ok(size) = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()) else { return false };
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        })
}

/// The rows of the first sheet.
fn first_sheet(bytes: &[u8]) -> Option<Vec<Vec<String>>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).ok()?;
    let sheet = book.worksheet_range_at(0)?.ok()?;
    let mut seen = HashSet::new();
    let rows = sheet.rows().take(MAX_ROWS).map(|row| row.iter().map(cell).collect::<Vec<String>>());
    Some(rows.filter(|row| seen.insert(row.clone())).collect())
}

/// A cell as text.
fn cell(data: &Data) -> String {
    data.to_string()
}

/// The table of separated values.
pub(super) fn separated(bytes: &[u8]) -> Page {
    let text = decode(bytes);
    let separator = separator(text.lines().next().unwrap_or_default());
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().take(MAX_ROWS).filter_map(Result::ok).collect();
    Page::from_rows(&rows)
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
