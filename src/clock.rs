//! The only reader of the wall clock.
//!
//! Everything below receives the time as a value, so that a test can replay a whole night of on-call in a millisecond.

use chrono::{DateTime, Utc};

/// The time now, to the second precision of the machine's clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that may read the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
