//! `docs/providers.md` says the truth: its example works, and it names every key.

use std::fs;
use std::process::Command;

use noctui::features::maintenance::rules::Rules;
use serde_json::Value;

use super::{notices, root};

/// The document.
fn document() -> String {
    fs::read_to_string(root().join("docs/providers.md")).unwrap()
}

/// The block of the document that is marked as `kind`.
fn block(kind: &str) -> String {
    let text = document();
    let start = text.find(&format!("```{kind}\n")).unwrap() + kind.len() + 4;
    let end = text[start..].find("```").unwrap();
    text[start..start + end].to_owned()
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
    let [error] = errors.as_slice() else { panic!("one error expected, not {errors:?}") };
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
