//! Inputs of a studio: one JSON value, read and written by paths.

use serde_json::{Map, Value};

/// The longest list that a write may make; the places between are filled with null.
pub(super) const LONGEST: usize = 100_000;

/// The value at a path.
pub(super) fn get<'a>(root: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(elements) => elements.get(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Sets the value at a path; what was below it is gone. A number is an index where a list stands or nothing does.
pub(super) fn set(root: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        *root = value;
        return Ok(());
    };
    let index = step.parse::<usize>().ok();
    if root.is_null() {
        *root = if index.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    match (root, index) {
        (Value::Object(members), _) => set(members.entry(step.clone()).or_insert(Value::Null), rest, value),
        (Value::Array(elements), Some(index)) if index < LONGEST => {
            if elements.len() <= index {
                elements.resize(index + 1, Value::Null);
            }
            elements.get_mut(index).map_or(Ok(()), |element| set(element, rest, value))
        }
        _ => Err(format!("there can be nothing at {step:?} of the path")),
    }
}

/// Takes away the value at a path.
pub(super) fn remove(root: &mut Value, path: &[String]) {
    let Some((last, above)) = path.split_last() else {
        *root = Value::Null;
        return;
    };
    let above = above.iter().try_fold(root, |value, step| match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(elements) => elements.get_mut(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    });
    match above {
        Some(Value::Object(members)) => drop(members.remove(last)),
        Some(Value::Array(elements)) => {
            if let Some(index) = last.parse::<usize>().ok().filter(|index| *index < elements.len()) {
                elements.remove(index);
            }
        }
        _ => {}
    }
}

/// The value in parts of at most about `limit` bytes of JSON, each with its path: large inputs come in several messages.
pub(super) fn split(root: &Value, limit: usize) -> Vec<(Vec<String>, String)> {
    let mut parts = Vec::new();
    collect(root, &mut Vec::new(), limit, &mut parts);
    parts
}

/// Adds the parts of `value`, which stands at `path`.
fn collect(value: &Value, path: &mut Vec<String>, limit: usize, parts: &mut Vec<(Vec<String>, String)>) {
    let text = value.to_string();
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(at, element)| (at.to_string(), element)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    if text.len() <= limit || members.is_empty() {
        parts.push((path.clone(), text));
        return;
    }
    for (step, member) in members {
        path.push(step);
        collect(member, path, limit, parts);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A path from its steps.
    fn path(steps: &str) -> Vec<String> {
        steps.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn a_write_makes_what_is_missing_on_its_way() {
        let mut root = Value::Null;
        set(&mut root, &path("devices/1/tags"), json!({"query": "device:X"})).unwrap();
        assert_eq!(root, json!({"devices": [null, {"tags": {"query": "device:X"}}]}));
        assert_eq!(get(&root, &path("devices/1/tags/query")), Some(&json!("device:X")));
        assert_eq!(get(&root, &path("devices/2")), None);
    }

    #[test]
    fn a_write_above_replaces_what_was_written_below() {
        let mut root = json!({"a": {"b": 1, "c": 2}});
        set(&mut root, &path("a"), json!({"b": 3})).unwrap();
        assert_eq!(root, json!({"a": {"b": 3}}));
        remove(&mut root, &path("a/b"));
        assert_eq!(root, json!({"a": {}}));
    }

    #[test]
    fn a_path_through_a_scalar_and_a_hostile_index_are_refused() {
        let mut root = json!({"a": 1, "list": []});
        assert!(set(&mut root, &path("a/b"), json!(2)).is_err());
        assert!(set(&mut root, &path("list/99999999999"), json!(2)).is_err());
        assert_eq!(root, json!({"a": 1, "list": []}));
    }

    #[test]
    fn large_inputs_come_in_parts_that_make_the_same_value_again() {
        let root = json!({"devices": [{"name": "one"}, null, {"name": "three"}], "other": true});
        assert_eq!(split(&root, 1000), [(vec![], root.to_string())]);
        let parts = split(&root, 20);
        assert_eq!(parts.len(), 4, "{parts:?}");
        let mut again = Value::Null;
        for (path, text) in parts {
            set(&mut again, &path, serde_json::from_str(&text).unwrap()).unwrap();
        }
        assert_eq!(again, root);
    }
}
