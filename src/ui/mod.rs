//! Drawing without knowing noctui: themes, glyphs, times, text that fits, lists, text fields.

pub(crate) mod field;
pub(crate) mod line;
pub(crate) mod list;
pub(crate) mod theme;
pub(crate) mod time;

use chrono::{DateTime, Utc};

/// How things look right now: what every drawing function needs and none may change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Role → style.
    pub(crate) theme: &'a theme::Theme,
    /// Draw with ASCII alone, for terminals and locales where the glyphs are missing or two cells wide.
    pub(crate) ascii: bool,
    /// The zone in which times are shown.
    pub(crate) zone: time::Zone,
    /// The time on the screen; everything relative counts from here.
    pub(crate) now: DateTime<Utc>,
}

impl Look<'_> {
    /// The unicode form, or the ASCII one where only that may be used.
    pub(crate) fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// The glyph of a state.
    pub(crate) fn glyph(&self, state: theme::State) -> &'static str {
        let (unicode, ascii) = state.glyphs();
        self.pick(unicode, ascii)
    }
}
