//! Themes as data: a theme gives each role a style, and nothing else in noctui names a colour.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

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
    /// Over, badly, or called off.
    Failed,
    /// Wants a look.
    Warning,
    /// Data that is old.
    Stale,
}

impl State {
    /// Unicode and ASCII glyph, one cell each.
    pub(crate) fn glyphs(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("●", "*"),
            Self::Progress => ("◐", ">"),
            Self::Planned => ("○", "o"),
            Self::Done => ("✓", "+"),
            Self::Failed => ("✗", "x"),
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
            Self::Warning => Role::Warning,
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

    /// Reads a theme file. Every role must be there, so that a theme never shows half of another.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let written: BTreeMap<String, WrittenStyle> = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some(unknown) = written.keys().find(|key| !Role::ALL.iter().any(|role| role.name() == key.as_str())) {
            return Err(format!("unknown role {unknown:?}"));
        }
        let style = |role: &Role| {
            let written = written.get(role.name()).ok_or_else(|| format!("role {:?} is missing", role.name()))?;
            written.resolve().map_err(|error| format!("role {:?}: {error}", role.name()))
        };
        Ok(Self { name: name.to_owned(), styles: Role::ALL.iter().map(style).collect::<Result<_, _>>()? })
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

/// A style as written in a theme file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStyle {
    /// Foreground: a palette name (`red`, `light-blue`), an index, or `#rrggbb`.
    fg: Option<String>,
    /// Background, likewise.
    bg: Option<String>,
    /// Any of `bold dim italic underlined reversed`.
    #[serde(default)]
    modifiers: Vec<String>,
}

impl WrittenStyle {
    /// Names become ratatui's values.
    fn resolve(&self) -> Result<Style, String> {
        let colour = |name: &String| Color::from_str(name).map_err(|_| format!("unknown colour {name:?}"));
        let mut style = Style::new();
        style.fg = self.fg.as_ref().map(colour).transpose()?;
        style.bg = self.bg.as_ref().map(colour).transpose()?;
        for name in &self.modifiers {
            style = style.add_modifier(match name.as_str() {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underlined" => Modifier::UNDERLINED,
                "reversed" => Modifier::REVERSED,
                other => return Err(format!("unknown modifier {other:?}")),
            });
        }
        Ok(style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_is_complete() {
        for (name, text) in BUILT_IN {
            if let Err(error) = Theme::parse(name, text) {
                panic!("{name}: {error}");
            }
        }
    }

    #[test]
    fn a_missing_role_is_named() {
        assert_eq!(Theme::parse("x", "text = {}"), Err("role \"muted\" is missing".to_owned()));
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
