//! What is opened above a list: a target with its deployment, a change control, the workspaces, the devices.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::rows::Part;
use crate::features::cloudvision::model::{Change, ChangeId, DeploymentId, Device, DeviceId, DiffLine, Workspace};
use crate::ui::list::{List, Row};
use crate::ui::load::Load;

/// Differences that one opened change control keeps.
const DIFFS: usize = 200;
/// Stages of a change control that are shown, and how deep they may be nested.
const STAGES: usize = 5_000;
const DEPTH: usize = 16;

/// One of them.
#[derive(Debug, Clone)]
pub(super) enum Page {
    /// A target, and its deployment as far as there is one.
    Deployment(DeploymentPage),
    /// A change control.
    Change(ChangePage),
    /// The workspaces that are open.
    Workspaces(Board<Workspace>),
    /// The devices.
    Devices(Board<Device>),
}

/// A list with a filter over it.
#[derive(Debug, Clone)]
pub(super) struct Board<R: Row> {
    /// The rows.
    pub(super) list: List<R>,
    /// What was typed after `/`.
    pub(super) filter: String,
    /// When another row came under the cursor, or the rows could be acted on again, without anybody's doing: what is typed
    /// right after it was meant for something else.
    pub(super) settled_at: DateTime<Utc>,
}

impl<R: Row> Board<R> {
    /// An empty one.
    pub(super) fn new(filter: String) -> Self {
        Self { list: List::default(), filter, settled_at: DateTime::UNIX_EPOCH }
    }

    /// Takes over new rows, which were told at this time; `None` where somebody asked for them here.
    pub(super) fn fill(&mut self, rows: Vec<R>, told_at: Option<DateTime<Utc>>) {
        let before = self.list.selected().map(Row::key);
        self.list.replace(rows, false, false, None);
        if let Some(told_at) = told_at
            && self.list.selected().map(Row::key) != before
        {
            self.settled_at = told_at;
        }
    }
}

/// What a deployment's page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The target of this name.
    Target(String),
    /// What another process began, and has not ended or has left.
    Unfinished(Box<Begun>),
}

/// A deployment of another process, as it was when it was opened: it may end meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    /// Which.
    pub(super) id: DeploymentId,
    /// Of which target; `None` for a folder or a request.
    pub(super) target: Option<String>,
    /// Which CloudVision.
    pub(super) instance: String,
}

/// A target or a deployment, opened.
#[derive(Debug, Clone)]
pub(super) struct DeploymentPage {
    /// Which.
    pub(super) subject: Subject,
    /// Its parts and the text beside them.
    pub(super) detail: Detail,
    /// Since when it is waited for the worker to begin; `None` if nothing was asked from here.
    pub(super) asked_at: Option<DateTime<Utc>>,
}

/// A change control, opened.
#[derive(Debug, Clone)]
pub(super) struct ChangePage {
    /// On which CloudVision.
    pub(super) instance: String,
    /// Which.
    pub(super) id: ChangeId,
    /// As it was told last; it stays when the change control is deleted.
    pub(super) change: Arc<Change>,
    /// Whether it does not exist any more.
    pub(super) is_gone: bool,
    /// The differences that it brings to devices, as far as they were asked for.
    pub(super) diffs: BTreeMap<DeviceId, Load<Arc<Vec<DiffLine>>>>,
    /// The device whose difference is on its way.
    pub(super) asking: Option<DeviceId>,
    /// Its parts and the text beside them.
    pub(super) detail: Detail,
}

/// Parts of something, and the text about the one under the cursor.
#[derive(Debug, Clone)]
pub(super) struct Detail {
    /// The parts.
    pub(super) list: List<Part>,
    /// Lines of the text scrolled away at the top.
    pub(super) scroll: usize,
    /// Whether the text has the pane to itself.
    pub(super) is_full: bool,
    /// What is searched for in the text.
    pub(super) search: String,
    /// The line in which it was found last.
    pub(super) found: Option<usize>,
}

impl Detail {
    /// Without parts.
    pub(super) fn new() -> Self {
        let mut list = List::default();
        list.set_headings(false);
        Self { list, scroll: 0, is_full: false, search: String::new(), found: None }
    }

    /// Takes over the parts; the cursor stays with its own.
    pub(super) fn fill(&mut self, parts: Vec<Part>) {
        let before = self.list.selected().cloned();
        self.list.replace(parts, false, false, None);
        if self.list.selected() != before.as_ref() {
            self.rewind();
        }
    }

    /// Shows the text from its beginning, as that of another part is.
    pub(super) fn rewind(&mut self) {
        self.scroll = 0;
        self.found = None;
    }

    /// The device of the part under the cursor.
    pub(super) fn device(&self) -> Option<&DeviceId> {
        self.list.selected()?.device()
    }
}

impl DeploymentPage {
    /// One of this subject.
    pub(super) fn new(subject: Subject) -> Self {
        Self { subject, detail: Detail::new(), asked_at: None }
    }
}

impl ChangePage {
    /// A change control as it was told.
    pub(super) fn new(instance: String, change: &Arc<Change>) -> Self {
        let mut page = Self {
            instance,
            id: change.id.clone(),
            change: Arc::clone(change),
            is_gone: false,
            diffs: BTreeMap::new(),
            asking: None,
            detail: Detail::new(),
        };
        page.detail.fill(parts(change));
        page
    }

    /// It was told anew; `None` says that it is gone.
    pub(super) fn told(&mut self, change: Option<Arc<Change>>) {
        let Some(change) = change else {
            self.is_gone = true;
            return;
        };
        if change.version != self.change.version {
            // Another content brings other differences.
            self.diffs.clear();
            self.asking = None;
        }
        self.is_gone = false;
        self.detail.fill(parts(&change));
        self.change = change;
    }

    /// The device whose difference is to be asked for now: one at a time, so that whoever moves through a hundred devices
    /// asks for those on which they stay.
    pub(super) fn wants(&mut self) -> Option<DeviceId> {
        if self.asking.is_some() || self.is_gone {
            return None;
        }
        let device = self.detail.device().filter(|device| !self.diffs.contains_key(device))?.clone();
        if self.diffs.len() >= DIFFS {
            self.diffs.clear();
        }
        self.diffs.insert(device.clone(), Load::Loading);
        self.asking = Some(device.clone());
        Some(device)
    }

    /// A difference arrived, which may have been asked for long ago.
    pub(super) fn arrived(&mut self, device: &DeviceId, lines: Load<Arc<Vec<DiffLine>>>) {
        if self.asking.as_ref() == Some(device) {
            self.asking = None;
        }
        if let Some(awaited) = self.diffs.get_mut(device) {
            *awaited = lines;
        }
    }

    /// Forgets what was asked and did not arrive, so that it is asked again.
    pub(super) fn forget_questions(&mut self) {
        self.asking = None;
        self.diffs.retain(|_, load| matches!(load, Load::Ready(_)));
    }
}

/// The parts of a change control: its tree of stages as they run, then the devices that no stage names.
fn parts(change: &Change) -> Vec<Part> {
    let mut walk = Walk { change, parts: vec![Part::General], seen: vec![change.root.as_str()] };
    if let Some(root) = change.stages.get(&change.root) {
        for id in root.rows.iter().flatten() {
            walk.add(id, 0);
        }
        // A change control may be one single action.
        if root.action.is_some() {
            walk.parts.push(Part::Stage { id: change.root.clone(), depth: 0, device: root.device.clone() });
        }
    }
    let mut parts = walk.parts;
    let named: std::collections::BTreeSet<&DeviceId> = parts.iter().filter_map(Part::device).collect();
    let others: Vec<Part> = change
        .devices
        .iter()
        .filter(|device| !named.contains(device))
        .take(STAGES)
        .cloned()
        .map(Part::Device)
        .collect();
    parts.extend(others);
    parts
}

/// A walk through the tree of stages, which a server may have tied into a knot.
struct Walk<'a> {
    /// Whose stages.
    change: &'a Change,
    /// What was found.
    parts: Vec<Part>,
    /// The stages on the way from the root.
    seen: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// Adds a stage and what is below it.
    fn add(&mut self, id: &'a str, depth: usize) {
        if self.seen.contains(&id) || depth >= DEPTH || self.parts.len() >= STAGES {
            return;
        }
        let stage = self.change.stages.get(id);
        let device = stage.and_then(|stage| stage.device.clone());
        self.parts.push(Part::Stage { id: id.to_owned(), depth, device });
        self.seen.push(id);
        for below in stage.into_iter().flat_map(|stage| stage.rows.iter().flatten()) {
            self.add(below, depth + 1);
        }
        self.seen.pop();
    }
}
