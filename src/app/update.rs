//! Message → pane or overlay; dispatch only. Pure: no I/O, no clock, the time arrives with the message.

use chrono::{DateTime, Utc};
use ratatui::layout::{Rect, Size};

use super::commands::{self, Command};
use super::layout::{Layout, can_zoom, layout};
use super::overlay::{Confirm, Confirmed, Help, Overlay, Palette, Taken};
use super::panes::pane_of;
use super::{Effect, Message, Model, Pane, Settings};
use crate::command::{Risk, Scope, Spec};
use crate::features::cloudvision::pane::Place;
use crate::features::{cloudvision, lab, maintenance};
use crate::input::{Button, Input, Mouse, MouseAction};
use crate::key::{Code, Key};
use crate::ui::time::Zone;

/// Lines that a step of the mouse wheel scrolls.
const WHEEL: isize = 3;

impl Model {
    /// Takes in what happened at `at`; returns what is wanted of the world because of it.
    pub fn update(&mut self, message: Message, at: DateTime<Utc>) -> Vec<Effect> {
        self.now = at;
        self.toasts.expire(at);
        let effects = match message {
            Message::Input(input) => self.input(input),
            Message::Ticked => {
                let mut effects = requests(self.maintenance.tick(at));
                let outcome = self.lab.tick(at);
                effects.extend(self.of_lab(outcome));
                effects
            }
            Message::Maintenance(report) => {
                if report.is_answer_to_a_write() {
                    self.writing.pop_front();
                }
                let outcome = self.maintenance.report(*report, at);
                self.of_maintenance(outcome)
            }
            Message::WorkerStopped(trouble) => {
                self.writing.clear();
                self.maintenance.worker_stopped(trouble);
                vec![]
            }
            Message::WorkerStarted => requests(self.maintenance.ask_again(at)),
            Message::CloudVision(report) => {
                let outcome = self.cloudvision.report(*report, at);
                self.of_cloudvision(outcome)
            }
            Message::CloudVisionStopped(trouble) => {
                self.cloudvision.worker_stopped(&trouble, at);
                vec![]
            }
            Message::CloudVisionStarted => self.cloudvision.ask_again().into_iter().map(Effect::CloudVision).collect(),
            Message::Lab(report) => {
                let outcome = self.lab.report(*report, at);
                self.of_lab(outcome)
            }
            Message::LabStopped(trouble) => {
                self.lab.worker_stopped(&trouble, at);
                vec![]
            }
            Message::LabStarted => self.lab.ask_again().into_iter().map(Effect::Lab).collect(),
            Message::Returned(returned) => {
                let outcome = self.lab.returned(returned);
                self.of_lab(outcome)
            }
            Message::Reconfigured(settings) => self.reconfigure(*settings),
            Message::ConfigurationRefused(trouble) | Message::Failed(trouble) => {
                // A write that the worker did not take is never answered.
                self.writing.clear();
                self.toasts.fail(at, &trouble);
                vec![]
            }
            Message::Logged(log) => {
                self.log = log;
                vec![]
            }
        };
        self.fit();
        effects
    }

    /// Where everything is on the present terminal.
    pub(super) fn layout(&self) -> Option<Layout> {
        layout(self, self.area())
    }

    /// Whether `zoom` would change anything now.
    pub(crate) fn can_zoom(&self) -> bool {
        can_zoom(self, self.area())
    }

    /// The terminal.
    fn area(&self) -> Rect {
        Rect::new(0, 0, self.size.0, self.size.1)
    }

    /// Something was done at the terminal.
    fn input(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Key(key) => self.key(key),
            Input::Paste(text) => self.paste(&text),
            Input::PasteRefused { bytes } => {
                self.refuse_paste(bytes);
                vec![]
            }
            Input::Mouse(mouse) => self.mouse(mouse),
            Input::Focused(focused) => {
                self.focused = focused;
                vec![]
            }
            Input::Resized(Size { width, height }) => {
                self.size = (width, height);
                vec![]
            }
        }
    }

    /// A key: for the topmost overlay, else for a text being typed, else for a command.
    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.toasts.seen(self.now);
        // Leaving is possible from everywhere, whatever is being typed.
        if key.ctrl && key.code == Code::Char('c') {
            return self.run(Command::Quit);
        }
        if let Some(overlay) = self.overlays.last_mut() {
            let taken = overlay.key(key, self.now);
            return self.overlay_took(taken, key);
        }
        if self.is_typing() {
            return self.typed(key);
        }
        match self.settings.keymap.find(&self.scopes(), key) {
            Some(command) => self.run(command),
            None => vec![],
        }
    }

    /// What follows from an overlay's answer to a key.
    fn overlay_took(&mut self, taken: Taken, key: Key) -> Vec<Effect> {
        match taken {
            Taken::Consumed => vec![],
            Taken::Closed => {
                self.overlays.pop();
                vec![]
            }
            Taken::Run(command) => {
                self.overlays.pop();
                self.run(command)
            }
            Taken::Confirmed => self.confirmed(),
            Taken::Theme(name) => {
                self.overlays.pop();
                self.use_theme(self.settings.themes.iter().position(|theme| theme.name == name));
                vec![]
            }
            Taken::Ignored => match self.settings.keymap.find(&[Scope::Global], key) {
                Some(Command::Quit)
                    if matches!(self.overlays.last(), Some(Overlay::Log(_) | Overlay::Connections(_))) =>
                {
                    self.overlays.pop();
                    vec![]
                }
                Some(command @ (Command::Back | Command::Suspend | Command::Redraw)) => self.run(command),
                _ => vec![],
            },
        }
    }

    /// Pasted text goes where text is being typed, and never runs a key.
    fn paste(&mut self, text: &str) -> Vec<Effect> {
        let fitted = if let Some(overlay) = self.overlays.last_mut() {
            overlay.paste(text)
        } else if self.is_typing() {
            return self.typed_all(text);
        } else {
            self.toasts.warn(self.now, "nothing to paste into here: open a note or the filter first");
            return vec![];
        };
        if !fitted {
            self.refuse_paste(text.len());
        }
        vec![]
    }

    /// More was pasted than fits; none of it was kept.
    fn refuse_paste(&mut self, bytes: usize) {
        let limit = crate::ui::field::LIMIT_BYTES / 1024;
        self.toasts.warn(self.now, format!("{bytes} bytes are too much to paste here; the limit is {limit} KiB"));
    }

    /// Runs a command, unless read-only forbids it or its risk wants an answer first.
    pub(super) fn run(&mut self, command: Command) -> Vec<Effect> {
        let Some(spec) = commands::COMMANDS.iter().find(|spec| spec.command == command) else { return vec![] };
        if self.refuses(spec) {
            return vec![];
        }
        if let Some(elsewhere) = self.is_for_elsewhere(spec) {
            self.toasts.warn(self.now, elsewhere);
            return vec![];
        }
        match self.question(spec) {
            Ok(None) => self.execute(command),
            Ok(Some(confirm)) => {
                self.overlays.push(Overlay::Confirm(confirm));
                vec![]
            }
            Err(why) => {
                self.toasts.warn(self.now, why);
                vec![]
            }
        }
    }

    /// Why a command that was asked for by name does nothing here: what it would act on is not what is looked at.
    fn is_for_elsewhere(&self, spec: &Spec<Command>) -> Option<String> {
        let name = spec.name;
        let goes = |pane: &str| by_key(self.settings.keymap.keys(pane));
        if let Command::Lab(_) = spec.command {
            let is_elsewhere = self.focus != Pane::Lab && !self.settings.labs.is_empty();
            return is_elsewhere.then(|| format!("{name} is for the lab{}", goes("lab")));
        }
        if let Command::CloudVision(command) = spec.command {
            let (here, there) = (self.focus.place(), command.place());
            let is_elsewhere = spec.writes && (here.is_none() || there.is_some_and(|there| here != Some(there)));
            return (is_elsewhere && !self.settings.cloudvision.is_empty()).then(|| match there {
                Some(Place::Deploys) => format!("{name} is for the targets{}", goes("deploys")),
                Some(Place::Changes) | None => format!("{name} is for the change controls{}", goes("changes")),
            });
        }
        let Command::Maintenance(command) = spec.command else { return None };
        if self.focus != Pane::Maintenances && command.acts_on_what_is_shown() {
            return Some(format!("{name} is for the maintenances{}", goes("maintenances")));
        }
        let here = self.maintenance.scopes();
        // The filter closes what is opened above its list.
        if command == maintenance::pane::Command::Filter || spec.scopes.iter().any(|scope| here.contains(scope)) {
            return None;
        }
        let places: Vec<&str> = spec.scopes.iter().map(|scope| scope.place()).collect();
        Some(format!("{name} is for {}", places.join(" or ")))
    }

    /// Whether read-only forbids it, which is said.
    fn refuses(&mut self, spec: &Spec<Command>) -> bool {
        // What the configuration forbids is not asked about either.
        let lifts = spec.command == Command::ReadWrite && self.configured_read_only().is_some();
        let refuses = lifts || spec.writes && self.is_read_only();
        if refuses {
            let why = self.why_read_only();
            self.toasts.warn(self.now, format!("{} is refused: {why}", spec.name));
        }
        refuses
    }

    /// Why backends are not written to, and what allows it where the screen can.
    pub(super) fn why_read_only(&self) -> String {
        let configured = self.configured_read_only().map(|why| format!("read-only, since {why}"));
        configured.unwrap_or_else(|| "read-only; :read-write allows writing".to_owned())
    }

    /// What to ask before a row of the table runs: it follows from the row's risk, and from whether the thing that it is
    /// about belongs to production. Or why it does not run.
    fn question(&mut self, spec: &Spec<Command>) -> Result<Option<Confirm>, String> {
        if matches!(spec.risk, Risk::None | Risk::Undoable) {
            return Ok(None);
        }
        if let Command::Lab(command) = spec.command {
            return self.question_of_lab(command, spec.risk);
        }
        let Command::CloudVision(command) = spec.command else {
            // Without contexts there is no name to say or to type: the command's own stands in for it.
            let context = self.context().map(|context| context.name.clone());
            let question = match &context {
                Some(name) => format!("{} on {name}?", spec.help),
                None => format!("{}?", spec.help),
            };
            let word = (spec.risk == Risk::TypeName).then(|| context.unwrap_or_else(|| spec.name.to_owned()));
            return Ok(Some(Confirm::new(Confirmed::Run(spec.command), question, word, self.now)));
        };
        let place = self.turn_to(command);
        let aim = self.cloudvision.aim(command, place, &self.settings.look(self.zone, self.now))?;
        if aim.is_harmless || (spec.risk == Risk::Production && !aim.production) {
            return Ok(None);
        }
        let word = (aim.production || spec.risk == Risk::TypeName).then_some(aim.word);
        let confirm = Confirm::new(Confirmed::CloudVision(aim.request), aim.question, word, self.now);
        Ok(Some(Confirm { lines: aim.lines, production: aim.production, ..confirm }))
    }

    /// What to ask before something is done to a lab.
    fn question_of_lab(&self, command: lab::pane::Command, risk: Risk) -> Result<Option<Confirm>, String> {
        let aim = self.lab.aim(command, &self.settings.look(self.zone, self.now))?;
        let Some(request) = aim.request else { return Ok(None) };
        let word = (aim.production || risk == Risk::TypeName).then_some(aim.word);
        let confirm = Confirm::new(Confirmed::Lab(Box::new(request)), aim.question, word, self.now);
        Ok(Some(Confirm { lines: aim.lines, production: aim.production, ..confirm }))
    }

    /// Focuses on the pane in which a command of CloudVision makes sense.
    fn turn_to(&mut self, command: cloudvision::pane::Command) -> Place {
        let place = command.place().or(self.focus.place()).unwrap_or(Place::Changes);
        self.focus = pane_of(place);
        self.fit();
        place
    }

    /// The question on top was answered: what it was about is done, exactly as it was shown.
    fn confirmed(&mut self) -> Vec<Effect> {
        let Some(Overlay::Confirm(confirm)) = self.overlays.pop() else { return vec![] };
        // The configuration may have become read-only while the question stood there.
        if self.is_read_only() && !matches!(confirm.then, Confirmed::Run(_)) {
            self.toasts.warn(self.now, format!("refused: {}", self.why_read_only()));
            return vec![];
        }
        match confirm.then {
            Confirmed::Run(command) => self.execute(command),
            Confirmed::Lab(request) => {
                let outcome = self.lab.carry_out(*request);
                self.of_lab(outcome)
            }
            Confirmed::CloudVision(request) => {
                let outcome = self.cloudvision.carry_out(request, self.now);
                self.of_cloudvision(outcome)
            }
        }
    }

    /// Does it.
    fn execute(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => {
                let outcome = self.maintenance.leaving();
                let mut effects = self.of_maintenance(outcome);
                effects.push(Effect::Quit);
                return effects;
            }
            Command::Suspend => return vec![Effect::Suspend],
            Command::Redraw => {
                let mut effects = vec![Effect::Redraw];
                effects.extend(requests(self.maintenance.refresh(self.now)));
                effects.extend(self.cloudvision.ask_again().into_iter().map(Effect::CloudVision));
                effects.extend(self.lab.ask_again().into_iter().map(Effect::Lab));
                return effects;
            }
            Command::Back => return self.back(),
            Command::Help => {
                let help = Help { scopes: self.scopes(), search: crate::ui::field::Field::line(""), cursor: 0 };
                self.overlays.push(Overlay::Help(help));
            }
            Command::Palette => {
                let themes = self.settings.themes.iter().map(|theme| theme.name.clone()).collect();
                self.overlays.push(Overlay::Palette(Palette::new(themes, self.scopes())));
            }
            Command::Log => {
                self.log_read = self.log.said();
                self.overlays.push(Overlay::Log(0));
            }
            Command::Connections => self.overlays.push(Overlay::Connections(0)),
            Command::TimeZone => self.switch_zone(),
            Command::Theme => self.switch_theme(),
            Command::Mouse => {
                self.settings.mouse = !self.settings.mouse;
                self.toasts
                    .done(self.now, if self.settings.mouse { "mouse on; shift selects text" } else { "mouse off" });
                return vec![Effect::SetMouse(self.settings.mouse)];
            }
            Command::ReadOnly => {
                self.chosen_read_only = true;
                self.toasts.done(self.now, "read-only: writing to backends is refused; notes stay possible");
            }
            Command::ReadWrite => {
                self.chosen_read_only = false;
                self.toasts.done(self.now, "writing to backends is allowed");
            }
            Command::Context => self.switch_context(),
            Command::Focus(pane) => self.focus = pane,
            Command::NextPane => self.focus = self.neighbour(1),
            Command::PreviousPane => self.focus = self.neighbour(Pane::ALL.len() - 1),
            Command::Zoom if self.can_zoom() => self.zoomed = !self.zoomed,
            Command::Zoom => self.toasts.warn(self.now, "what is opened has the screen to itself already"),
            Command::Move(motion) => return self.moved(motion),
            Command::Maintenance(command) => {
                self.focus = Pane::Maintenances;
                self.fit();
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.maintenance.run(command, &look);
                return self.of_maintenance(outcome);
            }
            Command::CloudVision(command) => {
                let place = self.turn_to(command);
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.cloudvision.run(command, place, &look);
                return self.of_cloudvision(outcome);
            }
            Command::Lab(command) => {
                self.focus = Pane::Lab;
                self.fit();
                let may_write = !self.is_read_only();
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.lab.run(command, &look, may_write);
                return self.of_lab(outcome);
            }
        }
        vec![]
    }

    /// One level up: the overlay, what is opened in the pane, the zoom.
    fn back(&mut self) -> Vec<Effect> {
        if self.overlays.pop().is_some() {
            return vec![];
        }
        if let Some(effects) = self.back_in_pane() {
            return effects;
        }
        self.zoomed = false;
        vec![]
    }

    /// The pane so many places on.
    fn neighbour(&self, places: usize) -> Pane {
        Pane::ALL.get((self.focus as usize + places) % Pane::ALL.len()).copied().unwrap_or(self.focus)
    }

    /// UTC ↔ local.
    fn switch_zone(&mut self) {
        self.zone = if self.zone == Zone::Utc { self.settings.local_zone } else { Zone::Utc };
        let text = if self.settings.local_zone == Zone::Utc {
            "this machine's own zone is UTC; time_zone in the configuration names another".to_owned()
        } else {
            format!("times in {}", self.zone.name(self.now))
        };
        self.toasts.done(self.now, text);
    }

    /// The next theme.
    fn switch_theme(&mut self) {
        let themes = &self.settings.themes;
        let at = themes
            .iter()
            .position(|theme| theme.name == self.settings.theme.name)
            .map_or(0, |at| (at + 1) % themes.len());
        self.use_theme(Some(at));
    }

    /// The theme at this place, unless the configuration has just dropped it.
    fn use_theme(&mut self, at: Option<usize>) {
        if let Some(theme) = at.and_then(|at| self.settings.themes.get(at)).cloned() {
            self.toasts.done(self.now, format!("theme {}", theme.name));
            self.settings.theme = theme;
        }
    }

    /// The next context, with its own rule about writing.
    fn switch_context(&mut self) {
        if self.settings.contexts.len() < 2 {
            self.toasts.warn(self.now, "there is only one context; [[context]] in the configuration adds another");
            return;
        }
        self.context = (self.context + 1) % self.settings.contexts.len();
        self.show_backends_of_context();
        let name = self.context().map_or("", |context| &context.name);
        self.toasts.done(self.now, format!("context {name}"));
    }

    /// Shows the CloudVision and the lab that the context works with: what the header names is what is acted on.
    pub(super) fn show_backends_of_context(&mut self) {
        if let Some(name) = self.context().and_then(|context| context.lab.clone()) {
            self.lab.show_lab(&name);
        }
        if let Some(name) = self.context().and_then(|context| context.cloudvision.clone()) {
            self.cloudvision.show_instance(&name);
        }
    }

    /// The configuration changed: everything it decides is taken over, what the user chose on the screen stays.
    fn reconfigure(&mut self, settings: Settings) -> Vec<Effect> {
        let name = self.context().map(|context| context.name.clone());
        let mouse = settings.mouse != self.settings.mouse;
        let configured_zone = self.settings.configured_zone;
        let chosen = (self.settings.theme != self.configured_theme).then(|| self.settings.theme.clone());
        let unchanged = settings.theme == self.configured_theme;
        self.configured_theme = settings.theme.clone();
        self.settings = settings;
        if let (Some(chosen), true) = (chosen, unchanged) {
            self.settings.theme = chosen;
        }
        self.context =
            name.and_then(|name| self.settings.contexts.iter().position(|context| context.name == name)).unwrap_or(0);
        self.zone = match (self.settings.configured_zone, self.zone) {
            // The zone is what was changed: it counts more than what was chosen before.
            (new, _) if new != configured_zone => new.unwrap_or_default(),
            (_, Zone::Utc) => Zone::Utc,
            (_, Zone::Named(_)) => self.settings.local_zone,
        };
        self.maintenance.set_who(&self.settings.who);
        self.maintenance.set_sources(&self.settings.mail_sources);
        self.cloudvision.set_instances(&self.settings.cloudvision, self.now);
        self.lab.set_labs(&self.settings.labs, &self.settings.connect);
        self.show_backends_of_context();
        self.toasts.done(self.now, "the configuration was read again");
        let mut effects = vec![Effect::Redraw];
        effects.extend(mouse.then_some(Effect::SetMouse(self.settings.mouse)));
        effects
    }

    /// Clicks focus, select and open; the wheel scrolls what is under it without moving the focus.
    fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        let Mouse { action, column, row, .. } = mouse;
        if !self.overlays.is_empty() {
            return match action {
                MouseAction::WheelUp => self.key(Key::plain(Code::Up)),
                MouseAction::WheelDown => self.key(Key::plain(Code::Down)),
                MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) => vec![],
            };
        }
        let Some(layout) = self.layout() else { return vec![] };
        match action {
            MouseAction::WheelUp => self.wheel(&layout, column, row, -WHEEL),
            MouseAction::WheelDown => self.wheel(&layout, column, row, WHEEL),
            MouseAction::Press(Button::Left) => self.click(&layout, column, row),
            MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) => vec![],
        }
    }

    /// The wheel turned over a pane.
    fn wheel(&mut self, layout: &Layout, column: u16, row: u16, lines: isize) -> Vec<Effect> {
        match layout.pane_at(column, row) {
            Some((pane, area)) => self.wheel_over(pane, column.saturating_sub(area.x), lines),
            None => vec![],
        }
    }

    /// A click: on the header, a tab, a hint of the footer, or a pane.
    fn click(&mut self, layout: &Layout, column: u16, row: u16) -> Vec<Effect> {
        if row == layout.header.y {
            return self.run(Command::Connections);
        }
        if row == layout.footer.y {
            let hit = super::view::hints(self).into_iter().find(|hint| hint.columns.contains(&column));
            return hit.map_or_else(Vec::new, |hint| self.run(hint.command));
        }
        if layout.tabs.is_some_and(|tabs| tabs.y == row) {
            let hit = super::view::tabs(self).into_iter().find(|tab| tab.columns.contains(&column));
            return hit.map_or_else(Vec::new, |tab| self.run(Command::Focus(tab.pane)));
        }
        let Some((pane, area)) = layout.pane_at(column, row) else { return vec![] };
        self.focus = pane;
        if row <= area.y {
            return vec![];
        }
        self.click_into(pane, column.saturating_sub(area.x), usize::from(row - area.y - 1))
    }
}

/// `: 1 goes there`, with the first of the keys.
fn by_key(keys: &[Key]) -> String {
    keys.first().map_or_else(String::new, |key| format!(": {key} goes there"))
}

/// What the maintenances ask for as effects.
pub(super) fn requests(requests: impl IntoIterator<Item = impl Into<maintenance::worker::Request>>) -> Vec<Effect> {
    requests.into_iter().map(|request| Effect::Maintenance(request.into())).collect()
}
