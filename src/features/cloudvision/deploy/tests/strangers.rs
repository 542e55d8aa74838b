//! Servers that know less than ours, tell less, or want another order.

use tonic::Code;

use super::*;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::sim::{Effect, Fault, Objection};

/// A call that is refused as servers do that do not know it, or do not allow it.
fn refused(method: &str, code: Code) -> Fault {
    Fault::always(method, Effect::Refuse(code, "no".to_owned()))
}

#[tokio::test]
async fn where_configlets_cannot_be_read_all_are_sent_unless_somebody_is_to_look_at_the_difference() {
    for code in [Code::Unimplemented, Code::PermissionDenied, Code::NotFound] {
        let desk = Desk::of(2).await;
        desk.sim.fault(refused("ConfigletService/GetAll", code));
        for body in ["!\n", "!\n", "vlan 7\n"] {
            let outcome = desk.deploy(leaves(body)).await;
            assert!(outcome.result.is_ok(), "{code:?}: {outcome:?}");
            assert!(outcome.warnings[0].starts_with("every configuration is sent"), "{:?}", outcome.warnings);
            assert_eq!(desk.body(LEAF2), Some(format!("hostname leaf2\n{body}")));
        }
        let outcome = desk.run(&Order { reach: Reach::Compare, ..order(leaves("!\n")) }).await;
        assert!(outcome.result.is_err() && outcome.diffs.is_empty(), "{outcome:?}");
        assert_eq!(desk.body(LEAF2).as_deref(), Some("hostname leaf2\nvlan 7\n"));
    }
}

#[tokio::test]
async fn who_subscribes_before_the_workspace_is_made_may_hear_that_there_is_none() {
    let desk = Desk::of(1).await;
    let none = Effect::Refuse(Code::NotFound, "no such workspace".to_owned());
    desk.sim.fault(Fault { method: "WorkspaceService/Subscribe".to_owned(), after: 0, times: 2, effect: none });
    let outcome = desk.deploy(vec![wanted("leaf1", None, "!\n", &[])]).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    // One that is gone is another thing, and one that cannot be made as well.
    desk.sim.fault(refused("WorkspaceService/Subscribe", Code::NotFound));
    desk.sim.fault(refused("WorkspaceConfigService/Set", Code::PermissionDenied));
    let outcome = desk.deploy(vec![wanted("leaf1", None, "vlan 7\n", &[])]).await;
    assert!(matches!(outcome.result, Err(Failure::Call(Error::Forbidden { .. }))), "{outcome:?}");
}

#[tokio::test]
async fn what_no_stream_tells_is_looked_for() {
    let desk = Desk::of(1).await;
    let for_ever = Effect::Delay(Duration::from_hours(1));
    desk.sim.fault(Fault::always("WorkspaceService/Subscribe", for_ever.clone()));
    desk.sim.fault(Fault::always("ChangeControlService/Subscribe", for_ever));
    let outcome = desk.run(&waited(vec![wanted("leaf1", None, "hostname leaf1\n!\n", &[])])).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.sim.running(LEAF1).as_deref(), Some("hostname leaf1\n!\n"));
}

#[tokio::test]
async fn a_device_of_which_the_build_says_nothing_is_not_known_to_run_it_and_what_is_open_for_it_is_named() {
    let desk = Desk::of(2).await;
    assert!(desk.deploy(leaves("!\n")).await.result.is_ok());
    desk.sim.fault(Fault::always("WorkspaceBuildDetailsService/GetAll", Effect::EndAfter(0)));
    let outcome = desk.run(&waited(leaves("!\n"))).await;
    let Err(Failure::NotCompared { devices, why: NotCompared::LeftOut }) = &outcome.result else {
        panic!("{outcome:?}")
    };
    assert_eq!((devices.len(), outcome.running), (2, Some(0)));
    let said = "planned work is pending for leaf1, leaf2, and what it brings cannot be read";
    assert_eq!(outcome.warnings, [said]);
}

#[tokio::test]
async fn a_failed_build_is_told_with_its_device_where_nothing_else_of_it_can_be_read() {
    let desk = Desk::of(1).await;
    let line = "bogus".to_owned();
    desk.sim.object_to(Objection { line, message: "Invalid input".to_owned(), refuses: true });
    desk.sim.fault(refused("WorkspaceBuildService/GetOne", Code::Unimplemented));
    let outcome = desk.deploy(vec![wanted("leaf1", None, "hostname leaf1\nbogus\n", &[])]).await;
    let Err(Failure::Build { what }) = &outcome.result else { panic!("{outcome:?}") };
    assert!(what.starts_with("leaf1 line 2: "), "{what}");
}

#[tokio::test]
async fn what_is_refused_when_it_is_written_together_is_written_in_turn() {
    let desk = Desk::of(2).await;
    let unknown = Effect::Refuse(Code::FailedPrecondition, "unknown container".to_owned());
    desk.sim.fault(Fault::once("InputsConfigService/Set", unknown));
    let outcome = desk.deploy(leaves("!\n")).await;
    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!(desk.sim.calls().count("InputsConfigService/Set"), 2);
    // The configurations, the containers, and then the list of the outermost ones.
    let all = desk.sim.calls().all();
    let last = |method: &str| all.iter().rposition(|call| call.method.ends_with(method)).unwrap();
    let [configlets, containers, roots] =
        ["ConfigletConfigService/SetSome", "ConfigletAssignmentConfigService/SetSome", "InputsConfigService/Set"]
            .map(last);
    assert!(configlets < containers && containers < roots, "{all:?}");
}
