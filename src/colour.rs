//! How many colours the terminal gets, decided once at start from what was asked for and from the environment.

use crate::config::When;

/// How many colours may be sent; themes choose their roles by it and the terminal's writer reduces to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColourDepth {
    /// None: bold, reverse and underline alone.
    Mono,
    /// The sixteen of the user's own palette.
    Sixteen,
    /// The palette of 256.
    TwoFiftySix,
    /// 24-bit.
    TrueColour,
}

/// The environment variables that tell what kind of terminal this is; read once, at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TerminalEnvironment {
    /// `TERM`: the terminal's type.
    pub term: Option<String>,
    /// `COLORTERM`: `truecolor` or `24bit` on terminals that can.
    pub colorterm: Option<String>,
    /// `NO_COLOR`: not empty means no colour (no-color.org).
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`: anything but empty and `0` means colour.
    pub clicolor_force: Option<String>,
    /// `TMUX`: set inside tmux.
    pub tmux: Option<String>,
    /// `STY`: set inside GNU screen.
    pub sty: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set: the locale of the characters.
    pub locale: Option<String>,
}

/// Types of terminals that have no colour.
const MONO_TERMS: &[&str] =
    &["dumb", "unknown", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "hp", "wy", "tvi"];
/// Types that have eight or sixteen colours and nothing beyond, whatever other variables have leaked in.
const SIXTEEN_TERMS: &[&str] = &["linux", "cons25", "ansi", "pcansi", "sun", "cygwin", "eterm"];
/// Types without `256color` in the name that have it nevertheless.
const WIDE_TERMS: &[&str] =
    &["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour", "rio", "st-direct"];

impl TerminalEnvironment {
    /// The variables as this process got them.
    #[must_use]
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            term: variable("TERM"),
            colorterm: variable("COLORTERM"),
            no_color: variable("NO_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            tmux: variable("TMUX"),
            sty: variable("STY"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty()),
        }
    }

    /// Whether a terminal multiplexer is in between, which keeps pictures from the terminal.
    #[must_use]
    pub fn is_multiplexed(&self) -> bool {
        let term = self.term.as_deref().unwrap_or_default();
        let is_of =
            |name: &str| term == name || term.starts_with(&format!("{name}-")) || term.starts_with(&format!("{name}."));
        self.tmux.is_some() || self.sty.is_some() || is_of("screen") || is_of("tmux")
    }

    /// Whether glyphs beyond ASCII can be shown: the locale says UTF-8, and the terminal is not the kernel's own console,
    /// whose fonts lack them.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        let locale = self.locale.as_deref().unwrap_or_default().to_ascii_lowercase();
        let console = matches!(self.term.as_deref(), Some("linux" | "vt100" | "vt220"));
        !console && (locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// What the terminal gets: what `asked` says, else `NO_COLOR`, else `CLICOLOR_FORCE`, else `COLORTERM`, else `TERM`.
    #[must_use]
    pub fn colour_depth(&self, asked: When) -> ColourDepth {
        let found = self.depth_of_terminal();
        let refused = self.no_color.as_deref().is_some_and(|value| !value.is_empty());
        let forced = self.clicolor_force.as_deref().is_some_and(|value| !matches!(value, "" | "0"));
        match asked {
            When::Never => ColourDepth::Mono,
            When::Auto if refused => ColourDepth::Mono,
            When::Auto if !forced => found,
            When::Auto | When::Always => found.max(ColourDepth::Sixteen),
        }
    }

    /// What the terminal can show, by `COLORTERM` and `TERM`.
    fn depth_of_terminal(&self) -> ColourDepth {
        let term = self.term.as_deref().unwrap_or_default().to_ascii_lowercase();
        let by_term = depth_of_term(&term);
        // COLORTERM travels through ssh and su into terminals that know nothing of it, GNU screen above all.
        let leaked = is_limited(&term) || (self.sty.is_some() && term.starts_with("screen"));
        match self.colorterm.as_deref() {
            Some("truecolor" | "24bit") if !leaked => ColourDepth::TrueColour,
            _ => by_term,
        }
    }
}

/// What terminals of this type can show.
fn depth_of_term(term: &str) -> ColourDepth {
    let is_one_of = |names: &[&str]| names.iter().any(|name| term == *name || has_family(term, name));
    if term.is_empty() || is_one_of(MONO_TERMS) || term.ends_with("-mono") || term.ends_with("-m") {
        ColourDepth::Mono
    } else if term.ends_with("256color") || term.ends_with("-direct") || is_one_of(WIDE_TERMS) {
        ColourDepth::TwoFiftySix
    } else {
        ColourDepth::Sixteen
    }
}

/// Whether `term` is `name` with an option, as in `vt220-nam`.
fn has_family(term: &str, name: &str) -> bool {
    term.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether the type itself says that there are at most sixteen colours.
fn is_limited(term: &str) -> bool {
    depth_of_term(term) == ColourDepth::Mono
        || term.ends_with("-16color")
        || term.ends_with("-8color")
        || SIXTEEN_TERMS.iter().any(|name| term == *name || has_family(term, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColourDepth::{Mono, Sixteen, TrueColour, TwoFiftySix};

    fn environment(term: &str, colorterm: &str) -> TerminalEnvironment {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        TerminalEnvironment { term: some(term), colorterm: some(colorterm), ..TerminalEnvironment::default() }
    }

    fn depth(term: &str, colorterm: &str) -> ColourDepth {
        environment(term, colorterm).colour_depth(When::Auto)
    }

    #[test]
    fn the_type_of_terminal_tells_how_many_colours() {
        for (term, expected) in [
            ("xterm-256color", TwoFiftySix),
            ("tmux-256color", TwoFiftySix),
            ("xterm-kitty", TwoFiftySix),
            ("foot", TwoFiftySix),
            ("xterm-direct", TwoFiftySix),
            ("xterm", Sixteen),
            ("screen", Sixteen),
            ("linux", Sixteen),
            ("xterm-16color", Sixteen),
            ("vt220", Mono),
            ("xterm-mono", Mono),
            ("dumb", Mono),
            ("", Mono),
        ] {
            assert_eq!(depth(term, ""), expected, "{term}");
        }
    }

    #[test]
    fn twenty_four_bit_needs_colorterm() {
        assert_eq!(depth("xterm-256color", "truecolor"), TrueColour);
        assert_eq!(depth("xterm", "24bit"), TrueColour);
        assert_eq!(depth("xterm-256color", "yes"), TwoFiftySix);
    }

    #[test]
    fn colorterm_does_not_give_a_sixteen_colour_terminal_more() {
        for term in ["linux", "linux-c", "xterm-16color", "vt100", "cons25"] {
            assert!(depth(term, "truecolor") <= Sixteen, "{term}");
        }
        let inside_screen =
            TerminalEnvironment { sty: Some("1.x".to_owned()), ..environment("screen-256color", "truecolor") };
        assert_eq!(inside_screen.colour_depth(When::Auto), TwoFiftySix);
    }

    #[test]
    fn multiplexers_are_seen_by_their_variables_and_by_their_types() {
        for term in ["screen", "screen-256color", "screen.xterm-256color", "tmux-256color"] {
            assert!(environment(term, "").is_multiplexed(), "{term}");
        }
        assert!(!environment("xterm-kitty", "").is_multiplexed() && !environment("screenless", "").is_multiplexed());
        let inside =
            TerminalEnvironment { tmux: Some("/tmp/tmux-0/default,1,0".to_owned()), ..environment("xterm", "") };
        assert!(inside.is_multiplexed());
    }

    #[test]
    fn no_color_wins_over_the_terminal_and_an_explicit_choice_over_both() {
        let quiet = TerminalEnvironment { no_color: Some("1".to_owned()), ..environment("xterm-256color", "") };
        assert_eq!(quiet.colour_depth(When::Auto), Mono);
        assert_eq!(quiet.colour_depth(When::Always), TwoFiftySix);
        let empty = TerminalEnvironment { no_color: Some(String::new()), ..environment("xterm-256color", "") };
        assert_eq!(empty.colour_depth(When::Auto), TwoFiftySix);
    }

    #[test]
    fn clicolor_force_gives_colour_to_a_terminal_without_but_not_against_no_color() {
        let forced = TerminalEnvironment { clicolor_force: Some("1".to_owned()), ..environment("vt220", "") };
        assert_eq!(forced.colour_depth(When::Auto), Sixteen);
        let off = TerminalEnvironment { clicolor_force: Some("0".to_owned()), ..environment("vt220", "") };
        assert_eq!(off.colour_depth(When::Auto), Mono);
        let both = TerminalEnvironment { no_color: Some("1".to_owned()), ..forced };
        assert_eq!(both.colour_depth(When::Auto), Mono);
    }
}
