//! Which commands the palette offers first, and that each of them does something.

use chrono::TimeDelta;

use super::desk::Desk;
use crate::app::commands::COMMANDS;
use crate::app::palette::Palette;
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

#[test]
fn words_behind_a_command_are_for_it() {
    let mut desk = Desk::live(100, 30);
    desk.press(":").type_text("sort provider").press("enter");
    assert!(desk.shows("sorted by provider") && desk.shows("by provider"), "{}", desk.screen());
    desk.press(":").type_text("sort time").press("enter");
    assert!(desk.shows("sorted by time"), "{}", desk.screen());
    desk.press(":").type_text("sort nope").press("enter");
    assert!(desk.shows("there is no order \"nope\"; the orders are time, change, provider"), "{}", desk.screen());
    desk.press("esc :").type_text("filter lumen").press("enter");
    assert!(desk.shows("/lumen") && desk.shows("28552081") && !desk.shows("TTN-0007195301"), "{}", desk.screen());
    desk.press(":").type_text("filter ttn").press("enter");
    assert!(
        desk.shows("/ttn") && desk.shows("TTN-0007195301"),
        "the words take the place of others: {}",
        desk.screen()
    );
    desk.press("esc :").type_text("note hello there").press("enter");
    assert!(desk.model.is_typing() && desk.shows("hello there"), "{}", desk.screen());
    desk.press("enter");
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE text = 'hello there'"), 1);
}

#[test]
fn a_word_that_a_command_does_not_take_is_told_with_those_that_it_takes_on_the_smallest_screen_too() {
    let mut desk = Desk::live(40, 10);
    for (typed, what, known) in [
        ("theme nope", "there is no theme \"nope\"; the themes are", ["16-colour", "high-contrast"]),
        ("sort nonsense", "there is no order \"nonsense\"; the orders are", ["time", "provider"]),
    ] {
        desk.press(":").type_text(typed).press("enter");
        let said: Vec<String> = desk.screen().replace('│', " ").split_whitespace().map(str::to_owned).collect();
        let said = said.join(" ");
        assert!(said.contains(what) && known.iter().all(|name| said.contains(name)), "{}", desk.screen());
        desk.press("esc");
    }
}

#[test]
fn a_command_with_words_is_found_loosely() {
    let mut desk = Desk::live(100, 30);
    desk.press(":").type_text("thme lgt").press("enter");
    assert_eq!(desk.model.settings.theme.name, "light", "{}", desk.screen());
    desk.press(":").type_text("srt prov").press("enter");
    assert!(desk.shows("sorted by provider"), "{}", desk.screen());
    for nothing in ["thme nope", "no such command"] {
        desk.press(":").type_text(nothing).press("enter");
        assert!(desk.shows("no command matches"), "{}", desk.screen());
        desk.press("esc");
    }
}

#[test]
fn words_behind_a_command_that_takes_none_run_nothing() {
    let mut desk = Desk::live(100, 30);
    let before = desk.screen();
    for (typed, said) in [("zoom in", "zoom takes nothing behind its name"), ("ntoe hello there", "no command matches")]
    {
        desk.press(":").type_text(typed).press("enter");
        assert!(desk.shows(said), "{typed}: {}", desk.screen());
        desk.press("esc");
        assert_eq!(desk.screen(), before, "{typed}");
    }
    desk.press(":").type_text("mark all");
    assert!(desk.row("mark-all").contains("Mark all"), "a name goes on with a blank for its dash: {}", desk.screen());
    desk.press("esc :").type_text("half page");
    assert!(desk.shows("half-page-down"), "{}", desk.screen());
}

#[test]
fn the_palette_finds_loosely_and_runs() {
    let mut desk = Desk::live(80, 24);
    desk.press(":").type_text("conn").press("enter");
    assert!(desk.shows("─ Connections ─"));
    desk.press("esc :").type_text("no such command").press("enter");
    assert!(desk.shows("no command matches"));
    desk.press("esc");
    assert!(!desk.shows("─ Command ─"));
}

/// Whether the command that is run from the palette changes no cell and asks nobody.
fn does_nothing(desk: &mut Desk, name: &str) -> bool {
    let before = desk.styled();
    desk.press(":").type_text(name);
    desk.answers = false;
    desk.press("enter");
    desk.styled() == before && desk.wanted.is_empty() && desk.unanswered == 0
}

#[test]
fn every_command_can_be_run_from_the_palette_and_changes_or_says_something() {
    let mut list = Desk::live(120, 40);
    // Something for each of them to act on.
    list.press("j a");
    list.model.toasts = crate::app::toast::Toasts::default();
    for spec in COMMANDS.iter() {
        let mut desk = list.fork();
        let place = match spec.scopes.first() {
            Some(Scope::Maintenance) => "enter",
            Some(Scope::Notification) => "m enter",
            Some(Scope::Notifications) => "m",
            Some(Scope::Sources) => "S",
            Some(Scope::Outbox) => "O",
            _ => "j",
        };
        desk.press(place);
        let nothing = does_nothing(&mut desk, spec.name);
        // There already, at the first row, or nothing above it.
        let may_rest = ["maintenances", "back", "up", "half-page-up", "page-up", "top", "previous"];
        assert!(!nothing || may_rest.contains(&spec.name), "{} does nothing", spec.name);
    }
}

#[test]
fn what_a_pane_cannot_do_where_nothing_is_opened_it_says() {
    let names = |prefix: &str| {
        COMMANDS.iter().map(|spec| spec.name).filter(|name| name.starts_with(prefix)).collect::<Vec<_>>()
    };
    // In the first row already; and all of a small screen is seen.
    let may_rest = ["lab-previous", "console-previous", "cv-previous", "console-left", "console-right"];
    let panes = [
        (super::cloudvision::night::desk(120, 40), "3", "cv-"),
        (super::lab::desk(120, 40), "4", "lab-"),
        (super::console::desk(120, 40), "5", "console-"),
    ];
    let mut silent = Vec::new();
    for (mut pane, number, prefix) in panes {
        pane.press(number);
        for name in names(prefix) {
            if does_nothing(&mut pane.fork(), name) && !may_rest.contains(&name) {
                silent.push(name);
            }
        }
    }
    assert_eq!(silent, [""; 0]);
}
