//! Maintenances as a calendar: one event for each window, with the properties of the BCOP draft, so that calendar
//! programs show when and where, and other tools (noctui included) can read all of it back.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use sha2::{Digest, Sha256};

use super::inventory::Standing;
use super::model::{Circuit, Impact, Status, status_in_words};
use crate::text::{clean_line, clean_text};

/// One window of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who announced it: the name under which it is filed.
    pub provider: String,
    /// Our account there.
    pub account: String,
    /// The provider's id.
    pub maintenance_id: String,
    /// Which of the windows that share the id, from 0. Together with provider and id it makes the event's identity, so
    /// a window that was moved stays the same event.
    pub window: usize,
    /// First moment.
    pub start: DateTime<Utc>,
    /// After `start`.
    pub end: DateTime<Utc>,
    /// Where it stands; [`Status::NoChange`] when no notice ever said.
    pub status: Status,
    /// Whether its calendar says cancelled beside a status that does not.
    pub says_cancelled: bool,
    /// Its circuits; may be none.
    pub circuits: Vec<Circuit>,
    /// Whether each of them is one of the user's; empty without an inventory.
    pub standings: Vec<Standing>,
    /// What is done.
    pub summary: String,
    /// Whom to ask, with or without `mailto:`; left out of the calendar when it is no address.
    pub organizer: String,
    /// How often it changed; calendar programs keep the highest.
    pub revision: u32,
    /// When it changed last.
    pub stamp: DateTime<Utc>,
}

/// How a calendar ends.
pub const CLOSING: &str = "END:VCALENDAR\r\n";

/// A calendar of `entries` as a file: UTF-8, lines ending in CR LF and folded.
pub fn calendar(entries: impl IntoIterator<Item = Entry>) -> String {
    let events: String = entries.into_iter().map(|entry| component(&entry)).collect();
    opening() + &events + CLOSING
}

/// How a calendar begins that is written piece by piece: any number of [`component`]s follow, then [`CLOSING`].
#[must_use]
pub fn opening() -> String {
    // Not `Calendar::new()`, which brings a PRODID of its own.
    let mut calendar = Calendar::empty();
    for (name, value) in [
        ("VERSION", "2.0"),
        ("PRODID", concat!("-//noctui//noctui ", env!("CARGO_PKG_VERSION"), "//EN")),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(name, value));
    }
    calendar.name("Circuit maintenances");
    let whole = calendar.to_string();
    whole.strip_suffix(CLOSING).map_or_else(|| whole.clone(), str::to_owned)
}

/// The piece of a calendar for one window.
#[must_use]
pub fn component(entry: &Entry) -> String {
    // Writing to a text fails never.
    event(entry).try_into_string().unwrap_or_default()
}

/// The event of one window.
fn event(entry: &Entry) -> Event {
    let mut event = Event::new();
    event.uid(&uid(entry)).timestamp(entry.stamp).sequence(entry.revision).starts(entry.start).ends(entry.end);
    event.summary(&title(entry)).description(&details(entry));
    // Nobody is busy because a circuit is down.
    event.add_property("TRANSP", "TRANSPARENT");
    if let Some(status) = event_status(entry.status) {
        event.status(status);
    }
    if let Some(organizer) = organizer(&entry.organizer) {
        event.add_property("ORGANIZER", organizer);
    }
    for (name, value) in [
        ("X-MAINTNOTE-PROVIDER", &entry.provider),
        ("X-MAINTNOTE-ACCOUNT", &entry.account),
        ("X-MAINTNOTE-MAINTENANCE-ID", &entry.maintenance_id),
    ] {
        event.add_property(name, clean_line(value));
    }
    if entry.status != Status::NoChange {
        event.add_property("X-MAINTNOTE-STATUS", entry.status.as_str());
    }
    if let Some(worst) = worst(entry) {
        event.add_property("X-MAINTNOTE-IMPACT", worst.as_str());
    }
    for circuit in &entry.circuits {
        let mut property = Property::new("X-MAINTNOTE-OBJECT-ID", clean_line(&circuit.circuit_id));
        property.add_parameter("X-MAINTNOTE-OBJECT-IMPACT", circuit.impact.as_str());
        event.append_multi_property(property);
    }
    event
}

/// The same for the same window for ever, and different from every other's. Ids of providers may hold anything, so they
/// are not spelled out.
fn uid(entry: &Entry) -> String {
    let identity = Sha256::digest(format!("{}\n{}\n{}", entry.provider, entry.maintenance_id, entry.window));
    identity.iter().take(16).fold(String::new(), |uid, byte| uid + &format!("{byte:02x}")) + "@noctui"
}

/// The line that calendar programs show.
fn title(entry: &Entry) -> String {
    let called_off = if entry.status == Status::Cancelled { "Cancelled: " } else { "" };
    let title = format!("{called_off}{} {}", entry.provider, entry.maintenance_id);
    let summary = clean_line(&entry.summary);
    let summary = summary.trim();
    clean_line(&title) + if summary.is_empty() { "" } else { " \u{2013} " } + summary
}

/// What somebody reads who opens the event.
fn details(entry: &Entry) -> String {
    let mut lines = vec![
        format!("Status: {}", status_in_words(entry.status, entry.says_cancelled)),
        format!("Account: {}", entry.account),
    ];
    for (index, circuit) in entry.circuits.iter().enumerate() {
        let remark = entry.standings.get(index).map(Standing::remark).filter(|remark| !remark.is_empty());
        let remark = remark.map(|remark| format!(" ({remark})")).unwrap_or_default();
        lines.push(format!("{}: {}{remark}", circuit.circuit_id, circuit.impact.word()));
    }
    clean_text(&lines.join("\n"))
}

/// RFC 5545 §3.8.1.11 knows only three: an event that is under way, over or moved is a confirmed one.
fn event_status(status: Status) -> Option<EventStatus> {
    match status {
        Status::Tentative => Some(EventStatus::Tentative),
        Status::Confirmed | Status::ReScheduled | Status::InProcess | Status::Completed => Some(EventStatus::Confirmed),
        Status::Cancelled => Some(EventStatus::Cancelled),
        Status::NoChange => None,
    }
}

/// The worst that happens to any circuit.
fn worst(entry: &Entry) -> Option<Impact> {
    entry.circuits.iter().map(|circuit| circuit.impact).max()
}

/// The address as a URI.
fn organizer(organizer: &str) -> Option<String> {
    let organizer = clean_line(organizer);
    let address = organizer.trim().trim_start_matches("mailto:");
    let is_address = address.contains('@') && !address.contains(char::is_whitespace);
    is_address.then(|| format!("mailto:{address}"))
}

#[cfg(test)]
mod tests {
    use icalendar::CalendarDateTime;
    use icalendar::DatePerhapsTime::DateTime as Time;
    use icalendar::parser::{read_calendar, unfold};
    use proptest::prelude::*;

    use super::*;
    use crate::features::maintenance::model::Verdict;
    use crate::features::maintenance::rules::Rules;

    /// A moment in UTC.
    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// An entry with everything.
    fn entry() -> Entry {
        Entry {
            provider: "Nordlys Fiber".to_owned(),
            account: "7714, Oslo; north".to_owned(),
            maintenance_id: "NLF-1".to_owned(),
            window: 0,
            start: at("2026-11-21T23:00:00Z"),
            end: at("2026-11-22T05:00:00Z"),
            status: Status::ReScheduled,
            says_cancelled: false,
            standings: Vec::new(),
            circuits: vec![
                Circuit { circuit_id: "NLF-OSL-BGO-1".to_owned(), impact: Impact::Degraded },
                Circuit { circuit_id: "a\\b;c,d:e".to_owned(), impact: Impact::NoImpact },
            ],
            summary: "Kabelen flyttes\nved Voss".to_owned(),
            organizer: "mailto:drift@nordlys-fiber.example".to_owned(),
            revision: 3,
            stamp: at("2026-11-20T08:30:00Z"),
        }
    }

    /// The events that an independent reader finds.
    fn read_back(text: &str) -> Vec<Event> {
        text.parse::<Calendar>().unwrap().events().cloned().collect()
    }

    #[test]
    fn what_was_written_reads_back_as_it_was() {
        let events = read_back(&calendar([entry()]));
        let [event] = events.as_slice() else { panic!("one event") };
        let property = |name: &str| event.property_value(name);
        assert_eq!(property("X-MAINTNOTE-PROVIDER"), Some("Nordlys Fiber"));
        assert_eq!(property("X-MAINTNOTE-ACCOUNT"), Some("7714, Oslo; north"));
        assert_eq!(property("X-MAINTNOTE-MAINTENANCE-ID"), Some("NLF-1"));
        assert_eq!(property("X-MAINTNOTE-STATUS"), Some("RE-SCHEDULED"));
        assert_eq!(property("X-MAINTNOTE-IMPACT"), Some("DEGRADED"));
        assert_eq!(property("STATUS"), Some("CONFIRMED"));
        assert_eq!(property("ORGANIZER"), Some("mailto:drift@nordlys-fiber.example"));
        assert_eq!(event.get_start(), Some(Time(CalendarDateTime::Utc(entry().start))));
        assert_eq!(event.get_end(), Some(Time(CalendarDateTime::Utc(entry().end))));
        assert_eq!(event.get_timestamp(), Some(entry().stamp));
        assert_eq!(event.get_sequence(), Some(3));
        assert_eq!(event.get_summary(), Some("Nordlys Fiber NLF-1 – Kabelen flyttes ved Voss"));
    }

    #[test]
    fn every_circuit_reads_back_with_its_impact() {
        let text = unfold(&calendar([entry()]));
        let calendar = read_calendar(&text).unwrap();
        let circuits: Vec<_> = calendar.components[0]
            .properties
            .iter()
            .filter(|property| property.name == "X-MAINTNOTE-OBJECT-ID")
            .map(|circuit| (circuit.val.to_string(), circuit.params[0].val.as_ref().unwrap().to_string()))
            .collect();
        let expected = [("NLF-OSL-BGO-1", "DEGRADED"), ("a\\b;c,d:e", "NO-IMPACT")];
        assert_eq!(circuits, expected.map(|(id, impact)| (id.to_owned(), impact.to_owned())));
    }

    #[test]
    fn the_rules_read_an_export_as_what_it_was() {
        let mail = "From: noc@nordlys-fiber.example\r\nDate: Fri, 20 Nov 2026 08:30:00 +0000\r\nSubject: export\r\n\
            MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
        let reading = Rules::embedded().read(format!("{mail}{}", calendar([entry()])).as_bytes(), None);
        let Verdict::Parsed { provider, notices } = reading.verdict else { panic!("{:?}", reading.verdict) };
        let [notice] = notices.as_slice() else { panic!("one notice") };
        assert_eq!((provider.as_str(), &notice.account), ("Nordlys Fiber", &entry().account));
        assert_eq!((notice.start, notice.end, notice.stamp), (entry().start, entry().end, entry().stamp));
        assert_eq!((notice.status, notice.sequence), (entry().status, 3));
        assert_eq!(notice.circuits, entry().circuits);
        assert_eq!(notice.organizer, entry().organizer);
    }

    #[test]
    fn an_event_stays_itself_when_its_window_moves_and_differs_from_every_other() {
        let moved = Entry { start: at("2026-12-01T23:00:00Z"), end: at("2026-12-02T05:00:00Z"), ..entry() };
        let second = Entry { window: 1, ..entry() };
        let others = Entry { provider: "Kestrel Wave".to_owned(), ..entry() };
        let uids: Vec<_> = read_back(&calendar([entry(), moved, second, others]))
            .iter()
            .map(|event| event.get_uid().unwrap().to_owned())
            .collect();
        assert_eq!(uids[0], uids[1]);
        assert_ne!(uids[0], uids[2]);
        assert_ne!(uids[0], uids[3]);
    }

    #[test]
    fn every_status_maps_to_one_that_calendar_programs_know() {
        let status = |status| {
            let events = read_back(&calendar([Entry { status, ..entry() }]));
            events[0].property_value("STATUS").map(str::to_owned)
        };
        assert_eq!(status(Status::Tentative).as_deref(), Some("TENTATIVE"));
        assert_eq!(status(Status::InProcess).as_deref(), Some("CONFIRMED"));
        assert_eq!(status(Status::Completed).as_deref(), Some("CONFIRMED"));
        assert_eq!(status(Status::Cancelled).as_deref(), Some("CANCELLED"));
        assert_eq!(status(Status::NoChange), None);
    }

    #[test]
    fn an_organizer_that_is_no_address_is_left_out() {
        assert_eq!(organizer("noc@example.net"), Some("mailto:noc@example.net".to_owned()));
        assert_eq!(organizer("unknown"), None);
        assert_eq!(organizer("a@b c"), None);
    }

    #[test]
    fn an_empty_calendar_is_a_calendar() {
        let text = calendar([]);
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "{text}");
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(text.matches("PRODID").count(), 1);
    }

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_property(text in any::<String>()) {
            let hostile = Entry {
                provider: text.clone(),
                account: text.clone(),
                summary: text.clone(),
                organizer: format!("{text}@example.net"),
                circuits: vec![Circuit { circuit_id: text.clone(), impact: Impact::Outage }],
                standings: vec![Standing::Unknown],
                ..entry()
            };
            let written = calendar([hostile, entry()]);
            for line in written.split("\r\n") {
                prop_assert!(line.len() <= 76, "{line:?}");
                prop_assert!(!line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
            }
            let events = read_back(&written);
            prop_assert_eq!(events.len(), 2);
            prop_assert_eq!(events[0].property_value("X-MAINTNOTE-MAINTENANCE-ID"), Some("NLF-1"));
            let expected = clean_line(&text);
            prop_assert_eq!(events[0].property_value("X-MAINTNOTE-ACCOUNT"), Some(expected.as_str()));
        }

        #[test]
        fn long_texts_are_folded(length in 0_usize..3_000) {
            let long = Entry { summary: "日a".repeat(length), ..entry() };
            let written = calendar([long]);
            prop_assert!(written.split("\r\n").all(|line| line.len() <= 76));
            prop_assert_eq!(read_back(&written)[0].get_summary().unwrap().matches('日').count(), length);
        }
    }
}
