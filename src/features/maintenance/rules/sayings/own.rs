//! What a notice says of itself in a sentence, where its rule found no status in it.
//!
//! The sentences are those of what is told above a notice, with more doubts: a notice announces work, and much that sounds like
//! news there is how work is announced, or what became of earlier work.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike as _, Days, NaiveDate};
use regex::{Captures, Regex};

use super::{Meaning, SAYINGS, Said, Sayings, is_another_then, is_year, sentences, shortened};
use crate::features::maintenance::mail::page::{Marks, Page};
use crate::features::maintenance::mail::{Kind, Part, text_lines};
use crate::features::maintenance::model::{Notice, Status};
use crate::features::maintenance::rules::finish;
use crate::features::maintenance::rules::partial::Partial;
use crate::features::maintenance::rules::rule::Rule;

/// What hides in dates that a clause goes on: weekdays, times of day, and the comma before a year. What stays is `date` and
/// `year`.
static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\ (?<date>\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)
        |\ *\b(?:at\ )?\d{1,2}:\d\d(?::\d\d)?(?:\ ?[ap]\.?m\b\.?)?(?:\ ?\(?(?:gmt|utc|z|[a-z]{2,4}t)\b\)?)?
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
/// A line with a date and no more than this is the head of an entry.
const HEAD_CHARS: usize = 40;

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
        let sayings = SAYINGS.as_ref().filter(|_| partial.says_no_status())?;
        // Of what is cancelled less has to be known, and whether it is will be seen.
        let cancelled = Partial { status: Some(Status::Cancelled), ..partial.clone() };
        let notices = finish::notices(rule, slug, cancelled).ok().filter(|notices| !notices.is_empty())?;
        let of = Of { sayings, notices: &notices };
        let pages = parts.filter(|part| matches!(part.kind(), Kind::Html | Kind::Text)).map(Part::page);
        one(rule, &pages.flat_map(|page| of.said(page)).collect())
    }
}

/// What sentences come to; `None` where they contradict each other.
fn one(rule: &Rule, said: &Said) -> Option<Own> {
    let has = |means: Meaning| said.contains_key(&means);
    let is_moved = has(Meaning::ReScheduled) || has(Meaning::Postponed);
    let (means, status) = match (has(Meaning::Cancelled), has(Meaning::Completed), is_moved) {
        // Who will not do it then will do it some other time.
        (true, false, false) if !has(Meaning::Moves) => (Meaning::Cancelled, Status::Cancelled),
        (false, true, false) => (Meaning::Completed, Status::Completed),
        (false, false, true) if has(Meaning::ReScheduled) => (Meaning::ReScheduled, Status::ReScheduled),
        (false, false, true) if is_another_then(rule) => (Meaning::Postponed, Status::Cancelled),
        (false, false, true) => (Meaning::Postponed, Status::ReScheduled),
        (false, false, false) => (Meaning::InProcess, Status::InProcess),
        _ => return None,
    };
    said.get(&means).map(|sentence| Own { status, sentence: shortened(sentence) })
}

/// Notices, and what is said of them.
struct Of<'o> {
    /// The sentences.
    sayings: &'o Sayings,
    /// The notices.
    notices: &'o [Notice],
}

impl Of<'_> {
    /// What a page says of the work.
    fn said(&self, page: &Page) -> Said {
        let own = &self.sayings.own;
        let is_body = |line: &usize| !page.marks(*line).any(Marks::TITLE);
        let is_now = |line: &usize| !own.history.is_match(page.line(*line));
        let lines: Vec<usize> = text_lines(page).into_iter().filter(is_body).take_while(is_now).collect();
        let (mut said, mut is_entry) = (Said::new(), false);
        for sentence in sentences(page, &lines) {
            let is_dated = own.dated.is_match(&sentence);
            let is_head = is_dated && sentence.chars().count() <= HEAD_CHARS;
            if !std::mem::replace(&mut is_entry, is_head) && !is_dated {
                self.add(&sentence, &mut said);
            }
        }
        said
    }

    /// Adds what a sentence says.
    fn add(&self, sentence: &str, said: &mut Said) {
        if sentence.ends_with('?') {
            return;
        }
        let plain = self.plain(sentence);
        for saying in &self.sayings.said {
            let mut clauses = saying.find.iter().flat_map(|find| find.captures_iter(&plain));
            if clauses.any(|clause| self.is_news(saying.means, &plain, &clause)) {
                said.entry(saying.means).or_insert_with(|| sentence.to_owned());
            }
        }
    }

    /// A sentence with nothing in its dates that ends a clause, and with its subject in words.
    fn plain(&self, sentence: &str) -> String {
        let Some(clock) = CLOCK.as_ref() else { return sentence.to_owned() };
        let plain = clock.replace_all(sentence, "$date$year");
        // "Please be advised that X-777 has been cancelled."
        let id =
            |id: &str| Regex::new(&format!(r"(?i)(^|\bthat |[,:] ){} (has|have|is|was|will)\b", regex::escape(id)));
        match self.id().and_then(|known| id(known).ok()) {
            Some(subject) => subject.replace_all(&plain, "${1}this maintenance $2").into_owned(),
            None => plain.into_owned(),
        }
    }

    /// The id, where there is one: what the ids of several windows begin with.
    fn id(&self) -> Option<&str> {
        let first = self.notices.first()?.maintenance_id.as_str();
        self.notices.iter().all(|notice| notice.maintenance_id.starts_with(first)).then_some(first)
    }

    /// Whether a clause of a sentence says what has become of this work, and is not how work is announced.
    fn is_news(&self, means: Meaning, sentence: &str, clause: &Captures<'_>) -> bool {
        let own = &self.sayings.own;
        let of = clause.name("of").or_else(|| clause.name("when"));
        let (Some(of), Some(said)) = (of, clause.name("said")) else { return means == Meaning::Moves };
        let Range { start, end } = said.range();
        let around = [sentence.get(..start), sentence.get(end..)].map(Option::unwrap_or_default);
        let is_news = match means {
            Meaning::Moves | Meaning::Later => true,
            Meaning::Cancelled => own.cancelled.is_match(said.as_str()),
            Meaning::Completed => own.completed.is_match(said.as_str()),
            Meaning::InProcess => own.in_process.is_match(said.as_str()),
            Meaning::Postponed | Meaning::ReScheduled => own.rescheduled.is_match(said.as_str()),
        };
        let is_old = own.never_behind.is_match(around[0]) || own.never_before.is_match(around[1]);
        // Of work that was moved the old day is named.
        let any_day = matches!(means, Meaning::Postponed | Meaning::ReScheduled);
        is_news
            && !is_old
            && self.is_this(of.as_str(), any_day)
            && self.sayings.is_statement(means, sentence, clause, &|_| true)
    }

    /// Whether what names the work names this: its id, its only circuit, its days. Whatever else has a digit may be the name of
    /// another.
    fn is_this(&self, of: &str, any_day: bool) -> bool {
        let Some(day) = DAY.as_ref() else { return false };
        let circuit = match self.notices {
            [Notice { circuits, .. }] if circuits.len() == 1 => circuits.first(),
            _ => None,
        };
        let own: Vec<String> = self
            .id()
            .into_iter()
            .flat_map(words)
            .chain(circuit.into_iter().flat_map(|only| words(&only.circuit_id)))
            .collect();
        let is_its_day = |found: Captures<'_>| self.notices.iter().all(|notice| is_day_of(&found, notice));
        words(&day.replace_all(of, " ")).all(|word| own.contains(&word))
            && (any_day || day.captures_iter(of).all(is_its_day))
    }
}

/// The words of a text that have a digit and are no year, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split([' ', ',']).map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    words.filter(|word| word.contains(|c: char| c.is_ascii_digit()) && !word.parse().is_ok_and(is_year))
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
    let first = notice.start.date_naive().checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
    let last = notice.end.date_naive().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    let mut days = first.iter_days().take_while(|day| *day <= last && (*day - first).num_days() <= MAX_DAYS);
    let is = |day: NaiveDate, (one, two): (u32, u32)| (day.day(), day.month()) == (one, two);
    pair.is_some_and(|(one, two)| days.any(|day| is(day, (one, two)) || (is_either_way && is(day, (two, one)))))
}
