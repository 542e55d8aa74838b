//! Reading stored notifications again when rules have changed.
//!
//! What people did stays: acknowledgements, notes and what undoes them hang on windows, and windows that carry any are
//! never removed. A second reading that says the same leaves no trace, not even in the history; of one that shows in nothing
//! what it says is kept.
//!
//! What a notification says now takes the place of what it said, be it the newest of its maintenance or not, so that rules may
//! also correct when it was made. A window that only this notification spoke of, and that it does not speak of any more, was a
//! mistake of the older rules: it is removed. If somebody acted on it, it becomes what the notification speaks of instead, where
//! that is one and only one, and is cancelled otherwise.

use rusqlite::{Connection, OptionalExtension};

use super::record::{self, Merged};
use super::unparsed::Opened;
use super::{MaintenanceKey, NotificationKey, event, renamed, said, unknown};
use crate::features::maintenance::model::{Outcome, Reading, Verdict};
use crate::store::Error;

/// What a second reading did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// What had become of the notification before.
    pub before: Outcome,
    /// What became of it now.
    pub after: Outcome,
    /// Whether anything is different.
    pub effect: Effect,
    /// Windows that it made known, as `PROVIDER/ID`; each once, as in the other lists.
    pub created: Vec<String>,
    /// Windows that it changed.
    pub changed: Vec<String>,
    /// Windows that nothing speaks of any more, removed.
    pub removed: Vec<String>,
    /// Windows that nothing speaks of any more, kept because somebody acted on them; cancelled if nobody but the notification
    /// has told of them.
    pub left: Vec<String>,
}

/// Whether a second reading made a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It says the same.
    Same,
    /// It says something else now.
    Different,
    /// It cannot be read any more; what it said before stands.
    Worse,
}

impl Effect {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Worse => "worse",
        }
    }
}

impl Again {
    /// Whether it says something else now.
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.effect == Effect::Different
    }
}

/// Which notifications are read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Only these; all if empty.
    pub keys: Vec<NotificationKey>,
    /// Only with this outcome.
    pub outcome: Option<Outcome>,
    /// Only of this provider.
    pub provider: Option<String>,
}

/// The notifications whose bytes are kept, in the order in which they were made.
pub fn candidates(connection: &Connection, which: &Which) -> Result<Vec<NotificationKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT id FROM notification WHERE kept > 0 AND (?1 IS NULL OR outcome = ?1) AND (?2 IS NULL OR provider = ?2)
         ORDER BY coalesce(dated, received_at), id",
    )?;
    let rows = query.query_map((which.outcome, &which.provider), |row| row.get(0))?;
    let mut keys = rows.collect::<rusqlite::Result<Vec<NotificationKey>>>()?;
    keys.retain(|key| which.keys.is_empty() || which.keys.contains(key));
    Ok(keys)
}

/// Applies a second reading of a notification, all or nothing; `unknown` are the circuits in it that the inventory does
/// not have.
pub fn apply(connection: &Connection, opened: &Opened, reading: &Reading, unknown: &[String]) -> Result<Again, Error> {
    let (key, before) = (opened.notification.key, opened.notification.outcome);
    let same = Again {
        before,
        after: before,
        effect: Effect::Same,
        created: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        left: Vec::new(),
    };
    // What somebody says of a mail that no rule read stands as long as none does.
    if opened.notification.is_read_by_hand() && !matches!(reading.verdict, Verdict::Parsed { .. }) {
        return Ok(same);
    }
    // What said nothing, or could not be read, has nothing to lose.
    let is_loss = !before.needs_a_look() && before != Outcome::Ignored;
    if is_loss && matches!(reading.verdict, Verdict::Failed { .. } | Verdict::Unknown { .. }) {
        return Ok(Again { effect: Effect::Worse, ..same });
    }
    let (last, said) = (event::last(connection)?, said::by(connection, key)?);
    connection.execute_batch("SAVEPOINT again")?;
    let done = settle(connection, opened, reading, unknown).map(|(again, _)| again);
    let is_news = matches!(&done, Ok(again) if again.effect == Effect::Different);
    // What it says otherwise is kept also where nothing shows it: later ones may make it count.
    let is_other = done.is_ok() && said::by(connection, key)? != said;
    if is_news || is_other {
        event::forget_echoes(connection, key, last)?;
    }
    if is_other && !is_news {
        set_back(connection, opened)?;
    }
    let end = if is_news || is_other { "RELEASE again" } else { "ROLLBACK TO again; RELEASE again" };
    connection.execute_batch(end)?;
    let done = done?;
    if !is_news && matches!(before, Outcome::Parsed | Outcome::UnknownCids) {
        // Only the inventory has changed, or nothing has: that is no event of the maintenance.
        let is_other = (before == Outcome::UnknownCids) == unknown.is_empty();
        let after = if is_other { unknown::note(connection, key, unknown)? } else { before };
        let effect = if is_other { Effect::Different } else { Effect::Same };
        return Ok(Again { after, effect, ..same });
    }
    // A reason of its own is worth keeping, and changes nothing else.
    if let Verdict::Failed { reason, .. } | Verdict::Unknown { reason } = &reading.verdict
        && !is_news
    {
        let reason = crate::text::clean_line(reason);
        connection.prepare_cached("UPDATE notification SET reason = ?2 WHERE id = ?1")?.execute((key, reason))?;
    }
    Ok(if is_news { done } else { same })
}

/// Puts what a mail says now, whose content is another than before, into the place of what it said: whatever that was, and
/// also if it cannot be read. What became of it.
pub(super) fn supersede(
    connection: &Connection,
    opened: &Opened,
    reading: &Reading,
    unknown: &[String],
) -> Result<(Outcome, Vec<(MaintenanceKey, Merged)>), Error> {
    let before = opened.notification.outcome;
    // What somebody says of it stands as long as no rule reads it.
    if opened.notification.is_read_by_hand() && !matches!(reading.verdict, Verdict::Parsed { .. }) {
        return Ok((before, Vec::new()));
    }
    let last = event::last(connection)?;
    let (again, merged) = settle(connection, opened, reading, unknown)?;
    event::forget_echoes(connection, opened.notification.key, last)?;
    Ok((again.after, merged))
}

/// What stands of a mail beside what it says, as it was.
fn set_back(connection: &Connection, opened: &Opened) -> Result<(), Error> {
    let mail = &opened.notification;
    connection
        .prepare_cached("UPDATE notification SET outcome = ?2, provider = ?3, reason = ?4 WHERE id = ?1")?
        .execute((mail.key, mail.outcome, &mail.provider, &mail.reason))?;
    Ok(())
}

/// Applies it and says what that did, also window by window.
pub(super) fn settle(
    connection: &Connection,
    opened: &Opened,
    reading: &Reading,
    unknown: &[String],
) -> Result<(Again, Vec<(MaintenanceKey, Merged)>), Error> {
    let (key, before) = (opened.notification.key, opened.notification.outcome);
    let spoken_of = spoken_of(connection, opened)?;
    renamed::follow(connection, opened, reading)?;
    let mut recorded = record::record_again(connection, key, opened.notification.received_at, reading)?;
    // One that is older than what is known by now may not have been late when it came.
    if recorded.outcome == Outcome::OutOfSequence && matches!(before, Outcome::Parsed | Outcome::UnknownCids) {
        recorded.outcome = unknown::note(connection, key, unknown)?;
    } else {
        recorded = unknown::settle(connection, recorded, unknown)?;
    }
    let mut again = Again {
        before,
        after: recorded.outcome,
        effect: Effect::Same,
        created: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        left: Vec::new(),
    };
    for (window, what) in &recorded.merged {
        match what {
            Merged::Created => add(&mut again.created, name(connection, *window)?),
            Merged::Changed | Merged::Unlisted | Merged::Told => {
                add(&mut again.changed, name(connection, *window)?);
            }
            // It did not speak of that maintenance before.
            Merged::Unchanged | Merged::OutOfSequence => {
                let name = name(connection, *window)?;
                add(&mut again.changed, name.filter(|name| !spoken_of.contains(name)));
            }
        }
    }
    let mut cancels = false;
    for window in &opened.maintenances {
        let is_spoken_of = recorded.merged.iter().any(|(spoken_of, _)| spoken_of == window);
        if is_spoken_of || is_spoken_of_elsewhere(connection, *window, key)? {
            continue;
        }
        if has_actions(connection, *window)? {
            cancels |= renamed::cancel(connection, opened, reading, *window)?;
            add(&mut again.left, name(connection, *window)?);
        } else {
            add(&mut again.removed, name(connection, *window)?);
            connection.prepare_cached("DELETE FROM maintenance WHERE id = ?1")?.execute([window])?;
        }
    }
    let was_read = |outcome| matches!(outcome, Outcome::Parsed | Outcome::UnknownCids | Outcome::OutOfSequence);
    let another = recorded.outcome != before && !(was_read(before) && was_read(recorded.outcome));
    let lists = [&again.created, &again.changed, &again.removed];
    if another || cancels || lists.iter().any(|list| !list.is_empty()) {
        again.effect = Effect::Different;
    }
    Ok((again, recorded.merged))
}

/// The maintenances that a mail speaks of, as `PROVIDER/ID`; where that was not kept, those that it was linked to.
fn spoken_of(connection: &Connection, opened: &Opened) -> Result<Vec<String>, Error> {
    let said = said::of(connection, opened.notification.key)?;
    if !said.is_empty() {
        return Ok(said.into_iter().map(|(provider, id)| format!("{provider}/{id}")).collect());
    }
    let names = opened.maintenances.iter().map(|window| name(connection, *window));
    Ok(names.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// A window's maintenance, as `PROVIDER/ID`.
fn name(connection: &Connection, window: MaintenanceKey) -> Result<Option<String>, Error> {
    let mut query =
        connection.prepare_cached("SELECT provider || '/' || maintenance_id FROM maintenance WHERE id = ?1")?;
    Ok(query.query_row([window], |row| row.get(0)).optional()?)
}

/// Adds a name, once.
fn add(names: &mut Vec<String>, name: Option<String>) {
    names.extend(name.filter(|name| !names.contains(name)));
}

/// Whether any notification speaks of a window, as far as it is known what they say, or another one changed it.
fn is_spoken_of_elsewhere(
    connection: &Connection,
    window: MaintenanceKey,
    key: NotificationKey,
) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM maintenance m JOIN said s USING (provider, maintenance_id) JOIN json_each(s.windows) w
         WHERE m.id = ?1 AND w.value = ?1
         UNION ALL SELECT 1 FROM event e WHERE maintenance = ?1 AND notification IS NOT NULL AND notification <> ?2
             AND NOT EXISTS (SELECT 1 FROM said s WHERE s.notification = e.notification)",
    )?;
    Ok(query.exists((window, key))?)
}

/// Whether anybody ever did anything to a window.
pub(super) fn has_actions(connection: &Connection, window: MaintenanceKey) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM event WHERE maintenance = ?1 AND who IS NOT NULL
         UNION ALL SELECT 1 FROM note WHERE maintenance = ?1
         UNION ALL SELECT 1 FROM acknowledgement WHERE maintenance = ?1",
    )?;
    Ok(query.exists([window])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::{Impact, Notice, Status};
    use crate::features::maintenance::store::action::{Actor, acknowledge_as_it_is, add_note};
    use crate::features::maintenance::store::change::Change;
    use crate::features::maintenance::store::detail::detail;
    use crate::features::maintenance::store::event::EventKind;
    use crate::features::maintenance::store::list::{Acknowledged, Anchor, Filter, ListQuery, Sort, window};
    use crate::features::maintenance::store::record::{Limits, record};
    use crate::features::maintenance::store::sender::unread_from;
    use crate::features::maintenance::store::testing::{circuit, empty, hour, mail, notice};
    use crate::features::maintenance::store::undo::undo_last;
    use crate::features::maintenance::store::unparsed::notification;

    /// Records the mail `item` of `made` with these notices.
    fn take(connection: &Connection, item: &str, made: i64, notices: Vec<Notice>) -> NotificationKey {
        let (delivery, reading) = mail(item, hour(made), notices);
        record(connection, &delivery, &reading, Limits::default()).unwrap().notification
    }

    /// Reads it again, as these notices.
    fn again(connection: &Connection, key: NotificationKey, made: i64, notices: Vec<Notice>) -> Again {
        let opened = notification(connection, key).unwrap().unwrap();
        apply(connection, &opened, &mail("any", hour(made), notices).1, &[]).unwrap()
    }

    fn anna() -> Actor {
        Actor { who: "anna".to_owned(), at: hour(50) }
    }

    /// How many rows a table has.
    fn rows(connection: &Connection, table: &str) -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_same_reading_leaves_no_trace() {
        let connection = empty();
        let (first, second) =
            (take(&connection, "1", 0, vec![notice(hour(0))]), take(&connection, "2", 1, vec![notice(hour(1))]));
        let before = (rows(&connection, "event"), detail(&connection, MaintenanceKey(1), hour(9)).unwrap());
        for (key, made) in [(first, 0), (second, 1)] {
            let again = again(&connection, key, made, vec![notice(hour(made))]);
            assert_eq!((again.effect, again.after), (Effect::Same, Outcome::Parsed));
        }
        assert_eq!((rows(&connection, "event"), detail(&connection, MaintenanceKey(1), hour(9)).unwrap()), before);
    }

    #[test]
    fn better_rules_correct_the_newest_notice_even_its_stamp_and_keep_what_people_did() {
        let connection = empty();
        let wrong = Notice { stamp: hour(3), circuits: vec![circuit("X", Impact::Outage)], ..notice(hour(3)) };
        let key = take(&connection, "1", 4, vec![wrong]);
        acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
        add_note(&connection, &[MaintenanceKey(1)], "drained", &anna()).unwrap();
        // An earlier stamp than the one that is known.
        let again = again(&connection, key, 4, vec![notice(hour(1))]);
        assert_eq!((again.effect, again.changed.as_slice()), (Effect::Different, ["zayo/TTN-1".to_owned()].as_slice()));
        let detail = detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        assert_eq!((detail.stamp, detail.circuits), (hour(1), vec![circuit("IC-1", Impact::Outage)]));
        assert_eq!((detail.notes.len(), detail.acknowledgements.len()), (1, 1));
        assert!(detail.acknowledgements[0].withdrawn.is_none());
        // What was done last can still be undone.
        undo_last(&connection, &anna()).unwrap().unwrap();
        undo_last(&connection, &anna()).unwrap().unwrap();
        assert_eq!(undo_last(&connection, &anna()).unwrap(), None);
    }

    #[test]
    fn an_older_notice_is_not_applied_over_a_newer_one() {
        let connection = empty();
        let first = take(&connection, "1", 0, vec![notice(hour(0))]);
        take(&connection, "2", 1, vec![Notice { status: Status::Cancelled, ..notice(hour(1)) }]);
        let again = again(&connection, first, 0, vec![Notice { summary: "better".to_owned(), ..notice(hour(0)) }]);
        assert_eq!(again.effect, Effect::Same);
        let detail = detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        assert_eq!((detail.status, detail.summary.as_str()), (Status::Cancelled, "Fibre relocation"));
    }

    #[test]
    fn of_notices_with_one_stamp_the_mail_decides_whichever_comes_first_and_is_read_again() {
        // Mails of different hours, and two of the same one, of which the later comer counts.
        for (first, second, wanted) in [(1, 5, Status::Cancelled), (5, 1, Status::Confirmed), (5, 5, Status::Cancelled)]
        {
            let connection = empty();
            let said = |status| vec![Notice { status, ..notice(hour(0)) }];
            let (planned, cancelled) = (said(Status::Confirmed), said(Status::Cancelled));
            let keys =
                [take(&connection, "1", first, planned.clone()), take(&connection, "2", second, cancelled.clone())];
            acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
            let now = || detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
            let before = (now(), rows(&connection, "event"));
            assert_eq!(before.0.status, wanted, "{first} {second}");
            for (key, made, notices) in [(keys[0], first, planned), (keys[1], second, cancelled)] {
                assert_eq!(again(&connection, key, made, notices).effect, Effect::Same, "{first} {second}");
            }
            assert_eq!((now(), rows(&connection, "event")), before);
        }
    }

    #[test]
    fn a_calendar_that_says_cancelled_asks_once_and_leaves_the_status() {
        let connection = empty();
        take(&connection, "1", 0, vec![notice(hour(0))]);
        acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
        let now = || detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        let told = |made| Notice { status: Status::NoChange, says_cancelled: true, ..notice(hour(made)) };
        let second = take(&connection, "2", 1, vec![told(1)]);
        let after = now();
        assert_eq!((after.status, after.says_cancelled), (Status::Confirmed, true));
        assert_eq!(after.events[0].changes, [Change::CalendarCancelled]);
        assert!(matches!(after.acknowledged, Acknowledged::Before { .. }), "{:?}", after.acknowledged);
        // Neither a second reading nor the same said once more asks again.
        acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
        let acknowledged = now();
        assert_eq!(again(&connection, second, 1, vec![told(1)]).effect, Effect::Same);
        assert_eq!(now(), acknowledged);
        take(&connection, "3", 2, vec![told(2)]);
        assert!(matches!(now().acknowledged, Acknowledged::Yes { .. }));
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now: hour(9) };
        assert!(window(&connection, &query, &Anchor::Top, 0, 9).unwrap().rows[0].says_cancelled);
        // Who says cancelled as the draft has it is believed; who says confirmed takes it back.
        take(&connection, "4", 3, vec![Notice { status: Status::Cancelled, ..notice(hour(3)) }]);
        let cancelled = now();
        assert_eq!((cancelled.status, cancelled.says_cancelled), (Status::Cancelled, false));
        assert_eq!(cancelled.events[0].changes.len(), 1);
        take(&connection, "5", 4, vec![notice(hour(4))]);
        assert!(now().events[0].changes.contains(&Change::CalendarNotCancelled));
        assert!(!window(&connection, &query, &Anchor::Top, 0, 9).unwrap().rows[0].says_cancelled);
    }

    /// Every order of three.
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    #[test]
    fn in_whatever_order_mails_come_the_newest_status_that_was_said_counts_and_reading_again_changes_nothing() {
        let said = [Status::Confirmed, Status::Cancelled, Status::NoChange];
        for order in ORDERS {
            let connection = empty();
            let say = |number: usize| {
                let made = i64::try_from(number).unwrap();
                vec![Notice { status: said[number], ..notice(hour(made)) }]
            };
            let mut keys = Vec::new();
            for (came, number) in order.into_iter().enumerate() {
                let key = take(&connection, &number.to_string(), i64::try_from(4 + came).unwrap(), say(number));
                keys.push((key, number, came));
                if came == 0 {
                    acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
                }
            }
            let now = || detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
            let known = now();
            assert_eq!(known.status, Status::Cancelled, "{order:?}");
            let is_asked = matches!(known.acknowledged, Acknowledged::Before { .. });
            assert_eq!(is_asked, order[0] != 1, "{order:?}: {:?}", known.acknowledged);
            for (key, number, came) in keys {
                let again = again(&connection, key, i64::try_from(4 + came).unwrap(), say(number));
                assert_eq!(again.effect, Effect::Same, "{order:?} {number}");
                assert_eq!(now(), known, "{order:?} {number}");
            }
        }
    }

    #[test]
    fn a_cancellation_that_came_first_gets_circuits_and_summary_of_the_notice_that_has_them() {
        let connection = empty();
        let cancelled =
            Notice { status: Status::Cancelled, circuits: Vec::new(), summary: String::new(), ..notice(hour(1)) };
        take(&connection, "2", 2, vec![cancelled]);
        let first = take(&connection, "1", 3, vec![notice(hour(0))]);
        let known = detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        assert_eq!((known.status, known.circuits.len()), (Status::Cancelled, notice(hour(0)).circuits.len()));
        assert_eq!(
            (known.summary.as_str(), known.events[0].kind),
            (notice(hour(0)).summary.as_str(), EventKind::OutOfSequence)
        );
        assert_eq!(again(&connection, first, 3, vec![notice(hour(0))]).effect, Effect::Same);
    }

    #[test]
    fn an_ignored_mail_of_a_sender_that_is_somebody_elses_now_is_read_again() {
        let connection = empty();
        let (delivery, reading) = mail("1", hour(0), Vec::new());
        let ignored = Verdict::Ignored { provider: "gtt".to_owned(), reason: "no notice".to_owned() };
        let ignored = Reading { verdict: ignored, ..reading };
        let key = record(&connection, &delivery, &ignored, Limits::default()).unwrap().notification;
        assert_eq!(unread_from(&connection, "NOC@carrier.example").unwrap(), [key]);
        let read = |verdict: Verdict| {
            let opened = notification(&connection, key).unwrap().unwrap();
            apply(&connection, &opened, &Reading { verdict, ..ignored.clone() }, &[]).unwrap()
        };
        let unknown = read(Verdict::Unknown { reason: "no rule knows it".to_owned() });
        assert_eq!((unknown.effect, unknown.after), (Effect::Different, Outcome::UnknownProvider));
        let parsed = read(Verdict::Parsed { provider: "zayo".to_owned(), notices: vec![notice(hour(0))] });
        assert_eq!((parsed.effect, parsed.after), (Effect::Different, Outcome::Parsed));
        assert_eq!(unread_from(&connection, "noc@carrier.example").unwrap(), []);
    }

    #[test]
    fn a_first_calendar_that_says_cancelled_shows_it() {
        let connection = empty();
        take(&connection, "1", 0, vec![Notice { status: Status::NoChange, says_cancelled: true, ..notice(hour(0)) }]);
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now: hour(9) };
        assert!(window(&connection, &query, &Anchor::Top, 0, 9).unwrap().rows[0].says_cancelled);
        let now = detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        assert!(now.says_cancelled && now.events[0].changes == [Change::CalendarCancelled]);
    }

    #[test]
    fn a_maintenance_under_a_wrong_id_goes_and_gets_the_right_one_if_somebody_acted_on_it() {
        for acted in [false, true] {
            let connection = empty();
            let wrong = Notice { maintenance_id: "TTN-1 Planned".to_owned(), ..notice(hour(0)) };
            let key = take(&connection, "1", 0, vec![wrong]);
            if acted {
                acknowledge_as_it_is(&connection, &[MaintenanceKey(1)], &anna()).unwrap();
                add_note(&connection, &[MaintenanceKey(1)], "called them", &anna()).unwrap();
            }
            let is = again(&connection, key, 0, vec![notice(hour(0))]);
            let (made, other) = if acted { (&is.changed, &is.created) } else { (&is.created, &is.changed) };
            assert_eq!((made.as_slice(), other.len()), (["zayo/TTN-1".to_owned()].as_slice(), 0));
            assert_eq!((is.removed.len(), is.left.len()), (usize::from(!acted), 0));
            assert_eq!((rows(&connection, "maintenance"), rows(&connection, "note")), (1, i64::from(acted)));
            assert_eq!(again(&connection, key, 0, vec![notice(hour(0))]).effect, Effect::Same);
            if acted {
                let now = detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
                assert!(matches!(now.acknowledged, Acknowledged::Yes { .. }), "of what it says nothing is different");
            }
        }
    }

    #[test]
    fn what_a_mail_alone_told_and_tells_no_more_is_cancelled_where_somebody_acted_on_it_and_its_place_is_unknown() {
        let connection = empty();
        let named = |id: &str| Notice { maintenance_id: id.to_owned(), ..notice(hour(0)) };
        let key = take(&connection, "1", 0, vec![named("half")]);
        add_note(&connection, &[MaintenanceKey(1)], "called them", &anna()).unwrap();
        let is = again(&connection, key, 0, vec![named("one"), named("other")]);
        assert_eq!((is.created.len(), is.left.as_slice()), (2, ["zayo/half".to_owned()].as_slice()));
        let half = || detail(&connection, MaintenanceKey(1), hour(9)).unwrap().unwrap();
        assert_eq!((half().status, half().events[0].kind), (Status::Cancelled, EventKind::Untold));
        assert_eq!(again(&connection, key, 0, vec![named("one"), named("other")]).effect, Effect::Same);
        // Nor is one touched of which another mail speaks.
        let other = take(&connection, "2", 1, vec![named("one")]);
        add_note(&connection, &[MaintenanceKey(2)], "called them", &anna()).unwrap();
        let is = again(&connection, other, 1, vec![named("third")]);
        assert_eq!((is.created.as_slice(), is.left.len()), (["zayo/third".to_owned()].as_slice(), 0));
        let one = detail(&connection, MaintenanceKey(2), hour(9)).unwrap().unwrap();
        assert_eq!((one.maintenance_id.as_str(), one.status), ("one", Status::Confirmed));
    }

    #[test]
    fn rules_that_read_less_take_nothing_away() {
        let connection = empty();
        let key = take(&connection, "1", 0, vec![notice(hour(0))]);
        let opened = notification(&connection, key).unwrap().unwrap();
        let (_, mut reading) = mail("1", hour(0), vec![]);
        reading.verdict = Verdict::Failed { provider: "zayo".to_owned(), reason: "no window".to_owned() };
        assert_eq!(apply(&connection, &opened, &reading, &[]).unwrap().effect, Effect::Worse);
        let after = notification(&connection, key).unwrap().unwrap().notification;
        assert_eq!((after.outcome, after.reason.as_str()), (Outcome::Parsed, ""));
    }

    #[test]
    fn what_the_inventory_lacks_is_noted_and_taken_back_without_an_event() {
        let connection = empty();
        let key = take(&connection, "1", 0, vec![notice(hour(0))]);
        let events = rows(&connection, "event");
        let reading = mail("1", hour(0), vec![notice(hour(0))]).1;
        for (unknown, outcome, reason) in [
            (vec!["IC-1".to_owned()], Outcome::UnknownCids, "not in the inventory of circuits: IC-1"),
            (vec![], Outcome::Parsed, ""),
        ] {
            let opened = notification(&connection, key).unwrap().unwrap();
            assert_eq!(apply(&connection, &opened, &reading, &unknown).unwrap().effect, Effect::Different);
            let after = notification(&connection, key).unwrap().unwrap();
            assert_eq!((after.notification.outcome, after.notification.reason.as_str()), (outcome, reason));
            assert_eq!(apply(&connection, &after, &reading, &unknown).unwrap().effect, Effect::Same);
        }
        assert_eq!(rows(&connection, "event"), events);
    }

    #[test]
    fn candidates_come_in_the_order_in_which_they_were_made() {
        let connection = empty();
        let (late, early) =
            (take(&connection, "1", 5, vec![notice(hour(5))]), take(&connection, "2", 1, vec![notice(hour(1))]));
        assert_eq!(candidates(&connection, &Which::default()).unwrap(), [early, late]);
        let only = Which { keys: vec![late], provider: Some("ZAYO".to_owned()), ..Which::default() };
        assert_eq!(candidates(&connection, &only).unwrap(), [late]);
        let none = Which { outcome: Some(Outcome::Ignored), ..Which::default() };
        assert_eq!(candidates(&connection, &none).unwrap(), []);
    }
}
