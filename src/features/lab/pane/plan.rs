//! Several changes at once: looked at first, carried out one after the other, each with its own result.

use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::model::{Mending, Part, Reach, Row, Saved, Snapshot, State, Unusable, Unwanted, Wanted};
use crate::features::lab::store::temporary::Temporary;
use crate::features::lab::worker::JobId;
use crate::text::clean_line;
use crate::ui::list::{self, List};

/// What is to be changed.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// In a sentence: `delete what is dead, gone, duplicate, left behind or in no list`.
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
    /// The same, the port of the gateway: it is never cut off.
    pub(super) port: String,
    /// Why, or why not.
    pub(super) note: String,
    /// What puts it right in the gateway's shell, where the service cannot.
    pub(super) mending: Option<String>,
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

/// How a row goes: by the service, or in the gateway's shell where that alone can and is reached from here; or why not.
pub(super) fn removal(row: &Row, has_shell: bool) -> Result<Change, &'static str> {
    match (row.undeletable(), row.forward(), Mending::of(row)) {
        (None, Some(forward), _) => Ok(Change::Remove(forward)),
        (Some(_), _, Some(mending)) if has_shell => Ok(Change::Mend(mending)),
        (why, ..) => Err(why.unwrap_or("there is nothing to delete here")),
    }
}

/// What a deletion of several rows goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proposal<'a> {
    /// Whether nobody has chosen the rows one by one.
    pub(super) proposes: bool,
    /// What was not told lately: then nothing is proposed.
    pub(super) untold: &'a [Part],
    /// Whether lines can be run in the gateway's shell.
    pub(super) has_shell: bool,
    /// The forwards that were made for connections.
    pub(super) temporary: &'a [Temporary],
}

/// The deletion of rows, as far as they can be deleted from here.
pub(super) fn removals<'r>(rows: impl IntoIterator<Item = &'r Row>, proposal: Proposal<'_>) -> Vec<Item> {
    let Proposal { proposes, untold, has_shell, temporary } = proposal;
    let item = |(at, row): (usize, &Row)| {
        let removal = removal(row, has_shell);
        let mending = row.mending.clone();
        let stated = if row.note.is_empty() {
            row.state.as_str().to_owned()
        } else {
            format!("{}: {}", row.state.as_str(), row.note)
        };
        let made_for = temporary.iter().find(|it| row.forward().as_ref() == Some(&it.forward));
        let why = match (&removal, &mending) {
            (Err(why), Some(_)) => format!("{why}; <lab-copy-mending> copies what does"),
            (Err(why), None) => (*why).to_owned(),
            (Ok(Change::Mend(_)), _) => format!("{stated}; by the gateway's shell"),
            (Ok(_), _) => made_for.map_or(stated, |it| {
                // Whoever is in stays in.
                format!("{}; nobody can come in by it any more", it.story())
            }),
        };
        let change = removal.ok();
        let title = match (row.target, row.port) {
            (Some(target), Some(_)) => format!("{} {target}", row.name),
            _ => row.name.clone(),
        };
        let port = row.port.map_or_else(String::new, |port| format!(" on {port}"));
        let title = if row.name.is_empty() { format!("{}{title}", row.address) } else { title };
        // An inventory may be wrong: what somebody can still use goes only when it is chosen, and so does what was not
        // measured.
        let is_gone = row.state == State::Gone && row.reach.as_ref().is_none_or(Reach::is_open);
        // An open port that nobody lists may be somebody's all the same.
        let is_open = row.state == State::Unlisted && row.reach.as_ref().is_none_or(Reach::is_open);
        let is_doubtful = proposes && (is_gone || is_open || !untold.is_empty());
        let why = match untold.first().filter(|_| proposes && change.is_some()) {
            Some(unread) => format!("{why}; not proposed while the {} cannot be read", unread.name()),
            None => why,
        };
        let standing = if change.is_some() && !is_doubtful { Standing::Wanted } else { Standing::LeftOut };
        Item { at, change, title, port, note: why, mending, standing }
    };
    rows.into_iter().enumerate().map(item).collect()
}

/// The making of forwards, as far as they are not there and `check` lets them through.
pub(super) fn additions(
    wanted: impl IntoIterator<Item = Wanted>,
    (snapshot, temporary): (Option<&Snapshot>, &[Temporary]),
    check: impl Fn(&Wanted) -> Result<(), Unwanted>,
) -> Vec<Item> {
    let item = |(at, wanted): (usize, Wanted)| {
        let existing = snapshot.and_then(|snapshot| snapshot.existing(&wanted));
        let (change, note) = match (check(&wanted), existing) {
            (Err(why), _) => (None, why.to_string()),
            (Ok(()), Some(existing)) if temporary.iter().any(|it| it.forward == *existing) => {
                (Some(Change::Add(wanted.clone())), format!("on {} for a connection: it is to stay", existing.port))
            }
            (Ok(()), Some(existing)) => (None, format!("there already, on {}", existing.port)),
            (Ok(()), None) => {
                let note = wanted.warning().unwrap_or_else(|| clean_line(&wanted.address));
                (Some(Change::Add(wanted.clone())), note)
            }
        };
        let standing = if change.is_some() { Standing::Wanted } else { Standing::LeftOut };
        Item { at, change, title: clean_line(&wanted.title()), port: String::new(), note, mending: None, standing }
    };
    wanted.into_iter().enumerate().map(item).collect()
}

/// The making of what a file has; what cannot be made is told with its reason.
pub(super) fn restoration(saved: Saved, known: (Option<&Snapshot>, &[Temporary])) -> Vec<Item> {
    let mut items = additions(saved.forwards, known, Wanted::check);
    for Unusable { title, why } in saved.unreadable {
        let at = items.len();
        items.push(Item {
            at,
            change: None,
            title,
            port: String::new(),
            note: why,
            mending: None,
            standing: Standing::LeftOut,
        });
    }
    items
}
