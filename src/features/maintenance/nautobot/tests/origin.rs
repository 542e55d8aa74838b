//! How old a word is that stands in Nautobot, what an acknowledgement there was of, and records that are half made.

use super::*;
use crate::features::maintenance::nautobot::store::lines::Field;
use crate::features::maintenance::store::list::Acknowledged;

/// Whether CHG1 is acknowledged here.
fn is_acknowledged(desk: &Desk) -> bool {
    matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Yes { .. })
}

/// The second notice: cancelled.
fn cancelled() -> Notice {
    Notice { status: Status::Cancelled, sequence: 2, ..notice() }
}

#[tokio::test]
async fn a_newer_mail_counts_although_the_record_was_written_after_it_was_made() {
    // The second mail was made before the first was written there; or both are stamped with the day.
    for (first, second) in [(120, 60), (60, 60)] {
        let desk = Desk::in_time(true).await;
        desk.sync().await;
        desk.mail("1", first, notice());
        desk.send().await;
        desk.sync().await;
        desk.mail("2", second, cancelled());
        let detail = desk.look("lumen", "CHG1").unwrap();
        assert_eq!(detail.status, Status::Cancelled, "{first} {second}: {:?}", detail.events);
        desk.send().await;
        assert_eq!((&desk.only()["status"], desk.outbox()), (&json!("CANCELLED"), vec![]));
        // And once more, in a field that was written there by a change.
        desk.mail("3", second, Notice { status: Status::Confirmed, sequence: 3, ..notice() });
        desk.send().await;
        assert_eq!((&desk.only()["status"], desk.outbox()), (&json!("CONFIRMED"), vec![]));
    }
}

#[tokio::test]
async fn a_newer_mail_counts_although_others_made_the_record_from_the_one_before() {
    for is_mail_first in [true, false] {
        for is_touched in [true, false] {
            let desk = Desk::in_time(false).await;
            let id = there(&desk);
            if is_mail_first {
                desk.mail("1", 120, notice());
                desk.sync().await;
            } else {
                desk.sync().await;
                desk.mail("1", 120, notice());
            }
            if is_touched {
                desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
            }
            desk.sync().await;
            let mut second = cancelled();
            second.circuits[0].impact = Impact::Degraded;
            desk.mail("2", 60, second);
            let detail = desk.look("lumen", "CHG1").unwrap();
            let said = (detail.status, detail.circuits[0].impact);
            assert_eq!(said, (Status::Cancelled, Impact::Degraded), "{is_mail_first} {is_touched}");
        }
    }
}

#[tokio::test]
async fn what_somebody_changed_there_counts_against_an_older_mail_and_nothing_else_does() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
    desk.sync().await;
    desk.mail("2", 60, Notice { end: at("2026-11-22T18:00:00Z"), ..cancelled() });
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.status, detail.end), (Status::Cancelled, at("2026-11-22T20:00:00Z")));
}

#[tokio::test]
async fn what_somebody_changed_there_of_a_circuit_counts_against_an_older_mail() {
    for is_known in [true, false] {
        let desk = Desk::new(true).await;
        there(&desk);
        if is_known {
            desk.sync().await;
        }
        // Half an hour ago. The maintenance itself is as old as it was.
        desk.sim.pass(now() - at("2026-11-20T00:31:00Z"));
        let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
        desk.sim.patch(IMPACT, &impact, json!({"impact": "NO-IMPACT"}));
        if is_known {
            desk.sync().await;
        }
        desk.mail("1", 60, notice());
        desk.sync().await;
        desk.send().await;
        let said = desk.look("lumen", "CHG1").unwrap().circuits[0].impact;
        assert_eq!((&desk.sim.all(IMPACT)[0]["impact"], said), (&json!("NO-IMPACT"), Impact::NoImpact), "{is_known}");
        // A newer one counts.
        desk.mail("2", 10, Notice { sequence: 2, ..notice() });
        desk.send().await;
        assert_eq!(desk.sim.all(IMPACT)[0]["impact"], json!("OUTAGE"), "{is_known}");
    }
}

#[tokio::test]
async fn a_clock_there_that_is_ahead_outdates_no_mail() {
    let desk = Desk::new(false).await;
    desk.sim.pass(chrono::TimeDelta::hours(30));
    there(&desk);
    desk.sync().await;
    desk.mail("1", 0, cancelled());
    assert_eq!(desk.look("lumen", "CHG1").unwrap().status, Status::Cancelled);
}

#[tokio::test]
async fn an_acknowledgement_there_of_what_is_written_over_does_not_count_any_more() {
    for what in ["window", "status", "impact"] {
        let desk = Desk::in_time(true).await;
        desk.sync().await;
        desk.mail("1", 120, notice());
        desk.send().await;
        let id = desk.only()["id"].as_str().unwrap().to_owned();
        desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
        let mut second = Notice { sequence: 2, ..notice() };
        match what {
            "window" => second.end = at("2026-11-22T18:00:00Z"),
            "status" => second.status = Status::ReScheduled,
            _ => second.circuits[0].impact = Impact::Degraded,
        }
        desk.mail("2", 60, second);
        desk.sync().await;
        let reason =
            desk.outbox().into_iter().find(|entry| entry.field == Some(Field::Acknowledgement)).unwrap().reason;
        assert!(reason.contains("acknowledged in Nautobot as CONFIRMED"), "{reason}");
        desk.send().await;
        desk.sync().await;
        assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(false), vec![]), "{what}");
        assert!(!is_acknowledged(&desk), "{what}");
        // One that is given to what it says now counts.
        desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
        desk.sync().await;
        assert!(is_acknowledged(&desk), "{what}");
    }
}

#[tokio::test]
async fn an_acknowledgement_that_was_given_between_looking_and_writing_does_not_count_either() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    desk.mail("2", 60, cancelled());
    // What is written takes it back, whatever was seen.
    let _ = desk.sim.requests();
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        desk.sim.bodies(&format!("PATCH /api/{MAINTENANCE}/{id}")),
        [json!({"status": "CANCELLED", "ack": false})]
    );
}

#[tokio::test]
async fn an_acknowledgement_here_of_what_is_written_stays_there() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.mail("2", 60, cancelled());
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.send().await;
    desk.sync().await;
    desk.send().await;
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(true), vec![]));
    assert!(is_acknowledged(&desk));
}

#[tokio::test]
async fn a_record_that_somebody_is_still_making_takes_no_circuit_away() {
    for is_mail_first in [true, false] {
        for is_acknowledged_here in [true, false] {
            let desk = Desk::in_time(true).await;
            if is_mail_first {
                desk.sync().await;
                desk.mail("1", 120, notice());
            }
            let id = desk.sim.put(
                MAINTENANCE,
                json!({"name": "Lumen-CHG1", "start_time": "2026-11-22T08:00:00Z", "end_time": "2026-11-22T14:00:00Z",
                       "status": "CONFIRMED", "description": "Fibre splice, core ring"}),
            );
            if !is_mail_first {
                desk.sync().await;
                desk.mail("1", 120, notice());
            }
            if is_acknowledged_here {
                desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
            }
            desk.sync().await;
            assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits.len(), 1);
            desk.send().await;
            desk.sync().await;
            assert_eq!((desk.sim.all(IMPACT).len(), desk.outbox()), (1, vec![]));
            assert_eq!(desk.only()["ack"].as_bool(), Some(is_acknowledged_here));
            assert_eq!(is_acknowledged(&desk), is_acknowledged_here, "nothing has changed since");
            // From then on it speaks of its circuits.
            desk.sim.delete(IMPACT, desk.sim.all(IMPACT)[0]["id"].as_str().unwrap());
            desk.sim.patch(MAINTENANCE, &id, json!({"description": "none any more"}));
            desk.try_sync(true).await.unwrap();
            assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits.len(), 0);
        }
    }
}

#[tokio::test]
async fn who_acknowledged_a_record_without_circuits_did_not_acknowledge_an_outage() {
    for is_made_so in [true, false] {
        // Made so long ago, or moments ago.
        let desk = if is_made_so { Desk::new(true).await } else { Desk::in_time(true).await };
        let mut said = json!({"name": "Lumen-CHG1", "start_time": "2026-11-22T08:00:00Z",
            "end_time": "2026-11-22T14:00:00Z", "status": "CONFIRMED", "description": "Fibre splice, core ring"});
        if is_made_so {
            said["ack"] = json!(true);
        }
        let id = desk.sim.put(MAINTENANCE, said);
        if !is_made_so {
            desk.sync().await;
            desk.sim.pass(chrono::TimeDelta::seconds(20));
            desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
        }
        desk.mail("1", 0, notice());
        for _ in 0..3 {
            desk.sync().await;
            desk.send().await;
        }
        assert_eq!((desk.only()["ack"].as_bool(), desk.sim.all(IMPACT).len()), (Some(false), 1), "{is_made_so}");
        assert!(!is_acknowledged(&desk), "{is_made_so}");
        assert_eq!(desk.outbox(), [], "{is_made_so}");
    }
}

#[tokio::test]
async fn two_that_make_a_record_at_once_lose_no_acknowledgement() {
    for delay in [0_u64, 1, 4, 9] {
        for is_other_acknowledged in [true, false] {
            let mut desk = Desk::in_time(true).await;
            let mut other = desk.beside(true).await;
            for is_other in [false, true] {
                desk.sync().await;
                desk.mail("1", 120, notice());
                if is_other == is_other_acknowledged {
                    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
                }
                desk.ask_whose().await;
                desk.swap(&mut other);
            }
            desk.sim.take(Duration::from_millis(5));
            let (one, two) = (client(&desk.sim), client(&desk.sim));
            let late = async {
                tokio::time::sleep(Duration::from_millis(delay)).await;
                send::drain(&two, &other.0, now()).await
            };
            let (first, second) = tokio::join!(send::drain(&one, &desk.store, now()), late);
            first.unwrap();
            second.unwrap();
            desk.sim.take(Duration::ZERO);
            for _ in 0..4 {
                desk.sync().await;
                desk.send().await;
                desk.swap(&mut other);
            }
            assert_eq!((desk.only()["ack"].as_bool(), desk.sim.all(IMPACT).len()), (Some(true), 1), "{delay}");
            for _ in 0..2 {
                assert!(is_acknowledged(&desk), "{delay} {is_other_acknowledged}");
                assert_eq!(desk.outbox(), [], "{delay} {is_other_acknowledged}");
                desk.swap(&mut other);
            }
        }
    }
}
