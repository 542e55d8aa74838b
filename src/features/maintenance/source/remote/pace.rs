//! The pauses between attempts to reach a server.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause, at the most.
const FIRST: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST: Duration = Duration::from_mins(5);
/// A connection that lasted this long was a good one.
const GOOD: Duration = Duration::from_mins(2);

/// Doubles the pause with every failure, and begins anew after a good connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// The next pause, at the most.
    next: Duration,
    /// Since when there is a connection.
    since: Option<Instant>,
}

impl Pace {
    /// Nothing has failed yet.
    pub(super) fn new() -> Self {
        Self { next: FIRST, since: None }
    }

    /// There is a connection.
    pub(super) fn connected(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// The connection was lost or could not be made: how long to wait. Anything up to the pause, so that those who lost the
    /// same server do not come back together.
    pub(super) fn next(&mut self, now: Instant) -> Duration {
        if self.since.take().is_some_and(|since| now.duration_since(since) >= GOOD) {
            self.next = FIRST;
        }
        let most = self.next;
        self.next = (most * 2).min(LONGEST);
        let random = uuid::Uuid::new_v4().as_u128() & 0xffff;
        #[expect(clippy::cast_precision_loss, reason = "sixteen bits")]
        let share = random as f64 / 65_535.0;
        most.mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes_and_begin_anew_after_a_good_connection() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        for doublings in 0..12 {
            let most = FIRST * 2_u32.pow(doublings);
            assert!(pace.next(now) <= most.min(LONGEST));
        }
        assert_eq!(pace.next, LONGEST);
        // A connection that is lost at once changes nothing.
        pace.connected(now);
        pace.next(now);
        assert_eq!(pace.next, LONGEST);
        pace.connected(now);
        assert!(pace.next(now + GOOD) <= FIRST);
        assert_eq!(pace.next, FIRST * 2);
    }
}
