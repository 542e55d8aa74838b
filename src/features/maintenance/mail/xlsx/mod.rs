//! The first sheet of a spreadsheet as rows of text.
//!
//! Reads as little of the format as that takes (ECMA-376 part 1, §18.3 and §18.4). Libraries for spreadsheets believe
//! what a file says of itself: one of a kilobyte that names the cell XFD1048576, or counts its strings as a billion,
//! makes them ask for more memory than there is, which ends the program. Here nothing is reserved on a file's word, and
//! everything is counted while it is unpacked.

use std::io::{Cursor, Read as _};

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;

use super::charset;

/// Bytes that the files of one spreadsheet unpack to, all together; what is beyond makes it unreadable.
const MAX_UNPACKED_BYTES: u64 = 48 << 20;
/// Longer sheets are not read.
const MAX_ROWS: usize = 20_000;
/// Sheets with something beyond this column are not read.
const MAX_COLUMNS: usize = 200;
/// Sheets with more cells than this are not read.
const MAX_CELLS: usize = 500_000;
/// Where the workbook is, unless a writer has ideas of its own.
const WORKBOOK: &str = "xl/workbook.xml";

/// Why a spreadsheet is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is damaged, or no spreadsheet.
    Damaged,
    /// It is too large to be read whole; what is too large.
    TooLarge(String),
}

/// Why there is nothing of a spreadsheet, if there should be something: empty ones have nothing either.
pub(super) fn unreadable(bytes: &[u8]) -> Option<&'static str> {
    match first_sheet(bytes) {
        Ok(rows) if rows.is_empty() => Some("nothing can be read of its first sheet"),
        Ok(_) | Err(Unread::TooLarge(_)) => None,
        Err(Unread::Damaged) => Some("it is damaged, or no spreadsheet"),
    }
}

/// The rows of the first sheet that are not empty, all of them.
pub(super) fn first_sheet(bytes: &[u8]) -> Result<Vec<Vec<String>>, Unread> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unread::Damaged)?;
    let mut package = Package { archive, left: MAX_UNPACKED_BYTES };
    let rows = sheet(&mut package);
    let unpacks =
        || format!("it unpacks to more than {} MB, which is as much as noctui reads", MAX_UNPACKED_BYTES >> 20);
    match rows {
        _ if package.left == 0 => Err(Unread::TooLarge(unpacks())),
        Some(Ok(rows)) => Ok(rows),
        Some(Err(reason)) => Err(Unread::TooLarge(reason)),
        None => Err(Unread::Damaged),
    }
}

/// The rows of the first sheet of a package, or why they are too many.
fn sheet(package: &mut Package<'_>) -> Option<Result<Vec<Vec<String>>, String>> {
    let workbook = package.read(WORKBOOK)?;
    let sheet_id = first(&workbook, "sheet", |sheet| attribute(sheet, "id"))?;
    let relations = package.read("xl/_rels/workbook.xml.rels")?;
    let target = |wanted: &dyn Fn(&BytesStart<'_>) -> bool| {
        first(&relations, "Relationship", |relation| {
            wanted(relation).then(|| attribute(relation, "Target")).flatten().map(|target| resolve(&target))
        })
    };
    let sheet = target(&|relation| attribute(relation, "Id").as_ref() == Some(&sheet_id))?;
    let shared = target(&|relation| attribute(relation, "Type").is_some_and(|kind| kind.ends_with("/sharedStrings")));
    let strings = match shared.and_then(|path| package.read(&path)).map(|xml| strings(&xml)).transpose() {
        Ok(strings) => strings.unwrap_or_default(),
        Err(reason) => return Some(Err(reason)),
    };
    Some(rows(&package.read(&sheet)?, &strings))
}

/// The files inside a spreadsheet.
struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl Package<'_> {
    /// The text of the file at `path`, whatever the case it is written in. What the directory says of its size may be a
    /// lie and is not asked.
    fn read(&mut self, path: &str) -> Option<String> {
        let same = |name: &str| name.replace('\\', "/").trim_start_matches('/').eq_ignore_ascii_case(path);
        let index = self.archive.file_names().position(|name| name.is_ok_and(|name| same(&name)))?;
        let mut unpacked = Vec::new();
        self.archive.by_index(index).ok()?.take(self.left + 1).read_to_end(&mut unpacked).ok()?;
        let left = self.left.checked_sub(unpacked.len() as u64);
        self.left = left.unwrap_or(0);
        left?;
        Some(charset::guess(&unpacked))
    }
}

/// Where a relation of the workbook leads, from the root of the package.
fn resolve(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{}", target.trim_start_matches("./")),
    }
}

/// An attribute by its name without a prefix. Not looked at for repetition, which takes time by the square.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::default()).ok().map(std::borrow::Cow::into_owned)
}

/// What `read` makes of the first element called `name` for which it makes anything.
fn first<T>(xml: &str, name: &str, read: impl Fn(&BytesStart<'_>) -> Option<T>) -> Option<T> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) if element.local_name().as_ref() == name => {
                if let Some(found) = read(&element) {
                    return Some(found);
                }
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Gathers the text of an element, of which only some children count.
#[derive(Debug, Default)]
struct Text {
    /// So far.
    gathered: String,
    /// How deep in children that count it is.
    inside: usize,
    /// How deep in a reading aid (`rPh`), which repeats the text in another script.
    aside: usize,
}

impl Text {
    /// Goes into a child.
    fn enter(&mut self, name: &str) {
        self.inside += usize::from(is_text(name));
        self.aside += usize::from(name == "rPh");
    }

    /// Comes out of it.
    fn leave(&mut self, name: &str) {
        self.inside = self.inside.saturating_sub(usize::from(is_text(name)));
        self.aside = self.aside.saturating_sub(usize::from(name == "rPh"));
    }

    /// Adds text, if it counts here.
    fn add(&mut self, text: &str) {
        if self.inside > 0 && self.aside == 0 {
            self.gathered.push_str(text);
        }
    }

    /// Adds what `&…;` stands for; an unknown one stands for nothing.
    fn add_entity(&mut self, entity: &BytesRef<'_>) {
        match resolve_xml_entity(entity) {
            Some(known) => self.add(known),
            None => _ = entity.resolve_char_ref().ok().flatten().map(|c| self.add(c.encode_utf8(&mut [0; 4]))),
        }
    }

    /// What was gathered; begins anew.
    fn take(&mut self) -> String {
        std::mem::take(self).gathered
    }
}

/// Whether an element has text that is a value: `t` of strings, `v` of all else.
fn is_text(name: &str) -> bool {
    matches!(name, "t" | "v")
}

/// The strings that cells refer to by number.
fn strings(xml: &str) -> Result<Vec<String>, String> {
    let mut reader = Reader::from_str(xml);
    let (mut strings, mut text) = (Vec::new(), Text::default());
    loop {
        if strings.len() > MAX_CELLS {
            return Err(too_many(MAX_CELLS, "texts"));
        }
        match reader.read_event() {
            Ok(Event::Start(element)) => text.enter(element.local_name().as_ref()),
            Ok(Event::Text(found)) => text.add(&found),
            Ok(Event::CData(found)) => text.add(&found),
            Ok(Event::GeneralRef(entity)) => text.add_entity(&entity),
            Ok(Event::Empty(element)) if element.local_name().as_ref() == "si" => strings.push(String::new()),
            Ok(Event::End(element)) => match element.local_name().as_ref() {
                "si" => strings.push(text.take()),
                name => text.leave(name),
            },
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Ok(strings)
}

/// How it is said that there are too many of something.
fn too_many(most: usize, what: &str) -> String {
    format!("more than {most} {what}, which is as many as noctui reads")
}

/// A cell that is being read.
#[derive(Debug, Default)]
struct Cell {
    /// Its column from 0, where it says so.
    column: Option<usize>,
    /// What its value is: `s` the number of a string, `b` a truth, otherwise as it stands.
    kind: String,
}

/// The rows of a sheet as far as it is well formed, empty ones left out.
fn rows(xml: &str, strings: &[String]) -> Result<Vec<Vec<String>>, String> {
    let mut reader = Reader::from_str(xml);
    let (mut rows, mut row, mut cells) = (Vec::new(), Vec::new(), 0);
    let (mut cell, mut text) = (Cell::default(), Text::default());
    loop {
        if rows.len() > MAX_ROWS {
            return Err(too_many(MAX_ROWS, "rows"));
        }
        if cells > MAX_CELLS {
            return Err(too_many(MAX_CELLS, "cells"));
        }
        match reader.read_event() {
            Ok(Event::Start(element)) => match element.local_name().as_ref() {
                "row" => row = Vec::new(),
                "c" => {
                    let column = attribute(&element, "r").and_then(|place| column(&place));
                    cell = Cell { column, kind: attribute(&element, "t").unwrap_or_default() };
                    text = Text::default();
                }
                name => text.enter(name),
            },
            Ok(Event::Text(found)) => text.add(&found),
            Ok(Event::CData(found)) => text.add(&found),
            Ok(Event::GeneralRef(entity)) => text.add_entity(&entity),
            Ok(Event::Empty(element)) if element.local_name().as_ref() == "c" => {
                cells += 1;
                let column = attribute(&element, "r").and_then(|place| column(&place));
                put(&mut row, column, String::new())?;
            }
            Ok(Event::End(element)) => match element.local_name().as_ref() {
                "row" if row.iter().any(|cell: &String| !cell.is_empty()) => rows.push(std::mem::take(&mut row)),
                "c" => {
                    cells += 1;
                    put(&mut row, cell.column, value(&cell.kind, text.take(), strings))?;
                }
                name => text.leave(name),
            },
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Ok(rows)
}

/// Puts a cell where it says it is, or behind the last one. An empty one beyond the bound is left out.
fn put(row: &mut Vec<String>, column: Option<usize>, value: String) -> Result<(), String> {
    let column = column.unwrap_or(row.len());
    if column >= MAX_COLUMNS && !value.trim().is_empty() {
        return Err(too_many(MAX_COLUMNS, "columns"));
    }
    if column < MAX_COLUMNS {
        row.resize(row.len().max(column + 1), String::new());
        if let Some(cell) = row.get_mut(column) {
            *cell = value;
        }
    }
    Ok(())
}

/// The column of a place such as `AB12`, from 0.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number =
        letters.take(4).fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'@'));
    number.checked_sub(1)
}

/// A value as text. Numbers lose what only is a way of writing them: `1.5E3` is 1500.
fn value(kind: &str, text: String, strings: &[String]) -> String {
    match kind {
        "s" => text.trim().parse().ok().and_then(|index: usize| strings.get(index)).cloned().unwrap_or_default(),
        "b" => (if text.trim() == "1" { "true" } else { "false" }).to_owned(),
        "" | "n" => text.trim().parse::<f64>().map_or(text, |number| number.to_string()),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
