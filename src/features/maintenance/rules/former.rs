//! Windows that no longer hold: "Original start time: …", and what stands under "Previous window".
//!
//! Whoever moves a maintenance often says from where. What is said so is the window only of a cancellation that names no
//! other; see `finish.rs`.

use std::ops::Range;

use super::extract::{Extract, captured, fields};
use super::file::Field;
use super::label;
use super::rule::{Search, Step};

/// Words before a window, or before the label of one, that no longer holds.
const FORMER: [&str; 13] = [
    "original",
    "originally",
    "previous",
    "previously",
    "prior",
    "old",
    "initial",
    "initially",
    "former",
    "formerly",
    "superseded",
    "obsolete",
    "outdated",
];
/// Words before one that holds, also where one of those above stands before them: "instead of the old, the new window".
const NEW: [&str; 9] =
    ["new", "newly", "now", "revised", "updated", "current", "amended", "rescheduled", "replacement"];
/// Words that headings of windows are made of.
const OF_TIMES: [&str; 21] = [
    "start", "starts", "begin", "begins", "end", "ends", "finish", "from", "to", "date", "dates", "day", "time",
    "times", "window", "windows", "zone", "timezone", "schedule", "duration", "slot",
];
/// Zones behind such a word.
const ZONES: [&str; 4] = ["utc", "gmt", "cet", "local"];
/// Words that may stand between those above and what no longer holds: "the originally planned maintenance window".
const OF_WORK: [&str; 32] = [
    "maintenance",
    "work",
    "works",
    "activity",
    "event",
    "outage",
    "service",
    "planned",
    "scheduled",
    "announced",
    "proposed",
    "agreed",
    "requested",
    "advised",
    "communicated",
    "notified",
    "estimated",
    "expected",
    "intended",
    "the",
    "it",
    "this",
    "is",
    "was",
    "were",
    "for",
    "at",
    "on",
    "of",
    "in",
    "and",
    "between",
];
/// A text with so many digits has a date or a time.
const DIGITS: usize = 4;
/// A heading has no more words.
const MAX_WORDS: usize = 8;
/// A row of more lines than this is the frame of a page.
const MAX_ROW_LINES: usize = 12;
/// A heading is not further above.
const MAX_ABOVE: usize = 60;

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a word is one of these.
fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a text has one of these words.
fn has(text: &str, known: &[&str]) -> bool {
    words(text).any(|word| is_one_of(word, known))
}

/// Whether a text says of what follows it that it no longer holds: what is old is a time or the work, and no splice.
fn says_former(text: &str) -> bool {
    let (mut is_former, mut what) = (false, None);
    for word in words(text) {
        if is_one_of(word, &FORMER) || is_one_of(word, &NEW) {
            (is_former, what) = (is_one_of(word, &FORMER), None);
        } else if what.is_none() && !is_one_of(word, &OF_WORK) {
            what = Some(word);
        }
    }
    let is_time =
        |word: &str| is_one_of(word, &OF_TIMES) || is_one_of(word, &ZONES) || word.starts_with(char::is_numeric);
    is_former && what.is_none_or(is_time)
}

/// Whether the words right before a time, which ends them, say that it no longer holds.
pub(super) fn is_before(text: &str) -> bool {
    let ends = |c: char| matches!(c, '.' | ';' | ',' | '|') || c.is_ascii_digit();
    says_former(text.rsplit(ends).next().unwrap_or(text))
}

/// Whether a heading without its `FORMER` is the other text, or the begin of it.
fn is_beside(heading: &str, other: &str) -> bool {
    let lower = |word: &str| word.to_lowercase();
    let heading: Vec<String> = words(heading).filter(|word| !is_one_of(word, &FORMER)).map(lower).collect();
    let other: Vec<String> = words(other).map(lower).collect();
    !heading.is_empty() && (heading == other || heading.len() > 2 && other.starts_with(&heading))
}

impl Extract<'_> {
    /// Whether a window at `line` stands under a heading that says that it no longer holds.
    ///
    /// Above it may be other times and their labels. The first heading counts: one with times above it is the heading of a
    /// window of its own, and so is one that says the same without the word.
    pub(super) fn is_under_former(&self, line: usize) -> bool {
        let mut passed = vec![self.page.line(line)];
        let mut top = self.block(line).start;
        let lowest = top.saturating_sub(MAX_ABOVE);
        let mut has_heading = false;
        while top > lowest {
            let block = self.block(top - 1);
            let is_row = block.len() > 1;
            top = block.start;
            let text = self.page.text(block);
            if text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS {
                if has_heading {
                    return false;
                }
                continue;
            }
            if words(text).count() > MAX_WORDS {
                return false;
            }
            if says_former(text) {
                let is_label = || self.is_label_of_time(&without_former(text));
                return !is_row && !passed.iter().any(|other| is_beside(text, other)) && !is_label();
            }
            if has(text, &NEW) || !has(text, &OF_TIMES) {
                return false;
            }
            let is_numbered = text.starts_with(|c: char| c.is_ascii_digit());
            if !is_row && !is_numbered && !self.is_label_of_time(text) {
                has_heading = true;
            }
            passed.push(text);
        }
        false
    }

    /// The row around a line, if it is one of several cells with a few words each; else the line.
    fn block(&self, line: usize) -> Range<usize> {
        let row = self.page.cell_of(line).and_then(|cell| self.page.row_of(cell));
        let cells: Vec<usize> = row.into_iter().flat_map(|row| self.page.row_cells(row)).collect();
        let first = cells.first().map(|cell| self.page.cell_lines(*cell).start);
        let end = cells.last().map(|cell| self.page.cell_lines(*cell).end);
        match (first, end) {
            (Some(first), Some(end)) if cells.len() > 1 && first <= line && end - first <= MAX_ROW_LINES => first..end,
            _ => line..line + 1,
        }
    }

    /// Whether a text is the label of a time.
    fn is_label_of_time(&self, text: &str) -> bool {
        self.steps.iter().filter(|step| gives_time(step)).any(|step| match &step.search {
            Search::Label(labels) => labels.texts.iter().any(|known| label::after(text, known).is_some()),
            Search::LabelPattern(pattern) => pattern.is_match(text),
            Search::Find(_) | Search::Table(_) | Search::Link(_) | Search::Repeat(..) => false,
        })
    }
}

/// A text without the words that say that it no longer holds, and what is left before it.
fn without_former(text: &str) -> String {
    let left: Vec<&str> = text.split(' ').filter(|word| !has(word, &FORMER)).collect();
    left.join(" ")
}

/// Whether a step gives the start or the end of a window.
fn gives_time(step: &Step) -> bool {
    let in_label = if let Search::LabelPattern(pattern) = &step.search {
        captured(pattern).any(|name| matches!(name, "start" | "end"))
    } else {
        false
    };
    in_label || fields(step).any(|field| matches!(field, Field::Start | Field::End))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_time_say_that_it_no_longer_holds() {
        for text in [
            "Original Start Time: ",
            "PREVIOUS window (GMT)",
            "Start (old): ",
            "Start Time: 20 Mar 2026 00:30 GMT, Former End Time: ",
            "The work that was originally planned from ",
            "Previously announced maintenance window: ",
            "Original: ",
            "Old (UTC) ",
        ] {
            assert!(is_before(text), "{text}");
        }
        for text in [
            "Start Time: ",
            "Original: 20 Mar 2026 10:00. Start Time: ",
            "Original Start Time: 20 Mar 2026 10:00 Start Time: ",
            "Not the original but the new window: ",
            "Oldenburg, start: ",
            "The old splice enclosure will be replaced.",
            "The old router is switched off from ",
            "A part that was originally made for another ring is installed at ",
            "Previous customers are moved at ",
        ] {
            assert!(!is_before(text), "{text}");
        }
    }
}
