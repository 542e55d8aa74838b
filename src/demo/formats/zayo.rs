//! Zayo: labels in bold, one window per "Activity Date" in local time and in GMT, a table of circuits, and a subject
//! whose fields stand between asterisks.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::announcement::Announcement;
use super::super::mime::Part;
use super::super::story::Effect;
use super::{Letter, html, utc};
use crate::features::maintenance::model::{Impact, Status};

/// Times of a window.
const TIME: &str = "%d-%b-%Y %H:%M";

/// How the zones of North America are named.
const REGIONS: [(Tz, &str); 4] = [
    (Tz::America__New_York, "Eastern"),
    (Tz::America__Chicago, "Central"),
    (Tz::America__Denver, "Mountain"),
    (Tz::America__Los_Angeles, "Pacific"),
];

/// The mail: the same content as text and as HTML.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let page = page(announcement);
    let text = Part::text("text/plain", as_text(&page));
    let parts = vec![text, Part::text("text/html", page)];
    Letter { subject: subject(announcement), body: Part::Several { kind: "alternative", parts } }
}

/// The subject.
fn subject(announcement: &Announcement<'_>) -> String {
    let id = announcement.ids.first().map_or("", String::as_str);
    let account = &announcement.provider.account;
    match announcement.status {
        Status::InProcess => format!("START MAINTENANCE NOTIFICATION***{account}***ZAYO {id} Courtesy***"),
        Status::Completed => format!("COMPLETED MAINTENANCE NOTIFICATION***{account}***ZAYO {id} Courtesy***"),
        Status::ReScheduled => format!("RESCHEDULE NOTIFICATION***{account}***ZAYO {id} {}***", urgency(announcement)),
        Status::Cancelled => format!("CANCELLED NOTIFICATION***{account}***ZAYO {id} {}***", urgency(announcement)),
        Status::Tentative | Status::Confirmed | Status::NoChange => {
            format!("***{account}***ZAYO {id} {} MAINTENANCE NOTIFICATION***", urgency(announcement))
        }
    }
}

/// How it came about.
fn urgency(announcement: &Announcement<'_>) -> &'static str {
    if announcement.about.emergency { "Emergency" } else { "Planned" }
}

/// The HTML.
fn page(announcement: &Announcement<'_>) -> String {
    let official = "This email serves as official notification that Zayo and/or one of its providers";
    let (head, says) = match announcement.status {
        Status::Cancelled => ("Cancellation", format!("<b>{official} has cancelled the maintenance event listed below.</b>")),
        Status::ReScheduled => (
            "Reschedule",
            "<b>Zayo or one of its providers has rescheduled the maintenance listed below. Please note the new dates.</b>"
                .to_owned(),
        ),
        Status::InProcess => {
            ("Courtesy", "The scheduled maintenance activity below will be commencing momentarily.".to_owned())
        }
        Status::Completed => ("Courtesy", "The scheduled maintenance activity below has been completed.".to_owned()),
        Status::Tentative | Status::Confirmed | Status::NoChange => {
            ("Maintenance", format!("<b>{official} will be performing maintenance on its network as described below.</b>"))
        }
    };
    let mut page = format!("<html><b>Zayo {head} Notification</b>\n<br><br>{says}\n");
    let mut label = |label: &str, value: &str| {
        let _ = write!(page, "\n<br><br><b>{label}: </b> {}\n", html(value));
    };
    label("Maintenance Ticket #", announcement.ids.first().map_or("", String::as_str));
    if !matches!(announcement.status, Status::InProcess | Status::Completed) {
        label("Urgency", urgency(announcement));
        label("Date Notice Sent", &utc(announcement.made, "%d-%b-%Y"));
        label("Customer", &announcement.provider.account);
    }
    windows(&mut page, announcement);
    let _ = write!(page, "\n<br><br><b>Location of Maintenance: </b> {}\n", html(&announcement.about.site));
    let _ = write!(page, "\n<br><br><b>Reason for Maintenance: </b> {}\n", html(&announcement.work));
    circuits(&mut page, announcement);
    page.push_str(
        "\n<br><br>Questions are answered by the maintenance team under the ticket number above.\n<br><br>\n\
         <p style='margin:0in'><b>Zay</b><b><span style='color:#FF8000'>o</span></b>&nbsp;Global Change Management</p>\n\
         </html>\n",
    );
    page
}

/// The windows, with a comment in front as the template leaves it.
fn windows(page: &mut String, announcement: &Announcement<'_>) {
    let zone = announcement.about.zone;
    let region = REGIONS.iter().find(|(known, _)| *known == zone).map_or("Local", |(_, region)| region);
    let _ =
        write!(page, "\n<!-- <br><br><b>Maintenance Window: </b> {region} -->\n\n<br><br><b>Maintenance Window </b>");
    for (number, window) in announcement.windows.iter().enumerate() {
        let ordinal = ["1<sup>st</sup>", "2<sup>nd</sup>", "3<sup>rd</sup>"].get(number).copied().unwrap_or("Next");
        let local = |moment: DateTime<Utc>| moment.with_timezone(&zone).format(TIME).to_string();
        let _ = write!(
            page,
            "<br><br><b>{ordinal} Activity Date </b><br>{} to {} ( {region} ) \n<br> {} to {} ( GMT ) ",
            local(window.start),
            local(window.end),
            utc(window.start, TIME),
            utc(window.end, TIME),
        );
    }
    page.push('\n');
}

/// The table of circuits; its opening row stands twice, as it does in the field.
fn circuits(page: &mut String, announcement: &Announcement<'_>) {
    page.push_str("\n<br><br><b>Circuit(s) Affected: </b><br>\n<table border=\"1\"><tr>\n<tr>\n");
    let heads = ["Circuit Id", "Expected Impact", "A Location Address", "Z Location Address", "Legacy Circuit Id"];
    for head in heads {
        let _ = writeln!(page, "<th>{head}</th>");
    }
    page.push_str("</tr>\n");
    for circuit in &announcement.circuits {
        let impact = match circuit.effect {
            Effect::Impact(Impact::NoImpact) | Effect::Untouched => "No Expected Impact",
            Effect::Impact(_) => "Hard Down - up to 4 hours",
        };
        let (id, from, to) = (html(&circuit.id), html(&circuit.from), html(&circuit.to));
        let _ =
            writeln!(page, "<tr>\n<td>{id}</td>\n<td>{impact}</td>\n<td>{from}</td>\n<td>{to}</td>\n<td></td>\n</tr>");
    }
    page.push_str("</table>\n");
}

/// The page without its tags, as the mail system derives the text version.
fn as_text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.replace("<br>", "\n").replace("&nbsp;", " ").replace("&amp;", "&").chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}
