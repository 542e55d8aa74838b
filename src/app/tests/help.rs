//! What the help says of keys: each does in the place what its row says.

use super::desk::{Desk, MAILBOX, settings};
use super::{console, lab};
use crate::app::commands::COMMANDS;
use crate::colour::ColourDepth;
use crate::key::Key;

/// The rows of the help that is opened: the name of each command with the keys that stand before it.
fn named(desk: &Desk) -> Vec<(&'static str, Vec<String>)> {
    let screen = desk.screen();
    let row = |line: &str| {
        let name = line.trim_end_matches([' ', '│']).split_whitespace().next_back()?;
        let spec = COMMANDS.iter().find(|spec| spec.name == name)?;
        let keys = line.split_once('│')?.1.split_once(spec.help)?.0;
        Some((spec.name, keys.split_whitespace().map(str::to_owned).collect()))
    };
    screen.lines().filter_map(row).collect()
}

/// The keys that the help of this place names for a command.
fn keys_of(desk: &Desk, name: &str) -> Vec<String> {
    named(desk).into_iter().find(|(known, _)| *known == name).expect("a row of its own").1
}

#[test]
fn a_key_that_does_something_else_in_the_place_is_not_named() {
    let mut desk = console::desk(200, 60);
    desk.press("?");
    assert_eq!(keys_of(&desk, "next-pane"), ["tab"]);
    desk.press("esc");
    console::opened(&mut desk, "spine1", "spine1 login:");
    desk.press("ctrl-]").press("?").type_text("pane");
    // There it goes to the next console.
    assert_eq!(keys_of(&desk, "next-pane"), [""; 0]);
    // The row runs all the same.
    assert!(keys_of(&desk, "zoom") == ["z"] && desk.shows("Focus on the next pane"), "{}", desk.screen());
    desk.press("esc").press("?").type_text("tab");
    assert!(!desk.shows("next-pane") && desk.shows("console-next"), "nor found by it: {}", desk.screen());
    desk.press("esc").press(":").type_text("next-pane");
    assert!(!desk.row("next-pane ").contains(" tab "), "{}", desk.screen());
}

#[test]
fn every_key_that_the_help_names_does_what_its_row_says() {
    let mut rows = 0;
    let mut look = |mut desk: Desk| {
        let scopes = desk.model.scopes();
        desk.press("?");
        for (name, keys) in named(&desk) {
            let command = COMMANDS.iter().find(|spec| spec.name == name).map(|spec| spec.command);
            for key in keys {
                let found = desk.model.settings.keymap.find(&scopes, key.parse::<Key>().unwrap());
                assert_eq!(found, command, "{key} of {name} in {scopes:?}");
                rows += 1;
            }
        }
    };
    for place in ["j", "enter", "m", "m enter", "S", "O"] {
        let mut desk = Desk::live(200, 60);
        desk.press(place);
        look(desk);
    }
    for place in ["j", "i", "X"] {
        let mut desk = lab::desk(200, 60);
        desk.press(place);
        look(desk);
    }
    for place in ["j", "i"] {
        let mut desk = console::desk(200, 60);
        desk.press(place);
        look(desk);
    }
    // A key that somebody gave to something else is not named either.
    let text = format!("{MAILBOX}[keys]\nacknowledge = 'q'\n");
    look(Desk::with(settings(&text, ColourDepth::Sixteen, true), None, 200, 60));
    assert!(rows > 200, "{rows}");
}
