//! Notes that were begun and put away: they are there again after a restart.

use rusqlite::Connection;

use super::MaintenanceKey;
use super::action::{Actor, NOTE};
use crate::store::Error;
use crate::text::clean_text;

/// Drafts of one person; the oldest goes for one more.
const MOST: u32 = 100;

/// A note that was begun, and on which maintenances.
pub type Draft = (Vec<MaintenanceKey>, String);

/// Keeps a draft in the place of an earlier one on the same maintenances. A blank one removes it.
pub fn keep(connection: &Connection, keys: &[MaintenanceKey], text: &str, actor: &Actor) -> Result<(), Error> {
    forget(connection, keys, actor)?;
    let text: String = clean_text(text).chars().take(NOTE).collect();
    if text.trim().is_empty() {
        return Ok(());
    }
    connection.prepare_cached("INSERT INTO draft (who, maintenances, at, text) VALUES (?1, ?2, ?3, ?4)")?.execute((
        actor.name(),
        as_text(keys)?,
        actor.at.timestamp(),
        text,
    ))?;
    connection
        .prepare_cached(
            "DELETE FROM draft WHERE rowid IN (
                 SELECT rowid FROM draft WHERE who = ?1 ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute((actor.name(), MOST))?;
    Ok(())
}

/// Removes the draft on these maintenances, if there is one.
pub fn forget(connection: &Connection, keys: &[MaintenanceKey], actor: &Actor) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM draft WHERE who = ?1 AND maintenances = ?2")?
        .execute((actor.name(), as_text(keys)?))?;
    Ok(())
}

/// The drafts of somebody.
pub fn drafts(connection: &Connection, actor: &Actor) -> Result<Vec<Draft>, Error> {
    let mut query = connection.prepare_cached("SELECT maintenances, text FROM draft WHERE who = ?1")?;
    let rows = query.query_map([actor.name()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(rows.into_iter().filter_map(|(keys, text)| Some((serde_json::from_str(&keys).ok()?, text))).collect())
}

/// Maintenances as they are kept.
fn as_text(keys: &[MaintenanceKey]) -> Result<String, Error> {
    serde_json::to_string(keys).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::store::testing::{empty, hour};

    #[test]
    fn a_draft_belongs_to_somebody_and_to_what_it_was_begun_on_and_only_so_many_are_kept() {
        let connection = empty();
        let anna = Actor { who: "anna".to_owned(), at: hour(1) };
        let bert = Actor { who: "bert".to_owned(), at: hour(1) };
        let on = |n: i64| vec![MaintenanceKey(n)];
        keep(&connection, &on(1), "drain", &anna).unwrap();
        keep(&connection, &on(1), "drained\n\u{1b}[31m", &anna).unwrap();
        keep(&connection, &on(1), "mine", &bert).unwrap();
        let [(keys, text)] = drafts(&connection, &anna).unwrap().try_into().unwrap();
        assert!(keys == on(1) && text.starts_with("drained\n") && !text.contains('\u{1b}'), "{text:?}");
        keep(&connection, &on(1), " ", &anna).unwrap();
        assert_eq!(drafts(&connection, &anna).unwrap(), []);
        for n in 0..105 {
            keep(&connection, &on(n), "x", &anna).unwrap();
        }
        let kept = drafts(&connection, &anna).unwrap();
        assert!(kept.len() == 100 && kept.iter().all(|(keys, _)| keys[0].0 >= 5));
        assert_eq!(drafts(&connection, &bert).unwrap(), [(on(1), "mine".to_owned())]);
    }
}
