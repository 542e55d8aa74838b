//! What here and Nautobot last agreed on, field by field, and what follows from it for what both say now. Pure.
//!
//! Of each field (a *line*) the value is kept that each side had when the two were last in agreement about it: mostly the same
//! one, and two where somebody decided to leave a difference alone. Against that, a side has either changed or not:
//!
//! | here | there | |
//! |---|---|---|
//! | says the same as the other side | | same |
//! | as agreed | as agreed | they were agreed to differ |
//! | as agreed | changed | take theirs |
//! | changed | as agreed | send ours |
//! | changed | changed | conflict |
//!
//! Nothing else is remembered: whether there is a conflict is worked out from three values each time, so that none can be
//! forgotten, and none outlives what it was about. What somebody decides about one is a change of what was agreed: theirs
//! are taken where ours counts as agreed, ours are sent where theirs does, and a difference is left where both do.
//!
//! The window is one line: a start from here and an end from there would be a window that nobody announced.
//!
//! **How old a word is.** Each line also knows since when it says so there, for a mail that comes later is older or newer than
//! that. What was changed there is as old as the record's last change. What was written there from here is as old as the mail
//! that it came from, however late it was written; and what both sides say without having heard of each other is as old as
//! the first of the two words. So a record that was made or touched there without saying anything else outdates no mail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::features::maintenance::model::{Impact, Status};

/// A field of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Field {
    /// Start and end.
    Window,
    /// Where it stands.
    Status,
    /// What is done.
    Description,
    /// What happens to the circuit of this UUID.
    Circuit(String),
    /// Whether it is acknowledged.
    Acknowledgement,
}

/// How a column begins that names a circuit.
const CIRCUIT: &str = "circuit ";

impl From<Field> for String {
    fn from(field: Field) -> Self {
        match field {
            Field::Window => "window".to_owned(),
            Field::Status => "status".to_owned(),
            Field::Description => "description".to_owned(),
            Field::Circuit(id) => format!("{CIRCUIT}{id}"),
            Field::Acknowledgement => "acknowledgement".to_owned(),
        }
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        match text.as_str() {
            "window" => Self::Window,
            "status" => Self::Status,
            "description" => Self::Description,
            "acknowledgement" => Self::Acknowledgement,
            circuit => Self::Circuit(circuit.strip_prefix(CIRCUIT).unwrap_or(circuit).to_owned()),
        }
    }
}

impl Field {
    /// The word for its kind.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Status => "status",
            Self::Description => "description",
            Self::Circuit(_) => "circuit",
            Self::Acknowledgement => "acknowledgement",
        }
    }

    /// Whether an acknowledgement is one of what it says.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        match self {
            Self::Window | Self::Status | Self::Circuit(_) => true,
            Self::Description | Self::Acknowledgement => false,
        }
    }
}

/// What a side says of a field. A circuit that is not hit and an empty description have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Start and end, in seconds since 1970.
    Window(i64, i64),
    /// Where it stands.
    Status(Status),
    /// What is done.
    Text(String),
    /// What happens to a circuit.
    Impact(Impact),
    /// Whether it is acknowledged.
    Acknowledged(bool),
}

/// What a side says.
pub type Said = BTreeMap<Field, Value>;

/// When a record was changed last, in microseconds since 1970. What happens to a circuit is a record of its own there: a change
/// of it leaves that of the maintenance as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changed {
    /// The maintenance.
    pub record: i64,
    /// What happens to each circuit, by its UUID.
    pub circuits: BTreeMap<String, i64>,
}

impl Changed {
    /// When what is said of a field was changed, as far as that is known.
    #[must_use]
    pub fn of(&self, field: &Field) -> i64 {
        match field {
            Field::Circuit(id) => self.circuits.get(id).copied().unwrap_or(self.record),
            Field::Window | Field::Status | Field::Description | Field::Acknowledgement => self.record,
        }
    }

    /// When anything of it was changed last.
    #[must_use]
    pub fn latest(&self) -> i64 {
        self.circuits.values().copied().fold(self.record, i64::max)
    }

    /// The same by a clock that is not ahead of `now`.
    #[must_use]
    pub fn until(self, now: i64) -> Self {
        let circuits = self.circuits.into_iter().map(|(id, at)| (id, at.min(now))).collect();
        Self { record: self.record.min(now), circuits }
    }
}

/// What was agreed of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    /// What was said here,
    here: Option<Value>,
    /// and what was said there.
    there: Option<Value>,
    /// Since when it says so there, in microseconds since 1970, as far as that is known.
    since: i64,
}

/// What was sent there, and whether it arrived is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Of this field
    pub field: Field,
    /// this value,
    pub value: Option<Value>,
    /// which was said here at this time, in microseconds since 1970.
    pub since: i64,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Agreed {
    /// When the record or one of its circuits was changed last before the two met, in microseconds since 1970; 0 of one that was made from here.
    met: i64,
    /// Since when it says nothing of what it says nothing of.
    silent: i64,
    /// Whether it named no circuit when the two met, and has named none since. A record and its circuits are made one after
    /// the other, so it may be half made: it says nothing of circuits yet.
    is_bare: bool,
    /// By field.
    lines: BTreeMap<Field, Line>,
    /// When the record was changed last as it was when this was agreed, by its own clock.
    #[serde(default)]
    seen: Changed,
}

/// What follows for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both say the same.
    Same,
    /// They were agreed to differ, and neither has changed since.
    Apart,
    /// It changed there.
    Take,
    /// It changed here.
    Send,
    /// It changed on both sides, to something else each.
    Conflict,
}

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// What is known here.
    Here,
    /// What Nautobot has.
    There,
}

/// What somebody decides about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ours counts.
    Ours,
    /// Theirs counts.
    Theirs,
    /// Each side keeps its own.
    Neither,
}

/// Every field of either side, each once.
pub fn fields<'a>(here: &'a Said, there: &'a Said) -> impl Iterator<Item = &'a Field> {
    here.keys().chain(there.keys().filter(|field| !here.contains_key(field)))
}

impl Agreed {
    /// Where the two meet for the first time: the newer side's word counts for whatever differs. An acknowledgement is one
    /// of what was seen, on either side. What is here was said at `newest` at the latest and a field of it at `said`, what is
    /// there was changed at `updated` at the latest.
    #[must_use]
    pub fn met(here: &Said, there: &Said, newest: i64, said: impl Fn(&Field) -> i64, updated: &Changed) -> Self {
        let is_bare = is_bare(there);
        // A record that leaves out a circuit of a mail was not made from that mail alone.
        let leaves_out = here.keys().any(|field| matches!(field, Field::Circuit(_)) && !there.contains_key(field));
        let silent = match (is_bare, leaves_out) {
            (true, _) => 0,
            (false, true) => updated.record,
            (false, false) => updated.record.min(newest),
        };
        let mut agreed = Self { met: updated.latest(), silent, is_bare, ..Self::default() };
        for field in fields(here, there) {
            let (ours, theirs) = (here.get(field), there.get(field));
            let updated = updated.of(field);
            let newer = if newest >= updated { Side::Here } else { Side::There };
            let base = match (field, newer) {
                (Field::Acknowledgement, _) if ours != theirs => Some(Value::Acknowledged(false)),
                (Field::Circuit(_), _) if is_bare => theirs.cloned(),
                (_, Side::There) => ours.cloned(),
                (_, Side::Here) => theirs.cloned(),
            };
            // As long as theirs was not taken, ours stands for it.
            let is_theirs = base.as_ref() == theirs && ours != theirs;
            let since = if is_theirs { updated } else { updated.min(said(field)) };
            agreed.put(field, base.clone(), base, since);
        }
        agreed
    }

    /// The same of a record that shows older than it was when this was agreed, and so cannot have changed since: it is another
    /// Nautobot's, of which this one is a copy, or the other way round. The two meet for the first time, but for what was left
    /// different and is what both still say.
    #[must_use]
    pub fn met_again(&self, mut met: Self, here: &Said, there: &Said) -> Self {
        for (field, verdict) in self.compare(here, there) {
            if let (Verdict::Apart, Some(line)) = (verdict, self.lines.get(&field)) {
                met.lines.insert(field, line.clone());
            }
        }
        met
    }

    /// Whether it can have been agreed with this record as it was before: with nothing later, and with no circuit that it lacks.
    #[must_use]
    pub fn fits(&self, there: &Changed) -> bool {
        !self.is_of_a_later(there) && self.seen.circuits.keys().all(|circuit| there.circuits.contains_key(circuit))
    }

    /// When the record was changed last as it was when this was agreed.
    #[must_use]
    pub fn seen(&self) -> &Changed {
        &self.seen
    }

    /// Whether it was agreed with a record, or about a circuit of it, that was changed later than this one.
    #[must_use]
    pub fn is_of_a_later(&self, there: &Changed) -> bool {
        let is_later = |(circuit, at): (&String, &i64)| there.circuits.get(circuit).is_some_and(|there| at > there);
        self.seen.record > there.record || self.seen.circuits.iter().any(is_later)
    }

    /// The same, agreed with a record that was changed last at `seen`.
    #[must_use]
    pub fn with(self, seen: Changed) -> Self {
        Self { seen, ..self }
    }

    /// Whatever both say is agreed, different or not.
    #[must_use]
    pub fn all(here: &Said, there: &Said, since: &Changed) -> Self {
        let is_bare = is_bare(there);
        let silent = if is_bare { 0 } else { since.record };
        let mut agreed = Self { met: since.latest(), silent, is_bare, ..Self::default() };
        for field in fields(here, there) {
            agreed.put(field, here.get(field).cloned(), there.get(field).cloned(), since.of(field));
        }
        agreed
    }

    /// Keeps what was agreed of a field. What neither has needs no line. It says so there since `since`, unless it said so
    /// before.
    fn put(&mut self, field: &Field, here: Option<Value>, there: Option<Value>, since: i64) {
        let before = self.lines.get(field).filter(|line| line.there == there);
        let since = before.map_or(since, |line| line.since);
        self.lines.insert(field.clone(), Line { here, there, since });
    }

    /// What is there and was sent from here arrived, although nobody heard so: both had agreed on it.
    #[must_use]
    pub fn recognised(mut self, sent: &[Sent], there: &Said) -> Self {
        for Sent { field, value, since } in sent.iter().filter(|sent| there.get(&sent.field) == sent.value.as_ref()) {
            if self.lines.get(field).and_then(|line| line.there.as_ref()) != value.as_ref() {
                self.put(field, value.clone(), value.clone(), *since);
            }
        }
        self
    }

    /// What follows for one field.
    #[must_use]
    pub fn verdict(&self, field: &Field, here: Option<&Value>, there: Option<&Value>) -> Verdict {
        if here == there {
            return Verdict::Same;
        }
        let line = self.lines.get(field);
        let ours_is_agreed = here == line.and_then(|line| line.here.as_ref());
        let theirs_is_agreed = there == line.and_then(|line| line.there.as_ref());
        let verdict = match (ours_is_agreed, theirs_is_agreed) {
            (true, true) => Verdict::Apart,
            (true, false) => Verdict::Take,
            (false, true) => Verdict::Send,
            (false, false) => Verdict::Conflict,
        };
        // Who says nothing takes nobody's words away.
        match (field, here, there, verdict) {
            (Field::Description, None, _, Verdict::Conflict) => Verdict::Take,
            (Field::Description, _, None, Verdict::Conflict) => Verdict::Send,
            (Field::Description, None, _, Verdict::Send) | (Field::Description, _, None, Verdict::Take) => {
                Verdict::Apart
            }
            _ => verdict,
        }
    }

    /// What follows for every field.
    #[must_use]
    pub fn compare(&self, here: &Said, there: &Said) -> BTreeMap<Field, Verdict> {
        let verdict = |field: &Field| self.verdict(field, here.get(field), there.get(field));
        fields(here, there).map(|field| (field.clone(), verdict(field))).collect()
    }

    /// The same after the two were brought together: what both say is agreed; of everything else nothing is. `since` is when
    /// what is there of a field was said, if it did not say so before.
    #[must_use]
    pub fn settled(&self, here: &Said, there: &Said, since: impl Fn(&Field) -> i64) -> Self {
        let mut settled = self.clone();
        settled.is_bare &= is_bare(there);
        let gone = self.lines.keys().filter(|field| !here.contains_key(field) && !there.contains_key(field));
        for field in fields(here, there).chain(gone).filter(|field| here.get(field) == there.get(field)) {
            settled.put(field, here.get(field).cloned(), there.get(field).cloned(), since(field));
        }
        settled
    }

    /// Somebody decides about a field.
    pub fn decide(&mut self, field: &Field, here: &Said, there: &Said, decision: Decision) {
        let (ours, theirs) = (here.get(field).cloned(), there.get(field).cloned());
        let (ours, theirs) = match decision {
            Decision::Ours => (theirs.clone(), theirs),
            Decision::Theirs => (ours.clone(), ours),
            Decision::Neither => (ours, theirs),
        };
        let since = self.lines.get(field).map_or(0, |line| line.since);
        self.put(field, ours, theirs, since);
    }

    /// Each side keeps what it says of a field. What is there was said at `since`, if it did not say so before.
    pub fn leave(&mut self, field: &Field, here: &Said, there: &Said, since: i64) {
        self.put(field, here.get(field).cloned(), there.get(field).cloned(), since);
    }

    /// A mail from `stamp` says this, and whatever is newer there is laid over it. Where the record says the same and was
    /// not seen to change, it says what the mail said first.
    pub fn heard(&mut self, mail: &Said, stamp: i64) {
        // What is left out there stays left out when the mail is read again.
        for field in mail.keys().filter(|field| self.leaves_out(field, stamp)).cloned().collect::<Vec<_>>() {
            self.lines.insert(field, Line { here: None, there: None, since: self.silent });
        }
        for (field, line) in self.lines.iter_mut().filter(|(_, line)| line.since <= self.met) {
            if line.there.as_ref() == mail.get(field) {
                line.since = line.since.min(stamp);
            }
        }
        // What a mail says nothing of may have been left out there for that. A record that leaves out what it names was made of
        // something else.
        let is_there = |field: &Field| self.lines.get(field).is_some_and(|line| line.there.is_some());
        if mail.keys().all(|field| !matches!(field, Field::Circuit(_)) || is_there(field)) {
            self.silent = self.silent.min(stamp);
        }
    }

    /// Whether the record may be half made.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// Whether it says there what was agreed.
    #[must_use]
    pub fn is_of(&self, there: &Said) -> bool {
        let agreed = self.lines.iter().filter_map(|(field, line)| Some((field, line.there.as_ref()?)));
        agreed.eq(there)
    }

    /// What it says there of the contents since after `stamp`, in microseconds since 1970: a notice from then is older.
    pub fn newer_than(&self, stamp: i64) -> impl Iterator<Item = (&Field, Option<&Value>)> {
        let contents = self.lines.iter().filter(|(field, _)| **field != Field::Acknowledgement);
        contents.filter(move |(_, line)| line.since > stamp).map(|(field, line)| (field, line.there.as_ref()))
    }

    /// Whether it was said there after `stamp` that a circuit is not hit of which it says nothing.
    #[must_use]
    pub fn leaves_out(&self, field: &Field, stamp: i64) -> bool {
        matches!(field, Field::Circuit(_)) && self.silent > stamp && !self.lines.contains_key(field)
    }

    /// Whether anything was said there after `stamp`.
    #[must_use]
    pub fn is_newer_than(&self, stamp: i64) -> bool {
        self.silent > stamp || self.newer_than(stamp).next().is_some()
    }
}

/// Whether a record names no circuit.
fn is_bare(there: &Said) -> bool {
    !there.keys().any(|field| matches!(field, Field::Circuit(_)))
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
