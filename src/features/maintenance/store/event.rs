//! What happened to a maintenance.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::change::Change;
use super::{MaintenanceKey, NotificationKey, sql};
use crate::features::maintenance::model::UnknownWord;
use crate::store::Error;

/// Changes of one event that are kept; a notice that replaces more circuits says so by its first ones.
const CHANGES: usize = 200;

/// Something that happened to a maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was recorded here; of what was done in Nautobot, when it was done there.
    pub at: DateTime<Utc>,
    /// When the notice behind it was made; `None` for what people did, here or in Nautobot.
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
    /// When what it tells of was done: by the notice's own stamp, or by whoever did it.
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

impl Moment {
    /// Its place among others: what is known by its day alone is before all else of that day.
    fn place(self) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::On(day) => day.and_time(NaiveTime::MIN).and_utc(),
        }
    }

    /// Whether it is before `other`, which is not known within one day.
    fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::At(at), Self::At(other)) => at < other,
            (Self::On(_), _) | (_, Self::On(_)) => self.place().date_naive() < other.place().date_naive(),
        }
    }
}

/// Something that happened, in its place among all that did.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What happened.
    pub event: &'a Event,
    /// When it did.
    pub when: Moment,
    /// When it came, if that was after something that happened later, as with mails that were held up. Of what was done in
    /// Nautobot nobody knows that.
    pub came: Option<DateTime<Utc>>,
}

/// What happened in the order of that, the newest first, of events in the order in which they were recorded, the newest
/// first.
#[must_use]
pub fn history(events: &[Event]) -> Vec<Told<'_>> {
    let mut known: Vec<Moment> = Vec::new();
    let in_place = |event| {
        let when = Event::happened(event);
        // A mail that was read late and had arrived in time did not come late.
        let is_late = || known.iter().any(|other| when.is_before(*other) && other.place() <= event.at);
        let came = (event.stamp.is_some() && is_late()).then_some(event.at);
        known.push(when);
        Told { event, when, came }
    };
    let mut told: Vec<Told<'_>> = events.iter().rev().map(in_place).collect();
    // Of what happened at once the one that was recorded last is the newest.
    told.reverse();
    told.sort_by_key(|told| std::cmp::Reverse(told.when.place()));
    told
}

/// The kinds of what a notice did that was applied, as SQL compares them.
pub(super) const APPLIED: &str = "('first-notice', 'changed', 'unchanged', 'unlisted', 'withheld')";

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
    /// The only mail that told of this maintenance tells of another one, or of none.
    Untold,
    /// A notice came that was older than what was known; what it changes is what no newer one says.
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
    /// Somebody filled in by hand what a mail means, which made it known or changed it.
    FilledIn,
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
    pub const ALL: [Self; 23] = [
        Self::FirstNotice,
        Self::Changed,
        Self::Unchanged,
        Self::Unlisted,
        Self::Untold,
        Self::OutOfSequence,
        Self::Acknowledged,
        Self::Unacknowledged,
        Self::NoteAdded,
        Self::NoteRemoved,
        Self::Accepted,
        Self::FilledIn,
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
            Self::Untold => "untold",
            Self::OutOfSequence => "out-of-sequence",
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged => "unacknowledged",
            Self::NoteAdded => "note-added",
            Self::NoteRemoved => "note-removed",
            Self::Accepted => "accepted",
            Self::FilledIn => "filled-in",
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

/// The newest event of all.
pub(super) fn last(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.prepare_cached("SELECT coalesce(max(id), 0) FROM event")?.query_row([], |row| row.get(0))?)
}

/// Forgets the events after `last` that say of a notification that it changed nothing, where it has one already.
pub(super) fn forget_echoes(connection: &Connection, notification: NotificationKey, last: i64) -> Result<(), Error> {
    connection
        .prepare_cached(
            "DELETE FROM event WHERE id > ?2 AND notification = ?1 AND kind IN ('unchanged', 'out-of-sequence')
                 AND changes = '[]' AND EXISTS (SELECT 1 FROM event e
                     WHERE e.notification = ?1 AND e.maintenance = event.maintenance AND e.id <= ?2)",
        )?
        .execute((notification, last))?;
    Ok(())
}

/// The events of a maintenance in the order in which they were recorded, the newest first: up to `most` of them.
pub(super) fn newest(connection: &Connection, key: MaintenanceKey, most: usize) -> Result<Vec<Event>, Error> {
    let mut query =
        connection.prepare_cached("SELECT * FROM event WHERE maintenance = ?1 ORDER BY id DESC LIMIT ?2")?;
    let rows = query.query_map((key, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
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

/// Whether the calendar says that the maintenance `m.id` is cancelled, by the newest event that tells, as SQL asks it: it
/// is too rare to be worth a column. What people write cannot be mistaken for it: its quotation marks are escaped.
pub(super) const SAYS_CANCELLED: &str = r#"(SELECT instr(changes, '"what":"calendar-cancelled"') > 0 FROM event
    WHERE maintenance = m.id AND instr(changes, '"what":"calendar-') > 0 ORDER BY id DESC LIMIT 1)"#;

/// Whether the newest notice of a maintenance is a calendar that says cancelled in the words of calendars alone.
pub(super) fn says_cancelled(connection: &Connection, key: MaintenanceKey) -> Result<bool, Error> {
    let mut query =
        connection.prepare_cached(&format!("SELECT {SAYS_CANCELLED} FROM maintenance m WHERE m.id = ?1"))?;
    Ok(query.query_row([key], |row| row.get::<_, Option<bool>>(0)).optional()?.flatten().unwrap_or_default())
}

/// Whether somebody made a maintenance known by hand.
pub(super) fn is_made(connection: &Connection, key: MaintenanceKey) -> Result<bool, Error> {
    let mut query = connection.prepare_cached("SELECT 1 FROM event WHERE maintenance = ?1 AND kind = ?2")?;
    Ok(query.exists((key, EventKind::Made))?)
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
        tracing::debug!(
            maintenance = ?self.maintenance, kind = self.kind.as_str(), who = self.who.as_deref(), mail = ?self.notification,
            changes = changes.len(), "a maintenance has another state"
        );
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

    #[test]
    fn the_history_is_in_the_order_in_which_things_happened() {
        let time = |text: &str| format!("2026-11-{text}:00Z").parse::<DateTime<Utc>>().unwrap();
        let event = |at: &str, stamp: Option<&str>, kind| {
            let (at, stamp) = (time(at), stamp.map(time));
            Event { at, stamp, kind, notification: None, who: None, changes: vec![] }
        };
        // As they were recorded, the newest first.
        let events = [
            event("20T19:00", Some("18T00:00"), EventKind::OutOfSequence),
            event("20T17:00", None, EventKind::Acknowledged),
            event("20T18:30", Some("20T16:30"), EventKind::Changed),
            event("20T18:00", Some("20T17:30"), EventKind::FirstNotice),
        ];
        let told = history(&events);
        let kinds: Vec<EventKind> = told.iter().map(|told| told.event.kind).collect();
        // What was acknowledged in Nautobot was so before the first notice came, and nobody knows when that was heard.
        assert_eq!(
            kinds,
            [EventKind::FirstNotice, EventKind::Acknowledged, EventKind::Changed, EventKind::OutOfSequence]
        );
        let came: Vec<_> = told.iter().map(|told| told.came).collect();
        assert_eq!(came, [None, None, Some(time("20T18:30")), Some(time("20T19:00"))]);
        assert_eq!(told.last().map(|told| told.when), Some(Moment::On("2026-11-18".parse().unwrap())));
        // A mail that had arrived before anybody acknowledged, and was read afterwards.
        let read_late = [
            event("20T16:05", Some("20T16:00"), EventKind::FirstNotice),
            event("20T17:00", None, EventKind::Acknowledged),
        ];
        assert!(history(&read_late).iter().all(|told| told.came.is_none()));
        // Of what happened at once the order of recording is kept.
        let twice =
            [event("20T17:00", None, EventKind::Unacknowledged), event("20T17:00", None, EventKind::Acknowledged)];
        assert_eq!(history(&twice)[0].event.kind, EventKind::Unacknowledged);
    }
}
