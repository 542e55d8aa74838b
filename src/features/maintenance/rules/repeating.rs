//! Events that come again (RFC 5545, 3.8.5): every window of them, or that they repeat in a way that is not read.
//!
//! Maintenances repeat night by night or week by week, so these two are read and nothing else; all else says so instead of
//! passing for its first window.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use icalendar::parser::{Component, Property};

use super::calendar::{Zones, length_of, local};
use super::recurrence::weekday;

/// More windows of one event than this are refused.
const MAX_WINDOWS: usize = 366;

/// A window.
type Window = (DateTime<Utc>, DateTime<Utc>);

/// What other events or exceptions say of one of the windows: when it would have begun.
#[derive(Debug)]
pub(super) enum Instance {
    /// At this instant.
    At(DateTime<Utc>),
    /// On this day of its own calendar.
    On(NaiveDate),
}

impl Instance {
    /// The instances that a property names.
    fn all(property: &Property<'_>, zones: &Zones<'_>) -> Result<Vec<Self>, String> {
        let values = property.val.as_str().split(',').map(str::trim).filter(|value| !value.is_empty());
        values
            .map(|value| match NaiveDate::parse_from_str(value, "%Y%m%d") {
                Ok(day) if value.len() == 8 => Ok(Self::On(day)),
                _ => zones.time(property, value).map(Self::At),
            })
            .collect()
    }

    /// Whether it is the one that begins so.
    fn is(&self, at: DateTime<Utc>, local: NaiveDateTime) -> bool {
        match self {
            Self::At(named) => *named == at,
            Self::On(day) => *day == local.date(),
        }
    }
}

/// The windows of repeating events that other events of the calendar take the place of: the UID and which.
pub(super) fn replaced<'c>(
    events: impl Iterator<Item = &'c Component<'c>>,
    zones: &Zones<'_>,
) -> Result<Vec<(String, Instance)>, String> {
    let mut replaced = Vec::new();
    for event in events {
        let Some(which) = event.find_prop("RECURRENCE-ID") else { continue };
        if which.params.iter().any(|param| param.key.as_str().eq_ignore_ascii_case("RANGE")) {
            return Err("the calendar changes several of its repetitions at once (RANGE)".to_owned());
        }
        let uid = uid(event);
        replaced.extend(Instance::all(which, zones)?.into_iter().map(|instance| (uid.clone(), instance)));
    }
    Ok(replaced)
}

/// What tells an event from others.
fn uid(event: &Component<'_>) -> String {
    event.find_prop("UID").map(|uid| uid.val.as_str().trim().to_owned()).unwrap_or_default()
}

/// Every window of an event whose first is `first`; `None` if it does not repeat.
pub(super) fn windows(
    event: &Component<'_>,
    zones: &Zones<'_>,
    first: Window,
    replaced: &[(String, Instance)],
) -> Result<Option<Vec<Window>>, String> {
    let named = |name: &'static str| event.properties.iter().filter(move |property| property.name == name);
    let is_replacement = event.find_prop("RECURRENCE-ID").is_some();
    let is_repeated = ["RRULE", "RDATE", "EXRULE"].iter().any(|name| event.find_prop(name).is_some());
    if !is_repeated || is_replacement {
        return Ok(None);
    }
    let not_read = |property: &Property<'_>| {
        let rule: String = property.val.as_str().chars().take(100).collect();
        format!("the calendar repeats in a way that noctui does not read ({} {rule})", property.name.as_str())
    };
    if let Some(rule) = named("EXRULE").next().or_else(|| named("RRULE").nth(1)) {
        return Err(not_read(rule));
    }
    let Some(start) = event.find_prop("DTSTART") else { return Ok(None) };
    let begin = local(start, start.val.as_str())?;
    let length = first.1 - first.0;
    let mut windows = vec![(first, begin)];
    if let Some(property) = named("RRULE").next() {
        let rule = Rule::read(property.val.as_str()).map_err(|wrong| match wrong {
            Wrong::Unread => not_read(property),
            Wrong::Endless => "the calendar repeats without an end".to_owned(),
        })?;
        let starts = rule.starts(begin, |local| zones.instant(local, start))?;
        let window = |(at, local)| Ok(((at, later(at, length)?), local));
        windows = starts.into_iter().map(window).collect::<Result<_, String>>()?;
    }
    for property in named("RDATE") {
        for value in property.val.as_str().split(',').map(str::trim).filter(|value| !value.is_empty()) {
            let (value, end) = value.split_once('/').map_or((value, None), |(value, end)| (value, Some(end)));
            let at = zones.time(property, value)?;
            let end = match end {
                None => later(at, length)?,
                Some(end) if end.starts_with(['P', '+']) => length_of(at, end)?,
                Some(end) => zones.time(property, end)?,
            };
            if windows.len() >= MAX_WINDOWS {
                return Err(too_many());
            }
            if !windows.iter().any(|((known, _), _)| *known == at) {
                windows.push(((at, end), local(property, value)?));
            }
        }
    }
    let uid = uid(event);
    let left_out = named("EXDATE").map(|property| Instance::all(property, zones)).collect::<Result<Vec<_>, _>>()?;
    let is_gone = |at, local| {
        let mut elsewhere = replaced.iter().filter(|(other, _)| *other == uid).map(|(_, instance)| instance);
        left_out.iter().flatten().any(|instance| instance.is(at, local))
            || elsewhere.any(|instance| instance.is(at, local))
    };
    windows.retain(|((at, _), local)| !is_gone(*at, *local));
    let mut windows: Vec<Window> = windows.into_iter().map(|(window, _)| window).collect();
    windows.sort_unstable();
    Ok(Some(windows))
}

/// So long after.
fn later(at: DateTime<Utc>, length: TimeDelta) -> Result<DateTime<Utc>, String> {
    at.checked_add_signed(length).ok_or_else(|| "the calendar repeats beyond the end of time".to_owned())
}

/// Why it is refused that there are so many.
fn too_many() -> String {
    format!("the calendar repeats more than {MAX_WINDOWS} times")
}

/// When a rule ends.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// At an instant.
    At(DateTime<Utc>),
    /// At a time of the clock that the event goes by.
    Local(NaiveDateTime),
}

/// Why a rule is not read.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// Something in it is not known here.
    Unread,
    /// It names no end.
    Endless,
}

/// A recurrence rule of days or weeks.
#[derive(Debug)]
struct Rule {
    /// Weeks, else days.
    is_weekly: bool,
    /// Every so many of them.
    every: u64,
    /// So often.
    count: Option<usize>,
    /// Not after this.
    until: Option<Until>,
    /// On these days only; all if empty.
    days: Vec<Weekday>,
    /// The first day of a week.
    week_start: Weekday,
}

impl Rule {
    /// From its text.
    fn read(text: &str) -> Result<Self, Wrong> {
        let mut rule =
            Self { is_weekly: false, every: 1, count: None, until: None, days: Vec::new(), week_start: Weekday::Mon };
        let mut has_pace = false;
        let text = text.trim().to_ascii_uppercase();
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=').ok_or(Wrong::Unread)?;
            let value = value.trim();
            match name.trim() {
                "FREQ" => {
                    (has_pace, rule.is_weekly) = (true, value == "WEEKLY");
                    if !matches!(value, "DAILY" | "WEEKLY") {
                        return Err(Wrong::Unread);
                    }
                }
                "INTERVAL" => rule.every = value.parse().ok().filter(|every| *every > 0).ok_or(Wrong::Unread)?,
                "COUNT" => rule.count = Some(value.parse().ok().filter(|count| *count > 0).ok_or(Wrong::Unread)?),
                "UNTIL" => rule.until = Some(until(value).ok_or(Wrong::Unread)?),
                "BYDAY" => {
                    let days = value.split(',').map(str::trim).map(weekday).collect::<Option<_>>();
                    rule.days = days.ok_or(Wrong::Unread)?;
                }
                "WKST" => rule.week_start = weekday(value).ok_or(Wrong::Unread)?,
                _ => return Err(Wrong::Unread),
            }
        }
        match (has_pace, rule.count.is_some() || rule.until.is_some()) {
            (false, _) => Err(Wrong::Unread),
            (true, false) => Err(Wrong::Endless),
            (true, true) => Ok(rule),
        }
    }

    /// When the windows begin, the first at `begin`; `instant` gives the instant of a local time.
    fn starts(
        &self,
        begin: NaiveDateTime,
        instant: impl Fn(NaiveDateTime) -> Result<DateTime<Utc>, String>,
    ) -> Result<Vec<(DateTime<Utc>, NaiveDateTime)>, String> {
        let is_day = |date: NaiveDate| match self.days.as_slice() {
            [] => !self.is_weekly || date.weekday() == begin.weekday(),
            days => days.contains(&date.weekday()),
        };
        if !is_day(begin.date()) {
            return Err("the calendar repeats on other days than that of its first window".to_owned());
        }
        let since_week_start = |date: NaiveDate| u64::from(date.weekday().days_since(self.week_start));
        let week = begin.date().checked_sub_days(Days::new(since_week_start(begin.date()))).unwrap_or(begin.date());
        let mut starts = Vec::new();
        let step = if self.is_weekly { 1 } else { self.every };
        let mut date = Some(begin.date());
        while let Some(day) = date {
            date = day.checked_add_days(Days::new(step));
            let weeks = (day - week).num_days().unsigned_abs() / 7;
            if self.is_weekly && !weeks.is_multiple_of(self.every) {
                // On to the next week that counts, which may be far away.
                let next = weeks.checked_next_multiple_of(self.every).and_then(|weeks| weeks.checked_mul(7));
                date = next.and_then(|days| week.checked_add_days(Days::new(days)));
                continue;
            }
            let local = day.and_time(begin.time());
            let is_over = match self.until {
                None => false,
                Some(Until::Local(until)) => local > until,
                // A day at the end of the calendar has no instant in every zone.
                Some(Until::At(until)) => instant(local)? > until,
            };
            if is_over || self.count.is_some_and(|count| starts.len() >= count) {
                break;
            }
            if is_day(day) {
                if starts.len() >= MAX_WINDOWS {
                    return Err(too_many());
                }
                starts.push((instant(local)?, local));
            }
        }
        Ok(starts)
    }
}

/// The value of `UNTIL`: a day is meant with its end.
fn until(value: &str) -> Option<Until> {
    if let Some(instant) = value.strip_suffix('Z') {
        return NaiveDateTime::parse_from_str(instant, "%Y%m%dT%H%M%S").ok().map(|at| Until::At(at.and_utc()));
    }
    let day = NaiveDate::parse_from_str(value, "%Y%m%d").ok().filter(|_| value.len() == 8);
    let end_of_day = NaiveTime::MIN - TimeDelta::seconds(1);
    let local = day.map(|day| day.and_time(end_of_day));
    local.or_else(|| NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%S").ok()).map(Until::Local)
}

#[cfg(test)]
mod tests {
    use super::super::calendar;
    use crate::features::maintenance::mail::{Kind, Part};

    /// The windows of events that differ from a night in winter in these lines, as `MM-DD HH:MM`, or why there are none.
    fn starts(events: &[&str]) -> Result<Vec<String>, String> {
        let event = |lines: &&str| {
            let start = if lines.contains("DTSTART") { "" } else { "DTSTART:20260302T220000Z\r\nDURATION:PT2H\r\n" };
            format!(
                "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260301T000000Z\r\n{start}X-MAINTNOTE-OBJECT-ID:C-1\r\n\
                 X-MAINTNOTE-IMPACT:OUTAGE\r\n{}\r\nEND:VEVENT\r\n",
                lines.replace('|', "\r\n")
            )
        };
        let events: String = events.iter().map(event).collect();
        let text = format!("BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n");
        let read = calendar::read(&Part::text(Kind::Ical, &text))?;
        let start = |record: &super::super::partial::Partial| match record.start.values.as_slice() {
            [super::super::partial::Time::At(at)] => at.format("%m-%d %H:%M").to_string(),
            other => panic!("{other:?}"),
        };
        Ok(read.records.iter().map(start).collect())
    }

    #[test]
    fn a_calendar_that_repeats_gives_each_of_its_windows() {
        for (lines, windows) in [
            ("RRULE:FREQ=DAILY;COUNT=3", &["03-02 22:00", "03-03 22:00", "03-04 22:00"][..]),
            ("RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260306", &["03-02 22:00", "03-04 22:00", "03-06 22:00"]),
            ("RRULE:FREQ=DAILY;UNTIL=20260303T220000Z", &["03-02 22:00", "03-03 22:00"]),
            ("RRULE:FREQ=DAILY;BYDAY=MO,TU;COUNT=3", &["03-02 22:00", "03-03 22:00", "03-09 22:00"]),
            ("RRULE:FREQ=WEEKLY;COUNT=2", &["03-02 22:00", "03-09 22:00"]),
            (
                "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=4;WKST=SU",
                &["03-02 22:00", "03-04 22:00", "03-16 22:00", "03-18 22:00"],
            ),
            ("RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260303T220000Z", &["03-02 22:00", "03-04 22:00"]),
            ("RRULE:FREQ=DAILY;COUNT=2|EXDATE;VALUE=DATE:20260302", &["03-03 22:00"]),
            (
                "RDATE:20260305T220000Z,20260309T210000Z|RDATE;VALUE=PERIOD:20260401T000000Z/PT1H",
                &["03-02 22:00", "03-05 22:00", "03-09 21:00", "04-01 00:00"],
            ),
            // The clock goes forward in between.
            (
                "DTSTART;TZID=Europe/Berlin:20260328T230000|DTEND;TZID=Europe/Berlin:20260329T010000|\
                 RRULE:FREQ=DAILY;COUNT=2",
                &["03-28 22:00", "03-29 21:00"],
            ),
        ] {
            assert_eq!(starts(&[lines]).unwrap(), windows, "{lines}");
        }
    }

    #[test]
    fn an_event_takes_the_place_of_the_window_that_it_names() {
        let moved = "DTSTART:20260304T120000Z|DTEND:20260304T130000Z|RECURRENCE-ID:20260303T220000Z";
        assert_eq!(
            starts(&["RRULE:FREQ=DAILY;COUNT=3", moved]).unwrap(),
            ["03-02 22:00", "03-04 22:00", "03-04 12:00"]
        );
        assert_eq!(starts(&[moved]).unwrap(), ["03-04 12:00"]);
    }

    #[test]
    fn what_repeats_otherwise_says_so() {
        for (lines, reason) in [
            ("RRULE:FREQ=MONTHLY;COUNT=3", "in a way that noctui does not read (RRULE FREQ=MONTHLY;COUNT=3)"),
            ("RRULE:FREQ=WEEKLY;BYDAY=1MO;COUNT=3", "does not read"),
            ("RRULE:FREQ=DAILY;BYHOUR=3,4;COUNT=3", "does not read"),
            ("RRULE:FREQ=DAILY;INTERVAL=0;COUNT=3", "does not read"),
            ("RRULE:COUNT=3", "does not read"),
            ("RRULE:FREQ=DAILY;COUNT=3|RRULE:FREQ=WEEKLY;COUNT=3", "does not read"),
            ("RRULE:FREQ=DAILY;COUNT=3|EXRULE:FREQ=WEEKLY;COUNT=3", "does not read"),
            ("RRULE:FREQ=DAILY", "repeats without an end"),
            ("RRULE:FREQ=DAILY;COUNT=367", "repeats more than 366 times"),
            ("RRULE:FREQ=DAILY;UNTIL=99991231", "repeats more than 366 times"),
            ("RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=3", "on other days than that of its first window"),
            ("RRULE:FREQ=DAILY;COUNT=1|EXDATE:20260302T220000Z", "no event"),
            ("RRULE:FREQ=DAILY;COUNT=2|EXDATE:tomorrow", "is no date and time"),
            ("RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T220000Z", "several of its repetitions at once"),
        ] {
            let said = starts(&[lines]).unwrap_err();
            assert!(said.contains(reason), "{lines}: {said}");
        }
        // However far the next one is, it is not counted day by day.
        let far = "RRULE:FREQ=WEEKLY;INTERVAL=18446744073709551615;COUNT=3";
        assert_eq!(starts(&[far]).unwrap(), ["03-02 22:00"]);
    }
}
