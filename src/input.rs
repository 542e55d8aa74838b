//! What the person at the terminal does, in words that hold for every terminal.

use ratatui::layout::Size;

use crate::key::Key;

/// One thing that was done at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed (or repeats while held; releases are not told).
    Key(Key),
    /// Text was pasted: made harmless, line ends are `\n`, at most 64 KiB. No key of it was run.
    Paste(String),
    /// More was pasted than any field of noctui can use; nothing of it was kept.
    PasteRefused {
        /// How long it was.
        bytes: usize,
    },
    /// The mouse was used; only while it is captured.
    Mouse(Mouse),
    /// The window got or lost the keyboard, on terminals that tell.
    Focused(bool),
    /// The window has this size in cells from now on; never zero, bounded above.
    Resized(Size),
}

/// What the mouse did and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mouse {
    /// What it did.
    pub action: MouseAction,
    /// Cell from the left edge, from 0; may lie beyond the window while dragging.
    pub column: u16,
    /// Cell from the top edge, from 0; may lie beyond the window while dragging.
    pub row: u16,
    /// Control was held. (Shift is the terminal's own: it selects text.)
    pub ctrl: bool,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseAction {
    /// A button went down.
    Press(Button),
    /// A button went up.
    Release(Button),
    /// The mouse moved to another cell with a button down.
    Drag(Button),
    /// One notch of the wheel away from the person.
    WheelUp,
    /// One notch of the wheel towards the person.
    WheelDown,
}

/// A button of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The left one.
    Left,
    /// The middle one.
    Middle,
    /// The right one.
    Right,
}
