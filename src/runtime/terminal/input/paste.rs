//! Text pasted between the marks of bracketed paste: collected up to what a field holds, never run as keys. A paste
//! beyond that is a mistake and is refused as a whole.

use crate::input::Input;
use crate::text::clean_text;
use crate::ui::field::LIMIT_BYTES;

/// What ends a paste.
const END: &[u8] = b"\x1b[201~";

/// A paste under way.
#[derive(Debug, Default)]
pub(super) struct Paste {
    /// The text so far, with the end mark or a part of it at its end; once too long, only the last few bytes.
    text: Vec<u8>,
    /// Bytes that were passed over.
    dropped: usize,
}

impl Paste {
    /// Takes text from the start of `bytes`: how much, and the whole when the end mark was in it.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (usize, Option<Input>) {
        let before = self.text.len();
        self.text.extend_from_slice(bytes);
        // The mark may have begun in an earlier piece.
        let from = before.saturating_sub(END.len() - 1);
        let end = self.text.windows(END.len()).skip(from).position(|window| window == END).map(|at| at + from);
        let Some(end) = end else {
            if self.text.len() > LIMIT_BYTES {
                let passed = self.text.len() - (END.len() - 1);
                self.text.drain(..passed);
                self.dropped += passed;
            }
            return (bytes.len(), None);
        };
        let taken = end + END.len() - before;
        self.text.truncate(end);
        let input = if self.dropped == 0 && end <= LIMIT_BYTES {
            Input::Paste(clean_text(&String::from_utf8_lossy(&self.text)))
        } else {
            Input::PasteRefused { bytes: self.dropped + end }
        };
        (taken, Some(input))
    }
}
