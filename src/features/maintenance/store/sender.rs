//! Whose mails come from an address that no rule names, as people say.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::action::{Actor, Inverse};
use super::undo::remember;
use super::{NotificationKey, sql};
use crate::store::Error;

/// Providers by the addresses that people assigned to them, in small letters.
pub type Senders = HashMap<String, String>;

/// An assignment, for taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Assignment {
    /// The address.
    address: String,
    /// Whose it is now; nobody's where that was taken away.
    provider: Option<String>,
    /// Whose it was.
    before: Option<String>,
}

impl Assignment {
    /// The address of which it is said.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whose it was before; nobody's if it had not been said.
    #[must_use]
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// Whose it was said to be; nobody's where that was taken away.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }
}

/// Every assignment.
pub fn all(connection: &Connection) -> Result<Senders, Error> {
    let mut query = connection.prepare_cached("SELECT address, provider FROM sender")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// An assignment, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The address.
    pub address: String,
    /// Whose it is.
    pub provider: String,
    /// Who said so.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Every assignment by address, with who made it.
pub fn list(connection: &Connection) -> Result<Vec<Assigned>, Error> {
    let mut query = connection.prepare_cached("SELECT address, provider, who, at FROM sender ORDER BY address")?;
    let rows = query.query_map([], |row| {
        Ok(Assigned { address: row.get(0)?, provider: row.get(1)?, who: row.get(2)?, at: sql::time(row, "at")? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// An address is nobody's any more; what takes that back, or `None` where it was nobody's. What was read by it stays.
pub fn forget(connection: &Connection, address: &str, actor: &Actor) -> Result<Option<Inverse>, Error> {
    let address = address.trim().to_lowercase();
    let mut delete = connection.prepare_cached("DELETE FROM sender WHERE address = ?1 RETURNING provider")?;
    let before: Option<String> = delete.query_row([&address], |row| row.get(0)).optional()?;
    if before.is_none() {
        return Ok(None);
    }
    let inverse = Inverse::Unassign(Box::new(Assignment { address, provider: None, before }));
    remember(connection, Some(&inverse), actor)?;
    Ok(Some(inverse))
}

/// Says whose mails come from an address; what takes it back, or `None` where that is known.
pub fn assign(connection: &Connection, address: &str, provider: &str, actor: &Actor) -> Result<Option<Inverse>, Error> {
    let address = address.trim().to_lowercase();
    let mut query = connection.prepare_cached("SELECT provider FROM sender WHERE address = ?1")?;
    let before: Option<String> = query.query_row([&address], |row| row.get(0)).optional()?;
    if before.as_deref() == Some(provider) {
        return Ok(None);
    }
    let mut put = connection
        .prepare_cached("INSERT OR REPLACE INTO sender (address, provider, who, at) VALUES (?1, ?2, ?3, ?4)")?;
    put.execute((&address, provider, actor.name(), actor.at.timestamp()))?;
    let inverse = Inverse::Unassign(Box::new(Assignment { address, provider: Some(provider.to_owned()), before }));
    remember(connection, Some(&inverse), actor)?;
    Ok(Some(inverse))
}

/// Takes an assignment back; 0 if somebody has said something else since. What was read by it stays read.
pub(super) fn take_back(connection: &Connection, assignment: &Assignment, actor: &Actor) -> Result<usize, Error> {
    let Assignment { address, provider, before } = assignment;
    let changed = match (provider, before) {
        (Some(provider), Some(before)) => connection
            .prepare_cached("UPDATE sender SET provider = ?3 WHERE address = ?1 AND provider = ?2")?
            .execute((address, provider, before))?,
        (Some(provider), None) => connection
            .prepare_cached("DELETE FROM sender WHERE address = ?1 AND provider = ?2")?
            .execute((address, provider))?,
        (None, Some(before)) => connection
            .prepare_cached("INSERT OR IGNORE INTO sender (address, provider, who, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((address, before, actor.name(), actor.at.timestamp()))?,
        (None, None) => 0,
    };
    Ok(changed)
}

/// Every mail that could not be read, was not dismissed, and of which the content is kept, in the order in which they were
/// made.
pub fn unread(connection: &Connection) -> Result<Vec<NotificationKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id FROM notification WHERE outcome IN ('parsing-failed', 'unknown-provider') AND kept > 0
             AND dismissed_at IS NULL ORDER BY coalesce(dated, received_at), id",
    )?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The mails from an address that could not be read or that its provider's rules ignore, and of which the content is kept, in
/// the order in which they were made: another provider may make something of them.
pub fn unread_from(connection: &Connection, address: &str) -> Result<Vec<NotificationKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id FROM notification WHERE outcome IN ('parsing-failed', 'unknown-provider', 'ignored') AND kept > 0
             AND sender = ?1 COLLATE NOCASE ORDER BY coalesce(dated, received_at), id",
    )?;
    let rows = query.query_map([address.trim()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
