//! Panes, clicks and the wheel.

use super::desk::Desk;
use super::keys::selected;
use crate::app::{Message, Pane};
use crate::input::{Button, Input, Mouse, MouseAction};

/// Something done with the mouse.
fn mouse(desk: &mut Desk, action: MouseAction, column: u16, row: u16) {
    desk.send(Message::Input(Input::Mouse(Mouse { action, column, row, ctrl: false })));
}

/// The line of the screen that has a text in it, from the top.
fn line_of(desk: &Desk, text: &str) -> u16 {
    let line = desk.screen().lines().position(|line| line.contains(text));
    u16::try_from(line.unwrap_or_else(|| panic!("{text} is not on the screen:\n{}", desk.screen()))).unwrap()
}

#[test]
fn panes_are_reached_by_number_tab_and_click_and_zoomed() {
    let mut desk = Desk::live(120, 40);
    desk.press("4");
    assert_eq!(desk.model.focus, Pane::Lab);
    desk.press("tab");
    assert_eq!(desk.model.focus, Pane::Consoles);
    desk.press("tab shift-tab shift-tab");
    assert_eq!(desk.model.focus, Pane::Lab);
    desk.press("z");
    assert!(desk.shows("─ 4 Lab") && !desk.shows("1 Maintenances"));
    desk.press("esc");
    assert!(desk.shows("1 Maintenances"));
    let row = line_of(&desk, "2 Deploys");
    mouse(&mut desk, MouseAction::Press(Button::Left), 5, row);
    assert_eq!(desk.model.focus, Pane::Deploys);
    let mut narrow = Desk::live(80, 24);
    mouse(&mut narrow, MouseAction::Press(Button::Left), 14, 1);
    assert_eq!(narrow.model.focus, Pane::Deploys);
}

#[test]
fn a_click_selects_and_a_second_one_opens_and_the_wheel_scrolls() {
    let mut desk = Desk::live(80, 24);
    let row = line_of(&desk, "CRQ1-40468069");
    mouse(&mut desk, MouseAction::Press(Button::Left), 30, row);
    assert_eq!(selected(&mut desk), "CRQ1-40468069");
    mouse(&mut desk, MouseAction::Press(Button::Left), 30, row);
    assert!(desk.shows("─ colt CRQ1-40468069"), "{}", desk.screen());
    desk.press("esc");
    mouse(&mut desk, MouseAction::WheelDown, 30, row);
    assert!(!desk.shows("TTN-0007195301"), "{}", desk.screen());
    mouse(&mut desk, MouseAction::WheelUp, 30, row);
    assert!(desk.shows("TTN-0007195301"));
}

#[test]
fn a_click_on_a_row_of_help_or_palette_selects_it_and_a_second_one_runs_it() {
    for (columns, rows) in [(80, 24), (120, 40), (50, 24)] {
        let mut desk = Desk::live(columns, rows);
        for (open, typed, row) in [("?", "List the sources", "│ S "), (":", "sources", "│ sources ")] {
            desk.press(open).type_text(typed);
            let row = line_of(&desk, row);
            mouse(&mut desk, MouseAction::Press(Button::Left), columns / 2, row);
            if !desk.shows("─ sources") {
                mouse(&mut desk, MouseAction::Press(Button::Left), columns / 2, row);
            }
            assert!(desk.shows("─ sources"), "{open} at {columns}: {}", desk.screen());
            desk.press("esc");
        }
    }
    let mut desk = Desk::live(80, 24);
    desk.press("?");
    let row = line_of(&desk, "Open ");
    mouse(&mut desk, MouseAction::Press(Button::Left), 40, row);
    assert!(desk.shows("─ Help"), "the first click selects: {}", desk.screen());
    // Beside the rows nothing is selected and nothing runs.
    let before = desk.screen();
    for (column, row) in [(40, 0), (1, row), (40, 2), (40, 23)] {
        mouse(&mut desk, MouseAction::Press(Button::Left), column, row);
        assert_eq!(desk.screen(), before);
    }
    mouse(&mut desk, MouseAction::Press(Button::Left), 40, row);
    assert!(!desk.shows("─ Help"), "{}", desk.screen());
}

#[test]
fn a_click_on_the_footer_does_what_it_says() {
    let mut desk = Desk::live(80, 24);
    let column = desk.row("a acknowledge").find("? help").unwrap();
    mouse(&mut desk, MouseAction::Press(Button::Left), u16::try_from(column).unwrap(), 23);
    assert!(desk.shows("─ Help ─"));
}

#[test]
fn a_click_on_the_header_shows_the_connections() {
    let mut desk = Desk::live(80, 24);
    let column = desk.row("mail ●").chars().position(|c| c == '●').unwrap();
    mouse(&mut desk, MouseAction::Press(Button::Left), u16::try_from(column).unwrap(), 0);
    assert!(desk.shows("─ Connections ─"), "{}", desk.screen());
}

#[test]
fn a_paste_goes_where_the_keys_go() {
    let mut desk = Desk::live(200, 60);
    desk.press("n");
    let line = line_of(&desk, "─ 2 Deploys");
    mouse(&mut desk, MouseAction::Press(Button::Left), 20, line);
    desk.send(Message::Input(Input::Paste("drained".to_owned())));
    assert!(!desk.shows("drained") && desk.shows("nothing to paste into here"), "{}", desk.screen());
}
