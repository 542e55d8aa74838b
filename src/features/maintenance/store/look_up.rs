//! Finding a maintenance by its provider's id.

use rusqlite::Connection;

use super::detail::{Sibling, windows};
use crate::store::Error;

/// What a person means by a maintenance's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing has that id.
    Unknown,
    /// This maintenance, with its windows by number.
    Found {
        /// Its provider, in the letters that stand in the store.
        provider: String,
        /// Its windows.
        windows: Vec<Sibling>,
    },
    /// Several providers use that id: these.
    Ambiguous(Vec<String>),
}

/// Finds a maintenance by its provider's id, and by its provider where that is said. Exact, except for the case of the
/// provider's letters.
pub fn look_up(connection: &Connection, provider: Option<&str>, maintenance_id: &str) -> Result<Lookup, Error> {
    let providers = match provider {
        Some(provider) => vec![provider.to_owned()],
        None => providers_of(connection, maintenance_id)?,
    };
    match providers.as_slice() {
        [] => Ok(Lookup::Unknown),
        [provider] => {
            let windows = windows(connection, provider, maintenance_id)?;
            let Some(first) = windows.first() else { return Ok(Lookup::Unknown) };
            let mut query = connection.prepare_cached("SELECT provider FROM maintenance WHERE id = ?1")?;
            Ok(Lookup::Found { provider: query.query_one([first.key], |row| row.get(0))?, windows })
        }
        _ => Ok(Lookup::Ambiguous(providers)),
    }
}

/// Every provider that has a maintenance, by name: one step per provider through the index, instead of a walk through
/// all maintenances.
const PROVIDERS: &str = "WITH RECURSIVE each_provider (provider) AS (
    SELECT (SELECT provider FROM maintenance ORDER BY provider LIMIT 1)
    UNION ALL
    SELECT (SELECT m.provider FROM maintenance m WHERE m.provider > e.provider ORDER BY m.provider LIMIT 1)
    FROM each_provider e WHERE e.provider IS NOT NULL
) SELECT provider FROM each_provider e WHERE provider IS NOT NULL";

/// The providers that have a maintenance of that id.
fn providers_of(connection: &Connection, maintenance_id: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(&format!(
        "{PROVIDERS} AND EXISTS (
             SELECT 1 FROM maintenance m WHERE m.provider = e.provider AND m.maintenance_id = ?1
         )"
    ))?;
    let rows = query.query_map([maintenance_id], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every provider that has a maintenance, by name.
pub fn providers(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(PROVIDERS)?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
