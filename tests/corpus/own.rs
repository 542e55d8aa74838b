//! Our own notifications: `fixtures/<provider>/<name>.eml` beside `<name>.json`.
//!
//! The JSON is the array that `maintenance parse --json` prints, or `{"error": "…"}` with a part of the reason. Every
//! mail is read with LF and with CR LF, with the provider named and without.

use std::fs;
use std::path::{Path, PathBuf};

use noctui::features::maintenance::model::Verdict;
use noctui::features::maintenance::rules::Rules;
use serde_json::{Value, json};

use super::{notices, pretty, root};

/// Every mail of the fixtures, with its provider.
fn mails() -> Vec<(String, PathBuf)> {
    let mut mails = Vec::new();
    for folder in fs::read_dir(root().join("tests/corpus/fixtures")).unwrap() {
        let folder = folder.unwrap().path();
        let provider = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|end| end == "eml") {
                mails.push((provider.clone(), file));
            }
        }
    }
    mails.sort();
    mails
}

/// What a verdict says, in the form of the fixtures.
fn said(verdict: Verdict) -> Value {
    match notices(verdict) {
        Ok(notices) => serde_json::to_value(notices).unwrap(),
        Err(reason) => json!({ "error": reason }),
    }
}

/// Whether what was said is what was expected; of an error, a part of the reason is enough.
fn agrees(said: &Value, want: &Value) -> bool {
    match (said["error"].as_str(), want["error"].as_str()) {
        (Some(said), Some(want)) => said.contains(want),
        _ => said == want,
    }
}

/// The mail with LF, and with CR LF.
fn with_both_line_ends(raw: &[u8]) -> [Vec<u8>; 2] {
    let lf: Vec<u8> = raw.iter().copied().filter(|byte| *byte != b'\r').collect();
    let mut crlf = Vec::with_capacity(lf.len() + lf.len() / 40);
    for byte in &lf {
        if *byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(*byte);
    }
    [lf, crlf]
}

#[test]
fn every_fixture_says_what_stands_beside_it() {
    let rules = Rules::embedded();
    let mails = mails();
    assert!(mails.len() >= 20, "only {} fixtures found", mails.len());
    let mut wrong = Vec::new();
    for (provider, file) in mails {
        let want: Value = serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap();
        for raw in with_both_line_ends(&fs::read(&file).unwrap()) {
            for named in [Some(provider.as_str()), None] {
                let said = said(rules.read(&raw, named).verdict);
                if !agrees(&said, &want) {
                    let how = if named.is_some() { "provider named" } else { "provider detected" };
                    wrong.push(format!("{} ({how}) says {}", name(&file), pretty(&said)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_fixture_has_its_json_and_every_json_its_fixture() {
    for (_, file) in mails() {
        assert!(file.with_extension("json").exists(), "{} has no JSON", name(&file));
        let folder = file.parent().unwrap();
        for other in fs::read_dir(folder).unwrap() {
            let other = other.unwrap().path();
            assert!(other.with_extension("eml").exists(), "{} has no mail", name(&other));
        }
    }
}

/// A file's name for a message.
fn name(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
