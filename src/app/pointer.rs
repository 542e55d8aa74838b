//! The mouse: clicks focus, select and open; the wheel scrolls what is under it without moving the focus.

use super::commands::Command;
use super::layout::Layout;
use super::{Effect, Model, Pane};
use crate::input::{Button, Mouse, MouseAction};
use crate::key::{Code, Key};

/// Lines that a step of the mouse wheel scrolls.
const WHEEL: isize = 3;

impl Model {
    /// Clicks focus, select and open; the wheel scrolls what is under it without moving the focus.
    pub(super) fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        let Mouse { action, column, row, .. } = mouse;
        let Some(layout) = self.layout() else { return vec![] };
        if !self.overlays.is_empty() {
            return match action {
                MouseAction::WheelUp => self.key(Key::plain(Code::Up)),
                MouseAction::WheelDown => self.key(Key::plain(Code::Down)),
                MouseAction::Press(Button::Left) => self.click_overlay(&layout, column, row),
                MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) => vec![],
            };
        }
        if self.takes_every_key()
            && let Some((Pane::Consoles, area)) = layout.pane_at(column, row)
            && row > area.y
            && let Some(effects) = self.pointed(action, column.saturating_sub(area.x), row - area.y - 1)
        {
            return effects;
        }
        match action {
            MouseAction::WheelUp => self.wheel(&layout, column, row, -WHEEL),
            MouseAction::WheelDown => self.wheel(&layout, column, row, WHEEL),
            MouseAction::Press(Button::Left) => self.click(&layout, column, row),
            MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) => vec![],
        }
    }

    /// The wheel turned over a pane.
    fn wheel(&mut self, layout: &Layout, column: u16, row: u16, lines: isize) -> Vec<Effect> {
        match layout.pane_at(column, row) {
            Some((pane, area)) => self.wheel_over(pane, column.saturating_sub(area.x), lines),
            None => vec![],
        }
    }

    /// A click on a row of what lies on top: selects it, and runs it when it was selected already.
    fn click_overlay(&mut self, layout: &Layout, column: u16, row: u16) -> Vec<Effect> {
        let Some(index) = super::view::overlay_row(self, layout, column, row) else { return vec![] };
        let Some(overlay) = self.overlays.last_mut() else { return vec![] };
        if overlay.select(index) { self.key(Key::plain(Code::Enter)) } else { vec![] }
    }

    /// A click: on the header, a tab, a hint of the footer, or a pane.
    fn click(&mut self, layout: &Layout, column: u16, row: u16) -> Vec<Effect> {
        if row == layout.header.y {
            return self.run(Command::Connections);
        }
        if row == layout.footer.y {
            let hit = super::view::hints(self).into_iter().find(|hint| hint.columns.contains(&column));
            return hit.map_or_else(Vec::new, |hint| self.run(hint.command));
        }
        if layout.tabs.is_some_and(|tabs| tabs.y == row) {
            let hit = super::view::tabs(self).into_iter().find(|tab| tab.columns.contains(&column));
            return hit.map_or_else(Vec::new, |tab| self.run(Command::Focus(tab.pane)));
        }
        let Some((pane, area)) = layout.pane_at(column, row) else { return vec![] };
        self.focus = pane;
        if row <= area.y {
            return vec![];
        }
        self.click_into(pane, column.saturating_sub(area.x), usize::from(row - area.y - 1))
    }
}
