//! What a part says so far: fields by name, values as written, until all parts are together.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::file::{Field, Keep};
use super::fold;
use super::rule::Rule;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::when::{self, Year};

/// More circuits or windows than this are refused: no notice has them.
const MAX_VALUES: usize = 10_000;

/// A time as found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Time {
    /// As written, with the letters of a zone that stood beside it.
    Text(String, Option<String>),
    /// An instant.
    At(DateTime<Utc>),
}

/// One or several times, and which of them counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    /// The times, in the order of the part.
    pub(super) values: Vec<Time>,
    /// Which counts: each of them unless earliest or latest.
    pub(super) keep: Keep,
    /// What the step that gave the only value found further down.
    pub(super) more: Vec<Time>,
    /// Times that are said to hold no longer.
    pub(super) former: Vec<Time>,
    /// The lines of the value and of those that were found further down.
    pub(super) lines: Vec<usize>,
    /// The step that gave the value.
    pub(super) step: usize,
}

impl Times {
    /// Adds a time that `step` found at `line`.
    fn put(&mut self, time: Time, keep: Keep, line: usize, step: usize) -> Result<(), String> {
        if keep == Keep::First && !self.values.is_empty() {
            if self.step == step {
                put_list(&mut self.more, time, Keep::All)?;
                self.lines.push(line);
            }
            return Ok(());
        }
        if matches!(keep, Keep::All | Keep::Earliest | Keep::Latest) {
            self.keep = keep;
            return put_list(&mut self.values, time, Keep::All);
        }
        (self.values, self.lines, self.step) = (vec![time], vec![line], step);
        self.more.clear();
        Ok(())
    }

    /// Fills what is missing with what another part says.
    fn fill(&mut self, other: &Self) {
        let former = std::mem::take(&mut self.former);
        *self = other.clone();
        self.former.extend(former);
    }
}

/// Which circuits belong to which of several windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blocks {
    /// For each circuit the window that it stands with, in the order in which they were found.
    Each(Vec<usize>),
    /// They do not stand one with one.
    Unclear,
}

/// What was found in one place and belongs together, such as the cells of a row.
#[derive(Debug, Default)]
pub(super) struct Bag {
    /// The values.
    values: Vec<InBag>,
    /// How many matches there were.
    matches: usize,
    /// The match that values are from which are added now; 0 for those that are from none.
    of_match: usize,
}

/// One value in a bag.
#[derive(Debug)]
struct InBag {
    /// What it is.
    field: Field,
    /// The value.
    value: String,
    /// Which of several counts.
    keep: Keep,
    /// Which match of a pattern it is from, from 1; 0 if it is from none.
    of_match: usize,
}

impl Bag {
    /// What `add` adds is from one match of a pattern that may match several times: what is found together with a circuit
    /// says nothing of the circuits of other matches.
    pub(super) fn in_match(&mut self, add: impl FnOnce(&mut Self)) {
        self.matches += 1;
        self.of_match = self.matches;
        add(self);
        self.of_match = 0;
    }

    /// Adds a value; empty ones say nothing.
    pub(super) fn add(&mut self, field: Field, value: &str, keep: Keep) {
        let value = value.trim();
        if !value.is_empty() && field != Field::Skip {
            // Ids of circuits are kept as they are: some have runs of blanks.
            let value = if field == Field::Circuit { value.to_owned() } else { fold::squash(value) };
            self.values.push(InBag { field, value, keep, of_match: self.of_match });
        }
    }

    /// Adds a cell of a row. Date and time may stand in cells of their own.
    pub(super) fn add_cell(&mut self, field: Field, value: &str, keep: Keep) {
        let is_time = matches!(field, Field::Start | Field::End | Field::Stamp);
        match self.values.iter_mut().find(|present| is_time && present.field == field) {
            Some(present) => {
                present.value.push(' ');
                present.value.push_str(value.trim());
            }
            None => self.add(field, value, keep),
        }
    }

    /// Whether there is a value for this field.
    pub(super) fn has(&self, field: Field) -> bool {
        self.values.iter().any(|present| present.field == field)
    }

    /// Whether there is a value for this field that is not one circuit's alone.
    pub(super) fn has_for_all(&self, field: Field) -> bool {
        if field == Field::Impact { self.beside(field).shared.is_some() } else { self.has(field) }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Which value of `field` stands beside each value.
    fn beside(&self, field: Field) -> Beside<'_> {
        let of_field = || self.values.iter().filter(|value| value.field == field);
        let mut by_match = HashMap::new();
        for value in of_field() {
            by_match.entry(value.of_match).or_insert(value.value.as_str());
        }
        // Of a match with a circuit the impact is that circuit's.
        let with_circuit: HashSet<usize> = self
            .values
            .iter()
            .filter(|value| field == Field::Impact && value.field == Field::Circuit && value.of_match > 0)
            .map(|value| value.of_match)
            .collect();
        let shared = of_field().find(|value| !with_circuit.contains(&value.of_match));
        Beside { by_match, shared: shared.map(|value| value.value.as_str()) }
    }
}

/// The values of one field in a bag.
struct Beside<'b> {
    /// The first of each match.
    by_match: HashMap<usize, &'b str>,
    /// That of the values whose match has none.
    shared: Option<&'b str>,
}

impl<'b> Beside<'b> {
    /// The one that stands beside a value.
    fn of(&self, value: &InBag) -> Option<&'b str> {
        self.by_match.get(&value.of_match).copied().or(self.shared)
    }
}

/// A value and the line whose label, match or row gave it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The line, from 0.
    pub(super) line: usize,
    /// What it is.
    pub(super) field: Field,
    /// The value as it was taken.
    pub(super) value: String,
    /// Which of several counts.
    pub(super) keep: Keep,
    /// Whether it is a time that is said to hold no longer.
    pub(super) is_former: bool,
}

/// What was found where, kept only for those who ask why.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    /// Everything that was found, in its order.
    pub(super) found: Vec<Found>,
}

/// What a part says of its maintenances.
#[derive(Debug, Clone, Default)]
pub(super) struct Partial {
    /// Where everything is from; `None` unless it is asked for.
    pub(super) trail: Option<Box<Trail>>,
    /// Ids; several when the mail has several maintenances.
    pub(super) ids: Vec<String>,
    /// The account.
    pub(super) account: Option<String>,
    /// The summary.
    pub(super) summary: Option<String>,
    /// The organizer.
    pub(super) organizer: Option<String>,
    /// The provider.
    pub(super) provider: Option<String>,
    /// The uid.
    pub(super) uid: Option<String>,
    /// The revision.
    pub(super) sequence: Option<i64>,
    /// The status.
    pub(super) status: Option<Status>,
    /// Whether a calendar is cancelled in the words of calendars alone.
    pub(super) says_cancelled: Option<bool>,
    /// The impact on circuits that have none of their own.
    pub(super) impact: Option<Impact>,
    /// Circuits with the impact that stood beside them.
    pub(super) circuits: Vec<(String, Option<Impact>)>,
    /// Starts of windows.
    pub(super) start: Times,
    /// Ends of windows.
    pub(super) end: Times,
    /// When the notice was made.
    pub(super) stamp: Option<Time>,
    /// Length of the window in minutes, as far as it is known.
    pub(super) minutes: Option<u32>,
    /// Length of the window in hours, added to the minutes.
    pub(super) hours: Option<u32>,
    /// Letters of the zone of all times.
    pub(super) zone: Option<String>,
    /// The city whose clock counts.
    pub(super) city: Option<String>,
    /// The year of starts that have none.
    pub(super) year: Option<Year>,
    /// The year of ends that have none.
    pub(super) end_year: Option<Year>,
    /// Maintenances of which more is known than what they have in common.
    pub(super) records: Vec<Partial>,
    /// Other ids that the step found which gave the only one.
    pub(super) more_ids: Vec<String>,
    /// With which window each circuit stands; `None` if all of them stand with all.
    pub(super) blocks: Option<Blocks>,
    /// Whether the times that are taken next are said to hold no longer.
    pub(super) is_former: bool,
    /// The line that is being read.
    pub(super) line: usize,
    /// How many steps there were.
    pub(super) steps: usize,
    /// The step that gave the id.
    pub(super) id_step: usize,
    /// The lines of the circuits.
    pub(super) circuit_lines: Vec<usize>,
}

impl Partial {
    /// Notes the line that what is taken next is from.
    pub(super) fn at(&mut self, line: usize) {
        self.line = line;
    }

    /// What is taken next is from the next step.
    pub(super) fn next_step(&mut self) {
        self.steps += 1;
    }

    /// Takes what was found in one place.
    pub(super) fn take(&mut self, bag: &Bag, rule: &Rule) -> Result<(), String> {
        let is_former = std::mem::take(&mut self.is_former);
        let (line, step) = (self.line, self.steps);
        if let Some(trail) = &mut self.trail {
            let found = |InBag { field, value, keep, .. }: &InBag| Found {
                line,
                field: *field,
                value: value.clone(),
                keep: *keep,
                is_former: is_former && matches!(field, Field::Start | Field::End),
            };
            trail.found.extend(bag.values.iter().map(found));
        }
        let (zones, impacts) = (bag.beside(Field::Zone), bag.beside(Field::Impact));
        let beside_time = bag.has(Field::Start) || bag.has(Field::End) || bag.has(Field::Stamp);
        let beside_circuit = bag.has(Field::Circuit);
        for found in &bag.values {
            let InBag { field, value, keep, .. } = found;
            let keep = *keep;
            let time = || Time::Text(value.clone(), zones.of(found).map(str::to_owned));
            match field {
                Field::MaintenanceId => self.put_id(value, keep)?,
                Field::Account => put(&mut self.account, value.clone(), keep),
                Field::Summary => put(&mut self.summary, value.clone(), keep),
                Field::Organizer => put(&mut self.organizer, value.clone(), keep),
                Field::Provider => put(&mut self.provider, value.clone(), keep),
                Field::Uid => put(&mut self.uid, value.clone(), keep),
                Field::Sequence => put(&mut self.sequence, number(value, "sequence")?, keep),
                Field::Status => {
                    if let Some(status) = status(value, rule)? {
                        put(&mut self.status, status, keep);
                    }
                }
                Field::Impact if beside_circuit => {}
                Field::Impact => {
                    if let Some(impact) = impact(value, rule)? {
                        put(&mut self.impact, impact, keep);
                    }
                }
                Field::Circuit => {
                    let impact = impacts.of(found).map(|word| impact(word, rule)).transpose()?.flatten();
                    self.put_circuit(value, impact, if keep == Keep::Worst { rule.default.impact } else { None })?;
                }
                Field::Start if is_former => self.start.former.push(time()),
                Field::End if is_former => self.end.former.push(time()),
                Field::Start => self.start.put(time(), keep, line, step)?,
                Field::End => self.end.put(time(), keep, line, step)?,
                Field::Stamp => put(&mut self.stamp, time(), keep),
                Field::Minutes => put(&mut self.minutes, number(value, "minutes")?, keep),
                Field::Hours => put(&mut self.hours, number(value, "hours")?, keep),
                Field::Zone if !beside_time => put(&mut self.zone, value.clone(), keep),
                Field::City => put(&mut self.city, value.clone(), keep),
                Field::Year => put(&mut self.year, year(value, rule)?, keep),
                Field::EndYear => put(&mut self.end_year, year(value, rule)?, keep),
                Field::Zone | Field::Skip => {}
            }
        }
        Ok(())
    }

    /// Adds an id.
    fn put_id(&mut self, id: &str, keep: Keep) -> Result<(), String> {
        if self.ids.is_empty() || keep != Keep::First {
            self.id_step = self.steps;
        } else if self.id_step == self.steps && !self.ids.iter().chain(&self.more_ids).any(|known| known == id) {
            put_list(&mut self.more_ids, id.to_owned(), Keep::All)?;
        }
        put_list(&mut self.ids, id.to_owned(), keep)
    }

    /// Adds a circuit. With the impact of those that have none, it is there only once, with the worst of its impacts.
    fn put_circuit(&mut self, id: &str, impact: Option<Impact>, once: Option<Impact>) -> Result<(), String> {
        let impact = impact.or(once);
        let known = once.and_then(|_| self.circuits.iter_mut().find(|(known, _)| known == id));
        if let Some((_, known)) = known {
            *known = impact.max(*known);
            return Ok(());
        }
        self.circuit_lines.push(self.line);
        put_list(&mut self.circuits, (id.to_owned(), impact), Keep::All)
    }

    /// Forgets the circuits so far.
    pub(super) fn clear_circuits(&mut self) {
        self.circuits.clear();
        self.circuit_lines.clear();
    }

    /// Finds out which circuits stand with which of several windows: either they take turns, or one list is for all.
    pub(super) fn settle_blocks(&mut self) {
        let windows = self.start.lines.iter().map(|line| (*line, None));
        let circuits = self.circuit_lines.iter().enumerate().map(|(index, line)| (*line, Some(index)));
        let mut places: Vec<(usize, Option<usize>)> = windows.chain(circuits).collect();
        places.sort_unstable();
        // Runs of circuits, and windows that another one stands before without circuits between them.
        let (mut runs, mut twins, mut last) = (0, 0, None);
        let mut run_of = vec![0; self.circuits.len()];
        for (_, circuit) in places {
            match circuit {
                Some(index) => {
                    runs += usize::from(last != Some(true));
                    if let Some(run) = run_of.get_mut(index) {
                        *run = runs - 1;
                    }
                }
                None => twins += usize::from(last == Some(false)),
            }
            last = Some(circuit.is_some());
        }
        let takes_turns = runs == self.start.lines.len() && twins == 0;
        self.blocks = if self.start.more.is_empty() || runs < 2 {
            None
        } else if takes_turns {
            Some(Blocks::Each(run_of))
        } else {
            Some(Blocks::Unclear)
        };
    }

    /// Forgets what was found besides the first window: a mail that is quoted below may name an older one.
    pub(super) fn keep_first_window(&mut self) {
        for times in [&mut self.start, &mut self.end] {
            times.more.clear();
        }
        self.blocks = None;
        self.records.iter_mut().for_each(Self::keep_first_window);
    }

    /// Fills what is missing here with what `other` says.
    pub(super) fn complete(&mut self, other: &Self) {
        if self.ids.is_empty() {
            self.more_ids.clone_from(&other.more_ids);
        }
        // What stands with what is known of one part only.
        if self.circuits.is_empty() && self.start.values.is_empty() {
            self.blocks.clone_from(&other.blocks);
        }
        fill_list(&mut self.ids, &other.ids);
        fill(&mut self.account, other.account.as_ref());
        fill(&mut self.summary, other.summary.as_ref());
        fill(&mut self.organizer, other.organizer.as_ref());
        fill(&mut self.provider, other.provider.as_ref());
        fill(&mut self.uid, other.uid.as_ref());
        fill(&mut self.sequence, other.sequence.as_ref());
        fill(&mut self.status, other.status.as_ref());
        fill(&mut self.says_cancelled, other.says_cancelled.as_ref());
        fill(&mut self.impact, other.impact.as_ref());
        fill_list(&mut self.circuits, &other.circuits);
        if self.start.values.is_empty() {
            self.start.fill(&other.start);
        }
        if self.end.values.is_empty() {
            self.end.fill(&other.end);
        }
        fill(&mut self.stamp, other.stamp.as_ref());
        if self.minutes.is_none() && self.hours.is_none() {
            (self.minutes, self.hours) = (other.minutes, other.hours);
        }
        fill(&mut self.zone, other.zone.as_ref());
        fill(&mut self.city, other.city.as_ref());
        fill(&mut self.year, other.year.as_ref());
        fill(&mut self.end_year, other.end_year.as_ref());
    }

    /// Adds what another list of the same mail says: its circuits, and what is missing here.
    pub(super) fn add_circuits(&mut self, other: &Self) {
        let known = self.circuits.len();
        self.complete(other);
        if known > 0 {
            let new = other.circuits.iter().filter(|circuit| !self.circuits.contains(circuit));
            let new: Vec<_> = new.cloned().collect();
            self.circuits.extend(new);
            self.blocks = None;
        }
    }

    /// Adds maintenances that are not among those that it has.
    pub(super) fn add_records(&mut self, other: &Self) {
        for record in &other.records {
            let same = |known: &Self| {
                known.ids == record.ids
                    && known.sequence == record.sequence
                    && known.start.values == record.start.values
                    && known.end.values == record.end.values
            };
            if !self.records.iter().any(same) {
                let mut added = Self::default();
                added.complete(record);
                self.records.push(added);
            }
        }
    }

    /// Whether nothing says the status.
    pub(super) fn says_no_status(&self) -> bool {
        self.status.is_none() && self.records.iter().all(|record| record.status.is_none())
    }

    /// How many fields it has: which of several parts of one kind says most.
    pub(super) fn weight(&self) -> usize {
        let present = [
            !self.ids.is_empty(),
            self.account.is_some(),
            self.summary.is_some(),
            self.organizer.is_some(),
            self.status.is_some(),
            self.impact.is_some(),
            !self.circuits.is_empty(),
            !self.start.values.is_empty(),
            !self.end.values.is_empty(),
            self.stamp.is_some(),
            self.city.is_some(),
            self.minutes.is_some() || self.hours.is_some(),
        ];
        present.into_iter().filter(|present| *present).count() + self.records.iter().map(Self::weight).sum::<usize>()
    }
}

/// Sets a field that has one value.
fn put<T>(slot: &mut Option<T>, value: T, keep: Keep) {
    if slot.is_none() || keep == Keep::Last {
        *slot = Some(value);
    }
}

/// Sets or extends a field that may have several values.
fn put_list<T>(list: &mut Vec<T>, value: T, keep: Keep) -> Result<(), String> {
    match keep {
        Keep::All if list.len() >= MAX_VALUES => return Err(format!("more than {MAX_VALUES} values of one field")),
        Keep::All => list.push(value),
        Keep::Last => *list = vec![value],
        Keep::First | Keep::Earliest | Keep::Latest | Keep::Worst if list.is_empty() => list.push(value),
        Keep::First | Keep::Earliest | Keep::Latest | Keep::Worst => {}
    }
    Ok(())
}

/// Fills a field that is missing.
fn fill<T: Clone>(slot: &mut Option<T>, other: Option<&T>) {
    if slot.is_none() {
        *slot = other.cloned();
    }
}

/// Fills a list that is empty.
fn fill_list<T: Clone>(list: &mut Vec<T>, other: &[T]) {
    if list.is_empty() {
        list.extend_from_slice(other);
    }
}

/// A year, or a date whose neighbourhood is meant.
fn year(text: &str, rule: &Rule) -> Result<Year, String> {
    let near = || {
        let written = when::read(text, rule.dates.order).map_err(|error| error.to_string())?;
        written.local(None, text).map(|local| Year::Near(local.date())).map_err(|error| error.to_string())
    };
    text.parse().map(Year::Is).or_else(|_| near())
}

/// A number.
fn number<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{what} is no number: {:?}", text.chars().take(40).collect::<String>()))
}

/// What a word means as a status; `None` where the rule knows words and none of them occurs.
pub(super) fn status(word: &str, rule: &Rule) -> Result<Option<Status>, String> {
    match word.parse() {
        Ok(status) => Ok(Some(status)),
        Err(_) if !rule.status.is_empty() => Ok(rule.status.meaning(word).and_then(|word| word.parse().ok())),
        Err(error) => Err(error.to_string()),
    }
}

/// What a word means as an impact; see [`status`].
pub(super) fn impact(word: &str, rule: &Rule) -> Result<Option<Impact>, String> {
    match word.parse() {
        Ok(impact) => Ok(Some(impact)),
        Err(_) if !rule.impact.is_empty() => Ok(rule.impact.meaning(word).and_then(|word| word.parse().ok())),
        Err(error) => Err(error.to_string()),
    }
}
