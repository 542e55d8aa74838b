//! `docs/providers.md` says the truth: its example works, and it names every key.

use std::fs;
use std::process::Command;

use noctui::features::maintenance::rules::Rules;
use regex::Regex;
use serde_json::Value;

use super::{notices, root};

/// The document.
fn document() -> String {
    fs::read_to_string(root().join("docs/providers.md")).unwrap()
}

/// The first block of the document that is marked as `kind`.
fn block(kind: &str) -> String {
    block_below("# Provider rules", kind)
}

/// The first block below a heading that is marked as `kind`.
fn block_below(heading: &str, kind: &str) -> String {
    let text = document();
    let text = text.split_once(heading).unwrap().1.to_owned();
    let start = text.find(&format!("```{kind}\n")).unwrap() + kind.len() + 4;
    let end = text[start..].find("```").unwrap();
    text[start..start + end].to_owned()
}

#[test]
fn the_harder_example_works() {
    const HARDER: &str = "## A harder example";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("altiplano.toml"), block_below(HARDER, "toml")).unwrap();
    let (rules, errors) = Rules::with_user_dir(folder.path());
    assert_eq!(errors, []);
    let said = notices(rules.read(block_below(HARDER, "eml").as_bytes(), None).verdict).unwrap();
    let windows: Vec<String> = said
        .iter()
        .map(|notice| format!("{} {}", notice.start.format("%F %H:%M"), notice.end.format("to %H:%M")))
        .collect();
    assert_eq!(windows, ["2026-11-01 06:30 to 12:00", "2026-11-03 06:30 to 11:00"]);
    assert!(windows.iter().all(|window| document().contains(window)));
    let circuits: Vec<String> =
        said[0].circuits.iter().map(|circuit| format!("{} {}", circuit.circuit_id, circuit.impact.as_str())).collect();
    assert_eq!(circuits, ["BOI-SEA-10G-1 OUTAGE", "BOI-PDX-1G-9 NO-IMPACT"]);
    assert_eq!((said[1].account.as_str(), said[1].maintenance_id.as_str()), ("5-1188", "ALT 77/2026"));
}

#[test]
fn the_worked_example_works() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bramble.toml"), block("toml")).unwrap();
    let (rules, errors) = Rules::with_user_dir(folder.path());
    assert_eq!(errors, []);
    let said = notices(rules.read(block("eml").as_bytes(), None).verdict).unwrap();
    let want: Value = serde_json::from_str(&block("json")).unwrap();
    assert_eq!(serde_json::to_value(said).unwrap(), want);
}

#[test]
fn the_lines_of_the_example_are_what_parse_prints() {
    let folder = tempfile::tempdir().unwrap();
    let mail = folder.path().join("notice.eml");
    fs::write(&mail, block("eml")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_noctui")).args(["maintenance", "parse", "--lines"]).arg(mail).output();
    assert_eq!(String::from_utf8(run.unwrap().stdout).unwrap(), block("lines"));
}

/// The keys that a table of a rule may have: an unknown one is answered with all of them.
fn keys(rule: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), rule).unwrap();
    let (_, errors) = Rules::with_user_dir(folder.path());
    let error = errors.iter().find(|error| error.problem.contains("`unknown`"));
    let error = error.unwrap_or_else(|| panic!("one of an unknown key expected, not {errors:?}"));
    error.fix.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_is_explained() {
    let text = document();
    let top = "name = \"X\"\norganizer = \"x\"\nprocessors = [[\"html\"]]\n";
    for rule in [
        "unknown = 1\n".to_owned() + top,
        format!("include = [{{ unknown = 1 }}]\n{top}"),
        format!("{top}[dates]\nunknown = 1\n"),
        format!("{top}[default]\nunknown = 1\n"),
        format!("{top}[id]\nunknown = 1\n"),
        format!("{top}[part.html]\nunknown = 1\n"),
        format!("{top}[[part.html.step]]\nunknown = 1\n"),
        format!("{top}[[part.html.step]]\nfield = \"unknown\"\n"),
        format!("{top}[[part.html.step]]\nkeep = \"unknown\"\n"),
        format!("{top}[[part.html.step]]\nvalue = \"unknown\"\n"),
        format!("{top}[[part.html.step]]\nlabel_is = \"unknown\"\n"),
        format!("{top}[[part.html.step]]\ncolumns = [{{ unknown = 1 }}]\n"),
    ] {
        let keys = keys(&rule);
        assert!(keys.len() > 1, "no keys known for {rule}");
        for key in keys {
            assert!(text.contains(&key), "docs/providers.md does not explain {key:?}");
        }
    }
}

/// The schema for editors.
fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("docs/providers.schema.json")).unwrap()).unwrap()
}

/// What a `$ref` of the schema points to, or the schema itself.
fn resolved<'s>(whole: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(pointer) => whole.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Why a value does not fit a schema; the keywords are those that ours uses, any other is a mistake.
fn misfit(whole: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = resolved(whole, schema);
    let fits = |schema: &Value| misfit(whole, schema, value).is_none();
    // A keyword says nothing of values of other types.
    let (items, members) = (value.as_array(), value.as_object());
    let bound = |wants: &Value| usize::try_from(wants.as_u64().unwrap()).unwrap();
    for (keyword, wants) in schema.as_object().unwrap() {
        let list = || wants.as_array().unwrap().iter();
        let is_met = match keyword.as_str() {
            "type" => match wants.as_str().unwrap() {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("{other}"),
            },
            "enum" => list().any(|word| word == value),
            "anyOf" => list().any(fits),
            "oneOf" => list().filter(|schema| fits(schema)).count() == 1,
            "required" => list().all(|key| value.get(key.as_str().unwrap()).is_some()),
            // Sizes are in characters; patterns here mean the same to ECMAScript and to us.
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= bound(wants)),
            "pattern" => {
                let pattern = Regex::new(wants.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "format" if wants == "regex" => value.as_str().is_none_or(|text| Regex::new(text).is_ok()),
            "dependentRequired" => wants.as_object().unwrap().iter().all(|(key, needs)| {
                let needs = || needs.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
                value.get(key).is_none() || needs().all(|key| value.get(key).is_some())
            }),
            "minimum" => value.as_i64().is_none_or(|value| Some(value) >= wants.as_i64()),
            "minItems" => items.is_none_or(|items| items.len() >= bound(wants)),
            "maxItems" => items.is_none_or(|items| items.len() <= bound(wants)),
            "prefixItems" => {
                list().zip(items.into_iter().flatten()).all(|(schema, item)| misfit(whole, schema, item).is_none())
            }
            "items" => {
                let wrong = items.into_iter().flatten().find_map(|item| misfit(whole, wants, item));
                if wrong.is_some() {
                    return wrong;
                }
                true
            }
            "properties" | "additionalProperties" => {
                for (key, item) in members.into_iter().flatten() {
                    let known = schema.get("properties").and_then(|known| known.get(key));
                    match (known, schema.get("additionalProperties")) {
                        (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                            if let Some(wrong) = misfit(whole, schema, item) {
                                return Some(format!("{key}: {wrong}"));
                            }
                        }
                        (None, _) => return Some(format!("unknown key {key}")),
                    }
                }
                true
            }
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            other => panic!("the test does not know {other}"),
        };
        if !is_met {
            return Some(format!("{value} is not {keyword} {wants}"));
        }
    }
    None
}

#[test]
fn the_schema_has_exactly_the_keys_and_words_that_the_engine_knows() {
    let whole = schema();
    let top = "organizer = \"x\"\nprocessors = [[\"html\"]]\n";
    let step = format!("{top}[[part.html.step]]\n");
    let at = |pointer: &str| {
        let found = whole.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        let words = || found.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
        let mut names: Vec<String> = match found.as_object() {
            Some(map) => map.keys().cloned().collect(),
            None => words().collect(),
        };
        names.sort();
        names
    };
    for (pointer, rule) in [
        ("/properties", format!("unknown = 1\n{top}")),
        ("/$defs/filter/properties", format!("include = [{{ unknown = 1 }}]\n{top}")),
        ("/properties/dates/properties", format!("{top}[dates]\nunknown = 1\n")),
        ("/properties/dates/properties/order/enum", format!("{top}[dates]\norder = \"unknown\"\n")),
        ("/properties/dates/properties/repeated_hour/enum", format!("{top}[dates]\nrepeated_hour = \"unknown\"\n")),
        ("/properties/dates/properties/year/enum", format!("{top}[dates]\nyear = \"unknown\"\n")),
        ("/properties/default/properties", format!("{top}[default]\nunknown = 1\n")),
        ("/properties/id/properties", format!("{top}[id]\nunknown = 1\n")),
        ("/$defs/part/properties", format!("{top}[part.html]\nunknown = 1\n")),
        ("/$defs/step/properties", format!("{step}unknown = 1\n")),
        ("/$defs/field/enum", format!("{step}field = \"unknown\"\n")),
        ("/$defs/step/properties/keep/enum", format!("{step}keep = \"unknown\"\n")),
        ("/$defs/step/properties/value/enum", format!("{step}value = \"unknown\"\n")),
        ("/$defs/step/properties/label_is/enum", format!("{step}label_is = \"unknown\"\n")),
        ("/$defs/column/properties", format!("{step}columns = [{{ unknown = 1 }}]\n")),
        ("/$defs/column/properties/keep/enum", format!("{step}columns = [{{ keep = \"unknown\" }}]\n")),
    ] {
        let mut known = keys(&rule);
        known.sort();
        assert_eq!(at(pointer), known, "{pointer}");
    }
    for (pointer, rule) in [
        ("/properties/status/items/prefixItems/1/enum", format!("status = [[\"x\", \"unknown\"]]\n{top}[part.html]\n")),
        ("/properties/impact/items/prefixItems/1/enum", format!("impact = [[\"x\", \"unknown\"]]\n{top}[part.html]\n")),
        ("/properties/default/properties/status/enum", format!("{top}[part.html]\n[default]\nstatus = \"unknown\"\n")),
        ("/properties/default/properties/impact/enum", format!("{top}[part.html]\n[default]\nimpact = \"unknown\"\n")),
        ("/$defs/kind/enum", format!("include = [{{ part = \"unknown\", find = \"x\" }}]\n{top}[part.html]\n")),
    ] {
        let mut known: Vec<String> = fix(&rule).split([' ', ',']).map(str::to_owned).collect();
        known.retain(|word| !word.is_empty() && !matches!(word.as_str(), "write" | "one" | "of"));
        known.sort();
        assert_eq!(at(pointer), known, "{pointer}");
    }
}

/// What the engine says to write instead in a rule with one mistake.
fn fix(rule: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), rule).unwrap();
    let (_, errors) = Rules::with_user_dir(folder.path());
    let [error] = errors.as_slice() else { panic!("one error expected, not {errors:?}") };
    error.fix.clone()
}

#[test]
fn every_rule_in_the_binary_fits_the_schema_and_a_wrong_one_does_not() {
    let whole = schema();
    let read = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(root().join("assets/providers")).unwrap() {
        let path = entry.unwrap().path();
        let rule = read(&fs::read_to_string(&path).unwrap());
        assert_eq!(misfit(&whole, &whole, &rule), None, "{}", path.display());
        count += 1;
    }
    assert!(count > 30, "{count} rules");
    assert_eq!(misfit(&whole, &whole, &read(&block("toml"))), None);
    let top = "organizer = 'x'\nprocessors = [['html']]\n";
    for wrong in [
        "processors = [['html']]\n".to_owned(),
        format!("{top}lable = 1\n"),
        format!("{top}status = [['x', 'DONE']]\n"),
        format!("{top}[[part.html.step]]\nlabel = 'a'\nfind = 'b'\n"),
        format!("{top}[[part.html.step]]\nlabel = 1\n"),
        format!("{top}[[part.html.step]]\nlabel = 'a'\nfield = 'x'\n"),
        format!("{top}[[part.html.step]]\ncolumns = [{{ field = 'circuit' }}]\n"),
        format!("{top}[part.x]\nfrom = 'pdf'\n"),
        "organizer = 'x'\nprocessors = []\n".to_owned(),
        format!("{top}senders = ['carrier.example']\n"),
        format!("{top}[dates]\nzone = 'Europe Berlin'\n"),
        format!("{top}[[part.html.step]]\nlabel = ''\nfield = 'summary'\n"),
        format!("{top}[[part.html.step]]\nfind = '(?<circut>x)'\n"),
        format!("{top}[[part.html.step]]\nfind = '(x'\n"),
        format!("{top}[[part.html.step]]\nlabel = 'a'\nreplace = [['[', 'x']]\n"),
        format!("{top}[[part.html.step]]\nfind = 'x'\nrepeat = []\n"),
    ] {
        assert!(misfit(&whole, &whole, &read(&wrong)).is_some(), "{wrong}");
    }
}
