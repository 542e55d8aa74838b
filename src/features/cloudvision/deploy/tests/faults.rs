//! Connections that break, servers that stumble, and a mainline that moves.

use tonic::Code;

use super::*;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::sim::{Effect, Fault, Step as Held};

/// Deploys two leaves while something goes wrong that must not matter.
async fn survives(fault: Fault) -> Outcome {
    let desk = Desk::of(2).await;
    let method = fault.method.clone();
    desk.sim.fault(fault);
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok(), "{method}: {outcome:?}");
    assert_eq!(desk.body(LEAF1).as_deref(), Some("hostname leaf1\n!\n"), "{method}");
    assert_eq!(outcome.change.as_ref().unwrap().devices.len(), 2, "{method}");
    outcome
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_whatever_was_under_way() {
    for method in [
        "DeviceService/GetAll",
        "WorkspaceConfigService/Set",
        "InputsService/GetAll",
        "ConfigletConfigService/SetSome",
        "ConfigletAssignmentConfigService/SetSome",
    ] {
        survives(Fault::once(method, Effect::Cut)).await;
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice() {
    for method in ["WorkspaceConfigService/Set", "ConfigletConfigService/SetSome", "InputsConfigService/Set"] {
        survives(Fault::once(method, Effect::LoseAnswer)).await;
    }
}

#[tokio::test]
async fn streams_that_are_reset_or_end_are_opened_again() {
    for effect in [Effect::ResetAfter(1), Effect::EndAfter(1), Effect::EndAfter(2), Effect::ResetAfter(3)] {
        survives(Fault::once("WorkspaceService/Subscribe", effect)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let busy = Effect::Refuse(Code::Unavailable, "try again".to_owned());
    survives(Fault { method: "DeviceService/GetAll".to_owned(), after: 0, times: 2, effect: busy }).await;
}

#[tokio::test]
async fn the_submission_follows_a_mainline_that_moves() {
    let mut desk = Desk::of(2).await;
    desk.sim.overtake_submissions(2);
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.body(LEAF1).as_deref(), Some("hostname leaf1\n!\n"));
    let overtaken = desk.told().iter().filter(|event| matches!(event, Event::Overtaken(_))).count();
    assert_eq!(overtaken, 2);
}

#[tokio::test]
async fn a_mainline_that_never_rests_is_given_up() {
    let desk = Desk::of(1).await;
    desk.sim.overtake_submissions(usize::MAX);
    let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
    assert!(matches!(outcome.result, Err(Failure::Overtaken(5))), "{outcome:?}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Kept));
}

#[tokio::test]
async fn what_somebody_else_deploys_meanwhile_stays_in_force() {
    let desk = Desk::of(2).await;
    let other = client(&desk.sim, desk.sim.token());
    desk.sim.hold(Held::Build);
    let ours = order(vec![wanted("leaf1", None, "hostname leaf1\n", &[])]);
    let ours = run(&desk.client, &ours, &desk.controls);
    let theirs = async {
        while desk.sim.calls().count("WorkspaceConfigService/Set") < 2 {
            tokio::task::yield_now().await;
        }
        desk.sim.release(Held::Build);
        let wish = order(vec![wanted("leaf2", None, "hostname leaf2\n", &[])]);
        let (events, _nobody) = mpsc::channel(1_024);
        let controls = Controls { events, ..desk.controls.clone() };
        run(&other, &wish, &controls).await
    };
    let (ours, theirs) = futures::join!(ours, theirs);
    assert!(ours.result.is_ok() && theirs.result.is_ok(), "{ours:?} {theirs:?}");
    let mainline = desk.sim.mainline();
    let mut children = mainline.assignments["avd-configlets"].child_assignment_ids.clone().unwrap().values;
    children.sort();
    assert_eq!(children, ["avd-SIM00000001", "avd-SIM00000002"]);
    assert_eq!(mainline.roots(), ["avd-configlets"]);
}

#[tokio::test]
async fn entries_that_are_refused_are_told_by_name_and_the_workspace_is_thrown_away() {
    let desk = Desk::of(2).await;
    desk.sim.refuse_entry("avd-SIM00000002", "the disk is full");
    let outcome = desk.deploy(leaves("!\n")).await;
    let Err(failure) = &outcome.result else { panic!("{outcome:?}") };
    let problems = failure.problems().join("\n");
    assert!(problems.contains("avd-SIM00000002") && problems.contains("the disk is full"), "{problems}");
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Abandoned));
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_not_tried_twice() {
    let desk = Desk::of(1).await;
    let stranger = client(&desk.sim, "wrong");
    let outcome = run(&stranger, &order(leaves("!\n")), &desk.controls).await;
    assert!(matches!(outcome.result, Err(Failure::Call(Error::Unauthenticated { .. }))), "{outcome:?}");
    assert!(desk.sim.calls().all().len() <= 2, "{:?}", desk.sim.calls().all());
}

#[tokio::test]
async fn large_configurations_are_cut_into_messages_that_the_server_takes() {
    let desk = Desk::of(4).await;
    let body = |name: &str| format!("hostname {name}\n{}", "! filler of a line that says nothing\n".repeat(12_000));
    let devices: Vec<_> =
        (1..=4).map(|number| format!("leaf{number}")).map(|name| wanted(&name, None, &body(&name), &[])).collect();
    let outcome = desk.deploy(devices).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let sizes: Vec<_> = desk.sim.calls().all().iter().map(|call| call.request_bytes).collect();
    assert!(sizes.iter().all(|size| *size < 1 << 20), "{sizes:?}");
    assert_eq!(desk.sim.calls().count("ConfigletConfigService/SetSome"), 2);
}

#[tokio::test]
async fn a_server_that_takes_less_than_usual_gets_smaller_messages() {
    let setup = Setup { message_limit: 4_096, ..Setup::new(Fabric::of_leaves(20)) };
    let desk = Desk::with(setup).await;
    let body = "! filler of a line that says nothing\n".repeat(40);
    let devices: Vec<_> = (1..=20).map(|number| wanted(&format!("leaf{number}"), None, &body, &[])).collect();
    let mut sorted = devices;
    sorted.sort_by(|one, other| one.hostname.cmp(&other.hostname));
    let outcome = desk.deploy(sorted).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
}
