//! What Nautobot has of one maintenance and what waits to be written there, as it is told to people.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::content::{self, Content};
use super::outbox::{self, Entry};
use crate::features::maintenance::store::MaintenanceKey;
use crate::store::Error;

/// A maintenance and Nautobot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InNautobot {
    /// Its UUID, name and content there; `None` where it is not there yet.
    pub record: Option<(String, String, Content)>,
    /// What is different here and there and left so.
    pub conflict: Option<String>,
    /// What waits to be written there.
    pub outbox: Vec<Entry>,
}

/// What is known of it; `None` where there is nothing.
pub fn of(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Option<InNautobot>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT n.id, n.conflict FROM maintenance m JOIN nautobot_maintenance n ON n.maintenance = m.id
         WHERE m.provider = ?1 AND m.maintenance_id = ?2",
    )?;
    let rows = query.query_map([provider, maintenance_id], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
    })?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().next();
    let outbox = outbox::of(connection, provider, maintenance_id)?;
    let (record, conflict) = match found {
        None => (None, None),
        Some((id, conflict)) => {
            let there = content::there(connection, &id)?;
            (there.map(|there| (there.id, there.name, there.content)), conflict)
        }
    };
    let is_nothing = record.is_none() && outbox.is_empty();
    Ok((!is_nothing).then_some(InNautobot { record, conflict, outbox }))
}

/// A maintenance that is otherwise in Nautobot, and is left so until somebody changes one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its first window here.
    pub here: MaintenanceKey,
    /// Its provider,
    pub provider: String,
    /// and the provider's id.
    pub maintenance_id: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// What differs, in words.
    pub reason: String,
}

/// A row of what people see of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxRow {
    /// Something to be written.
    Entry(Entry),
    /// Something that is otherwise there.
    Difference(Difference),
}

/// Up to `most` entries of the outbox, and up to as many maintenances that are not over and otherwise there, the next one
/// first. Those that an entry in conflict tells of stand there already.
pub fn rows(connection: &Connection, now: DateTime<Utc>, most: usize) -> Result<Vec<OutboxRow>, Error> {
    let entries = outbox::list(connection, most)?;
    let mut query = connection.prepare_cached(
        "SELECT m.id, m.provider, m.maintenance_id, m.starts_at, n.conflict FROM nautobot_maintenance n
         JOIN maintenance m ON m.id = n.maintenance
         WHERE n.conflict IS NOT NULL AND m.final = 0 AND m.ends_at > ?1 AND NOT EXISTS (SELECT 1 FROM outbox o
             WHERE o.provider = m.provider AND o.maintenance_id = m.maintenance_id AND o.state = 'conflict')
         ORDER BY m.starts_at, m.id LIMIT ?2",
    )?;
    let rows = query.query_map((now.timestamp(), i64::try_from(most).unwrap_or(i64::MAX)), |row| {
        Ok(Difference {
            here: row.get(0)?,
            provider: row.get(1)?,
            maintenance_id: row.get(2)?,
            start: DateTime::from_timestamp(row.get(3)?, 0).unwrap_or_default(),
            reason: row.get(4)?,
        })
    })?;
    let differences = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(entries.into_iter().map(OutboxRow::Entry).chain(differences.into_iter().map(OutboxRow::Difference)).collect())
}
