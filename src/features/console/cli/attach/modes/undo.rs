//! What sets a terminal back, in an order in which nothing undoes the rest.

use std::fmt::Write as _;

use super::table::{Row, SWALLOWS, Undo};
use super::{Keyboard, Modes, ON, ON_ANSI, TEKTRONIX, VT52, rows};

/// Lines are counted from the region. Setting it back moves the cursor to the top, so it is sent to the last line.
const ORIGIN: u16 = 6;
/// The title that was kept before anything else.
pub(super) const GIVE_TITLE_BACK: &str = "\u{1b}[23;0t";
/// Ends a sequence that was cut in the middle; terminals ignore it elsewhere.
pub(super) const CANCEL: char = '\u{18}';
/// Colours and line drawing, which are in force more often than not.
pub(super) const END: &str = "\u{f}\u{1b}(B\u{1b}[0m";
/// Tab stops are columns of so many cells.
const TAB: u16 = 8;

impl Keyboard {
    /// What sets it back.
    fn undo(self, text: &mut String) {
        if self.pushed > 0 {
            let _ = write!(text, "\u{1b}[<{}u", self.pushed);
        }
        if self.is_set {
            text.push_str("\u{1b}[=0u");
        }
    }
}

impl Modes {
    /// What sets everything back that is in force, and little where nothing is.
    pub(in crate::features::console::cli::attach) fn undo(&self) -> String {
        // What was begun must not swallow the rest.
        let mut text = CANCEL.to_string();
        if self.private.get(&VT52) == Some(&false) {
            text.push_str("\u{1b}<");
        }
        if self.private.get(&TEKTRONIX) == Some(&true) {
            text.push_str("\u{1b}\u{3}");
        }
        let mut touched = rows().zip(&self.touched).filter(|(_, touched)| **touched).map(|(row, _)| row);
        let swallows = self.touched.iter().take(SWALLOWS.len()).filter(|touched| **touched).count();
        for row in touched.by_ref().take(swallows) {
            self.undo_row(row, &mut text);
        }
        self.undo_screens(&mut text);
        self.undo_modes(&mut text);
        for row in touched {
            self.undo_row(row, &mut text);
        }
        for _ in 0..self.titles {
            text.push_str(GIVE_TITLE_BACK);
        }
        text.push_str(END);
        text
    }

    /// Leaves the other screen, and sets back the keyboard flags of both.
    fn undo_screens(&self, text: &mut String) {
        let [usual, other] = self.keyboards;
        if let Some(mode) = self.alternate {
            other.undo(text);
            // Some terminals have a region for each screen.
            let _ = write!(text, "\u{1b}[r\u{1b}[?{mode}l");
        } else if other != Keyboard::default() {
            text.push_str("\u{1b}[?1049h");
            other.undo(text);
            text.push_str("\u{1b}[?1049l");
        }
        usual.undo(text);
    }

    /// Sets modes back.
    fn undo_modes(&self, text: &mut String) {
        let letter = |is_on: bool| if is_on { 'h' } else { 'l' };
        for (mode, is_on) in &self.private {
            let was_on = ON.contains(mode);
            if *is_on != was_on && ![VT52, TEKTRONIX].contains(mode) {
                let _ = write!(text, "\u{1b}[?{mode}{}", letter(was_on));
                if *mode == ORIGIN {
                    text.push_str("\u{1b}[999H");
                }
            }
        }
        for (mode, is_on) in &self.ansi {
            let was_on = ON_ANSI.contains(mode);
            if *is_on != was_on {
                let _ = write!(text, "\u{1b}[{mode}{}", letter(was_on));
            }
        }
    }

    /// Sets a row of the table back.
    fn undo_row(&self, row: &Row, text: &mut String) {
        let (columns, lines) = self.size;
        match row.undo {
            Undo::Send(undo) => text.push_str(undo),
            Undo::Tabs => {
                text.push_str("\u{1b}7\r\u{1b}[3g");
                for _ in 0..columns.saturating_sub(1) / TAB {
                    let _ = write!(text, "\u{1b}[{TAB}C\u{1b}H");
                }
                text.push_str("\u{1b}8\u{1b}[?5W");
            }
            Undo::Size => _ = write!(text, "\u{1b}[8;{lines};{columns}t"),
        }
    }
}
