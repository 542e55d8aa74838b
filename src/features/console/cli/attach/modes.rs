//! What a machine has changed about the terminal, so that it can be given back as it was.
//!
//! The output of the machine goes to the terminal untouched. It is read along for the few sequences that outlast it: private
//! modes (mouse, alternate screen, bracketed paste and all the others), the scroll region, the keypad, keyboard flags.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The longest sequence that is looked at; what is longer changes no mode.
const LONGEST: usize = 64;
/// More modes than terminals have. A machine that makes more up has them left as they are.
const MOST_MODES: usize = 128;
/// The private modes that are on in a terminal that nobody changed: autowrap, autorepeat, the cursor.
const ON: [u16; 3] = [7, 8, 25];
/// The private modes that show another screen. They are left last: some state belongs to a screen.
const SCREENS: [u16; 3] = [47, 1047, 1049];

/// Where in a sequence the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In none.
    Ground,
    /// Behind ESC.
    Escape,
    /// Behind ESC and a byte that another one follows.
    Pair,
    /// In a control sequence.
    Sequence,
    /// In a text for the terminal that ends with BEL or ST.
    Text,
    /// The same, behind ESC.
    TextEscape,
}

/// The modes that are in force.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mode of its own")]
pub(super) struct Modes {
    state: State,
    /// The control sequence so far, behind its `[`.
    sequence: Vec<u8>,
    /// Private modes by number, as they were set last.
    private: BTreeMap<u16, bool>,
    /// Whether what is typed is inserted (IRM).
    insert: bool,
    /// Whether lines scroll within a region.
    region: bool,
    /// Whether the keypad sends its own sequences.
    keypad: bool,
    /// Whether the cursor has another shape.
    cursor: bool,
    /// How many sets of keyboard flags were pushed.
    keyboard: usize,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            state: State::Ground,
            sequence: Vec::new(),
            private: BTreeMap::new(),
            insert: false,
            region: false,
            keypad: false,
            cursor: false,
            keyboard: 0,
        }
    }
}

impl Modes {
    /// Reads along what goes to the terminal.
    pub(super) fn see(&mut self, mut output: &[u8]) {
        while !output.is_empty() {
            if self.state == State::Ground {
                // Most of it is text.
                let Some(escape) = memchr::memchr(0x1b, output) else { return };
                output = output.get(escape..).unwrap_or_default();
            }
            let Some((&byte, rest)) = output.split_first() else { return };
            self.state = self.step(byte);
            output = rest;
        }
    }

    /// What follows a byte.
    #[expect(clippy::match_same_arms, reason = "each arm is a case of its own, in the order in which they are tried")]
    fn step(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            // CAN and SUB end everything.
            (_, 0x18 | 0x1a) => State::Ground,
            (State::Text, 0x1b) => State::TextEscape,
            (State::Text, 0x07) | (State::TextEscape, b'\\') => State::Ground,
            (State::Text, _) => State::Text,
            // What follows is no text any more: another sequence has begun.
            (State::TextEscape | State::Escape, b'[') => {
                self.sequence.clear();
                State::Sequence
            }
            (State::TextEscape | State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::Text,
            (State::TextEscape | State::Escape, b' '..=b'/') => State::Pair,
            (State::TextEscape | State::Escape, byte) => {
                match byte {
                    b'=' => self.keypad = true,
                    b'>' => self.keypad = false,
                    b'c' => *self = Self::default(),
                    _ => {}
                }
                if byte == 0x1b { State::Escape } else { State::Ground }
            }
            (_, 0x1b) => State::Escape,
            (State::Ground | State::Pair, _) => State::Ground,
            (State::Sequence, b' '..=b'?') => {
                if self.sequence.len() < LONGEST {
                    self.sequence.push(byte);
                }
                State::Sequence
            }
            (State::Sequence, b'@'..=b'~') => {
                self.obey(byte);
                State::Ground
            }
            // Controls inside of a sequence are obeyed at once and do not end it.
            (State::Sequence, _) => State::Sequence,
        }
    }

    /// A control sequence has ended.
    fn obey(&mut self, last: u8) {
        let sequence = std::mem::take(&mut self.sequence);
        let Ok(text) = std::str::from_utf8(&sequence) else { return };
        if sequence.len() >= LONGEST {
            return;
        }
        let numbers = |text: &str| -> Vec<u16> { text.split(';').filter_map(|number| number.parse().ok()).collect() };
        match (text.as_bytes(), last) {
            ([b'?', ..], b'h' | b'l') => {
                for mode in numbers(text.get(1..).unwrap_or_default()) {
                    if self.private.contains_key(&mode) || self.private.len() < MOST_MODES {
                        self.private.insert(mode, last == b'h');
                    }
                }
            }
            ([b'0'..=b'9' | b';', ..], b'h' | b'l') if numbers(text).contains(&4) => self.insert = last == b'h',
            ([], b'r') => self.region = false,
            ([b'0'..=b'9' | b';', ..], b'r') => self.region = true,
            ([.., b' '], b'q') => self.cursor = true,
            ([b'!'], b'p') => (self.insert, self.region, self.keypad) = (false, false, false),
            ([b'>', ..], b'u') => self.keyboard = (self.keyboard + 1).min(LONGEST),
            ([b'<', rest @ ..], b'u') => {
                let popped = std::str::from_utf8(rest).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
                self.keyboard = self.keyboard.saturating_sub(popped);
            }
            _ => {}
        }
    }

    /// What takes back everything that is in force, and nothing where nothing is.
    pub(super) fn undo(&self) -> String {
        let mut text = String::new();
        // What was begun must not swallow the rest.
        if self.state != State::Ground {
            text.push('\u{18}');
        }
        for (mode, on) in &self.private {
            let was = ON.contains(mode);
            if *on != was && !SCREENS.contains(mode) {
                let _ = write!(text, "\u{1b}[?{mode}{}", if was { 'h' } else { 'l' });
            }
        }
        if self.keyboard > 0 {
            let _ = write!(text, "\u{1b}[<{}u", self.keyboard);
        }
        for (in_force, undo) in [(self.insert, "\u{1b}[4l"), (self.keypad, "\u{1b}>"), (self.cursor, "\u{1b}[0 q")] {
            if in_force {
                text.push_str(undo);
            }
        }
        if self.region {
            // Leaving the region moves the cursor.
            text.push_str("\u{1b}7\u{1b}[r\u{1b}8");
        }
        for mode in SCREENS.iter().filter(|mode| self.private.get(mode) == Some(&true)) {
            let _ = write!(text, "\u{1b}[?{mode}l");
        }
        // Colours and line drawing, which are in force more often than not.
        text.push_str("\u{f}\u{1b}(B\u{1b}[0m");
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What undoes `output`, without what always stands at its end.
    fn undo(output: &[u8]) -> String {
        let mut modes = Modes::default();
        modes.see(output);
        modes.undo().strip_suffix("\u{f}\u{1b}(B\u{1b}[0m").unwrap().to_owned()
    }

    #[test]
    fn what_was_set_is_taken_back_and_nothing_else() {
        assert_eq!(undo(b"plain \x1b[31mred\r\n"), "");
        assert_eq!(undo(b"\x1b[?1049h\x1b[?1000;1006h\x1b[?25l"), "\u{1b}[?25h\u{1b}[?1000l\u{1b}[?1006l\u{1b}[?1049l");
        assert_eq!(undo(b"\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l"), "");
        assert_eq!(undo(b"\x1b[?7l\x1b[4h\x1b=\x1b[2;10r"), "\u{1b}[?7h\u{1b}[4l\u{1b}>\u{1b}7\u{1b}[r\u{1b}8");
        assert_eq!(undo(b"\x1b[2;10r\x1b[r\x1b[5 q"), "\u{1b}[0 q");
        assert_eq!(undo(b"\x1b[>1u\x1b[>3u\x1b[<u"), "\u{1b}[<1u");
        assert_eq!(undo(b"\x1b[?2004h\x1bc"), "");
    }

    #[test]
    fn titles_and_other_texts_are_not_read_as_sequences() {
        assert_eq!(undo(b"\x1b]0;[?25l\x07\x1bP[?25l\x1b\\\x1b(0"), "");
        assert_eq!(undo(b"\x1b]0;title\x1b[?25l"), "\u{1b}[?25h");
        assert_eq!(undo(b"\x1b[?25"), "\u{18}");
        assert_eq!(undo(b"\x1b[?2\n5l"), "\u{1b}[?25h");
    }

    proptest! {
        #[test]
        fn it_matters_not_how_output_is_cut(output in proptest::collection::vec(prop_oneof![
            Just(0x1b_u8), Just(b'['), Just(b'?'), Just(b';'), Just(b'h'), Just(b'l'), Just(b'r'), b'0'..=b'9', any::<u8>(),
        ], 0..200), cut in 0..200_usize) {
            let cut = cut.min(output.len());
            let (mut whole, mut halves) = (Modes::default(), Modes::default());
            whole.see(&output);
            halves.see(&output[..cut]);
            halves.see(&output[cut..]);
            prop_assert_eq!(whole.undo(), halves.undo());
        }

        #[test]
        fn what_undoes_is_undone(output in proptest::collection::vec(prop_oneof![
            Just(0x1b_u8), Just(b'['), Just(b'?'), Just(b';'), Just(b'h'), Just(b'l'), Just(b'>'), Just(b'u'), b'0'..=b'9',
        ], 0..200)) {
            let mut modes = Modes::default();
            modes.see(&output);
            let undo = modes.undo();
            modes.see(undo.as_bytes());
            // The shape of the cursor is set back, which is setting it.
            let rest = modes.undo().replace("\u{1b}[0 q", "");
            prop_assert_eq!(rest, "\u{f}\u{1b}(B\u{1b}[0m");
        }
    }
}
