//! Mails that announce nothing, or nothing readable: they stand in the story as they are.

use chrono::{DateTime, Utc};

use super::super::mime::Part;
use super::super::story::Other;
use super::{Letter, utc};

/// The mail, with the time at which it is made filled in.
pub(super) fn letter(other: &Other, at: DateTime<Utc>) -> Letter {
    let fill = |text: &String| {
        text.replace("{stamp}", &utc(at, "%Y%m%dT%H%M%SZ"))
            .replace("{day}", &utc(at, "%Y%m%d"))
            .replace("{date}", &utc(at, "%-d %B %Y"))
    };
    let mut parts: Vec<Part> = Vec::new();
    parts.extend(other.text.as_ref().map(|text| Part::text("text/plain", fill(text))));
    parts.extend(other.html.as_ref().map(|page| Part::text("text/html", fill(page))));
    let readable = if parts.len() == 1 { parts.remove(0) } else { Part::Several { kind: "alternative", parts } };
    let body = match &other.calendar {
        None => readable,
        Some(calendar) => {
            let name = Some("invite.ics".to_owned());
            let calendar = Part::Text { kind: "text/calendar", parameters: "", name, text: fill(calendar) };
            Part::Several { kind: "mixed", parts: vec![readable, calendar] }
        }
    };
    Letter { subject: fill(&other.subject), body }
}
