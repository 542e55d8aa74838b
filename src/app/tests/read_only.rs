//! Who forbids writing to backends, and who may allow it again.

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::app::Message;
use crate::colour::ColourDepth;

#[test]
fn read_only_of_the_configuration_follows_the_file_and_is_not_lifted_on_the_screen() {
    let of = |text: &str| settings(&format!("{text}\n{MAILBOX}"), ColourDepth::Sixteen, true);
    let context = "[[context]]\nname = 'prod'\nkind = 'production'\nread_only = true\n";
    for (text, why) in [("read_only = true", "says read_only = true"), (context, "context prod has read_only")] {
        let mut desk = Desk::with(of(text), None, 120, 30);
        desk.press(":").type_text("read-write").press("enter");
        assert!(desk.shows("READ-ONLY") && desk.shows("read-write is refused: read-only, since"), "{}", desk.screen());
        assert!(desk.shows(why), "{}", desk.screen());
        desk.send(Message::Reconfigured(Box::new(of(""))));
        assert!(!desk.shows("READ-ONLY"), "{}", desk.screen());
        desk.send(Message::Reconfigured(Box::new(of(text))));
        assert!(desk.shows("READ-ONLY"), "{}", desk.screen());
    }
}

#[test]
fn read_only_of_the_screen_outlives_a_change_of_the_file_and_of_the_context() {
    let contexts = "[[context]]\nname = 'a'\n[[context]]\nname = 'b'\nread_only = true\n";
    let of = || settings(&format!("{MAILBOX}{contexts}"), ColourDepth::Sixteen, true);
    let mut desk = Desk::with(of(), None, 120, 30);
    desk.press("C");
    assert!(desk.shows("READ-ONLY"));
    desk.press("C");
    assert!(!desk.shows("READ-ONLY"), "that was the other context's");
    desk.press(":").type_text("read-only").press("enter C C");
    assert!(desk.shows("READ-ONLY"));
    desk.send(Message::Reconfigured(Box::new(of())));
    assert!(desk.shows("READ-ONLY"));
}

#[test]
fn read_only_leaves_acknowledgements_and_notes_possible() {
    let read_only = format!("read_only = true\n{MAILBOX}");
    let mut desk = Desk::with(settings(&read_only, ColourDepth::Sixteen, true), Some(&DATABASE), 80, 24);
    desk.press("a");
    assert!(desk.row("TTN-0007195301").ends_with('✓'));
}
