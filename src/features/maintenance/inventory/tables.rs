//! An inventory as TOML: a `[[circuit]]` for each.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::KnownCircuit;
use super::rows::{Field, Row, checked, problem, unknown_name, whole};
use crate::config::{Origin, Problem};

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    /// The circuits; anything may stand in them, so that a mistake in one does not hold up the others.
    #[serde(default)]
    circuit: Vec<Spanned<BTreeMap<Spanned<String>, Spanned<toml::Value>>>>,
}

/// The rows of a text, and what is wrong with others.
pub(super) fn rows(file: &Path, text: &str) -> Result<(Vec<Row>, Vec<Problem>), Box<Problem>> {
    let tables: Tables = toml::from_str(text).map_err(|error| {
        let mut wrong = whole(file, error.message(), "write [[circuit]] and below it id = \"…\"");
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        wrong.origin = Origin::File { path: file.into(), line, column };
        Box::new(wrong)
    })?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut lines = Places { text, at: 0, line: 1 };
    for table in tables.circuit {
        let mut at = lines.of(table.span().start);
        let mut circuit = KnownCircuit::default();
        let mut is_right = true;
        for (key, value) in table.into_inner() {
            let Some(field) = Field::named(key.as_ref()) else {
                problems.push(unknown_name(file, place(text, key.span().start), key.as_ref()));
                is_right = false;
                continue;
            };
            if field == Field::Id {
                at = place(text, value.span().start);
            }
            match values(value.as_ref()) {
                Some(values) if field == Field::Tags || values.len() == 1 => {
                    for value in &values {
                        field.set(&mut circuit, value);
                    }
                }
                _ => {
                    let what = format!("{} is no text", value.as_ref());
                    let fix = if field == Field::Tags { "write a list of texts" } else { "write a text in quotes" };
                    problems.push(problem(file, place(text, value.span().start), key.as_ref(), &what, fix));
                    is_right = false;
                }
            }
        }
        if is_right {
            match checked(file, circuit, at) {
                Ok(row) => rows.push(row),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    Ok((rows, problems))
}

/// A text or a list of texts; numbers are taken for what they look like, since some ids are nothing else.
fn values(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Array(values) => {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        toml::Value::Float(_) | toml::Value::Boolean(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// Line and column of a place, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let above = text.get(..at).unwrap_or(text);
    let line = above.matches('\n').count() + 1;
    (line, above.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// Lines of places that come one after the other, so that a long file is gone through once.
struct Places<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Places<'_> {
    /// Line and column of a place behind the last one.
    fn of(&mut self, at: usize) -> (usize, usize) {
        self.line += self.text.get(self.at..at).unwrap_or_default().matches('\n').count();
        self.at = at.max(self.at);
        (self.line, 1)
    }
}
