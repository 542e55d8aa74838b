//! Answers that nobody heard, lists that make no sense, and what comes back after it was gone.

use super::*;
use crate::features::maintenance::nautobot::Error;
use crate::features::maintenance::nautobot::store::standing::{self, OutboxRow};

#[tokio::test]
async fn an_answer_that_nobody_heard_is_no_change_there() {
    for trouble in [Trouble::LoseAnswer, Trouble::HangUp, Trouble::Proxy(502)] {
        for on in [
            "POST /api/plugins/circuit-maintenance/maintenance",
            "PATCH /api/plugins/circuit-maintenance/maintenance",
            "PATCH /api/plugins/circuit-maintenance/circuitimpact",
            "POST /api/plugins/circuit-maintenance/circuitimpact",
        ] {
            for is_read_between in [true, false] {
                let desk = Desk::in_time(true).await;
                desk.sync().await;
                let mail = |item: &str, minutes: i64, hour: u32, impact: Impact| {
                    let mut said =
                        Notice { end: at(&format!("2026-11-22T{hour}:00:00Z")), sequence: hour.into(), ..notice() };
                    said.circuits[0].impact = impact;
                    desk.mail(item, minutes, said);
                };
                mail("1", 120, 14, Impact::Outage);
                if on.starts_with("PATCH") {
                    desk.send().await;
                    mail("2", 90, 15, Impact::Degraded);
                }
                desk.sim.plan(on, 0, 1, trouble.clone());
                desk.ask_whose().await;
                let _ = send::drain(&desk.client, &desk.store, now()).await;
                mail("3", 60, 16, Impact::ReducedRedundancy);
                if is_read_between {
                    desk.sync().await;
                    assert!(desk.outbox().iter().all(|entry| entry.field.is_none()), "{on}: {:#?}", desk.outbox());
                }
                for _ in 0..2 {
                    desk.ask_whose().await;
                    let _ = send::drain(&desk.client, &desk.store, now() + chrono::TimeDelta::hours(2)).await;
                    desk.sync().await;
                }
                let what = format!("{trouble:?} {on} {is_read_between}");
                assert_eq!(desk.outbox(), [], "{what}");
                let impacts = desk.sim.all(IMPACT);
                assert_eq!((&desk.only()["end_time"], impacts.len()), (&json!("2026-11-22T16:00:00Z"), 1), "{what}");
                assert_eq!(impacts[0]["impact"], "REDUCED-REDUNDANCY", "{what}");
                assert_eq!(desk.look("lumen", "CHG1").unwrap().end, at("2026-11-22T16:00:00Z"), "{what}");
                let left =
                    desk.write(|c| c.query_row("SELECT count(*) FROM nautobot_sent", [], |row| row.get::<_, i64>(0)));
                assert_eq!(left.unwrap(), 0, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_reading_that_makes_no_sense_is_no_success_and_takes_nothing_away() {
    let desk = Desk::new(false).await;
    let name = |number: i32| format!("Lumen-X{number}");
    let ids: Vec<String> = (0..5)
        .map(|number| desk.small.maintenance(&desk.sim, &name(number), "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z"))
        .collect();
    desk.sync().await;
    let all = |desk: &Desk| (0..5).filter(|number| desk.look("lumen", &format!("X{number}")).is_some()).count();
    assert_eq!(all(&desk), 5);
    for graphql in [true, false] {
        let garbled = ids[1..].to_vec();
        desk.sim.set(|options| (options.garbled, options.graphql) = (garbled, graphql));
        let error = desk.try_sync(true).await.unwrap_err();
        assert!(
            matches!(error, Error::Senseless { .. }) && error.to_string().contains("4 rows make no sense"),
            "{error}"
        );
        assert_eq!(all(&desk), 5);
        // The rest goes on as it did.
        desk.sync().await;
    }
    desk.sim.set(|options| options.garbled.clear());
    desk.sim.delete(MAINTENANCE, &ids[2]);
    let read = desk.try_sync(true).await.unwrap();
    assert_eq!((read.gone, all(&desk)), (1, 4));
}

#[tokio::test]
async fn what_was_gone_for_a_while_does_not_bring_its_notes_a_second_time() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    let note = json!({"maintenance": id, "title": "Traffic drained", "comment": "both ends", "level": "INFO"});
    desk.sim.put(NOTE, note.clone());
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.note(key, "seen");
    desk.send().await;
    desk.sync().await;
    let (record, notes) = (desk.only(), desk.sim.all(NOTE));
    assert_eq!(desk.look("lumen", "CHG1").unwrap().notes.len(), 2);
    desk.sim.delete(MAINTENANCE, &id);
    desk.try_sync(true).await.unwrap();
    assert_eq!(desk.look("lumen", "CHG1").unwrap().notes.len(), 2, "somebody worked on it");
    desk.sim.put(MAINTENANCE, record);
    for mut note in notes {
        note["maintenance"] = json!(id);
        desk.sim.put(NOTE, note);
    }
    desk.try_sync(true).await.unwrap();
    desk.send().await;
    let notes = desk.look("lumen", "CHG1").unwrap().notes;
    assert_eq!(notes.len(), 2, "{notes:#?}");
}

#[tokio::test]
async fn what_was_left_different_stays_listed() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
    desk.mail("2", 60, Notice { end: at("2026-11-22T16:00:00Z"), sequence: 2, ..notice() });
    desk.send().await;
    let entry = desk.outbox().remove(0).id;
    desk.write(move |c| outbox::drop(c, &[entry], &anna()).unwrap());
    for is_full in [false, true] {
        desk.try_sync(is_full).await.unwrap();
        assert_eq!(desk.outbox(), []);
        let rows = desk.write(|c| standing::rows(c, now(), 10).unwrap());
        let [OutboxRow::Difference(left)] = rows.as_slice() else { panic!("{rows:#?}") };
        assert_eq!(
            left.reason,
            "the window is left different: Nautobot says 2026-11-22 08:00 - 20:00 UTC; here 2026-11-22 08:00 - 16:00 UTC"
        );
    }
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T16:00:00Z"}));
    desk.sync().await;
    assert_eq!(desk.write(|c| standing::rows(c, now(), 10).unwrap()), []);
}
