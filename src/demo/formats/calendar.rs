//! The iCalendar part with X-MAINTNOTE properties of the BCOP draft, as many providers send it: each in its own dialect.

use chrono::{DateTime, TimeZone, Utc};

use super::super::announcement::{Affected, Announcement};
use super::super::mime::Part;
use super::super::story::{Calendar, Dates, Effect};
use super::super::when::Window;
use super::{Letter, html, utc};
use crate::features::maintenance::model::{Impact, Status};

/// Octets of a content line before it is folded (RFC 5545 §3.1).
const FOLD: usize = 74;

/// Times in UTC.
const UTC_TIME: &str = "%Y%m%dT%H%M%SZ";

/// The clock changes of Central European Time since 1996, for those who send a zone of their own.
const CENTRAL_EUROPE: &str = "BEGIN:DAYLIGHT\nDTSTART:19960331T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
    TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT\n\
    BEGIN:STANDARD\nDTSTART:19961027T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n\
    TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n";

/// The mail of a provider that sends calendars.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let Some(dialect) = &announcement.provider.calendar else {
        return Letter { subject: String::new(), body: Part::text("text/plain", announcement.work.clone()) };
    };
    let calendar = Part::Text {
        kind: "text/calendar",
        parameters: "; method=PUBLISH",
        name: (!announcement.shape.bare).then(|| "maintenance.ics".to_owned()),
        text: calendar(announcement, dialect),
    };
    let body = if announcement.shape.bare {
        calendar
    } else {
        Part::Several { kind: "mixed", parts: vec![for_people(announcement), calendar] }
    };
    Letter { subject: fill(&dialect.subject, announcement, 0), body }
}

/// The part that people read.
fn for_people(announcement: &Announcement<'_>) -> Part {
    let mut lines = vec![format!("Dear {},", announcement.customer.name), String::new()];
    lines.push(match announcement.status {
        Status::Cancelled => "the work below will not take place.".to_owned(),
        Status::Completed => "the work below is finished.".to_owned(),
        Status::InProcess => "the work below has begun.".to_owned(),
        Status::ReScheduled => "the work below was moved. These are the new times.".to_owned(),
        Status::Confirmed | Status::Tentative | Status::NoChange => "please take note of the work below.".to_owned(),
    });
    lines.push(String::new());
    lines.push(format!("Work: {}", announcement.work));
    lines.push(format!("Place: {}", announcement.about.site));
    for (id, window) in announcement.ids.iter().zip(&announcement.windows) {
        let (start, end) = (utc(window.start, "%Y-%m-%d %H:%M"), utc(window.end, "%Y-%m-%d %H:%M"));
        lines.push(format!("{id}: {start} - {end} UTC"));
    }
    lines.extend(announcement.circuits.iter().map(|circuit| format!("  {}", circuit.id)));
    lines.push("\nThe times for your calendar are attached.".to_owned());
    let text = Part::text("text/plain", lines.join("\n"));
    if !announcement.shape.html {
        return text;
    }
    let rows: Vec<_> = lines.iter().map(|line| html(line)).collect();
    let page = format!("<html><body>\n<p>{}</p>\n</body></html>\n", rows.join("</p>\n<p>"));
    let page = Part::text("text/html", page);
    Part::Several { kind: "alternative", parts: vec![text, page] }
}

/// The iCalendar stream, lines ending in LF.
fn calendar(announcement: &Announcement<'_>, dialect: &Calendar) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        format!("PRODID:{}", dialect.product),
        "METHOD:PUBLISH".to_owned(),
    ];
    if dialect.dates == Dates::Zone {
        lines.push("BEGIN:VTIMEZONE".to_owned());
        lines.push(format!("TZID:{}", announcement.provider.zone));
        lines.extend(CENTRAL_EUROPE.lines().map(str::to_owned));
        lines.push("END:VTIMEZONE".to_owned());
    }
    for number in 0..announcement.windows.len() {
        event(&mut lines, announcement, dialect, number);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| fold(line) + "\n").collect()
}

/// One window.
fn event(lines: &mut Vec<String>, announcement: &Announcement<'_>, dialect: &Calendar, number: usize) {
    let (Some(window), Some(id)) = (announcement.windows.get(number), announcement.ids.get(number)) else { return };
    let (start, end) = dates(announcement, dialect, *window);
    lines.push("BEGIN:VEVENT".to_owned());
    lines.push(format!("UID:{}", fill(&dialect.uid, announcement, number)));
    lines.push(format!("DTSTAMP:{}", utc(announcement.made, UTC_TIME)));
    lines.push(format!("DTSTART{start}"));
    lines.push(format!("DTEND{end}"));
    lines.push(format!("SUMMARY:{}", escape(&fill(&dialect.summary, announcement, number))));
    lines.push(format!("DESCRIPTION:{}", escape(&format!("{}\n{}", announcement.work, announcement.about.site))));
    lines.push(format!("SEQUENCE:{}", announcement.sequence));
    lines.push(format!("ORGANIZER;CN=\"{}\":mailto:{}", dialect.provider.trim(), dialect.organizer));
    lines.push(format!("X-MAINTNOTE-PROVIDER:{}", escape(&dialect.provider)));
    lines.push(format!("X-MAINTNOTE-ACCOUNT:{}", escape(&announcement.provider.account)));
    lines.push(format!("X-MAINTNOTE-MAINTENANCE-ID:{}", escape(id)));
    if announcement.status != Status::NoChange {
        lines.push(format!("X-MAINTNOTE-STATUS:{}", announcement.status.as_str()));
    }
    if !(dialect.cancels_without_circuits && announcement.status == Status::Cancelled) {
        circuits(lines, &announcement.circuits, dialect);
    }
    lines.push("END:VEVENT".to_owned());
}

/// What happens to which circuit.
fn circuits(lines: &mut Vec<String>, circuits: &[Affected], dialect: &Calendar) {
    let impacts = circuits.iter().filter_map(|circuit| match circuit.effect {
        Effect::Impact(impact) => Some((impact, circuit)),
        Effect::Untouched => None,
    });
    let worst = impacts.clone().map(|(impact, _)| impact).max().unwrap_or(Impact::Outage);
    lines.push(format!("X-MAINTNOTE-IMPACT:{}", worst.as_str()));
    for (impact, circuit) in impacts {
        let parameter = if dialect.impact_per_circuit {
            format!(";X-MAINTNOTE-OBJECT-IMPACT={}", impact.as_str())
        } else {
            String::new()
        };
        lines.push(format!("X-MAINTNOTE-OBJECT-ID{parameter}:{}", escape(&circuit.id)));
    }
}

/// What follows DTSTART and DTEND.
fn dates(announcement: &Announcement<'_>, dialect: &Calendar, window: Window) -> (String, String) {
    let zone = announcement.provider.zone;
    let write = |moment: DateTime<Utc>| {
        let local = moment.with_timezone(&zone).naive_local();
        // A local time that comes twice means the first (RFC 5545 §3.3.5); the second can only be said in UTC.
        let is_clear = zone.from_local_datetime(&local).earliest().is_some_and(|first| first == moment);
        match dialect.dates {
            Dates::Zone if is_clear => format!(";TZID={zone}:{}", local.format("%Y%m%dT%H%M%S")),
            Dates::Plain | Dates::Zone => format!(":{}", utc(moment, UTC_TIME)),
            Dates::Value => format!(";VALUE=DATE-TIME:{}", utc(moment, UTC_TIME)),
        }
    };
    (write(window.start), write(window.end))
}

/// A text of the dialect with what it leaves open.
fn fill(text: &str, announcement: &Announcement<'_>, number: usize) -> String {
    let word = match announcement.status {
        Status::Tentative | Status::Confirmed if announcement.sequence == 1 => "New",
        Status::Tentative | Status::Confirmed | Status::NoChange => "Update",
        Status::Cancelled => "Cancelled",
        Status::InProcess => "Started",
        Status::Completed => "Completed",
        Status::ReScheduled => "Rescheduled",
    };
    let kind = if announcement.about.emergency { "Emergency" } else { "Planned" };
    let id = announcement.ids.get(number).map_or("", String::as_str);
    text.replace("{id}", id).replace("{word}", word).replace("{kind}", kind).replace("{work}", &announcement.work)
}

/// RFC 5545 §3.3.11.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// RFC 5545 §3.1: by octets, never inside a character.
fn fold(line: &str) -> String {
    let mut folded = String::new();
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > FOLD {
            folded.push_str("\n ");
            width = 1;
        }
        width += c.len_utf8();
        folded.push(c);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_unfold_to_what_they_were() {
        let line = "X-MAINTNOTE-ACCOUNT:".to_owned() + &"日本語 text ".repeat(40);
        let folded = fold(&line);
        assert!(folded.lines().all(|line| line.len() <= 75));
        assert_eq!(folded.replace("\n ", ""), line);
    }
}
