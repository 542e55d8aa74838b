//! Cursor, wheel, clicks, and the way back.

use super::console::Shown;
use super::{Outcome, Page, State, view};
use crate::command::Motion;
use crate::config::Pictures;
use crate::features::console::worker::{Request, Touch};
use crate::input::{Button, MouseAction};
use crate::ui::Look;

/// Further than any screen has lines.
const MANY: i32 = 1 << 16;

impl State {
    /// Tells how much room there is, and makes what is opened fit it.
    pub(crate) fn fit(&mut self, columns: u16, rows: u16, look: &Look<'_>) {
        self.size = (columns, rows);
        self.reason_rows = view::reason_rows(self, look);
        self.list.set_height(usize::from(rows).saturating_sub(view::status_rows(self)));
        let (columns, lines) = self.room();
        // Only where it is looked at: the others are fitted when they are.
        if let Some(console) = self.console_mut()
            && let Shown::Serial(emulator) = &mut console.shown
        {
            emulator.fit(lines, columns);
        }
        let lines = view::details_lines(self, look).map_or(0, |lines| lines.len());
        if let Some(Page::Details(details)) = &mut self.page {
            details.scroll = details.scroll.min(lines.saturating_sub(usize::from(rows)));
        }
    }

    /// Moves through what is on top.
    pub(crate) fn moved(&mut self, motion: Motion) -> Outcome {
        let page = usize::from(self.size.1).saturating_sub(2);
        if let Some(console) = self.console_mut() {
            match &mut console.shown {
                Shown::Serial(emulator) => match (motion, motion.distance(page)) {
                    (_, Some(lines)) => emulator.scroll(-lines),
                    (Motion::Bottom, None) => emulator.to_bottom(),
                    (_, None) => emulator.to_top(),
                },
                Shown::Screen(_) => {
                    let far = if motion == Motion::Top { -MANY } else { MANY };
                    let lines = motion.distance(page).map_or(far, |lines| i32::try_from(lines).unwrap_or(far));
                    return self.pan((0, lines));
                }
            }
            return Outcome::none();
        }
        match (&mut self.page, motion, motion.distance(page)) {
            (Some(Page::Details(details)), _, Some(lines)) => {
                details.scroll = details.scroll.saturating_add_signed(lines);
            }
            (Some(Page::Details(details)), Motion::Bottom, None) => details.scroll = usize::MAX,
            (Some(Page::Details(details)), _, None) => details.scroll = 0,
            (_, _, Some(_)) => {
                let rows = motion.distance(self.list.page()).unwrap_or(0);
                self.list.move_by(rows);
            }
            (_, Motion::Bottom, None) => self.list.go_to(usize::MAX),
            (_, _, None) => self.list.go_to(0),
        }
        Outcome::none()
    }

    /// Moves the part of a screen that is seen by so many steps.
    pub(super) fn pan(&mut self, steps: (i32, i32)) -> Outcome {
        let room = self.room();
        match self.console_mut().map(|console| &mut console.shown) {
            Some(Shown::Screen(screen)) => {
                if screen.pan(steps, room) {
                    Outcome::none()
                } else {
                    Outcome::warn("the whole screen is seen; <console-scale> shows it dot by dot")
                }
            }
            Some(Shown::Serial(_)) => Outcome::warn("a serial line has nothing to either side"),
            None => Outcome::none(),
        }
    }

    /// The wheel turned by so many lines.
    pub(crate) fn wheel(&mut self, lines: isize) -> Outcome {
        if let Some(console) = self.console_mut() {
            return match &mut console.shown {
                Shown::Serial(emulator) => {
                    emulator.scroll(-lines);
                    Outcome::none()
                }
                Shown::Screen(_) => self.pan((0, i32::try_from(lines).unwrap_or(0))),
            };
        }
        match &mut self.page {
            Some(Page::Details(details)) => details.scroll = details.scroll.saturating_add_signed(lines),
            Some(Page::Consoles | Page::Form(_)) | None => self.list.scroll_by(lines),
        }
        Outcome::none()
    }

    /// A click at a column and line below the title: selects the row, shows its details when it was selected already; on a tab
    /// looks at it.
    pub(crate) fn click(&mut self, column: u16, line: usize) -> Outcome {
        if self.editor.is_some() {
            return Outcome::none();
        }
        if matches!(self.page, Some(Page::Consoles)) {
            if line == 0 && self.tab_rows() > 0 {
                if let Some(at) = view::tab_at(self, column) {
                    return self.look_at(at);
                }
            } else if !self.is_attached {
                return self.attach();
            }
            return Outcome::none();
        }
        if self.page.is_some() {
            return Outcome::none();
        }
        let Some(index) = line.checked_sub(view::status_rows(self)).and_then(|line| self.list.row_at(line)) else {
            return Outcome::none();
        };
        let again = index == self.list.cursor();
        self.list.go_to(index);
        if again { self.open_details() } else { Outcome::none() }
    }

    /// The mouse at a console that has the keyboard: for a screen it is the machine's. `None` where it is noctui's.
    pub(crate) fn pointed(&mut self, action: MouseAction, column: u16, line: u16) -> Option<Outcome> {
        if !self.takes_every_key() {
            return None;
        }
        let line = line.checked_sub(self.tab_rows())?;
        let room = self.room();
        let console = self.console()?;
        let Shown::Screen(screen) = &console.shown else { return None };
        let is_pixels = screen.is_pixels(self.view.pictures != Pictures::Cells);
        let (x, y) = view::pixel_at(screen, is_pixels, room, column, line)?;
        let mask = |button: Button| match button {
            Button::Left => 1,
            Button::Middle => 2,
            Button::Right => 4,
        };
        let id = console.id;
        let touch = |buttons: u8| Request::touch(id, Touch::Pointer { buttons, x, y });
        // A notch of the wheel is a button that goes down and up.
        let requests = match action {
            MouseAction::Press(button) | MouseAction::Drag(button) => vec![touch(mask(button))],
            MouseAction::Release(_) => vec![touch(0)],
            MouseAction::WheelUp => vec![touch(8), touch(0)],
            MouseAction::WheelDown => vec![touch(16), touch(0)],
        };
        Some(Outcome { requests, ..Outcome::none() })
    }

    /// Esc: what is opened, the filter. Consoles stay open. `None` when there was nothing to go back from.
    pub(crate) fn back(&mut self) -> Option<Outcome> {
        if self.page.take().is_some() {
            return Some(Outcome::none());
        }
        if self.filter.is_empty() {
            return None;
        }
        self.set_filter(String::new());
        Some(Outcome::none())
    }
}
