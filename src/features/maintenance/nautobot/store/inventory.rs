//! Nautobot's providers and circuits, and what they are called here.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::content::NOBODY;
use super::{meaning, whose};
use crate::features::maintenance::inventory::{KnownCircuit, folded};
use crate::features::maintenance::model::Circuit as Notified;
use crate::features::maintenance::nautobot::wire::{Circuit, Provider};
use crate::features::maintenance::rules::Sender;
use crate::features::maintenance::store::rows::{refresh_text, windows_of};
use crate::store::Error;

/// A provider's row: its UUID, name, addresses, rule, and what its maintenances are filed under.
type Row = (String, String, String, String, String);

/// Replaces the providers; whether anything differs. `slugs` are those of the rules.
pub fn providers(connection: &Connection, all: &[Provider], slugs: &[String]) -> Result<bool, Error> {
    let before = all_providers(connection)?;
    let rows = filed_under(all, slugs);
    if rows == before {
        return Ok(false);
    }
    for (id, .., was) in &before {
        let now = rows.iter().find(|(other, ..)| other == id).map(|(.., slug)| slug);
        let is_anothers =
            rows.iter().any(|(.., rule, slug)| folded(slug) == folded(was) || folded(rule) == folded(was));
        if let Some(now) = now.filter(|now| *now != was && !is_anothers) {
            renamed(connection, was, now)?;
        }
    }
    connection.execute("DELETE FROM nautobot_provider", [])?;
    let mut insert = connection
        .prepare_cached("INSERT INTO nautobot_provider (id, name, emails, rule, slug) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for row in rows {
        insert.execute(row)?;
    }
    whose::changed(connection)?;
    // Whose a maintenance is may read differently now.
    connection.execute(
        "UPDATE nautobot_maintenance SET dirty = 1 WHERE agreed IS NULL
             OR maintenance IN (SELECT id FROM maintenance WHERE provider = ?1)",
        [NOBODY],
    )?;
    Ok(true)
}

/// A provider has another name: what was filed under the one before is filed under this one, unless something is already.
fn renamed(connection: &Connection, was: &str, now: &str) -> Result<(), Error> {
    let mut taken = connection.prepare_cached("SELECT 1 FROM maintenance WHERE provider = ?1")?;
    // The same name in other letters is the same name.
    if was.to_lowercase() != now.to_lowercase() && taken.exists([now])? {
        return Ok(());
    }
    for table in ["maintenance", "said", "nautobot_meant", "outbox", "notification"] {
        // What is left of a maintenance that is gone gives way.
        connection.execute(&format!("UPDATE OR REPLACE {table} SET provider = ?2 WHERE provider = ?1"), [was, now])?;
    }
    let mut query = connection.prepare_cached("SELECT DISTINCT maintenance_id FROM maintenance WHERE provider = ?1")?;
    let rows = query.query_map([now], |row| row.get(0))?;
    for id in rows.collect::<rusqlite::Result<Vec<String>>>()? {
        for (key, state) in windows_of(connection, now, &id)? {
            refresh_text(connection, key, &state)?;
        }
    }
    Ok(())
}

/// Every provider by its UUID.
fn all_providers(connection: &Connection) -> Result<Vec<Row>, Error> {
    let mut query =
        connection.prepare_cached("SELECT id, name, emails, rule, slug FROM nautobot_provider ORDER BY id")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What each provider's maintenances are filed under here: the name of the rule that reads its mails, or else its own. Where
/// several are read by one rule, that is the name of the one that is called so, and the others have their own.
fn filed_under(all: &[Provider], slugs: &[String]) -> Vec<Row> {
    let mut sorted: Vec<&Provider> = all.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    sorted.dedup_by(|a, b| a.id == b.id);
    let rules: Vec<String> = sorted.iter().map(|provider| rule(provider, slugs)).collect();
    let mut taken: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (provider, rule) in sorted.iter().zip(&rules) {
        let is_alone = rules.iter().filter(|other| *other == rule).count() == 1;
        let is_called_so = folded(&provider.name) == folded(rule);
        let mut slug = if !rule.is_empty() && (is_alone || is_called_so) { rule } else { &provider.name }.clone();
        // A name may be another one's rule.
        let is_other_rule = slug != *rule && rules.iter().any(|other| folded(other) == folded(&slug));
        if is_other_rule || taken.contains(&folded(&slug)) {
            slug = format!("{} ({})", provider.name, if rule.is_empty() { &provider.id } else { rule });
        }
        taken.push(folded(&slug));
        rows.push((provider.id.clone(), provider.name.clone(), provider.emails.join(","), rule.clone(), slug));
    }
    rows
}

/// The rule that its parser's name, or else its own, is the name of; empty where there is none.
fn rule(provider: &Provider, slugs: &[String]) -> String {
    let mut named = [&provider.parser, &provider.name].into_iter().filter(|name| !name.is_empty());
    let found = named.find_map(|name| slugs.iter().find(|slug| folded(slug) == folded(name)));
    found.cloned().unwrap_or_default()
}

/// What a maintenance is filed under that a mail of `provider` speaks of. Where the rule of this name reads the mails of
/// several providers, its circuits tell whose it is; and what was filed under the rule before there were several stays there.
pub fn filed(
    connection: &Connection,
    provider: &str,
    maintenance_id: &str,
    circuits: &[Notified],
) -> Result<String, Error> {
    let mut several =
        connection.prepare_cached("SELECT id, slug FROM nautobot_provider WHERE rule = ?1 ORDER BY id")?;
    let rows = several.query_map([provider], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let several = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut slug = provider.to_owned();
    if let [_, _, ..] = several.as_slice() {
        let mut has =
            connection.prepare_cached("SELECT 1 FROM nautobot_circuit WHERE provider = ?1 AND folded = ?2")?;
        let mut touched = Vec::new();
        for (id, slug) in &several {
            for circuit in circuits {
                if has.exists((id, folded(&circuit.circuit_id)))? && !touched.contains(slug) {
                    touched.push(slug.clone());
                }
            }
        }
        // Two that both have such a circuit are no answer.
        if let [only] = touched.as_slice() {
            slug.clone_from(only);
        }
    }
    let mut before = connection.prepare_cached(
        "SELECT m.provider FROM nautobot_provider p JOIN maintenance m ON m.provider = p.rule AND m.maintenance_id = ?2
         JOIN nautobot_maintenance n ON n.maintenance = m.id
         WHERE p.slug = ?1 AND p.rule <> p.slug
             AND NOT EXISTS (SELECT 1 FROM maintenance o WHERE o.provider = ?1 AND o.maintenance_id = ?2)
             AND lower(substr(n.name, 1, length(p.name) + 1)) = lower(p.name || '-') LIMIT 1",
    )?;
    Ok(before.query_row([&*slug, maintenance_id], |row| row.get(0)).optional()?.unwrap_or(slug))
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

/// How many circuits are known.
pub fn count(connection: &Connection) -> Result<usize, Error> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM nautobot_circuit")?;
    let count: i64 = query.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Writes circuits.
pub fn circuits(connection: &Connection, all: &[Circuit]) -> Result<(), Error> {
    let mut write = connection.prepare_cached(
        "INSERT OR REPLACE INTO nautobot_circuit (id, cid, folded, provider, name, kind, site_a, site_z)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut hit = connection.prepare_cached(
        "UPDATE nautobot_maintenance SET dirty = 1 WHERE dirty = 0
             AND id IN (SELECT maintenance FROM nautobot_impact WHERE circuit = ?1)",
    )?;
    let mut before = connection.prepare_cached(
        "SELECT c.cid, coalesce(p.name, '') FROM nautobot_circuit c LEFT JOIN nautobot_provider p ON p.id = c.provider
         WHERE c.id = ?1 AND c.folded <> ?2",
    )?;
    for one in all {
        let was = before
            .query_row((&one.id, folded(&one.cid)), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        if let Some((was, carrier)) = was.optional()? {
            meaning::renamed(connection, (&one.id, &carrier), &was, &one.cid)?;
        }
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
        // A maintenance that hits it may have come before it.
        hit.execute([&one.id])?;
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

/// Whether one of these circuits, by their UUIDs, is not known yet.
pub fn lacks(connection: &Connection, circuits: &[String]) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM nautobot_circuit WHERE id = ?1)")?;
    for circuit in circuits {
        if !query.query_row([circuit], |row| row.get::<_, bool>(0))? {
            return Ok(true);
        }
    }
    Ok(false)
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

/// Addresses that send notices, and whose they are.
pub fn senders(connection: &Connection) -> Result<Vec<Sender>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT emails, rule, slug FROM nautobot_provider WHERE emails <> ''
             AND EXISTS (SELECT 1 FROM nautobot WHERE is_on) ORDER BY id",
    )?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let mut senders = Vec::new();
    for row in rows {
        let (emails, rule, provider): (String, String, String) = row?;
        senders.extend(emails.split(',').map(|address| Sender {
            address: address.to_owned(),
            rule: rule.clone(),
            provider: provider.clone(),
        }));
    }
    Ok(senders)
}

/// Names and slugs of the providers whose maintenance may have this name: first those that have a circuit of the record,
/// then those whose own name is the longest.
pub fn called(connection: &Connection, id: &str, name: &str) -> Result<Vec<(String, String)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT name, slug FROM nautobot_provider p WHERE lower(substr(?1, 1, length(name) + 1)) = lower(name || '-')
         ORDER BY EXISTS (SELECT 1 FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
             WHERE i.maintenance = ?2 AND c.provider = p.id) DESC, length(name) DESC, id",
    )?;
    let rows = query.query_map((name, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Slug of the provider that has the most circuits of a record.
pub fn touched(connection: &Connection, id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT p.slug FROM nautobot_impact i JOIN nautobot_circuit c ON c.id = i.circuit
         JOIN nautobot_provider p ON p.id = c.provider WHERE i.maintenance = ?1
         GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT 1",
    )?;
    Ok(query.query_row([id], |row| row.get(0)).optional()?)
}

/// Name of Nautobot's provider for maintenances that are filed under `slug`: where several are, the one whose circuits
/// are touched.
pub fn name_of(connection: &Connection, slug: &str, circuits: &[String]) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT name, id FROM nautobot_provider WHERE slug = ?1 OR NOT EXISTS (
             SELECT 1 FROM nautobot_provider WHERE slug = ?1) AND (name = ?1 OR rule = ?1) ORDER BY name = ?1 DESC, id",
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
        return Ok(None);
    }
    Ok(found.into_iter().next().map(|(name, _)| name))
}

/// UUIDs of the circuits of the provider `slug` that an id in a notice may mean.
pub fn called_so(connection: &Connection, slug: &str, circuit_id: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT c.id, c.cid FROM nautobot_circuit c JOIN nautobot_provider p ON p.id = c.provider
         WHERE c.folded = ?1 AND (p.slug = ?2 OR p.name = ?2 AND NOT EXISTS (
             SELECT 1 FROM nautobot_provider WHERE slug = ?2)) ORDER BY c.id",
    )?;
    let rows = query.query_map((folded(circuit_id), slug), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(closest(rows.collect::<rusqlite::Result<_>>()?, circuit_id))
}

/// Of circuits with their ids those that are written most like this one.
#[must_use]
pub fn closest(found: Vec<(String, String)>, circuit_id: &str) -> Vec<String> {
    let likeness = |cid: &str| (cid == circuit_id, cid.to_lowercase() == circuit_id.to_lowercase());
    let most = found.iter().map(|(_, cid)| likeness(cid)).max();
    found.into_iter().filter(|(_, cid)| Some(likeness(cid)) == most).map(|(id, _)| id).collect()
}

/// The provider's id of a circuit.
pub fn cid(connection: &Connection, id: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT cid FROM nautobot_circuit WHERE id = ?1")?;
    Ok(query.query_row([id], |row| row.get(0)).optional()?)
}
