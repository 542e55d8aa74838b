//! The demo from `d` to a change control that has run: the screen, the worker, and a simulated CloudVision.

use std::time::Duration;

use crate::support::{Session, Start};

/// Presses a key until the screen shows `text`, as people do: a key that comes before anybody can have seen what it is
/// about does nothing.
pub(crate) fn press_until(session: &mut Session, key: &str, text: &str) {
    for _ in 0..100 {
        session.send(key);
        session.read_for(Duration::from_millis(200));
        if session.shows(text) {
            return;
        }
    }
    session.wait_for_text(text);
}

#[test]
fn the_demo_deploys_shows_the_difference_approves_starts_and_completes() {
    let mut session = Start::noctui(&["demo", "--still"]).size(120, 40).spawn();
    session.wait_for("the targets and the change controls", |screen| {
        let seen = screen.text();
        seen.contains("fra1-borders") && seen.contains("NET-4408") && seen.contains("cv ● live")
    });
    session.send("2");
    session.wait_for_text("d deploy");
    press_until(&mut session, "d", "fra1-fabric → prod");
    session.wait_for_text("4 changed, 3 unchanged");
    session.wait_for_text("✓ submit         in force");
    session.wait_for_text("○ pending  fra1-fabric");
    session.send("jj");
    session.wait_for("the difference", |screen| {
        let seen = screen.text();
        seen.contains("+ vlan 140") && seen.contains("+    name TENANT_140")
    });
    session.send("o");
    session.wait_for_text("○ pending → prod");
    press_until(&mut session, "a", "● approved → prod");
    press_until(&mut session, "s", "Start \"fra1-fabric");
    session.wait_for_text("Type fra1-fabric and enter to go on");
    press_until(&mut session, "\x15fra1-fabric", "> fra1-fabric");
    session.send("\r");
    session.wait_for_text("◐ running → prod");
    session.wait_for_text("✓ completed → prod");
    session.quit("q");
}
