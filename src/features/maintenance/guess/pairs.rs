//! Labels and their values: a cell and the next one, `Label: value` on a line, a label alone and the line below it.

use super::language::LANGUAGES;
use super::{By, Seen, moments};
use crate::features::maintenance::mail::page::Page;

/// Longer texts are sentences.
const LABEL_CHARS: usize = 60;
/// Pairs of one part.
const MOST: usize = 500;

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// As it stands in the mail, with its colon if it has one.
    pub(super) label: String,
    /// Never empty.
    pub(super) value: String,
    /// What the label is about, if that shows.
    pub(super) meaning: Option<Meaning>,
    /// Whether it only looks like a label because of its words: it has no colon and is in no table.
    pub(super) is_loose: bool,
}

/// What a label is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Start of the window.
    Start,
    /// End of the window.
    End,
    /// Both.
    Window,
    /// The maintenance's id.
    Id,
    /// A circuit or several.
    Circuit,
    /// Where it stands.
    Status,
    /// The customer.
    Account,
    /// What is done.
    Summary,
    /// What it does to circuits.
    Impact,
}

/// English words of labels and what they are about, the first that occurs counts; those of `language.rs` come before them. A blank before a word: only at the beginning of
/// a word of the label, with one behind it only a whole word; `=`: the whole label.
const WORDS: &[(&str, Meaning)] = &[
    (" impacted service", Meaning::Circuit),
    (" expected impact", Meaning::Impact),
    (" impact", Meaning::Impact),
    (" effect", Meaning::Impact),
    (" status", Meaning::Status),
    ("=state", Meaning::Status),
    ("=type", Meaning::Status),
    (" circuit", Meaning::Circuit),
    (" service id", Meaning::Circuit),
    (" service affected", Meaning::Circuit),
    (" services affected", Meaning::Circuit),
    (" affected service", Meaning::Circuit),
    ("=service", Meaning::Circuit),
    ("=services", Meaning::Circuit),
    (" line id", Meaning::Circuit),
    ("=cid", Meaning::Circuit),
    ("=order number", Meaning::Circuit),
    (" maintenance window", Meaning::Window),
    ("=window", Meaning::Window),
    (" schedule", Meaning::Window),
    (" date and time", Meaning::Window),
    (" date/time", Meaning::Window),
    ("=when", Meaning::Window),
    ("=time", Meaning::Window),
    ("=date", Meaning::Window),
    (" start", Meaning::Start),
    (" begin", Meaning::Start),
    (" commence", Meaning::Start),
    ("=from", Meaning::Start),
    (" end", Meaning::End),
    (" finish", Meaning::End),
    (" completion", Meaning::End),
    ("=to", Meaning::End),
    ("=until", Meaning::End),
    (" ticket", Meaning::Id),
    (" reference", Meaning::Id),
    (" maintenance id", Meaning::Id),
    (" maintenance no", Meaning::Id),
    (" maintenance number", Meaning::Id),
    (" change", Meaning::Id),
    (" work order", Meaning::Id),
    (" works order", Meaning::Id),
    (" event id", Meaning::Id),
    (" case", Meaning::Id),
    (" notification n", Meaning::Id),
    ("=id", Meaning::Id),
    ("=event", Meaning::Id),
    ("=number", Meaning::Id),
    (" customer", Meaning::Account),
    (" account", Meaning::Account),
    (" company", Meaning::Account),
    ("=client", Meaning::Account),
    ("=dear", Meaning::Account),
    (" reason", Meaning::Summary),
    (" description", Meaning::Summary),
    (" summary", Meaning::Summary),
    (" purpose", Meaning::Summary),
    (" details", Meaning::Summary),
    (" work", Meaning::Summary),
    ("=what", Meaning::Summary),
];

/// What a label is about.
pub(super) fn meaning(label: &str) -> Option<Meaning> {
    let bare = label.split('(').next().unwrap_or(label).trim().trim_end_matches([':', '.', '#', ' ']).to_lowercase();
    let words = format!(" {} ", bare.replace(['_', '-'], " "));
    let fits = |(word, _): &&(&str, Meaning)| match word.strip_prefix('=') {
        Some(whole) => bare == whole,
        None => words.contains(word),
    };
    let elsewhere = LANGUAGES.iter().flat_map(|language| language.labels);
    // These first: "services impactés" are no impact.
    elsewhere.chain(WORDS).find(fits).map(|(_, meaning)| *meaning)
}

/// Labels of a day or of the times of a window, in every language.
const WHEN: [&str; 18] = [
    "date", "day", "time", "times", "hours", "datum", "tag", "zeit", "uhrzeit", "jour", "heure", "horaire", "fecha",
    "hora", "horario", "data", "ora", "orario",
];

/// Whether a label is that of a day or of times alone.
pub(super) fn is_when(label: &str) -> bool {
    let bare = label.split('(').next().unwrap_or(label).trim().trim_end_matches([':', ' ']).to_lowercase();
    WHEN.contains(&bare.as_str())
}

/// Every pair of a page, in its order.
pub(super) fn pairs(page: &Page) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for line in 0..page.len() {
        if pairs.len() >= MOST {
            break;
        }
        let Some((label, rest)) = label(page.line(line)) else { continue };
        let value = if rest.is_empty() { value(page, line) } else { Some(rest) };
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        let is_loose = !label.ends_with(':') && page.cell_of(line).is_none();
        let found = Pair { label: label.to_owned(), value: value.to_owned(), meaning: meaning(label), is_loose };
        // A label without a colon is one only where its words say so.
        if found.meaning.is_some() || label.ends_with(':') {
            pairs.push(found);
        }
    }
    pairs
}

/// Whom a mail greets, if that is a name.
pub(super) fn addressee(page: &Page) -> Option<Seen> {
    const NOBODY: [&str; 8] = ["customer", "client", "partner", "team", "sir", "madam", "colleague", "all"];
    (0..page.len()).find_map(|line| {
        let name = page.line(line).strip_prefix("Dear ")?.split(',').next()?.trim();
        let lower = name.to_lowercase();
        let is_name = !name.is_empty() && name.chars().count() <= 60 && !NOBODY.iter().any(|word| lower.contains(word));
        is_name.then(|| Seen { value: name.to_owned(), by: By::Dear })
    })
}

/// The label that a line begins with and what follows it; without a colon the whole line may be one.
fn label(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let can_be = |label: &str| {
        let length = label.chars().count();
        (2..=LABEL_CHARS).contains(&length)
            && label.starts_with(char::is_alphabetic)
            && !label.contains("://")
            && !label.contains('@')
    };
    // Not the colon of a time or of a link.
    let ends = |(at, _): &(usize, &str)| {
        let after = line.get(at + 1..).unwrap_or_default();
        let before = line.get(..*at).unwrap_or_default();
        let is_time = before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
        !is_time && !after.starts_with("//")
    };
    if let Some((at, _)) = line.match_indices(':').find(ends) {
        let (label, rest) = (line.get(..=at)?.trim(), line.get(at + 1..)?.trim());
        return can_be(label).then_some((label, rest));
    }
    // Nor is a sentence, a greeting, or what holds a number, a label.
    let is_said = line.ends_with([',', '.', '!', ';']) || line.contains(|c: char| c.is_ascii_digit());
    (can_be(line) && !is_said && !moments::has_date(line)).then_some((line, ""))
}

/// The value of a label that is alone on its line: the next cell of its row, else the line below where there is no table.
fn value(page: &Page, line: usize) -> Option<&str> {
    match page.cell_of(line) {
        Some(cell) if page.cell_lines(cell).len() == 1 => {
            // In the head of a table the next cell is another head.
            let next = page.next_cell(cell)?;
            let text = page.cell_text(next).trim();
            (meaning(text).is_none() || text.contains(|c: char| c.is_ascii_digit())).then_some(text)
        }
        Some(cell) => page.cell_lines(cell).contains(&(line + 1)).then(|| page.line(line + 1).trim()),
        None => {
            let below = page.line(line + 1).trim();
            let is_free = page.cell_of(line + 1).is_none() && label(below).is_none_or(|(_, rest)| rest.is_empty());
            is_free.then_some(below)
        }
    }
}
