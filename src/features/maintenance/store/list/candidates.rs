//! Rows that may pass a filter, from an index, for filters that few rows pass.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::filter::Predicate;
use super::rank::RowKey;
use super::window::{bind, bind_one, find};
use super::{ListQuery, Scope};
use crate::store::Error;

/// Candidates beyond this are no help: sorting them takes longer than walking to enough of them.
const MOST: usize = 10_000;

/// Trigrams of a word beyond this do not make the answer much smaller.
const TRIGRAMS: usize = 24;

/// Characters of a trigram.
const TRIGRAM: usize = 3;

/// All rows that pass, in the list's order; `None` if no index gives few enough candidates.
pub(super) fn collect(
    connection: &Connection,
    list: &ListQuery,
    predicate: &Predicate,
) -> Result<Option<Vec<RowKey>>, Error> {
    let Some(ids) = few(connection, list, predicate)? else { return Ok(None) };
    let mut keys = Vec::new();
    for id in ids {
        if let Some(sorted) = find(connection, list, predicate, id)? {
            let rank = sorted.rank(list.sort, list.now);
            keys.push(sorted.key(rank));
        }
    }
    keys.sort_unstable_by(|one, other| one.rank.cmp(&other.rank));
    Ok(Some(keys))
}

/// The candidates of the first index that gives few enough.
fn few(connection: &Connection, list: &ListQuery, predicate: &Predicate) -> Result<Option<Vec<i64>>, Error> {
    let gather = |sql: &str, texts: &[(&str, &str)]| gather(connection, list, predicate, sql, texts);
    if let Some(expression) = all_trigrams(&predicate.words.wanted) {
        let sql = "SELECT rowid FROM maintenance_trigram WHERE maintenance_trigram MATCH :match LIMIT :limit";
        if let Some(ids) = gather(sql, &[(":match", &expression)])? {
            return Ok(Some(ids));
        }
    }
    let by_scope = match predicate.scope {
        Scope::All => None,
        // Final ones whose time is not over are in there too.
        Scope::Open => Some("SELECT id FROM maintenance INDEXED BY maintenance_over WHERE over_at > :now LIMIT :limit"),
        Scope::Unacknowledged => Some(
            "SELECT id FROM maintenance INDEXED BY maintenance_unacked
             WHERE final = 0 AND ack_revision < revision AND ends_at > :now LIMIT :limit",
        ),
        Scope::Changed => {
            Some("SELECT id FROM maintenance INDEXED BY maintenance_unseen WHERE seen_revision < revision LIMIT :limit")
        }
    };
    let by_provider = predicate
        .provider
        .as_ref()
        .map(|_| "SELECT id FROM maintenance INDEXED BY maintenance_provider WHERE provider = :provider LIMIT :limit");
    for sql in by_scope.into_iter().chain(by_provider) {
        if let Some(ids) = gather(sql, &[])? {
            return Ok(Some(ids));
        }
    }
    for word in predicate.words.wanted.iter().filter(|word| word.chars().count() < TRIGRAM) {
        // Every character of every field begins a trigram, so that the trigrams which begin with the word are all places
        // where it stands.
        let sql = "SELECT doc FROM maintenance_trigram_term WHERE term >= :first AND term <= :end";
        let end = format!("{word}\u{10ffff}\u{10ffff}");
        if let Some(ids) = gather(sql, &[(":first", word), (":end", &end)])? {
            return Ok(Some(ids));
        }
    }
    Ok(None)
}

/// The ids that a query gives, each once; `None` if there are more than [`MOST`].
fn gather(
    connection: &Connection,
    list: &ListQuery,
    predicate: &Predicate,
    sql: &str,
    texts: &[(&str, &str)],
) -> Result<Option<Vec<i64>>, Error> {
    let mut query = connection.prepare_cached(sql)?;
    bind(&mut query, list, predicate)?;
    for (name, text) in texts {
        bind_one(&mut query, name, text)?;
    }
    bind_one(&mut query, ":limit", i64::try_from(MOST + 1).unwrap_or(i64::MAX))?;
    let mut ids = BTreeSet::new();
    let mut rows = query.raw_query();
    while let Some(row) = rows.next()? {
        ids.insert(row.get(0)?);
        if ids.len() > MOST {
            return Ok(None);
        }
    }
    Ok(Some(ids.into_iter().collect()))
}

/// The index query for rows that have every trigram of every word long enough to have one. The index keeps no positions
/// (they would double it), so that a row may have the trigrams without the word: each is tested afterwards.
fn all_trigrams(words: &[String]) -> Option<String> {
    let mut trigrams = BTreeSet::new();
    for word in words {
        let chars: Vec<char> = word.chars().collect();
        trigrams.extend(chars.windows(TRIGRAM).take(TRIGRAMS).map(|three| three.iter().collect::<String>()));
    }
    // The quotes make any text a string of the query language; a quote inside is doubled.
    let quoted: Vec<String> = trigrams.iter().map(|three| format!("\"{}\"", three.replace('"', "\"\""))).collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}
