//! Notifications that were read and name circuits that are not the user's.

use rusqlite::Connection;

use super::NotificationKey;
use super::record::{Novelty, Recorded};
use crate::features::maintenance::model::Outcome;
use crate::store::Error;
use crate::text::clean_line;

/// Ids that the reason names.
const NAMED: usize = 20;

/// Notes that a notification which was just recorded names `unknown` circuits, if there are any and it was read.
pub fn settle(connection: &Connection, recorded: Recorded, unknown: &[String]) -> Result<Recorded, Error> {
    if recorded.novelty == Novelty::Duplicate || recorded.outcome != Outcome::Parsed || unknown.is_empty() {
        return Ok(recorded);
    }
    note(connection, recorded.notification, unknown)?;
    Ok(Recorded { outcome: Outcome::UnknownCids, ..recorded })
}

/// Notes which circuits of a notification that was read are unknown; none takes the note back.
pub fn note(connection: &Connection, notification: NotificationKey, unknown: &[String]) -> Result<Outcome, Error> {
    let outcome = if unknown.is_empty() { Outcome::Parsed } else { Outcome::UnknownCids };
    let mut update = connection.prepare_cached("UPDATE notification SET outcome = ?2, reason = ?3 WHERE id = ?1")?;
    update.execute((notification, outcome, reason(unknown)))?;
    Ok(outcome)
}

/// The reason that stands beside the outcome.
fn reason(unknown: &[String]) -> String {
    if unknown.is_empty() {
        return String::new();
    }
    let named: Vec<String> = unknown.iter().take(NAMED).map(|id| clean_line(id)).collect();
    let more = unknown.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("not in the inventory of circuits: {}{more}", named.join(", "))
}
