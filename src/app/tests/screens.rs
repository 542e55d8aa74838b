//! Every screen at every size that is promised, as text; and each of them once by its roles.

use chrono::TimeDelta;
use insta::assert_snapshot;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::{Message, view};
use crate::colour::ColourDepth;
use crate::features::maintenance::worker::SourceHealth;
use crate::logging::{Entry, Recent, Severity};
use crate::trouble::Trouble;

/// Takes a screen at each of the sizes.
fn at_all_sizes(name: &str, go_there: impl Fn(&mut Desk)) {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::live(columns, rows);
        go_there(&mut desk);
        assert_snapshot!(format!("{name}_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn the_list() {
    at_all_sizes("list", |_| {});
}

#[test]
fn the_list_in_a_working_night() {
    // Some looked at, some acknowledged, one with a note, three marked.
    at_all_sizes("list_worked_on", |desk| {
        desk.press("* x esc a j j a j n").type_text("drained").press("enter j j space space space");
    });
}

#[test]
fn the_list_with_a_filter() {
    at_all_sizes("list_filtered", |desk| {
        desk.press("/").type_text("zayo !ttn-00065");
    });
}

#[test]
fn a_maintenance_opened() {
    at_all_sizes("maintenance", |desk| {
        desk.press("/").type_text("ttn-0008500558").press("enter a n").type_text("drained").press("enter enter");
    });
}

#[test]
fn the_mails_that_need_a_look() {
    at_all_sizes("notifications", |desk| {
        desk.press("m");
    });
}

#[test]
fn a_mail_opened() {
    at_all_sizes("notification", |desk| {
        desk.press("m enter");
    });
}

#[test]
fn a_note_being_written() {
    at_all_sizes("note", |desk| {
        desk.press("n").type_text("traffic drained, see T-1234").press("alt-enter").type_text("back at 06:00");
    });
}

#[test]
fn the_help() {
    at_all_sizes("help", |desk| {
        desk.press("?");
    });
}

#[test]
fn the_palette() {
    at_all_sizes("palette", |desk| {
        desk.press(":").type_text("zone");
    });
}

#[test]
fn the_connections() {
    at_all_sizes("connections", |desk| {
        desk.source(SourceHealth::Failing("permission denied".to_owned()));
        desk.press("c");
    });
}

#[test]
fn an_empty_pane_of_another_backend() {
    at_all_sizes("absent", |desk| {
        desk.press("2");
    });
}

#[test]
fn a_store_without_maintenances_or_sources() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let desk = Desk::with(settings("", ColourDepth::Sixteen, true), None, columns, rows);
        assert_snapshot!(format!("empty_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn a_store_that_has_not_answered_yet() {
    at_all_sizes("loading", |desk| {
        let mut waiting = Desk::waiting(desk.model.size.0, desk.model.size.1);
        waiting.source(SourceHealth::Reading(97));
        *desk = waiting;
    });
}

#[test]
fn a_store_that_cannot_be_read() {
    let trouble = || {
        Trouble::new("the store could not be read")
            .caused_by("disk I/O error")
            .to_do("check the disk; noctui tries again by itself")
    };
    at_all_sizes("failed", |desk| {
        let mut waiting = Desk::waiting(desk.model.size.0, desk.model.size.1);
        waiting.send(Message::WorkerStopped(trouble()));
        *desk = waiting;
    });
    // What was read before stays readable.
    at_all_sizes("failed_later", |desk| desk.send(Message::WorkerStopped(trouble())));
}

#[test]
fn rows_of_an_older_filter() {
    at_all_sizes("stale", |desk| {
        desk.answers = false;
        desk.press("/").type_text("lumen");
    });
}

#[test]
fn nothing_matches() {
    at_all_sizes("no_match", |desk| {
        desk.press("/").type_text("no such thing").press("enter");
    });
}

#[test]
fn the_log() {
    at_all_sizes("log", |desk| {
        let mut log = Recent::default();
        for (text, severity, times) in
            [("the mailbox cannot be watched", Severity::Warning, 3), ("a mail was not recorded", Severity::Error, 1)]
        {
            let target = "noctui::source".to_owned();
            log.add(Entry { at: desk.now, severity, target, text: text.to_owned(), times });
        }
        desk.send(Message::Logged(log));
        desk.press("ctrl-l");
    });
}

/// Two contexts, the first of them production.
const CONTEXTS: &str = "
[[context]]
name = 'prod-emea'
kind = 'production'
[[context]]
name = 'lab'
kind = 'lab'
";

#[test]
fn a_question_before_something_is_done_where_writing_was_forbidden() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let settings = settings(&format!("{MAILBOX}{CONTEXTS}"), ColourDepth::Sixteen, true);
        let mut desk = Desk::with(settings, Some(&DATABASE), columns, rows);
        desk.press(":").type_text("read-only").press("enter");
        desk.wait(TimeDelta::minutes(1)).press(":").type_text("read-write").press("enter");
        assert_snapshot!(format!("confirm_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn the_smallest_screen_and_one_too_small() {
    for (columns, rows) in [(40, 10), (60, 12), (39, 10), (12, 3), (1, 1)] {
        let desk = Desk::live(columns, rows);
        assert_snapshot!(format!("small_{columns}x{rows}"), desk.screen());
    }
}

#[test]
fn the_largest_screen() {
    assert_snapshot!("large_400x120", Desk::live(400, 120).screen());
}

#[test]
fn ascii_alone() {
    let desk = |keys: &str| {
        let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Mono, false), Some(&DATABASE), 80, 24);
        desk.source(SourceHealth::Watching);
        desk.press(keys);
        desk.model.toasts = crate::app::toast::Toasts::default();
        desk
    };
    assert_snapshot!("ascii_list", desk("a j space").screen());
    assert_snapshot!("ascii_maintenance", desk("enter").screen());
    // What the store holds may have any letters in it; what noctui itself draws may not.
    for keys in ["a j space", "enter", "?", ":", "c", "n", "ctrl-l", "m", "m enter", "/"] {
        let screen = desk(keys).screen();
        let own: String = screen.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic()).collect();
        assert_eq!(own, "", "{keys}:\n{screen}");
    }
}

#[test]
fn every_screen_means_the_same_by_its_roles() {
    for (name, keys) in [
        ("list", "j a j space"),
        ("maintenance", "a enter"),
        ("notifications", "m j"),
        ("notification", "m enter"),
        ("filter", "/ z a y"),
        ("note", "n x"),
        ("help", "? j"),
        ("palette", ": l"),
        ("connections", "c"),
    ] {
        let mut desk = Desk::live(80, 24);
        desk.press(keys);
        assert_snapshot!(format!("roles_{name}"), desk.styled());
    }
    assert_snapshot!("roles_tiles", Desk::live(120, 40).styled());
}

#[test]
fn colour_is_never_the_only_sign() {
    // Whatever two themes draw, the text is the same.
    for keys in ["j a j space", "a enter", "m j", "m enter", "/ z a y", "n x", "? j", ": z", "c"] {
        let screens: Vec<String> = [ColourDepth::Mono, ColourDepth::Sixteen, ColourDepth::TrueColour]
            .into_iter()
            .map(|depth| {
                let mut desk = Desk::with(settings(MAILBOX, depth, true), Some(&DATABASE), 100, 30);
                desk.press(keys);
                desk.screen()
            })
            .collect();
        assert!(screens.windows(2).all(|pair| pair[0] == pair[1]), "{keys}");
    }
}

#[test]
fn without_colours_nothing_is_coloured() {
    use ratatui::style::Color;
    for keys in ["j a j space", "a enter", "m j", "? j", "c"] {
        let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Mono, true), Some(&DATABASE), 100, 30);
        desk.press(keys);
        let coloured = |cell: &ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert!(!desk.buffer().content.iter().any(coloured), "{keys}");
    }
}

#[test]
fn every_size_is_survived_and_fills_its_width_at_the_most() {
    let mut desk = Desk::live(80, 24);
    for keys in ["j", "enter", "esc", "m", "enter", "?", "esc", ":", "esc", "esc", "esc", "n", "esc", "/", "z"] {
        desk.press(keys);
        for (columns, rows) in
            [(1, 1), (2, 40), (39, 9), (40, 10), (41, 11), (59, 20), (109, 29), (110, 30), (400, 120)]
        {
            desk.resize(columns, rows);
            let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, columns, rows));
            if let Some(cursor) = view::draw(&desk.model, &mut buffer) {
                assert!(cursor.x < columns && cursor.y < rows, "{keys} at {columns}x{rows}: {cursor}");
            }
        }
        desk.resize(80, 24);
    }
}

#[test]
fn what_to_do_about_a_trouble_is_wrapped_under_itself() {
    let desk = Desk::live(80, 24);
    let trouble = Trouble::new("it is broken").caused_by("of the wind").to_do("wait until it is calm");
    let lines = crate::ui::page::trouble_lines(&trouble, 20, &desk.model.look());
    let texts = lines.iter().map(|line| line.iter().map(|(text, _)| text.as_str()).collect::<String>());
    assert_eq!(
        texts.collect::<Vec<_>>(),
        ["it is broken", "because  of the wind", "do       wait until", "         it is calm"]
    );
}
