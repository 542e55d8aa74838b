//! Consoles as tabs: opened, looked at, typed at, closed.

use chrono::{DateTime, TimeDelta, Utc};

use super::console::{Being, Console, Shown, Unheard};
use super::editor::{Editor, For};
use super::typing::Reopened;
use super::{Outcome, Page, State, UNSEEN};
use crate::features::console::cluster::Which;
use crate::features::console::model::Row;
use crate::features::console::rfb;
use crate::features::console::worker::{ConsoleId, Request, Target};
use crate::secret::Secret;
use crate::trouble::Trouble;
use crate::ui::Look;
use crate::ui::field::Field;
use crate::ui::hidden::Hidden;
use crate::ui::outcome::LONGEST_COPY;

/// Consoles that may be open at once: each has a scrollback in memory.
const MOST: usize = 16;
/// Whatever was heard within this time answers, and is no line to a machine that has ended.
const ANSWERS: TimeDelta = TimeDelta::seconds(5);
/// What those who want something of the console hear where there is none.
const NONE_OPEN: &str = "no console is open";

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
        let is_over = |at: &usize| self.consoles.get(*at).is_none_or(Console::is_over);
        if let Some(at) = there.filter(|at| !is_over(at)) {
            let outcome = self.look_at(at);
            self.give_keyboard();
            return outcome;
        }
        let (target, which) = match Self::console_of(&row, wanted, look.now) {
            Ok(console) => console,
            Err(why) => return Outcome::warn(why),
        };
        if let Some(at) = there {
            let _looked = self.look_at(at);
            return self.reattach(look.now);
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
    fn console_of(row: &Row, which: Which, now: DateTime<Utc>) -> Result<(Target, Which), String> {
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
                match row.objection(now) {
                    Some(why) => Err(why),
                    None => Ok((Target::Proxied(row.proxy.clone(), row.machine.clone()), which)),
                }
            }
            Row::Definition(row) => Err(format!("{} is a definition, and no machine that runs", row.name)),
        }
    }

    /// Columns and rows for a console: the pane without the line of tabs, and without the reason where a screen is over.
    pub(super) fn room(&self) -> (u16, u16) {
        let (columns, rows) = self.size;
        (columns, rows.saturating_sub(self.tab_rows()).saturating_sub(self.reason_rows))
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
        (console.is_active, console.rang, console.unheard.doubted_at) = (false, false, None);
        // What is over takes no keys: they are noctui's there.
        self.is_attached &= !console.is_over();
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

    /// The machine has the keyboard, unless nothing may be typed there: then it is only looked at.
    fn give_keyboard(&mut self) {
        self.is_attached = self.no_typing().is_none();
    }

    /// Gives the keyboard to the machine.
    pub(super) fn attach(&mut self) -> Outcome {
        if let Some(why) = self.no_typing() {
            return Self::refused(&why);
        }
        let Some(console) = self.console_mut() else { return Outcome::warn(NONE_OPEN) };
        if console.is_over() {
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
        let console = self.console_mut().filter(|console| console.wants_password)?;
        let id = console.id;
        if let Being::Ended(Some(why)) = &console.being {
            // It is being typed now, whatever was said of that before.
            let is_ungiven = *why == ungiven(&console.title());
            let why = if is_ungiven { Trouble::of(&rfb::Error::NoPassword).to_do("type it") } else { why.clone() };
            console.being = Being::Locked { why, is_held: false };
        }
        self.is_attached = false;
        self.editor = Some(Editor { field: Field::line(""), purpose: For::Password(id, Hidden::default()) });
        Some(Outcome::none())
    }

    /// No password is typed for the screen of this number: what is kept open for one is let go.
    pub(super) fn give_no_password(&mut self, id: ConsoleId) -> Outcome {
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let Being::Locked { why, is_held } = &console.being else { return Outcome::none() };
        if !is_held {
            console.being = Being::Ended(Some(why.clone()));
            return Outcome::none();
        }
        let why = ungiven(&console.title());
        let what = why.what().to_owned();
        console.being = Being::Ended(Some(why));
        Outcome { requests: vec![Request::Close { id }], ..Outcome::done(what) }
    }

    /// A password was typed for the screen of this number: it is opened with it.
    pub(super) fn open_with(&mut self, id: ConsoleId, hidden: &Hidden, now: DateTime<Utc>) -> Outcome {
        let Ok(secret) = Secret::password(hidden.expose().as_bytes()) else {
            let given_up = self.give_no_password(id);
            let is_told = given_up.say.is_some();
            return if is_told {
                given_up
            } else {
                Outcome::warn("no password was typed: <console-reattach> asks again")
            };
        };
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        console.wants_password = false;
        let target = console.target.clone();
        self.passwords.insert(target, secret);
        if self.console().is_some_and(|console| console.id == id) { self.reattach(now) } else { Outcome::none() }
    }

    /// Why a line that says it is open is left so: it would not open again, it answers, or nobody has wanted it anew for certain.
    fn keeps(&mut self, now: DateTime<Utc>) -> Option<Outcome> {
        let console = self.console().filter(|console| console.is_open())?;
        let which = console.which();
        let row = self.rows().into_iter().find(|row| console.is_of(row));
        // Of a machine that is not listed nothing is known beforehand.
        if let Some(Err(why)) = row.map(|row| Self::console_of(&row, which, now)) {
            return Some(Outcome::warn(format!("it is kept, since it would not open again: {why}")));
        }
        if let Some(at) = console.heard_at.filter(|at| now - *at <= ANSWERS) {
            let ago = match (now - at).num_seconds() {
                0 => "just now".to_owned(),
                seconds => format!("{seconds} s ago"),
            };
            let said = format!("it answered {ago}, and is not opened anew; <console-detach> closes it");
            return Some(Outcome::warn(said));
        }
        let doubted_at = self.console_mut()?.unheard.doubted_at.replace(now);
        // A key that is held, or was pressed before this could be read, says nothing for the second time.
        let is_wanted = doubted_at.is_some_and(|at| now - at >= UNSEEN);
        (!is_wanted).then(|| {
            Outcome::warn(
                "<console-reattach> once more opens it anew: it says that it is open, which a proxy may say of a machine that has \
                 ended",
            )
        })
    }

    /// Opens the console again; what it said stays.
    pub(super) fn reattach(&mut self, now: DateTime<Utc>) -> Outcome {
        if let Some(asked) = self.ask_password() {
            return asked;
        }
        let Some(console) = self.console_mut() else { return Outcome::warn(NONE_OPEN) };
        if console.being == Being::Opening {
            return Outcome::warn("it is being opened already");
        }
        let was_open = console.is_open();
        // Of a line that says nothing nobody knows whether the machine is still at its end.
        if let Some(kept) = self.keeps(now) {
            return kept;
        }
        let Some(console) = self.console_mut() else { return Outcome::warn(NONE_OPEN) };
        (console.being, console.unheard, console.heard_at) = (Being::Opening, Unheard::default(), None);
        console.attempts += 1;
        if let Shown::Serial(emulator) = &mut console.shown {
            emulator.note(["opening it again …".to_owned()]);
        }
        let (id, target, which) = (console.id, console.target.clone(), console.which());
        let recording = console.log.clone();
        self.give_keyboard();
        self.reopened = self.pressed.map(|key| Reopened { key, at: now, is_held: false });
        // What the machine said before is above already.
        let password = self.password_of(&target, which);
        let closed = was_open.then_some(Request::Close { id });
        let open = Request::Open { id, target, which, with_log: false, recording, password };
        Outcome { requests: closed.into_iter().chain([open]).collect(), ..Outcome::none() }
    }

    /// Closes the console.
    pub(super) fn detach(&mut self) -> Outcome {
        if self.console().is_none() {
            return Outcome::warn(NONE_OPEN);
        }
        let console = self.consoles.remove(self.current);
        self.is_attached = false;
        let title = console.title();
        let said = if console.has_early() {
            Outcome::warn(format!("closed {title}; what was typed while it was being opened was not sent"))
        } else {
            Outcome::done(format!("closed {title}"))
        };
        let said = said.and([Request::Close { id: console.id }]);
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

    /// What is seen as text, or all of it.
    pub(super) fn copy_console(&mut self, everything: bool) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::warn(NONE_OPEN) };
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
        let Some(console) = self.console_mut() else { return Outcome::warn(NONE_OPEN) };
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

    /// What is open, or being opened.
    pub(crate) fn open_titles(&self) -> Vec<String> {
        self.consoles.iter().filter(|console| !console.is_over()).map(Console::title).collect()
    }

    /// How many consoles end when their worker does.
    pub(crate) fn open_consoles(&self) -> usize {
        self.consoles.iter().filter(|console| !matches!(console.being, Being::Ended(_))).count()
    }
}

/// Why a screen is not open whose password nobody typed.
fn ungiven(title: &str) -> Trouble {
    Trouble::new(&format!("no password was typed for {title}: its connection was ended"))
}
