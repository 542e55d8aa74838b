//! Which feature a pane belongs to: every place where the application hands something to a pane goes through here.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::commands::Command;
use super::overlay::Overlay;
use super::{Effect, Model, Pane};
use crate::command::{Motion, Risk, Scope};
use crate::config::Pictures;
use crate::features::cloudvision::pane::Place;
use crate::features::console::rfb::Frame;
use crate::features::{cloudvision, console, lab, maintenance};
use crate::input::MouseAction;
use crate::key::Key;
use crate::ui::Look;
use crate::ui::outcome::{Outcome, Say};
use crate::ui::page::{Span, Title};

/// Whose a pane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The maintenances'.
    Maintenances,
    /// CloudVision's, which has several.
    CloudVision(Place),
    /// The labs'.
    Lab,
    /// The consoles'.
    Consoles,
}

impl Pane {
    /// Whose it is.
    fn owner(self) -> Owner {
        match self {
            Self::Maintenances => Owner::Maintenances,
            Self::Deploys => Owner::CloudVision(Place::Deploys),
            Self::Changes => Owner::CloudVision(Place::Changes),
            Self::Lab => Owner::Lab,
            Self::Consoles => Owner::Consoles,
        }
    }

    /// Its place among the panes of CloudVision, if it is one of them.
    pub(super) fn place(self) -> Option<Place> {
        match self.owner() {
            Owner::CloudVision(place) => Some(place),
            Owner::Maintenances | Owner::Lab | Owner::Consoles => None,
        }
    }
}

/// The pane of a place.
pub(super) fn pane_of(place: Place) -> Pane {
    match place {
        Place::Deploys => Pane::Deploys,
        Place::Changes => Pane::Changes,
    }
}

impl Model {
    /// What the maintenances asked for, and what they want said.
    pub(super) fn of_maintenance(&mut self, outcome: maintenance::pane::Outcome) -> Vec<Effect> {
        use maintenance::worker::Request;
        let is_write = |request: &&Request| matches!(request, Request::Write(_) | Request::Export(_));
        let writes = outcome.requests.iter().filter(is_write).count();
        self.writing.extend(std::iter::repeat_n(self.now, writes));
        self.apply(outcome, Effect::Maintenance)
    }

    /// The same for CloudVision.
    pub(super) fn of_cloudvision(&mut self, outcome: cloudvision::pane::Outcome) -> Vec<Effect> {
        if let Some(aim) = self.cloudvision.take_question() {
            let confirm = self.asked(aim, Risk::Confirm);
            self.overlays.push(Overlay::Confirm(confirm));
        }
        self.apply(outcome, Effect::CloudVision)
    }

    /// The same for the labs.
    pub(super) fn of_lab(&mut self, outcome: lab::pane::Outcome) -> Vec<Effect> {
        self.apply(outcome, Effect::Lab)
    }

    /// The same for the consoles. The next picture of a screen is asked for once the last one is on the terminal.
    pub(super) fn of_console(&mut self, outcome: console::pane::Outcome) -> Vec<Effect> {
        self.apply(outcome, |request| {
            let is_seen = matches!(request, console::worker::Request::Seen { .. });
            if is_seen { Effect::AfterFrame(request) } else { Effect::Console(request) }
        })
    }

    /// What a pane asked for, and what it wants said.
    fn apply<R>(&mut self, outcome: Outcome<R>, wrap: impl Fn(R) -> Effect) -> Vec<Effect> {
        match outcome.say {
            None => {}
            Some(Say::Done(text)) => self.toasts.done(self.now, text),
            Some(Say::Warn(text)) => self.toasts.warn(self.now, text),
            Some(Say::Failed(trouble)) => self.toasts.fail(self.now, &trouble),
        }
        let errand = outcome.errand.map(Effect::Run);
        outcome.requests.into_iter().map(wrap).chain(outcome.copy.map(Effect::Copy)).chain(errand).collect()
    }

    /// Hands something to the feature behind a pane; what it asks for and wants said is seen to.
    fn hand_to(
        &mut self,
        pane: Pane,
        maintenance: impl FnOnce(&mut maintenance::pane::State, &Look<'_>) -> maintenance::pane::Outcome,
        cloudvision: impl FnOnce(&mut cloudvision::pane::State, Place, &Look<'_>) -> cloudvision::pane::Outcome,
        lab: impl FnOnce(&mut lab::pane::State) -> lab::pane::Outcome,
        console: impl FnOnce(&mut console::pane::State) -> console::pane::Outcome,
    ) -> Vec<Effect> {
        let look = self.settings.look(self.zone, self.now);
        match pane.owner() {
            Owner::Maintenances => {
                let outcome = maintenance(&mut self.maintenance, &look);
                self.of_maintenance(outcome)
            }
            Owner::CloudVision(place) => {
                let outcome = cloudvision(&mut self.cloudvision, place, &look);
                self.of_cloudvision(outcome)
            }
            Owner::Lab => {
                let outcome = lab(&mut self.lab);
                self.of_lab(outcome)
            }
            Owner::Consoles => {
                let outcome = console(&mut self.console);
                self.of_console(outcome)
            }
        }
    }

    /// Tells the panes how much room they have, so that scrolling and drawing agree.
    pub(super) fn fit(&mut self) {
        let Some(layout) = self.layout() else { return };
        for (pane, area) in layout.panes {
            let (columns, rows) = (area.width, area.height.saturating_sub(1));
            let look = self.settings.look(self.zone, self.now);
            match pane.owner() {
                Owner::Maintenances => {
                    self.maintenance.fit(columns, rows);
                    self.maintenance.lay_out(&look);
                }
                Owner::CloudVision(place) => self.cloudvision.fit(place, columns, rows, &look),
                Owner::Lab => self.lab.fit(columns, rows, &look),
                Owner::Consoles => self.console.fit(columns, rows, &look),
            }
        }
    }

    /// Whether the focused pane shows an opened thing, which takes the whole body.
    pub(super) fn is_opened(&self) -> bool {
        match self.focus.owner() {
            Owner::Maintenances => self.maintenance.is_opened(),
            Owner::CloudVision(place) => self.cloudvision.is_opened(place),
            Owner::Lab => self.lab.is_opened(),
            Owner::Consoles => self.console.is_opened(),
        }
    }

    /// Whether text is being typed in the focused pane.
    pub(super) fn is_typing(&self) -> bool {
        match self.focus.owner() {
            Owner::Maintenances => self.maintenance.is_typing(),
            Owner::CloudVision(place) => self.cloudvision.is_typing(place),
            Owner::Lab => self.lab.is_typing(),
            Owner::Consoles => self.console.is_typing(),
        }
    }

    /// Whether a machine has the keyboard.
    pub(super) fn takes_every_key(&self) -> bool {
        self.focus == Pane::Consoles && self.console.takes_every_key()
    }

    /// The key that leaves a console, pressed where it has left one already: it is sent.
    pub(super) fn escape_again(&mut self, key: Key) -> Option<Vec<Effect>> {
        let outcome = (self.focus == Pane::Consoles).then(|| self.console.escaped(key, self.now)).flatten()?;
        Some(self.of_console(outcome))
    }

    /// A key of somebody who has not seen yet that the console dropped: it does nothing.
    pub(super) fn typed_behind_drop(&mut self, key: Key) -> Option<Vec<Effect>> {
        if self.focus != Pane::Consoles || self.is_typing() {
            return None;
        }
        let outcome = self.console.typed_behind_drop(key, self.now)?;
        Some(self.of_console(outcome))
    }

    /// Runs a command that a key stands for.
    pub(super) fn run_by(&mut self, key: Key, command: Command) -> Vec<Effect> {
        self.console.set_pressed(Some(key));
        let effects = self.run(command);
        self.console.set_pressed(None);
        effects
    }

    /// A key for the text that is being typed in the focused pane.
    pub(super) fn typed(&mut self, key: Key) -> Vec<Effect> {
        if self.refuses_form(key) {
            return vec![];
        }
        let now = self.now;
        self.hand_to(
            self.focus,
            |maintenance, look| maintenance.typed(key, look.now),
            |cloudvision, _, look| cloudvision.typed(key, look),
            |lab| lab.typed(key),
            |console| console.typed(key, now),
        )
    }

    /// Pasted text for it.
    pub(super) fn typed_all(&mut self, text: &str) -> Vec<Effect> {
        self.hand_to(
            self.focus,
            |maintenance, look| maintenance.paste(text, look.now),
            |cloudvision, _, look| cloudvision.paste(text, look),
            |lab| lab.paste(text),
            |console| console.paste(text),
        )
    }

    /// The keys of what is being typed and what they do.
    pub(super) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        match self.focus.owner() {
            Owner::Maintenances => self.maintenance.editor_keys(),
            Owner::CloudVision(place) => self.cloudvision.editor_keys(place),
            Owner::Lab => self.lab.editor_keys(),
            Owner::Consoles => self.console.editor_keys(),
        }
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::with_capacity(4);
        match self.focus.owner() {
            Owner::Maintenances => scopes.extend(self.maintenance.scopes()),
            // Without a backend there is nothing to act on or to move through.
            Owner::CloudVision(_) if self.settings.cloudvision.is_empty() => {}
            Owner::CloudVision(place) => scopes.extend(self.cloudvision.scopes(place)),
            Owner::Lab if self.settings.labs.is_empty() => {}
            Owner::Lab => scopes.extend(self.lab.scopes()),
            Owner::Consoles if self.is_absent(Pane::Consoles) => {}
            Owner::Consoles => scopes.extend(self.console.scopes()),
        }
        scopes.extend([Scope::Dashboard, Scope::Global]);
        scopes
    }

    /// One level up in the focused pane; `None` where it is at its list already.
    pub(super) fn back_in_pane(&mut self) -> Option<Vec<Effect>> {
        match self.focus.owner() {
            Owner::Maintenances => {
                let outcome = self.maintenance.back(self.now)?;
                Some(self.of_maintenance(outcome))
            }
            Owner::CloudVision(place) => {
                let outcome = self.cloudvision.back(place)?;
                Some(self.of_cloudvision(outcome))
            }
            Owner::Lab => {
                let outcome = self.lab.back()?;
                Some(self.of_lab(outcome))
            }
            Owner::Consoles => {
                let outcome = self.console.back()?;
                Some(self.of_console(outcome))
            }
        }
    }

    /// The cursor moved.
    pub(super) fn moved(&mut self, motion: Motion) -> Vec<Effect> {
        self.hand_to(
            self.focus,
            |maintenance, look| maintenance.moved(motion, look.now),
            |cloudvision, place, _| cloudvision.moved(place, motion),
            |lab| lab.moved(motion),
            |console| console.moved(motion),
        )
    }

    /// The wheel turned over a pane, at this column of it.
    pub(super) fn wheel_over(&mut self, pane: Pane, column: u16, lines: isize) -> Vec<Effect> {
        self.hand_to(
            pane,
            |maintenance, _| maintenance.wheel(lines),
            |cloudvision, place, look| cloudvision.wheel(place, column, lines, look),
            |lab| lab.wheel(lines),
            |console| console.wheel(lines),
        )
    }

    /// A click into a pane, at this column and line below its title.
    pub(super) fn click_into(&mut self, pane: Pane, column: u16, line: usize) -> Vec<Effect> {
        self.hand_to(
            pane,
            |maintenance, _| maintenance.click(line),
            |cloudvision, place, look| cloudvision.click(place, column, line, look),
            |lab| lab.click(line),
            |console| console.click(column, line),
        )
    }

    /// The mouse at a console that has the keyboard, at this column and line below the title; `None` where it is noctui's.
    pub(super) fn pointed(&mut self, action: MouseAction, column: u16, line: u16) -> Option<Vec<Effect>> {
        let outcome = self.console.pointed(action, column, line)?;
        Some(self.of_console(outcome))
    }

    /// The figures of a pane's title, in the order of their weight.
    pub(super) fn heading(&self, pane: Pane) -> Vec<String> {
        match pane.owner() {
            Owner::Maintenances => self.maintenance.heading(),
            Owner::CloudVision(place) => self.cloudvision.heading(place),
            Owner::Lab => self.lab.heading(self.now),
            Owner::Consoles => self.console.heading(),
        }
    }

    /// What else stands beside a pane's name.
    pub(super) fn emblem(&self, pane: Pane) -> Vec<Span> {
        match pane.owner() {
            Owner::CloudVision(_) => self.cloudvision.badge_of_instance(),
            Owner::Lab => self.lab.badge_of_lab(),
            Owner::Consoles => self.console.badge_of_cluster(),
            Owner::Maintenances => vec![],
        }
    }

    /// The number on a pane's tab.
    pub(super) fn badge(&self, pane: Pane) -> Option<String> {
        match pane.owner() {
            Owner::Maintenances => self.maintenance.badge(),
            Owner::CloudVision(place) => self.cloudvision.badge(place),
            Owner::Lab => self.lab.badge(),
            Owner::Consoles => self.console.badge(),
        }
    }

    /// The title of what is opened in a pane.
    pub(super) fn title(&self, pane: Pane) -> Option<Title> {
        match pane.owner() {
            Owner::Maintenances => maintenance::pane::view::title(&self.maintenance, &self.look()),
            Owner::CloudVision(place) => cloudvision::pane::view::title(&self.cloudvision, place, &self.look()),
            Owner::Lab => lab::pane::view::title(&self.lab, &self.look()),
            Owner::Consoles => console::pane::view::title(&self.console, &self.look()),
        }
    }

    /// The word for a command in the footer; `None` where it makes no sense now.
    pub(super) fn hint(&self, command: Command, word: &'static str) -> Option<&'static str> {
        match (command, self.focus.place()) {
            (Command::Maintenance(command), _) => self.maintenance.hint(command, word),
            (Command::CloudVision(command), Some(place)) => self.cloudvision.hint(place, command, word, &self.look()),
            (Command::Lab(command), _) => self.lab.hint(command, word, self.now),
            (Command::Console(command), _) => self.console.hint(command, word, self.now),
            (Command::Back, _) => self.is_opened().then_some(word),
            (Command::Zoom, _) => self.can_zoom().then_some(word),
            _ => Some(word),
        }
    }

    /// The picture that is to stand on the screen in pixels, and its cells; `None` where there is none, or something lies on top.
    #[must_use]
    pub fn picture(&self) -> Option<(Rect, Arc<Frame>, Pictures)> {
        let layout = self.layout().filter(|_| self.overlays.is_empty())?;
        let (_, area) = layout.panes.into_iter().find(|(pane, _)| *pane == Pane::Consoles)?;
        let inner = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        console::pane::view::picture(&self.console, inner)
    }

    /// Whether the backend of a pane is not configured.
    fn is_absent(&self, pane: Pane) -> bool {
        self.settings.absent.get(pane as usize).is_some_and(Option::is_some)
    }

    /// Deployments that end with noctui.
    pub(crate) fn deployments_under_way(&self) -> usize {
        self.cloudvision.under_way()
    }

    /// Changes of labs that are being carried out.
    pub(crate) fn lab_changes_under_way(&self) -> usize {
        self.lab.under_way()
    }

    /// Consoles that are open.
    pub(crate) fn consoles_open(&self) -> usize {
        self.console.open_consoles()
    }

    /// What deployments may have left in CloudVision that nobody abandoned, a sentence each.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        self.cloudvision.left_behind()
    }

    /// Draws what a pane shows below its title; returns where text is being typed.
    pub(super) fn draw_inner(&self, pane: Pane, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let focused = self.focus == pane;
        let look = self.look();
        let absent = self.settings.absent.get(pane as usize).and_then(Option::as_deref);
        match (pane.owner(), absent) {
            (Owner::Maintenances, _) => {
                maintenance::pane::view::draw(&self.maintenance, &look, absent, focused, area, buffer)
            }
            (Owner::CloudVision(place), None) => {
                cloudvision::pane::view::draw(&self.cloudvision, place, &look, focused, area, buffer)
            }
            (Owner::Lab, None) => lab::pane::view::draw(&self.lab, &look, focused, area, buffer),
            (Owner::Consoles, None) => console::pane::view::draw(&self.console, &look, focused, area, buffer),
            (Owner::CloudVision(_) | Owner::Lab | Owner::Consoles, Some(line)) => {
                super::view::draw_absent(self, line, area, buffer);
                None
            }
        }
    }
}
