//! CloudVision on the screen, in two panes over one state: the deploys and the change controls; above them a deployment, a
//! change control, the workspaces, the devices.
//!
//! State, commands and drawing of this feature; `app` only wraps and dispatches them. Everything here is a pure function
//! of what arrived: requests go out as values, reports come in as values.

mod aim;
mod command;
mod editor;
mod filter;
mod instance;
mod loss;
mod moving;
mod opened;
mod report;
mod rows;
mod run;
mod summary;
mod update;
pub(crate) mod view;

use chrono::{DateTime, Utc};

pub(crate) use aim::Aim;
pub use command::{COMMANDS, Command, Deed};
use editor::Editor;
use filter::{Filter, Show};
use instance::Instance;
use opened::{Board, Page};
use rows::{ChangeRow, DeployRow};
use run::Run;

use super::model::Workspace;
use super::worker::{InstanceView, Request, Target, Unfinished};
use crate::state::PaneState;

/// What came out of a key or a report.
pub(crate) type Outcome = crate::ui::outcome::Outcome<Request>;

/// Which of the two panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The deploys.
    Deploys,
    /// The change controls.
    Changes,
}

/// All that the panes show and remember.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Every CloudVision, in the order of the configuration.
    instances: Vec<Instance>,
    /// Index of the one that is shown.
    current: usize,
    /// When this noctui was started: what was told before that was told to an earlier one.
    started: DateTime<Utc>,
    /// The targets; `None` until they have been told.
    targets: Option<Vec<Target>>,
    /// What earlier processes have left unfinished.
    unfinished: Vec<Unfinished>,
    /// The deployments of this process, the newest of each target.
    runs: Vec<Run>,
    /// The list of the deploys.
    deploys: Board<DeployRow>,
    /// The list of change controls.
    changes: Board<ChangeRow>,
    /// Which change controls are listed.
    show: Show,
    /// What stands above the deploys.
    above_deploys: Front,
    /// What stands above the change controls.
    above_changes: Front,
    /// The text being typed, if any, and in which of the panes.
    editor: Option<(Place, Editor)>,
    /// What was typed and is to be asked about before it is done.
    question: Option<Aim>,
}

/// A pane's place on the screen.
#[derive(Debug, Clone)]
struct Front {
    /// What is opened above its list, the topmost last.
    pages: Vec<Page>,
    /// Columns and rows, title apart.
    size: (u16, u16),
}

/// A deployment that ends with noctui.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Of which target.
    pub(crate) target: String,
    /// On which CloudVision.
    instance: String,
    /// Whether that is production.
    pub(crate) production: bool,
    /// What becomes of it.
    words: &'static str,
}

/// `dc1-fabric on prod-emea: its workspace is abandoned`.
impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}: {}", self.target, self.instance, self.words)
    }
}

/// How the CloudVision that is shown stands in the saved view.
const ON: &str = "on ";

impl State {
    /// The panes as they were left the last time.
    pub(crate) fn new(
        instances: &[InstanceView],
        deploys: Option<&PaneState>,
        changes: Option<&PaneState>,
        now: DateTime<Utc>,
    ) -> Self {
        let switches = || changes.into_iter().flat_map(|pane| &pane.switches);
        let on = switches().find_map(|switch| switch.strip_prefix(ON));
        let front = || Front { pages: Vec::new(), size: (80, 20) };
        let mut state = Self {
            instances: instances.iter().cloned().map(Instance::new).collect(),
            current: instances.iter().position(|instance| Some(instance.name.as_str()) == on).unwrap_or(0),
            started: now,
            targets: None,
            unfinished: Vec::new(),
            runs: Vec::new(),
            deploys: Board::new(deploys.map_or_else(String::new, |pane| pane.filter.clone())),
            changes: Board::new(changes.map_or_else(String::new, |pane| pane.filter.clone())),
            show: switches().find_map(|switch| Show::named(switch)).unwrap_or_default(),
            above_deploys: front(),
            above_changes: front(),
            editor: None,
            question: None,
        };
        state.deploys.list.set_headings(false);
        state
    }

    /// What is worth keeping of a pane for the next start.
    pub(crate) fn saved(&self, place: Place) -> PaneState {
        match place {
            Place::Deploys => PaneState { filter: self.deploys.filter.clone(), ..PaneState::default() },
            Place::Changes => {
                let on = self.instance().map(|instance| format!("{ON}{}", instance.view.name));
                let switches = std::iter::once(self.show.name().to_owned()).chain(on).collect();
                PaneState { filter: self.changes.filter.clone(), switches, ..PaneState::default() }
            }
        }
    }

    /// Takes over a changed configuration. What is known of a CloudVision that is still there stays.
    pub(crate) fn set_instances(&mut self, instances: &[InstanceView], now: DateTime<Utc>) {
        let name = self.instance().map(|instance| instance.view.name.clone());
        let mut known = std::mem::take(&mut self.instances);
        for view in instances {
            let at = known.iter().position(|old| old.view.name == view.name && old.view.server == view.server);
            let instance = match at {
                Some(at) => Instance { view: view.clone(), ..known.swap_remove(at) },
                None => Instance::new(view.clone()),
            };
            self.instances.push(instance);
        }
        let at = self.instances.iter().position(|instance| Some(&instance.view.name) == name.as_ref());
        self.current = at.unwrap_or(0);
        if at.is_none() {
            self.close_all();
        }
        self.refill(Some(now));
    }

    /// What has to be asked about before it is done, once.
    pub(crate) fn take_question(&mut self) -> Option<Aim> {
        self.question.take()
    }

    /// Deployments of this process that have not ended.
    pub(crate) fn under_way(&self) -> usize {
        self.runs.iter().filter(|run| run.ended.is_none()).count()
    }

    /// The deployments of this process that are under way, and what becomes of them where noctui ends now.
    pub(crate) fn ends_with_noctui(&self) -> Vec<Ending> {
        let under_way = self.runs.iter().filter(|run| run.ended.is_none());
        let ending = under_way.map(|run| Ending {
            target: run.target.clone(),
            instance: run.instance.clone(),
            production: self.named(&run.instance).is_some_and(|instance| instance.view.production),
            words: run.last_words(),
        });
        ending.collect()
    }

    /// What deployments of this process may have left behind, a sentence each.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        self.runs.iter().filter_map(Run::left_behind).collect()
    }

    /// The CloudVision that is shown.
    fn instance(&self) -> Option<&Instance> {
        self.instances.get(self.current)
    }

    /// The CloudVision of this name.
    fn named(&self, name: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.view.name == name)
    }

    /// What stands above a list.
    fn front(&self, place: Place) -> &Front {
        match place {
            Place::Deploys => &self.above_deploys,
            Place::Changes => &self.above_changes,
        }
    }

    /// The same, to be changed.
    fn front_mut(&mut self, place: Place) -> &mut Front {
        match place {
            Place::Deploys => &mut self.above_deploys,
            Place::Changes => &mut self.above_changes,
        }
    }

    /// The topmost page of a pane.
    fn page(&self, place: Place) -> Option<&Page> {
        self.front(place).pages.last()
    }

    /// The same, to be changed.
    fn page_mut(&mut self, place: Place) -> Option<&mut Page> {
        self.front_mut(place).pages.last_mut()
    }

    /// Every page of both panes.
    fn pages_mut(&mut self) -> impl Iterator<Item = &mut Page> {
        self.above_deploys.pages.iter_mut().chain(&mut self.above_changes.pages)
    }

    /// Closes what belongs to another CloudVision than the one that is shown now.
    fn close_all(&mut self) {
        for place in [Place::Deploys, Place::Changes] {
            let keeps = |page: &Page| matches!(page, Page::Workspaces(_) | Page::Devices(_));
            self.front_mut(place).pages.retain(keeps);
        }
        self.editor = None;
    }

    /// The newest deployment of a target.
    fn run_of(&self, target: &str) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.target == target)
    }

    /// The workspace that the last deployment of a target has left open; one of this process says so itself.
    fn left_open(&self, target: &Target) -> Option<&Workspace> {
        let id = target.last.as_ref()?.workspace.as_ref().filter(|_| self.run_of(&target.name).is_none())?;
        let found = self.named(&target.instance)?.workspaces.items.get(id)?;
        found.state.is_open().then_some(found)
    }

    /// The target of this name.
    fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().flatten().find(|target| target.name == name)
    }

    /// Makes every list anew, because of what was told at this time, or of what somebody did here.
    fn refill(&mut self, told_at: Option<DateTime<Utc>>) {
        self.refill_deploys(told_at);
        self.refill_changes(told_at);
        self.refill_pages(told_at);
    }

    /// What other processes have begun on the CloudVision that is shown and have not ended. What nobody can switch to any more
    /// is shown everywhere.
    fn unfinished_here(&self) -> impl Iterator<Item = &Unfinished> {
        let shown = self.instance().map(|instance| instance.view.name.as_str());
        self.unfinished
            .iter()
            .filter(move |it| Some(it.instance.as_str()) == shown || self.named(&it.instance).is_none())
    }

    /// The deployment of a target that another process is at.
    fn elsewhere(&self, target: &Target) -> Option<&Unfinished> {
        let is_of = |it: &&Unfinished| {
            it.lives && it.instance == target.instance && it.target.as_deref() == Some(target.name.as_str())
        };
        self.unfinished.iter().find(is_of)
    }

    /// Makes the list of the deploys anew.
    fn refill_deploys(&mut self, told_at: Option<DateTime<Utc>>) {
        let shown = self.instance().map(|instance| instance.view.name.as_str());
        let wanted = self.deploys.filter.to_lowercase();
        let fits = |name: &str| wanted.split_whitespace().all(|word| name.to_lowercase().contains(word));
        let mut unfinished: Vec<&Unfinished> = self.unfinished_here().collect();
        unfinished.sort_by_key(|it| it.lives);
        let left: Vec<DeployRow> = unfinished
            .into_iter()
            .filter(|it| fits(it.target.as_deref().unwrap_or_default()))
            .cloned()
            .map(DeployRow::Unfinished)
            .collect();
        let targets = self.targets.iter().flatten();
        let targets = targets.filter(|target| Some(target.instance.as_str()) == shown && fits(&target.name));
        let has_left = !left.is_empty();
        let rows: Vec<DeployRow> = left.into_iter().chain(targets.cloned().map(DeployRow::Target)).collect();
        if self.targets.is_some() || has_left {
            self.deploys.list.set_headings(has_left);
            self.deploys.fill(rows, told_at);
        }
    }

    /// Makes the list of change controls anew: what runs, what waits, what is over; the newest first.
    fn refill_changes(&mut self, told_at: Option<DateTime<Utc>>) {
        let Some(instance) = self.instances.get(self.current) else { return };
        if instance.changes.told_at.is_none() {
            self.changes.list = crate::ui::list::List::default();
            return;
        }
        let filter = Filter::new(&self.changes.filter, self.show, instance);
        let entries = instance.changes.items.values().filter(|entry| filter.lists(entry));
        let mut rows: Vec<ChangeRow> = entries
            .map(|entry| ChangeRow { change: std::sync::Arc::clone(&entry.change), is_news: entry.is_news })
            .collect();
        rows.sort_by_key(|row| (row.rank(), std::cmp::Reverse(row.change.created_at)));
        self.changes.fill(rows, told_at);
    }

    /// Makes the lists above the two anew.
    fn refill_pages(&mut self, told_at: Option<DateTime<Utc>>) {
        let Some(instance) = self.instances.get(self.current) else { return };
        for page in self.above_deploys.pages.iter_mut().chain(&mut self.above_changes.pages) {
            match page {
                Page::Workspaces(board) if instance.workspaces.told_at.is_some() => {
                    let rows = update::workspaces(instance, &board.filter);
                    board.fill(rows, told_at);
                }
                Page::Devices(board) if instance.devices.told_at.is_some() => {
                    let rows = update::devices(instance, &board.filter);
                    board.fill(rows, told_at);
                }
                Page::Workspaces(_) | Page::Devices(_) | Page::Deployment(_) | Page::Change(_) => {}
            }
        }
    }
}
