//! What is told of forwards that are not as they should be, and of what was cut off.

use chrono::TimeDelta;

use super::desk::Desk;
use super::desk::{MAILBOX, settings};
use super::lab::{LAB, desk, desk_with, forward, go_to, requests, snapshot, tell, tell_snapshot};
use crate::app::{Effect, Message};
use crate::colour::ColourDepth;
use crate::errand::Returned;
use crate::features::lab::act::Change;
use crate::features::lab::connect::{Launch, Tunnel};
use crate::features::lab::model::{Forward, Saved, Snapshot};
use crate::features::lab::store::open::Found;
use crate::features::lab::store::temporary::Temporary;
use crate::features::lab::worker::{Prepared, Report, Request};

#[test]
fn what_a_killed_noctui_had_deleted_is_told_and_can_be_undone() {
    let mut desk = desk(120, 40);
    let (older, gone) =
        (forward(50_020, "m20", "CentOS", "192.168.1.50", 8080), forward(50_023, "m23", "CentOS", "192.168.1.53", 22));
    tell(&mut desk, Report::Deleted { lab: "training".to_owned(), forwards: vec![older] });
    tell(&mut desk, Report::Found { lab: "training".to_owned(), found: vec![Found::Deleted(gone)] });
    assert!(desk.shows("deleting m23 22 on 50023 was cut off: it is gone; u makes it again"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.shows("Make the forward to \"m23 22\" again on training?"), "{}", desk.screen());
    let still = forward(50_064, "web01", "CentOS", "192.168.1.20", 22);
    desk.wait(TimeDelta::seconds(1)).press("esc");
    tell(&mut desk, Report::Found { lab: "training".to_owned(), found: vec![Found::StillThere(still)] });
    assert!(desk.shows("deleting web01 22 on 50064 was cut off: it is still there"), "{}", desk.screen());
}

#[test]
fn in_a_context_of_production_the_name_is_asked_for() {
    let context = "[[context]]\nname = 'prod'\nkind = 'production'\nlab = 'training'\n";
    let mut desk = desk_with(settings(&format!("{MAILBOX}{LAB}{context}"), ColourDepth::Sixteen, true), 120, 40);
    go_to(&mut desk, "50004");
    desk.press("D").wait(TimeDelta::seconds(1)).press("y enter");
    assert!(requests(&mut desk).is_empty(), "{}", desk.screen());
    desk.press("backspace").type_text("win01").press("enter");
    assert!(matches!(requests(&mut desk).as_slice(), [Request::Change { .. }]), "{}", desk.screen());
}

#[test]
fn with_ascii_alone_nothing_else_is_drawn() {
    let mut settings = settings(&format!("{MAILBOX}{LAB}"), ColourDepth::Sixteen, true);
    settings.ascii = true;
    let mut desk = desk_with(settings, 120, 40);
    let mut hostile = snapshot();
    hostile.forwards[0].name = "win\u{241b}[31m\u{2407}".to_owned();
    tell_snapshot(&mut desk, hostile);
    for keys in ["g", "n", "esc i", "esc X", "esc D"] {
        desk.wait(TimeDelta::seconds(1)).press(keys);
        let screen = desk.screen();
        assert!(screen.is_ascii(), "{keys}: {screen}");
    }
}

#[test]
fn on_a_narrow_screen_a_question_still_names_the_lab() {
    let mut desk = desk(40, 10);
    desk.wait(TimeDelta::seconds(10));
    go_to(&mut desk, "50064");
    desk.press("D");
    let text: String = desk.screen().split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(text.contains("Delete the forward to \"web01 22\" on training?"), "{}", desk.screen());
}

#[test]
fn what_is_marked_is_planned_in_the_order_of_the_list() {
    let mut desk = desk(120, 40);
    desk.press("* D");
    let screen = desk.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
    // By machine, as the list has it, and not by the gateway's port: win01 has the lowest.
    assert!(at("isi01 22 on 50033") < at("old 443 on 50071") && at("old 443 on 50071") < at("win01 3389 on 50004"));
}

#[test]
fn a_rule_over_which_the_service_stumbles_is_told_before_it_does() {
    let mut desk = desk(120, 40);
    let mut foreign = snapshot();
    foreign.firewall.as_mut().unwrap().foreign = 1;
    tell_snapshot(&mut desk, foreign);
    assert!(desk.shows("1 foreign rule"), "{}", desk.screen());
    go_to(&mut desk, "50004");
    desk.press("D");
    assert!(desk.shows("(chain PREROUTING) is no forward"), "{}", desk.screen());
}

#[test]
fn a_machine_that_is_off_is_told_so_beside_its_forward_and_in_the_form() {
    let mut desk = desk(200, 60);
    let mut off = snapshot();
    off.machines.get_mut("win01").unwrap().power = Some("poweredOff".to_owned());
    tell_snapshot(&mut desk, off);
    assert!(desk.shows("powered off, says the inventory; no answer from here"), "{}", desk.screen());
    go_to(&mut desk, "win01");
    desk.press("n");
    assert!(desk.shows("the inventory says that win01 is powered off"), "{}", desk.screen());
}

#[test]
fn what_a_connection_left_behind_is_kept_by_being_asked_for() {
    let mut desk = desk(120, 40);
    let forward = forward(50_010, "web01", "CentOS", "192.168.1.20", 22);
    let owner = "process 812 on jump1".to_owned();
    let temporary = vec![Temporary { forward: forward.clone(), at: desk.now, owner, owner_runs: false, program: None }];
    tell(&mut desk, Report::Temporary { lab: "training".to_owned(), temporary });
    go_to(&mut desk, "50010");
    desk.press("n enter");
    let asked = requests(&mut desk);
    let [Request::Change { changes, .. }] = asked.as_slice() else { panic!("{asked:?}\n{}", desk.screen()) };
    assert_eq!(changes, &[Change::Add(forward.wanted())]);
}

#[test]
fn forwards_of_another_lab_are_told_as_such() {
    let mut desk = desk(120, 40);
    let forwards = vec![forward(0, "new01", "CentOS", "192.168.1.25", 22)];
    let (saved, _) = Saved::of("other", &Snapshot { forwards, ..Snapshot::default() });
    tell(&mut desk, Report::Loaded { lab: "training".to_owned(), saved, path: "a.json".into() });
    assert!(desk.shows("these are the forwards of lab other, and would be made on training"), "{}", desk.screen());
}

/// The screen's answer to a connection that was prepared like this.
fn begun(desk: &mut Desk, prepared: impl FnOnce(Forward) -> Prepared) -> u64 {
    desk.press("enter");
    let asked = requests(desk);
    let [Request::Prepare { job, wanted, .. }] = asked.as_slice() else { panic!("{asked:?}\n{}", desk.screen()) };
    let prepared = prepared(wanted.on(50_090));
    tell(desk, Report::Ready { job: *job, result: Ok(prepared) });
    *job
}

#[test]
fn what_to_do_without_a_display_fits_on_a_narrow_screen() {
    let mut desk = desk(80, 24);
    go_to(&mut desk, "db01");
    let words = ["ssh", "-N", "-L", "50027:198.51.100.2:50027", "anna@203.0.113.5"].map(str::to_owned).to_vec();
    let launch = Launch::Tunnel(Tunnel { words, address: "https://localhost:50027".to_owned() });
    let host = "198.51.100.2".to_owned();
    begun(&mut desk, |forward| Prepared { forward, host, is_new: false, goes: false, launch, instead: None });
    let said = "ssh -L copied: run it at a display and open https://localhost:50027";
    assert!(desk.shows(said), "{}", desk.screen());
}

#[test]
fn no_forward_is_made_by_the_way_to_a_machine_that_is_gone() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50071");
    desk.press("f");
    assert!(requests(&mut desk).is_empty(), "{}", desk.screen());
    assert!(desk.shows("the inventory has no machine old: no forward is made to it; n makes one"), "{}", desk.screen());
    // What is there is used.
    desk.press("enter");
    assert!(matches!(requests(&mut desk).as_slice(), [Request::Prepare { existing: Some(_), .. }]));
    desk.press("n");
    assert!(desk.shows("the inventory has no machine old"), "{}", desk.screen());
}

#[test]
fn a_forward_that_was_made_for_a_connection_and_stays_is_said_with_its_port() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "db01");
    let launch = Launch::Terminal(vec!["ssh".to_owned()]);
    let host = "198.51.100.2".to_owned();
    let id = begun(&mut desk, |forward| Prepared { forward, host, is_new: true, goes: false, launch, instead: None });
    desk.send(Message::Returned(Returned { id, outcome: Ok(0) }));
    let said = "back from db01 22; the forward was made for this, on 50090, and stays";
    assert!(desk.shows(said) && requests(&mut desk).is_empty(), "{}", desk.screen());
}

#[test]
fn a_program_that_fails_at_once_without_a_display_leaves_the_line_and_its_forward() {
    for (seconds, is_offered) in [(1, true), (9, false)] {
        let mut desk = desk(200, 60);
        go_to(&mut desk, "db01");
        let tunnel = Tunnel { words: vec!["ssh".to_owned(), "-N".to_owned()], address: "localhost:50090".to_owned() };
        let (launch, host) = (Launch::Terminal(vec!["rdesktop".to_owned()]), "198.51.100.2".to_owned());
        let instead = Some(tunnel);
        let id = begun(&mut desk, |forward| Prepared { forward, host, is_new: true, goes: true, launch, instead });
        let pid = 812;
        desk.send(Message::Started { id, pid });
        let begun = requests(&mut desk);
        assert!(matches!(begun.as_slice(), [Request::Started { pid: 812, .. }]), "{begun:?}");
        desk.wait(TimeDelta::seconds(seconds)).send(Message::Returned(Returned { id, outcome: Ok(1) }));
        let is_copied = desk.wanted.contains(&Effect::Copy("ssh -N".to_owned()));
        let asked = requests(&mut desk);
        assert_eq!(
            (is_copied, matches!(asked.as_slice(), [Request::Keep { .. }])),
            (is_offered, is_offered),
            "{asked:?}"
        );
        assert_eq!(desk.shows("no display here"), is_offered, "{}", desk.screen());
    }
}

#[test]
fn for_whom_a_forward_was_made_is_told_with_it() {
    let mut desk = desk(120, 40);
    let forward = forward(50_010, "web01", "CentOS", "192.168.1.20", 22);
    let (at, owner, program) = (desk.now, "process 812 on jump1".to_owned(), Some("process 813 on jump1".to_owned()));
    let temporary = vec![Temporary { forward, at, owner, owner_runs: true, program }];
    tell(&mut desk, Report::Temporary { lab: "training".to_owned(), temporary });
    assert!(!desk.shows("was made for"), "nobody need do anything: {}", desk.screen());
    go_to(&mut desk, "50010");
    desk.press("i");
    let told = "it was made for a connection; process 812 on jump1 removes it when that ends; its program";
    assert!(desk.shows(told), "{}", desk.screen());
    desk.press("D");
    assert!(desk.shows("process 812 on jump1 removes it when that ends"), "{}", desk.screen());
}
