//! The lab's pane as its users meet it: reports and keys in, screens and requests out.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;

use super::desk::{Desk, MAILBOX, settings, tonight};
use crate::app::{Effect, Message, Settings};
use crate::colour::ColourDepth;
use crate::errand::{Returned, Room};
use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::connect::{Launch, Tunnel};
use crate::features::lab::model::{
    Claims, Firewall, Forward, Holding, Machine, Part, Reach, Rule, Saved, Since, Snapshot, Unusable,
};
use crate::features::lab::worker::{Health, Prepared, Report, Request};
use crate::trouble::Trouble;

pub(super) const LAB: &str = "
[[lab]]
name = 'training'
url = 'https://vlab.example'
[connect]
remove_after = true
";

pub(super) fn forward(port: u16, name: &str, component: &str, address: &str, target: u16) -> Forward {
    let (name, component, address) = (name.to_owned(), component.to_owned(), address.to_owned());
    Forward { port, name, component, address, target }
}

/// One of everything that can be true of a forward.
pub(super) fn snapshot() -> Snapshot {
    let forwards = vec![
        forward(50_004, "win01", "Windows", "192.168.1.30", 3389),
        forward(50_010, "web01", "CentOS", "192.168.1.20", 22),
        forward(50_027, "isi01", "OneFS", "192.168.1.41", 8080),
        forward(50_033, "isi01", "OneFS", "192.168.1.41", 22),
        forward(50_064, "web01", "CentOS", "192.168.1.20", 22),
        forward(50_071, "old", "Avamar", "192.168.1.80", 443),
    ];
    let rule =
        |forward: &Forward| Rule { port: forward.port, address: forward.address.clone(), target: forward.target };
    let mut rules: Vec<Rule> = forwards.iter().filter(|forward| forward.port != 50_033).map(rule).collect();
    rules.push(Rule { port: 50_099, address: "192.168.1.20".to_owned(), target: 8443 });
    let machine = |name: &str, component: &str, address: &str, exists: bool| {
        let machine = Machine {
            component: component.to_owned(),
            addresses: vec![address.to_owned()],
            routable: exists.then_some(name != "win01"),
            pings: [].into(),
            power: exists.then(|| "poweredOn".to_owned()),
            exists: Some(exists),
        };
        (name.to_owned(), machine)
    };
    Snapshot {
        gateway: "198.51.100.2".to_owned(),
        forwards,
        machines: [
            machine("web01", "CentOS", "192.168.1.20", true),
            machine("win01", "Windows", "192.168.1.30", true),
            machine("isi01", "OneFS", "192.168.1.41", true),
            machine("db01", "CentOS", "192.168.1.22", true),
            machine("old", "Avamar", "192.168.1.80", false),
        ]
        .into(),
        firewall: Some(Firewall { version: "2019.7.3".to_owned(), rules, ..Firewall::default() }),
        unreadable: 0,
        doubts: vec![],
        untold: [].into(),
    }
}

/// A desk at a lab that has told everything a second ago.
pub(super) fn desk(columns: u16, rows: u16) -> Desk {
    desk_with(settings(&format!("{MAILBOX}{LAB}"), ColourDepth::Sixteen, true), columns, rows)
}

/// The same with other settings of the lab.
pub(super) fn desk_with(settings: Settings, columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::with(settings, None, columns, rows);
    let lab = || "training".to_owned();
    let at = desk.now;
    let since: Since =
        [("web01".to_owned(), at - TimeDelta::hours(3)), ("win01".to_owned(), at - TimeDelta::minutes(9))].into();
    let open = |banner: &str| Reach::Open { latency: Duration::from_micros(812), banner: banner.to_owned() };
    let claims = Claims {
        username: "pat".to_owned(),
        client_ip: "198.51.100.7".to_owned(),
        expires_at: Some(at + TimeDelta::minutes(41)),
        version: Some(2),
        ..Claims::default()
    };
    let holding = Holding {
        claims,
        from: "the variable NOCTUI_LAB_TOKEN".to_owned(),
        renews: false,
        refused: None,
        warning: None,
    };
    for report in [
        Report::Token { lab: lab(), holding: Some(holding) },
        Report::Snapshot { lab: lab(), snapshot: Arc::new(snapshot()), since: Arc::new(since), at },
        Report::Health { lab: lab(), health: Health::Live { at } },
        Report::Reached {
            lab: lab(),
            reached: vec![
                (50_010, open("SSH-2.0-OpenSSH_9.6")),
                (50_027, open("")),
                (50_064, open("SSH-2.0-OpenSSH_9.6")),
                (50_004, Reach::TimedOut),
                (50_071, Reach::Refused),
                (50_099, open("")),
            ],
            is_complete: true,
        },
    ] {
        tell(&mut desk, report);
    }
    desk.press("4").wait(TimeDelta::seconds(1));
    desk
}

pub(super) fn tell(desk: &mut Desk, report: Report) {
    desk.send(Message::Lab(Box::new(report)));
}

/// The requests so far; they are forgotten.
pub(super) fn requests(desk: &mut Desk) -> Vec<Request> {
    let wanted = std::mem::take(&mut desk.wanted);
    wanted
        .into_iter()
        .filter_map(|effect| if let Effect::Lab(request) = effect { Some(request) } else { None })
        .collect()
}

/// Moves the cursor to the row with this text.
pub(super) fn go_to(desk: &mut Desk, text: &str) {
    desk.press("/").type_text(text).press("enter");
    desk.wait(TimeDelta::seconds(1));
}

#[test]
fn the_table_tells_the_truth_at_all_sizes() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let desk = desk(columns, rows);
        assert_snapshot!(format!("lab_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn the_table_by_its_roles() {
    let mut desk = desk(120, 40);
    desk.press("z");
    assert_snapshot!("lab_roles", desk.styled());
}

#[test]
fn a_forward_opened_says_all_about_it() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50064");
    desk.press("i");
    assert_eq!(
        requests(&mut desk).pop(),
        Some(Request::History { lab: "training".to_owned(), name: "web01".to_owned() })
    );
    tell(&mut desk, Report::History { lab: "training".to_owned(), name: "web01".to_owned(), actions: vec![] });
    assert_snapshot!("lab_details_120x40", desk.screen());
}

#[test]
fn a_deletion_asks_and_is_undone_on_another_port() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50064");
    desk.press("D");
    assert!(desk.shows("Delete the forward to \"web01 22\" on training?"), "{}", desk.screen());
    // What was typed ahead answers nothing.
    desk.press("y");
    assert!(requests(&mut desk).is_empty());
    desk.wait(TimeDelta::seconds(1)).press("y");
    let old = forward(50_064, "web01", "CentOS", "192.168.1.20", 22);
    let asked = requests(&mut desk);
    let [Request::Change { job, changes, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(changes, &[Change::Remove(old.clone())]);
    let (at, outcome) = (0, Some(Outcome::Removed { forward: old.clone() }));
    tell(&mut desk, Report::Step { job: *job, at, outcome });
    assert!(desk.shows("deleted web01 22, which was on 50064"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(10)).press("u");
    let asked = requests(&mut desk);
    let [Request::Change { job, changes, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(changes, &[Change::Add(old.wanted())]);
    let made = Some(Outcome::Made { forward: Forward { port: 50_088, ..old }, twin: None });
    tell(&mut desk, Report::Step { job: *job, at, outcome: made });
    assert!(desk.shows("it was on 50064, and is on 50088 now"), "{}", desk.screen());
}

#[test]
fn a_clean_up_is_a_plan_whose_changes_each_have_their_result() {
    let mut desk = desk(120, 40);
    desk.press("X");
    assert_snapshot!("lab_plan_120x40", desk.screen());
    desk.press("enter").wait(TimeDelta::seconds(1)).press("y");
    let asked = requests(&mut desk);
    let [Request::Change { job, changes, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    // What the service cannot delete is not asked for.
    assert_eq!(changes.len(), 2);
    for (at, change) in changes.iter().enumerate() {
        let Change::Remove(forward) = change else { panic!("{change:?}") };
        let outcome = if forward.port == 50_071 {
            Outcome::Failed {
                trouble: Trouble::new("the gateway's database does not answer").to_do("restart PostgreSQL"),
            }
        } else {
            Outcome::Removed { forward: forward.clone() }
        };
        tell(&mut desk, Report::Step { job: *job, at, outcome: Some(outcome) });
    }
    tell(&mut desk, Report::Ended { job: *job });
    desk.wait(TimeDelta::seconds(40));
    assert_snapshot!("lab_plan_over_120x40", desk.screen());
}

#[test]
fn enter_connects_and_noctui_comes_back() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50010");
    desk.press("enter");
    let asked = requests(&mut desk);
    let [Request::Prepare { job, existing: Some((forward, host)), .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((forward.port, host.as_str()), (50_010, "198.51.100.2"));
    let words = vec!["ssh".to_owned(), "198.51.100.2".to_owned()];
    let prepared = Prepared {
        forward: forward.clone(),
        host: host.clone(),
        is_new: false,
        goes: false,
        launch: Launch::Terminal(words.clone()),
        instead: None,
    };
    tell(&mut desk, Report::Ready { job: *job, result: Ok(prepared) });
    let Some(Effect::Run(errand)) = desk.wanted.pop() else { panic!("{:?}", desk.wanted) };
    assert_eq!((errand.words, errand.room), (words, Room::Terminal));
    desk.send(Message::Returned(Returned { id: errand.id, outcome: Ok(0) }));
    assert!(desk.shows("back from web01 22"), "{}", desk.screen());
    assert!(requests(&mut desk).is_empty());
}

#[test]
fn a_forward_that_was_made_for_a_connection_goes_afterwards() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "db01");
    desk.press("enter");
    let asked = requests(&mut desk);
    let [Request::Prepare { job, existing: None, wanted, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((wanted.address.as_str(), wanted.target), ("192.168.1.22", 22));
    let forward = forward(50_090, "db01", "CentOS", "192.168.1.22", 22);
    let launch = Launch::Terminal(vec!["ssh".to_owned()]);
    let host = "198.51.100.2".to_owned();
    let prepared = Prepared { forward: forward.clone(), host, is_new: true, goes: true, launch, instead: None };
    tell(&mut desk, Report::Ready { job: *job, result: Ok(prepared) });
    let Some(Effect::Run(errand)) = desk.wanted.pop() else { panic!("{:?}", desk.wanted) };
    desk.send(Message::Returned(Returned { id: errand.id, outcome: Ok(255) }));
    assert!(desk.shows("the program ended with 255"), "{}", desk.screen());
    let asked = requests(&mut desk);
    let [Request::Change { changes, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(changes, &[Change::Tidy(forward)]);
}

#[test]
fn without_a_display_the_line_for_a_tunnel_is_copied() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50004");
    desk.press("enter");
    let asked = requests(&mut desk);
    let [Request::Prepare { job, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let line = "ssh -N -L 50004:198.51.100.2:50004 anna@203.0.113.5".to_owned();
    let words = line.split(' ').map(str::to_owned).collect();
    let launch = Launch::Tunnel(Tunnel { words, address: "localhost:50004".to_owned() });
    let forward = forward(50_004, "win01", "Windows", "192.168.1.30", 3389);
    let host = "198.51.100.2".to_owned();
    let prepared = Prepared { forward, host, is_new: false, goes: false, launch, instead: None };
    tell(&mut desk, Report::Ready { job: *job, result: Ok(prepared) });
    assert_eq!(desk.wanted.pop(), Some(Effect::Copy(line)));
}

#[test]
fn the_form_has_defaults_and_makes_one_forward() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "db01");
    desk.press("n");
    assert_snapshot!("lab_form_120x40", desk.screen());
    desk.press("ctrl-n ctrl-n enter");
    let asked = requests(&mut desk);
    let [Request::Change { changes, .. }] = asked.as_slice() else { panic!("{asked:?}\n{}", desk.screen()) };
    let [Change::Add(wanted)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((wanted.name.as_str(), wanted.target), ("db01", 443));
}

#[test]
fn several_marked_machines_are_planned_together() {
    let mut desk = desk(120, 40);
    desk.press("* n enter");
    assert!(desk.shows("make a forward for each of"), "{}", desk.screen());
    assert!(desk.shows("there already, on 50010"), "{}", desk.screen());
    assert!(requests(&mut desk).is_empty());
}

#[test]
fn a_token_that_ends_while_somebody_watches_is_told_of_once() {
    let mut desk = desk(120, 40);
    assert!(desk.shows("token ends 4"), "{}", desk.screen());
    desk.wait(TimeDelta::minutes(40) - TimeDelta::seconds(30));
    assert!(desk.model.next_change() <= desk.now + TimeDelta::seconds(1));
    desk.wait(TimeDelta::minutes(2));
    assert!(desk.shows("the token of training has expired"), "{}", desk.screen());
    desk.wait(TimeDelta::minutes(2));
    assert!(desk.shows("token expired") && !desk.shows("has expired: make"), "{}", desk.screen());
}

#[test]
fn nothing_is_changed_that_is_out_of_date_or_read_only() {
    let mut desk = desk(120, 40);
    let trouble = Trouble::new("cannot reach https://vlab.example").to_do("check the VPN");
    let health = Health::Failing { trouble, word: "offline", since: Some(tonight()), retry_at: Some(tonight()) };
    tell(&mut desk, Report::Health { lab: "training".to_owned(), health });
    assert!(desk.shows("not up to date: training does not answer (offline)"), "{}", desk.screen());
    for offered in ["n new", "D delete", "X clean up"] {
        assert!(!desk.shows(offered), "{offered}: {}", desk.screen());
    }
    desk.press("D X n");
    assert!(requests(&mut desk).is_empty() && !desk.shows("Delete"), "{}", desk.screen());
    // A forward that is known can be used all the same.
    go_to(&mut desk, "50010");
    desk.press("enter");
    assert!(matches!(requests(&mut desk).as_slice(), [Request::Prepare { .. }]));
}

#[test]
fn read_only_keeps_a_forward_from_being_made_for_a_connection() {
    let mut desk = desk(120, 40);
    desk.press(":").type_text("read-only").press("enter");
    go_to(&mut desk, "db01");
    desk.press("enter");
    assert!(desk.shows("read-only keeps one from being made"), "{}", desk.screen());
    desk.press("n");
    assert!(desk.shows("lab-new is refused"), "{}", desk.screen());
    assert!(requests(&mut desk).is_empty());
}

#[test]
fn an_address_and_a_command_are_copied() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50010");
    desk.press("y");
    assert_eq!(desk.wanted.pop(), Some(Effect::Copy("198.51.100.2:50010".to_owned())));
    desk.press("Y");
    let wanted = "ssh -p 50010 -o HostKeyAlias=noctui-training-web01 root@198.51.100.2";
    assert_eq!(desk.wanted.pop(), Some(Effect::Copy(wanted.to_owned())));
    desk.press("esc");
    go_to(&mut desk, "50033");
    desk.press("R");
    let Some(Effect::Copy(line)) = desk.wanted.pop() else { panic!("{}", desk.screen()) };
    assert!(line.ends_with("WHERE conn_port = 50033'"), "{line}");
}

/// The lab tells this snapshot now.
pub(super) fn tell_snapshot(desk: &mut Desk, snapshot: Snapshot) {
    let (lab, at) = ("training".to_owned(), desk.now);
    tell(desk, Report::Snapshot { lab, snapshot: Arc::new(snapshot), since: Arc::default(), at });
}

#[test]
fn what_cannot_come_back_is_said_before_it_is_deleted() {
    let mut desk = desk(120, 40);
    let mut odd = snapshot();
    odd.forwards.push(forward(50_080, "odd", "", "192.168.1.90", 443));
    odd.forwards.push(forward(50_081, "host", "CentOS", "host.lab", 22));
    odd.firewall = None;
    tell_snapshot(&mut desk, odd);
    // The gateway takes one without a component.
    go_to(&mut desk, "50080");
    desk.press("D");
    assert!(desk.shows("u makes it again, on another port"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("esc esc");
    go_to(&mut desk, "50081");
    desk.press("D");
    assert!(desk.shows("it cannot be made again: the address is not an IPv4 address"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("esc esc");
    // Of a duplicate the other one is there already.
    go_to(&mut desk, "50064");
    desk.press("D");
    assert!(desk.shows("50010 leads to the same place, and stays"), "{}", desk.screen());
}

#[test]
fn undoing_where_another_one_leads_there_says_that_nothing_was_made() {
    let mut desk = desk(120, 40);
    let old = forward(50_064, "web01", "CentOS", "192.168.1.20", 22);
    tell(&mut desk, Report::Deleted { lab: "training".to_owned(), forwards: vec![old.clone()] });
    desk.press("u");
    assert!(requests(&mut desk).is_empty(), "somebody else may have closed it on purpose");
    assert!(desk.shows("Make the forward to \"web01 22\" again on training?"), "{}", desk.screen());
    assert!(desk.shows("not on this screen: perhaps on purpose"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("y");
    let asked = requests(&mut desk);
    let [Request::Change { job, changes, .. }] = asked.as_slice() else { panic!("{asked:?}\n{}", desk.screen()) };
    assert_eq!(changes, &[Change::Add(old.wanted())], "an earlier noctui deleted it");
    let found = Some(Outcome::Found { forward: Forward { port: 50_010, ..old }, kept: false });
    tell(&mut desk, Report::Step { job: *job, at: 0, outcome: found });
    assert!(desk.shows("nothing was made: 50010 leads to web01 22, as 50064 did"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(10)).press("u");
    assert!(desk.shows("nothing that could be made again was deleted from here"), "{}", desk.screen());
}

#[test]
fn an_opened_forward_that_goes_says_so_and_offers_nothing() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50004");
    desk.press("i");
    let mut without = snapshot();
    without.forwards.retain(|forward| forward.port != 50_004);
    if let Some(firewall) = &mut without.firewall {
        firewall.rules.retain(|rule| rule.port != 50_004);
    }
    tell_snapshot(&mut desk, without);
    assert!(desk.shows("no longer there") && !desk.shows("Command"), "{}", desk.screen());
    requests(&mut desk);
    desk.wait(TimeDelta::seconds(1)).press("enter y D");
    assert!(requests(&mut desk).is_empty() && !desk.shows("Delete the forward"), "{}", desk.screen());
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Copy(_))));
}

#[test]
fn what_answers_is_not_cleaned_up_unless_it_is_chosen() {
    let mut desk = desk(120, 40);
    let reached = vec![(50_071, Reach::Open { latency: Duration::from_micros(812), banner: String::new() })];
    tell(&mut desk, Report::Reached { lab: "training".to_owned(), reached, is_complete: true });
    desk.press("X");
    assert!(desk.shows("1 change, none done"), "{}", desk.screen());
    assert!(desk.shows("the inventory has no such machine, and yet something answers"), "{}", desk.screen());
    // What the service cannot delete can be put right by hand from here.
    desk.press("g");
    let mut copied = None;
    for _ in 0..3 {
        desk.press("R");
        if let Some(Effect::Copy(line)) = desk.wanted.pop() {
            copied = Some(line);
        }
        desk.press("j");
    }
    assert!(copied.is_some_and(|line| line.ends_with("WHERE conn_port = 50033'")), "{}", desk.screen());
}

#[test]
fn marks_go_with_their_rows() {
    let mut desk = desk(120, 40);
    desk.press("*");
    assert!(desk.shows("9 marked") || desk.shows("8 marked"), "{}", desk.screen());
    let few = Snapshot { forwards: snapshot().forwards.drain(..1).collect(), ..Snapshot::default() };
    tell_snapshot(&mut desk, few);
    assert!(desk.shows("1 marked"), "{}", desk.screen());
    go_to(&mut desk, "nothing like it");
    assert!(desk.shows("1 marked, 1 of them not shown"), "{}", desk.screen());
}

#[test]
fn a_file_with_an_odd_row_is_planned_without_it() {
    let mut desk = desk(120, 40);
    let forwards = vec![forward(0, "new01", "CentOS", "192.168.1.25", 22), forward(0, "new02", "", "192.168.1.27", 22)];
    let (mut saved, _) = Saved::of("training", &Snapshot { forwards, ..Snapshot::default() });
    // By hand, or by an earlier noctui.
    saved.forwards.push(forward(0, "zero", "CentOS", "192.168.1.26", 0).wanted());
    let (lab, path) = ("training".to_owned(), "a.json".into());
    tell(&mut desk, Report::Loaded { lab, saved, path });
    assert!(desk.shows("2 changes, none done"), "{}", desk.screen());
    assert!(desk.shows("the port is 0: the gateway would take it and could never delete it"), "{}", desk.screen());
    let unusable = vec![Unusable { title: "zero 0".to_owned(), why: "the port is 0".to_owned() }];
    tell(&mut desk, Report::Saved { count: 3, unusable, path: "b.json".into() });
    assert!(desk.shows("1 left out, which cannot be made again: zero 0 (the port is 0)"), "{}", desk.screen());
}

#[test]
fn a_refused_login_is_not_said_to_be_tried_again() {
    let mut desk = desk(120, 40);
    let trouble = Trouble::new("logging in as pat was refused: Invalid username or password").to_do("check `user`");
    let health = Health::Failing { trouble, word: "login", since: Some(desk.now), retry_at: None };
    tell(&mut desk, Report::Health { lab: "training".to_owned(), health });
    assert!(desk.shows("training cannot be read (login)"), "a refusal is an answer: {}", desk.screen());
    desk.press(":").type_text("connections").press("enter");
    assert!(desk.shows("not tried again by itself") && !desk.shows("tries again at"), "{}", desk.screen());
    desk.press("esc r");
    assert_eq!(requests(&mut desk).pop(), Some(Request::Retry));
}

#[test]
fn a_lab_that_never_answered_says_why() {
    let mut desk = Desk::with(settings(&format!("{MAILBOX}{LAB}"), ColourDepth::Sixteen, true), None, 80, 24);
    desk.press("4");
    assert!(desk.shows("asking the lab"), "{}", desk.screen());
    let trouble = Trouble::new("the token was made for 198.51.100.7, and the gateway sees you as 203.0.113.9")
        .to_do("log in again from here");
    let retry_at = Some(desk.now + TimeDelta::seconds(30));
    let health = Health::Failing { trouble, word: "address", since: None, retry_at };
    tell(&mut desk, Report::Health { lab: "training".to_owned(), health });
    assert_snapshot!("lab_failed_80x24", desk.screen());
}

#[test]
fn what_tmux_has_opened_is_not_said_to_have_ended() {
    for (code, said) in [(0, "web01 22 is opened in a window of tmux"), (1, "was not opened in a window of tmux")] {
        let mut desk = desk(120, 40);
        go_to(&mut desk, "50010");
        desk.press("enter");
        let asked = requests(&mut desk);
        let [Request::Prepare { job, existing: Some((forward, host)), .. }] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        let launch = Launch::Tmux(["tmux", "new-window", "--", "ssh"].map(str::to_owned).to_vec());
        let (forward, host) = (forward.clone(), host.clone());
        let prepared = Prepared { forward, host, is_new: false, goes: false, launch, instead: None };
        tell(&mut desk, Report::Ready { job: *job, result: Ok(prepared) });
        let Some(Effect::Run(errand)) = desk.wanted.pop() else { panic!("{:?}", desk.wanted) };
        assert_eq!(errand.room, Room::Beside);
        desk.send(Message::Returned(Returned { id: errand.id, outcome: Ok(code) }));
        assert!(desk.shows(said) && !desk.shows("back from"), "{}", desk.screen());
    }
}

#[test]
fn a_health_check_that_is_not_told_is_said_and_nothing_is_proposed_by_it() {
    let mut desk = desk(120, 40);
    let at = desk.now - TimeDelta::minutes(12);
    let untold = [(Part::Health, Some(at))].into();
    tell_snapshot(&mut desk, Snapshot { untold, ..snapshot() });
    assert!(desk.shows("health check 11m old") && desk.shows("incomplete"), "{}", desk.screen());
    desk.press("X");
    assert!(desk.shows("0 changes, none done"), "{}", desk.screen());
    assert!(desk.shows("not proposed while the health check cannot be read"), "{}", desk.screen());
}

#[test]
fn a_plan_shows_the_whole_of_a_line_that_has_no_room_and_always_its_port() {
    let mut desk = desk(80, 24);
    let mut long = snapshot();
    long.forwards[5].name = "a-machine-with-a-very-long-name.lab.example".to_owned();
    long.forwards.push(Forward { port: 50_072, ..long.forwards[5].clone() });
    let rules = long.firewall.as_mut().unwrap();
    rules.rules.push(Rule { port: 50_072, address: "192.168.1.80".to_owned(), target: 443 });
    tell_snapshot(&mut desk, long);
    desk.press("X g");
    assert!(desk.shows("on 50071"), "{}", desk.screen());
    let whole = (0..6).any(|_| {
        let is_whole = desk.shows("a-machine-with-a-very-long-name.lab.example 443 on 50071");
        desk.press("j");
        is_whole
    });
    assert!(whole, "{}", desk.screen());
}

#[test]
fn a_token_that_the_server_alone_calls_expired_is_told_so() {
    let mut desk = desk(120, 40);
    let trouble = Trouble::new("the token has expired").to_do("make a new token");
    let health = Health::Failing { trouble, word: "expired", since: Some(tonight()), retry_at: Some(tonight()) };
    tell(&mut desk, Report::Health { lab: "training".to_owned(), health });
    assert!(desk.shows("token expired, says the server") && !desk.shows("token ends"), "{}", desk.screen());
}
