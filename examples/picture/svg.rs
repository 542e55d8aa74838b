//! A screen of cells as an SVG that looks like a terminal, in whichever monospaced font is at hand.
//!
//! Fonts differ in the width of their characters, and few have all of them. So every word stands at the column it has
//! in the terminal and is told its length, characters beyond ASCII stand alone, and rules and bars are drawn as shapes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The size of a cell and of what surrounds all of them, in pixels.
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
const MARGIN: f32 = 14.0;
const FONT_SIZE: f32 = 14.0;
/// From the top of a cell to the line that its characters stand on.
const BASELINE: f32 = 13.4;
/// What the terminal itself has for text and for what is behind it.
const FOREGROUND: Colour = Colour(0xd8, 0xde, 0xe9);
const BACKGROUND: Colour = Colour(0x14, 0x18, 0x1f);
/// The sixteen colours that a terminal chooses.
const SIXTEEN: [Colour; 16] = [
    Colour(0x2a, 0x2f, 0x38),
    Colour(0xff, 0x6b, 0x6b),
    Colour(0x8b, 0xd4, 0x9c),
    Colour(0xf2, 0xc0, 0x63),
    Colour(0x6c, 0xa8, 0xf0),
    Colour(0xc7, 0x92, 0xea),
    Colour(0x7f, 0xd1, 0xde),
    Colour(0xd8, 0xde, 0xe9),
    Colour(0x7b, 0x87, 0x94),
    Colour(0xff, 0x8a, 0x80),
    Colour(0xa5, 0xe0, 0xb3),
    Colour(0xff, 0xd2, 0x80),
    Colour(0x82, 0xaa, 0xff),
    Colour(0xd4, 0xa5, 0xff),
    Colour(0x9f, 0xe3, 0xee),
    Colour(0xff, 0xff, 0xff),
];

/// A colour in 24 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Colour(u8, u8, u8);

impl Colour {
    /// What the terminal shows for `colour`, where `default` is meant by none.
    fn of(colour: vt100::Color, default: Self) -> Self {
        match colour {
            vt100::Color::Default => default,
            vt100::Color::Rgb(red, green, blue) => Self(red, green, blue),
            vt100::Color::Idx(index @ 0..16) => SIXTEEN.get(usize::from(index)).copied().unwrap_or(default),
            // A cube of six steps a side, then a ramp of greys, as every terminal of 256 colours has them.
            vt100::Color::Idx(index @ 16..232) => {
                let step = |digit: u8| if digit == 0 { 0 } else { 55 + 40 * digit };
                let index = index - 16;
                Self(step(index / 36), step(index / 6 % 6), step(index % 6))
            }
            vt100::Color::Idx(index) => {
                let grey = 8 + 10 * (index - 232);
                Self(grey, grey, grey)
            }
        }
    }

    /// Half way to `other`.
    fn halfway_to(self, other: Self) -> Self {
        let Self(red, green, blue) = self;
        Self(red.midpoint(other.0), green.midpoint(other.1), blue.midpoint(other.2))
    }

    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// How a character looks, apart from what is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    colour: Colour,
    is_bold: bool,
    is_italic: bool,
}

/// One cell of the screen.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// A character with what belongs to it; empty in the second half of a wide one.
    text: String,
    is_wide: bool,
    is_underlined: bool,
    look: Look,
    behind: Colour,
}

impl From<&vt100::Cell> for Cell {
    fn from(cell: &vt100::Cell) -> Self {
        let mut colour = Colour::of(cell.fgcolor(), FOREGROUND);
        let mut behind = Colour::of(cell.bgcolor(), BACKGROUND);
        if cell.inverse() {
            (colour, behind) = (behind, colour);
        }
        if cell.dim() {
            colour = colour.halfway_to(behind);
        }
        let look = Look { colour, is_bold: cell.bold(), is_italic: cell.italic() };
        let is_underlined = cell.underline();
        Self { text: cell.contents().to_owned(), is_wide: cell.is_wide(), is_underlined, look, behind }
    }
}

/// A picture in the making.
#[derive(Default)]
struct Picture {
    /// Filled rectangles behind the text.
    behind: String,
    text: String,
    /// The looks in use, each with the number of its class.
    looks: BTreeMap<Look, usize>,
}

/// The picture of a screen of this size, whose cells `cell` tells by column and row.
pub(crate) fn draw(columns: u16, rows: u16, cell: impl Fn(u16, u16) -> Cell) -> String {
    let mut picture = Picture::default();
    for row in 0..rows {
        let cells: Vec<Cell> = (0..columns).map(|column| cell(column, row)).collect();
        picture.draw_row(row, &cells);
    }
    picture.finish(columns, rows)
}

/// The left edge of a column.
fn x(column: usize) -> f32 {
    MARGIN + cells(column) * CELL_WIDTH
}

/// The upper edge of a row.
fn y(row: u16) -> f32 {
    MARGIN + f32::from(row) * CELL_HEIGHT
}

/// A count of cells of one row.
fn cells(count: usize) -> f32 {
    u16::try_from(count).map_or(0.0, f32::from)
}

impl Picture {
    /// The class of a look.
    fn class(&mut self, look: Look) -> usize {
        let next = self.looks.len();
        *self.looks.entry(look).or_insert(next)
    }

    /// Draws one row: what is behind, then the characters in runs that look alike.
    fn draw_row(&mut self, row: u16, cells: &[Cell]) {
        let mut column = 0;
        // Terminals draw a wide character on both of its cells; the emulator forgets what is behind the second.
        let mut cells = cells.to_vec();
        let wide = cells.iter().map(|cell| cell.is_wide.then_some(cell.behind)).collect::<Vec<_>>();
        for (cell, behind) in cells.iter_mut().skip(1).zip(wide) {
            cell.behind = behind.unwrap_or(cell.behind);
        }
        for run in cells.chunk_by(|one, next| one.behind == next.behind) {
            if let Some(cell) = run.first().filter(|cell| cell.behind != BACKGROUND) {
                rectangle(&mut self.behind, (x(column), y(row)), run.len(), CELL_HEIGHT, cell.behind);
            }
            column += run.len();
        }
        let mut column = 0;
        // Drawn, since what shows pictures agrees neither on where text is underlined nor on whether blanks are.
        let line = |cell: &Cell| cell.is_underlined.then_some(cell.look.colour);
        for run in cells.chunk_by(|one, next| line(one) == line(next)) {
            if let Some(colour) = run.first().and_then(line) {
                rectangle(&mut self.behind, (x(column), y(row) + BASELINE + 2.0), run.len(), 1.0, colour);
            }
            column += run.len();
        }
        let mut column = 0;
        for run in cells.chunk_by(belong_together) {
            self.draw_run(row, column, run);
            column += run.len();
        }
    }

    /// Draws cells that belong together.
    fn draw_run(&mut self, row: u16, column: usize, run: &[Cell]) {
        let Some(Cell { text, look, is_wide, .. }) = run.first().filter(|cell| !is_blank(cell)) else { return };
        let (left, top) = (x(column), y(row));
        if let Some(shape) = shape(text, left, top, run.len()) {
            let class = self.class(*look);
            let _ = writeln!(self.text, r#"<path class="c{class}" d="{shape}"/>"#);
            return;
        }
        let class = self.class(*look);
        let text: String = run.iter().map(|cell| cell.text.as_str()).collect();
        let width = if *is_wide { 2 } else { run.len() };
        let _ = writeln!(
            self.text,
            r#"<text class="c{class}" x="{left:.1}" y="{:.1}" textLength="{:.1}">{}</text>"#,
            top + BASELINE,
            self::cells(width) * CELL_WIDTH,
            escaped(&text),
        );
    }

    /// The whole picture.
    fn finish(self, columns: u16, rows: u16) -> String {
        let width = 2.0 * MARGIN + f32::from(columns) * CELL_WIDTH;
        let height = 2.0 * MARGIN + f32::from(rows) * CELL_HEIGHT;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1} {height:.1}" width="{width:.1}" height="{height:.1}" role="img">
<title>noctui in a terminal of {columns} columns and {rows} rows</title>
<style>
text{{font:{FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre}}
"#
        );
        for (look, class) in &self.looks {
            let colour = look.colour.hex();
            let _ = write!(svg, ".c{class}{{fill:{colour}");
            svg.push_str(if look.is_bold { ";font-weight:bold" } else { "" });
            svg.push_str(if look.is_italic { ";font-style:italic" } else { "" });
            svg.push_str("}\n");
        }
        let _ = write!(
            svg,
            r#"</style>
<rect width="100%" height="100%" rx="8" fill="{}"/>
{}{}</svg>
"#,
            BACKGROUND.hex(),
            self.behind,
            self.text,
        );
        svg
    }
}

/// Whether nothing is to be seen of the cell itself.
fn is_blank(cell: &Cell) -> bool {
    cell.text.trim().is_empty()
}

/// Whether two neighbours are drawn as one: words of ASCII, rules, blanks.
fn belong_together(one: &Cell, next: &Cell) -> bool {
    let is_word = |cell: &Cell| !is_blank(cell) && (cell.text.is_ascii() || is_letter(&cell.text));
    let is_same = one.text == next.text && one.text == "─";
    one.look == next.look && (is_word(one) && is_word(next) || is_same) || is_blank(one) && is_blank(next)
}

/// A letter that every monospaced font has: those of Western Europe.
fn is_letter(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii() || ('\u{c0}'..'\u{180}').contains(&c))
}

/// A rectangle over `count` cells.
fn rectangle(out: &mut String, (left, top): (f32, f32), count: usize, height: f32, colour: Colour) {
    let _ = writeln!(
        out,
        r#"<rect x="{left:.1}" y="{top:.1}" width="{:.1}" height="{height}" fill="{}"/>"#,
        cells(count) * CELL_WIDTH,
        colour.hex()
    );
}

/// What is drawn rather than written, so that neighbours meet: rules, corners and bars. `count` cells of the same.
fn shape(text: &str, left: f32, top: f32, count: usize) -> Option<String> {
    let (right, bottom) = (left + cells(count) * CELL_WIDTH, top + CELL_HEIGHT);
    let (middle, centre) = (left + CELL_WIDTH / 2.0, top + CELL_HEIGHT / 2.0);
    let across = |from: f32, to: f32| format!("M{from:.1} {:.1}H{to:.1}v1H{from:.1}z", centre - 0.5);
    let down = |from: f32, to: f32| format!("M{:.1} {from:.1}V{to:.1}h1V{from:.1}z", middle - 0.5);
    let block = |eighths: f32| format!("M{left:.1} {top:.1}h{:.2}V{bottom:.1}H{left:.1}z", CELL_WIDTH * eighths / 8.0);
    Some(match text {
        "─" => across(left, right),
        "│" => down(top, bottom),
        "┌" => across(middle, right) + &down(centre, bottom),
        "┐" => across(left, middle) + &down(centre, bottom),
        "└" => across(middle, right) + &down(top, centre),
        "┘" => across(left, middle) + &down(top, centre),
        "├" => across(middle, right) + &down(top, bottom),
        "┤" => across(left, middle) + &down(top, bottom),
        "█" => block(8.0),
        "▌" => block(4.0),
        "▎" => block(2.0),
        "▏" => block(1.0),
        _ => return None,
    })
}

/// The text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The picture of what a terminal of 20x2 shows after `written`.
    fn picture(written: &str) -> String {
        let mut parser = vt100::Parser::new(2.try_into().unwrap(), 20.try_into().unwrap(), 0);
        parser.process(written.as_bytes());
        draw(20, 2, |column, row| parser.screen().cell(row, column).unwrap().into())
    }

    /// The value of an attribute of the element that holds `text`.
    fn attribute(picture: &str, text: &str, name: &str) -> String {
        let line = picture.lines().find(|line| line.contains(&format!(">{text}<"))).expect(text);
        let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    #[test]
    fn every_word_stands_at_its_column_and_knows_its_length() {
        let picture = picture("ab  工事 cd");
        for (text, column, width) in [("ab", 0, 2), ("工", 4, 2), ("事", 6, 2), ("cd", 9, 2)] {
            assert_eq!(attribute(&picture, text, "x"), format!("{:.1}", x(column)), "{text}");
            assert_eq!(attribute(&picture, text, "textLength"), format!("{:.1}", cells(width) * CELL_WIDTH), "{text}");
        }
    }

    #[test]
    fn what_xml_would_read_is_escaped() {
        assert!(picture("<a&b>").contains(">&lt;a&amp;b&gt;<"));
    }

    #[test]
    fn looks_become_classes_and_reverse_swaps_the_colours() {
        let picture = picture("\x1b[1;38;2;255;0;0mred\x1b[0m \x1b[7mback\x1b[0m \x1b[3;4mboth");
        assert!(picture.contains("{fill:#ff0000;font-weight:bold}"), "{picture}");
        assert!(picture.contains(&format!("{{fill:{}}}", BACKGROUND.hex())), "{picture}");
        assert!(picture.contains(&format!(
            "width=\"{:.1}\" height=\"18\" fill=\"{}\"",
            4.0 * CELL_WIDTH,
            FOREGROUND.hex()
        )));
        assert!(picture.contains(";font-style:italic}"), "{picture}");
        let line = format!("width=\"{:.1}\" height=\"1\" fill=\"{}\"", 4.0 * CELL_WIDTH, FOREGROUND.hex());
        assert!(picture.contains(&line), "{picture}");
    }

    #[test]
    fn rules_are_one_shape_and_hold_no_text() {
        let picture = picture("─────");
        assert_eq!(picture.matches("<path").count(), 1);
        assert!(!picture.contains('─'));
    }

    #[test]
    fn the_256_colours_are_those_of_terminals() {
        let colour = |index| Colour::of(vt100::Color::Idx(index), FOREGROUND);
        assert_eq!(colour(16), Colour(0, 0, 0));
        assert_eq!(colour(208), Colour(255, 135, 0));
        assert_eq!(colour(231), Colour(255, 255, 255));
        assert_eq!(colour(255), Colour(238, 238, 238));
    }
}
