//! Which zone times are shown in: as configured, as chosen on the screen, as left the last time.

use super::desk::{Desk, MAILBOX, settings_in};
use crate::app::{Message, Model, Settings};
use crate::colour::ColourDepth;
use crate::config::{self, Environment, Flags};
use crate::state::ViewState;
use crate::ui::time::Zone;

const BERLIN: Zone = Zone::Named(chrono_tz::Europe::Berlin);

/// Settings with this `time_zone`, or none, on a machine in Berlin.
fn settings(zone: Option<&str>) -> Settings {
    let mut settings = settings_in(zone, MAILBOX, ColourDepth::Sixteen, true);
    if matches!(zone, None | Some("utc")) {
        settings.local_zone = BERLIN;
    }
    settings
}

/// The zone after a start with these settings and this view, and the view that would be saved then.
fn start(zone: Option<&str>, view: &ViewState) -> (Zone, ViewState) {
    let model = Model::new(settings(zone), view, (80, 24), super::desk::tonight());
    (model.zone, model.view_state())
}

/// A desk with this `time_zone`, or none.
fn desk(zone: Option<&str>) -> Desk {
    Desk::with(settings(zone), None, 80, 24)
}

#[test]
fn a_zone_that_nobody_chose_is_not_kept_so_that_the_setting_counts_at_the_next_start() {
    let (zone, view) = start(None, &ViewState::default());
    assert_eq!((zone, &view.time_zone), (Zone::Utc, &None));
    assert_eq!(start(Some("Europe/Berlin"), &view).0, BERLIN);
}

#[test]
fn local_is_the_zone_of_tz_before_that_of_the_machine() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, "time_zone = 'local'").unwrap();
    let flags = Flags { config: Some(file), ..Flags::default() };
    let zone = |tz| {
        let environment = Environment::of([("HOME", "/home/ines"), ("TZ", tz)]);
        let settings = Settings::new(&config::inspect(&flags, &environment).config, ColourDepth::Mono, true).0;
        (settings.local_zone, settings.configured_zone)
    };
    let tokyo = Zone::Named(chrono_tz::Asia::Tokyo);
    assert_eq!(zone("Asia/Tokyo"), (tokyo, Some(tokyo)));
    assert_eq!(zone(":UTC"), (Zone::Utc, Some(Zone::Utc)));
}

#[test]
fn a_zone_chosen_on_the_screen_is_there_again_where_the_configuration_names_none() {
    let mut desk = desk(None);
    desk.press("t");
    let view = desk.model.view_state();
    assert_eq!(start(None, &view), (BERLIN, view.clone()));
    desk.press("t");
    assert_eq!(start(None, &desk.model.view_state()).0, Zone::Utc);
}

#[test]
fn a_configured_zone_counts_more_than_what_was_left_the_last_time() {
    let left_in_local = ViewState { time_zone: Some("local".to_owned()), ..ViewState::default() };
    assert_eq!(start(Some("utc"), &left_in_local).0, Zone::Utc);
    let left_in_utc = ViewState { time_zone: Some("utc".to_owned()), ..ViewState::default() };
    assert_eq!(start(Some("Europe/Berlin"), &left_in_utc).0, BERLIN, "as an older noctui wrote it");
}

#[test]
fn a_changed_zone_is_in_force_at_once_and_another_change_leaves_the_choice() {
    let mut desk = desk(None);
    desk.send(Message::Reconfigured(Box::new(settings(Some("Asia/Tokyo")))));
    assert_eq!(desk.model.zone, Zone::Named(chrono_tz::Asia::Tokyo));
    desk.press("t");
    desk.send(Message::Reconfigured(Box::new(settings(Some("Asia/Tokyo")))));
    assert_eq!(desk.model.zone, Zone::Utc, "the zone was not what was changed");
    desk.send(Message::Reconfigured(Box::new(settings(Some("Europe/Berlin")))));
    assert_eq!(desk.model.zone, BERLIN);
    desk.send(Message::Reconfigured(Box::new(settings(None))));
    assert_eq!(desk.model.zone, Zone::Utc);
}

#[test]
fn a_zone_of_the_shell_that_is_not_understood_is_named_at_every_switch() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, "").unwrap();
    let unread = |text, tz| {
        std::fs::write(&file, text).unwrap();
        let flags = Flags { config: Some(file.clone()), ..Flags::default() };
        let environment = Environment::of([("HOME", "/home/ines"), ("TZ", tz)]);
        Settings::new(&config::inspect(&flags, &environment).config, ColourDepth::Mono, true).0.unread_zone
    };
    assert_eq!(unread("", "IST-5:30").as_deref(), Some("IST-5:30"));
    assert_eq!(unread("time_zone = 'local'", "CET-1CEST,M3.5.0,M10.5.0/3"), None);
    assert_eq!(unread("time_zone = 'Asia/Kolkata'", "IST-5:30"), None, "nobody takes the shell's");
    let mut settings = settings(None);
    settings.unread_zone = Some("IST-5:30".to_owned());
    let mut desk = Desk::with(settings, None, 120, 24);
    desk.press("t");
    assert!(desk.shows("TZ is IST-5:30, which is not understood"), "{}", desk.screen());
}

#[test]
fn the_zone_is_told_by_its_offset_in_the_header_and_behind_times() {
    let kolkata = |columns, rows| {
        let settings = settings_in(Some("Asia/Kolkata"), MAILBOX, ColourDepth::Sixteen, true);
        let mut desk = Desk::with(settings, Some(&super::desk::DATABASE), columns, rows);
        desk.press("t").wait(chrono::TimeDelta::seconds(20));
        desk
    };
    let wide = kolkata(160, 40);
    assert!(wide.shows("IST +05:30 08:18"), "{}", wide.screen());
    assert!(wide.row("TTN-0007195301").contains("Nov 21 04:55-08:55+05:30"), "{}", wide.screen());
    let half = kolkata(80, 24);
    assert!(half.shows("+05:30 08:18") && !half.shows("IST"), "{}", half.screen());
    assert!(half.row("TTN-").contains("TTN-0007195301"), "{}", half.screen());
    assert!(half.shows("+05:30  ") && !half.shows("Z  "), "{}", half.screen());
    let small = kolkata(40, 10);
    assert!(small.shows("+05:30") && small.screen().matches("+05").count() == 1, "{}", small.screen());
}

#[test]
fn the_days_of_a_long_window_are_whole() {
    for zone in ["utc", "Asia/Kolkata"] {
        let settings = settings_in(Some(zone), MAILBOX, ColourDepth::Sixteen, true);
        let mut desk = Desk::with(settings, Some(&super::desk::DATABASE), 120, 40);
        if zone != "utc" {
            desk.press("t");
        }
        desk.write_elsewhere(
            "UPDATE maintenance SET ends_at = starts_at + 365 * 86400, over_at = starts_at + 365 * 86400, span = 7
             WHERE maintenance_id = 'TTN-0007195301'",
        );
        desk.send(Message::Maintenance(Box::new(crate::features::maintenance::worker::Report::Changed)));
        assert!(desk.row("TTN-0007195301").contains(" +365d "), "{}", desk.screen());
    }
}
