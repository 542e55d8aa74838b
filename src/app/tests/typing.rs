//! Text that is typed and pasted: filters and notes.

use chrono::TimeDelta;

use super::desk::Desk;
use crate::app::{Effect, Message};
use crate::features::maintenance::worker::Report;
use crate::input::Input;
use crate::trouble::Trouble;

#[test]
fn the_filter_applies_with_every_key_and_esc_brings_back_what_was_there() {
    let mut desk = Desk::live(80, 24);
    desk.press("/").type_text("lum");
    assert!(desk.shows("/lum") && desk.shows("28552081") && !desk.shows("TTN-0007195301"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.shows("/lum"), "enter keeps it");
    desk.press("/").type_text("x").press("esc");
    assert!(desk.shows("/lum") && desk.shows("28552081"), "esc takes back what was typed since");
    desk.press("esc");
    assert!(!desk.shows("/lum") && desk.shows("TTN-0007195301"), "esc on the list clears it");
}

#[test]
fn letters_that_are_commands_are_text_while_typing() {
    let mut desk = Desk::live(80, 24);
    desk.press("/").type_text("qaujz?:");
    assert!(desk.shows("/qaujz?:"));
    assert_eq!(desk.wanted, []);
    desk.press("ctrl-c");
    assert_eq!(desk.wanted, [Effect::Quit], "ctrl-c leaves from everywhere");
}

#[test]
fn a_note_is_kept_as_a_draft_and_written_when_it_is_saved() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("drained").press("esc");
    assert!(desk.shows("the note is kept as a draft"));
    desk.press("n");
    assert!(desk.shows("drained"));
    desk.type_text(" and watched").press("enter enter");
    assert!(desk.shows("drained and watched") && desk.shows("note by ines"), "{}", desk.screen());
    let said = desk.row("note written on");
    assert!(!said.contains("one maintenance") && said.contains("; u undoes"), "it is named: {said}");
    desk.press("esc u enter");
    assert!(!desk.shows("\n Notes\n") && desk.shows("note removed by ines"), "{}", desk.screen());
    desk.press("esc n");
    assert!(!desk.shows("drained"), "what was saved is no draft any more");
}

#[test]
fn a_write_that_takes_long_is_told_of_until_it_is_answered() {
    let mut desk = Desk::live(80, 24);
    desk.answers = false;
    desk.press("a");
    assert!(!desk.shows("saving"), "most are done before anybody could read it");
    assert!(desk.model.next_change() - desk.now <= TimeDelta::milliseconds(300));
    desk.wait(TimeDelta::milliseconds(300));
    assert!(desk.shows("◐ saving …"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(9));
    assert!(desk.shows("◐ saving …"), "{}", desk.screen());
    desk.report(Report::Failed(Trouble::new("another noctui keeps the database busy")));
    assert!(!desk.shows("saving") && desk.shows("keeps the database busy"), "{}", desk.screen());
}

#[test]
fn a_draft_is_there_after_a_restart_also_one_that_was_being_typed() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("drained").press("esc j n").type_text("half a sent").press("ctrl-c");
    assert_eq!(desk.wanted, [Effect::Quit]);
    desk.model.maintenance = crate::features::maintenance::pane::State::new("ines", None);
    let begun = desk.model.begin();
    desk.carry_out(begun);
    desk.press("n");
    assert!(desk.shows("drained"), "{}", desk.screen());
    desk.press("esc j n");
    assert!(desk.shows("half a sent"), "{}", desk.screen());
    desk.press("enter");
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 1, "what was written is no draft any more");
}

#[test]
fn what_is_being_typed_is_kept_a_moment_later_whatever_ends_noctui_then() {
    let mut desk = Desk::live(80, 24);
    let kept = "SELECT count(*) FROM draft WHERE text = 'drain th'";
    desk.press("n").type_text("drain");
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 0, "not with every key");
    assert!(desk.model.next_change() - desk.now <= TimeDelta::seconds(1));
    desk.type_text(" th").wait(TimeDelta::seconds(1));
    assert_eq!(desk.count(kept), 1);
    assert!(!desk.shows("kept as a draft") && desk.shows("drain th"), "nobody is disturbed: {}", desk.screen());
    assert!(desk.model.next_change() - desk.now > TimeDelta::seconds(1), "what is kept wakes nobody");
    desk.press("ctrl-u").wait(TimeDelta::seconds(1));
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 0, "what was taken back is not kept");
    desk.type_text("all of it").wait(TimeDelta::seconds(1)).press("enter");
    assert_eq!(desk.count("SELECT count(*) FROM draft"), 0, "what is written is no draft");
    assert_eq!(desk.count("SELECT count(*) FROM note WHERE text = 'all of it'"), 1);
}

#[test]
fn what_is_being_typed_is_kept_where_a_signal_ends_noctui() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("half a sent");
    let last = desk.model.leaving();
    desk.carry_out(last);
    assert_eq!(desk.count("SELECT count(*) FROM draft WHERE text = 'half a sent'"), 1);
}

#[test]
fn a_draft_belongs_to_what_it_was_begun_on() {
    let mut desk = Desk::live(80, 24);
    desk.press("n").type_text("drained").press("esc j n");
    assert!(!desk.shows("drained"), "{}", desk.screen());
    desk.press("esc k n");
    assert!(desk.shows("drained"));
}

#[test]
fn a_note_that_could_not_be_written_is_not_lost() {
    let mut desk = Desk::live(80, 24);
    desk.answers = false;
    desk.press("n").type_text("drained").press("enter");
    desk.report(Report::Failed(Trouble::new("the store is busy: this was not done")));
    assert!(desk.shows("the store is busy"));
    desk.press("n");
    assert!(desk.shows("drained"));
}

#[test]
fn a_paste_goes_into_the_text_and_runs_no_key() {
    let mut desk = Desk::live(80, 24);
    desk.send(Message::Input(Input::Paste("qqq".to_owned())));
    assert_eq!(desk.wanted, []);
    assert!(desk.shows("nothing to paste into here"));
    desk.press("/");
    desk.send(Message::Input(Input::Paste("lumen\n".to_owned())));
    assert!(desk.shows("/lumen") && desk.shows("28552081"), "{}", desk.screen());
    desk.send(Message::Input(Input::PasteRefused { bytes: 1_000_000 }));
    assert!(desk.shows("1000000 bytes are too much to paste here"));
}

#[test]
fn of_a_note_that_is_full_it_is_said_that_the_note_is() {
    let mut desk = Desk::live(100, 30);
    desk.press("n");
    desk.send(Message::Input(Input::Paste("x".repeat(15_000))));
    desk.send(Message::Input(Input::Paste("x".repeat(15_000))));
    assert!(desk.shows("no room for 15000 bytes more") && desk.shows("16 KiB as a whole"), "{}", desk.screen());
    assert!(!desk.shows("too much to paste"));
}

#[test]
fn the_shell_gets_its_terminal_back_in_the_midst_of_a_text() {
    for (place, typed) in [("n", "half a sent"), ("/", "lum"), (":", "them"), ("?", "ack")] {
        let mut desk = Desk::live(80, 24);
        desk.press(place).type_text(typed).press("ctrl-z");
        assert_eq!(desk.wanted, [Effect::Suspend], "{place}");
        assert!(desk.shows(typed), "{place}: {}", desk.screen());
    }
}
