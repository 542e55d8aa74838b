//! What is chosen on the screen, and what a changed configuration decides anew: zone, theme, context.

use super::{Effect, Model, Settings};
use crate::ui::time::Zone;

impl Model {
    /// UTC ↔ local.
    pub(super) fn switch_zone(&mut self) {
        self.zone = if self.zone == Zone::Utc { self.settings.local_zone } else { Zone::Utc };
        if let Some(unread) = &self.settings.unread_zone {
            let name = self.zone.name(self.now);
            let text =
                format!("TZ is {unread}, which is not understood: times in {name}; time_zone takes Europe/Berlin");
            return self.toasts.warn(self.now, text);
        }
        let text = if self.settings.local_zone == Zone::Utc {
            "this machine's own zone is UTC; time_zone in the configuration names another".to_owned()
        } else {
            format!("times in {}", self.zone.name(self.now))
        };
        self.toasts.done(self.now, text);
    }

    /// The next theme.
    pub(super) fn switch_theme(&mut self) {
        let themes = &self.settings.themes;
        let at = themes
            .iter()
            .position(|theme| theme.name == self.settings.theme.name)
            .map_or(0, |at| (at + 1) % themes.len());
        self.use_theme(Some(at));
    }

    /// The theme at this place, unless the configuration has just dropped it.
    pub(super) fn use_theme(&mut self, at: Option<usize>) {
        if let Some(theme) = at.and_then(|at| self.settings.themes.get(at)).cloned() {
            self.toasts.done(self.now, format!("theme {}", theme.name));
            self.settings.theme = theme;
        }
    }

    /// The next context, with its own rule about writing.
    pub(super) fn switch_context(&mut self) {
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
    pub(super) fn reconfigure(&mut self, settings: Settings) -> Vec<Effect> {
        let name = self.context().map(|context| context.name.clone());
        let mouse = settings.mouse != self.settings.mouse;
        let configured_zone = self.settings.configured_zone;
        let chosen = (self.settings.theme != self.configured_theme).then(|| self.settings.theme.clone());
        let unchanged = settings.theme == self.configured_theme;
        self.configured_theme = settings.theme.clone();
        self.calm.clear();
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
        if !self.settings.nautobot {
            self.maintenance.forget_nautobot();
        }
        self.cloudvision.set_instances(&self.settings.cloudvision, self.now);
        self.lab.set_labs(&self.settings.labs, &self.settings.connect);
        self.console.set_view(&self.settings.consoles);
        self.show_backends_of_context();
        let is_deploying = self.deployments_under_way() > 0;
        self.toasts.done(
            self.now,
            if is_deploying {
                "the configuration was read again; targets follow when no deployment is under way"
            } else {
                "the configuration was read again"
            },
        );
        let mut effects = vec![Effect::Redraw];
        effects.extend(mouse.then_some(Effect::SetMouse(self.settings.mouse)));
        effects
    }
}
