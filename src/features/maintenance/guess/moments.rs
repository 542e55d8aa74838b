//! Dates with times in running text, and the zone and order that they are probably meant in.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use regex::Regex;

use crate::features::maintenance::mail::page::Page;
use crate::features::maintenance::when::{self, Mark, Order, Repeated, months_pattern};

/// Moments that are read of one text.
const MOST: usize = 8;

/// A point in time as it stands in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// The text.
    pub(super) text: String,
    /// The instant; UTC where nothing names a zone.
    pub(super) at: DateTime<Utc>,
    /// Letters of the zone, `UTC` for an offset; `None` where nothing names one.
    pub(super) zone: Option<String>,
}

/// A date as people write it, in figures or with a month in words.
static DATE: LazyLock<String> = LazyLock::new(|| {
    let month = months_pattern();
    let of = r"(?:[ -]| de | del )";
    let day = r"\d{1,2}(?:st|nd|rd|th|er|º|°|\.)?";
    format!(
        r"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|{day}{of}{month}\.?,?{of}\d{{2,4}}|{month}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
    )
});
/// [`DATE`] alone.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"\b{}", *DATE)).ok());
/// A time with its zone, if it has one.
const TIME: &str = r"(?:\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\b\.?)?|\d{1,2} ?h(?:\d{2})?\b|\d{1,2} Uhr\b)(?: Uhr\b| h\b)?(?: ?\(?(?:(?:UTC|GMT)(?: ?[+-]\d{1,2}(?::?\d{2})?)?|[A-Z]{2,5}\b|[+-]\d{2}:?\d{2}\b|Z\b)\)?)?";
/// What stands between a date and its time.
const AT: &str = r"(?:[ T,]+|,? (?:at|from|between|um|von|ab|zwischen|à|de|entre|a las|a la|de las|desde las|alle|alle ore|ore|dalle|dalle ore|às|das|desde as) )";
/// The words of [`AT`], which are no part of a date.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r" (?:at|on|from|between|am|von|ab|zwischen|entre|do dia|de las|desde las|dalle|dalle ore|das|desde as) ",
    )
    .ok()
});

/// What [`DATE`] and [`TIME`] make together; no other pattern of this file can fail to compile either, as tests show.
static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let date = &*DATE;
    Regex::new(&format!(r"\b(?:{date}{AT}{TIME}|{TIME}(?:[ ,]+| on | am | le | del | do dia | de )+{date})")).ok()
});
/// A time alone, after a moment and a sign between them.
static UNTIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"^\s*(?:-|–|—|to|until|till|and|bis|und|à|jusqu'à|et|au|a|a las|al|hasta|hasta las|y las|alle|alle ore|fino alle|e le|até|até as|às|e as)\s*(?:(?:about|around|ca\.?|circa|etwa|approx\.?|environ)\s+)?({TIME})")).ok()
});
/// A date in figures.
static FIGURES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}\b").ok());
/// Letters in parentheses.
static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\(([A-Z]{2,5})\)").ok());

/// The zone that letters mean most of the time, as far as one can say without knowing whose they are.
pub(super) fn likely_zone(letters: &str) -> Option<&'static str> {
    Some(match letters {
        // As they are called in Germany, France, Spain and Italy, in winter and in summer.
        "CET" | "CEST" | "MET" | "MEST" | "MEZ" | "MESZ" | "HEC" | "HNEC" | "HAEC" | "HEEC" | "HCE" | "TMEC" => {
            "Europe/Paris"
        }
        "WET" | "WEST" | "WEZ" | "WESZ" => "Europe/Lisbon",
        "EET" | "EEST" | "OEZ" | "OESZ" => "Europe/Athens",
        // French: universal time, and the zones of Canada.
        "TUC" => "UTC",
        "HNE" | "HAE" => "America/Toronto",
        "HNC" | "HAC" => "America/Winnipeg",
        "HNR" | "HAR" => "America/Edmonton",
        "HNP" | "HAP" => "America/Vancouver",
        "BST" => "Europe/London",
        "MSK" => "Europe/Moscow",
        "EST" | "EDT" | "ET" => "America/New_York",
        "CST" | "CDT" | "CT" => "America/Chicago",
        "MST" | "MDT" | "MT" => "America/Denver",
        "PST" | "PDT" | "PT" => "America/Los_Angeles",
        "BRT" | "BRST" => "America/Sao_Paulo",
        "JST" => "Asia/Tokyo",
        "KST" => "Asia/Seoul",
        "HKT" => "Asia/Hong_Kong",
        "SGT" => "Asia/Singapore",
        "IST" => "Asia/Kolkata",
        "AEST" | "AEDT" => "Australia/Sydney",
        "NZST" | "NZDT" => "Pacific/Auckland",
        _ => return None,
    })
}

/// The letters in parentheses of a label such as `Start (CET)`.
pub(super) fn zone_of_label(label: &str) -> Option<String> {
    let letters = LETTERS.as_ref()?.captures(label)?.get(1)?.as_str();
    (likely_zone(letters).is_some() || matches!(letters, "UTC" | "GMT")).then(|| letters.to_owned())
}

/// Whether a text has a date of which it has to be known which number is the month.
pub(super) fn in_figures(text: &str) -> bool {
    FIGURES.as_ref().is_some_and(|figures| figures.is_match(text))
}

/// Whether a text has a day in it, with a time or without.
pub(super) fn has_day(text: &str) -> bool {
    DAY.as_ref().is_some_and(|day| day.is_match(text))
}

/// Whether a text has a date in it.
pub(super) fn has_date(text: &str) -> bool {
    let is = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text));
    is(&MOMENT) || is(&FIGURES)
}

/// Reads moments in the order of numbers that a page shows.
#[derive(Debug)]
pub(super) struct Reader {
    /// Which number is the month.
    pub(super) order: Order,
    /// Whether the page shows it: a first or second number above 12.
    pub(super) order_is_known: bool,
}

impl Reader {
    /// For a page of a mail that was made at `near`. Where the numbers do not tell, the order counts that puts the first
    /// date sooner after the mail.
    pub(super) fn new(page: &Page, near: Option<DateTime<Utc>>) -> Self {
        let text = page.text(0..page.len());
        let figures = FIGURES.as_ref();
        let numbers = figures.into_iter().flat_map(|figures| figures.captures_iter(text)).filter_map(|found| {
            Some((found.get(1)?.as_str().parse::<u32>().ok()?, found.get(2)?.as_str().parse::<u32>().ok()?))
        });
        for (first, second) in numbers {
            match (first > 12, second > 12) {
                (true, false) => return Self { order: Order::DayFirst, order_is_known: true },
                (false, true) => return Self { order: Order::MonthFirst, order_is_known: true },
                _ => {}
            }
        }
        let by = |order| Self { order, order_is_known: false };
        let wait = |order| {
            let first = by(order).moments(text.get(..text.floor_char_boundary(100_000))?, None).into_iter().next()?;
            Some((first.at - near?).num_minutes()).filter(|wait| *wait >= 0)
        };
        match (wait(Order::MonthFirst), wait(Order::DayFirst)) {
            (Some(month), Some(day)) if day < month => by(Order::DayFirst),
            (None, Some(_)) => by(Order::DayFirst),
            _ => by(Order::MonthFirst),
        }
    }

    /// The moments in a text; `beside` are letters of a zone that stand beside it.
    pub(super) fn moments(&self, text: &str, beside: Option<&str>) -> Vec<Moment> {
        let Some(pattern) = MOMENT.as_ref() else { return Vec::new() };
        let mut moments: Vec<Moment> = Vec::new();
        for found in pattern.find_iter(text).take(MOST) {
            let Some(moment) = self.moment(found.as_str(), beside) else { continue };
            let rest = text.get(found.end()..).unwrap_or_default();
            let end = UNTIL.as_ref().and_then(|until| until.captures(rest)).and_then(|until| until.get(1));
            let end = end.and_then(|time| self.until(&moment, found.as_str(), time.as_str(), beside));
            moments.push(moment);
            moments.extend(end);
        }
        // "22:00 - 02:00 CET": the zone behind the second is that of both.
        let zone = moments.iter().find_map(|moment| moment.zone.clone());
        if let Some(zone) = zone.filter(|_| moments.iter().any(|moment| moment.zone.is_none())) {
            for moment in moments.iter_mut().filter(|moment| moment.zone.is_none()) {
                if let Some(read) = self.moment(&moment.text, Some(&zone)) {
                    *moment = read;
                }
            }
        }
        moments
    }

    /// The window of a date and of two times that stand apart from it: `23 November 2026`, `01:00 - 05:00 CET`.
    pub(super) fn apart(&self, date: &str, times: &str, beside: Option<&str>) -> Option<[Moment; 2]> {
        let date = DAY.as_ref()?.find(date)?.as_str();
        <[Moment; 2]>::try_from(self.moments(&format!("{date} {}", times.trim()), beside)).ok()
    }

    /// One moment.
    fn moment(&self, text: &str, beside: Option<&str>) -> Option<Moment> {
        let plain = WORDS.as_ref()?.replace_all(text, " ");
        let written = when::read(&plain, self.order).ok()?;
        let local = written.local(None, text).ok()?;
        let letters = match &written.zone {
            Some(Mark::Offset(seconds)) => {
                let at = when::at_offset(local, *seconds, text).ok()?;
                return Some(Moment { text: text.to_owned(), at, zone: Some("UTC".to_owned()) });
            }
            Some(Mark::Letters(letters)) => Some(letters.clone()),
            Some(Mark::Named(zone)) => Some(zone.name().to_owned()),
            None => beside.map(str::to_owned),
        };
        let likely = |letters: &str| {
            when::named_zone(letters).or_else(|| likely_zone(letters).and_then(|name| name.parse().ok()))
        };
        let zone = letters.as_deref().and_then(likely).unwrap_or(Tz::UTC);
        let at = when::in_zone(local, zone, Repeated::Standard, text).ok()?;
        Some(Moment {
            text: text.to_owned(),
            at,
            zone: letters.map(|letters| if letters == "GMT" { "UTC".to_owned() } else { letters }),
        })
    }

    /// The end of a window of which only the time is written: on the day of its start, or the day after.
    fn until(&self, start: &Moment, written: &str, time: &str, beside: Option<&str>) -> Option<Moment> {
        let date = DAY.as_ref()?.find(written)?.as_str().to_owned();
        let zone = beside.or(start.zone.as_deref());
        let mut end = self.moment(&format!("{date} {time}"), zone)?;
        if end.at <= start.at {
            end.at += TimeDelta::days(1);
        }
        time.clone_into(&mut end.text);
        Some(end)
    }
}
