//! The glyphs of VGA: code page 437, eight dots wide and sixteen high.
//!
//! `assets/vga/cp437-8x16.bin` is the font of the video BIOS that comes with `SeaBIOS` (`vgasrc/vgafonts.c`), which QEMU starts
//! with: a row of eight dots a byte. It comes from a collection by Joseph Gil, whose fonts are in the public domain.
//! `assets/vga/cp437-8x16-console.bin` has the glyphs that the VGA font of Debian's console-setup draws differently, each behind
//! its code; its package says that console fonts are in the public domain. Other fonts of eight dots have a few letters as in
//! the one and a few as in the other.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Rows of dots of a glyph.
pub(super) const HEIGHT: u16 = 16;

/// Rows of eight dots, the leftmost in the highest bit.
pub(super) type Glyph = [u8; HEIGHT as usize];

/// The glyphs by code.
static FONT: &[u8] = include_bytes!("../../../../assets/vga/cp437-8x16.bin");
/// Other drawings: a code and its glyph.
static OTHERS: &[u8] = include_bytes!("../../../../assets/vga/cp437-8x16-console.bin");

/// What the codes mean, in Unicode. The first and the last are blanks.
const MEANINGS: &str = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`\
                        abcdefghijklmnopqrstuvwxyz{|}~⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔\
                        ╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";
/// The codes of the line graphics. A ninth dot repeats the eighth, so that lines go through.
pub(super) const GRAPHICS: std::ops::RangeInclusive<u8> = 0xb0..=0xdf;

/// Every drawing, with its code.
static DRAWINGS: LazyLock<Vec<(Glyph, u8)>> = LazyLock::new(|| {
    let own = FONT.as_chunks::<16>().0.iter().zip(0..=u8::MAX).map(|(glyph, code)| (*glyph, code));
    let others = OTHERS.as_chunks::<17>().0.iter().map(|[code, glyph @ ..]| (*glyph, *code));
    own.chain(others).collect()
});

/// The codes by drawing. Of two codes with one drawing the first counts: a blank is a blank.
static CODES: LazyLock<HashMap<Glyph, u8>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for (glyph, code) in DRAWINGS.iter() {
        codes.entry(*glyph).or_insert(*code);
    }
    // A blank is that of ASCII.
    codes.insert([0; HEIGHT as usize], b' ');
    codes
});

/// The meanings by code.
static CHARACTERS: LazyLock<Vec<char>> = LazyLock::new(|| MEANINGS.chars().collect());

/// The character that is drawn like this; `ninth` has the ninth dot of each row, the topmost in the highest bit.
pub(super) fn glyph_of(glyph: &Glyph, ninth: u16) -> Option<char> {
    let code =
        CODES.get(glyph).copied().filter(|code| fits(*code, glyph, ninth)).or_else(|| below_cursor(glyph, ninth))?;
    CHARACTERS.get(usize::from(code)).copied()
}

/// Whether the ninth dots are those of this glyph: none, or in line graphics those of the eighth.
fn fits(code: u8, glyph: &Glyph, ninth: u16) -> bool {
    let eighth = glyph.iter().fold(0_u16, |dots, row| dots << 1 | u16::from(row & 1));
    ninth == 0 || GRAPHICS.contains(&code) && ninth == eighth
}

/// The code of a glyph with the cursor on it: the cursor is a bar over a few rows of its lower half.
fn below_cursor(glyph: &Glyph, ninth: u16) -> Option<u8> {
    let from = glyph.iter().skip(8).position(|row| *row == 0xff)? + 8;
    let rows = glyph.iter().skip(from).take_while(|row| **row == 0xff).count();
    let is_bar = |row: usize| (from..from + rows).contains(&row);
    let rest = (0..usize::from(HEIGHT)).filter(|row| !is_bar(*row)).fold(0_u16, |dots, row| dots | 1 << (15 - row));
    let same = |drawing: &Glyph| drawing.iter().zip(glyph).enumerate().all(|(row, (a, b))| is_bar(row) || a == b);
    let drawings = DRAWINGS.iter().filter(|(drawing, code)| same(drawing) && fits(*code, drawing, ninth & rest));
    // Blanks are the likeliest of all that could be below.
    drawings.map(|(_, code)| *code).min_by_key(|code| (*code != b' ', *code))
}

/// The code of `character` and a drawing of it: the other one, where there is one and it is wanted. None for what is not in the
/// code page.
pub(super) fn drawing(character: char, other: bool) -> Option<(u8, Glyph)> {
    // Behind the first blank, which is that of no character that is typed.
    let code = CHARACTERS.iter().skip(1).position(|one| *one == character)? + 1;
    let mut drawings = DRAWINGS.iter().filter(|(_, one)| usize::from(*one) == code);
    let found = if other { drawings.next_back() } else { drawings.next() };
    found.map(|(glyph, code)| (*code, *glyph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_drawing_and_a_meaning() {
        assert_eq!((FONT.len(), MEANINGS.chars().count()), (256 * 16, 256));
        assert!(OTHERS.len().is_multiple_of(17) && DRAWINGS.len() > 290);
        assert_eq!(glyph_of(&[0; 16], 0), Some(' '));
    }

    #[test]
    fn no_drawing_means_two_characters() {
        for (glyph, code) in DRAWINGS.iter() {
            let meaning = MEANINGS.chars().nth(usize::from(*code)).unwrap();
            assert_eq!(glyph_of(glyph, 0), Some(meaning), "{code}");
        }
    }

    #[test]
    fn a_character_is_read_below_the_cursor() {
        let drawing = |code: u8| DRAWINGS.iter().find(|(_, one)| *one == code).unwrap().0;
        for code in [b' ', b'A', b'g', b'#'] {
            for rows in [14..16, 13..15] {
                let mut glyph = drawing(code);
                rows.clone().for_each(|row| glyph[row] = 0xff);
                let ninth = rows.fold(0, |dots, row| dots | 1 << (15 - row));
                assert_eq!(glyph_of(&glyph, ninth), Some(char::from(code)));
                assert_eq!(glyph_of(&glyph, 0), Some(char::from(code)));
            }
        }
    }

    #[test]
    fn the_ninth_dot_belongs_to_line_graphics_alone() {
        let line = DRAWINGS.iter().find(|(_, code)| *code == 0xc4).unwrap().0;
        let eighth = line.iter().fold(0_u16, |dots, row| dots << 1 | u16::from(row & 1));
        assert_eq!((glyph_of(&line, eighth), glyph_of(&line, 0)), (Some('─'), Some('─')));
        assert_eq!(glyph_of(&line, eighth << 1), None);
        let letter = DRAWINGS.iter().find(|(_, code)| *code == b'A').unwrap().0;
        assert_eq!((glyph_of(&letter, 0), glyph_of(&letter, 1 << 8)), (Some('A'), None));
    }
}
