//! One key, mouse event or report at a time, out of the bytes at the start of the input.
//!
//! Sources: ECMA-48 §5.4 (control sequences), xterm's Control Sequences ("PC-Style Function Keys", "Mouse Tracking",
//! "Bracketed Paste Mode"), the kitty keyboard protocol ("Functional key definitions"), the Linux console (`console_codes(4)`).

use crate::input::{Button, Input, Mouse, MouseAction};
use crate::key::{Code, Key};

/// What the bytes at the start of the input are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes meant this, or nothing that concerns us.
    Done(usize, Option<Input>),
    /// So many bytes were the mark before a paste.
    PasteBegins(usize),
    /// More bytes are needed.
    Unfinished(Wait),
}

/// What an unfinished sequence may still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A key on its own: Escape, or Alt and a bracket.
    Escape,
    /// Nothing but a sequence.
    Sequence,
}

const ESC: u8 = 0x1b;

/// Takes the first thing off `bytes`, which are not empty; `is_last` when no more will come.
pub(super) fn step(bytes: &[u8], is_last: bool) -> Step {
    match bytes {
        [ESC] if is_last => pressed(1, Key::plain(Code::Esc)),
        [ESC] => Step::Unfinished(Wait::Escape),
        [ESC, b'[', ..] => control_sequence(bytes, is_last),
        [ESC, b'O', ..] => single_shift(bytes, is_last),
        [ESC, kind @ (b']' | b'P' | b'_' | b'^' | b'X'), ..] => control_string(bytes, *kind, is_last),
        // Alt and a key that is a sequence itself (rxvt), or Escape pressed twice.
        [ESC, ESC, b'[' | b'O', ..] => with_alt(step(bytes.get(1..).unwrap_or_default(), is_last)),
        [ESC, ESC] if !is_last => Step::Unfinished(Wait::Escape),
        [ESC, ESC, ..] => pressed(1, Key::plain(Code::Esc)),
        [ESC, rest @ ..] => with_alt(plain(rest, is_last)),
        _ => plain(bytes, is_last),
    }
}

/// A key without an escape before it: a control character or a character in UTF-8.
fn plain(bytes: &[u8], is_last: bool) -> Step {
    let Some(&first) = bytes.first() else { return Step::Unfinished(Wait::Sequence) };
    let length = match first {
        0x00..=0x1f | 0x7f => return pressed(1, control_key(first)),
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Done(1, None),
    };
    let valid = bytes.iter().skip(1).take(length - 1).take_while(|byte| (0x80..0xc0).contains(*byte)).count() + 1;
    if valid == bytes.len() && valid < length && !is_last {
        return Step::Unfinished(Wait::Sequence);
    }
    let text = bytes.get(..valid).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let key = text.and_then(|text| text.chars().next()).filter(|c| !c.is_control()).map(Key::char);
    Step::Done(valid, key.map(Input::Key))
}

/// The key behind one of the 33 control characters.
fn control_key(byte: u8) -> Key {
    let code = match byte {
        0x1b => return Key::plain(Code::Esc),
        0x7f => return Key::plain(Code::Backspace),
        0x00 => ' ',
        0x01..=0x1a => char::from(byte - 1 + b'a'),
        _ => char::from(byte + 0x40),
    };
    Key { ctrl: true, ..Key::char(code) }.normal()
}

/// `ESC O` and one letter: keypad and function keys of the VT220 line.
fn single_shift(bytes: &[u8], is_last: bool) -> Step {
    let code = match bytes.get(2) {
        None if is_last => return pressed(2, Key { alt: true, ..Key::char('O') }),
        None => return Step::Unfinished(Wait::Escape),
        // A control character breaks it off and counts for itself.
        Some(0x00..0x20 | 0x7f) => return pressed(2, Key { alt: true, ..Key::char('O') }),
        Some(b'M') => Some(Code::Enter),
        Some(letter @ b'j'..=b'y') => Some(Code::Char(char::from(letter - 0x40))),
        Some(letter) => code_of_letter(*letter),
    };
    Step::Done(3, code.map(|code| Input::Key(Key::plain(code))))
}

/// The answer to a question that somebody else asked (colours, names, clipboards): swallowed up to its end. No answer has
/// control characters in it. Where one is found, somebody typed: Escape and one of these letters arrived in one piece.
fn control_string(bytes: &[u8], kind: u8, is_last: bool) -> Step {
    let body = bytes.get(2..).unwrap_or_default();
    let length = body.iter().take_while(|byte| !byte.is_ascii_control()).count();
    match body.get(length..).unwrap_or_default() {
        [0x07, ..] if kind == b']' => Step::Done(2 + length + 1, None),
        [ESC, b'\\', ..] => Step::Done(2 + length + 2, None),
        [] if length > 0 && !is_last => Step::Unfinished(Wait::Sequence),
        [] | [ESC] if !is_last => Step::Unfinished(Wait::Escape),
        _ if length == 0 => pressed(2, Key { alt: true, ..Key::char(char::from(kind)) }),
        _ => Step::Done(2 + length, None),
    }
}

/// `ESC [`, parameters, a letter.
fn control_sequence(bytes: &[u8], is_last: bool) -> Step {
    let body = bytes.get(2..).unwrap_or_default();
    // The Linux console names its first function keys `ESC [ [ A` and on.
    if let [b'[', rest @ ..] = body {
        return match rest.first() {
            Some(letter @ b'A'..=b'E') => pressed(4, Key::plain(Code::F(letter - b'A' + 1))),
            Some(_) => Step::Done(3, None),
            None if is_last => Step::Done(3, None),
            None => Step::Unfinished(Wait::Sequence),
        };
    }
    let length = body.iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
    let Some((&last, parameters)) = body.get(..=length).and_then(<[u8]>::split_last) else {
        return match (body.is_empty(), is_last) {
            (true, true) => pressed(2, Key { alt: true, ..Key::char('[') }),
            (true, false) => Step::Unfinished(Wait::Escape),
            (false, true) => Step::Done(bytes.len(), None),
            (false, false) => Step::Unfinished(Wait::Sequence),
        };
    };
    let taken = 2 + length + 1;
    match (parameters, last) {
        // A control character or an escape breaks the sequence off and counts for itself.
        (_, 0x00..0x20 | 0x7f..) => Step::Done(taken - 1, None),
        // The old mouse report has three raw bytes behind its letter. It is never asked for.
        ([], b'M') => {
            let raw = body.iter().skip(1).take(3).take_while(|byte| !byte.is_ascii_control()).count();
            let is_cut = raw < 3 && bytes.len() == taken + raw && !is_last;
            if is_cut { Step::Unfinished(Wait::Sequence) } else { Step::Done(taken + raw, None) }
        }
        (b"200", b'~') => Step::PasteBegins(taken),
        ([], b'I') => Step::Done(taken, Some(Input::Focused(true))),
        ([], b'O') => Step::Done(taken, Some(Input::Focused(false))),
        ([b'<', rest @ ..], b'M' | b'm') => Step::Done(taken, mouse(rest, last == b'M').map(Input::Mouse)),
        // Answers to questions that somebody else asked.
        ([b'<'..=b'?', ..], _) => Step::Done(taken, None),
        _ => Step::Done(taken, key(parameters, last).map(Input::Key)),
    }
}

/// The key of a control sequence, unless it was released or is none.
fn key(parameters: &[u8], last: u8) -> Option<Key> {
    let mut parts = parameters.split(|byte| *byte == b';');
    let first = parts.next().unwrap_or_default();
    let second = parts.next().unwrap_or_default();
    let code = match last {
        b'Z' => return Some(Key { shift: true, ..Key::plain(Code::Tab) }),
        b'u' => code_of_number(number(first)?)?,
        // What xterm's modifyOtherKeys sends: 27, modifiers, character.
        b'~' if first == b"27" => code_of_number(number(parts.next()?)?)?,
        b'~' => code_of_tilde(number(first)?)?,
        // Others are answers, such as where the cursor is.
        letter if matches!(first, b"" | b"1") => code_of_letter(letter)?,
        _ => return None,
    };
    with_modifiers(code, second)
}

/// `code` with the modifiers as kitty and xterm write them, one more than their bits, and the kind of event after a
/// colon. None for a release, and for combinations with the super key, which are the window manager's.
fn with_modifiers(code: Code, field: &[u8]) -> Option<Key> {
    let mut parts = field.split(|byte| *byte == b':');
    let bits = parts.next().and_then(number).unwrap_or(1).checked_sub(1)?;
    let is_release = parts.next() == Some(b"3");
    let (shift, alt, ctrl, others, meta) = (bits & 1, bits & 2, bits & 4, bits & (8 | 16), bits & 32);
    let key = Key { code, ctrl: ctrl != 0, alt: alt | meta != 0, shift: shift != 0 };
    (!is_release && others == 0).then(|| key.normal())
}

/// Keys named by the last letter of `ESC [` and `ESC O`.
fn code_of_letter(letter: u8) -> Option<Code> {
    Some(match letter {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'F' => Code::End,
        b'H' => Code::Home,
        b'P' => Code::F(1),
        b'Q' => Code::F(2),
        b'R' => Code::F(3),
        b'S' => Code::F(4),
        _ => return None,
    })
}

/// Keys named by a number and a tilde.
fn code_of_tilde(number: u32) -> Option<Code> {
    let function = |base: u32, first: u8| u8::try_from(number - base).ok().map(|offset| Code::F(first + offset));
    match number {
        1 | 7 => Some(Code::Home),
        2 => Some(Code::Insert),
        3 => Some(Code::Delete),
        4 | 8 => Some(Code::End),
        5 => Some(Code::PageUp),
        6 => Some(Code::PageDown),
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=26 => function(23, 11),
        28..=29 => function(28, 15),
        31..=34 => function(31, 17),
        _ => None,
    }
}

/// Keys that kitty's protocol names by their character or by a number of the private use area.
fn code_of_number(number: u32) -> Option<Code> {
    let digit = |number: u32| u8::try_from(number).ok().map(|offset| Code::Char(char::from(b'0' + offset)));
    Some(match number {
        9 => Code::Tab,
        13 | 57_414 => Code::Enter,
        27 => Code::Esc,
        8 | 127 => Code::Backspace,
        57_376..=57_398 => Code::F(u8::try_from(number - 57_376).ok()? + 13),
        57_399..=57_408 => digit(number - 57_399)?,
        57_409 => Code::Char('.'),
        57_410 => Code::Char('/'),
        57_411 => Code::Char('*'),
        57_412 => Code::Char('-'),
        57_413 => Code::Char('+'),
        57_415 => Code::Char('='),
        57_416 => Code::Char(','),
        57_417 => Code::Left,
        57_418 => Code::Right,
        57_419 => Code::Up,
        57_420 => Code::Down,
        57_421 => Code::PageUp,
        57_422 => Code::PageDown,
        57_423 => Code::Home,
        57_424 => Code::End,
        57_425 => Code::Insert,
        57_426 => Code::Delete,
        0xe000..=0xf8ff => return None,
        other => Code::Char(char::from_u32(other).filter(|c| !c.is_control())?),
    })
}

/// A mouse report in the form of mode 1006: what, column, row; columns and rows count from 1.
fn mouse(parameters: &[u8], is_press: bool) -> Option<Mouse> {
    let mut parts = parameters.split(|byte| *byte == b';').map(number);
    let (what, column, row) = (parts.next()??, parts.next()??, parts.next()??);
    let button = match what & 3 {
        0 => Some(Button::Left),
        1 => Some(Button::Middle),
        2 => Some(Button::Right),
        _ => None,
    };
    let action = match (what & 0b1110_0000, what & 3) {
        (64, 0) => MouseAction::WheelUp,
        (64, 1) => MouseAction::WheelDown,
        (0, _) if is_press => MouseAction::Press(button?),
        (0, _) => MouseAction::Release(button?),
        (32, _) => MouseAction::Drag(button?),
        _ => return None,
    };
    let cell = |number: u32| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
    Some(Mouse { action, column: cell(column), row: cell(row), ctrl: what & 16 != 0 })
}

/// The number at the start of a parameter, up to a colon.
fn number(parameter: &[u8]) -> Option<u32> {
    let digits = parameter.split(|byte| *byte == b':').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A pressed key.
fn pressed(taken: usize, key: Key) -> Step {
    Step::Done(taken, Some(Input::Key(key)))
}

/// The same with an escape before it: Alt was held.
fn with_alt(step: Step) -> Step {
    match step {
        Step::Done(taken, Some(Input::Key(key))) => pressed(taken + 1, Key { alt: true, ..key }),
        Step::Done(taken, other) => Step::Done(taken + 1, other),
        Step::PasteBegins(taken) => Step::PasteBegins(taken + 1),
        unfinished @ Step::Unfinished(_) => unfinished,
    }
}
