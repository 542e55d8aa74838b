//! Delivery notifications, above all those that nobody could read.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::list::Words;
use super::{MaintenanceKey, NotificationKey, sql};
use crate::features::maintenance::model::Outcome;
use crate::store::{Error, folded};

/// A received notification without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which.
    pub key: NotificationKey,
    /// The source that handed it over.
    pub source: String,
    /// What the source calls it.
    pub item: String,
    /// When the source got it.
    pub received_at: DateTime<Utc>,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// The address in From; empty if it had none.
    pub sender: String,
    /// Its subject; empty if it had none.
    pub subject: String,
    /// Its Date header.
    pub dated: Option<DateTime<Utc>>,
    /// The provider whose rule took it.
    pub provider: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for those that were not read.
    pub reason: String,
    /// Bytes it had when it came.
    pub size: u64,
    /// Who dismissed it, and when.
    pub dismissed: Option<(String, DateTime<Utc>)>,
}

impl Notification {
    /// Whether no rule read it, and somebody said what it means or what it belongs to: only then a reason stands beside what
    /// counts as read.
    pub(super) fn is_read_by_hand(&self) -> bool {
        self.outcome == Outcome::Parsed && !self.reason.is_empty()
    }
}

/// A notification with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// All else.
    pub notification: Notification,
    /// The bytes; `None` once retention has dropped them. Fewer than [`Notification::size`] if it was larger than what
    /// is kept.
    pub raw: Option<Vec<u8>>,
    /// The maintenances it speaks of.
    pub maintenances: Vec<MaintenanceKey>,
}

/// Which notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// Those that could not be read and those that no rule knows, less the dismissed ones.
    NeedALook,
    /// Those of them that somebody has dismissed.
    Dismissed,
    /// Those with this outcome.
    Outcome(Outcome),
    /// All.
    All,
}

/// Where in the list of notifications, which has the newest received first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationAnchor {
    /// From the newest on.
    Top,
    /// Up to the oldest.
    Bottom,
    /// Those that follow this one.
    After(NotificationKey),
    /// Those that precede this one.
    Before(NotificationKey),
}

/// Some consecutive notifications, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// The rows.
    pub rows: Vec<Notification>,
    /// Whether the list goes on in the direction that was read.
    pub more: bool,
}

/// Up to `limit` notifications from `anchor` on that have every word of `filter` in subject, sender, provider, outcome or
/// reason, ignoring case, and none of those behind a `!`.
pub fn notifications(
    connection: &Connection,
    which: Which,
    filter: &str,
    anchor: NotificationAnchor,
    limit: usize,
) -> Result<Notifications, Error> {
    let (ascending, from) = match anchor {
        NotificationAnchor::Top => (false, (i64::MAX, i64::MAX)),
        NotificationAnchor::Bottom => (true, (i64::MIN, i64::MIN)),
        NotificationAnchor::After(key) => (false, place(connection, key)?),
        NotificationAnchor::Before(key) => (true, place(connection, key)?),
    };
    let words = Words::parse(filter);
    let mut rows = Vec::new();
    // An import gives many the same second: first those beyond the id in it, then the seconds beyond.
    for same_time in [true, false] {
        let wanted = limit.saturating_add(1).saturating_sub(rows.len());
        let mut query = connection.prepare_cached(&sql(which, ascending, same_time))?;
        // With a filter the reading ends where there are enough that pass.
        let most = if words.is_empty() { i64::try_from(wanted).unwrap_or(i64::MAX) } else { i64::MAX };
        let mut found = match which {
            Which::Outcome(outcome) => {
                query.query(named_params! {":at": from.0, ":id": from.1, ":limit": most, ":outcome": outcome})?
            }
            Which::NeedALook | Which::Dismissed | Which::All => {
                query.query(named_params! {":at": from.0, ":id": from.1, ":limit": most})?
            }
        };
        let enough = rows.len() + wanted;
        while rows.len() < enough
            && let Some(row) = found.next()?
        {
            if passes(row, &words)? {
                rows.push(read(row)?);
            }
        }
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    if ascending {
        rows.reverse();
    }
    Ok(Notifications { rows, more })
}

/// The query for what follows a place: in the same second, or in the seconds beyond.
fn sql(which: Which, ascending: bool, same_time: bool) -> String {
    let (index, condition) = match which {
        Which::NeedALook => {
            ("notification_look", "outcome IN ('parsing-failed', 'unknown-provider') AND dismissed_at IS NULL AND ")
        }
        Which::Dismissed => (
            "notification_dismissed",
            "outcome IN ('parsing-failed', 'unknown-provider') AND dismissed_at IS NOT NULL AND ",
        ),
        Which::Outcome(_) => ("notification_outcome", "outcome = :outcome AND "),
        Which::All => ("notification_received", ""),
    };
    let (way, beyond) = if ascending { ("ASC", ">") } else { ("DESC", "<") };
    let place = if same_time {
        format!("received_at = :at AND id {beyond} :id")
    } else {
        // Named, so that both queries have the same parameters.
        format!("received_at {beyond} :at AND :id IS NOT NULL")
    };
    format!(
        "SELECT * FROM notification INDEXED BY {index} WHERE {condition}{place}
         ORDER BY received_at {way}, id {way} LIMIT :limit"
    )
}

/// Whether a notification has the words of a filter.
fn passes(row: &Row<'_>, words: &Words) -> rusqlite::Result<bool> {
    if words.is_empty() {
        return Ok(true);
    }
    let mut text = String::with_capacity(512);
    for column in ["subject", "sender", "provider", "outcome", "reason"] {
        text.push_str(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default());
        text.push('\n');
    }
    let text = folded(&text);
    Ok(words.wanted.iter().all(|word| text.contains(word.as_str()))
        && !words.unwanted.iter().any(|word| text.contains(word.as_str())))
}

/// The place of a notification in the list; the top if it is gone.
fn place(connection: &Connection, key: NotificationKey) -> Result<(i64, i64), Error> {
    let mut query = connection.prepare_cached("SELECT received_at, id FROM notification WHERE id = ?1")?;
    let found = query.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.unwrap_or((i64::MAX, i64::MAX)))
}

/// One notification with its bytes; `None` if it is gone.
pub fn notification(connection: &Connection, key: NotificationKey) -> Result<Option<Opened>, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM notification WHERE id = ?1")?;
    let Some(notification) = query.query_row([key], read).optional()? else { return Ok(None) };
    let mut query = connection.prepare_cached("SELECT raw FROM notification_raw WHERE id = ?1")?;
    let raw = query.query_row([key], |row| row.get(0)).optional()?;
    let mut query = connection
        .prepare_cached("SELECT DISTINCT maintenance FROM event WHERE notification = ?1 ORDER BY maintenance")?;
    let maintenances = query.query_map([key], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(Opened { notification, raw, maintenances }))
}

/// The notifications that speak of a maintenance, the newest first.
pub(super) fn of_maintenance(
    connection: &Connection,
    key: MaintenanceKey,
    limit: usize,
) -> Result<Vec<Notification>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT * FROM notification WHERE id IN (SELECT notification FROM event WHERE maintenance = ?1)
         ORDER BY coalesce(dated, received_at) DESC, id DESC LIMIT ?2",
    )?;
    let rows = query.query_map((key, i64::try_from(limit).unwrap_or(i64::MAX)), read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        key: row.get("id")?,
        source: row.get("source")?,
        item: row.get("item")?,
        received_at: sql::time(row, "received_at")?,
        message_id: row.get("message_id")?,
        sender: row.get("sender")?,
        subject: row.get("subject")?,
        dated: sql::time_if_any(row, "dated")?,
        provider: row.get("provider")?,
        outcome: row.get("outcome")?,
        reason: row.get("reason")?,
        size: sql::size(row, "size")?,
        dismissed: sql::time_if_any(row, "dismissed_at")?
            .map(|at| Ok::<_, rusqlite::Error>((row.get("dismissed_by")?, at)))
            .transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::store::testing::{empty, plan};

    #[test]
    fn every_list_is_read_from_its_index_in_order() {
        let connection = empty();
        for which in [Which::NeedALook, Which::Dismissed, Which::Outcome(Outcome::Ignored), Which::All] {
            for (ascending, same_time) in [(false, false), (false, true), (true, false), (true, true)] {
                let plan = plan(&connection, &sql(which, ascending, same_time));
                assert_eq!(plan.len(), 1, "{plan:?}");
                let bound = if same_time { "received_at=? AND rowid" } else { "received_at" };
                assert!(plan[0].starts_with("SEARCH") && plan[0].contains(bound), "{plan:?}");
            }
        }
    }
}
