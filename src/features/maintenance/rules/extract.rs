//! The steps of a rule on the lines, tables and links of a part.

use std::ops::Range;

use regex::Captures;

use super::file::{Field, Keep, LabelIs, Value};
use super::label::Wanted;
use super::partial::{Bag, Partial};
use super::rule::{Labels, Rule, Search, Step, Take};
use super::sayings::without_untold;
use super::{fold, former, label, words};
use crate::features::maintenance::mail::page::{Marks, Page};

/// A step gives up after this many matches: no notice has them.
pub(super) const MAX_MATCHES: usize = 20_000;

/// A part and the rule that reads it.
pub(super) struct Extract<'a> {
    /// The rule, for its words.
    pub(super) rule: &'a Rule,
    /// The part.
    pub(super) page: &'a Page,
    /// The steps that read it, whose labels are no values.
    pub(super) steps: &'a [Step],
    /// Whether it is a subject, in which a word may tell no status.
    pub(super) is_subject: bool,
}

impl Extract<'_> {
    /// Runs `steps` on `lines` of the part.
    pub(super) fn run(&self, steps: &[Step], lines: &Range<usize>, partial: &mut Partial) -> Result<(), String> {
        for step in steps {
            partial.next_step();
            let lines = self.scope(step, lines);
            let found = self.step(step, lines, partial)?;
            if step.required && !found {
                return Err(step.missing.get_or_init(|| words::missing(step)).clone());
            }
        }
        partial.settle_blocks();
        Ok(())
    }

    /// The lines that a step looks at. A label's own `until` ends its value, not its search.
    pub(super) fn scope(&self, step: &Step, lines: &Range<usize>) -> Range<usize> {
        let mut lines = lines.clone();
        while step.within.is_none() && lines.start < lines.end && self.page.marks(lines.start).any(Marks::TITLE) {
            lines.start += 1;
        }
        if let Some(after) = &step.after {
            let first = lines.clone().find(|line| self.fits(after, *line).is_some());
            lines.start = first.map_or(lines.end, |line| line + 1);
        }
        let ends_value = matches!(step.search, Search::Label(_) | Search::LabelPattern(_) | Search::Repeat(..));
        if let Some(until) = step.until.as_ref().filter(|_| !ends_value) {
            lines.end = self.end(until, &lines);
        }
        lines
    }

    /// The first of `lines` with a label, or their end.
    fn end(&self, until: &Labels, lines: &Range<usize>) -> usize {
        lines.clone().find(|line| self.fits(until, *line).is_some()).unwrap_or(lines.end)
    }

    /// One step; whether it found anything.
    fn step(&self, step: &Step, lines: Range<usize>, partial: &mut Partial) -> Result<bool, String> {
        match &step.search {
            Search::Label(labels) => {
                self.labels(step, lines, partial, |line| self.fits(labels, line).map(|rest| (rest, None)))
            }
            Search::LabelPattern(pattern) => self.labels(step, lines, partial, |line| {
                let captures = pattern.captures(self.page.line(line))?;
                let end = captures.get(0)?.end();
                Some((self.page.line(line).get(end..)?, Some(captures)))
            }),
            Search::Find(pattern) => self.find(step, pattern, lines, partial),
            Search::Table(table) => self.table(table, &lines, partial),
            Search::Link(prefix) => self.link(step, prefix, &lines, partial),
            Search::Repeat(labels, steps) => self.repeat(step, labels, steps, lines, partial),
        }
    }

    /// The text after a label on a line.
    pub(super) fn fits(&self, labels: &Labels, line: usize) -> Option<&str> {
        let text = self.page.line(line);
        labels.texts.iter().find_map(|wanted| match labels.fit {
            LabelIs::Start => label::after(text, wanted),
            LabelIs::Within => label::within(text, wanted),
            LabelIs::Whole => label::after(text, wanted).filter(|rest| label::is_whole(rest)),
        })
    }

    /// Whether a step looks at a line.
    pub(super) fn counts(&self, step: &Step, line: usize) -> bool {
        let marks = self.page.marks(line);
        step.within.map_or(!marks.any(Marks::TITLE), |within| marks.any(within))
    }

    /// Lines with a label, and their values.
    fn labels<'p>(
        &'p self,
        step: &Step,
        lines: Range<usize>,
        partial: &mut Partial,
        fits: impl Fn(usize) -> Option<(&'p str, Option<Captures<'p>>)>,
    ) -> Result<bool, String> {
        let mut found = 0;
        for line in lines.clone() {
            let Some((rest, captures)) = fits(line).filter(|_| self.counts(step, line)) else { continue };
            let mut first = true;
            for value in self.values(step, line, rest, lines.end) {
                let mut bag = Bag::default();
                if let Some(captures) = &captures {
                    groups(captures, step.take.keep, &mut bag);
                }
                for (index, text) in value.iter().enumerate() {
                    let field = step.list.get(index).copied();
                    take(&step.take, text, field, &mut bag);
                }
                if bag.is_empty() {
                    continue;
                }
                if std::mem::take(&mut first) && step.take.keep == Keep::Last && bag.has(Field::Circuit) {
                    // The circuits of the last label take the place of those of the ones before.
                    partial.clear_circuits();
                }
                found += 1;
                partial.at(line);
                partial.is_former = has_window(&bag) && {
                    let text = self.page.line(line);
                    let digit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
                    former::is_before(text.get(..text.len() - rest.len() + digit).unwrap_or(text))
                        || self.is_under_former(line)
                };
                partial.take(&bag, self.rule)?;
                if found > MAX_MATCHES {
                    return Err("too many matches".to_owned());
                }
            }
        }
        Ok(found > 0)
    }

    /// The values of a label on `line`, each one text or a group of texts.
    pub(super) fn values(&self, step: &Step, line: usize, rest: &str, end: usize) -> Vec<Vec<String>> {
        let one = |text: &str| {
            let text = trim_value(text);
            if text.is_empty() { Vec::new() } else { vec![vec![text.to_owned()]] }
        };
        let following = || (line + 1..self.value_end(step, line, end)).map(|line| self.page.line(line));
        let Some(rest) = self.beyond(step, line, rest) else { return Vec::new() };
        if !step.list.is_empty() {
            let first = Some(trim_value(rest)).filter(|text| !text.is_empty());
            let texts: Vec<String> = first.into_iter().chain(following()).map(str::to_owned).collect();
            return texts.chunks_exact(step.list.len()).map(<[String]>::to_vec).collect();
        }
        match step.value {
            Value::Line if !trim_value(rest).is_empty() => one(&self.with_those_below(step, trim_value(rest), line)),
            Value::Line => {
                let value = self.next(line);
                let is_below = self.page.line(line + 1) == value;
                one(&if is_below { self.with_those_below(step, &value, line + 1) } else { value })
            }
            Value::Next => one(&self.next(line)),
            Value::Rest => one(rest),
            Value::Same => one(self.page.line(line)),
            Value::Block => {
                let texts: Vec<&str> = std::iter::once(trim_value(rest)).chain(following()).collect();
                one(&texts.join(" "))
            }
            Value::Each => std::iter::once(rest).chain(following()).flat_map(one).collect(),
        }
    }

    /// What of the rest of a line behind a label is its value; `None` if the label is part of another one.
    fn beyond<'l>(&self, step: &Step, line: usize, rest: &'l str) -> Option<&'l str> {
        let Search::Label(labels) = &step.search else { return Some(rest) };
        if labels.fit == LabelIs::Whole {
            return Some("");
        }
        if matches!(step.value, Value::Next | Value::Same) {
            return Some(rest);
        }
        let is_time = fields(step).any(is_time);
        let has_neighbour = || self.beside(line).is_some_and(|text| !self.is_label(text));
        label::value(self.page.line(line), rest, Wanted { is_time, has_neighbour: has_neighbour() })
    }

    /// A value with those that stand below `line` and look like it, if they are circuits.
    fn with_those_below(&self, step: &Step, value: &str, line: usize) -> String {
        let mut values = value.to_owned();
        if !fields(step).any(|field| field == Field::Circuit) {
            return values;
        }
        let is_in_cell = |below: &usize| self.page.cell_of(*below) == self.page.cell_of(line);
        let last = value.rsplit(step.take.split.as_deref().unwrap_or("\n")).find(|piece| !piece.trim().is_empty());
        let look = shape(last.unwrap_or(value));
        let below = (line + 1..self.page.len()).take_while(is_in_cell).map(|line| self.page.line(line));
        for text in below.take_while(|text| look.contains('9') && shape(text) == look) {
            values.push('\n');
            values.push_str(text);
        }
        values
    }

    /// The text of the next cell that has one, beside a cell that ends with `line`.
    fn beside(&self, line: usize) -> Option<&str> {
        let cell = self.page.cell_of(line).filter(|cell| self.page.cell_lines(*cell).end == line + 1)?;
        let cells = std::iter::successors(self.page.next_cell(cell), |cell| self.page.next_cell(*cell));
        cells.map(|cell| self.page.cell_text(cell)).find(|text| !is_only_sign(text))
    }

    /// The line after the lines that belong to a label: the label's table ends there, or the next label begins.
    fn value_end(&self, step: &Step, line: usize, end: usize) -> usize {
        let table = self.page.cell_of(line).and_then(|cell| self.page.table_end(cell));
        let lines = line + 1..table.unwrap_or(end).min(end).max(line + 1);
        let again = |line: usize| {
            self.counts(step, line)
                && match &step.search {
                    Search::Label(labels) => self.fits(labels, line).is_some(),
                    Search::LabelPattern(pattern) => pattern.is_match(self.page.line(line)),
                    Search::Find(_) | Search::Table(_) | Search::Link(_) | Search::Repeat(..) => false,
                }
        };
        let until = step.until.as_ref();
        let ends = |line: &usize| again(*line) || until.is_some_and(|until| self.fits(until, *line).is_some());
        lines.clone().find(ends).unwrap_or(lines.end)
    }

    /// The value beside a label that stands alone: the next cell of its row that has one, else the next line. Another
    /// label is no value: the value is missing then.
    fn next(&self, line: usize) -> String {
        let cell = self.page.cell_of(line).filter(|cell| self.page.cell_lines(*cell).end == line + 1);
        let below = || (line + 1..self.page.len()).map(|line| self.page.line(line)).find(|text| !is_only_sign(text));
        let alone = cell.is_none_or(|cell| self.page.next_cell(cell).is_none());
        let value = self.beside(line).or_else(|| if alone { below() } else { None }).unwrap_or_default();
        if self.is_label(value) { String::new() } else { value.to_owned() }
    }

    /// Whether a text is one of the labels of the part, or begins with one that ends with a colon.
    fn is_label(&self, text: &str) -> bool {
        let fits = |known: &String| {
            label::after(text, known).is_some_and(|rest| known.ends_with(':') || label::is_whole(rest))
        };
        self.steps.iter().any(|step| {
            let Search::Label(labels) = &step.search else { return false };
            labels.fit != LabelIs::Within && labels.texts.iter().any(fits)
        })
    }

    /// A pattern in the text of `lines`, or in single lines where elements matter.
    fn find(
        &self,
        step: &Step,
        pattern: &regex::Regex,
        lines: Range<usize>,
        partial: &mut Partial,
    ) -> Result<bool, String> {
        let mut found = 0;
        let pieces: Vec<Range<usize>> = match step.within {
            None => vec![lines],
            Some(_) => lines.filter(|line| self.counts(step, *line)).map(|line| line..line + 1).collect(),
        };
        for piece in pieces {
            let (mut line, mut counted) = (piece.start, 0);
            let tells_status = captured(pattern).any(|name| name == "status") || step.take.field == Some(Field::Status);
            let text = match self.page.text(piece) {
                subject if self.is_subject && tells_status => without_untold(subject),
                text => text.into(),
            };
            for captures in pattern.captures_iter(&text) {
                found += 1;
                if found > MAX_MATCHES {
                    return Err("too many matches".to_owned());
                }
                let mut bag = Bag::default();
                groups_edited(&step.take, &captures, &mut bag);
                if let Some(field) = step.take.field {
                    let whole = captures.get(1).or(captures.get(0)).map_or("", |found| found.as_str());
                    if !bag.has(field) {
                        take(&step.take, whole, None, &mut bag);
                    }
                }
                let start = captures.get(0).map_or(counted, |found| found.start());
                line += text.get(counted..start).unwrap_or_default().matches('\n').count();
                counted = start;
                partial.at(line);
                partial.is_former = has_window(&bag) && {
                    let value =
                        ["start", "end"].iter().filter_map(|name| captures.name(name)).map(|value| value.start());
                    let above = text.get(..start).unwrap_or_default();
                    let begin = above.rfind('\n').map_or(0, |end| end + 1);
                    let before = text.get(begin..value.min().unwrap_or(start)).unwrap_or_default();
                    former::is_before(before) || self.is_under_former(line)
                };
                partial.take(&bag, self.rule)?;
            }
        }
        Ok(found > 0)
    }

    /// The first link that begins with `prefix`.
    fn link(&self, step: &Step, prefix: &str, lines: &Range<usize>, partial: &mut Partial) -> Result<bool, String> {
        let inside = self.page.links().iter().filter(|link| lines.contains(&link.line));
        let mut rests = inside.filter_map(|link| Some((link.line, link.href.strip_prefix(prefix)?)));
        let Some((line, rest)) = rests.find(|(_, rest)| !rest.trim().is_empty()) else { return Ok(false) };
        let mut bag = Bag::default();
        take(&step.take, rest, None, &mut bag);
        partial.at(line);
        partial.take(&bag, self.rule)?;
        Ok(true)
    }

    /// Several maintenances, each from a label to the next.
    fn repeat(
        &self,
        step: &Step,
        labels: &Labels,
        steps: &[Step],
        lines: Range<usize>,
        partial: &mut Partial,
    ) -> Result<bool, String> {
        let end = step.until.as_ref().map_or(lines.end, |until| self.end(until, &lines));
        let begins: Vec<usize> = (lines.start..end)
            .filter(|line| self.counts(step, *line) && self.fits(labels, *line).is_some())
            .take(MAX_MATCHES + 1)
            .collect();
        if begins.len() > MAX_MATCHES {
            return Err("too many matches".to_owned());
        }
        for (index, begin) in begins.iter().enumerate() {
            let next = begins.get(index + 1).copied().unwrap_or(end);
            let mut record = Partial { trail: partial.trail.take(), ..Partial::default() };
            let read = self.run(steps, &(*begin..next), &mut record);
            partial.trail = record.trail.take();
            read?;
            partial.records.push(record);
        }
        Ok(!begins.is_empty())
    }
}

/// What becomes of a value: edited, cut, matched, and put into the bag.
pub(super) fn take(take: &Take, text: &str, field_of_list: Option<Field>, bag: &mut Bag) {
    let text = edited(take, text);
    if take.not.iter().any(|not| fold::is(text.trim(), not)) {
        return;
    }
    let pieces: Vec<&str> = match &take.split {
        Some(separator) => text.split(separator.as_str()).collect(),
        None => vec![&text],
    };
    for piece in pieces {
        let field = field_of_list.or(take.field);
        let Some(pattern) = &take.pattern else {
            if let Some(field) = field {
                add(take, field, piece, bag);
            }
            continue;
        };
        let is_several = |name: &str| name == "circuit" || take.keep == Keep::First && matches!(name, "start" | "end");
        let every = take.keep == Keep::All || captured(pattern).any(is_several);
        for captures in pattern.captures_iter(piece).take(if every { MAX_MATCHES } else { 1 }) {
            bag.in_match(|bag| {
                let named = groups_edited(take, &captures, bag);
                if let Some(field) = field.filter(|_| !named) {
                    let found = captures.get(1).or(captures.get(0)).map_or("", |found| found.as_str());
                    add(take, field, found, bag);
                }
            });
        }
    }
}

/// Puts a value into the bag, as the word that it means.
fn add(take: &Take, field: Field, text: &str, bag: &mut Bag) {
    if take.words.is_empty() || take.field.is_some_and(|of| of != field) {
        for text in each(field, text) {
            bag.add(field, text, take.keep);
        }
    } else if let Some(meaning) = take.words.meaning(text) {
        bag.add(field, meaning, take.keep);
    }
}

/// The values of a text: circuits may stand one below the other. Lines of words alone belong to the line above.
pub(super) fn each(field: Field, text: &str) -> Vec<&str> {
    let is_id = |line: &str| line.bytes().any(|byte| byte.is_ascii_digit());
    if field == Field::Circuit && text.trim().lines().all(is_id) { text.trim().lines().collect() } else { vec![text] }
}

/// What a text looks like: `9` for a number, `A` for a word, other signs as they are.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.trim_matches([' ', ',', ';']).chars() {
        let sign = match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'A',
            c => c,
        };
        if !shape.ends_with(sign) {
            shape.push(sign);
        }
    }
    shape
}

/// The fields that a step gives.
pub(super) fn fields(step: &Step) -> impl Iterator<Item = Field> {
    let groups = step.take.pattern.iter().flat_map(captured).filter_map(Field::from_name);
    groups.chain(step.take.field)
}

/// Puts the named groups of a match into the bag, after the edits of the step; whether there were any.
fn groups_edited(take: &Take, captures: &Captures<'_>, bag: &mut Bag) -> bool {
    let mut any = false;
    let names = captures_names(captures);
    for (name, value) in names {
        any = true;
        match &take.split {
            Some(separator) if name == Field::Circuit => {
                for piece in value.split(separator.as_str()) {
                    add(take, name, &edited(take, piece), bag);
                }
            }
            _ => add(take, name, &edited(take, value), bag),
        }
    }
    any
}

/// Puts the named groups of a match into the bag.
fn groups(captures: &Captures<'_>, keep: Keep, bag: &mut Bag) {
    for (name, value) in captures_names(captures) {
        bag.add(name, value, keep);
    }
}

/// The fields that the groups of a pattern are named after.
pub(super) fn captured(pattern: &regex::Regex) -> impl Iterator<Item = &'static str> {
    pattern.capture_names().flatten().filter_map(|name| FIELDS.into_iter().find(|field| *field == name))
}

/// The name of a field in rules.
pub(super) fn name_of(field: Field) -> &'static str {
    FIELDS.into_iter().find(|name| Field::from_name(name) == Some(field)).unwrap_or("skip")
}

/// The named groups that took part in a match.
fn captures_names<'c>(captures: &'c Captures<'_>) -> impl Iterator<Item = (Field, &'c str)> {
    FIELDS.iter().filter_map(|name| Some((Field::from_name(name)?, captures.name(name)?.as_str())))
}

/// The names that groups may have.
pub(super) const FIELDS: [&str; 19] = [
    "maintenance_id",
    "account",
    "summary",
    "organizer",
    "provider",
    "uid",
    "sequence",
    "status",
    "impact",
    "circuit",
    "start",
    "end",
    "stamp",
    "minutes",
    "hours",
    "zone",
    "city",
    "year",
    "end_year",
];

/// A value after the replacements of a step.
pub(super) fn edited(take: &Take, text: &str) -> String {
    let mut text = text.trim().to_owned();
    for (pattern, with) in &take.replace {
        text = pattern.replace_all(&text, with.as_str()).into_owned();
    }
    text
}

/// Whether a bag has the start or the end of a window.
pub(super) fn has_window(bag: &Bag) -> bool {
    bag.has(Field::Start) || bag.has(Field::End)
}

/// Whether a field is a time.
pub(super) fn is_time(field: Field) -> bool {
    matches!(field, Field::Start | Field::End | Field::Stamp)
}

/// A value without the signs that separate it from its label.
fn trim_value(text: &str) -> &str {
    text.trim_start_matches([':', ' ']).trim()
}

/// Whether a cell or line holds nothing but a sign between label and value.
fn is_only_sign(text: &str) -> bool {
    text.trim_matches([':', ' ', '-', '–']).is_empty()
}
