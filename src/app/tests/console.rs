//! The consoles' pane as its users meet it: reports and keys in, screens and requests out.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;

use super::desk::{Desk, MAILBOX, settings};
use crate::app::{Effect, Message};
use crate::colour::ColourDepth;
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::{Action, Condition, Definition, Devices, Instance, Interface, Vm};
use crate::features::console::glyph;
use crate::features::console::model::{Described, Grant, Proxied};
use crate::features::console::rfb::Frame;
use crate::features::console::vmcp::{self, remarks};
use crate::features::console::worker::{Health, Picture, Report, Request, Target, Touch};
use crate::input::Input;
use crate::trouble::Trouble;

pub(super) const CONSOLES: &str = "
[console]
kubeconfig = '/home/ines/.kube/config'
[[console.proxy]]
name = 'training'
serial = 'wss://lab.example:5001/console'
";

/// A machine.
pub(super) fn vm(name: &str, status: &str, phase: Option<&str>, address: &str) -> Arc<Vm> {
    let at = super::desk::tonight();
    let condition = |kind: &str, is_true: bool, reason: &str, message: &str| Condition {
        kind: kind.to_owned(),
        is_true,
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let interface = Interface {
        name: "default".to_owned(),
        guest_name: "eth0".to_owned(),
        mac: "02:00:00:00:00:01".to_owned(),
        addresses: vec![address.to_owned(), "2001:db8::20".to_owned()],
        link: "up".to_owned(),
    };
    let devices = Devices { screen: name != "spine1", ..Devices::default() };
    Arc::new(Vm {
        namespace: "training".to_owned(),
        name: name.to_owned(),
        definition: Some(Definition {
            status: status.to_owned(),
            created: Some(at - TimeDelta::days(9)),
            devices,
            strategy: "Manual".to_owned(),
            ..Definition::default()
        }),
        instance: phase.map(|phase| Instance {
            phase: phase.to_owned(),
            created: Some(at - TimeDelta::hours(5)),
            running_since: Some(at - TimeDelta::hours(5)),
            node: Some("node-2".to_owned()),
            interfaces: vec![interface],
            conditions: vec![
                condition("Ready", status == "Running", "", ""),
                condition("Paused", status == "Paused", "", ""),
                condition("LiveMigratable", false, "DisksNotLiveMigratable", "PVC root is not shared"),
            ],
            guest: Some("Debian GNU/Linux 13 (trixie)".to_owned()),
            cpus: Some(2),
            memory: Some("2Gi".to_owned()),
            devices,
            ..Instance::default()
        }),
    })
}

pub(super) fn tell(desk: &mut Desk, report: Report) {
    desk.send(Message::Console(Box::new(report)));
}

/// A desk at machines that have all been told.
pub(super) fn desk(columns: u16, rows: u16) -> Desk {
    let mut desk =
        Desk::with(settings(&format!("{MAILBOX}{CONSOLES}"), ColourDepth::TrueColour, true), None, columns, rows);
    let at = desk.now;
    let proxied = |machine: &str, expires| Proxied {
        proxy: "training".to_owned(),
        machine: machine.parse().unwrap(),
        namespace: "lab-7".to_owned(),
        has: (true, false),
        grant: Grant::Token { begins: None, expires: Some(expires), objection: None },
    };
    let definition =
        vmcp::Definition::from_toml(b"name = \"My first VM\"\nsecret = \"s\"\nram = 128\ncpus = 1\nflags = 49\n")
            .unwrap();
    let remarks = remarks(&definition);
    let described =
        Described { name: "first-vm".to_owned(), read: Ok(definition), remarks, dir: "/home/ines/vmcp".into() };
    for report in [
        Report::Machines {
            vms: vec![
                vm("broken", "ErrorUnschedulable", None, ""),
                vm("build01", "Running", Some("Running"), "192.0.2.21"),
                vm("frozen", "Paused", Some("Running"), "192.0.2.23"),
                vm("spare1", "Stopped", None, ""),
                vm("spine1", "Running", Some("Running"), "192.0.2.11"),
            ],
        },
        Report::Health { health: Health::Live, name: Some("lab".to_owned()) },
        Report::Proxied {
            proxy: "training".to_owned(),
            rows: vec![proxied("leaf1", at + TimeDelta::minutes(9)), proxied("leaf2", at - TimeDelta::minutes(1))],
            trouble: None,
        },
        Report::Definitions(vec![Arc::new(described)]),
    ] {
        tell(&mut desk, report);
    }
    desk.press("5").wait(TimeDelta::seconds(1));
    desk
}

/// The requests so far; they are forgotten.
pub(super) fn requests(desk: &mut Desk) -> Vec<Request> {
    let wanted = std::mem::take(&mut desk.wanted);
    let request = |effect| {
        if let Effect::Console(request) | Effect::AfterFrame(request) = effect { Some(request) } else { None }
    };
    wanted.into_iter().filter_map(request).collect()
}

/// Moves the cursor to the row with this text.
pub(super) fn go_to(desk: &mut Desk, text: &str) {
    // Nothing opened, and no filter from before.
    desk.press("esc esc").press("/").type_text(text).press("enter");
    desk.wait(TimeDelta::seconds(1));
}

/// Opens the serial line of a machine, which says this.
pub(super) fn opened(desk: &mut Desk, machine: &str, says: &str) -> u64 {
    go_to(desk, machine);
    desk.press("enter");
    let asked = requests(desk);
    let Some(Request::Open { id, .. }) = asked.last() else { panic!("{asked:?}") };
    tell(desk, Report::Opened { id: *id, log: "".into() });
    tell(desk, Report::Said { id: *id, bytes: says.to_owned().into() });
    *id
}

/// Opens the screen of a machine, which shows nothing yet.
pub(super) fn opened_screen(desk: &mut Desk, machine: &str) -> u64 {
    go_to(desk, machine);
    requests(desk);
    desk.press("v");
    let asked = requests(desk);
    let [Request::Open { id, target: Target::Vm(_), which: Which::Screen, .. }] = asked.as_slice() else {
        panic!("{asked:?}\n{}", desk.screen())
    };
    tell(desk, Report::Opened { id: *id, log: "".into() });
    *id
}

/// A machine's screen has this one line on it.
pub(super) fn show_line(desk: &mut Desk, id: u64, line: &str) {
    let frame = glyph::draw([line], 0x00aa_aaaa, 0).unwrap();
    let text = glyph::read(&frame).map(Arc::new);
    tell(desk, Report::Shown { id, picture: Picture { frame: Arc::new(frame), text } });
}

/// What was typed at a console, as text.
pub(super) fn typed(desk: &mut Desk) -> String {
    let text = |request| {
        if let Request::Type { bytes, .. } = request { Some(String::from_utf8(bytes.to_vec()).unwrap()) } else { None }
    };
    requests(desk).into_iter().filter_map(text).collect()
}

#[test]
fn the_machines_are_listed_at_all_sizes() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let desk = desk(columns, rows);
        assert_snapshot!(format!("console_list_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn the_machines_by_their_roles() {
    let mut desk = desk(120, 40);
    desk.press("z");
    assert_snapshot!("console_list_roles", desk.styled());
}

#[test]
fn a_machine_opened_says_all_about_it_and_why_keys_do_nothing() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "spine1");
    desk.press("i");
    assert_snapshot!("console_machine_120x40", desk.screen());
    desk.press("v");
    assert!(desk.shows("autoattachGraphicsDevice: false"), "{}", desk.screen());
}

#[test]
fn a_definition_opened_says_what_is_signed_and_what_clients_make_of_it() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "first-vm");
    desk.press("i");
    assert_snapshot!("console_definition_120x40", desk.screen());
    assert!(!desk.screen().contains("secret=s"));
}

#[test]
fn a_definition_being_edited_is_not_lost_and_its_secret_not_shown() {
    let mut desk = desk(120, 40);
    let text = b"name = \"first-vm\"\nsecret = \"s\"\nmemory = 1024\ncpus = 1\nflags = 49\n";
    let definition = vmcp::Definition::from_toml(text).unwrap();
    let remarks = remarks(&definition);
    let described = Described { name: "first-vm".to_owned(), read: Ok(definition), remarks, dir: "/vmcp".into() };
    tell(&mut desk, Report::Definitions(vec![Arc::new(described)]));
    go_to(&mut desk, "first-vm");
    desk.press("enter");
    assert!(desk.shows("What is signed"), "{}", desk.screen());
    desk.press("e");
    assert!(desk.shows("secret = \"***\"") && !desk.shows("secret = \"s\""), "{}", desk.screen());
    // What was changed is not dropped by one key.
    desk.type_text("# new").press("enter").press("esc");
    assert!(desk.shows("esc once more drops it"), "{}", desk.screen());
    desk.press("ctrl-s");
    let name = "first-vm".to_owned();
    assert!(matches!(requests(&mut desk).as_slice(), [Request::Define { before: Some(_), .. }]));
    // Until it is written it stays; where it cannot be, too.
    desk.type_text("x");
    assert!(desk.shows("being edited"), "{}", desk.screen());
    tell(&mut desk, Report::NotDefined { name: name.clone(), trouble: Trouble::new("no space is left") });
    assert!(desk.shows("being edited") && desk.shows("no space is left"), "{}", desk.screen());
    desk.press("ctrl-s");
    assert_eq!(requests(&mut desk).len(), 1);
    // Somebody else changed it meanwhile.
    tell(&mut desk, Report::NotDefined { name: name.clone(), trouble: Trouble::new("no space is left") });
    desk.type_text("x");
    let text = b"name = \"first-vm\"\nsecret = \"s\"\nmemory = 777\n";
    let read = vmcp::Definition::from_toml(text);
    let described = Described { name: "first-vm".to_owned(), read, remarks: vec![], dir: "/vmcp".into() };
    tell(&mut desk, Report::Definitions(vec![Arc::new(described)]));
    assert!(desk.shows("first-vm has changed since it was opened here"), "{}", desk.screen());
    desk.press("backspace").press("ctrl-s");
    assert_eq!(requests(&mut desk).len(), 1, "whether it is written is for whoever reads the file");
    tell(&mut desk, Report::Defined { name });
    assert!(!desk.shows("being edited") && desk.shows("first-vm is written"), "{}", desk.screen());
}

#[test]
fn starting_and_stopping_ask() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "build01");
    desk.press("S");
    assert!(desk.shows("Stop \"build01\" on lab?"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("y");
    let key = |name: &str| ("training".to_owned(), name.to_owned());
    assert_eq!(requests(&mut desk), [Request::Act { key: key("build01"), action: Action::Stop }]);
    assert!(desk.shows("stopping"), "{}", desk.screen());
    // Twice is once.
    desk.press("R");
    assert!(requests(&mut desk).is_empty() && desk.shows("was asked to"), "{}", desk.screen());
    tell(&mut desk, Report::NotActed { key: key("build01"), trouble: Trouble::new("the cluster says no") });
    assert!(desk.shows("the cluster says no"), "{}", desk.screen());
    go_to(&mut desk, "spare1");
    desk.press("s");
    assert!(desk.shows("Start \"spare1\" on lab?"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("y");
    assert_eq!(requests(&mut desk), [Request::Act { key: key("spare1"), action: Action::Start }]);
    go_to(&mut desk, "!spare1 spine1");
    desk.press("P");
    assert!(desk.shows("it is not paused"), "{}", desk.screen());
}

#[test]
fn a_console_has_the_keyboard_until_the_escape_key_and_stays_as_it_was() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "\r\nspine1 login: ");
    assert_snapshot!("console_serial_100x30", desk.screen());
    // What would quit noctui, switch panes or ask for help goes to the machine.
    desk.type_text("admin").press("enter").press("ctrl-c").press("q").press("tab").press("?").press("up");
    assert_eq!(typed(&mut desk), "admin\r\x03q\t?\x1b[A");
    tell(&mut desk, Report::Said { id, bytes: "\x1b[?1hPassword:".into() });
    desk.press("up");
    assert_eq!(typed(&mut desk), "\x1bOA");
    desk.press("ctrl-]");
    assert!(desk.shows("enter types on") && typed(&mut desk).is_empty(), "{}", desk.screen());
    // Pressed again at once it is sent, and the keyboard is the machine's.
    desk.press("ctrl-]").type_text("x");
    assert_eq!(typed(&mut desk), "\x1dx");
    // Later it is not: noctui keeps the keyboard.
    desk.press("ctrl-]").wait(TimeDelta::seconds(5)).press("ctrl-]");
    assert!(desk.shows("^] twice in a row sends ^]") && desk.shows("enter types on"), "{}", desk.screen());
    desk.send(Message::Input(Input::Paste("reload".to_owned())));
    assert!(requests(&mut desk).is_empty() && desk.shows("enter gives it to the machine"), "{}", desk.screen());
    desk.press("enter");
    desk.press("ctrl-]").press("esc");
    assert!(desk.shows("Machines of the cluster") || desk.shows("spine1"), "{}", desk.screen());
    tell(&mut desk, Report::Said { id, bytes: "\r\nspine1>".into() });
    assert!(desk.shows("1 with news"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.shows("spine1>") && desk.shows("Password:"), "{}", desk.screen());
    assert!(requests(&mut desk).is_empty(), "it was open all the time");
}

#[test]
fn pasted_text_is_sent_as_it_is_and_marked_where_the_machine_wants_that() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#");
    let pasted = |desk: &mut Desk| match requests(desk).as_slice() {
        [Request::Paste { bytes, .. }] => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    desk.send(Message::Input(Input::Paste("conf t\nhostname x\n".to_owned())));
    assert_eq!(pasted(&mut desk), "conf t\rhostname x\r");
    tell(&mut desk, Report::Said { id, bytes: "\x1b[?2004h".into() });
    desk.send(Message::Input(Input::Paste("a\nb".to_owned())));
    assert_eq!(pasted(&mut desk), "\x1b[200~a\rb\x1b[201~");
}

#[test]
fn what_a_machine_asks_its_terminal_is_answered() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "");
    tell(&mut desk, Report::Said { id, bytes: "\x1b[2;3H\x1b[6n".into() });
    assert_eq!(typed(&mut desk), "\x1b[2;3R");
}

#[test]
fn the_size_is_typed_and_the_terminal_has_it_then() {
    let mut desk = desk(100, 30);
    opened(&mut desk, "spine1", "spine1#");
    desk.press("ctrl-]").press("S");
    assert_eq!(typed(&mut desk), "stty rows 26 cols 100\r");
}

#[test]
fn a_line_that_drops_says_why_keeps_what_it_said_and_comes_back_on_a_key() {
    let mut desk = desk(100, 30);
    let id = opened(&mut desk, "spine1", "spine1#show version\r\n");
    let trouble = Trouble::new("the line to spine1 was dropped").to_do("somebody else attached");
    tell(&mut desk, Report::Ended { id, trouble: Some(trouble) });
    assert_snapshot!("console_dropped_100x30", desk.screen());
    assert!(requests(&mut desk).is_empty(), "nothing is attached again by itself");
    desk.wait(TimeDelta::seconds(1)).press("r");
    let asked = requests(&mut desk);
    assert!(
        matches!(asked.as_slice(), [Request::Open { id: again, with_log: false, .. }] if *again == id),
        "{asked:?}"
    );
    tell(&mut desk, Report::Opened { id, log: "".into() });
    tell(&mut desk, Report::Said { id, bytes: "spine1#".into() });
    assert!(desk.shows("show version") && desk.shows("● open"), "{}", desk.screen());
}

#[test]
fn several_consoles_are_tabs_with_marks_and_one_can_be_closed() {
    let mut desk = desk(100, 30);
    let first = opened(&mut desk, "spine1", "spine1#");
    desk.press("ctrl-]");
    opened(&mut desk, "build01", "build01 login:");
    tell(&mut desk, Report::Said { id: first, bytes: "\x07%LINK-3-UPDOWN\r\n".into() });
    assert_snapshot!("console_tabs_100x30", desk.screen());
    desk.press("ctrl-]").press("tab");
    assert!(desk.shows("%LINK-3-UPDOWN"), "{}", desk.screen());
    desk.press("x");
    assert_eq!(requests(&mut desk), [Request::Close { id: first }]);
    assert!(desk.shows("build01 login:"), "{}", desk.screen());
}

#[test]
fn what_was_said_is_looked_through_and_copied() {
    let mut desk = desk(100, 30);
    let lines = (0..200).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\r\n") + "\r\n";
    opened(&mut desk, "spine1", &lines);
    desk.press("ctrl-]").press("/").type_text("line 42").press("enter");
    assert!(desk.shows("line 42") && desk.shows("lines up"), "{}", desk.screen());
    desk.press("Y");
    let copied = desk.wanted.iter().find_map(|effect| if let Effect::Copy(text) = effect { Some(text) } else { None });
    assert!(copied.unwrap().starts_with("line 0\nline 1\n"));
    desk.press("G").press("y");
    assert!(desk.shows("line 199"), "{}", desk.screen());
}

#[test]
fn a_screen_is_text_where_it_can_be_and_the_next_picture_is_asked_for_after_the_frame() {
    let mut desk = desk(100, 30);
    let id = opened_screen(&mut desk, "build01");
    let frame = glyph::draw(["Debian GNU/Linux 13 build01 tty1", "", "build01 login: _"], 0x00aa_aaaa, 0).unwrap();
    let text = glyph::read(&frame).map(Arc::new);
    tell(&mut desk, Report::Shown { id, picture: Picture { frame: Arc::new(frame), text } });
    assert!(matches!(desk.wanted.last(), Some(Effect::AfterFrame(Request::Seen { .. }))));
    assert!(desk.shows("build01 login: _") && desk.shows("screen, as text"), "{}", desk.screen());
    desk.wanted.clear();
    desk.press("ctrl-c").press("A");
    let chord = |keys: &[u32]| Request::touch(id, Touch::Chord(keys.to_vec()));
    assert_eq!(requests(&mut desk), [chord(&[0xffe3, 0x63]), chord(&[0xffe1, 0x41])]);
    // Typed, and on its clipboard where that can have it.
    let pasted = |text: &str| Request::touch(id, Touch::Text(text.to_owned()));
    desk.send(Message::Input(Input::Paste("é\r\n".to_owned())));
    let cut = Request::touch(id, Touch::Cut("é\n".to_owned()));
    assert_eq!(requests(&mut desk), [cut, pasted("é\n")]);
    assert!(!desk.shows("clipboard"), "{}", desk.screen());
    desk.send(Message::Input(Input::Paste("☃".to_owned())));
    assert_eq!(requests(&mut desk), [pasted("☃")]);
    assert!(desk.shows("it is typed, and not put on the guest's clipboard"), "{}", desk.screen());
    desk.press("ctrl-]").press("m");
    assert!(!desk.shows("build01 login:") && desk.shows("▀"), "{}", desk.screen());
    desk.press("D").wait(TimeDelta::seconds(1)).press("y");
    assert_eq!(requests(&mut desk), [chord(&[0xffe3, 0xffe9, 0xffff])]);
    let mut picture = Frame::new(64, 32).unwrap();
    picture.fill(picture.area(), 0x00ff_0000);
    tell(&mut desk, Report::Shown { id, picture: Picture { frame: Arc::new(picture), text: None } });
    assert!(desk.shows("screen  ●"), "{}", desk.screen());
}

#[test]
fn the_key_that_leaves_is_seen_however_narrow_it_is() {
    for (columns, rows) in [(200, 60), (80, 24), (60, 20), (44, 12)] {
        let mut desk = desk(columns, rows);
        let id = opened_screen(&mut desk, "build01");
        show_line(&mut desk, id, "build01 login: _");
        assert!(desk.shows("build01 · screen") && desk.shows("^] leaves"), "{}", desk.screen());
        desk.press("ctrl-]");
        assert!(desk.shows("enter types on"), "{}", desk.screen());
    }
}

#[test]
fn a_machine_behind_a_proxy_is_reached_by_its_token_while_that_is_good() {
    let mut desk = desk(120, 28);
    go_to(&mut desk, "leaf1");
    desk.press("enter");
    let asked = requests(&mut desk);
    assert!(
        matches!(asked.as_slice(), [Request::Open { target: Target::Proxied(proxy, _), .. }] if proxy == "training"),
        "{asked:?}"
    );
    let Some(Request::Open { id, .. }) = asked.last() else { panic!("{asked:?}") };
    let id = *id;
    // The token says nothing of the machine, and a proxy that opens has not looked at it yet.
    tell(&mut desk, Report::Opened { id, log: "".into() });
    desk.press("ctrl-]").press("esc");
    assert!(desk.row("by training").contains("token good"), "{}", desk.screen());
    tell(&mut desk, Report::Said { id, bytes: "leaf1 login:".into() });
    assert!(desk.row("by training").contains("reached"), "{}", desk.screen());
    tell(&mut desk, Report::Ended { id, trouble: Some(Trouble::new("the proxy refuses: invalid token")) });
    let row = desk.row("by training");
    assert!(row.contains("failed") && row.contains("ago: the proxy refuses: invalid token"), "{row}");
    go_to(&mut desk, "leaf2");
    desk.press("enter");
    assert!(requests(&mut desk).is_empty() && desk.shows("has ended"), "{}", desk.screen());
}

#[test]
fn a_cluster_that_does_not_answer_says_why_and_changes_nothing() {
    let mut desk = desk(120, 40);
    let trouble = Trouble::new("cannot reach 192.0.2.1:6443").caused_by("connection refused").to_do("check the VPN");
    let retry_at = desk.now + TimeDelta::seconds(30);
    tell(&mut desk, Report::Health { health: Health::Failing { trouble, word: "unreachable", retry_at }, name: None });
    go_to(&mut desk, "spare1");
    desk.press("s");
    assert!(requests(&mut desk).is_empty() && desk.shows("nothing is changed meanwhile"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("connection refused") && desk.shows("check the VPN"), "{}", desk.screen());
}
