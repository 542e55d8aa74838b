//! A time to come as somebody types it, on the screen or after a flag: `2h`, `22:00`, `2026-11-22T02:00Z`.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::ui::time::Zone;

/// How times can be written.
pub(crate) const FORMS: &str = "in 2h, 22:00 or 2026-11-22T02:00Z";
/// The same where nobody says in which zone a clock is meant.
const ZONED: &str = "2h or +2h, 22:00Z, 2026-11-22T02:00:00Z or 2026-11-22T04:00:00+02:00";
/// Further ahead than this is a slip, where somebody types a clock's time.
const FAREST: TimeDelta = TimeDelta::days(366);

/// The instant that `text` means, typed at `now` by somebody whose clocks show `zone`, or who has to say the zone; or why
/// there is none.
pub(crate) fn parse(text: &str, zone: Option<Zone>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let wrong = || format!("a time is written {}", if zone.is_some() { FORMS } else { ZONED });
    let distance = text.strip_prefix("in ").or_else(|| text.strip_prefix('+')).unwrap_or(text);
    let at = if let Some(distance) = length(distance) {
        now.checked_add_signed(distance).ok_or_else(wrong)?
    } else if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        at.to_utc()
    } else if let Ok(time) = NaiveTime::parse_from_str(text.trim_end_matches(['Z', 'z']), "%H:%M") {
        let zone = if text.ends_with(['Z', 'z']) { Some(Zone::Utc) } else { zone };
        next(time, zone.ok_or_else(wrong)?, now).ok_or_else(wrong)?
    } else {
        written(text, zone).ok_or_else(wrong)?
    };
    match at {
        at if at <= now => Err("that time is over".to_owned()),
        at if zone.is_some() && at - now > FAREST => Err("that is more than a year ahead".to_owned()),
        at => Ok(at),
    }
}

/// `2h`, `90m`, `1d`, `1h30m`.
fn length(text: &str) -> Option<TimeDelta> {
    let mut sum = TimeDelta::zero();
    let mut digits = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c.is_ascii_digit() && digits.len() < 6 {
            digits.push(c);
            continue;
        }
        let count: i64 = std::mem::take(&mut digits).parse().ok()?;
        sum += match c {
            'm' => TimeDelta::try_minutes(count)?,
            'h' => TimeDelta::try_hours(count)?,
            'd' => TimeDelta::try_days(count)?,
            _ => return None,
        };
    }
    (digits.is_empty() && sum > TimeDelta::zero()).then_some(sum)
}

/// The next time that a clock shows it.
fn next(time: NaiveTime, zone: Zone, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = zone.local(now).date();
    let days = [Some(today), today.checked_add_days(Days::new(1))];
    days.into_iter().flatten().filter_map(|day| instant(day.and_time(time), zone)).find(|at| *at > now)
}

/// A date and a time without a zone, or with `Z`.
fn written(text: &str, zone: Option<Zone>) -> Option<DateTime<Utc>> {
    let bare = text.trim_end_matches(['Z', 'z']);
    let zone = if bare.len() < text.len() { Zone::Utc } else { zone? };
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let at = forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())?;
    instant(at, zone)
}

/// The instant at which the clocks of `zone` show `local`; the earlier one where there are two.
fn instant(local: NaiveDateTime, zone: Zone) -> Option<DateTime<Utc>> {
    match zone {
        Zone::Utc => Some(local.and_utc()),
        Zone::Named(zone) => zone.from_local_datetime(&local).earliest().map(|at| at.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = at("2026-11-21T21:30:00Z");
        let berlin = Zone::Named(chrono_tz::Europe::Berlin);
        for (text, zone, meant) in [
            ("in 2h", berlin, "2026-11-21T23:30:00Z"),
            ("in 1h 30m", Zone::Utc, "2026-11-21T23:00:00Z"),
            ("in 1d", Zone::Utc, "2026-11-22T21:30:00Z"),
            ("2h", berlin, "2026-11-21T23:30:00Z"),
            ("+90m", berlin, "2026-11-21T23:00:00Z"),
            ("22:00", Zone::Utc, "2026-11-21T22:00:00Z"),
            ("22:00", berlin, "2026-11-22T21:00:00Z"),
            ("22:00Z", berlin, "2026-11-21T22:00:00Z"),
            ("02:15", Zone::Utc, "2026-11-22T02:15:00Z"),
            ("2026-11-22T02:00Z", berlin, "2026-11-22T02:00:00Z"),
            ("2026-11-22T02:00:00+01:00", Zone::Utc, "2026-11-22T01:00:00Z"),
            ("2026-11-22 02:00", berlin, "2026-11-22T01:00:00Z"),
        ] {
            assert_eq!(parse(text, Some(zone), now), Ok(at(meant)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_to_come_is_refused() {
        let now = at("2026-11-21T21:30:00Z");
        for text in ["", "in", "in 2", "in -2h", "in 2x", "25:00", "tomorrow", "in 99999999999h", "in 0m"] {
            assert!(parse(text, Some(Zone::Utc), now).unwrap_err().contains("22:00"), "{text}");
        }
        assert_eq!(parse("2026-11-21T21:30Z", None, now), Err("that time is over".to_owned()));
        assert!(parse("2046-11-21T21:30Z", Some(Zone::Utc), now).unwrap_err().contains("year"));
    }

    #[test]
    fn where_nobody_says_the_zone_a_clock_without_one_is_refused() {
        let now = at("2026-11-21T21:30:00Z");
        assert_eq!(parse("+2h", None, now), Ok(at("2026-11-21T23:30:00Z")));
        assert_eq!(parse("22:00Z", None, now), Ok(at("2026-11-21T22:00:00Z")));
        for text in ["22:00", "2026-11-22 02:00", "2026-11-22T02:00:00", "tomorrow"] {
            assert!(parse(text, None, now).unwrap_err().contains("2026-11-22T02:00:00Z"), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_whatever_is_read_is_ahead(text in "(in )?\\PC{0,20}") {
            let now = at("2026-03-29T00:30:00Z");
            if let Ok(then) = parse(&text, Some(Zone::Named(chrono_tz::Europe::Berlin)), now) {
                proptest::prop_assert!(then > now);
            }
        }
    }
}
