//! The one key that is not for the machine.

use crate::config::EscapeKey;

/// Finds the escape key in what is typed. Pressed once it leaves, pressed twice it is sent.
#[derive(Debug)]
pub(super) struct Escape {
    /// The byte that the key sends.
    byte: u8,
    /// What terminals send for it once a program has asked them to tell keys apart (CSI u).
    long: String,
    /// Whether it was pressed once, and nothing since.
    pressed: bool,
}

/// What becomes of what was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// What goes to the machine.
    pub(super) send: Vec<u8>,
    /// Whether to leave.
    pub(super) leave: bool,
}

impl Escape {
    /// Looks for this key.
    pub(super) fn new(key: EscapeKey) -> Self {
        let letter = u32::from(key.byte() + 0x40).to_string();
        // Letters are told as small ones.
        let letter = match key.byte() {
            byte @ 1..=26 => u32::from(byte + 0x60).to_string(),
            _ => letter,
        };
        Self { byte: key.byte(), long: format!("\u{1b}[{letter};5u"), pressed: false }
    }

    /// Whether it was pressed once: leave, unless it is pressed again soon.
    pub(super) fn is_pressed(&self) -> bool {
        self.pressed
    }

    /// What becomes of `bytes`.
    pub(super) fn typed(&mut self, mut bytes: &[u8]) -> Typed {
        let mut send = Vec::with_capacity(bytes.len());
        while let Some((&first, rest)) = bytes.split_first() {
            let long = bytes.strip_prefix(self.long.as_bytes());
            let key = long.or((first == self.byte).then_some(rest));
            match (key, self.pressed) {
                (Some(after), true) => {
                    self.pressed = false;
                    send.push(self.byte);
                    bytes = after;
                }
                (Some(after), false) => {
                    self.pressed = true;
                    bytes = after;
                }
                // Whoever types on has not seen that the key was taken.
                (None, true) => return Typed { send, leave: true },
                (None, false) => {
                    send.push(first);
                    bytes = rest;
                }
            }
        }
        Typed { send, leave: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escape() -> Escape {
        Escape::new(EscapeKey::default())
    }

    fn typed(send: &[u8], leave: bool) -> Typed {
        Typed { send: send.to_vec(), leave }
    }

    #[test]
    fn once_leaves_and_twice_is_sent() {
        let mut keys = escape();
        assert_eq!(keys.typed(b"ab\x1d"), typed(b"ab", false));
        assert!(keys.is_pressed());
        assert_eq!(keys.typed(b"\x1dcd"), typed(b"\x1dcd", false));
        assert!(!keys.is_pressed());
        assert_eq!(keys.typed(b"e\x1d\x1d\x1d\x1df"), typed(b"e\x1d\x1df", false));
        assert_eq!(keys.typed(b"\x1dgh"), typed(b"", true));
    }

    #[test]
    fn it_is_found_in_the_long_form_too() {
        let mut keys = escape();
        assert_eq!(keys.typed(b"a\x1b[93;5u"), typed(b"a", false));
        assert_eq!(keys.typed(b"\x1b[93;5ub"), typed(b"\x1db", false));
        assert_eq!(keys.typed(b"\x1b[93;6u"), typed(b"\x1b[93;6u", false));
    }
}
