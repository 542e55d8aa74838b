//! What was typed after `/`: words, conditions in SQL for the columns, and a test for the texts.

use memchr::memmem::Finder;
use rusqlite::Row;

use super::{Filter, Scope, Sort};
use crate::store::folded;

/// Words beyond this are ignored; nobody types more.
const WORDS: usize = 8;
/// Characters of a word beyond this are ignored.
const CHARS: usize = 64;

/// The words of a text filter, in lower case and without accents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::features::maintenance::store) struct Words {
    /// Must occur.
    pub(in crate::features::maintenance::store) wanted: Vec<String>,
    /// Must not occur.
    pub(in crate::features::maintenance::store) unwanted: Vec<String>,
}

impl Words {
    /// The words of what was typed.
    pub(in crate::features::maintenance::store) fn parse(text: &str) -> Self {
        let mut words = Self::default();
        for word in text.split_whitespace().take(WORDS) {
            let (list, word) = match word.strip_prefix('!') {
                Some(word) => (&mut words.unwanted, word),
                None => (&mut words.wanted, word),
            };
            let word: String = folded(word).chars().filter(|c| *c != '\0').take(CHARS).collect();
            // A lone "!" is a word that is still being typed.
            if !word.is_empty() && !list.contains(&word) {
                list.push(word);
            }
        }
        words
    }

    /// Whether everything passes.
    pub(in crate::features::maintenance::store) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }
}

/// A filter ready to be asked: conditions over `m` (maintenance), and a test for its text, `t`.
///
/// The texts are tested here and not by a condition: SQLite's `instr` compares byte after byte, and calling it for each
/// word and row takes longer than reading the row.
#[derive(Debug, Clone)]
pub(super) struct Predicate {
    /// What the columns of a row have to fulfil; empty if all do.
    pub(super) whole: String,
    /// What is left of it for the rows that the legs of the sort give; empty if all of those do.
    pub(super) on_legs: String,
    /// `JOIN maintenance_text t …` where the text is tested.
    pub(super) join: &'static str,
    /// The column of the text, or what stands for it where no text is tested.
    pub(super) text: &'static str,
    pub(super) words: Words,
    sieve: Sieve,
    pub(super) scope: Scope,
    pub(super) provider: Option<String>,
}

impl Predicate {
    pub(super) fn of(filter: &Filter, sort: Sort) -> Self {
        let words = Words::parse(&filter.text);
        let is_open = match filter.scope {
            Scope::Open => "m.final = 0 AND m.ends_at > :now",
            Scope::Unacknowledged => "(m.final = 0 OR m.ack_revision > 0) AND m.ends_at > :now",
            Scope::All | Scope::Changed => "",
        };
        let of_provider = if filter.provider.is_some() { "m.provider = :provider" } else { "" };
        let both = match filter.scope {
            Scope::All | Scope::Open => "",
            Scope::Unacknowledged => "m.ack_revision < m.revision",
            Scope::Changed => "m.seen_revision < m.revision",
        };
        let and = |own: [&str; 2]| {
            let conditions = own.into_iter().chain([both]).filter(|condition| !condition.is_empty());
            conditions.collect::<Vec<_>>().join(" AND ")
        };
        Self {
            whole: and([is_open, of_provider]),
            on_legs: and([
                if sort == Sort::Grouped && filter.scope == Scope::Open { "" } else { is_open },
                if sort == Sort::Provider { "" } else { of_provider },
            ]),
            join: if words.is_empty() { "" } else { "JOIN maintenance_text t ON t.id = m.id" },
            text: if words.is_empty() { "NULL" } else { "t.text" },
            sieve: Sieve::of(&words),
            words,
            scope: filter.scope,
            provider: filter.provider.clone(),
        }
    }
}

impl Predicate {
    /// What to read where `whole` is tested by itself: the texts alone if it asks for nothing else.
    pub(super) fn source(&self) -> &'static str {
        match (self.words.is_empty(), self.whole.is_empty()) {
            (false, true) => "maintenance_text t",
            (false, false) => "maintenance m JOIN maintenance_text t USING (id)",
            (true, _) => "maintenance m",
        }
    }

    /// Whether every row passes.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.words.is_empty()
    }

    /// Whether every row passes that the legs of the sort give.
    pub(super) fn is_empty_on_legs(&self) -> bool {
        self.on_legs.is_empty() && self.words.is_empty()
    }

    /// Whether the text in this column of a row passes.
    pub(super) fn passes(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
        Ok(self.words.is_empty() || self.sieve.passes(row.get_ref(column)?.as_bytes()?))
    }
}

/// Finds words in texts.
#[derive(Debug, Clone)]
struct Sieve {
    wanted: Vec<Finder<'static>>,
    unwanted: Vec<Finder<'static>>,
}

impl Sieve {
    fn of(words: &Words) -> Self {
        let finders = |words: &[String]| words.iter().map(|word| Finder::new(word).into_owned()).collect();
        Self { wanted: finders(&words.wanted), unwanted: finders(&words.unwanted) }
    }

    fn passes(&self, text: &[u8]) -> bool {
        self.wanted.iter().all(|word| word.find(text).is_some())
            && self.unwanted.iter().all(|word| word.find(text).is_none())
    }
}

/// A condition that may be empty, as SQL.
pub(super) fn or_true(condition: &str) -> &str {
    if condition.is_empty() { "1" } else { condition }
}
