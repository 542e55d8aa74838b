//! How many mails a second one core reads, from raw bytes to notices, for each provider and in all.
//!
//! `cargo bench --bench parse` reads our own fixtures, and the shared mailbox where it is; nothing fails.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use noctui::features::maintenance::rules::Rules;

/// Every mail is read for about this long.
const TIME_FOR_EACH: Duration = Duration::from_millis(30);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus =
        std::env::var_os("NOCTUI_CORPUS").map(PathBuf::from).unwrap_or(root.join("../shared/corpus/maintenance"));
    let rules = Rules::embedded();
    for (name, mails) in [("our own fixtures", fixtures(root)), ("the shared mailbox", mailbox(&corpus))] {
        if mails.is_empty() {
            println!("{name}: not at hand\n");
            continue;
        }
        table(name, &rules, &mails);
    }
}

/// Provider and bytes of our own fixtures.
fn fixtures(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut mails = Vec::new();
    for folder in fs::read_dir(root.join("tests/corpus/fixtures")).into_iter().flatten().flatten() {
        let provider = folder.file_name().to_string_lossy().into_owned();
        let files = fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|file| file.path());
        for file in files.filter(|file| file.extension().is_some_and(|end| end == "eml")) {
            mails.extend(fs::read(file).map(|raw| (provider.clone(), raw)));
        }
    }
    mails
}

/// Provider and bytes of the shared mailbox; empty where it is not.
fn mailbox(corpus: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(list) = fs::read(corpus.join("mailbox/expected.json")) else { return Vec::new() };
    let list: Vec<serde_json::Value> = serde_json::from_slice(&list).unwrap_or_default();
    let mail = |case: &serde_json::Value| {
        let raw = fs::read(corpus.join(case["file"].as_str()?)).ok()?;
        Some((case["provider"].as_str()?.to_owned(), raw))
    };
    list.iter().filter_map(mail).collect()
}

/// Reads every mail again and again, and prints the table.
fn table(name: &str, rules: &Rules, mails: &[(String, Vec<u8>)]) {
    let mut by_provider: BTreeMap<&str, (usize, usize, Duration)> = BTreeMap::new();
    for (provider, raw) in mails {
        let each = time(rules, raw);
        let (count, bytes, sum) = by_provider.entry(provider).or_default();
        *count += 1;
        *bytes += raw.len();
        *sum += each;
    }
    println!("{name}\n{:<20}{:>6}{:>9}{:>12}{:>14}", "provider", "mails", "KiB", "us/mail", "mails/s");
    let mut all = (0, 0, Duration::ZERO);
    for (provider, (count, bytes, sum)) in &by_provider {
        row(provider, *count, *bytes, *sum);
        all = (all.0 + count, all.1 + bytes, all.2 + *sum);
    }
    row("all", all.0, all.1, all.2);
    println!();
}

/// The best time for one mail: what others do on the machine only adds.
fn time(rules: &Rules, raw: &[u8]) -> Duration {
    // The rule is compiled by the first mail that needs it.
    black_box(rules.read(black_box(raw), None));
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < TIME_FOR_EACH {
        let one = Instant::now();
        black_box(rules.read(black_box(raw), None));
        best = best.min(one.elapsed());
    }
    best
}

/// One row of the table.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn row(name: &str, count: usize, bytes: usize, sum: Duration) {
    let each = sum.as_secs_f64() / count as f64;
    let kib = bytes as f64 / count as f64 / 1024.0;
    println!("{name:<20}{count:>6}{kib:>9.1}{:>12.1}{:>14.0}", each * 1e6, 1.0 / each);
}
