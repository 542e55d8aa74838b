//! A rule file as it is written. What the keys mean is in `docs/providers.md`; what they turn into is in `compile.rs`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, IntoDeserializer};
use toml::Spanned;

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub(super) enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Texts {
    /// All of them.
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// An ordered map from words that occur to what they mean.
pub(super) type Words = Vec<(Spanned<String>, Spanned<String>)>;

/// What tells whose mail it is; the keys above the first table of a file.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Head {
    /// Addresses, or domains with an `@` before them.
    #[serde(default)]
    pub(super) senders: Vec<String>,
    /// Texts that only this provider's mails hold.
    #[serde(default)]
    pub(super) signs: Vec<String>,
    /// Reads calendars of providers that have no rule.
    #[serde(default)]
    pub(super) generic: bool,
}

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// See [`Head`].
    #[serde(default)]
    pub(super) name: Option<Spanned<String>>,
    /// See [`Head`].
    #[serde(default)]
    pub(super) senders: Vec<Spanned<String>>,
    /// See [`Head`].
    #[serde(default)]
    pub(super) signs: Vec<Spanned<String>>,
    /// See [`Head`].
    #[serde(default)]
    pub(super) generic: bool,
    /// The organizer of notices that name none.
    pub(super) organizer: Spanned<String>,
    /// One of these must be in the mail, else it is no maintenance.
    #[serde(default)]
    pub(super) include: Vec<Filter>,
    /// None of these may be in the mail, else it is no maintenance.
    #[serde(default)]
    pub(super) exclude: Vec<Filter>,
    /// Names of parts, the most trusted first; tried in order.
    pub(super) processors: Spanned<Vec<Vec<Spanned<String>>>>,
    /// What words mean as a status.
    #[serde(default)]
    pub(super) status: Words,
    /// What words mean as an impact.
    #[serde(default)]
    pub(super) impact: Words,
    /// How dates are read.
    #[serde(default)]
    pub(super) dates: Dates,
    /// What holds where the mail says nothing.
    #[serde(default)]
    pub(super) default: Defaults,
    /// How a maintenance without an id is named.
    pub(super) id: Option<Id>,
    /// How the parts are read.
    #[serde(default)]
    pub(super) part: BTreeMap<String, Spanned<PartFile>>,
}

/// A text in a part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The kind of part.
    pub(super) part: Spanned<String>,
    /// A regular expression.
    pub(super) find: Spanned<String>,
}

/// How dates are read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    /// `month-first` or `day-first`.
    #[serde(default)]
    pub(super) order: DateOrder,
    /// The zone of times that name none: an IANA name, or `city` for the zone of the field `city`.
    pub(super) zone: Option<Spanned<String>>,
    /// Letters to IANA names.
    #[serde(default)]
    pub(super) zones: BTreeMap<String, Spanned<String>>,
    /// Whether times in a repeated hour are `standard` or `daylight`.
    #[serde(default)]
    pub(super) repeated_hour: RepeatedHour,
    /// What year dates are in that name none; without this they are an error, unless a field `year` says it.
    pub(super) year: Option<MissingYear>,
}

/// See [`Dates::year`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MissingYear {
    /// That which puts the date next after the stamp, or shortly before it.
    Near,
}

/// See [`Dates::order`].
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DateOrder {
    /// 12/31
    #[default]
    MonthFirst,
    /// 31/12
    DayFirst,
}

/// See [`Dates::repeated_hour`].
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RepeatedHour {
    /// The second of the two.
    #[default]
    Standard,
    /// The first of the two.
    Daylight,
}

/// What holds where the mail says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defaults {
    /// The account.
    pub(super) account: Option<String>,
    /// The provider as notices name it, if not the slug.
    pub(super) provider: Option<String>,
    /// The status; without it a notice without a status is an error.
    pub(super) status: Option<Spanned<String>>,
    /// The impact; `OUTAGE` if absent, an error if it is `required`.
    pub(super) impact: Option<Spanned<String>>,
    /// `start`: notices without a stamp are as old as their window.
    pub(super) stamp: Option<Spanned<String>>,
    /// The length of windows without an end.
    pub(super) minutes: Option<Spanned<u32>>,
    /// Whether a cancellation may come without a window.
    #[serde(default)]
    pub(super) cancelled_without_window: bool,
    /// What follows the id of the second and later windows; `{n}` is their number.
    pub(super) window_suffix: Option<String>,
}

/// How a maintenance without an id is named: the hex SHA-256 of a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Id {
    /// Once for each circuit; `{circuit}` is its id.
    #[serde(default)]
    pub(super) each_circuit: String,
    /// After them; `{start}` and `{end}` are epoch seconds.
    pub(super) window: Spanned<String>,
}

/// How one part is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartFile {
    /// The kinds of part that it reads, the preferred first; its own name if absent.
    pub(super) from: Option<Spanned<Texts>>,
    /// Elements that are lines of their own though they are not blocks.
    #[serde(default)]
    pub(super) break_at: Vec<Spanned<String>>,
    /// What is looked for; the first to find a field has it.
    #[serde(default)]
    pub(super) step: Vec<Spanned<StepFile>>,
}

/// Which of several values counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Keep {
    /// The first, and one that is already there stays.
    #[default]
    First,
    /// The last, in place of one that is already there.
    Last,
    /// Each is a maintenance (ids) or a window (start, end).
    All,
    /// The earliest time.
    Earliest,
    /// The latest time.
    Latest,
    /// Each circuit once, with the worst of its impacts.
    Worst,
}

/// Which field a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    /// The provider's id.
    MaintenanceId,
    /// The customer's account.
    Account,
    /// One line on what is done.
    Summary,
    /// The provider's address.
    Organizer,
    /// The provider as the mail names it.
    Provider,
    /// A calendar event's UID.
    Uid,
    /// The revision.
    Sequence,
    /// The status; goes through `status` words.
    Status,
    /// The impact; goes through `impact` words. Beside a circuit it is that circuit's, else everybody's.
    Impact,
    /// A circuit.
    Circuit,
    /// Start of a window.
    Start,
    /// End of a window.
    End,
    /// When the notice was made.
    Stamp,
    /// Length of the window, added to `hours`.
    Minutes,
    /// Length of the window, added to `minutes`.
    Hours,
    /// Letters of the zone of the times found beside it, or of all.
    Zone,
    /// The city whose clock counts.
    City,
    /// The year of a start that has none.
    Year,
    /// The year of an end that has none; that of the start if absent.
    EndYear,
    /// Nothing: keeps a place in a list or a table.
    Skip,
}

impl Field {
    /// The field with this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

/// Where the value of a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Value {
    /// After the label on its line; if nothing is there, as `next`.
    #[default]
    Line,
    /// After the label on its line only.
    Rest,
    /// The next cell of the row, else the next line.
    Next,
    /// The line with the label.
    Same,
    /// All lines after the label, up to `until`, as one text.
    Block,
    /// Each line after the label, up to `until`, is a value.
    Each,
}

/// How a line has to fit a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LabelIs {
    /// It starts with it.
    #[default]
    Start,
    /// It has it somewhere.
    Within,
    /// It is it.
    Whole,
}

/// One thing to look for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    // What is looked for: one of these.
    /// Labels, compared without case.
    pub(super) label: Option<Spanned<Texts>>,
    /// A label as a regular expression; its named groups are fields.
    pub(super) label_pattern: Option<Spanned<String>>,
    /// A regular expression; its named groups are fields, `^` and `$` are the bounds of lines.
    pub(super) find: Option<Spanned<String>>,
    /// Columns of a table.
    pub(super) columns: Option<Spanned<Vec<Spanned<ColumnFile>>>>,
    /// What links that count begin with, such as `mailto:`; the rest of the first is the value.
    pub(super) link: Option<Spanned<String>>,
    /// Steps for each of several maintenances; each begins with a label of `label`.
    pub(super) repeat: Option<Spanned<Vec<Spanned<StepFile>>>>,

    // Where.
    /// Only lines that begin in one of these elements.
    #[serde(default, rename = "in")]
    pub(super) within: Vec<Spanned<String>>,
    /// Only after the first line with one of these labels.
    pub(super) after: Option<Texts>,
    /// Only up to the next line with one of these labels.
    pub(super) until: Option<Texts>,
    /// How lines fit `label`.
    #[serde(default)]
    pub(super) label_is: LabelIs,

    // What is done with the value.
    /// Where the value of a label is.
    pub(super) value: Option<Value>,
    /// The lines after the label, up to `until`, in groups: the fields of each line of a group.
    pub(super) list: Option<Spanned<Vec<Field>>>,
    /// A regular expression on the value; its named groups are fields.
    pub(super) pattern: Option<Spanned<String>>,
    /// What the value is, without a pattern or where the pattern has no groups.
    pub(super) field: Option<Field>,
    /// What separates several values.
    pub(super) split: Option<String>,
    /// Regular expressions and what takes the place of what they match, in order.
    #[serde(default)]
    pub(super) replace: Vec<(Spanned<String>, String)>,
    /// What words in the value mean; the first that occurs counts.
    #[serde(default)]
    pub(super) words: Words,
    /// Values that mean nothing.
    #[serde(default)]
    pub(super) not: Vec<String>,
    /// Which of several counts.
    #[serde(default)]
    pub(super) keep: Keep,
    /// Whether it is an error that nothing is found.
    #[serde(default)]
    pub(super) required: bool,

    // For columns.
    /// The first cells of the row above the rows that count.
    #[serde(default)]
    pub(super) header: Vec<String>,
    /// How many cells rows that count have; any number if empty.
    #[serde(default)]
    pub(super) cells: Vec<usize>,
    /// Only the first row of each table that gives something.
    #[serde(default)]
    pub(super) first_row: bool,
}

/// One column of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnFile {
    /// What its header may be.
    pub(super) header: Option<Spanned<Texts>>,
    /// Its place, from 1.
    pub(super) at: Option<Spanned<usize>>,
    /// Whether tables without it count.
    #[serde(default)]
    pub(super) optional: bool,
    /// A regular expression that its cells must fit for the row to count.
    pub(super) need: Option<Spanned<String>>,
    /// A regular expression that its cells must not fit for the row to count.
    pub(super) never: Option<Spanned<String>>,
    /// See [`StepFile::pattern`].
    pub(super) pattern: Option<Spanned<String>>,
    /// What the cell is.
    pub(super) field: Option<Field>,
    /// See [`StepFile::split`].
    pub(super) split: Option<String>,
    /// See [`StepFile::replace`].
    #[serde(default)]
    pub(super) replace: Vec<(Spanned<String>, String)>,
    /// See [`StepFile::words`].
    #[serde(default)]
    pub(super) words: Words,
    /// See [`StepFile::not`].
    #[serde(default)]
    pub(super) not: Vec<String>,
    /// Which of several rows counts.
    #[serde(default)]
    pub(super) keep: Keep,
}
