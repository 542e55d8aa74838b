//! The last line: the keys that make sense now, or the newest result.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::commands::{COMMANDS, Command};
use crate::app::toast::Toast;
use crate::app::{Model, Pane};
use crate::command::Spec;
use crate::features::{cloudvision, maintenance};
use crate::ui::line::{Pen, fit, width, wrap};
use crate::ui::theme::{Role, State};

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

/// The hints that fit on the line, in the order of the table, innermost scope first. The way back and the help keep
/// their place at the end however narrow the line is.
pub(crate) fn hints(model: &Model) -> Vec<Hint> {
    if typing(model).is_some() {
        return Vec::new();
    }
    let mut shown: Vec<(Command, String, &'static str)> = Vec::new();
    let scopes = model.scopes();
    for scope in &scopes {
        let offered =
            |spec: &&Spec<Command>| spec.scopes.contains(scope) && !spec.hint.is_empty() && !model.forbids(spec);
        for spec in COMMANDS.iter().filter(offered) {
            let keys = model.settings.keymap.keys_in(&scopes, spec);
            let Some(key) = keys.first() else { continue };
            let Some(word) = model.hint(spec.command, spec.hint) else { continue };
            if shown.iter().all(|(command, ..)| *command != spec.command) {
                shown.push((spec.command, key.to_string(), word));
            }
        }
    }
    let warnings = warnings(model).map_or(0, |text| width(&text) + 2);
    let (mut last, mut others): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|(command, ..)| matches!(command, Command::Back | Command::Help));
    if model.size.0 < NARROW {
        // What leads to the text comes first then, and the way back and the help are known by their keys.
        others.sort_by_key(|(command, ..)| !is_way_in(*command));
        for (.., word) in &mut last {
            *word = "";
        }
    }
    let cells = |(_, key, word): &(Command, String, &str)| width(&said(key, word)) + 2;
    let mut room = usize::from(model.size.0).saturating_sub(1 + warnings + last.iter().map(cells).sum::<usize>());
    let fitting = others.into_iter().take_while(|hint| {
        let fits = cells(hint) <= room;
        room = room.saturating_sub(cells(hint));
        fits
    });
    let mut at: u16 = 1;
    let placed = fitting.chain(last).map(|hint| {
        let wide = u16::try_from(cells(&hint)).unwrap_or(u16::MAX);
        let columns = at..at.saturating_add(wide - 2);
        at = at.saturating_add(wide);
        Hint { command: hint.0, key: hint.1, word: hint.2.to_owned(), columns }
    });
    placed.filter(|hint| hint.columns.end <= model.size.0).collect()
}

/// Below this many columns few keys have room for their words.
const NARROW: u16 = 60;

/// Whether a command opens what the cursor is on.
fn is_way_in(command: Command) -> bool {
    matches!(
        command,
        Command::CloudVision(cloudvision::pane::Command::Open) | Command::Maintenance(maintenance::pane::Command::Open)
    )
}

/// A key and its word, if it has one.
fn said(key: &str, word: &str) -> String {
    if word.is_empty() { key.to_owned() } else { format!("{key} {word}") }
}

/// That there are warnings which nobody has looked at, and the key that shows them.
fn warnings(model: &Model) -> Option<String> {
    let count = model.unread_warnings();
    let key = model.settings.keymap.keys("log").first()?;
    let look = model.look();
    let many = if count == 1 { "warning" } else { "warnings" };
    (count > 0).then(|| format!("{} {count} {many}  {key} ", look.glyph(State::Warning)))
}

/// Keys and what they do while something else than a command has them; `None` if nothing has.
fn typing(model: &Model) -> Option<&'static [(&'static str, &'static str)]> {
    match model.overlays.last() {
        Some(overlay) => Some(overlay.keys()),
        None => model.editor_keys(),
    }
}

/// A notice has so many rows at most, where columns are few.
const NOTICE_ROWS: usize = 3;
/// What stands before its words: a blank, its sign, a blank.
const NOTICE_BEFORE: usize = 3;

/// The rows of the footer in so many columns: one, but for a notice that does not fit where columns are few. Not where a
/// machine would be told that its terminal has another size now.
pub(crate) fn rows(model: &Model, columns: u16) -> u16 {
    let is_wrapped = columns < NARROW && model.focus != Pane::Consoles && !model.is_saving();
    let Some(toast) = model.toasts.current().filter(|_| is_wrapped) else { return 1 };
    let lines = notice_lines(model, toast, usize::from(columns)).len();
    u16::try_from(lines.clamp(1, NOTICE_ROWS)).unwrap_or(1)
}

/// The words of a notice on as many lines as they need.
fn notice_lines(model: &Model, toast: &Toast, columns: usize) -> Vec<String> {
    wrap(&model.look().say(&toast.text), columns.saturating_sub(NOTICE_BEFORE))
}

/// The newest notice. What has no room on the last row stands in the log as a whole.
fn draw_notice(model: &Model, toast: &Toast, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    let words = look.theme.style(Role::Text);
    let sign = look.theme.style(toast.state.role());
    Pen::new(buffer, area, 0).skip(1).text(look.glyph(toast.state), sign);
    let mut lines = notice_lines(model, toast, usize::from(area.width));
    let last = area.height.saturating_sub(1);
    let rest = lines.split_off(lines.len().min(usize::from(last))).join(" ");
    for (y, line) in (0..last).zip(&lines) {
        Pen::new(buffer, area, y).skip(NOTICE_BEFORE).text(line, words);
    }
    let mut pen = Pen::new(buffer, area, last);
    pen.skip(NOTICE_BEFORE);
    let key = model.settings.keymap.keys("log").first().filter(|_| width(&rest) > pen.left());
    let all = key.map_or_else(String::new, |key| format!(" {key} "));
    let room = pen.left().saturating_sub(width(&all));
    pen.text(&fit(&rest, room), words).text(&all, look.theme.style(Role::Key));
}

/// Draws the footer.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let look = model.look();
    if model.is_saving() {
        let style = look.theme.style(State::Progress.role());
        let mut pen = Pen::new(buffer, area, 0);
        pen.skip(1).text(look.glyph(State::Progress), style).text(" saving …", look.theme.style(Role::Text));
        return;
    }
    if let Some(toast) = model.toasts.current() {
        draw_notice(model, toast, area, buffer);
        return;
    }
    if let (Some(text), None) = (warnings(model), typing(model)) {
        let style = look.theme.style(Role::Warning);
        Pen::new(buffer, area, 0).at_end(&text, style);
    }
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    let mut draw = |key: &str, word: &str| {
        pen.text(key, look.theme.style(Role::Key));
        if !word.is_empty() {
            pen.text(" ", look.theme.style(Role::Muted)).text(word, look.theme.style(Role::Muted));
        }
        pen.skip(2);
    };
    if let Some(keys) = typing(model) {
        for (key, word) in keys {
            draw(key, word);
        }
    } else {
        for hint in hints(model) {
            draw(&hint.key, &hint.word);
        }
    }
}
