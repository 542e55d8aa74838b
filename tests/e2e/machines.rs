//! The demo's machines on the screen: the real binary in a pseudo-terminal, consoles that are opened, used, left and found again.

use std::time::Duration;

use crate::support::{Session, Start};

/// The demo with the consoles in front.
fn open(columns: u16, rows: u16) -> Session {
    let mut session = Start::noctui(&["demo"]).size(columns, rows).spawn();
    session.send("5z");
    // The header says of so many connections only that they are there.
    session.wait_for_text("Machines of the cluster");
    session.wait_for_text("spine1");
    session
}

/// Opens the console of a machine by its name.
fn attach(session: &mut Session, machine: &str, key: &str) {
    session.send(format!("/{machine}\r"));
    session.read_for(Duration::from_millis(400));
    session.send(key);
}

/// Leaves noctui while a console is open, which is asked about.
fn leave(mut session: Session) {
    session.send("q");
    session.wait_for_text("Leave noctui, which closes the console");
    // Who types ahead has not read it.
    session.read_for(Duration::from_millis(400));
    session.quit("y");
}

#[test]
fn somebody_logs_in_runs_a_command_leaves_comes_back_and_all_of_it_is_there() {
    let mut session = open(100, 30);
    attach(&mut session, "spine1", "\r");
    session.wait_for_text("^] leaves");
    // What the line said before is there.
    session.wait_for_text("Started EOS");
    session.send("\r");
    session.wait_for_text("spine1 login:");
    session.send("admin\r");
    session.wait_for_text("Password:");
    session.send("admin\r");
    session.wait_for_text("spine1>");
    session.send("show version\r");
    session.wait_for_text("Hostname: spine1");
    session.send("\x1d");
    session.wait_for_text("enter types on");
    session.send("\x1b");
    session.wait_for_text("console open");
    session.send("\r");
    session.wait_for_text("Hostname: spine1");
    session.send("exit\r");
    session.wait_for_text("^] leaves");
    session.send("\x1d");
    session.wait_for_text("enter types on");
    leave(session);
}

#[test]
fn a_text_screen_is_typed_at_and_a_machine_is_started() {
    let mut session = open(120, 40);
    attach(&mut session, "build01", "v");
    session.wait_for_text("screen, as text");
    session.wait_for_text("build01 login:");
    session.send("root");
    session.wait_for_text("build01 login: root");
    session.send("\x1d\x1b");
    session.wait_for_text("console open");
    session.send("\x1b");
    session.wait_for_text("spare1");
    session.send("/spare1\r");
    session.wait_for_text("Stopped");
    session.read_for(Duration::from_millis(500));
    session.send("s");
    session.wait_for_text("Start \"spare1\"");
    // A question that was not seen is not answered.
    session.read_for(Duration::from_millis(500));
    session.send("y");
    session.wait_for_text("Running");
    leave(session);
}

#[test]
fn a_picture_is_shown_in_cells_and_noctui_leaves_the_terminal_as_it_was() {
    let mut session = open(100, 30);
    attach(&mut session, "desk01", "v");
    session.wait_for_text("▀");
    session.send("\x1d");
    session.wait_for_text("enter types on");
    leave(session);
}
