//! Whose a mail is that was read before Nautobot said so, and what becomes of what was made of it.

use super::*;
use crate::features::maintenance::rules::Rules;

const PROVIDER: &str = "circuits/providers";

/// A mail of CHG9 that came from an address, read by what the rules alone know.
fn mail(desk: &Desk, from: &str) {
    let raw = reading::calendar(from, "lumen", "NOR/1");
    let reading = Rules::embedded().read(&raw, None);
    desk.record(from, raw, at("2026-11-02T10:15:00Z"), reading);
}

/// Another company whose mails lumen's parser reads, with a circuit; its UUID.
fn nordics(desk: &Desk, emails: Option<&str>) -> String {
    let Small { kind, status, .. } = &desk.small;
    let fields = json!({"emails_circuit_maintenances": emails, "provider_parser_circuit_maintenances": "lumen"});
    let id = desk.sim.put(PROVIDER, json!({"name": "Lumen Nordics", "custom_fields": fields}));
    desk.sim.put("circuits/circuits", json!({"cid": "NOR/1", "provider": id, "circuit_type": kind, "status": status}));
    id
}

/// The names of the records there.
fn names(desk: &Desk) -> Vec<String> {
    let all = desk.sim.all(MAINTENANCE);
    let mut names: Vec<_> = all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// What stands with a maintenance as different.
fn told(desk: &Desk, provider: &str, id: &str) -> Option<String> {
    desk.look(provider, id)?.nautobot?.conflict
}

#[tokio::test]
async fn a_mail_that_came_before_the_providers_is_of_whose_address_it_came_from() {
    let desk = Desk::in_time(true).await;
    nordics(&desk, Some("noc@nordics.example"));
    mail(&desk, "noc@nordics.example");
    assert!(desk.look("lumen", "CHG9").is_some(), "nobody knows better yet");
    desk.sync().await;
    // Whoever does not ask sends nothing.
    assert_eq!(send::drain(&desk.client, &desk.store, now()).await.unwrap(), Sent::default());
    assert_eq!(desk.ask_whose().await, 1);
    assert_eq!(desk.ask_whose().await, 0);
    assert!(desk.look("lumen", "CHG9").is_none() && desk.look("Lumen Nordics", "CHG9").is_some());
    desk.send().await;
    assert_eq!((names(&desk), desk.sim.all(IMPACT).len()), (vec!["Lumen Nordics-CHG9".to_owned()], 1));
    assert_eq!(desk.outbox(), []);
    // One that a process recorded that did not know it.
    let raw = String::from_utf8(reading::calendar("noc@nordics.example", "lumen", "NOR/1")).unwrap();
    let raw = raw.replace("CHG9", "CHG10").replace("Message-ID: <", "Message-ID: <2").into_bytes();
    let reading = Rules::embedded().read(&raw, None);
    desk.record("2", raw, at("2026-11-02T10:15:00Z"), reading);
    desk.send().await;
    assert_eq!(names(&desk), ["Lumen Nordics-CHG10", "Lumen Nordics-CHG9"]);
}

#[tokio::test]
async fn a_mail_of_no_known_address_that_came_before_the_circuits_is_of_whose_circuit_it_names() {
    let desk = Desk::in_time(true).await;
    nordics(&desk, None);
    mail(&desk, "somebody@lists.example");
    desk.sync().await;
    desk.send().await;
    assert_eq!(names(&desk), ["Lumen Nordics-CHG9"]);
}

#[tokio::test]
async fn what_was_made_under_another_provider_is_told() {
    for is_acknowledged in [false, true] {
        let desk = Desk::in_time(true).await;
        mail(&desk, "noc@nordics.example");
        desk.sync().await;
        desk.send().await;
        assert_eq!(names(&desk), ["Lumen-CHG9"]);
        if is_acknowledged {
            desk.acknowledge(desk.look("lumen", "CHG9").unwrap().key);
            desk.send().await;
        }
        nordics(&desk, Some("noc@nordics.example"));
        desk.sync_at(now() + chrono::TimeDelta::hours(1), false).await.unwrap();
        desk.send().await;
        assert_eq!(names(&desk), ["Lumen Nordics-CHG9", "Lumen-CHG9"]);
        assert_eq!((told(&desk, "Lumen Nordics", "CHG9"), desk.outbox()), (None, vec![]));
        for _ in 0..2 {
            let told = told(&desk, "lumen", "CHG9").unwrap();
            assert!(told.contains("Lumen-CHG9 was made from are of Lumen Nordics/CHG9 now"), "{told}");
            desk.try_sync(true).await.unwrap();
            desk.send().await;
        }
        // Once somebody has deleted it there, nothing is left to be told.
        let wrong = desk.sim.all(MAINTENANCE).into_iter().find(|one| one["name"] == "Lumen-CHG9").unwrap();
        desk.sim.delete(MAINTENANCE, wrong["id"].as_str().unwrap());
        desk.try_sync(true).await.unwrap();
        desk.send().await;
        assert_eq!((names(&desk), told(&desk, "lumen", "CHG9")), (vec!["Lumen Nordics-CHG9".to_owned()], None));
    }
}

#[tokio::test]
async fn what_was_filed_under_a_provider_follows_its_new_name() {
    let desk = Desk::in_time(true).await;
    let id = nordics(&desk, Some("noc@nordics.example"));
    desk.sync().await;
    mail(&desk, "noc@nordics.example");
    desk.send().await;
    desk.acknowledge(desk.look("Lumen Nordics", "CHG9").unwrap().key);
    desk.sim.patch(PROVIDER, &id, json!({"name": "Northern Fibre"}));
    desk.sync_at(now() + chrono::TimeDelta::hours(1), false).await.unwrap();
    desk.send().await;
    // The record keeps its name.
    assert_eq!((names(&desk), desk.outbox()), (vec!["Lumen Nordics-CHG9".to_owned()], vec![]));
    assert!(desk.look("Lumen Nordics", "CHG9").is_none());
    let detail = desk.look("Northern Fibre", "CHG9").unwrap();
    assert_eq!(detail.nautobot.unwrap().record.unwrap().1, "Lumen Nordics-CHG9");
    assert_eq!(desk.only()["ack"].as_bool(), Some(true));
}

#[tokio::test]
async fn two_records_are_never_one_maintenance() {
    let desk = Desk::in_time(true).await;
    let Small { kind, status, provider, .. } = &desk.small;
    let second = desk.sim.put(
        "circuits/circuits",
        json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status}),
    );
    // The one is of lumen by its circuit, the other by its name.
    let (start, end) = ("2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    let one = desk.small.maintenance(&desk.sim, "TW-1", start, end);
    desk.sync().await;
    let other = desk.sim.put(
        MAINTENANCE,
        json!({"name": "Lumen-TW-1", "start_time": start, "end_time": "2026-11-22T20:00:00Z", "status": "TENTATIVE",
               "description": "another"}),
    );
    desk.sim.put(IMPACT, json!({"maintenance": other, "circuit": second, "impact": "DEGRADED"}));
    desk.sync().await;
    let record = |id: &str| desk.look("lumen", id).unwrap().nautobot.unwrap().record.unwrap().0;
    assert_eq!((record("TW-1"), record("Lumen-TW-1")), (one.clone(), other.clone()));
    let told = told(&desk, "lumen", "Lumen-TW-1").unwrap();
    assert!(told.contains("lumen/TW-1 is TW-1 in Nautobot"), "{told}");
    let _ = desk.sim.bodies("");
    desk.acknowledge(desk.look("lumen", "TW-1").unwrap().key);
    desk.send().await;
    desk.sync().await;
    desk.send().await;
    let there = |id: &str| desk.sim.all(MAINTENANCE).into_iter().find(|record| record["id"] == *id).unwrap();
    assert_eq!((there(&one)["ack"].as_bool(), there(&other)["ack"].as_bool()), (Some(true), Some(false)));
    assert_eq!((there(&other)["status"].as_str(), desk.sim.all(IMPACT).len()), (Some("TENTATIVE"), 2));
    assert_eq!(desk.outbox(), []);
    // With the one gone the other is what its name says.
    desk.sim.delete(MAINTENANCE, &one);
    for _ in 0..2 {
        desk.try_sync(true).await.unwrap();
    }
    assert_eq!(record("TW-1"), other);
    assert!(desk.look("lumen", "Lumen-TW-1").is_none());
}

#[tokio::test]
async fn an_id_that_is_cut_to_anothers_name_there_is_told_and_not_said_to_be_written() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    let id = |end: &str| format!("{}{end}", "X".repeat(110));
    for end in ["1", "2"] {
        desk.mail(end, 60, Notice { maintenance_id: id(end), ..notice() });
    }
    assert_eq!(desk.send().await, Sent { sent: 1, left: 1 });
    assert_eq!(names(&desk).len(), 1);
    let entry = desk.outbox().remove(0);
    assert_eq!((entry.maintenance_id.as_str(), entry.state), (&*id("2"), outbox::State::Failed));
    assert!(entry.reason.contains("of the first 100 characters"), "{}", entry.reason);
}

#[tokio::test]
async fn circuits_that_the_token_may_not_view_are_told() {
    let desk = Desk::in_time(false).await;
    let id = there(&desk);
    let Small { kind, status, provider, .. } = &desk.small;
    let hidden = desk.sim.put(
        "circuits/circuits",
        json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status}),
    );
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": hidden, "impact": "OUTAGE"}));
    desk.sync().await;
    assert_eq!(told(&desk, "lumen", "CHG1"), None);
    // The token does not see it any more, and the record shows it all the same.
    desk.write(move |c| {
        c.execute("DELETE FROM nautobot_circuit WHERE id = ?1", [&hidden]).unwrap();
        c.execute("UPDATE nautobot_maintenance SET dirty = 1", []).unwrap();
        let manner = super::super::store::reconcile::Manner::of_one(now());
        super::super::store::reconcile::one(c, &id, &manner).unwrap();
    });
    assert_eq!(told(&desk, "lumen", "CHG1").unwrap(), "it hits 1 circuit in Nautobot that the token may not view");
}

#[tokio::test]
async fn an_acknowledgement_there_of_what_has_changed_here_since_is_told() {
    let desk = Desk::in_time(false).await;
    let id = there(&desk);
    desk.mail("1", 60, notice());
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.sync().await;
    assert_eq!(told(&desk, "lumen", "CHG1"), None);
    desk.mail("2", 0, Notice { status: Status::Tentative, sequence: 2, ..notice() });
    desk.sync().await;
    let told = told(&desk, "lumen", "CHG1").unwrap();
    assert!(told.contains("acknowledged in Nautobot, of what was known before"), "{told}");
}
