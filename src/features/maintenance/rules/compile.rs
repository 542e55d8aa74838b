//! From a rule file to a rule: patterns compiled, words checked, every mistake with its line and key.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use chrono_tz::Tz;
use regex::Regex;
use toml::Spanned;

use super::error::{Problem, RuleError};
use super::file::{
    ColumnFile, DateOrder, Dates, Defaults, Field, Filter, LabelIs, PartFile, RepeatedHour, RuleFile, StepFile, Texts,
    Words,
};
use super::fold;
use super::pattern::pattern;
use super::rule::{
    Assumed, Column, DateRules, Labels, Needle, Place, Reader, Rule, Search, Step, Table, Take, Word, WordMap, ZoneRule,
};
use super::salvage::{MAX_MISTAKES, is_consequence, read_file};
use crate::features::maintenance::mail::Kind;
use crate::features::maintenance::mail::page::Marks;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::when::{Order, Repeated};

impl Rule {
    /// Compiles the text of a rule file, or tells every mistake in it, in the order of the file.
    pub(super) fn compile(file: &Path, text: &str) -> Result<Self, Vec<RuleError>> {
        let (parsed, mut mistakes) = read_file(file, text);
        let compiled = parsed.map(compile);
        match compiled {
            Some(Ok(rule)) if mistakes.is_empty() => return Ok(rule),
            Some(Err(problems)) => {
                let mut more: Vec<RuleError> =
                    problems.into_iter().map(|problem| problem.in_file(file.to_owned(), text)).collect();
                more.retain(|more| !mistakes.iter().any(|mistake| is_consequence(more, mistake, text)));
                mistakes.append(&mut more);
            }
            Some(Ok(_)) | None => {}
        }
        mistakes.sort_by_key(|mistake| mistake.line);
        mistakes.dedup();
        mistakes.truncate(MAX_MISTAKES);
        Err(mistakes)
    }
}

/// Gathers what is wrong with a file.
#[derive(Debug, Default)]
struct Mistakes(Vec<Problem>);

impl Mistakes {
    /// What is right; what is wrong is noted.
    fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.0.push(problem)).ok()
    }

    /// The same for each of several.
    fn keep_all<T>(&mut self, results: impl IntoIterator<Item = Result<T, Problem>>) -> Vec<T> {
        results.into_iter().filter_map(|result| self.keep(result)).collect()
    }
}

/// Compiles a file.
fn compile(file: RuleFile) -> Result<Rule, Vec<Problem>> {
    let mut mistakes = Mistakes::default();
    if let Some(name) = &file.name
        && name.as_ref().trim().is_empty()
    {
        let problem = Problem::new(name.span(), "name", "it is empty", "write the provider's name for people");
        mistakes.0.push(problem);
    }
    mistakes.keep_all(file.senders.iter().map(sender));
    mistakes.keep_all(file.signs.iter().map(sign));
    let mut readers = BTreeMap::new();
    for (name, part) in &file.part {
        let reader = reader(name, part, &mut mistakes);
        readers.insert(name.as_str(), reader);
    }
    let processors = processors(&file.processors, &readers, &mut mistakes);
    let include = mistakes.keep_all(file.include.iter().map(filter));
    let exclude = mistakes.keep_all(file.exclude.iter().map(filter));
    let status = word_map(&file.status, "status", Some(Field::Status), &mut mistakes);
    let impact = word_map(&file.impact, "impact", Some(Field::Impact), &mut mistakes);
    let dates = dates(&file.dates, &mut mistakes);
    let default = mistakes.keep(defaults(&file.default));
    let (Some(default), true) = (default, mistakes.0.is_empty()) else { return Err(mistakes.0) };
    Ok(Rule {
        organizer: file.organizer.into_inner(),
        generic: file.generic,
        include,
        exclude,
        processors,
        status,
        impact,
        dates,
        default,
        id: file.id.map(|id| (id.each_circuit, id.window.into_inner())),
    })
}

/// Whether an address can be that of a mail: `noc@provider.example`, or `@provider.example` for all of a domain.
fn sender(written: &Spanned<String>) -> Result<(), Problem> {
    const FIX: &str =
        "write an address such as \"noc@provider.example\", or \"@provider.example\" for all of its domain";
    let address = written.as_ref();
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '<' | '>' | '"' | ',' | ';');
    let fault = match address.split_once('@') {
        None => "has no @",
        Some((_, "")) => "has nothing behind its @",
        Some((_, domain)) if domain.contains('@') => "has more than one @",
        Some(_) if address.contains(is_odd) => "is more than an address",
        Some(_) => return Ok(()),
    };
    let problem = format!("{:?} {fault}, so that no mail is from it", crate::text::clean_line(address));
    Err(Problem::new(written.span(), "senders", problem, FIX))
}

/// Whether a sign can tell whose a mail is.
fn sign(written: &Spanned<String>) -> Result<(), Problem> {
    /// Of which a mail of anybody has not every one.
    const SHORTEST: usize = 3;
    if written.as_ref().trim().chars().count() >= SHORTEST {
        return Ok(());
    }
    let problem = format!("{:?} is in the mails of anybody", written.as_ref());
    Err(Problem::new(
        written.span(),
        "signs",
        problem,
        "write words that only mails of this provider have, or leave it out",
    ))
}

/// The parts of every processor.
fn processors(
    file: &Spanned<Vec<Vec<Spanned<String>>>>,
    readers: &BTreeMap<&str, Reader>,
    mistakes: &mut Mistakes,
) -> Vec<Vec<Reader>> {
    if file.as_ref().iter().all(Vec::is_empty) {
        let fix = "write for example [[\"html\", \"date\"]]";
        mistakes.0.push(Problem::new(file.span(), "processors", "it is empty", fix));
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
    file.as_ref().iter().map(|parts| mistakes.keep_all(parts.iter().map(find))).collect()
}

/// How a part is read.
fn reader(name: &str, part: &Spanned<PartFile>, mistakes: &mut Mistakes) -> Reader {
    let (span, part) = (part.span(), part.as_ref());
    let kind = |word: &str, span: Range<usize>| {
        let known = || format!("write one of {}", Kind::ALL.map(Kind::as_str).join(", "));
        Kind::from_word(word).ok_or_else(|| Problem::new(span, "from", format!("{word:?} is no kind of part"), known()))
    };
    let from = match &part.from {
        Some(words) => mistakes.keep_all(words.as_ref().all().iter().map(|word| kind(word, words.span()))),
        None => mistakes.keep_all([kind(name, span)]),
    };
    let mut breaks = Marks::default();
    for word in &part.break_at {
        let mark = if word.as_ref() == "line-end" { Ok(Marks::LINE_END) } else { marks(word, "break_at") };
        breaks = breaks.and(mistakes.keep(mark).unwrap_or_default());
    }
    let steps: Vec<Step> = part.step.iter().filter_map(|file| step(file, mistakes)).collect();
    Reader { name: name.to_owned(), from, breaks, steps: steps.into() }
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
fn step(written: &Spanned<StepFile>, mistakes: &mut Mistakes) -> Option<Step> {
    let file = written.as_ref();
    let take = Take {
        pattern: file.pattern.as_ref().and_then(|found| mistakes.keep(pattern(found, "pattern", true))),
        field: file.field,
        split: file.split.clone(),
        replace: mistakes.keep_all(replacements(&file.replace)),
        words: word_map(&file.words, "words", file.field, mistakes),
        not: file.not.iter().map(|text| fold::fold(text)).collect(),
        keep: file.keep,
    };
    let mut within = None;
    for word in &file.within {
        let mark = mistakes.keep(marks(word, "in")).unwrap_or_default();
        within = Some(within.unwrap_or_else(Marks::default).and(mark));
    }
    let labels = |texts: &Texts| labelled(texts, LabelIs::Start);
    let search = search(written, mistakes)?;
    mistakes.keep(gives_something(written, &search, &take));
    Some(Step {
        search,
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

/// Whether a step takes anything from what it finds. One that is required may only look whether it is there.
fn gives_something(written: &Spanned<StepFile>, search: &Search, take: &Take) -> Result<(), Problem> {
    let has_groups = |pattern: &Regex| pattern.capture_names().flatten().next().is_some();
    let takes = |take: &Take| take.field.is_some() || take.pattern.as_ref().is_some_and(has_groups);
    let gives = match search {
        Search::Repeat(..) => true,
        Search::Table(table) => table.columns.iter().any(|column| takes(&column.take)),
        Search::LabelPattern(pattern) | Search::Find(pattern) => has_groups(pattern),
        Search::Label(_) | Search::Link(_) => false,
    };
    let file = written.as_ref();
    // A pattern with a mistake may have had groups.
    let is_told = file.pattern.is_some() && take.pattern.is_none();
    if gives || takes(take) || file.list.is_some() || file.required || is_told {
        return Ok(());
    }
    let fix = "write field = \"…\", or name a group of its pattern after a field, such as (?<circuit>…)";
    Err(Problem::new(place_of(written), "step", "it takes nothing from what it finds", fix))
}

/// Where a step says what it looks for, else where it begins.
fn place_of(written: &Spanned<StepFile>) -> Range<usize> {
    spans(written.as_ref()).into_iter().next().unwrap_or_else(|| written.span())
}

/// Where a step says what it looks for.
fn spans(file: &StepFile) -> Vec<Range<usize>> {
    let spans = [
        file.label.as_ref().map(Spanned::span),
        file.label_pattern.as_ref().map(Spanned::span),
        file.find.as_ref().map(Spanned::span),
        file.columns.as_ref().map(Spanned::span),
        file.link.as_ref().map(Spanned::span),
    ];
    spans.into_iter().flatten().collect()
}

/// What a step looks for.
fn search(written: &Spanned<StepFile>, mistakes: &mut Mistakes) -> Option<Search> {
    let file = written.as_ref();
    let labels = |texts: &Spanned<Texts>| labelled(texts.as_ref(), file.label_is);
    if let Some(steps) = &file.repeat {
        let Some(label) = &file.label else {
            mistakes.0.push(Problem::new(steps.span(), "repeat", "it has no label", "write label = \"…\" beside it"));
            return None;
        };
        let steps = steps.as_ref().iter().filter_map(|file| step(file, mistakes)).collect();
        return Some(Search::Repeat(labels(label), steps));
    }
    let present = spans(file);
    if present.len() != 1 {
        let span = present.get(1).cloned().unwrap_or_else(|| written.span());
        let fix = "give each step exactly one of label, label_pattern, find, columns, link";
        let problem = if present.is_empty() { "it looks for nothing" } else { "it looks for several things" };
        mistakes.0.push(Problem::new(span, "step", problem, fix));
        return None;
    }
    let place = place_of(written);
    if file.columns.is_none() && (!file.header.is_empty() || !file.cells.is_empty() || file.first_row) {
        let problem = "`header`, `cells` and `first_row` say which rows of `columns` count, and it has none";
        mistakes.0.push(Problem::new(place, "columns", problem, "write columns = […], or leave them out"));
        return None;
    }
    if let Some(label) = &file.label {
        let texts = label.as_ref().all();
        if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
            let fix = "write the words that the value follows";
            mistakes.0.push(Problem::new(label.span(), "label", "it is empty", fix));
            return None;
        }
        return Some(Search::Label(labels(label)));
    }
    if let Some(found) = &file.label_pattern {
        return mistakes.keep(pattern(found, "label_pattern", true)).map(Search::LabelPattern);
    }
    if let Some(found) = &file.find {
        return mistakes.keep(pattern(found, "find", true)).map(Search::Find);
    }
    if let Some(link) = &file.link {
        return Some(Search::Link(link.as_ref().clone()));
    }
    let columns: Vec<_> = file.columns.iter().flat_map(Spanned::as_ref).collect();
    if columns.is_empty() {
        let fix = "write what the columns are, such as [{ header = \"Circuit ID\", field = \"circuit\" }]";
        mistakes.0.push(Problem::new(place, "columns", "it is empty", fix));
        return None;
    }
    let before = mistakes.0.len();
    let columns = columns.into_iter().filter_map(|file| column(file, mistakes)).collect();
    let header = file.header.iter().map(|text| fold::fold(text)).collect();
    let table = Table { header, cells: file.cells.clone(), first_row: file.first_row, columns };
    (mistakes.0.len() == before).then_some(Search::Table(table))
}

/// One column.
fn column(written: &Spanned<ColumnFile>, mistakes: &mut Mistakes) -> Option<Column> {
    let file = written.as_ref();
    let place = match (&file.header, &file.at) {
        (Some(texts), None) => Ok(Place::Header(folded(texts.as_ref()))),
        (None, Some(at)) => match at.as_ref().checked_sub(1) {
            Some(at) => Ok(Place::At(at)),
            None => Err(Problem::new(at.span(), "at", "columns count from 1", "write 1 for the first column")),
        },
        (Some(texts), Some(_)) => {
            Err(Problem::new(texts.span(), "header", "the column also has `at`", "write one of the two"))
        }
        (None, None) => Err(Problem::new(written.span(), "columns", "a column has no place", "write header or at")),
    };
    let place = mistakes.keep(place);
    let mut regex = |found: &Option<Spanned<String>>, key, with_fields| {
        found.as_ref().and_then(|found| mistakes.keep(pattern(found, key, with_fields)))
    };
    let (need, never) = (regex(&file.need, "need", false), regex(&file.never, "never", false));
    let take = Take {
        pattern: regex(&file.pattern, "pattern", true),
        field: file.field,
        split: file.split.clone(),
        replace: mistakes.keep_all(replacements(&file.replace)),
        words: word_map(&file.words, "words", file.field, mistakes),
        not: file.not.iter().map(|text| fold::fold(text)).collect(),
        keep: file.keep,
    };
    Some(Column { place: place?, optional: file.optional, need, never, take })
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

/// Patterns and what takes the place of what they match.
fn replacements(file: &[(Spanned<String>, String)]) -> impl Iterator<Item = Result<(Regex, String), Problem>> {
    file.iter().map(|(found, with)| Ok((pattern(found, "replace", false)?, with.clone())))
}

/// Words and what they mean; for a status or an impact only what exists.
fn word_map(file: &Words, key: &'static str, field: Option<Field>, mistakes: &mut Mistakes) -> WordMap {
    let word = |(word, meaning): &(Spanned<String>, Spanned<String>)| {
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
        Ok((word, meaning.as_ref().clone()))
    };
    WordMap(mistakes.keep_all(file.iter().map(word)))
}

/// How dates are read.
fn dates(file: &Dates, mistakes: &mut Mistakes) -> DateRules {
    let zone_of = |name: &Spanned<String>, key| {
        let problem = || format!("{:?} is no time zone", name.as_ref());
        name.as_ref()
            .parse::<Tz>()
            .map_err(|_| Problem::new(name.span(), key, problem(), "write an IANA name such as \"America/Chicago\""))
    };
    let zone = match &file.zone {
        None => ZoneRule::Fixed(Tz::UTC),
        Some(name) if name.as_ref() == "city" => ZoneRule::City,
        Some(name) => ZoneRule::Fixed(mistakes.keep(zone_of(name, "zone")).unwrap_or_default()),
    };
    let mut zones = BTreeMap::new();
    for (letters, name) in &file.zones {
        zones.extend(mistakes.keep(zone_of(name, "zones")).map(|zone| (letters.to_uppercase(), zone)));
    }
    let order = match file.order {
        DateOrder::MonthFirst => Order::MonthFirst,
        DateOrder::DayFirst => Order::DayFirst,
    };
    let repeated = match file.repeated_hour {
        RepeatedHour::Standard => Repeated::Standard,
        RepeatedHour::Daylight => Repeated::Daylight,
    };
    DateRules { order, repeated, zone, zones, near_stamp: file.year.is_some() }
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
    if let Some(minutes) = &file.minutes
        && *minutes.as_ref() == 0
    {
        let fix = "write how long windows without an end are, or leave it out";
        return Err(Problem::new(minutes.span(), "minutes", "a window of no minutes has no end", fix));
    }
    Ok(Assumed {
        account: file.account.clone(),
        provider: file.provider.clone(),
        status,
        impact,
        stamp_is_start: file.stamp.is_some(),
        minutes: file.minutes.as_ref().map(|minutes| *minutes.as_ref()),
        cancelled_without_window: file.cancelled_without_window,
        window_suffix: file.window_suffix.clone(),
    })
}
