//! Which commands the palette offers first.

use chrono::TimeDelta;

use super::desk::Desk;
use crate::app::commands::COMMANDS;
use crate::app::overlay::Palette;
use crate::command::Scope;
use crate::ui::field::Field;

#[test]
fn a_command_that_is_named_in_full_comes_first_and_then_those_of_this_place() {
    let offers = |typed: &str, scope: Scope| {
        let mut palette = Palette::new(vec!["dark".to_owned()], vec![scope, Scope::Dashboard, Scope::Global]);
        palette.text = Field::line(typed);
        palette.matches().into_iter().map(|offer| offer.name).collect::<Vec<_>>()
    };
    let places = [Scope::Maintenances, Scope::Deploys, Scope::Changes];
    for spec in COMMANDS.iter() {
        for place in spec.scopes.iter().copied().chain([Scope::Global]) {
            let first = offers(spec.name, place).swap_remove(0);
            assert_eq!(first, spec.name, "in {place:?}");
        }
    }
    assert_eq!(places.map(|place| offers("deploy", place)[0].clone()), ["deploy"; 3]);
    for (typed, here) in [("copy", "cv-copy"), ("open", "cv-open"), ("filter", "cv-filter")] {
        assert_eq!(places.map(|place| offers(typed, place)[0].clone()), [typed, here, here]);
        assert_eq!(offers(typed, Scope::Deploys)[1], typed);
    }
    assert_eq!(places.map(|place| offers("refres", place)[0].clone()), ["cv-refresh"; 3]);
    assert_eq!(places.map(|place| offers("", place)[0].clone())[1], offers("deploy", Scope::Deploys)[0]);
}

#[test]
fn enter_runs_nothing_that_nobody_chose() {
    for opened in ["?", ":"] {
        let mut desk = Desk::live(80, 24);
        desk.press("a").wait(TimeDelta::seconds(60));
        let before = desk.screen();
        desk.press(opened).press("enter").press("esc");
        assert_eq!(desk.screen(), before, "{opened}");
        desk.press(opened).press("x backspace enter").press("esc");
        assert_eq!(desk.screen(), before, "{opened} with a text that was taken back");
        desk.press(opened).press("down up enter");
        assert_ne!(desk.screen(), before, "{opened}: a row that was gone to is chosen");
    }
}
