//! How often a frame is drawn for what workers tell: rarely in the long run, at once in the short.

use std::time::Duration;

use tokio::time::Instant;

/// Between two frames, in the long run.
const FRAME: Duration = Duration::from_millis(33);
/// Frames that may follow each other at once after a rest: a start is told by some twenty reports within milliseconds, the
/// list not the first of them, and each letter of a filter by two.
const BURST: u32 = 24;

/// A leaky bucket of frames.
#[derive(Debug)]
pub(super) struct Pace {
    /// What was drawn so far is paid for by then.
    paid_until: Instant,
}

impl Pace {
    /// Rested.
    pub(super) fn new(now: Instant) -> Self {
        Self { paid_until: now }
    }

    /// When the next frame may be drawn; may lie in the past.
    pub(super) fn next_frame(&self) -> Instant {
        self.paid_until.checked_sub(FRAME * (BURST - 1)).unwrap_or(self.paid_until)
    }

    /// A frame was drawn.
    pub(super) fn drew(&mut self, now: Instant) {
        self.paid_until = self.paid_until.max(now) + FRAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_frames_come_at_once_and_many_at_the_rate() {
        let start = Instant::now() + Duration::from_mins(1);
        let (mut pace, mut now, mut frames) = (Pace::new(start), start, Vec::new());
        while now < start + Duration::from_secs(1) {
            if pace.next_frame() <= now {
                pace.drew(now);
                frames.push(now.duration_since(start).as_millis());
            }
            now += Duration::from_millis(1);
        }
        assert_eq!(frames.get(..BURST as usize), Some((0..u128::from(BURST)).collect::<Vec<_>>().as_slice()));
        assert_eq!(frames.get(BURST as usize), Some(&33));
        assert!((52..=55).contains(&frames.len()), "{} frames in the first second", frames.len());
    }

    #[test]
    fn a_rest_allows_no_more_than_one_burst() {
        let start = Instant::now() + Duration::from_mins(1);
        let mut pace = Pace::new(start);
        let later = start + Duration::from_secs(10);
        for _ in 0..BURST {
            assert!(pace.next_frame() <= later);
            pace.drew(later);
        }
        assert!(pace.next_frame() > later);
    }
}
