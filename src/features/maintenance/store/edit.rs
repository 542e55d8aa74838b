//! What people set by hand: a maintenance that no notice has told of, corrections, a ticket, an assignee; and the mail that
//! they say belongs to a maintenance. Each has its inverse, which is refused of what something else happened to since.

use chrono::{DateTime, SubsecRound as _, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::action::{Actor, Inverse};
use super::by_hand::{self, ByHand, Field};
use super::change::{Change, compare};
use super::detail::Detail;
use super::event::{EventKind, NewEvent};
use super::merge::{Order, State, each_once};
use super::undo::remember;
use super::{MOST_CIRCUITS, MaintenanceKey, NotificationKey, rows, unparsed};
use crate::features::maintenance::model::{Circuit, Outcome, Status};
use crate::features::maintenance::nautobot::store::outbox;
use crate::store::Error;
use crate::text::clean_line;

/// Characters of a ticket, a name, an id.
pub const SHORT: usize = 256;
/// Characters of a summary.
pub const LONG: usize = 2048;

/// What somebody wants a maintenance to have; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Start and end.
    pub window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Where it stands.
    pub status: Option<Status>,
    /// Every circuit.
    pub circuits: Option<Vec<Circuit>>,
    /// One line on what is done.
    pub summary: Option<String>,
    /// A ticket: an id or an address.
    pub ticket: Option<String>,
    /// Who looks after it.
    pub assignee: Option<String>,
}

/// What somebody who corrects a maintenance knew of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The revision of what notices tell of.
    pub revision: u32,
    /// What a revision does not count: the summary,
    pub summary: String,
    /// the ticket,
    pub ticket: String,
    /// and who looks after it.
    pub assignee: String,
}

impl Looked {
    /// What is shown of one.
    #[must_use]
    pub fn at(detail: &Detail) -> Self {
        Self {
            revision: detail.revision,
            summary: detail.summary.clone(),
            ticket: detail.ticket.clone(),
            assignee: detail.assignee.clone(),
        }
    }

    /// Whether what is to be set would take the place of something that was not known.
    fn is_outdated(&self, row: &Row, edit: &Edit) -> bool {
        let Row { revision, whole, .. } = row;
        let differs =
            |wish: &Option<String>, seen: &str, now: &str| wish.as_ref().is_some_and(|wish| seen != now && wish != now);
        self.revision != *revision
            || differs(&edit.summary, &self.summary, &whole.state.summary)
            || differs(&edit.ticket, &self.ticket, &whole.ticket)
            || differs(&edit.assignee, &self.assignee, &whole.assignee)
    }
}

/// A maintenance that somebody makes known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The provider.
    pub provider: String,
    /// The provider's id, or one of the user's own.
    pub maintenance_id: String,
    /// Where it stands.
    pub status: Status,
    /// Start of the window.
    pub start: DateTime<Utc>,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// The circuits.
    pub circuits: Vec<Circuit>,
    /// One line on what is done.
    pub summary: String,
    /// A ticket.
    pub ticket: String,
    /// Who looks after it.
    pub assignee: String,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The maintenance or the mail is gone.
    Gone,
    /// It has changed since it was looked at.
    Changed,
    /// It is so already.
    Same,
    /// A maintenance of this provider and id is known.
    Known,
    /// The window ends before it begins.
    Backwards,
    /// The window ends when it begins.
    Empty,
    /// Something that every maintenance has is missing: provider or id.
    Nameless,
    /// No notice says anything else than what was set.
    NothingSaid,
}

/// What was done, and what takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// To which.
    pub key: MaintenanceKey,
    /// What takes it back.
    pub inverse: Inverse,
}

/// How a window was before somebody set something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Before {
    /// Which.
    pub(super) key: MaintenanceKey,
    /// How it was; `None` where it was not known.
    pub(super) was: Option<Whole>,
    /// How it was made: what of it is so no more is not made as it was.
    pub(super) is: Whole,
}

impl Before {
    /// What was done to a maintenance of this name, in words.
    #[must_use]
    pub fn deed(&self, name: &str) -> String {
        let Some(was) = &self.was else { return format!("{name} made known by hand") };
        match was.differs_in(&self.is).as_slice() {
            [] => format!("{name} kept as it was set"),
            parts => format!("{} of {name} set", parts.join(" and ")),
        }
    }

    /// What of that is not as it was before, in words, where it was done to this window.
    pub fn left(&self, connection: &Connection, key: MaintenanceKey) -> Result<Vec<&'static str>, Error> {
        let Some(was) = self.was.as_ref().filter(|_| key == self.key) else { return Ok(Vec::new()) };
        let Some(now) = row(connection, key)? else { return Ok(Vec::new()) };
        let mut left = was.differs_in(&self.is);
        let differs = was.differs_in(&now.whole);
        left.retain(|part| differs.contains(part));
        Ok(left)
    }

    /// Whether it made a maintenance known.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.was.is_none()
    }
}

/// All of a window that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Whole {
    /// What notices speak of.
    pub(super) state: State,
    /// What of it was set by hand.
    pub(super) by_hand: Option<ByHand>,
    /// The ticket.
    pub(super) ticket: String,
    /// Who looks after it.
    pub(super) assignee: String,
}

/// A mail that was said to belong to a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attachment {
    /// The mail.
    notification: i64,
    /// The maintenance.
    pub(super) key: MaintenanceKey,
    /// What tells of it in the history.
    event: i64,
    /// What had become of the mail,
    outcome: Outcome,
    /// whose it was,
    provider: Option<String>,
    /// and why it was not read.
    reason: String,
}

impl Attachment {
    /// The mail.
    #[must_use]
    pub fn mail(&self) -> i64 {
        self.notification
    }
}

/// A window with all that can be set.
pub(super) struct Row {
    provider: String,
    maintenance_id: String,
    pub(super) revision: u32,
    pub(super) seen: u32,
    pub(super) whole: Whole,
}

/// What is known of a window.
pub(super) fn row(connection: &Connection, key: MaintenanceKey) -> Result<Option<Row>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT provider, maintenance_id, revision, seen_revision, ticket, assignee FROM maintenance WHERE id = ?1",
    )?;
    let found = query.query_row([key], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    });
    let Some((provider, maintenance_id, revision, seen, ticket, assignee)) = found.optional()? else { return Ok(None) };
    let windows = rows::windows_of(connection, &provider, &maintenance_id)?;
    let state = windows.into_iter().find(|(known, _)| *known == key).map(|(_, state)| state);
    let by_hand = by_hand::of(connection, key)?;
    let whole = |state| Whole { state, by_hand, ticket, assignee };
    Ok(state.map(|state| Row { provider, maintenance_id, revision, seen, whole: whole(state) }))
}

/// Makes a maintenance known that no notice has told of.
pub fn create(connection: &Connection, made: &Made, actor: &Actor) -> Result<Result<Edited, Refused>, Error> {
    let (provider, maintenance_id) = (cut(&made.provider, SHORT), cut(&made.maintenance_id, SHORT));
    if provider.is_empty() || maintenance_id.is_empty() {
        return Ok(Err(Refused::Nameless));
    }
    if let Some(why) = no_window(made.start, made.end) {
        return Ok(Err(why));
    }
    if !rows::windows_of(connection, &provider, &maintenance_id)?.is_empty() {
        return Ok(Err(Refused::Known));
    }
    let state = State {
        window: 1,
        account: String::new(),
        organizer: String::new(),
        uid: "0".to_owned(),
        summary: cut(&made.summary, LONG),
        status: made.status,
        start: made.start,
        end: made.end,
        order: Order { stamp: actor.at, sequence: 0 },
        circuits: fit(&made.circuits),
        says_cancelled: false,
    };
    let key = rows::create(connection, &provider, &maintenance_id, &state)?;
    let by_hand =
        ByHand { fields: Field::ALL.to_vec(), who: actor.name(), at: second(actor), said: None, is_news: false };
    let (ticket, assignee) = (cut(&made.ticket, SHORT), cut(&made.assignee, SHORT));
    let after = Whole { state, by_hand: Some(by_hand), ticket, assignee };
    by_hand::keep(connection, key, after.by_hand.as_ref())?;
    set_labels(connection, key, &after)?;
    rows::refresh_text(connection, key, &after.state)?;
    look(connection, key)?;
    tell(connection, key, EventKind::Made, None, actor, &[])?;
    outbox::changed(connection, &provider, &maintenance_id, actor)?;
    done(connection, key, Inverse::Unedit(Box::new(Before { key, was: None, is: after })), actor)
}

/// Why there can be no such window.
fn no_window(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Refused> {
    match end.cmp(&start) {
        std::cmp::Ordering::Less => Some(Refused::Backwards),
        std::cmp::Ordering::Equal => Some(Refused::Empty),
        std::cmp::Ordering::Greater => None,
    }
}

/// Sets something by hand; refused where what somebody `looked` at is another by now.
pub fn edit(
    connection: &Connection,
    key: MaintenanceKey,
    looked: Option<&Looked>,
    edit: &Edit,
    actor: &Actor,
) -> Result<Result<Edited, Refused>, Error> {
    let Some(row) = row(connection, key)? else { return Ok(Err(Refused::Gone)) };
    if looked.is_some_and(|looked| looked.is_outdated(&row, edit)) {
        return Ok(Err(Refused::Changed));
    }
    let before = row.whole;
    let mut after = before.clone();
    if let Some((start, end)) = edit.window {
        if let Some(why) = no_window(start, end) {
            return Ok(Err(why));
        }
        (after.state.start, after.state.end) = (start, end);
    }
    after.state.status = edit.status.unwrap_or(after.state.status);
    if let Some(circuits) = &edit.circuits {
        after.state.circuits = fit(circuits);
    }
    if let Some(summary) = &edit.summary {
        after.state.summary = cut(summary, LONG);
    }
    if let Some(ticket) = &edit.ticket {
        after.ticket = cut(ticket, SHORT);
    }
    if let Some(assignee) = &edit.assignee {
        after.assignee = cut(assignee, SHORT);
    }
    let known = before.by_hand.as_ref();
    let said = known.map_or_else(|| Some(before.state.clone()), |known| known.said.clone());
    let is_by_hand = |field: &Field| {
        let is_set =
            known.is_some_and(|known| known.fields.contains(field)) || !field.is_same(&before.state, &after.state);
        is_set && said.as_ref().is_none_or(|said| !field.is_same(said, &after.state))
    };
    let fields: Vec<Field> = Field::ALL.into_iter().filter(is_by_hand).collect();
    // Whoever sets something now has seen what notices say.
    let by_hand = ByHand { fields, who: actor.name(), at: second(actor), said, is_news: false };
    after.by_hand = Some(by_hand).filter(|by_hand| !by_hand.fields.is_empty());
    if changes(&before, &after).is_empty() {
        return Ok(Err(Refused::Same));
    }
    change(connection, key, before, after, EventKind::Edited, actor)
}

/// Takes over what notices say of everything that was set by hand.
pub fn take(connection: &Connection, key: MaintenanceKey, actor: &Actor) -> Result<Result<Edited, Refused>, Error> {
    let Some(Row { whole: before, .. }) = row(connection, key)? else { return Ok(Err(Refused::Gone)) };
    let set = before.by_hand.as_ref().filter(|by_hand| !by_hand.would_change(&before.state).is_empty());
    let Some((state, by_hand)) = set.and_then(|by_hand| by_hand.taken(&before.state)) else {
        return Ok(Err(Refused::NothingSaid));
    };
    let after = Whole { state, by_hand, ..before.clone() };
    change(connection, key, before, after, EventKind::Taken, actor)
}

/// Keeps what was set by hand although a notice says something else.
pub fn keep(connection: &Connection, key: MaintenanceKey, actor: &Actor) -> Result<Result<Edited, Refused>, Error> {
    let Some(Row { whole: before, .. }) = row(connection, key)? else { return Ok(Err(Refused::Gone)) };
    let Some(by_hand) = before.by_hand.clone().filter(|by_hand| by_hand.is_news) else {
        return Ok(Err(Refused::NothingSaid));
    };
    let after = Whole { by_hand: Some(ByHand { is_news: false, ..by_hand }), ..before.clone() };
    change(connection, key, before, after, EventKind::Kept, actor)
}

/// What is different.
fn changes(before: &Whole, after: &Whole) -> Vec<Change> {
    let mut changes = compare(&before.state, &after.state);
    if before.ticket != after.ticket {
        changes.push(Change::Ticket { from: before.ticket.clone(), to: after.ticket.clone() });
    }
    if before.assignee != after.assignee {
        changes.push(Change::Assignee { from: before.assignee.clone(), to: after.assignee.clone() });
    }
    changes
}

/// Makes a window as it is to be.
pub(super) fn put(
    connection: &Connection,
    key: MaintenanceKey,
    before: &Whole,
    after: &Whole,
    kind: EventKind,
    actor: &Actor,
) -> Result<(), Error> {
    let changes = changes(before, after);
    set_labels(connection, key, after)?;
    rows::update(connection, key, &after.state, &changes)?;
    by_hand::keep(connection, key, after.by_hand.as_ref())?;
    tell(connection, key, kind, None, actor, &changes)?;
    // Whoever sets something has seen what is said; whoever takes that back may have not.
    if kind != EventKind::Unedited {
        look(connection, key)?;
        if let Some(set) = before.by_hand.as_ref().filter(|set| set.is_news || matches!(kind, EventKind::Taken)) {
            outbox::decided(connection, key, &set.fields, kind != EventKind::Taken, actor)?;
        }
    }
    if before.state != after.state || matches!(kind, EventKind::Taken | EventKind::Kept) {
        outbox::changed_window(connection, key, actor)
    } else {
        // Of the user's own ticket and assignee Nautobot has no field.
        Ok(())
    }
}

/// The same for the first time, which can be taken back.
fn change(
    connection: &Connection,
    key: MaintenanceKey,
    before: Whole,
    after: Whole,
    kind: EventKind,
    actor: &Actor,
) -> Result<Result<Edited, Refused>, Error> {
    put(connection, key, &before, &after, kind, actor)?;
    done(connection, key, Inverse::Unedit(Box::new(Before { key, was: Some(before), is: after })), actor)
}

/// Says that a mail belongs to a maintenance. One that could not be read needs a look no more.
pub fn attach(
    connection: &Connection,
    mail: NotificationKey,
    key: MaintenanceKey,
    actor: &Actor,
) -> Result<Result<Edited, Refused>, Error> {
    let (Some(opened), Some(row)) = (unparsed::notification(connection, mail)?, row(connection, key)?) else {
        return Ok(Err(Refused::Gone));
    };
    if opened.maintenances.contains(&key) {
        return Ok(Err(Refused::Same));
    }
    let event = tell(connection, key, EventKind::Attached, Some(mail), actor, &[])?;
    let before = opened.notification;
    if before.outcome.needs_a_look() {
        let reason = format!("no rule reads it; attached by {} to {}", actor.name(), row.maintenance_id);
        settle(connection, mail, Outcome::Parsed, Some(&row.provider), &clean_line(&reason))?;
    }
    let (outcome, provider, reason) = (before.outcome, before.provider, before.reason);
    let attachment = Attachment { notification: mail.0, key, event, outcome, provider, reason };
    done(connection, key, Inverse::Detach(Box::new(attachment)), actor)
}

/// Takes it back that a mail belongs to a maintenance; `None` if that is not said any more.
pub(super) fn detach(
    connection: &Connection,
    attachment: &Attachment,
    actor: &Actor,
) -> Result<Option<MaintenanceKey>, Error> {
    let Attachment { notification, key, event, outcome, provider, reason } = attachment;
    let mut loosen = connection.prepare_cached(
        "UPDATE event SET notification = NULL WHERE id = ?1 AND maintenance = ?2 AND notification = ?3",
    )?;
    if loosen.execute((event, key, notification))? == 0 {
        return Ok(None);
    }
    let mail = NotificationKey(*notification);
    // What a rule has read since stays read.
    if unparsed::notification(connection, mail)?.is_some_and(|opened| opened.notification.is_read_by_hand()) {
        settle(connection, mail, *outcome, provider.as_deref(), reason)?;
    }
    tell(connection, *key, EventKind::Detached, None, actor, &[])?;
    Ok(Some(*key))
}

/// Sets what became of a mail.
fn settle(
    connection: &Connection,
    mail: NotificationKey,
    outcome: Outcome,
    provider: Option<&str>,
    reason: &str,
) -> Result<(), Error> {
    let mut update =
        connection.prepare_cached("UPDATE notification SET outcome = ?2, provider = ?3, reason = ?4 WHERE id = ?1")?;
    update.execute((mail, outcome, provider, reason))?;
    Ok(())
}

/// Sets ticket and assignee, which no notice speaks of.
fn set_labels(connection: &Connection, key: MaintenanceKey, whole: &Whole) -> Result<(), Error> {
    let mut update = connection.prepare_cached("UPDATE maintenance SET ticket = ?2, assignee = ?3 WHERE id = ?1")?;
    update.execute((key, &whole.ticket, &whole.assignee))?;
    Ok(())
}

/// Whoever sets something has seen what is there.
pub(super) fn look(connection: &Connection, key: MaintenanceKey) -> Result<(), Error> {
    connection.prepare_cached("UPDATE maintenance SET seen_revision = revision WHERE id = ?1")?.execute([key])?;
    Ok(())
}

/// Writes to the history what somebody did; the event's id.
fn tell(
    connection: &Connection,
    maintenance: MaintenanceKey,
    kind: EventKind,
    notification: Option<NotificationKey>,
    actor: &Actor,
    changes: &[Change],
) -> Result<i64, Error> {
    NewEvent { maintenance, at: actor.at, stamp: None, kind, notification, who: Some(actor.name()) }
        .insert(connection, changes)?;
    Ok(connection.last_insert_rowid())
}

/// What was done, remembered for undo.
fn done(
    connection: &Connection,
    key: MaintenanceKey,
    inverse: Inverse,
    actor: &Actor,
) -> Result<Result<Edited, Refused>, Error> {
    remember(connection, Some(&inverse), actor)?;
    Ok(Ok(Edited { key, inverse }))
}

/// When somebody acts, as it stands in the store.
pub(super) fn second(actor: &Actor) -> DateTime<Utc> {
    actor.at.trunc_subsecs(0)
}

/// Circuits as they stand in the store.
pub(super) fn fit(circuits: &[Circuit]) -> Vec<Circuit> {
    let fit = |circuit: &Circuit| Circuit { circuit_id: cut(&circuit.circuit_id, SHORT), ..circuit.clone() };
    let named: Vec<Circuit> =
        circuits.iter().map(fit).filter(|circuit| !circuit.circuit_id.is_empty()).take(MOST_CIRCUITS).collect();
    each_once(&named)
}

/// A text made harmless, on one line, and no longer than `most` characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    clean_line(text).trim().chars().take(most).collect()
}
