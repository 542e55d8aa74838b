//! The windows of a mail whose rule takes the first one that it finds, and that names more than one.
//!
//! What a step finds once more in the same part is another window only if it is not the same one told again: in another
//! zone, in a list that tells it beside every circuit, as the hours in which it will be felt. Where that cannot be told the
//! mail is not read: a window that is dropped is one that nobody waits for.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::finish::Clock;
use super::partial::{Blocks, Partial, Time};
use crate::features::maintenance::model::Status;
use crate::features::maintenance::when::{WhenError, Year};

/// Clocks of two zones, one of them that of the world, differ by no more.
const MAX_DIFFERENCE: TimeDelta = TimeDelta::hours(14);
/// A text with fewer digits is no date that cannot be read.
const DIGITS: usize = 6;

/// A window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// Its start.
    pub(super) start: DateTime<Utc>,
    /// Its end.
    pub(super) end: DateTime<Utc>,
    /// The places at which it was found, from 0.
    found: Vec<usize>,
}

impl Window {
    /// The only window at a place.
    pub(super) fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end, found: vec![0] }
    }

    /// Whether a circuit that was found as the one with this index is concerned by it.
    pub(super) fn concerns(&self, partial: &Partial, circuit: usize) -> bool {
        match &partial.blocks {
            Some(Blocks::Each(blocks)) => blocks.get(circuit).is_none_or(|block| self.found.contains(block)),
            Some(Blocks::Unclear) | None => true,
        }
    }
}

/// Why windows cannot be told apart.
fn unclear(count: usize, why: &str) -> String {
    format!("{count} windows are named, of which one alone would be read: {why}")
}

/// What a text says that may be a time.
enum Read {
    /// A time.
    At(DateTime<Utc>),
    /// A time by a clock that is not known.
    Local(NaiveDateTime),
    /// None.
    Nothing,
}

/// The window that counts and those that are named besides; the reason where they cannot be told apart.
pub(super) fn all(clock: &Clock<'_>, partial: &Partial, first: Window) -> Result<Vec<Window>, String> {
    let (starts, ends) = (&partial.start, &partial.end);
    let count = 1 + starts.more.len().max(ends.more.len());
    let is_by_length = ends.values.is_empty();
    let found = if starts.more.len() == ends.more.len() || is_by_length && ends.more.is_empty() {
        pairs(clock, partial, first)?
    } else {
        one_by_one(clock, partial, first, count)?
    };
    if found.len() == 1 {
        return Ok(found.into_iter().map(|only| Window { found: (0..count).collect(), ..only }).collect());
    }
    let count = found.len();
    if !partial.more_ids.is_empty() {
        return Err(unclear(count, &format!("there are {} ids, too", 1 + partial.more_ids.len())));
    }
    if partial.blocks == Some(Blocks::Unclear) {
        return Err(unclear(count, "which circuits belong to which is not to be seen"));
    }
    if partial.status == Some(Status::ReScheduled) && starts.former.is_empty() {
        return Err(unclear(count, "the maintenance was moved, and which of them holds is not said"));
    }
    Ok(found)
}

/// Windows with a start and an end each.
fn pairs(clock: &Clock<'_>, partial: &Partial, first: Window) -> Result<Vec<Window>, String> {
    let (starts, ends) = (&partial.start, &partial.end);
    let length = first.end - first.start;
    // Lists tell the same window once for each circuit.
    let mut known: BTreeMap<(&Time, Option<&Time>), usize> = BTreeMap::new();
    let mut windows = vec![first];
    for (index, start) in starts.more.iter().enumerate() {
        let end = ends.more.get(index);
        let place = index + 1;
        if let Some(window) = known.get(&(start, end)).and_then(|window| windows.get_mut(*window)) {
            window.found.push(place);
            continue;
        }
        let begin = clock.read_or_why(start, partial.year)?;
        let until = match (end, &begin) {
            (Some(end), _) => clock.read_end_or_why(end, start)?,
            (None, Read::At(at)) => at.checked_add_signed(length).map_or(Read::Nothing, Read::At),
            (None, Read::Local(at)) => at.checked_add_signed(length).map_or(Read::Nothing, Read::Local),
            (None, Read::Nothing) => Read::Nothing,
        };
        let window = match (begin, until) {
            (Read::Nothing, Read::Nothing) => 0,
            (Read::At(begin), Read::At(until)) => {
                let at = (begin, until);
                let inside = |window: &Window| window.start <= at.0 && at.1 <= window.end;
                if let Some(window) = windows.iter().position(inside) {
                    window
                } else {
                    check(clock, &windows, at, (start, end))?;
                    windows.push(Window { start: at.0, end: at.1, found: Vec::new() });
                    windows.len() - 1
                }
            }
            (Read::Local(begin), Read::Local(until)) => windows
                .iter()
                .position(|window| is_elsewhere(window, begin, until))
                .ok_or_else(|| unclear(windows.len() + 1, &format!("the clock of {:?} is not known", start.text())))?,
            _ => return Err(unclear(windows.len() + 1, &format!("{:?} cannot be read", start.text()))),
        };
        known.insert((start, end), window);
        if let Some(window) = windows.get_mut(window) {
            window.found.push(place);
        }
    }
    Ok(windows)
}

/// Whether what was found further down is a window of its own; an error if it can be neither that nor one that is known.
fn check(
    clock: &Clock<'_>,
    windows: &[Window],
    (begin, until): (DateTime<Utc>, DateTime<Utc>),
    (start, end): (&Time, Option<&Time>),
) -> Result<(), String> {
    let count = windows.len() + 1;
    if until <= begin {
        return Err(unclear(count, &format!("one ends at {until}, which is not after its start at {begin}")));
    }
    if windows.iter().any(|window| begin < window.end && window.start < until) {
        return Err(unclear(count, &format!("the one from {begin} begins before another ends")));
    }
    let names_no_zone = !clock.names_zone(start) && !end.is_some_and(|end| clock.names_zone(end));
    let is_elsewhere = |window: &Window| is_elsewhere(window, begin.naive_utc(), until.naive_utc());
    if names_no_zone && windows.iter().any(is_elsewhere) {
        return Err(unclear(count, &format!("{:?} may be one of them by another clock", start.text())));
    }
    Ok(())
}

/// Whether a window may be the same as one by another clock.
fn is_elsewhere(window: &Window, begin: NaiveDateTime, until: NaiveDateTime) -> bool {
    let by = begin - window.start.naive_utc();
    by == until - window.end.naive_utc() && by.abs() <= MAX_DIFFERENCE && by.num_seconds() % 900 == 0
}

/// Starts and ends of which not all belong together: nothing, if they are all in the window that is known.
fn one_by_one(clock: &Clock<'_>, partial: &Partial, first: Window, count: usize) -> Result<Vec<Window>, String> {
    for (times, year) in [(&partial.start, partial.year), (&partial.end, clock.year_of_ends())] {
        for time in &times.more {
            let is_inside = match clock.read_or_why(time, year)? {
                Read::Nothing => true,
                Read::At(at) => first.start <= at && at <= first.end,
                Read::Local(at) => {
                    let by = |edge: DateTime<Utc>| (at - edge.naive_utc()).abs() <= MAX_DIFFERENCE;
                    by(first.start) || by(first.end)
                }
            };
            if !is_inside {
                let (starts, ends) = (1 + partial.start.more.len(), 1 + partial.end.more.len());
                return Err(unclear(count, &format!("they have {starts} starts and {ends} ends")));
            }
        }
    }
    Ok(vec![first])
}

impl Time {
    /// How it is written.
    fn text(&self) -> String {
        match self {
            Self::Text(text, _) => text.clone(),
            Self::At(at) => at.to_string(),
        }
    }
}

impl Clock<'_> {
    /// What a text says that may be a time; an error if it looks like one that does not exist or cannot be read.
    fn read_or_why(&self, time: &Time, year: Option<Year>) -> Result<Read, String> {
        match self.instant_of(time, year) {
            Ok(at) => Ok(Read::At(at)),
            Err(WhenError::UnknownZone { .. } | WhenError::NoCity | WhenError::UnknownCity { .. }) => {
                Ok(self.local_of(time, year).map_or(Read::Nothing, Read::Local))
            }
            Err(error) => not_a_time(time, &error.to_string()),
        }
    }

    /// The same for an end, of which only the time may be written.
    fn read_end_or_why(&self, end: &Time, start: &Time) -> Result<Read, String> {
        let year = self.year_of_ends();
        match self.end(end, Some(start), year) {
            Ok(at) => Ok(Read::At(at)),
            Err(_) => self.read_or_why(end, year),
        }
    }
}

/// Nothing, where a text that is not a time does not look like one.
fn not_a_time(time: &Time, why: &str) -> Result<Read, String> {
    let digits = time.text().bytes().filter(u8::is_ascii_digit).count();
    if digits < DIGITS { Ok(Read::Nothing) } else { Err(unclear(2, why)) }
}
