//! The maintenances on the screen: the list, one of them opened, the notifications behind them.
//!
//! State, commands and drawing of this feature; `app` only wraps and dispatches them. Everything here is a pure
//! function of what arrived: requests go out as values, reports come in as values.

mod command;
pub(crate) mod editor;
pub(crate) mod form;
mod marks;
mod moving;
mod news;
mod opened;
mod outbox;
pub(crate) mod picker;
mod query;
mod report;
mod rows;
mod sources;
mod subject;
mod summary;
mod update;
pub(crate) mod view;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
pub use command::{COMMANDS, Command};
use editor::Editor;
use opened::Page;
pub(crate) use rows::sort_names;

use super::store::MaintenanceKey;
use super::store::action::Inverse;
use super::store::count::{Count, Counts};
use super::store::list::{Filter, ListQuery, Row};
use super::worker::{NautobotState, Request, SourceState};
use crate::trouble::Trouble;
use crate::ui::list::List;

/// All that the pane shows and remembers.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The name under which acknowledgements and notes are kept.
    who: String,
    /// The maintenances.
    list: List<Row>,
    /// Order and filter of the list, as asked for.
    query: ListQuery,
    /// Whether the rows on the screen answer an older query.
    stale: bool,
    /// Number of the newest list request; answers to older ones are dropped.
    generation: u64,
    /// Whether an extension of the window is under way.
    extending: bool,
    /// Where the cursor goes when the rows arrive.
    landing: Landing,
    /// Every row of the filter, where all are marked and the list has more of them than are on hand.
    everything: Option<marks::Everything>,
    /// The filter of which the store was asked which rows it leaves, to mark them, and has not told: what is marked is not known
    /// then.
    marking: Option<Filter>,
    /// What was acted on last and the filter hid, to be told with what came of it; empty where it hid none.
    unseen_targets: String,
    /// Figures for the title; `None` until they have arrived.
    counts: Option<Counts>,
    /// How many rows match the filter.
    matches: Option<Count>,
    /// What is opened above the list, the topmost last.
    pages: Vec<Page>,
    /// The text being typed, if any.
    editor: Option<Editor>,
    /// Number of what was filled in and sent last.
    forms: u64,
    /// Number of the newest question for maintenances with some words.
    found: u64,
    /// Notes that were begun and put away with Esc, or are being written: they are there again the next time somebody
    /// writes on the same maintenances.
    drafts: BTreeMap<Vec<MaintenanceKey>, String>,
    /// When what was typed of a note since is kept; `None` where all of it is.
    keep_at: Option<DateTime<Utc>>,
    /// What `u` takes back, the newest last.
    undo: Vec<Inverse>,
    /// What is being taken back, in the order in which it was asked for; it can be tried again should that fail.
    undoing: VecDeque<Inverse>,
    /// Whether what was asked for last changed nothing: the next `u` says so, before it takes back what was done earlier.
    did_nothing: bool,
    /// Why the list could not be read.
    failure: Option<Trouble>,
    /// The names of the configured sources.
    configured: Vec<String>,
    /// The sources, as their worker last told.
    sources: Vec<SourceState>,
    /// The connection to Nautobot, as its worker last told; `None` where none is configured or nothing was heard yet.
    nautobot: Option<NautobotState>,
    /// Columns and rows of the pane, title apart.
    size: (u16, u16),
}

/// Where the cursor goes when rows arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    /// It stays with its row.
    Stay,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// What came out of a key or a report.
pub(crate) type Outcome = crate::ui::outcome::Outcome<Request>;
