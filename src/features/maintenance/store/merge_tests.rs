//! The rules of merging, case by case.

use super::change::Change;
use super::merge::{State, Step, Telling, merge, retell};
use super::testing::{circuit, hour, notice, state};
use super::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::model::{Impact, Notice, Status};

/// Known windows with the keys 1, 2, …
fn known(states: impl IntoIterator<Item = State>) -> Vec<(MaintenanceKey, State)> {
    (1..).map(MaintenanceKey).zip(states).collect()
}

/// The usual notice with another window.
fn window(made: i64, start: i64, end: i64) -> Notice {
    Notice { start: hour(start), end: hour(end), ..notice(hour(made)) }
}

fn with_status(status: Status, notice: Notice) -> Notice {
    Notice { status, ..notice }
}

/// The key of a window, what is known of it now, and what that changes.
type Updated = (i64, State, Vec<Change>);

/// What each known window turns into, by key, and the windows that are created.
fn outcome(steps: Vec<Step>) -> (Vec<Updated>, Vec<State>) {
    let (mut updated, mut created) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Create(state) => created.push(state),
            Step::Update { key, state, changes } | Step::Unlisted { key, state, changes } => {
                updated.push((key.0, state, changes));
            }
        }
    }
    (updated, created)
}

#[test]
fn a_first_notice_is_taken_as_it_is() {
    let first = notice(hour(1));
    assert_eq!(merge(&[], std::slice::from_ref(&first), hour(1)), [Step::Create(state(&first, 1))]);
}

#[test]
fn a_first_notice_without_a_status_leaves_it_not_stated() {
    let (_, created) = outcome(merge(&[], &[with_status(Status::NoChange, notice(hour(1)))], hour(1)));
    assert_eq!(created[0].status, Status::NoChange);
}

#[test]
fn a_newer_notice_replaces_window_status_and_summary() {
    let known = known([state(&notice(hour(1)), 1)]);
    let newer = Notice { status: Status::ReScheduled, summary: "Later".to_owned(), ..window(2, 101, 105) };
    let (updated, created) = outcome(merge(&known, std::slice::from_ref(&newer), hour(2)));
    assert!(created.is_empty());
    assert_eq!(updated[0].1, state(&newer, 1));
    let changes = [
        Change::Window { from_start: hour(100), from_end: hour(104), to_start: hour(101), to_end: hour(105) },
        Change::Status { from: Status::Confirmed, to: Status::ReScheduled },
        Change::Summary { from: "Fibre relocation".to_owned(), to: "Later".to_owned() },
    ];
    assert_eq!(updated[0].2, changes);
}

/// What a notification says.
fn telling(notification: i64, mailed: i64, notices: Vec<Notice>) -> Telling {
    Telling { notification: NotificationKey(notification), mailed: hour(mailed), notices }
}

#[test]
fn a_later_stamp_wins_over_any_sequence_and_the_sequence_breaks_ties() {
    let is_before = |stamp, sequence, mailed, notification| {
        let other = telling(notification, mailed, vec![Notice { sequence, ..notice(hour(stamp)) }]);
        other.place() < telling(5, 10, vec![Notice { sequence: 2, ..notice(hour(5)) }]).place()
    };
    assert!(is_before(4, 9, 10, 9));
    assert!(!is_before(6, -1, 10, 1));
    assert!(is_before(5, 1, 20, 9) && is_before(5, -1, 20, 9));
    assert!(!is_before(5, 3, 10, 1));
    // Of two that are alike the later mail counts, and then the later comer.
    assert!(is_before(5, 2, 9, 9) && !is_before(5, 2, 11, 1));
    assert!(is_before(5, 2, 10, 4) && !is_before(5, 2, 10, 6));
}

#[test]
fn a_notice_counts_as_no_newer_than_the_mail_that_carries_it() {
    let wrong_clock = notice(hour(9000));
    let (_, created) = outcome(merge(&[], &[wrong_clock], hour(1)));
    assert_eq!(created[0].order.stamp, hour(1));
    let (updated, _) = outcome(merge(&known(created), &[window(2, 101, 105)], hour(2)));
    assert_eq!(updated[0].1.start, hour(101));
}

#[test]
fn the_same_content_again_changes_nothing_but_the_order() {
    let known = known([state(&notice(hour(1)), 1)]);
    let (updated, created) = outcome(merge(&known, &[notice(hour(2))], hour(2)));
    assert_eq!((updated[0].1.order.stamp, &updated[0].2, created.len()), (hour(2), &Vec::new(), 0));
}

#[test]
fn no_change_keeps_the_status_and_changes_the_rest() {
    let known = known([state(&with_status(Status::Tentative, notice(hour(1))), 1)]);
    let (updated, _) = outcome(merge(&known, &[with_status(Status::NoChange, window(2, 101, 105))], hour(2)));
    assert_eq!((updated[0].1.status, updated[0].1.start), (Status::Tentative, hour(101)));
}

#[test]
fn an_empty_summary_keeps_the_known_one() {
    let known = known([state(&notice(hour(1)), 1)]);
    let (updated, _) = outcome(merge(&known, &[Notice { summary: String::new(), ..notice(hour(2)) }], hour(2)));
    assert_eq!((updated[0].1.summary.as_str(), updated[0].2.len()), ("Fibre relocation", 0));
}

#[test]
fn cancelled_and_completed_without_circuits_keep_the_known_ones() {
    for status in [Status::Cancelled, Status::Completed] {
        let known = known([state(&notice(hour(1)), 1)]);
        let said = Notice { status, circuits: Vec::new(), ..notice(hour(2)) };
        let (updated, _) = outcome(merge(&known, &[said], hour(2)));
        assert_eq!(updated[0].1.circuits, [circuit("IC-1", Impact::Outage)]);
        assert_eq!(updated[0].2, [Change::Status { from: Status::Confirmed, to: status }]);
    }
}

#[test]
fn circuits_come_go_and_change_ignoring_case() {
    let mut before = notice(hour(1));
    before.circuits =
        vec![circuit("ic-1", Impact::Outage), circuit("IC-2", Impact::Outage), circuit("IC-3", Impact::Degraded)];
    let mut said = notice(hour(2));
    said.circuits =
        vec![circuit("IC-1", Impact::Outage), circuit("ic-3", Impact::NoImpact), circuit("IC-4", Impact::Outage)];
    let (updated, _) = outcome(merge(&known([state(&before, 1)]), &[said], hour(2)));
    let changes = [
        Change::Impact { circuit_id: "ic-3".to_owned(), from: Impact::Degraded, to: Impact::NoImpact },
        Change::CircuitAdded { circuit_id: "IC-4".to_owned(), impact: Impact::Outage },
        Change::CircuitRemoved { circuit_id: "IC-2".to_owned(), impact: Impact::Outage },
    ];
    assert_eq!(updated[0].2, changes);
}

#[test]
fn a_circuit_named_twice_counts_once_with_the_worse_impact() {
    let mut said = notice(hour(1));
    said.circuits =
        vec![circuit("IC-1", Impact::NoImpact), circuit("IC-2", Impact::Degraded), circuit("ic-1", Impact::Outage)];
    let (_, created) = outcome(merge(&[], &[said], hour(1)));
    assert_eq!(created[0].circuits, [circuit("IC-1", Impact::Outage), circuit("IC-2", Impact::Degraded)]);
}

#[test]
fn several_windows_of_one_notification_are_rows_of_their_own() {
    let (_, created) = outcome(merge(&[], &[window(1, 100, 104), window(1, 124, 128)], hour(1)));
    let windows: Vec<_> = created.iter().map(|state| (state.window, state.start)).collect();
    assert_eq!(windows, [(1, hour(100)), (2, hour(124))]);
}

#[test]
fn equal_windows_of_one_notification_are_one_with_the_circuits_of_both() {
    let mut second = window(1, 100, 104);
    second.circuits = vec![circuit("IC-2", Impact::Degraded)];
    let (_, created) = outcome(merge(&[], &[window(1, 100, 104), second], hour(1)));
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].circuits, [circuit("IC-1", Impact::Outage), circuit("IC-2", Impact::Degraded)]);
}

#[test]
fn windows_are_matched_by_exact_times_first_and_then_in_order() {
    let known = known([state(&window(1, 100, 104), 1), state(&window(1, 124, 128), 2), state(&window(1, 148, 152), 3)]);
    // The second stays, the third moves in front of it, the first moves by an hour.
    let said = [window(2, 120, 123), window(2, 124, 128), window(2, 101, 105)];
    let (updated, created) = outcome(merge(&known, &said, hour(2)));
    assert!(created.is_empty());
    let moved: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.start)).collect();
    assert_eq!(moved, [(3, hour(120)), (2, hour(124)), (1, hour(101))]);
}

#[test]
fn a_window_that_is_dropped_does_not_give_its_row_to_one_that_was_extended() {
    let three = [window(1, 100, 102), window(1, 124, 126), window(1, 148, 150)];
    let known = known(three.iter().zip(1..).map(|(notice, number)| state(notice, number)));
    let (updated, created) = outcome(merge(&known, &[window(2, 124, 127), window(2, 148, 150)], hour(2)));
    assert!(created.is_empty());
    let times: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.status, state.end)).collect();
    let planned = Status::Confirmed;
    assert_eq!(
        times,
        [(2, planned, hour(127)), (3, planned, hour(150)), (1, Status::Cancelled, hour(102))],
        "the second is longer, the first is gone"
    );
}

#[test]
fn a_window_with_a_uid_of_its_own_keeps_its_row_wherever_it_moves() {
    let named = |uid: &str, window: Notice| Notice { uid: uid.to_owned(), ..window };
    let two = [named("a", window(1, 100, 102)), named("b", window(1, 124, 126))];
    let known = known(two.iter().zip(1..).map(|(notice, number)| state(notice, number)));
    // Each overlaps what the other was.
    let moved = [named("b", window(2, 101, 103)), named("a", window(2, 125, 127))];
    let (updated, created) = outcome(merge(&known, &moved, hour(2)));
    assert!(created.is_empty());
    let starts: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.start)).collect();
    assert_eq!(starts, [(2, hour(101)), (1, hour(125))]);
    // One that all share tells nothing.
    let shared = [named("a", window(1, 100, 102)), named("a", window(1, 124, 126))];
    let known = self::known(shared.iter().zip(1..).map(|(notice, number)| state(notice, number)));
    let (updated, _) =
        outcome(merge(&known, &[named("a", window(2, 125, 127)), named("a", window(2, 100, 102))], hour(2)));
    let starts: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.start)).collect();
    assert_eq!(starts, [(2, hour(125)), (1, hour(100))]);
}

#[test]
fn a_moved_window_is_not_taken_for_one_that_is_over() {
    let known = known([state(&window(1, 10, 14), 1), state(&window(1, 100, 104), 2)]);
    let (updated, created) = outcome(merge(&known, &[window(20, 110, 114)], hour(20)));
    assert!(created.is_empty());
    assert_eq!(updated.iter().map(|(key, ..)| *key).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_maintenance_that_was_cancelled_comes_back_as_the_same_row() {
    let known = known([state(&with_status(Status::Cancelled, notice(hour(1))), 1)]);
    let (updated, created) = outcome(merge(&known, &[window(2, 200, 204)], hour(2)));
    assert!(created.is_empty());
    assert_eq!((updated[0].0, updated[0].1.status), (1, Status::Confirmed));
}

#[test]
fn a_whole_plan_cancels_the_coming_windows_that_it_does_not_list() {
    for status in [Status::Tentative, Status::Confirmed, Status::ReScheduled] {
        let known = known([
            state(&window(1, 10, 14), 1),
            state(&window(1, 18, 30), 2),
            state(&window(1, 100, 104), 3),
            state(&window(1, 124, 128), 4),
        ]);
        let steps = merge(&known, &[with_status(status, window(20, 100, 104))], hour(20));
        let unlisted: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Unlisted { key, state, changes } => Some((key.0, state.status, changes.clone())),
                Step::Create(_) | Step::Update { .. } => None,
            })
            .collect();
        // The first is over and the second has begun: they stay as they are.
        let change = Change::Status { from: Status::Confirmed, to: Status::Cancelled };
        assert_eq!(unlisted, [(4, Status::Cancelled, vec![change])]);
    }
}

#[test]
fn news_of_one_window_leaves_the_others_alone() {
    for status in [Status::InProcess, Status::Completed, Status::Cancelled, Status::NoChange] {
        let known = known([state(&window(1, 100, 104), 1), state(&window(1, 124, 128), 2)]);
        let (updated, created) = outcome(merge(&known, &[with_status(status, window(2, 100, 104))], hour(2)));
        assert!(created.is_empty());
        assert_eq!(updated.iter().map(|(key, ..)| *key).collect::<Vec<_>>(), [1], "{status:?}");
    }
}

#[test]
fn one_window_cancelled_among_confirmed_ones_is_no_whole_plan() {
    let known = known([state(&window(1, 100, 104), 1), state(&window(1, 124, 128), 2), state(&window(1, 148, 152), 3)]);
    let said = [window(2, 100, 104), with_status(Status::Cancelled, window(2, 124, 128))];
    let (updated, _) = outcome(merge(&known, &said, hour(2)));
    let statuses: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.status)).collect();
    assert_eq!(statuses, [(1, Status::Confirmed), (2, Status::Cancelled)]);
}

#[test]
fn a_further_window_is_added_with_the_next_number() {
    let known = known([state(&window(1, 100, 104), 1)]);
    let (updated, created) = outcome(merge(&known, &[window(2, 100, 104), window(2, 124, 128)], hour(2)));
    assert_eq!((updated.len(), created.len(), created[0].window), (1, 1, 2));
}

#[test]
fn told_again_each_window_knows_who_spoke_of_it() {
    let plan = telling(1, 1, vec![window(1, 100, 104), window(1, 124, 128)]);
    let second = telling(2, 2, vec![with_status(Status::Cancelled, window(2, 124, 128))]);
    let retold = retell(&[], &[plan, second], NotificationKey(2));
    let told: Vec<_> = retold.iter().map(|window| (window.state.status, window.told.clone())).collect();
    let (plan, second) = (NotificationKey(1), NotificationKey(2));
    assert_eq!(told, [(Status::Confirmed, vec![(plan, 0)]), (Status::Cancelled, vec![(plan, 1), (second, 0)])]);
    let heard: Vec<_> = retold.iter().map(|window| window.heard.as_ref().map(|heard| heard.status)).collect();
    assert_eq!(heard, [None, Some(Status::Cancelled)]);
    // What was there before anybody told of it stays the row that it is.
    let known = known([state(&window(0, 101, 105), 1)]);
    let retold = retell(&known, &[telling(1, 1, vec![window(1, 100, 104)])], NotificationKey(1));
    assert_eq!((retold.len(), retold[0].known), (1, Some(MaintenanceKey(1))));
}

#[test]
fn what_is_cancelled_of_a_window_that_is_not_leaves_it() {
    let of = |status, id: &str| Notice {
        circuits: vec![circuit(id, Impact::Outage)],
        ..with_status(status, notice(hour(1)))
    };
    let (one, other) = (of(Status::Cancelled, "A"), of(Status::Confirmed, "B"));
    for notices in [[one.clone(), other.clone()], [other, one]] {
        let (_, created) = outcome(merge(&[], &notices, hour(1)));
        let circuits: Vec<_> = created[0].circuits.iter().map(|circuit| circuit.circuit_id.as_str()).collect();
        assert_eq!((created.len(), created[0].status, circuits), (1, Status::Confirmed, vec!["B"]));
    }
}

#[test]
fn a_notification_without_notices_does_nothing() {
    assert_eq!(merge(&known([state(&notice(hour(1)), 1)]), &[], hour(2)), []);
}

#[test]
fn a_cancellation_without_a_window_cancels_every_open_one_and_leaves_its_times() {
    let (start, end) = Notice::no_window();
    let cancelled = Notice { end, start, circuits: Vec::new(), ..with_status(Status::Cancelled, notice(hour(90))) };
    let over = state(&window(1, 50, 54), 1);
    let open = [state(&window(1, 100, 104), 2), state(&window(1, 200, 204), 3)];
    let known = known([over].into_iter().chain(open));
    let (updated, created) = outcome(merge(&known, std::slice::from_ref(&cancelled), hour(90)));
    assert!(created.is_empty());
    let after: Vec<_> = updated.iter().map(|(key, state, _)| (*key, state.status, state.start, state.end)).collect();
    let expected = [(2, hour(100), hour(104)), (3, hour(200), hour(204))];
    assert_eq!(after, expected.map(|(key, start, end)| (key, Status::Cancelled, start, end)));
    assert!(updated.iter().all(|(_, _, changes)| changes.len() == 1), "{updated:?}");
    // Repeated, it says nothing new.
    let settled = self::known(updated.into_iter().map(|(_, state, _)| state));
    let (updated, created) = outcome(merge(&settled, &[cancelled], hour(91)));
    assert!(created.is_empty() && updated[0].2.is_empty(), "{updated:?} {created:?}");
}

#[test]
fn a_cancellation_of_nothing_known_has_the_moment_of_its_notice() {
    let (start, end) = Notice::no_window();
    let cancelled = Notice { end, start, ..with_status(Status::Cancelled, notice(hour(3))) };
    let (_, created) = outcome(merge(&[], &[cancelled], hour(2)));
    assert_eq!((created[0].start, (created[0].end - created[0].start).num_seconds()), (hour(2), 1));
}

#[test]
fn of_two_notices_of_one_window_the_one_that_says_where_it_stands_counts() {
    let of = |status| with_status(status, notice(hour(1)));
    for notices in [[of(Status::Confirmed), of(Status::NoChange)], [of(Status::NoChange), of(Status::Confirmed)]] {
        let (_, created) = outcome(merge(&[], &notices, hour(2)));
        assert_eq!(created.iter().map(|state| state.status).collect::<Vec<_>>(), [Status::Confirmed]);
    }
}
