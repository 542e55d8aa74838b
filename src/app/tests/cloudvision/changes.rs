//! Change controls: filters, what is done to them, and to which version.

use std::sync::Arc;

use chrono::TimeDelta;

use super::night::{self, LAB, PROD};
use crate::app::commands::COMMANDS;
use crate::app::tests::desk::{Desk, tonight};
use crate::app::{Context, Effect, Message, Model};
use crate::command::Scope;
use crate::features::cloudvision::model::{
    ChangeAction, ChangeId, ChangeState, DiffLine, ExecutionOrder, LineOp, Version,
};
use crate::features::cloudvision::worker::{Delta, Report, Request};

/// An action on the version that the night begins with.
fn act(instance: &str, id: &str, action: ChangeAction) -> Request {
    Request::Act {
        instance: instance.to_owned(),
        change: ChangeId::new(id),
        version: Some(Version { seconds: 1_795_000_000, nanos: 7 }),
        action,
        notes: String::new(),
    }
}

/// A desk at the change controls of the lab, where a `y` is enough.
fn lab() -> Desk {
    let mut desk = night::desk(80, 24);
    let delta = night::all(night::changes().into_iter().map(Arc::new).collect(), desk.now);
    desk.hear([Report::Changes { instance: LAB.to_owned(), delta }]);
    desk.press("3 I").pause();
    desk
}

/// Puts the cursor on the change control of this name.
fn on(desk: &mut Desk, name: &str) {
    desk.press("esc /").type_text(name).press("enter");
    assert!(desk.shows(name), "{}", desk.screen());
}

#[test]
fn the_title_counts_change_controls_as_what_they_are() {
    let mut desk = night::desk(120, 40);
    desk.press("3 z");
    let title = desk.row("─ 3 Changes");
    assert!(title.contains("1 running · 2 pending · 1 approved · 1 scheduled"), "{title}");
}

#[test]
fn approving_is_done_at_once_and_bound_to_the_version_on_the_screen() {
    let mut desk = lab();
    on(&mut desk, "dc1-fabric");
    desk.press("a");
    assert_eq!(desk.ordered(), [act(LAB, "cc-1", ChangeAction::Approve)]);
    assert!(desk.shows("asked lab to have it approved"), "{}", desk.screen());
    on(&mut desk, "snmp");
    desk.press("a");
    assert!(desk.ordered().is_empty() && desk.shows("is approved: it cannot be approved"), "{}", desk.screen());
    desk.press("u");
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", ChangeAction::Unapprove)]);
}

#[test]
fn a_version_that_came_a_moment_ago_is_not_approved_unseen() {
    let mut desk = night::desk(80, 24);
    desk.press("3 / d c 1 enter").pause();
    let mut edited = night::changes().remove(0);
    edited.version = Some(Version { seconds: 1_795_000_001, nanos: 0 });
    desk.hear([night::upserted(edited, tonight())]).press("a");
    assert!(desk.ordered().is_empty() && desk.shows("typed before this was on the screen"), "{}", desk.screen());
    desk.pause().press("a");
    let asked = desk.ordered();
    assert!(
        matches!(&asked[..], [Request::Act { version: Some(version), .. }] if version.seconds == 1_795_000_001),
        "{asked:?}"
    );
}

#[test]
fn starting_asks_with_a_y_in_a_lab_and_with_the_name_in_production() {
    let mut desk = lab();
    on(&mut desk, "snmp");
    desk.press("s");
    assert!(desk.shows("Start \"snmp location\" on lab?") && desk.shows("2 devices"), "{}", desk.screen());
    desk.pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", ChangeAction::Start)]);

    let mut desk = night::desk(80, 24);
    desk.press("3 / s n m p enter s").pause().press("y enter");
    assert_eq!(desk.ordered(), [], "a y is not the name");
    desk.press("backspace").type_text("snmp location").press("enter");
    assert_eq!(desk.ordered(), [act(PROD, "cc-3", ChangeAction::Start)]);
}

#[test]
fn what_is_pending_is_approved_and_started_in_one_question_that_warns() {
    let mut desk = lab();
    on(&mut desk, "border acl");
    desk.press("s");
    assert!(desk.shows("a approves, S approves and starts"), "{}", desk.screen());
    desk.press("S");
    assert!(desk.shows("obsoleted") && desk.shows("nobody has approved it yet"), "{}", desk.screen());
    desk.pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-7", ChangeAction::ApproveAndStart)]);
}

#[test]
fn a_question_sends_the_version_that_it_was_asked_about() {
    let mut desk = lab();
    on(&mut desk, "snmp");
    desk.press("s");
    let mut edited = night::changes().remove(2);
    edited.version = Some(Version { seconds: 1_795_000_009, nanos: 0 });
    let delta = Delta { all: false, upserts: vec![Arc::new(edited)], removed: vec![], at: desk.now };
    desk.hear([Report::Changes { instance: LAB.to_owned(), delta }]).pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", ChangeAction::Start)], "the worker refuses what was edited since");
}

#[test]
fn stopping_deleting_and_arranging_ask_first() {
    let mut desk = lab();
    on(&mut desk, "wan bgp");
    desk.press("X");
    assert!(desk.ordered().is_empty() && desk.shows("it cannot be deleted"), "{}", desk.screen());
    desk.press("x").pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-2", ChangeAction::Stop)]);
    on(&mut desk, "dc1-fabric");
    desk.press("X").pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-1", ChangeAction::Delete)]);
    desk.press("O");
    assert!(desk.shows("an approval does not hold for that"), "{}", desk.screen());
    desk.pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-1", ChangeAction::Arrange(ExecutionOrder::Serial))]);
}

#[test]
fn a_time_is_typed_shown_and_scheduled() {
    let mut desk = lab();
    on(&mut desk, "snmp");
    desk.press("p").type_text("25:00").press("enter");
    assert!(desk.ordered().is_empty() && desk.shows("a time is written in 2h"), "{}", desk.screen());
    desk.press("ctrl-u").type_text("04:30");
    assert!(desk.shows("2026-11-21 04:30 UTC"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.ordered().is_empty() && desk.shows("Schedule \"snmp location\" on lab?"), "{}", desk.screen());
    desk.pause().press("y");
    let at = "2026-11-21T04:30:00Z".parse().unwrap();
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", ChangeAction::Schedule(at))]);
    on(&mut desk, "ntp");
    desk.press("P");
    assert_eq!(desk.ordered(), [act(LAB, "cc-4", ChangeAction::Unschedule)]);
    on(&mut desk, "dc1-fabric");
    desk.press("p");
    assert!(desk.shows("approve it first"), "{}", desk.screen());
}

#[test]
fn scheduling_a_start_in_production_wants_the_name_typed_as_starting_does() {
    let mut desk = night::desk(80, 24);
    desk.press("3 / s n m p enter p").type_text("04:30").press("enter");
    assert!(desk.ordered().is_empty() && desk.shows("starts by itself at 2026-11-21 04:30 UTC"), "{}", desk.screen());
    desk.pause().press("y enter");
    assert_eq!(desk.ordered(), [], "a y is not the name");
    desk.press("backspace").type_text("snmp location").press("enter");
    let at = "2026-11-21T04:30:00Z".parse().unwrap();
    assert_eq!(desk.ordered(), [act(PROD, "cc-3", ChangeAction::Schedule(at))]);
}

#[test]
fn name_and_description_are_edited() {
    let mut desk = lab();
    on(&mut desk, "snmp");
    desk.press("e ctrl-u enter");
    assert!(desk.ordered().is_empty() && desk.shows("needs a name"), "{}", desk.screen());
    desk.type_text("snmp contact").press("enter");
    let edit = |name: Option<&str>, notes: Option<&str>| ChangeAction::Edit {
        name: name.map(ToOwned::to_owned),
        notes: notes.map(ToOwned::to_owned),
    };
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", edit(Some("snmp contact"), None))]);
    desk.press("E ctrl-u").type_text("T-1234").press("enter");
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", edit(None, Some("T-1234")))]);
    desk.press("e x esc");
    assert_eq!(desk.ordered(), []);
}

#[test]
fn what_is_typed_in_production_tells_a_change_control_from_the_others() {
    let mut desk = night::desk(120, 40);
    let named = |id: &str, name: &str| {
        let mut change = night::changes().remove(0);
        (change.id, change.name) = (ChangeId::new(id), name.to_owned());
        night::upserted(change, tonight())
    };
    desk.press("3");
    desk.hear([
        named("cc-a1b2c3", "Change of Friday the 20th, made by a script"),
        named("cc-d4e5f6", "Change of Friday the 20th, made by a script"),
        named("cc-g7h8i9", "Change CHG0042 of Friday the 20th, made by a script"),
    ]);
    for (filter, word, told) in [
        ("CHG0042", "CHG0042", "Change CHG0042 of Friday the 20th, made by a script"),
        ("cc-a1b2c3", "a1b2c3", "its id: cc-a1b2c3"),
    ] {
        on(&mut desk, filter);
        desk.pause().press("X");
        assert!(desk.shows(told), "{filter}: {}", desk.screen());
        desk.pause().type_text("Change").press("enter");
        assert_eq!(desk.ordered(), [], "{filter}: every one of them is called that");
        desk.press("ctrl-u").type_text(word).press("enter");
        assert!(matches!(&desk.ordered()[..], [Request::Act { action: ChangeAction::Delete, .. }]), "{filter}");
    }
}

#[test]
fn what_was_not_changed_is_not_sent_and_what_a_change_costs_is_said_before() {
    let mut desk = lab();
    on(&mut desk, "snmp");
    // Another version would not be approved any more.
    desk.press("e");
    assert!(desk.shows("(its approval will not hold)"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.ordered().is_empty() && desk.shows("that is so already: nothing was sent"), "{}", desk.screen());
    desk.press("E enter");
    assert_eq!(desk.ordered(), []);
}

#[test]
fn filters_go_by_state_creator_and_device_and_esc_clears_them() {
    let mut desk = night::desk(80, 24);
    desk.press("3 /").type_text("by:ci is:pend").press("enter");
    assert!(desk.shows("1 of 8") && desk.shows("border acl") && !desk.shows("leaf-1a image"), "{}", desk.screen());
    desk.press("esc /").type_text("on:leaf-2b");
    assert!(desk.shows("1 of 8") && desk.shows("dc1-fabric"), "{}", desk.screen());
    desk.press("esc");
    assert!(!desk.shows(" of 8"), "{}", desk.screen());
    desk.press("f f f");
    assert!(desk.shows("1 of 8 · running") && desk.shows("wan bgp timers"), "{}", desk.screen());
    desk.press("f /").type_text("nothing like it");
    assert!(desk.shows("nothing matches"), "{}", desk.screen());
}

#[test]
fn what_was_asked_for_here_is_no_news_and_what_comes_after_it_is() {
    let mut desk = lab();
    let told = |desk: &mut Desk, state| {
        let change = night::change("cc-1", "dc1-fabric 2026-11-21 02:31", state, TimeDelta::minutes(17), &[0, 1]);
        let delta = Delta { all: false, upserts: vec![Arc::new(change)], removed: vec![], at: desk.now };
        desk.hear([Report::Changes { instance: LAB.to_owned(), delta }]);
    };
    on(&mut desk, "dc1-fabric");
    desk.press("S").pause().press("y");
    for state in [ChangeState::Approved, ChangeState::Running] {
        told(&mut desk, state);
        assert!(!desk.shows("▎"), "{}", desk.screen());
    }
    told(&mut desk, ChangeState::Failed);
    assert!(desk.shows("▎"), "{}", desk.screen());
    desk.press("m").pause();
    on(&mut desk, "snmp");
    desk.press("u").hear([Report::Failed(crate::trouble::Trouble::new("this was not done"))]);
    let change = night::change("cc-3", "snmp location", ChangeState::Pending, TimeDelta::minutes(70), &[2, 3]);
    let delta = Delta { all: false, upserts: vec![Arc::new(change)], removed: vec![], at: desk.now };
    desk.hear([Report::Changes { instance: LAB.to_owned(), delta }]);
    assert!(desk.shows("▎"), "somebody else did that: {}", desk.screen());
}

#[test]
fn the_change_control_of_a_deployment_under_way_is_no_news() {
    let mut desk = night::desk(80, 24);
    let mut reports = night::until_done("dc1-fabric", PROD);
    let ended = reports.pop();
    let named = night::change("cc-1", "another name", ChangeState::Approved, TimeDelta::zero(), &[0]);
    desk.hear(reports).hear([night::upserted(named, tonight())]).press("3");
    assert!(!desk.shows("▎"), "{}", desk.screen());
    let started = night::change("cc-1", "another name", ChangeState::Running, TimeDelta::zero(), &[0]);
    desk.hear(ended).hear([night::upserted(started, tonight())]);
    assert!(desk.shows("▎"), "{}", desk.screen());
}

#[test]
fn what_is_new_carries_a_mark_until_somebody_looks() {
    let mut desk = night::desk(80, 24);
    desk.press("3");
    assert!(!desk.shows("▎"), "what was there at the start is not new:\n{}", desk.screen());
    let new = night::change("cc-9", "hotfix", ChangeState::Pending, TimeDelta::zero(), &[1]);
    let done = night::change("cc-2", "wan bgp timers", ChangeState::Completed, TimeDelta::minutes(25), &[0]);
    desk.hear([night::upserted(new, tonight()), night::upserted(done, tonight())]);
    assert!(desk.row("hotfix").starts_with('▎') && desk.row("wan bgp").starts_with('▎'), "{}", desk.screen());
    on(&mut desk, "hotfix");
    desk.press("enter esc");
    assert!(desk.row("hotfix").starts_with(' '), "{}", desk.screen());
    desk.press("esc m");
    assert!(!desk.shows("▎"), "{}", desk.screen());
}

#[test]
fn differences_are_asked_for_one_at_a_time_and_late_ones_are_dropped() {
    let mut desk = night::desk(80, 24);
    desk.press("3 / d c 1 enter enter j");
    let diff =
        |at| Request::Diff { instance: PROD.to_owned(), change: ChangeId::new("cc-1"), device: night::serial(at) };
    assert_eq!(desk.asked(), [diff(0)]);
    desk.press("j j j");
    assert_eq!(desk.asked(), [], "the first one is on its way");
    let arrives = |change: &str, at| Report::ChangeDiff {
        change: ChangeId::new(change),
        device: night::serial(at),
        lines: Ok(Arc::new(vec![DiffLine { op: LineOp::Added, text: format!("hostname of {at}") }])),
    };
    desk.hear([arrives("cc-8", 0), arrives("cc-1", 5)]);
    assert_eq!(desk.asked(), [], "of another change control, or never asked for");
    desk.hear([arrives("cc-1", 0)]);
    assert_eq!(desk.asked(), [diff(3)], "and then the one that is looked at");
    desk.hear([arrives("cc-1", 3)]);
    assert!(desk.shows("+ hostname of 3"), "{}", desk.screen());
    desk.press("j");
    assert_eq!(desk.asked(), [diff(4)]);
    desk.send(Message::CloudVisionStarted);
    assert_eq!(desk.asked(), [diff(4)], "what was lost is asked for again");
}

#[test]
fn a_deleted_change_control_says_so_and_nothing_is_done_to_it() {
    let mut desk = night::desk(80, 24);
    desk.press("3 / d c 1 enter enter");
    let delta = Delta { all: false, upserts: vec![], removed: vec![ChangeId::new("cc-1")], at: desk.now };
    desk.hear([Report::Changes { instance: PROD.to_owned(), delta }]).pause();
    assert!(desk.row("─ dc1-fabric").contains("deleted"), "{}", desk.screen());
    desk.press("a");
    assert!(desk.ordered().is_empty() && desk.shows("it does not exist any more"), "{}", desk.screen());
}

#[test]
fn an_older_list_does_not_replace_a_newer_one_and_what_the_store_held_is_not_acted_on() {
    let mut desk = night::silent(80, 24);
    let cached = vec![night::change("cc-3", "snmp location", ChangeState::Approved, TimeDelta::hours(1), &[2])];
    desk.hear([night::told(cached.clone(), night::ago(TimeDelta::hours(9))), night::live(PROD)]).press("3").pause();
    assert!(desk.shows("not up to date") && desk.shows("snmp location"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.ordered().iter().all(|request| *request == Request::Refresh), "{}", desk.screen());
    desk.hear([night::told(night::changes(), tonight()), night::told(cached, night::ago(TimeDelta::hours(9)))]);
    assert!(desk.shows("wan bgp timers") && !desk.shows("not up to date"), "{}", desk.screen());
}

#[test]
fn the_shown_cloudvision_and_the_filters_are_found_again() {
    let mut desk = night::desk(80, 24);
    desk.press("3 I f /").type_text("by:anna").press("enter");
    let view = desk.model.view_state();
    let settings = night::settings_of(night::instances(), "", true);
    let again = Model::new(settings, &view, (80, 24), tonight());
    assert_eq!(again.view_state(), view);
    assert!(view.panes["changes"].switches.contains(&"on lab".to_owned()), "{view:?}");
}

#[test]
fn every_command_of_cloudvision_does_something_or_says_why_not() {
    let scopes = [
        (Scope::Deploys, "2"),
        (Scope::Deployment, "2 enter"),
        (Scope::Changes, "3"),
        (Scope::Change, "3 enter"),
        (Scope::Workspaces, "2 w"),
        (Scope::Devices, "2 v"),
    ];
    for (scope, keys) in scopes {
        let mut there = night::desk(80, 24);
        there.press(keys).pause();
        let before = (there.screen(), there.model.overlays.len());
        for spec in COMMANDS.iter().filter(|spec| spec.scopes.contains(&scope)) {
            for by_key in [true, false] {
                let mut desk = there.fork();
                match (by_key, spec.keys.first()) {
                    (true, Some(key)) => desk.press(key),
                    _ => desk.press(":").type_text(spec.name).press("enter"),
                };
                let same = before == (desk.screen(), desk.model.overlays.len());
                assert!(
                    !same || !desk.wanted.is_empty(),
                    "{} at {keys} by key {by_key}:\n{}",
                    spec.name,
                    desk.screen()
                );
            }
        }
    }
}

#[test]
fn without_a_cloudvision_every_command_says_that_none_is_configured() {
    let settings = crate::app::tests::desk::settings("", crate::colour::ColourDepth::Sixteen, true);
    let mut desk = Desk::with(settings, None, 80, 24);
    for spec in COMMANDS.iter().filter(|spec| matches!(spec.command, crate::app::commands::Command::CloudVision(_))) {
        desk.press(":").type_text(spec.name).press("enter");
        assert!(desk.shows("no CloudVision is configured"), "{}:\n{}", spec.name, desk.screen());
        desk.press("esc").pause().pause();
    }
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::CloudVision(_))));
}

#[test]
fn a_context_shows_the_cloudvision_that_it_works_with() {
    let mut settings = night::settings_of(night::instances(), "", true);
    let context = |name: &str, on: &str, production| Context {
        name: name.to_owned(),
        production,
        read_only: false,
        cloudvision: Some(on.to_owned()),
        lab: None,
    };
    settings.contexts = vec![context("lab-emea", LAB, false), context("prod-emea-west", PROD, true)];
    let mut desk = Desk::with(settings, None, 120, 40);
    assert!(desk.row("─ 3 Changes").contains("3 Changes lab"), "{}", desk.screen());
    desk.press("C");
    assert!(desk.row("─ 3 Changes").contains("3 Changes prod-emea"), "{}", desk.screen());
    desk.press("C");
    assert!(desk.row("─ 3 Changes").contains("3 Changes lab"), "{}", desk.screen());
}

#[test]
fn in_a_production_context_a_lab_wants_the_name_typed_too() {
    let mut settings = night::settings_of(night::instances(), "", true);
    let (name, cloudvision) = ("night".to_owned(), Some(LAB.to_owned()));
    settings.contexts = vec![Context { name, production: true, read_only: false, cloudvision, lab: None }];
    let mut desk = Desk::with(settings, None, 80, 24);
    night::tell_all(&mut desk);
    let delta = night::all(night::changes().into_iter().map(Arc::new).collect(), desk.now);
    desk.hear([Report::Changes { instance: LAB.to_owned(), delta }]);
    desk.press("3").pause();
    on(&mut desk, "snmp");
    desk.press("s");
    assert!(desk.shows("Start \"snmp location\" on lab?"), "{}", desk.screen());
    desk.pause().press("y enter");
    assert_eq!(desk.ordered(), [], "a y is not the name");
    desk.press("backspace").type_text("snmp location").press("enter");
    assert_eq!(desk.ordered(), [act(LAB, "cc-3", ChangeAction::Start)]);
}

#[test]
fn what_cloudvision_warns_of_is_shown_before_it_is_approved() {
    let mut desk = lab();
    on(&mut desk, "border acl");
    desk.press("a");
    assert_eq!(desk.ordered(), []);
    assert!(desk.shows("Approve \"border acl\" on lab?") && desk.shows("obsoleted: a newer"), "{}", desk.screen());
    desk.pause().press("y");
    assert_eq!(desk.ordered(), [act(LAB, "cc-7", ChangeAction::Approve)]);
}
