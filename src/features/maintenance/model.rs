//! The nouns of circuit maintenances and the rules about them that need no I/O.
//!
//! Names, values and units follow the BCOP draft "Maintenance Notifications"
//! (draft-gunter-calext-maintenance-notifications-00).

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Where a maintenance stands, as its provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Status {
    /// Planned, not yet firm.
    Tentative,
    /// Firm.
    Confirmed,
    /// Will not happen.
    Cancelled,
    /// Work has begun.
    InProcess,
    /// Work is over.
    Completed,
    /// The window was moved; the notice carries the new one.
    #[serde(rename = "RE-SCHEDULED")]
    ReScheduled,
    /// The notice says nothing about the status: it stays as it was.
    NoChange,
}

impl Status {
    /// Every status, in the order of a maintenance's life.
    pub const ALL: [Self; 7] = [
        Self::Tentative,
        Self::Confirmed,
        Self::ReScheduled,
        Self::InProcess,
        Self::Completed,
        Self::Cancelled,
        Self::NoChange,
    ];

    /// The word on the wire and in JSON, such as `RE-SCHEDULED`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tentative => "TENTATIVE",
            Self::Confirmed => "CONFIRMED",
            Self::Cancelled => "CANCELLED",
            Self::InProcess => "IN-PROCESS",
            Self::Completed => "COMPLETED",
            Self::ReScheduled => "RE-SCHEDULED",
            Self::NoChange => "NO-CHANGE",
        }
    }

    /// The word for people, the same wherever they read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::InProcess => "in process",
            Self::Completed => "completed",
            Self::ReScheduled => "rescheduled",
            Self::NoChange => "planned",
        }
    }

    /// Whether nothing more is to be expected of the maintenance: it was cancelled or completed.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed)
    }

    /// The word for people at `now`: what was in process when its window ended is over, though nobody wrote so.
    #[must_use]
    pub fn word_at(self, end: DateTime<Utc>, now: DateTime<Utc>) -> &'static str {
        if self == Self::InProcess && end <= now { "over" } else { self.word() }
    }

    /// Whether it was cancelled or completed before `end`, the end of its window: at `now` it neither begins nor ends any
    /// more, whatever the clock says.
    #[must_use]
    pub fn ended_early(self, end: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.is_final() && now < end
    }
}

/// A word that is none of the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {word:?}")]
pub struct UnknownWord {
    /// `status` or `impact`.
    pub what: &'static str,
    /// The word as found.
    pub word: String,
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "status", word: word.to_owned() })
    }
}

/// What a maintenance does to a circuit, ordered from harmless to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Impact {
    /// Traffic is not touched.
    NoImpact,
    /// Traffic flows, but a protection is lost.
    ReducedRedundancy,
    /// Traffic flows worse than usual.
    Degraded,
    /// Traffic stops. The default when a notice says nothing.
    Outage,
}

impl Impact {
    /// Every impact, from harmless to worst.
    pub const ALL: [Self; 4] = [Self::NoImpact, Self::ReducedRedundancy, Self::Degraded, Self::Outage];

    /// The word on the wire and in JSON, such as `REDUCED-REDUNDANCY`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoImpact => "NO-IMPACT",
            Self::ReducedRedundancy => "REDUCED-REDUNDANCY",
            Self::Degraded => "DEGRADED",
            Self::Outage => "OUTAGE",
        }
    }

    /// The word for people, the same wherever they read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoImpact => "no impact",
            Self::ReducedRedundancy => "reduced",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
        }
    }
}

impl FromStr for Impact {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|impact| impact.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "impact", word: word.to_owned() })
    }
}

/// A circuit that a maintenance touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// The provider's id, as written in the notice; unique per provider only, compared ignoring case.
    pub circuit_id: String,
    /// What happens to it.
    pub impact: Impact,
}

/// What one notification says of one maintenance window: the parser's answer.
///
/// Serialises to the JSON of the corpus: exactly these keys, in this order, times as integer epoch seconds UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The customer's account with the provider; never empty.
    pub account: String,
    /// Circuits in the order of the notice, duplicates kept; empty only when cancelled or completed.
    pub circuits: Vec<Circuit>,
    /// End of the window, after `start`.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub end: DateTime<Utc>,
    /// The provider's id of the maintenance; never empty, unique per provider only.
    pub maintenance_id: String,
    /// The provider's address for questions.
    pub organizer: String,
    /// The provider: the rule's slug, or what the calendar event says of itself.
    pub provider: String,
    /// Revision of the notice; 1 if the format has none, -1 for a calendar event without SEQUENCE.
    pub sequence: i64,
    /// When the notice was made, by the provider's clock.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub stamp: DateTime<Utc>,
    /// Start of the window.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub start: DateTime<Utc>,
    /// Where the maintenance stands.
    pub status: Status,
    /// One line on what is done; empty if the notice has none.
    pub summary: String,
    /// The calendar event's UID; `0` if absent.
    pub uid: String,
    /// Whether a calendar is cancelled in the words of calendars alone (`METHOD:CANCEL`, `STATUS:CANCELLED`), which the draft
    /// does not take for a status. Beside the record and no key of it.
    #[serde(skip)]
    pub says_cancelled: bool,
    /// When the mail was sent that somebody forwarded as text, where the notice has no other stamp than the forward's date.
    /// Beside the record and no key of it.
    #[serde(skip)]
    pub sent: Option<DateTime<Utc>>,
}

/// What people read beside the status where a calendar is cancelled in its own words alone.
pub const CALENDAR_CANCELLED: &str = "the calendar says cancelled";

/// A status as people read it, and whether a calendar says cancelled beside it.
#[must_use]
pub fn status_in_words(status: Status, says_cancelled: bool) -> String {
    if says_cancelled { format!("{}; {CALENDAR_CANCELLED}", status.word()) } else { status.word().to_owned() }
}

impl Notice {
    /// The window of a cancellation that does not say which window it cancels: the first second of 1970.
    #[must_use]
    pub fn no_window() -> (DateTime<Utc>, DateTime<Utc>) {
        (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::seconds(1))
    }

    /// When it was made, as far as it is known: a forward of today does not make an old notice new.
    #[must_use]
    pub fn made(&self) -> DateTime<Utc> {
        self.sent.map_or(self.stamp, |sent| sent.min(self.stamp))
    }

    /// Whether it says which window it means.
    #[must_use]
    pub fn has_window(&self) -> bool {
        (self.start, self.end) != Self::no_window()
    }
}

/// The headers of a notification that are worth a column.
///
/// All text is decoded (RFC 2047) and cleaned ([`crate::text::clean_line`]); bounded in length by the reader.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Envelope {
    /// Without angle brackets; `None` if the mail has none.
    pub message_id: Option<String>,
    /// The address in From, lower-cased; empty if the mail has none.
    pub sender: String,
    /// Subject; empty if the mail has none.
    pub subject: String,
    /// The Date header in UTC; `None` if absent or unreadable.
    pub date: Option<DateTime<Utc>>,
}

/// What the rules made of one notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Headers, as far as they could be read.
    pub envelope: Envelope,
    /// The result.
    pub verdict: Verdict,
}

/// What the rules made of the content of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A rule read it.
    Parsed {
        /// Who announces: the identity under which notices are merged and shown. The rule's slug, or for the generic
        /// iCalendar rule what the event says of itself.
        provider: String,
        /// Never empty; several when the mail carries several windows or maintenances.
        notices: Vec<Notice>,
    },
    /// A rule recognised it as no maintenance.
    Ignored {
        /// The provider whose rule it was.
        provider: String,
        /// The filter that hit, for people.
        reason: String,
    },
    /// A rule knows the mail but could not read it, or it is too large to be read.
    Failed {
        /// The provider whose rule failed; empty where it is not known whose mail it is.
        provider: String,
        /// Every attempt and why it failed, for people.
        reason: String,
    },
    /// No rule knows it, or it is no mail at all.
    Unknown {
        /// What was looked at, for people.
        reason: String,
    },
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Read, and merged into at least one maintenance.
    Parsed,
    /// A rule knows the sender but could not read the mail; the reason is kept beside it.
    ParsingFailed,
    /// No rule knows the mail.
    UnknownProvider,
    /// Recognised as no maintenance.
    Ignored,
    /// Read, but older than what was applied already: linked to its maintenance, nothing changed.
    OutOfSequence,
    /// Read and merged, but names circuits that the inventory does not have.
    UnknownCids,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Parsed,
        Self::ParsingFailed,
        Self::UnknownProvider,
        Self::Ignored,
        Self::OutOfSequence,
        Self::UnknownCids,
    ];

    /// The word in JSON, on labels and on the screen, such as `parsing-failed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parsed => "parsed",
            Self::ParsingFailed => "parsing-failed",
            Self::UnknownProvider => "unknown-provider",
            Self::Ignored => "ignored",
            Self::OutOfSequence => "out-of-sequence",
            Self::UnknownCids => "unknown-cids",
        }
    }

    /// Whether somebody has to look at the mail because noctui could not make sense of it.
    #[must_use]
    pub fn needs_a_look(self) -> bool {
        matches!(self, Self::ParsingFailed | Self::UnknownProvider)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "outcome", word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_what_they_were_written_from() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for impact in Impact::ALL {
            assert_eq!(impact.as_str().parse(), Ok(impact));
            assert_eq!(serde_json::to_value(impact).unwrap(), impact.as_str());
        }
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
