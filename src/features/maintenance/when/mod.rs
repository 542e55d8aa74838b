//! Dates and times as people write them, and the zones they mean.
//!
//! `read` takes a text apart; what it lacks (a zone, a year) comes from the rule, a label or a city. Nothing here knows
//! what day it is.

mod city;
mod names;
mod token;

use chrono::offset::LocalResult;
use chrono::{
    DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

pub(crate) use self::city::zone_of_city;
pub(in crate::features::maintenance) use self::names::months_pattern;
use self::token::{Token, tokens};

/// Longer texts hold more than one date.
const MAX_CHARS: usize = 120;

/// Why a text is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WhenError {
    /// A part is missing or there is too much of it.
    #[error("no date and time in {text:?}: {why}")]
    Unreadable {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Such as 30 February.
    #[error("{text:?} is a date or time that does not exist")]
    NoSuchDate {
        /// The text.
        text: String,
    },
    /// The letters of a zone mean several zones in the world, and the rule says nothing of them.
    #[error("time zone {zone:?} in {text:?} is not known to the rule")]
    UnknownZone {
        /// The letters.
        zone: String,
        /// The text.
        text: String,
    },
    /// A local time, and nothing that says whose.
    #[error("no city is named on whose clock the times are")]
    NoCity,
    /// A local time, and no zone to read it in.
    #[error("the time zone of {city:?} is not known")]
    UnknownCity {
        /// The city as the mail names it.
        city: String,
    },
}

/// Which number of `03/04/2026` is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    /// The first.
    #[default]
    MonthFirst,
    /// The second.
    DayFirst,
}

/// Which of two instants a local time in an hour that is repeated means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Repeated {
    /// The second: standard time.
    #[default]
    Standard,
    /// The first: daylight-saving time.
    Daylight,
}

/// What a text says of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// An offset from UTC in seconds, east positive.
    Offset(i32),
    /// Letters such as `CST`.
    Letters(String),
    /// A zone by its IANA name, such as `America/Phoenix`.
    Named(Tz),
}

/// A date and time as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The year, if it is there.
    pub(crate) year: Option<i32>,
    /// 1 to 12.
    month: u32,
    /// 1 to 31.
    day: u32,
    /// Midnight if there is none.
    time: NaiveTime,
    /// `24:00`: the end of the day.
    next_day: bool,
    /// The zone, if it is there.
    pub(crate) zone: Option<Mark>,
}

/// The year of dates that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Year {
    /// This one.
    Is(i32),
    /// That which brings the date nearest to this one.
    Near(NaiveDate),
    /// That which makes the date the first from this one on.
    Since(NaiveDate),
}

impl Written {
    /// The local date and time; `year` counts if the text has none.
    pub(crate) fn local(&self, year: Option<Year>, text: &str) -> Result<NaiveDateTime, WhenError> {
        let no_such = || WhenError::NoSuchDate { text: excerpt(text) };
        let date = match (self.year, year) {
            (Some(year), _) | (None, Some(Year::Is(year))) => self.date(year),
            (None, Some(Year::Near(near))) => {
                let years = near.year().saturating_sub(1)..=near.year().saturating_add(1);
                years.filter_map(|year| self.date(year)).min_by_key(|date| (*date - near).num_days().abs())
            }
            (None, Some(Year::Since(since))) => {
                // The 29th of February may be years ahead.
                let years = since.year()..=since.year().saturating_add(4);
                years.filter_map(|year| self.date(year)).find(|date| *date >= since)
            }
            (None, None) => return Err(unreadable(text, "it has no year")),
        };
        let date = date.ok_or_else(no_such)?;
        let date = if self.next_day { date.checked_add_days(Days::new(1)).ok_or_else(no_such)? } else { date };
        Ok(date.and_time(self.time))
    }

    /// The date in a year.
    fn date(&self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, self.month, self.day)
    }
}

/// Takes a date and time apart.
pub(crate) fn read(text: &str, order: Order) -> Result<Written, WhenError> {
    if text.len() > MAX_CHARS {
        return Err(unreadable(text, "it is too long"));
    }
    let found = tokens(text).map_err(|why| unreadable(text, why))?;
    let mut parts = Parts { order, ..Parts::default() };
    for token in found {
        parts.take(token).map_err(|why| unreadable(text, why))?;
    }
    parts.finish().map_err(|why| unreadable(text, why))
}

/// A time of day with its zone, if there is no date in the text. `24:00` is midnight.
pub(crate) fn read_time(text: &str) -> Option<(NaiveTime, Option<Mark>)> {
    let mut parts = Parts::default();
    for token in tokens(text.get(..MAX_CHARS).unwrap_or(text)).ok()? {
        parts.take(token).ok()?;
    }
    let has_date = parts.date.is_some() || parts.month.is_some() || !parts.numbers.is_empty();
    // The date is any: only the time is taken.
    let written = Parts { date: Some((Some(2000), 1, 1)), ..parts };
    let is_time = !has_date && written.time.is_some();
    written.finish().ok().filter(|_| is_time).map(|written| (written.time, written.zone))
}

/// The Date header of a mail, whatever its weekday says.
pub(crate) fn header_date(text: &str) -> Result<DateTime<Utc>, WhenError> {
    // Comments in parentheses repeat the zone in letters.
    let plain = text.split('(').next().unwrap_or(text);
    let written = read(plain, Order::MonthFirst)?;
    let local = written.local(None, text)?;
    let offset = match &written.zone {
        None => 0,
        Some(Mark::Offset(seconds)) => *seconds,
        Some(Mark::Letters(letters)) => {
            header_zone(letters).ok_or_else(|| WhenError::UnknownZone { zone: letters.clone(), text: excerpt(text) })?
        }
        Some(Mark::Named(zone)) => return in_zone(local, *zone, Repeated::Standard, text),
    };
    at_offset(local, offset, text)
}

/// The Date header of a mail with the offset from UTC that it names.
pub(crate) fn header_clock(text: &str) -> Option<DateTime<FixedOffset>> {
    let at = header_date(text).ok()?;
    let local = read(text.split('(').next().unwrap_or(text), Order::MonthFirst).ok()?.local(None, text).ok()?;
    let offset = i32::try_from((local - at.naive_utc()).num_seconds()).ok()?;
    Some(at.with_timezone(&FixedOffset::east_opt(offset)?))
}

/// The zone with an IANA name. Capitals alone are letters, also where a zone of that name is kept for old programs: `CET`,
/// `MST`.
pub(crate) fn named_zone(name: &str) -> Option<Tz> {
    name.parse().ok().filter(|_| name.contains(char::is_lowercase))
}

/// The zones of RFC 5322 §4.3 that are letters, in seconds east.
fn header_zone(letters: &str) -> Option<i32> {
    let hours = match letters {
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

/// A local time at an offset from UTC.
pub(crate) fn at_offset(local: NaiveDateTime, seconds: i32, text: &str) -> Result<DateTime<Utc>, WhenError> {
    FixedOffset::east_opt(seconds)
        .and_then(|offset| offset.from_local_datetime(&local).single())
        .map(|time| time.to_utc())
        .ok_or_else(|| WhenError::NoSuchDate { text: excerpt(text) })
}

/// A local time in a zone. A time that a clock skips is read by the clock before the change.
pub(crate) fn in_zone(
    local: NaiveDateTime,
    zone: Tz,
    repeated: Repeated,
    text: &str,
) -> Result<DateTime<Utc>, WhenError> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Ok(time.to_utc()),
        LocalResult::Ambiguous(first, second) => {
            Ok(if repeated == Repeated::Standard { second } else { first }.to_utc())
        }
        LocalResult::None => {
            let before = local.checked_sub_signed(TimeDelta::hours(3)).unwrap_or(local);
            let offset = zone.offset_from_local_datetime(&before).latest();
            let seconds = offset.map_or(0, |offset| offset.fix().local_minus_utc());
            at_offset(local, seconds, text)
        }
    }
}

/// The error for a text that cannot be read.
fn unreadable(text: &str, why: &'static str) -> WhenError {
    WhenError::Unreadable { text: excerpt(text), why }
}

/// Enough of a text for an error message.
fn excerpt(text: &str) -> String {
    crate::text::clean_line(&text.chars().take(80).collect::<String>())
}

/// What was found in a text so far.
#[derive(Debug, Default)]
struct Parts {
    /// Which number is the month.
    order: Order,
    /// The date, complete.
    date: Option<(Option<i32>, u32, u32)>,
    /// The month, when it is a word.
    month: Option<u32>,
    /// Numbers beside a month that is a word.
    numbers: Vec<(u32, usize)>,
    /// Hours, minutes, seconds.
    time: Option<(u32, u32, u32)>,
    /// Whether the afternoon is meant.
    afternoon: Option<bool>,
    /// The zone.
    zone: Option<Mark>,
}

impl Parts {
    /// Takes the next token.
    fn take(&mut self, token: Token) -> Result<(), &'static str> {
        match token {
            Token::Time(hour, minute, second) => once(&mut self.time, (hour, minute, second), "it has two times"),
            Token::Hour => {
                self.hour_alone();
                Ok(())
            }
            Token::Noon(afternoon) => {
                self.hour_alone();
                once(&mut self.afternoon, afternoon, "it has two of AM and PM")
            }
            Token::Month(month) => once(&mut self.month, month, "it has two months"),
            Token::Triple(first, second, third) => {
                let date = self.ordered(first, second, third).ok_or("its date is out of range")?;
                once(&mut self.date, date, "it has two dates")
            }
            Token::Number(value, digits) => {
                self.numbers.push((value, digits));
                if self.numbers.len() > 4 { Err("it has too many numbers") } else { Ok(()) }
            }
            Token::Offset(seconds) => {
                // "UTC+3" is three hours ahead of UTC.
                if self.zone.is_some() && self.zone != Some(Mark::Offset(0)) {
                    return Err("it has two time zones");
                }
                self.zone = Some(Mark::Offset(seconds));
                Ok(())
            }
            // "EST America/New_York": the name leaves no doubt; an offset does not, either.
            Token::Named(zone) => {
                if !matches!(self.zone, Some(Mark::Offset(_))) {
                    self.zone = Some(Mark::Named(zone));
                }
                Ok(())
            }
            Token::Zone(letters) => {
                let mark = if letters == "UTC" { Mark::Offset(0) } else { Mark::Letters(letters) };
                if self.zone.is_none() {
                    self.zone = Some(mark);
                }
                Ok(())
            }
        }
    }

    /// "10 PM": the number before AM or PM is the hour.
    fn hour_alone(&mut self) {
        if self.time.is_none()
            && let Some((hour, 1..=2)) = self.numbers.last().copied()
        {
            self.numbers.pop();
            self.time = Some((hour, 0, 0));
        }
    }

    /// Three numbers in their order.
    fn ordered(&self, first: (u32, usize), second: u32, third: (u32, usize)) -> Option<(Option<i32>, u32, u32)> {
        if first.1 == 4 {
            return Some((Some(i32::try_from(first.0).ok()?), second, third.0));
        }
        let year = full_year(third)?;
        let (month, day) = match self.order {
            Order::MonthFirst if first.0 <= 12 => (first.0, second),
            Order::DayFirst if second > 12 => (first.0, second),
            Order::MonthFirst | Order::DayFirst => (second, first.0),
        };
        Some((Some(year), month, day))
    }

    /// The date from a month that is a word and the numbers beside it.
    fn date(&mut self) -> Result<(Option<i32>, u32, u32), &'static str> {
        if let Some(date) = self.date {
            return Ok(date);
        }
        let month = self.month.ok_or("it has no date")?;
        // "2026 May 2", "May 2 2026", "2 May 26": four digits are the year, else the day comes first.
        let year_at = self.numbers.iter().position(|(_, digits)| *digits == 4);
        let year = year_at.map(|at| self.numbers.remove(at));
        let day = if self.numbers.is_empty() { return Err("it has no day") } else { self.numbers.remove(0) };
        let year = match year {
            None if self.numbers.first().is_some_and(|(_, digits)| *digits == 2) => Some(self.numbers.remove(0)),
            year => year,
        };
        let year = match year {
            Some(year) => Some(full_year(year).ok_or("its year is out of range")?),
            None => None,
        };
        Ok((year, month, day.0))
    }

    /// Everything together.
    fn finish(mut self) -> Result<Written, &'static str> {
        let (year, month, day) = self.date()?;
        // "1400" after a complete date.
        if self.time.is_none()
            && let Some((value, 4)) = self.numbers.first().copied()
        {
            self.numbers.remove(0);
            self.time = Some((value / 100, value % 100, 0));
        }
        if !self.numbers.is_empty() {
            return Err("it has too many numbers");
        }
        let (mut hour, minute, second) = self.time.unwrap_or_default();
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let next_day = (hour, minute, second) == (24, 0, 0);
        let hour = if next_day { 0 } else { hour };
        // A leap second is the last second.
        let time = NaiveTime::from_hms_opt(hour, minute, second.min(59)).ok_or("its time does not exist")?;
        Ok(Written { year, month, day, time, next_day, zone: self.zone })
    }
}

/// Sets what may be there once.
fn once<T: PartialEq>(slot: &mut Option<T>, value: T, twice: &'static str) -> Result<(), &'static str> {
    match slot {
        Some(present) if *present != value => Err(twice),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// A year of two or four digits.
fn full_year((value, digits): (u32, usize)) -> Option<i32> {
    match digits {
        4 => i32::try_from(value).ok(),
        1 | 2 => i32::try_from(2000 + value).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
