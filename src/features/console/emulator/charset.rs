//! The line drawing characters of VT100 (`ESC ( 0`), which the emulator itself does not know: they become box drawing
//! characters before it sees them. Installers on serial lines draw with them.

use std::fmt::Write as _;

/// What stands for the bytes from `0x60` to `0x7e` (DEC Special Graphics).
const GRAPHICS: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴',
    '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// Where in a sequence the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// In none.
    #[default]
    Ground,
    /// Behind ESC.
    Escape,
    /// Behind ESC and the parenthesis that begins the choice of a set: G0, or G1.
    Choosing(usize),
    /// In a control sequence.
    Sequence,
    /// In a text that ends with BEL or ST.
    Text,
    /// The same, behind ESC.
    TextEscape,
}

/// Which of the two sets is in force, and what they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Charset {
    state: State,
    /// Whether G0 and G1 are line drawing.
    drawing: [bool; 2],
    /// Which of them is in force.
    current: usize,
}

impl Charset {
    /// The output with its line drawing as characters; `None` where there is none in it.
    pub(super) fn translate(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_plain = self.state == State::Ground && !self.is_drawing();
        if is_plain && memchr::memchr3(0x1b, 0x0e, 0x0f, bytes).is_none() {
            return None;
        }
        let mut out = String::new();
        let mut translated: Option<Vec<u8>> = None;
        for (at, &byte) in bytes.iter().enumerate() {
            let drawn = (self.state == State::Ground && self.is_drawing())
                .then(|| byte.checked_sub(0x60).and_then(|at| GRAPHICS.get(usize::from(at))))
                .flatten();
            self.step(byte);
            if let Some(drawn) = drawn {
                let kept = translated.get_or_insert_with(|| bytes.get(..at).unwrap_or_default().to_vec());
                out.clear();
                let _ = write!(out, "{drawn}");
                kept.extend_from_slice(out.as_bytes());
            } else if let Some(kept) = &mut translated {
                kept.push(byte);
            }
        }
        translated
    }

    /// Whether letters are lines now.
    fn is_drawing(&self) -> bool {
        self.drawing.get(self.current).copied().unwrap_or(false)
    }

    /// What follows from a byte.
    #[expect(clippy::match_same_arms, reason = "each arm is a case of its own, in the order in which they are tried")]
    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            // CAN and SUB end everything.
            (_, 0x18 | 0x1a) => State::Ground,
            (State::Text, 0x1b) => State::TextEscape,
            (State::Text, 0x07) | (State::TextEscape, b'\\') => State::Ground,
            (State::Text, _) => State::Text,
            (_, 0x1b) => State::Escape,
            (State::Ground, 0x0e) => {
                self.current = 1;
                State::Ground
            }
            (State::Ground, 0x0f) => {
                self.current = 0;
                State::Ground
            }
            (State::Ground, _) => State::Ground,
            (State::Escape | State::TextEscape, b'(') => State::Choosing(0),
            (State::Escape | State::TextEscape, b')') => State::Choosing(1),
            (State::Escape | State::TextEscape, b'[') => State::Sequence,
            (State::Escape | State::TextEscape, b']' | b'P' | b'X' | b'^' | b'_') => State::Text,
            (State::Escape | State::TextEscape, b'c') => {
                *self = Self::default();
                State::Ground
            }
            (State::Escape | State::TextEscape, b' '..=b'/') => State::Escape,
            (State::Escape | State::TextEscape, _) => State::Ground,
            (State::Choosing(set), byte) => {
                if let Some(drawing) = self.drawing.get_mut(set) {
                    *drawing = byte == b'0';
                }
                State::Ground
            }
            (State::Sequence, b'@'..=b'~') => State::Ground,
            (State::Sequence, _) => State::Sequence,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the emulator sees.
    fn seen(bytes: &[u8]) -> String {
        let mut charset = Charset::default();
        String::from_utf8(charset.translate(bytes).unwrap_or_else(|| bytes.to_vec())).unwrap()
    }

    #[test]
    fn letters_are_lines_where_the_machine_says_so_and_nowhere_else() {
        assert_eq!(seen(b"lqk\x1b(0lqk\x1b(Blqk"), "lqk\x1b(0┌─┐\x1b(Blqk");
        assert_eq!(seen(b"\x1b)0a\x0ex\x0fx"), "\x1b)0a\x0e│\x0fx");
        assert_eq!(seen(b"\x1b(0\x1b[1mq\x1b]0;q\x07q"), "\x1b(0\x1b[1m─\x1b]0;q\x07─");
        assert_eq!(seen(b"\x1b(0\x1bcq"), "\x1b(0\x1bcq");
    }

    #[test]
    fn it_matters_not_how_output_is_cut() {
        let mut charset = Charset::default();
        let mut seen = Vec::new();
        for byte in b"\x1b(0tqu\x1b(Bt" {
            seen.extend(charset.translate(&[*byte]).unwrap_or_else(|| vec![*byte]));
        }
        assert_eq!(String::from_utf8(seen).unwrap(), "\x1b(0├─┤\x1b(Bt");
    }
}
