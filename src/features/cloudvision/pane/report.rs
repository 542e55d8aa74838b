//! What the worker's reports do to the panes.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::opened::{Page, Subject};
use super::rows::Part;
use super::run::Run;
use super::{Outcome, Place, State};
use crate::features::cloudvision::deploy::{Event, Step};
use crate::features::cloudvision::model::{DeploymentId, DeviceId};
use crate::features::cloudvision::worker::{Health, Progress, Report, Request};
use crate::trouble::Trouble;

/// Deployments that are remembered: one of each target, and targets are few.
const RUNS: usize = 500;

impl State {
    /// Takes in what the worker tells.
    pub(crate) fn report(&mut self, report: Report, now: DateTime<Utc>) -> Outcome {
        let was_stale = self.is_stale(now);
        let outcome = self.take(report, now);
        // What could not be acted on a moment ago was not what somebody meant to act on.
        if was_stale && !self.is_stale(now) {
            self.deploys.settled_at = now;
            self.changes.settled_at = now;
        }
        outcome.and(self.questions())
    }

    /// Whether the CloudVision that is shown is not up to date.
    fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.instance().is_none_or(|instance| instance.stale(instance.changes.told_at, self.started, now).is_some())
    }

    /// What is missing on the screen, and has to be asked for.
    pub(super) fn questions(&mut self) -> Vec<Request> {
        let wants = self.pages_mut().filter_map(|page| match page {
            Page::Change(page) => page.wants().map(|device| Request::Diff {
                instance: page.instance.clone(),
                change: page.id.clone(),
                device,
            }),
            Page::Deployment(_) | Page::Workspaces(_) | Page::Devices(_) => None,
        });
        wants.collect()
    }

    /// Questions were lost: asks for everything that is missing on the screen.
    pub(crate) fn ask_again(&mut self) -> Vec<Request> {
        for page in self.pages_mut() {
            if let Page::Change(page) = page {
                page.forget_questions();
            }
        }
        self.questions()
    }

    /// The worker is gone: what is shown is old until it is back.
    pub(crate) fn worker_stopped(&mut self, trouble: &Trouble, now: DateTime<Utc>) {
        for instance in &mut self.instances {
            let since = match &instance.health {
                Health::Failing { since, .. } => *since,
                Health::Live { .. } => Some(now),
                Health::Connecting => instance.changes.told_at,
            };
            // It is started anew by itself, as soon as that may be.
            let (trouble, retry_at) = (trouble.clone(), Some(now));
            instance.health = Health::Failing { trouble, word: "stopped", since, retry_at };
        }
    }

    /// Takes in a report.
    fn take(&mut self, report: Report, now: DateTime<Utc>) -> Outcome {
        match report {
            Report::Health { instance, health } => {
                if let Some(instance) = self.instances.iter_mut().find(|other| other.view.name == instance) {
                    instance.health = health;
                }
            }
            Report::Changes { instance, delta } => {
                let known = self.instances.iter_mut().find(|other| other.view.name == instance);
                for run in self.runs.iter_mut().filter(|run| run.instance == instance) {
                    run.changes_told(&delta);
                }
                if known.is_some_and(|instance| instance.changes_told(delta, now)) {
                    self.reopen_changes(&instance);
                    self.know_own_changes(&instance);
                    if self.instance().is_some_and(|shown| shown.view.name == instance) {
                        self.refill_changes(Some(now));
                    }
                }
            }
            Report::Workspaces { instance, delta } => {
                let known = self.instances.iter_mut().find(|other| other.view.name == instance);
                for run in self.runs.iter_mut().filter(|run| run.instance == instance) {
                    run.workspaces_told(&delta);
                }
                if known.is_some_and(|instance| instance.workspaces_told(delta)) {
                    self.refill_pages(Some(now));
                }
            }
            Report::Devices { instance, delta } => {
                let known = self.instances.iter_mut().find(|other| other.view.name == instance);
                if known.is_some_and(|instance| instance.devices_told(delta)) {
                    self.refill_pages(Some(now));
                    // A filter may name devices.
                    if !self.changes.filter.is_empty() {
                        self.refill_changes(Some(now));
                    }
                }
            }
            Report::Targets(targets) => {
                self.targets = Some(targets);
                self.refill_deploys(Some(now));
            }
            Report::Unfinished(unfinished) => {
                self.unfinished = unfinished;
                self.refill_deploys(Some(now));
            }
            Report::Unsubmitted { instance, workspaces } => {
                if let Some(instance) = self.instances.iter_mut().find(|other| other.view.name == instance) {
                    instance.unsubmitted = workspaces;
                }
            }
            Report::Deployment { id, progress } => self.progress(&id, *progress, now),
            Report::Done(text) => return Outcome::done(text),
            Report::Failed(trouble) => {
                self.nothing_begins();
                return Outcome::failed(trouble);
            }
            Report::ChangeDiff { change, device, lines } => {
                for page in self.pages_mut() {
                    if let Page::Change(page) = page
                        && page.id == change
                    {
                        page.arrived(&device, lines.clone().into());
                    }
                }
            }
        }
        Outcome::none()
    }

    /// Opened change controls show what was told of them.
    fn reopen_changes(&mut self, name: &str) {
        let Some(at) = self.instances.iter().position(|instance| instance.view.name == name) else { return };
        let Some(instance) = self.instances.get_mut(at) else { return };
        for page in self.above_deploys.pages.iter_mut().chain(&mut self.above_changes.pages) {
            let Page::Change(page) = page else { continue };
            if page.instance != name {
                continue;
            }
            let entry = instance.changes.items.get_mut(&page.id);
            page.told(entry.map(|entry| {
                // Whoever has it open sees what is new about it.
                entry.is_news = false;
                Arc::clone(&entry.change)
            }));
        }
    }

    /// What deployments of this process that are under way make of their change controls is no news.
    fn know_own_changes(&mut self, name: &str) {
        let Some(instance) = self.instances.iter_mut().find(|instance| instance.view.name == name) else { return };
        let under_way = self.runs.iter().filter(|run| run.instance == name && run.ended.is_none());
        for change in under_way.filter_map(|run| run.change.as_ref()) {
            if let Some(entry) = instance.changes.items.get_mut(&change.id) {
                entry.is_news = false;
            }
        }
    }

    /// A deployment tells something.
    fn progress(&mut self, id: &DeploymentId, progress: Progress, now: DateTime<Utc>) {
        if let Progress::Begun { target, instance, at, review, advance } = &progress {
            if self.runs.iter().any(|run| run.id == *id) {
                return;
            }
            // The one before is over, or this one would not have begun.
            self.runs.retain(|run| run.target != *target);
            if self.runs.len() >= RUNS {
                self.runs.remove(0);
            }
            let of = (target.clone(), instance.clone());
            self.runs.push(Run::new(id.clone(), of, *at, *review, *advance));
            self.began(target);
            return;
        }
        let is_review = matches!(progress, Progress::Told(Event::Began(Step::Review)));
        let relists = is_review
            || matches!(
                progress,
                Progress::Told(Event::Planned(_) | Event::Compared(_) | Event::Computed(_) | Event::Built(_))
                    | Progress::Ended { .. }
            );
        let Some(run) = self.runs.iter_mut().find(|run| run.id == *id) else { return };
        let tells_change = matches!(progress, Progress::Told(Event::Change(_)));
        run.progress(progress, now);
        if tells_change {
            let instance = run.instance.clone();
            self.know_own_changes(&instance);
            self.refill_changes(None);
            return;
        }
        if relists {
            let parts = parts(run);
            let target = run.target.clone();
            self.refill_parts(&target, &parts);
            if is_review {
                self.show_first_difference(&target);
            }
        }
    }

    /// A deployment waits for a look: whoever has it open and looks at nothing yet sees the first difference.
    fn show_first_difference(&mut self, target: &str) {
        let of_target = Subject::Target(target.to_owned());
        for page in self.pages_mut() {
            if let Page::Deployment(page) = page
                && page.subject == of_target
                && page.detail.list.cursor() == 0
            {
                page.detail.list.go_to(1);
            }
        }
    }

    /// A deployment of `target` has begun: its page shows it.
    fn began(&mut self, target: &str) {
        for page in self.pages_mut() {
            if let Page::Deployment(page) = page
                && page.subject == Subject::Target(target.to_owned())
            {
                page.asked_at = None;
                page.detail.fill(vec![Part::General]);
            }
        }
    }

    /// Nothing begins of what was asked for.
    fn nothing_begins(&mut self) {
        for page in self.pages_mut() {
            if let Page::Deployment(page) = page {
                page.asked_at = None;
            }
        }
        for run in self.runs.iter_mut().filter(|run| run.ended.is_none()) {
            run.is_cancelled = false;
        }
        let entries = self.instances.iter_mut().flat_map(|instance| instance.changes.items.values_mut());
        entries.for_each(super::instance::Entry::expect_nothing);
    }

    /// Opened pages of a target show these parts.
    fn refill_parts(&mut self, target: &str, parts: &[Part]) {
        for page in self.pages_mut() {
            if let Page::Deployment(page) = page
                && page.subject == Subject::Target(target.to_owned())
            {
                page.detail.fill(parts.to_vec());
            }
        }
    }

    /// The parts of what a page is about.
    pub(super) fn parts_of(&self, subject: &Subject) -> Vec<Part> {
        match subject {
            Subject::Target(name) => self.run_of(name).map(parts).unwrap_or_default(),
            Subject::Unfinished(_) => vec![],
        }
    }

    /// The pane in which a deployment is to be watched.
    pub(super) fn watch(&mut self, target: &str, now: DateTime<Utc>) {
        let subject = Subject::Target(target.to_owned());
        if let Some(Page::Deployment(page)) = self.page_mut(Place::Deploys)
            && page.subject == subject
        {
            page.asked_at = Some(now);
            return;
        }
        let mut page = super::opened::DeploymentPage::new(subject);
        page.detail.fill(self.parts_of(&page.subject));
        page.asked_at = Some(now);
        self.above_deploys.pages.clear();
        self.above_deploys.pages.push(Page::Deployment(page));
    }
}

/// The parts of a deployment: what concerns all, then the devices: those with errors, those that change, the others.
fn parts(run: &Run) -> Vec<Part> {
    let builds = run.report.iter().flat_map(|report| &report.devices);
    let faulty: BTreeSet<&DeviceId> =
        builds.clone().filter(|build| !build.errors.is_empty()).map(|build| &build.device).collect();
    let planned: BTreeSet<&DeviceId> = run.plan.iter().map(|device| &device.id).collect();
    let mut devices: Vec<(u8, &DeviceId)> = run
        .plan
        .iter()
        .map(|device| (if device.is_changed() { 1 } else { 3 }, &device.id))
        // A tag may touch devices that nobody asked for.
        .chain(builds.filter(|build| !planned.contains(&build.device)).map(|build| (2, &build.device)))
        .map(|(rank, device)| (if faulty.contains(device) { 0 } else { rank }, device))
        .collect();
    devices.sort_by_key(|(rank, _)| *rank);
    std::iter::once(Part::General).chain(devices.into_iter().map(|(_, device)| Part::Device(device.clone()))).collect()
}
