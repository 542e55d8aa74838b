//! What Nautobot has of one maintenance and what waits to be written there, as it is told to people.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::content::{self, Content};
use super::outbox::{self, Entry, Kind, State};
use super::setting::switches;
use crate::features::maintenance::store::MaintenanceKey;
use crate::features::maintenance::store::event::EventKind;
use crate::store::Error;

/// A maintenance and Nautobot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InNautobot {
    /// Its UUID, name and content there; `None` where it is not there.
    pub record: Option<(String, String, Content)>,
    /// Why it is not there; `None` where it is.
    pub absence: Option<Absence>,
    /// What is different here and there and left so.
    pub conflict: Option<String>,
    /// What waits to be written there.
    pub outbox: Vec<Entry>,
}

/// Why Nautobot does not have a maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// Nobody has made it there yet.
    NotYet,
    /// It could not be made yet, for a reason, and that is tried again.
    Tried(String),
    /// It could not be made: this entry of the outbox needs somebody.
    Failed {
        /// Its number.
        id: i64,
        /// Why.
        reason: String,
    },
    /// It was there and was deleted there.
    Deleted {
        /// Whether what comes anew here makes it again.
        is_made_again: bool,
        /// Whether it is to be made again already.
        is_due: bool,
    },
    /// Nothing is to make it: that was dropped from the outbox.
    Unmade,
}

impl Absence {
    /// In a word, for `--json`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotYet | Self::Tried(_) => "not-yet",
            Self::Failed { .. } => "failed",
            Self::Deleted { .. } => "deleted",
            Self::Unmade => "unmade",
        }
    }

    /// In words, with what to do.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::NotYet => "not there yet".to_owned(),
            Self::Tried(reason) => format!("not there yet: {reason}; it is tried again"),
            Self::Failed { id, reason } => {
                format!("not there: {reason}; put that right and retry entry {id} of the outbox, or drop it")
            }
            Self::Deleted { is_due: true, .. } => "deleted there, and to be made again".to_owned(),
            Self::Deleted { is_made_again: true, .. } => {
                "deleted there; a newer notice or a correction here makes it again".to_owned()
            }
            Self::Deleted { .. } => "deleted there; whoever wants it there makes it again there".to_owned(),
            Self::Unmade => "not there, and nothing makes it: a newer notice or a correction here does".to_owned(),
        }
    }

    /// Whether somebody may want to do something about it.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        !matches!(self, Self::NotYet | Self::Tried(_))
    }
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
    let absence = if record.is_some() { None } else { Some(absence(connection, provider, maintenance_id, &outbox)?) };
    let is_deleted = matches!(absence, Some(Absence::Deleted { .. }));
    let is_nothing = record.is_none() && outbox.is_empty() && !is_deleted;
    Ok((!is_nothing).then_some(InNautobot { record, absence, conflict, outbox }))
}

/// Why there is no record of it there.
fn absence(connection: &Connection, provider: &str, maintenance_id: &str, outbox: &[Entry]) -> Result<Absence, Error> {
    let switches = switches(connection)?;
    let makes = outbox.iter().find(|entry| entry.kind == Kind::Maintenance && entry.field.is_none());
    if let Some(Entry { id, reason, .. }) = makes.filter(|entry| entry.state != State::Waiting) {
        return Ok(Absence::Failed { id: *id, reason: reason.clone() });
    }
    if let Some(entry) = makes.filter(|entry| !entry.reason.is_empty()) {
        return Ok(Absence::Tried(entry.reason.clone()));
    }
    if switches.is_on && was_deleted(connection, provider, maintenance_id)? {
        return Ok(Absence::Deleted { is_made_again: switches.writes, is_due: makes.is_some() });
    }
    Ok(if switches.writes && makes.is_none() { Absence::Unmade } else { Absence::NotYet })
}

/// Whether a maintenance was in Nautobot once and was deleted there.
pub fn was_deleted(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM event e JOIN maintenance m ON m.id = e.maintenance
         WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND e.kind = ?3",
    )?;
    Ok(query.exists((provider, maintenance_id, EventKind::GoneFromNautobot.as_str()))?)
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
         WHERE n.conflict IS NOT NULL AND m.ends_at > ?1 AND NOT EXISTS (SELECT 1 FROM outbox o
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
