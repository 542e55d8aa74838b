//! The user interface as a whole: one loop owns all state, everything else sends it values.
//!
//! Read the three types first: [`Model`] is all that can be seen or remembered, [`Message`] is something that happened,
//! [`Effect`] is something wanted. [`Model::update`] turns the second into the third and touches nothing else: no I/O,
//! no clock. [`view::draw`] reads the model and stores nothing.

mod calm;
mod choices;
pub mod commands;
pub(crate) mod keymap;
pub(crate) mod layout;
pub(crate) mod overlay;
pub(crate) mod palette;
mod panes;
mod permit;
mod pointer;
mod settings;
mod themes;
pub(crate) mod toast;
mod update;
pub(crate) mod view;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use crate::errand::{Errand, Returned};
use crate::features::cloudvision::pane::Place;
use crate::features::{cloudvision, console, lab, maintenance};
use crate::input::Input;
use crate::logging::Recent;
use crate::state::ViewState;
use crate::trouble::Trouble;
use crate::ui::theme::Theme;
use crate::ui::time::Zone;
use crate::ui::{Look, theme};
use keymap::Keymap;
use overlay::Overlay;
pub use settings::problems;
use toast::Toasts;

/// The panes of the dashboard, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pane {
    /// Circuit maintenances.
    Maintenances,
    /// Deployments to CloudVision.
    Deploys,
    /// CloudVision's change controls.
    Changes,
    /// Port forwards into labs.
    Lab,
    /// Consoles of virtual machines.
    Consoles,
}

impl Pane {
    /// Every pane; its number is its place here plus one.
    pub(crate) const ALL: [Self; 5] = [Self::Maintenances, Self::Deploys, Self::Changes, Self::Lab, Self::Consoles];

    /// The number on its title and its key.
    pub(crate) fn number(self) -> usize {
        self as usize + 1
    }

    /// The title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Maintenances => "Maintenances",
            Self::Deploys => "Deploys",
            Self::Changes => "Changes",
            Self::Lab => "Lab",
            Self::Consoles => "Consoles",
        }
    }

    /// The name in the saved view.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Maintenances => "maintenances",
            Self::Deploys => "deploys",
            Self::Changes => "changes",
            Self::Lab => "lab",
            Self::Consoles => "consoles",
        }
    }

    /// The title where there is little room.
    pub(crate) fn short_title(self) -> &'static str {
        if matches!(self, Self::Maintenances) { "Maint" } else { self.title() }
    }

    /// The title where there is next to no room.
    pub(crate) fn brief_title(self) -> &'static str {
        match self {
            Self::Maintenances => "Maint",
            Self::Deploys => "Dep",
            Self::Changes => "Chg",
            Self::Lab => "Lab",
            Self::Consoles => "Con",
        }
    }
}

/// A name under which noctui works: production or lab, with its own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Shown in the header.
    pub name: String,
    /// Whether it is production: its name is drawn so that it is never mistaken, and confirmations ask for more.
    pub production: bool,
    /// Whether its configuration forbids writing to backends.
    pub read_only: bool,
    /// The CloudVision to work with; `None` leaves the one that is shown.
    pub cloudvision: Option<String>,
    /// The lab to work with; `None` leaves the one that is shown.
    pub lab: Option<String>,
}

/// What the configuration decides about the screen; final, validated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Role → style.
    pub(crate) theme: Theme,
    /// The themes that `theme` switches between.
    pub(crate) themes: Vec<Theme>,
    /// The zone that `time-zone` switches to and from: the machine's own or the configured one.
    pub(crate) local_zone: Zone,
    /// What `TZ` says, where that is to be the local zone and names none that is known.
    pub(crate) unread_zone: Option<String>,
    /// The zone that the configuration or its variable names for the start; `None` where neither does.
    pub(crate) configured_zone: Option<Zone>,
    /// ASCII instead of glyphs.
    pub(crate) ascii: bool,
    /// Whether noctui takes the mouse.
    pub(crate) mouse: bool,
    /// Why every context is read-only, where a flag, a variable or the file says so.
    pub(crate) read_only: Option<String>,
    /// The contexts; at least one.
    pub(crate) contexts: Vec<Context>,
    /// The name under which acknowledgements and notes are kept.
    pub(crate) who: String,
    /// Keys.
    pub(crate) keymap: Keymap,
    /// The names of the configured sources of mails.
    pub(crate) mail_sources: Vec<String>,
    /// Whether a Nautobot is configured.
    pub(crate) nautobot: bool,
    /// What is said where none is.
    pub(crate) absent_nautobot: Option<String>,
    /// Every CloudVision that is configured.
    pub(crate) cloudvision: Vec<cloudvision::worker::InstanceView>,
    /// Every lab that is configured.
    pub(crate) labs: Vec<lab::worker::LabView>,
    /// How forwards are used.
    pub(crate) connect: crate::config::Connect,
    /// What there is around this process, for what forwards are used with. Nothing is known of it before it is said.
    pub(crate) surroundings: lab::surroundings::Surroundings,
    /// The machines with consoles, as they are configured.
    pub(crate) consoles: console::pane::View,
    /// What to say in a pane whose backend is not there: one line per pane; `None` for a pane that is.
    pub(crate) absent: [Option<String>; 5],
}

/// All that can be seen or remembered.
#[derive(Debug, Clone)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// The time of the newest message.
    pub(crate) now: DateTime<Utc>,
    /// What the configuration decides.
    pub(crate) settings: Settings,
    /// The theme that the configuration wants; another one may have been chosen on the screen.
    pub(crate) configured_theme: Theme,
    /// Index of the context in force.
    pub(crate) context: usize,
    /// Whether writing to backends was forbidden on the screen, where it can be allowed again.
    pub(crate) chosen_read_only: bool,
    /// The zone in which times are shown.
    pub(crate) zone: Zone,
    /// The pane that has the keyboard.
    pub(crate) focus: Pane,
    /// Whether that pane has the screen to itself.
    pub(crate) zoomed: bool,
    /// Whether the terminal has the focus of its window system; true where it does not tell.
    pub(crate) focused: bool,
    /// The maintenances.
    pub(crate) maintenance: maintenance::pane::State,
    /// The deploys and the change controls.
    pub(crate) cloudvision: cloudvision::pane::State,
    /// The labs.
    pub(crate) lab: lab::pane::State,
    /// The machines and their consoles.
    pub(crate) console: console::pane::State,
    /// What was told of the backends before something was under way with them.
    calm: calm::Calm,
    /// When each write was asked for that is not answered yet, in the order in which they are carried out.
    pub(crate) writing: VecDeque<DateTime<Utc>>,
    /// What lies on top, the topmost last.
    pub(crate) overlays: Vec<Overlay>,
    /// Results and failures.
    pub(crate) toasts: Toasts,
    /// The last warnings.
    pub(crate) log: Recent,
    /// How many warnings there were when the log was looked at last.
    pub(crate) log_read: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// Something was done at the terminal.
    Input(Input),
    /// Time went on, so that something on the screen may read differently.
    Ticked,
    /// The maintenance worker says something.
    Maintenance(Box<maintenance::worker::Report>),
    /// The maintenance worker ended by itself, for this reason; it is started again.
    WorkerStopped(Trouble),
    /// The maintenance worker can be asked again: it was started anew, or had too much to do.
    WorkerStarted,
    /// CloudVision's worker says something.
    CloudVision(Box<cloudvision::worker::Report>),
    /// CloudVision's worker ended by itself, for this reason; it is started again.
    CloudVisionStopped(Trouble),
    /// CloudVision's worker can be asked again.
    CloudVisionStarted,
    /// The labs' worker says something.
    Lab(Box<lab::worker::Report>),
    /// The labs' worker ended by itself, for this reason; it is started again.
    LabStopped(Trouble),
    /// The labs' worker can be asked again.
    LabStarted,
    /// The consoles' worker says something.
    Console(Box<console::worker::Report>),
    /// The consoles' worker ended by itself, for this reason; it is started again.
    ConsoleStopped(Trouble),
    /// The consoles' worker can be asked again.
    ConsoleStarted,
    /// A program for the person at the screen has started.
    Started {
        /// Which.
        id: u64,
        /// Its number.
        pid: u32,
    },
    /// A program that was started for the person at the screen has ended.
    Returned(Returned),
    /// The configuration file was read again and is in force.
    Reconfigured(Box<Settings>),
    /// The configuration file has an error; the old one stays in force.
    ConfigurationRefused(Trouble),
    /// There are new warnings.
    Logged(Recent),
    /// Something that was asked of the terminal or the file system did not work.
    Failed(Trouble),
}

impl Message {
    /// What went wrong, if that is what it tells. The footer may have no room for all of it: the log has.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Maintenance(report) => report.trouble(),
            Self::CloudVision(report) => report.trouble(),
            Self::Lab(report) => report.trouble(),
            Self::Console(report) => report.trouble(),
            Self::ConfigurationRefused(trouble) | Self::Failed(trouble) => Some(trouble),
            // Who starts the worker again logs why it ended.
            Self::WorkerStopped(_)
            | Self::WorkerStarted
            | Self::CloudVisionStopped(_)
            | Self::CloudVisionStarted
            | Self::LabStopped(_)
            | Self::LabStarted
            | Self::ConsoleStopped(_)
            | Self::ConsoleStarted
            | Self::Started { .. }
            | Self::Returned(_)
            | Self::Input(_)
            | Self::Ticked
            | Self::Reconfigured(_)
            | Self::Logged(_) => None,
        }
    }
}

/// Something wanted of the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A request for the maintenance worker.
    Maintenance(maintenance::worker::Request),
    /// A request for CloudVision's worker.
    CloudVision(cloudvision::worker::Request),
    /// A request for the labs' worker.
    Lab(lab::worker::Request),
    /// A request for the consoles' worker.
    Console(console::worker::Request),
    /// The same, once the terminal has taken a frame that shows what is known now.
    AfterFrame(console::worker::Request),
    /// Start a program for the person at the screen.
    Run(Errand),
    /// Put text on the clipboard of the user's terminal.
    Copy(String),
    /// Take or leave the mouse.
    SetMouse(bool),
    /// Forget what the terminal shows and draw all of it.
    Redraw,
    /// Stop, as ctrl-z does in a shell.
    Suspend,
    /// Leave.
    Quit,
}

impl Model {
    /// A model for a terminal of this size, as it was left the last time.
    #[must_use]
    pub fn new(settings: Settings, view: &ViewState, size: (u16, u16), now: DateTime<Utc>) -> Self {
        let context = 0;
        let focus = Pane::ALL.into_iter().find(|pane| Some(pane.name()) == view.pane.as_deref());
        let mut model = Self {
            size,
            now,
            configured_theme: settings.theme.clone(),
            context,
            chosen_read_only: false,
            zone: starting_zone(&settings, view),
            focus: focus.unwrap_or(Pane::Maintenances),
            zoomed: view.zoomed,
            focused: true,
            maintenance: maintenance::pane::State::new(&settings.who, view.panes.get(Pane::Maintenances.name())),
            cloudvision: cloudvision::pane::State::new(
                &settings.cloudvision,
                view.panes.get(Pane::Deploys.name()),
                view.panes.get(Pane::Changes.name()),
                now,
            ),
            lab: lab::pane::State::new(
                &settings.labs,
                (&settings.connect, &settings.surroundings),
                view.panes.get(Pane::Lab.name()),
                now,
            ),
            console: console::pane::State::new(&settings.consoles, view.panes.get(Pane::Consoles.name())),
            calm: calm::Calm::default(),
            writing: VecDeque::new(),
            overlays: Vec::new(),
            toasts: Toasts::default(),
            log: Recent::default(),
            log_read: 0,
            settings,
        };
        model.maintenance.set_sources(&model.settings.mail_sources);
        model.show_backends_of_context();
        model.fit();
        model
    }

    /// What to ask for at the start.
    #[must_use]
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = update::requests(self.maintenance.begin(self.now));
        effects.extend(self.cloudvision.begin().into_iter().map(Effect::CloudVision));
        effects.extend(self.hold());
        effects
    }

    /// What the workers are told where writing to backends waits now and did not, or the other way round.
    fn hold_if(&self, before: bool) -> Option<Effect> {
        self.hold().filter(|_| self.is_read_only() != before)
    }

    /// The same, said to a worker that has just begun.
    fn hold(&self) -> Option<Effect> {
        use crate::features::maintenance::worker::Request;
        self.settings.nautobot.then(|| Effect::Maintenance(Request::Hold(self.is_read_only())))
    }

    /// Tells the consoles whether anything may be typed at machines.
    fn hold_consoles(&mut self) {
        let forbidden = self.is_read_only().then(|| self.why_read_only());
        self.console.set_read_only(forbidden);
    }

    /// The context in force.
    pub(crate) fn context(&self) -> Option<&Context> {
        self.settings.contexts.get(self.context)
    }

    /// Whether backends may not be written to at present.
    pub(crate) fn is_read_only(&self) -> bool {
        self.chosen_read_only || self.configured_read_only().is_some()
    }

    /// Why backends may not be written to whatever is said on the screen: a flag, a variable or the configuration.
    pub(crate) fn configured_read_only(&self) -> Option<String> {
        let of_context = || {
            let context = self.context().filter(|context| context.read_only)?;
            Some(format!("context {} has read_only = true", context.name))
        };
        self.settings.read_only.clone().or_else(of_context)
    }

    /// How things look right now.
    pub(crate) fn look(&self) -> Look<'_> {
        self.settings.look(self.zone, self.now)
    }

    /// The instant at which the screen has to be drawn again even if nothing happens.
    #[must_use]
    pub fn next_change(&self) -> DateTime<Utc> {
        let instants = self.maintenance.instants().chain(self.cloudvision.instants(self.now));
        let instants = instants.chain(self.lab.instants(self.now)).chain(self.console.instants(self.now));
        let turn = crate::ui::time::next_change(self.now, instants);
        let slow = self.slow_at().filter(|slow| *slow > self.now);
        let busy = self.calm.ends_at(self.now);
        self.toasts
            .expiry()
            .into_iter()
            .chain(slow)
            .chain(busy)
            .chain(self.maintenance.keeps_at())
            .fold(turn, DateTime::min)
    }

    /// When the oldest write that is not answered becomes a slow one; `None` if all are answered.
    fn slow_at(&self) -> Option<DateTime<Utc>> {
        self.writing.front().map(|asked| *asked + SLOW)
    }

    /// Whether somebody waits for something to be written, and should be told so.
    pub(crate) fn is_saving(&self) -> bool {
        self.slow_at().is_some_and(|slow| slow <= self.now)
    }

    /// How many warnings nobody has looked at yet.
    pub(crate) fn unread_warnings(&self) -> u64 {
        self.log.said().saturating_sub(self.log_read)
    }

    /// The backends for the header, in the order of the panes: what is under way only where it takes a while.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        self.present_connections().into_iter().map(|connection| self.calm.shown(connection, self.now)).collect()
    }

    /// The backends as they are at this moment.
    fn present_connections(&self) -> Vec<Connection> {
        let mail = self.maintenance.connection(self.zone, self.now);
        let cloudvision = self.cloudvision.connection(self.zone, self.now);
        let lab = self.lab.connection(self.zone, self.now);
        let nautobot = self.maintenance.nautobot_connection(self.zone, self.now);
        let vm = self.console.connection(self.zone, self.now);
        let named = [("mail", mail), ("nb", nautobot), ("cv", cloudvision), ("lab", lab), ("vm", vm)].into_iter();
        named
            .filter_map(|(name, told)| told.map(|(state, word, story)| Connection { name, state, word, story }))
            .collect()
    }

    /// What is wrong with each source of mails; see the pane.
    pub(crate) fn source_troubles(&self) -> Vec<(String, Option<String>)> {
        self.maintenance.troubles()
    }

    /// The view worth keeping for the next start.
    #[must_use]
    pub fn view_state(&self) -> ViewState {
        ViewState {
            pane: Some(self.focus.name().to_owned()),
            zoomed: self.zoomed,
            // A zone that the configuration names counts at every start: beside it a choice is for this run.
            time_zone: (self.settings.configured_zone.is_none() && self.zone != Zone::Utc).then(|| LOCAL.to_owned()),
            panes: [
                (Pane::Maintenances.name().to_owned(), self.maintenance.saved()),
                (Pane::Deploys.name().to_owned(), self.cloudvision.saved(Place::Deploys)),
                (Pane::Changes.name().to_owned(), self.cloudvision.saved(Place::Changes)),
                (Pane::Lab.name().to_owned(), self.lab.saved()),
                (Pane::Consoles.name().to_owned(), self.console.saved()),
            ]
            .into(),
            // Whoever keeps it knows.
            place: String::new(),
        }
    }
}

/// A write that takes longer is told of: another process holds the database, or a disk is slow.
const SLOW: TimeDelta = TimeDelta::milliseconds(300);

/// The local zone, in the saved view.
const LOCAL: &str = "local";

/// The zone in which times are shown at first: the configured one, else as it was chosen on the screen, else UTC.
fn starting_zone(settings: &Settings, view: &ViewState) -> Zone {
    let chosen = || if view.time_zone.as_deref() == Some(LOCAL) { settings.local_zone } else { Zone::Utc };
    settings.configured_zone.unwrap_or_else(chosen)
}

/// A backend as the header shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    /// One short word: `mail`.
    pub(crate) name: &'static str,
    /// Its state.
    pub(crate) state: theme::State,
    /// The age of its data, `live`, or the reason in a word.
    pub(crate) word: String,
    /// The whole story, a line each.
    pub(crate) story: Vec<String>,
}
