//! What ratatui draws on: it keeps the cursor and the size; the cells are taken from the whole frame by the encoder.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Where the cursor is to be, in a form that can be read while ratatui lends out the frame.
#[derive(Debug, Clone)]
pub(super) struct Cursor(Arc<AtomicU32>);

/// No cell has this position: sizes are bounded far below.
const HIDDEN: u32 = u32::MAX;

impl Cursor {
    /// A hidden cursor.
    fn new() -> Self {
        Self(Arc::new(AtomicU32::new(HIDDEN)))
    }

    /// Where it is; none when it is hidden.
    pub(super) fn get(&self) -> Option<Position> {
        let [x1, x0, y1, y0] = match self.0.load(Ordering::Relaxed) {
            HIDDEN => return None,
            packed => packed.to_be_bytes(),
        };
        Some(Position { x: u16::from_be_bytes([x1, x0]), y: u16::from_be_bytes([y1, y0]) })
    }

    fn set(&self, at: Position) {
        self.0.store(u32::from(at.x) << 16 | u32::from(at.y), Ordering::Relaxed);
    }

    fn hide(&self) {
        self.0.store(HIDDEN, Ordering::Relaxed);
    }
}

/// A backend that sends nothing anywhere.
#[derive(Debug)]
pub(super) struct Canvas {
    cursor: Cursor,
    size: Size,
}

impl Canvas {
    /// A canvas of this size.
    pub(super) fn new(size: Size) -> Self {
        Self { cursor: Cursor::new(), size }
    }

    /// The cursor of every frame that will be drawn.
    pub(super) fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The window's size from the next frame on.
    pub(super) fn set_size(&mut self, size: Size) {
        self.size = size;
    }
}

impl Backend for Canvas {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, _differences: I) -> Result<(), Infallible> {
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.cursor.hide();
        Ok(())
    }

    // The position always follows.
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor.get().unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.cursor.set(position.into());
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn clear_region(&mut self, _region: ClearType) -> Result<(), Infallible> {
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
