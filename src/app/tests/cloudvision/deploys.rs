//! Deployments: what keys begin, end and refuse.

use std::sync::Arc;

use chrono::TimeDelta;

use super::night::{self, LAB, PROD};
use crate::app::tests::desk::{DATABASE, Desk, MAILBOX, tonight};
use crate::app::{Effect, Message};
use crate::features::cloudvision::deploy::{Advance, DeviceDiff, Event, Step, WorkspaceFate};
use crate::features::cloudvision::model::{
    ChangeAction, ChangeId, DeploymentId, DiffLine, LineCounts, LineOp, Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::journal::{Ending, Phase};
use crate::features::cloudvision::worker::{Delta, LastDeployment, Progress, Report, Request, Unfinished};
use crate::trouble::Trouble;

/// `d` for a target.
fn deploy(target: &str) -> Request {
    Request::Deploy { target: target.to_owned(), advance: Advance::Pending }
}

#[test]
fn d_deploys_in_one_keystroke_and_shows_it_and_a_second_one_is_refused() {
    let mut desk = night::desk(80, 24);
    desk.press("2 d");
    assert_eq!(desk.ordered(), [deploy("dc1-fabric")]);
    assert!(desk.shows("beginning"), "{}", desk.screen());
    desk.press("d");
    assert_eq!(desk.ordered(), []);
    assert!(desk.shows("is about to be deployed already"), "{}", desk.screen());
    desk.hear(night::until_build("dc1-fabric", PROD, false)).pause().press("d");
    assert_eq!(desk.ordered(), []);
    assert!(desk.shows("is being deployed already"), "{}", desk.screen());
}

#[test]
fn a_d_that_was_typed_ahead_does_nothing() {
    let mut desk = night::silent(80, 24);
    desk.press("2 d");
    desk.hear([night::live(PROD), Report::Targets(night::targets())]).press("d");
    assert_eq!(desk.ordered().iter().filter(|request| matches!(request, Request::Deploy { .. })).count(), 0);
    assert!(desk.shows("that was typed before this was on the screen"), "{}", desk.screen());
    desk.wait(TimeDelta::milliseconds(301)).press("d");
    assert_eq!(desk.ordered(), [deploy("dc1-fabric")]);
}

#[test]
fn a_row_that_came_under_the_cursor_by_itself_is_not_deployed_at_once() {
    let mut desk = night::desk(80, 24);
    desk.press("2");
    let mut targets = night::targets();
    targets.remove(0);
    desk.hear([Report::Targets(targets)]).press("d");
    assert_eq!(desk.ordered(), []);
    desk.pause().press("d");
    assert_eq!(desk.ordered(), [deploy("dc2-fabric")]);
}

#[test]
fn what_is_not_up_to_date_is_not_deployed() {
    let mut desk = night::desk(80, 24);
    desk.press("2").hear([night::failing(PROD)]).pause().press("d");
    assert!(desk.ordered().is_empty() && desk.shows("cannot be heard (offline)"), "{}", desk.screen());
    desk.hear([night::live(PROD)]).press("d");
    assert_eq!(desk.ordered(), [], "it has only just come back");
    desk.pause().press("d");
    assert_eq!(desk.ordered(), [deploy("dc1-fabric")]);
}

#[test]
fn inputs_that_are_refused_or_being_read_say_so() {
    let mut desk = night::desk(120, 40);
    desk.press("2 j j j j d");
    assert!(desk.shows("2 configurations of edge cannot be deployed"), "{}", desk.screen());
    desk.press("j j d");
    assert!(desk.shows("the folder of being-read is still being read"), "{}", desk.screen());
    assert_eq!(desk.ordered(), []);
}

#[test]
fn read_only_of_the_screen_and_of_the_instance_refuse_with_the_reason() {
    let mut desk = night::desk(80, 24);
    desk.press("2 :").type_text("read-only").press("enter d");
    assert!(desk.ordered().is_empty() && desk.shows("deploy is refused: read-only"), "{}", desk.screen());
    let mut instances = night::instances();
    instances[0].read_only = true;
    let mut desk = night::desk(80, 24);
    desk.send(Message::Reconfigured(Box::new(night::settings_of(instances, "", true))));
    desk.pause().press("2 d");
    assert!(
        desk.ordered().is_empty() && desk.shows("prod-emea is read-only by the configuration"),
        "{}",
        desk.screen()
    );
    desk.press("D");
    assert!(desk.ordered().is_empty() && !desk.shows("Type dc1-fabric"), "{}", desk.screen());
    assert!(desk.row("─ 2 Deploys").contains("prod-emea read-only"));
}

#[test]
fn going_on_to_the_start_wants_the_name_in_production_and_a_y_in_a_lab() {
    let mut desk = night::desk(80, 24);
    desk.press("2 D").type_text("dc1-fabric").press("enter");
    assert_eq!(desk.ordered(), [], "what was typed ahead does not answer");
    assert!(desk.shows("▲ enter came before this could be read: press it again"), "{}", desk.screen());
    desk.pause().press("backspace enter");
    assert_eq!(desk.ordered(), []);
    assert!(desk.shows("▲ what is typed is not dc1-fabric"), "{}", desk.screen());
    desk.type_text("c");
    assert!(!desk.shows("▲ what is typed"), "{}", desk.screen());
    desk.press("enter");
    let started = |target: &str| Request::Deploy { target: target.to_owned(), advance: Advance::Completed };
    assert_eq!(desk.ordered(), [started("dc1-fabric")]);
    desk.press("esc I").pause().press("D enter y");
    assert_eq!(desk.ordered(), [], "enter alone does not confirm, nor what was typed ahead");
    assert!(desk.shows("▲ y came before this could be read: press it again"), "{}", desk.screen());
    desk.pause().press("y");
    assert_eq!(desk.ordered(), [started("lab-fabric")]);
}

#[test]
fn a_question_can_be_closed_before_it_could_be_read() {
    for key in ["esc", "n"] {
        let mut desk = night::desk(80, 24);
        desk.press("2 I").pause().press("D").press(key);
        assert!(!desk.shows("Deploy and start"), "{key}: {}", desk.screen());
    }
}

#[test]
fn leaving_asks_while_something_is_deployed_and_says_what_becomes_of_it() {
    let left = |desk: &Desk| desk.wanted.contains(&Effect::Quit);
    let mut desk = night::desk(80, 24);
    desk.press("q");
    assert!(left(&desk), "nothing is under way");
    let building = || night::until_build("dc1-fabric", PROD, false);
    let mut submitting = building();
    submitting.push(night::event(Event::Began(Step::Submit)));
    for (reports, words) in [
        (vec![night::begun("dc1-fabric", PROD, false)], "nothing is made yet"),
        (building(), "its workspace is abandoned, and nothing of"),
        (night::until_review("dc1-fabric", PROD), "it waits for a look; its workspace is"),
        (submitting, "its submission is waited for"),
    ] {
        let mut desk = night::desk(80, 24);
        desk.hear(reports).press("q");
        assert!(
            !left(&desk) && desk.shows("Leave noctui, which ends the deployment of dc1-fabric?"),
            "{}",
            desk.screen()
        );
        assert!(desk.shows(&format!("dc1-fabric on prod-emea: {words}")), "{}", desk.screen());
        desk.pause().press("n");
        assert!(!left(&desk) && !desk.shows("Leave noctui"), "{}", desk.screen());
        desk.press("q").pause().press("y");
        assert!(left(&desk));
    }
    let mut desk = night::desk(80, 24);
    desk.hear(night::until_done("dc1-fabric", PROD)).press("q");
    assert!(left(&desk), "it has ended");
}

#[test]
fn ctrl_c_twice_leaves_whatever_is_deployed_or_typed() {
    for size in [(80, 24), (20, 5)] {
        let mut desk = night::desk(80, 24);
        desk.hear(night::until_build("dc1-fabric", PROD, false)).press("3 /").resize(size.0, size.1).press("ctrl-c");
        assert!(!desk.wanted.contains(&Effect::Quit));
        let screen = desk.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(screen.contains("ctrl-c again leaves"), "{screen}");
        desk.press("ctrl-c");
        assert!(desk.wanted.contains(&Effect::Quit));
    }
}

#[test]
fn a_question_answers_for_what_it_showed_whatever_happens_meanwhile() {
    let mut desk = night::desk(80, 24);
    desk.press("2 D");
    let mut targets = night::targets();
    targets.remove(0);
    desk.hear([Report::Targets(targets)]).pause().type_text("dc1-fabric").press("enter");
    let asked = desk.ordered();
    assert!(matches!(&asked[..], [Request::Deploy { target, .. }] if target == "dc1-fabric"), "{asked:?}");
}

#[test]
fn a_protected_target_waits_for_a_look_and_wants_its_name_typed() {
    for (instance, target, keys) in [(PROD, "border", "2"), (LAB, "lab-fabric", "2 I")] {
        let mut desk = night::desk(120, 40);
        desk.press(keys);
        desk.press(if instance == PROD { "j j j" } else { "g" }).pause().press("enter");
        desk.hear(night::until_review(target, instance));
        desk.press("S");
        assert_eq!(desk.ordered(), [], "{}", desk.screen());
        assert!(desk.shows("typed before this was on the screen"), "{}", desk.screen());
        desk.pause().press("S");
        let place = if instance == PROD { "PROD-EMEA" } else { LAB };
        assert!(
            desk.shows(&format!("Submit \"{target}\" on {place}?")) && desk.shows("1 warning"),
            "{}",
            desk.screen()
        );
        desk.pause().type_text(target).press("enter");
        assert_eq!(desk.ordered(), [Request::GoOn { deployment: DeploymentId::new("run-1"), look: 1 }]);
    }
}

#[test]
fn a_second_look_says_why_it_is_one() {
    let mut desk = night::desk(120, 40);
    desk.press("2 j j j").pause().press("enter");
    desk.hear(night::until_review("border", PROD)).pause();
    let why = "built anew, since somebody changed what is in force: look again";
    assert!(!desk.shows(why), "{}", desk.screen());
    desk.hear([Event::Overtaken(1), Event::Began(Step::Build), Event::Began(Step::Review)].map(night::event)).pause();
    assert!(desk.shows(why), "{}", desk.screen());
}

#[test]
fn what_a_submission_sets_going_is_said_before_it() {
    let mut desk = night::desk(120, 40);
    desk.press("2 j j j").pause().press("enter");
    let mut reports = night::until_review("border", PROD);
    reports[0] = night::begun_until("border", PROD, true, Advance::Completed);
    desk.hear(reports).pause();
    for told in ["S submits, approves and starts", "is approved and started: devices get the change"] {
        assert!(desk.shows(told), "{told}: {}", desk.screen());
    }
    desk.press("S");
    assert!(desk.shows("Submit and start \"border\" on PROD-EMEA?"), "{}", desk.screen());
    assert!(desk.shows("approved and started at once: the devices"), "{}", desk.screen());
    assert!(!desk.shows("no device has it before"), "{}", desk.screen());
}

#[test]
fn cancelling_abandons_before_the_submission_and_offers_to_delete_after_it() {
    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_build("dc1-fabric", PROD, false)).pause().press("enter x");
    assert_eq!(desk.ordered(), [Request::Cancel(DeploymentId::new("run-1"))], "it does not wait for an answer");
    desk.hear([night::event(Event::Began(Step::Submit))]).press("x");
    assert_eq!(desk.ordered(), [Request::Cancel(DeploymentId::new("run-1"))], "it holds for what follows");
    assert!(desk.shows("its change control is taken no further"), "{}", desk.screen());

    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_done("dc1-fabric", PROD)).pause().press("enter x");
    assert!(desk.shows("the mainline keeps the change"), "{}", desk.screen());
    desk.pause().type_text("dc1-fabric").press("enter");
    let asked = desk.ordered();
    assert!(
        matches!(&asked[..], [Request::Act { action: ChangeAction::Delete, change, .. }] if *change == ChangeId::new("cc-1")),
        "{asked:?}"
    );
}

#[test]
fn cancelling_is_decided_here_whether_cloudvision_can_be_heard_or_not() {
    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_build("dc1-fabric", PROD, false)).pause().press("enter");
    let silence = Event::Silence(Some("cannot reach CloudVision".to_owned()));
    desk.hear([night::event(silence), night::failing(PROD)]).press("x");
    assert_eq!(desk.ordered(), [Request::Cancel(DeploymentId::new("run-1"))]);
    assert!(desk.shows("its workspace is abandoned as soon as CloudVision answers"), "{}", desk.screen());
    desk.press(":").type_text("read-only").press("enter x");
    assert_eq!(desk.ordered(), [Request::Cancel(DeploymentId::new("run-1"))], "it writes nothing that is not wanted");
}

#[test]
fn a_configuration_that_is_read_again_says_that_a_deployment_is_not_ended_for_it() {
    let mut desk = night::desk(120, 40);
    let again = || Message::Reconfigured(Box::new(night::settings_of(night::instances(), "", true)));
    desk.send(again());
    assert!(!desk.shows("targets follow"), "{}", desk.screen());
    desk.hear(night::until_build("dc1-fabric", PROD, false)).send(again());
    assert!(desk.shows("targets follow when no deployment is under way"), "{}", desk.screen());
}

#[test]
fn what_may_be_open_in_cloudvision_when_noctui_ends_is_named() {
    let ends = |ending, fate| {
        let mut desk = night::desk(80, 24);
        desk.hear(night::until_build("dc1-fabric", PROD, false));
        assert!(
            desk.model.left_behind()[0].contains("dc1-fabric may be open still: noctui workspace abandon ws-run-1")
        );
        let workspace = Some((WorkspaceId::new("ws-run-1"), fate));
        desk.hear([night::progress(Progress::Ended { ending, trouble: None, workspace, at: tonight() })]);
        desk.model.left_behind().join("\n")
    };
    let left = ends(Ending::Cancelled, WorkspaceFate::LeftBehind("no answer".to_owned()));
    assert!(left.contains("noctui workspace abandon ws-run-1"), "{left}");
    assert!(ends(Ending::Unknown, WorkspaceFate::Kept).contains("nobody knows whether dc1-fabric was submitted"));
    for fate in [WorkspaceFate::Abandoned, WorkspaceFate::Submitted] {
        assert_eq!(ends(Ending::Cancelled, fate), "");
    }
}

#[test]
fn esc_leaves_a_deployment_running() {
    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_build("dc1-fabric", PROD, false)).press("enter esc");
    assert!(desk.row("dc1-fabric").contains("◐ build") && desk.ordered().is_empty(), "{}", desk.screen());
}

#[test]
fn a_kept_workspace_and_a_left_one_are_abandoned_after_a_question() {
    let abandon = |id: &str| Request::Abandon { instance: PROD.to_owned(), workspace: WorkspaceId::new(id) };
    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_failed("dc1-fabric", PROD)).pause().press("enter X").pause();
    desk.type_text("ws-run-1").press("enter");
    assert_eq!(desk.ordered(), [abandon("ws-run-1")]);
    desk.press("esc").hear([Report::Unfinished(night::unfinished())]).press("g").pause().press("X").pause();
    desk.type_text("wan-edge").press("enter");
    assert_eq!(desk.ordered(), [abandon("ws-d-1")]);
    desk.press("j X");
    assert!(desk.shows("it is submitted"), "{}", desk.screen());
    desk.press("j X");
    assert!(desk.shows("another noctui is still at it"), "{}", desk.screen());
    desk.press("w").pause().press("j X").pause().type_text("nightly studio test").press("enter");
    assert_eq!(desk.ordered(), [abandon("ws-9")]);
}

#[test]
fn a_workspace_that_an_earlier_process_kept_is_named_by_its_target_and_can_be_abandoned() {
    let mut desk = night::desk(80, 24);
    desk.press("2 j j").pause().press("enter");
    assert!(!desk.shows("is open still"), "CloudVision has no such workspace: {}", desk.screen());
    let mut left = night::workspace("ws-2", "noctui wan-edge 2026-11-21 02:08", "ines", TimeDelta::minutes(40));
    let told = |left: &Workspace, at| Report::Workspaces {
        instance: PROD.to_owned(),
        delta: Delta { all: false, upserts: vec![left.clone()], removed: vec![], at },
    };
    desk.hear([told(&left, tonight())]);
    assert!(desk.shows("ws-2 is open still") && desk.shows("X abandon"), "{}", desk.screen());
    desk.pause().press("X").pause().type_text("wan-edge").press("enter");
    let workspace = WorkspaceId::new("ws-2");
    assert_eq!(desk.ordered(), [Request::Abandon { instance: PROD.to_owned(), workspace }]);
    left.state = WorkspaceState::Abandoned;
    desk.hear([told(&left, tonight())]);
    assert!(!desk.shows("is open still"), "{}", desk.screen());
}

#[test]
fn a_target_that_was_never_deployed_does_not_say_what_differs_before_it_was_compared() {
    let mut desk = night::desk(200, 60);
    desk.press("2 z");
    let row = desk.row("new-site");
    assert!(row.contains("not compared") && row.contains("d compares it with what CloudVision holds first"), "{row}");
    desk.press("j j j j j enter");
    assert!(desk.shows("not deployed from here yet: what differs from CloudVision is known once"), "{}", desk.screen());
    desk.pause().press("D");
    assert!(desk.shows("6 devices · not deployed from here yet"), "{}", desk.screen());
    desk.press("esc esc").hear(night::until_failed("new-site", PROD));
    // What it found is in the journal: whoever reads that says the same, whether it deployed or not.
    let mut targets = night::targets();
    let target = targets.iter_mut().find(|target| target.name == "new-site").unwrap();
    let (ending, at, result) = (Ending::Failed, tonight(), String::new());
    let failed =
        |differed| Some(LastDeployment { ending, at, result: result.clone(), change: None, workspace: None, differed });
    let mut of_another = night::desk(200, 60);
    of_another.press("2 z");
    for (differed, said) in [(Some(3), "3 differed"), (Some(0), "same configs"), (None, "not compared")] {
        target.last = failed(differed);
        for desk in [&mut desk, &mut of_another] {
            desk.hear([Report::Targets(vec![target.clone()])]);
            let row = desk.row("new-site");
            assert!(row.contains(said), "{row}");
        }
    }
}

#[test]
fn what_is_said_of_a_target_takes_the_room_that_others_leave_or_is_not_begun() {
    let tiled = |columns, rows| {
        let settings = night::settings_of(night::instances(), MAILBOX, true);
        let mut desk = Desk::with(settings, Some(&DATABASE), columns, rows);
        night::tell_all(&mut desk);
        desk
    };
    let desk = tiled(200, 60);
    assert!(desk.row("dc1-fabric").contains("2h ago  change control cc-6"), "{}", desk.screen());
    let protected = desk.row("border");
    assert!(protected.contains("protected") && !protected.contains("ended"), "{protected}");
    // Why something failed is told beside other tiles, too.
    for columns in [110, 120] {
        let desk = tiled(columns, 40);
        assert!(desk.row("wan-edge").contains("leaf-7b: line 212"), "{}", desk.screen());
    }
}

#[test]
fn a_target_whose_change_control_was_deleted_says_that_d_makes_it_again() {
    let mut desk = night::desk(200, 60);
    let mut targets = night::targets();
    targets[0].brought = Some(ChangeId::new("cc-6"));
    desk.press("2").hear([Report::Targets(targets)]);
    assert!(!desk.shows("does not exist any more"), "{}", desk.screen());
    let delta = Delta { all: false, upserts: vec![], removed: vec![ChangeId::new("cc-6")], at: tonight() };
    desk.hear([Report::Changes { instance: PROD.to_owned(), delta }]);
    let row = desk.row("dc1-fabric");
    assert!(row.contains("deleted") && !row.contains("done"), "{row}");
    desk.press("enter");
    assert!(desk.shows("does not exist any more: d makes it again"), "{}", desk.screen());
    desk.hear([night::failing(PROD)]);
    assert!(!desk.shows("does not exist any more"), "nobody knows: {}", desk.screen());
}

#[test]
fn reports_that_come_late_or_out_of_order_change_nothing() {
    let mut desk = night::desk(80, 24);
    desk.press("2");
    let before = desk.screen();
    // Of a deployment that nobody announced.
    desk.hear([
        night::event(Event::Began(Step::Build)),
        night::event(Event::Building { done: 9, total: 1, stage: "" }),
    ]);
    assert_eq!(desk.screen(), before);
    desk.hear(night::until_failed("dc1-fabric", PROD)).press("enter");
    let ended = desk.screen();
    desk.hear([night::event(Event::Began(Step::Submit)), night::begun("dc1-fabric", PROD, true)]);
    assert_eq!(desk.screen(), ended, "what comes after the end is too late");
    desk.hear([Report::Deployment {
        id: DeploymentId::new("run-2"),
        progress: Box::new(Progress::Begun {
            target: "dc1-fabric".to_owned(),
            instance: PROD.to_owned(),
            at: tonight(),
            review: false,
            advance: Advance::Pending,
        }),
    }]);
    assert!(!desk.shows("the build failed") && desk.shows("○ submit"), "{}", desk.screen());
    desk.hear([Report::Health {
        instance: "nobody".to_owned(),
        health: crate::features::cloudvision::worker::Health::Connecting,
    }]);
}

#[test]
fn a_deployment_that_could_not_begin_can_be_asked_for_again() {
    let mut desk = night::desk(80, 24);
    desk.press("2 d").hear([Report::Failed(Trouble::new("another noctui deploys dc1-fabric"))]);
    assert!(desk.shows("another noctui deploys dc1-fabric") && !desk.shows("beginning"), "{}", desk.screen());
    desk.ordered();
    desk.pause().press("d");
    assert_eq!(desk.ordered(), [deploy("dc1-fabric")]);
}

#[test]
fn a_running_deployment_that_is_looked_at_counts_its_seconds() {
    let mut desk = night::desk(80, 24);
    desk.press("2").hear(night::until_build("dc1-fabric", PROD, false));
    assert!(desk.model.next_change() - desk.now > TimeDelta::seconds(2), "the list does not");
    desk.press("enter");
    assert!(desk.model.next_change() - desk.now <= TimeDelta::seconds(1));
    desk.wait(TimeDelta::seconds(12));
    assert!(desk.shows("13s · esc keeps it running"), "{}", desk.screen());
}

#[test]
fn the_difference_is_searched_and_walked_device_by_device() {
    let mut desk = night::desk(80, 24);
    desk.resize(80, 12).press("2").hear(night::until_build("dc1-fabric", PROD, false)).press("enter j j enter");
    desk.press("/").type_text("asdot").press("enter");
    assert!(desk.shows("+    bgp asn notation asdot"), "{}", desk.screen());
    desk.press("n");
    assert!(desk.shows("it is not found again"), "{}", desk.screen());
    desk.press("[ [ [");
    assert!(desk.shows("this is the first one"), "{}", desk.screen());
    desk.press("esc esc");
    assert!(desk.shows("all  1 warning"), "{}", desk.screen());
    desk.press("] Y");
    assert!(matches!(desk.wanted.last(), Some(Effect::Copy(text)) if text.contains("timers bgp 10 30")));
}

#[test]
fn what_was_built_anew_wants_another_look_and_the_yes_names_which() {
    let mut desk = night::desk(120, 40);
    desk.press("2 j j j").pause().press("enter").hear(night::until_review("border", PROD)).pause();
    desk.press("S").pause().type_text("border").press("enter");
    let agreed = |look| [Request::GoOn { deployment: DeploymentId::new("run-1"), look }];
    assert_eq!(desk.ordered(), agreed(1));
    let began = |step| night::event(Event::Began(step));
    desk.hear([began(Step::Submit), night::event(Event::Overtaken(1)), began(Step::Upload), began(Step::Build)])
        .pause();
    desk.press("S");
    assert!(desk.ordered().is_empty() && desk.shows("nothing waits for a look here"), "{}", desk.screen());
    desk.hear([night::event(Event::Built(Arc::new(night::report(false)))), began(Step::Review)]).pause();
    assert!(desk.shows("waits for a look"), "{}", desk.screen());
    desk.press("S").pause().type_text("border").press("enter");
    assert_eq!(desk.ordered(), agreed(2));
}

#[test]
fn a_look_shows_what_goes_from_cloudvision_also_where_the_device_runs_it_already() {
    let mut desk = night::desk(120, 40);
    desk.press("2 j j j").pause().press("enter").hear(night::until_review("border", PROD));
    let runs = |at, lines| DeviceDiff { device: night::serial(at), hostname: String::new(), lines };
    let other = vec![DiffLine { op: LineOp::Added, text: "ntp server 192.0.2.9".to_owned() }];
    let mut report = night::report(false);
    for device in report.devices.iter_mut().filter(|device| device.device == night::serial(2)) {
        device.lines = Some(LineCounts::default());
        device.warnings.clear();
    }
    let computed = vec![runs(2, vec![]), runs(3, other)];
    desk.hear([night::event(Event::Built(Arc::new(report))), night::event(Event::Computed(Arc::new(computed)))]);
    assert!(desk.shows("+2 -1 runs already"), "{}", desk.screen());
    assert!(desk.shows("the device runs this already") && desk.shows("timers bgp 60 180"), "{}", desk.screen());
    desk.press("j");
    for told in ["against what CloudVision holds:", "timers bgp 60 180", "against what the device runs:", "192.0.2.9"] {
        assert!(desk.shows(told), "{told}: {}", desk.screen());
    }
}

#[test]
fn a_target_that_another_noctui_deploys_says_so_and_is_not_begun_again() {
    let mut desk = night::desk(120, 40);
    let left = |instance: &str, lives| Unfinished {
        id: DeploymentId::new("run-9"),
        target: Some("dc1-fabric".to_owned()),
        instance: instance.to_owned(),
        phase: Phase::Building,
        workspace: Some(WorkspaceId::new("ws-9")),
        started_at: tonight() - TimeDelta::minutes(3),
        lives,
    };
    desk.hear([Report::Unfinished(vec![left(PROD, true)])]).press("2 z");
    assert!(desk.shows("under way elsewhere") && desk.shows("1 elsewhere"), "{}", desk.screen());
    assert!(!desk.shows("unfinished") && desk.shows("another noctui is at it"), "{}", desk.screen());
    desk.press("j").pause().press("d");
    assert_eq!(desk.ordered(), [], "{}", desk.screen());
    assert!(desk.shows("another noctui began to deploy dc1-fabric"), "{}", desk.screen());
    // What is on another CloudVision counts there.
    desk.hear([Report::Unfinished(vec![left(LAB, false)])]);
    assert!(!desk.shows("unfinished"), "{}", desk.screen());
    desk.press("I");
    assert!(desk.shows("1 unfinished"), "{}", desk.screen());
}
