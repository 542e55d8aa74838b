//! From the bytes a terminal sends to what the person did.
//!
//! Own rather than crossterm's reader, because that one decides at every read whether an escape stands alone (a cursor
//! key split over two packets types `[A`), blocks inside a half-received sequence, keeps pastes of any size, needs a
//! thread of its own, and spins when the terminal is gone.

mod paste;
mod sequence;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use self::paste::Paste;
use self::sequence::{Step, Wait};
use crate::input::Input;

/// How long an escape may still become the start of a sequence. Terminals send sequences in one piece and networks
/// rarely split them; people who press Escape do not notice this.
const ESCAPE_WAIT: Duration = Duration::from_millis(30);
/// How long the rest of a sequence may take that no person types.
const SEQUENCE_WAIT: Duration = Duration::from_millis(500);
/// How long a sequence may take in all, whatever follows it. What is typed meanwhile would be taken for a part of it.
const SEQUENCE_LIFE: Duration = Duration::from_secs(1);
/// A sequence longer than this is none.
const LONGEST_SEQUENCE: usize = 4096;
/// Ctrl-C on its own after this much silence ends a paste whose end never came.
const PASTE_SILENCE: Duration = Duration::from_secs(1);
const CTRL_C: &[u8] = b"\x03";

/// Collects bytes until they mean something. Holds at most one unfinished sequence or paste.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pending: Vec<u8>,
    /// When the first byte of `pending` came.
    begun: Option<Instant>,
    paste: Option<Paste>,
    /// When the unfinished sequence is taken as it is.
    deadline: Option<Instant>,
    last_read: Option<Instant>,
}

impl Decoder {
    /// Takes in what was read `at` this time.
    pub(super) fn feed(&mut self, bytes: &[u8], at: Instant, inputs: &mut VecDeque<Input>) {
        let silence = self.last_read.replace(at).map(|last| at.duration_since(last));
        if bytes == CTRL_C && silence >= Some(PASTE_SILENCE) && self.paste.take().is_some() {
            return;
        }
        // Reading comes before the timer, so keys that are typed on and on would keep it from ever being due.
        if self.begun.is_some_and(|begun| at >= begun + SEQUENCE_LIFE) {
            self.expire(inputs);
        }
        let waiting = self.pending.len();
        self.pending.extend_from_slice(bytes);
        let wait = self.decode(false, inputs).map(|wait| match wait {
            Wait::Escape => ESCAPE_WAIT,
            Wait::Sequence => SEQUENCE_WAIT,
        });
        let is_the_same = waiting > 0 && self.pending.len() == waiting + bytes.len();
        self.begun = wait.map(|_| self.begun.filter(|_| is_the_same).unwrap_or(at));
        self.deadline = wait.zip(self.begun).map(|(wait, begun)| (at + wait).min(begun + SEQUENCE_LIFE));
    }

    /// When [`Decoder::expire`] is due, if nothing is read before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The rest of the sequence has not come: an escape was Escape, half a sequence was nothing.
    pub(super) fn expire(&mut self, inputs: &mut VecDeque<Input>) {
        (self.deadline, self.begun) = (None, None);
        self.decode(true, inputs);
    }

    /// Whether a paste has begun and not ended: what follows is text, not keys.
    pub(super) fn is_in_paste(&self) -> bool {
        self.paste.is_some()
    }

    /// Decodes all that is complete; with `is_last` also what is not. Returns what the rest waits for.
    fn decode(&mut self, is_last: bool, inputs: &mut VecDeque<Input>) -> Option<Wait> {
        let mut used = 0;
        let mut waits_for = None;
        while let Some(rest) = self.pending.get(used..).filter(|rest| !rest.is_empty()) {
            if let Some(paste) = &mut self.paste {
                let (taken, done) = paste.take(rest);
                used += taken;
                if let Some(input) = done {
                    inputs.push_back(input);
                    self.paste = None;
                }
                continue;
            }
            match sequence::step(rest, is_last) {
                Step::Done(taken, input) => {
                    used += taken;
                    inputs.extend(input);
                }
                Step::PasteBegins(taken) => {
                    used += taken;
                    self.paste = Some(Paste::default());
                }
                Step::Unfinished(_) if rest.len() > LONGEST_SEQUENCE => used += rest.len(),
                Step::Unfinished(wait) => {
                    waits_for = Some(wait);
                    break;
                }
            }
        }
        self.pending.drain(..used);
        waits_for
    }
}

#[cfg(test)]
mod tests;
