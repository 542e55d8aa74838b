//! The last line: the keys that make sense now, or the newest result.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::Model;
use crate::app::commands::{COMMANDS, Command};
use crate::ui::line::{Pen, width};
use crate::ui::theme::Role;

/// A key and what it does here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    /// What runs.
    pub(crate) command: Command,
    /// The key, as it is written.
    pub(crate) key: String,
    /// What it does, in a word or two.
    pub(crate) word: String,
    /// Where a click hits it.
    pub(crate) columns: Range<u16>,
}

/// The hints that fit on the line, in the order of the table, innermost scope first.
pub(crate) fn hints(model: &Model) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut at: u16 = 1;
    for scope in model.scopes() {
        for spec in COMMANDS.iter().filter(|spec| spec.scopes.contains(&scope) && !spec.hint.is_empty()) {
            let Some(key) = model.settings.keymap.keys(spec.name).first() else { continue };
            let word = if let Command::Maintenance(command) = spec.command {
                let Some(word) = model.maintenance.hint(command, spec.hint) else { continue };
                word
            } else {
                spec.hint
            };
            if hints.iter().any(|hint| hint.command == spec.command) {
                continue;
            }
            let key = key.to_string();
            let cells = u16::try_from(width(&key) + 1 + width(word)).unwrap_or(u16::MAX);
            if at + cells >= model.size.0 {
                return hints;
            }
            hints.push(Hint { command: spec.command, key, word: word.to_owned(), columns: at..at + cells });
            at += cells + 2;
        }
    }
    hints
}

/// Draws the footer.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let mut pen = Pen::new(buffer, area, 0);
    if let Some(toast) = model.toasts.current() {
        let style = look.theme.style(toast.state.role());
        pen.skip(1)
            .text(look.glyph(toast.state), style)
            .text(" ", style)
            .text(&toast.text, look.theme.style(Role::Text));
        return;
    }
    pen.skip(1);
    for hint in hints(model) {
        pen.text(&hint.key, look.theme.style(Role::Key));
        pen.text(" ", look.theme.style(Role::Muted)).text(&hint.word, look.theme.style(Role::Muted)).skip(2);
    }
}
