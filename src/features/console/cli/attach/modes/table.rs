//! Every setting of a terminal that outlasts the sequence that changed it, with what sets it back.
//!
//! The table follows the documentation of xterm (`ctlseqs`, patch 410), with what kitty and others have added
//! since: hyperlinks, progress bars, and of iTerm2's own what guests are known to set. Modes and keyboard flags, which are kept
//! by number and by screen, are in `modes`. Left out is what has no state before it that could be known and no default: the
//! directory that new tabs open in (OSC 7), which a shell tells again with its next prompt; iTerm2's profiles, colours and
//! variables (`SetProfile`, `SetColors`, `SetUserVar`); X properties of the window (OSC 3);
//! where on the screen it is (XTWINOPS 3, 5, 6); and a scrollbar that was hidden (mode 30), which some have at first.

/// How a sequence begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// ESC alone.
    Escape,
    /// CSI.
    Control,
    /// OSC: a command for the terminal itself.
    Command,
    /// DCS: a text for the device.
    Device,
    /// PM, APC, SOS: nothing of it is read here.
    Other,
}

/// A sequence that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence<'s> {
    /// How it begins.
    pub(super) kind: Kind,
    /// What tells it from others with the same last byte: `?`, `>`, `$` and so on.
    pub(super) marks: &'s str,
    /// Its numbers; one that is left out is 0.
    pub(super) numbers: &'s [u16],
    /// The byte that ends it; of a command there is none, and it is 0.
    pub(super) last: u8,
    /// The text of a command behind its number, or of one for the device behind its last byte.
    pub(super) text: &'s str,
}

impl Sequence<'_> {
    /// Whether it is this one.
    pub(super) fn is(&self, kind: Kind, marks: &str, last: u8) -> bool {
        (self.kind, self.marks, self.last) == (kind, marks, last)
    }

    /// Its numbers, if it is this control sequence.
    pub(super) fn control(&self, marks: &str, last: u8) -> Option<&[u16]> {
        self.is(Kind::Control, marks, last).then_some(self.numbers)
    }

    /// Its first number or 0, if it is this control sequence.
    fn first(&self, marks: &str, last: u8) -> Option<u16> {
        self.control(marks, last).map(|numbers| numbers.first().copied().unwrap_or(0))
    }

    /// Its last byte, if it is ESC with these marks.
    fn escape(&self, marks: &str) -> Option<u8> {
        (self.kind == Kind::Escape && self.marks == marks).then_some(self.last)
    }

    /// Its text, if it is the command of this number.
    fn command(&self, number: u16) -> Option<&str> {
        (self.kind == Kind::Command && self.numbers == [number]).then_some(self.text)
    }

    /// Whether it sets a resource of this number (XTMODKEYS, XTFMTKEYS), or has xterm set it back: the value is left out then.
    fn resource(&self, last: u8, number: u16) -> Option<bool> {
        match self.control(">", last)? {
            [] => Some(false),
            [first] if *first == number => Some(false),
            // An empty value is one that is left out, and 0 is where most begin; for those of cursor and function keys it is 2.
            [first, 0] if *first == number && (last == b'f' || !matches!(number, 1 | 2)) => Some(false),
            [first, ..] if *first == number => Some(true),
            _ => None,
        }
    }

    /// Whether it sets a dynamic colour, those from 10 on: a command may set several, one after the other.
    fn colour(&self, number: u16) -> Option<bool> {
        if self.kind == Kind::Control && self.marks == "," {
            return matches!(self.last, b'|' | b'}').then_some(true);
        }
        let [first] = self.numbers else { return None };
        if self.kind != Kind::Command {
            return None;
        }
        if *first == number + 100 {
            return Some(false);
        }
        let place = number.checked_sub(*first).filter(|_| *first >= 10)?;
        let spec = self.text.split(';').nth(usize::from(place))?;
        is_set(spec).then_some(true)
    }
}

/// Whether a value is set, rather than asked for.
fn is_set(value: &str) -> bool {
    !value.is_empty() && !value.contains('?')
}

/// What sets a setting back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Undo {
    /// This.
    Send(&'static str),
    /// Tab stops every eight columns.
    Tabs,
    /// The size that the window had.
    Size,
}

/// A setting.
#[derive(Debug)]
pub(super) struct Row {
    /// Whether a sequence changes it, or sets it back; `None` where it has nothing to do with it.
    pub(super) sees: fn(&Sequence<'_>) -> Option<bool>,
    /// What sets it back.
    pub(super) undo: Undo,
}

/// A row.
const fn row(sees: fn(&Sequence<'_>) -> Option<bool>, undo: &'static str) -> Row {
    Row { sees, undo: Undo::Send(undo) }
}

/// A row for a set of characters beside the first, of those with 94 and with 96 characters.
macro_rules! charset {
    ($with_94:literal, $with_96:literal, $undo:literal) => {
        row(
            |it| match (it.escape($with_94), it.escape($with_96), it.escape(" ")) {
                (Some(set), ..) => Some(set != b'B'),
                // Announcements of ISO 2022 levels choose sets as well.
                (_, Some(_), _) | (.., Some(b'L'..=b'N')) => Some(true),
                _ => None,
            },
            $undo,
        )
    };
}

/// Rows for what keys with modifiers send, and in which form.
macro_rules! keys {
    ($number:literal, $modify:literal, $format:literal) => {
        [
            row(
                |it| match it.control(">", b'n') {
                    // Without a number it is about function keys.
                    Some(numbers) => (numbers.first().copied().unwrap_or(2) == $number).then_some(true),
                    None => it.resource(b'm', $number),
                },
                $modify,
            ),
            row(|it| it.resource(b'f', $number), $format),
        ]
    };
}

/// A row for a colour that kitty has by this name (OSC 21).
macro_rules! named {
    ($name:literal, $undo:literal) => {
        row(|it| it.command(21).and_then(|text| names($name, text)), $undo)
    };
}

/// Whether the last word on the colour of this name sets it: `NAME=` does, `NAME` alone has its default back.
fn names(name: &str, text: &str) -> Option<bool> {
    let said = |field: &str| match field.split_once('=') {
        Some((key, value)) => (key == name && value != "?").then_some(true),
        None => (field == name).then_some(false),
    };
    text.split(';').rev().find_map(said)
}

/// Whether a colour of the palette is set by its number.
fn sets_palette(text: &str) -> bool {
    let is_set = |(key, value): (&str, &str)| key.parse::<u8>().is_ok() && value != "?";
    text.split(';').filter_map(|field| field.split_once('=')).any(is_set)
}

/// A row for whether a special colour is in use (OSC 6, and 106, which is the same).
macro_rules! special {
    ($colour:literal, $undo:literal) => {
        row(
            |it| match it.command(6).or_else(|| it.command(106))?.split_once(';')? {
                ($colour, "0") => Some(false),
                ($colour, on) if on.bytes().all(|byte| byte.is_ascii_digit()) => Some(true),
                _ => None,
            },
            $undo,
        )
    };
}

/// A row for a dynamic colour.
macro_rules! colour {
    ($number:literal, $undo:literal) => {
        row(|it| it.colour($number), $undo)
    };
}

/// What swallows everything else that is sent, and so is set back first.
pub(super) const SWALLOWS: &[Row] = &[
    // Media copy: what comes goes to the printer (MC).
    row(|it| it.first("", b'i').and_then(on_with_5), "\u{1b}[4i"),
    row(|it| it.first("?", b'i').and_then(on_with_5), "\u{1b}[?4i"),
    // What comes goes to the status line (DECSASD), and which one there is (DECSSDT).
    row(|it| it.first("$", b'}').map(|number| number != 0), "\u{1b}[0$}"),
    row(|it| it.first("$", b'~').map(|number| number != 0), "\u{1b}[0$~"),
];

/// The rest.
pub(super) const ROWS: &[Row] = &[
    // Lines scroll within a region (DECSTBM). Leaving it moves the cursor.
    row(|it| it.control("", b'r').map(|numbers| numbers.iter().any(|number| *number != 0)), "\u{1b}7\u{1b}[r\u{1b}8"),
    // The keypad sends its own sequences (DECKPAM).
    row(|it| it.escape("").and_then(|last| on_off(last, b'=', b'>')), "\u{1b}>"),
    // The shape of the cursor (DECSCUSR), which iTerm2 has another way to set.
    row(
        |it| match it.command(1337) {
            Some(text) => text.starts_with("CursorShape=").then_some(true),
            None => it.first(" ", b'q').map(|number| number != 0),
        },
        "\u{1b}[0 q",
    ),
    // How loud the bell is (DECSWBV), and that of the margin (DECSMBV), whose 0 is loud, too: so they are at first.
    row(|it| it.first(" ", b't').map(|volume| !matches!(volume, 5..=8)), "\u{1b}[8 t"),
    row(|it| it.first(" ", b'u').map(|volume| !matches!(volume, 0 | 5..=8)), "\u{1b}[8 u"),
    // What is written cannot be erased (DECSCA); lights on the keyboard (DECLL).
    row(|it| it.first("\"", b'q').map(|number| number == 1), "\u{1b}[0\"q"),
    row(|it| it.first("", b'q').map(|number| number != 0), "\u{1b}[0q"),
    // The level of conformance (DECSCL). xterm's own is 4, with controls of 7 bits.
    row(|it| it.control("\"", b'p').map(|numbers| numbers != [64, 1]), "\u{1b}[64;1\"p"),
    // Answers have controls of 8 bits (S8C1T).
    row(|it| it.escape(" ").and_then(|last| on_off(last, b'G', b'F')), "\u{1b} F"),
    // What is written is not in UTF-8.
    row(|it| it.escape("%").and_then(|last| on_off(last, b'@', b'G')), "\u{1b}%G"),
    // The first set, and that it is in use, stand at the end of everything.
    charset!(")", "-", "\u{1b})B"),
    charset!("*", ".", "\u{1b}*B"),
    charset!("+", "/", "\u{1b}+B"),
    // The set for bytes above 127 (LS1R, LS2R, LS3R).
    row(|it| it.escape("").and_then(|last| on_off(last, b'~', b'}').or((last == b'|').then_some(true))), "\u{1b}}"),
    // Memory lock, of HP's terminals.
    row(|it| it.escape("").and_then(|last| on_off(last, b'l', b'm')), "\u{1b}m"),
    // How much of a rectangle attributes change (DECSACE).
    row(|it| it.first("*", b'x').map(|number| number == 2), "\u{1b}[0*x"),
    // The locator of DEC: reports (DECELR), and which (DECSLE).
    row(|it| it.first("'", b'z').map(|number| number != 0), "\u{1b}[0'z"),
    row(|it| it.control("'", b'{').map(|numbers| numbers.iter().any(|number| *number != 0)), "\u{1b}[0'{"),
    // Whether the pointer hides (XTSMPOINTER), and whether shift is the terminal's (XTSHIFTESCAPE).
    row(|it| it.control(">", b'p').map(|numbers| !matches!(numbers, [] | [1])), "\u{1b}[>1p"),
    row(|it| it.control(">", b's').map(|numbers| !matches!(numbers, [] | [0])), "\u{1b}[>0s"),
    // How titles are written (XTSMTITLE, XTRMTITLE).
    row(|it| it.control(">", b't').or_else(|| it.control(">", b'T')).map(|numbers| !numbers.is_empty()), "\u{1b}[>T"),
    // Keys programmed by the machine (DECUDK): none are left.
    row(|it| it.is(Kind::Device, "", b'|').then_some(!it.text.is_empty()), "\u{1b}P0;1|\u{1b}\\"),
    // Tab stops (HTS, TBC, CTC, DECST8C, DECRSPS).
    Row {
        sees: |it| {
            let is_set =
                it.escape("") == Some(b'H') || it.control("", b'g').is_some() || it.control("", b'W').is_some();
            let is_restored = it.is(Kind::Device, "$", b't');
            it.first("?", b'W').map(|number| number != 5).or((is_set || is_restored).then_some(true))
        },
        undo: Undo::Tabs,
    },
    // The window is an icon, is as large as can be, fills the screen, has another size (XTWINOPS, DECSLPP, DECSCPP, DECSNLS).
    row(|it| it.first("", b't').and_then(|number| on_off(number, 2, 1)), "\u{1b}[1t"),
    row(|it| it.control("", b't').and_then(|numbers| second(numbers, 9)), "\u{1b}[9;0t"),
    row(|it| it.control("", b't').and_then(|numbers| second(numbers, 10)), "\u{1b}[10;0t"),
    Row {
        sees: |it| {
            let of_window = it.first("", b't').is_some_and(|number| matches!(number, 4 | 8 | 24..));
            let of_page = it.control("$", b'|').or_else(|| it.control("*", b'|')).is_some();
            (of_window || of_page).then_some(true)
        },
        undo: Undo::Size,
    },
    // Colours of the palette, special ones, and whether those are in use.
    row(
        |it| match (it.command(4), it.command(104)) {
            (Some(text), _) => text.split(';').skip(1).step_by(2).any(is_set).then_some(true),
            (_, Some(text)) => text.is_empty().then_some(false),
            _ if it.command(21).is_some_and(sets_palette) => Some(true),
            _ if it.kind == Kind::Control && it.marks == "," => Some(true),
            _ => None,
        },
        "\u{1b}]104\u{7}",
    ),
    row(
        |it| match (it.command(5), it.command(105)) {
            (Some(text), _) => text.split(';').skip(1).step_by(2).any(is_set).then_some(true),
            (_, Some(text)) => text.is_empty().then_some(false),
            _ => None,
        },
        "\u{1b}]105\u{7}",
    ),
    // Whether the special ones are in use: bold, underlined, blinking, reversed, italic.
    special!("0", "\u{1b}]6;0;0\u{7}"),
    special!("1", "\u{1b}]6;1;0\u{7}"),
    special!("2", "\u{1b}]6;2;0\u{7}"),
    special!("3", "\u{1b}]6;3;0\u{7}"),
    special!("4", "\u{1b}]6;4;0\u{7}"),
    // The same number in iTerm2: the colour of the tab.
    row(
        |it| it.command(6).and_then(|text| text.strip_prefix("1;bg;")).map(|colour| colour != "*;default"),
        "\u{1b}]6;1;bg;*;default\u{7}",
    ),
    // Whether iTerm2 marks the line of the cursor.
    row(
        |it| it.command(1337).and_then(|text| text.strip_prefix("HighlightCursorLine=")).map(|to| to != "no"),
        "\u{1b}]1337;HighlightCursorLine=no\u{7}",
    ),
    // Those of text, cursor, pointer and selection.
    colour!(10, "\u{1b}]110\u{7}"),
    colour!(11, "\u{1b}]111\u{7}"),
    colour!(12, "\u{1b}]112\u{7}"),
    colour!(13, "\u{1b}]113\u{7}"),
    colour!(14, "\u{1b}]114\u{7}"),
    colour!(15, "\u{1b}]115\u{7}"),
    colour!(16, "\u{1b}]116\u{7}"),
    colour!(17, "\u{1b}]117\u{7}"),
    colour!(18, "\u{1b}]118\u{7}"),
    colour!(19, "\u{1b}]119\u{7}"),
    // The same by name, and what else kitty knows by one. A terminal answers to names that it does not know: each is sent only
    // where the machine has set it.
    named!("foreground", "\u{1b}]21;foreground\u{7}"),
    named!("background", "\u{1b}]21;background\u{7}"),
    named!("selection_background", "\u{1b}]21;selection_background\u{7}"),
    named!("selection_foreground", "\u{1b}]21;selection_foreground\u{7}"),
    named!("cursor", "\u{1b}]21;cursor\u{7}"),
    named!("cursor_text", "\u{1b}]21;cursor_text\u{7}"),
    named!("visual_bell", "\u{1b}]21;visual_bell\u{7}"),
    named!("transparent_background_color1", "\u{1b}]21;transparent_background_color1\u{7}"),
    named!("transparent_background_color2", "\u{1b}]21;transparent_background_color2\u{7}"),
    named!("transparent_background_color3", "\u{1b}]21;transparent_background_color3\u{7}"),
    named!("transparent_background_color4", "\u{1b}]21;transparent_background_color4\u{7}"),
    named!("transparent_background_color5", "\u{1b}]21;transparent_background_color5\u{7}"),
    named!("transparent_background_color6", "\u{1b}]21;transparent_background_color6\u{7}"),
    named!("transparent_background_color7", "\u{1b}]21;transparent_background_color7\u{7}"),
    // A hyperlink that was left open; the shape of the pointer; the font; a bar of progress.
    row(
        |it| it.command(8).map(|text| text.split_once(';').is_some_and(|(_, address)| !address.is_empty())),
        "\u{1b}]8;;\u{7}",
    ),
    row(|it| it.command(22).map(|text| !text.is_empty()), "\u{1b}]22;\u{7}"),
    row(|it| it.command(50).and_then(|text| (!text.contains('?')).then_some(text != "#")), "\u{1b}]50;#\u{7}"),
    row(
        |it| it.command(9).and_then(|text| text.strip_prefix("4;")).map(|state| !state.starts_with('0')),
        "\u{1b}]9;4;0\u{7}",
    ),
];

/// What keys with modifiers send (XTMODKEYS) and in which form (XTFMTKEYS), by the number of the resource.
pub(super) static KEYS: [[Row; 2]; 7] = [
    keys!(0, "\u{1b}[>0m", "\u{1b}[>0f"),
    keys!(1, "\u{1b}[>1m", "\u{1b}[>1f"),
    keys!(2, "\u{1b}[>2m", "\u{1b}[>2f"),
    keys!(3, "\u{1b}[>3m", "\u{1b}[>3f"),
    keys!(4, "\u{1b}[>4m", "\u{1b}[>4f"),
    keys!(6, "\u{1b}[>6m", "\u{1b}[>6f"),
    keys!(7, "\u{1b}[>7m", "\u{1b}[>7f"),
];

/// Whether a value switches something on, or off.
fn on_off<T: Copy + PartialEq>(value: T, on: T, off: T) -> Option<bool> {
    if value == on { Some(true) } else { (value == off).then_some(false) }
}

/// Whether 5 switched it on, or 4 off.
fn on_with_5(number: u16) -> Option<bool> {
    on_off(number, 5, 4)
}

/// Whether the first number is this one, and the second is not 0.
fn second(numbers: &[u16], first: u16) -> Option<bool> {
    (numbers.first() == Some(&first)).then(|| numbers.get(1).is_some_and(|number| *number != 0))
}
