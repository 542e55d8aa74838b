//! Circuits and providers that are renamed, moved and deleted there while maintenances of them are known.

use super::*;
use crate::features::maintenance::store::list::Acknowledged;

const CIRCUIT: &str = "circuits/circuits";
const PROVIDER: &str = "circuits/providers";

/// A desk with CHG1 on two circuits, acknowledged here and there: known by a mail, too, if it says so. Its UUID there.
async fn desk(is_mailed: bool) -> (Desk, String) {
    let desk = Desk::in_time(true).await;
    let Small { kind, status, provider, .. } = &desk.small;
    let fields = json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status});
    let second = desk.sim.put(CIRCUIT, fields);
    let id = there(&desk);
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": second, "impact": "DEGRADED"}));
    if is_mailed {
        let mut said = notice();
        said.circuits.push(Circuit { circuit_id: "LUM/2".to_owned(), impact: Impact::Degraded });
        desk.mail("1", 60, said);
    }
    desk.sync().await;
    desk.send().await;
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.send().await;
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(true), vec![]));
    (desk, id)
}

/// Reads what is new an hour later, when the circuits are read, too, and sends.
async fn later(desk: &Desk) {
    desk.sim.pass(chrono::TimeDelta::hours(1));
    desk.sync_at(now() + chrono::TimeDelta::hours(1), false).await.unwrap();
    desk.send().await;
}

/// The circuits of CHG1 here, and whether it is acknowledged.
fn known(desk: &Desk) -> (Vec<String>, bool) {
    let detail = desk.look("lumen", "CHG1").unwrap();
    let circuits = detail.circuits.iter().map(|circuit| circuit.circuit_id.clone()).collect();
    (circuits, matches!(detail.acknowledged, Acknowledged::Yes { .. }))
}

/// That nothing was written there but what was before, and that nothing waits or is told.
fn check(desk: &Desk, impacts: usize) {
    assert_eq!((desk.sim.all(IMPACT).len(), desk.sim.all(NOTE).len()), (impacts, 0));
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(true), vec![]));
    assert_eq!(desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict, None);
}

#[tokio::test]
async fn a_circuit_that_is_renamed_there_is_still_hit() {
    for is_mailed in [false, true] {
        let (desk, _) = desk(is_mailed).await;
        desk.sim.patch(CIRCUIT, &desk.small.circuit, json!({"cid": "LUM/777/X"}));
        for _ in 0..2 {
            later(&desk).await;
            // Mails go on calling it as they did.
            let name = if is_mailed { "lum-000106-a" } else { "LUM/777/X" };
            assert_eq!(known(&desk), (vec![name.to_owned(), "LUM/2".to_owned()], true));
            check(&desk, 2);
            desk.try_sync(true).await.unwrap();
        }
        // The carrier's next mail is of the same circuits.
        let mut said = Notice { summary: "Another splice".to_owned(), ..notice() };
        said.circuits.push(Circuit { circuit_id: "LUM/2".to_owned(), impact: Impact::Degraded });
        desk.mail("2", -60, said);
        later(&desk).await;
        assert_eq!((desk.sim.all(IMPACT).len(), desk.sim.all(NOTE).len()), (2, 0));
        assert_eq!(desk.only()["description"], "Another splice");
    }
}

#[tokio::test]
async fn a_circuit_that_is_moved_to_another_provider_is_still_hit() {
    for is_mailed in [false, true] {
        let (desk, _) = desk(is_mailed).await;
        let zayo = desk.sim.put(PROVIDER, json!({"name": "Zayo", "custom_fields": {}}));
        desk.sim.patch(CIRCUIT, &desk.small.circuit, json!({"provider": zayo}));
        let before = known(&desk);
        later(&desk).await;
        assert_eq!((known(&desk), before.1), (before, true));
        check(&desk, 2);
    }
}

/// Deletes circuits there, with their impacts.
fn delete(desk: &Desk, circuits: &[String]) {
    for circuit in circuits {
        for impact in desk.sim.all(IMPACT) {
            if impact["circuit"]["id"] == **circuit {
                desk.sim.delete(IMPACT, impact["id"].as_str().unwrap());
            }
        }
        desk.sim.delete(CIRCUIT, circuit);
    }
}

#[tokio::test]
async fn a_circuit_that_is_deleted_there_stays_in_its_maintenances() {
    for is_mailed in [false, true] {
        let (desk, id) = desk(is_mailed).await;
        let before = known(&desk);
        delete(&desk, std::slice::from_ref(&desk.small.circuit));
        // At once, also where the record changes in the same moment.
        if is_mailed {
            desk.sim.patch(MAINTENANCE, &id, json!({"description": "Another splice"}));
        }
        desk.sync().await;
        assert_eq!((known(&desk), before.1), (before.clone(), true));
        later(&desk).await;
        desk.try_sync(true).await.unwrap();
        desk.send().await;
        assert_eq!(known(&desk), before);
        check(&desk, 1);
        // An impact whose circuit is there still is no more, because somebody said so.
        delete_impact(&desk);
        desk.sync().await;
        assert_eq!(known(&desk).0, before.0[..1]);
    }
}

/// Deletes the only impact there.
fn delete_impact(desk: &Desk) {
    desk.sim.delete(IMPACT, desk.sim.all(IMPACT)[0]["id"].as_str().unwrap());
}

#[tokio::test]
async fn a_provider_that_is_deleted_there_leaves_its_maintenances() {
    for is_mailed in [false, true] {
        let (desk, _) = desk(is_mailed).await;
        let before = known(&desk);
        let all: Vec<String> =
            desk.sim.all(CIRCUIT).iter().map(|circuit| circuit["id"].as_str().unwrap().to_owned()).collect();
        delete(&desk, &all);
        desk.sim.delete(PROVIDER, &desk.small.provider);
        desk.sync().await;
        later(&desk).await;
        desk.try_sync(true).await.unwrap();
        desk.send().await;
        assert_eq!((known(&desk), before.1), (before, true));
        check(&desk, 0);
    }
}
