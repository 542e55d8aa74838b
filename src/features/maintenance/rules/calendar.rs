//! iCalendar with the properties of the BCOP draft "Maintenance Notifications": each event is a complete maintenance.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, read_calendar, unfold};

use super::partial::{Partial, Time, Times};
use super::repeating;
use super::windows_zones::zone_of_windows_name;
use crate::features::maintenance::mail::Part;
use crate::features::maintenance::model::{Impact, Status};
use crate::features::maintenance::when::{Repeated, at_offset, in_zone};

/// Calendars nested deeper are refused: the parser descends into each.
const MAX_DEPTH: usize = 8;
/// More events than this are refused.
const MAX_EVENTS: usize = 1000;

/// Every event of every calendar in a part.
pub(super) fn read(part: &Part) -> Result<Partial, String> {
    let text = unwrap_base64(part.as_text());
    let mut partial = Partial::default();
    for calendar in calendars(&text)? {
        let parsed = read_calendar(&calendar).map_err(|_| "the calendar is malformed".to_owned())?;
        let zones = Zones { calendar: &parsed.components };
        let method = parsed.properties.iter().find(|property| property.name == "METHOD");
        let method = method.map(|property| property.val.as_str().trim()).or(part.method());
        let is_cancelled = method.is_some_and(|method| method.eq_ignore_ascii_case("CANCEL"));
        let events = || parsed.components.iter().filter(|component| component.name == "VEVENT");
        let replaced = repeating::replaced(events(), &zones)?;
        for component in events() {
            if partial.records.len() >= MAX_EVENTS {
                return Err(format!("the calendar has more than {MAX_EVENTS} events"));
            }
            let mut record = event(component, &zones).map_err(|reason| told(component, &reason))?;
            if record.status == Some(Status::NoChange) && (is_cancelled || has_status_cancelled(component)) {
                record.says_cancelled = Some(true);
            }
            add_windows(&mut partial.records, record, component, &zones, &replaced)?;
        }
    }
    if partial.records.is_empty() { Err("the calendar has no event".to_owned()) } else { Ok(partial) }
}

/// Why an event cannot be read, with its id: a calendar may have several.
fn told(event: &Component<'_>, reason: &str) -> String {
    let id = event.find_prop("X-MAINTNOTE-MAINTENANCE-ID").map(|id| unescape(id.val.as_str()));
    match id.filter(|id| !id.is_empty()) {
        Some(id) => format!("{id}: {reason}"),
        None => reason.to_owned(),
    }
}

/// Whether nothing is lost of a calendar that cannot be read: it has no maintenance, or is the damaged copy of one that can. A
/// copy has no event with another id, time, status, circuit or impact than one of `read`, and is not the only one that cancels.
pub(super) fn is_copy(part: &Part, read: &[&Part]) -> bool {
    let known: Vec<Vec<String>> = read.iter().flat_map(|read| events(read)).collect();
    let is_known = |event: &Vec<String>| known.iter().any(|known| event.iter().all(|fact| known.contains(fact)));
    let events = events(part);
    let cancels_alone = || says_cancelled(part) && !read.iter().any(|read| says_cancelled(read));
    let is_all_known = || !events.is_empty() && events.iter().all(|event| !event.is_empty() && is_known(event));
    !is_maintenance(part) || (is_all_known() && !cancels_alone())
}

/// What the events of a part say that may be no whole calendar, by the lines that count.
fn events(part: &Part) -> Vec<Vec<String>> {
    const NAMES: [&str; 7] = [
        "X-MAINTNOTE-MAINTENANCE-ID",
        "X-MAINTNOTE-STATUS",
        "X-MAINTNOTE-OBJECT-ID",
        "X-MAINTNOTE-IMPACT",
        "UID",
        "DTSTART",
        "DTEND",
    ];
    let mut events: Vec<Vec<String>> = Vec::new();
    for line in plain_text(part.as_text()).lines().map(str::trim) {
        let name = property_name(line).unwrap_or_default().to_ascii_uppercase();
        if line.eq_ignore_ascii_case("BEGIN:VEVENT") {
            events.push(Vec::new());
        } else if let Some(event) = events.last_mut().filter(|_| NAMES.contains(&name.as_str())) {
            event.push(format!("{name}{}", line.get(name.len()..).unwrap_or_default()));
        }
    }
    events
}

/// Adds an event, once for each of its windows.
fn add_windows(
    records: &mut Vec<Partial>,
    record: Partial,
    event: &Component<'_>,
    zones: &Zones<'_>,
    replaced: &[(String, repeating::Instance)],
) -> Result<(), String> {
    let ([Time::At(start)], [Time::At(end)]) = (record.start.values.as_slice(), record.end.values.as_slice()) else {
        records.push(record);
        return Ok(());
    };
    let Some(windows) = repeating::windows(event, zones, (*start, *end), replaced)? else {
        records.push(record);
        return Ok(());
    };
    if records.len() + windows.len() > MAX_EVENTS {
        return Err(format!("the calendar has more than {MAX_EVENTS} events"));
    }
    for (start, end) in windows {
        let mut window = Partial { start: one(Time::At(start)), end: one(Time::At(end)), ..Partial::default() };
        window.complete(&record);
        records.push(window);
    }
    Ok(())
}

/// Whether an event is cancelled in the words of calendars.
fn has_status_cancelled(event: &Component<'_>) -> bool {
    let is = |property: &Property<'_>| {
        property.name == "STATUS" && property.val.as_str().trim().eq_ignore_ascii_case("CANCELLED")
    };
    event.properties.iter().any(is)
}

/// Whether a calendar says cancelled, in its own words or in those of the draft, be it read or not.
pub(super) fn says_cancelled(part: &Part) -> bool {
    let text = plain_text(part.as_text());
    let has_status =
        ["STATUS", "X-MAINTNOTE-STATUS"].iter().any(|name| values(&text, name).any(|word| is_word(word, "CANCELLED")));
    has_status || is_for(part, &text, "CANCEL")
}

/// What a text says in each line that is the property of this name.
fn values<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| {
        let (property, value) = line.split_once(':')?;
        is_word(property.split(';').next()?, name).then_some(value)
    })
}

/// Whether this is the word, whose case does not matter.
fn is_word(text: &str, word: &str) -> bool {
    text.trim().eq_ignore_ascii_case(word)
}

/// Whether a calendar is there for this METHOD by what it says of itself, else by the header of its part.
fn is_for(part: &Part, text: &str, method: &str) -> bool {
    let mut own = values(text, "METHOD").peekable();
    let has_own = own.peek().is_some();
    own.chain(part.method().filter(|_| !has_own)).any(|word| is_word(word, method))
}

/// A single time.
fn one(time: Time) -> Times {
    Times { values: vec![time], ..Times::default() }
}

/// Whether a part is a calendar with maintenance properties.
pub(super) fn is_maintenance(part: &Part) -> bool {
    const PREFIX: &str = "X-MAINTNOTE-";
    let text = unwrap_base64(part.as_text());
    let begins = |line: &str, word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    // Who accepts an invitation sends its calendar back.
    (text.contains(PREFIX) || text.lines().any(|line| begins(line, PREFIX))) && !is_for(part, &text, "REPLY")
}

/// What calendars say for detection.
pub(super) fn plain_text(part: &str) -> String {
    unfold(&unwrap_base64(part))
}

/// A calendar may be base64 once more inside the decoded part.
fn unwrap_base64(part: &str) -> std::borrow::Cow<'_, str> {
    if part.contains("BEGIN:") || part.contains("begin:") {
        return part.into();
    }
    let letters: String = part.split_whitespace().collect();
    match STANDARD.decode(letters) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        Err(_) => part.into(),
    }
}

/// Each calendar of the text by itself: lines unfolded, with the line ends that the parser searches for, blank lines and
/// what is around the calendar left out.
fn calendars(text: &str) -> Result<Vec<String>, String> {
    let lines = unfold(text);
    let mut calendars = Vec::new();
    let mut open: Option<String> = None;
    let mut depth = 0_usize;
    let lines = lines.trim_start_matches('\u{feff}').lines().map(|line| line.trim_end_matches('\r'));
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let starts = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if starts("BEGIN:") {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err("the calendar nests too deeply".to_owned());
            }
            if open.is_none() && line.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR") {
                (open, depth) = (Some(String::with_capacity(text.len())), 1);
            }
        }
        let Some(calendar) = &mut open else { continue };
        // Some mailers break lines without the blank that says so; what is left of such a line is no property.
        let Some(name) = property_name(line) else { continue };
        let line = if starts("BEGIN:") || starts("END:") { line.trim_end() } else { line };
        // Names mean the same in small letters; what is looked for is in capitals.
        calendar.push_str(&name.to_ascii_uppercase());
        calendar.push_str(line.get(name.len()..).unwrap_or_default());
        calendar.push_str("\r\n");
        if starts("END:") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                calendars.extend(open.take());
            }
        }
    }
    if open.is_some() || calendars.is_empty() { Err("the calendar is cut or absent".to_owned()) } else { Ok(calendars) }
}

/// The name of the property on a line, if there is one.
fn property_name(line: &str) -> Option<&str> {
    let name = line.split([':', ';']).next()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_name && name.len() < line.len()).then_some(name)
}

/// One event.
fn event(event: &Component<'_>, zones: &Zones<'_>) -> Result<Partial, String> {
    let text =
        |name: &str| event.find_prop(name).map(|found| unescape(found.val.as_str())).filter(|text| !text.is_empty());
    let time = |name: &str| match event.find_prop(name) {
        Some(found) => zones.time(found, found.val.as_str()).map(Time::At),
        None => Err(format!("the event has no {name}")),
    };
    let status = match text("X-MAINTNOTE-STATUS") {
        Some(word) => word.parse::<Status>().map_err(|error| error.to_string())?,
        None => Status::NoChange,
    };
    let sequence = match text("SEQUENCE") {
        Some(number) => number.parse().map_err(|_| format!("SEQUENCE {number:?} is no number"))?,
        None => -1,
    };
    let start = time("DTSTART")?;
    let length = event.find_prop("DURATION").filter(|_| event.find_prop("DTEND").is_none());
    let end = match (length, &start) {
        (Some(length), Time::At(start)) => Time::At(length_of(*start, length.val.as_str().trim())?),
        _ => time("DTEND")?,
    };
    Ok(Partial {
        ids: text("X-MAINTNOTE-MAINTENANCE-ID").into_iter().collect(),
        account: text("X-MAINTNOTE-ACCOUNT"),
        summary: text("SUMMARY"),
        organizer: text("ORGANIZER"),
        // Compared as it is written, blanks at its end included.
        provider: event.find_prop("X-MAINTNOTE-PROVIDER").map(|found| unescape_all(found.val.as_str())),
        uid: text("UID"),
        sequence: Some(sequence),
        status: Some(status),
        circuits: circuits(event)?,
        start: one(start),
        end: one(end),
        stamp: Some(time("DTSTAMP")?),
        ..Partial::default()
    })
}

/// The time that comes so long after `start`: `P1DT2H30M`, `PT90M`, `P2W`.
pub(super) fn length_of(start: DateTime<Utc>, length: &str) -> Result<DateTime<Utc>, String> {
    let unreadable = || format!("DURATION {length:?} is no length of time");
    let mut minutes = 0_i64;
    let mut number = String::new();
    let mut of_day = false;
    for c in length.trim_start_matches('+').strip_prefix('P').ok_or_else(unreadable)?.chars() {
        let unit = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            'T' if number.is_empty() => {
                of_day = true;
                continue;
            }
            'W' => 7 * 24 * 60,
            'D' => 24 * 60,
            'H' if of_day => 60,
            'M' if of_day => 1,
            // Nobody plans by the second.
            'S' if of_day => 0,
            _ => return Err(unreadable()),
        };
        let count: i64 = std::mem::take(&mut number).parse().map_err(|_| unreadable())?;
        minutes = count.checked_mul(unit).and_then(|length| minutes.checked_add(length)).ok_or_else(unreadable)?;
    }
    let length = TimeDelta::try_minutes(minutes).filter(|_| number.is_empty());
    length.and_then(|length| start.checked_add_signed(length)).ok_or_else(unreadable)
}

/// The objects of an event, each with its impact: its own, else the event's.
fn circuits(event: &Component<'_>) -> Result<Vec<(String, Option<Impact>)>, String> {
    let word = |word: &str| word.parse::<Impact>().map_err(|error| error.to_string());
    let of_event = event.find_prop("X-MAINTNOTE-IMPACT").map(|found| word(found.val.as_str().trim())).transpose()?;
    let objects = event.properties.iter().filter(|property| property.name == "X-MAINTNOTE-OBJECT-ID");
    objects
        // One without an id says nothing, and need not say an impact either.
        .filter(|object| !object.val.as_str().trim().is_empty())
        .map(|object| {
            let own =
                object.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("X-MAINTNOTE-OBJECT-IMPACT"));
            let own =
                own.and_then(|param| param.val.as_ref()).map(|found| word(found.as_str().trim_matches([' ', '"'])));
            let impact = own.transpose()?.or(of_event);
            let id = unescape(object.val.as_str());
            if impact.is_none() {
                return Err(format!("the event says nothing of the impact on {id:?}"));
            }
            Ok((id, impact))
        })
        .collect()
}

/// A value with its escapes undone (RFC 5545 §3.3.11), without the blanks around it. Properties that the parser knows
/// to be text come undone already; what is left then has no escapes.
fn unescape(value: &str) -> String {
    unescape_all(value).trim().to_owned()
}

/// A value with its escapes undone.
fn unescape_all(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(escaped @ ('\\' | ',' | ';')) => text.push(escaped),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text
}

/// The time zones that a calendar brings along.
pub(super) struct Zones<'a> {
    /// Its components.
    calendar: &'a [Component<'a>],
}

impl Zones<'_> {
    /// The instant of a value of a property.
    pub(super) fn time(&self, property: &Property<'_>, value: &str) -> Result<DateTime<Utc>, String> {
        let local = local(property, value)?;
        if value.trim().ends_with(['Z', 'z']) { Ok(local.and_utc()) } else { self.in_zone_of(property, local) }
    }

    /// The instant of another local time by the clock of a property.
    pub(super) fn instant(&self, local: NaiveDateTime, like: &Property<'_>) -> Result<DateTime<Utc>, String> {
        if like.val.as_str().trim().ends_with(['Z', 'z']) {
            return Ok(local.and_utc());
        }
        self.in_zone_of(like, local)
    }

    /// A local time in the zone that a property names.
    fn in_zone_of(&self, property: &Property<'_>, local: NaiveDateTime) -> Result<DateTime<Utc>, String> {
        let zone = property.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("TZID"));
        let zone = zone.and_then(|param| param.val.as_ref()).map(|name| name.as_str().trim_matches(['"', ' ']));
        match zone {
            // A floating time is the reader's local time by the standard; a notice to the world means UTC.
            None => Ok(local.and_utc()),
            Some(name) => self.in_zone(local, name),
        }
    }

    /// A local time in a zone by name: an IANA name, a Windows name, or a VTIMEZONE of the calendar.
    fn in_zone(&self, local: NaiveDateTime, name: &str) -> Result<DateTime<Utc>, String> {
        // "/freeassociation.sourceforge.net/Europe/Berlin" ends with the IANA name.
        let tail = name.trim_start_matches('/');
        let tails = std::iter::successors(Some(tail), |tail| tail.split_once('/').map(|(_, rest)| rest));
        let known = tails.into_iter().find_map(|tail| tail.parse::<Tz>().ok()).or_else(|| zone_of_windows_name(name));
        if let Some(zone) = known {
            // A time that a clock shows twice is the first of the two (RFC 5545 §3.3.5).
            return in_zone(local, zone, Repeated::Daylight, name).map_err(|error| error.to_string());
        }
        let seconds = self
            .offset(local, name)
            .or_else(|| fixed_offset(name))
            .ok_or_else(|| format!("time zone {name:?} is not known"))?;
        at_offset(local, seconds, name).map_err(|error| error.to_string())
    }

    /// The offset of a VTIMEZONE at a local time: that of the last of its changes before it, by month and day of the
    /// change where it comes back every year.
    fn offset(&self, local: NaiveDateTime, name: &str) -> Option<i32> {
        let is_zone = |component: &&Component<'_>| {
            component.name == "VTIMEZONE"
                && component.find_prop("TZID").is_some_and(|id| id.val.as_str().trim() == name)
        };
        let zone = self.calendar.iter().find(is_zone)?;
        let changes = zone.components.iter().filter_map(|change| {
            let start = change.find_prop("DTSTART")?.val.as_str().trim();
            let start = NaiveDateTime::parse_from_str(start, "%Y%m%dT%H%M%S").ok()?;
            let rule = change.find_prop("RRULE").map(|rule| rule.val.as_str());
            let offset = offset_seconds(change.find_prop("TZOFFSETTO")?.val.as_str().trim())?;
            Some((super::recurrence::last_before(start, rule, local)?, offset))
        });
        let changes: Vec<(NaiveDateTime, i32)> = changes.collect();
        match changes.iter().max_by_key(|(at, _)| *at) {
            Some((_, offset)) => Some(*offset),
            // Before the first change: the zone's standard time.
            None => zone.components.iter().find_map(|change| {
                (change.name == "STANDARD")
                    .then(|| offset_seconds(change.find_prop("TZOFFSETTO")?.val.as_str().trim()))?
            }),
        }
    }
}

/// A value of a property as its clock shows it.
pub(super) fn local(property: &Property<'_>, value: &str) -> Result<NaiveDateTime, String> {
    let value = value.trim();
    let local = value.strip_suffix(['Z', 'z']).unwrap_or(value);
    NaiveDateTime::parse_from_str(local, "%Y%m%dT%H%M%S")
        .or_else(|_| NaiveDateTime::parse_from_str(local, "%Y%m%dT%H%M"))
        .map_err(|_| format!("{} {value:?} is no date and time", property.name.as_str()))
}

/// The seconds of a name that says its offset: `UTC+2`, `GMT-0330`, `UTC+05:30`.
fn fixed_offset(name: &str) -> Option<i32> {
    let letters =
        name.get(..3).filter(|letters| ["UTC", "GMT"].iter().any(|known| letters.eq_ignore_ascii_case(known)));
    let offset = letters.and_then(|_| name.get(3..))?.replace(':', "");
    let digits = offset.strip_prefix(['+', '-'])?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let sign = offset.get(..1)?;
    let written = match digits.len() {
        1 => format!("{sign}0{digits}00"),
        2 => format!("{sign}{digits}00"),
        4 => offset,
        _ => return None,
    };
    offset_seconds(&written).filter(|seconds| seconds.abs() <= 14 * 3600)
}

/// `+0530` in seconds.
fn offset_seconds(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.trim_start_matches(['+', '-']);
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|digits| digits.parse::<i32>().ok());
    let seconds = part(0..2)? * 3600 + part(2..4)? * 60 + part(4..6).unwrap_or(0);
    Some(sign * seconds)
}
