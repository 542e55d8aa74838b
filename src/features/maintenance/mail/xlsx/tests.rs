use std::io::Write as _;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const RELATIONS: &str = r#"<Relationships>
    <Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/>
    <Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>"#;

/// A spreadsheet with this sheet and these strings.
fn spreadsheet(sheet: &str, strings: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let workbook = r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="rId1"/><sheet name="T" r:id="rId9"/></sheets></workbook>"#;
    for (name, text) in [
        ("xl/Workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The rows that are read of a sheet.
fn read(sheet: &str, strings: &str) -> Vec<Vec<String>> {
    first_sheet(&spreadsheet(sheet, strings)).unwrap()
}

#[test]
fn every_kind_of_value_is_text_in_its_column() {
    let strings = "<sst><si><t>Circuit &amp; more</t></si><si><r><t>A</t></r><r><t>&#66;</t></r>\
                   <rPh sb=\"0\"><t>reading</t></rPh></si><si/></sst>";
    let sheet = r#"<worksheet><dimension ref="B1:F9"/><sheetData>
        <row r="1"><c r="B1" t="s"><v>0</v></c><c r="D1" t="s"><v>1</v></c><c t="b"><v>1</v></c></row>
        <row r="3"/><row r="4"><c r="A4"/></row>
        <row r="9"><c r="B9"><v>1.5E3</v></c><c r="C9" t="inlineStr"><is><t>in</t><t>line</t></is></c>
            <c r="D9" t="str"><f>A1&amp;"no"</f><v>result</v></c><c r="F9" t="s"><v>77</v></c></row>
    </sheetData></worksheet>"#;
    let rows = read(sheet, strings);
    assert_eq!(rows, [vec!["", "Circuit & more", "", "AB", "true"], vec!["", "1500", "inline", "result", "", ""]]);
}

#[test]
fn what_a_file_says_of_its_size_reserves_nothing() {
    let far = r#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData>
        <row r="1"><c r="A1" t="inlineStr"><is><t>first</t></is></c></row>
        <row r="1048576"><c r="XFD1048576"/><c r="A1048576"><v>2</v></c></row>
    </sheetData></worksheet>"#;
    let rows = read(far, r#"<sst count="999999999999999" uniqueCount="999999999999999"><si><t>x</t></si></sst>"#);
    assert_eq!(rows, [vec!["first"], vec!["2"]]);
}

#[test]
fn a_spreadsheet_that_unpacks_without_end_is_given_up() {
    let spaces = " ".repeat(usize::try_from(MAX_UNPACKED_BYTES).unwrap());
    let bomb = spreadsheet(&format!("<worksheet><sheetData>{spaces}"), "<sst/>");
    assert!(bomb.len() < 100_000);
    let reason = "it unpacks to more than 48 MB, which is as much as noctui reads";
    assert_eq!(first_sheet(&bomb), Err(Unread::TooLarge(reason.to_owned())));
}

#[test]
fn a_sheet_is_read_whole_or_not_at_all() {
    let read = |rows: String| first_sheet(&spreadsheet(&format!("<worksheet><sheetData>{rows}"), "<sst/>"));
    let too_large =
        |reason: &str| Err(Unread::TooLarge(format!("more than {reason}, which is as many as noctui reads")));
    let row = |cells: usize| format!("<row>{}</row>", "<c><v>1</v></c>".repeat(cells));
    assert_eq!(read(row(30).repeat(10_000)).unwrap().len(), 10_000);
    assert_eq!(read(row(1).repeat(MAX_ROWS)).unwrap().len(), MAX_ROWS);
    assert_eq!(read(row(1).repeat(MAX_ROWS + 1)), too_large("20000 rows"));
    assert_eq!(read(row(MAX_COLUMNS).repeat(2_501)), too_large("500000 cells"));
    assert_eq!(read(row(MAX_COLUMNS + 1)), too_large("200 columns"));
    assert_eq!(read(r#"<row><c r="B1"><v>1</v></c><c r="XFD1"/></row>"#.to_owned()).unwrap(), [vec!["", "1"]]);
}

#[test]
fn what_is_no_spreadsheet_is_nothing_and_a_torn_sheet_is_read_as_far_as_it_goes() {
    assert_eq!(first_sheet(b"PK\x03\x04 and no more"), Err(Unread::Damaged));
    assert_eq!(unreadable(b"PK\x03\x04 and no more"), Some("it is damaged, or no spreadsheet"));
    assert_eq!(unreadable(&spreadsheet("", "")), Some("nothing can be read of its first sheet"));
    assert_eq!(unreadable(&spreadsheet("<worksheet><row><c><v>1</v></c></row></worksheet>", "<sst/>")), None);
    assert_eq!(first_sheet(&spreadsheet("", "")).unwrap(), Vec::<Vec<String>>::new());
    assert_eq!(read("<worksheet><row><c><v>1</v></c></row><row><c><v>2</v></c></oops>", "<sst>"), [vec!["1"]]);
    assert_eq!(column("XFD1"), Some(16_383));
    assert_eq!(column("1"), None);
    assert_eq!(column(&"Z".repeat(1_000)), Some(475_253));
}
