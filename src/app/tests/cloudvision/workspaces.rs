//! Workspaces that are open: what is said of them, and what abandons them.

use chrono::TimeDelta;

use super::night::{self, PROD};
use crate::app::tests::desk::tonight;
use crate::features::cloudvision::deploy::Event;
use crate::features::cloudvision::model::{DeploymentId, WorkspaceId, WorkspaceState};
use crate::features::cloudvision::store::journal::Phase;
use crate::features::cloudvision::worker::{Delta, Report, Unfinished};

#[test]
fn workspaces_that_were_kept_are_counted_and_listed_with_what_kept_them() {
    let mut desk = night::desk(120, 40);
    desk.press("2 z");
    assert!(!desk.shows("kept") && !desk.shows("open still"), "{}", desk.screen());
    let made = [("ws-d-1", Some("wan-edge".to_owned())), ("ws-gone", None)];
    let workspaces = made.into_iter().map(|(id, target)| (WorkspaceId::new(id), target)).collect();
    desk.hear([Report::Unsubmitted { instance: PROD.to_owned(), workspaces }]);
    assert!(desk.row("─ 2 Deploys").contains("1 kept"), "{}", desk.screen());
    assert!(desk.shows("▲ 1 workspace of deployments from here is open still: w lists it"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("1 workspace of deployments from here is open still"), "{}", desk.screen());
    desk.press("esc w");
    assert!(desk.row("wan-edge").contains("kept by a deployment of wan-edge"), "{}", desk.screen());
    assert!(desk.row("wan-edge").contains('▲'), "{}", desk.screen());
    assert!(!desk.row("nightly studio test").contains("kept"), "{}", desk.screen());
    let mut gone = night::workspace("ws-d-1", "noctui wan-edge", "ines", TimeDelta::minutes(34));
    gone.state = WorkspaceState::Abandoned;
    let delta = Delta { all: false, upserts: vec![gone], removed: vec![], at: tonight() };
    desk.press("esc").hear([Report::Workspaces { instance: PROD.to_owned(), delta }]);
    assert!(!desk.shows("kept") && !desk.shows("open still"), "{}", desk.screen());
}

#[test]
fn a_workspace_that_a_killed_process_left_is_marked_in_the_list_and_one_that_is_in_use_is_not() {
    for (lives, words) in
        [(false, "left unfinished by a deployment of wan-edge"), (true, "in use by a deployment of wan-edge")]
    {
        let left = Unfinished {
            id: DeploymentId::new("killed"),
            target: Some("wan-edge".to_owned()),
            instance: PROD.to_owned(),
            phase: Phase::Building,
            workspace: Some(WorkspaceId::new("ws-d-1")),
            started_at: tonight(),
            lives,
        };
        for (columns, rows) in [(80, 24), (110, 40), (160, 40)] {
            let mut desk = night::desk(columns, rows);
            desk.press("2 z").hear([Report::Unfinished(vec![left.clone()])]);
            desk.press("w");
            let row = desk.row("noctui wan-edge");
            // Where there is no room for all of it, a word tells.
            let word = if lives { "in use " } else { "▲ left " };
            assert!(row.contains(word) && row.contains('▲') != lives, "{row}");
            assert!(columns < 110 || row.contains(words), "{row}");
            assert!(desk.row("nightly studio test").contains("○ open"), "{}", desk.screen());
        }
    }
}

#[test]
fn abandoning_a_workspace_that_a_deployment_is_at_says_that_it_ends_with_it() {
    let ends = "▲ a deployment of wan-edge is at it still, and ends with it";
    let of_another = Unfinished {
        id: DeploymentId::new("elsewhere"),
        target: Some("wan-edge".to_owned()),
        instance: PROD.to_owned(),
        phase: Phase::Building,
        workspace: Some(WorkspaceId::new("ws-d-1")),
        started_at: tonight(),
        lives: true,
    };
    let of_here =
        [night::begun("wan-edge", PROD, false), night::event(Event::Workspace(WorkspaceId::new("ws-d-1")))].to_vec();
    for reports in [vec![Report::Unfinished(vec![of_another.clone()])], of_here] {
        let mut desk = night::desk(80, 24);
        desk.press("2").hear(reports).press("w").pause().press("X");
        assert!(desk.shows("Type wan-edge and enter") && desk.shows(ends), "{}", desk.screen());
    }
    let mut desk = night::desk(80, 24);
    let left = Unfinished { lives: false, ..of_another };
    desk.press("2").hear([Report::Unfinished(vec![left])]).press("w").pause().press("X");
    assert!(desk.shows("left unfinished by a deployment of wan-edge") && !desk.shows(ends), "{}", desk.screen());
}

#[test]
fn a_workspace_whose_process_is_no_more_counts_among_those_that_are_open() {
    let mut desk = night::desk(120, 40);
    desk.hear([Report::Unfinished(night::unfinished())]).press("2");
    assert!(desk.shows("1 workspace of deployments from here is open still"), "{}", desk.screen());
}
