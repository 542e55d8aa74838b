//! Cogent: plain text, dates month first, times on the clocks of the city that the text names.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::announcement::Announcement;
use super::super::mime::Part;
use super::{Letter, html};
use crate::features::maintenance::model::Status;

/// The mail.
pub(super) fn letter(announcement: &Announcement<'_>) -> Letter {
    let ids: Vec<&str> = announcement.circuits.iter().map(|circuit| circuit.id.as_str()).collect();
    let local =
        |moment: DateTime<Utc>, format: &str| moment.with_timezone(&announcement.about.zone).format(format).to_string();
    let (start, end, day, hours) = announcement.windows.first().map_or_else(Default::default, |window| {
        let time = format!("%-I:%M%P {} %-m/%-d/%Y", letters(announcement.about.zone));
        let hours = (window.end - window.start).num_hours();
        (local(window.start, &time), local(window.end, &time), local(window.start, "%-m/%-d/%Y"), hours)
    });
    let site = &announcement.about.site;
    let head = head(announcement);
    let subject = format!("{} - {site} {}", head.replace("{day}", &day), ids.first().copied().unwrap_or_default());
    let text = format!(
        "{}\n\nDear {},\n\nWe write about work on our network that touches your connection:\n\n\
         Start time: {start}\nEnd time: {end}\nWork order number: {}\nOrder ID(s) impacted: {}\n\
         Expected Outage/Downtime: {hours} hours\n\n\
         Cogent customers receiving service in {site} will be affected by this work. {}\n\n\
         During this maintenance window, you will see your service interrupted for up to {hours} hours.\n\n\
         Sincerely,\n\nCustomer Support\nCogent Communications\nsupport@cogentco.com\n",
        head.replace("{day} ", "").to_uppercase(),
        announcement.provider.account,
        announcement.ids.first().map_or("", String::as_str),
        ids.join(", "),
        announcement.work,
    );
    let plain = Part::text("text/plain", text.clone());
    if !announcement.shape.html {
        return Letter { subject, body: plain };
    }
    let page = format!("<html><body><p>{}</p></body></html>\n", html(&text).replace('\n', "<br>\n"));
    Letter { subject, body: Part::Several { kind: "alternative", parts: vec![plain, Part::text("text/html", page)] } }
}

/// How the subject begins.
fn head(announcement: &Announcement<'_>) -> &'static str {
    match announcement.status {
        Status::ReScheduled => "Correction - {day} Planned Network Maintenance",
        Status::Cancelled => "{day} Network Maintenance Cancellation",
        Status::Completed => "{day} Network Maintenance Completed",
        Status::InProcess | Status::NoChange => "{day} Network Maintenance",
        Status::Tentative | Status::Confirmed if announcement.about.emergency => "{day} Emergency Network Maintenance",
        Status::Tentative | Status::Confirmed => "{day} Planned Network Maintenance",
    }
}

/// What stands behind a time; readers go by the city.
fn letters(zone: Tz) -> &'static str {
    const LETTERS: [(Tz, &str); 5] = [
        (Tz::America__New_York, "ET"),
        (Tz::America__Chicago, "CT"),
        (Tz::America__Denver, "MT"),
        (Tz::America__Phoenix, "MT"),
        (Tz::America__Los_Angeles, "PT"),
    ];
    LETTERS.iter().find(|(known, _)| *known == zone).map_or("LT", |(_, letters)| letters)
}
