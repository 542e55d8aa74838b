//! What people do, and forgetting.

use chrono::TimeDelta;
use rusqlite::Connection;

use super::MaintenanceKey;
use super::action::{
    Actor, Done, Inverse, Refusal, acknowledge, add_note, mark_seen, remove_note, unacknowledge, undo,
};
use super::change::Change;
use super::count::{Count, counts};
use super::detail::{Detail, detail};
use super::event::EventKind;
use super::list::{Acknowledged, Anchor, Filter, ListQuery, Scope, Sort, window};
use super::record::{Delivery, Limits, is_recorded, record};
use super::retention::{Retention, forget};
use super::testing::{empty, hour, mail, notice};
use super::undo::{forget as forget_action, undo_last};
use super::unparsed::{NotificationAnchor, Which, notification, notifications};
use crate::features::maintenance::model::{Notice, Status, Verdict};

/// A maintenance of its own for each `item`, with this window.
fn maintenance(connection: &Connection, item: &str, start: i64, end: i64) -> MaintenanceKey {
    let mut said = Notice { maintenance_id: item.to_owned(), ..notice(hour(start - 10)) };
    (said.start, said.end) = (hour(start), hour(end));
    let (delivery, reading) = mail(item, hour(start - 10), vec![said]);
    record(connection, &delivery, &reading, Limits::default()).unwrap().merged[0].0
}

fn look(connection: &Connection, key: MaintenanceKey) -> Detail {
    detail(connection, key, hour(0)).unwrap().unwrap()
}

fn actor(who: &str, at: i64) -> Actor {
    Actor { who: who.to_owned(), at: hour(at) }
}

fn yes(by: &str, at: i64) -> Acknowledged {
    Acknowledged::Yes { by: by.to_owned(), at: hour(at) }
}

/// Everything about a maintenance but its history, which only grows.
fn lasting(detail: Detail) -> Detail {
    Detail { events: Vec::new(), acknowledgements: Vec::new(), ..detail }
}

#[test]
fn acknowledging_says_who_and_when_and_can_be_taken_back() {
    let connection = empty();
    let key = maintenance(&connection, "1", 100, 104);
    let done = acknowledge(&connection, &[(key, 1)], &actor("anna\u{1b}", 1)).unwrap();
    assert_eq!((&done.done[..], &done.refused[..]), (&[key][..], &[][..]));
    let detail = look(&connection, key);
    assert_eq!((detail.acknowledged, detail.seen_revision), (yes("anna␛", 1), 1));
    assert_eq!((detail.events[0].kind, detail.events[0].who.as_deref()), (EventKind::Acknowledged, Some("anna␛")));
    let done = unacknowledge(&connection, &[key], &actor("bert", 2)).unwrap();
    assert_eq!(done.done, [key]);
    let detail = look(&connection, key);
    assert_eq!(detail.acknowledged, Acknowledged::No);
    assert_eq!(detail.acknowledgements[0].withdrawn, Some(("bert".to_owned(), hour(2))));
    assert_eq!(detail.events[0].kind, EventKind::Unacknowledged);
}

#[test]
fn nobody_acknowledges_what_they_have_not_seen() {
    let connection = empty();
    let key = maintenance(&connection, "1", 100, 104);
    let (delivery, reading) = {
        let mut said = Notice { maintenance_id: "1".to_owned(), ..notice(hour(95)) };
        said.status = Status::Cancelled;
        mail("2", hour(95), vec![said])
    };
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    let done = acknowledge(&connection, &[(key, 1)], &actor("anna", 96)).unwrap();
    assert_eq!(done, Done { refused: vec![(key, Refusal::Changed { revision: 2 })], ..Done::default() });
    assert_eq!(look(&connection, key).acknowledged, Acknowledged::No);
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason_and_the_rest_is_done() {
    let connection = empty();
    let keys: Vec<_> = (1..=3).map(|n| maintenance(&connection, &n.to_string(), 100, 104)).collect();
    let gone = MaintenanceKey(99);
    acknowledge(&connection, &[(keys[0], 1)], &actor("anna", 1)).unwrap();
    let all = [(keys[0], 1), (keys[1], 1), (gone, 1), (keys[2], 1)];
    let done = acknowledge(&connection, &all, &actor("bert", 2)).unwrap();
    assert_eq!(done.done, keys[1..]);
    assert_eq!(done.refused, [(keys[0], Refusal::Already), (gone, Refusal::Gone)]);
    assert_eq!(look(&connection, keys[0]).acknowledged, yes("anna", 1));
    let done = unacknowledge(&connection, &[gone, keys[2], keys[2]], &actor("bert", 3)).unwrap();
    assert_eq!(done.refused, [(gone, Refusal::Gone), (keys[2], Refusal::NotAcknowledged)]);
    assert_eq!(add_note(&connection, &[gone], "text", &actor("bert", 3)).unwrap().refused, [(gone, Refusal::Gone)]);
    assert_eq!(add_note(&connection, &[keys[0]], " \n ", &actor("bert", 3)).unwrap(), Done::default());
}

#[test]
fn taking_back_shows_the_acknowledgement_before() {
    let connection = empty();
    let key = maintenance(&connection, "1", 100, 104);
    acknowledge(&connection, &[(key, 1)], &actor("anna", 91)).unwrap();
    let mut moved = Notice { maintenance_id: "1".to_owned(), ..notice(hour(92)) };
    moved.end = hour(105);
    let (delivery, reading) = mail("2", hour(92), vec![moved]);
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    acknowledge(&connection, &[(key, 2)], &actor("bert", 93)).unwrap();
    assert_eq!(look(&connection, key).acknowledged, yes("bert", 93));
    unacknowledge(&connection, &[key], &actor("bert", 94)).unwrap();
    assert_eq!(look(&connection, key).acknowledged, Acknowledged::Before { by: "anna".to_owned(), at: hour(91) });
    assert_eq!(unacknowledge(&connection, &[key], &actor("bert", 94)).unwrap().refused[0].1, Refusal::NotAcknowledged);
}

/// Something that a person does.
type Act<'a> = dyn Fn() -> Done + 'a;

#[test]
fn every_action_is_undone_and_done_again_by_its_inverse() {
    let connection = empty();
    let key = maintenance(&connection, "1", 100, 104);
    let anna = actor("anna", 1);
    let added = add_note(&connection, &[key], "drained, see T-1", &anna).unwrap();
    let Some(Inverse::RemoveNotes(notes)) = &added.inverse else { panic!("{added:?}") };
    let note = notes[0];
    let actions: [(&str, Box<Act<'_>>); 5] = [
        ("mark seen", Box::new(|| mark_seen(&connection, &[(key, 1)]).unwrap())),
        ("acknowledge", Box::new(|| acknowledge(&connection, &[(key, 1)], &anna).unwrap())),
        ("unacknowledge", Box::new(|| unacknowledge(&connection, &[key], &anna).unwrap())),
        ("add a note", Box::new(|| add_note(&connection, &[key], "a\tsecond\nline", &anna).unwrap())),
        ("remove a note", Box::new(|| remove_note(&connection, note, &anna).unwrap())),
    ];
    for (what, act) in actions {
        let before = lasting(look(&connection, key));
        let inverse = act().inverse.unwrap();
        let after = lasting(look(&connection, key));
        assert_ne!(after, before, "{what}");
        let redo = undo(&connection, &inverse, &anna).unwrap().inverse.unwrap();
        assert_eq!(lasting(look(&connection, key)), before, "{what} undone");
        undo(&connection, &redo, &anna).unwrap();
        assert_eq!(lasting(look(&connection, key)), after, "{what} done again");
        // A second time finds nothing to do, except for looking, which has no doer.
        let twice = undo(&connection, &redo, &anna).unwrap();
        assert!(what == "mark seen" || twice.inverse.is_none(), "{what}");
    }
    let detail = look(&connection, key);
    assert_eq!(detail.notes.len(), 1);
    assert_eq!(detail.notes[0].text, "a    second\nline");
    let removed = detail.events.iter().find(|event| event.kind == EventKind::NoteRemoved).unwrap();
    assert_eq!(removed.changes, [Change::Note { text: "drained, see T-1".to_owned() }]);
}

#[test]
fn counts_follow_now_and_what_was_done() {
    let connection = empty();
    let keys: Vec<_> = [(0, 10), (5, 9), (12, 14), (40, 44)]
        .iter()
        .enumerate()
        .map(|(n, (start, end))| maintenance(&connection, &n.to_string(), *start, *end))
        .collect();
    let at = |now| {
        let counted = counts(&connection, hour(now)).unwrap();
        let exact = |count: Count| {
            assert!(!count.and_more);
            count.n
        };
        (exact(counted.active), exact(counted.next_24h), exact(counted.unacknowledged), exact(counted.unseen))
    };
    assert_eq!(at(6), (2, 1, 4, 4));
    assert_eq!(at(9), (1, 1, 3, 4));
    assert_eq!(at(16), (0, 1, 1, 4));
    acknowledge(&connection, &[(keys[3], 1), (keys[0], 1)], &actor("anna", 6)).unwrap();
    assert_eq!(at(6), (2, 1, 2, 2));
    assert_eq!(counts(&connection, hour(6)).unwrap().total, 4);
    connection.execute("DELETE FROM maintenance WHERE id = ?1", [keys[3]]).unwrap();
    assert_eq!(counts(&connection, hour(6)).unwrap().total, 3);
}

#[test]
fn counting_stops_at_a_thousand() {
    let connection = empty();
    for n in 0..1001 {
        maintenance(&connection, &n.to_string(), 100, 104);
    }
    let counted = counts(&connection, hour(0)).unwrap();
    assert_eq!((counted.unseen, counted.total), (Count { n: 1000, and_more: true }, 1001));
}

/// Everything goes after 30 days.
const MONTH: Retention = Retention { past_days: Some(30), notification_days: Some(30), raw_days: Some(30) };

#[test]
fn old_maintenances_go_with_what_belongs_to_them_and_stay_known_to_the_source() {
    let connection = empty();
    let old = maintenance(&connection, "old", 0, 4);
    let recent = maintenance(&connection, "recent", 24 * 5, 24 * 5 + 4);
    acknowledge(&connection, &[(old, 1)], &actor("anna", 1)).unwrap();
    let forgotten = forget(&connection, &MONTH, hour(24 * 31), 500).unwrap();
    assert_eq!((forgotten.maintenances, forgotten.notifications, forgotten.and_more), (1, 1, false));
    assert!(detail(&connection, old, hour(0)).unwrap().is_none());
    assert!(detail(&connection, recent, hour(0)).unwrap().is_some());
    assert!(is_recorded(&connection, "test", "old", None).unwrap());
    for table in ["circuit", "event", "maintenance_text", "notification", "notification_raw"] {
        let left: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "{table}");
    }
    assert_eq!(forget(&connection, &MONTH, hour(24 * 31), 500).unwrap().maintenances, 0);
}

#[test]
fn what_is_noted_or_has_a_window_to_come_is_never_forgotten() {
    let connection = empty();
    let noted = maintenance(&connection, "noted", 0, 4);
    let note = add_note(&connection, &[noted], "see T-1", &actor("anna", 1)).unwrap().inverse.unwrap();
    let mut second = notice(hour(-10));
    (second.start, second.end) = (hour(24 * 90), hour(24 * 91));
    let mut first = notice(hour(-10));
    (first.start, first.end) = (hour(0), hour(4));
    let (delivery, reading) = mail("two windows", hour(-10), vec![first, second]);
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    let forgotten = forget(&connection, &MONTH, hour(24 * 60), 500).unwrap();
    assert_eq!(forgotten.maintenances, 0);
    undo(&connection, &note, &actor("anna", 2)).unwrap();
    assert_eq!(forget(&connection, &MONTH, hour(24 * 60), 500).unwrap().maintenances, 1);
}

#[test]
fn what_was_just_imported_or_acknowledged_is_kept_for_a_day_however_old_it_is() {
    let connection = empty();
    let import = |item: &str, recorded_at| {
        let (delivery, reading) =
            mail(item, hour(-10), vec![Notice { maintenance_id: item.to_owned(), ..notice(hour(-10)) }]);
        let delivery = Delivery { recorded_at, ..delivery };
        record(&connection, &delivery, &reading, Limits::default()).unwrap().merged[0].0
    };
    let now = hour(24 * 60);
    let (imported, acknowledged, neither) = (
        import("imported", now - TimeDelta::hours(1)),
        import("acknowledged", hour(-10)),
        import("neither", hour(-10)),
    );
    acknowledge(&connection, &[(acknowledged, 1)], &actor("anna", 24 * 60 - 1)).unwrap();
    let (delivery, mut reading) = mail("unread", hour(-10), Vec::new());
    reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
    record(&connection, &Delivery { recorded_at: now, ..delivery }, &reading, Limits::default()).unwrap();
    let forgotten = forget(&connection, &MONTH, now, 500).unwrap();
    assert_eq!((forgotten.maintenances, forgotten.notifications), (1, 1));
    let is_there = |key| detail(&connection, key, now).unwrap().is_some();
    assert_eq!([imported, acknowledged, neither].map(is_there), [true, true, false]);
    let forgotten = forget(&connection, &MONTH, now + TimeDelta::hours(25), 500).unwrap();
    assert_eq!((forgotten.maintenances, forgotten.notifications), (2, 3), "a day later they go");
}

#[test]
fn undoing_an_acknowledgement_brings_back_the_sign_of_news_that_it_took() {
    let connection = empty();
    let anna = actor("anna", 1);
    let (fresh, read) = (maintenance(&connection, "fresh", 100, 104), maintenance(&connection, "read", 100, 104));
    mark_seen(&connection, &[(read, 1)]).unwrap();
    let inverse = acknowledge(&connection, &[(fresh, 1), (read, 1)], &anna).unwrap().inverse.unwrap();
    let seen = |key| look(&connection, key).seen_revision;
    assert_eq!((seen(fresh), seen(read)), (1, 1));
    undo(&connection, &inverse, &anna).unwrap();
    assert_eq!((seen(fresh), seen(read)), (0, 1), "one was looked at before");
}

#[test]
fn what_was_acknowledged_and_is_cancelled_then_is_to_be_acknowledged_until_its_time_is_over() {
    let connection = empty();
    let cancel = |item: &str, made| {
        let said = Notice { maintenance_id: item.to_owned(), status: Status::Cancelled, ..notice(hour(made)) };
        let (delivery, reading) = mail(&format!("{item} {made}"), hour(made), vec![said]);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
    };
    let prepared = maintenance(&connection, "prepared", 100, 104);
    maintenance(&connection, "nobody's", 100, 104);
    acknowledge(&connection, &[(prepared, 1)], &actor("anna", 91)).unwrap();
    cancel("prepared", 95);
    cancel("nobody's", 95);
    let asking = |now: i64| {
        let filter = Filter { scope: Scope::Unacknowledged, ..Filter::default() };
        let all = Sort::ALL.map(|sort| {
            let query = ListQuery { sort, filter: filter.clone(), now: hour(now) };
            let window = window(&connection, &query, &Anchor::Top, 0, 9).unwrap();
            window.rows.iter().map(|row| row.key.maintenance).collect::<Vec<_>>()
        });
        assert!(all.iter().all(|rows| *rows == all[0]), "{all:?}");
        assert_eq!(counts(&connection, hour(now)).unwrap().unacknowledged.n as usize, all[0].len());
        all[0].clone()
    };
    assert_eq!(asking(96), [prepared]);
    assert_eq!(asking(105), []);
    acknowledge(&connection, &[(prepared, 2)], &actor("anna", 97)).unwrap();
    assert_eq!(asking(98), []);
}

#[test]
fn bytes_go_before_the_rest_but_not_of_what_could_not_be_read() {
    let connection = empty();
    maintenance(&connection, "read", 0, 4);
    let (delivery, mut reading) = mail("unread", hour(0), Vec::new());
    reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    let retention = Retention { past_days: None, notification_days: None, ..MONTH };
    assert_eq!(forget(&connection, &retention, hour(24 * 40), 500).unwrap().raws, 1);
    let all = notifications(&connection, Which::All, "", NotificationAnchor::Top, 9).unwrap().rows;
    let kept: Vec<_> = all
        .iter()
        .map(|row| (row.item.as_str(), notification(&connection, row.key).unwrap().unwrap().raw.is_some()))
        .collect();
    assert_eq!(kept, [("unread", true), ("read", false)]);
    let retention = Retention { notification_days: Some(30), ..retention };
    assert_eq!(forget(&connection, &retention, hour(24 * 40), 500).unwrap().notifications, 1);
    assert_eq!(counts(&connection, hour(0)).unwrap().need_a_look, 0);
}

#[test]
fn forgetting_goes_in_batches() {
    let connection = empty();
    for n in 0..7 {
        maintenance(&connection, &n.to_string(), 0, 4);
    }
    let batches: Vec<_> = std::iter::repeat_with(|| forget(&connection, &MONTH, hour(24 * 40), 3).unwrap())
        .map(|forgotten| (forgotten.maintenances, forgotten.and_more))
        .take(3)
        .collect();
    assert_eq!(batches, [(3, true), (3, true), (1, false)]);
}

#[test]
fn the_last_of_somebody_is_undone_wherever_it_was_done() {
    let connection = empty();
    let key = maintenance(&connection, "TTN-1", 100, 104);
    let (anna, bert) = (actor("anna", 1), actor("bert", 1));
    acknowledge(&connection, &[(key, 1)], &anna).unwrap();
    add_note(&connection, &[key], "drained", &bert).unwrap();
    let last = undo_last(&connection, &anna).unwrap().unwrap();
    assert!(matches!(last.inverse, Inverse::Withdraw(_)) && last.done.done == [key] && last.at == hour(1));
    assert_eq!(undo_last(&connection, &anna).unwrap(), None);
    assert_eq!(look(&connection, key).notes.len(), 1);
    assert_eq!(undo_last(&connection, &actor("bert", 24 * 8)).unwrap(), None, "days later nobody means that");
}

#[test]
fn what_was_done_last_is_not_passed_over_for_something_older() {
    let connection = empty();
    let keys: Vec<_> = (1..=2).map(|n| maintenance(&connection, &n.to_string(), 100, 104)).collect();
    let (anna, bert) = (actor("anna", 1), actor("bert", 2));
    add_note(&connection, &keys[..1], "drained", &anna).unwrap();
    acknowledge(&connection, &[(keys[0], 1), (keys[1], 1)], &anna).unwrap();
    unacknowledge(&connection, &keys, &bert).unwrap();
    for _ in 0..2 {
        let last = undo_last(&connection, &anna).unwrap().unwrap();
        assert!(last.done.is_nothing(), "{last:?}");
        assert_eq!(last.done.refused, [(keys[0], Refusal::Already), (keys[1], Refusal::Already)]);
    }
    assert_eq!(look(&connection, keys[0]).notes.len(), 1);
    forget_action(&connection, &undo_last(&connection, &anna).unwrap().unwrap().inverse).unwrap();
    assert_eq!(undo_last(&connection, &anna).unwrap().unwrap().done.done, keys[..1]);
    assert_eq!(look(&connection, keys[0]).notes.len(), 0);
}

#[test]
fn what_the_screen_has_undone_is_not_undone_again() {
    let connection = empty();
    let key = maintenance(&connection, "TTN-1", 100, 104);
    let anna = actor("anna", 1);
    let inverse = acknowledge(&connection, &[(key, 1)], &anna).unwrap().inverse.unwrap();
    undo(&connection, &inverse, &anna).unwrap();
    assert_eq!(undo_last(&connection, &anna).unwrap(), None);
    let remembered: i64 = connection.query_row("SELECT count(*) FROM action", [], |row| row.get(0)).unwrap();
    assert_eq!(remembered, 0);
}

#[test]
fn only_so_many_actions_are_remembered() {
    let connection = empty();
    let key = maintenance(&connection, "TTN-1", 100, 104);
    for number in 0..1100 {
        add_note(&connection, &[key], &number.to_string(), &actor("anna", 1)).unwrap();
    }
    let remembered: i64 = connection.query_row("SELECT count(*) FROM action", [], |row| row.get(0)).unwrap();
    assert_eq!(remembered, 1000);
}
