//! Consoles as tabs: opened, looked at, typed at, closed.

use super::console::{Being, Console, Shown};
use super::{Outcome, Page, State};
use crate::features::console::cluster::Which;
use crate::features::console::emulator::keys::{self, Modes};
use crate::features::console::keysym;
use crate::features::console::model::Row;
use crate::features::console::worker::{Request, Target, Touch};
use crate::key::{Code, Key};
use crate::ui::Look;

/// Consoles that may be open at once: each has a scrollback in memory.
const MOST: usize = 16;

impl State {
    /// Opens a console of the row on the screen: the serial line if there is one and `which` says nothing else.
    pub(super) fn open_console(&mut self, which: Option<Which>, look: &Look<'_>) -> Outcome {
        let Some(row) = self.row_on_screen().cloned() else { return Outcome::none() };
        let (target, which) = match Self::console_of(&row, which, look) {
            Ok(console) => console,
            Err(why) => return Outcome::warn(why),
        };
        let is_same = |console: &Console| console.target == target && console.which() == which;
        if let Some(at) = self.consoles.iter().position(is_same) {
            let outcome = self.look_at(at);
            let is_over = self.consoles.get(at).is_some_and(|console| matches!(console.being, Being::Ended(_)));
            if is_over {
                return self.reattach();
            }
            self.is_attached = true;
            return outcome;
        }
        if self.consoles.len() >= MOST {
            return Outcome::warn(format!("{MOST} consoles are open: <console-detach> closes one"));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.consoles.push(Console::new(id, target.clone(), which, self.room()));
        let outcome = self.look_at(self.consoles.len() - 1);
        self.is_attached = true;
        outcome.and([Request::Open { id, target, which, with_log: true }])
    }

    /// Where a console of a row leads, or why there is none.
    fn console_of(row: &Row, which: Option<Which>, look: &Look<'_>) -> Result<(Target, Which), String> {
        match row {
            Row::Vm(vm) => {
                let which = which.unwrap_or(if vm.devices().serial { Which::Serial } else { Which::Screen });
                let objection = if which == Which::Serial { vm.no_serial() } else { vm.no_screen() };
                objection.map_or_else(|| Ok((Target::Vm(vm.key()), which)), Err)
            }
            Row::Proxied(row) => {
                let (serial, screen) = row.has;
                let which = which.unwrap_or(if serial { Which::Serial } else { Which::Screen });
                let is_there = if which == Which::Serial { serial } else { screen };
                if !is_there {
                    let what = if which == Which::Serial { "serial" } else { "screen" };
                    return Err(format!("`{what}` is missing from the [[console.proxy]] {}", row.proxy));
                }
                match row.objection(look.now) {
                    Some(why) => Err(why),
                    None => Ok((Target::Proxied(row.proxy.clone(), row.machine.clone()), which)),
                }
            }
            Row::Definition(row) => {
                Err(format!("{} is a definition, and no machine that runs: <console-details> shows it", row.name))
            }
        }
    }

    /// Columns and rows for a console: the pane without the line of tabs.
    pub(super) fn room(&self) -> (u16, u16) {
        let (columns, rows) = self.size;
        (columns, rows.saturating_sub(self.tab_rows()))
    }

    /// Rows of the line of tabs.
    pub(super) fn tab_rows(&self) -> u16 {
        u16::from(self.consoles.len() > 1)
    }

    /// Looks at the console at this place.
    pub(super) fn look_at(&mut self, at: usize) -> Outcome {
        self.current = at.min(self.consoles.len().saturating_sub(1));
        self.page = Some(Page::Consoles);
        let Some(console) = self.consoles.get_mut(self.current) else { return Outcome::none() };
        (console.is_active, console.rang) = (false, false);
        let id = console.id;
        if let Shown::Screen(screen) = &mut console.shown
            && std::mem::take(&mut screen.is_unseen)
        {
            return Outcome::ask(Request::Seen { id });
        }
        Outcome::none()
    }

    /// The consoles that are open.
    pub(super) fn show_consoles(&mut self) -> Outcome {
        if self.consoles.is_empty() {
            return Outcome::warn("no console is open: <console-open> opens one");
        }
        self.look_at(self.current)
    }

    /// The console so many places on.
    pub(super) fn step_console(&mut self, places: usize) -> Outcome {
        let count = self.consoles.len();
        if count < 2 {
            return Outcome::warn("no other console is open");
        }
        self.look_at((self.current + places) % count)
    }

    /// Gives the keyboard to the machine.
    pub(super) fn attach(&mut self) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        if let Being::Ended(_) = console.being {
            return Outcome::warn("it is not open any more: <console-reattach> opens it again");
        }
        if let Shown::Serial(emulator) = &mut console.shown {
            emulator.to_bottom();
        }
        self.is_attached = true;
        Outcome::none()
    }

    /// Opens the console again; what it said stays.
    pub(super) fn reattach(&mut self) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        if !matches!(console.being, Being::Ended(_)) {
            return Outcome::warn("it is open: nothing would be won");
        }
        console.being = Being::Opening;
        let (id, target, which) = (console.id, console.target.clone(), console.which());
        self.is_attached = true;
        // What the machine said before is above already.
        Outcome::ask(Request::Open { id, target, which, with_log: false })
    }

    /// Closes the console.
    pub(super) fn detach(&mut self) -> Outcome {
        if self.console().is_none() {
            return Outcome::none();
        }
        let console = self.consoles.remove(self.current);
        self.is_attached = false;
        let said = Outcome::done(format!("closed {}", console.title())).and([Request::Close { id: console.id }]);
        if self.consoles.is_empty() {
            self.page = None;
            return said;
        }
        let outcome = self.look_at(self.current);
        said.and(outcome.requests)
    }

    /// Whether every key goes to a machine.
    pub(crate) fn takes_every_key(&self) -> bool {
        self.is_attached && self.editor.is_none() && self.console().is_some()
    }

    /// A key for the machine; the escape key gives the keyboard back.
    pub(super) fn typed_at_machine(&mut self, key: Key) -> Outcome {
        if self.is_escape(key) {
            self.is_attached = false;
            return Outcome::none();
        }
        self.send(key)
    }

    /// Whether this is the escape key.
    pub(super) fn is_escape(&self, key: Key) -> bool {
        keys::encode(key, Modes::default()) == [self.view.escape.byte()] && key.ctrl
    }

    /// The escape key where it has left a console already: it is sent, and the keyboard is the machine's again. `None` for every
    /// other key, and elsewhere.
    pub(crate) fn escaped(&mut self, key: Key) -> Option<Outcome> {
        let is_over = self.console().is_none_or(|console| matches!(console.being, Being::Ended(_)));
        if self.is_attached || is_over || !self.is_escape(key) {
            return None;
        }
        self.is_attached = true;
        Some(self.send(key))
    }

    /// Sends a key to the machine.
    fn send(&mut self, key: Key) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        match &console.being {
            Being::Open => {}
            Being::Opening => return Outcome::none(),
            Being::Ended(_) if key.code == Code::Enter => return self.reattach(),
            Being::Ended(_) => return Outcome::warn("it is not open any more: <console-reattach> opens it again"),
        }
        let id = console.id;
        match &mut console.shown {
            Shown::Serial(emulator) => {
                let bytes = keys::encode(key, Modes::of(emulator.screen()));
                emulator.to_bottom();
                Outcome::ask(Request::Type { id, bytes: bytes.into() })
            }
            Shown::Screen(_) => Outcome::ask(Request::Touch { id, touch: Touch::Chord(keysym::chord(key)) }),
        }
    }

    /// Text for the machine. A screen has it typed, since few guests take what is on a clipboard, and on its clipboard for those
    /// that do.
    pub(super) fn paste_at_machine(&mut self, text: &str) -> Outcome {
        let Some(console) = self.console_mut().filter(|console| console.is_open()) else {
            return Outcome::warn("nothing was pasted: the console is not open");
        };
        let id = console.id;
        let lines = text.lines().count();
        let requests = match &mut console.shown {
            Shown::Serial(emulator) => {
                emulator.to_bottom();
                let bytes = keys::paste(text, Modes::of(emulator.screen()));
                vec![Request::Paste { id, bytes: bytes.into() }]
            }
            Shown::Screen(_) => {
                let text = text.replace("\r\n", "\n");
                // Clipboards of screens are in Latin-1.
                let is_latin = text.chars().all(|c| u8::try_from(u32::from(c)).is_ok());
                let cut = is_latin.then(|| Touch::Cut(text.clone()));
                cut.into_iter().chain([Touch::Text(text)]).map(|touch| Request::Touch { id, touch }).collect()
            }
        };
        if lines > 1 {
            return Outcome { requests, ..Outcome::done(format!("pasting {lines} lines; ctrl-c gives up")) };
        }
        Outcome { requests, ..Outcome::none() }
    }

    /// Tells the machine how large the pane is, by typing what tells a shell.
    pub(super) fn type_size(&mut self) -> Outcome {
        let (columns, rows) = self.room();
        let Some(console) = self.console_mut().filter(|console| console.is_open()) else {
            return Outcome::warn("the console is not open");
        };
        let id = console.id;
        let Shown::Serial(emulator) = &mut console.shown else {
            return Outcome::warn("a screen has its own size");
        };
        emulator.told(rows, columns);
        self.is_attached = true;
        let bytes = format!("stty rows {rows} cols {columns}\r").into_bytes();
        Outcome::ask(Request::Type { id, bytes: bytes.into() })
    }

    /// Begins a log, or ends it.
    pub(super) fn toggle_log(&mut self) -> Outcome {
        let Some(console) = self.console_mut().filter(|console| console.is_open()) else {
            return Outcome::warn("the console is not open");
        };
        match console.which() {
            Which::Serial => Outcome::ask(Request::Log { id: console.id, on: console.log.is_none() }),
            Which::Screen => Outcome::warn("a screen is not written down; noctui console screenshot takes a picture"),
        }
    }

    /// Presses keys in the machine.
    pub(super) fn press(&mut self, keys: Vec<u32>, what: &str) -> Outcome {
        let Some(console) = self.console_mut().filter(|console| console.is_open()) else {
            return Outcome::warn("the console is not open");
        };
        match console.which() {
            Which::Screen => {
                let request = Request::Touch { id: console.id, touch: Touch::Chord(keys) };
                Outcome { requests: vec![request], ..Outcome::done(format!("pressed {what}")) }
            }
            Which::Serial => Outcome::warn("a serial line has no such keys; the screen has"),
        }
    }

    /// What is seen as text, or all of it.
    pub(super) fn copy_console(&mut self, everything: bool) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        let text = match &mut console.shown {
            Shown::Serial(emulator) if everything => {
                let lines = emulator.lines().join("\n");
                lines.trim_end().to_owned()
            }
            Shown::Serial(emulator) => emulator.visible(),
            Shown::Screen(screen) => {
                let text = screen.picture.as_ref().and_then(|picture| picture.text.as_ref()).map(|text| text.text());
                match text {
                    Some(text) => text,
                    None if !screen.cut.is_empty() => screen.cut.clone(),
                    None => return Outcome::warn("it is a picture: there are no characters to copy"),
                }
            }
        };
        Outcome::copied(text)
    }

    /// How many consoles end when their worker does.
    pub(crate) fn open_consoles(&self) -> usize {
        self.consoles.iter().filter(|console| !matches!(console.being, Being::Ended(_))).count()
    }
}
