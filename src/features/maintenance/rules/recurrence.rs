//! When a zone that a calendar brings along changes its clock. Events that come again are [`repeating`](super::repeating)'s.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};

/// The last change at or before `local`: of a change that comes back by `rule`, else the change itself.
pub(super) fn last_before(start: NaiveDateTime, rule: Option<&str>, local: NaiveDateTime) -> Option<NaiveDateTime> {
    let Some(rule) = rule else { return (start <= local).then_some(start) };
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let until =
        part("UNTIL").and_then(|until| until.get(..8)).and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok());
    let last_year = until.map_or(local.year(), |until| until.year().min(local.year()));
    let month = part("BYMONTH").and_then(|month| month.parse().ok()).unwrap_or(start.month());
    let mut years = (start.year().max(last_year - 1)..=last_year).rev();
    years.find_map(|year| {
        let date = match part("BYDAY").and_then(by_day) {
            Some((nth, weekday)) => nth_weekday(year, month, nth, weekday)?,
            None => NaiveDate::from_ymd_opt(year, month, start.day())?,
        };
        let at = date.and_time(start.time());
        (at <= local && until.is_none_or(|until| date <= until)).then_some(at)
    })
}

/// `-1SU`: which one, and the weekday.
fn by_day(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    Some((text.get(..at)?.parse().unwrap_or(1), weekday(text.get(at..)?)?))
}

/// `SU` without a number before it.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// The nth weekday of a month, from its end if `nth` is negative.
fn nth_weekday(year: i32, month: u32, nth: i8, weekday: Weekday) -> Option<NaiveDate> {
    if nth > 0 {
        return NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth.unsigned_abs());
    }
    let count = (1..=5).rev().find(|n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, *n).is_some())?;
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, count.checked_sub(nth.unsigned_abs().checked_sub(1)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn a_yearly_change_is_found_in_this_year_or_the_last() {
        let start = time("1601-03-01 02:00");
        let rule = Some("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU");
        assert_eq!(last_before(start, rule, time("2026-07-01 00:00")), Some(time("2026-03-29 02:00")));
        assert_eq!(last_before(start, rule, time("2026-01-01 00:00")), Some(time("2025-03-30 02:00")));
        assert_eq!(
            last_before(start, Some("FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"), time("2026-12-01 00:00")),
            Some(time("2026-11-01 02:00"))
        );
    }
}
