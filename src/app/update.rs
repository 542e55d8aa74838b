//! Message → pane or overlay; dispatch only. Pure: no I/O, no clock, the time arrives with the message.

use chrono::{DateTime, Utc};
use ratatui::layout::{Rect, Size};

use super::commands::{self, Command};
use super::layout::{Layout, can_zoom, layout};
use super::overlay::{Help, Overlay, Taken};
use super::palette::Palette;
use super::{Effect, Message, Model, Pane};
use crate::command::Scope;
use crate::features::maintenance;
use crate::input::Input;
use crate::key::{Code, Key};

impl Model {
    /// Takes in what happened at `at`; returns what is wanted of the world because of it.
    pub fn update(&mut self, message: Message, at: DateTime<Utc>) -> Vec<Effect> {
        let held = self.is_read_only();
        self.now = at;
        self.hold_consoles();
        self.toasts.expire(at);
        let mut effects = match message {
            Message::Input(input) => self.input(input),
            Message::Ticked => {
                let outcome = self.maintenance.tick(at);
                let mut effects = self.of_maintenance(outcome);
                let outcome = self.lab.tick(at);
                effects.extend(self.of_lab(outcome));
                effects
            }
            Message::Maintenance(report) => {
                if report.is_answer_to_a_write() {
                    self.writing.pop_front();
                }
                let look = self.settings.look(self.zone, at);
                let outcome = self.maintenance.report(*report, &look);
                self.of_maintenance(outcome)
            }
            Message::WorkerStopped(trouble) => {
                self.writing.clear();
                self.maintenance.worker_stopped(trouble);
                vec![]
            }
            Message::WorkerStarted => {
                let mut effects = requests(self.maintenance.ask_again(at));
                effects.extend(self.hold());
                effects
            }
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
            Message::Console(report) => {
                let outcome = self.console.report(*report, at);
                self.of_console(outcome)
            }
            Message::ConsoleStopped(trouble) => {
                self.console.worker_stopped(&trouble, at);
                vec![]
            }
            Message::ConsoleStarted => self.console.ask_again().into_iter().map(Effect::Console).collect(),
            Message::Returned(returned) => {
                let outcome = self.lab.returned(returned, at);
                self.of_lab(outcome)
            }
            Message::Started { id, pid } => self.lab.started(id, pid).map(Effect::Lab).into_iter().collect(),
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
        effects.extend(self.hold_if(held));
        self.hold_consoles();
        self.calm.observe(self.present_connections(), at);
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
        let (asked, before) = (self.dialogs(), self.toasts.current().cloned());
        let effects = self.done(input);
        if self.dialogs() > asked && self.toasts.current() == before.as_ref() {
            // What was said before would stand in the place of the keys of what was opened now.
            self.toasts.dismiss();
        }
        effects
    }

    /// How many things that tell their own keys lie on top of one another.
    fn dialogs(&self) -> usize {
        self.overlays.len() + usize::from(self.editor_keys().is_some())
    }

    /// What follows from what was done at the terminal.
    fn done(&mut self, input: Input) -> Vec<Effect> {
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
    pub(super) fn key(&mut self, key: Key) -> Vec<Effect> {
        self.toasts.seen(self.now);
        // A machine that has the keyboard has all of it, but for the key that leaves.
        if self.overlays.is_empty() && self.layout().is_some() && self.takes_every_key() {
            return self.typed(key);
        }
        if self.overlays.is_empty()
            && self.layout().is_some()
            && let Some(effects) = self.typed_behind_drop(key)
        {
            return effects;
        }
        // Leaving is possible from everywhere else, whatever is being typed, and for the second time without a question.
        if key.ctrl && key.code == Code::Char('c') {
            let asks = self.ends_deployments() && !self.asks_about_leaving();
            return if asks { self.run(Command::Quit) } else { self.execute(Command::Quit) };
        }
        if self.layout().is_none() {
            return self.key_unseen(key);
        }
        if let Some(overlay) = self.overlays.last_mut() {
            let taken = overlay.key(key, self.now);
            return self.overlay_took(taken, key);
        }
        if self.is_typing() {
            // The shell is wanted in the midst of a sentence, too; what was typed is there when it is left.
            let global = self.settings.keymap.find(&[Scope::Global], key).filter(|_| key.ctrl);
            return if global == Some(Command::Suspend) { self.run(Command::Suspend) } else { self.typed(key) };
        }
        if let Some(effects) = self.escape_again(key) {
            return effects;
        }
        if let Some(command) = self.settings.keymap.find(&self.scopes(), key) {
            return self.run_by(key, command);
        }
        if let Some(elsewhere) = self.belongs_elsewhere(key) {
            self.toasts.warn(self.now, elsewhere);
        }
        vec![]
    }

    /// A key where the terminal is too small to show anything: nobody sees what it would be about, so that it can only
    /// leave, stop or draw anew. A text that is being typed or a question on top takes letters, which then do nothing.
    fn key_unseen(&mut self, key: Key) -> Vec<Effect> {
        let takes_letters = self.is_typing() || !self.overlays.is_empty();
        match self.settings.keymap.find(&[Scope::Global], key) {
            Some(command @ (Command::Suspend | Command::Redraw)) if !takes_letters || key.ctrl => self.run(command),
            Some(Command::Quit) if !takes_letters || key.ctrl => self.run(Command::Quit),
            _ => vec![],
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
            Taken::RunWith(command, words) => {
                self.overlays.pop();
                self.run_with(command, &words)
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
        if self.layout().is_none() {
            return vec![];
        }
        let fitted = if let Some(overlay) = self.overlays.last_mut() {
            overlay.paste(text)
        } else if self.is_typing() {
            return self.typed_all(text);
        } else {
            let of_console = (self.focus == Pane::Consoles).then(|| self.console.why_no_paste()).flatten();
            let why =
                of_console.unwrap_or_else(|| "nothing to paste into here: open a note or the filter first".to_owned());
            self.toasts.warn(self.now, why);
            return vec![];
        };
        if !fitted {
            self.refuse_paste(text.len());
        }
        vec![]
    }

    /// More was pasted than fits; none of it was kept.
    fn refuse_paste(&mut self, bytes: usize) {
        self.toasts.warn(self.now, crate::ui::field::no_room(bytes));
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

    /// Runs a command with what was typed behind its name.
    #[expect(clippy::wildcard_enum_match_arm, reason = "few commands take anything")]
    fn run_with(&mut self, command: Command, words: &str) -> Vec<Effect> {
        match command {
            Command::Theme => self.use_theme(self.settings.themes.iter().position(|theme| theme.name == words)),
            Command::Maintenance(maintenance::pane::Command::Sort) => {
                self.focus = Pane::Maintenances;
                self.fit();
                let outcome = self.maintenance.sort_by(words, self.now);
                return self.of_maintenance(outcome);
            }
            _ => return self.run_and_type(command, words),
        }
        vec![]
    }

    /// Runs a command that opens a text, and types into it: a filter becomes these words and is done, a note begins with
    /// them, or goes on so.
    fn run_and_type(&mut self, command: Command, words: &str) -> Vec<Effect> {
        let mut effects = self.run(command);
        // It may have said why not.
        if !self.is_typing() {
            return effects;
        }
        let is_note = command == Command::Maintenance(maintenance::pane::Command::Note);
        let key = |code, ctrl| Key { code, ctrl, alt: false, shift: false };
        if !is_note {
            effects.extend(self.typed(key(Code::Char('u'), true)));
        }
        effects.extend(self.typed_all(words));
        if !is_note {
            effects.extend(self.typed(key(Code::Enter, false)));
        }
        effects
    }

    /// Does it.
    pub(super) fn execute(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => {
                let mut effects = self.leaving();
                effects.push(Effect::Quit);
                return effects;
            }
            Command::Suspend => return vec![Effect::Suspend],
            Command::Redraw => {
                let mut effects = vec![Effect::Redraw];
                effects.extend(requests(self.maintenance.refresh(self.now)));
                effects.extend(self.cloudvision.ask_again().into_iter().map(Effect::CloudVision));
                effects.extend(self.lab.ask_again().into_iter().map(Effect::Lab));
                effects.extend(self.console.ask_again().into_iter().map(Effect::Console));
                return effects;
            }
            Command::Back => return self.back(),
            Command::Help => {
                let help = Help::of(&self.scopes(), &self.settings.keymap);
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
                let place = self.turn_to(command.place());
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
            Command::Console(command) => {
                self.focus = Pane::Consoles;
                self.fit();
                let had_keyboard = self.takes_every_key();
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.console.run(command, &look);
                if !had_keyboard && self.takes_every_key() {
                    self.toasts.dismiss();
                }
                return self.of_console(outcome);
            }
        }
        vec![]
    }

    /// noctui ends, whoever ended it: what is being typed is kept.
    pub fn leaving(&mut self) -> Vec<Effect> {
        let outcome = self.maintenance.leaving();
        self.of_maintenance(outcome)
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
}

/// What the maintenances ask for as effects.
pub(super) fn requests(requests: impl IntoIterator<Item = impl Into<maintenance::worker::Request>>) -> Vec<Effect> {
    requests.into_iter().map(|request| Effect::Maintenance(request.into())).collect()
}
