//! One key press, as the terminal told it and as the key map writes it: `g`, `G`, `space`, `ctrl-c`, `alt-b`, `f1`.
//!
//! Knows nothing of escape sequences: those end in `runtime::terminal`. What terminals cannot tell apart is one key
//! here too (`ctrl-i` is `tab`), so that a binding which works on one terminal works on all.

use std::fmt;
use std::str::FromStr;

/// A key with the modifiers held while it was pressed; always in its [normal form](Key::normal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Control was held.
    pub ctrl: bool,
    /// Alt (or Meta) was held; many terminals send it as an escape before the key.
    pub alt: bool,
    /// Shift was held. Never set for a character without ctrl: there the character itself tells (`G`).
    pub shift: bool,
}

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A key that types this character.
    Char(char),
    /// Return or the enter key of the number block.
    Enter,
    /// Tabulator; backwards with shift.
    Tab,
    /// The key above return, whichever of its two codes the terminal sends.
    Backspace,
    /// Forward delete.
    Delete,
    /// Insert.
    Insert,
    /// Escape, pressed alone.
    Esc,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Start of line or list.
    Home,
    /// End of line or list.
    End,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// Function key, counted from 1.
    F(u8),
}

/// Names of the keys that type nothing; the first name of a code is the one that is printed.
const NAMES: &[(&str, Code)] = &[
    ("space", Code::Char(' ')),
    ("enter", Code::Enter),
    ("return", Code::Enter),
    ("tab", Code::Tab),
    ("backspace", Code::Backspace),
    ("del", Code::Delete),
    ("delete", Code::Delete),
    ("ins", Code::Insert),
    ("insert", Code::Insert),
    ("esc", Code::Esc),
    ("escape", Code::Esc),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pageup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("pagedown", Code::PageDown),
];

/// The highest function key that any terminal in use sends.
const LAST_FUNCTION_KEY: u8 = 35;

impl Key {
    /// A key with no modifier held.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// The key that types `c`, with no modifier held.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// Folds what terminals cannot tell apart into one key: shift into the letter, control letters that are keys of
    /// their own (`ctrl-h`, `-i`, `-j`, `-m`, `-[`) into those keys.
    #[must_use]
    pub fn normal(self) -> Self {
        let Code::Char(c) = self.code else { return self };
        if !self.ctrl {
            let upper = c.to_uppercase().next().filter(|_| self.shift && c.to_uppercase().count() == 1);
            return Self { code: Code::Char(upper.unwrap_or(c)), shift: false, ..self };
        }
        let code = match c.to_ascii_lowercase() {
            'h' => Code::Backspace,
            'i' => Code::Tab,
            'j' | 'm' => Code::Enter,
            '[' => Code::Esc,
            '@' => return Self { code: Code::Char(' '), ..self },
            '/' => return Self { code: Code::Char('_'), ..self },
            lower => return Self { code: Code::Char(lower), ..self },
        };
        Self { code, ctrl: false, ..self }
    }

    /// The character to insert into a text field, if this key types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        let Code::Char(c) = self.code else { return None };
        (!self.ctrl && !self.alt).then_some(c)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, prefix) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(prefix)?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::F(number)) => write!(f, "f{number}"),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

/// What is wrong with a key as it was written in the key map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Nothing was written.
    #[error("a key is missing; write for example `g`, `ctrl-c`, `space` or `f1`")]
    Empty,
    /// No key has this name.
    #[error("`{0}` is not a key; write for example `g`, `G`, `ctrl-c`, `alt-b`, `space`, `pgdn` or `f1`")]
    Unknown(String),
    /// What shift makes of a key differs between keyboards.
    #[error("`shift-{0}` depends on the keyboard; write the character that it types")]
    ShiftedSign(char),
}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut key = Self::char(' ');
        let mut rest = text;
        while let Some((name, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
            match name.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => key.ctrl = true,
                "alt" | "meta" => key.alt = true,
                "shift" => key.shift = true,
                _ => return Err(BadKey::Unknown(text.to_owned())),
            }
            rest = after;
        }
        key.code = parse_code(rest).ok_or_else(|| match rest {
            "" => BadKey::Empty,
            _ => BadKey::Unknown(text.to_owned()),
        })?;
        if let Code::Char(c) = key.code
            && key.shift
            && !c.is_alphabetic()
            && c != ' '
        {
            return Err(BadKey::ShiftedSign(c));
        }
        Ok(key.normal())
    }
}

/// The key called `name`, without modifiers.
fn parse_code(name: &str) -> Option<Code> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(Code::Char(c));
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == lower) {
        return Some(*code);
    }
    let number = lower.strip_prefix('f')?.parse().ok()?;
    (1..=LAST_FUNCTION_KEY).contains(&number).then_some(Code::F(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_written_the_way_the_key_map_writes_them() {
        for text in
            ["g", "G", "space", "ctrl-c", "alt-b", "pgdn", "f1", "f12", "shift-tab", "ctrl-alt-up", "-", "ctrl--"]
        {
            assert_eq!(key(text).to_string(), text);
        }
    }

    #[test]
    fn what_terminals_cannot_tell_apart_is_one_key() {
        for (text, same) in [
            ("ctrl-h", "backspace"),
            ("ctrl-i", "tab"),
            ("ctrl-m", "enter"),
            ("ctrl-j", "enter"),
            ("ctrl-[", "esc"),
            ("ctrl-C", "ctrl-c"),
            ("shift-g", "G"),
            ("ctrl-/", "ctrl-_"),
            ("ctrl-@", "ctrl-space"),
            ("Escape", "esc"),
            ("PageDown", "pgdn"),
        ] {
            assert_eq!(key(text), key(same), "{text}");
        }
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused_with_examples() {
        assert_eq!("".parse::<Key>(), Err(BadKey::Empty));
        assert_eq!("shift-1".parse::<Key>(), Err(BadKey::ShiftedSign('1')));
        for text in ["f0", "f36", "hyper-x", "ctrl", "gg", "\u{1b}"] {
            assert_eq!(text.parse::<Key>(), Err(BadKey::Unknown(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn only_plain_characters_are_typed_into_a_field() {
        assert_eq!(key("G").typed(), Some('G'));
        assert_eq!(key("space").typed(), Some(' '));
        assert_eq!(key("ctrl-g").typed(), None);
        assert_eq!(key("alt-g").typed(), None);
        assert_eq!(key("enter").typed(), None);
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read_back(c in any::<char>(), ctrl in any::<bool>(), alt in any::<bool>(), shift in any::<bool>()) {
            prop_assume!(!c.is_control());
            let pressed = Key { code: Code::Char(c), ctrl, alt, shift: shift && c.is_ascii_alphabetic() }.normal();
            prop_assert_eq!(pressed.to_string().parse::<Key>(), Ok(pressed));
        }
    }
}
