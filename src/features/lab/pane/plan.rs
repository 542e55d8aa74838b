//! Several changes at once: looked at first, carried out one after the other, each with its own result.

use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::model::{Row, Snapshot, State, Wanted};
use crate::features::lab::worker::JobId;
use crate::ui::list::{self, List};

/// What is to be changed.
#[derive(Debug)]
pub(super) struct Plan {
    /// In a sentence: `delete what is dead, gone or duplicate`.
    pub(super) title: String,
    /// Of which lab.
    pub(super) lab: String,
    /// The changes.
    pub(super) list: List<Item>,
    /// How far it is.
    pub(super) stage: Stage,
}

/// How far a plan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being looked at.
    Drafted,
    /// It is being carried out; the changes that were sent, by their place in the order.
    Running(JobId, Vec<usize>),
    /// It is over.
    Over,
}

/// One of its changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Its place.
    pub(super) at: usize,
    /// What is to be changed; `None` where there is nothing to do.
    pub(super) change: Option<Change>,
    /// What it is about.
    pub(super) title: String,
    /// Why, or why not.
    pub(super) note: String,
    /// How it stands.
    pub(super) standing: Standing,
}

/// How a change stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// It is to be made.
    Wanted,
    /// It is left out.
    LeftOut,
    /// It has begun.
    Begun,
    /// It has ended.
    Ended(Outcome),
    /// It was not begun before the order ended.
    NotBegun,
}

impl list::Row for Item {
    type Key = usize;

    fn key(&self) -> usize {
        self.at
    }

    fn group(&self) -> Option<&'static str> {
        None
    }
}

impl Plan {
    /// One that is to be looked at.
    pub(super) fn new(title: impl Into<String>, lab: &str, items: Vec<Item>) -> Self {
        let mut list = List::default();
        list.set_headings(false);
        list.replace(items, false, false, None);
        Self { title: title.into(), lab: lab.to_owned(), list, stage: Stage::Drafted }
    }

    /// The changes that are to be made, in order.
    pub(super) fn wanted(&self) -> Vec<(usize, Change)> {
        let wanted = self.list.rows().iter().filter(|item| item.standing == Standing::Wanted);
        wanted.filter_map(|item| Some((item.at, item.change.clone()?))).collect()
    }

    /// Changes one of its items.
    pub(super) fn edit(&mut self, at: usize, edit: impl FnOnce(&mut Item)) {
        let mut items = self.list.rows().to_vec();
        if let Some(item) = items.iter_mut().find(|item| item.at == at) {
            edit(item);
        }
        self.list.replace(items, false, false, None);
    }

    /// The order has told something of the change at this place of it.
    pub(super) fn told(&mut self, job: JobId, place: usize, outcome: Option<Outcome>) {
        let Stage::Running(running, sent) = &self.stage else { return };
        // Another plan may have been opened meanwhile.
        if *running != job {
            return;
        }
        let Some(at) = sent.get(place).copied() else { return };
        self.edit(at, |item| item.standing = outcome.map_or(Standing::Begun, Standing::Ended));
    }

    /// Whether it is this order by which it is carried out.
    pub(super) fn is_run_by(&self, job: JobId) -> bool {
        matches!(&self.stage, Stage::Running(running, _) if *running == job)
    }

    /// The order has ended.
    pub(super) fn ended(&mut self) {
        if !matches!(self.stage, Stage::Running(..)) {
            return;
        }
        let Stage::Running(_, sent) = std::mem::replace(&mut self.stage, Stage::Over) else { return };
        for at in sent {
            self.edit(at, |item| {
                if matches!(item.standing, Standing::Wanted | Standing::Begun) {
                    item.standing = Standing::NotBegun;
                }
            });
        }
    }

    /// How many changes are wanted, have succeeded, and have failed.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let count = |fits: &dyn Fn(&Standing) -> bool| self.list.rows().iter().filter(|it| fits(&it.standing)).count();
        let failed = |standing: &Standing| matches!(standing, Standing::Ended(Outcome::Failed { .. }));
        (
            count(&|standing| *standing == Standing::Wanted),
            count(&|standing| matches!(standing, Standing::Ended(_)) && !failed(standing)),
            count(&failed),
        )
    }
}

/// The deletion of rows, as far as they are forwards.
pub(super) fn removals<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<Item> {
    let item = |(at, row): (usize, &Row)| {
        let change = row.forward().map(Change::Remove);
        let why = if row.state == State::Unlisted {
            "in no list: the service cannot delete it; R in the list copies what does".to_owned()
        } else if row.state == State::NoForward {
            "there is no forward to delete".to_owned()
        } else if row.note.is_empty() {
            row.state.as_str().to_owned()
        } else {
            format!("{}: {}", row.state.as_str(), row.note)
        };
        let title = match (row.target, row.port) {
            (Some(target), Some(port)) => format!("{} {target} on {port}", row.name),
            _ => row.name.clone(),
        };
        let standing = if change.is_some() { Standing::Wanted } else { Standing::LeftOut };
        Item { at, change, title, note: why, standing }
    };
    rows.into_iter().enumerate().map(item).collect()
}

/// The making of forwards, as far as they are not there.
pub(super) fn additions(wanted: impl IntoIterator<Item = Wanted>, snapshot: Option<&Snapshot>) -> Vec<Item> {
    let item = |(at, wanted): (usize, Wanted)| {
        let existing = snapshot.and_then(|snapshot| snapshot.existing(&wanted));
        let (change, note) = match (wanted.check(), existing) {
            (Err(why), _) => (None, why.to_string()),
            (Ok(()), Some(existing)) => (None, format!("there already, on {}", existing.port)),
            (Ok(()), None) => (Some(Change::Add(wanted.clone())), wanted.address.clone()),
        };
        let standing = if change.is_some() { Standing::Wanted } else { Standing::LeftOut };
        Item { at, change, title: wanted.title(), note, standing }
    };
    wanted.into_iter().enumerate().map(item).collect()
}
