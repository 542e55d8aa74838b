//! Ids that circuits of several carriers have, and what goes there with a record.

use super::*;
use crate::features::maintenance::nautobot::store::standing::{self, OutboxRow};
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::edit::{self, Edit};
use crate::features::maintenance::store::event::EventKind;
use crate::features::maintenance::store::list::Acknowledged;

const CIRCUIT: &str = "circuits/circuits";

/// A desk whose Zayo has a circuit that is called like Lumen's, and a record of Zayo that hits Lumen's and another of its own.
struct Shared {
    desk: Desk,
    /// Zayo's circuit that is called like Lumen's,
    zayos: String,
    /// and its other one.
    own: String,
    record: String,
}

impl Shared {
    async fn new(writes: bool) -> Self {
        let desk = Desk::in_time(writes).await;
        let Small { kind, status, .. } = desk.small.clone();
        let provider = desk.sim.put("circuits/providers", json!({"name": "Zayo", "custom_fields": {}}));
        let circuit = |cid: &str| {
            desk.sim.put(CIRCUIT, json!({"cid": cid, "provider": provider, "circuit_type": kind, "status": status}))
        };
        let (zayos, own) = (circuit("LUM/000106/A"), circuit("ZAYO/1"));
        let mut shared = Self { desk, zayos, own, record: String::new() };
        shared.make();
        shared.desk.sync().await;
        shared
    }

    /// Makes the record there.
    fn make(&mut self) {
        let Self { desk, own, .. } = self;
        self.record = desk.small.maintenance(&desk.sim, "Zayo-X1", "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
        desk.sim.put(IMPACT, json!({"maintenance": self.record, "circuit": own, "impact": "OUTAGE"}));
    }

    /// That nothing differs, nothing was lost and nothing waits.
    fn check(&self, is_acknowledged: bool) {
        let detail = self.desk.look("zayo", "X1").unwrap();
        let circuits: Vec<_> = detail.circuits.iter().map(|circuit| circuit.circuit_id.as_str()).collect();
        assert_eq!(circuits, ["LUM/000106/A", "ZAYO/1"]);
        assert_eq!(detail.nautobot.unwrap().conflict, None);
        assert_eq!(
            matches!(detail.acknowledged, Acknowledged::Yes { .. }),
            is_acknowledged,
            "{:?}",
            detail.acknowledged
        );
        assert_eq!(self.desk.outbox(), []);
    }

    /// The circuits that are hit there, sorted.
    fn hit(&self) -> Vec<String> {
        let mut hit: Vec<_> =
            self.desk.sim.all(IMPACT).iter().map(|one| one["circuit"]["id"].as_str().unwrap().to_owned()).collect();
        hit.sort();
        hit
    }

    /// Lumen's circuit and Zayo's own one, sorted.
    fn meant(&self) -> Vec<String> {
        let mut meant = vec![self.desk.small.circuit.clone(), self.own.clone()];
        meant.sort();
        meant
    }

    fn edit(&self, edit: Edit) {
        let key = self.desk.look("zayo", "X1").unwrap().key;
        self.desk.write(move |c| edit::edit(c, key, None, &edit, &anna()).unwrap().unwrap());
    }
}

#[tokio::test]
async fn a_circuit_that_two_carriers_have_is_the_one_that_the_record_hits() {
    for writes in [false, true] {
        let mut shared = Shared::new(writes).await;
        shared.check(false);
        shared.desk.acknowledge(shared.desk.look("zayo", "X1").unwrap().key);
        shared.desk.send().await;
        shared.desk.forget();
        shared.desk.sync().await;
        shared.desk.send().await;
        shared.check(true);
        // The same record made anew.
        shared.desk.sim.delete(MAINTENANCE, &shared.record.clone());
        shared.desk.sync().await;
        shared.make();
        for _ in 0..2 {
            shared.desk.sync().await;
            shared.desk.send().await;
        }
        shared.check(true);
        assert_eq!(shared.hit(), shared.meant());
        // Naming both by hand says nothing new.
        let both = ["ZAYO/1", "lum 000106 a"].map(|id| Circuit { circuit_id: id.to_owned(), impact: Impact::Outage });
        shared.edit(Edit { circuits: Some(both.to_vec()), ..Edit::default() });
        shared.desk.send().await;
        shared.desk.sync().await;
        assert_eq!(shared.hit(), shared.meant());
        // Only who acknowledged it there has not seen that it was changed here.
        let told = shared.desk.look("zayo", "X1").unwrap().nautobot.unwrap().conflict.unwrap();
        assert_eq!(told, "acknowledged in Nautobot, of what was known before; here it has changed since");
    }
}

#[tokio::test]
async fn a_record_that_is_made_again_has_the_circuits_and_the_notes_that_it_had() {
    let shared = Shared::new(true).await;
    let desk = &shared.desk;
    let key = desk.look("zayo", "X1").unwrap().key;
    desk.note(key, "traffic drained");
    desk.note(key, "taken back meanwhile");
    desk.send().await;
    assert_eq!(desk.sim.all(NOTE).len(), 2);
    desk.sim.delete(MAINTENANCE, &shared.record);
    desk.sync().await;
    desk.write(|c| crate::features::maintenance::store::undo::undo_last(c, &anna()).unwrap());
    desk.send().await;
    assert_eq!(desk.sim.all(NOTE).len(), 0);
    for word in ["another word", "a third one"] {
        shared.edit(Edit { summary: Some(word.to_owned()), ..Edit::default() });
        for _ in 0..2 {
            desk.send().await;
            desk.sync().await;
        }
        assert_eq!(desk.only()["name"], "Zayo-X1");
        assert_eq!(shared.hit(), shared.meant());
        let notes = desk.sim.all(NOTE);
        assert_eq!(notes.len(), 1, "{word}: {notes:#?}");
        assert!(notes[0]["comment"].as_str().unwrap().starts_with("traffic drained"), "{notes:#?}");
        // It goes once more, at once.
        if word == "another word" {
            desk.sim.delete(MAINTENANCE, desk.only()["id"].as_str().unwrap());
            desk.sync().await;
        }
    }
    assert_eq!((desk.outbox(), desk.look("zayo", "X1").unwrap().notes.len()), (vec![], 1));
}

#[tokio::test]
async fn a_circuit_that_goes_there_goes_here_although_the_carrier_has_one_of_its_id() {
    let shared = Shared::new(true).await;
    let impact = shared.desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    shared.desk.sim.delete(IMPACT, &impact);
    for _ in 0..2 {
        shared.desk.sync().await;
        shared.desk.send().await;
    }
    assert_eq!(shared.hit(), [shared.own.as_str()]);
    assert_eq!(shared.desk.look("zayo", "X1").unwrap().circuits.len(), 1);
}

#[tokio::test]
async fn a_circuit_of_which_nobody_can_tell_which_it_is_is_told_and_not_guessed() {
    let shared = Shared::new(true).await;
    let desk = &shared.desk;
    shared.edit(Edit { ticket: Some("T-1".to_owned()), ..Edit::default() });
    desk.sim.delete(MAINTENANCE, &shared.record);
    desk.sim.delete(CIRCUIT, &desk.small.circuit);
    desk.sync_at(now() + chrono::TimeDelta::hours(2), false).await.unwrap();
    assert!(!shared.zayos.is_empty() && desk.look("zayo", "X1").is_some());
    shared.edit(Edit { summary: Some("another word".to_owned()), ..Edit::default() });
    desk.send().await;
    assert_eq!(shared.hit(), [shared.own.as_str()]);
    assert_eq!(desk.sim.all(NOTE), Vec::<Value>::new());
    let conflict = desk.look("zayo", "X1").unwrap().nautobot.unwrap().conflict;
    assert_eq!(
        conflict.as_deref(),
        Some(
            "circuit LUM/000106/A is not told to Nautobot: it meant one of Lumen that Nautobot does not show any more"
        )
    );
}

#[tokio::test]
async fn two_circuits_of_one_carrier_that_are_written_alike_are_told_apart_by_how_they_are_written() {
    let desk = Desk::in_time(true).await;
    let Small { provider, kind, status, .. } = desk.small.clone();
    let alike = desk
        .sim
        .put(CIRCUIT, json!({"cid": "LUM-000106-A", "provider": provider, "circuit_type": kind, "status": status}));
    desk.sync().await;
    // As neither of the two.
    let mut said = notice();
    said.circuits[0].circuit_id = "LUM 000106 A".to_owned();
    desk.mail("1", 60, said);
    desk.mail("2", 60, Notice { maintenance_id: "CHG2".to_owned(), ..notice() });
    desk.send().await;
    let hit = desk.sim.all(IMPACT);
    assert_eq!((hit.len(), hit[0]["circuit"]["id"].as_str()), (1, Some(alike.as_str())));
    let conflict = desk.look("lumen", "CHG1").unwrap().nautobot.unwrap().conflict;
    assert_eq!(
        conflict.as_deref(),
        Some("circuit LUM 000106 A is not told to Nautobot: lumen has 2 that are written alike")
    );
}

#[tokio::test]
async fn whatever_somebody_did_keeps_a_maintenance_that_is_deleted_there() {
    for what in ["ticket", "assignee", "taken back", "mail", "nothing"] {
        let desk = Desk::new(false).await;
        let id = there(&desk);
        desk.sync().await;
        let key = desk.look("lumen", "CHG1").unwrap().key;
        let of = |edit: Edit| desk.write(move |c| edit::edit(c, key, None, &edit, &anna()).unwrap().unwrap());
        match what {
            "ticket" => _ = of(Edit { ticket: Some("T-1".to_owned()), ..Edit::default() }),
            "assignee" => _ = of(Edit { assignee: Some("bob".to_owned()), ..Edit::default() }),
            "taken back" => {
                of(Edit { ticket: Some("T-1".to_owned()), ..Edit::default() });
                of(Edit { ticket: Some(String::new()), ..Edit::default() });
            }
            "mail" => {
                desk.mail("1", 60, Notice { maintenance_id: "CHG9".to_owned(), ..notice() });
                desk.write(move |c| edit::attach(c, NotificationKey(1), key, &anna()).unwrap().unwrap());
            }
            _ => {}
        }
        desk.sim.delete(MAINTENANCE, &id);
        assert_eq!(desk.sync().await.gone, 1);
        let detail = desk.look("lumen", "CHG1");
        assert_eq!(detail.is_some(), what != "nothing", "{what}");
        assert!(detail.is_none_or(|detail| detail.events[0].kind == EventKind::GoneFromNautobot), "{what}");
    }
}

#[tokio::test]
async fn what_differs_of_one_that_is_cancelled_and_not_over_stays_listed() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    desk.mail("1", 120, notice());
    desk.send().await;
    desk.mail("2", 60, Notice { status: Status::Cancelled, sequence: 2, ..notice() });
    let entry = desk.outbox().remove(0).id;
    desk.write(move |c| outbox::drop(c, &[entry], &anna()).unwrap());
    desk.sync().await;
    let rows = desk.write(|c| standing::rows(c, now(), 10).unwrap());
    let [OutboxRow::Difference(left)] = rows.as_slice() else { panic!("{rows:#?}") };
    assert_eq!(left.reason, "the status is left different: Nautobot says CONFIRMED; here CANCELLED");
}

#[tokio::test]
async fn a_record_that_does_not_show_any_more_is_not_told_as_one_that_is_not_there_yet() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.sim.set(|options| options.hidden = vec![id]);
    desk.acknowledge(key);
    desk.send().await;
    assert_eq!(
        desk.outbox()[0].reason,
        "Nautobot does not show the maintenance Lumen-CHG1 any more: the token may not view it, or it was deleted there"
    );
}
