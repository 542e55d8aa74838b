//! What notifications say of maintenances, as it was applied: kept for those that come late.
//!
//! Of a maintenance that very many speak of (every mail of a provider whose ids are not told apart) what the newest
//! [`MOST_KEPT`] say is kept. One that comes late there is linked and changes nothing, as where nothing was kept: telling
//! everything again costs as much as there is to tell.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::{Deserialize, Serialize};

use super::merge::{Order, Place, Telling};
use super::{MaintenanceKey, NotificationKey, sql};
use crate::features::maintenance::model::Notice;
use crate::store::Error;

/// Notifications of one maintenance whose words are kept, more than any maintenance seen has by an order of magnitude.
pub(super) const MOST_KEPT: i64 = 256;

/// What a notification says of a maintenance, and where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// What it says.
    pub(super) telling: Telling,
    /// The windows that it speaks of.
    pub(super) windows: Vec<MaintenanceKey>,
}

/// A notice as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What the record has,
    #[serde(flatten)]
    notice: Notice,
    /// and what stands beside it.
    #[serde(default)]
    says_cancelled: bool,
    /// And when it was sent that was forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "chrono::serde::ts_seconds_option")]
    sent: Option<DateTime<Utc>>,
}

impl From<&Notice> for Kept {
    fn from(notice: &Notice) -> Self {
        Self { notice: notice.clone(), says_cancelled: notice.says_cancelled, sent: notice.sent }
    }
}

impl From<Kept> for Notice {
    fn from(Kept { notice, says_cancelled, sent }: Kept) -> Self {
        Self { says_cancelled, sent, ..notice }
    }
}

/// The newest place that a notification about a maintenance has.
pub(super) fn newest(connection: &Connection, provider: &str, id: &str) -> Result<Option<Place>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT stamp, sequence, mailed, notification FROM said WHERE provider = ?1 AND maintenance_id = ?2
         ORDER BY stamp DESC, sequence DESC, mailed DESC, notification DESC LIMIT 1",
    )?;
    Ok(query.query_row([provider, id], place).optional()?)
}

/// A place in its columns.
fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    let order = Order { stamp: sql::time(row, "stamp")?, sequence: row.get("sequence")? };
    Ok((order, sql::time(row, "mailed")?, row.get("notification")?))
}

/// What all notifications say of a maintenance, in their order.
pub(super) fn all(connection: &Connection, provider: &str, id: &str) -> Result<Vec<Said>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT * FROM said WHERE provider = ?1 AND maintenance_id = ?2 ORDER BY stamp, sequence, mailed, notification",
    )?;
    let rows = query.query_map([provider, id], said)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a notification says of a maintenance.
pub(super) fn one(
    connection: &Connection,
    provider: &str,
    id: &str,
    notification: NotificationKey,
) -> Result<Option<Said>, Error> {
    let mut query = connection
        .prepare_cached("SELECT * FROM said WHERE provider = ?1 AND maintenance_id = ?2 AND notification = ?3")?;
    Ok(query.query_row((provider, id, notification), said).optional()?)
}

/// What a notification says, of which maintenances, each as provider and id.
pub(in super::super) fn of(
    connection: &Connection,
    notification: NotificationKey,
) -> Result<Vec<(String, String)>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT provider, maintenance_id FROM said WHERE notification = ?1 ORDER BY provider, maintenance_id",
    )?;
    let rows = query.query_map([notification], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a notification says, with which maintenance it says it of, as provider and id.
pub(super) fn by(
    connection: &Connection,
    notification: NotificationKey,
) -> Result<Vec<(String, String, Telling)>, Error> {
    let mut query =
        connection.prepare_cached("SELECT * FROM said WHERE notification = ?1 ORDER BY provider, maintenance_id")?;
    let rows = query
        .query_map([notification], |row| Ok((row.get("provider")?, row.get("maintenance_id")?, said(row)?.telling)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A row.
fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    // Written by us; what a newer version wrote otherwise says nothing.
    let notices: Vec<Kept> = serde_json::from_str(&row.get::<_, String>("notices")?).unwrap_or_default();
    let notices = notices.into_iter().map(Notice::from).collect();
    let windows: Vec<i64> = serde_json::from_str(&row.get::<_, String>("windows")?).unwrap_or_default();
    Ok(Said {
        telling: Telling { notification: row.get("notification")?, mailed: sql::time(row, "mailed")?, notices },
        windows: windows.into_iter().map(MaintenanceKey).collect(),
    })
}

/// Keeps what a notification says of a maintenance.
pub(super) fn keep(connection: &Connection, provider: &str, id: &str, said: &Said) -> Result<(), Error> {
    let json = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let Telling { notification, mailed, notices } = &said.telling;
    let Order { stamp, sequence } = said.telling.order();
    let windows: Vec<i64> = said.windows.iter().map(|window| window.0).collect();
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO said (provider, maintenance_id, notification, stamp, sequence, mailed, notices, windows)
         VALUES (:provider, :id, :notification, :stamp, :sequence, :mailed, :notices, :windows)",
    )?;
    put.execute(named_params! {
        ":provider": provider,
        ":id": id,
        ":notification": notification,
        ":stamp": stamp.timestamp(),
        ":sequence": sequence,
        ":mailed": mailed.timestamp(),
        ":notices": serde_json::to_string(&notices.iter().map(Kept::from).collect::<Vec<_>>()).map_err(json)?,
        ":windows": serde_json::to_string(&windows).map_err(json)?,
    })?;
    connection
        .prepare_cached(
            "DELETE FROM said WHERE provider = ?1 AND maintenance_id = ?2 AND notification IN (
                 SELECT notification FROM said WHERE provider = ?1 AND maintenance_id = ?2
                 ORDER BY stamp DESC, sequence DESC, mailed DESC, notification DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute((provider, id, MOST_KEPT))?;
    Ok(())
}

/// A notification says nothing of a maintenance any more.
pub(super) fn forget(
    connection: &Connection,
    provider: &str,
    id: &str,
    notification: NotificationKey,
) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM said WHERE provider = ?1 AND maintenance_id = ?2 AND notification = ?3")?
        .execute((provider, id, notification))?;
    Ok(())
}

/// Whether any other notification told something of a maintenance that was not kept: before that was done at all.
pub(super) fn lacks_but(
    connection: &Connection,
    provider: &str,
    id: &str,
    notification: NotificationKey,
) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM event e JOIN maintenance m ON m.id = e.maintenance
             WHERE m.provider = ?1 AND m.maintenance_id = ?2 AND e.kind IN {} AND e.notification IS NOT NULL
                 AND e.notification <> ?3 AND NOT EXISTS (SELECT 1 FROM said s WHERE s.provider = ?1 AND s.maintenance_id = ?2
                     AND s.notification = e.notification))",
        super::event::APPLIED
    ))?;
    Ok(query.query_row((provider, id, notification), |row| row.get(0))?)
}
