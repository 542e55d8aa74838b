//! What is said where CloudVision holds all of it already: which change controls have still to bring it.

use super::*;
use crate::features::cloudvision::act::act;
use crate::features::cloudvision::model::{ChangeAction, ChangeState};
use crate::features::cloudvision::store::journal::Brought;

/// One leaf with this configuration.
fn leaf(config: &str) -> Vec<Wanted> {
    vec![wanted("leaf1", None, config, &[])]
}

/// An order of it that is followed, and goes so far.
fn ordered(config: &str, advance: Advance) -> Order {
    Order { advance, follow_build: true, ..order(leaf(config)) }
}

#[tokio::test]
async fn the_one_that_brings_it_is_named_by_its_state_and_what_was_ordered_further_failed() {
    let desk = Desk::of(1).await;
    let change = desk.deploy(leaf("vlan 7\n")).await.change.unwrap();
    let outcome = desk.run(&ordered("vlan 7\n", Advance::Completed)).await;
    let Err(failure @ Failure::Waiting { state: ChangeState::Pending, .. }) = &outcome.result else {
        panic!("{outcome:?}")
    };
    let remedy = crate::trouble::Remedy::remedy(failure).into_owned();
    assert!(outcome.nothing_to_do && remedy.starts_with("approve and start that one"), "{remedy}");
    act(&desk.client, &change.id, None, &ChangeAction::Approve, "").await.unwrap();
    let outcome = desk.run(&ordered("vlan 7\n", Advance::Started)).await;
    let remedy = crate::trouble::Remedy::remedy(&outcome.result.unwrap_err()).into_owned();
    assert!(remedy.starts_with("start that one") && outcome.warnings[0].contains("approved, not started"), "{remedy}");
    let outcome = desk.run(&ordered("vlan 7\n", Advance::Pending)).await;
    assert!(outcome.result.is_ok() && outcome.warnings.len() == 1, "{outcome:?}");
}

#[tokio::test]
async fn one_that_brings_something_else_to_the_same_device_is_not_named() {
    let desk = Desk::of(1).await;
    desk.deploy(leaf("ntp server 192.0.2.1\n")).await.change.unwrap();
    let second = desk.deploy(leaf("vlan 7\n")).await.change.unwrap();
    desk.client.delete_change(&second.id).await.unwrap();
    let outcome = desk.run(&ordered("vlan 7\n", Advance::Pending)).await;
    assert!(outcome.result.is_ok() && outcome.warnings.is_empty() && outcome.nothing_to_do, "{outcome:?}");
    let outcome = desk.run(&ordered("vlan 7\n", Advance::Completed)).await;
    assert!(outcome.result.is_ok() && outcome.warnings.iter().all(|it| !it.contains("planned work")), "{outcome:?}");
}

#[tokio::test]
async fn one_that_a_newer_one_has_overtaken_is_not_named() {
    let desk = Desk::of(1).await;
    let first = desk.deploy(leaf("vlan 7\n")).await.change.unwrap();
    desk.deploy(leaf("vlan 8\n")).await.change.unwrap();
    let outcome = desk.run(&Order { advance: Advance::Completed, ..order(leaf("vlan 7\n")) }).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let brought = Some(Brought { change: first.id.clone(), devices: vec!["leaf1".to_owned()] });
    let outcome = desk.run(&Order { brought, ..ordered("vlan 7\n", Advance::Completed) }).await;
    assert!(outcome.result.is_ok() && outcome.warnings.is_empty(), "{outcome:?}");
}

#[tokio::test]
async fn what_somebody_else_has_submitted_at_the_same_time_is_not_in_force_on_devices() {
    let mut desk = Desk::of(1).await;
    let other = client(&desk.sim, desk.sim.token());
    let ours = Order { review: Review::Always, ..ordered("vlan 7\n", Advance::Completed) };
    let mine = desk.client.clone();
    let (controls, go_on) = (desk.controls.clone(), desk.controls.go_on.clone());
    let theirs = async {
        while !matches!(desk.events.recv().await.unwrap(), Event::Began(Step::Review)) {}
        let (events, _nobody) = mpsc::channel(1_024);
        let controls = Controls { events, ..controls.clone() };
        let outcome = run(&other, &order(leaf("vlan 7\n")), &controls).await;
        // All of it is in force by then: there is nothing left to look at.
        go_on.give(1);
        outcome
    };
    let (ours, theirs) = futures::join!(run(&mine, &ours, &controls), theirs);
    let Err(Failure::Waiting { id, .. }) = &ours.result else { panic!("{ours:?}") };
    assert_eq!(*id, theirs.change.unwrap().id);
}
