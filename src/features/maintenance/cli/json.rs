//! What `--json` prints. A contract with other people's scripts, apart from our own types so that no rename reaches it
//! by accident: fields may come, none goes or changes its meaning. `docs/json.md` says what each means.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::name::full;
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::inventory::{Inventory, Standing};
use crate::features::maintenance::mail::Readable;
use crate::features::maintenance::model::{Circuit, Impact};
use crate::features::maintenance::nautobot::store::standing::{self, Absence};
use crate::features::maintenance::store::change::Change;
use crate::features::maintenance::store::detail::{self, Detail};
use crate::features::maintenance::store::event;
use crate::features::maintenance::store::list::{self, Group, Row};
use crate::features::maintenance::store::unparsed;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};

/// One window of a maintenance: an element of `list`.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are named as the notices name them")]
pub(super) struct Maintenance<'a> {
    id: MaintenanceKey,
    name: String,
    provider: &'a str,
    maintenance_id: &'a str,
    window: u32,
    windows: usize,
    group: &'static str,
    status: &'static str,
    says_cancelled: bool,
    start: String,
    start_epoch: i64,
    end: String,
    end_epoch: i64,
    circuits: Vec<CircuitImpact<'a>>,
    worst_impact: Option<&'static str>,
    acknowledged: Option<Acknowledged<'a>>,
    unseen: bool,
    note_count: usize,
    summary: &'a str,
    revision: u32,
}

impl<'a> Maintenance<'a> {
    /// A row of the list with its circuits.
    pub(super) fn of_row(row: &'a Row, circuits: &'a [Circuit], inventory: &Inventory) -> Self {
        let standings = inventory.standings(&row.provider, circuits);
        Self {
            id: row.key.maintenance,
            name: full(&row.provider, &row.maintenance_id),
            provider: &row.provider,
            maintenance_id: &row.maintenance_id,
            window: row.window,
            windows: usize::try_from(row.windows).unwrap_or(usize::MAX),
            group: group(row.group),
            status: row.status.as_str(),
            says_cancelled: row.says_cancelled,
            start: time(row.start),
            start_epoch: row.start.timestamp(),
            end: time(row.end),
            end_epoch: row.end.timestamp(),
            circuits: CircuitImpact::all(circuits, &standings),
            worst_impact: row.worst_impact.map(Impact::as_str),
            acknowledged: Acknowledged::of(&row.acknowledged),
            unseen: row.is_unseen,
            note_count: usize::try_from(row.notes).unwrap_or(usize::MAX),
            summary: &row.summary,
            revision: row.revision,
        }
    }

    /// The same of a maintenance in full.
    fn of_detail(detail: &'a Detail) -> Self {
        Self {
            id: detail.key,
            name: full(&detail.provider, &detail.maintenance_id),
            provider: &detail.provider,
            maintenance_id: &detail.maintenance_id,
            window: detail.windows.iter().find(|window| window.key == detail.key).map_or(1, |window| window.window),
            windows: detail.windows.len(),
            group: group(detail.group),
            status: detail.status.as_str(),
            says_cancelled: detail.says_cancelled,
            start: time(detail.start),
            start_epoch: detail.start.timestamp(),
            end: time(detail.end),
            end_epoch: detail.end.timestamp(),
            circuits: CircuitImpact::all(&detail.circuits, &detail.standings),
            worst_impact: detail.circuits.iter().map(|circuit| circuit.impact).max().map(Impact::as_str),
            acknowledged: Acknowledged::of(&detail.acknowledged),
            unseen: detail.seen_revision < detail.revision,
            note_count: detail.notes.len(),
            summary: &detail.summary,
            revision: detail.revision,
        }
    }
}

/// One window with everything known of it: an element of `show`.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    maintenance: Maintenance<'a>,
    account: &'a str,
    organizer: &'a str,
    uid: &'a str,
    stamp: String,
    sequence: i64,
    ticket: &'a str,
    assignee: &'a str,
    by_hand: Option<ByHand<'a>>,
    notes: Vec<Note<'a>>,
    acknowledgements: Vec<Acknowledgement<'a>>,
    history: Vec<Event<'a>>,
    notifications: Vec<Notification<'a>>,
    nautobot: Option<InNautobot<'a>>,
}

impl<'a> Shown<'a> {
    /// From the store's words.
    pub(super) fn of(detail: &'a Detail) -> Self {
        Self {
            maintenance: Maintenance::of_detail(detail),
            account: &detail.account,
            organizer: &detail.organizer,
            uid: &detail.uid,
            stamp: time(detail.stamp),
            sequence: detail.sequence,
            ticket: &detail.ticket,
            assignee: &detail.assignee,
            by_hand: detail.by_hand.as_ref().map(ByHand::of),
            notes: detail.notes.iter().map(Note::of).collect(),
            acknowledgements: detail.acknowledgements.iter().map(Acknowledgement::of).collect(),
            history: event::history(&detail.events).into_iter().map(|told| Event::of(told.event)).collect(),
            notifications: detail.notifications.iter().map(Notification::of).collect(),
            nautobot: detail.nautobot.as_ref().map(InNautobot::of),
        }
    }
}

/// What was set by hand.
#[derive(Debug, Serialize)]
struct ByHand<'a> {
    by: &'a str,
    at: String,
    fields: Vec<&'static str>,
    announced: bool,
    news: bool,
    would_change: Vec<Changed<'a>>,
}

impl<'a> ByHand<'a> {
    fn of(set: &'a detail::SetByHand) -> Self {
        Self {
            by: &set.who,
            at: time(set.at),
            fields: set.fields.iter().map(|field| field.as_str()).collect(),
            announced: set.is_announced,
            news: set.is_news,
            would_change: set.would_change.iter().map(Changed::of).collect(),
        }
    }
}

/// A circuit, what happens to it, and what the inventory knows of it.
#[derive(Debug, Serialize)]
struct CircuitImpact<'a> {
    circuit_id: &'a str,
    impact: &'static str,
    known: Option<bool>,
    circuit_name: String,
    site_a: String,
    site_z: String,
    r#type: String,
    tags: Vec<String>,
}

impl<'a> CircuitImpact<'a> {
    /// Circuits with what is known of them, in their order.
    fn all(circuits: &'a [Circuit], standings: &[Standing]) -> Vec<Self> {
        let of = |(index, circuit): (usize, &'a Circuit)| {
            let standing = standings.get(index).unwrap_or(&Standing::NoInventory);
            let known = standing.known().cloned().unwrap_or_default();
            Self {
                circuit_id: &circuit.circuit_id,
                impact: circuit.impact.as_str(),
                known: (*standing != Standing::NoInventory).then(|| standing.known().is_some()),
                circuit_name: known.name,
                site_a: known.site_a,
                site_z: known.site_z,
                r#type: known.kind,
                tags: known.tags,
            }
        };
        circuits.iter().enumerate().map(of).collect()
    }
}

/// The newest acknowledgement in force.
#[derive(Debug, Serialize)]
struct Acknowledged<'a> {
    by: &'a str,
    at: String,
    current: bool,
}

impl<'a> Acknowledged<'a> {
    /// `None` where there is none.
    fn of(acknowledged: &'a list::Acknowledged) -> Option<Self> {
        match acknowledged {
            list::Acknowledged::No => None,
            list::Acknowledged::Yes { by, at } => Some(Self { by, at: time(*at), current: true }),
            list::Acknowledged::Before { by, at } => Some(Self { by, at: time(*at), current: false }),
        }
    }
}

/// What somebody wrote.
#[derive(Debug, Serialize)]
struct Note<'a> {
    by: &'a str,
    at: String,
    text: &'a str,
}

impl<'a> Note<'a> {
    fn of(note: &'a detail::Note) -> Self {
        Self { by: &note.who, at: time(note.at), text: &note.text }
    }
}

/// An acknowledgement, past or present.
#[derive(Debug, Serialize)]
struct Acknowledgement<'a> {
    by: &'a str,
    at: String,
    revision: u32,
    withdrawn: Option<Withdrawn<'a>>,
}

/// Who took an acknowledgement back.
#[derive(Debug, Serialize)]
struct Withdrawn<'a> {
    by: &'a str,
    at: String,
}

impl<'a> Acknowledgement<'a> {
    fn of(acknowledgement: &'a detail::Acknowledgement) -> Self {
        Self {
            by: &acknowledgement.who,
            at: time(acknowledgement.at),
            revision: acknowledgement.revision,
            withdrawn: acknowledgement.withdrawn.as_ref().map(|(by, at)| Withdrawn { by, at: time(*at) }),
        }
    }
}

/// Something that happened.
#[derive(Debug, Serialize)]
struct Event<'a> {
    at: String,
    stamp: Option<String>,
    kind: &'static str,
    by: Option<&'a str>,
    notification: Option<NotificationKey>,
    changes: Vec<Changed<'a>>,
}

impl<'a> Event<'a> {
    fn of(event: &'a event::Event) -> Self {
        Self {
            at: time(event.at),
            stamp: event.stamp.map(time),
            kind: event.kind.as_str(),
            by: event.who.as_deref(),
            notification: event.notification,
            changes: event.changes.iter().map(Changed::of).collect(),
        }
    }
}

/// One thing that an event changed.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Changed<'a> {
    Window { from: Span, to: Span },
    Status { from: &'static str, to: &'static str },
    CalendarCancelled,
    CalendarNotCancelled,
    CircuitAdded { circuit_id: &'a str, impact: &'static str },
    CircuitRemoved { circuit_id: &'a str, impact: &'static str },
    Impact { circuit_id: &'a str, from: &'static str, to: &'static str },
    Summary { from: &'a str, to: &'a str },
    Ticket { from: &'a str, to: &'a str },
    Assignee { from: &'a str, to: &'a str },
    Note { text: &'a str },
}

/// From when to when.
#[derive(Debug, Serialize)]
struct Span {
    start: String,
    end: String,
}

impl<'a> Changed<'a> {
    fn of(change: &'a Change) -> Self {
        match change {
            Change::Window { from_start, from_end, to_start, to_end } => Self::Window {
                from: Span { start: time(*from_start), end: time(*from_end) },
                to: Span { start: time(*to_start), end: time(*to_end) },
            },
            Change::Status { from, to } => Self::Status { from: from.as_str(), to: to.as_str() },
            Change::CalendarCancelled => Self::CalendarCancelled,
            Change::CalendarNotCancelled => Self::CalendarNotCancelled,
            Change::CircuitAdded { circuit_id, impact } => Self::CircuitAdded { circuit_id, impact: impact.as_str() },
            Change::CircuitRemoved { circuit_id, impact } => {
                Self::CircuitRemoved { circuit_id, impact: impact.as_str() }
            }
            Change::Impact { circuit_id, from, to } => {
                Self::Impact { circuit_id, from: from.as_str(), to: to.as_str() }
            }
            Change::Summary { from, to } => Self::Summary { from, to },
            Change::Ticket { from, to } => Self::Ticket { from, to },
            Change::Assignee { from, to } => Self::Assignee { from, to },
            Change::Note { text } => Self::Note { text },
        }
    }
}

/// A mail: one of those that speak of a maintenance, or a row of `mails`.
#[derive(Debug, Serialize)]
pub(super) struct Notification<'a> {
    id: NotificationKey,
    outcome: &'static str,
    reason: &'a str,
    subject: &'a str,
    sender: &'a str,
    date: Option<String>,
    received_at: String,
    message_id: Option<&'a str>,
    source: &'a str,
    item: &'a str,
    size_bytes: u64,
    dismissed: Option<Dismissed<'a>>,
}

/// Who dismissed a mail, and when.
#[derive(Debug, Serialize)]
struct Dismissed<'a> {
    by: &'a str,
    at: String,
}

impl<'a> Notification<'a> {
    /// A mail without its text.
    pub(super) fn of(notification: &'a unparsed::Notification) -> Self {
        Self {
            id: notification.key,
            outcome: notification.outcome.as_str(),
            reason: &notification.reason,
            subject: &notification.subject,
            sender: &notification.sender,
            date: notification.dated.map(time),
            received_at: time(notification.received_at),
            message_id: notification.message_id.as_deref(),
            source: &notification.source,
            item: &notification.item,
            size_bytes: notification.size,
            dismissed: notification.dismissed.as_ref().map(|(by, at)| Dismissed { by, at: time(*at) }),
        }
    }
}

/// A mail made readable: what `show --mail` and `mails ID` print.
#[derive(Debug, Serialize)]
pub(super) struct Mail<'a> {
    #[serde(flatten)]
    notification: Notification<'a>,
    kept_bytes: usize,
    headers: Vec<Header<'a>>,
    lines: &'a [String],
    suggestion: Option<&'a Suggestion>,
}

/// A header of a mail.
#[derive(Debug, Serialize)]
struct Header<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Mail<'a> {
    /// A mail of which so many bytes are kept, with what it may be about.
    pub(super) fn of(
        notification: &'a unparsed::Notification,
        readable: &'a Readable,
        kept_bytes: usize,
        suggestion: Option<&'a Suggestion>,
    ) -> Self {
        Self {
            notification: Notification::of(notification),
            kept_bytes,
            headers: readable.headers.iter().map(|(name, value)| Header { name, value }).collect(),
            lines: &readable.lines,
            suggestion,
        }
    }
}

/// A maintenance in Nautobot.
#[derive(Debug, Serialize)]
struct InNautobot<'a> {
    id: Option<&'a str>,
    record: Option<&'a str>,
    absent: Option<&'static str>,
    why: Option<String>,
    says: Option<String>,
    acknowledged: Option<bool>,
    conflict: Option<&'a str>,
    waiting: usize,
}

impl<'a> InNautobot<'a> {
    /// From the store's words.
    fn of(known: &'a standing::InNautobot) -> Self {
        let record = known.record.as_ref();
        Self {
            id: record.map(|(id, ..)| id.as_str()),
            record: record.map(|(_, name, _)| name.as_str()),
            absent: known.absence.as_ref().map(Absence::as_str),
            why: known.absence.as_ref().map(Absence::told),
            says: record.map(|(.., content)| content.told()),
            acknowledged: record.map(|(.., content)| content.ack),
            conflict: known.conflict.as_deref(),
            waiting: known.outbox.len(),
        }
    }
}

/// What `ack`, `unack`, `note`, `seen` and `undo` did to one window.
#[derive(Debug, Serialize)]
pub(super) struct Acted<'a> {
    id: MaintenanceKey,
    name: String,
    provider: &'a str,
    maintenance_id: &'a str,
    window: u32,
    windows: usize,
    result: &'static str,
    acknowledged: Option<Acknowledged<'a>>,
    unseen: bool,
    note_count: usize,
    revision: u32,
}

impl<'a> Acted<'a> {
    /// A window as it is afterwards.
    pub(super) fn of(detail: &'a Detail, result: &'static str) -> Self {
        let Maintenance {
            id,
            name,
            provider,
            maintenance_id,
            window,
            windows,
            acknowledged,
            unseen,
            note_count,
            revision,
            ..
        } = Maintenance::of_detail(detail);
        Self { id, name, provider, maintenance_id, window, windows, result, acknowledged, unseen, note_count, revision }
    }
}

/// What became of one thing that `import` was given.
#[derive(Debug, Default, Serialize)]
pub(super) struct Imported<'a> {
    pub(super) path: &'a str,
    pub(super) result: &'static str,
    pub(super) outcome: Option<&'static str>,
    pub(super) reason: &'a str,
    pub(super) provider: Option<&'a str>,
    pub(super) maintenance_ids: Vec<&'a str>,
    pub(super) windows_created: usize,
    pub(super) windows_changed: usize,
    pub(super) subject: &'a str,
    pub(super) sender: &'a str,
    pub(super) notification: Option<NotificationKey>,
}

/// The word for a group.
fn group(group: Group) -> &'static str {
    match group {
        Group::Active => "active",
        Group::Next24h => "next-24h",
        Group::Later => "later",
        Group::Past => "past",
    }
}

/// RFC 3339 in UTC, to the second.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
