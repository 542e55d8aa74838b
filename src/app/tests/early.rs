//! Keys that are pressed while a line is being opened.

use chrono::TimeDelta;

use super::console::{desk, go_to, opened, requests, tell, typed};
use super::desk::Desk;
use crate::features::console::worker::{Report, Request};
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
    desk.press("r");
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
    desk.press("r");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "", "that was meant for another line");
    desk.press("ctrl-]");
    opening(&mut desk, "build01");
    desk.type_text("halt").press("ctrl-]").press("x");
    let said = "closed build01; what was typed while it was being opened was not sent";
    assert!(desk.shows(said), "{}", desk.screen());
}

#[test]
fn what_is_typed_when_a_line_has_dropped_does_not_go_to_the_next_one() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "Password:");
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the line to spine1 was dropped")) });
    // Somebody types a password and sees the drop late: `r` opens the line again.
    desk.press("r").type_text("et").press("enter");
    assert!(desk.shows("nothing was typed: spine1 is being opened again, and not open yet"), "{}", desk.screen());
    requests(&mut desk);
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "");
    // Whoever goes to the list and opens it there means this line.
    tell(&mut desk, Report::Ended { id, trouble: None });
    desk.press("esc").wait(TimeDelta::seconds(1));
    assert_eq!(opening(&mut desk, "spine1"), id);
    desk.type_text("halt");
    is_open(&mut desk, id);
    assert_eq!(typed(&mut desk), "halt");
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
    assert!(desk.shows("4 KiB wait for it: what was typed last is lost"), "{}", desk.screen());
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
