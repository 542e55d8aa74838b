//! A rule, ready to read mails: what the engine works with.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono_tz::Tz;
use regex::Regex;

use super::file::{Field, Keep, LabelIs, Value};
use super::fold;
use crate::features::maintenance::mail::Kind;
use crate::features::maintenance::mail::page::Marks;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::when::{Order, Repeated};

/// A rule, ready to read mails.
#[derive(Debug)]
pub(super) struct Rule {
    /// The organizer of notices that name none.
    pub(super) organizer: String,
    /// Reads calendars of providers that have no rule.
    pub(super) generic: bool,
    /// One of these must be in the mail.
    pub(super) include: Vec<Needle>,
    /// None of these may be.
    pub(super) exclude: Vec<Needle>,
    /// Parts by name, the most trusted first; tried in order.
    pub(super) processors: Vec<Vec<Reader>>,
    /// What words mean as a status.
    pub(super) status: WordMap,
    /// What words mean as an impact.
    pub(super) impact: WordMap,
    /// How dates are read.
    pub(super) dates: DateRules,
    /// What holds where the mail says nothing.
    pub(super) default: Assumed,
    /// How a maintenance without an id is named: for each circuit, and after them.
    pub(super) id: Option<(String, String)>,
}

/// What has to be, or must not be, in parts of a kind.
#[derive(Debug)]
pub(super) struct Needle {
    /// The kind.
    pub(super) kind: Kind,
    /// The pattern as it is written.
    pub(super) written: String,
    /// The pattern.
    pub(super) pattern: Regex,
}

/// How one part is read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// Its name in the file, for people.
    pub(super) name: String,
    /// The kinds of part that it reads, the preferred first.
    pub(super) from: Vec<Kind>,
    /// Elements that are lines of their own.
    pub(super) breaks: Marks,
    /// What is looked for.
    pub(super) steps: std::sync::Arc<[Step]>,
}

/// How dates are read.
#[derive(Debug)]
pub(super) struct DateRules {
    /// Which number is the month.
    pub(super) order: Order,
    /// Which of two instants counts.
    pub(super) repeated: Repeated,
    /// The zone of times that name none.
    pub(super) zone: ZoneRule,
    /// Letters to zones.
    pub(super) zones: BTreeMap<String, Tz>,
    /// Whether a date without a year is near the stamp.
    pub(super) near_stamp: bool,
}

/// The zone of times that name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneRule {
    /// This one.
    Fixed(Tz),
    /// That of the field `city`.
    City,
}

/// What holds where the mail says nothing.
#[derive(Debug)]
pub(super) struct Assumed {
    /// The account.
    pub(super) account: Option<String>,
    /// The provider's name in notices.
    pub(super) provider: Option<String>,
    /// The status.
    pub(super) status: Option<Status>,
    /// The impact; `None`: a circuit without one is an error.
    pub(super) impact: Option<Impact>,
    /// Notices without a stamp are as old as their window.
    pub(super) stamp_is_start: bool,
    /// The length of windows without an end.
    pub(super) minutes: Option<u32>,
    /// A cancellation may come without a window.
    pub(super) cancelled_without_window: bool,
    /// What follows the id of later windows.
    pub(super) window_suffix: Option<String>,
}

/// An ordered map from words that occur to what they mean.
#[derive(Debug, Clone, Default)]
pub(super) struct WordMap(pub(super) Vec<(Word, String)>);

/// Something that may occur in a text.
#[derive(Debug, Clone)]
pub(super) enum Word {
    /// A text, folded.
    Text(String),
    /// A regular expression.
    Pattern(Regex),
}

impl WordMap {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the first word means that occurs in `text`.
    pub(super) fn meaning(&self, text: &str) -> Option<&str> {
        let folded = fold::fold(text);
        let fits = |word: &Word| match word {
            Word::Text(word) => folded.contains(word.as_str()),
            Word::Pattern(pattern) => pattern.is_match(text),
        };
        self.0.iter().find(|(word, _)| fits(word)).map(|(_, meaning)| meaning.as_str())
    }
}

/// Labels.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    /// As they are written, for people.
    pub(super) written: Vec<String>,
    /// The same, folded.
    pub(super) texts: Vec<String>,
    /// How a line has to fit.
    pub(super) fit: LabelIs,
}

/// What a step looks for.
#[derive(Debug)]
pub(super) enum Search {
    /// Lines with a label.
    Label(Labels),
    /// Lines with a label that fits a pattern.
    LabelPattern(Regex),
    /// A pattern in the text.
    Find(Regex),
    /// Rows of tables.
    Table(Table),
    /// Links that begin with this.
    Link(String),
    /// Several maintenances, each after a label.
    Repeat(Labels, Vec<Step>),
}

/// A table whose rows count.
#[derive(Debug)]
pub(super) struct Table {
    /// The first cells of the row above, folded.
    pub(super) header: Vec<String>,
    /// How many cells rows have.
    pub(super) cells: Vec<usize>,
    /// Only the first row of each table.
    pub(super) first_row: bool,
    /// The columns.
    pub(super) columns: Vec<Column>,
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    /// Where it is.
    pub(super) place: Place,
    /// Whether tables without it count.
    pub(super) optional: bool,
    /// What its cells must fit for the row to count.
    pub(super) need: Option<Regex>,
    /// What they must not fit.
    pub(super) never: Option<Regex>,
    /// What becomes of the cell.
    pub(super) take: Take,
}

/// Where a column is.
#[derive(Debug)]
pub(super) enum Place {
    /// Under one of these headers, folded.
    Header(Vec<String>),
    /// At this index, from 0.
    At(usize),
}

/// What becomes of a value.
#[derive(Debug)]
pub(super) struct Take {
    /// A pattern on it, and which groups are which fields.
    pub(super) pattern: Option<Regex>,
    /// What it is.
    pub(super) field: Option<Field>,
    /// What separates several values.
    pub(super) split: Option<String>,
    /// Patterns and what takes the place of what they match.
    pub(super) replace: Vec<(Regex, String)>,
    /// What words in it mean.
    pub(super) words: WordMap,
    /// Values that mean nothing, folded.
    pub(super) not: Vec<String>,
    /// Which of several counts.
    pub(super) keep: Keep,
}

/// One thing to look for.
#[derive(Debug)]
pub(super) struct Step {
    /// What.
    pub(super) search: Search,
    /// Only lines with one of these marks.
    pub(super) within: Option<Marks>,
    /// Only after a line with one of these.
    pub(super) after: Option<Labels>,
    /// Only up to a line with one of these.
    pub(super) until: Option<Labels>,
    /// Where the value of a label is.
    pub(super) value: Value,
    /// Fields of the lines of a group.
    pub(super) list: Vec<Field>,
    /// What becomes of the value.
    pub(super) take: Take,
    /// Whether it is an error that nothing is found.
    pub(super) required: bool,
    /// What is said then, told when it first happens.
    pub(super) missing: OnceLock<String>,
}
