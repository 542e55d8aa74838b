//! What lies on top of the panes: help, palette, log, connections, confirmations. The topmost gets the keys first.

use chrono::{DateTime, Duration, Utc};

use super::commands::{COMMANDS, Command};
use super::keymap::Keymap;
use super::palette::Palette;
use crate::command::{Scope, Spec};
use crate::features::{cloudvision, console, lab, maintenance};
use crate::key::{Code, Key};
use crate::ui::field::{Edited, Field};
use crate::ui::page::Span;

/// Keys that were typed before a dialog could be read do not answer it.
const TYPED_AHEAD_MS: i64 = 300;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    /// The keys of the place it was opened from.
    Help(Help),
    /// Every command by name.
    Palette(Palette),
    /// The last warnings; lines scrolled away at the end.
    Log(usize),
    /// The state of every backend; lines scrolled away at the top.
    Connections(usize),
    /// A question before something is done.
    Confirm(Confirm),
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was for the overlay.
    Consumed,
    /// The overlay has no use for it.
    Ignored,
    /// The overlay is done with.
    Closed,
    /// The overlay is done with, and this is to run.
    Run(Command),
    /// The question was answered: what it asks about is to be done.
    Confirmed,
    /// The overlay is done with, and this is to run with what was typed behind its name.
    RunWith(Command, String),
}

/// The help overlay: searchable, and Enter runs a row.
#[derive(Debug, Clone)]
pub(crate) struct Help {
    /// All that can be done in the place, its own first.
    offered: Vec<Offered>,
    /// What is searched for.
    pub(crate) search: Field,
    /// Index of the row under the cursor among those shown.
    pub(crate) cursor: usize,
    /// Whether somebody moved the cursor or searched: until then Enter runs nothing.
    pub(crate) chosen: bool,
}

/// A row of the help.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    /// What can be done.
    pub(crate) spec: &'static Spec<Command>,
    /// The keys that do it in the place.
    pub(crate) keys: Vec<Key>,
}

/// A question before something is done.
#[derive(Debug, Clone)]
pub(crate) struct Confirm {
    /// What would be done.
    pub(crate) then: Confirmed,
    /// The question, naming the object.
    pub(crate) question: String,
    /// What more there is to know.
    pub(crate) lines: Vec<Span>,
    /// Whether it concerns production, which makes it look otherwise.
    pub(crate) production: bool,
    /// The word to type; `None` if `y` is enough.
    pub(crate) word: Option<String>,
    /// What was typed.
    pub(crate) typed: Field,
    /// When the question appeared.
    pub(crate) since: DateTime<Utc>,
    /// Why the last key did not do what it was pressed for.
    pub(crate) refused: Option<NoAnswer>,
}

/// Why a key did not answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Nobody can have read the question before.
    TooSoon,
    /// Something else was typed than what was asked for.
    OtherWord,
}

/// What follows when a question is answered. It holds all that was shown: what changed since is not what was confirmed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Confirmed {
    /// This runs.
    Run(Command),
    /// This is asked of CloudVision's worker.
    CloudVision(cloudvision::worker::Request),
    /// This is asked of the maintenances' worker.
    Maintenance(maintenance::worker::Request),
    /// This is asked of the labs' worker.
    Lab(Box<lab::worker::Request>),
    /// This is asked of the consoles' worker.
    Console(Box<console::worker::Request>),
}

impl Help {
    /// The help of a place, whose scopes come innermost first. A key is named with the command that it runs there and with no
    /// other: one whose keys all mean something else there is run by Enter on its row, or by its name.
    pub(crate) fn of(scopes: &[Scope], keymap: &Keymap) -> Self {
        let mut offered: Vec<Offered> = Vec::new();
        for spec in scopes.iter().flat_map(|scope| COMMANDS.iter().filter(move |spec| spec.scopes.contains(scope))) {
            if !offered.iter().any(|other| other.spec.name == spec.name) {
                offered.push(Offered { spec, keys: keymap.keys_in(scopes, spec) });
            }
        }
        Self { offered, search: Field::line(""), cursor: 0, chosen: false }
    }

    /// The rows to show: those that match.
    pub(crate) fn rows(&self) -> Vec<&Offered> {
        let text = self.search.text().to_lowercase();
        let matches = |row: &&Offered| {
            text.is_empty()
                || row.spec.name.contains(&text)
                || row.spec.help.to_lowercase().contains(&text)
                || row.keys.iter().any(|key| key.to_string() == self.search.text())
        };
        self.offered.iter().filter(matches).collect()
    }

    /// Searches, moves, runs.
    fn key(&mut self, key: Key) -> Taken {
        match (key.code, key.ctrl) {
            (Code::Enter, _) if !self.chosen => Taken::Closed,
            (Code::Enter, _) => self.rows().get(self.cursor).map_or(Taken::Closed, |row| Taken::Run(row.spec.command)),
            (Code::Down, _) | (Code::Char('n'), true) => self.go(self.cursor + 1),
            (Code::Up, _) | (Code::Char('p'), true) => self.go(self.cursor.saturating_sub(1)),
            (Code::PageDown, _) => self.go(self.cursor + 10),
            (Code::PageUp, _) => self.go(self.cursor.saturating_sub(10)),
            (Code::Char('?'), false) if self.search.text().is_empty() => Taken::Closed,
            _ => match self.search.key(key) {
                Edited::Ignored => Taken::Ignored,
                Edited::Text => {
                    self.go(0);
                    self.chosen = !self.search.text().trim().is_empty();
                    Taken::Consumed
                }
                Edited::Cursor => Taken::Consumed,
            },
        }
    }

    /// Puts the cursor on a row.
    fn go(&mut self, row: usize) -> Taken {
        self.chosen = true;
        self.cursor = row.min(self.rows().len().saturating_sub(1));
        Taken::Consumed
    }
}

impl Confirm {
    /// A question that appeared at `since`, with a word to type or without.
    pub(crate) fn new(then: Confirmed, question: String, word: Option<String>, since: DateTime<Utc>) -> Self {
        Self { then, question, lines: vec![], production: false, word, typed: Field::line(""), since, refused: None }
    }

    /// `y`, or the word and Enter. Enter alone never confirms.
    ///
    /// What was typed before anybody can have read the question does not answer it, and that is said. Everything else is
    /// taken at once: a letter of the word, and what closes the question, can do no harm.
    fn key(&mut self, key: Key, now: DateTime<Utc>) -> Taken {
        let is_plain = !key.ctrl && !key.alt;
        match (&self.word, key.code) {
            (None, Code::Char('y' | 'Y')) if is_plain => self.answer(now),
            (None, Code::Char('n' | 'N')) if is_plain => Taken::Closed,
            (Some(word), Code::Enter) if self.typed.text() == word => self.answer(now),
            (Some(_), Code::Enter) => self.refuse(NoAnswer::OtherWord),
            (Some(_), _) => match self.typed.key(key) {
                Edited::Ignored => Taken::Ignored,
                Edited::Text | Edited::Cursor => {
                    self.refused = None;
                    Taken::Consumed
                }
            },
            (None, _) => Taken::Ignored,
        }
    }

    /// Somebody said yes.
    fn answer(&mut self, now: DateTime<Utc>) -> Taken {
        let is_ahead = now - self.since < Duration::milliseconds(TYPED_AHEAD_MS);
        if is_ahead { self.refuse(NoAnswer::TooSoon) } else { Taken::Confirmed }
    }

    /// The key is taken, and does nothing.
    fn refuse(&mut self, why: NoAnswer) -> Taken {
        self.refused = Some(why);
        Taken::Consumed
    }

    /// Why the last key did nothing, in words.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refused.map(|why| match (why, &self.word) {
            (NoAnswer::TooSoon, None) => "y came before this could be read: press it again".to_owned(),
            (NoAnswer::TooSoon, Some(_)) => "enter came before this could be read: press it again".to_owned(),
            (NoAnswer::OtherWord, word) => match (self.typed.text(), word.as_deref().unwrap_or_default()) {
                ("", word) => format!("nothing is typed: {word} is asked for"),
                (_, word) => format!("what is typed is not {word}"),
            },
        })
    }

    /// Whether it asks about leaving noctui.
    pub(crate) fn is_about_leaving(&self) -> bool {
        self.then == Confirmed::Run(Command::Quit)
    }
}

impl Overlay {
    /// Offers a key. Esc closes whatever it is; the caller sees to that.
    pub(crate) fn key(&mut self, key: Key, now: DateTime<Utc>) -> Taken {
        match self {
            Self::Help(help) => help.key(key),
            Self::Palette(palette) => palette.key(key),
            Self::Confirm(confirm) => confirm.key(key, now),
            Self::Log(scroll) | Self::Connections(scroll) => scroll_key(scroll, key),
        }
    }

    /// Puts the cursor on a row, where there are rows; whether somebody had put it there already.
    pub(crate) fn select(&mut self, row: usize) -> bool {
        match self {
            Self::Help(help) => {
                let is_there = help.chosen && help.cursor == row;
                help.go(row);
                is_there
            }
            Self::Palette(palette) => palette.select(row),
            Self::Log(_) | Self::Connections(_) | Self::Confirm(_) => false,
        }
    }

    /// Its keys and what they do, for the footer.
    pub(crate) fn keys(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Help(_) | Self::Palette(_) => &[("enter", "run"), ("up down", "choose"), ("esc", "close")],
            Self::Log(_) | Self::Connections(_) => &[("j k", "scroll"), ("esc", "close")],
            Self::Confirm(Confirm { word: None, .. }) => &[("y", "yes"), ("n", "no"), ("esc", "cancel")],
            Self::Confirm(_) => &[("enter", "go on"), ("esc", "cancel")],
        }
    }

    /// Offers pasted text; returns whether it fitted.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        match self {
            Self::Help(help) => {
                (help.cursor, help.chosen) = (0, true);
                help.search.paste(text)
            }
            Self::Palette(palette) => palette.paste(text),
            Self::Confirm(confirm) => confirm.typed.paste(text),
            Self::Log(_) | Self::Connections(_) => true,
        }
    }
}

/// Scrolls a text by the usual keys.
fn scroll_key(scroll: &mut usize, key: Key) -> Taken {
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => *scroll += 1,
        (Code::Up | Code::Char('k'), false) => *scroll = scroll.saturating_sub(1),
        (Code::PageDown, _) | (Code::Char('d' | 'f'), true) => *scroll += 10,
        (Code::PageUp, _) | (Code::Char('u' | 'b'), true) => *scroll = scroll.saturating_sub(10),
        (Code::Home | Code::Char('g'), false) => *scroll = 0,
        _ => return Taken::Ignored,
    }
    Taken::Consumed
}
