//! Keys that are pressed while a line is being opened.

use chrono::TimeDelta;

use super::console::{desk, go_to, opened, requests, tell, typed};
use super::desk::Desk;
use crate::app::{Effect, Message};
use crate::features::console::worker::{Report, Request};
use crate::input::Input;
use crate::trouble::Trouble;

/// Begins to open the serial line of a machine.
fn opening(desk: &mut Desk, machine: &str) -> u64 {
    go_to(desk, machine);
    desk.press("enter");
    let asked = requests(desk);
    let Some(Request::Open { id, .. }) = asked.last() else { panic!("{asked:?}") };
    *id
}

fn is_open(desk: &mut Desk, id: u64) {
    tell(desk, Report::Opened { id, log: "".into() });
}

#[test]
fn keys_before_a_line_is_open_are_sent_in_their_order_and_seen_by_nobody() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("s3cr3t").press("enter").press("up");
    assert!(desk.shows("what was typed waits until it is open") && !desk.shows("s3cr3t"), "{}", desk.screen());
    assert!(!format!("{:?}", desk.model).contains("115, 51, 99"), "as bytes");
    assert_eq!(requests(&mut desk), []);
    is_open(&mut desk, id);
    desk.type_text("x");
    assert_eq!(typed(&mut desk), "s3cr3t\r\x1b[Ax");
    // Once.
    tell(&mut desk, Report::Ended { id, trouble: None });
    desk.wait(TimeDelta::seconds(1)).press("r");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "");
}

#[test]
fn leaving_the_keyboard_keeps_what_was_typed_and_leaving_the_line_does_not_send_it() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("halt").press("enter").press("ctrl-]");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "halt\r");
    let id = opening(&mut desk, "build01");
    desk.type_text("halt").press("enter").press("ctrl-]").press("esc");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "");
    let said = "build01 is open; what was typed at it before was not sent: nobody looks at it any more";
    assert!(desk.shows(said), "{}", desk.screen());
}

#[test]
fn keys_are_dropped_with_a_word_where_a_line_does_not_open_or_is_closed() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("halt");
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the proxy refuses")) });
    assert!(desk.shows("what was typed while it was being opened was not sent"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("r");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "", "that was meant for another line");
    desk.press("ctrl-]");
    opening(&mut desk, "build01");
    desk.type_text("halt").press("ctrl-]").press("x");
    let said = "closed build01; what was typed while it was being opened was not sent";
    assert!(desk.shows(said), "{}", desk.screen());
}

/// A line drops while somebody types at it.
fn dropped(desk: &mut Desk) -> u64 {
    let id = opened(desk, "spine1", "spine1#");
    requests(desk);
    tell(desk, Report::Ended { id, trouble: Some(Trouble::new("the line to spine1 was dropped")) });
    id
}

#[test]
fn a_word_that_is_typed_on_behind_a_drop_runs_no_command() {
    let mut desk = desk(100, 30);
    let id = dropped(&mut desk);
    // Among them are keys that would take the line back, close it, go elsewhere, leave what is open and leave noctui.
    for key in ["r", "o", "u", "t", "e", "x", "c", "1", "esc", "tab", "ctrl-c", "S", "enter", "r"] {
        desk.wait(TimeDelta::milliseconds(400)).press(key);
        assert!(desk.shows("it has dropped: what is typed goes nowhere until"), "{key}: {}", desk.screen());
        assert!(desk.shows("✗ dropped") && desk.shows("spine1#"), "{key}: {}", desk.screen());
    }
    assert_eq!(requests(&mut desk), []);
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Quit)));
    // A pause is the end of what was being typed, and what is typed from then on is for the line that is being opened.
    desk.wait(TimeDelta::seconds(1)).press("r").type_text("halt");
    assert!(desk.shows("◐ opening") && desk.shows("keys wait"), "{}", desk.screen());
    let asked = requests(&mut desk);
    assert!(matches!(asked.as_slice(), [Request::Open { id: again, .. }] if *again == id), "{asked:?}");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "halt");
    assert!(!desk.shows("keys wait"), "{}", desk.screen());
}

#[test]
fn the_key_that_leaves_shows_that_a_drop_was_seen() {
    let mut desk = desk(100, 30);
    dropped(&mut desk);
    desk.press("o").press("ctrl-]").press("r");
    let asked = requests(&mut desk);
    assert!(matches!(asked.as_slice(), [Request::Open { .. }]), "{asked:?}");
    // Nobody typed at a line that drops while noctui has the keyboard.
    desk.press("ctrl-]");
    let Some(Request::Open { id, .. }) = asked.last() else { panic!("{asked:?}") };
    tell(&mut desk, Report::Ended { id: *id, trouble: None });
    desk.press("r");
    assert_eq!(requests(&mut desk).len(), 1);
    desk.press("ctrl-]").press("r");
    assert!(desk.shows("it is being opened already") && !desk.shows("r reattach"), "{}", desk.screen());
}

#[test]
fn a_line_that_is_chosen_in_the_list_again_is_typed_at_as_at_first() {
    let mut desk = desk(100, 30);
    let id = dropped(&mut desk);
    desk.wait(TimeDelta::seconds(1)).press("esc");
    assert_eq!(opening(&mut desk, "spine1"), id);
    desk.type_text("halt");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "halt");
}

#[test]
fn what_is_typed_behind_a_paste_that_was_refused_does_not_close_the_gap() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("typed1");
    desk.send(Message::Input(Input::Paste("pasted".to_owned())));
    assert!(desk.shows("nothing was pasted: spine1 was not open then"), "{}", desk.screen());
    desk.type_text("after");
    assert!(desk.shows("what was typed last is lost"), "{}", desk.screen());
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "typed1");
    desk.type_text("x");
    assert_eq!(typed(&mut desk), "x");
}

#[test]
fn of_too_much_the_beginning_is_kept_and_that_is_told() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    for _ in 0..4095 {
        desk.press("a");
    }
    // An arrow has three bytes, and does not fit; nothing is sent that comes behind it.
    desk.press("up");
    assert!(desk.shows("keeps no more: what was typed last is lost"), "{}", desk.screen());
    desk.press("b");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "a".repeat(4095));
}

#[test]
fn nothing_is_pressed_at_a_screen_that_is_not_open() {
    let mut desk = desk(100, 30);
    go_to(&mut desk, "build01");
    desk.press("v").press("a");
    assert!(desk.shows("build01 screen is not open yet: nothing is pressed there"), "{}", desk.screen());
}

#[test]
fn a_line_that_says_it_is_open_is_opened_anew_when_that_is_wanted_twice() {
    let mut desk = desk(80, 24);
    let id = opened(&mut desk, "spine1", "spine1#");
    requests(&mut desk);
    desk.press("ctrl-]").press("r");
    assert!(desk.shows("it answered just now, and is not opened anew; x closes it"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(6)).press("r");
    assert!(desk.shows("r once more opens it anew: it says that it is open"), "{}", desk.screen());
    // Nobody has read that who holds the key down.
    for _ in 0..30 {
        desk.wait(TimeDelta::milliseconds(30)).press("r");
    }
    assert_eq!(requests(&mut desk), []);
    // It speaks: whoever wanted it anew may think again.
    tell(&mut desk, Report::Said { id, bytes: "up 3 days".into() });
    desk.wait(TimeDelta::seconds(2)).press("r");
    assert!(desk.shows("it answered 2 s ago"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(6)).press("r");
    assert_eq!(requests(&mut desk), []);
    desk.wait(TimeDelta::milliseconds(400)).press("r");
    let asked = requests(&mut desk);
    let [Request::Close { id: closed }, Request::Open { id: again, with_log: false, .. }] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!((*closed, *again), (id, id));
    // Pressed again and again it is not typed at the machine.
    for _ in 0..3 {
        desk.wait(TimeDelta::milliseconds(400)).press("r");
        assert!(desk.shows("what is typed goes nowhere until a pause"), "{}", desk.screen());
    }
    is_open(&mut desk, id);
    assert!(desk.shows("up 3 days") && desk.shows("opening it again"), "{}", desk.screen());
    desk.wait(TimeDelta::milliseconds(400)).type_text("ro");
    assert_eq!(typed(&mut desk), "");
    desk.wait(TimeDelta::seconds(1)).type_text("root");
    assert_eq!(typed(&mut desk), "root");
}

#[test]
fn what_was_typed_early_is_told_where_the_line_is_refused_once_it_was_open() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("halt");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "halt");
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the proxy refuses: invalid token")) });
    assert!(desk.shows("what was typed while it was being opened was not sent"), "{}", desk.screen());
    // Not of a line that has been heard since.
    desk.wait(TimeDelta::seconds(1));
    let id = opening(&mut desk, "build01");
    desk.type_text("halt");
    is_open(&mut desk, id);
    tell(&mut desk, Report::Said { id, bytes: "halting".into() });
    tell(&mut desk, Report::Ended { id, trouble: None });
    assert!(!desk.shows("was not sent"), "{}", desk.screen());
}

#[test]
fn that_no_more_is_kept_is_no_news_of_a_line_that_is_open() {
    let mut desk = desk(100, 30);
    let id = opening(&mut desk, "spine1");
    desk.type_text("typed1");
    desk.send(Message::Input(Input::Paste("pasted".to_owned())));
    desk.type_text("after");
    assert!(desk.shows("keeps no more"), "{}", desk.screen());
    is_open(&mut desk, id);
    assert!(!desk.shows("keeps no more") && desk.shows("the rest was lost"), "{}", desk.screen());
    assert_eq!(typed(&mut desk), "typed1");
}

#[test]
fn the_word_behind_a_drop_fits_narrow_terminals() {
    let mut desk = desk(80, 24);
    dropped(&mut desk);
    desk.press("o");
    assert!(desk.shows("it has dropped: what is typed goes nowhere until a pause, or ^]"), "{}", desk.screen());
}
