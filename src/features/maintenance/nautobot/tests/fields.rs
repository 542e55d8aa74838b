//! What here and Nautobot differ about, field by field.

use super::*;
use crate::features::maintenance::nautobot::store::lines::Field;
use crate::features::maintenance::nautobot::store::outbox::State;
use crate::features::maintenance::store::edit::{self, Edit};
use crate::features::maintenance::store::event::EventKind;
use crate::features::maintenance::store::list::Acknowledged;

/// What a maintenance says here, whoever said it.
fn says(desk: &Desk, id: &str) -> (String, DateTime<Utc>, DateTime<Utc>, Status, Vec<Circuit>, String) {
    let detail = desk.look("lumen", id).unwrap();
    let mut circuits = detail.circuits.clone();
    for circuit in &mut circuits {
        circuit.circuit_id = circuit.circuit_id.to_lowercase().replace(['/', '-'], "");
    }
    circuits.sort_by(|a, b| a.circuit_id.cmp(&b.circuit_id));
    (detail.summary, detail.start, detail.end, detail.status, circuits, detail.account)
}

/// A desk with a record of CHG1 that says something else than [`notice`] in every field; its circuits are the one that
/// the notice names, hit less, and another.
async fn with_another_record(writes: bool, later_by: chrono::TimeDelta) -> Desk {
    let desk = Desk::new(writes).await;
    let another = another(&desk);
    desk.sim.pass(later_by);
    let id = there(&desk);
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": another, "impact": "DEGRADED"}));
    let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    desk.sim.patch(IMPACT, &impact, json!({"impact": "NO-IMPACT"}));
    desk.sim.patch(
        MAINTENANCE,
        &id,
        json!({"end_time": "2026-11-22T20:00:00Z", "status": "TENTATIVE", "description": "As Nautobot has it"}),
    );
    desk
}

/// A second circuit there; its UUID.
fn another(desk: &Desk) -> String {
    let Small { provider, kind, status, .. } = &desk.small;
    desk.sim
        .put("circuits/circuits", json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status}))
}

/// A notice that names a circuit, too, of which Nautobot's record says nothing, and one that Nautobot does not know.
fn larger() -> Notice {
    let mut larger = notice();
    for id in ["LUM/404", "LUM/2"] {
        larger.circuits.push(Circuit { circuit_id: id.to_owned(), impact: Impact::Outage });
    }
    larger
}

#[tokio::test]
async fn the_newer_counts_where_the_two_meet_whichever_is_read_first() {
    // A mail of an hour ago: the record is a day older, or a few minutes younger.
    for hours in [0, 26] {
        let mut all = Vec::new();
        for is_mail_first in [true, false] {
            for writes in [false, true] {
                let desk = with_another_record(writes, chrono::TimeDelta::hours(hours)).await;
                if is_mail_first {
                    desk.mail("1", 60, larger());
                    desk.sync().await;
                } else {
                    desk.sync().await;
                    desk.mail("1", 60, larger());
                }
                desk.sync().await;
                let told = says(&desk, "CHG1");
                desk.send().await;
                desk.sync().await;
                assert_eq!(says(&desk, "CHG1"), told, "nothing is pending");
                let end = desk.only()["end_time"].clone();
                let is_written = writes && hours == 0;
                assert_eq!(end, if is_written { "2026-11-22T14:00:00Z" } else { "2026-11-22T20:00:00Z" });
                let conflict = desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict;
                assert_eq!(conflict.is_some(), hours == 0 && !writes, "what differs is shown: {conflict:?}");
                all.push(told);
            }
        }
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:#?}");
        let (summary, _, end, status, circuits, account) = all.remove(0);
        let expected = if hours == 0 {
            ("Fibre splice, core ring", at("2026-11-22T14:00:00Z"), Status::Confirmed)
        } else {
            ("As Nautobot has it", at("2026-11-22T20:00:00Z"), Status::Tentative)
        };
        assert_eq!((summary.as_str(), end, status), expected);
        // What Nautobot knows nothing of comes from the mail, however old.
        assert_eq!((circuits.len(), account.as_str()), (3, "Example Networks"));
    }
}

#[tokio::test]
async fn a_late_mail_that_differs_in_a_circuit_alone_is_late_all_the_same() {
    let desk = Desk::new(true).await;
    desk.sim.pass(chrono::TimeDelta::hours(26));
    there(&desk);
    desk.sync().await;
    let mut late = notice();
    late.circuits[0].impact = Impact::Degraded;
    late.circuits.push(Circuit { circuit_id: "LUM/404".to_owned(), impact: Impact::Outage });
    desk.mail("late", 600, late);
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!(detail.circuits[0].impact, Impact::Outage, "{:?}", detail.circuits);
    assert_eq!(detail.circuits.len(), 2, "one that Nautobot does not know is told nowhere else");
    desk.send().await;
    assert_eq!(desk.sim.all(IMPACT)[0]["impact"], "OUTAGE");
}

/// CHG1 on both sides; then its end, its status and its summary are changed on both, and its circuit there alone.
async fn disputed() -> (Desk, String) {
    let desk = Desk::new(true).await;
    desk.sync().await;
    desk.mail("1", 60, notice());
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(
        MAINTENANCE,
        &id,
        json!({"end_time": "2026-11-22T20:00:00Z", "status": "TENTATIVE", "description": "there"}),
    );
    let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    desk.sim.patch(IMPACT, &impact, json!({"impact": "DEGRADED"}));
    let changed = Notice { end: at("2026-11-22T16:00:00Z"), status: Status::ReScheduled, ..notice() };
    desk.mail("2", 0, Notice { summary: "here".to_owned(), ..changed });
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    (desk, id)
}

/// The entry about a field.
fn about(desk: &Desk, field: &Field) -> Option<Entry> {
    desk.outbox().into_iter().find(|entry| entry.field.as_ref() == Some(field))
}

#[tokio::test]
async fn a_conflict_is_about_its_field_and_each_is_decided_by_itself() {
    let (desk, _) = disputed().await;
    let fields: Vec<_> = desk.outbox().into_iter().map(|entry| (entry.field.unwrap(), entry.state)).collect();
    let all = [Field::Window, Field::Status, Field::Description].map(|field| (field, State::Conflict));
    assert_eq!(fields, all);
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits[0].impact, Impact::Degraded, "it is in no conflict");
    let id = |field: &Field| about(&desk, field).unwrap().id;
    let (window, status, text) = (id(&Field::Window), id(&Field::Status), id(&Field::Description));
    desk.write(move |c| outbox::take(c, &[window], &anna()).unwrap());
    assert_eq!((says(&desk, "CHG1").2, desk.outbox().len()), (at("2026-11-22T20:00:00Z"), 2));
    desk.write(move |c| outbox::retry(c, &[status], true, &anna()).unwrap());
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    let only = desk.only();
    assert_eq!(
        (&only["end_time"], &only["status"], &only["description"]),
        (&json!("2026-11-22T20:00:00Z"), &json!("RE-SCHEDULED"), &json!("there"))
    );
    desk.write(move |c| outbox::drop(c, &[text], &anna()).unwrap());
    desk.sync().await;
    assert_eq!((says(&desk, "CHG1").0.as_str(), desk.outbox()), ("here", vec![]));
    assert_eq!(
        desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict.as_deref(),
        Some("the description is left different: Nautobot says \"there\"; here \"here\"")
    );
}

#[tokio::test]
async fn what_was_dropped_is_not_written_with_the_next_change() {
    let (desk, id) = disputed().await;
    let window = about(&desk, &Field::Window).unwrap().id;
    desk.write(move |c| outbox::drop(c, &[window], &anna()).unwrap());
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let degraded = vec![Circuit { circuit_id: "lum-000106-a".to_owned(), impact: Impact::ReducedRedundancy }];
    let edit = Edit { circuits: Some(degraded), ..Edit::default() };
    desk.write(move |c| edit::edit(c, key, None, &edit, &anna()).unwrap().unwrap());
    assert_eq!(desk.send().await.sent, 1);
    assert_eq!(desk.sim.all(IMPACT)[0]["impact"], "REDUCED-REDUNDANCY");
    assert_eq!(desk.only()["end_time"], "2026-11-22T20:00:00Z");
    // A full reading does not wake it either; a change of its own does.
    desk.try_sync(true).await.unwrap();
    assert_eq!((about(&desk, &Field::Window), says(&desk, "CHG1").2), (None, at("2026-11-22T16:00:00Z")));
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T21:00:00Z"}));
    desk.sync().await;
    assert_eq!(says(&desk, "CHG1").2, at("2026-11-22T21:00:00Z"));
}

#[tokio::test]
async fn a_conflict_outlives_a_full_reading_and_not_its_reason() {
    let (desk, id) = disputed().await;
    let before = desk.outbox();
    desk.try_sync(true).await.unwrap();
    assert_eq!(desk.outbox(), before);
    let conflict = desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict.unwrap();
    assert!(conflict.contains("the window changed here and in Nautobot"), "{conflict}");
    // Somebody makes it there as it is here.
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T16:00:00Z", "status": "RE-SCHEDULED"}));
    desk.sync().await;
    assert_eq!((about(&desk, &Field::Window), about(&desk, &Field::Status)), (None, None));
    // And here as it is there.
    let (key, there) = (desk.look("lumen", "CHG1").unwrap().key, Some("there".to_owned()));
    desk.write(move |c| {
        edit::edit(c, key, None, &Edit { summary: there, ..Edit::default() }, &anna()).unwrap().unwrap()
    });
    desk.send().await;
    assert_eq!(desk.outbox(), []);
    assert_eq!(desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict, None);
}

#[tokio::test]
async fn taking_what_is_said_of_one_field_releases_no_other() {
    let (desk, id) = disputed().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    // A circuit is set by hand, told, and changed there.
    let set = vec![Circuit { circuit_id: "lum-000106-a".to_owned(), impact: Impact::Outage }];
    let edit = Edit { circuits: Some(set), ..Edit::default() };
    desk.write(move |c| edit::edit(c, key, None, &edit, &anna()).unwrap().unwrap());
    desk.send().await;
    let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    desk.sim.patch(IMPACT, &impact, json!({"impact": "NO-IMPACT"}));
    desk.sync().await;
    assert_eq!(desk.outbox().len(), 4, "{:#?}", desk.outbox());
    desk.write(move |c| edit::take(c, key, &anna()).unwrap().unwrap());
    desk.send().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits[0].impact, Impact::NoImpact);
    let left: Vec<_> = desk.outbox().into_iter().filter_map(|entry| entry.field).collect();
    assert_eq!(left, [Field::Window, Field::Status, Field::Description]);
    let record = desk.sim.all(MAINTENANCE).into_iter().find(|one| one["id"] == *id).unwrap();
    assert_eq!((&record["end_time"], &record["status"]), (&json!("2026-11-22T20:00:00Z"), &json!("TENTATIVE")));
}

#[tokio::test]
async fn a_dropped_acknowledgement_does_not_go_with_what_is_made() {
    for is_back in [false, true] {
        let desk = Desk::new(true).await;
        desk.sync().await;
        desk.mail("1", 60, notice());
        let key = desk.look("lumen", "CHG1").unwrap().key;
        desk.acknowledge(key);
        let id = desk.outbox()[1].id;
        desk.write(move |c| outbox::drop(c, &[id], &anna()).unwrap());
        assert_eq!(desk.outbox().len(), 1);
        if is_back {
            // Taken back and done again, it counts.
            desk.write(move |c| action::unacknowledge(c, &[key], &anna()).unwrap());
            desk.acknowledge(key);
        }
        desk.send().await;
        assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(is_back), vec![]));
        desk.try_sync(true).await.unwrap();
        desk.send().await;
        assert_eq!(desk.only()["ack"].as_bool(), Some(is_back));
        let acknowledged = desk.look("lumen", "CHG1").unwrap().acknowledged;
        assert!(matches!(acknowledged, Acknowledged::Yes { .. }), "{acknowledged:?}");
    }
}

#[tokio::test]
async fn an_acknowledgement_there_of_something_else_is_decided_about_like_any_field() {
    for decision in ["take", "anyway", "drop"] {
        let desk = Desk::new(true).await;
        let id = there(&desk);
        desk.mail("1", 60, notice());
        desk.sync().await;
        desk.mail("2", 0, Notice { end: at("2026-11-22T18:00:00Z"), ..notice() });
        desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
        desk.sync().await;
        let entry = about(&desk, &Field::Acknowledgement).unwrap();
        assert!(entry.reason.contains("acknowledged in Nautobot as CONFIRMED"), "{}", entry.reason);
        desk.write(move |c| match decision {
            "take" => outbox::take(c, &[entry.id], &anna()).unwrap(),
            "anyway" => outbox::retry(c, &[entry.id], true, &anna()).unwrap(),
            _ => outbox::drop(c, &[entry.id], &anna()).unwrap(),
        });
        desk.send().await;
        desk.sync().await;
        let ours = matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Yes { .. });
        let theirs = desk.only()["ack"].as_bool().unwrap();
        let expected = match decision {
            "take" => (true, true),
            "anyway" => (false, false),
            _ => (false, true),
        };
        assert_eq!((ours, theirs), expected, "{decision}");
        assert_eq!((desk.outbox(), &desk.only()["end_time"]), (vec![], &json!("2026-11-22T18:00:00Z")), "{decision}");
    }
}

#[tokio::test]
async fn a_process_that_died_between_a_record_and_its_circuits_does_not_lose_them() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    desk.mail("1", 60, notice());
    let object = desk.outbox()[0].object.clone();
    desk.sim.put(
        MAINTENANCE,
        json!({"id": object, "name": "Lumen-CHG1", "start_time": "2026-11-22T08:00:00Z",
               "end_time": "2026-11-22T14:00:00Z", "status": "CONFIRMED", "description": "Fibre splice, core ring"}),
    );
    desk.sync().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits.len(), 1);
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    assert_eq!((desk.sim.all(IMPACT).len(), desk.outbox()), (1, vec![]));
}

#[tokio::test]
async fn what_was_over_is_no_conflict() {
    let (desk, _) = disputed().await;
    assert_eq!(desk.outbox().len(), 3);
    desk.write(|c| outbox::settle_what_is_over(c, at("2026-11-23T00:00:00Z")).unwrap());
    assert_eq!(desk.outbox(), []);
}

#[tokio::test]
async fn a_step_that_has_no_time_left_does_one_and_says_that_there_are_more() {
    use crate::features::maintenance::nautobot::store::reconcile::{self, Manner, Step};
    let desk = Desk::new(false).await;
    for name in 0..3 {
        desk.small.maintenance(&desk.sim, &format!("Lumen-X{name}"), "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
    }
    desk.sync().await;
    desk.write(|c| c.execute("UPDATE nautobot_maintenance SET dirty = 1", []).unwrap());
    let step = |most: usize, budget: Duration| {
        desk.write(move |c| reconcile::step(c, &Manner::of_one(now()), most, budget).unwrap())
    };
    assert_eq!(step(10, Duration::ZERO), Step { taken: 1, is_more: true });
    assert_eq!(step(1, Duration::MAX), Step { taken: 1, is_more: true });
    assert_eq!(step(10, Duration::MAX), Step { taken: 1, is_more: false });
}

#[tokio::test]
async fn what_nautobot_has_told_is_no_event_again_when_everything_is_read_again() {
    let (desk, _) = disputed().await;
    let before = desk.look("lumen", "CHG1").unwrap().events;
    assert!(before.iter().any(|event| event.kind == EventKind::FromNautobot));
    desk.try_sync(true).await.unwrap();
    assert_eq!(desk.look("lumen", "CHG1").unwrap().events, before);
}

#[tokio::test]
async fn what_is_said_of_one_window_is_not_taken_over_into_several() {
    let desk = Desk::new(true).await;
    desk.sim.pass(chrono::TimeDelta::hours(26));
    there(&desk);
    let key = |start: &str, end: &str| Notice { start: at(start), end: at(end), ..notice() };
    desk.mail_with(
        "1",
        60,
        vec![key("2026-11-22T06:00:00Z", "2026-11-22T07:00:00Z"), key("2026-11-23T06:00:00Z", "2026-11-23T07:00:00Z")],
    );
    desk.sync().await;
    let entry = about(&desk, &Field::Window).unwrap();
    assert!(entry.reason.contains("here there are several windows"), "{}", entry.reason);
    assert_eq!(desk.write(move |c| outbox::take(c, &[entry.id], &anna()).unwrap()), []);
    let entry = about(&desk, &Field::Window).unwrap();
    desk.write(move |c| outbox::retry(c, &[entry.id], true, &anna()).unwrap());
    desk.send().await;
    let only = desk.only();
    assert_eq!(
        (&only["start_time"], &only["end_time"]),
        (&json!("2026-11-22T06:00:00Z"), &json!("2026-11-23T07:00:00Z"))
    );
}
