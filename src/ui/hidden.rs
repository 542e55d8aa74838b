//! A password being typed: it is seen by nobody, printed by nothing, and overwritten when it is done with.

use std::fmt;

use zeroize::Zeroizing;

use crate::key::{Code, Key};

/// The longest password that is taken, in bytes.
const LONGEST: usize = 1024;

/// What was typed so far.
#[derive(Clone, Default)]
pub(crate) struct Hidden(Zeroizing<String>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Hidden {
    /// Takes a key: a letter, or one that deletes. Nobody sees where a cursor would be, so that there is none.
    pub(crate) fn key(&mut self, key: Key) {
        match (key.code, key.ctrl, key.alt) {
            (Code::Char(c), false, false) => self.add(c.encode_utf8(&mut [0; 4])),
            (Code::Backspace, false, false) | (Code::Char('h'), true, false) => _ = self.0.pop(),
            (Code::Char('u'), true, false) => self.0.clear(),
            _ => {}
        }
    }

    /// Takes pasted text without the line end behind it; false where it is no password, and nothing of it was taken.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        let text = text.trim_end_matches(['\r', '\n']);
        let is_fine = !text.chars().any(char::is_control) && self.0.len() + text.len() <= LONGEST;
        if is_fine {
            self.add(text);
        }
        is_fine
    }

    /// Adds letters, as long as there is room. The old memory is overwritten where another place is needed.
    fn add(&mut self, text: &str) {
        if self.0.len() + text.len() > LONGEST {
            return;
        }
        if self.0.capacity() < LONGEST {
            let mut roomy = Zeroizing::new(String::with_capacity(LONGEST));
            roomy.push_str(&self.0);
            self.0 = roomy;
        }
        self.0.push_str(text);
    }

    /// The password itself, for the one place that keeps it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A dot for each letter.
    pub(crate) fn dots(&self, dot: &str) -> String {
        dot.repeat(self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_kept_and_not_printed() {
        let mut hidden = Hidden::default();
        for key in ["s", "x", "backspace", "e", "space", "é"] {
            hidden.key(key.parse().unwrap());
        }
        assert!(hidden.paste("cret\n") && !hidden.paste("a\nb") && !hidden.paste(&"x".repeat(LONGEST)));
        assert_eq!((hidden.expose(), hidden.dots("*").as_str()), ("se écret", "********"));
        assert_eq!(format!("{hidden:?}"), "***");
        hidden.key("ctrl-u".parse().unwrap());
        assert_eq!(hidden.expose(), "");
    }
}
