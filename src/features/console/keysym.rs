//! Keys as X11 numbers them (`keysymdef.h`), which is how they are told to a screen.

use crate::key::{Code, Key};

/// Modifiers.
const SHIFT: u32 = 0xffe1;
const CONTROL: u32 = 0xffe3;
const ALT: u32 = 0xffe9;
/// The first function key.
const F1: u32 = 0xffbe;

/// The keys of a chord, modifiers first, for what was pressed.
#[must_use]
pub fn chord(key: Key) -> Vec<u32> {
    let mut keys = Vec::with_capacity(4);
    if key.ctrl {
        keys.push(CONTROL);
    }
    if key.alt {
        keys.push(ALT);
    }
    let is_upper = matches!(key.code, Code::Char(c) if needs_shift(c));
    if key.shift || is_upper {
        keys.push(SHIFT);
    }
    keys.push(of_code(key.code));
    keys
}

/// Ctrl-Alt-Del.
#[must_use]
pub fn three_fingers() -> Vec<u32> {
    vec![CONTROL, ALT, 0xffff]
}

/// Ctrl-C, which gives up what is being typed.
#[must_use]
pub fn interrupt() -> Vec<u32> {
    vec![CONTROL, u32::from('c')]
}

/// Ctrl-Alt and a function key, which switches between the virtual consoles of a guest.
#[must_use]
pub fn virtual_console(number: u8) -> Vec<u32> {
    vec![CONTROL, ALT, F1 + u32::from(number.saturating_sub(1))]
}

/// The presses and releases that type a character: down is true.
pub fn typed(c: char) -> impl Iterator<Item = (bool, u32)> {
    let keysym = match c {
        '\n' | '\r' => 0xff0d,
        '\t' => 0xff09,
        c => of_char(c),
    };
    let shift = needs_shift(c);
    let before = shift.then_some((true, SHIFT));
    let after = shift.then_some((false, SHIFT));
    before.into_iter().chain([(true, keysym), (false, keysym)]).chain(after)
}

/// A character: its code point where it is in Latin-1, a number of its own beyond.
fn of_char(c: char) -> u32 {
    let point = u32::from(c);
    match point {
        0x20..=0x7e | 0xa0..=0xff => point,
        _ => 0x0100_0000 | point,
    }
}

/// Whether a character is on the upper half of a key of the US keyboard, which guests take keys to be of.
fn needs_shift(c: char) -> bool {
    c.is_uppercase() || "~!@#$%^&*()_+{}|:\"<>?".contains(c)
}

/// A key that types nothing.
fn of_code(code: Code) -> u32 {
    match code {
        Code::Char(c) => of_char(c),
        Code::Enter => 0xff0d,
        Code::Tab => 0xff09,
        Code::Backspace => 0xff08,
        Code::Delete => 0xffff,
        Code::Insert => 0xff63,
        Code::Esc => 0xff1b,
        Code::Up => 0xff52,
        Code::Down => 0xff54,
        Code::Left => 0xff51,
        Code::Right => 0xff53,
        Code::Home => 0xff50,
        Code::End => 0xff57,
        Code::PageUp => 0xff55,
        Code::PageDown => 0xff56,
        Code::F(number) => F1 + u32::from(number.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_numbers_of_x11() {
        let of = |text: &str| chord(text.parse().unwrap());
        assert_eq!(of("a"), [0x61]);
        assert_eq!(of("A"), [SHIFT, 0x41]);
        assert_eq!(of("ctrl-c"), [CONTROL, 0x63]);
        assert_eq!(of("ctrl-alt-up"), [CONTROL, ALT, 0xff52]);
        assert_eq!(of("shift-tab"), [SHIFT, 0xff09]);
        assert_eq!(of("f12"), [0xffc9]);
        assert_eq!(chord(Key::char('€')), [0x0100_20ac]);
        assert_eq!(virtual_console(6), [CONTROL, ALT, 0xffc3]);
    }

    #[test]
    fn a_character_is_pressed_and_let_go_with_its_shift() {
        assert_eq!(typed('?').collect::<Vec<_>>(), [(true, SHIFT), (true, 0x3f), (false, 0x3f), (false, SHIFT)]);
        assert_eq!(typed('\n').collect::<Vec<_>>(), [(true, 0xff0d), (false, 0xff0d)]);
    }
}
