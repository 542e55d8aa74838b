//! All about one maintenance.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::by_hand::{self, Field};
use super::change::Change;
use super::event::{self, Event};
use super::list::{Acknowledged, Group};
use super::rows;
use super::unparsed::{self, Notification};
use super::{MOST_CIRCUITS, MaintenanceKey, NoteKey, sql};
use crate::features::maintenance::inventory::{Inventory, Standing};
use crate::features::maintenance::model::{Circuit, Status};
use crate::features::maintenance::nautobot::store::standing::{self, InNautobot};
use crate::store::Error;

/// Events and notifications shown of one maintenance; the newest ones.
const MOST: usize = 500;

/// One window of a maintenance with everything known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Which.
    pub key: MaintenanceKey,
    /// The provider.
    pub provider: String,
    /// The provider's id.
    pub maintenance_id: String,
    /// All windows of the maintenance by number, this one among them.
    pub windows: Vec<Sibling>,
    /// The customer's account with the provider.
    pub account: String,
    /// The provider's address for questions.
    pub organizer: String,
    /// The calendar event's UID; `0` if there is none.
    pub uid: String,
    /// One line on what is done; may be empty.
    pub summary: String,
    /// Where it stands. `NO-CHANGE`: no notice so far has stated it.
    pub status: Status,
    /// Whether its calendar says cancelled beside a status that does not.
    pub says_cancelled: bool,
    /// Under which heading it stands.
    pub group: Group,
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// When the newest notice was made.
    pub stamp: DateTime<Utc>,
    /// Revision of the newest notice by the provider's count.
    pub sequence: i64,
    /// Grows with every change of window, status, circuits or impact.
    pub revision: u32,
    /// The revision that was last looked at.
    pub seen_revision: u32,
    /// Whether and by whom it is acknowledged.
    pub acknowledged: Acknowledged,
    /// A ticket of the user's own system; may be empty.
    pub ticket: String,
    /// Who looks after it; may be empty.
    pub assignee: String,
    /// What of it was set by hand, if something was.
    pub by_hand: Option<SetByHand>,
    /// Each circuit once, in the order of the notice.
    pub circuits: Vec<Circuit>,
    /// Whether each of them is one of the user's; empty where nobody asked the inventory, or there is none.
    pub standings: Vec<Standing>,
    /// What happened, in the order in which it was recorded, the newest first; [`event::history`] has it as it happened.
    pub events: Vec<Event>,
    /// The notifications that speak of it, the newest first.
    pub notifications: Vec<Notification>,
    /// Notes that were not removed, the oldest first.
    pub notes: Vec<Note>,
    /// Every acknowledgement, withdrawn ones too, the newest first.
    pub acknowledgements: Vec<Acknowledgement>,
    /// What Nautobot has of it, and what waits to be written there; `None` where neither is.
    pub nautobot: Option<InNautobot>,
}

impl Detail {
    /// Whether its notice may name more circuits than are kept.
    #[must_use]
    pub fn may_lack_circuits(&self) -> bool {
        self.circuits.len() >= MOST_CIRCUITS
    }

    /// Whom to ask, as people write it.
    #[must_use]
    pub fn contact(&self) -> &str {
        self.organizer.strip_prefix("mailto:").unwrap_or(&self.organizer)
    }

    /// The same, with what an inventory knows of its circuits.
    #[must_use]
    pub fn with_standings(mut self, inventory: &Inventory) -> Self {
        self.standings = inventory.standings(&self.provider, &self.circuits);
        self
    }

    /// What an inventory knows of the circuit at `index`.
    #[must_use]
    pub fn standing(&self, index: usize) -> &Standing {
        self.standings.get(index).unwrap_or(&Standing::NoInventory)
    }
}

/// What of a window was set by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetByHand {
    /// Which fields.
    pub fields: Vec<Field>,
    /// Who set something last.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether any notice has spoken of the window.
    pub is_announced: bool,
    /// Whether a notice that came later says something new of one of the fields.
    pub is_news: bool,
    /// What taking over what notices say would change.
    pub would_change: Vec<Change>,
}

/// Another window of the same maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Which.
    pub key: MaintenanceKey,
    /// Its number.
    pub window: u32,
    /// Where it stands.
    pub status: Status,
    /// Its start.
    pub start: DateTime<Utc>,
    /// Its end.
    pub end: DateTime<Utc>,
}

/// What somebody wrote beside a maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Which.
    pub key: NoteKey,
    /// Who.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What; may have several lines.
    pub text: String,
}

/// An acknowledgement, past or present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The revision that was acknowledged.
    pub revision: u32,
    /// Who took it back and when.
    pub withdrawn: Option<(String, DateTime<Utc>)>,
}

/// Everything about one maintenance; `None` if it is gone.
pub fn detail(connection: &Connection, key: MaintenanceKey, now: DateTime<Utc>) -> Result<Option<Detail>, Error> {
    let Some(mut detail) = outline(connection, key, now)? else { return Ok(None) };
    detail.events = event::newest(connection, key, MOST)?;
    detail.notifications = unparsed::of_maintenance(connection, key, MOST)?;
    detail.notes = notes(connection, key)?;
    detail.acknowledgements = acknowledgements(connection, key)?;
    detail.nautobot = standing::of(connection, &detail.provider, &detail.maintenance_id)?;
    Ok(Some(detail))
}

/// What the notices say of a maintenance, for those who go through many: what happened to it and what people did are
/// left empty.
pub fn outline(connection: &Connection, key: MaintenanceKey, now: DateTime<Utc>) -> Result<Option<Detail>, Error> {
    let mut query = connection.prepare_cached("SELECT * FROM maintenance WHERE id = ?1")?;
    let Some(mut detail) = query.query_row([key], |row| base(row, now)).optional()? else { return Ok(None) };
    detail.windows = windows(connection, &detail.provider, &detail.maintenance_id)?;
    detail.circuits = circuits_of(connection, key)?;
    detail.says_cancelled = detail.status != Status::Cancelled && event::says_cancelled(connection, key)?;
    detail.by_hand = set_by_hand(connection, &detail)?;
    Ok(Some(detail))
}

/// What of a window was set by hand.
fn set_by_hand(connection: &Connection, detail: &Detail) -> Result<Option<SetByHand>, Error> {
    let Some(by_hand) = by_hand::of(connection, detail.key)? else { return Ok(None) };
    let windows = rows::windows_of(connection, &detail.provider, &detail.maintenance_id)?;
    let shown = windows.into_iter().find(|(key, _)| *key == detail.key).map(|(_, state)| state);
    let would_change = shown.map(|shown| by_hand.would_change(&shown)).unwrap_or_default();
    let is_announced = by_hand.said.is_some();
    let by_hand::ByHand { fields, who, at, is_news, .. } = by_hand;
    Ok(Some(SetByHand { fields, who, at, is_announced, is_news, would_change }))
}

/// What the row itself says.
fn base(row: &Row<'_>, now: DateTime<Utc>) -> rusqlite::Result<Detail> {
    let (status, start, end) = (row.get("status")?, sql::time(row, "starts_at")?, sql::time(row, "ends_at")?);
    let revision = row.get("revision")?;
    Ok(Detail {
        key: row.get("id")?,
        provider: row.get("provider")?,
        maintenance_id: row.get("maintenance_id")?,
        windows: Vec::new(),
        account: row.get("account")?,
        organizer: row.get("organizer")?,
        uid: row.get("uid")?,
        summary: row.get("summary")?,
        status,
        says_cancelled: false,
        group: Group::of(status, start, end, now),
        start,
        end,
        stamp: sql::time(row, "stamp")?,
        sequence: row.get("sequence")?,
        revision,
        seen_revision: row.get("seen_revision")?,
        acknowledged: Acknowledged::of(
            row.get("ack_by")?,
            sql::time_if_any(row, "ack_at")?,
            row.get::<_, u32>("ack_revision")? >= revision,
        ),
        ticket: row.get("ticket")?,
        assignee: row.get("assignee")?,
        by_hand: None,
        circuits: Vec::new(),
        standings: Vec::new(),
        events: Vec::new(),
        notifications: Vec::new(),
        notes: Vec::new(),
        acknowledgements: Vec::new(),
        nautobot: None,
    })
}

/// The windows of a maintenance by number; empty if there is none of that provider and id.
pub fn windows(connection: &Connection, provider: &str, maintenance_id: &str) -> Result<Vec<Sibling>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, window, status, starts_at, ends_at FROM maintenance
         WHERE provider = ?1 AND maintenance_id = ?2 ORDER BY window",
    )?;
    let rows = query.query_map([provider, maintenance_id], |row| {
        Ok(Sibling {
            key: row.get("id")?,
            window: row.get("window")?,
            status: row.get("status")?,
            start: sql::time(row, "starts_at")?,
            end: sql::time(row, "ends_at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The circuits of a window in the order of the notice.
pub fn circuits_of(connection: &Connection, key: MaintenanceKey) -> Result<Vec<Circuit>, Error> {
    let mut query =
        connection.prepare_cached("SELECT circuit_id, impact FROM circuit WHERE maintenance = ?1 ORDER BY position")?;
    let rows = query.query_map([key], |row| Ok(Circuit { circuit_id: row.get(0)?, impact: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn notes(connection: &Connection, key: MaintenanceKey) -> Result<Vec<Note>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id, who, at, text FROM note WHERE maintenance = ?1 AND removed_at IS NULL ORDER BY id",
    )?;
    let rows = query.query_map([key], |row| {
        Ok(Note { key: row.get("id")?, who: row.get("who")?, at: sql::time(row, "at")?, text: row.get("text")? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn acknowledgements(connection: &Connection, key: MaintenanceKey) -> Result<Vec<Acknowledgement>, Error> {
    let mut query =
        connection.prepare_cached("SELECT * FROM acknowledgement WHERE maintenance = ?1 ORDER BY id DESC")?;
    let rows = query.query_map([key], |row| {
        let (by, at) = (row.get::<_, Option<String>>("withdrawn_by")?, sql::time_if_any(row, "withdrawn_at")?);
        Ok(Acknowledgement {
            who: row.get("who")?,
            at: sql::time(row, "at")?,
            revision: row.get("revision")?,
            withdrawn: by.zip(at),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
