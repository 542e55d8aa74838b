//! Sparkle: one table of labels and values for several tickets, each with a day of its own; month first, UTC.

use std::fmt::Write as _;

use super::super::announcement::Announcement;
use super::super::mime::Part;
use super::{Letter, html, utc};

/// A cell as the word processor leaves it.
const PARAGRAPH: &str = "<p class=\"MsoNormal\" style=\"margin:0in;font-size:11pt\">";

/// The mail.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let tickets = announcement.ids.join(" / ");
    let days: Vec<_> = announcement.windows.iter().map(|window| utc(window.start, "%m/%d/%Y")).collect();
    let mut page = format!(
        "<div dir=\"ltr\">{PARAGRAPH}Dear Customer:</p>\n{PARAGRAPH}The following activity is going to be performed:</p>\n\
         <table border=\"0\" cellspacing=\"0\" cellpadding=\"0\"><tbody>\n"
    );
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(
            page,
            "<tr>\n<td width=\"227\" valign=\"top\">{PARAGRAPH}\n{label}</p>\n</td>\n\
             <td width=\"300\" valign=\"top\">{PARAGRAPH}\n<span lang=\"ES-AR\">{}</span></p>\n</td>\n</tr>",
            html(value)
        );
    };
    row("Type of Maintenance", if announcement.about.emergency { "Emergency" } else { "Planned" });
    row("Sparkle Ticket Number", &tickets);
    for (number, window) in announcement.windows.iter().enumerate() {
        let last = number > 0 && number + 1 == announcement.windows.len();
        let day = if last { "BACKUP".to_owned() } else { format!("Day {}", number + 1) };
        row(&format!("Start Date/Time (UTC) {day}"), &utc(window.start, "%m/%d/%Y %H:%M UTC"));
        row(&format!("End Date/Time (UTC) {day}"), &utc(window.end, "%m/%d/%Y %H:%M UTC"));
    }
    let minutes = announcement.windows.first().map_or(0, |window| (window.end - window.start).num_minutes());
    row("Duration of Maintenance (minutes)", &format!("{minutes} minutes"));
    row("Expected Impact Time (minutes)", &format!("{minutes} minutes"));
    row("Location", &announcement.about.site);
    let circuits: Vec<_> = announcement.circuits.iter().map(|circuit| circuit.id.as_str()).collect();
    row("Circuits Involved in the Activity", &circuits.join(" "));
    row("Description of Work", &announcement.work);
    let _ = writeln!(page, "</tbody></table>\n{PARAGRAPH}TI Sparkle Americas NOC</p></div>");
    let text = format!("Sparkle ticket {tickets}\n\n{}\n", announcement.work);
    let parts = vec![Part::text("text/plain", text), Part::text("text/html", page)];
    Letter {
        subject: format!("Maintenance Notification for {} | Sparkle TT# {tickets}", days.join(" - ")),
        body: Part::Several { kind: "alternative", parts },
    }
}
