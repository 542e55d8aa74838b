//! Machines and their consoles on the screen: a list, what is known of one row, and consoles as tabs.
//!
//! State, commands and drawing of this feature; `app` only wraps and dispatches them. While somebody types at a console every
//! key but one goes to the machine; that one, the escape key, gives the keyboard back to noctui without closing anything.

mod aim;
mod command;
mod console;
mod editor;
mod form;
mod moving;
mod report;
mod summary;
mod tabs;
mod typing;
mod update;
pub(crate) mod view;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub use command::{COMMANDS, Command};
use console::Console;
use editor::Editor;
use form::Form;
use typing::Reopened;

use super::cluster::Which;
use super::cluster::model::{Action, Key as VmKey, Vm};
use super::model::{Described, Proxied, Row, RowKey};
use super::worker::{ConsoleId, Health, Request, Target};
use crate::config::{EscapeKey, Pictures};
use crate::key::Key;
use crate::secret::Secret;
use crate::state::PaneState;
use crate::trouble::Trouble;
use crate::ui::list::{self, List};

/// What came out of a key or a report.
pub(crate) type Outcome = crate::ui::outcome::Outcome<Request>;

/// What came under the cursor within this time nobody has seen.
const UNSEEN: TimeDelta = TimeDelta::milliseconds(300);

/// What is configured, as the pane shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The cluster, where there is one.
    pub cluster: Option<ClusterView>,
    /// The proxies, with what should be known of them.
    pub proxies: Vec<ProxyView>,
    /// The key that leaves a console.
    pub escape: EscapeKey,
    /// How screens are drawn that are pictures.
    pub pictures: Pictures,
    /// Whether another way was configured, which does not come through here.
    pub is_withheld: bool,
}

impl View {
    /// The terminal shows no pixels, whatever is configured.
    pub fn without_pixels(&mut self) {
        self.is_withheld = self.pictures != Pictures::Cells;
        self.pictures = Pictures::Cells;
    }
}

/// A cluster as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// The kubeconfig, or that it is the cluster around this pod.
    pub place: String,
    /// Whether it is production.
    pub production: bool,
    /// Whether nothing may be started or stopped there.
    pub read_only: bool,
    /// Whether the machines of all namespaces are shown.
    pub all_namespaces: bool,
}

/// A proxy as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyView {
    /// Its name.
    pub name: String,
    /// Its address.
    pub server: String,
    /// Whether nothing is encrypted on the way.
    pub plain: bool,
}

impl list::Row for Row {
    type Key = RowKey;

    fn key(&self) -> RowKey {
        self.row_key()
    }

    fn group(&self) -> Option<&'static str> {
        Some(match self {
            Self::Vm(_) => "Machines of the cluster",
            Self::Proxied(_) => "Machines behind proxies",
            Self::Definition(_) => "Definitions for CernVM clients",
        })
    }
}

/// All that the pane shows and remembers.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// As configured.
    view: View,
    /// How the cluster is doing, and what its context is called.
    health: Health,
    cluster_name: Option<String>,
    /// The machines of the cluster; `None` before they were told.
    vms: Option<Vec<Arc<Vm>>>,
    /// What is not among them, and why.
    hidden: Option<Trouble>,
    /// When they were told.
    told_at: DateTime<Utc>,
    /// The machines behind each proxy, and what should be known of it.
    proxied: BTreeMap<String, (Vec<Proxied>, Option<Trouble>)>,
    /// What the last attempt at a machine behind a proxy came to: nothing else is known of it.
    tried: BTreeMap<(String, String), Tried>,
    /// The definitions.
    definitions: Vec<Arc<Described>>,
    /// What was asked of machines and not answered yet.
    acting: BTreeMap<VmKey, Action>,
    /// What the cluster took last of each, and when: it tells why a line drops.
    acted: BTreeMap<VmKey, (Action, DateTime<Utc>)>,
    /// The rows.
    list: List<Row>,
    /// What was typed after `/`.
    filter: String,
    /// When another row came under the cursor without anybody's doing.
    settled_at: DateTime<Utc>,
    /// What is opened above the list.
    page: Option<Page>,
    /// The line being typed, if any.
    editor: Option<Editor>,
    /// The consoles that are open, in the order in which they were opened.
    consoles: Vec<Console>,
    /// Index of the one that is looked at.
    current: usize,
    /// Whether keys go to the machine.
    is_attached: bool,
    /// When the escape key gave the keyboard back.
    left_at: DateTime<Utc>,
    /// When a console ended that had the keyboard, or when a key was pressed soon after that: see [`State::typed_behind_drop`].
    dropped_at: Option<DateTime<Utc>>,
    /// The key that a command comes from, while it runs.
    pressed: Option<Key>,
    /// The key that opened a console again, while it may still be held down: see [`State::held`].
    reopened: Option<Reopened>,
    /// Why nothing may be written to backends, if that is so.
    forbidden: Option<String>,
    /// Whether it was said that pixels do not come through.
    has_said_withheld: bool,
    /// What was looked for last.
    sought: String,
    /// The passwords of screens that were typed since the start. They are kept here alone.
    passwords: HashMap<Target, Secret>,
    /// The number of the next console.
    next_id: ConsoleId,
    /// Columns and rows, title apart.
    size: (u16, u16),
    /// Rows above the screen that is looked at, which say why it is not open any more.
    reason_rows: u16,
}

/// What an attempt at a machine behind a proxy came to. A proxy opens a console before it looks at the token: only what comes
/// from the machine shows that it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tried {
    /// It was heard.
    Reached(DateTime<Utc>),
    /// It was not, or not any more, since then, for this reason.
    Failed(DateTime<Utc>, String),
}

/// What is opened above the list.
#[derive(Debug, Clone)]
enum Page {
    /// All about a row.
    Details(Details),
    /// A definition as it is written.
    Form(Form),
    /// The consoles.
    Consoles,
}

/// A row, opened.
#[derive(Debug, Clone)]
struct Details {
    /// The row as it was last; it stays when it goes.
    row: Row,
    /// Lines scrolled away at the top.
    scroll: usize,
}

impl State {
    /// The pane as it was left the last time.
    pub(crate) fn new(view: &View, saved: Option<&PaneState>) -> Self {
        Self {
            view: view.clone(),
            health: Health::Connecting,
            cluster_name: None,
            vms: None,
            hidden: None,
            told_at: DateTime::UNIX_EPOCH,
            proxied: BTreeMap::new(),
            tried: BTreeMap::new(),
            definitions: Vec::new(),
            acting: BTreeMap::new(),
            acted: BTreeMap::new(),
            list: List::default(),
            filter: saved.map_or_else(String::new, |pane| pane.filter.clone()),
            settled_at: DateTime::UNIX_EPOCH,
            page: None,
            editor: None,
            consoles: Vec::new(),
            current: 0,
            is_attached: false,
            left_at: DateTime::UNIX_EPOCH,
            dropped_at: None,
            pressed: None,
            reopened: None,
            forbidden: None,
            has_said_withheld: false,
            sought: String::new(),
            passwords: HashMap::new(),
            next_id: 1,
            size: (80, 20),
            reason_rows: 0,
        }
    }

    /// What is worth keeping for the next start.
    pub(crate) fn saved(&self) -> PaneState {
        PaneState { filter: self.filter.clone(), ..PaneState::default() }
    }

    /// Takes over a changed configuration. What is not configured any more is not shown any more.
    pub(crate) fn set_view(&mut self, view: &View) {
        if self.view.cluster.as_ref().map(|it| &it.place) != view.cluster.as_ref().map(|it| &it.place) {
            (self.vms, self.cluster_name, self.health) = (None, None, Health::Connecting);
            self.hidden = None;
        }
        self.proxied.retain(|name, _| view.proxies.iter().any(|proxy| proxy.name == *name));
        self.tried.retain(|(name, _), _| view.proxies.iter().any(|proxy| proxy.name == *name));
        self.view = view.clone();
        self.refill(None);
    }

    /// Whether backends may be written to, and why not. A machine is one: what is typed at it is a write.
    pub(crate) fn set_read_only(&mut self, forbidden: Option<String>) {
        self.forbidden = forbidden;
        if self.no_typing().is_some() {
            self.is_attached = false;
        }
    }

    /// Whether there is anything that rows could come from.
    fn is_configured(&self) -> bool {
        self.view.cluster.is_some() || !self.view.proxies.is_empty() || !self.definitions.is_empty()
    }

    /// Every row, filter or not.
    fn rows(&self) -> Vec<Row> {
        let vms = self.vms.iter().flatten().cloned().map(Row::Vm);
        let proxied = self.proxied.values().flat_map(|(rows, _)| rows).cloned().map(Row::Proxied);
        let definitions = self.definitions.iter().cloned().map(Row::Definition);
        vms.chain(proxied).chain(definitions).collect()
    }

    /// Makes the list anew, because of what was told at this time, or of what somebody did here.
    fn refill(&mut self, told_at: Option<DateTime<Utc>>) {
        let before = self.list.selected().map(Row::row_key);
        let all = self.rows();
        if let Some(Page::Details(details)) = &mut self.page
            && let Some(row) = all.iter().find(|row| row.row_key() == details.row.row_key())
        {
            details.row = row.clone();
        }
        let rows: Vec<Row> = all.into_iter().filter(|row| fits(row, &self.filter)).collect();
        let kinds = rows.iter().filter_map(list::Row::group).collect::<std::collections::BTreeSet<_>>();
        self.list.set_headings(kinds.len() > 1);
        self.list.replace(rows, false, false, None);
        if let Some(told_at) = told_at
            && self.list.selected().map(Row::row_key) != before
        {
            self.settled_at = told_at;
        }
    }

    /// The console that is looked at.
    fn console(&self) -> Option<&Console> {
        self.consoles.get(self.current).filter(|_| matches!(self.page, Some(Page::Consoles)))
    }

    /// The same, to be changed.
    fn console_mut(&mut self) -> Option<&mut Console> {
        let is_shown = matches!(self.page, Some(Page::Consoles));
        self.consoles.get_mut(self.current).filter(|_| is_shown)
    }

    /// Whether a console of the machine of a row is open.
    fn has_open(&self, row: &Row) -> bool {
        self.consoles.iter().any(|console| console.is_open() && console.is_of(row))
    }

    /// Whether this console of the machine of a row is open.
    fn has_one_open(&self, row: &Row, which: Which) -> bool {
        self.consoles.iter().any(|console| console.is_open() && console.which() == which && console.is_of(row))
    }

    /// What the last attempt at a machine behind a proxy came to.
    fn tried(&self, row: &Proxied) -> Option<&Tried> {
        self.tried.get(&(row.proxy.clone(), row.machine.to_string()))
    }

    /// Notes what an attempt came to, where that is the only thing known of the machine.
    fn note_attempt(&mut self, id: ConsoleId, came_to: impl FnOnce() -> Tried) {
        let target = self.numbered(id).map(|console| console.target.clone());
        if let Some(Target::Proxied(proxy, machine)) = target {
            self.tried.insert((proxy, machine.to_string()), came_to());
        }
    }

    /// The console of this number.
    fn numbered(&mut self, id: ConsoleId) -> Option<&mut Console> {
        self.consoles.iter_mut().find(|console| console.id == id)
    }
}

/// Whether every word of the filter stands in one of the texts of a row, and none that it excludes.
fn fits(row: &Row, filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let mut texts: Vec<String> = vec![row.name().to_lowercase()];
    match row {
        Row::Vm(vm) => {
            texts.extend([vm.namespace.to_lowercase(), vm.state().to_lowercase()]);
            texts.extend(vm.addresses().into_iter().map(str::to_lowercase));
            if let Some(instance) = &vm.instance {
                texts.extend(instance.node.iter().chain(&instance.guest).map(|text| text.to_lowercase()));
            }
        }
        Row::Proxied(row) => texts.extend([row.proxy.to_lowercase(), row.namespace.to_lowercase()]),
        Row::Definition(_) => texts.push("definition".to_owned()),
    }
    filter.split_whitespace().all(|word| {
        let (excludes, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let word = word.to_lowercase();
        word.is_empty() || texts.iter().any(|text| text.contains(&word)) != excludes
    })
}
