//! The footer in every state of CloudVision's panes: each key that it names does something there.

use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::TimeDelta;

use super::night::{self, PROD};
use crate::app::Message;
use crate::app::commands::Command;
use crate::app::tests::desk::{Desk, tonight};
use crate::app::view::hints;
use crate::features::cloudvision::deploy::{Event, Step, WorkspaceFate};
use crate::features::cloudvision::model::{ChangeId, ChangeState, WorkspaceId};
use crate::features::cloudvision::store::journal::{Ending, Phase};
use crate::features::cloudvision::worker::{Delta, Progress, Report, Unfinished};
use crate::ui::theme::State as Sign;

/// What texts say of keys, and the keys.
const PROMISES: [(&str, &str); 5] = [
    ("o opens it", "o"),
    ("X abandons it", "X"),
    ("S submits, x ends it", "S"),
    ("x ends it", "x"),
    ("d makes it again", "d"),
];

/// The desk that all others here are like at first: to open its store takes longer than all that is done at one of them.
static NIGHT: LazyLock<Mutex<Desk>> = LazyLock::new(|| Mutex::new(night::desk(120, 40)));

/// A desk in a state, seen for a while.
fn desk_in(prepare: &dyn Fn(&mut Desk)) -> Desk {
    let mut desk = NIGHT.lock().unwrap_or_else(PoisonError::into_inner).fork();
    prepare(&mut desk);
    desk.pause();
    desk.wanted.clear();
    desk
}

/// Presses every key of CloudVision that the footer names in a state, each at a desk of its own, and those that an opened
/// page speaks of; returns how many.
fn press_all(state: &str, is_opened: bool, prepare: &dyn Fn(&mut Desk)) -> usize {
    let seen = desk_in(prepare);
    let offered = hints(&seen.model).into_iter().filter(|hint| matches!(hint.command, Command::CloudVision(_)));
    let promised = PROMISES.into_iter().filter(|(text, _)| is_opened && seen.shows(text));
    let keys: Vec<String> = offered.map(|hint| hint.key).chain(promised.map(|(_, key)| key.to_owned())).collect();
    let before = seen.fork().screen();
    for key in &keys {
        let mut desk = seen.fork();
        desk.press(key);
        let toast = desk.model.toasts.current().filter(|toast| toast.at == desk.now && toast.state != Sign::Done);
        assert_eq!(toast, None, "{state}: {key} is refused\n{before}");
        assert!(!desk.wanted.is_empty() || desk.screen() != before, "{state}: {key} does nothing\n{before}");
    }
    keys.len()
}

/// Presses them on the row, and on what it opens: the whole of it, one of its devices, the text alone.
fn press_everywhere(state: &str, prepare: &dyn Fn(&mut Desk)) -> usize {
    let steps = ["", "enter", "enter j j", "enter j j enter"];
    let pressed = steps.into_iter().map(|steps| {
        let there = |desk: &mut Desk| {
            prepare(desk);
            if !steps.is_empty() {
                desk.press(steps);
            }
        };
        press_all(&format!("{state}, then {steps:?}"), !steps.is_empty(), &there)
    });
    pressed.sum()
}

/// On the row of a target, the first one being 0.
fn on(desk: &mut Desk, row: usize) {
    desk.press("2 g");
    (0..row).for_each(|_| _ = desk.press("j"));
}

/// An end of the deployment of the night.
fn ended(ending: Ending, fate: WorkspaceFate) -> Report {
    let workspace = Some((WorkspaceId::new("ws-run-1"), fate));
    night::progress(Progress::Ended { ending, trouble: None, workspace, at: tonight() })
}

/// A deployment of dc1-fabric with its change control in a state.
fn with_change(state: ChangeState) -> Vec<Report> {
    let change = night::change("cc-1", "dc1-fabric 2026-11-21 02:31", state, TimeDelta::minutes(17), &[0, 1]);
    let mut reports = night::until_done("dc1-fabric", PROD);
    reports.push(night::upserted(change, tonight()));
    reports
}

#[test]
fn every_key_of_the_footer_does_something_on_every_target() {
    let mut pressed = 0;
    for row in 0..7 {
        pressed += press_everywhere(&format!("target {row}"), &|desk| on(desk, row));
    }
    pressed += press_everywhere("a lab's target", &|desk| _ = desk.press("2 I g"));
    for change in ["cc-1", "cc-2", "cc-6", "cc-gone"] {
        pressed += press_everywhere(&format!("a deployment of an earlier process with {change}"), &|desk| {
            let mut targets = night::targets();
            targets[0].last.as_mut().unwrap().change = Some(ChangeId::new(change));
            targets[0].brought = Some(ChangeId::new(change));
            desk.hear([Report::Targets(targets)]);
            on(desk, 0);
        });
    }
    pressed += press_everywhere("a workspace of an earlier process", &|desk| {
        let left = night::workspace("ws-2", "noctui wan-edge 2026-11-21 02:08", "ines", TimeDelta::minutes(40));
        let delta = Delta { all: false, upserts: vec![left], removed: vec![], at: tonight() };
        desk.hear([Report::Workspaces { instance: PROD.to_owned(), delta }]);
        on(desk, 2);
    });
    pressed += press_everywhere("nothing to list", &|desk| {
        desk.press("2 /").type_text("nobody").press("enter");
    });
    pressed += press_everywhere("no targets", &|desk| {
        desk.press("2").hear([Report::Targets(vec![])]);
    });
    assert!(pressed > 150, "{pressed}");
}

#[test]
fn every_key_of_the_footer_does_something_in_every_state_of_a_deployment() {
    let event = night::event;
    let until_build = || night::until_build("dc1-fabric", PROD, false);
    let and = |mut reports: Vec<Report>, more: Vec<Report>| {
        reports.extend(more);
        reports
    };
    let states: Vec<(&str, Vec<Report>)> = vec![
        ("begun", vec![night::begun("dc1-fabric", PROD, false)]),
        ("building", until_build()),
        ("silent", and(until_build(), vec![event(Event::Silence(Some("no answer".to_owned())))])),
        ("waiting for a look", night::until_review("dc1-fabric", PROD)),
        ("submitting", and(until_build(), vec![event(Event::Began(Step::Submit))])),
        (
            "nothing to do",
            vec![night::begun("dc1-fabric", PROD, false), ended(Ending::NothingToDo, WorkspaceFate::Kept)],
        ),
        ("failed", night::until_failed("dc1-fabric", PROD)),
        ("cancelled", and(until_build(), vec![ended(Ending::Cancelled, WorkspaceFate::Abandoned)])),
        ("left behind", and(until_build(), vec![ended(Ending::Failed, WorkspaceFate::LeftBehind("why".to_owned()))])),
        ("unknown", and(until_build(), vec![ended(Ending::Unknown, WorkspaceFate::Kept)])),
        ("no device changes", and(until_build(), vec![ended(Ending::Done, WorkspaceFate::Submitted)])),
        ("done", night::until_done("dc1-fabric", PROD)),
        ("approved", with_change(ChangeState::Approved)),
        ("running", with_change(ChangeState::Running)),
        ("completed", with_change(ChangeState::Completed)),
        ("deleted", {
            let removed = vec![ChangeId::new("cc-1")];
            let delta = Delta { all: false, upserts: vec![], removed, at: tonight() };
            and(night::until_done("dc1-fabric", PROD), vec![Report::Changes { instance: PROD.to_owned(), delta }])
        }),
    ];
    let mut pressed = 0;
    for (state, reports) in states {
        pressed += press_everywhere(state, &|desk| {
            desk.press("2").hear(reports.clone());
        });
    }
    pressed += press_all("asked for", true, &|desk| _ = desk.press("2 d"));
    pressed += press_all("cancelled by hand", true, &|desk| {
        desk.press("2").hear(night::until_build("dc1-fabric", PROD, false)).press("enter x");
    });
    assert!(pressed > 200, "{pressed}");
}

#[test]
fn every_key_of_the_footer_does_something_on_what_an_earlier_process_left() {
    let mut pressed = 0;
    for phase in Phase::ALL {
        for lives in [false, true] {
            pressed += press_everywhere(&format!("left while {phase}, its process lives: {lives}"), &|desk| {
                let left = Unfinished { phase: *phase, lives, ..night::unfinished().remove(0) };
                let workspace = left.workspace.clone().filter(|_| *phase != Phase::Preparing);
                desk.hear([Report::Unfinished(vec![Unfinished { workspace, ..left }])]);
                on(desk, 0);
            });
        }
    }
    assert!(pressed > 150, "{pressed}");
}

#[test]
fn every_key_of_the_footer_does_something_where_little_can_be_done() {
    let mut pressed = 0;
    for (pane, rows) in [("2", 7), ("3", 8)] {
        for row in [0, 2, rows - 1] {
            let there = |desk: &mut Desk| {
                desk.press(&format!("{pane} g"));
                (0..row).for_each(|_| _ = desk.press("j"));
            };
            pressed += press_everywhere("up to date", &there);
            pressed += press_everywhere("not heard", &|desk| {
                there(desk);
                desk.hear([night::failing(PROD)]);
            });
            pressed += press_everywhere("read-only by hand", &|desk| {
                desk.press(":").type_text("read-only").press("enter");
                there(desk);
            });
            pressed += press_everywhere("read-only by the configuration", &|desk| {
                let mut instances = night::instances();
                instances[0].read_only = true;
                desk.send(Message::Reconfigured(Box::new(night::settings_of(instances, "", true))));
                there(desk);
            });
        }
        for list in ["w", "v", "w /", "v /"] {
            pressed += press_all(list, false, &|desk| {
                desk.press(pane).press(list);
                if list.ends_with('/') {
                    desk.type_text("nobody").press("enter");
                }
            });
        }
    }
    assert!(pressed > 200, "{pressed}");
}

#[test]
fn the_change_control_of_a_deployment_of_an_earlier_process_is_named_and_opened() {
    let mut desk = desk_in(&|desk| {
        let mut targets = night::targets();
        targets[0].last.as_mut().unwrap().change = Some(ChangeId::new("cc-3"));
        desk.hear([Report::Targets(targets)]).press("2");
    });
    assert!(desk.row("d deploy").contains("o change"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.row("snmp location").contains("● approved  snmp location  o opens it"), "{}", desk.screen());
    desk.press("o");
    assert!(desk.shows("snmp location") && desk.shows("● approved → prod-emea"), "{}", desk.screen());
    let delta = Delta { all: false, upserts: vec![], removed: vec![ChangeId::new("cc-3")], at: tonight() };
    desk.press("esc").hear([Report::Changes { instance: PROD.to_owned(), delta }]);
    assert!(!desk.shows("o opens it") && !desk.row("d deploy").contains("o change"), "{}", desk.screen());
}
