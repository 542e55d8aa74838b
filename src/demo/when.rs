//! Times of the story: they are written relative to the moment the demo starts, so that the night is always tonight.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// First moment.
    pub(super) start: DateTime<Utc>,
    /// After `start`.
    pub(super) end: DateTime<Utc>,
}

/// Windows begin at minutes that divide by this, as they do in the field.
const GRID_S: i64 = 5 * 60;
/// How far ahead a zone is searched for its next clock change.
const MAX_DAYS_TO_CLOCK_CHANGE: u64 = 400;

/// An offset such as `-13d2h`, `+1h30m` or `+12s`.
pub(super) fn offset(text: &str) -> Option<TimeDelta> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let unit_s = match unit.chars().next()? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds += number.parse::<i64>().ok()? * unit_s;
        rest = unit.get(1..)?;
    }
    TimeDelta::try_seconds(sign * seconds)
}

/// A window, seen from `now`. It is written in one of these ways:
///
/// - `-1h30m for 4h`: from an hour and a half before the start of the demo, for four hours.
/// - `+3d 22:00 Europe/Berlin for 6h`: from ten in the evening there, three days from now.
/// - `+9d 23:00 America/Chicago until 05:00`: until the next five in the morning there.
/// - `clock-change America/Chicago 23:00 until 05:00`: in the night in which the clocks there change next.
pub(super) fn window(text: &str, now: DateTime<Utc>) -> Option<Window> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (start, zone, end) = match *words.as_slice() {
        [from, how, end] => (on_the_grid(now) + offset(from)?, Tz::UTC, (how, end)),
        ["clock-change", zone, time, how, end] => {
            let zone: Tz = zone.parse().ok()?;
            (local(zone, day_before_clock_change(zone, now)?, clock(time)?)?, zone, (how, end))
        }
        [from, time, zone, how, end] => {
            let zone: Tz = zone.parse().ok()?;
            let day = (now + offset(from)?).with_timezone(&zone).date_naive();
            (local(zone, day, clock(time)?)?, zone, (how, end))
        }
        _ => return None,
    };
    let end = match end {
        ("for", length) => start + offset(length)?,
        ("until", time) => {
            let (begun, time) = (start.with_timezone(&zone), clock(time)?);
            let days = u64::from(time <= begun.time());
            local(zone, begun.date_naive().checked_add_days(Days::new(days))?, time)?
        }
        _ => return None,
    };
    (end > start).then_some(Window { start, end })
}

/// A wall clock's time.
fn clock(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// `now` on the last mark of the grid.
fn on_the_grid(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::seconds(now.timestamp().rem_euclid(GRID_S))
        - TimeDelta::nanoseconds(now.timestamp_subsec_nanos().into())
}

/// The moment at which clocks in `zone` show `time` on `day`: the second of two, the one an hour later of none, so that
/// it is the same by the clocks of the winter.
fn local(zone: Tz, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let shown = day.and_time(time);
    let moment = |shown| zone.from_local_datetime(&shown).latest().map(|moment| moment.to_utc());
    moment(shown).or_else(|| moment(shown + TimeDelta::hours(1)))
}

/// The day after whose noon the clocks of `zone` change before the next noon.
fn day_before_clock_change(zone: Tz, now: DateTime<Utc>) -> Option<NaiveDate> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0)?;
    let first = now.with_timezone(&zone).date_naive();
    (1..MAX_DAYS_TO_CLOCK_CHANGE).filter_map(|days| first.checked_add_days(Days::new(days))).find(|day| {
        let noons = (local(zone, *day, noon), day.succ_opt().and_then(|next| local(zone, next, noon)));
        matches!(noons, (Some(one), Some(next)) if next - one != TimeDelta::days(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment in UTC.
    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn offsets_add_up_their_units() {
        assert_eq!(offset("-13d2h"), Some(-TimeDelta::days(13) - TimeDelta::hours(2)));
        assert_eq!(offset("+1h30m"), Some(TimeDelta::minutes(90)));
        assert_eq!(offset("12s"), Some(TimeDelta::seconds(12)));
        assert_eq!(offset("+1w"), None);
        assert_eq!(offset("+12"), None);
    }

    #[test]
    fn relative_windows_begin_on_the_grid() {
        let window = window("-1h30m for 4h", at("2026-11-21T03:33:17.5Z")).unwrap();
        assert_eq!((window.start, window.end), (at("2026-11-21T02:00:00Z"), at("2026-11-21T06:00:00Z")));
    }

    #[test]
    fn local_windows_follow_the_clocks_there() {
        let now = at("2026-11-21T23:30:00Z");
        let window = window("+1d 22:00 Europe/Berlin until 05:00", now).unwrap();
        assert_eq!((window.start, window.end), (at("2026-11-23T21:00:00Z"), at("2026-11-24T04:00:00Z")));
    }

    #[test]
    fn the_night_of_a_clock_change_has_an_hour_more_or_less() {
        let hours = |now| {
            let window = window("clock-change America/Chicago 23:00 until 05:00", at(now)).unwrap();
            (window.start.to_rfc3339(), (window.end - window.start).num_hours())
        };
        assert_eq!(hours("2026-11-21T00:00:00Z"), ("2027-03-14T05:00:00+00:00".to_owned(), 5));
        assert_eq!(hours("2026-06-01T00:00:00Z"), ("2026-11-01T04:00:00+00:00".to_owned(), 7));
        assert_eq!(window("clock-change UTC 23:00 until 05:00", at("2026-06-01T00:00:00Z")), None);
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_none() {
        assert_eq!(window("+1h for 0h", at("2026-06-01T00:00:00Z")), None);
        assert_eq!(window("tomorrow", at("2026-06-01T00:00:00Z")), None);
    }
}
