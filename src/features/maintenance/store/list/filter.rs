//! What was typed after `/`, as words and as SQL.

use super::{Filter, Scope};

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
    /// As SQL; empty if every row passes.
    pub(super) sql: String,
    /// `JOIN maintenance_text t …` where a condition needs it.
    pub(super) join: &'static str,
    /// Texts by parameter name.
    pub(super) texts: Vec<(String, String)>,
    pub(super) words: Words,
    pub(super) scope: Scope,
    pub(super) provider: Option<String>,
}

impl Predicate {
    pub(super) fn of(filter: &Filter) -> Self {
        let words = Words::parse(&filter.text);
        let mut conditions = Vec::new();
        let mut texts = Vec::new();
        match filter.scope {
            Scope::All => {}
            Scope::Open => conditions.push("m.final = 0 AND m.ends_at > :now".to_owned()),
            Scope::Unacknowledged => {
                conditions.push("m.final = 0 AND m.ends_at > :now AND m.ack_revision < m.revision".to_owned());
            }
            Scope::Changed => conditions.push("m.seen_revision < m.revision".to_owned()),
        }
        if let Some(provider) = &filter.provider {
            conditions.push("m.provider = :provider".to_owned());
            texts.push((":provider".to_owned(), provider.clone()));
        }
        let listed = [(&words.wanted, "> 0"), (&words.unwanted, "= 0")];
        for (place, (word, verdict)) in
            listed.iter().flat_map(|(list, verdict)| list.iter().map(move |word| (word, verdict))).enumerate()
        {
            conditions.push(format!("instr(t.text, :word{place}) {verdict}"));
            texts.push((format!(":word{place}"), word.clone()));
        }
        let join = if words.is_empty() { "" } else { "JOIN maintenance_text t ON t.id = m.id" };
        Self {
            sql: conditions.join(" AND "),
            join,
            texts,
            words,
            scope: filter.scope,
            provider: filter.provider.clone(),
        }
    }

    /// Whether every row passes.
    pub(super) fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// The condition, true where there is none.
    pub(super) fn condition(&self) -> &str {
        if self.is_empty() { "1" } else { &self.sql }
    }
}
