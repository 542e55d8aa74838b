//! Drawing without knowing noctui: themes, glyphs, times, text that fits, lists, text fields.

pub(crate) mod field;
pub(crate) mod gauge;
pub(crate) mod hidden;
pub(crate) mod keys;
pub(crate) mod line;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod outcome;
pub(crate) mod page;
pub(crate) mod theme;
pub(crate) mod time;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// How things look right now: what every drawing function needs and none may change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Role → style.
    pub(crate) theme: &'a theme::Theme,
    /// Command → key.
    pub(crate) keys: &'a keys::KeyNames,
    /// Draw with ASCII alone, for terminals and locales where the glyphs are missing or two cells wide.
    pub(crate) ascii: bool,
    /// The zone in which times are shown.
    pub(crate) zone: time::Zone,
    /// The time on the screen; everything relative counts from here.
    pub(crate) now: DateTime<Utc>,
}

impl Look<'_> {
    /// A text of noctui's own with keys in the place of commands: `<undo> takes it back`.
    pub(crate) fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.keys.say(text)
    }

    /// The unicode form, or the ASCII one where only that may be used.
    pub(crate) fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// Makes `area` blank, for what is drawn over something else. Its ground is the theme's.
    pub(crate) fn clear(&self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        for (x, y) in area.positions().map(Into::into) {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
        buffer.set_style(area, self.theme.style(theme::Role::Text));
    }

    /// The glyph of a state.
    pub(crate) fn glyph(&self, state: theme::State) -> &'static str {
        let (unicode, ascii) = state.glyphs();
        self.pick(unicode, ascii)
    }
}
