//! Which rows may pass a filter, from the indexes alone, for filters that few rows pass.

use rusqlite::{Connection, ToSql};

use super::filter::{Predicate, Words};
use super::ids::Ids;
use super::walk::{bind, bind_one};
use super::{ListQuery, Scope};
use crate::features::maintenance::store::letters::letter;
use crate::store::Error;

/// Characters of a trigram.
const TRIGRAM: usize = 3;

/// Trigrams of a word beyond this do not make the answer much smaller.
const TRIGRAMS: usize = 8;

/// Ids that are collected of a scope or a provider; where there are more, the rows are left to be tested.
const MOST_OF_COLUMN: usize = 100_000;

/// The same for a word of one or two characters, whose many places come several to a row.
const MOST_PLACES: usize = 20_000;

/// So few rows are sooner tested than any other index is asked.
const FEW: usize = 2_000;

/// The ids of what is not over.
pub(super) const OPEN: &str = "SELECT id FROM maintenance INDEXED BY maintenance_over WHERE over_at > :now";

/// The ids of what is not over and not acknowledged as it is: of what is final, where an earlier state was.
pub(in crate::features::maintenance::store) const UNACKNOWLEDGED: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_unacked
     WHERE final = 0 AND ack_revision < revision AND ends_at > :now
     UNION ALL SELECT id FROM maintenance INDEXED BY maintenance_asks
     WHERE final = 1 AND ack_revision > 0 AND ack_revision < revision AND ends_at > :now";

/// The ids of what is new or changed since somebody looked.
pub(in crate::features::maintenance::store) const UNSEEN: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_unseen WHERE seen_revision < revision";

/// The ids of a provider's.
pub(super) const OF_PROVIDER: &str =
    "SELECT id FROM maintenance INDEXED BY maintenance_provider WHERE provider = :provider";

/// The ids of what lacks some letters, by their bits.
pub(super) const LACKING: &str =
    "SELECT id FROM maintenance_text INDEXED BY maintenance_letters WHERE letters & :letters = 0";

/// The ids of what has some trigrams.
const MATCHING: &str = "SELECT rowid FROM maintenance_trigram WHERE maintenance_trigram MATCH :match";

/// Rows of which all that pass are some.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) ids: Ids,
    /// Whether every one of them passes; else each has to be tested.
    pub(super) is_exact: bool,
    /// Whether all texts were read already to find them.
    pub(super) is_read: bool,
}

impl Candidates {
    /// What the indexes say; `None` if they do not make the list much shorter.
    pub(super) fn collect(
        connection: &Connection,
        list: &ListQuery,
        predicate: &Predicate,
    ) -> Result<Option<Self>, Error> {
        let mut gather = Gather { connection, list, predicate, found: None, is_exact: true };
        gather.columns()?;
        gather.long_words()?;
        gather.short_words()?;
        gather.unwanted_letters()?;
        gather.unwanted_words()?;
        let Gather { found, is_exact, .. } = gather;
        Ok(found.map(|ids| Self { ids, is_exact, is_read: false }))
    }
}

/// The questions to the indexes.
struct Gather<'a> {
    connection: &'a Connection,
    list: &'a ListQuery,
    predicate: &'a Predicate,
    /// What all answers so far have in common.
    found: Option<Ids>,
    /// Whether nothing that was asked for is left to be tested.
    is_exact: bool,
}

impl Gather<'_> {
    /// What the columns' own indexes say.
    fn columns(&mut self) -> Result<(), Error> {
        let by_scope = match self.predicate.scope {
            Scope::All => None,
            Scope::Open => Some(OPEN),
            Scope::Unacknowledged => Some(UNACKNOWLEDGED),
            Scope::Changed => Some(UNSEEN),
        };
        // Final ones whose time is not over, as clocks may disagree, are among the first.
        self.is_exact &= self.predicate.scope != Scope::Open;
        let by_provider = self.predicate.provider.as_ref().map(|_| OF_PROVIDER);
        for sql in by_scope.into_iter().chain(by_provider) {
            self.narrow(sql, &[], MOST_OF_COLUMN)?;
        }
        Ok(())
    }

    /// Rows that have the trigrams of every word long enough to have one. The index keeps no positions, which would
    /// double it, so that a row may have the trigrams of a longer word without the word.
    fn long_words(&mut self) -> Result<(), Error> {
        let Words { wanted, .. } = &self.predicate.words;
        let trigrams = trigrams(wanted.iter().map(String::as_str));
        if trigrams.is_empty() {
            return Ok(());
        }
        self.is_exact &= wanted.iter().all(|word| word.chars().count() <= TRIGRAM);
        self.narrow(MATCHING, &[(":match", &trigrams.join(" AND "))], usize::MAX)
    }

    /// Rows that have the words shorter than a trigram. Every character of every field begins a trigram, so that those
    /// which begin with the word are all places where it stands.
    fn short_words(&mut self) -> Result<(), Error> {
        let sql = "SELECT doc FROM maintenance_trigram_term WHERE term >= :first AND term <= :end";
        for word in self.predicate.words.wanted.iter().filter(|word| word.chars().count() < TRIGRAM) {
            let end = format!("{word}\u{10ffff}\u{10ffff}");
            self.narrow(sql, &[(":first", word), (":end", &end)], MOST_PLACES)?;
        }
        Ok(())
    }

    /// Rows that have none of the excluded words which are one letter.
    fn unwanted_letters(&mut self) -> Result<(), Error> {
        let bits = self.predicate.words.unwanted.iter().filter_map(|word| letter(word)).fold(0, |bits, bit| bits | bit);
        if bits == 0 { Ok(()) } else { self.narrow(LACKING, &[(":letters", &bits)], usize::MAX) }
    }

    /// Takes away rows that have an excluded word which is one trigram: that a row has all trigrams of a longer one does
    /// not mean that it has the word. Without candidates so far, what is left would be most of the list.
    fn unwanted_words(&mut self) -> Result<(), Error> {
        for word in self.predicate.words.unwanted.iter().filter(|word| letter(word).is_none()) {
            let is_trigram = word.chars().count() == TRIGRAM;
            let is_many = self.found.as_ref().is_some_and(|ids| ids.len() > FEW);
            let expression = trigrams([word.as_str()]).join(" AND ");
            let ids =
                if is_trigram && is_many { self.ids(MATCHING, &[(":match", &expression)], usize::MAX)? } else { None };
            match (ids, &mut self.found) {
                (Some(ids), Some(found)) => found.subtract(&ids),
                _ => self.is_exact = false,
            }
        }
        Ok(())
    }

    /// Keeps the ids that a query gives, unless there are more than `most` or few are left anyway.
    fn narrow(&mut self, sql: &str, given: &[(&str, &dyn ToSql)], most: usize) -> Result<(), Error> {
        let is_few = self.found.as_ref().is_some_and(|ids| ids.len() <= FEW);
        let ids = if is_few { None } else { self.ids(sql, given, most)? };
        match (ids, &mut self.found) {
            (None, _) => self.is_exact = false,
            (Some(ids), Some(found)) => found.intersect(&ids),
            (Some(ids), None) => self.found = Some(ids),
        }
        Ok(())
    }

    /// The ids that a query gives; `None` if it gives more than `most`.
    fn ids(&self, sql: &str, given: &[(&str, &dyn ToSql)], most: usize) -> Result<Option<Ids>, Error> {
        let mut query = self.connection.prepare_cached(sql)?;
        bind(&mut query, self.list, self.predicate)?;
        for (name, value) in given {
            bind_one(&mut query, name, value)?;
        }
        let mut ids = Ids::default();
        let mut count = 0;
        let mut rows = query.raw_query();
        while let Some(row) = rows.next()? {
            ids.insert(row.get(0)?);
            count += 1;
            if count > most {
                return Ok(None);
            }
        }
        Ok(Some(ids))
    }
}

/// Trigrams that cover the words, each once, as strings of the index's query language: in quotes any text is one, and a
/// quote inside is doubled. Those that overlap more than they must say little new, and each costs the reading of a list.
fn trigrams<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut trigrams: Vec<String> = Vec::new();
    for word in words {
        let chars: Vec<char> = word.chars().collect();
        let last = chars.windows(TRIGRAM).last();
        for three in chars.chunks_exact(TRIGRAM).take(TRIGRAMS).chain(last) {
            let quoted = format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\""));
            if !trigrams.contains(&quoted) {
                trigrams.push(quoted);
            }
        }
    }
    trigrams
}
