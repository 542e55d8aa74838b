//! Screens that want a password, lines that drop because of what was done from here, and definitions in the list.

use std::sync::Arc;

use chrono::TimeDelta;

use super::console::{desk, go_to, opened, opened_screen, requests, show_line, tell};
use super::desk::Desk;
use crate::app::Message;
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::Action;
use crate::features::console::model::Described;
use crate::features::console::vmcp::{self, remarks};
use crate::features::console::worker::{Report, Request};
use crate::input::Input;
use crate::trouble::Trouble;

/// What no screen, no log and no dump of the state may have in it.
const PASSWORD: &str = "s3cr3t";

/// The screen of this number says that it wants a password, and its connection is kept for one where none was tried.
fn wanted(desk: &mut Desk, id: u64, what: &str) {
    let is_held = !what.contains("does not accept");
    tell(desk, Report::PasswordWanted { id, trouble: Trouble::new(what), is_held });
}

/// The one screen that was asked for, with the password that goes with it.
fn asked_with(desk: &mut Desk) -> (u64, Option<String>) {
    let asked = requests(desk);
    match asked.as_slice() {
        [request @ Request::Open { id, which: Which::Screen, password, .. }] => {
            assert!(!format!("{request:?}").contains(PASSWORD), "{request:?}");
            (*id, password.as_ref().map(|password| password.expose().to_owned()))
        }
        other => panic!("{other:?}\n{}", desk.screen()),
    }
}

#[test]
fn a_password_is_asked_for_where_the_screen_is_and_seen_by_nobody() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    wanted(&mut desk, id, "the VNC server wants a password");
    assert!(desk.shows("the password of build01's screen") && desk.shows("enter open the screen"), "{}", desk.screen());
    desk.type_text("s3cx").press("backspace");
    desk.send(Message::Input(Input::Paste("r3t\n".to_owned())));
    assert!(desk.shows("••••••") && !desk.shows(PASSWORD) && !desk.shows("s3c"), "{}", desk.screen());
    assert_eq!(requests(&mut desk), [], "nothing of it goes to the machine");
    assert!(!format!("{:?}", desk.model).contains(PASSWORD));
    desk.press("enter");
    assert_eq!(asked_with(&mut desk), (id, Some(PASSWORD.to_owned())));
    tell(&mut desk, Report::Opened { id, log: "".into() });
    show_line(&mut desk, id, "build01 login: _");
    assert!(desk.shows("build01 login: _") && !format!("{:?}", desk.model).contains(PASSWORD));
    // It is kept as long as noctui runs.
    requests(&mut desk);
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the screen's connection ended in the middle")) });
    desk.wait(TimeDelta::seconds(1)).press("r");
    assert_eq!(asked_with(&mut desk), (id, Some(PASSWORD.to_owned())));
}

#[test]
fn a_wrong_password_is_asked_for_again_and_not_kept() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    wanted(&mut desk, id, "the VNC server wants a password");
    desk.type_text("wrong").press("enter");
    assert_eq!(asked_with(&mut desk).1.as_deref(), Some("wrong"));
    wanted(&mut desk, id, "the VNC server does not accept the password: Authentication failed");
    assert!(desk.shows("does not accept the password") && desk.shows("the password of build01's screen"));
    // Whoever gives up can come back to it.
    desk.press("esc");
    assert!(desk.shows("r asks for the password") && requests(&mut desk).is_empty(), "{}", desk.screen());
    desk.press("r enter");
    assert!(desk.shows("no password was typed") && requests(&mut desk).is_empty(), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(40)).press("r").type_text(PASSWORD).press("enter");
    assert_eq!(asked_with(&mut desk).1.as_deref(), Some(PASSWORD));
}

#[test]
fn a_screen_that_waits_for_its_password_says_so_and_esc_ends_its_connection() {
    for last in ["esc", "enter"] {
        let mut desk = desk(100, 30);
        let id = opened_screen(&mut desk, "build01");
        wanted(&mut desk, id, "the VNC server wants a password");
        assert!(desk.shows("◐ password") && desk.shows("esc lets it go"), "{}", desk.screen());
        assert!(!desk.shows("dropped") && !desk.shows("opens it again"), "{}", desk.screen());
        desk.press(last);
        assert_eq!(requests(&mut desk), [Request::Close { id }], "{last}");
        assert!(desk.shows("no password was typed for build01 screen: its connection was ended"), "{}", desk.screen());
        assert!(desk.shows("✗ dropped") && desk.shows("r asks for the password"), "{}", desk.screen());
        // A password opens another one.
        desk.press("r").type_text(PASSWORD);
        assert!(desk.shows("◐ password") && requests(&mut desk).is_empty(), "{}", desk.screen());
        desk.press("enter");
        assert_eq!(asked_with(&mut desk), (id, Some(PASSWORD.to_owned())));
    }
}

#[test]
fn the_end_of_a_connection_that_waits_for_its_password_is_told_and_the_password_goes_on() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    wanted(&mut desk, id, "the VNC server wants a password");
    desk.type_text("s3c");
    let over = || Report::LetGo { id, trouble: Trouble::new("the screen's connection ended while it waited") };
    tell(&mut desk, over());
    assert!(desk.shows("the screen's connection ended while it waited") && desk.shows("•••"), "{}", desk.screen());
    desk.type_text("r3t").press("enter");
    assert_eq!(asked_with(&mut desk), (id, Some(PASSWORD.to_owned())));
    // That of a connection that is over already is no news.
    tell(&mut desk, over());
    assert!(desk.shows("◐ opening"), "{}", desk.screen());
    // Nothing is kept any more that esc would end.
    wanted(&mut desk, id, "the VNC server wants a password");
    tell(&mut desk, over());
    desk.press("esc");
    assert!(requests(&mut desk).is_empty() && desk.shows("✗ dropped"), "{}", desk.screen());
}

#[test]
fn where_a_password_has_letters_beyond_ascii_the_bytes_that_were_sent_are_told() {
    let mut desk = desk(120, 30);
    let id = opened_screen(&mut desk, "build01");
    for (password, is_told) in [("pässw", true), ("passw", false)] {
        wanted(&mut desk, id, "the VNC server wants a password");
        desk.type_text(password).press("enter");
        wanted(&mut desk, id, "the VNC server does not accept the password: Authentication failed");
        assert_eq!(desk.shows("it was sent as UTF-8"), is_told, "{}", desk.screen());
        desk.press("esc").press("r").press("esc");
    }
}

#[test]
fn somebody_who_looks_elsewhere_is_not_interrupted_by_a_password() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    desk.press("ctrl-]").press("esc");
    wanted(&mut desk, id, "the VNC server wants a password");
    assert!(!desk.shows("the password of"), "{}", desk.screen());
    go_to(&mut desk, "build01");
    desk.press("v");
    assert!(desk.shows("the password of build01's screen"), "{}", desk.screen());
    assert_eq!(requests(&mut desk), []);
}

#[test]
fn a_line_that_drops_because_of_a_restart_from_here_says_so() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#show clock\r\n");
    desk.press("ctrl-]").press("esc");
    let key = ("training".to_owned(), "spine1".to_owned());
    desk.press("R");
    desk.wait(TimeDelta::seconds(1)).press("y");
    assert_eq!(requests(&mut desk), [Request::Act { key: key.clone(), action: Action::Restart }]);
    tell(&mut desk, Report::Acted { key, action: Action::Restart });
    let dropped = Trouble::new("the connection to spine1 was dropped").caused_by("somebody else attached");
    tell(&mut desk, Report::Ended { id, trouble: Some(dropped) });
    desk.press("enter");
    let said = "spine1 dropped: the machine was told to restart from here";
    assert!(desk.shows(said) && desk.shows("show clock"), "{}", desk.screen());
    assert!(!desk.shows("somebody else attached"), "{}", desk.screen());
    let asked = requests(&mut desk);
    assert!(matches!(asked.as_slice(), [Request::Open { id: again, .. }] if *again == id), "{asked:?}");
    // What drops later has another reason.
    tell(&mut desk, Report::Opened { id, log: "".into() });
    desk.wait(TimeDelta::minutes(10));
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the connection to spine1 was dropped")) });
    assert!(desk.shows("the connection to spine1 was dropped"), "{}", desk.screen());
}

#[test]
fn definitions_stand_in_the_list_with_what_clients_make_of_them() {
    let mut desk = desk(200, 60);
    let described = |name: &str, toml: &str| {
        let read = vmcp::Definition::from_toml(toml.as_bytes());
        let remarks = read.as_ref().map(remarks).unwrap_or_default();
        Arc::new(Described { name: name.to_owned(), read, remarks, dir: "/home/ines/vmcp".into() })
    };
    tell(
        &mut desk,
        Report::Definitions(vec![
            described("sound", "name = 'sound'\nsecret = 's'\nmemory = 2048\ncpus = 2\nflags = 49\n"),
            described("odd", "name = 'odd'\nsecret = 's'\nram = 128\ncpus = 1\nflags = 49\n"),
            described("broken", "name = \n"),
            described("empty", "\n"),
            described("named", "name = 'My first VM'\nsecret = 's'\nflags = 49\n"),
        ]),
    );
    assert!(desk.shows("Definitions for CernVM clients"), "{}", desk.screen());
    let sound = desk.row("sound ");
    assert!(sound.contains("2048 MB") && sound.contains("2 CPUs") && !sound.contains("read by clients"), "{sound}");
    assert!(desk.row("odd ").contains("1 field is not read by clients"), "{}", desk.screen());
    // What keeps one from being taken is said with its field.
    assert!(desk.row("named ").contains("refused") && desk.row("named ").contains("name: "), "{}", desk.screen());
    assert!(desk.shows("refused") && desk.shows("line 1: "), "{}", desk.screen());
    assert!(desk.row("empty ").contains("it is empty"), "{}", desk.screen());
    // Nothing of the machines' keys is offered for them.
    go_to(&mut desk, "sound");
    desk.press("S");
    assert!(requests(&mut desk).is_empty(), "{}", desk.screen());
    desk.press("v");
    assert!(desk.shows("sound is a definition, and no machine that runs"), "{}", desk.screen());
    // What keeps nothing from anybody is not shown as if it did.
    tell(&mut desk, Report::Definitions(vec![described("open", "name = 'open'\nsecret = ''\n")]));
    go_to(&mut desk, "open");
    desk.press("i");
    assert!(desk.shows("it is empty: whoever knows the machine's name") && !desk.shows("***"), "{}", desk.screen());
}

#[test]
fn the_prompt_for_a_password_says_nothing_of_the_key_that_opens_it_nor_of_the_last_time() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    wanted(&mut desk, id, "the VNC server wants a password");
    assert!(
        desk.shows("the password of build01's screen") && !desk.shows("r asks for the password"),
        "{}",
        desk.screen()
    );
    desk.press("esc");
    assert!(desk.shows("no password was typed for build01 screen") && desk.shows("r asks for"), "{}", desk.screen());
    desk.press("r");
    assert!(desk.shows("the password of build01's screen"), "{}", desk.screen());
    assert!(!desk.shows("no password was typed") && !desk.shows("r asks for"), "{}", desk.screen());
}
