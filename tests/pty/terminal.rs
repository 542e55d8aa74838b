//! What the terminal layer owes the terminal, shown by the sample that runs on nothing else.

use rustix::process::Signal;

use crate::sample;
use crate::support::{Modes, Session, Start};

/// The sample inside the test called `name`, with its list on the screen.
fn ready(name: &str) -> Session {
    showing(sample::start(name))
}

fn showing(start: Start) -> Session {
    let mut session = start.spawn();
    session.wait_for_text("ready");
    session
}

#[test]
fn the_terminal_is_taken_whole_and_given_back_as_it_was() {
    if sample::was_inside() {
        return;
    }
    let session = ready("terminal::the_terminal_is_taken_whole_and_given_back_as_it_was");
    let taken = Modes {
        is_alternate_screen: true,
        is_cursor_hidden: true,
        is_paste_bracketed: true,
        is_mouse_told: true,
        is_focus_told: true,
        keyboard_flags: 1,
        titles: 1,
        ..Modes::default()
    };
    assert_eq!(session.screen.modes(), taken);
    assert!(session.is_raw());
    assert!(session.screen.questions().is_empty(), "{:?}", session.screen.questions());
    session.quit("q");
}

#[test]
fn a_process_that_was_stopped_from_outside_takes_the_terminal_again() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_process_that_was_stopped_from_outside_takes_the_terminal_again");
    let taken = session.screen.modes();
    session.signal(Signal::STOP);
    session.signal(Signal::CONT);
    let entered = b"\x1b[?1049h";
    let is_entered_twice = |raw: &[u8]| raw.windows(entered.len()).filter(|bytes| bytes == entered).count() == 2;
    session.wait_for("the screen again", |screen| is_entered_twice(screen.raw()) && screen.text().contains("ready"));
    assert_eq!(session.screen.modes(), taken);
    session.quit("q");
}

#[test]
fn keys_move_and_the_terminal_follows() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::keys_move_and_the_terminal_follows");
    session.send("jjj");
    session.wait_for("row 3 selected", |screen| screen.cell(0, 3).inverse() && !screen.cell(0, 0).inverse());
    session.send("k");
    session.wait_for("row 2 selected", |screen| screen.cell(0, 2).inverse() && !screen.cell(0, 3).inverse());
    session.send("\x1b[Aö\x1b[I");
    session.wait_for_text("Focused(true)");
    session.quit("q");
}

#[test]
fn a_sequence_split_over_two_packets_is_one_key() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_sequence_split_over_two_packets_is_one_key");
    session.send("\x1b[1;");
    session.send("5C");
    session.wait_for_text("key ctrl-right");
    session.send("\x1b");
    session.wait_for_text("key esc");
    session.quit("q");
}

#[test]
fn a_panic_of_the_screen_restores_the_terminal_and_then_tells() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_panic_of_the_screen_restores_the_terminal_and_then_tells");
    session.send("p");
    session.wait_for_end();
    session.assert_restored();
    let text = session.screen.text();
    assert!(text.contains("asked to panic") && text.contains("report") && text.contains("noctui.log"), "{text}");
}

#[test]
fn a_panic_that_somebody_catches_leaves_the_screen_alone() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_panic_that_somebody_catches_leaves_the_screen_alone");
    session.send("t");
    session.wait_for_text("task panicked: true");
    session.send("x");
    session.wait_for_text("thread panicked: true");
    session.send("t");
    session.wait_for_text("task panicked: true");
    assert!(session.screen.modes().is_alternate_screen);
    assert!(!session.screen.text().contains("asked"), "{}", session.screen);
    session.quit("q");
}

#[test]
fn a_signal_to_end_restores_the_terminal() {
    if sample::was_inside() {
        return;
    }
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut session = ready("terminal::a_signal_to_end_restores_the_terminal");
        session.signal(signal);
        assert_eq!(session.wait_for_end().code(), Some(code), "{signal:?}");
        session.assert_restored();
    }
}

#[test]
fn copies_and_titles_reach_the_terminal() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::copies_and_titles_reach_the_terminal");
    session.send("y");
    session.wait_for("the copy", |screen| screen.clipboard() == Some("SUMtMjQwODE3"));
    session.send("w");
    session.wait_for("the title", |screen| screen.title() == "noctui ␛[31m");
    session.send("m");
    session.wait_for("no mouse", |screen| !screen.modes().is_mouse_told);
    session.quit("q");
}

#[test]
fn a_window_that_changes_is_drawn_in_its_new_size() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_window_that_changes_is_drawn_in_its_new_size");
    for (columns, rows) in [(80, 24), (1, 1), (200, 60), (40, 10)] {
        session.resize(columns, rows);
        session.send("i");
        session.wait_for("the new size", |screen| {
            columns == 1 || screen.rows().last().is_some_and(|row| row.ends_with(&format!("at {columns}x{rows}")))
        });
    }
    session.quit("q");
}

#[test]
fn a_terminal_without_a_size_is_taken_for_80x24() {
    if sample::was_inside() {
        return;
    }
    let name = "terminal::a_terminal_without_a_size_is_taken_for_80x24";
    let mut session = sample::start(name).size(0, 0).spawn();
    session.screen.resize(80, 24);
    session.wait_for_text("at 80x24");
    session.quit("q");
}

#[test]
fn a_large_paste_is_refused_and_none_of_its_keys_runs() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_large_paste_is_refused_and_none_of_its_keys_runs");
    session.send("\x1b[200~qjp\r\x1b[201~");
    session.wait_for_text("Paste(\"qjp\\n\")");
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend(b"qjp\r".iter().cycle().take(1 << 20));
    paste.extend(b"\x1b[201~");
    session.send(paste);
    session.wait_for_text("PasteRefused { bytes: 1048576 }");
    assert!(session.screen.cell(0, 0).inverse());
    session.quit("q");
}

#[test]
fn a_terminal_that_is_closed_ends_the_program() {
    if sample::was_inside() {
        return;
    }
    let mut session = ready("terminal::a_terminal_that_is_closed_ends_the_program");
    session.tear_down();
    // By the signal or by the failing read, whichever is seen first.
    assert!(matches!(session.wait_for_end().code(), Some(3 | 129)));
}

#[test]
fn a_terminal_that_cannot_carry_a_screen_is_refused_in_one_line() {
    if sample::was_inside() {
        return;
    }
    let name = "terminal::a_terminal_that_cannot_carry_a_screen_is_refused_in_one_line";
    for term in ["dumb", ""] {
        let mut session = sample::start(name).variable("TERM", term).size(250, 24).spawn();
        assert_eq!(session.wait_for_end().code(), Some(2));
        let rows = session.screen.rows();
        assert_eq!(rows.iter().filter(|row| row.contains("--help") && row.contains("TERM is")).count(), 1, "{rows:?}");
        assert!(!session.screen.raw().contains(&0x1b));
    }
}
