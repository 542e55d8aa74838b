//! What a row of the command table is. Each feature exports its own slice of rows; `app::commands` puts them together.
//!
//! The table is the single source for key handling, the help overlay, the footer, the palette, the `[keys]` section of
//! the configuration and the key table in the README.

/// Where a command can be used: the place that must have the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// The dashboard, whichever pane has the focus.
    Dashboard,
    /// Whatever has rows or lines to move through.
    Moving,
    /// The list of maintenances.
    Maintenances,
    /// One maintenance, opened.
    Maintenance,
    /// The list of notifications.
    Notifications,
    /// One notification, opened.
    Notification,
    /// The sources of notifications.
    Sources,
    /// What is to be written to Nautobot.
    Outbox,
    /// The list of targets.
    Deploys,
    /// One target or deployment, opened.
    Deployment,
    /// The list of change controls.
    Changes,
    /// One change control, opened.
    Change,
    /// The list of workspaces.
    Workspaces,
    /// The list of devices.
    Devices,
    /// The machines of a lab and their forwards.
    Lab,
    /// One of them, opened.
    Forward,
    /// Several changes of a lab.
    LabPlan,
    /// The machines with consoles.
    Consoles,
    /// One of them, opened.
    Machine,
    /// A console.
    Console,
}

impl Scope {
    /// Every scope, in the order of the help overlay.
    pub const ALL: [Self; 21] = [
        Self::Maintenances,
        Self::Maintenance,
        Self::Notifications,
        Self::Notification,
        Self::Sources,
        Self::Outbox,
        Self::Deploys,
        Self::Deployment,
        Self::Changes,
        Self::Change,
        Self::Workspaces,
        Self::Devices,
        Self::Lab,
        Self::Forward,
        Self::LabPlan,
        Self::Consoles,
        Self::Machine,
        Self::Console,
        Self::Moving,
        Self::Dashboard,
        Self::Global,
    ];

    /// The heading in help and README.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Dashboard => "Dashboard",
            Self::Moving => "Lists and texts",
            Self::Maintenances => "Maintenances",
            Self::Maintenance => "A maintenance, opened",
            Self::Notifications => "Notifications",
            Self::Notification => "A notification, opened",
            Self::Sources => "Sources",
            Self::Outbox => "Outbox",
            Self::Deploys => "Deploys",
            Self::Deployment => "A target, opened",
            Self::Changes => "Changes",
            Self::Change => "A change control, opened",
            Self::Workspaces => "Workspaces",
            Self::Devices => "Devices",
            Self::Lab => "Lab",
            Self::Forward => "A forward, opened",
            Self::LabPlan => "A plan for a lab, opened",
            Self::Consoles => "Consoles",
            Self::Machine => "A machine, opened",
            Self::Console => "A console, with the keyboard",
        }
    }
}

impl Scope {
    /// The place in a sentence: where a command is for.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Self::Global => "everywhere",
            Self::Dashboard => "the dashboard",
            Self::Moving => "lists and texts",
            Self::Maintenances => "the list of maintenances",
            Self::Maintenance => "an opened maintenance",
            Self::Notifications => "the list of mails",
            Self::Notification => "an opened mail",
            Self::Sources => "the list of sources",
            Self::Outbox => "the outbox",
            Self::Deploys => "the list of targets",
            Self::Deployment => "an opened target",
            Self::Changes => "the list of change controls",
            Self::Change => "an opened change control",
            Self::Workspaces => "the list of workspaces",
            Self::Devices => "the list of devices",
            Self::Lab => "the lab",
            Self::Forward => "an opened forward",
            Self::LabPlan => "an opened plan",
            Self::Consoles => "the list of machines",
            Self::Machine => "an opened machine",
            Self::Console => "a console",
        }
    }
}

/// What can go wrong when the key was a slip; it alone decides what asks before it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Nothing: it looks, or it moves.
    None,
    /// Done at once, undo offered.
    Undoable,
    /// Asks, naming the object; Enter alone does not confirm. In production the name has to be typed.
    Confirm,
    /// The name has to be typed.
    TypeName,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Spec<C: 'static> {
    /// What runs.
    pub command: C,
    /// kebab-case, unique; what the palette finds and the configuration names.
    pub name: &'static str,
    /// The default keys, as [`crate::key::Key`] reads them.
    pub keys: &'static [&'static str],
    /// Where it applies.
    pub scopes: &'static [Scope],
    /// What it asks before it acts.
    pub risk: Risk,
    /// Whether it writes to a backend, and so is refused under read-only.
    pub writes: bool,
    /// One or two words for the footer; empty if it does not stand there.
    pub hint: &'static str,
    /// One sentence for help, palette and README, without a full stop.
    pub help: &'static str,
}

/// A row without risk that writes to no backend, as most are.
pub(crate) const fn row<C: Copy>(
    command: C,
    name: &'static str,
    keys: &'static [&'static str],
    scopes: &'static [Scope],
    hint: &'static str,
    help: &'static str,
) -> Spec<C> {
    Spec { command, name, keys, scopes, risk: Risk::None, writes: false, hint, help }
}

impl<C: Copy> Spec<C> {
    /// The same row for the application's own command type.
    pub fn wrap<D>(&self, wrap: impl Fn(C) -> D) -> Spec<D> {
        let Self { command, name, keys, scopes, risk, writes, hint, help } = *self;
        Spec { command: wrap(command), name, keys, scopes, risk, writes, hint, help }
    }
}

/// Ways to move through rows and lines; the same keys in every list and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// One up.
    Up,
    /// One down.
    Down,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    Top,
    /// To the last.
    Bottom,
}

impl Motion {
    /// How far it goes where a page has so many lines; `None` for the two ends.
    #[must_use]
    pub fn distance(self, page: usize) -> Option<isize> {
        let page = isize::try_from(page).unwrap_or(isize::MAX).max(1);
        match self {
            Self::Up => Some(-1),
            Self::Down => Some(1),
            Self::HalfUp => Some(-(page / 2).max(1)),
            Self::HalfDown => Some((page / 2).max(1)),
            Self::PageUp => Some(-page),
            Self::PageDown => Some(page),
            Self::Top | Self::Bottom => None,
        }
    }
}
