//! Another URL: the same Nautobot called otherwise, or another one. Which of the two it is, the UUIDs of its records tell, each
//! of itself: what was agreed with a record goes on with it wherever it shows, and with no other. Of one that the first full
//! reading under the new URL lacks nothing is known, least of all that it was deleted; what was agreed is kept until it shows.

use rusqlite::{Connection, OptionalExtension as _};

use crate::features::maintenance::nautobot::store::outbox;
use crate::store::Error;

/// These records are not in the Nautobot of this URL.
pub fn leave(connection: &Connection, ids: &[String]) -> Result<(), Error> {
    let mut named = connection.prepare_cached(
        "SELECT m.provider, m.maintenance_id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE n.id = ?1",
    )?;
    let execute = |sql: &str, id: &str| connection.prepare_cached(sql)?.execute([id]);
    for id in ids {
        let name = named.query_row([id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).optional()?;
        if let Some((provider, maintenance_id)) = name {
            outbox::elsewhere(connection, &provider, &maintenance_id)?;
        }
        execute(
            "INSERT OR REPLACE INTO nautobot_left (id, maintenance, agreed, astray)
             SELECT id, maintenance, agreed, astray FROM nautobot_maintenance
             WHERE id = ?1 AND maintenance IS NOT NULL AND agreed IS NOT NULL",
            id,
        )?;
        execute(
            "INSERT OR REPLACE INTO nautobot_left_note (id, note, agreed)
             SELECT id, note, agreed FROM nautobot_note WHERE maintenance = ?1 AND note IS NOT NULL",
            id,
        )?;
        execute("DELETE FROM nautobot_note WHERE maintenance = ?1", id)?;
        execute("DELETE FROM nautobot_impact WHERE maintenance = ?1", id)?;
        execute("DELETE FROM nautobot_maintenance WHERE id = ?1", id)?;
    }
    Ok(())
}

/// A record that shows again goes on as it was left, unless its maintenance is another record's by now.
pub(super) fn recall(connection: &Connection, id: &str) -> Result<(), Error> {
    let execute = |sql: &str| connection.prepare_cached(sql)?.execute([id]);
    execute(
        "UPDATE nautobot_maintenance SET maintenance = l.maintenance, agreed = l.agreed, astray = l.astray
         FROM nautobot_left l WHERE l.id = ?1 AND nautobot_maintenance.id = ?1
             AND NOT EXISTS (SELECT 1 FROM nautobot_maintenance o WHERE o.maintenance = l.maintenance)",
    )?;
    execute("DELETE FROM nautobot_left WHERE id = ?1")?;
    execute(
        "UPDATE nautobot_note SET note = l.note, agreed = l.agreed FROM nautobot_left_note l
         WHERE nautobot_note.maintenance = ?1 AND l.id = nautobot_note.id AND nautobot_note.note IS NULL",
    )?;
    execute("DELETE FROM nautobot_left_note WHERE id IN (SELECT id FROM nautobot_note WHERE maintenance = ?1)")?;
    Ok(())
}
