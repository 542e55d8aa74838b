//! The fields that `--json` prints and those that `docs/json.md` describes.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

/// The names of all fields in `value`, however deep.
pub(crate) fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                fields(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The fields that the part of the document below a heading describes; the heading is given by how its line begins.
pub(crate) fn documented(heading: &str) -> BTreeSet<String> {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    let level = heading.find(' ').unwrap();
    let ends = |line: &&str| line.starts_with('#') && line.find(' ').unwrap() <= level;
    let mut lines = docs.lines().skip_while(|line| !line.starts_with(heading));
    assert!(lines.next().is_some(), "no {heading}");
    let part: Vec<&str> = lines.take_while(|line| !ends(line)).collect();
    // The first cell of a table's row names one field or several.
    let row = Regex::new(r"(?m)^\| (`[^|]*) \|").unwrap();
    let name = Regex::new(r"`([a-z0-9_]+)`").unwrap();
    let part = part.join("\n");
    let cells = row.captures_iter(&part).map(|row| row.get(1).unwrap().as_str());
    cells.flat_map(|cell| name.captures_iter(cell).map(|name| name[1].to_owned())).collect()
}
