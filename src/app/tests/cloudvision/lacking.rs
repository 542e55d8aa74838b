//! Targets whose devices do not have yet what the mainline holds for them.

use chrono::TimeDelta;

use super::night;
use crate::app::tests::desk::tonight;
use crate::features::cloudvision::model::{ChangeId, ChangeState};
use crate::features::cloudvision::store::journal::Ending;
use crate::features::cloudvision::worker::Report;

#[test]
fn a_target_whose_change_control_was_stopped_or_has_failed_says_that_d_makes_it_again() {
    for (state, word, words) in [
        (ChangeState::Stopped, "stopped", "was stopped: d makes it again"),
        (ChangeState::Failed, "failed", "has failed: d makes it again"),
    ] {
        let mut desk = night::desk(200, 60);
        let mut targets = night::targets();
        targets[0].brought = Some(ChangeId::new("cc-77"));
        let of = |id: &str, state, minutes, devices: &[usize]| {
            let change = night::change(id, "planned work", state, TimeDelta::minutes(minutes), devices);
            night::upserted(change, tonight())
        };
        desk.press("2 z").hear([Report::Targets(targets.clone()), of("cc-77", ChangeState::Pending, 9, &[0, 1])]);
        assert!(desk.row("dc1-fabric").contains("done"), "{}", desk.screen());
        desk.hear([of("cc-77", state, 9, &[0, 1])]);
        let row = desk.row("dc1-fabric");
        assert!(row.contains(word) && row.contains('▲') && row.contains(words), "{row}");
        desk.press("D");
        assert!(desk.shows(words.split(':').next().unwrap()) && desk.shows("Deploy and start"), "{}", desk.screen());
        desk.press("esc enter");
        assert!(desk.shows(words), "{}", desk.screen());
        // A newer one has brought something to its devices since.
        desk.press("esc").hear([of("cc-78", ChangeState::Completed, 3, &[0, 1])]);
        assert!(desk.row("dc1-fabric").contains("done"), "{}", desk.screen());
    }
}

#[test]
fn a_target_whose_devices_have_still_to_get_what_is_in_force_is_not_called_unchanged_alone() {
    let mut desk = night::desk(200, 60);
    let mut targets = night::targets();
    targets[0].brought = Some(ChangeId::new("cc-77"));
    let last = targets[0].last.as_mut().unwrap();
    last.ending = Ending::NothingToDo;
    last.result = "planned work is to bring it to leaf1, and is not approved".to_owned();
    let change =
        |state| night::upserted(night::change("cc-77", "planned work", state, TimeDelta::minutes(9), &[0]), tonight());
    desk.press("2 z").hear([Report::Targets(targets), change(ChangeState::Pending)]);
    let row = desk.row("dc1-fabric");
    assert!(row.contains("▲ lacking") && row.contains("is to bring it to leaf1") && !row.contains('✓'), "{row}");
    desk.hear([change(ChangeState::Completed)]);
    let row = desk.row("dc1-fabric");
    assert!(row.contains("no change") && !row.contains("lacking"), "{row}");
}
