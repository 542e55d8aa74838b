//! An inventory as separated values: a header with the names of fields, and a row for each circuit.

use std::path::Path;

use super::KnownCircuit;
use super::quotes::{Open, without_open};
use super::rows::{Field, Row, checked, problem, unknown_name, whole};
use crate::config::Problem;

/// The rows of a text, and what is wrong with others.
pub(super) fn rows(file: &Path, text: &str) -> Result<(Vec<Row>, Vec<Problem>), Box<Problem>> {
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [b',', b';', b'\t'].into_iter().max_by_key(|byte| first.bytes().filter(|other| other == byte).count());
    let separator = separator.unwrap_or(b',');
    let (text, open) = without_open(text, separator);
    let mut problems: Vec<Problem> = open.iter().map(|open| not_closed(file, *open)).collect();
    if open.first().is_some_and(|open| open.line == 1) {
        return Err(Box::new(problems.swap_remove(0)));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let fields: Vec<Option<Field>> = header.iter().map(Field::named).collect();
    if !fields.contains(&Some(Field::Id)) {
        let fix = "write a header such as id,provider,name,site_a,site_z,type,tags";
        let mut none = whole(file, "its first line names no column `id`", fix);
        none.origin = crate::config::Origin::File { path: file.into(), line: 1, column: 1 };
        return Err(Box::new(none));
    }
    for (index, name) in header.iter().enumerate().filter(|(index, _)| fields.get(*index) == Some(&None)) {
        let mut unknown = unknown_name(file, (1, column(first, index, separator)), name);
        "the column is left out; the others count".clone_into(&mut unknown.because);
        problems.push(unknown);
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let place = (usize::try_from(line).unwrap_or_default(), 1);
                problems.push(problem(file, place, "", &error.to_string(), "correct the row"));
                continue;
            }
        };
        let mut line = record.position().map_or(0, |place| usize::try_from(place.line()).unwrap_or_default());
        // The reader takes empty lines above a row for its beginning.
        while line > 0 && lines.get(line - 1).is_some_and(|above| above.is_empty()) {
            line += 1;
        }
        let written = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or_default();
        if record.iter().all(|value| value.trim().is_empty()) {
            continue;
        }
        if record.len() > fields.len() {
            let what = format!("the row has {} values, and the header {}", record.len(), fields.len());
            let place = (line, column(written, fields.len(), separator));
            problems.push(problem(file, place, "", &what, "put a value with a separator in it into quotes"));
            continue;
        }
        let mut circuit = KnownCircuit::default();
        let mut at = 0;
        for (index, (field, value)) in fields.iter().zip(&record).enumerate() {
            let Some(field) = field else { continue };
            field.set(&mut circuit, value);
            if *field == Field::Id {
                at = index;
            }
        }
        match checked(file, circuit, (line, column(written, at, separator))) {
            Ok(row) => rows.push(row),
            Err(problem) => problems.push(*problem),
        }
    }
    Ok((rows, problems))
}

/// What is said of a quote that is not closed.
fn not_closed(file: &Path, open: Open) -> Problem {
    let fix = "close it at the end of the value; a quote within a value is written twice";
    problem(file, (open.line, open.column), "", "the quote that begins here is not closed", fix)
}

/// The column, in characters from 1, at which a value of a line begins.
fn column(line: &str, value: usize, separator: u8) -> usize {
    let (mut left, mut is_quoted) = (value, false);
    for (at, c) in line.chars().enumerate() {
        if left == 0 {
            return at + 1;
        }
        if c == '"' {
            is_quoted = !is_quoted;
        } else if c == char::from(separator) && !is_quoted {
            left -= 1;
        }
    }
    line.chars().count() + 1
}
