//! What devices run decides: what is in force for them and was not brought to them is brought again, or it is a failure.

use std::collections::BTreeSet;

use super::*;
use crate::features::cloudvision::act::act;
use crate::features::cloudvision::model::{Change, ChangeAction, ChangeState, DeviceId, LineOp};
use crate::features::cloudvision::sim::{Effect, Fault, Step as Stop};
use crate::features::cloudvision::store::Instance;
use crate::features::cloudvision::store::journal::{self, Brought};

/// The configurations of the first leaves: their name, and lines.
fn fabric(configs: &[&str]) -> Vec<Wanted> {
    let leaf = |(config, number): (&&str, u32)| {
        let name = format!("leaf{number}");
        wanted(&name, None, &format!("hostname {name}\n{config}"), &[])
    };
    configs.iter().zip(1..).map(leaf).collect()
}

/// The devices of a change control.
fn devices_of(outcome: &Outcome) -> Vec<&str> {
    outcome.change.iter().flat_map(|change| &change.devices).map(DeviceId::as_str).collect()
}

/// Started, and stopped before any device had it.
async fn stopped(desk: &Desk, devices: Vec<Wanted>) -> Change {
    desk.sim.hold(Stop::Stage);
    let started = desk.run(&Order { advance: Advance::Started, ..order(devices) }).await;
    let change = started.change.unwrap();
    act(&desk.client, &change.id, None, &ChangeAction::Stop, "").await.unwrap();
    desk.sim.release(Stop::Stage);
    change.as_ref().clone()
}

#[tokio::test]
async fn what_a_stopped_change_control_did_not_bring_is_brought_again_whoever_stopped_it() {
    let desk = Desk::of(2).await;
    let first = stopped(&desk, leaves("!\n")).await;
    let outcome = desk.run(&waited(leaves("!\n"))).await;
    assert!(outcome.result.is_ok() && !outcome.nothing_to_do, "{outcome:?}");
    assert_eq!(devices_of(&outcome), [LEAF1, LEAF2]);
    assert!(outcome.change.as_ref().unwrap().id != first.id && outcome.devices.iter().all(|device| device.again));
    assert!(outcome.warnings[0].starts_with("leaf1, leaf2 do not run"), "{:?}", outcome.warnings);
    assert!(outcome.warnings[1].contains("was to bring it to leaf1, leaf2, and was stopped"), "{:?}", outcome.warnings);
    assert_eq!(desk.sim.running(LEAF2).as_deref(), Some("hostname leaf2\n!\n"));
    // Now they do.
    let outcome = desk.run(&waited(leaves("!\n"))).await;
    assert!(outcome.result.is_ok() && outcome.nothing_to_do && outcome.change.is_none(), "{outcome:?}");
    assert_eq!((outcome.running, fate(&outcome)), (Some(2), Some(&WorkspaceFate::Abandoned)));
    assert!(outcome.warnings.is_empty() && outcome.waiting.is_empty(), "{outcome:?}");
}

#[tokio::test]
async fn what_is_not_taken_to_devices_names_a_stopped_change_control_and_makes_nothing() {
    let desk = Desk::of(1).await;
    stopped(&desk, fabric(&["!\n"])).await;
    desk.sim.calls().clear();
    for reach in [Reach::Submit, Reach::Compare] {
        let outcome = desk.run(&Order { reach, ..order(fabric(&["!\n"])) }).await;
        assert!(outcome.result.is_ok() && outcome.nothing_to_do && outcome.running.is_none(), "{outcome:?}");
        assert_eq!(outcome.waiting, ["planned work was to bring it to leaf1, and was stopped before"]);
        assert_eq!(outcome.warnings, outcome.waiting);
    }
    assert_eq!(desk.sim.calls().count("Set") + desk.sim.calls().count("SetSome"), 0);
}

#[tokio::test]
async fn the_last_deployment_of_a_target_is_made_again_where_its_change_control_was_stopped_or_has_failed() {
    let desk = Desk::of(2).await;
    desk.sim.fail_stage(LEAF2, "device rejected the configuration");
    let failed = desk.run(&waited(leaves("!\n"))).await.change.unwrap();
    assert_eq!(failed.state, ChangeState::Failed);
    let brought = Brought { change: failed.id.clone(), devices: vec!["leaf1".to_owned(), "leaf2".to_owned()] };
    let again = Order { brought: Some(brought), ..order(leaves("!\n")) };
    let outcome = desk.run(&again).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!((devices_of(&outcome), outcome.change.as_ref().unwrap().state), (vec![LEAF2], ChangeState::Pending));
    assert!(outcome.warnings[0].contains("has failed: what it was to bring is brought again"), "{outcome:?}");
    // It fails there once more: that is no success.
    desk.client.delete_change(&outcome.change.unwrap().id).await.unwrap();
    let outcome = desk.run(&waited(leaves("!\n"))).await;
    assert_eq!(devices_of(&outcome), [LEAF2]);
    assert!(matches!(outcome.result, Err(Failure::Change { .. })), "{outcome:?}");
}

#[tokio::test]
async fn devices_of_a_pending_change_control_that_a_newer_one_makes_obsolete_get_theirs_with_it() {
    let desk = Desk::of(2).await;
    desk.deploy(fabric(&["vlan 801\n", "vlan 801\n"])).await.change.unwrap();
    let outcome = desk.run(&waited(fabric(&["vlan 801\n", "vlan 802\n"]))).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(devices_of(&outcome), [LEAF1, LEAF2]);
    assert_eq!(outcome.devices.iter().map(|device| device.again).collect::<Vec<_>>(), [true, false]);
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\nvlan 801\n"));
    assert_eq!(desk.sim.running(LEAF2).as_deref(), Some("hostname leaf2\nvlan 802\n"));
}

#[tokio::test]
async fn a_change_control_that_is_obsolete_on_one_device_is_not_started_for_the_other_one() {
    let desk = Desk::of(2).await;
    desk.deploy(fabric(&["vlan 801\n", "vlan 801\n"])).await.change.unwrap();
    let leaf2 = || fabric(&["", "vlan 802\n"]).split_off(1);
    assert!(desk.run(&waited(leaf2())).await.result.is_ok());
    // Without more it is said that the first one has it still to do.
    let outcome = desk.deploy(fabric(&["vlan 801\n"])).await;
    let said = "planned work is to bring it to leaf1, and is not approved; a newer change control has made it obsolete";
    assert_eq!((outcome.warnings.as_slice(), outcome.nothing_to_do), ([said.to_owned()].as_slice(), true));
    let outcome = desk.run(&waited(fabric(&["vlan 801\n"]))).await;
    assert!(outcome.result.is_ok() && devices_of(&outcome) == [LEAF1], "{outcome:?}");
    assert!(outcome.warnings.contains(&said.to_owned()), "{:?}", outcome.warnings);
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\nvlan 801\n"));
    assert_eq!(desk.sim.running(LEAF2).as_deref(), Some("hostname leaf2\nvlan 802\n"));
}

#[tokio::test]
async fn an_open_change_control_that_goes_on_is_not_done_twice_and_nothing_is_submitted_beside_it() {
    let desk = Desk::of(2).await;
    let first = desk.deploy(fabric(&["vlan 801\n"])).await.change.unwrap();
    let both = || fabric(&["vlan 801\n", "vlan 802\n"]);
    desk.sim.calls().clear();
    let outcome = desk.run(&waited(both())).await;
    let Err(Failure::Waiting { id, devices, .. }) = &outcome.result else { panic!("{outcome:?}") };
    assert_eq!((id, devices.as_slice()), (&first.id, ["leaf1".to_owned()].as_slice()));
    assert_eq!((desk.body(LEAF2), desk.sim.calls().count("WorkspaceConfigService/Set")), (None, 0));
    // Who wants it without that one says so by deleting it.
    desk.client.delete_change(&first.id).await.unwrap();
    let outcome = desk.run(&waited(both())).await;
    assert!(outcome.result.is_ok() && devices_of(&outcome) == [LEAF1, LEAF2], "{outcome:?}");
}

#[tokio::test]
async fn what_a_deleted_change_control_was_to_bring_is_brought_though_nobody_knows_of_it() {
    for advance in [Advance::Approved, Advance::Started, Advance::Completed] {
        let desk = Desk::of(1).await;
        let first = desk.deploy(fabric(&["!\n"])).await.change.unwrap();
        desk.client.delete_change(&first.id).await.unwrap();
        let outcome = desk.run(&Order { advance, ..order(fabric(&["!\n"])) }).await;
        assert!(outcome.result.is_ok() && devices_of(&outcome) == [LEAF1], "{outcome:?}");
    }
}

#[tokio::test]
async fn what_was_changed_on_a_device_past_cloudvision_is_said_and_replaced_after_a_look() {
    let mut desk = Desk::of(2).await;
    assert!(desk.run(&waited(leaves("!\n"))).await.result.is_ok());
    desk.sim.set_running(LEAF2, "hostname leaf2\nntp server 192.0.2.9\n");
    desk.controls.go_on.give(1);
    // Somebody agreed to no device.
    let review = Review::Beyond(BTreeSet::new());
    let outcome = desk.run(&Order { review, follow_build: true, ..waited(leaves("!\n")) }).await;
    assert!(outcome.result.is_ok() && devices_of(&outcome) == [LEAF2], "{outcome:?}");
    let warned = |part: &str| outcome.warnings.iter().any(|warning| warning.contains(part));
    assert!(warned("leaf2 does not run") && warned("wants a look: leaf2"), "{:?}", outcome.warnings);
    assert_eq!(desk.sim.running(LEAF2).as_deref(), Some("hostname leaf2\n!\n"));
    let told = desk.told();
    let shows = |event: &Event| {
        let Event::Computed(diffs) = event else { return false };
        let lines: Vec<_> = diffs.iter().flat_map(|diff| &diff.lines).collect();
        lines.iter().any(|line| line.op == LineOp::Removed && line.text.contains("ntp server"))
    };
    assert!(told.iter().any(shows), "{told:?}");
    let brought = |fact: &Fact| matches!(fact, Fact::Lacking(devices) if !devices[0].again && devices[1].again);
    assert!(desk.noted().iter().any(brought), "{:?}", desk.noted());
}

#[tokio::test]
async fn a_device_that_does_not_stream_is_not_known_to_run_it_unless_that_was_ordered() {
    let desk = Desk::of(2).await;
    assert!(desk.run(&waited(fabric(&["!\n", "!\n"]))).await.result.is_ok());
    desk.sim.set_streaming(LEAF2, false);
    let outcome = desk.run(&waited(fabric(&["vlan 7\n", "!\n"]))).await;
    let Err(failure @ Failure::NotCompared { devices, why: NotCompared::Silent }) = &outcome.result else {
        panic!("{outcome:?}")
    };
    assert_eq!(devices, &["leaf2"]);
    assert!(crate::trouble::Remedy::remedy(failure).contains("--force"), "{failure}");
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\nvlan 7\n"), "the rest is done");
    let outcome = desk.run(&waited(fabric(&["vlan 7\n", "!\n"]))).await;
    assert!(matches!(outcome.result, Err(Failure::NotCompared { .. })) && outcome.nothing_to_do, "{outcome:?}");
    let outcome = desk.run(&Order { force: true, ..waited(fabric(&["vlan 7\n", "!\n"])) }).await;
    assert!(outcome.result.is_ok() && outcome.running == Some(2), "it ran it when it was heard last: {outcome:?}");
    desk.sim.set_running(LEAF2, "hostname leaf2\n");
    let outcome = desk.run(&Order { force: true, ..waited(fabric(&["vlan 7\n", "!\n"])) }).await;
    assert_eq!(devices_of(&outcome), [LEAF2], "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_does_not_compare_gets_what_changes_and_the_rest_is_no_success() {
    let desk = Desk::of(2).await;
    assert!(desk.run(&waited(fabric(&["!\n", "!\n"]))).await.result.is_ok());
    let refusal = Effect::Refuse(tonic::Code::Unimplemented, "unknown service".to_owned());
    desk.sim.fault(Fault::always("WorkspaceSyncConfigService/Set", refusal));
    for config in ["vlan 7\n", "vlan 7\n"] {
        let outcome = desk.run(&waited(fabric(&[config, "!\n"]))).await;
        let Err(Failure::NotCompared { why: NotCompared::Unsupported, .. }) = &outcome.result else {
            panic!("{outcome:?}")
        };
        assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\nvlan 7\n"));
    }
    assert!(desk.deploy(fabric(&["vlan 7\n", "vlan 8\n"])).await.result.is_ok());
}

#[tokio::test]
async fn a_comparison_costs_no_call_for_each_device() {
    let mut calls = Vec::new();
    for leaves in [3, 30] {
        let desk = Desk::of(leaves).await;
        let configs = vec!["!\n"; leaves as usize];
        assert!(desk.run(&waited(fabric(&configs))).await.result.is_ok());
        desk.sim.calls().clear();
        let outcome = desk.run(&waited(fabric(&configs))).await;
        assert!(outcome.nothing_to_do && outcome.running == Some(leaves as usize), "{outcome:?}");
        calls.push(desk.sim.calls().all().len());
    }
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test]
async fn the_journal_has_the_devices_that_lack_it_as_those_that_were_brought_something() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::features::cloudvision::open_store(dir.path()).unwrap();
    let mut desk = Desk::of(2).await;
    assert!(desk.run(&waited(leaves("!\n"))).await.result.is_ok());
    desk.sim.set_running(LEAF2, "hostname leaf2\n");
    let server = desk.sim.address().to_string();
    let about = About {
        instance: Instance { name: "lab".to_owned(), server: server.clone() },
        target: Some("dc1".to_owned()),
        source: "/configs".to_owned(),
    };
    let ordered = Order { advance: Advance::Approved, again: true, ..order(leaves("!\n")) };
    let journal = Arc::new(Journal::begin(&store, about, &ordered).await.unwrap());
    desk.controls.recorder = journal.clone();
    let outcome = desk.run(&ordered).await;
    journal.end(&outcome).await.unwrap();
    let brought = store.read(move |connection| journal::brought(connection, &server, "dc1")).await.unwrap().unwrap();
    assert_eq!((brought.change, brought.devices), (outcome.change.unwrap().id.clone(), vec!["leaf2".to_owned()]));
}
