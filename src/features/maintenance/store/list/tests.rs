//! The list against a model that sorts everything in memory.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::features::maintenance::model::{Impact, Status, Verdict};
use crate::features::maintenance::store::merge::State;
use crate::features::maintenance::store::record::{Limits, record};
use crate::features::maintenance::store::rows::create;
use crate::features::maintenance::store::testing::{at, circuit, empty, hour, mail, notice, plan, state};
use crate::store::folded;

/// A row as the model knows it.
#[derive(Debug, Clone)]
struct Known {
    id: i64,
    provider: String,
    state: State,
    is_acknowledged: bool,
    is_seen: bool,
}

impl Known {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        !self.state.status.is_final() && self.state.end > now
    }

    fn over_at(&self) -> DateTime<Utc> {
        if self.state.status.is_final() { self.state.end.min(self.state.order.stamp) } else { self.state.end }
    }

    fn passes(&self, query: &ListQuery) -> bool {
        let scope = match query.filter.scope {
            Scope::All => true,
            Scope::Open => self.is_open(query.now),
            Scope::Unacknowledged => self.is_open(query.now) && !self.is_acknowledged,
            Scope::Changed => !self.is_seen,
        };
        let provider = query.filter.provider.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&self.provider));
        let circuits = self.state.circuits.iter().map(|circuit| circuit.circuit_id.clone());
        let fields: Vec<String> = [self.provider.clone(), format!("ID-{}", self.id), self.state.summary.clone()]
            .into_iter()
            .chain(circuits)
            .map(|field| folded(&field))
            .collect();
        let text = folded(&query.filter.text);
        let words = text.split_whitespace().all(|word| match word.strip_prefix('!') {
            Some("") => true,
            Some(word) => fields.iter().all(|field| !field.contains(word)),
            None => fields.iter().any(|field| field.contains(word)),
        });
        scope && provider && words
    }
}

/// The ids in the order that the list has to have.
fn expected(known: &[Known], query: &ListQuery) -> Vec<i64> {
    let mut rows: Vec<&Known> = known.iter().filter(|row| row.passes(query)).collect();
    rows.sort_by_key(|row| {
        let newest_first = |time: DateTime<Utc>| -time.timestamp();
        let oldest_first = |time: DateTime<Utc>| time.timestamp();
        match query.sort {
            Sort::Changed => (0, String::new(), newest_first(row.state.order.stamp), -row.id),
            Sort::Provider => (0, row.provider.to_lowercase(), newest_first(row.state.start), -row.id),
            Sort::Grouped if !row.is_open(query.now) => (2, String::new(), newest_first(row.over_at()), -row.id),
            Sort::Grouped if row.state.start > query.now => (1, String::new(), oldest_first(row.state.start), row.id),
            Sort::Grouped => (0, String::new(), oldest_first(row.state.end), row.id),
        }
    });
    rows.into_iter().map(|row| row.id).collect()
}

fn ids(window: &Window) -> Vec<i64> {
    window.rows.iter().map(|row| row.key.maintenance.0).collect()
}

/// A database with these rows.
fn fill(rows: Vec<(String, State, bool, bool)>) -> (Connection, Vec<Known>) {
    let connection = empty();
    let known = (1..).zip(rows).map(|(id, (provider, state, is_acknowledged, is_seen))| {
        let key = create(&connection, &provider, &format!("ID-{id}"), &state).unwrap();
        assert_eq!(key.0, id);
        connection
            .execute(
                "UPDATE maintenance SET ack_revision = ?2, ack_by = 'anna', ack_at = 0, seen_revision = ?3 WHERE id = ?1",
                (id, is_acknowledged, is_seen),
            )
            .unwrap();
        Known { id, provider, state, is_acknowledged, is_seen }
    });
    let known = known.collect();
    (connection, known)
}

fn any_row() -> impl Strategy<Value = (String, State, bool, bool)> {
    let provider = prop::sample::select(vec!["zayo", "Zayo", "colt", "GTT", "élan"]);
    let status = prop::sample::select(Status::ALL.to_vec());
    // Few distinct times, so that ties and touching windows are common; lengths of every class.
    let start = -60_i64..60;
    let length = prop::sample::select(vec![1_i64, 2, 4, 5, 16, 17, 64, 256, 300, 1024, 4096, 9000]);
    let stamp = -80_i64..40;
    let circuits = prop::collection::vec("[A-c]{1,2}[-/é][0-2]{1,3}", 0..3);
    let summary = "[a-dA-D ß!\"*%_']{0,12}";
    (provider, status, start, length, stamp, circuits, summary, any::<bool>(), any::<bool>()).prop_map(
        |(provider, status, start, length, stamp, circuits, summary, is_acknowledged, is_seen)| {
            let mut notice = notice(hour(stamp));
            (notice.start, notice.end) = (hour(start), hour(start + length));
            notice.status = status;
            notice.circuits = circuits.iter().map(|id| circuit(id, Impact::Degraded)).collect();
            notice.summary = summary.trim().to_owned();
            (provider.to_owned(), state(&notice, 1), is_acknowledged, is_seen)
        },
    )
}

fn any_query() -> impl Strategy<Value = ListQuery> {
    let text = prop_oneof![
        3 => Just(String::new()),
        3 => "!?[a-dA-D0-2é/-]{1,2}",
        2 => "!?[a-d]{1,2}[-/][0-2]{1,2}",
        1 => "(zay|COL|id-[1-9]|!id|!)( [a-c])?",
        3 => "!?[a-dA-D0-2é/-]{1,4}( !?([a-d]{1,2}|zayo|colt|gtt|[0-2])){1,3}",
        1 => "!(zayo|colt|gtt) !(zayo|colt|id-[1-9])( !?[a-d])?",
        1 => "!?(zay|gtt|id)( ![a-dß0-2/_]){1,2}",
        1 => "[a-dß!\"*%_' ]{1,6}",
    ];
    let provider = prop_oneof![3 => Just(None), 1 => prop::sample::select(vec!["zayo", "ZAYO", "gtt"]).prop_map(Some)];
    (prop::sample::select(Sort::ALL.to_vec()), text, prop::sample::select(Scope::ALL.to_vec()), provider, -70_i64..80)
        .prop_map(|(sort, text, scope, provider, now)| ListQuery {
            sort,
            filter: Filter { text, scope, provider: provider.map(str::to_owned) },
            now: hour(now),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn every_way_through_the_list_meets_every_row_once_and_in_order(
        rows in prop::collection::vec(any_row(), 0..40),
        queries in prop::collection::vec(any_query(), 1..6),
        step in 1_usize..7,
        walk in prop::sample::select(vec![0_usize, 3, 600]),
        sort in prop::sample::select(vec![0_usize, 3, 500]),
    ) {
        let (connection, known) = fill(rows);
        for query in queries {
            let all = expected(&known, &query);
            let list = window::List::new(&connection, &query, window::Effort { walk, sort });
            let read = |anchor, before, after| list.window(&anchor, before, after).unwrap();

            let mut down = read(Anchor::Top, 0, step);
            prop_assert!(!down.more_before);
            let mut walked = ids(&down);
            while down.more_after {
                down = read(Anchor::After(down.rows.last().unwrap().key.clone()), 0, step);
                prop_assert!(down.more_before);
                walked.extend(ids(&down));
            }
            prop_assert_eq!(&walked, &all, "down, {:?}", query);

            let mut up = read(Anchor::Bottom, step, 0);
            prop_assert!(!up.more_after);
            let mut walked = ids(&up);
            while up.more_before {
                up = read(Anchor::Before(up.rows.first().unwrap().key.clone()), step, 0);
                prop_assert!(up.more_after);
                walked.splice(0..0, ids(&up));
            }
            prop_assert_eq!(&walked, &all, "up, {:?}", query);

            prop_assert_eq!(list.matches(usize::MAX).unwrap(), all.len());
            prop_assert_eq!(list.matches(3).unwrap(), all.len().min(3));

            for (place, id) in all.iter().enumerate() {
                let around = read(Anchor::On(MaintenanceKey(*id)), 2, 3);
                let shown = ids(&around);
                prop_assert_eq!(around.anchor.map(|anchor| shown[anchor]), Some(*id));
                prop_assert_eq!(shown.len(), all.len().min(5));
                let first = all.iter().position(|other| *other == shown[0]).unwrap();
                prop_assert_eq!(&shown[..], &all[first..first + shown.len()]);
                prop_assert_eq!(around.more_before, first > 0);
                prop_assert_eq!(around.more_after, first + shown.len() < all.len());
                prop_assert!(first <= place && place - first <= 5);
                prop_assert_eq!(&read(Anchor::At(around.rows[around.anchor.unwrap()].key.clone()), 2, 3), &around);
            }
        }
    }

    #[test]
    fn everything_is_every_row_of_the_list_and_no_other(
        rows in prop::collection::vec(any_row(), 0..40),
        query in any_query(),
    ) {
        let (connection, known) = fill(rows);
        let marks = everything(&connection, &query).unwrap();
        let listed = window(&connection, &query, &Anchor::Top, 0, 100).unwrap();
        let mut of_rows: Vec<Mark> = listed.rows.iter().map(Mark::from).collect();
        of_rows.sort_by_key(|mark| mark.key);
        prop_assert_eq!(&marks, &of_rows);
        prop_assert_eq!(marks.len(), expected(&known, &query).len());
    }

    #[test]
    fn what_the_indexes_say_is_what_passes(rows in prop::collection::vec(any_row(), 0..40), query in any_query()) {
        let (connection, known) = fill(rows);
        let predicate = filter::Predicate::of(&query.filter, query.sort);
        let Some(candidates) = sets::Candidates::collect(&connection, &query, &predicate).unwrap() else { return Ok(()) };
        for row in &known {
            let (passes, is_candidate) = (row.passes(&query), candidates.ids.contains(row.id));
            prop_assert!(is_candidate || !passes, "{} passes {query:?}", row.id);
            prop_assert!(passes || !candidates.is_exact || !is_candidate, "{} does not pass {query:?}", row.id);
        }
    }
}

#[test]
fn the_list_goes_on_from_a_row_that_moved_or_went() {
    let rows = (0..10).map(|n| {
        let mut notice = notice(hour(0));
        (notice.start, notice.end) = (hour(10 + n), hour(11 + n));
        ("zayo".to_owned(), state(&notice, 1), false, false)
    });
    let (connection, _) = fill(rows.collect());
    let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now: hour(0) };
    let top = window(&connection, &query, &Anchor::Top, 0, 4).unwrap();
    assert_eq!(ids(&top), [1, 2, 3, 4]);
    let third = top.rows[2].key.clone();
    let cancel = "UPDATE maintenance SET status = 'CANCELLED', final = 1, settled_at = 0, over_at = 0 WHERE id = 3";
    connection.execute(cancel, []).unwrap();
    let after = window(&connection, &query, &Anchor::After(third.clone()), 0, 2).unwrap();
    assert_eq!(ids(&after), [4, 5]);
    let moved = window(&connection, &query, &Anchor::At(third.clone()), 1, 2).unwrap();
    assert_eq!((ids(&moved), moved.anchor), (vec![9, 10, 3], Some(2)));
    connection.execute("DELETE FROM maintenance WHERE id = 3", []).unwrap();
    let gone = window(&connection, &query, &Anchor::At(third), 1, 2).unwrap();
    assert_eq!((ids(&gone), gone.anchor), (vec![2, 4, 5], Some(1)));
}

#[test]
fn groups_follow_now_without_anything_being_written() {
    let (connection, _) = fill(vec![("zayo".to_owned(), state(&notice(hour(0)), 1), false, false)]);
    let group = |now| {
        let query = ListQuery { sort: Sort::Grouped, filter: Filter::default(), now };
        window(&connection, &query, &Anchor::Top, 0, 1).unwrap().rows[0].group
    };
    assert_eq!(group(hour(75)), Group::Later);
    assert_eq!(group(hour(76)), Group::Next24h);
    assert_eq!(group(at(hour(100).timestamp() - 1)), Group::Next24h);
    assert_eq!(group(hour(100)), Group::Active);
    assert_eq!(group(at(hour(104).timestamp() - 1)), Group::Active);
    assert_eq!(group(hour(104)), Group::Past);
}

#[test]
fn the_indexes_forget_what_a_row_no_longer_says_and_rows_that_are_gone() {
    let connection = empty();
    let mut keys = Vec::new();
    for (number, mark) in [(1, "QX-1"), (2, "QX-2"), (3, "QX-3")] {
        let (delivery, mut reading) = mail(mark, hour(1), vec![notice(hour(1))]);
        let Verdict::Parsed { notices, .. } = &mut reading.verdict else { unreachable!() };
        notices[0].maintenance_id = format!("ID-{number}");
        notices[0].circuits = vec![circuit(mark, Impact::Outage)];
        keys.push(record(&connection, &delivery, &reading, Limits::default()).unwrap().merged[0].0);
    }
    let (delivery, mut reading) = mail("changed", hour(2), vec![notice(hour(2))]);
    let Verdict::Parsed { notices, .. } = &mut reading.verdict else { unreachable!() };
    notices[0].maintenance_id = "ID-2".to_owned();
    record(&connection, &delivery, &reading, Limits::default()).unwrap();
    connection.execute("DELETE FROM maintenance WHERE id = ?1", [keys[2]]).unwrap();
    for text in ["q", "qx", "qx-", "qx-1", "!ic-1"] {
        let filter = Filter { text: text.to_owned(), ..Filter::default() };
        let query = ListQuery { sort: Sort::Grouped, filter, now: hour(0) };
        let list = window::List::new(&connection, &query, window::Effort { walk: 0, sort: 0 });
        assert_eq!(ids(&list.window(&Anchor::Top, 0, 9).unwrap()), [keys[0].0], "{text}");
        assert_eq!(list.matches(9).unwrap(), 1, "{text}");
    }
}

#[test]
fn every_leg_is_read_from_its_index_in_order_and_without_the_table() {
    use leg::{Direction, Leg, Piece};
    let connection = empty();
    let predicate = |sort| filter::Predicate::of(&Filter::default(), sort);
    for sort in Sort::ALL {
        for direction in [Direction::Forward, Direction::Backward] {
            for leg in Leg::of(sort, direction, &predicate(sort)) {
                let (same, times) = (Piece::SameTime { time: 0, low: 0, high: 0 }, Piece::Times { low: 0, high: 0 });
                let pieces = [(same, "=? AND rowid>? AND rowid<?)"), (times, ">? AND ")];
                let sorted = [(Piece::Sorted { low: (0, 0), high: (0, 0) }, "span=? AND starts_at>? AND starts_at<?)")];
                for (piece, bounds) in if *leg == Leg::Active { &sorted[..] } else { &pieces[..] } {
                    let plan = plan(&connection, &leg.sql(direction, piece, "", "1"));
                    let reads: Vec<_> = plan.iter().filter(|line| line.contains(" m ")).collect();
                    assert_eq!(reads.len(), 1, "{leg:?} {direction:?}: {plan:?}");
                    assert!(reads[0].starts_with("SEARCH m USING COVERING INDEX"), "{leg:?} {direction:?}: {plan:?}");
                    // The bounds limit what is read, not only what is shown.
                    assert!(reads[0].contains(bounds), "{leg:?} {direction:?}: {plan:?}");
                    // What runs now is few, comes from several ranges and has to be sorted; nothing else is.
                    let is_sorted = plan.iter().any(|line| line.contains("TEMP B-TREE"));
                    assert_eq!(is_sorted, *leg == Leg::Active, "{leg:?} {direction:?}: {plan:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_counted_and_collected_is_read_from_indexes_alone() {
    use crate::features::maintenance::store::count::NEXT_24H;
    let connection = empty();
    let active = leg::active_ids();
    let sets = [sets::OPEN, sets::UNACKNOWLEDGED, sets::UNSEEN, sets::OF_PROVIDER, sets::LACKING];
    for sql in [active.as_str(), NEXT_24H].into_iter().chain(sets) {
        let plan = plan(&connection, sql);
        assert!(plan.iter().any(|line| line.contains("USING COVERING INDEX")), "{plan:?}");
        // Walking the whole of an index is right only where it holds nothing else, or nothing could be looked up in it.
        let walks = plan.iter().any(|line| line.starts_with("SCAN m"));
        assert_eq!(walks, sql == sets::UNSEEN || sql == sets::LACKING, "{plan:?}");
    }
}
