//! Looks at what was built: nothing is submitted but what somebody has looked at.

use futures::FutureExt as _;

use super::*;
use crate::features::cloudvision::model::LineOp;

/// Everything that is told until it waits for a look.
async fn until_look(events: &mut mpsc::Receiver<Event>) -> Vec<Event> {
    let mut told = Vec::new();
    loop {
        let event = events.recv().await.expect("it waits for a look");
        if matches!(event, Event::Began(Step::Review)) {
            return told;
        }
        told.push(event);
    }
}

/// An order of two leaves, of which the first changes, that waits for a look.
fn looked_at() -> Order {
    let mut devices = leaves("!\n");
    devices[0].config = Some(ConfigText::new("hostname leaf1\nvlan 7\n"));
    Order { review: Review::Always, follow_build: true, ..order(devices) }
}

#[tokio::test]
async fn what_is_built_anew_because_a_colleague_submitted_waits_for_another_look() {
    let mut desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.told();
    let other = client(&desk.sim, desk.sim.token());
    let (mine, controls, order_of_mine) = (desk.client.clone(), desk.controls.clone(), looked_at());
    let looks = async {
        until_look(&mut desk.events).await;
        let (events, _nobody) = mpsc::channel(1_024);
        let theirs = order(vec![wanted("leaf2", None, "hostname leaf2\nvlan 9\n", &[])]);
        let theirs = run(&other, &theirs, &Controls { events, ..controls.clone() }).await;
        assert!(theirs.result.is_ok(), "{theirs:?}");
        controls.go_on.give(1);
        let told = until_look(&mut desk.events).await;
        let diffs =
            told.iter().rev().find_map(|event| if let Event::Compared(diffs) = event { Some(diffs) } else { None });
        let of_leaf2 = diffs.unwrap().iter().find(|diff| diff.hostname == "leaf2").unwrap();
        assert!(of_leaf2.lines.iter().any(|line| line.op == LineOp::Removed && line.text == "vlan 9"), "{of_leaf2:?}");
        let words: Vec<_> = told.iter().filter_map(words_of_comparison).collect();
        assert_eq!(words, ["2 changed, 0 unchanged"]);
        let body = desk.sim.mainline().configlets[&format!("avd-{LEAF2}")].body.clone();
        assert_eq!(body.as_deref(), Some("hostname leaf2\nvlan 9\n"), "nothing is submitted before that look");
        controls.go_on.give(2);
    };
    let (outcome, ()) = futures::join!(run(&mine, &order_of_mine, &controls), looks);
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\n!\n"));
}

/// What is said of the comparison.
fn words_of_comparison(event: &Event) -> Option<&str> {
    if let Event::Finished(Step::Compare, words) = event { Some(words) } else { None }
}

#[tokio::test]
async fn what_is_built_anew_and_the_same_is_not_looked_at_twice() {
    let mut desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.told();
    let (mine, controls, order) = (desk.client.clone(), desk.controls.clone(), looked_at());
    let look = async {
        until_look(&mut desk.events).await;
        desk.sim.overtake_submissions(1);
        controls.go_on.give(1);
    };
    let (outcome, ()) = futures::join!(run(&mine, &order, &controls), look);
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let told = desk.told();
    assert!(told.iter().any(|event| matches!(event, Event::Overtaken(1))), "{told:?}");
    assert!(!told.iter().any(|event| matches!(event, Event::Began(Step::Review))), "{told:?}");
}

#[tokio::test]
async fn a_look_ends_when_somebody_abandons_the_workspace() {
    let mut desk = Desk::of(2).await;
    let (mine, controls, order) = (desk.client.clone(), desk.controls.clone(), looked_at());
    let somebody = async {
        let told = until_look(&mut desk.events).await;
        let id = told.iter().find_map(|event| if let Event::Workspace(id) = event { Some(id.clone()) } else { None });
        abandon(&desk.client, &id.unwrap()).await.unwrap();
    };
    let (outcome, ()) = futures::join!(run(&mine, &order, &controls), somebody);
    assert!(matches!(outcome.result, Err(Failure::WorkspaceGone { .. })), "{outcome:?}");
    // Nobody is told that it was left open.
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Abandoned));
}

#[tokio::test]
async fn what_a_colleague_has_brought_meanwhile_is_nothing_to_look_at_again() {
    let mut desk = Desk::of(2).await;
    let (mine, controls, order_of_mine) = (desk.client.clone(), desk.controls.clone(), looked_at());
    let other = client(&desk.sim, desk.sim.token());
    let looks = async {
        until_look(&mut desk.events).await;
        let (events, _nobody) = mpsc::channel(1_024);
        let theirs = order(looked_at().deployment.devices.clone());
        assert!(run(&other, &theirs, &Controls { events, ..controls.clone() }).await.result.is_ok());
        controls.go_on.give(1);
    };
    let (outcome, ()) = futures::join!(run(&mine, &order_of_mine, &controls), looks);
    assert!(outcome.result.is_ok() && outcome.nothing_to_do, "{outcome:?}");
    assert_eq!((fate(&outcome), &outcome.change), (Some(&WorkspaceFate::Abandoned), &None));
    let told = desk.told();
    assert!(!told.iter().any(|event| matches!(event, Event::Began(Step::Review))), "{told:?}");
}

#[tokio::test]
async fn a_yes_to_an_earlier_look_is_none_to_a_later_one() {
    let agreement = Agreement::default();
    agreement.give(1);
    assert_eq!(agreement.to(1).now_or_never(), Some(true));
    assert_eq!(agreement.to(2).now_or_never(), None);
    agreement.give(2);
    assert_eq!(agreement.to(2).now_or_never(), Some(true));
}

#[tokio::test]
async fn a_yes_given_beforehand_is_none_to_what_a_colleague_made_of_it() {
    let mut desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.told();
    let (other, mine) = (client(&desk.sim, desk.sim.token()), desk.client.clone());
    // With room for one event it cannot get from its look to its submission before that is read.
    let (events, mut told) = mpsc::channel(1);
    let controls = Controls { go_on: Agreement::beforehand(), events, ..desk.controls.clone() };
    let colleague = async {
        until_look(&mut told).await;
        let theirs = order(vec![wanted("leaf2", None, "hostname leaf2\nvlan 9\n", &[])]);
        assert!(run(&other, &theirs, &desk.controls).await.result.is_ok());
        while told.recv().await.is_some() {}
    };
    let order_of_mine = looked_at();
    let mine = async {
        let outcome = run(&mine, &order_of_mine, &controls).await;
        drop(controls);
        outcome
    };
    let (outcome, ()) = futures::join!(mine, colleague);
    assert!(matches!(outcome.result, Err(Failure::NotAgreed)), "{outcome:?}");
    assert!(matches!(outcome.workspace, Some((_, WorkspaceFate::Abandoned))), "{outcome:?}");
    assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\nvlan 9\n"));
}

#[tokio::test]
async fn the_audit_log_has_what_was_submitted_and_not_what_was_planned_before_a_colleague_submitted() {
    use crate::features::cloudvision::store::Instance;
    use crate::features::cloudvision::store::audit::{self, Filter};

    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let mut desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.told();
    let (mine, order_of_mine) = (desk.client.clone(), looked_at());
    let instance = Instance { name: "lab".to_owned(), server: desk.sim.address().to_string() };
    let about = About { instance, target: None, source: "-".to_owned() };
    let journal = Arc::new(Journal::begin(&store, about, &order_of_mine).await.unwrap());
    let controls = Controls { recorder: journal.clone(), ..desk.controls.clone() };
    let looks = async {
        until_look(&mut desk.events).await;
        let (events, _nobody) = mpsc::channel(1_024);
        let theirs = order(vec![wanted("leaf2", None, "hostname leaf2\nvlan 9\n", &[])]);
        let recorder = Arc::new(Unrecorded);
        assert!(run(&mine, &theirs, &Controls { events, recorder, ..controls.clone() }).await.result.is_ok());
        controls.go_on.give(1);
        until_look(&mut desk.events).await;
        controls.go_on.give(2);
    };
    let (outcome, ()) = futures::join!(run(&mine, &order_of_mine, &controls), looks);
    journal.end(&outcome).await.unwrap();
    let rows = store.read(|connection| {
        let rows =
            audit::list(connection, &Filter { what: Some(audit::What::Deploy), ..Filter::default() }, None, 9)?.rows;
        rows.into_iter()
            .map(|row| Ok((row.outcome, audit::devices(connection, row.key)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let rows = rows.await.unwrap();
    let changed: Vec<_> = rows
        .iter()
        .map(|(outcome, devices)| (*outcome, devices.iter().filter(|device| device.changed == Some(true)).count()))
        .collect();
    assert_eq!(changed, [(audit::Outcome::Ok, 2), (audit::Outcome::Failed, 1)], "{rows:?}");
}

#[tokio::test]
async fn who_agreed_to_some_devices_is_asked_where_others_change() {
    let mut desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.told();
    let agreed = |names: &[&str]| Review::Beyond(names.iter().map(|name| (*name).to_owned()).collect());
    let ordered = |config: &str, review| {
        let mut devices = leaves("!\n");
        devices[0].config = Some(ConfigText::new(config));
        Order { review, follow_build: true, ..order(devices) }
    };
    // What changes was agreed to: nobody is asked.
    let outcome = desk.run(&ordered("hostname leaf1\nvlan 7\n", agreed(&["leaf1"]))).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert!(!desk.told().iter().any(|event| matches!(event, Event::Began(Step::Review))));
    // A colleague has changed the other one, which would be taken back.
    let theirs = desk.run(&order(vec![wanted("leaf2", None, "hostname leaf2\nvlan 9\n", &[])])).await;
    assert!(theirs.result.is_ok(), "{theirs:?}");
    desk.told();
    let order = ordered("hostname leaf1\nvlan 8\n", agreed(&["leaf1"]));
    let (mine, controls) = (desk.client.clone(), desk.controls.clone());
    let looks = async {
        let told = until_look(&mut desk.events).await;
        let is_told = |event: &Event| matches!(event, Event::Warning(warning) if warning.ends_with("look: leaf2"));
        assert!(told.iter().any(is_told), "{told:?}");
        let body = desk.sim.mainline().configlets[&format!("avd-{LEAF2}")].body.clone();
        assert_eq!(body.as_deref(), Some("hostname leaf2\nvlan 9\n"), "nothing is submitted before that look");
        controls.go_on.give(1);
    };
    let (outcome, ()) = futures::join!(run(&mine, &order, &controls), looks);
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\n!\n"));
}
