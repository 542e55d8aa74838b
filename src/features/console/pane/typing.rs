//! Typing at a machine: keys, pastes, the escape key, and what is typed at a line while it is being opened.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::console::{Being, Console, Shown};
use super::{Outcome, State};
use crate::features::console::cluster::Which;
use crate::features::console::emulator::keys::{self, Modes};
use crate::features::console::keysym;
use crate::features::console::worker::{ConsoleId, Request, Target, Touch};
use crate::key::{Code, Key};

/// The escape key that is pressed again after this time was pressed twice by chance.
const TWICE_WITHIN: TimeDelta = TimeDelta::milliseconds(600);
/// Whoever was typing when a console dropped types on for a while: a key that comes so soon after the drop, or after such a
/// key, was meant for the machine.
const TYPES_ON: TimeDelta = TimeDelta::milliseconds(800);
/// What is kept of what is typed at a line that is being opened: more than anybody types blindly.
const MOST_EARLY: usize = 4 << 10;

/// What was typed at a serial line while it was being opened. It may be a password: nobody sees it, and it is wiped.
#[derive(Clone, Default)]
pub(super) struct Early {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether some of it was lost: then all that comes behind it is, so that nothing is missing in the middle.
    is_full: bool,
}

impl fmt::Debug for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Early").field("is_full", &self.is_full).finish_non_exhaustive()
    }
}

impl Early {
    /// Keeps something; false where it is lost.
    fn add(&mut self, bytes: &[u8]) -> bool {
        self.is_full |= self.bytes.len() + bytes.len() > MOST_EARLY;
        if !self.is_full {
            // Nothing is left behind by growing.
            let room = MOST_EARLY - self.bytes.len();
            self.bytes.reserve_exact(room);
            self.bytes.extend_from_slice(bytes);
        }
        !self.is_full
    }
}

impl Console {
    /// Whether something was typed while it was being opened, and not sent.
    pub(super) fn has_early(&self) -> bool {
        self.early.as_ref().is_some_and(|early| !early.bytes.is_empty())
    }
}

impl State {
    /// From here on what is typed at the line that is looked at is kept until it is open.
    pub(super) fn keep_early(&mut self) {
        if let Some(console) = self.console_mut().filter(|console| console.being == Being::Opening) {
            console.early = Some(Early::default());
        }
    }

    /// Keeps a key until the line is open that is looked at.
    fn keep(&mut self, key: Key) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        let title = console.title();
        let Shown::Serial(emulator) = &console.shown else {
            return Outcome::warn(format!("{title} is not open yet: nothing is pressed there"));
        };
        let bytes = Zeroizing::new(keys::encode(key, Modes::of(emulator.screen())));
        // It may be the rest of what was typed when the line dropped, and stand for something else now.
        let Some(early) = &mut console.early else {
            return Outcome::warn(format!("nothing was typed: {title} is being opened again, and not open yet"));
        };
        if early.add(&bytes) {
            return Outcome::none();
        }
        let kept = MOST_EARLY >> 10;
        Outcome::warn(format!("{title} is not open yet, and {kept} KiB wait for it: what was typed last is lost"))
    }

    /// What was typed before a line was open goes out, if somebody looks at it still.
    pub(super) fn send_early(&mut self, id: ConsoleId) -> Outcome {
        let is_looked_at = self.is_looked_at(id);
        let Some(console) = self.numbered(id).filter(|console| console.has_early()) else { return Outcome::none() };
        let (title, target) = (console.title(), console.target.clone());
        let Some(mut early) = console.early.take() else { return Outcome::none() };
        let forbidden = self.no_typing_at(&target);
        let why_not = if is_looked_at { forbidden } else { Some("nobody looks at it any more".to_owned()) };
        match why_not {
            Some(why) => Outcome::warn(format!("{title} is open; what was typed at it before was not sent: {why}")),
            None => Outcome::ask(Request::Type { id, bytes: std::mem::take(&mut *early.bytes).into() }),
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
        if self.types_on(now) {
            return Some(Outcome::warn(
                "it has dropped: what is typed goes nowhere; wait a moment, and keys are noctui's",
            ));
        }
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

    /// Whether a key that is pressed now was meant for a console that has just dropped.
    fn types_on(&mut self, now: DateTime<Utc>) -> bool {
        let is_soon = self.dropped_at.is_some_and(|at| now.signed_duration_since(at) <= TYPES_ON);
        self.dropped_at = is_soon.then_some(now);
        is_soon
    }

    /// Sends a key to the machine.
    fn send(&mut self, key: Key) -> Outcome {
        let Some(console) = self.console_mut() else { return Outcome::none() };
        match &console.being {
            Being::Open => {}
            Being::Opening => return self.keep(key),
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
