//! Times as people read them: absolute in the chosen zone, plus the distance that matters.
//!
//! Distances are taken from the full minute that the clock in the header shows, so that all of them turn together with
//! it, once a minute, and nothing on an idle screen changes in between; seconds show only with less than two minutes to
//! go.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// With less than this to go, distances are in seconds.
const SOON: Duration = Duration::minutes(2);

/// The zone in which the screen shows times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Zone {
    /// UTC, marked `Z`.
    #[default]
    Utc,
    /// A named zone: the machine's own, or the one from the configuration.
    Named(Tz),
}

impl Zone {
    /// Its name where there is room: `UTC`, or the abbreviation with the offset, `IST +05:30`: alone the letters stand for
    /// several zones. Of a zone that has no letters the offset.
    pub(crate) fn name(self, at: DateTime<Utc>) -> String {
        let Self::Named(zone) = self else { return "UTC".to_owned() };
        let letters = at.with_timezone(&zone).format("%Z").to_string();
        let offset = self.brief_name(at);
        if letters.starts_with(['+', '-']) { offset } else { format!("{letters} {offset}") }
    }

    /// Its name where there is little: `UTC` or `+05:30`.
    pub(crate) fn brief_name(self, at: DateTime<Utc>) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Named(zone) => at.with_timezone(&zone).format("%:z").to_string(),
        }
    }

    /// What stands behind a time: `Z` or `+05:30`.
    pub(crate) fn sign(self, at: DateTime<Utc>) -> String {
        match self {
            Self::Utc => "Z".to_owned(),
            Self::Named(_) => self.brief_name(at),
        }
    }

    /// The wall-clock reading at `at`.
    pub(crate) fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        match self {
            Self::Utc => at.naive_utc(),
            Self::Named(zone) => zone.from_utc_datetime(&at.naive_utc()).naive_local(),
        }
    }

    /// `02:41`.
    pub(crate) fn clock(self, at: DateTime<Utc>) -> String {
        clock(self.local(at))
    }

    /// `2026-11-21 02:41`.
    pub(crate) fn full(self, at: DateTime<Utc>) -> String {
        self.local(at).format("%Y-%m-%d %H:%M").to_string()
    }

    /// The shortest that is not misread on the day of `now`: `02:41`, `Nov 18 02:41`, or `2025-11-18` in another year.
    pub(crate) fn short(self, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let (local, today) = (self.local(at), self.local(now));
        if local.date() == today.date() {
            clock(local)
        } else if local.year() == today.year() {
            day_and_clock(local)
        } else {
            local.format("%Y-%m-%d").to_string()
        }
    }

    /// A day without a time, as short as it is not misread on the day of `now`: `today`, `Nov 18`, or `2025-11-18` in
    /// another year.
    pub(crate) fn day(self, day: NaiveDate, now: DateTime<Utc>) -> String {
        let today = self.local(now).date();
        if day == today {
            "today".to_owned()
        } else if day.year() == today.year() {
            day.format("%b %d").to_string()
        } else {
            day.format("%Y-%m-%d").to_string()
        }
    }

    /// A window in full: `2026-11-21 02:00 - 06:00 UTC`, with the second date where it differs.
    pub(crate) fn window(self, start: DateTime<Utc>, end: DateTime<Utc>) -> String {
        self.window_with(start, end, "%H:%M")
    }

    /// A window and what it became; with seconds where they are all that differs.
    pub(crate) fn moved(self, from: [DateTime<Utc>; 2], to: [DateTime<Utc>; 2]) -> [String; 2] {
        let texts = |clock| [from, to].map(|[start, end]| self.window_with(start, end, clock));
        let [before, after] = texts("%H:%M");
        if before == after { texts("%H:%M:%S") } else { [before, after] }
    }

    /// A window whose times of the day are written like that.
    fn window_with(self, start: DateTime<Utc>, end: DateTime<Utc>, clock: &str) -> String {
        let (from, to) = (self.local(start), self.local(end));
        let dated = format!("%Y-%m-%d {clock}");
        let until = if from.date() == to.date() { to.format(clock) } else { to.format(&dated) };
        // Around a change to or from daylight saving the two ends have different abbreviations; both are said.
        let (first, last) = (self.name(start), self.name(end));
        if first == last {
            format!("{} - {until} {last}", from.format(&dated))
        } else {
            format!("{} {first} - {until} {last}", from.format(&dated))
        }
    }
}

/// `Nov 18 02:41`. Written out here and below: every row of every frame has such a time, and reading a format takes
/// longer than drawing what it says.
pub(crate) fn day_and_clock(at: NaiveDateTime) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(at.month0()).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    let mut text = String::with_capacity("Nov 18 02:41-06:41Z+10d".len());
    text.push_str(month);
    text.push(' ');
    push_two(&mut text, at.day());
    text.push(' ');
    push_clock(&mut text, at);
    text
}

/// `02:41`.
fn clock(at: NaiveDateTime) -> String {
    let mut text = String::with_capacity("02:41".len());
    push_clock(&mut text, at);
    text
}

/// Appends `02:41`.
pub(crate) fn push_clock(text: &mut String, at: NaiveDateTime) {
    push_two(text, at.hour());
    text.push(':');
    push_two(text, at.minute());
}

/// Appends two digits.
fn push_two(text: &mut String, number: u32) {
    text.extend([number / 10, number].map(|digit| char::from_digit(digit % 10, 10).unwrap_or('0')));
}

/// A length of time in its two largest units: `41 m`, `3 h 12 m`, `2 d 4 h`; seconds below two minutes.
pub(crate) fn span(length: Duration) -> String {
    let seconds = length.num_seconds().abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0 | 1) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} m"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} m"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) if d < 10 => format!("{d} d {h} h"),
        (d, _, _) => format!("{d} d"),
    }
}

/// A length of time as short as a column wants it: `41m`, `2h44m`, `3d`, `23d`; seconds below two minutes.
pub(crate) fn brief(length: Duration) -> String {
    let seconds = length.num_seconds().abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0 | 1) => format!("{seconds}s"),
        (0, 0, m) => format!("{m}m"),
        (0, h, 0) => format!("{h}h"),
        (0, h, m) => format!("{h}h{m:02}m"),
        (d, 0, _) => format!("{d}d"),
        (d, h, _) if d < 10 => format!("{d}d{h:02}h"),
        (d, _, _) => format!("{d}d"),
    }
}

/// [`distance`] as short as a column wants it: `ends 41m`, `in 3h12m`, `2d ago`.
pub(crate) fn brief_distance(start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let until = brief_until(start, end, now);
    match (now < start, now < end) {
        (true, _) => format!("in {until}"),
        (false, true) => format!("ends {until}"),
        (false, false) => format!("{until} ago"),
    }
}

/// The time to the next of a window's ends, without a word about which: `41m`, `3h12m`; the age of its end where it is over.
pub(crate) fn brief_until(start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now < start, now < end) {
        (true, _) => brief(ahead(start, now)),
        (false, true) => brief(ahead(end, now)),
        (false, false) => age(end, now),
    }
}

/// The full second that a clock shows at `at`.
fn full_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

/// The full minute that a clock shows at `at`.
fn full_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

/// How far away `at` is, as it reads.
fn ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    let exact = at - full_second(now);
    if exact < SOON { exact } else { at - full_minute(now) }
}

/// The age of what is from `since`: `<1m`, `3m`, `2h`, `4d`.
pub(crate) fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (full_minute(now) - since).num_minutes().max(0) {
        0 => "<1m".to_owned(),
        minutes @ 1..60 => format!("{minutes}m"),
        minutes @ 60..2_880 => format!("{}h", minutes / 60),
        minutes => format!("{}d", minutes / 1_440),
    }
}

/// The time left or gone, relative to now, for a window: `ends 41 m`, `in 3 h 12 m`, `2 d ago`.
pub(crate) fn distance(start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if now < start {
        format!("in {}", span(ahead(start, now)))
    } else if now < end {
        format!("ends {}", span(ahead(end, now)))
    } else {
        format!("{} ago", age(end, now))
    }
}

/// When a screen that shows these instants has to be drawn again at the latest: at the next full minute, or at the next
/// second at which one of them is less than two minutes away.
pub(crate) fn next_change(now: DateTime<Utc>, instants: impl Iterator<Item = DateTime<Utc>>) -> DateTime<Utc> {
    let second = full_second(now) + Duration::seconds(1);
    let minute = full_minute(now) + Duration::minutes(1);
    // Two minutes before exactly, minutes are still shown.
    let counted_down = instants.filter(|instant| *instant > now).map(|instant| instant - SOON + Duration::seconds(1));
    counted_down.min().map_or(minute, |first| first.max(second).min(minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        for (seconds, text) in [
            (59, "59 s"),
            (119, "119 s"),
            (120, "2 m"),
            (3_600, "1 h"),
            (11_520, "3 h 12 m"),
            (86_400, "1 d"),
            (187_200, "2 d 4 h"),
            (1_000_000, "11 d"),
        ] {
            assert_eq!(span(Duration::seconds(seconds)), text);
        }
    }

    #[test]
    fn a_window_that_spans_a_change_of_the_clock_names_both_zones() {
        let zone = Zone::Named(chrono_tz::Europe::Berlin);
        let window = zone.window(at("2026-10-25T00:00:00Z"), at("2026-10-25T03:00:00Z"));
        assert_eq!(window, "2026-10-25 02:00 CEST +02:00 - 04:00 CET +01:00");
    }

    #[test]
    fn a_zone_is_never_told_by_its_letters_alone() {
        let now = at("2026-11-21T02:48:00Z");
        let names = |zone: Zone| [zone.name(now), zone.brief_name(now), zone.sign(now)];
        assert_eq!(names(Zone::Utc), ["UTC", "UTC", "Z"]);
        assert_eq!(names(Zone::Named(chrono_tz::Asia::Kolkata)), ["IST +05:30", "+05:30", "+05:30"]);
        assert_eq!(names(Zone::Named(chrono_tz::America::Sao_Paulo)), ["-03:00", "-03:00", "-03:00"]);
        assert_eq!(names(Zone::Named(chrono_tz::Europe::London)), ["GMT +00:00", "+00:00", "+00:00"]);
    }

    #[test]
    fn a_window_that_moved_by_seconds_is_written_with_them() {
        let moved = |second: u32| {
            let to = [at(&format!("2026-11-22T01:06:{second:02}Z")), at("2026-11-22T02:46:00Z")];
            Zone::Utc.moved([at("2026-11-22T01:06:00Z"), at("2026-11-22T02:46:00Z")], to)
        };
        assert_eq!(moved(7), ["2026-11-22 01:06:00 - 02:46:00 UTC", "2026-11-22 01:06:07 - 02:46:00 UTC"]);
        let to = [at("2026-11-22T01:07:00Z"), at("2026-11-22T02:46:00Z")];
        let moved = Zone::Utc.moved([at("2026-11-22T01:06:00Z"), at("2026-11-22T02:46:00Z")], to);
        assert_eq!(moved, ["2026-11-22 01:06 - 02:46 UTC", "2026-11-22 01:07 - 02:46 UTC"]);
    }

    #[test]
    fn the_distance_says_which_end_it_means() {
        let (start, end) = (at("2026-11-21T02:00:00Z"), at("2026-11-21T06:00:00Z"));
        assert_eq!(distance(start, end, at("2026-11-21T00:30:00Z")), "in 1 h 30 m");
        assert_eq!(distance(start, end, at("2026-11-21T05:19:00Z")), "ends 41 m");
        assert_eq!(distance(start, end, at("2026-11-21T09:00:00Z")), "3h ago");
    }

    #[test]
    fn an_idle_screen_wakes_once_a_minute() {
        let now = at("2026-11-21T02:48:20.5Z");
        let next = |instants: &[&str]| next_change(now, instants.iter().map(|text| at(text)));
        assert_eq!(next(&[]), at("2026-11-21T02:49:00Z"));
        assert_eq!(next(&["2026-11-21T02:48:00Z", "2026-11-21T02:52:00Z"]), at("2026-11-21T02:49:00Z"));
        assert_eq!(next(&["2026-11-21T02:49:30Z"]), at("2026-11-21T02:48:21Z"));
        assert_eq!(next(&["2026-11-21T02:50:40Z"]), at("2026-11-21T02:48:41Z"));
    }

    #[test]
    fn whatever_reads_differently_was_awaited() {
        let starts = ["2026-11-21T00:04:00Z", "2026-11-21T00:05:37Z", "2026-11-22T01:00:00Z", "2026-11-20T23:59:30Z"];
        let starts = starts.map(at);
        let seen = |now| starts.map(|start| (distance(start, start, now), brief_distance(start, start, now)));
        let mut now = at("2026-11-21T00:00:00Z");
        let mut woken = 0;
        while now < at("2026-11-21T00:07:00Z") {
            let next = next_change(now, starts.into_iter());
            let before = seen(now);
            while now < next {
                assert_eq!(seen(now), before, "at {now}, not before {next}");
                now += Duration::milliseconds(250);
            }
            assert!(seen(now) != before || now.timestamp() % 60 == 0, "nothing changed at {now}");
            woken += 1;
        }
        // The full minutes, and the seconds of two countdowns that overlap by a part.
        assert!((120..240).contains(&woken), "{woken}");
    }

    #[test]
    fn days_and_clocks_read_as_they_are_formatted() {
        let start = DateTime::from_timestamp(1_795_220_000, 0).unwrap().naive_utc();
        for step in 0..800 {
            let at = start + Duration::minutes(step * 997);
            assert_eq!(day_and_clock(at), at.format("%b %d %H:%M").to_string());
            assert_eq!(clock(at), at.format("%H:%M").to_string());
        }
    }
}
