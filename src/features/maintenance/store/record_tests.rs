//! Notifications into the tables.

use rusqlite::Connection;

use super::action::Actor;
use super::change::Change;
use super::detail::{Detail, detail};
use super::event::EventKind;
use super::list::{self, Acknowledged, Anchor, Filter, ListQuery, Sort};
use super::look_up::{Lookup, look_up};
use super::record::{Delivery, Limits, Merged, Novelty, Recorded, is_recorded, record, record_again};
use super::testing::{circuit, empty, hour, mail, notice};
use super::unparsed::{NotificationAnchor, Which, notification, notifications};
use super::{MaintenanceKey, action, count};
use crate::features::maintenance::model::{Envelope, Impact, Notice, Outcome, Reading, Status, Verdict};

fn take(connection: &Connection, mail: &(Delivery, Reading)) -> Recorded {
    record(connection, &mail.0, &mail.1, Limits::default()).unwrap()
}

/// Records a mail with one notice; the window it speaks of and what it did to it.
fn say(connection: &Connection, item: &str, notice: Notice) -> (MaintenanceKey, Merged) {
    let recorded = take(connection, &mail(item, notice.stamp, vec![notice]));
    assert_eq!(recorded.merged.len(), 1);
    recorded.merged[0]
}

fn look(connection: &Connection, key: MaintenanceKey) -> Detail {
    detail(connection, key, hour(0)).unwrap().unwrap()
}

fn anna() -> Actor {
    Actor { who: "anna".to_owned(), at: hour(3) }
}

/// A mail that was not read.
fn unread(item: &str, verdict: Verdict) -> (Delivery, Reading) {
    let (delivery, reading) = mail(item, hour(1), Vec::new());
    (delivery, Reading { verdict, ..reading })
}

#[test]
fn a_first_notice_makes_a_maintenance_and_the_same_mail_again_changes_nothing() {
    let connection = empty();
    let mail = mail("1", hour(1), vec![notice(hour(0))]);
    let first = take(&connection, &mail);
    assert_eq!((first.outcome, first.novelty), (Outcome::Parsed, Novelty::New));
    let [(key, Merged::Created)] = first.merged[..] else { panic!("{first:?}") };
    let again = take(&connection, &mail);
    assert_eq!((again.notification, again.novelty, again.merged.len()), (first.notification, Novelty::Duplicate, 0));
    let detail = look(&connection, key);
    assert_eq!((detail.status, detail.revision, detail.events.len()), (Status::Confirmed, 1, 1));
    assert_eq!(detail.circuits, [circuit("IC-1", Impact::Outage)]);
    assert_eq!(
        (detail.events[0].kind, detail.events[0].notification),
        (EventKind::FirstNotice, Some(first.notification))
    );
}

#[test]
fn the_same_mail_by_another_way_is_the_same() {
    let connection = empty();
    let (delivery, reading) = mail("1", hour(1), vec![notice(hour(0))]);
    let first = record(&connection, &delivery, &reading, Limits::default()).unwrap();
    let mut forwarded = delivery.clone();
    forwarded.raw = [b"Received: from a list by a server\nX-List: noc\n", &delivery.raw[..]].concat();
    forwarded.raw.retain(|byte| *byte != b'\r');
    forwarded.item = "by the list".to_owned();
    let again = record(&connection, &forwarded, &reading, Limits::default()).unwrap();
    assert_eq!((again.notification, again.novelty), (first.notification, Novelty::Duplicate));
    assert!(is_recorded(&connection, "test", "1", None).unwrap());
    assert!(is_recorded(&connection, "test", "by the list", None).unwrap());
    assert!(!is_recorded(&connection, "test", "2", None).unwrap());
}

#[test]
fn mails_that_differ_in_body_or_in_id_are_two() {
    let connection = empty();
    let (delivery, mut reading) = mail("1", hour(1), vec![notice(hour(0))]);
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    let other_body = Delivery { raw: [&delivery.raw[..], b"more"].concat(), ..delivery.clone() };
    let recorded = record(&connection, &other_body, &reading, Limits::default()).unwrap();
    assert_eq!(recorded.novelty, Novelty::New);
    reading.envelope.message_id = Some("another".to_owned());
    let recorded = record(&connection, &delivery, &reading, Limits::default()).unwrap();
    assert_eq!((recorded.novelty, recorded.merged[0].1), (Novelty::New, Merged::Unchanged));
}

/// A mail and another with its Message-ID and its body, and what becomes of both.
fn both(connection: &Connection, other: impl FnOnce(&mut Reading)) -> (Recorded, Recorded) {
    let (delivery, mut reading) = mail("1", hour(1), vec![notice(hour(1))]);
    let first = record(connection, &delivery, &reading, Limits::default()).unwrap();
    other(&mut reading);
    let raw = [b"X-Way: another\r\n", &delivery.raw[..]].concat();
    let delivery = Delivery { raw, item: "2".to_owned(), ..delivery };
    (first, record(connection, &delivery, &reading, Limits::default()).unwrap())
}

#[test]
fn a_mail_with_another_subject_or_date_is_another_one() {
    for other in [
        |reading: &mut Reading| reading.envelope.subject = "Maintenance cancelled".to_owned(),
        |reading: &mut Reading| reading.envelope.date = Some(hour(2)),
    ] {
        let connection = empty();
        let (first, second) = both(&connection, other);
        assert_ne!(first.notification, second.notification);
        assert_eq!(second.novelty, Novelty::New);
        // Each of them is known when it comes again.
        assert_eq!(both(&connection, other).1.notification, second.notification);
        assert_eq!(count_notifications(&connection), 2);
    }
}

fn count_notifications(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM notification", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_lists_and_programs_set_before_a_subject_makes_no_other_mail_of_it() {
    for subject in ["[noc] Maintenance", "Fwd: Maintenance", "RE: [noc] Maintenance"] {
        let connection = empty();
        let (first, second) = both(&connection, |reading| reading.envelope.subject = subject.to_owned());
        assert_eq!((second.notification, second.novelty), (first.notification, Novelty::Duplicate), "{subject}");
        let with_summary = |reading: &mut Reading| {
            reading.envelope.subject = subject.to_owned();
            let Verdict::Parsed { notices, .. } = &mut reading.verdict else { unreachable!() };
            notices[0].summary = subject.to_owned();
        };
        assert_eq!(both(&connection, with_summary).1.novelty, Novelty::Duplicate, "{subject}");
        let unreadable = |reading: &mut Reading| reading.envelope.date = None;
        assert_eq!(both(&connection, unreadable).1.novelty, Novelty::Duplicate);
    }
}

#[test]
fn what_stands_in_brackets_before_a_subject_makes_another_mail_of_it_where_rules_read_it() {
    let connection = empty();
    let cancelled = |reading: &mut Reading| {
        reading.envelope.subject = "[CANCELLED] Maintenance".to_owned();
        let Verdict::Parsed { notices, .. } = &mut reading.verdict else { unreachable!() };
        notices[0].status = Status::Cancelled;
    };
    let (first, second) = both(&connection, cancelled);
    assert_eq!((second.novelty, second.merged[0].1), (Novelty::New, Merged::Changed));
    let (first_again, second_again) = both(&connection, cancelled);
    assert_eq!(first_again.novelty, Novelty::Duplicate);
    assert_eq!((first_again.notification, second_again.notification), (first.notification, second.notification));
    assert_eq!(count_notifications(&connection), 2);
}

#[test]
fn the_very_same_mail_is_the_same_whatever_an_older_version_made_of_its_headers() {
    let connection = empty();
    let mail = mail("1", hour(1), vec![notice(hour(1))]);
    let first = take(&connection, &mail);
    connection.execute("UPDATE notification SET subject = '=?utf-8?', dated = 5", []).unwrap();
    let again = take(&connection, &mail);
    assert_eq!((again.notification, again.novelty), (first.notification, Novelty::Duplicate));
}

#[test]
fn without_a_message_id_the_whole_mail_decides() {
    let connection = empty();
    let (mut delivery, mut reading) = mail("1", hour(1), vec![notice(hour(0))]);
    reading.envelope = Envelope::default();
    assert_eq!(record(&connection, &delivery, &reading, Limits::default()).unwrap().novelty, Novelty::New);
    assert_eq!(record(&connection, &delivery, &reading, Limits::default()).unwrap().novelty, Novelty::Duplicate);
    delivery.raw.splice(0..0, *b"X-Other: header\r\n");
    assert_eq!(record(&connection, &delivery, &reading, Limits::default()).unwrap().novelty, Novelty::New);
}

#[test]
fn mails_that_could_not_be_fetched_are_told_apart_by_their_items() {
    let connection = empty();
    let too_large = |item: &str| {
        let (delivery, mut reading) = unread(item, Verdict::Unknown { reason: "too large".to_owned() });
        reading.envelope = Envelope::default();
        (Delivery { raw: Vec::new(), size: 99 << 20, ..delivery }, reading)
    };
    assert_eq!(take(&connection, &too_large("1")).novelty, Novelty::New);
    assert_eq!(take(&connection, &too_large("2")).novelty, Novelty::New);
    assert_eq!(take(&connection, &too_large("1")).novelty, Novelty::Duplicate);
}

#[test]
fn a_mail_that_could_not_be_read_is_kept_and_merged_once_it_can() {
    let connection = empty();
    let failed = unread("1", Verdict::Failed { provider: "zayo".to_owned(), reason: "no window".to_owned() });
    let first = take(&connection, &failed);
    assert_eq!((first.outcome, first.merged.len()), (Outcome::ParsingFailed, 0));
    let readable = mail("1", hour(1), vec![notice(hour(0))]);
    let again = take(&connection, &readable);
    assert_eq!((again.notification, again.novelty), (first.notification, Novelty::ReadAgain));
    assert_eq!((again.outcome, again.merged[0].1), (Outcome::Parsed, Merged::Created));
    assert_eq!(count::counts(&connection, hour(0)).unwrap().need_a_look, 0);
    let third = record_again(&connection, first.notification, hour(1), &readable.1).unwrap();
    assert_eq!(third.merged[0].1, Merged::Unchanged);
}

#[test]
fn a_mail_that_still_cannot_be_read_is_no_news_but_its_reason_is() {
    let connection = empty();
    let failed = |reason: &str| Verdict::Failed { provider: "zayo".to_owned(), reason: reason.to_owned() };
    assert_eq!(take(&connection, &unread("1", Verdict::Unknown { reason: String::new() })).novelty, Novelty::New);
    assert_eq!(take(&connection, &unread("1", failed("no window"))).novelty, Novelty::ReadAgain);
    let again = take(&connection, &unread("1", failed("no account")));
    assert_eq!((again.novelty, again.outcome), (Novelty::Duplicate, Outcome::ParsingFailed));
    let reason: String = connection.query_row("SELECT reason FROM notification", [], |row| row.get(0)).unwrap();
    assert_eq!(reason, "no account");
}

#[test]
fn every_outcome_is_kept_with_its_reason_and_listed() {
    let connection = empty();
    let reason = |reason: &str| reason.to_owned();
    let verdicts = [
        Verdict::Ignored { provider: reason("zayo"), reason: reason("an invoice") },
        Verdict::Failed { provider: reason("zayo"), reason: reason("no window") },
        Verdict::Unknown { reason: reason("no rule for x@y.example") },
        Verdict::Parsed { provider: reason("zayo"), notices: vec![notice(hour(0))] },
    ];
    for (item, verdict) in verdicts.into_iter().enumerate() {
        take(&connection, &unread(&item.to_string(), verdict));
    }
    let list = |which| {
        let found = notifications(&connection, which, "", NotificationAnchor::Top, 9).unwrap();
        found.rows.into_iter().map(|row| (row.outcome, row.reason)).collect::<Vec<_>>()
    };
    let look =
        [(Outcome::UnknownProvider, reason("no rule for x@y.example")), (Outcome::ParsingFailed, reason("no window"))];
    assert_eq!(list(Which::NeedALook), look);
    assert_eq!(list(Which::Outcome(Outcome::Ignored)), [(Outcome::Ignored, reason("an invoice"))]);
    assert_eq!(list(Which::All).len(), 4);
    let counted = count::outcomes(&connection).unwrap();
    assert!(counted.iter().all(|(outcome, n)| *n == u64::try_from(list(Which::Outcome(*outcome)).len()).unwrap()));
    assert_eq!(count::counts(&connection, hour(0)).unwrap().need_a_look, 2);
}

#[test]
fn notifications_are_walked_in_both_directions() {
    let connection = empty();
    for item in 0..10 {
        let (mut delivery, reading) = unread(&item.to_string(), Verdict::Unknown { reason: String::new() });
        // Pairs of equal times.
        delivery.received_at = hour(item / 2);
        record(&connection, &delivery, &reading, Limits::default()).unwrap();
    }
    let mut items = Vec::new();
    let mut page = notifications(&connection, Which::NeedALook, "", NotificationAnchor::Top, 3).unwrap();
    loop {
        items.extend(page.rows.iter().map(|row| row.item.clone()));
        if !page.more {
            break;
        }
        let last = NotificationAnchor::After(page.rows.last().unwrap().key);
        page = notifications(&connection, Which::NeedALook, "", last, 3).unwrap();
    }
    assert_eq!(items.join(""), "9876543210");
    let bottom = notifications(&connection, Which::NeedALook, "", NotificationAnchor::Bottom, 3).unwrap();
    assert_eq!(
        (bottom.rows.iter().map(|row| row.item.as_str()).collect::<String>(), bottom.more),
        ("210".into(), true)
    );
    let before = NotificationAnchor::Before(bottom.rows[0].key);
    let before = notifications(&connection, Which::NeedALook, "", before, 9).unwrap();
    assert_eq!(before.rows.iter().map(|row| row.item.as_str()).collect::<String>(), "9876543");
    assert!(!before.more);
}

#[test]
fn a_large_mail_is_cut_and_says_how_large_it_was() {
    let connection = empty();
    let (delivery, reading) = mail("1", hour(1), vec![notice(hour(0))]);
    let recorded = record(&connection, &delivery, &reading, Limits { raw_bytes: 10 }).unwrap();
    let opened = notification(&connection, recorded.notification).unwrap().unwrap();
    assert_eq!(opened.raw.as_deref(), delivery.raw.get(..10));
    assert_eq!(opened.notification.size, delivery.size);
    assert_eq!(opened.maintenances, [recorded.merged[0].0]);
}

#[test]
fn one_mail_may_speak_of_several_maintenances() {
    let connection = empty();
    let other = Notice { maintenance_id: "TTN-2".to_owned(), ..notice(hour(1)) };
    let second_window = Notice { start: hour(124), end: hour(128), ..notice(hour(1)) };
    let recorded = take(&connection, &mail("1", hour(1), vec![notice(hour(1)), other, second_window]));
    let found: Vec<_> = recorded
        .merged
        .iter()
        .map(|(key, _)| look(&connection, *key))
        .map(|detail| (detail.maintenance_id, detail.start, detail.windows.len()))
        .collect();
    let expected = [("TTN-1", hour(100), 2), ("TTN-1", hour(124), 2), ("TTN-2", hour(100), 1)];
    assert_eq!(found, expected.map(|(id, start, windows)| (id.to_owned(), start, windows)));
}

#[test]
fn the_provider_of_the_rule_decides_not_what_the_notice_calls_itself() {
    let connection = empty();
    let (key, _) = say(&connection, "1", notice(hour(1)));
    let renamed = Notice { provider: "Zayo Group".to_owned(), ..notice(hour(2)) };
    assert_eq!(say(&connection, "2", renamed), (key, Merged::Unchanged));
    let (delivery, reading) = mail("3", hour(3), vec![notice(hour(3))]);
    let Verdict::Parsed { notices, .. } = reading.verdict else { unreachable!() };
    let verdict = Verdict::Parsed { provider: "ZAYO".to_owned(), notices };
    let recorded = take(&connection, &(delivery, Reading { envelope: reading.envelope, verdict }));
    assert_eq!(recorded.merged, [(key, Merged::Unchanged)]);
}

#[test]
fn an_out_of_sequence_notice_is_linked_and_changes_nothing() {
    let connection = empty();
    let (key, _) = say(&connection, "1", notice(hour(5)));
    let before = look(&connection, key);
    let late = Notice { start: hour(50), end: hour(51), status: Status::Cancelled, ..notice(hour(4)) };
    let recorded = take(&connection, &mail("2", hour(6), vec![late]));
    assert_eq!((recorded.outcome, &recorded.merged[..]), (Outcome::OutOfSequence, &[(key, Merged::OutOfSequence)][..]));
    let after = look(&connection, key);
    assert_eq!((after.start, after.status, after.revision), (before.start, before.status, before.revision));
    assert_eq!((after.events.len(), after.notifications.len()), (2, 2));
    assert_eq!((after.events[0].kind, after.events[0].stamp), (EventKind::OutOfSequence, Some(hour(4))));
}

/// A change to a notice.
type Edit = fn(&mut Notice);

#[test]
fn what_matters_asks_for_a_new_acknowledgement_and_shows_the_earlier_one() {
    let connection = empty();
    let changes: [(&str, Edit); 5] = [
        ("window", |notice| notice.end = hour(105)),
        ("status", |notice| notice.status = Status::InProcess),
        ("circuits", |notice| notice.circuits.push(circuit("IC-2", Impact::Degraded))),
        ("impact", |notice| notice.circuits[0].impact = Impact::NoImpact),
        ("summary", |notice| notice.summary = "Another".to_owned()),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        let id = format!("ID {number}");
        let first = Notice { maintenance_id: id.clone(), ..notice(hour(1)) };
        let (key, _) = say(&connection, &format!("first {number}"), first.clone());
        action::acknowledge(&connection, &[(key, 1)], &anna()).unwrap();
        let mut then = Notice { stamp: hour(4), ..first };
        change(&mut then);
        assert_eq!(say(&connection, &format!("then {number}"), then), (key, Merged::Changed));
        let detail = look(&connection, key);
        let (by, at) = ("anna".to_owned(), hour(3));
        if what == "summary" {
            assert_eq!((detail.revision, detail.acknowledged), (1, Acknowledged::Yes { by, at }));
        } else {
            assert_eq!((detail.revision, detail.acknowledged), (2, Acknowledged::Before { by, at }), "{what}");
        }
    }
}

#[test]
fn the_history_says_what_changed_from_what_to_what() {
    let connection = empty();
    let (key, _) = say(&connection, "1", notice(hour(1)));
    let moved = Notice { start: hour(99), status: Status::ReScheduled, ..notice(hour(2)) };
    say(&connection, "2", moved);
    let events = look(&connection, key).events;
    let changes = vec![
        Change::Window { from_start: hour(100), from_end: hour(104), to_start: hour(99), to_end: hour(104) },
        Change::Status { from: Status::Confirmed, to: Status::ReScheduled },
    ];
    assert_eq!((events[0].kind, &events[0].changes, events[0].at), (EventKind::Changed, &changes, hour(2)));
}

#[test]
fn text_from_outside_is_made_harmless_and_bounded() {
    let connection = empty();
    let hostile = Notice {
        maintenance_id: "TTN-\u{1b}[2J".to_owned(),
        summary: format!("\u{1b}]0;title\u{7}\u{202e}{}", "long ".repeat(10_000)),
        circuits: (0..21_000).map(|n| circuit(&format!("C-{n}\n\u{1b}[0m"), Impact::Outage)).collect(),
        ..notice(hour(1))
    };
    let (key, _) = say(&connection, "1", hostile);
    let detail = look(&connection, key);
    assert_eq!(detail.maintenance_id, "TTN-␛[2J");
    let began = "[20000 of 21000 circuits are kept] ␛]0;title␇long ";
    assert!(detail.summary.starts_with(began) && detail.summary.chars().count() == 2048, "{}", detail.summary);
    assert_eq!((detail.circuits.len(), detail.circuits[0].circuit_id.as_str()), (20_000, "C-0 ␛[0m"));
}

#[test]
fn of_ten_thousand_circuits_the_last_is_found_too() {
    let connection = empty();
    let circuits = (0..10_000).map(|n| circuit(&format!("BN-100-{n:05}/WAVE-A"), Impact::Outage)).collect();
    let (key, _) = say(&connection, "1", Notice { circuits, ..notice(hour(1)) });
    let detail = look(&connection, key);
    assert_eq!((detail.circuits.len(), detail.may_lack_circuits()), (10_000, false));
    let filter = Filter { text: "bn-100-09999/wave".to_owned(), ..Filter::default() };
    let query = ListQuery { sort: Sort::Grouped, filter, now: hour(2) };
    let window = list::window(&connection, &query, &Anchor::Top, 0, 10).unwrap();
    assert_eq!(window.rows.iter().map(|row| row.circuits).collect::<Vec<_>>(), [10_000]);
}

#[test]
fn a_maintenance_is_found_by_its_id_and_ambiguity_is_told() {
    let connection = empty();
    let (key, _) = say(&connection, "1", notice(hour(1)));
    let find = |provider, id| look_up(&connection, provider, id).unwrap();
    assert_eq!(find(None, "TTN-9"), Lookup::Unknown);
    assert_eq!(find(Some("colt"), "TTN-1"), Lookup::Unknown);
    let Lookup::Found { provider, windows } = find(None, "TTN-1") else { panic!("not found") };
    assert_eq!((provider.as_str(), windows.len(), windows[0].key), ("zayo", 1, key));
    assert!(matches!(find(Some("ZAYO"), "TTN-1"), Lookup::Found { .. }));
    let (delivery, reading) = mail("2", hour(1), vec![notice(hour(1))]);
    let Verdict::Parsed { notices, .. } = reading.verdict else { unreachable!() };
    let verdict = Verdict::Parsed { provider: "colt".to_owned(), notices };
    take(&connection, &(delivery, Reading { envelope: reading.envelope, verdict }));
    assert_eq!(find(None, "TTN-1"), Lookup::Ambiguous(vec!["colt".to_owned(), "zayo".to_owned()]));
    assert_eq!(super::look_up::providers(&connection).unwrap(), ["colt", "zayo"]);
}
