//! Colours reduced to what the terminal can show.

use ratatui::style::Color;

use crate::colour::ColourDepth;

/// The sixteen as xterm shows them; people's own palettes differ, so this only decides which one is nearest.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The levels of the 6×6×6 cube that starts at index 16.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// `colour` as a terminal of this depth gets it: the default colour, one of the 256, or 24-bit, in that order of
/// preference. The named sixteen come out as indexes below 16.
pub(super) fn reduce(colour: Color, depth: ColourDepth) -> Color {
    if depth == ColourDepth::Mono {
        return Color::Reset;
    }
    let Some(index) = index_of(colour) else {
        return match (colour, depth) {
            (Color::Rgb(r, g, b), ColourDepth::TwoFiftySix) => Color::Indexed(nearest_of_256((r, g, b))),
            (Color::Rgb(r, g, b), ColourDepth::Sixteen) => Color::Indexed(nearest_of_16((r, g, b))),
            (other, _) => other,
        };
    };
    let is_too_many = depth == ColourDepth::Sixteen && index >= 16;
    Color::Indexed(if is_too_many { nearest_of_16(rgb_of(index)) } else { index })
}

/// The index among the 256 of a colour that has one.
fn index_of(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Reset | Color::Rgb(..) => return None,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(index) => index,
    })
}

/// What xterm shows for an index: the sixteen, the cube, the 24 greys.
fn rgb_of(index: u8) -> (u8, u8, u8) {
    if let Some(rgb) = SIXTEEN.get(usize::from(index)) {
        return *rgb;
    }
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let level = |of: u8| CUBE.get(usize::from(of % 6)).copied().unwrap_or(u8::MAX);
    let index = index - 16;
    (level(index / 36), level(index / 6), level(index))
}

/// The nearest of the cube and the greys; the sixteen are left out because nobody knows what they look like.
///
/// Computed rather than searched: this runs for every cell of a theme in 24 bits.
fn nearest_of_256(rgb: (u8, u8, u8)) -> u8 {
    let (r, g, b) = rgb;
    // Halfway between two levels of the cube; the first step is the long one.
    let level = |part: u8| if part < 48 { 0 } else { part.saturating_sub(35).max(40) / 40 };
    let cube = 16 + 36 * level(r) + 6 * level(g) + level(b);
    // The mean by the weights of [`distance`], to the nearest of 8, 18, 28, …
    let mean = (3 * u16::from(r) + 6 * u16::from(g) + u16::from(b)) / 10;
    let grey = 232 + u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or_default();
    nearest(rgb, [cube, grey].into_iter())
}

/// The nearest of the sixteen. Colours stay colours and greys stay greys: a dark blue is not to become black.
fn nearest_of_16(rgb: (u8, u8, u8)) -> u8 {
    let (r, g, b) = rgb;
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    if high - low < 24 {
        return nearest(rgb, [0, 8, 7, 15].into_iter());
    }
    // Which of red, green and blue take part; bright when the strongest is near full and not alone in being so.
    let middle = low.midpoint(high);
    let bit = |part: u8, value: u8| if part > middle { value } else { 0 };
    let hue = bit(r, 1) | bit(g, 2) | bit(b, 4);
    let bright = u16::from(r) + u16::from(g) + u16::from(b) > 420 || low > 80;
    if bright { hue + 8 } else { hue }
}

/// The index among `candidates` whose colour differs least.
fn nearest(rgb: (u8, u8, u8), candidates: impl Iterator<Item = u8>) -> u8 {
    candidates.min_by_key(|index| distance(rgb, rgb_of(*index))).unwrap_or_default()
}

/// How much two colours differ: the eye sees green best and blue worst.
fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    3 * part(one.0, other.0) + 6 * part(one.1, other.1) + part(one.2, other.2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Modifier;

    use super::*;
    use crate::ui::theme::{Role, Theme};

    fn sixteen(r: u8, g: u8, b: u8) -> Color {
        reduce(Color::Rgb(r, g, b), ColourDepth::Sixteen)
    }

    #[test]
    fn a_reduced_colour_keeps_its_hue() {
        assert_eq!(sixteen(0, 0, 120), Color::Indexed(4));
        assert_eq!(sixteen(200, 40, 40), Color::Indexed(1));
        assert_eq!(sixteen(255, 180, 0), Color::Indexed(11));
        assert_eq!(sixteen(120, 220, 120), Color::Indexed(10));
        assert_eq!(sixteen(20, 22, 24), Color::Indexed(0));
        assert_eq!(sixteen(250, 250, 250), Color::Indexed(15));
    }

    #[test]
    fn the_nearest_of_256_is_as_near_as_a_search_would_find() {
        for step in 0..4096_u32 {
            let part = |shift: u32| u8::try_from((step >> shift & 15) * 17).unwrap();
            let rgb = (part(8), part(4), part(0));
            let (found, best) = (nearest_of_256(rgb), nearest(rgb, 16..=255));
            let (off, least) = (distance(rgb, rgb_of(found)), distance(rgb, rgb_of(best)));
            assert!(off <= least, "{rgb:?}: {found} instead of {best}");
        }
    }

    #[test]
    fn a_colour_of_the_cube_is_found_again() {
        assert_eq!(reduce(Color::Rgb(95, 135, 255), ColourDepth::TwoFiftySix), Color::Indexed(69));
        assert_eq!(reduce(Color::Rgb(38, 38, 38), ColourDepth::TwoFiftySix), Color::Indexed(235));
    }

    #[test]
    fn the_palette_of_the_user_is_left_to_the_user() {
        for depth in [ColourDepth::Sixteen, ColourDepth::TwoFiftySix, ColourDepth::TrueColour] {
            assert_eq!(reduce(Color::Reset, depth), Color::Reset);
            assert_eq!(reduce(Color::LightBlue, depth), Color::Indexed(12));
            assert_eq!(reduce(Color::Indexed(3), depth), Color::Indexed(3));
        }
    }

    /// What is seen of a role: letters and ground, as xterm shows them.
    fn seen(theme: &Theme, role: Role, depth: ColourDepth) -> ((u8, u8, u8), (u8, u8, u8)) {
        let style = theme.style(Role::Text).patch(theme.style(role));
        let shown = |colour: Option<Color>| {
            let colour = reduce(colour.unwrap(), depth);
            if let Color::Rgb(r, g, b) = colour { (r, g, b) } else { rgb_of(index_of(colour).unwrap()) }
        };
        let (fg, bg) = (shown(style.fg), shown(style.bg));
        if style.add_modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
    }

    /// The contrast of two colours after WCAG 2, from 1 to 21.
    fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        let light = |(r, g, b)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn a_theme_with_its_own_ground_can_be_read_on_every_terminal() {
        for name in ["dark", "light", "high-contrast"] {
            let theme = Theme::built_in(name).unwrap();
            // The green of sixteen is a light one in xterm, and a darker one nearly everywhere else.
            for (depth, least) in
                [(ColourDepth::Sixteen, 2.0), (ColourDepth::TwoFiftySix, 4.0), (ColourDepth::TrueColour, 4.0)]
            {
                for role in Role::ALL {
                    let (letters, ground) = seen(&theme, *role, depth);
                    let found = contrast(letters, ground);
                    assert!(found >= least, "{name} {} {depth:?}: {letters:?} on {ground:?}: {found}", role.name());
                }
                let text = seen(&theme, Role::Text, depth);
                assert_ne!(seen(&theme, Role::Selected, depth).1, text.1, "{name} {depth:?}: nothing is selected");
            }
        }
    }

    #[test]
    fn the_default_theme_leaves_the_ground_to_the_terminal() {
        let theme = Theme::built_in(crate::config::BUILT_IN_THEMES[0]).unwrap();
        assert!(Role::ALL.iter().all(|role| theme.style(*role).bg.is_none()));
    }

    proptest! {
        #[test]
        fn no_depth_lets_more_colours_through(r: u8, g: u8, b: u8, index: u8) {
            for colour in [Color::Rgb(r, g, b), Color::Indexed(index), Color::Cyan] {
                prop_assert_eq!(reduce(colour, ColourDepth::Mono), Color::Reset);
                prop_assert!(matches!(reduce(colour, ColourDepth::Sixteen), Color::Indexed(0..16)));
                prop_assert!(matches!(reduce(colour, ColourDepth::TwoFiftySix), Color::Indexed(_)));
            }
        }
    }
}
