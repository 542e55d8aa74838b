//! Labels with small additions, as providers come to write them: what is read then is what was read before, or nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};
use std::{fs, iter};

use noctui::features::maintenance::mail::{self, Kind, Part};
use noctui::features::maintenance::model::{Notice, Status, Verdict};
use noctui::features::maintenance::rules::Rules;

use super::letter::{PLAIN, mail as written};
use super::notices;
use super::random::Random;
use super::shared::{corpus, json};
use super::variations::{filling, rules, templates};

/// What comes to stand behind a label.
const ADDITIONS: [&str; 9] =
    ["s", "(s)", " (ID)", " (Ref)", " No.", " Number(s)", " of the works", " (2)", " Reference numbers"];
/// Values that look like labels.
const VALUES: [&str; 2] = ["None", "N/A"];
/// Longer texts are no labels.
const LONGEST: usize = 45;
/// A label that occurs more often in a provider's mails is made longer so many times.
const TIMES: usize = 2;

/// How often each label in the mails of a provider was made longer.
type Seen = BTreeMap<String, usize>;

/// Where the labels of a source end, with the labels: short texts without digits between tags or on lines, up to a colon.
fn labels(source: &str, kind: Kind) -> Vec<(usize, &str)> {
    let mut labels = Vec::new();
    let mut at = 0;
    for piece in source.split_inclusive(if kind == Kind::Html { ['<', '>'] } else { ['\n', '\r'] }) {
        let begin = at;
        at += piece.len();
        let is_text = kind != Kind::Html || piece.ends_with('<');
        let text = piece.trim_end_matches(['<', '>', '\n', '\r']);
        let label = text.find(':').and_then(|colon| text.get(..colon)).unwrap_or(text).trim_end();
        let words = label.split_whitespace().count();
        let inside = label.trim_start();
        let is_label = inside.starts_with(char::is_alphabetic)
            && (3..=LONGEST).contains(&inside.len())
            && words <= 6
            && !inside.contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '{' | ';' | ','));
        if is_text && is_label {
            labels.push((begin + label.len(), inside));
        }
    }
    labels
}

/// Whether two readings agree, where a value that was a label to us may have the addition in it.
fn agrees(said: &[Notice], base: &[Notice], label: &str, addition: &str) -> bool {
    let plain = |text: &str| text.replace(addition, "").split_whitespace().collect::<Vec<_>>().join(" ");
    let longer = format!("{label}{addition}").split_whitespace().collect::<Vec<_>>().join(" ");
    let same = |said: &str, base: &str| {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        said == base.split_whitespace().collect::<Vec<_>>().join(" ")
            || said.contains(&longer) && plain(&said) == plain(base)
            || longer.contains(&said) && longer.len() - said.len() < 3 && plain(&said) == plain(base)
    };
    said.len() == base.len()
        && said.iter().zip(base).all(|(said, base)| {
            let circuits = |notice: &Notice| -> Vec<String> {
                notice
                    .circuits
                    .iter()
                    .map(|circuit| format!("{} {}", circuit.circuit_id, circuit.impact.as_str()))
                    .collect()
            };
            same(&said.maintenance_id, &base.maintenance_id)
                && same(&said.account, &base.account)
                && (said.summary.is_empty() || same(&said.summary, &base.summary))
                && same(&circuits(said).join("|"), &circuits(base).join("|"))
                && (said.start, said.end) == (base.start, base.end)
                && (said.status == base.status || said.status == Status::NoChange)
        })
}

/// What is read of parts once a label in them is longer, if that is neither what was read before nor an error.
fn misread(rules: &Rules, provider: &str, raw: &[u8], seen: &mut Seen) -> Vec<String> {
    let mut found = Vec::new();
    let parts = || mail::read(raw).unwrap().parts;
    let read = |parts| {
        let verdict = rules.read_parts(parts, Some(provider));
        matches!(verdict, Verdict::Parsed { .. }).then(|| notices(verdict).unwrap())
    };
    let Some(base) = read(parts()) else { return found };
    for (index, part) in parts().iter().enumerate().filter(|(_, part)| matches!(part.kind(), Kind::Html | Kind::Text)) {
        let source = part.as_text();
        for (at, label) in labels(source, part.kind()) {
            // A value, and no label.
            if VALUES.contains(&label) || base.iter().any(|notice| label.contains(&notice.account)) {
                continue;
            }
            let times = seen.entry(label.to_owned()).or_default();
            *times += 1;
            if *times > TIMES {
                continue;
            }
            for addition in ADDITIONS {
                let longer = [&source[..at], addition, &source[at..]].concat();
                let mut parts = parts();
                parts[index] = Part::text(part.kind(), &longer);
                if let Some(said) = read(parts).filter(|said| !agrees(said, &base, label, addition)) {
                    found.push(format!("{provider}: {label:?} with {addition:?}: {}", difference(&said, &base)));
                }
            }
        }
    }
    found
}

/// The first thing that differs, for people.
fn difference(said: &[Notice], base: &[Notice]) -> String {
    let values = |notice: &Notice| serde_json::to_value(notice).unwrap().as_object().unwrap().clone();
    let differing = said.iter().zip(base).find_map(|(said, base)| {
        let (said, base) = (values(said), values(base));
        let (key, value) = said.iter().find(|(key, value)| base[*key] != **value)?;
        Some(format!("{key} {value} instead of {}", base[key]))
    });
    differing.unwrap_or_else(|| format!("{} notices instead of {}", said.len(), base.len()))
}

#[test]
fn a_label_with_a_small_addition_is_the_label_or_none() {
    let rules = rules();
    let mut random = Random::new();
    let mut by_provider = BTreeMap::<String, Vec<Vec<u8>>>::new();
    for (_, template) in templates() {
        let mut filling = filling(&template, &mut random);
        filling.circuits = filling.circuits.min(2);
        filling.windows.truncate(2);
        by_provider.entry(template.provider.clone()).or_default().push(written(&template.write(&filling), PLAIN));
    }
    if let Some(corpus) = corpus() {
        for case in json(corpus.join("mailbox/expected.json")) {
            let raw = fs::read(corpus.join(case["file"].as_str().unwrap())).unwrap();
            by_provider.entry(case["provider"].as_str().unwrap().to_owned()).or_default().push(raw);
        }
    }
    let providers: Vec<(String, Vec<Vec<u8>>)> = by_provider.into_iter().collect();
    let next = AtomicUsize::new(0);
    let work = || -> Vec<String> {
        iter::from_fn(|| providers.get(next.fetch_add(1, Ordering::Relaxed)))
            .flat_map(|(provider, raw)| {
                let mut seen = Seen::new();
                raw.iter().flat_map(|raw| misread(&rules, provider, raw, &mut seen)).collect::<Vec<_>>()
            })
            .collect()
    };
    let mut found: Vec<String> = scope(|scope| {
        let threads: Vec<_> = (0..available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} labels:\n{}", found.len(), found.join("\n"));
}
