//! Mails that a source has and does not give out.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::sql::from_seconds;
use crate::features::maintenance::source::Away;
use crate::store::Error;

/// What was not seen for so long is of a folder that nobody reads any more.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(90);

/// Those of a source.
pub fn of(connection: &Connection, source: &str) -> Result<Vec<(String, Away)>, Error> {
    let mut query = connection.prepare_cached("SELECT item, since, looks FROM source_away WHERE source = ?1")?;
    let rows = query
        .query_map([source], |row| Ok((row.get(0)?, Away { since: from_seconds(row.get(1)?), looks: row.get(2)? })));
    Ok(rows?.collect::<rusqlite::Result<_>>()?)
}

/// These are away as it says, or not any more.
pub fn keep(
    connection: &Connection,
    source: &str,
    changed: &[(String, Option<Away>)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO source_away (source, item, since, looked_at, looks) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (item, away) in changed {
        match away {
            Some(Away { since, looks }) => {
                put.execute((source, item, since.timestamp(), now.timestamp(), looks))?;
            }
            None => settle(connection, source, item)?,
        }
    }
    connection
        .prepare_cached("DELETE FROM source_away WHERE source = ?1 AND looked_at < ?2")?
        .execute((source, (now - FORGOTTEN_AFTER).timestamp()))?;
    Ok(())
}

/// This one has come, or is given up.
pub fn settle(connection: &Connection, source: &str, item: &str) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM source_away WHERE source = ?1 AND item = ?2")?.execute([source, item])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::store::testing::{empty, hour};

    #[test]
    fn what_does_not_come_is_remembered_until_it_does_or_nobody_looks_any_more() {
        let c = empty();
        let away = |looks| Some(Away { since: hour(0), looks });
        let keep = |item: &str, looks: Option<Away>, at| keep(&c, "imap", &[(item.to_owned(), looks)], at).unwrap();
        let known = || of(&c, "imap").unwrap().into_iter().map(|(item, away)| (item, away.looks)).collect::<Vec<_>>();
        keep("INBOX/7/3", away(1), hour(0));
        keep("INBOX/7/9", away(1), hour(0));
        keep("INBOX/7/3", away(2), hour(1));
        assert_eq!(known(), [("INBOX/7/3".to_owned(), 2), ("INBOX/7/9".to_owned(), 1)]);
        assert_eq!(of(&c, "imap").unwrap()[0].1.since, hour(0));
        assert_eq!(of(&c, "another").unwrap(), []);
        settle(&c, "imap", "INBOX/7/9").unwrap();
        keep("Works/1/1", away(1), hour(24 * 89));
        assert_eq!(known().len(), 2);
        keep("Works/1/1", away(2), hour(24 * 91));
        assert_eq!(known(), [("Works/1/1".to_owned(), 2)]);
        keep("Works/1/1", None, hour(24 * 91));
        assert_eq!(known(), []);
    }
}
