//! What was typed at a machine and waits to be sent: a bounded number of bytes, of which the end is lost rather than the middle.
//!
//! Requests of the screen and orders of the worker (`worker::asked`, `worker::Open`) are counted as well, and keep to the same
//! rule, but not by this: what is not typed waits between them and is never lost with it.

use std::fmt;

use zeroize::Zeroizing;

/// Bytes that wait. They may be a password: nothing prints them, and they are wiped.
#[derive(Clone)]
pub(crate) struct Unsent {
    bytes: Zeroizing<Vec<u8>>,
    /// How many there may be.
    most: usize,
    /// How many were lost.
    lost: usize,
    /// Whether some were lost behind those that wait: whatever comes behind them is lost as well until these are gone, so that
    /// nothing is missing in the middle of a line.
    is_cut: bool,
}

impl fmt::Debug for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent").field("lost", &self.lost).field("is_cut", &self.is_cut).finish_non_exhaustive()
    }
}

impl Unsent {
    /// None yet, and `most` at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { bytes: Zeroizing::default(), most, lost: 0, is_cut: false }
    }

    /// Takes something typed; false where it is lost.
    pub(crate) fn add(&mut self, typed: &[u8]) -> bool {
        let is_too_much = self.bytes.len() + typed.len() > self.most;
        self.is_cut |= is_too_much && !self.bytes.is_empty();
        if typed.is_empty() {
            return true;
        }
        if self.is_cut || is_too_much {
            self.lost += typed.len();
            return false;
        }
        if self.bytes.is_empty() {
            // Nothing is left behind by growing.
            self.bytes.reserve_exact(self.most);
        }
        self.bytes.extend_from_slice(typed);
        true
    }

    /// Takes something whose size is bounded elsewhere, however much waits.
    pub(crate) fn add_all(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Something that belongs behind what waits is lost elsewhere.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// What waits.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// So many of the first bytes are sent.
    pub(crate) fn sent(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count);
        self.is_cut &= !self.bytes.is_empty();
    }

    /// Hands out all that waits.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.is_cut = false;
        std::mem::take(&mut *self.bytes)
    }

    /// Nobody takes what waits any more: it is lost.
    pub(crate) fn give_up(&mut self) {
        self.lost += self.bytes.len();
        self.bytes = Zeroizing::default();
        self.is_cut = false;
    }

    /// How many bytes were lost since this was asked last.
    pub(crate) fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    /// How many bytes were lost.
    pub(crate) fn lost(&self) -> usize {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_much_the_end_is_lost_until_what_came_before_is_gone() {
        let mut unsent = Unsent::new(8);
        assert!(unsent.add(b"abcdef") && !unsent.add(b"ghi"));
        // There would be room, behind a gap.
        assert!(!unsent.add(b"j") && unsent.add(b""));
        assert_eq!((unsent.bytes(), unsent.lost()), (&b"abcdef"[..], 4));
        unsent.sent(4);
        assert!(!unsent.add(b"k") && unsent.bytes() == b"ef");
        unsent.sent(2);
        assert!(unsent.is_empty() && unsent.add(b"lm"));
        assert_eq!((unsent.take(), unsent.lost()), (b"lm".to_vec(), 5));
        // What is too much by itself cuts nothing off: nothing stands before it.
        assert!(!unsent.add(b"123456789") && unsent.add(b"n"));
    }

    #[test]
    fn what_is_lost_elsewhere_cuts_off_what_comes_behind_it() {
        let mut unsent = Unsent::new(8);
        unsent.cut();
        assert!(!unsent.add(b"a"));
        unsent.give_up();
        assert!(unsent.add(b"b"));
        unsent.give_up();
        assert_eq!((unsent.bytes(), unsent.lost()), (&b""[..], 2));
    }

    #[test]
    fn nobody_reads_it_in_a_dump() {
        let mut unsent = Unsent::new(8);
        unsent.add(b"s3cr3t");
        unsent.add_all(b"0123456789");
        let dump = format!("{unsent:?}");
        assert!(!dump.contains("s3cr3t") && !dump.contains("115"), "{dump}");
        assert_eq!(unsent.bytes().len(), 16);
    }
}
