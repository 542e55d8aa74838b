//! The log of calls: what a client asked, when, and how much of it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::features::cloudvision::sim::world::lock;

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Such as `/arista.workspace.v1.WorkspaceService/Subscribe`, or the path of a page.
    pub method: String,
    /// When its request was there, since the start of the log.
    pub begun: Duration,
    /// When its last answer was sent or nobody listened any more. A stream that is open has none.
    pub ended: Option<Duration>,
    /// Of the request's message.
    pub request_bytes: usize,
    /// Of all answers together.
    pub response_bytes: usize,
    /// Answers; more than one in a stream.
    pub messages: usize,
}

/// All calls since the start, or since the log was emptied.
#[derive(Debug)]
pub struct Calls {
    log: Mutex<Log>,
}

/// What the lock guards.
#[derive(Debug)]
struct Log {
    start: Instant,
    /// Calls before this log was emptied: a number from then names none of these.
    emptied: usize,
    calls: Vec<Call>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { log: Mutex::new(Log { start: Instant::now(), emptied: 0, calls: Vec::new() }) }
    }
}

impl Calls {
    /// What was called, in the order in which it came.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        lock(&self.log).calls.clone()
    }

    /// How many calls there were of methods that end so.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        lock(&self.log).calls.iter().filter(|call| call.method.ends_with(method)).count()
    }

    /// Empties the log.
    pub fn clear(&self) {
        let mut log = lock(&self.log);
        log.emptied += log.calls.len();
        log.calls.clear();
        log.start = Instant::now();
    }

    /// How many calls, one after the other, the client could not have made sooner: the longest chain of calls each of
    /// which began after the one before had ended. Streams that are still open belong to none.
    #[must_use]
    pub fn dependent_steps(&self) -> usize {
        let mut spans: Vec<(Duration, Duration)> =
            self.all().iter().filter_map(|call| Some((call.ended?, call.begun))).collect();
        spans.sort_unstable();
        let mut steps = 0;
        let mut last = None;
        for (ended, begun) in spans {
            if last.is_none_or(|last| begun >= last) {
                (steps, last) = (steps + 1, Some(ended));
            }
        }
        steps
    }

    /// A call came in. Returns its number.
    pub(super) fn begin(&self, method: &str, request_bytes: usize) -> usize {
        let mut log = lock(&self.log);
        let begun = log.start.elapsed();
        let method = method.to_owned();
        log.calls.push(Call { method, begun, ended: None, request_bytes, response_bytes: 0, messages: 0 });
        log.emptied + log.calls.len() - 1
    }

    /// An answer went out.
    pub(super) fn answered(&self, number: usize, bytes: usize, messages: usize) {
        self.edit(number, |call, _| {
            call.response_bytes += bytes;
            call.messages += messages;
        });
    }

    /// It is over.
    pub(super) fn end(&self, number: usize) {
        self.edit(number, |call, now| {
            call.ended.get_or_insert(now);
        });
    }

    /// Changes a call that is still in the log.
    fn edit(&self, number: usize, edit: impl FnOnce(&mut Call, Duration)) {
        let mut log = lock(&self.log);
        let now = log.start.elapsed();
        let at = number.checked_sub(log.emptied);
        if let Some(call) = at.and_then(|at| log.calls.get_mut(at)) {
            edit(call, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of calls that began and ended at these milliseconds.
    fn log(spans: &[(u64, Option<u64>)]) -> Calls {
        let calls = Calls::default();
        for (begun, ended) in spans {
            let number = calls.begin("/a.Service/Get", 1);
            let mut log = lock(&calls.log);
            log.calls[number].begun = Duration::from_millis(*begun);
            log.calls[number].ended = ended.map(Duration::from_millis);
        }
        calls
    }

    #[test]
    fn calls_at_the_same_time_are_one_step() {
        assert_eq!(log(&[(0, Some(30)), (1, Some(31)), (2, Some(29))]).dependent_steps(), 1);
        assert_eq!(log(&[(0, Some(30)), (31, Some(60)), (61, Some(90))]).dependent_steps(), 3);
        assert_eq!(log(&[(0, None), (0, Some(30)), (31, Some(60)), (10, Some(100))]).dependent_steps(), 2);
    }

    #[test]
    fn what_ends_after_the_log_was_emptied_is_in_no_log() {
        let calls = Calls::default();
        let old = calls.begin("/a.Service/Get", 1);
        calls.clear();
        let new = calls.begin("/a.Service/Set", 2);
        calls.end(old);
        calls.answered(new, 7, 1);
        let all = calls.all();
        assert_eq!((all.len(), all[0].ended, all[0].response_bytes), (1, None, 7));
        assert_eq!((calls.count("/Set"), calls.count("/Get")), (1, 0));
    }
}
