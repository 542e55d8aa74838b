//! What each server last said there is: change controls, workspaces and devices, for a first screen before the network
//! answers, and for reading without it.
//!
//! Kept as differences come: [`apply`] writes what is new, drops what is gone and, when a first reading is complete, what
//! that did not tell any more. What is the same already is not written again.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sql;
use crate::features::cloudvision::model::{Change, Device, Workspace, WorkspaceState};
use crate::store::Error;
use crate::text::clean_line;

/// Change controls that are over, and as many such workspaces, which are kept of each server: some years of a busy network,
/// and what is asked for after a bad night is among the newest. What is not over is kept in any number.
pub const OVER_KEPT: u32 = 2_000;

/// Bytes that those which are over may take together: a change control of a thousand devices has some hundred thousand.
pub const OVER_BYTES: u64 = 64 * 1024 * 1024;

/// Something that can be kept.
pub trait Cached: Serialize + DeserializeOwned {
    /// Its word in the tables.
    const KIND: &'static str;

    /// What tells it from others of its kind.
    fn key(&self) -> &str;

    /// What lists of its kind are ordered by where the time does not tell.
    fn name(&self) -> &str;

    /// What lists of its kind are ordered by, the newest first.
    fn at(&self) -> Option<DateTime<Utc>>;

    /// Whether nothing will happen to it any more, so that it may be forgotten before its server does.
    fn is_over(&self) -> bool;
}

impl Cached for Change {
    const KIND: &'static str = "change";

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        self.created_at
    }

    fn is_over(&self) -> bool {
        self.state.is_over()
    }
}

impl Cached for Workspace {
    const KIND: &'static str = "workspace";

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        self.created_at
    }

    fn is_over(&self) -> bool {
        matches!(self.state, WorkspaceState::Submitted | WorkspaceState::Abandoned | WorkspaceState::RolledBack)
    }
}

impl Cached for Device {
    const KIND: &'static str = "device";

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        &self.hostname
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        None
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// What a server said of one kind since the last time.
#[derive(Debug, Clone)]
pub struct Delta<T> {
    /// New, or different.
    pub changed: Vec<T>,
    /// Keys of what is there no more.
    pub gone: Vec<String>,
    /// Whether `changed` is all that there is: everything else goes.
    pub is_whole: bool,
    /// When the server is known to have been as the cache is after this; `None` within a reading that is not complete.
    pub synced_at: Option<DateTime<Utc>>,
}

/// Of one kind, as it was last seen.
#[derive(Debug, Clone)]
pub struct Known<T> {
    /// The newest first, then by name.
    pub items: Vec<T>,
    /// When the server was last known to be like that; `None` if it was never read completely.
    pub synced_at: Option<DateTime<Utc>>,
}

/// Everything that is known of a server.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Change controls.
    pub changes: Known<Change>,
    /// Workspaces.
    pub workspaces: Known<Workspace>,
    /// Devices.
    pub devices: Known<Device>,
}

/// Writes down what a server (`host:port`) said. Costs a commit when something differs: what comes many times a second is
/// to be gathered before.
pub fn apply<T: Cached>(connection: &Connection, server: &str, delta: &Delta<T>) -> Result<(), Error> {
    let mut is_over = false;
    for item in worth_keeping(delta) {
        is_over |= put(connection, server, item)? && item.is_over();
    }
    drop_keys::<T>(connection, server, delta.gone.iter().map(String::as_str))?;
    if delta.is_whole {
        drop_others(connection, server, &delta.changed)?;
    }
    if is_over {
        prune(connection, server, T::KIND)?;
    }
    if let Some(at) = delta.synced_at {
        let mut update = connection.prepare_cached(
            "INSERT INTO cloudvision_sync (server, kind, synced_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET synced_at = excluded.synced_at",
        )?;
        update.execute((server, T::KIND, at.timestamp()))?;
    }
    Ok(())
}

/// Everything that is known of a server.
pub fn load(connection: &Connection, server: &str) -> Result<Snapshot, Error> {
    Ok(Snapshot {
        changes: load_kind(connection, server)?,
        workspaces: load_kind(connection, server)?,
        devices: load_kind(connection, server)?,
    })
}

/// What is known of one kind. What another version of noctui wrote and this one cannot read is left out: the server is
/// asked again anyway.
pub fn load_kind<T: Cached>(connection: &Connection, server: &str) -> Result<Known<T>, Error> {
    let mut query = connection.prepare_cached(LISTED)?;
    let mut rows = query.query((server, T::KIND))?;
    let mut items = Vec::new();
    let mut unreadable = 0_usize;
    while let Some(row) = rows.next()? {
        match serde_json::from_slice(row.get_ref("body")?.as_bytes().map_err(rusqlite::Error::from)?) {
            Ok(item) => items.push(item),
            Err(_) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        tracing::info!(server, kind = T::KIND, unreadable, "kept by another version, left out");
    }
    let mut query = connection
        .prepare_cached("SELECT max(synced_at) AS synced_at FROM cloudvision_sync WHERE server = ?1 AND kind = ?2")?;
    let synced_at = query.query_row((server, T::KIND), |row| sql::time_if_any(row, "synced_at"))?;
    Ok(Known { items, synced_at })
}

/// See [`load_kind`].
pub(super) const LISTED: &str = "SELECT body FROM cloudvision_cache INDEXED BY cloudvision_cache_listed
    WHERE server = ?1 AND kind = ?2 ORDER BY at DESC, name, id";

/// Those of a delta that are not dropped at once: a whole reading has every one that ever was.
fn worth_keeping<T: Cached>(delta: &Delta<T>) -> impl Iterator<Item = &T> {
    let mut over: Vec<_> = delta.changed.iter().filter(|item| delta.is_whole && item.is_over()).collect();
    over.sort_by_key(|item| Reverse(item.at()));
    let beyond: HashSet<&str> =
        over.into_iter().skip(usize::try_from(OVER_KEPT).unwrap_or(usize::MAX)).map(Cached::key).collect();
    delta.changed.iter().filter(move |item| !beyond.contains(item.key()))
}

/// Writes one down; whether it differs from what was there.
fn put<T: Cached>(connection: &Connection, server: &str, item: &T) -> Result<bool, Error> {
    let body = sql::encode(item)?;
    let mut upsert = connection.prepare_cached(
        "INSERT INTO cloudvision_cache (server, kind, key, name, at, over, size, body)
         VALUES (:server, :kind, :key, :name, :at, :over, :size, :body)
         ON CONFLICT (server, kind, key) DO UPDATE SET name = excluded.name, at = excluded.at, over = excluded.over,
             size = excluded.size, body = excluded.body
         WHERE body <> excluded.body",
    )?;
    let written = upsert.execute(named_params! {
        ":server": server, ":kind": T::KIND, ":key": item.key(), ":name": clean_line(item.name()),
        ":at": item.at().map_or(0, |at| at.timestamp()), ":over": item.is_over(), ":size": sql::limit(body.len()),
        ":body": body.as_bytes(),
    })?;
    Ok(written > 0)
}

/// Drops those of a kind with these keys.
fn drop_keys<'k, T: Cached>(
    connection: &Connection,
    server: &str,
    keys: impl Iterator<Item = &'k str>,
) -> Result<(), Error> {
    let mut delete =
        connection.prepare_cached("DELETE FROM cloudvision_cache WHERE server = ?1 AND kind = ?2 AND key = ?3")?;
    for key in keys {
        delete.execute((server, T::KIND, key))?;
    }
    Ok(())
}

/// Drops those of a kind that are not among `items`.
fn drop_others<T: Cached>(connection: &Connection, server: &str, items: &[T]) -> Result<(), Error> {
    let kept: HashSet<&str> = items.iter().map(Cached::key).collect();
    let mut query = connection.prepare_cached("SELECT key FROM cloudvision_cache WHERE server = ?1 AND kind = ?2")?;
    let known: Vec<String> = query.query_map((server, T::KIND), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    drop_keys::<T>(connection, server, known.iter().map(String::as_str).filter(|key| !kept.contains(key)))
}

/// Drops the oldest of those that are over, beyond what is kept of them.
fn prune(connection: &Connection, server: &str, kind: &str) -> Result<(), Error> {
    connection.prepare_cached(PRUNE)?.execute(named_params! {
        ":server": server, ":kind": kind, ":kept": OVER_KEPT, ":bytes": i64::try_from(OVER_BYTES).unwrap_or(i64::MAX),
    })?;
    Ok(())
}

/// See [`prune`].
pub(super) const PRUNE: &str = "DELETE FROM cloudvision_cache WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER newest AS place, sum(size) OVER newest AS bytes
        FROM cloudvision_cache INDEXED BY cloudvision_cache_over WHERE server = :server AND kind = :kind AND over = 1
        WINDOW newest AS (ORDER BY at DESC, size DESC, id DESC)
    ) WHERE place > :kept OR bytes > :bytes)";
