//! Themes as data: a theme gives each role a style, and nothing else in noctui names a colour.

use std::borrow::Cow;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::nearest;
use crate::text::clean_line;

/// The themes that come with noctui: name and TOML text.
pub(crate) const BUILT_IN: &[(&str, &str)] = &[
    ("16-colour", include_str!("../../assets/themes/16-colour.toml")),
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

/// Declares the roles once: enum, names and their number.
macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a piece of text means; the theme decides how that looks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Role { $($(#[$doc])* $variant,)* }

        impl Role {
            /// Every role, in the order of the theme files.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in theme files.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

roles! {
    /// Nearly everything.
    Text = "text",
    /// What matters less than its neighbours.
    Muted = "muted",
    /// The focus, and nothing else.
    Accent = "accent",
    /// Titles of panes without the focus.
    Title = "title",
    /// The row under the cursor in the focused pane.
    Selected = "selected",
    /// The row under the cursor in a pane without the focus.
    SelectedUnfocused = "selected-unfocused",
    /// Rows marked for a bulk action.
    Marked = "marked",
    /// New or changed since last looked at.
    Changed = "changed",
    /// Good, done, up.
    Ok = "ok",
    /// Under way.
    Progress = "progress",
    /// Yet to come.
    Planned = "planned",
    /// Wants a look.
    Warning = "warning",
    /// Went wrong, or traffic stops.
    Failed = "failed",
    /// Old data.
    Stale = "stale",
    /// Addresses that can be opened.
    Link = "link",
    /// Names of keys in hints and help.
    Key = "key",
    /// Added in a difference.
    Added = "added",
    /// Removed in a difference.
    Removed = "removed",
    /// The name of a production context.
    ContextProd = "context-prod",
    /// The name of a lab context.
    ContextLab = "context-lab",
}

/// The states of things, always shown as glyph, word and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Happening now, or up.
    Active,
    /// Under way.
    Progress,
    /// Yet to come.
    Planned,
    /// Over, well.
    Done,
    /// Over, badly.
    Failed,
    /// Called off: nothing to do, and nothing went wrong.
    Cancelled,
    /// Stands still until somebody lets it go on.
    Paused,
    /// Wants a look.
    Warning,
    /// Data that is old.
    Stale,
}

impl State {
    /// Every state.
    #[cfg(test)]
    const ALL: [Self; 9] = [
        Self::Active,
        Self::Progress,
        Self::Planned,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Paused,
        Self::Warning,
        Self::Stale,
    ];

    /// Unicode and ASCII glyph, one cell each.
    pub(crate) fn glyphs(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("●", "*"),
            Self::Progress => ("◐", ">"),
            Self::Planned => ("○", "o"),
            Self::Done => ("✓", "+"),
            Self::Failed => ("✗", "x"),
            Self::Cancelled => ("⊘", "-"),
            Self::Paused => ("‖", "|"),
            Self::Warning => ("▲", "!"),
            Self::Stale => ("~", "~"),
        }
    }

    /// The role that colours it.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Active | Self::Done => Role::Ok,
            Self::Progress => Role::Progress,
            Self::Planned => Role::Planned,
            Self::Failed => Role::Failed,
            Self::Cancelled => Role::Muted,
            Self::Warning | Self::Paused => Role::Warning,
            Self::Stale => Role::Stale,
        }
    }
}

/// Role → style, complete: every role has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    /// As in `theme = "…"`.
    pub(crate) name: String,
    /// Indexed by role.
    styles: Vec<Style>,
}

impl Theme {
    /// The built-in theme of this name.
    pub(crate) fn built_in(name: &str) -> Option<Self> {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(name, text).ok()
    }

    /// Reads a theme file. Every role must be there, so that a theme never shows half of another. The error is all that
    /// is wrong with it, in the order of the file.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut mistakes: Vec<Mistake> = errors.iter().map(Mistake::of_syntax).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        let document = document.get_ref();
        for (key, _) in document {
            if !roles.contains(&key.get_ref().as_ref()) {
                mistakes.push(Mistake::unknown(key, "", ["role", "the roles are"], &roles));
            }
        }
        let mut styles = Vec::with_capacity(roles.len());
        for role in roles {
            match document.get(role) {
                Some(written) => styles.push(style_of(role, written, &mut mistakes)),
                None => mistakes.push(Mistake {
                    at: None,
                    key: role.to_owned(),
                    what: format!("the role `{role}` is missing"),
                    because: "a theme gives every role a style".to_owned(),
                    remedy: format!("add `{role} = {{}}` for the look of ordinary text, or a style"),
                }),
            }
        }
        mistakes.sort_by_key(|mistake| mistake.at);
        if mistakes.is_empty() { Ok(Self { name: name.to_owned(), styles }) } else { Err(mistakes) }
    }

    /// No style at all: what is left when even the built-in themes cannot be read.
    pub(crate) fn plain() -> Self {
        Self { name: "plain".to_owned(), styles: Vec::new() }
    }

    /// The style of `role`.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

/// Something that is wrong with a theme file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The byte at which it stands; `None` where the file as a whole is meant.
    pub(crate) at: Option<usize>,
    /// The role, or the role and the part of its style: `selected.bg`. Empty where none is meant.
    pub(crate) key: String,
    /// What is wrong.
    pub(crate) what: String,
    /// Why.
    pub(crate) because: String,
    /// What to write instead.
    pub(crate) remedy: String,
}

/// How a style is written, for those who wrote it otherwise.
const EXAMPLE: &str = "`{ fg = \"light-blue\", bg = \"#102030\", modifiers = [\"bold\"] }`";
/// What a colour is written as.
const COLOURS: &str = "a colour is a name such as \"red\" or \"light-blue\", an index of 0 to 255, or \"#rrggbb\"";
/// The parts of a style.
const PARTS: [&str; 3] = ["fg", "bg", "modifiers"];
/// What a style can add to the letters.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

impl Mistake {
    /// Something that is no TOML.
    fn of_syntax(error: &toml::de::Error) -> Self {
        Self {
            at: error.span().map(|span| span.start),
            key: String::new(),
            what: "this cannot be read as TOML".to_owned(),
            because: error.message().to_owned(),
            remedy: "write each role and its style on a line: `ok = { fg = \"green\" }`".to_owned(),
        }
    }

    /// A key that is none of those that are known.
    fn unknown(key: &Spanned<Cow<'_, str>>, within: &str, [kind, has]: [&str; 2], known: &[&str]) -> Self {
        let typed = clean_line(key.get_ref());
        Self {
            at: Some(key.span().start),
            what: format!("there is no {kind} `{typed}`"),
            because: format!("{has} {}", known.join(" ")),
            remedy: match nearest(&typed, known.iter().copied()) {
                Some(meant) => format!("write `{meant}`, or remove it"),
                None => "remove it".to_owned(),
            },
            key: if within.is_empty() { typed } else { format!("{within}.{typed}") },
        }
    }

    /// A value that cannot be.
    fn wrong(key: String, value: &Spanned<DeValue<'_>>, because: &str, remedy: String) -> Self {
        let typed = value.get_ref().as_str().map_or_else(String::new, |typed| format!(" \"{}\"", clean_line(typed)));
        let what = format!("`{key}` cannot be {}", if typed.is_empty() { "this" } else { typed.trim_start() });
        Self { at: Some(value.span().start), key, what, because: because.to_owned(), remedy }
    }
}

/// The style that is `written` for a role; what is wrong with it is noted.
fn style_of(role: &str, written: &Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Style {
    let mut style = Style::new();
    let Some(parts) = written.get_ref().as_table() else {
        let because = "a role has a style of fg, bg and modifiers, each of which may be left out";
        mistakes.push(Mistake::wrong(role.to_owned(), written, because, format!("write {EXAMPLE}")));
        return style;
    };
    for (part, value) in parts {
        let key = format!("{role}.{}", part.get_ref());
        match part.get_ref().as_ref() {
            "fg" => style.fg = colour_of(key, value, mistakes),
            "bg" => style.bg = colour_of(key, value, mistakes),
            "modifiers" => style = style.add_modifier(modifiers_of(&key, value, mistakes)),
            _ => mistakes.push(Mistake::unknown(part, role, ["setting", "a style has"], &PARTS)),
        }
    }
    style
}

/// A palette name (`red`, `light-blue`), an index, or `#rrggbb`.
fn colour_of(key: String, value: &Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Option<Color> {
    let colour = value.get_ref().as_str().and_then(|name| Color::from_str(name).ok());
    if colour.is_none() {
        let remedy = "write a colour of these kinds between quotes, or remove it for the terminal's own".to_owned();
        mistakes.push(Mistake::wrong(key, value, COLOURS, remedy));
    }
    colour
}

/// Any of bold, dim, italic, underlined and reversed.
fn modifiers_of(key: &str, value: &Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Modifier {
    let known = MODIFIERS.map(|(name, _)| name);
    let because = format!("the modifiers are {}", known.join(" "));
    let Some(list) = value.get_ref().as_array() else {
        mistakes.push(Mistake::wrong(key.to_owned(), value, &because, "write `[\"bold\"]`".to_owned()));
        return Modifier::empty();
    };
    let mut modifiers = Modifier::empty();
    for written in list {
        let name = written.get_ref().as_str();
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(known, _)| Some(*known) == name) {
            modifiers |= *modifier;
            continue;
        }
        let meant = name.and_then(|name| nearest(name, known));
        let remedy = meant.map_or_else(|| "remove it".to_owned(), |meant| format!("write \"{meant}\""));
        mistakes.push(Mistake::wrong(key.to_owned(), written, &because, remedy));
    }
    modifiers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_is_complete() {
        for (name, text) in BUILT_IN {
            if let Err(mistakes) = Theme::parse(name, text) {
                panic!("{name}: {mistakes:#?}");
            }
        }
    }

    #[test]
    fn what_can_be_named_in_the_configuration_is_built_in() {
        let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).filter(|name| *name != "mono").collect();
        assert_eq!(names, crate::config::BUILT_IN_THEMES);
    }

    /// What is wrong with `text` beside roles that are missing, each as one line.
    fn mistakes(text: &str) -> Vec<String> {
        let told = |mistake: &Mistake| {
            let Mistake { at, key, what, because, remedy } = mistake;
            format!("{at:?} {key}: {what} / {because} / {remedy}")
        };
        Theme::parse("x", text).unwrap_err().iter().filter(|mistake| mistake.at.is_some()).map(told).collect()
    }

    #[test]
    fn every_mistake_has_its_place_and_its_fix() {
        insta::assert_snapshot!(
            mistakes(
                "txet = {}\nmuted = { fg = \"blu\", modifers = [] }\nok = { bg = 3 }\nfailed = \"red\"\n\
                 title = { modifiers = \"bold\" }\nkey = { modifiers = [\"bald\", 1] }\n"
            )
            .join("\n")
        );
        insta::assert_snapshot!(mistakes("text = {\nmuted = {}\n").join("\n"));
    }

    #[test]
    fn every_state_has_a_glyph_of_its_own_one_cell_wide() {
        for (at, state) in State::ALL.into_iter().enumerate() {
            let (unicode, ascii) = state.glyphs();
            assert!(crate::ui::line::width(unicode) == 1 && ascii.len() == 1, "{state:?}");
            for other in State::ALL.iter().skip(at + 1).map(|other| other.glyphs()) {
                assert!(other.0 != unicode && other.1 != ascii, "{state:?}");
            }
        }
    }

    #[test]
    fn what_was_called_off_does_not_look_like_a_failure() {
        assert_eq!(State::Cancelled.role(), Role::Muted);
        assert_ne!(State::Cancelled.glyphs(), State::Failed.glyphs());
    }

    #[test]
    fn a_missing_role_is_named() {
        let mistakes = Theme::parse("x", "text = {}").unwrap_err();
        assert_eq!(mistakes.first().unwrap().what, "the role `muted` is missing");
        assert_eq!(mistakes.len(), Role::ALL.len() - 1);
    }

    #[test]
    fn the_mono_theme_uses_no_colour() {
        let theme = Theme::built_in("mono").unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{}", role.name());
        }
    }
}
