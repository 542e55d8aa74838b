//! Themes: those that come along, and those of the user.

use std::fs;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::{Settings, problems};
use crate::colour::ColourDepth;
use crate::config::{self, Environment, Flags, Inspection};

/// The text of a sound theme.
const LIGHT: &str = include_str!("../../../assets/themes/light.toml");

/// A configuration with these theme files.
fn inspected(text: &str, themes: &[(&str, &str)]) -> Inspection {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("themes")).unwrap();
    for (name, text) in themes {
        fs::write(dir.path().join("themes").join(name), text).unwrap();
    }
    let file = dir.path().join("config.toml");
    fs::write(&file, text).unwrap();
    let flags = Flags { config: Some(file), ..Flags::default() };
    config::inspect(&flags, &Environment::of([("HOME", "/home/ines")]))
}

/// The names of the themes to switch between.
fn names(settings: &Settings) -> Vec<&str> {
    settings.themes.iter().map(|theme| theme.name.as_str()).collect()
}

#[test]
fn a_theme_is_asked_for_by_its_name() {
    let mut desk = Desk::live(80, 24);
    desk.press(":").type_text("theme high");
    assert!(desk.row("theme high-contrast").contains("Switch to this theme"), "{}", desk.screen());
    desk.press("enter");
    assert_eq!(desk.model.settings.theme.name, "high-contrast");
    desk.press(":").type_text("theme").press("enter");
    assert_eq!(desk.model.settings.theme.name, "16-colour", "the name alone is the next one");
}

#[test]
fn a_theme_that_is_not_there_is_answered_with_those_that_are() {
    for columns in [40, 80] {
        let mut desk = Desk::live(columns, 24);
        desk.press(":").type_text("theme nope").press("enter");
        assert!(desk.shows("there is no theme \"nope\""), "{}", desk.screen());
        for name in ["16-colour", "dark", "light", "high-contrast"] {
            assert!(desk.shows(name), "{name}: {}", desk.screen());
        }
        desk.press("esc :").type_text("zzzz");
        assert!(desk.shows("no command matches"), "{}", desk.screen());
    }
}

#[test]
fn what_commands_do_stands_in_one_column_however_long_a_name_is() {
    let mut desk = Desk::live(80, 24);
    desk.press(":").type_text("theme");
    let column = |name: &str| desk.row(&format!("{name} ")).find("Switch").unwrap();
    assert_eq!(column("theme dark"), column("theme high-contrast"));
}

#[test]
fn a_file_adds_a_theme_or_takes_the_place_of_one() {
    let files = [("night.toml", LIGHT), ("dark.toml", LIGHT), ("notes.txt", ""), (".night.toml.swp", "")];
    let inspection = inspected("theme = 'night'", &files);
    assert_eq!(inspection.problems, []);
    let (settings, problems) = Settings::new(&inspection.config, ColourDepth::TrueColour, true);
    assert_eq!(problems, []);
    assert_eq!(settings.theme.name, "night");
    assert_eq!(names(&settings), ["16-colour", "dark", "light", "high-contrast", "night"]);
    let style = |name: &str| {
        let theme = settings.themes.iter().find(|theme| theme.name == name).unwrap();
        theme.style(crate::ui::theme::Role::Text)
    };
    assert_eq!(style("dark"), style("light"));
}

#[test]
fn without_colours_there_is_no_theme_to_choose() {
    let inspection = inspected("theme = 'night'", &[("night.toml", LIGHT)]);
    let (settings, _) = Settings::new(&inspection.config, ColourDepth::Mono, true);
    assert_eq!(names(&settings), ["mono"]);
}

#[test]
fn a_broken_theme_is_told_with_its_place_and_refused_only_where_it_is_wanted() {
    let broken = LIGHT.replace("key = {", "kye = {");
    let of = |text| inspected(text, &[("night.toml", &broken)]).config;
    let told: Vec<String> = problems(&of("")).iter().map(|problem| problem.trouble().one_line()).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("themes/night.toml: the role `key` is missing"), "{told:#?}");
    assert!(told[1].contains("themes/night.toml:17:1: there is no role `kye`"), "{told:#?}");
    assert!(told[1].contains("write `key`, or remove it"), "{told:#?}");
    assert_eq!(Settings::new(&of(""), ColourDepth::TrueColour, true).1, []);
    assert_eq!(Settings::new(&of("theme = 'night'"), ColourDepth::TrueColour, true).1.len(), 2);
}

#[test]
fn a_theme_that_is_not_there_is_told_with_those_that_are() {
    let problem = inspected("theme = 'nihgt'", &[("night.toml", LIGHT)]).problems.remove(0);
    assert_eq!(problem.what, "there is no theme \"nihgt\"");
    assert!(problem.because.ends_with("\"high-contrast\" and \"night\""), "{}", problem.because);
    assert_eq!(problem.remedy, "write \"night\"");
}

#[test]
fn a_theme_paints_its_own_ground_over_the_whole_screen() {
    let mut desk = Desk::with(settings(MAILBOX, ColourDepth::TrueColour, true), Some(&DATABASE), 100, 30);
    desk.press(":").type_text("theme light").press("enter");
    for (keys, columns, rows) in
        [("j", 100, 30), ("n", 100, 30), ("esc enter", 100, 30), ("?", 100, 30), ("esc", 30, 5)]
    {
        desk.press(keys).resize(columns, rows);
        let cells = desk.buffer().content;
        // A cell behind a wide character has no look of its own.
        let is_bare = |pair: &&[ratatui::buffer::Cell]| {
            pair[1].bg == ratatui::style::Color::Reset && crate::ui::line::width(pair[0].symbol()) < 2
        };
        assert_eq!(cells.windows(2).filter(is_bare).count(), 0, "after {keys}");
    }
}
