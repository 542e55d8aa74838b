//! Which feature a pane belongs to: every place where the application hands something to a pane goes through here.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::commands::Command;
use super::{Effect, Model, Pane};
use crate::command::{Motion, Scope};
use crate::features::cloudvision::pane::Place;
use crate::features::{cloudvision, lab, maintenance};
use crate::key::Key;
use crate::ui::outcome::{Outcome, Say};
use crate::ui::page::{Span, Title};

impl Pane {
    /// Its place among the panes of CloudVision, if it is one of them.
    pub(super) fn place(self) -> Option<Place> {
        match self {
            Self::Deploys => Some(Place::Deploys),
            Self::Changes => Some(Place::Changes),
            Self::Maintenances | Self::Lab | Self::Consoles => None,
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
        self.apply(outcome, Effect::CloudVision)
    }

    /// The same for the labs.
    pub(super) fn of_lab(&mut self, outcome: lab::pane::Outcome) -> Vec<Effect> {
        self.apply(outcome, Effect::Lab)
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

    /// Tells the panes how much room they have, so that scrolling and drawing agree.
    pub(super) fn fit(&mut self) {
        let Some(layout) = self.layout() else { return };
        for (pane, area) in layout.panes {
            let (columns, rows) = (area.width, area.height.saturating_sub(1));
            let look = self.settings.look(self.zone, self.now);
            match (pane, pane.place()) {
                (Pane::Maintenances, _) => {
                    self.maintenance.fit(columns, rows);
                    self.maintenance.lay_out(&look);
                }
                (_, Some(place)) => self.cloudvision.fit(place, columns, rows, &look),
                (Pane::Lab, None) => self.lab.fit(columns, rows, &look),
                (_, None) => {}
            }
        }
    }

    /// Whether the focused pane shows an opened thing, which takes the whole body.
    pub(super) fn is_opened(&self) -> bool {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => self.maintenance.is_opened(),
            (_, Some(place)) => self.cloudvision.is_opened(place),
            (Pane::Lab, None) => self.lab.is_opened(),
            (_, None) => false,
        }
    }

    /// Whether text is being typed in the focused pane.
    pub(super) fn is_typing(&self) -> bool {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => self.maintenance.is_typing(),
            (_, Some(place)) => self.cloudvision.is_typing(place),
            (Pane::Lab, None) => self.lab.is_typing(),
            (_, None) => false,
        }
    }

    /// A key for the text that is being typed in the focused pane.
    pub(super) fn typed(&mut self, key: Key) -> Vec<Effect> {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.typed(key, self.now);
                self.of_maintenance(outcome)
            }
            (_, Some(_)) => {
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.cloudvision.typed(key, &look);
                self.of_cloudvision(outcome)
            }
            (Pane::Lab, None) => {
                // A form that is sent off writes, whatever was allowed when it was opened.
                if self.is_read_only() && key.code == crate::key::Code::Enter && self.lab.is_form() {
                    let why = self.why_read_only();
                    self.toasts.warn(self.now, format!("refused: {why}"));
                    return vec![];
                }
                let outcome = self.lab.typed(key);
                self.of_lab(outcome)
            }
            (_, None) => vec![],
        }
    }

    /// Pasted text for it.
    pub(super) fn typed_all(&mut self, text: &str) -> Vec<Effect> {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.paste(text, self.now);
                self.of_maintenance(outcome)
            }
            (_, Some(_)) => {
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.cloudvision.paste(text, &look);
                self.of_cloudvision(outcome)
            }
            (Pane::Lab, None) => {
                let outcome = self.lab.paste(text);
                self.of_lab(outcome)
            }
            (_, None) => vec![],
        }
    }

    /// The keys of what is being typed and what they do.
    pub(super) fn editor_keys(&self) -> Option<&'static [(&'static str, &'static str)]> {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => self.maintenance.editor_keys(),
            (_, Some(place)) => self.cloudvision.editor_keys(place),
            (Pane::Lab, None) => self.lab.editor_keys(),
            (_, None) => None,
        }
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::with_capacity(4);
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => scopes.extend(self.maintenance.scopes()),
            // Without a CloudVision there is nothing to act on or to move through.
            (_, Some(place)) if !self.settings.cloudvision.is_empty() => scopes.extend(self.cloudvision.scopes(place)),
            (Pane::Lab, None) if !self.settings.labs.is_empty() => scopes.extend(self.lab.scopes()),
            (_, Some(_) | None) => {}
        }
        scopes.extend([Scope::Dashboard, Scope::Global]);
        scopes
    }

    /// One level up in the focused pane; `None` where it is at its list already.
    pub(super) fn back_in_pane(&mut self) -> Option<Vec<Effect>> {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.back(self.now)?;
                Some(self.of_maintenance(outcome))
            }
            (_, Some(place)) => {
                let outcome = self.cloudvision.back(place)?;
                Some(self.of_cloudvision(outcome))
            }
            (Pane::Lab, None) => {
                let outcome = self.lab.back()?;
                Some(self.of_lab(outcome))
            }
            (_, None) => None,
        }
    }

    /// The cursor moved.
    pub(super) fn moved(&mut self, motion: Motion) -> Vec<Effect> {
        match (self.focus, self.focus.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.moved(motion, self.now);
                self.of_maintenance(outcome)
            }
            (_, Some(place)) => {
                let outcome = self.cloudvision.moved(place, motion);
                self.of_cloudvision(outcome)
            }
            (Pane::Lab, None) => {
                let outcome = self.lab.moved(motion);
                self.of_lab(outcome)
            }
            (_, None) => vec![],
        }
    }

    /// The wheel turned over a pane, at this column of it.
    pub(super) fn wheel_over(&mut self, pane: Pane, column: u16, lines: isize) -> Vec<Effect> {
        match (pane, pane.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.wheel(lines);
                self.of_maintenance(outcome)
            }
            (_, Some(place)) => {
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.cloudvision.wheel(place, column, lines, &look);
                self.of_cloudvision(outcome)
            }
            (Pane::Lab, None) => {
                let outcome = self.lab.wheel(lines);
                self.of_lab(outcome)
            }
            (_, None) => vec![],
        }
    }

    /// A click into a pane, at this column and line below its title.
    pub(super) fn click_into(&mut self, pane: Pane, column: u16, line: usize) -> Vec<Effect> {
        match (pane, pane.place()) {
            (Pane::Maintenances, _) => {
                let outcome = self.maintenance.click(line);
                self.of_maintenance(outcome)
            }
            (_, Some(place)) => {
                let look = self.settings.look(self.zone, self.now);
                let outcome = self.cloudvision.click(place, column, line, &look);
                self.of_cloudvision(outcome)
            }
            (Pane::Lab, None) => {
                let outcome = self.lab.click(line);
                self.of_lab(outcome)
            }
            (_, None) => vec![],
        }
    }

    /// The figures of a pane's title, in the order of their weight.
    pub(super) fn heading(&self, pane: Pane) -> Vec<String> {
        match (pane, pane.place()) {
            (Pane::Maintenances, _) => self.maintenance.heading(),
            (_, Some(place)) => self.cloudvision.heading(place),
            (Pane::Lab, None) => self.lab.heading(self.now),
            (_, None) => vec![],
        }
    }

    /// What else stands beside a pane's name.
    pub(super) fn emblem(&self, pane: Pane) -> Vec<Span> {
        match (pane, pane.place()) {
            (_, Some(_)) => self.cloudvision.badge_of_instance(),
            (Pane::Lab, None) => self.lab.badge_of_lab(),
            (_, None) => vec![],
        }
    }

    /// The number on a pane's tab.
    pub(super) fn badge(&self, pane: Pane) -> Option<String> {
        match (pane, pane.place()) {
            (Pane::Maintenances, _) => self.maintenance.badge(),
            (_, Some(place)) => self.cloudvision.badge(place),
            (Pane::Lab, None) => self.lab.badge(),
            (_, None) => None,
        }
    }

    /// The title of what is opened in a pane.
    pub(super) fn title(&self, pane: Pane) -> Option<Title> {
        match (pane, pane.place()) {
            (Pane::Maintenances, _) => maintenance::pane::view::title(&self.maintenance, &self.look()),
            (_, Some(place)) => cloudvision::pane::view::title(&self.cloudvision, place, &self.look()),
            (Pane::Lab, None) => lab::pane::view::title(&self.lab, &self.look()),
            (_, None) => None,
        }
    }

    /// The word for a command in the footer; `None` where it makes no sense now.
    pub(super) fn hint(&self, command: Command, word: &'static str) -> Option<&'static str> {
        match (command, self.focus.place()) {
            (Command::Maintenance(command), _) => self.maintenance.hint(command, word),
            (Command::CloudVision(command), Some(place)) => self.cloudvision.hint(place, command, word),
            (Command::Lab(command), _) => self.lab.hint(command, word),
            (Command::Back, _) => self.is_opened().then_some(word),
            (Command::Zoom, _) => self.can_zoom().then_some(word),
            _ => Some(word),
        }
    }

    /// Deployments that end with noctui.
    pub(crate) fn deployments_under_way(&self) -> usize {
        self.cloudvision.under_way()
    }

    /// Changes of labs that are being carried out.
    pub(crate) fn lab_changes_under_way(&self) -> usize {
        self.lab.under_way()
    }

    /// Draws what a pane shows below its title; returns where text is being typed.
    pub(super) fn draw_inner(&self, pane: Pane, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let focused = self.focus == pane;
        let look = self.look();
        let absent = self.settings.absent.get(pane as usize).and_then(Option::as_deref);
        match (pane, pane.place(), absent) {
            (Pane::Maintenances, ..) => {
                maintenance::pane::view::draw(&self.maintenance, &look, absent, focused, area, buffer)
            }
            (_, Some(place), None) => {
                cloudvision::pane::view::draw(&self.cloudvision, place, &look, focused, area, buffer)
            }
            (Pane::Lab, None, None) => lab::pane::view::draw(&self.lab, &look, focused, area, buffer),
            (_, _, Some(line)) => {
                super::view::draw_absent(self, line, area, buffer);
                None
            }
            (_, None, None) => None,
        }
    }
}
