//! Objects as Nautobot tells them, into the tables. What has not changed since it was last seen is passed over, so that
//! reading everything again costs next to nothing.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::reconcile;
use crate::features::maintenance::nautobot::graphql::Whole;
use crate::features::maintenance::nautobot::wire::{CircuitImpact, Maintenance, Note};
use crate::store::Error;

/// Takes maintenances in.
pub fn maintenances(connection: &Connection, round: i64, all: &[Maintenance]) -> Result<(), Error> {
    for one in all {
        maintenance(connection, round, one)?;
    }
    Ok(())
}

/// Takes one in; it is to be compared again if it differs from what was known.
pub fn maintenance(connection: &Connection, round: i64, one: &Maintenance) -> Result<(), Error> {
    let mut same = connection.prepare_cached(
        "UPDATE nautobot_maintenance SET round = max(round, ?3) WHERE id = ?1 AND updated = ?2 AND updated <> 0",
    )?;
    if same.execute((&one.id, one.updated, round))? > 0 {
        return Ok(());
    }
    let mut write = connection.prepare_cached(
        "INSERT INTO nautobot_maintenance
             (id, name, starts_at, ends_at, status, ack, description, created, updated, round)
         VALUES (:id, :name, :start, :end, :status, :ack, :description, :created, :updated, :round)
         ON CONFLICT (id) DO UPDATE SET name = :name, starts_at = :start, ends_at = :end, status = :status, ack = :ack,
             description = :description, created = :created, updated = :updated, round = max(round, :round), dirty = 1
         -- An answer that was overtaken by a newer one says nothing any more.
         WHERE updated <= :updated OR nautobot_maintenance.round = :elsewhere",
    )?;
    write.execute(named_params! {
        ":id": one.id,
        ":name": one.name,
        ":start": one.start.timestamp(),
        ":end": one.end.timestamp(),
        ":status": one.status,
        ":ack": one.ack,
        ":description": one.description,
        ":created": one.created,
        ":updated": one.updated,
        ":round": round,
        ":elsewhere": ELSEWHERE,
    })?;
    Ok(())
}

/// Takes maintenances in with all their impacts, as they were told together.
pub fn whole(connection: &Connection, round: i64, all: &[Whole]) -> Result<(), Error> {
    for one in all {
        maintenance(connection, round, &one.maintenance)?;
        impacts(connection, round, &one.impacts)?;
    }
    Ok(())
}

/// Takes impacts in; a change of one does not touch its maintenance there, which is to be compared again here.
pub fn impacts(connection: &Connection, round: i64, all: &[CircuitImpact]) -> Result<(), Error> {
    let mut same = connection.prepare_cached(
        "UPDATE nautobot_impact SET round = max(round, ?3) WHERE id = ?1 AND updated = ?2 AND updated <> 0",
    )?;
    let mut write = connection.prepare_cached(
        "INSERT INTO nautobot_impact (id, maintenance, circuit, impact, updated, round) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET maintenance = ?2, circuit = ?3, impact = ?4, updated = ?5, round = max(round, ?6)",
    )?;
    for one in all {
        if same.execute((&one.id, one.updated, round))? == 0 {
            write.execute((&one.id, &one.maintenance, &one.circuit, one.impact, one.updated, round))?;
            compare_again(connection, &one.maintenance)?;
        }
    }
    Ok(())
}

/// Takes notes in.
pub fn notes(connection: &Connection, round: i64, all: &[Note]) -> Result<(), Error> {
    let mut same = connection.prepare_cached(
        "UPDATE nautobot_note SET round = max(round, ?3) WHERE id = ?1 AND updated = ?2 AND updated <> 0",
    )?;
    let mut write = connection.prepare_cached(
        "INSERT INTO nautobot_note (id, maintenance, title, comment, updated, round) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET maintenance = ?2, title = ?3, comment = ?4, updated = ?5, round = max(round, ?6)",
    )?;
    for one in all {
        if same.execute((&one.id, one.updated, round))? == 0 {
            reconcile::note_again(connection, &one.id, one.updated)?;
            write.execute((&one.id, &one.maintenance, &one.title, &one.comment, one.updated, round))?;
            compare_again(connection, &one.maintenance)?;
        }
    }
    Ok(())
}

/// The maintenance is to be compared again.
pub fn compare_again(connection: &Connection, id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE nautobot_maintenance SET dirty = 1 WHERE id = ?1 AND dirty = 0")?
        .execute([id])?;
    Ok(())
}

/// Up to `batch` objects after the UUID `after` that a full reading did not have, and whether the log of changes says of
/// each that it was deleted.
pub fn gone(
    connection: &Connection,
    kind: Kind,
    round: i64,
    after: &str,
    batch: usize,
) -> Result<Vec<(String, bool)>, Error> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT id, round = ?4 FROM {} WHERE round < ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        kind.table()
    ))?;
    let batch = i64::try_from(batch).unwrap_or(i64::MAX);
    let rows = query.query_map((round, after, batch, LOST), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A maintenance.
    Maintenance,
    /// What happens to a circuit.
    Impact,
    /// A note.
    Note,
    /// A circuit.
    Circuit,
}

impl Kind {
    /// Where they are kept.
    fn table(self) -> &'static str {
        match self {
            Self::Maintenance => "nautobot_maintenance",
            Self::Impact => "nautobot_impact",
            Self::Note => "nautobot_note",
            Self::Circuit => "nautobot_circuit",
        }
    }

    /// Several of them, in a word.
    fn word(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenances",
            Self::Impact => "impacts",
            Self::Note => "notes",
            Self::Circuit => "circuits",
        }
    }
}

/// What does not show any more, although nothing tells that it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vanished {
    /// What it is.
    pub kind: Kind,
    /// How many do not show,
    pub missing: usize,
    /// of so many.
    pub known: usize,
}

impl Vanished {
    /// Whether that is so much that the token may rather see less than before: more than some, and than a tenth; or all.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        /// So many may go at a time.
        const SOME: usize = 20;
        /// All of so few are nothing special.
        const FEW: usize = 3;
        let Self { missing, known, .. } = *self;
        missing > SOME.max(known / 10) || missing > FEW && missing == known
    }
}

impl std::fmt::Display for Vanished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}", self.missing, self.known, self.kind.word())
    }
}

/// How much of a kind a full reading did not have, although the log of changes does not say that it was deleted.
pub fn vanished(connection: &Connection, kind: Kind, round: i64) -> Result<Vanished, Error> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT count(*) FILTER (WHERE round < ?1 AND round <> ?2), count(*) FROM {}",
        kind.table()
    ))?;
    let count = |count: i64| usize::try_from(count).unwrap_or_default();
    let counted = query.query_row((round, LOST), |row| Ok((count(row.get(0)?), count(row.get(1)?))))?;
    Ok(Vanished { kind, missing: counted.0, known: counted.1 })
}

/// The UUID of the maintenance of this name, as far as it was seen.
pub fn named(connection: &Connection, name: &str) -> Result<Option<String>, Error> {
    let mut query = connection.prepare_cached("SELECT id FROM nautobot_maintenance WHERE name = ?1")?;
    Ok(query.query_row([name], |row| row.get(0)).optional()?)
}

/// The round of what the log of changes says was deleted: before all others.
pub const LOST: i64 = -1;

/// Those of these UUIDs that something here has.
pub fn known(connection: &Connection, ids: Vec<String>) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM nautobot_maintenance WHERE id = ?1)
             OR EXISTS (SELECT 1 FROM nautobot_impact WHERE id = ?1) OR EXISTS (SELECT 1 FROM nautobot_note WHERE id = ?1)",
    )?;
    let mut known = Vec::new();
    for id in ids {
        if query.query_row([&id], |row| row.get::<_, bool>(0))? {
            known.push(id);
        }
    }
    Ok(known)
}

/// The round of what was read under another URL and did not show under this one yet: before all others, too.
pub const ELSEWHERE: i64 = -2;

/// Whatever is known was read under another URL. What was agreed under that one is kept.
pub fn doubt(connection: &Connection) -> Result<(), Error> {
    connection.execute(
        "INSERT OR REPLACE INTO nautobot_kept (id, server, agreed)
         SELECT m.id, n.server, m.agreed FROM nautobot_maintenance m, nautobot n
         WHERE m.agreed IS NOT NULL AND m.round <> ?1",
        [ELSEWHERE],
    )?;
    for table in ["nautobot_maintenance", "nautobot_impact", "nautobot_note"] {
        connection.execute(&format!("UPDATE {table} SET round = ?1"), [ELSEWHERE])?;
    }
    Ok(())
}

/// Notes of these that they were deleted.
pub fn lose(connection: &Connection, ids: &[String]) -> Result<(), Error> {
    for table in ["nautobot_maintenance", "nautobot_impact", "nautobot_note"] {
        let mut update = connection.prepare_cached(&format!("UPDATE {table} SET round = ?2 WHERE id = ?1"))?;
        for id in ids {
            update.execute((id, LOST))?;
        }
    }
    Ok(())
}

/// Notes of maintenances that they are there, after all.
pub fn found(connection: &Connection, round: i64, ids: &[String]) -> Result<(), Error> {
    let mut update =
        connection.prepare_cached("UPDATE nautobot_maintenance SET round = max(round, ?2) WHERE id = ?1")?;
    for id in ids {
        update.execute((id, round))?;
    }
    Ok(())
}

/// Those maintenances of these that were seen before and have changed since.
pub fn changed(connection: &Connection, all: Vec<(String, i64)>) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached("SELECT 1 FROM nautobot_maintenance WHERE id = ?1 AND updated <> ?2")?;
    let mut changed = Vec::new();
    for (id, updated) in all {
        if query.exists((&id, updated))? {
            changed.push(id);
        }
    }
    Ok(changed)
}

/// The known impacts of these maintenances, each with its maintenance.
pub fn impacts_of(connection: &Connection, ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    let mut query = connection.prepare_cached("SELECT id FROM nautobot_impact WHERE maintenance = ?1 ORDER BY id")?;
    let mut known = Vec::new();
    for id in ids {
        let rows = query.query_map([id], |row| row.get(0))?;
        known.extend(rows.collect::<rusqlite::Result<Vec<String>>>()?.into_iter().map(|impact| (impact, id.clone())));
    }
    Ok(known)
}

/// The circuits of these impacts that are in the inventory, each once.
pub fn circuits_of(connection: &Connection, impacts: &[String]) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT circuit FROM nautobot_impact WHERE id = ?1 AND circuit IN (SELECT id FROM nautobot_circuit)",
    )?;
    let mut circuits = BTreeSet::new();
    for impact in impacts {
        circuits.extend(query.query_row([impact], |row| row.get::<_, String>(0)).optional()?);
    }
    Ok(circuits.into_iter().collect())
}

/// The circuits of impacts that an older round had last, as far as they are in the inventory.
pub fn circuits_before(connection: &Connection, round: i64) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT circuit FROM nautobot_impact WHERE round < ?1 AND circuit IN (SELECT id FROM nautobot_circuit)",
    )?;
    let rows = query.query_map([round], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// These impacts are gone.
pub fn without(connection: &Connection, impacts: &[String]) -> Result<(), Error> {
    let mut of = connection.prepare_cached("SELECT maintenance FROM nautobot_impact WHERE id = ?1")?;
    let mut delete = connection.prepare_cached("DELETE FROM nautobot_impact WHERE id = ?1")?;
    for impact in impacts {
        if let Some(maintenance) = of.query_row([impact], |row| row.get::<_, String>(0)).optional()? {
            delete.execute([impact])?;
            compare_again(connection, &maintenance)?;
        }
    }
    Ok(())
}

/// How many maintenances were seen.
pub fn count(connection: &Connection) -> Result<u64, Error> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM nautobot_maintenance")?;
    let count: i64 = query.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// How many impacts, of one maintenance or of all, are on circuits that no inventory of the token's shows. Of a token that sees
/// no circuit at all that is told elsewhere.
pub fn unseen_circuits(connection: &Connection, of: Option<&str>) -> Result<usize, Error> {
    // With one of them an index is used.
    let which = if of.is_some() { "i.maintenance = ?1" } else { "?1 IS NULL" };
    let mut query = connection.prepare_cached(&format!(
        "SELECT count(*) FROM nautobot_impact i WHERE {which}
             AND NOT EXISTS (SELECT 1 FROM nautobot_circuit c WHERE c.id = i.circuit)
             AND EXISTS (SELECT 1 FROM nautobot_circuit)"
    ))?;
    let count: i64 = query.query_row([of], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}
