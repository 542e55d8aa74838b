//! A lab on the screen: its machines and their forwards in one table; above it a forward, a form, a plan.
//!
//! State, commands and drawing of this feature; `app` only wraps and dispatches them. Everything here is a pure function
//! of what arrived: requests go out as values, reports come in as values.

mod aim;
mod command;
mod connecting;
mod editor;
mod form;
mod lab;
mod moving;
mod plan;
mod report;
mod summary;
mod update;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

pub use command::{COMMANDS, Command};
use editor::Editor;
use form::Form;
use lab::LabState;
use plan::Plan;

use super::act::Change;
use super::model::{self, Forward, Key};
use super::store::Action;
use super::surroundings::Surroundings;
use super::worker::{JobId, LabView, Request};
use crate::config::Connect;
use crate::state::PaneState;
use crate::ui::list::{List, Row};
use crate::ui::load::Load;

/// What came out of a key or a report.
pub(crate) type Outcome = crate::ui::outcome::Outcome<Request>;

/// What came under the cursor within this time nobody has seen.
const UNSEEN: TimeDelta = TimeDelta::milliseconds(300);
/// Deletions that can be undone.
const UNDOABLE: usize = 200;

impl Row for model::Row {
    type Key = Key;

    fn key(&self) -> Key {
        model::Row::key(self)
    }

    fn group(&self) -> Option<&'static str> {
        None
    }
}

/// All that the pane shows and remembers.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Every lab, in the order of the configuration.
    labs: Vec<LabState>,
    /// Index of the one that is shown.
    current: usize,
    /// When this noctui was started: what was told before that was told to an earlier one.
    started: DateTime<Utc>,
    /// The rows of the lab that is shown.
    list: List<model::Row>,
    /// What was typed after `/`.
    filter: String,
    /// When another row came under the cursor without anybody's doing.
    settled_at: DateTime<Utc>,
    /// What is opened above the list.
    page: Option<Page>,
    /// The line being typed, if any.
    editor: Option<Editor>,
    /// The number of the next order.
    next_job: JobId,
    /// What each order is about that has not ended.
    jobs: BTreeMap<JobId, Purpose>,
    /// The forward that is being prepared to be used.
    connecting: Option<JobId>,
    /// What was deleted from here, the newest last.
    deleted: Vec<Deleted>,
    /// How forwards are used.
    connect: Connect,
    /// What decides where that is.
    around: Surroundings,
    /// Columns and rows, title apart.
    size: (u16, u16),
}

/// What is opened above the list.
#[derive(Debug, Clone)]
enum Page {
    /// A row's details.
    Details(Details),
    /// A new forward.
    Form(Form),
    /// Several changes, before, while and after they are carried out.
    Plan(Plan),
}

/// A row, opened.
#[derive(Debug, Clone)]
struct Details {
    /// Which.
    key: Key,
    /// The row as it was last; it stays when it goes.
    row: model::Row,
    /// Whether it is there no more.
    is_gone: bool,
    /// Lines scrolled away at the top.
    scroll: usize,
    /// What was asked for its machine.
    history: Load<Vec<Action>>,
}

/// A forward that was deleted.
#[derive(Debug, Clone, PartialEq)]
struct Deleted {
    /// Of which lab.
    lab: String,
    /// What it was.
    forward: Forward,
    /// Whether that was done on this screen. Otherwise somebody may have closed the port on purpose, who is not here.
    is_own: bool,
}

/// What an order is about.
#[derive(Debug, Clone, PartialEq)]
enum Purpose {
    /// One change, of this lab.
    Single(String, Change),
    /// What was deleted is made again; this is what it was.
    Undo(String, Forward),
    /// The plan that is opened.
    Plan,
    /// A connection.
    Connect(connecting::Connection),
    /// The end of a forward that was made for a connection.
    Tidy(Forward),
}

/// How the lab that is shown stands in the saved view.
const ON: &str = "on ";

impl State {
    /// The pane as it was left the last time.
    pub(crate) fn new(
        labs: &[LabView],
        (connect, around): (&Connect, &Surroundings),
        saved: Option<&PaneState>,
        now: DateTime<Utc>,
    ) -> Self {
        let switches = || saved.into_iter().flat_map(|pane| &pane.switches);
        let on = switches().find_map(|switch| switch.strip_prefix(ON));
        let mut list = List::default();
        list.set_headings(false);
        Self {
            labs: labs.iter().cloned().map(LabState::new).collect(),
            current: labs.iter().position(|lab| Some(lab.name.as_str()) == on).unwrap_or(0),
            started: now,
            list,
            filter: saved.map_or_else(String::new, |pane| pane.filter.clone()),
            settled_at: DateTime::UNIX_EPOCH,
            page: None,
            editor: None,
            next_job: 1,
            jobs: BTreeMap::new(),
            connecting: None,
            deleted: Vec::new(),
            connect: connect.clone(),
            around: around.clone(),
            size: (80, 20),
        }
    }

    /// What is worth keeping for the next start.
    pub(crate) fn saved(&self) -> PaneState {
        let on = self.lab().map(|lab| format!("{ON}{}", lab.view.name));
        PaneState { filter: self.filter.clone(), switches: on.into_iter().collect(), ..PaneState::default() }
    }

    /// Takes over a changed configuration. What is known of a lab that is still there stays.
    pub(crate) fn set_labs(&mut self, labs: &[LabView], connect: &Connect) {
        self.connect = connect.clone();
        let name = self.lab().map(|lab| lab.view.name.clone());
        let mut known = std::mem::take(&mut self.labs);
        for view in labs {
            let at = known.iter().position(|old| old.view.name == view.name && old.view.server == view.server);
            let lab = match at {
                Some(at) => LabState { view: view.clone(), ..known.swap_remove(at) },
                None => LabState::new(view.clone()),
            };
            self.labs.push(lab);
        }
        let at = self.labs.iter().position(|lab| Some(&lab.view.name) == name.as_ref());
        self.current = at.unwrap_or(0);
        if at.is_none() {
            self.page = None;
            self.editor = None;
        }
        self.refill(None);
    }

    /// The lab that is shown.
    fn lab(&self) -> Option<&LabState> {
        self.labs.get(self.current)
    }

    /// The lab of this name.
    fn named_mut(&mut self, name: &str) -> Option<&mut LabState> {
        self.labs.iter_mut().find(|lab| lab.view.name == name)
    }

    /// The rows that are marked, or the one under the cursor, in the order of the list; those that the filter hides come after
    /// those that it shows.
    fn chosen(&self) -> Vec<model::Row> {
        let place = |key: &Key| {
            let hidden = || self.lab().into_iter().flat_map(|lab| &lab.table);
            self.list.rows().iter().chain(hidden()).position(|row| row.key() == *key)
        };
        let mut rows: Vec<model::Row> = self.list.targets().into_iter().cloned().collect();
        rows.sort_by_cached_key(|row| place(&row.key()));
        rows
    }

    /// The number for an order, which is remembered.
    fn order(&mut self, purpose: Purpose) -> JobId {
        let job = self.next_job;
        self.next_job += 1;
        self.jobs.insert(job, purpose);
        job
    }

    /// Makes the list anew, because of what was told at this time, or of what somebody did here.
    fn refill(&mut self, told_at: Option<DateTime<Utc>>) {
        let Some(lab) = self.labs.get(self.current) else { return };
        let Some(rows) = lab.rows() else {
            if told_at.is_none() {
                self.list = List::default();
                self.list.set_headings(false);
            }
            return;
        };
        let before = self.list.selected().map(Row::key);
        let rows: Vec<model::Row> = rows.iter().filter(|row| lab::fits(row, &self.filter)).cloned().collect();
        self.list.replace(rows, false, false, None);
        if self.list.marked() > 0 {
            // The filter hides rows without unmarking them; what is not there any more is not meant any more.
            let there: BTreeSet<Key> = lab.table.iter().map(Row::key).collect();
            self.list.keep_marks(|key| there.contains(key));
        }
        if let Some(told_at) = told_at
            && self.list.selected().map(Row::key) != before
        {
            self.settled_at = told_at;
        }
        if let Some(Page::Details(details)) = &mut self.page {
            let found = lab.row(&details.key);
            details.is_gone = found.is_none();
            if let Some(row) = found {
                details.row = row;
            }
        }
    }
}
