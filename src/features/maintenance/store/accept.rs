//! Accepting a suggestion: a person says that a mail which no rule reads means this maintenance.
//!
//! The maintenance is merged as a notice would be, with an event that names who accepted it. What of it was suggested is the
//! mail's word; what that person typed instead is set by hand, and no later notice changes it unasked. Taking it back makes things
//! as they were: what only the acceptance made known goes, what it changed is changed back. It is refused once somebody
//! acknowledged or annotated it, or another notice spoke of it; and the mail keeps a word of both.

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::action::{Actor, Inverse};
use super::by_hand::{self, ByHand, Field};
use super::change;
use super::edit::{LONG, cut, fit, second};
use super::event::{EventKind, NewEvent};
use super::merge::State;
use super::undo::remember;
use super::{MaintenanceKey, NotificationKey, record, rows, said, unparsed};
use crate::features::maintenance::model::{Envelope, Notice, Outcome, Reading, Status, Verdict};
use crate::features::maintenance::nautobot::store::outbox;
use crate::store::Error;

/// What accepting did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The windows that it made known or changed.
    pub windows: Vec<MaintenanceKey>,
    /// What takes it back.
    pub inverse: Inverse,
}

/// Why a suggestion was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The mail is gone.
    Gone,
    /// The mail was read or accepted already.
    IsRead,
    /// A newer notice of this maintenance is known.
    IsOlder,
}

/// An acceptance, for taking it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Acceptance {
    /// The mail.
    notification: i64,
    /// What had become of it.
    outcome: Outcome,
    /// Whose it was.
    provider: Option<String>,
    /// Why it was not read.
    reason: String,
    /// Each window with what was known of it before, and the event that names who accepted.
    windows: Vec<(MaintenanceKey, Option<State>, i64)>,
    /// What of them was set by hand before.
    #[serde(default)]
    by_hand: Vec<(MaintenanceKey, ByHand)>,
}

impl Acceptance {
    /// The windows that it made known or changed.
    pub(super) fn windows(&self) -> impl Iterator<Item = MaintenanceKey> + '_ {
        self.windows.iter().map(|(window, ..)| *window)
    }
}

/// Accepts `notice` as what a mail means, of which these fields were typed and not suggested.
pub fn accept(
    connection: &Connection,
    key: NotificationKey,
    notice: &Notice,
    typed: &[Field],
    actor: &Actor,
) -> Result<Result<Accepted, Refused>, Error> {
    let Some(opened) = unparsed::notification(connection, key)? else { return Ok(Err(Refused::Gone)) };
    let mail = opened.notification;
    if !mail.outcome.needs_a_look() {
        return Ok(Err(Refused::IsRead));
    }
    connection.execute_batch("SAVEPOINT accept")?;
    let before = rows::windows_of(connection, &notice.provider, &notice.maintenance_id)?;
    let mut by_hand = Vec::new();
    for (window, _) in &before {
        by_hand.extend(by_hand::of(connection, *window)?.map(|set| (*window, set)));
    }
    let envelope = Envelope { message_id: None, sender: String::new(), subject: String::new(), date: mail.dated };
    let verdict = Verdict::Parsed { provider: notice.provider.clone(), notices: vec![notice.clone()] };
    let recorded = record::record_again(connection, key, mail.received_at, &Reading { envelope, verdict })?;
    if recorded.outcome == Outcome::OutOfSequence {
        connection.execute_batch("ROLLBACK TO accept; RELEASE accept")?;
        return Ok(Err(Refused::IsOlder));
    }
    connection.execute_batch("RELEASE accept")?;
    let mut windows = Vec::with_capacity(recorded.merged.len());
    for (window, _) in &recorded.merged {
        let known = before.iter().find(|(known, _)| known == window).map(|(_, state)| state.clone());
        let kind = if typed.is_empty() { EventKind::Accepted } else { EventKind::FilledIn };
        let set = by_hand.iter().find(|(set, _)| set == window).map(|(_, set)| set);
        let changes = set_by_hand(connection, *window, (known.as_ref(), set), (notice, typed), actor)?;
        windows.push((*window, known, tell(connection, *window, key, kind, actor, &changes)?));
    }
    leave_unsaid(connection, key, typed)?;
    set(
        connection,
        key,
        None,
        &format!("no rule reads it; accepted by {} as {}", actor.name(), notice.maintenance_id),
    )?;
    let keys = windows.iter().map(|(window, ..)| *window).collect();
    let acceptance = Acceptance {
        notification: key.0,
        outcome: mail.outcome,
        provider: mail.provider,
        reason: mail.reason,
        windows,
        by_hand,
    };
    let inverse = Inverse::Unaccept(Box::new(acceptance));
    remember(connection, Some(&inverse), actor)?;
    Ok(Ok(Accepted { windows: keys, inverse }))
}

/// Sets in a window what was typed of `notice`, as if it had been set afterwards; what that changes. The window was `known` so
/// before, and this of it was set by hand.
fn set_by_hand(
    connection: &Connection,
    window: MaintenanceKey,
    (known, set): (Option<&State>, Option<&ByHand>),
    (notice, typed): (&Notice, &[Field]),
    actor: &Actor,
) -> Result<Vec<change::Change>, Error> {
    let Some(now) = state_of(connection, window)?.filter(|_| !typed.is_empty()) else { return Ok(Vec::new()) };
    let filled_in = State {
        start: notice.start,
        end: notice.end,
        status: notice.status,
        circuits: fit(&notice.circuits),
        summary: cut(&notice.summary, LONG),
        ..now.clone()
    };
    let held = by_hand::of(connection, window)?;
    let was_said = set.map_or_else(|| known.cloned(), |set| set.said.clone());
    let (mut shown, mut said) =
        (now.clone(), held.as_ref().and_then(|held| held.said.clone()).unwrap_or_else(|| now.clone()));
    for field in typed {
        field.put(&filled_in, &mut shown);
        match &was_said {
            Some(before) => field.put(before, &mut said),
            None => field.leave_unsaid(&mut said),
        }
    }
    let is_set = |field: &Field| typed.contains(field) || held.as_ref().is_some_and(|held| held.fields.contains(field));
    let fields = Field::ALL.into_iter().filter(|field| is_set(field) && !field.is_same(&said, &shown)).collect();
    let is_news = held.is_some_and(|held| held.is_news && held.fields.iter().any(|field| !typed.contains(field)));
    let by_hand = ByHand { fields, who: actor.name(), at: second(actor), said: Some(said), is_news };
    by_hand::keep(connection, window, Some(&by_hand))?;
    let changes = change::compare(&now, &shown);
    if !changes.is_empty() {
        rows::update(connection, window, &shown, &changes)?;
        outbox::changed_window(connection, window, actor)?;
    }
    Ok(changes)
}

/// What was typed is no word of the mail. Of its window it is: what else is told of is told of that one.
fn leave_unsaid(connection: &Connection, key: NotificationKey, typed: &[Field]) -> Result<(), Error> {
    for (provider, id) in said::of(connection, key)? {
        let Some(mut kept) = said::one(connection, &provider, &id, key)? else { continue };
        for notice in &mut kept.telling.notices {
            for field in typed {
                match field {
                    Field::Window => {}
                    Field::Status => notice.status = Status::NoChange,
                    Field::Circuits => notice.circuits.clear(),
                    Field::Summary => notice.summary.clear(),
                }
            }
        }
        said::keep(connection, &provider, &id, &kept)?;
    }
    Ok(())
}

/// Takes an acceptance back; the windows that it had made or changed. Empty if that is not possible any more.
pub(super) fn take_back(
    connection: &Connection,
    acceptance: &Acceptance,
    actor: &Actor,
) -> Result<Vec<MaintenanceKey>, Error> {
    for (window, _, event) in &acceptance.windows {
        if is_changed_since(connection, *window, *event)? {
            return Ok(Vec::new());
        }
    }
    let key = NotificationKey(acceptance.notification);
    for (window, before, _) in &acceptance.windows {
        match before {
            None => {
                connection.prepare_cached("DELETE FROM maintenance WHERE id = ?1")?.execute([window])?;
            }
            Some(before) => {
                let now = state_of(connection, *window)?;
                let changes = now.map(|now| change::compare(&now, before)).unwrap_or_default();
                rows::update(connection, *window, before, &changes)?;
                let set = acceptance.by_hand.iter().find(|(set, _)| set == window).map(|(_, set)| set);
                by_hand::keep(connection, *window, set)?;
                outbox::changed_window(connection, *window, actor)?;
                tell(connection, *window, key, EventKind::Unaccepted, actor, &changes)?;
            }
        }
    }
    for (provider, id) in said::of(connection, key)? {
        said::forget(connection, &provider, &id, key)?;
    }
    let mut update = connection.prepare_cached("UPDATE notification SET provider = ?2 WHERE id = ?1")?;
    update.execute((key, &acceptance.provider))?;
    let taken_back = format!("; a suggestion was accepted and taken back by {}", actor.name());
    let reason = format!("{}{taken_back}", acceptance.reason.trim_end_matches(&*taken_back));
    set(connection, key, Some(acceptance.outcome), &reason)?;
    Ok(acceptance.windows.iter().map(|(window, ..)| *window).collect())
}

/// What is known of a window now.
pub(super) fn state_of(connection: &Connection, window: MaintenanceKey) -> Result<Option<State>, Error> {
    let mut query = connection.prepare_cached("SELECT provider, maintenance_id FROM maintenance WHERE id = ?1")?;
    let name = query.query_row([window], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).optional()?;
    let Some((provider, maintenance_id)) = name else { return Ok(None) };
    let windows = rows::windows_of(connection, &provider, &maintenance_id)?;
    Ok(windows.into_iter().find(|(key, _)| *key == window).map(|(_, state)| state))
}

/// Whether anything but looking happened to a window since an event: it is gone, a notice came, or somebody's
/// acknowledgement or note stands.
fn is_changed_since(connection: &Connection, window: MaintenanceKey, event: i64) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT NOT EXISTS (SELECT 1 FROM event WHERE id = ?2 AND maintenance = ?1)
             OR EXISTS (SELECT 1 FROM event WHERE maintenance = ?1 AND id > ?2 AND (notification IS NOT NULL
                 OR kind IN ('edited', 'unedited', 'taken', 'kept', 'from-nautobot')))
             OR EXISTS (SELECT 1 FROM note n WHERE n.maintenance = ?1 AND n.removed_at IS NULL
                 AND n.at >= (SELECT at FROM event WHERE id = ?2))
             OR EXISTS (SELECT 1 FROM acknowledgement a WHERE a.maintenance = ?1 AND a.withdrawn_at IS NULL
                 AND a.at >= (SELECT at FROM event WHERE id = ?2))",
    )?;
    Ok(query.query_row((window, event), |row| row.get(0)).optional()?.unwrap_or(true))
}

/// Writes what somebody did to the history; the event's id.
fn tell(
    connection: &Connection,
    maintenance: MaintenanceKey,
    key: NotificationKey,
    kind: EventKind,
    actor: &Actor,
    changes: &[change::Change],
) -> Result<i64, Error> {
    let who = Some(actor.name());
    NewEvent { maintenance, at: actor.at, stamp: None, kind, notification: Some(key), who }
        .insert(connection, changes)?;
    Ok(connection.last_insert_rowid())
}

/// Sets what stands beside a mail; its outcome too, if there is one.
fn set(connection: &Connection, key: NotificationKey, outcome: Option<Outcome>, reason: &str) -> Result<(), Error> {
    let mut update = connection
        .prepare_cached("UPDATE notification SET outcome = coalesce(?2, outcome), reason = ?3 WHERE id = ?1")?;
    update.execute((key, outcome, crate::text::clean_line(reason)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::Impact;
    use crate::features::maintenance::store::action::{acknowledge_as_it_is, undo};
    use crate::features::maintenance::store::detail::{Detail, detail};
    use crate::features::maintenance::store::edit::{Edit, edit, take};
    use crate::features::maintenance::store::record::{Limits, record};
    use crate::features::maintenance::store::testing::{circuit, empty, hour, mail, notice};
    use crate::features::maintenance::store::undo::undo_last;

    fn anna() -> Actor {
        Actor { who: "anna".to_owned(), at: hour(50) }
    }

    /// A mail that no rule knows.
    fn unknown(connection: &Connection, item: &str, made: i64) -> NotificationKey {
        let (delivery, mut reading) = mail(item, hour(made), vec![]);
        reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
        record(connection, &delivery, &reading, Limits::default()).unwrap().notification
    }

    fn look(connection: &Connection) -> Option<Detail> {
        detail(connection, MaintenanceKey(1), hour(60)).unwrap()
    }

    /// What became of a mail, and why.
    fn outcome(connection: &Connection, key: NotificationKey) -> (Outcome, String) {
        let mail = unparsed::notification(connection, key).unwrap().unwrap().notification;
        (mail.outcome, mail.reason)
    }

    #[test]
    fn an_accepted_suggestion_is_a_maintenance_and_the_history_names_who_accepted_it() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        let accepted = accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap().unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((accepted.windows, detail.maintenance_id.as_str()), (vec![detail.key], "TTN-1"));
        assert_eq!((detail.events[0].kind, detail.events[0].who.as_deref()), (EventKind::Accepted, Some("anna")));
        assert_eq!(
            outcome(&connection, key),
            (Outcome::Parsed, "no rule reads it; accepted by anna as TTN-1".to_owned())
        );
        assert_eq!(accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap(), Err(Refused::IsRead));
        assert_eq!(
            accept(&connection, NotificationKey(99), &notice(hour(0)), &[], &anna()).unwrap(),
            Err(Refused::Gone)
        );
    }

    #[test]
    fn taking_it_back_makes_things_as_they_were() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap().unwrap();
        assert!(matches!(undo_last(&connection, &anna()).unwrap().unwrap().inverse, Inverse::Unaccept(_)));
        assert_eq!(look(&connection), None);
        let reason = "no rule; a suggestion was accepted and taken back by anna".to_owned();
        assert_eq!(outcome(&connection, key), (Outcome::UnknownProvider, reason.clone()));
        // It can be accepted again, and what was done twice is said once.
        accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap().unwrap();
        undo_last(&connection, &anna()).unwrap().unwrap();
        assert_eq!(outcome(&connection, key), (Outcome::UnknownProvider, reason));
    }

    #[test]
    fn taking_it_back_from_a_known_maintenance_changes_it_back() {
        let connection = empty();
        let (delivery, reading) = mail("0", hour(0), vec![notice(hour(0))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        let key = unknown(&connection, "1", 1);
        let cancelled = Notice { status: Status::Cancelled, ..notice(hour(1)) };
        let accepted = accept(&connection, key, &cancelled, &[], &anna()).unwrap().unwrap();
        assert_eq!(look(&connection).unwrap().status, Status::Cancelled);
        undo(&connection, &accepted.inverse, &anna()).unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((detail.status, detail.stamp), (Status::Confirmed, hour(0)));
        assert_eq!(detail.events[0].kind, EventKind::Unaccepted);
    }

    #[test]
    fn what_somebody_acknowledged_or_another_notice_changed_is_not_taken_back() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        let accepted = accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap().unwrap();
        acknowledge_as_it_is(&connection, &accepted.windows, &anna()).unwrap();
        assert_eq!(undo(&connection, &accepted.inverse, &anna()).unwrap().done, []);
        assert!(look(&connection).is_some());
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        let accepted = accept(&connection, key, &notice(hour(0)), &[], &anna()).unwrap().unwrap();
        let (delivery, reading) = mail("2", hour(2), vec![notice(hour(2))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        assert_eq!(undo(&connection, &accepted.inverse, &anna()).unwrap().done, []);
    }

    #[test]
    fn one_older_than_what_is_known_is_refused_and_changes_nothing() {
        let connection = empty();
        let (delivery, reading) = mail("0", hour(5), vec![notice(hour(5))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        let key = unknown(&connection, "1", 1);
        let before = look(&connection);
        assert_eq!(accept(&connection, key, &notice(hour(1)), &[], &anna()).unwrap(), Err(Refused::IsOlder));
        assert_eq!((look(&connection), outcome(&connection, key).0), (before, Outcome::UnknownProvider));
    }

    /// The notice with a window and a circuit that somebody typed.
    fn typed() -> Notice {
        Notice { start: hour(90), end: hour(94), circuits: vec![circuit("MY-1", Impact::Degraded)], ..notice(hour(0)) }
    }

    const TYPED: [Field; 2] = [Field::Window, Field::Circuits];

    #[test]
    fn what_was_typed_stays_and_what_was_suggested_is_the_mails_word() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        accept(&connection, key, &typed(), &TYPED, &anna()).unwrap().unwrap();
        let filled_in = look(&connection).unwrap();
        assert_eq!(
            (filled_in.start, filled_in.circuits.len(), filled_in.summary.as_str()),
            (hour(90), 1, "Fibre relocation")
        );
        assert_eq!((filled_in.events[0].kind, filled_in.events[0].who.as_deref()), (EventKind::FilledIn, Some("anna")));
        assert_eq!(filled_in.events[0].changes, []);
        let set = filled_in.by_hand.unwrap();
        assert_eq!((set.fields.as_slice(), set.who.as_str()), (TYPED.as_slice(), "anna"));
        assert!(!set.is_news && set.would_change.is_empty(), "{set:?}");
        let said = Notice { status: Status::ReScheduled, summary: "Another".to_owned(), ..notice(hour(2)) };
        let (delivery, reading) = mail("2", hour(2), vec![said]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((detail.start, &detail.circuits), (hour(90), &filled_in.circuits), "what was typed stays");
        assert_eq!((detail.status, detail.summary.as_str()), (Status::ReScheduled, "Another"));
        let set = detail.by_hand.unwrap();
        assert_eq!(set.fields, TYPED);
        assert!(set.is_news && set.would_change.len() == 3, "{set:?}");
        take(&connection, MaintenanceKey(1), &anna()).unwrap().unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((detail.start, detail.by_hand), (hour(100), None));
        assert_eq!(detail.circuits, [circuit("IC-1", Impact::Outage)]);
    }

    #[test]
    fn a_notice_that_says_what_was_typed_ends_that() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        accept(&connection, key, &typed(), &TYPED, &anna()).unwrap().unwrap();
        let (delivery, reading) = mail("2", hour(2), vec![Notice { stamp: hour(2), ..typed() }]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        assert_eq!(look(&connection).unwrap().by_hand, None);
        let (delivery, reading) = mail("3", hour(3), vec![notice(hour(3))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        assert_eq!(look(&connection).unwrap().start, hour(100));
    }

    #[test]
    fn what_was_typed_stays_when_something_else_is_corrected() {
        let connection = empty();
        let key = unknown(&connection, "1", 0);
        accept(&connection, key, &typed(), &Field::ALL, &anna()).unwrap().unwrap();
        let wish = Edit { summary: Some("told by phone".to_owned()), ..Edit::default() };
        edit(&connection, MaintenanceKey(1), None, &wish, &anna()).unwrap().unwrap();
        assert_eq!(look(&connection).unwrap().by_hand.unwrap().fields, Field::ALL);
        let (delivery, reading) = mail("2", hour(2), vec![notice(hour(2))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((detail.start, detail.summary.as_str()), (hour(90), "told by phone"));
        // The notice says the same status.
        assert_eq!(detail.by_hand.unwrap().fields, [Field::Window, Field::Circuits, Field::Summary]);
    }

    #[test]
    fn what_was_typed_of_a_known_maintenance_counts_and_is_taken_back_with_what_was_set_before() {
        let connection = empty();
        let (delivery, reading) = mail("0", hour(0), vec![notice(hour(0))]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
        let wish = Edit { window: Some((hour(80), hour(81))), ..Edit::default() };
        edit(&connection, MaintenanceKey(1), None, &wish, &anna()).unwrap().unwrap();
        let before = look(&connection).unwrap();
        let key = unknown(&connection, "1", 1);
        let typed = Notice { stamp: hour(1), ..typed() };
        let accepted = accept(&connection, key, &typed, &TYPED, &anna()).unwrap().unwrap();
        let detail = look(&connection).unwrap();
        assert_eq!((detail.start, &detail.circuits), (hour(90), &typed.circuits));
        let set = detail.by_hand.unwrap();
        assert_eq!((set.fields.as_slice(), set.is_news), (TYPED.as_slice(), false));
        undo(&connection, &accepted.inverse, &anna()).unwrap();
        let after = look(&connection).unwrap();
        assert_eq!((after.start, after.circuits, after.by_hand), (before.start, before.circuits, before.by_hand));
    }
}
