//! Forgetting what is old.
//!
//! Never forgotten, however old: a maintenance with a window that is not over for long enough, and one that carries a
//! note, since a note is somebody's work. Nothing goes on the day after it was recorded, acknowledged or otherwise worked
//! on, so that nothing that was just imported vanishes under somebody's hands. Notifications go with the last maintenance they speak of; those that speak of
//! none (ignored, unread) have an age of their own. The bytes of notifications may go earlier than the rest, except of
//! those that could not be read, which are worth nothing without. What a source handed over stays remembered, so that a
//! mail still in the mailbox is not imported again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::model::Outcome;
use crate::store::Error;

/// Ages in days; `None` keeps for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Maintenances, from when they were over.
    pub past_days: Option<u32>,
    /// Notifications that speak of no maintenance, from when they were received.
    pub notification_days: Option<u32>,
    /// The bytes of notifications, from when they were received.
    pub raw_days: Option<u32>,
}

/// How long everything is kept after somebody did something with it.
const AT_LEAST: TimeDelta = TimeDelta::days(1);

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Windows of maintenances.
    pub maintenances: usize,
    /// Notifications.
    pub notifications: usize,
    /// Bytes of notifications whose other columns stay.
    pub raws: usize,
    /// Whether there is more to forget.
    pub and_more: bool,
}

impl Forgotten {
    /// What another step forgot goes into the sum.
    pub fn add(&mut self, step: &Self) {
        self.maintenances += step.maintenances;
        self.notifications += step.notifications;
        self.raws += step.raws;
        self.and_more = step.and_more;
    }
}

/// Whether a day has gone by since commands last forgot all that there was to forget.
pub fn is_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT at FROM forgetting")?;
    let last: Option<i64> = query.query_row([], |row| row.get(0)).optional()?;
    // A time in the future is that of a clock which was wrong.
    let since = last.map(|last| now.timestamp() - last);
    Ok(since.is_none_or(|since| !(0..EVERY.num_seconds()).contains(&since)))
}

/// Notes that commands have forgotten all that there was to forget.
pub fn done(connection: &Connection, now: DateTime<Utc>) -> Result<(), Error> {
    connection.execute("INSERT OR REPLACE INTO forgetting (only, at) VALUES (1, ?1)", [now.timestamp()])?;
    Ok(())
}

/// Between two times that commands forget.
const EVERY: TimeDelta = TimeDelta::days(1);

/// Forgets up to `batch` (500 takes some hundredths of a second) of each kind. Call again while there is more, as jobs of
/// their own, so that others get their turn.
pub fn forget(
    connection: &Connection,
    retention: &Retention,
    now: DateTime<Utc>,
    batch: usize,
) -> Result<Forgotten, Error> {
    let before = |days: Option<u32>| {
        days.and_then(|days| now.checked_sub_signed(TimeDelta::days(i64::from(days)))).map(|at| at.timestamp())
    };
    let touched = (now - AT_LEAST).timestamp();
    let mut forgotten = Forgotten::default();
    if let Some(before) = before(retention.past_days) {
        let keys = forgettable(connection, before, touched, batch)?;
        forgotten.maintenances = keys.len();
        forgotten.notifications = forget_maintenances(connection, &keys)?;
    }
    let mut unlinked = 0;
    if let Some(before) = before(retention.notification_days) {
        for outcome in [Outcome::Ignored, Outcome::ParsingFailed, Outcome::UnknownProvider] {
            unlinked += forget_notifications(connection, outcome, (before, touched), batch)?;
        }
    }
    forgotten.notifications += unlinked;
    if let Some(before) = before(retention.raw_days) {
        forgotten.raws = forget_raws(connection, (before, touched), batch)?;
    }
    forgotten.and_more = [forgotten.maintenances, unlinked, forgotten.raws].into_iter().any(|n| n >= batch);
    Ok(forgotten)
}

/// Windows of maintenances that were over before, as a whole and without a note, and that nobody touched since.
fn forgettable(connection: &Connection, before: i64, touched: i64, batch: usize) -> Result<Vec<MaintenanceKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id FROM maintenance m INDEXED BY maintenance_over WHERE over_at < ?1 AND NOT EXISTS (
             SELECT 1 FROM maintenance w WHERE w.provider = m.provider AND w.maintenance_id = m.maintenance_id
                 AND (w.over_at >= ?1 OR w.notes > 0 OR EXISTS (
                     SELECT 1 FROM event e LEFT JOIN notification n ON n.id = e.notification
                     WHERE e.maintenance = w.id AND (e.at >= ?2 OR n.recorded_at >= ?2)))
         ) ORDER BY over_at LIMIT ?3",
    )?;
    let rows = query.query_map((before, touched, i64::try_from(batch).unwrap_or(i64::MAX)), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Deletes them and the notifications that speak of no other; answers how many of the latter.
fn forget_maintenances(connection: &Connection, keys: &[MaintenanceKey]) -> Result<usize, Error> {
    let mut linked = BTreeSet::new();
    for key in keys {
        let mut query = connection
            .prepare_cached("SELECT notification FROM event WHERE maintenance = ?1 AND notification IS NOT NULL")?;
        for notification in query.query_map([key], |row| row.get::<_, NotificationKey>(0))? {
            linked.insert(notification?);
        }
        connection.prepare_cached("DELETE FROM maintenance WHERE id = ?1")?.execute([key])?;
    }
    let mut gone = 0;
    for notification in linked {
        let mut delete = connection.prepare_cached(
            "DELETE FROM notification WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM event WHERE notification = ?1)",
        )?;
        gone += delete.execute([notification])?;
    }
    Ok(gone)
}

/// Deletes notifications of an outcome that links them to nothing.
fn forget_notifications(
    connection: &Connection,
    outcome: Outcome,
    (before, touched): (i64, i64),
    batch: usize,
) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM notification WHERE id IN (
             SELECT id FROM notification INDEXED BY notification_outcome
             WHERE outcome = ?1 AND received_at < ?2 AND recorded_at < ?3 ORDER BY received_at LIMIT ?4)",
    )?;
    Ok(delete.execute((outcome, before, touched, i64::try_from(batch).unwrap_or(i64::MAX)))?)
}

/// Drops the bytes of notifications that were read.
fn forget_raws(connection: &Connection, (before, touched): (i64, i64), batch: usize) -> Result<usize, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE notification SET kept = 0 WHERE id IN (
             SELECT id FROM notification INDEXED BY notification_kept
             WHERE kept > 0 AND received_at < ?1 AND recorded_at < ?2
                 AND outcome NOT IN ('parsing-failed', 'unknown-provider') ORDER BY received_at LIMIT ?3)
         RETURNING id",
    )?;
    let limit = i64::try_from(batch).unwrap_or(i64::MAX);
    let found = update.query_map((before, touched, limit), |row| row.get(0))?;
    let dropped: Vec<NotificationKey> = found.collect::<rusqlite::Result<_>>()?;
    for notification in &dropped {
        connection.prepare_cached("DELETE FROM notification_raw WHERE id = ?1")?.execute([notification])?;
    }
    Ok(dropped.len())
}
