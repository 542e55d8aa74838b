//! Colt: everything that counts stands in the subject, the circuits in a spreadsheet of tab-separated UTF-16.

use super::super::announcement::Announcement;
use super::super::mime::Part;
use super::{Letter, html, utc};
use crate::features::maintenance::model::Status;

/// Times, day first.
const TIME: &str = "%d/%m/%Y %H:%M:%S GMT";

/// The heads of the spreadsheet.
const COLUMNS: [&str; 15] = [
    "OCN",
    "Legal Customer",
    "Order Number",
    "Circuit ID",
    "Customer Ref 1",
    "Customer Ref 2",
    "Service",
    "A Customer",
    "A Address",
    "A Postcode",
    "A Town City",
    "B Customer",
    "B Address",
    "B Postcode",
    "B Town City",
];

/// The mail.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let text = format!(
        "Dear Sir/Madam\n\n{}\n\nReference: {}\nLocation: {}\n\nThe services concerned are listed in the attached file.\n\n\
         Kind regards\nColt change management\n",
        announcement.work,
        announcement.ids.first().map_or("", String::as_str),
        announcement.about.site,
    );
    let page = format!("<div dir=\"ltr\"><p>{}</p></div>\n", html(&text).replace("\n\n", "</p>\n<p>"));
    let parts = vec![Part::text("text/plain", text), Part::text("text/html", page)];
    let sheet = Part::Bytes {
        kind: "text/csv; charset=utf-16",
        name: "impacted_services.csv".to_owned(),
        bytes: spreadsheet(announcement),
    };
    let body = Part::Several { kind: "mixed", parts: vec![Part::Several { kind: "alternative", parts }, sheet] };
    Letter { subject: subject(announcement), body }
}

/// The subject: one form for plans, another for what happens on the day.
fn subject(announcement: &Announcement<'_>) -> String {
    let id = announcement.ids.first().map_or("", String::as_str);
    let (start, end) = announcement
        .windows
        .first()
        .map_or_else(Default::default, |window| (utc(window.start, TIME), utc(window.end, TIME)));
    let kind = if announcement.about.emergency { "Emergency Maintenance" } else { "Service Affecting Maintenance" };
    let plan = format!(
        "Colt {kind} Notification - {id} [{start} - {end}] for {}, {}",
        announcement.customer.name, announcement.provider.account
    );
    match announcement.status {
        Status::InProcess => format!("MAINTENANCE ALERT: {id} {start} - {end} is about to START"),
        Status::Completed => format!("MAINTENANCE ALERT: {id} {start} - {end} - COMPLETED"),
        Status::Cancelled => format!("Cancellation {plan}"),
        Status::Tentative | Status::Confirmed | Status::ReScheduled | Status::NoChange => plan,
    }
}

/// UTF-16, little end first, with a mark in front.
fn spreadsheet(announcement: &Announcement<'_>) -> Vec<u8> {
    let mut rows = COLUMNS.join("\t") + "\t\r\n";
    for circuit in &announcement.circuits {
        let customer = announcement.customer.name.to_uppercase();
        let mut cells = [""; COLUMNS.len()].map(str::to_owned);
        let filled = [
            (0, format!("OCN: {}", announcement.provider.account)),
            (1, customer.clone()),
            (3, format!("{} ", circuit.id)),
            (6, "ETHERNET LINE: 10 GBPS; UNPROTECTED".to_owned()),
            (7, customer.clone()),
            (10, circuit.from.to_uppercase()),
            (11, customer),
            (14, circuit.to.to_uppercase()),
        ];
        for (place, value) in filled {
            if let Some(cell) = cells.get_mut(place) {
                *cell = value;
            }
        }
        rows += &(cells.join("\t") + "\t\r\n");
    }
    std::iter::once(0xfeff).chain(rows.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
