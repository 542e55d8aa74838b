//! Why a rule reads a mail as it does: every step with what it found and where, and for those that found nothing what
//! came nearest. For people who write rules; the reading itself is that of `read.rs`, with a trail.

mod near;
mod origin;

use std::ops::Range;

use serde::Serialize;

use self::near::near;
pub use self::origin::FieldSeen;
use super::extract::{Extract, name_of};
use super::file::{Field, RuleFile, StepFile};
use super::partial::{self, Found, Partial, Trail};
use super::pattern::as_written;
use super::read::{self, Bodies, Outcome, Parsed, Said, Trust};
use super::rule::{Column, Needle, Place as ColumnPlace, Reader, Rule, Search, Step};
use super::{Entry, ReadWith, Rules};
use crate::features::maintenance::mail::page::{Marks, Page};
use crate::features::maintenance::mail::{Kind, Letters, Mail, Part};
use crate::features::maintenance::model::{Impact, Status, Verdict};
use crate::text::clean_line;

/// Characters of a line or value that are repeated.
const QUOTED: usize = 160;
/// Values of one step that are told one by one.
const VALUES: usize = 200;

/// How one rule reads one mail.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The rule.
    pub slug: String,
    /// What in the mail speaks for the rule: senders and signs.
    pub recognised_by: Vec<String>,
    /// The provider whose rule takes the mail when nobody says whose it is; `None` if no rule does.
    pub taken_by: Option<String>,
    /// The filters, whether or not they let the mail pass.
    pub filters: Vec<FilterSeen>,
    /// The processors in their order, up to the first that reads the mail.
    pub processors: Vec<ProcessorSeen>,
    /// The fields of the notices and where each is from; empty if the mail does not read.
    pub fields: Vec<FieldSeen>,
    /// What came of it.
    #[serde(skip)]
    pub verdict: Verdict,
}

/// A filter and whether it fits the mail.
#[derive(Debug, Serialize)]
pub struct FilterSeen {
    /// `include` or `exclude`.
    pub filter: &'static str,
    /// The kind of part.
    pub part: &'static str,
    /// The pattern as it is written.
    pub find: String,
    /// Whether the mail has it.
    pub occurs: bool,
}

/// What a processor did.
#[derive(Debug, Serialize)]
pub struct ProcessorSeen {
    /// The names of its parts.
    pub parts: String,
    /// How many notices it gave.
    pub notices: usize,
    /// Why it gave none; empty if it gave some.
    pub problem: String,
    /// What its parts say.
    pub read: Vec<PartSeen>,
}

/// How a part was read.
#[derive(Debug, Serialize)]
pub struct PartSeen {
    /// Its name in the rule.
    pub part: String,
    /// What kind of part it was read from; `None` if the mail has none.
    pub kind: Option<&'static str>,
    /// Its steps.
    pub steps: Vec<StepSeen>,
    /// Values that are there without steps: of a calendar, of the Date header.
    pub values: Vec<ValueSeen>,
    /// What ended the reading; empty if nothing did.
    pub problem: String,
}

/// What a step found.
#[derive(Debug, Serialize)]
pub struct StepSeen {
    /// The line of the rule file that it is on; 0 if that is not known.
    pub rule_line: usize,
    /// What it looks for.
    pub looks_for: String,
    /// Whether the mail is not read without it.
    pub required: bool,
    /// What it found.
    pub found: Vec<ValueSeen>,
    /// If it found nothing: what came nearest, and why it was not taken.
    pub nearest: Vec<Near>,
}

/// A value that was found.
#[derive(Debug, Clone, Serialize)]
pub struct ValueSeen {
    /// The field.
    pub field: &'static str,
    /// The value as it stands in the mail.
    pub value: String,
    /// What a word means by the rule; empty for what is no word, and for words that mean nothing.
    pub means: String,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// Whether an earlier step or value has the field already, so that this one does not count.
    pub too_late: bool,
}

/// A line of a part.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Place {
    /// From 1; 0 where there are no lines.
    pub line: usize,
    /// Where in a table, such as `t0 r1 c2`; empty outside of tables.
    pub cell: String,
}

/// Something that was not taken.
#[derive(Debug, Serialize)]
pub struct Near {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What stands there.
    pub text: String,
    /// Why it was not taken.
    pub because: String,
}

impl Place {
    /// The line at `index`.
    fn of(page: &Page, index: usize) -> Self {
        let cell = page.cell_of(index).and_then(|cell| {
            let row = page.row_of(cell)?;
            let column = page.row_cells(row).position(|other| other == cell)? + 1;
            Some(format!("t{} r{row} c{column}", page.row_table(row)?))
        });
        Self { line: index + 1, cell: cell.unwrap_or_default() }
    }
}

impl Rules {
    /// How the rule of a provider reads a mail, step by step; `None` if there is no such rule or it is broken.
    #[must_use]
    pub fn explain(&self, slug: &str, mail: &Mail) -> Option<Explanation> {
        let entry = self.entries.get(slug)?;
        let rule = entry.rule().ok()?;
        let verdict = self.read_mail(mail, Some(slug));
        let taken_by = match self.read_mail(mail, None) {
            Verdict::Parsed { provider, .. } | Verdict::Ignored { provider, .. } | Verdict::Failed { provider, .. } => {
                Some(provider)
            }
            Verdict::Unknown { .. } => None,
        };
        let letters = Letters::new(&mail.parts);
        let is_own = self.index().knows_sender(slug, mail);
        let read = self.read_with(entry, &letters, is_own, Trust::Rule);
        let ReadWith { outcome, parts, told } = read;
        let is_read = !matches!(outcome, Outcome::Excluded(_));
        // Below one notice there may be older ones.
        let one = outcome.as_parsed().filter(|parsed| parsed.notices.len() == 1 && letters.count() > 0);
        let bodies = one.map_or(Bodies::Letter, |one| Bodies::Quoting(one.own.as_ref()));
        let processors = if is_read { processors(entry, rule, &parts, bodies) } else { Vec::new() };
        let fields = match &verdict {
            Verdict::Parsed { notices, .. } => origin::fields(notices, processors.last(), told.as_deref()),
            Verdict::Ignored { .. } | Verdict::Failed { .. } | Verdict::Unknown { .. } => Vec::new(),
        };
        Some(Explanation {
            slug: slug.to_owned(),
            recognised_by: origin::recognised_by(&entry.text, mail),
            taken_by,
            filters: filters(rule, &parts),
            processors,
            fields,
            verdict,
        })
    }
}

/// Every filter and whether it fits.
fn filters(rule: &Rule, parts: &[Part]) -> Vec<FilterSeen> {
    let seen = |filter: &'static str, needle: &Needle| FilterSeen {
        filter,
        part: needle.kind.as_str(),
        find: quote(&needle.written),
        occurs: read::holds(parts, needle),
    };
    let include = rule.include.iter().map(|needle| seen("include", needle));
    include.chain(rule.exclude.iter().map(|needle| seen("exclude", needle))).collect()
}

/// The processors up to the first that gives notices.
fn processors(entry: &Entry, rule: &Rule, parts: &[Part], bodies: Bodies<'_>) -> Vec<ProcessorSeen> {
    let file: Option<RuleFile> = toml::from_str(&entry.text).ok();
    let mut seen = Vec::with_capacity(rule.processors.len());
    for readers in &rule.processors {
        let (notices, problem) = match read::read_by(rule, &entry.slug, readers, parts, (Trust::Rule, bodies)) {
            Ok(Parsed { notices, .. }) if notices.is_empty() => (0, "no maintenance found".to_owned()),
            Ok(Parsed { notices, .. }) => (notices.len(), String::new()),
            Err(miss) => (0, clean_line(miss.reason())),
        };
        let said = read::gather(rule, readers, parts, Trust::Rule).unwrap_or_default();
        let steps = |reader: &Reader| {
            let part = file.as_ref().and_then(|file| file.part.get(&reader.name));
            part.map(|part| {
                part.as_ref().step.iter().map(|step| line_of(step.as_ref(), &entry.text)).collect::<Vec<_>>()
            })
        };
        let read = readers.iter().enumerate().map(|(order, reader)| {
            let lines = steps(reader).unwrap_or_default();
            part_seen(rule, reader, &lines, chosen(&said, order, reader, parts))
        });
        seen.push(ProcessorSeen { parts: read::names(readers), notices, problem, read: read.collect() });
        if notices > 0 {
            break;
        }
    }
    seen
}

/// The part that a reader read: the one that counted, else the first of its kinds.
fn chosen<'p>(said: &[Said], order: usize, reader: &Reader, parts: &'p [Part]) -> Option<&'p Part> {
    let counted = said.iter().find(|said| said.order == order).and_then(|said| parts.get(said.at));
    let first = || reader.from.iter().find_map(|kind| parts.iter().find(|part| part.kind() == *kind));
    counted.or_else(first)
}

/// The line of the rule file on which a step says what it looks for; 0 if it says nothing.
fn line_of(step: &StepFile, text: &str) -> usize {
    let spans: [Option<Range<usize>>; 5] = [
        step.label.as_ref().map(toml::Spanned::span),
        step.label_pattern.as_ref().map(toml::Spanned::span),
        step.find.as_ref().map(toml::Spanned::span),
        step.columns.as_ref().map(toml::Spanned::span),
        step.link.as_ref().map(toml::Spanned::span),
    ];
    let start = spans.into_iter().flatten().map(|span| span.start).next();
    start.map_or(0, |start| text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1)
}

/// How a reader reads a part.
fn part_seen(rule: &Rule, reader: &Reader, rule_lines: &[usize], part: Option<&Part>) -> PartSeen {
    let mut seen = PartSeen {
        part: reader.name.clone(),
        kind: part.map(|part| part.kind().as_str()),
        steps: Vec::new(),
        values: Vec::new(),
        problem: String::new(),
    };
    let Some(part) = part else {
        let kinds = reader.from.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" and no ");
        seen.problem = format!("the mail has no {kinds}");
        return seen;
    };
    if let Some(reason) = part.unreadable() {
        seen.problem = format!("the spreadsheet cannot be read: {reason}");
    }
    if reader.steps.is_empty() {
        match read::read_leaf(rule, reader, part) {
            Ok(partial) => seen.values = origin::without_steps(part, &partial),
            Err(reason) => seen.problem = clean_line(&reason),
        }
        return seen;
    }
    let own;
    let page = if reader.breaks == Marks::default() || part.kind() != Kind::Html {
        part.page()
    } else {
        own = part.page_with(reader.breaks);
        &own
    };
    let reading = Extract { rule, page, steps: &reader.steps, is_subject: part.kind() == Kind::Subject };
    let mut partial = Partial { trail: Some(Box::default()), ..Partial::default() };
    let mut before = Vec::new();
    for (index, step) in reader.steps.iter().enumerate() {
        let run = reading.run(std::slice::from_ref(step), &(0..page.len()), &mut partial);
        let found = partial.trail.as_mut().map(|trail: &mut Box<Trail>| std::mem::take(&mut trail.found));
        let found = found.unwrap_or_default();
        let nearest = if found.is_empty() { near(&reading, step) } else { Vec::new() };
        let found = values(rule, page, step, found, &mut before);
        seen.steps.push(StepSeen {
            rule_line: rule_lines.get(index).copied().unwrap_or_default(),
            looks_for: quote(&looks_for(step)),
            required: step.required,
            found,
            nearest,
        });
        if let Err(reason) = run {
            seen.problem = clean_line(&reason);
            break;
        }
    }
    seen
}

/// Values as they are told; `before` are the fields that have a value already.
fn values(rule: &Rule, page: &Page, step: &Step, found: Vec<Found>, before: &mut Vec<Field>) -> Vec<ValueSeen> {
    let is_list = |found: &Found| {
        let is_group = matches!(step.search, Search::Repeat(..));
        is_group || found.field == Field::Circuit || !matches!(found.keep, super::file::Keep::First)
    };
    let mut seen = Vec::with_capacity(found.len().min(VALUES));
    let earlier = before.clone();
    for found in found {
        let means = if found.field == Field::Status {
            partial::status(&found.value, rule).ok().flatten().map(Status::as_str)
        } else if found.field == Field::Impact {
            partial::impact(&found.value, rule).ok().flatten().map(Impact::as_str)
        } else {
            None
        };
        // The impact beside a circuit is that circuit's: each row has one.
        let once = !is_list(&found) && found.field != Field::Impact && found.field != Field::Zone;
        // What one step finds once more is another window.
        let is_window = matches!(found.field, Field::Start | Field::End);
        let known = if is_window { &earlier } else { &*before };
        let too_late = found.is_former || once && known.contains(&found.field);
        let says_nothing = found.field == Field::Status && means.is_none();
        if !says_nothing && !found.is_former && !before.contains(&found.field) {
            before.push(found.field);
        }
        if seen.len() < VALUES {
            seen.push(ValueSeen {
                field: name_of(found.field),
                value: quote(&found.value),
                means: means.unwrap_or_default().to_owned(),
                place: Place::of(page, origin::line_with(page, found.line, &found.value)),
                too_late,
            });
        }
    }
    seen
}

/// What a step looks for, with the columns of a table.
fn looks_for(step: &Step) -> String {
    let table = match &step.search {
        Search::Label(labels) | Search::Repeat(labels, _) => {
            return format!("label {:?}", labels.written.join("\", \""));
        }
        Search::LabelPattern(pattern) => return format!("label_pattern '{}'", as_written(pattern.as_str())),
        Search::Find(pattern) => return format!("find '{}'", as_written(pattern.as_str())),
        Search::Link(prefix) => return format!("link {prefix:?}"),
        Search::Table(table) => table,
    };
    let column = |column: &Column| match &column.place {
        ColumnPlace::Header(names) => format!("{:?}", names.join("\" or \"")),
        ColumnPlace::At(at) => (at + 1).to_string(),
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    format!("columns {}", columns.join(", "))
}

/// A text on one line, as long as one reads it.
fn quote(text: &str) -> String {
    crate::text::shortened(&clean_line(text), QUOTED)
}

#[cfg(test)]
mod tests;
