//! Consoles as tabs: opened, looked at, typed at, closed.

use chrono::{DateTime, TimeDelta, Utc};

use super::console::{Being, Console, Shown};
use super::editor::{Editor, For};
use super::{Outcome, Page, State};
use crate::features::console::cluster::Which;
use crate::features::console::emulator::keys::{self, Modes};
use crate::features::console::keysym;
use crate::features::console::model::Row;
use crate::features::console::worker::{ConsoleId, Request, Target, Touch};
use crate::key::{Code, Key};
use crate::secret::Secret;
use crate::ui::Look;
use crate::ui::field::Field;
use crate::ui::hidden::Hidden;
use crate::ui::outcome::LONGEST_COPY;

/// The escape key that is pressed again after this time was pressed twice by chance.
const TWICE_WITHIN: TimeDelta = TimeDelta::milliseconds(600);
/// Consoles that may be open at once: each has a scrollback in memory.
const MOST: usize = 16;

impl State {
    /// Opens a console of the row on the screen: the serial line if there is one and `which` says nothing else.
    pub(super) fn open_console(&mut self, which: Option<Which>, look: &Look<'_>) -> Outcome {
        let Some(row) = self.row_on_screen().cloned() else { return Outcome::none() };
        if let (Row::Definition(_), None, None) = (&row, which, &self.page) {
            return self.open_details();
        }
        // One that is open is gone to, whatever keeps another one from being opened: it outlives its token.
        let wanted = which.unwrap_or(Self::usual_console(&row));
        let is_there = |console: &Console| console.is_of(&row) && console.which() == wanted;
        let there = self.consoles.iter().position(is_there);
        let is_over =
            |at: &usize| self.consoles.get(*at).is_none_or(|console| matches!(console.being, Being::Ended(_)));
        if let Some(at) = there.filter(|at| !is_over(at)) {
            let outcome = self.look_at(at);
            self.give_keyboard();
            return outcome;
        }
        let (target, which) = match Self::console_of(&row, wanted, look) {
            Ok(console) => console,
            Err(why) => return Outcome::warn(why),
        };
        if let Some(at) = there {
            let _looked = self.look_at(at);
            return self.reattach();
        }
        if self.consoles.len() >= MOST {
            return Outcome::warn(format!("{MOST} consoles are open: <console-detach> closes one"));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.consoles.push(Console::new(id, target.clone(), which, self.room()));
        let outcome = self.look_at(self.consoles.len() - 1);
        self.give_keyboard();
        let password = self.password_of(&target, which);
        outcome.and([Request::Open { id, target, which, with_log: true, recording: None, password }])
    }

    /// The console of a row that is meant where nobody says which: the serial line, if there is one.
    fn usual_console(row: &Row) -> Which {
        let has_serial = match row {
            Row::Vm(vm) => vm.devices().serial,
            Row::Proxied(row) => row.has.0,
            Row::Definition(_) => true,
        };
        if has_serial { Which::Serial } else { Which::Screen }
    }

    /// Where a console of a row leads, or why there is none.
    fn console_of(row: &Row, which: Which, look: &Look<'_>) -> Result<(Target, Which), String> {
        match row {
            Row::Vm(vm) => {
                let objection = if which == Which::Serial { vm.no_serial() } else { vm.no_screen() };
                objection.map_or_else(|| Ok((Target::Vm(vm.key()), which)), Err)
            }
            Row::Proxied(row) => {
                let (serial, screen) = row.has;
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
            Row::Definition(row) => Err(format!("{} is a definition, and no machine that runs", row.name)),
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
        if let Shown::Screen(screen) = &mut console.shown {
            screen.seen = None;
            if screen.picture.is_none() {
                return Outcome::none();
            }
            // At once, however seldom it was asked for before.
            return Outcome::ask(Request::Seen { id, is_looked_at: true });
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

    /// Why nothing may be typed at the machine that is looked at; `None` where it may.
    pub(super) fn no_typing(&self) -> Option<String> {
        self.console().and_then(|console| self.no_typing_at(&console.target))
    }

    /// Why nothing can be pasted now at the console that is looked at; `None` where none is.
    pub(crate) fn why_no_paste(&self) -> Option<String> {
        self.console()?;
        let why = self
            .no_typing()
            .unwrap_or_else(|| "noctui has the keyboard; <console-attach> gives it to the machine".to_owned());
        Some(format!("nothing was pasted: {why}"))
    }

    /// Why nothing may be typed at a machine.
    pub(super) fn no_typing_at(&self, target: &Target) -> Option<String> {
        let of_cluster = || {
            let is_read_only = self.view.cluster.as_ref().is_some_and(|cluster| cluster.read_only);
            (is_read_only && matches!(target, Target::Vm(_))).then(|| "[console] has read_only = true".to_owned())
        };
        self.forbidden.clone().or_else(of_cluster)
    }

    /// A refusal to type.
    fn refused(why: &str) -> Outcome {
        Outcome::warn(format!("nothing is typed at the machine: {why}"))
    }

    /// The machine has the keyboard, unless nothing may be typed there: then it is only looked at.
    fn give_keyboard(&mut self) {
        self.is_attached = self.no_typing().is_none();
    }

    /// Gives the keyboard to the machine.
    pub(super) fn attach(&mut self) -> Outcome {
        if let Some(why) = self.no_typing() {
            return Self::refused(&why);
        }
        let Some(console) = self.console_mut() else { return Outcome::none() };
        if let Being::Ended(_) = console.being {
            return self
                .ask_password()
                .unwrap_or_else(|| Outcome::warn("it is not open any more: <console-reattach> opens it again"));
        }
        if let Shown::Serial(emulator) = &mut console.shown {
            emulator.to_bottom();
        }
        self.is_attached = true;
        Outcome::none()
    }

    /// The password that was typed for a screen since the start.
    fn password_of(&self, target: &Target, which: Which) -> Option<Secret> {
        self.passwords.get(target).filter(|_| which == Which::Screen).cloned()
    }

    /// Asks for the password of the screen that is looked at, if that wants one.
    pub(super) fn ask_password(&mut self) -> Option<Outcome> {
        let id = self.console().filter(|console| console.wants_password)?.id;
        self.is_attached = false;
        self.editor = Some(Editor { field: Field::line(""), purpose: For::Password(id, Hidden::default()) });
        Some(Outcome::none())
    }

    /// A password was typed for the screen of this number: it is opened with it.
    pub(super) fn open_with(&mut self, id: ConsoleId, hidden: &Hidden) -> Outcome {
        let Ok(secret) = Secret::password(hidden.expose().as_bytes()) else {
            return Outcome::warn("no password was typed: <console-reattach> asks for it again");
        };
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        console.wants_password = false;
        let target = console.target.clone();
        self.passwords.insert(target, secret);
        if self.console().is_some_and(|console| console.id == id) { self.reattach() } else { Outcome::none() }
    }

    /// Opens the console again; what it said stays.
    pub(super) fn reattach(&mut self) -> Outcome {
        if let Some(asked) = self.ask_password() {
            return asked;
        }
        let Some(console) = self.console_mut() else { return Outcome::none() };
        if !matches!(console.being, Being::Ended(_)) {
            return Outcome::warn("it is open: nothing would be won");
        }
        console.being = Being::Opening;
        console.attempts += 1;
        if let Shown::Serial(emulator) = &mut console.shown {
            emulator.note(["opening it again …".to_owned()]);
        }
        let (id, target, which) = (console.id, console.target.clone(), console.which());
        let recording = console.log.clone();
        self.give_keyboard();
        // What the machine said before is above already.
        let password = self.password_of(&target, which);
        Outcome::ask(Request::Open { id, target, which, with_log: false, recording, password })
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

    /// Whether a console is looked at.
    pub(crate) fn is_console(&self) -> bool {
        self.console().is_some()
    }

    /// Whether every key goes to a machine.
    pub(crate) fn takes_every_key(&self) -> bool {
        self.is_attached && self.editor.is_none() && self.is_console() && self.no_typing().is_none()
    }

    /// A key for the machine; the escape key gives the keyboard back.
    pub(super) fn typed_at_machine(&mut self, key: Key, now: DateTime<Utc>) -> Outcome {
        if self.is_escape(key) {
            (self.is_attached, self.left_at) = (false, now);
            return Outcome::none();
        }
        self.send(key)
    }

    /// Whether this is the escape key.
    pub(super) fn is_escape(&self, key: Key) -> bool {
        keys::encode(key, Modes::default()) == [self.view.escape.byte()] && key.ctrl
    }

    /// The escape key where it has just left a console: pressed twice, it is sent, and the keyboard is the machine's again. Later
    /// it is a key of nobody's. `None` for every other key, and elsewhere.
    pub(crate) fn escaped(&mut self, key: Key, now: DateTime<Utc>) -> Option<Outcome> {
        let is_over = self.console().is_none_or(|console| matches!(console.being, Being::Ended(_)));
        if self.is_attached || is_over || !self.is_escape(key) {
            return None;
        }
        if let Some(why) = self.no_typing() {
            return Some(Self::refused(&why));
        }
        let is_twice = now.signed_duration_since(self.left_at) <= TWICE_WITHIN;
        if !is_twice {
            let key = self.view.escape.short();
            let said = format!("<console-attach> gives the machine the keyboard; {key} twice in a row sends {key}");
            return Some(Outcome::warn(said));
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
            Shown::Screen(_) => Outcome::ask(Request::touch(id, Touch::Chord(keysym::chord(key)))),
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
                cut.into_iter().chain([Touch::Text(text)]).map(|touch| Request::touch(id, touch)).collect()
            }
        };
        if lines > 1 {
            return Outcome { requests, ..Outcome::done(format!("pasting {lines} lines; ctrl-c gives up")) };
        }
        Outcome { requests, ..Outcome::none() }
    }

    /// Tells the machine how large the pane is, by typing what tells a shell.
    pub(super) fn type_size(&mut self) -> Outcome {
        if let Some(why) = self.no_typing() {
            return Self::refused(&why);
        }
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
        if let Some(console) = self.console_mut().filter(|console| !console.is_open() && console.log.is_some()) {
            console.log = None;
            return Outcome::done(format!("{} is not written down any more", console.title()));
        }
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
        if let Some(why) = self.no_typing() {
            return Self::refused(&why);
        }
        let Some(console) = self.console_mut().filter(|console| console.is_open()) else {
            return Outcome::warn("the console is not open");
        };
        match console.which() {
            Which::Screen => {
                let request = Request::touch(console.id, Touch::Chord(keys));
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
        if text.len() > LONGEST_COPY {
            let many = text.len() / 1000;
            return Outcome::warn(format!(
                "nothing was copied: {many} kB are more than terminals take; <console-save> writes them into a file"
            ));
        }
        Outcome::copied(text)
    }

    /// Writes all that the machine said into a file.
    pub(super) fn save(&mut self) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        let (id, machine) = (console.id, console.target.machine().to_owned());
        let text = match &mut console.shown {
            Shown::Serial(emulator) => emulator.lines().join("\n"),
            Shown::Screen(screen) => {
                let text = screen.picture.as_ref().and_then(|picture| picture.text.as_ref());
                match text {
                    Some(text) => text.text(),
                    None => {
                        return Outcome::warn("it is a picture: noctui console screenshot --out writes it into a file");
                    }
                }
            }
        };
        Outcome::ask(Request::Save { id, machine, text: (text.trim_end().to_owned() + "\n").into() })
    }

    /// How many consoles end when their worker does.
    pub(crate) fn open_consoles(&self) -> usize {
        self.consoles.iter().filter(|console| !matches!(console.being, Being::Ended(_))).count()
    }
}
