//! What a machine has changed about a terminal, so that it can be given back as it was.
//!
//! The output of the machine goes to the terminal untouched. It is read along for the sequences that outlast it: modes and
//! keyboard flags here, all others by the [`table`]; [`undo`] sets them back.

mod table;
#[cfg(test)]
mod tests;
mod undo;

use std::collections::BTreeMap;

use self::table::{KEYS, Kind, ROWS, Row, SWALLOWS, Sequence, Undo};

/// The longest sequence that is looked at whole. Of a longer text the beginning says enough; any other one that is longer
/// changes nothing.
const LONGEST: usize = 512;
/// More modes than terminals have. A machine that makes more up has them left as they are.
const MOST_MODES: usize = 256;
/// More of anything than terminals keep on a stack.
const MOST_PUSHED: usize = 64;
/// The private modes that are on in a terminal that nobody changed: VT100, autowrap, autorepeat, the blink of the cursor as it
/// is, the cursor, rxvt's switching of fonts, scrolling on output, fast scrolling, eight bits with Meta, modifiers for Alt and
/// `NumLock`, the selection kept, the alternate screen allowed, colours of one's own for each picture.
const ON: [u16; 13] = [2, 7, 8, 14, 25, 35, 1010, 1014, 1034, 1035, 1040, 1046, 1070];
/// The one that is on of the others: what is typed is not shown by the terminal itself (SRM).
const ON_ANSI: [u16; 1] = [12];
/// The modes of ECMA-48 that terminals have: keys locked, insert, local echo off, line feeds that return.
const ANSI: [u16; 4] = [2, 4, 12, 20];
/// The private modes that show another screen.
const SCREENS: [u16; 3] = [47, 1047, 1049];
/// Private modes that are none: setting this one keeps the cursor's place, and the others are read alone.
const NO_MODES: [u16; 6] = [13, 1020, 1021, 1022, 1023, 1048];
/// VT52 mode is left, and the mode of Tektronix terminals.
const VT52: u16 = 2;
const TEKTRONIX: u16 = 38;
/// The title before: kept on a stack by [`KEEP_TITLE`], which is sent before anything else.
pub(super) const KEEP_TITLE: &str = "\u{1b}[22;0t";

/// Where in a sequence the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In none.
    Ground,
    /// Behind ESC, and behind what tells it from others.
    Escape,
    /// In a control sequence.
    Control,
    /// In a text for the terminal that ends with ST or, a command, with BEL.
    Text(Kind),
    /// The same, behind ESC.
    TextEscape(Kind),
}

/// The keyboard flags of a screen, by kitty's protocol: each screen has its own stack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Keyboard {
    /// How many sets were pushed.
    pushed: usize,
    /// Whether flags were set below all of them.
    is_set: bool,
}

/// What is in force.
#[derive(Debug)]
pub(super) struct Modes {
    /// Columns and rows that the terminal had.
    size: (u16, u16),
    state: State,
    /// Whether the first byte of a control character of eight bits came, as UTF-8 has it.
    is_half: bool,
    /// The sequence so far, behind what begins it.
    sequence: Vec<u8>,
    /// Private modes by number, as they were set last.
    private: BTreeMap<u16, bool>,
    /// The same of the others.
    ansi: BTreeMap<u16, bool>,
    /// The private mode that shows the other screen now.
    alternate: Option<u16>,
    /// Of the usual screen, and of the other one.
    keyboards: [Keyboard; 2],
    /// Titles on the stack that were not there before.
    titles: usize,
    /// For each row of the table whether it is to be set back.
    touched: Vec<bool>,
}

/// Every row of the table.
fn rows() -> impl Iterator<Item = &'static Row> {
    SWALLOWS.iter().chain(ROWS).chain(KEYS.iter().flatten())
}

impl Modes {
    /// Those of a terminal of so many columns and rows that got [`KEEP_TITLE`] and nothing else.
    pub(super) fn new(size: (u16, u16)) -> Self {
        Self {
            size,
            state: State::Ground,
            is_half: false,
            sequence: Vec::new(),
            private: BTreeMap::new(),
            ansi: BTreeMap::new(),
            alternate: None,
            keyboards: [Keyboard::default(); 2],
            titles: 1,
            touched: vec![false; rows().count()],
        }
    }

    /// Whether the output is between two sequences, where something else can be said.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Ground && !self.is_half
    }

    /// Reads along what goes to the terminal.
    pub(super) fn see(&mut self, mut output: &[u8]) {
        while let Some((&byte, rest)) = output.split_first() {
            if self.is_between() {
                // Most of it is text.
                let Some(next) = memchr::memchr2(0x1b, 0xc2, output) else { return };
                if next > 0 {
                    output = output.get(next..).unwrap_or_default();
                    continue;
                }
            }
            self.byte(byte);
            output = rest;
        }
    }

    /// A byte. Control characters of eight bits stand for ESC and a letter.
    fn byte(&mut self, byte: u8) {
        let was_half = std::mem::replace(&mut self.is_half, byte == 0xc2);
        match byte {
            0x80..=0x9f if was_half => {
                self.state = self.step(0x1b);
                self.state = self.step(byte - 0x40);
            }
            _ => self.state = self.step(byte),
        }
    }

    /// What follows a byte.
    fn step(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            // CAN and SUB end everything.
            (_, 0x18 | 0x1a) => State::Ground,
            (State::Text(kind), 0x1b) => State::TextEscape(kind),
            (State::Text(Kind::Command), 0x07) => self.text(Kind::Command),
            (State::TextEscape(kind), b'\\') => self.text(kind),
            (State::Text(_), _) => {
                self.keep(byte);
                self.state
            }
            (_, 0x1b) => {
                self.sequence.clear();
                State::Escape
            }
            (State::Ground, _) => State::Ground,
            // What follows is no text any more: another sequence has begun.
            (State::TextEscape(_), _) => {
                self.sequence.clear();
                self.escape(byte)
            }
            (State::Escape, _) => self.escape(byte),
            (State::Control, b' '..=b'?') => {
                self.keep(byte);
                State::Control
            }
            (State::Control, b'@'..=b'~') => {
                self.control(byte);
                State::Ground
            }
            // Controls inside of a sequence are obeyed at once and do not end it.
            (State::Control, _) => State::Control,
        }
    }

    /// Keeps a byte of a sequence.
    fn keep(&mut self, byte: u8) {
        if self.sequence.len() < LONGEST {
            self.sequence.push(byte);
        }
    }

    /// A byte behind ESC.
    fn escape(&mut self, byte: u8) -> State {
        let begun = match byte {
            b'[' => State::Control,
            b']' => State::Text(Kind::Command),
            b'P' => State::Text(Kind::Device),
            b'X' | b'^' | b'_' => State::Text(Kind::Other),
            b' '..=b'/' => {
                self.keep(byte);
                return State::Escape;
            }
            _ => State::Ground,
        };
        if begun != State::Ground && self.sequence.is_empty() {
            return begun;
        }
        let sequence = std::mem::take(&mut self.sequence);
        let marks = std::str::from_utf8(&sequence).unwrap_or_default();
        match (marks, byte) {
            // Most of a full reset shows at once. What it is not sure to set back stays noted.
            ("", b'c') => {
                self.private.clear();
                self.ansi.clear();
                self.alternate = None;
            }
            ("", b'<') => self.set_private(VT52, true),
            ("", 0x03) => self.set_private(TEKTRONIX, false),
            _ => {}
        }
        self.note(&Sequence { kind: Kind::Escape, marks, numbers: &[], last: byte, text: "" });
        State::Ground
    }

    /// A control sequence has ended.
    fn control(&mut self, last: u8) {
        let sequence = std::mem::take(&mut self.sequence);
        // Colours and attributes come often, and are set back anyhow.
        let is_plain = sequence.first().is_none_or(|byte| byte.is_ascii_digit() || *byte == b';');
        let Ok(text) = std::str::from_utf8(&sequence) else { return };
        if sequence.len() >= LONGEST || (last == b'm' && is_plain) {
            return;
        }
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
        let marks: String = text.chars().filter(|c| !is_number(*c)).collect();
        let numbers = numbers(text);
        let sequence = Sequence { kind: Kind::Control, marks: &marks, numbers: &numbers, last, text: "" };
        self.modes(&sequence);
        self.keyboard(&sequence);
        match (sequence.control("", b't'), numbers.first()) {
            (Some(_), Some(22)) => self.titles = (self.titles + 1).min(MOST_PUSHED),
            (Some(_), Some(23)) => self.titles = self.titles.saturating_sub(1),
            _ => {}
        }
        self.note(&sequence);
        if numbers == [8, self.size.1, self.size.0] && sequence.control("", b't').is_some() {
            // As large as it was.
            for (touched, row) in self.touched.iter_mut().zip(rows()) {
                *touched &= !matches!(row.undo, Undo::Size);
            }
        }
    }

    /// A text for the terminal has ended.
    fn text(&mut self, kind: Kind) -> State {
        let sequence = std::mem::take(&mut self.sequence);
        let text = String::from_utf8_lossy(&sequence);
        let (head, last, rest) = if kind == Kind::Device {
            let end = text.find(|c: char| ('@'..='~').contains(&c)).unwrap_or(text.len());
            let (head, rest) = text.split_at(end);
            let mut rest = rest.chars();
            let last = rest.next().and_then(|c| u8::try_from(c).ok()).unwrap_or(0);
            (head, last, rest.as_str())
        } else {
            let (head, rest) = text.split_once(';').unwrap_or((&text, ""));
            (head, 0, rest)
        };
        let is_mark = |c: char| !(c.is_ascii_digit() || c == ';');
        // A command whose number is none is none of those here.
        let marks: String = head.chars().filter(|c| is_mark(*c)).collect();
        let numbers = numbers(head);
        self.note(&Sequence { kind, marks: &marks, numbers: &numbers, last, text: rest });
        State::Ground
    }

    /// What a sequence says of modes.
    fn modes(&mut self, sequence: &Sequence<'_>) {
        for last in [b'h', b'l'] {
            for mode in sequence.control("?", last).unwrap_or_default() {
                self.set_private(*mode, last == b'h');
            }
            for mode in sequence.control("", last).unwrap_or_default() {
                if ANSI.contains(mode) {
                    self.ansi.insert(*mode, last == b'h');
                }
            }
        }
        // As they were when somebody kept them (XTRESTORE), which may be anything.
        for mode in sequence.control("?", b'r').unwrap_or_default() {
            if !SCREENS.contains(mode) {
                self.set_private(*mode, !ON.contains(mode));
            }
        }
    }

    /// A private mode is set.
    fn set_private(&mut self, mode: u16, is_on: bool) {
        if SCREENS.contains(&mode) {
            self.alternate = is_on.then_some(mode);
        } else if !NO_MODES.contains(&mode) && (self.private.contains_key(&mode) || self.private.len() < MOST_MODES) {
            self.private.insert(mode, is_on);
        }
    }

    /// What a sequence says of the flags of the keyboard of the screen that is shown.
    fn keyboard(&mut self, sequence: &Sequence<'_>) {
        let [usual, other] = &mut self.keyboards;
        let keyboard = if self.alternate.is_some() { other } else { usual };
        if sequence.control(">", b'u').is_some() {
            keyboard.pushed = (keyboard.pushed + 1).min(MOST_PUSHED);
        } else if let Some(numbers) = sequence.control("<", b'u') {
            let popped = numbers.first().copied().unwrap_or(1).max(1);
            keyboard.pushed = keyboard.pushed.saturating_sub(popped.into());
        } else if let Some(numbers) = sequence.control("=", b'u')
            && keyboard.pushed == 0
        {
            keyboard.is_set = numbers.first().is_some_and(|flags| *flags != 0);
        }
    }

    /// What a sequence says of the rows of the table.
    fn note(&mut self, sequence: &Sequence<'_>) {
        for (touched, row) in self.touched.iter_mut().zip(rows()) {
            *touched = (row.sees)(sequence).unwrap_or(*touched);
        }
    }
}

/// The numbers of a sequence; one that is left out is 0, and one beyond all others too.
fn numbers(text: &str) -> Vec<u16> {
    let text: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, ';' | ':')).collect();
    if text.is_empty() {
        return Vec::new();
    }
    text.split([';', ':']).map(|number| number.parse().unwrap_or(0)).collect()
}
