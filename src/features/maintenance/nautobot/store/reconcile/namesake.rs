//! Records that would be one maintenance, such as `Zayo-TW-3` and a `TW-3` whose circuits are Zayo's.
//!
//! What names its provider is what its name says, whichever was known first: the app calls the record of the carrier's TW-3 so,
//! and so does whoever writes a mail of it there. Were it the first that counts, two data directories that read the two in
//! another order would write one mail to two records. The other one is beside it, under an id that follows from its name, for
//! names are unique there and stay when a record is made anew. Where it was there first, what was done here with it goes along.

use rusqlite::{Connection, OptionalExtension as _};

use super::gone::forget;
use crate::features::maintenance::nautobot::store::{content, journal};
use crate::features::maintenance::store::rows::{refresh_text, windows_of};
use crate::store::Error;

/// Sees to it that a record can be what its name and its circuits say; the UUID of one that has given way to it.
pub(super) fn claim(connection: &Connection, id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.name, m.provider, m.maintenance_id FROM nautobot_maintenance n
         LEFT JOIN maintenance m ON m.id = n.maintenance WHERE n.id = ?1",
    )?;
    let found = query.query_row([id], |row| {
        let known = row.get::<_, Option<String>>(1)?.zip(row.get::<_, Option<String>>(2)?);
        Ok((row.get::<_, String>(0)?, known))
    });
    match found.optional()? {
        Some((name, Some((provider, known)))) if provider == content::NOBODY => {
            find_provider(connection, (id, &name), &known)?;
            Ok(None)
        }
        Some((name, None)) => displace(connection, (id, &name)),
        Some((_, Some(_))) | None => Ok(None),
    }
}

/// A record of which nothing told whose it is may have circuits by now: somebody made it before them.
fn find_provider(connection: &Connection, (id, name): (&str, &str), known: &str) -> Result<(), Error> {
    let Some((slug, now)) = content::of_somebody(connection, id, name)? else { return Ok(()) };
    if !exists(connection, (&slug, &now))? {
        return call(connection, (content::NOBODY, known), (&slug, &now));
    }
    forget(connection, id)?;
    unmeet(connection, id)
}

/// The record that has the maintenance that this one's name means gives way to it, unless its name means it, too.
fn displace(connection: &Connection, (id, name): (&str, &str)) -> Result<Option<String>, Error> {
    let Some((slug, meant)) = content::says(connection, id, name)?.into_iter().next() else { return Ok(None) };
    let Some((other, called)) = content::record_of(connection, &slug, &meant)? else { return Ok(None) };
    if other == id || called != meant || !content::says(connection, &other, &called)?.is_empty() {
        return Ok(None);
    }
    let beside = format!("{called}{}", content::BESIDE);
    let mut mailed = connection.prepare_cached("SELECT 1 FROM said WHERE provider = ?1 AND maintenance_id = ?2")?;
    if mailed.exists((&slug, &meant))? || exists(connection, (&slug, &beside))? {
        // What mails say, and what was done here since, is of the carrier's own.
        connection.prepare_cached("UPDATE nautobot_note SET note = NULL WHERE maintenance = ?1")?.execute([&other])?;
        connection
            .prepare_cached(
                "UPDATE nautobot_maintenance SET maintenance = NULL, agreed = NULL, dirty = 1 WHERE id = ?1",
            )?
            .execute([&other])?;
        journal::forget(connection, &other)?;
    } else {
        call(connection, (&slug, &meant), (&slug, &beside))?;
    }
    Ok(Some(other))
}

/// A maintenance has no record any more: the record that is beside it takes its place, with what was done here; where the
/// maintenance stays, only if nobody worked on the one beside it. The UUID of that record.
pub(super) fn make_room(connection: &Connection, provider: &str, meant: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.name, m.maintenance_id FROM nautobot_maintenance n JOIN maintenance m ON m.id = n.maintenance
         WHERE m.provider = ?1 AND (m.maintenance_id = n.name AND substr(n.name, -length(?2) - 1) = '-' || ?2
             OR n.name = ?2 AND m.maintenance_id = n.name || ?3)
         ORDER BY m.maintenance_id = n.name DESC, n.name",
    )?;
    let rows =
        query.query_map((provider, meant, content::BESIDE), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for (id, name, known) in rows.collect::<rusqlite::Result<Vec<(String, String, String)>>>()? {
        let is_it = |(slug, id): &(String, String)| slug.eq_ignore_ascii_case(provider) && id == meant;
        if known == name && !content::says(connection, &id, &name)?.iter().any(is_it) {
            continue;
        }
        if exists(connection, (provider, meant))? {
            forget(connection, &id)?;
            unmeet(connection, &id)?;
        } else {
            call(connection, (provider, &known), (provider, meant))?;
        }
        return Ok(Some(id));
    }
    Ok(None)
}

/// Where nothing is left here of a record's maintenance, nothing is agreed.
fn unmeet(connection: &Connection, id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE nautobot_maintenance SET agreed = NULL WHERE id = ?1 AND maintenance IS NULL")?
        .execute([id])?;
    Ok(())
}

/// Whether a maintenance is here.
fn exists(connection: &Connection, name: (&str, &str)) -> Result<bool, Error> {
    let mut query =
        connection.prepare_cached("SELECT 1 FROM maintenance WHERE provider = ?1 AND maintenance_id = ?2")?;
    Ok(query.exists(name)?)
}

/// A maintenance is called something else from now on, which nothing here is.
fn call(connection: &Connection, was: (&str, &str), now: (&str, &str)) -> Result<(), Error> {
    for table in ["maintenance", "said", "nautobot_meant", "outbox"] {
        // What is left of a maintenance that is gone gives way.
        connection
            .prepare_cached(&format!(
                "UPDATE OR REPLACE {table} SET provider = ?3, maintenance_id = ?4 WHERE provider = ?1 AND maintenance_id = ?2"
            ))?
            .execute((was.0, was.1, now.0, now.1))?;
    }
    for (key, state) in windows_of(connection, now.0, now.1)? {
        refresh_text(connection, key, &state)?;
    }
    Ok(())
}
