//! What keys do to the panes.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::aim::UNCONFIGURED;
use super::instance::Instance;
use super::opened::{Begun, Board, ChangePage, DeploymentPage, Page, Subject};
use super::rows::{DeployRow, Part};
use super::{Command, Outcome, Place, State, view};
use crate::command::{Motion, Scope};
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeId, Device, Workspace};
use crate::features::cloudvision::worker::{Request, Unfinished};
use crate::ui::Look;

/// The workspaces that are open and fit a filter, those changed last first.
pub(super) fn workspaces(instance: &Instance, filter: &str) -> Vec<Workspace> {
    let fits = |workspace: &&Workspace| {
        let by = &workspace.created_by;
        workspace.state.is_open() && has(&[&workspace.name, workspace.id.as_str(), by, &workspace.description], filter)
    };
    let mut rows: Vec<Workspace> = instance.workspaces.items.values().filter(fits).cloned().collect();
    rows.sort_by_key(|workspace| std::cmp::Reverse(workspace.modified_at.max(workspace.created_at)));
    rows
}

/// The devices that fit a filter: the silent ones first, then by name.
pub(super) fn devices(instance: &Instance, filter: &str) -> Vec<Device> {
    let fits = |device: &&Device| {
        let state = if device.streaming { "streaming" } else { "silent" };
        has(&[&device.hostname, device.id.as_str(), &device.mac, &device.model, &device.version, state], filter)
    };
    let mut rows: Vec<Device> = instance.devices.items.values().filter(fits).cloned().collect();
    rows.sort_by(|one, other| (one.streaming, &one.hostname).cmp(&(other.streaming, &other.hostname)));
    rows
}

/// Whether every word of the filter stands in one of the texts, and none that it excludes.
fn has(texts: &[&str], filter: &str) -> bool {
    filter.split_whitespace().all(|word| {
        let (excludes, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let word = word.to_lowercase();
        word.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&word)) != excludes
    })
}

impl State {
    /// What to ask for at the start.
    pub(crate) fn begin(&mut self) -> Vec<Request> {
        if self.instances.is_empty() { vec![] } else { vec![Request::Refresh] }
    }

    /// Whether something is opened above the list.
    pub(crate) fn is_opened(&self, place: Place) -> bool {
        self.page(place).is_some()
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self, place: Place) -> [Scope; 2] {
        let inner = match (self.page(place), place) {
            (None, Place::Deploys) => Scope::Deploys,
            (None, Place::Changes) => Scope::Changes,
            (Some(Page::Deployment(_)), _) => Scope::Deployment,
            (Some(Page::Change(_)), _) => Scope::Change,
            (Some(Page::Workspaces(_)), _) => Scope::Workspaces,
            (Some(Page::Devices(_)), _) => Scope::Devices,
        };
        [inner, Scope::Moving]
    }

    /// Runs one of this feature's commands.
    pub(crate) fn run(&mut self, command: Command, place: Place, look: &Look<'_>) -> Outcome {
        if self.instances.is_empty() {
            return Outcome::warn(UNCONFIGURED);
        }
        self.deploys.list.touch();
        self.changes.list.touch();
        let outcome = match command {
            Command::Do(deed) => match self.aim(deed, place, look) {
                Ok(aim) => self.carry_out(aim.request, look.now),
                Err(why) => Outcome::warn(why),
            },
            Command::Schedule => self.edit_change(place, &ChangeAction::Schedule(look.now), look.now),
            Command::Rename => {
                self.edit_change(place, &ChangeAction::Edit { name: Some(String::new()), notes: None }, look.now)
            }
            Command::Describe => self.edit_change(place, &ChangeAction::Edit { name: None, notes: None }, look.now),
            Command::OpenChange => self.open_change_of_deployment(),
            Command::Open => self.open(place),
            Command::Close => self.back(place).unwrap_or_else(|| Outcome::warn("nothing is opened here")),
            Command::Next => self.step(place, Motion::Down),
            Command::Previous => self.step(place, Motion::Up),
            Command::Filter => self.edit_filter(place),
            Command::FindNext => self.find_again(place, Motion::Down, look),
            Command::FindPrevious => self.find_again(place, Motion::Up, look),
            Command::Show => {
                self.show = self.show.next();
                self.refill_changes(None);
                Outcome::done(format!("{} change controls are listed", self.show.name()))
            }
            Command::Seen => self.all_seen(),
            Command::Workspaces => self.open_list(place, Page::Workspaces(Board::new(String::new()))),
            Command::Devices => self.open_list(place, Page::Devices(Board::new(String::new()))),
            Command::Instance => self.next_instance(),
            Command::Copy => self.copy(place),
            Command::CopyText => Outcome::copied(view::text(self, place, look)),
            Command::Refresh => {
                Outcome { requests: vec![Request::Refresh], ..Outcome::done("reading CloudVision again") }
            }
        };
        let questions = self.questions();
        outcome.and(questions)
    }

    /// Asks the worker for what was ordered and, where that was demanded, confirmed.
    pub(crate) fn carry_out(&mut self, request: Request, now: DateTime<Utc>) -> Outcome {
        let said = match &request {
            Request::Deploy { target, .. } => {
                let target = target.clone();
                self.watch(&target, now);
                None
            }
            Request::Cancel(id) => {
                let mut said = "ending the deployment";
                for run in self.runs.iter_mut().filter(|run| run.id == *id) {
                    run.is_cancelled = true;
                    if run.is_submitting() {
                        said = "cancelled: its change control is taken no further than it is";
                    } else if run.silence.is_some() && run.workspace.is_some() {
                        said = "cancelled: its workspace is abandoned as soon as CloudVision answers";
                    }
                }
                Some(said.to_owned())
            }
            Request::GoOn { .. } => Some("submitting".to_owned()),
            Request::Act { instance, change, action, .. } => {
                let known = self.instances.iter_mut().find(|known| known.view.name == *instance);
                if let Some(entry) = known.and_then(|known| known.changes.items.get_mut(change)) {
                    entry.expect(action);
                }
                Some(format!("asked {instance} to have it {}", action.participle()))
            }
            Request::Abandon { instance, .. } => Some(format!("asked {instance} to have the workspace abandoned")),
            Request::Diff { .. } | Request::Refresh => None,
        };
        let outcome = said.map_or_else(Outcome::none, Outcome::done);
        Outcome { requests: vec![request], ..outcome }
    }

    /// Enter.
    pub(super) fn open(&mut self, place: Place) -> Outcome {
        match (place, self.page_mut(place)) {
            (_, Some(Page::Deployment(DeploymentPage { detail, .. }) | Page::Change(ChangePage { detail, .. }))) => {
                if detail.list.rows().is_empty() {
                    return Outcome::warn("there is nothing more about it yet");
                }
                if detail.is_full {
                    return Outcome::warn("this is all of it; <back> goes back");
                }
                detail.is_full = true;
                Outcome::none()
            }
            (_, Some(Page::Workspaces(_) | Page::Devices(_))) => Outcome::none(),
            (Place::Deploys, None) => {
                let subject = match self.deploys.list.selected() {
                    Some(DeployRow::Target(target)) => Subject::Target(target.name.clone()),
                    Some(DeployRow::Unfinished(unfinished)) => {
                        let Unfinished { id, target, instance, .. } = unfinished.clone();
                        Subject::Unfinished(Box::new(Begun { id, target, instance }))
                    }
                    None => return Outcome::none(),
                };
                let mut page = DeploymentPage::new(subject);
                page.detail.fill(self.parts_of(&page.subject));
                self.above_deploys.pages.push(Page::Deployment(page));
                Outcome::none()
            }
            (Place::Changes, None) => {
                let Some(change) = self.changes.list.selected().map(|row| Arc::clone(&row.change)) else {
                    return Outcome::none();
                };
                let Some(instance) = self.instances.get_mut(self.current) else { return Outcome::none() };
                if let Some(entry) = instance.changes.items.get_mut(&change.id) {
                    entry.is_news = false;
                }
                let name = instance.view.name.clone();
                self.above_changes.pages.push(Page::Change(ChangePage::new(name, &change)));
                self.refill_changes(None);
                Outcome::none()
            }
        }
    }

    /// The change control that came of the deployment on the screen, as it stands now, and on which CloudVision: that of
    /// one of this process, else of the last one that the journal tells of.
    pub(super) fn change_of_deployment(&self) -> Option<(String, Arc<Change>)> {
        let now = |instance: &str, id: &ChangeId| {
            let entry = self.named(instance)?.changes.items.get(id)?;
            Some(Arc::clone(&entry.change))
        };
        if let Some(run) = self.subject_run() {
            // It tells of its own, which may not be in the list yet.
            let own = run.change.as_ref()?;
            return Some((run.instance.clone(), now(&run.instance, &own.id).unwrap_or_else(|| Arc::clone(own))));
        }
        let target = self.subject_target().ok()?;
        let last = target.last.as_ref()?.change.as_ref()?;
        Some((target.instance.clone(), now(&target.instance, last)?))
    }

    /// `o`.
    fn open_change_of_deployment(&mut self) -> Outcome {
        let Some((instance, change)) = self.change_of_deployment() else {
            return Outcome::warn("there is no change control of it; 3 lists all of them");
        };
        self.above_deploys.pages.push(Page::Change(ChangePage::new(instance, &change)));
        Outcome::none()
    }

    /// Opens a list above a pane, unless it is there.
    fn open_list(&mut self, place: Place, page: Page) -> Outcome {
        let pages = &mut self.front_mut(place).pages;
        pages.retain(|page| !matches!(page, Page::Workspaces(_) | Page::Devices(_)));
        pages.push(page);
        self.refill_pages(None);
        Outcome::none()
    }

    /// `I`.
    fn next_instance(&mut self) -> Outcome {
        if self.instances.len() < 2 {
            return Outcome::warn("there is only one CloudVision; [[cloudvision]] in the configuration adds another");
        }
        self.show_instance_at((self.current + 1) % self.instances.len());
        let view = self.instance().map(|instance| &instance.view);
        Outcome::done(view.map_or_else(String::new, |view| {
            let kind = if view.production { "production" } else { "lab" };
            format!("CloudVision {}: {kind}, {}", view.name, view.server)
        }))
    }

    /// Shows the CloudVision of this name, if there is one.
    pub(crate) fn show_instance(&mut self, name: &str) {
        if let Some(at) = self.instances.iter().position(|instance| instance.view.name == name)
            && at != self.current
        {
            self.show_instance_at(at);
        }
    }

    /// Shows another CloudVision.
    fn show_instance_at(&mut self, at: usize) {
        self.current = at;
        self.close_all();
        self.changes.list = crate::ui::list::List::default();
        for page in self.pages_mut() {
            match page {
                Page::Workspaces(board) => board.list = crate::ui::list::List::default(),
                Page::Devices(board) => board.list = crate::ui::list::List::default(),
                Page::Deployment(_) | Page::Change(_) => {}
            }
        }
        self.refill(None);
    }

    /// `m`.
    fn all_seen(&mut self) -> Outcome {
        let Some(instance) = self.instances.get_mut(self.current) else { return Outcome::none() };
        let news = instance.changes.items.values_mut().filter(|entry| entry.is_news);
        let count = news.map(|entry| entry.is_news = false).count();
        self.refill_changes(None);
        if count == 0 { Outcome::warn("there is nothing new") } else { Outcome::done(format!("seen: {count}")) }
    }

    /// What an earlier process has left, under the cursor or opened.
    pub(super) fn subject_unfinished(&self) -> Option<&Unfinished> {
        let id = match (self.above_deploys.pages.last(), self.deploys.list.selected()) {
            (Some(Page::Deployment(DeploymentPage { subject: Subject::Unfinished(begun), .. })), _) => &begun.id,
            (None, Some(DeployRow::Unfinished(unfinished))) => &unfinished.id,
            _ => return None,
        };
        self.unfinished.iter().find(|unfinished| unfinished.id == *id)
    }

    /// `y`: the id of what the cursor is on.
    fn copy(&self, place: Place) -> Outcome {
        let part = |page: &ChangePage| match page.detail.list.selected() {
            Some(Part::Device(device) | Part::Stage { device: Some(device), .. }) if page.detail.is_full => {
                device.to_string()
            }
            _ => page.id.to_string(),
        };
        let text = match (place, self.page(place)) {
            (_, Some(Page::Change(page))) => part(page),
            (_, Some(Page::Workspaces(board))) => {
                board.list.selected().map(|workspace| workspace.id.to_string()).unwrap_or_default()
            }
            (_, Some(Page::Devices(board))) => {
                board.list.selected().map(|device| device.id.to_string()).unwrap_or_default()
            }
            (_, Some(Page::Deployment(page))) => {
                let run = self.subject_run();
                let change = run.and_then(|run| run.change.as_ref()).map(|change| change.id.to_string());
                let workspace = || run.and_then(|run| run.workspace.as_ref()).map(ToString::to_string);
                let unfinished = || match &page.subject {
                    Subject::Target(name) => name.clone(),
                    Subject::Unfinished(begun) => {
                        let left = self.unfinished.iter().find(|left| left.id == begun.id);
                        left.and_then(|left| left.workspace.as_ref()).map(ToString::to_string).unwrap_or_default()
                    }
                };
                change.or_else(workspace).unwrap_or_else(unfinished)
            }
            (Place::Deploys, None) => match self.deploys.list.selected() {
                Some(DeployRow::Target(target)) => target.name.clone(),
                Some(DeployRow::Unfinished(left)) => {
                    left.workspace.as_ref().map(ToString::to_string).unwrap_or_default()
                }
                None => String::new(),
            },
            (Place::Changes, None) => {
                self.changes.list.selected().map(|row| row.change.id.to_string()).unwrap_or_default()
            }
        };
        Outcome::copied(text)
    }
}
