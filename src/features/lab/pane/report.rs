//! What the worker's reports do to the pane.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::plan::{self, Plan};
use super::{Deleted, Outcome, Page, Purpose, State, UNDOABLE};
use crate::features::lab::act::{Change, Outcome as Came, beside};
use crate::features::lab::model::{Forward, Unusable};
use crate::features::lab::store::open::Found;
use crate::features::lab::store::temporary::Temporary;
use crate::features::lab::worker::{Health, Report};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;
use crate::ui::load::Load;

/// Forwards were written into a file.
fn saved(count: usize, unusable: &[Unusable], path: &Path) -> Outcome {
    let path = clean_line(&path.display().to_string());
    let said = format!("{} {} in {path}", counted(count, "forward"), if count == 1 { "is" } else { "are" });
    match unusable.first() {
        None => Outcome::done(said),
        Some(Unusable { title, why }) => {
            let many = unusable.len();
            Outcome::warn(format!("{said}; {many} left out, which cannot be made again: {title} ({why})"))
        }
    }
}

impl State {
    /// Takes in what the worker tells.
    pub(crate) fn report(&mut self, report: Report, now: DateTime<Utc>) -> Outcome {
        match report {
            Report::Health { lab, health } => {
                let was_stale = self.lab().is_none_or(|lab| lab.stale(self.started, now).is_some());
                if let Some(lab) = self.named_mut(&lab) {
                    lab.health = health;
                }
                if was_stale && self.lab().is_some_and(|lab| lab.stale(self.started, now).is_none()) {
                    self.settled_at = now;
                }
            }
            Report::Snapshot { lab, snapshot, since, at } => {
                if let Some(state) = self.named_mut(&lab) {
                    let rules = snapshot.firewall.iter().flat_map(|firewall| &firewall.rules);
                    let listed = snapshot.forwards.iter().map(|forward| forward.port);
                    let open: BTreeSet<u16> = listed.chain(rules.map(|rule| rule.port)).collect();
                    state.reached.retain(|port, _| open.contains(port));
                    (state.snapshot, state.since, state.told_at) = (Some(snapshot), since, Some(at));
                    state.remake();
                }
                self.refill_if_shown(&lab, now);
            }
            Report::Reached { lab, reached, .. } => {
                if reached.is_empty() {
                    return Outcome::none();
                }
                if let Some(state) = self.named_mut(&lab) {
                    for (port, reach) in reached {
                        let reach = reach.after(state.reached.get(&port));
                        state.reached.insert(port, reach);
                    }
                    state.remake();
                }
                self.refill_if_shown(&lab, now);
            }
            Report::Token { lab, holding } => {
                if let Some(state) = self.named_mut(&lab) {
                    state.token = holding;
                    state.is_end_told = state.token.as_ref().is_some_and(|token| token.claims.is_over(now));
                }
            }
            Report::Step { job, at, outcome } => return self.stepped(job, at, outcome),
            Report::Ended { job } => {
                if let Some(Purpose::Plan) = self.jobs.remove(&job)
                    && let Some(Page::Plan(plan)) = &mut self.page
                    && plan.is_run_by(job)
                {
                    plan.ended();
                    let (_, done, failed) = plan.counts();
                    let done = counted(done, "change");
                    return match failed {
                        0 => Outcome::done(format!("{done} done")),
                        failed => Outcome::warn(format!("{done} done, {failed} not: see the plan")),
                    };
                }
                if self.connecting == Some(job) {
                    self.connecting = None;
                }
            }
            Report::Ready { job, result } => return self.ready(job, result, now),
            Report::Saved { count, unusable, path } => return saved(count, &unusable, &path),
            Report::Deleted { lab, forwards } => {
                // What was deleted since then is known already, and comes after it.
                if !self.deleted.iter().any(|known| known.lab == lab) {
                    let known = forwards.into_iter().filter(|forward| forward.wanted().check().is_ok());
                    let deleted = known.map(|forward| Deleted { lab: lab.clone(), forward, is_own: false });
                    let mut deleted: Vec<_> = deleted.collect();
                    deleted.append(&mut self.deleted);
                    self.deleted = deleted;
                }
            }
            Report::Loaded { lab, saved, path } => {
                if self.lab().is_none_or(|shown| shown.view.name != lab) {
                    return Outcome::none();
                }
                let other = saved.is_of_another(&lab).then(|| saved.lab.clone());
                let temporary = self.lab().map_or(&[][..], |lab| lab.temporary.as_slice());
                let items = plan::restoration(saved, (self.snapshot().as_deref(), temporary));
                let title = format!("make what is missing of {}", clean_line(&path.display().to_string()));
                self.page = Some(Page::Plan(Plan::new(title, &lab, items)));
                if let Some(other) = other {
                    return Outcome::warn(format!("these are the forwards of lab {other}, and would be made on {lab}"));
                }
            }
            Report::Found { lab, found } => return self.found(&lab, found),
            Report::Temporary { lab, temporary } => return self.temporary(&lab, temporary),
            Report::History { name, actions, .. } => {
                if let Some(Page::Details(details)) = &mut self.page
                    && details.row.name == name
                {
                    details.history = Load::Ready(actions);
                }
            }
            Report::Failed(trouble) => return Outcome::failed(trouble),
        }
        Outcome::none()
    }

    /// What became of actions that were cut off. What was deleted can be made again.
    fn found(&mut self, lab: &str, found: Vec<Found>) -> Outcome {
        let Some(last) = found.last() else { return Outcome::none() };
        let undo = if matches!(last, Found::Deleted(forward) if forward.wanted().check().is_ok()) {
            "; <lab-undo> makes it again"
        } else {
            ""
        };
        let more = match found.len() {
            1 => String::new(),
            many => format!("; and {} more like it, see what was asked for their machines", many - 1),
        };
        let said = format!("{}{undo}{more}", last.words());
        for it in found {
            if let Found::Deleted(forward) = it {
                self.remember(Deleted { lab: lab.to_owned(), forward, is_own: false });
            }
        }
        Outcome::warn(said)
    }

    /// Forwards that were made for connections: those that are newly left behind are told of.
    fn temporary(&mut self, lab: &str, temporary: Vec<Temporary>) -> Outcome {
        let Some(state) = self.named_mut(lab) else { return Outcome::none() };
        let before = std::mem::replace(&mut state.temporary, temporary);
        let is_new = |it: &&Temporary| it.is_left() && !before.contains(it);
        let new: Vec<_> = state.temporary.iter().filter(is_new).collect();
        match new.as_slice() {
            [] => Outcome::none(),
            [left] if left.is_in_use() => Outcome::warn(left.words()),
            [left] => Outcome::warn(format!("{}; <lab-clean-up> plans its end", left.words())),
            [left, rest @ ..] => {
                let more = rest.len();
                Outcome::warn(format!("{}, and {more} more like it; <lab-clean-up> plans their end", left.words()))
            }
        }
    }

    /// Makes the list anew where this lab is shown.
    fn refill_if_shown(&mut self, lab: &str, now: DateTime<Utc>) {
        if self.lab().is_some_and(|shown| shown.view.name == lab) {
            self.refill(Some(now));
        }
    }

    /// A change of an order has begun or ended.
    fn stepped(&mut self, job: u64, at: usize, outcome: Option<Came>) -> Outcome {
        let Some(purpose) = self.jobs.get(&job).cloned() else { return Outcome::none() };
        if purpose == Purpose::Plan {
            if let Some(Came::Removed { forward }) = &outcome
                && let Some(Page::Plan(plan)) = &self.page
            {
                let lab = plan.lab.clone();
                self.remember_deleted(lab, forward.clone());
            }
            return match (&mut self.page, outcome) {
                (Some(Page::Plan(plan)), outcome) if plan.is_run_by(job) => {
                    plan.told(job, at, outcome);
                    Outcome::none()
                }
                // Nobody looks at the plan any more: what went wrong is said all the same.
                (_, Some(Came::Failed { trouble })) => Outcome::failed(trouble),
                _ => Outcome::none(),
            };
        }
        let Some(outcome) = outcome else { return Outcome::none() };
        self.jobs.remove(&job);
        match (purpose, outcome) {
            (Purpose::Single(_, Change::Add(_)), Came::Made { forward, twin }) => {
                let said = format!("{} is on port {} of the gateway", forward.title(), forward.port);
                match twin {
                    None => Outcome::done(said),
                    Some(_) => Outcome::warn(format!("{said}{}", beside(&forward, twin))),
                }
            }
            (Purpose::Single(..), Came::Found { forward, kept }) => {
                let kept = if kept { "; it was made for a connection, and stays now" } else { "" };
                Outcome::done(format!("{} was on port {} already{kept}", forward.title(), forward.port))
            }
            (_, Came::Stays { forward, why }) => {
                Outcome::done(format!("the forward to {} stays on {}: {why}", forward.title(), forward.port))
            }
            (Purpose::Single(lab, Change::Remove(_) | Change::Mend(_)), Came::Removed { forward }) => {
                let deleted = format!("deleted {}, which was on {}", forward.title(), forward.port);
                let said = match forward.wanted().check() {
                    Ok(()) => format!("{deleted}; <lab-undo> makes it again"),
                    Err(why) => format!("{deleted}; it cannot be made again: {why}"),
                };
                self.remember_deleted(lab, forward);
                Outcome::done(said)
            }
            (Purpose::Undo(_, old), Came::Made { forward, .. }) => Outcome::done(format!(
                "{} is back: it was on {}, and is on {} now",
                forward.title(),
                old.port,
                forward.port
            )),
            (Purpose::Undo(_, old), Came::Found { forward, .. }) => Outcome::done(format!(
                "nothing was made: {} leads to {}, as {} did",
                forward.port,
                forward.title(),
                old.port
            )),
            (Purpose::Undo(lab, old), Came::Failed { trouble }) => {
                // It can be tried again.
                self.remember_deleted(lab, old);
                Outcome::failed(trouble)
            }
            (Purpose::Tidy(forward), Came::Removed { .. }) => {
                Outcome::done(format!("the forward to {} was removed again", forward.title()))
            }
            (Purpose::Single(..), Came::Mended { forward }) => {
                Outcome::done(format!("{} on {} is gone, by the gateway's shell", forward.title(), forward.port))
            }
            (_, Came::Failed { trouble }) => Outcome::failed(trouble),
            (_, Came::Made { .. } | Came::Found { .. } | Came::Removed { .. } | Came::Mended { .. }) => Outcome::none(),
        }
    }

    /// Keeps what was deleted on this screen, for undoing.
    fn remember_deleted(&mut self, lab: String, forward: Forward) {
        self.remember(Deleted { lab, forward, is_own: true });
    }

    /// Keeps what was deleted, for undoing.
    fn remember(&mut self, deleted: Deleted) {
        if deleted.forward.wanted().check().is_err() {
            return;
        }
        if self.deleted.len() >= UNDOABLE {
            self.deleted.remove(0);
        }
        self.deleted.push(deleted);
    }

    /// The worker is gone: what is shown is old until it is back, and what was ordered is not answered any more.
    pub(crate) fn worker_stopped(&mut self, trouble: &Trouble, now: DateTime<Utc>) {
        self.connecting = None;
        self.jobs.retain(|_, purpose| matches!(purpose, Purpose::Connect(_)));
        if let Some(Page::Plan(plan)) = &mut self.page {
            plan.ended();
        }
        for lab in &mut self.labs {
            let since = lab.told_at;
            let (trouble, retry_at) = (trouble.clone(), Some(now));
            lab.health = Health::Failing { trouble, word: "stopped", since, retry_at };
        }
    }

    /// Time went on: a token that ends while somebody watches is told of once.
    pub(crate) fn tick(&mut self, now: DateTime<Utc>) -> Outcome {
        for lab in &mut self.labs {
            let Some(token) = &lab.token else { continue };
            if token.claims.is_over(now) && !lab.is_end_told {
                lab.is_end_told = true;
                let name = &lab.view.name;
                let how = if token.refused.is_some() {
                    "logging in was refused; <lab-refresh> tries again"
                } else if token.renews {
                    "it is renewed when the lab is asked next"
                } else {
                    "make a new one where it is kept; <lab-refresh> takes it up"
                };
                return Outcome::warn(format!("the token of {name} has expired: {how}"));
            }
        }
        Outcome::none()
    }
}
