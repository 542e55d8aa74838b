//! What nobody would name a target, and more than anybody has.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::night::{self, PROD};
use crate::app::tests::desk::Desk;
use crate::app::view;
use crate::features::cloudvision::model::{ChangeState, DeviceId, Stage, StageState};
use crate::features::cloudvision::worker::Report;
use crate::input::Input;
use crate::key::{Code, Key};
use crate::text::clean_line;

/// Names as `wire` and `inputs` let them through: cleaned, and still no good.
fn names() -> Vec<String> {
    ["\u{1b}]52;c;eA==\u{7}\u{1b}[2J", "東京データセンター", "👨‍👩‍👧‍👦👩🏽‍🚒", "", "   ", "\u{202e}gpj.exe"]
        .into_iter()
        .map(clean_line)
        .chain([clean_line(&"long ".repeat(200)), "x".repeat(1_000)])
        .collect()
}

/// A desk whose things have these names.
fn desk() -> Desk {
    let mut desk = night::desk(80, 24);
    let of = |(at, name): (usize, &String)| {
        let state = [ChangeState::Pending, ChangeState::Running, ChangeState::Failed][at % 3];
        let mut change = night::change(&format!("cc-{at}"), name, state, TimeDelta::minutes(3), &[0, 1]);
        change.created_by.clone_from(name);
        change.notes = name.repeat(3);
        change.error = Some(name.clone());
        for stage in change.stages.values_mut() {
            stage.name.clone_from(name);
        }
        change
    };
    let changes = names().iter().enumerate().map(of).collect();
    let mut targets = night::targets();
    for (target, name) in targets.iter_mut().zip(names()) {
        target.name = name;
    }
    let mut devices = night::devices();
    for (device, name) in devices.iter_mut().zip(names()) {
        (device.hostname, device.model, device.fqdn) = (name.clone(), name.clone(), name);
    }
    let now = desk.now;
    desk.hear([
        night::told(changes, now),
        Report::Targets(targets),
        Report::Devices { instance: PROD.to_owned(), delta: night::all(devices, now) },
    ]);
    desk.pause();
    desk
}

/// Draws at some sizes; no cell may hold what a terminal obeys.
fn draws(desk: &mut Desk) {
    for (columns, rows) in [(1, 1), (2, 40), (40, 10), (57, 11), (80, 24), (110, 30), (200, 60), (400, 120)] {
        desk.resize(columns, rows);
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        if let Some(cursor) = view::draw(&desk.model, &mut buffer) {
            assert!(cursor.x < columns && cursor.y < rows, "{cursor} at {columns}x{rows}");
        }
        let obeyed = buffer.content.iter().find(|cell| cell.symbol().chars().any(char::is_control));
        assert!(obeyed.is_none(), "{obeyed:?}");
    }
    desk.resize(80, 24);
}

#[test]
fn hostile_names_are_drawn_at_every_size_on_every_screen() {
    let mut desk = desk();
    for keys in [
        "2", "enter", "enter", "esc", "esc", "D", "esc", "w", "esc", "v", "esc", "3", "f", "f", "enter", "j", "enter",
        "esc", "p", "esc", "S", "esc", "x", "esc", "esc",
    ] {
        desk.press(keys);
        draws(&mut desk);
    }
    for _ in 0..8 {
        desk.press("2 j D");
        draws(&mut desk);
        desk.press("esc 3 j S");
        draws(&mut desk);
        desk.press("esc");
    }
}

#[test]
fn what_nobody_can_type_is_not_asked_for() {
    let mut desk = desk();
    desk.press("3 f f g S").pause();
    assert!(desk.shows("Type prod-emea and enter"), "{}", desk.screen());
}

#[test]
fn stages_in_a_knot_are_shown_once_each() {
    let mut desk = night::desk(80, 24);
    let mut knot = night::change("cc-1", "knot", ChangeState::Running, TimeDelta::zero(), &[]);
    for (id, below) in [("a", "b"), ("b", "a"), ("root", "a")] {
        let stage = Stage {
            name: format!("stage {id}"),
            action: None,
            device: None,
            rows: vec![vec![below.to_owned(), "untold".to_owned(), "root".to_owned()]],
            state: StageState::Running,
            error: None,
            started: None,
            ended: None,
            steps: vec![],
        };
        knot.stages.insert(id.to_owned(), stage);
    }
    desk.hear([night::told(vec![knot], desk.now)]).press("3 enter");
    assert_eq!(desk.screen().matches("stage a").count(), 1, "{}", desk.screen());
    draws(&mut desk);
}

#[test]
fn of_ten_thousand_change_controls_only_those_on_the_screen_are_drawn() {
    let mut desk = night::desk(80, 24);
    let one = night::change("cc-0", "one of many", ChangeState::Completed, TimeDelta::hours(1), &[0]);
    let many: Vec<_> = (0..10_000)
        .map(|at| {
            let mut change = one.clone();
            change.id = crate::features::cloudvision::model::ChangeId::new(format!("cc-{at:05}"));
            change.name = format!("one of many, number {at}");
            Arc::new(change)
        })
        .collect();
    desk.hear([Report::Changes { instance: PROD.to_owned(), delta: night::all(many, desk.now) }]);
    desk.press("3 G");
    assert!(desk.shows("number 9999"), "{}", desk.screen());
    assert_eq!(desk.screen().matches("one of many").count(), 19, "{}", desk.screen());
    desk.press("/").type_text("number 4321");
    assert!(desk.shows("1 of 10000"), "{}", desk.screen());
}

#[test]
fn a_change_control_of_a_thousand_devices_opens() {
    let mut desk = night::desk(80, 24);
    let mut large =
        night::change("cc-1", "large", ChangeState::Running, TimeDelta::zero(), &(0..1_000).collect::<Vec<_>>());
    large.devices.push(DeviceId::new("no stage names it"));
    desk.hear([night::told(vec![large], desk.now)]).press("3 enter G");
    assert!(desk.shows("no stage names it"), "{}", desk.screen());
    draws(&mut desk);
}

/// A key that people press in these panes.
fn any_key() -> impl Strategy<Value = Key> {
    let code = prop_oneof![
        8 => proptest::char::range(' ', '~').prop_filter("leaves", |c| *c != 'q').prop_map(Code::Char),
        4 => prop::sample::select(vec!['2', '3', 'd', 'D', 'S', 'x', 'X', 'y', 'I', 'w', 'v', '/', 'p']).prop_map(Code::Char),
        3 => prop::sample::select(vec![Code::Enter, Code::Esc, Code::Up, Code::Down, Code::PageDown, Code::Home, Code::End]),
    ];
    code.prop_map(|code| Key { code, ..Key::char(' ') })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_between_any_reports_leave_a_screen_that_can_be_drawn(
        keys in proptest::collection::vec(any_key(), 1..120),
        columns in 1..220_u16,
        rows in 1..70_u16,
    ) {
        let mut desk = night::desk(columns, rows);
        let mut reports = night::until_failed("dc1-fabric", PROD);
        reports.extend(night::until_review("border", PROD));
        let mut reports = reports.into_iter();
        for (at, key) in keys.into_iter().enumerate() {
            if at % 4 == 0 {
                desk.hear(reports.next());
                desk.pause();
            }
            desk.send(crate::app::Message::Input(Input::Key(key)));
            let _ = desk.buffer();
        }
    }
}
