//! From a rule file to a rule: patterns compiled, words checked, every mistake with its line and key.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use chrono_tz::Tz;
use regex::{Regex, RegexBuilder};
use toml::Spanned;

use super::error::{Problem, RuleError, toml_error};
use super::file::{
    ColumnFile, DateOrder, Dates, Defaults, Field, Filter, LabelIs, PartFile, RepeatedHour, RuleFile, StepFile, Texts,
    Words,
};
use super::fold;
use super::rule::{
    Assumed, Column, DateRules, Labels, Needle, Place, Reader, Rule, Search, Step, Table, Take, Word, WordMap, ZoneRule,
};
use crate::features::maintenance::mail::Kind;
use crate::features::maintenance::mail::page::Marks;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::when::{Order, Repeated};

/// A compiled pattern may take this much memory: a pattern of a user that needs more is an error, not a stop.
const PATTERN_BYTES: usize = 2 * 1024 * 1024;

impl Rule {
    /// Compiles the text of a rule file.
    pub(super) fn compile(file: &Path, text: &str) -> Result<Self, RuleError> {
        let parsed: RuleFile = toml::from_str(text).map_err(|error| toml_error(&error, file.to_owned(), text))?;
        compile(parsed).map_err(|problem| problem.in_file(file.to_owned(), text))
    }
}

/// Compiles a file.
fn compile(file: RuleFile) -> Result<Rule, Problem> {
    if let Some(name) = &file.name
        && name.as_ref().trim().is_empty()
    {
        return Err(Problem::new(name.span(), "name", "it is empty", "write the provider's name for people"));
    }
    let mut readers = BTreeMap::new();
    for (name, part) in &file.part {
        readers.insert(name.as_str(), reader(name, part)?);
    }
    let processors = processors(&file.processors, &readers)?;
    Ok(Rule {
        organizer: file.organizer.into_inner(),
        generic: file.generic,
        include: file.include.iter().map(filter).collect::<Result<_, _>>()?,
        exclude: file.exclude.iter().map(filter).collect::<Result<_, _>>()?,
        processors,
        status: word_map(&file.status, "status", Some(Field::Status))?,
        impact: word_map(&file.impact, "impact", Some(Field::Impact))?,
        dates: dates(&file.dates)?,
        default: defaults(&file.default)?,
        id: file.id.map(|id| (id.each_circuit, id.window.into_inner())),
    })
}

/// The parts of every processor.
fn processors(
    file: &Spanned<Vec<Vec<Spanned<String>>>>,
    readers: &BTreeMap<&str, Reader>,
) -> Result<Vec<Vec<Reader>>, Problem> {
    if file.as_ref().iter().all(Vec::is_empty) {
        return Err(Problem::new(file.span(), "processors", "it is empty", "write for example [[\"html\", \"date\"]]"));
    }
    let find = |name: &Spanned<String>| match (readers.get(name.as_ref().as_str()), name.as_ref().as_str()) {
        (Some(reader), _) => Ok(reader.clone()),
        // These two say all there is without steps.
        (None, "ical" | "date") => Ok(Reader {
            name: name.as_ref().clone(),
            from: Kind::from_word(name.as_ref()).into_iter().collect(),
            breaks: Marks::default(),
            steps: [].into(),
        }),
        (None, unknown) => Err(Problem::new(
            name.span(),
            "processors",
            format!("there is no [part.{unknown}]"),
            format!("write [[part.{unknown}.step]] with what to look for, or one of ical, date"),
        )),
    };
    file.as_ref().iter().map(|parts| parts.iter().map(find).collect()).collect()
}

/// How a part is read.
fn reader(name: &str, part: &Spanned<PartFile>) -> Result<Reader, Problem> {
    let (span, part) = (part.span(), part.as_ref());
    let kind = |word: &str, span: Range<usize>| {
        let known = || format!("write one of {}", Kind::ALL.map(Kind::as_str).join(", "));
        Kind::from_word(word).ok_or_else(|| Problem::new(span, "from", format!("{word:?} is no kind of part"), known()))
    };
    let from = match &part.from {
        Some(words) => {
            words.as_ref().all().iter().map(|word| kind(word, words.span())).collect::<Result<Vec<_>, _>>()?
        }
        None => vec![kind(name, span)?],
    };
    let mut breaks = Marks::default();
    for word in &part.break_at {
        let is_line_end = word.as_ref() == "line-end";
        breaks = breaks.and(if is_line_end { Marks::LINE_END } else { marks(word, "break_at")? });
    }
    let steps = part.step.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    Ok(Reader { name: name.to_owned(), from, breaks, steps: steps.into() })
}

/// The mark of an element's name.
fn marks(word: &Spanned<String>, key: &'static str) -> Result<Marks, Problem> {
    const KNOWN: &str = "write b, i, u, a, td, th, li, p, span, title or h1 to h6";
    Ok(match word.as_ref().as_str() {
        "b" | "strong" => Marks::BOLD,
        "i" | "em" => Marks::ITALIC,
        "u" => Marks::UNDERLINE,
        "a" => Marks::LINK,
        "td" => Marks::CELL,
        "th" => Marks::HEADER_CELL,
        "li" => Marks::ITEM,
        "p" => Marks::PARAGRAPH,
        "span" => Marks::SPAN,
        "title" => Marks::TITLE,
        "h1" => Marks::heading(1),
        "h2" => Marks::heading(2),
        "h3" => Marks::heading(3),
        "h4" => Marks::heading(4),
        "h5" => Marks::heading(5),
        "h6" => Marks::heading(6),
        other => return Err(Problem::new(word.span(), key, format!("{other:?} is no element that lines know"), KNOWN)),
    })
}

/// One step.
fn step(file: &StepFile) -> Result<Step, Problem> {
    let take = Take {
        pattern: file.pattern.as_ref().map(|found| pattern(found, "pattern", true)).transpose()?,
        field: file.field,
        split: file.split.clone(),
        replace: replacements(&file.replace)?,
        words: word_map(&file.words, "words", file.field)?,
        not: file.not.iter().map(|text| fold::fold(text)).collect(),
        keep: file.keep,
    };
    let mut within = None;
    for word in &file.within {
        within = Some(within.unwrap_or_else(Marks::default).and(marks(word, "in")?));
    }
    let labels = |texts: &Texts| labelled(texts, LabelIs::Start);
    Ok(Step {
        search: search(file)?,
        within,
        after: file.after.as_ref().map(labels),
        until: file.until.as_ref().map(labels),
        value: file.value.unwrap_or_default(),
        list: file.list.as_ref().map(|list| list.as_ref().clone()).unwrap_or_default(),
        take,
        required: file.required,
        missing: OnceLock::new(),
    })
}

/// What a step looks for.
fn search(file: &StepFile) -> Result<Search, Problem> {
    let labels = |texts: &Spanned<Texts>| labelled(texts.as_ref(), file.label_is);
    if let Some(steps) = &file.repeat {
        let Some(label) = &file.label else {
            return Err(Problem::new(steps.span(), "repeat", "it has no label", "write label = \"…\" beside it"));
        };
        let steps = steps.as_ref().iter().map(step).collect::<Result<Vec<_>, _>>()?;
        return Ok(Search::Repeat(labels(label), steps));
    }
    let spans = [
        file.label.as_ref().map(Spanned::span),
        file.label_pattern.as_ref().map(Spanned::span),
        file.find.as_ref().map(Spanned::span),
        file.columns.as_ref().map(Spanned::span),
        file.link.as_ref().map(Spanned::span),
    ];
    let present: Vec<Range<usize>> = spans.into_iter().flatten().collect();
    if present.len() != 1 {
        let span = present.get(1).cloned().unwrap_or(0..0);
        let fix = "give each step exactly one of label, label_pattern, find, columns, link";
        return Err(Problem::new(span, "step", "it looks for nothing, or for several things", fix));
    }
    if file.columns.is_none() && (!file.header.is_empty() || !file.cells.is_empty() || file.first_row) {
        let span = present.first().cloned().unwrap_or(0..0);
        let problem = "`header`, `cells` and `first_row` say which rows of `columns` count, and it has none";
        return Err(Problem::new(span, "columns", problem, "write columns = […], or leave them out"));
    }
    if let Some(label) = &file.label {
        if label.as_ref().all().iter().any(|text| text.trim().is_empty()) {
            return Err(Problem::new(label.span(), "label", "it is empty", "write the words that the value follows"));
        }
        return Ok(Search::Label(labels(label)));
    }
    if let Some(found) = &file.label_pattern {
        return Ok(Search::LabelPattern(pattern(found, "label_pattern", true)?));
    }
    if let Some(found) = &file.find {
        return Ok(Search::Find(pattern(found, "find", true)?));
    }
    if let Some(link) = &file.link {
        return Ok(Search::Link(link.as_ref().clone()));
    }
    let columns = file.columns.iter().flat_map(Spanned::as_ref).map(column).collect::<Result<Vec<_>, _>>()?;
    let header = file.header.iter().map(|text| fold::fold(text)).collect();
    Ok(Search::Table(Table { header, cells: file.cells.clone(), first_row: file.first_row, columns }))
}

/// One column.
fn column(file: &ColumnFile) -> Result<Column, Problem> {
    let place = match (&file.header, &file.at) {
        (Some(texts), None) => Place::Header(folded(texts.as_ref())),
        (None, Some(at)) => match at.as_ref().checked_sub(1) {
            Some(at) => Place::At(at),
            None => return Err(Problem::new(at.span(), "at", "columns count from 1", "write 1 for the first column")),
        },
        (Some(texts), Some(_)) => {
            return Err(Problem::new(texts.span(), "header", "the column also has `at`", "write one of the two"));
        }
        (None, None) => return Err(Problem::new(0..0, "columns", "a column has no place", "write header or at")),
    };
    let regex =
        |found: &Option<Spanned<String>>, key| found.as_ref().map(|found| pattern(found, key, false)).transpose();
    Ok(Column {
        place,
        optional: file.optional,
        need: regex(&file.need, "need")?,
        never: regex(&file.never, "never")?,
        take: Take {
            pattern: file.pattern.as_ref().map(|found| pattern(found, "pattern", true)).transpose()?,
            field: file.field,
            split: file.split.clone(),
            replace: replacements(&file.replace)?,
            words: word_map(&file.words, "words", file.field)?,
            not: file.not.iter().map(|text| fold::fold(text)).collect(),
            keep: file.keep,
        },
    })
}

/// Labels that lines have to fit so.
fn labelled(texts: &Texts, fit: LabelIs) -> Labels {
    let written = texts.all().iter().map(|text| text.trim().to_owned()).collect();
    Labels { written, texts: folded(texts), fit }
}

/// Texts, folded for comparing.
fn folded(texts: &Texts) -> Vec<String> {
    texts.all().iter().map(|text| fold::fold(text.trim())).collect()
}

/// A filter.
fn filter(file: &Filter) -> Result<Needle, Problem> {
    let word = file.part.as_ref();
    let kind = Kind::from_word(word).ok_or_else(|| {
        let fix = format!("write one of {}", Kind::ALL.map(Kind::as_str).join(", "));
        Problem::new(file.part.span(), "part", format!("{word:?} is no kind of part"), fix)
    })?;
    Ok(Needle { kind, written: file.find.as_ref().clone(), pattern: pattern(&file.find, "find", false)? })
}

/// A pattern; its groups are fields if `with_fields`.
fn pattern(found: &Spanned<String>, key: &'static str, with_fields: bool) -> Result<Regex, Problem> {
    let regex =
        RegexBuilder::new(&any_blanks(found.as_ref())).multi_line(true).size_limit(PATTERN_BYTES).build().map_err(
            |error| Problem::new(found.span(), key, one_line(&error), "write a regular expression of the regex crate"),
        )?;
    let unknown = regex.capture_names().flatten().find(|name| with_fields && Field::from_name(name).is_none());
    match unknown {
        Some(name) => {
            let problem = format!("the group {name:?} is no field");
            Err(Problem::new(found.span(), key, problem, "name groups after fields, such as (?<circuit>…)"))
        }
        None => Ok(regex),
    }
}

/// A pattern in which each blank stands for one or more, since nobody sees how many there are, and `\d` for the digits of
/// ASCII: those of all scripts take several times the memory, and dates are not written in them. Likewise `\b`, which in all
/// scripts keeps the quick engine from any text with a letter beyond ASCII.
pub(super) fn any_blanks(pattern: &str) -> String {
    // Under `x` blanks are layout of the pattern.
    let blanks = !pattern.trim_start().starts_with("(?x");
    let mut written = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => written.push_str(if in_class { "0-9" } else { DIGIT }),
                Some('b') if !in_class && chars.peek() != Some(&'{') => written.push_str(EDGE),
                escaped => written.extend(std::iter::once(c).chain(escaped)),
            },
            ' ' if blanks && !in_class && !matches!(chars.peek(), Some('+' | '*' | '?' | '{')) => {
                written.push_str(" +");
            }
            _ => {
                match c {
                    '[' => in_class = true,
                    ']' => in_class = false,
                    _ => {}
                }
                written.push(c);
            }
        }
    }
    written
}

/// What takes the place of `\d`.
const DIGIT: &str = "[0-9]";
/// What takes the place of `\b`.
const EDGE: &str = r"(?-u:\b)";

/// A pattern as its writer wrote it, near enough: [`any_blanks`] undone.
pub(super) fn as_written(pattern: &str) -> String {
    let pattern = pattern.replace(DIGIT, r"\d").replace(EDGE, r"\b");
    if pattern.trim_start().starts_with("(?x") { pattern } else { pattern.replace(" +", " ") }
}

/// The last line of a pattern error: what is wrong, without the picture.
fn one_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Patterns and what takes the place of what they match.
fn replacements(file: &[(Spanned<String>, String)]) -> Result<Vec<(Regex, String)>, Problem> {
    file.iter().map(|(found, with)| Ok((pattern(found, "replace", false)?, with.clone()))).collect()
}

/// Words and what they mean; for a status or an impact only what exists.
fn word_map(file: &Words, key: &'static str, field: Option<Field>) -> Result<WordMap, Problem> {
    let mut words = Vec::with_capacity(file.len());
    for (word, meaning) in file {
        let known = match field {
            Some(Field::Status) => meaning.as_ref().parse::<Status>().is_ok(),
            Some(Field::Impact) => meaning.as_ref().parse::<Impact>().is_ok(),
            _ => true,
        };
        if !known {
            let fix = match field {
                Some(Field::Impact) => format!("write one of {}", Impact::ALL.map(Impact::as_str).join(", ")),
                _ => format!("write one of {}", Status::ALL.map(Status::as_str).join(", ")),
            };
            return Err(Problem::new(meaning.span(), key, format!("{:?} is not known", meaning.as_ref()), fix));
        }
        let text = word.as_ref();
        let slashes = text.len() > 2 && text.starts_with('/') && text.ends_with('/');
        let word = match text.get(1..text.len().saturating_sub(1)).filter(|_| slashes) {
            Some(inner) => Word::Pattern(pattern(&Spanned::new(word.span(), inner.to_owned()), key, false)?),
            None => Word::Text(fold::fold(text)),
        };
        words.push((word, meaning.as_ref().clone()));
    }
    Ok(WordMap(words))
}

/// How dates are read.
fn dates(file: &Dates) -> Result<DateRules, Problem> {
    let zone_of = |name: &Spanned<String>, key| {
        let problem = || format!("{:?} is no time zone", name.as_ref());
        name.as_ref()
            .parse::<Tz>()
            .map_err(|_| Problem::new(name.span(), key, problem(), "write an IANA name such as \"America/Chicago\""))
    };
    let zone = match &file.zone {
        None => ZoneRule::Fixed(Tz::UTC),
        Some(name) if name.as_ref() == "city" => ZoneRule::City,
        Some(name) => ZoneRule::Fixed(zone_of(name, "zone")?),
    };
    let mut zones = BTreeMap::new();
    for (letters, name) in &file.zones {
        zones.insert(letters.to_uppercase(), zone_of(name, "zones")?);
    }
    let order = match file.order {
        DateOrder::MonthFirst => Order::MonthFirst,
        DateOrder::DayFirst => Order::DayFirst,
    };
    let repeated = match file.repeated_hour {
        RepeatedHour::Standard => Repeated::Standard,
        RepeatedHour::Daylight => Repeated::Daylight,
    };
    Ok(DateRules { order, repeated, zone, zones, near_stamp: file.year.is_some() })
}

/// What holds where the mail says nothing.
fn defaults(file: &Defaults) -> Result<Assumed, Problem> {
    let status = file
        .status
        .as_ref()
        .map(|word| {
            let fix = || format!("write one of {}", Status::ALL.map(Status::as_str).join(", "));
            word.as_ref().parse().map_err(|error| Problem::new(word.span(), "status", format!("{error}"), fix()))
        })
        .transpose()?;
    let impact = match &file.impact {
        None => Some(Impact::Outage),
        Some(word) if word.as_ref() == "required" => None,
        Some(word) => Some(word.as_ref().parse().map_err(|error| {
            let fix = format!("write one of {}, required", Impact::ALL.map(Impact::as_str).join(", "));
            Problem::new(word.span(), "impact", format!("{error}"), fix)
        })?),
    };
    if let Some(stamp) = &file.stamp
        && stamp.as_ref() != "start"
    {
        let problem = format!("{:?} is not known", stamp.as_ref());
        return Err(Problem::new(stamp.span(), "stamp", problem, "write \"start\" or leave it out"));
    }
    Ok(Assumed {
        account: file.account.clone(),
        provider: file.provider.clone(),
        status,
        impact,
        stamp_is_start: file.stamp.is_some(),
        minutes: file.minutes,
        cancelled_without_window: file.cancelled_without_window,
        window_suffix: file.window_suffix.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_digits_of_patterns_are_taken_as_they_are_meant() {
        for (written, taken) in [
            (r"Ticket \d+ of", r"Ticket +[0-9]+ +of"),
            (r"[\d ,]+ x", r"[0-9 ,]+ +x"),
            (r"a\ b \\d", r"a\ b +\\d"),
            (r"\[ \d\]", r"\[ +[0-9]\]"),
            (r"a ?b *c", r"a ?b *c"),
            (r"(?x) a \d", r"(?x) a [0-9]"),
            (r"\bTTN-\d", r"(?-u:\b)TTN-[0-9]"),
            (r"\", r"\"),
        ] {
            assert_eq!(any_blanks(written), taken);
        }
        assert_eq!(as_written(r"Ticket +[0-9]+ +of"), r"Ticket \d+ of");
    }
}
