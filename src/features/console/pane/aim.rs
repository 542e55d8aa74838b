//! What a command that changes a machine would do, before it is asked about: exactly this is done when the answer is yes.

use super::{Command, Outcome, State, UNSEEN};
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::{Action, Vm};
use crate::features::console::keysym;
use crate::features::console::model::Row;
use crate::features::console::worker::{Health, Request, Target, Touch};
use crate::ui::Look;
use crate::ui::page::Span;
use crate::ui::theme::{Role, State as Sign};

/// A request that waits for an answer.
#[derive(Debug)]
pub(crate) struct Aim {
    /// What would be asked of the worker.
    pub(crate) request: Request,
    /// The question, naming the object.
    pub(crate) question: String,
    /// What more there is to know.
    pub(crate) lines: Vec<Span>,
    /// The word to type where that is demanded.
    pub(crate) word: String,
    /// Whether it concerns production.
    pub(crate) production: bool,
}

impl State {
    /// What a command would do now, or why it would do nothing.
    pub(crate) fn aim(&self, command: Command, look: &Look<'_>) -> Result<Aim, String> {
        if command == Command::ThreeFingers {
            return self.aim_three_fingers(look);
        }
        let Command::Act(action) = command else { return Err("nothing would be changed".to_owned()) };
        self.possible(action)?;
        let Some(Row::Vm(vm)) = self.row_on_screen() else { return Err("there is no machine here".to_owned()) };
        let cluster = self.view.cluster.as_ref().ok_or("no cluster is configured")?;
        if cluster.read_only {
            return Err("[console] has read_only = true".to_owned());
        }
        if self.health != Health::Live {
            return Err("the cluster does not answer: nothing is changed meanwhile".to_owned());
        }
        if look.now - self.settled_at < UNSEEN {
            return Err("what is shown has just changed: look again".to_owned());
        }
        let name = self.cluster_name.clone().unwrap_or_default();
        let place = if cluster.production { name.to_uppercase() } else { name };
        Ok(Aim {
            request: Request::Act { key: vm.key(), action },
            question: format!("{} \"{}\" on {place}?", capital(action.as_str()), vm.name),
            lines: lines(vm, action, look),
            word: vm.name.clone(),
            production: cluster.production,
        })
    }

    /// What Ctrl-Alt-Del would do: guests take it for the order to start again.
    fn aim_three_fingers(&self, look: &Look<'_>) -> Result<Aim, String> {
        let console = self.console().ok_or("there is no console here")?;
        if console.which() == Which::Serial {
            return Err("a serial line has no such keys; the screen has".to_owned());
        }
        if !console.is_open() {
            return Err("the console is not open".to_owned());
        }
        if let Some(why) = self.no_typing() {
            return Err(format!("nothing is typed at the machine: {why}"));
        }
        let machine = console.target.machine();
        let cluster = self.view.cluster.as_ref().filter(|_| matches!(console.target, Target::Vm(_)));
        let production = cluster.is_some_and(|cluster| cluster.production);
        let name = self.cluster_name.clone().filter(|_| cluster.is_some()).unwrap_or_default();
        let place = if production { name.to_uppercase() } else { name };
        let place = if place.is_empty() { place } else { format!(" on {place}") };
        let warning = "most guests start again at once: whoever uses it is cut off";
        Ok(Aim {
            request: Request::touch(console.id, Touch::Chord(keysym::three_fingers())),
            question: format!("Press Ctrl-Alt-Del in \"{machine}\"{place}?"),
            lines: vec![(format!("{} {warning}", look.glyph(Sign::Warning)), Role::Warning)],
            word: machine.to_owned(),
            production,
        })
    }

    /// Asks the worker for what was ordered and, where that was demanded, confirmed.
    pub(crate) fn carry_out(&mut self, request: Request) -> Outcome {
        if let Request::Touch { id, .. } = request {
            let is_open = self.numbered(id).is_some_and(|console| console.is_open());
            if !is_open {
                return Outcome::warn("nothing was pressed: the console is not open any more");
            }
            return Outcome { requests: vec![request], ..Outcome::done("pressed Ctrl-Alt-Del") };
        }
        let Request::Act { key, action } = &request else { return Outcome::ask(request) };
        self.acting.insert(key.clone(), *action);
        let said = format!("{} {}", action.doing(), key.1);
        Outcome { requests: vec![request], ..Outcome::done(said) }
    }
}

/// What there is to know before it is done.
fn lines(vm: &Vm, action: Action, look: &Look<'_>) -> Vec<Span> {
    let mut lines = vec![(format!("{}, {}", vm.namespace, vm.state()), Role::Text)];
    if let Some(instance) = &vm.instance {
        let node = instance.node.as_deref().unwrap_or("no node yet");
        lines.push((format!("{node}  {}", vm.addresses().join(" ")).trim_end().to_owned(), Role::Text));
    }
    let warning = match action {
        Action::Stop if !vm.is_live() => {
            lines.push(("nothing of it runs: it is to run no longer, and can be started then".to_owned(), Role::Text));
            return lines;
        }
        Action::Stop => "whoever uses it is cut off; its consoles drop",
        Action::Restart => "whoever uses it is cut off until it is up again",
        Action::Pause => "it answers nothing until it goes on",
        Action::Start | Action::Unpause => return lines,
    };
    lines.push((format!("{} {warning}", look.glyph(Sign::Warning)), Role::Warning));
    lines
}

/// With a capital in front.
fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
