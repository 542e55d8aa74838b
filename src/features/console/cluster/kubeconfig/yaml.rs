//! YAML to values, as far as a kubeconfig needs it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Values inside one another.
const DEEPEST: usize = 32;
/// Values in a file.
const MOST: usize = 100_000;

/// Reads the first document of `text`. Numbers stay texts: nothing here is one.
pub(super) fn read(text: &str) -> Result<Value, String> {
    // The parser states invariants with panics; none is known to be reachable.
    let read = catch_unwind(AssertUnwindSafe(|| read_document(text)));
    read.unwrap_or_else(|_| Err("the YAML cannot be made sense of".to_owned()))
}

/// A list or map that is not at its end yet, and the name whose value comes next.
struct Open {
    value: Value,
    key: Option<String>,
}

fn read_document(text: &str) -> Result<Value, String> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut count = 0_usize;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        let at = |why: &str| format!("line {}: {why}", span.start.line());
        count += 1;
        if count > MOST || open.len() > DEEPEST {
            return Err(at("there is more of it than any kubeconfig has"));
        }
        let value = match event {
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
            Event::DocumentEnd | Event::StreamEnd => return Ok(Value::Null),
            Event::Alias(_) => return Err(at("aliases are not read")),
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => {
                open.push(Open { value: Value::Array(Vec::new()), key: None });
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open { value: Value::Object(Map::new()), key: None });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = open.pop() else { return Err(at("something ends that has not begun")) };
                closed.value
            }
        };
        let Some(around) = open.last_mut() else { return Ok(value) };
        match (&mut around.value, around.key.take(), value) {
            (Value::Array(items), _, value) => items.push(value),
            (Value::Object(members), Some(key), value) => _ = members.insert(key, value),
            (Value::Object(_), None, Value::String(key)) => around.key = Some(key),
            (_, None, value @ (Value::Bool(_) | Value::Null)) => around.key = Some(value.to_string()),
            _ => return Err(at("a list or map cannot be a name here")),
        }
    }
    Ok(Value::Null)
}

/// A single value.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "true" | "True") => Value::Bool(true),
        (ScalarStyle::Plain, "false" | "False") => Value::Bool(false),
        (ScalarStyle::Plain, "" | "~" | "null") => Value::Null,
        (_, text) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_lists_and_values_are_read_and_json_too() {
        let read =
            super::read("# mine\na: 1\nb:\n- name: x\n  on: true\n- ''\nc: null\nd: \"true\"\ne: |\n  two\n  lines\n");
        let expected =
            json!({"a": "1", "b": [{"name": "x", "on": true}, ""], "c": null, "d": "true", "e": "two\nlines\n"});
        assert_eq!(read, Ok(expected));
        assert_eq!(super::read(r#"{"a": ["b", {"c": false}]}"#), Ok(json!({"a": ["b", {"c": false}]})));
        assert_eq!(super::read(""), Ok(Value::Null));
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        assert!(super::read("a: &x [1]\nb: *x\n").is_err());
        assert!(super::read(&"[".repeat(100)).is_err());
        assert!(super::read("a: [\n").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail_otherwise(text in "[a-z:\\-\\[\\]{}&*!|>'\"#\\n ]{0,200}") {
            let _ = super::read(&text);
        }
    }
}
