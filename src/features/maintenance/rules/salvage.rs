//! What can be read of a rule file in spite of its mistakes, so that all of them are told at once.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::{RuleError, toml_error};
use super::file::RuleFile;

/// As many mistakes of one file are told: whoever has more has another file in mind.
pub(super) const MAX_MISTAKES: usize = 50;

/// Whether a step says too little only because something else in it cannot be read.
pub(super) fn is_consequence(mistake: &RuleError, unread: &RuleError, text: &str) -> bool {
    let (from, to) = (mistake.line.min(unread.line), mistake.line.max(unread.line));
    let mut between = text.lines().skip(from).take(to - from);
    matches!(mistake.key.as_str(), "step" | "columns" | "repeat")
        && from > 0
        && !between.any(|line| line.trim_start().starts_with('['))
}

/// Reads a file without what cannot be read of it; `None` if nothing can.
pub(super) fn read_file(file: &Path, text: &str) -> (Option<RuleFile>, Vec<RuleError>) {
    let mut mistakes = Vec::new();
    let mut table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => return (None, vec![toml_error(&error, file.to_owned(), text)]),
    };
    while mistakes.len() < MAX_MISTAKES {
        let mut error = match RuleFile::deserialize(Deserializer::from(table.clone())) {
            Ok(parsed) => return (Some(parsed), mistakes),
            Err(error) => error,
        };
        error.set_input(Some(text));
        let mistake = toml_error(&error, file.to_owned(), text);
        let is_missing = error.message().starts_with("missing field");
        // What was left out because of its own mistake, or has another name by mistake, is missing now.
        let meant = format!("did you mean `{}`?", mistake.key);
        let is_told = |known: &RuleError| known.key == mistake.key || known.fix.starts_with(&meant);
        if !(is_missing && mistakes.iter().any(is_told)) {
            mistakes.push(mistake);
        }
        // What comes behind it is read without it.
        if is_missing || !error.span().is_some_and(|span| remove(table.get_mut(), &span)) {
            break;
        }
    }
    (None, mistakes)
}

/// Takes the entry out of a table that a mistake is in, the innermost; whether there was one.
fn remove(table: &mut DeTable<'_>, mistake: &Range<usize>) -> bool {
    let holds = |span: Range<usize>| span.start <= mistake.start && mistake.end <= span.end;
    for (_, value) in table.iter_mut() {
        if remove_inside(value.get_mut(), mistake) {
            return true;
        }
    }
    let found = table.iter().find(|(key, value)| holds(key.span()) || holds(value.span()));
    let key = found.map(|(key, _)| key.clone());
    key.is_some_and(|key| table.remove(&key).is_some())
}

/// The same for what may be in a value.
fn remove_inside(value: &mut DeValue<'_>, mistake: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => remove(table, mistake),
        DeValue::Array(array) => array.iter_mut().any(|value| remove_inside(value.get_mut(), mistake)),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            false
        }
    }
}
