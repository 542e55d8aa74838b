//! Which circuits of Nautobot an id in a maintenance means.
//!
//! An id alone does not tell: two carriers may both have a circuit of it, and a record may hit the one of another carrier than
//! the maintenance's. So, in this order, an id means
//!
//! 1. what the maintenance's record hits of that id, or hits that was called so, whosever it is;
//! 2. what its record hit when there was one, which is remembered where the id by itself would say something else;
//! 3. the circuit that the maintenance's own carrier has.
//!
//! Where that is not one, nobody guesses: it is told to people, and not to Nautobot.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::inventory;
use crate::features::maintenance::inventory::folded;
use crate::features::maintenance::store::rows::{self, windows_of};
use crate::store::Error;

/// What an id means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The circuits of these UUIDs.
    Circuits(Vec<String>),
    /// Nothing that Nautobot has.
    Unknown,
    /// One of several, and for this reason nobody can tell which.
    Unclear(String),
}

impl Meaning {
    /// The UUIDs of the circuits, where they are known.
    #[must_use]
    pub fn circuits(self) -> Vec<String> {
        match self {
            Self::Circuits(circuits) => circuits,
            Self::Unknown | Self::Unclear(_) => Vec::new(),
        }
    }
}

/// What a circuit's id means in a maintenance.
pub fn of(connection: &Connection, name: (&str, &str), circuit_id: &str) -> Result<Meaning, Error> {
    let hit = hit(connection, name, circuit_id)?;
    if !hit.is_empty() {
        return Ok(Meaning::Circuits(hit));
    }
    let own = inventory::called_so(connection, name.0, circuit_id)?;
    let (found, lost) = remembered(connection, name, circuit_id)?;
    Ok(match (lost, found.is_empty(), own.as_slice()) {
        (None, false, _) => Meaning::Circuits(found),
        (Some(carrier), false, _) | (Some(carrier), true, [_, ..]) => {
            let whose = if carrier.is_empty() { "another provider".to_owned() } else { carrier };
            Meaning::Unclear(format!("it meant one of {whose} that Nautobot does not show any more"))
        }
        (_, true, []) => Meaning::Unknown,
        (None, true, [_]) => Meaning::Circuits(own),
        (None, true, own) => Meaning::Unclear(format!("{} has {} that are written alike", name.0, own.len())),
    })
}

/// What the record of a maintenance hits of this id. Those that are written like it come before those that are written alike.
fn hit(connection: &Connection, (provider, id): (&str, &str), circuit_id: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT c.id, c.cid FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
         JOIN nautobot_impact i ON i.maintenance = n.id JOIN nautobot_circuit c ON c.id = i.circuit
         WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND c.folded = ?3 ORDER BY c.id",
    )?;
    let rows = query.query_map((provider, id, folded(circuit_id)), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut hit = inventory::closest(rows.collect::<rusqlite::Result<_>>()?, circuit_id);
    let mut renamed = connection.prepare_cached(
        "SELECT k.circuit FROM nautobot_meant k JOIN nautobot_circuit c ON c.id = k.circuit
         WHERE k.provider = ?1 AND k.maintenance_id = ?2 AND k.folded = ?3 AND c.folded <> k.folded
             AND EXISTS (SELECT 1 FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
                 JOIN nautobot_impact i ON i.maintenance = n.id
                 WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND i.circuit = k.circuit)",
    )?;
    let rows = renamed.query_map((provider, id, folded(circuit_id)), |row| row.get(0))?;
    hit.extend(rows.collect::<rusqlite::Result<Vec<String>>>()?);
    Ok(hit)
}

/// A circuit is called otherwise there from now on: what maintenances that hit it call it means it still, for their mails go on
/// calling it so. Those of which no mail speaks call it as it is called there.
pub fn renamed(connection: &Connection, (circuit, carrier): (&str, &str), was: &str, now: &str) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT m.provider, m.maintenance_id,
             EXISTS (SELECT 1 FROM said s WHERE s.provider = m.provider AND s.maintenance_id = m.maintenance_id)
         FROM nautobot_impact i JOIN nautobot_maintenance n ON n.id = i.maintenance
         JOIN maintenance m ON m.id = n.maintenance WHERE i.circuit = ?1",
    )?;
    let rows = query
        .query_map([circuit], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?)))?;
    let mut keep = connection.prepare_cached(
        "INSERT OR REPLACE INTO nautobot_meant (provider, maintenance_id, folded, circuit, carrier)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (provider, id, is_mailed) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        keep.execute((&provider, &id, folded(was), circuit, carrier))?;
        let unmailed = if is_mailed { Vec::new() } else { windows_of(connection, &provider, &id)? };
        for (key, mut state) in unmailed {
            for one in state.circuits.iter_mut().filter(|one| folded(&one.circuit_id) == folded(was)) {
                now.clone_into(&mut one.circuit_id);
            }
            rows::update(connection, key, &state, &[])?;
        }
    }
    Ok(())
}

/// What it meant when there was a record: the circuits that are there, and the carrier of one that is not.
fn remembered(
    connection: &Connection,
    (provider, id): (&str, &str),
    circuit_id: &str,
) -> Result<(Vec<String>, Option<String>), Error> {
    let folded = folded(circuit_id);
    let mut query = connection.prepare_cached(
        "SELECT circuit, carrier FROM nautobot_meant WHERE provider = ?1 AND maintenance_id = ?2 AND folded = ?3
         ORDER BY circuit",
    )?;
    let rows =
        query.query_map((provider, id, &folded), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let meant = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut of_carrier = connection.prepare_cached(
        "SELECT c.id FROM nautobot_circuit c JOIN nautobot_provider p ON p.id = c.provider
         WHERE p.name = ?1 COLLATE NOCASE AND c.folded = ?2",
    )?;
    let (mut found, mut lost) = (Vec::new(), None);
    for (circuit, carrier) in meant {
        if inventory::cid(connection, &circuit)?.is_some() {
            found.push(circuit);
            continue;
        }
        let others = of_carrier.query_map((&carrier, &folded), |row| row.get(0))?;
        match others.collect::<rusqlite::Result<Vec<String>>>()?.as_slice() {
            [only] => found.push(only.clone()),
            _ => lost = Some(carrier),
        }
    }
    found.sort();
    found.dedup();
    Ok((found, lost))
}

/// Remembers what a record's circuits tell of the ids in its maintenance that these do not tell by themselves.
pub fn remember(connection: &Connection, record: &str, (provider, id): (&str, &str)) -> Result<(), Error> {
    let mut query = connection.prepare_cached(
        "SELECT c.id, c.folded, coalesce(p.name, ''),
             coalesce(p.slug = ?2 OR p.name = ?2 COLLATE NOCASE
                 AND NOT EXISTS (SELECT 1 FROM nautobot_provider WHERE slug = ?2), 0)
             AND (SELECT count(*) FROM nautobot_circuit o WHERE o.folded = c.folded AND o.provider = c.provider) = 1
         FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
         LEFT JOIN nautobot_provider p ON p.id = c.provider WHERE i.maintenance = ?1",
    )?;
    let rows = query.query_map((record, provider), |row| {
        Ok((row.get::<_, String>(1)?, (row.get::<_, String>(0)?, row.get::<_, String>(2)?), row.get::<_, bool>(3)?))
    })?;
    let mut hit: BTreeMap<String, (bool, Vec<(String, String)>)> = BTreeMap::new();
    for row in rows {
        let (folded, circuit, is_plain) = row?;
        let (all_plain, circuits) = hit.entry(folded).or_insert((true, Vec::new()));
        *all_plain &= is_plain;
        circuits.push(circuit);
    }
    let mut known =
        connection.prepare_cached("SELECT 1 FROM nautobot_meant WHERE provider = ?1 AND maintenance_id = ?2")?;
    let is_any_known = known.exists((provider, id))?;
    let mut forget = connection.prepare_cached(
        "DELETE FROM nautobot_meant WHERE provider = ?1 AND maintenance_id = ?2 AND folded = ?3
                 -- What was called so, and is hit still.
                 AND circuit NOT IN (SELECT c.id FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
                     WHERE i.maintenance = ?4 AND c.folded <> ?3)",
    )?;
    let mut keep = connection.prepare_cached(
        "INSERT INTO nautobot_meant (provider, maintenance_id, folded, circuit, carrier) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (folded, (all_plain, circuits)) in hit {
        if is_any_known {
            forget.execute((provider, id, &folded, record))?;
        }
        for (circuit, carrier) in circuits.into_iter().filter(|_| !all_plain) {
            keep.execute((provider, id, &folded, circuit, carrier))?;
        }
    }
    Ok(())
}

/// What carriers call a circuit that Nautobot has, such as `Lumen's LUM/000014/A`, where several of them have one of this id.
pub fn told(connection: &Connection, circuit: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT c.cid, p.name, EXISTS (SELECT 1 FROM nautobot_circuit o WHERE o.folded = c.folded AND o.id <> c.id)
         FROM nautobot_circuit c LEFT JOIN nautobot_provider p ON p.id = c.provider WHERE c.id = ?1",
    )?;
    let found = query.query_row([circuit], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, bool>(2)?))
    });
    Ok(found.optional()?.map(|(cid, carrier, is_shared)| match carrier {
        Some(carrier) if is_shared => format!("{cid} of {carrier}"),
        _ => cid,
    }))
}
