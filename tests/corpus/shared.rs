//! The shared collection of notifications, where it is: beside the repository, or where `NOCTUI_CORPUS` points to.
//!
//! `passing.txt` lists what is read right: a case by its id, a mail of the mailbox with the provider detected as
//! `mailbox/<id>`. The list only grows.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use noctui::features::maintenance::mail::{self, Kind, Part};
use noctui::features::maintenance::model::Verdict;
use noctui::features::maintenance::rules::Rules;
use serde_json::Value;

use super::letter::{around, crlf};
use super::skip::skip;
use super::{notices, root};

/// Where the collection is; `None`, said loudly, if it is nowhere.
pub(crate) fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("NOCTUI_CORPUS").map(PathBuf::from);
    let beside = root().join("../shared/corpus/maintenance");
    let found = named.into_iter().chain([beside]).find(|folder| folder.join("cases.json").is_file());
    if found.is_none() {
        skip("no shared corpus beside the repository, and NOCTUI_CORPUS does not point to one");
    }
    found
}

/// The ids that have to pass.
fn passing() -> BTreeSet<String> {
    let list = fs::read_to_string(root().join("tests/corpus/passing.txt")).unwrap();
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// A file of the collection as JSON.
pub(crate) fn json(file: PathBuf) -> Vec<Value> {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// What has to agree of a maintenance, as the collection's own evaluator compares it.
fn strict(notice: &Value) -> String {
    let account = notice["account"].as_str().unwrap_or_default().to_lowercase();
    let account = account.split_whitespace().collect::<Vec<_>>().join(" ");
    let circuits: BTreeSet<String> = notice["circuits"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|circuit| format!("{} {}", circuit["circuit_id"], circuit["impact"]))
        .collect();
    let same = ["maintenance_id", "provider", "start", "end", "status"].map(|key| notice[key].to_string());
    format!("{same:?} {account} {circuits:?}")
}

/// All maintenances of an answer, in an order that does not matter.
fn all(answer: &Value) -> Vec<String> {
    let mut all: Vec<String> = answer.as_array().into_iter().flatten().map(strict).collect();
    all.sort();
    all
}

/// Why a verdict is not what a case wants; `None` if it is.
fn wrong(case: &Value, verdict: Verdict) -> Option<String> {
    let said = notices(verdict);
    if case["error"] == true {
        return said.ok().map(|notices| format!("an error was expected, not {} notices", notices.len()));
    }
    let said = match said {
        Ok(notices) => all(&serde_json::to_value(notices).unwrap()),
        Err(reason) => return Some(reason),
    };
    let wanted = std::iter::once(&case["expected"]).chain(case["also"].as_array().into_iter().flatten());
    if wanted.into_iter().any(|want| all(want) == said) {
        return None;
    }
    Some(format!("wanted {:?}, said {said:?}", all(&case["expected"])))
}

/// Reads a case as its parts come.
fn read_case(rules: &Rules, corpus: &std::path::Path, case: &Value) -> Verdict {
    let provider = case["provider"].as_str();
    let parts: Vec<(String, Vec<u8>)> = case["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let file = corpus.join(part["file"].as_str().unwrap());
            (part["type"].as_str().unwrap().to_owned(), fs::read(file).unwrap())
        })
        .collect();
    if let [(kind, raw)] = parts.as_slice()
        && kind == "email"
    {
        return rules.read(raw, provider).verdict;
    }
    let parts = parts.into_iter().flat_map(|(kind, bytes)| match Kind::from_word(&kind) {
        Some(kind) => vec![Part::from_file(kind, bytes)],
        None => mail::read(&bytes).unwrap().parts,
    });
    rules.read_parts(parts.collect(), provider)
}

/// Reads every case and every mail of the mailbox: the id, and what is wrong.
fn results(corpus: &std::path::Path) -> Vec<(String, Option<String>)> {
    let rules = Rules::embedded();
    let id = |case: &Value| case["id"].as_str().unwrap().to_owned();
    let mut results: Vec<(String, Option<String>)> = json(corpus.join("cases.json"))
        .iter()
        .map(|case| (id(case), wrong(case, read_case(&rules, corpus, case))))
        .collect();
    for case in json(corpus.join("mailbox/expected.json")) {
        let file = case["file"].as_str().unwrap();
        let name = file.trim_end_matches(".eml").to_owned();
        let mut wrong = wrong(&case, rules.read(&fs::read(corpus.join(file)).unwrap(), None).verdict);
        // A mail from a private address that is no maintenance may also be unknown.
        if case["expected"].as_array().is_some_and(Vec::is_empty) {
            wrong = wrong.filter(|reason| !reason.starts_with("no rule knows"));
        }
        results.push((name, wrong));
    }
    results
}

#[test]
fn what_was_read_right_stays_right() {
    let Some(corpus) = corpus() else { return };
    let passing = passing();
    let results = results(&corpus);
    let mut wrong = Vec::new();
    let mut unlisted = Vec::new();
    for (id, problem) in &results {
        match problem {
            Some(problem) if passing.contains(id) => wrong.push(format!("{id}: {problem}")),
            None if !passing.contains(id) => unlisted.push(id.as_str()),
            Some(_) | None => {}
        }
    }
    let known: BTreeSet<&str> = results.iter().map(|(id, _)| id.as_str()).collect();
    let right = results.iter().filter(|(_, problem)| problem.is_none()).count();
    println!("{right} of {} cases and mails are read right", results.len());
    if !unlisted.is_empty() {
        println!("read right but not in tests/corpus/passing.txt yet:\n{}", unlisted.join("\n"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let gone: Vec<&String> = passing.iter().filter(|id| !known.contains(id.as_str())).collect();
    assert!(gone.is_empty(), "passing.txt lists what is not in the corpus: {gone:?}");
}

#[test]
fn a_mail_of_the_corpus_says_the_same_when_it_is_sent_on() {
    let Some(corpus) = corpus() else { return };
    let rules = Rules::embedded();
    let mut changed = Vec::new();
    let mut count = 0;
    for case in json(corpus.join("mailbox/expected.json")) {
        let file = case["file"].as_str().unwrap();
        let raw = fs::read(corpus.join(file)).unwrap();
        if wrong(&case, rules.read(&raw, None).verdict).is_some() {
            continue;
        }
        count += 1;
        let list = [b"Reply-To: list@customer.example\nResent-From: ann@customer.example\n".as_slice(), &raw].concat();
        for (how, sent) in [("CR LF", crlf(&raw)), ("attached", around(&raw)), ("resent", list)] {
            let provider = (how == "CR LF").then(|| case["provider"].as_str().unwrap());
            changed.extend(wrong(&case, rules.read(&sent, provider).verdict).map(|why| format!("{file} {how}: {why}")));
        }
    }
    assert!(count > 100, "only {count} mails are read right at all");
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
