//! What is set by hand, and what notices that come later make of it.

use rusqlite::Connection;

use super::accept::accept;
use super::action::{Actor, Refusal, acknowledge_as_it_is, undo};
use super::again::{self, Effect};
use super::by_hand::Field;
use super::detail::{Detail, detail, outline};
use super::edit::{Edit, Looked, Made, Refused, attach, create, edit, keep, take};
use super::event::EventKind;
use super::list::{Anchor, Filter, ListQuery, Sort, window};
use super::record::{Limits, record};
use super::testing::{circuit, empty, hour, mail, notice};
use super::undo::undo_last;
use super::unparsed::notification;
use super::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::model::{Impact, Notice, Outcome, Reading, Status, Verdict};

/// The first maintenance of a database.
const FIRST: MaintenanceKey = MaintenanceKey(1);

fn anna() -> Actor {
    // Nobody acts on the second.
    Actor { who: "anna".to_owned(), at: hour(50) + chrono::TimeDelta::milliseconds(123) }
}

/// Records a mail with these notices, made at an hour.
fn take_in(connection: &Connection, item: &str, made: i64, notices: Vec<Notice>) -> NotificationKey {
    let (delivery, reading) = mail(item, hour(made), notices);
    record(connection, &delivery, &reading, Limits::default()).unwrap().notification
}

fn look(connection: &Connection) -> Detail {
    detail(connection, FIRST, hour(60)).unwrap().unwrap()
}

/// TTN-1 of zayo, made by hand.
fn made() -> Made {
    Made {
        provider: "zayo".to_owned(),
        maintenance_id: "TTN-1".to_owned(),
        status: Status::Confirmed,
        start: hour(99),
        end: hour(104),
        circuits: vec![circuit("IC-1", Impact::Outage)],
        summary: "told by phone".to_owned(),
        ticket: "NOC-7".to_owned(),
        assignee: "ben".to_owned(),
    }
}

#[test]
fn a_maintenance_made_by_hand_is_told_of_by_name_and_can_be_taken_back() {
    let connection = empty();
    let edited = create(&connection, &made(), &anna()).unwrap().unwrap();
    let detail = look(&connection);
    assert_eq!((detail.ticket.as_str(), detail.assignee.as_str(), detail.seen_revision), ("NOC-7", "ben", 1));
    assert_eq!((detail.events[0].kind, detail.events[0].who.as_deref()), (EventKind::Made, Some("anna")));
    let set = detail.by_hand.unwrap();
    assert_eq!((set.fields.as_slice(), set.is_announced, set.is_news), (Field::ALL.as_slice(), false, false));
    assert_eq!(create(&connection, &made(), &anna()).unwrap(), Err(Refused::Known));
    for (end, why) in [(hour(98), Refused::Backwards), (hour(99), Refused::Empty)] {
        assert_eq!(create(&connection, &Made { end, ..made() }, &anna()).unwrap(), Err(why));
    }
    assert_eq!(
        create(&connection, &Made { provider: "\n".to_owned(), ..made() }, &anna()).unwrap(),
        Err(Refused::Nameless)
    );
    acknowledge_as_it_is(&connection, &[FIRST], &anna()).unwrap();
    assert_eq!(undo(&connection, &edited.inverse, &anna()).unwrap().done, [], "somebody has acknowledged it");
    undo_last(&connection, &anna()).unwrap().unwrap();
    assert_eq!(undo(&connection, &edited.inverse, &anna()).unwrap().done, [FIRST]);
    assert_eq!(super::detail::detail(&connection, FIRST, hour(60)).unwrap(), None);
}

#[test]
fn a_notice_that_comes_later_shows_what_it_would_change_of_one_made_by_hand() {
    let connection = empty();
    create(&connection, &made(), &anna()).unwrap().unwrap();
    // Made before somebody typed it in, and still heard.
    take_in(&connection, "1", 10, vec![notice(hour(10))]);
    let detail = look(&connection);
    assert_eq!((detail.start, detail.summary.as_str()), (hour(99), "told by phone"), "what was typed stays");
    let set = detail.by_hand.clone().unwrap();
    assert_eq!(set.fields, [Field::Window, Field::Summary], "the notice says the same of the others");
    assert!(set.is_announced && set.is_news && set.would_change.len() == 2, "{set:?}");
    assert_eq!(detail.events[0].kind, EventKind::Withheld);
    assert_eq!(detail.events[0].changes, set.would_change);
    assert!(detail.revision > detail.seen_revision, "it asks for a look");
    let taken = take(&connection, FIRST, &anna()).unwrap().unwrap();
    let after = look(&connection);
    assert_eq!((after.start, after.summary.as_str(), after.by_hand), (hour(100), "Fibre relocation", None));
    assert_eq!((after.ticket.as_str(), after.assignee.as_str()), ("NOC-7", "ben"));
    undo(&connection, &taken.inverse, &anna()).unwrap();
    assert_eq!((look(&connection).start, look(&connection).by_hand), (hour(99), detail.by_hand));
}

#[test]
fn what_its_calendar_says_is_no_question_where_somebody_has_cancelled_it() {
    let connection = empty();
    let told = |made| Notice { status: Status::NoChange, says_cancelled: true, ..notice(hour(made)) };
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    take_in(&connection, "2", 1, vec![told(1)]);
    let says = || {
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now: hour(60) };
        let row = window(&connection, &query, &Anchor::Top, 0, 9).unwrap().rows.remove(0);
        // The calendar file is made from the outline.
        let outline = outline(&connection, FIRST, hour(60)).unwrap().unwrap();
        [look(&connection).says_cancelled, outline.says_cancelled, row.says_cancelled]
    };
    assert_eq!(says(), [true; 3]);
    let cancel = Edit { status: Some(Status::Cancelled), ..Edit::default() };
    let edited = edit(&connection, FIRST, None, &cancel, &anna()).unwrap().unwrap();
    assert_eq!((says(), look(&connection).status), ([false; 3], Status::Cancelled));
    undo(&connection, &edited.inverse, &anna()).unwrap();
    assert_eq!((says(), look(&connection).status), ([true; 3], Status::Confirmed));
    edit(&connection, FIRST, None, &cancel, &anna()).unwrap().unwrap();
    take_in(&connection, "3", 2, vec![told(2)]);
    assert_eq!((says(), look(&connection).status), ([false; 3], Status::Cancelled));
}

#[test]
fn nothing_is_set_over_what_somebody_else_set_meanwhile() {
    let of = |edit: fn(&mut Edit, Option<String>)| {
        move |text: &str| {
            let mut set = Edit::default();
            edit(&mut set, Some(text.to_owned()));
            set
        }
    };
    for label in [
        of(|edit, text| edit.ticket = text),
        of(|edit, text| edit.assignee = text),
        of(|edit, text| edit.summary = text),
    ] {
        let connection = empty();
        take_in(&connection, "1", 0, vec![notice(hour(0))]);
        let looked = Looked::at(&look(&connection));
        edit(&connection, FIRST, None, &label("of ben"), &anna()).unwrap().unwrap();
        assert_eq!(edit(&connection, FIRST, Some(&looked), &label("of anna"), &anna()).unwrap(), Err(Refused::Changed));
        assert_eq!(edit(&connection, FIRST, Some(&looked), &label("of ben"), &anna()).unwrap(), Err(Refused::Same));
        let looked = Looked::at(&look(&connection));
        edit(&connection, FIRST, Some(&looked), &label("of anna"), &anna()).unwrap().unwrap();
    }
    // What is not to be set may be another.
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let looked = Looked::at(&look(&connection));
    let of = |ticket: &str| Edit { ticket: Some(ticket.to_owned()), ..Edit::default() };
    edit(&connection, FIRST, None, &Edit { assignee: Some("ben".to_owned()), ..Edit::default() }, &anna())
        .unwrap()
        .unwrap();
    edit(&connection, FIRST, Some(&looked), &of("NOC-8"), &anna()).unwrap().unwrap();
}

#[test]
fn a_correction_stays_until_a_notice_says_the_same_or_somebody_takes_what_it_says() {
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let window = Edit { window: Some((hour(101), hour(105))), ..Edit::default() };
    let looked = Looked::at(&look(&connection));
    edit(&connection, FIRST, Some(&looked), &window, &anna()).unwrap().unwrap();
    assert_eq!(edit(&connection, FIRST, Some(&looked), &window, &anna()).unwrap(), Err(Refused::Changed));
    assert_eq!(edit(&connection, FIRST, None, &window, &anna()).unwrap(), Err(Refused::Same));
    // The same again is no news; a new summary is not of what was corrected.
    take_in(&connection, "2", 1, vec![Notice { summary: "Fibre works".to_owned(), ..notice(hour(1)) }]);
    let detail = look(&connection);
    assert_eq!((detail.start, detail.summary.as_str()), (hour(101), "Fibre works"));
    assert!(!detail.by_hand.unwrap().is_news);
    // Another window is.
    let moved = Notice { start: hour(102), end: hour(106), ..notice(hour(2)) };
    take_in(&connection, "3", 2, vec![moved.clone()]);
    let detail = look(&connection);
    assert!(detail.by_hand.as_ref().unwrap().is_news && detail.start == hour(101));
    keep(&connection, FIRST, &anna()).unwrap().unwrap();
    assert_eq!(keep(&connection, FIRST, &anna()).unwrap(), Err(Refused::NothingSaid));
    let kept = look(&connection);
    assert!(!kept.by_hand.as_ref().unwrap().is_news && kept.start == hour(101));
    // What was set comes by itself.
    take_in(&connection, "4", 3, vec![Notice { stamp: hour(3), start: hour(101), end: hour(105), ..moved }]);
    let detail = look(&connection);
    assert_eq!((detail.start, detail.by_hand), (hour(101), None));
}

#[test]
fn edits_are_taken_back_in_their_order_and_not_over_what_came_since() {
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let status = |status| Edit { status: Some(status), ..Edit::default() };
    let labels = Edit { ticket: Some(" NOC-8\n".to_owned()), assignee: Some("ben".to_owned()), ..Edit::default() };
    let first = edit(&connection, FIRST, None, &status(Status::InProcess), &anna()).unwrap().unwrap();
    edit(&connection, FIRST, None, &labels, &anna()).unwrap().unwrap();
    edit(&connection, FIRST, None, &status(Status::Completed), &anna()).unwrap().unwrap();
    let left = undo(&connection, &first.inverse, &anna()).unwrap();
    assert_eq!((left.done, left.refused), (vec![], vec![(FIRST, Refusal::Since)]), "something was set since");
    edit(&connection, FIRST, None, &labels, &anna()).unwrap().unwrap_err();
    undo_last(&connection, &anna()).unwrap().unwrap();
    assert_eq!((look(&connection).status, look(&connection).ticket.as_str()), (Status::InProcess, "NOC-8"));
    undo_last(&connection, &anna()).unwrap().unwrap();
    assert_eq!(look(&connection).ticket, "");
    undo(&connection, &first.inverse, &anna()).unwrap();
    let detail = look(&connection);
    assert_eq!((detail.status, detail.by_hand), (Status::Confirmed, None));
    assert_eq!(detail.events[0].kind, EventKind::Unedited);
    let third = edit(&connection, FIRST, None, &status(Status::InProcess), &anna()).unwrap().unwrap();
    take_in(&connection, "2", 1, vec![Notice { status: Status::Cancelled, ..notice(hour(1)) }]);
    assert_eq!(undo(&connection, &third.inverse, &anna()).unwrap().done, []);
}

#[test]
fn what_no_notice_has_touched_is_taken_back_whatever_came_since() {
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let set = Edit { ticket: Some("NOC-8".to_owned()), status: Some(Status::InProcess), ..Edit::default() };
    let set = edit(&connection, FIRST, None, &set, &anna()).unwrap().unwrap();
    let label = Edit { assignee: Some("ben".to_owned()), ..Edit::default() };
    let label = edit(&connection, FIRST, None, &label, &anna()).unwrap().unwrap();
    let moved = Notice { start: hour(102), end: hour(106), ..notice(hour(1)) };
    take_in(&connection, "2", 1, vec![moved.clone()]);
    let undone = undo(&connection, &label.inverse, &anna()).unwrap();
    assert_eq!((undone.done, undone.refused), (vec![FIRST], vec![]));
    let detail = look(&connection);
    assert_eq!((detail.assignee.as_str(), detail.ticket.as_str(), detail.start), ("", "NOC-8", hour(102)));
    assert!(detail.revision > detail.seen_revision, "the notice asks for a look as before");
    let undone = undo(&connection, &set.inverse, &anna()).unwrap();
    assert_eq!((undone.done, undone.refused), (vec![FIRST], vec![]));
    let detail = look(&connection);
    assert_eq!((detail.status, detail.ticket.as_str(), detail.start), (Status::Confirmed, "", hour(102)));
    assert_eq!(detail.by_hand, None);
    // Of what was set together each part stands for itself.
    let set = Edit { ticket: Some("NOC-9".to_owned()), status: Some(Status::Cancelled), ..Edit::default() };
    let set = edit(&connection, FIRST, None, &set, &anna()).unwrap().unwrap();
    take_in(&connection, "3", 2, vec![Notice { stamp: hour(2), status: Status::Completed, ..moved }]);
    let undone = undo(&connection, &set.inverse, &anna()).unwrap();
    assert_eq!((undone.done, undone.refused), (vec![FIRST], vec![(FIRST, Refusal::Since)]));
    let detail = look(&connection);
    assert_eq!((detail.status, detail.ticket.as_str()), (Status::Cancelled, ""));
    assert!(detail.by_hand.unwrap().is_news, "nobody has said yet what is to become of that");
    let again = undo(&connection, &set.inverse, &anna()).unwrap();
    assert_eq!((again.done, again.refused), (vec![], vec![(FIRST, Refusal::Since)]));
}

#[test]
fn what_was_taken_over_or_kept_is_taken_back_where_a_notice_spoke_of_something_else() {
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let window = Edit { window: Some((hour(101), hour(105))), ..Edit::default() };
    edit(&connection, FIRST, None, &window, &anna()).unwrap().unwrap();
    let moved = Notice { start: hour(102), end: hour(106), ..notice(hour(1)) };
    take_in(&connection, "2", 1, vec![moved.clone()]);
    let kept = keep(&connection, FIRST, &anna()).unwrap().unwrap();
    let renamed = Notice { stamp: hour(2), summary: "Fibre works".to_owned(), ..moved.clone() };
    take_in(&connection, "3", 2, vec![renamed.clone()]);
    assert_eq!(undo(&connection, &kept.inverse, &anna()).unwrap().done, [FIRST]);
    assert!(look(&connection).by_hand.unwrap().is_news);
    let taken = take(&connection, FIRST, &anna()).unwrap().unwrap();
    assert_eq!(look(&connection).start, hour(102));
    take_in(&connection, "4", 3, vec![Notice { stamp: hour(3), status: Status::InProcess, ..renamed }]);
    assert_eq!(undo(&connection, &taken.inverse, &anna()).unwrap().done, [FIRST]);
    let detail = look(&connection);
    assert_eq!((detail.start, detail.status), (hour(101), Status::InProcess));
    let set = detail.by_hand.unwrap();
    assert_eq!((set.fields.as_slice(), set.is_news), (&[Field::Window][..], true));
    assert_eq!(detail.summary, "Fibre works");
}

#[test]
fn a_mail_is_attached_to_a_maintenance_and_taken_off_again() {
    let connection = empty();
    take_in(&connection, "1", 0, vec![notice(hour(0))]);
    let (delivery, mut reading) = mail("2", hour(1), vec![]);
    reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
    let key = record(&connection, &delivery, &reading, Limits::default()).unwrap().notification;
    let attached = attach(&connection, key, FIRST, &anna()).unwrap().unwrap();
    assert_eq!(attach(&connection, key, FIRST, &anna()).unwrap(), Err(Refused::Same));
    assert_eq!(attach(&connection, NotificationKey(99), FIRST, &anna()).unwrap(), Err(Refused::Gone));
    let opened = notification(&connection, key).unwrap().unwrap();
    assert_eq!((opened.notification.outcome, opened.maintenances), (Outcome::Parsed, vec![FIRST]));
    assert_eq!(opened.notification.reason, "no rule reads it; attached by anna to TTN-1");
    assert_eq!(look(&connection).notifications.len(), 2);
    undo(&connection, &attached.inverse, &anna()).unwrap();
    let opened = notification(&connection, key).unwrap().unwrap();
    assert_eq!(
        (opened.notification.outcome, opened.notification.reason.as_str()),
        (Outcome::UnknownProvider, "no rule")
    );
    assert_eq!((opened.maintenances, look(&connection).events[0].kind), (vec![], EventKind::Detached));
    assert_eq!(undo(&connection, &attached.inverse, &anna()).unwrap().done, []);
}

#[test]
fn what_somebody_said_of_a_mail_stands_until_a_rule_reads_it_and_only_then_has_a_reading_to_lose() {
    let unread = [
        Verdict::Unknown { reason: "no rule".to_owned() },
        Verdict::Failed { provider: "zayo".to_owned(), reason: "no window".to_owned() },
        Verdict::Ignored { provider: "zayo".to_owned(), reason: "no notice".to_owned() },
    ];
    for accepts in [false, true] {
        let connection = empty();
        take_in(&connection, "1", 0, vec![notice(hour(0))]);
        let (delivery, mut reading) = mail("2", hour(1), vec![]);
        reading.verdict = unread[0].clone();
        let key = record(&connection, &delivery, &reading, Limits::default()).unwrap().notification;
        let inverse = if accepts {
            accept(&connection, key, &notice(hour(1)), &[], &anna()).unwrap().unwrap().inverse
        } else {
            attach(&connection, key, FIRST, &anna()).unwrap().unwrap().inverse
        };
        let opened = || notification(&connection, key).unwrap().unwrap();
        let before = (opened(), look(&connection));
        let read = |verdict: &Verdict| {
            let reading = Reading { verdict: verdict.clone(), ..reading.clone() };
            again::apply(&connection, &opened(), &reading, &[]).unwrap().effect
        };
        for verdict in &unread {
            assert_eq!(read(verdict), Effect::Same, "{verdict:?}");
            assert_eq!((opened(), look(&connection)), before, "{verdict:?}");
        }
        let moved = Notice { start: hour(102), end: hour(106), ..notice(hour(1)) };
        assert_eq!(read(&Verdict::Parsed { provider: "zayo".to_owned(), notices: vec![moved] }), Effect::Different);
        assert_eq!(read(&unread[0]), Effect::Worse);
        undo(&connection, &inverse, &anna()).unwrap();
        let mail = opened().notification;
        assert_eq!((mail.outcome, mail.reason.as_str()), (Outcome::Parsed, ""), "a rule has read it since");
    }
}

#[test]
fn a_second_reading_by_better_rules_is_withheld_where_something_was_set_by_hand() {
    let connection = empty();
    let wrong = Notice { end: hour(103), ..notice(hour(0)) };
    let key = take_in(&connection, "1", 0, vec![wrong]);
    let window = Edit { window: Some((hour(101), hour(105))), ..Edit::default() };
    edit(&connection, FIRST, None, &window, &anna()).unwrap().unwrap();
    let opened = notification(&connection, key).unwrap().unwrap();
    let again = again::apply(&connection, &opened, &mail("1", hour(0), vec![notice(hour(0))]).1, &[]).unwrap();
    assert_eq!(again.effect, Effect::Different);
    let detail = look(&connection);
    assert_eq!((detail.start, detail.events[0].kind), (hour(101), EventKind::Withheld));
    take(&connection, FIRST, &anna()).unwrap().unwrap();
    assert_eq!((look(&connection).start, look(&connection).end), (hour(100), hour(104)));
}
