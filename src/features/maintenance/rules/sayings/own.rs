//! What a notice says of itself in a sentence, where its rule found no status in it.
//!
//! A notice announces work, and much that sounds like news there is how work is announced, or what became of other work. So only
//! whole sentences count that are made of known words, in which nothing but its own id and its own days has digits.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use regex::{Captures, Regex};
use serde::Deserialize;

use super::{Meaning, SAYINGS, expanded, is_another_then, shortened};
use crate::features::maintenance::mail::page::{Marks, Page};
use crate::features::maintenance::mail::{Kind, Part, text_lines};
use crate::features::maintenance::model::{Notice, Status};
use crate::features::maintenance::rules::finish;
use crate::features::maintenance::rules::fold::squash;
use crate::features::maintenance::rules::partial::Partial;
use crate::features::maintenance::rules::rule::Rule;

/// Stand for what is this notice's own, and for another day; from the private area of Unicode, and taken out of the text before.
const ID: char = '\u{e000}';
/// See [`ID`].
const DAY_OF_WINDOW: char = '\u{e001}';
/// See [`ID`].
const OTHER_DAY: char = '\u{e002}';
/// See [`ID`]: the only circuit.
const CIRCUIT: char = '\u{e003}';
/// Paragraphs that are looked at, and bytes of each.
const MAX_PARAGRAPHS: usize = 200;
/// See [`MAX_PARAGRAPHS`].
const MAX_BYTES: usize = 2000;
/// A paragraph with a date and no more than this is the head of an entry.
const HEAD_CHARS: usize = 40;
/// What stands beside something in a list has no more words.
const FEW_WORDS: usize = 3;
/// What introduces a list has more words.
const TITLE_WORDS: usize = 2;

/// Weekdays and times of day, which say nothing of which day it is.
static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\ (?<date>\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)
        |,?\ *\b(?:at\ )?\d{1,2}:\d\d(?::\d\d)?(?:\ ?[ap]\.?m\b\.?)?(?:\ ?\(?(?:gmt|utc|z|[a-z]{2,4}t)\b\)?)?
        |,(?<year>\ 20\d\d)\b",
    )
    .ok()
});
/// A date of a day.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)\b(?:(?<day>\d{1,2})(?:st|nd|rd|th)?[\ -]?(?:of\ )?(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[\ -]*\d{2,4})?
        |(?<month_first>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[\ -](?<day_second>\d{1,2})(?:st|nd|rd|th)?(?:[\ -]\d{4})?
        |\d{4}[-/.](?<one>\d\d?)[-/.](?<two>\d\d?)|(?<three>\d\d?)[-/.](?<four>\d\d?)[-/.]\d{2,4})\b",
    )
    .ok()
});
/// The months as [`DAY`] finds them.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Days of a window that are looked at.
const MAX_DAYS: i64 = 62;

/// How a notice says something of itself, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The paragraph from which on what is told is old.
    history: String,
    /// How entries of a log begin.
    dated: String,
    /// What makes a cancellation or a completion unclear.
    contrary: String,
    /// What makes its paragraph unclear.
    doubtful: String,
    /// What makes a sentence one of less than the whole work.
    limit: String,
    /// What introduces what is said by others, or at other times.
    leads: String,
    /// The sentence.
    sentence: String,
    /// A line that is short for one.
    short: String,
    /// What stands beside one.
    beside: String,
    /// Words, and what a sentence with them means.
    means: Vec<(String, Meaning)>,
    /// Pieces of patterns.
    pieces: BTreeMap<String, String>,
}

/// The same, ready to be looked for.
#[derive(Debug)]
pub(super) struct Sentences {
    history: Regex,
    dated: Regex,
    pub(super) contrary: Regex,
    doubtful: Regex,
    limit: Regex,
    leads: Regex,
    sentence: Regex,
    short: Regex,
    beside: Regex,
    means: Vec<(String, Meaning)>,
}

impl Sentences {
    /// Compiles the file.
    pub(super) fn compile(file: &File) -> Result<Self, String> {
        let regex = |pattern: &str| {
            let mut whole = expanded(pattern, &file.pieces, "\n");
            for (name, sign) in [("<id>", ID), ("<day>", DAY_OF_WINDOW), ("<other>", OTHER_DAY), ("<circuit>", CIRCUIT)]
            {
                whole = whole.replace(name, &sign.to_string());
            }
            Regex::new(&whole).map_err(|error| format!("{pattern}: {error}"))
        };
        Ok(Self {
            history: regex(&file.history)?,
            dated: regex(&file.dated)?,
            contrary: regex(&file.contrary)?,
            doubtful: regex(&file.doubtful)?,
            limit: regex(&file.limit)?,
            leads: regex(&file.leads)?,
            sentence: regex(&file.sentence)?,
            short: regex(&file.short)?,
            beside: regex(&file.beside)?,
            means: file.means.clone(),
        })
    }

    /// What a paragraph says, with its signs in it: nothing where one of its sentences is neither such a statement nor one that
    /// leaves it as it is. `above` is the paragraph before.
    fn meanings(&self, paragraph: &str, above: Option<&str>) -> Vec<Meaning> {
        // A line with another number is of that: a ticket in a list, a day in a log.
        let is_other =
            |above: &str| above.contains(|c: char| c.is_ascii_digit()) && above.split(' ').count() <= FEW_WORDS;
        if above.is_some_and(|above| self.leads.is_match(above) || is_other(above)) {
            return Vec::new();
        }
        if self.short.is_match(paragraph) {
            let is_value = above.is_some_and(|above| !above.ends_with(['.', '!', ',']) && !above.contains(ID));
            return self.meaning(paragraph).into_iter().filter(|_| !is_value).collect();
        }
        let mut meanings = Vec::new();
        for sentence in pieces(paragraph) {
            let meaning =
                Some(sentence).filter(|sentence| self.sentence.is_match(sentence)).and_then(|it| self.meaning(it));
            // What was moved may take place as follows.
            let is_moved = matches!(meaning, Some(Meaning::ReScheduled | Meaning::Postponed));
            match meaning.filter(|_| is_moved || !self.limit.is_match(sentence)) {
                Some(meaning) => meanings.push(meaning),
                None if self.beside.is_match(sentence) => {}
                None => return Vec::new(),
            }
        }
        meanings
    }

    /// What a sentence says.
    fn meaning(&self, sentence: &str) -> Option<Meaning> {
        let said = sentence.to_lowercase();
        let word = |(word, means): &(String, Meaning)| said.find(word.as_str()).map(|at| (at, *means));
        let (at, means) = self.means.iter().filter_map(word).min()?;
        // Of work that was moved the old day is named.
        let is_moved = matches!(means, Meaning::ReScheduled | Meaning::Postponed);
        let is_of_other_day = said.get(..at).is_none_or(|of| of.contains(OTHER_DAY));
        (is_moved || !is_of_other_day).then_some(means)
    }
}

/// What a notice says of itself.
#[derive(Debug, Clone)]
pub(in super::super) struct Own {
    /// What has become of the work.
    pub(in super::super) status: Status,
    /// What was said.
    pub(in super::super) sentence: String,
}

impl Own {
    /// The statement in the pages that `partial` was read from; `None` where a status was found in them, where they say nothing,
    /// and where they say several things.
    pub(in super::super) fn of<'p>(
        rule: &Rule,
        slug: &str,
        partial: &Partial,
        parts: impl Iterator<Item = &'p Part>,
    ) -> Option<Self> {
        let sentences = &SAYINGS.as_ref().filter(|_| partial.says_no_status())?.own;
        // Of what is cancelled less has to be known, and whether it is will be seen.
        let cancelled = Partial { status: Some(Status::Cancelled), ..partial.clone() };
        let notices = finish::notices(rule, slug, cancelled).ok().filter(|notices| !notices.is_empty())?;
        let of = Of { sentences, notices: &notices };
        let pages = parts.filter(|part| matches!(part.kind(), Kind::Html | Kind::Text)).map(Part::page);
        let said = pages.flat_map(|page| {
            let lines = text_lines(page).into_iter().filter(|line| !page.marks(*line).any(Marks::TITLE));
            of.said(&paragraphs(page, lines))
        });
        let mut said = said.filter_map(|(means, sentence)| Some(Self { status: status(means, rule)?, sentence }));
        let first = said.next()?;
        said.all(|other| other.status == first.status).then_some(first)
    }
}

/// The status that a sentence of a notice means.
fn status(means: Meaning, rule: &Rule) -> Option<Status> {
    match means {
        Meaning::Cancelled => Some(Status::Cancelled),
        Meaning::Completed => Some(Status::Completed),
        Meaning::InProcess => Some(Status::InProcess),
        Meaning::Postponed if is_another_then(rule) => Some(Status::Cancelled),
        Meaning::ReScheduled | Meaning::Postponed => Some(Status::ReScheduled),
        Meaning::Moves | Meaning::Later => None,
    }
}

/// Notices, and what is said of them.
pub(super) struct Of<'o> {
    /// The sentences.
    pub(super) sentences: &'o Sentences,
    /// The notices.
    pub(super) notices: &'o [Notice],
}

impl Of<'_> {
    /// What paragraphs say of the work: each statement that is clear by itself, with where it is made.
    pub(super) fn said(&self, all: &[String]) -> Vec<(Meaning, String)> {
        let now = all.iter().take_while(|paragraph| !self.sentences.history.is_match(paragraph));
        let signed: Vec<(&String, String)> = now.map(|paragraph| (paragraph, self.signed(paragraph))).collect();
        let is_contrary = signed.iter().any(|(_, paragraph)| self.sentences.contrary.is_match(paragraph));
        let dated = |signed: &String| self.sentences.dated.captures(signed).map(|date| date.name("says").is_some());
        let is_log = signed.iter().filter(|(_, signed)| dated(signed) == Some(true)).count() > 1;
        let (mut said, mut is_listed, mut above) = (Vec::new(), false, None);
        for (paragraph, signed) in &signed {
            let above = above.replace(signed.as_str());
            let dated = dated(signed);
            let is_entry = std::mem::replace(&mut is_listed, false);
            // What follows a colon is one of several things that may be, and what follows a date of that day.
            let introduces = paragraph.ends_with(':') && paragraph.split(' ').count() > TITLE_WORDS;
            let is_said = is_entry && !self.sentences.meanings(signed, None).is_empty();
            let goes_on = is_entry && (is_said || !paragraph.ends_with(['.', '!']));
            is_listed = introduces || goes_on || dated.is_some() && paragraph.chars().count() <= HEAD_CHARS;
            if is_entry || dated.is_some_and(|says| is_log || !says) || self.sentences.doubtful.is_match(paragraph) {
                continue;
            }
            // Behind the only date stands the newest word; that it was moved then is what the notice already has.
            let newest = self.sentences.dated.replace(signed, "Update: $says");
            let is_clear = |means: &Meaning| match means {
                Meaning::ReScheduled | Meaning::Postponed => dated.is_none(),
                // Who will not do it then, and has another window, will do it some other time.
                Meaning::Cancelled | Meaning::Completed | Meaning::InProcess | Meaning::Moves | Meaning::Later => {
                    !is_contrary
                }
            };
            let all = self.sentences.meanings(&newest, above).into_iter().filter(is_clear);
            said.extend(all.map(|means| (means, shortened(paragraph))));
        }
        said
    }

    /// A paragraph with signs for the notice's own id and days, and without times of day.
    fn signed(&self, paragraph: &str) -> String {
        let (Some(clock), Some(day)) = (CLOCK.as_ref(), DAY.as_ref()) else { return String::new() };
        let plain: String = paragraph.chars().filter(|c| !(ID..=CIRCUIT).contains(c)).collect();
        let plain = self.names().fold(plain, |text, (name, sign)| with_sign(&text, name, sign));
        let plain = clock.replace_all(&plain, "$date$year");
        let sign = |found: &Captures<'_>| {
            // Of several windows any may be meant.
            let is_own = matches!(self.notices, [only] if is_day_of(found, only));
            String::from(if is_own { DAY_OF_WINDOW } else { OTHER_DAY })
        };
        squash(&day.replace_all(&plain, sign))
    }

    /// What names the work, with its sign: the id that all of its windows have, and its only circuit.
    fn names(&self) -> impl Iterator<Item = (&str, char)> {
        let first = self.notices.first().map(|notice| notice.maintenance_id.as_str());
        let id = first.filter(|id| self.notices.iter().all(|notice| notice.maintenance_id.starts_with(id)));
        let circuit = match self.notices {
            [Notice { circuits, .. }] if circuits.len() == 1 => circuits.first().map(|only| only.circuit_id.as_str()),
            _ => None,
        };
        let names = id.map(|id| (id, ID)).into_iter().chain(circuit.map(|circuit| (circuit, CIRCUIT)));
        names.filter(|(name, _)| !name.is_empty())
    }
}

/// The sentences of a paragraph: each ends before one that begins with a capital.
fn pieces(paragraph: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = paragraph;
    let mut from = 0;
    while let Some(end) = rest.get(from..).and_then(|left| left.find(". ").into_iter().chain(left.find("! ")).min()) {
        let (end, begins) =
            (from + end + 1, rest.get(from + end + 2..).is_some_and(|next| next.starts_with(char::is_uppercase)));
        if let Some((sentence, next)) = rest.split_at_checked(end).filter(|_| begins) {
            pieces.push(sentence);
            (rest, from) = (next.trim_start(), 0);
        } else {
            from = end;
        }
    }
    pieces.push(rest);
    pieces
}

/// A text with a sign in place of a name that stands alone.
fn with_sign(text: &str, name: &str, sign: char) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || "-_/".contains(c);
    let mut signed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(name) {
        let begins = !(if before.is_empty() { &signed } else { before }).ends_with(is_of_word);
        let mut next = behind.chars();
        let ends = match next.next() {
            Some('.') => !next.next().is_some_and(char::is_alphanumeric),
            other => !other.is_some_and(is_of_word),
        };
        signed.push_str(before);
        if begins && ends {
            signed.push(sign);
        } else {
            signed.push_str(name);
        }
        rest = behind;
    }
    signed.push_str(rest);
    signed
}

/// The paragraphs of lines of a page: lines that go on in small letters belong to the one above.
pub(super) fn paragraphs(page: &Page, lines: impl IntoIterator<Item = usize>) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    for line in lines {
        let line = squash(page.line(line)).replace('\u{a0}', " ").replace('’', "'");
        let line = line.trim();
        let goes_on = line.starts_with(|c: char| c.is_lowercase() || c == '(');
        if let Some(last) = paragraphs.last_mut().filter(|last| goes_on && last.len() + line.len() < MAX_BYTES) {
            last.extend([" ", line]);
        } else if paragraphs.len() < MAX_PARAGRAPHS {
            paragraphs.push(if line.len() < MAX_BYTES { line.to_owned() } else { String::new() });
        }
    }
    paragraphs
}

/// Whether a date is a day of the window, wherever on earth it is read.
fn is_day_of(found: &Captures<'_>, notice: &Notice) -> bool {
    let number = |name: &str| found.name(name)?.as_str().parse::<u32>().ok();
    let month = |name: &str| {
        let text = found.name(name)?.as_str().to_lowercase();
        u32::try_from(MONTHS.iter().position(|month| *month == text)? + 1).ok()
    };
    let pairs = [
        (number("day"), month("month")),
        (number("day_second"), month("month_first")),
        (number("one"), number("two")),
        (number("three"), number("four")),
    ];
    let pair = pairs.into_iter().find_map(|(one, two)| Some((one?, two?)));
    let is_either_way = number("one").is_some() || number("three").is_some();
    // Clocks on earth are up to twelve hours behind, and up to fourteen ahead.
    let first = notice.start.checked_sub_signed(TimeDelta::hours(12)).unwrap_or(notice.start).date_naive();
    let last = notice.end.checked_add_signed(TimeDelta::hours(14)).unwrap_or(notice.end).date_naive();
    let mut days = first.iter_days().take_while(|day| *day <= last && (*day - first).num_days() <= MAX_DAYS);
    let is = |day: NaiveDate, (one, two): (u32, u32)| (day.day(), day.month()) == (one, two);
    pair.is_some_and(|(one, two)| days.any(|day| is(day, (one, two)) || (is_either_way && is(day, (two, one)))))
}
