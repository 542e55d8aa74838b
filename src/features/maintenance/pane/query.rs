//! What the list asks for: order, filter, window.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use super::opened::{NotificationsPage, Page};
use super::rows::{show_name, sort_name};
use super::{Landing, Outcome, State};
use crate::features::maintenance::model::Outcome as NotificationOutcome;
use crate::features::maintenance::store::list::{Anchor, Filter, ListQuery, Scope as Show, Sort};
use crate::features::maintenance::store::unparsed::{NotificationAnchor, Which};
use crate::features::maintenance::worker::Question;
use crate::state::PaneState;
use crate::ui::list::{List, Want};

/// Rows asked for at a time, in each direction.
pub(super) const CHUNK: usize = 200;
/// How the provider whose maintenances alone are listed stands in the saved view.
const ONLY: &str = "only ";

impl State {
    /// The pane as it was left the last time.
    pub(crate) fn new(who: &str, view: Option<&PaneState>) -> Self {
        let view = view.cloned().unwrap_or_default();
        let sort = view.sort.as_deref().and_then(|name| Sort::ALL.into_iter().find(|sort| sort_name(*sort) == name));
        let show = Show::ALL.into_iter().find(|show| view.switches.iter().any(|switch| switch == show_name(*show)));
        let filter = Filter {
            text: view.filter,
            scope: show.unwrap_or_default(),
            provider: view.switches.iter().find_map(|switch| switch.strip_prefix(ONLY)).map(ToOwned::to_owned),
        };
        Self {
            who: who.to_owned(),
            list: List::default(),
            query: ListQuery { sort: sort.unwrap_or(Sort::Grouped), filter, now: DateTime::UNIX_EPOCH },
            stale: false,
            generation: 0,
            extending: false,
            landing: Landing::First,
            everything: None,
            marking: None,
            unseen_targets: String::new(),
            counts: None,
            matches: None,
            pages: Vec::new(),
            editor: None,
            found: 0,
            drafts: BTreeMap::new(),
            keep_at: None,
            undo: Vec::new(),
            undoing: VecDeque::new(),
            forms: 0,
            did_nothing: false,
            failure: None,
            configured: Vec::new(),
            sources: Vec::new(),
            nautobot: None,
            size: (80, 20),
        }
    }

    /// What is worth keeping for the next start.
    pub(crate) fn saved(&self) -> PaneState {
        let filter = &self.query.filter;
        let mut switches = vec![show_name(filter.scope).to_owned()];
        switches.extend(filter.provider.iter().map(|provider| format!("{ONLY}{provider}")));
        let sort = Some(sort_name(self.query.sort).to_owned());
        PaneState { sort, descending: false, filter: filter.text.clone(), switches }
    }

    /// What to ask for at the start.
    pub(crate) fn begin(&mut self, now: DateTime<Utc>) -> Vec<Question> {
        let mut questions = self.relist(Anchor::Top, now);
        questions.push(Question::Drafts { who: self.who.clone() });
        questions
    }

    /// Asks for the list anew, around `anchor`, and for the figures.
    pub(super) fn relist(&mut self, anchor: Anchor, now: DateTime<Utc>) -> Vec<Question> {
        self.generation += 1;
        self.extending = false;
        self.landing = match anchor {
            Anchor::Top => Landing::First,
            Anchor::Bottom => Landing::Last,
            Anchor::At(_) | Anchor::On(_) | Anchor::After(_) | Anchor::Before(_) => Landing::Stay,
        };
        self.query.now = now;
        let query = self.query.clone();
        vec![
            Question::List { generation: self.generation, query: query.clone(), anchor, before: CHUNK, after: CHUNK },
            Question::Count { generation: self.generation, query },
        ]
    }

    /// Asks for the list anew around the row under the cursor.
    pub(super) fn relist_here(&mut self, now: DateTime<Utc>) -> Vec<Question> {
        let anchor = self.list.selected().map_or(Anchor::Top, |row| Anchor::At(row.key.clone()));
        self.relist(anchor, now)
    }

    /// The query is another one: the old rows stay until the new ones are there.
    pub(super) fn requery(&mut self, now: DateTime<Utc>) -> Outcome {
        self.stale = true;
        let requests = self.relist(Anchor::Top, now);
        Outcome::none().and(requests)
    }

    /// Asks for more rows when the cursor comes near the window's end.
    pub(super) fn prefetch(&mut self) -> Vec<Question> {
        if self.extending || self.stale {
            return vec![];
        }
        let query = self.query.clone();
        let generation = self.generation;
        let request = match self.list.wants() {
            None => return vec![],
            Some(Want::After(row)) => {
                let anchor = Anchor::After(row.key.clone());
                Question::Extend { generation, query, anchor, rows: CHUNK, after: true }
            }
            Some(Want::Before(row)) => {
                let anchor = Anchor::Before(row.key.clone());
                Question::Extend { generation, query, anchor, rows: CHUNK, after: false }
            }
        };
        self.extending = true;
        vec![request]
    }

    /// `f`: the next of all, open, unacknowledged, changed; in the notifications, of those that need a look, dismissed,
    /// all, of unknown senders, that their rule could not read.
    pub(super) fn show_next(&mut self, now: DateTime<Utc>) -> Outcome {
        if let Some(Page::Notifications(page)) = self.pages.last_mut() {
            page.which = match page.which {
                Which::NeedALook => Which::Dismissed,
                Which::Dismissed => Which::All,
                Which::All => Which::Outcome(NotificationOutcome::UnknownProvider),
                Which::Outcome(NotificationOutcome::UnknownProvider) => {
                    Which::Outcome(NotificationOutcome::ParsingFailed)
                }
                Which::Outcome(_) => Which::NeedALook,
            };
            page.list.clear_marks();
            return Outcome::ask(page.relist(CHUNK));
        }
        let show = self.query.filter.scope;
        self.query.filter.scope =
            Show::ALL.into_iter().cycle().skip_while(|other| *other != show).nth(1).unwrap_or_default();
        self.requery(now)
    }

    /// `p`.
    pub(super) fn only_provider(&mut self, now: DateTime<Utc>) -> Outcome {
        self.query.filter.provider = match self.query.filter.provider.take() {
            Some(_) => None,
            None => self.list.selected().map(|row| row.provider.clone()),
        };
        self.requery(now)
    }

    /// `s`.
    pub(super) fn sort_next(&mut self, now: DateTime<Utc>) -> Outcome {
        let sort = self.query.sort;
        self.sort(Sort::ALL.into_iter().cycle().skip_while(|other| *other != sort).nth(1).unwrap_or(Sort::Grouped), now)
    }

    /// `:sort provider`.
    pub(crate) fn sort_by(&mut self, name: &str, now: DateTime<Utc>) -> Outcome {
        let named = Sort::ALL.into_iter().find(|sort| sort_name(*sort) == name);
        named.map_or_else(Outcome::none, |sort| self.sort(sort, now))
    }

    /// Sorts the list otherwise.
    fn sort(&mut self, sort: Sort, now: DateTime<Utc>) -> Outcome {
        self.query.sort = sort;
        let outcome = self.requery(now);
        Outcome { say: Outcome::done(format!("sorted by {}", sort_name(self.query.sort))).say, ..outcome }
    }
}

impl NotificationsPage {
    /// Asks for the list anew: so many from the newest on.
    pub(super) fn relist(&mut self, rows: usize) -> Question {
        self.generation += 1;
        // What would follow the old rows is not asked for until the new ones are there.
        self.extending = true;
        Question::Notifications {
            generation: self.generation,
            which: self.which,
            filter: self.filter.clone(),
            anchor: NotificationAnchor::Top,
            rows,
        }
    }

    /// Asks for older notifications when the cursor comes near the end of those in memory.
    pub(super) fn prefetch(&mut self) -> Vec<Question> {
        if self.extending {
            return vec![];
        }
        let Some(Want::After(row)) = self.list.wants() else { return vec![] };
        self.extending = true;
        let anchor = NotificationAnchor::After(row.key);
        let (generation, which, filter) = (self.generation, self.which, self.filter.clone());
        vec![Question::Notifications { generation, which, filter, anchor, rows: CHUNK }]
    }
}
