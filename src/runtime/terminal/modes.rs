//! The modes of the terminal that noctui works in, and back.
//!
//! All are set without asking whether the terminal knows them; one that does not ignores them. Nothing is ever asked
//! of the terminal, because serial lines, mosh and some multiplexers never answer.

use crossterm::Command;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};

/// Keeps the window's title on the terminal's own stack (xterm's Control Sequences, "Window manipulation").
const PUSH_TITLE: &str = "\x1b[22;0t";
const POP_TITLE: &str = "\x1b[23;0t";
/// Buttons and dragging, in the form without limits; no movement without a button (mode 1003), which floods slow links.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Breaks off whatever sequence was sent in part (ECMA-48 CAN).
const CANCEL: &str = "\x18";
const RESET_PEN: &str = "\x1b[m";

/// What sets the modes, in the order in which they are undone from the end.
pub(super) fn enter(is_mouse_on: bool) -> String {
    let mut bytes = PUSH_TITLE.to_owned();
    push(&mut bytes, EnterAlternateScreen);
    // Terminals keep these flags per screen, hence behind the change of screens.
    push(&mut bytes, PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES));
    push(&mut bytes, Hide);
    push(&mut bytes, EnableBracketedPaste);
    push(&mut bytes, EnableFocusChange);
    if is_mouse_on {
        bytes.push_str(MOUSE_ON);
    }
    bytes
}

/// What undoes [`enter`] whatever was set since; `is_cut` when a frame was sent in part.
pub(super) fn leave(is_cut: bool) -> String {
    let mut bytes = String::new();
    if is_cut {
        bytes.push_str(CANCEL);
        push(&mut bytes, EndSynchronizedUpdate);
    }
    bytes.push_str(MOUSE_OFF);
    push(&mut bytes, DisableFocusChange);
    push(&mut bytes, DisableBracketedPaste);
    bytes.push_str(RESET_PEN);
    push(&mut bytes, Show);
    push(&mut bytes, PopKeyboardEnhancementFlags);
    push(&mut bytes, LeaveAlternateScreen);
    bytes.push_str(POP_TITLE);
    bytes
}

/// What turns mouse events on or off. While they are off the terminal selects text itself.
pub(super) fn mouse(is_on: bool) -> &'static str {
    if is_on { MOUSE_ON } else { MOUSE_OFF }
}

/// Appends what crossterm's command writes; writing to a string cannot fail.
fn push(bytes: &mut String, command: impl Command) {
    let _ = command.write_ansi(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modes that `bytes` leave set, out of those that `h` sets and `l` resets.
    fn modes_set_by(bytes: &str) -> Vec<&str> {
        let mut set = Vec::new();
        for sequence in bytes.split("\x1b[?").skip(1) {
            let (number, rest) = sequence.split_at(sequence.find(['h', 'l']).unwrap());
            set.retain(|mode| *mode != number);
            set.extend(rest.starts_with('h').then_some(number));
        }
        set
    }

    #[test]
    fn every_mode_that_is_set_is_undone() {
        for is_mouse_on in [true, false] {
            let through = enter(is_mouse_on) + &leave(true);
            // The one that stays set is the visible cursor.
            assert_eq!(modes_set_by(&through), ["25"]);
            assert_eq!(through.matches("\x1b[>1u").count(), through.matches("\x1b[<1u").count());
            assert_eq!(through.matches(PUSH_TITLE).count(), through.matches(POP_TITLE).count());
        }
    }

    #[test]
    fn movement_without_a_button_is_not_asked_for() {
        assert!(!enter(true).contains("1003"));
        assert!(!enter(false).contains("1000"));
    }
}
