//! Mails that do not come though they are there. What is known of them outlives the process that asked for them: whoever asks
//! by single commands gives one up as well.

use chrono::{DateTime, TimeDelta, Utc};

/// Looks at which a mail stays away before it is given up,
const LOOKS: u32 = 5;
/// and minutes: a server that is unwell is well again by then, as a rule.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::minutes(30);

/// A mail that does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: DateTime<Utc>,
    /// At how many looks.
    pub looks: u32,
}

impl Away {
    /// It was not asked for yet.
    #[must_use]
    pub fn from(now: DateTime<Utc>) -> Self {
        Self { since: now, looks: 0 }
    }

    /// Whether it is given up: after looks enough, and time enough.
    #[must_use]
    pub fn is_given_up(self, now: DateTime<Utc>) -> bool {
        self.looks >= LOOKS && now - self.since >= GIVEN_UP_AFTER
    }
}

/// What is kept of the mails of a source that do not come, by their keys.
pub trait Absences: Send + Sync {
    /// All that is known. Asked on a thread that may block.
    fn away(&self) -> Vec<(String, Away)>;

    /// These are away as it says, or not any more. Told on a thread that may block.
    fn keep(&self, changed: Vec<(String, Option<Away>)>);

    /// Those that were given up and that somebody wants to be asked for again. Asked on a thread that may block.
    fn asked_again(&self) -> Vec<String>;

    /// Of those that somebody wants these are not there any more. Told on a thread that may block.
    fn gone(&self, keys: Vec<String>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_given_up_after_half_an_hour_of_looks_and_not_before() {
        let start = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
        let away = |looks, minutes| Away { since: start, looks }.is_given_up(start + TimeDelta::minutes(minutes));
        assert!(!away(5, 29) && away(5, 30));
        // After a night without looks the first one is no reason.
        assert!(!away(4, 600) && away(5, 600));
    }
}
