//! Forgetting what is old where no screen does: whoever reads mails by commands alone keeps no more than the configuration
//! says, either.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::Session;
use crate::features::maintenance::store::retention::{self, Forgotten, Retention};
use crate::features::maintenance::worker::Setup;
use crate::store::{Error, Store};

/// Rows that one step forgets; others have their turn in between.
const BATCH: usize = 500;
/// The end of a command waits no longer; the next one goes on.
const AT_MOST: Duration = Duration::from_millis(500);

/// Forgets what is older than the configuration keeps, once a day: called when a command has told its result.
pub(super) fn forget(session: &Session) {
    let kept = Setup::of(&session.config).retention;
    let begun = Instant::now();
    match forget_until(&session.store, kept, session.now, || begun.elapsed() > AT_MOST) {
        Ok(Forgotten { maintenances, notifications, raws, .. }) if maintenances + notifications + raws > 0 => {
            tracing::info!(
                maintenances,
                notifications,
                raws,
                "what is older than the configuration keeps was forgotten"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "what is past its time was not forgotten"),
    }
}

/// Forgets step by step until nothing is left or `is_enough`, unless that was done today.
fn forget_until(
    store: &Store,
    kept: Retention,
    now: DateTime<Utc>,
    is_enough: impl Fn() -> bool,
) -> Result<Forgotten, Error> {
    let mut gone = Forgotten::default();
    if !store.read_blocking(|connection| retention::is_due(connection, now))? {
        return Ok(gone);
    }
    loop {
        gone.add(&store.write_blocking(move |connection| retention::forget(connection, &kept, now, BATCH))?);
        if !gone.and_more {
            store.write_blocking(move |connection| retention::done(connection, now))?;
            return Ok(gone);
        }
        if is_enough() {
            return Ok(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::features::maintenance::store::seed;
    use crate::features::open_store;

    /// Everything goes after 30 days.
    const MONTH: Retention = Retention { past_days: Some(30), notification_days: Some(30), raw_days: Some(30) };

    #[test]
    fn commands_forget_once_a_day_and_go_on_where_they_had_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(dir.path()).unwrap();
        let now = DateTime::from_timestamp(1_795_220_000, 0).unwrap();
        seed::fill(&store, 1200, now, 7, |_| ()).unwrap();
        let later = now + TimeDelta::days(3000);
        let forget = |at, is_enough: bool| forget_until(&store, MONTH, at, || is_enough).unwrap().maintenances;
        assert_eq!([forget(later, true), forget(later, true)], [500, 500], "a command does not wait for all of it");
        assert_eq!(forget(later, false), 200);
        seed::fill(&store, 10, now, 8, |_| ()).unwrap();
        assert_eq!(forget(later + TimeDelta::hours(23), false), 0, "once a day");
        assert_eq!(forget(later + TimeDelta::hours(25), false), 10);
        seed::fill(&store, 10, now, 9, |_| ()).unwrap();
        assert_eq!(forget(later + TimeDelta::hours(1), false), 10, "the clock was wrong then");
    }
}
