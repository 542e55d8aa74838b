//! Records whose mails speak of another maintenance by now: a rule that reads better, or a provider that is another one, does
//! that. What was made there stays until somebody deletes it there, and is told; what was to be made is not.

use rusqlite::{Connection, OptionalExtension as _};

use crate::features::maintenance::nautobot::store::content::There;
use crate::features::maintenance::store::{NotificationKey, said};
use crate::store::Error;

/// A maintenance that a mail speaks of, and the UUID of its record.
#[derive(Debug)]
pub struct SpokenOf {
    /// Its provider,
    provider: String,
    /// the provider's id,
    maintenance_id: String,
    /// and its record, if it has one.
    record: Option<String>,
}

/// The maintenances that a mail speaks of.
pub fn spoken_of(connection: &Connection, mail: NotificationKey) -> Result<Vec<SpokenOf>, Error> {
    let mut linked = connection.prepare_cached(
        "SELECT n.id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE m.provider = ?1 AND m.maintenance_id = ?2",
    )?;
    let mut all = Vec::new();
    for (provider, maintenance_id) in said::of(connection, mail)? {
        let record = linked.query_row([&provider, &maintenance_id], |row| row.get(0)).optional()?;
        all.push(SpokenOf { provider, maintenance_id, record });
    }
    Ok(all)
}

/// A mail was read again that spoke of these: what nothing speaks of any more is not to be made there, and what is there is
/// marked.
pub fn left(connection: &Connection, mail: NotificationKey, before: &[SpokenOf]) -> Result<(), Error> {
    if before.is_empty() {
        return Ok(());
    }
    let now: Vec<String> = said::of(connection, mail)?.into_iter().map(|(of, id)| format!("{of}/{id}")).collect();
    for SpokenOf { provider, maintenance_id, record } in before {
        if now.is_empty() || is_spoken_of(connection, provider, maintenance_id)? {
            continue;
        }
        connection
            .prepare_cached("DELETE FROM outbox WHERE kind = 'maintenance' AND provider = ?1 AND maintenance_id = ?2")?
            .execute([provider, maintenance_id])?;
        // What went here with the mail comes again from there.
        connection
            .prepare_cached(
                "UPDATE nautobot_maintenance SET astray = ?2, dirty = 1, agreed = iif(maintenance IS NULL, NULL, agreed)
                 WHERE id = ?1",
            )?
            .execute((record, now.join(", ")))?;
    }
    Ok(())
}

/// Whether a mail speaks of a maintenance.
fn is_spoken_of(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT 1 FROM said WHERE provider = ?1 AND maintenance_id = ?2")?;
    Ok(query.exists([provider, maintenance_id])?)
}

/// What is told of a record that no mail speaks of any more.
pub(super) fn told(connection: &Connection, there: &There) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT astray FROM nautobot_maintenance WHERE id = ?1")?;
    let astray: Option<String> = query.query_row([&there.id], |row| row.get(0)).optional()?.flatten();
    let Some(astray) = astray else { return Ok(None) };
    if is_spoken_of(connection, &there.provider, &there.maintenance_id)? {
        return Ok(None);
    }
    Ok(Some(format!(
        "the mails that {} was made from are of {astray} now: delete it in Nautobot if nobody needs it",
        there.name
    )))
}
