//! What reaches machines and what does not, and what is told of consoles that nobody looks at.

use std::sync::Arc;

use chrono::TimeDelta;

use super::console::{CONSOLES, desk, go_to, opened, opened_screen, requests, show_line, tell, typed, vm};
use super::desk::{Desk, MAILBOX, settings};
use crate::app::{Context, Effect, Message};
use crate::colour::ColourDepth;
use crate::features::console::cluster::Which;
use crate::features::console::glyph;
use crate::features::console::model::{Grant, Proxied};
use crate::features::console::rfb::{Area, Frame};
use crate::features::console::worker::{Health, Picture, Report, Request, Touch};
use crate::input::{Button, Input, Mouse, MouseAction};
use crate::trouble::Trouble;

#[test]
fn read_only_refuses_power_and_lets_look() {
    let text = format!("read_only = true\n{MAILBOX}{CONSOLES}");
    let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), None, 120, 40);
    tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Running", Some("Running"), "192.0.2.21")] });
    tell(&mut desk, Report::Health { health: Health::Live, name: None });
    desk.press("5").wait(TimeDelta::seconds(1)).press("S");
    assert!(requests(&mut desk).is_empty() && desk.shows("stop is refused: read-only"), "{}", desk.screen());
    desk.press("enter");
    let id = match requests(&mut desk).as_slice() {
        [Request::Open { which: Which::Serial, id, .. }] => *id,
        other => panic!("{other:?}"),
    };
    tell(&mut desk, Report::Opened { id, log: "".into() });
    tell(&mut desk, Report::Said { id, bytes: "build01 login: \x1b[6n".into() });
    assert!(desk.shows("build01 login:") && desk.shows("read-only: keys stay here"), "{}", desk.screen());
    // No key, no paste, nothing that types, and no answer of the terminal either.
    desk.press("enter");
    assert!(desk.shows("nothing is typed at the machine: read-only, since"), "{}", desk.screen());
    desk.type_text("reboot").press("S").press("ctrl-]");
    desk.send(Message::Input(Input::Paste("reload\n".to_owned())));
    assert_eq!(requests(&mut desk), []);
    let pasted = desk.screen();
    // What opens a machine says of each key why it does nothing.
    desk.press("esc").press("i");
    let line = |what: &str| desk.screen().lines().find(|line| line.contains(what)).map(str::to_owned).unwrap();
    for what in [" stop ", " restart ", " pause "] {
        assert!(line(what).contains("read-only, since"), "{}", desk.screen());
    }
    assert!(!line("serial line").contains("read-only"), "looking is no change");
    desk.press("esc");
    assert!(
        pasted.contains("nothing was pasted: read-only") && !pasted.contains("gives it to the machine"),
        "{pasted}"
    );
}

#[test]
fn read_only_of_the_cluster_alone_lets_type_behind_a_proxy_and_not_in_the_cluster() {
    let text = format!("{MAILBOX}{}", CONSOLES.replace("[[console", "read_only = true\n[[console"));
    let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), None, 120, 40);
    tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Running", Some("Running"), "192.0.2.21")] });
    tell(&mut desk, Report::Health { health: Health::Live, name: None });
    let row = Proxied {
        proxy: "training".to_owned(),
        machine: "leaf1".parse().unwrap(),
        namespace: "lab-7".to_owned(),
        has: (true, false),
        grant: Grant::Made,
    };
    tell(&mut desk, Report::Proxied { proxy: "training".to_owned(), rows: vec![row], trouble: None });
    desk.press("5").wait(TimeDelta::seconds(1));
    opened(&mut desk, "build01", "login:");
    desk.press("enter");
    assert!(desk.shows("[console] has read_only = true"), "{}", desk.screen());
    opened(&mut desk, "leaf1", "login:");
    desk.type_text("x");
    assert_eq!(typed(&mut desk), "x");
}

#[test]
fn what_the_keys_do_is_seen_as_soon_as_a_console_has_them() {
    let mut desk = desk(120, 30);
    go_to(&mut desk, "spine1");
    desk.press("v");
    assert!(desk.shows("autoattachGraphicsDevice"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.shows("go to the machine, but the one in the title"), "{}", desk.screen());
}

#[test]
fn ctrl_alt_del_asks_first_and_in_production_for_the_name() {
    // Whoever works in a production context has that meant for every cluster.
    for (kind, context, word) in [("lab", false, "y"), ("production", false, "build01"), ("lab", true, "build01")] {
        let text = format!("{MAILBOX}{}", CONSOLES.replace("[[console", &format!("kind = '{kind}'\n[[console")));
        let mut settings = settings(&text, ColourDepth::Sixteen, true);
        let name = "night".to_owned();
        settings.contexts = vec![Context { name, production: context, read_only: false, cloudvision: None, lab: None }];
        let mut desk = Desk::with(settings, None, 120, 40);
        tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Running", Some("Running"), "192.0.2.21")] });
        tell(&mut desk, Report::Health { health: Health::Live, name: Some("lab".to_owned()) });
        desk.press("5").wait(TimeDelta::seconds(1));
        let id = opened_screen(&mut desk, "build01");
        desk.press("ctrl-]").press("D");
        assert!(desk.shows("Press Ctrl-Alt-Del in \"build01\" on") && desk.shows("cut off"), "{}", desk.screen());
        assert_eq!(requests(&mut desk), []);
        desk.wait(TimeDelta::seconds(1)).type_text(word);
        if word != "y" {
            desk.press("enter");
        }
        assert_eq!(requests(&mut desk), [Request::touch(id, Touch::Chord(vec![0xffe3, 0xffe9, 0xffff]))], "{kind}");
    }
}

#[test]
fn a_screen_in_the_background_has_news_when_more_than_its_cursor_changes() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    let show = |desk: &mut Desk, line: &str| show_line(desk, id, line);
    show(&mut desk, "build01 login: _");
    desk.press("ctrl-]").press("esc");
    requests(&mut desk);
    // It blinks, and is looked after seldom.
    for line in ["build01 login:", "build01 login: _", "build01 login:"] {
        show(&mut desk, line);
        assert_eq!(requests(&mut desk), [Request::Seen { id, is_looked_at: false }]);
    }
    assert!(!desk.shows("with news"), "{}", desk.screen());
    // Letter by letter is news, too; after that nothing is asked for until somebody looks.
    for line in ["build01 login: r_", "build01 login: root_"] {
        show(&mut desk, line);
    }
    assert!(desk.shows("1 with news"), "{}", desk.screen());
    requests(&mut desk);
    show(&mut desk, "build01 login: root");
    assert_eq!(requests(&mut desk), []);
    desk.press("v");
    assert_eq!(requests(&mut desk), [Request::Seen { id, is_looked_at: true }]);
}

#[test]
fn a_background_console_that_has_ended_shows_that_rather_than_news() {
    let mut desk = desk(100, 30);
    let first = opened(&mut desk, "spine1", "spine1#");
    desk.press("ctrl-]");
    opened(&mut desk, "build01", "build01 login:");
    tell(&mut desk, Report::Said { id: first, bytes: "\x07going down\r\n".into() });
    tell(&mut desk, Report::Ended { id: first, trouble: Some(Trouble::new("the line was dropped")) });
    assert!(desk.shows("✗spine1"), "{}", desk.screen());
}

#[test]
fn where_pixels_do_not_come_through_cells_are_drawn_and_that_is_said_once() {
    let text = format!("{MAILBOX}{}", CONSOLES.replace("[[console", "pictures = 'kitty'\n[[console"));
    let mut settings = settings(&text, ColourDepth::TrueColour, true);
    settings.consoles.without_pixels();
    let mut desk = Desk::with(settings, None, 120, 30);
    tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Running", Some("Running"), "192.0.2.21")] });
    tell(&mut desk, Report::Health { health: Health::Live, name: None });
    desk.press("5").wait(TimeDelta::seconds(1));
    for is_first in [true, false] {
        let id = opened_screen(&mut desk, "build01");
        assert_eq!(desk.shows("keep pictures from the terminal"), is_first, "{}", desk.screen());
        let mut picture = Frame::new(64, 32).unwrap();
        for y in (0..32).step_by(2) {
            picture.fill(Area { x: 0, y, width: 64, height: 1 }, 0x00ff_0000);
        }
        tell(&mut desk, Report::Shown { id, picture: Picture { frame: Arc::new(picture), text: None } });
        assert!(desk.shows("▀"), "{}", desk.screen());
        desk.press("ctrl-]").wait(TimeDelta::seconds(30)).press("+");
        assert!(desk.shows("64x32 at 0,0 of 64x32"), "{}", desk.screen());
        desk.press("x");
    }
}

#[test]
fn what_is_too_long_for_a_clipboard_is_written_into_a_file() {
    let mut desk = desk(120, 30);
    let lines = (0..4500).map(|number| format!("line {number} of many")).collect::<Vec<_>>().join("\r\n") + "\r\n";
    let id = opened(&mut desk, "spine1", &lines);
    desk.press("ctrl-]").press("Y");
    assert!(desk.shows("kB are more than terminals take; W writes them into a file"), "{}", desk.screen());
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    desk.press("W");
    let asked = requests(&mut desk);
    let Some(Request::Save { machine, text, .. }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!((machine.as_str(), text.split(|byte| *byte == b'\n').count() - 1), ("spine1", 4500));
    tell(&mut desk, Report::Saved { id, path: "/state/consoles/spine1.txt".into() });
    assert!(desk.shows("what spine1 said is in /state/consoles/spine1.txt"), "{}", desk.screen());
}

#[test]
fn a_recording_goes_on_when_its_line_is_opened_again_and_attempts_that_fail_are_seen() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#");
    let path = Some(std::path::PathBuf::from("/state/spine1.log"));
    tell(&mut desk, Report::Logging { id, path: path.clone(), trouble: None });
    assert!(desk.shows("rec"), "{}", desk.screen());
    let dropped = || Report::Ended { id, trouble: Some(Trouble::new("the line was dropped")) };
    tell(&mut desk, dropped());
    assert!(!desk.shows("rec ") && desk.shows("its recording goes on then"), "{}", desk.screen());
    for attempt in 1..=2 {
        requests(&mut desk);
        desk.wait(TimeDelta::seconds(1)).press("r");
        let asked = requests(&mut desk);
        assert!(matches!(asked.as_slice(), [Request::Open { recording, .. }] if *recording == path), "{asked:?}");
        tell(&mut desk, dropped());
        assert_eq!(desk.screen().matches("opening it again").count(), attempt, "{}", desk.screen());
    }
}

#[test]
fn a_log_that_ends_by_itself_says_why_and_is_not_written_any_more() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#");
    tell(&mut desk, Report::Logging { id, path: Some("/state/spine1.log".into()), trouble: None });
    let trouble = Trouble::new("the log of spine1 has ended").caused_by("No space left on device").to_do("make room");
    tell(&mut desk, Report::Logging { id, path: None, trouble: Some(trouble) });
    assert!(desk.shows("No space left on device") && !desk.shows("rec "), "{}", desk.screen());
    assert!(!desk.shows("is not written down any more"), "{}", desk.screen());
}

#[test]
fn a_console_that_is_open_is_gone_to_although_its_token_has_ended() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "leaf1", "leaf1 login:");
    desk.press("ctrl-]").press("esc");
    // The token was good for nine minutes.
    desk.wait(TimeDelta::minutes(10));
    go_to(&mut desk, "leaf1");
    assert!(desk.row("by training").contains("reached"), "{}", desk.screen());
    requests(&mut desk);
    desk.press("enter");
    assert!(desk.shows("leaf1 login:") && requests(&mut desk).is_empty(), "{}", desk.screen());
    desk.type_text("x");
    assert_eq!(typed(&mut desk), "x");
    // It works, and would not come back.
    desk.press("ctrl-]").wait(TimeDelta::seconds(10)).press("r").wait(TimeDelta::seconds(1)).press("r");
    assert!(desk.shows("it is kept, since it would not open again: the token for training"), "{}", desk.screen());
    assert!(requests(&mut desk).is_empty() && desk.shows("● open"), "{}", desk.screen());
    desk.press("esc").press("i");
    assert!(desk.shows("enter goes to it: it is open"), "{}", desk.screen());
    desk.press("esc").press("o");
    // Once it is over, what would be refused is not asked for.
    tell(&mut desk, Report::Ended { id, trouble: None });
    go_to(&mut desk, "leaf1");
    desk.press("enter");
    assert!(requests(&mut desk).is_empty() && desk.shows("the token for training has ended"), "{}", desk.screen());
    // Nor is it offered.
    desk.wait(TimeDelta::seconds(30)).press("i");
    assert!(desk.shows("enter – the token for training has ended"), "{}", desk.screen());
    assert!(!desk.shows("opens it") && !desk.shows("enter console"), "{}", desk.screen());
}

#[test]
fn a_screen_that_drops_shows_what_it_showed_last_below_the_reason() {
    let mut desk = desk(80, 24);
    let id = opened_screen(&mut desk, "build01");
    let lines: Vec<String> = (1..=25).map(|row| format!("row {row} of the panic")).collect();
    let frame = glyph::draw(lines.iter().map(String::as_str), 0x00aa_aaaa, 0).unwrap();
    let text = glyph::read(&frame).map(Arc::new);
    tell(&mut desk, Report::Shown { id, picture: Picture { frame: Arc::new(frame), text } });
    let trouble = Trouble::new("the connection to build01 was dropped").to_do("open it again");
    tell(&mut desk, Report::Ended { id, trouble: Some(trouble) });
    assert!(desk.shows("was dropped") && desk.shows("r opens it again"), "{}", desk.screen());
    assert!(desk.shows("row 25 of the panic") && desk.shows("rows 10-25 of 25"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("g");
    assert!(desk.shows("row 1 of the panic") && !desk.shows("row 25 of"), "{}", desk.screen());
    desk.press("m");
    assert!(desk.shows("▀") && desk.shows("was dropped"), "{}", desk.screen());
}

#[test]
fn leaving_asks_while_a_console_is_open_and_ctrl_c_does_not() {
    let quits = |desk: &Desk| desk.wanted.iter().any(|effect| matches!(effect, Effect::Quit));
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#");
    desk.press("ctrl-]").press("q");
    assert!(desk.shows("Leave noctui, which closes the console spine1?") && !quits(&desk), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("n").press("q").press("ctrl-c");
    assert!(quits(&desk));
    desk.wanted.clear();
    desk.press("esc").press("ctrl-c");
    assert!(quits(&desk));
    desk.wanted.clear();
    tell(&mut desk, Report::Ended { id, trouble: None });
    desk.press("q");
    assert!(quits(&desk), "nothing is open any more: {}", desk.screen());
}

#[test]
fn a_token_that_begins_later_is_good_then() {
    let mut desk = desk(100, 30);
    let begins = desk.now + TimeDelta::minutes(5);
    let row = Proxied {
        proxy: "training".to_owned(),
        machine: "leaf1".parse().unwrap(),
        namespace: "lab-7".to_owned(),
        has: (true, false),
        grant: Grant::Token { begins: Some(begins), expires: None, objection: None },
    };
    tell(&mut desk, Report::Proxied { proxy: "training".to_owned(), rows: vec![row], trouble: None });
    assert!(desk.row("by training").contains("not let in"), "{}", desk.screen());
    desk.wait(TimeDelta::minutes(6));
    assert!(desk.row("by training").contains("token good"), "{}", desk.screen());
}

#[test]
fn a_time_that_is_past_is_not_said_to_be_that_of_the_next_try() {
    let mut desk = Desk::with(settings(&format!("{MAILBOX}{CONSOLES}"), ColourDepth::TrueColour, true), None, 100, 30);
    desk.press("5");
    let trouble = Trouble::new("192.0.2.1:6443 has not answered within 15 s").to_do("check the VPN");
    let retry_at = desk.now + TimeDelta::seconds(5);
    tell(&mut desk, Report::Health { health: Health::Failing { trouble, word: "timed out", retry_at }, name: None });
    assert!(desk.shows("tries again at"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(10));
    assert!(desk.shows("trying again now") && !desk.shows("tries again at"), "{}", desk.screen());
}

#[test]
fn the_command_for_a_viewer_of_a_machine_without_a_screen_carries_its_serial_line() {
    let mut desk = desk(120, 40);
    let copied = |desk: &mut Desk, machine: &str| {
        go_to(desk, machine);
        desk.wanted.clear();
        desk.press("Y");
        let copied = desk
            .wanted
            .iter()
            .find_map(|effect| if let Effect::Copy(text) = effect { Some(text.clone()) } else { None });
        copied.unwrap_or_else(|| panic!("{}", desk.screen()))
    };
    assert_eq!(copied(&mut desk, "spine1"), "noctui console tunnel spine1 --namespace training --serial");
    assert_eq!(copied(&mut desk, "build01"), "noctui console tunnel build01 --namespace training");
    assert_eq!(copied(&mut desk, "leaf1"), "noctui console tunnel leaf1 --proxy training --serial");
}

#[test]
fn a_screen_that_is_text_is_looked_through_and_a_blank_one_says_so() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    show_line(&mut desk, id, "");
    assert!(desk.shows("the screen is blank") && desk.shows("which a key ends"), "{}", desk.screen());
    assert!(desk.shows("screen, blank  ●"), "no rows of it: {}", desk.screen());
    show_line(&mut desk, id, "Booting from disk...");
    assert!(desk.shows("screen, as text") && !desk.shows("blank"), "{}", desk.screen());
    desk.press("ctrl-]").press("/").type_text("from").press("enter");
    assert!(desk.shows("one line has \"from\""), "{}", desk.screen());
    desk.press("/").type_text("nowhere").press("enter");
    assert!(desk.shows("no line has \"nowhere\""), "{}", desk.screen());
}

#[test]
fn a_blank_screen_has_no_parts_and_no_key_wakes_it_where_none_is_sent() {
    let text = format!("read_only = true\n{MAILBOX}{CONSOLES}");
    let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), None, 100, 20);
    tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Running", Some("Running"), "192.0.2.21")] });
    tell(&mut desk, Report::Health { health: Health::Live, name: None });
    desk.press("5").wait(TimeDelta::seconds(1));
    let id = opened_screen(&mut desk, "build01");
    show_line(&mut desk, id, "");
    assert!(desk.shows("it may be asleep") && !desk.shows("a key ends"), "{}", desk.screen());
    assert!(desk.shows("screen, blank") && !desk.shows("rows 1-"), "{}", desk.screen());
    show_line(&mut desk, id, "login:");
    assert!(desk.shows("rows 1-"), "{}", desk.screen());
}

#[test]
fn a_machine_that_is_stopping_is_not_restarted() {
    let mut desk = desk(100, 30);
    tell(&mut desk, Report::Machines { vms: vec![vm("build01", "Stopping", Some("Running"), "192.0.2.21")] });
    desk.wait(TimeDelta::seconds(1)).press("R");
    assert!(desk.shows("build01: it is stopping"), "{}", desk.screen());
    assert_eq!(requests(&mut desk), []);
}

#[test]
fn a_console_that_is_over_has_no_keyboard_when_its_tab_is_clicked() {
    let mut desk = desk(100, 30);
    let first = opened(&mut desk, "spine1", "spine1#");
    desk.press("ctrl-]");
    opened(&mut desk, "build01", "build01 login:");
    tell(&mut desk, Report::Ended { id: first, trouble: None });
    let click = Mouse { action: MouseAction::Press(Button::Left), column: 2, row: 3, ctrl: false };
    desk.send(Message::Input(Input::Mouse(click)));
    assert!(desk.shows("[spine1]") && desk.shows("r opens it again"), "{}", desk.screen());
    // Nothing but its key takes the line back from whoever has it.
    requests(&mut desk);
    desk.press("enter");
    assert_eq!(requests(&mut desk), []);
}

#[test]
fn machines_are_shown_where_one_kind_of_them_may_not_be_listed_and_that_is_told() {
    let mut desk = desk(120, 40);
    let trouble =
        Trouble::new("machines that do not run (virtualmachines) are not shown").caused_by("it says no (403)");
    desk.press("z");
    tell(&mut desk, Report::Hidden(Some(trouble)));
    assert!(desk.shows("▲ machines that do not run (virtualmachines) are not shown"), "{}", desk.screen());
    assert!(desk.shows("it says no (403)") && desk.shows("build01"), "{}", desk.screen());
    tell(&mut desk, Report::Hidden(None));
    assert!(!desk.shows("are not shown"), "{}", desk.screen());
}

#[test]
fn a_guest_log_that_ends_in_another_character_set_leaves_the_line_readable() {
    let mut desk = desk(100, 30);
    go_to(&mut desk, "spine1");
    desk.press("enter");
    let asked = requests(&mut desk);
    let Some(Request::Open { id, .. }) = asked.last() else { panic!("{asked:?}") };
    tell(&mut desk, Report::Opened { id: *id, log: "x\x1b(0qqq".into() });
    tell(&mut desk, Report::Said { id: *id, bytes: "login now".into() });
    assert!(desk.shows("───") && desk.shows("login now"), "{}", desk.screen());
}

#[test]
fn what_a_guest_copies_is_taken_over_as_far_as_terminals_take_it() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    desk.wanted.clear();
    tell(&mut desk, Report::Cut { id, text: "copied".to_owned() });
    assert!(desk.shows("sent to the terminal's clipboard: copied"), "{}", desk.screen());
    desk.wanted.clear();
    tell(&mut desk, Report::Cut { id, text: "x".repeat(100_000) });
    assert!(desk.shows("what the machine copied is not taken over: 100 kB are more"), "{}", desk.screen());
    assert!(desk.wanted.is_empty(), "{:?}", desk.wanted.len());
    tell(&mut desk, Report::Cut { id, text: String::new() });
    assert!(desk.wanted.is_empty(), "{:?}", desk.wanted.len());
}
