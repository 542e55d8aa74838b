//! Typing at a machine: keys, pastes, the escape key, and what is typed at a line while it is being opened.

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::console::{Being, Console, Shown};
use super::{Outcome, State};
use crate::features::console::cluster::Which;
use crate::features::console::emulator::keys::{self, Modes};
use crate::features::console::keysym;
use crate::features::console::worker::{ConsoleId, Request, Target, Touch};
use crate::key::Key;

/// The escape key that is pressed again after this time was pressed twice by chance.
const TWICE_WITHIN: TimeDelta = TimeDelta::milliseconds(600);
/// Whoever was typing when a console dropped types on for a while: a key that comes so soon after the drop, or after such a
/// key, was meant for the machine.
const TYPES_ON: TimeDelta = TimeDelta::milliseconds(800);

/// The key that opened a console again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reopened {
    /// It.
    pub(super) key: Key,
    /// When it, or a key behind it, came last.
    pub(super) at: DateTime<Utc>,
    /// Whether it has come again at once: nobody types so.
    pub(super) is_held: bool,
}

impl Console {
    /// Whether something was typed while it was being opened, and not sent.
    pub(super) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }
}

impl State {
    /// Keeps a key until the line is open that is looked at.
    fn keep(&mut self, key: Key) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        let title = console.title();
        let Shown::Serial(emulator) = &console.shown else {
            return Outcome::warn(format!("{title} is not open yet: nothing is pressed there"));
        };
        let bytes = Zeroizing::new(keys::encode(key, Modes::of(emulator.screen())));
        if console.early.add(&bytes) {
            return Outcome::none();
        }
        Outcome::warn(format!("{title} is not open yet, and keeps no more: what was typed last is lost"))
    }

    /// What was typed before a line was open goes out, if somebody looks at it still.
    pub(super) fn send_early(&mut self, id: ConsoleId) -> Outcome {
        let is_looked_at = self.is_looked_at(id);
        let Some(console) = self.numbered(id) else { return Outcome::none() };
        let (title, target) = (console.title(), console.target.clone());
        let bytes = console.early.take();
        let lost = console.early.take_lost();
        console.unheard.has_sent_early = !bytes.is_empty();
        if bytes.is_empty() {
            return Outcome::none();
        }
        let forbidden = self.no_typing_at(&target);
        let why_not = if is_looked_at { forbidden } else { Some("nobody looks at it any more".to_owned()) };
        match why_not {
            Some(why) => Outcome::warn(format!("{title} is open; what was typed at it before was not sent: {why}")),
            None if lost > 0 => {
                let said = format!(
                    "{title} is open, and has the first of what was typed; the rest was lost: more than is kept"
                );
                Outcome { requests: vec![Request::Type { id, bytes: bytes.into() }], ..Outcome::warn(said) }
            }
            None => Outcome::ask(Request::Type { id, bytes: bytes.into() }),
        }
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
    pub(super) fn refused(why: &str) -> Outcome {
        Outcome::warn(format!("nothing is typed at the machine: {why}"))
    }

    /// Whether every key goes to a machine.
    pub(crate) fn takes_every_key(&self) -> bool {
        self.is_attached && self.editor.is_none() && self.is_console() && self.no_typing().is_none()
    }

    /// A key for the machine; the escape key gives the keyboard back.
    pub(super) fn typed_at_machine(&mut self, key: Key, now: DateTime<Utc>) -> Outcome {
        if self.is_escape(key) {
            (self.is_attached, self.left_at, self.reopened) = (false, now, None);
            return Outcome::none();
        }
        self.held(key, now).unwrap_or_else(|| self.send(key))
    }

    /// Notes the key that the command comes from which runs next; `None` where it comes from elsewhere.
    pub(crate) fn set_pressed(&mut self, key: Option<Key>) {
        self.pressed = key;
    }

    /// A key behind one that opened a console again and is held down, or pressed again and again: it was not meant for the
    /// machine. Whoever types something else at once means the machine. `None` for such a key.
    fn held(&mut self, key: Key, now: DateTime<Utc>) -> Option<Outcome> {
        let reopened = self.reopened.take()?;
        let is_meant = !reopened.is_held && key != reopened.key;
        if is_meant || now.signed_duration_since(reopened.at) > TYPES_ON {
            return None;
        }
        self.reopened = Some(Reopened { at: now, is_held: true, ..reopened });
        Some(Outcome::warn("it is being opened again: what is typed goes nowhere until a pause"))
    }

    /// Whether this is the escape key.
    pub(super) fn is_escape(&self, key: Key) -> bool {
        keys::encode(key, Modes::default()) == [self.view.escape.byte()] && key.ctrl
    }

    /// The escape key where it has just left a console: pressed twice, it is sent, and the keyboard is the machine's again. Later
    /// it is a key of nobody's. `None` for every other key, and elsewhere.
    pub(crate) fn escaped(&mut self, key: Key, now: DateTime<Utc>) -> Option<Outcome> {
        let is_over = self.console().is_none_or(Console::is_over);
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

    /// A key of somebody who types on behind a drop: it was meant for the machine, and does nothing here. The escape key shows
    /// that the drop was seen, and is the last of them. `None` for a key that means noctui.
    pub(crate) fn typed_behind_drop(&mut self, key: Key, now: DateTime<Utc>) -> Option<Outcome> {
        let dropped_at = self.dropped_at.take()?;
        if now.signed_duration_since(dropped_at) > TYPES_ON {
            return None;
        }
        if self.is_escape(key) {
            return Some(Outcome::none());
        }
        self.dropped_at = Some(now);
        let escape = self.view.escape.short();
        // It fits 80 columns.
        let said = format!("it has dropped: what is typed goes nowhere until a pause, or {escape}");
        Some(Outcome::warn(said))
    }

    /// Sends a key to the machine.
    fn send(&mut self, key: Key) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        match &console.being {
            Being::Open => {}
            Being::Opening => return self.keep(key),
            Being::Locked { .. } | Being::Ended(_) => {
                return Outcome::warn("it is not open: <console-reattach> opens it again");
            }
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
        let Some(console) = self.console_mut() else { return Outcome::none() };
        if !console.is_open() {
            if console.being == Being::Opening {
                // What is typed behind it would stand behind a gap.
                console.early.cut();
            }
            return Outcome::warn(format!("nothing was pasted: {} was not open then", console.title()));
        }
        let id = console.id;
        let lines = text.lines().count();
        // Clipboards of screens are in Latin-1.
        let is_latin = text.chars().all(|c| u8::try_from(u32::from(c)).is_ok());
        let is_typed_only = !is_latin && matches!(console.shown, Shown::Screen(_));
        let requests = match &mut console.shown {
            Shown::Serial(emulator) => {
                emulator.to_bottom();
                let bytes = keys::paste(text, Modes::of(emulator.screen()));
                vec![Request::Paste { id, bytes: bytes.into() }]
            }
            Shown::Screen(_) => {
                let text = text.replace("\r\n", "\n");
                let cut = is_latin.then(|| Touch::Cut(text.clone()));
                cut.into_iter().chain([Touch::Text(text)]).map(|touch| Request::touch(id, touch)).collect()
            }
        };
        if is_typed_only {
            let said = "it is typed, and not put on the guest's clipboard, which has no such letters; ctrl-c gives up";
            return Outcome { requests, ..Outcome::warn(said) };
        }
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
}
