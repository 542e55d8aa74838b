//! What stands between a command and its doing: another pane, read-only, a question.

use super::commands::{COMMANDS, Command};
use super::overlay::{Confirm, Confirmed, Overlay};
use super::panes::pane_of;
use super::{Effect, Model, Pane};
use crate::command::{Risk, Spec};
use crate::features::cloudvision::pane::{Aim, Deed, Place};
use crate::features::{cloudvision, console, lab, maintenance};
use crate::key::{Code, Key};
use crate::ui::line::fit;
use crate::ui::page::Span;
use crate::ui::theme::Role;

/// Deployments that are named before noctui is left.
const LEFT_NAMED: usize = 6;
/// Cells of a target's name in that question.
const LEFT_CELLS: usize = 28;

/// What a question says.
struct Asked {
    /// It, naming the object.
    question: String,
    /// What more there is to know.
    lines: Vec<Span>,
    /// What is typed where that is demanded.
    word: String,
}

impl Model {
    /// Why a command that was asked for by name does nothing here: what it would act on is not what is looked at.
    pub(super) fn is_for_elsewhere(&self, spec: &Spec<Command>) -> Option<String> {
        let name = spec.name;
        let goes = |pane: &str| by_key(self.settings.keymap.keys(pane));
        if let Command::Lab(_) = spec.command {
            let is_elsewhere = self.focus != Pane::Lab && !self.settings.labs.is_empty();
            return is_elsewhere.then(|| format!("{name} is for the lab{}", goes("lab")));
        }
        if let Command::Console(_) = spec.command {
            let is_elsewhere = self.focus != Pane::Consoles && spec.writes;
            return is_elsewhere.then(|| format!("{name} is for the machines{}", goes("consoles")));
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

    /// What is said to a key that changes something elsewhere among the maintenances and means nothing here. Of those that only
    /// move or show nothing is said.
    pub(super) fn belongs_elsewhere(&self, key: Key) -> Option<String> {
        let is_of_it = |spec: &&Spec<Command>| {
            let changes = matches!(spec.command, Command::Maintenance(_)) && spec.risk != Risk::None;
            changes && self.settings.keymap.keys(spec.name).contains(&key)
        };
        let spec = COMMANDS.iter().find(is_of_it).filter(|_| self.focus == Pane::Maintenances)?;
        Some(format!("{key}: {}", self.is_for_elsewhere(spec)?))
    }

    /// Whether read-only forbids it, which is said.
    pub(super) fn refuses(&mut self, spec: &Spec<Command>) -> bool {
        // What the configuration forbids is not asked about either.
        let lifts = spec.command == Command::ReadWrite && self.configured_read_only().is_some();
        let refuses = lifts || self.forbids(spec);
        if refuses {
            let why = self.why_read_only();
            // Of a machine's keys as the footer says it.
            let is_of_console = matches!(spec.command, Command::Console(_));
            let what = if is_of_console && !spec.hint.is_empty() { spec.hint } else { spec.name };
            let what = what.strip_prefix("console-").filter(|_| is_of_console).unwrap_or(what);
            self.toasts.warn(self.now, format!("{what} is refused: {why}"));
        }
        refuses
    }

    /// Whether read-only forbids it: then the footer does not offer it either.
    pub(crate) fn forbids(&self, spec: &Spec<Command>) -> bool {
        spec.writes && self.is_read_only() && !self.only_ends(spec)
    }

    /// Whether a command does no more than end what is under way: nobody is kept from that.
    fn only_ends(&self, spec: &Spec<Command>) -> bool {
        spec.command == Command::CloudVision(cloudvision::pane::Command::Do(Deed::Cancel)) && {
            let look = self.settings.look(self.zone, self.now);
            self.cloudvision.aim(Deed::Cancel, Place::Deploys, &look).is_ok_and(|aim| aim.is_harmless)
        }
    }

    /// Whether read-only forbids what a key would send off, which is said: a form writes, whatever was allowed when it was
    /// opened.
    pub(super) fn refuses_form(&mut self, key: Key) -> bool {
        let is_sent = self.focus == Pane::Lab && self.lab.is_form() && key.code == Code::Enter;
        let refuses = is_sent && self.is_read_only();
        if refuses {
            self.toasts.warn(self.now, format!("refused: {}", self.why_read_only()));
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
    pub(super) fn question(&mut self, spec: &Spec<Command>) -> Result<Option<Confirm>, String> {
        if spec.command == Command::Quit {
            return Ok(self.question_of_leaving());
        }
        let takes = spec.command == Command::Maintenance(maintenance::pane::Command::OutboxRetry)
            && self.maintenance.is_outbox_in_conflict();
        if matches!(spec.risk, Risk::None | Risk::Undoable) && !takes {
            return Ok(None);
        }
        if let Command::Lab(command) = spec.command {
            return self.question_of_lab(command, spec.risk);
        }
        if let Command::Console(command) = spec.command {
            return self.question_of_console(command, spec.risk);
        }
        if let Command::Maintenance(
            command @ (maintenance::pane::Command::OutboxAnyway
            | maintenance::pane::Command::OutboxRetry
            | maintenance::pane::Command::OutboxDrop),
        ) = spec.command
        {
            let (request, question, more) = self.maintenance.question_of_outbox(command)?;
            let confirm = Confirm::new(Confirmed::Maintenance(request), question.to_owned(), None, self.now);
            let lines = more.into_iter().map(|line| (line, Role::Text)).collect();
            return Ok(Some(Confirm { lines, ..confirm }));
        }
        let Command::CloudVision(cloudvision::pane::Command::Do(deed)) = spec.command else {
            // Without contexts there is no name to say or to type: the command's own stands in for it.
            let context = self.context().map(|context| context.name.clone());
            let question = match &context {
                Some(name) => format!("{} on {name}?", spec.help),
                None => format!("{}?", spec.help),
            };
            let word = (spec.risk == Risk::TypeName).then(|| context.unwrap_or_else(|| spec.name.to_owned()));
            return Ok(Some(Confirm::new(Confirmed::Run(spec.command), question, word, self.now)));
        };
        let place = self.turn_to(deed.place());
        let aim = self.cloudvision.aim(deed, place, &self.settings.look(self.zone, self.now))?;
        if aim.is_harmless {
            return Ok(None);
        }
        Ok(Some(self.asked(aim, spec.risk)))
    }

    /// Whether more than consoles would end with noctui: ctrl-c asks about that, too.
    pub(crate) fn ends_deployments(&self) -> bool {
        !self.cloudvision.ends_with_noctui().is_empty()
    }

    /// The question before consoles are closed by leaving: what they said is kept nowhere.
    fn question_of_consoles(&self) -> Option<Confirm> {
        let open = self.console.open_titles();
        let what = match &open[..] {
            [] => return None,
            [one] => format!("the console {}", fit(one, LEFT_CELLS)),
            _ => format!("{} consoles", open.len()),
        };
        let mut lines: Vec<Span> = Vec::new();
        if open.len() > 1 {
            lines.push((open.iter().take(LEFT_NAMED).map(String::as_str).collect::<Vec<_>>().join(", "), Role::Text));
        }
        if open.len() > LEFT_NAMED {
            lines.push((format!("and {} more", open.len() - LEFT_NAMED), Role::Text));
        }
        lines.push(("what was said there is kept only where it is written down".to_owned(), Role::Text));
        lines.push(("ctrl-c leaves at once".to_owned(), Role::Muted));
        let confirm =
            Confirm::new(Confirmed::Run(Command::Quit), format!("Leave noctui, which closes {what}?"), None, self.now);
        Some(Confirm { lines, ..confirm })
    }

    /// The question before noctui is left while deployments are under way, which end with it, or consoles are open.
    fn question_of_leaving(&self) -> Option<Confirm> {
        let ending = self.cloudvision.ends_with_noctui();
        let many = ending.len();
        let what = match &ending[..] {
            [] => return self.question_of_consoles(),
            [one] => format!("the deployment of {}", fit(&one.target, LEFT_CELLS)),
            _ => format!("{many} deployments"),
        };
        let question = format!("Leave noctui, which ends {what}?");
        let mut lines: Vec<Span> = ending.iter().take(LEFT_NAMED).map(|it| (it.to_string(), Role::Text)).collect();
        if many > LEFT_NAMED {
            lines.push((format!("and {} more", many - LEFT_NAMED), Role::Text));
        }
        lines.push(("ctrl-c again leaves at once".to_owned(), Role::Muted));
        let production = ending.iter().any(|it| it.production);
        let confirm = Confirm::new(Confirmed::Run(Command::Quit), question, None, self.now);
        Some(Confirm { lines, production, ..confirm })
    }

    /// Whether it was just asked whether to leave.
    pub(crate) fn asks_about_leaving(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Confirm(confirm)) if confirm.is_about_leaving())
    }

    /// The question before something is done to a CloudVision: production wants a name typed.
    pub(super) fn asked(&self, aim: Aim, risk: Risk) -> Confirm {
        let then = Confirmed::CloudVision(aim.request);
        self.about_backend(
            then,
            Asked { question: aim.question, lines: aim.lines, word: aim.word },
            aim.production,
            risk,
        )
    }

    /// The question before a backend is written to. Whoever works in a production context has that meant for all that is
    /// done there, whatever the backend's own kind is; and production wants a name typed.
    fn about_backend(&self, then: Confirmed, asked: Asked, production: bool, risk: Risk) -> Confirm {
        let production = production || self.context().is_some_and(|context| context.production);
        let word = (production || risk == Risk::TypeName).then_some(asked.word);
        let confirm = Confirm::new(then, asked.question, word, self.now);
        Confirm { lines: asked.lines, production, ..confirm }
    }

    /// What to ask before something is done to a lab.
    fn question_of_lab(&self, command: lab::pane::Command, risk: Risk) -> Result<Option<Confirm>, String> {
        let aim = self.lab.aim(command, &self.settings.look(self.zone, self.now))?;
        let Some(request) = aim.request else { return Ok(None) };
        let asked = Asked { question: aim.question, lines: aim.lines, word: aim.word };
        Ok(Some(self.about_backend(Confirmed::Lab(Box::new(request)), asked, aim.production, risk)))
    }

    /// What to ask before something is done to a machine.
    fn question_of_console(&self, command: console::pane::Command, risk: Risk) -> Result<Option<Confirm>, String> {
        let aim = self.console.aim(command, &self.settings.look(self.zone, self.now))?;
        let asked = Asked { question: aim.question, lines: aim.lines, word: aim.word };
        Ok(Some(self.about_backend(Confirmed::Console(Box::new(aim.request)), asked, aim.production, risk)))
    }

    /// Focuses on the pane in which a command of CloudVision makes sense.
    pub(super) fn turn_to(&mut self, place: Option<Place>) -> Place {
        let place = place.or(self.focus.place()).unwrap_or(Place::Changes);
        self.focus = pane_of(place);
        self.fit();
        place
    }

    /// The question on top was answered: what it was about is done, exactly as it was shown.
    pub(super) fn confirmed(&mut self) -> Vec<Effect> {
        let Some(Overlay::Confirm(confirm)) = self.overlays.pop() else { return vec![] };
        // The configuration may have become read-only while the question stood there.
        if self.is_read_only() && !matches!(confirm.then, Confirmed::Run(_) | Confirmed::Maintenance(_)) {
            self.toasts.warn(self.now, format!("refused: {}", self.why_read_only()));
            return vec![];
        }
        match confirm.then {
            Confirmed::Run(command) => self.execute(command),
            // Writes to no backend.
            Confirmed::Maintenance(request) => vec![Effect::Maintenance(request)],
            Confirmed::Lab(request) => {
                let outcome = self.lab.carry_out(*request);
                self.of_lab(outcome)
            }
            Confirmed::Console(request) => {
                let outcome = self.console.carry_out(*request);
                self.of_console(outcome)
            }
            Confirmed::CloudVision(request) => {
                let outcome = self.cloudvision.carry_out(request, self.now);
                self.of_cloudvision(outcome)
            }
        }
    }
}

/// `: 1 goes there`, with the first of the keys.
fn by_key(keys: &[Key]) -> String {
    keys.first().map_or_else(String::new, |key| format!(": {key} goes there"))
}
