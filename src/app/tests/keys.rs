//! What keys do.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::commands::COMMANDS;
use crate::app::{Effect, Message};
use crate::colour::ColourDepth;
use crate::features::maintenance::worker::{Report, SourceHealth};
use crate::input::Input;
use crate::key::{Code, Key};
use crate::logging::{Entry, Recent, Severity};
use crate::trouble::Trouble;

/// The id under the cursor.
pub(super) fn selected(desk: &mut Desk) -> String {
    desk.press("y");
    let Some(Effect::Copy(id)) = desk.wanted.pop() else { panic!("nothing was copied:\n{}", desk.screen()) };
    id
}

#[test]
fn a_acknowledges_and_takes_it_back_and_u_undoes_either() {
    let mut desk = Desk::live(80, 24);
    desk.press("a");
    assert!(desk.row("TTN-0007195301").ends_with('✓'));
    assert!(desk.shows("acknowledged one maintenance; u undoes"));
    desk.press("a");
    assert!(desk.row("TTN-0007195301").ends_with('·'));
    desk.press("u");
    assert!(desk.row("TTN-0007195301").ends_with('✓'), "{}", desk.screen());
    desk.press("u");
    assert!(desk.row("TTN-0007195301").ends_with('·'));
    desk.press("u");
    assert!(desk.shows("there is nothing left to undo"));
}

#[test]
fn an_acknowledgement_carries_the_configured_name() {
    let mut desk = Desk::live(200, 60);
    desk.press("a");
    assert!(desk.row("TTN-0007195301").contains("✓ ines"));
}

#[test]
fn what_changed_after_it_was_drawn_is_not_acknowledged_unseen() {
    let mut desk = Desk::live(80, 24);
    desk.write_elsewhere("UPDATE maintenance SET revision = revision + 1");
    desk.press("a");
    assert!(desk.shows("it changed while you looked"), "{}", desk.screen());
    assert!(desk.row("TTN-0007195301").ends_with('·'));
}

#[test]
fn a_title_that_is_too_narrow_shows_whole_words() {
    let mut desk = Desk::live(40, 10);
    desk.press("enter");
    let title = desk.row("TTN-0007195301");
    assert!(title.contains("in process  … ") && !title.contains(" ou"), "{title}");
}

#[test]
fn a_mark_moves_no_row() {
    for (columns, rows) in [(40, 10), (80, 24), (200, 60)] {
        let mut desk = Desk::live(columns, rows);
        let place = |desk: &Desk| desk.screen().lines().position(|line| line.trim() == "active");
        let before = place(&desk);
        assert!(before.is_some(), "{}", desk.screen());
        desk.press("space");
        assert_eq!(place(&desk), before, "{}", desk.screen());
        assert!(desk.shows("1 marked"), "{}", desk.screen());
        desk.press("esc");
        assert!(place(&desk) == before && !desk.shows("marked"), "{}", desk.screen());
    }
}

#[test]
fn marked_rows_are_acted_on_together_and_undone_together() {
    let mut desk = Desk::live(80, 24);
    desk.press("space space space a");
    assert!(desk.shows("acknowledged 3 maintenances; u undoes"), "{}", desk.screen());
    assert!(!desk.shows("marked"));
    let taken = |desk: &Desk| desk.screen().lines().filter(|line| line.ends_with('✓')).count();
    assert_eq!(taken(&desk), 3);
    desk.press("u");
    assert_eq!(taken(&desk), 0);
}

#[test]
fn opening_clears_the_sign_of_news_and_so_does_x() {
    let mut desk = Desk::live(80, 24);
    assert!(desk.row("TTN-0007195301").starts_with('▎') && desk.row("VNOC-1-99037554").starts_with('▎'));
    desk.press("enter esc j x");
    assert!(desk.row("TTN-0007195301").starts_with(' ') && desk.row("VNOC-1-99037554").starts_with(' '));
    assert!(desk.row("CRQ1-40468069").starts_with('▎'));
}

#[test]
fn an_undo_that_failed_can_be_tried_again() {
    let mut desk = Desk::live(80, 24);
    desk.press("a");
    desk.answers = false;
    desk.press("u");
    assert_eq!(desk.unanswered, 1);
    desk.report(Report::Failed(Trouble::new("the disk is full")));
    desk.answers = true;
    desk.press("u");
    assert!(desk.row("TTN-0007195301").ends_with('·'), "{}", desk.screen());
}

#[test]
fn a_long_mail_beside_the_facts_scrolls_and_says_that_it_goes_on() {
    let mut desk = Desk::live(120, 30);
    desk.press("/").type_text("ttn-0008500558").press("enter enter");
    let end = "Zayo Global Change Management";
    assert!(!desk.shows(end) && desk.screen().lines().any(|line| line.contains(" +")), "{}", desk.screen());
    desk.press("G");
    assert!(desk.shows(end), "{}", desk.screen());
    desk.press("g");
    assert!(!desk.shows(end));
}

#[test]
fn a_theme_chosen_on_the_screen_outlives_a_reload_that_is_about_something_else() {
    let mut desk = Desk::live(80, 24);
    desk.press(":").type_text("theme").press("enter");
    let chosen = desk.model.settings.theme.name.clone();
    let same = settings(&format!("mouse = false\n{MAILBOX}"), ColourDepth::Sixteen, true);
    assert_ne!(same.theme.name, chosen);
    desk.send(Message::Reconfigured(Box::new(same)));
    assert_eq!(desk.model.settings.theme.name, chosen);
}

#[test]
fn the_history_tells_every_update_and_the_mail_is_one_key_away() {
    let mut desk = Desk::live(80, 24);
    desk.press("/").type_text("28686480").press("enter enter");
    assert!(desk.shows("first notice") && desk.shows("status confirmed → rescheduled"), "{}", desk.screen());
    desk.press("o");
    assert!(desk.shows("From        ") && desk.shows("✓ parsed"), "{}", desk.screen());
    desk.press("esc");
    assert!(desk.shows("first notice"));
    desk.press("esc");
    assert!(desk.shows("/28686480"));
}

#[test]
fn a_notice_that_has_a_day_and_no_time_stands_in_the_history_by_its_day() {
    let mut desk = Desk::live(80, 24);
    desk.write_elsewhere("UPDATE event SET stamp = 1763424000 + 365 * 86400");
    desk.press("enter");
    assert!(desk.row("first notice").trim_start().starts_with("Nov 18   "), "{}", desk.screen());
}

#[test]
fn neighbours_are_opened_without_going_back() {
    let mut desk = Desk::live(80, 24);
    desk.press("enter ]");
    assert!(desk.shows("─ ntt VNOC-1-99037554"), "{}", desk.screen());
    desk.press("[");
    assert!(desk.shows("─ zayo TTN-0007195301"));
    desk.press("[");
    assert!(desk.shows("this is the first one"));
}

#[test]
fn mails_that_could_not_be_read_have_their_list_with_the_reason() {
    let mut desk = Desk::live(80, 24);
    desk.press("m");
    assert!(desk.shows("no rule knows its senders (works@lakeside-fibre.example)"), "{}", desk.screen());
    desk.press("j");
    assert!(desk.shows("no start of the window found"), "{}", desk.screen());
    desk.press("f f");
    assert!(desk.shows("all mails") && desk.shows("parsed"), "{}", desk.screen());
    desk.press("enter");
    assert!(desk.shows("From        "));
}

#[test]
fn the_list_can_be_narrowed_and_ordered() {
    let mut desk = Desk::live(80, 24);
    desk.press("f");
    assert!(desk.shows("open") && !desk.shows(" past"), "{}", desk.screen());
    desk.press("f");
    assert!(desk.shows("unacknowledged"));
    desk.press("f");
    assert!(desk.shows("changed"));
    desk.press("f p");
    assert!(desk.shows("only zayo") && !desk.shows("VNOC-1"), "{}", desk.screen());
    desk.press("p s");
    assert!(desk.shows("sorted by change"), "{}", desk.screen());
    desk.press("s");
    assert!(desk.shows("by provider") && desk.shows("arelion"), "{}", desk.screen());
}

#[test]
fn every_way_to_move_works_in_the_list() {
    let mut desk = Desk::live(80, 24);
    let first = selected(&mut desk);
    desk.press("j");
    let second = selected(&mut desk);
    assert_ne!(first, second);
    desk.press("k");
    assert_eq!(selected(&mut desk), first);
    desk.press("G");
    let last = selected(&mut desk);
    desk.press("j");
    assert_eq!(selected(&mut desk), last);
    desk.press("g down");
    assert_eq!(selected(&mut desk), second);
    desk.press("up pgdn pgup");
    assert_eq!(selected(&mut desk), first);
    desk.press("ctrl-d ctrl-u end home");
    assert_eq!(selected(&mut desk), first);
}

#[test]
fn the_cursor_stays_with_its_maintenance_when_time_moves_the_groups() {
    let mut desk = Desk::live(80, 24);
    desk.press("j j");
    let before = selected(&mut desk);
    assert_eq!(before, "CRQ1-40468069");
    desk.wait(TimeDelta::hours(3));
    assert_eq!(selected(&mut desk), before, "it is over now, and still under the cursor");
    assert!(desk.row(&before).contains("over"), "{}", desk.screen());
}

#[test]
fn a_window_in_another_year_says_so() {
    let mut desk = Desk::live(120, 40);
    desk.write_elsewhere(
        "UPDATE maintenance SET starts_at = starts_at + 1577836800, ends_at = ends_at + 1577836800,
             over_at = over_at + 1577836800 WHERE maintenance_id = 'TTN-0007195301'",
    );
    desk.report(Report::Changed);
    desk.press("/").type_text("ttn-0007195301");
    assert!(desk.row("in process").contains("2076-11-19 23:25Z"), "{}", desk.screen());
}

#[test]
fn y_copies_the_id_and_shift_y_what_is_shown() {
    let mut desk = Desk::live(80, 24);
    desk.press("y");
    assert_eq!(desk.wanted, [Effect::Copy("TTN-0007195301".to_owned())]);
    desk.press("space space y");
    let Some(Effect::Copy(text)) = desk.wanted.last() else { panic!("{:?}", desk.wanted) };
    assert_eq!(text.lines().count(), 2);
    desk.press("esc enter Y");
    let Some(Effect::Copy(text)) = desk.wanted.last() else { panic!("{:?}", desk.wanted) };
    assert!(text.contains("Window") && text.contains("History"), "{text}");
}

#[test]
fn times_switch_between_utc_and_the_configured_zone() {
    let mut desk = Desk::live(120, 40);
    assert!(desk.shows("UTC 02:48") && desk.row("TTN-0007195301").contains("Nov 20 23:25-03:25Z+1d"));
    desk.press("t");
    assert!(
        desk.shows("+01:00 03:48") && desk.row("TTN-0007195301").contains("Nov 21 00:25-04:25"),
        "{}",
        desk.screen()
    );
    desk.press("t");
    assert!(desk.shows("UTC 02:48"));
}

#[test]
fn the_help_is_searched_and_runs_the_row_under_its_cursor() {
    let mut desk = Desk::live(80, 24);
    desk.press("?").type_text("connect").press("enter");
    assert!(desk.shows("─ Connections ─"), "{}", desk.screen());
}

#[test]
fn every_key_of_the_footer_is_one_of_the_place() {
    for place in ["j", "enter", "m", "m enter", "2", "/", "n", "?", ":"] {
        let mut desk = Desk::live(200, 60);
        desk.press(place);
        let scopes = desk.model.scopes();
        for hint in crate::app::view::hints(&desk.model) {
            let key: Key = hint.key.parse().unwrap();
            assert_eq!(desk.model.settings.keymap.find(&scopes, key), Some(hint.command), "{place}: {hint:?}");
        }
    }
}

#[test]
fn a_question_is_not_answered_by_keys_typed_ahead_nor_by_enter() {
    let mut desk = Desk::live(80, 24);
    desk.press(":").type_text("read-only").press("enter");
    assert!(desk.shows("READ-ONLY"));
    desk.press(":").type_text("read-write").press("enter y");
    assert!(desk.shows("Allow writing to backends") && desk.shows("READ-ONLY"), "typed ahead");
    desk.wait(TimeDelta::seconds(1)).press("enter");
    assert!(desk.shows("READ-ONLY"), "enter is no yes");
    desk.press("y");
    assert!(!desk.shows("READ-ONLY"));
}

#[test]
fn a_question_names_the_context_and_without_one_names_nothing() {
    let asked = |contexts: &str| {
        let text = format!("{MAILBOX}{contexts}");
        let mut desk = Desk::with(settings(&text, ColourDepth::Sixteen, true), None, 80, 24);
        desk.press(":").type_text("read-only").press("enter :").type_text("read-write").press("enter");
        desk.row("Allow writing")
    };
    assert!(asked("").contains(" Allow writing to backends? "), "{}", asked(""));
    let named = asked("[[context]]\nname = 'prod-emea'\nkind = 'production'\n");
    assert!(named.contains(" Allow writing to backends on prod-emea? "), "{named}");
}

#[test]
fn a_configured_key_takes_the_place_of_the_tables_own_everywhere() {
    let keys = format!("{MAILBOX}[keys]\nacknowledge = 'A'\n");
    let mut desk = Desk::with(settings(&keys, ColourDepth::Sixteen, true), Some(&DATABASE), 80, 24);
    assert!(desk.shows(" A acknowledge"), "{}", desk.screen());
    desk.press("a");
    assert!(desk.row("TTN-0007195301").ends_with('·'));
    desk.press("A");
    assert!(desk.row("TTN-0007195301").ends_with('✓'));
    desk.press("?");
    assert!(desk.shows("│ A                Acknowledge"), "{}", desk.screen());
}

#[test]
fn what_is_said_names_keys_as_they_are_configured() {
    let keys = format!("{MAILBOX}[keys]\nundo = 'ctrl-x'\nshow = 'none'\n");
    let mut desk = Desk::with(settings(&keys, ColourDepth::Sixteen, true), Some(&DATABASE), 80, 24);
    desk.press("a");
    assert!(desk.shows("acknowledged one maintenance; ctrl-x undoes"), "{}", desk.screen());
    desk.press("ctrl-x");
    assert!(desk.row("TTN-0007195301").ends_with('·'));
    desk.press("/").type_text("zzzz").press("enter");
    assert!(desk.shows("nothing matches; esc clears the filter, :show changes what is listed"), "{}", desk.screen());
}

#[test]
fn the_view_is_there_again_at_the_next_start() {
    let mut desk = Desk::live(120, 40);
    desk.press("/").type_text("zayo").press("enter f s t z");
    let view = desk.model.view_state();
    let settings = settings(MAILBOX, ColourDepth::Sixteen, true);
    let model = crate::app::Model::new(settings, &view, (120, 40), desk.now);
    assert_eq!(model.view_state(), view);
}

#[test]
fn a_failure_says_what_happened_and_a_worker_that_is_back_is_asked_again() {
    let mut desk = Desk::live(80, 24);
    desk.send(Message::WorkerStopped(Trouble::new("the store could not be read")));
    assert!(desk.shows("not up to date: the store could not be read") && desk.shows("TTN-0007195301"));
    desk.send(Message::WorkerStarted);
    assert!(!desk.shows("not up to date"), "{}", desk.screen());
}

#[test]
fn warnings_are_counted_in_the_footer_until_the_log_was_opened() {
    let mut desk = Desk::live(80, 24);
    let mut log = Recent::default();
    for text in ["the mailbox cannot be watched", "a mail was not recorded"] {
        let target = "source".to_owned();
        log.add(Entry { at: desk.now, severity: Severity::Warning, target, text: text.to_owned(), times: 1 });
    }
    desk.send(Message::Logged(log));
    assert!(desk.row("? help").ends_with("▲ 2 warnings  ctrl-l"), "{}", desk.screen());
    desk.press("ctrl-l");
    assert!(desk.shows("a mail was not recorded"));
    desk.press("esc");
    assert!(!desk.shows("warnings"));
}

#[test]
fn a_notice_that_is_too_long_for_the_footer_stands_in_the_log_as_a_whole() {
    let mut desk = Desk::live(60, 12);
    desk.press("4 : a c k n o w enter");
    let trouble =
        Trouble::new("the calendar file was not written").caused_by("no space left on device").to_do("make some");
    desk.report(Report::Failed(trouble.clone()));
    let footer = desk.screen().lines().last().unwrap_or_default().to_owned();
    assert!(
        footer.contains("the calendar file was not written: no space left…") && footer.ends_with("ctrl-l"),
        "{footer}"
    );
    let mut log = Recent::default();
    let (target, text) = ("app".to_owned(), trouble.one_line());
    log.add(Entry { at: desk.now, severity: Severity::Warning, target, text, times: 1 });
    desk.send(Message::Logged(log));
    desk.press("ctrl-l");
    let words: Vec<String> = desk.screen().split_whitespace().map(str::to_owned).collect();
    let all = words.iter().filter(|word| *word != "│").cloned().collect::<Vec<_>>().join(" ");
    assert!(all.contains("acknowledge is for the maintenances: 1 goes there"), "{}", desk.screen());
    let told = "the calendar file was not written: no space left on device";
    assert_eq!(all.matches(told).count(), 1, "said once: {}", desk.screen());
}

#[test]
fn an_idle_screen_changes_once_a_minute() {
    let mut desk = Desk::live(80, 24);
    let change = desk.model.next_change();
    assert_eq!(change.timestamp() % 60, 0, "{change}");
    assert!(change > desk.now && change <= desk.now + TimeDelta::minutes(1));
    let before = desk.screen();
    desk.wait(change - desk.now - TimeDelta::milliseconds(1));
    assert_eq!(desk.screen(), before);
}

#[test]
fn questions_that_were_lost_are_asked_again() {
    let mut desk = Desk::live(120, 40);
    desk.answers = false;
    desk.press("/").type_text("lumen").press("enter");
    assert!(desk.shows("TTN-0007195301"), "the old rows are there");
    desk.answers = true;
    desk.send(Message::WorkerStarted);
    assert!(!desk.shows("TTN-0007195301") && desk.shows("28552081"), "{}", desk.screen());
    desk.answers = false;
    desk.press("enter");
    assert!(desk.shows("reading …"), "{}", desk.screen());
    desk.answers = true;
    desk.send(Message::WorkerStarted);
    assert!(desk.shows("Message-ID") && desk.shows("first notice"), "{}", desk.screen());
}

/// Any key that a keyboard has.
fn any_key() -> impl Strategy<Value = Key> {
    let code = prop_oneof![
        6 => proptest::char::range(' ', '~').prop_map(Code::Char),
        3 => proptest::sample::select(vec![
            Code::Enter, Code::Esc, Code::Tab, Code::Backspace, Code::Up, Code::Down, Code::Left, Code::Right,
            Code::PageUp, Code::PageDown, Code::Home, Code::End, Code::Delete,
        ]),
    ];
    (code, proptest::bool::weighted(0.1), proptest::bool::weighted(0.05)).prop_map(|(code, ctrl, alt)| Key {
        code,
        ctrl,
        alt,
        ..Key::char(' ')
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_leave_a_screen_that_can_be_drawn(
        keys in proptest::collection::vec(any_key(), 1..120),
        columns in 1..220_u16,
        rows in 1..70_u16,
    ) {
        let mut desk = Desk::live(columns, rows);
        for key in keys {
            desk.send(Message::Input(Input::Key(key)));
            let _ = desk.buffer();
        }
    }
}

#[test]
fn the_mails_behind_a_maintenance_are_walked_from_the_newest_to_the_oldest() {
    let mut desk = Desk::live(80, 24);
    desk.press("enter o");
    let newest = desk.screen();
    desk.press("]");
    let older = desk.screen();
    assert!(desk.shows("─ mail") && older != newest, "{older}");
    desk.press("]");
    assert!(desk.shows("this is the last one"), "{}", desk.screen());
    desk.press("[ [");
    assert!(desk.shows("this is the first one"), "{}", desk.screen());
    desk.press("esc");
    assert!(desk.row("TTN-0007195301").starts_with('─'), "esc goes back to the maintenance");
}

#[test]
fn h_and_left_close_what_is_opened_and_nothing_else() {
    let mut desk = Desk::live(80, 24);
    desk.press("p l h");
    assert!(desk.shows("only zayo"), "{}", desk.screen());
    desk.press("h left");
    assert!(desk.shows("only zayo"), "the list's filter stays");
    desk.press("m right left left");
    assert!(desk.shows("only zayo") && !desk.shows("─ mail"), "{}", desk.screen());
}

#[test]
fn mails_that_no_rule_reads_are_told_of_at_eighty_columns() {
    let desk = Desk::live(80, 24);
    assert!(desk.row("─ 1 Maintenances").contains("3 to read"), "{}", desk.screen());
}

#[test]
fn what_was_cancelled_or_completed_early_counts_down_to_nothing() {
    let mut desk = Desk::live(80, 24);
    desk.press("/").type_text("03165615").press("enter");
    let row = desk.row("eunetworks");
    assert!(row.contains("cancelled") && !row.contains(" in "), "{row}");
    desk.press("enter");
    assert!(desk.shows("6 h long") && !desk.shows("in 1"), "{}", desk.screen());
}

#[test]
fn only_the_order_by_time_has_headings() {
    let mut desk = Desk::live(80, 24);
    assert!(desk.shows("\n active\n") && desk.shows("\n next 24 h\n"));
    desk.press("s");
    assert!(!desk.shows("\n next 24 h\n") && !desk.shows("\n past\n"), "{}", desk.screen());
    desk.press("s s");
    assert!(desk.shows("\n next 24 h\n"), "{}", desk.screen());
}

#[test]
fn a_source_that_the_configuration_dropped_is_not_live() {
    let mut desk = Desk::live(80, 24);
    assert!(desk.shows("mail ● live"));
    let other = MAILBOX.replace("demo mailbox", "other mailbox");
    desk.send(Message::Reconfigured(Box::new(settings(&other, ColourDepth::Sixteen, true))));
    assert!(!desk.shows("mail ●"), "{}", desk.screen());
    desk.source(SourceHealth::Watching);
    assert!(!desk.shows("mail ●"), "the old worker's last words are too late");
}

#[test]
fn the_page_that_is_named_for_the_names_of_commands_has_them_all() {
    let config = "[keys]\nzzzzzzzzzzzzzzzz = 'x'";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, config).unwrap();
    let flags = crate::config::Flags { config: Some(file), ..Default::default() };
    let environment = crate::config::Environment::of([("HOME", "/home/ines")]);
    let config = crate::config::inspect(&flags, &environment).config;
    let problems = crate::app::Settings::new(&config, ColourDepth::Mono, true).1;
    assert!(problems[0].remedy.contains("docs/keys.md"), "{problems:?}");
    let page = include_str!("../../../docs/keys.md");
    assert!(COMMANDS.iter().all(|spec| page.contains(&format!("| `{}` |", spec.name))));
    assert!(include_str!("../../../README.md").contains("The names are those of\n  [docs/keys.md](docs/keys.md)"));
}
