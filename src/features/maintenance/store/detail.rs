//! All about one maintenance, and finding one by its provider's id.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::by_hand::{self, Field};
use super::list::{Acknowledged, Group};
use super::merge::Change;
use super::rows;
use super::unparsed::{self, Notification};
use super::{MOST_CIRCUITS, MaintenanceKey, NoteKey, NotificationKey, sql};
use crate::features::maintenance::inventory::{Inventory, Standing};
use crate::features::maintenance::model::{Circuit, Status, UnknownWord};
use crate::features::maintenance::nautobot::store::standing::{self, InNautobot};
use crate::store::Error;

/// Events and notifications shown of one maintenance; the newest ones.
const MOST: usize = 500;

/// Changes of one event that are kept; a notice that replaces more circuits says so by its first ones.
const CHANGES: usize = 200;

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
    /// What happened, the newest first.
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

/// Something that happened to a maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was recorded here.
    pub at: DateTime<Utc>,
    /// When the notice behind it was made; `None` for what people did here.
    pub stamp: Option<DateTime<Utc>>,
    /// What happened.
    pub kind: EventKind,
    /// The notification behind it, if it is still kept.
    pub notification: Option<NotificationKey>,
    /// Who did it; `None` for what a notice did.
    pub who: Option<String>,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A point in time as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This instant.
    At(DateTime<Utc>),
    /// Some time on this day, by the provider's calendar.
    On(NaiveDate),
}

impl Event {
    /// When what it tells of was done: by the notice's own stamp, or here.
    ///
    /// Some notices are dated and not timed, which leaves them a stamp of midnight. One that came on that very day says
    /// more by when it came, and one that came later no more than its day.
    #[must_use]
    pub fn happened(&self) -> Moment {
        match self.stamp {
            None => Moment::At(self.at),
            Some(stamp) if stamp.time() != NaiveTime::MIN => Moment::At(stamp),
            Some(stamp) if stamp.date_naive() == self.at.date_naive() => Moment::At(self.at),
            Some(stamp) => Moment::On(stamp.date_naive()),
        }
    }
}

/// What kinds of things happen to a maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A first notice made it known.
    FirstNotice,
    /// A notice changed it.
    Changed,
    /// A notice said nothing new.
    Unchanged,
    /// A notice no longer listed this window.
    Unlisted,
    /// A notice came that was older than what was known.
    OutOfSequence,
    /// Somebody acknowledged it.
    Acknowledged,
    /// Somebody took an acknowledgement back.
    Unacknowledged,
    /// Somebody added a note, or brought a removed one back.
    NoteAdded,
    /// Somebody removed a note.
    NoteRemoved,
    /// Somebody accepted a suggestion, which made it known or changed it.
    Accepted,
    /// Somebody took that back.
    Unaccepted,
    /// A notice would have changed what was set by hand.
    Withheld,
    /// Somebody made it known by hand.
    Made,
    /// Somebody set something by hand.
    Edited,
    /// Somebody took that back.
    Unedited,
    /// Somebody took over what a notice says.
    Taken,
    /// Somebody kept what was set by hand.
    Kept,
    /// Somebody said that a mail belongs to it.
    Attached,
    /// Somebody took that back.
    Detached,
    /// It came from Nautobot, or was changed there.
    FromNautobot,
    /// It is no longer in Nautobot.
    GoneFromNautobot,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::FirstNotice,
        Self::Changed,
        Self::Unchanged,
        Self::Unlisted,
        Self::OutOfSequence,
        Self::Acknowledged,
        Self::Unacknowledged,
        Self::NoteAdded,
        Self::NoteRemoved,
        Self::Accepted,
        Self::Unaccepted,
        Self::Withheld,
        Self::Made,
        Self::Edited,
        Self::Unedited,
        Self::Taken,
        Self::Kept,
        Self::Attached,
        Self::Detached,
        Self::FromNautobot,
        Self::GoneFromNautobot,
    ];

    /// The word in the column and in JSON, such as `first-notice`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstNotice => "first-notice",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Unlisted => "unlisted",
            Self::OutOfSequence => "out-of-sequence",
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged => "unacknowledged",
            Self::NoteAdded => "note-added",
            Self::NoteRemoved => "note-removed",
            Self::Accepted => "accepted",
            Self::Unaccepted => "unaccepted",
            Self::Withheld => "withheld",
            Self::Made => "made",
            Self::Edited => "edited",
            Self::Unedited => "unedited",
            Self::Taken => "taken",
            Self::Kept => "kept",
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::FromNautobot => "from-nautobot",
            Self::GoneFromNautobot => "gone-from-nautobot",
        }
    }
}

impl std::str::FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "event", word: word.to_owned() })
    }
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
    detail.events = events(connection, key)?;
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

/// What a person means by a maintenance's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing has that id.
    Unknown,
    /// This maintenance, with its windows by number.
    Found {
        /// Its provider, in the letters that stand in the store.
        provider: String,
        /// Its windows.
        windows: Vec<Sibling>,
    },
    /// Several providers use that id: these.
    Ambiguous(Vec<String>),
}

/// Finds a maintenance by its provider's id, and by its provider where that is said. Exact, except for the case of the
/// provider's letters.
pub fn look_up(connection: &Connection, provider: Option<&str>, maintenance_id: &str) -> Result<Lookup, Error> {
    let providers = match provider {
        Some(provider) => vec![provider.to_owned()],
        None => providers_of(connection, maintenance_id)?,
    };
    match providers.as_slice() {
        [] => Ok(Lookup::Unknown),
        [provider] => {
            let windows = windows(connection, provider, maintenance_id)?;
            let Some(first) = windows.first() else { return Ok(Lookup::Unknown) };
            let mut query = connection.prepare_cached("SELECT provider FROM maintenance WHERE id = ?1")?;
            Ok(Lookup::Found { provider: query.query_one([first.key], |row| row.get(0))?, windows })
        }
        _ => Ok(Lookup::Ambiguous(providers)),
    }
}

/// Every provider that has a maintenance, by name: one step per provider through the index, instead of a walk through
/// all maintenances.
const PROVIDERS: &str = "WITH RECURSIVE each_provider (provider) AS (
    SELECT (SELECT provider FROM maintenance ORDER BY provider LIMIT 1)
    UNION ALL
    SELECT (SELECT m.provider FROM maintenance m WHERE m.provider > e.provider ORDER BY m.provider LIMIT 1)
    FROM each_provider e WHERE e.provider IS NOT NULL
) SELECT provider FROM each_provider e WHERE provider IS NOT NULL";

/// The providers that have a maintenance of that id.
fn providers_of(connection: &Connection, maintenance_id: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(&format!(
        "{PROVIDERS} AND EXISTS (
             SELECT 1 FROM maintenance m WHERE m.provider = e.provider AND m.maintenance_id = ?1
         )"
    ))?;
    let rows = query.query_map([maintenance_id], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every provider that has a maintenance, by name.
pub fn providers(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached(PROVIDERS)?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The circuits of a window in the order of the notice.
pub fn circuits_of(connection: &Connection, key: MaintenanceKey) -> Result<Vec<Circuit>, Error> {
    let mut query =
        connection.prepare_cached("SELECT circuit_id, impact FROM circuit WHERE maintenance = ?1 ORDER BY position")?;
    let rows = query.query_map([key], |row| Ok(Circuit { circuit_id: row.get(0)?, impact: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn events(connection: &Connection, key: MaintenanceKey) -> Result<Vec<Event>, Error> {
    let mut query =
        connection.prepare_cached("SELECT * FROM event WHERE maintenance = ?1 ORDER BY id DESC LIMIT ?2")?;
    let rows = query.query_map((key, i64::try_from(MOST).unwrap_or(i64::MAX)), |row| {
        Ok(Event {
            at: sql::time(row, "at")?,
            stamp: sql::time_if_any(row, "stamp")?,
            kind: row.get("kind")?,
            notification: row.get("notification")?,
            who: row.get("who")?,
            // Written by us; a word of a newer version that slipped in shows as an event without changes.
            changes: serde_json::from_str(&row.get::<_, String>("changes")?).unwrap_or_default(),
        })
    })?;
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

/// An event to be written.
pub(in crate::features::maintenance) struct NewEvent {
    /// To which maintenance.
    pub(in crate::features::maintenance) maintenance: MaintenanceKey,
    /// When it is recorded.
    pub(in crate::features::maintenance) at: DateTime<Utc>,
    /// When the notice behind it was made.
    pub(in crate::features::maintenance) stamp: Option<DateTime<Utc>>,
    /// What happens.
    pub(in crate::features::maintenance) kind: EventKind,
    /// The notification behind it.
    pub(in crate::features::maintenance) notification: Option<NotificationKey>,
    /// Who does it.
    pub(in crate::features::maintenance) who: Option<String>,
}

impl NewEvent {
    /// Writes it with what it changes.
    pub(in crate::features::maintenance) fn insert(
        &self,
        connection: &Connection,
        changes: &[Change],
    ) -> Result<(), Error> {
        let changes = serde_json::to_string(changes.get(..CHANGES).unwrap_or(changes))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO event (maintenance, at, stamp, kind, notification, who, changes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        insert.execute((
            self.maintenance,
            self.at.timestamp(),
            self.stamp.map(|stamp| stamp.timestamp()),
            self.kind,
            self.notification,
            &self.who,
            changes,
        ))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_that_is_dated_and_not_timed_did_not_come_at_midnight() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let happened = |stamp: Option<&str>| {
            let (at, kind) = (time("2026-11-20T18:03:20Z"), EventKind::FirstNotice);
            Event { at, stamp: stamp.map(time), kind, notification: None, who: None, changes: vec![] }.happened()
        };
        assert_eq!(happened(Some("2026-11-20T17:59:00Z")), Moment::At(time("2026-11-20T17:59:00Z")));
        assert_eq!(happened(Some("2026-11-20T00:00:00Z")), Moment::At(time("2026-11-20T18:03:20Z")));
        assert_eq!(happened(Some("2026-11-18T00:00:00Z")), Moment::On("2026-11-18".parse().unwrap()));
        assert_eq!(happened(None), Moment::At(time("2026-11-20T18:03:20Z")));
    }
}
