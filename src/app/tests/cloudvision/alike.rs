//! Change controls that are called nearly the same, and advice that is followed by a key.

use chrono::TimeDelta;

use super::night::{self, change};
use crate::features::cloudvision::model::ChangeState;
use crate::features::cloudvision::worker::Report;
use crate::trouble::Trouble;

#[test]
fn change_controls_of_one_target_are_told_apart_by_their_time_at_every_width() {
    let target = "production-emea-datacentre-1-fabric-and-borders";
    let times = ["2026-11-21 02:31", "2026-11-21 01:15", "2026-11-20 23:40"];
    let named = |(at, time): (usize, &&str)| {
        let id = format!("cc-2{at}");
        let minutes = i64::try_from(at).unwrap() * 90 + 17;
        change(&id, &format!("{target} {time}"), ChangeState::Pending, TimeDelta::minutes(minutes), &[0, 1])
    };
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = night::desk(columns, rows);
        let changes = times.iter().enumerate().map(named).collect();
        desk.hear([night::told(changes, desk.now)]).press("3 z").pause();
        for time in times {
            let rows = desk.screen().lines().filter(|line| line.contains(time)).count();
            assert_eq!(rows, 1, "{columns}: {}", desk.screen());
        }
    }
}

#[test]
fn advice_names_the_key_that_does_on_the_screen_what_a_subcommand_does() {
    let mut desk = night::desk(200, 60);
    let trouble = Trouble::new("dc1-fabric waits for another change control")
        .to_do("approve and start that one: noctui change approve cc-1, noctui change start cc-1");
    let line = trouble.to_string();
    desk.hear([Report::Failed(trouble)]);
    let said = "approve and start that one: a on cc-1 in Changes, s on cc-1 in Changes";
    assert!(desk.shows(said) && !desk.shows("noctui change"), "{}", desk.screen());
    // On the command line it stays as it is.
    assert!(line.contains("noctui change approve cc-1"), "{line}");
}

#[test]
fn the_footer_of_a_change_control_names_the_key_for_its_order() {
    let mut desk = night::desk(120, 40);
    desk.press("3 / d c 1 enter").pause();
    assert!(desk.shows("O order"), "{}", desk.screen());
    // One that is over has none to choose.
    desk.press("esc").press("/").type_text("vlan 214").press("enter").pause();
    assert!(!desk.shows("O order"), "{}", desk.screen());
}
