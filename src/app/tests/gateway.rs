//! What the gateway's service cannot put right, what connections leave behind, and what is copied where there is no display.

use chrono::TimeDelta;

use super::desk::{Desk, MAILBOX, settings};
use super::lab::{LAB, desk, desk_with, forward, go_to, requests, snapshot, tell, tell_snapshot};
use crate::app::{Effect, Settings};
use crate::colour::ColourDepth;
use crate::features::lab::act::{Change, Outcome};
use crate::features::lab::model::{Machine, Mending};
use crate::features::lab::store::temporary::Temporary;
use crate::features::lab::worker::{Report, Request};
use crate::here::Here;

/// The settings of the lab, and that its gateway's shell is reached from here.
fn with_shell() -> Settings {
    let text = format!("{MAILBOX}{LAB}").replace("url =", "gateway_shell = ['ssh', 'root@{host}']\nurl =");
    settings(&text, ColourDepth::Sixteen, true)
}

/// The one change that was asked for, with its order.
fn asked_change(desk: &mut Desk) -> (u64, Change) {
    let asked = requests(desk);
    match asked.as_slice() {
        [Request::Change { job, changes, .. }] if changes.len() == 1 => (*job, changes[0].clone()),
        other => panic!("{other:?}\n{}", desk.screen()),
    }
}

#[test]
fn what_the_service_cannot_delete_goes_by_the_gateways_shell() {
    let mut desk = desk_with(with_shell(), 120, 40);
    // A dead record, and a port that is in no list.
    for (port, question, line) in [
        ("50033", "End \"isi01 22\" on port 50033 of training?", "DELETE FROM ipam WHERE conn_port = 50033"),
        ("50099", "End \"web01 8443\" on port 50099 of training?", "--dport 50099 -j DNAT"),
    ] {
        desk.press("esc").wait(TimeDelta::seconds(10));
        go_to(&mut desk, port);
        assert!(desk.shows("D delete"), "{}", desk.screen());
        desk.press("D");
        assert!(desk.shows(question) && desk.shows("in the gateway's shell: sudo"), "{}", desk.screen());
        desk.wait(TimeDelta::seconds(1)).press("y");
        let (job, change) = asked_change(&mut desk);
        let Change::Mend(Mending { forward, line: sent, .. }) = change else { panic!("{change:?}") };
        assert!(sent.contains(line) && forward.port.to_string() == port, "{sent}");
        tell(&mut desk, Report::Step { job, at: 0, outcome: Some(Outcome::Mended { forward }) });
        assert!(desk.shows(&format!("on {port} is gone, by the gateway's shell")), "{}", desk.screen());
    }
    // Nothing of it is made again by undoing.
    desk.wait(TimeDelta::seconds(10)).press("u");
    assert!(desk.shows("nothing that could be made again was deleted"), "{}", desk.screen());
}

#[test]
fn a_clean_up_ends_what_is_dead_and_leaves_an_open_port_to_whoever_knows_it() {
    let mut desk = desk_with(with_shell(), 120, 40);
    desk.press("X");
    assert!(desk.row("isi01 22 on 50033").contains("dead: the firewall has no rule for it; by the gateway's shell"));
    let open = desk.row("web01 8443 on 50099");
    assert!(open.contains("left out") && open.contains("open, and in no list"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(1)).press("enter");
    desk.wait(TimeDelta::seconds(1)).press("y");
    let asked = requests(&mut desk);
    let [Request::Change { changes, .. }] = asked.as_slice() else { panic!("{asked:?}\n{}", desk.screen()) };
    let mended = changes.iter().filter(|change| matches!(change, Change::Mend(_))).count();
    assert_eq!((mended, changes.len()), (1, 3), "{changes:?}");
}

#[test]
fn without_a_shell_the_line_is_copied_and_nothing_is_asked() {
    let mut desk = desk(120, 40);
    go_to(&mut desk, "50033");
    desk.press("D");
    assert!(requests(&mut desk).is_empty() && desk.shows("R copies what does"), "{}", desk.screen());
}

#[test]
fn what_a_connection_left_behind_is_told_and_proposed() {
    let mut desk = desk(120, 40);
    let forward = forward(50_010, "web01", "CentOS", "192.168.1.20", 22);
    let owner = "process 812 on jump1".to_owned();
    let left = Temporary { forward, at: desk.now, owner, owner_runs: false, program: None };
    let report = || Report::Temporary { lab: "training".to_owned(), temporary: vec![left.clone()] };
    tell(&mut desk, report());
    let said = "web01 22 on 50010 was made for one connection, and process 812 on jump1 ended before it removed it";
    assert!(desk.row("50010 was made").contains(said), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(30));
    tell(&mut desk, report());
    assert!(!desk.shows("was made for one connection"), "once: {}", desk.screen());
    desk.press("X");
    assert!(desk.row("web01 22 on 50010").contains("delete"), "{}", desk.screen());
    assert!(
        desk.shows("was made for one connection, and process 812 on jump1 ended before it removed it"),
        "{}",
        desk.screen()
    );
}

#[test]
fn what_the_program_of_a_dead_noctui_still_uses_is_told_and_not_proposed() {
    let mut desk = desk(200, 60);
    let forward = forward(50_010, "web01", "CentOS", "192.168.1.20", 22);
    let owner = "process 812 on jump1".to_owned();
    let program = Some("process 813 on jump1".to_owned());
    let left = Temporary { forward, at: desk.now, owner, owner_runs: false, program };
    tell(&mut desk, Report::Temporary { lab: "training".to_owned(), temporary: vec![left.clone()] });
    let said = "its program, process 813 on jump1, still runs and uses it";
    assert!(desk.shows(said) && !desk.shows("plans its end"), "{}", desk.screen());
    desk.wait(TimeDelta::seconds(30)).press("X");
    assert!(!desk.shows("web01 22 on 50010"), "{}", desk.screen());
    // Once it has ended there is something to clean up.
    let ended = Temporary { program: None, ..left };
    tell(&mut desk, Report::Temporary { lab: "training".to_owned(), temporary: vec![ended] });
    assert!(desk.shows("plans its end"), "{}", desk.screen());
    desk.press("esc").press("X");
    assert!(desk.shows("web01 22 on 50010"), "{}", desk.screen());
}

#[test]
fn without_a_display_what_is_copied_brings_the_port_to_one() {
    let mut seen = settings(&format!("{MAILBOX}{LAB}"), ColourDepth::Sixteen, true);
    let host = "203.0.113.5".to_owned();
    seen.surroundings.here = Here { user: "anna".to_owned(), host, ..Here::default() };
    let copied = |settings: Settings| {
        let mut desk = desk_with(settings, 120, 40);
        go_to(&mut desk, "50027");
        desk.press("Y");
        let Some(Effect::Copy(line)) = desk.wanted.pop() else { panic!("{}", desk.screen()) };
        desk.press("esc").press("i");
        assert!(desk.shows(&line), "the details say the same: {}", desk.screen());
        let (shown, is_brought) = (desk.shows("Then open  https://localhost:50027"), line.starts_with("ssh -N"));
        assert_eq!(shown, is_brought, "{}", desk.screen());
        line
    };
    assert_eq!(copied(seen.clone()), "ssh -N -L 50027:198.51.100.2:50027 anna@203.0.113.5");
    let here = "remove_after = true\nhere = 'ines@jump.example:2222'";
    let text = format!("{MAILBOX}{LAB}").replace("remove_after = true", here);
    let mut configured = settings(&text, ColourDepth::Sixteen, true);
    configured.surroundings = seen.surroundings.clone();
    assert_eq!(copied(configured), "ssh -N -p 2222 -L 50027:198.51.100.2:50027 ines@jump.example");
    seen.surroundings.has_display = true;
    assert_eq!(copied(seen), "xdg-open https://198.51.100.2:50027");
}

#[test]
fn nothing_is_forwarded_to_a_router_unless_somebody_names_a_port() {
    let mut desk = desk(120, 40);
    let mut with_router = snapshot();
    let router = Machine {
        component: "Router".to_owned(),
        addresses: vec!["192.168.1.2".to_owned()],
        exists: Some(true),
        ..Machine::default()
    };
    with_router.machines.insert("rtr01".to_owned(), router);
    tell_snapshot(&mut desk, with_router);
    go_to(&mut desk, "rtr01");
    desk.press("enter");
    assert!(requests(&mut desk).is_empty(), "{}", desk.screen());
    assert!(desk.shows("people reach rtr01 at its console; n makes a forward to a port of it"), "{}", desk.screen());
    desk.press("n");
    assert!(desk.shows("usual here: none but its console"), "{}", desk.screen());
    desk.press("ctrl-n enter");
    let (_, change) = asked_change(&mut desk);
    assert!(matches!(&change, Change::Add(wanted) if wanted.target == 22), "{change:?}");
}
