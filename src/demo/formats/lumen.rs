//! Lumen: HTML made of spans and tables. Every window has a table of times (in GMT and in local time), the first one
//! also the table of circuits; what has happened stands under "Updates:" with its time. Class names carry stray backslashes.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::announcement::Announcement;
use super::super::mime::Part;
use super::super::story::Effect;
use super::super::when::Window;
use super::{Letter, html, utc};
use crate::features::maintenance::model::Status;

/// The column heads of the circuit table; the last one only in mails that tell how it went.
const COLUMNS: [&str; 10] = [
    "Customer Name",
    "Circuit ID",
    "Alt Circuit ID",
    "Bandwidth",
    "A Location",
    "Z Location",
    "Impact Type",
    "Maximum Duration",
    "Order Number",
    "Status",
];

/// The mail.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let id = announcement.ids.first().map_or("", String::as_str);
    let mut page = String::from(
        "<html><head><style type=\"text/css\"> TD { font-family: Arial; font-size: 8pt; } \
         span.bodyHeading { font-size: 12pt; font-weight: bold; } </style></head>\n<body>\n<div>&nbsp;&nbsp;&nbsp;</div>\n",
    );
    let kind = if announcement.about.emergency { "EMERGENCY" } else { "ROUTINE" };
    let made = utc(announcement.made, "%Y-%m-%d %H:%M:%S GMT");
    let _ = write!(
        page,
        "<span class=\"bodyHeading\">\nScheduled Maintenance #: {id}\n</span><span class=\"bodyHeading\"><br><br>\n\
         Summary:\n</span><br><br>\n{} This work was classed as {kind}.\n<br>\n<br><b>We regret the inconvenience.</b>\n\
         <br><br><span class=\"bodyHeading\">\nUpdates:\n</span><br><br>\n{made} - {}<br/>\n<br>\n\
         <span class=\"bodyHeading\">\nCustomer Impact:\n</span><br><br>\n",
        html(&announcement.work),
        update(announcement.status),
    );
    for (number, window) in announcement.windows.iter().enumerate() {
        if number > 0 {
            page.push_str("<span class=\\\"alternateNight\\\"><p><b>Alternate Night:</b><br>");
        }
        table_of_times(&mut page, announcement, number, *window);
        if number == 0 {
            table_of_circuits(&mut page, announcement);
        }
    }
    page.push_str(
        "\n<br><br><a href=\"https://portal.lumen.example/maintenance?id=0&amp;lang=en\">Click here</a> for the portal.\n\
         <br><br>\nNetwork Change Management Team\n<br>\nLumen\n</body></html>\n",
    );
    Letter { subject: format!("Lumen Scheduled Maintenance #: {id}"), body: Part::text("text/html", page) }
}

/// The newest line under "Updates:".
fn update(status: Status) -> &'static str {
    match status {
        Status::Tentative | Status::Confirmed | Status::NoChange => "This maintenance is scheduled.",
        Status::InProcess => "The scheduled maintenance work has begun.",
        Status::Completed => "The scheduled maintenance window has ended.",
        Status::ReScheduled => "The work was postponed to the dates below.",
        Status::Cancelled => "The work was called off.",
    }
}

/// The word in the column "Status", in mails that have it.
fn outcome(status: Status) -> Option<&'static str> {
    match status {
        Status::Completed => Some("Completed"),
        Status::ReScheduled => Some("Postponed"),
        Status::Cancelled => Some("Cancelled"),
        Status::Tentative | Status::Confirmed | Status::NoChange | Status::InProcess => None,
    }
}

/// Start and end, once in GMT and once where the work is.
fn table_of_times(page: &mut String, announcement: &Announcement<'_>, number: usize, window: Window) {
    let gmt = |moment| utc(moment, "%Y-%m-%d %H:%M GMT (Greenwich Mean Time)");
    let local = |moment| local(moment, announcement.about.zone);
    let id = announcement.ids.get(number).map_or("", String::as_str);
    let _ = write!(
        page,
        "<p><span class=\\\"windowHeader\\\"><span class=\\\"windowLabel\\\">{id}-{}</span> <br/>\
         <table border=1 cellspacing=0 cellpadding=5><tr><td class=\\\"headerRow\\\">Start</td>\
         <td class=\\\"headerRow\\\">End</td></tr><tr><td>{}</td><td>{}</td></tr><tr><td>{}</td><td>{}</td></tr></table>\
         <br/><br/><span class=\\\"windowLabel\\\">Maintenance Location(s): </span>{}<br/></span></p>",
        number + 1,
        gmt(window.start),
        gmt(window.end),
        local(window.start),
        local(window.end),
        html(&announcement.about.site),
    );
}

/// The circuits of a window.
fn table_of_circuits(page: &mut String, announcement: &Announcement<'_>) {
    let outcome = outcome(announcement.status);
    let columns = if outcome.is_some() { COLUMNS.len() } else { COLUMNS.len() - 1 };
    page.push_str("<div class=\\\"impactMatrix\\\"><table border=1 cellspacing=0 cellpadding=5><tr>");
    for column in COLUMNS.iter().take(columns) {
        let _ = write!(page, "<td class=\\\"headerRow\\\">{column}</td>");
    }
    page.push_str("</tr>");
    for (number, circuit) in announcement.circuits.iter().enumerate() {
        // Some circuits are known by the other id only.
        let (own, alternative) =
            if number % 2 == 0 { (circuit.id.as_str(), "N/A") } else { ("_", circuit.id.as_str()) };
        let impact = if circuit.effect == Effect::Untouched { "None Expected" } else { "Outage" };
        let _ = write!(
            page,
            "<tr class=\\\"contentRow\\\"><td>{}</td><td>{}</td><td>{}</td><td>100 GIG</td><td>{}</td><td>{}</td>\
             <td>{impact}</td><td>4 hours </td><td>&nbsp;</td>",
            html(&announcement.provider.account),
            html(own),
            html(alternative),
            html(&circuit.from),
            html(&circuit.to),
        );
        if let Some(outcome) = outcome {
            let _ = write!(page, "<td>{outcome}</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</table></div>\n");
}

/// Local time with the zone's letters and name.
fn local(moment: DateTime<Utc>, zone: Tz) -> String {
    let there = moment.with_timezone(&zone);
    let letters = there.format("%Z").to_string();
    let name = match letters.as_str() {
        "EST" => "Eastern Standard Time",
        "EDT" => "Eastern Daylight Time",
        "CST" => "Central Standard Time",
        "CDT" => "Central Daylight Time",
        "MST" => "Mountain Standard Time",
        "MDT" => "Mountain Daylight Time",
        "PST" => "Pacific Standard Time",
        "PDT" => "Pacific Daylight Time",
        "CET" => "Central European Time",
        "CEST" => "Central European Summer Time",
        _ => "Local Time",
    };
    format!("{} {letters} ({name})", there.format("%Y-%m-%d %H:%M"))
}
