//! What keys send on a serial line: those of an xterm, in the modes that the machine has set.

use crate::key::{Code, Key};

/// The modes that count for keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    /// Whether cursor keys are those of applications (DECCKM).
    pub(crate) application_cursor: bool,
    /// Whether pasted text is marked.
    pub(crate) bracketed_paste: bool,
}

impl Modes {
    /// Those of a screen.
    pub(crate) fn of(screen: &vt100::Screen) -> Self {
        Self { application_cursor: screen.application_cursor(), bracketed_paste: screen.bracketed_paste() }
    }
}

/// The bytes of a key.
#[must_use]
pub(crate) fn encode(key: Key, modes: Modes) -> Vec<u8> {
    let alt = |bytes: Vec<u8>| if key.alt { [vec![0x1b], bytes].concat() } else { bytes };
    match key.code {
        Code::Char(c) if key.ctrl => control(c).map_or_else(|| alt(text(c)), |byte| alt(vec![byte])),
        Code::Char(c) => alt(text(c)),
        // A serial line takes CR for the end of a line, and usually DEL for backspace.
        Code::Enter => alt(vec![b'\r']),
        Code::Backspace => alt(vec![if key.ctrl { 0x08 } else { 0x7f }]),
        Code::Tab if key.shift => b"\x1b[Z".to_vec(),
        Code::Tab => alt(vec![b'\t']),
        Code::Esc => alt(vec![0x1b]),
        Code::Up => cursor(key, modes, 'A'),
        Code::Down => cursor(key, modes, 'B'),
        Code::Right => cursor(key, modes, 'C'),
        Code::Left => cursor(key, modes, 'D'),
        Code::Home => cursor(key, modes, 'H'),
        Code::End => cursor(key, modes, 'F'),
        Code::Insert => numbered(key, 2),
        Code::Delete => numbered(key, 3),
        Code::PageUp => numbered(key, 5),
        Code::PageDown => numbered(key, 6),
        Code::F(number @ 1..=4) => {
            let letter = char::from(b'O' + number);
            match modifiers(key) {
                None => format!("\x1bO{letter}").into_bytes(),
                Some(held) => format!("\x1b[1;{held}{letter}").into_bytes(),
            }
        }
        Code::F(number) => {
            /// The numbers from F5 on; there are gaps where the keyboard of a VT220 has some.
            const NUMBERS: [u8; 16] = [15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34];
            let number = usize::from(number).checked_sub(5).and_then(|at| NUMBERS.get(at));
            number.map_or_else(Vec::new, |number| numbered(key, *number))
        }
    }
}

/// Pasted text as it is sent: line ends are CR, and marked where the machine wants that. Nothing in it ends the mark.
#[must_use]
pub(crate) fn paste(text: &str, modes: Modes) -> Vec<u8> {
    let text = text.replace("\r\n", "\r").replace('\n', "\r");
    if modes.bracketed_paste {
        let text = text.replace("\x1b[201~", "");
        return format!("\x1b[200~{text}\x1b[201~").into_bytes();
    }
    text.into_bytes()
}

/// A character.
fn text(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}

/// What control makes of a character; `None` where it makes nothing of it.
fn control(c: char) -> Option<u8> {
    match c.to_ascii_lowercase() {
        letter @ 'a'..='z' => u8::try_from(letter).ok().map(|letter| letter & 0x1f),
        ' ' | '@' | '2' => Some(0),
        '[' | '3' => Some(0x1b),
        '\\' | '4' => Some(0x1c),
        ']' | '5' => Some(0x1d),
        '^' | '6' => Some(0x1e),
        '_' | '/' | '7' => Some(0x1f),
        '?' | '8' => Some(0x7f),
        _ => None,
    }
}

/// The modifiers as xterm numbers them; `None` without any.
fn modifiers(key: Key) -> Option<u8> {
    let held = u8::from(key.shift) + 2 * u8::from(key.alt) + 4 * u8::from(key.ctrl);
    (held > 0).then_some(held + 1)
}

/// A cursor key.
fn cursor(key: Key, modes: Modes, letter: char) -> Vec<u8> {
    match modifiers(key) {
        Some(held) => format!("\x1b[1;{held}{letter}"),
        None if modes.application_cursor => format!("\x1bO{letter}"),
        None => format!("\x1b[{letter}"),
    }
    .into_bytes()
}

/// A key that has a number.
fn numbered(key: Key, number: u8) -> Vec<u8> {
    match modifiers(key) {
        Some(held) => format!("\x1b[{number};{held}~"),
        None => format!("\x1b[{number}~"),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_send_what_an_xterm_sends() {
        let sent = |text: &str| String::from_utf8(encode(text.parse().unwrap(), Modes::default())).unwrap();
        for (key, bytes) in [
            ("a", "a"),
            ("G", "G"),
            ("enter", "\r"),
            ("backspace", "\x7f"),
            ("ctrl-c", "\x03"),
            ("ctrl-]", "\x1d"),
            ("ctrl-space", "\0"),
            ("alt-b", "\x1bb"),
            ("up", "\x1b[A"),
            ("ctrl-right", "\x1b[1;5C"),
            ("home", "\x1b[H"),
            ("del", "\x1b[3~"),
            ("shift-tab", "\x1b[Z"),
            ("f1", "\x1bOP"),
            ("f4", "\x1bOS"),
            ("f5", "\x1b[15~"),
            ("f12", "\x1b[24~"),
            ("shift-f5", "\x1b[15;2~"),
        ] {
            assert_eq!(sent(key), bytes, "{key}");
        }
        assert_eq!(encode(Key::char('é'), Modes::default()), "é".as_bytes());
    }

    #[test]
    fn cursor_keys_are_those_of_applications_where_the_machine_wants_that() {
        let modes = Modes { application_cursor: true, ..Modes::default() };
        assert_eq!(encode("up".parse().unwrap(), modes), b"\x1bOA");
        assert_eq!(encode("shift-up".parse().unwrap(), modes), b"\x1b[1;2A");
    }

    #[test]
    fn pasted_text_has_the_line_ends_of_a_serial_line_and_cannot_end_its_own_mark() {
        assert_eq!(paste("a\r\nb\nc", Modes::default()), b"a\rb\rc");
        let modes = Modes { bracketed_paste: true, ..Modes::default() };
        assert_eq!(paste("a\x1b[201~b", modes), b"\x1b[200~ab\x1b[201~");
    }
}
