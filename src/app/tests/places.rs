//! What can be done where: no key that does nothing, and none that acts on what nobody sees.

use chrono::TimeDelta;

use super::desk::Desk;
use crate::app::{Effect, Message};
use crate::input::Input;

#[test]
fn every_key_of_the_footer_changes_what_is_there_at_any_size() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        for place in ["j", "enter", "m", "m enter", "2"] {
            let mut there = Desk::live(columns, rows);
            there.press("j a u").press(place).wait(TimeDelta::seconds(40));
            there.answers = false;
            let before = there.styled();
            for hint in crate::app::view::hints(&there.model) {
                let mut desk = there.fork();
                desk.press(&hint.key);
                let something = desk.styled() != before || !desk.wanted.is_empty() || desk.unanswered > 0;
                assert!(something, "{columns}x{rows}, {place}: {hint:?}");
            }
        }
    }
}

#[test]
fn zoomed_the_pane_has_the_row_of_the_tabs_too() {
    let mut desk = Desk::live(40, 10);
    let rows = |desk: &Desk| desk.screen().lines().filter(|line| line.contains('▎')).count();
    let tabs = |desk: &Desk| desk.shows("[1 Maint");
    let before = rows(&desk);
    assert!(tabs(&desk), "{}", desk.screen());
    desk.press("z");
    assert!(!tabs(&desk) && rows(&desk) == before + 1, "{}", desk.screen());
    desk.press("2");
    assert!(desk.shows("─ 2 Deploys") && !desk.shows("[2 Deploys]"), "{}", desk.screen());
    desk.press("esc");
    assert!(desk.shows("[2 Dep] 3 Chg "), "esc leaves the zoom: {}", desk.screen());
    let mut desk = Desk::live(120, 40);
    desk.press("enter");
    assert!(!desk.shows("z zoom"), "{}", desk.screen());
    desk.press("z esc");
    assert!(desk.shows("─ 2 Deploys"), "nothing was zoomed unseen: {}", desk.screen());
}

#[test]
fn a_command_for_a_row_that_is_not_on_the_screen_does_nothing_and_says_where_it_belongs() {
    for (name, keys) in [("acknowledge", "4"), ("mark-all", "4"), ("note", "4"), ("mark", "enter"), ("open-mail", "j")]
    {
        let mut desk = Desk::live(80, 24);
        desk.press(keys).press(":").type_text(name);
        desk.answers = false;
        desk.press("enter");
        assert_eq!(desk.unanswered, 0, "{name}");
        let said = if keys == "4" { "is for the maintenances: 1 goes there" } else { "is for " };
        assert!(desk.row(name).contains(said), "{}", desk.screen());
        assert!(keys != "4" || desk.shows("─ 4 Lab"), "the focus stays: {}", desk.screen());
    }
    let mut desk = Desk::live(80, 24);
    desk.press("4 :").type_text("filter").press("enter").type_text("lumen");
    assert!(desk.shows("/lumen"), "what acts on no row goes where it is seen: {}", desk.screen());
}

#[test]
fn nothing_is_done_where_the_terminal_is_too_small_to_show_it() {
    for place in ["j", "enter", "m", "/", "n", "?", ":"] {
        let mut desk = Desk::live(80, 24);
        desk.press(place);
        let (before, writes) = (desk.screen(), desk.unanswered);
        desk.resize(39, 9);
        desk.answers = false;
        desk.press("a A d x u n down enter esc space * y z 2");
        desk.send(Message::Input(Input::Paste("pasted".to_owned())));
        assert_eq!((desk.unanswered, desk.wanted.as_slice()), (writes, [].as_slice()), "{place}");
        desk.resize(80, 24);
        assert_eq!(desk.screen(), before, "{place}");
    }
    let mut desk = Desk::live(39, 9);
    desk.press("ctrl-z q");
    assert_eq!(desk.wanted, [Effect::Suspend, Effect::Quit]);
    let mut desk = Desk::live(80, 24);
    desk.press("n").resize(39, 9).press("q");
    assert_eq!(desk.wanted, [], "a letter of a note leaves nothing");
    desk.press("ctrl-c");
    assert_eq!(desk.wanted, [Effect::Quit]);
}
