//! From the outbox to Nautobot.

use super::*;
use crate::features::maintenance::nautobot::store::outbox::{Kind, State};
use crate::features::maintenance::nautobot::store::standing::Absence;
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::list::Acknowledged;
use crate::features::maintenance::store::source::{Claim, Holder};
use crate::process::Owner;

#[tokio::test]
async fn an_acknowledgement_and_a_note_go_there_in_their_order() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.acknowledge(key);
    desk.note(key, "traffic drained");
    let kinds: Vec<_> = desk.outbox().iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Acknowledgement, Kind::Note]);
    let _ = desk.sim.requests();
    assert_eq!(desk.send().await, Sent { sent: 2, needless: 0, left: 0 });
    let writes: Vec<String> = desk.sim.requests().into_iter().filter(|request| !request.starts_with("GET")).collect();
    assert!(writes[0].starts_with("PATCH") && writes[1].starts_with("POST") && writes.len() == 2, "{writes:#?}");
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(true), vec![]));
    let note = &desk.sim.all(NOTE)[0];
    assert_eq!(note["comment"], "traffic drained\n\n-- anna, 2026-11-21 02:41 UTC");
    // What was written comes back and is no news.
    let before = desk.look("lumen", "CHG1").unwrap();
    desk.sync().await;
    let after = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((after.notes.len(), after.events.len()), (1, before.events.len()));
    assert_eq!(desk.outbox(), []);
}

#[tokio::test]
async fn what_is_taken_back_before_it_was_sent_is_never_sent() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.write(move |c| {
        let acknowledged = action::acknowledge_as_it_is(c, &[key], &anna()).unwrap();
        let noted = action::add_note(c, &[key], "wrong", &anna()).unwrap();
        action::undo(c, &acknowledged.inverse.unwrap(), &anna()).unwrap();
        action::undo(c, &noted.inverse.unwrap(), &anna()).unwrap();
    });
    let _ = desk.sim.requests();
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 2, left: 0 });
    assert!(desk.sim.requests().iter().all(|request| request.starts_with("GET")));
    assert_eq!((desk.outbox(), desk.sim.all(NOTE).len()), (vec![], 0));
    // A note that was there, taken back and brought back, and a correction that was corrected back.
    let noted = desk.write(move |c| action::add_note(c, &[key], "drained", &anna()).unwrap());
    assert_eq!(desk.send().await.sent, 1);
    desk.write(move |c| {
        let again = action::undo(c, &noted.inverse.unwrap(), &anna()).unwrap();
        action::undo(c, &again.inverse.unwrap(), &anna()).unwrap();
    });
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 1, left: 0 });
}

#[tokio::test]
async fn an_acknowledgement_of_what_has_changed_there_since_is_none_and_is_not_said_to_be_written() {
    let desk = Desk::in_time(false).await;
    let id = there(&desk);
    desk.sync().await;
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T16:00:00Z"}));
    let _ = desk.sim.requests();
    desk.sync().await;
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 1, left: 0 });
    assert!(desk.sim.requests().iter().all(|request| !request.starts_with("PATCH")));
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(false), vec![]));
    // What was acknowledged is not what it says now: somebody has to look.
    let now = desk.look("lumen", "CHG1").unwrap();
    assert!(!matches!(now.acknowledged, Acknowledged::Yes { .. }), "{:?}", now.acknowledged);
    assert_eq!(now.end, at("2026-11-22T16:00:00Z"));
}

#[tokio::test]
async fn what_was_acknowledged_there_stays_so_although_it_was_taken_back_here_untold() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.write(move |c| {
        action::acknowledge_as_it_is(c, &[key], &anna()).unwrap();
        action::unacknowledge(c, &[key], &anna()).unwrap();
    });
    assert_eq!(desk.send().await.left, 0);
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()), (Some(true), vec![]));
    assert!(matches!(desk.look("lumen", "CHG1").unwrap().acknowledged, Acknowledged::Yes { .. }));
    // What is taken back of what both sides know is told.
    desk.write(move |c| {
        action::unacknowledge(c, &[key], &anna()).unwrap();
    });
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    assert_eq!(desk.only()["ack"].as_bool(), Some(false));
}

#[tokio::test]
async fn a_note_that_is_taken_back_later_says_so_there() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let noted = desk.write(move |c| action::add_note(c, &[key], "wrong", &anna()).unwrap());
    desk.send().await;
    let inverse = noted.inverse.unwrap();
    assert!(matches!(inverse, Inverse::RemoveNotes(_)));
    let again = desk.write(move |c| action::undo(c, &inverse, &anna()).unwrap());
    desk.send().await;
    assert!(
        desk.sim.all(NOTE)[0]["comment"]
            .as_str()
            .unwrap()
            .starts_with("[taken back by anna, 2026-11-21 02:41 UTC] wrong")
    );
    desk.sync().await;
    assert_eq!(desk.look("lumen", "CHG1").unwrap().notes, []);
    desk.write(move |c| action::undo(c, &again.inverse.unwrap(), &anna()).unwrap());
    desk.send().await;
    assert!(desk.sim.all(NOTE)[0]["comment"].as_str().unwrap().starts_with("wrong"));
    assert_eq!(desk.sim.all(NOTE).len(), 1);
}

#[tokio::test]
async fn a_maintenance_from_a_mail_is_made_there_with_its_impacts_and_unknown_circuits() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    let mut said = notice();
    said.circuits.push(Circuit { circuit_id: "LUM/404".to_owned(), impact: Impact::Degraded });
    desk.mail("1", 60, said.clone());
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    let made = desk.only();
    let of = |field: &str| made[field].as_str().unwrap().to_owned();
    assert_eq!(
        (of("name"), of("start_time"), of("status")),
        ("Lumen-CHG1".into(), "2026-11-22T08:00:00Z".into(), "CONFIRMED".into())
    );
    assert_eq!(
        (desk.sim.all(IMPACT).len(), desk.sim.all(NOTE)[0]["title"].as_str()),
        (1, Some("Nonexistent circuit ID LUM/404"))
    );
    // A newer notice changes what differs, and nothing else.
    let _ = desk.sim.requests();
    desk.mail(
        "2",
        0,
        Notice {
            status: Status::ReScheduled,
            start: at("2026-11-23T08:00:00Z"),
            end: at("2026-11-23T14:00:00Z"),
            ..said
        },
    );
    desk.send().await;
    let writes: Vec<String> = desk.sim.requests().into_iter().filter(|request| !request.starts_with("GET")).collect();
    assert_eq!((writes.len(), desk.only()["status"].as_str()), (1, Some("RE-SCHEDULED")), "{writes:#?}");
    desk.sync().await;
    let detail = desk.look("lumen", "CHG1").unwrap();
    assert_eq!((detail.windows.len(), detail.nautobot.unwrap().conflict), (1, None));
    assert_eq!(desk.outbox(), []);
}

#[tokio::test]
async fn nothing_is_overwritten_that_changed_there_too() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    desk.mail("1", 60, notice());
    desk.send().await;
    let id = desk.only()["id"].as_str().unwrap().to_owned();
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T20:00:00Z"}));
    desk.mail("2", 0, Notice { end: at("2026-11-22T16:00:00Z"), ..notice() });
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!(entry.state, State::Conflict);
    assert!(entry.reason.contains("the window changed here and in Nautobot"), "{}", entry.reason);
    assert_eq!(desk.only()["end_time"], "2026-11-22T20:00:00Z");
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 0 }, "it waits for somebody");
    desk.write(move |c| outbox::retry(c, &[entry.id], true, &anna()).unwrap());
    assert_eq!(desk.send().await.sent, 1);
    assert_eq!(desk.only()["end_time"], "2026-11-22T16:00:00Z");
    // It was said of that, and not of what comes later.
    desk.mail("3", 0, Notice { end: at("2026-11-22T17:00:00Z"), sequence: 2, ..notice() });
    desk.write(|c| outbox::retry(c, &[], true, &anna()).unwrap());
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T21:00:00Z"}));
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    assert_eq!(desk.only()["end_time"], "2026-11-22T21:00:00Z");
}

#[tokio::test]
async fn a_state_that_nautobot_does_not_show_is_not_acknowledged_there_until_it_does() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.sync().await;
    desk.mail("1", 0, Notice { end: at("2026-11-22T18:00:00Z"), ..notice() });
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    assert_eq!((desk.only()["ack"].as_bool(), desk.outbox()[0].state), (Some(false), State::Conflict));
    // The app reads the mail, too.
    desk.sim.patch(MAINTENANCE, &id, json!({"end_time": "2026-11-22T18:00:00Z", "ack": false}));
    desk.sync().await;
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    assert_eq!(desk.only()["ack"].as_bool(), Some(true));
}

#[tokio::test]
async fn what_nautobot_does_not_have_yet_waits_and_holds_up_nobody() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    desk.mail("1", 60, Notice { maintenance_id: "CHG2".to_owned(), ..notice() });
    desk.acknowledge(desk.look("lumen", "CHG2").unwrap().key);
    desk.acknowledge(desk.look("lumen", "CHG1").unwrap().key);
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 1 });
    assert_eq!(desk.outbox()[0].reason, "Nautobot has no maintenance Lumen-CHG2 yet");
    let _ = desk.sim.requests();
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 0 });
    assert_eq!(desk.sim.requests(), [""; 0], "it is not asked about again at once");
    desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.sync().await;
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
}

#[tokio::test]
async fn what_belongs_to_a_maintenance_that_nothing_makes_there_needs_somebody_until_it_is_there() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    desk.mail("1", 60, Notice { maintenance_id: "CHG2".to_owned(), ..notice() });
    desk.acknowledge(desk.look("lumen", "CHG2").unwrap().key);
    let made = desk.outbox().into_iter().find(|entry| entry.kind == Kind::Maintenance).unwrap();
    desk.write(move |c| outbox::drop(c, &[made.id], &anna()).unwrap());
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!((entry.kind, entry.state), (Kind::Acknowledgement, State::Failed));
    assert!(entry.reason.contains("nothing in the outbox makes it there: drop this"), "{}", entry.reason);
    assert_eq!(desk.store.read(outbox::counts).await.unwrap(), (1, 1));
    desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.sync().await;
    assert!(desk.outbox().iter().all(|entry| entry.state != State::Failed), "{:?}", desk.outbox());
}

#[tokio::test]
async fn what_failed_for_want_of_its_record_goes_with_the_one_that_is_made_again() {
    for is_known_gone in [true, false] {
        let desk = Desk::new(true).await;
        desk.sync().await;
        desk.mail("1", 60, notice());
        desk.send().await;
        desk.sim.delete(MAINTENANCE, desk.only()["id"].as_str().unwrap());
        if is_known_gone {
            desk.try_sync(true).await.unwrap();
        }
        desk.note(desk.look("lumen", "CHG1").unwrap().key, "drained");
        assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
        let state = if is_known_gone { State::Failed } else { State::Waiting };
        assert_eq!(desk.outbox()[0].state, state, "{}", desk.outbox()[0].reason);
        // Whatever its words are.
        desk.write(|c| c.execute("UPDATE outbox SET reason = 'it is not there'", []).unwrap());
        desk.try_sync(true).await.unwrap();
        desk.mail("2", 0, Notice { summary: "Another splice".to_owned(), ..notice() });
        assert_eq!(desk.send().await, Sent { sent: 2, needless: 0, left: 0 }, "{:?}", desk.outbox());
        let notes = desk.sim.all(NOTE);
        assert_eq!((notes.len(), &notes[0]["maintenance"]["id"]), (1, &desk.only()["id"]));
    }
}

#[tokio::test]
async fn what_was_refused_for_itself_is_not_tried_again_because_its_record_changed() {
    let desk = Desk::new(false).await;
    let id = there(&desk);
    desk.sync().await;
    desk.note(desk.look("lumen", "CHG1").unwrap().key, "drained");
    desk.sim.set(|options| options.denied.push((Verb::Add, NOTE.to_owned())));
    desk.send().await;
    desk.write(|c| c.execute("UPDATE outbox SET reason = 'Nautobot has no maintenance of that kind'", []).unwrap());
    desk.sim.patch(MAINTENANCE, &id, json!({"description": "Another splice"}));
    desk.sync().await;
    assert_eq!(desk.outbox()[0].state, State::Failed);
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 0 });
}

#[tokio::test]
async fn why_a_maintenance_is_not_there_is_told() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    let absence = |id: &str| desk.look("lumen", id).unwrap().nautobot.unwrap().absence;
    desk.mail("1", 60, notice());
    assert_eq!(absence("CHG1"), Some(Absence::NotYet));
    desk.sim.set(|options| options.denied.push((Verb::Add, MAINTENANCE.to_owned())));
    desk.send().await;
    let entry = desk.outbox().remove(0);
    assert!(entry.reason.contains("does not let the token"), "{}", entry.reason);
    let failed = absence("CHG1").unwrap();
    assert_eq!(failed, Absence::Failed { id: entry.id, reason: entry.reason.clone() });
    assert!(failed.told().contains(&entry.reason) && failed.told().contains("retry entry"), "{}", failed.told());
    desk.sim.set(|options| options.denied.clear());
    desk.write(move |c| outbox::retry(c, &[entry.id], false, &anna()).unwrap());
    desk.send().await;
    assert_eq!(absence("CHG1"), None);
    desk.sim.delete(MAINTENANCE, desk.only()["id"].as_str().unwrap());
    desk.try_sync(true).await.unwrap();
    assert_eq!(absence("CHG1"), Some(Absence::Deleted { is_made_again: true, is_due: false }));
    desk.mail("2", 0, Notice { summary: "Another splice".to_owned(), ..notice() });
    assert_eq!(absence("CHG1"), Some(Absence::Deleted { is_made_again: true, is_due: true }));
    desk.send().await;
    assert_eq!(absence("CHG1"), None);
    // One that was dropped before it was ever made.
    desk.mail("3", 60, Notice { maintenance_id: "CHG2".to_owned(), ..notice() });
    let made = desk.outbox().remove(0).id;
    desk.write(move |c| outbox::drop(c, &[made], &anna()).unwrap());
    desk.note(desk.look("lumen", "CHG2").unwrap().key, "drained");
    assert_eq!(absence("CHG2"), Some(Absence::Unmade));
}

#[tokio::test]
async fn a_name_that_is_taken_by_what_the_token_may_not_see_is_told_as_that() {
    let desk = Desk::new(true).await;
    let id = there(&desk);
    desk.sim.set(|options| options.hidden.push(id));
    desk.sync().await;
    desk.mail("1", 60, notice());
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!(
        (entry.state, entry.reason.as_str()),
        (State::Failed, "Nautobot has a maintenance Lumen-CHG1 that the token may not see")
    );
    assert_eq!(desk.sim.all(MAINTENANCE).len(), 1);
}

#[tokio::test]
async fn a_refusal_concerns_one_entry_and_a_silence_all() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.note(key, "one");
    desk.acknowledge(key);
    desk.sim.set(|options| options.denied.push((Verb::Add, NOTE.to_owned())));
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!((entry.kind, entry.state), (Kind::Note, State::Failed));
    assert!(entry.reason.contains("does not let the token"), "{}", entry.reason);
    assert!(entry.reason.contains("once it may, `noctui outbox retry` sends"), "{}", entry.reason);
    desk.sim.set(|options| options.denied.clear());
    assert_eq!(desk.send().await, Sent::default(), "nothing tells that it may do more");
    desk.write(move |c| outbox::retry(c, &[], false, &anna()).unwrap());
    // A failure of the server's own may be over in a minute.
    desk.sim.plan("POST", 0, 1, Trouble::Proxy(500));
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!((entry.state, entry.tries), (State::Waiting, 2));
    desk.write(move |c| outbox::retry(c, &[], false, &anna()).unwrap());
    desk.sim.plan("POST", 0, 1, Trouble::Proxy(503));
    assert!(send::drain(&desk.client, &desk.store, now()).await.is_err());
    assert_eq!(desk.outbox()[0].state, State::Waiting);
    assert_eq!(desk.send().await.sent, 1);
}

#[tokio::test]
async fn notes_arrive_in_the_order_in_which_they_were_written() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.small.maintenance(&desk.sim, "Lumen-CHG2", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    desk.sync().await;
    let (key, other) = (desk.look("lumen", "CHG1").unwrap().key, desk.look("lumen", "CHG2").unwrap().key);
    for text in ["drained", "watching", "back"] {
        desk.note(key, text);
    }
    desk.note(other, "elsewhere");
    desk.sim.plan("POST", 0, 1, Trouble::Proxy(500));
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 1 });
    let texts = || -> Vec<String> {
        let first = |note: &Value| note["comment"].as_str().unwrap().split('\n').next().unwrap().to_owned();
        desk.sim.all(NOTE).iter().map(first).collect()
    };
    assert_eq!(texts(), ["elsewhere"], "no other maintenance waits for it");
    assert_eq!(
        desk.send().await,
        Sent { sent: 0, needless: 0, left: 0 },
        "what was written later does not overtake it"
    );
    assert!(!desk.write(|c| outbox::is_fresh(c).unwrap()), "nobody is woken for what waits behind it");
    desk.write(move |c| outbox::retry(c, &[], false, &anna()).unwrap());
    assert_eq!(desk.send().await, Sent { sent: 3, needless: 0, left: 0 });
    assert_eq!(texts(), ["elsewhere", "drained", "watching", "back"]);
}

#[tokio::test]
async fn a_note_that_was_changed_there_is_not_written_over_unseen() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let noted = desk.write(move |c| action::add_note(c, &[key], "drained", &anna()).unwrap());
    desk.send().await;
    let id = desk.sim.all(NOTE)[0]["id"].as_str().unwrap().to_owned();
    desk.sim.patch(NOTE, &id, json!({"comment": "drained, but for one"}));
    desk.write(move |c| action::undo(c, &noted.inverse.unwrap(), &anna()).unwrap());
    assert_eq!(desk.send().await, Sent { sent: 0, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!(
        (entry.state, entry.reason.as_str()),
        (State::Conflict, "the note was changed in Nautobot since it was written")
    );
    assert_eq!(desk.sim.all(NOTE)[0]["comment"], "drained, but for one");
    desk.write(move |c| outbox::retry(c, &[entry.id], true, &anna()).unwrap());
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    assert!(desk.sim.all(NOTE)[0]["comment"].as_str().unwrap().starts_with("[taken back by anna"));
}

#[tokio::test]
async fn a_proxy_that_takes_offence_at_one_write_holds_up_no_other() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    desk.note(key, "'; DROP TABLE circuits");
    desk.acknowledge(key);
    desk.sim.plan("POST", 0, 1, Trouble::Proxy(403));
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 1 });
    let entry = desk.outbox().remove(0);
    assert_eq!((entry.kind, entry.state), (Kind::Note, State::Waiting));
    assert!(entry.reason.contains("403 Forbidden, and no JSON"), "{}", entry.reason);
    assert_eq!(desk.only()["ack"].as_bool(), Some(true));
}

#[tokio::test]
async fn what_was_done_offline_goes_out_in_its_order() {
    let desk = Desk::new(true).await;
    desk.sync().await;
    for number in 1..=4 {
        let id = format!("CHG{number}");
        desk.mail(&id, 60, Notice { maintenance_id: id.clone(), ..notice() });
    }
    let order = ["CHG3", "CHG1", "CHG4", "CHG2"];
    for id in order {
        let key = desk.look("lumen", id).unwrap().key;
        desk.note(key, "seen offline");
        desk.acknowledge(key);
    }
    let done = desk.outbox().len();
    desk.ask_whose().await;
    desk.sim.plan("", 0, 100, Trouble::HangUp);
    for _ in 0..3 {
        assert!(send::drain(&desk.client, &desk.store, now()).await.is_err());
    }
    assert_eq!(desk.outbox().len(), done, "nothing is lost, and nothing is passed over");
    desk.sim.calm();
    // The acknowledgements went with what was made.
    assert_eq!(desk.send().await, Sent { sent: done - 4, needless: 4, left: 0 });
    let all = desk.sim.all(MAINTENANCE);
    let name = |id: &str| all.iter().find(|one| one["id"] == id).unwrap()["name"].as_str().unwrap()[6..].to_owned();
    let made: Vec<String> = all.iter().map(|one| name(one["id"].as_str().unwrap())).collect();
    assert_eq!(made, ["CHG1", "CHG2", "CHG3", "CHG4"]);
    // What is made there is made acknowledged.
    assert!(all.iter().all(|one| one["ack"] == true), "{all:#?}");
    let notes = desk.sim.all(NOTE);
    let notes = notes.iter().map(|note| name(note["maintenance"]["id"].as_str().unwrap()));
    assert_eq!(notes.collect::<Vec<_>>(), order);
}

#[tokio::test]
async fn a_note_that_somebody_deleted_there_is_made_again_only_when_it_is_brought_back() {
    let desk = Desk::new(false).await;
    there(&desk);
    desk.sync().await;
    let key = desk.look("lumen", "CHG1").unwrap().key;
    let noted = desk.write(move |c| action::add_note(c, &[key], "drained", &anna()).unwrap());
    desk.send().await;
    desk.sim.delete(NOTE, desk.sim.all(NOTE)[0]["id"].as_str().unwrap());
    let inverse = noted.inverse.unwrap();
    let removed = desk.write(move |c| action::undo(c, &inverse, &anna()).unwrap());
    assert_eq!((desk.send().await, desk.sim.all(NOTE).len()), (Sent { sent: 0, needless: 1, left: 0 }, 0));
    desk.write(move |c| action::undo(c, &removed.inverse.unwrap(), &anna()).unwrap());
    assert_eq!((desk.send().await, desk.sim.all(NOTE).len()), (Sent { sent: 1, needless: 0, left: 0 }, 1));
    assert_eq!(desk.sim.all(NOTE)[0]["comment"], "drained\n\n-- anna, 2026-11-21 02:41 UTC");
}

#[tokio::test]
async fn a_record_of_which_only_an_impact_is_newer_is_left_as_it_is() {
    let desk = Desk::in_time(true).await;
    let id = there(&desk);
    desk.sync().await;
    let path = format!("PATCH /api/{MAINTENANCE}/{id}");
    let mut less = notice();
    less.circuits[0].impact = Impact::Degraded;
    desk.mail("1", 0, less);
    let before = desk.only();
    assert_eq!(desk.send().await, Sent { sent: 1, needless: 0, left: 0 });
    assert_eq!((desk.sim.all(IMPACT)[0]["impact"].as_str(), desk.only()), (Some("DEGRADED"), before));
    assert!(desk.sim.bodies(&path).is_empty(), "{:?}", desk.sim.bodies(&path));
    // What was acknowledged there since is taken back with it.
    desk.sim.patch(MAINTENANCE, &id, json!({"ack": true}));
    desk.sync().await;
    desk.mail("2", -1, notice());
    desk.send().await;
    assert_eq!(
        (desk.sim.all(IMPACT)[0]["impact"].as_str(), desk.only()["ack"].as_bool()),
        (Some("OUTAGE"), Some(false))
    );
    assert_eq!(desk.sim.bodies(&path), [json!({"ack": false})]);
}

#[tokio::test]
async fn one_process_at_a_time_has_the_connection_and_another_takes_over_when_it_is_dead() {
    let desk = Desk::new(false).await;
    let minute = chrono::TimeDelta::minutes(1);
    let holder = |id: &str| Holder { id: id.to_owned(), owner: Owner::of_this_process() };
    let take = |who: &'static str, at: DateTime<Utc>| {
        let holder = holder(who);
        desk.write(move |c| setting::take(c, &holder, at, minute).unwrap()) == Claim::Ours
    };
    assert!(take("one", now()) && !take("two", now()));
    assert!(take("one", now() + minute), "it is renewed");
    assert!(!take("two", now() + minute) && take("two", now() + minute * 3));
    let two = holder("two");
    desk.write(move |c| setting::give_back(c, &two).unwrap());
    assert!(take("one", now()));
}
