//! The command palette: commands by name, and what some of them take behind it.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::commands::{COMMANDS, Command};
use super::keymap::Keymap;
use super::overlay::Taken;
use crate::command::{Scope, Spec};
use crate::features::{cloudvision, lab, maintenance};
use crate::key::{Code, Key};
use crate::ui::field::{Edited, Field};

/// The command palette.
#[derive(Debug, Clone)]
pub(crate) struct Palette {
    /// What was typed.
    pub(crate) text: Field,
    /// Index among the matches.
    pub(crate) cursor: usize,
    /// Whether somebody moved the cursor since the text was last empty: until then Enter on no text runs nothing.
    chosen: bool,
    /// The names of the themes, each of which can be asked for.
    themes: Vec<String>,
    /// The scopes of the place it was opened from.
    scopes: Vec<Scope>,
}

/// A row of the palette.
#[derive(Debug)]
pub(crate) struct Offer {
    /// What is typed to have it.
    pub(crate) name: String,
    /// What it does.
    pub(crate) help: &'static str,
    /// The row of the table.
    pub(crate) spec: &'static Spec<Command>,
    /// What it is to have, where that was typed.
    words: Option<String>,
}

/// How well the name of an offer says what was typed, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// It is called so, and can be used here.
    Named,
    /// It is called so but for the prefix that tells it from a command of another place.
    NamedHere,
    /// It is called so, and is for another place.
    NamedElsewhere,
    /// What was typed is part of its name, and it can be used here.
    PartHere,
    /// The same, for another place.
    PartElsewhere,
    /// The letters are there somewhere.
    Fuzzy,
}

impl Offer {
    /// A command as it is.
    fn plain(spec: &'static Spec<Command>) -> Self {
        Self { name: spec.name.to_owned(), help: spec.help, spec, words: None }
    }

    /// A command with what it is to have.
    fn with(spec: &'static Spec<Command>, help: &'static str, words: &str) -> Self {
        Self { name: format!("{} {words}", spec.name), help, spec, words: Some(words.to_owned()) }
    }

    /// What follows when it is chosen.
    fn taken(&self) -> Taken {
        let command = self.spec.command;
        self.words.clone().map_or(Taken::Run(command), |words| Taken::RunWith(command, words))
    }
}

/// What a command takes behind its name.
#[derive(Debug, Clone)]
enum Takes {
    /// Nothing.
    Nothing,
    /// One of these, each of which is called so, and what it does then.
    OneOf(&'static str, Vec<String>, &'static str),
    /// Whatever is typed, and what it does with that.
    Words(&'static str),
}

impl Palette {
    /// An empty palette over a place with these scopes, where there are these themes.
    pub(crate) fn new(themes: Vec<String>, scopes: Vec<Scope>) -> Self {
        Self { text: Field::line(""), cursor: 0, chosen: false, themes, scopes }
    }

    /// Whether a command is for the place that the palette was opened from.
    fn is_for_here(&self, offer: &Offer) -> bool {
        offer.spec.scopes.iter().any(|scope| self.scopes.contains(scope))
    }

    /// The keys of a command: of one for here those that do it here.
    pub(crate) fn keys(&self, offer: &Offer, keymap: &Keymap) -> Vec<Key> {
        let is_here = self.is_for_here(offer);
        if is_here { keymap.keys_in(&self.scopes, offer.spec) } else { keymap.keys(offer.spec.name).to_vec() }
    }

    /// How well an offer's name says what was typed, the best being the least. The fuzzy score alone does not tell
    /// `deploy` from the beginning of `deploy-submit`.
    fn nearness(&self, offer: &Offer) -> Nearness {
        let typed = self.text.text().trim().to_lowercase();
        let here = self.is_for_here(offer);
        let is_named = offer.name == typed;
        match (is_named, here) {
            (true, true) => Nearness::Named,
            // Where CloudVision's panes have the keyboard, `copy` is theirs.
            (false, true) if offer.name.strip_prefix("cv-") == Some(&typed) => Nearness::NamedHere,
            (true, false) => Nearness::NamedElsewhere,
            (false, _) if !offer.name.contains(&typed) => Nearness::Fuzzy,
            (false, true) => Nearness::PartHere,
            (false, false) => Nearness::PartElsewhere,
        }
    }

    /// What a command takes behind its name.
    #[expect(clippy::wildcard_enum_match_arm, reason = "few commands take anything")]
    fn takes(&self, command: Command) -> Takes {
        match command {
            Command::Theme => Takes::OneOf("theme", self.themes.clone(), "Switch to this theme"),
            Command::Maintenance(maintenance::pane::Command::Sort) => {
                let orders = maintenance::pane::sort_names().map(ToOwned::to_owned).collect();
                Takes::OneOf("order", orders, "Sort the maintenances so")
            }
            Command::Maintenance(maintenance::pane::Command::Note) => Takes::Words("Begin a note with these words"),
            Command::Maintenance(maintenance::pane::Command::Filter)
            | Command::CloudVision(cloudvision::pane::Command::Filter)
            | Command::Lab(lab::pane::Command::Filter) => Takes::Words("Filter by these words"),
            _ => Takes::Nothing,
        }
    }

    /// What can be asked for by name beside the commands of the table: `theme NAME`.
    fn arguments(&self) -> impl Iterator<Item = Offer> {
        COMMANDS.iter().flat_map(|spec| match self.takes(spec.command) {
            Takes::OneOf(_, names, help) => names.iter().map(|name| Offer::with(spec, help, name)).collect(),
            Takes::Words(_) | Takes::Nothing => Vec::new(),
        })
    }

    /// The command whose name is the first of the words that were typed, and what stands behind it.
    fn named(&self) -> Option<(&'static Spec<Command>, &str)> {
        let (name, words) = self.text.text().trim_start().split_once(char::is_whitespace)?;
        let name = name.to_lowercase();
        let is_here = |spec: &&'static Spec<Command>| spec.scopes.iter().any(|scope| self.scopes.contains(scope));
        let of_place = |spec: &&'static Spec<Command>| {
            ["cv-", "lab-"].iter().any(|place| spec.name.strip_prefix(place) == Some(&name)) && is_here(spec)
        };
        let exact = COMMANDS.iter().find(|spec| spec.name == name);
        let spec = exact.filter(is_here).or_else(|| COMMANDS.iter().find(of_place)).or(exact)?;
        let words = words.trim();
        // Behind the name alone, what it takes may be looked through.
        (!words.is_empty() || matches!(self.takes(spec.command), Takes::OneOf(..))).then_some((spec, words))
    }

    /// What to say where nothing matches: what the command takes that was named.
    pub(crate) fn nothing(&self) -> String {
        match self.named().map(|(spec, words)| (spec.name, self.takes(spec.command), words)) {
            Some((_, Takes::OneOf(what, names, _), words)) => {
                format!("there is no {what} {words:?}; the {what}s are {}", names.join(", "))
            }
            Some((name, Takes::Nothing, _)) => format!("{name} takes nothing behind its name"),
            Some((_, Takes::Words(_), _)) | None => "no command matches".to_owned(),
        }
    }

    /// What matches what was typed, best first; all commands when nothing was typed.
    pub(crate) fn matches(&self) -> Vec<Offer> {
        let text = self.text.text();
        let commands = COMMANDS.iter().map(Offer::plain);
        if text.trim().is_empty() {
            let (here, elsewhere): (Vec<Offer>, Vec<Offer>) = commands.partition(|offer| self.is_for_here(offer));
            return here.into_iter().chain(elsewhere).collect();
        }
        if let Some((spec, words)) = self.named() {
            return self.with_words(spec, words);
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        // Letters that are somewhere in each of several words are in nearly every command: words are to be there.
        let says_all = |offer: &Offer| {
            let help = offer.help.to_lowercase();
            words.len() < 2 || words.iter().all(|word| offer.name.contains(word) || help.contains(word))
        };
        let mut offers = self.ranked(text, commands.chain(self.arguments()).filter(says_all));
        for offer in self.nearly_named(text) {
            if offers.iter().all(|other| other.name != offer.name) {
                offers.push(offer);
            }
        }
        offers
    }

    /// What is offered to somebody who named a command loosely and typed more: commands of this place that take one of some
    /// words and whose names begin so and go on with these letters, with that.
    fn nearly_named(&self, text: &str) -> Vec<Offer> {
        let Some((name, words)) = text.trim().split_once(char::is_whitespace) else { return Vec::new() };
        let (name, words) = (name.to_lowercase(), words.trim());
        let pattern = Pattern::parse(&name, CaseMatching::Ignore, Normalization::Smart);
        let (mut matcher, mut buffer) = (Matcher::new(Config::DEFAULT), Vec::new());
        let is_meant = |spec: &&'static Spec<Command>| {
            let is_here = spec.scopes.iter().any(|scope| self.scopes.contains(scope));
            is_here && spec.name.chars().next() == name.chars().next()
        };
        let mut near: Vec<_> = COMMANDS
            .iter()
            .filter(is_meant)
            .filter_map(|spec| Some((pattern.score(Utf32Str::new(spec.name, &mut buffer), &mut matcher)?, spec)))
            .collect();
        near.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let with = |spec: &'static Spec<Command>| match self.takes(spec.command) {
            Takes::OneOf(_, names, help) => self.ranked(words, names.iter().map(|name| Offer::with(spec, help, name))),
            // Any words would do: what is no command at all would begin a note.
            Takes::Words(_) | Takes::Nothing => Vec::new(),
        };
        near.into_iter().flat_map(|(_, spec)| with(spec)).collect()
    }

    /// What is offered to somebody who named a command and typed more: the command with that, and commands whose names go
    /// on so: `mark all` is `mark-all`.
    fn with_words(&self, spec: &'static Spec<Command>, words: &str) -> Vec<Offer> {
        let typed = self.text.text().split_whitespace().collect::<Vec<_>>().join("-").to_lowercase();
        let longer =
            COMMANDS.iter().filter(|spec| !words.is_empty() && spec.name.starts_with(&typed)).map(Offer::plain);
        let mut offers = match self.takes(spec.command) {
            Takes::OneOf(_, names, help) => {
                let offers = names.iter().map(|name| Offer::with(spec, help, name));
                if words.is_empty() { offers.collect() } else { self.ranked(words, offers) }
            }
            Takes::Words(help) => vec![Offer::with(spec, help, words)],
            Takes::Nothing => vec![],
        };
        offers.extend(longer);
        offers
    }

    /// The offers that match a text, best first.
    fn ranked(&self, text: &str, offers: impl Iterator<Item = Offer>) -> Vec<Offer> {
        let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut found: Vec<_> = offers
            .filter_map(|offer| {
                // The name counts twice: a word of the help text never beats a command that is called so.
                let sought = if text == self.text.text() { &offer.name } else { offer.words.as_ref()? };
                let name = pattern.score(Utf32Str::new(sought, &mut buffer), &mut matcher).map(|score| score * 2);
                let help = (offer.words.is_none())
                    .then(|| pattern.score(Utf32Str::new(offer.help, &mut buffer), &mut matcher))
                    .flatten();
                let order = |score| (self.nearness(&offer), std::cmp::Reverse(score), !self.is_for_here(&offer));
                name.max(help).map(order).map(|order| (order, offer))
            })
            .collect();
        found.sort_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, offer)| offer).collect()
    }

    /// Takes in pasted text; returns whether it fitted.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        (self.cursor, self.chosen) = (0, false);
        self.text.paste(text)
    }

    /// Types, moves, runs.
    pub(super) fn key(&mut self, key: Key) -> Taken {
        let last = self.matches().len().saturating_sub(1);
        match (key.code, key.ctrl) {
            (Code::Enter, _) if !self.chosen && self.text.text().trim().is_empty() => {}
            (Code::Enter, _) => {
                return self.matches().get(self.cursor).map_or(Taken::Consumed, Offer::taken);
            }
            (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => self.go((self.cursor + 1).min(last)),
            (Code::Up, _) | (Code::Char('p'), true) => self.go(self.cursor.saturating_sub(1)),
            (Code::Backspace, false) if self.text.text().is_empty() => return Taken::Closed,
            _ => match self.text.key(key) {
                Edited::Ignored => return Taken::Ignored,
                Edited::Text => (self.cursor, self.chosen) = (0, false),
                Edited::Cursor => {}
            },
        }
        Taken::Consumed
    }

    /// Puts the cursor on a row; whether Enter ran that one already.
    pub(super) fn select(&mut self, row: usize) -> bool {
        let is_there = self.cursor == row && (self.chosen || !self.text.text().trim().is_empty());
        self.go(row);
        is_there
    }

    /// Puts the cursor on a row.
    fn go(&mut self, row: usize) {
        (self.cursor, self.chosen) = (row, true);
    }
}
