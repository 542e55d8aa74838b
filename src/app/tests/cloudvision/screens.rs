//! Every screen of CloudVision at every size that is promised, as text; and each of them once by its roles.

use chrono::TimeDelta;
use insta::assert_snapshot;

use super::night::{self, LAB, PROD};
use crate::app::tests::desk::{DATABASE, Desk, MAILBOX};
use crate::features::cloudvision::worker::{Health, Report};
use crate::features::maintenance::worker::SourceHealth;
use crate::trouble::Trouble;

/// Takes a screen at each of the sizes.
fn at_all_sizes(name: &str, go_there: impl Fn(&mut Desk)) {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = night::desk(columns, rows);
        go_there(&mut desk);
        assert_snapshot!(format!("cv_{name}_{columns}x{rows}"), desk.screen());
    }
}

/// The same where nothing was told yet.
fn before_all_at_all_sizes(name: &str, go_there: impl Fn(&mut Desk)) {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = night::silent(columns, rows);
        go_there(&mut desk);
        assert_snapshot!(format!("cv_{name}_{columns}x{rows}"), desk.screen());
    }
}

/// A desk that was told a deployment of dc1-fabric, opened.
fn deployment(desk: &mut Desk, reports: Vec<Report>) {
    desk.press("2 z");
    desk.hear(reports);
    desk.press("enter j j");
}

#[test]
fn a_cloudvision_that_owes_an_answer_is_not_called_live() {
    let mut desk = night::desk(120, 40);
    let health = Health::Live { version: "2026.2.0".to_owned(), unanswered: Some(desk.now) };
    desk.hear([Report::Health { instance: PROD.to_owned(), health }]);
    desk.wait(TimeDelta::milliseconds(400));
    assert!(desk.row("noctui").contains("prod-emea checking"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("whether it is there, and no answer yet"), "{}", desk.screen());
}

#[test]
fn where_the_header_has_no_room_for_every_state_what_fails_still_says_why() {
    let at = |columns| {
        let settings = night::settings_of(night::instances(), MAILBOX, true);
        let mut desk = Desk::with(settings, Some(&DATABASE), columns, 24);
        night::tell_all(&mut desk);
        desk.source(SourceHealth::Watching);
        desk.hear([night::failing(PROD)]);
        desk.row("noctui")
    };
    let whole = at(110);
    assert!(whole.contains("mail ● ") && whole.contains("cv ✗ prod-emea offline"), "{whole}");
    let mixed = at(60);
    assert!(mixed.contains("mail●  cv ✗ prod-emea offline"), "{mixed}");
    let brief = at(40);
    assert!(brief.contains("mail● cv✗") && !brief.contains("offline"), "{brief}");
}

#[test]
fn what_is_not_up_to_date_says_when_it_is_tried_again() {
    for (columns, said) in [(200, "; tries again at 02:48:37"), (80, "; again 02:48:37"), (40, "2m; again 02:48:37")] {
        let mut desk = night::desk(columns, 24);
        desk.press("3 z").hear([night::failing(PROD)]);
        assert!(desk.row(" ~ ").contains(said), "{}", desk.screen());
    }
    // Beside other tiles there is less room than on a small screen.
    for columns in [110, 120, 140] {
        let settings = night::settings_of(night::instances(), MAILBOX, true);
        let mut desk = Desk::with(settings, Some(&DATABASE), columns, 40);
        night::tell_all(&mut desk);
        desk.hear([night::failing(PROD)]);
        let row = desk.row(" ~ ");
        assert!(row.contains("again 02:48:37") || row.contains("again at 02:48:37"), "{columns}: {}", desk.screen());
    }
}

#[test]
fn the_deploys() {
    at_all_sizes("deploys", |desk| {
        desk.press("2");
    });
    at_all_sizes("deploys_alone", |desk| {
        desk.hear([Report::Unfinished(night::unfinished())]);
        desk.hear(night::until_build("dc1-fabric", PROD, false));
        desk.press("2 z");
    });
}

#[test]
fn a_target_opened() {
    at_all_sizes("target", |desk| {
        desk.press("2 enter");
    });
    at_all_sizes("target_refused", |desk| {
        desk.press("2 j j j j enter");
    });
    at_all_sizes("unfinished", |desk| {
        desk.hear([Report::Unfinished(night::unfinished())]);
        desk.press("2 g enter");
    });
}

#[test]
fn a_deployment_as_it_goes() {
    at_all_sizes("deployment_asked", |desk| {
        desk.press("2 d");
    });
    at_all_sizes("deployment_building", |desk| {
        deployment(desk, night::until_build("dc1-fabric", PROD, false));
    });
    at_all_sizes("deployment_review", |desk| {
        deployment(desk, night::until_review("dc1-fabric", PROD));
    });
    at_all_sizes("deployment_done", |desk| {
        deployment(desk, night::until_done("dc1-fabric", PROD));
    });
    at_all_sizes("deployment_failed", |desk| {
        deployment(desk, night::until_failed("dc1-fabric", PROD));
    });
    at_all_sizes("deployment_diff", |desk| {
        deployment(desk, night::until_build("dc1-fabric", PROD, false));
        desk.press("enter /").type_text("bgp");
    });
}

#[test]
fn the_questions() {
    at_all_sizes("confirm_deploy", |desk| {
        desk.press("2 D").type_text("dc1");
    });
    at_all_sizes("confirm_start", |desk| {
        desk.press("3 / o n : b o r d e r enter S");
    });
    at_all_sizes("confirm_delete_after_submit", |desk| {
        deployment(desk, night::until_done("dc1-fabric", PROD));
        desk.press("x");
    });
}

#[test]
fn the_change_controls() {
    at_all_sizes("changes", |desk| {
        desk.press("3 z");
    });
    at_all_sizes("changes_filtered", |desk| {
        desk.press("3 z f /").type_text("by:ines on:leaf !snmp");
    });
}

#[test]
fn a_change_control_opened() {
    at_all_sizes("change_pending", |desk| {
        desk.press("3 j enter j j");
        diff(desk, "cc-1", 1);
    });
    at_all_sizes("change_running", |desk| {
        desk.press("3 enter j j");
    });
    at_all_sizes("change_failed", |desk| {
        desk.press("3 f f f f enter");
    });
    at_all_sizes("change_schedule", |desk| {
        desk.press("3 / s n m p enter p").type_text("in 2h");
    });
}

/// The difference on a device arrives.
fn diff(desk: &mut Desk, change: &str, device: usize) {
    let lines = Ok(std::sync::Arc::new(night::lines()));
    let change = crate::features::cloudvision::model::ChangeId::new(change);
    desk.hear([Report::ChangeDiff { change, device: night::serial(device), lines }]);
}

#[test]
fn workspaces_and_devices() {
    at_all_sizes("workspaces", |desk| {
        desk.press("2 w");
    });
    at_all_sizes("devices", |desk| {
        desk.press("2 v");
    });
}

#[test]
fn a_lab_without_anything() {
    at_all_sizes("lab", |desk| {
        desk.press("3 I");
    });
    at_all_sizes("lab_workspaces", |desk| {
        desk.hear([Report::Workspaces { instance: LAB.to_owned(), delta: night::all(vec![], desk.now) }]);
        desk.press("3 I w");
    });
}

#[test]
fn nothing_was_told_yet() {
    before_all_at_all_sizes("loading", |desk| {
        desk.press("3");
    });
    before_all_at_all_sizes("loading_deploys", |desk| {
        desk.press("2");
    });
}

#[test]
fn a_cloudvision_that_cannot_be_heard() {
    before_all_at_all_sizes("failed", |desk| {
        desk.hear([night::failing(PROD)]);
        desk.press("3");
    });
    at_all_sizes("stale", |desk| {
        desk.hear([night::failing(PROD)]);
        desk.press("3 z");
    });
    at_all_sizes("connections", |desk| {
        desk.hear([night::failing(PROD)]);
        desk.press("c");
    });
    at_all_sizes("worker_stopped", |desk| {
        desk.send(crate::app::Message::CloudVisionStopped(Trouble::new("CloudVision's worker has ended")));
        desk.press("2");
    });
}

#[test]
fn the_smallest_screens() {
    for (columns, rows) in [(40, 10), (60, 12), (1, 1)] {
        let mut desk = night::desk(columns, rows);
        desk.press("2");
        assert_snapshot!(format!("cv_small_deploys_{columns}x{rows}"), desk.screen());
        desk.hear(night::until_build("dc1-fabric", PROD, false)).press("enter j j");
        assert_snapshot!(format!("cv_small_deployment_{columns}x{rows}"), desk.screen());
        desk.press("3 enter");
        assert_snapshot!(format!("cv_small_change_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn every_screen_of_cloudvision_means_the_same_by_its_roles() {
    for (name, keys) in [
        ("deploys", "2"),
        ("changes", "3"),
        ("change", "3 enter j j"),
        ("workspaces", "2 w"),
        ("devices", "2 v"),
        ("question", "2 D"),
        ("filter", "3 / a"),
    ] {
        let mut desk = night::desk(80, 24);
        desk.press(keys);
        assert_snapshot!(format!("cv_roles_{name}"), desk.styled());
    }
    for (name, reports) in [
        ("building", night::until_build("dc1-fabric", PROD, false)),
        ("review", night::until_review("dc1-fabric", PROD)),
        ("failed", night::until_failed("dc1-fabric", PROD)),
    ] {
        let mut desk = night::desk(80, 24);
        deployment(&mut desk, reports);
        assert_snapshot!(format!("cv_roles_{name}"), desk.styled());
    }
    assert_snapshot!("cv_roles_lab", {
        let mut desk = night::desk(80, 24);
        desk.press("3 I");
        desk.styled()
    });
}

#[test]
fn ascii_alone_is_enough_for_cloudvision() {
    for keys in ["2", "2 enter", "3", "3 enter j", "2 w", "2 v", "2 D", "c", "3 p", "3 /"] {
        let settings = night::settings_of(night::instances(), "", false);
        let mut desk = Desk::with(settings, None, 80, 24);
        night::tell_all(&mut desk);
        desk.hear(night::until_build("dc2-fabric", PROD, false));
        desk.press(keys);
        let screen = desk.screen();
        let own: String = screen.chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(own.trim_matches('·').chars().filter(|c| *c != '·').collect::<String>(), "", "{keys}:\n{screen}");
    }
}

#[test]
fn beside_other_tiles_a_maintenance_shows_whether_it_is_acknowledged_its_impact_and_its_window() {
    for columns in [110, 120, 131, 140, 159, 160] {
        let settings = night::settings_of(night::instances(), MAILBOX, true);
        let mut desk = Desk::with(settings, Some(&DATABASE), columns, 40);
        assert!(desk.shows("─ 2 Deploys"), "{}", desk.screen());
        let figures = desk.row("─ 1 Maintenances");
        assert!(figures.contains(" to read") || (columns < 120 && figures.contains(" · … ─")), "{}", desk.screen());
        let row = |desk: &Desk, id: &str| desk.row(id).chars().take(usize::from(columns / 2)).collect::<String>();
        assert!(!desk.row(" zayo ").contains('✓'));
        desk.press("a");
        assert!(desk.row(" zayo ").contains('✓'), "{}", desk.screen());
        assert!(desk.row(" 1/2 ").contains(" lumen "), "{}", desk.screen());
        // The deploys beside it keep what they need.
        let impact = if columns < 128 { "  O " } else { "outage" };
        assert!(row(&desk, "28552081").contains(impact), "{}", desk.screen());
    }
    // On tabs as narrow as these tiles, too.
    for columns in [46, 50, 59, 69] {
        let desk = Desk::live(columns, 20);
        assert!(desk.row("28552081").contains(" O "), "{}", desk.screen());
    }
}
