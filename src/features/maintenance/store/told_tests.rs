//! In whatever order mails come, the same is known in the end.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rusqlite::Connection;

use super::action::{Actor, add_note};
use super::again::{self, Effect};
use super::edit::{self, Made, create};
use super::merge::State;
use super::record::{Limits, record};
use super::rows::windows_of;
use super::said::MOST_KEPT;
use super::testing::{circuit, empty, hour, mail, notice};
use super::unparsed::notification;
use super::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::model::{Circuit, Impact, Notice, Reading, Status, Verdict};

/// What is known of a window.
type Known = (u32, DateTime<Utc>, DateTime<Utc>, Status, Vec<Circuit>, String, bool);

/// Everything that is known of TTN-1.
fn known(connection: &Connection) -> Vec<Known> {
    let windows = windows_of(connection, "zayo", "TTN-1").unwrap();
    let known = windows.into_iter().map(|(_, state)| {
        (state.window, state.start, state.end, state.status, state.circuits, state.summary, state.says_cancelled)
    });
    known.collect()
}

/// Records the mail of hour `made`, as it comes as the `came`th.
fn take(connection: &Connection, made: i64, came: usize, notices: Vec<Notice>) -> (NotificationKey, Reading) {
    let (mut delivery, mut reading) = mail(&made.to_string(), hour(made), notices);
    let at = hour(60) + TimeDelta::seconds(i64::try_from(came).unwrap());
    (delivery.received_at, delivery.recorded_at, reading.envelope.date) = (at, at, Some(hour(made)));
    (record(connection, &delivery, &reading, Limits::default()).unwrap().notification, reading)
}

/// Every order of so many.
fn orders(many: usize) -> Vec<Vec<usize>> {
    if many == 0 {
        return vec![Vec::new()];
    }
    let longer = |order: Vec<usize>| {
        (0..many).map(move |at| {
            let mut order = order.clone();
            order.insert(at, many - 1);
            order
        })
    };
    orders(many - 1).into_iter().flat_map(longer).collect()
}

/// A notice of one of a few windows.
fn a_notice() -> impl Strategy<Value = Notice> {
    let status = prop::sample::select(vec![
        Status::Confirmed,
        Status::Confirmed,
        Status::ReScheduled,
        Status::InProcess,
        Status::Completed,
        Status::Cancelled,
        Status::NoChange,
    ]);
    let circuits = prop::sample::select(vec![&[][..], &["A"], &["A", "B"], &["C"]]);
    (0..3_i64, prop::sample::select(vec![0, 2, 30]), status, circuits, any::<bool>(), 0..2_i64).prop_map(
        |(night, moved, status, circuits, is_silent, sequence)| Notice {
            start: hour(100 + 24 * night + moved),
            end: hour(104 + 24 * night + moved),
            status,
            circuits: circuits.iter().map(|id| circuit(id, Impact::Outage)).collect(),
            summary: if is_silent { String::new() } else { format!("night {night}") },
            sequence,
            ..notice(hour(0))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 90, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_mails_come_does_not_matter(mails in prop::collection::vec(prop::collection::vec(a_notice(), 1..4), 2..5)) {
        let said = |number: usize| -> (i64, Vec<Notice>) {
            let made = i64::try_from(number).unwrap();
            (made, mails[number].iter().map(|said| Notice { stamp: hour(made), ..said.clone() }).collect())
        };
        let mut expected = None;
        for order in orders(mails.len()) {
            let connection = empty();
            let mut taken = Vec::new();
            for (came, number) in order.iter().enumerate() {
                let (made, notices) = said(*number);
                taken.push(take(&connection, made, came, notices));
            }
            let now = known(&connection);
            prop_assert_eq!(expected.get_or_insert_with(|| now.clone()), &now, "{:?}", order);
            // Reading again changes nothing.
            for (key, reading) in taken {
                let opened = notification(&connection, key).unwrap().unwrap();
                prop_assert_eq!(again::apply(&connection, &opened, &reading, &[]).unwrap().effect, Effect::Same);
            }
            prop_assert_eq!(&known(&connection), &now);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn nor_does_it_where_somebody_works_on_what_there_is(
        mails in prop::collection::vec(prop::collection::vec(a_notice(), 1..4), 2..5),
        is_made in any::<bool>(),
    ) {
        let mut expected = None;
        for order in orders(mails.len()) {
            let connection = empty();
            if is_made {
                let made = Made {
                    provider: "zayo".to_owned(),
                    maintenance_id: "TTN-1".to_owned(),
                    start: hour(100),
                    end: hour(104),
                    status: Status::Tentative,
                    circuits: vec![circuit("A", Impact::Outage)],
                    summary: "by hand".to_owned(),
                    ticket: String::new(),
                    assignee: String::new(),
                };
                create(&connection, &made, &anna()).unwrap().unwrap();
            }
            for (came, number) in order.iter().enumerate() {
                let made = i64::try_from(*number).unwrap();
                // Which of several windows is meant by what was made by hand for another time nobody can say.
                let most = if is_made { 1 } else { usize::MAX };
                let notices = mails[*number].iter().take(most);
                let notices = notices.map(|said| Notice { stamp: hour(made), ..said.clone() }).collect();
                take(&connection, made, came, notices);
                if !is_made {
                    for (key, _) in windows_of(&connection, "zayo", "TTN-1").unwrap() {
                        add_note(&connection, &[key], "seen", &anna()).unwrap();
                    }
                }
            }
            // What nobody speaks of any more is over, and stays with what was done to it.
            let mut now: Vec<_> = known(&connection).into_iter().map(|(_, start, end, status, circuits, summary, says)| {
                (start, end, status, circuits, summary, says)
            }).filter(|known| !known.2.is_final()).collect();
            now.sort_by_key(|known| (known.0, known.1));
            prop_assert_eq!(expected.get_or_insert_with(|| now.clone()), &now, "{:?}", order);
        }
    }
}

fn anna() -> Actor {
    Actor { who: "anna".to_owned(), at: hour(50) }
}

/// The usual notice of another window.
fn window(made: i64, start: i64, status: Status) -> Notice {
    Notice { start: hour(start), end: hour(start + 4), status, ..notice(hour(made)) }
}

/// The windows in short: when they begin, and where they stand.
fn short(connection: &Connection) -> Vec<(DateTime<Utc>, Status)> {
    known(connection).into_iter().map(|(_, start, _, status, ..)| (start, status)).collect()
}

#[test]
fn a_plan_that_comes_after_the_news_of_one_of_its_nights_makes_the_others_known() {
    let connection = empty();
    take(&connection, 9, 0, vec![window(9, 100, Status::InProcess)]);
    add_note(&connection, &[MaintenanceKey(1)], "drained", &anna()).unwrap();
    let plan = [100, 124, 148].map(|start| window(1, start, Status::Confirmed)).to_vec();
    take(&connection, 1, 1, plan);
    let nights = [(100, Status::InProcess), (124, Status::Confirmed), (148, Status::Confirmed)];
    assert_eq!(short(&connection), nights.map(|(start, status)| (hour(start), status)));
    let notes: Vec<i64> = windows_of(&connection, "zayo", "TTN-1").unwrap().iter().map(|(key, _)| key.0).collect();
    assert_eq!(notes, [1, 2, 3], "the night that was known stays the row that it was, with its note");
}

#[test]
fn a_window_moves_by_a_notice_that_is_newer_than_all_others_of_it() {
    let connection = empty();
    take(&connection, 1, 0, vec![window(1, 100, Status::Confirmed), window(1, 124, Status::Confirmed)]);
    take(&connection, 3, 1, vec![window(3, 100, Status::Completed)]);
    take(&connection, 2, 2, vec![window(2, 100, Status::ReScheduled), window(2, 148, Status::ReScheduled)]);
    assert_eq!(short(&connection), [(hour(100), Status::Completed), (hour(148), Status::ReScheduled)]);
}

#[test]
fn a_mail_that_could_not_be_read_takes_its_place_when_its_rule_is_mended() {
    let connection = empty();
    let (delivery, mut reading) = mail("1", hour(1), Vec::new());
    reading.verdict = Verdict::Failed { provider: "zayo".to_owned(), reason: "no status".to_owned() };
    let first = record(&connection, &delivery, &reading, Limits::default()).unwrap().notification;
    take(&connection, 9, 1, vec![window(9, 100, Status::InProcess)]);
    let plan = vec![window(1, 100, Status::Confirmed), window(1, 124, Status::Confirmed)];
    reading.verdict = Verdict::Parsed { provider: "zayo".to_owned(), notices: plan };
    let opened = notification(&connection, first).unwrap().unwrap();
    let again = again::apply(&connection, &opened, &reading, &[]).unwrap();
    assert_eq!((again.effect, again.created.as_slice()), (Effect::Different, ["zayo/TTN-1".to_owned()].as_slice()));
    assert_eq!(short(&connection), [(hour(100), Status::InProcess), (hour(124), Status::Confirmed)]);
    // One that says nothing new is read all the same.
    let (delivery, mut reading) = mail("2", hour(2), Vec::new());
    reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
    let second = record(&connection, &delivery, &reading, Limits::default()).unwrap().notification;
    reading.verdict = Verdict::Parsed { provider: "zayo".to_owned(), notices: vec![window(2, 124, Status::NoChange)] };
    let opened = notification(&connection, second).unwrap().unwrap();
    assert_eq!(again::apply(&connection, &opened, &reading, &[]).unwrap().effect, Effect::Different);
}

#[test]
fn events_of_several_providers_in_one_calendar_are_each_ones_own() {
    let connection = empty();
    let of = |provider: &str, circuits| Notice { provider: provider.to_owned(), circuits, ..notice(hour(1)) };
    let notices = vec![
        of("zayo", vec![circuit("A", Impact::Outage)]),
        Notice { start: hour(124), end: hour(128), ..of("bramble", vec![circuit("B", Impact::Outage)]) },
    ];
    take(&connection, 1, 0, notices);
    take(&connection, 2, 1, vec![notice(hour(2))]);
    assert_eq!(short(&connection), [(hour(100), Status::Confirmed)]);
    let other = windows_of(&connection, "bramble", "TTN-1").unwrap();
    assert_eq!((other.len(), other[0].1.status), (1, Status::Confirmed));
}

#[test]
fn a_clock_that_is_ahead_blocks_nothing_that_comes_later() {
    let connection = empty();
    let (mut delivery, mut reading) = mail("1", hour(9000), vec![notice(hour(9000))]);
    (delivery.recorded_at, reading.envelope.date) = (hour(1), Some(hour(9000)));
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    take(&connection, 2, 1, vec![window(2, 124, Status::ReScheduled)]);
    assert_eq!(short(&connection), [(hour(124), Status::ReScheduled)]);
}

#[test]
fn of_a_maintenance_that_very_many_mails_speak_of_what_the_newest_say_is_kept() {
    let connection = empty();
    let count = || connection.query_row("SELECT count(*) FROM said", [], |row| row.get::<_, i64>(0)).unwrap();
    let many = MOST_KEPT + 20;
    let one =
        |made: i64| Notice { stamp: hour(1) + TimeDelta::seconds(made), ..window(1, 100 + made, Status::ReScheduled) };
    for (came, made) in (21..=many).rev().enumerate() {
        take(&connection, made, came, vec![one(made)]);
    }
    assert_eq!((count(), short(&connection)), (MOST_KEPT, vec![(hour(100 + many), Status::ReScheduled)]));
    let late: Vec<_> = (0..=20).rev().map(|made| take(&connection, made, 0, vec![one(made)])).collect();
    assert_eq!((count(), short(&connection)), (MOST_KEPT, vec![(hour(100 + many), Status::ReScheduled)]));
    for (key, reading) in late {
        let opened = notification(&connection, key).unwrap().unwrap();
        assert_eq!(again::apply(&connection, &opened, &reading, &[]).unwrap().effect, Effect::Same);
    }
    let events = "SELECT count(DISTINCT notification) FROM event";
    let told: i64 = connection.query_row(events, [], |row| row.get(0)).unwrap();
    assert_eq!(told, many + 1, "each is in the history");
    // A newer one counts as ever.
    take(&connection, 900, 1, vec![Notice { stamp: hour(2), ..window(2, 900, Status::Confirmed) }]);
    assert_eq!((count(), short(&connection)), (MOST_KEPT, vec![(hour(900), Status::Confirmed)]));
}

#[test]
fn an_older_notice_that_is_forwarded_later_takes_its_place_by_when_it_was_sent() {
    let forwarded = Notice { sent: Some(hour(1)), ..window(6, 100, Status::Confirmed) };
    let mails = [
        (1, window(1, 100, Status::Confirmed)),
        (4, window(4, 124, Status::ReScheduled)),
        (6, forwarded),
        (8, Notice { sent: Some(hour(3)), ..window(8, 130, Status::Confirmed) }),
    ];
    for order in orders(mails.len()) {
        let connection = empty();
        for (came, number) in order.iter().enumerate() {
            let (made, notice) = mails[*number].clone();
            take(&connection, made, came, vec![notice]);
        }
        assert_eq!(short(&connection), [(hour(124), Status::ReScheduled)], "{order:?}");
        let stamps = "SELECT count(*) FROM said WHERE stamp IN (?1, ?2)";
        let sent = [hour(1).timestamp(), hour(3).timestamp()];
        assert_eq!(connection.query_row(stamps, sent, |row| row.get::<_, i64>(0)).unwrap(), 3);
    }
    let connection = empty();
    for (came, (made, notice)) in mails.into_iter().enumerate() {
        take(&connection, made, came, vec![notice]);
    }
    assert_eq!(outcomes(&connection), ["parsed", "parsed", "out-of-sequence", "out-of-sequence"]);
}

#[test]
fn a_second_reading_finds_when_a_forward_was_sent_and_a_third_one_nothing_new() {
    let connection = empty();
    take(&connection, 1, 0, vec![window(1, 100, Status::Confirmed)]);
    take(&connection, 4, 1, vec![window(4, 124, Status::ReScheduled)]);
    let (key, mut reading) = take(&connection, 6, 2, vec![window(6, 100, Status::Confirmed)]);
    assert_eq!(short(&connection), [(hour(100), Status::Confirmed)]);
    let Verdict::Parsed { notices, .. } = &mut reading.verdict else { unreachable!() };
    notices[0].sent = Some(hour(1));
    for effect in [Effect::Different, Effect::Same] {
        let opened = notification(&connection, key).unwrap().unwrap();
        assert_eq!(again::apply(&connection, &opened, &reading, &[]).unwrap().effect, effect);
        assert_eq!(short(&connection), [(hour(124), Status::ReScheduled)]);
    }
}

#[test]
fn what_a_calendar_says_of_its_cancellation_is_told_again_with_the_rest() {
    let says = |connection: &Connection| known(connection).into_iter().map(|known| known.6).collect::<Vec<_>>();
    let cancelled = Notice { says_cancelled: true, ..window(2, 100, Status::NoChange) };
    let mails = [(1, window(1, 100, Status::Confirmed)), (2, cancelled)];
    for order in [[0, 1], [1, 0]] {
        let connection = empty();
        for (came, number) in order.into_iter().enumerate() {
            let (made, notice) = mails[number].clone();
            take(&connection, made, came, vec![notice]);
        }
        assert_eq!((short(&connection), says(&connection)), (vec![(hour(100), Status::Confirmed)], vec![true]));
    }
}

#[test]
fn what_somebody_did_goes_with_its_window_when_what_came_between_is_told() {
    let connection = empty();
    let plan = vec![window(0, 100, Status::Confirmed), window(0, 124, Status::Confirmed)];
    take(&connection, 0, 0, plan);
    add_note(&connection, &[MaintenanceKey(2)], "drained", &anna()).unwrap();
    take(&connection, 2, 1, vec![window(2, 172, Status::Cancelled)]);
    take(&connection, 1, 2, vec![window(1, 100, Status::ReScheduled), window(1, 172, Status::ReScheduled)]);
    let rows: Vec<_> = windows_of(&connection, "zayo", "TTN-1")
        .unwrap()
        .into_iter()
        .map(|(key, state)| (key.0, state.start, state.status))
        .collect();
    assert_eq!(rows, [(1, hour(100), Status::ReScheduled), (2, hour(172), Status::Cancelled)]);
}

#[test]
fn a_window_that_somebody_worked_on_and_that_nobody_tells_of_any_more_is_cancelled() {
    let connection = empty();
    take(&connection, 3, 0, vec![window(3, 148, Status::Confirmed), window(3, 154, Status::Confirmed)]);
    take(&connection, 1, 1, vec![window(1, 124, Status::Completed), window(1, 100, Status::Confirmed)]);
    for (key, _) in windows_of(&connection, "zayo", "TTN-1").unwrap() {
        add_note(&connection, &[key], "drained", &anna()).unwrap();
    }
    assert_eq!(short(&connection).len(), 3);
    // What was completed was not, and moved as well.
    take(&connection, 2, 2, vec![window(2, 124, Status::InProcess)]);
    let mut statuses: Vec<_> = short(&connection).into_iter().map(|(_, status)| status).collect();
    statuses.sort_unstable_by_key(|status| status.is_final());
    assert_eq!(statuses, [Status::Confirmed, Status::Confirmed, Status::Cancelled]);
}

/// What somebody makes known: TTN-1 at `start`, without a status.
fn made(connection: &Connection, start: i64, summary: &str) {
    let made = Made {
        provider: "zayo".to_owned(),
        maintenance_id: "TTN-1".to_owned(),
        start: hour(start),
        end: hour(start + 4),
        status: Status::Tentative,
        circuits: vec![circuit("A", Impact::Outage)],
        summary: summary.to_owned(),
        ticket: String::new(),
        assignee: String::new(),
    };
    create(connection, &made, &anna()).unwrap().unwrap();
}

#[test]
fn of_what_was_made_by_hand_stays_what_no_notice_speaks_of() {
    let connection = empty();
    made(&connection, 100, "ours");
    let silent = |made, status| Notice { circuits: Vec::new(), summary: String::new(), ..window(made, 100, status) };
    take(&connection, 1, 0, vec![silent(1, Status::NoChange)]);
    take(&connection, 2, 1, vec![silent(2, Status::NoChange)]);
    take(&connection, 3, 2, vec![Notice { summary: "theirs".to_owned(), ..silent(3, Status::Cancelled) }]);
    let [(_, start, _, status, circuits, summary, _)] = known(&connection).try_into().unwrap();
    assert_eq!(
        (start, status, circuits, summary.as_str()),
        (hour(100), Status::Tentative, vec![circuit("A", Impact::Outage)], "ours")
    );
    // Whoever takes what is said keeps what is not.
    edit::take(&connection, MaintenanceKey(1), &anna()).unwrap().unwrap();
    let [(_, start, _, status, circuits, summary, _)] = known(&connection).try_into().unwrap();
    assert_eq!(
        (start, status, circuits, summary.as_str()),
        (hour(100), Status::Cancelled, vec![circuit("A", Impact::Outage)], "theirs")
    );
    take(
        &connection,
        4,
        3,
        vec![Notice { circuits: vec![circuit("B", Impact::Outage)], ..silent(4, Status::Cancelled) }],
    );
    assert_eq!(known(&connection)[0].4, [circuit("A", Impact::Outage)]);
}

#[test]
fn a_notice_that_says_what_was_set_ends_that_even_if_it_comes_late() {
    for order in [[0, 1], [1, 0]] {
        let connection = empty();
        made(&connection, 100, "ours");
        for (came, number) in order.into_iter().enumerate() {
            let (made, start) = [(1, 100), (2, 148)][number];
            take(&connection, made, came, vec![window(made, start, Status::ReScheduled)]);
        }
        assert_eq!(short(&connection), [(hour(148), Status::Tentative)], "{order:?}");
    }
}

#[test]
fn what_was_made_by_hand_is_the_window_of_its_time_whichever_is_told_first() {
    let plan = vec![window(1, 100, Status::Confirmed), window(1, 124, Status::Confirmed)];
    let mails = [(1, plan), (2, vec![window(2, 124, Status::InProcess)])];
    for order in [[0, 1], [1, 0]] {
        let connection = empty();
        made(&connection, 100, "ours");
        for (came, number) in order.into_iter().enumerate() {
            take(&connection, mails[number].0, came, mails[number].1.clone());
        }
        assert_eq!(short(&connection), [(hour(100), Status::Tentative), (hour(124), Status::InProcess)], "{order:?}");
    }
}

#[test]
fn mails_that_other_rules_file_elsewhere_and_back_leave_nothing_behind() {
    for (acted, most) in [(false, 3), (true, 1), (true, 2), (true, 3)] {
        let connection = empty();
        let said = [Status::Confirmed, Status::Confirmed, Status::Cancelled];
        let notices = |id: &str, made: usize| {
            let hour_of = i64::try_from(made).unwrap();
            vec![Notice { maintenance_id: id.to_owned(), ..window(hour_of, 100, said[made]) }]
        };
        let taken: Vec<_> = (0..most)
            .map(|made| take(&connection, i64::try_from(made).unwrap(), made, notices("TTN-1", made)))
            .collect();
        if acted {
            let anna = Actor { who: "anna".to_owned(), at: hour(70) };
            add_note(&connection, &[MaintenanceKey(1)], "drained", &anna).unwrap();
        }
        let before = (windows_of(&connection, "zayo", "TTN-1").unwrap(), outcomes(&connection));
        let read_as = |id: &str| {
            let effects = taken.iter().enumerate().map(|(made, (key, reading))| {
                let opened = notification(&connection, *key).unwrap().unwrap();
                let verdict = Verdict::Parsed { provider: "zayo".to_owned(), notices: notices(id, made) };
                again::apply(&connection, &opened, &Reading { verdict, ..reading.clone() }, &[]).unwrap().effect
            });
            effects.collect::<Vec<_>>()
        };
        assert_eq!(read_as("TTN-1-A"), vec![Effect::Different; most], "{acted} {most}");
        assert_eq!(windows_of(&connection, "zayo", "TTN-1").unwrap().len(), usize::from(acted && most > 1));
        assert_eq!(windows_of(&connection, "zayo", "TTN-1-A").unwrap()[0].1.status, said[most - 1]);
        assert_eq!(read_as("TTN-1"), vec![Effect::Different; most], "{acted} {most}");
        assert_eq!(windows_of(&connection, "zayo", "TTN-1-A").unwrap(), []);
        let after = (windows_of(&connection, "zayo", "TTN-1").unwrap(), outcomes(&connection));
        assert_eq!(after.1, before.1, "{acted} {most}");
        let state =
            |known: &[(MaintenanceKey, State)]| known.iter().map(|(_, state)| state.clone()).collect::<Vec<_>>();
        assert_eq!(state(&after.0), state(&before.0), "{acted} {most}");
        assert_eq!(read_as("TTN-1"), vec![Effect::Same; most], "{acted} {most}");
    }
}

/// What became of every notification.
fn outcomes(connection: &Connection) -> Vec<String> {
    let mut query = connection.prepare("SELECT outcome FROM notification ORDER BY id").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn what_a_second_reading_says_counts_for_later_ones_where_it_shows_in_nothing_itself() {
    let connection = empty();
    let (first, reading) = take(&connection, 0, 0, vec![window(0, 100, Status::Confirmed)]);
    let (last, _) = take(&connection, 9, 1, vec![window(9, 100, Status::Completed)]);
    let read_again = |key, reading: &Reading| {
        let opened = notification(&connection, key).unwrap().unwrap();
        again::apply(&connection, &opened, reading, &[]).unwrap().effect
    };
    let events = |key| notification(&connection, key).unwrap().unwrap().maintenances.len();
    // Better rules find the second circuit, which the newer notice does not have.
    let circuits = vec![circuit("IC-1", Impact::Outage), circuit("IC-2", Impact::Outage)];
    let notices = vec![Notice { circuits: circuits.clone(), ..window(0, 100, Status::Confirmed) }];
    let better = Reading { verdict: Verdict::Parsed { provider: "zayo".to_owned(), notices }, ..reading };
    let before = known(&connection);
    assert_eq!((read_again(first, &better), events(first)), (Effect::Same, 1));
    assert_eq!(known(&connection), before);
    // By them the newer one is none.
    let nothing = Verdict::Ignored { provider: "zayo".to_owned(), reason: "a survey".to_owned() };
    assert_eq!(read_again(last, &Reading { verdict: nothing, ..better }), Effect::Different);
    assert_eq!(known(&connection)[0].4, circuits);
}
