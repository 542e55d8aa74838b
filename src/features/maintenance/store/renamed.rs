//! What a mail alone has told, and does not tell any more: its rule reads another id now, or it was not whole when it was read and
//! its provider's ids are made of what is in it.
//!
//! On what nobody did anything to, that goes. What somebody did goes over to the maintenance that the mail speaks of instead,
//! where that is one and only one; otherwise it stays where it is, on a window that is cancelled.

use rusqlite::Connection;

use super::told::Told;
use super::unparsed::Opened;
use super::{MaintenanceKey, NotificationKey, again, record, rows, said};
use crate::features::maintenance::model::{Reading, Verdict};
use crate::store::Error;

/// Gives the maintenance of a mail that says another id of it now that id, if somebody did something to it: what is known of it
/// is then changed by what the mail says, as by any that is read again.
pub(super) fn follow(connection: &Connection, opened: &Opened, reading: &Reading) -> Result<(), Error> {
    let mail = &opened.notification;
    let Verdict::Parsed { provider, notices } = &reading.verdict else { return Ok(()) };
    if mail.is_read_by_hand() {
        return Ok(());
    }
    let mut came = record::maintenances(connection, provider, notices)?;
    let mut gone = said::of(connection, mail.key)?;
    let is_same =
        |one: &(String, String), other: &(String, String)| one.0.eq_ignore_ascii_case(&other.0) && one.1 == other.1;
    gone.retain(|one| {
        let stays = came.iter().any(|other| is_same(one, other));
        came.retain(|other| !is_same(one, other));
        !stays
    });
    let ([gone], [came]) = (gone.as_slice(), came.as_slice()) else { return Ok(()) };
    let windows = rows::windows_of(connection, &gone.0, &gone.1)?;
    let mut is_acted_on = false;
    for (window, _) in &windows {
        if !is_of(connection, *window, mail.key)? {
            return Ok(());
        }
        is_acted_on |= again::has_actions(connection, *window)?;
    }
    let is_known = !rows::windows_of(connection, &came.0, &came.1)?.is_empty();
    if is_known || !is_acted_on || is_shared(connection, gone, mail.key)? {
        return Ok(());
    }
    for table in ["maintenance", "said", "nautobot_meant", "outbox"] {
        connection
            .prepare_cached(&format!(
                "UPDATE OR REPLACE {table} SET provider = ?3, maintenance_id = ?4 WHERE provider = ?1 AND maintenance_id = ?2"
            ))?
            .execute([&gone.0, &gone.1, &came.0, &came.1])?;
    }
    for (window, state) in &windows {
        rows::refresh_text(connection, *window, state)?;
    }
    Ok(())
}

/// Cancels a window on which somebody acted, if this mail alone has told of it, which it does not any more. Whether it did. Of
/// a mail that cannot be read nobody knows what it tells.
pub(super) fn cancel(
    connection: &Connection,
    opened: &Opened,
    reading: &Reading,
    window: MaintenanceKey,
) -> Result<bool, Error> {
    let mail = &opened.notification;
    let is_unread = matches!(reading.verdict, Verdict::Failed { .. } | Verdict::Unknown { .. });
    if is_unread || mail.is_read_by_hand() || !is_of(connection, window, mail.key)? {
        return Ok(false);
    }
    let (provider, id): (String, String) = connection
        .prepare_cached("SELECT provider, maintenance_id FROM maintenance WHERE id = ?1")?
        .query_row([window], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Told::of(connection, (&provider, &id), (mail.key, mail.received_at))?.cancel(window)
}

/// Whether this mail has made a window known, and no other, nor anybody, has told of it.
fn is_of(connection: &Connection, window: MaintenanceKey, mail: NotificationKey) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM event f WHERE f.maintenance = ?1 AND f.kind = 'first-notice' AND f.notification = ?2
             AND NOT EXISTS (SELECT 1 FROM event e WHERE e.maintenance = ?1
                 AND (e.kind IN ('made', 'accepted', 'filled-in', 'from-nautobot')
                     OR e.who IS NULL AND e.notification IS NOT NULL AND e.notification <> ?2))",
    )?;
    Ok(query.exists((window, mail))?)
}

/// Whether another mail says something of a maintenance, or Nautobot has it, or may have by now.
fn is_shared(connection: &Connection, of: &(String, String), mail: NotificationKey) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM said WHERE provider = ?1 AND maintenance_id = ?2 AND notification <> ?3
         UNION ALL SELECT 1 FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
             WHERE m.provider = ?1 AND m.maintenance_id = ?2
         UNION ALL SELECT 1 FROM outbox WHERE provider = ?1 AND maintenance_id = ?2 AND tries > 0",
    )?;
    Ok(query.exists((&of.0, &of.1, mail))?)
}
