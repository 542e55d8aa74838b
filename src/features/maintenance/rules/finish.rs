//! From what the parts say together to notices: times in their zones, defaults, and the rules that every notice obeys.

use std::fmt::Write as _;

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::file::Keep;
use super::partial::{Partial, Time, Times};
use super::read::Miss;
use super::rule::{Rule, ZoneRule};
use super::windows::{self, Window};
use crate::features::maintenance::mail::without_prefixes;
use crate::features::maintenance::model::{Circuit, Impact, Notice, Status};
use crate::features::maintenance::when::{self, Mark, WhenError, Year};
use crate::text::clean_line;

/// Ids longer than this are no ids; circuits and accounts are cut.
const MAX_ID_CHARS: usize = 500;
/// A notice that something is done may speak of a window so long ago; others speak of what comes.
const PAST: Days = Days::new(31);
/// Longer summaries are cut.
const MAX_SUMMARY_CHARS: usize = 4000;

/// The notices of everything that was found; `partial` is what they have in common.
pub(super) fn notices(rule: &Rule, slug: &str, mut partial: Partial) -> Result<Vec<Notice>, Miss> {
    let records = std::mem::take(&mut partial.records);
    if records.is_empty() {
        return windows(rule, slug, &partial);
    }
    let mut notices = Vec::with_capacity(records.len());
    for mut record in records {
        record.complete(&partial);
        notices.extend(windows(rule, slug, &record)?);
    }
    Ok(notices)
}

/// One notice for each window.
fn windows(rule: &Rule, slug: &str, partial: &Partial) -> Result<Vec<Notice>, Miss> {
    let with_former = with_former(rule, partial);
    let partial = with_former.as_ref().unwrap_or(partial);
    let stamp = match &partial.stamp {
        Some(stamp) => Some(Clock { rule, partial, made: None }.time(stamp, None)?),
        None => None,
    };
    let clock = Clock { rule, partial, made: stamp };
    let starts = clock.times(&partial.start, partial.year)?;
    let ends = clock.ends(&starts)?;
    let (starts, ends) = match (starts.is_empty() && ends.is_empty(), without_window(rule, partial)) {
        // Nothing is known of the window but that it will not be.
        (true, true) => (vec![Notice::no_window().0], vec![Notice::no_window().1]),
        _ => (starts, ends),
    };
    if starts.is_empty() || ends.is_empty() {
        if let Some(former) = partial.start.former.first().or(partial.end.former.first()) {
            let former = told(former);
            let reason = format!("the only window found is said to be one that no longer holds: {former}");
            return Err(Miss::Other(reason));
        }
        return Err(Miss::Other(format!("no {} of the window found", if starts.is_empty() { "start" } else { "end" })));
    }
    if starts.len() != ends.len() {
        return Err(Miss::Other(format!("{} starts but {} ends of windows found", starts.len(), ends.len())));
    }
    if partial.ids.len() > 1 && partial.ids.len() != starts.len() {
        return Err(Miss::Other(format!("{} ids but {} windows found", partial.ids.len(), starts.len())));
    }
    let mut windows: Vec<Window> = starts.iter().zip(&ends).map(|(start, end)| Window::new(*start, *end)).collect();
    if let [only] = windows.as_slice()
        && !(partial.start.more.is_empty() && partial.end.more.is_empty())
    {
        windows = windows::all(&clock, partial, only.clone()).map_err(Miss::Windows)?;
    }
    let notice = |(index, window)| notice(rule, slug, partial, index, (window, stamp));
    windows.iter().enumerate().map(notice).collect::<Result<_, String>>().map_err(Miss::Other)
}

/// A time as it is written, for people.
fn told(time: &Time) -> String {
    match time {
        Time::At(at) => at.to_string(),
        Time::Text(text, _) => format!("{:?}", clean_line(text)),
    }
}

/// What is cancelled is the window that no longer holds, where the mail names no other.
fn with_former(rule: &Rule, partial: &Partial) -> Option<Partial> {
    let is_cancelled = partial.status.or(rule.default.status) == Some(Status::Cancelled);
    if !is_cancelled || partial.start.former.is_empty() && partial.end.former.is_empty() {
        return None;
    }
    let mut with = Partial::default();
    with.complete(partial);
    for times in [&mut with.start, &mut with.end] {
        if times.values.is_empty() {
            times.values.extend(times.former.first().cloned());
        }
    }
    Some(with)
}

/// Whether the notice is a cancellation that may come without its window.
fn without_window(rule: &Rule, partial: &Partial) -> bool {
    rule.default.cancelled_without_window && partial.status == Some(Status::Cancelled)
}

/// One notice, checked.
fn notice(
    rule: &Rule,
    slug: &str,
    partial: &Partial,
    index: usize,
    (window, stamp): (&Window, Option<DateTime<Utc>>),
) -> Result<Notice, String> {
    let (start, end) = (window.start, window.end);
    let default = &rule.default;
    let status = partial.status.or(default.status).ok_or("no status found")?;
    let circuits = circuits(rule, partial, window)?;
    if circuits.is_empty() && !status.is_final() {
        let stands = match partial.says_cancelled {
            Some(true) => "X-MAINTNOTE-STATUS does not say cancelled".to_owned(),
            _ => format!("the maintenance is {}", status.word()),
        };
        return Err(format!("no circuits found, and {stands}"));
    }
    if end <= start {
        return Err(format!("the window ends at {end}, which is not after its start at {start}"));
    }
    let stamp = stamp.or(default.stamp_is_start.then_some(start)).ok_or("no date of the notice found")?;
    let account = partial.account.as_deref().or(default.account.as_deref());
    let provider = partial.provider.as_deref().or(default.provider.as_deref()).unwrap_or(slug);
    let id = id(rule, partial, index, &circuits, (start, end))?;
    // Where a subject is the summary: that somebody forwarded it is nothing of the maintenance.
    let (_, summary, _) = without_prefixes(partial.summary.as_deref().unwrap_or_default());
    Ok(Notice {
        account: present(account.unwrap_or_default()).map(shortened).ok_or("no account found")?,
        circuits,
        end,
        maintenance_id: word(&id, "maintenance_id")?,
        organizer: clean_line(partial.organizer.as_deref().unwrap_or(&rule.organizer)),
        provider: word(provider, "provider").map(|_| clean_line(provider))?,
        sequence: partial.sequence.unwrap_or(1),
        stamp,
        start,
        status,
        summary: clean_line(summary).chars().take(MAX_SUMMARY_CHARS).collect(),
        uid: clean_line(partial.uid.as_deref().unwrap_or("0")),
        says_cancelled: partial.says_cancelled.unwrap_or_default(),
        sent: None,
    })
}

/// The circuits of a window, each with its impact. One that is badly written must not cost the notice: an id with nothing in it is
/// left out, one that is too long is cut and ends with `…`.
fn circuits(rule: &Rule, partial: &Partial, window: &Window) -> Result<Vec<Circuit>, String> {
    let default = partial.impact.or(rule.default.impact);
    let own = partial.circuits.iter().enumerate().filter(|(index, _)| window.concerns(partial, *index));
    let named = own.filter_map(|(_, (id, impact))| Some((present(id)?, *impact)));
    let circuit = |(id, impact): (String, Option<Impact>)| {
        let impact = impact.or(default).ok_or_else(|| format!("no impact on circuit {id:?} found"))?;
        Ok(Circuit { circuit_id: shortened(id), impact })
    };
    named.map(circuit).collect()
}

/// The id of the window at `index`.
fn id(
    rule: &Rule,
    partial: &Partial,
    index: usize,
    circuits: &[Circuit],
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> Result<String, String> {
    if let Some(id) = partial.ids.get(index).filter(|_| partial.ids.len() > 1) {
        return Ok(id.clone());
    }
    if let (Some(id), index) = (partial.ids.first(), index) {
        let suffix = rule.default.window_suffix.as_ref().filter(|_| index > 0);
        let suffix = suffix.map(|suffix| suffix.replace("{n}", &(index + 1).to_string())).unwrap_or_default();
        return Ok(format!("{id}{suffix}"));
    }
    let Some((each, window)) = &rule.id else { return Err("no maintenance_id found".to_owned()) };
    let mut text: String = circuits.iter().map(|circuit| each.replace("{circuit}", &circuit.circuit_id)).collect();
    let seconds = |time: DateTime<Utc>| time.timestamp().to_string();
    text.push_str(&window.replace("{start}", &seconds(start)).replace("{end}", &seconds(end)));
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    Ok(hash)
}

/// A text that has to be there and names something: cut, it would name something else.
fn word(text: &str, what: &str) -> Result<String, String> {
    let clean = present(text).ok_or_else(|| format!("no {what} found"))?;
    if clean.chars().nth(MAX_ID_CHARS).is_some() {
        return Err(format!("the {what} is longer than {MAX_ID_CHARS} characters"));
    }
    Ok(clean)
}

/// A text made harmless; `None` if nothing is left of it, or what programs write for nothing.
fn present(text: &str) -> Option<String> {
    let clean = clean_line(text);
    let clean = clean.trim();
    (!clean.is_empty() && clean != "None").then(|| clean.to_owned())
}

/// A text that is cut, with a sign that it is, where it is too long.
fn shortened(text: String) -> String {
    if text.chars().nth(MAX_ID_CHARS).is_none() {
        return text;
    }
    text.chars().take(MAX_ID_CHARS - 1).chain(['…']).collect()
}

/// Reads times as the rule and the mail say.
pub(super) struct Clock<'a> {
    /// The rule.
    rule: &'a Rule,
    /// The mail: its city, its zone, its years.
    partial: &'a Partial,
    /// When the notice was made.
    made: Option<DateTime<Utc>>,
}

impl Clock<'_> {
    /// Every time, or the one that counts.
    fn times(&self, times: &Times, year: Option<Year>) -> Result<Vec<DateTime<Utc>>, String> {
        let all: Vec<_> = times.values.iter().map(|time| self.time(time, year)).collect::<Result<_, _>>()?;
        Ok(match times.keep {
            Keep::Earliest => all.into_iter().min().into_iter().collect(),
            Keep::Latest => all.into_iter().max().into_iter().collect(),
            Keep::First | Keep::Last | Keep::All | Keep::Worst => all,
        })
    }

    /// The ends of windows: as written, else by their length.
    fn ends(&self, starts: &[DateTime<Utc>]) -> Result<Vec<DateTime<Utc>>, String> {
        let partial = self.partial;
        let each = |times: &Times| !matches!(times.keep, Keep::Earliest | Keep::Latest);
        let year = self.year_of_ends();
        if !partial.end.values.is_empty() && each(&partial.end) && each(&partial.start) {
            let begins = partial.start.values.iter().map(Some).chain(std::iter::repeat(None));
            return partial.end.values.iter().zip(begins).map(|(end, start)| self.end(end, start, year)).collect();
        }
        if !partial.end.values.is_empty() {
            return self.times(&partial.end, year);
        }
        let length = match (partial.hours, partial.minutes) {
            (None, None) => self.rule.default.minutes.map(i64::from),
            (hours, minutes) => Some(i64::from(hours.unwrap_or(0)) * 60 + i64::from(minutes.unwrap_or(0))),
        };
        let Some(length) = length.map(TimeDelta::minutes) else { return Ok(Vec::new()) };
        let end = |start: &DateTime<Utc>| start.checked_add_signed(length).ok_or("the window is too long".to_owned());
        starts.iter().map(end).collect()
    }

    /// The year of ends that have none.
    pub(super) fn year_of_ends(&self) -> Option<Year> {
        self.partial.end_year.or(self.partial.year)
    }

    /// One end. Of which only the time is written is on the day of its start, or on the day after.
    pub(super) fn end(&self, end: &Time, start: Option<&Time>, year: Option<Year>) -> Result<DateTime<Utc>, String> {
        let read = self.time(end, year);
        let (Err(_), Time::Text(text, beside), Some(Time::Text(start, beside_start))) = (&read, end, start) else {
            return read;
        };
        let Some((time, zone)) = when::read_time(text) else { return read };
        let on_its_day = || {
            let begun = when::read(start, self.rule.dates.order)?;
            let from = begun.local(self.partial.year.or(self.near()), start)?;
            let same_day = from.date().and_time(time);
            let days = u64::from(same_day <= from);
            let local = same_day.checked_add_days(Days::new(days)).unwrap_or(same_day);
            let beside = beside.as_deref().or(beside_start.as_deref());
            self.instant(local, zone.or(begun.zone).as_ref(), beside, text)
        };
        on_its_day().map_err(|error: WhenError| error.to_string())
    }

    /// The year of dates without one, where the mail names none and the rule says that they are near the notice.
    fn near(&self) -> Option<Year> {
        let since = self.made?.date_naive().checked_sub_days(PAST)?;
        self.rule.dates.near_stamp.then_some(Year::Since(since))
    }

    /// One time.
    fn time(&self, time: &Time, year: Option<Year>) -> Result<DateTime<Utc>, String> {
        self.instant_of(time, year).map_err(|error| error.to_string())
    }

    /// One time, or what is wrong with it.
    pub(super) fn instant_of(&self, time: &Time, year: Option<Year>) -> Result<DateTime<Utc>, WhenError> {
        match time {
            Time::At(at) => Ok(*at),
            Time::Text(text, zone) => self.read(text, zone.as_deref(), year),
        }
    }

    /// One time by the clock that it is told by; `None` if it is none.
    pub(super) fn local_of(&self, time: &Time, year: Option<Year>) -> Option<NaiveDateTime> {
        let Time::Text(text, _) = time else { return None };
        when::read(text, self.rule.dates.order).ok()?.local(year.or(self.near()), text).ok()
    }

    /// Whether it is said by which clock a time is told.
    pub(super) fn names_zone(&self, time: &Time) -> bool {
        match time {
            Time::At(_) => true,
            Time::Text(text, zone) => {
                zone.is_some() || when::read(text, self.rule.dates.order).is_ok_and(|written| written.zone.is_some())
            }
        }
    }

    /// A time as written.
    fn read(&self, text: &str, beside: Option<&str>, year: Option<Year>) -> Result<DateTime<Utc>, WhenError> {
        let written = when::read(text, self.rule.dates.order)?;
        let local = written.local(year.or(self.near()), text)?;
        self.instant(local, written.zone.as_ref(), beside, text)
    }

    /// A local time: in the zone in its text, else beside it, else of the mail, else of the rule.
    fn instant(
        &self,
        local: NaiveDateTime,
        written: Option<&Mark>,
        beside: Option<&str>,
        text: &str,
    ) -> Result<DateTime<Utc>, WhenError> {
        let dates = &self.rule.dates;
        let letters = match written {
            Some(Mark::Offset(seconds)) => return when::at_offset(local, *seconds, text),
            Some(Mark::Named(zone)) => return when::in_zone(local, *zone, dates.repeated, text),
            Some(Mark::Letters(letters)) => Some(letters.as_str()),
            None => beside.or(self.partial.zone.as_deref()),
        };
        let in_zone = |zone| when::in_zone(local, zone, dates.repeated, text);
        let Some(letters) = letters else {
            return match dates.zone {
                ZoneRule::Fixed(zone) => in_zone(zone),
                ZoneRule::City => in_zone(when::zone_of_city(self.partial.city.as_deref().unwrap_or_default())?),
            };
        };
        let letters = letters.trim().to_uppercase();
        if let Some(zone) = dates.zones.get(&letters) {
            return in_zone(*zone);
        }
        if matches!(letters.as_str(), "UTC" | "GMT" | "Z" | "UT") {
            return when::at_offset(local, 0, text);
        }
        let named = beside.or(self.partial.zone.as_deref()).and_then(|name| when::named_zone(name.trim()));
        match named {
            Some(zone) => in_zone(zone),
            None => Err(WhenError::UnknownZone { zone: letters, text: text.to_owned() }),
        }
    }
}
