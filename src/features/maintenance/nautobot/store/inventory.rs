//! Nautobot's providers and circuits, and what they are called here.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use crate::features::maintenance::inventory::{KnownCircuit, folded};
use crate::features::maintenance::nautobot::wire::{Circuit, Provider};
use crate::store::Error;

/// Replaces the providers; whether anything differs. `slugs` are those of the rules.
pub fn providers(connection: &Connection, all: &[Provider], slugs: &[String]) -> Result<bool, Error> {
    let before = all_providers(connection)?;
    let mut rows: Vec<(String, String, String, String)> =
        all.iter().map(|one| (one.id.clone(), one.name.clone(), one.emails.join(","), slug(one, slugs))).collect();
    rows.sort();
    rows.dedup_by(|a, b| a.0 == b.0);
    if rows == before {
        return Ok(false);
    }
    connection.execute("DELETE FROM nautobot_provider", [])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO nautobot_provider (id, name, emails, slug) VALUES (?1, ?2, ?3, ?4)")?;
    for (id, name, emails, slug) in rows {
        insert.execute((id, name, emails, slug))?;
    }
    // Whose a maintenance is may read differently now.
    connection.execute("UPDATE nautobot_maintenance SET dirty = 1 WHERE base IS NULL", [])?;
    Ok(true)
}

/// Every provider by its UUID: name, addresses, slug.
fn all_providers(connection: &Connection) -> Result<Vec<(String, String, String, String)>, Error> {
    let mut query = connection.prepare_cached("SELECT id, name, emails, slug FROM nautobot_provider ORDER BY id")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a provider's maintenances are filed under here: the rule that its parser's name, or else its own, is the name of;
/// without one its own name.
fn slug(provider: &Provider, slugs: &[String]) -> String {
    let named = [&provider.parser, &provider.name].into_iter().filter(|name| !name.is_empty());
    let found = named.into_iter().find_map(|name| slugs.iter().find(|slug| folded(slug) == folded(name)));
    found.cloned().unwrap_or_else(|| provider.name.clone())
}

/// What has to be done so that the circuits are these: those that differ, and those that are gone.
pub fn difference(connection: &Connection, all: Vec<Circuit>) -> Result<(Vec<Circuit>, Vec<String>), Error> {
    let mut known: HashMap<String, Circuit> = HashMap::new();
    let mut query = connection.prepare_cached("SELECT * FROM nautobot_circuit")?;
    let rows = query.query_map([], |row| {
        Ok(Circuit {
            id: row.get("id")?,
            cid: row.get("cid")?,
            provider: row.get("provider")?,
            description: row.get("name")?,
            kind: row.get("kind")?,
            site_a: row.get("site_a")?,
            site_z: row.get("site_z")?,
        })
    })?;
    for row in rows {
        let row = row?;
        known.insert(row.id.clone(), row);
    }
    let differing = all.into_iter().filter(|circuit| known.remove(&circuit.id).as_ref() != Some(circuit)).collect();
    Ok((differing, known.into_keys().collect()))
}

/// Writes circuits.
pub fn circuits(connection: &Connection, all: &[Circuit]) -> Result<(), Error> {
    let mut write = connection.prepare_cached(
        "INSERT OR REPLACE INTO nautobot_circuit (id, cid, folded, provider, name, kind, site_a, site_z)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for one in all {
        write.execute((
            &one.id,
            &one.cid,
            folded(&one.cid),
            &one.provider,
            &one.description,
            &one.kind,
            &one.site_a,
            &one.site_z,
        ))?;
    }
    changed(connection)
}

/// Takes out circuits.
pub fn without(connection: &Connection, ids: &[String]) -> Result<(), Error> {
    let mut delete = connection.prepare_cached("DELETE FROM nautobot_circuit WHERE id = ?1")?;
    for id in ids {
        delete.execute([id])?;
    }
    changed(connection)
}

/// Notes that the inventory differs.
fn changed(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE nautobot SET inventory = inventory + 1 WHERE id = 1", [])?;
    Ok(())
}

/// Whether an impact names a circuit that is not known yet.
pub fn is_short(connection: &Connection) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM nautobot_impact i WHERE NOT EXISTS
             (SELECT 1 FROM nautobot_circuit c WHERE c.id = i.circuit))",
    )?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// The circuits as an inventory has them.
pub fn known(connection: &Connection) -> Result<Vec<KnownCircuit>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT c.cid, coalesce(p.slug, '') AS provider, c.name, c.kind, c.site_a, c.site_z FROM nautobot_circuit c
         LEFT JOIN nautobot_provider p ON p.id = c.provider
         WHERE EXISTS (SELECT 1 FROM nautobot WHERE is_on) ORDER BY provider, c.cid",
    )?;
    let rows = query.query_map([], |row| {
        Ok(KnownCircuit {
            circuit_id: row.get("cid")?,
            provider: row.get("provider")?,
            name: row.get("name")?,
            site_a: row.get("site_a")?,
            site_z: row.get("site_z")?,
            kind: row.get("kind")?,
            tags: Vec::new(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Addresses that send notices, and the rule that they belong to.
pub fn senders(connection: &Connection) -> Result<Vec<(String, String)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT emails, slug FROM nautobot_provider WHERE emails <> '' AND EXISTS (SELECT 1 FROM nautobot WHERE is_on)
         ORDER BY id",
    )?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut senders = Vec::new();
    for row in rows {
        let (emails, slug) = row?;
        senders.extend(emails.split(',').map(|address| (address.to_owned(), slug.clone())));
    }
    Ok(senders)
}

/// Name and slug of the provider whose maintenance has a name: that of its circuits, else the longest that the name begins
/// with.
pub fn provider_of(connection: &Connection, id: &str, name: &str) -> Result<Option<(String, String)>, Error> {
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let by_circuit = connection
        .prepare_cached(
            "SELECT p.name, p.slug FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
             JOIN nautobot_provider p ON p.id = c.provider WHERE i.maintenance = ?1
             GROUP BY p.id ORDER BY instr(?2, p.name || '-') = 1 DESC, count(*) DESC, p.id LIMIT 1",
        )?
        .query_row((id, name), columns)
        .optional()?;
    if by_circuit.is_some() {
        return Ok(by_circuit);
    }
    let by_name = connection
        .prepare_cached(
            "SELECT name, slug FROM nautobot_provider WHERE lower(substr(?1, 1, length(name) + 1)) = lower(name || '-')
             ORDER BY length(name) DESC LIMIT 1",
        )?
        .query_row([name], columns)
        .optional()?;
    Ok(by_name)
}

/// Name of Nautobot's provider for maintenances that are filed under `slug`: where several are, the one whose circuits
/// are touched.
pub fn name_of(connection: &Connection, slug: &str, circuits: &[String]) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT name, id FROM nautobot_provider WHERE slug = ?1 OR name = ?1 ORDER BY slug = ?1 DESC, id",
    )?;
    let rows = query.query_map([slug], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if let [_, _, ..] = found.as_slice() {
        let mut has =
            connection.prepare_cached("SELECT 1 FROM nautobot_circuit WHERE provider = ?1 AND folded = ?2")?;
        for (name, id) in &found {
            for circuit in circuits {
                if has.exists((id, folded(circuit)))? {
                    return Ok(Some(name.clone()));
                }
            }
        }
    }
    Ok(found.into_iter().next().map(|(name, _)| name))
}

/// UUID of the circuit that an id in a notice means.
pub fn circuit(connection: &Connection, slug: &str, circuit_id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT c.id FROM nautobot_circuit c JOIN nautobot_provider p ON p.id = c.provider
         WHERE c.folded = ?1 AND (p.slug = ?2 OR p.name = ?2) ORDER BY lower(c.cid) = lower(?3) DESC, c.id LIMIT 1",
    )?;
    Ok(query.query_row((folded(circuit_id), slug, circuit_id), |row| row.get(0)).optional()?)
}

/// The provider's id of a circuit.
pub fn cid(connection: &Connection, id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT cid FROM nautobot_circuit WHERE id = ?1")?;
    Ok(query.query_row([id], |row| row.get(0)).optional()?)
}
