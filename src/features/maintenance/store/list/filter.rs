//! What was typed after `/`, as words and as SQL.

use super::{Filter, Scope, Sort};

/// Words beyond this are ignored; nobody types more.
const WORDS: usize = 8;
/// Characters of a word beyond this are ignored.
const CHARS: usize = 64;

/// The words of a text filter, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    /// Must occur.
    pub(super) wanted: Vec<String>,
    /// Must not occur.
    pub(super) unwanted: Vec<String>,
}

impl Words {
    pub(super) fn parse(text: &str) -> Self {
        let mut words = Self::default();
        for word in text.split_whitespace().take(WORDS) {
            let (list, word) = match word.strip_prefix('!') {
                Some(word) => (&mut words.unwanted, word),
                None => (&mut words.wanted, word),
            };
            let word: String = word.to_lowercase().chars().filter(|c| *c != '\0').take(CHARS).collect();
            // A lone "!" is a word that is still being typed.
            if !word.is_empty() && !list.contains(&word) {
                list.push(word);
            }
        }
        words
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }
}

/// A filter ready to be asked: conditions over `m` (maintenance) and `t` (its text), and their parameters by name.
#[derive(Debug, Clone)]
pub(super) struct Predicate {
    /// What a row has to fulfil; empty if every row passes.
    pub(super) whole: String,
    /// What is left of it for the rows that the legs of the sort give; empty if all of those pass.
    pub(super) on_legs: String,
    /// `JOIN maintenance_text t …` where a condition needs it.
    pub(super) join: &'static str,
    /// Texts by parameter name.
    pub(super) texts: Vec<(String, String)>,
    pub(super) words: Words,
    pub(super) scope: Scope,
    pub(super) provider: Option<String>,
}

impl Predicate {
    pub(super) fn of(filter: &Filter, sort: Sort) -> Self {
        let words = Words::parse(&filter.text);
        let mut texts = Vec::new();
        let is_open = match filter.scope {
            Scope::Open | Scope::Unacknowledged => "m.final = 0 AND m.ends_at > :now",
            Scope::All | Scope::Changed => "",
        };
        let of_provider = if filter.provider.is_some() { "m.provider = :provider" } else { "" };
        texts.extend(filter.provider.iter().map(|provider| (":provider".to_owned(), provider.clone())));
        let mut both = vec![match filter.scope {
            Scope::All | Scope::Open => String::new(),
            Scope::Unacknowledged => "m.ack_revision < m.revision".to_owned(),
            Scope::Changed => "m.seen_revision < m.revision".to_owned(),
        }];
        let verdicts = words.wanted.iter().map(|word| (word, "> 0"));
        for (place, (word, verdict)) in verdicts.chain(words.unwanted.iter().map(|word| (word, "= 0"))).enumerate() {
            both.push(format!("instr(t.text, :word{place}) {verdict}"));
            texts.push((format!(":word{place}"), word.clone()));
        }
        let both: Vec<&str> = both.iter().map(String::as_str).filter(|condition| !condition.is_empty()).collect();
        let and = |own: [&str; 2]| {
            let own = own.into_iter().filter(|condition| !condition.is_empty());
            own.chain(both.iter().copied()).collect::<Vec<_>>().join(" AND ")
        };
        Self {
            whole: and([is_open, of_provider]),
            on_legs: and([
                if sort == Sort::Grouped { "" } else { is_open },
                if sort == Sort::Provider { "" } else { of_provider },
            ]),
            join: if words.is_empty() { "" } else { "JOIN maintenance_text t ON t.id = m.id" },
            texts,
            words,
            scope: filter.scope,
            provider: filter.provider.clone(),
        }
    }
}

impl Predicate {
    /// What to read where `whole` is tested by itself: the texts alone if it asks for nothing else.
    pub(super) fn source(&self) -> &'static str {
        match (self.words.is_empty(), self.scope, &self.provider) {
            (false, Scope::All, None) => "maintenance_text t",
            (false, ..) => "maintenance m JOIN maintenance_text t USING (id)",
            (true, ..) => "maintenance m",
        }
    }
}

/// A condition that may be empty, as SQL.
pub(super) fn or_true(condition: &str) -> &str {
    if condition.is_empty() { "1" } else { condition }
}
