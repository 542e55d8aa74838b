//! Another URL: the same Nautobot, or another one.

use super::*;
use crate::features::maintenance::nautobot::store::outbox::{Kind, State};
use crate::features::maintenance::store::edit::{self, Edit};
use crate::features::maintenance::store::event::EventKind;
use crate::features::maintenance::store::list::Acknowledged;

/// From now on the Nautobot has this URL; nothing is asked of it yet.
fn called(desk: &Desk, url: &str) {
    let url = url.to_owned();
    desk.write(move |c| {
        let writes = setting::switches(c).unwrap().writes;
        assert!(setting::configure(c, Some((&url, writes))).unwrap());
    });
}

/// Reads and writes; whether everything was read.
async fn turn(desk: &Desk) -> bool {
    let read = desk.sync().await;
    desk.send().await;
    read.full
}

fn edit(desk: &Desk, id: &str, edit: Edit) {
    let key = desk.look("lumen", id).unwrap().key;
    desk.write(move |c| edit::edit(c, key, None, &edit, &anna()).unwrap().unwrap());
}

/// Takes everything out of the outbox.
fn drop_all(desk: &Desk) {
    let ids: Vec<i64> = desk.outbox().iter().map(|entry| entry.id).collect();
    desk.write(move |c| outbox::drop(c, &ids, &anna()).unwrap());
}

/// What is told of CHG1, and its history.
fn told(desk: &Desk) -> (Option<String>, Vec<EventKind>) {
    let detail = desk.look("lumen", "CHG1").unwrap();
    (detail.nautobot.and_then(|there| there.conflict), detail.events.iter().map(|event| event.kind).collect())
}

/// A desk on which CHG1 was set by hand otherwise than it was changed there, in every field, and each was left so.
async fn left_different() -> (Desk, String) {
    let desk = Desk::new(true).await;
    let id = there(&desk);
    desk.sync().await;
    desk.sim.patch(
        MAINTENANCE,
        &id,
        json!({"end_time": "2026-11-22T20:00:00Z", "status": "COMPLETED", "description": "As Nautobot has it"}),
    );
    let ours = Edit {
        window: Some((notice().start, at("2026-11-22T16:00:00Z"))),
        status: Some(Status::Tentative),
        summary: Some("as it is here".to_owned()),
        ..Edit::default()
    };
    edit(&desk, "CHG1", ours);
    turn(&desk).await;
    assert_eq!(desk.outbox().iter().filter(|entry| entry.state == State::Conflict).count(), 3);
    drop_all(&desk);
    turn(&desk).await;
    assert!(told(&desk).0.unwrap().contains("the status is left different"));
    (desk, id)
}

#[tokio::test]
async fn what_was_left_different_is_not_written_over_under_another_url() {
    let (desk, id) = left_different().await;
    let before = (desk.sim.all(MAINTENANCE), desk.sim.all(IMPACT), told(&desk));
    let now = || (desk.sim.all(MAINTENANCE), desk.sim.all(IMPACT), told(&desk));
    for url in ["http://localhost", "https://nautobot.example:443"] {
        called(&desk, url);
        assert!(turn(&desk).await && !turn(&desk).await);
        assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
        assert_eq!(now(), before);
    }
    // Pages pass it over, or it makes no sense, just when everything is read.
    for is_garbled in [false, true] {
        let hidden = vec![id.clone()];
        desk.sim.set(|options| if is_garbled { options.garbled = hidden } else { options.skipped = hidden });
        called(&desk, &format!("http://again.example/{is_garbled}"));
        assert_eq!(desk.try_sync(false).await.is_err(), is_garbled);
        desk.send().await;
        desk.sim.set(|options| (options.garbled, options.skipped) = (Vec::new(), Vec::new()));
        desk.try_sync(true).await.unwrap();
        desk.send().await;
        assert_eq!(now(), before, "garbled {is_garbled}");
    }
    // Either side may change, as ever.
    edit(&desk, "CHG1", Edit { status: Some(Status::Confirmed), ..Edit::default() });
    called(&desk, "http://nautobot.example");
    turn(&desk).await;
    assert_eq!((desk.only()["status"].as_str(), desk.outbox()), (Some("CONFIRMED"), Vec::new()));
    desk.sim.patch(MAINTENANCE, &id, json!({"description": "As it is there now"}));
    called(&desk, "http://localhost");
    turn(&desk).await;
    let conflicts: Vec<_> = desk.outbox().into_iter().filter_map(|entry| entry.field).map(String::from).collect();
    assert_eq!(conflicts, ["description"]);
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_before_does_not_count_again_under_another_url() {
    let desk = Desk::new(true).await;
    let id = there(&desk);
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.sync().await;
    assert!(matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Yes { .. }));
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
    turn(&desk).await;
    assert!(matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Before { .. }));
    let before = (desk.sim.all(MAINTENANCE), told(&desk));
    called(&desk, "http://localhost");
    assert!(turn(&desk).await);
    assert!(matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Before { .. }));
    assert_eq!((desk.sim.all(MAINTENANCE), told(&desk)), before);
}

#[tokio::test]
async fn what_the_first_reading_under_another_url_lacks_was_not_deleted() {
    let desk = Desk::new(true).await;
    let id = there(&desk);
    desk.sync().await;
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.sim.delete(MAINTENANCE, &id);
    let before = told(&desk).1;
    called(&desk, "http://localhost");
    let read = desk.sync().await;
    desk.send().await;
    assert_eq!((read.gone, read.vanished), (0, None));
    assert_eq!(told(&desk).1, before);
    // What waits says why, and goes to whatever takes the record's place.
    let [entry] = &*desk.outbox() else { panic!("{:?}", desk.outbox()) };
    assert_eq!(
        (entry.kind, entry.reason.starts_with("Nautobot has no maintenance Lumen-CHG1")),
        (Kind::Acknowledgement, true)
    );
    there(&desk);
    turn(&desk).await;
    assert!(desk.outbox().is_empty() && desk.only()["ack"] == true);
}

/// Another Nautobot takes the place of the desk's, which is answered.
fn exchange(desk: &mut Desk, sim: Sim) -> Sim {
    called(desk, &sim.url());
    desk.client = client(&sim);
    std::mem::replace(&mut desk.sim, sim)
}

#[tokio::test]
async fn another_nautobot_knows_nothing_of_what_was_agreed_with_the_one_before() {
    let (mut desk, _) = left_different().await;
    // Of this one only the first Nautobot knows; its note is to be marked as taken back, and it is to be acknowledged.
    desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.sync().await;
    let key = desk.look("lumen", "CHG2").unwrap().key;
    desk.note(key, "drained");
    turn(&desk).await;
    assert_eq!(desk.sim.all(NOTE).len(), 1);
    desk.write(|c| crate::features::maintenance::store::undo::undo_last(c, &anna()).unwrap());
    desk.acknowledge(key);
    let first = (desk.sim.all(MAINTENANCE), desk.sim.all(IMPACT), desk.sim.all(NOTE));
    let history = |desk: &Desk| desk.look("lumen", "CHG2").unwrap().events.len();
    let (before, events) = (told(&desk), history(&desk));

    let other = Sim::start(Options::new(at("2026-11-20T00:00:00Z"))).await.unwrap();
    small(&other).maintenance(&other, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T20:00:00Z");
    let sim = exchange(&mut desk, other);
    for is_first in [true, false] {
        let read = desk.sync().await;
        assert_eq!((read.full, read.gone, read.vanished), (is_first, 0, None));
        desk.send().await;
    }
    // The two meet for the first time, and what is here is newer.
    assert_eq!(desk.only()["status"], "TENTATIVE");
    // What waits is not lost, and goes nowhere else.
    assert!(desk.sim.all(NOTE).is_empty());
    let waiting: Vec<_> = desk.outbox().iter().map(|entry| (entry.kind, entry.reason.clone())).collect();
    assert!(waiting.len() == 2 && waiting.iter().all(|(_, reason)| !reason.is_empty()), "{waiting:?}");
    assert_eq!(history(&desk), events);
    assert!(!told(&desk).1.contains(&EventKind::GoneFromNautobot));
    assert_eq!((sim.all(MAINTENANCE), sim.all(IMPACT), sim.all(NOTE)), first);

    // The first one again: what was agreed with it counts, and what waited for it goes there.
    let second = exchange(&mut desk, sim);
    let there = second.all(MAINTENANCE);
    for _ in 0..2 {
        turn(&desk).await;
    }
    assert_eq!(told(&desk), before);
    let status = |name: &str| {
        let record = desk.sim.all(MAINTENANCE).into_iter().find(|one| one["name"] == name).unwrap();
        (record["status"].clone(), record["ack"].clone())
    };
    assert_eq!(status("Lumen-CHG1"), (json!("COMPLETED"), json!(false)));
    assert_eq!(status("Lumen-CHG2"), (json!("CONFIRMED"), json!(true)));
    let notes = desk.sim.all(NOTE);
    assert!(notes.len() == 1 && notes[0]["comment"].as_str().unwrap().starts_with("[taken back by anna"), "{notes:?}");
    assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
    assert_eq!(second.all(MAINTENANCE), there);
}

#[tokio::test]
async fn what_a_reading_under_the_url_before_ends_with_is_not_taken_for_this_one() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let before = desk.write(|c| setting::progress(c).unwrap());
    called(&desk, "http://localhost");
    let reading = setting::Progress { round: before.round + 1, ..before };
    for read in [before, reading] {
        desk.write(move |c| setting::keep(c, &read).unwrap());
        assert_eq!(desk.write(|c| setting::progress(c).unwrap()).full_at, None);
    }
    assert!(desk.sync().await.full && !desk.sync().await.full);
}

#[tokio::test]
async fn what_somebody_said_of_one_nautobots_conflict_is_not_said_of_anothers() {
    let mut desk = Desk::new(false).await;
    let id = there(&desk);
    desk.mail("1", 60, notice());
    desk.sync().await;
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": false}));
    // Acknowledged here as it is here; there it says something else, which somebody wants to be acknowledged all the same.
    edit(&desk, "CHG1", Edit { status: Some(Status::Tentative), ..Edit::default() });
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    turn(&desk).await;
    let [entry] = &*desk.outbox() else { panic!("{:?}", desk.outbox()) };
    assert_eq!((entry.kind, entry.state), (Kind::Acknowledgement, State::Conflict));
    desk.write(|c| outbox::retry(c, &[], true, &anna()).unwrap());
    let other = Sim::start(Options::new(at("2026-11-20T00:00:00Z"))).await.unwrap();
    small(&other).maintenance(&other, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    let sim = exchange(&mut desk, other);
    turn(&desk).await;
    assert_eq!(desk.only()["ack"], false);
    assert_eq!(desk.outbox()[0].state, State::Conflict);
    assert_eq!(sim.all(MAINTENANCE)[0]["ack"], false);
}

/// A copy of the desk's Nautobot takes its place, which is answered.
async fn copy(desk: &mut Desk) -> Sim {
    let copy = desk.sim.copied().await.unwrap();
    exchange(desk, copy)
}

/// The other one of two takes its place again, some seconds later; it is read twice and written to.
async fn go_back(desk: &mut Desk, to: Sim) -> Sim {
    to.pass(chrono::TimeDelta::seconds(5));
    let from = exchange(desk, to);
    assert!(turn(desk).await && !turn(desk).await);
    from
}

/// A desk that has written the first mail of CHG1, from two hours ago, to its Nautobot, which has another circuit, too.
async fn written() -> Desk {
    let desk = Desk::in_time(true).await;
    desk.sim.put(
        "circuits/circuits",
        json!({"cid": "LUM/000107/A", "provider": desk.small.provider, "circuit_type": desk.small.kind,
               "status": desk.small.status}),
    );
    desk.sync().await;
    desk.mail("1", 120, notice());
    turn(&desk).await;
    turn(&desk).await;
    assert_eq!(desk.only()["status"], "CONFIRMED");
    desk
}

/// What the only maintenance there says, and what happens to its circuits.
fn said(desk: &Desk) -> Vec<Value> {
    let only = desk.only();
    let fields = ["start_time", "end_time", "status", "description", "ack"].map(|field| only[field].clone());
    let mut impacts: Vec<Value> =
        desk.sim.all(IMPACT).iter().map(|one| json!([one["circuit"]["id"], one["impact"]])).collect();
    impacts.sort_by_key(Value::to_string);
    fields.into_iter().chain(impacts).collect()
}

#[tokio::test]
async fn what_a_mail_says_under_the_url_of_a_copy_goes_to_the_first_one_too() {
    let second = Circuit { circuit_id: "LUM/000107/A".to_owned(), impact: Impact::Degraded };
    let mut more = notice();
    more.circuits.push(second);
    let mut worse = notice();
    worse.circuits[0].impact = Impact::Degraded;
    let cases = [
        Notice { status: Status::Cancelled, ..notice() },
        Notice { end: at("2026-11-22T18:00:00Z"), ..notice() },
        more,
        worse,
    ];
    // Made after the record was written there, or before.
    for (minutes, next) in [0, 60].into_iter().flat_map(|minutes| cases.iter().map(move |next| (minutes, next))) {
        let mut desk = written().await;
        let first = said(&desk);
        let mut other = copy(&mut desk).await;
        assert!(turn(&desk).await);
        desk.mail("2", minutes, Notice { sequence: 2, ..next.clone() });
        turn(&desk).await;
        turn(&desk).await;
        let (now, history) = (said(&desk), told(&desk));
        assert_ne!(now, first);
        for _ in 0..4 {
            other = go_back(&mut desk, other).await;
            assert_eq!((said(&desk), told(&desk)), (now.clone(), history.clone()), "{minutes} {next:?}");
            assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
        }
    }
}

#[tokio::test]
async fn what_somebody_does_under_the_url_of_a_copy_goes_to_the_first_one_too() {
    for is_acknowledged in [true, false] {
        let mut desk = written().await;
        let mut other = copy(&mut desk).await;
        assert!(turn(&desk).await);
        let key = desk.look("lumen", "CHG1").unwrap().key;
        desk.note(key, "drained");
        if is_acknowledged {
            desk.acknowledge(key);
        }
        turn(&desk).await;
        // What was done last, which is what is undone, is the note where nothing was acknowledged.
        for is_taken_back in [false, true].into_iter().filter(|it| !(*it && is_acknowledged)) {
            if is_taken_back {
                desk.write(|c| crate::features::maintenance::store::undo::undo_last(c, &anna()).unwrap());
                turn(&desk).await;
            }
            let history = told(&desk);
            for _ in 0..4 {
                other = go_back(&mut desk, other).await;
                assert_eq!(told(&desk), history);
                assert_eq!(desk.only()["ack"], is_acknowledged);
                let notes = desk.sim.all(NOTE);
                let is_marked = notes[0]["comment"].as_str().unwrap().starts_with("[taken back by anna");
                assert_eq!((notes.len(), is_marked), (1, is_taken_back));
                assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
            }
        }
    }
}

#[tokio::test]
async fn what_was_left_different_is_left_in_a_copy_that_is_older_too() {
    let (mut desk, _) = left_different().await;
    desk.sim.pass(chrono::TimeDelta::hours(1));
    let older = desk.sim.copied().await.unwrap();
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    turn(&desk).await;
    let (now, history) = (said(&desk), told(&desk));
    assert_eq!((&desk.only()["status"], &desk.only()["ack"]), (&json!("COMPLETED"), &json!(true)));
    // One that was never read, and the first one again.
    let mut other = go_back(&mut desk, older).await;
    for _ in 0..3 {
        assert_eq!((said(&desk), told(&desk)), (now.clone(), history.clone()));
        assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
        other = go_back(&mut desk, other).await;
    }
}
