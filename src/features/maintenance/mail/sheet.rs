//! Separated values as a page with one table: the encoding by its mark, the separator by the first line.

use encoding_rs::{Encoding, UTF_16LE};

use super::charset;
use super::page::Page;

/// Longer attachments are cut.
const MAX_ROWS: usize = 20_000;

/// The table of separated values.
pub(super) fn page(bytes: &[u8]) -> Page {
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
            let page = page(bytes);
            let cells: Vec<&str> = page.row_cells(1).map(|cell| page.cell_text(cell)).collect();
            assert_eq!(cells, ["IC-1", "OCN: 12"]);
        }
    }
}
