//! Deployments that somebody cancels: nothing further is sent, and what has become of it is told.

use super::*;
use crate::features::cloudvision::model::ChangeState;
use crate::features::cloudvision::sim::{Effect, Fault, Step as Held};
use crate::trouble::Remedy as _;

/// An order that goes on to the end.
fn to_the_end() -> Order {
    Order { advance: Advance::Completed, ..order(vec![wanted("leaf1", None, "vlan 7\n", &[])]) }
}

/// Cancels once a fact is written down.
struct CancelAt {
    at: fn(&Fact) -> bool,
    cancel: tokio_util::sync::CancellationToken,
}

impl Recorder for CancelAt {
    fn record(&self, fact: Fact) -> BoxFuture<'_, Result<(), Trouble>> {
        if (self.at)(&fact) {
            self.cancel.cancel();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A deployment that goes on to the end and is cancelled at a fact.
async fn cancelled(at: fn(&Fact) -> bool) -> (Desk, Outcome) {
    let desk = Desk::of(1).await;
    let recorder = Arc::new(CancelAt { at, cancel: desk.controls.cancel.clone() });
    let controls = Controls { recorder, ..desk.controls.clone() };
    let outcome = run(&desk.client, &to_the_end(), &controls).await;
    (desk, outcome)
}

#[tokio::test]
async fn what_is_cancelled_before_the_submission_is_sent_is_not_submitted() {
    let (desk, outcome) = cancelled(|fact| *fact == Fact::SubmitRequested).await;
    assert!(matches!(outcome.result, Err(Failure::Cancelled)), "{outcome:?}");
    assert_eq!((fate(&outcome), desk.body(LEAF1)), (Some(&WorkspaceFate::Abandoned), None));
}

#[tokio::test]
async fn what_ends_with_its_process_says_so_and_what_became_of_the_workspace() {
    let desk = Desk::of(1).await;
    let recorder =
        Arc::new(CancelAt { at: |fact| *fact == Fact::SubmitRequested, cancel: desk.controls.cancel.clone() });
    let leave = desk.controls.cancel.clone();
    let outcome = run(&desk.client, &to_the_end(), &Controls { leave, recorder, ..desk.controls.clone() }).await;
    let (_, words) = ending(&outcome);
    assert_eq!(words, "noctui was ended, or its terminal went away; its workspace is abandoned");
    let (_, outcome) = cancelled(|fact| *fact == Fact::SubmitRequested).await;
    assert_eq!(ending(&outcome).1, "cancelled; its workspace is abandoned");
}

#[tokio::test]
async fn what_is_cancelled_while_it_is_submitted_stops_at_the_pending_change_control() {
    let desk = Desk::of(1).await;
    desk.sim.hold(Held::Submit);
    let wish = to_the_end();
    let cancel = async {
        while !desk.noted().contains(&Fact::SubmitRequested) || desk.sim.calls().count("WorkspaceConfigService/Set") < 3
        {
            tokio::task::yield_now().await;
        }
        desk.controls.cancel.cancel();
        desk.sim.release(Held::Submit);
    };
    let (outcome, ()) = futures::join!(desk.run(&wish), cancel);
    let Err(failure @ Failure::Left { state: Some(ChangeState::Pending), .. }) = &outcome.result else {
        panic!("{outcome:?}")
    };
    let told = failure.problems().join("");
    assert!(told.contains("submitted, the mainline keeps it") && told.contains("not approved"), "{told}");
    assert!(failure.remedy().contains("noctui change delete"), "{}", failure.remedy());
    assert_eq!(fate(&outcome), Some(&WorkspaceFate::Submitted));
    for call in ["ChangeControlConfigService/Set", "ApproveConfigService/Set"] {
        assert_eq!(desk.sim.calls().count(call), 0, "{call}");
    }
}

#[tokio::test]
async fn after_the_submission_every_step_looks_whether_it_was_cancelled() {
    let (desk, outcome) = cancelled(|fact| matches!(fact, Fact::Approving { .. })).await;
    assert!(matches!(outcome.result, Err(Failure::Left { state: Some(ChangeState::Pending), .. })), "{outcome:?}");
    assert_eq!(desk.sim.calls().count("ApproveConfigService/Set"), 0);
    let (desk, outcome) = cancelled(|fact| matches!(fact, Fact::Starting { .. })).await;
    assert!(matches!(outcome.result, Err(Failure::Left { state: Some(ChangeState::Approved), .. })), "{outcome:?}");
    assert!(!desk.sim.running(LEAF1).unwrap_or_default().contains("vlan 7"));
}

#[tokio::test]
async fn what_is_cancelled_while_nobody_answers_is_abandoned_once_the_server_is_back() {
    let desk = Desk::of(1).await;
    desk.sim.hold(Held::Build);
    let wish = to_the_end();
    let cancel = async {
        while !desk.noted().contains(&Fact::BuildRequested) || desk.sim.calls().count("WorkspaceConfigService/Set") < 2
        {
            tokio::task::yield_now().await;
        }
        desk.sim.fault(Fault::always("", Effect::Refuse(tonic::Code::Unavailable, "down".to_owned())));
        desk.controls.cancel.cancel();
        let mut events = desk.client.silence();
        events.wait_for(Option::is_some).await.unwrap();
        desk.sim.release(Held::Build);
        desk.sim.clear_faults();
    };
    let (outcome, ()) = futures::join!(desk.run(&wish), cancel);
    assert!(matches!(outcome.result, Err(Failure::Cancelled)), "{outcome:?}");
    assert_eq!((fate(&outcome), desk.body(LEAF1)), (Some(&WorkspaceFate::Abandoned), None));
}

#[tokio::test]
async fn a_submission_that_could_not_be_sent_is_not_sent_later_once_it_is_cancelled() {
    let desk = Desk::of(1).await;
    let down = Effect::Refuse(tonic::Code::Unavailable, "down".to_owned());
    desk.sim.fault(Fault {
        method: "WorkspaceConfigService/Set".to_owned(),
        after: 2,
        times: usize::MAX,
        effect: down,
    });
    let wish = to_the_end();
    let cancel = async {
        desk.client.silence().wait_for(Option::is_some).await.unwrap();
        desk.controls.cancel.cancel();
        desk.sim.clear_faults();
    };
    let (outcome, ()) = futures::join!(desk.run(&wish), cancel);
    assert!(matches!(outcome.result, Err(Failure::Cancelled)), "{outcome:?}");
    assert_eq!((fate(&outcome), desk.body(LEAF1)), (Some(&WorkspaceFate::Abandoned), None));
}
