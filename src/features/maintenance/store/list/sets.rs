//! Which rows may pass a filter, from the indexes alone, for filters that few rows pass.

use rusqlite::Connection;

use super::filter::{Predicate, Words};
use super::ids::Ids;
use super::window::{bind, bind_one};
use super::{ListQuery, Scope};
use crate::store::Error;

/// Characters of a trigram.
const TRIGRAM: usize = 3;

/// Trigrams of a word beyond this do not make the answer much smaller.
const TRIGRAMS: usize = 24;

/// Places of a word of one or two characters that are collected; above this it is left to the test of each row.
const PLACES: usize = 50_000;

/// The ids of what is not over.
pub(super) const OPEN: &str = "SELECT id FROM maintenance INDEXED BY maintenance_over WHERE over_at > :now";

/// The ids of what is open and not acknowledged as it is.
pub(in crate::features::maintenance::store) const UNACKNOWLEDGED: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_unacked
     WHERE final = 0 AND ack_revision < revision AND ends_at > :now";

/// The ids of what is new or changed since somebody looked.
pub(in crate::features::maintenance::store) const UNSEEN: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_unseen WHERE seen_revision < revision";

/// The ids of a provider's.
pub(super) const OF_PROVIDER: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_provider WHERE provider = :provider";

/// Rows that may pass.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// All that pass are among these; `None` if no index says anything.
    pub(super) wanted: Option<Ids>,
    /// None of these passes.
    pub(super) unwanted: Option<Ids>,
    /// Whether exactly the wanted without the unwanted pass; else each has to be tested.
    pub(super) is_exact: bool,
}

impl Sets {
    pub(super) fn collect(connection: &Connection, list: &ListQuery, predicate: &Predicate) -> Result<Self, Error> {
        let gather = Gather { connection, list, predicate };
        let mut sets = Self { is_exact: true, ..Self::default() };
        gather.columns(&mut sets)?;
        gather.long_words(&mut sets)?;
        for word in predicate.words.wanted.iter().filter(|word| word.chars().count() < TRIGRAM) {
            match gather.short_word(word)? {
                Some(ids) => sets.narrow(ids),
                None => sets.is_exact = false,
            }
        }
        for word in &predicate.words.unwanted {
            let ids = match word.chars().count() {
                ..TRIGRAM => gather.short_word(word)?,
                TRIGRAM => Some(gather.matching(&trigrams([word.as_str()]))?),
                // That a row has all trigrams of a longer word does not mean that it has the word.
                _ => None,
            };
            match ids {
                Some(ids) => sets.exclude(ids),
                None => sets.is_exact = false,
            }
        }
        if let (Some(wanted), Some(unwanted)) = (&mut sets.wanted, &sets.unwanted) {
            wanted.subtract(unwanted);
            sets.unwanted = None;
        }
        Ok(sets)
    }

    /// Whether a row may pass.
    pub(super) fn contains(&self, id: i64) -> bool {
        self.wanted.as_ref().is_none_or(|ids| ids.contains(id))
            && self.unwanted.as_ref().is_none_or(|ids| !ids.contains(id))
    }

    fn narrow(&mut self, ids: Ids) {
        match &mut self.wanted {
            Some(wanted) => wanted.intersect(&ids),
            None => self.wanted = Some(ids),
        }
    }

    fn exclude(&mut self, ids: Ids) {
        match &mut self.unwanted {
            Some(unwanted) => ids.iter().for_each(|id| {
                unwanted.insert(id);
            }),
            None => self.unwanted = Some(ids),
        }
    }
}

/// The questions to the indexes.
struct Gather<'a> {
    connection: &'a Connection,
    list: &'a ListQuery,
    predicate: &'a Predicate,
}

impl Gather<'_> {
    /// What the columns' own indexes say.
    fn columns(&self, sets: &mut Sets) -> Result<(), Error> {
        let by_scope = match self.predicate.scope {
            Scope::All => None,
            Scope::Open => Some(OPEN),
            Scope::Unacknowledged => Some(UNACKNOWLEDGED),
            Scope::Changed => Some(UNSEEN),
        };
        // Final ones whose time is not over, as clocks may disagree, are among the first.
        sets.is_exact &= self.predicate.scope != Scope::Open;
        let by_provider = self.predicate.provider.as_ref().map(|_| OF_PROVIDER);
        for sql in by_scope.into_iter().chain(by_provider) {
            if let Some(ids) = self.ids(sql, &[], usize::MAX)? {
                sets.narrow(ids);
            }
        }
        Ok(())
    }

    /// Rows that have every trigram of every word long enough to have one. The index keeps no positions, which would
    /// double it, so that a row may have the trigrams of a longer word without the word.
    fn long_words(&self, sets: &mut Sets) -> Result<(), Error> {
        let Words { wanted, .. } = &self.predicate.words;
        let trigrams = trigrams(wanted.iter().map(String::as_str));
        if !trigrams.is_empty() {
            sets.narrow(self.matching(&trigrams)?);
            sets.is_exact &= wanted.iter().all(|word| word.chars().count() <= TRIGRAM);
        }
        Ok(())
    }

    fn matching(&self, trigrams: &[String]) -> Result<Ids, Error> {
        let sql = "SELECT rowid FROM maintenance_trigram WHERE maintenance_trigram MATCH :match";
        let expression = trigrams.join(" AND ");
        Ok(self.ids(sql, &[(":match", &expression)], usize::MAX)?.unwrap_or_default())
    }

    /// Rows that have a word shorter than a trigram. Every character of every field begins a trigram, so that those which
    /// begin with the word are all places where it stands. `None` if there are too many.
    fn short_word(&self, word: &str) -> Result<Option<Ids>, Error> {
        let sql = "SELECT doc FROM maintenance_trigram_term WHERE term >= :first AND term <= :end";
        let end = format!("{word}\u{10ffff}\u{10ffff}");
        self.ids(sql, &[(":first", word), (":end", &end)], PLACES)
    }

    /// The ids that a query gives; `None` if it gives more than `most`.
    fn ids(&self, sql: &str, texts: &[(&str, &str)], most: usize) -> Result<Option<Ids>, Error> {
        let mut query = self.connection.prepare_cached(sql)?;
        bind(&mut query, self.list, self.predicate)?;
        for (name, text) in texts {
            bind_one(&mut query, name, text)?;
        }
        let mut ids = Ids::default();
        let mut given = 0;
        let mut rows = query.raw_query();
        while let Some(row) = rows.next()? {
            ids.insert(row.get(0)?);
            given += 1;
            if given > most {
                return Ok(None);
            }
        }
        Ok(Some(ids))
    }
}

/// Each trigram of the words once, as strings of the index's query language: in quotes any text is one, and a quote
/// inside is doubled.
fn trigrams<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut trigrams: Vec<String> = Vec::new();
    for word in words {
        let chars: Vec<char> = word.chars().collect();
        for three in chars.windows(TRIGRAM).take(TRIGRAMS) {
            let quoted = format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\""));
            if !trigrams.contains(&quoted) {
                trigrams.push(quoted);
            }
        }
    }
    trigrams
}
