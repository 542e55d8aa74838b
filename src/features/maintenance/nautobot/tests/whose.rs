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

/// A record of this name there, on a second circuit of lumen.
fn second(desk: &Desk, name: &str) -> String {
    let Small { kind, status, provider, .. } = &desk.small;
    let fields = json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status});
    let circuit = desk.sim.put("circuits/circuits", fields);
    let record = desk.sim.put(
        MAINTENANCE,
        json!({"name": name, "start_time": "2026-11-22T08:00:00Z", "end_time": "2026-11-22T20:00:00Z",
               "status": "TENTATIVE", "description": "another"}),
    );
    desk.sim.put(IMPACT, json!({"maintenance": record, "circuit": circuit, "impact": "DEGRADED"}));
    record
}

/// The record of a maintenance of lumen here.
fn record(desk: &Desk, id: &str) -> Option<String> {
    Some(desk.look("lumen", id)?.nautobot?.record?.0)
}

/// The record that names no provider, beside the one that does.
const BESIDE: &str = "TW-1 (Nautobot)";

#[tokio::test]
async fn two_records_are_two_maintenances_and_the_same_two_in_every_order() {
    let (start, end) = ("2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    for order in ["bare first", "named first", "together"] {
        let desk = Desk::in_time(true).await;
        // The one is of lumen by its circuit, the other by its name.
        let bare = || desk.small.maintenance(&desk.sim, "TW-1", start, end);
        let (one, other) = if order == "bare first" {
            let one = bare();
            desk.sync().await;
            assert_eq!(record(&desk, "TW-1").unwrap(), one);
            (one, second(&desk, "Lumen-TW-1"))
        } else {
            let other = second(&desk, "Lumen-TW-1");
            if order == "named first" {
                desk.sync().await;
            }
            (bare(), other)
        };
        for _ in 0..2 {
            desk.sync().await;
            let found = (record(&desk, BESIDE).unwrap(), record(&desk, "TW-1").unwrap());
            assert_eq!(found, (one.clone(), other.clone()), "{order}");
            assert!(desk.look("nautobot", "TW-1").is_none(), "{order}");
            let why = told(&desk, "lumen", BESIDE).unwrap();
            assert_eq!(why, "TW-1 is here as lumen/TW-1 (Nautobot), for lumen/TW-1 is Lumen-TW-1 in Nautobot");
            assert_eq!(told(&desk, "lumen", "TW-1"), None);
            desk.try_sync(true).await.unwrap();
        }
        // What is done with the one is done with no other, here or there, and a mail of lumen's TW-1 is of lumen's.
        desk.acknowledge(desk.look("lumen", BESIDE).unwrap().key);
        desk.send().await;
        let circuits = vec![Circuit { circuit_id: "LUM/2".to_owned(), impact: Impact::Degraded }];
        let said = Notice { maintenance_id: "TW-1".to_owned(), status: Status::Completed, circuits, ..notice() };
        desk.mail("1", 0, said);
        desk.send().await;
        desk.sync().await;
        let there = |id: &str| desk.sim.all(MAINTENANCE).into_iter().find(|record| record["id"] == *id).unwrap();
        let of = |id: &str| (there(id)["ack"].as_bool().unwrap(), there(id)["status"].as_str().unwrap().to_owned());
        assert_eq!(of(&one), (true, "CONFIRMED".to_owned()), "{order}");
        assert_eq!(of(&other), (false, "COMPLETED".to_owned()), "{order}");
        assert_eq!((desk.sim.all(IMPACT).len(), desk.outbox()), (2, vec![]));
    }
}

#[tokio::test]
async fn records_that_are_read_anew_are_what_they_were() {
    let desk = Desk::in_time(true).await;
    let names: Vec<String> = (1..=6).map(|number| format!("TW-{number}")).collect();
    for name in &names {
        desk.small.maintenance(&desk.sim, name, "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
        desk.sim.put(
            MAINTENANCE,
            json!({"name": format!("Lumen-{name}"), "start_time": "2026-11-22T08:00:00Z",
                   "end_time": "2026-11-22T20:00:00Z", "status": "CONFIRMED"}),
        );
    }
    desk.sync().await;
    let found = || {
        let of = |id: &str| (desk.look("lumen", id).unwrap().end, record(&desk, id).unwrap());
        names.iter().map(|name| (of(name), of(&format!("{name} (Nautobot)")))).collect::<Vec<_>>()
    };
    let before = found();
    for name in &names {
        desk.acknowledge(desk.look("lumen", &format!("{name} (Nautobot)")).unwrap().key);
        desk.acknowledge(desk.look("lumen", name).unwrap().key);
    }
    desk.send().await;
    let (there, impacts) = (desk.sim.all(MAINTENANCE), desk.sim.all(IMPACT));
    desk.forget();
    desk.sync().await;
    desk.send().await;
    assert_eq!(found(), before);
    assert_eq!((desk.sim.all(MAINTENANCE), desk.sim.all(IMPACT)), (there, impacts));
}

#[tokio::test]
async fn what_was_done_with_a_record_goes_along_when_another_takes_its_place() {
    let desk = Desk::in_time(true).await;
    let one = desk.small.maintenance(&desk.sim, "TW-1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.sync().await;
    let key = desk.look("lumen", "TW-1").unwrap().key;
    desk.acknowledge(key);
    desk.note(key, "drained");
    let other = second(&desk, "Lumen-TW-1");
    desk.sync().await;
    let now = desk.look("lumen", BESIDE).unwrap();
    assert_eq!((now.key, now.notes.len()), (key, 1));
    desk.send().await;
    let there = |id: &str| desk.sim.all(MAINTENANCE).into_iter().find(|record| record["id"] == *id).unwrap();
    assert_eq!((there(&one)["ack"].as_bool(), there(&other)["ack"].as_bool()), (Some(true), Some(false)));
    assert_eq!(desk.sim.all(NOTE)[0]["maintenance"]["id"].as_str().unwrap_or_default(), one);
    // With the one deleted the other takes its place, at once and with what was done.
    desk.sim.delete(MAINTENANCE, &other);
    desk.try_sync(true).await.unwrap();
    let now = desk.look("lumen", "TW-1").unwrap();
    assert_eq!((now.key, now.notes.len(), record(&desk, "TW-1")), (key, 1, Some(one)));
    assert!(desk.look("lumen", BESIDE).is_none() && told(&desk, "lumen", "TW-1").is_none());
}

#[tokio::test]
async fn a_record_that_a_mail_met_gives_way_to_the_carriers_own() {
    let desk = Desk::in_time(false).await;
    let one = desk.small.maintenance(&desk.sim, "CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.mail("1", 60, notice());
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    assert_eq!(record(&desk, "CHG1").unwrap(), one);
    let other = second(&desk, "Lumen-CHG1");
    desk.sync().await;
    assert_eq!((desk.look("lumen", "CHG1").unwrap().key, record(&desk, "CHG1")), (key, Some(other.clone())));
    assert_eq!(record(&desk, "CHG1 (Nautobot)").unwrap(), one);
    // Worked on, what is gone there stays here, and the other joins it.
    desk.sim.delete(MAINTENANCE, &other);
    desk.try_sync(true).await.unwrap();
    assert_eq!((desk.look("lumen", "CHG1").unwrap().key, record(&desk, "CHG1")), (key, Some(one)));
    assert!(desk.look("lumen", "CHG1 (Nautobot)").is_none());
}

#[tokio::test]
async fn a_record_whose_circuits_come_later_is_of_their_provider_then() {
    let desk = Desk::in_time(false).await;
    let fields = json!({"name": "TW-1", "start_time": "2026-11-22T08:00:00Z", "end_time": "2026-11-22T20:00:00Z"});
    let id = desk.sim.put(MAINTENANCE, fields);
    desk.sync().await;
    let key = desk.look("nautobot", "TW-1").unwrap().key;
    desk.note(key, "whose is it?");
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": desk.small.circuit, "impact": "OUTAGE"}));
    desk.sync().await;
    let now = desk.look("lumen", "TW-1").unwrap();
    assert_eq!((now.key, now.notes.len(), record(&desk, "TW-1")), (key, 1, Some(id)));
    assert!(desk.look("nautobot", "TW-1").is_none());
    assert_eq!(desk.outbox()[0].provider, "lumen");
}

#[tokio::test]
async fn an_id_that_is_cut_to_anothers_name_there_is_told_and_not_said_to_be_written() {
    let desk = Desk::in_time(true).await;
    desk.sync().await;
    let id = |end: &str| format!("{}{end}", "X".repeat(110));
    for end in ["1", "2"] {
        desk.mail(end, 60, Notice { maintenance_id: id(end), ..notice() });
    }
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 1 });
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
