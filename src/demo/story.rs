//! What happens in the demo, as `assets/demo/maintenances.toml` tells it.
//!
//! The file says what is true: which provider announces what, for when, and what a reader has to make of it. How a
//! provider's mail looks is the business of [`formats`](super::formats).

use serde::Deserialize;

use crate::features::maintenance::model::{Impact, Outcome, Status};

/// The story that is built in.
const STORY: &str = include_str!("../../assets/demo/maintenances.toml");

/// The whole night.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// Who receives the mails.
    pub(super) customer: Customer,
    /// Who sends them.
    pub(super) provider: Vec<Provider>,
    /// What they announce.
    pub(super) maintenance: Vec<Maintenance>,
    /// Mails that announce nothing, or nothing readable.
    pub(super) other: Vec<Other>,
}

/// The network operator whose mailbox it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Customer {
    /// As providers write it.
    pub(super) name: String,
    /// The mailbox.
    pub(super) address: String,
}

/// A provider and how its mails are made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    /// Names it in the story, and is the slug of its rule.
    pub(super) slug: String,
    /// What the mails look like.
    pub(super) format: Format,
    /// The From header.
    pub(super) from: String,
    /// Our account there, as a notice has to give it.
    pub(super) account: String,
    /// Where its clock stands, for the Date header.
    #[serde(default = "utc")]
    pub(super) zone: chrono_tz::Tz,
    /// How the mails are encoded, one after the other; see [`Shape`](super::mime::Shape) for the words.
    pub(super) shapes: Vec<String>,
    /// For [`Format::Calendar`].
    pub(super) calendar: Option<Calendar>,
}

/// The kinds of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// An iCalendar part with BCOP properties.
    Calendar,
    /// HTML with a table per window.
    Lumen,
    /// HTML with labels in bold.
    Zayo,
    /// A subject and a spreadsheet.
    Colt,
    /// Text with times local to a city.
    Cogent,
    /// HTML with several tickets.
    Sparkle,
}

/// How a provider writes its iCalendar part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calendar {
    /// X-MAINTNOTE-PROVIDER.
    pub(super) provider: String,
    /// ORGANIZER, as an address.
    pub(super) organizer: String,
    /// PRODID.
    pub(super) product: String,
    /// Subject of the mail; `{id}` and `{word}` (New, Update, …) are filled in.
    pub(super) subject: String,
    /// SUMMARY; also `{work}`.
    pub(super) summary: String,
    /// UID.
    pub(super) uid: String,
    /// How DTSTART and DTEND are written.
    #[serde(default)]
    pub(super) dates: Dates,
    /// Whether every circuit carries its own impact.
    #[serde(default)]
    pub(super) impact_per_circuit: bool,
    /// Whether a cancellation names no circuits.
    #[serde(default)]
    pub(super) cancels_without_circuits: bool,
}

/// Ways to write a time in iCalendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dates {
    /// `DTSTART:20260101T000000Z`
    #[default]
    Plain,
    /// `DTSTART;VALUE=DATE-TIME:20260101T000000Z`
    Value,
    /// `DTSTART;TZID=Europe/Oslo:20260101T010000`, in the provider's zone.
    Zone,
}

/// A maintenance and all that is said of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Maintenance {
    /// Slug of who announces it.
    pub(super) provider: String,
    /// The provider's id; every `#` becomes a digit. One for all windows, or one for each.
    pub(super) id: OneOrMany,
    /// Circuits as [`Affected`](super::announcement::Affected) reads them.
    pub(super) circuits: Vec<String>,
    /// Where the work is done.
    pub(super) site: String,
    /// The zone of that place, for formats with local times.
    #[serde(default = "utc")]
    pub(super) zone: chrono_tz::Tz,
    /// What is done, and why.
    pub(super) work: String,
    /// Not planned long ahead.
    #[serde(default)]
    pub(super) emergency: bool,
    /// One or several windows, as [`window`](super::when::window) reads them.
    pub(super) window: OneOrMany,
    /// The mails, oldest first. What one does not mention stays as the one before had it.
    pub(super) notices: Vec<Notice>,
}

/// One mail on a maintenance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// When it arrives, relative to the start of the demo; later than the start: while you watch. Relative to the window as
    /// `start-5m` or `end+20m`.
    pub(super) at: String,
    /// When it was made, where that was earlier: it was held up on the way.
    pub(super) made: Option<String>,
    /// Where the maintenance stands.
    pub(super) status: Status,
    /// New windows.
    pub(super) window: Option<OneOrMany>,
    /// New circuits or impacts.
    pub(super) circuits: Option<Vec<String>>,
    /// A new description.
    pub(super) work: Option<String>,
    /// Another subject than the provider's usual one.
    pub(super) subject: Option<String>,
    /// Further copies of the same mail, by way of a list.
    #[serde(default)]
    pub(super) copies: u8,
}

/// A mail that is no announcement that can be read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Other {
    /// When it arrives.
    pub(super) at: String,
    /// The From header.
    pub(super) from: String,
    /// The Subject header.
    pub(super) subject: String,
    /// See [`Provider::shapes`].
    pub(super) shape: String,
    /// The plain text.
    pub(super) text: Option<String>,
    /// The HTML.
    pub(super) html: Option<String>,
    /// The calendar attached; `{stamp}` and `{day}` are filled in.
    pub(super) calendar: Option<String>,
    /// What has to become of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "what the story expects is for the tests"))]
    pub(super) outcome: Outcome,
    /// Whose rules have to know it, if any do.
    #[cfg_attr(not(test), expect(dead_code, reason = "what the story expects is for the tests"))]
    pub(super) provider: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(String),
    /// Several, in their order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What a maintenance does to one circuit, as the story has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// As the notice has to give it.
    Impact(Impact),
    /// The mail lists the circuit, but as untouched: the notice has to leave it out.
    Untouched,
}

impl Story {
    /// The story that is built in.
    pub(super) fn built_in() -> Result<Self, toml::de::Error> {
        toml::from_str(STORY)
    }
}

/// The zone of those who name none.
fn utc() -> chrono_tz::Tz {
    chrono_tz::Tz::UTC
}
