//! A paste that cannot be meant: a megabyte, made of keys that would do something.

use std::time::{Duration, Instant};

use crate::SILENCE;
use crate::figures::times;
use crate::support::{Session, paste_of_keys};

/// Bytes of the paste.
const BYTES: usize = 1 << 20;
/// How often.
const ROUNDS: usize = 5;
/// Most that it may take, in milliseconds.
const BUDGET: &[(usize, f64)] = &[(99, 2000.0)];

/// Pastes into the list, and into a filter that is being typed; each time until a key behind it is answered.
pub(crate) fn measure(session: &mut Session) {
    let dealt_with = |session: &mut Session| {
        let pasted = Instant::now();
        session.send(paste_of_keys(BYTES));
        session.send("\x1b");
        session.settle(SILENCE);
        pasted.elapsed().saturating_sub(SILENCE)
    };
    let into_list: Vec<Duration> = (0..ROUNDS).map(|_| dealt_with(session)).collect();
    times("1 MB pasted into the list", &into_list, BUDGET);
    let into_filter: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            session.send("/");
            session.settle(SILENCE);
            dealt_with(session)
        })
        .collect();
    times("1 MB pasted into a filter", &into_filter, BUDGET);
}
