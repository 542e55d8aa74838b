//! What the terminal draws with: colours and attributes, and the shortest way from one pen to another.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::palette;
use crate::colour::ColourDepth;

/// Attributes that can be seen where nothing is written.
const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK);

/// Attribute, the code that sets it, the code that clears it; bold and dim share theirs.
const ATTRIBUTES: &[(Modifier, u8, u8)] = &[
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Colours and attributes of what is written next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pen {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) modifier: Modifier,
}

impl Pen {
    /// The pen that `cell` is drawn with.
    pub(super) fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// The same in the colours that a terminal of this depth has.
    pub(super) fn reduced(self, depth: ColourDepth) -> Self {
        Self { fg: palette::reduce(self.fg, depth), bg: palette::reduce(self.bg, depth), ..self }
    }

    /// The same on a blank cell: what cannot be seen there becomes the default, so that equal looks are equal pens.
    pub(super) fn on_blank(self) -> Self {
        let seen = self.modifier & SEEN_ON_BLANKS;
        let fg = if seen.is_empty() { Color::Reset } else { self.fg };
        Self { fg, modifier: seen, ..self }
    }

    /// Whether blanks written with `self` look as if written with `wanted`.
    pub(super) fn draws_blanks_like(self, wanted: Self) -> bool {
        self.on_blank() == wanted
    }

    /// Whether erasing with this pen leaves cells of the default look on every terminal. (With a coloured background
    /// some fill with it and some do not.)
    pub(super) fn erases_clean(self) -> bool {
        self.draws_blanks_like(Self::default())
    }

    /// Writes the shortest sequence that makes `from` (none: unknown) into `self`.
    pub(super) fn write_change(self, from: Option<Self>, bytes: &mut Vec<u8>) {
        if from == Some(self) {
            return;
        }
        let afresh = self.codes_afresh();
        let codes = match from {
            Some(from) => Some(self.codes_from(from)).filter(|codes| codes.len() <= afresh.len()).unwrap_or(afresh),
            None => afresh,
        };
        bytes.extend_from_slice(b"\x1b[");
        bytes.extend_from_slice(&codes);
        bytes.push(b'm');
    }

    /// Codes that forget everything and set this pen. `ESC [ m` alone resets, and so does an empty first code.
    fn codes_afresh(self) -> Vec<u8> {
        let mut codes = Codes::default();
        let settings = self.codes_from(Self::default());
        if !settings.is_empty() {
            codes.0.push(b';');
            codes.0.extend_from_slice(&settings);
        }
        codes.0
    }

    /// Codes for what differs between `from` and this pen.
    fn codes_from(self, from: Self) -> Vec<u8> {
        let mut codes = Codes::default();
        let mut kept = from.modifier;
        for (attribute, _, off) in ATTRIBUTES {
            if kept.contains(*attribute) && !self.modifier.contains(*attribute) {
                codes.add(*off);
                // The code takes its neighbour with it, which is then set again below.
                for (other, _, _) in ATTRIBUTES.iter().filter(|(_, _, other_off)| other_off == off) {
                    kept.remove(*other);
                }
            }
        }
        for (attribute, on, _) in ATTRIBUTES {
            if self.modifier.contains(*attribute) && !kept.contains(*attribute) {
                codes.add(*on);
            }
        }
        if self.fg != from.fg {
            codes.add_colour(self.fg, 30);
        }
        if self.bg != from.bg {
            codes.add_colour(self.bg, 40);
        }
        codes.0
    }
}

/// Numbers separated by semicolons.
#[derive(Debug, Default)]
struct Codes(Vec<u8>);

impl Codes {
    /// Adds one number.
    fn add(&mut self, code: u8) {
        if !self.0.is_empty() {
            self.0.push(b';');
        }
        push_number(&mut self.0, code.into());
    }

    /// Adds several.
    fn add_all(&mut self, codes: &[u8]) {
        for code in codes {
            self.add(*code);
        }
    }

    /// Adds a reduced colour; `base` is 30 for the foreground and 40 for the background.
    fn add_colour(&mut self, colour: Color, base: u8) {
        if let Color::Rgb(r, g, b) = colour {
            self.add_all(&[base + 8, 2, r, g, b]);
        } else if let Color::Indexed(index) = colour {
            match index {
                0..8 => self.add(base + index),
                8..16 => self.add(base + 60 + (index - 8)),
                _ => self.add_all(&[base + 8, 5, index]),
            }
        } else {
            // The default colour: the named sixteen became indexes when the colour was reduced.
            self.add(base + 9);
        }
    }
}

/// Appends `number` in decimal.
pub(super) fn push_number(bytes: &mut Vec<u8>, number: u16) {
    if number >= 10 {
        push_number(bytes, number / 10);
    }
    bytes.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(fg: Color, modifier: Modifier) -> Pen {
        Pen { fg, modifier, ..Pen::default() }
    }

    fn change(from: Option<Pen>, to: Pen) -> String {
        let mut bytes = Vec::new();
        to.write_change(from, &mut bytes);
        String::from_utf8(bytes).unwrap().replace('\x1b', "^")
    }

    #[test]
    fn an_unknown_pen_is_reset_before_it_is_set() {
        assert_eq!(change(None, Pen::default()), "^[m");
        assert_eq!(change(None, pen(Color::Indexed(1), Modifier::BOLD)), "^[;1;31m");
    }

    #[test]
    fn only_what_differs_is_sent() {
        let bold_red = pen(Color::Indexed(1), Modifier::BOLD);
        assert_eq!(change(Some(bold_red), bold_red), "");
        assert_eq!(change(Some(bold_red), pen(Color::Indexed(12), Modifier::BOLD)), "^[94m");
        assert_eq!(change(Some(bold_red), pen(Color::Indexed(1), Modifier::BOLD | Modifier::REVERSED)), "^[7m");
        assert_eq!(change(Some(bold_red), Pen::default()), "^[m");
    }

    #[test]
    fn clearing_bold_keeps_dim() {
        let both = pen(Color::Indexed(200), Modifier::BOLD | Modifier::DIM);
        assert_eq!(change(Some(both), pen(Color::Indexed(200), Modifier::DIM)), "^[22;2m");
    }

    #[test]
    fn every_attribute_and_kind_of_colour_has_its_code() {
        let all = Pen { fg: Color::Indexed(208), bg: Color::Rgb(1, 20, 255), modifier: Modifier::all() };
        assert_eq!(change(None, all), "^[;1;2;3;4;5;6;7;8;9;38;5;208;48;2;1;20;255m");
        assert_eq!(change(Some(all), Pen { modifier: Modifier::BOLD, ..all }), "^[22;23;24;25;27;28;29;1m");
    }
}
