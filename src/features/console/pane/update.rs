//! What commands do to the pane.

use super::console::Shown;
use super::{Command, Details, Outcome, Page, State};
use crate::command::{Motion, Scope};
use crate::config::Pictures;
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::Action;
use crate::features::console::keysym;
use crate::features::console::model::Row;
use crate::features::console::worker::Request;
use crate::ui::Look;

/// What is said where there is nothing.
pub(super) const UNCONFIGURED: &str =
    "no machines are configured: [console] kubeconfig or [[console.proxy]] in the configuration adds some";

impl State {
    /// Questions were lost: asks for everything that is missing on the screen.
    pub(crate) fn ask_again(&self) -> Vec<Request> {
        if self.is_configured() { vec![Request::Refresh] } else { vec![] }
    }

    /// Whether something is opened above the list.
    pub(crate) fn is_opened(&self) -> bool {
        self.page.is_some()
    }

    /// The scopes that have the keyboard, innermost first.
    pub(crate) fn scopes(&self) -> [Scope; 2] {
        let inner = match &self.page {
            None => Scope::Consoles,
            Some(Page::Details(_) | Page::Form(_)) => Scope::Machine,
            Some(Page::Consoles) => Scope::Console,
        };
        [inner, Scope::Moving]
    }

    /// The row that a command is about: the one that is opened, else the one under the cursor.
    pub(super) fn row_on_screen(&self) -> Option<&Row> {
        match &self.page {
            Some(Page::Details(details)) => Some(&details.row),
            Some(Page::Consoles | Page::Form(_)) => None,
            None => self.list.selected(),
        }
    }

    /// Runs one of this feature's commands.
    pub(crate) fn run(&mut self, command: Command, look: &Look<'_>) -> Outcome {
        if !self.is_configured() && self.consoles.is_empty() {
            return Outcome::warn(UNCONFIGURED);
        }
        self.list.touch();
        match command {
            Command::Open => self.open_console(None, look),
            Command::Screen => self.open_console(Some(Which::Screen), look),
            Command::Details => self.open_details(),
            Command::Act(_) | Command::ThreeFingers => match self.aim(command, look) {
                Ok(aim) => self.carry_out(aim.request),
                Err(why) => Outcome::warn(why),
            },
            Command::NewDefinition => self.new_definition(),
            Command::EditDefinition => self.edit_definition(),
            Command::Filter => self.edit_filter(),
            Command::Copy => Outcome::copied(self.address().unwrap_or_default()),
            Command::CopyTunnel => self.copy_tunnel(),
            Command::Refresh => Outcome { requests: vec![Request::Refresh], ..Outcome::done("asking again") },
            Command::Consoles => self.show_consoles(),
            Command::Next => self.step(Motion::Down),
            Command::Previous => self.step(Motion::Up),
            Command::Close => self.back().unwrap_or_else(|| Outcome::warn("nothing is opened here")),
            Command::Attach => self.attach(),
            Command::NextConsole => self.step_console(1),
            Command::PreviousConsole => self.step_console(self.consoles.len().saturating_sub(1)),
            Command::Detach => self.detach(),
            Command::Reattach => self.reattach(look.now),
            Command::Find => self.edit_search(),
            Command::FindAbove => self.find(true),
            Command::FindBelow => self.find(false),
            Command::CopyScreen => self.copy_console(false),
            Command::CopyAll => self.copy_console(true),
            Command::Save => self.save(),
            Command::Size => self.type_size(),
            Command::Log => self.toggle_log(),
            Command::Mode => {
                let has_protocol = self.view.pictures != Pictures::Cells;
                match self.console_mut().map(|console| &mut console.shown) {
                    Some(Shown::Screen(screen)) => Outcome::done(format!("shown {}", screen.next_mode(has_protocol))),
                    _ => Outcome::warn("a serial line is text"),
                }
            }
            Command::Scale => match self.console_mut().map(|console| &mut console.shown) {
                Some(Shown::Screen(screen)) if screen.is_text() => {
                    Outcome::warn("the characters are shown; <console-mode> shows the picture")
                }
                Some(Shown::Screen(screen)) => {
                    screen.is_near = !screen.is_near;
                    Outcome::done(if screen.is_near { "dot by dot; the arrows move" } else { "the whole screen" })
                }
                _ => Outcome::warn("a serial line has no dots"),
            },
            Command::PanLeft => self.pan((-1, 0)),
            Command::PanRight => self.pan((1, 0)),
            Command::VirtualConsole(number) => {
                self.press(keysym::virtual_console(number), &format!("Ctrl-Alt-F{number}"))
            }
        }
    }

    /// `i`
    pub(super) fn open_details(&mut self) -> Outcome {
        let Some(row) = self.list.selected().cloned() else { return Outcome::none() };
        self.page = Some(Page::Details(Details { row, scroll: 0 }));
        Outcome::none()
    }

    /// `]` and `[`
    fn step(&mut self, motion: Motion) -> Outcome {
        let before = self.list.cursor();
        self.list.move_by(motion.distance(1).unwrap_or(0));
        if self.list.cursor() == before {
            let which = if motion == Motion::Down { "last" } else { "first" };
            return Outcome::warn(format!("this is the {which} one"));
        }
        self.open_details()
    }

    /// The address of the machine on the screen.
    fn address(&self) -> Option<String> {
        match self.row_on_screen()? {
            Row::Vm(vm) => vm.addresses().first().map(|address| (*address).to_owned()),
            Row::Proxied(row) => Some(row.machine.to_string()),
            Row::Definition(row) => Some(row.name.clone()),
        }
    }

    /// `Y`
    fn copy_tunnel(&self) -> Outcome {
        match self.row_on_screen() {
            Some(Row::Vm(vm)) => {
                let devices = vm.devices();
                if !devices.screen && !devices.serial {
                    return Outcome::warn(format!("{}: it has neither a screen nor a serial line", vm.name));
                }
                let serial = if devices.screen { "" } else { " --serial" };
                Outcome::copied(format!("noctui console tunnel {} --namespace {}{serial}", vm.name, vm.namespace))
            }
            Some(Row::Proxied(row)) => {
                let serial = if row.has.1 { "" } else { " --serial" };
                let proxy = shell_word(&row.proxy);
                Outcome::copied(format!("noctui console tunnel {} --proxy {proxy}{serial}", row.machine))
            }
            Some(Row::Definition(_)) => Outcome::warn("a definition is no machine that runs"),
            None => Outcome::none(),
        }
    }

    /// What can be done to the row on the screen, each with why not.
    pub(super) fn possible(&self, action: Action) -> Result<(), String> {
        match self.row_on_screen() {
            Some(Row::Vm(vm)) => {
                if let Some(doing) = self.acting.get(&vm.key()) {
                    return Err(format!("{} was asked to: {} it", vm.name, doing.doing()));
                }
                if let (Some(hidden), None, false) = (&self.hidden, &vm.definition, action.is_for_instances()) {
                    return Err(format!("{}: {}", vm.name, hidden.what()));
                }
                vm.objection(action).map_or(Ok(()), Err)
            }
            Some(Row::Proxied(row)) => Err(format!("{} is behind a proxy, which has no power actions", row.machine)),
            Some(Row::Definition(row)) => Err(format!("{} is a definition, and no machine that runs", row.name)),
            None => Err("there is no machine here".to_owned()),
        }
    }
}

/// A name as a shell takes it.
fn shell_word(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}
