//! From Nautobot into the maintenances.

use super::*;
use crate::features::maintenance::inventory::{Inventory, Standing};
use crate::features::maintenance::nautobot::store::inventory;
use crate::features::maintenance::nautobot::store::outbox::State;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::edit::{self, Edit};
use crate::features::maintenance::store::event::EventKind;
use crate::features::maintenance::store::list::Acknowledged;
use crate::trouble::Remedy as _;

#[tokio::test]
async fn what_is_there_becomes_a_maintenance_with_circuits_notes_and_acknowledgement() {
    for graphql in [true, false] {
        let desk = Desk::new(false).await;
        desk.sim.set(|options| options.graphql = graphql);
        let id = there(&desk);
        desk.sim.put(NOTE, json!({"maintenance": id, "title": "Traffic drained", "comment": "Cost raised"}));
        desk.sim.put(NOTE, json!({"maintenance": id, "title": "Nonexistent circuit ID LUM/9", "comment": "x"}));
        desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
        let read = desk.sync().await;
        assert_eq!((read.full, read.maintenances, read.taken), (true, 1, 1));
        let detail = desk.look("lumen", "CHG1").unwrap();
        assert_eq!((detail.status, detail.start, detail.end), (Status::Confirmed, notice().start, notice().end));
        let circuits: Vec<_> = detail.circuits.iter().map(|circuit| circuit.circuit_id.as_str()).collect();
        assert_eq!(circuits, ["LUM/000106/A", "LUM/9"]);
        assert!(matches!(&detail.acknowledged, Acknowledged::Yes { by, .. } if by == "Nautobot"), "{detail:#?}");
        let notes: Vec<_> = detail.notes.iter().map(|note| (note.who.as_str(), note.text.as_str())).collect();
        assert_eq!(notes, [("Nautobot", "Traffic drained\nCost raised")]);
        assert_eq!(desk.outbox(), [], "what came from there is not told there");
        let known = desk.write(|c| inventory::known(c).unwrap());
        let (name, ends) = (known[0].name.as_str(), (known[0].site_a.as_str(), known[0].site_z.as_str()));
        assert_eq!(
            (name, ends, known[0].kind.as_str()),
            ("backbone 3", ("Ghent", "Bruges"), "Transit"),
            "graphql {graphql}"
        );
    }
}

#[tokio::test]
async fn addresses_and_circuits_there_tell_whose_mail_it_is_and_which_circuits_are_ours() {
    let desk = Desk::new(false).await;
    desk.sync().await;
    let (known, senders) = desk.write(|c| (inventory::known(c).unwrap(), inventory::senders(c).unwrap()));
    let first = (senders[0].address.as_str(), senders[0].rule.as_str(), senders[0].provider.as_str());
    assert_eq!(first, ("maintenance@lumen.example", "lumen", "lumen"));
    let inventory = Inventory::default().with_more(&known);
    assert!(matches!(inventory.standing("lumen", "lum 000106 a"), Standing::Known(_)));
    assert_eq!(inventory.standing("lumen", "other"), Standing::Unknown);
    let raw = b"From: Change@lumen.example\r\nSubject: x\r\n\r\nnothing that a rule reads\r\n";
    let verdict = |rules: &Rules| rules.read(raw, None).verdict;
    assert!(matches!(verdict(&Rules::embedded()), Verdict::Unknown { .. }));
    let taught = Rules::embedded().with_senders(senders);
    let (Verdict::Failed { provider, .. } | Verdict::Ignored { provider, .. }) = verdict(&taught) else {
        panic!("{:?}", verdict(&taught))
    };
    assert_eq!(provider, "lumen");
}

/// A calendar that names its provider in its own words.
pub(super) fn calendar(from: &str, provider: &str, circuit: &str) -> Vec<u8> {
    format!(
        "From: {from}\nSubject: Works\nMessage-ID: <{from}>\nDate: Mon, 2 Nov 2026 10:15:00 +0000\n\
         Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTAMP:20261102T101500Z\n\
         DTSTART:20991122T100000Z\nDTEND:20991122T200000Z\nUID:1\nSUMMARY:Works\nX-MAINTNOTE-PROVIDER:{provider}\n\
         X-MAINTNOTE-ACCOUNT:1\nX-MAINTNOTE-MAINTENANCE-ID:CHG9\nX-MAINTNOTE-OBJECT-ID:{circuit}\n\
         X-MAINTNOTE-IMPACT:OUTAGE\nX-MAINTNOTE-STATUS:CONFIRMED\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn an_address_there_tells_whose_a_calendar_is_that_names_its_provider_otherwise() {
    let desk = Desk::new(false).await;
    desk.sync().await;
    let senders = desk.write(|c| inventory::senders(c).unwrap());
    let rules = Rules::embedded().with_senders(senders);
    let provider = |from: &str| {
        let verdict = rules.read(&calendar(from, "Some Fibre Ltd", "LUM/1"), None).verdict;
        let Verdict::Parsed { provider, notices } = verdict else { panic!("{verdict:?}") };
        assert!(notices.iter().all(|notice| notice.provider == provider), "{notices:?}");
        provider
    };
    assert_eq!(provider("Change@lumen.example"), "lumen");
    assert_eq!(provider("noc@fibre.example"), "Some Fibre Ltd");
}

#[tokio::test]
async fn two_providers_whose_mails_are_read_alike_are_two() {
    let desk = Desk::new(true).await;
    let Small { kind, status, .. } = &desk.small;
    let group = desk.sim.put(
        "circuits/providers",
        json!({"name": "Lumen Nordics", "custom_fields": {
            "emails_circuit_maintenances": "noc@nordics.example", "provider_parser_circuit_maintenances": "lumen"}}),
    );
    // Both have a circuit of one id.
    let theirs = desk.sim.put(
        "circuits/circuits",
        json!({"cid": "LUM/000106/A", "provider": group, "circuit_type": kind, "status": status}),
    );
    let own = json!({"cid": "NOR/1", "provider": group, "circuit_type": kind, "status": status});
    desk.sim.put("circuits/circuits", own);
    desk.sync().await;
    let (known, senders) = desk.write(|c| (inventory::known(c).unwrap(), inventory::senders(c).unwrap()));
    let rules = Rules::embedded().with_senders(senders);
    let filed = |from: &str| {
        let verdict = rules.read(&calendar(from, "Lumen", "LUM/000106/A"), None).verdict;
        let Verdict::Parsed { provider, .. } = verdict else { panic!("{verdict:?}") };
        provider
    };
    assert_eq!(
        (filed("maintenance@lumen.example"), filed("noc@nordics.example")),
        ("lumen".into(), "Lumen Nordics".into())
    );
    let circuits = Inventory::default().with_more(&known);
    assert!(matches!(circuits.standing("Lumen Nordics", "NOR/1"), Standing::Known(_)));
    assert_eq!(circuits.standing("lumen", "NOR/1"), Standing::Unknown);
    assert_eq!(circuits.circuits().len(), 3);
    // The same id of both, and mails of each.
    for provider in ["lumen", "Lumen Nordics"] {
        desk.mail_of(provider, provider, 60, notice());
    }
    assert_eq!(desk.send().await, Sent { sent: 2, needless: 0, left: 0 });
    let mut names: Vec<_> =
        desk.sim.all(MAINTENANCE).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["Lumen Nordics-CHG1", "Lumen-CHG1"]);
    let hit: Vec<_> =
        desk.sim.all(IMPACT).iter().map(|one| one["circuit"]["id"].as_str().unwrap().to_owned()).collect();
    assert!(hit.len() == 2 && hit.contains(&theirs) && hit[0] != hit[1], "{hit:?}");
    desk.sync().await;
    assert!(desk.look("lumen", "CHG1").is_some() && desk.look("Lumen Nordics", "CHG1").is_some());
    // A mail whose sender nobody knows is of whose circuit it names.
    let nordic = Circuit { circuit_id: "nor 1".to_owned(), impact: Impact::Outage };
    desk.mail_of("3", "lumen", 50, Notice { maintenance_id: "CHG3".to_owned(), circuits: vec![nordic], ..notice() });
    assert!(desk.look("Lumen Nordics", "CHG3").is_some() && desk.look("lumen", "CHG3").is_none());
}

#[tokio::test]
async fn only_what_changed_is_read_again_and_each_kind_by_itself() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    for name in 0..5 {
        desk.small.maintenance(&desk.sim, &format!("Lumen-X{name}"), "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
    }
    desk.sync().await;
    desk.sim.pass(chrono::TimeDelta::hours(1));
    let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    desk.sim.patch(IMPACT, &impact, json!({"impact": "DEGRADED"}));
    desk.sim.put(NOTE, json!({"maintenance": id, "title": "Late", "comment": "by two hours"}));
    let _ = desk.sim.requests();
    let read = desk.sync().await;
    assert_eq!((read.full, read.taken), (false, 1));
    let requests = desk.sim.requests();
    // Maintenances, impacts, notes, and what was deleted of each.
    assert!(requests.len() <= 6, "{requests:#?}");
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.circuits[0].impact, detail.notes.len()), (Impact::Degraded, 1));
    assert_eq!(desk.sync().await.taken, 0);
}

#[tokio::test]
async fn a_record_and_a_mail_are_one_maintenance() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.mail("1", 60, notice());
    desk.sync().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.windows.len(), detail.account.as_str()), (1, "Example Networks"));
    assert_eq!(detail.nautobot.unwrap().record.unwrap().1, "Lumen-CHG1");
}

#[tokio::test]
async fn a_mail_that_a_record_came_from_counts_although_it_is_older_and_one_before_it_does_not() {
    let desk = Desk::new(false).await;
    // Made there after the mails.
    desk.sim.pass(chrono::TimeDelta::hours(26));
    there(&desk);
    desk.sync().await;
    desk.mail("old", 600, Notice { start: at("2026-11-22T06:00:00Z"), ..notice() });
    assert_eq!(desk.look("lumen", "CHG1").unwrap().start, notice().start, "older, and says something else");
    desk.mail("same", 60, notice());
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.account.as_str(), detail.start), ("Example Networks", notice().start));
    desk.mail("new", 0, Notice { start: at("2026-11-22T10:00:00Z"), ..notice() });
    assert_eq!(desk.look("lumen", "CHG1").unwrap().start, at("2026-11-22T10:00:00Z"));
}

#[tokio::test]
async fn a_change_there_is_taken_over_and_asks_for_an_acknowledgement_again() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.mail("1", 60, notice());
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.acknowledge(key);
    desk.send().await;
    desk.sim.patch(MAINTENANCE, &id, json!({"status": "CANCELLED", "ack": false}));
    desk.sync().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!(detail.status, Status::Cancelled);
    assert!(matches!(detail.acknowledged, Acknowledged::Before { .. }), "{:?}", detail.acknowledged);
    assert_eq!(detail.events[0].kind, EventKind::FromNautobot);
    assert_eq!(detail.account, "Example Networks");
}

#[tokio::test]
async fn an_acknowledgement_there_counts_here_if_both_say_the_same_and_is_shown_otherwise() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.mail("1", 60, notice());
    desk.sync().await;
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.sync().await;
    let acknowledged = |desk: &Desk| desk.look("lumen", "CHG1").unwrap().acknowledged;
    assert!(matches!(acknowledged(&desk), Acknowledged::Yes { .. }));
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": false}));
    desk.sync().await;
    assert!(matches!(acknowledged(&desk), Acknowledged::No));
    // It changes here by a newer mail, and is acknowledged there as it was.
    desk.mail("2", 0, Notice { end: at("2026-11-22T18:00:00Z"), ..notice() });
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.sync().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert!(matches!(detail.acknowledged, Acknowledged::No), "{:?}", detail.acknowledged);
    let conflict = detail.nautobot.unwrap().conflict.unwrap();
    assert!(conflict.contains("acknowledged in Nautobot as CONFIRMED 2026-11-22 08:00 - 14:00 UTC"), "{conflict}");
}

#[tokio::test]
async fn a_refusal_without_a_word_says_who_refuses_what_and_what_to_do() {
    let desk = Desk::new(false).await;
    desk.sim.plan("GET", 0, 1, Trouble::Proxy(401));
    let refused = desk.try_sync(false).await.unwrap_err();
    let (told, remedy) = (refused.to_string(), refused.remedy());
    let server = desk.client.server();
    assert_eq!(told, format!("{server} refuses to read circuitimpact: 401 Unauthorized, without a reason"));
    assert!(remedy.contains("proxy before Nautobot"), "{remedy}");
    // What is to be written waits for somebody who puts that right, and is none the worse for it.
    there(&desk);
    desk.sync().await;
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.sim.plan("PATCH", 0, 1, Trouble::Proxy(401));
    assert!(send::drain(&desk.client, &desk.store, now()).await.is_err());
    assert_eq!((desk.outbox()[0].state, desk.send().await.sent), (State::Waiting, 1));
}

#[tokio::test]
async fn what_is_deleted_there_goes_here_unless_somebody_worked_on_it() {
    let desk = Desk::new(false).await;
    let (gone, kept) = (there(&desk), "Lumen-CHG2");
    let kept = desk.small.maintenance(&desk.sim, kept, "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
    desk.sync().await;
    desk.note(desk.look("lumen", "CHG2").unwrap().key, "ours");
    desk.sim.delete(MAINTENANCE, &gone);
    desk.sim.delete(MAINTENANCE, &kept);
    assert_eq!(desk.try_sync(true).await.unwrap().gone, 2);
    assert!(desk.look("lumen", "CHG1").is_none());
    let detail = desk.look("lumen", "CHG2").unwrap();
    assert_eq!(detail.events[0].kind, EventKind::GoneFromNautobot);
    // What is still to be said of it is told as that, and not as something to wait for.
    desk.acknowledge(detail.key);
    desk.send().await;
    let needs = desk.store.read(outbox::counts).await.unwrap();
    assert_eq!(needs.0, needs.1, "each needs somebody");
    let reasons: Vec<_> = desk.outbox().into_iter().map(|entry| entry.reason).collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|reason| reason.contains("was deleted there: drop this")),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn what_is_deleted_there_is_gone_at_once_where_the_token_may_look_at_changes() {
    for may in [true, false] {
        let desk = Desk::new(false).await;
        if !may {
            desk.sim.set(|options| options.denied.push((Verb::View, "extras/object-changes".to_owned())));
        }
        let gone = there(&desk);
        let kept = desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
        desk.sim.put(NOTE, json!({"maintenance": kept, "title": "Drained", "comment": "both"}));
        desk.sync().await;
        desk.sim.delete(MAINTENANCE, &gone);
        desk.sim.delete(NOTE, desk.sim.all(NOTE)[0]["id"].as_str().unwrap());
        desk.sim.delete(IMPACT, desk.sim.all(IMPACT)[0]["id"].as_str().unwrap());
        let read = desk.sync().await;
        assert_eq!((read.full, read.gone), (false, usize::from(may)));
        assert_eq!(desk.look("lumen", "CHG1").is_none(), may);
        let detail = desk.look("lumen", "CHG2").unwrap();
        assert_eq!((detail.circuits.is_empty(), detail.notes.is_empty()), (may, may));
        let _ = desk.sim.requests();
        assert_eq!(desk.sync().await.gone, 0);
        let asked = desk.sim.requests().iter().filter(|request| request.contains("object-changes")).count();
        assert_eq!(asked, if may { 3 } else { 0 }, "who was refused once does not ask again");
    }
}

#[tokio::test]
async fn what_was_deleted_is_read_in_the_log_of_changes_until_it_has_settled_and_never_again() {
    let desk = Desk::in_time(false).await;
    let gone = there(&desk);
    desk.sync().await;
    desk.sim.delete(MAINTENANCE, &gone);
    let asked_from = |desk: &Desk| {
        let asked = desk.sim.requests().into_iter().find(|request| request.contains("object-changes")).unwrap();
        asked.split("time__gte=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    };
    let mut from = Vec::new();
    for minutes in [0, 5, 10] {
        let _ = desk.sim.requests();
        let gone = desk.sync_at(now() + chrono::TimeDelta::minutes(minutes), false).await.unwrap().gone;
        assert_eq!(gone, usize::from(minutes == 0));
        from.push(asked_from(&desk));
    }
    // The newest change there is older than the deletion, which is not to be told at every poll until something changes.
    assert!(from[1] > from[0] && from[2] >= from[1], "{from:?}");
}

#[tokio::test]
async fn an_impact_that_goes_while_its_maintenance_changes_is_seen_without_the_log_of_changes() {
    let desk = Desk::new(false).await;
    desk.sim.set(|options| options.denied.push((Verb::View, "extras/object-changes".to_owned())));
    let id = there(&desk);
    let impact = desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": another(&desk), "impact": "DEGRADED"}));
    desk.sync().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits.len(), 2);
    desk.sim.delete(IMPACT, &impact);
    desk.sim.patch(MAINTENANCE, &id, json!({"description": "One of them only"}));
    assert_eq!(desk.sync().await.taken, 1);
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.circuits.len(), detail.summary.as_str()), (1, "One of them only"));
}

/// A second circuit there; its UUID.
fn another(desk: &Desk) -> String {
    let Small { provider, kind, status, .. } = &desk.small;
    desk.sim
        .put("circuits/circuits", json!({"cid": "LUM/2", "provider": provider, "circuit_type": kind, "status": status}))
}

#[tokio::test]
async fn what_pages_skip_is_asked_for_before_it_is_taken_for_gone() {
    for graphql in [true, false] {
        let desk = Desk::new(false).await;
        desk.sim.set(|options| options.graphql = graphql);
        let skipped = there(&desk);
        let kept = desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
        desk.sync().await;
        let impact = |of: &str| {
            let all = desk.sim.all(IMPACT);
            all.iter().find(|one| one["maintenance"]["id"] == of).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let hidden = vec![skipped.clone(), impact(&skipped), impact(&kept)];
        desk.sim.set(|options| options.skipped = hidden);
        let read = desk.try_sync(true).await.unwrap();
        assert_eq!((read.full, read.gone), (true, 0), "graphql {graphql}");
        for id in ["CHG1", "CHG2"] {
            let detail = desk.look("lumen", id).unwrap();
            assert_eq!(detail.circuits.len(), 1, "{id}, graphql {graphql}");
        }
        desk.sim.set(|options| options.skipped.clear());
        desk.sim.delete(MAINTENANCE, &skipped);
        assert_eq!(desk.try_sync(true).await.unwrap().gone, 1);
        assert!(desk.look("lumen", "CHG1").is_none());
    }
}

#[tokio::test]
async fn circuits_that_a_page_skips_are_read_by_the_other_way() {
    let desk = Desk::new(false).await;
    let second = another(&desk);
    desk.sim.set(|options| options.skipped = vec![second]);
    let _ = desk.sim.requests();
    desk.sync().await;
    let requests = desk.sim.requests();
    assert!(requests.iter().any(|one| one.contains("circuits/circuits/?depth=1&sort=id")), "{requests:#?}");
}

#[tokio::test]
async fn every_word_for_a_bad_token_is_told_from_a_permission_that_lacks() {
    let desk = Desk::new(false).await;
    for words in ["Token expired", "User inactive", "Invalid token", "Authentication credentials were not provided."] {
        desk.sim.set(|options| options.rejects = words.to_owned());
        let refused = desk.client.about().await.unwrap_err();
        assert!(matches!(&refused, super::super::Error::Credentials { detail } if detail == words), "{refused}");
    }
    desk.sim.set(|options| options.rejects = "You do not have permission to perform this action.".to_owned());
    assert!(matches!(desk.client.about().await, Err(super::super::Error::Forbidden { .. })));
}

#[tokio::test]
async fn pages_of_another_host_small_limits_and_a_prefix_change_nothing() {
    let desk = Desk::new(false).await;
    for name in 0..23 {
        desk.small.maintenance(&desk.sim, &format!("Lumen-X{name}"), "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z");
    }
    desk.sim.set(|options| (options.largest_page, options.page, options.graphql) = (5, 2, false));
    let read = desk.sync().await;
    assert_eq!((read.maintenances, read.taken), (23, 23));
    desk.sim.set(|options| options.prefix = "/nautobot".to_owned());
    assert_eq!(client(&desk.sim).about().await.unwrap().app, "3.1.1");
}

#[tokio::test]
async fn one_that_answers_more_slowly_than_it_may_is_said_to_be_slow() {
    use crate::trouble::Remedy as _;
    let desk = Desk::new(false).await;
    desk.sim.take(Duration::from_secs(2));
    let server = Server {
        url: desk.sim.url(),
        trust: Trust::Anybody,
        connect_timeout: Duration::from_secs(20),
        call_timeout: Duration::from_secs(1),
        first_pause: Duration::from_millis(1),
    };
    let slow = Client::new(&server, TOKEN).unwrap().write(reqwest::Method::PATCH, MAINTENANCE, None).await.unwrap_err();
    assert_eq!(slow.to_string(), format!("Nautobot at {} did not answer within 1 s", desk.sim.url()));
    assert!(slow.remedy().contains("`call_timeout` in [nautobot]") && slow.is_transient() && !slow.is_about_one());
}

#[tokio::test]
async fn an_empty_answer_of_graphql_is_not_believed() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sim.plan("POST /api/graphql/", 0, 100, Trouble::Proxy(500));
    let read = desk.sync().await;
    assert_eq!(read.taken, 1);
    desk.sim.calm();
    desk.sim.set(|options| options.denied.push((Verb::View, MAINTENANCE.to_owned())));
    let refused = desk.try_sync(true).await.unwrap_err();
    assert!(matches!(refused, super::super::Error::Forbidden { .. }), "{refused}");
    assert!(desk.look("lumen", "CHG1").is_some(), "nothing goes because a token may not look");
}

#[tokio::test]
async fn a_server_without_time_is_asked_again_and_a_broken_one_is_told_apart() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sim.plan("GET ", 0, 2, Trouble::Proxy(502));
    desk.sim.plan("GET ", 0, 1, Trouble::HangUp);
    desk.sim.plan("GET ", 0, 1, Trouble::Busy(0));
    assert_eq!(desk.sync().await.taken, 1);
    desk.sim.plan("GET ", 0, 100, Trouble::HangUp);
    assert!(matches!(desk.try_sync(false).await, Err(super::super::Error::Unreachable { .. })));
    desk.sim.calm();
    desk.sim.set(|options| options.token = "another".to_owned());
    let refused = desk.try_sync(false).await.unwrap_err();
    assert!(matches!(&refused, super::super::Error::Credentials { detail } if detail == "Invalid token"), "{refused}");
    desk.sim.set(|options| (options.token, options.has_app) = (TOKEN.to_owned(), false));
    assert!(matches!(desk.client.about().await, Err(super::super::Error::NoApp { .. })));
}

#[tokio::test]
async fn what_was_set_by_hand_stays_and_nothing_is_overwritten_until_somebody_decides() {
    for keeps in [true, false] {
        let desk = Desk::new(true).await;
        let id = there(&desk);
        desk.sync().await;
        let key = desk.look("lumen", "CHG1").unwrap().key;
        let (ours, theirs) = (at("2026-11-22T18:00:00Z"), at("2026-11-22T20:00:00Z"));
        let longer = Edit { window: Some((notice().start, ours)), ..Edit::default() };
        desk.write(move |c| edit::edit(c, key, None, &longer, &anna()).unwrap().unwrap());
        desk.send().await;
        assert_eq!(desk.only()["end_time"], "2026-11-22T18:00:00Z");
        desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
        desk.sync().await;
        let detail = desk.look("lumen", "CHG1").unwrap();
        assert_eq!((detail.end, detail.events[0].kind), (ours, EventKind::Withheld));
        assert!(detail.by_hand.is_some_and(|set| set.is_news && set.would_change.len() == 1));
        // A mail that changes something else.
        desk.mail("1", 0, Notice { summary: "Another word".to_owned(), end: theirs, ..notice() });
        assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
        assert_eq!(desk.only()["end_time"], "2026-11-22T20:00:00Z", "nobody has decided");
        let reason = &desk.outbox()[0].reason;
        assert!(reason.starts_with("the window was set by hand here to 2026-11-22 08:00 - 18:00 UTC"), "{reason}");
        desk.write(move |c| {
            if keeps { edit::keep(c, key, &anna()) } else { edit::take(c, key, &anna()) }.unwrap().unwrap()
        });
        // What is theirs by now is there already.
        let (sent, needless) = if keeps { (1, 0) } else { (0, 1) };
        assert_eq!(desk.send().await, Sent { sent, needless, left: 0 });
        let (end, written) = if keeps { (ours, "2026-11-22T18:00:00Z") } else { (theirs, "2026-11-22T20:00:00Z") };
        assert_eq!(desk.look("lumen", "CHG1").unwrap().end, end);
        assert_eq!((&desk.only()["end_time"], &desk.only()["description"]), (&json!(written), &json!("Another word")));
    }
}

#[tokio::test]
async fn what_is_said_instead_is_what_nautobot_says_by_now_even_if_ours_was_not_written_yet() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let longer = Edit { window: Some((notice().start, at("2026-11-22T18:00:00Z"))), ..Edit::default() };
    desk.write(move |c| edit::edit(c, key, None, &longer, &anna()).unwrap().unwrap());
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
    desk.sync().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.end, detail.events[0].kind), (at("2026-11-22T18:00:00Z"), EventKind::Withheld));
    desk.write(move |c| edit::take(c, key, &anna()).unwrap().unwrap());
    assert_eq!(desk.look("lumen", "CHG1").unwrap().end, at("2026-11-22T20:00:00Z"));
}

#[tokio::test]
async fn what_is_deleted_there_by_dozens_is_asked_for_in_questions_that_its_server_takes() {
    let desk = Desk::new(false).await;
    let made: Vec<String> = (0..60)
        .map(|n| {
            desk.small.maintenance(&desk.sim, &format!("Lumen-B{n}"), "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z")
        })
        .collect();
    desk.sync().await;
    for id in &made {
        desk.sim.delete(MAINTENANCE, id);
    }
    assert_eq!(desk.sync().await.gone, 60);
}

#[tokio::test]
async fn one_of_several_maintenances_that_is_gone_hides_no_impact_of_the_others() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    let mut ids: Vec<String> = (0..30).map(|n| format!("00000000-0000-4000-8000-0000000000{n:02}")).collect();
    ids.insert(7, id);
    assert_eq!(desk.client.impacts_of(&ids).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_could_not_be_asked_about_a_change_is_asked_again() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    let impact = desk.sim.all(IMPACT)[0]["id"].as_str().unwrap().to_owned();
    // Without the log of changes nothing else tells that an impact is gone.
    desk.sim.set(|options| options.denied.push((Verb::View, "extras/object-changes".to_owned())));
    desk.sync().await;
    desk.sim.delete(IMPACT, &impact);
    desk.sim.patch(MAINTENANCE, &id, json!({"description": "another"}));
    desk.sim.plan("circuitimpact/?maintenance=", 0, 100, Trouble::HangUp);
    assert!(desk.try_sync(false).await.is_err());
    desk.sim.calm();
    desk.sync().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits, []);
}

#[tokio::test]
async fn a_token_that_may_not_view_impacts_hears_of_it_at_the_first_reading() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sim.set(|options| options.denied.push((Verb::View, IMPACT.to_owned())));
    let _ = desk.sim.requests();
    for is_full in [true, false] {
        let refused = desk.try_sync(is_full).await.unwrap_err();
        assert!(
            matches!(&refused, super::super::Error::Forbidden { what } if what == "read circuitimpact"),
            "{refused:?}"
        );
        let asked = desk.sim.requests();
        assert!(!asked.iter().any(|request| request.contains("graphql")), "nothing is read for nothing: {asked:?}");
    }
    desk.sim.set(|options| options.denied.clear());
    desk.sync().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().circuits.len(), 1);
}

#[tokio::test]
async fn a_circuit_that_the_token_may_not_see_is_looked_for_once() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.sync().await;
    let hidden = "00000000-0000-4000-8000-000000000001";
    desk.sim.put(IMPACT, json!({"maintenance": id, "circuit": hidden, "impact": "DEGRADED"}));
    let _ = desk.sim.requests();
    let inventories = |desk: &Desk| desk.sim.requests().iter().filter(|asked| asked.contains("graphql")).count();
    desk.sync().await;
    let first = inventories(&desk);
    desk.sync().await;
    assert_eq!((first > 0, inventories(&desk)), (true, 0));
}
